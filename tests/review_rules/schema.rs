//! `review --json` is what `docs/review.schema.json` says it is: validated by the words of JSON Schema that it uses.

use std::{collections::BTreeSet, fs, path::Path};

use serde_json::{Value, json};
use strongroom::review::{rules, to_json, unread_to_json};

use crate::{raw_psbt::RawPsbt, transactions::*};

fn schema() -> Value {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/review.schema.json");
    serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap()
}

/// Words that say nothing to a validator, or what the schema is.
const SAID: &[&str] = &["$schema", "$defs", "title", "description"];

/// Why a value is not what a schema says: nothing where it is.
fn fault(root: &Value, schema: &Value, value: &Value, at: &str) -> Option<String> {
    let words = schema.as_object().unwrap();
    // The type first, so that nothing else is asked of a value of another one.
    let first = words.get_key_value("type");
    for (word, what) in first.into_iter().chain(words) {
        let wrong = match word.as_str() {
            "$ref" => {
                let name = what.as_str().unwrap().strip_prefix("#/$defs/").unwrap();
                fault(root, &root["$defs"][name], value, at)
            }
            "type" => {
                let fits = match what.as_str().unwrap() {
                    "null" => value.is_null(),
                    "boolean" => value.is_boolean(),
                    "integer" => value.is_i64() || value.is_u64(),
                    "string" => value.is_string(),
                    "array" => value.is_array(),
                    "object" => value.is_object(),
                    other => panic!("the schema has a type `{other}`"),
                };
                (!fits).then(|| format!("{at}: {value} is no {what}"))
            }
            "const" => (value != what).then(|| format!("{at}: {value} is not {what}")),
            "enum" => (!what.as_array().unwrap().contains(value)).then(|| format!("{at}: {value} is none of {what}")),
            "minimum" => (value.as_i64() < what.as_i64()).then(|| format!("{at}: {value} is below {what}")),
            "maximum" => (value.as_u64() > what.as_u64()).then(|| format!("{at}: {value} is above {what}")),
            "minLength" | "maxLength" => {
                let (length, limit) = (value.as_str().unwrap().len() as u64, what.as_u64().unwrap());
                let fits = if word == "minLength" { length >= limit } else { length <= limit };
                (!fits).then(|| format!("{at}: {value} has another length than {limit}"))
            }
            "oneOf" => {
                let faults: Vec<_> = what.as_array().unwrap().iter().map(|one| fault(root, one, value, at)).collect();
                (faults.iter().filter(|fault| fault.is_none()).count() != 1).then(|| format!("{at}: {faults:?}"))
            }
            "items" => value
                .as_array()
                .unwrap()
                .iter()
                .zip(0..)
                .find_map(|(one, number)| fault(root, what, one, &format!("{at}[{number}]"))),
            "properties" => value
                .as_object()
                .unwrap()
                .iter()
                .find_map(|(key, one)| fault(root, what.get(key)?, one, &format!("{at}.{key}"))),
            "required" => {
                let mut keys = what.as_array().unwrap().iter().map(|key| key.as_str().unwrap());
                keys.find(|key| value.get(*key).is_none()).map(|key| format!("{at}: no `{key}`"))
            }
            "additionalProperties" => {
                let known = schema["properties"].as_object().unwrap();
                let stranger = value.as_object().unwrap().keys().find(|key| !known.contains_key(*key));
                assert_eq!(what, &json!(false));
                stranger.map(|key| format!("{at}: `{key}` is not in the schema"))
            }
            said if SAID.contains(&said) => None,
            other => panic!("the schema has the word `{other}`, which is not checked here"),
        };
        if let Some(wrong) = wrong {
            return Some(wrong);
        }
    }
    None
}

fn said(case: &Case) -> Value {
    match case.judge() {
        Ok(cleared) => to_json(cleared.reviewed(), cleared.verdict()),
        Err(refused) => to_json(&refused.reviewed, refused.verdict()),
    }
}

#[track_caller]
pub(crate) fn valid(said: &Value) {
    let schema = schema();
    if let Some(fault) = fault(&schema, &schema, said, "review") {
        panic!("{fault}");
    }
}

#[test]
fn every_kind_of_review_is_valid() {
    let whole = |case: &Case| valid(&said(case));
    for wallet in kinds() {
        whole(&double(wallet.clone()));
        whole(&double(wallet).foreign_input(7_000).with_in(0, |map| map.witness_utxo = None));
    }
    let odd = double(wsh()).with_tx(|tx| {
        tx.output[0].value = bitcoin::Amount::from_sat(u64::MAX);
        tx.lock_time = bitcoin::absolute::LockTime::from_consensus(1_900_000_000);
    });
    whole(&odd);
    whole(&double(wsh()).signed(0, 1, bitcoin::EcdsaSighashType::All));
    whole(&double(wsh()).with_in(1, |map| map.non_witness_utxo = None).allow("unproven_amounts"));
    whole(&double(wpkh()).with_tx(|tx| tx.lock_time = bitcoin::absolute::LockTime::from_consensus(976_100)));
}

