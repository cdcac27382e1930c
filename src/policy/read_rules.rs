//! `[destinations]` and `[[rule]]` of a policy's TOML.

use bitcoin::{Address, address::NetworkUnchecked};
use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use super::{
    read::{Lines, PolicyError, number, table, unknown},
    rule::{Approvals, Destination, Period, Rule, Target, Then, To, When},
};
use crate::{
    limits,
    network::Network,
    text::{Name, printable},
    wallet::Wallet,
};

const RULE_KEYS: &[&str] = &["when", "then"];
/// Keys of a rule's `when`, in the order in which a rule is read out.
pub const WHEN_KEYS: [&str; 9] = [
    "wallets",
    "leaves_above_sat",
    "leaves_at_most_sat",
    "to",
    "only_to",
    "to_others_than",
    "period_blocks",
    "period_above_sat",
    "wait_blocks",
];
/// Blocks of a period, most: five years.
const PERIOD_BLOCKS: u64 = 262_800;
/// Blocks of a wait, most: one year.
const WAIT_BLOCKS: u64 = 52_560;

/// `[destinations]`: a name each, with a list of addresses and descriptors.
pub(super) fn destinations(table: &DeTable<'_>, at: &Lines<'_>) -> Result<Vec<Destination>, PolicyError> {
    let mut all = Vec::new();
    let mut keys = 0usize;
    for (name, value) in table {
        let line = at.line(name.span().start);
        let key = format!("destinations.{}", printable(name.get_ref()));
        let name: Name = name.get_ref().parse().map_err(|error| wrong(line, format!("{error}")))?;
        let mut targets = Vec::new();
        for item in list(value.get_ref(), line, &key)? {
            let line = at.line(item.span().start);
            let Some(text) = item.get_ref().as_str() else {
                return Err(kind(line, key, "addresses and descriptors in quotes", item.get_ref()));
            };
            let to = target(text).map_err(|what| wrong(line, format!("`{key}`: {what}")))?;
            if let To::Descriptor(wallet) = &to {
                keys = keys.saturating_add(wallet.keys().len().saturating_mul(wallet.branches().len()));
            }
            if keys > limits::DESTINATION_KEYS {
                let most = limits::DESTINATION_KEYS;
                let what = format!("the descriptors of all destinations have more than {most} keys on their branches");
                return Err(wrong(line, what));
            }
            targets.push(Target { to, line });
        }
        if targets.is_empty() {
            return Err(wrong(line, format!("`{key}` is empty")));
        }
        all.push(Destination { name, targets });
    }
    Ok(all)
}

fn target(text: &str) -> Result<To, String> {
    if !text.contains('(') {
        let address: Address<NetworkUnchecked> = text
            .parse()
            .map_err(|_| format!("`{}` is no address: a character is wrong or missing", printable(text)))?;
        let script = address.assume_checked_ref().script_pubkey();
        return Ok(To::Address { address: Box::new(address), script });
    }
    // Scripts are the same on every network; that the keys are the vault's network's is checked with the vault.
    let network = if text.contains("tpub") { Network::Regtest } else { Network::Mainnet };
    let name = "destination".parse().map_err(|error: crate::text::NameError| error.to_string())?;
    let wallet = Wallet::read(name, text, network, &[]).map_err(|error| error.to_string())?;
    Ok(To::Descriptor(Box::new(wallet)))
}

/// `[[rule]]`, in order.
pub(super) fn rules(
    value: &DeValue<'_>,
    line: usize,
    at: &Lines<'_>,
    destinations: &[Destination],
) -> Result<Vec<Rule>, PolicyError> {
    let Some(array) = value.as_array() else { return Err(kind(line, "rule".to_owned(), "tables, `[[rule]]`", value)) };
    let mut rules: Vec<Rule> = Vec::new();
    for (item, number) in array.iter().zip(1usize..) {
        let line = at.line(item.span().start);
        let rule = rule(table(item.get_ref(), line, "rule")?, line, at)?;
        let fault = |what: String| Err(wrong(rule.line, format!("rule {number}: {what}")));
        if let Some(name) = rule.when.destinations().find(|name| !destinations.iter().any(|one| one.name == **name)) {
            return fault(format!("`{name}` is not in `[destinations]`"));
        }
        if rule.when.looks_back() && rule.then == Then::Allow {
            return fault("a limit on a period or a wait can refuse or ask for approvals, not allow".to_owned());
        }
        if rule.when.leaves_above.zip(rule.when.leaves_at_most).is_some_and(|(above, most)| above >= most) {
            return fault("it can never fit: `leaves_above_sat` is not below `leaves_at_most_sat`".to_owned());
        }
        let decided = rules.iter().position(|before| before.when.is_always() && !matches!(before.then, Then::Ask(_)));
        if let Some(before) = decided {
            return fault(format!("it is never read: rule {} decides everything", before.saturating_add(1)));
        }
        rules.push(rule);
    }
    Ok(rules)
}

