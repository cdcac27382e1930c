//! The chain to its end, and what a faulty signer, reader or writer could hand over.

use bitcoin::{
    hashes::Hash,
    key::{Keypair, TapTweak},
    secp256k1::{Message, Secp256k1, SecretKey},
    sighash::{EcdsaSighashType, Prevouts, SighashCache, TapSighashType},
};

use super::*;
use crate::psbt::raw_psbt::{RawPsbt, to_v2};
use crate::sign::{
    sign,
    signing_desk::{Desk, Spend as Payment, master},
};

struct Case {
    desk: Desk,
    payment: Payment,
    cleared: Cleared,
    made: Vec<(u32, NewSignature)>,
}

fn case(wallet: &str) -> Case {
    let desk = Desk::new();
    let payment = desk.spend_of(desk.place(wallet), 3);
    let recorded = desk.record(desk.clear(&payment.psbt), &mut desk.book());
    let signed = sign(recorded, &desk.wallets, &desk.master).ok().unwrap();
    let (_, made) = signed.into_parts();
    let cleared = desk.clear(&payment.psbt);
    Case { desk, payment, cleared, made }
}

fn bytes(signature: &mut NewSignature) -> &mut Vec<u8> {
    match signature {
        NewSignature::Ecdsa { signature, .. }
        | NewSignature::TapKey { signature }
        | NewSignature::TapScript { signature, .. } => signature,
    }
}

impl Case {
    #[track_caller]
    fn refused(&self, what: &str, expected: &VerifyError, edit: impl FnOnce(&mut Vec<(u32, NewSignature)>)) {
        let mut made = self.made.clone();
        edit(&mut made);
        assert_eq!(check(&self.cleared, &made).as_ref().err(), Some(expected), "{what}");
    }

    /// The private key of an input of a single-key wallet.
    fn secret(&self, purpose: u32, input: u32) -> SecretKey {
        let path = [purpose | 1 << 31, 1 | 1 << 31, 1 << 31, 0];
        let branch = self.desk.master.branch(&path).ok().unwrap();
        branch.with_child(input, |secret, _| *secret).ok().unwrap()
    }
}

const WALLETS: [&str; 13] = [
    "wpkh",
    "pkh",
    "sh-wpkh",
    "tr",
    "sh-multi",
    "sh-wsh",
    "wsh",
    "wsh-unsorted",
    "sh-script",
    "sh-wsh-script",
    "wsh-script",
    "tr-tree",
    "tr-leaf",
];

/// The signatures of an input.
fn signatures(map: &psbt::Input) -> Vec<NewSignature> {
    let ecdsa = map.partial_sigs.iter().map(|(key, signature)| NewSignature::Ecdsa {
        key: key.clone().try_into().unwrap(),
        signature: signature.clone(),
    });
    let tap_key = map.tap_key_sig.iter().map(|signature| NewSignature::TapKey { signature: signature.clone() });
    let leaves = map.tap_script_sigs.iter().map(|(both, signature)| NewSignature::TapScript {
        key: both[..32].try_into().unwrap(),
        leaf: both[32..].try_into().unwrap(),
        signature: signature.clone(),
    });
    ecdsa.chain(tap_key).chain(leaves).collect()
}

#[test]
fn what_was_signed_is_verified_and_released_after_the_closing_line() {
    let desk = Desk::new();
    for wallet in WALLETS {
        let payment = desk.spend_of(desk.place(wallet), 3);
        let mut book = desk.book();
        let recorded = desk.record(desk.clear(&payment.psbt), &mut book);
        let signed = sign(recorded, &desk.wallets, &desk.master).ok().unwrap();
        let verified = verify(signed).ok().unwrap();
        let lines = book.pen.journal().count();
        let released = release(verified, &mut book.pen, &mut book.store, &desk.statement_key).ok().unwrap();
        assert_eq!(book.pen.journal().count(), lines + 1);
        for psbt in [released.full(), released.trimmed()] {
            let parsed = psbt::parse(psbt.to_vec()).unwrap();
            assert_eq!(*parsed.transaction(), payment.transaction);
            assert!(parsed.inputs().iter().all(|map| signatures(map).len() == 1), "{wallet}");
        }
        let full = psbt::parse(released.full().to_vec()).unwrap();
        for (input, map) in (0..).zip(full.inputs()) {
            let signature = signatures(map).remove(0);
            assert!(signature_check(&full)(input, &signature), "{wallet}");
            assert!(!signature_check(&full)((input + 1) % 3, &signature), "{wallet}");
        }
    }
}

