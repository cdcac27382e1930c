//! Writing by cutting and inserting: every byte that came stays as it was, in its order.
//!
//! Floor 1. A new pair goes before the first one of its map whose key is greater (by bytes), or at the map's
//! end. So a sorted map stays sorted, and pairs can be added in any order with the same result. The version stays
//! too; with the first signature, version 2 says that neither inputs nor outputs may be changed any more (BIP370,
//! "Signer"), where it said anything of that.

use std::{collections::BTreeMap, ops::Range};

use super::{
    NewSignature, Parsed, Place, Version,
    compact::push_string,
    raw::{Map, Pair},
};

/// New pairs a map, by raw key.
pub(super) type Pairs = BTreeMap<Vec<u8>, Vec<u8>>;

/// Bits of PSBT_GLOBAL_TX_MODIFIABLE (0x06) for the inputs and for the outputs.
const INPUTS_AND_OUTPUTS: u8 = 0b11;

/// The input's PSBT with signatures added and every other byte as it was (splicing, no re-encoding).
///
/// A key that the map holds already stays as it is and is not added again; of two given values for one key the
/// first counts; an input that does not exist is passed over. Whoever needs to know reads the result again.
#[must_use]
pub fn splice(parsed: &Parsed, signatures: &[(u32, NewSignature)]) -> Vec<u8> {
    write(parsed, &by_input(signatures), !signatures.is_empty(), |_, _| true)
}

/// The trimmed form: what the unsigned transaction is made of and signatures only, with the given ones and none of
/// the PSBT's own.
#[must_use]
pub fn trimmed(parsed: &Parsed, signatures: &[(u32, NewSignature)]) -> Vec<u8> {
    let keep = |place, key: &[u8]| is_of_transaction(parsed.version(), place, key);
    write(parsed, &by_input(signatures), !signatures.is_empty(), keep)
}

fn by_input(signatures: &[(u32, NewSignature)]) -> BTreeMap<u32, Pairs> {
    let mut added: BTreeMap<u32, Pairs> = BTreeMap::new();
    for (input, signature) in signatures {
        let pairs = added.entry(*input).or_default();
        pairs.entry(signature.raw_key()).or_insert_with(|| signature.value().to_vec());
    }
    added
}

/// Writes `parsed` again, signed, with `added` pairs in its inputs' maps, and of these maps' own pairs those that
/// `keep` says by their raw key, and those that make the transaction.
pub(super) fn rewrite(parsed: &Parsed, added: &BTreeMap<u32, Pairs>, keep: impl Fn(&[u8]) -> bool) -> Vec<u8> {
    let stays = |place, key: &[u8]| {
        !matches!(place, Place::Input(_)) || keep(key) || is_of_transaction(parsed.version(), place, key)
    };
    write(parsed, added, true, stays)
}

/// Whether a field is one that the unsigned transaction is made of, or without which nothing makes it.
fn is_of_transaction(version: Version, place: Place, key: &[u8]) -> bool {
    match (version, place, key) {
        (Version::Zero, Place::Whole, [0x00])
        | (Version::Two, Place::Whole, [0x02..=0x06 | 0xfb])
        | (Version::Two, Place::Input(_), [0x0e..=0x12])
        | (Version::Two, Place::Output(_), [0x03 | 0x04]) => true,
        (Version::Zero | Version::Two, _, _) => false,
    }
}

/// Writes `parsed` again: of its pairs those that `keep` says, `added` ones in the inputs' maps, and, where
/// `signed`, neither inputs nor outputs open to change.
fn write(parsed: &Parsed, added: &BTreeMap<u32, Pairs>, signed: bool, keep: impl Fn(Place, &[u8]) -> bool) -> Vec<u8> {
    let bytes = parsed.bytes();
    let cut = |range: Range<usize>| bytes.get(range).unwrap_or_default();
    let mut out = Vec::with_capacity(bytes.len());
    // Everything before `copied` is written, or was left out.
    let mut copied = 0;
    let none = Pairs::new();
    for (place, map) in maps(parsed) {
        let pairs = if let Place::Input(index) = place { added.get(&index).unwrap_or(&none) } else { &none };
        let stays = |pair: &Pair| keep(place, cut(pair.key.clone()));
        let has = |key: &[u8]| map.pairs.iter().any(|pair| cut(pair.key.clone()) == key && stays(pair));
        let mut new = pairs.iter().filter(|(key, _)| !has(key)).peekable();
        for pair in &map.pairs {
            out.extend_from_slice(cut(copied..pair.start));
            while let Some((key, value)) = new.next_if(|(key, _)| key.as_slice() < cut(pair.key.clone())) {
                push_pair(&mut out, key, value);
            }
            if stays(pair) {
                match (place, cut(pair.key.clone()), cut(pair.value.clone())) {
                    (Place::Whole, key @ [0x06], [flags]) if signed => {
                        push_pair(&mut out, key, &[flags & !INPUTS_AND_OUTPUTS]);
                    }
                    _ => out.extend_from_slice(cut(pair.start..pair.value.end)),
                }
            }
            copied = pair.value.end;
        }
        out.extend_from_slice(cut(copied..map.end));
        copied = map.end;
        for (key, value) in new {
            push_pair(&mut out, key, value);
        }
    }
    out.extend_from_slice(cut(copied..bytes.len()));
    out
}

