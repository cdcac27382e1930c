//! Signatures that can be reproduced: each is made twice and compared. Floor 4.

use std::hint::black_box;

use bitcoin::{
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

/// A key-path signature: 64 bytes for DEFAULT, 65 where the type ALL is spelled out.
///
/// The key is tweaked with the empty tree.
///
/// # Source
/// BIP341, "Constructing and spending Taproot outputs"; BIP340, "Default Signing", auxiliary randomness zero.
pub(super) fn taproot_key(
    secp: &Secp256k1<All>,
    digest: &Message,
    secret: &SecretKey,
    explicit_all: bool,
    input: u32,
) -> Result<Vec<u8>, SignError> {
    let first = tweaked_schnorr(secp, digest, secret);
    let second = tweaked_schnorr(secp, black_box(digest), black_box(secret));
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
fn tweaked_schnorr(secp: &Secp256k1<All>, digest: &Message, secret: &SecretKey) -> [u8; 64] {
    let mut internal = Keypair::from_secret_key(secp, secret);
    let mut output = TapTweak::tap_tweak(internal, secp, None).to_keypair();
    let signature = secp.sign_schnorr_with_aux_rand(digest, &output, &[0; 32]).serialize();
    internal.non_secure_erase();
    output.non_secure_erase();
    signature
}

#[cfg(test)]
mod tests {
    use bitcoin::hex::FromHex;

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
        assert_eq!(taproot_key(&secp, &digest, &hex(secret), false, 0).unwrap(), expected);
        // The type is appended, and nothing else differs.
        let explicit = taproot_key(&secp, &digest, &hex(secret), true, 0).unwrap();
        assert_eq!((&explicit[..64], explicit[64]), (expected.as_slice(), 1));
    }

    #[test]
    fn blinding_changes_no_signature() {
        let mut blinded = Secp256k1::new();
        blinded.seeded_randomize(&[9; 32]);
        let plain = Secp256k1::new();
        let digest = Message::from_digest([3; 32]);
        assert_eq!(ecdsa(&blinded, &digest, &key(5), 0), ecdsa(&plain, &digest, &key(5), 0));
        assert_eq!(taproot_key(&blinded, &digest, &key(5), false, 0), taproot_key(&plain, &digest, &key(5), false, 0));
    }
}
