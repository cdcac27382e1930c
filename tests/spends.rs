//! Every kind of script that is finished here: signed by others, joined, finalised, and taken by the network's own
//! rules; and what is missing, forged or too early, which is not.

use std::{
    collections::{BTreeMap, BTreeSet},
    str::FromStr,
};

use bdk_wallet::miniscript::{Descriptor, ToPublicKey as _, descriptor::DescriptorType, psbt::PsbtExt as _};
use bitcoin::{
    Amount, OutPoint, Psbt, PublicKey, ScriptBuf, Sequence, TapLeafHash, TapSighashType, Transaction, TxIn, TxOut,
    XOnlyPublicKey,
    absolute::LockTime,
    ecdsa,
    hashes::{Hash, hash160, ripemd160, sha256, sha256d},
    key::{Keypair, TapTweak},
    secp256k1::{Message, Secp256k1, SecretKey},
    sighash::{EcdsaSighashType, Prevouts, SighashCache},
    taproot::{self, LeafVersion},
    transaction::Version,
};
use proptest::prelude::*;
use strongroom::{
    consensus::{self, ConsensusError},
    psbt::{self, Incomplete, JoinError},
    verify,
};

use crate::service::{made_up, payee};

const PREIMAGE: [u8; 32] = [0x42; 32];
const FEE: u64 = 1_000;
const COIN: u64 = 50_000;

fn secret(number: u8) -> SecretKey {
    SecretKey::from_slice(&[number; 32]).unwrap()
}

fn public(number: u8) -> PublicKey {
    secret(number).public_key(&Secp256k1::new()).into()
}

