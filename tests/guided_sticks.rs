//! The guided screens as the appliance shows them: sticks that come and go, are written to for a moment, and are let go.

use std::{fs, path::Path};

use crate::{
    desk::{Bench, Plan, passphrase},
    guided::{DICE, ENTER, ESC, KNOWN, acknowledges, reads, votes},
    hostile_cli::Office,
    keeper::{Keeper, sits},
    sitter::Sitter,
};

const SIZES: [(u16, u16); 2] = [(25, 80), (60, 200)];
const WHICH: &str = "which vault?";
const MENU: &str = "what is to be done?";

/// The treasury on sticks: the vault on one, and the shares of alice and bob on their own.
fn treasury(keeper: &Keeper, office: &Office) {
    let vault = keeper.stick("vault");
    copy(&office.path("t.vault"), &vault.join("t.vault"));
    fs::copy(office.path("pay.psbt"), vault.join("pay.psbt")).unwrap();
    for name in ["alice", "bob"] {
        let share = vault.join(format!("t.vault/{name}.1.a.share"));
        fs::rename(share, keeper.stick(name).join(format!("t.{name}.1.a.share"))).unwrap();
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
}

/// The types of the journal's lines.
fn journal(keeper: &Keeper, stick: &str) -> Vec<String> {
    let journal = fs::read_to_string(keeper.stick(stick).join("t.vault/journal")).unwrap();
    let kind = |line: &str| line.rsplit("\"type\":\"").next().unwrap().split('"').next().unwrap().to_owned();
    journal.lines().map(kind).collect()
}

/// Chooses the entry that begins with this name.
#[track_caller]
fn chooses(sitter: &mut Sitter, heading: &str, name: &str) {
    let screen = sitter.sees(heading);
    let entry = |line: &str| {
        let (digit, entry) = line.trim_start_matches(['>', ' ']).split_once("  ")?;
        entry.starts_with(name).then(|| digit.to_owned())
    };
    let digit = screen.lines().find_map(entry).unwrap_or_else(|| panic!("no `{name}` in\n{screen}"));
    sitter.at(heading, &digit);
}

/// Past the status screen.
fn begins(keeper: &Keeper, test: &str, size: (u16, u16)) -> Sitter {
    let mut sitter = keeper.sitter(&format!("guided_sticks::{test}"), size);
    sitter.at("Esc: switch off", ENTER);
    sitter
}

/// From the vaults to the treasury's menu.
fn opens(sitter: &mut Sitter) {
    chooses(sitter, WHICH, "t ");
    sitter.at(KNOWN.0, KNOWN.1);
    sitter.sees(MENU);
}

/// From the vaults to the question for a PSBT's file, and up to the vault's page.
fn brings(sitter: &mut Sitter) {
    opens(sitter);
    sitter.at(MENU, "1");
    sitter.at("where is the PSBT?", "1");
    chooses(sitter, "which file is it?", "pay.psbt");
    sitter.at("is this your vault?", ENTER);
}

/// Goes on until this is seen.
#[track_caller]
fn until(sitter: &mut Sitter, text: &str) -> String {
    while !sitter.sees("").contains(text) {
        sitter.at("Enter: go on", ENTER);
    }
    sitter.sees(text)
}

fn switches_off(mut sitter: Sitter) {
    chooses(&mut sitter, WHICH, "Switch off");
    chooses(&mut sitter, "switch the machine off?", "Switch off");
    assert_eq!(sitter.ends(), 0);
}

#[test]
fn in_one_slot_the_sticks_of_the_vault_and_of_two_custodians_take_turns() {
    const TEST: &str = "in_one_slot_the_sticks_of_the_vault_and_of_two_custodians_take_turns";
    if sits() {
        return;
    }
    for size in SIZES {
        let (keeper, office) = (Keeper::new(), Office::new());
        treasury(&keeper, &office);
        let mut sitter = keeper.sitter(&format!("guided_sticks::{TEST}"), size);
        sitter.keeps("machine", "Esc: switch off");
        sitter.at("Esc: switch off", ENTER);
        sitter.keeps("no-stick", "Plug in the stick with the vault");
        keeper.plug("vault");
        sitter.keeps("stick", "on the stick \"vault\"");
        brings(&mut sitter);
        reads(&mut sitter);
        sitter.at("Approval 1 of 2", "alice\r");
        acknowledges(&mut sitter);
        sitter.keeps("share-stick", "Plug in the stick of alice");
        keeper.pull("vault");
        keeper.plug("alice");
        sitter.at("your passphrase (unseen)", &format!("{}\r", passphrase("alice")));
        reads(&mut sitter);
        sitter.at("Approval 2 of 2", "bob\r");
        acknowledges(&mut sitter);
        sitter.sees("Plug in the stick of bob");
        keeper.pull("alice");
        keeper.plug("bob");
        sitter.at("your passphrase (unseen)", &format!("{}\r", passphrase("bob")));
        sitter.keeps("vault-stick", "Plug in the stick \"vault\"");
        keeper.pull("bob");
        keeper.plug("vault");
        until(&mut sitter, "the signed PSBT");
        sitter.at("the signed PSBT", "2");
        sitter.keeps("export-stick", "where does the file go?");
        sitter.at("where does the file go?", "1");
        sitter.at("It is in `vault", ENTER);
        sitter.at("the signed PSBT", "3");
        sitter.at(MENU, ESC);
        sitter.keeps("remove", "You may remove the stick");
        keeper.pull("vault");
        sitter.sees("Plug in the stick with the vault");
        assert!(!sitter.sent().contains(keeper.stick("vault").parent().unwrap().parent().unwrap().to_str().unwrap()));
        switches_off(sitter);
        keeper.was_obeyed();
        assert_eq!(journal(&keeper, "vault").last().unwrap(), "signed");
        let unattended = office.run(&office.signing(&[]));
        assert_eq!(fs::read(keeper.stick("vault").join("pay.signed.psbt")).unwrap(), unattended.out);
        for name in ["alice", "bob"] {
            assert!(!keeper.asked().contains(&format!("write {name}")));
        }
    }
}

#[test]
fn another_stick_in_the_place_of_the_vaults_is_noticed() {
    const TEST: &str = "another_stick_in_the_place_of_the_vaults_is_noticed";
    if sits() {
        return;
    }
    let (keeper, office) = (Keeper::new(), Office::new());
    treasury(&keeper, &office);
    // The same vault, as it was before its last line.
    let other = keeper.stick("vault-2");
    copy(&keeper.stick("vault").join("t.vault"), &other.join("t.vault"));
    let journal_file = other.join("t.vault/journal");
    let old = fs::read_to_string(&journal_file).unwrap();
    let cut = old.trim_end().rfind('\n').unwrap() + 1;
    fs::write(&journal_file, &old[..cut]).unwrap();
    let lines = journal(&keeper, "vault-2").len();
    keeper.plug("vault");
    let mut sitter = begins(&keeper, TEST, (25, 80));
    brings(&mut sitter);
    keeper.plug("alice");
    votes(&mut sitter, "alice", 1);
    sitter.sees("alice approved");
    keeper.pull("vault");
    keeper.plug("vault-2");
    keeper.plug("bob");
    votes(&mut sitter, "bob", 2);
    let screen = until(&mut sitter, "SOMETHING IS NOT AS IT MUST BE");
    assert!(screen.contains("is not what it was when this ceremony began"), "{screen}");
    keeper.was_obeyed();
    assert_eq!(journal(&keeper, "vault-2").len(), lines);
    assert!(keeper.asked().iter().all(|asked| !asked.starts_with("write ")), "{:?}", keeper.asked());
    sitter.at("SOMETHING IS NOT AS IT MUST BE", ENTER);
    until(&mut sitter, "You may remove the stick \"bob\"");
    sitter.at("You may remove the stick \"bob\"", ENTER);
    sitter.at(MENU, ESC);
    sitter.at("You may remove the stick \"vault-2\"", ENTER);
    switches_off(sitter);
}

/// What the first process calls sticks without a label: none gets the name of another one, nor its own again.
#[test]
fn a_stick_without_a_label_takes_the_place_of_the_vaults_where_people_say_so() {
    const TEST: &str = "a_stick_without_a_label_takes_the_place_of_the_vaults_where_people_say_so";
    if sits() {
        return;
    }
    let (keeper, office) = (Keeper::new(), Office::new());
    treasury(&keeper, &office);
    let comes_as = |stick: &str, name: &str| fs::rename(keeper.stick(stick), keeper.path("apart").join(name)).unwrap();
    // A copy on another one, which stays plugged in.
    let copied = keeper.stick("stick-2").join("t.vault");
    copy(&keeper.stick("vault").join("t.vault"), &copied);
    comes_as("vault", "stick");
    keeper.plug("stick");
    let mut sitter = begins(&keeper, TEST, (25, 80));
    brings(&mut sitter);
    keeper.plug("stick-2");
    keeper.plug("alice");
    votes(&mut sitter, "alice", 1);
    sitter.sees("alice approved");
    keeper.pull("stick");
    keeper.plug("bob");
    votes(&mut sitter, "bob", 2);
    let screen = sitter.sees("a stick is missing");
    assert!(screen.contains("> 1  stick-2") && screen.contains("it has no label"), "{screen}");
    sitter.at("a stick is missing", ESC);
    sitter.at("STOP HERE?", "x");
    comes_as("stick", "stick-3");
    keeper.plug("stick-3");
    sitter.sees("2  stick-3");
    chooses(&mut sitter, "a stick is missing", "stick-3");
    until(&mut sitter, "the signed PSBT");
    keeper.was_obeyed();
    assert_eq!(journal(&keeper, "stick-3").last().unwrap(), "signed");
    assert!(keeper.asked().iter().all(|asked| asked != "write stick-2" && asked != "write stick"));
    sitter.at("the signed PSBT", "3");
    sitter.at("leave without it?", "2");
    sitter.at("You may remove the stick", ENTER);
    sitter.at(MENU, ESC);
    sitter.at("You may remove the stick \"stick-3\"", ENTER);
    switches_off(sitter);
}

#[test]
fn a_stick_that_cannot_be_written_to_or_is_pulled_loses_nothing() {
    const TEST: &str = "a_stick_that_cannot_be_written_to_or_is_pulled_loses_nothing";
    if sits() {
        return;
    }
    let (keeper, office) = (Keeper::new(), Office::new());
    treasury(&keeper, &office);
    for name in ["vault", "alice", "bob"] {
        keeper.plug(name);
    }
    let before = journal(&keeper, "vault");
    keeper.lock("vault", true);
    let mut sitter = begins(&keeper, TEST, (25, 80));
    for trouble in ["locked", "pulled"] {
        brings(&mut sitter);
        votes(&mut sitter, "alice", 1);
        votes(&mut sitter, "bob", 2);
        until(&mut sitter, "THIS DID NOT WORK");
        sitter.keeps(&format!("stick-{trouble}"), "nothing is signed");
        assert_eq!(journal(&keeper, "vault"), before);
        keeper.lock("vault", false);
        keeper.slips("vault");
        if trouble == "pulled" {
            keeper.plug("vault");
        }
        sitter.at("THIS DID NOT WORK", ENTER);
        until(&mut sitter, "You may remove the stick");
        let screen = sitter.at("You may remove the stick", ENTER);
        assert!(["alice", "bob"].iter().all(|name| screen.contains(&format!("the stick \"{name}\""))), "{screen}");
        sitter.at(MENU, ESC);
        sitter.at("You may remove", ENTER);
        keeper.pull("vault");
        keeper.plug("vault");
    }
    keeper.was_obeyed();
    switches_off(sitter);
}

/// The keyboard, and the three sticks and that of the image as the bus knows them, take five rows more on a machine.
#[test]
fn the_first_screen_says_what_to_compare_and_what_is_an_attack_with_three_sticks_too() {
    const TEST: &str = "the_first_screen_says_what_to_compare_and_what_is_an_attack_with_three_sticks_too";
    if sits() {
        return;
    }
    let keeper = Keeper::new();
    for name in ["vault", "alice", "bob"] {
        keeper.stick(name);
        keeper.plug(name);
    }
    let mut sitter = keeper.sitter(&format!("guided_sticks::{TEST}"), (25, 80));
    let screen = sitter.sees("Esc: switch off");
    assert!(screen.contains("Compare these words with your paper."), "{screen}");
    assert!(screen.contains("A keyboard that you did not plug in: switch off."), "{screen}");
    assert_eq!(screen.matches("can be read").count(), 3, "{screen}");
    let last = screen.lines().position(|line| line.contains("Pulling the boot stick")).unwrap();
    let told = screen.lines().filter(|line| line.contains("a keyboard (") || line.contains("a stick (")).count();
    assert!(last + 5 - told < 23, "{screen}");
    sitter.at("Esc: switch off", ESC);
    chooses(&mut sitter, "switch the machine off?", "Switch off");
    assert_eq!(sitter.ends(), 0);
}

#[test]
fn a_vault_is_made_on_sticks_of_its_own() {
    const TEST: &str = "a_vault_is_made_on_sticks_of_its_own";
    if sits() {
        return;
    }
    let keeper = Keeper::new();
    for name in ["vault", "alice", "bob"] {
        keeper.stick(name);
    }
    keeper.plug("vault");
    let mut sitter = begins(&keeper, TEST, (25, 80));
    chooses(&mut sitter, WHICH, "Make a vault");
    sitter.at("which network?", "5");
    sitter.keeps("new-stick", "in which folder");
    chooses(&mut sitter, "in which folder", "vault");
    chooses(&mut sitter, "in which folder", "This stick");
    sitter.at("the vault's name", "pair\r");
    sitter.at("the custodians' names", "alice bob\r");
    sitter.at("how many custodians", ENTER);
    sitter.at("where does the seed come from?", ENTER);
    sitter.keeps("new-shares", "where do the shares go?");
    sitter.at("where do the shares go?", ENTER);
    sitter.at("what opens the shares?", ENTER);
    sitter.at("which policy?", ENTER);
    let screen = sitter.sees("a new vault");
    for told in ["`vault/pair.vault`", "alice: `a stick of its own/pair.alice.1.a.share`", "Ctrl-C switches the"] {
        assert!(screen.contains(told), "{told} is not in\n{screen}");
    }
    sitter.keeps("plan-sticks", "a new vault");
    sitter.at("a new vault", ENTER);
    sitter.at("its policy", ENTER);
    sitter.at("dice, coins or cards?", "dice\r");
    sitter.at("0 of 99", &format!("{DICE}\r"));
    sitter.at("Type AUDIT or USE", "USE\r");
    for custodian in ["alice", "bob"] {
        sitter.at(&format!("{custodian} alone before the screen"), "OWN\r");
        sitter.at(&format!("{custodian}, your passphrase"), &format!("{}\r", passphrase(custodian)));
        sitter.at("the same again", &format!("{}\r", passphrase(custodian)));
    }
    sitter.keeps("new-share-stick", "the stick for the share of alice");
    keeper.pull("vault");
    // A stick with a share of that name: nothing is written over.
    fs::write(keeper.stick("old").join("pair.alice.1.a.share"), "old").unwrap();
    keeper.plug("old");
    sitter.sees("> 1  old");
    chooses(&mut sitter, "the stick for the share of alice", "old");
    sitter.at("is on the stick \"old\" already", ENTER);
    keeper.pull("old");
    keeper.plug("alice");
    sitter.sees("> 1  alice");
    chooses(&mut sitter, "the stick for the share of alice", "alice");
    sitter.sees("the stick for the share of bob");
    keeper.pull("alice");
    keeper.plug("bob");
    // One that cannot be written to is not the end of it.
    keeper.lock("bob", true);
    sitter.sees("> 1  bob");
    chooses(&mut sitter, "the stick for the share of bob", "bob");
    sitter.at("bob is write-protected", ENTER);
    sitter.sees("the stick for the share of bob");
    keeper.pull("bob");
    keeper.lock("bob", false);
    keeper.plug("bob");
    sitter.sees("> 1  bob");
    chooses(&mut sitter, "the stick for the share of bob", "bob");
    sitter.sees("the stick for the vault `pair`");
    keeper.pull("bob");
    // The planned stick is of no use: another one takes its place, and the vault is opened there.
    keeper.lock("vault", true);
    keeper.plug("vault");
    sitter.at("vault is write-protected", ENTER);
    sitter.sees("the stick for the vault `pair`");
    keeper.pull("vault");
    keeper.stick("spare");
    keeper.plug("spare");
    sitter.sees("> 1  spare");
    chooses(&mut sitter, "the stick for the vault", "spare");
    sitter.at("the vault is made", ENTER);
    sitter.at("the shares", ENTER);
    sitter.sees(MENU);
    keeper.was_obeyed();
    let names = |stick: &str| {
        let mut names: Vec<String> = fs::read_dir(keeper.stick(stick))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    };
    assert_eq!(fs::read(keeper.stick("old").join("pair.alice.1.a.share")).unwrap(), b"old");
    assert_eq!(names("alice"), ["pair.alice.1.a.share"]);
    assert_eq!(names("bob"), ["pair.bob.1.a.share"]);
    assert_eq!(names("spare"), ["pair.vault"]);
    assert!(names("vault").is_empty());
    sitter.at(MENU, ESC);
    sitter.at("You may remove", ENTER);
    switches_off(sitter);
}

/// A vault of the same name, made by somebody else.
fn foreign(folder: &Path) {
    let bench = Bench::create(&Plan { number: 77, ..Plan::default() }).unwrap();
    fs::create_dir(folder).unwrap();
    for (file, bytes) in bench.stick.files() {
        fs::write(folder.join(file), bytes).unwrap();
    }
}

#[test]
fn no_vault_is_shown_whose_words_nobody_knows() {
    const TEST: &str = "no_vault_is_shown_whose_words_nobody_knows";
    if sits() {
        return;
    }
    let (keeper, office) = (Keeper::new(), Office::new());
    treasury(&keeper, &office);
    foreign(&keeper.stick("vault-2").join("t.vault"));
    keeper.plug("vault");
    let mut sitter = begins(&keeper, TEST, (25, 80));
    chooses(&mut sitter, WHICH, "t ");
    sitter.keeps("words", KNOWN.0);
    // Whoever answers nothing has not compared them.
    sitter.at(KNOWN.0, ENTER);
    sitter.at("You may remove the stick \"vault\"", ENTER);
    opens(&mut sitter);
    sitter.at(MENU, "3");
    sitter.sees("The vault has 1 wallet");
    keeper.pull("vault");
    keeper.plug("vault-2");
    sitter.at("The vault has 1 wallet", "2");
    sitter.at("all wallets", ESC);
    let screen = sitter.sees("SOMETHING IS NOT AS IT MUST BE");
    assert!(screen.contains("not the expected ones"), "{screen}");
    sitter.at("SOMETHING IS NOT AS IT MUST BE", ENTER);
    sitter.at("SOMETHING IS NOT AS IT MUST BE", ENTER);
    sitter.sees(WHICH);
    keeper.was_obeyed();
    switches_off(sitter);
}

/// A copy of the vault on bob's stick is none; a file in place of bob's share is none.
#[test]
fn what_was_planted_on_other_sticks_takes_no_place() {
    const TEST: &str = "what_was_planted_on_other_sticks_takes_no_place";
    if sits() {
        return;
    }
    let (keeper, office) = (Keeper::new(), Office::new());
    treasury(&keeper, &office);
    copy(&keeper.stick("vault").join("t.vault"), &keeper.stick("bob").join("t.vault"));
    let share = |stick: &str, name: &str| keeper.stick(stick).join(format!("t.{name}.1.a.share"));
    fs::write(keeper.stick("vault").join("t.alice.1.a.share"), "no share").unwrap();
    fs::copy(share("alice", "alice"), share("vault", "bob")).unwrap();
    fs::copy(share("bob", "bob"), share("alice", "bob")).unwrap();
    let before = journal(&keeper, "vault");
    keeper.plug("vault");
    let mut sitter = begins(&keeper, TEST, (25, 80));
    brings(&mut sitter);
    keeper.plug("alice");
    keeper.plug("bob");
    reads(&mut sitter);
    sitter.at("Approval 1 of 2", "alice\r");
    acknowledges(&mut sitter);
    let screen = sitter.at("your passphrase (unseen)", &format!("{}\r", passphrase("alice")));
    assert!(screen.contains("The share of alice is on the stick \"alice\""), "{screen}");
    assert!(screen.contains("Passed over: on the stick \"vault\", `t.alice.1.a.share`"), "{screen}");
    reads(&mut sitter);
    sitter.at("Approval 2 of 2", "bob\r");
    acknowledges(&mut sitter);
    sitter.keeps("which-share", "which share of bob?");
    chooses(&mut sitter, "which share of bob?", "bob");
    keeper.pull("vault");
    sitter.at("your passphrase (unseen)", &format!("{}\r", passphrase("bob")));
    sitter.sees("Plug in the stick \"vault\"");
    keeper.plug("vault");
    let screen = sitter.sees("Signed: 1 signature");
    assert!(screen.contains("The vault on the stick \"vault\" is written to."), "{screen}");
    until(&mut sitter, "the signed PSBT");
    keeper.was_obeyed();
    assert_eq!(journal(&keeper, "bob"), before);
    assert_eq!(journal(&keeper, "vault").last().unwrap(), "signed");
    sitter.at("the signed PSBT", "3");
    sitter.at("leave without it?", "2");
    sitter.at(MENU, ESC);
    sitter.at("You may remove the stick \"vault\"", ENTER);
    switches_off(sitter);
}

#[test]
fn in_one_slot_a_share_gets_another_passphrase() {
    const TEST: &str = "in_one_slot_a_share_gets_another_passphrase";
    if sits() {
        return;
    }
    let (keeper, office) = (Keeper::new(), Office::new());
    treasury(&keeper, &office);
    for folder in ["", "1", "2", "3"].map(|folder| keeper.stick("vault").join(folder)) {
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("t.alice.1.a.share"), "no share").unwrap();
    }
    keeper.plug("vault");
    let mut sitter = begins(&keeper, TEST, (25, 80));
    opens(&mut sitter);
    sitter.at(MENU, "4");
    sitter.at("custodians", "3");
    let screen = sitter.at("who they are", ENTER);
    assert!(screen.contains("alice: the share is on no stick that is plugged in"), "{screen}");
    sitter.at("custodians", "2");
    sitter.at("who is it?", ENTER);
    sitter.at("is this your vault?", ENTER);
    sitter.keeps("passed-over", "Plug in the stick of alice");
    keeper.pull("vault");
    keeper.plug("alice");
    sitter.at("your present passphrase (unseen)", &format!("{}\r", passphrase("alice")));
    sitter.at("alice alone before the screen", "OWN\r");
    for prompt in ["alice, your new passphrase", "the same again"] {
        sitter.at(prompt, "another one of mine\r");
    }
    sitter.sees("Plug in the stick \"vault\"");
    keeper.plug_keyboard();
    sitter.sees("a keyboard that came later: switch off");
    keeper.pull("alice");
    keeper.plug("vault");
    let screen = sitter.sees("The share of alice is on the stick \"alice\"");
    assert!(screen.contains("t.alice.1.b.share"), "{screen}");
    keeper.was_obeyed();
    assert!(keeper.stick("alice").join("t.alice.1.b.share").exists());
    assert!(!keeper.stick("alice").join("t.alice.1.a.share").exists());
    assert_eq!(journal(&keeper, "vault").last().unwrap(), "changed");
    sitter.at("The share of alice is on the stick", ENTER);
    keeper.plug("alice");
    sitter.at("custodians", "3");
    let screen = sitter.at("who they are", ENTER);
    assert!(
        screen.contains("alice: on the stick \"alice\"") && screen.contains("bob: the share is on no stick"),
        "{screen}"
    );
    sitter.at("custodians", ESC);
    sitter.at("You may remove the stick \"alice\"", ENTER);
    sitter.at(MENU, ESC);
    sitter.at("You may remove the stick \"vault\"", ENTER);
    switches_off(sitter);
}

#[test]
fn a_keyboard_that_comes_after_the_first_screen_stays_closed_and_is_told() {
    const TEST: &str = "a_keyboard_that_comes_after_the_first_screen_stays_closed_and_is_told";
    if sits() {
        return;
    }
    let keeper = Keeper::new();
    keeper.plug_keyboard();
    let mut sitter = keeper.sitter(&format!("guided_sticks::{TEST}"), (25, 80));
    sitter.at("Esc: switch off", ESC);
    chooses(&mut sitter, "switch the machine off?", "Stay");
    // Whoever has not gone on yet may plug in another one.
    keeper.plug_keyboard();
    let screen = sitter.at("Esc: switch off", ENTER);
    assert!(screen.contains("  a keyboard (1209:0001)"), "{screen}");
    let screen = sitter.sees(WHICH);
    assert!(!screen.contains("1209"), "{screen}");
    keeper.plug_keyboard();
    sitter.sees("closed (1209:0001): a keyboard that came later");
    chooses(&mut sitter, WHICH, "This machine");
    sitter.at("closed (1209:0001): a keyboard that came later", ENTER);
    switches_off(sitter);
}
