//! I04 to I07, T01 to T04, C12 of wallets with a tree of leaves or with miniscript.

use bitcoin::{
    ScriptBuf, TapLeafHash, TapNodeHash, XOnlyPublicKey,
    bip32::{ChildNumber, DerivationPath, Fingerprint},
    hashes::Hash,
    secp256k1::Parity,
    taproot::{ControlBlock, LeafVersion, TapTree, TaprootBuilder, TaprootMerkleBranch},
};
use strongroom::{
    psbt::Place,
    wallet::{Coin, Wallet},
};

use crate::{
    asks, refuses, shows, silent,
    transactions::{COSIGNER, Case, double, wallet},
};

/// Key path of A; leaves of B, and of C after 1000 blocks.
fn tree() -> Wallet {
    wallet("tree", "tr(@0,{pk(@1),and_v(v:pk(@2),older(1000))})", &COSIGNER)
}

/// A and B, or C after a year.
fn script() -> Wallet {
    wallet("script", "wsh(or_d(multi(2,@0,@1),and_v(v:pkh(@2),older(52560))))", &COSIGNER)
}

/// The coins of [`double`].
fn coins() -> [Coin; 3] {
    [(0, 3), (0, 4), (1, 7)].map(|(branch, index)| tree().coin(branch, index).unwrap())
}

fn block(coin: &Coin, leaf: usize) -> ControlBlock {
    ControlBlock::decode(&coin.tree.as_ref().unwrap().leaves[leaf].control_block).unwrap()
}

fn leaf(coin: &Coin, leaf: usize) -> (ScriptBuf, LeafVersion) {
    (coin.tree.as_ref().unwrap().leaves[leaf].script.clone(), LeafVersion::TapScript)
}

fn written(leaves: &[(u8, ScriptBuf)]) -> TapTree {
    let built = leaves
        .iter()
        .fold(TaprootBuilder::new(), |tree, (depth, script)| tree.add_leaf(*depth, script.clone()).unwrap());
    TapTree::try_from(built).unwrap()
}

/// Two coins spent and change, with every field about their trees.
fn whole() -> Case {
    let wallet = tree();
    let [first, second, change] = coins();
    let origins = |coin: &Coin| {
        let path = |origin: &[u32]| {
            let steps = origin.iter().chain([&coin.branch, &coin.index]);
            steps.map(|step| ChildNumber::from(*step)).collect::<DerivationPath>()
        };
        let hashes = |key: usize| {
            let leaves = &coin.tree.as_ref().unwrap().leaves;
            leaves.iter().filter(|leaf| leaf.keys.contains(&key)).map(|leaf| leaf.hash).collect::<Vec<_>>()
        };
        let pairs = wallet.keys().iter().zip(&coin.keys).enumerate();
        pairs
            .map(|(number, (key, public))| {
                let public = XOnlyPublicKey::from_slice(&public[1..]).unwrap();
                (public, (hashes(number), (Fingerprint::from(key.fingerprint), path(&key.origin))))
            })
            .collect()
    };
    let with = |case: Case, n: usize, coin: &Coin| {
        case.with_in(n, |map| {
            map.tap_merkle_root = Some(coin.tree.as_ref().unwrap().merkle_root);
            map.tap_scripts = [0, 1].map(|number| (block(coin, number), leaf(coin, number))).into();
            map.tap_key_origins = origins(coin);
        })
    };
    let case = with(with(double(wallet.clone()), 0, &first), 1, &second);
    case.with_out(1, |map| {
        let leaves = &change.tree.as_ref().unwrap().leaves;
        map.tap_tree = Some(written(&leaves.iter().map(|leaf| (leaf.depth, leaf.script.clone())).collect::<Vec<_>>()));
        map.tap_key_origins = origins(&change);
    })
}

/// No rule of this page has anything to say.
#[track_caller]
fn nothing_of_trees(case: &Case) {
    for rule in ["I01", "I02", "I03", "I05", "I07", "I13", "T01", "T02", "T03", "T04", "C02", "C07", "C11", "C12"] {
        silent(case, rule);
    }
}

