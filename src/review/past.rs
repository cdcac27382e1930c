//! The past as a review sees it: values that whoever read a journal made of its lines, never a disk.
//!
//! Floor 2. What counts against a transaction comes from every line; what speaks for it (an address that was paid
//! before, an index that was used) from signed lines alone, since a line that nobody signed could have been put there.

use std::collections::{HashMap, HashSet};

use bitcoin::{OutPoint, Script, Txid};

use crate::{
    digest::Head,
    text::{Name, count},
};

/// How far back the past reaches, and how well it is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct History {
    /// Lines of the journal.
    pub lines: u64,
    /// The last line that is covered by a signature; 0 where there is none.
    pub signed_up_to: u64,
    /// The head of the journal that was read.
    pub head: Head,
    /// Transactions that were signed.
    pub signed: usize,
    /// Transactions that were approved, and of which no line proves that they were signed.
    pub open: usize,
}

/// One line about a transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Earlier<'a> {
    /// The line's number.
    pub line: u64,
    /// Whether it says that the transaction was signed; otherwise that it was approved.
    pub signed: bool,
    /// Of the unsigned transaction.
    pub txid: Txid,
    /// What it spends, each with the amount in satoshi that was given then.
    pub inputs: Vec<(OutPoint, u64)>,
    /// What left, each with its amount in satoshi.
    pub paid: Vec<(&'a Script, u64)>,
    /// Satoshi.
    pub fee: u64,
    /// The height before which it cannot be mined; `None` where nothing keeps it from being mined at once.
    pub height_lock: Option<u32>,
    /// Wallets whose coins or addresses are in it.
    pub wallets: Vec<&'a Name>,
}

impl Earlier<'_> {
    /// All that left, in satoshi: what was paid, and the fee.
    #[must_use]
    pub fn leaves(&self) -> u64 {
        self.paid.iter().fold(self.fee, |sum, (_, amount)| sum.saturating_add(*amount))
    }
}

/// A transaction of the past as limits count it: once, whatever its lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counted {
    /// The first line about it.
    pub line: u64,
    /// All that left, in satoshi; the largest sum where lines differ.
    pub leaves: u64,
    /// The height before which it cannot be mined; `None` where nothing keeps it from being mined at once.
    pub height_lock: Option<u32>,
    /// Wallets whose coins or addresses are in it.
    pub wallets: Vec<Name>,
}

/// The past.
#[derive(Debug)]
pub struct Past<'a> {
    history: History,
    lines: Vec<Earlier<'a>>,
    /// By coin: which lines spend it, with the amount that each has.
    coins: HashMap<OutPoint, Vec<(usize, u64)>>,
    /// The first signed line of each transaction.
    signed: Vec<usize>,
}

impl<'a> Past<'a> {
    /// The past of a journal with this many lines, signed up to that one, with this head. `lines` are those about
    /// transactions, in their order.
    #[must_use]
    pub fn new(total: u64, signed_up_to: u64, head: Head, lines: Vec<Earlier<'a>>) -> Self {
        let mut coins: HashMap<OutPoint, Vec<(usize, u64)>> = HashMap::new();
        let (mut signed, mut known) = (Vec::new(), HashSet::new());
        for (place, line) in lines.iter().enumerate() {
            for (outpoint, amount) in &line.inputs {
                coins.entry(*outpoint).or_default().push((place, *amount));
            }
            if line.signed && known.insert(line.txid) {
                signed.push(place);
            }
        }
        let all: HashSet<Txid> = lines.iter().map(|line| line.txid).collect();
        let open = all.len().saturating_sub(known.len());
        let history = History { lines: total, signed_up_to, head, signed: signed.len(), open };
        Self { history, lines, coins, signed }
    }

    /// No journal: nothing was signed before, as far as anybody knows.
    #[must_use]
    pub fn none() -> Self {
        Self::new(0, 0, Head([0; 32]), Vec::new())
    }

    /// How far back it reaches.
    #[must_use]
    pub const fn history(&self) -> &History {
        &self.history
    }

    /// The lines about transactions, in their order.
    #[must_use]
    pub fn lines(&self) -> &[Earlier<'a>] {
        &self.lines
    }

    /// The lines about transactions that spend a coin, each with the amount that it has for it.
    pub(super) fn of_coin(&self, coin: &OutPoint) -> impl Iterator<Item = (&Earlier<'a>, u64)> {
        let places = self.coins.get(coin).map_or(&[][..], Vec::as_slice);
        places.iter().filter_map(|(place, amount)| Some((self.lines.get(*place)?, *amount)))
    }

