//! P01 to P05, P08, P09, and P20 of the whole.

use bitcoin::{ScriptBuf, consensus::encode::serialize};

use super::super::{
    Place, field_name, parse,
    raw_psbt::compact,
    samples::{parsed, spend, tr, wpkh, wsh},
};
use super::{bad, refused, samples, unsigned, wide};
use crate::limits;

use Place::{Input, Output, Whole};

#[test]
fn raw_pairs_are_those_of_the_file() {
    for raw in samples() {
        let parsed = parsed(&raw);
        let inputs = parsed.inputs().len();
        for (index, map) in raw.maps.iter().enumerate() {
            let place = match index.checked_sub(1) {
                None => Whole,
                Some(input) if input < inputs => Input(input as u32),
                Some(after) => Output((after - inputs) as u32),
            };
            let pairs: Vec<_> = parsed.raw_pairs(place).map(|(k, v)| (k.to_vec(), v.to_vec())).collect();
            assert_eq!(&pairs, map);
        }
        assert_eq!(parsed.raw_pairs(Input(9)).count(), 0);
        assert_eq!(parsed.transaction_bytes(), raw.value(0, &[0]).unwrap());
        assert_eq!(parsed.bytes(), raw.to_bytes());
        assert_eq!(parsed.txid(), unsigned(&raw).compute_txid());
    }
    assert_eq!(field_name(Input(3), 0x03), Some("PSBT_IN_SIGHASH_TYPE"));
    assert_eq!(field_name(Output(3), 0x03), Some("PSBT_OUT_AMOUNT"));
    assert_eq!(field_name(Whole, 0x77), None);
}

#[test]
fn p01_the_magic_is_whole() {
    let good = wsh().to_bytes();
    for place in 0..5 {
        let mut bytes = good.clone();
        bytes[place] ^= 1;
        refused(bytes, "P01", Whole);
    }
    refused(serialize(&unsigned(&wsh())), "P01", Whole);
    refused(vec![], "P01", Whole);
    refused(good[..4].to_vec(), "P01", Whole);
}

#[test]
fn p02_nothing_follows_the_last_map() {
    for raw in samples() {
        let bytes = raw.to_bytes();
        refused([bytes.clone(), vec![0]].concat(), "P02", Whole);
        refused([bytes.clone(), b"\n".to_vec()].concat(), "P02", Whole);
        let twice = refused([bytes.clone(), bytes.clone()].concat(), "P02", Whole);
        assert!(twice.what.contains(&format!("at byte {}", bytes.len())), "{twice}");
    }
}

#[test]
fn p03_every_cut_is_noticed() {
    for raw in samples() {
        let bytes = raw.to_bytes();
        for end in 5..bytes.len() {
            let error = parse(bytes[..end].to_vec()).expect_err("cut");
            assert_eq!(error.rule, "P03", "{end}: {error}");
        }
        let mut short = raw.clone();
        short.maps.pop();
        refused(short.to_bytes(), "P03", Output(1));
    }
    refused(wsh().to_bytes_lying(1, 0, &[1], &[0xfe, 0xff, 0xff, 0xff, 0xff]), "P03", Input(0));
    refused(wsh().to_bytes_lying(1, 0, &[1], &[0xff; 9]), "P03", Input(0));
    refused(wsh().to_bytes_lying(0, 0, &[0xff; 9], &[1]), "P03", Whole);
    refused(b"psbt\xff".to_vec(), "P03", Whole);
}

#[test]
fn p04_no_key_stands_twice_in_a_map() {
    for raw in samples() {
        let raw = raw.with(0, &[0x77], b"a").with(1, &[0xfc, 1, 2, 3], b"b").with(2, &[0x77, 0x01], b"c");
        parsed(&raw);
        let inputs = unsigned(&raw).input.len();
        for map in 0..raw.maps.len() {
            for pair in 0..raw.maps[map].len() {
                let place = match map {
                    0 => Whole,
                    input if input <= inputs => Input(input as u32 - 1),
                    output => Output((output - 1 - inputs) as u32),
                };
                let (key, value) = raw.maps[map][pair].clone();
                bad(&raw.clone().with(map, &key, &[&value[..], &[0]].concat()), "P04", place);
                let mut twice = raw.clone();
                twice.maps[map].insert(0, (key, value));
                bad(&twice, "P04", place);
            }
        }
        // The same key in another map, and a longer key, are other fields.
        parsed(&raw.with(0, &[0x77, 0x00], b"a").with(1, &[0x77], b"a"));
    }
}

