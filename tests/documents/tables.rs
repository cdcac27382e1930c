//! Tables of the pages beside the tables of the code.

use std::collections::BTreeSet;

use serde_json::Value;
use strongroom::{
    limits,
    policy::{Policy, WHEN_KEYS, cap_ranges},
    qr::Density,
    review::{Action, Permission, rules},
    text::grouped_number,
};

use super::{blocks, folder, page, printed, strongroom};

/// The rows of the table that has this heading row.
#[track_caller]
fn table(text: &str, heading: &str) -> Vec<String> {
    let mut lines = text.lines().skip_while(|line| *line != heading).skip(1);
    let rule = lines.next().unwrap_or_else(|| panic!("no table with `{heading}`"));
    assert!(rule.starts_with("|---"), "{rule}");
    lines.take_while(|line| line.starts_with('|')).map(str::to_owned).collect()
}

#[track_caller]
fn same(page: &str, found: &[String], expected: &[String]) {
    assert!(found == expected, "the table in {page} is to be:\n{}", expected.join("\n"));
}

/// The choices before a vault, as they stand on the kept screen, and the page's rows but for the making of one.
#[test]
fn the_choices_before_a_vault_are_those_of_the_screens() {
    let screen = page("tests/screens/console/vault-80x25.txt");
    let choice = |line: &str| {
        let (number, entry) = line.trim_start_matches([' ', '>']).split_once("  ")?;
        number.parse::<u8>().ok()?;
        entry.split("  ").next().map(|name| name.trim().to_owned())
    };
    let choices: Vec<String> = screen.lines().filter_map(choice).filter(|name| name != "Back").collect();
    assert!(choices.len() > 5, "{choices:?}");
    let rows = table(&page("docs/console.md"), "| choice | what is behind it | command |");
    let told: Vec<&str> = rows.iter().filter_map(|row| row.split('|').nth(1)).map(str::trim).collect();
    assert_eq!(told[0], "Make a vault");
    assert_eq!(told[1..], choices);
}

fn action_words(action: Action) -> String {
    match action {
        Action::Refuse => "refused".to_owned(),
        Action::RefuseUnless(permission) => format!("refused unless `{}`", permission.key()),
        Action::Acknowledge => "acknowledged".to_owned(),
        Action::Show => "shown".to_owned(),
    }
}

/// docs/psbt.md with the table of the code.
fn page_of_rules() -> String {
    let row = |rule: &rules::Rule| {
        let actions: Vec<String> = rule.actions.iter().copied().map(action_words).collect();
        let seen = if actions.is_empty() { "nothing".to_owned() } else { actions.join(" or ") };
        let fraud = if rule.fraud { ", as tampering" } else { "" };
        format!("| {} | {} | {seen}{fraud} | {} |\n", rule.id, rule.stops, rule.class.word())
    };
    let text = page("docs/psbt.md");
    let (before, rest) = text.split_once("<!-- rules -->\n").expect("the mark of the table");
    let (_, after) = rest.split_once("<!-- end of rules -->\n").expect("the end of the table");
    let head = "| rule | what it stops | what is seen | class |\n|---|---|---|---|\n";
    let rows: String = rules::RULES.iter().map(row).collect();
    format!("{before}<!-- rules -->\n{head}{rows}<!-- end of rules -->\n{after}")
}

#[test]
fn the_rules_are_those_of_the_code() {
    let again = "write it anew: cargo test --test integration write_the_rules -- --ignored";
    assert!(
        page("docs/psbt.md") == page_of_rules(),
        "docs/psbt.md has another table than src/review/rules.rs; {again}"
    );
}

#[test]
#[ignore = "writes docs/psbt.md"]
fn write_the_rules() {
    std::fs::write(super::root().join("docs/psbt.md"), page_of_rules()).unwrap();
}

/// The sentence of the policy that changes with this line, as it then is, and as it is by default.
fn sentence(text: &str) -> (String, String) {
    let (usual, set) = (Policy::read("").unwrap().sentences(), Policy::read(text).unwrap().sentences());
    let mut changed = usual.into_iter().zip(set).filter(|(before, after)| before != after);
    let one = changed.next().unwrap_or_else(|| panic!("`{text}` changes no sentence"));
    assert!(changed.next().is_none(), "`{text}` changes two sentences");
    one
}

