//! From an approved decision to a recorded one: durable before a key is touched.
//!
//! Floor 3. [`Recorded`] is made here and nowhere else.

use crate::{
    digest::Head,
    journal::{JournalError, Line, Pen, Spending},
    policy::Cleared,
    port::Store,
    quorum::{Approved, Matter, Proposed},
    text::Name,
    wallet::Wallet,
};

/// Proof of [`record`]: the decision is durable before a key is touched.
#[must_use]
pub struct Recorded<M> {
    approved: Approved<M>,
    transaction: Option<Spending>,
    head: Head,
}

impl<M> Recorded<M> {
    /// What was approved, with its ballots and session.
    pub const fn approved(&self) -> &Approved<M> {
        &self.approved
    }

    /// The journal's head after the intent.
    #[must_use]
    pub const fn head(&self) -> Head {
        self.head
    }

    pub(super) const fn transaction(&self) -> Option<&Spending> {
        self.transaction.as_ref()
    }
}

/// A matter that the journal knows how to record.
pub trait Recordable: Matter {
    /// What it spends and pays, if it is a transaction. `wallets` are those of the statement, in its order.
    ///
    /// # Errors
    /// Facts that a cleared review cannot have.
    fn spending(&self, wallets: &[Wallet]) -> Result<Option<Spending>, JournalError>;
}

impl Recordable for Cleared {
    fn spending(&self, wallets: &[Wallet]) -> Result<Option<Spending>, JournalError> {
        let names: Vec<&Name> = wallets.iter().map(Wallet::name).collect();
        let parsed = self.reviewed().parsed();
        let locktime = parsed.transaction().lock_time.to_consensus_u32();
        Ok(Some(Spending::of(self.reviewed().facts(), parsed.txid(), locktime, &names)?))
    }
}

impl<I> Recordable for Proposed<I> {
    fn spending(&self, _: &[Wallet]) -> Result<Option<Spending>, JournalError> {
        Ok(None)
    }
}

/// Appends the session's lines (`held`, then one `voted` for each ballot) and the `intent` in one durable append.
/// `held` has what the session kept back: `finished` or `undone` if it must, its [`Line::opened`], refusals.
///
/// # Errors
/// The approval is not of this session and this state of the journal; the file is not byte-equal to what the
/// session read; the device's. Then nothing is approved any more.
pub fn record<M: Recordable>(
    approved: Approved<M>,
    wallets: &[Wallet],
    held: Vec<Line>,
    pen: &mut Pen,
    store: &mut dyn Store,
) -> Result<Recorded<M>, JournalError> {
    let session = approved.session();
    let journal = pen.journal();
    let as_read = session.journal_count == journal.count() && session.journal_head == journal.head();
    let opened = held.iter().filter(|line| matches!(line, Line::Opened { .. }));
    if !as_read || !opened.eq([&Line::opened(session)]) {
        return Err(JournalError::OtherSession);
    }
    let (kind, subject) = (approved.matter().kind(), approved.matter().subject());
    let transaction = approved.matter().spending(wallets)?;
    let mut lines = held;
    lines.extend(approved.ballots().iter().map(|ballot| Line::Voted { ballot: ballot.clone(), kind, subject }));
    let custodians = approved.ballots().iter().map(|ballot| ballot.custodian.clone()).collect();
    lines.push(Line::Intent { kind, subject, custodians, transaction: transaction.clone() });
    let head = pen.append(store, lines)?.head;
    Ok(Recorded { approved, transaction, head })
}

#[cfg(test)]
mod tests;
