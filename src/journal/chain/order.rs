//! The order of the lines: which may follow which, and what they leave in force and open.
//!
//! Floor 3. Pure.

use super::{ChainFault, Entry, FileDigest, Kind, Line, Name, SlotName, StatementDigest};
use crate::{
    digest::Subject,
    journal::{Spending, field::unhex},
};

/// The statement that counts, and where it lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InForce {
    /// Its `S`.
    pub statement: StatementDigest,
    /// The slot that holds it.
    pub slot: SlotName,
    /// SHA-256 of that file.
    pub slot_hash: FileDigest,
}

/// A `writing` line without an end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OpenWriting {
    /// Its line number.
    pub line: u64,
    /// What will be in force if the slot is whole.
    pub next: InForce,
    /// The new statement's sequence number.
    pub sequence: u64,
}

/// An `intent` line without an end, of the session that opened last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OpenIntent {
    /// Its line number.
    pub line: u64,
    /// The kind of instruction.
    pub kind: Kind,
    /// What was approved.
    pub subject: Subject,
}

/// Where the lines so far have led.
#[derive(Debug, Clone, Default)]
pub(super) struct Order {
    in_force: Option<InForce>,
    writing: Option<OpenWriting>,
    intent: Option<OpenIntent>,
    transaction: Option<Spending>,
    opened: bool,
    votes: Vec<(Name, Kind, Subject)>,
}

impl Order {
    pub(super) const fn in_force(&self) -> Option<InForce> {
        self.in_force
    }

    pub(super) const fn open_writing(&self) -> Option<OpenWriting> {
        self.writing
    }

    pub(super) const fn open_intent(&self) -> Option<OpenIntent> {
        self.intent
    }

    /// Takes the next line.
    pub(super) fn follow(&mut self, entry: &Entry) -> Result<(), ChainFault> {
        let first = matches!(entry.line, Line::Created { .. });
        demand(first == (entry.number == 1), "the line `created` is the first one, and only that")?;
        match &entry.line {
            Line::Created { statement, slot_hash, .. } => {
                self.in_force = Some(InForce { statement: *statement, slot: SlotName::A, slot_hash: *slot_hash });
            }
            Line::Opened { statement, .. } => self.open(*statement)?,
            Line::Voted { ballot, kind, subject } => {
                demand(self.opened, "a vote without a session")?;
                let whole = unhex(&ballot.signature).is_some_and(|bytes| bytes.len() == 64);
                demand(whole, "the vote's signature is not 64 bytes in hex")?;
                self.votes.push((ballot.custodian.clone(), *kind, *subject));
            }
            Line::Intent { kind, subject, custodians, transaction } => {
                self.intend(custodians, *kind, *subject, transaction.as_ref())?;
                self.intent = Some(OpenIntent { line: entry.number, kind: *kind, subject: *subject });
                self.transaction.clone_from(transaction);
            }
            Line::Writing { statement, slot, slot_hash, sequence } => {
                demand(self.writing.is_none(), "a statement is written while one is being written")?;
                let approved = self.intent.is_some_and(|intent| intent.kind != Kind::Sign);
                demand(approved, "a statement is written without an approved instruction")?;
                let elsewhere = self.in_force.is_some_and(|now| now.slot != *slot);
                demand(elsewhere, "a statement is written over the one in force")?;
                let next = InForce { statement: *statement, slot: *slot, slot_hash: *slot_hash };
                self.writing = Some(OpenWriting { line: entry.number, next, sequence: *sequence });
            }
            Line::Committed { statement, .. } => {
                demand(self.intent.is_some(), "a statement is committed in another session than it was written in")?;
                self.in_force = Some(self.end_writing(*statement)?.next);
            }
            Line::Finished { statement } => {
                self.in_force = Some(self.end_writing(*statement)?.next);
            }
            Line::Undone { statement } => {
                self.end_writing(*statement)?;
            }
            Line::Signed { transaction, .. } => {
                let same = self.transaction.as_ref() == Some(transaction);
                demand(self.intent.is_some() && same, "a transaction is signed that is not the one approved before")?;
                self.close();
            }
            Line::Exported { kind, subject, .. } => {
                let same = self.intent.is_some_and(|intent| intent.kind == *kind && intent.subject == *subject);
                demand(same && *kind != Kind::Sign, "something is exported that was not approved before")?;
                self.close();
            }
            Line::Failed { .. } => {
                demand(self.writing.is_none(), "an instruction fails while its statement is being written")?;
                self.close();
            }
            Line::Refused { .. } | Line::Drilled { .. } | Line::Changed { .. } => (),
        }
        Ok(())
    }

    fn open(&mut self, statement: StatementDigest) -> Result<(), ChainFault> {
        let known = [self.in_force, self.writing.map(|writing| writing.next)];
        let known = known.into_iter().flatten().any(|state| state.statement == statement);
        demand(known, "a session is opened under a statement that is not in force")?;
        // What an earlier session left open cannot be closed by a later one.
        self.close();
        self.opened = true;
        Ok(())
    }

    fn intend(
        &self,
        custodians: &[Name],
        kind: Kind,
        subject: Subject,
        transaction: Option<&Spending>,
    ) -> Result<(), ChainFault> {
        let voted =
            |name: &&Name| self.votes.iter().any(|vote| vote.0 == **name && vote.1 == kind && vote.2 == subject);
        let all = !custodians.is_empty() && custodians.iter().all(|name| voted(&name));
        demand(self.opened && all, "an instruction is approved without the votes for it")?;
        let mut names: Vec<_> = custodians.iter().collect();
        names.sort();
        names.dedup();
        demand(names.len() == custodians.len(), "a custodian counts twice")?;
        demand(self.writing.is_none(), "an instruction is approved while a statement is being written")?;
        demand((kind == Kind::Sign) == transaction.is_some(), "a transaction belongs to instructions to sign only")?;
        Ok(transaction.map_or(Ok(()), Spending::check)?)
    }

    fn end_writing(&mut self, statement: StatementDigest) -> Result<OpenWriting, ChainFault> {
        let writing = self.writing.take().filter(|writing| writing.next.statement == statement);
        self.close();
        writing.ok_or(ChainFault::OutOfPlace("a statement is settled that was not being written"))
    }

    fn close(&mut self) {
        self.intent = None;
        self.transaction = None;
        self.opened = false;
        self.votes.clear();
    }
}

fn demand(holds: bool, otherwise: &'static str) -> Result<(), ChainFault> {
    if holds { Ok(()) } else { Err(ChainFault::OutOfPlace(otherwise)) }
}
