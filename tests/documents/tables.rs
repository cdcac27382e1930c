//! Tables of the pages beside the tables of the code.

use std::collections::BTreeSet;

use serde_json::Value;
use strongroom::{
    limits,
    policy::{Policy, cap_ranges},
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

fn action_words(action: Action) -> String {
    match action {
        Action::Refuse => "refused".to_owned(),
        Action::RefuseUnless(permission) => format!("refused unless `{}`", permission.key()),
        Action::Acknowledge => "acknowledged".to_owned(),
        Action::Show => "shown".to_owned(),
    }
}

#[test]
fn the_rules_are_those_of_the_code() {
    let row = |rule: &rules::Rule| {
        let actions: Vec<String> = rule.actions.iter().copied().map(action_words).collect();
        let fraud = if rule.fraud { ", as tampering" } else { "" };
        format!("| {} | {} | {}{fraud} |", rule.id, rule.stops, actions.join(" or "))
    };
    let expected: Vec<String> = rules::RULES.iter().map(row).collect();
    same("docs/review.md", &table(&page("docs/review.md"), "| rule | what it stops | action |"), &expected);
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
