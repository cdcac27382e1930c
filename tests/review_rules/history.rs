//! U07, U08, G12, O09: what earlier lines of the journal say about a transaction.

use std::{sync::LazyLock, time::Instant};

use bitcoin::{Amount, ScriptBuf};
use strongroom::{
    psbt::Place,
    review::{Proof, pages, to_json},
    text::in_fours,
};

use crate::{asks, good, outputs::alike_to, refuses, shows, silent, transactions::*};

/// F1 of two coins whose amounts are only claimed, which the policy allows.
fn claimed(first: u64, second: u64) -> Case {
    let mut case = Case::new(vec![wpkh()])
        .input(0, 0, 3, 15_000_000)
        .input(0, 0, 4, 20_000_000)
        .pay(foreign(1), 9_000_000)
        .back(0, 1, 7, 10_900_000)
        .allow("unproven_amounts");
    for (map, amount) in case.psbt.inputs.iter_mut().zip([first, second]) {
        map.non_witness_utxo = None;
        map.witness_utxo.as_mut().unwrap().value = Amount::from_sat(amount);
    }
    case
}

/// The same coins with their previous transactions.
fn proved() -> Case {
    Case::new(vec![wpkh()])
        .input(0, 0, 3, 15_000_000)
        .input(0, 0, 4, 20_000_000)
        .pay(foreign(1), 9_000_000)
        .back(0, 1, 7, 25_900_000)
}

#[test]
fn the_second_round_with_other_amounts_is_refused_as_tampering() {
    // The first round shows a fee of 100 000 sat, and its signature over the first coin is valid.
    let first = claimed(15_000_000, 5_000_000);
    assert!(first.judge().is_ok());
    let signed = first.remembered(12, true);
    // The second round would make the other one, and the fee 15 100 000 sat.
    let second = claimed(1, 20_000_000).after([signed.clone()]);
    refuses(&second, "U07", Place::Input(0));
    refuses(&second, "U07", Place::Input(1));
    assert!(second.judge().err().unwrap().is_fraud());
    // Nothing at all for the first coin, as the attack is told.
    refuses(&claimed(0, 20_000_000).after([signed.clone()]), "U07", Place::Input(0));
    // One satoshi is another amount, and an open intent says as much as a signature.
    refuses(&claimed(15_000_000, 5_000_001).after([signed]), "U07", Place::Input(1));
    refuses(&claimed(15_000_000, 5_000_001).after([first.remembered(11, false)]), "U07", Place::Input(1));
    // The same claims again are no contradiction, nor are other coins.
    silent(&claimed(15_000_000, 5_000_000).after([first.remembered(12, true)]), "U07");
    silent(&claimed(15_000_000, 5_000_000).after([double(wsh()).remembered(12, true)]), "U07");
}

#[test]
fn a_line_that_agrees_does_not_hide_one_that_does_not() {
    let lie = claimed(15_000_000, 5_000_000);
    let other = claimed(15_000_000, 5_000_001);
    let case = lie.clone().after([lie.remembered(12, true), other.remembered(16, false), lie.remembered(20, true)]);
    refuses(&case, "U07", Place::Input(1));
}

#[test]
fn a_proved_amount_is_not_locked_out_by_a_lie_told_before() {
    let lie = claimed(15_000_000, 5_000_000).remembered(12, true);
    let case = proved().after([lie]);
    asks(&case, "U07", Place::Input(1));
    let text = case.findings().into_iter().find(|finding| finding.rule == "U07").unwrap().text;
    assert!(text.contains("proves 0.20000000 BTC") && text.contains("0.05000000 BTC"), "{text}");
    // Taproot amounts are committed to, not proved: a second claim is one claim too many.
    let mut taproot = simple(tr());
    taproot.psbt.inputs[0].non_witness_utxo = None;
    let before = taproot.remembered(12, true);
    taproot.psbt.inputs[0].witness_utxo.as_mut().unwrap().value += Amount::from_sat(1);
    assert_eq!(taproot.review().facts().inputs[0].proof, Proof::Committed);
    refuses(&taproot.clone().after([before]), "U07", Place::Input(0));
    good(&taproot);
}

