//! What is committed of `tests/mutation`: each survivor is explained, and what is explained did survive.
//!
//! A file that changed since its mutants were run is no fault here: `.ci/run` runs them, and `tests/mutation/run` brings
//! the results up to date.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use bitcoin::hashes::{Hash, sha256};

const ROOMS: [&str; 5] = ["policy", "quorum", "review", "sign", "verify"];
const HEADING: &str = "| file | mutant that survives | why |";

/// What is written of one source file.
#[derive(Default)]
struct Section {
    hash: String,
    finished: bool,
    /// Outcome by the mutant's name.
    outcomes: BTreeMap<String, String>,
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn sections() -> BTreeMap<String, Section> {
    let mut found: BTreeMap<String, Section> = BTreeMap::new();
    for room in ROOMS {
        let path = root().join(format!("tests/mutation/results/{room}.tsv"));
        let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let mut file = String::new();
        for line in text.lines() {
            match line.split('\t').collect::<Vec<_>>()[..] {
                [name, hash, ref rest @ ..] if rest.len() < 2 => {
                    assert!(name.starts_with(&format!("src/{room}/")), "{room}: {line}");
                    file = name.to_owned();
                    let section = Section { hash: hash.to_owned(), finished: rest.is_empty(), ..Section::default() };
                    assert!(found.insert(file.clone(), section).is_none(), "{line}: twice");
                }
                [_, outcome @ ("caught" | "timeout" | "unviable" | "missed"), by, name] => {
                    assert_eq!(by == "-", matches!(outcome, "unviable" | "missed"), "{line}");
                    let outcomes = &mut found.get_mut(&file).expect("a file above").outcomes;
                    assert!(outcomes.insert(name.to_owned(), outcome.to_owned()).is_none(), "{file}: {line}: twice");
                }
                _ => panic!("{room}: {line}"),
            }
        }
    }
    found
}

/// File and mutant of each row of the table.
fn explained() -> BTreeSet<(String, String)> {
    let page = fs::read_to_string(root().join("docs/testing.md")).unwrap();
    let rows = page.lines().skip_while(|line| *line != HEADING).skip(2).take_while(|line| line.starts_with('|'));
    let mut found = BTreeSet::new();
    for row in rows {
        let shielded = row.replace("\\|", "\u{1}");
        let cells: Vec<String> =
            shielded.split('|').map(|cell| cell.replace('\u{1}', "|").trim().trim_matches('`').to_owned()).collect();
        let [_, file, mutant, why, _] = &cells[..] else { panic!("{row}") };
        assert!(why.split_whitespace().count() >= 5, "this is no explanation: {row}");
        assert!(found.insert((file.clone(), mutant.clone())), "twice: {row}");
    }
    found
}

/// The hash of each source file of the rooms, without the tests that have a file of their own.
fn sources() -> BTreeMap<String, String> {
    fn below(folder: &str, found: &mut BTreeMap<String, String>) {
        for entry in fs::read_dir(root().join(folder)).unwrap() {
            let path = format!("{folder}/{}", entry.unwrap().file_name().to_str().unwrap());
            if root().join(&path).is_dir() {
                below(&path, found);
            } else if path.ends_with(".rs") && !path.ends_with("/tests.rs") {
                let hash = sha256::Hash::hash(&fs::read(root().join(&path)).unwrap());
                found.insert(path, hash.to_string());
            }
        }
    }
    let mut found = BTreeMap::new();
    ROOMS.iter().for_each(|room| below(&format!("src/{room}"), &mut found));
    found
}

#[test]
fn every_survivor_is_explained_and_what_is_explained_survives() {
    let (sections, explained) = (sections(), explained());
    for (file, source) in sources() {
        let Some(section) = sections.get(&file).filter(|section| section.finished && section.hash == source) else {
            println!("{file} changed since its mutants were run: tests/mutation/run");
            continue;
        };
        for (mutant, _) in section.outcomes.iter().filter(|(_, outcome)| *outcome == "missed") {
            let known = explained.contains(&(file.clone(), mutant.clone()));
            assert!(known, "{file}: `{mutant}` survives: a test is to catch it, or docs/testing.md to explain it");
        }
    }
    for (file, mutant) in &explained {
        let outcome = sections.get(file).and_then(|section| section.outcomes.get(mutant));
        assert_eq!(outcome.map(String::as_str), Some("missed"), "docs/testing.md explains {file}: {mutant}");
    }
}

#[test]
fn nearly_all_mutants_that_compile_are_caught() {
    let outcomes: Vec<String> = sections().into_values().flat_map(|section| section.outcomes.into_values()).collect();
    let count = |wanted: &[&str]| outcomes.iter().filter(|outcome| wanted.contains(&outcome.as_str())).count();
    let (caught, missed) = (count(&["caught", "timeout"]), count(&["missed"]));
    assert!(caught > 1_000, "{caught} are caught");
    assert!(missed * 50 < caught, "{missed} survive beside {caught} that are caught");
}
