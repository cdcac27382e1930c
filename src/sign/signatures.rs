//! Signatures that can be reproduced: each is made twice and compared. Floor 4.

use std::hint::black_box;

use bitcoin::{
    TapNodeHash,
    key::TapTweak,
    secp256k1::{All, Keypair, Message, Secp256k1, SecretKey, ecdsa},
    sighash::{EcdsaSighashType, TapSighashType},
};

use crate::limits;

use super::SignError;

/// DER with the byte of SIGHASH_ALL: at most 71 bytes.
pub(super) fn ecdsa(
    secp: &Secp256k1<All>,
    digest: &Message,
    secret: &SecretKey,
    input: u32,
) -> Result<Vec<u8>, SignError> {
    let first = low_r(secp, digest, secret).ok_or(SignError::HighR { input })?;
    let second = low_r(secp, black_box(digest), black_box(secret)).ok_or(SignError::HighR { input })?;
    if first != second {
        return Err(SignError::Unequal { input });
    }
    let mut bytes = first.serialize_der().to_vec();
    bytes.push(EcdsaSighashType::All as u8);
    Ok(bytes)
}

/// Grinds R as Bitcoin Core does: no extra data at first, then a counter from 1, little-endian, in 32 bytes of
/// extra data, until the first bit of R is 0.
fn low_r(secp: &Secp256k1<All>, digest: &Message, secret: &SecretKey) -> Option<ecdsa::Signature> {
    let signature = secp.sign_ecdsa(digest, secret);
    if is_low_r(&signature) {
        return Some(signature);
    }
    (1..limits::LOW_R_TRIES).find_map(|counter| {
        let mut extra = [0; 32];
        if let Some(start) = extra.first_chunk_mut() {
            *start = counter.to_le_bytes();
        }
        let signature = secp.sign_ecdsa_with_noncedata(digest, secret, &extra);
        is_low_r(&signature).then_some(signature)
    })
}

fn is_low_r(signature: &ecdsa::Signature) -> bool {
    signature.serialize_compact().first().is_some_and(|byte| *byte < 0x80)
}

/// What the key of a taproot signature is tweaked with.
#[derive(Debug, Clone, Copy)]
pub(super) enum Tweak {
    /// Nothing: the key stands in a leaf.
    None,
    /// The key path: itself, and the root of the tree where there is one.
    Output(Option<TapNodeHash>),
}

/// A taproot signature: 64 bytes for DEFAULT, 65 where the type ALL is spelled out.
///
/// # Source
/// BIP341, "Constructing and spending Taproot outputs"; BIP340, "Default Signing", auxiliary randomness zero.
pub(super) fn taproot(
    secp: &Secp256k1<All>,
    digest: &Message,
    secret: &SecretKey,
    tweak: Tweak,
    explicit_all: bool,
    input: u32,
) -> Result<Vec<u8>, SignError> {
    let first = schnorr(secp, digest, secret, tweak);
    let second = schnorr(secp, black_box(digest), black_box(secret), black_box(tweak));
    if first != second {
        return Err(SignError::Unequal { input });
    }
    let mut bytes = first.to_vec();
    if explicit_all {
        bytes.push(TapSighashType::All as u8);
    }
    Ok(bytes)
}

/// Tweaks anew for each signature, so that a fault in the tweak shows too.
fn schnorr(secp: &Secp256k1<All>, digest: &Message, secret: &SecretKey, tweak: Tweak) -> [u8; 64] {
    let mut internal = Keypair::from_secret_key(secp, secret);
    let mut signer = match tweak {
        Tweak::None => internal,
        Tweak::Output(merkle_root) => TapTweak::tap_tweak(internal, secp, merkle_root).to_keypair(),
    };
    let signature = secp.sign_schnorr_with_aux_rand(digest, &signer, &[0; 32]).serialize();
    internal.non_secure_erase();
    signer.non_secure_erase();
    signature
}

#[cfg(test)]
mod tests {
    use bitcoin::{hashes::Hash, hex::FromHex};

    use super::*;

