//! A secret into M of N shares.
//!
//! Floor 1. Pure: the random bytes are an argument. Source: SLIP-39, "Splitting a secret".

use bitcoin::hashes::sha256;

use super::cipher::{Settings, encrypt};
use super::error::ShamirError;
use super::share::{Group, Share};
use super::{DIGEST_BYTES, DIGEST_X, SECRET_BYTES_MIN, SECRET_X};
use crate::secret::gf256::interpolate;
use crate::secret::stretch::{copy, mac};
use crate::sys::{Secret, burn_stack};

/// Random bytes that suffice for any threshold and a secret of 32 bytes: 14 shares and the digest's 28.
pub(in crate::secret) const COEFFICIENT_BYTES: usize = 14 * 32 + 28;

/// Shares of `secret`, `threshold` of `count`: one group, not extendable, exponent 0, no passphrase. `random` gives
/// `(threshold - 1) · length - 4` bytes, from the root that the secret came from.
///
/// # Errors
/// A size that SLIP-39 does not have (it has no 1 of N), too few random bytes, an odd secret.
pub fn split(
    secret: &Secret,
    threshold: u8,
    count: u8,
    identifier: u16,
    random: &Secret,
) -> Result<Vec<Share>, ShamirError> {
    let possible = (threshold == 1 && count == 1) || (2 <= threshold && threshold <= count && count <= 16);
    if !possible {
        return Err(ShamirError::Sizes { threshold, count });
    }
    if !(SECRET_BYTES_MIN..=64).contains(&secret.len()) || !secret.len().is_multiple_of(2) {
        return Err(ShamirError::Secret(secret.len()));
    }
    if identifier > 0x7fff {
        return Err(ShamirError::Identifier(identifier));
    }
    let encrypted = encrypt(secret, &[], &Settings { identifier, extendable: false, exponent: 0 })?;
    let values = values(encrypted, threshold, count, random);
    burn_stack();
    let share = |(index, value)| Share {
        identifier,
        extendable: false,
        exponent: 0,
        group: Group::ONLY,
        index,
        threshold,
        value,
    };
    Ok((0..count).zip(values?).map(share).collect())
}

#[inline(never)]
fn values(secret: Secret, threshold: u8, count: u8, random: &Secret) -> Result<Vec<Secret>, ShamirError> {
    if threshold == 1 {
        return Ok(vec![secret]);
    }
    let length = secret.len();
    let needed = usize::from(threshold).saturating_sub(1).saturating_mul(length).saturating_sub(DIGEST_BYTES);
    let given = random.len();
    let (chosen, rest) = random
        .expose()
        .split_at_checked(usize::from(threshold).saturating_sub(2).saturating_mul(length))
        .ok_or(ShamirError::Random { given, needed })?;
    let key = rest.get(..length.saturating_sub(DIGEST_BYTES)).ok_or(ShamirError::Random { given, needed })?;
    let mut digest = Secret::zeroed(length)?;
    let (start, end) = digest.expose_mut().split_at_mut_checked(DIGEST_BYTES).unwrap_or_default();
    copy(start, &mac::<sha256::Hash>(key, &[secret.expose()]));
    copy(end, key);
    let mut points: Vec<(u8, &[u8])> = (0..).zip(chosen.chunks(length)).collect();
    points.push((DIGEST_X, digest.expose()));
    points.push((SECRET_X, secret.expose()));
    (0..count)
        .map(|index| {
            let mut value = Secret::zeroed(length)?;
            interpolate(&points, index, value.expose_mut());
            Ok(value)
        })
        .collect()
}
