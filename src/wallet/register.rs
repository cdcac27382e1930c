//! Wallets: a descriptor that follows the rules of registration, with its keys ready to derive.
//!
//! Floor 1. Takes `pkh`, `sh(wpkh)`, `wpkh`, `tr(KEY)`, and `multi` or `sortedmulti` in `sh`, `wsh` and `sh(wsh)`,
//! of keys `[fingerprint/path]xpub/<a;b>/*` (or `/a/*`).

use std::fmt::{self, Write as _};

use bitcoin::bip32::{ChildNumber, Xpub};

use super::{
    account::{self, HARDENED, PathError, Script},
    checksum::{self, ChecksumError},
    derive::{NoChild, Parent},
    descriptor::{DescriptorError, Expression, Unsupported},
    key_text::{KeyText, KeyTextError, Root, Secrets, Step, Wildcard},
    rules,
    syntax::Node,
};
use crate::{
    limits::{DESCRIPTOR_BYTES, PATH_STEPS, WALLET_KEYS},
    network::Network,
    text::Name,
};

/// A registered wallet: one descriptor with receive and change branch.
#[derive(Clone)]
pub struct Wallet {
    name: Name,
    network: Network,
    text: String,
    kind: Kind,
    keys: Vec<Key>,
    branches: Vec<u32>,
    /// for each branch, for each key: the key that the addresses are children of
    pub(super) parents: Vec<Vec<Parent>>,
}

impl fmt::Debug for Wallet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Wallet({}, {}, {})", self.name, self.network, self.text)
    }
}

/// The script types.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Pay to public key hash (BIP44).
    Pkh,
    /// Segwit v0 key hash in a script hash (BIP49).
    ShWpkh,
    /// Segwit v0 key hash (BIP84).
    Wpkh,
    /// Taproot, key path only (BIP86).
    Tr,
    /// Multisig in a script hash.
    Sh(Multi),
    /// Multisig in a segwit v0 script hash, in a script hash.
    ShWsh(Multi),
    /// Multisig in a segwit v0 script hash.
    Wsh(Multi),
}

/// `multi` or `sortedmulti` of `threshold` among all keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Multi {
    /// Signatures that a spend needs.
    pub threshold: usize,
    /// Whether the keys are sorted in each script (BIP67).
    pub sorted: bool,
}

impl Kind {
    /// The multisig, where it is one.
    #[must_use]
    pub const fn multi(self) -> Option<Multi> {
        match self {
            Self::Sh(multi) | Self::ShWsh(multi) | Self::Wsh(multi) => Some(multi),
            Self::Pkh | Self::ShWpkh | Self::Wpkh | Self::Tr => None,
        }
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
    /// Reads a descriptor (public keys only; BIP389 multipath `<a;b>/*`, or one branch `/a/*`). `ours` are the
    /// indices of the keys that the vault's seed derives, as the statement records them (or as the ceremony
    /// found with [`super::match_master`]; it may be empty before).
    ///
    /// # Errors
    /// The first rule that the descriptor breaks; an index of `ours` that is out of range or there twice.
    pub fn read(name: Name, descriptor: &str, network: Network, ours: &[usize]) -> Result<Self, WalletError> {
        if descriptor.len() > DESCRIPTOR_BYTES {
            return Err(DescriptorError::TooLong.into());
        }
        // names private keys, misplaced functions and unsupported kinds
        Expression::parse_public(descriptor)?;
        let payload = checksum::strip(descriptor)?;
        let tree = Node::read(payload).map_err(|at| DescriptorError::Syntax { at })?;
        let (kind, texts) = shape(&tree)?;
        let mut keys = Vec::new();
        let mut branches = Vec::new();
        for (place, text) in texts.iter().enumerate() {
            let number = place.saturating_add(1);
            let (key, found) = read_key(text, number, network)?;
            if place == 0 {
                branches = found;
            } else if branches != found {
                return Err(WalletError::BranchesDiffer { key: number });
            }
            let same = |other: &Key| other.xpub.public_key == key.xpub.public_key;
            if let Some(first) = keys.iter().position(same) {
                return Err(WalletError::KeyTwice { first: first.saturating_add(1), second: number });
            }
            keys.push(key);
        }
        let parents = branches
            .iter()
            .map(|branch| keys.iter().map(|key| Parent::of(&key.xpub).descend(*branch)).collect())
            .collect::<Result<_, NoChild>>()?;
        let text = checksum::append(&canonical(kind, &keys, &branches, None))?;
        Self { name, network, text, kind, keys, branches, parents }.claim(ours)
    }

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
            Script::ShWsh | Script::Wsh => return Err(DescriptorError::Unsupported(Unsupported::Miniscript).into()),
        };
        let key = Key { fingerprint, origin, xpub, ours: true };
        Self::read(name, &canonical(kind, &[key], &[0, 1], None), network, &[0])
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
        Ok(checksum::append(&canonical(self.kind, &self.keys, &self.branches, Some(branch)))?)
    }
}