#[test]
fn a_coin_spent_in_another_transaction_is_acknowledged_with_what_that_paid() {
    let before = double(wsh());
    let txid = before.psbt.unsigned_tx.compute_txid();
    let replacement = double(wsh()).with_tx(|tx| tx.output[0].script_pubkey = foreign(2));
    for (signed, word) in [(true, "signed"), (false, "approved, not proven to be signed")] {
        let case = replacement.clone().after([before.remembered(12, signed)]);
        asks(&case, "U08", Place::Whole);
        let findings = case.findings();
        let found: Vec<_> = findings.iter().filter(|finding| finding.rule == "U08").collect();
        assert_eq!(found.len(), 1);
        let address = before.review().facts().outputs[0].address.clone().unwrap();
        let expected = format!(
            "inputs 0, 1 spent before by {txid}, in line 12 of the journal ({word}): paid 0.07000000 BTC (7 000 000 \
             sat) to {}; fee 0.00010000 BTC (10 000 sat)",
            in_fours(&address)
        );
        assert_eq!(found[0].text, expected);
        assert_eq!(case.review().facts().inputs[1].spent_by, [txid]);
        assert_ne!(case.judge().ok().unwrap().digest(), replacement.judge().ok().unwrap().digest());
    }
    // Coins that nobody spent, and the same transaction.
    good(&replacement.clone().after([simple(wpkh()).remembered(12, true)]));
    silent(&before.clone().after([before.remembered(12, true)]), "U08");
    // One coin of two.
    let one = Case::new(vec![wsh()]).input(0, 0, 3, 6_000_000).back(0, 1, 9, 5_990_000);
    let case = replacement.after([one.remembered(4, true)]);
    asks(&case, "U08", Place::Whole);
    let text = case.findings().into_iter().find(|finding| finding.rule == "U08").unwrap().text;
    assert!(text.starts_with("input 0 spent before") && text.contains(": paid nobody else; fee"), "{text}");
}

#[test]
fn the_page_of_a_coin_says_whether_one_or_more_spent_it() {
    let other =
        |to: u8, line: u64| double(wsh()).with_tx(|tx| tx.output[0].script_pubkey = foreign(to)).remembered(line, true);
    let says = |past: &[Remembered], words: &str| {
        let cleared = double(wsh()).after(past.iter().cloned()).judge().ok().unwrap();
        let pages = pages(cleared.reviewed(), cleared.verdict());
        let lines: Vec<_> = pages.iter().flat_map(|page| &page.lines).map(|line| line.trim()).collect();
        lines.join(" ").contains(words)
    };
    let (one, more) =
        ("transaction that spends this coin: see U08", "that spends this coin, not the only one: see U08");
    for (past, words) in [(vec![], [false, false]), (vec![other(10, 5)], [true, false])] {
        assert_eq!([one, more].map(|text| says(&past, text)), words);
    }
    assert_eq!([one, more].map(|text| says(&[other(10, 5), other(11, 9)], text)), [false, true]);
}

#[test]
fn many_earlier_transactions_are_one_name_to_acknowledge() {
    let base = double(wsh());
    let past = (0..30u8).map(|number| {
        let other = double(wsh()).with_tx(|tx| tx.output[0].script_pubkey = foreign(number + 10));
        other.remembered(u64::from(number) + 5, true)
    });
    let case = base.after(past);
    let findings = case.findings();
    let told: Vec<_> = findings.iter().filter(|finding| finding.rule == "U08").collect();
    assert_eq!(told.len(), 9, "eight and how many more");
    assert!(told[0].text.starts_with("22 transactions before these"), "{}", told[0].text);
    assert!(told.iter().any(|finding| finding.text.contains("in line 34 ")));
    let cleared = case.judge().ok().unwrap();
    let named: Vec<_> = cleared.warnings().iter().filter(|warning| warning.rule == "U08").collect();
    assert_eq!(named.len(), 1);
    // What the one name says is all that was told, each sentence once.
    let sentences: Vec<&str> = told.iter().map(|finding| finding.text.as_str()).collect();
    assert_eq!(named[0].text, sentences.join("; "));
    assert_eq!(case.review().facts().inputs[0].spent_by.len(), 30);
}

