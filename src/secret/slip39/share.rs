//! One share: its words and its fields, face to face.
//!
//! Floor 1. Source: SLIP-39, "Format of the share mnemonic".

use std::sync::LazyLock;

use zeroize::Zeroizing;

use super::SECRET_BYTES_MIN;
use super::checksum::{checksum, holds};
use super::error::ShamirError;
use crate::limits;
use crate::secret::stretch::copy;
use crate::sys::{Secret, burn_stack};

/// One share of a secret.
pub struct Share {
    /// 15 bits that all shares of a backup have in common.
    pub identifier: u16,
    /// Whether more sets of shares may exist under the same passphrase encryption.
    pub extendable: bool,
    /// The passphrase encryption takes 10,000 · 2^exponent rounds.
    pub exponent: u8,
    /// The share's group.
    pub group: Group,
    /// The share's place in its group, 0 to 15: its x coordinate.
    pub index: u8,
    /// Shares of the group that are needed, 1 to 16.
    pub threshold: u8,
    /// The value: 16 to 64 bytes.
    pub value: Secret,
}

/// Which group of a backup a share is of. One group of one, where there are no groups.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Group {
    /// The group's place, 0 to 15.
    pub index: u8,
    /// Groups that are needed, 1 to 16.
    pub threshold: u8,
    /// Groups that exist, 1 to 16.
    pub count: u8,
}

impl Group {
    /// The only group.
    pub const ONLY: Self = Self { index: 0, threshold: 1, count: 1 };
}

/// Words before the value: identifier, kind, exponent, group, member.
const HEAD: usize = 4;
/// Words after the value.
const CHECKSUM: usize = 3;

impl Share {
    /// Reads the words of a share, in either case.
    ///
    /// # Errors
    /// A word that is not in the list, a wrong length, checksum or field.
    pub fn parse(text: &str) -> Result<Self, ShamirError> {
        let words = text.split_whitespace().count();
        if words < HEAD + CHECKSUM + 13 {
            return Err(ShamirError::TooShort { words });
        }
        if words > limits::SLIP39_WORDS {
            return Err(ShamirError::TooLong { words });
        }
        let share = Self::parse_words(text, words);
        burn_stack();
        share
    }

    #[inline(never)]
    fn parse_words(text: &str, words: usize) -> Result<Self, ShamirError> {
        let mut numbers = Zeroizing::new(Vec::with_capacity(words));
        for (place, word) in text.split_whitespace().enumerate() {
            let position = place.saturating_add(1);
            numbers.push(number(word).ok_or(ShamirError::UnknownWord { position })?);
        }
        let bits = words.saturating_sub(HEAD + CHECKSUM).saturating_mul(10);
        let padding = bits % 16;
        if padding > 8 {
            return Err(ShamirError::SecretLength { words });
        }
        let head = numbers.iter().take(HEAD).fold(0u64, |head, word| (head << 10) | u64::from(*word));
        let field = |shift: u32, width: u32| {
            let mask = 1u64.checked_shl(width).unwrap_or(0).wrapping_sub(1);
            u8::try_from(head.checked_shr(shift).unwrap_or(0) & mask).unwrap_or(0)
        };
        let extendable = field(24, 1) == 1;
        if !holds(extendable, &numbers) {
            return Err(ShamirError::Checksum);
        }
        let group = Group {
            index: field(16, 4),
            threshold: field(12, 4).saturating_add(1),
            count: field(8, 4).saturating_add(1),
        };
        if group.threshold > group.count {
            return Err(ShamirError::GroupThreshold { threshold: group.threshold, count: group.count });
        }
        let mut value = Secret::zeroed((bits / 16).saturating_mul(2))?;
        let values = numbers.iter().skip(HEAD).take(words.saturating_sub(HEAD + CHECKSUM));
        let stream = values.flat_map(|word| (0..10u8).rev().map(move |bit| (word >> bit) & 1 == 1));
        for at in stream.enumerate().filter(|(_, bit)| *bit).map(|(at, _)| at) {
            let place = at.checked_sub(padding).ok_or(ShamirError::Padding)?;
            if let Some(byte) = value.expose_mut().get_mut(place / 8) {
                *byte |= 0x80 >> (place % 8);
            }
        }
        let identifier = u16::try_from((head >> 25) & 0x7fff).unwrap_or(0);
        let exponent = field(20, 4);
        Ok(Self {
            identifier,
            extendable,
            exponent,
            group,
            index: field(4, 4),
            threshold: field(0, 4).saturating_add(1),
            value,
        })
    }

    /// The words, 33 for a value of 32 bytes.
    ///
    /// # Errors
    /// A value of an impossible length; no memory for a secret.
    pub fn words(&self) -> Result<Secret, ShamirError> {
        let text = self.write();
        burn_stack();
        text
    }

