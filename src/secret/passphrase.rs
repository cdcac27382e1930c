//! Passphrases: generated ones, and a judgement of those that custodians make up.
//!
//! Floor 1. Random bytes are an argument.

use diceware_wordlists::EFF_LONG_WORDLIST;
use zxcvbn::{Score, zxcvbn};

use super::stretch::copy;
use crate::limits;
use crate::sys::{MemoryError, Secret, burn_stack};

/// Random bytes that [`generate`] needs: 32 draws for 7 words, of which one in 20 is thrown away.
pub const RANDOM_BYTES: usize = 64;

const WORDS: usize = 7;

/// Why a passphrase is not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PassphraseError {
    /// The random bytes do not suffice (with 64 fresh ones it does not happen).
    #[error("{RANDOM_BYTES} random bytes are needed for a passphrase")]
    Random,
    /// Guessable.
    #[error("this passphrase can be guessed (score {score} of 4); make it longer, or take the generated one")]
    Weak {
        /// zxcvbn's score, 0 to 3.
        score: u8,
    },
    /// Empty, longer than a typed line, or with control characters.
    #[error("a passphrase has 1 to {} bytes and no control characters", limits::TYPED_BYTES)]
    Form,
    /// No memory for a secret.
    #[error(transparent)]
    Memory(#[from] MemoryError),
}

/// Seven words of the EFF's large list (7,776 words, 90.5 bits), with spaces between them.
///
/// # Errors
/// Fewer random bytes than [`RANDOM_BYTES`].
pub fn generate(random: &Secret) -> Result<Secret, PassphraseError> {
    let size = u16::try_from(EFF_LONG_WORDLIST.len()).map_err(|_| PassphraseError::Random)?;
    // The greatest multiple of the list's size in 16 bits: draws beyond it would favour the first words.
    let fair = u16::MAX.checked_div(size).and_then(|times| times.checked_mul(size)).ok_or(PassphraseError::Random)?;
    let draws = random.expose().chunks_exact(2).filter_map(|pair| Some(u16::from_be_bytes(pair.try_into().ok()?)));
    let words = draws
        .filter(|draw| *draw < fair)
        .filter_map(|draw| EFF_LONG_WORDLIST.get(usize::from(draw.checked_rem(size)?)));
    let mut text = Secret::zeroed(limits::MNEMONIC_BYTES)?;
    let (mut length, mut count) = (0usize, 0usize);
    for word in words.take(WORDS) {
        let separator = if count > 0 { " " } else { "" };
        for part in [separator, word] {
            let end = length.saturating_add(part.len());
            text.expose_mut()
                .get_mut(length..end)
                .map(|place| copy(place, part.as_bytes()))
                .ok_or(PassphraseError::Random)?;
            length = end;
        }
        count = count.saturating_add(1);
    }
    text.shorten(length);
    burn_stack();
    if count == WORDS { Ok(text) } else { Err(PassphraseError::Random) }
}

/// What was typed, as [`generate`] would have written it: lower case, one space between two words. `None` where a word
/// is not in the list, or where it was typed so already.
///
/// # Errors
/// No memory for a secret.
pub fn as_generated(typed: &Secret) -> Result<Option<Secret>, MemoryError> {
    let Some(text) = typed.expose_str() else { return Ok(None) };
    let mut plain = Secret::zeroed(typed.len())?;
    let mut length = 0usize;
    let mut known = true;
    for word in text.split_ascii_whitespace() {
        let start = if length > 0 { length.saturating_add(1) } else { 0 };
        let end = start.saturating_add(word.len());
        if let Some(space) = start.checked_sub(1).and_then(|at| plain.expose_mut().get_mut(at)) {
            *space = b' ';
        }
        let Some(place) = plain.expose_mut().get_mut(start..end) else { return Ok(None) };
        copy(place, word.as_bytes());
        place.make_ascii_lowercase();
        known &= EFF_LONG_WORDLIST.iter().any(|one| one.as_bytes() == &*place);
        length = end;
    }
    plain.shorten(length);
    let other = plain.expose() != typed.expose();
    burn_stack();
    Ok((known && length > 0 && other).then_some(plain))
}

/// Whether a passphrase of a custodian's own gets zxcvbn's best score, `known` (names of custodian and vault) being
/// words that an attacker tries first.
///
/// # Errors
/// A lower score; control characters; too long.
pub fn judge(passphrase: &Secret, known: &[&str]) -> Result<(), PassphraseError> {
    let text = passphrase.expose_str().ok_or(PassphraseError::Form)?;
    if text.is_empty() || text.len() > limits::TYPED_BYTES || text.chars().any(char::is_control) {
        return Err(PassphraseError::Form);
    }
    let score = score(text, known);
    burn_stack();
    if score == Score::Four { Ok(()) } else { Err(PassphraseError::Weak { score: score.into() }) }
}

#[inline(never)]
fn score(text: &str, known: &[&str]) -> Score {
    zxcvbn(text, known).score()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seven_words_come_from_the_bytes_without_bias() {
        let mut random = vec![0xff; 64];
        random[2..4].copy_from_slice(&[0, 0]);
        random[4..6].copy_from_slice(&7775u16.to_be_bytes());
        random[6..8].copy_from_slice(&7776u16.to_be_bytes());
        for (index, byte) in random[20..30].iter_mut().enumerate() {
            *byte = if index % 2 == 0 { 0 } else { u8::try_from(index).unwrap() };
        }
        let text = generate(&Secret::copied(&random).unwrap()).ok().unwrap();
        let words: Vec<_> = text.expose_str().unwrap().split(' ').collect();
        assert_eq!(words.len(), 7);
        assert_eq!(words[..3], ["abacus", "zoom", "abacus"]);
        assert_eq!(EFF_LONG_WORDLIST.len(), 7776);
        assert!(generate(&Secret::copied(&[0xff; 64]).unwrap()).is_err());
        assert!(generate(&Secret::copied(&[0; 13]).unwrap()).is_err());
    }

    #[test]
    fn words_of_the_list_are_written_as_they_were_generated() {
        let plain = |text: &str| {
            let found = as_generated(&Secret::copied(text.as_bytes()).unwrap()).unwrap();
            found.map(|plain| plain.expose_str().unwrap().to_owned())
        };
        assert_eq!(plain("Abacus  ZOOM ").as_deref(), Some("abacus zoom"));
        assert_eq!(plain("\tabacus zoom").as_deref(), Some("abacus zoom"));
        assert_eq!(plain("abacus zoom"), None, "it was typed so");
        assert_eq!(plain("Abacus zoomzoom"), None);
        assert_eq!(plain("Gorilla's own"), None);
        assert_eq!(plain("  "), None);
        assert_eq!(plain(""), None);
    }

    #[test]
    fn a_guessable_passphrase_is_refused() {
        let judged = |text: &str| judge(&Secret::copied(text.as_bytes()).unwrap(), &["treasury-alice"]);
        assert_eq!(judged("correct horse battery staple unlikely giraffe"), Ok(()));
        assert!(matches!(judged("password1"), Err(PassphraseError::Weak { score: 0 })));
        assert!(matches!(judged("treasury-alice"), Err(PassphraseError::Weak { .. })));
        assert_eq!(judged(""), Err(PassphraseError::Form));
        assert_eq!(judged("a\u{7}b"), Err(PassphraseError::Form));
    }
}
