//! Reads a journal: numbering, chain, canonical form, order of the lines, signatures of closing lines.
//!
//! Floor 3. Pure; untrusted bytes. The chain alone cannot tell that whole lines were cut from the end: that
//! takes a head that somebody kept, or a slot that no line names.

mod ballots;
mod order;

use bitcoin::secp256k1::{Message, Secp256k1, VerifyOnly, XOnlyPublicKey, schnorr::Signature};

use crate::{
    canon::CanonError,
    digest::{FileDigest, Head, StatementDigest, Tagged, VaultId, XOnly},
    journal::{Entry, Line, SlotName, SpendingError},
    limits,
    quorum::Kind,
    text::Name,
};

pub use order::{InForce, OpenIntent, OpenWriting};

use order::Order;

/// A journal whose every line is in its place.
#[derive(Clone)]
pub struct Journal {
    identity: Identity,
    bytes: Vec<u8>,
    whole: usize,
    entries: Vec<Entry>,
    head: Head,
    signed_up_to: u64,
    order: Order,
}

/// Whose journal it is.
#[derive(Clone)]
struct Identity {
    vault: VaultId,
    statement_key: XOnly,
    secp: Secp256k1<VerifyOnly>,
}

/// The first bad line, and why. Exit code 4.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("journal, line {line}: {fault}")]
pub struct ChainError {
    /// From 1.
    pub line: u64,
    /// What is wrong with it.
    pub fault: ChainFault,
}

