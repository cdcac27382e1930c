//! Why a ceremony stopped: the sentence, what to do, and the exit code of its family.

use crate::{
    canon::CanonError,
    ceremony::people::is_other_key,
    journal::JournalError,
    port::DeviceError,
    psbt::{ParseError, Place},
    quorum::TallyError,
    review::Finding,
    secret::{EntropyError, KeyError, MnemonicError, PassphraseError},
    sign::SignError,
    sys::MemoryError,
    text::Name,
    vault::{
        AmendError, BodyError, FoundError, SealedError, SeedError, ShareError, ShelfError, SlotStoreError, VaultError,
    },
    verify::VerifyError,
    wallet::{FalseOrigin, PathError, WalletError},
};

/// A person, a rule or the policy said no.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Somebody refused, or ended the input.
    #[error("refused by a custodian; nothing was done")]
    Person,
    /// Too few approvals were given.
    #[error("{given} of {needed} approvals; nothing was done")]
    TooFew {
        /// Approvals that were given.
        given: usize,
        /// Approvals that it needs.
        needed: usize,
    },
    /// Not in the roster.
    #[error("`{0}` is no custodian of this vault")]
    Stranger(Name),
    /// Voted already.
    #[error("`{0}` has approved already; each custodian counts once")]
    Twice(Name),
    /// A warning that somebody did not acknowledge.
    #[error("{custodian} did not acknowledge the warning {rule}")]
    NotAcknowledged {
        /// The rule.
        rule: &'static str,
        /// Who.
        custodian: Name,
    },
    /// Rules that refuse the transaction.
    #[error("{}", reasons(.0))]
    Rules(Vec<Finding>),
    /// Something that works on test networks only.
    #[error("{0} works on test networks only: on mainnet custodians are present and type it themselves")]
    MainnetOnly(&'static str),
    /// A name that is taken.
    #[error("the vault has a wallet `{0}` already")]
    WalletName(Name),
    /// As many wallets as a vault can have.
    #[error("the vault has {} wallets, more it cannot have", crate::limits::WALLETS)]
    TooManyWallets,
    /// The same addresses, or some of them, under another name.
    #[error("wallet `{0}` has addresses of this descriptor already")]
    WalletTwice(Name),
    /// None of the keys is ours.
    #[error("no key of this descriptor is derived by this vault's seed")]
    NotOurs,
    /// A key's origin is proven untrue by the seed.
    #[error(transparent)]
    Origin(#[from] FalseOrigin),
    /// Nobody said that a seed from elsewhere is theirs.
    #[error("nobody said that this seed is theirs; no vault is made")]
    NotTheirSeed,
    /// A policy that is in force already.
    #[error("this is the policy in force already; nothing was done")]
    SamePolicy,
    /// No such wallet.
    #[error("the vault has no wallet `{0}`")]
    NoWallet(Name),
}

fn reasons(findings: &[Finding]) -> String {
    let sentence = |finding: &Finding| {
        let place = (finding.place != Place::Whole).then(|| format!("{}: ", finding.place_words()));
        format!("{} {}", finding.rule, after(&place.unwrap_or_default(), &finding.text))
    };
    findings.iter().map(sentence).collect::<Vec<_>>().join("\n  ")
}

/// A text with its place before it, once: some texts begin with it themselves.
fn placed(place: Place, text: &str) -> String {
    after(&in_words(place), text)
}

fn after(place: &str, text: &str) -> String {
    if text.starts_with(place) { text.to_owned() } else { format!("{place}{text}") }
}

/// `input 3: `, `output 0: `, or nothing where the whole is meant.
fn in_words(place: Place) -> String {
    match place {
        Place::Whole => String::new(),
        Place::Input(index) => format!("input {index}: "),
        Place::Output(index) => format!("output {index}: "),
    }
}

/// Why a ceremony stopped.
#[derive(Debug, thiserror::Error)]
pub enum CeremonyError {
    /// A refusal.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// What was approved is not what would be done: memory or code failed.
    #[error("the review came out differently the second time; nothing was signed")]
    Changed,
    /// Another vault than expected.
    #[error("this vault's words are `{found}`, not the expected ones")]
    OtherVault {
        /// The words of the vault that lies there.
        found: String,
    },
    /// The 12 words that were given are none.
    #[error("--expect-id wants the 12 vault words")]
    NoWords,
    /// The vault.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// Creation.
    #[error(transparent)]
    Found(#[from] FoundError),
    /// Writing a new statement.
    #[error(transparent)]
    Amend(#[from] AmendError),
    /// The body.
    #[error(transparent)]
    Body(#[from] BodyError),
    /// A share's place.
    #[error(transparent)]
    Shelf(#[from] ShelfError),
    /// A share.
    #[error(transparent)]
    Share(#[from] ShareError),
    /// A sealed text.
    #[error(transparent)]
    Sealed(#[from] SealedError),
    /// The seed.
    #[error(transparent)]
    Seed(#[from] SeedError),
    /// A mnemonic.
    #[error(transparent)]
    Mnemonic(#[from] MnemonicError),
    /// A passphrase.
    #[error(transparent)]
    Passphrase(#[from] PassphraseError),
    /// Entropy.
    #[error(transparent)]
    Entropy(#[from] EntropyError),
    /// The journal.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// A slot that could not be stored.
    #[error(transparent)]
    Slot(#[from] SlotStoreError),
    /// The tally.
    #[error(transparent)]
    Tally(#[from] TallyError),
    /// The PSBT.
    #[error("{} {}", .0.rule, placed(.0.place, &.0.what))]
    Psbt(ParseError),
    /// A descriptor.
    #[error(transparent)]
    Wallet(#[from] WalletError),
    /// No script type.
    #[error("`{0}` is no script type: pkh, sh-wpkh, wpkh or tr")]
    Script(String),
    /// A path.
    #[error(transparent)]
    Path(#[from] PathError),
    /// A key.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// Signing.
    #[error(transparent)]
    Sign(#[from] SignError),
    /// Verification.
    #[error("the self-check failed, nothing leaves: {0}")]
    Verify(#[from] VerifyError),
    /// An instruction without a canonical form.
    #[error(transparent)]
    Canon(#[from] CanonError),
    /// Screen, keyboard, disk.
    #[error(transparent)]
    Device(#[from] DeviceError),
    /// No locked memory.
    #[error(transparent)]
    Memory(#[from] MemoryError),
}

impl From<FalseOrigin> for CeremonyError {
    fn from(error: FalseOrigin) -> Self {
        Self::Refused(error.into())
    }
}

impl From<ParseError> for CeremonyError {
    fn from(error: ParseError) -> Self {
        Self::Psbt(error)
    }
}

impl CeremonyError {
    /// The exit code: 1 refused, 2 bad input, 3 device, 4 integrity.
    #[must_use]
    pub fn code(&self) -> u8 {
        match self {
            Self::Refused(
                Refusal::NoWallet(_) | Refusal::WalletName(_) | Refusal::WalletTwice(_) | Refusal::SamePolicy,
            ) => 2,
            Self::Refused(_) => 1,
            Self::Tally(TallyError::Ballot(_)) => 4,
            Self::Tally(_) => 1,
            Self::NoWords
            | Self::Script(_)
            | Self::Psbt(_)
            | Self::Wallet(_)
            | Self::Path(_)
            | Self::Mnemonic(_)
            | Self::Canon(_) => 2,
            Self::Passphrase(error) => {
                if matches!(error, PassphraseError::Memory(_)) {
                    3
                } else {
                    2
                }
            }
            Self::Entropy(error) => {
                if matches!(error, EntropyError::Memory(_)) {
                    3
                } else {
                    2
                }
            }
            Self::Changed | Self::OtherVault { .. } | Self::Sign(_) | Self::Verify(_) | Self::Key(_) => 4,
            Self::Vault(error) => error.family().code(),
            Self::Found(error) => error.family().code(),
            Self::Amend(error) => error.family().code(),
            Self::Body(error) => error.family().code(),
            Self::Shelf(error) => error.family().code(),
            Self::Share(error) => error.family().code(),
            Self::Sealed(error) => error.family().code(),
            Self::Seed(SeedError::Memory(_)) => 3,
            Self::Seed(_) => 2,
            Self::Journal(error) => {
                if error.is_integrity() {
                    4
                } else {
                    3
                }
            }
            Self::Slot(_) => 3,
            Self::Device(error) => device_code(error),
            Self::Memory(_) => 3,
        }
    }

    /// What to do, where the sentence does not say so itself.
    #[must_use]
    #[expect(clippy::wildcard_enum_match_arm, reason = "most sentences say what to do themselves")]
    pub fn remedy(&self) -> Option<String> {
        match self {
            Self::Refused(Refusal::Rules(findings)) => {
                // As they were found: what is wrong with a coin comes before what that leaves of the whole.
                let mut remedies: Vec<&str> = Vec::new();
                for remedy in findings.iter().map(|finding| finding.remedy) {
                    if !remedy.is_empty() && !remedies.contains(&remedy) {
                        remedies.push(remedy);
                    }
                }
                Some(remedies.join("\n  "))
            }
            Self::Refused(Refusal::Stranger(_)) => Some("`strongroom vault show` names the custodians".into()),
            Self::Refused(Refusal::NotOurs) => {
                Some("check that the coordinator has this vault's key: `strongroom wallet xpub`".into())
            }
            Self::Refused(Refusal::Origin(FalseOrigin::Foreign { .. })) => Some(
                "register nothing of this text: a wrong key was pasted, or somebody put a key of his own in; take each key \
                 from its signer again, this vault's by `strongroom wallet xpub` (two signers have one fingerprint by \
                 chance once in 4 294 967 296: that signer then needs another seed)"
                    .into(),
            ),
            Self::Refused(Refusal::Origin(FalseOrigin::Renamed { .. })) => Some(
                "find out who wrote another fingerprint before this vault's key, and take key and origin from \
                 `strongroom wallet xpub` again"
                    .into(),
            ),
            Self::Refused(Refusal::NotTheirSeed) => Some(
                "find out whose words or picture it was, and which BIP39 passphrase belongs to them, before you begin again"
                    .into(),
            ),
            Self::Psbt(error) => Some(error.remedy.to_owned()),
            Self::Changed | Self::Sign(_) | Self::Verify(_) => {
                Some("restart the machine; if it happens again, stop using it and compare the program's hash".into())
            }
            Self::Shelf(error) if is_other_key(error) => Some(
                "mind capital letters and the keyboard's layout; `strongroom share drill` tries a share alone".into(),
            ),
            Self::Shelf(ShelfError::Share { source: ShareError::OtherCustodian { expected, .. }, .. }) => {
                Some(format!("bring the share of {expected}: the name of its file has `{expected}` in it"))
            }
            Self::Journal(JournalError::Device(_)) => Some(
                "no signature left this program, so nothing is signed; make room on the medium of the vault, or copy the \
                 vault to one that can be written, then run the command again"
                    .into(),
            ),
            Self::OtherVault { .. } => {
                Some("compare the words with those that the custodians wrote down at creation".into())
            }
            _ => None,
        }
    }
}

/// Whether the path is wrong rather than the disk.
fn misnamed(error: &std::io::Error) -> bool {
    use std::io::ErrorKind::{AlreadyExists, IsADirectory, NotADirectory, NotFound};
    matches!(error.kind(), NotFound | NotADirectory | IsADirectory | AlreadyExists)
}

/// The exit code of a device's error.
#[must_use]
pub fn device_code(error: &DeviceError) -> u8 {
    match error {
        DeviceError::TooLarge { .. } | DeviceError::LineTooLong(_) | DeviceError::NotText => 2,
        DeviceError::InputEnded | DeviceError::Stopped | DeviceError::Idle => 1,
        DeviceError::File { source, .. } if misnamed(source) => 2,
        DeviceError::File { .. }
        | DeviceError::Camera { .. }
        | DeviceError::NoTerminal
        | DeviceError::NoRandomness
        | DeviceError::Memory(_) => 3,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_said_once() {
        assert_eq!(placed(Place::Input(1), "input 1: spends twice"), "input 1: spends twice");
        assert_eq!(placed(Place::Input(1), "input 10: spends twice"), "input 1: input 10: spends twice");
        assert_eq!(placed(Place::Output(0), "pays nothing"), "output 0: pays nothing");
        assert_eq!(placed(Place::Whole, "no PSBT"), "no PSBT");
    }

    #[test]
    fn a_journal_that_cannot_be_written_says_that_nothing_is_signed() {
        let full = DeviceError::File {
            action: "write",
            name: "journal".into(),
            source: std::io::Error::from(std::io::ErrorKind::StorageFull),
        };
        let error = CeremonyError::from(JournalError::from(full));
        assert_eq!(error.code(), 3);
        let remedy = error.remedy().unwrap();
        assert!(remedy.contains("nothing is signed") && remedy.contains("make room"), "{remedy}");
    }
}
