//! The proof that a script is a wallet's own: derived again from the registered descriptor, at the place that the
//! key records name, and equal byte for byte. Nothing else is evidence: no fingerprint, no script text, no shape.
//!
//! Floor 1. Pure. What a contradiction means (refusal, fraud) is the review's to say.

mod fields;

use bitcoin::Script;

pub use fields::{Field, LeafFault};

use super::{
    account::HARDENED,
    coin::Coin,
    internal::Internal,
    register::{Key, Wallet},
};
use crate::limits;
use crate::psbt::{Derivation, Input, Output, TapDerivation};

/// What an input or output of a PSBT says about its script.
#[derive(Debug, Clone)]
pub struct Scope<'a> {
    /// The script in the (spent or new) output.
    pub script_pubkey: &'a Script,
    /// Key records (0x06, 0x02).
    pub derivations: &'a [Derivation],
    /// Taproot key records (0x16, 0x07).
    pub tap_derivations: &'a [TapDerivation],
    /// The redeem script, where given.
    pub redeem_script: Option<&'a Script>,
    /// The witness script, where given.
    pub witness_script: Option<&'a Script>,
    /// The internal key, where given.
    pub tap_internal_key: Option<&'a [u8; 32]>,
    /// The merkle root of an input, where given.
    pub tap_merkle_root: Option<&'a [u8; 32]>,
    /// The leaf scripts of an input: control block, script with leaf version.
    pub tap_leaf_scripts: &'a [(Vec<u8>, Vec<u8>)],
    /// The tree of an output, where given: depth, leaf version and script of each leaf.
    pub tap_tree: Option<Vec<(u8, u8, &'a [u8])>>,
}

impl<'a> Scope<'a> {
    /// An input that spends an output with `script_pubkey`.
    #[must_use]
    pub fn of_input(input: &'a Input, script_pubkey: &'a Script) -> Self {
        Self {
            script_pubkey,
            derivations: &input.derivations,
            tap_derivations: &input.tap_derivations,
            redeem_script: input.redeem_script.as_deref(),
            witness_script: input.witness_script.as_deref(),
            tap_internal_key: input.tap_internal_key.as_ref(),
            tap_merkle_root: input.tap_merkle_root.as_ref(),
            tap_leaf_scripts: &input.tap_leaf_scripts,
            tap_tree: None,
        }
    }

    /// An output with `script_pubkey`.
    #[must_use]
    pub fn of_output(output: &'a Output, script_pubkey: &'a Script) -> Self {
        Self {
            script_pubkey,
            derivations: &output.derivations,
            tap_derivations: &output.tap_derivations,
            redeem_script: output.redeem_script.as_deref(),
            witness_script: output.witness_script.as_deref(),
            tap_internal_key: output.tap_internal_key.as_ref(),
            tap_merkle_root: None,
            tap_leaf_scripts: &[],
            tap_tree: output.tap_tree.as_ref().map(|_| output.tap_tree_leaves().unwrap_or_default()),
        }
    }

    /// All key records, those of BIP174 first. A record's number is its place in this list.
    fn records(&self) -> impl Iterator<Item = Record<'a>> {
        let plain = self.derivations.iter().map(|record| Record {
            key: Claimed::Full(&record.key),
            fingerprint: record.fingerprint,
            path: &record.path,
            leaves: &[],
        });
        let taproot = self.tap_derivations.iter().map(|record| Record {
            key: Claimed::XOnly(&record.key),
            fingerprint: record.fingerprint,
            path: &record.path,
            leaves: &record.leaf_hashes,
        });
        plain.chain(taproot)
    }
}

/// A key record of either kind.
#[derive(Clone, Copy)]
struct Record<'a> {
    key: Claimed<'a>,
    fingerprint: [u8; 4],
    path: &'a [u32],
    leaves: &'a [[u8; 32]],
}

#[derive(Clone, Copy)]
enum Claimed<'a> {
    Full(&'a [u8]),
    XOnly(&'a [u8; 32]),
}

impl Record<'_> {
    fn names(&self, derived: &[u8; 33]) -> bool {
        match self.key {
            Claimed::Full(key) => key == derived,
            Claimed::XOnly(key) => derived.get(1..) == Some(key.as_slice()),
        }
    }
}

/// What a scope is to a wallet.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::large_enum_variant, reason = "one at a time, and the proof is what most scopes get")]
pub enum Claim {
    /// Nothing in it is ours, and nothing says so.
    None,
    /// The wallet derives this very script at the place that the records name.
    Proved(Owned),
}

