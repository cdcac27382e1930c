//! Registered descriptors: what is ours is what they derive, never what a PSBT claims.
//!
//! Floor 1. Descriptors are untrusted text until `Wallet::read` took them.

use bitcoin::{ScriptBuf, bip32::Xpub, secp256k1::XOnlyPublicKey};

use crate::{network::Network, text::Name};

/// A registered wallet: one descriptor with receive and change branch.
pub struct Wallet { name: Name, network: Network, text: String, kind: Kind, keys: Vec<Key>, branches: Vec<u32> }

/// The script types.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Pkh, ShWpkh, Wpkh,
    /// taproot, key path only (BIP86)
    Tr,
    Sh(Multi), ShWsh(Multi), Wsh(Multi),
}
/// `multi` or `sortedmulti` of `threshold` among all keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Multi { pub threshold: usize, pub sorted: bool }

/// A key of a descriptor: `[fingerprint/origin]xpub/<0;1>/*`.
pub struct Key { pub fingerprint: [u8; 4], pub origin: Vec<u32>, pub xpub: Xpub, pub ours: bool }

/// One derived script of a wallet, with all that a signer needs.
pub struct Coin {
    pub branch: u32,
    pub index: u32,
    pub script_pubkey: ScriptBuf,
    pub redeem_script: Option<ScriptBuf>,
    pub witness_script: Option<ScriptBuf>,
    /// 33-byte compressed public keys, in the order of [`Wallet::keys`].
    pub keys: Vec<[u8; 33]>,
    /// taproot: internal key and output key
    pub taproot: Option<(XOnlyPublicKey, XOnlyPublicKey)>,
}

/// Why a descriptor is not taken: what, where, what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WalletError { #[error("{0}")] Todo(String) }

impl Wallet {
    /// Reads a descriptor (public keys only; BIP389 multipath `<a;b>/*`, or one branch `/a/*`). `ours` are the
    /// indices of the keys that the vault's seed derives, as the statement records them (or as the ceremony
    /// found by deriving).
    pub fn read(name: Name, descriptor: &str, network: Network, ours: &[usize]) -> Result<Self, WalletError> { let _ = (name, descriptor, network, ours); todo!() }
    pub fn name(&self) -> &Name { &self.name }
    pub fn network(&self) -> Network { self.network }
    /// The canonical descriptor with checksum.
    pub fn descriptor(&self) -> &str { &self.text }
    pub fn kind(&self) -> Kind { self.kind }
    pub fn keys(&self) -> &[Key] { &self.keys }
    /// The branch numbers: `[0, 1]` for `<0;1>` (receive, change); one entry where there is no change branch.
    pub fn branches(&self) -> &[u32] { &self.branches }
    /// The script at branch (a member of `branches`) and index (below 2^31).
    pub fn coin(&self, branch: u32, index: u32) -> Result<Coin, WalletError> { let _ = (branch, index); todo!() }
}