    #[inline(never)]
    fn write(&self) -> Result<Secret, ShamirError> {
        let bytes = self.value.len();
        if !(SECRET_BYTES_MIN..=64).contains(&bytes) || !bytes.is_multiple_of(2) {
            return Err(ShamirError::Secret(bytes));
        }
        let bits = bytes.saturating_mul(8);
        let count = bits.div_ceil(10);
        let padding = count.saturating_mul(10).saturating_sub(bits);
        let mut numbers = Zeroizing::new(Vec::with_capacity(HEAD.saturating_add(count).saturating_add(CHECKSUM)));
        let less = |threshold: u8| threshold.saturating_sub(1);
        let fields = [
            (u64::from(self.identifier), 15u32),
            (u64::from(self.extendable), 1),
            (u64::from(self.exponent), 4),
            (u64::from(self.group.index), 4),
            (u64::from(less(self.group.threshold)), 4),
            (u64::from(less(self.group.count)), 4),
            (u64::from(self.index), 4),
            (u64::from(less(self.threshold)), 4),
        ];
        let head = fields.iter().fold(0u64, |head, (value, width)| head.checked_shl(*width).unwrap_or(0) | value);
        numbers.extend([30u32, 20, 10, 0].map(|shift| u16::try_from((head >> shift) & 1023).unwrap_or(0)));
        for word in 0..count {
            numbers.push((0..10usize).fold(0u16, |number, bit| {
                let at = word.saturating_mul(10).saturating_add(bit).checked_sub(padding);
                let byte = at.and_then(|at| self.value.expose().get(at / 8)).copied().unwrap_or(0);
                (number << 1) | u16::from((byte << (at.unwrap_or(0) % 8)) >> 7)
            }));
        }
        let sum = checksum(self.extendable, &numbers);
        numbers.extend(sum);
        let mut text = Secret::zeroed(limits::MNEMONIC_BYTES)?;
        let mut length = 0usize;
        for (place, number) in numbers.iter().enumerate() {
            let word = WORDS.get(usize::from(*number)).copied().unwrap_or_default();
            for part in [if place > 0 { " " } else { "" }, word] {
                let end = length.saturating_add(part.len());
                text.expose_mut()
                    .get_mut(length..end)
                    .map(|to| copy(to, part.as_bytes()))
                    .ok_or(ShamirError::Secret(bytes))?;
                length = end;
            }
        }
        text.shorten(length);
        Ok(text)
    }
}

/// The 1,024 words of SLIP-39, sorted.
static WORDS: LazyLock<Vec<&'static str>> = LazyLock::new(|| include_str!("../slip39_words.txt").lines().collect());

fn number(word: &str) -> Option<u16> {
    let index = WORDS.iter().position(|known| known.eq_ignore_ascii_case(word))?;
    u16::try_from(index).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const KNOWN: &str = "duckling enlarge academic academic agency result length solution fridge kidney coal piece deal \
                         husband erode duke ajar critical decision keyboard";

    #[track_caller]
    fn refused(text: &str, expected: &ShamirError) {
        assert_eq!(Share::parse(text).map(|_| ()).unwrap_err(), *expected);
    }

    #[test]
    fn the_list_has_1024_words_with_prefixes_of_their_own() {
        let prefixes: std::collections::BTreeSet<_> = WORDS.iter().map(|word| &word[..4]).collect();
        assert_eq!((WORDS.len(), prefixes.len()), (1024, 1024));
        assert!(WORDS.is_sorted());
    }

    #[test]
    fn words_and_share_are_one() {
        let share = Share::parse(&KNOWN.to_uppercase()).ok().unwrap();
        assert_eq!((share.identifier, share.extendable, share.exponent), (7945, false, 0));
        assert_eq!((share.group, share.index, share.threshold, share.value.len()), (Group::ONLY, 0, 1, 16));
        assert_eq!(share.words().ok().unwrap().expose_str(), Some(KNOWN));
        for bytes in (16..=64).step_by(2) {
            let value = Secret::copied(&vec![0xd7; bytes]).unwrap();
            let share =
                Share { group: Group { index: 3, threshold: 5, count: 16 }, index: 15, threshold: 16, value, ..share };
            let text = share.words().ok().unwrap();
            let again = Share::parse(text.expose_str().unwrap()).ok().unwrap();
            assert_eq!((again.group, again.index, again.threshold), (share.group, 15, 16));
            assert_eq!(again.value.expose(), share.value.expose());
        }
        let value = Secret::copied(&[1; 32]).unwrap();
        assert_eq!(Share { value, ..share }.words().ok().unwrap().expose_str().unwrap().split(' ').count(), 33);
    }

    #[test]
    fn bad_words_are_named() {
        refused(&KNOWN.replace("fridge", "fridges"), &ShamirError::UnknownWord { position: 9 });
        refused(&KNOWN.replace("fridge", "kidney"), &ShamirError::Checksum);
        refused(&KNOWN.replace("keyboard", ""), &ShamirError::TooShort { words: 19 });
        refused(&format!("{KNOWN} {KNOWN} {KNOWN}"), &ShamirError::TooLong { words: 60 });
        refused(&format!("{KNOWN} academic"), &ShamirError::SecretLength { words: 21 });
    }
}
