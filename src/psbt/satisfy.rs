//! Satisfying a script with several paths: which signatures, preimages and time locks an input has.
//!
//! Floor 1. miniscript reads the script and finds the cheapest satisfaction that others cannot change; what it is
//! given was verified before. Its own finaliser is not used: it reads the whole transaction again for each input.
//!
//! Where a preimage would do in the place of a signature, miniscript waits for the preimage for ever, since somebody may
//! know it and put it there. The signature is taken then: whoever exchanges it pays the same amounts to the same
//! outputs, and a path that needs no preimage needs none.

use std::{cell::Cell, collections::BTreeMap, sync::Arc};

use bitcoin::{
    PublicKey, Script, Sequence, TapLeafHash, Transaction, XOnlyPublicKey, absolute, ecdsa,
    hashes::{Hash, hash160, ripemd160, sha256},
    relative, taproot,
};
use miniscript::{
    ExtParams, Legacy, Miniscript, MiniscriptKey, Satisfier, ScriptContext, Segwitv0, Tap, Terminal, Threshold,
    ToPublicKey, hash256,
};

use super::{Incomplete, Input, NewSignature, Parsed, Place};

/// Bit of a sequence that switches BIP68 off.
const NO_RELATIVE_LOCK: u32 = 1 << 31;
/// Bit of BIP68: the lock is a time.
const RELATIVE_TIME: u32 = 1 << 22;
/// The bits of BIP68 that count.
const RELATIVE_VALUE: u32 = 0xffff;
/// Locktimes below are heights, from here on times (BIP65).
const TIME_FROM: u32 = 500_000_000;

/// The time locks that an input meets, as OP_CHECKLOCKTIMEVERIFY (BIP65) and OP_CHECKSEQUENCEVERIFY (BIP112) read
/// them from the transaction.
#[derive(Debug, Clone, Copy)]
pub(super) struct Locks {
    version: i32,
    lock_time: u32,
    sequence: u32,
}

impl Locks {
    pub(super) fn new(transaction: &Transaction, sequence: Sequence) -> Self {
        let lock_time = transaction.lock_time.to_consensus_u32();
        Self { version: transaction.version.0, lock_time, sequence: sequence.0 }
    }

    const fn meets_older(self, lock: u32) -> bool {
        self.version >= 2
            && self.sequence & NO_RELATIVE_LOCK == 0
            && self.sequence & RELATIVE_TIME == lock & RELATIVE_TIME
            && self.sequence & RELATIVE_VALUE >= lock & RELATIVE_VALUE
    }

    const fn meets_after(self, lock: u32) -> bool {
        self.sequence != u32::MAX && (self.lock_time < TIME_FROM) == (lock < TIME_FROM) && self.lock_time >= lock
    }
}

/// What an input has to satisfy a script with.
pub(super) struct Assets<'a> {
    input: &'a Input,
    locks: Locks,
    /// By hash function (the field's type) and hash.
    preimages: BTreeMap<(u8, &'a [u8]), [u8; 32]>,
    /// By public key, or by x-only key and leaf hash; `None` where the signature does not count.
    signatures: BTreeMap<&'a [u8], Option<&'a [u8]>>,
    /// Whether a signature was looked up that does not count.
    met_wrong: Cell<bool>,
    /// Whether time locks are taken as met.
    timeless: Cell<bool>,
}

impl<'a> Assets<'a> {
    /// Asks `accept` about every signature of the input, once.
    pub(super) fn new(
        parsed: &'a Parsed,
        index: u32,
        input: &'a Input,
        locks: Locks,
        accept: &dyn Fn(&NewSignature) -> bool,
    ) -> Self {
        let mut signatures = BTreeMap::new();
        for (key, signature) in &input.partial_sigs {
            let Ok(own) = key.as_slice().try_into() else { continue };
            let counts = accept(&NewSignature::Ecdsa { key: own, signature: signature.clone() });
            signatures.insert(key.as_slice(), counts.then_some(signature.as_slice()));
        }
        for (both, signature) in &input.tap_script_sigs {
            let counts = NewSignature::of_leaf(both, signature).is_some_and(|signature| accept(&signature));
            signatures.insert(both.as_slice(), counts.then_some(signature.as_slice()));
        }
        // The reader saw that each hashes to its key.
        let preimages = parsed.raw_pairs(Place::Input(index)).filter_map(|(key, value)| match key {
            [kind @ 0x0a..=0x0d, hash @ ..] => Some(((*kind, hash), value.try_into().ok()?)),
            _ => None,
        });
        let preimages = preimages.collect();
        Self { input, locks, preimages, signatures, met_wrong: Cell::new(false), timeless: Cell::new(false) }
    }

