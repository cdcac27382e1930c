//! The seed of a vault, as its body keeps it: words, optional passphrase, and how they were made.
//!
//! Floor 3.

use crate::{
    secret::{EntropyError, KeyError, Language, Master, Mnemonic, MnemonicError, Root},
    sys::{MemoryError, Secret},
};

/// A BIP39 seed with its passphrase and the record of its making.
pub struct Seed {
    mnemonic: Mnemonic,
    passphrase: Secret,
    made: Secret,
}

/// Why there is no seed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SeedError {
    /// The words.
    #[error(transparent)]
    Mnemonic(#[from] MnemonicError),
    /// The draw.
    #[error(transparent)]
    Entropy(#[from] EntropyError),
    /// The BIP39 passphrase is not UTF-8.
    #[error("the passphrase of the seed is not UTF-8 text")]
    Passphrase,
    /// A language without a word list.
    #[error("the language of the seed's words is unknown")]
    Language,
    /// The master key.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// No locked memory.
    #[error(transparent)]
    Memory(#[from] MemoryError),
}

/// How many words a new seed has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Words {
    /// 12 words, 128 bits.
    Twelve,
    /// 24 words, 256 bits.
    TwentyFour,
}

/// The record of a seed that was not made here.
const IMPORTED: &[u8] = b"imported";

impl Seed {
    /// A new seed from the entropy root, in English words, with a BIP39 passphrase (may be empty).
    ///
    /// # Errors
    /// No locked memory; a passphrase that is not UTF-8.
    pub fn drawn(root: &Root, words: Words, passphrase: Secret) -> Result<Self, SeedError> {
        let length = match words {
            Words::Twelve => 16,
            Words::TwentyFour => 32,
        };
        let mnemonic = Mnemonic::from_entropy(root.seed_entropy(length)?, Language::English)?;
        let mut made = root.record()?;
        let last = made.expose().iter().rposition(|byte| *byte != b'\n').map_or(0, |last| last.saturating_add(1));
        made.shorten(last);
        made.expose_mut().iter_mut().filter(|byte| **byte == b'\n').for_each(|byte| *byte = b';');
        Self::of(mnemonic, passphrase, made)
    }

    /// A seed that exists already.
    ///
    /// # Errors
    /// No locked memory; a passphrase that is not UTF-8.
    pub fn imported(mnemonic: Mnemonic, passphrase: Secret) -> Result<Self, SeedError> {
        Self::of(mnemonic, passphrase, Secret::copied(IMPORTED)?)
    }

    /// A seed as a body has it.
    pub(super) fn stored(language: &str, words: &str, passphrase: Secret, made: &str) -> Result<Self, SeedError> {
        let known = Language::ALL.iter().find(|known| language_name(**known) == language);
        let mnemonic = Mnemonic::parse(words, Some(*known.ok_or(SeedError::Language)?))?;
        Self::of(mnemonic, passphrase, Secret::copied(made.as_bytes())?)
    }

    fn of(mnemonic: Mnemonic, passphrase: Secret, made: Secret) -> Result<Self, SeedError> {
        if passphrase.expose_str().is_none() {
            return Err(SeedError::Passphrase);
        }
        Ok(Self { mnemonic, passphrase, made })
    }

    /// The words with their entropy.
    #[must_use]
    pub const fn mnemonic(&self) -> &Mnemonic {
        &self.mnemonic
    }

    /// The BIP39 passphrase; empty where there is none.
    #[must_use]
    pub const fn passphrase(&self) -> &Secret {
        &self.passphrase
    }

    /// How it was made: the record of its entropy, or `imported`.
    #[must_use]
    pub const fn made(&self) -> &Secret {
        &self.made
    }

    /// The name of its word list.
    #[must_use]
    pub fn language(&self) -> String {
        language_name(self.mnemonic.language())
    }

    /// The master key.
    ///
    /// # Errors
    /// A seed that gives no key (once in 2^127); no locked memory.
    pub fn master(&self) -> Result<Master, SeedError> {
        let passphrase = self.passphrase.expose_str().ok_or(SeedError::Passphrase)?;
        let seed = self.mnemonic.seed(passphrase)?;
        Ok(Master::from_seed(&seed)?)
    }
}

/// `english`, `japanese`, `simplifiedchinese` …
fn language_name(language: Language) -> String {
    language.to_string().to_ascii_lowercase()
}
