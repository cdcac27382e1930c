//! L05, T05, T07, T11, and the path in facts, plan, words and digest.

use bitcoin::{
    EcdsaSighashType, Sequence, TapSighashType, Witness,
    absolute::LockTime,
    hashes::{self, Hash},
};
use strongroom::{
    policy::Cleared,
    psbt::{self, Place},
    review::{Action, PathFacts, Permission, Spend, pages, to_json},
    verify::signature_check,
    wallet::Wallet,
};

use crate::{asks, fires, good, refuses, shows, silent, transactions::*};

const ZERO: Place = Place::Input(0);
const NUMS: &str = "tr(50929b74c1a04954b78b4b6035e97a5e078a5a0f28ec96d547bfee9ace803ac0,{multi_a(2,@0,@1),and_v(v:pk(@0),older(1000))})";

/// One coin of a wallet of `template`, of which the keys `ours` are the vault's.
fn coin(template: &str, ours: &[usize]) -> Case {
    simple(scripts(template, ours))
}

fn older(case: Case, sequence: u32) -> Case {
    case.with_tx(|tx| tx.input.iter_mut().for_each(|input| input.sequence = Sequence(sequence)))
}

fn after(case: Case, lock: u32) -> Case {
    case.with_tx(|tx| tx.lock_time = LockTime::from_consensus(lock))
}

fn path(case: &Case) -> Option<PathFacts> {
    case.review().facts().inputs[0].path.clone()
}

/// The path's number, and which of the wallet's keys sign.
fn planned(case: &Case) -> (usize, Vec<usize>) {
    let reviewed = case.review();
    let [planned] = reviewed.plan() else { panic!("{:#?}", case.findings()) };
    (planned.path, planned.keys.iter().map(|key| key.wallet_key).collect())
}

#[track_caller]
fn takes(case: &Case, number: usize, keys: &[usize], words: &str) {
    let facts = path(case).unwrap();
    assert_eq!((facts.number, facts.words.as_str(), facts.primary), (number, words, number == 0));
    assert_eq!(planned(case), (number, keys.to_vec()));
}

/// All pages.
fn words(case: &Case) -> String {
    let pages = pages(&case.review(), case.judge().ok().unwrap().verdict());
    let lines = pages.iter().flat_map(|page| &page.lines);
    lines.map(|line| format!("{line}\n")).collect()
}

/// What custodians acknowledge.
fn warnings(case: &Case) -> Vec<&'static str> {
    let cleared: Cleared = case.judge().unwrap_or_else(|refused| panic!("{:#?}", refused.reasons));
    cleared.warnings().iter().map(|warning| warning.rule).collect()
}

#[test]
fn a_wallet_of_one_way_has_no_path_to_tell() {
    for wallet in kinds() {
        let case = simple(wallet);
        assert!(path(&case).unwrap().only);
        assert!(!words(&case).contains("spent by") && !words(&case).contains("  path  "));
        silent(&case, "L05");
        assert_eq!(case.review().plan()[0].path, 0);
    }
    // A way that waits or reveals is told, the only one too; so is one of several.
    let hash = hashes::sha256::Hash::hash(&[7; 32]);
    for template in ["wsh(and_v(v:pk(@0),older(144)))", &format!("wsh(and_v(v:pk(@0),sha256({hash})))"), F8, F9] {
        let case = older(coin(template, &[0]), 144);
        assert!(!path(&case).unwrap().only, "{template}");
        assert!(words(&case).contains("  path  "), "{template}");
    }
}

#[test]
fn the_primary_path_needs_no_acknowledgement() {
    let f9 = coin(F9, &[0]);
    good(&f9);
    silent(&f9, "L05");
    takes(&f9, 0, &[0], "primary path: 2 of keys 1, 2");
    let f8 = coin(F8, &[0]);
    good(&f8);
    takes(&f8, 0, &[0], "primary path (key path): key 1");
    // With two keys of ours in it, both sign.
    takes(&coin(F9, &[0, 1]), 0, &[0, 1], "primary path: 2 of keys 1, 2");
    takes(&coin(F9, &[0, 1, 2]), 0, &[0, 1], "primary path: 2 of keys 1, 2");
}

