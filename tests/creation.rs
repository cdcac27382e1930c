//! The making of a vault at a scripted desk: whose seed it is, what throws are for, and whose passphrase is asked for.

use strongroom::{
    ceremony::{self, CeremonyError, Custody, Origin, Request, Throws},
    network::Network,
    sys::Secret,
    vault::Place,
};

use crate::desk::{Answer, Bench, Plan, Seen, line, name, secret, unseen};

/// The first test vector of BIP84, and of BIP39.
const ABANDON: &str = "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about";
/// Its fingerprint and first address on mainnet, as BIP84 has them, and its fingerprint under the passphrase `TREZOR`.
const FINGERPRINT: &str = "73c5da0a";
const ADDRESS: &str = "bc1q cr8t e4kr 609g cawu tmrz a0j4 xv80 jy8z 306f yu";
const WITH_TREZOR: &str = "b4e3f5ed";
const RECIPIENT: &str = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p";

fn dice() -> String {
    "142536".repeat(17)
}

/// What people throw, and that they take it.
fn throws() -> Vec<Answer> {
    vec![line("dice, coins", "dice"), line("0 of 99", &dice()), line("AUDIT or USE", "use")]
}

/// A vault of alice alone, whose share is sealed to her recipient.
fn imported(network: Network, origin: Origin, answers: Vec<Answer>) -> (Bench, Result<(), CeremonyError>) {
    let mut bench = Bench::empty(3);
    bench.tape.will_answer(answers);
    let made = bench.create_by(Request {
        network,
        threshold: 1,
        custodians: vec![(name("alice"), Custody::Recipient(RECIPIENT.parse().unwrap()), Place::Inside)],
        origin,
        throws: Throws::Asked,
        policy: String::new(),
    });
    (bench, made)
}

fn scanned() -> Origin {
    Origin::Scanned { code: secret(ABANDON), passphrase: None }
}

/// The paper page.
fn paper(bench: &Bench) -> String {
    let pages = bench.tape.pages();
    pages.into_iter().find(|(title, _)| title.contains("write this down")).unwrap().1
}

#[test]
fn whose_seed_it_is_is_asked_before_anyone_throws() {
    const YES: &str = "Type YES if this seed is yours";
    let typed = || vec![unseen("mnemonic (unseen)", ABANDON), unseen("BIP39 passphrase", "")];
    for (origin, before) in [(Origin::Asked, typed()), (scanned(), vec![unseen("BIP39 passphrase", "")])] {
        let answers = [before, vec![line(YES, "of course"), line(YES, "yes")], throws()].concat();
        let (bench, made) = imported(Network::Mainnet, origin, answers);
        made.unwrap();
        assert_eq!(bench.tape.unasked(), 0);
        let text = bench.tape.text();
        let question = text.find(YES).unwrap();
        for shown in [FINGERPRINT, ADDRESS, "m/84h/0h/0h/0/0", "without a BIP39 passphrase", "Compare both"] {
            assert!(text[..question].contains(shown), "no `{shown}` in\n{text}");
        }
        assert!(question < text.find("dice, coins").unwrap());
        assert!(!text.contains("abandon abandon"));
        assert!(paper(&bench).contains("fingerprint of the seed: 73c5da0a"));
    }
    // Enter alone, and whatever is not YES, takes no seed.
    for no in ["", "no", "N"] {
        let (bench, made) = imported(Network::Mainnet, scanned(), vec![unseen("BIP39", ""), line(YES, no)]);
        let error = made.unwrap_err();
        assert_eq!((error.code(), error.to_string().contains("theirs")), (1, true), "{error}");
        assert!(error.remedy().unwrap().contains("BIP39 passphrase"));
        assert!(bench.stick.files().is_empty() && !bench.tape.showed("dice"));
    }
    // Another passphrase, another seed.
    let answers = vec![unseen("BIP39", "TREZOR"), unseen("again", "TREZOR"), line(YES, "")];
    let (bench, made) = imported(Network::Regtest, scanned(), answers);
    assert_eq!(made.unwrap_err().code(), 1);
    assert!(bench.tape.showed(WITH_TREZOR) && bench.tape.showed("with its BIP39 passphrase"));
    assert!(!bench.tape.showed(FINGERPRINT) && bench.tape.showed("bcrt 1q") && !bench.tape.showed("TREZOR"));
}

