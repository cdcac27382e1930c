//! The real program shows a review at terminals of any size: no page is longer or wider than the terminal, nothing is
//! missing, and who changes the window's size sees the page again.

use std::fs;

use bitcoin::Psbt;
use serde_json::{Value, json};
use strongroom::{network::Network, wallet};

use crate::{
    hostile_cli::Office,
    hostile_terminal::{Sat, sit_at},
};

const SIGN: &[&str] = &["sign", "t.vault", "pay.psbt", "-o", "out.psbt"];
const REFUSES: (&str, &str, &str) = ("Your name", "send", "\n");

fn look(environment: &[(&str, &str)], steps: &[(&str, &str, Value)]) -> Option<(Office, Sat)> {
    let office = Office::new();
    let sat = sit_at(&office, environment, steps, SIGN)?;
    assert_eq!(sat.code, 1, "{}", sat.shown);
    assert!(!office.path("out.psbt").exists());
    Some((office, sat))
}

fn refuses() -> (&'static str, &'static str, Value) {
    (REFUSES.0, REFUSES.1, json!(REFUSES.2))
}

/// Each page as it stood there, its question too.
fn pages(shown: &str) -> Vec<Vec<String>> {
    let shown = shown.replace("\r\n", "\n");
    let upto = shown.rsplit_once("Enter: go on").unwrap().0;
    let mut pages: Vec<Vec<String>> = Vec::new();
    for page in format!("{upto}Enter: go on").split_inclusive("Enter: go on") {
        // What ends the line of a question belongs to it.
        let begins = page.find("── ").unwrap_or_else(|| panic!("no heading in {page:?}"));
        pages.push(page[begins..].lines().map(str::to_owned).collect());
    }
    pages
}

/// The addresses of the payment, and the amounts.
fn expected() -> Vec<String> {
    let psbt = Psbt::deserialize(&fs::read(Office::new().path("pay.psbt")).unwrap()).unwrap();
    let outputs = psbt.unsigned_tx.output.iter();
    outputs
        .flat_map(|output| {
            let address = wallet::address(&output.script_pubkey, Network::Regtest).unwrap();
            [address, strongroom::text::amount(output.value.to_sat()).replace(' ', "")]
        })
        .collect()
}

#[test]
fn pages_are_never_longer_or_wider_than_the_terminal() {
    let expected = expected();
    let mut numbers = Vec::new();
    for (rows, columns) in [(25, 80), (24, 80), (43, 132), (60, 200), (30, 40), (12, 50), (10, 30)] {
        let size = format!("{rows} {columns}");
        let environment = [("TYPIST_SIZE", size.as_str()), ("LC_ALL", "C.UTF-8")];
        let Some((_, sat)) = look(&environment, &[refuses()]) else { return };
        let pages = pages(&sat.shown);
        for page in &pages {
            let high: usize = page.iter().map(|line| line.chars().count().div_ceil(columns).max(1)).sum();
            assert!(high < rows, "{rows} by {columns}: {high} rows\n{}", page.join("\n"));
            assert!(page.iter().all(|line| line.chars().count() < columns), "{columns}: {page:#?}");
        }
        // Without heading and question: an address may go on in the next page.
        let lines = pages.iter().flat_map(|page| page.iter().skip_while(|line| !line.ends_with('─')).skip(1));
        let flat: String = lines.filter(|line| !line.contains("Enter: go on")).cloned().collect::<String>();
        let flat: String = flat.chars().filter(|c| !c.is_whitespace()).collect();
        for part in &expected {
            assert!(flat.contains(part), "{rows} by {columns} lacks {part}");
        }
        numbers.push(pages.len());
    }
    // The vault's page, and the five of the review, each on one screen of 80 by 24.
    assert_eq!(numbers[..4], [6, 6, 6, 6]);
    assert!(numbers[4] < numbers[5] && numbers[5] < numbers[6], "{numbers:?}");
}

