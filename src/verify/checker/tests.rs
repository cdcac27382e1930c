//! Signatures made by the `bitcoin` crate, for every script type and sighash type.

use bitcoin::{
    Amount, OutPoint, Psbt, PubkeyHash, ScriptBuf, Sequence, Transaction, TxIn, WPubkeyHash, Witness,
    absolute::LockTime,
    hashes::Hash,
    key::{Keypair, TapTweak},
    opcodes::all::OP_CHECKMULTISIG,
    script::Builder,
    secp256k1::{All, SecretKey},
    sighash::{EcdsaSighashType, Prevouts, SighashCache, TapSighashType},
    transaction::Version,
};

use super::*;
use crate::psbt;

#[derive(Debug, Clone, Copy, PartialEq)]
enum Type {
    Pkh,
    Wpkh,
    ShWpkh,
    Sh,
    Wsh,
    ShWsh,
    Tr,
}

const TYPES: [Type; 7] = [Type::Pkh, Type::Wpkh, Type::ShWpkh, Type::Sh, Type::Wsh, Type::ShWsh, Type::Tr];

fn secp() -> Secp256k1<All> {
    Secp256k1::new()
}

fn secret(byte: u8) -> SecretKey {
    SecretKey::from_slice(&[byte; 32]).unwrap()
}

fn public(byte: u8) -> PublicKey {
    secret(byte).public_key(&secp())
}

fn multisig() -> ScriptBuf {
    let key = |byte| bitcoin::PublicKey::new(public(byte));
    let builder = Builder::new().push_int(2).push_key(&key(1)).push_key(&key(2)).push_key(&key(3));
    builder.push_int(3).push_opcode(OP_CHECKMULTISIG).into_script()
}

/// Spends two coins of `kind` to one output.
fn psbt_of(kind: Type) -> Psbt {
    let key = public(1).serialize();
    let wpkh = ScriptBuf::new_p2wpkh(&WPubkeyHash::hash(&key));
    let wsh = ScriptBuf::new_p2wsh(&multisig().wscript_hash());
    let (output, _) = Keypair::from_secret_key(&secp(), &secret(1)).tap_tweak(&secp(), None).public_parts();
    let (script_pubkey, redeem_script, witness_script) = match kind {
        Type::Pkh => (ScriptBuf::new_p2pkh(&PubkeyHash::hash(&key)), None, None),
        Type::Wpkh => (wpkh, None, None),
        Type::ShWpkh => (ScriptBuf::new_p2sh(&wpkh.script_hash()), Some(wpkh), None),
        Type::Sh => (ScriptBuf::new_p2sh(&multisig().script_hash()), Some(multisig()), None),
        Type::Wsh => (wsh, None, Some(multisig())),
        Type::ShWsh => (ScriptBuf::new_p2sh(&wsh.script_hash()), Some(wsh), Some(multisig())),
        Type::Tr => (ScriptBuf::new_p2tr_tweaked(output), None, None),
    };
    let coin = |sat| TxOut { value: Amount::from_sat(sat), script_pubkey: script_pubkey.clone() };
    let previous = Transaction {
        version: Version::TWO,
        lock_time: LockTime::ZERO,
        input: vec![TxIn { sequence: Sequence::MAX, ..TxIn::default() }],
        output: vec![coin(70_000), coin(80_000)],
    };
    let spend = |vout| TxIn {
        previous_output: OutPoint { txid: previous.compute_txid(), vout },
        script_sig: ScriptBuf::new(),
        sequence: Sequence::ENABLE_RBF_NO_LOCKTIME,
        witness: Witness::new(),
    };
    let transaction = Transaction {
        version: Version::TWO,
        lock_time: LockTime::from_consensus(500),
        input: vec![spend(1), spend(0)],
        output: vec![TxOut { value: Amount::from_sat(140_000), script_pubkey: multisig().to_p2wsh() }],
    };
    let mut psbt = Psbt::from_unsigned_tx(transaction).unwrap();
    for (input, vout) in psbt.inputs.iter_mut().zip([1, 0]) {
        input.non_witness_utxo = Some(previous.clone());
        if kind != Type::Pkh && kind != Type::Sh {
            input.witness_utxo = Some(previous.output[vout].clone());
        }
        input.redeem_script = redeem_script.clone();
        input.witness_script = witness_script.clone();
    }
    psbt
}