#[test]
fn p05_numbers_have_their_shortest_form() {
    let raw = wsh();
    for (map, place) in [(0, Whole), (1, Input(0)), (2, Input(1)), (4, Output(1))] {
        for pair in 0..raw.maps[map].len() {
            let (key, value) = &raw.maps[map][pair];
            let long = |length: usize| [&[0xfe], &(length as u32).to_le_bytes()[..]].concat();
            refused(raw.to_bytes_lying(map, pair, &long(key.len()), &compact(value.len())), "P05", place);
            refused(raw.to_bytes_lying(map, pair, &compact(key.len()), &long(value.len())), "P05", place);
        }
    }
    // A key's type, a count in the transaction, in a previous one, in a witness, a script's and a leaf's length.
    bad(&wsh().with(1, &[0xfd, 0x77, 0x00], b""), "P05", Input(0));
    let tx = wsh().value(0, &[0]).unwrap().to_vec();
    bad(&wsh().set(0, &[0], &[&tx[..4], &[0xfd, 2, 0], &tx[5..]].concat()), "P05", Whole);
    let previous = wsh().value(1, &[0]).unwrap().to_vec();
    bad(&wsh().set(1, &[0], &[&previous[..4], &[0xfd, 1, 0], &previous[5..]].concat()), "P05", Input(0));
    bad(&wpkh().with(1, &[0x08], &[0xfd, 1, 0, 1, 9]), "P05", Input(0));
    bad(&wpkh().set(1, &[0x01], &[1, 0, 0, 0, 0, 0, 0, 0, 0xfd, 1, 0, 0x51]), "P05", Input(0));
    bad(&tr().set(2, &[0x06], &[0, 0xc0, 0xfd, 1, 0, 0x51]), "P05", Output(0));
}

#[test]
fn p08_versions_0_and_2_are_read_and_no_other() {
    parsed(&wsh());
    parsed(&wsh().with(0, &[0xfb], &[0; 4]));
    parsed(&wsh().to_v2());
    for version in [1_u32, 3, 4, 0x100, 0x0200_0000, u32::MAX] {
        bad(&wsh().with(0, &[0xfb], &version.to_le_bytes()), "P08", Whole);
        let two = bad(&wsh().to_v2().set(0, &[0xfb], &version.to_le_bytes()), "P08", Whole);
        assert!(two.remedy.contains("BIP370"), "{two}");
    }
}

#[test]
fn p09_fields_of_version_2_have_no_place_in_version_0() {
    for kind in 0x02..=0x06 {
        bad(&wsh().with(0, &[kind], &[1, 0, 0, 0]), "P09", Whole);
    }
    for kind in 0x0e..=0x12 {
        bad(&wsh().with(2, &[kind], &[1, 0, 0, 0]), "P09", Input(1));
    }
    for kind in 0x03..=0x04 {
        bad(&wsh().with(3, &[kind], &[1; 8]), "P09", Output(0));
    }
    bad(&wsh().without(0, 0x00), "P09", Whole);
    bad(&wsh().without(0, 0x00).with(0, &[0xfb], &[0; 4]), "P09", Whole);
    refused(b"psbt\xff\x00".to_vec(), "P09", Whole);
}

#[test]
fn p20_the_whole_has_limits() {
    let inputs = limits::INPUTS as u32;
    parsed(&wide(inputs, 1));
    bad(&wide(inputs + 1, 1), "P20", Whole);
    parsed(&wide(1, limits::OUTPUTS));
    bad(&wide(1, limits::OUTPUTS + 1), "P20", Whole);

    let mut crowded = wide(1_500, limits::OUTPUTS);
    let mut left = limits::PSBT_PAIRS - 1;
    for map in &mut crowded.maps[1..] {
        for n in 0..left.min(32) {
            map.push((vec![0x77, n as u8], vec![]));
        }
        left = left.saturating_sub(32);
    }
    parsed(&crowded);
    let last = crowded.maps.len() - 1;
    let error = bad(&crowded.with(last, &[0x77], b""), "P20", Output(limits::OUTPUTS as u32 - 1));
    assert!(error.what.contains("80000 fields in the whole PSBT") && error.remedy.contains("smaller"), "{error}");

    refused([b"psbt\xff".to_vec(), vec![0; limits::PSBT_BYTES - 4]].concat(), "P20", Whole);
    refused([b"psbt\xff".to_vec(), vec![0; limits::PSBT_BYTES - 5]].concat(), "P09", Whole);
}

#[test]
fn a_psbt_of_1_400_inputs_and_previous_transactions_is_read() {
    let scripts: Vec<_> =
        (0..1_400_u32).map(|n| ScriptBuf::from_bytes([&[0, 20][..], &n.to_be_bytes(), &[1; 16]].concat())).collect();
    let raw = spend(&scripts, &vec![&[][..]; 1_400]);
    let parsed = parsed(&raw);
    assert!(
        parsed
            .inputs()
            .iter()
            .zip(&parsed.transaction().input)
            .all(|(input, txin)| { input.previous_tx.as_ref().is_some_and(|tx| tx.txid == txin.previous_output.txid) })
    );
}