#[test]
fn l05_a_recovery_path_is_told_and_acknowledged() {
    let told = "recovery path, after 52 560 blocks: key 3";
    for ours in [&[2][..], &[0, 2], &[0, 1, 2]] {
        let case = older(coin(F9, ours), 52_560);
        asks(&case, "L05", ZERO);
        takes(&case, 1, &[2], told);
        assert_eq!(warnings(&case), ["L05"]);
        assert_eq!(case.review().facts().inputs[0].needed, 1);
        assert!(words(&case).contains(told), "{}", words(&case));
        let json = to_json(&case.review(), case.judge().ok().unwrap().verdict());
        assert_eq!(
            json["inputs"][0]["path"],
            serde_json::json!({"number": 1, "words": told, "primary": false, "leaf": null})
        );
    }
    // The near miss: one block less, and nothing of key 3 is open.
    refuses(&older(coin(F9, &[2]), 52_559), "L05", ZERO);
    refuses(&older(coin(F9, &[2]), 52_560 | 1 << 22), "L05", ZERO);
    refuses(&coin(F9, &[2]), "L05", ZERO);
    refuses(&older(coin(F9, &[2]), 52_560).with_tx(|tx| tx.version = bitcoin::transaction::Version::ONE), "L05", ZERO);
}

#[test]
fn l05_a_sequence_that_opens_a_recovery_path_is_no_silent_matter() {
    // Our key is in the primary path alone, but the transaction is made for the other.
    let case = older(coin(F9, &[0]), 52_560);
    asks(&case, "L05", ZERO);
    takes(&case, 0, &[0], "primary path: 2 of keys 1, 2");
    asks(&case, "L03", ZERO);
    // A locktime passes with the years: a path that it opens is told.
    let wallet = "wsh(or_d(pk(@0),and_v(v:pkh(@1),after(800000))))";
    let case = after(coin(wallet, &[0]), 900_000);
    shows(&case, "L05", ZERO);
    takes(&case, 0, &[0], "primary path: key 1");
    silent(&after(coin(wallet, &[0]), 799_999), "L05");
}

#[test]
fn the_path_that_sequence_or_locktime_was_set_for_is_taken() {
    let two = "wsh(andor(pk(@0),older(144),or_i(and_v(v:pkh(@1),older(1000)),and_v(v:pkh(@2),after(800000)))))";
    let all = &[0, 1, 2];
    // The first waits for 144 blocks itself, and is the primary one.
    takes(&older(coin(two, all), 144), 0, &[0], "primary path, after 144 blocks: key 1");
    takes(&older(coin(two, all), 1000), 1, &[1], "recovery path, after 1 000 blocks: key 2");
    takes(&after(coin(two, all), 800_000), 2, &[2], "recovery path, from block 800 000 on: key 3");
    let later = after(older(coin(two, all), 500), 800_001);
    takes(&later, 0, &[0], "primary path, after 144 blocks: key 1");
    // Any locktime from the lock on was set for it (another input may demand a later one), but that of the present
    // block, which wallets set to every transaction: it leaves the primary path.
    let plain = "wsh(or_d(pk(@0),and_v(v:pkh(@1),after(800000))))";
    let recovery = "recovery path, from block 800 000 on: key 2";
    let primary = "primary path: key 1";
    for (lock, path, words) in [
        (799_999, 0, primary),
        (800_000, 1, recovery),
        (800_001, 1, recovery),
        (975_899, 1, recovery),
        (975_900, 0, primary),
        (976_000, 0, primary),
        (999_999, 0, primary),
        // A time is another kind of lock.
        (1_795_000_000, 0, primary),
    ] {
        takes(&after(coin(plain, &[0, 1]), lock), path, &[path], words);
    }
    let at_present = "wsh(or_d(pk(@0),and_v(v:pkh(@1),after(976000))))";
    takes(&after(coin(at_present, &[0, 1]), 976_000), 1, &[1], "recovery path, from block 976 000 on: key 2");
    // Of several, the last that has passed; of times, there is no present.
    let several = "wsh(or_d(pk(@0),or_i(and_v(v:pkh(@1),after(800000)),and_v(v:pkh(@2),after(900000)))))";
    takes(&after(coin(several, all), 899_999), 1, &[1], recovery);
    takes(&after(coin(several, all), 900_001), 2, &[2], "recovery path, from block 900 000 on: key 3");
    let time = "wsh(or_d(pk(@0),and_v(v:pkh(@1),after(1700000000))))";
    let words = "recovery path, from 2023-11-14 22:13 UTC on: key 2";
    takes(&after(coin(time, &[0, 1]), 1_700_000_000), 1, &[1], words);
    takes(&after(coin(time, &[0, 1]), 1_795_305_600), 1, &[1], words);
    takes(&after(coin(time, &[0, 1]), 1_699_999_999), 0, &[0], primary);
    takes(&after(coin(time, &[0, 1]), 976_000), 0, &[0], primary);
    // A long lock that the path demands is not asked about twice.
    shows(&older(coin(two, all), 1000), "L03", ZERO);
    asks(&older(coin(two, all), 1001), "L03", ZERO);
}

