//! Each rule of the review: it fires where it should, and not a step before.

#[path = "../support/raw_psbt.rs"]
mod raw_psbt;
#[path = "../support/transactions.rs"]
mod transactions;

mod coins;
mod fees;
mod outputs;
mod owners;
mod schema;
mod screens;
mod sighashes;
mod version2;
mod whole;

use strongroom::{
    psbt::Place,
    review::{Action, rules},
};
use transactions::Case;

/// The rule fires there with that action; refusals refuse, and every finding is one of the table.
#[track_caller]
fn fires(case: &Case, rule: &str, place: Place, action: Action) {
    let findings = case.findings();
    let found: Vec<_> = findings.iter().filter(|f| f.rule == rule && f.place == place).collect();
    assert!(!found.is_empty(), "{rule} at {place:?} is silent: {findings:#?}");
    assert!(found.iter().any(|f| f.action == action), "{found:#?}");
    for finding in &findings {
        let known = rules::find(finding.rule).expect("in the table");
        assert!(known.actions.contains(&finding.action), "{finding:?} does what the table does not say");
        assert!(finding.action == Action::Show || !finding.remedy.is_empty(), "{finding:?}");
        assert!(!finding.text.is_empty() && !finding.text.ends_with('.'), "{finding:?}");
        assert!(finding.text.chars().all(|c| c.is_ascii_graphic() || c == ' ' || c == '…'), "{finding:?}");
    }
    match case.judge() {
        Ok(cleared) => {
            assert!(matches!(action, Action::Acknowledge | Action::Show | Action::RefuseUnless(_)), "not refused");
            let named = cleared.warnings().iter().any(|w| w.rule == rule && w.place == place);
            assert_eq!(named, action != Action::Show, "{rule}");
        }
        Err(refused) => {
            let named = refused.reasons.iter().any(|w| w.rule == rule && w.place == place);
            assert_eq!(named, matches!(action, Action::Refuse | Action::RefuseUnless(_)), "{rule}");
        }
    }
}

#[track_caller]
fn refuses(case: &Case, rule: &str, place: Place) {
    fires(case, rule, place, Action::Refuse);
    assert!(case.judge().is_err());
}

#[track_caller]
fn asks(case: &Case, rule: &str, place: Place) {
    fires(case, rule, place, Action::Acknowledge);
}

#[track_caller]
fn shows(case: &Case, rule: &str, place: Place) {
    fires(case, rule, place, Action::Show);
}

/// The rule says nothing.
#[track_caller]
fn silent(case: &Case, rule: &str) {
    let found: Vec<_> = case.findings().into_iter().filter(|f| f.rule == rule).collect();
    assert!(found.is_empty(), "{found:#?}");
}

/// No warning and no refusal.
#[track_caller]
fn good(case: &Case) {
    match case.judge() {
        Ok(cleared) => assert!(cleared.warnings().is_empty(), "{:#?}", cleared.warnings()),
        Err(refused) => panic!("{:#?}", refused.reasons),
    }
}

/// Every rule that the review holds is named by a test here.
#[test]
fn every_rule_of_the_review_has_a_test() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/review_rules");
    let tests: String =
        std::fs::read_dir(folder).unwrap().map(|file| std::fs::read_to_string(file.unwrap().path()).unwrap()).collect();
    // G03 is that the review asks nobody else; H07 is that H02 has no exemption.
    for rule in
        rules::RULES.iter().filter(|rule| rule.room == rules::Room::Review && !["G03", "H07"].contains(&rule.id))
    {
        assert!(tests.contains(&format!("\"{}\"", rule.id)), "{} has no test", rule.id);
    }
}
