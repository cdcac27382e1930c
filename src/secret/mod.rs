//! The wing of secrets: entropy, mnemonics, seeds, keys, Shamir. Nothing here has Debug, Display, Clone or
//! Serialize.
//!
//! Floor 1.

use bitcoin::bip32::Xpub;

use crate::sys::{MemoryError, Secret};

/// A BIP32 master key, in locked memory.
pub struct Master { bytes: Secret }

/// Why a path gives no key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError { #[error("derivation failed")] Derivation, #[error(transparent)] Memory(#[from] MemoryError) }

impl Master {
    /// From a BIP39 or other seed of 16 to 64 bytes.
    pub fn from_seed(seed: &Secret) -> Result<Self, KeyError> { let _ = seed; todo!() }
    pub fn fingerprint(&self) -> [u8; 4] { let _ = &self.bytes; todo!() }
    /// The extended public key at `path` (steps with the hardened bit).
    pub fn xpub(&self, path: &[u32], network: bitcoin::NetworkKind) -> Result<Xpub, KeyError> { let _ = (path, network); todo!() }
    /// A private branch: the key at `path`, from which unhardened children are derived quickly.
    pub fn branch(&self, path: &[u32]) -> Result<Branch, KeyError> { let _ = path; todo!() }
}

/// A private extended key at some path, in locked memory.
pub struct Branch { bytes: Secret }

impl Branch {
    /// Runs `work` with the private key of the unhardened child `index` (32 bytes, and the public key that
    /// belongs to it); the copy is wiped afterwards.
    pub fn with_child<R>(&self, index: u32, work: impl FnOnce(&bitcoin::secp256k1::SecretKey, &bitcoin::secp256k1::PublicKey) -> R) -> Result<R, KeyError> { let _ = (&self.bytes, index, work); todo!() }
}
