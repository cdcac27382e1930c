//! Which way a coin of ours is spent: L05, T05, T07. One path a coin, chosen from what the transaction says of time
//! and what the PSBT asks for; nothing but this path is signed.

use bitcoin::hashes::Hash;

use crate::{
    limits,
    psbt::Place,
    review::{
        PathFacts,
        case::{Case, InputView},
        finding::{Each, Findings},
        locktime,
        ours::{Own, same_key},
    },
    wallet::{HashLock, Internal, LEAF_VERSION, Leaf, Seat, SpendingPath, Tree, Wallet},
};

const APPROVE: &str = "approve only if this path is meant; else make the PSBT without its sequence, locktime or leaf";
const AGAIN: &str = "make the PSBT with the sequence and locktime of a path that has a key of ours";

/// The path of each input: an index into its wallet's paths; none for a foreign input and where no path is open.
pub(super) fn choose(case: &Case<'_>, found: &mut Findings) -> Vec<Option<usize>> {
    let of = |input: InputView<'_>, found: &mut Findings| {
        let own = input.own?;
        let wallet = case.wallet(own.wallet)?;
        let look = Look { case, input, own, wallet };
        let chosen = look.choose(found);
        look.tell(chosen, found);
        chosen
    };
    for wallet in &case.paying {
        if case.wallet(*wallet).is_some_and(is_disabled) {
            let text =
                format!("wallet `{}`: the key path is disabled, nobody has the internal key", case.name(*wallet));
            found.show("T07", Place::Whole, text);
        }
    }
    case.inputs().map(|input| of(input, found)).collect()
}

/// What people are told of a path.
pub(super) fn facts(wallet: &Wallet, own: &Own, number: usize) -> Option<PathFacts> {
    let path = wallet.paths().get(number)?;
    let only = wallet.paths().len() == 1 && !path.timelocked() && path.hashes.is_empty();
    let leaf = match path.seat {
        Seat::Leaf(leaf) => own.coin().tree.as_ref().and_then(|tree| tree.leaves.get(leaf)),
        Seat::Script | Seat::KeyPath => None,
    };
    let leaf = leaf.map(|leaf| leaf.hash.to_byte_array());
    Some(PathFacts { number, words: path.in_words(number), primary: number == 0, only, leaf, keys: path.keys() })
}

/// One coin of ours.
struct Look<'v> {
    case: &'v Case<'v>,
    input: InputView<'v>,
    own: &'v Own,
    wallet: &'v Wallet,
}

impl<'v> Look<'v> {
    fn place(&self) -> Place {
        Place::Input(self.input.number)
    }

