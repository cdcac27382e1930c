//! Links, the list of pages, words that do not belong there.

use std::collections::BTreeSet;

use super::{page, pages_of_people, root};

/// Targets of Markdown links outside of code.
fn links(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut code = false;
    for line in text.lines() {
        if line.starts_with("```") {
            code = !code;
        }
        if code || line.starts_with("    ") {
            continue;
        }
        for part in line.split("](").skip(1) {
            found.extend(part.split(')').next().map(str::to_owned));
        }
    }
    found
}

/// The anchor of a heading as hosts make it.
fn anchor(heading: &str) -> String {
    let plain = heading.trim_start_matches('#').trim().to_lowercase();
    plain
        .chars()
        .filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'))
        .map(|c| if c == ' ' { '-' } else { c })
        .collect()
}

#[test]
fn links_inside_of_the_project_lead_somewhere() {
    let mut seen = 0;
    for name in pages_of_people() {
        let text = page(&name);
        let folder = root().join(&name).parent().unwrap().to_owned();
        for link in links(&text).into_iter().filter(|link| !link.contains("://")) {
            let (file, place) = link.split_once('#').unwrap_or((&link, ""));
            let target = if file.is_empty() { root().join(&name) } else { folder.join(file) };
            assert!(target.exists(), "{name}: `{link}` leads nowhere");
            if !place.is_empty() {
                let there = std::fs::read_to_string(&target).unwrap();
                let found = there.lines().filter(|line| line.starts_with('#')).any(|line| anchor(line) == place);
                assert!(found, "{name}: `{link}` has no such heading");
            }
            seen += 1;
        }
    }
    assert!(seen > 10, "{seen} links");
}

#[test]
fn the_readme_lists_every_page() {
    let readme = page("README.md");
    let listed: BTreeSet<String> = links(&readme).into_iter().collect();
    for name in pages_of_people().iter().filter(|name| name.starts_with("docs/")) {
        assert!(listed.contains(name), "README.md does not list {name}");
    }
}

/// Words that no page has: unfinished work, and what says how the text came about.
const FORBIDDEN: &[&str] = &[
    "todo",
    "fixme",
    "xxx",
    "tbd",
    "lorem",
    "ai",
    "llm",
    "gpt",
    "agent",
    "agents",
    "prompt engineering",
    "language model",
    "session of work",
    "as requested",
    "this conversation",
    "placeholder",
];

#[test]
fn no_page_has_a_word_that_does_not_belong_there() {
    for name in pages_of_people() {
        for (line, number) in page(&name).lines().zip(1usize..) {
            let words: String =
                line.to_lowercase().chars().map(|c| if c.is_alphanumeric() { c } else { ' ' }).collect();
            let words = format!(" {} ", words.split_whitespace().collect::<Vec<_>>().join(" "));
            for word in FORBIDDEN {
                assert!(!words.contains(&format!(" {word} ")), "{name}:{number}: `{word}`");
            }
            assert!(!line.contains("/home/") && !line.contains("/root/"), "{name}:{number}: an absolute path");
        }
    }
}

/// docs/testing.md: files and folders that it names are there, its commands are of test targets that are, and it lists
/// the fuzz targets.
#[test]
fn the_page_of_tests_names_what_there_is() {
    let text = page("docs/testing.md");
    let manifest = page("Cargo.toml");
    let mut seen = [0; 2];
    for word in text.split('`').skip(1).step_by(2) {
        let place =
            ["benches/", "fuzz/", "src/", "tests/", "vectors/", ".ci/"].iter().any(|start| word.starts_with(start));
        if let Some(command) = word.strip_prefix("cargo ") {
            let words: Vec<&str> = command.split(' ').collect();
            match words[..] {
                ["test"] | ["test", "--lib"] => {}
                ["test", "--test", target, ..] | ["bench", "--bench", target] => {
                    assert!(manifest.contains(&format!("name = \"{target}\"")), "`{word}`: no such target");
                    if let ["test", _, _, filter] = words[..] {
                        assert!(page("tests/main.rs").contains(&format!("mod {filter}")), "`{word}` runs nothing");
                    }
                }
                _ => panic!("`{word}` is no command of a test"),
            }
            seen[0] += 1;
        } else if place && !word.contains(['*', ' ', 'T']) {
            assert!(root().join(word).exists(), "`{word}` is not there");
            seen[1] += 1;
        }
    }
    assert!(seen[0] > 8 && seen[1] > 15, "{seen:?}");
    let rows: BTreeSet<&str> = text
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split('`').next())
        .filter(|name| !name.contains('/'))
        .collect();
    let targets: BTreeSet<String> = std::fs::read_dir(root().join("fuzz/targets"))
        .unwrap()
        .map(|entry| entry.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned())
        .collect();
    assert_eq!(rows, targets.iter().map(String::as_str).collect());
}
