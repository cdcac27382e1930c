//! Scopes that say one thing wrong each.
//!
//! Floor 1, tests only.

use bitcoin::{ScriptBuf, hashes::Hash};

use super::*;
use crate::wallet::{Kind, LEAF_VERSION, Leaf, samples};

/// Control blocks, each with its script and leaf version.
type Leaves = Vec<(Vec<u8>, Vec<u8>)>;
/// Depth, leaf version and script of each leaf.
type Written = Vec<(u8, u8, Vec<u8>)>;

/// What a PSBT says about a coin of a wallet; the tests change one thing of it.
#[derive(Clone)]
struct Said {
    script: ScriptBuf,
    output: Vec<Derivation>,
    tap: Vec<TapDerivation>,
    redeem: Option<ScriptBuf>,
    witness: Option<ScriptBuf>,
    internal: Option<[u8; 32]>,
    root: Option<[u8; 32]>,
    leaves: Leaves,
    tree: Option<Written>,
}

impl Said {
    fn scope(&self) -> Scope<'_> {
        Scope {
            script_pubkey: &self.script,
            derivations: &self.output,
            tap_derivations: &self.tap,
            redeem_script: self.redeem.as_deref(),
            witness_script: self.witness.as_deref(),
            tap_internal_key: self.internal.as_ref(),
            tap_merkle_root: self.root.as_ref(),
            tap_leaf_scripts: &self.leaves,
            tap_tree: self.tree.as_ref().map(|tree| {
                tree.iter().map(|(depth, version, script)| (*depth, *version, script.as_slice())).collect()
            }),
        }
    }
}

fn say(wallet: &Wallet, branch: u32, index: u32) -> Said {
    let coin = wallet.coin(branch, index).unwrap();
    let path = |key: &Key| [key.origin.as_slice(), &[branch, index]].concat();
    let pairs = || wallet.keys().iter().zip(&coin.keys);
    let tap = coin.taproot.is_some();
    let full =
        pairs().map(|(key, public)| Derivation { key: public.to_vec(), fingerprint: key.fingerprint, path: path(key) });
    let leaves = || coin.tree.iter().flat_map(|tree| &tree.leaves);
    let x_only = pairs().enumerate().map(|(number, (key, public))| TapDerivation {
        key: public[1..].try_into().unwrap(),
        leaf_hashes: leaves()
            .filter(|leaf| leaf.keys.contains(&number))
            .map(|leaf| leaf.hash.to_byte_array())
            .collect(),
        fingerprint: key.fingerprint,
        path: path(key),
    });
    Said {
        script: coin.script_pubkey.clone(),
        output: if tap { Vec::new() } else { full.collect() },
        tap: if tap { x_only.collect() } else { Vec::new() },
        redeem: coin.redeem_script.clone(),
        witness: coin.witness_script.clone(),
        internal: coin.taproot.map(|(internal, _)| internal.serialize()),
        root: coin.tree.as_ref().map(|tree| tree.merkle_root.to_byte_array()),
        leaves: leaves().map(|leaf| (leaf.control_block.clone(), written(leaf))).collect(),
        tree: coin
            .tree
            .as_ref()
            .map(|tree| tree.leaves.iter().map(|leaf| (leaf.depth, LEAF_VERSION, leaf.script.to_bytes())).collect()),
    }
}

/// The script with its version behind it, as a PSBT has it.
fn written(leaf: &Leaf) -> Vec<u8> {
    [leaf.script.as_bytes(), &[LEAF_VERSION]].concat()
}

/// Key path of A, leaves of B, and of C after 1000 blocks.
fn tree() -> Wallet {
    samples::wallet(samples::SCRIPTS[5], samples::SCRIPTS_PATH)
}

fn multisig() -> Wallet {
    samples::wallet("wsh(sortedmulti(2,@0/<0;1>/*,@1/<0;1>/*,@2/<0;1>/*))", "m/48h/0h/0h/2h")
}

fn single() -> Wallet {
    samples::wallet("wpkh(@0/<0;1>/*)", "m/84h/0h/0h")
}

