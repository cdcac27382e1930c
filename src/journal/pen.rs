//! The pen: adds lines to the journal file so that they are durable, or fails and never writes again.
//!
//! Floor 3.

use crate::{
    digest::{Head, VaultId, XOnly},
    journal::{ChainError, Journal, Line, SpendingError},
    limits,
    port::{DeviceError, Privacy, Store},
    secret::KeyError,
};

/// Writes one journal.
pub struct Pen {
    name: String,
    journal: Journal,
    broken: bool,
}

/// What an append did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Appended {
    /// The journal's new head.
    pub head: Head,
    /// Bytes of a torn append that were cut off first; people are told.
    pub cut_bytes: Option<usize>,
}

/// Why the journal cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// The device's. Exit code 3.
    #[error(transparent)]
    Device(#[from] DeviceError),
    /// The journal is not whole, or a line cannot stand where it was to be added. Exit code 4.
    #[error(transparent)]
    Chain(#[from] ChainError),
    /// There is none; it is never made anew. Exit code 4.
    #[error("there is no file `{name}`: the vault is not whole, take a copy that has it")]
    Missing {
        /// The file.
        name: String,
    },
    /// A new vault has no journal yet. Exit code 4.
    #[error("there is a file `{name}` already; a vault is made in an empty folder")]
    Exists {
        /// The file.
        name: String,
    },
    /// The file is not the one that this session read. Exit code 4.
    #[error("`{name}` is not as this session read it: the stick was exchanged or the journal changed; start again")]
    Changed {
        /// The file.
        name: String,
    },
    /// The medium gives back other bytes than were written. Exit code 4.
    #[error("`{name}` does not hold what was written to it: do not use this stick again")]
    ReadBack {
        /// The file.
        name: String,
    },
    /// An append failed before; nobody knows what the file holds. Exit code 4.
    #[error("writing to `{name}` failed before; start again")]
    Broken {
        /// The file.
        name: String,
    },
    /// The approval belongs to another session, or to another state of the journal. Exit code 4.
    #[error("the approval belongs to another session or another state of the journal")]
    OtherSession,
    /// The intent is not the journal's last line any more. Exit code 4.
    #[error("the journal went on since the instruction was recorded")]
    WentOn,
    /// The review's facts cannot be recorded. Exit code 4: a cleared review has them all.
    #[error(transparent)]
    Spending(#[from] SpendingError),
    /// The statement key does not sign. Exit code 4.
    #[error(transparent)]
    Key(#[from] KeyError),
}

impl JournalError {
    /// Whether somebody or something damaged the vault or this program (exit code 4); otherwise a device failed
    /// (exit code 3).
    #[must_use]
    pub const fn is_integrity(&self) -> bool {
        match self {
            Self::Device(_) => false,
            Self::Chain(_)
            | Self::Missing { .. }
            | Self::Exists { .. }
            | Self::Changed { .. }
            | Self::ReadBack { .. }
            | Self::Broken { .. }
            | Self::OtherSession
            | Self::WentOn
            | Self::Spending(_)
            | Self::Key(_) => true,
        }
    }
}

impl Journal {
    /// Reads the journal from its file.
    ///
    /// # Errors
    /// No such file; the device's; the first bad line.
    pub fn load(store: &dyn Store, name: &str, vault: VaultId, statement_key: XOnly) -> Result<Self, JournalError> {
        let bytes = store.read(name, limits::JOURNAL_BYTES)?;
        let bytes = bytes.ok_or_else(|| JournalError::Missing { name: name.to_owned() })?;
        Ok(Self::read(bytes, vault, statement_key)?)
    }
}

impl Pen {
    /// A pen for the file `name`, which this session read as `journal`.
    #[must_use]
    pub fn open(journal: Journal, name: &str) -> Self {
        Self { name: name.to_owned(), journal, broken: false }
    }

    /// Makes the journal of a new vault with its first line, durably, name included.
    ///
    /// # Errors
    /// There is one already; `first` is not the `created` line of this vault; the device's; other bytes read back.
    pub fn create(
        store: &mut dyn Store,
        name: &str,
        vault: VaultId,
        statement_key: XOnly,
        first: Line,
    ) -> Result<Self, JournalError> {
        let pen = Self::open(Journal::empty(vault, statement_key).extended(vec![first])?, name);
        if store.read(name, limits::JOURNAL_BYTES)?.is_some() {
            return Err(JournalError::Exists { name: pen.name });
        }
        store.write(name, pen.journal.bytes(), Privacy::Public)?;
        store.sync(name)?;
        store.sync_names()?;
        if pen.is_as_read(store)? { Ok(pen) } else { Err(JournalError::ReadBack { name: pen.name }) }
    }

    /// The journal as it is now.
    #[must_use]
    pub const fn journal(&self) -> &Journal {
        &self.journal
    }

    /// Appends `lines` in one write, makes them durable and reads the file back. A torn tail is cut off first.
    ///
    /// # Errors
    /// The file is not as it was read; a line that cannot stand there; the device's; other bytes read back. After
    /// any error this pen writes no more.
    pub fn append(&mut self, store: &mut dyn Store, lines: Vec<Line>) -> Result<Appended, JournalError> {
        if self.broken {
            return Err(JournalError::Broken { name: self.name.clone() });
        }
        self.broken = true;
        let appended = self.try_append(store, lines)?;
        self.broken = false;
        Ok(appended)
    }

    fn try_append(&mut self, store: &mut dyn Store, lines: Vec<Line>) -> Result<Appended, JournalError> {
        let next = self.journal.extended(lines)?;
        if !self.is_as_read(store)? {
            return Err(JournalError::Changed { name: self.name.clone() });
        }
        let whole = self.journal.whole_bytes();
        let cut_bytes = self.journal.torn();
        if cut_bytes.is_some() {
            store.truncate(&self.name, u64::try_from(whole).unwrap_or(u64::MAX))?;
            store.sync(&self.name)?;
        }
        store.append(&self.name, next.bytes().get(whole..).unwrap_or_default())?;
        store.sync(&self.name)?;
        self.journal = next;
        if !self.is_as_read(store)? {
            return Err(JournalError::ReadBack { name: self.name.clone() });
        }
        Ok(Appended { head: self.journal.head(), cut_bytes })
    }

    fn is_as_read(&self, store: &dyn Store) -> Result<bool, DeviceError> {
        let bytes = store.read(&self.name, limits::JOURNAL_BYTES)?;
        Ok(bytes.is_some_and(|bytes| bytes == self.journal.bytes()))
    }
}

#[cfg(test)]
mod tests;
