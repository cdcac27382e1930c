//! Proofs with a history: U07, U08, O11, G11.

use bitcoin::{Amount, absolute::LockTime};
use strongroom::{
    journal::Line,
    quorum::Kind,
    review::Action,
    sign::sign,
    text::hex,
    verify::{release, verify},
};

use super::Evidence;
use crate::{signing_desk::Desk, transactions::*};

/// What a rule does with a case: nothing, or this.
fn told(case: &Case, rule: &str) -> Result<(), Action> {
    let reasons = case.judge().err().map(|refused| refused.reasons.clone()).unwrap_or_default();
    let all = case.findings().into_iter().chain(reasons);
    all.filter(|finding| finding.rule == rule).map(|finding| Err(finding.action)).next().unwrap_or(Ok(()))
}

/// Two coins whose amounts are claimed.
fn claimed(first: u64, second: u64) -> Case {
    let case = Case::new(vec![wpkh()]).input(0, 0, 3, 15_000_000).input(0, 0, 4, 20_000_000);
    let mut case = case.pay(foreign(1), 9_000_000).back(0, 1, 7, 10_900_000).allow("unproven_amounts");
    for (map, amount) in case.psbt.inputs.iter_mut().zip([first, second]) {
        map.non_witness_utxo = None;
        map.witness_utxo.as_mut().unwrap().value = Amount::from_sat(amount);
    }
    case
}

/// The attack of two rounds: each signs one coin of a transaction whose true fee neither of them shows.
pub(super) fn a_second_amount_is_refused(evidence: &mut Evidence) {
    let first = claimed(15_000_000, 5_000_000);
    evidence.passes(told(&first, "U07"));
    for case in [first.clone(), first.clone().of_version_2()] {
        for signed in [true, false] {
            let past = [case.remembered(12, signed)];
            for (one, other) in [(1, 20_000_000), (0, 20_000_000), (15_000_000, 5_000_001)] {
                for second in [claimed(one, other), claimed(one, other).of_version_2()] {
                    evidence.stops(told(&second.after(past.clone()), "U07"), |action| *action == Action::Refuse);
                }
            }
            evidence.passes(told(&first.clone().after(past), "U07"));
        }
    }
}

pub(super) fn a_coin_spent_before_is_acknowledged(evidence: &mut Evidence) {
    let before = double(wsh());
    let other = before.clone().with_tx(|tx| tx.output[0].script_pubkey = foreign(2));
    for signed in [true, false] {
        let past = [before.remembered(12, signed)];
        for again in [other.clone(), other.clone().of_version_2()] {
            evidence.stops(told(&again.after(past.clone()), "U08"), |action| *action == Action::Acknowledge);
        }
        evidence.passes(told(&before.clone().after(past), "U08"));
    }
    evidence.passes(told(&other.after([simple(wpkh()).remembered(12, true)]), "U08"));
}

/// 7 010 000 sat leave; together with the one before, 14 020 000.
pub(super) fn a_limit_holds_over_a_period(evidence: &mut Evidence) {
    let at = |height: u32, sat: u64| {
        double(wsh())
            .with(|case| {
                case.policy = format!(
                    "[[rule]]\nwhen = {{ period_blocks = 144, period_above_sat = {sat} }}\nthen = \"refuse\"\n"
                );
            })
            .with_tx(|tx| tx.lock_time = LockTime::from_height(height).unwrap())
    };
    let other = |height: u32| at(height, 0).with_tx(|tx| tx.output[0].script_pubkey = foreign(2)).remembered(12, true);
    let height = 900_000;
    // By one satoshi, alone and in sequence; and by one block.
    evidence.stops(told(&at(height, 7_009_999), "O11"), |action| *action == Action::Refuse);
    evidence.passes(told(&at(height, 7_010_000), "O11"));
    for before in [height, height - 143] {
        evidence.stops(told(&at(height, 14_019_999).after([other(before)]), "O11"), |action| *action == Action::Refuse);
        evidence.passes(told(&at(height, 14_020_000).after([other(before)]), "O11"));
    }
    evidence.passes(told(&at(height, 14_019_999).after([other(height - 144)]), "O11"));
}

/// Nothing is signed that the journal does not have, by the digest of its review; no PSBT is in it.
pub(super) fn every_decision_leaves_its_line(evidence: &mut Evidence) {
    let desk = Desk::new();
    let mut book = desk.book();
    let spend = desk.spend(2);
    let cleared = desk.clear(&spend.psbt);
    let subject = cleared.digest();
    let recorded = desk.record(cleared, &mut book);
    let lines = |book: &crate::signing_desk::Book| {
        String::from_utf8(book.pen.journal().bytes().to_vec()).unwrap().lines().map(str::to_owned).collect::<Vec<_>>()
    };
    let of = |lines: &[String], kind: &str, text: &str| {
        lines.iter().filter(|line| line.contains(&format!("\"type\":\"{kind}\"")) && line.contains(text)).count()
    };
    let approved = lines(&book);
    evidence.holds(of(&approved, "intent", &subject.to_string()) == 1, &approved);
    evidence.holds(of(&approved, "voted", "") == 2 && of(&approved, "signed", "") == 0, &approved);
    let verified = verify(sign(recorded, &desk.wallets, &desk.master).unwrap()).unwrap();
    let released = release(verified, &mut book.pen, &mut book.store, &desk.statement_key).ok().unwrap();
    let closed = lines(&book);
    evidence.holds(of(&closed, "signed", "") == 1, &closed);
    let refused = Line::refused(Kind::Sign, subject, ["U06: input 1: its amount is claimed"]);
    let appended = book.pen.append(&mut book.store, vec![refused]);
    let _ = evidence.passes(appended.map_err(|error| error.to_string()));
    let all = lines(&book).join("\n");
    evidence.holds(of(&lines(&book), "refused", &subject.to_string()) == 1, &all);
    for bytes in [&spend.psbt[..], released.full()] {
        let text = hex(bytes);
        for start in (0..text.len() - 96).step_by(32) {
            evidence.holds(!all.contains(&text[start..start + 96]), start);
        }
    }
    // Without the line nothing leaves: the store takes no more bytes.
    let mut book = desk.book();
    let recorded = desk.record(desk.clear(&spend.psbt), &mut book);
    let verified = verify(sign(recorded, &desk.wallets, &desk.master).unwrap()).unwrap();
    book.store.cut_at(0);
    let left = release(verified, &mut book.pen, &mut book.store, &desk.statement_key).map(|_| ());
    evidence.stops(left.map_err(|error| error.to_string()), |_| true);
}
