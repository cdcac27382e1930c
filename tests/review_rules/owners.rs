//! I01 to I25, T01 to T08, C11's inputs: whose the coins are.

use bitcoin::{
    EcdsaSighashType, ScriptBuf, TapSighashType, Witness,
    bip32::{DerivationPath, Fingerprint},
    hashes::Hash,
    secp256k1::{PublicKey, Secp256k1},
    taproot::TapNodeHash,
};
use strongroom::{
    network::Network,
    psbt::Place,
    review::{Action, Permission},
};

use crate::{asks, fires, good, raw_psbt::RawPsbt, refuses, shows, silent, transactions::*};

type Records = std::collections::BTreeMap<PublicKey, (Fingerprint, DerivationPath)>;

fn attackers_key() -> PublicKey {
    PublicKey::from_secret_key(&Secp256k1::new(), &secret(9, &[1]))
}

/// Changes the records of a fingerprint.
fn each(
    records: &mut Records,
    number: u8,
    mut edit: impl FnMut(PublicKey, (Fingerprint, DerivationPath)) -> (PublicKey, (Fingerprint, DerivationPath)),
) {
    let old = std::mem::take(records);
    for (key, source) in old {
        let (key, source) = if source.0.to_bytes() == fingerprint(number) { edit(key, source) } else { (key, source) };
        records.insert(key, source);
    }
}

fn with_last(path: &DerivationPath, index: u32) -> DerivationPath {
    let mut steps = path.to_u32_vec();
    *steps.last_mut().unwrap() = index;
    crate::transactions::path(&steps)
}

fn all_at(case: Case, input: usize, index: u32) -> Case {
    case.with_in(input, |map| {
        for number in 0..3 {
            each(&mut map.bip32_derivation, number, |key, (print, path)| (key, (print, with_last(&path, index))));
        }
    })
}

#[test]
fn i01_a_claimed_coin_is_what_the_wallet_derives_there() {
    for wallet in [wpkh(), sh_wpkh(), pkh(), wsh(), sh_wsh(), sh(), wsh_unsorted()] {
        let case = all_at(double(wallet), 1, 5);
        refuses(&case, "I01", Place::Input(1));
        assert!(case.judge().err().unwrap().is_fraud());
        // The script is of a kind that is signed, only not ours.
        silent(&case, "I18");
    }
    silent(&all_at(double(wsh()), 1, 4), "I01");
    let foreign_script = double(wsh()).with(|case| {
        let map = &mut case.psbt.inputs[0];
        let previous = map.non_witness_utxo.as_mut().unwrap();
        previous.output[1].script_pubkey = foreign(5);
        map.witness_utxo = Some(previous.output[1].clone());
        map.witness_script = None;
        let txid = previous.compute_txid();
        case.psbt.unsigned_tx.input[0].previous_output.txid = txid;
    });
    refuses(&foreign_script, "I01", Place::Input(0));
    let text = foreign_script.findings().into_iter().find(|finding| finding.rule == "I01").unwrap().text;
    let address = bitcoin::Address::from_script(&foreign(5), NETWORK.bitcoin()).unwrap().to_string();
    let address = strongroom::text::in_fours(&address);
    assert!(text.ends_with(&format!("where that wallet does not have {address}")), "{text}");
    // What is said of taproot's keys is said of taproot's coins.
    silent(&foreign_script, "T01");
    let no_taproot = all_at(double(tr()), 1, 4).with(|case| {
        let map = &mut case.psbt.inputs[0];
        let previous = map.non_witness_utxo.as_mut().unwrap();
        previous.output[1].script_pubkey = foreign(5);
        map.witness_utxo = Some(previous.output[1].clone());
        case.psbt.unsigned_tx.input[0].previous_output.txid = previous.compute_txid();
    });
    refuses(&no_taproot, "I01", Place::Input(0));
    silent(&no_taproot, "T01");
    // An account of the same seed that nobody registered.
    let other = Case::new(vec![wpkh(), pkh()]).input(1, 0, 1, 90_000).with(|case| drop(case.wallets.pop()));
    refuses(&other.pay(foreign(1), 80_000), "I01", Place::Input(0));
}