#[test]
fn a_seed_that_was_given_beforehand_is_shown_and_not_asked_about() {
    let passphrase = |text: &str| -> Secret { secret(text) };
    let given = Origin::Given { mnemonic: secret(ABANDON), passphrase: passphrase("TREZOR") };
    let code = Origin::Scanned { code: secret(ABANDON), passphrase: Some(passphrase("TREZOR")) };
    for origin in [given, code] {
        let (bench, made) = imported(Network::Signet, origin, throws());
        made.unwrap();
        assert!(bench.tape.showed(WITH_TREZOR) && bench.tape.showed("tb1q ") && !bench.tape.showed("Type YES"));
    }
}

#[test]
fn the_paper_names_the_fingerprint_of_a_new_seed() {
    let bench = Bench::create(&Plan::default()).unwrap();
    let paper = paper(&bench);
    let key = bench.unattended(&["alice", "bob"], &[], |desk| ceremony::export_xpub(desk, "m/84h/1h/0h")).unwrap();
    assert!(paper.contains(&format!("fingerprint of the seed: {}\n", &key[1..9])), "{key}\n{paper}");
    assert!(!bench.tape.showed("Type YES if this seed"));
}

/// The order of these texts on the screen.
#[track_caller]
fn in_order(bench: &Bench, parts: &[&str]) {
    let text = bench.tape.text();
    let mut from = 0;
    for part in parts {
        let at = text[from..].find(part).unwrap_or_else(|| panic!("no `{part}` after {from} in\n{text}"));
        from += at + part.len();
    }
}

#[test]
fn throws_for_an_imported_seed_are_not_said_to_make_it() {
    let begins = || vec![unseen("BIP39", ""), line("Type YES", "yes")];
    let audits = vec![line("dice, coins", "dice"), line("0 of 99", &dice()), line("AUDIT or USE", "audit")];
    let (bench, made) = imported(Network::Regtest, scanned(), [begins(), audits, throws()].concat());
    made.unwrap();
    let stays = ["Your seed stays the imported one", "dice, coins", "the seed stays the imported one"];
    in_order(&bench, &[&stays[..], &["that mixture is then destroyed", "vault's shares and keys"]].concat());
    assert!(!bench.tape.showed("The seed is mixed") && !bench.tape.showed("takes the seed"));
    let (bench, made) = imported(Network::Regtest, Origin::New(12), throws());
    made.unwrap();
    in_order(&bench, &["The seed is mixed from your throws", "that seed is then destroyed", "takes the seed"]);
    assert!(!bench.tape.showed("imported"));
}

#[test]
fn a_slip_in_a_throw_is_told_by_its_place_alone() {
    for (kind, prompt, typed, told) in [
        ("dice", "0 of 99 rolls", "12 9", "throw 3 of this line is not 1 to 6. This line does not count"),
        ("coins", "0 of 256 flips", "HX", "throw 2 of this line is not H or T."),
        ("cards", "0 of 58 cards", "AS 1D", "throw 2 of this line is not a rank (A23456789TJQK) and a suit (SHDC)."),
    ] {
        let answers = vec![line("dice, coins", kind), line(prompt, typed), line(prompt, ""), Answer::End];
        let (bench, made) = imported(Network::Regtest, Origin::New(12), answers);
        assert_eq!(made.unwrap_err().code(), 1);
        assert!(bench.tape.showed(told) && !bench.tape.showed(typed), "{}", bench.tape.text());
    }
}

