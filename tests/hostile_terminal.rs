//! The real program at a terminal of its own, a pty: the terminal goes away, people break off, and the stick is
//! exchanged while they type.

use std::{
    collections::BTreeMap,
    fs,
    process::{Command, Stdio},
};

use serde_json::{Value, json};
use strongroom::{
    ceremony::{Custody, Origin, Request, Throws},
    network::Network,
    vault::Place,
};

use crate::{
    desk::{Bench, line, name, passphrase},
    hostile::{payment, treasury, warnings},
    hostile_cli::Office,
    program::PROGRAM,
};

/// The files of a mainnet vault of alice alone, whose share is sealed to an age recipient (no slow passphrase).
pub(crate) fn mainnet_vault() -> BTreeMap<String, Vec<u8>> {
    let mut bench = Bench::empty(9);
    bench.tape.will_answer([
        line("dice, coins", "dice"),
        line("0 of 99", &"142536".repeat(17)),
        line("AUDIT or USE", "use"),
    ]);
    let recipient = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p".parse().unwrap();
    let request = Request {
        network: Network::Mainnet,
        threshold: 1,
        custodians: vec![(name("alice"), Custody::Recipient(recipient), Place::Inside)],
        origin: Origin::New(12),
        throws: Throws::Asked,
        policy: String::new(),
    };
    bench.create_by(request).unwrap();
    bench.stick.files()
}

/// What came of a run at a terminal.
pub(crate) struct Sat {
    pub(crate) code: i64,
    pub(crate) shown: String,
    pub(crate) echoes: Option<bool>,
    pub(crate) out: Vec<u8>,
}

/// Runs the program at a pty; `None`, loudly, where there is no python3.
fn sit(office: &Office, steps: &[(&str, &str, Value)], arguments: &[&str]) -> Option<Sat> {
    sit_at(office, &[], steps, arguments)
}

/// The same with variables of the environment.
pub(crate) fn sit_at(
    office: &Office,
    environment: &[(&str, &str)],
    steps: &[(&str, &str, Value)],
    arguments: &[&str],
) -> Option<Sat> {
    if Command::new("python3").arg("--version").output().is_err() {
        assert!(std::env::var_os("CI").is_none(), "python3 is needed");
        eprintln!("SKIPPED: python3 is needed for a pty");
        return None;
    }
    office.put("script.json", json!(steps).to_string().as_bytes());
    let output = Command::new("python3")
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/typist.py"))
        .args(["script.json", &*PROGRAM])
        .args(arguments)
        .current_dir(office.path(""))
        .env("TYPIST_OUT", "typed.out")
        .envs(environment.iter().copied())
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let sat: Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)));
    assert_eq!(sat["failed"], Value::Null, "{sat:#}");
    Some(Sat {
        code: sat["code"].as_i64().unwrap(),
        shown: sat["shown"].as_str().unwrap().to_owned(),
        echoes: sat["echo"].as_bool(),
        out: fs::read(office.path("typed.out")).unwrap(),
    })
}

/// The steps of one custodian, up to the prompt for the passphrase.
pub(crate) fn votes(custodian: &'static str) -> Vec<(&'static str, &'static str, Value)> {
    let bench = treasury();
    let mut all = vec![("Your name", "send", json!(format!("{custodian}\n")))];
    all.extend(
        warnings(&bench, &payment(&bench)).into_iter().map(|id| ("to acknowledge", "send", json!(format!("{id}\n")))),
    );
    all
}

pub(crate) fn typed(custodian: &str) -> Value {
    json!(format!("{}\n", passphrase(custodian)))
}

pub(crate) const PROMPT: &str = "your passphrase (unseen";

