//! The lines about transactions as a review sees the past.
//!
//! Floor 3. A `signed` line stands for its intent; an intent that no `signed` line of its session follows stands for
//! itself, since nobody can prove that its signatures were not made.

use crate::{
    journal::{Entry, Journal, Line, Spending},
    review::{Earlier, Past},
};

/// What a review is told of the past.
#[must_use]
pub fn past(journal: &Journal) -> Past<'_> {
    let mut lines = Vec::new();
    let mut intent: Option<Earlier<'_>> = None;
    for entry in journal.entries() {
        match about(entry) {
            Some((true, spending)) => {
                // The order of lines holds that it is the intent's own transaction.
                intent = None;
                lines.push(earlier(entry.number, true, spending));
            }
            Some((false, spending)) => lines.extend(intent.replace(earlier(entry.number, false, spending))),
            None => {}
        }
    }
    lines.extend(intent);
    Past::new(journal.count(), journal.signed_up_to(), journal.head(), lines)
}

const fn about(entry: &Entry) -> Option<(bool, &Spending)> {
    match &entry.line {
        Line::Signed { transaction, .. } => Some((true, transaction)),
        Line::Intent { transaction: Some(transaction), .. } => Some((false, transaction)),
        Line::Intent { transaction: None, .. }
        | Line::Created { .. }
        | Line::Opened { .. }
        | Line::Voted { .. }
        | Line::Writing { .. }
        | Line::Committed { .. }
        | Line::Finished { .. }
        | Line::Undone { .. }
        | Line::Refused { .. }
        | Line::Exported { .. }
        | Line::Drilled { .. }
        | Line::Changed { .. }
        | Line::Failed { .. } => None,
    }
}

fn earlier(line: u64, signed: bool, spending: &Spending) -> Earlier<'_> {
    let mut wallets: Vec<_> = spending.highest.iter().map(|(wallet, ..)| wallet).collect();
    wallets.dedup();
    Earlier {
        line,
        signed,
        txid: spending.txid,
        inputs: spending.inputs.iter().map(|spent| (spent.outpoint, spent.amount)).collect(),
        paid: spending.external.iter().map(|paid| (paid.script.0.as_script(), paid.amount)).collect(),
        fee: spending.fee,
        height_lock: spending.height_lock,
        wallets,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{journal::samples, quorum::Kind};

    #[test]
    fn a_signed_line_stands_for_its_intent_and_an_open_intent_for_itself() {
        let mut sample = samples::Sample::new();
        assert_eq!(past(&sample.journal()).history().signed, 0);
        sample.intent(samples::spending(1));
        assert_eq!((past(&sample.journal()).history().signed, past(&sample.journal()).history().open), (0, 1));
        sample.sign(samples::spending(1));
        sample.intent(samples::spending(2));
        sample.push(Line::failed("the camera broke"));
        sample.session(Kind::Policy, None);
        sample.intent(samples::spending(3));
        sample.intent(samples::spending(1));
        let journal = sample.journal();
        let past = past(&journal);
        assert_eq!((past.history().signed, past.history().open), (1, 2));
        assert_eq!((past.history().lines, past.history().signed_up_to), (journal.count(), 6));
        assert_eq!(past.history().head, journal.head());
        let lines: Vec<_> = past.lines().iter().map(|line| (line.line, line.signed, line.txid)).collect();
        let txid = |number| samples::spending(number).txid;
        assert_eq!(lines, [(6, true, txid(1)), (10, false, txid(2)), (19, false, txid(3)), (23, false, txid(1))]);
    }

    #[test]
    fn everything_that_a_line_says_is_there() {
        let mut sample = samples::Sample::new();
        sample.intent(samples::spending(1));
        let journal = sample.journal();
        let spending = samples::spending(1);
        let line = earlier(5, false, &spending);
        assert_eq!(line.leaves(), spending.leaves());
        assert_eq!(line.inputs, [(spending.inputs[0].outpoint, 100_000)]);
        assert_eq!(line.paid[0].1, 70_000);
        assert_eq!((line.wallets.len(), line.wallets[0].as_str()), (1, "main"));
        assert_eq!(past(&journal).history().open, 1);
    }
}