#[test]
fn i02_the_key_under_our_name_is_ours() {
    let forged = double(wsh()).with_in(0, |map| {
        each(&mut map.bip32_derivation, 0, |_, source| (attackers_key(), source));
    });
    refuses(&forged, "I02", Place::Input(0));
    assert!(forged.judge().err().unwrap().is_fraud());
    let cosigner = double(wsh()).with_in(0, |map| {
        each(&mut map.bip32_derivation, 1, |_, source| (attackers_key(), source));
    });
    refuses(&cosigner, "I02", Place::Input(0));
    let missing = double(wsh()).with_in(1, |map| {
        map.bip32_derivation.retain(|_, (print, _)| print.to_bytes() != fingerprint(0));
    });
    refuses(&missing, "I02", Place::Input(1));
    // A cosigner's record may be missing.
    let alone = double(wsh()).with_in(1, |map| {
        map.bip32_derivation.retain(|_, (print, _)| print.to_bytes() == fingerprint(0));
    });
    good(&alone);
    silent(&alone, "I02");
}

#[test]
fn i03_a_fingerprint_is_a_hint() {
    for print in [[0; 4], [1, 2, 3, 4], fingerprint(1)] {
        let case = simple(wpkh()).with_in(0, |map| {
            each(&mut map.bip32_derivation, 0, |key, (_, path)| (key, (Fingerprint::from(print), path)));
        });
        shows(&case, "I03", Place::Input(0));
        good(&case);
    }
    silent(&simple(wpkh()), "I03");
}

#[test]
fn i02_a_coin_of_ours_names_a_key_of_ours() {
    let case = double(wsh()).with_in(0, |map| {
        map.bip32_derivation.retain(|_, (print, _)| print.to_bytes() != fingerprint(0));
    });
    refuses(&case, "I02", Place::Input(0));
    let text = case.findings().into_iter().find(|finding| finding.rule == "I02").unwrap().text;
    assert_eq!(text, "the coin is ours (wallet `wsh` at /0/3), but no record holds a key of ours");
}

#[test]
fn i04_i05_i07_scripts_hash_to_the_coin_and_are_ours() {
    let other = wsh_unsorted().coin(0, 3).unwrap().witness_script;
    let redeem = double(sh_wsh()).with_in(0, |map| map.redeem_script = sh().coin(0, 0).unwrap().redeem_script);
    refuses(&redeem, "I04", Place::Input(0));
    refuses(&redeem, "I07", Place::Input(0));
    let misplaced = double(wsh()).with_in(0, |map| map.redeem_script = Some(ScriptBuf::from(vec![0x51])));
    refuses(&misplaced, "I04", Place::Input(0));
    let witness = double(wsh()).with_in(1, |map| map.witness_script = other);
    refuses(&witness, "I05", Place::Input(1));
    refuses(&witness, "I07", Place::Input(1));
    let swapped = double(wsh()).with(|case| {
        let (one, two) = case.psbt.inputs.split_at_mut(1);
        std::mem::swap(&mut one[0].witness_script, &mut two[0].witness_script);
    });
    refuses(&swapped, "I05", Place::Input(0));
    refuses(&swapped, "I05", Place::Input(1));
    // Keys in another order, and another threshold.
    let reordered = double(wsh_unsorted()).with_in(0, |map| {
        let mut bytes = map.witness_script.as_ref().unwrap().to_bytes();
        bytes[1..69].rotate_left(34);
        map.witness_script = Some(ScriptBuf::from(bytes));
    });
    refuses(&reordered, "I07", Place::Input(0));
    let threshold = double(wsh()).with_in(0, |map| {
        let mut bytes = map.witness_script.as_ref().unwrap().to_bytes();
        bytes[0] = 0x51;
        map.witness_script = Some(ScriptBuf::from(bytes));
    });
    refuses(&threshold, "I07", Place::Input(0));
    // Of a foreign coin too.
    let foreign = double(wsh()).foreign_input(1_000).with_in(2, |map| map.witness_script = Some(ScriptBuf::new()));
    refuses(&foreign, "I05", Place::Input(2));
    silent(&double(sh_wsh()), "I04");
    silent(&double(wsh()), "I05");
    silent(&double(wsh_unsorted()), "I07");
}

