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
