//! The passphrase encryption of the master secret: a Feistel network of four rounds of PBKDF2. It is applied with an
//! empty passphrase too.
//!
//! Floor 1. Source: SLIP-39, "Encryption of the master secret".

use super::error::ShamirError;
use crate::secret::stretch::{copy, pbkdf2_sha256};
use crate::sys::Secret;

/// What the encryption depends on beside the passphrase.
pub(super) struct Settings {
    /// The identifier, which salts a backup that is not extendable.
    pub(super) identifier: u16,
    pub(super) extendable: bool,
    pub(super) exponent: u8,
}

/// Encrypts `secret`.
pub(super) fn encrypt(secret: &Secret, passphrase: &[u8], settings: &Settings) -> Result<Secret, ShamirError> {
    rounds(secret, passphrase, settings, [0, 1, 2, 3])
}

/// Decrypts `secret`.
pub(super) fn decrypt(secret: &Secret, passphrase: &[u8], settings: &Settings) -> Result<Secret, ShamirError> {
    rounds(secret, passphrase, settings, [3, 2, 1, 0])
}

fn rounds(secret: &Secret, passphrase: &[u8], settings: &Settings, order: [u8; 4]) -> Result<Secret, ShamirError> {
    if passphrase.iter().any(|byte| !(32..=126).contains(byte)) {
        return Err(ShamirError::Passphrase);
    }
    let half = secret.len() / 2;
    let (first, second) = secret.expose().split_at_checked(half).unwrap_or_default();
    let mut left = Secret::copied(first)?;
    let mut right = Secret::copied(second)?;
    let mut password = Secret::zeroed(passphrase.len().saturating_add(1))?;
    let mut mixed = Secret::zeroed(half)?;
    let identifier = settings.identifier.to_be_bytes();
    let salt: [&[u8]; 2] = if settings.extendable { [&[], &[]] } else { [b"shamir", &identifier] };
    let iterations = 2500u32.checked_shl(u32::from(settings.exponent)).unwrap_or(u32::MAX);
    for round in order {
        if let Some((number, rest)) = password.expose_mut().split_first_mut() {
            *number = round;
            copy(rest, passphrase);
        }
        let [prefix, identifier] = salt;
        pbkdf2_sha256(password.expose(), &[prefix, identifier, right.expose()], iterations, mixed.expose_mut());
        left.expose_mut().iter_mut().zip(mixed.expose()).for_each(|(to, from)| *to ^= from);
        std::mem::swap(&mut left, &mut right);
    }
    let mut out = Secret::zeroed(secret.len())?;
    let (to_first, to_second) = out.expose_mut().split_at_mut_checked(half).unwrap_or_default();
    copy(to_first, right.expose());
    copy(to_second, left.expose());
    Ok(out)
}
