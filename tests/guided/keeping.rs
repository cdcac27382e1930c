//! What keeps a vault: passphrases, drills, the policy, the journal, its state.

use std::fs;

use super::{ENTER, ESC, SIZES, approves, before, picks, turns};
use crate::{desk::passphrase, hostile::treasury, hostile_cli::Office, sitter::Sitter};

#[test]
fn a_custodian_changes_the_passphrase_alone() {
    for size in SIZES {
        let office = Office::new();
        let old = office.lines_after(0).len();
        let mut sitter = before(&office, size);
        sitter.at("what is to be done?", "4");
        sitter.keeps("custodians", "custodians");
        sitter.at("custodians", "3");
        sitter.keeps("custodians-who", "who they are");
        sitter.at("who they are", ENTER);
        sitter.at("custodians", "2");
        sitter.keeps("who", "who is it?");
        picks(&mut sitter, "who is it?", "bob");
        sitter.keeps("passphrase-vault", "is this your vault?");
        sitter.at("is this your vault?", ENTER);
        sitter.keeps("passphrase-old", "bob, your present passphrase (unseen)");
        sitter.at("bob, your present passphrase (unseen)", &format!("{}\r", passphrase("bob")));
        sitter.keeps("passphrase-new", "bob alone before the screen");
        sitter.at("bob alone before the screen", "own\r");
        sitter.at("bob, your new passphrase (unseen)", "lantern orchid seventeen\r");
        sitter.at("the same again (unseen)", "lantern orchid\r");
        sitter.keeps("passphrase-differ", "The two differ");
        sitter.at("bob, your new passphrase (unseen)", "lantern orchid seventeen\r");
        sitter.at("the same again (unseen)", "lantern orchid seventeen\r");
        sitter.keeps("passphrase-changed", "opens with the new passphrase");
        assert!(!sitter.sent().contains("lantern") && !sitter.sent().contains("scripted"));
        sitter.at("opens with the new passphrase", ENTER);
        sitter.at("custodians", ESC);
        sitter.at("what is to be done?", ESC);
        assert_eq!(sitter.ends(), 0);
        assert_eq!(office.lines_after(old).last().unwrap(), "changed");
        let drill = |file: &str| office.run(&["share", "drill", "t.vault", "bob", "--passphrase", file]).code;
        assert_eq!(drill("bob"), Some(2));
        office.put("new", b"lantern orchid seventeen\n");
        assert_eq!(drill("new"), Some(0));
    }
}

#[test]
fn the_policy_is_read_tried_and_changed() {
    for size in SIZES {
        let office = Office::new();
        let old = office.lines_after(0).len();
        let strict = "[[rule]]\nthen = \"refuse\"\n";
        office.put("strict.toml", strict.as_bytes());
        office.put("odd.toml", b"[[rule]]\nthen = \"perhaps\"\n");
        let mut sitter = before(&office, size);
        sitter.at("what is to be done?", "5");
        sitter.keeps("policy", "the policy");
        sitter.at("the policy", "1");
        sitter.keeps("policy-read", "the policy in force");
        sitter.at("the policy in force", ENTER);
        sitter.at("the policy", "2");
        sitter.at("where is the PSBT?", "1");
        picks(&mut sitter, "which file is it?", "pay.psbt");
        sitter.keeps("policy-tried", "what the policy makes of it");
        sitter.at("what the policy makes of it", ENTER);
        sitter.at("the policy", "3");
        sitter.keeps("policy-file", "which policy? (a file");
        picks(&mut sitter, "which policy? (a file", "strict.toml");
        sitter.at("where is the PSBT?", "1");
        picks(&mut sitter, "which file is it?", "pay.psbt");
        sitter.keeps("policy-tried-other", "refused: rule 1 of the policy decides");
        sitter.at("refused: rule 1", ENTER);
        for choice in ["3", "4"] {
            sitter.at("the policy", choice);
            picks(&mut sitter, "which policy? (a file", "odd.toml");
            turns(&mut sitter, "perhaps");
            sitter.keeps(&format!("policy-odd-{choice}"), "THIS DID NOT WORK");
            sitter.at("THIS DID NOT WORK", ENTER);
        }
        assert_eq!(office.lines_after(old), [""; 0]);
        sitter.at("the policy", "4");
        picks(&mut sitter, "which policy? (a file", "strict.toml");
        sitter.keeps("policy-vault", "is this your vault?");
        sitter.at("is this your vault?", ENTER);
        sitter.keeps("policy-review", "Enter: go on");
        approves(&mut sitter, "alice", 1);
        sitter.keeps("policy-approved", "alice approved: 1 of 2");
        approves(&mut sitter, "bob", 2);
        turns(&mut sitter, "Type YES");
        sitter.keeps("policy-confirm", "Type YES");
        sitter.at("Type YES", "YES\r");
        sitter.keeps("policy-done", "done");
        sitter.at("done", ENTER);
        // What it refuses now is told in words of the menus.
        sitter.at("the policy", ESC);
        super::brings(&mut sitter);
        turns(&mut sitter, "REFUSED");
        sitter.keeps("policy-refuses", "REFUSED");
        turns(&mut sitter, "what is to be done?");
        let sent = sitter.sent();
        assert!(!sent.contains("strongroom ") && !sent.contains("--"), "{sent}");
        sitter.at("what is to be done?", ESC);
        assert_eq!(sitter.ends(), 0);
        let shown = office.run(&["policy", "show", "t.vault", "--json"]);
        assert!(String::from_utf8(shown.out).unwrap().contains("then = \\\"refuse\\\""));
    }
}