#[test]
fn i06_missing_scripts_are_derived() {
    for wallet in [wsh(), sh_wsh(), sh(), sh_wpkh()] {
        let case = double(wallet).with_in(0, |map| {
            map.redeem_script = None;
            map.witness_script = None;
        });
        shows(&case, "I06", Place::Input(0));
        good(&case);
        assert_eq!(case.review().plan().len(), 2);
    }
    silent(&double(sh_wsh()), "I06");
}

#[test]
fn i08_one_wallet_pays() {
    let case = Case::new(vec![wpkh(), wsh()])
        .input(0, 0, 1, 3_000_000)
        .input(1, 0, 1, 4_000_000)
        .pay(foreign(1), 5_000_000)
        .back(0, 1, 0, 1_990_000);
    let unless = Action::RefuseUnless(Permission::MixedWallets);
    fires(&case, "I08", Place::Whole, unless);
    assert!(case.judge().is_err());
    let allowed = case.allow("mixed_wallets");
    assert!(allowed.judge().is_ok());
    shows(&allowed, "C13", Place::Output(1));
    silent(&double(wsh()), "C13");
    assert_eq!(allowed.review().facts().totals.unwrap().change, 0);
    silent(&double(wsh()), "I08");
}

#[test]
fn i09_foreign_inputs_need_permission() {
    let case = double(wsh()).foreign_input(1_000);
    let unless = Action::RefuseUnless(Permission::ForeignInputs);
    fires(&case, "I09", Place::Input(2), unless);
    assert!(case.judge().is_err());
    let allowed = case.allow("foreign_inputs");
    fires(&allowed, "I09", Place::Input(2), unless);
    asks(&allowed, "M07", Place::Whole);
    assert!(allowed.judge().is_ok());
    silent(&double(wsh()), "I09");
    silent(&double(wsh()), "M07");
}

#[test]
fn i10_a_coin_of_ours_does_not_pass_for_foreign() {
    for wallet in kinds() {
        let case = double(wallet).allow("foreign_inputs").with_in(1, |map| {
            map.bip32_derivation.clear();
            map.tap_key_origins.clear();
        });
        refuses(&case, "I10", Place::Input(1));
    }
    // Within the window above the highest index signed, and not beyond.
    let far = |index| {
        let mut case = Case::new(vec![wpkh()])
            .input(0, 0, 0, 900_000)
            .input(0, 1, index, 900_000)
            .pay(foreign(1), 1_700_000)
            .allow("foreign_inputs")
            .with_in(1, |map| map.bip32_derivation.clear());
        case.highest.insert(("wpkh".to_owned(), 1), 50);
        case
    };
    refuses(&far(250), "I10", Place::Input(1));
    silent(&far(251), "I10");
    // Records of others on our coin.
    let disguised = double(wsh()).allow("foreign_inputs").with_in(1, |map| {
        map.bip32_derivation.clear();
        map.bip32_derivation.insert(attackers_key(), (Fingerprint::from([9; 4]), path(&[1, 2])));
    });
    refuses(&disguised, "I10", Place::Input(1));
}

/// The key of a key record in raw form.
fn raw_record(case: &Case, map: usize, kind: u8, key: &[u8], fingerprint: [u8; 4], steps: &[u32]) -> Vec<u8> {
    let mut value = fingerprint.to_vec();
    for step in steps {
        value.extend(step.to_le_bytes());
    }
    RawPsbt::from_bytes(&case.bytes()).with(map, &[&[kind], key].concat(), &value).to_bytes()
}

#[track_caller]
fn raw_refuses(case: &Case, bytes: Vec<u8>, rule: &str) {
    match case.review_bytes(bytes) {
        Ok(reviewed) => {
            let findings = reviewed.findings();
            assert!(findings.iter().any(|f| f.rule == rule && f.action == Action::Refuse), "{findings:#?}");
        }
        Err(error) => assert_eq!(error.rule, rule),
    }
}

