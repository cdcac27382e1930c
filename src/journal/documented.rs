//! What `docs/vault-format.md` says of lines is what lines have.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::{
    digest::Head,
    journal::{Entry, Line, Spending, samples},
};

const DOCUMENT: &str = include_str!("../../docs/vault-format.md");

/// The cells of the table that has this heading row.
#[track_caller]
fn table(heading: &str) -> Vec<Vec<&'static str>> {
    let rows = DOCUMENT.lines().skip_while(|line| *line != heading);
    let rows: Vec<_> = rows.skip(2).take_while(|line| line.starts_with('|')).collect();
    assert!(!rows.is_empty(), "no table with `{heading}`");
    rows.iter().map(|row| row.trim_matches('|').split('|').map(str::trim).collect()).collect()
}

/// What stands between backticks.
fn quoted(cell: &str) -> BTreeSet<String> {
    cell.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

fn keys(value: &Value) -> BTreeSet<String> {
    value.as_object().unwrap().keys().cloned().collect()
}

fn object(line: Line) -> Value {
    let text = Entry { number: 1, previous: Head([0; 32]), line }.encode().unwrap();
    serde_json::from_str(&text).unwrap()
}

fn whole_spending() -> Spending {
    Spending { locktime: 9, height_lock: Some(9), ..samples::spending(1) }
}

#[test]
fn the_page_has_every_key_of_every_kind_of_line() {
    let mut rows = table("| `type` | signed | keys | what happened |");
    let mut explained = BTreeSet::new();
    for row in table("| key of a line | value |").iter().chain(&table("| key of `transaction` | value |")) {
        explained.extend(quoted(row[0]));
    }
    let heading = "Beside `line`, `previous` and `type` it has these, all of them but for `transaction`:";
    assert!(DOCUMENT.contains(heading), "{heading}");
    let beside: BTreeSet<String> = ["line", "previous", "type"].map(str::to_owned).into();
    let all = samples::every_kind();
    let names: BTreeSet<&str> = all.iter().map(Line::name).collect();
    for name in names {
        let lines: Vec<&Line> = all.iter().filter(|line| line.name() == name).collect();
        let had: BTreeSet<String> = lines.iter().flat_map(|line| keys(&object((*line).clone()))).collect();
        let place = rows.iter().position(|row| row[0] == format!("`{name}`")).unwrap_or_else(|| panic!("no `{name}`"));
        let row = rows.remove(place);
        let own: BTreeSet<String> = had.difference(&beside).cloned().collect();
        assert_eq!(quoted(row[2]), own, "keys of `{name}`");
        assert!(own.is_subset(&explained), "{own:?}");
        let signed = if name == "voted" { "ballot" } else { "" };
        let signed = if lines[0].signature().is_some() { "by the statement key" } else { signed };
        assert_eq!(row[1], signed, "`{name}`");
    }
    assert!(rows.is_empty(), "no line has these: {rows:?}");
}

#[test]
fn the_page_has_every_key_of_a_transaction_and_of_a_ballot() {
    let rows = table("| key of `transaction` | value |");
    let told: BTreeSet<String> = rows.iter().flat_map(|row| quoted(row[0])).collect();
    let transaction = serde_json::to_value(whole_spending()).unwrap();
    assert_eq!(told, keys(&transaction));
    let values = |name: &str| rows.iter().find(|row| row[0] == format!("`{name}`")).unwrap()[1].to_owned();
    for list in ["inputs", "external"] {
        for key in keys(&transaction[list][0]) {
            assert!(quoted(&values(list)).contains(&key), "`{key}` of `{list}`");
        }
    }
    let without = serde_json::to_value(samples::spending(1)).unwrap();
    let absent: Vec<String> = keys(&transaction).difference(&keys(&without)).cloned().collect();
    assert_eq!(absent, ["height_lock"]);
    assert!(values("height_lock").ends_with("otherwise the key is absent"));
    let ballot = object(samples::voted("alice", crate::quorum::Kind::Sign))["ballot"].clone();
    let row = table("| key of a line | value |").into_iter().find(|row| row[0] == "`ballot`").unwrap();
    assert_eq!(quoted(row[1]), keys(&ballot));
}

#[test]
fn the_page_has_what_bounds_a_transaction() {
    let number = |n: usize| crate::text::grouped_number(u64::try_from(n).unwrap());
    let money = crate::text::grouped_number(crate::limits::MAX_MONEY);
    for sentence in [
        format!("1 to {}, in the transaction's order", number(crate::limits::INPUTS)),
        format!("at most {}: the outputs", number(crate::limits::OUTPUTS)),
        format!("Amounts are satoshi, {money} at most."),
        format!("At most {} wallets", number(crate::limits::WALLETS)),
    ] {
        assert!(DOCUMENT.contains(&sentence), "{sentence}");
    }
}
