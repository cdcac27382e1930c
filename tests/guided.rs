//! The guided screens, sat before as people do: whole ceremonies at 80 by 25 and at 200 by 60, every way out, and what is
//! left on the terminal and on the disk.

mod ballots;
mod breaks;
mod carrying;
mod keeping;
mod making;
mod wallets;

use std::fs;

use rustix::process::Signal;

use crate::{
    desk::passphrase,
    hostile::{payment, treasury, warnings},
    hostile_cli::Office,
    sitter::Sitter,
};

const SIZES: [(u16, u16); 2] = [(25, 80), (60, 200)];
pub(crate) const ENTER: &str = "\r";
/// The question for a name.
const NAME: &str = "Your name (Enter alone refuses)";
/// What is asked where a vault is opened, and the answer that it is known.
pub(crate) const KNOWN: (&str, &str) = ("do you know these words?", "2");
pub(crate) const ESC: &str = "\x1b";
pub(crate) const DICE: &str =
    "142536142536142536142536142536142536142536142536142536142536142536142536142536142536142536142536142536";

/// Before the treasury.
fn before(office: &Office, size: (u16, u16)) -> Sitter {
    let mut sitter = Sitter::start(&office.path(""), size, &["console", "t.vault"]);
    sitter.at(KNOWN.0, KNOWN.1);
    sitter.sees("what is to be done?");
    sitter
}

/// Chooses the entry with this text, by its number.
#[track_caller]
fn picks(sitter: &mut Sitter, heading: &str, entry: &str) {
    let screen = sitter.sees(heading);
    let choice = screen.lines().find(|line| line.get(5..).is_some_and(|line| line.trim_start().starts_with(entry)));
    let choice = choice.unwrap_or_else(|| panic!("no `{entry}` in\n{screen}"));
    let number = choice.chars().find(char::is_ascii_digit).unwrap();
    sitter.at(heading, &number.to_string());
}

/// Reads pages on, up to this text.
#[track_caller]
fn turns(sitter: &mut Sitter, text: &str) {
    let mut pages = 0;
    while !sitter.turns_to(text) {
        sitter.at("Enter: go on", ENTER);
        pages += 1;
        assert!(pages < 40, "no `{text}` after {pages} pages, but\n{}", sitter.screen());
    }
}

/// Brings the payment from its file, up to the vault's page.
fn brings(sitter: &mut Sitter) {
    sitter.at("what is to be done?", "1");
    sitter.at("where is the PSBT?", "1");
    picks(sitter, "which file is it?", "pay.psbt");
}

/// Turns the review's pages up to the question for a name.
pub(crate) fn reads(sitter: &mut Sitter) {
    turns(sitter, NAME);
}

/// Reads what is proposed, and votes for it; nothing is to be acknowledged.
fn approves(sitter: &mut Sitter, custodian: &str, number: usize) {
    reads(sitter);
    sitter.at(&format!("Approval {number} of 2"), &format!("{custodian}\r"));
    sitter.at("your passphrase (unseen)", &format!("{}\r", passphrase(custodian)));
}

pub(crate) fn votes(sitter: &mut Sitter, custodian: &str, number: usize) {
    reads(sitter);
    sitter.at(&format!("Approval {number} of 2"), &format!("{custodian}\r"));
    acknowledges(sitter);
    sitter.at("your passphrase (unseen)", &format!("{}\r", passphrase(custodian)));
}

pub(crate) fn acknowledges(sitter: &mut Sitter) {
    let bench = treasury();
    for id in warnings(&bench, &payment(&bench)) {
        sitter.at(&format!("Type {id}"), &format!("{id}\r"));
    }
}

