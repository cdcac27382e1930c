//! Shares into the secret: any backup of the standard, with groups, iteration exponents and passphrases.
//!
//! Floor 1. Source: SLIP-39, "Combining the shares".

use std::collections::BTreeMap;

use bitcoin::hashes::sha256;
use subtle::ConstantTimeEq;

use super::cipher::{Settings, decrypt};
use super::error::ShamirError;
use super::share::Share;
use super::{DIGEST_BYTES, DIGEST_X, SECRET_X};
use crate::secret::gf256::interpolate;
use crate::secret::stretch::mac;
use crate::sys::{Secret, burn_stack};

/// The secret of `shares`, decrypted with `passphrase` (empty where there is none; a wrong one gives another secret,
/// as the standard has it). Shares beyond the threshold must agree with the others.
///
/// # Errors
/// Shares that do not belong together, are too few, or have a wrong value.
pub fn combine(shares: &[Share], passphrase: &[u8]) -> Result<Secret, ShamirError> {
    let Some(first) = shares.first() else { return Err(ShamirError::NoShares) };
    for (place, share) in shares.iter().enumerate() {
        belongs(first, share, place.saturating_add(1))?;
    }
    let groups = grouped(shares)?;
    let encrypted = recovered(first, &groups);
    burn_stack();
    let settings = Settings { identifier: first.identifier, extendable: first.extendable, exponent: first.exponent };
    decrypt(&encrypted?, passphrase, &settings)
}

/// Whether `share` (number `number`) is of the backup of `first`.
fn belongs(first: &Share, share: &Share, number: usize) -> Result<(), ShamirError> {
    if share.identifier != first.identifier {
        return Err(ShamirError::DifferentIdentifiers { share: number });
    }
    if share.extendable != first.extendable {
        return Err(ShamirError::DifferentKinds { share: number });
    }
    if share.exponent != first.exponent {
        return Err(ShamirError::DifferentExponents { share: number });
    }
    if share.group.threshold != first.group.threshold {
        return Err(ShamirError::GroupThresholdMismatch { share: number });
    }
    if share.group.count != first.group.count {
        return Err(ShamirError::GroupCountMismatch { share: number });
    }
    if share.value.len() != first.value.len() {
        return Err(ShamirError::DifferentLengths { share: number });
    }
    Ok(())
}

/// The shares of each group; indexes are unique and thresholds equal within one.
fn grouped(shares: &[Share]) -> Result<BTreeMap<u8, Vec<&Share>>, ShamirError> {
    let mut groups: BTreeMap<u8, Vec<&Share>> = BTreeMap::new();
    for (place, share) in shares.iter().enumerate() {
        let number = place.saturating_add(1);
        let members = groups.entry(share.group.index).or_default();
        if members.iter().any(|other| other.threshold != share.threshold) {
            return Err(ShamirError::MemberThresholdMismatch { share: number });
        }
        if members.iter().any(|other| other.index == share.index) {
            return Err(ShamirError::DuplicateIndex { share: number });
        }
        members.push(share);
    }
    Ok(groups)
}

#[inline(never)]
fn recovered(first: &Share, groups: &BTreeMap<u8, Vec<&Share>>) -> Result<Secret, ShamirError> {
    let needed = first.group.threshold;
    if groups.len() < usize::from(needed) {
        return Err(ShamirError::TooFewGroups { given: groups.len(), needed });
    }
    let mut values = Vec::with_capacity(groups.len());
    let mut short = None;
    for (index, members) in groups {
        let threshold = members.first().map_or(1, |member| member.threshold);
        if members.len() < usize::from(threshold) {
            short = short.or(Some((*index, members.len(), threshold)));
            continue;
        }
        let points: Vec<(u8, &[u8])> = members.iter().map(|member| (member.index, member.value.expose())).collect();
        values.push((*index, join(threshold, &points)?));
    }
    if let Some((index, given, needed_members)) = short.filter(|_| values.len() < usize::from(needed)) {
        return Err(if first.group.count == 1 {
            ShamirError::TooFewShares { given, needed: needed_members }
        } else {
            ShamirError::TooFewMembers { group: index.saturating_add(1), given, needed: needed_members }
        });
    }
    let points: Vec<(u8, &[u8])> = values.iter().map(|(index, value)| (*index, value.expose())).collect();
    join(needed, &points)
}

