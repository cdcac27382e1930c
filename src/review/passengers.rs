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
        if map.unknown.iter().any(|field| field.key_type == DNSSEC_PROOF) {
            found.show("P19", place, "a name proof is given; it was not verified and its name is not used");
        }
    }
}

/// Characters of a proprietary field's identifier that are shown.
const IDENTIFIER: usize = 24;

fn scope(fields: &[UnknownField], place: Place, found: &mut Findings) {
    for (rule, proprietary, noun) in [("P16", false, "unknown field"), ("P18", true, "proprietary field")] {
        let of_kind: Vec<&UnknownField> = fields.iter().filter(|field| field.proprietary == proprietary).collect();
        if of_kind.is_empty() {
            continue;
        }
        let named: Vec<String> = of_kind.iter().map(|field| named(field)).collect();
        let count = text::count(of_kind.len(), noun);
        found.show(rule, place, format!("{count}, not used: {}", named.join(", ")));
    }
}

/// One field by its type, or by whom it is of, with its size.
fn named(field: &UnknownField) -> String {
    let bytes = text::count(field.key_bytes.saturating_add(field.value_bytes), "byte");
    match &field.identifier {
        None => format!("type {:#04x} of {bytes}", field.key_type),
        Some(identifier) => {
            let all = String::from_utf8_lossy(identifier);
            let shown: String = all.chars().take(IDENTIFIER).collect();
            let more = if shown.len() < all.len() { "…" } else { "" };
            format!("`{}{more}` of {bytes}", text::printable(&shown))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_named_by_its_type_or_by_whom_it_is_of() {
        let field = |identifier: Option<&str>| UnknownField {
            key_type: if identifier.is_some() { 0xfc } else { 0x77 },
            key_bytes: 4,
            value_bytes: 3,
            proprietary: identifier.is_some(),
            identifier: identifier.map(|text| text.as_bytes().to_vec()),
        };
        let (most, more) = ("x".repeat(IDENTIFIER), "x".repeat(IDENTIFIER + 1));
        assert_eq!(named(&field(None)), "type 0x77 of 7 bytes");
        assert_eq!(named(&field(Some("vendor"))), "`vendor` of 7 bytes");
        assert_eq!(named(&field(Some("a\u{1b}b"))), "`a\\u{1b}b` of 7 bytes");
        assert_eq!(named(&field(Some(&most))), format!("`{most}` of 7 bytes"));
        assert_eq!(named(&field(Some(&more))), format!("`{most}…` of 7 bytes"));
    }
}
