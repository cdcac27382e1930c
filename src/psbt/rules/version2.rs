//! Version 2 (BIP370): V01 to V03, L06, L07, P09 of its table, P21, and the other rules where it has fields of its own.

use bitcoin::{
    Sequence, Transaction,
    consensus::encode::{deserialize, serialize},
};

use super::super::{
    Place, Version, parse,
    raw_psbt::{RawPsbt, to_v2},
    samples::{parsed, pkh, tr, wpkh, wsh},
    version2,
};
use super::{bad, refused, samples, unsigned, wide, with_tx};
use crate::limits;

use Place::{Input, Output, Whole};

/// Place of the map after the global one, the inputs' and so many outputs'.
fn place(raw: &RawPsbt, map: usize) -> Place {
    let inputs = usize::from(raw.value(0, &[0x04]).unwrap()[0]);
    match map {
        0 => Whole,
        input if input <= inputs => Input(input as u32 - 1),
        output => Output((output - 1 - inputs) as u32),
    }
}

#[test]
fn both_versions_say_the_same_transaction() {
    for raw in samples() {
        let (zero, two) = (parsed(&raw), parsed(&raw.to_v2()));
        assert_eq!((zero.version(), two.version()), (Version::Zero, Version::Two));
        assert_eq!(two.transaction(), zero.transaction());
        assert_eq!(two.transaction_bytes(), zero.transaction_bytes());
        assert_eq!((two.txid(), zero.unique_id()), (zero.txid(), zero.txid()));
        assert_eq!(two.bytes(), to_v2(&raw.to_bytes()));
    }
}

#[test]
fn the_test_converter_keeps_every_other_pair_in_its_place() {
    for mut raw in samples() {
        raw = raw.with(0, &[0x01, 9], b"x").with(0, &[0x77], b"y").with(1, &[0x77], b"z").with(1, &[0x77], b"twice");
        raw.tail = b"tail".to_vec();
        let mut back = raw.to_v2();
        let inputs = unsigned(&raw).input.len();
        for (number, map) in back.maps.iter_mut().enumerate() {
            let kinds: &[u8] = match number {
                0 => &[2, 3, 4, 5, 0xfb],
                input if input <= inputs => &[0x0e, 0x0f, 0x10],
                _ => &[3, 4],
            };
            let added = |key: &[u8]| matches!(key, [kind] if kinds.contains(kind));
            assert_eq!(map.iter().filter(|(key, _)| added(key)).count(), kinds.len(), "map {number}");
            map.retain(|(key, _)| !added(key));
        }
        raw.maps[0].remove(0);
        assert_eq!(back, raw);
    }
    // A sorted map stays sorted.
    assert!(wsh().to_v2().maps.iter().all(|map| map.is_sorted()));
}

#[test]
fn p09_what_version_2_requires_is_there() {
    let two = wsh().to_v2();
    let required: [(usize, &[u8]); 5] =
        [(0, &[0x02, 0x04, 0x05]), (1, &[0x0e, 0x0f]), (2, &[0x0e, 0x0f]), (3, &[0x03, 0x04]), (4, &[0x03, 0x04])];
    for (map, kinds) in required {
        for kind in kinds {
            let error = bad(&two.clone().without(map, *kind), "P09", place(&two, map));
            assert!(error.what.contains(&format!("(0x{kind:02x}) is missing")), "{error}");
        }
    }
    // Without its number it is no version 2.
    bad(&two.clone().without(0, 0xfb), "P09", Whole);
    let tx = wsh().value(0, &[0]).unwrap().to_vec();
    bad(&two.clone().with(0, &[0x00], &tx), "P09", Whole);
    bad(&wsh().with(0, &[0xfb], &[2, 0, 0, 0]), "P09", Whole);
    // What it merely allows may be absent, all of it.
    let bare = two.without(0, 0x03).without(1, 0x10).without(2, 0x10);
    assert_eq!(parsed(&bare).transaction().lock_time.to_consensus_u32(), 0);
}

#[test]
fn p06_p07_fields_of_version_2_have_their_form() {
    let two = wsh().to_v2().with(0, &[0x06], &[0]).with(1, &[0x11], &[0xff; 4]).with(1, &[0x12], &[1, 0, 0, 0]);
    parsed(&two);
    for (map, kinds) in [(0, &[2, 3, 4, 5, 6][..]), (2, &[0x0e, 0x0f, 0x10]), (1, &[0x11, 0x12]), (4, &[3, 4])] {
        for kind in kinds {
            let mut longer = two.clone();
            let pair = longer.maps[map].iter().position(|(key, _)| key == &[*kind]).unwrap();
            longer.maps[map][pair].0.push(1);
            bad(&longer, "P06", place(&two, map));
            if (map, *kind) == (4, 4) || (map, *kind) == (0, 4) || (map, *kind) == (0, 5) {
                continue;
            }
            let value = two.value(map, &[*kind]).unwrap().to_vec();
            for wrong in [&value[1..], &[&value[..], &[0]].concat(), &[]] {
                bad(&two.clone().set(map, &[*kind], wrong), "P07", place(&two, map));
            }
        }
    }
}