#[track_caller]
fn proved(wallet: &Wallet, said: &Said) -> Owned {
    match own_proof(wallet, &said.scope()).unwrap() {
        Claim::Proved(owned) => owned,
        Claim::None => panic!("no claim"),
    }
}

#[track_caller]
fn contradicts(wallet: &Wallet, said: &Said, expected: Contradiction) {
    assert_eq!(own_proof(wallet, &said.scope()), Err(expected));
}

#[track_caller]
fn not_ours(wallet: &Wallet, said: &Said) {
    assert_eq!(own_proof(wallet, &said.scope()), Ok(Claim::None));
}

#[test]
fn every_kind_is_proved_at_its_place() {
    for wallet in samples::every() {
        for (branch, index) in [(0, 0), (1, 7), (1, HARDENED - 1)] {
            let owned = proved(&wallet, &say(&wallet, branch, index));
            assert_eq!(owned.coin, wallet.coin(branch, index).unwrap());
            assert_eq!(owned.records, (0..wallet.keys().len()).map(Some).collect::<Vec<_>>());
            assert!(owned.by_key.is_empty() && owned.names_ours(&wallet));
        }
    }
}

#[test]
fn our_script_serves_where_the_psbt_has_none() {
    let wallet = multisig();
    let mut said = say(&wallet, 0, 3);
    said.witness = None;
    assert!(proved(&wallet, &said).coin.witness_script.is_some());
    said.output.truncate(1);
    assert_eq!(proved(&wallet, &said).records, [Some(0)]);
}

#[test]
fn without_records_nothing_is_claimed() {
    let wallet = single();
    let mut said = say(&wallet, 0, 0);
    said.output.clear();
    not_ours(&wallet, &said);
    assert_eq!(own_proof_among(&[wallet], &said.scope()), Ok(None));
}

#[test]
fn records_must_agree_on_one_place() {
    let wallet = multisig();
    let mut said = say(&wallet, 1, 7);
    *said.output[1].path.last_mut().unwrap() = 8;
    contradicts(&wallet, &said, Contradiction::Places { first: (1, 7), second: (1, 8) });
    for record in &mut said.output {
        *record.path.last_mut().unwrap() = 8;
    }
    contradicts(&wallet, &said, Contradiction::Script { branch: 1, index: 8 });
}

#[test]
fn another_script_under_our_fingerprint_is_a_contradiction() {
    let wallet = multisig();
    let thief = samples::wallet("wsh(sortedmulti(2,@0/<0;1>/*,@8/<0;1>/*,@9/<0;1>/*))", "m/48h/0h/0h/2h");
    let mut said = say(&wallet, 1, 7);
    said.script = thief.coin(1, 7).unwrap().script_pubkey;
    contradicts(&wallet, &said, Contradiction::Script { branch: 1, index: 7 });
    // forged fingerprint beside another key, and the other way round: our key under a wrong fingerprint
    said.output[0].key = vec![2; 33];
    contradicts(&wallet, &said, Contradiction::Script { branch: 1, index: 7 });
    let mut said = say(&wallet, 1, 7);
    said.script = thief.coin(1, 7).unwrap().script_pubkey;
    said.output[0].fingerprint = [9; 4];
    contradicts(&wallet, &said, Contradiction::Script { branch: 1, index: 7 });
    said.output.remove(0);
    not_ours(&wallet, &said);
}

#[test]
fn a_claimed_key_must_be_the_derived_one() {
    let wallet = multisig();
    for key in 0..3 {
        let mut said = say(&wallet, 1, 7);
        said.output[key].key = vec![2; 33];
        contradicts(&wallet, &said, Contradiction::Key { record: key, key });
    }
    let mut said = say(&wallet, 1, 7);
    let long = bitcoin::secp256k1::PublicKey::from_slice(&said.output[0].key).unwrap().serialize_uncompressed();
    said.output[0].key = long.to_vec();
    contradicts(&wallet, &said, Contradiction::Key { record: 0, key: 0 });
    // two records that exchanged their keys
    let mut said = say(&wallet, 1, 7);
    let (first, second) = (said.output[0].key.clone(), said.output[1].key.clone());
    said.output[0].key = second;
    said.output[1].key = first;
    let owned = proved(&wallet, &said);
    assert_eq!((owned.records, owned.by_key), (vec![Some(1), Some(0), Some(2)], vec![0, 1]));
}

