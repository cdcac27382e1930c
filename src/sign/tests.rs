//! The whole chain up to the signatures, for every type of wallet.

use super::{
    signing_desk::{Desk, master},
    *,
};
use bitcoin::{Amount, Psbt, Sequence, absolute::LockTime};
use proptest::{
    prelude::*,
    sample::{Index, select},
    test_runner::{Config, TestRunner},
};

use crate::{digest::StatementDigest, psbt::raw_psbt::to_v2, quorum::Session};

fn signatures(desk: &Desk, psbt: &[u8], master: &Master) -> Result<Vec<(u32, NewSignature)>, SignError> {
    let recorded = desk.record(desk.clear(psbt), &mut desk.book());
    sign(recorded, &desk.wallets, master).map(|signed| signed.into_parts().1)
}

#[test]
fn each_planned_key_signs_once_and_in_order() {
    let desk = Desk::new();
    for (place, wallet) in desk.wallets.iter().enumerate() {
        let made = signatures(&desk, &desk.spend_of(place, 5).psbt, &desk.master).unwrap();
        let inputs: Vec<_> = made.iter().map(|(input, _)| *input).collect();
        assert_eq!(inputs, [0, 1, 2, 3, 4], "{}", wallet.name());
    }
}

#[test]
fn signing_twice_gives_the_same_bytes() {
    let desk = Desk::new();
    for place in 0..desk.wallets.len() {
        let spend = desk.spend_of(place, 3);
        let once = signatures(&desk, &spend.psbt, &desk.master);
        assert_eq!(once, signatures(&desk, &spend.psbt, &desk.master));
        assert_eq!(once.map(|made| made.len()), Ok(3));
    }
}

/// Whatever the transaction, in whichever version: another time it gets the very same signatures, and another
/// transaction gets none of them.
#[test]
fn any_transaction_is_signed_with_the_same_bytes_each_time() {
    let desk = Desk::new();
    let sequences = select(vec![0xffff_fffd_u32, 0xffff_fffe, u32::MAX]);
    let strategy = (any::<Index>(), 1..4usize, 1_000..40_000u64, 0..970_000u32, sequences, any::<bool>());
    let config = Config { cases: 24, failure_persistence: None, ..Config::default() };
    let law = |(wallet, inputs, moved, lock_time, sequence, second): (Index, usize, u64, u32, u32, bool)| {
        let spend = desk.spend_of(wallet.index(desk.wallets.len()), inputs);
        let mut psbt = Psbt::deserialize(&spend.psbt).unwrap();
        let transaction = &mut psbt.unsigned_tx;
        transaction.output[0].value += Amount::from_sat(moved);
        transaction.output[1].value -= Amount::from_sat(moved);
        transaction.lock_time = LockTime::from_consensus(lock_time);
        transaction.input.iter_mut().for_each(|input| input.sequence = Sequence(sequence));
        let bytes = if second { to_v2(&psbt.serialize()) } else { psbt.serialize() };
        let once = signatures(&desk, &bytes, &desk.master).unwrap();
        prop_assert_eq!(&once, &signatures(&desk, &bytes, &desk.master).unwrap());
        prop_assert!(once.len() >= inputs);
        let other = signatures(&desk, &spend.psbt, &desk.master).unwrap();
        prop_assert!(once.iter().all(|(_, signature)| other.iter().all(|(_, other)| other != signature)));
        Ok(())
    };
    TestRunner::new(config).run(&strategy, law).unwrap();
}

#[test]
fn version_2_gets_the_signatures_of_version_0() {
    let desk = Desk::new();
    for place in 0..desk.wallets.len() {
        let spend = desk.spend_of(place, 3);
        let made = signatures(&desk, &spend.psbt, &desk.master);
        assert_eq!(made.as_ref().map(Vec::len), Ok(3));
        assert_eq!(signatures(&desk, &to_v2(&spend.psbt), &desk.master), made);
    }
}

#[test]
fn another_seed_signs_nothing() {
    let desk = Desk::new();
    for place in 0..desk.wallets.len() {
        let spend = desk.spend_of(place, 2);
        // 2 is a cosigner's seed: its keys are in the multisig wallets, but are not those that were planned.
        for other in [2, 9] {
            let refused = signatures(&desk, &spend.psbt, &master(other));
            assert_eq!(refused, Err(SignError::OtherKey { input: 0 }));
        }
    }
}

#[test]
fn other_wallets_than_the_review_had_sign_nothing() {
    let desk = Desk::new();
    let recorded = || desk.record(desk.clear(&desk.spend(2).psbt), &mut desk.book());
    let mut turned = desk.wallets.clone();
    turned.reverse();
    for (wallets, expected) in [
        (&turned[..], SignError::Plan { input: 0 }),
        (&desk.wallets[1..2], SignError::OtherKey { input: 0 }),
        (&[], SignError::Plan { input: 0 }),
        (&desk.wallets[6..7], SignError::OtherKey { input: 0 }),
    ] {
        assert_eq!(sign(recorded(), wallets, &desk.master).err(), Some(expected));
    }
}

#[test]
fn an_approval_under_another_statement_is_not_of_the_review() {
    let desk = Desk::new();
    let session = desk.session(&desk.book());
    let is_of_it = |session| is_of_its_review(&desk.approve(desk.clear(&desk.spend(2).psbt), session));
    assert!(is_of_it(session));
    assert!(!is_of_it(Session { statement: StatementDigest([0x52; 32]), ..session }));
}

#[test]
fn a_plan_names_each_input_once_and_a_key_for_each() {
    let desk = Desk::new();
    let cleared = desk.clear(&desk.spend(2).psbt);
    let [first, second] = cleared.reviewed().plan() else { panic!("two inputs are planned") };
    let orders = |plan: &[PlannedInput]| jobs(plan).map(|jobs| jobs.iter().map(|job| job.order).collect::<Vec<_>>());
    assert_eq!(orders(&[first.clone(), second.clone()]), Ok(vec![(0, 0), (1, 0)]));
    let two_keys = PlannedInput { keys: [first.keys.clone(), first.keys.clone()].concat(), ..first.clone() };
    assert_eq!(orders(&[two_keys]), Ok(vec![(0, 0), (0, 1)]));
    let no_keys = PlannedInput { keys: Vec::new(), ..second.clone() };
    assert_eq!(orders(&[first.clone(), no_keys]), Err(SignError::Plan { input: 1 }));
    assert_eq!(orders(&[first.clone(), second.clone(), first.clone()]), Err(SignError::Plan { input: 0 }));
    assert_eq!(orders(&[]), Err(SignError::NothingToSign));
}
