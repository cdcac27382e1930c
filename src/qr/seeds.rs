//! Seeds and private keys in what codes carry: they go into no file and onto no screen, whatever they are dressed as.
//!
//! Floor 1.

use crate::{digest::sha256, limits};

/// Whether a text has a secret in it: a mnemonic (BIP39: one of any language as the whole, an English one anywhere,
/// numbered or in capitals), a SeedQR, an extended private key (BIP32, SLIP-132) or a private key (WIF).
pub(super) fn holds_secret(text: &str) -> bool {
    let whole =
        matches!(text.split_whitespace().count(), 12 | 15 | 18 | 21 | 24) && bip39::Mnemonic::parse(text).is_ok();
    let digits = |token: &str| is_seed_qr(token) && numbers(token.as_bytes()).is_some();
    let tokens = || text.split(|character: char| !character.is_ascii_alphanumeric());
    // A private key of BIP32 has a zero before it, a public one its parity.
    let extended = |bytes: &[u8]| bytes.len() == 78 && bytes.get(45) == Some(&0);
    let single = |bytes: &[u8]| matches!(bytes, [0x80 | 0xef, ..]) && matches!(bytes.len(), 33 | 34);
    let private = |token: &str| {
        matches!(token.len(), 50..=112)
            && bitcoin::base58::decode_check(token).is_ok_and(|bytes| extended(&bytes) || single(&bytes))
    };
    whole || tokens().any(|token| digits(token) || private(token)) || holds_marked(text, private) || holds_words(text)
}

/// Whether somewhere a private key of 111 characters stands, whatever is before and behind it: `xprv` and its like begin
/// one. Of what begins like one, and is as long, and is none, an honest text has little: a text that has much is not
/// looked through, and counts as one that has a key.
fn holds_marked(text: &str, private: impl Fn(&str) -> bool) -> bool {
    let mut alike = 0usize;
    let starts = text.match_indices("prv").filter_map(|(at, _)| at.checked_sub(1));
    for key in starts.filter_map(|start| text.get(start..start.saturating_add(111))) {
        if key.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            alike = alike.saturating_add(1);
            if private(key) || alike > limits::QR_KEYS_ALIKE {
                return true;
            }
        }
    }
    false
}

/// Whether English words of BIP39 follow each other that are a mnemonic: its checksum holds.
fn holds_words(text: &str) -> bool {
    let mut run = Run::default();
    for word in text.split(|character: char| !character.is_alphabetic()).filter(|word| !word.is_empty()) {
        match number(word) {
            // Between words may stand letters that number them: `a) abandon`.
            None if word.len() == 1 => {}
            None => run = Run::default(),
            Some(number) => {
                run.push(number);
                if LENGTHS.into_iter().any(|length| run.ends_with_mnemonic(length)) {
                    return true;
                }
            }
        }
    }
    false
}

/// Words that a mnemonic has (BIP39).
const LENGTHS: [usize; 5] = [12, 15, 18, 21, 24];
/// Letters of the longest word of the English list.
const LETTERS: usize = 8;

/// The number of an English word, in any case.
fn number(word: &str) -> Option<u16> {
    let mut letters = [0; LETTERS];
    let lower = letters.get_mut(..word.len())?;
    lower.copy_from_slice(word.as_bytes());
    lower.make_ascii_lowercase();
    bip39::Language::English.find_word(std::str::from_utf8(lower).ok()?)
}

/// The words of the list that came one after the other up to here: eleven bits each, the last in the lowest. What is
/// older than the longest mnemonic falls out at the top.
#[derive(Clone, Copy, Default)]
struct Run {
    /// From the lowest.
    limbs: [u64; 5],
    words: usize,
}

impl Run {
    fn push(&mut self, number: u16) {
        let mut carry = u64::from(number);
        for limb in &mut self.limbs {
            (*limb, carry) = (*limb << 11 | carry, *limb >> 53);
        }
        self.words = self.words.saturating_add(1);
    }

