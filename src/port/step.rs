//! Where a ceremony is, for screens that tell so.

/// A step of a ceremony. Which of them it has, and in which order, the ceremony's own page says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// What is to be done is brought: a file, codes before a camera.
    Bring,
    /// What will be made is looked at.
    Plan,
    /// The vault is compared with people's papers.
    Vault,
    /// An existing mnemonic is typed.
    Mnemonic,
    /// Dice, coins or cards.
    Throws,
    /// Each custodian gets a passphrase.
    Passphrases,
    /// What is proposed is read.
    Review,
    /// Custodians vote.
    Ballots,
    /// One custodian's share is opened.
    Share,
    /// The machine works.
    Work,
    /// The result is looked at before it counts.
    Confirm,
    /// What people write down.
    Papers,
    /// What came of it is carried away.
    Return,
}

impl Step {
    /// In a word or two.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Bring => "bring it",
            Self::Plan => "the plan",
            Self::Vault => "the vault",
            Self::Mnemonic => "mnemonic",
            Self::Throws => "throws",
            Self::Passphrases => "passphrases",
            Self::Review => "review",
            Self::Ballots => "ballots",
            Self::Share => "the share",
            Self::Work => "the work",
            Self::Confirm => "confirm",
            Self::Papers => "papers",
            Self::Return => "return",
        }
    }
}
