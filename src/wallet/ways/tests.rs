//! The listed paths against miniscript's own account of what satisfies a script.
//!
//! Floor 1, tests only.

use std::collections::BTreeSet;

use miniscript::{
    Descriptor,
    policy::{Liftable, Semantic},
};

use super::*;
use crate::wallet::{
    SpendingPath,
    samples::{self, Random},
};

fn listed(text: &str) -> Vec<String> {
    let wallet = samples::wallet(text, samples::SCRIPTS_PATH);
    wallet.paths().iter().enumerate().map(|(number, path)| path.in_words(number)).collect()
}

#[test]
fn the_paths_of_every_sample_are_listed() {
    let hash = "5aa0b4a16aaedca0ffdfec2a4aeb5e1bd8ec3a4a6e3c5ee3c2eaf5d44f4bba13";
    let expected: [&[&str]; 8] = [
        &["primary path: key 1", "recovery path, after 144 blocks: key 2"],
        &["primary path: 2 of keys 1, 2", "recovery path, after 1 000 blocks: key 2"],
        &["primary path: 2 of keys 1, 2", "recovery path, after 52 560 blocks: key 3"],
        &[
            &format!("primary path, with the preimage of sha256 {hash}: 1 of keys 1, 2"),
            "recovery path, from block 900 000 on: key 3",
        ],
        &["primary path: 3 of keys 1, 2, 3", "recovery path, after 26 280 blocks: 2 of keys 1, 2, 3"],
        &[
            "primary path (key path): key 1",
            "other path (leaf 1): key 2",
            "recovery path (leaf 2), after 1 000 blocks: key 3",
        ],
        &[
            "primary path (key path): key 1",
            "other path (leaf 1): 2 of keys 2, 3, 4",
            "recovery path (leaf 2), from 2027-01-15 08:00 UTC on: key 2",
            "other path (leaf 3): key 3",
        ],
        &["primary path (leaf 1): 2 of keys 1, 2"],
    ];
    for (text, expected) in samples::SCRIPTS.into_iter().zip(expected) {
        assert_eq!(listed(text), expected, "{text}");
    }
    let disabled = samples::with_unspendable_xpub(crate::network::Network::Mainnet);
    assert_eq!(
        listed(&disabled),
        ["primary path (leaf 1): key 1", "recovery path (leaf 2), after 1 000 blocks: key 2"]
    );
    assert_eq!(listed("tr(@0/<0;1>/*)"), ["primary path (key path): key 1"]);
    assert_eq!(listed("wpkh(@0/<0;1>/*)"), ["primary path: key 1"]);
    assert_eq!(listed("wsh(sortedmulti(2,@2/<0;1>/*,@0/<0;1>/*,@1/<0;1>/*))"), ["primary path: 2 of keys 1, 2, 3"]);
}

#[test]
fn thresholds_of_conditions_are_told_apart() {
    let text =
        "wsh(thresh(2,pk(@0/<0;1>/*),a:multi(2,@1/<0;1>/*,@2/<0;1>/*,@3/<0;1>/*),s:pk(@4/<0;1>/*),sln:after(900000)))";
    assert_eq!(
        listed(text),
        [
            "primary path: 2 of keys 1, 5",
            "other path: 1 of keys 1, 5 and 2 of keys 2, 3, 4",
            "recovery path, from block 900 000 on: 1 of keys 1, 5",
            "recovery path, from block 900 000 on: 2 of keys 2, 3, 4",
        ]
    );
    // of two locks with the same signatures the longer one is of no use
    let text = "wsh(thresh(3,pk(@0/<0;1>/*),s:pk(@1/<0;1>/*),s:pk(@2/<0;1>/*),sln:older(100),sln:older(200)))";
    assert_eq!(
        listed(text),
        [
            "primary path: 3 of keys 1, 2, 3",
            "recovery path, after 100 blocks: 2 of keys 1, 2, 3",
            "recovery path, after 200 blocks: 1 of keys 1, 2, 3",
        ]
    );
    // the primary path is the one that waits for nothing, wherever it stands
    let text = "wsh(or_i(and_v(v:pk(@0/<0;1>/*),older(7)),pk(@1/<0;1>/*)))";
    assert_eq!(listed(text), ["primary path: key 2", "recovery path, after 7 blocks: key 1"]);
    let text = "wsh(and_v(v:pk(@0/<0;1>/*),older(7)))";
    assert_eq!(listed(text), ["primary path, after 7 blocks: key 1"]);
}

/// A transaction and what is known for it.
struct World {
    keys: Vec<usize>,
    lock_time: u32,
    sequence: u32,
    hashes: bool,
}

fn takes(world: &World, path: &SpendingPath) -> bool {
    path.signed_by(&world.keys)
        && path.open(2, world.lock_time, world.sequence)
        && (world.hashes || path.hashes.is_empty())
}