#[test]
fn a_path_whose_preimage_is_given_is_taken() {
    let hash = hashes::sha256::Hash::hash(&[7; 32]);
    let wallet = format!("wsh(andor(pk(@0),sha256({hash}),and_v(v:pkh(@1),older(144))))");
    let reveal = |case: Case| case.with_in(0, |map| drop(map.sha256_preimages.insert(hash, vec![7; 32])));
    takes(
        &reveal(coin(&wallet, &[0, 1])),
        0,
        &[0],
        &format!("primary path, with the preimage of sha256 {hash}: key 1"),
    );
    // Before one that waits, too, whose lock is met to the block.
    let both = older(reveal(coin(&wallet, &[0, 1])), 144);
    takes(&both, 0, &[0], &format!("primary path, with the preimage of sha256 {hash}: key 1"));
    // Without it too, where there is no other way.
    assert_eq!(planned(&coin(&wallet, &[0])), (0, vec![0]));
    // With another way open, what cannot be finished gives way.
    takes(&older(coin(&wallet, &[0, 1]), 144), 1, &[1], "recovery path, after 144 blocks: key 2");
}

#[test]
fn a_preimage_that_the_path_needs_and_nobody_gave_is_told() {
    let (one, two) = (hashes::sha256::Hash::hash(&[7; 32]), hashes::hash160::Hash::hash(&[8; 32]));
    let both = format!("wsh(and_v(v:pk(@0),and_v(v:sha256({one}),hash160({two}))))");
    let lacks = |case: &Case| -> Vec<String> {
        let findings = case.findings();
        let told = findings.iter().filter(|f| f.rule == "L05" && f.text.starts_with("needs the preimage of "));
        told.map(|f| f.text.split(", which this PSBT does not have").next().unwrap()[22..].to_owned()).collect()
    };
    let (first, second) = (format!("sha256 {one}"), format!("hash160 {two}"));
    shows(&coin(&both, &[0]), "L05", ZERO);
    assert_eq!(lacks(&coin(&both, &[0])), [first.clone(), second.clone()]);
    // It is signed all the same: the other side may have it.
    assert_eq!(planned(&coin(&both, &[0])), (0, vec![0]));
    assert!(words(&coin(&both, &[0])).contains("not be finished"));
    let with_one = coin(&both, &[0]).with_in(0, |map| drop(map.sha256_preimages.insert(one, vec![7; 32])));
    assert_eq!(lacks(&with_one), [second]);
    let with_both = with_one.with_in(0, |map| drop(map.hash160_preimages.insert(two, vec![8; 32])));
    silent(&with_both, "L05");
    // Of a way that is not taken nothing is said; one of two signatures does in its place.
    let instead = format!("wsh(and_v(v:pk(@0),or_d(pk(@1),sha256({one}))))");
    silent(&coin(&instead, &[0]), "L05");
    assert_eq!(path(&coin(&instead, &[0])).unwrap().words, "primary path: 2 of keys 1, 2");
}

