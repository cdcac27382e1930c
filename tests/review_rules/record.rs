//! What the tests of this crate try, written down as the cases of `vectors/psbt`.
//!
//! Each case of a test is a candidate: where a rule speaks, and where it is silent and the whole may be approved. The
//! tests run a second time with [`FOLDER`] set, and leave their candidates there, a file a test; of these the first
//! few of each kind become cases. `cargo test --test review-rules -- --ignored` writes them anew.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    fs,
    io::Write as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use bitcoin::base64::{Engine, prelude::BASE64_STANDARD};
use serde_json::{Value, json};
use strongroom::{
    digest::{FileDigest, sha256},
    limits,
    psbt::Place,
    review::{
        Action, place_words,
        rules::{self, Class},
    },
};

use crate::transactions::{Case, NETWORK};

/// The environment variable with the folder that candidates are left in.
const FOLDER: &str = "STRONGROOM_CANDIDATES";
/// Cases of a test for the same rule and action.
const OF_A_KIND: usize = 2;
/// Characters of a PSBT beyond which a candidate is left to the tests.
const LARGE: usize = 6_000;
/// The families, a file each.
const FAMILIES: &str = "PUIHCOMLTXV";

/// A candidate: the PSBT in the versions in which it can be said, and what its rule does.
pub(crate) struct Candidate<'a> {
    pub(crate) rule: &'a str,
    /// What it does and where; nothing for a near miss.
    pub(crate) spoke: Option<(Action, Place)>,
    pub(crate) accepted: bool,
    /// By version.
    pub(crate) psbts: Vec<(u8, Vec<u8>)>,
}

/// A file that is no binary PSBT.
pub(crate) fn file(bytes: &[u8], rule: &str, spoke: Option<Place>) {
    let mut candidate = head(rule, spoke.map(|place| (Action::Refuse, place)), spoke.is_none());
    candidate["kind"] = json!("file");
    candidate["file"] = json!(BASE64_STANDARD.encode(bytes));
    leave(&candidate);
}

/// A PSBT on the ground of a case.
pub(crate) fn candidate(case: &Case, tried: &Candidate<'_>) {
    // A case has no history: see the proofs of the rules that need one.
    if rules::find(tried.rule).is_some_and(|rule| rule.class != Class::File) || !case.past.is_empty() {
        return;
    }
    let mut candidate = head(tried.rule, tried.spoke, tried.accepted);
    candidate["kind"] = json!("review");
    let wallets = case.wallets.iter().map(|wallet| {
        let ours: Vec<usize> = (0..).zip(wallet.keys()).filter(|(_, key)| key.ours).map(|(at, _)| at).collect();
        json!({"name": wallet.name().as_str(), "descriptor": wallet.descriptor(), "ours": ours})
    });
    candidate["wallets"] = wallets.collect();
    if !case.policy.is_empty() {
        candidate["policy"] = json!(case.policy);
    }
    if case.network != NETWORK {
        candidate["network"] = json!(case.network.name());
    }
    if !case.highest.is_empty() {
        let all = case.highest.iter().map(|((wallet, branch), index)| format!("{wallet} {branch} {index}"));
        candidate["highest"] = all.collect();
    }
    if case.reference_height != limits::REFERENCE_HEIGHT {
        candidate["reference_height"] = json!(case.reference_height);
    }
    let psbts = tried.psbts.iter().map(|(version, bytes)| json!([version, BASE64_STANDARD.encode(bytes)]));
    candidate["psbts"] = psbts.collect();
    leave(&candidate);
}

fn head(rule: &str, spoke: Option<(Action, Place)>, accepted: bool) -> Value {
    let mut candidate = json!({
        "expect": if accepted { "accept" } else { "refuse" },
        "rule": rule,
        "action": spoke.map_or("none", |(action, _)| action.word()),
    });
    if let Some((action, place)) = spoke {
        candidate["place"] = json!(place_words(place));
        if let Action::RefuseUnless(permission) = action {
            candidate["unless"] = json!(permission.key());
        }
    }
    candidate
}

