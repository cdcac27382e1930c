//! PSBT version 2 (BIP370) through the real program: shown, reviewed, signed, joined and finished as version 0 is.

use std::fs;

use bitcoin::{
    Transaction, TxOut,
    consensus::encode::{deserialize, deserialize_hex},
};
use serde_json::Value;
use strongroom::consensus::{self, ConsensusError};

use crate::{
    hostile_cli::{Office, failed},
    raw_psbt::{RawPsbt, to_v2},
};

/// The treasury's office with its payment in version 2 too, in `pay2.psbt`; with these flags, if any.
fn office(flags: Option<u8>) -> Office {
    let office = Office::new();
    let mut two = RawPsbt::from_bytes(&to_v2(&fs::read(office.path("pay.psbt")).unwrap()));
    if let Some(flags) = flags {
        two = two.sorted_in(0, &[0x06], &[flags]);
    }
    office.put("pay2.psbt", &two.to_bytes());
    office
}

/// The arguments of a signing of `pay2.psbt`.
fn signing<'a>(office: &Office, more: &[&'a str]) -> Vec<&'a str> {
    let mut arguments = office.signing(more);
    arguments[2] = "pay2.psbt";
    arguments
}

#[track_caller]
fn text(office: &Office, arguments: &[&str]) -> String {
    let ran = office.run(arguments);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    String::from_utf8(ran.out).unwrap()
}

#[track_caller]
fn json(office: &Office, arguments: &[&str]) -> Value {
    serde_json::from_str(&text(office, arguments)).unwrap()
}

/// The pairs of `psbt` that are signatures, with their map.
fn signatures(psbt: &RawPsbt) -> Vec<(usize, Vec<u8>, Vec<u8>)> {
    let inputs = psbt.maps.iter().enumerate().skip(1);
    let pairs =
        inputs.flat_map(|(number, map)| map.iter().map(move |(key, value)| (number, key.clone(), value.clone())));
    pairs.filter(|(_, key, value)| key[0] == 0x02 && value[0] == 0x30).collect()
}

/// The network's own rules take a transaction in hex that spends the coins of this PSBT of version 2.
#[track_caller]
fn network_takes(hex: &str, psbt: &[u8]) {
    let transaction: Transaction = deserialize_hex(hex.trim()).unwrap();
    let raw = RawPsbt::from_bytes(psbt);
    let spent: Vec<TxOut> = (1..=transaction.input.len())
        .map(|map| match raw.value(map, &[0x00]) {
            Some(previous) => {
                let vout = u32::from_le_bytes(raw.value(map, &[0x0f]).unwrap().try_into().unwrap());
                deserialize::<Transaction>(previous).unwrap().output[vout as usize].clone()
            }
            None => deserialize(raw.value(map, &[0x01]).unwrap()).unwrap(),
        })
        .collect();
    assert_eq!(consensus::check(&transaction, &spent), Ok(()));
    let mut forged = transaction.clone();
    forged.output[0].value -= bitcoin::Amount::ONE_SAT;
    assert_eq!(consensus::check(&forged, &spent), Err(ConsensusError::Script(0)));
}