#[test]
fn only_the_chosen_leaf_is_signed() {
    let leaf_of = |case: &Case| {
        let Spend::TaprootLeaf { leaf, .. } = case.review().plan()[0].spend.clone() else { panic!("no leaf") };
        leaf
    };
    let wallet: Wallet = scripts(F8, &[1]);
    let leaves = wallet.coin(0, 3).unwrap().tree.unwrap().leaves;
    let case = coin(F8, &[1]);
    takes(&case, 1, &[1], "other path (leaf 1): key 2");
    asks(&case, "L05", ZERO);
    assert_eq!(leaf_of(&case), leaves[0]);
    assert_eq!(path(&case).unwrap().leaf, Some(leaves[0].hash.to_byte_array()));
    let case = older(coin(F8, &[2]), 1000);
    takes(&case, 2, &[2], "recovery path (leaf 2), after 1 000 blocks: key 3");
    assert_eq!(leaf_of(&case), leaves[1]);
    assert_eq!(warnings(&case), ["L05"]);
    refuses(&older(coin(F8, &[2]), 999), "L05", ZERO);
    refuses(&coin(F8, &[2]), "L05", ZERO);
    // The key path, where ours is in both.
    let both = coin(F8, &[0, 1]);
    takes(&both, 0, &[0], "primary path (key path): key 1");
    shows(&both, "T05", ZERO);
    let text = both.findings().into_iter().find(|finding| finding.rule == "T05").unwrap().text;
    assert_eq!(text, "names our key for the key path, leaf 1; only the key path is signed");
    // Where our key stands nowhere else, nothing is told.
    silent(&coin(F8, &[1]), "T05");
    silent(&coin(F8, &[0]), "T05");
    let Spend::TaprootKey { merkle_root, .. } = both.review().plan()[0].spend else { panic!("no key path") };
    assert_eq!(merkle_root, wallet.coin(0, 3).unwrap().tree.map(|tree| tree.merkle_root));
}

/// Leaves the scripts of these leaves alone in input 0.
fn naming(case: Case, leaves: &[usize]) -> Case {
    let tree = case.wallets[0].coin(0, 3).unwrap().tree.unwrap();
    let scripts: Vec<_> = leaves.iter().map(|leaf| tree.leaves[*leaf].script.clone()).collect();
    case.with_in(0, |map| map.tap_scripts.retain(|_, (script, _)| scripts.contains(script)))
}

#[test]
fn t05_the_leaf_that_the_psbt_names_is_the_one_that_is_signed() {
    let case = naming(coin(F8, &[0, 1]), &[0]);
    takes(&case, 1, &[1], "other path (leaf 1): key 2");
    assert_eq!(warnings(&case), ["L05"]);
    // It names a leaf that is not open, or has no key of ours: nothing else is signed in its place.
    refuses(&naming(coin(F8, &[0, 2]), &[1]), "T05", ZERO);
    refuses(&naming(coin(F8, &[0]), &[0]), "T05", ZERO);
    silent(&simple(tr()), "T05");
    takes(&naming(older(coin(F8, &[0, 2]), 1000), &[1]), 2, &[2], "recovery path (leaf 2), after 1 000 blocks: key 3");
    // All leaves, or none, are no choice.
    takes(&naming(coin(F8, &[0, 1]), &[]), 0, &[0], "primary path (key path): key 1");
    let one = "tr(@0,pk(@1))";
    takes(&coin(one, &[0, 1]), 0, &[0], "primary path (key path): key 1");
    takes(&coin(one, &[0]), 0, &[0], "primary path (key path): key 1");
    takes(&coin(one, &[1]), 1, &[1], "other path (leaf 1): key 2");
    // Records that name one leaf, where no script is given.
    let recorded = naming(coin(F8, &[1, 2]), &[]).with_in(0, |map| {
        let tree = scripts(F8, &[]).coin(0, 3).unwrap().tree.unwrap();
        map.tap_key_origins.retain(|_, (hashes, _)| hashes.contains(&tree.leaves[0].hash));
    });
    takes(&recorded, 1, &[1], "other path (leaf 1): key 2");
}