#[test]
fn v01_counts_are_one_number_in_its_shortest_form_and_within_the_limits() {
    let two = wsh().to_v2();
    let huge = |number: u64| [&[0xff], &number.to_le_bytes()[..]].concat();
    for kind in [0x04, 0x05] {
        let set = |value: &[u8]| two.clone().set(0, &[kind], value);
        // Four bytes, as some programs write it; a longer form than needed; cut; nothing.
        for value in [&[2, 0, 0, 0][..], &[0xfd, 2, 0], &[0xfe, 2, 0, 0, 0], &huge(2), &[0xfd, 2], &[2, 2], &[]] {
            let error = bad(&set(value), "V01", Whole);
            assert!(error.what.contains("shortest form"), "{error}");
        }
        for number in [1 << 40, 1 << 60, u64::MAX] {
            let error = bad(&set(&huge(number)), "V01", Whole);
            assert!(error.what.contains(&number.to_string()) && error.what.contains("limit"), "{error}");
        }
        bad(&set(&[0]), "P11", Whole);
        let number = usize::from(two.value(0, &[kind]).unwrap()[0]);
        let ends = bad(&set(&[number as u8 + 1]), "V01", Whole);
        assert!(ends.what.contains("3 ") && ends.what.contains("2 ") && ends.what.contains("ends after 4"), "{ends}");
        bad(&set(&[number as u8 - 1]), "P02", Whole);
    }
    let mut short = two;
    short.maps.truncate(1);
    bad(&short, "V01", Whole);

    let inputs = limits::INPUTS as u32;
    parsed(&wide(inputs, 1).to_v2());
    bad(&wide(inputs + 1, 1).to_v2(), "V01", Whole);
    parsed(&wide(1, limits::OUTPUTS).to_v2());
    bad(&wide(1, limits::OUTPUTS + 1).to_v2(), "V01", Whole);
}

#[test]
fn v02_global_keys_stand_in_any_order_and_none_twice() {
    let two = wsh().to_v2().with(0, &[0x06], &[3]);
    let plain = parsed(&two).txid();
    for turn in 0..two.maps[0].len() {
        let mut turned = two.clone();
        turned.maps[0].rotate_left(turn);
        assert_eq!(parsed(&turned).txid(), plain);
        turned.maps[0].reverse();
        assert_eq!(parsed(&turned).txid(), plain);
    }
    let mut counts = two.clone();
    counts.maps[0].swap(2, 3);
    assert_eq!(counts.maps[0][2].0, [0x05]);
    parsed(&counts);
    for kind in [0x02, 0x03, 0x04, 0x05, 0x06, 0xfb] {
        let value = two.value(0, &[kind]).unwrap().to_vec();
        bad(&two.clone().with(0, &[kind], &value), "P04", Whole);
    }
    for (map, kind) in [(1, 0x0e), (2, 0x10), (3, 0x03), (4, 0x04)] {
        let value = two.value(map, &[kind]).unwrap().to_vec();
        bad(&two.clone().with(map, &[kind], &value), "P04", place(&two, map));
    }
}

#[test]
fn v03_an_absent_sequence_is_final() {
    let sequences =
        |raw: &RawPsbt| parsed(raw).transaction().input.iter().map(|txin| txin.sequence).collect::<Vec<_>>();
    let two = with_tx(&wsh(), |tx| tx.input[0].sequence = Sequence(0)).to_v2();
    assert_eq!(sequences(&two), [Sequence::ZERO, Sequence::ENABLE_RBF_NO_LOCKTIME]);
    assert_eq!(sequences(&two.clone().without(1, 0x10)), [Sequence::MAX, Sequence::ENABLE_RBF_NO_LOCKTIME]);
    let absent = two.without(1, 0x10).without(2, 0x10);
    assert_eq!(sequences(&absent), [Sequence::MAX; 2]);
    // The same transaction as when it is written out.
    let said = absent.clone().with(1, &[0x10], &[0xff; 4]).with(2, &[0x10], &[0xff; 4]);
    assert_eq!(parsed(&said).txid(), parsed(&absent).txid());
}

const HEIGHT: u8 = 0x12;
const TIME: u8 = 0x11;

