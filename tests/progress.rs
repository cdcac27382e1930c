//! Long work before the guided screens: a bar that fills by what was measured, and never claims to be done.

use strongroom::{
    ceremony::{Custody, Origin, Request, Throws},
    network::Network,
    vault::Place,
};

use crate::{
    desk::{Bench, line, name, unseen},
    hostile_cli::Office,
    sitter::Sitter,
};

const ENTER: &str = "\r";
/// Good enough for mainnet.
const PHRASE: &str = "nine lamps of the harbour master at 4 bells";

/// The bars as they were drawn, one after the other: how many places of them are full, how many there are, and what is
/// said of the time.
fn bars(sent: &str) -> Vec<(usize, usize, String)> {
    let mut found = Vec::new();
    for part in sent.split("\x1b[").filter_map(|part| part.split_once("H[")) {
        let Some((bar, words)) = part.1.split_once("]  ") else { continue };
        let words = words.split(['\x1b', '\r', '\n']).next().unwrap_or_default();
        let full = bar.len() - bar.trim_start_matches('#').len();
        found.push((full, bar.len(), words.trim().to_owned()));
    }
    found
}

#[test]
fn a_mainnet_share_opens_behind_a_bar_that_is_never_full() {
    let mut bench = Bench::empty(11);
    bench.tape.will_answer([
        line("dice, coins", "dice"),
        line("0 of 99", &"142536".repeat(17)),
        line("AUDIT or USE", "use"),
        line("Enter, or OWN", "own"),
        unseen("alice, your passphrase", PHRASE),
        unseen("the same again", PHRASE),
    ]);
    bench
        .create_by(Request {
            network: Network::Mainnet,
            threshold: 1,
            custodians: vec![(name("alice"), Custody::Asked, Place::Inside)],
            origin: Origin::New(12),
            throws: Throws::Asked,
            policy: String::new(),
        })
        .unwrap();
    let office = Office::new();
    std::fs::create_dir(office.path("m.vault")).unwrap();
    for (file, bytes) in &bench.stick.files() {
        office.put(&format!("m.vault/{file}"), bytes);
    }
    let mut sitter = Sitter::start(&office.path(""), (25, 80), &["console", "m.vault"]);
    sitter.at(crate::guided::KNOWN.0, crate::guided::KNOWN.1);
    sitter.at("what is to be done?", "4");
    sitter.at("one custodian alone", "1");
    sitter.at("who is it?", "1");
    sitter.at("is this your vault?", ENTER);
    sitter.at("(unseen)", &format!("{PHRASE}{ENTER}"));
    sitter.sees("opens and belongs to this vault");
    let bars = bars(&sitter.sent());
    assert!(bars.iter().all(|(full, places, _)| full < places), "a bar was full: {bars:?}");
    assert!(bars.iter().map(|(full, ..)| full).is_sorted(), "a bar went back: {bars:?}");
    let told = |words: &str| words.contains(" s of about ") || words.ends_with("longer than expected");
    assert!(!bars.is_empty() && bars.iter().all(|(.., words)| told(words)), "{bars:?}");
    sitter.types("\x03");
    assert_eq!(sitter.ends(), 1);
}
