//! The floors of `docs/architecture.md`: reads `src/` and holds who may name whom.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

/// Rooms and what each may import, beside itself. Wider rights are a change of the plan: change the page too.
const WORDS: &[&str] = &["text", "network", "limits", "digest", "canon", "sys", "picture", "port"];
const TABLE: &[(&str, &[&str], &[&str])] = &[
    // room, its floor's rooms that it may name, floors below
    ("text", &[], &[]),
    ("network", &["text"], &[]),
    ("limits", &[], &[]),
    ("digest", &["text"], &[]),
    ("canon", &["text"], &[]),
    ("sys", &["text", "limits"], &[]),
    ("picture", &["limits"], &[]),
    ("port", &["text", "limits", "sys", "picture"], &[]),
    ("psbt", &[], &["text", "network", "limits", "digest"]),
    ("wallet", &["psbt"], &["text", "network", "limits", "digest", "canon"]),
    ("qr", &[], &["text", "limits", "digest", "picture"]),
    ("secret", &[], WORDS),
    ("review", &["psbt", "wallet"], &["text", "network", "limits", "digest", "canon"]),
    ("policy", &["review", "psbt", "wallet"], &["text", "network", "limits", "digest", "canon"]),
    ("quorum", &["policy", "review", "psbt"], &["text", "network", "limits", "digest", "canon"]),
    ("journal", &["quorum", "policy", "review", "psbt", "wallet", "secret"], WORDS),
    ("vault", &["journal", "quorum", "policy", "review", "psbt", "wallet", "secret"], WORDS),
    ("sign", &["vault", "journal", "quorum", "policy", "review", "psbt", "wallet", "secret"], WORDS),
    ("verify", &["sign", "vault", "journal", "quorum", "policy", "review", "psbt", "wallet", "secret"], WORDS),
    (
        "ceremony",
        &["verify", "sign", "vault", "journal", "quorum", "policy", "review", "psbt", "wallet", "secret", "qr"],
        WORDS,
    ),
    ("exchange", &["qr"], &["text", "limits", "picture", "port"]),
    ("device", &[], WORDS),
    ("online", &[], &["text", "network", "limits"]),
    ("consensus", &[], &["text"]),
    (
        "vectors",
        &["verify", "sign", "vault", "journal", "quorum", "policy", "review", "psbt", "wallet", "secret", "qr"],
        WORDS,
    ),
    (
        "demo",
        &[
            "ceremony",
            "exchange",
            "device",
            "online",
            "consensus",
            "verify",
            "sign",
            "vault",
            "journal",
            "quorum",
            "policy",
            "review",
            "psbt",
            "wallet",
            "secret",
            "qr",
        ],
        WORDS,
    ),
    ("boot", &["console", "device", "vectors", "secret"], WORDS),
    (
        "hatch",
        &[
            "ceremony", "exchange", "device", "verify", "sign", "vault", "journal", "quorum", "policy", "review",
            "psbt", "wallet", "secret", "qr",
        ],
        WORDS,
    ),
    (
        "console",
        &[
            "hatch", "ceremony", "exchange", "device", "verify", "sign", "vault", "journal", "quorum", "policy",
            "review", "psbt", "wallet", "secret", "qr",
        ],
        WORDS,
    ),
    (
        "cli",
        &[
            "console",
            "hatch",
            "demo",
            "vectors",
            "online",
            "consensus",
            "ceremony",
            "exchange",
            "device",
            "verify",
            "sign",
            "vault",
            "journal",
            "quorum",
            "policy",
            "review",
            "psbt",
            "wallet",
            "secret",
            "qr",
        ],
        WORDS,
    ),
];

fn sources() -> Vec<(PathBuf, String)> {
    fn walk(folder: &Path, found: &mut Vec<(PathBuf, String)>) {
        let mut entries: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        entries.sort();
        for path in entries {
            if path.is_dir() {
                walk(&path, found);
            } else if path.extension().is_some_and(|end| end == "rs") {
                found.push((path.clone(), fs::read_to_string(&path).unwrap()));
            }
        }
    }
    let mut found = Vec::new();
    walk(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut found);
    assert!(found.len() > 30, "the sources are not where they should be");
    found
}

/// The file without comments and without its inline tests.
fn product(text: &str) -> String {
    let text = text.split("#[cfg(test)]\nmod ").next().unwrap();
    text.lines().map(|line| line.split("//").next().unwrap()).collect::<Vec<_>>().join("\n")
}

/// Whether the file belongs to the tests alone; `files_of_tests_are_compiled_for_tests_only` holds the names.
fn of_tests(path: &Path) -> bool {
    let inside = path.strip_prefix(env!("CARGO_MANIFEST_DIR")).unwrap();
    inside.components().any(|part| ["tests", "tests.rs", "samples.rs"].contains(&part.as_os_str().to_str().unwrap()))
}

