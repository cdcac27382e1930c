//! Base 43: a file as one large number, as Electrum shows it.
//!
//! Floor 1. Work grows with the square of the length, so the length is bounded first.

use crate::limits;

const CHARACTERS: &[u8; 43] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ$*+-./:";
/// Characters taken at a time: 43^5 fits into 32 bits.
const STEP: usize = 5;

/// The bytes of the number; each leading `0` is a byte of zero. `None` for other characters or too many.
pub(super) fn decode(text: &str) -> Option<Vec<u8>> {
    if text.len() > limits::QR_TEXT {
        return None;
    }
    // From the lowest.
    let mut limbs: Vec<u32> = Vec::new();
    for chunk in text.as_bytes().chunks(STEP) {
        let (mut carry, mut factor) = (0u64, 1u64);
        for character in chunk {
            let digit = CHARACTERS.iter().position(|known| known == character)?;
            carry = carry.checked_mul(43)?.checked_add(u64::try_from(digit).ok()?)?;
            factor = factor.checked_mul(43)?;
        }
        for limb in &mut limbs {
            let value = u64::from(*limb).checked_mul(factor)?.checked_add(carry)?;
            *limb = u32::try_from(value & 0xffff_ffff).ok()?;
            carry = value >> 32;
        }
        if carry > 0 {
            limbs.push(u32::try_from(carry).ok()?);
        }
    }
    let number = limbs.iter().rev().flat_map(|limb| limb.to_be_bytes()).skip_while(|byte| *byte == 0);
    let zeros = text.bytes().take_while(|byte| *byte == b'0').map(|_| 0);
    Some(zeros.chain(number).collect())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// By the plain way: a digit at a time, divided out byte by byte.
    fn encode(bytes: &[u8]) -> String {
        let mut number = bytes.to_vec();
        let mut text = Vec::new();
        while number.iter().any(|byte| *byte != 0) {
            let mut rest = 0u32;
            for byte in &mut number {
                let value = rest * 256 + u32::from(*byte);
                *byte = (value / 43) as u8;
                rest = value % 43;
            }
            text.push(CHARACTERS[rest as usize]);
        }
        text.extend(bytes.iter().take_while(|byte| **byte == 0).map(|_| b'0'));
        text.reverse();
        String::from_utf8(text).unwrap()
    }

    #[test]
    fn known_numbers() {
        assert_eq!(decode(""), Some(vec![]));
        assert_eq!(decode("0"), Some(vec![0]));
        assert_eq!(decode("00:"), Some(vec![0, 0, 42]));
        assert_eq!(decode("10"), Some(vec![43]));
        assert_eq!(decode("5."), Some(vec![255]));
        assert_eq!(decode("5/"), Some(vec![1, 0]));
    }

    #[test]
    fn other_characters_and_long_texts_are_refused() {
        for text in ["a", "1 2", "%", "\u{e9}", "12#"] {
            assert_eq!(decode(text), None, "{text}");
        }
        assert_eq!(decode(&":".repeat(limits::QR_TEXT)).unwrap().len(), 2_914);
        assert_eq!(decode(&":".repeat(limits::QR_TEXT + 1)), None);
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            prop_assert_eq!(decode(&encode(&bytes)), Some(bytes));
        }
    }
}