#[test]
fn people_sign_at_a_terminal_and_no_passphrase_is_seen() {
    let office = Office::new();
    let mut steps = votes("alice");
    steps.push((PROMPT, "send", json!("a slip\n")));
    steps.push((PROMPT, "send", typed("alice")));
    steps.extend(votes("bob"));
    steps.push((PROMPT, "send", typed("bob")));
    let Some(sat) = sit(&office, &steps, &["sign", "t.vault", "pay.psbt", "-o", "out.psbt"]) else { return };
    assert_eq!((sat.code, sat.echoes), (0, Some(true)), "{}", sat.shown);
    assert!(sat.shown.contains("wrong passphrase") && sat.out.is_empty());
    for secret in ["a slip", "the scripted passphrase"] {
        assert!(!sat.shown.contains(secret), "{}", sat.shown);
    }
    let unattended = office.run(&office.signing(&[]));
    assert_eq!(
        fs::read(office.path("out.psbt")).unwrap(),
        unattended.out,
        "typed or given, the signatures are the same"
    );
}

#[test]
fn breaking_off_at_a_passphrase_signs_nothing_and_gives_the_terminal_back() {
    let ways: [(&str, Value, i64, &[&str]); 6] = [
        ("send", json!("\u{3}"), 1, &[]),
        ("send", json!("half a passphrase\u{3}"), 1, &[]),
        ("send", json!("\u{4}"), 1, &["opened", "refused"]),
        ("signal", json!(15), 1, &[]),
        ("signal", json!(3), 1, &[]),
        ("hangup", Value::Null, 3, &[]),
    ];
    for second in [false, true] {
        for (action, argument, code, lines) in ways.clone() {
            let office = Office::new();
            let before = office.vault();
            let old = office.lines_after(0).len();
            let mut steps = votes("alice");
            if second {
                steps.push((PROMPT, "send", typed("alice")));
                steps.extend(votes("bob"));
            }
            steps.push((PROMPT, action, argument.clone()));
            let Some(sat) = sit(&office, &steps, &["sign", "t.vault", "pay.psbt", "-o", "out.psbt"]) else { return };
            assert_eq!(sat.code, code, "{action} {argument}: {}", sat.shown);
            assert!(sat.echoes != Some(false), "{action}: the terminal stays without echo");
            assert!(!office.path("out.psbt").exists() && sat.out.is_empty());
            let mut after = office.vault();
            assert!(after["journal"].starts_with(&before["journal"]));
            after.insert("journal".into(), before["journal"].clone());
            assert_eq!(after, before);
            assert_eq!(office.lines_after(old), lines, "{action} {argument}");
            assert!(!sat.shown.contains("half a") && !sat.shown.contains("scripted passphrase"), "{}", sat.shown);
        }
    }
}

#[test]
fn the_stick_exchanged_between_two_ballots_at_a_terminal_ends_with_4() {
    let office = Office::new();
    fs::create_dir(office.path("other.vault")).unwrap();
    for (file, bytes) in office.vault() {
        office.put(&format!("other.vault/{file}"), &bytes);
    }
    let drilled = office.run(&["share", "drill", "other.vault", "carol", "--passphrase", "carol"]);
    assert_eq!(drilled.code, Some(0), "{}", drilled.err);
    let mut steps = votes("alice");
    steps.push((PROMPT, "send", typed("alice")));
    steps.push(("Your name", "run", json!("mv t.vault first.vault && mv other.vault t.vault")));
    let mut bob = votes("bob");
    bob[0].0 = "";
    steps.extend(bob);
    steps.push((PROMPT, "send", typed("bob")));
    let Some(sat) = sit(&office, &steps, &["sign", "t.vault", "pay.psbt", "-o", "out.psbt"]) else { return };
    assert_eq!(sat.code, 4, "{}", sat.shown);
    assert!(sat.shown.contains("exchanged or changed") && !office.path("out.psbt").exists());
    assert_eq!(office.lines_after(0).last().unwrap(), "drilled");
}