#[test]
fn two_custodians_sign_and_the_answer_leaves_by_codes_and_by_file() {
    for size in SIZES {
        let office = Office::new();
        let mut sitter = before(&office, size);
        sitter.keeps("vault", "what is to be done?");
        sitter.at("what is to be done?", "1");
        sitter.keeps("bring", "where is the PSBT?");
        sitter.types(ESC);
        brings(&mut sitter);
        sitter.keeps("sign-vault", "is this your vault?");
        sitter.at("is this your vault?", ENTER);
        sitter.keeps("sign-review", "transaction 1 of");
        votes(&mut sitter, "alice", 1);
        sitter.keeps("sign-first-approval", "alice approved: 1 of 2");
        votes(&mut sitter, "bob", 2);
        sitter.keeps("signed", "Signed: 1 signature");
        while !sitter.screen().contains("the signed PSBT") {
            sitter.at("Enter: go on", ENTER);
        }
        sitter.keeps("sign-return", "Show it as codes");
        // Nobody has it yet: it is not left without a question, and the answer is not to leave.
        for leaves in [ESC, "3", "q"] {
            sitter.at("Show it as codes", leaves);
            sitter.keeps("sign-leave", "leave without it?");
            sitter.at("> 1  Stay", ENTER);
        }
        // Where there was no room for a code, none was seen.
        sitter.resize(12, 34);
        sitter.at("the signed PSBT", "1");
        sitter.glances("too small for a");
        sitter.types("q");
        sitter.sees("the signed PSBT");
        sitter.resize(size.0, size.1);
        sitter.sees("> 1  Show it as codes");
        sitter.at("the signed PSBT", ESC);
        sitter.at("leave without it?", ESC);
        sitter.at("the signed PSBT", "2");
        sitter.at("where does the file go?", ESC);
        sitter.sees("> 2  Write it to a file");
        sitter.at("the signed PSBT", "2");
        sitter.at("where does the file go?", ENTER);
        sitter.at("written", ENTER);
        sitter.sees("> 3  Done");
        sitter.at("the signed PSBT", "1");
        sitter.glances("q done");
        sitter.types("q");
        sitter.at("the signed PSBT", "3");
        sitter.at("what is to be done?", ESC);
        let sent = sitter.sent();
        assert!(!sent.contains("the scripted passphrase"), "a passphrase was shown");
        assert_eq!(sitter.ends(), 0);
        assert_eq!(office.lines_after(0).last().unwrap(), "signed");
        let unattended = office.run(&office.signing(&[]));
        assert_eq!(fs::read(office.path("pay.signed.psbt")).unwrap(), unattended.out);
    }
}

#[test]
fn tampering_has_a_form_of_its_own_and_ends_the_ceremony() {
    for size in SIZES {
        let office = Office::new();
        let mut psbt = bitcoin::Psbt::deserialize(&fs::read(office.path("pay.psbt")).unwrap()).unwrap();
        psbt.inputs[0].witness_utxo.as_mut().unwrap().value = bitcoin::Amount::from_sat(1);
        office.put("pay.psbt", &psbt.serialize());
        let old = office.lines_after(0).len();
        let mut sitter = before(&office, size);
        brings(&mut sitter);
        sitter.keeps("stop", "SOMEONE TAMPERED");
        let screen = sitter.at("S T O P", ENTER);
        assert!(screen.lines().filter(|line| line.starts_with("##") && line.ends_with("##")).count() > 10, "{screen}");
        sitter.keeps("refused", "REFUSED");
        sitter.at("REFUSED", ENTER);
        turns(&mut sitter, "to note");
        sitter.keeps("stopped", "to note");
        while !sitter.screen().contains("what is to be done?") {
            sitter.at("Enter: go on", ENTER);
        }
        sitter.at("what is to be done?", ESC);
        assert_eq!(sitter.ends(), 0);
        assert_eq!(office.lines_after(old), ["opened", "refused"]);
    }
}