fn rule(rule: &DeTable<'_>, line: usize, at: &Lines<'_>) -> Result<Rule, PolicyError> {
    let mut when = When::default();
    let mut then = None;
    for (name, value) in rule {
        let line = at.line(name.span().start);
        match name.get_ref().as_ref() {
            "when" => when = conditions(table(value.get_ref(), line, "rule.when")?, line, at)?,
            "then" => then = Some(outcome(value, line, at)?),
            other => return Err(unknown(line, "rule.", other, RULE_KEYS)),
        }
    }
    let then = then.ok_or_else(|| wrong(line, "the rule has no `then`".to_owned()))?;
    Ok(Rule { when, then, line })
}

fn conditions(table: &DeTable<'_>, line: usize, at: &Lines<'_>) -> Result<When, PolicyError> {
    let mut when = When::default();
    let (mut blocks, mut above) = (None, None);
    for (name, value) in table {
        let line = at.line(name.span().start);
        let key = name.get_ref().as_ref();
        let full = format!("rule.when.{}", printable(key));
        let number = |least, most| number(value.get_ref(), line, &full, least, most);
        let small = |most| number(1, most).map(|number| u32::try_from(number).unwrap_or(u32::MAX));
        match key {
            "wallets" => when.wallets = names(value.get_ref(), line, &full)?,
            "to" => when.to = names(value.get_ref(), line, &full)?,
            "only_to" => when.only_to = names(value.get_ref(), line, &full)?,
            "to_others_than" => when.to_others_than = names(value.get_ref(), line, &full)?,
            "leaves_above_sat" => when.leaves_above = Some(number(0, limits::MAX_MONEY)?),
            "leaves_at_most_sat" => when.leaves_at_most = Some(number(0, limits::MAX_MONEY)?),
            "period_blocks" => blocks = Some(small(PERIOD_BLOCKS)?),
            "period_above_sat" => above = Some(number(0, limits::MAX_MONEY)?),
            "wait_blocks" => when.wait_blocks = Some(small(WAIT_BLOCKS)?),
            _ => return Err(unknown(line, "rule.when.", key, &WHEN_KEYS)),
        }
    }
    when.period = match (blocks, above) {
        (Some(blocks), Some(above)) => Some(Period { blocks, above }),
        (None, None) => None,
        _ => {
            let what = "`period_blocks` and `period_above_sat` go together".to_owned();
            return Err(wrong(line, what));
        }
    };
    Ok(when)
}

/// `"allow"`, `"refuse"`, `{ approvals = 3 }` or `{ approvals = "all" }`.
fn outcome(value: &Spanned<DeValue<'_>>, line: usize, at: &Lines<'_>) -> Result<Then, PolicyError> {
    const EXPECTED: &str = "\"allow\", \"refuse\", { approvals = 3 } or { approvals = \"all\" }";
    let value = value.get_ref();
    let other = || kind(line, "rule.then".to_owned(), EXPECTED, value);
    match value.as_str() {
        Some("allow") => return Ok(Then::Allow),
        Some("refuse") => return Ok(Then::Refuse),
        Some(text) => return Err(wrong(line, format!("`rule.then` takes {EXPECTED}, not \"{}\"", printable(text)))),
        None => {}
    }
    let mut approvals = None;
    for (name, value) in value.as_table().ok_or_else(other)? {
        let line = at.line(name.span().start);
        let key = name.get_ref().as_ref();
        if key != "approvals" {
            return Err(unknown(line, "rule.then.", key, &["approvals"]));
        }
        approvals = Some(match value.get_ref().as_str() {
            Some("all") => Approvals::All,
            Some(_) | None => {
                let most = u64::try_from(limits::CUSTODIANS).unwrap_or(u64::MAX);
                let number = number(value.get_ref(), line, "rule.then.approvals", 1, most)?;
                Approvals::AtLeast(u8::try_from(number).unwrap_or(u8::MAX))
            }
        });
    }
    approvals.map(Then::Ask).ok_or_else(other)
}