#[test]
fn on_mainnet_shares_go_into_the_folder_only_after_a_typed_warning() {
    let office = Office::new();
    let create = [
        "vault",
        "create",
        "m.vault",
        "--network",
        "mainnet",
        "--threshold",
        "1",
        "--custodian",
        "alice",
        "--embed-shares",
    ];
    let Some(sat) = sit(&office, &[("Type EMBED", "send", json!("yes\n"))], &create) else { return };
    assert_eq!(sat.code, 1, "{}", sat.shown);
    assert!(!office.path("m.vault").exists());
    let weak = [
        ("Type EMBED", "send", json!("EMBED\n")),
        ("dice, coins", "send", json!("dice\n")),
        ("0 of 99", "send", json!(format!("{}\n", "142536".repeat(17)))),
        ("AUDIT or USE", "send", json!("USE\n")),
        ("or OWN", "send", json!("OWN\n")),
        ("your passphrase (unseen)", "send", json!("correct horse\n")),
        ("hoose another", "run", json!("true")),
        // Whoever cannot think of one takes the generated one after all.
        ("your passphrase (unseen)", "send", json!("\n")),
        ("or OWN", "send", json!("\n")),
        ("take it off the screen", "hangup", Value::Null),
    ];
    let Some(sat) = sit(&office, &weak, &create) else { return };
    assert_eq!(sat.code, 3, "{}", sat.shown);
    assert!(!sat.shown.contains("correct horse"), "{}", sat.shown);
    let left: Vec<_> = fs::read_dir(office.path("m.vault")).map(|all| all.collect()).unwrap_or_default();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn a_key_that_bounces_on_the_last_page_is_no_refusal() {
    let office = Office::new();
    let steps = [
        ("what is proposed", "bounce", Value::Null),
        ("Your name", "send", json!("alice\n")),
        (PROMPT, "send", typed("alice")),
        ("what is proposed", "bounce", Value::Null),
        ("Your name", "send", json!("bob\n")),
        (PROMPT, "send", typed("bob")),
        ("that will be handed out", "bounce", Value::Null),
        ("Type YES", "send", json!("YES\n")),
    ];
    let Some(sat) = sit(&office, &steps, &["wallet", "xpub", "t.vault", "--path", "m/48h/1h/0h/2h"]) else { return };
    assert_eq!(sat.code, 0, "{}", sat.shown);
    assert!(sat.out.starts_with(b"["));
}

#[test]
fn a_ceremony_is_not_stopped_halfway() {
    let office = Office::new();
    let steps = [
        // A terminal's own session cannot be stopped; what counts is that the program ignores the signal (bit 19).
        (PROMPT, "run", json!("test $(( 0x$(awk '/SigIgn/ { print $2 }' /proc/$PID/status) & 0x80000 )) -ne 0")),
        ("", "send", json!("\u{1a}")),
        ("", "send", typed("alice")),
    ];
    let Some(sat) = sit(&office, &steps, &["share", "drill", "t.vault", "alice"]) else { return };
    assert_eq!((sat.code, sat.echoes), (0, Some(true)), "{}", sat.shown);
}

const DICE: &str =
    "142536142536142536142536142536142536142536142536142536142536142536142536142536142536142536142536142536";

/// Making a vault of alice alone on a test network.
fn creating<'a>(more: &[&'a str]) -> Vec<&'a str> {
    let all = ["vault", "create", "n.vault", "--network", "regtest", "--threshold", "1", "--custodian", "alice"];
    [&all, more].concat()
}

#[test]
fn slips_in_a_mnemonic_and_its_passphrase_are_told_at_once_and_asked_for_again() {
    const WORDS: &str = "legal winner thank year wave sausage worth useful legal winner thank";
    let office = Office::new();
    let words = |last: &str| json!(format!("{WORDS} {last}\n"));
    let steps = [
        ("mnemonic (unseen)", "send", words("yellov")),
        ("word 12 is not in the word list", "run", json!("true")),
        ("mnemonic (unseen)", "send", words("winner")),
        ("checksum", "run", json!("true")),
        ("mnemonic (unseen)", "send", json!("legal winner\n")),
        ("2 words", "run", json!("true")),
        ("mnemonic (unseen)", "send", words("yellow")),
        ("BIP39 passphrase", "send", json!("TREZOR\n")),
        ("again (unseen)", "send", json!("TREZ0R\n")),
        ("The two differ", "run", json!("true")),
        ("BIP39 passphrase", "send", json!("TREZOR\n")),
        ("again (unseen)", "send", json!("TREZOR\n")),
        ("Type YES if this seed is yours", "send", json!("YES\n")),
        ("dice, coins", "send", json!("dice\n")),
        ("0 of 99", "send", json!(format!("{DICE}\n"))),
        ("AUDIT or USE", "send", json!("USE\n")),
        ("the shares", "bounce", Value::Null),
    ];
    let create = creating(&["--passphrase", "alice=alice", "--import-mnemonic"]);
    let Some(sat) = sit(&office, &steps, &create) else { return };
    assert_eq!(sat.code, 0, "{}", sat.shown);
    assert!(
        !["legal winner", "winner thank", "TREZOR", "TREZ0R"].iter().any(|secret| sat.shown.contains(secret)),
        "{}",
        sat.shown
    );
    let stop = [("mnemonic (unseen)", "send", json!("\n"))];
    fs::remove_dir_all(office.path("n.vault")).unwrap();
    let Some(sat) = sit(&office, &stop, &create) else { return };
    assert!(sat.code == 1 && !office.path("n.vault").exists(), "{}", sat.shown);
}

