//! Scripts beyond one key and plain multisig, with numbers in the place of keys: read once, filled at each index.
//!
//! Floor 1. The parser and the sanity check are miniscript's; which keys may stand there is the registration's.

use std::{fmt, str::FromStr};

use bitcoin::{
    PublicKey, ScriptBuf,
    hashes::{hash160, ripemd160, sha256},
};
use miniscript::{
    Descriptor, Miniscript, MiniscriptKey, ScriptContext, Tap, Terminal, TranslatePk, Translator,
    descriptor::{ShInner, Wsh, WshInner},
    hash256, translate_hash_clone,
};

/// A key's place in a script.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Slot {
    /// An index into the wallet's keys: `@3`.
    Key(usize),
    /// An internal key that nobody can sign for: `@@`.
    Disabled,
}

impl fmt::Display for Slot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Key(place) => write!(f, "@{place}"),
            Self::Disabled => f.write_str("@@"),
        }
    }
}

/// The text is no slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no key")]
pub(super) struct NoSlot;

impl FromStr for Slot {
    type Err = NoSlot;

    fn from_str(text: &str) -> Result<Self, NoSlot> {
        match text.strip_prefix('@') {
            Some("@") => Ok(Self::Disabled),
            Some(place) => place.parse().map(Self::Key).map_err(|_| NoSlot),
            None => Err(NoSlot),
        }
    }
}

impl MiniscriptKey for Slot {
    type Sha256 = sha256::Hash;
    type Hash256 = hash256::Hash;
    type Ripemd160 = ripemd160::Hash;
    type Hash160 = hash160::Hash;
}

/// The keys of one coin, put into a script.
pub(super) struct Fill<'a> {
    /// The public key of each of the wallet's keys.
    pub(super) keys: &'a [PublicKey],
    /// The internal key that nobody can sign for.
    pub(super) disabled: Option<PublicKey>,
}

impl Translator<Slot, PublicKey, NoSlot> for Fill<'_> {
    fn pk(&mut self, slot: &Slot) -> Result<PublicKey, NoSlot> {
        match slot {
            Slot::Key(place) => self.keys.get(*place).copied().ok_or(NoSlot),
            Slot::Disabled => self.disabled.ok_or(NoSlot),
        }
    }

    translate_hash_clone!(Slot, PublicKey, NoSlot);
}

impl Fill<'_> {
    /// The script of a miniscript.
    pub(super) fn script<C: ScriptContext>(&mut self, script: &Miniscript<Slot, C>) -> Result<ScriptBuf, NoSlot> {
        let filled: Miniscript<PublicKey, C> = script.translate_pk(self).map_err(|_| NoSlot)?;
        Ok(filled.encode())
    }

    /// The whole descriptor.
    pub(super) fn descriptor(&mut self, descriptor: &Descriptor<Slot>) -> Result<Descriptor<PublicKey>, NoSlot> {
        descriptor.translate_pk(self).map_err(|_| NoSlot)
    }

    /// The script inside of `sh` or `wsh`.
    pub(super) fn inner_script(&mut self, descriptor: &Descriptor<Slot>) -> Result<ScriptBuf, NoSlot> {
        let segwit = |fill: &mut Self, wsh: &Wsh<Slot>| match wsh.as_inner() {
            WshInner::Ms(script) => fill.script(script),
            WshInner::SortedMulti(_) => Err(NoSlot),
        };
        match descriptor {
            Descriptor::Wsh(wsh) => segwit(self, wsh),
            Descriptor::Sh(sh) => match sh.as_inner() {
                ShInner::Wsh(wsh) => segwit(self, wsh),
                ShInner::Ms(script) => self.script(script),
                ShInner::SortedMulti(_) | ShInner::Wpkh(_) => Err(NoSlot),
            },
            Descriptor::Bare(_) | Descriptor::Pkh(_) | Descriptor::Wpkh(_) | Descriptor::Tr(_) => Err(NoSlot),
        }
    }
}

/// The relative locks of a descriptor, as written.
pub(super) fn relative_locks(descriptor: &Descriptor<Slot>) -> Vec<u32> {
    fn of<C: ScriptContext>(script: &Miniscript<Slot, C>) -> impl Iterator<Item = u32> {
        let lock = |part: &Miniscript<Slot, C>| {
            if let Terminal::Older(lock) = &part.node { Some(lock.to_consensus_u32()) } else { None }
        };
        script.iter().filter_map(lock)
    }
    let wsh = |wsh: &Wsh<Slot>| match wsh.as_inner() {
        WshInner::Ms(script) => of(script).collect(),
        WshInner::SortedMulti(_) => Vec::new(),
    };
    match descriptor {
        Descriptor::Wsh(inner) => wsh(inner),
        Descriptor::Sh(sh) => match sh.as_inner() {
            ShInner::Wsh(inner) => wsh(inner),
            ShInner::Ms(script) => of(script).collect(),
            ShInner::SortedMulti(_) | ShInner::Wpkh(_) => Vec::new(),
        },
        Descriptor::Tr(_) => leaves(descriptor).flat_map(|(_, script)| of(script)).collect(),
        Descriptor::Bare(_) | Descriptor::Pkh(_) | Descriptor::Wpkh(_) => Vec::new(),
    }
}

/// The leaves of a `tr` descriptor, depth first, with their depths.
pub(super) fn leaves(descriptor: &Descriptor<Slot>) -> impl Iterator<Item = (u8, &Miniscript<Slot, Tap>)> {
    let tr = match descriptor {
        Descriptor::Tr(tr) => Some(tr),
        Descriptor::Bare(_) | Descriptor::Pkh(_) | Descriptor::Wpkh(_) | Descriptor::Wsh(_) | Descriptor::Sh(_) => None,
    };
    tr.into_iter().flat_map(miniscript::descriptor::Tr::iter_scripts)
}