/// The script type, and the texts of the keys.
fn shape<'a>(tree: &Node<'a>) -> Result<(Kind, Vec<&'a str>), WalletError> {
    let single = |arguments: &[Node<'a>]| match arguments {
        [Node::Leaf(key)] => Ok(vec![*key]),
        _ => Err(WalletError::from(DescriptorError::Unsupported(Unsupported::TrLeaves))),
    };
    if let Some(arguments) = tree.call("pkh") {
        return Ok((Kind::Pkh, single(arguments)?));
    }
    if let Some(arguments) = tree.call("wpkh") {
        return Ok((Kind::Wpkh, single(arguments)?));
    }
    if let Some(arguments) = tree.call("tr") {
        return Ok((Kind::Tr, single(arguments)?));
    }
    if let Some([inner]) = tree.call("wsh") {
        let (multi, keys) = multisig(inner)?;
        return Ok((Kind::Wsh(multi), keys));
    }
    let Some([inner]) = tree.call("sh") else {
        return Err(DescriptorError::NotADescriptor.into());
    };
    if let Some(arguments) = inner.call("wpkh") {
        return Ok((Kind::ShWpkh, single(arguments)?));
    }
    if let Some([inner]) = inner.call("wsh") {
        let (multi, keys) = multisig(inner)?;
        return Ok((Kind::ShWsh(multi), keys));
    }
    let (multi, keys) = multisig(inner)?;
    if keys.len() > rules::SH_KEYS {
        return Err(DescriptorError::TooManyKeysForSh { keys: keys.len() }.into());
    }
    Ok((Kind::Sh(multi), keys))
}

fn multisig<'a>(node: &Node<'a>) -> Result<(Multi, Vec<&'a str>), WalletError> {
    let miniscript = || WalletError::from(DescriptorError::Unsupported(Unsupported::Miniscript));
    let (sorted, arguments) = match (node.call("sortedmulti"), node.call("multi")) {
        (Some(arguments), _) => (true, arguments),
        (None, Some(arguments)) => (false, arguments),
        (None, None) => return Err(miniscript()),
    };
    let (threshold, keys) = arguments.split_first().ok_or_else(miniscript)?;
    if keys.len() > WALLET_KEYS {
        return Err(DescriptorError::TooManyKeys { keys: keys.len(), limit: WALLET_KEYS }.into());
    }
    let threshold = rules::threshold_of(threshold, keys.len())?;
    let keys = keys
        .iter()
        .map(|key| match key {
            Node::Leaf(text) => Ok(*text),
            Node::Call { .. } | Node::Braces(_) => Err(miniscript()),
        })
        .collect::<Result<_, _>>()?;
    Ok((Multi { threshold, sorted }, keys))
}

/// The first step of the paths whose second step is a coin type.
const WITH_COIN_TYPE: [u32; 5] = [44 | HARDENED, 48 | HARDENED, 49 | HARDENED, 84 | HARDENED, 86 | HARDENED];

/// A key with its branches.
fn read_key(text: &str, number: usize, network: Network) -> Result<(Key, Vec<u32>), WalletError> {
    let named = |error: KeyTextError| DescriptorError::Key { number, error };
    let key = KeyText::read(text, Secrets::Refused).map_err(named)?;
    let xpub = match key.root {
        Root::Xpub(xpub) => xpub,
        Root::Xpriv(_) => return Err(named(KeyTextError::Private).into()),
        Root::Public(_) | Root::XOnly(_) | Root::Wif(_) => return Err(WalletError::SingleKey { key: number }),
    };
    let (fingerprint, origin) = key.origin.ok_or(WalletError::NoOrigin { key: number })?;
    if origin.len().saturating_add(2) > PATH_STEPS {
        return Err(WalletError::LongOrigin { key: number, steps: origin.len() });
    }
    let branches = match key.steps.as_slice() {
        [Step::One(branch)] => vec![*branch],
        [Step::Any(branches)] if branches.len() == 2 => branches.clone(),
        _ => return Err(WalletError::BranchForm { key: number }),
    };
    if key.wildcard != Wildcard::Plain || branches.iter().any(|branch| *branch >= HARDENED) {
        return Err(WalletError::BranchForm { key: number });
    }
    if xpub.network != network.kind() {
        let expected = if network.is_mainnet() { "xpub" } else { "tpub" };
        return Err(WalletError::KeyNetwork { key: number, network, expected });
    }
    let last = origin.last().map_or(ChildNumber::Normal { index: 0 }, |last| ChildNumber::from(*last));
    if usize::from(xpub.depth) != origin.len() || xpub.child_number != last {
        return Err(WalletError::OriginDiffers { key: number, depth: xpub.depth });
    }
    if origin.first().is_some_and(|purpose| WITH_COIN_TYPE.contains(purpose)) {
        account::coin_type(&origin, network).map_err(|error| WalletError::CoinType { key: number, error })?;
    }
    Ok((Key { fingerprint, origin, xpub, ours: false }, branches))
}

/// The descriptor without checksum: of all branches, or of one.
fn canonical(kind: Kind, keys: &[Key], branches: &[u32], only: Option<u32>) -> String {
    let (open, close) = match kind {
        Kind::Pkh => ("pkh(", ")"),
        Kind::ShWpkh => ("sh(wpkh(", "))"),
        Kind::Wpkh => ("wpkh(", ")"),
        Kind::Tr => ("tr(", ")"),
        Kind::Sh(_) => ("sh(", "))"),
        Kind::ShWsh(_) => ("sh(wsh(", ")))"),
        Kind::Wsh(_) => ("wsh(", "))"),
    };
    let mut text = String::from(open);
    if let Some(multi) = kind.multi() {
        text.push_str(if multi.sorted { "sortedmulti(" } else { "multi(" });
        text.push_str(&multi.threshold.to_string());
        text.push(',');
    }
    for (place, key) in keys.iter().enumerate() {
        if place > 0 {
            text.push(',');
        }
        text.push_str(&key.expression());
        match (only, branches) {
            (Some(branch), _) | (None, &[branch]) => text.push_str(&format!("/{branch}/*")),
            (None, branches) => {
                let alternatives: Vec<String> = branches.iter().map(u32::to_string).collect();
                text.push_str(&format!("/<{}>/*", alternatives.join(";")));
            }
        }
    }
    text.push_str(close);
    text
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