/// The two inputs of `wsh` with these demands, each a field and its number.
fn demanding(first: &[(u8, u32)], second: &[(u8, u32)]) -> RawPsbt {
    let mut raw = wsh().to_v2();
    for (map, demands) in [(1, first), (2, second)] {
        for (kind, number) in demands {
            raw = raw.with(map, &[*kind], &number.to_le_bytes());
        }
    }
    raw
}

#[test]
fn l06_the_locktime_is_one_that_serves_all_inputs() {
    let locktime = |raw: &RawPsbt| parsed(raw).transaction().lock_time.to_consensus_u32();
    let (early, late) = (500_000_000, 1_700_000_000);
    // No demand: the fallback, or none.
    assert_eq!(locktime(&demanding(&[], &[])), 900_000);
    assert_eq!(locktime(&demanding(&[], &[]).without(0, 0x03)), 0);
    // A demand counts whatever the fallback says, and the highest of them.
    for (first, second, lock) in [
        (&[(HEIGHT, 7)][..], &[][..], 7),
        (&[], &[(HEIGHT, 499_999_999)], 499_999_999),
        (&[(HEIGHT, 7)], &[(HEIGHT, 8)], 8),
        (&[(TIME, late)], &[], late),
        (&[(TIME, late)], &[(TIME, early)], late),
        // Either would serve: the height's.
        (&[(TIME, late), (HEIGHT, 7)], &[], 7),
        (&[(TIME, late), (HEIGHT, 7)], &[(HEIGHT, 5), (TIME, u32::MAX)], 7),
        // Only one serves both.
        (&[(TIME, late), (HEIGHT, 7)], &[(TIME, early)], late),
        (&[(HEIGHT, 9)], &[(TIME, late), (HEIGHT, 7)], 9),
    ] {
        assert_eq!(locktime(&demanding(first, second)), lock);
        assert_eq!(locktime(&demanding(second, first)), lock);
        assert_eq!(locktime(&demanding(first, second).without(0, 0x03)), lock);
    }
    for (first, second) in [((HEIGHT, 7), (TIME, early)), ((TIME, late), (HEIGHT, 1)), ((HEIGHT, 9), (TIME, u32::MAX))]
    {
        let error = bad(&demanding(&[first], &[second]), "L06", Whole);
        assert!(error.what.contains("input 0") && error.what.contains("input 1"), "{error}");
    }
}

#[test]
fn l07_heights_and_times_keep_apart() {
    for height in [1, 499_999_999] {
        parsed(&demanding(&[(HEIGHT, height)], &[]));
    }
    for height in [0, 500_000_000, u32::MAX] {
        bad(&demanding(&[], &[(HEIGHT, height)]), "L07", Input(1));
    }
    for time in [500_000_000, u32::MAX] {
        parsed(&demanding(&[(TIME, time)], &[]));
    }
    for time in [0, 1, 499_999_999] {
        bad(&demanding(&[(TIME, time)], &[]), "L07", Input(0));
    }
}

#[test]
fn p11_to_p15_hold_in_both_versions() {
    let version = |number: i32| wsh().to_v2().set(0, &[0x02], &number.to_le_bytes());
    for number in 1..=3 {
        parsed(&version(number));
    }
    for number in [0, -1, 4, i32::MIN] {
        bad(&version(number), "P12", Whole);
    }
    let two = wsh().to_v2();
    let first = [0x0e, 0x0f].map(|kind| two.value(1, &[kind]).unwrap().to_vec());
    bad(&two.clone().set(2, &[0x0e], &first[0]).set(2, &[0x0f], &first[1]), "P13", Input(1));
    parsed(&two.clone().set(2, &[0x0e], &first[0]).set(2, &[0x0f], &[7, 0, 0, 0]));
    parsed(&two.clone().set(1, &[0x0f], &(u32::MAX >> 1).to_le_bytes()));
    bad(&two.clone().set(1, &[0x0f], &(1_u32 << 31).to_le_bytes()), "P14", Input(0));
    bad(&two.clone().set(2, &[0x0e], &[0; 32]), "P14", Input(1));
    let small = |length: usize| {
        let mut raw = wpkh().to_v2().set(0, &[0x05], &[1]).set(2, &[0x04], &vec![0x6a; length]);
        raw.maps.pop();
        raw
    };
    parsed(&small(5));
    for length in [0, 3, 4] {
        bad(&small(length), "P15", Whole);
    }
}