#[test]
fn what_creation_was_not_told_is_asked_for() {
    let office = Office::new();
    let steps = [
        ("network: mainnet", "send", json!("moon\n")),
        ("none of the networks", "run", json!("true")),
        ("network: mainnet", "send", json!("regtest\n")),
        ("custodians' names", "send", json!("alice alice\n")),
        ("stands twice", "run", json!("true")),
        ("custodians' names", "send", json!("alice, bob\n")),
        ("how many of 2", "send", json!("3\n")),
        ("no quorum of 3 of 2", "run", json!("true")),
        ("how many of 2", "send", json!("2\n")),
    ];
    let given =
        ["vault", "create", "q.vault", "--passphrase", "alice=alice", "--passphrase", "bob=bob", "--dice", DICE];
    let Some(sat) = sit(&office, &steps, &given) else { return };
    assert_eq!(sat.code, 0, "{}", sat.shown);
    let shown = office.run(&["vault", "show", "q.vault"]);
    let shown = String::from_utf8(shown.out).unwrap();
    assert!(shown.contains("regtest") && shown.contains("2 of 2"), "{shown}");
    let Some(sat) = sit(&office, &[("network: mainnet", "send", json!("\n"))], &["vault", "create", "r.vault"]) else {
        return;
    };
    assert!(sat.code == 1 && !office.path("r.vault").exists(), "{}", sat.shown);
}

#[test]
fn a_creation_that_a_signal_ends_leaves_no_folder() {
    let office = Office::new();
    for (action, argument, code) in [("signal", json!(15), 1), ("send", json!("\u{3}"), 1), ("hangup", Value::Null, 3)]
    {
        let create = creating(&["--passphrase", "alice=alice"]);
        let Some(sat) = sit(&office, &[("dice, coins", action, argument.clone())], &create) else { return };
        assert_eq!(sat.code, code, "{}", sat.shown);
        assert!(!office.path("n.vault").exists(), "{action}");
    }
}

#[test]
fn generated_words_open_however_they_are_spaced() {
    let office = Office::new();
    office.put("words", b"abacus zoom gravy pelican stubborn onlooker tidy\n");
    let create = creating(&["--passphrase", "alice=words", "--dice", DICE]);
    assert_eq!(office.run(&create).code, Some(0));
    let drill = |typed: &str| {
        sit(&office, &[(PROMPT, "send", json!(format!("{typed}\n")))], &["share", "drill", "n.vault", "alice"])
    };
    let Some(sat) = drill("Abacus  ZOOM gravy pelican  stubborn onlooker tidy ") else { return };
    assert_eq!(sat.code, 0, "{}", sat.shown);
    let slip = [
        (PROMPT, "send", json!("Abacus zoom gravy pelican stubborn tidy onlooker\n")),
        ("Try again", "run", json!("true")),
        (PROMPT, "send", json!("\n")),
    ];
    let Some(sat) = sit(&office, &slip, &["share", "drill", "n.vault", "alice"]) else { return };
    assert_eq!(sat.code, 1, "{}", sat.shown);
}
