//! Failures as people see them: what is wrong and where, what to do, and the exit code of its family.

use std::io;

use rustix::io::Errno;

use crate::{
    ceremony::{self, CeremonyError},
    journal::JournalError,
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

const COMPARE: &str = "stop here, and approve nothing with this vault; compare its folder with another custodian's copy, \
                       and find out who had it in hands";

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

    /// What to do, if anything is known: where something was changed and nothing else is advised, whom to ask.
    #[must_use]
    pub fn advice(&self) -> Option<&str> {
        let own = self.remedy.as_deref().filter(|remedy| !remedy.is_empty());
        own.or((self.code == INTEGRITY).then_some(COMPARE))
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
        Self { remedy: of_the_medium(&error), ..Self::new(ceremony::device_code(&error), error.to_string()) }
    }
}

/// What to do where the medium is what failed, as far as the system says.
fn of_the_medium(error: &(dyn std::error::Error + 'static)) -> Option<String> {
    /// The input or output of a device failed; there is no such device any more.
    const GONE: [Errno; 3] = [Errno::IO, Errno::NODEV, Errno::NXIO];
    let chain = std::iter::successors(Some(error), |error| error.source());
    let said = chain.filter_map(|error| error.downcast_ref::<io::Error>()).next()?;
    let (kind, number) = (said.kind(), said.raw_os_error());
    let remedy = if kind == io::ErrorKind::StorageFull {
        "make room on the medium, or take another one"
    } else if kind == io::ErrorKind::ReadOnlyFilesystem {
        "open the lock of the medium, or take another one"
    } else if kind == io::ErrorKind::NotConnected {
        "plug it in again"
    } else if GONE.iter().any(|gone| number == Some(gone.raw_os_error())) {
        "plug the medium in again, or take a copy where it is broken"
    } else {
        return None;
    };
    Some(format!(
        "{remedy}; then do the same again. What was said to be written is there, and nothing else was changed."
    ))
}

impl From<ParseError> for Failure {
    fn from(error: ParseError) -> Self {
        CeremonyError::from(error).into()
    }
}

impl From<CeremonyError> for Failure {
    fn from(error: CeremonyError) -> Self {
        let medium = of_the_medium(&error);
        let remedy = match (&error, &medium) {
            (CeremonyError::Journal(JournalError::Device(_)), Some(medium)) => {
                Some(format!("no signature left this program, so nothing is signed; {medium}"))
            }
            _ => error.remedy().or(medium),
        };
        let (code, what) = (error.code(), error.to_string());
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vault::SlotStoreError;

    fn failed(source: io::Error) -> DeviceError {
        DeviceError::File { action: "write", name: "journal".to_owned(), source }
    }

    #[test]
    fn whoever_finds_something_changed_is_told_to_stop() {
        let changed = Failure::new(INTEGRITY, "it was edited");
        assert!(changed.advice().unwrap().starts_with("stop here"));
        assert_eq!(changed.remedy("take a whole copy").advice(), Some("take a whole copy"));
        for code in [REFUSED, INPUT, DEVICE] {
            assert_eq!(Failure::new(code, "no").advice(), None);
            assert_eq!(Failure::new(code, "no").remedy("").advice(), None);
        }
        assert!(Failure::new(INTEGRITY, "no").remedy("").advice().is_some());
    }

    #[test]
    fn what_to_do_with_a_medium_is_said_by_how_it_failed() {
        for (source, said) in [
            (io::Error::from_raw_os_error(28), Some("make room")),
            (io::Error::from_raw_os_error(30), Some("open the lock")),
            (io::Error::from_raw_os_error(5), Some("plug the medium in again")),
            (io::Error::from_raw_os_error(19), Some("plug the medium in again")),
            (io::Error::new(io::ErrorKind::NotConnected, "pulled"), Some("plug it in again")),
            (io::Error::from_raw_os_error(13), None),
            (io::Error::from(io::ErrorKind::NotFound), None),
        ] {
            let kind = source.to_string();
            let remedy = Failure::from(failed(source)).remedy;
            assert_eq!(remedy.is_some(), said.is_some(), "{kind}");
            assert!(remedy.unwrap_or_default().starts_with(said.unwrap_or_default()), "{kind}");
        }
    }

    #[test]
    fn it_is_found_beneath_the_errors_of_ceremonies() {
        let full = || failed(io::Error::from_raw_os_error(28));
        let slot = Failure::from(CeremonyError::from(SlotStoreError::from(full())));
        assert!(slot.remedy.unwrap().starts_with("make room"));
        let journal = Failure::from(CeremonyError::from(JournalError::from(full()))).remedy.unwrap();
        assert!(journal.contains("nothing is signed; make room"), "{journal}");
        let wrong = Failure::from(CeremonyError::from(JournalError::Changed { name: "journal".to_owned() }));
        assert!(wrong.remedy.is_none());
    }
}
