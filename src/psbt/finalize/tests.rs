//! Every kind of script put together, and what is not.

use bitcoin::consensus::encode::deserialize;

use super::*;
use crate::psbt::{
    parse,
    raw_psbt::RawPsbt,
    samples::{ecdsa, honest, key, multi, parsed, pkh, spend, tr, wpkh, wsh},
    splice,
};

const KEYS: [u8; 3] = [1, 2, 3];

fn keys(numbers: &[u8]) -> Vec<[u8; 33]> {
    numbers.iter().map(|&number| key(number)).collect()
}

fn signature(number: u8, input: u32) -> Vec<u8> {
    ecdsa(number, input).value().to_vec()
}

fn signed(raw: &RawPsbt, signatures: &[(u32, NewSignature)]) -> Parsed {
    parse(splice(&parsed(raw), signatures)).unwrap()
}

#[track_caller]
fn refused(parsed: &Parsed, input: u32, why: Incomplete) {
    assert_eq!(finalize(parsed, &honest), Err(FinalizeError { input, why }));
}

/// Finishes `raw` with the signatures of input 0 and gives its script and witness back.
#[track_caller]
fn finished(raw: &RawPsbt, signatures: &[(u32, NewSignature)]) -> (ScriptBuf, Vec<Vec<u8>>) {
    let before = signed(raw, signatures);
    let done = finalize(&before, &honest).unwrap();
    let mut bare = done.transaction.clone();
    for txin in &mut bare.input {
        (txin.script_sig, txin.witness) = (ScriptBuf::new(), Witness::new());
    }
    assert_eq!(&bare, before.transaction());
    let after = parse(done.psbt).unwrap();
    for (input, txin) in after.inputs().iter().zip(&done.transaction.input) {
        assert_eq!(input.final_script_sig.clone().unwrap_or_default(), txin.script_sig);
        assert_eq!(input.final_script_witness.clone().unwrap_or_default(), txin.witness.to_vec());
        assert!(input.partial_sigs.is_empty() && input.derivations.is_empty() && input.tap_key_sig.is_none());
    }
    let input = done.transaction.input.into_iter().next().unwrap();
    (input.script_sig, input.witness.to_vec())
}

fn push(bytes: &[u8]) -> Vec<u8> {
    match bytes.len() {
        0..=75 => [&[bytes.len() as u8], bytes].concat(),
        76..=255 => [&[0x4c, bytes.len() as u8], bytes].concat(),
        length => [&[0x4d][..], &(length as u16).to_le_bytes(), bytes].concat(),
    }
}

#[test]
fn single_keys_are_finished() {
    let (script, witness) = finished(&pkh(), &[(0, ecdsa(1, 0))]);
    assert_eq!(script.to_bytes(), [push(&signature(1, 0)), push(&key(1))].concat());
    assert!(witness.is_empty());

    let both = vec![signature(1, 0), key(1).to_vec()];
    assert_eq!(finished(&wpkh(), &[(0, ecdsa(1, 0))]), (ScriptBuf::new(), both.clone()));

    let program = ScriptBuf::new_p2wpkh(&WPubkeyHash::hash(&key(1)));
    let nested = spend(&[program.to_p2sh()], &[&[(vec![0x04], program.to_bytes())]]);
    let (script, witness) = finished(&nested, &[(0, ecdsa(1, 0))]);
    assert_eq!((script.to_bytes(), witness), (push(program.as_bytes()), both));

    let tap = NewSignature::TapKey { signature: vec![1; 64] };
    assert_eq!(finished(&tr(), &[(0, tap)]), (ScriptBuf::new(), vec![vec![1; 64]]));
}

