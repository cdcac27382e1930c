//! Windows that change, terminals that go, people that break off: in the middle of every ceremony.

use std::{fs, thread::sleep, time::Duration};

use rustix::process::Signal;

use super::{DICE, ENTER, ESC, NAME, before, brings, picks, reads, turns};
use crate::{desk::passphrase, hostile_cli::Office, sitter::Sitter};

type Steps = &'static [(&'static str, &'static str)];

/// Ceremonies, each up to questions and pages in the middle of it.
const CEREMONIES: &[(&str, Steps)] = &[
    (
        "a wallet",
        &[
            ("what is to be done?", "3"),
            ("The vault has 1 wallet", "5"),
            ("which kind of addresses?", "2"),
            ("which account?", "2"),
            ("the account's number", "7\r"),
            ("the name:", "second\r"),
            ("is this your vault?", ENTER),
            ("Enter: go on", ENTER),
            (NAME, "alice\r"),
            ("(unseen)", "half of it"),
        ],
    ),
    (
        "a key",
        &[
            ("what is to be done?", "3"),
            ("The vault has 1 wallet", "7"),
            ("the path:", "m/48h/1h/0h/2h\r"),
            ("is this your vault?", ENTER),
            ("Enter: go on", ENTER),
            (NAME, "alice\r"),
            ("(unseen)", "half of it"),
        ],
    ),
    (
        "a policy",
        &[
            ("what is to be done?", "5"),
            ("the policy", "4"),
            ("which policy? (a file", ENTER),
            ("is this your vault?", ENTER),
            ("Enter: go on", ENTER),
            (NAME, "alice\r"),
            ("(unseen)", "half of it"),
        ],
    ),
    (
        "a passphrase",
        &[
            ("what is to be done?", "4"),
            ("custodians", "2"),
            ("who is it?", "2"),
            ("is this your vault?", ENTER),
            ("(unseen)", "the scripted passphrase of bob\r"),
            ("Enter, or OWN", ENTER),
            ("seven words", ENTER),
            ("the seven words (unseen)", "half of it"),
        ],
    ),
    (
        "a drill",
        &[
            ("what is to be done?", "4"),
            ("custodians", "1"),
            ("who is it?", "2"),
            ("is this your vault?", ENTER),
            ("(unseen)", "half of it"),
        ],
    ),
];

/// How it ends in the middle.
#[derive(Clone, Copy, Debug)]
enum End {
    CtrlC,
    HangUp,
    Term,
}

#[test]
fn whoever_breaks_off_a_ceremony_leaves_the_vault_as_it_was() {
    let ends = [End::CtrlC, End::HangUp, End::Term];
    for (number, (what, steps)) in CEREMONIES.iter().enumerate() {
        // Each ends at its last step and at one before, in ways that take turns.
        for (turn, last) in [steps.len(), steps.len() - 2].into_iter().enumerate() {
            let office = Office::new();
            office.put("a.toml", b"[[rule]]\nthen = \"refuse\"\n");
            let files = office.vault();
            let mut sitter = before(&office, (25, 80));
            for (heading, typed) in &steps[..last] {
                sitter.at(heading, typed);
            }
            if let Some((heading, _)) = steps.get(last) {
                sitter.sees(heading);
            }
            sitter.sees("");
            let sent = sitter.sent();
            let end = ends[(number + turn) % ends.len()];
            let code = match end {
                End::CtrlC => {
                    sitter.types("\x03");
                    sitter.ends()
                }
                End::HangUp => sitter.hangs_up(),
                End::Term => {
                    sitter.signal(Signal::TERM);
                    sitter.ends()
                }
            };
            assert_eq!(code, if matches!(end, End::HangUp) { 3 } else { 1 }, "{what}, {end:?}");
            assert_eq!(office.vault(), files, "{what}, {end:?} after {last} steps");
            assert!(!sent.contains("half of it") && !sent.contains("scripted"), "{what}");
        }
    }
}

