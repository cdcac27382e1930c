//! Script fields of inputs: I04 to I07, T02 to T04. The scripts that are signed are always our derived ones.

use bitcoin::{Script, ScriptBuf};

use crate::{
    psbt::Place,
    review::{
        case::{Case, InputView},
        finding::Findings,
        ours::{Own, Standing},
    },
    wallet::{Contradiction, Field},
};

const REMEDY: &str = "make the PSBT again from the registered descriptor";

/// I04 to I06: of a coin of ours, the fields are proved; of others they are hashed.
pub(super) fn inputs(case: &Case<'_>, found: &mut Findings) {
    for input in case.inputs() {
        let place = Place::Input(input.number);
        match input.standing {
            Standing::Ours(own) => missing(&input, own, found),
            Standing::False { contradiction: Contradiction::Field(_), .. } => {}
            Standing::False { .. } | Standing::Foreign => {
                let Some(utxo) = &input.spent.utxo else { continue };
                for (rule, what) in fields_of(&input, &utxo.script_pubkey) {
                    found.refuse(rule, place, what, REMEDY);
                }
            }
        }
    }
}

/// I06: a script that is not given is not needed.
fn missing(input: &InputView<'_>, own: &Own, found: &mut Findings) {
    let coin = own.coin();
    let lacks = |given: bool, derived: bool| derived && !given;
    let mut names = Vec::new();
    if lacks(input.map.redeem_script.is_some(), coin.redeem_script.is_some()) {
        names.push("redeem script");
    }
    if lacks(input.map.witness_script.is_some(), coin.witness_script.is_some()) {
        names.push("witness script");
    }
    if lacks(!input.map.tap_leaf_scripts.is_empty(), coin.tree.is_some()) {
        names.push("leaf scripts");
    }
    if !names.is_empty() {
        found.show("I06", Place::Input(input.number), format!("{} not given; ours is used", names.join(" and ")));
    }
}

/// I04, I05, I07, T02, T03, T04: the coin is ours, and a field about it is not.
pub(super) fn contradicted(input: &InputView<'_>, field: Field, wallet: &str, found: &mut Findings) {
    let place = Place::Input(input.number);
    match field {
        Field::RedeemScript | Field::WitnessScript => {
            found.refuse("I07", place, format!("{field} is not the one that wallet `{wallet}` derives"), REMEDY);
            if let Some(utxo) = &input.spent.utxo {
                for (rule, what) in fields_of(input, &utxo.script_pubkey) {
                    found.refuse(rule, place, what, REMEDY);
                }
            }
        }
        Field::TapInternalKey | Field::TapMerkleRoot => {
            found.refuse("T02", place, format!("{field} is not the one that wallet `{wallet}` derives"), REMEDY);
        }
        Field::TapLeaf { .. } | Field::TapTree => {
            found.refuse("T03", place, format!("{field} is not of wallet `{wallet}` at this place"), REMEDY);
        }
        Field::LeafHashes { .. } => {
            let text = format!("{field} is of no leaf of wallet `{wallet}` that holds the key");
            found.refuse("T04", place, text, REMEDY);
        }
    }
}

fn fields_of(input: &InputView<'_>, script: &Script) -> Vec<(&'static str, &'static str)> {
    hash_faults(script, input.map.redeem_script.as_deref(), input.map.witness_script.as_deref())
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
