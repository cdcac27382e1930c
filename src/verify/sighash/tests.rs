//! The second implementation against the `bitcoin` crate's, on random transactions and all types.

use bitcoin::{
    Amount, OutPoint, ScriptBuf, Sequence, TapLeafHash, Txid, Witness,
    absolute::LockTime,
    sighash::{Annex, EcdsaSighashType, Prevouts, SighashCache, TapSighashType},
    transaction::Version,
};
use proptest::{collection::vec, prelude::*};

use super::*;

fn script(bytes: impl Strategy<Value = Vec<u8>>) -> impl Strategy<Value = ScriptBuf> {
    bytes.prop_map(ScriptBuf::from_bytes)
}

fn tx_outs(count: impl Into<proptest::collection::SizeRange>) -> impl Strategy<Value = Vec<TxOut>> {
    let one = (any::<u64>(), script(vec(any::<u8>(), 0..300)))
        .prop_map(|(sat, script_pubkey)| TxOut { value: Amount::from_sat(sat), script_pubkey });
    vec(one, count)
}

fn transactions() -> impl Strategy<Value = (Transaction, Vec<TxOut>)> {
    let input = (any::<[u8; 32]>(), any::<u32>(), any::<u32>()).prop_map(|(txid, vout, sequence)| TxIn {
        previous_output: OutPoint { txid: Txid::from_byte_array(txid), vout },
        script_sig: ScriptBuf::new(),
        sequence: Sequence(sequence),
        witness: Witness::new(),
    });
    (any::<i32>(), any::<u32>(), vec(input, 1..6), tx_outs(1..6)).prop_flat_map(|(version, lock, input, output)| {
        let coins = tx_outs(input.len());
        let transaction =
            Transaction { version: Version(version), lock_time: LockTime::from_consensus(lock), input, output };
        (Just(transaction), coins)
    })
}

const ECDSA: [EcdsaSighashType; 6] = [
    EcdsaSighashType::All,
    EcdsaSighashType::None,
    EcdsaSighashType::Single,
    EcdsaSighashType::AllPlusAnyoneCanPay,
    EcdsaSighashType::NonePlusAnyoneCanPay,
    EcdsaSighashType::SinglePlusAnyoneCanPay,
];

proptest! {
    #[test]
    fn legacy_digests_are_those_of_the_other_implementation(
        (transaction, _) in transactions(), code in script(vec(0x51u8..0xaa, 0..600)), raw in any::<u32>(),
    ) {
        let (ours, theirs) = (Digests::new(&transaction, None), SighashCache::new(&transaction));
        for input in 0..transaction.input.len() {
            for sighash in ECDSA.iter().map(|t| t.to_u32()).chain([raw]) {
                let expected = theirs.legacy_signature_hash(input, &code, sighash).unwrap();
                prop_assert_eq!(ours.legacy(input, &code, sighash).unwrap(), expected.to_byte_array());
            }
        }
    }

    #[test]
    fn version_0_digests_are_those_of_the_other_implementation(
        (transaction, coins) in transactions(), code in script(vec(any::<u8>(), 0..600)),
    ) {
        let (ours, mut theirs) = (Digests::new(&transaction, None), SighashCache::new(&transaction));
        for (input, coin) in coins.iter().enumerate() {
            for sighash in ECDSA {
                let expected = theirs.p2wsh_signature_hash(input, &code, coin.value, sighash).unwrap();
                let digest = ours.segwit_v0(input, &code, coin.value.to_sat(), sighash.to_u32()).unwrap();
                prop_assert_eq!(digest, expected.to_byte_array());
            }
        }
    }

    #[test]
    fn taproot_digests_are_those_of_the_other_implementation(
        (transaction, coins) in transactions(),
        sighash in any::<u8>(),
        annex in proptest::option::of(vec(any::<u8>(), 0..300)),
        leaf in proptest::option::of((vec(any::<u8>(), 0..300), any::<u32>())),
    ) {
        let annex = annex.map(|mut bytes| { bytes.insert(0, 0x50); bytes });
        let leaf = leaf.map(|(script, code_separator)| {
            let script = ScriptBuf::from_bytes(script);
            let theirs = TapLeafHash::from_script(&script, bitcoin::taproot::LeafVersion::TapScript);
            (theirs, Leaf { hash: leaf_hash(0xc0, &script), code_separator })
        });
        let (ours, mut theirs) = (Digests::new(&transaction, Some(coins.iter().collect())), SighashCache::new(&transaction));
        for input in 0..coins.len() {
            for sighash in [0, 1, 2, 3, 0x81, 0x82, 0x83, sighash] {
                let digest = ours.taproot(input, sighash, annex.as_deref(), leaf.map(|(_, leaf)| leaf));
                let Ok(kind) = TapSighashType::from_consensus_u8(sighash) else {
                    prop_assert_eq!(digest, Err(DigestError::Type(sighash)));
                    continue;
                };
                let expected = theirs.taproot_signature_hash(
                    input,
                    &Prevouts::All(&coins),
                    annex.as_deref().map(|bytes| Annex::new(bytes).unwrap()),
                    leaf.map(|(hash, leaf)| (hash, leaf.code_separator)),
                    kind,
                );
                prop_assert_eq!(digest.ok(), expected.ok().map(|hash| hash.to_byte_array()));
            }
        }
    }
}

