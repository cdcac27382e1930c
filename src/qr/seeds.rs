//! Seeds and private keys in what codes carry: they go into no file and onto no screen, whatever they are dressed as.
//!
//! Floor 1.

use crate::digest::sha256;

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
    // `xprv` and its like begin a key of 111 characters, whatever stands before it.
    let marked = || text.match_indices("prv").filter_map(|(at, _)| at.checked_sub(1));
    let within = |start: usize| text.get(start..start.saturating_add(111)).is_some_and(private);
    whole || tokens().any(|token| digits(token) || private(token)) || marked().any(within) || holds_words(text)
}

/// Words of the longest mnemonic (BIP39).
const MOST_WORDS: usize = 24;

/// Whether English words of BIP39 follow each other that are a mnemonic: its checksum holds.
fn holds_words(text: &str) -> bool {
    // The numbers of the words of the list that came one after the other up to here.
    let mut run: Vec<u16> = Vec::new();
    for word in text.split(|character: char| !character.is_alphabetic()).filter(|word| !word.is_empty()) {
        match bip39::Language::English.find_word(&word.to_ascii_lowercase()) {
            // Between words may stand letters that number them: `a) abandon`.
            None if word.len() == 1 => {}
            None => run.clear(),
            Some(number) => {
                if run.len() == MOST_WORDS {
                    run.remove(0);
                }
                run.push(number);
                let ends = |length: usize| run.len().checked_sub(length).and_then(|start| run.get(start..));
                if [12, 15, 18, 21, MOST_WORDS].into_iter().filter_map(ends).any(is_mnemonic) {
                    return true;
                }
            }
        }
    }
    false
}

/// Whether these numbers of words, of a length that a mnemonic has, are one: eleven bits each, 32 of entropy to one that
/// begins its hash.
///
/// # Source
/// BIP39, "Generating the mnemonic".
fn is_mnemonic(numbers: &[u16]) -> bool {
    let entropy_bytes = numbers.len().saturating_mul(4) / 3;
    let mut entropy = Vec::with_capacity(entropy_bytes);
    let (mut bits, mut held) = (0u32, 0u32);
    for number in numbers {
        (bits, held) = (bits << 11 | u32::from(*number), held.saturating_add(11));
        while let Some(left) = held.checked_sub(8).filter(|_| entropy.len() < entropy_bytes) {
            let [.., byte] = (bits >> left).to_be_bytes();
            entropy.push(byte);
            held = left;
        }
    }
    let [first, ..] = sha256(&entropy);
    let hash = u32::from(first) >> 8u32.saturating_sub(held);
    hash == bits & 0xffu32 >> 8u32.saturating_sub(held)
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

    /// Against the crate that reads mnemonics elsewhere: of any entropy, and with its last word exchanged.
    #[test]
    fn checksums_of_words_are_those_of_mnemonics() {
        let list = bip39::Language::English.word_list();
        for (seed, length) in (0u8..40).flat_map(|seed| [16, 20, 24, 28, 32].map(|length| (seed, length))) {
            let entropy = sha256(&[seed]);
            let mnemonic = bip39::Mnemonic::from_entropy(&entropy[..length]).unwrap();
            let mut numbers: Vec<u16> = mnemonic.word_indices().map(|number| number as u16).collect();
            assert!(is_mnemonic(&numbers), "{mnemonic}");
            for change in [1, 2, 64, 1024] {
                *numbers.last_mut().unwrap() ^= change;
                let words: Vec<&str> = numbers.iter().map(|number| list[usize::from(*number)]).collect();
                assert_eq!(is_mnemonic(&numbers), bip39::Mnemonic::parse(words.join(" ")).is_ok(), "{words:?}");
            }
        }
    }
}