/// The secret of at least `threshold` points, checked against its digest and against surplus points.
fn join(threshold: u8, points: &[(u8, &[u8])]) -> Result<Secret, ShamirError> {
    let (used, surplus) = points.split_at_checked(usize::from(threshold)).ok_or(ShamirError::Digest)?;
    let length = used.first().map_or(0, |(_, value)| value.len());
    let mut at = Secret::zeroed(length)?;
    for (x, value) in surplus {
        interpolate(used, *x, at.expose_mut());
        if !bool::from(at.expose().ct_eq(value)) {
            return Err(ShamirError::Surplus);
        }
    }
    let mut secret = Secret::zeroed(length)?;
    interpolate(used, SECRET_X, secret.expose_mut());
    if threshold > 1 {
        interpolate(used, DIGEST_X, at.expose_mut());
        let (digest, key) = at.expose().split_at_checked(DIGEST_BYTES).ok_or(ShamirError::Digest)?;
        let computed = mac::<sha256::Hash>(key, &[secret.expose()]);
        let same = computed.get(..DIGEST_BYTES).is_some_and(|computed| bool::from(computed.ct_eq(digest)));
        if !same {
            return Err(ShamirError::Digest);
        }
    }
    Ok(secret)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::slip39::split;

    fn random() -> Secret {
        let bytes: Vec<u8> = (0..16u8).flat_map(|n| crate::digest::sha256(&[n])).collect();
        Secret::copied(&bytes).unwrap()
    }

    fn secret() -> Secret {
        Secret::copied(&crate::digest::sha256(b"quorum")).unwrap()
    }

    fn shares(threshold: u8, count: u8) -> Vec<Share> {
        split(&secret(), threshold, count, 1234, &random()).ok().unwrap()
    }

    #[track_caller]
    fn refused(shares: &[Share], expected: &ShamirError) {
        assert_eq!(combine(shares, b"").map(|_| ()).unwrap_err(), *expected);
    }

    #[test]
    fn any_quorum_gives_the_secret() {
        for (threshold, count) in [(1, 1), (2, 2), (2, 3), (3, 5), (16, 16)] {
            let mut all = shares(threshold, count);
            assert_eq!(all.len(), usize::from(count));
            all.rotate_left(usize::from(count) / 2);
            assert_eq!(combine(&all, b"").ok().unwrap().expose(), secret().expose());
            all.truncate(usize::from(threshold));
            assert_eq!(combine(&all, b"").ok().unwrap().expose(), secret().expose());
            assert_ne!(combine(&all, b"x").ok().unwrap().expose(), secret().expose());
        }
    }

    #[test]
    fn bad_shares_are_named() {
        refused(&[], &ShamirError::NoShares);
        refused(&shares(3, 5)[..2], &ShamirError::TooFewShares { given: 2, needed: 3 });
        let twice: Vec<_> = shares(2, 3).into_iter().take(1).chain(shares(2, 3).into_iter().take(1)).collect();
        refused(&twice, &ShamirError::DuplicateIndex { share: 2 });
        let mut bent = shares(2, 3);
        bent[1].value.expose_mut()[5] ^= 1;
        refused(&bent, &ShamirError::Surplus);
        refused(&bent[..2], &ShamirError::Digest);
        let mut foreign = shares(2, 3);
        foreign[2].identifier = 4321;
        refused(&foreign, &ShamirError::DifferentIdentifiers { share: 3 });
        assert_eq!(combine(&shares(2, 2), b"\n").map(|_| ()).unwrap_err(), ShamirError::Passphrase);
    }

    #[test]
    fn impossible_splits_are_refused() {
        for (threshold, count) in [(0, 0), (1, 2), (3, 2), (2, 17), (0, 1)] {
            let error = split(&secret(), threshold, count, 1, &random()).map(|_| ()).unwrap_err();
            assert_eq!(error, ShamirError::Sizes { threshold, count });
        }
        let few = Secret::zeroed(16 + 28).unwrap();
        let error = split(&secret(), 3, 3, 1, &few).map(|_| ()).unwrap_err();
        assert_eq!(error, ShamirError::Random { given: 44, needed: 60 });
        assert_eq!(split(&secret(), 2, 2, 0x8000, &random()).map(|_| ()).unwrap_err(), ShamirError::Identifier(0x8000));
        assert_eq!(split(&few, 2, 2, 1, &random()).map(|_| ()), Ok(()));
    }
}
