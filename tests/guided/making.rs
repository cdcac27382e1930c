//! Vaults are made: of new seeds, of old ones typed and in pictures, with passphrases and with age identities.

use std::fs;

use strongroom::qr::png;

use super::{DICE, ENTER, ESC, SIZES, picks, turns};
use crate::{desk::passphrase, hostile_cli::Office, sitter::Sitter};

/// The first words of the SeedQR page, and their numbers.
const WORDS: &str = "attack pizza motion avocado network gather crop fresh patrol unusual wild holiday candy pony ranch \
                     winter theme error hybrid van cereal salon goddess expire";
const DIGITS: &str = "011513251154012711900771041507421289190620080870026613431420201617920614089619290300152408010643";
const IDENTITY: &str = "AGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPQ4EGAEX";

fn recipient() -> String {
    IDENTITY.parse::<age::x25519::Identity>().unwrap().to_public().to_string()
}

/// Starts to make the vault `NAME` on regtest in the folder `new`, up to where the seed comes from.
fn begins(office: &Office, size: (u16, u16), name: &str, custodians: &str) -> Sitter {
    fs::create_dir_all(office.path("new")).unwrap();
    let mut sitter = Sitter::start(&office.path("new"), size, &["console"]);
    picks(&mut sitter, "which vault?", "Make a vault");
    sitter.at("which network?", "5");
    sitter.at("in which folder", ENTER);
    sitter.at("the vault's name", &format!("{name}\r"));
    sitter.at("the custodians' names", &format!("{custodians}\r"));
    sitter.at("how many custodians", ENTER);
    sitter
}

/// From where the shares go to the plan's last page: all as it is offered.
fn agrees(sitter: &mut Sitter) {
    sitter.at("where do the shares go?", "2");
    sitter.at("what opens the shares?", ENTER);
    sitter.at("which policy?", ENTER);
}

/// The throws and the passphrase of alice, to the vault's menu.
fn throws(sitter: &mut Sitter, custodians: &[&str]) {
    sitter.at("dice, coins or cards?", "dice\r");
    sitter.at("0 of 99", &format!("{DICE}\r"));
    sitter.at("Type AUDIT or USE", "USE\r");
    for custodian in custodians {
        sitter.at(&format!("{custodian} alone before the screen"), "OWN\r");
        sitter.at(&format!("{custodian}, your passphrase"), &format!("{}\r", passphrase(custodian)));
        sitter.at("the same again", &format!("{}\r", passphrase(custodian)));
    }
    turns(sitter, "what is to be done?");
}