#[test]
fn p21_a_transaction_that_was_misread_is_noticed() {
    let raw = demanding(&[(HEIGHT, 7)], &[(HEIGHT, 9), (TIME, u32::MAX)]).without(1, 0x10);
    let good = parsed(&raw);
    let noticed = |edit: &dyn Fn(&mut Transaction)| {
        let mut transaction = good.transaction().clone();
        edit(&mut transaction);
        !version2::is_that_of(&transaction, good.bytes(), good.layout())
    };
    assert!(!noticed(&|_| {}));
    let locktime = |tx: &mut Transaction, number| tx.lock_time = bitcoin::absolute::LockTime::from_consensus(number);
    assert!(noticed(&|tx| tx.version.0 += 1));
    assert!(noticed(&|tx| tx.input[0].sequence = Sequence::ZERO));
    assert!(noticed(&|tx| tx.input[1].sequence = Sequence::MAX));
    assert!(noticed(&|tx| tx.input[1].previous_output.vout += 1));
    assert!(noticed(&|tx| tx.input[1].previous_output.txid = tx.input[0].previous_output.txid));
    assert!(noticed(&|tx| tx.output[0].value += bitcoin::Amount::ONE_SAT));
    assert!(noticed(&|tx| tx.output[1].script_pubkey = tx.output[1].script_pubkey.to_p2sh()));
    assert!(noticed(&|tx| tx.output.swap(0, 1)));
    assert!(noticed(&|tx| drop(tx.output.pop())));
    assert!(noticed(&|tx| drop(tx.input.pop())));
    assert!(noticed(&|tx| tx.input[0].script_sig = bitcoin::ScriptBuf::from_bytes(vec![0x51])));
    for number in [0, 8, 900_000] {
        assert!(noticed(&|tx| locktime(tx, number)), "{number}");
    }
    let none = parsed(&wsh().to_v2());
    let mut other = none.transaction().clone();
    locktime(&mut other, 0);
    assert!(!version2::is_that_of(&other, none.bytes(), none.layout()));
}

#[test]
fn the_envelope_and_passengers_are_those_of_version_0() {
    for raw in samples() {
        let bytes = raw.to_v2().to_bytes();
        refused([bytes.clone(), vec![0]].concat(), "P02", Whole);
        refused([bytes.clone(), bytes.clone()].concat(), "P02", Whole);
        for end in 5..bytes.len() {
            let error = parse(bytes[..end].to_vec()).expect_err("cut");
            // Where a map ends, the counts say that one is missing.
            let whole_maps = error.what.contains("ends after");
            assert_eq!(error.rule, if whole_maps { "V01" } else { "P03" }, "{end}: {error}");
        }
    }
    let two = wsh().to_v2();
    for (map, at) in [(0, Whole), (1, Input(0)), (3, Output(0))] {
        let count = |count: usize| (0..count).fold(two.clone(), |raw, n| raw.with(map, &[0x77, n as u8], b""));
        parsed(&count(limits::PSBT_UNKNOWN_PAIRS));
        bad(&count(limits::PSBT_UNKNOWN_PAIRS + 1), "P16", at);
    }
    for (map, kind, at) in
        [(0, 0x07, Whole), (0, 0x09, Whole), (1, 0x1a, Input(0)), (2, 0x1d, Input(1)), (3, 0x09, Output(0))]
    {
        bad(&two.clone().with(map, &[kind], &[2; 33]), "P17", at);
    }
    let named = parsed(&two.with(3, &[0x35], b"name").with(4, &[0xfc, 1, b'a', 0], b"x"));
    assert_eq!(named.outputs()[0].unknown[0].key_type, 0x35);
    assert!(named.outputs()[1].unknown[0].proprietary);
}

#[test]
fn the_unique_id_leaves_the_sequences_out_and_nothing_else() {
    let id = |raw: &RawPsbt| parsed(raw).unique_id();
    let two = tr().to_v2();
    let base = id(&two);
    let mut zeroed: Transaction = unsigned(&tr());
    zeroed.input[0].sequence = Sequence::ZERO;
    assert_eq!(base, zeroed.compute_txid());
    assert_eq!(id(&two.clone().set(1, &[0x10], &[9; 4])), base);
    assert_eq!(id(&two.clone().without(1, 0x10)), base);
    for (map, kind, value) in [
        (0, 0x02, &[1, 0, 0, 0][..]),
        (0, 0x03, &[1, 0, 0, 0]),
        (1, 0x0f, &[7, 0, 0, 0]),
        (1, 0x12, &[7, 0, 0, 0]),
        (2, 0x03, &[1; 8]),
        (3, 0x04, &[0x6a]),
    ] {
        assert_ne!(id(&two.clone().set(map, &[kind], value)), base, "{map} {kind:02x}");
    }
    // In version 0 nothing may change.
    assert_eq!(parsed(&pkh()).unique_id(), parsed(&pkh()).txid());
    let bytes = serialize(parsed(&two).transaction());
    assert_eq!(deserialize::<Transaction>(&bytes).unwrap().compute_txid(), parsed(&two).txid());
}
