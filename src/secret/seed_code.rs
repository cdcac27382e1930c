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
        if matches!(bytes.len(), 48 | 60 | 72 | 84 | 96) && bytes.iter().all(u8::is_ascii_digit) {
            let words = words(bytes)?;
            return Self::parse(words.expose_str().unwrap_or_default(), Some(Language::English));
        }
        if matches!(bytes.len(), 16 | 32) {
            return Self::from_entropy(Secret::copied(bytes)?, Language::English);
        }
        Self::parse(code.expose_str().ok_or(MnemonicError::Count(0))?, None)
    }
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