#[test]
fn journal_and_state_are_read_without_a_secret() {
    for size in SIZES {
        let office = Office::new();
        let files = office.vault();
        let mut sitter = before(&office, size);
        sitter.at("what is to be done?", "6");
        sitter.at("the journal", "1");
        sitter.keeps("journal-head", "the head");
        sitter.at("the head", ENTER);
        sitter.at("the journal", "2");
        sitter.keeps("journal-lines", "all lines");
        sitter.at("all lines", ENTER);
        sitter.at("the journal", "3");
        sitter.keeps("journal-proven", "whole: every line");
        sitter.at("whole: every line", ENTER);
        sitter.at("the journal", ESC);
        sitter.at("what is to be done?", "7");
        sitter.keeps("state", "the vault's state");
        sitter.at("the vault's state", "1");
        sitter.keeps("state-words", "the vault in words");
        sitter.at("Enter: go on", ESC);
        sitter.at("the vault's state", "2");
        sitter.keeps("checked", "whole: every signature and digest");
        sitter.at("whole: every signature", ESC);
        sitter.at("the vault's state", ESC);
        sitter.at("what is to be done?", ESC);
        assert_eq!(sitter.ends(), 0);
        assert_eq!(office.vault(), files);
    }
}

#[test]
fn a_vault_that_is_not_whole_says_so_in_the_form_of_a_stop() {
    for size in SIZES {
        let office = Office::new();
        let journal = fs::read_to_string(office.path("t.vault/journal")).unwrap();
        let without: Vec<&str> = journal.lines().enumerate().filter(|(at, _)| *at != 2).map(|(_, line)| line).collect();
        office.put("t.vault/journal", format!("{}\n", without.join("\n")).as_bytes());
        let mut sitter = Sitter::start(&office.path(""), size, &["console"]);
        picks(&mut sitter, "which vault?", "t.vault");
        sitter.keeps("broken", "SOMETHING IS NOT AS IT MUST BE");
        sitter.at("S T O P", ENTER);
        sitter.at("which vault?", ESC);
        sitter.at("leave?", "2");
        assert_eq!(sitter.ends(), 0);
    }
}

/// However small the window is, nothing is answered that was not read.
#[test]
fn in_a_small_window_all_words_of_a_vault_are_turned_to_before_anybody_says_they_are_the_same() {
    let office = Office::new();
    let mut sitter = Sitter::start(&office.path(""), (12, 34), &["console", "t.vault"]);
    let first = sitter.sees("do you know these words? part 1");
    // A choice by its number is none before everything was read.
    sitter.types("2");
    let mut read = first;
    while !sitter.turns_to("> 1  Back") {
        read += &sitter.at("Enter: go on", ENTER);
    }
    read += &sitter.sees("> 1  Back");
    let words = treasury().vault().statement().words();
    assert_eq!(words.split(' ').count(), 12);
    for word in words.split(' ') {
        assert!(read.split_whitespace().any(|seen| seen == word), "{word} is not in\n{read}");
    }
    let flat = read.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(flat.contains("where they differ, it is another vault"), "{read}");
    // They can be read again, and the answer is taken by its number then.
    sitter.types("b");
    sitter.at("Enter: go on", ENTER);
    sitter.at("> 1  Back", "2");
    sitter.sees("what is to be done?");
    sitter.types("\x03");
    assert_eq!(sitter.ends(), 1);
}
