//! P01 to P22, U10, I11, I19: PSBTs whose bytes are bent, on a wallet's ground, in both versions.

use bitcoin::{
    ScriptBuf, Transaction,
    consensus::encode::{deserialize, serialize},
    secp256k1::{PublicKey, Secp256k1},
};
use strongroom::{
    psbt::{Encoding, Place, parse, unwrap, wrap},
    review::Action,
};

use crate::{bent_fires, bent_silent, raw_psbt::RawPsbt, record, transactions::*};

use Place::{Input, Output, Whole};

const BOTH: &[u8] = &[0, 2];

#[track_caller]
fn stops(versions: &[u8], case: &Case, rule: &str, place: Place, bend: impl Fn(RawPsbt) -> Vec<u8>) {
    bent_fires(versions, case, (rule, place, Action::Refuse), &bend);
}

#[track_caller]
fn tells(case: &Case, rule: &str, place: Place, bend: impl Fn(RawPsbt) -> Vec<u8>) {
    bent_fires(BOTH, case, (rule, place, Action::Show), &bend);
}

#[track_caller]
fn passes(versions: &[u8], case: &Case, rule: &str, bend: impl Fn(RawPsbt) -> Vec<u8>) {
    bent_silent(versions, case, rule, &bend);
}

fn as_it_is(raw: RawPsbt) -> Vec<u8> {
    raw.to_bytes()
}

#[test]
fn p01_the_magic_is_whole() {
    let case = simple(wpkh());
    stops(BOTH, &case, "P01", Whole, |raw| {
        let mut bytes = raw.to_bytes();
        bytes[4] = 0;
        bytes
    });
    stops(&[0], &case, "P01", Whole, |raw| raw.value(0, &[0]).unwrap().to_vec());
    passes(BOTH, &case, "P01", as_it_is);
}

#[test]
fn p02_nothing_follows_the_last_map() {
    let case = simple(wpkh());
    stops(BOTH, &case, "P02", Whole, |raw| [raw.to_bytes(), vec![0]].concat());
    stops(BOTH, &case, "P02", Whole, |raw| [raw.to_bytes(), raw.to_bytes()].concat());
    passes(BOTH, &case, "P02", as_it_is);
}

#[test]
fn p03_every_map_is_there() {
    let case = simple(wpkh());
    stops(&[0], &case, "P03", Output(1), |mut raw| {
        raw.maps.pop();
        raw.to_bytes()
    });
    stops(BOTH, &case, "P03", Output(1), |raw| {
        let mut bytes = raw.to_bytes();
        bytes.pop();
        bytes
    });
    passes(BOTH, &case, "P03", as_it_is);
}

#[test]
fn p04_no_key_stands_twice() {
    let case = simple(wpkh());
    stops(BOTH, &case, "P04", Input(0), |raw| {
        let utxo = raw.value(1, &[0x01]).unwrap().to_vec();
        raw.with(1, &[0x01], &utxo).to_bytes()
    });
    stops(BOTH, &case, "P04", Whole, |raw| raw.with(0, &[0x77], &[1]).with(0, &[0x77], &[2]).to_bytes());
    passes(BOTH, &case, "P04", |raw| raw.with(1, &[0x77], &[1]).with(2, &[0x77], &[1]).to_bytes());
}

#[test]
fn p05_numbers_have_their_shortest_form() {
    let case = simple(wpkh());
    let lengths = |raw: &RawPsbt| {
        let (key, value) = &raw.maps[1][0];
        (crate::raw_psbt::compact(key.len()), crate::raw_psbt::compact(value.len()))
    };
    stops(BOTH, &case, "P05", Input(0), |raw| raw.to_bytes_lying(1, 0, &[0xfd, 1, 0], &lengths(&raw).1));
    stops(BOTH, &case, "P05", Input(0), |raw| raw.with(1, &[0xfd, 0x77, 0x00], &[]).to_bytes());
    passes(BOTH, &case, "P05", |raw| raw.to_bytes_lying(1, 0, &lengths(&raw).0, &lengths(&raw).1));
}