#[test]
fn without_the_closing_line_nothing_is_released() {
    let desk = Desk::new();
    let payment = desk.spend(1);
    let verified = |book: &mut _| {
        let recorded = desk.record(desk.clear(&payment.psbt), book);
        verify(sign(recorded, &desk.wallets, &desk.master).ok().unwrap()).ok().unwrap()
    };
    // The stick is full, or gone, or another key than the vault's signs.
    for step in 1..=2 {
        let mut book = desk.book();
        let proof = verified(&mut book);
        book.store.cut_at(step);
        assert!(release(proof, &mut book.pen, &mut book.store, &desk.statement_key).is_err(), "step {step}");
    }
    let mut book = desk.book();
    let proof = verified(&mut book);
    let other = StatementKey::new(crate::sys::Secret::take(&mut [8; 32]).unwrap()).ok().unwrap();
    assert!(release(proof, &mut book.pen, &mut book.store, &other).is_err());
}

#[test]
fn every_flipped_bit_of_a_signature_stops_everything() {
    for wallet in ["pkh", "wpkh", "wsh", "tr", "wsh-script", "tr-tree", "tr-leaf"] {
        let case = case(wallet);
        assert!(check(&case.cleared, &case.made).is_ok());
        let length = bytes(&mut case.made.clone()[2].1).len();
        for bit in (0..length * 8).step_by(7) {
            let mut made = case.made.clone();
            bytes(&mut made[2].1)[bit / 8] ^= 1 << (bit % 8);
            assert!(check(&case.cleared, &made).is_err(), "{wallet}, bit {bit}");
        }
    }
}

#[test]
fn signatures_that_were_not_planned_stop_everything() {
    for wallet in ["pkh", "wpkh", "wsh", "tr", "sh-script", "wsh-script", "tr-tree"] {
        let case = case(wallet);
        let plan = |input| VerifyError::Plan { input };
        case.refused("one missing at the end", &plan(2), |made| drop(made.pop()));
        case.refused("one missing at the start", &plan(0), |made| drop(made.remove(0)));
        case.refused("none", &plan(0), Vec::clear);
        case.refused("for no input", &VerifyError::Altered, |made| made[2].0 = 3);
        case.refused("out of order", &VerifyError::Altered, |made| made.reverse());
        case.refused("one twice", &VerifyError::Altered, |made| made.push(made[2].clone()));
        case.refused(
            "of the other input",
            &VerifyError::Signature { input: 1, fault: SignatureFault::Wrong },
            |made| match made[0].1.clone() {
                NewSignature::Ecdsa { signature, .. } => *bytes(&mut made[1].1) = signature,
                whole @ (NewSignature::TapKey { .. } | NewSignature::TapScript { .. }) => made[1].1 = whole,
            },
        );
    }
    let case = case("wsh");
    case.refused("by a key that was not planned", &VerifyError::Plan { input: 0 }, |made| {
        let NewSignature::Ecdsa { key, .. } = &mut made[0].1 else { unreachable!() };
        *key = case.desk.wallets[case.desk.place("wsh")].coin(0, 0).unwrap().keys[1];
    });
    case.refused("a taproot signature", &VerifyError::Plan { input: 0 }, |made| {
        made[0].1 = NewSignature::TapKey { signature: vec![1; 64] };
    });
}

#[test]
fn what_leaves_is_compared_with_what_came_in() {
    for wallet in ["wpkh", "wsh", "tr"] {
        let Case { cleared, made, .. } = case(wallet);
        let original = cleared.reviewed().parsed();
        let read = |bytes: Vec<u8>| psbt::parse(bytes).unwrap();
        let (full, trimmed) = (read(psbt::splice(original, &made)), read(psbt::trimmed(original, &made)));
        let compared = |full, trimmed| only_signatures_added(original, full, trimmed, &made);
        assert_eq!(compared(&full, &trimmed), Ok(()));
        // With a signature missing, or with more than the signatures, though the transaction is the same.
        assert_eq!(compared(original, &trimmed), Err(VerifyError::Altered));
        assert_eq!(compared(&trimmed, &trimmed), Err(VerifyError::Altered));
        assert_eq!(compared(&full, &full), Err(VerifyError::Trimmed));
        assert_eq!(compared(&full, &read(psbt::trimmed(original, &made[1..]))), Err(VerifyError::Trimmed));
    }
}

