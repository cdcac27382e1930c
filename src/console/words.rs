//! What the rooms below advise in words of the command line, in words of the menus.
//!
//! Floor 6. A test looks for such words in the sources.

/// What is said, and what is said here instead.
const WORDS: &[(&str, &str)] = &[
    ("`strongroom vault show` names the custodians", "`Custodians`, `Who they are`, names the custodians"),
    ("`strongroom share drill` tries a share alone", "`Custodians`, `Drill`, tries a share alone"),
    ("`strongroom wallet xpub`", "`Wallets`, `Hand out a key`"),
    ("`wallet xpub`", "`Hand out a key`"),
    ("`vault create --import-mnemonic`", "`Make a vault`"),
    ("`wallet export`", "`Wallets`, `Export`"),
    ("then run the command again", "then begin again"),
    ("choose --format ur", "show it as UR"),
    ("name the folder that the pictures are in", "choose the folder that the pictures are in"),
    ("is named without --frames", "is brought from a file"),
    ("--frames ", ""),
    ("--video ", ""),
];

/// Ends of sentences that tell of an option alone.
const ENDS: &[&str] = &[": say where it is with --share ", " (--only "];

/// What ends a program on a computer switches the appliance off.
const ENDS_IT: &[(&str, &str)] = &[
    ("Ctrl-C stops at any time", "Ctrl-C switches the machine off at any time"),
    ("ends the program at once, wherever it is", "switches the machine off at once"),
    ("ends the program at once", "switches the machine off at once"),
    ("Ctrl-C: stop everything", "Ctrl-C: switch off"),
];

/// A sentence where files lie on sticks.
pub(super) fn on_sticks(text: &str) -> String {
    ENDS_IT.iter().fold(text.to_owned(), |text, (from, to)| text.replace(from, to))
}

/// A sentence in words of the menus.
pub(super) fn in_menus(text: &str) -> String {
    let cut = |line: &str| {
        let end = ENDS.iter().filter_map(|end| line.find(end)).min();
        line.get(..end.unwrap_or(line.len())).unwrap_or_default().to_owned()
    };
    let text = text.lines().map(cut).collect::<Vec<_>>().join("\n");
    WORDS.iter().fold(text, |text, (from, to)| text.replace(from, to))
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    use super::*;

    /// Words of the command line that are said where arguments were given, or of the other side, which has it.
    const ARGUMENTS: &[&str] =
        &["--expect-id", "--ballot", "--frames, a film with --video", "`strongroom --help`", "`psbt join`"];
    const COMMANDS: &[&str] = &["vault", "wallet", "share", "policy", "journal", "qr", "psbt", "address"];

    fn sources(folder: &Path, found: &mut Vec<(String, String)>) {
        for entry in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            let name = entry.to_string_lossy().into_owned();
            let apart = ["/cli", "/demo.rs", "/vectors", "/tests", "tests.rs", "/sys", "/boot", "/samples"];
            if apart.iter().any(|end| name.ends_with(end)) || name.ends_with("console/words.rs") {
                continue;
            }
            if entry.is_dir() {
                sources(&entry, found);
            } else {
                let text = fs::read_to_string(&entry).unwrap();
                found.push((name, text.split("#[cfg(test)]").next().unwrap().to_owned()));
            }
        }
    }

    /// Whether a command or an option is named.
    fn names_a_command(text: &str) -> bool {
        let option = text.split("--").skip(1).any(|rest| rest.starts_with(|c: char| c.is_ascii_lowercase()));
        let command = text.split('`').skip(1).step_by(2).any(|quoted| {
            let word = quoted.split(' ').next().unwrap();
            quoted.starts_with("strongroom ") || quoted.contains(' ') && COMMANDS.contains(&word)
        });
        option || command || text.contains("run the command")
    }

    #[test]
    fn no_room_advises_a_command_that_the_menus_do_not_know() {
        let mut all = Vec::new();
        sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut all);
        let (mut files, mut said) = (0, 0);
        for (file, text) in &all {
            files += 1;
            for line in text.lines().filter(|line| !line.trim_start().starts_with("//") && line.contains('"')) {
                let plain = ARGUMENTS.iter().fold(line.to_owned(), |line, known| line.replace(known, ""));
                said += usize::from(names_a_command(&plain));
                assert!(!names_a_command(&in_menus(&plain)), "{file}: {line}");
            }
        }
        assert!(files > 100 && said >= 10, "{files} files, {said} lines");
    }

    #[test]
    fn what_is_said_stays_a_sentence() {
        for (text, words) in [
            (
                "no share file `a` or `b`: say where it is with --share bob=FILE\nand so on",
                "no share file `a` or `b`\nand so on",
            ),
            (
                "add these, or let the sender show only them (--only 2,5-7)",
                "add these, or let the sender show only them",
            ),
            ("--video a.y4m: it ends within a frame", "a.y4m: it ends within a frame"),
            ("`strongroom share drill` tries a share alone", "`Custodians`, `Drill`, tries a share alone"),
            ("what is said everywhere", "what is said everywhere"),
            ("", ""),
        ] {
            assert_eq!(in_menus(text), words);
        }
    }
}