#[test]
fn a_fingerprint_is_a_hint_only() {
    let wallet = multisig();
    for print in [[0; 4], [7; 4]] {
        let mut said = say(&wallet, 0, 5);
        said.output[0].fingerprint = print;
        assert_eq!(proved(&wallet, &said).by_key, [0]);
        said.output.truncate(1);
        assert_eq!(proved(&wallet, &said).by_key, [0]);
        said.output[0].key = vec![2; 33];
        said.script = ScriptBuf::new();
        not_ours(&wallet, &said);
    }
}

#[test]
fn an_unknown_key_is_listed() {
    let wallet = multisig();
    let mut said = say(&wallet, 0, 5);
    said.output.push(Derivation { key: vec![2; 33], fingerprint: [7; 4], path: vec![1, 2] });
    assert_eq!(proved(&wallet, &said).records, [Some(0), Some(1), Some(2), None]);
    said.output[3].fingerprint = wallet.keys()[0].fingerprint;
    contradicts(&wallet, &said, Contradiction::Path { record: 3, astray: Astray::OtherAccount });
}

#[test]
fn paths_that_stray_are_told_apart() {
    let wallet = single();
    let stray = |below: &[u32], origin: &[u32]| {
        let mut said = say(&wallet, 1, 5);
        said.output[0].path = [origin, below].concat();
        own_proof(&wallet, &said.scope()).unwrap_err()
    };
    let origin = wallet.keys()[0].origin.clone();
    let path = |astray| Contradiction::Path { record: 0, astray };
    assert_eq!(stray(&[1 | HARDENED, 5], &origin), path(Astray::Hardened));
    assert_eq!(stray(&[1, 5 | HARDENED], &origin), path(Astray::Hardened));
    assert_eq!(stray(&[3, 5], &origin), path(Astray::Branch(3)));
    assert_eq!(stray(&[1, 5, 0], &origin), path(Astray::Depth));
    assert_eq!(stray(&[5], &origin), path(Astray::Depth));
    assert_eq!(stray(&[1, 5], &[84 | HARDENED, HARDENED, 1 | HARDENED]), path(Astray::OtherAccount));
    assert_eq!(stray(&[1, 5], &[84 | HARDENED, HARDENED, 0]), path(Astray::OtherAccount));
    assert_eq!(stray(&[], &[]), path(Astray::OtherAccount));
}

#[test]
fn each_field_must_be_the_derived_one() {
    let other = ScriptBuf::from_bytes(vec![0x51]);
    for wallet in samples::every() {
        let good = say(&wallet, 1, 7);
        let field = |said: &Said, field| contradicts(&wallet, said, Contradiction::Field(field));
        field(&Said { redeem: Some(other.clone()), ..good.clone() }, Field::RedeemScript);
        field(&Said { witness: Some(other.clone()), ..good.clone() }, Field::WitnessScript);
        field(&Said { internal: Some([3; 32]), ..good.clone() }, Field::TapInternalKey);
        field(&Said { root: Some([3; 32]), ..good.clone() }, Field::TapMerkleRoot);
        field(&Said { tree: Some(vec![(0, LEAF_VERSION, vec![0x51])]), ..good.clone() }, Field::TapTree);
        field(&Said { tree: Some(Vec::new()), ..good.clone() }, Field::TapTree);
        let strange = vec![(vec![LEAF_VERSION; 33], vec![0x51, LEAF_VERSION])];
        let fault = if wallet.kind() == Kind::TrTree { LeafFault::Script } else { LeafFault::NoTree };
        field(&Said { leaves: strange, ..good.clone() }, Field::TapLeaf { number: 0, fault });
        let nothing = Said {
            redeem: None,
            witness: None,
            internal: None,
            root: None,
            leaves: Vec::new(),
            tree: None,
            ..good.clone()
        };
        assert_eq!(proved(&wallet, &nothing).coin, proved(&wallet, &good).coin);
    }
    let taproot = samples::wallet("tr(@0/<0;1>/*)", "m/86h/0h/0h");
    let mut said = say(&taproot, 1, 7);
    said.tap[0].leaf_hashes.push([1; 32]);
    contradicts(&taproot, &said, Contradiction::Field(Field::LeafHashes { record: 0 }));
}