fn room(path: &Path) -> String {
    let inside = path.strip_prefix(Path::new(env!("CARGO_MANIFEST_DIR")).join("src")).unwrap();
    let first = inside.components().next().unwrap().as_os_str().to_str().unwrap();
    first.trim_end_matches(".rs").to_owned()
}

/// The rooms that `crate::…` names.
fn named(text: &str) -> BTreeSet<String> {
    let mut rooms = BTreeSet::new();
    for (at, _) in text.match_indices("crate::") {
        let before = text[..at].chars().next_back();
        if before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == ':') {
            continue;
        }
        let rest = &text[at + "crate::".len()..];
        let ident = |text: &str| text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>();
        if let Some(group) = rest.strip_prefix('{') {
            let mut depth = 1;
            let mut fresh = true;
            for (place, c) in group.char_indices() {
                match c {
                    '{' => depth += 1,
                    '}' => depth -= 1,
                    ',' if depth == 1 => fresh = true,
                    c if fresh && c.is_alphabetic() => {
                        rooms.insert(ident(&group[place..]));
                        fresh = false;
                    }
                    _ => {}
                }
                if depth == 0 {
                    break;
                }
            }
        } else {
            rooms.insert(ident(rest));
        }
    }
    rooms
}

#[test]
fn imports_go_down_only() {
    let mut wrong = Vec::new();
    for (path, text) in sources() {
        let room = room(&path);
        if room == "lib" || room == "main" {
            continue;
        }
        let Some((_, beside, below)) = TABLE.iter().find(|(name, ..)| *name == room) else {
            wrong.push(format!("{}: room `{room}` has no floor", path.display()));
            continue;
        };
        for other in named(&product(&text)) {
            let known = TABLE.iter().any(|(name, ..)| *name == other);
            if known && other != room && !beside.contains(&other.as_str()) && !below.contains(&other.as_str()) {
                wrong.push(format!("{}: `{room}` names `{other}`", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_only_some_rooms_may_name() {
    let walls: &[(&str, &[&str], &[&str])] = &[
        ("unsafe code", &["unsafe {", "unsafe fn", "unsafe impl", "unsafe extern"], &["sys"]),
        ("private keys", &["SecretKey", "Xpriv", "Keypair"], &["secret", "sign", "vectors", "wallet"]),
        (
            "files, processes and the environment",
            &["std::fs", "std::process", "std::env", "stdin()"],
            &["device", "cli", "hatch", "main", "sys", "demo", "boot"],
        ),
        ("the network", &["std::net", "TcpStream", "UdpSocket", "UnixStream"], &[]),
        ("clocks", &["SystemTime", "Instant::now"], &["demo", "device"]),
        ("the command line's crate", &["clap"], &["cli", "main"]),
        ("the screens' crate", &["ratatui"], &["console", "device"]),
    ];
    let mut wrong = Vec::new();
    for (path, text) in sources() {
        if of_tests(&path) {
            continue;
        }
        let (room, text) = (room(&path), product(&text));
        for (what, words, allowed) in walls {
            if !allowed.contains(&room.as_str()) {
                let found = words.iter().filter(|word| text.contains(*word));
                wrong.extend(found.map(|word| format!("{}: {what} (`{word}`)", path.display())));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn files_of_tests_are_compiled_for_tests_only() {
    let mut declared = 0;
    for (path, text) in sources().into_iter().filter(|(path, _)| !of_tests(path)) {
        let lines: Vec<_> = text.lines().map(str::trim).collect();
        for (number, line) in lines.iter().enumerate() {
            let words =
                line.trim_start_matches("pub(super) ").trim_start_matches("pub(crate) ").trim_start_matches("pub ");
            if ["mod tests;", "mod samples;"].contains(&words) {
                assert_eq!(lines[number - 1], "#[cfg(test)]", "{} line {}", path.display(), number + 1);
                declared += 1;
            }
        }
    }
    assert!(declared > 10, "{declared}");
}

#[test]
fn no_room_is_named_for_being_miscellaneous() {
    for (path, _) in sources() {
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        assert!(!["utils", "util", "common", "helpers", "helper", "types", "misc"].contains(&name.as_str()), "{name}");
    }
}

#[test]
fn a_wrong_import_would_be_seen() {
    assert!(named("use crate::{digest::{Head, X}, review};").contains("review"));
    assert!(named("let x = crate::sign::sign(y);").contains("sign"));
    assert!(named("pub(crate) fn x() {} // crate::sign").is_empty() || product("x // crate::sign") == "x ");
}
