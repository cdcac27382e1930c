//! P20 and I11 of counts: as many as the limit are read, one more is not.

use super::super::{
    Place,
    samples::{key, parsed, wpkh},
};
use super::bad;
use crate::limits;

const STEP: [u8; 4] = [1, 0, 0, 0];

/// Fingerprint and so many steps.
fn origin(steps: usize) -> Vec<u8> {
    [vec![9; 4], STEP.repeat(steps)].concat()
}

/// A key's number as the first bytes of something of that length.
fn numbered<const N: usize>(number: usize) -> [u8; N] {
    let mut key = [4; N];
    key[0] = u8::try_from(number).unwrap();
    key
}

#[test]
fn p20_extended_keys_of_the_whole() {
    let with = |count: usize| {
        (0..count).fold(wpkh(), |raw, n| raw.with(0, &[&[0x01][..], &numbered::<78>(n)].concat(), &origin(1)))
    };
    assert_eq!(parsed(&with(limits::GLOBAL_XPUBS)).global().xpubs.len(), limits::GLOBAL_XPUBS);
    bad(&with(limits::GLOBAL_XPUBS + 1), "P20", Place::Whole);
}

#[test]
fn p20_derivations_and_signatures_of_an_input_or_output() {
    let compressed = |n: usize| key(u8::try_from(n + 1).unwrap()).to_vec();
    let x_only = |n: usize| numbered::<32>(n).to_vec();
    let leafless = [vec![0], origin(1)].concat();
    let signature = [vec![0x30], vec![1; 70]].concat();
    let records = |map: usize, kind: u8, key: &dyn Fn(usize) -> Vec<u8>, value: &[u8], count: usize| {
        (0..count).fold(wpkh(), |raw, n| raw.with(map, &[vec![kind], key(n)].concat(), value))
    };
    let most = limits::DERIVATIONS;
    let (input, output) = (Place::Input(0), Place::Output(0));
    for (map, kind, value, place) in [
        (1, 0x02, &signature, input),
        (1, 0x06, &origin(1), input),
        (1, 0x16, &leafless, input),
        (2, 0x02, &origin(1), output),
        (2, 0x07, &leafless, output),
    ] {
        let key: &dyn Fn(usize) -> Vec<u8> = if value == &leafless { &x_only } else { &compressed };
        parsed(&records(map, kind, key, value, most));
        bad(&records(map, kind, key, value, most + 1), "P20", place);
    }
}

#[test]
fn i11_steps_of_a_path() {
    let with = |steps: usize| wpkh().with(1, &[&[0x06][..], &key(1)].concat(), &origin(steps));
    assert_eq!(parsed(&with(limits::PATH_STEPS)).inputs()[0].derivations[0].path.len(), limits::PATH_STEPS);
    bad(&with(limits::PATH_STEPS + 1), "I11", Place::Input(0));
    let whole = |steps: usize| wpkh().with(0, &[&[0x01][..], &numbered::<78>(0)].concat(), &origin(steps));
    parsed(&whole(limits::PATH_STEPS));
    bad(&whole(limits::PATH_STEPS + 1), "I11", Place::Whole);
    let tap = |steps: usize| wpkh().with(1, &[&[0x16][..], &[7; 32]].concat(), &[vec![0], origin(steps)].concat());
    parsed(&tap(limits::PATH_STEPS));
    bad(&tap(limits::PATH_STEPS + 1), "I11", Place::Input(0));
}
