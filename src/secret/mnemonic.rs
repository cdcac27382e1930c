//! BIP39: entropy to words and back in all languages of the BIP, and words to a seed.
//!
//! Floor 1. No word reaches an error: it names the position.

use unicode_normalization::UnicodeNormalization;

use super::stretch::{copy, pbkdf2_sha512};
use crate::digest::sha256;
use crate::limits;
use crate::sys::{MemoryError, Secret, burn_stack};

pub use bip39::Language;

/// A BIP39 mnemonic: its entropy and its language.
pub struct Mnemonic {
    entropy: Secret,
    language: Language,
}

/// Why words are no mnemonic. No word is told.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MnemonicError {
    /// Another number of words than 12, 15, 18, 21 or 24.
    #[error("{0} words: a mnemonic has 12, 15, 18, 21 or 24")]
    Count(usize),
    /// Another number of digits than 48, 60, 72, 84 or 96.
    #[error("{0} digits: a SeedQR has four for each of 12, 15, 18, 21 or 24 words")]
    Digits(usize),
    /// Another number of bytes than 16, 20, 24, 28 or 32.
    #[error("{0} bytes of entropy: a mnemonic has 16, 20, 24, 28 or 32")]
    EntropyLength(usize),
    /// A word that the list does not have.
    #[error("word {position} is not in the word list")]
    UnknownWord {
        /// Which one, counted from 1.
        position: usize,
    },
    /// All words are known, and their checksum is wrong.
    #[error("the checksum of the words is wrong: one is another, or two are swapped")]
    Checksum,
    /// The words are a mnemonic in two languages.
    #[error("the words are a mnemonic in more than one language: name the language")]
    Ambiguous,
    /// More text than a mnemonic or passphrase has.
    #[error("more than {} bytes of text", limits::TYPED_BYTES)]
    TooLong,
    /// No memory for a secret.
    #[error(transparent)]
    Memory(#[from] MemoryError),
}

impl Mnemonic {
    /// From entropy of 16, 20, 24, 28 or 32 bytes.
    ///
    /// # Errors
    /// Another length.
    pub fn from_entropy(entropy: Secret, language: Language) -> Result<Self, MnemonicError> {
        if matches!(entropy.len(), 16 | 20 | 24 | 28 | 32) {
            Ok(Self { entropy, language })
        } else {
            Err(MnemonicError::EntropyLength(entropy.len()))
        }
    }

    /// Reads words, in any Unicode form and case, of `language` or of the one language in which they are a mnemonic.
    ///
    /// # Errors
    /// Count, unknown word, checksum; two languages, where none is named.
    pub fn parse(text: &str, language: Option<Language>) -> Result<Self, MnemonicError> {
        let text = nfkd(text, Case::Lower)?;
        let words = text.expose_str().unwrap_or_default();
        let count = words.split_whitespace().count();
        if !matches!(count, 12 | 15 | 18 | 21 | 24) {
            return Err(MnemonicError::Count(count));
        }
        let one = language.as_ref().map(std::slice::from_ref);
        let mut found: Option<Self> = None;
        let mut failure: Option<MnemonicError> = None;
        for language in one.unwrap_or(Language::ALL) {
            match Self::parse_in(words, count, *language) {
                // Characters that both Chinese lists have stand at the same place in each.
                Ok(other) if found.as_ref().is_some_and(|one| one.entropy.expose() == other.entropy.expose()) => {}
                Ok(_) if found.is_some() => return Err(MnemonicError::Ambiguous),
                Ok(mnemonic) => found = Some(mnemonic),
                Err(error) => failure = Some(failure.map_or(error.clone(), |other| nearer(other, error))),
            }
        }
        burn_stack();
        found.ok_or(failure.unwrap_or(MnemonicError::Checksum))
    }

    /// The words, in the list's spelling (NFKD), with a space between them; in Japanese an ideographic one, as the
    /// BIP says.
    ///
    /// # Errors
    /// No memory for a secret.
    pub fn words(&self) -> Result<Secret, MnemonicError> {
        self.sentence(if self.language == Language::Japanese { "\u{3000}" } else { " " })
    }

    /// The number of words.
    #[must_use]
    pub const fn count(&self) -> usize {
        self.entropy.len().saturating_mul(3) / 4
    }