#[test]
fn p06_p07_keys_and_values_have_their_length() {
    let case = simple(wpkh());
    let all = [1, 0, 0, 0];
    stops(BOTH, &case, "P06", Input(0), |raw| raw.with(1, &[0x03, 0x00], &all).to_bytes());
    stops(BOTH, &case, "P06", Output(0), |raw| raw.with(2, &[&[0x02][..], &[2; 32]].concat(), &all).to_bytes());
    passes(BOTH, &case, "P06", |raw| raw.with(1, &[0x03], &all).to_bytes());
    stops(BOTH, &case, "P07", Input(0), |raw| raw.with(1, &[0x03], &all[..3]).to_bytes());
    stops(BOTH, &case, "P07", Input(0), |raw| raw.with(1, &[0x13], &[1; 63]).to_bytes());
    passes(BOTH, &case, "P07", |raw| raw.with(1, &[0x03], &all).to_bytes());
}

#[test]
fn p08_the_version_is_0_or_2() {
    let case = simple(wpkh());
    for version in [1_u32, 3, u32::MAX] {
        stops(BOTH, &case, "P08", Whole, |raw| raw.set(0, &[0xfb], &version.to_le_bytes()).to_bytes());
    }
    passes(&[0], &case, "P08", |raw| raw.set(0, &[0xfb], &[0; 4]).to_bytes());
    passes(&[2], &case, "P08", as_it_is);
}

#[test]
fn p09_version_0_has_its_own_fields() {
    let case = simple(wpkh());
    stops(&[0], &case, "P09", Whole, |raw| raw.with(0, &[0x02], &[2, 0, 0, 0]).to_bytes());
    stops(&[0], &case, "P09", Input(0), |raw| raw.with(1, &[0x10], &[0xff; 4]).to_bytes());
    stops(&[0], &case, "P09", Whole, |raw| raw.without(0, 0x00).to_bytes());
    passes(&[0], &case, "P09", as_it_is);
}

#[test]
fn p09_version_2_has_its_own_fields() {
    let case = simple(wpkh());
    let transaction = serialize(&case.psbt.unsigned_tx);
    stops(&[2], &case, "P09", Whole, |raw| raw.with(0, &[0x00], &transaction).to_bytes());
    stops(&[2], &case, "P09", Input(0), |raw| raw.without(1, 0x0f).to_bytes());
    passes(&[2], &case, "P09", as_it_is);
}

#[test]
fn p10_the_unsigned_transaction_is_bare() {
    let case = simple(wpkh());
    let transaction = |bend: &dyn Fn(&mut Transaction)| {
        let mut transaction = case.psbt.unsigned_tx.clone();
        bend(&mut transaction);
        serialize(&transaction)
    };
    let script = transaction(&|tx| tx.input[0].script_sig = ScriptBuf::from(vec![0x51]));
    stops(&[0], &case, "P10", Input(0), |raw| raw.set(0, &[0], &script).to_bytes());
    let witness = transaction(&|tx| tx.input[0].witness.push([1]));
    stops(&[0], &case, "P10", Whole, |raw| raw.set(0, &[0], &witness).to_bytes());
    passes(&[0], &case, "P10", |raw| raw.set(0, &[0], &transaction(&|_| {})).to_bytes());
}

#[test]
fn p11_there_is_an_input_and_an_output() {
    let none = Case::new(vec![wpkh()]).input(0, 0, 3, 900_000);
    stops(BOTH, &none, "P11", Whole, as_it_is);
    passes(BOTH, &none.pay(foreign(1), 890_000), "P11", as_it_is);
}

#[test]
fn p12_the_transaction_has_a_version_in_use() {
    let version = |version: i32| simple(wpkh()).with_tx(|tx| tx.version.0 = version);
    for wrong in [0, 4, -1] {
        stops(BOTH, &version(wrong), "P12", Whole, as_it_is);
    }
    for right in [1, 3] {
        passes(BOTH, &version(right), "P12", as_it_is);
    }
}

#[test]
fn p13_no_coin_is_spent_twice() {
    let twice = double(wsh()).with_tx(|tx| tx.input[1].previous_output = tx.input[0].previous_output);
    stops(BOTH, &twice, "P13", Input(1), as_it_is);
    passes(BOTH, &double(wsh()), "P13", as_it_is);
}

