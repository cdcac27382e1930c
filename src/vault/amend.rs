//! Writing a new statement: `writing`, the other slot, read back and opened, `committed`; each step durable.
//!
//! Floor 3. The intent is recorded before, and the result was shown and confirmed; what a power cut leaves on the
//! way is judged by `folder` and settled here, at the next ceremony.

use crate::{
    journal::{JournalError, Line, Pen, Recorded, close_committed},
    limits,
    port::{DeviceError, Store},
    quorum::{Kind, Matter, Proposed},
    sys,
    vault::{
        Family,
        body::{Body, BodyError},
        choice::Outcome,
        folder::Vault,
        slot::{self, Slot, SlotError, SlotStoreError},
        statement::{Change, StatementError},
    },
};

/// Why a statement was not written. What counts then is what [`Vault::read`] says.
#[derive(Debug, thiserror::Error)]
pub enum AmendError {
    /// The change is not of the kind that was approved.
    #[error("what was approved is to {}, and the change is another", .0.words())]
    OtherKind(Kind),
    /// A slot is not what this session read.
    #[error("`{file}` is not what it was when this ceremony began: the medium was exchanged or changed")]
    Changed {
        /// Which.
        file: &'static str,
    },
    /// The last change was cut short and is not settled.
    #[error("the change before this one was cut short and is not settled")]
    Unsettled,
    /// The new statement.
    #[error(transparent)]
    Statement(#[from] StatementError),
    /// The new slot.
    #[error("the new slot is refused: {0}")]
    Slot(#[from] SlotError),
    /// The body.
    #[error(transparent)]
    Body(#[from] BodyError),
    /// The journal.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The slot's place.
    #[error(transparent)]
    Store(#[from] SlotStoreError),
    /// The store.
    #[error(transparent)]
    Device(#[from] DeviceError),
}

impl AmendError {
    /// Which exit code it leads to.
    #[must_use]
    pub const fn family(&self) -> Family {
        match self {
            Self::Statement(error) => error.family(),
            Self::Body(error) => error.family(),
            Self::Journal(error) if error.is_integrity() => Family::Integrity,
            Self::Journal(_) | Self::Store(_) | Self::Device(_) => Family::Device,
            Self::OtherKind(_) | Self::Changed { .. } | Self::Unsettled | Self::Slot(_) => Family::Integrity,
        }
    }
}

/// Writes the statement that follows from `change`, and returns the slot that counts from now on.
///
/// # Errors
/// [`AmendError`].
pub fn amend<I>(
    recorded: &Recorded<Proposed<I>>,
    change: Change,
    vault: &Vault,
    body: &Body,
    pen: &mut Pen,
    store: &mut dyn Store,
) -> Result<Slot, AmendError> {
    let kind = recorded.approved().matter().kind();
    let fits = match change {
        Change::Wallet(_) => kind == Kind::AddWallet,
        Change::Policy(_) => kind == Kind::Policy,
    };
    if !fits {
        return Err(AmendError::OtherKind(kind));
    }
    if recorded.approved().session().statement != vault.statement().digest() {
        return Err(AmendError::Body(BodyError::OtherStatement));
    }
    if pen.journal().open_writing().is_some() {
        return Err(AmendError::Unsettled);
    }
    if let Some(file) = vault.changed_slot(store)? {
        return Err(AmendError::Changed { file });
    }
    let next = vault.statement().successor(change, pen.journal().count(), pen.journal().head())?;
    let sequence = next.sequence;
    let sealed = body.seal(next.digest()?)?;
    let statement = next.sign(&sealed, body.statement_key())?;
    let (bytes, slot) = Slot::write(&statement, sealed)?;
    // Opened before anything is written: a slot that is whole counts, even where this program ends here.
    Body::open(body.quorum()?, slot.statement(), slot.body())?;
    let side = vault.side().other();
    let writing =
        Line::Writing { statement: statement.digest(), slot: side.into(), slot_hash: slot.digest(), sequence };
    pen.append(store, vec![writing])?;
    slot::store_slot(store, side, &bytes)?;
    Body::open(body.quorum()?, slot.statement(), slot.body())?;
    sys::burn_stack();
    close_committed(recorded, &|digest| body.statement_key().sign(digest), pen, store)?;
    Ok(slot)
}

/// What the next ceremony writes first, where a change was cut short: `finished` or `undone`. A slot that turned out
/// whole is made durable once more before that, since the cut may have come before its sync.
///
/// # Errors
/// The store's; then nothing is settled.
pub fn settle(vault: &Vault, store: &mut dyn Store) -> Result<Option<Line>, SlotStoreError> {
    let Some(writing) = vault.journal().open_writing() else { return Ok(None) };
    let statement = writing.next.statement;
    match vault.outcome() {
        Outcome::Settled => Ok(None),
        Outcome::Undone => Ok(Some(Line::Undone { statement })),
        Outcome::Finished => {
            let file = vault.side().slot_name();
            let Some(bytes) = store.read(file, limits::SLOT_BYTES)? else {
                return Err(SlotStoreError::NotStored { side: vault.side() });
            };
            slot::store_slot(store, vault.side(), &bytes)?;
            Ok(Some(Line::Finished { statement }))
        }
    }
}
