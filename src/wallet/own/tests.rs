//! Scopes that say one thing wrong each.
//!
//! Floor 1, tests only.

use bitcoin::ScriptBuf;

use super::*;
use crate::wallet::samples;

/// What a PSBT says about a coin of a wallet; the tests change one thing of it.
#[derive(Clone)]
struct Said {
    script: ScriptBuf,
    output: Vec<Derivation>,
    tap: Vec<TapDerivation>,
    redeem: Option<ScriptBuf>,
    witness: Option<ScriptBuf>,
    internal: Option<[u8; 32]>,
    leaves: bool,
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
            tap_leaves: self.leaves,
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
    let x_only = pairs().map(|(key, public)| TapDerivation {
        key: public[1..].try_into().unwrap(),
        leaf_hashes: Vec::new(),
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
        leaves: false,
    }
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
    for (text, path) in samples::KINDS {
        let wallet = samples::wallet(text, path);
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
    for (text, path) in samples::KINDS {
        let wallet = samples::wallet(text, path);
        let good = say(&wallet, 1, 7);
        let field = |said: &Said, field| contradicts(&wallet, said, Contradiction::Field(field));
        field(&Said { redeem: Some(other.clone()), ..good.clone() }, Field::RedeemScript);
        field(&Said { witness: Some(other.clone()), ..good.clone() }, Field::WitnessScript);
        field(&Said { internal: Some([3; 32]), ..good.clone() }, Field::TapInternalKey);
        field(&Said { leaves: true, ..good.clone() }, Field::TapLeaves);
    }
    let taproot = samples::wallet("tr(@0/<0;1>/*)", "m/86h/0h/0h");
    let mut said = say(&taproot, 1, 7);
    said.tap[0].leaf_hashes.push([1; 32]);
    contradicts(&taproot, &said, Contradiction::Field(Field::LeafHashes));
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