#[test]
fn i11_keys_of_records_are_keys() {
    let case = double(wsh());
    let nonsense = [[2u8].as_slice(), &[0xff; 32]].concat();
    raw_refuses(&case, raw_record(&case, 1, 6, &nonsense, [9; 4], &[1]), "I11");
    raw_refuses(&case, raw_record(&case, 4, 2, &nonsense, [9; 4], &[1]), "I11");
    raw_refuses(&case, raw_record(&case, 1, 6, &attackers_key().serialize(), [9; 4], &[1; 13]), "I11");
    let known = simple(pkh());
    let key = *known.psbt.inputs[0].bip32_derivation.keys().next().unwrap();
    raw_refuses(&known, raw_record(&known, 1, 6, &key.serialize_uncompressed(), [9; 4], &[1]), "I11");
    let twelve = double(wsh()).with_in(0, |map| {
        map.bip32_derivation.insert(attackers_key(), (Fingerprint::from([9; 4]), path(&[1; 12])));
    });
    silent(&twelve, "I11");
}

#[test]
fn i12_records_agree() {
    let cosigner = double(wsh()).with_in(0, |map| {
        each(&mut map.bip32_derivation, 1, |key, (print, path)| (key, (print, with_last(&path, 8))));
    });
    refuses(&cosigner, "I12", Place::Input(0));
    let ours = double(wsh()).with_in(1, |map| {
        each(&mut map.bip32_derivation, 0, |key, (print, path)| (key, (print, with_last(&path, 8))));
    });
    refuses(&ours, "I12", Place::Input(1));
    let change = double(wsh()).with_out(1, |map| {
        each(&mut map.bip32_derivation, 2, |key, (print, path)| (key, (print, with_last(&path, 8))));
    });
    refuses(&change, "I12", Place::Output(1));
    silent(&double(wsh()), "I12");
}

#[test]
fn i13_keys_that_nobody_registered_are_acknowledged() {
    let stranger = |records: &mut Records| {
        records.insert(attackers_key(), (Fingerprint::from([9; 4]), path(&[1, 2])));
    };
    asks(&double(wsh()).with_in(0, |map| stranger(&mut map.bip32_derivation)), "I13", Place::Input(0));
    asks(&double(wsh()).with_out(1, |map| stranger(&mut map.bip32_derivation)), "I13", Place::Output(1));
    silent(&double(wsh()), "I13");
}

fn with_xpub(edit: impl FnOnce(&mut bitcoin::bip32::Xpub, &mut (Fingerprint, DerivationPath))) -> Case {
    double(wsh()).with(|case| {
        let mut xpub = account(1, &COSIGNER);
        let mut source = (Fingerprint::from(fingerprint(1)), path(&COSIGNER));
        edit(&mut xpub, &mut source);
        case.psbt.xpub.insert(xpub, source);
    })
}

#[test]
fn i14_extended_keys_are_the_registered_ones() {
    good(&with_xpub(|_, _| {}));
    silent(&with_xpub(|_, _| {}), "I14");
    good(&with_xpub(|_, source| source.0 = Fingerprint::from([0; 4])));
    let chain_code = with_xpub(|xpub, _| {
        let mut bytes = xpub.encode();
        bytes[13] ^= 1;
        *xpub = bitcoin::bip32::Xpub::decode(&bytes).unwrap();
    });
    refuses(&chain_code, "I14", Place::Whole);
    assert!(chain_code.judge().err().unwrap().is_fraud());
    refuses(&with_xpub(|xpub, _| *xpub = account(9, &COSIGNER)), "I14", Place::Whole);
    // The registered key under an origin that nobody has.
    refuses(&with_xpub(|_, source| source.0 = Fingerprint::from([9; 4])), "I14", Place::Whole);
    refuses(&with_xpub(|_, source| source.0 = Fingerprint::from(fingerprint(2))), "I14", Place::Whole);
    refuses(&with_xpub(|xpub, _| xpub.depth = 3), "I14", Place::Whole);
    let stranger = with_xpub(|xpub, source| {
        *xpub = account(9, &COSIGNER);
        source.0 = Fingerprint::from(fingerprint(9));
    });
    shows(&stranger, "I14", Place::Whole);
    good(&stranger);
}

