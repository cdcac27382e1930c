//! Which slot counts: the journal chooses by the slot's hash, never by what the slots say of themselves.
//!
//! Floor 3. Pure: it gets what the journal names and what the slots are, and returns a side.

use crate::{
    digest::{FileDigest, VaultId},
    journal::{InForce, Journal},
    vault::{slot::Side, statement::vault_words},
};

/// What the journal says about slots.
pub(super) struct Named<'a> {
    /// The slot in force.
    pub(super) in_force: Option<InForce>,
    /// The one that was being written, where no line says what became of it.
    pub(super) open: Option<InForce>,
    /// Whether any line ever named a slot of this hash.
    pub(super) names: &'a dyn Fn(FileDigest) -> bool,
}

impl<'a> Named<'a> {
    /// What `journal` says; `names` is its [`Journal::names_slot`].
    pub(super) fn of(journal: &Journal, names: &'a dyn Fn(FileDigest) -> bool) -> Self {
        Self { in_force: journal.in_force(), open: journal.open_writing().map(|writing| writing.next), names }
    }
}

/// A slot as it lies there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Seen {
    /// No such file.
    Missing,
    /// Not whole.
    Damaged,
    /// Whole.
    Whole {
        /// SHA-256 of the file.
        slot: FileDigest,
        /// The vault that its statement names.
        vault: VaultId,
    },
}

/// What became of a statement that was being written when the power went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Nothing was being written.
    Settled,
    /// The new slot is whole: it counts.
    Finished,
    /// The new slot is not whole: the statement before counts.
    Undone,
}

/// Why no slot counts.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChoiceError {
    /// The journal names no slot at all.
    #[error("the journal names no slot: it was cut, or creation was not finished")]
    NothingNamed,
    /// The slot that counts is not there.
    #[error("the slot that the journal names is {}: the vault was damaged or exchanged", if *.damaged { "damaged" } else { "missing" })]
    Lost {
        /// Whether a damaged file lies there.
        damaged: bool,
    },
    /// A whole slot that no line names.
    #[error(
        "`{side}` is a validly signed statement of this vault that no line of the journal names: the journal was cut, or files of different times were mixed"
    )]
    Unnamed {
        /// Which.
        side: Side,
    },
    /// The slot lies under the other one's name.
    #[error("the slots lie under each other's names: somebody renamed them")]
    Swapped,
    /// A slot of another vault.
    #[error("`{side}` belongs to another vault, whose words are `{}`", vault_words(.vault))]
    OtherVault {
        /// Which.
        side: Side,
        /// The vault that it names.
        vault: VaultId,
    },
}

