//! Signatures made by the `bitcoin` crate, for every script type and sighash type.

use std::str::FromStr;

use bitcoin::{
    Amount, OutPoint, Psbt, PubkeyHash, ScriptBuf, Sequence, Transaction, TxIn, WPubkeyHash, Witness,
    absolute::LockTime,
    hashes::Hash,
    key::{Keypair, TapTweak},
    opcodes::all::OP_CHECKMULTISIG,
    script::Builder,
    secp256k1::{All, Parity, SecretKey},
    sighash::{EcdsaSighashType, Prevouts, SighashCache, TapSighashType},
    taproot::{
        ControlBlock, LeafVersion, TapLeafHash, TapNodeHash, TaprootBuilder, TaprootMerkleBranch, TaprootSpendInfo,
    },
    transaction::Version,
};
use miniscript::{Miniscript, Segwitv0, Tap};

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
    ShMiniscript,
    WshMiniscript,
    ShWshMiniscript,
    Tr,
    Leaf,
    LeafOfMany,
}

const TYPES: [Type; 12] = [
    Type::Pkh,
    Type::Wpkh,
    Type::ShWpkh,
    Type::Sh,
    Type::Wsh,
    Type::ShWsh,
    Type::ShMiniscript,
    Type::WshMiniscript,
    Type::ShWshMiniscript,
    Type::Tr,
    Type::Leaf,
    Type::LeafOfMany,
];

impl Type {
    fn is_taproot(self) -> bool {
        matches!(self, Self::Tr | Self::Leaf | Self::LeafOfMany)
    }

    /// The innermost script.
    fn script(self) -> ScriptBuf {
        let hex = |byte: u8| bitcoin::PublicKey::new(public(byte)).to_string();
        let [a, b, c] = [hex(1), hex(2), hex(3)];
        match self {
            Self::ShMiniscript | Self::WshMiniscript | Self::ShWshMiniscript => {
                let text = format!("or_d(multi(2,{a},{b}),and_v(v:pkh({c}),older(52560)))");
                Miniscript::<bitcoin::PublicKey, Segwitv0>::from_str(&text).unwrap().encode()
            }
            Self::Leaf => leaf_script(&format!("and_v(v:pk({}),older(1000))", &a[2..])),
            Self::LeafOfMany => leaf_script(&format!("multi_a(2,{},{},{})", &a[2..], &b[2..], &c[2..])),
            Self::Pkh | Self::Wpkh | Self::ShWpkh | Self::Sh | Self::Wsh | Self::ShWsh | Self::Tr => multisig(),
        }
    }
}

fn leaf_script(text: &str) -> ScriptBuf {
    Miniscript::<XOnlyPublicKey, Tap>::from_str(text).unwrap().encode()
}