/// `@1` to `@6` are keys; `#sha256` and its like the hash of the preimage.
fn descriptor(template: &str) -> Descriptor<PublicKey> {
    let mut text = template.to_owned();
    for number in 1..=6 {
        text = text.replace(&format!("@{number}"), &public(number).to_string());
    }
    let hash256 = sha256d::Hash::hash(&PREIMAGE).to_byte_array();
    let hash256: String = hash256.iter().map(|byte| format!("{byte:02x}")).collect();
    text = text.replace("#sha256", &sha256::Hash::hash(&PREIMAGE).to_string());
    text = text.replace("#hash256", &hash256);
    text = text.replace("#ripemd160", &ripemd160::Hash::hash(&PREIMAGE).to_string());
    text = text.replace("#hash160", &hash160::Hash::hash(&PREIMAGE).to_string());
    Descriptor::from_str(&text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// What a transaction says about time.
#[derive(Debug, Clone, Copy)]
struct When {
    version: i32,
    lock_time: u32,
    sequence: u32,
}

const NOW: When = When { version: 2, lock_time: 0, sequence: 0xffff_fffd };

impl When {
    const fn older(blocks: u32) -> Self {
        Self { sequence: blocks, ..NOW }
    }

    const fn after(lock_time: u32) -> Self {
        Self { lock_time, ..NOW }
    }
}

/// Coins of descriptors, in one transaction, with all that a signer and a finaliser need.
fn unsigned(descriptors: &[Descriptor<PublicKey>], when: When) -> Psbt {
    let funding: Vec<_> = (0_u32..)
        .zip(descriptors)
        .map(|(number, descriptor)| {
            let coin = TxOut { value: Amount::from_sat(COIN), script_pubkey: descriptor.script_pubkey() };
            made_up(&number.to_be_bytes(), vec![coin])
        })
        .collect();
    let spend = |funding: &Transaction| TxIn {
        previous_output: OutPoint { txid: funding.compute_txid(), vout: 0 },
        sequence: Sequence(when.sequence),
        ..TxIn::default()
    };
    let transaction = Transaction {
        version: Version(when.version),
        lock_time: LockTime::from_consensus(when.lock_time),
        input: funding.iter().map(spend).collect(),
        output: vec![TxOut { value: Amount::from_sat(COIN * descriptors.len() as u64 - FEE), script_pubkey: payee(1) }],
    };
    let mut psbt = Psbt::from_unsigned_tx(transaction).unwrap();
    for ((input, descriptor), funding) in psbt.inputs.iter_mut().zip(descriptors).zip(funding) {
        if !matches!(descriptor, Descriptor::Pkh(_)) {
            input.witness_utxo = Some(funding.output[0].clone());
        }
        input.non_witness_utxo = Some(funding);
        match descriptor {
            Descriptor::Sh(_) => {
                let redeem = redeem_script(descriptor);
                if redeem.is_p2wsh() {
                    input.witness_script = Some(descriptor.explicit_script().unwrap());
                }
                input.redeem_script = Some(redeem);
            }
            Descriptor::Wsh(_) => input.witness_script = Some(descriptor.explicit_script().unwrap()),
            Descriptor::Tr(tr) => {
                let info = tr.spend_info();
                input.tap_internal_key = Some(info.internal_key());
                input.tap_merkle_root = info.merkle_root();
                for (_, script) in tr.iter_scripts() {
                    let leaf = (script.encode(), LeafVersion::TapScript);
                    input.tap_scripts.insert(info.control_block(&leaf).unwrap(), leaf);
                }
            }
            Descriptor::Bare(_) | Descriptor::Pkh(_) | Descriptor::Wpkh(_) => {}
        }
        for number in 1..=6 {
            let origin = (Default::default(), Default::default());
            input.bip32_derivation.insert(public(number).inner, origin);
        }
    }
    psbt
}

/// The script of `sh`: what a program's scriptSig pushes, or the explicit script.
fn redeem_script(descriptor: &Descriptor<PublicKey>) -> ScriptBuf {
    match descriptor.unsigned_script_sig().instructions().next() {
        Some(Ok(bitcoin::script::Instruction::PushBytes(bytes))) => ScriptBuf::from_bytes(bytes.as_bytes().to_vec()),
        _ => descriptor.explicit_script().unwrap(),
    }
}

/// Where a key signs.
#[derive(Debug, Clone, Copy, PartialEq)]
enum At {
    /// The script, or the key path.
    Main,
    /// A leaf of the tree, in the descriptor's order.
    Leaf(usize),
}

fn coins(psbt: &Psbt) -> Vec<TxOut> {
    psbt.inputs.iter().map(|input| input.non_witness_utxo.as_ref().unwrap().output[0].clone()).collect()
}

/// Signs input `n` with key `number`.
fn sign(psbt: &mut Psbt, descriptor: &Descriptor<PublicKey>, n: usize, number: u8, at: At) {
    let secp = Secp256k1::new();
    let transaction = psbt.unsigned_tx.clone();
    let mut cache = SighashCache::new(&transaction);
    let coins = coins(psbt);
    let input = &mut psbt.inputs[n];
    let Descriptor::Tr(tr) = descriptor else {
        let script = descriptor.script_code().unwrap();
        let kind = EcdsaSighashType::All;
        let kinds = [DescriptorType::Pkh, DescriptorType::Sh, DescriptorType::ShSortedMulti];
        let legacy = kinds.contains(&descriptor.desc_type());
        let digest = if legacy {
            cache.legacy_signature_hash(n, &script, kind.to_u32()).unwrap().to_byte_array()
        } else {
            cache.p2wsh_signature_hash(n, &script, coins[n].value, kind).unwrap().to_byte_array()
        };
        let signature = secp.sign_ecdsa_low_r(&Message::from_digest(digest), &secret(number));
        input.partial_sigs.insert(public(number), ecdsa::Signature::sighash_all(signature));
        return;
    };
    let pair = Keypair::from_secret_key(&secp, &secret(number));
    let (kind, coins) = (TapSighashType::Default, Prevouts::All(&coins));
    let schnorr = |digest: [u8; 32], pair: &Keypair| taproot::Signature {
        signature: secp.sign_schnorr_no_aux_rand(&Message::from_digest(digest), pair),
        sighash_type: kind,
    };
    match at {
        At::Main => {
            let digest = cache.taproot_key_spend_signature_hash(n, &coins, kind).unwrap();
            let tweaked = pair.tap_tweak(&secp, tr.spend_info().merkle_root()).to_keypair();
            input.tap_key_sig = Some(schnorr(digest.to_byte_array(), &tweaked));
        }
        At::Leaf(leaf) => {
            let (_, script) = tr.iter_scripts().nth(leaf).unwrap();
            let leaf = TapLeafHash::from_script(&script.encode(), LeafVersion::TapScript);
            let digest = cache.taproot_script_spend_signature_hash(n, &coins, leaf, kind).unwrap();
            let key = (public(number).to_x_only_pubkey(), leaf);
            input.tap_script_sigs.insert(key, schnorr(digest.to_byte_array(), &pair));
        }
    }
}

fn reveal(psbt: &mut Psbt, n: usize) {
    let input = &mut psbt.inputs[n];
    input.sha256_preimages.insert(sha256::Hash::hash(&PREIMAGE), PREIMAGE.to_vec());
    input.hash256_preimages.insert(sha256d::Hash::hash(&PREIMAGE), PREIMAGE.to_vec());
    input.ripemd160_preimages.insert(ripemd160::Hash::hash(&PREIMAGE), PREIMAGE.to_vec());
    input.hash160_preimages.insert(hash160::Hash::hash(&PREIMAGE), PREIMAGE.to_vec());
}

fn parsed(psbt: &Psbt) -> psbt::Parsed {
    psbt::parse(psbt.serialize()).unwrap_or_else(|error| panic!("{error}"))
}

fn finalize(psbt: &Psbt) -> Result<Transaction, Incomplete> {
    let done = psbt::finalize(&parsed(psbt), &verify::signature_check);
    done.map(|done| done.transaction).map_err(|error| error.why)
}

/// One way to spend one kind of script.
struct Way {
    descriptor: &'static str,
    when: When,
    signers: &'static [u8],
    at: At,
    preimages: bool,
    /// What it is without one of the signatures.
    lacks: Incomplete,
}

const fn way(descriptor: &'static str, when: When, signers: &'static [u8], lacks: Incomplete) -> Way {
    Way { descriptor, when, signers, at: At::Main, preimages: false, lacks }
}

const fn leaf(descriptor: &'static str, leaf: usize, when: When, signers: &'static [u8], lacks: Incomplete) -> Way {
    Way { at: At::Leaf(leaf), ..way(descriptor, when, signers, lacks) }
}

const fn hashed(descriptor: &'static str, signers: &'static [u8]) -> Way {
    Way { preimages: true, ..way(descriptor, NOW, signers, Incomplete::Path { have: 0 }) }
}

const F8: &str = "tr(@1,{pk(@2),and_v(v:pk(@3),older(1000))})";
const F9: &str = "wsh(or_d(multi(2,@1,@2),and_v(v:pkh(@3),older(52560))))";
const OF_MANY: &str =
    "tr(@1,{multi_a(2,@2,@3,@4),{and_v(v:multi_a(1,@2,@5),after(800000)),and_v(v:sha256(#sha256),pk(@6))}})";
const LEGACY: &str = "sh(or_d(multi(2,@1,@2,@3),and_v(v:pkh(@4),after(1700000000))))";
const NESTED: &str = "sh(wsh(andor(pk(@1),older(144),and_v(v:multi(2,@2,@3),after(800000)))))";
const MIXED: &str = "wsh(thresh(2,pk(@1),s:pk(@2),a:pkh(@3),snl:after(800000)))";

const fn one(have: usize, need: usize) -> Incomplete {
    Incomplete::Signatures { have, need }
}

const fn path(have: usize) -> Incomplete {
    Incomplete::Path { have }
}

fn ways() -> Vec<Way> {
    vec![
        way("pkh(@1)", NOW, &[1], one(0, 1)),
        way("wpkh(@1)", NOW, &[1], one(0, 1)),
        way("sh(wpkh(@1))", NOW, &[1], one(0, 1)),
        way("sh(sortedmulti(2,@1,@2,@3))", NOW, &[1, 3], one(1, 2)),
        way("wsh(multi(2,@3,@2,@1))", NOW, &[2, 1], one(1, 2)),
        way("sh(wsh(sortedmulti(3,@1,@2,@3,@4)))", NOW, &[1, 4, 2], one(2, 3)),
        way(F9, NOW, &[1, 2], path(1)),
        way(F9, When::older(52_560), &[3], path(0)),
        way(LEGACY, NOW, &[1, 3], path(1)),
        way(LEGACY, When::after(1_700_000_000), &[4], path(0)),
        way(NESTED, When::older(144), &[1], path(0)),
        way(NESTED, When::after(800_000), &[2, 3], path(1)),
        way(MIXED, NOW, &[1, 2], Incomplete::Time),
        way(MIXED, NOW, &[2, 3], Incomplete::Time),
        way(MIXED, When::after(800_000), &[3], path(0)),
        way("sh(wsh(or_i(pk(@1),and_v(v:pkh(@2),older(4194310)))))", When::older(4_194_310), &[2], path(0)),
        way("sh(or_i(and_v(v:pk(@1),older(3)),pk(@2)))", When::older(3), &[1], path(0)),
        way("wsh(c:or_i(pk_k(@1),pk_h(@2)))", NOW, &[2], path(0)),
        hashed("wsh(and_v(v:sha256(#sha256),pk(@1)))", &[1]),
        hashed("wsh(and_v(v:hash256(#hash256),pk(@1)))", &[1]),
        hashed("sh(wsh(and_v(v:ripemd160(#ripemd160),pk(@1))))", &[1]),
        hashed("sh(and_v(v:hash160(#hash160),pkh(@1)))", &[1]),
        way("tr(@1)", NOW, &[1], one(0, 1)),
        way(F8, NOW, &[1], one(0, 1)),
        leaf(F8, 0, NOW, &[2], one(0, 1)),
        leaf(F8, 1, When::older(1000), &[3], one(0, 1)),
        leaf(OF_MANY, 0, NOW, &[4, 2], path(1)),
        leaf(OF_MANY, 1, When::after(800_000), &[5], one(0, 1)),
        Way { preimages: true, ..leaf(OF_MANY, 2, NOW, &[6], one(0, 1)) },
        leaf("tr(@1,and_v(v:pkh(@2),older(7)))", 0, When::older(7), &[2], one(0, 1)),
    ]
}

fn signed(way: &Way) -> (Descriptor<PublicKey>, Psbt) {
    let descriptor = descriptor(way.descriptor);
    let mut psbt = unsigned(std::slice::from_ref(&descriptor), way.when);
    if way.preimages {
        reveal(&mut psbt, 0);
    }
    for signer in way.signers {
        sign(&mut psbt, &descriptor, 0, *signer, way.at);
    }
    (descriptor, psbt)
}

#[test]
fn every_way_to_spend_is_finished_and_the_network_takes_it() {
    for way in ways() {
        let (_, psbt) = signed(&way);
        let transaction = finalize(&psbt).unwrap_or_else(|why| panic!("{}: {why}", way.descriptor));
        assert_eq!(consensus::check(&transaction, &coins(&psbt)), Ok(()), "{}", way.descriptor);
        // Of version 2, too, which stays what it was.
        let raw = crate::raw_psbt::RawPsbt::from_bytes(&psbt.serialize()).to_v2();
        let of_version_2 = psbt::parse(raw.to_bytes()).unwrap();
        let done = psbt::finalize(&of_version_2, &verify::signature_check).unwrap();
        assert_eq!(done.transaction, transaction, "{}", way.descriptor);
        let (before, after) = (of_version_2.transaction_bytes(), psbt::parse(done.psbt).unwrap());
        assert_eq!(before, after.transaction_bytes(), "{}", way.descriptor);
        // miniscript finishes it the same way; it cannot finish a leaf that has a key as its hash.
        if way.descriptor.starts_with("tr") && way.descriptor.contains("pkh") {
            continue;
        }
        let theirs = psbt.clone().finalize(&Secp256k1::new()).unwrap().extract_tx_unchecked_fee_rate();
        assert_eq!(transaction, theirs, "{}", way.descriptor);
    }
}

#[test]
fn one_signature_fewer_finishes_nothing() {
    for way in ways() {
        let (descriptor, psbt) = signed(&way);
        for left_out in way.signers {
            let mut psbt = psbt.clone();
            let input = &mut psbt.inputs[0];
            input.partial_sigs.remove(&public(*left_out));
            input.tap_script_sigs.retain(|(key, _), _| *key != public(*left_out).to_x_only_pubkey());
            input.tap_key_sig = None;
            assert_eq!(finalize(&psbt), Err(way.lacks.clone()), "{}", way.descriptor);
            // Beside an input that is complete, too.
            let mut two = unsigned(&[descriptor.clone(), descriptor.clone()], way.when);
            for signer in way.signers {
                sign(&mut two, &descriptor, 0, *signer, way.at);
            }
            reveal(&mut two, 0);
            reveal(&mut two, 1);
            let error = psbt::finalize(&parsed(&two), &verify::signature_check).unwrap_err();
            assert_eq!(error.input, 1, "{}", way.descriptor);
        }
    }
}

#[test]
fn a_flipped_bit_in_any_signature_finishes_nothing() {
    for way in ways() {
        let (_, psbt) = signed(&way);
        let good = parsed(&psbt);
        let raw = crate::raw_psbt::RawPsbt::from_bytes(good.bytes());
        let signatures: Vec<_> = raw.maps[1].iter().filter(|(key, _)| matches!(key[0], 0x02 | 0x13 | 0x14)).collect();
        assert_eq!(signatures.len(), way.signers.len());
        for (key, value) in signatures {
            let mut flipped = value.clone();
            flipped[20] ^= 1;
            let forged = psbt::parse(raw.clone().set(1, key, &flipped).to_bytes()).unwrap();
            let refused = psbt::finalize(&forged, &verify::signature_check).map_err(|error| error.why);
            assert_eq!(refused, Err(Incomplete::Invalid), "{}", way.descriptor);
            assert!(matches!(
                psbt::join(&good, &[forged], &verify::signature_check),
                Err(JoinError::Conflict { first: 1, psbt: 2, input: 0 })
            ));
        }
    }
}

#[test]
fn a_path_whose_time_has_not_come_is_not_finished() {
    for (descriptor, when, signer, at) in [
        (F9, NOW, 3, At::Main),
        (F9, When::older(52_559), 3, At::Main),
        (F9, When { version: 1, ..When::older(52_560) }, 3, At::Main),
        (F9, When::older(52_560 | 1 << 22), 3, At::Main),
        (LEGACY, When::after(1_699_999_999), 4, At::Main),
        (LEGACY, When::after(800_000), 4, At::Main),
        (LEGACY, When { sequence: u32::MAX, ..When::after(1_700_000_000) }, 4, At::Main),
        (F8, When::older(999), 3, At::Leaf(1)),
        (OF_MANY, When::after(799_999), 5, At::Leaf(1)),
    ] {
        let way = Way { at, ..way(descriptor, when, &[], path(0)) };
        let (descriptor, mut psbt) = signed(&way);
        sign(&mut psbt, &descriptor, 0, signer, at);
        assert_eq!(finalize(&psbt), Err(Incomplete::Time), "{}, {when:?}", way.descriptor);
    }
}

#[test]
fn a_path_without_its_preimage_is_not_finished() {
    for way in ways().into_iter().filter(|way| way.preimages) {
        let (_, mut psbt) = signed(&way);
        let input = &mut psbt.inputs[0];
        input.sha256_preimages.clear();
        input.hash256_preimages.clear();
        input.ripemd160_preimages.clear();
        input.hash160_preimages.clear();
        assert_eq!(finalize(&psbt), Err(path(1)), "{}", way.descriptor);
        // 31 bytes are no preimage for miniscript, whatever they hash to.
        let short =
            Descriptor::from_str(&format!("wsh(and_v(v:sha256({}),pk({})))", sha256::Hash::hash(&[1; 31]), public(1)));
        let short: Descriptor<PublicKey> = short.unwrap();
        let mut psbt = unsigned(std::slice::from_ref(&short), NOW);
        psbt.inputs[0].sha256_preimages.insert(sha256::Hash::hash(&[1; 31]), vec![1; 31]);
        sign(&mut psbt, &short, 0, 1, At::Main);
        assert_eq!(finalize(&psbt), Err(path(1)));
    }
}

#[test]
fn a_signature_does_where_a_preimage_that_nobody_gave_would() {
    let taproot = "tr(@1,and_v(v:pk(@2),or_d(pk(@3),hash256(#hash256))))";
    for (text, at, [always, other]) in [
        ("wsh(and_v(v:pk(@1),or_d(pk(@2),sha256(#sha256))))", At::Main, [1, 2]),
        ("sh(wsh(and_v(v:pk(@1),or_d(pkh(@2),hash160(#hash160)))))", At::Main, [1, 2]),
        ("sh(and_v(v:pk(@1),or_d(pk(@2),ripemd160(#ripemd160))))", At::Main, [1, 2]),
        (taproot, At::Leaf(0), [2, 3]),
    ] {
        let descriptor = descriptor(text);
        let mut one = unsigned(std::slice::from_ref(&descriptor), NOW);
        sign(&mut one, &descriptor, 0, always, at);
        // Neither the other signature nor the preimage.
        assert!(finalize(&one).is_err(), "{text}");
        let mut both = one.clone();
        sign(&mut both, &descriptor, 0, other, at);
        let signed = finalize(&both).unwrap_or_else(|why| panic!("{text}: {why}"));
        assert_eq!(consensus::check(&signed, &coins(&both)), Ok(()), "{text}");
        // The preimage alone is enough, and where both are there the one that others cannot put there later.
        reveal(&mut one, 0);
        let revealed = finalize(&one).unwrap_or_else(|why| panic!("{text}: {why}"));
        assert_eq!(consensus::check(&revealed, &coins(&one)), Ok(()), "{text}");
        reveal(&mut both, 0);
        assert_eq!(finalize(&both).as_ref(), Ok(&revealed), "{text}");
        assert_ne!(signed, revealed, "{text}");
        // A signature in its place that does not verify finishes nothing.
        let raw = crate::raw_psbt::RawPsbt::from_bytes(&parsed(&both).bytes());
        let (key, value) = raw.maps[1].iter().filter(|(key, _)| matches!(key[0], 0x02 | 0x14)).last().unwrap();
        let mut flipped = value.clone();
        flipped[20] ^= 1;
        let forged = psbt::parse(raw.clone().set(1, key, &flipped).to_bytes()).unwrap();
        assert_eq!(psbt::finalize(&forged, &verify::signature_check).unwrap_err().why, Incomplete::Invalid, "{text}");
    }
}

#[test]
fn of_several_complete_ways_the_cheapest_is_taken() {
    let descriptor = descriptor(OF_MANY);
    let mut psbt = unsigned(std::slice::from_ref(&descriptor), When::after(800_000));
    let items = |psbt: &Psbt| finalize(psbt).unwrap().input[0].witness.len();
    let mut sizes = Vec::new();
    sign(&mut psbt, &descriptor, 0, 2, At::Leaf(0));
    sign(&mut psbt, &descriptor, 0, 3, At::Leaf(0));
    sizes.push(finalize(&psbt).unwrap().weight());
    assert_eq!(items(&psbt), 5);
    sign(&mut psbt, &descriptor, 0, 5, At::Leaf(1));
    sizes.push(finalize(&psbt).unwrap().weight());
    reveal(&mut psbt, 0);
    sign(&mut psbt, &descriptor, 0, 6, At::Leaf(2));
    assert_eq!(consensus::check(&finalize(&psbt).unwrap(), &coins(&psbt)), Ok(()));
    sizes.push(finalize(&psbt).unwrap().weight());
    sign(&mut psbt, &descriptor, 0, 1, At::Main);
    sizes.push(finalize(&psbt).unwrap().weight());
    assert_eq!(items(&psbt), 1);
    assert!(sizes.is_sorted_by(|more, less| more >= less), "{sizes:?}");
    // A leaf that is not given is not finished; one under another output is refused.
    let mut none = psbt.clone();
    none.inputs[0].tap_key_sig = None;
    none.inputs[0].tap_scripts.clear();
    assert_eq!(finalize(&none), Err(Incomplete::NoScript("leaf")));
    let mut other = psbt.clone();
    other.inputs[0].tap_key_sig = None;
    let changed: BTreeMap<_, _> = std::mem::take(&mut other.inputs[0].tap_scripts)
        .into_iter()
        .map(|(mut control, leaf)| {
            control.internal_key = XOnlyPublicKey::from(public(2));
            (control, leaf)
        })
        .collect();
    other.inputs[0].tap_scripts = changed;
    assert_eq!(finalize(&other), Err(Incomplete::OtherScript("leaf")));
}

#[test]
fn scripts_that_others_could_change_or_anyone_spend_are_not_finished() {
    for script in [
        // no signature, twice the same key, OP_CODESEPARATOR, two satisfactions that anyone may exchange
        "a820{h}88".replace("{h}", &"11".repeat(32)),
        format!("21{k}ad21{k}ac", k = public(1)),
        format!("ab21{}ac", public(1)),
        "51".to_owned(),
    ] {
        let script = ScriptBuf::from_hex(&script).unwrap();
        let mut psbt = unsigned(&[descriptor("wsh(pk(@1))")], NOW);
        let program = script.to_p2wsh();
        let mut funding = psbt.inputs[0].non_witness_utxo.take().unwrap();
        funding.output[0].script_pubkey = program;
        psbt.unsigned_tx.input[0].previous_output.txid = funding.compute_txid();
        psbt.inputs[0].witness_utxo = Some(funding.output[0].clone());
        psbt.inputs[0].non_witness_utxo = Some(funding);
        psbt.inputs[0].witness_script = Some(script.clone());
        assert_eq!(finalize(&psbt), Err(Incomplete::Unsupported), "{script}");
    }
}

/// A kind of script with signers of it.
type Part = (Descriptor<PublicKey>, Vec<(u8, At)>);

/// Signatures of one input by several signers, for the joins.
fn parts() -> Vec<Part> {
    vec![
        (descriptor(F9), vec![(1, At::Main), (2, At::Main), (3, At::Main)]),
        (descriptor(LEGACY), vec![(1, At::Main), (2, At::Main), (4, At::Main)]),
        (
            descriptor(OF_MANY),
            vec![(2, At::Leaf(0)), (2, At::Leaf(1)), (3, At::Leaf(0)), (6, At::Leaf(2)), (1, At::Main)],
        ),
        (descriptor(NESTED), vec![(1, At::Main), (2, At::Main), (3, At::Main)]),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() })]

    /// The answers of several signers, in any order and with repetitions, full or trimmed, join to the same bytes.
    #[test]
    fn joins_of_any_order_are_the_same_and_lose_nothing(
        picks in prop::collection::vec((0_usize..4, any::<prop::sample::Index>(), any::<bool>()), 1..10),
        order in prop::collection::vec(any::<prop::sample::Index>(), 0..6),
        base_is_answer in any::<bool>(),
    ) {
        let parts = parts();
        let descriptors: Vec<_> = parts.iter().map(|(descriptor, _)| descriptor.clone()).collect();
        let base = unsigned(&descriptors, NOW);
        let mut expected = BTreeSet::new();
        let answer = |&(input, pick, full): &(usize, prop::sample::Index, bool)| {
            let (descriptor, signers) = &parts[input];
            let (signer, at) = signers[pick.index(signers.len())];
            let mut psbt = base.clone();
            sign(&mut psbt, descriptor, input, signer, at);
            if !full {
                // The answer of a signer that gives the transaction and its signatures alone.
                let bare = Psbt::from_unsigned_tx(psbt.unsigned_tx.clone()).unwrap();
                let signed = std::mem::replace(&mut psbt, bare);
                let (from, to) = (&signed.inputs[input], &mut psbt.inputs[input]);
                to.partial_sigs.clone_from(&from.partial_sigs);
                to.tap_script_sigs.clone_from(&from.tap_script_sigs);
                to.tap_key_sig = from.tap_key_sig;
            }
            (psbt.serialize(), (input, signer, format!("{at:?}")))
        };
        let made: Vec<_> = picks.iter().map(answer).collect();
        expected.extend(made.iter().map(|(_, what)| what.clone()));
        let read = |bytes: &Vec<u8>| psbt::parse(bytes.clone()).unwrap();
        let join = |base: &Vec<u8>, others: Vec<&Vec<u8>>| {
            let others: Vec<_> = others.into_iter().map(read).collect();
            psbt::join(&read(base), &others, &verify::signature_check).unwrap()
        };
        let start = base.serialize();
        let joined = join(&start, made.iter().map(|(bytes, _)| bytes).collect());
        let count: usize = read(&joined)
            .inputs()
            .iter()
            .map(|map| map.partial_sigs.len() + map.tap_script_sigs.len() + usize::from(map.tap_key_sig.is_some()))
            .sum();
        prop_assert_eq!(count, expected.len());

        let shuffled = order.iter().map(|index| &made[index.index(made.len())].0).chain(made.iter().rev().map(|(bytes, _)| bytes));
        let shuffled: Vec<_> = shuffled.collect();
        prop_assert_eq!(&join(&start, shuffled.clone()), &joined);
        prop_assert_eq!(&join(&joined, shuffled.clone()), &joined);
        if base_is_answer {
            let others = shuffled.iter().copied().chain([&start]).collect();
            prop_assert_eq!(&join(&made[0].0, others), &joined);
        }
        let mut step = start.clone();
        for answer in shuffled {
            step = join(&step, vec![answer]);
        }
        prop_assert_eq!(&step, &joined);
    }

    /// Time locks are read as the network reads them.
    #[test]
    fn a_time_lock_is_met_where_the_network_takes_it(
        version in 1_i32..=3,
        sequence in prop_oneof![Just(u32::MAX), Just(u32::MAX - 1), 0_u32..70_000, any::<u32>(), (0_u32..200).prop_map(|n| n | 1 << 22)],
        lock_time in prop_oneof![Just(0_u32), 0_u32..200, 499_999_900_u32..500_000_100, any::<u32>()],
        lock in prop_oneof![1_u32..200, 499_999_900_u32..500_000_100, 1_u32..0x7fff_ffff],
        relative in prop_oneof![1_u32..200, 1_u32..0x1_0000, (1_u32..200).prop_map(|n| n | 1 << 22)],
        of_sequence in any::<bool>(),
    ) {
        let fragment = if of_sequence { format!("older({relative})") } else { format!("after({lock})") };
        let descriptor = descriptor(&format!("wsh(and_v(v:pk(@1),{fragment}))"));
        let mut psbt = unsigned(std::slice::from_ref(&descriptor), When { version, lock_time, sequence });
        sign(&mut psbt, &descriptor, 0, 1, At::Main);
        match finalize(&psbt) {
            Ok(transaction) => prop_assert_eq!(consensus::check(&transaction, &coins(&psbt)), Ok(())),
            Err(why) => {
                prop_assert_eq!(why, Incomplete::Time);
                let mut transaction = psbt.unsigned_tx.clone();
                transaction.input[0].witness.push(psbt.inputs[0].partial_sigs[&public(1)].to_vec());
                transaction.input[0].witness.push(descriptor.explicit_script().unwrap().as_bytes());
                prop_assert_eq!(consensus::check(&transaction, &coins(&psbt)), Err(ConsensusError::Script(0)));
            }
        }
    }
}