    /// The items that satisfy the script of `sh`, without the script.
    pub(super) fn legacy(&self, script: &Script) -> Result<Vec<Vec<u8>>, Incomplete> {
        self.stack::<Legacy>(script, |key| PublicKey::from_slice(key).ok())
    }

    /// The items that satisfy the script of `wsh`, without the script.
    pub(super) fn segwit(&self, script: &Script) -> Result<Vec<Vec<u8>>, Incomplete> {
        self.stack::<Segwitv0>(script, |key| PublicKey::from_slice(key).ok())
    }

    /// The items that satisfy a leaf, without script and control block.
    pub(super) fn leaf(&self, script: &Script) -> Result<Vec<Vec<u8>>, Incomplete> {
        self.stack::<Tap>(script, |key| XOnlyPublicKey::from_slice(key).ok())
    }

    fn stack<Ctx: ScriptContext>(
        &self,
        script: &Script,
        from_bytes: impl Fn(&[u8]) -> Option<Ctx::Key>,
    ) -> Result<Vec<Vec<u8>>, Incomplete>
    where
        Ctx::Key: MiniscriptKey<
                Sha256 = sha256::Hash,
                Hash256 = hash256::Hash,
                Ripemd160 = ripemd160::Hash,
                Hash160 = hash160::Hash,
            > + ToPublicKey,
    {
        let sane = ExtParams::sane().raw_pkh();
        let script = Miniscript::<Ctx::Key, Ctx>::parse_with_ext(script, &sane).map_err(|_| Incomplete::Unsupported)?;
        // A key that stands there as its hash is looked up beforehand: miniscript fails to in leaves.
        let script = named(&script, &self.keys(from_bytes)).ok_or(Incomplete::Unsupported)?;
        let satisfy = || script.satisfy(self).or_else(|_| script.satisfy_malleable(self));
        let satisfied = satisfy();
        if self.met_wrong.get() {
            return Err(Incomplete::Invalid);
        }
        satisfied.map_err(|_| {
            self.timeless.set(true);
            let but_for_time = satisfy().is_ok();
            self.timeless.set(false);
            let have = self.signatures.values().flatten().count();
            if but_for_time { Incomplete::Time } else { Incomplete::Path { have } }
        })
    }

    fn signature(&self, key: &[u8]) -> Option<&'a [u8]> {
        let found = *self.signatures.get(key)?;
        if found.is_none() {
            self.met_wrong.set(true);
        }
        found
    }

    fn leaf_signature(&self, key: &XOnlyPublicKey, leaf: &TapLeafHash) -> Option<taproot::Signature> {
        let both = [key.serialize(), leaf.to_byte_array()].concat();
        taproot::Signature::from_slice(self.signature(&both)?).ok()
    }

    fn preimage(&self, kind: u8, hash: &[u8]) -> Option<[u8; 32]> {
        self.preimages.get(&(kind, hash)).copied()
    }

    /// The keys of the signatures and records by their hash.
    fn keys<K>(&self, from_bytes: impl Fn(&[u8]) -> Option<K>) -> BTreeMap<hash160::Hash, K> {
        let input = self.input;
        let full = input.derivations.iter().map(|record| record.key.as_slice());
        let signers = input.partial_sigs.iter().map(|(key, _)| key.as_slice());
        let x_only = input.tap_derivations.iter().map(|record| record.key.as_slice());
        let leaf_signers = input.tap_script_sigs.iter().filter_map(|(both, _)| both.get(..32));
        let keys = full.chain(signers).filter(|key| key.len() == 33).chain(x_only).chain(leaf_signers);
        keys.filter_map(|key| Some((hash160::Hash::hash(key), from_bytes(key)?))).collect()
    }
}

