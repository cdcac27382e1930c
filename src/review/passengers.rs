//! Fields that no decision uses: P16, P18, P19. They are counted and shown.

use crate::{
    psbt::{Parsed, Place, UnknownField},
    review::finding::Findings,
    text,
};

/// PSBT_OUT_DNSSEC_PROOF (BIP353).
const DNSSEC_PROOF: u64 = 0x35;

/// Shows what travels along.
pub(super) fn fields(parsed: &Parsed, found: &mut Findings) {
    scope(&parsed.global().unknown, Place::Whole, found);
    for (map, number) in parsed.inputs().iter().zip(0u32..) {
        scope(&map.unknown, Place::Input(number), found);
    }
    for (map, number) in parsed.outputs().iter().zip(0u32..) {
        let place = Place::Output(number);
        scope(&map.unknown, place, found);
        if map.unknown.iter().any(|field| !field.proprietary && field.key_type == DNSSEC_PROOF) {
            found.show("P19", place, "a name proof is given; it was not verified and its name is not used");
        }
    }
}

fn scope(fields: &[UnknownField], place: Place, found: &mut Findings) {
    if fields.is_empty() {
        return;
    }
    for (rule, proprietary, noun) in [("P16", false, "unknown field"), ("P18", true, "proprietary field")] {
        let of_kind: Vec<&UnknownField> = fields.iter().filter(|field| field.proprietary == proprietary).collect();
        if of_kind.is_empty() {
            continue;
        }
        let bytes = of_kind
            .iter()
            .fold(0usize, |sum, field| sum.saturating_add(field.key_bytes).saturating_add(field.value_bytes));
        let types: Vec<String> = of_kind.iter().take(8).map(|field| format!("{:#04x}", field.key_type)).collect();
        let more = if of_kind.len() > types.len() { ", …" } else { "" };
        found.show(
            rule,
            place,
            format!(
                "{} of {}, type {}{more}: not used",
                text::count(of_kind.len(), noun),
                text::count(bytes, "byte"),
                types.join(", ")
            ),
        );
    }
}
