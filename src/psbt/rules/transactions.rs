//! P10 to P15, P21 and U10.

use bitcoin::{
    Amount, OutPoint, ScriptBuf, Sequence, Transaction, Txid,
    absolute::LockTime,
    consensus::encode::{deserialize, serialize},
    hashes::Hash,
    transaction::Version,
};

use super::super::{
    Parsed, Place, parse,
    samples::{parsed, wpkh, wsh},
    transaction::previous,
};
use super::{Random, bad, refused, unsigned, wide, with_tx};
use crate::limits;

use Place::{Input, Whole};

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
fn p21_odd_but_legal_transactions_keep_their_identity() {
    for (version, sequence, lock_time) in [(1, 0, 0), (3, 1, u32::MAX), (2, u32::MAX, 500_000_000)] {
        let raw = with_tx(&wsh(), |tx| {
            tx.version = Version(version);
            tx.input[0].sequence = Sequence(sequence);
            tx.lock_time = LockTime::from_consensus(lock_time);
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
        bad(
            &wsh().set(1, &[0], &[&full[..full.len() - 76], count, &full[full.len() - 75..]].concat()),
            "U10",
            Input(0),
        );
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
            let ours = previous(&bytes);
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