/// A proved script.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owned {
    /// The script with all that belongs to it.
    pub coin: Coin,
    /// For each key record (BIP174's first, then taproot's) the index of the wallet's key that it names; `None`
    /// for a key that the wallet does not have here (I13).
    pub records: Vec<Option<usize>>,
    /// The records whose fingerprint (or, for a key that is not ours, path) is another than the descriptor's: they
    /// were matched by the key alone (I03).
    pub by_key: Vec<usize>,
    /// The record of the internal key that nobody can sign for, where there is one; it names no key of the wallet.
    pub disabled: Option<usize>,
}

impl Owned {
    /// Whether one of the vault's own keys is among the records.
    #[must_use]
    pub fn names_ours(&self, wallet: &Wallet) -> bool {
        let ours = |place: &usize| wallet.keys().get(*place).is_some_and(|key| key.ours);
        self.records.iter().flatten().any(ours)
    }
}

/// A scope that contradicts itself or the wallet.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Contradiction {
    /// The records name more than one place (I12).
    #[error("the key records name more than one place: {}/{} and {}/{}", .first.0, .first.1, .second.0, .second.1)]
    Places {
        /// Branch and index of one record.
        first: (u32, u32),
        /// Branch and index of another.
        second: (u32, u32),
    },
    /// The script is ours, but a field about it says something else (I04, I05, I07, C11, C12, T02 to T04).
    #[error("{0} is not of the wallet at this place")]
    Field(Field),
    /// A record says that a key of the wallet is another one than it is (I02).
    #[error("key record {record} gives a public key that key {key} of the wallet does not derive")]
    Key {
        /// Which record, from 0.
        record: usize,
        /// Which key of the wallet, from 0.
        key: usize,
    },
    /// A record bears our fingerprint or key and a place of the wallet, but the wallet's script there is another
    /// one (I01, C02).
    #[error("the key records name {branch}/{index} of the wallet, whose script is another one")]
    Script {
        /// The branch that the records name.
        branch: u32,
        /// The index.
        index: u32,
    },
    /// A record bears our fingerprint or key, but its path is none of the wallet's (I15, C06).
    #[error("key record {record} bears our fingerprint or key, and {astray}")]
    Path {
        /// Which record, from 0.
        record: usize,
        /// How the path differs.
        astray: Astray,
    },
}

/// How a path with our fingerprint is none of the wallet's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
pub enum Astray {
    /// It does not start with the account that is registered.
    #[error("its path is not below the account of the wallet")]
    OtherAccount,
    /// It starts there, but has not exactly two more steps.
    #[error("its path has not exactly two steps below the account")]
    Depth,
    /// The wallet has no such branch.
    #[error("its path names branch {0}, which the wallet does not have")]
    Branch(u32),
    /// A hardened step below the account (an index of 2^31 or more is one).
    #[error("its path has a hardened step below the account")]
    Hardened,
}

/// Whether `scope` is the wallet's own: from the places that the records name, the wallet
/// derives; the script must be equal, and so must every key and field about it.
///
/// # Errors
/// A [`Contradiction`]. Where several wallets are registered it may be settled by another wallet's proof: use
/// [`own_proof_among`].
pub fn own_proof(wallet: &Wallet, scope: &Scope<'_>) -> Result<Claim, Contradiction> {
    let keys = wallet.keys();
    let mut derived = Derived { wallet, coins: Vec::new() };
    let mut places: Vec<(u32, u32)> = Vec::new();
    let mut bears_ours = false;
    let mut astray: Option<(usize, Astray)> = None;
    for (number, record) in scope.records().enumerate() {
        let ours = || keys.iter().filter(|key| key.ours && key.fingerprint == record.fingerprint);
        bears_ours |= ours().next().is_some();
        if let Some(place) = place_of(&mut derived, &record) {
            if !places.contains(&place) {
                places.push(place);
            }
            if let [first, .., second] = places.as_slice()
                && places.len() > limits::PLACES
            {
                return Err(Contradiction::Places { first: *first, second: *second });
            }
        } else if let Some(how) = ours().map(|key| strays(key, wallet, record.path)).max()
            && astray.is_none_or(|(_, known)| how > known)
        {
            astray = Some((number, how));
        }
    }
    // Whatever is derived at either, an honest record does not name two: nothing is derived for it.
    if let [first, second, ..] = places.as_slice()
        && bears_ours
    {
        return Err(Contradiction::Places { first: *first, second: *second });
    }
    // Of several, one is looked at: who names more gains no more than who names none.
    let mut equal = None;
    for place in places.iter().take(1) {
        let Some(coin) = derived.at(*place) else {
            continue;
        };
        let our_keys = || keys.iter().zip(&coin.keys).filter(|(key, _)| key.ours);
        bears_ours |= scope.records().any(|record| our_keys().any(|(_, key)| record.names(key)));
        if coin.script_pubkey.as_script() == scope.script_pubkey {
            equal = Some(*place);
        }
    }
    if let [first, second, ..] = places.as_slice()
        && (bears_ours || equal.is_some())
    {
        return Err(Contradiction::Places { first: *first, second: *second });
    }
    // a record of ours that points elsewhere contradicts the others too
    if let Some((record, astray)) = astray {
        return Err(Contradiction::Path { record, astray });
    }
    let Some(coin) = equal.and_then(|place| derived.take(place)) else {
        return match places.first() {
            Some((branch, index)) if bears_ours => Err(Contradiction::Script { branch: *branch, index: *index }),
            Some(_) | None => Ok(Claim::None),
        };
    };
    let Attributed { records, by_key, disabled } = attribute(wallet, scope, &coin)?;
    fields::check(scope, &coin)?;
    Ok(Claim::Proved(Owned { coin, records, by_key, disabled }))
}