#[test]
fn the_keys_of_a_wallet_are_told_by_their_paths() {
    let said = said(&double(wsh()));
    let keys = said.pointer("/wallets/0/keys").and_then(Value::as_array).unwrap();
    let told: Vec<_> = keys.iter().map(|key| (key["path"].as_str().unwrap(), key["ours"].as_bool().unwrap())).collect();
    assert_eq!(told, [("m/48h/1h/0h/2h", true), ("m/48h/1h/0h/2h", false), ("m/48h/1h/0h/2h", false)]);
}

#[test]
fn a_review_that_says_otherwise_is_not_valid() {
    let schema = schema();
    let good = said(&double(wsh()).signed(0, 1, bitcoin::EcdsaSighashType::All));
    assert_eq!(fault(&schema, &schema, &good, "review"), None);
    let bad: [(&str, Value); 9] = [
        ("/format", json!("strongroom/review/2")),
        ("/verdict", json!("maybe")),
        ("/review", json!("00")),
        ("/totals/fee_sat", json!(-1)),
        ("/totals/fee_sat", json!(1.5)),
        ("/inputs/0/ours", json!({"wallet": "wsh", "branch": 0})),
        ("/inputs/1/index", Value::Null),
        ("/outputs/0/class", json!("mine")),
        ("/psbt", json!({"sha256": "0".repeat(64), "bytes": 1, "more": 2})),
    ];
    for (place, value) in bad {
        let mut other = good.clone();
        *other.pointer_mut(place).unwrap() = value;
        assert!(fault(&schema, &schema, &other, "review").is_some(), "{place}");
    }
    let mut short = good;
    short.as_object_mut().unwrap().remove("plan");
    assert!(fault(&schema, &schema, &short, "review").is_some());
}

#[test]
fn what_is_no_psbt_is_told_in_the_same_schema() {
    let statement = crate::digest::StatementDigest([7; 32]);
    let raw = RawPsbt::from_bytes(&double(wsh()).bytes());
    let twice = raw.value(1, &[0x01]).unwrap().to_vec();
    for (bytes, rule, place) in [
        (b"no PSBT".to_vec(), "P01", json!({"scope": "whole", "index": null})),
        (raw.clone().with(1, &[0x01], &twice).to_bytes(), "P04", json!({"scope": "input", "index": 0})),
        (raw.clone().with(3, &[0x00, 1], &[2]).to_bytes(), "P06", json!({"scope": "output", "index": 0})),
    ] {
        let error = crate::psbt::parse(bytes).unwrap_err();
        let said = unread_to_json(&error, crate::network::Network::Signet, statement);
        valid(&said);
        assert_eq!((&said["verdict"], &said["refused_by"]), (&json!("unread"), &json!([rule])));
        let [finding] = said["findings"].as_array().unwrap().as_slice() else { panic!("{said}") };
        assert_eq!((&finding["rule"], &finding["action"], &finding["place"]), (&json!(rule), &json!("refuse"), &place));
        assert_eq!((finding["text"].as_str(), finding["remedy"].as_str()), (Some(&*error.what), Some(error.remedy)));
        // It passes for no review, and no review for it.
        for (key, value) in [("verdict", json!("cleared")), ("plan", json!([])), ("review", json!("0".repeat(64)))] {
            let mut other = said.clone();
            other[key] = value;
            assert!(fault(&schema(), &schema(), &other, "review").is_some(), "{key}");
        }
    }
    let mut reviewed = said(&double(wsh()));
    reviewed["verdict"] = json!("unread");
    assert!(fault(&schema(), &schema(), &reviewed, "review").is_some());
}

/// Every key of the schema.
fn keys(schema: &Value, found: &mut BTreeSet<String>) {
    if let Some(properties) = schema.get("properties").and_then(Value::as_object) {
        found.extend(properties.keys().cloned());
    }
    match schema {
        Value::Object(map) => map.values().for_each(|value| keys(value, found)),
        Value::Array(list) => list.iter().for_each(|value| keys(value, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[test]
fn the_page_and_the_schema_have_the_same_keys() {
    let mut schema_keys = BTreeSet::new();
    keys(&schema(), &mut schema_keys);
    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/review.md")).unwrap();
    let block = page.split("```text\n{ \"format\"").nth(1).unwrap().split("```").next().unwrap();
    let told: BTreeSet<&str> = format!("\"format\"{block}").leak().split('"').skip(1).step_by(2).collect();
    for key in &schema_keys {
        assert!(told.contains(key.as_str()), "docs/review.md lacks `{key}`");
    }
    let ids: BTreeSet<usize> = rules::RULES.iter().map(|rule| rule.id.len()).collect();
    assert_eq!(ids, BTreeSet::from([3]), "the schema says that ids have three characters");
}