#[test]
fn what_is_told_of_our_trees_is_true_or_left_out() {
    nothing_of_trees(&whole());
    silent(&whole(), "I06");
    let bare = whole()
        .with_in(0, |map| {
            map.tap_scripts.clear();
            map.tap_merkle_root = None;
            map.tap_internal_key = None;
        })
        .with_out(1, |map| (map.tap_tree, map.tap_internal_key) = (None, None));
    nothing_of_trees(&bare);
    shows(&bare, "I06", Place::Input(0));
    let fewer = whole().with_in(1, |map| {
        map.tap_scripts.pop_last();
        map.tap_key_origins.values_mut().for_each(|(hashes, _)| hashes.clear());
    });
    nothing_of_trees(&fewer);
}

#[test]
fn t01_a_coin_has_our_tree() {
    for other in ["tr(@0)", "tr(@0,{pk(@1),and_v(v:pk(@2),older(999))})", "tr(@1,{pk(@1),and_v(v:pk(@2),older(1000))})"]
    {
        let spent = wallet("other", other, &COSIGNER).coin(0, 3).unwrap().script_pubkey;
        let case = whole().with(|case| {
            let map = &mut case.psbt.inputs[0];
            let previous = map.non_witness_utxo.as_mut().unwrap();
            previous.output[1].script_pubkey = spent;
            map.witness_utxo = Some(previous.output[1].clone());
            case.psbt.unsigned_tx.input[0].previous_output.txid = previous.compute_txid();
        });
        refuses(&case, "T01", Place::Input(0));
        refuses(&case, "I01", Place::Input(0));
    }
}

#[test]
fn t02_root_and_internal_key_are_ours() {
    let [_, second, _] = coins();
    let roots = [TapNodeHash::all_zeros(), TapNodeHash::from_byte_array([5; 32]), second.tree.unwrap().merkle_root];
    for root in roots {
        refuses(&whole().with_in(0, |map| map.tap_merkle_root = Some(root)), "T02", Place::Input(0));
    }
    let (internal, _) = second.taproot.unwrap();
    refuses(&whole().with_in(0, |map| map.tap_internal_key = Some(internal)), "T02", Place::Input(0));
}

#[test]
fn t03_leaves_are_ours_with_their_branches() {
    let [first, second, _] = coins();
    let with = |block: ControlBlock, leaf: (ScriptBuf, LeafVersion)| {
        whole().with_in(0, move |map| map.tap_scripts = [(block, leaf)].into())
    };
    nothing_of_trees(&with(block(&first, 1), leaf(&first, 1)));
    let refused = |case: &Case| refuses(case, "T03", Place::Input(0));
    let version = LeafVersion::from_consensus(0xc2).unwrap();
    refused(&with(ControlBlock { leaf_version: version, ..block(&first, 0) }, (leaf(&first, 0).0, version)));
    refused(&with(block(&first, 0), (leaf(&first, 0).0, version)));
    refused(&with(block(&first, 0), leaf(&first, 1)));
    let parity = block(&first, 0).output_key_parity ^ Parity::Odd;
    refused(&with(ControlBlock { output_key_parity: parity, ..block(&first, 0) }, leaf(&first, 0)));
    let long = TaprootMerkleBranch::try_from(vec![TapNodeHash::all_zeros(); 128]).unwrap();
    refused(&with(ControlBlock { merkle_branch: long, ..block(&first, 0) }, leaf(&first, 0)));
    refused(&with(block(&second, 0), leaf(&second, 0)));
    refused(&with(block(&first, 0), (ScriptBuf::from(vec![0x51]), LeafVersion::TapScript)));
}

#[test]
fn t04_leaf_hashes_are_of_our_leaves_with_that_key() {
    let [first, second, _] = coins();
    let key = |coin: &Coin, number: usize| XOnlyPublicKey::from_slice(&coin.keys[number][1..]).unwrap();
    let hash = |coin: &Coin, number: usize| coin.tree.as_ref().unwrap().leaves[number].hash;
    let strange = TapLeafHash::from_byte_array([4; 32]);
    // A, which is ours, stands in no leaf
    for hash in [strange, hash(&first, 0), hash(&second, 1)] {
        for number in 0..3 {
            let case = whole().with_in(0, |map| {
                let (hashes, _) = map.tap_key_origins.get_mut(&key(&first, number)).unwrap();
                if !hashes.contains(&hash) {
                    hashes.push(hash);
                }
            });
            let own = number == 1 && hash == first.tree.as_ref().unwrap().leaves[0].hash;
            if own {
                nothing_of_trees(&case);
            } else {
                refuses(&case, "T04", Place::Input(0));
            }
        }
    }
}

