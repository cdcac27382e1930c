//! P06, P07, P16 to P18, I11, and P20 of single fields.

use bitcoin::{
    Amount,
    hashes::{Hash, hash160, ripemd160, sha256, sha256d},
};

use super::super::{
    Place,
    raw_psbt::compact,
    samples::{key, parsed, pkh, tr, wpkh, wsh},
};
use super::bad;
use crate::limits;

use Place::{Input, Output, Whole};

#[test]
fn every_field_is_read_with_its_type() {
    let wsh = parsed(&wsh().with(1, &[0x03], &[1, 0, 0, 0]).with(
        0,
        &[&[0x01][..], &[4; 78]].concat(),
        &[1, 2, 3, 4, 5, 0, 0, 0x80],
    ));
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
    for wrong in
        [&[][..], &[1], &[0, 0], &[1, 1, 1], &[2, 1], &[1, 0], &[1, 2], &[1, 3, 2], &[2, 2], &[3, 1], &too_deep]
    {
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
    // More or smaller transactions would not help: the fields are of one input.
    let crowded = bad(&pairs((limits::PSBT_MAP_PAIRS - others) as u32 + 1), "P20", Input(0));
    assert!(crowded.what.contains("512 fields") && crowded.remedy.contains("without fields"), "{crowded}");
    assert!(!crowded.remedy.contains("smaller"), "{}", crowded.remedy);

    // A key that is no control block, and one that is too long even for that.
    let long = |kind: u8, length: usize| wpkh().with(1, &[&[kind][..], &vec![1; length]].concat(), &[0x51]);
    parsed(&long(0x77, limits::PSBT_PLAIN_KEY_BYTES));
    bad(&long(0x77, limits::PSBT_PLAIN_KEY_BYTES + 1), "P20", Input(0));
    bad(&long(0x15, limits::PSBT_KEY_BYTES + 1), "P20", Input(0));
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
