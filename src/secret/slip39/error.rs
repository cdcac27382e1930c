//! Why words are no share, or shares no secret.
//!
//! Floor 1.

use crate::limits;
use crate::sys::MemoryError;

/// Why words are no share, or shares no secret. No word and no value is told; shares are counted from 1.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ShamirError {
    /// A word that the list does not have.
    #[error("word {position} is not in the list of share words")]
    UnknownWord {
        /// Which one, counted from 1.
        position: usize,
    },
    /// Fewer than 20 words.
    #[error("{words} words are too few for a share: at least 20 are needed")]
    TooShort {
        /// How many.
        words: usize,
    },
    /// More words than we read.
    #[error("{words} words are too many for a share: at most {}", limits::SLIP39_WORDS)]
    TooLong {
        /// How many.
        words: usize,
    },
    /// A number of words that no secret length gives.
    #[error("{words} words are no possible length of a share: one is missing or too many")]
    SecretLength {
        /// How many.
        words: usize,
    },
    /// The checksum is wrong.
    #[error("the checksum of the share is wrong: a word is another, or two are swapped")]
    Checksum,
    /// Padding bits are not zero.
    #[error("the share is malformed: its padding is not zero")]
    Padding,
    /// A share that asks for more groups than there are.
    #[error("the share is malformed: it asks for {threshold} groups of {count}")]
    GroupThreshold {
        /// Groups that are needed.
        threshold: u8,
        /// Groups that exist.
        count: u8,
    },
    /// No share at all.
    #[error("no shares were given")]
    NoShares,
    /// Shares of different backups.
    #[error("share {share} has another identifier than the first: it is of another backup")]
    DifferentIdentifiers {
        /// The first that differs.
        share: usize,
    },
    /// One share extendable, the other not.
    #[error("share {share} is of another kind (extendable or not) than the first")]
    DifferentKinds {
        /// The first that differs.
        share: usize,
    },
    /// Different iteration exponents.
    #[error("share {share} has another iteration exponent than the first")]
    DifferentExponents {
        /// The first that differs.
        share: usize,
    },
    /// Different group thresholds.
    #[error("share {share} asks for another number of groups than the first")]
    GroupThresholdMismatch {
        /// The first that differs.
        share: usize,
    },
    /// Different group counts.
    #[error("share {share} knows another number of groups than the first")]
    GroupCountMismatch {
        /// The first that differs.
        share: usize,
    },
    /// Secrets of different lengths.
    #[error("share {share} has another length than the first")]
    DifferentLengths {
        /// The first that differs.
        share: usize,
    },
    /// Different member thresholds in one group.
    #[error("share {share} asks for another number of shares than the others of its group")]
    MemberThresholdMismatch {
        /// The first that differs.
        share: usize,
    },
    /// One index twice in a group.
    #[error("share {share} has the index of another share: one was given twice, or they are of different backups")]
    DuplicateIndex {
        /// The second of the two.
        share: usize,
    },
    /// Fewer shares than the threshold of the only group.
    #[error("{given} shares are too few: {needed} are needed")]
    TooFewShares {
        /// How many there are.
        given: usize,
        /// How many are needed.
        needed: u8,
    },
    /// Fewer groups than the threshold.
    #[error("shares of {given} groups are too few: {needed} groups are needed")]
    TooFewGroups {
        /// How many there are.
        given: usize,
        /// How many are needed.
        needed: u8,
    },
    /// Enough groups, and in one of them too few shares.
    #[error("{given} shares of group {group} are too few: {needed} are needed")]
    TooFewMembers {
        /// The group, counted from 1.
        group: u8,
        /// How many shares of it there are.
        given: usize,
        /// How many are needed.
        needed: u8,
    },
    /// The shares fit together, and their secret does not fit its digest.
    #[error("the shares do not give the secret: at least one has a wrong value")]
    Digest,
    /// More shares than needed, and one is not on the curve of the others.
    #[error("the shares do not agree: more were given than needed, and one has a wrong value")]
    Surplus,
    /// A character that a SLIP-39 passphrase cannot have.
    #[error("a passphrase of shares has printable ASCII characters only")]
    Passphrase,
    /// A size that cannot be made.
    #[error("{threshold} of {count}: possible are 1 of 1, and 2 of 2 to 16 of 16")]
    Sizes {
        /// Shares that are needed.
        threshold: u8,
        /// Shares in all.
        count: u8,
    },
    /// A secret that cannot be split: not 16 to 64 bytes, or an odd number.
    #[error("a secret of {0} bytes cannot be split")]
    Secret(usize),
    /// An identifier of more than 15 bits.
    #[error("the identifier {0} has more than 15 bits")]
    Identifier(u16),
    /// Too few random bytes.
    #[error("{given} random bytes are too few: {needed} are needed")]
    Random {
        /// How many there are.
        given: usize,
        /// How many are needed.
        needed: usize,
    },
    /// No memory for a secret.
    #[error(transparent)]
    Memory(#[from] MemoryError),
}

impl ShamirError {
    /// A short name of the reason, as the test vectors have it.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::UnknownWord { .. } => "unknown-word",
            Self::TooShort { .. } => "too-short",
            Self::TooLong { .. } => "too-long",
            Self::SecretLength { .. } => "bad-secret-length",
            Self::Checksum => "bad-checksum",
            Self::Padding => "bad-padding",
            Self::GroupThreshold { .. } => "group-threshold-over-count",
            Self::NoShares => "no-shares",
            Self::DifferentIdentifiers { .. } => "different-identifiers",
            Self::DifferentKinds { .. } => "different-kinds",
            Self::DifferentExponents { .. } => "different-iteration-exponents",
            Self::GroupThresholdMismatch { .. } => "group-threshold-mismatch",
            Self::GroupCountMismatch { .. } => "group-count-mismatch",
            Self::DifferentLengths { .. } => "different-lengths",
            Self::MemberThresholdMismatch { .. } => "member-threshold-mismatch",
            Self::DuplicateIndex { .. } => "duplicate-member-index",
            Self::TooFewShares { .. } => "too-few-shares",
            Self::TooFewGroups { .. } => "too-few-groups",
            Self::TooFewMembers { .. } => "too-few-members",
            Self::Digest => "bad-digest",
            Self::Surplus => "surplus-share-differs",
            Self::Passphrase => "bad-passphrase",
            Self::Sizes { .. } => "bad-sizes",
            Self::Secret(_) => "bad-secret",
            Self::Identifier(_) => "bad-identifier",
            Self::Random { .. } => "too-few-random-bytes",
            Self::Memory(_) => "memory",
        }
    }
}
