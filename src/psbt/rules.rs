//! Tests of `parse`: each rule with its bad cases and what lies just inside of it.

use bitcoin::{
    Amount, OutPoint, ScriptBuf, Transaction, Txid,
    consensus::encode::{deserialize, serialize},
    hashes::{Hash, hash160, ripemd160, sha256, sha256d},
    transaction::Version,
};

use super::{
    ParseError, Parsed, Place, field_name, parse,
    raw_psbt::{RawPsbt, compact},
    samples::{key, parsed, pkh, spend, tr, wpkh, wsh},
    splice,
};
use crate::limits;

use Place::{Input, Output, Whole};

#[track_caller]
fn refused(bytes: Vec<u8>, rule: &str, place: Place) -> ParseError {
    match parse(bytes) {
        Ok(_) => panic!("must be refused by {rule}"),
        Err(error) => {
            assert_eq!((error.rule, error.place), (rule, place), "{error}");
            assert!(!error.remedy.is_empty() && !error.what.is_empty());
            error
        }
    }
}

#[track_caller]
fn bad(raw: &RawPsbt, rule: &str, place: Place) -> ParseError {
    refused(raw.to_bytes(), rule, place)
}

fn samples() -> [RawPsbt; 4] {
    [pkh(), wpkh(), wsh(), tr()]
}

fn unsigned(raw: &RawPsbt) -> Transaction {
    deserialize(raw.value(0, &[0]).unwrap()).unwrap()
}

/// `raw` with its transaction changed.
fn with_tx(raw: &RawPsbt, change: impl FnOnce(&mut Transaction)) -> RawPsbt {
    let mut tx = unsigned(raw);
    change(&mut tx);
    raw.clone().set(0, &[0], &serialize(&tx))
}

/// A PSBT of that many inputs and outputs with empty maps.
fn wide(inputs: u32, outputs: usize) -> RawPsbt {
    let mut raw = with_tx(&wpkh(), |tx| {
        let (input, output) = (tx.input[0].clone(), tx.output[0].clone());
        tx.input = (0..inputs)
            .map(|vout| {
                let mut input = input.clone();
                input.previous_output.vout = vout;
                input
            })
            .collect();
        tx.output = vec![output; outputs];
    });
    raw.maps.truncate(1);
    raw.maps.resize(1 + inputs as usize + outputs, vec![]);
    raw
}