fn one_in_none_out() -> Transaction {
    let input = TxIn { sequence: Sequence::MAX, ..TxIn::default() };
    Transaction { version: Version::TWO, lock_time: LockTime::ZERO, input: vec![input.clone(), input], output: vec![] }
}

#[test]
fn legacy_single_without_an_output_is_the_number_one() {
    let transaction = one_in_none_out();
    let digests = Digests::new(&transaction, None);
    for sighash in [3, 0x83, 0x23] {
        let digest = digests.legacy(1, Script::new(), sighash).unwrap();
        assert_eq!((digest[0], &digest[1..]), (1, [0; 31].as_slice()));
    }
    assert_ne!(digests.legacy(1, Script::new(), 1).unwrap()[1..], [0; 31]);
}

#[test]
fn taproot_single_without_an_output_has_no_digest() {
    let transaction = one_in_none_out();
    let coin = TxOut { value: Amount::ZERO, script_pubkey: ScriptBuf::new() };
    let coins = [coin.clone(), coin];
    let digests = Digests::new(&transaction, Some(coins.iter().collect()));
    assert_eq!(digests.taproot(1, 3, None, None), Err(DigestError::NoOutput { input: 1 }));
    assert_eq!(digests.taproot(2, 0, None, None), Err(DigestError::NoInput { input: 2 }));
    assert!(digests.taproot(1, 0, None, None).is_ok());
}

#[test]
fn taproot_needs_every_previous_output() {
    let transaction = one_in_none_out();
    let coins = [TxOut { value: Amount::ZERO, script_pubkey: ScriptBuf::new() }];
    assert_eq!(Digests::new(&transaction, None).taproot(0, 0, None, None), Err(DigestError::NoInput { input: 0 }));
    let short = Digests::new(&transaction, Some(coins.iter().collect()));
    assert_eq!(short.taproot(0, 0, None, None), Err(DigestError::NoInput { input: 0 }));
}

#[test]
fn an_input_that_is_not_there_has_no_digest() {
    let transaction = one_in_none_out();
    let digests = Digests::new(&transaction, None);
    assert_eq!(digests.legacy(2, Script::new(), 1), Err(DigestError::NoInput { input: 2 }));
    assert_eq!(digests.segwit_v0(2, Script::new(), 0, 1), Err(DigestError::NoInput { input: 2 }));
}

#[test]
fn lengths_are_written_as_the_network_writes_them() {
    for size in [0, 1, 0xfc, 0xfd, 0xffff, 0x1_0000, 0xffff_ffff, 0x1_0000_0000, u64::MAX] {
        let written = bitcoin::consensus::serialize(&bitcoin::VarInt(size));
        assert_eq!(sha256_of(|out| compact_size(out, size as usize)), sha256(&written), "{size}");
    }
}
