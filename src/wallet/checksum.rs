//! The checksum of descriptors (BIP380): eight characters after `#`.
//!
//! Floor 1. Finds slips of the pen and of the copy; it is no protection against an attacker.

/// Characters of a descriptor, in the order that the checksum numbers them.
const INPUT: &[u8; 95] =
    b"0123456789()[],'/*abcdefgh@:$%{}IJKLMNOPQRSTUVWXYZ&+-.;<=>?!^_|~ijklmnopqrstuvwxyzABCDEFGH`#\"\\ ";
/// Characters of a checksum (those of bech32).
const OUTPUT: &[u8; 32] = b"qpzry9x8gf2tvdw0s3jn54khce6mua7l";
/// The generator polynomial, a constant a bit.
const GENERATOR: [u64; 5] = [0xf5_dee5_1989, 0xa9_fdca_3312, 0x1b_ab10_e32d, 0x37_06b1_677a, 0x64_4d62_6ffd];
/// Characters of a checksum.
const LENGTH: usize = 8;

/// Why a text and its checksum do not belong together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ChecksumError {
    /// A `#` with nothing after it.
    #[error("there is no checksum after `#`: copy the descriptor whole")]
    Empty,
    /// Fewer than eight characters.
    #[error("the checksum has {0} characters instead of 8: copy the descriptor whole")]
    TooShort(usize),
    /// More than eight characters.
    #[error("the checksum has {0} characters instead of 8: remove what follows it")]
    TooLong(usize),
    /// A character that no checksum has.
    #[error("the checksum has a character that checksums do not have, at character {0} of it")]
    Letter(usize),
    /// A character that no descriptor has.
    #[error("character {0} cannot stand in a descriptor")]
    BadCharacter(usize),
    /// Text and checksum differ.
    #[error("text and checksum differ: one of them was mistyped or edited; copy the descriptor again")]
    Mismatch,
}

impl ChecksumError {
    /// A stable code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Empty => "checksum-empty",
            Self::TooShort(_) => "checksum-too-short",
            Self::TooLong(_) => "checksum-too-long",
            Self::Letter(_) => "checksum-error",
            Self::BadCharacter(_) => "bad-character",
            Self::Mismatch => "payload-error",
        }
    }
}

/// The descriptor without its checksum, which is verified where there is one.
///
/// # Errors
/// A checksum that is malformed or does not fit, or a character that no descriptor has.
///
/// # Source
/// BIP380, "Checksum".
pub(super) fn strip(text: &str) -> Result<&str, ChecksumError> {
    let Some((payload, claimed)) = text.split_once('#') else {
        return checksum(text).map(|_| text);
    };
    match claimed.chars().count() {
        0 => return Err(ChecksumError::Empty),
        count if count < LENGTH => return Err(ChecksumError::TooShort(count)),
        count if count > LENGTH => return Err(ChecksumError::TooLong(count)),
        _ => {}
    }
    if let Some(place) = claimed.chars().position(|c| !OUTPUT.iter().any(|o| char::from(*o) == c)) {
        return Err(ChecksumError::Letter(place.saturating_add(1)));
    }
    if checksum(payload)? == claimed { Ok(payload) } else { Err(ChecksumError::Mismatch) }
}

/// `text` (without a checksum) with `#` and its checksum.
///
/// # Errors
/// A character that no descriptor has.
pub(super) fn append(text: &str) -> Result<String, ChecksumError> {
    Ok(format!("{text}#{}", checksum(text)?))
}

fn checksum(payload: &str) -> Result<String, ChecksumError> {
    let mut state = 1u64;
    let mut group = 0u64;
    let mut in_group = 0u8;
    for (place, c) in payload.chars().enumerate() {
        let number = INPUT
            .iter()
            .position(|known| char::from(*known) == c && c != '#')
            .and_then(|number| u64::try_from(number).ok())
            .ok_or(ChecksumError::BadCharacter(place.saturating_add(1)))?;
        state = step(state, number & 31);
        group = group.wrapping_mul(3).wrapping_add(number >> 5);
        in_group = in_group.wrapping_add(1);
        if in_group == 3 {
            state = step(state, group);
            group = 0;
            in_group = 0;
        }
    }
    if in_group > 0 {
        state = step(state, group);
    }
    for _ in 0..LENGTH {
        state = step(state, 0);
    }
    state ^= 1;
    let digits = (0..LENGTH).rev().map(|place| (state >> place.saturating_mul(5)) & 31);
    Ok(digits.filter_map(|digit| OUTPUT.get(usize::try_from(digit).ok()?)).map(|digit| char::from(*digit)).collect())
}

fn step(state: u64, value: u64) -> u64 {
    let top = state >> 35;
    let mut next = ((state & 0x7_ffff_ffff) << 5) ^ value;
    for (bit, constant) in GENERATOR.iter().enumerate() {
        if (top >> bit) & 1 == 1 {
            next ^= constant;
        }
    }
    next
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn refused(text: &str, expected: ChecksumError) {
        assert_eq!(strip(text), Err(expected), "{text}");
    }

    #[test]
    fn the_published_checksums_come_out() {
        assert_eq!(append("raw(deadbeef)").unwrap(), "raw(deadbeef)#89f8spxm");
        assert_eq!(strip("raw(deadbeef)#89f8spxm"), Ok("raw(deadbeef)"));
        assert_eq!(strip("raw(deadbeef)"), Ok("raw(deadbeef)"));
        refused("raw(deadbeef)#", ChecksumError::Empty);
        refused("raw(deadbeef)#89f8spxmx", ChecksumError::TooLong(9));
        refused("raw(deadbeef)#89f8spx", ChecksumError::TooShort(7));
        refused("raw(deedbeef)#89f8spxm", ChecksumError::Mismatch);
        refused("raw(deedbeef)##9f8spxm", ChecksumError::Letter(1));
        refused("raw(\u{dc})#00000000", ChecksumError::BadCharacter(5));
        refused("raw(\u{dc})", ChecksumError::BadCharacter(5));
    }

    #[test]
    fn every_single_changed_character_is_found() {
        let text = append("wsh(multi(1,a,b))").unwrap();
        for place in 0..text.len() {
            let mut bytes = text.clone().into_bytes();
            bytes[place] = if bytes[place] == b'q' { b'p' } else { b'q' };
            let changed = String::from_utf8(bytes).unwrap();
            assert!(changed == text || strip(&changed) != Ok("wsh(multi(1,a,b))"), "{changed}");
            assert!(changed == text || !changed.contains('#') || strip(&changed).is_err(), "{changed}");
        }
    }

    #[test]
    fn it_agrees_with_miniscript() {
        for text in ["wpkh(xpub/<0;1>/*h)", "tr(a,{pk(b),multi_a(2,c,d)})", "", "sh( ~`\"\\)"] {
            let theirs = miniscript::descriptor::checksum::desc_checksum(text).unwrap();
            assert_eq!(append(text).unwrap(), format!("{text}#{theirs}"));
        }
    }
}