/// A list of names, not empty.
fn names(value: &DeValue<'_>, line: usize, key: &str) -> Result<Vec<Name>, PolicyError> {
    let mut names = Vec::new();
    for item in list(value, line, key)? {
        let Some(text) = item.get_ref().as_str() else {
            return Err(kind(line, key.to_owned(), "names in quotes", item.get_ref()));
        };
        names.push(text.parse().map_err(|error: crate::text::NameError| wrong(line, format!("`{key}`: {error}")))?);
    }
    if names.is_empty() {
        return Err(wrong(line, format!("`{key}` is empty")));
    }
    Ok(names)
}

fn list<'v, 'i>(value: &'v DeValue<'i>, line: usize, key: &str) -> Result<&'v [Spanned<DeValue<'i>>], PolicyError> {
    value.as_array().map(|array| &array[..]).ok_or_else(|| kind(line, key.to_owned(), "a list, `[…]`", value))
}

fn kind(line: usize, key: String, expected: &'static str, found: &DeValue<'_>) -> PolicyError {
    PolicyError::Type { line, key, expected, found: found.type_str() }
}

fn wrong(line: usize, what: String) -> PolicyError {
    PolicyError::Rule { line, what }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::Policy;

    const ADDRESS: &str = "bcrt1qcr8te4kr609gcawutmrza0j4xv80jy8zeqchgx";
    const TPUB: &str = "[73c5da0a/84h/1h/0h]tpubDC8msFGeGuwnKG9Upg7DM2b4DaRqg3CUZa5g8v2SRQ6K4NSkxUgd7HsL2XVWbVm39yBA4LAxysQAm397zwQSQoQgewGiYZqrA9DsP4zbQ1M";

    #[track_caller]
    fn refused(text: &str, message: &str) {
        assert_eq!(Policy::read(text).unwrap_err().to_string(), message);
    }

    #[track_caller]
    fn sentence(text: &str) -> Vec<String> {
        let usual = Policy::read("").unwrap().sentences().len();
        Policy::read(text).unwrap().sentences().split_off(usual)
    }

    #[test]
    fn each_condition_and_outcome_has_its_words() {
        let rule = |when: &str, then: &str| {
            let names = format!("[destinations]\na = [\"{ADDRESS}\"]\nb = [\"{ADDRESS}\"]\n");
            sentence(&format!("{names}[[rule]]\nwhen = {{ {when} }}\nthen = {then}\n"))[2].clone()
        };
        for (when, words) in [
            ("wallets = [\"hot\"]", "it spends from wallet `hot`"),
            ("leaves_above_sat = 5", "more than 0.00000005 BTC (5 sat) leaves"),
            ("leaves_at_most_sat = 5", "at most 0.00000005 BTC (5 sat) leaves"),
            ("to = [\"a\", \"b\"]", "something goes to `a` or `b`"),
            ("only_to = [\"a\"]", "all of it goes to `a`"),
            ("to_others_than = [\"a\"]", "something goes elsewhere than to `a`"),
            ("leaves_above_sat = 0, to = [\"a\"]", "more than 0.00000000 BTC (0 sat) leaves and something goes to `a`"),
        ] {
            assert_eq!(rule(when, "\"refuse\""), format!("Rule 1: if {words}, it is refused."));
        }
        assert_eq!(rule("to = [\"a\"]", "\"allow\""), "Rule 1: if something goes to `a`, it is allowed.");
        assert_eq!(
            rule("to = [\"a\"]", "{ approvals = 3 }"),
            "Rule 1: if something goes to `a`, 3 custodians approve it."
        );
        assert_eq!(
            rule("to = [\"a\"]", "{ approvals = \"all\" }"),
            "Rule 1: if something goes to `a`, all custodians approve it."
        );
        assert_eq!(
            rule("period_blocks = 1_008, period_above_sat = 5", "\"refuse\""),
            "Rule 1: if more than 0.00000005 BTC (5 sat) leaves within 1 008 blocks, with what was signed or approved \
             before, it is refused; the same where it has no height lock."
        );
        assert_eq!(
            rule("wait_blocks = 6", "\"refuse\""),
            "Rule 1: if fewer than 6 blocks lie between it and another transaction, it is refused; the same where it has \
             no height lock."
        );
        assert_eq!(
            sentence("[[rule]]\nthen = \"refuse\"\n"),
            ["Rule 1: it is refused, whatever the transaction is.", "What no rule allows or refuses is allowed."]
        );
    }

    #[test]
    fn destinations_are_read_out_whole() {
        let text = format!("[destinations]\nd = [\"{ADDRESS}\", \"wpkh({TPUB}/<0;1>/*)\"]\n");
        let said = sentence(&text);
        assert_eq!(said.len(), 1);
        assert!(
            said[0].starts_with(&format!("`d` is {ADDRESS}, or an address of wpkh({TPUB}/<0;1>/*)#")),
            "{}",
            said[0]
        );
    }

    #[test]
    fn what_is_unknown_or_of_another_kind_is_named_with_its_line() {
        refused(
            "[[rule]]\nthen = \"refuse\"\nif = 1\n",
            "line 3: `rule.if` is no key of a policy; known are when, then",
        );
        let error = Policy::read("[[rule]]\nthen = \"refuse\"\n[rule.when]\nabove = 1\n").unwrap_err().to_string();
        assert!(error.starts_with("line 4: `rule.when.above` is no key of a policy; known are wallets, "), "{error}");
        refused("rule = 1\n", "line 1: `rule` takes tables, `[[rule]]`, found integer");
        refused("[rule]\nthen = \"refuse\"\n", "line 1: `rule` takes tables, `[[rule]]`, found table");
        refused("[[rule]]\n[rule.when]\n", "line 1: the rule has no `then`");
        refused("[[rule]]\nthen = \"refuse\"\nwhen = 1\n", "line 3: `rule.when` takes a table, found integer");
        refused(
            "[[rule]]\nthen = \"maybe\"\n",
            "line 2: `rule.then` takes \"allow\", \"refuse\", { approvals = 3 } or { approvals = \"all\" }, not \"maybe\"",
        );
        refused(
            "[[rule]]\nthen = { approvals = 3, days = 1 }\n",
            "line 2: `rule.then.days` is no key of a policy; known are approvals",
        );
        refused(
            "[[rule]]\nthen = {}\n",
            "line 2: `rule.then` takes \"allow\", \"refuse\", { approvals = 3 } or { approvals = \"all\" }, found table",
        );
        refused("[[rule]]\nthen = { approvals = 0 }\n", "line 2: `rule.then.approvals` is 0, it may be 1 to 16");
        refused("[[rule]]\nthen = { approvals = 17 }\n", "line 2: `rule.then.approvals` is 17, it may be 1 to 16");
        refused(
            "[[rule]]\nthen = { approvals = \"most\" }\n",
            "line 2: `rule.then.approvals` takes a whole number, found string",
        );
        refused(
            "[[rule]]\nthen = \"refuse\"\nwhen = { wait_blocks = 0 }\n",
            "line 3: `rule.when.wait_blocks` is 0, it may be 1 to 52560",
        );
        refused(
            "[[rule]]\nthen = \"refuse\"\nwhen = { leaves_above_sat = 2_100_000_000_000_001 }\n",
            "line 3: `rule.when.leaves_above_sat` is 2100000000000001, it may be 0 to 2100000000000000",
        );
        refused(
            "[[rule]]\nthen = \"refuse\"\nwhen = { wallets = \"hot\" }\n",
            "line 3: `rule.when.wallets` takes a list, `[…]`, found string",
        );
        refused("[[rule]]\nthen = \"refuse\"\nwhen = { wallets = [] }\n", "line 3: `rule.when.wallets` is empty");
        refused(
            "[[rule]]\nthen = \"refuse\"\nwhen = { wallets = [\"Hot\"] }\n",
            "line 3: `rule.when.wallets`: `Hot` is no name: 1 to 32 of a-z 0-9 - _",
        );
    }

    #[test]
    fn rules_that_cannot_be_are_refused() {
        let rule = |when: &str, then: &str| format!("[[rule]]\nwhen = {{ {when} }}\nthen = {then}\n");
        refused(&rule("to = [\"x\"]", "\"allow\""), "line 1: rule 1: `x` is not in `[destinations]`");
        for when in ["period_blocks = 5, period_above_sat = 1", "wait_blocks = 5"] {
            let what = "a limit on a period or a wait can refuse or ask for approvals, not allow";
            refused(&rule(when, "\"allow\""), &format!("line 1: rule 1: {what}"));
        }
        for when in ["period_blocks = 5", "period_above_sat = 1"] {
            refused(&rule(when, "\"refuse\""), "line 2: `period_blocks` and `period_above_sat` go together");
        }
        let never = "it can never fit: `leaves_above_sat` is not below `leaves_at_most_sat`";
        let both = rule("leaves_above_sat = 5, leaves_at_most_sat = 5", "\"refuse\"");
        refused(&both, &format!("line 1: rule 1: {never}"));
        assert!(Policy::read(&both.replace("most_sat = 5", "most_sat = 6")).is_ok());
        let twice = "[[rule]]\nthen = \"refuse\"\n[[rule]]\nthen = \"allow\"\n";
        refused(twice, "line 3: rule 2: it is never read: rule 1 decides everything");
        assert!(Policy::read(&twice.replacen("\"refuse\"", "{ approvals = 3 }", 1)).is_ok());
    }

    #[test]
    fn destinations_that_cannot_be_are_refused() {
        let with = |list: &str| format!("[destinations]\nd = {list}\n");
        refused(&with("\"x\""), "line 2: `destinations.d` takes a list, `[…]`, found string");
        refused(&with("[1]"), "line 2: `destinations.d` takes addresses and descriptors in quotes, found integer");
        refused(&with("[]"), "line 2: `destinations.d` is empty");
        let wrong = ADDRESS.replace("gx", "gz");
        let what = format!("line 3: `destinations.d`: `{wrong}` is no address: a character is wrong or missing");
        refused(&with(&format!("[\"{ADDRESS}\",\n\"{wrong}\"]")), &what);
        let error = Policy::read(&with("[\"wpkh(xprv9s21ZrQH143K3QTDL4LXw2F7HEK3wJUD2nW2nRk4stbPy6cq3jPPqjiChkVvvNKmPGJxWUtg6LnF5kejMRNNU3TGtRBeJgk33yuGBxrMPHi/*)\"]"))
            .unwrap_err().to_string();
        assert!(!error.contains("xprv9"), "{error}");
        refused("[destinations]\nD = [\"x\"]\n", "line 2: `D` is no name: 1 to 32 of a-z 0-9 - _");
        let many = |count: usize| with(&format!("[{}]", vec![format!("\"wpkh({TPUB}/<0;1>/*)\""); count].join(", ")));
        assert!(Policy::read(&many(20)).is_ok());
        refused(&many(21), "line 2: the descriptors of all destinations have more than 40 keys on their branches");
    }

    #[test]
    fn a_policy_suits_a_network_and_a_number_of_custodians() {
        let policy = |text: &str| Policy::read(text).unwrap();
        let address = policy(&format!("[destinations]\nd = [\"{ADDRESS}\"]\n"));
        assert_eq!(address.suits(Network::Regtest, 3), Ok(()));
        let error = address.suits(Network::Mainnet, 3).unwrap_err().to_string();
        assert_eq!(error, format!("line 2: `{ADDRESS}` is of another network than mainnet"));
        let keys = policy(&format!("[destinations]\nd = [\"wpkh({TPUB}/<0;1>/*)\"]\n"));
        assert!(keys.suits(Network::Signet, 3).is_ok() && keys.suits(Network::Mainnet, 3).is_err());
        let three = policy("[[rule]]\nthen = { approvals = 3 }\n");
        assert_eq!(three.suits(Network::Regtest, 3), Ok(()));
        let error = three.suits(Network::Regtest, 2).unwrap_err().to_string();
        assert_eq!(error, "line 1: rule 1 asks for 3 approvals, the vault has 2 custodians");
        assert_eq!(policy("[[rule]]\nthen = { approvals = \"all\" }\n").suits(Network::Regtest, 1), Ok(()));
        let hot: Name = "hot".parse().unwrap();
        let named = policy("[[rule]]\nwhen = { wallets = [\"hot\", \"warm\"] }\nthen = \"refuse\"\n");
        let unknown: Vec<&str> = named.unknown_wallets(&[&hot]).into_iter().map(Name::as_str).collect();
        assert_eq!(unknown, ["warm"]);
    }
}