#[test]
fn a_key_in_several_leaves_signs_in_one() {
    let several = "tr(@2,{multi_a(2,@0,@1),{and_v(v:pk(@0),older(1000)),and_v(v:pk(@1),after(900000))}})";
    let case = simple(scripts(several, &[1]));
    takes(&case, 1, &[1], "other path (leaf 1): 2 of keys 2, 3");
    let late = older(case, 1000);
    takes(&late, 2, &[1], "recovery path (leaf 2), after 1 000 blocks: key 2");
    let planned = late.review().plan()[0].clone();
    let Spend::TaprootLeaf { leaf, .. } = planned.spend else { panic!("no leaf") };
    assert_eq!(leaf.keys, [1]);
    shows(&late, "T05", ZERO);
}

#[test]
fn t07_a_key_path_that_nobody_has_is_never_taken() {
    let case = coin(NUMS, &[0]);
    shows(&case, "T07", Place::Whole);
    takes(&case, 0, &[0], "primary path (leaf 1): 2 of keys 1, 2");
    good(&case);
    assert!(case.wallets[0].paths().iter().all(|path| path.seat != strongroom::wallet::Seat::KeyPath));
    let forged = case.with_in(0, |map| {
        map.tap_key_sig = Some(bitcoin::taproot::Signature::from_slice(&[1; 64]).unwrap());
    });
    refuses(&forged, "T07", ZERO);
    refuses(&forged, "I21", ZERO);
    silent(&coin(F8, &[0]), "T07");
}

#[test]
fn signatures_of_leaves_are_checked_and_counted() {
    let all = || coin(NUMS, &[0]);
    let one = all().signed_leaf(0, 1, 0, TapSighashType::Default);
    good(&one);
    let facts = one.review().facts().inputs[0].clone();
    assert_eq!((facts.signed_by.len(), facts.needed, facts.signing.len()), (1, 2, 1));
    good(&all().signed_leaf(0, 1, 0, TapSighashType::All));
    // Complete: one more is refused unless the policy allows it.
    let more = Action::RefuseUnless(Permission::MoreSignatures);
    let complete = one.clone().signed_leaf(0, 0, 0, TapSighashType::Default);
    fires(&complete, "I22", ZERO, more);
    // For another leaf: it counts for nothing here, and is told.
    let elsewhere = older(all(), 1000).signed_leaf(0, 0, 1, TapSighashType::Default);
    assert_eq!(path(&elsewhere).unwrap().number, 1);
    fires(&elsewhere, "I22", ZERO, more);
    let beside = all().signed_leaf(0, 1, 0, TapSighashType::Default).signed_leaf(0, 0, 1, TapSighashType::Default);
    shows(&beside, "T05", ZERO);
    assert_eq!(beside.review().facts().inputs[0].signed_by.len(), 1);
    // H05 and I21: any other type, key, leaf, or byte.
    for sighash in [TapSighashType::None, TapSighashType::Single, TapSighashType::AllPlusAnyoneCanPay] {
        refuses(&all().signed_leaf(0, 1, 0, sighash), "I21", ZERO);
    }
    let bend = |change: fn(&mut bitcoin::XOnlyPublicKey, &mut bitcoin::TapLeafHash, &mut [u8; 64])| {
        one.clone().with_in(0, |map| {
            let ((mut key, mut leaf), signature) = map.tap_script_sigs.pop_first().unwrap();
            let mut bytes = signature.signature.serialize();
            change(&mut key, &mut leaf, &mut bytes);
            let signature = bitcoin::taproot::Signature::from_slice(&bytes).unwrap();
            map.tap_script_sigs.insert((key, leaf), signature);
        })
    };
    refuses(&bend(|_, _, bytes| bytes[40] ^= 1), "I21", ZERO);
    refuses(&bend(|_, leaf, _| *leaf = bitcoin::TapLeafHash::all_zeros()), "I21", ZERO);
    refuses(
        &bend(|key, _, _| {
            *key = bitcoin::XOnlyPublicKey::from_slice(&scripts(NUMS, &[]).coin(0, 4).unwrap().keys[1][1..]).unwrap();
        }),
        "I21",
        ZERO,
    );
    // H05 of what is asked.
    let asked =
        |kind: u32| all().with_in(0, |map| map.sighash_type = Some(bitcoin::psbt::PsbtSighashType::from_u32(kind)));
    for kind in [2, 3, 0x81, 0x100] {
        refuses(&asked(kind), "H05", ZERO);
    }
    for (kind, explicit) in [(0, false), (1, true)] {
        good(&asked(kind));
        let spend = asked(kind).review().plan()[0].spend.clone();
        assert!(matches!(spend, Spend::TaprootLeaf { explicit_all, .. } if explicit_all == explicit));
    }
}