#[test]
fn every_field_is_read_with_its_type() {
    let wsh = parsed(&wsh().with(1, &[0x03], &[1, 0, 0, 0]).with(0, &[&[0x01][..], &[4; 78]].concat(), &[1, 2, 3, 4, 5, 0, 0, 0x80]));
    let input = &wsh.inputs()[0];
    let previous = input.previous_tx.as_ref().unwrap();
    assert_eq!(previous.txid, wsh.transaction().input[0].previous_output.txid);
    assert_eq!(previous.outputs[1].value, Amount::from_sat(70_000));
    assert_eq!(input.witness_script.as_ref().unwrap().to_p2wsh(), previous.outputs[1].script_pubkey);
    assert_eq!(input.sighash_type, Some(1));
    assert_eq!(input.derivations.len(), 3);
    assert_eq!(input.derivations[1].key, key(2));
    assert_eq!(input.derivations[1].fingerprint, [9, 9, 9, 2]);
    assert_eq!(input.derivations[1].path, [0x8000_0030, 1, 7]);
    assert_eq!(wsh.outputs()[1].derivations.len(), 3);
    assert!(wsh.outputs()[1].witness_script.is_some() && wsh.outputs()[0].witness_script.is_none());
    assert_eq!(wsh.global().xpubs[0].xpub, [4; 78]);
    assert_eq!((wsh.global().xpubs[0].fingerprint, &wsh.global().xpubs[0].path), ([1, 2, 3, 4], &vec![0x8000_0005]));

    let tr = parsed(&tr().with(1, &[0x13], &[1; 64]).with(1, &[&[0x14][..], &[2; 64]].concat(), &[3; 65]));
    let input = &tr.inputs()[0];
    assert_eq!(input.witness_utxo.as_ref().unwrap().value, Amount::from_sat(70_000));
    assert_eq!(input.tap_key_sig.as_deref(), Some(&[1; 64][..]));
    assert_eq!(input.tap_script_sigs, [([2; 64], vec![3; 65])]);
    assert_eq!(input.tap_leaf_scripts[0].1, [0x51, 0xc0]);
    assert_eq!(input.tap_derivations[0].leaf_hashes, [[8; 32]]);
    assert_eq!((input.tap_derivations[1].key, input.tap_derivations[1].leaf_hashes.len()), ([7; 32], 0));
    assert_eq!((input.tap_internal_key, input.tap_merkle_root), (Some([7; 32]), Some([8; 32])));
    assert_eq!(tr.outputs()[0].tap_internal_key, Some([7; 32]));
    assert!(tr.outputs()[0].tap_tree.is_some());
    assert_eq!(tr.outputs()[0].tap_derivations[0].path, [0x8000_0056, 0]);

    let done = parsed(&wpkh().with(1, &[0x07], &[0x51]).with(1, &[0x08], &[2, 0, 1, 9]));
    assert!(done.inputs()[0].is_final() && !tr.inputs()[0].is_final());
    assert_eq!(done.inputs()[0].final_script_witness, Some(vec![vec![], vec![9]]));
}

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
fn p06_keys_have_the_length_of_their_type() {
    let all = tr()
        .with(0, &[&[0x01][..], &[4; 78]].concat(), &[1; 4])
        .with(0, &[0xfb], &[0; 4])
        .with(1, &[&[0x02][..], &[2; 33]].concat(), &[3; 71])
        .with(1, &[0x03], &[0; 4])
        .with(1, &[0x04], &[1])
        .with(1, &[0x05], &[1])
        .with(1, &[&[0x06][..], &[2; 33]].concat(), &[1; 4])
        .with(1, &[0x07], &[1])
        .with(1, &[0x08], &[0])
        .with(1, &[0x13], &[1; 64])
        .with(1, &[&[0x14][..], &[2; 64]].concat(), &[3; 65])
        .with(2, &[0x00], &[1])
        .with(2, &[0x01], &[1])
        .with(2, &[&[0x02][..], &[2; 33]].concat(), &[1; 4]);
    parsed(&all);
    for (map, place) in [(0, Whole), (1, Input(0)), (2, Output(0))] {
        for pair in 0..all.maps[map].len() {
            let mut longer = all.clone();
            longer.maps[map][pair].0.push(1);
            bad(&longer, "P06", place);
            let mut shorter = all.clone();
            if shorter.maps[map][pair].0.len() > 1 {
                shorter.maps[map][pair].0.pop();
                bad(&shorter, "P06", place);
            }
        }
    }
    let control = |length: usize| wpkh().with(1, &[&[0x15][..], &vec![1; length]].concat(), &[0x51, 0xc0]);
    for good in [33, 65, 33 + 32 * 128] {
        parsed(&control(good));
    }
    for length in [0, 32, 34, 64, 66] {
        bad(&control(length), "P06", Input(0));
    }
    for length in [0, 32, 34, 64, 66] {
        bad(&wpkh().with(1, &[&[0x02][..], &vec![2; length]].concat(), &[3; 71]), "P06", Input(0));
    }
    parsed(&wpkh().with(1, &[&[0x02][..], &[4; 65]].concat(), &[3; 71]));
    bad(&wpkh().with(1, &[0xfd, 0x00], &[]), "P06", Input(0));
    bad(&wpkh().with(1, &[0xfc], &[]), "P06", Input(0));
    bad(&wpkh().with(1, &[0xfc, 5, b'a'], &[]), "P06", Input(0));
    bad(&wpkh().with(1, &[0xfc, 1, b'a'], &[]), "P06", Input(0));
}

