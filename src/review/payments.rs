//! Outputs that leave: O02 to O09, and X03.

use std::collections::HashMap;

use bitcoin::{WitnessVersion, secp256k1::XOnlyPublicKey};

use crate::{
    limits,
    psbt::Place,
    review::{
        Class, Permission,
        case::{Case, OutputView},
        finding::{Each, Findings},
    },
    text,
};

/// Bytes of an OP_RETURN script that nodes relayed by default for years.
const DATA_BYTES: usize = 83;

/// All rules on single outputs.
pub(super) fn outputs(case: &Case<'_>, found: &mut Findings) {
    for output in case.outputs() {
        let place = Place::Output(output.number);
        match output.class {
            Class::OpReturn => {
                burnt(&output, place, found);
                data(&output, place, found);
            }
            Class::Unknown => unknown(&output, place, found),
            Class::External => program(&output, place, found),
            Class::Anchor => anchor(&output, place, found),
            Class::Change | Class::SelfTransfer | Class::OtherWallet => {}
        }
        dust(&output, place, found);
    }
    let several = case.classes.iter().filter(|class| **class == Class::OpReturn).count();
    if several > 1 {
        found.ask(
            "O03",
            Place::Whole,
            format!("{} carry data; some nodes relay one only", text::count(several, "output")),
            "make the PSBT with one data output",
        );
    }
    twice(case, found);
}

/// O02.
fn burnt(output: &OutputView<'_>, place: Place, found: &mut Findings) {
    let amount = output.output.value.to_sat();
    if amount > 0 {
        found.unless(
            Permission::OpReturnValue,
            "O02",
            place,
            format!("BURNS {}: data outputs can never be spent", text::amount(amount)),
            "make the PSBT with nothing on the data output",
        );
    }
}

/// O03.
fn data(output: &OutputView<'_>, place: Place, found: &mut Findings) {
    let script = output.output.script_pubkey.as_bytes();
    let what = format!("carries {} of data", text::count(script.len().saturating_sub(1), "byte"));
    if script.len() > DATA_BYTES {
        let each = Each {
            text: format!("{what}, more than {DATA_BYTES} in all"),
            together: format!("carry data, each more than {DATA_BYTES} bytes in all"),
        };
        found.ask_each("O03", place, each, "make the PSBT with less data");
    } else {
        found.show("O03", place, what);
    }
}

/// O04: an anchor is there to be spent by whoever pays for the transaction, and has next to nothing.
fn anchor(output: &OutputView<'_>, place: Place, found: &mut Findings) {
    let amount = output.output.value.to_sat();
    if amount > limits::ANCHOR_SAT {
        let most = text::grouped_number(limits::ANCHOR_SAT);
        let text = format!("anyone can spend this anchor, and it has {}, more than {most} sat", text::amount(amount));
        found.refuse("O04", place, text, "make the PSBT without this output, or with the dust that an anchor needs");
    }
}

/// O04.
fn unknown(output: &OutputView<'_>, place: Place, found: &mut Findings) {
    let script = &output.output.script_pubkey;
    if script.is_empty() || script.as_bytes() == [0x51] {
        found.refuse("O04", place, "anyone can spend this output", "make the PSBT without this output");
        return;
    }
    let (text, together) = if script.is_multisig() {
        ("a bare multisig script", "bare multisig scripts")
    } else if script.is_p2pk() {
        ("a bare public key", "bare public keys")
    } else {
        ("a script without an address", "scripts without an address")
    };
    let each = Each { text: text.to_owned(), together: together.to_owned() };
    found.ask_each("O04", place, each, "ask the receiver for an address");
}

/// O05, O06.
fn program(output: &OutputView<'_>, place: Place, found: &mut Findings) {
    let script = &output.output.script_pubkey;
    let remedy = "ask the receiver for another address";
    match script.witness_version() {
        None | Some(WitnessVersion::V0) => {}
        Some(WitnessVersion::V1) if script.is_p2tr() => {
            let valid = script.as_bytes().get(2..).is_some_and(|key| XOnlyPublicKey::from_slice(key).is_ok());
            if !valid {
                let each = Each {
                    text: "a taproot output key that is no point: nobody can spend it".to_owned(),
                    together: "taproot output keys that are no points: nobody can spend them".to_owned(),
                };
                found.ask_each("O06", place, each, remedy);
            }
        }
        Some(version) => {
            let program = format!("witness version {} with {} bytes", version.to_num(), script.len().saturating_sub(2));
            let each = Each {
                text: format!("{program} has no rules yet: anyone may be able to spend it"),
                together: format!("{program} has no rules yet: anyone may be able to spend them"),
            };
            found.ask_each("O05", place, each, remedy);
        }
    }
}

/// O07, O08. Change without an amount is C10's.
fn dust(output: &OutputView<'_>, place: Place, found: &mut Findings) {
    let script = &output.output.script_pubkey;
    if matches!(output.class, Class::OpReturn | Class::Anchor) {
        return;
    }
    let amount = output.output.value.to_sat();
    let least = script.minimal_non_dust().to_sat();
    if amount == 0 && !output.class.comes_back() {
        let each = Each { text: "pays nothing".to_owned(), together: "pay nothing".to_owned() };
        found.ask_each("O08", place, each, "make the PSBT without this output");
    } else if amount > 0 && amount < least {
        let each = Each {
            text: format!("{} sat are dust below {least} sat: nodes do not relay it", text::grouped_number(amount)),
            together: format!("are dust below {least} sat: nodes do not relay it"),
        };
        found.ask_each("O07", place, each, "make the PSBT with more on this output, or without it");
    }
}

/// O09: the same address or script twice, whosever it is. Data is O03's.
fn twice(case: &Case<'_>, found: &mut Findings) {
    let mut first = HashMap::new();
    for output in case.outputs().filter(|output| output.class != Class::OpReturn) {
        let before = *first.entry(&output.output.script_pubkey).or_insert(output.number);
        if before == output.number {
            continue;
        }
        let (goes, go, remedy) = match output.class {
            Class::Change | Class::SelfTransfer => {
                ("comes back to", "come back to", "make the PSBT with one output there, or with a new address for each")
            }
            Class::External | Class::OtherWallet | Class::OpReturn | Class::Unknown | Class::Anchor => {
                ("pays", "pay", "ask whether two payments are meant")
            }
        };
        let what = if output.class == Class::Unknown { "script" } else { "address" };
        let each = Each {
            text: format!("{goes} the same {what} as output {before}"),
            together: format!("{go} the same {what} as output {before}"),
        };
        found.ask_each("O09", Place::Output(output.number), each, remedy);
    }
}

/// X03: a signed message in the form of a transaction (BIP322) is not a payment.
pub(super) fn message(case: &Case<'_>, found: &mut Findings) {
    let remedy = "sign messages by a proof of control";
    if let [only] = case.parsed.transaction().output.as_slice()
        && only.value.to_sat() == 0
        && only.script_pubkey.is_op_return()
    {
        found.refuse("X03", Place::Whole, "one output that carries no coin: a message, no payment", remedy);
    }
    for input in case.inputs() {
        let nothing = input.spent.utxo.as_ref().is_some_and(|utxo| utxo.value.to_sat() == 0);
        if nothing && input.claimed() {
            found.refuse("X03", Place::Input(input.number), "spends nothing, as a message does", remedy);
        }
    }
}
