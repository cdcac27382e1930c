//! SeedQR: a mnemonic in one QR code.
//!
//! Floor 1. What a code holds is untrusted, and a secret: no error tells of it more than a place.
//!
//! # Source
//! SeedSigner, "SeedQR Format Specification": four digits a word of the English list, or the entropy itself (compact).

use super::{Language, Mnemonic, MnemonicError, stretch::copy};
use crate::{limits, sys::Secret};

impl Mnemonic {
    /// From what a code holds: digits of words, the entropy of 12 or 24 words, or the words themselves in any language.
    ///
    /// # Errors
    /// As [`Mnemonic::parse`].
    pub fn of_code(code: &Secret) -> Result<Self, MnemonicError> {
        let bytes = code.expose();
        if is_of_digits(bytes.len()) && bytes.iter().all(u8::is_ascii_digit) {
            let words = words(bytes)?;
            return Self::parse(words.expose_str().unwrap_or_default(), Some(Language::English));
        }
        if matches!(bytes.len(), 16 | 32) {
            return Self::from_entropy(Secret::copied(bytes)?, Language::English);
        }
        Self::parse(code.expose_str().ok_or(MnemonicError::Count(0))?, None)
    }

    /// From what people type: words of any language, or the digits of a SeedQR, in groups or in a row.
    ///
    /// # Errors
    /// As [`Mnemonic::parse`]; another number of digits than words have.
    pub fn of_typed(typed: &Secret) -> Result<Self, MnemonicError> {
        let text = typed.expose_str().ok_or(MnemonicError::Count(0))?;
        let is_digits = |byte: u8| byte.is_ascii_digit() || byte.is_ascii_whitespace();
        if text.trim_ascii().is_empty() || !text.bytes().all(is_digits) {
            return Self::parse(text, None);
        }
        let mut code = Secret::zeroed(text.len())?;
        let mut length = 0usize;
        for (digit, place) in text.bytes().filter(u8::is_ascii_digit).zip(code.expose_mut()) {
            *place = digit;
            length = length.saturating_add(1);
        }
        code.shorten(length);
        if is_of_digits(length) { Self::of_code(&code) } else { Err(MnemonicError::Digits(length)) }
    }
}

/// Whether so many digits are of 12, 15, 18, 21 or 24 words.
const fn is_of_digits(length: usize) -> bool {
    matches!(length, 48 | 60 | 72 | 84 | 96)
}

/// The words of these numbers, with a space between them.
fn words(digits: &[u8]) -> Result<Secret, MnemonicError> {
    let list = Language::English.word_list();
    let mut text = Secret::zeroed(limits::MNEMONIC_BYTES)?;
    let mut length = 0usize;
    for (place, four) in digits.chunks(4).enumerate() {
        let number = four.iter().fold(0usize, |number, digit| {
            number.saturating_mul(10).saturating_add(usize::from(digit.saturating_sub(b'0')))
        });
        let unknown = MnemonicError::UnknownWord { position: place.saturating_add(1) };
        let word = list.get(number).ok_or(unknown)?;
        let space: &str = if place > 0 { " " } else { "" };
        for part in [space, word] {
            let end = length.saturating_add(part.len());
            let room = text.expose_mut().get_mut(length..end).ok_or(MnemonicError::TooLong)?;
            copy(room, part.as_bytes());
            length = end;
        }
    }
    text.shorten(length);
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first test vector of the SeedQR page, its words by their numbers.
    const DIGITS: &str =
        "011513251154012711900771041507421289190620080870026613431420201617920614089619290300152408010643";
    const WORDS: &str = "attack pizza motion avocado network gather crop fresh patrol unusual wild holiday candy pony \
                         ranch winter theme error hybrid van cereal salon goddess expire";

    fn of(bytes: &[u8]) -> Result<Mnemonic, MnemonicError> {
        Mnemonic::of_code(&Secret::copied(bytes).unwrap())
    }

    #[test]
    fn each_form_holds_the_same_words() {
        let entropy = Mnemonic::parse(WORDS, None).unwrap();
        for code in [DIGITS.as_bytes(), WORDS.as_bytes(), entropy.entropy().expose()] {
            assert_eq!(of(code).unwrap().words().unwrap().expose(), WORDS.as_bytes());
        }
        let twelve = of(&[0; 16]).unwrap();
        assert!(twelve.words().unwrap().expose_str().unwrap().ends_with(" about"));
        assert_eq!(
            of("0000".repeat(11).as_bytes().iter().chain(b"0003").copied().collect::<Vec<_>>().as_slice())
                .unwrap()
                .entropy()
                .expose(),
            [0; 16]
        );
    }

    #[test]
    fn digits_are_typed_in_a_row_or_in_groups_and_words_as_ever() {
        let typed = |text: &str| Mnemonic::of_typed(&Secret::copied(text.as_bytes()).unwrap());
        let groups: Vec<&str> = (0..24).map(|at| &DIGITS[at * 4..at * 4 + 4]).collect();
        for text in [DIGITS, &groups.join(" "), &format!(" {}\t\n", groups.join("  ")), WORDS, &WORDS.to_uppercase()] {
            assert_eq!(typed(text).unwrap().words().unwrap().expose(), WORDS.as_bytes());
        }
        let wrong = |text: &str| typed(text).err().unwrap();
        for length in [1, 4, 16, 32, 47, 64, 92, 95, 100] {
            assert_eq!(wrong(&"0".repeat(length)), MnemonicError::Digits(length));
        }
        assert_eq!(wrong(&"0000".repeat(12)), MnemonicError::Checksum);
        assert_eq!(wrong(&format!("{} 2048", "0000 ".repeat(11))), MnemonicError::UnknownWord { position: 12 });
        assert_eq!((wrong(""), wrong(" \t")), (MnemonicError::Count(0), MnemonicError::Count(0)));
        assert_eq!(wrong(&format!("{DIGITS}x")), MnemonicError::Count(1));
    }

    #[test]
    fn what_is_no_seed_is_refused_by_place_alone() {
        let code = |bytes: &[u8]| of(bytes).err().unwrap();
        assert_eq!(code(format!("{}2048", "0000".repeat(11)).as_bytes()), MnemonicError::UnknownWord { position: 12 });
        assert_eq!(code("0000".repeat(12).as_bytes()), MnemonicError::Checksum);
        assert_eq!(code(&DIGITS.as_bytes()[..92]), MnemonicError::Count(1));
        assert_eq!(code(&[0xff; 20]), MnemonicError::Count(0));
        assert_eq!(code(b""), MnemonicError::Count(0));
        assert_eq!(code(b"ur:crypto-psbt/1-3/lpad"), MnemonicError::Count(1));
        assert_eq!(code(WORDS.replace("attack", "attach").as_bytes()), MnemonicError::UnknownWord { position: 1 });
    }
}