#[test]
fn of_several_lines_about_a_transaction_one_is_told() {
    let case = double(wsh());
    let other = case.clone().with_tx(|tx| tx.output[0].script_pubkey = foreign(10));
    let text = |case: &Case, lines: [(u64, bool); 2], rule: &str| {
        let case = double(wsh()).after(lines.map(|(line, signed)| case.remembered(line, signed)));
        case.findings().into_iter().find(|finding| finding.rule == rule).unwrap().text
    };
    // Of another one: the first that proves that it was signed, else the first.
    for (lines, told) in [
        ([(5, true), (9, true)], "in line 5 of the journal (signed)"),
        ([(5, true), (9, false)], "in line 5 of the journal (signed)"),
        ([(5, false), (9, true)], "in line 9 of the journal (signed)"),
        ([(5, false), (9, false)], "in line 5 of the journal (approved"),
    ] {
        let text = text(&other, lines, "U08");
        assert!(text.contains(told) && text.matches("in line").count() == 1, "{lines:?}: {text}");
    }
    // Of this one: the last that proves it, else the last.
    for (lines, told) in [
        ([(5, true), (9, true)], "signed before, in line 9:"),
        ([(5, true), (9, false)], "signed before, in line 5:"),
        ([(5, false), (9, true)], "signed before, in line 9:"),
        ([(5, false), (9, false)], "approved before, in line 9,"),
    ] {
        let text = text(&case, lines, "G12");
        assert!(text.contains(told), "{lines:?}: {text}");
        // The page that says what it does has the same line.
        let again = case.clone().after(lines.map(|(line, signed)| case.remembered(line, signed)));
        let proven = lines.into_iter().filter(|(_, signed)| *signed).map(|(line, _)| line).next_back();
        assert_eq!(again.review().facts().signed_before, proven);
        let said = summary(&again).into_iter().find(|row| row.contains("G12: signed before"));
        let expected =
            proven.map(|line| format!("              1 note; G12: signed before, in line {line} of the journal"));
        assert_eq!(said, expected);
    }
}

/// The page that says what a transaction does.
fn summary(case: &Case) -> Vec<String> {
    let cleared = case.judge().ok().unwrap();
    let pages = pages(cleared.reviewed(), cleared.verdict());
    pages.into_iter().find(|page| page.title.starts_with("WHAT THIS")).unwrap().lines
}

#[test]
fn the_same_transaction_again_is_told_as_a_re_issue() {
    let case = double(wsh());
    let plain = case.judge().ok().unwrap().digest();
    let again = case.clone().after([case.remembered(12, true)]);
    shows(&again, "G12", Place::Whole);
    good(&again);
    assert_eq!(again.judge().ok().unwrap().digest(), plain, "the same review has the same digest");
    assert_eq!(again.review().facts().signed_before, Some(12));
    let text = |case: &Case| case.findings().into_iter().find(|finding| finding.rule == "G12").unwrap().text;
    assert!(text(&again).contains("signed before, in line 12: a re-issue"), "{}", text(&again));
    let open = case.clone().after([case.remembered(11, false)]);
    assert!(text(&open).contains("approved before, in line 11, and no line proves"), "{}", text(&open));
    assert_eq!(open.review().facts().signed_before, None);
    silent(&case, "G12");
    silent(&case.clone().after([simple(wpkh()).remembered(12, true)]), "G12");
    // Over other amounts it is none: that is U07's.
    let lie = claimed(15_000_000, 5_000_000).remembered(12, true);
    let other = claimed(1, 20_000_000).after([lie]);
    assert!(text(&other).contains("over other amounts"), "{}", text(&other));
}

