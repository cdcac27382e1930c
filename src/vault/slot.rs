//! A slot: one statement and the body that belongs to it, in one file.
//!
//! Floor 3. Two of them take turns (`slot.a`, `slot.b`); which one counts is the journal's to say.

use serde::{Deserialize, Serialize};

use crate::{
    canon::{self, CanonError},
    digest::{FileDigest, sha256},
    journal::SlotName,
    limits,
    port::{DeviceError, Privacy, Store},
    vault::statement::{Signed, Statement, StatementError},
};

/// The two slots of a vault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Side {
    /// `slot.a`
    A,
    /// `slot.b`
    B,
}

impl Side {
    /// Both.
    pub const BOTH: [Self; 2] = [Self::A, Self::B];

    /// The slot's file name.
    #[must_use]
    pub const fn slot_name(self) -> &'static str {
        match self {
            Self::A => "slot.a",
            Self::B => "slot.b",
        }
    }

    /// The other one.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::A => Self::B,
            Self::B => Self::A,
        }
    }
}

impl From<SlotName> for Side {
    fn from(name: SlotName) -> Self {
        match name {
            SlotName::A => Self::A,
            SlotName::B => Self::B,
        }
    }
}

impl From<Side> for SlotName {
    fn from(side: Side) -> Self {
        match side {
            Side::A => Self::A,
            Side::B => Self::B,
        }
    }
}

impl std::fmt::Display for Side {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.slot_name())
    }
}

/// A slot that was read and found whole.
pub struct Slot {
    statement: Statement,
    body: String,
    digest: FileDigest,
}

/// Why a slot is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SlotError {
    /// Not canonical JSON of a slot's form.
    #[error("it is {0}")]
    Form(#[from] CanonError),
    /// Its statement, or the body that the statement names.
    #[error(transparent)]
    Statement(#[from] StatementError),
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SlotText {
    body: String,
    statement: Signed,
}

impl Slot {
    /// Reads a slot file: its form, its statement, and that the body is the one that was signed.
    ///
    /// # Errors
    /// [`SlotError`].
    pub fn read(bytes: &[u8]) -> Result<Self, SlotError> {
        let SlotText { body, statement } = canon::read_document(bytes)?;
        let statement = Statement::check(statement)?;
        statement.check_body(&body)?;
        Ok(Self { statement, body, digest: FileDigest(sha256(bytes)) })
    }

    /// The file of `statement` and `body`, and the slot that it reads as.
    pub(super) fn write(statement: &Statement, body: String) -> Result<(Vec<u8>, Self), SlotError> {
        let text = SlotText { body, statement: statement.signed().clone() };
        let bytes = canon::document(&text)?.into_bytes();
        let slot = Self::read(&bytes)?;
        Ok((bytes, slot))
    }

    /// The statement.
    #[must_use]
    pub const fn statement(&self) -> &Statement {
        &self.statement
    }

    /// The sealed body, as armoured text.
    #[must_use]
    pub fn body(&self) -> &str {
        &self.body
    }

    /// SHA-256 of the file: how the journal names it.
    #[must_use]
    pub const fn digest(&self) -> FileDigest {
        self.digest
    }
}

/// Why a slot was not stored.
#[derive(Debug, thiserror::Error)]
pub enum SlotStoreError {
    /// What was read back is not what was written.
    #[error("`{side}` was not stored as it was written: the medium is bad, do not use it again")]
    NotStored {
        /// Which.
        side: Side,
    },
    /// The store's.
    #[error(transparent)]
    Device(#[from] DeviceError),
}

/// Writes a slot, makes it durable, and reads it back byte for byte.
pub(super) fn store_slot(store: &mut dyn Store, side: Side, bytes: &[u8]) -> Result<(), SlotStoreError> {
    let file = side.slot_name();
    store.write(file, bytes, Privacy::Public)?;
    store.sync(file)?;
    store.sync_names()?;
    if store.read(file, limits::SLOT_BYTES)?.as_deref() == Some(bytes) {
        Ok(())
    } else {
        Err(SlotStoreError::NotStored { side })
    }
}