#[test]
fn a_leaf_script_must_be_a_leaf_of_ours_on_its_branch() {
    let wallet = tree();
    let good = say(&wallet, 1, 7);
    let refused = |change: &dyn Fn(&mut Leaves), number, fault| {
        let mut said = good.clone();
        change(&mut said.leaves);
        contradicts(&wallet, &said, Contradiction::Field(Field::TapLeaf { number, fault }));
    };
    // the parity, the internal key, the sister, one leaf's branch with the other's script
    refused(&|leaves| leaves[0].0[0] ^= 1, 0, LeafFault::Branch);
    refused(&|leaves| leaves[1].0[1] ^= 1, 1, LeafFault::Branch);
    refused(&|leaves| leaves[1].0[64] ^= 1, 1, LeafFault::Branch);
    refused(&|leaves| leaves[0].0 = leaves[1].0.clone(), 0, LeafFault::Branch);
    refused(&|leaves| leaves[0].0.truncate(33), 0, LeafFault::Branch);
    refused(&|leaves| leaves[1].0.extend([7; 32]), 1, LeafFault::Branch);
    refused(&|leaves| *leaves[0].1.last_mut().unwrap() = 0xc2, 0, LeafFault::Version);
    refused(&|leaves| leaves[1].0[0] = 0xc2, 1, LeafFault::Version);
    refused(&|leaves| leaves[1].0[0] = 0x50, 1, LeafFault::Version);
    refused(&|leaves| leaves[0].1.insert(0, 0x7e), 0, LeafFault::Script);
    refused(&|leaves| leaves[1].1 = vec![LEAF_VERSION], 1, LeafFault::Script);
    refused(&|leaves| leaves[0].0.push(0), 0, LeafFault::ControlBlock);
    refused(&|leaves| leaves[0].0.extend([0; 32 * 128]), 0, LeafFault::ControlBlock);
    refused(&|leaves| leaves[1].0.clear(), 1, LeafFault::ControlBlock);
    refused(&|leaves| leaves[1].1.clear(), 1, LeafFault::ControlBlock);
    // of another index of the same wallet
    let other = say(&wallet, 1, 8);
    refused(&|leaves| leaves[0] = other.leaves[0].clone(), 0, LeafFault::Script);
    let one = Said { leaves: good.leaves[1..].to_vec(), ..good.clone() };
    proved(&wallet, &one);
}

#[test]
fn a_tree_is_ours_by_its_root() {
    let wallet = samples::wallet(samples::SCRIPTS[6], samples::SCRIPTS_PATH);
    let good = say(&wallet, 1, 7);
    let with = |change: &dyn Fn(&mut Written)| {
        let mut said = good.clone();
        change(said.tree.as_mut().unwrap());
        said
    };
    // sisters in the other order have the same root
    proved(&wallet, &with(&|tree| tree.swap(0, 1)));
    proved(&wallet, &with(&|tree| tree.rotate_right(1)));
    let refused = |said: &Said| contradicts(&wallet, said, Contradiction::Field(Field::TapTree));
    refused(&with(&|tree| tree[2].2.push(0x75)));
    refused(&with(&|tree| tree[1].1 = 0xc2));
    refused(&with(&|tree| tree[0].0 = 1));
    refused(&with(&|tree| drop(tree.pop())));
    refused(&with(&|tree| tree.push((0, LEAF_VERSION, vec![0x51]))));
    refused(&Said { tree: say(&wallet, 1, 8).tree, ..good.clone() });
}