#[test]
fn multisig_takes_exactly_m_signatures_in_the_order_of_the_keys() {
    // Not the order of the PSBT's map, which sorts by key.
    let script = multi(2, &keys(&[3, 1, 2]));
    let all = [(0, ecdsa(1, 0)), (0, ecdsa(2, 0)), (0, ecdsa(3, 0))];
    let want = |numbers: [u8; 2]| numbers.map(|number| signature(number, 0));

    let bare = spend(&[script.to_p2sh()], &[&[(vec![0x04], script.to_bytes())]]);
    let wsh = spend(&[script.to_p2wsh()], &[&[(vec![0x05], script.to_bytes())]]);
    let program = script.to_p2wsh();
    let nested = spend(&[program.to_p2sh()], &[&[(vec![0x04], program.to_bytes()), (vec![0x05], script.to_bytes())]]);
    for (present, order) in [(&all[..], [3, 1]), (&all[..2], [1, 2]), (&all[1..], [3, 2])] {
        let [first, second] = want(order);
        let (legacy, none) = finished(&bare, present);
        assert_eq!(legacy.to_bytes(), [vec![0], push(&first), push(&second), push(script.as_bytes())].concat());
        assert!(none.is_empty());

        let stack = vec![vec![], first, second, script.to_bytes()];
        assert_eq!(finished(&wsh, present), (ScriptBuf::new(), stack.clone()));
        let (outer, inner) = finished(&nested, present);
        assert_eq!((outer.to_bytes(), inner), (push(program.as_bytes()), stack));
    }
}

#[test]
fn the_largest_multisigs_are_finished() {
    for (m, n) in [(1, 1), (15, 15), (16, 16), (1, 17), (16, 20)] {
        let numbers: Vec<u8> = (1..=n).collect();
        let script = multi(m, &keys(&numbers));
        let raw = spend(&[script.to_p2wsh()], &[&[(vec![0x05], script.to_bytes())]]);
        let signatures: Vec<_> = numbers.iter().map(|&number| (0, ecdsa(number, 0))).collect();
        let (_, stack) = finished(&raw, &signatures);
        assert_eq!(stack.len(), m as usize + 2);
    }
}

#[test]
fn every_input_is_finished_or_none() {
    let two = [(0, ecdsa(1, 0)), (0, ecdsa(3, 0)), (1, ecdsa(2, 1)), (1, ecdsa(3, 1))];
    finished(&wsh(), &two);
    let lacks = |have| Incomplete::Signatures { have, need: 2 };
    refused(&signed(&wsh(), &two[..3]), 1, lacks(1));
    refused(&signed(&wsh(), &two[..2]), 1, lacks(0));
    refused(&signed(&wsh(), &two[1..]), 0, lacks(1));
    // A signature by a key outside of the script counts for nothing.
    refused(&signed(&wsh(), &[(0, ecdsa(1, 0)), (0, ecdsa(9, 0))]), 0, lacks(1));
    let none = Incomplete::Signatures { have: 0, need: 1 };
    refused(&parsed(&tr()), 0, none.clone());
    refused(&signed(&wpkh(), &[(0, ecdsa(2, 0))]), 0, none.clone());
    refused(&signed(&pkh(), &[(0, ecdsa(2, 0))]), 0, none);
}

#[test]
fn a_signature_that_does_not_verify_is_refused() {
    let NewSignature::Ecdsa { key, .. } = ecdsa(1, 0) else { unreachable!() };
    let wrong = (0, NewSignature::Ecdsa { key, signature: signature(1, 1) });
    for raw in [pkh(), wpkh()] {
        refused(&signed(&raw, std::slice::from_ref(&wrong)), 0, Incomplete::Invalid);
    }
    refused(&signed(&wsh(), &[wrong, (0, ecdsa(2, 0))]), 0, Incomplete::Invalid);
    let tap = NewSignature::TapKey { signature: vec![0xbb; 64] };
    refused(&signed(&tr(), &[(0, tap)]), 0, Incomplete::Invalid);
}

#[test]
fn scripts_must_be_there_and_hash_to_the_output() {
    let script = multi(1, &keys(&KEYS));
    let other = multi(2, &keys(&KEYS));
    let program = script.to_p2wsh();
    let sign = [(0, ecdsa(1, 0)), (0, ecdsa(2, 0))];
    let one = |output: ScriptBuf, fields: &[(u8, &ScriptBuf)]| {
        let fields: Vec<_> = fields.iter().map(|(kind, script)| (vec![*kind], script.to_bytes())).collect();
        signed(&spend(&[output], &[&fields]), &sign)
    };
    refused(&one(script.to_p2sh(), &[]), 0, Incomplete::NoScript("redeem"));
    refused(&one(script.to_p2sh(), &[(0x04, &other)]), 0, Incomplete::OtherScript("redeem"));
    refused(&one(program.clone(), &[]), 0, Incomplete::NoScript("witness"));
    refused(&one(program.clone(), &[(0x05, &other)]), 0, Incomplete::OtherScript("witness"));
    refused(&one(program.to_p2sh(), &[(0x04, &program)]), 0, Incomplete::NoScript("witness"));
    refused(&one(program.to_p2sh(), &[(0x04, &program), (0x05, &other)]), 0, Incomplete::OtherScript("witness"));
    refused(&one(program.to_p2sh(), &[(0x04, &other), (0x05, &script)]), 0, Incomplete::OtherScript("redeem"));
}