/// A signature of input 0 by key `byte`, with `sighash`.
fn sign(kind: Type, psbt: &Psbt, byte: u8, sighash: u8) -> NewSignature {
    let mut cache = SighashCache::new(&psbt.unsigned_tx);
    let coins: Vec<_> = psbt
        .unsigned_tx
        .input
        .iter()
        .zip(&psbt.inputs)
        .map(|(input, map)| map.non_witness_utxo.as_ref().unwrap().output[input.previous_output.vout as usize].clone())
        .collect();
    let (script, amount) = (&coins[0].script_pubkey, coins[0].value);
    let standard = EcdsaSighashType::from_consensus(sighash.into());
    let pkh = ScriptBuf::new_p2pkh(&PubkeyHash::hash(&public(1).serialize()));
    let digest = match kind {
        Type::Pkh => cache.legacy_signature_hash(0, script, sighash.into()).unwrap().to_byte_array(),
        Type::Sh => cache.legacy_signature_hash(0, &multisig(), sighash.into()).unwrap().to_byte_array(),
        Type::Wpkh | Type::ShWpkh => cache.p2wsh_signature_hash(0, &pkh, amount, standard).unwrap().to_byte_array(),
        Type::Wsh | Type::ShWsh => {
            cache.p2wsh_signature_hash(0, &multisig(), amount, standard).unwrap().to_byte_array()
        }
        Type::Tr => {
            let sighash_type = TapSighashType::from_consensus_u8(sighash).unwrap();
            let digest = cache.taproot_key_spend_signature_hash(0, &Prevouts::All(&coins), sighash_type).unwrap();
            let pair = Keypair::from_secret_key(&secp(), &secret(byte)).tap_tweak(&secp(), None).to_keypair();
            let message = Message::from_digest(digest.to_byte_array());
            let mut signature = secp().sign_schnorr_no_aux_rand(&message, &pair).serialize().to_vec();
            signature.extend((sighash != 0).then_some(sighash));
            return NewSignature::TapKey { signature };
        }
    };
    let made = secp().sign_ecdsa(&Message::from_digest(digest), &secret(byte));
    let mut signature = made.serialize_der().to_vec();
    signature.push(sighash);
    NewSignature::Ecdsa { key: public(byte).serialize(), signature }
}

fn parsed(psbt: &Psbt) -> Parsed {
    psbt::parse(psbt.serialize()).unwrap()
}

fn verdict(psbt: &Psbt, signature: &NewSignature) -> Result<u8, SignatureFault> {
    Checker::new(&parsed(psbt)).check(0, signature).map(|valid| valid.sighash)
}

#[test]
fn signatures_of_every_type_and_sighash_verify() {
    for kind in TYPES {
        let psbt = psbt_of(kind);
        let default = if kind == Type::Tr { Some(0) } else { None };
        for sighash in [1, 2, 3, 0x81, 0x82, 0x83].into_iter().chain(default) {
            let signature = sign(kind, &psbt, 1, sighash);
            assert_eq!(verdict(&psbt, &signature), Ok(sighash), "{kind:?} {sighash}");
            // Only what commits to everything counts.
            assert_eq!(signature_check(&parsed(&psbt), 0, &signature), sighash <= 1, "{kind:?} {sighash}");
        }
    }
}

#[test]
fn only_keys_of_the_script_count() {
    for kind in TYPES {
        let psbt = psbt_of(kind);
        let other = match kind {
            Type::Tr => Err(SignatureFault::Wrong),
            Type::Sh | Type::Wsh | Type::ShWsh => Ok(1),
            Type::Pkh | Type::Wpkh | Type::ShWpkh => Err(SignatureFault::Key),
        };
        assert_eq!(verdict(&psbt, &sign(kind, &psbt, 2, 1)), other, "{kind:?}");
        let stranger = if kind == Type::Tr { SignatureFault::Wrong } else { SignatureFault::Key };
        assert_eq!(verdict(&psbt, &sign(kind, &psbt, 9, 1)), Err(stranger), "{kind:?}");
    }
}

