//! Lines in words, for people: `journal show` and `journal head`.
//!
//! Floor 3. Pure; returns text that is fit for a screen, and prints nothing.

use std::collections::HashMap;

use crate::{
    digest::Head,
    journal::{Entry, Journal, Ledger, Line, Spending},
    network::Network,
    quorum::Kind,
    review::destination,
    text::{self, Name},
};

/// Outputs of a transaction that are told.
const PAYMENTS: usize = 8;
/// Words of a head that people compare.
const HEAD_WORDS: usize = 12;

/// A line in words, one or two lines of text, starting with its number.
#[must_use]
pub fn in_words(entry: &Entry) -> Vec<String> {
    let (what, more) = sentence(&entry.line);
    let mut lines = vec![format!("{:>5}  {what}", entry.number)];
    lines.extend(more.map(|more| format!("       {more}")));
    lines
}

/// All lines in words: of a transaction that was signed also whom it pays. One that was signed before is told as a
/// re-issue, with the line that signed it first.
#[must_use]
pub fn all_in_words(journal: &Journal, network: Network) -> Vec<String> {
    let mut signed = HashMap::new();
    let mut said = Vec::new();
    for entry in journal.entries() {
        said.extend(in_words(entry));
        if let Line::Signed { transaction, .. } = &entry.line {
            let first = *signed.entry(transaction.txid).or_insert(entry.number);
            if first == entry.number {
                said.extend(payments(transaction, network).iter().map(|line| format!("       {line}")));
            } else {
                said.push(format!("       a re-issue: the same transaction as in line {first}"));
            }
        }
    }
    said
}

/// The head for people to write down: the count, 12 words in rows, and all 64 digits.
#[must_use]
pub fn head_lines(count: u64, head: Head) -> Vec<String> {
    let mut page = vec![format!("head of the journal, {}:", lines(count))];
    page.extend(text::in_rows(&head.words(HEAD_WORDS)));
    page.push(format!("    {head}"));
    page
}

impl Journal {
    /// How far the journal is proven, in words: for `journal verify`.
    #[must_use]
    pub fn standing(&self) -> Vec<String> {
        let mut said = vec![match (self.signed_up_to(), self.count()) {
            (_, 0) => "the journal has no line".to_owned(),
            (0, count) => format!("{} in order; none is signed: all are unproven", lines(count)),
            (signed, count) if signed == count => format!("{} in order and signed", lines(count)),
            (signed, count) => {
                format!("{} in order; signed up to line {signed}, later ones are unproven", lines(count))
            }
        }];
        said.extend(self.torn().map(|bytes| {
            format!(
                "after them {} of an append that was interrupted: they count for nothing",
                text::count(bytes, "byte")
            )
        }));
        said.extend(self.open_writing().map(|writing| {
            format!("line {}: a statement was being written, and no line says what became of it", writing.line)
        }));
        let other = self.open_intent().filter(|intent| intent.kind != Kind::Sign);
        said.extend(other.map(|intent| {
            format!("line {}: to {} was approved, and no line says what became of it", intent.line, intent.kind.words())
        }));
        said.extend(Ledger::of(self).open_intents().map(|open| {
            format!(
                "line {}: approved and never signed, counts against limits: {}",
                open.line,
                spending(open.transaction)
            )
        }));
        said.push("lines cut from the end cannot be seen: compare the head with the one you kept".to_owned());
        said
    }
}

fn lines(count: u64) -> String {
    text::count(usize::try_from(count).unwrap_or(usize::MAX), "line")
}

/// What a line says, and what stands on a second line.
fn sentence(line: &Line) -> (String, Option<String>) {
    match line {
        Line::Created { network, statement, .. } => {
            (format!("created on {network}"), Some(format!("statement {}", brief(&statement.0))))
        }
        Line::Opened { statement, version, .. } => {
            (format!("session opened by version {version}"), Some(format!("statement {}", brief(&statement.0))))
        }
        Line::Voted { ballot, kind, subject } => (
            format!("{} approved to {}", ballot.custodian, kind.words()),
            Some(format!("subject {}", brief(&subject.0))),
        ),
        Line::Intent { kind, subject, custodians, transaction } => {
            let names = custodians.iter().map(Name::as_str).collect::<Vec<_>>().join(", ");
            let more = transaction.as_ref().map_or_else(|| format!("subject {}", brief(&subject.0)), spending);
            (format!("intent to {}, approved by {names}", kind.words()), Some(more))
        }
        Line::Writing { statement, slot, sequence, .. } => (
            format!("writing statement number {sequence} into `{}`", slot.file()),
            Some(format!("statement {}", brief(&statement.0))),
        ),
        Line::Committed { statement, .. } => {
            ("the new statement is in force (proven)".to_owned(), Some(format!("statement {}", brief(&statement.0))))
        }
        Line::Finished { statement } => (
            "an interrupted writing was whole; its statement is in force".to_owned(),
            Some(format!("statement {}", brief(&statement.0))),
        ),
        Line::Undone { statement } => (
            "an interrupted writing was not whole; the statement before it stays in force".to_owned(),
            Some(format!("statement {}", brief(&statement.0))),
        ),
        Line::Signed { transaction, .. } => {
            ("the transaction was signed (proven)".to_owned(), Some(spending(transaction)))
        }
        Line::Refused { kind, reasons, .. } => {
            let first = reasons.first().map(ToString::to_string);
            let others = reasons.len().saturating_sub(1);
            let more = if others == 0 { first } else { first.map(|first| format!("{first} (and {others} more)")) };
            (format!("refused to {}", kind.words()), more)
        }
        Line::Exported { kind, subject, .. } => {
            (format!("done: {} (proven)", kind.words()), Some(format!("subject {}", brief(&subject.0))))
        }
        Line::Drilled { custodian, epoch } => (format!("{custodian} proved the share of epoch {epoch}"), None),
        Line::Changed { custodian, epoch, .. } => {
            (format!("{custodian} changed the passphrase of the share of epoch {epoch}"), None)
        }
        Line::Failed { reason } => ("the instruction did not succeed".to_owned(), Some(reason.to_string())),
    }
}