#[test]
fn to_stop_is_to_refuse_and_it_is_asked_once_more() {
    let office = Office::new();
    let old = office.lines_after(0).len();
    let mut sitter = before(&office, (25, 80));
    brings(&mut sitter);
    sitter.at("is this your vault?", ENTER);
    reads(&mut sitter);
    sitter.at(NAME, ESC);
    sitter.keeps("stop-here", "STOP HERE?");
    sitter.at("STOP HERE?", "x");
    sitter.at(NAME, ESC);
    sitter.at("STOP HERE?", ESC);
    let screen = sitter.at("YOU STOPPED", ENTER);
    assert!(screen.contains("a person stopped it; nothing was done") && !screen.contains("To approve"), "{screen}");
    let screen = sitter.sees("to note");
    assert!(screen.contains("head of the journal, 9 lines") && !screen.contains("To approve"), "{screen}");
    while !sitter.screen().contains("what is to be done?") {
        sitter.at("Enter: go on", ENTER);
    }
    assert_eq!(office.lines_after(old), ["opened", "refused"]);
    assert!(fs::read_to_string(office.path("t.vault/journal")).unwrap().contains("a person stopped it"));
    sitter.at("what is to be done?", ESC);
    assert_eq!(sitter.ends(), 0);
}

#[test]
fn wrong_passphrases_end_a_ceremony_after_three() {
    let office = Office::new();
    let mut sitter = before(&office, (25, 80));
    sitter.at("what is to be done?", "4");
    sitter.at("custodians", "1");
    sitter.at("who is it?", "2");
    sitter.at("is this your vault?", ENTER);
    for said in ["(unseen)", "Try again", "One more try"] {
        sitter.at(said, "a slip\r");
    }
    sitter.keeps("wrong-passphrase", "THIS DID NOT WORK");
    assert!(!sitter.sent().contains("a slip"));
    sitter.at("Enter: go on", ENTER);
    sitter.at("custodians", "1");
    sitter.at("who is it?", "2");
    sitter.at("is this your vault?", ENTER);
    sitter.at("(unseen)", &format!("{}\r", passphrase("bob")));
    sitter.keeps("drilled", "opens and belongs to this vault");
    assert_eq!(office.lines_after(0).last().unwrap(), "drilled");
    sitter.signal(Signal::TERM);
    assert_eq!(sitter.ends(), 1);
}

#[test]
fn breaking_off_anywhere_leaves_vault_and_terminal_as_they_were() {
    for place in ["what is to be done?", "is this your vault?", "transaction 1 of", NAME, "(unseen)"] {
        let office = Office::new();
        let files = office.vault();
        let mut sitter = before(&office, (25, 80));
        if place != "what is to be done?" {
            brings(&mut sitter);
        }
        if !["what is to be done?", "is this your vault?"].contains(&place) {
            sitter.at("is this your vault?", ENTER);
        }
        if [NAME, "(unseen)"].contains(&place) {
            reads(&mut sitter);
        }
        if place == "(unseen)" {
            sitter.at(NAME, "alice\r");
            let bench = treasury();
            for id in warnings(&bench, &payment(&bench)) {
                sitter.at(&format!("Type {id}"), &format!("{id}\r"));
            }
            sitter.at("(unseen)", "half a pass");
        }
        sitter.at(place, "\x03");
        let sent = sitter.sent();
        assert_eq!(sitter.ends(), 1, "{place}");
        assert_eq!(office.vault(), files, "{place}");
        assert!(!sent.contains("half a pass"));
    }
}