#[test]
fn a_key_path_signature_beside_a_leaf_is_enough() {
    // The internal key is another's, and has signed: our leaf is not needed any more.
    let tree = "tr(@1,{pk(@0),and_v(v:pk(@2),older(1000))})";
    let wallet = scripts(tree, &[1]);
    let root = wallet.coin(0, 3).unwrap().tree.map(|tree| tree.merkle_root);
    let case = simple(wallet).signed_taproot_by(0, 1, root);
    refuses(&case, "T05", ZERO);
    let facts = case.review().facts().inputs[0].clone();
    assert!(facts.signing.is_empty() && facts.path.is_none());
}

#[test]
fn signatures_of_another_path_are_told() {
    let all = coin(F9, &[0]).signed(0, 2, EcdsaSighashType::All);
    shows(&all, "L05", ZERO);
    let facts = all.review().facts().inputs[0].clone();
    assert_eq!((facts.signed_by.len(), facts.needed, facts.signing.len()), (0, 2, 1));
    let one = coin(F9, &[0]).signed(0, 1, EcdsaSighashType::All);
    good(&one);
    assert_eq!(one.review().facts().inputs[0].signed_by.len(), 1);
    refuses(&coin(F9, &[0]).signed(0, 1, EcdsaSighashType::None), "I21", ZERO);
}

#[test]
fn t11_a_taproot_amount_beside_version_0_is_proved_or_refused() {
    let mixed = Case::new(vec![tr(), wpkh()])
        .input(0, 0, 1, 500_000)
        .input(1, 0, 1, 600_000)
        .pay(foreign(1), 1_090_000)
        .allow("mixed_wallets");
    silent(&mixed, "T11");
    let bare = mixed.clone().with_in(0, |map| map.non_witness_utxo = None);
    fires(&bare, "T11", ZERO, Action::RefuseUnless(Permission::UnprovenAmounts));
    // It is one thing, and so one acknowledgement; another rule has the coins of version 0 beside it.
    silent(&bare, "U06");
    let allowed = |case: Case| {
        case.with(|case| case.policy = "[allow]\nmixed_wallets = true\nunproven_amounts = true\n".to_owned())
    };
    assert_eq!(warnings(&allowed(bare.clone())), ["C09", "I08", "T11"]);
    let both = allowed(bare.clone()).with_in(1, |map| map.non_witness_utxo = None);
    assert_eq!(warnings(&both), ["C09", "I08", "T11", "U06"]);
    silent(&mixed.with_in(1, |map| map.non_witness_utxo = None), "T11");
    silent(&double(tr()).with_in(0, |map| map.non_witness_utxo = None), "T11");
}