#[test]
fn what_an_external_address_was_paid_before_is_a_fact() {
    let paid = |case: &Case| case.review().facts().outputs.iter().map(|out| out.paid_before).collect::<Vec<_>>();
    let case = double(wsh());
    assert_eq!(paid(&case), [Some(0), None]);
    let before = simple(wpkh()).remembered(5, true);
    let twice = Case::new(vec![wpkh()])
        .input(0, 0, 9, 9_000_000)
        .pay(foreign(1), 1_000_000)
        .pay(foreign(1), 2_000_000)
        .remembered(9, true);
    assert_eq!(paid(&case.clone().after([before.clone(), twice.clone()])), [Some(2), None]);
    // A re-issue counts once, this transaction not at all, and what nobody signed proves nothing.
    let mut again = before.clone();
    again.line = 13;
    let mut open = twice;
    open.signed = false;
    let case = case.clone().after([before, again, case.remembered(17, true), open]);
    assert_eq!(paid(&case), [Some(1), None]);
    let shown = |case: &Case| {
        let cleared = case.judge().ok().unwrap();
        let pages = pages(cleared.reviewed(), cleared.verdict());
        pages.into_iter().flat_map(|page| page.lines).collect::<Vec<_>>().join("\n")
    };
    assert!(shown(&case).contains("EXTERNAL (witness 0, public key hash), paid before 1 time\n"));
    assert!(shown(&double(wsh())).contains("EXTERNAL (witness 0, public key hash), never paid before\n"));
}

#[test]
fn an_address_like_one_that_was_paid_before_is_told() {
    let before = double(wsh());
    let poisoned = alike_to(&foreign(1));
    let case = paying(poisoned.clone()).after([before.remembered(12, true)]);
    shows(&case, "O09", Place::Output(0));
    let address = before.review().facts().outputs[0].address.clone().unwrap();
    let text = case.findings().into_iter().find(|finding| finding.rule == "O09").unwrap().text;
    assert!(text.contains("paid before, in line 12") && text.ends_with(&in_fours(&address)), "{text}");
    // The real address beside a poisoned one that was paid once is told too; it alone is not.
    let real = paying(foreign(1));
    silent(&real.clone().after([before.remembered(12, true)]), "O09");
    let both = [before.remembered(12, true), paying(poisoned.clone()).remembered(16, true)];
    shows(&real.clone().after(both), "O09", Place::Output(0));
    // What nobody signed could have been put there to confuse.
    silent(&paying(poisoned).after([before.remembered(12, false)]), "O09");
    silent(&real, "O09");
}

/// Spends other coins than `double` does.
fn paying(script: ScriptBuf) -> Case {
    Case::new(vec![wsh()]).input(0, 0, 10, 6_000_000).pay(script, 3_000_000).back(0, 1, 7, 2_990_000)
}

#[test]
fn an_address_like_one_of_ours_is_told() {
    for (branch, index) in [(0, 3), (1, 7), (0, 19), (1, 20)] {
        let ours = wpkh().coin(branch, index).unwrap().script_pubkey;
        let case =
            Case::new(vec![wpkh()]).input(0, 0, 3, 6_000_000).back(0, 1, 7, 1_000_000).pay(alike_to(&ours), 4_990_000);
        shows(&case, "O09", Place::Output(1));
        let text = case.findings().into_iter().find(|finding| finding.rule == "O09").unwrap().text;
        let address = bitcoin::Address::from_script(&ours, NETWORK.bitcoin()).unwrap().to_string();
        assert!(text.ends_with(&in_fours(&address)), "{text}");
    }
    // Beyond the window nobody can know.
    let far = wpkh().coin(0, 100).unwrap().script_pubkey;
    let case = Case::new(vec![wpkh()]).input(0, 0, 3, 6_000_000).pay(alike_to(&far), 5_990_000);
    silent(&case, "O09");
}

/// Processor time of this thread, where the kernel tells it: what else the machine does falls out. Else a clock's.
fn processor_seconds() -> f64 {
    static START: LazyLock<Instant> = LazyLock::new(Instant::now);
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let nanoseconds = told.and_then(|text| text.split(' ').next()?.parse::<f64>().ok());
    nanoseconds.map_or_else(|| START.elapsed().as_secs_f64(), |nanoseconds| nanoseconds / 1e9)
}