    /// Whether the last `length` words are a mnemonic: 32 bits of entropy to one that begins its hash.
    ///
    /// # Source
    /// BIP39, "Generating the mnemonic".
    fn ends_with_mnemonic(&self, length: usize) -> bool {
        if self.words < length {
            return false;
        }
        // At most 8 bits of the hash.
        let bits = length / 3;
        let mut bytes = [0; 40];
        let above = self.limbs.iter().skip(1).chain([&0]);
        for ((limb, above), place) in self.limbs.iter().zip(above).zip(bytes.rchunks_exact_mut(8)) {
            let pair = u128::from(*above) << 64 | u128::from(*limb);
            let [.., a, b, c, d, e, f, g, h] = (pair >> bits).to_be_bytes();
            place.copy_from_slice(&[a, b, c, d, e, f, g, h]);
        }
        let entropy = bytes.len().checked_sub(length.saturating_mul(4) / 3).and_then(|start| bytes.get(start..));
        let [first, ..] = sha256(entropy.unwrap_or_default());
        let [.., lowest] = self.limbs.first().copied().unwrap_or(0).to_be_bytes();
        first >> 8usize.saturating_sub(bits) == lowest & 0xff >> 8usize.saturating_sub(bits)
    }
}

/// Whether a text has as many digits as a SeedQR, and nothing else.
pub(super) fn is_seed_qr(text: &str) -> bool {
    matches!(text.len(), 48 | 60 | 72 | 84 | 96) && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// The numbers of the words in a SeedQR, from 0 to 2047.
///
/// # Source
/// SeedSigner, "SeedQR Format Specification", standard form: four digits a word of the English list.
pub(super) fn numbers(digits: &[u8]) -> Option<Vec<u16>> {
    let (groups, _) = digits.as_chunks::<4>();
    let number = |group: &[u8; 4]| std::str::from_utf8(group).ok()?.parse().ok().filter(|number| *number < 2048);
    groups.iter().map(number).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A megabyte that is made to be slow: what is looked at of it is bounded, and what is bounded counts as a secret.
    #[test]
    fn a_text_of_many_false_keys_is_not_looked_through() {
        let asked = std::cell::Cell::new(0usize);
        let private = |_: &str| {
            asked.set(asked.get() + 1);
            false
        };
        assert!(holds_marked(&"xprv".repeat(1 << 18), private));
        assert_eq!(asked.get(), limits::QR_KEYS_ALIKE + 1);
        // What is too short for a key, or has other characters in it, is not asked about, and no limit is reached.
        asked.set(0);
        for honest in ["the xprv of ", "xprv\u{e9}", "prv\n", "xprv.."] {
            assert!(!holds_marked(&honest.repeat(5_000), private), "{honest}");
        }
        assert!(!holds_marked(&"xprv".repeat(27), private));
        assert_eq!(asked.get(), 0);
        let few = format!("{} ", "xprv".repeat(28)).repeat(limits::QR_KEYS_ALIKE);
        assert!(!holds_marked(&few, private));
        assert_eq!(asked.get(), limits::QR_KEYS_ALIKE);
    }

    #[test]
    fn words_have_their_numbers_in_any_case() {
        let list = bip39::Language::English.word_list();
        for (place, word) in list.iter().enumerate() {
            assert_eq!(number(word), Some(place as u16));
            assert_eq!(number(&word.to_ascii_uppercase()), Some(place as u16));
        }
        for none in ["", "a", "abandone", "abandoned", "abandonabandon", "\u{e1}bandon", "zoos"] {
            assert_eq!(number(none), None, "{none}");
        }
    }

    /// Against the crate that reads mnemonics elsewhere: of any entropy, and with its last word exchanged.
    #[test]
    fn checksums_of_words_are_those_of_mnemonics() {
        let list = bip39::Language::English.word_list();
        for (seed, length) in (0u8..40).flat_map(|seed| [16, 20, 24, 28, 32].map(|length| (seed, length))) {
            let entropy = sha256(&[seed]);
            let mnemonic = bip39::Mnemonic::from_entropy(&entropy[..length]).unwrap();
            let mut numbers: Vec<u16> = mnemonic.word_indices().map(|number| number as u16).collect();
            // Words before it, of which the oldest are forgotten.
            let is_mnemonic = |numbers: &[u16]| {
                let mut run = Run::default();
                [2047, 1, 1024].into_iter().chain(numbers.iter().copied()).for_each(|number| run.push(number));
                run.ends_with_mnemonic(length * 3 / 4)
            };
            assert!(is_mnemonic(&numbers), "{mnemonic}");
            for change in [1, 2, 64, 1024] {
                *numbers.last_mut().unwrap() ^= change;
                let words: Vec<&str> = numbers.iter().map(|number| list[usize::from(*number)]).collect();
                assert_eq!(is_mnemonic(&numbers), bip39::Mnemonic::parse(words.join(" ")).is_ok(), "{words:?}");
            }
        }
    }
}