/// All maps, in the file's order.
fn maps(parsed: &Parsed) -> impl Iterator<Item = (Place, &Map)> {
    let layout = parsed.layout();
    let inputs = (0_u32..).map(Place::Input).zip(&layout.inputs);
    let outputs = (0_u32..).map(Place::Output).zip(&layout.outputs);
    std::iter::once((Place::Whole, &layout.global)).chain(inputs).chain(outputs)
}

fn push_pair(out: &mut Vec<u8>, key: &[u8], value: &[u8]) {
    push_string(out, key);
    push_string(out, value);
}

#[cfg(test)]
mod tests {
    use super::super::{
        parse,
        raw_psbt::RawPsbt,
        samples::{ecdsa, parsed, tr, wpkh, wsh},
    };
    use super::*;

    #[test]
    fn splicing_nothing_gives_the_same_bytes() {
        for raw in [wsh(), wpkh(), tr()] {
            assert_eq!(splice(&parsed(&raw), &[]), raw.to_bytes());
        }
    }

    #[test]
    fn a_signature_stands_where_its_key_sorts_and_every_other_byte_stays() {
        let raw = wsh().with(0, &[0x77], b"x").with(2, &[0xfc, 1, b'a', 0], b"kept");
        let out = splice(&parsed(&raw), &[(1, ecdsa(2, 1)), (1, ecdsa(1, 1))]);
        let mut expected = raw;
        expected.maps[2].insert(1, (ecdsa(1, 1).raw_key(), ecdsa(1, 1).value().to_vec()));
        expected.maps[2].insert(2, (ecdsa(2, 1).raw_key(), ecdsa(2, 1).value().to_vec()));
        assert_eq!(RawPsbt::from_bytes(&out), expected);
        assert_eq!(parse(out).map(|p| p.inputs()[1].partial_sigs.len()), Ok(2));
    }

    #[test]
    fn unsorted_and_empty_maps_take_a_signature_too() {
        let mut raw = wsh();
        raw.maps[1].reverse();
        raw.maps[2].clear();
        let out = splice(&parsed(&raw), &[(0, ecdsa(2, 0)), (1, ecdsa(2, 1))]);
        let out = RawPsbt::from_bytes(&out);
        assert_eq!(out.maps[1][0], (ecdsa(2, 0).raw_key(), ecdsa(2, 0).value().to_vec()));
        assert_eq!(out.maps[1][1..], raw.maps[1]);
        assert_eq!(out.maps[2].len(), 1);
    }

    #[test]
    fn a_key_that_is_there_keeps_its_value_and_an_input_that_is_not_is_passed_over() {
        let raw = wsh().with(1, &ecdsa(1, 0).raw_key(), ecdsa(1, 9).value());
        let out = splice(&parsed(&raw), &[(0, ecdsa(1, 0)), (2, ecdsa(1, 0)), (u32::MAX, ecdsa(1, 0))]);
        assert_eq!(out, raw.to_bytes());
    }

    #[test]
    fn signatures_may_be_added_in_any_order_one_by_one_or_together() {
        let all = [(0, ecdsa(1, 0)), (0, ecdsa(2, 0)), (0, ecdsa(3, 0)), (1, ecdsa(3, 1))];
        let mut raw = wsh();
        raw.maps[1].swap(1, 3);
        raw.maps[1].rotate_left(1);
        let together = splice(&parsed(&raw), &all);
        for start in 0..all.len() {
            let mut turned = all.clone();
            turned.rotate_left(start);
            let mut bytes = raw.to_bytes();
            for one in turned {
                bytes = splice(&parse(bytes).unwrap(), &[one]);
            }
            assert_eq!(bytes, together);
        }
    }