#[test]
fn other_kinds_of_script_are_refused() {
    let sign = [(0, ecdsa(1, 0)), (0, ecdsa(2, 0))];
    let good = multi(1, &keys(&KEYS)).to_bytes();
    let last = good.len() - 1;
    let mut verify = good.clone();
    verify[last] = 0xaf;
    let mut fewer = good.clone();
    fewer[last - 1] = 0x52;
    let mut more_needed = good.clone();
    more_needed[0] = 0x54;
    let mut uncompressed = good.clone();
    uncompressed.splice(1..35, [&[65][..], &[4; 65]].concat());
    let long_number = [&good[..last - 1], &[0x01, 0x03], &good[last..]].concat();
    let padded = [&good[..], &[0x61]].concat();
    let cut = good[..last].to_vec();
    let pushed = [&[0x4c, 33][..], &key(1), &[0xac]].concat();
    for script in [verify, fewer, more_needed, uncompressed, long_number, padded, cut, pushed, vec![], vec![0x51]] {
        let script = ScriptBuf::from_bytes(script);
        let raw = spend(&[script.to_p2wsh()], &[&[(vec![0x05], script.to_bytes())]]);
        refused(&signed(&raw, &sign), 0, Incomplete::Unsupported);
    }
    for output in [vec![0x51], good, [&[0x52, 20][..], &[1; 20]].concat(), vec![0x51, 2, 0x4e, 0x73]] {
        refused(&signed(&spend(&[output.into()], &[&[]]), &sign), 0, Incomplete::Unsupported);
    }
}

#[test]
fn what_is_spent_must_be_known_and_agree() {
    let sign = [(0, ecdsa(1, 0))];
    refused(&signed(&wpkh().without(1, 0x00).without(1, 0x01), &sign), 0, Incomplete::NoUtxo);
    finished(&wpkh().without(1, 0x00), &sign);
    finished(&wpkh().without(1, 0x01), &sign);
    let mut utxo = wpkh().value(1, &[0x01]).unwrap().to_vec();
    utxo[0] ^= 1;
    refused(&signed(&wpkh().set(1, &[0x01], &utxo), &sign), 0, Incomplete::UtxoMismatch);
    let other = pkh().value(1, &[0x00]).unwrap().to_vec();
    refused(&signed(&wpkh().set(1, &[0x00], &other), &sign), 0, Incomplete::UtxoMismatch);
    let mut tx: Transaction = deserialize(wpkh().value(0, &[0]).unwrap()).unwrap();
    tx.input[0].previous_output.vout = 2;
    let beyond = wpkh().set(0, &[0], &serialize(&tx));
    refused(&signed(&beyond, &sign), 0, Incomplete::UtxoMismatch);
    refused(&signed(&wpkh().with(1, &[0x08], &[0]), &sign), 0, Incomplete::Final);
}

#[test]
fn known_fields_are_cleared_and_the_utxo_and_unknown_ones_stay() {
    let raw =
        wpkh().with(0, &[0x77], b"a").with(1, &[0x77], b"b").with(1, &[0xfc, 1, b'a', 0], b"c").with(2, &[0x35], b"d");
    let done = finalize(&signed(&raw, &[(0, ecdsa(1, 0))]), &honest).unwrap();
    let witness = serialize(&done.transaction.input[0].witness);
    let mut expected = raw.without(1, 0x03);
    expected.maps[1].insert(2, (vec![0x08], witness));
    assert_eq!(RawPsbt::from_bytes(&done.psbt), expected);
}