#[test]
fn p14_no_coin_is_impossible() {
    let output = |vout: u32| simple(wpkh()).with_tx(|tx| tx.input[0].previous_output.vout = vout);
    for vout in [1 << 31, u32::MAX] {
        stops(BOTH, &output(vout), "P14", Input(0), as_it_is);
    }
    passes(BOTH, &output(1), "P14", as_it_is);
}

#[test]
fn p15_the_transaction_has_65_bytes() {
    let of = |bytes: usize| {
        let script = [0x52, 0x87].repeat(bytes).into_iter().take(bytes).collect::<Vec<u8>>();
        Case::new(vec![wpkh()]).input(0, 0, 3, 9_000).pay(ScriptBuf::from(script), 8_000)
    };
    assert_eq!(serialize(&of(4).psbt.unsigned_tx).len(), 64);
    stops(BOTH, &of(4), "P15", Whole, as_it_is);
    passes(BOTH, &of(5), "P15", as_it_is);
}

#[test]
fn p16_p18_p19_passengers_are_shown_and_bounded() {
    let case = simple(wpkh());
    let crowd = |raw: RawPsbt, count: u8| (0..count).fold(raw, |raw, n| raw.with(1, &[0x77, n], &[])).to_bytes();
    tells(&case, "P16", Input(0), |raw| crowd(raw, 32));
    stops(BOTH, &case, "P16", Input(0), |raw| crowd(raw, 33));
    passes(BOTH, &case, "P16", as_it_is);
    let proprietary = |length: usize| [&[0xfc, 8][..], b"COINKITE", &vec![7; length]].concat();
    tells(&case, "P18", Input(0), |raw| raw.with(1, &proprietary(1), &[1]).to_bytes());
    stops(BOTH, &case, "P18", Whole, |raw| raw.with(0, &proprietary(2_048), &[1]).to_bytes());
    passes(BOTH, &case, "P18", as_it_is);
    tells(&case, "P19", Output(0), |raw| raw.with(2, &[0x35], b"satoshi@example").to_bytes());
    passes(BOTH, &case, "P19", as_it_is);
}

#[test]
fn p17_fields_that_change_the_meaning_are_refused() {
    let case = simple(wpkh());
    let key = |kind: u8| [&[kind][..], &[2; 33]].concat();
    for (map, place, kinds) in
        [(0, Whole, &[0x07, 0x09][..]), (1, Input(0), &[0x09, 0x1a, 0x1b, 0x1c, 0x1d]), (2, Output(0), &[0x08, 0x09])]
    {
        for kind in kinds {
            stops(BOTH, &case, "P17", place, |raw| raw.with(map, &key(*kind), &[2; 66]).to_bytes());
        }
    }
    passes(BOTH, &case, "P17", |raw| raw.with(1, &key(0x19), &[2; 66]).to_bytes());
}

#[test]
fn v01_the_counts_are_those_of_the_maps() {
    let case = simple(wpkh());
    for (kind, count) in
        [(0x05, &[3][..]), (0x04, &[2]), (0x05, &[2, 0, 0, 0]), (0x04, &[0xff, 0, 0, 0, 0, 0, 1, 0, 0])]
    {
        stops(&[2], &case, "V01", Whole, |raw| raw.set(0, &[kind], count).to_bytes());
    }
    passes(&[2], &case, "V01", |raw| raw.set(0, &[0x05], &[2]).to_bytes());
}

#[test]
fn l06_l07_demanded_locks_agree() {
    let case = double(wsh()).with_tx(|tx| tx.input.iter_mut().for_each(|input| input.sequence.0 = 0xffff_fffe));
    let lock = |raw: RawPsbt, input: usize, kind: u8, number: u32| raw.with(input, &[kind], &number.to_le_bytes());
    let (time, height) = (500_000_000, 900_000);
    stops(&[2], &case, "L06", Whole, |raw| lock(lock(raw, 1, 0x11, time), 2, 0x12, height).to_bytes());
    passes(&[2], &case, "L06", |raw| lock(lock(raw, 1, 0x12, height), 2, 0x12, height + 1).to_bytes());
    // An input that takes both lets the other choose.
    passes(&[2], &case, "L06", |raw| lock(lock(lock(raw, 1, 0x11, time), 1, 0x12, height), 2, 0x12, height).to_bytes());
    stops(&[2], &case, "L07", Input(0), |raw| lock(raw, 1, 0x11, time - 1).to_bytes());
    stops(&[2], &case, "L07", Input(1), |raw| lock(raw, 2, 0x12, time).to_bytes());
    stops(&[2], &case, "L07", Input(1), |raw| lock(raw, 2, 0x12, 0).to_bytes());
    passes(&[2], &case, "L07", |raw| lock(raw, 1, 0x11, time).to_bytes());
    passes(&[2], &case, "L07", |raw| lock(raw, 1, 0x12, 1).to_bytes());
}