#[test]
fn many_outputs_and_a_long_journal_are_compared_in_a_straight_line() {
    let script = |number: u32| {
        let mut program = [9; 20];
        program[..4].copy_from_slice(&number.to_be_bytes());
        ScriptBuf::from([&[0, 20][..], &program].concat())
    };
    let base = simple(wpkh()).remembered(1, true);
    let past = |lines: u32| {
        (0..lines).map(|number| {
            let mut line = base.clone();
            let mut txid = [3; 32];
            txid[..4].copy_from_slice(&number.to_be_bytes());
            line.txid = bitcoin::hashes::Hash::from_byte_array(txid);
            line.line = u64::from(number) + 1;
            line.inputs[0].0.vout = number;
            line.paid = vec![(script(number), 1_000)];
            line
        })
    };
    let with = |outputs: u32| {
        let mut case = Case::new(vec![wpkh()]).input(0, 0, 3, 100_000_000);
        for number in 0..outputs {
            case = case.pay(script(1_000_000 + number), 1_000);
        }
        case
    };
    let time = |outputs: u32, lines: u32| {
        let case = with(outputs).after(past(lines));
        let start = processor_seconds();
        let reviewed = case.review();
        assert!(reviewed.facts().outputs.iter().all(|output| output.paid_before == Some(0)));
        processor_seconds() - start
    };
    let (small, large) = (time(400, 1_000), time(4_000, 10_000));
    assert!(large < small * 40.0 + 0.5, "{small} {large}");
    // Every payment of the past once more: each is known.
    let mut case = Case::new(vec![wpkh()]).input(0, 0, 3, 100_000_000);
    for number in 0..100 {
        case = case.pay(script(number), 1_000);
    }
    let facts = case.after(past(10_000)).review().facts().clone();
    assert!(facts.outputs.iter().all(|output| output.paid_before == Some(1)));
}

#[test]
fn the_screen_and_json_say_how_far_back_the_history_reaches() {
    let shown = |case: &Case| {
        let cleared = case.judge().ok().unwrap();
        let pages = pages(cleared.reviewed(), cleared.verdict());
        let page = pages.iter().find(|page| page.title == "THE JOURNAL THAT IT WAS COMPARED WITH").unwrap();
        let words: Vec<&str> = page.lines.iter().flat_map(|line| line.split_whitespace()).collect();
        (words.join(" "), to_json(cleared.reviewed(), cleared.verdict()))
    };
    let (fresh, json) = shown(&double(wsh()));
    assert!(fresh.contains("history none: nothing was signed in the 1 line of this journal"), "{fresh}");
    assert!(fresh.contains("amounts and indices of earlier spends are unknown"), "{fresh}");
    assert_eq!(json["history"]["signed"], 0);
    assert_eq!(json["history"]["head"], "04".repeat(32));
    assert_eq!(json["signed_before"], serde_json::Value::Null);
    let past = [simple(wpkh()).remembered(6, true), simple(tr()).remembered(10, false)];
    let (later, json) = shown(&double(wsh()).after(past));
    let head = strongroom::text::in_rows(&strongroom::digest::Head([4; 32]).words(12)).join(" ");
    let head = head.split_whitespace().collect::<Vec<_>>().join(" ");
    for part in ["history 1 signed transaction in 10 lines, signed up to line 10", &head, "whoever kept a newer head"] {
        assert!(later.contains(part), "{part}: {later}");
    }
    assert!(later.contains("1 transaction approved and not proven to be signed: it counts against limits"), "{later}");
    assert_eq!((&json["history"]["signed"], &json["history"]["open"]), (&1.into(), &1.into()));
    let again = double(wsh());
    let case = again.clone().after([again.remembered(12, true)]);
    assert_eq!(shown(&case).1["signed_before"], 12);
    let other = double(wsh()).with_tx(|tx| tx.output[0].script_pubkey = foreign(2)).after([again.remembered(12, true)]);
    assert_eq!(shown(&other).1["inputs"][0]["spent_by"][0], again.psbt.unsigned_tx.compute_txid().to_string());
}