    fn path(&self, number: usize) -> Option<&'v SpendingPath> {
        self.wallet.paths().get(number)
    }

    fn tree(&self) -> Option<&'v Tree> {
        self.own.coin().tree.as_ref()
    }

    /// Whether the transaction may take it.
    fn is_open(&self, path: &SpendingPath) -> bool {
        let transaction = self.case.parsed.transaction();
        let lock_time = transaction.lock_time.to_consensus_u32();
        path.open(transaction.version.0, lock_time, self.input.txin.sequence.0)
    }

    fn has_ours(&self, path: &SpendingPath) -> bool {
        path.keys().iter().any(|key| self.wallet.keys().get(*key).is_some_and(|key| key.ours))
    }

    /// The one path that is taken.
    fn choose(&self, found: &mut Findings) -> Option<usize> {
        let paths = self.wallet.paths();
        // A wallet without a key of ours is watched: nothing of it is ever signed.
        let watched = !paths.iter().any(|path| self.has_ours(path));
        let fits = |path: &SpendingPath| self.is_open(path) && (watched || self.has_ours(path));
        let open: Vec<usize> = (0..).zip(paths).filter(|(_, path)| fits(path)).map(|(number, _)| number).collect();
        if open.is_empty() {
            let what = "no spending path with a key of ours is open with this sequence, locktime and version";
            found.refuse("L05", self.place(), what, AGAIN);
            return None;
        }
        let asked = self.asked();
        let seated = match asked.seat() {
            Some(seat) => {
                let there = self.among(&open, |path| path.seat == seat);
                if there.is_empty() {
                    let text = format!("asks for {}, which is not open, or has no key of ours", seat_words(seat));
                    found.refuse("T05", self.place(), text, AGAIN);
                    return None;
                }
                there
            }
            None => open,
        };
        Some(self.pointed_at(&seated))
    }

    /// Of several open paths: the one whose preimages are given, else the one that the sequence or locktime was set
    /// for, by its very number or beyond it (BIP65), else the first.
    fn pointed_at(&self, open: &[usize]) -> usize {
        if let [only] = open {
            return *only;
        }
        let first = |paths: &[usize]| paths.first().copied().unwrap_or(0);
        let preimages = self.preimages();
        let shown = |lock: &HashLock| preimages.contains(&hash_field(lock));
        let revealed = self.among(open, |path| !path.hashes.is_empty() && path.hashes.iter().all(shown));
        if let [only] = revealed.as_slice() {
            return *only;
        }
        let known = self.among(open, |path| path.hashes.iter().all(shown));
        let left = if known.is_empty() { open } else { &known };
        let transaction = self.case.parsed.transaction();
        let lock_time = transaction.lock_time.to_consensus_u32();
        let sequence = self.input.txin.sequence.0;
        let exact = self.among(left, |path| {
            let older = path.older.is_none_or(|lock| lock == sequence & 0x0040_ffff);
            let after = path.after.is_none_or(|lock| lock == lock_time);
            path.timelocked() && older && after
        });
        let waiting = self.among(left, |path| path.older.is_some());
        match (exact.as_slice(), waiting.as_slice()) {
            ([first, ..], _) | ([], [first]) => *first,
            ([], [_, _, ..]) => first(left),
            ([], []) => self.passed(left, lock_time).unwrap_or_else(|| first(left)),
        }
    }

    /// The path whose absolute lock is the last before the locktime. A locktime about the present block says nothing:
    /// wallets set it to every transaction.
    fn passed(&self, open: &[usize], lock_time: u32) -> Option<usize> {
        let present = self.case.ground.reference_height.saturating_sub(limits::PRESENT_BLOCKS);
        if (present..locktime::TIME_FROM).contains(&lock_time) {
            return None;
        }
        let locked = open.iter().filter_map(|number| Some((self.path(*number)?.after?, *number)));
        locked.max_by_key(|(lock, number)| (*lock, std::cmp::Reverse(*number))).map(|(_, number)| number)
    }

    fn among(&self, paths: &[usize], fits: impl Fn(&SpendingPath) -> bool) -> Vec<usize> {
        paths.iter().copied().filter(|number| self.path(*number).is_some_and(&fits)).collect()
    }

    /// Hash function (as the field's type) and hash of each preimage that the PSBT gives.
    fn preimages(&self) -> Vec<Vec<u8>> {
        let pairs = self.case.parsed.raw_pairs(self.place());
        pairs.filter(|(key, _)| matches!(key, [0x0a..=0x0d, ..])).map(|(key, _)| key.to_vec()).collect()
    }

    /// L05: preimages that the path shows and that the PSBT does not give.
    fn lacking(&self, path: &SpendingPath, found: &mut Findings) {
        if path.hashes.is_empty() {
            return;
        }
        let given = self.preimages();
        for lock in path.hashes.iter().filter(|lock| !given.contains(&hash_field(lock))) {
            let what = format!(
                "needs the preimage of {}, which this PSBT does not have: it can be signed, and not be finished before \
                 the preimage is added",
                lock.in_words()
            );
            found.show("L05", self.place(), what);
        }
    }

    /// What the taproot fields ask for.
    fn asked(&self) -> Asked {
        let map = self.input.map;
        let Some(tree) = self.tree() else { return Asked::default() };
        let place_of = |hash: &[u8; 32]| tree.leaves.iter().position(|leaf| leaf.hash.to_byte_array() == *hash);
        let signed = map.tap_script_sigs.iter().filter_map(|(both, _)| place_of(both.last_chunk()?));
        let given = map.tap_leaf_scripts.iter().filter_map(|(_, value)| {
            let (version, script) = value.split_last()?;
            let same = |leaf: &Leaf| *version == LEAF_VERSION && leaf.script.as_bytes() == script;
            tree.leaves.iter().position(same)
        });
        let ours: Vec<&[u8; 33]> =
            self.wallet.keys().iter().zip(&self.own.coin().keys).filter(|(key, _)| key.ours).map(|(_, k)| k).collect();
        let records = || map.tap_derivations.iter().filter(|record| ours.iter().any(|key| same_key(key, &record.key)));
        let internal = self.own.coin().taproot.map(|(internal, _)| internal.serialize());
        Asked {
            signed: once(signed.map(Seat::Leaf).chain(map.tap_key_sig.is_some().then_some(Seat::KeyPath))),
            given: once(given),
            recorded: once(records().flat_map(|record| &record.leaf_hashes).filter_map(place_of)),
            key_path: records().any(|record| Some(record.key) == internal),
            leaves: tree.leaves.len(),
        }
    }

    /// L05, T05, T07: what is taken, what is not, and what stands open beside it.
    fn tell(&self, chosen: Option<usize>, found: &mut Findings) {
        let place = self.place();
        if is_disabled(self.wallet) && self.input.map.tap_key_sig.is_some() {
            let what = "a signature for the key path, which is disabled: nobody has the internal key";
            found.refuse("T07", place, what, "take this signature out");
        }
        let paths = self.wallet.paths();
        let Some((number, path)) = chosen.and_then(|number| Some((number, paths.get(number)?))) else { return };
        if number != 0 {
            let way = path.in_words(number);
            let together = format!("spend coins of wallet `{}` by the {way}", self.wallet.name());
            found.ask_each("L05", place, Each { text: format!("spends by the {way}"), together }, APPROVE);
        }
        self.lacking(path, found);
        for (other, beside) in paths.iter().enumerate() {
            if other == number || !beside.timelocked() || !self.is_open(beside) {
                continue;
            }
            let text =
                format!("the transaction opens the {}, too; signed is the {}", beside.name(other), path.name(number));
            // A locktime passes with the years; a sequence is set on purpose.
            if beside.older.is_some() && number == 0 {
                let together = format!("spend coins of wallet `{}`; {text}", self.wallet.name());
                found.ask_each("L05", place, Each { text, together }, APPROVE);
            } else {
                found.show("L05", place, text);
            }
        }
        let mut seats = self.asked().seats();
        seats.retain(|seat| paths.iter().any(|path| path.seat == *seat && self.has_ours(path)));
        if seats.iter().any(|seat| *seat != path.seat) {
            let named: Vec<String> = seats.iter().map(|seat| seat_words(*seat)).collect();
            let text = format!("names our key for {}; only {} is signed", named.join(", "), seat_words(path.seat));
            found.show("T05", place, text);
        }
    }
}