    /// The entropy.
    #[must_use]
    pub const fn entropy(&self) -> &Secret {
        &self.entropy
    }

    /// The language.
    #[must_use]
    pub const fn language(&self) -> Language {
        self.language
    }

    /// The seed, 64 bytes, with `passphrase` (may be empty).
    ///
    /// # Errors
    /// A passphrase that is too long; no memory for a secret.
    pub fn seed(&self, passphrase: &str) -> Result<Secret, MnemonicError> {
        seed(self.sentence(" ")?.expose(), passphrase)
    }

    fn sentence(&self, separator: &str) -> Result<Secret, MnemonicError> {
        let list = self.language.word_list();
        let mut text = Secret::zeroed(limits::MNEMONIC_BYTES)?;
        let mut length = 0usize;
        let mut push = |part: &str| {
            let end = length.saturating_add(part.len());
            text.expose_mut()
                .get_mut(length..end)
                .map(|place| copy(place, part.as_bytes()))
                .ok_or(MnemonicError::TooLong)?;
            length = end;
            Ok::<(), MnemonicError>(())
        };
        let [checksum, ..] = sha256(self.entropy.expose());
        for place in 0..self.count() {
            let index = (0..11usize).fold(0usize, |index, bit| {
                let at = place.saturating_mul(11).saturating_add(bit);
                (index << 1) | usize::from(bit_at(self.entropy.expose(), checksum, at))
            });
            if place > 0 {
                push(separator)?;
            }
            push(list.get(index).copied().unwrap_or_default())?;
        }
        text.shorten(length);
        burn_stack();
        Ok(text)
    }

    #[inline(never)]
    fn parse_in(words: &str, count: usize, language: Language) -> Result<Self, MnemonicError> {
        let list = language.word_list();
        // 11 bits a word: 32 bits of entropy and one of checksum every three words.
        let mut entropy = Secret::zeroed((count / 3).saturating_mul(4))?;
        let bits = entropy.len().saturating_mul(8);
        let mut checksum = 0u8;
        for (place, word) in words.split_whitespace().enumerate() {
            let unknown = MnemonicError::UnknownWord { position: place.saturating_add(1) };
            let index = list.iter().position(|known| *known == word).ok_or(unknown)?;
            for bit in 0..11usize {
                let value = u8::from(index & (1024 >> bit) != 0);
                let at = place.saturating_mul(11).saturating_add(bit);
                match entropy.expose_mut().get_mut(at / 8) {
                    Some(byte) if at < bits => *byte |= (value << 7) >> (at % 8),
                    Some(_) | None => checksum = (checksum << 1) | value,
                }
            }
        }
        let [expected, ..] = sha256(entropy.expose());
        // A checksum has 4 to 8 bits.
        let expected = expected.checked_shr(8u32.saturating_sub(u32::try_from(count / 3).unwrap_or(8))).unwrap_or(0);
        if checksum == expected { Ok(Self { entropy, language }) } else { Err(MnemonicError::Checksum) }
    }
}

/// The seed of words as they stand, in any language: PBKDF2 over their NFKD form. For test vectors and for imports
/// whose word list is not the BIP's; nothing is checked.
///
/// # Errors
/// Text that is too long; no memory for a secret.
pub fn seed_of_text(words: &str, passphrase: &str) -> Result<Secret, MnemonicError> {
    seed(nfkd(words, Case::Kept)?.expose(), passphrase)
}

fn seed(sentence: &[u8], passphrase: &str) -> Result<Secret, MnemonicError> {
    let passphrase = nfkd(passphrase, Case::Kept)?;
    let mut seed = Secret::zeroed(64)?;
    pbkdf2_sha512(sentence, &[b"mnemonic", passphrase.expose()], 2048, seed.expose_mut());
    Ok(seed)
}

/// The error that tells more: all words known, or the later position.
fn nearer(one: MnemonicError, other: MnemonicError) -> MnemonicError {
    let reach = |error: &MnemonicError| match error {
        MnemonicError::UnknownWord { position } => *position,
        MnemonicError::Checksum | MnemonicError::Ambiguous => usize::MAX,
        MnemonicError::Count(_)
        | MnemonicError::Digits(_)
        | MnemonicError::EntropyLength(_)
        | MnemonicError::TooLong
        | MnemonicError::Memory(_) => 0,
    };
    if reach(&other) > reach(&one) { other } else { one }
}

