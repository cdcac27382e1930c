//! Wallets: a descriptor that follows the rules of registration, with its keys ready to derive.
//!
//! Floor 1. The rules themselves, and the one way to read a descriptor as a wallet, are in `reading`.

use std::{
    fmt::{self, Write as _},
    sync::Arc,
};

use bitcoin::bip32::Xpub;

use super::{
    account::{self, PathError, Script},
    checksum::{self, ChecksumError},
    derive::{NoChild, Parent},
    descriptor::DescriptorError,
    internal::Internal,
    kind::Kind,
    reading,
    scripts::Scripts,
    spending::SpendingPath,
};
use crate::{network::Network, text::Name};

/// A registered wallet: one descriptor with receive and change branch.
#[derive(Clone)]
pub struct Wallet {
    pub(super) name: Name,
    pub(super) network: Network,
    pub(super) text: String,
    pub(super) kind: Kind,
    pub(super) keys: Vec<Key>,
    pub(super) branches: Vec<u32>,
    /// for each branch, for each key: the key that the addresses are children of
    pub(super) parents: Vec<Vec<Parent>>,
    /// the scripts, where they are more than one key or plain multisig
    pub(super) scripts: Option<Arc<Scripts>>,
    /// the primary one first
    pub(super) paths: Vec<SpendingPath>,
}

impl fmt::Debug for Wallet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Wallet({}, {}, {})", self.name, self.network, self.text)
    }
}

/// A key of a descriptor: `[fingerprint/origin]xpub/<0;1>/*`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// The master key's fingerprint, as the descriptor claims it.
    pub fingerprint: [u8; 4],
    /// The path from the master key to `xpub`, hardened steps with the high bit.
    pub origin: Vec<u32>,
    /// The extended public key.
    pub xpub: Xpub,
    /// Whether the vault's seed derives it.
    pub ours: bool,
}

/// Why a descriptor is not taken: what, where, what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WalletError {
    /// Not a descriptor, or of a kind that is not supported.
    #[error(transparent)]
    Descriptor(#[from] DescriptorError),
    /// A key that is neither xpub nor tpub.
    #[error("key {key} is a single key: register extended keys (xpub, tpub) with `/<0;1>/*`")]
    SingleKey {
        /// Which key, from 1.
        key: usize,
    },
    /// A key without origin.
    #[error("key {key} has no origin: write `[fingerprint/path]` before it")]
    NoOrigin {
        /// Which key, from 1.
        key: usize,
    },
    /// An origin longer than a PSBT may name.
    #[error("key {key} has an origin of {steps} steps, where 10 are the most")]
    LongOrigin {
        /// Which key, from 1.
        key: usize,
        /// The steps of its origin.
        steps: usize,
    },
    /// The extended key says another depth or last step than its origin.
    #[error(
        "key {key} stands at depth {depth} by its own account, its origin says otherwise: copy key and origin from the same export"
    )]
    OriginDiffers {
        /// Which key, from 1.
        key: usize,
        /// The depth in the extended key.
        depth: u8,
    },
    /// Not exactly one branch step and one unhardened wildcard.
    #[error("key {key} does not end in `/<a;b>/*` or `/a/*` with unhardened numbers")]
    BranchForm {
        /// Which key, from 1.
        key: usize,
    },
    /// Another branch set than the first key's.
    #[error("key {key} has other branches than key 1: write the same `/<a;b>/*` after each")]
    BranchesDiffer {
        /// Which key, from 1.
        key: usize,
    },
    /// The extended key is of another network.
    #[error("key {key} is of another network: {network} has {expected} keys")]
    KeyNetwork {
        /// Which key, from 1.
        key: usize,
        /// The vault's network.
        network: Network,
        /// `xpub` or `tpub`.
        expected: &'static str,
    },
    /// The origin has another network's coin type.
    #[error("key {key}: {error}")]
    CoinType {
        /// Which key, from 1.
        key: usize,
        /// What was expected.
        error: PathError,
    },
    /// The same key twice.
    #[error("keys {first} and {second} are the same key: a threshold counts each person once")]
    KeyTwice {
        /// Which key, from 1.
        first: usize,
        /// Which other, from 1.
        second: usize,
    },
    /// The same key, but with another origin or chain code.
    #[error("keys {first} and {second} have the same public key and another origin: one of them is not what it says")]
    KeyOrigins {
        /// Which key, from 1.
        first: usize,
        /// Which other, from 1.
        second: usize,
    },
    /// A key that nobody can sign for, where it is of no use.
    #[error(
        "nobody can sign for key {key}, the point H of BIP341: it may stand as the internal key of a `tr` with leaves, without origin"
    )]
    Unspendable {
        /// Which key, from 1.
        key: usize,
    },
    /// Nobody can spend it.
    #[error("no key of anyone could spend it: put a key into a way to spend")]
    NoPath,
    /// More ways to spend than people can be shown.
    #[error("it can be spent in more than 64 ways, which nobody can review: use fewer branches or a threshold of keys")]
    TooManyPaths,
    /// A relative lock with bits that the network does not look at.
    #[error("the network reads older({lock}) as older({read}): write the number that is meant, 65535 blocks at most")]
    LockRead {
        /// The lock as written.
        lock: u32,
        /// The lock as the network reads it.
        read: u32,
    },
    /// A tree with leaves too far below its root.
    #[error("its tree has leaves more than 16 steps below the root: balance the tree")]
    TreeTooDeep,
    /// A script that nodes do not relay.
    #[error("one of its scripts has {bytes} bytes, where {limit} are the most: use fewer keys, or leaves of `tr`")]
    ScriptTooLarge {
        /// Its bytes.
        bytes: usize,
        /// The limit.
        limit: usize,
    },
    /// An account of several keys where one of a single key was asked for.
    #[error("an account of one key is pkh, sh-wpkh, wpkh or tr")]
    NotSingle,
    /// The list of the vault's own keys names one that is not there, or one twice.
    #[error("the wallet has no key {key} that could be the vault's, or it was named twice")]
    OursList {
        /// Which key, from 1.
        key: usize,
    },
    /// A branch that the wallet does not have.
    #[error("the wallet has no branch {0}")]
    NoBranch(u32),
    /// An index of 2^31 or more, or one that BIP32 leaves out.
    #[error("the wallet has no key at index {0}")]
    NoIndex(u32),
    /// A listing that is too long, or from a higher to a lower index.
    #[error("from {from} to {to}: a listing runs upwards, over at most 1000000 addresses")]
    Range {
        /// The first index.
        from: u32,
        /// The index after the last.
        to: u32,
    },
}

