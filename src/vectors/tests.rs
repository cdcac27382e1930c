use std::{collections::BTreeSet, sync::LazyLock};

use super::*;

/// All built-in cases, run once.
static REPORT: LazyLock<Report> = LazyLock::new(run_built_in);

fn text(about: &Specification) -> String {
    about.text().unwrap().unwrap()
}

/// A line of the table of README.md: file, specification, cases, accept, refuse, digest.
fn table() -> Vec<Vec<String>> {
    include_str!("../../vectors/README.md")
        .lines()
        .filter(|line| line.contains(".json | "))
        .map(|line| line.split('|').map(|cell| cell.trim().trim_matches('`').to_owned()).collect())
        .collect()
}

#[test]
fn the_table_of_the_folder_is_that_of_the_files() {
    let table = table();
    assert_eq!(table.len(), SPECIFICATIONS.len());
    for (row, about) in table.iter().zip(SPECIFICATIONS) {
        let text = text(about);
        let cases = text.matches("\n{\"id\": ").count();
        assert_eq!(about.expected(), Some(cases), "{}", about.file);
        assert_eq!(row[1..4], [about.file.to_owned(), about.name.to_owned(), cases.to_string()]);
        let refused = text.matches("\"expect\": \"refuse\"").count();
        assert_eq!(row[4..6], [(cases - refused).to_string(), refused.to_string()], "{}", about.file);
        let digest = crate::digest::FileDigest(crate::digest::sha256(text.as_bytes()));
        assert_eq!(row[6], digest.to_string(), "{}", about.file);
    }
}

#[test]
fn every_case_comes_out_as_the_specification_says() {
    let report = &*REPORT;
    assert!(report.whole(), "\n{report}");
    let counts: Vec<_> = report
        .specifications
        .iter()
        .filter(|line| !line.specification.starts_with("rules "))
        .map(|line| (line.specification, line.passed, line.refused, line.unsupported.len()))
        .collect();
    assert_eq!(counts, COUNTS, "\n{report}");
}

/// Specification; passed, refused as expected, unsupported.
const COUNTS: &[(&str, usize, usize, usize)] = &[
    ("BIP32", 17, 16, 0),
    ("BIP39", 264, 0, 48),
    ("BIP44", 16, 0, 0),
    ("BIP49", 1, 0, 0),
    ("BIP67", 4, 0, 0),
    ("BIP84", 5, 0, 0),
    ("BIP86", 5, 0, 0),
    ("BIP143", 14, 0, 0),
    ("BIP173", 10, 25, 0),
    ("BIP174", 15, 24, 6),
    ("BIP322", 0, 0, 6),
    ("BIP340", 5, 10, 4),
    ("BIP341", 15, 0, 0),
    ("BIP350", 15, 29, 0),
    ("BIP370", 23, 25, 0),
    ("BIP371", 6, 11, 0),
    ("BIP373", 0, 10, 14),
    ("BIP380", 21, 22, 2),
    ("BIP381", 11, 4, 6),
    ("BIP382", 12, 11, 0),
    ("BIP383", 5, 4, 4),
    ("BIP384", 0, 3, 4),
    ("BIP385", 0, 6, 4),
    ("BIP386", 6, 4, 0),
    ("BIP389", 4, 8, 2),
    ("SLIP-39", 15, 30, 0),
    ("UR", 39, 13, 55),
    ("BBQr", 43, 9, 0),
];

/// Another value in the place of this one, or nothing where there is nothing to change.
fn changed(value: &Value) -> Option<Value> {
    Some(match value {
        Value::Null => return None,
        Value::Bool(value) => (!value).into(),
        Value::Number(number) => (number.as_u64()? + 1).into(),
        Value::String(text) => {
            // a letter of the middle, so that no padding hides it
            let place = text.char_indices().map(|(place, _)| place).nth(text.chars().count() / 2)?;
            let (front, back) = text.split_at(place);
            let letter = if back.starts_with('7') { '6' } else { '7' };
            format!("{front}{letter}{}", back.chars().skip(1).collect::<String>()).into()
        }
        // all of them: an example may say nothing of some
        Value::Array(items) if items.is_empty() => return None,
        Value::Array(items) => Value::Array(items.iter().map(changed).collect::<Option<_>>()?),
        Value::Object(_) => return None,
    })
}

/// One valid case of each kind has each of its figures changed in turn: what is not compared would pass.
#[test]
fn a_changed_figure_fails() {
    // A rule says what it says of many PSBTs: see below.
    for about in SPECIFICATIONS.iter().filter(|about| about.cases.is_some()) {
        let cases = cases(about, &text(about)).unwrap();
        let siblings = Siblings::of(&cases);
        let mut tried = BTreeSet::new();
        for value in &cases {
            if value["expect"] != "accept" || value.get("unsupported").is_some() {
                continue;
            }
            // kinds that compare nothing, or too little: another text, length or bound may be as good
            let kind = value["kind"].as_str();
            if matches!(kind, Some("parse" | "key" | "checksum" | "fragment-length" | "round-trip")) {
                continue;
            }
            for (field, figure) in value.as_object().unwrap() {
                // `most` is a bound, which the result may keep under another one too.
                let fresh = !matches!(field.as_str(), "id" | "expect" | "most")
                    && tried.insert((value["kind"].as_str().unwrap(), field.clone()));
                let Some(other) = changed(figure).filter(|_| fresh) else { continue };
                let mut value = value.clone();
                value[field] = other;
                let (id, outcome) = one(about, &value, &siblings);
                assert!(outcome.is_err(), "{} {}: `{field}` changed, and nothing saw it", about.name, id.unwrap());
            }
        }
    }
}