    /// The transactions that were signed, each once, in the order of their lines.
    pub(super) fn signed(&self) -> impl Iterator<Item = &Earlier<'a>> {
        self.signed.iter().filter_map(|place| self.lines.get(*place))
    }

    /// The lines about this transaction.
    pub(super) fn of_transaction(&self, txid: Txid) -> impl Iterator<Item = &Earlier<'a>> {
        self.lines.iter().filter(move |line| line.txid == txid)
    }

    /// All transactions but this one, as limits count them.
    pub(super) fn counted(&self, but: Txid) -> Vec<Counted> {
        let mut places: HashMap<Txid, usize> = HashMap::new();
        let mut counted: Vec<Counted> = Vec::new();
        for line in self.lines.iter().filter(|line| line.txid != but) {
            let place = *places.entry(line.txid).or_insert(counted.len());
            match counted.get_mut(place) {
                Some(known) => {
                    known.leaves = known.leaves.max(line.leaves());
                    for wallet in &line.wallets {
                        if !known.wallets.contains(wallet) {
                            known.wallets.push((*wallet).clone());
                        }
                    }
                }
                None => counted.push(Counted {
                    line: line.line,
                    leaves: line.leaves(),
                    height_lock: line.height_lock,
                    wallets: line.wallets.iter().copied().cloned().collect(),
                }),
            }
        }
        counted
    }
}

impl History {
    /// The history in words, without the head.
    #[must_use]
    pub fn words(&self) -> String {
        let lines = count(usize::try_from(self.lines).unwrap_or(usize::MAX), "line");
        let open = match self.open {
            0 => String::new(),
            1 => "; 1 transaction approved and not proven to be signed: it counts against limits".to_owned(),
            open => format!("; {open} transactions approved and not proven to be signed: they count against limits"),
        };
        if self.signed == 0 {
            format!(
                "none: nothing was signed in the {lines} of this journal; amounts and indices of earlier spends are \
                 unknown{open}"
            )
        } else {
            format!(
                "{} in {lines}, signed up to line {}{open}",
                count(self.signed, "signed transaction"),
                self.signed_up_to
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use bitcoin::{ScriptBuf, hashes::Hash};

    use super::*;

    fn txid(byte: u8) -> Txid {
        Txid::from_byte_array([byte; 32])
    }

    fn line<'a>(line: u64, signed: bool, byte: u8, paid: Vec<(&'a Script, u64)>) -> Earlier<'a> {
        let inputs = vec![(OutPoint { txid: txid(0xee), vout: 1 }, 500)];
        Earlier { line, signed, txid: txid(byte), inputs, paid, fee: 5, height_lock: Some(7), wallets: Vec::new() }
    }

    #[test]
    fn a_transaction_counts_once_with_its_largest_sum() {
        let script = ScriptBuf::from_bytes(vec![0x51]);
        let (hot, cold): (Name, Name) = ("hot".parse().unwrap(), "cold".parse().unwrap());
        let mut lines = vec![
            line(4, false, 1, vec![(&script, 10)]),
            line(5, true, 1, vec![(&script, 30)]),
            line(9, true, 1, vec![(&script, 20)]),
            line(12, false, 2, vec![]),
        ];
        lines[0].wallets = vec![&hot];
        lines[2].wallets = vec![&hot, &cold];
        let past = Past::new(12, 9, Head([1; 32]), lines);
        let counted = past.counted(txid(9));
        assert_eq!(counted.iter().map(|one| (one.line, one.leaves)).collect::<Vec<_>>(), [(4, 35), (12, 5)]);
        assert_eq!(counted[0].wallets, [hot.clone(), cold.clone()]);
        assert_eq!(past.counted(txid(1)).len(), 1);
        assert_eq!((past.history().signed, past.history().open), (1, 1));
        assert_eq!(past.signed().map(|line| line.line).collect::<Vec<_>>(), [5]);
        assert_eq!(past.of_coin(&OutPoint { txid: txid(0xee), vout: 1 }).count(), 4);
        assert_eq!(past.of_coin(&OutPoint { txid: txid(0xee), vout: 0 }).count(), 0);
    }

    #[test]
    fn the_history_says_what_it_rests_on() {
        let none = Past::none();
        assert!(none.history().words().starts_with("none: nothing was signed in the 0 lines"));
        let past = Past::new(12, 9, Head([1; 32]), vec![line(5, true, 1, vec![]), line(12, false, 2, vec![])]);
        let words = past.history().words();
        assert!(words.starts_with("1 signed transaction in 12 lines, signed up to line 9; 1 transaction approved"));
        assert!(words.ends_with("it counts against limits"));
        let open = Past::new(5, 0, Head([1; 32]), vec![line(5, false, 1, vec![])]);
        assert!(open.history().words().starts_with("none: ") && open.history().words().contains("it counts"));
    }
}