#[test]
fn the_digest_binds_the_leaf() {
    let digest = |case: &Case| case.judge().ok().unwrap().digest();
    // The same keys and wallet at the same place, with another leaf asked for.
    let twice = "tr(@2,{and_v(v:pk(@0),older(10)),and_v(v:pk(@0),older(20))})";
    let case = |sequence| older(coin(twice, &[1]), sequence);
    assert_ne!(path(&case(10)).unwrap().leaf, path(&case(20)).unwrap().leaf);
    assert_ne!(digest(&case(10)), digest(&case(20)));
    let facts = case(10).review().facts().inputs[0].clone();
    let leaf = facts.path.unwrap().leaf.unwrap();
    let wallet = scripts(twice, &[1]);
    let bytes = case(10).bytes();
    let coin = wallet.coin(0, 3).unwrap();
    let hash = strongroom::digest::Tagged::new("strongroom/review/1")
        .bytes(&[3; 32])
        .bytes(&bitcoin::consensus::serialize(&case(10).psbt.unsigned_tx))
        .u32(1)
        .bytes(b"scripts")
        .u64(10_000_000)
        .bytes(coin.script_pubkey.as_bytes())
        .u32(0)
        .u32(3)
        .u8(2)
        .bytes(&leaf)
        .u32(1)
        .bytes(&coin.keys[1][1..])
        .u32(2)
        .u8(0)
        .bytes(b"")
        .u32(u32::MAX)
        .u32(u32::MAX)
        .u8(1)
        .bytes(b"scripts")
        .u32(1)
        .u32(7)
        .u32(1)
        .bytes(b"L05")
        .u8(1)
        .u32(0)
        .bytes(&strongroom::digest::sha256(&bytes));
    assert_eq!(digest(&case(10)).0, hash.finish());
}

/// The weight that is told of a PSBT, and that of its transaction once these signatures finished it.
fn weights(case: &Case, signed: &Case) -> (u64, u64) {
    let parsed = psbt::parse(signed.bytes()).unwrap();
    let finished = psbt::finalize(&parsed, &signature_check).unwrap_or_else(|error| panic!("{error}"));
    (case.review().facts().weight, finished.transaction.weight().to_wu())
}

#[test]
fn the_size_is_that_of_the_path_that_is_taken() {
    let ecdsa = |case: Case, number: u8| case.signed(0, number, EcdsaSighashType::All);
    let late = "wsh(or_d(pk(@0),and_v(v:pkh(@1),after(800000))))";
    let recovery = || older(coin(F9, &[2]), 52_560);
    let longer = "wsh(and_v(v:pk(@0),or_i(and_v(v:pk(@1),older(144)),older(1000))))";
    let later = "wsh(and_v(v:pk(@0),or_i(and_v(v:pk(@1),after(800000)),after(900000))))";
    let both = "wsh(or_d(multi(2,@0,@1),and_v(v:pk(@2),and_v(v:older(144),after(800000)))))";
    let legacy = "sh(or_d(pk(@0),and_v(v:pkh(@1),older(144))))";
    let nested = "sh(wsh(or_d(pk(@0),and_v(v:pkh(@1),older(144)))))";
    for (what, case, signers) in [
        ("both of two", coin(F9, &[0]), &[0, 1][..]),
        ("one after a year", recovery(), &[2]),
        ("one from a block on", after(coin(late, &[1]), 900_000), &[1]),
        ("one before it", coin(late, &[0]), &[0]),
        ("both, where one could wait", coin("wsh(and_v(v:pk(@0),or_d(pk(@1),older(144))))", &[0]), &[0, 1]),
        ("both, where one could be late", coin("wsh(and_v(v:pk(@0),or_d(pk(@1),after(800000))))", &[0]), &[0, 1]),
        ("both after a day, where one could wait longer", older(coin(longer, &[0]), 144), &[0, 1]),
        ("both from a block on, where one could be later", after(coin(later, &[0]), 800_000), &[0, 1]),
        ("one after both locks", after(older(coin(both, &[2]), 144), 800_000), &[2]),
        ("legacy", coin(legacy, &[0]), &[0]),
        ("legacy, late", older(coin(legacy, &[1]), 144), &[1]),
        ("nested, late", older(coin(nested, &[1]), 144), &[1]),
    ] {
        let signed = signers.iter().fold(case.clone(), |case, number| ecdsa(case, *number));
        let (told, is) = weights(&case, &signed);
        // Ours have a low R, which saves a byte each; before segwit a byte has four units.
        let each = if what.starts_with("legacy") { 4 } else { 1 };
        assert_eq!(told - is, each * signers.len() as u64, "{what}");
    }
    let root = scripts(F8, &[0]).coin(0, 3).unwrap().tree.unwrap().merkle_root;
    let spelled = |case: Case| case.with_in(0, |map| map.sighash_type = Some(TapSighashType::All.into()));
    let leaf = |case: Case, number: u8, leaf: usize, kind| case.signed_leaf(0, number, leaf, kind);
    let (first, second) = (coin(F8, &[1]), older(coin(F8, &[2]), 1000));
    // One of the two alone could sign another leaf, which is shorter.
    let two = coin("tr(@2,{multi_a(2,@0,@1),pk(@0)})", &[2]);
    let by_two = [0, 1].into_iter().fold(two.clone(), |case, number| leaf(case, number, 0, TapSighashType::Default));
    for (what, case, signed) in [
        ("key path", coin(F8, &[0]), coin(F8, &[0]).signed_taproot_by(0, 0, Some(root))),
        ("a leaf", first.clone(), leaf(first.clone(), 1, 0, TapSighashType::Default)),
        ("a leaf that waits", second.clone(), leaf(second, 2, 1, TapSighashType::Default)),
        ("a leaf of two", two, by_two),
        ("with its type", spelled(first.clone()), leaf(spelled(first), 1, 0, TapSighashType::All)),
    ] {
        let (told, is) = weights(&case, &signed);
        assert_eq!(told, is, "{what}");
    }
}