#[test]
fn a_vault_is_made_and_a_wallet_registered() {
    for size in SIZES {
        let office = Office::new();
        fs::create_dir(office.path("new")).unwrap();
        let mut sitter = Sitter::start(&office.path("new"), size, &["console"]);
        sitter.keeps("vaults", "which vault?");
        sitter.at("which vault?", ENTER);
        sitter.keeps("network", "which network?");
        sitter.at("which network?", "5");
        sitter.at("in which folder", ENTER);
        sitter.at("the vault's name", "Not A Name\r");
        sitter.keeps("no-name", "is no name");
        sitter.at("the vault's name", "pair\r");
        sitter.at("the custodians' names", "alice bob\r");
        sitter.keeps("quorum", "how many custodians");
        sitter.at("how many custodians", ENTER);
        sitter.at("where does the seed come from?", ENTER);
        sitter.at("where do the shares go?", ENTER);
        sitter.at("what opens the shares?", ENTER);
        sitter.at("which policy?", ENTER);
        sitter.at("a new vault", "?");
        sitter.keeps("help-plan", "HELP");
        sitter.at("HELP", ESC);
        let screen = sitter.sees("a new vault");
        let place = office.path("new").canonicalize().unwrap();
        let told: String = screen.split_whitespace().collect();
        for end in ["pair.vault", "pair.alice.1.a.share"] {
            assert!(told.contains(&format!("`{}`", place.join(end).display())), "{end} is not in\n{screen}");
        }
        assert!(screen.contains("new vault  regtest (test coins)"), "{screen}");
        sitter.keeps("plan", "a new vault");
        sitter.at("a new vault", ENTER);
        sitter.at("its policy", ENTER);
        sitter.keeps("throws", "dice, coins or cards?");
        sitter.at("dice, coins or cards?", "dice\r");
        sitter.at("0 of 99", &format!("{DICE}\r"));
        sitter.keeps("use", "Type AUDIT or USE");
        sitter.at("Type AUDIT or USE", "USE\r");
        assert!(!sitter.screen().contains("142536"));
        for custodian in ["alice", "bob"] {
            sitter.at(&format!("{custodian} alone before the screen"), "OWN\r");
            sitter.at(&format!("{custodian}, your passphrase"), &format!("{}\r", passphrase(custodian)));
            sitter.at("the same again", &format!("{}\r", passphrase(custodian)));
        }
        sitter.keeps("made", "the vault is made");
        // What is done is not refused any more: to leave is to leave it unread.
        sitter.at("the vault is made", ESC);
        sitter.keeps("made-leave", "The vault is made and stays");
        sitter.at("The vault is made and stays", "x");
        sitter.at("the vault is made", ENTER);
        sitter.keeps("shares", "the shares");
        sitter.at("the shares", ESC);
        sitter.at("The vault is made and stays", ESC);
        assert!(office.path("new/pair.alice.1.a.share").exists());

        sitter.at("what is to be done?", "3");
        sitter.keeps("wallets", "The vault has 0 wallets");
        sitter.at("The vault has 0 wallets", "5");
        sitter.at("which kind of addresses?", "2");
        sitter.at("which account?", "2");
        sitter.at("the account's number:", "7\r");
        // Whoever goes back comes to the question before, and finds what was answered.
        sitter.at("the name:", ESC);
        sitter.at("> 2  Another account", ENTER);
        sitter.at("> 7", "\x15\r");
        sitter.at("which account?", ESC);
        sitter.at("> 2  tr", "1");
        sitter.at("which account?", "1");
        sitter.at("the name:", "main\r");
        sitter.at("is this your vault?", ENTER);
        for (number, custodian, typed) in [(1, "alice", "Alice\r"), (2, "bob", "BOB\r")] {
            reads(&mut sitter);
            if number == 1 {
                sitter.keeps("wallet-vote", "Approval 1 of 2");
            }
            // As where the vault was made.
            sitter.at(&format!("Approval {number} of 2"), typed);
            sitter.at("your passphrase (unseen)", &format!("{}\r", passphrase(custodian)));
        }
        while !sitter.screen().contains("Type YES") {
            sitter.at("Enter: go on", ENTER);
        }
        sitter.at("Type YES", "YES\r");
        sitter.at("is registered", ENTER);
        sitter.at("The vault has 1 wallet", "1");
        sitter.at("which wallet?", ENTER);
        sitter.at("addresses of", "1");
        let screen = sitter.sees("bcrt 1q");
        let first = screen.lines().find(|line| line.trim_start().starts_with("0 ")).unwrap();
        let first: String = first.split_whitespace().skip(1).collect();
        let listed = office.run(&["address", "new/pair.vault", "main", "--index", "0"]);
        assert_eq!(first, String::from_utf8(listed.out).unwrap().trim());
        sitter.types("\x03");
        assert_eq!(sitter.ends(), 1);
    }
}