    fn key(byte: u8) -> SecretKey {
        SecretKey::from_slice(&[byte; 32]).unwrap()
    }

    #[test]
    fn a_thousand_ecdsa_signatures_have_low_r_and_at_most_71_bytes() {
        let secp = Secp256k1::new();
        let all = Secp256k1::new();
        for message in 0..1000u32 {
            let digest = Message::from_digest(crate::digest::sha256(&message.to_be_bytes()));
            let secret = key(1 + (message % 250) as u8);
            let bytes = ecdsa(&secp, &digest, &secret, 0).unwrap();
            assert!(bytes.len() <= 71, "{}", bytes.len());
            assert_eq!(*bytes.last().unwrap(), 1);
            // The grinding is the one that Bitcoin Core does.
            assert_eq!(bytes[..bytes.len() - 1], *all.sign_ecdsa_low_r(&digest, &secret).serialize_der());
        }
    }

    const EMPTY: Tweak = Tweak::Output(None);

    #[test]
    fn schnorr_has_zero_auxiliary_randomness_and_an_empty_tree() {
        // BIP341's first key path vector: internal key without a tree.
        let secret = "6b973d88838f27366ed61c9ad6367663045cb456e28335c109e30717ae0c6baa";
        let tweaked = "2405b971772ad26915c8dcdf10f238753a9b837e5f8e6a86fd7c0cce5b7296d9";
        let hex = |text: &str| SecretKey::from_slice(&Vec::from_hex(text).unwrap()).unwrap();
        let secp = Secp256k1::new();
        let digest = Message::from_digest([7; 32]);
        let expected =
            secp.sign_schnorr_no_aux_rand(&digest, &Keypair::from_secret_key(&secp, &hex(tweaked))).serialize();
        assert_eq!(taproot(&secp, &digest, &hex(secret), EMPTY, false, 0).unwrap(), expected);
        // The type is appended, and nothing else differs.
        let explicit = taproot(&secp, &digest, &hex(secret), EMPTY, true, 0).unwrap();
        assert_eq!((&explicit[..64], explicit[64]), (expected.as_slice(), 1));
    }

    #[test]
    fn the_root_of_a_tree_tweaks_the_key_and_a_leaf_does_not() {
        // BIP341's second key path vector: internal key with a tree.
        let secret = "1e4da49f6aaf4e5cd175fe08a32bb5cb4863d963921255f33d3bc31e1343907f";
        let root = "5b75adecf53548f3ec6ad7d78383bf84cc57b55a3127c72b9a2481752dd88b21";
        let tweaked = "ea260c3b10e60f6de018455cd0278f2f5b7e454be1999572789e6a9565d26080";
        let bytes = |text: &str| Vec::from_hex(text).unwrap();
        let hex = |text: &str| SecretKey::from_slice(&bytes(text)).unwrap();
        let secp = Secp256k1::new();
        let digest = Message::from_digest([7; 32]);
        let by = |key: &str| secp.sign_schnorr_no_aux_rand(&digest, &Keypair::from_secret_key(&secp, &hex(key)));
        let root = Tweak::Output(Some(TapNodeHash::from_slice(&bytes(root)).unwrap()));
        let made = |tweak| taproot(&secp, &digest, &hex(secret), tweak, false, 0).unwrap();
        assert_eq!(made(root), by(tweaked).serialize());
        assert_eq!(made(Tweak::None), by(secret).serialize());
        assert_ne!(made(EMPTY), made(root));
    }

    #[test]
    fn blinding_changes_no_signature() {
        let mut blinded = Secp256k1::new();
        blinded.seeded_randomize(&[9; 32]);
        let plain = Secp256k1::new();
        let digest = Message::from_digest([3; 32]);
        assert_eq!(ecdsa(&blinded, &digest, &key(5), 0), ecdsa(&plain, &digest, &key(5), 0));
        for tweak in [EMPTY, Tweak::None, Tweak::Output(Some(TapNodeHash::from_byte_array([4; 32])))] {
            let by = |secp| taproot(secp, &digest, &key(5), tweak, false, 0);
            assert_eq!(by(&blinded), by(&plain));
        }
    }
}
