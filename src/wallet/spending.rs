//! The ways in which a coin of a wallet can be spent: who signs, after which time, with which preimages, and where.
//!
//! Floor 1. A path says what satisfies it; which path a transaction takes is the review's to say.

use crate::text;

/// Where a spending path lives in the output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Seat {
    /// The one script of the output: `pkh`, `wpkh`, or the script of `sh` or `wsh`.
    Script,
    /// Taproot's key path.
    KeyPath,
    /// A leaf of taproot's tree: its place (from 0) in [`super::Tree::leaves`].
    Leaf(usize),
}

/// Signatures of `threshold` among `keys`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Signers {
    /// How many of the keys sign, at least 1.
    pub threshold: usize,
    /// Indices into [`super::Wallet::keys`], in the descriptor's order, each once.
    pub keys: Vec<usize>,
}

/// A hash whose preimage of 32 bytes is to be shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum HashLock {
    /// SHA-256.
    Sha256([u8; 32]),
    /// SHA-256 twice.
    Hash256([u8; 32]),
    /// RIPEMD-160.
    Ripemd160([u8; 20]),
    /// RIPEMD-160 of SHA-256.
    Hash160([u8; 20]),
}

impl HashLock {
    /// The function and the hash: `sha256 5aa0…`.
    #[must_use]
    pub fn in_words(&self) -> String {
        let (name, hash): (&str, &[u8]) = match self {
            Self::Sha256(hash) => ("sha256", hash),
            Self::Hash256(hash) => ("hash256", hash),
            Self::Ripemd160(hash) => ("ripemd160", hash),
            Self::Hash160(hash) => ("hash160", hash),
        };
        format!("{name} {}", text::hex(hash))
    }
}

/// One way to satisfy a wallet's scripts: all of what it names, and nothing else. The same for every coin.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SpendingPath {
    /// Where it lives.
    pub seat: Seat,
    /// The groups of keys that sign; each group gives its threshold. No key stands in two groups.
    pub signers: Vec<Signers>,
    /// The lock of `after`, as nLockTime has it: a height, or seconds from 500,000,000 on (BIP65).
    pub after: Option<u32>,
    /// The lock of `older`, as nSequence has it: blocks, or units of 512 seconds with bit 22 (BIP68).
    pub older: Option<u32>,
    /// The hashes whose preimages it shows.
    pub hashes: Vec<HashLock>,
}

/// Locktimes below are heights, from here on times (BIP65).
pub(super) const TIME_FROM: u32 = 500_000_000;
/// A sequence that switches the locktime off.
const FINAL: u32 = u32::MAX;
/// Bit of BIP68 that switches a relative lock off.
const NO_RELATIVE_LOCK: u32 = 1 << 31;
/// Bit of BIP68: the lock is in units of 512 seconds.
pub(super) const RELATIVE_TIME: u32 = 1 << 22;
/// The number of a relative lock.
pub(super) const RELATIVE_VALUE: u32 = 0xffff;

impl SpendingPath {
    /// All keys that may sign on it, in ascending order.
    #[must_use]
    pub fn keys(&self) -> Vec<usize> {
        let mut keys: Vec<usize> = self.signers.iter().flat_map(|group| group.keys.iter().copied()).collect();
        keys.sort_unstable();
        keys
    }

    /// The signatures that it takes in all.
    #[must_use]
    pub fn signatures(&self) -> usize {
        self.signers.iter().map(|group| group.threshold).fold(0, usize::saturating_add)
    }

    /// Whether it opens after some time only: a recovery path.
    #[must_use]
    pub fn timelocked(&self) -> bool {
        self.after.is_some() || self.older.is_some()
    }

    /// Whether signatures of these keys (indices) are enough on it.
    #[must_use]
    pub fn signed_by(&self, keys: &[usize]) -> bool {
        let enough = |group: &Signers| group.keys.iter().filter(|key| keys.contains(key)).count() >= group.threshold;
        self.signers.iter().all(enough)
    }