#[test]
fn i15_paths_are_those_of_the_wallet() {
    let ours = |steps: &[u32]| {
        let steps = [&COSIGNER, steps].concat();
        double(wsh()).with_in(0, move |map| {
            for number in 0..3 {
                each(&mut map.bip32_derivation, number, |key, (print, _)| (key, (print, path(&steps))));
            }
        })
    };
    for steps in [&[HARD, 3][..], &[0, 3 | HARD], &[3, 3], &[0, 0, 3], &[3], &[0, 0x8000_0000]] {
        refuses(&ours(steps), "I15", Place::Input(0));
    }
    good(&ours(&[0, 3]));
    silent(&ours(&[0, 3]), "I15");
}

#[test]
fn i16_far_coins_can_be_spent() {
    let case = |index| Case::new(vec![wpkh()]).input(0, 0, index, 90_000).pay(foreign(1), 88_000);
    shows(&case(40_000), "I16", Place::Input(0));
    good(&case(40_000));
    shows(&case(1_001), "I16", Place::Input(0));
    silent(&case(1_000), "I16");
    let known = case(40_000).with(|case| {
        case.highest.insert(("wpkh".to_owned(), 0), 39_800);
    });
    silent(&known, "I16");
}

#[test]
fn i17_the_wallet_is_of_the_vaults_network() {
    for network in [Network::Mainnet, Network::Testnet, Network::Signet] {
        refuses(&simple(wpkh()).with(|case| case.network = network), "I17", Place::Whole);
    }
    let foreign_xpub = with_xpub(|xpub, _| xpub.network = bitcoin::NetworkKind::Main);
    refuses(&foreign_xpub, "I17", Place::Whole);
    silent(&with_xpub(|_, _| {}), "I17");
}

#[test]
fn i18_scripts_without_a_wallet_type_are_not_signed() {
    let own = wsh().coin(0, 3).unwrap();
    for script in [
        own.witness_script.clone().unwrap(),
        ScriptBuf::from(vec![0x51]),
        ScriptBuf::from([&[33][..], &own.keys[0], &[0xac]].concat()),
    ] {
        let case = double(wsh()).with(|case| {
            let map = &mut case.psbt.inputs[0];
            let previous = map.non_witness_utxo.as_mut().unwrap();
            previous.output[1].script_pubkey = script;
            map.witness_utxo = None;
            map.witness_script = None;
            case.psbt.unsigned_tx.input[0].previous_output.txid = previous.compute_txid();
        });
        refuses(&case, "I18", Place::Input(0));
    }
    silent(&double(wsh()), "I18");
}

#[test]
fn i19_uncompressed_keys_have_no_witness() {
    for wallet in [wpkh(), sh_wpkh(), wsh()] {
        let case = double(wallet);
        let bytes = raw_record(&case, 1, 6, &attackers_key().serialize_uncompressed(), [9; 4], &[1]);
        raw_refuses(&case, bytes, "I19");
    }
}

#[test]
fn i20_t08_finished_inputs_are_not_signed_again() {
    let witness = |items: &[&[u8]]| Some(Witness::from_slice(items));
    for wallet in [wpkh(), tr()] {
        let case = double(wallet).with_in(0, |map| map.final_script_witness = witness(&[&[1; 64], &[2; 33]]));
        refuses(&case, "I20", Place::Input(0));
    }
    refuses(
        &double(pkh()).with_in(1, |map| map.final_script_sig = Some(ScriptBuf::from(vec![1, 2]))),
        "I20",
        Place::Input(1),
    );
    let annex = double(tr()).with_in(0, |map| map.final_script_witness = witness(&[&[1; 64], &[0x50, 1]]));
    refuses(&annex, "T08", Place::Input(0));
    silent(&double(tr()).with_in(0, |map| map.final_script_witness = witness(&[&[0x50; 64]])), "T08");
    // Of others, with permission.
    let foreign = double(wsh()).foreign_input(1_000).allow("foreign_inputs");
    let foreign = foreign.with_in(2, |map| map.final_script_witness = witness(&[&[1; 71], &[2; 33]]));
    assert!(foreign.judge().is_ok());
    silent(&foreign, "I20");
    silent(&double(tr()), "T08");
}

