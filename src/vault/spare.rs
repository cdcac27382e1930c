//! Whether a slot that does not count is what was written there last.
//!
//! Floor 3. Lines that settle a writing are not all signed: whoever has the stick can say of a statement that it was never
//! written to its end. Where it lies there whole, that was a lie.

use crate::{
    digest::FileDigest,
    journal::{Journal, Line},
    vault::slot::Side,
};

/// What is wrong with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Strange {
    /// The journal says that it is not whole.
    Whole,
    /// It is not the last that counted there.
    Other,
}

/// What is wrong with a whole slot of this hash on `side`, which does not count.
pub(super) fn strange(journal: &Journal, side: Side, slot: FileDigest) -> Option<Strange> {
    let lines = journal.entries().iter().map(|entry| &entry.line);
    last_counted(side, slot, lines)
}

fn last_counted<'a>(side: Side, slot: FileDigest, lines: impl Iterator<Item = &'a Line>) -> Option<Strange> {
    let (mut last, mut writing, mut dropped) = (None, None, false);
    for line in lines {
        match line {
            Line::Created { slot_hash, .. } if side == Side::A => last = Some(*slot_hash),
            Line::Writing { slot: at, slot_hash, .. } => writing = Some((Side::from(*at), *slot_hash)),
            Line::Committed { .. } | Line::Finished { .. } => {
                if let Some((_, hash)) = writing.take().filter(|(at, _)| *at == side) {
                    last = Some(hash);
                }
            }
            Line::Undone { .. } => dropped |= writing.take() == Some((side, slot)),
            Line::Created { .. }
            | Line::Opened { .. }
            | Line::Voted { .. }
            | Line::Intent { .. }
            | Line::Signed { .. }
            | Line::Refused { .. }
            | Line::Exported { .. }
            | Line::Drilled { .. }
            | Line::Changed { .. }
            | Line::Failed { .. } => {}
        }
    }
    match last == Some(slot) {
        true => None,
        false if dropped => Some(Strange::Whole),
        false => Some(Strange::Other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        digest::{StatementDigest, XOnly},
        journal::{Hex, SlotName},
        network::Network,
    };

    const STATEMENT: StatementDigest = StatementDigest([9; 32]);
    const ONE: FileDigest = FileDigest([1; 32]);
    const TWO: FileDigest = FileDigest([2; 32]);
    const THREE: FileDigest = FileDigest([3; 32]);

    /// What is said of a slot on each side after these lines.
    fn said(words: &str, slot: FileDigest) -> [Option<Strange>; 2] {
        let line = |word: &str| match word {
            "created1" => {
                let statement_key = XOnly([7; 32]);
                Line::Created { network: Network::Regtest, statement: STATEMENT, statement_key, slot_hash: ONE }
            }
            "b2" => Line::Writing { statement: STATEMENT, slot: SlotName::B, slot_hash: TWO, sequence: 2 },
            "b3" => Line::Writing { statement: STATEMENT, slot: SlotName::B, slot_hash: THREE, sequence: 2 },
            "a3" => Line::Writing { statement: STATEMENT, slot: SlotName::A, slot_hash: THREE, sequence: 3 },
            "committed" => Line::Committed { statement: STATEMENT, signature: Hex([0; 64]) },
            "finished" => Line::Finished { statement: STATEMENT },
            "undone" => Line::Undone { statement: STATEMENT },
            other => panic!("{other}"),
        };
        let lines: Vec<Line> = words.split(' ').map(line).collect();
        [Side::A, Side::B].map(|side| last_counted(side, slot, lines.iter()))
    }

    #[test]
    fn the_last_that_counted_on_its_side_is_in_its_place() {
        let other = Some(Strange::Other);
        assert_eq!(said("created1", ONE), [None, other]);
        assert_eq!(said("created1 b2 committed", ONE), [None, other]);
        assert_eq!(said("created1 b2 committed", TWO), [other, None]);
        assert_eq!(said("created1 b2 finished a3 committed", ONE), [other, other], "an older one was put back");
        assert_eq!(said("created1 b2 finished a3 committed", THREE), [None, other]);
        // The one before a writing that was not finished, or did not begin.
        assert_eq!(said("created1 b2 committed a3", ONE), [None, other]);
        assert_eq!(said("created1 b2 committed a3 undone", ONE), [None, other]);
    }

    #[test]
    fn what_was_undone_is_not_whole() {
        let (whole, other) = (Some(Strange::Whole), Some(Strange::Other));
        assert_eq!(said("created1 b2 undone", TWO), [other, whole]);
        assert_eq!(said("created1 b2 committed a3 undone", THREE), [whole, other]);
        assert_eq!(said("created1 b2 undone b3 committed", TWO), [other, whole]);
        // It was written once more, and to its end.
        assert_eq!(said("created1 b2 undone b2 committed", TWO), [other, None]);
    }
}