    /// Whether a transaction of this version and locktime may take it in an input of this sequence (BIP65, BIP112).
    #[must_use]
    pub fn open(&self, version: i32, lock_time: u32, sequence: u32) -> bool {
        let height = |lock: u32| lock < TIME_FROM;
        let passed = |lock: u32| sequence != FINAL && height(lock) == height(lock_time) && lock <= lock_time;
        let unit = |lock: u32| lock & RELATIVE_TIME;
        let number = |lock: u32| lock & RELATIVE_VALUE;
        let old = |lock: u32| {
            version >= 2
                && sequence & NO_RELATIVE_LOCK == 0
                && unit(lock) == unit(sequence)
                && number(lock) <= number(sequence)
        };
        self.after.is_none_or(passed) && self.older.is_none_or(old)
    }

    /// The locks in words, with a comma before each: `, after 52 560 blocks`.
    fn conditions(&self) -> String {
        let mut words = String::new();
        if let Some(lock) = self.older {
            let number = lock & RELATIVE_VALUE;
            if lock & RELATIVE_TIME == 0 {
                let noun = if number == 1 { "block" } else { "blocks" };
                words.push_str(&format!(", after {} {noun}", text::grouped_number(u64::from(number))));
            } else {
                words.push_str(&format!(", after {}", span(number.saturating_mul(512))));
            }
        }
        match self.after {
            Some(lock) if lock < TIME_FROM => {
                words.push_str(&format!(", from block {} on", text::grouped_number(u64::from(lock))))
            }
            Some(lock) => words.push_str(&format!(", from {} on", text::date(lock))),
            None => {}
        }
        for hash in &self.hashes {
            words.push_str(&format!(", with the preimage of {}", hash.in_words()));
        }
        words
    }

    /// Who signs: `2 of keys 1, 2 and key 3`, keys counted from 1.
    #[must_use]
    pub fn signers_in_words(&self) -> String {
        let group = |group: &Signers| {
            let numbers: Vec<String> = group.keys.iter().map(|key| key.saturating_add(1).to_string()).collect();
            match numbers.as_slice() {
                [key] => format!("key {key}"),
                numbers => format!("{} of keys {}", group.threshold, numbers.join(", ")),
            }
        };
        self.signers.iter().map(group).collect::<Vec<_>>().join(" and ")
    }

    /// The path in words: `recovery path, after 52 560 blocks: key 3`. `number` is its place in
    /// [`super::Wallet::paths`], of which the first is the primary one.
    #[must_use]
    pub fn in_words(&self, number: usize) -> String {
        format!("{}: {}", self.name(number), self.signers_in_words())
    }

    /// Its name: `recovery path, after 52 560 blocks`.
    #[must_use]
    pub fn name(&self, number: usize) -> String {
        let role = match (number, self.timelocked()) {
            (0, _) => "primary path",
            (_, true) => "recovery path",
            (_, false) => "other path",
        };
        let seat = match self.seat {
            Seat::Script => String::new(),
            Seat::KeyPath => " (key path)".to_owned(),
            Seat::Leaf(leaf) => format!(" (leaf {})", leaf.saturating_add(1)),
        };
        format!("{role}{seat}{}", self.conditions())
    }
}