#[test]
fn p07_values_have_the_length_of_their_type() {
    let origin = [&[0x06][..], &key(1)].concat();
    let tap = [&[0x16][..], &[9; 32]].concat();
    let partial = [&[0x02][..], &key(1)].concat();
    let script_sig = [&[0x14][..], &[2; 64]].concat();
    let leaf = [&[0x15][..], &[2; 33]].concat();
    let cases: &[(&[u8], &[usize], &[usize])] = &[
        (&[0x03], &[4], &[0, 3, 5, 8]),
        (&[0x13], &[64, 65], &[0, 63, 66]),
        (&script_sig, &[64, 65], &[0, 63, 66]),
        (&partial, &[9, 71, 73], &[0, 8, 74]),
        (&leaf, &[1, 2], &[0]),
        (&[0x17], &[32], &[0, 31, 33]),
        (&[0x18], &[32], &[0, 31, 33]),
        (&origin, &[4, 8, 16, 52], &[0, 1, 3, 5, 51]),
        // A zero, then 4 bytes and 4 a step.
        (&tap, &[5, 9, 53], &[0, 1, 4, 6, 52]),
    ];
    for (key, good, wrong) in cases {
        for length in *good {
            parsed(&pkh().set(1, key, &vec![0; *length]));
        }
        for length in *wrong {
            bad(&pkh().set(1, key, &vec![0; *length]), "P07", Input(0));
        }
    }
    for length in [0, 31, 33] {
        bad(&tr().set(2, &[0x05], &vec![1; length]), "P07", Output(0));
    }
    for length in [0, 3, 5] {
        bad(&tr().with(0, &[0xfb], &vec![0; length]), "P07", Whole);
        bad(&tr().with(0, &[&[0x01][..], &[4; 78]].concat(), &vec![1; length]), "P07", Whole);
    }
    // More leaf hashes announced than there are; parts of an output and a witness.
    bad(&pkh().set(1, &tap, &[&[2][..], &[0; 36]].concat()), "P07", Input(0));
    bad(&pkh().set(1, &tap, &[&[0xff; 9][..], &[0; 36]].concat()), "P07", Input(0));
    for value in [&[1; 8][..], &[1, 0, 0, 0, 0, 0, 0, 0, 2, 0x51], &[1, 0, 0, 0, 0, 0, 0, 0, 1, 0x51, 0], &[]] {
        bad(&wpkh().set(1, &[0x01], value), "P07", Input(0));
    }
    for value in [&[][..], &[1], &[2, 1, 9], &[1, 1, 9, 0], &[0, 0]] {
        bad(&wpkh().with(1, &[0x08], value), "P07", Input(0));
    }
}

#[test]
fn p07_a_tree_is_whole() {
    let tree = |depths: &[u8]| {
        let leaves: Vec<u8> = depths.iter().flat_map(|depth| [*depth, 0xc0, 1, 0x51]).collect();
        tr().set(2, &[0x06], &leaves)
    };
    let deepest: Vec<u8> = (1..=128).chain([128]).collect();
    for good in [&[0][..], &[1, 1], &[1, 2, 2], &[2, 2, 1], &[2, 2, 2, 2], &[1, 3, 3, 2], &deepest] {
        parsed(&tree(good));
    }
    let too_deep: Vec<u8> = (1..=129).chain([129]).collect();
    for wrong in [&[][..], &[1], &[0, 0], &[1, 1, 1], &[2, 1], &[1, 0], &[1, 2], &[1, 3, 2], &[2, 2], &[3, 1], &too_deep] {
        bad(&tree(wrong), "P07", Output(0));
    }
    for value in [&[0][..], &[0, 0xc0], &[0, 0xc0, 2, 0x51], &[0, 0xc1, 1, 0x51]] {
        bad(&tr().set(2, &[0x06], value), "P07", Output(0));
    }
}

#[test]
fn p07_a_preimage_hashes_to_its_key() {
    let image = b"thirty-two bytes of any content..";
    let keys = [
        [&[0x0a], &ripemd160::Hash::hash(image)[..]].concat(),
        [&[0x0b], &sha256::Hash::hash(image)[..]].concat(),
        [&[0x0c], &hash160::Hash::hash(image)[..]].concat(),
        [&[0x0d], &sha256d::Hash::hash(image)[..]].concat(),
    ];
    for key in keys {
        let good = parsed(&wpkh().with(1, &key, image));
        assert_eq!(good.inputs()[0].unknown[0].key_type, u64::from(key[0]));
        bad(&wpkh().with(1, &key, &image[1..]), "P07", Input(0));
        bad(&wpkh().with(1, &key, b""), "P07", Input(0));
        bad(&wpkh().with(1, &key[..key.len() - 1], image), "P06", Input(0));
    }
}