#[test]
fn a_vault_that_is_not_made_leaves_no_folder() {
    let all = [
        ("which vault?", ENTER),
        ("which network?", "5"),
        ("in which folder", ENTER),
        ("the vault's name", "half\r"),
        ("the custodians' names", "alice\r"),
        ("how many custodians", ENTER),
        ("where does the seed come from?", ENTER),
        ("where do the shares go?", ENTER),
        ("what opens the shares?", ENTER),
        ("which policy?", ENTER),
        ("a new vault", ENTER),
        ("its policy", ENTER),
        ("dice, coins or cards?", "dice\r"),
        ("0 of 99", DICE),
    ];
    for (last, hang) in [(5, true), (11, false), (13, true), (14, false), (14, true)] {
        let office = Office::new();
        fs::create_dir(office.path("new")).unwrap();
        let mut sitter = Sitter::start(&office.path("new"), (25, 80), &["console"]);
        for (heading, typed) in &all[..last] {
            sitter.at(heading, typed);
        }
        sitter.sees("");
        let code = if hang {
            sitter.hangs_up()
        } else {
            sitter.types("\x03");
            sitter.ends()
        };
        assert_eq!(code, if hang { 3 } else { 1 });
        assert_eq!(fs::read_dir(office.path("new")).unwrap().count(), 0, "after {last} steps");
    }
}

#[test]
fn breaking_off_the_work_leaves_one_of_two_whole_vaults() {
    for wait in [0, 40, 120, 250] {
        let office = Office::new();
        let mut sitter = before(&office, (25, 80));
        sitter.at("what is to be done?", "4");
        sitter.at("custodians", "2");
        sitter.at("who is it?", "2");
        sitter.at("is this your vault?", ENTER);
        sitter.at("(unseen)", &format!("{}\r", passphrase("bob")));
        sitter.at("Enter, or OWN", "own\r");
        sitter.at("your new passphrase (unseen)", "lantern orchid seventeen\r");
        sitter.sees("the same again (unseen)");
        sitter.types("lantern orchid seventeen\r");
        sleep(Duration::from_millis(wait));
        sitter.types("\x03");
        assert_eq!(sitter.ends(), 1);
        let checked = office.run(&["vault", "check", "t.vault"]);
        assert_eq!(checked.code, Some(0), "after {wait} ms: {}", checked.err);
        office.put("new", b"lantern orchid seventeen\n");
        let opens = ["bob", "new"]
            .map(|file| office.run(&["share", "drill", "t.vault", "bob", "--passphrase", file]).code == Some(0));
        // For a moment both files are there; never none.
        assert!(opens[0] || opens[1], "after {wait} ms: {opens:?}");
    }
}

/// Shown in a wide window, in a narrow one, and again in the first: it is the same screen.
#[track_caller]
fn survives(sitter: &mut Sitter, heading: &str) {
    let first = sitter.sees(heading);
    for (rows, columns) in [(60, 200), (13, 44)] {
        sitter.resize(rows, columns);
        turns(sitter, heading);
    }
    sitter.resize(8, 30);
    sitter.sees("too small to read in");
    sitter.resize(25, 80);
    turns(sitter, heading);
    assert_eq!(first, sitter.sees(heading));
}

