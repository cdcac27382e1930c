//! At the ballots: what is approved stays before people's eyes, slips do not, and shares that are not theirs end nothing.

use std::fs;

use super::{ENTER, ESC, NAME, approves, before, brings, picks, reads, turns, votes};
use crate::{ballots::twice_spent, desk::passphrase, hostile::treasury, hostile_cli::Office, sitter::Sitter};

/// Turns pages up to this question; the screen with it.
#[track_caller]
fn up_to(sitter: &mut Sitter, question: &str) -> String {
    turns(sitter, question);
    sitter.sees(question)
}

fn solid(screen: &str) -> String {
    screen.chars().filter(|letter| !letter.is_whitespace()).collect()
}

#[test]
fn above_a_passphrase_stand_the_amount_and_address_that_it_approves() {
    for (size, slips) in [((25, 80), 16), ((12, 34), 2)] {
        let office = Office::new();
        let signed = office.run(&office.signing(&[]));
        assert_eq!(signed.code, Some(0), "{}", signed.err);
        office.put("pay.psbt", &twice_spent(&treasury()));
        let mut sitter = before(&office, (25, 80));
        brings(&mut sitter);
        sitter.at("is this your vault?", ENTER);
        reads(&mut sitter);
        sitter.resize(size.0, size.1);
        // What narrow windows break is asked for by its first words.
        let (name, proof) = ("Approval 1 of 2.", "your passphrase");
        for _ in 0..slips {
            up_to(&mut sitter, name);
            sitter.at(name, "wrongpass\r");
        }
        let screen = up_to(&mut sitter, name);
        assert!(!screen.contains("wrongpass"), "{screen}");
        sitter.at(name, "alice\r");
        up_to(&mut sitter, "Type U08");
        sitter.at("Type U08", "wrongpass\r");
        let screen = up_to(&mut sitter, "Type U08");
        assert!(!screen.contains("wrongpass"), "{screen}");
        sitter.at("Type U08", "U08\r");
        for slip in ["a slip", "another slip"] {
            up_to(&mut sitter, proof);
            sitter.at(proof, &format!("{slip}\r"));
        }
        let screen = up_to(&mut sitter, proof);
        let shown = solid(&screen);
        let wanted = "Toapprove:send0.39999000BTC(39999000sat)tobcrt1qhw";
        let address = shown.find(wanted).map(|from| &shown[from + wanted.len() - 8..]);
        let address = address.unwrap_or_else(|| panic!("no `{wanted}` in\n{screen}"));
        // All of the address: 44 letters.
        assert!(address.chars().take(44).all(|letter| letter.is_ascii_alphanumeric()), "{screen}");
        assert!(!screen.contains("0.40000000") && !shown.contains("bcrt1q42a"), "{screen}");
        sitter.at(proof, &format!("{}\r", passphrase("alice")));
        turns(&mut sitter, "alice approved: 1 of 2");
        sitter.types("\x03");
        assert_eq!(sitter.ends(), 1);
    }
}

#[test]
fn a_share_of_somebody_else_is_told_and_another_one_asked_for() {
    let office = Office::new();
    let moved = |from: &str, to: &str| fs::rename(office.path("t.vault").join(from), office.path(to)).unwrap();
    moved("alice.1.a.share", "mine.alice.1.a.share");
    fs::copy(office.path("t.vault/bob.1.a.share"), office.path("a.bob.1.a.share")).unwrap();
    let mut sitter = before(&office, (25, 80));
    brings(&mut sitter);
    sitter.at("is this your vault?", ENTER);
    votes(&mut sitter, "bob", 1);
    reads(&mut sitter);
    sitter.at("Approval 2 of 2", "alice\r");
    picks(&mut sitter, "where is the share of alice?", "a.bob.1.a.share");
    let screen = sitter.at("this is no share of alice", ENTER);
    assert!(screen.contains("the share is of `bob`, not of `alice`"), "{screen}");
    assert!(screen.contains("the name of its file has `alice` in it"), "{screen}");
    // Whoever goes back is asked whether to stop, and stays.
    sitter.at("where is the share of alice?", ESC);
    sitter.at("STOP HERE?", "x");
    let screen = sitter.sees("where is the share of alice?");
    let marked = screen.lines().find(|line| line.trim_start().starts_with('>'));
    assert!(marked.is_some_and(|line| line.contains("mine.alice.1.a.share")), "{screen}");
    sitter.at("where is the share of alice?", ENTER);
    sitter.at("your passphrase (unseen)", &format!("{}\r", passphrase("alice")));
    turns(&mut sitter, "Signed: 1 signature");
    sitter.types("\x03");
    assert_eq!(sitter.ends(), 1);
    assert_eq!(office.lines_after(0).last().unwrap(), "signed");
}

#[test]
fn a_file_in_the_place_of_a_share_ends_nothing() {
    let office = Office::new();
    fs::rename(office.path("t.vault/alice.1.a.share"), office.path("mine.alice.1.a.share")).unwrap();
    fs::copy(office.path("t.vault/carol.1.a.share"), office.path("t.vault/alice.1.a.share")).unwrap();
    let mut sitter = before(&office, (25, 80));
    brings(&mut sitter);
    sitter.at("is this your vault?", ENTER);
    reads(&mut sitter);
    sitter.at(NAME, "alice\r");
    let screen = sitter.at("this is no share of alice", ENTER);
    assert!(screen.contains("the share is of `carol`, not of `alice`"), "{screen}");
    picks(&mut sitter, "where is the share of alice?", "mine.alice.1.a.share");
    sitter.at("your passphrase (unseen)", &format!("{}\r", passphrase("alice")));
    approves(&mut sitter, "bob", 2);
    turns(&mut sitter, "Signed: 1 signature");
    sitter.types("\x03");
    assert_eq!(sitter.ends(), 1);
}

#[test]
fn why_it_stopped_comes_first_and_then_what_is_to_be_written_down() {
    let office = Office::new();
    let mut sitter = before(&office, (25, 80));
    for how in ["Enter", "passphrases"] {
        brings(&mut sitter);
        sitter.at("is this your vault?", ENTER);
        reads(&mut sitter);
        if how == "Enter" {
            sitter.at(NAME, ENTER);
            let screen = sitter.at("REFUSED", ENTER);
            assert!(screen.contains("refused by a custodian") && !screen.contains("head of the journal"), "{screen}");
        } else {
            sitter.at(NAME, "bob\r");
            for slip in 0..3 {
                sitter.at("your passphrase (unseen)", &format!("slip {slip}\r"));
            }
            let screen = sitter.at("THIS DID NOT WORK", ENTER);
            assert!(screen.contains("wrong passphrase") && !screen.contains("head of the journal"), "{screen}");
        }
        let screen = sitter.at("to note", ENTER);
        assert!(screen.contains("head of the journal") && !screen.contains("To approve"), "{screen}");
    }
    sitter.at("what is to be done?", ESC);
    assert_eq!(sitter.ends(), 0);
}