/// Seconds as days, hours and minutes, rounded down to whole minutes.
fn span(seconds: u32) -> String {
    let part = |of: u32, unit: u32| (of.checked_div(unit).unwrap_or(0), of.checked_rem(unit).unwrap_or(0));
    let (days, rest) = part(seconds, 86_400);
    let (hours, rest) = part(rest, 3_600);
    let (minutes, _) = part(rest, 60);
    let named = |number: u32, noun: &str| text::count(usize::try_from(number).unwrap_or(usize::MAX), noun);
    let parts: Vec<String> = [(days, "day"), (hours, "hour"), (minutes, "minute")]
        .into_iter()
        .filter(|(number, _)| *number > 0)
        .map(|(number, noun)| named(number, noun))
        .collect();
    format!("{} of 512 seconds ({})", named(seconds.checked_div(512).unwrap_or(0), "unit"), parts.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(after: Option<u32>, older: Option<u32>) -> SpendingPath {
        let signers = vec![Signers { threshold: 1, keys: vec![2] }];
        SpendingPath { seat: Seat::Script, signers, after, older, hashes: Vec::new() }
    }

    #[test]
    fn a_relative_lock_opens_by_sequence_and_version() {
        let blocks = path(None, Some(1000));
        for (version, sequence, open) in [
            (2, 1000, true),
            (3, 0xffff, true),
            (2, 1001, true),
            (2, 0x7f80_0000 | 1000, true),
            (2, 0x7fc0_0000 | 1000, false),
            (2, 999, false),
            (1, 1000, false),
            (-1, 1000, false),
            (2, RELATIVE_TIME | 1000, false),
            (2, NO_RELATIVE_LOCK | 1000, false),
            (2, FINAL, false),
        ] {
            assert_eq!(blocks.open(version, 0, sequence), open, "{version} {sequence:x}");
        }
        let time = path(None, Some(RELATIVE_TIME | 7));
        assert!(time.open(2, 0, RELATIVE_TIME | 7));
        assert!(!time.open(2, 0, 7) && !time.open(2, 0, RELATIVE_TIME | 6));
    }

    #[test]
    fn an_absolute_lock_opens_by_locktime_unless_the_sequence_is_final() {
        let height = path(Some(900_000), None);
        assert!(height.open(1, 900_000, 0xffff_fffe) && height.open(2, 900_001, 0));
        assert!(!height.open(2, 899_999, 0));
        assert!(!height.open(2, 900_000, FINAL));
        assert!(!height.open(2, 1_900_000_000, 0));
        let time = path(Some(1_900_000_000), None);
        assert!(time.open(2, 1_900_000_000, 0));
        assert!(!time.open(2, 499_999_999, 0) && !time.open(2, 1_899_999_999, 0));
        let both = path(Some(900_000), Some(5));
        assert!(both.open(2, 900_000, 5));
        assert!(!both.open(2, 0, 5) && !both.open(2, 900_000, 4) && !both.open(2, 900_000, 0xffff_fffe));
    }

    #[test]
    fn a_path_is_told_in_words() {
        assert_eq!(path(None, Some(52_560)).in_words(1), "recovery path, after 52 560 blocks: key 3");
        assert_eq!(path(None, Some(1)).name(1), "recovery path, after 1 block");
        assert_eq!(path(Some(900_000), None).name(2), "recovery path, from block 900 000 on");
        assert_eq!(path(Some(1_795_305_600), None).name(2), "recovery path, from 2026-11-22 00:00 UTC on");
        let units = path(None, Some(RELATIVE_TIME | 5063)).name(1);
        assert_eq!(units, "recovery path, after 5 063 units of 512 seconds (30 days 4 minutes)");
        let mut of = path(None, None);
        of.signers.insert(0, Signers { threshold: 2, keys: vec![0, 1, 3] });
        of.seat = Seat::Leaf(0);
        assert_eq!(of.in_words(0), "primary path (leaf 1): 2 of keys 1, 2, 4 and key 3");
        assert_eq!((of.keys(), of.signatures()), (vec![0, 1, 2, 3], 3));
        assert!(of.signed_by(&[0, 3, 2]) && !of.signed_by(&[0, 1, 3]) && !of.signed_by(&[0, 2]));
        of.seat = Seat::KeyPath;
        of.hashes.push(HashLock::Hash160([0xab; 20]));
        let hex = "ab".repeat(20);
        assert_eq!(of.name(1), format!("other path (key path), with the preimage of hash160 {hex}"));
    }
}
