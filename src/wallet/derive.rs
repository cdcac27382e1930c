//! Public child keys (BIP32), quickly: what all children of one parent share is hashed once.
//!
//! Floor 1. No private keys here; `secret` derives those.

use std::sync::OnceLock;

use bitcoin::{
    bip32::{ChainCode, Xpub},
    hashes::{Hash, HashEngine, Hmac, HmacEngine, sha512},
    secp256k1::{PublicKey, Scalar, Secp256k1, VerifyOnly},
};

use super::account::HARDENED;

/// The one context for public keys.
pub(super) fn secp() -> &'static Secp256k1<VerifyOnly> {
    static CONTEXT: OnceLock<Secp256k1<VerifyOnly>> = OnceLock::new();
    CONTEXT.get_or_init(Secp256k1::verification_only)
}

/// There is no public child here: a hardened step, or (once in 2^127) an index that BIP32 leaves out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("there is no public key at step {0}")]
pub struct NoChild(pub u32);

/// A public key that has children: the key with its chain code, hashed as far as every child's hash begins.
#[derive(Clone)]
pub(super) struct Parent {
    public: PublicKey,
    started: HmacEngine<sha512::Hash>,
}

impl Parent {
    pub(super) fn new(public: PublicKey, chain_code: &ChainCode) -> Self {
        let mut started = HmacEngine::<sha512::Hash>::new(chain_code.as_bytes());
        started.input(&public.serialize());
        Self { public, started }
    }

    pub(super) fn of(xpub: &Xpub) -> Self {
        Self::new(xpub.public_key, &xpub.chain_code)
    }

    /// The child's public key.
    pub(super) fn child(&self, index: u32) -> Result<PublicKey, NoChild> {
        self.derive(index).map(|(public, _)| public)
    }

    /// The child as a parent of its own.
    pub(super) fn descend(&self, index: u32) -> Result<Self, NoChild> {
        let (public, chain_code) = self.derive(index)?;
        Ok(Self::new(public, &ChainCode::from(chain_code)))
    }

    fn derive(&self, index: u32) -> Result<(PublicKey, [u8; 32]), NoChild> {
        if index >= HARDENED {
            return Err(NoChild(index));
        }
        let mut engine = self.started.clone();
        engine.input(&index.to_be_bytes());
        let hash = Hmac::<sha512::Hash>::from_engine(engine).to_byte_array();
        let (tweak, chain_code) = halves(&hash);
        let tweak = Scalar::from_be_bytes(tweak).map_err(|_| NoChild(index))?;
        let public = self.public.add_exp_tweak(secp(), &tweak).map_err(|_| NoChild(index))?;
        Ok((public, chain_code))
    }
}

fn halves(hash: &[u8; 64]) -> ([u8; 32], [u8; 32]) {
    let mut left = [0; 32];
    let mut right = [0; 32];
    let (first, second) = hash.split_at(32);
    left.copy_from_slice(first);
    right.copy_from_slice(second);
    (left, right)
}

#[cfg(test)]
mod tests {
    use super::*;
    use bitcoin::{
        NetworkKind,
        bip32::{ChildNumber, Xpriv},
    };

    #[test]
    fn children_are_those_of_bip32() {
        let master = Xpriv::new_master(NetworkKind::Test, &[7; 32]).unwrap();
        let full = Secp256k1::new();
        let xpub = Xpub::from_priv(&full, &master);
        let parent = Parent::of(&xpub);
        for index in [0, 1, 5, 1000, HARDENED - 1] {
            let expected = xpub.ckd_pub(&full, ChildNumber::from(index)).unwrap();
            assert_eq!(parent.child(index).unwrap(), expected.public_key);
            let grandchild = expected.ckd_pub(&full, ChildNumber::from(3)).unwrap();
            assert_eq!(parent.descend(index).unwrap().child(3).unwrap(), grandchild.public_key);
        }
    }

    #[test]
    fn hardened_steps_have_no_public_key() {
        let master = Xpriv::new_master(NetworkKind::Test, &[7; 32]).unwrap();
        let parent = Parent::of(&Xpub::from_priv(&Secp256k1::new(), &master));
        for index in [HARDENED, HARDENED + 1, u32::MAX] {
            assert_eq!(parent.child(index).unwrap_err(), NoChild(index));
            assert!(parent.descend(index).is_err());
        }
    }
}
