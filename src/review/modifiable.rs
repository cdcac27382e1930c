//! What version 2 says may still be changed (PSBT_GLOBAL_TX_MODIFIABLE, BIP370): V04 and V05.

use crate::{
    psbt::{Parsed, Place},
    review::finding::Findings,
};

/// Inputs may be added or removed.
const INPUTS: u8 = 0b001;
/// Outputs may be added or removed.
const OUTPUTS: u8 = 0b010;
/// A signature with SINGLE is there.
const HAS_SINGLE: u8 = 0b100;

/// All bits that have a meaning.
const MEANT: u8 = 0b111;

/// What is signed is whole: whoever says that it may still grow is asked about, or wrong.
pub(super) fn flags(parsed: &Parsed, found: &mut Findings) {
    let Some(flags) = parsed.global().modifiable else { return };
    if flags & !MEANT != 0 {
        found.refuse(
            "V04",
            Place::Whole,
            format!("says {flags:#04x} of what may still be changed, and only bits 0 to 2 (0x07) have a meaning"),
            "make the PSBT with a wallet program that follows BIP370",
        );
        return;
    }
    if flags & HAS_SINGLE != 0 {
        found.show("V04", Place::Whole, "says that a signature with SINGLE is among those that it holds");
    }
    let Some(open) = open(flags) else { return };
    if let Some(input) = signed_input(parsed) {
        found.refuse(
            "V05",
            Place::Whole,
            format!("says that {open} may still be added or removed, and input {input} is signed already"),
            "make the PSBT again, and say in the wallet program that it is complete before anyone signs",
        );
    } else {
        found.ask(
            "V04",
            Place::Whole,
            format!(
                "its maker says that {open} may still be added or removed; what is signed is this transaction, and the \
                 answer says that nothing may be changed any more"
            ),
            "say in the wallet program that the transaction is complete, and export it again",
        );
    }
}

/// What flags say may still be added or removed.
pub(super) fn open(flags: u8) -> Option<&'static str> {
    match (flags & INPUTS != 0, flags & OUTPUTS != 0) {
        (false, false) => None,
        (true, false) => Some("inputs"),
        (false, true) => Some("outputs"),
        (true, true) => Some("inputs and outputs"),
    }
}

/// The first input that holds a signature of any kind.
fn signed_input(parsed: &Parsed) -> Option<u32> {
    let signed = |map: &crate::psbt::Input| {
        map.is_final() || !map.partial_sigs.is_empty() || map.tap_key_sig.is_some() || !map.tap_script_sigs.is_empty()
    };
    (0..).zip(parsed.inputs()).find(|(_, map)| signed(map)).map(|(input, _)| input)
}
