//! Outputs that claim to be ours: C02, C06, C07, C11, C12, and the records' I11, I12, I13.

use crate::{
    psbt::Place,
    review::{
        case::{Case, OutputView},
        destination::destination,
        finding::Findings,
        ours::{Record, Standing, records},
        ownership::{keys_are_keys, strange_records, who},
        scripts,
    },
    text,
    wallet::{Astray, Contradiction, Field},
};

const REMEDY: &str = "find out who changed the PSBT; make it again";

/// All rules on claims that outputs make.
pub(super) fn claims(case: &Case<'_>, found: &mut Findings) {
    for output in case.outputs() {
        let place = Place::Output(output.number);
        let given = records(&output.map.derivations, &output.map.tap_derivations);
        keys_are_keys(&given, output.own, place, found);
        match output.standing {
            Standing::Ours(own) => strange_records(own, &given, place, found),
            Standing::False { wallet, contradiction } => fraud(case, &output, *wallet, contradiction, found),
            Standing::Foreign => unclaimed(&output, &given, found),
        }
    }
}

/// C02 and what it consists of: it claims to be ours and contradicts the wallet.
fn fraud(case: &Case<'_>, output: &OutputView<'_>, wallet: usize, contradiction: &Contradiction, found: &mut Findings) {
    let place = Place::Output(output.number);
    let script = &output.output.script_pubkey;
    let name = case.name(wallet);
    match contradiction {
        Contradiction::Places { first, second } => {
            let text =
                format!("key records of wallet `{name}` name /{}/{} and /{}/{}", first.0, first.1, second.0, second.1);
            found.refuse("I12", place, text, REMEDY);
        }
        Contradiction::Key { record, key } => {
            let text = format!("key record {record} holds another key than key {key} of wallet `{name}` at that place");
            found.refuse("C02", place, text, REMEDY);
        }
        Contradiction::Field(field) => {
            let text = format!("{field} is not the one that wallet `{name}` derives");
            match field {
                Field::RedeemScript | Field::WitnessScript => found.refuse("C02", place, text, REMEDY),
                Field::TapInternalKey
                | Field::TapMerkleRoot
                | Field::TapLeaf { .. }
                | Field::TapTree
                | Field::LeafHashes { .. } => {
                    found.refuse("C12", place, text, REMEDY);
                }
            }
        }
        Contradiction::Script { branch, index } => {
            let text = format!(
                "claims to be wallet `{name}` at /{branch}/{index}, where that wallet does not have {}",
                destination(script, case.ground.network.bitcoin())
            );
            found.refuse("C02", place, text, REMEDY);
            unlike(case, output, found);
        }
        Contradiction::Path { record, astray } => {
            let text =
                format!("key record {record} bears a fingerprint or key of ours (wallet `{name}`), and {astray}");
            match astray {
                Astray::OtherAccount | Astray::Depth => {}
                Astray::Branch(_) | Astray::Hardened => found.refuse("I15", place, text.clone(), REMEDY),
            }
            found.refuse("C06", place, text.clone(), REMEDY);
            found.refuse("C02", place, text, REMEDY);
            unlike(case, output, found);
        }
    }
    fields(output, found);
}

/// C07, C12: how the script differs from that of the paying wallet.
fn unlike(case: &Case<'_>, output: &OutputView<'_>, found: &mut Findings) {
    let place = Place::Output(output.number);
    let script = &output.output.script_pubkey;
    let paying = match case.paying.as_slice() {
        [only] => case.wallet(*only),
        _ => None,
    };
    if paying.is_some_and(|wallet| !wallet.kind().fits(script)) {
        found.refuse("C07", place, "the claimed change has another script type than the inputs", REMEDY);
    }
    if script.is_p2tr() && (output.map.tap_internal_key.is_some() || !output.map.tap_derivations.is_empty()) {
        found.refuse("C12", place, "its output key is not that of our internal key and tree", REMEDY);
    }
}

/// An output that does not claim to be ours.
fn unclaimed(output: &OutputView<'_>, given: &[Record<'_>], found: &mut Findings) {
    let fine = fields(output, found);
    let map = output.map;
    let metadata = !given.is_empty()
        || map.redeem_script.is_some()
        || map.witness_script.is_some()
        || map.tap_internal_key.is_some();
    if fine && metadata {
        let who: Vec<String> = given.iter().map(who).collect();
        let named = if who.is_empty() { String::new() } else { format!(" ({})", who.join(", ")) };
        let count = text::count(given.len(), "record");
        found.show(
            "C11",
            Place::Output(output.number),
            format!("{count} of keys that are not ours{named}; it stays an external output"),
        );
    }
}

/// C11: script fields hash to the output's script.
fn fields(output: &OutputView<'_>, found: &mut Findings) -> bool {
    let map = output.map;
    let faults =
        scripts::hash_faults(&output.output.script_pubkey, map.redeem_script.as_deref(), map.witness_script.as_deref());
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