#[test]
fn i21_signatures_that_are_there_verify() {
    let all = EcdsaSighashType::All;
    for wallet in [wsh(), sh_wsh(), wsh_unsorted(), sh()] {
        let case = double(wallet).signed(0, 1, all).signed(1, 2, all);
        good(&case);
        let reviewed = case.review();
        assert_eq!(reviewed.facts().inputs[0].signed_by.len(), 1);
        assert!(reviewed.plan().iter().all(|planned| planned.keys.len() == 1));
    }
    let case = double(wsh()).signed(0, 1, all);
    silent(&case, "I21");
    let flipped = case.clone().with_in(0, |map| {
        let signature = map.partial_sigs.values_mut().next().unwrap();
        let mut compact = signature.signature.serialize_compact();
        compact[40] ^= 1;
        signature.signature = bitcoin::secp256k1::ecdsa::Signature::from_compact(&compact).unwrap();
    });
    refuses(&flipped, "I21", Place::Input(0));
    assert!(flipped.review().facts().inputs[0].signed_by.is_empty());
    let strangers = case.clone().with_in(0, |map| {
        let signature = *map.partial_sigs.values().next().unwrap();
        map.partial_sigs.clear();
        map.partial_sigs.insert(bitcoin::PublicKey::new(attackers_key()), signature);
    });
    refuses(&strangers, "I21", Place::Input(0));
    for sighash in [EcdsaSighashType::None, EcdsaSighashType::Single, EcdsaSighashType::AllPlusAnyoneCanPay] {
        refuses(&double(wsh()).signed(0, 1, sighash), "I21", Place::Input(0));
    }
    let elsewhere = case.with(|case| {
        let moved = std::mem::take(&mut case.psbt.inputs[0].partial_sigs);
        case.psbt.inputs[1].partial_sigs = moved;
    });
    refuses(&elsewhere, "I21", Place::Input(1));
    // High S is not accepted.
    let high = double(wsh()).signed(0, 1, all).with_in(0, |map| {
        let signature = map.partial_sigs.values_mut().next().unwrap();
        let mut compact = signature.signature.serialize_compact();
        let s = bitcoin::secp256k1::SecretKey::from_slice(&compact[32..]).unwrap().negate();
        compact[32..].copy_from_slice(&s.secret_bytes());
        signature.signature = bitcoin::secp256k1::ecdsa::Signature::from_compact(&compact).unwrap();
    });
    refuses(&high, "I21", Place::Input(0));
    // After a change to the transaction.
    let changed = double(wsh()).signed(0, 1, all).with_tx(|tx| tx.output[0].script_pubkey = foreign(2));
    refuses(&changed, "I21", Place::Input(0));
}

#[test]
fn i21_taproot_signatures_verify_too() {
    for sighash in [TapSighashType::Default, TapSighashType::All] {
        let case = double(tr()).signed_taproot(0, sighash);
        assert_eq!(case.review().facts().inputs[0].signed_by.len(), 1);
        silent(&case, "I21");
    }
    for sighash in [TapSighashType::None, TapSighashType::AllPlusAnyoneCanPay] {
        refuses(&double(tr()).signed_taproot(0, sighash), "I21", Place::Input(0));
    }
    let changed = double(tr()).signed_taproot(0, TapSighashType::Default).with_tx(|tx| tx.version.0 = 1);
    refuses(&changed, "I21", Place::Input(0));
    let misplaced = double(tr()).signed_taproot(0, TapSighashType::Default).with(|case| {
        case.psbt.inputs[1].tap_key_sig = case.psbt.inputs[0].tap_key_sig.take();
    });
    refuses(&misplaced, "I21", Place::Input(1));
}