/// What a case expects is compared: with another rule, action, place, verdict or version it fails.
#[test]
fn another_expectation_fails() {
    for about in SPECIFICATIONS.iter().filter(|about| about.cases.is_none()) {
        let cases = cases(about, &text(about)).unwrap();
        let siblings = Siblings::of(&cases);
        for value in cases.iter().filter(|value| value["kind"] != "wallet").step_by(11) {
            let near = value["action"] == "none";
            let others: &[(&str, &[&str])] = &[
                ("rule", &["G01"]),
                ("action", if value["expect"] == "accept" { &["refuse"] } else { &["none", "acknowledge"] }),
                ("place", &["input 7", "output 7"]),
                ("expect", if value["expect"] == "accept" { &["refuse"] } else { &["accept"] }),
            ];
            for (field, texts) in others {
                // What is acknowledged may stand beside what refuses.
                for text in texts.iter().filter(|text| value[*field] != **text) {
                    let mut value = value.clone();
                    value[*field] = (*text).into();
                    let (id, outcome) = one(about, &value, &siblings);
                    let id = id.unwrap();
                    // A near miss of one rule is one of most rules, and has no place.
                    let same = near && ["rule", "place"].contains(field);
                    assert!(same || outcome.is_err(), "{} {id}: `{field}` is {text}, and nothing saw it", about.name);
                }
            }
            if value.get("version").is_some() && value["expect"] == "accept" {
                let mut value = value.clone();
                value["version"] = 1.into();
                assert!(one(about, &value, &siblings).1.is_err(), "{}", value["id"]);
            }
        }
    }
}

/// A folder is read whole, and what it lacks is missed.
#[test]
fn a_folder_is_read_with_the_cases_of_our_rules() {
    let about = SPECIFICATIONS.iter().find(|about| about.file == "psbt/x.json").unwrap();
    let only = |file: &str| {
        if file == about.file { Ok(text(about).into()) } else { Err("no such file".to_owned()) }
    };
    let report = run(&only);
    assert_eq!(report.specifications.len(), SPECIFICATIONS.len());
    for line in &report.specifications {
        assert_eq!(line.failed.is_empty(), line.specification == about.name, "{line:?}");
    }
}

#[test]
fn a_file_that_lost_a_case_fails() {
    let about = SPECIFICATIONS.iter().find(|about| about.name == "BIP143").unwrap();
    let mut file: Value = serde_json::from_str(&text(about)).unwrap();
    file["cases"].as_array_mut().unwrap().pop();
    let line = specification(about, Ok(file.to_string().into()));
    assert_eq!(line.failed.len(), 1, "{line:?}");
    assert!(line.failed[0].why.contains("instead of"));
}

#[test]
fn a_file_that_is_none_fails() {
    let about = SPECIFICATIONS.iter().find(|about| about.name == "BIP143").unwrap();
    for bad in ["", "{", "[]", "{\"specification\": \"BIP0\", \"cases\": []}", "{\"specification\": \"BIP143\"}"] {
        assert_eq!(specification(about, Ok(bad.into())).failed.len(), 1, "{bad}");
    }
    assert_eq!(specification(about, Err("no such file".into())).failed.len(), 1);
    let twice = text(about).replacen("\"p2sh-p2wpkh\"", "\"p2wpkh\"", 1);
    assert_eq!(specification(about, Ok(twice.into())).failed[0].why, "an id comes twice");
}

#[test]
fn a_report_names_what_is_unsupported_and_what_failed() {
    let case = |id: &str, why: &str| Named { id: id.to_owned(), why: why.to_owned() };
    let line = Line {
        specification: "BIP0",
        cases: 5,
        passed: 1,
        refused: 1,
        unsupported: vec![case("a", "no `raw`"), case("b", "no `raw`")],
        failed: vec![case("c", "`digest` differs")],
    };
    let report = Report { specifications: vec![line] };
    let text = report.to_string();
    assert!(text.contains("    2 unsupported: no `raw`\n"), "{text}");
    assert!(text.contains("    FAILED c: `digest` differs\n"), "{text}");
    assert!(text.ends_with("1 failed\n") && text.contains("\ntotal"), "{text}");
    assert!(!report.whole());
    let json: Value = serde_json::from_str(&report.json().unwrap()).unwrap();
    assert_eq!(json["specifications"][0]["unsupported"][1]["id"], "b");
    assert_eq!(json["whole"], false);
}

#[test]
fn each_unsupported_kind_is_refused_by_a_sentence_that_names_it() {
    let report = &*REPORT;
    let says = |name: &str, word: &str| {
        let line = report.specifications.iter().find(|line| line.specification == name).unwrap();
        assert!(line.unsupported.iter().any(|case| case.why.contains(word)), "{name} {word}");
    };
    says("BIP380", "`raw`");
    says("BIP381", "bare script");
    says("BIP383", "bare script");
    says("BIP384", "`combo`");
    says("BIP385", "`raw`");
    says("BIP385", "`addr`");
    says("BIP389", "bare script");
    says("BIP39", "russian");
    says("BIP39", "turkish");
    says("BIP174", "no input");
    says("BIP174", "63 bytes");
    says("BIP322", "version 0");
    says("BIP322", "a message, no payment");
    says("BIP340", "32 bytes");
    says("BIP373", "MUSIG2");
    says("UR", "`sskr`");
    says("UR", "`crypto-request`");
    says("UR", "private key");
    says("UR", "an address");
}