/// Key records of nobody whom we know, in the input.
fn strangers(raw: RawPsbt, count: u32) -> Vec<u8> {
    let secp = Secp256k1::new();
    (0..count)
        .fold(raw, |raw, n| {
            let key = PublicKey::from_secret_key(&secp, &secret(9, &[n])).serialize();
            raw.with(1, &[&[0x06][..], &key].concat(), &[[9; 4], n.to_le_bytes()].concat())
        })
        .to_bytes()
}

#[test]
fn p20_a_map_has_20_key_records() {
    let case = simple(wpkh());
    passes(BOTH, &case, "P20", |raw| strangers(raw, 19));
    stops(BOTH, &case, "P20", Input(0), |raw| strangers(raw, 20));
    stops(BOTH, &case, "P20", Output(0), |raw| raw.with(2, &[0x00], &[0; 521]).to_bytes());
}

#[test]
fn p22_a_file_has_one_encoding() {
    let psbt = simple(wpkh()).bytes();
    let with = |bytes: &[u8], at: usize, byte: u8| {
        let mut bytes = bytes.to_vec();
        bytes.insert(at, byte);
        bytes
    };
    let (base64, hex) = (wrap(&psbt, Encoding::Base64), wrap(&psbt, Encoding::Hex));
    let (base64, hex) = (base64.trim_ascii(), hex.trim_ascii());
    for file in
        [with(base64, 40, b'!'), with(base64, 40, b' '), base64[..base64.len() - 1].to_vec(), with(hex, 40, b'0')]
    {
        let error = unwrap(&file).and_then(|(binary, _)| parse(binary)).unwrap_err();
        assert_eq!((error.rule, error.place), ("P22", Whole), "{error}");
        record::file(&file, "P22", Some(Whole));
    }
    for file in [base64.to_vec(), hex.to_vec(), hex.to_ascii_uppercase()] {
        assert!(unwrap(&file).and_then(|(binary, _)| parse(binary)).is_ok());
        record::file(&file, "P22", None);
    }
}

#[test]
fn u10_a_previous_transaction_is_read_whole() {
    let case = simple(wpkh());
    let bare = serialize(case.psbt.inputs[0].non_witness_utxo.as_ref().unwrap());
    stops(BOTH, &case, "U10", Input(0), |raw| raw.set(1, &[0], &[&bare[..], &[0]].concat()).to_bytes());
    stops(BOTH, &case, "U10", Input(0), |raw| raw.set(1, &[0], &bare[..bare.len() - 1]).to_bytes());
    let mut full: Transaction = deserialize(&bare).unwrap();
    full.input[0].witness.push([7; 70]);
    passes(BOTH, &case, "U10", |raw| raw.set(1, &[0], &serialize(&full)).to_bytes());
}

#[test]
fn i11_i19_keys_of_records_are_keys() {
    let case = simple(wpkh());
    let key = PublicKey::from_secret_key(&Secp256k1::new(), &secret(9, &[1]));
    let record = |raw: RawPsbt, key: &[u8], steps: usize| {
        raw.with(1, &[&[0x06][..], key].concat(), &[vec![9; 4], [1, 0, 0, 0].repeat(steps)].concat()).to_bytes()
    };
    let nonsense = [&[2][..], &[0xff; 32]].concat();
    stops(BOTH, &case, "I11", Input(0), |raw| record(raw, &nonsense, 2));
    stops(BOTH, &case, "I11", Input(0), |raw| record(raw, &key.serialize(), 13));
    passes(BOTH, &case, "I11", |raw| record(raw, &key.serialize(), 12));
    stops(BOTH, &case, "I19", Input(0), |raw| record(raw, &key.serialize_uncompressed(), 2));
    passes(BOTH, &case, "I19", |raw| record(raw, &key.serialize(), 2));
}