fn spending(transaction: &Spending) -> String {
    format!("txid {}, {} leave", transaction.txid, text::amount(transaction.leaves()))
}

/// Whom it pays; of many the first.
fn payments(transaction: &Spending, network: Network) -> Vec<String> {
    let mut said = Vec::new();
    for paid in transaction.external.iter().take(PAYMENTS) {
        let to = destination(paid.script.0.as_script(), network.bitcoin());
        said.extend([text::amount(paid.amount), format!("  to {to}")]);
    }
    let more = transaction.external.len().saturating_sub(PAYMENTS);
    if more > 0 {
        said.push(format!("and {}", text::count(more, "more output")));
    }
    said.push(format!("fee {}", text::amount(transaction.fee)));
    said
}

/// The first 16 digits.
fn brief(digest: &[u8; 32]) -> String {
    text::hex(digest.first_chunk::<8>().map_or(&[], |first| first))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::{Plain, samples};

    #[test]
    fn every_kind_of_line_is_one_or_two_printable_lines() {
        for line in samples::every_kind() {
            let name = line.name();
            let said = in_words(&Entry { number: 12, previous: Head([0; 32]), line });
            assert!((1..=2).contains(&said.len()) && said[0].starts_with("   12  "), "{name}: {said:?}");
            for text in &said {
                assert!(text.chars().all(|c| c == ' ' || c.is_ascii_graphic()), "{name}: {text}");
            }
        }
    }

    #[test]
    fn a_transaction_that_is_signed_again_is_told_as_a_re_issue() {
        let mut sample = samples::Sample::new();
        for number in [1, 2, 1] {
            sample.intent(samples::spending(number));
            sample.sign(samples::spending(number));
        }
        let said = all_in_words(&sample.journal(), Network::Regtest);
        let again: Vec<_> = said.iter().filter(|line| line.contains("re-issue")).collect();
        assert_eq!(again, ["       a re-issue: the same transaction as in line 6"]);
        assert!(said.last().unwrap() == again[0], "it stands with the last line");
    }

    #[test]
    fn a_signed_transaction_tells_whom_it_pays() {
        let said = |outputs: usize| {
            let mut spending = samples::spending(1);
            let address = "bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080";
            let script = address.parse::<bitcoin::Address<_>>().unwrap().assume_checked().script_pubkey();
            spending.external[0].script.0 = script;
            spending.external.resize(outputs, spending.external[0].clone());
            let mut sample = samples::Sample::new();
            sample.intent(spending.clone());
            sample.sign(spending);
            all_in_words(&sample.journal(), Network::Regtest)
        };
        let (amount, to) = (
            "       0.00070000 BTC (70 000 sat)",
            "         to bcrt 1qw5 08d6 qejx tdg4 y5r3 zarv ary0 c5xw 7kyg t080",
        );
        let fee = "       fee 0.00001000 BTC (1 000 sat)";
        let one = said(1);
        assert_eq!(one[one.len() - 3..], [amount, to, fee]);
        assert_eq!(one.iter().filter(|line| *line == to).count(), 1, "the intent is told in short");
        let eight = said(PAYMENTS);
        assert_eq!(eight[eight.len() - 3..], [amount, to, fee]);
        let eleven = said(PAYMENTS + 3);
        assert_eq!(eleven[eleven.len() - 3..], [to, "       and 3 more outputs", fee]);
    }

    #[test]
    fn a_hostile_reason_stays_harmless() {
        let line = Line::failed("\u{1b}[2J\u{202e}evil\n");
        let said = in_words(&Entry { number: 1, previous: Head([0; 32]), line });
        assert_eq!(said[1], "       \\u{1b}[2J\\u{202e}evil\\u{a}");
        assert_eq!(Plain::new("fine").as_str(), "fine");
    }

    #[test]
    fn the_head_is_count_words_and_digits() {
        let said = head_lines(1, Head([0; 32]));
        assert_eq!(said[0], "head of the journal, 1 line:");
        assert_eq!(said[1..4], text::in_rows(&["abandon"; 12].join(" ")));
        assert_eq!(said[4], format!("    {}", "00".repeat(32)));
        assert!(head_lines(0, Head([0; 32]))[0] == "head of the journal, 0 lines:");
    }

    #[test]
    fn the_standing_says_what_is_proven_torn_and_open() {
        let mut sample = samples::Sample::new();
        assert!(sample.journal().standing()[0].contains("none is signed"));
        sample.intent(samples::spending(1));
        assert!(sample.journal().standing().iter().any(|said| said.starts_with("line 5: approved and never signed")));
        sample.sign(samples::spending(1));
        assert_eq!(sample.journal().standing()[0], "6 lines in order and signed");
        assert_eq!(sample.journal().standing().len(), 2);
        sample.push(Line::failed("x"));
        sample.bytes.extend(b"{\"li");
        let said = sample.journal().standing();
        assert_eq!(said[0], "7 lines in order; signed up to line 6, later ones are unproven");
        assert!(said[1].starts_with("after them 4 bytes"));
        assert!(said.last().unwrap().contains("cut from the end cannot be seen"));
        let mut policy = samples::Sample::new();
        policy.session(Kind::Policy, None);
        assert!(policy.journal().standing()[1].starts_with("line 5: to change the policy was approved"));
        policy.push(samples::writing());
        assert!(policy.journal().standing()[1].starts_with("line 6: a statement was being written"));
    }
}
