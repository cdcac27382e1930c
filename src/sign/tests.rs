//! The whole chain up to the signatures, for every type of wallet.

use super::{
    signing_desk::{Desk, master},
    *,
};
use crate::psbt::raw_psbt::to_v2;

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