/// What is wrong with a line.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChainFault {
    /// More than [`limits::JOURNAL_BYTES`].
    #[error("the journal is larger than {} bytes", limits::JOURNAL_BYTES)]
    TooLarge,
    /// More than [`limits::JOURNAL_LINE_BYTES`].
    #[error("the line is longer than {} bytes", limits::JOURNAL_LINE_BYTES)]
    LineTooLong,
    /// Not a line that this program writes.
    #[error("{0}")]
    Form(#[from] CanonError),
    /// Another number than its place.
    #[error("the line says that it is line {found}: lines are missing, doubled or out of order")]
    Number {
        /// The number that it names.
        found: u64,
    },
    /// Another hash than that of the line before.
    #[error("the line follows another line than the one before it, which was edited or exchanged")]
    Previous,
    /// Line 1 follows another vault id.
    #[error("the journal belongs to another vault")]
    OtherVault,
    /// Line 1 names another network or statement key than the vault id does.
    #[error("the line names another network or statement key than this vault's")]
    OtherKey,
    /// The line cannot stand where it stands.
    #[error("{0}")]
    OutOfPlace(&'static str),
    /// Facts of a transaction that cannot be.
    #[error("{0}")]
    Spending(#[from] SpendingError),
    /// The signature of a closing line.
    #[error("the signature is not the statement key's over this line and all before it")]
    Signature,
    /// Somebody who is in no roster.
    #[error("`{0}` is no custodian of this vault: the line is forged")]
    Stranger(Name),
    /// A ballot that its custodian never signed.
    #[error("the ballot of `{0}` is not by that custodian over this instruction, statement and session: it is forged")]
    Ballot(Name),
    /// An intent that never had its quorum.
    #[error("{given} of {needed} approvals: no instruction is approved by so few, the line is forged")]
    TooFew {
        /// Ballots that the line names.
        given: usize,
        /// The roster's threshold.
        needed: usize,
    },
}

impl Journal {
    /// The journal of a new vault, without a line.
    #[must_use]
    pub fn empty(vault: VaultId, statement_key: XOnly) -> Self {
        let identity = Identity { vault, statement_key, secp: Secp256k1::verification_only() };
        Self {
            identity,
            bytes: Vec::new(),
            whole: 0,
            entries: Vec::new(),
            head: Head(vault.0),
            signed_up_to: 0,
            order: Order::default(),
        }
    }

    /// Reads a journal file. Bytes after the last LF are a torn append: see [`Journal::torn`].
    ///
    /// # Errors
    /// The first bad line and why.
    pub fn read(bytes: Vec<u8>, vault: VaultId, statement_key: XOnly) -> Result<Self, ChainError> {
        let mut journal = Self::empty(vault, statement_key);
        if bytes.len() > limits::JOURNAL_BYTES {
            return Err(ChainError { line: 1, fault: ChainFault::TooLarge });
        }
        for line in bytes.split_inclusive(|&byte| byte == b'\n') {
            let Some(line) = line.strip_suffix(b"\n") else { break };
            journal.take(line)?;
            journal.whole = journal.whole.saturating_add(line.len()).saturating_add(1);
        }
        // A torn append is never longer than a line.
        if bytes.len().saturating_sub(journal.whole) > limits::JOURNAL_LINE_BYTES {
            return Err(journal.error(ChainFault::LineTooLong));
        }
        journal.bytes = bytes;
        Ok(journal)
    }

    /// The journal with `lines` behind its last whole line; a torn tail is left away.
    ///
    /// # Errors
    /// The first line that cannot stand there.
    pub(super) fn extended(&self, lines: Vec<Line>) -> Result<Self, ChainError> {
        let mut next = self.clone();
        next.bytes.truncate(self.whole);
        for line in lines {
            let entry = Entry { number: next.next_number(), previous: next.head, line };
            let text = entry.encode().map_err(|fault| next.error(fault.into()))?;
            next.take(text.as_bytes())?;
            next.bytes.extend_from_slice(text.as_bytes());
            next.bytes.push(b'\n');
        }
        next.whole = next.bytes.len();
        if next.whole > limits::JOURNAL_BYTES {
            return Err(next.error(ChainFault::TooLarge));
        }
        Ok(next)
    }

    /// What a closing line with these fields would sign, were it the next.
    pub(super) fn next_signing_digest(&self, line: Line) -> Result<[u8; 32], ChainError> {
        let entry = Entry { number: self.next_number(), previous: self.head, line };
        entry.signing_digest(self.identity.vault).map_err(|fault| self.error(fault.into()))
    }

    /// The vault that it belongs to.
    #[must_use]
    pub const fn vault(&self) -> VaultId {
        self.identity.vault
    }

    /// The key that signs its closing lines.
    #[must_use]
    pub const fn statement_key(&self) -> XOnly {
        self.identity.statement_key
    }

    /// The file as it was read, a torn tail included.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Whole lines.
    #[must_use]
    pub fn count(&self) -> u64 {
        u64::try_from(self.entries.len()).unwrap_or(u64::MAX)
    }

    /// Hash of the last whole line, or the vault id.
    #[must_use]
    pub const fn head(&self) -> Head {
        self.head
    }

    /// The whole lines.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// Bytes after the last LF: an append that a power cut tore. They count for nothing.
    #[must_use]
    pub fn torn(&self) -> Option<usize> {
        self.bytes.len().checked_sub(self.whole).filter(|&bytes| bytes > 0)
    }

    /// Bytes of all whole lines.
    pub(super) const fn whole_bytes(&self) -> usize {
        self.whole
    }

    /// Number of the last closing line, whose signature covers all lines before it; 0 where there is none. Later
    /// lines are unproven.
    #[must_use]
    pub const fn signed_up_to(&self) -> u64 {
        self.signed_up_to
    }

    /// A new statement that was being written, and of which no line says what became of it.
    #[must_use]
    pub const fn open_writing(&self) -> Option<OpenWriting> {
        self.order.open_writing()
    }

    /// The instruction approved in the session that opened last, where no line says what became of it.
    /// [`Ledger::open_intents`](crate::journal::Ledger::open_intents) has all transactions.
    #[must_use]
    pub const fn open_intent(&self) -> Option<OpenIntent> {
        self.order.open_intent()
    }

    /// The statement and slot in force, by `created`, `committed` and `finished` lines. An open writing is not in
    /// force yet.
    #[must_use]
    pub const fn in_force(&self) -> Option<InForce> {
        self.order.in_force()
    }

    /// Whether any line ever named a slot file of this hash.
    #[must_use]
    pub fn names_slot(&self, slot: FileDigest) -> bool {
        self.entries.iter().any(|entry| match &entry.line {
            Line::Created { slot_hash, .. } | Line::Writing { slot_hash, .. } => *slot_hash == slot,
            Line::Opened { .. }
            | Line::Voted { .. }
            | Line::Intent { .. }
            | Line::Committed { .. }
            | Line::Finished { .. }
            | Line::Undone { .. }
            | Line::Signed { .. }
            | Line::Refused { .. }
            | Line::Exported { .. }
            | Line::Drilled { .. }
            | Line::Changed { .. }
            | Line::Failed { .. } => false,
        })
    }

    /// Whether the journal, at some time, had `count` lines and this head: then it goes on from a kept head.
    #[must_use]
    pub fn goes_on_from(&self, count: u64, head: Head) -> bool {
        let next = usize::try_from(count).ok().and_then(|index| self.entries.get(index));
        match next {
            Some(entry) => entry.previous == head,
            None => count == self.count() && head == self.head,
        }
    }

    const fn next_number(&self) -> u64 {
        // No journal has 2^64 lines: its bytes are bounded.
        (self.entries.len() as u64).wrapping_add(1)
    }

    const fn error(&self, fault: ChainFault) -> ChainError {
        ChainError { line: self.next_number(), fault }
    }

    /// Takes the next line, without its LF.
    fn take(&mut self, bytes: &[u8]) -> Result<(), ChainError> {
        let entry = self.judge(bytes).map_err(|fault| self.error(fault))?;
        self.order.follow(&entry).map_err(|fault| self.error(fault))?;
        if entry.line.signature().is_some() {
            self.signed_up_to = entry.number;
        }
        self.head = Entry::hash(bytes);
        self.entries.push(entry);
        Ok(())
    }

    fn judge(&self, bytes: &[u8]) -> Result<Entry, ChainFault> {
        if bytes.len() > limits::JOURNAL_LINE_BYTES {
            return Err(ChainFault::LineTooLong);
        }
        let entry = Entry::decode(bytes)?;
        if entry.number != self.next_number() {
            return Err(ChainFault::Number { found: entry.number });
        }
        if entry.previous != self.head {
            return Err(if entry.number == 1 { ChainFault::OtherVault } else { ChainFault::Previous });
        }
        self.identity.check(&entry)?;
        Ok(entry)
    }
}

impl Identity {
    /// What binds a line to this vault: the names in line 1, and the signature of a closing line.
    fn check(&self, entry: &Entry) -> Result<(), ChainFault> {
        if let Line::Created { network, statement_key, .. } = &entry.line {
            let vault = Tagged::new("strongroom/vault").bytes(statement_key.as_bytes()).u8(network.code()).finish();
            if VaultId(vault) != self.vault || *statement_key != self.statement_key {
                return Err(ChainFault::OtherKey);
            }
        }
        let Some(signature) = entry.line.signature() else { return Ok(()) };
        let digest = Message::from_digest(entry.signing_digest(self.vault)?);
        let signature = Signature::from_slice(signature).map_err(|_| ChainFault::Signature)?;
        let key = XOnlyPublicKey::from_slice(self.statement_key.as_bytes()).map_err(|_| ChainFault::Signature)?;
        self.secp.verify_schnorr(&signature, &digest, &key).map_err(|_| ChainFault::Signature)
    }
}

#[cfg(test)]
mod tests;