/// A vault of one custodian or two, who are asked for their passphrases.
fn asked(network: Network, custodians: &[&str], answers: Vec<Answer>) -> (Bench, Result<(), CeremonyError>) {
    let mut bench = Bench::empty(4);
    bench.tape.will_answer([throws(), answers].concat());
    let made = bench.create_by(Request {
        network,
        threshold: u8::try_from(custodians.len()).unwrap(),
        custodians: custodians.iter().map(|one| (name(one), Custody::Asked, Place::Inside)).collect(),
        origin: Origin::New(12),
        throws: Throws::Asked,
        policy: String::new(),
    });
    (bench, made)
}

const OWN: &str = "Enter, or OWN";
const GUESSED: &str = "can be guessed";
const WEAK: &str = "tuesday";
const STRONG: &str = "nine lamps of the harbour master at 4 bells";

#[test]
fn a_passphrase_that_can_be_guessed_is_told_before_its_custodian_goes() {
    // Enter alone chooses another one; whoever types it again keeps it.
    let own = |typed: &str, again: &str| vec![unseen("your passphrase", typed), unseen("the same again", again)];
    let answers = [vec![line(OWN, "own")], own(WEAK, ""), own(STRONG, "another"), own(STRONG, STRONG)].concat();
    let bobs = [vec![line(OWN, "OWN")], own(WEAK, WEAK)].concat();
    let (bench, made) = asked(Network::Regtest, &["alice", "bob"], [answers, bobs].concat());
    made.unwrap();
    assert_eq!(bench.tape.unasked(), 0);
    let alone = "bob alone before the screen";
    in_order(
        &bench,
        &[GUESSED, "On mainnet it would be refused", "keeps it all the same", "Another one", "differ", alone],
    );
    in_order(&bench, &["The passphrase of alice is set", alone, GUESSED, "sealing the share of alice"]);
    let pages: Vec<String> = bench.tape.pages().into_iter().map(|(title, _)| title).collect();
    assert_eq!(pages.len(), 4, "{pages:?}");
}

#[test]
fn whoever_knows_no_better_one_goes_back_to_the_generated_one() {
    let answers = vec![
        line(OWN, "own"),
        unseen("your passphrase", WEAK),
        // An empty one is not asked for again, on no network.
        unseen("your passphrase", ""),
        line(OWN, ""),
        Answer::Copied("the seven words".into()),
    ];
    for network in [Network::Mainnet, Network::Regtest] {
        let mut answers = answers.clone();
        if network == Network::Regtest {
            answers.insert(2, unseen("the same again", ""));
        }
        let (bench, made) = asked(network, &["alice"], answers);
        made.unwrap();
        assert_eq!(bench.tape.unasked(), 0);
        in_order(&bench, &[GUESSED, "make it longer, or take the generated one", "alice alone", "write down these"]);
        assert!(!bench.tape.showed(WEAK));
    }
}

#[test]
fn only_enter_and_own_are_answers_and_words_are_typed_unseen() {
    let answers = vec![
        line(OWN, STRONG),
        line(OWN, "ow"),
        line(OWN, ""),
        unseen("the seven words", "quite other words"),
        // What is typed at once is a new try, and not seen.
        unseen("the seven words", "some of the words"),
        unseen("the seven words", ""),
        Answer::Copied("the seven words".into()),
    ];
    let (bench, made) = asked(Network::Regtest, &["alice"], answers);
    made.unwrap();
    assert_eq!(bench.tape.unasked(), 0);
    assert!(!bench.tape.showed(STRONG) && !bench.tape.showed("quite other") && !bench.tape.showed("some of"));
    in_order(&bench, &["no passphrase is typed here", "no passphrase is typed here", "write down", "not the words"]);
    let shown = bench.tape.seen().iter().filter(|seen| matches!(seen, Seen::Secret { .. })).count();
    assert_eq!(shown, 2, "once at first, once for Enter alone");
}