/// The side that counts, and what became of an open writing.
pub(super) fn choose(named: &Named<'_>, a: Seen, b: Seen) -> Result<(Side, Outcome), ChoiceError> {
    let slots = [(Side::A, a), (Side::B, b)];
    let find = |wanted: InForce| {
        let same = slots.into_iter().filter_map(|(side, seen)| match seen {
            Seen::Whole { slot, vault } if slot == wanted.slot_hash => {
                Some((side, vault, side == Side::from(wanted.slot)))
            }
            Seen::Whole { .. } | Seen::Damaged | Seen::Missing => None,
        });
        // A copy of it under the other name takes nothing from it.
        same.max_by_key(|(_, _, in_its_place)| *in_its_place)
    };
    let in_force = named.in_force.ok_or(ChoiceError::NothingNamed)?;
    let (outcome, found) = match named.open {
        None => (Outcome::Settled, find(in_force)),
        Some(open) => match find(open) {
            Some(found) => (Outcome::Finished, Some(found)),
            None => (Outcome::Undone, find(in_force)),
        },
    };
    let unnamed = slots.into_iter().find_map(|(side, seen)| match seen {
        Seen::Whole { slot, vault } if !(named.names)(slot) => Some((side, vault)),
        Seen::Whole { .. } | Seen::Damaged | Seen::Missing => None,
    });
    match (found, unnamed) {
        (Some((_, vault, _)), Some((side, other))) if vault != other => {
            Err(ChoiceError::OtherVault { side, vault: other })
        }
        (_, Some((side, _))) => Err(ChoiceError::Unnamed { side }),
        (Some((side, _, true)), None) => Ok((side, outcome)),
        (Some((_, _, false)), None) => Err(ChoiceError::Swapped),
        (None, None) => Err(ChoiceError::Lost { damaged: slots.iter().any(|(_, seen)| *seen == Seen::Damaged) }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{digest::StatementDigest, journal::SlotName};

    const OURS: VaultId = VaultId([1; 32]);
    const OTHER: VaultId = VaultId([2; 32]);
    const ONE: FileDigest = FileDigest([1; 32]);
    const TWO: FileDigest = FileDigest([2; 32]);
    const THREE: FileDigest = FileDigest([3; 32]);

    fn whole(slot: FileDigest) -> Seen {
        Seen::Whole { slot, vault: OURS }
    }

    fn at(slot: SlotName, slot_hash: FileDigest) -> InForce {
        InForce { statement: StatementDigest([9; 32]), slot, slot_hash }
    }

    /// The journal's state after these lines; a writing goes to the slot that is not in force.
    #[track_caller]
    fn case(lines: &str, a: Seen, b: Seen, expected: Result<(Side, Outcome), ChoiceError>) {
        let mut in_force: Option<InForce> = None;
        let mut open = None;
        let mut all = Vec::new();
        let mut write = |in_force: Option<InForce>, hash| {
            all.push(hash);
            Some(at(if in_force.is_some_and(|now| now.slot == SlotName::A) { SlotName::B } else { SlotName::A }, hash))
        };
        for line in lines.split(' ') {
            match line {
                "created1" => in_force = write(None, ONE),
                "writing2" => open = write(in_force, TWO),
                "writing3" => open = write(in_force, THREE),
                "committed" | "finished" => in_force = open.take(),
                "undone" => open = None,
                "" => (),
                other => panic!("{other}"),
            }
        }
        let named = Named { in_force, open, names: &|hash| all.contains(&hash) };
        assert_eq!(choose(&named, a, b), expected, "{lines}");
    }

    #[test]
    fn the_journal_chooses() {
        use Outcome::{Finished, Settled, Undone};
        use Seen::{Damaged, Missing};
        case("created1", whole(ONE), Missing, Ok((Side::A, Settled)));
        case("created1 writing2", whole(ONE), whole(TWO), Ok((Side::B, Finished)));
        case("created1 writing2", whole(ONE), Missing, Ok((Side::A, Undone)));
        case("created1 writing2", whole(ONE), Damaged, Ok((Side::A, Undone)));
        case("created1 writing2 undone", whole(ONE), Damaged, Ok((Side::A, Settled)));
        case("created1 writing2 committed", whole(ONE), whole(TWO), Ok((Side::B, Settled)));
        case("created1 writing2 finished", Damaged, whole(TWO), Ok((Side::B, Settled)));
        case("created1 writing2 committed writing3", whole(ONE), whole(TWO), Ok((Side::B, Undone)));
        case("created1 writing2 committed writing3", whole(THREE), whole(TWO), Ok((Side::A, Finished)));
        case("created1 writing2 undone writing3 committed", whole(ONE), whole(THREE), Ok((Side::B, Settled)));
    }

    #[test]
    fn a_slot_that_no_line_names_means_a_cut_journal() {
        case("created1", whole(ONE), whole(TWO), Err(ChoiceError::Unnamed { side: Side::B }));
        case("created1", whole(THREE), Seen::Missing, Err(ChoiceError::Unnamed { side: Side::A }));
        case("", whole(ONE), Seen::Missing, Err(ChoiceError::NothingNamed));
    }

    #[test]
    fn a_lost_slot_is_never_replaced_by_an_older_one() {
        let lost = |damaged| Err(ChoiceError::Lost { damaged });
        case("created1 writing2 committed", whole(ONE), Seen::Missing, lost(false));
        case("created1 writing2 committed", whole(ONE), Seen::Damaged, lost(true));
        case("created1", Seen::Damaged, Seen::Missing, lost(true));
        case("created1 writing2", Seen::Damaged, Seen::Damaged, lost(true));
    }

    #[test]
    fn a_copy_under_the_other_name_takes_nothing_from_a_slot_in_its_place() {
        case("created1", whole(ONE), whole(ONE), Ok((Side::A, Outcome::Settled)));
        case("created1 writing2 committed", whole(TWO), whole(TWO), Ok((Side::B, Outcome::Settled)));
    }

    #[test]
    fn slots_that_were_renamed_are_told() {
        case("created1", Seen::Missing, whole(ONE), Err(ChoiceError::Swapped));
        case("created1 writing2 committed", whole(TWO), whole(ONE), Err(ChoiceError::Swapped));
        case("created1 writing2", whole(TWO), whole(ONE), Err(ChoiceError::Swapped));
    }

    #[test]
    fn a_slot_of_another_vault_is_named() {
        let foreign = Seen::Whole { slot: TWO, vault: OTHER };
        case("created1", whole(ONE), foreign, Err(ChoiceError::OtherVault { side: Side::B, vault: OTHER }));
        case("created1", foreign, Seen::Missing, Err(ChoiceError::Unnamed { side: Side::A }));
    }
}