fn unit(key: &str) -> &'static str {
    match key {
        _ if key.ends_with("sat_vb") => "sat/vB",
        _ if key.ends_with("sat") => "satoshi",
        _ if key.ends_with("percent") => "per cent",
        _ if key.ends_with("blocks") => "blocks",
        _ => "outputs",
    }
}

#[test]
fn the_policy_keys_are_those_of_the_code() {
    let text = page("docs/policy.md");
    let allowed = Permission::ALL.map(|permission| {
        let (before, after) = sentence(&format!("[allow]\n{} = true\n", permission.key()));
        format!("| `{}` | {before} | {after} |", permission.key())
    });
    same("docs/policy.md", &table(&text, "| key | false, the default | true |"), &allowed);
    let caps: Vec<String> = cap_ranges()
        .map(|cap| {
            // A value near the default that its partner allows.
            let other = if cap.key.contains("notice") { cap.default - 1 } else { cap.default + 1 };
            let (usual, _) = sentence(&format!("[caps]\n{} = {other}\n", cap.key));
            let numbers = [cap.default, cap.least, cap.most].map(grouped_number);
            let [default, least, most] = numbers;
            format!("| `{}` | {} | {default} | {least} to {most} | {usual} |", cap.key, unit(cap.key))
        })
        .collect();
    same("docs/policy.md", &table(&text, "| key | unit | default | may be | the sentence, with the default |"), &caps);
    for block in blocks(&text).iter().filter(|block| block.kind == "toml") {
        Policy::read(&block.text).unwrap_or_else(|error| panic!("docs/policy.md:{}: {error}", block.line));
    }
    let sentences =
        Policy::read(&blocks(&text).iter().find(|block| block.kind == "toml").unwrap().text).unwrap().sentences();
    let shown = blocks(&text).into_iter().find(|block| block.kind == "text").unwrap().text;
    assert!(
        shown.lines().eq(sentences),
        "the sentences of the example in docs/policy.md are to be:\n{}",
        sentences_of(&text)
    );
}

#[test]
fn the_conditions_of_a_rule_are_those_of_the_code() {
    let amount = "1_000_000";
    let row = |key: &&str| {
        let when = match *key {
            "wallets" => "wallets = [\"hot\"]".to_owned(),
            "to" | "only_to" | "to_others_than" => format!("{key} = [\"exchange\"]"),
            "period_blocks" | "period_above_sat" => format!("period_blocks = 1_008, period_above_sat = {amount}"),
            "wait_blocks" => "wait_blocks = 6".to_owned(),
            _ => format!("{key} = {amount}"),
        };
        let exchange = "[destinations]\nexchange = [\"bcrt1qcr8te4kr609gcawutmrza0j4xv80jy8zeqchgx\"]\n";
        let policy = Policy::read(&format!("{exchange}[[rule]]\nwhen = {{ {when} }}\nthen = \"refuse\"\n")).unwrap();
        let sentences = policy.sentences();
        let rule = sentences.iter().find(|sentence| sentence.starts_with("Rule 1: if ")).unwrap();
        let fits = rule.strip_prefix("Rule 1: if ").unwrap().split(", it is refused").next().unwrap();
        format!("| `{key}` | {fits} |")
    };
    let expected: Vec<String> = WHEN_KEYS.iter().map(row).collect();
    same("docs/policy.md", &table(&page("docs/policy.md"), "| key of `when` | it fits where |"), &expected);
}

fn sentences_of(text: &str) -> String {
    let toml = blocks(text).into_iter().find(|block| block.kind == "toml").unwrap().text;
    Policy::read(&toml).unwrap().sentences().join("\n")
}

#[test]
fn the_limits_are_those_of_the_code() {
    let number = |n: usize| grouped_number(u64::try_from(n).unwrap());
    let rows = [
        ("a PSBT, binary", format!("{} bytes", number(limits::PSBT_BYTES))),
        ("a PSBT file, in any encoding", format!("{} bytes", number(limits::PSBT_TEXT_BYTES))),
        ("inputs", number(limits::INPUTS)),
        ("outputs", number(limits::OUTPUTS)),
        ("the transaction as signed", format!("{} weight units", grouped_number(limits::WEIGHT))),
        ("a previous transaction", format!("{} bytes", number(limits::PREVIOUS_TX_BYTES))),
        ("wallets of a vault", number(limits::WALLETS)),
        ("keys of a wallet", number(limits::WALLET_KEYS)),
        ("a policy", format!("{} bytes", number(limits::POLICY_BYTES))),
    ];
    let expected = rows.map(|(what, most)| format!("| {what} | {most} |"));
    same("docs/review.md", &table(&page("docs/review.md"), "| what | at most |"), &expected);
}