/// Whether the key path is disabled.
fn is_disabled(wallet: &Wallet) -> bool {
    wallet.internal().is_some_and(Internal::disabled)
}

/// What the fields of a taproot input name.
#[derive(Default)]
struct Asked {
    /// Where signatures are already.
    signed: Vec<Seat>,
    /// Leaves whose scripts are given.
    given: Vec<usize>,
    /// Leaves that the records of our keys name.
    recorded: Vec<usize>,
    /// Whether our record of the internal key is given.
    key_path: bool,
    /// All leaves of the tree.
    leaves: usize,
}

impl Asked {
    /// The one place that is asked for: where others signed, or the one leaf that is named while there is a choice.
    fn seat(&self) -> Option<Seat> {
        if let [only] = self.signed.as_slice() {
            return Some(*only);
        }
        let named = if self.given.is_empty() { &self.recorded } else { &self.given };
        match named.as_slice() {
            // All that there is, beside our internal key: a description, no choice.
            [_] if self.leaves == 1 && self.key_path => None,
            [only] if !self.given.is_empty() || !self.key_path => Some(Seat::Leaf(*only)),
            _ => None,
        }
    }

    fn seats(&self) -> Vec<Seat> {
        let leaves = self.given.iter().chain(&self.recorded).copied().map(Seat::Leaf);
        once(self.key_path.then_some(Seat::KeyPath).into_iter().chain(leaves))
    }
}

fn once<T: Ord>(items: impl Iterator<Item = T>) -> Vec<T> {
    items.collect::<std::collections::BTreeSet<T>>().into_iter().collect()
}

fn seat_words(seat: Seat) -> String {
    match seat {
        Seat::Script => "the script".to_owned(),
        Seat::KeyPath => "the key path".to_owned(),
        Seat::Leaf(leaf) => format!("leaf {}", leaf.saturating_add(1)),
    }
}

/// The key of a preimage's field.
fn hash_field(lock: &HashLock) -> Vec<u8> {
    let (kind, hash): (u8, &[u8]) = match lock {
        HashLock::Ripemd160(hash) => (0x0a, hash),
        HashLock::Sha256(hash) => (0x0b, hash),
        HashLock::Hash160(hash) => (0x0c, hash),
        HashLock::Hash256(hash) => (0x0d, hash),
    };
    [&[kind], hash].concat()
}
