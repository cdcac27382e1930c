//! Closing lines: what a recorded decision led to, signed by the statement key.
//!
//! Floor 3. Each signature covers all lines before it, and is verified before it is written.

use crate::{
    digest::Head,
    journal::{Hex, JournalError, Line, Pen, Recordable, Recorded},
    policy::Cleared,
    port::Store,
    quorum::{Matter, Proposed},
    secret::KeyError,
};

/// The statement key, as far as it is needed here: BIP340 over a digest, zero auxiliary randomness.
pub type Signer<'a> = &'a dyn Fn(&[u8; 32]) -> Result<[u8; 64], KeyError>;

/// Writes the `signed` line of a transaction: signatures leave only after it.
///
/// # Errors
/// The intent is not the last line any more; the key does not sign, or is another; as [`Pen::append`].
pub fn close_signed(
    recorded: &Recorded<Cleared>,
    key: Signer<'_>,
    pen: &mut Pen,
    store: &mut dyn Store,
) -> Result<Head, JournalError> {
    let transaction = recorded.transaction().cloned().ok_or(JournalError::OtherSession)?;
    still_last(recorded, pen)?;
    close(|signature| Line::Signed { transaction: transaction.clone(), signature }, key, pen, store)
}

/// Writes the `committed` line of the statement that is being written.
///
/// # Errors
/// No statement is being written for this instruction; the key does not sign, or is another; as [`Pen::append`].
pub fn close_committed<I>(
    recorded: &Recorded<Proposed<I>>,
    key: Signer<'_>,
    pen: &mut Pen,
    store: &mut dyn Store,
) -> Result<Head, JournalError> {
    let matter = recorded.approved().matter();
    let intent = pen.journal().open_intent();
    let ours = intent.is_some_and(|intent| intent.kind == matter.kind() && intent.subject == matter.subject());
    let writing = pen.journal().open_writing().filter(|_| ours).ok_or(JournalError::WentOn)?;
    close(|signature| Line::Committed { statement: writing.next.statement, signature }, key, pen, store)
}

/// Writes the `exported` line of an instruction whose result leaves the vault.
///
/// # Errors
/// As [`close_signed`].
pub fn close_exported<M: Recordable>(
    recorded: &Recorded<M>,
    key: Signer<'_>,
    pen: &mut Pen,
    store: &mut dyn Store,
) -> Result<Head, JournalError> {
    let (kind, subject) = (recorded.approved().matter().kind(), recorded.approved().matter().subject());
    still_last(recorded, pen)?;
    close(|signature| Line::Exported { kind, subject, signature }, key, pen, store)
}

fn still_last<M>(recorded: &Recorded<M>, pen: &Pen) -> Result<(), JournalError> {
    if pen.journal().head() == recorded.head() { Ok(()) } else { Err(JournalError::WentOn) }
}

/// Signs and appends the closing line that `line` makes of a signature; the pen verifies before it writes.
pub(super) fn close(
    line: impl Fn(Hex<64>) -> Line,
    key: Signer<'_>,
    pen: &mut Pen,
    store: &mut dyn Store,
) -> Result<Head, JournalError> {
    let digest = pen.journal().next_signing_digest(line(Hex([0; 64])))?;
    let signature = Hex(key(&digest)?);
    Ok(pen.append(store, vec![line(signature)])?.head)
}
