//! Outputs that claim to be ours: C02, C06, C07, C11, C12, and the records' I11, I12, I13.

use crate::{
    psbt::Place,
    review::{
        case::{Case, OutputView},
        finding::Findings,
        ours::{Oddity, Own, PathFault, Record, fits, records},
        ownership::{keys_are_keys, path_fault, script_words, who},
        scripts,
    },
    text,
};

const REMEDY: &str = "find out who changed the PSBT; make it again";

/// All rules on claims that outputs make.
pub(super) fn claims(case: &Case<'_>, found: &mut Findings) {
    for output in case.outputs() {
        let place = Place::Output(output.number);
        let given = records(&output.map.derivations, &output.map.tap_derivations);
        keys_are_keys(&given, output.own, place, found);
        match output.own {
            Some(own) => proved(case, &output, own, &given, found),
            None if output.outcome.claimed => fraud(case, &output, &given, found),
            None => unclaimed(&output, &given, found),
        }
    }
}

/// The script is ours; its records and fields must say so too.
fn proved(case: &Case<'_>, output: &OutputView<'_>, own: &Own, given: &[Record<'_>], found: &mut Findings) {
    let place = Place::Output(output.number);
    let at = format!("wallet `{}` at /{}/{}", case.name(own.wallet), own.branch, own.index);
    let mut extra = 0usize;
    for (number, oddity) in &output.outcome.oddities {
        let Some(record) = given.get(*number) else { continue };
        match oddity {
            Oddity::WrongKey => {
                found.refuse("C02", place, format!("the record {} is not a key of {at}", who(record)), REMEDY);
            }
            Oddity::Elsewhere => {
                found.refuse("I12", place, format!("the record {} names another place than {at}", who(record)), REMEDY);
            }
            Oddity::Path(fault) => wrong_path(record, *fault, place, found),
            Oddity::OtherFingerprint => found.show(
                "I03",
                place,
                format!("the record {} has another origin than registered; matched by its key", who(record)),
            ),
            Oddity::Extra => extra = extra.saturating_add(1),
        }
    }
    if extra > 0 {
        found.ask(
            "I13",
            place,
            format!("{} that the wallet does not have", text::count(extra, "key record")),
            "ask who made the PSBT what these keys are for",
        );
    }
    let map = output.map;
    let differs = [(&map.redeem_script, &own.coin.redeem_script), (&map.witness_script, &own.coin.witness_script)]
        .iter()
        .any(|(given, derived)| given.is_some() && given != derived);
    if differs {
        found.refuse("C02", place, format!("its script fields are not those of {at}"), REMEDY);
    }
    let internal = own.coin.taproot.map(|(internal, _)| internal.serialize());
    if map.tap_internal_key.is_some_and(|given| Some(given) != internal) {
        found.refuse("C12", place, format!("its internal key is not that of {at}"), REMEDY);
    }
    if map.tap_tree.is_some() || given.iter().any(|record| record.leaves > 0) {
        found.refuse("C12", place, format!("it claims a tree of scripts; {at} has none"), REMEDY);
    }
}

/// C02 and what it consists of: our key is claimed, the script is not ours.
fn fraud(case: &Case<'_>, output: &OutputView<'_>, given: &[Record<'_>], found: &mut Findings) {
    let place = Place::Output(output.number);
    let script = &output.output.script_pubkey;
    let text = match output.outcome.claim {
        Some((wallet, branch, index)) => format!(
            "claims to be wallet `{}` at /{branch}/{index}, but that derives another script than {}",
            case.name(wallet),
            script_words(script)
        ),
        None => "bears a fingerprint of ours, but no registered wallet derives its script".to_owned(),
    };
    found.refuse("C02", place, text, "find out who changed the PSBT; if the wallet is yours, register it");
    for (number, oddity) in &output.outcome.oddities {
        let Some(record) = given.get(*number) else { continue };
        match oddity {
            Oddity::Path(fault) => wrong_path(record, *fault, place, found),
            Oddity::Elsewhere => {
                found.refuse("I12", place, format!("the record {} disagrees with the others", who(record)), REMEDY);
            }
            Oddity::WrongKey | Oddity::OtherFingerprint | Oddity::Extra => {}
        }
    }
    let paying = match case.paying.as_slice() {
        [only] => case.wallet(*only),
        _ => None,
    };
    if paying.is_some_and(|wallet| !fits(wallet.kind(), script)) {
        found.refuse("C07", place, "the claimed change has another script type than the inputs", REMEDY);
    }
    if script.is_p2tr() && (output.map.tap_internal_key.is_some() || !output.map.tap_derivations.is_empty()) {
        found.refuse("C12", place, "its output key is not our internal key with an empty tree", REMEDY);
    }
    fields(output, found);
}

/// C06, or I15 where only branch or index are wrong.
fn wrong_path(record: &Record<'_>, fault: PathFault, place: Place, found: &mut Findings) {
    let text = format!("the record {} {}", who(record), path_fault(fault));
    match fault {
        PathFault::Origin => {}
        PathFault::Branch | PathFault::Index => found.refuse("I15", place, text.clone(), REMEDY),
    }
    found.refuse("C06", place, text, REMEDY);
}

/// An output that does not claim to be ours.
fn unclaimed(output: &OutputView<'_>, given: &[Record<'_>], found: &mut Findings) {
    let fine = fields(output, found);
    let map = output.map;
    let metadata =
        !given.is_empty() || map.redeem_script.is_some() || map.witness_script.is_some() || map.tap_internal_key.is_some();
    if fine && metadata {
        found.show(
            "C11",
            Place::Output(output.number),
            format!("{} of keys that are not ours; it stays an external output", text::count(given.len(), "record")),
        );
    }
}

/// C11: script fields hash to the output's script.
fn fields(output: &OutputView<'_>, found: &mut Findings) -> bool {
    let map = output.map;
    let faults = scripts::hash_faults(&output.output.script_pubkey, map.redeem_script.as_deref(), map.witness_script.as_deref());
    let place = Place::Output(output.number);
    for (_, what) in &faults {
        found.refuse("C11", place, *what, REMEDY);
    }
    let taproot_fields = map.tap_internal_key.is_some() || map.tap_tree.is_some();
    let misplaced = taproot_fields && !output.output.script_pubkey.is_p2tr();
    if misplaced {
        found.refuse("C11", place, "taproot fields on an output that is not taproot", REMEDY);
    }
    faults.is_empty() && !misplaced
}