/// The key at a path, which says which seed it is.
fn key(office: &Office, vault: &str) -> String {
    let ran = office.run(&["wallet", "xpub", vault, "--path", "m/84h/1h/0h", "--ballot", "alice=alice"]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    String::from_utf8(ran.out).unwrap()
}

#[test]
fn an_old_seed_comes_by_words_by_digits_and_by_picture() {
    let office = Office::new();
    let groups: Vec<&str> = (0..24).map(|at| &DIGITS[at * 4..at * 4 + 4]).collect();
    for (size, typed) in SIZES.into_iter().zip([WORDS.to_owned(), groups.join(" ")]) {
        let name = format!("typed-{}", size.1);
        let mut sitter = begins(&office, size, &name, "alice");
        sitter.keeps("origin", "where does the seed come from?");
        sitter.at("where does the seed come from?", "3");
        agrees(&mut sitter);
        sitter.keeps("import-plan", "from an existing mnemonic");
        sitter.at("a new vault", ENTER);
        sitter.at("its policy", ENTER);
        sitter.keeps("import-mnemonic", "mnemonic (unseen)");
        sitter.at("mnemonic (unseen)", "0115 1325\r");
        sitter.keeps("import-wrong", "8 digits");
        sitter.at("mnemonic (unseen)", &format!("{typed}\r"));
        sitter.keeps("import-passphrase", "its BIP39 passphrase");
        sitter.at("its BIP39 passphrase", "a pinch of salt\r");
        sitter.at("the same passphrase again", "a pinch of salt\r");
        sitter.keeps("import-whose", "Type YES if this seed is yours");
        sitter.at("Type YES if this seed is yours", "YES\r");
        sitter.keeps("import-throws", "dice, coins or cards?");
        throws(&mut sitter, &["alice"]);
        let sent = sitter.sent();
        assert!(!["attack pizza", "0115 1325", "a pinch of salt"].iter().any(|secret| sent.contains(secret)));
        sitter.types("\x03");
        assert_eq!(sitter.ends(), 1);
    }
    assert_eq!(key(&office, "new/typed-80.vault"), key(&office, "new/typed-200.vault"));
    for size in SIZES {
        let name = format!("seen-{}", size.1);
        fs::create_dir_all(office.path("new/pictures")).unwrap();
        let mut sitter = begins(&office, size, &name, "alice");
        sitter.at("where does the seed come from?", "5");
        agrees(&mut sitter);
        office.put("new/pictures/a.png", &png("HELLO", 1, 4).unwrap());
        picks(&mut sitter, "which folder has the pictures?", "pictures/");
        sitter.keeps("pictures", "which folder has the pictures?");
        sitter.at("which folder has the pictures?", ENTER);
        sitter.keeps("no-seed", "no picture shows a seed");
        sitter.at("no picture shows a seed", ENTER);
        sitter.keeps("no-seed-notes", "no seed: 1 words");
        sitter.at("Enter: go on", ENTER);
        office.put("new/pictures/a.png", &png(DIGITS, 1, 4).unwrap());
        // Whoever could not be seen is asked for the policy again, and comes back with Enter.
        sitter.at("which policy?", ENTER);
        picks(&mut sitter, "which folder has the pictures?", "pictures/");
        sitter.at("which folder has the pictures?", ENTER);
        sitter.at("in a QR code", ENTER);
        sitter.at("its policy", ENTER);
        sitter.keeps("import-seen", "a mnemonic of 24 words");
        sitter.at("its BIP39 passphrase", "a pinch of salt\r");
        sitter.at("the same passphrase again", "a pinch of salt\r");
        let screen = sitter.at("Type YES if this seed is yours", "YES\r");
        assert!(screen.contains(&key(&office, "new/typed-80.vault")[1..9]), "{screen}");
        throws(&mut sitter, &["alice"]);
        assert!(!sitter.sent().contains("attack pizza") && !sitter.sent().contains(&DIGITS[..12]));
        sitter.at("what is to be done?", "8");
        sitter.at("which vault?", ESC);
        sitter.keeps("leave", "leave?");
        sitter.at("leave?", "2");
        assert_eq!(sitter.ends(), 0);
        assert_eq!(key(&office, &format!("new/{name}.vault")), key(&office, "new/typed-80.vault"));
    }
}

#[test]
fn without_a_camera_the_menu_says_what_else_there_is() {
    let office = Office::new();
    for size in SIZES {
        let mut sitter = begins(&office, size, "none", "alice");
        sitter.at("where does the seed come from?", "4");
        agrees(&mut sitter);
        // Where there is one, it looks.
        if strongroom::device::cameras().is_empty() {
            sitter.keeps("no-camera", "there is no camera");
            sitter.at("there is no camera", ENTER);
            sitter.at("which policy?", ESC);
            sitter.at("what opens the shares?", ESC);
            sitter.at("where do the shares go?", ESC);
            sitter.at("where does the seed come from?", ESC);
            sitter.sees("how many custodians");
        }
        sitter.types("\x03");
        assert_eq!(sitter.ends(), 1);
        assert!(!office.path("new/none.vault").exists());
    }
}

#[test]
fn a_share_may_be_opened_by_an_age_identity() {
    for size in SIZES {
        let office = Office::new();
        fs::create_dir(office.path("new")).unwrap();
        office.put("new/bob.txt", format!("# public key of bob\n{}\n", recipient()).as_bytes());
        office.put("new/none.txt", b"age1\n");
        let mut sitter = begins(&office, size, "aged", "alice bob");
        sitter.at("where does the seed come from?", "2");
        sitter.at("where do the shares go?", "2");
        sitter.keeps("seals", "what opens the shares?");
        sitter.at("what opens the shares?", "2");
        sitter.keeps("seal", "what opens the share of alice?");
        sitter.at("what opens the share of alice?", ENTER);
        sitter.at("what opens the share of bob?", "3");
        sitter.at("the recipient:", "age1\r");
        sitter.keeps("no-recipient", "no age recipient");
        sitter.at("the recipient:", ENTER);
        sitter.at("what opens the share of bob?", "2");
        picks(&mut sitter, "which file has the recipient of bob?", "none.txt");
        sitter.at("no age recipient", ENTER);
        sitter.at("what opens the share of bob?", "2");
        picks(&mut sitter, "which file has the recipient of bob?", "bob.txt");
        // A policy of three approvals does not suit two custodians.
        office.put("new/three.toml", b"[[rule]]\napprovals = 3\n");
        sitter.at("which policy?", "2");
        picks(&mut sitter, "which policy? (a file", "three.toml");
        sitter.keeps("no-policy", "THIS DID NOT WORK");
        sitter.at("THIS DID NOT WORK", ENTER);
        sitter.at("which policy?", ENTER);
        sitter.keeps("plan-age", "opened by age identities");
        sitter.at("a new vault", ENTER);
        sitter.at("its policy", ENTER);
        throws(&mut sitter, &["alice"]);
        sitter.at("what is to be done?", "4");
        sitter.at("custodians", "1");
        picks(&mut sitter, "who is it?", "bob");
        sitter.at("is this your vault?", ENTER);
        sitter.keeps("identity", "bob, your age identity (unseen)");
        sitter.at("bob, your age identity (unseen)", &format!("{IDENTITY}\r"));
        sitter.sees("opens and belongs to this vault");
        assert!(!sitter.sent().contains("AGE-SECRET-KEY"));
        sitter.types("\x03");
        assert_eq!(sitter.ends(), 1);
    }
}

#[test]
fn a_generated_passphrase_is_shown_once_and_typed_from_paper() {
    for size in SIZES {
        let office = Office::new();
        let mut sitter = begins(&office, size, "words", "alice");
        sitter.at("where does the seed come from?", "2");
        agrees(&mut sitter);
        sitter.at("a new vault", ENTER);
        sitter.keeps("policy-usual", "its policy");
        sitter.at("its policy", ENTER);
        sitter.at("dice, coins or cards?", "coins\r");
        sitter.at("0 of 256", &format!("{}\r", "HTTH".repeat(32)));
        sitter.keeps("throws-half", "128 of 256");
        sitter.at("128 of 256", &format!("{}\r", "THTT".repeat(32)));
        sitter.at("Type AUDIT or USE", "AUDIT\r");
        sitter.sees("AUDIT: everything that was mixed");
        turns_secret(&mut sitter, "What you saw is destroyed");
        sitter.at("dice, coins or cards?", "dice\r");
        sitter.at("0 of 99", "1234567\r");
        sitter.keeps("throws-slip", "does not count");
        sitter.at("0 of 99", &format!("{DICE}\r"));
        sitter.at("Type AUDIT or USE", "USE\r");
        sitter.keeps("passphrase", "alice alone before the screen");
        sitter.at("alice alone before the screen", ENTER);
        let shown = sitter.at("write down these seven words", "?");
        sitter.keeps("help-secret", "Nobody else should see this screen");
        sitter.at("HELP", ENTER);
        assert_eq!(sitter.at("write down these seven words", ENTER), shown);
        let row = shown.lines().position(|line| line.contains("write down these seven words")).unwrap();
        let words: Vec<&str> = shown.lines().skip(row + 1).flat_map(str::split_whitespace).take(7).collect();
        let line = sitter.sees("alice, the seven words (unseen)");
        // One or two of them may be words of the screen itself.
        assert!(words.iter().filter(|word| line.contains(**word)).count() < 3, "{line}");
        sitter.at("alice, the seven words (unseen)", "other words\r");
        sitter.keeps("passphrase-wrong", "These are not the words");
        sitter.at("alice, the seven words (unseen)", ENTER);
        sitter.at("write down these seven words", ENTER);
        sitter.at("alice, the seven words (unseen)", &format!("{}\r", words.join(" ")));
        turns(&mut sitter, "what is to be done?");
        office.put("alice", words.join(" ").as_bytes());
        assert!(key(&office, "new/words.vault").contains("tpub"));
        sitter.types("\x03");
        assert_eq!(sitter.ends(), 1);
    }
}

/// Takes secrets off the screen, up to this text.
fn turns_secret(sitter: &mut Sitter, text: &str) {
    while !sitter.sees("").contains(text) {
        sitter.at("take it off the screen", ENTER);
    }
}

#[test]
fn whoever_goes_back_comes_to_the_question_before() {
    let office = Office::new();
    let mut sitter = begins(&office, (25, 80), "back", "alice bob");
    sitter.at("where does the seed come from?", ENTER);
    sitter.at("where do the shares go?", ENTER);
    sitter.at("what opens the shares?", "2");
    sitter.at("what opens the share of alice?", ENTER);
    for (heading, typed) in [
        ("what opens the share of bob?", ESC),
        ("what opens the shares?", ENTER),
        ("which policy?", "2"),
        ("which policy? (a file", ESC),
        ("which policy?", ESC),
        ("what opens the shares?", ESC),
        ("where do the shares go?", ESC),
        ("where does the seed come from?", ESC),
        ("how many custodians", ESC),
        // What was answered is there to be kept or mended.
        ("> alice bob", ESC),
        ("> back", "\x15\r"),
        ("in which folder", ESC),
        ("> 5  regtest", "1"),
        ("new vault  mainnet (real coins)", ENTER),
        ("> back", ENTER),
        ("> alice bob", "\x15carol\r"),
        ("how many custodians", ENTER),
        // Of real coins no shares lie in the folder: nobody is asked.
        ("> 1  A new seed", "b"),
        ("how many custodians", ENTER),
        ("where does the seed come from?", "2"),
        ("what opens the shares?", ESC),
        ("> 2  A new seed of 12", "q"),
        ("how many custodians", ESC),
        ("> carol", ESC),
        ("> back", ESC),
        ("in which folder", ESC),
        ("> 1  mainnet", ESC),
        ("which vault?", ESC),
        ("leave?", "2"),
    ] {
        sitter.at(heading, typed);
    }
    assert_eq!(sitter.ends(), 0);
    assert_eq!(fs::read_dir(office.path("new")).unwrap().count(), 0);
}
