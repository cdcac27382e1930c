//! A vault's folder, read once: the slot that counts, the journal, and the shares that lie there.
//!
//! Floor 3. Nothing is written here. What a power cut left is judged and said; the next ceremony writes it down.

use std::collections::BTreeMap;

use crate::{
    digest::StatementDigest,
    journal::{ChainError, Journal, Line},
    limits,
    port::{DeviceError, Store},
    text::Name,
    vault::{
        Family,
        choice::{self, ChoiceError, Named, Outcome, Seen},
        shelf::{self, OnShelf, Shelf, ShelfError},
        slot::{Side, Slot, SlotError},
        spare::{Strange, strange},
        statement::{FIRST, Statement},
    },
};

/// The journal's file name.
pub const JOURNAL: &str = "journal";

/// Whether a file of this name, in whatever folder, makes that a vault's: a slot, or the journal.
#[must_use]
pub fn is_of_a_vault(name: &str) -> bool {
    name == JOURNAL || Side::BOTH.iter().any(|side| side.slot_name() == name)
}

/// Why a folder is no vault that can be used.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// Neither slot nor journal.
    #[error("no vault here: there is neither a slot nor a journal")]
    NoVault,
    /// A slot without a journal.
    #[error(
        "there is no journal: it was removed, or creation was cut short before the vault existed (then remove the folder and create anew)"
    )]
    NoJournal,
    /// The journal.
    #[error(transparent)]
    Journal(#[from] ChainError),
    /// No slot that counts, and why each of them does not.
    #[error("{error}{}", damaged(.slots))]
    Choice {
        /// What is wrong.
        error: ChoiceError,
        /// Slots that are not whole.
        slots: Vec<(Side, SlotError)>,
    },
    /// The statement was sealed over another journal.
    #[error("`{side}` was sealed when the journal had {count} lines, and this journal is another one up to there")]
    OtherJournal {
        /// The slot that counts.
        side: Side,
        /// Its count.
        count: u64,
    },
    /// The statement is not the one after the one before it, by the journal.
    #[error("the statement in `{side}` is not the one that follows in the journal: an older slot was put back")]
    OutOfTurn {
        /// The slot that counts.
        side: Side,
    },
    /// The line that names the slot is not the one that was written with it.
    #[error(
        "`{side}` is named by line {line} of the journal, which is not the line that it was written with: somebody put an older statement back"
    )]
    OtherLine {
        /// The slot that would count.
        side: Side,
        /// The line.
        line: u64,
    },
    /// A slot that does not count lies there whole, and the journal says that it is not.
    #[error(
        "`{side}` is a whole statement, and the journal says that it was not written to its end: somebody edited the journal"
    )]
    NeverUndone {
        /// The slot that does not count.
        side: Side,
    },
    /// A slot that does not count is another one than was written there.
    #[error(
        "`{side}`, which does not count now, is not the statement that was written there last: somebody put an older one back"
    )]
    OtherSpare {
        /// The slot that does not count.
        side: Side,
    },
    /// The medium was exchanged or changed while a ceremony ran.
    #[error("`{file}` is not what it was when this ceremony began: the medium was exchanged or changed")]
    Changed {
        /// Which file.
        file: String,
    },
    /// The store.
    #[error(transparent)]
    Device(#[from] DeviceError),
}

fn damaged(slots: &[(Side, SlotError)]) -> String {
    slots.iter().map(|(side, error)| format!("; `{side}`: {error}")).collect()
}

impl VaultError {
    /// Which exit code it leads to.
    #[must_use]
    pub fn family(&self) -> Family {
        match self {
            Self::NoVault => Family::Input,
            Self::Device(error) => Family::of_store(error),
            Self::NoJournal
            | Self::Journal(_)
            | Self::Choice { .. }
            | Self::OtherJournal { .. }
            | Self::OutOfTurn { .. }
            | Self::OtherLine { .. }
            | Self::NeverUndone { .. }
            | Self::OtherSpare { .. }
            | Self::Changed { .. } => Family::Integrity,
        }
    }
}