/// The coins that were derived for one scope: each place once.
struct Derived<'a> {
    wallet: &'a Wallet,
    coins: Vec<Coin>,
}

impl Derived<'_> {
    fn at(&mut self, (branch, index): (u32, u32)) -> Option<&Coin> {
        let known = self.coins.iter().position(|coin| (coin.branch, coin.index) == (branch, index));
        let place = match known {
            Some(place) => place,
            None => {
                self.coins.push(self.wallet.coin(branch, index).ok()?);
                self.coins.len().saturating_sub(1)
            }
        };
        self.coins.get(place)
    }

    fn has(&self, (branch, index): (u32, u32)) -> bool {
        self.coins.iter().any(|coin| (coin.branch, coin.index) == (branch, index))
    }

    fn take(&mut self, (branch, index): (u32, u32)) -> Option<Coin> {
        let place = self.coins.iter().position(|coin| (coin.branch, coin.index) == (branch, index))?;
        Some(self.coins.swap_remove(place))
    }
}

/// The place that a record names: by path, and by fingerprint (or none) or public key. Only a public key needs a
/// derivation, and of these there are [`limits::PLACES`] at most.
fn place_of(derived: &mut Derived<'_>, record: &Record<'_>) -> Option<(u32, u32)> {
    let wallet = derived.wallet;
    let mut fits = wallet.keys().iter().enumerate().filter(|(_, key)| at(key, wallet, record).is_some());
    let (first, key) = fits.next()?;
    let place = at(key, wallet, record)?;
    let mut numbers = vec![first];
    let mut known = known_as(key, record);
    for (number, key) in fits {
        numbers.push(number);
        known |= known_as(key, record);
    }
    if known {
        return Some(place);
    }
    if derived.coins.len() >= limits::PLACES && !derived.has(place) {
        return None;
    }
    let coin = derived.at(place)?;
    let named = numbers.iter().any(|number| coin.keys.get(*number).is_some_and(|key| record.names(key)));
    named.then_some(place)
}

/// Which of the wallets owns `scope`: the index of the wallet with its proof. A contradiction with one wallet counts
/// only where no wallet proves; of several, the one that is most about a wallet, and of those that are as much so, that
/// of the wallet that is nearest.
///
/// # Errors
/// The wallet's index and its [`Contradiction`].
pub fn own_proof_among(
    wallets: &[Wallet],
    scope: &Scope<'_>,
) -> Result<Option<(usize, Owned)>, (usize, Contradiction)> {
    if scope.derivations.is_empty() && scope.tap_derivations.is_empty() {
        return Ok(None);
    }
    let mut worst: Option<((u8, Near), usize, Contradiction)> = None;
    for (place, wallet) in wallets.iter().enumerate() {
        match own_proof(wallet, scope) {
            Ok(Claim::Proved(owned)) => return Ok(Some((place, owned))),
            Ok(Claim::None) => {}
            Err(found) => {
                let rank = (weight(&found), Near::of(wallet, scope));
                if worst.as_ref().is_none_or(|(known, ..)| rank > *known) {
                    worst = Some((rank, place, found));
                }
            }
        }
    }
    worst.map_or(Ok(None), |(_, place, found)| Err((place, found)))
}

