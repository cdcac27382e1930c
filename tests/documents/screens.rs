//! Commands of the pages are run, and their screens compared.

use std::{
    fs,
    io::Write,
    path::Path,
    process::{Command, Stdio},
};

use super::{Block, blocks, folder, page, pages_of_people, printed, root, search_path};

/// Commands of a block, one a line, with continued lines joined.
fn commands(block: &str, marked: bool) -> Vec<String> {
    let joined = block.replace("\\\n", " ");
    let lines = joined.lines().filter_map(|line| if marked { line.strip_prefix("$ ") } else { Some(line) });
    lines.map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).filter(|line| !line.is_empty()).collect()
}

/// Types the commands at a terminal; what it showed.
fn typed(folder: &Path, commands: &[String]) -> String {
    let mut child = Command::new("python3")
        .arg(root().join("tests/documents/typed.py"))
        .arg(folder)
        .env("PATH", search_path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all((commands.join("\n") + "\n").as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let shown = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{shown}\n{}", String::from_utf8_lossy(&output.stderr));
    shown
}

/// Whether there is a python3 to type with; a check in CI may not be left out.
fn can_type() -> bool {
    let there = Command::new("python3").arg("--version").output().is_ok_and(|output| output.status.success());
    assert!(there || std::env::var_os("CI").is_none(), "no python3, which the tests of the pages' screens need");
    if !there {
        eprintln!("left out: no python3 to type at a terminal");
    }
    there
}

fn run(folder: &Path, block: &Block) {
    let output = Command::new("sh")
        .args(["-eu", "-c", &block.text])
        .current_dir(folder)
        .env("PATH", search_path())
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "the commands in line {}:\n{}{}",
        block.line,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}

/// A line without what differs from vault to vault.
fn masked(line: &str) -> String {
    let tokens: Vec<&str> = line.split_whitespace().collect();
    let lower = |token: &&str| token.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-');
    let row = tokens.len() >= 2
        && tokens.chunks(2).all(|pair| matches!(pair, [number, word] if number.parse::<u8>().is_ok() && lower(word)));
    if row {
        return "(words)".to_owned();
    }
    if matches!(tokens.len(), 7 | 12) && tokens.iter().all(lower) {
        return "(words)".to_owned();
    }
    if tokens.first() == Some(&"review") {
        return "review (words)".to_owned();
    }
    let hex = |text: &str| text.len() >= 8 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let secret = |token: &&str| {
        let text = token.split(':').next().unwrap_or_default();
        hex(text)
            || token.contains('#')
            || token.contains("xpub")
            || token.starts_with('[') && token.contains("h/")
            || token.len() > 24 && !token.contains(['.', '─'])
            || token.len() > 20 && token.bytes().all(|byte| byte.is_ascii_digit())
    };
    let mut words = Vec::new();
    for (number, token) in tokens.iter().enumerate() {
        if token.starts_with("bc1") && *token != "bc1q…" {
            words.push("(address)");
            break;
        }
        if tokens.len() > 6
            && number > 0
            && tokens[number..].iter().all(|token| token.len() == 4 && hex(&token.repeat(2)))
        {
            words.push("(digest)");
            break;
        }
        words.push(if secret(token) { "(…)" } else { token });
    }
    // A digest in groups goes over two lines.
    if !tokens.is_empty() && tokens.iter().all(|token| token.len() == 4 && hex(&token.repeat(2))) {
        return "(digest)".to_owned();
    }
    words.join(" ")
}

/// Each part of `told` between `…` stands in `shown`, whole and in the same order.
fn compare(name: &str, block: &Block, shown: &str) {
    let joined = block.text.replace("\\\n", " ");
    let shown: Vec<String> = shown.lines().map(masked).collect();
    let told: Vec<String> = joined.lines().map(masked).collect();
    let mut from = 0;
    for part in told.split(|line| line == "…") {
        let part: &[String] = match part {
            [first, rest @ ..] if first.is_empty() => rest,
            part => part,
        };
        let part = part.strip_suffix(&[String::new()][..]).unwrap_or(part);
        if part.is_empty() {
            continue;
        }
        let place = shown[from..].windows(part.len()).position(|window| window == part);
        let Some(place) = place else {
            // The longest beginning that was shown tells where it differs.
            let reached = (0..part.len())
                .rev()
                .find(|&end| shown[from..].windows(end.max(1)).any(|window| window == &part[..end]))
                .unwrap_or(0);
            panic!(
                "{name}, the block in line {}: `{}` is not what comes after\n{}\nin\n{}",
                block.line,
                part[reached],
                part[..reached].join("\n"),
                shown[from..].join("\n")
            );
        };
        from += place + part.len();
    }
}

/// What the online side would do between two commands: a PSBT from the export.
#[cfg(feature = "online")]
fn pay(folder: &Path) {
    use bitcoin::ScriptBuf;
    use strongroom::{network::Network, online::Watcher};
    let Ok(export) = fs::read_to_string(folder.join("export.txt")) else { return };
    if folder.join("payment.psbt").exists() {
        return;
    }
    let mut watcher = Watcher::from_export(&export, Network::Mainnet).unwrap();
    watcher.pretend_deposit(0, 60_000_000, 1);
    let payee = ScriptBuf::from_hex("0014aabbccddeeff00112233445566778899aabbccdd").unwrap();
    fs::write(folder.join("payment.psbt"), watcher.pay(payee, 25_000_000, 5).unwrap()).unwrap();
}

#[cfg(feature = "online")]
#[test]
fn the_first_ceremony_goes_as_its_page_tells() {
    if !can_type() {
        return;
    }
    let name = "docs/first-ceremony.md";
    let (_temporary, path) = folder();
    let mut typed_blocks = 0;
    let mut everything = String::new();
    for block in blocks(&page(name)) {
        pay(&path);
        match block.kind.as_str() {
            "console" => {
                let shown = typed(&path, &commands(&block.text, true));
                everything.push_str(&shown);
                // To be read where a screen differs.
                fs::write(Path::new(env!("CARGO_TARGET_TMPDIR")).join("first-ceremony.txt"), &everything).unwrap();
                compare(name, &block, &shown);
                typed_blocks += 1;
            }
            "sh" => run(&path, &block),
            other => panic!("{name}:{}: a block of kind `{other}`", block.line),
        }
    }
    assert!(typed_blocks >= 5, "{typed_blocks} blocks");
}

#[cfg(feature = "online")]
#[test]
fn the_readme_commands_do_what_they_say() {
    let readme = page("README.md");
    let indented: String =
        readme.lines().filter_map(|line| line.strip_prefix("    ")).map(|line| format!("{line}\n")).collect();
    let all = commands(&indented, false);
    // These two build the program and run this test: `.ci/run` runs them.
    let built: Vec<&String> = all.iter().filter(|line| line.starts_with("cargo ")).collect();
    assert_eq!(built, ["cargo run --release --locked -- demo", "cargo test --locked"]);
    let ours: Vec<String> = all.iter().filter(|line| line.starts_with("strongroom ")).cloned().collect();
    assert!(ours.len() >= 7, "{ours:?}");
    if !can_type() {
        return;
    }
    let (_temporary, path) = folder();
    for command in &ours {
        pay(&path);
        let keep = if command.contains(" wallet export ") { " | tee export.txt" } else { "" };
        typed(&path, &[format!("{command}{keep}")]);
    }
    assert!(path.join("payment.signed.psbt").exists());
}

/// The blocks of the other pages run beside a vault of regtest and a PSBT.
#[cfg(all(feature = "online", feature = "consensus"))]
#[test]
fn the_commands_of_the_other_pages_run() {
    for name in pages_of_people() {
        if ["docs/first-ceremony.md", "docs/recovery.md"].contains(&name.as_str()) {
            continue;
        }
        let found: Vec<Block> = blocks(&page(&name)).into_iter().filter(|block| block.kind == "sh").collect();
        if found.is_empty() {
            continue;
        }
        let (_temporary, path) = folder();
        printed(&["demo", "--dir", &path.to_string_lossy()]);
        fs::rename(path.join("demo.vault"), path.join("treasury.vault")).unwrap();
        fs::rename(path.join("request.psbt"), path.join("payment.psbt")).unwrap();
        let toml: String = blocks(&page(&name)).into_iter().filter(|b| b.kind == "toml").map(|b| b.text).collect();
        fs::write(path.join("policy.toml"), toml).unwrap();
        for person in ["alice", "bob", "carol"] {
            fs::write(path.join(format!("{person}.pass")), format!("the passphrase of {person}\n")).unwrap();
        }
        for block in &found {
            run(&path, block);
        }
    }
}

/// `tests/recovery/recover.py` runs them with the tools; here a shell reads each line.
#[test]
fn the_recovery_commands_are_whole_and_of_known_tools() {
    let mut seen = 0;
    for block in blocks(&page("docs/recovery.md")).iter().filter(|block| block.kind == "sh") {
        for line in block.text.lines() {
            let tool = line.split_whitespace().next().unwrap();
            assert!(["age", "python3", "shamir"].contains(&tool), "docs/recovery.md: `{tool}`");
            let read = Command::new("sh").args(["-n", "-c", line]).status().unwrap();
            assert!(read.success(), "docs/recovery.md: {line}");
            seen += 1;
        }
    }
    assert!(seen >= 8, "{seen} commands");
}