#[test]
fn i22_complete_inputs_need_no_signature() {
    let all = EcdsaSighashType::All;
    let complete = double(wsh()).signed(0, 1, all).signed(0, 2, all);
    let unless = Action::RefuseUnless(Permission::MoreSignatures);
    fires(&complete, "I22", Place::Input(0), unless);
    assert!(complete.judge().is_err());
    let allowed = complete.allow("more_signatures");
    assert!(allowed.judge().is_ok());
    assert_eq!(allowed.review().plan().len(), 2);
    silent(&double(wsh()).signed(0, 1, all), "I22");
}

#[test]
fn i23_there_is_something_to_sign() {
    let others = Case::new(vec![wpkh()]).foreign_input(90_000).pay(foreign(1), 80_000).allow("foreign_inputs");
    refuses(&others, "I23", Place::Whole);
    let done = simple(wpkh()).signed(0, 0, EcdsaSighashType::All).allow("more_signatures");
    refuses(&done, "I23", Place::Whole);
    let both = double(wsh()).signed(0, 0, EcdsaSighashType::All);
    assert_eq!(both.review().plan().len(), 1);
    silent(&both, "I23");
}

#[test]
fn i25_reused_addresses_are_told() {
    let inputs = Case::new(vec![wpkh()]).input(0, 0, 1, 50_000).input(0, 0, 1, 60_000).pay(foreign(1), 100_000);
    shows(&inputs, "I25", Place::Whole);
    let declared = Case::new(vec![wpkh()]).input(0, 0, 1, 500_000).pay(foreign(1), 400_000).back(0, 0, 1, 90_000);
    shows(&declared, "I25", Place::Output(1));
    let silent_back = declared.with_out(1, |map| map.bip32_derivation.clear());
    asks(&silent_back, "I25", Place::Output(1));
    silent(&simple(wpkh()), "I25");
}

#[test]
fn t01_t02_taproot_coins_have_our_key_and_no_tree() {
    let attacker = attackers_key().x_only_public_key().0;
    let spent = double(tr()).with(|case| {
        let map = &mut case.psbt.inputs[0];
        let previous = map.non_witness_utxo.as_mut().unwrap();
        previous.output[1].script_pubkey = ScriptBuf::new_p2tr(&Secp256k1::new(), attacker, None);
        map.witness_utxo = Some(previous.output[1].clone());
        case.psbt.unsigned_tx.input[0].previous_output.txid = previous.compute_txid();
    });
    refuses(&spent, "T01", Place::Input(0));
    refuses(&spent, "I01", Place::Input(0));
    refuses(&double(tr()).with_in(0, |map| map.tap_internal_key = Some(attacker)), "T02", Place::Input(0));
    for root in [[0; 32], [5; 32]] {
        let case = double(tr()).with_in(1, |map| map.tap_merkle_root = Some(TapNodeHash::from_byte_array(root)));
        refuses(&case, "T02", Place::Input(1));
    }
    let untold = double(tr()).with_in(0, |map| map.tap_internal_key = None);
    good(&untold);
    silent(&untold, "T01");
    silent(&untold, "T02");
}

#[test]
fn t03_t04_taproot_leaves_are_not_signed() {
    use bitcoin::taproot::{LeafVersion, TaprootBuilder};
    let secp = Secp256k1::new();
    let attacker = attackers_key().x_only_public_key().0;
    let script = ScriptBuf::from(vec![0x51]);
    let info = TaprootBuilder::new().add_leaf(0, script.clone()).unwrap().finalize(&secp, attacker).unwrap();
    let block = info.control_block(&(script.clone(), LeafVersion::TapScript)).unwrap();
    let leaf = double(tr()).with_in(0, |map| drop(map.tap_scripts.insert(block, (script, LeafVersion::TapScript))));
    refuses(&leaf, "T03", Place::Input(0));
    let hash = double(tr()).with_in(1, |map| {
        let hash = bitcoin::TapLeafHash::from_byte_array([4; 32]);
        map.tap_key_origins.values_mut().for_each(|(hashes, _)| hashes.push(hash));
    });
    refuses(&hash, "T04", Place::Input(1));
    silent(&double(tr()), "T03");
    silent(&double(tr()), "T04");
}