#[test]
fn the_size_counts_the_preimages_of_the_path_and_no_others() {
    let secret = [7; 32];
    let hashes = [
        format!("sha256({})", hashes::sha256::Hash::hash(&secret)),
        format!(
            "hash256({})",
            bitcoin::hex::DisplayHex::to_lower_hex_string(
                hashes::sha256d::Hash::hash(&secret).as_byte_array().as_slice(),
            )
        ),
        format!("ripemd160({})", hashes::ripemd160::Hash::hash(&secret)),
        format!("hash160({})", hashes::hash160::Hash::hash(&secret)),
    ];
    let reveal = |case: Case| {
        case.with_in(0, |map| {
            map.sha256_preimages.insert(Hash::hash(&secret), secret.to_vec());
            map.hash256_preimages.insert(Hash::hash(&secret), secret.to_vec());
            map.ripemd160_preimages.insert(Hash::hash(&secret), secret.to_vec());
            map.hash160_preimages.insert(Hash::hash(&secret), secret.to_vec());
        })
    };
    for hash in hashes {
        // One way is with a preimage, the other one waits.
        let wallet = format!("wsh(andor(pk(@0),{hash},and_v(v:pkh(@1),older(144))))");
        let case = reveal(coin(&wallet, &[0]));
        assert_eq!(planned(&case), (0, vec![0]), "{hash}");
        let (told, is) = weights(&case, &case.clone().signed(0, 0, EcdsaSighashType::All));
        assert_eq!(told - is, 1, "{hash}");
        // Two sign and no preimage is shown, though that would be shorter.
        let wallet = format!("wsh(and_v(v:pk(@0),or_d(pk(@1),{hash})))");
        let case = coin(&wallet, &[0]);
        assert_eq!(path(&case).unwrap().words, "primary path: 2 of keys 1, 2", "{hash}");
        let mut signed = case.psbt.unsigned_tx.clone();
        let script = case.psbt.inputs[0].witness_script.clone().unwrap();
        signed.input[0].witness = Witness::from_slice(&[vec![1; 72], vec![1; 72], script.into_bytes()]);
        let (told, is) = (case.review().facts().weight, signed.weight().to_wu());
        assert_eq!(told, is, "{hash}");
    }
}
