//! What the past says about a transaction: U07, U08 and G12, and what was paid before.

use std::collections::{HashMap, HashSet};

use bitcoin::{OutPoint, Script, Txid};

use crate::{
    psbt::Place,
    review::{
        Proof,
        case::Case,
        destination::destination,
        finding::{Each, Findings},
        past::Earlier,
    },
    text,
};

/// Earlier transactions that are told one by one; more of them are counted.
const TOLD: usize = 8;
/// Payments and inputs that are named in a sentence; more of them are counted.
const NAMED: usize = 3;

/// U07: a coin has one amount. What is only claimed may not contradict what any line has; where the previous
/// transaction proves the amount, the line was wrong, and people hear of it.
pub(super) fn amounts(case: &Case<'_>, found: &mut Findings) {
    for input in case.inputs() {
        let Some(utxo) = &input.spent.utxo else { continue };
        let given = utxo.value.to_sat();
        let mut lines = case.ground.past.of_coin(&input.txin.previous_output);
        let Some((line, before)) = lines.find(|(_, amount)| *amount != given) else { continue };
        let place = Place::Input(input.number);
        let (given, before, where_) = (text::amount(given), text::amount(before), where_words(line));
        if input.spent.proof == Proof::Proved {
            let each = Each {
                text: format!(
                    "the previous transaction proves {given}; {where_} has {before} for this coin, which was false"
                ),
                together: format!(
                    "the previous transactions prove other amounts than {where_} has for these coins, which were false"
                ),
            };
            found.ask_each("U07", place, each, "find out who gave the false amount then");
        } else {
            found.refuse(
                "U07",
                place,
                format!("the amount is given as {given}, and {where_} has {before} for this coin"),
                "make the PSBT with the whole previous transaction of this coin, which proves its amount; find out \
                 who changed it",
            );
        }
    }
}

/// U08, G12: coins that were spent before in another transaction, and the very transaction once more.
pub(super) fn spent_before(case: &Case<'_>, found: &mut Findings) {
    let this = case.parsed.txid();
    let mut others: HashMap<Txid, (&Earlier<'_>, Vec<u32>)> = HashMap::new();
    for input in case.inputs() {
        for (line, _) in case.ground.past.of_coin(&input.txin.previous_output).filter(|(line, _)| line.txid != this) {
            let (first, inputs) = others.entry(line.txid).or_insert_with(|| (line, Vec::new()));
            if line.signed && !first.signed {
                *first = line;
            }
            if inputs.last() != Some(&input.number) {
                inputs.push(input.number);
            }
        }
    }
    let mut others: Vec<_> = others.into_values().collect();
    others.sort_by_key(|(line, _)| line.line);
    let remedy = "make sure that only one of these transactions is meant: the network takes one of them, and nobody \
                  knows which";
    // The latest are told: they are the ones that people remember.
    let untold = others.len().saturating_sub(TOLD);
    if untold > 0 {
        let text = format!("{} before these spend the same coins", text::count(untold, "transaction"));
        found.ask("U08", Place::Whole, text, remedy);
    }
    for (line, inputs) in others.iter().skip(untold) {
        let text = format!(
            "{} spent before by {}, in {}: {}; fee {}",
            some(inputs.iter().map(u32::to_string), if inputs.len() == 1 { "input" } else { "inputs" }),
            line.txid,
            where_words(line),
            paid_words(case, line),
            text::amount(line.fee)
        );
        found.ask("U08", Place::Whole, text, remedy);
    }
    again(case, this, found);
}

/// G12: the same transaction again is a re-issue.
fn again(case: &Case<'_>, this: Txid, found: &mut Findings) {
    let mut last: Option<&Earlier<'_>> = None;
    for line in case.ground.past.of_transaction(this) {
        if last.is_none_or(|last| line.signed || !last.signed) {
            last = Some(line);
        }
    }
    let Some(line) = last else { return };
    let given = case.spent.iter().map(|coin| coin.utxo.as_ref().map(|utxo| utxo.value.to_sat()));
    let same = line.inputs.iter().map(|(_, amount)| Some(*amount)).eq(given);
    let text = match (line.signed, same) {
        (true, true) => format!(
            "this very transaction was signed before, in line {}: a re-issue, which gives the same signatures again",
            line.line
        ),
        (true, false) => format!("this very transaction was signed before, in line {}, over other amounts", line.line),
        (false, _) => format!(
            "this very transaction was approved before, in line {}, and no line proves that it was signed",
            line.line
        ),
    };
    found.show("G12", Place::Whole, text);
}

/// The last line that says that this very transaction was signed.
pub(super) fn signed_before(case: &Case<'_>) -> Option<u64> {
    let lines = case.ground.past.of_transaction(case.parsed.txid());
    lines.filter(|line| line.signed).last().map(|line| line.line)
}

/// The other transactions that spend a coin.
pub(super) fn spent_by(case: &Case<'_>, coin: &OutPoint) -> Vec<Txid> {
    let this = case.parsed.txid();
    let mut known = HashSet::from([this]);
    case.ground.past.of_coin(coin).map(|(line, _)| line.txid).filter(|txid| known.insert(*txid)).collect()
}

/// How many other signed transactions paid each script that leaves.
pub(super) fn paid_before<'c>(case: &'c Case<'_>) -> HashMap<&'c Script, usize> {
    let this = case.parsed.txid();
    let leaving = case.outputs().filter(|output| output.own.is_none());
    let mut paid: HashMap<&Script, usize> =
        leaving.map(|output| (output.output.script_pubkey.as_script(), 0)).collect();
    for line in case.ground.past.signed().filter(|line| line.txid != this) {
        let scripts: HashSet<&Script> = line.paid.iter().map(|(script, _)| *script).collect();
        for script in scripts {
            if let Some(times) = paid.get_mut(script) {
                *times = times.saturating_add(1);
            }
        }
    }
    paid
}

/// The line, and what it proves.
fn where_words(line: &Earlier<'_>) -> String {
    let what = if line.signed { "signed" } else { "approved, not proven to be signed" };
    format!("line {} of the journal ({what})", line.line)
}

/// `paid 0.1 BTC to A, 0.2 BTC to B and 3 more`.
fn paid_words(case: &Case<'_>, line: &Earlier<'_>) -> String {
    if line.paid.is_empty() {
        return "paid nobody else".to_owned();
    }
    let network = case.ground.network.bitcoin();
    let to = |(script, sat): &(&Script, u64)| format!("{} to {}", text::amount(*sat), destination(script, network));
    let parts = line.paid.iter().map(to);
    some(parts, "paid")
}

/// The first few of them after a word, and how many more there are.
fn some(parts: impl Iterator<Item = String>, word: &str) -> String {
    let mut parts = parts.fuse();
    let named: Vec<String> = parts.by_ref().take(NAMED).collect();
    let named = named.join(", ");
    match parts.count() {
        0 => format!("{word} {named}"),
        more => format!("{word} {named} and {more} more"),
    }
}
