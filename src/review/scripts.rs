//! Script fields of inputs: I04 to I07, T02 to T04. The scripts that are signed are always our derived ones.

use bitcoin::{Script, ScriptBuf};

use crate::{
    psbt::Place,
    review::{
        case::{Case, InputView},
        finding::Findings,
        ours::Own,
    },
};

const REMEDY: &str = "make the PSBT again from the registered descriptor";

/// All rules on script fields of inputs.
pub(super) fn inputs(case: &Case<'_>, found: &mut Findings) {
    for input in case.inputs() {
        let place = Place::Input(input.number);
        let redeem = input.map.redeem_script.as_deref();
        let witness = input.map.witness_script.as_deref();
        match input.own {
            Some(own) => ours(&input, own, place, found),
            None => {
                let Some(utxo) = &input.spent.utxo else { continue };
                for (rule, what) in hash_faults(&utxo.script_pubkey, redeem, witness) {
                    found.refuse(rule, place, what, REMEDY);
                }
            }
        }
    }
}

/// I04 to I07, T02 to T04. A field that equals the derived script needs no hashing.
fn ours(input: &InputView<'_>, own: &Own, place: Place, found: &mut Findings) {
    let map = input.map;
    let coin = &own.coin;
    let mut missing = Vec::new();
    let mut hash = false;
    for (name, given, derived) in [
        ("redeem script", &map.redeem_script, &coin.redeem_script),
        ("witness script", &map.witness_script, &coin.witness_script),
    ] {
        if given.is_none() && derived.is_some() {
            missing.push(name);
        }
        if given.is_some() && given != derived {
            found.refuse("I07", place, format!("the {name} is not the one that the wallet derives"), REMEDY);
            hash = true;
        }
    }
    if hash {
        let faults = hash_faults(&coin.script_pubkey, map.redeem_script.as_deref(), map.witness_script.as_deref());
        for (rule, what) in faults {
            found.refuse(rule, place, what, REMEDY);
        }
    }
    if !missing.is_empty() {
        found.show("I06", place, format!("{} not given; ours is used", missing.join(" and ")));
    }
    taproot(input, own, place, found);
}

/// T02, T03, T04: our taproot wallets have a key path and an empty tree.
fn taproot(input: &InputView<'_>, own: &Own, place: Place, found: &mut Findings) {
    let map = input.map;
    let internal = own.coin.taproot.map(|(internal, _)| internal.serialize());
    if map.tap_internal_key.is_some_and(|given| Some(given) != internal) {
        found.refuse("T02", place, "the internal key is not the one that the wallet derives", REMEDY);
    }
    if map.tap_merkle_root.is_some() {
        found.refuse("T02", place, "a merkle root is given, the wallet has no tree of scripts", REMEDY);
    }
    if !map.tap_leaf_scripts.is_empty() {
        found.refuse("T03", place, "a leaf script is given, the wallet has no tree of scripts", REMEDY);
    }
    if map.tap_derivations.iter().any(|record| !record.leaf_hashes.is_empty()) {
        found.refuse("T04", place, "a record names leaf hashes, the wallet has no tree of scripts", REMEDY);
    }
}

/// Script fields that do not hash to what they claim: rule for inputs (I04, I05) and sentence.
pub(super) fn hash_faults(
    script: &Script,
    redeem: Option<&Script>,
    witness: Option<&Script>,
) -> Vec<(&'static str, &'static str)> {
    let mut faults = Vec::new();
    if let Some(redeem) = redeem {
        if !script.is_p2sh() {
            faults.push(("I04", "a redeem script where the script is no script hash"));
        } else if ScriptBuf::new_p2sh(&redeem.script_hash()).as_script() != script {
            faults.push(("I04", "the redeem script does not hash to the script"));
        }
    }
    if let Some(witness) = witness {
        let program = ScriptBuf::new_p2wsh(&witness.wscript_hash());
        let direct = program.as_script() == script || redeem.is_some_and(|redeem| redeem == program.as_script());
        let nested = || redeem.is_none() && ScriptBuf::new_p2sh(&program.script_hash()).as_script() == script;
        if !direct && !nested() {
            faults.push(("I05", "the witness script does not hash to the script"));
        }
    }
    faults
}