/// The script of `kind` beside another leaf, under the key that is each type's first.
fn tree(kind: Type) -> TaprootSpendInfo {
    let other = leaf_script(&format!("pk({})", &bitcoin::PublicKey::new(public(7)).to_string()[2..]));
    let tree = TaprootBuilder::new().add_leaf(1, kind.script()).unwrap().add_leaf(1, other).unwrap();
    tree.finalize(&secp(), public(1).x_only_public_key().0).unwrap()
}

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
    let inner = kind.script();
    let wsh = ScriptBuf::new_p2wsh(&inner.wscript_hash());
    let (output, _) = Keypair::from_secret_key(&secp(), &secret(1)).tap_tweak(&secp(), None).public_parts();
    let (script_pubkey, redeem_script, witness_script) = match kind {
        Type::Pkh => (ScriptBuf::new_p2pkh(&PubkeyHash::hash(&key)), None, None),
        Type::Wpkh => (wpkh, None, None),
        Type::ShWpkh => (ScriptBuf::new_p2sh(&wpkh.script_hash()), Some(wpkh), None),
        Type::Sh | Type::ShMiniscript => (ScriptBuf::new_p2sh(&inner.script_hash()), Some(inner), None),
        Type::Wsh | Type::WshMiniscript => (wsh, None, Some(inner)),
        Type::ShWsh | Type::ShWshMiniscript => (ScriptBuf::new_p2sh(&wsh.script_hash()), Some(wsh), Some(inner)),
        Type::Tr => (ScriptBuf::new_p2tr_tweaked(output), None, None),
        Type::Leaf | Type::LeafOfMany => (ScriptBuf::new_p2tr_tweaked(tree(kind).output_key()), None, None),
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
        if matches!(kind, Type::Leaf | Type::LeafOfMany) {
            let leaf = (kind.script(), LeafVersion::TapScript);
            input.tap_scripts.insert(tree(kind).control_block(&leaf).unwrap(), leaf);
        }
        if !matches!(kind, Type::Pkh | Type::Sh | Type::ShMiniscript) {
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
        Type::Sh | Type::ShMiniscript => {
            cache.legacy_signature_hash(0, &kind.script(), sighash.into()).unwrap().to_byte_array()
        }
        Type::Wpkh | Type::ShWpkh => cache.p2wsh_signature_hash(0, &pkh, amount, standard).unwrap().to_byte_array(),
        Type::Wsh | Type::ShWsh | Type::WshMiniscript | Type::ShWshMiniscript => {
            cache.p2wsh_signature_hash(0, &kind.script(), amount, standard).unwrap().to_byte_array()
        }
        Type::Leaf | Type::LeafOfMany => {
            let sighash_type = TapSighashType::from_consensus_u8(sighash).unwrap();
            let leaf = TapLeafHash::from_script(&kind.script(), LeafVersion::TapScript);
            let coins = Prevouts::All(&coins);
            let digest = cache.taproot_script_spend_signature_hash(0, &coins, leaf, sighash_type).unwrap();
            let message = Message::from_digest(digest.to_byte_array());
            let pair = Keypair::from_secret_key(&secp(), &secret(byte));
            let mut signature = secp().sign_schnorr_no_aux_rand(&message, &pair).serialize().to_vec();
            signature.extend((sighash != 0).then_some(sighash));
            let key = public(byte).x_only_public_key().0.serialize();
            return NewSignature::TapScript { key, leaf: leaf.to_byte_array(), signature };
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
        let default = if kind.is_taproot() { Some(0) } else { None };
        for sighash in [1, 2, 3, 0x81, 0x82, 0x83].into_iter().chain(default) {
            let signature = sign(kind, &psbt, 1, sighash);
            assert_eq!(verdict(&psbt, &signature), Ok(sighash), "{kind:?} {sighash}");
            // Only what commits to everything counts.
            assert_eq!(signature_check(&parsed(&psbt))(0, &signature), sighash <= 1, "{kind:?} {sighash}");
        }
    }
}

#[test]
fn only_keys_of_the_script_count() {
    for kind in TYPES {
        let psbt = psbt_of(kind);
        let other = match kind {
            Type::Tr => Err(SignatureFault::Wrong),
            Type::Sh
            | Type::Wsh
            | Type::ShWsh
            | Type::ShMiniscript
            | Type::WshMiniscript
            | Type::ShWshMiniscript
            | Type::LeafOfMany => Ok(1),
            Type::Pkh | Type::Wpkh | Type::ShWpkh | Type::Leaf => Err(SignatureFault::Key),
        };
        assert_eq!(verdict(&psbt, &sign(kind, &psbt, 2, 1)), other, "{kind:?}");
        let stranger = if kind == Type::Tr { SignatureFault::Wrong } else { SignatureFault::Key };
        assert_eq!(verdict(&psbt, &sign(kind, &psbt, 9, 1)), Err(stranger), "{kind:?}");
    }
}

#[test]
fn every_flipped_bit_is_found() {
    for kind in [Type::Wpkh, Type::WshMiniscript, Type::Tr, Type::Leaf] {
        let psbt = psbt_of(kind);
        let parsed = parsed(&psbt);
        let checker = Checker::new(&parsed);
        let good = sign(kind, &psbt, 1, 1);
        let bytes = |signature: &mut NewSignature| match signature {
            NewSignature::Ecdsa { signature, .. }
            | NewSignature::TapKey { signature }
            | NewSignature::TapScript { signature, .. } => std::mem::take(signature),
        };
        let length = bytes(&mut good.clone()).len();
        for bit in 0..length * 8 {
            let mut bad = good.clone();
            match &mut bad {
                NewSignature::Ecdsa { signature, .. }
                | NewSignature::TapKey { signature }
                | NewSignature::TapScript { signature, .. } => signature[bit / 8] ^= 1 << (bit % 8),
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

/// The verdict on a signature of key 2 where the leaf of input 0 is another one, or shown otherwise.
#[track_caller]
fn shown(expected: Result<u8, SignatureFault>, change: impl FnOnce(&mut ControlBlock, &mut ScriptBuf)) {
    let kind = Type::LeafOfMany;
    let mut psbt = psbt_of(kind);
    let signature = sign(kind, &psbt, 2, 0);
    let (mut control, (mut script, version)) = psbt.inputs[0].tap_scripts.pop_first().unwrap();
    change(&mut control, &mut script);
    psbt.inputs[0].tap_scripts.insert(control, (script, version));
    assert_eq!(verdict(&psbt, &signature), expected);
}

#[test]
fn a_leaf_counts_where_its_control_block_leads_to_the_output() {
    let not_there = Err(SignatureFault::Leaf);
    shown(Ok(0), |_, _| {});
    shown(not_there, |control, _| control.output_key_parity = control.output_key_parity ^ Parity::Odd);
    shown(not_there, |control, _| control.internal_key = public(2).x_only_public_key().0);
    shown(not_there, |_, script| script.push_opcode(bitcoin::opcodes::all::OP_DROP));
    shown(not_there, |_, script| *script = ScriptBuf::new());
    shown(not_there, |control, _| {
        let sister = TapNodeHash::from_byte_array([9; 32]);
        control.merkle_branch = TaprootMerkleBranch::try_from(vec![sister]).unwrap();
    });
    shown(not_there, |control, _| {
        let branch: Vec<_> =
            control.merkle_branch.iter().copied().chain(control.merkle_branch.iter().copied()).collect();
        control.merkle_branch = TaprootMerkleBranch::try_from(branch).unwrap();
    });
}

#[test]
fn a_leaf_that_is_not_given_has_no_valid_signature() {
    for kind in [Type::Leaf, Type::LeafOfMany] {
        lie(kind, SignatureFault::Leaf, |psbt| psbt.inputs[0].tap_scripts.clear());
        // Under another output.
        lie(kind, SignatureFault::Leaf, |psbt| {
            let script = psbt_of(Type::Tr).inputs[0].witness_utxo.clone().unwrap().script_pubkey;
            let previous = psbt.inputs[0].non_witness_utxo.take().unwrap();
            let mut utxo = previous.output[1].clone();
            utxo.script_pubkey = script;
            psbt.inputs[0].witness_utxo = Some(utxo);
        });
    }
    // Given for another leaf, with a key that the leaf does not have, or by a leaf that is not there.
    let psbt = psbt_of(Type::LeafOfMany);
    let good = sign(Type::LeafOfMany, &psbt, 1, 0);
    let NewSignature::TapScript { key, leaf, signature } = good.clone() else { unreachable!() };
    assert_eq!(verdict(&psbt, &good), Ok(0));
    let other = public(9).x_only_public_key().0.serialize();
    let with = |key, leaf| NewSignature::TapScript { key, leaf, signature: signature.clone() };
    assert_eq!(verdict(&psbt, &with(other, leaf)), Err(SignatureFault::Key));
    assert_eq!(verdict(&psbt, &with(key, [2; 32])), Err(SignatureFault::Leaf));
    assert_eq!(verdict(&psbt_of(Type::Leaf), &good), Err(SignatureFault::Leaf));
    // A leaf's signature is none of the key path, and the other way round.
    assert_eq!(verdict(&psbt, &NewSignature::TapKey { signature }), Err(SignatureFault::Wrong));
}

#[test]
fn a_script_that_the_psbt_leaves_out_is_the_derived_one() {
    let psbt = psbt_of(Type::Leaf);
    let signature = sign(Type::Leaf, &psbt, 1, 0);
    let (control, (script, _)) = psbt.inputs[0].tap_scripts.first_key_value().unwrap();
    let control = control.serialize();
    let mut bare = psbt.clone();
    bare.inputs[0].tap_scripts.clear();
    let parsed = parsed(&bare);
    let checker = Checker::new(&parsed);
    let with = |control: &[u8], script: &Script| {
        checker.check_with(0, &signature, Derived::Leaf(Shown { script, control })).map(|valid| valid.sighash)
    };
    assert_eq!(with(&control, script), Ok(0));
    assert_eq!(with(&control[..control.len() - 1], script), Err(SignatureFault::Leaf));
    assert_eq!(with(&control[..32], script), Err(SignatureFault::Leaf));
    assert_eq!(with(&[], script), Err(SignatureFault::Leaf));
    assert_eq!(with(&[&[0xc2 | (control[0] & 1)], &control[1..]].concat(), script), Err(SignatureFault::Leaf));
    let long = [control.as_slice(), &[1; 32 * 128]].concat();
    assert_eq!(with(&long, script), Err(SignatureFault::Leaf));
    assert_eq!(with(&control, &Type::LeafOfMany.script()), Err(SignatureFault::Leaf));
}

#[test]
fn a_leaf_lies_as_deep_as_the_network_lets_it() {
    let script = leaf_script(&format!("pk({})", &bitcoin::PublicKey::new(public(7)).to_string()[2..]));
    let internal = public(1).x_only_public_key().0;
    for (steps, counts) in [(0, true), (1, true), (127, true), (128, true), (129, false)] {
        let sisters: Vec<_> = (0..steps).map(|step| TapNodeHash::from_byte_array([step; 32])).collect();
        let leaf = TapNodeHash::from_script(&script, LeafVersion::TapScript);
        let root = sisters.iter().fold(leaf, |below, sister| TapNodeHash::from_node_hashes(below, *sister));
        let (output, parity) = internal.tap_tweak(&secp(), Some(root));
        let path: Vec<u8> = sisters.iter().flat_map(|sister| sister.to_byte_array()).collect();
        let control = [&[0xc0 | parity.to_u8()], internal.serialize().as_slice(), &path].concat();
        let shown = Shown { script: &script, control: &control };
        let output = output.to_x_only_public_key();
        assert_eq!(shown.is_under(&output, &Secp256k1::verification_only()), counts, "{steps}");
    }
}