/// What is said beside a vault that opens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Notice {
    /// A statement was being written when the power went; it is whole and counts.
    Finished {
        /// Its slot.
        side: Side,
    },
    /// A statement was being written when the power went; it is not whole and does not count.
    Undone,
    /// The journal ends in the middle of a line, which is ignored.
    TornTail {
        /// Bytes of it.
        bytes: usize,
    },
    /// The slot that does not count is damaged, or missing though there was one.
    SpareSlot {
        /// Which.
        side: Side,
        /// Why; `None` where it is missing.
        error: Option<SlotError>,
        /// Whether a change that was cut short left it so.
        torn: bool,
    },
}

impl std::fmt::Display for Notice {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Finished { side } => write!(
                f,
                "a change was cut short after `{side}` was written: the change counts, the next ceremony writes that down"
            ),
            Self::Undone => f.write_str(
                "a change was cut short before it was written: the vault is as before, the next ceremony writes that down",
            ),
            Self::TornTail { bytes } => write!(
                f,
                "the journal ends in {bytes} bytes of a line that was cut short: they are ignored, the next ceremony cuts them"
            ),
            Self::SpareSlot { side, error, torn } => {
                let left = if *torn { " (a change that was cut short left it so)" } else { "" };
                match error {
                    Some(error) => write!(f, "`{side}`, which does not count now, is not whole{left}: {error}"),
                    None => write!(f, "`{side}`, which does not count now, is missing{left}"),
                }
            }
        }
    }
}

/// A vault as it was read: one slot that counts, its journal, and the shares in its folder.
pub struct Vault {
    slot: Slot,
    side: Side,
    outcome: Outcome,
    journal: Journal,
    notices: Vec<Notice>,
    files: BTreeMap<&'static str, Option<Vec<u8>>>,
    shares: BTreeMap<String, OnShelf>,
}

impl Vault {
    /// Reads the folder once, chooses the slot, and judges the journal's ballots by its roster.
    ///
    /// # Errors
    /// [`VaultError`].
    pub fn read(store: &dyn Store) -> Result<Self, VaultError> {
        let files = raw(store)?;
        let bytes = |name| files.get(name).and_then(Option::as_deref);
        let slots = Side::BOTH.map(|side| (side, bytes(side.slot_name()).map(Slot::read)));
        let Some(journal) = bytes(JOURNAL) else {
            let nothing = slots.iter().all(|(_, slot)| slot.is_none());
            return Err(if nothing { VaultError::NoVault } else { VaultError::NoJournal });
        };
        let Some(journal) = journal_of(journal, &slots)? else {
            let slots = broken(slots);
            let error = ChoiceError::Lost { damaged: !slots.is_empty() };
            return Err(VaultError::Choice { error, slots });
        };
        let names = |slot| journal.names_slot(slot);
        let [a, b] = [&slots[0].1, &slots[1].1].map(seen);
        let (side, outcome) = match choice::choose(&Named::of(&journal, &names), a, b) {
            Ok(chosen) => chosen,
            Err(error) => return Err(VaultError::Choice { error, slots: broken(slots) }),
        };
        let mut notices = Vec::new();
        match outcome {
            Outcome::Settled => (),
            Outcome::Finished => notices.push(Notice::Finished { side }),
            Outcome::Undone => notices.push(Notice::Undone),
        }
        if let Some(bytes) = journal.torn() {
            notices.push(Notice::TornTail { bytes });
        }
        let other =
            slots.iter().find_map(|(found, slot)| if *found == side { None } else { slot.as_ref()?.as_ref().ok() });
        match other.and_then(|slot| strange(&journal, side.other(), slot.digest())) {
            Some(Strange::Whole) => return Err(VaultError::NeverUndone { side: side.other() }),
            Some(Strange::Other) => return Err(VaultError::OtherSpare { side: side.other() }),
            None => {}
        }
        let torn = outcome == Outcome::Undone || left_torn(&journal);
        let mut chosen = None;
        let mut spare = None;
        for (found, slot) in slots {
            match slot {
                Some(Ok(slot)) if found == side => chosen = Some(slot),
                Some(Err(error)) => spare = Some(Some(error)),
                None => spare = Some(None),
                Some(Ok(_)) => (),
            }
        }
        let lost = || VaultError::Choice { error: ChoiceError::Lost { damaged: false }, slots: Vec::new() };
        let slot = chosen.ok_or_else(lost)?;
        let core = slot.statement().core();
        journal.check_ballots(&core.roster)?;
        // A vault that was never changed has one slot.
        if let Some(error) = spare.filter(|error| error.is_some() || core.sequence > u64::from(FIRST)) {
            notices.push(Notice::SpareSlot { side: side.other(), error, torn });
        }
        if !journal.goes_on_from(core.journal_count, core.journal_head) {
            return Err(VaultError::OtherJournal { side, count: core.journal_count });
        }
        if !follows(&journal, outcome, slot.statement()) {
            return Err(VaultError::OutOfTurn { side });
        }
        if let Some(line) = other_line(&journal, &slot) {
            return Err(VaultError::OtherLine { side, line });
        }
        let shares = shares(store, slot.statement())?;
        Ok(Self { slot, side, outcome, journal, notices, files, shares })
    }