#[test]
fn right_signatures_of_another_form_stop_everything() {
    let secp = Secp256k1::new();
    let case_of = case("wpkh");
    let secret = case_of.secret(84, 0);
    let coin = &case_of.payment.coins[0];
    let mut cache = SighashCache::new(&case_of.payment.transaction);
    let mut ecdsa = |sighash: EcdsaSighashType, pick: &dyn Fn(&[u8; 64]) -> bool| {
        let digest = cache.p2wpkh_signature_hash(0, &coin.script_pubkey, coin.value, sighash).unwrap();
        let digest = Message::from_digest(digest.to_byte_array());
        (0..64u8)
            .map(|extra| secp.sign_ecdsa_with_noncedata(&digest, &secret, &[extra; 32]))
            .find(|signature| pick(&signature.serialize_compact()))
            .map(|signature| [&*signature.serialize_der(), &[sighash as u8]].concat())
            .unwrap()
    };
    let low: &dyn Fn(&[u8; 64]) -> bool = &|compact| compact[0] < 0x80;
    let form = VerifyError::Form { input: 0 };
    let another = ecdsa(EcdsaSighashType::All, low);
    let mut made = case_of.made.clone();
    *bytes(&mut made[0].1) = another;
    assert!(check(&case_of.cleared, &made).is_ok(), "the same form by another nonce");
    let high = ecdsa(EcdsaSighashType::All, &|compact| compact[0] >= 0x80);
    case_of.refused("a high R", &form, |made| *bytes(&mut made[0].1) = high);
    for sighash in [
        EcdsaSighashType::None,
        EcdsaSighashType::Single,
        EcdsaSighashType::AllPlusAnyoneCanPay,
        EcdsaSighashType::NonePlusAnyoneCanPay,
        EcdsaSighashType::SinglePlusAnyoneCanPay,
    ] {
        let valid = ecdsa(sighash, low);
        case_of.refused("another sighash type", &form, |made| *bytes(&mut made[0].1) = valid);
    }

    let case_of = case("tr");
    let pair = Keypair::from_secret_key(&secp, &case_of.secret(86, 0)).tap_tweak(&secp, None).to_keypair();
    let mut cache = SighashCache::new(&case_of.payment.transaction);
    for sighash in [TapSighashType::All, TapSighashType::None, TapSighashType::SinglePlusAnyoneCanPay] {
        let prevouts = Prevouts::All(&case_of.payment.coins);
        let digest = cache.taproot_key_spend_signature_hash(0, &prevouts, sighash).unwrap();
        let signature = secp.sign_schnorr_no_aux_rand(&Message::from_digest(digest.to_byte_array()), &pair);
        let valid = [signature.serialize().as_slice(), &[sighash as u8]].concat();
        case_of.refused("another sighash type", &form, |made| *bytes(&mut made[0].1) = valid);
    }
}

#[test]
fn a_signature_over_another_transaction_stops_everything() {
    for wallet in ["pkh", "wpkh", "wsh", "tr", "sh-wsh-script", "tr-tree"] {
        let case = case(wallet);
        let other = case.desk.spend_of(case.desk.place(wallet), 4);
        let recorded = case.desk.record(case.desk.clear(&other.psbt), &mut case.desk.book());
        let (_, foreign) = sign(recorded, &case.desk.wallets, &case.desk.master).ok().unwrap().into_parts();
        case.refused("its signatures", &VerifyError::Signature { input: 0, fault: SignatureFault::Wrong }, |made| {
            made.clone_from_slice(&foreign[..3]);
        });
    }
}