impl From<NoChild> for WalletError {
    fn from(NoChild(step): NoChild) -> Self {
        Self::NoIndex(step)
    }
}

impl From<ChecksumError> for WalletError {
    fn from(error: ChecksumError) -> Self {
        Self::Descriptor(error.into())
    }
}

impl Wallet {
    /// The wallet of one key of the vault at its account: `xpub` is the key at [`Script::account`] of the master key
    /// with this fingerprint.
    ///
    /// # Errors
    /// An account number of 2^31 or more; a key of another network or place.
    pub fn single(
        name: Name,
        script: Script,
        account: u32,
        fingerprint: [u8; 4],
        xpub: Xpub,
        network: Network,
    ) -> Result<Self, WalletError> {
        let wrong = |error| WalletError::CoinType { key: 1, error };
        let origin = script.account(network, account).map_err(wrong)?.steps().to_vec();
        let kind = match script {
            Script::Pkh => Kind::Pkh,
            Script::ShWpkh => Kind::ShWpkh,
            Script::Wpkh => Kind::Wpkh,
            Script::Tr => Kind::Tr,
            Script::ShWsh | Script::Wsh => return Err(WalletError::NotSingle),
        };
        let key = Key { fingerprint, origin, xpub, ours: true };
        Self::read(name, &reading::plain(kind, &[key], &[0, 1], None), network, &[0])
    }

    /// The same wallet with these keys, and no others, as the vault's own.
    ///
    /// # Errors
    /// [`WalletError::OursList`]; [`WalletError::CoinType`] where such a key does not stand at the network's coin
    /// type.
    pub fn claim(mut self, ours: &[usize]) -> Result<Self, WalletError> {
        for key in &mut self.keys {
            key.ours = false;
        }
        for place in ours {
            let number = place.saturating_add(1);
            match self.keys.get_mut(*place) {
                Some(key) if !key.ours => {
                    account::coin_type(&key.origin, self.network)
                        .map_err(|error| WalletError::CoinType { key: number, error })?;
                    key.ours = true;
                }
                Some(_) | None => return Err(WalletError::OursList { key: number }),
            }
        }
        Ok(self)
    }

    /// Its name in the vault.
    #[must_use]
    pub fn name(&self) -> &Name {
        &self.name
    }

    /// The vault's network.
    #[must_use]
    pub fn network(&self) -> Network {
        self.network
    }

    /// The canonical descriptor with checksum: hardened steps with `h`, fingerprints in lower case.
    #[must_use]
    pub fn descriptor(&self) -> &str {
        &self.text
    }

    /// The script type.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The keys, in the descriptor's order.
    #[must_use]
    pub fn keys(&self) -> &[Key] {
        &self.keys
    }

    /// The branch numbers: `[0, 1]` for `<0;1>` (receive, change); one entry where there is no change branch.
    #[must_use]
    pub fn branches(&self) -> &[u32] {
        &self.branches
    }

    /// The branch of addresses for others.
    #[must_use]
    pub fn receive_branch(&self) -> u32 {
        self.branches.first().copied().unwrap_or(0)
    }

    /// The branch of change, where there is one.
    #[must_use]
    pub fn change_branch(&self) -> Option<u32> {
        self.branches.get(1).copied()
    }

    /// The descriptor of one branch with checksum, for programs that do not read BIP389.
    ///
    /// # Errors
    /// [`WalletError::NoBranch`].
    pub fn branch_descriptor(&self, branch: u32) -> Result<String, WalletError> {
        if !self.branches.contains(&branch) {
            return Err(WalletError::NoBranch(branch));
        }
        let text = match &self.scripts {
            Some(scripts) => scripts.canonical(&self.keys, &self.branches, Some(branch)),
            None => reading::plain(self.kind, &self.keys, &self.branches, Some(branch)),
        };
        Ok(checksum::append(&text)?)
    }

    /// Every way to spend a coin of the wallet, the primary one first: the first that waits for nothing, or the first.
    #[must_use]
    pub fn paths(&self) -> &[SpendingPath] {
        &self.paths
    }

    /// The internal key, where the wallet has a tree of scripts.
    #[must_use]
    pub fn internal(&self) -> Option<&Internal> {
        self.scripts.as_ref()?.internal()
    }
}

impl Key {
    /// The key with its origin: `[fingerprint/84h/0h/0h]xpub…`.
    #[must_use]
    pub fn expression(&self) -> String {
        let mut text = format!("[{}", crate::text::hex(&self.fingerprint));
        // writing into a string does not fail
        let _ = account::write_steps(&mut text, &self.origin);
        let _ = write!(text, "]{}", self.xpub);
        text
    }
}

#[cfg(test)]
mod tests;