/// `script` with the keys of `known` in the place of their hashes.
fn named<Pk: MiniscriptKey, Ctx: ScriptContext>(
    script: &Miniscript<Pk, Ctx>,
    known: &BTreeMap<hash160::Hash, Pk>,
) -> Option<Miniscript<Pk, Ctx>> {
    let sub = |script: &Arc<Miniscript<Pk, Ctx>>| named(script, known).map(Arc::new);
    let node = match &script.node {
        Terminal::RawPkH(hash) => known.get(hash).map_or(Terminal::RawPkH(*hash), |key| Terminal::PkH(key.clone())),
        Terminal::Alt(x) => Terminal::Alt(sub(x)?),
        Terminal::Swap(x) => Terminal::Swap(sub(x)?),
        Terminal::Check(x) => Terminal::Check(sub(x)?),
        Terminal::DupIf(x) => Terminal::DupIf(sub(x)?),
        Terminal::Verify(x) => Terminal::Verify(sub(x)?),
        Terminal::NonZero(x) => Terminal::NonZero(sub(x)?),
        Terminal::ZeroNotEqual(x) => Terminal::ZeroNotEqual(sub(x)?),
        Terminal::AndV(x, y) => Terminal::AndV(sub(x)?, sub(y)?),
        Terminal::AndB(x, y) => Terminal::AndB(sub(x)?, sub(y)?),
        Terminal::AndOr(x, y, z) => Terminal::AndOr(sub(x)?, sub(y)?, sub(z)?),
        Terminal::OrB(x, y) => Terminal::OrB(sub(x)?, sub(y)?),
        Terminal::OrC(x, y) => Terminal::OrC(sub(x)?, sub(y)?),
        Terminal::OrD(x, y) => Terminal::OrD(sub(x)?, sub(y)?),
        Terminal::OrI(x, y) => Terminal::OrI(sub(x)?, sub(y)?),
        Terminal::Thresh(of) => {
            let parts: Option<Vec<_>> = of.iter().map(sub).collect();
            Terminal::Thresh(Threshold::new(of.k(), parts?).ok()?)
        }
        Terminal::True
        | Terminal::False
        | Terminal::PkK(_)
        | Terminal::PkH(_)
        | Terminal::After(_)
        | Terminal::Older(_)
        | Terminal::Sha256(_)
        | Terminal::Hash256(_)
        | Terminal::Ripemd160(_)
        | Terminal::Hash160(_)
        | Terminal::Multi(_)
        | Terminal::MultiA(_) => script.node.clone(),
    };
    Miniscript::from_ast(node).ok()
}

impl<Pk> Satisfier<Pk> for Assets<'_>
where
    Pk: MiniscriptKey<
            Sha256 = sha256::Hash,
            Hash256 = hash256::Hash,
            Ripemd160 = ripemd160::Hash,
            Hash160 = hash160::Hash,
        > + ToPublicKey,
{
    fn lookup_ecdsa_sig(&self, key: &Pk) -> Option<ecdsa::Signature> {
        ecdsa::Signature::from_slice(self.signature(&key.to_public_key().to_bytes())?).ok()
    }

    fn lookup_tap_leaf_script_sig(&self, key: &Pk, leaf: &TapLeafHash) -> Option<taproot::Signature> {
        self.leaf_signature(&key.to_x_only_pubkey(), leaf)
    }

    fn lookup_ripemd160(&self, hash: &ripemd160::Hash) -> Option<[u8; 32]> {
        self.preimage(0x0a, hash.as_byte_array())
    }

    fn lookup_sha256(&self, hash: &sha256::Hash) -> Option<[u8; 32]> {
        self.preimage(0x0b, hash.as_byte_array())
    }

    fn lookup_hash160(&self, hash: &hash160::Hash) -> Option<[u8; 32]> {
        self.preimage(0x0c, hash.as_byte_array())
    }

    fn lookup_hash256(&self, hash: &hash256::Hash) -> Option<[u8; 32]> {
        self.preimage(0x0d, hash.as_byte_array())
    }

    fn check_older(&self, lock: relative::LockTime) -> bool {
        self.timeless.get() || self.locks.meets_older(lock.to_consensus_u32())
    }

    fn check_after(&self, lock: absolute::LockTime) -> bool {
        self.timeless.get() || self.locks.meets_after(lock.to_consensus_u32())
    }
}