/// Bit `at` of entropy and checksum.
fn bit_at(entropy: &[u8], checksum: u8, at: usize) -> u8 {
    let byte = entropy.get(at / 8).copied().unwrap_or(checksum);
    (byte << (at % 8)) >> 7
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Case {
    Kept,
    Lower,
}

/// The NFKD form, in locked memory.
fn nfkd(text: &str, case: Case) -> Result<Secret, MnemonicError> {
    if text.len() > limits::TYPED_BYTES {
        return Err(MnemonicError::TooLong);
    }
    let lower = |c: char| if case == Case::Lower { c.to_ascii_lowercase() } else { c };
    let length = text.nfkd().map(char::len_utf8).fold(0, usize::saturating_add);
    let mut out = Secret::zeroed(length)?;
    let mut rest = out.expose_mut();
    for c in text.nfkd().map(lower) {
        let Some((place, after)) = rest.split_at_mut_checked(c.len_utf8()) else { break };
        c.encode_utf8(place);
        rest = after;
    }
    burn_stack();
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::hex;

    fn words(entropy: &[u8], language: Language) -> String {
        let mnemonic = Mnemonic::from_entropy(Secret::copied(entropy).unwrap(), language).ok().unwrap();
        mnemonic.words().ok().unwrap().expose_str().unwrap().to_owned()
    }

    #[track_caller]
    fn refused(text: &str, language: Option<Language>, expected: &MnemonicError) {
        assert_eq!(Mnemonic::parse(text, language).map(|_| ()).unwrap_err(), *expected);
    }

    #[test]
    fn entropy_and_words_are_one() {
        for language in Language::ALL {
            for length in [16u8, 20, 24, 28, 32] {
                let entropy: Vec<u8> = (0..length).map(|n| n.wrapping_mul(89).wrapping_add(length)).collect();
                let text = words(&entropy, *language);
                let again = Mnemonic::parse(&text, Some(*language)).ok().unwrap();
                assert_eq!((again.entropy().expose(), again.count()), (&entropy[..], usize::from(length) * 3 / 4));
            }
        }
    }

    #[test]
    fn a_seed_is_the_bips() {
        let text = "legal winner thank year wave sausage worth useful legal winner thank yellow";
        assert_eq!(words(&[0x7f; 16], Language::English), text);
        let seed = Mnemonic::parse(&text.to_uppercase(), None).ok().unwrap().seed("TREZOR").ok().unwrap();
        assert!(hex(seed.expose()).starts_with("2e8905819b8723fe2c1d161860e5ee1830318dbf49a83bd451cfb8440c28bd6f"));
        assert_eq!(seed_of_text(text, "TREZOR").ok().unwrap().expose(), seed.expose());
    }

    #[test]
    fn a_japanese_passphrase_is_normalised() {
        // bip32JP, first case.
        let text = words(&[0; 16], Language::Japanese);
        assert!(text.contains('\u{3000}'));
        let mnemonic = Mnemonic::parse(&text, None).ok().unwrap();
        let seed = mnemonic.seed("㍍ガバヴァぱばぐゞちぢ十人十色").ok().unwrap();
        assert!(hex(seed.expose()).starts_with("a262d6fb6122ecf45be09c50492b31f92e9beb7d9a845987a02cefda57a15f9c"));
    }

    #[test]
    fn a_bad_word_is_named_by_its_place() {
        let good = "legal winner thank year wave sausage worth useful legal winner thank yellow";
        refused(&good.replace("sausage", "sausages"), None, &MnemonicError::UnknownWord { position: 6 });
        refused(&good.replace("yellow", "year"), None, &MnemonicError::Checksum);
        refused(&good.replace("legal winner thank year", "winner legal thank year"), None, &MnemonicError::Checksum);
        refused(&good.replace(" yellow", ""), None, &MnemonicError::Count(11));
        refused("", None, &MnemonicError::Count(0));
        refused(good, Some(Language::French), &MnemonicError::UnknownWord { position: 1 });
        refused(&"a".repeat(5000), None, &MnemonicError::TooLong);
        assert!(Mnemonic::from_entropy(Secret::zeroed(17).unwrap(), Language::English).is_err());
    }
}
