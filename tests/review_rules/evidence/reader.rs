//! Proofs of the reader: P21, X01, X02, X04, V02, V03, G14.

use bitcoin::{
    absolute::LockTime,
    base64::{Engine, prelude::BASE64_STANDARD},
    consensus::encode::serialize,
};
use serde_json::Value;
use strongroom::{
    psbt::{Encoding, parse, unwrap, wrap},
    qr::{Density, Film, Kind, Packing, Receiver, Refusal, Step, Wanted},
};

use super::Evidence;
use crate::{raw_psbt::RawPsbt, transactions::*};

pub(super) fn what_is_read_is_what_is_written(evidence: &mut Evidence) {
    for (version, sequence, lock) in [(1, 0, 0), (2, 0, 0), (3, 1, u32::MAX), (2, u32::MAX, 500_000_000)] {
        let case = double(wsh()).with_tx(|tx| {
            tx.version.0 = version;
            tx.lock_time = LockTime::from_consensus(lock);
            tx.input[0].sequence.0 = sequence;
        });
        let of_file = case.psbt.unsigned_tx.compute_txid();
        for case in [case.clone(), case.of_version_2()] {
            let parsed = evidence.passes(parse(case.bytes()));
            evidence.holds(parsed.txid() == of_file, (version, sequence, lock));
            evidence.holds(parsed.transaction().compute_txid() == of_file, "the model is of the same transaction");
            evidence.holds(case.review().facts().txid == of_file, "the txid shown is that of the bytes");
            evidence.holds(parsed.bytes() == case.bytes(), "no byte is lost");
        }
    }
}

pub(super) fn no_session_of_musig2_begins(evidence: &mut Evidence) {
    let file: Value = serde_json::from_str(include_str!("../../../vectors/bip373.json")).unwrap();
    for case in file["cases"].as_array().unwrap() {
        let psbt = BASE64_STANDARD.decode(case["psbt"].as_str().unwrap()).unwrap();
        let refused = parse(psbt).err().map(|error| error.rule);
        evidence.holds(refused == Some("P17"), &case["id"]);
    }
}

/// Keys, nonces and signatures of a session, each alone: nothing of it is kept, so the second time is as the first.
pub(super) fn no_round_of_musig2_is_taken_up(evidence: &mut Evidence) {
    let key = |kind: u8, keys: usize| [vec![kind], [&[2][..], &[5; 32]].concat().repeat(keys)].concat();
    let fields = [
        (1, key(0x1a, 1), vec![2; 66]),
        (1, key(0x1b, 2), vec![2; 66]),
        (1, key(0x1c, 2), vec![1; 32]),
        (2, key(0x08, 1), vec![2; 66]),
    ];
    for case in [simple(tr()), simple(tr()).of_version_2()] {
        for (map, key, value) in &fields {
            let psbt = RawPsbt::from_bytes(&case.bytes()).with(*map, key, value).to_bytes();
            for _ in 0..2 {
                let refused = parse(psbt.clone()).err().map(|error| error.rule);
                evidence.holds(refused == Some("P17"), key);
            }
        }
    }
}

pub(super) fn digests_and_transactions_are_not_read(evidence: &mut Evidence) {
    let case = simple(wpkh());
    let read = |bytes: &[u8]| unwrap(bytes).and_then(|(binary, _)| parse(binary));
    let transaction = serialize(&case.psbt.unsigned_tx);
    let digest = [0xab; 32];
    for bytes in [
        digest.to_vec(),
        strongroom::text::hex(&digest).into_bytes(),
        BASE64_STANDARD.encode(digest).into_bytes(),
        transaction.clone(),
        strongroom::text::hex(&transaction).into_bytes(),
        BASE64_STANDARD.encode(&transaction).into_bytes(),
    ] {
        evidence.stops(read(&bytes), |error| ["P01", "P22"].contains(&error.rule));
    }
    for encoding in [Encoding::Binary, Encoding::Base64, Encoding::Hex] {
        let _ = evidence.passes(read(&wrap(&case.bytes(), encoding)));
    }
}

pub(super) fn globals_stand_in_any_order(evidence: &mut Evidence) {
    let raw = RawPsbt::from_bytes(&simple(wpkh()).of_version_2().bytes());
    let txid = simple(wpkh()).psbt.unsigned_tx.compute_txid();
    for turn in 0..raw.maps[0].len() {
        for backwards in [false, true] {
            let mut other = raw.clone();
            other.maps[0].rotate_left(turn);
            if backwards {
                other.maps[0].reverse();
            }
            let parsed = evidence.passes(parse(other.to_bytes()));
            evidence.holds(parsed.txid() == txid, turn);
        }
    }
    for kind in [0x04, 0x05] {
        let count = raw.value(0, &[kind]).unwrap().to_vec();
        evidence.stops(parse(raw.clone().with(0, &[kind], &count).to_bytes()), |error| error.rule == "P04");
    }
}

pub(super) fn an_absent_sequence_is_final(evidence: &mut Evidence) {
    for wallet in kinds() {
        let case = double(wallet).with_tx(|tx| {
            tx.lock_time = LockTime::from_consensus(900_000);
            tx.input.iter_mut().for_each(|input| input.sequence.0 = u32::MAX);
        });
        let absent = case.clone().of_version_2().bent(|raw| raw.without(1, 0x10).without(2, 0x10));
        let parsed = evidence.passes(parse(absent.bytes()));
        // What is signed is this transaction, to the byte.
        evidence.holds(parsed.transaction_bytes() == serialize(&case.psbt.unsigned_tx), "the transaction");
        evidence.holds(absent.review().facts().lock == case.review().facts().lock, "the lock");
    }
}

pub(super) fn parts_of_two_messages_are_not_put_together(evidence: &mut Evidence) {
    let of = |bytes: &[u8], packing: Option<Packing>| {
        let mut film = match packing {
            None => Film::ur(Kind::Psbt, bytes, Density::Compatible, false),
            Some(packing) => Film::bbqr(Kind::Psbt, bytes, Density::Compatible, packing),
        }
        .unwrap();
        (0..film.count()).map(|_| film.next_part()).collect::<Vec<String>>()
    };
    let many = |inputs: u32| {
        let case = (0..inputs).fold(Case::new(vec![wsh()]), |case, index| case.input(0, 0, index, 50_000));
        case.pay(foreign(1), 390_000).bytes()
    };
    let (first, second) = (many(8), many(14));
    for packing in [None, Some(Packing::Base32), Some(Packing::Hex)] {
        let (one, other) = (of(&first, packing), of(&second, packing));
        assert!(one.len() > 3 && other.len() > 3);
        let mut receiver = Receiver::new(Wanted::PSBT);
        evidence.holds(receiver.take(&one[0]) == Ok(Step::Part { fresh: true }), "the first part");
        // Parts of another message are refused, then offered; nothing of them gets into the first.
        for part in &other[1..3] {
            evidence.stops(receiver.take(part), |refusal| matches!(refusal, Refusal::Mixed { seen: 1, .. }));
        }
        evidence.holds(receiver.take(&other[3]) == Ok(Step::Another), "a message that stays is offered");
        for part in &one {
            evidence.passes(receiver.take(part));
        }
        evidence.holds(receiver.into_payload().is_some_and(|whole| whole.bytes == first), "the first message, whole");
    }
}
