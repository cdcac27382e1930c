//! Each rule of the review: it fires where it should, and not a step before.

#[path = "../support/frail_store.rs"]
mod frail_store;
#[path = "../support/raw_psbt.rs"]
mod raw_psbt;
#[path = "../support/signing_desk.rs"]
mod signing_desk;
#[path = "../support/transactions.rs"]
mod transactions;

mod coins;
mod envelope;
mod evidence;
mod fees;
mod history;
mod ordered;
mod outputs;
mod owners;
mod paths;
mod record;
mod schema;
mod screens;
mod shuffled;
mod sighashes;
mod stricter;
mod together;
mod trees;
mod vector;
mod version2;
mod whole;

use raw_psbt::RawPsbt;
use record::Candidate;
use strongroom::{
    digest, journal, limits, network, policy, port,
    psbt::{self, Place},
    quorum,
    review::{self, Action, rules},
    secret, sys, text, wallet,
};
use transactions::Case;

/// The PSBT of a case in both versions, or in the one that it is of.
fn versions(case: &Case) -> Vec<(u8, Vec<u8>)> {
    in_versions(&[0, 2], case, &|raw| raw.to_bytes())
}

/// The PSBT of a case in these versions, bent.
fn in_versions(versions: &[u8], case: &Case, bend: &dyn Fn(RawPsbt) -> Vec<u8>) -> Vec<(u8, Vec<u8>)> {
    let raw = RawPsbt::from_bytes(&case.bytes());
    if raw.value(0, &[0xfb]) == Some(&[2, 0, 0, 0]) {
        return vec![(2, bend(raw))];
    }
    versions.iter().map(|version| (*version, bend(if *version == 0 { raw.clone() } else { raw.to_v2() }))).collect()
}

/// As [`fires`], of bent bytes, which the reader may refuse by the rule before there is a review.
#[track_caller]
fn bent_fires(
    versions: &[u8],
    case: &Case,
    (rule, place, action): (&str, Place, Action),
    bend: &dyn Fn(RawPsbt) -> Vec<u8>,
) {
    let psbts = in_versions(versions, case, bend);
    for (version, bytes) in &psbts {
        match case.review_bytes(bytes.clone()) {
            Ok(_) => assert_eq!(fires_in(case, bytes, rule, place, action), action != Action::Refuse),
            Err(error) => {
                assert_eq!(
                    (error.rule, error.place, Action::Refuse),
                    (rule, place, action),
                    "version {version}: {error}"
                );
                let known = rules::find(rule).expect("in the table");
                assert!(known.actions.contains(&Action::Refuse), "{rule} refuses, the table does not say so");
            }
        }
    }
    let accepted = action != Action::Refuse;
    record::candidate(case, &Candidate { rule, spoke: Some((action, place)), accepted, psbts });
}

/// As [`silent`], of bent bytes that pass.
#[track_caller]
fn bent_silent(versions: &[u8], case: &Case, rule: &str, bend: &dyn Fn(RawPsbt) -> Vec<u8>) {
    let psbts = in_versions(versions, case, bend);
    for (version, bytes) in &psbts {
        let reviewed = case.review_bytes(bytes.clone()).unwrap_or_else(|error| panic!("version {version}: {error}"));
        assert!(reviewed.findings().iter().all(|finding| finding.rule != rule), "{:#?}", reviewed.findings());
        let verdict = policy::judge(reviewed, &case.policy());
        assert!(verdict.is_ok(), "version {version}: {:#?}", verdict.err().unwrap().reasons);
    }
    record::candidate(case, &Candidate { rule, spoke: None, accepted: true, psbts });
}

/// The rule fires there with that action, in both versions; refusals refuse, and every finding is one of the table.
#[track_caller]
fn fires(case: &Case, rule: &str, place: Place, action: Action) {
    let psbts = versions(case);
    let mut accepted = true;
    for (_, bytes) in &psbts {
        accepted = fires_in(case, bytes, rule, place, action);
    }
    record::candidate(case, &Candidate { rule, spoke: Some((action, place)), accepted, psbts });
}

/// Whether the whole may be approved all the same.
#[track_caller]
fn fires_in(case: &Case, bytes: &[u8], rule: &str, place: Place, action: Action) -> bool {
    let reviewed = case.review_bytes(bytes.to_vec()).unwrap_or_else(|error| panic!("{error}"));
    let findings = reviewed.findings().to_vec();
    let found: Vec<_> = findings.iter().filter(|f| f.rule == rule && f.places().any(|at| at == place)).collect();
    assert!(!found.is_empty(), "{rule} at {place:?} is silent: {findings:#?}");
    assert!(found.iter().any(|f| f.action == action), "{found:#?}");
    for finding in &findings {
        let known = rules::find(finding.rule).expect("in the table");
        assert!(known.actions.contains(&finding.action), "{finding:?} does what the table does not say");
        assert!(finding.action == Action::Show || !finding.remedy.is_empty(), "{finding:?}");
        assert!(!finding.text.is_empty() && !finding.text.ends_with('.'), "{finding:?}");
        assert!(finding.text.chars().all(|c| c.is_ascii_graphic() || c == ' ' || c == '…'), "{finding:?}");
    }
    match policy::judge(reviewed, &case.policy()) {
        Ok(cleared) => {
            assert!(matches!(action, Action::Acknowledge | Action::Show | Action::RefuseUnless(_)), "not refused");
            let named = cleared.warnings().iter().any(|w| w.names().any(|name| name == (rule, place)));
            assert_eq!(named, action != Action::Show, "{rule}");
            true
        }
        Err(refused) => {
            let named = refused.reasons.iter().any(|w| w.names().any(|name| name == (rule, place)));
            assert_eq!(named, matches!(action, Action::Refuse | Action::RefuseUnless(_)), "{rule}");
            false
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

/// The rule says nothing, in both versions.
#[track_caller]
fn silent(case: &Case, rule: &str) {
    let psbts = versions(case);
    let mut accepted = true;
    for (_, bytes) in &psbts {
        let reviewed = case.review_bytes(bytes.clone()).unwrap_or_else(|error| panic!("{error}"));
        let found: Vec<_> = reviewed.findings().iter().filter(|f| f.rule == rule).collect();
        assert!(found.is_empty(), "{found:#?}");
        accepted = policy::judge(reviewed, &case.policy()).is_ok();
    }
    if accepted {
        record::candidate(case, &Candidate { rule, spoke: None, accepted, psbts });
    }
}

/// No warning and no refusal.
#[track_caller]
fn good(case: &Case) {
    match case.judge() {
        Ok(cleared) => assert!(cleared.warnings().is_empty(), "{:#?}", cleared.warnings()),
        Err(refused) => panic!("{:#?}", refused.reasons),
    }
}