fn satisfied(world: &World, policy: &Semantic<Slot>) -> bool {
    match policy {
        Semantic::Unsatisfiable => false,
        Semantic::Trivial => true,
        Semantic::Key(Slot::Key(key)) => world.keys.contains(key),
        Semantic::Key(Slot::Disabled) => false,
        Semantic::After(lock) => {
            let (lock, now) = (lock.to_consensus_u32(), world.lock_time);
            world.sequence != u32::MAX && (lock < 500_000_000) == (now < 500_000_000) && now >= lock
        }
        Semantic::Older(lock) => {
            let (lock, age) = (lock.to_consensus_u32(), world.sequence);
            age >> 31 == 0 && (age >> 22) & 1 == (lock >> 22) & 1 && age & 0xffff >= lock & 0xffff
        }
        Semantic::Sha256(_) | Semantic::Hash256(_) | Semantic::Ripemd160(_) | Semantic::Hash160(_) => world.hashes,
        Semantic::Thresh(parts) => parts.iter().filter(|part| satisfied(world, part)).count() >= parts.k(),
    }
}

#[test]
fn the_listed_paths_are_all_there_are() {
    let mut compared = 0;
    let mut kinds = BTreeSet::new();
    for seed in 0..4_000 {
        let text = (0..10)
            .fold(Random::descriptor(seed), |text, key| text.replace(&format!("@{key}/<0;1>/*"), &format!("@{key}")));
        let Ok(descriptor) = text.parse::<Descriptor<Slot>>() else { continue };
        if descriptor.sanity_check().is_err() {
            continue;
        }
        let internal = matches!(descriptor, Descriptor::Tr(_)).then_some(crate::wallet::Internal::Key(0));
        let scripts = crate::wallet::scripts::Scripts::new(descriptor.clone(), internal, &[0]).unwrap();
        let Ok(paths) = scripts.paths() else { continue };
        let policy = descriptor.lift().unwrap();
        let sequences = [0, 1, 30_000, 60_001, (1 << 22) | 30_000, (1 << 22) | 65_535, u32::MAX, u32::MAX - 1];
        let lock_times = [0, 500_000, 1_000_000, 1_700_050_000, 1_800_000_000];
        for round in 0..400u64 {
            let chance = (seed * 400 + round)
                .wrapping_mul(0x9e37_79b9_7f4a_7c15)
                .rotate_left(29)
                .wrapping_mul(0xbf58_476d_1ce4_e5b9);
            let pick = |shift: u32, of: usize| usize::try_from((chance >> shift) % u64::try_from(of).unwrap()).unwrap();
            let world = World {
                keys: (0..10).filter(|key| (chance >> (20 + key)) & 3 != 0).collect(),
                lock_time: lock_times[pick(48, lock_times.len())],
                sequence: sequences[pick(40, sequences.len())],
                hashes: pick(60, 2) == 0,
            };
            let found = paths.iter().any(|path| takes(&world, path));
            assert_eq!(found, satisfied(&world, &policy), "{text}\n{paths:#?}");
        }
        compared += 1;
        kinds.insert(text.split('(').next().unwrap().to_owned());
    }
    assert!(compared > 300, "{compared}");
    assert_eq!(kinds.len(), 3);
}

#[test]
fn a_list_has_an_end() {
    let conditions = |count: u32| {
        let part = |n: u32| format!("a:sha256({n:064x})");
        (0..count).map(part).collect::<Vec<_>>().join(",")
    };
    let of = |needed: u32, count: u32| {
        let text = format!("wsh(thresh({needed},pk(@0),s:pk(@1),{}))", conditions(count));
        let Descriptor::Wsh(wsh) = text.parse::<Descriptor<Slot>>().unwrap() else { panic!() };
        let miniscript::descriptor::WshInner::Ms(script) = wsh.into_inner() else { panic!() };
        ways(&script).map(|ways| ways.len())
    };
    assert_eq!(of(2, 5), Ok(1 + 5 + 10));
    assert_eq!(of(8, 6), Ok(1));
    assert_eq!(of(8, 7), Ok(7 + 1));
    assert_eq!(of(4, 6), Ok(15 + 20 + 15));
    assert_eq!(of(5, 7), Err(TooMany));
    assert_eq!(of(20, 36), Err(TooMany));
    let choice = |depth: u32| {
        let mut text = "pk(@0)".to_owned();
        for n in 0..depth {
            text = format!("and_v(or_c(pk(@{}),v:older(5)),{text})", n + 1);
        }
        let Descriptor::Wsh(wsh) = format!("wsh({text})").parse::<Descriptor<Slot>>().unwrap() else { panic!() };
        let miniscript::descriptor::WshInner::Ms(script) = wsh.into_inner() else { panic!() };
        ways(&script).map(|ways| ways.len())
    };
    assert_eq!((choice(2), choice(6), choice(7), choice(19)), (Ok(4), Ok(64), Err(TooMany), Err(TooMany)));
}
