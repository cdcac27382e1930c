//! What the pages say is what the program does: commands run, screens are shown, tables are the code's, links lead
//! somewhere.
//!
//! Blocks of `sh` in the pages are run as they stand. Blocks of `console` are typed at a terminal of 80 by 25, which
//! `documents/typed.py` gives them (python3's `pty`), and the screens in the page must come in the same order and with
//! the same words; only what differs from vault to vault (words, keys, digests, addresses, rolls) is not compared.
//! `…` alone on a line stands for screens that are left out. The commands of docs/recovery.md need stock tools and are
//! run by `recovery/recover.py`; here their lines are only parsed.

#[path = "documents/pages.rs"]
mod pages;
#[path = "documents/screens.rs"]
mod screens;
#[path = "documents/tables.rs"]
mod tables;

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use crate::program::PROGRAM;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn page(name: &str) -> String {
    fs::read_to_string(root().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// README and every page of docs, by their paths.
fn pages_of_people() -> Vec<String> {
    let mut all: Vec<String> = ["README.md", "CHANGELOG.md", "SECURITY.md", "image/README.md"].map(String::from).into();
    for entry in fs::read_dir(root().join("docs")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        if name.ends_with(".md") {
            all.push(format!("docs/{name}"));
        }
    }
    all.sort();
    all
}

/// A fenced block.
struct Block {
    kind: String,
    text: String,
    line: usize,
}

fn blocks(text: &str) -> Vec<Block> {
    let mut found = Vec::new();
    let mut open: Option<Block> = None;
    for (number, line) in (1usize..).zip(text.lines()) {
        match (&mut open, line.strip_prefix("```")) {
            (None, Some(kind)) => open = Some(Block { kind: kind.to_owned(), text: String::new(), line: number }),
            (Some(_), Some(_)) => found.extend(open.take()),
            (Some(block), None) => {
                block.text.push_str(line);
                block.text.push('\n');
            }
            (None, None) => {}
        }
    }
    assert!(open.is_none(), "a fence is open at the end");
    found
}

/// Runs the program with these arguments.
fn strongroom(arguments: &[&str]) -> Output {
    Command::new(&*PROGRAM).args(arguments).output().unwrap()
}

/// What it prints; it must succeed.
fn printed(arguments: &[&str]) -> String {
    let output = strongroom(arguments);
    assert!(output.status.success(), "strongroom {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// Every command, `vault create` and so on, as the program's help tells them.
fn commands() -> Vec<Vec<String>> {
    fn below(above: &[String], found: &mut Vec<Vec<String>>) {
        let mut arguments: Vec<&str> = above.iter().map(String::as_str).collect();
        arguments.push("--help");
        let help = printed(&arguments);
        let list = help.split("Commands:\n").nth(1).and_then(|rest| rest.split("\n\n").next()).unwrap_or_default();
        // Continued descriptions stand further to the right.
        let names = list.lines().filter(|line| line.starts_with("  ") && !line.starts_with("   "));
        for name in names.filter_map(|line| line.split_whitespace().next()).filter(|name| *name != "help") {
            let path: Vec<String> = above.iter().cloned().chain([name.to_owned()]).collect();
            below(&path, found);
            found.push(path);
        }
    }
    let mut found = Vec::new();
    below(&[], &mut found);
    assert!(found.len() >= 25, "{found:?}");
    found
}

#[test]
fn every_command_has_help_with_an_example_that_fits_a_console() {
    let all = commands();
    for path in &all {
        let arguments: Vec<&str> = path.iter().map(String::as_str).chain(["--help"]).collect();
        let help = printed(&arguments);
        let group = all.iter().any(|other| other.len() > path.len() && other.starts_with(path));
        assert!(group || help.contains("Example") || path == &["man"], "{path:?} has no example");
        let example = help.split("Example").nth(1).unwrap_or_default();
        assert!(example.lines().all(|line| line.chars().count() < 80), "{example}");
    }
}

#[test]
fn the_manual_page_and_the_completions_name_every_command() {
    let manual = printed(&["man"]);
    assert!(manual.starts_with(".ie") || manual.starts_with(".TH"), "{}", &manual[..80]);
    let all = commands();
    let leaves = all.iter().filter(|path| !all.iter().any(|other| other.len() > path.len() && other.starts_with(path)));
    for path in leaves {
        let heading = format!(".SH \"STRONGROOM {}\"", path.join(" ").to_uppercase());
        assert!(manual.contains(&heading), "{heading}");
    }
    for shell in ["bash", "zsh", "fish"] {
        let script = printed(&["completions", shell]);
        for name in all.iter().flatten().collect::<BTreeSet<_>>() {
            assert!(script.contains(name.as_str()), "{shell}: {name}");
        }
    }
}

/// A folder for one page.
fn folder() -> (tempfile::TempDir, PathBuf) {
    let temporary = tempfile::tempdir().unwrap();
    let path = temporary.path().to_owned();
    (temporary, path)
}

/// The search path with the built program first.
fn search_path() -> String {
    let own = Path::new(&*PROGRAM).parent().unwrap().to_string_lossy().into_owned();
    format!("{own}:{}", std::env::var("PATH").unwrap_or_default())
}