#[test]
fn both_versions_are_shown_and_reviewed_alike() {
    let office = office(None);
    let shown = text(&office, &["psbt", "show", "pay2.psbt"]);
    assert!(shown.starts_with("PSBT version 2, "), "{shown}");
    assert!(shown.contains("PSBT_IN_PREVIOUS_TXID") && shown.contains("PSBT_GLOBAL_INPUT_COUNT"), "{shown}");
    let fields = |shown: &str| {
        let lines = shown.lines().skip(1).take_while(|line| !line.is_empty());
        lines.map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(fields(&shown), fields(&text(&office, &["psbt", "show", "pay.psbt"])));
    let [zero, two] = ["pay.psbt", "pay2.psbt"].map(|psbt| json(&office, &["psbt", "show", psbt, "--json"]));
    assert_eq!((&zero["version"], &two["version"]), (&Value::from(0), &Value::from(2)));
    assert_eq!(zero["txid"], two["txid"]);

    let [mut zero, mut two] =
        ["pay.psbt", "pay2.psbt"].map(|psbt| json(&office, &["review", "t.vault", psbt, "--json"]));
    assert_eq!((&zero["psbt"]["version"], &two["psbt"]["version"]), (&Value::from(0), &Value::from(2)));
    assert_ne!(zero["review"], two["review"]);
    for review in [&mut zero, &mut two] {
        for field in ["psbt", "review"] {
            review.as_object_mut().unwrap().remove(field).unwrap();
        }
    }
    assert_eq!(zero, two);
}

#[test]
fn the_answer_has_the_version_that_came_and_the_same_signatures() {
    let office = office(None);
    for (arguments, psbt, out) in [
        (office.signing(&["-o", "signed.psbt"]), "pay.psbt", "signed.psbt"),
        (signing(&office, &["-o", "signed2.psbt"]), "pay2.psbt", "signed2.psbt"),
        (signing(&office, &["--return", "trimmed", "-o", "short2.psbt"]), "pay2.psbt", "short2.psbt"),
    ] {
        text(&office, &arguments);
        assert_eq!(json(&office, &["psbt", "show", out, "--json"])["version"], if psbt == "pay.psbt" { 0 } else { 2 });
    }
    let read = |name: &str| fs::read(office.path(name)).unwrap();
    let raw = |name: &str| RawPsbt::from_bytes(&read(name));
    let made = signatures(&raw("signed.psbt"));
    assert!(!made.is_empty());
    assert_eq!(signatures(&raw("signed2.psbt")), made);
    assert_eq!(signatures(&raw("short2.psbt")), made);
    // Every byte that came, and the signatures.
    assert_eq!(read("signed2.psbt"), to_v2(&read("signed.psbt")));
    let kinds = |map: usize| raw("short2.psbt").maps[map].iter().map(|(key, _)| key[0]).collect::<Vec<_>>();
    assert_eq!((kinds(0), kinds(1), kinds(2)), (vec![2, 3, 4, 5, 0xfb], vec![2, 0x0e, 0x0f, 0x10], vec![3, 4]));

    text(&office, &["psbt", "join", "pay2.psbt", "short2.psbt", "-o", "joined2.psbt"]);
    assert_eq!(read("joined2.psbt"), read("signed2.psbt"));
    let finished = text(&office, &["psbt", "finalize", "joined2.psbt"]);
    assert_eq!(finished, text(&office, &["psbt", "finalize", "signed.psbt"]));
    network_takes(&finished, &read("pay2.psbt"));
    // Finished, it is a PSBT of version 2 still.
    text(&office, &["psbt", "finalize", "joined2.psbt", "--psbt-only", "-o", "final2.psbt"]);
    let last = json(&office, &["psbt", "show", "final2.psbt", "--json"]);
    assert_eq!(last["version"], 2);
    assert_eq!(last["txid"], json(&office, &["psbt", "show", "pay.psbt", "--json"])["txid"]);
    // The versions do not go together.
    let mixed = office.run(&["psbt", "join", "pay.psbt", "short2.psbt", "-o", "mixed.psbt"]);
    failed(&mixed, 2, &["PSBT 2", "another version"]);
    assert!(!office.path("mixed.psbt").exists());
}

#[test]
fn what_may_still_be_changed_is_acknowledged_and_closed() {
    let office = office(Some(3));
    // Not acknowledged: not signed.
    office.run(&signing(&office, &["-o", "no.psbt"]));
    assert!(!office.path("no.psbt").exists());
    text(&office, &signing(&office, &["--acknowledge", "V04", "-o", "full.psbt"]));
    text(&office, &signing(&office, &["--acknowledge", "V04", "--return", "trimmed", "-o", "short.psbt"]));
    for name in ["full.psbt", "short.psbt"] {
        let raw = RawPsbt::from_bytes(&fs::read(office.path(name)).unwrap());
        assert_eq!(raw.value(0, &[0x06]), Some(&[0][..]), "{name}");
    }
    let before = RawPsbt::from_bytes(&fs::read(office.path("pay2.psbt")).unwrap());
    let after = RawPsbt::from_bytes(&fs::read(office.path("full.psbt")).unwrap());
    assert_eq!(after.maps[0], before.set(0, &[0x06], &[0]).maps[0]);
    // Signed and still open is a contradiction, and so are flags that do not exist.
    office.put("open.psbt", &after.clone().set(0, &[0x06], &[1]).to_bytes());
    office.put("odd.psbt", &after.set(0, &[0x06], &[8]).to_bytes());
    for (name, rule) in [("open.psbt", "V05"), ("odd.psbt", "V04")] {
        let ran = office.run(&["review", "t.vault", name, "--json"]);
        assert_eq!(ran.code, Some(1), "{}", ran.err);
        let review: Value = serde_json::from_slice(&ran.out).unwrap();
        assert!(review["refused_by"].as_array().unwrap().contains(&rule.into()), "{review}");
    }
}
