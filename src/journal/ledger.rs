//! What the journal proves about the past: highest indices, signed heights, transactions that count.
//!
//! Floor 3. Indices and heights come from signed lines alone, since a line that nobody signed could have been put
//! there to make a strange index look near. What counts against limits comes from intents too.

use std::collections::{BTreeMap, BTreeSet};

use bitcoin::Txid;

use crate::{
    journal::{Entry, Journal, Line, Spending},
    limits,
    text::Name,
};

/// The past, as far as decisions need it.
#[derive(Debug)]
pub struct Ledger<'a> {
    highest: BTreeMap<(&'a Name, u32), u32>,
    height: u32,
    counted: Vec<Counted<'a>>,
}

/// A transaction that counts against limits, once, whether signed or only meant to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counted<'a> {
    /// Number of the line: that of `signed`, or of the first `intent` while there is none.
    pub line: u64,
    /// Whether it was signed; otherwise it was approved, and no line proves what became of it.
    pub signed: bool,
    /// What it spends and pays.
    pub transaction: &'a Spending,
}

impl<'a> Ledger<'a> {
    /// The ledger of a journal.
    #[must_use]
    pub fn of(journal: &'a Journal) -> Self {
        let mut ledger = Self { highest: BTreeMap::new(), height: 0, counted: Vec::new() };
        let mut known = BTreeSet::new();
        for (line, transaction) in journal.entries().iter().filter_map(signed) {
            ledger.height = ledger.height.max(transaction.height_lock.unwrap_or(0));
            for (wallet, branch, index) in &transaction.highest {
                let seen = ledger.highest.entry((wallet, *branch)).or_insert(*index);
                *seen = (*index).max(*seen);
            }
            if known.insert(transaction.txid) {
                ledger.counted.push(Counted { line, signed: true, transaction });
            }
        }
        for (line, transaction) in journal.entries().iter().filter_map(intended) {
            if known.insert(transaction.txid) {
                ledger.counted.push(Counted { line, signed: false, transaction });
            }
        }
        ledger.counted.sort_by_key(|counted| counted.line);
        ledger
    }

    /// The highest index of a wallet's branch that a signed transaction spent from or paid to.
    #[must_use]
    pub fn highest(&self, wallet: &Name, branch: u32) -> Option<u32> {
        self.highest.get(&(wallet, branch)).copied()
    }

    /// The height that locktimes are judged against: the greater of [`limits::REFERENCE_HEIGHT`] and the highest
    /// effective height lock that was signed.
    #[must_use]
    pub fn reference_height(&self) -> u32 {
        self.height.max(limits::REFERENCE_HEIGHT)
    }

    /// The transactions that count against limits, in the order of their lines, each txid once. One that was
    /// approved and never signed counts for good: nobody can prove that its signatures were not made.
    #[must_use]
    pub fn counted(&self) -> &[Counted<'a>] {
        &self.counted
    }

    /// The transactions of which only an intent is known.
    pub fn open_intents(&self) -> impl Iterator<Item = &Counted<'a>> {
        self.counted.iter().filter(|counted| !counted.signed)
    }

    /// Whether this transaction was signed before.
    #[must_use]
    pub fn was_signed(&self, txid: Txid) -> bool {
        self.counted.iter().any(|counted| counted.signed && counted.transaction.txid == txid)
    }
}

fn signed(entry: &Entry) -> Option<(u64, &Spending)> {
    if let Line::Signed { transaction, .. } = &entry.line { Some((entry.number, transaction)) } else { None }
}

fn intended(entry: &Entry) -> Option<(u64, &Spending)> {
    if let Line::Intent { transaction: Some(transaction), .. } = &entry.line {
        Some((entry.number, transaction))
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::samples;

    fn name(text: &str) -> Name {
        text.parse().unwrap()
    }

    #[test]
    fn one_txid_counts_once_and_an_open_intent_counts() {
        let mut sample = samples::Sample::new();
        for (number, ends) in [(1, true), (2, false), (1, true), (3, false)] {
            sample.intent(samples::spending(number));
            if ends {
                sample.sign(samples::spending(number));
            }
        }
        sample.push(Line::failed("the camera broke"));
        let journal = sample.journal();
        let ledger = Ledger::of(&journal);
        let counted: Vec<_> = ledger.counted().iter().map(|c| (c.transaction.txid, c.signed)).collect();
        let txid = |number| samples::spending(number).txid;
        assert_eq!(counted, [(txid(1), true), (txid(2), false), (txid(3), false)]);
        assert_eq!(ledger.open_intents().count(), 2, "one that failed may have been signed");
        assert!(ledger.was_signed(txid(1)) && !ledger.was_signed(txid(2)) && !ledger.was_signed(txid(9)));
    }

    #[test]
    fn the_highest_index_comes_from_signed_lines_alone() {
        let mut sample = samples::Sample::new();
        let spending = |number: u8, index| Spending {
            highest: vec![(name("main"), 0, index), (name("main"), 1, 2)],
            ..samples::spending(number)
        };
        assert_eq!(Ledger::of(&sample.journal()).highest(&name("main"), 0), None);
        for (number, index) in [(1, 9), (2, 7)] {
            sample.intent(spending(number, index));
            sample.sign(spending(number, index));
        }
        sample.intent(spending(3, 5_000));
        let journal = sample.journal();
        let ledger = Ledger::of(&journal);
        assert_eq!(ledger.highest(&name("main"), 0), Some(9));
        assert_eq!(ledger.highest(&name("main"), 1), Some(2));
        assert_eq!(ledger.highest(&name("main"), 2), None);
        assert_eq!(ledger.highest(&name("other"), 0), None);
    }

    #[test]
    fn the_reference_height_grows_by_signed_effective_heights_only() {
        let mut sample = samples::Sample::new();
        let spending =
            |number: u8, locktime: u32, height_lock| Spending { locktime, height_lock, ..samples::spending(number) };
        let high = limits::REFERENCE_HEIGHT + 40_000;
        let reference = |sample: &samples::Sample| Ledger::of(&sample.journal()).reference_height();
        for (number, locktime, height) in [(1, 900_000, Some(900_000)), (2, 1_700_000_000, None), (3, high, None)] {
            sample.intent(spending(number, locktime, height));
            sample.sign(spending(number, locktime, height));
            assert_eq!(reference(&sample), limits::REFERENCE_HEIGHT);
        }
        sample.intent(spending(4, high, Some(high)));
        assert_eq!(reference(&sample), limits::REFERENCE_HEIGHT);
        sample.sign(spending(4, high, Some(high)));
        assert_eq!(reference(&sample), high);
    }
}
