//! Internal keys of taproot that nobody can sign for: the point H of BIP341, alone or below an extended key.
//!
//! Floor 1. The discrete logarithm of H is unknown to everyone, and so is that of H plus a known multiple of the
//! generator: of each child of an extended key whose public key is H.

use bitcoin::{
    bip32::Xpub,
    secp256k1::{PublicKey, XOnlyPublicKey},
};

/// The x coordinate of H.
///
/// # Source
/// BIP341, "Constructing and spending Taproot outputs".
const H: [u8; 32] = [
    0x50, 0x92, 0x9b, 0x74, 0xc1, 0xa0, 0x49, 0x54, 0xb7, 0x8b, 0x4b, 0x60, 0x35, 0xe9, 0x7a, 0x5e, 0x07, 0x8a, 0x5a,
    0x0f, 0x28, 0xec, 0x96, 0xd5, 0x47, 0xbf, 0xee, 0x9a, 0xce, 0x80, 0x3a, 0xc0,
];

/// The internal key of a taproot wallet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Internal {
    /// A key of the wallet: its index in [`super::Wallet::keys`].
    Key(usize),
    /// H itself: the key path is disabled.
    Point(XOnlyPublicKey),
    /// An extended key whose public key is H: the key path is disabled.
    Extended(Xpub),
}

impl Internal {
    /// Whether nobody can sign for it.
    #[must_use]
    pub const fn disabled(&self) -> bool {
        match self {
            Self::Key(_) => false,
            Self::Point(_) | Self::Extended(_) => true,
        }
    }
}

/// Whether it is H.
pub(super) fn is_unspendable(key: XOnlyPublicKey) -> bool {
    key.serialize() == H
}

/// Whether the point is H, of either parity.
pub(super) fn is_unspendable_point(key: &PublicKey) -> bool {
    is_unspendable(key.x_only_public_key().0)
}

#[cfg(test)]
mod tests {
    use bitcoin::{hashes::Hash, secp256k1::Secp256k1};

    use super::*;

    #[test]
    fn h_is_the_hash_of_the_generator() {
        let one = bitcoin::secp256k1::SecretKey::from_slice(&[&[0; 31][..], &[1]].concat()).unwrap();
        let generator = PublicKey::from_secret_key(&Secp256k1::new(), &one);
        assert_eq!(bitcoin::hashes::sha256::Hash::hash(&generator.serialize_uncompressed()).to_byte_array(), H);
        assert!(is_unspendable(XOnlyPublicKey::from_slice(&H).unwrap()));
        assert!(!is_unspendable_point(&generator));
    }
}