    /// Reads the slots and the journal again: they must be, byte for byte, what was read before.
    ///
    /// # Errors
    /// [`VaultError::Changed`].
    pub fn unchanged(&self, store: &dyn Store) -> Result<(), VaultError> {
        let again = raw(store)?;
        let changed = self.files.iter().find(|(name, bytes)| again.get(*name) != Some(*bytes));
        match changed {
            None => Ok(()),
            Some((name, _)) => Err(VaultError::Changed { file: (*name).to_owned() }),
        }
    }

    /// The name of a slot that is not, byte for byte, what was read before.
    pub(super) fn changed_slot(&self, store: &dyn Store) -> Result<Option<&'static str>, DeviceError> {
        for file in Side::BOTH.map(Side::slot_name) {
            if self.files.get(file) != Some(&store.read(file, limits::SLOT_BYTES)?) {
                return Ok(Some(file));
            }
        }
        Ok(None)
    }

    /// The statement in force.
    #[must_use]
    pub const fn statement(&self) -> &Statement {
        self.slot.statement()
    }

    /// The slot that counts.
    #[must_use]
    pub const fn slot(&self) -> &Slot {
        &self.slot
    }

    /// Its side.
    #[must_use]
    pub const fn side(&self) -> Side {
        self.side
    }

    /// What became of a statement that was being written.
    #[must_use]
    pub const fn outcome(&self) -> Outcome {
        self.outcome
    }

    /// The journal.
    #[must_use]
    pub const fn journal(&self) -> &Journal {
        &self.journal
    }

    /// What is to be said beside.
    #[must_use]
    pub fn notices(&self) -> &[Notice] {
        &self.notices
    }

    /// The share of `custodian` in the vault's folder.
    ///
    /// # Errors
    /// [`ShelfError::Missing`] where shares are not embedded; others as [`Shelf::look`].
    pub fn share(&self, custodian: &Name) -> Result<Shelf, ShelfError> {
        let stem = shelf::stem(None, custodian, self.statement().epoch());
        let read = |file: &str| Ok(self.shares.get(file).cloned());
        Shelf::of(read, &stem, custodian, self.statement())
    }
}

/// The number of the last line that names `slot`, where it is not the one that the slot was written with. `writing`
/// and what settles it are not signed: whoever holds the stick can write lines that name an older slot, but the
/// statement in it is signed over the journal as it was just before its own line.
fn other_line(journal: &Journal, slot: &Slot) -> Option<u64> {
    let core = slot.statement().core();
    let digest = slot.statement().digest();
    let written = journal.entries().iter().rev().find_map(|entry| {
        let number = entry.number;
        if let Line::Created { statement, slot_hash, .. } = &entry.line {
            let fits = *statement == digest && core.sequence == u64::from(FIRST);
            (*slot_hash == slot.digest()).then_some((number, fits))
        } else if let Line::Writing { statement, slot_hash, sequence, .. } = &entry.line {
            let before = number.checked_sub(1) == Some(core.journal_count) && entry.previous == core.journal_head;
            let fits = before && *statement == digest && *sequence == core.sequence;
            (*slot_hash == slot.digest()).then_some((number, fits))
        } else {
            None
        }
    });
    written.and_then(|(number, fits)| if fits { None } else { Some(number) })
}