    #[test]
    fn the_trimmed_form_has_the_transaction_and_the_given_signatures_and_no_more() {
        let raw = wsh().with(1, &ecdsa(3, 0).raw_key(), ecdsa(3, 0).value()).with(0, &[0x77], b"x");
        let full = parsed(&raw);
        let tap = NewSignature::TapKey { signature: vec![1; 64] };
        let trimmed = trimmed(&full, &[(1, tap), (0, ecdsa(2, 0)), (0, ecdsa(1, 0))]);
        let out = RawPsbt::from_bytes(&trimmed);
        assert_eq!(out.maps[0], raw.maps[0][..1]);
        let keys = |map: usize| out.maps[map].iter().map(|(key, _)| key.clone()).collect::<Vec<_>>();
        assert_eq!(keys(1), [ecdsa(1, 0).raw_key(), ecdsa(2, 0).raw_key()]);
        assert_eq!(keys(2), [vec![0x13]]);
        assert_eq!((keys(3), keys(4)), (vec![], vec![]));
        assert_eq!(parse(trimmed).map(|p| p.txid()), Ok(full.txid()));
    }

    #[test]
    fn version_2_keeps_its_bytes_and_closes_with_the_first_signature() {
        for (flags, closed) in [(0b01, 0), (0b10, 0), (0b11, 0), (0b111, 0b100), (0b100, 0b100), (0, 0)] {
            let raw = wsh().to_v2().with(0, &[0x06], &[flags]).with(0, &[0x77], b"x");
            assert_eq!(splice(&parsed(&raw), &[]), raw.to_bytes());
            let expected = raw.set(0, &[0x06], &[closed]);
            let expected = expected.sorted_in(2, &ecdsa(2, 1).raw_key(), ecdsa(2, 1).value());
            assert_eq!(RawPsbt::from_bytes(&splice(&parsed(&open(&expected, flags)), &[(1, ecdsa(2, 1))])), expected);
        }
        // What says nothing of that goes on saying nothing.
        let raw = tr().to_v2();
        let tap = NewSignature::TapKey { signature: vec![1; 64] };
        let expected = raw.clone().sorted_in(1, &[0x13], &[1; 64]);
        assert_eq!(RawPsbt::from_bytes(&splice(&parsed(&raw), &[(0, tap)])), expected);
    }

    /// The unsigned PSBT with these flags.
    fn open(signed: &RawPsbt, flags: u8) -> RawPsbt {
        signed.clone().without(2, 0x02).set(0, &[0x06], &[flags])
    }

    #[test]
    fn the_trimmed_form_of_version_2_has_all_that_makes_the_transaction() {
        let raw = wsh()
            .to_v2()
            .with(0, &[0x77], b"x")
            .with(0, &[0x06], &[3])
            .with(1, &[0x12], &[7, 0, 0, 0])
            .with(2, &[0x11], &[0xff; 4])
            .with(2, &[0x12], &[9, 0, 0, 0])
            .without(2, 0x10)
            .with(2, &ecdsa(3, 1).raw_key(), ecdsa(3, 1).value());
        let full = parsed(&raw);
        let short = trimmed(&full, &[(0, ecdsa(1, 0))]);
        let out = RawPsbt::from_bytes(&short);
        let kinds = |map: usize| out.maps[map].iter().map(|(key, _)| key[0]).collect::<Vec<_>>();
        assert_eq!(kinds(0), [0x02, 0x03, 0x04, 0x05, 0xfb, 0x06]);
        assert_eq!(kinds(1), [0x02, 0x0e, 0x0f, 0x10, 0x12]);
        assert_eq!(kinds(2), [0x0e, 0x0f, 0x11, 0x12]);
        assert_eq!((kinds(3), kinds(4)), (vec![3, 4], vec![3, 4]));
        assert_eq!(out.value(0, &[0x06]), Some(&[0][..]));
        let short = parse(short).unwrap();
        assert_eq!((short.version(), short.transaction()), (Version::Two, full.transaction()));
        // Unsigned, it says what it said before.
        assert_eq!(RawPsbt::from_bytes(&trimmed(&full, &[])).value(0, &[0x06]), Some(&[3][..]));
    }

    #[test]
    fn what_makes_the_transaction_stays_when_inputs_are_finished() {
        for raw in [wsh(), wsh().to_v2().with(0, &[0x06], &[3]).with(1, &[0x12], &[7, 0, 0, 0])] {
            let out = rewrite(&parsed(&raw), &BTreeMap::new(), |_| false);
            let out = parse(out).unwrap();
            assert_eq!((out.txid(), out.version()), (parsed(&raw).txid(), parsed(&raw).version()));
            assert!(out.inputs().iter().all(|input| input.derivations.is_empty()));
            assert_eq!(out.global().modifiable, parsed(&raw).global().modifiable.map(|_| 0));
        }
    }
}