fn leave(candidate: &Value) {
    let Some(folder) = std::env::var_os(FOLDER) else { return };
    let thread = std::thread::current();
    let test = thread.name().expect("a test's thread bears its name").rsplit("::").next().expect("a name");
    let mut file =
        fs::OpenOptions::new().create(true).append(true).open(Path::new(&folder).join(test)).expect("the folder");
    writeln!(file, "{candidate}").expect("written");
}

/// Runs the tests once more: their candidates by test.
fn candidates() -> BTreeMap<String, Vec<Value>> {
    let folder = tempfile::tempdir().unwrap();
    let run = Command::new(std::env::current_exe().unwrap())
        .args(["--test-threads=2", "--skip", "record::", "--skip", "evidence::", "--skip", "frail_store::"])
        .env(FOLDER, folder.path())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .unwrap();
    assert!(run.success(), "the tests of the rules fail");
    let read = |entry: fs::DirEntry| {
        let lines = fs::read_to_string(entry.path()).unwrap();
        let all = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        (entry.file_name().into_string().unwrap(), all)
    };
    fs::read_dir(folder.path()).unwrap().map(|entry| read(entry.unwrap())).collect()
}

/// A family's wallets and cases.
#[derive(Default)]
struct Family {
    wallets: Vec<(String, Value)>,
    cases: Vec<Vec<(String, Value)>>,
}

impl Family {
    /// The id of a wallet, which becomes a case of the family.
    fn wallet(&mut self, wallet: &Value) -> String {
        if let Some((id, _)) = self.wallets.iter().find(|(_, known)| known == wallet) {
            return id.clone();
        }
        let name = wallet["name"].as_str().unwrap();
        let same = self.wallets.iter().filter(|(_, known)| known["name"] == name).count();
        let id = if same == 0 { format!("wallet-{name}") } else { format!("wallet-{name}-{}", same + 1) };
        self.wallets.push((id.clone(), wallet.clone()));
        id
    }

    fn text(&self, name: char) -> String {
        let mut all: Vec<Vec<(String, Value)>> = Vec::new();
        for (id, wallet) in &self.wallets {
            let mut case =
                vec![("id".into(), json!(id)), ("kind".into(), json!("wallet")), ("expect".into(), json!("accept"))];
            for field in ["name", "descriptor", "ours"] {
                case.push((field.into(), wallet[field].clone()));
            }
            all.push(case);
        }
        all.extend(self.cases.iter().cloned());
        let spaced = |value: &Value| match value.as_array() {
            Some(list) => format!("[{}]", list.iter().map(Value::to_string).collect::<Vec<_>>().join(", ")),
            None => value.to_string(),
        };
        let line = |case: &Vec<(String, Value)>| {
            let fields: Vec<String> =
                case.iter().map(|(field, value)| format!("\"{field}\": {}", spaced(value))).collect();
            format!("{{{}}}", fields.join(", "))
        };
        let lines: Vec<String> = all.iter().map(line).collect();
        format!(
            "{{\"specification\": \"rules {name}\",\n\"source\": \"docs/psbt.md; written by tests/review_rules/record.rs\",\n\
             \"cases\": [\n{}\n]}}\n",
            lines.join(",\n")
        )
    }
}