#[test]
fn leaf_hashes_are_of_leaves_that_hold_the_key() {
    let wallet = tree();
    let good = say(&wallet, 0, 3);
    assert_eq!(good.tap.iter().map(|record| record.leaf_hashes.len()).collect::<Vec<_>>(), [0, 1, 1]);
    let refused = |change: &dyn Fn(&mut Vec<TapDerivation>), record| {
        let mut said = good.clone();
        change(&mut said.tap);
        contradicts(&wallet, &said, Contradiction::Field(Field::LeafHashes { record }));
    };
    refused(&|tap| tap[1].leaf_hashes.push([1; 32]), 1);
    refused(&|tap| tap[0].leaf_hashes = tap[1].leaf_hashes.clone(), 0);
    refused(&|tap| tap[2].leaf_hashes = tap[1].leaf_hashes.clone(), 2);
    refused(&|tap| tap[1].leaf_hashes[0][0] ^= 1, 1);
    let mut fewer = good.clone();
    fewer.tap[2].leaf_hashes.clear();
    proved(&wallet, &fewer);
}

#[test]
fn the_record_of_an_internal_key_that_nobody_has_is_known() {
    let text = samples::with_unspendable_xpub(crate::network::Network::Mainnet);
    let extended = samples::wallet(&text, samples::SCRIPTS_PATH);
    let point = samples::wallet(samples::SCRIPTS[7], samples::SCRIPTS_PATH);
    for (wallet, path) in [(&extended, vec![1, 7]), (&point, Vec::new())] {
        let mut said = say(wallet, 1, 7);
        let key = said.internal.unwrap();
        said.tap.insert(0, TapDerivation { key, leaf_hashes: Vec::new(), fingerprint: [5; 4], path });
        let owned = proved(wallet, &said);
        assert_eq!((owned.records, owned.disabled), (vec![None, Some(0), Some(1)], Some(0)));
        // as if the vault had it
        let ours = &wallet.keys()[0];
        said.tap[0].fingerprint = ours.fingerprint;
        said.tap[0].path = [ours.origin.as_slice(), &[1, 7]].concat();
        contradicts(wallet, &said, Contradiction::Key { record: 0, key: 0 });
        said.tap[0].path = vec![1, 7];
        contradicts(wallet, &said, Contradiction::Path { record: 0, astray: Astray::OtherAccount });
        said.tap[0].fingerprint = [5; 4];
        said.tap[0].leaf_hashes = said.tap[1].leaf_hashes.clone();
        contradicts(wallet, &said, Contradiction::Field(Field::LeafHashes { record: 0 }));
    }
    // where the key path is not disabled, such a record is a stranger's
    let mut said = say(&tree(), 1, 7);
    let key = point.coin(0, 0).unwrap().taproot.unwrap().0.serialize();
    said.tap.push(TapDerivation { key, leaf_hashes: Vec::new(), fingerprint: [5; 4], path: Vec::new() });
    let owned = proved(&tree(), &said);
    assert_eq!((owned.records.last(), owned.disabled), (Some(&None), None));
}

#[test]
fn a_coin_with_another_tree_is_not_ours() {
    let wallet = tree();
    for text in [
        "tr(@0/<0;1>/*)",
        "tr(@0/<0;1>/*,{pk(@1/<0;1>/*),and_v(v:pk(@2/<0;1>/*),older(999))})",
        "tr(@0/<0;1>/*,{pk(@8/<0;1>/*),and_v(v:pk(@2/<0;1>/*),older(1000))})",
    ] {
        let theirs = samples::wallet(text, samples::SCRIPTS_PATH);
        let said = Said { script: theirs.coin(1, 7).unwrap().script_pubkey, ..say(&wallet, 1, 7) };
        contradicts(&wallet, &said, Contradiction::Script { branch: 1, index: 7 });
    }
}

#[test]
fn a_proof_by_one_wallet_settles_it() {
    let other = samples::wallet("wpkh(@0/<0;1>/*)", "m/84h/0h/1h");
    let twin = samples::wallet("wsh(sortedmulti(1,@0/<0;1>/*,@1/<0;1>/*))", "m/48h/0h/0h/2h");
    let wallets = [other, single(), twin, multisig()];
    for (place, wallet) in wallets.iter().enumerate() {
        let said = say(wallet, 1, 9);
        let (found, owned) = own_proof_among(&wallets, &said.scope()).unwrap().unwrap();
        assert_eq!((found, owned.coin.index), (place, 9));
    }
    let mut said = say(&wallets[3], 1, 9);
    said.script = ScriptBuf::new();
    let (_, worst) = own_proof_among(&wallets, &said.scope()).unwrap_err();
    assert_eq!(worst, Contradiction::Script { branch: 1, index: 9 });
    let stranger = samples::wallet("wpkh(@5/<0;1>/*)", "m/84h/0h/0h");
    assert_eq!(own_proof_among(&wallets, &say(&stranger, 0, 0).scope()), Ok(None));
}

