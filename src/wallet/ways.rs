//! Every way to satisfy a script: the spending paths of a wallet, listed within a limit.
//!
//! Floor 1. A threshold of keys stays one path, however many subsets of them could sign; what must be satisfied
//! together is joined, and what may be chosen makes a path each.

use bitcoin::hashes::Hash;
use miniscript::{Miniscript, ScriptContext, Terminal};

use super::{
    spending::{HashLock, RELATIVE_TIME, RELATIVE_VALUE, Seat, Signers, SpendingPath, TIME_FROM},
    template::Slot,
};
use crate::limits::SPENDING_PATHS;

/// A script has more ways to be satisfied than the limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TooMany;

/// What one way takes, wherever it lives.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Way {
    signers: Vec<Signers>,
    after: Option<u32>,
    older: Option<u32>,
    hashes: Vec<HashLock>,
}

impl Way {
    /// A threshold of keys.
    pub(super) fn of_keys(threshold: usize, mut keys: Vec<usize>) -> Self {
        keys.sort_unstable();
        Self { signers: vec![Signers { threshold, keys }], ..Self::default() }
    }

    fn hash(lock: HashLock) -> Self {
        Self { hashes: vec![lock], ..Self::default() }
    }

    pub(super) fn at(self, seat: Seat) -> SpendingPath {
        let Self { signers, after, older, hashes } = self;
        SpendingPath { seat, signers, after, older, hashes }
    }

    /// Both together; nothing where one lock counts blocks and the other time, as no transaction passes both.
    fn and(&self, other: &Self) -> Option<Self> {
        let mut signers: Vec<Signers> = Vec::new();
        let mut all = Vec::new();
        for group in self.signers.iter().chain(&other.signers) {
            if group.threshold == group.keys.len() {
                all.extend(&group.keys);
            } else {
                signers.push(group.clone());
            }
        }
        if !all.is_empty() {
            all.sort_unstable();
            signers.insert(0, Signers { threshold: all.len(), keys: all });
        }
        let mut hashes = [self.hashes.as_slice(), &other.hashes].concat();
        hashes.sort_unstable();
        hashes.dedup();
        Some(Self {
            signers,
            after: later(self.after, other.after, by_height)?,
            older: later(self.older, other.older, by_blocks)?,
            hashes,
        })
    }

    /// Whether whatever satisfies `other` satisfies this too, with the same signatures.
    fn takes_no_more_than(&self, other: &Self) -> bool {
        let waits = |one: Option<u32>, other: Option<u32>, unit: fn(u32) -> bool| match (one, other) {
            (None, _) => true,
            (Some(_), None) => false,
            (Some(one), Some(other)) => unit(one) == unit(other) && one <= other,
        };
        self.signers == other.signers
            && waits(self.after, other.after, by_height)
            && waits(self.older, other.older, by_blocks)
            && self.hashes.iter().all(|hash| other.hashes.contains(hash))
    }
}

/// Whether a lock of `after` names a height.
const fn by_height(lock: u32) -> bool {
    lock < TIME_FROM
}

/// Whether a lock of `older` counts blocks.
const fn by_blocks(lock: u32) -> bool {
    lock & RELATIVE_TIME == 0
}

/// The ways to satisfy a script, each once, in the order in which it has them; without those that take the same
/// signatures as another and more beside.
pub(super) fn shortest<C: ScriptContext>(script: &Miniscript<Slot, C>) -> Result<Vec<Way>, TooMany> {
    let all = ways(script)?;
    let needless = |way: &Way| all.iter().any(|other| other != way && other.takes_no_more_than(way));
    Ok(all.iter().filter(|way| !needless(way)).cloned().collect())
}

/// The later of two locks; none at all where they are of different units.
fn later(one: Option<u32>, other: Option<u32>, unit: fn(u32) -> bool) -> Option<Option<u32>> {
    match (one, other) {
        (Some(one), Some(other)) if unit(one) != unit(other) => None,
        (Some(one), Some(other)) => Some(Some(one.max(other))),
        (one, other) => Some(one.or(other)),
    }
}