/// Slots and journal as they lie there.
fn raw(store: &dyn Store) -> Result<BTreeMap<&'static str, Option<Vec<u8>>>, DeviceError> {
    let mut files = BTreeMap::new();
    for side in Side::BOTH {
        files.insert(side.slot_name(), store.read(side.slot_name(), limits::SLOT_BYTES)?);
    }
    files.insert(JOURNAL, store.read(JOURNAL, limits::JOURNAL_BYTES)?);
    Ok(files)
}

/// The share files of this statement's custodians.
fn shares(store: &dyn Store, statement: &Statement) -> Result<BTreeMap<String, OnShelf>, DeviceError> {
    let mut shares = BTreeMap::new();
    for custodian in statement.roster().custodians() {
        let stem = shelf::stem(None, &custodian.name, statement.epoch());
        for file in Side::BOTH.map(|side| shelf::file_name(&stem, side)) {
            if let Some(share) = OnShelf::read(store, &file)? {
                shares.insert(file, share);
            }
        }
    }
    Ok(shares)
}

fn seen(slot: &Option<Result<Slot, SlotError>>) -> Seen {
    match slot {
        None => Seen::Missing,
        Some(Err(_)) => Seen::Damaged,
        Some(Ok(slot)) => Seen::Whole { slot: slot.digest(), vault: slot.statement().vault_id() },
    }
}

fn broken(slots: [(Side, Option<Result<Slot, SlotError>>); 2]) -> Vec<(Side, SlotError)> {
    slots.into_iter().filter_map(|(side, slot)| Some((side, slot?.err()?))).collect()
}

/// Whether `statement` is the one after the statements that counted before, by the journal's lines. Lines other
/// than closing ones are not signed, so anyone could name an old slot in a new line; its place gives it away.
fn follows(journal: &Journal, outcome: Outcome, statement: &Statement) -> bool {
    let counted = journal.entries().iter().filter_map(|entry| match &entry.line {
        Line::Created { statement, .. } | Line::Committed { statement, .. } | Line::Finished { statement } => {
            Some(*statement)
        }
        Line::Opened { .. }
        | Line::Voted { .. }
        | Line::Intent { .. }
        | Line::Writing { .. }
        | Line::Undone { .. }
        | Line::Signed { .. }
        | Line::Refused { .. }
        | Line::Exported { .. }
        | Line::Drilled { .. }
        | Line::Changed { .. }
        | Line::Failed { .. } => None,
    });
    let open = journal.open_writing().filter(|_| outcome == Outcome::Finished);
    let mut history: Vec<StatementDigest> = counted.collect();
    history.extend(open.map(|writing| writing.next.statement));
    let place = u64::try_from(history.len()).unwrap_or(u64::MAX);
    let last = history.pop();
    let before = history.pop().unwrap_or(StatementDigest([0; 32]));
    let core = statement.core();
    last == Some(statement.digest()) && core.sequence == place && core.previous == before
}

/// Whether the last change was undone, so that its slot may be torn.
fn left_torn(journal: &Journal) -> bool {
    let last = journal
        .entries()
        .iter()
        .rev()
        .find(|entry| matches!(entry.line, Line::Undone { .. } | Line::Committed { .. } | Line::Finished { .. }));
    last.is_some_and(|entry| matches!(entry.line, Line::Undone { .. }))
}

/// The journal, read as that of a vault that one of the whole slots names; `None` where no slot is whole.
fn journal_of(bytes: &[u8], slots: &[(Side, Option<Result<Slot, SlotError>>)]) -> Result<Option<Journal>, ChainError> {
    let mut refused = None;
    for slot in slots.iter().filter_map(|(_, slot)| slot.as_ref()?.as_ref().ok()) {
        let core = slot.statement().core();
        match Journal::read(bytes.to_vec(), core.vault_id, core.statement_key) {
            Ok(journal) => return Ok(Some(journal)),
            Err(error) => refused = refused.or(Some(error)),
        }
    }
    refused.map_or(Ok(None), Err)
}