#[test]
fn p08_version_0_is_read_and_no_other() {
    parsed(&wsh().with(0, &[0xfb], &[0; 4]));
    for version in [1_u32, 2, 3, 0x100, u32::MAX] {
        bad(&wsh().with(0, &[0xfb], &version.to_le_bytes()), "P08", Whole);
    }
    let two = bad(&wsh().without(0, 0x00).with(0, &[0x02], &[2, 0, 0, 0]).with(0, &[0xfb], &[2, 0, 0, 0]), "P08", Whole);
    assert!(two.what.contains("BIP370") && two.remedy.contains("version 0"), "{two}");
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
fn p10_the_unsigned_transaction_is_bare_and_exact() {
    let scripted = |index: usize| with_tx(&wsh(), |tx| tx.input[index].script_sig = ScriptBuf::from_bytes(vec![0x51]));
    bad(&scripted(0), "P10", Input(0));
    bad(&scripted(1), "P10", Input(1));
    let witness = bad(&with_tx(&wsh(), |tx| tx.input[0].witness.push([1])), "P10", Whole);
    assert!(witness.what.contains("witnesses"), "{witness}");
    // Marker and flag with no witness in it.
    let tx = wsh().value(0, &[0]).unwrap().to_vec();
    let marked = [&tx[..4], &[0, 1], &tx[4..tx.len() - 4], &[0, 0], &tx[tx.len() - 4..]].concat();
    bad(&wsh().set(0, &[0], &marked), "P10", Whole);
    bad(&wsh().set(0, &[0], &[&tx[..], &[0]].concat()), "P10", Whole);
    for end in 0..tx.len() {
        let error = parse(wsh().set(0, &[0], &tx[..end]).to_bytes()).expect_err("cut");
        assert_eq!(error.rule, "P10", "{end}: {error}");
    }
    let many = [&tx[..4], &[0xfe, 0xff, 0xff, 0xff, 0xff], &tx[5..]].concat();
    bad(&wsh().set(0, &[0], &many), "P10", Whole);
}

#[test]
fn p11_there_is_an_input_and_an_output() {
    bad(&with_tx(&wsh(), |tx| tx.output.clear()), "P11", Whole);
    for outputs in 0..3_usize {
        // Without inputs bitcoin's own encoder writes the form with witnesses.
        let output = serialize(&unsigned(&wsh()).output[0]);
        let tx = [&[2, 0, 0, 0, 0, outputs as u8][..], &output.repeat(outputs), &[0; 4]].concat();
        let error = bad(&wsh().set(0, &[0], &tx), "P11", Whole);
        assert!(error.what.contains("no input"), "{error}");
    }
}

#[test]
fn p12_the_transaction_has_a_version_in_use() {
    for version in 1..=3 {
        parsed(&with_tx(&wsh(), |tx| tx.version = Version(version)));
    }
    for version in [0, -1, 4, i32::MAX, i32::MIN] {
        bad(&with_tx(&wsh(), |tx| tx.version = Version(version)), "P12", Whole);
    }
}

#[test]
fn p13_no_outpoint_is_spent_twice() {
    bad(&with_tx(&wsh(), |tx| tx.input[1].previous_output = tx.input[0].previous_output), "P13", Input(1));
    let many = wide(150, 1);
    parsed(&many);
    let twice = with_tx(&many, |tx| tx.input[140].previous_output = tx.input[120].previous_output);
    bad(&twice, "P13", Input(140));
    let last = with_tx(&many, |tx| tx.input[149].previous_output = tx.input[0].previous_output);
    bad(&last, "P13", Input(149));
    // One transaction's other output is another coin.
    parsed(&with_tx(&wsh(), |tx| {
        tx.input[1].previous_output = OutPoint { vout: 0, ..tx.input[0].previous_output };
    }));
}

#[test]
fn p14_no_outpoint_is_impossible() {
    let at = |index: usize, outpoint: OutPoint| with_tx(&wsh(), |tx| tx.input[index].previous_output = outpoint);
    let txid = Txid::from_byte_array([1; 32]);
    parsed(&at(1, OutPoint::new(txid, (1 << 31) - 1)));
    bad(&at(1, OutPoint::new(txid, 1 << 31)), "P14", Input(1));
    bad(&at(0, OutPoint::new(txid, u32::MAX)), "P14", Input(0));
    bad(&at(1, OutPoint::new(Txid::all_zeros(), 0)), "P14", Input(1));
    bad(&at(0, OutPoint::null()), "P14", Input(0));
}

#[test]
fn p15_the_transaction_has_65_bytes() {
    let with_script = |length: usize| {
        let mut raw = with_tx(&wpkh(), |tx| {
            tx.output.truncate(1);
            tx.output[0].script_pubkey = ScriptBuf::from_bytes(vec![0x6a; length]);
        });
        raw.maps.pop();
        raw
    };
    assert_eq!(with_script(5).value(0, &[0]).unwrap().len(), 65);
    parsed(&with_script(5));
    for length in [0, 3, 4] {
        bad(&with_script(length), "P15", Whole);
    }
}

#[test]
fn p16_unknown_fields_are_counted_and_bounded() {
    let few = wsh().with(0, &[0x77], b"abc").with(2, &[0xfd, 0x00, 0x01, 9], b"").with(3, &[0x35], b"name");
    let few = parsed(&few);
    let unknown = &few.global().unknown[0];
    assert_eq!((unknown.key_type, unknown.key_bytes, unknown.value_bytes, unknown.proprietary), (0x77, 0, 3, false));
    assert_eq!((few.inputs()[1].unknown[0].key_type, few.inputs()[1].unknown[0].key_bytes), (0x100, 1));
    assert_eq!(few.outputs()[0].unknown[0].key_type, 0x35);

    for (map, place) in [(0, Whole), (1, Input(0)), (3, Output(0))] {
        let count = |count: usize| (0..count).fold(wsh(), |raw, n| raw.with(map, &[0x77, n as u8], b""));
        parsed(&count(limits::PSBT_UNKNOWN_PAIRS));
        bad(&count(limits::PSBT_UNKNOWN_PAIRS + 1), "P16", place);
        let size = |size: usize| wsh().with(map, &[0x77, 1], &vec![0; size - 1]);
        parsed(&size(limits::PSBT_UNKNOWN_BYTES));
        bad(&size(limits::PSBT_UNKNOWN_BYTES + 1), "P16", place);
    }
}

#[test]
fn p17_fields_that_change_the_meaning_are_refused() {
    for kind in [0x07, 0x08, 0x09] {
        bad(&wsh().with(0, &[&[kind][..], &[2; 33]].concat(), &[2; 33]), "P17", Whole);
    }
    for kind in [0x09, 0x1a, 0x1b, 0x1c, 0x1d, 0x1e, 0x1f, 0x20] {
        bad(&wsh().with(2, &[&[kind][..], &[2; 33]].concat(), &[2; 33]), "P17", Input(1));
        bad(&tr().with(1, &[kind], &[]), "P17", Input(0));
    }
    for kind in [0x08, 0x09, 0x0a] {
        bad(&wsh().with(4, &[&[kind][..], &[2; 33]].concat(), &[2; 66]), "P17", Output(1));
    }
    // Their neighbours are merely unknown.
    parsed(&wsh().with(0, &[0x0a], b"").with(1, &[0x19], b"").with(1, &[0x21], b"").with(3, &[0x0b], b""));
}

#[test]
fn p18_proprietary_fields_are_counted_and_bounded() {
    let key = |length: usize| {
        let mut key = vec![0xfc, 8];
        key.extend_from_slice(b"COINKITE\x05");
        key.resize(length + 1, 7);
        key
    };
    let some = parsed(&wsh().with(1, &key(12), b"value"));
    let field = &some.inputs()[0].unknown[0];
    assert_eq!((field.proprietary, field.key_type, field.value_bytes), (true, 0xfc, 5));
    assert_eq!(field.identifier.as_deref(), Some(&b"COINKITE"[..]));

    parsed(&wsh().with(1, &key(limits::PSBT_PLAIN_KEY_BYTES), b""));
    bad(&wsh().with(1, &key(limits::PSBT_PLAIN_KEY_BYTES + 1), b""), "P18", Input(0));
    bad(&wsh().with(0, &key(2048), b""), "P18", Whole);
    bad(&wsh().with(4, &key(12), &vec![0; limits::PSBT_UNKNOWN_BYTES]), "P18", Output(1));
    let many = (0..=limits::PSBT_UNKNOWN_PAIRS).fold(wsh(), |raw, n| raw.with(1, &key(12 + n), b""));
    bad(&many, "P18", Input(0));
}

#[test]
fn p20_sizes_and_counts_have_limits() {
    let at = |kind: u8, length: usize| wsh().without(1, kind).with(1, &[kind], &vec![0; length]);
    for (kind, most) in
        [(0x04, limits::REDEEM_SCRIPT_BYTES), (0x05, limits::WITNESS_SCRIPT_BYTES), (0x07, limits::SCRIPT_BYTES)]
    {
        parsed(&at(kind, most));
        bad(&at(kind, most + 1), "P20", Input(0));
    }
    for (kind, most) in [(0x00, limits::REDEEM_SCRIPT_BYTES), (0x01, limits::WITNESS_SCRIPT_BYTES)] {
        parsed(&wsh().with(3, &[kind], &vec![0; most]));
        bad(&wsh().with(3, &[kind], &vec![0; most + 1]), "P20", Output(0));
    }
    let leaf = |length: usize| wpkh().with(1, &[&[0x15][..], &[1; 33]].concat(), &vec![0; length]);
    parsed(&leaf(limits::LEAF_SCRIPT_BYTES + 1));
    bad(&leaf(limits::LEAF_SCRIPT_BYTES + 2), "P07", Input(0));
    let items = |count: usize| wpkh().with(1, &[0x08], &[compact(count), vec![0; count]].concat());
    parsed(&items(limits::WITNESS_ITEMS));
    bad(&items(limits::WITNESS_ITEMS + 1), "P20", Input(0));

    let keys = |map: usize, kind: u8, length: usize, count: usize, value: &[u8]| {
        let mut raw = pkh();
        for n in 0..count {
            let mut key = vec![2; length + 1];
            (key[0], key[1]) = (kind, n as u8);
            raw = raw.with(map, &key, value);
        }
        raw
    };
    let cases: [(usize, u8, usize, &[u8], Place); 6] = [
        (1, 0x02, 33, &[3; 71], Input(0)),
        (1, 0x06, 33, &[3; 4], Input(0)),
        (1, 0x16, 32, &[0; 5], Input(0)),
        (2, 0x02, 33, &[3; 4], Output(0)),
        (2, 0x07, 32, &[0; 5], Output(0)),
        (0, 0x01, 78, &[3; 4], Whole),
    ];
    for (map, kind, length, value, place) in cases {
        parsed(&keys(map, kind, length, 20, value));
        bad(&keys(map, kind, length, 21, value), "P20", place);
    }

    // Pairs of one map: leaves are the only field without a smaller limit of its own.
    let pairs = |count: u32| {
        (0..count).fold(tr().without(1, 0x15).without(1, 0x16), |raw, n| {
            raw.with(1, &[&[0x15][..], &[1; 29], &n.to_be_bytes()].concat(), &[0xc0])
        })
    };
    let others = pairs(0).maps[1].len();
    parsed(&pairs((limits::PSBT_MAP_PAIRS - others) as u32));
    bad(&pairs((limits::PSBT_MAP_PAIRS - others) as u32 + 1), "P20", Input(0));

    // A key that is no control block, and one that is too long even for that.
    let long = |kind: u8, length: usize| wpkh().with(1, &[&[kind][..], &vec![1; length]].concat(), &[0x51]);
    parsed(&long(0x77, limits::PSBT_PLAIN_KEY_BYTES));
    bad(&long(0x77, limits::PSBT_PLAIN_KEY_BYTES + 1), "P20", Input(0));
    bad(&long(0x15, limits::PSBT_KEY_BYTES + 1), "P20", Input(0));
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
    bad(&crowded.with(last, &[0x77], b""), "P20", Output(limits::OUTPUTS as u32 - 1));

    refused([b"psbt\xff".to_vec(), vec![0; limits::PSBT_BYTES - 4]].concat(), "P20", Whole);
    refused([b"psbt\xff".to_vec(), vec![0; limits::PSBT_BYTES - 5]].concat(), "P09", Whole);
}

#[test]
fn i11_a_path_has_12_steps_at_most() {
    let steps = |count: usize| vec![1; 4 + 4 * count];
    let key = [&[0x06][..], &key(1)].concat();
    parsed(&pkh().with(1, &key, &steps(12)));
    bad(&pkh().with(1, &key, &steps(13)), "I11", Input(0));
    bad(&pkh().with(3, &[&[0x02], &key[1..]].concat(), &steps(13)), "I11", Output(1));
    bad(&pkh().with(1, &[&[0x16][..], &[1; 32]].concat(), &[vec![0], steps(13)].concat()), "I11", Input(0));
    bad(&pkh().with(0, &[&[0x01][..], &[1; 78]].concat(), &steps(13)), "I11", Whole);
}

#[test]
fn p21_odd_but_legal_transactions_keep_their_identity() {
    for (version, sequence, lock_time) in [(1, 0, 0), (3, 1, u32::MAX), (2, u32::MAX, 500_000_000)] {
        let raw = with_tx(&wsh(), |tx| {
            tx.version = Version(version);
            tx.input[0].sequence = bitcoin::Sequence(sequence);
            tx.lock_time = bitcoin::absolute::LockTime::from_consensus(lock_time);
            tx.output[0].value = Amount::from_sat(u64::MAX);
            tx.output[0].script_pubkey = ScriptBuf::new();
        });
        assert_eq!(parsed(&raw).txid(), unsigned(&raw).compute_txid());
    }
}

#[test]
fn u10_a_previous_transaction_is_read_whole_in_both_forms() {
    let bare = wsh().value(1, &[0]).unwrap().to_vec();
    let mut with_witness: Transaction = deserialize(&bare).unwrap();
    with_witness.input[0].witness.push([7; 70]);
    let full = serialize(&with_witness);
    let read = |bytes: &[u8]| parse(wsh().set(1, &[0], bytes).to_bytes());
    let txid = |parsed: Parsed| parsed.inputs()[0].previous_tx.as_ref().unwrap().txid;
    assert_eq!(read(&full).map(txid), Ok(with_witness.compute_txid()));

    for good in [&bare, &full] {
        for end in 0..good.len() {
            refused(wsh().set(1, &[0], &good[..end]).to_bytes(), "U10", Input(0));
        }
        bad(&wsh().set(1, &[0], &[&good[..], &[0]].concat()), "U10", Input(0));
        bad(&wsh().set(1, &[0], &[&good[..], good].concat()), "U10", Input(0));
    }
    // No input, no output, the form with witnesses and none in it, counts beyond the bytes.
    bad(&wsh().set(1, &[0], &[0; 10]), "U10", Input(0));
    let body = &bare[4..bare.len() - 4];
    let marked = [&[2, 0, 0, 0, 0, 1], body, &[0], &[0; 4]].concat();
    bad(&wsh().set(1, &[0], &marked), "U10", Input(0));
    with_witness.output.clear();
    bad(&wsh().set(1, &[0], &serialize(&with_witness)), "U10", Input(0));
    for count in [&[0xfd, 0xff, 0xff][..], &[0xff; 9]] {
        bad(&wsh().set(1, &[0], &[&bare[..4], count, &bare[5..]].concat()), "U10", Input(0));
        bad(&wsh().set(1, &[0], &[&full[..full.len() - 76], count, &full[full.len() - 75..]].concat()), "U10", Input(0));
    }
    let large = |length: usize| {
        let mut tx: Transaction = deserialize(&bare).unwrap();
        let rest = length - bare.len() - 4;
        tx.output[1].script_pubkey = ScriptBuf::from_bytes(vec![0; tx.output[1].script_pubkey.len() + rest]);
        serialize(&tx)
    };
    let most = large(limits::PREVIOUS_TX_BYTES);
    assert_eq!(most.len(), limits::PREVIOUS_TX_BYTES);
    parsed(&wsh().set(1, &[0], &most));
    bad(&wsh().set(1, &[0], &large(limits::PREVIOUS_TX_BYTES + 1)), "U10", Input(0));
}

/// The same answers as bitcoin's decoder, on good and on bent transactions.
#[test]
fn transactions_are_read_as_bitcoin_reads_them() {
    let bare: Transaction = deserialize(wsh().value(1, &[0]).unwrap()).unwrap();
    let mut full = bare.clone();
    full.input[0].witness.push([7; 20]);
    let mut random = Random(7);
    let mut both = 0;
    for start in [serialize(&bare), serialize(&full)] {
        for _ in 0..4_000 {
            let mut bytes = start.clone();
            random.bend(&mut bytes);
            let ours = super::transaction::previous(&bytes);
            match deserialize::<Transaction>(&bytes) {
                Ok(tx) if !tx.input.is_empty() && !tx.output.is_empty() => {
                    let ours = ours.unwrap_or_else(|fault| panic!("{fault:?}: {bytes:02x?}"));
                    assert_eq!((ours.txid, ours.outputs), (tx.compute_txid(), tx.output));
                    both += 1;
                }
                Ok(_) | Err(_) => assert!(ours.is_err(), "{bytes:02x?}"),
            }
        }
    }
    assert!(both > 500, "{both} were read");
}

#[test]
fn bent_bytes_are_refused_or_kept_and_never_panic() {
    let mut random = Random(42);
    let mut good = 0;
    for start in [wsh().with(1, &[0x77, 1], b"x").to_bytes(), wpkh().to_bytes(), tr().to_bytes()] {
        for _ in 0..7_000 {
            let mut bytes = start.clone();
            for _ in 0..=random.below(2) {
                random.bend(&mut bytes);
            }
            if let Ok(parsed) = parse(bytes.clone()) {
                good += 1;
                assert_eq!(splice(&parsed, &[]), bytes);
                assert_eq!(parsed.inputs().len(), parsed.transaction().input.len());
            }
            if let Ok((binary, _)) = super::unwrap(&bytes) {
                assert_eq!(binary, bytes);
            }
        }
    }
    assert!(good > 1_000, "{good} were read");
}

#[test]
fn a_psbt_of_1_400_inputs_and_previous_transactions_is_read() {
    let scripts: Vec<_> = (0..1_400_u32)
        .map(|n| ScriptBuf::from_bytes([&[0, 20][..], &n.to_be_bytes(), &[1; 16]].concat()))
        .collect();
    let raw = spend(&scripts, &vec![&[][..]; 1_400]);
    let parsed = parsed(&raw);
    assert!(parsed.inputs().iter().zip(&parsed.transaction().input).all(|(input, txin)| {
        input.previous_tx.as_ref().is_some_and(|tx| tx.txid == txin.previous_output.txid)
    }));
}

/// Numbers that look random and are the same in every run (xorshift).
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % end.max(1)
    }

    /// Flips, sets, inserts, removes, cuts, repeats or swaps somewhere.
    fn bend(&mut self, bytes: &mut Vec<u8>) {
        let at = self.below(bytes.len());
        match self.below(8) {
            0 => bytes[at] ^= 1 << self.below(8),
            1 => bytes[at] = [0, 1, 0xfc, 0xfd, 0xfe, 0xff][self.below(6)],
            2 => bytes.insert(at, self.below(256) as u8),
            3 => drop(bytes.remove(at)),
            4 => bytes.truncate(at.max(1)),
            5 => {
                let end = (at + self.below(80)).min(bytes.len());
                let part = bytes[at..end].to_vec();
                bytes.splice(at..at, part);
            }
            6 => {
                let other = self.below(bytes.len());
                bytes.swap(at, other);
            }
            _ => bytes[at] = bytes[at].wrapping_add(1),
        }
    }
}