#[test]
fn a_window_that_is_too_small_to_read_in_shows_nothing_and_says_so() {
    let steps = [("too small", "resize", json!([25, 80])), ("", "send", json!("\n")), refuses()];
    let Some((_, sat)) = look(&[("TYPIST_SIZE", "9 80"), ("LC_ALL", "C.UTF-8")], &steps) else { return };
    let says = sat.shown.find("too small to read in").unwrap();
    assert!(sat.shown.find("── ").unwrap() > says, "{}", sat.shown);
    assert_eq!(pages(&sat.shown).len(), 6);
}

#[test]
fn a_page_comes_again_when_the_size_changed_while_it_stood_there() {
    let steps = [("OUTPUTS", "resize", json!([12, 50])), refuses()];
    let Some((_, sat)) = look(&[("TYPIST_SIZE", "25 80"), ("LC_ALL", "C.UTF-8")], &steps) else { return };
    let titles: Vec<String> = pages(&sat.shown).iter().map(|page| page[0].clone()).collect();
    let outputs: Vec<&String> = titles.iter().filter(|title| title.contains("OUTPUTS")).collect();
    assert!(outputs[0].contains("2 of 5") && outputs.len() > 1, "{titles:#?}");
    let first = sat.shown.split("OUTPUTS").nth(2).unwrap();
    assert!(first.trim_start_matches(|c| c != '\n').trim_start().starts_with("output 0 "), "{first}");
    for part in expected() {
        let after = sat.shown.split_once("OUTPUTS").unwrap().1.split_once("OUTPUTS").unwrap().1;
        let flat: String = after.chars().filter(|c| !c.is_whitespace()).collect();
        assert!(flat.contains(&part), "{part} was not shown at the new size");
    }
}

#[test]
fn who_types_b_sees_the_page_before() {
    let steps = [("OUTPUTS", "turn", json!("b\n")), refuses()];
    let Some((_, sat)) = look(&[("TYPIST_SIZE", "25 80"), ("LC_ALL", "C.UTF-8")], &steps) else { return };
    let count = |title: &str| pages(&sat.shown).iter().filter(|page| page[0].contains(title)).count();
    assert_eq!([count("WHAT THIS TRANSACTION DOES"), count("OUTPUTS"), count("INPUTS")], [2, 2, 1], "{}", sat.shown);
}

#[test]
fn a_dumb_terminal_without_utf8_gets_ascii_and_no_sequences() {
    let Some((_, sat)) = look(&[("TERM", "dumb"), ("LC_ALL", "C")], &[refuses()]) else { return };
    assert!(sat.shown.bytes().all(|byte| matches!(byte, b' '..=b'~' | b'\r' | b'\n')), "{:?}", sat.shown);
    assert!(sat.shown.contains("-- transaction 1 of 5: WHAT THIS TRANSACTION DOES --"));
}

#[test]
fn tampering_has_a_screen_and_is_in_the_journal_before_anyone_reads_it() {
    for (action, argument) in [("send", json!("\n")), ("signal", json!(15))] {
        let office = Office::new();
        let before = office.lines_after(0).len();
        let mut psbt = Psbt::deserialize(&fs::read(office.path("pay.psbt")).unwrap()).unwrap();
        psbt.inputs[0].witness_utxo.as_mut().unwrap().value = bitcoin::Amount::from_sat(1);
        office.put("pay.psbt", &psbt.serialize());
        let environment = [("TYPIST_SIZE", "25 80"), ("LC_ALL", "C.UTF-8")];
        // The question comes last, and what is typed before it is thrown away.
        let steps = [("Ctrl-C: stop", action, argument)];
        let Some(sat) = sit_at(&office, &environment, &steps, SIGN) else { return };
        assert_eq!(sat.code, 1, "{}", sat.shown);
        assert!(sat.shown.contains("── transaction: SOMEONE TAMPERED WITH THIS TRANSACTION ──"), "{}", sat.shown);
        assert!(!sat.shown.contains("Your name") && !office.path("out.psbt").exists());
        assert_eq!(office.lines_after(before), ["opened", "refused"]);
    }
}