/// The files by name.
fn files() -> BTreeMap<String, String> {
    let mut families: BTreeMap<char, Family> = BTreeMap::new();
    let mut ids = BTreeSet::new();
    for (test, all) in candidates() {
        let about = test.trim_start_matches(|c: char| c.is_ascii_alphanumeric()).trim_start_matches('_');
        let about = if rules::find(&test[..3].to_uppercase()).is_some() { about } else { &test }.replace('_', " ");
        let mut kinds: BTreeMap<(String, String), usize> = BTreeMap::new();
        let mut number = 0;
        for candidate in all {
            let rule = candidate["rule"].as_str().unwrap();
            let size = |value: &Value| value.as_str().map_or(0, str::len);
            let psbts = candidate["psbts"].as_array().cloned().unwrap_or_default();
            let large = psbts.iter().any(|psbt| size(&psbt[1]) > LARGE) || size(&candidate["file"]) > LARGE;
            let kind = (rule.to_owned(), format!("{}{}", candidate["action"], candidate["expect"]));
            let count = kinds.entry(kind).or_default();
            if large || *count == OF_A_KIND {
                continue;
            }
            *count += 1;
            number += 1;
            let letter = rule.chars().next().unwrap();
            assert!(FAMILIES.contains(letter), "{rule} has no file");
            let family = families.entry(letter).or_default();
            let forms: Vec<(String, Option<&Value>)> = if psbts.is_empty() {
                vec![(format!("{test}-{number}"), None)]
            } else {
                psbts.iter().map(|psbt| (format!("{test}-{number}-v{}", psbt[0]), Some(psbt))).collect()
            };
            for (id, psbt) in forms {
                assert!(ids.insert(id.clone()), "{id} comes twice");
                let mut case = vec![("id".to_owned(), json!(id)), ("kind".to_owned(), candidate["kind"].clone())];
                case.push(("expect".to_owned(), candidate["expect"].clone()));
                case.push(("about".to_owned(), json!(about)));
                let names: Vec<String> =
                    candidate["wallets"].as_array().into_iter().flatten().map(|w| family.wallet(w)).collect();
                for field in ["rule", "action", "unless", "place"] {
                    case.extend(candidate.get(field).map(|value| (field.to_owned(), value.clone())));
                }
                if let Some(psbt) = psbt {
                    case.push(("version".to_owned(), psbt[0].clone()));
                    case.push(("wallets".to_owned(), json!(names)));
                }
                for field in ["policy", "network", "highest", "reference_height", "file"] {
                    case.extend(candidate.get(field).map(|value| (field.to_owned(), value.clone())));
                }
                case.extend(psbt.map(|psbt| ("psbt".to_owned(), psbt[1].clone())));
                family.cases.push(case);
            }
        }
    }
    families
        .into_iter()
        .map(|(letter, family)| (format!("{}.json", letter.to_ascii_lowercase()), family.text(letter)))
        .collect()
}

fn vectors() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors")
}

/// The table of README.md: a row a family, in the families' order.
fn table(files: &BTreeMap<String, String>) -> String {
    let mut table = String::new();
    for letter in FAMILIES.chars() {
        let Some(text) = files.get(&format!("{}.json", letter.to_ascii_lowercase())) else { continue };
        let count = |part: &str| text.matches(part).count();
        let (all, refuse) = (count("{\"id\": "), count("\"expect\": \"refuse\""));
        let digest = FileDigest(sha256(text.as_bytes()));
        let lower = letter.to_ascii_lowercase();
        writeln!(table, "| psbt/{lower}.json | rules {letter} | {all} | {} | {refuse} | `{digest}` |", all - refuse)
            .unwrap();
    }
    table
}

/// README.md with this table.
fn readme(table: &str) -> String {
    let text = fs::read_to_string(vectors().join("README.md")).unwrap();
    let (before, rest) = text.split_once("<!-- rules -->\n").expect("the mark of the table");
    let (_, after) = rest.split_once("<!-- end of rules -->\n").expect("the end of the table");
    let head = "| file | family | cases | accept | refuse | SHA-256 of the file |\n|---|---|---:|---:|---:|---|\n";
    format!("{before}<!-- rules -->\n{head}{table}<!-- end of rules -->\n{after}")
}

#[test]
fn the_files_are_what_the_tests_try() {
    let files = files();
    let again = "write them anew: cargo test --test review-rules -- --ignored";
    let there: BTreeSet<String> = fs::read_dir(vectors().join("psbt"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert_eq!(there, files.keys().cloned().collect(), "{again}");
    for (name, text) in &files {
        assert!(fs::read_to_string(vectors().join("psbt").join(name)).unwrap() == *text, "psbt/{name}: {again}");
    }
    assert!(fs::read_to_string(vectors().join("README.md")).unwrap() == readme(&table(&files)), "README.md: {again}");
}

#[test]
#[ignore = "writes vectors/psbt"]
fn write_the_files() {
    let files = files();
    for (name, text) in &files {
        fs::write(vectors().join("psbt").join(name), text).unwrap();
    }
    fs::write(vectors().join("README.md"), readme(&table(&files))).unwrap();
}
