//! What a signature of ours covers: everything. H01 to H05, and H06 by having one type that says so.

use crate::{
    psbt::Place,
    review::{case::Case, finding::Findings},
};

/// ECDSA's and BIP341's explicit ALL.
pub(super) const ALL: u32 = 1;

/// Each input of ours asks for ALL (taproot: the default too), or for nothing.
pub(super) fn asked(case: &Case<'_>, found: &mut Findings) {
    let outputs = case.parsed.transaction().output.len();
    for input in case.inputs() {
        let Some(asked) = input.map.sighash_type.filter(|_| input.claimed()) else { continue };
        let taproot = input
            .standing
            .wallet()
            .and_then(|wallet| case.wallet(wallet))
            .is_some_and(|wallet| wallet.kind().taproot());
        let Some((rule, what)) = fault(asked, taproot, usize::try_from(input.number).unwrap_or(usize::MAX) >= outputs)
        else {
            continue;
        };
        found.refuse(
            rule,
            Place::Input(input.number),
            format!("asks for sighash type {asked:#x}: {what}"),
            "make the PSBT with sighash ALL, or without a sighash type",
        );
    }
}

/// The rule that a sighash type breaks; `beyond` where the input has no output of its number.
const fn fault(asked: u32, taproot: bool, beyond: bool) -> Option<(&'static str, &'static str)> {
    match (taproot, asked) {
        (true, 0) | (_, ALL) => None,
        (true, _) => Some(("H05", "a taproot signature that does not cover the whole transaction")),
        (false, 3 | 0x83) if beyond => Some(("H03", "SINGLE without an output of that number signs nothing")),
        (false, 2) => Some(("H01", "NONE leaves the outputs open")),
        (false, 3) => Some(("H01", "SINGLE leaves the other outputs open")),
        (false, 0x81..=0x83) => Some(("H02", "ANYONECANPAY leaves the inputs open")),
        (false, _) => Some(("H04", "no type that exists")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_other_type_than_all_passes_for_ecdsa() {
        let sample = (0..=0x1ff).chain((0..32).map(|bit| 1 << bit)).chain([u32::MAX, 0x8000_0001, 0xffff_ff01]);
        for asked in sample {
            assert_eq!(fault(asked, false, false).is_none(), asked == 1, "{asked:#x}");
            assert_eq!(fault(asked, true, false).is_none(), asked <= 1, "{asked:#x}");
        }
    }

    #[test]
    fn each_type_has_its_rule() {
        for (asked, rule) in [
            (0, "H04"),
            (2, "H01"),
            (3, "H01"),
            (0x41, "H04"),
            (0x80, "H04"),
            (0x81, "H02"),
            (0x83, "H02"),
            (0x101, "H04"),
        ] {
            assert_eq!(fault(asked, false, false).unwrap().0, rule, "{asked:#x}");
        }
        assert_eq!(fault(3, false, true).unwrap().0, "H03");
        assert_eq!(fault(0x83, false, true).unwrap().0, "H03");
        assert_eq!(fault(0x83, true, true).unwrap().0, "H05");
    }
}