#[test]
fn an_answer_has_the_version_of_the_question() {
    let desk = Desk::new();
    for wallet in WALLETS {
        let payment = desk.spend_of(desk.place(wallet), 3);
        let answer = |psbt: &[u8]| {
            let recorded = desk.record(desk.clear(psbt), &mut desk.book());
            let verified = verify(sign(recorded, &desk.wallets, &desk.master).ok().unwrap()).ok().unwrap();
            (verified.full, verified.trimmed)
        };
        let (zero, two) = (answer(&payment.psbt), answer(&to_v2(&payment.psbt)));
        assert_eq!((&two.0, &two.1), (&to_v2(&zero.0), &to_v2(&zero.1)), "{wallet}");
        let read = |bytes: Vec<u8>| psbt::parse(bytes).unwrap();
        let closed = read(two.1.clone());
        assert_eq!((closed.version(), closed.transaction()), (psbt::Version::Two, &payment.transaction));
        // Finished, both are one transaction, of the wallets whose signatures are enough.
        let finished = |bytes| psbt::finalize(&read(bytes), &signature_check).ok().map(|done| done.transaction);
        let of_two = finished(two.0);
        assert_eq!(of_two, finished(zero.0));
        assert!(of_two.is_some() || !["wpkh", "pkh", "sh-wpkh", "tr"].contains(&wallet), "{wallet}");
    }
}

#[test]
fn version_2_that_says_otherwise_than_what_was_signed_stops_everything() {
    let desk = Desk::new();
    let payment = desk.spend_of(desk.place("wpkh"), 3);
    let two = RawPsbt::from_bytes(&to_v2(&payment.psbt));
    let recorded = desk.record(desk.clear(&two.to_bytes()), &mut desk.book());
    let made = sign(recorded, &desk.wallets, &desk.master).ok().unwrap().into_parts().1;
    for (map, kind, value) in [(1, 0x10, &[0xfe, 0xff, 0xff, 0xff]), (0, 0x03, &[1, 0, 0, 0]), (0, 0x02, &[1, 0, 0, 0])]
    {
        let other = desk.clear(&two.clone().set(map, &[kind], value).to_bytes());
        let fault = SignatureFault::Wrong;
        assert_eq!(check(&other, &made), Err(VerifyError::Signature { input: 0, fault }), "{map} {kind:#x}");
    }
}

/// Signs a payment of three inputs after `edit` changed its PSBT; the full and the trimmed answer.
fn answer_to(wallet: &str, edit: impl FnOnce(&Payment, &mut bitcoin::Psbt)) -> (Parsed, Parsed) {
    let desk = Desk::new();
    let payment = desk.spend_of(desk.place(wallet), 3);
    let mut psbt = bitcoin::Psbt::deserialize(&payment.psbt).unwrap();
    edit(&payment, &mut psbt);
    let recorded = desk.record(desk.clear(&psbt.serialize()), &mut desk.book());
    let verified = verify(sign(recorded, &desk.wallets, &desk.master).ok().unwrap()).ok().unwrap();
    (psbt::parse(verified.full).unwrap(), psbt::parse(verified.trimmed).unwrap())
}

#[test]
fn a_psbt_without_scripts_is_signed_by_the_derived_ones() {
    for wallet in ["sh-wpkh", "sh-multi", "sh-wsh", "wsh", "sh-script", "sh-wsh-script", "wsh-script"] {
        let (full, _) = answer_to(wallet, |_, psbt| {
            for map in &mut psbt.inputs {
                map.redeem_script = None;
                map.witness_script = None;
            }
        });
        assert!(full.inputs().iter().all(|map| map.partial_sigs.len() == 1 && map.redeem_script.is_none()));
    }
}

#[test]
fn a_taproot_input_that_spells_all_out_gets_65_bytes() {
    let (full, trimmed) = answer_to("tr", |_, psbt| psbt.inputs[1].sighash_type = Some(TapSighashType::All.into()));
    for parsed in [full, trimmed] {
        let lengths: Vec<_> = parsed.inputs().iter().map(|map| map.tap_key_sig.as_ref().map(Vec::len)).collect();
        assert_eq!(lengths, [Some(64), Some(65), Some(64)]);
    }
}

