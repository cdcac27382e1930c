//! Failures as people see them: what is wrong and where, what to do, and the exit code of its family.

use crate::{
    ceremony::{self, CeremonyError},
    port::DeviceError,
    psbt::{FinalizeError, JoinError, ParseError},
    vault::VaultError,
    wallet::WalletError,
};

/// Done.
pub(crate) const DONE: u8 = 0;
/// Refused by policy, rule or person.
pub(crate) const REFUSED: u8 = 1;
/// Bad input or usage.
pub(crate) const INPUT: u8 = 2;
/// A device failed.
pub(crate) const DEVICE: u8 = 3;
/// Tampering, corruption, a failed self-check.
pub(crate) const INTEGRITY: u8 = 4;

/// A failure: sentence, remedy, exit code; with the finding, where a PSBT was not even read.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) code: u8,
    pub(crate) what: String,
    pub(crate) remedy: Option<String>,
    pub(crate) unread: Option<ParseError>,
}

impl Failure {
    pub(crate) fn new(code: u8, what: impl Into<String>) -> Self {
        Self { code, what: what.into(), remedy: None, unread: None }
    }

    pub(crate) fn input(what: impl Into<String>) -> Self {
        Self::new(INPUT, what)
    }

    pub(crate) fn remedy(mut self, remedy: impl Into<String>) -> Self {
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