/// The ways to satisfy a script, each once.
fn ways<C: ScriptContext>(script: &Miniscript<Slot, C>) -> Result<Vec<Way>, TooMany> {
    let found = match &script.node {
        Terminal::True => vec![Way::default()],
        Terminal::False | Terminal::RawPkH(_) => Vec::new(),
        Terminal::PkK(key) | Terminal::PkH(key) => threshold_of([*key], 1),
        Terminal::Multi(multi) => threshold_of(multi.iter().copied(), multi.k()),
        Terminal::MultiA(multi) => threshold_of(multi.iter().copied(), multi.k()),
        Terminal::After(lock) => vec![Way { after: Some(lock.to_consensus_u32()), ..Way::default() }],
        Terminal::Older(lock) => {
            let lock = lock.to_consensus_u32() & (RELATIVE_TIME | RELATIVE_VALUE);
            vec![Way { older: Some(lock), ..Way::default() }]
        }
        Terminal::Sha256(hash) => vec![Way::hash(HashLock::Sha256(hash.to_byte_array()))],
        Terminal::Hash256(hash) => vec![Way::hash(HashLock::Hash256(hash.to_byte_array()))],
        Terminal::Ripemd160(hash) => vec![Way::hash(HashLock::Ripemd160(hash.to_byte_array()))],
        Terminal::Hash160(hash) => vec![Way::hash(HashLock::Hash160(hash.to_byte_array()))],
        Terminal::Alt(inner)
        | Terminal::Swap(inner)
        | Terminal::Check(inner)
        | Terminal::DupIf(inner)
        | Terminal::Verify(inner)
        | Terminal::NonZero(inner)
        | Terminal::ZeroNotEqual(inner) => ways(inner)?,
        Terminal::AndV(one, other) | Terminal::AndB(one, other) => both(&ways(one)?, &ways(other)?)?,
        Terminal::AndOr(condition, then, otherwise) => {
            either(both(&ways(condition)?, &ways(then)?)?, ways(otherwise)?)?
        }
        Terminal::OrB(one, other)
        | Terminal::OrC(one, other)
        | Terminal::OrD(one, other)
        | Terminal::OrI(one, other) => either(ways(one)?, ways(other)?)?,
        Terminal::Thresh(parts) => {
            let mut keys = Vec::new();
            let mut others = Vec::new();
            for part in parts.iter() {
                match key_of(part) {
                    Some(key) => keys.push(key),
                    None => others.push(ways(part)?),
                }
            }
            threshold(parts.k(), &keys, others)?
        }
    };
    Ok(found)
}

/// The key of `pk` or `pkh` under wrappers that do not change what satisfies it.
fn key_of<C: ScriptContext>(script: &Miniscript<Slot, C>) -> Option<usize> {
    let mut script = script;
    while let Terminal::Alt(inner)
    | Terminal::Swap(inner)
    | Terminal::Check(inner)
    | Terminal::DupIf(inner)
    | Terminal::Verify(inner)
    | Terminal::NonZero(inner)
    | Terminal::ZeroNotEqual(inner) = &script.node
    {
        script = inner;
    }
    if let Terminal::PkK(Slot::Key(key)) | Terminal::PkH(Slot::Key(key)) = &script.node { Some(*key) } else { None }
}

/// A threshold of slots; a slot that nobody can sign for gives no way.
fn threshold_of(slots: impl IntoIterator<Item = Slot>, threshold: usize) -> Vec<Way> {
    let key = |slot: Slot| match slot {
        Slot::Key(place) => Some(place),
        Slot::Disabled => None,
    };
    let keys: Vec<usize> = slots.into_iter().filter_map(key).collect();
    if keys.len() < threshold { Vec::new() } else { vec![Way::of_keys(threshold, keys)] }
}

fn within(ways: Vec<Way>) -> Result<Vec<Way>, TooMany> {
    if ways.len() > SPENDING_PATHS { Err(TooMany) } else { Ok(ways) }
}

/// Every way of `one` with every way of `other`.
fn both(one: &[Way], other: &[Way]) -> Result<Vec<Way>, TooMany> {
    let mut found: Vec<Way> = Vec::new();
    for first in one {
        for second in other {
            if let Some(way) = first.and(second)
                && !found.contains(&way)
            {
                found.push(way);
            }
            if found.len() > SPENDING_PATHS {
                return Err(TooMany);
            }
        }
    }
    Ok(found)
}

fn either(mut one: Vec<Way>, other: Vec<Way>) -> Result<Vec<Way>, TooMany> {
    for way in other {
        if !one.contains(&way) {
            one.push(way);
        }
    }
    within(one)
}

/// `needed` of `keys` and `others` together: for each choice among the others the rest from the keys.
fn threshold(needed: usize, keys: &[usize], others: Vec<Vec<Way>>) -> Result<Vec<Way>, TooMany> {
    // what cannot be satisfied is never chosen
    let others: Vec<Vec<Way>> = others.into_iter().filter(|ways| !ways.is_empty()).collect();
    let least = needed.saturating_sub(keys.len());
    // choices among the others so far: how many are chosen, and what they take together
    let mut chosen: Vec<(usize, Way)> = vec![(0, Way::default())];
    for (place, ways) in others.iter().enumerate() {
        let left = others.len().saturating_sub(place).saturating_sub(1);
        let mut next: Vec<(usize, Way)> = Vec::new();
        for (count, way) in &chosen {
            let more = count.saturating_add(1);
            if more <= needed {
                let joined = ways.iter().filter_map(|other| way.and(other)).map(|way| (more, way));
                next.extend(joined);
            }
            // enough may still be chosen without this one
            if count.saturating_add(left) >= least {
                next.push((*count, way.clone()));
            }
            if next.len() > SPENDING_PATHS {
                return Err(TooMany);
            }
        }
        chosen = next;
    }
    let mut found: Vec<Way> = Vec::new();
    // fewest others first: most signatures
    chosen.sort_by_key(|(count, _)| *count);
    for (count, way) in chosen {
        let rest = needed.saturating_sub(count);
        let whole = match rest {
            0 => Some(way),
            rest if rest <= keys.len() => Way::of_keys(rest, keys.to_vec()).and(&way),
            _ => None,
        };
        found.extend(whole.filter(|whole| !found.contains(whole)));
    }
    within(found)
}

#[cfg(test)]
mod tests;