#[test]
fn a_cosigners_signature_stays_as_it_came() {
    let secp = Secp256k1::new();
    let path = [48, 1, 0, 2].map(|step| step | 1 << 31);
    let branch = master(2).branch(&[path.as_slice(), &[0]].concat()).ok().unwrap();
    let (secret, public) = branch.with_child(1, |secret, public| (*secret, *public)).ok().unwrap();
    let (full, trimmed) = answer_to("wsh", |payment, psbt| {
        let mut cache = SighashCache::new(&payment.transaction);
        let script = psbt.inputs[1].witness_script.clone().unwrap();
        let value = payment.coins[1].value;
        let digest = cache.p2wsh_signature_hash(1, &script, value, EcdsaSighashType::All).unwrap();
        let signature = secp.sign_ecdsa(&Message::from_digest(digest.to_byte_array()), &secret);
        psbt.inputs[1].partial_sigs.insert(public.into(), bitcoin::ecdsa::Signature::sighash_all(signature));
    });
    let counts = |parsed: &Parsed| parsed.inputs().iter().map(|map| map.partial_sigs.len()).collect::<Vec<_>>();
    assert_eq!(counts(&full), [1, 2, 1]);
    assert_eq!(counts(&trimmed), [1, 1, 1]);
    assert!(full.inputs()[1].partial_sigs.iter().any(|(key, _)| *key == public.serialize()));
}

#[test]
fn of_a_tree_only_the_planned_leaf_leaves() {
    let case = case("tr-leaf");
    let coin = |input: u32| case.desk.wallets[case.desk.place("tr-leaf")].coin(0, input).unwrap();
    let leaf = |input: u32, place: usize| coin(input).tree.unwrap().leaves[place].hash.to_byte_array();
    for (input, signature) in &case.made {
        let NewSignature::TapScript { key, leaf: signed, signature } = signature else { panic!("no leaf") };
        assert_eq!((key.as_slice(), *signed), (&coin(*input).keys[2][1..], leaf(*input, 1)));
        assert_eq!(signature.len(), 64);
    }
    // A right signature of the same key for the other leaf, in the place of the planned one.
    let secp = Secp256k1::new();
    let path = [48, 1, 0, 3].map(|step| step | 1 << 31);
    let branch = case.desk.master.branch(&[path.as_slice(), &[0]].concat()).ok().unwrap();
    let secret = branch.with_child(0, |secret, _| *secret).ok().unwrap();
    let mut cache = SighashCache::new(&case.payment.transaction);
    let mut by = |place: usize, kind| {
        let leaf = bitcoin::TapLeafHash::from_byte_array(leaf(0, place));
        let digest =
            cache.taproot_script_spend_signature_hash(0, &Prevouts::All(&case.payment.coins), leaf, kind).unwrap();
        let pair = Keypair::from_secret_key(&secp, &secret);
        secp.sign_schnorr_no_aux_rand(&Message::from_digest(digest.to_byte_array()), &pair).serialize().to_vec()
    };
    let other = by(0, TapSighashType::Default);
    let plan = VerifyError::Plan { input: 0 };
    case.refused("another leaf", &plan, |made| {
        let NewSignature::TapScript { leaf: signed, signature, .. } = &mut made[0].1 else { unreachable!() };
        (*signed, *signature) = (leaf(0, 0), other.clone());
    });
    case.refused("by another key", &plan, |made| {
        let NewSignature::TapScript { key, .. } = &mut made[0].1 else { unreachable!() };
        *key = coin(0).keys[1][1..].try_into().unwrap();
    });
    case.refused("the key path", &plan, |made| {
        made[0].1 = NewSignature::TapKey { signature: by(1, TapSighashType::Default) };
    });
    let mut explicit = by(1, TapSighashType::All);
    explicit.push(1);
    case.refused("another form", &VerifyError::Form { input: 0 }, |made| *bytes(&mut made[0].1) = explicit);
    let wrong = VerifyError::Signature { input: 0, fault: SignatureFault::Wrong };
    case.refused("over the other leaf", &wrong, |made| *bytes(&mut made[0].1) = other);
}

#[test]
fn a_psbt_without_leaves_is_signed_by_the_derived_one() {
    let (full, _) = answer_to("tr-leaf", |_, psbt| psbt.inputs.iter_mut().for_each(|map| map.tap_scripts.clear()));
    assert!(full.inputs().iter().all(|map| map.tap_script_sigs.len() == 1 && map.tap_leaf_scripts.is_empty()));
}
