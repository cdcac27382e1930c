//! Failures as people see them: what is wrong and where, what to do, and the exit code of its family.

use crate::{
    ceremony::{self, CeremonyError},
    port::DeviceError,
    psbt::{FinalizeError, JoinError, ParseError},
    qr::ShowError,
    vault::VaultError,
    wallet::WalletError,
};

/// Done.
pub const DONE: u8 = 0;
/// Refused by policy, rule or person.
pub const REFUSED: u8 = 1;
/// Bad input or usage.
pub const INPUT: u8 = 2;
/// A device failed.
pub const DEVICE: u8 = 3;
/// Tampering, corruption, a failed self-check.
pub const INTEGRITY: u8 = 4;

/// A failure: sentence, remedy, exit code; with the finding, where a PSBT was not even read.
#[derive(Debug)]
pub struct Failure {
    /// The exit code.
    pub code: u8,
    /// The sentence.
    pub what: String,
    /// What to do.
    pub remedy: Option<String>,
    /// Why the PSBT was not read.
    pub unread: Option<ParseError>,
}

impl Failure {
    /// With this code and sentence.
    #[must_use]
    pub fn new(code: u8, what: impl Into<String>) -> Self {
        Self { code, what: what.into(), remedy: None, unread: None }
    }

    /// Bad input or usage.
    #[must_use]
    pub fn input(what: impl Into<String>) -> Self {
        Self::new(INPUT, what)
    }

    /// With what to do.
    #[must_use]
    pub fn remedy(mut self, remedy: impl Into<String>) -> Self {
        self.remedy = Some(remedy.into());
        self
    }
}

impl From<DeviceError> for Failure {
    fn from(error: DeviceError) -> Self {
        Self::new(ceremony::device_code(&error), error.to_string())
    }
}

impl From<ParseError> for Failure {
    fn from(error: ParseError) -> Self {
        CeremonyError::from(error).into()
    }
}

impl From<CeremonyError> for Failure {
    fn from(error: CeremonyError) -> Self {
        let (code, what, remedy) = (error.code(), error.to_string(), error.remedy());
        let unread = if let CeremonyError::Psbt(unread) = error { Some(unread) } else { None };
        Self { code, what, remedy, unread }
    }
}

impl From<VaultError> for Failure {
    fn from(error: VaultError) -> Self {
        CeremonyError::from(error).into()
    }
}

impl From<WalletError> for Failure {
    fn from(error: WalletError) -> Self {
        Self::input(error.to_string())
    }
}

impl From<ShowError> for Failure {
    fn from(error: ShowError) -> Self {
        let failure = Self::input(error.to_string());
        match error {
            ShowError::Seed => failure.remedy(
                "a seed goes into a vault alone: `vault create --import-mnemonic`; to show a wallet, `wallet export`",
            ),
            ShowError::Binary => failure.remedy("choose --format ur"),
            ShowError::Ur(_) | ShowError::Bbqr(_) | ShowError::NoForm => failure,
        }
    }
}

impl From<JoinError> for Failure {
    fn from(error: JoinError) -> Self {
        Self::input(error.to_string())
    }
}

impl From<FinalizeError> for Failure {
    fn from(error: FinalizeError) -> Self {
        Self::input(error.to_string())
    }
}