#[test]
fn the_journal_is_read_and_every_screen_has_help_and_a_way_back() {
    let office = Office::new();
    let mut sitter = before(&office, (25, 80));
    sitter.at("what is to be done?", "6");
    sitter.keeps("journal", "the journal");
    sitter.at("the journal", "2");
    sitter.keeps("journal-lines", "all lines");
    sitter.at("created on regtest", "?");
    sitter.keeps("help-page", "HELP");
    sitter.at("HELP", ESC);
    sitter.resize(12, 50);
    sitter.at("part 1 of", ENTER);
    sitter.at("part 2 of", "b");
    sitter.at("part 1 of", "q");
    sitter.resize(25, 80);
    sitter.at("the journal", "3");
    sitter.keeps("journal-proven", "whole: every line");
    sitter.at("whole: every line", ENTER);
    sitter.at("the journal", "\x1b[[A");
    sitter.keeps("help-menu", "HELP");
    sitter.at("HELP", ENTER);
    sitter.at("the journal", ESC);
    sitter.at("what is to be done?", "7");
    sitter.at("the vault's state", "2");
    sitter.keeps("checked", "whole: every signature and digest");
    sitter.at("whole: every signature", ENTER);
    sitter.at("the vault's state", "q");
    sitter.at("what is to be done?", "8");
    assert_eq!(sitter.ends(), 0);
}

#[test]
fn a_window_that_changes_its_size_shows_the_page_again() {
    let office = Office::new();
    let mut sitter = before(&office, (60, 200));
    brings(&mut sitter);
    sitter.at("is this your vault?", ENTER);
    sitter.sees("transaction 1 of");
    sitter.resize(25, 80);
    sitter.keeps("sign-review", "transaction 1 of");
    sitter.resize(8, 30);
    sitter.keeps("too-small", "too small to read in");
    // Nothing that nobody could read is answered.
    sitter.types(ENTER);
    sitter.resize(25, 80);
    sitter.keeps("sign-review", "transaction 1 of");
    reads(&mut sitter);
    sitter.resize(16, 50);
    sitter.sees("4 of 6 [ballots] next: the work");
    sitter.types("\x03");
    assert_eq!(sitter.ends(), 1);
}

#[test]
fn without_letters_beyond_ascii_or_sequences() {
    let office = Office::new();
    let ascii = [("LC_ALL", "C"), ("TERM", "linux")];
    let mut sitter = Sitter::start_in(&office.path(""), (25, 80), &ascii, &["console", "t.vault"]);
    sitter.at(KNOWN.0, KNOWN.1);
    sitter.at("what is to be done?", "3");
    sitter.at("The vault has 1 wallet", "5");
    let screen = sitter.sees("which kind of addresses?");
    assert!(screen.is_ascii() && screen.contains("bc1q..., native segwit"), "{screen}");
    sitter.types("\x03");
    assert_eq!(sitter.ends(), 1);
    let dumb = office.run(&["console", "t.vault"]);
    assert_eq!(dumb.code, Some(2));
    assert!(dumb.err.contains("need a terminal") && dumb.out.is_empty(), "{}", dumb.err);
    let none = office.run(&["console", "nowhere"]);
    assert!(none.code == Some(2) && none.err.contains("there is no folder"), "{}", none.err);
}

#[test]
fn pages_show_screens_as_they_are() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    for (page, count) in [("docs/console.md", 4), ("docs/appliance.md", 4)] {
        let text = fs::read_to_string(root.join(page)).unwrap();
        let mut seen = 0;
        let mut renewed = String::new();
        for (number, part) in text.split("<!-- screen: ").enumerate() {
            if number == 0 {
                renewed.push_str(part);
                continue;
            }
            let (name, rest) = part.split_once(" -->\n```text\n").unwrap();
            let (shown, after) = rest.split_once("```\n").unwrap();
            let kept = fs::read_to_string(root.join(format!("tests/screens/console/{name}.txt"))).unwrap();
            let write = std::env::var_os("STRONGROOM_SCREENS").is_some();
            assert!(write || shown == kept, "{page}: the screen {name} is to be:\n{kept}");
            renewed.push_str(&format!("<!-- screen: {name} -->\n```text\n{kept}```\n{after}"));
            seen += 1;
        }
        assert_eq!(seen, count, "{page}");
        if renewed != text {
            fs::write(root.join(page), renewed).unwrap();
        }
    }
}