#[test]
fn the_exit_codes_are_those_of_the_help() {
    let squeezed = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let help = squeezed(&printed(&["--help"]));
    let codes = help.split("Exit codes: ").nth(1).unwrap().trim_end_matches('.').to_owned();
    assert!(squeezed(&page("README.md")).contains(&codes), "README.md does not say `{codes}`");
    let vault = |arguments: &[&str]| strongroom(arguments).status.code();
    assert_eq!(vault(&["--version"]), Some(0));
    assert_eq!(vault(&["vault", "show", "nowhere.vault"]), Some(2));
    assert_eq!(vault(&["no-such-command"]), Some(2));
}

/// Every key of an object, and of those in it.
fn keys(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(map) => map.iter().for_each(|(key, value)| {
            found.insert(key.clone());
            keys(value, found);
        }),
        Value::Array(list) => list.iter().for_each(|value| keys(value, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Words in the schema that are values.
const VALUES: &[&str] = &[
    "strongroom/review/1",
    "refused",
    "unread",
    "cleared",
    "none",
    "no-effect",
    "height",
    "time",
    "claimed",
    "committed",
    "proved",
    "whole",
    "input",
    "output",
    "refuse",
    "refuse-unless",
    "acknowledge",
    "show",
    "external",
    "change",
    "self-transfer",
    "other-wallet",
    "op-return",
    "unknown-script",
    "anchor",
];

#[cfg(all(feature = "online", feature = "consensus"))]
#[test]
fn the_schema_of_a_review_has_the_keys_that_a_review_has() {
    let (_temporary, path) = folder();
    let at = |name: &str| path.join(name).to_string_lossy().into_owned();
    printed(&["demo", "--dir", &at("")]);
    let json = printed(&["review", &at("demo.vault"), &at("request.psbt"), "--json"]);
    let mut there = BTreeSet::new();
    keys(&serde_json::from_str(&json).unwrap(), &mut there);
    let text = page("docs/review.md");
    let schema = blocks(&text).into_iter().find(|block| block.kind == "text").unwrap().text;
    let told: BTreeSet<String> = schema.split('"').skip(1).step_by(2).map(str::to_owned).collect();
    for key in &there {
        assert!(told.contains(key), "the schema in docs/review.md lacks `{key}`");
    }
    for word in told.iter().filter(|word| !there.contains(*word)) {
        assert!(VALUES.contains(&word.as_str()), "the schema in docs/review.md has `{word}`, a review has not");
    }
}

#[test]
fn the_densities_are_those_of_the_code() {
    let text = page("docs/qr.md");
    let rows = table(&text, "| density | QR version | characters | codes a second | for |");
    let expected = Density::ALL.map(|density| {
        let name = format!("{density:?}").to_lowercase();
        format!("| `{name}` | {} | {} | {} |", density.version(), density.characters(), density.rate())
    });
    assert_eq!(rows.len(), expected.len());
    for (row, expected) in rows.iter().zip(&expected) {
        assert!(row.starts_with(expected), "{row}: {expected}");
    }
    let help = printed(&["qr", "show", "--help"]);
    assert!(Density::ALL.iter().all(|density| help.contains(&format!("ersion {}", density.version()))), "{help}");
}

/// A page on one line, as it is read.
fn read(name: &str) -> String {
    page(name).split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Bytes in MiB or KiB, of which they are whole.
fn binary(bytes: usize) -> String {
    const MEBI: usize = 1024 * 1024;
    let (unit, name) = if bytes.is_multiple_of(MEBI) { (MEBI, "MiB") } else { (1024, "KiB") };
    assert!(bytes.is_multiple_of(unit), "{bytes}");
    format!("{} {name}", bytes / unit)
}

#[test]
fn what_pages_say_of_limits_is_in_the_code() {
    let [slot, share, journal, line, sealed, message] = [
        limits::SLOT_BYTES,
        limits::SHARE_BYTES,
        limits::JOURNAL_BYTES,
        limits::JOURNAL_LINE_BYTES,
        limits::SEALED_BYTES,
        limits::QR_MESSAGE_BYTES,
    ]
    .map(binary);
    let (characters, parts) = (limits::QR_TEXT, limits::QR_PARTS);
    assert_eq!((limits::QR_INFLATE_RATIO, limits::IDLE_SECONDS), (100, 30 * 60), "in words in these pages");
    assert_eq!(limits::PICTURE_PIXELS % (1024 * 1024), 0);
    for (page, sentence) in [
        (
            "docs/vault-format.md",
            format!(
                "slot {slot}, share {share}, journal {journal}, one of its lines {line}; inside of a sealed text {sealed}."
            ),
        ),
        ("docs/qr.md", format!("at most {characters} characters, {parts} parts and {message} a message")),
        ("docs/qr.md", format!("Packed content unpacks to {message}, and to a hundred times its size, at most.")),
        ("docs/qr.md", format!("more than {} megapixels", limits::PICTURE_PIXELS >> 20)),
        ("docs/image.md", format!("a mainnet share: {} MB or more for programs", limits::APPLIANCE_MEMORY_MB)),
        ("docs/console.md", "Where nobody answers for half an hour, a ceremony ends".to_owned()),
        ("src/console/help.rs", "Where nobody answers for half an hour, the ceremony ends.".to_owned()),
    ] {
        assert!(read(page).contains(&sentence), "{page} is to say `{sentence}`");
    }
}

#[test]
fn the_modules_that_pages_count_are_those_of_the_image() {
    let count = page("image/initramfs.list").lines().filter(|line| line.ends_with(".ko")).count();
    for (page, words) in [
        ("docs/image.md", format!("and {count} modules the rest")),
        ("docs/appliance.md", format!(" {count} modules, ")),
    ] {
        assert!(read(page).contains(&words), "{page} is to say `{words}`");
    }
}

/// Every file of the library's sources but those of tests.
fn sources(folder: &std::path::Path, found: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        if path.is_dir() && name != "tests" {
            sources(&path, found);
        } else if path.extension().is_some_and(|end| end == "rs") && name != "tests.rs" {
            let text = std::fs::read_to_string(&path).unwrap();
            found.push(text.split("#[cfg(test)]\nmod tests {").next().unwrap().to_owned());
        }
    }
}

/// Tags of hashes, labels of keys and names of formats.
#[test]
fn every_label_of_the_sources_stands_in_the_vault_format() {
    let mut texts = Vec::new();
    sources(&super::root().join("src"), &mut texts);
    let mut labels = BTreeSet::new();
    for text in &texts {
        for (at, _) in text.match_indices("\"strongroom/") {
            labels.extend(text[at + 1..].split('"').next());
        }
    }
    for known in ["strongroom/review/1", "strongroom/ballot/1", "strongroom/line", "strongroom/seed/1"] {
        assert!(labels.contains(known), "{labels:?}");
    }
    let format = page("docs/vault-format.md");
    let missing: Vec<_> = labels.iter().filter(|label| !format.contains(&format!("`{label}`"))).collect();
    assert!(missing.is_empty(), "docs/vault-format.md is to have {missing:?}");
}

#[test]
fn the_documents_of_instructions_are_those_of_the_code() {
    use strongroom::{
        canon,
        ceremony::{AddWallet, ExportXpub, SetPolicy},
    };
    let name = || "main".parse().unwrap();
    let documents = [
        (
            "`add-wallet`, an account",
            canon::line(&AddWallet::Account { name: name(), script: "wpkh".to_owned(), account: 0 }),
        ),
        (
            "`add-wallet`, a descriptor",
            canon::line(&AddWallet::Descriptor { name: name(), descriptor: "wpkh(…)".to_owned() }),
        ),
        ("`xpub`", canon::line(&ExportXpub { path: "m/48h/0h/0h/2h".to_owned() })),
        ("`policy`", canon::line(&SetPolicy { policy: "[caps]\nfee_notice_sat = 1000\n".to_owned() })),
    ];
    let expected = documents.map(|(kind, document)| format!("| {kind} | `{}` |", document.unwrap()));
    same("docs/vault-format.md", &table(&page("docs/vault-format.md"), "| kind | document |"), &expected);
}