/// How near a wallet is to what a scope says: which of several is meant, where none of them is right.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Near {
    /// Whether the script has the form of the wallet's.
    form: bool,
    /// Records that bear the fingerprint of one of its keys.
    known: usize,
    /// The longest common beginning of a record's path and the origin of a key that it bears the fingerprint of.
    steps: usize,
}

impl Near {
    fn of(wallet: &Wallet, scope: &Scope<'_>) -> Self {
        let (mut known, mut steps) = (0usize, 0usize);
        for record in scope.records() {
            let mut bears = wallet.keys().iter().filter(|key| key.fingerprint == record.fingerprint).peekable();
            known = known.saturating_add(usize::from(bears.peek().is_some()));
            let common = |key: &Key| key.origin.iter().zip(record.path).take_while(|(own, step)| own == step).count();
            steps = bears.map(common).max().unwrap_or(0).max(steps);
        }
        Self { form: wallet.kind().fits(scope.script_pubkey), known, steps }
    }
}

/// How much a contradiction is about the wallet: a path elsewhere least, an equal script with other fields most.
const fn weight(contradiction: &Contradiction) -> u8 {
    match contradiction {
        Contradiction::Path { astray: Astray::OtherAccount, .. } => 0,
        Contradiction::Path { astray: Astray::Depth | Astray::Branch(_) | Astray::Hardened, .. } => 1,
        Contradiction::Script { .. } => 2,
        Contradiction::Key { .. } => 3,
        Contradiction::Places { .. } => 4,
        Contradiction::Field(_) => 5,
    }
}

/// Branch and index, where the record's path is the key's origin with two more steps of the right kind.
fn at(key: &Key, wallet: &Wallet, record: &Record<'_>) -> Option<(u32, u32)> {
    let [origin @ .., branch, index] = record.path else {
        return None;
    };
    let fits = origin == key.origin.as_slice() && wallet.branches().contains(branch) && *index < HARDENED;
    fits.then_some((*branch, *index))
}

/// Whether the record bears the key's fingerprint, or none.
fn known_as(key: &Key, record: &Record<'_>) -> bool {
    record.fingerprint == key.fingerprint || record.fingerprint == [0; 4]
}

/// How far `path` is from being one of the key's.
fn strays(key: &Key, wallet: &Wallet, path: &[u32]) -> Astray {
    match path.strip_prefix(key.origin.as_slice()) {
        None => Astray::OtherAccount,
        Some(below) if below.iter().any(|step| *step >= HARDENED) => Astray::Hardened,
        Some([branch, _]) if !wallet.branches().contains(branch) => Astray::Branch(*branch),
        Some(_) => Astray::Depth,
    }
}

/// Which key of the wallet each record names, which records were matched by key alone, and which is that of an
/// internal key that nobody can sign for.
struct Attributed {
    records: Vec<Option<usize>>,
    by_key: Vec<usize>,
    disabled: Option<usize>,
}

fn attribute(wallet: &Wallet, scope: &Scope<'_>, coin: &Coin) -> Result<Attributed, Contradiction> {
    let mut attributed = Attributed { records: Vec::new(), by_key: Vec::new(), disabled: None };
    let unspendable = coin.taproot.filter(|_| wallet.internal().is_some_and(Internal::disabled));
    let unspendable = unspendable.map(|(internal, _)| internal.serialize());
    for (number, record) in scope.records().enumerate() {
        let placed = |key: &Key| at(key, wallet, &record) == Some((coin.branch, coin.index));
        let claimed = |key: &Key| placed(key) && record.fingerprint == key.fingerprint;
        let named = coin.keys.iter().position(|derived| record.names(derived));
        match named {
            Some(place) => {
                let key = wallet.keys().get(place);
                if let Some(key) = key.filter(|key| key.ours && !placed(key)) {
                    let astray = strays(key, wallet, record.path);
                    return Err(Contradiction::Path { record: number, astray });
                }
                if !key.is_some_and(claimed) {
                    attributed.by_key.push(number);
                }
            }
            None => {
                if let Some(key) = wallet.keys().iter().position(claimed) {
                    return Err(Contradiction::Key { record: number, key });
                }
            }
        }
        let disabled = matches!(record.key, Claimed::XOnly(key) if unspendable == Some(*key));
        if disabled {
            attributed.disabled = Some(number);
        }
        if (named.is_some() || disabled) && fields::strange_leaves(record.leaves, named, coin) {
            return Err(Contradiction::Field(Field::LeafHashes { record: number }));
        }
        attributed.records.push(named);
    }
    Ok(attributed)
}

#[cfg(test)]
mod tests;