#[test]
fn every_flipped_bit_is_found() {
    for kind in [Type::Wpkh, Type::Tr] {
        let psbt = psbt_of(kind);
        let parsed = parsed(&psbt);
        let checker = Checker::new(&parsed);
        let good = sign(kind, &psbt, 1, 1);
        let length = match &good {
            NewSignature::Ecdsa { signature, .. } | NewSignature::TapKey { signature } => signature.len(),
            NewSignature::TapScript { .. } => unreachable!(),
        };
        for bit in 0..length * 8 {
            let mut bad = good.clone();
            match &mut bad {
                NewSignature::Ecdsa { signature, .. } | NewSignature::TapKey { signature } => {
                    signature[bit / 8] ^= 1 << (bit % 8);
                }
                NewSignature::TapScript { .. } => unreachable!(),
            }
            assert!(checker.check(0, &bad).is_err(), "{kind:?}, bit {bit}");
        }
        // Right, but for the other input.
        assert!(checker.check(1, &good).is_err());
        assert_eq!(checker.check(2, &good), Err(SignatureFault::NoInput));
    }
}

#[track_caller]
fn lie(kind: Type, expected: SignatureFault, tell: impl FnOnce(&mut Psbt)) {
    let mut psbt = psbt_of(kind);
    let signature = sign(kind, &psbt, 1, 1);
    tell(&mut psbt);
    assert_eq!(verdict(&psbt, &signature), Err(expected), "{kind:?}");
}

#[test]
fn a_psbt_that_lies_about_the_coin_has_no_valid_signature() {
    for kind in [Type::Wpkh, Type::ShWpkh, Type::Wsh, Type::ShWsh, Type::Tr] {
        let more = Amount::from_sat(80_001);
        // Beside the previous transaction a lie is seen as such; without it the digest is another.
        lie(kind, SignatureFault::Coin, |psbt| psbt.inputs[0].witness_utxo.as_mut().unwrap().value = more);
        lie(kind, SignatureFault::Wrong, |psbt| {
            psbt.inputs[0].non_witness_utxo = None;
            psbt.inputs[0].witness_utxo.as_mut().unwrap().value = more;
        });
        lie(kind, SignatureFault::Coin, |psbt| {
            psbt.inputs[0].non_witness_utxo = None;
            psbt.inputs[0].witness_utxo = None;
        });
    }
    for kind in TYPES {
        lie(kind, SignatureFault::Coin, |psbt| {
            psbt.inputs[0].non_witness_utxo.as_mut().unwrap().output[0].value = Amount::from_sat(1);
        });
    }
    // Taproot commits to the coins of all inputs.
    lie(Type::Tr, SignatureFault::Digest, |psbt| {
        psbt.inputs[1].non_witness_utxo = None;
        psbt.inputs[1].witness_utxo = None;
    });
    lie(Type::Tr, SignatureFault::Wrong, |psbt| {
        psbt.inputs[1].non_witness_utxo = None;
        psbt.inputs[1].witness_utxo.as_mut().unwrap().value = Amount::from_sat(70_001);
    });
}

#[test]
fn a_psbt_with_other_scripts_has_no_valid_signature() {
    let other = || Builder::new().push_int(1).into_script();
    for kind in [Type::ShWpkh, Type::Sh, Type::ShWsh] {
        lie(kind, SignatureFault::Key, |psbt| psbt.inputs[0].redeem_script = Some(other()));
    }
    for kind in [Type::Wsh, Type::ShWsh] {
        lie(kind, SignatureFault::Key, |psbt| psbt.inputs[0].witness_script = Some(other()));
        lie(kind, SignatureFault::Key, |psbt| psbt.inputs[0].witness_script = None);
    }
    for kind in [Type::Pkh, Type::Wpkh, Type::Wsh] {
        lie(kind, SignatureFault::Key, |psbt| psbt.inputs[0].redeem_script = Some(multisig()));
    }
}

#[test]
fn script_paths_are_not_supported() {
    let signature = NewSignature::TapScript { key: [1; 32], leaf: [2; 32], signature: vec![3; 64] };
    assert_eq!(verdict(&psbt_of(Type::Tr), &signature), Err(SignatureFault::ScriptPath));
}