#[test]
fn every_kind_of_screen_survives_other_windows() {
    let office = Office::new();
    let mut sitter = before(&office, (25, 80));
    survives(&mut sitter, "what is to be done?");
    sitter.at("what is to be done?", "1");
    sitter.at("where is the PSBT?", "1");
    survives(&mut sitter, "which file is it?");
    picks(&mut sitter, "which file is it?", "pay.psbt");
    sitter.at("is this your vault?", "?");
    survives(&mut sitter, "HELP");
    sitter.at("HELP", ESC);
    sitter.at("is this your vault?", ENTER);
    reads(&mut sitter);
    sitter.types("ali");
    survives(&mut sitter, "> ali");
    sitter.types("ce\r");
    sitter.at("(unseen)", "the scripted ");
    survives(&mut sitter, "(unseen)");
    assert!(!sitter.sent().contains("scripted"));
    sitter.at("(unseen)", ESC);
    survives(&mut sitter, "STOP HERE?");
    sitter.at("STOP HERE?", "x");
    sitter.at("(unseen)", "passphrase of alice\r");
    turns(&mut sitter, "Approval 2 of 2");
    sitter.at("Approval 2 of 2", "bob\r");
    sitter.at("(unseen)", &format!("{}\r", passphrase("bob")));
    turns(&mut sitter, "the signed PSBT");
    sitter.at("the signed PSBT", "1");
    sitter.glances("q done");
    sitter.resize(60, 200);
    sitter.glances("a second");
    sitter.resize(25, 80);
    // Mixed parts come after all of the others: nobody is asked then.
    sitter.glances("mixed part");
    sitter.types("q");
    sitter.sees("> 3  Done");
    sitter.at("the signed PSBT", "3");
    sitter.at("what is to be done?", "4");
    sitter.at("custodians", "2");
    sitter.at("who is it?", "1");
    sitter.at("is this your vault?", ENTER);
    sitter.at("(unseen)", &format!("{}\r", passphrase("alice")));
    sitter.at("Enter, or OWN", ENTER);
    survives(&mut sitter, "write down these seven");
    sitter.types("\x03");
    assert_eq!(sitter.ends(), 1);
}

#[test]
fn a_stop_survives_other_windows() {
    let office = Office::new();
    let mut psbt = bitcoin::Psbt::deserialize(&fs::read(office.path("pay.psbt")).unwrap()).unwrap();
    psbt.inputs[0].witness_utxo.as_mut().unwrap().value = bitcoin::Amount::from_sat(1);
    office.put("pay.psbt", &psbt.serialize());
    let mut sitter = before(&office, (25, 80));
    brings(&mut sitter);
    survives(&mut sitter, "S T O P");
    sitter.types("\x03");
    assert_eq!(sitter.ends(), 1);
}

#[test]
fn in_an_old_terminal_without_colours_nothing_is_lost() {
    let office = Office::new();
    let poor = [("LC_ALL", "C"), ("TERM", "vt100"), ("NO_COLOR", "1")];
    let mut sitter = Sitter::start_in(&office.path(""), (24, 80), &poor, &["console", "t.vault"]);
    sitter.at(crate::guided::KNOWN.0, crate::guided::KNOWN.1);
    let all: &[(&str, &[&str])] = &[
        ("3", &["1", ENTER, "3", ESC, "1", ESC, ESC]),
        ("3", &["4", ENTER, "1", "3", ESC, ESC]),
        ("3", &["5", ESC, "6", ESC, "7", ENTER]),
        ("4", &["3", ESC, "2", ESC]),
        ("5", &["1", ESC, "2", "4", ESC, ESC, "3", ESC]),
        ("6", &["1", ESC]),
        ("7", &["1", ESC]),
    ];
    for (menu, keys) in all {
        sitter.at("what is to be done?", menu);
        for key in *keys {
            let screen = sitter.sees("");
            assert!(screen.is_ascii() && screen.contains(": help"), "{screen}");
            assert!(screen.lines().all(|line| line.chars().count() <= 80));
            sitter.at("", key);
        }
        sitter.at("", ESC);
    }
    sitter.at("what is to be done?", ESC);
    let sent = sitter.sent();
    assert_eq!(sitter.ends(), 0);
    // Bold and reversed letters alone.
    for sequence in sent.split("\x1b[").skip(1) {
        let (numbers, _) = sequence.split_once(|c: char| c.is_ascii_alphabetic()).unwrap();
        let coloured = sequence[numbers.len()..].starts_with('m')
            && numbers.split(';').any(|number| matches!(number.parse(), Ok(30..=49 | 90..=107)));
        assert!(!coloured, "{sequence:?}");
    }
}