#[test]
fn keys_of_strangers_are_compared_at_a_few_places_only() {
    let wallet = multisig();
    let honest = say(&wallet, 0, 4);
    let with = |strangers: u32| {
        let mut said = honest.clone();
        for record in &mut said.output {
            record.fingerprint = [9; 4];
        }
        for index in 0..strangers {
            let path = [wallet.keys()[0].origin.as_slice(), &[0, 100 + index]].concat();
            said.output.insert(0, Derivation { key: vec![2; 33], fingerprint: [8; 4], path });
        }
        said
    };
    let owned = proved(&wallet, &with(2));
    assert_eq!((owned.coin.index, owned.records), (4, vec![None, None, Some(0), Some(1), Some(2)]));
    not_ours(&wallet, &with(3));
    // Under the registered fingerprints no comparison is needed.
    let mut said = with(3);
    said.output[3].fingerprint = wallet.keys()[0].fingerprint;
    assert_eq!(proved(&wallet, &said).coin.index, 4);
}

#[test]
fn of_several_wallets_the_nearest_is_named() {
    let sole = samples::wallet("wpkh(@0/<0;1>/*)", "m/84h/0h/0h");
    let other_account = samples::wallet("wpkh(@0/<0;1>/*)", "m/84h/0h/7h");
    let taproot = samples::wallet("tr(@0/<0;1>/*)", "m/86h/0h/0h");
    let shared = samples::wallet("wsh(sortedmulti(2,@0/<0;1>/*,@4/<0;1>/*,@5/<0;1>/*))", "m/48h/0h/0h/2h");
    let wallets = [sole, other_account, taproot, shared, multisig()];
    let named = |said: &Said| own_proof_among(&wallets, &said.scope()).unwrap_err().0;
    for (place, wallet) in wallets.iter().enumerate() {
        let mut said = say(wallet, 1, 7);
        // Another account of the same kind: every wallet has our fingerprint.
        for path in said.output.iter_mut().map(|record| &mut record.path) {
            let account = path.len() - 3;
            path[account] = 33 | HARDENED;
        }
        for path in said.tap.iter_mut().map(|record| &mut record.path) {
            path[2] = 33 | HARDENED;
        }
        // The first two differ in the account alone.
        assert_eq!(named(&said), if place == 1 { 0 } else { place });
        // At its place, with a script that it does not derive there.
        let mut said = say(wallet, 1, 7);
        said.script = wallet.coin(1, 8).unwrap().script_pubkey;
        assert_eq!(named(&said), place);
    }
}

#[test]
fn a_cosigners_other_wallet_is_not_ours() {
    let wallet = multisig();
    let theirs = samples::wallet("wsh(sortedmulti(1,@1/<0;1>/*,@7/<0;1>/*))", "m/48h/0h/0h/2h");
    not_ours(&wallet, &say(&theirs, 0, 4));
    let mut said = say(&theirs, 0, 4);
    said.output
        .push(Derivation { path: [theirs.keys()[0].origin.as_slice(), &[0, 5]].concat(), ..said.output[0].clone() });
    not_ours(&wallet, &said);
}

#[test]
fn a_cosigner_without_origin_in_the_record_is_matched_by_key() {
    let wallet = multisig();
    let mut said = say(&wallet, 0, 4);
    said.output[1].path = vec![0, 4];
    assert_eq!(proved(&wallet, &said).by_key, [1]);
    said.output[0].path = vec![0, 4];
    said.output[0].fingerprint = [7; 4];
    contradicts(&wallet, &said, Contradiction::Path { record: 0, astray: Astray::OtherAccount });
}