#[test]
fn c12_change_has_our_tree() {
    let [_, _, change] = coins();
    let scripts: Vec<ScriptBuf> = [0, 1].map(|number| leaf(&change, number).0).into();
    let told = |leaves: &[(u8, ScriptBuf)]| whole().with_out(1, |map| map.tap_tree = Some(written(leaves)));
    let [one, two] = scripts.as_slice() else { panic!() };
    nothing_of_trees(&told(&[(1, two.clone()), (1, one.clone())]));
    let refused = |case: &Case| refuses(case, "C12", Place::Output(1));
    refused(&told(&[(0, one.clone())]));
    refused(&told(&[(1, one.clone()), (1, one.clone())]));
    refused(&told(&[(1, one.clone()), (2, two.clone()), (2, ScriptBuf::from(vec![0x51]))]));
    refused(&whole().with_out(1, |map| {
        map.tap_key_origins.values_mut().for_each(|(hashes, _)| hashes.push(TapLeafHash::from_byte_array([4; 32])));
    }));
    // the script of another tree under our key records
    let other = wallet("other", "tr(@0,{pk(@1),pk(@2)})", &COSIGNER).coin(1, 7).unwrap().script_pubkey;
    let case = whole().with_tx(|tx| tx.output[1].script_pubkey = other);
    refuses(&case, "C12", Place::Output(1));
    refuses(&case, "C02", Place::Output(1));
    // not the tree of an output without one
    let plain = crate::transactions::tr();
    refuses(
        &double(plain).with_out(1, |map| map.tap_tree = Some(written(&[(0, one.clone())]))),
        "C12",
        Place::Output(1),
    );
}

#[test]
fn i07_a_miniscript_is_the_registered_one() {
    let case = double(script());
    for rule in ["I01", "I05", "I06", "I07", "C02", "C11"] {
        silent(&case, rule);
    }
    shows(&case.clone().with_in(0, |map| map.witness_script = None), "I06", Place::Input(0));
    for other in [
        "wsh(or_d(multi(2,@0,@1),and_v(v:pkh(@2),older(52561))))",
        "wsh(or_d(multi(1,@0,@1),and_v(v:pkh(@2),older(52560))))",
        "wsh(or_d(multi(2,@1,@0),and_v(v:pkh(@2),older(52560))))",
    ] {
        let weak = wallet("weak", other, &COSIGNER).coin(0, 3).unwrap().witness_script;
        let told = case.clone().with_in(0, |map| map.witness_script.clone_from(&weak));
        refuses(&told, "I07", Place::Input(0));
        refuses(&told, "I05", Place::Input(0));
        let change = wallet("weak", other, &COSIGNER).coin(1, 7).unwrap();
        let stolen = case.clone().with(|case| {
            case.psbt.unsigned_tx.output[1].script_pubkey = change.script_pubkey;
            case.psbt.outputs[1].witness_script = change.witness_script;
        });
        refuses(&stolen, "C02", Place::Output(1));
    }
}

#[test]
fn i13_the_record_of_a_disabled_internal_key_is_no_stranger() {
    let point = "50929b74c1a04954b78b4b6035e97a5e078a5a0f28ec96d547bfee9ace803ac0";
    let disabled = wallet("disabled", &format!("tr({point},{{pk(@0),and_v(v:pk(@1),older(1000))}})"), &COSIGNER);
    let add = |case: Case, key: &str, print: [u8; 4]| {
        let key: XOnlyPublicKey = key.parse().unwrap();
        let origin = (Fingerprint::from(print), DerivationPath::default());
        case.with_in(0, |map| drop(map.tap_key_origins.insert(key, (Vec::new(), origin))))
    };
    silent(&add(double(disabled.clone()), point, [5; 4]), "I13");
    let stranger = "60b2003c386519fc9eadf2b5cf124dd8eea4c4e68d5e154050a9346ea98ce600";
    asks(&add(double(disabled.clone()), stranger, [5; 4]), "I13", Place::Input(0));
    asks(&add(whole(), point, [5; 4]), "I13", Place::Input(0));
    // as if the vault had it
    let print = disabled.keys()[0].fingerprint;
    refuses(&add(double(disabled), point, print), "I01", Place::Input(0));
}
