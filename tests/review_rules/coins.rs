//! U01 to U11, T06, T11's case: what is known of the coins.

use bitcoin::{Amount, OutPoint, TxIn, TxOut};
use strongroom::{
    psbt::Place,
    review::{Action, Permission, Proof},
};

use crate::{fires, good, refuses, shows, silent, transactions::*};

#[test]
fn honest_transactions_of_every_kind_pass() {
    for wallet in kinds() {
        let name = wallet.name().to_string();
        let case = double(wallet.clone());
        good(&case);
        let reviewed = case.review();
        assert!(reviewed.facts().inputs.iter().all(|input| input.proof == Proof::Proved), "{name}");
        assert_eq!(reviewed.plan().len(), 2, "{name}");
        good(&simple(wallet));
    }
}

#[test]
fn u01_the_previous_transaction_is_the_one_that_is_spent() {
    for bent in [0, 1] {
        let case = double(wsh()).with_in(1, |map| {
            let previous = map.non_witness_utxo.as_mut().unwrap();
            previous.output[bent].value += Amount::from_sat(1);
        });
        refuses(&case, "U01", Place::Input(1));
        assert!(case.judge().err().unwrap().is_fraud());
    }
    let case = double(wsh()).with_in(0, |map| map.non_witness_utxo.as_mut().unwrap().version.0 = 1);
    refuses(&case, "U01", Place::Input(0));
    let swapped = double(wsh()).with(|case| {
        let other = case.psbt.inputs[0].non_witness_utxo.clone();
        case.psbt.inputs[1].non_witness_utxo = other;
    });
    refuses(&swapped, "U01", Place::Input(1));
    silent(&double(wsh()), "U01");
}

#[test]
fn u02_the_previous_transaction_has_that_output() {
    for vout in [2, 3, 1_000] {
        let case = simple(wpkh()).with_tx(|tx| tx.input[0].previous_output.vout = vout);
        refuses(&case, "U02", Place::Input(0));
        silent(&case, "U01");
    }
    silent(&simple(wpkh()), "U02");
    // Output 0 exists; its script is not ours.
    let near = simple(wpkh()).with_tx(|tx| tx.input[0].previous_output.vout = 0);
    silent(&near, "U02");
    refuses(&near, "U03", Place::Input(0));
}

#[test]
fn u03_both_records_of_a_coin_agree() {
    let value = double(wsh()).with_in(0, |map| map.witness_utxo.as_mut().unwrap().value += Amount::from_sat(1));
    refuses(&value, "U03", Place::Input(0));
    assert!(value.judge().err().unwrap().is_fraud());
    // The proved amount counts.
    assert_eq!(value.review().facts().inputs[0].utxo.value, Amount::from_sat(6_000_000));
    let script = double(wsh()).with_in(1, |map| map.witness_utxo.as_mut().unwrap().script_pubkey = foreign(9));
    refuses(&script, "U03", Place::Input(1));
    let less = double(wsh()).with_in(1, |map| map.witness_utxo.as_mut().unwrap().value = Amount::ZERO);
    refuses(&less, "U03", Place::Input(1));
    // Without the short record the previous transaction alone does.
    let alone = double(wsh()).with_in(0, |map| map.witness_utxo = None);
    good(&alone);
    silent(&alone, "U03");
}

fn nothing(case: Case, input: usize) -> Case {
    case.with_in(input, |map| {
        map.witness_utxo = None;
        map.non_witness_utxo = None;
    })
}

#[test]
fn u04_something_is_known_of_every_coin() {
    for wallet in kinds() {
        refuses(&nothing(double(wallet), 1), "U04", Place::Input(1));
    }
    silent(&bare(double(tr()), 1), "U04");
    // Permission is for inputs of others of which the amount is known: without, nobody knows the fee.
    let foreign = double(wsh()).foreign_input(50_000).allow("foreign_inputs");
    assert!(foreign.judge().is_ok());
    let unknown = nothing(foreign, 2);
    refuses(&unknown, "U04", Place::Input(2));
    assert_eq!(unknown.review().facts().fee, None);
}

#[test]
fn u04_the_answer_of_a_signer_is_told_from_a_psbt_without_its_coins() {
    let remedies = |case: &Case| -> Vec<(Place, bool)> {
        let findings = case.findings();
        let unknown = findings.iter().filter(|finding| finding.rule == "U04");
        unknown.flat_map(|f| f.places().map(|at| (at, f.remedy.contains("`psbt join`"))).collect::<Vec<_>>()).collect()
    };
    let (zero, one) = (Place::Input(0), Place::Input(1));
    let all = bitcoin::EcdsaSighashType::All;
    let default = bitcoin::TapSighashType::Default;
    // One signature of each kind, at the first of two inputs of which nothing else is left.
    let signed = [
        double(wsh()).signed(0, 1, all),
        double(tr()).signed_taproot(0, default),
        double(scripts(F8, &[0])).signed_leaf(0, 1, 0, default),
        double(pkh()).with_in(0, |map| map.final_script_sig = Some(bitcoin::ScriptBuf::from(vec![0x51]))),
        double(wpkh()).with_in(0, |map| map.final_script_witness = Some(bitcoin::Witness::from_slice(&[[1; 72]]))),
    ];
    for case in signed {
        let unsigned = |case: Case| {
            case.with_in(0, |map| {
                map.partial_sigs.clear();
                map.tap_script_sigs.clear();
                (map.tap_key_sig, map.final_script_sig, map.final_script_witness) = (None, None, None);
            })
        };
        let answer = nothing(nothing(case.clone(), 0), 1);
        assert_eq!(remedies(&answer), [(zero, true), (one, true)]);
        assert_eq!(remedies(&unsigned(answer.clone())), [(zero, false), (one, false)]);
        // As signers trim it, without the records of keys.
        let trimmed = answer.with(|case| {
            for map in &mut case.psbt.inputs {
                map.bip32_derivation.clear();
                map.tap_key_origins.clear();
                (map.redeem_script, map.witness_script, map.tap_internal_key) = (None, None, None);
            }
        });
        assert_eq!(remedies(&trimmed), [(zero, true), (one, true)]);
        // What was signed has its coin, another input has none: that one was forgotten.
        assert_eq!(remedies(&nothing(case.clone(), 1)), [(one, false)]);
        assert!(remedies(&case).is_empty());
    }
}

#[test]
fn t06_a_taproot_signature_needs_every_coin() {
    let case = nothing(double(tr()).foreign_input(50_000), 2).allow("foreign_inputs");
    refuses(&case, "T06", Place::Input(0));
    silent(&double(tr()).foreign_input(50_000).allow("foreign_inputs"), "T06");
}

fn bare(case: Case, input: usize) -> Case {
    case.with_in(input, |map| map.non_witness_utxo = None)
}

/// Puts a witness record where an honest maker puts none.
fn with_record(case: Case, input: usize) -> Case {
    case.with_in(input, |map| map.witness_utxo = Some(map.non_witness_utxo.as_ref().unwrap().output[1].clone()))
}

#[test]
fn u05_u11_a_coin_without_witness_needs_its_previous_transaction() {
    for wallet in [pkh(), sh()] {
        let case = bare(with_record(double(wallet.clone()), 0), 0);
        refuses(&case, "U05", Place::Input(0));
        refuses(&case, "U11", Place::Input(0));
        assert!(case.clone().allow("unproven_amounts").judge().is_err());
        let harmless = with_record(double(wallet), 0);
        shows(&harmless, "U11", Place::Input(0));
        silent(&harmless, "U05");
        good(&harmless);
    }
    // The coin of somebody else, by a witness record alone.
    let foreign_coin = |script: bitcoin::ScriptBuf, fill: &dyn Fn(&mut bitcoin::psbt::Input)| {
        double(wpkh()).allow("foreign_inputs").with(|case| {
            let at = case.coin(script, 5_000);
            let map = &mut case.psbt.inputs[at];
            map.witness_utxo = map.non_witness_utxo.take().map(|previous| previous.output[1].clone());
            fill(map);
        })
    };
    let wrapped = sh_wpkh().coin(0, 0).unwrap();
    let (redeem, bare) = (wrapped.redeem_script.unwrap(), |_: &mut bitcoin::psbt::Input| {});
    for script in [pkh().coin(0, 0).unwrap().script_pubkey, wrapped.script_pubkey.clone()] {
        refuses(&foreign_coin(script, &bare), "U11", Place::Input(2));
    }
    silent(&foreign_coin(foreign(7), &bare), "U11");
    silent(&foreign_coin(wrapped.script_pubkey, &|map| map.redeem_script = Some(redeem.clone())), "U11");
    let nested = sh_wsh().coin(0, 0).unwrap();
    silent(&foreign_coin(nested.script_pubkey, &|map| map.witness_script.clone_from(&nested.witness_script)), "U11");
    silent(&double(sh_wpkh()), "U11");
    silent(&double(sh_wsh()), "U11");
}

#[test]
fn u06_amounts_are_proved() {
    let unless = Action::RefuseUnless(Permission::UnprovenAmounts);
    for wallet in [wpkh(), sh_wpkh(), wsh(), sh_wsh()] {
        let case = bare(double(wallet), 1);
        fires(&case, "U06", Place::Input(1), unless);
        assert!(case.judge().is_err());
        assert_eq!(case.review().facts().inputs[1].proof, Proof::Claimed);
        let allowed = case.allow("unproven_amounts");
        fires(&allowed, "U06", Place::Input(1), unless);
        shows(&allowed, "M08", Place::Whole);
        // One decision, which says what may follow from it.
        let cleared = allowed.judge().ok().unwrap();
        let [warning] = cleared.warnings() else { panic!("{:#?}", cleared.warnings()) };
        assert_eq!(warning.rule, "U06");
        assert!(warning.text.ends_with(": the fee may be as high as all our inputs together"), "{}", warning.text);
    }
    silent(&double(wsh()), "M08");
    silent(&double(wsh()), "U06");
}

#[test]
fn m08_every_claim_is_somebody_elses_to_ask_about() {
    let stripped = |wallet: strongroom::wallet::Wallet, input: usize| bare(with_record(double(wallet), input), input);
    let with_foreign = |script: bitcoin::ScriptBuf| {
        double(wpkh()).with(|case| {
            let at = case.coin(script, 5_000);
            let map = &mut case.psbt.inputs[at];
            map.witness_utxo = map.non_witness_utxo.take().map(|previous| previous.output[1].clone());
        })
    };
    let wrong = |wallet: strongroom::wallet::Wallet| {
        double(wallet).with_in(0, |map| map.non_witness_utxo.as_mut().unwrap().version.0 = 1)
    };
    let mixed =
        Case::new(vec![tr(), wpkh()]).input(0, 0, 1, 500_000).input(1, 0, 1, 600_000).pay(foreign(1), 1_090_000);
    let mut cases: Vec<Case> =
        kinds().into_iter().flat_map(|wallet| [stripped(wallet.clone(), 1), wrong(wallet)]).collect();
    let old = pkh().coin(0, 0).unwrap().script_pubkey;
    cases.extend([with_foreign(foreign(7)), with_foreign(old), bare(mixed, 0)]);
    let mut claims = 0;
    for case in cases {
        let case = case.with(|case| {
            case.policy = "[allow]\nforeign_inputs = true\nunproven_amounts = true\nmixed_wallets = true\n".to_owned();
        });
        let findings = case.findings();
        let says = |rules: &[&str], action: Option<Action>| {
            findings.iter().any(|f| rules.contains(&f.rule) && action.is_none_or(|action| f.action == action))
        };
        if says(&["M08"], None) {
            claims += 1;
            let asked = says(&["U06", "T11"], Some(Action::RefuseUnless(Permission::UnprovenAmounts)));
            let refused = says(&["U01", "U02", "U05", "U11"], Some(Action::Refuse));
            assert!(asked || refused, "{findings:#?}");
        }
    }
    assert!(claims >= 15, "{claims}");
}

#[test]
fn taproot_alone_needs_no_previous_transaction() {
    let case = bare(bare(double(tr()), 0), 1);
    good(&case);
    assert!(case.review().facts().inputs.iter().all(|input| input.proof == Proof::Committed));
    let mixed = bare(Case::new(vec![tr(), wpkh()]).input(0, 0, 1, 500_000).input(1, 0, 1, 600_000), 0)
        .pay(foreign(1), 1_090_000)
        .allow("mixed_wallets");
    fires(&mixed, "T11", Place::Input(0), Action::RefuseUnless(Permission::UnprovenAmounts));
    assert_eq!(mixed.review().facts().inputs[0].proof, Proof::Claimed);
}

#[test]
fn u09_amounts_exist() {
    let most = 2_100_000_000_000_000;
    let out = |sat| simple(wpkh()).with_tx(|tx| tx.output[0].value = Amount::from_sat(sat));
    for sat in [most + 1, 1 << 63, u64::MAX] {
        refuses(&out(sat), "U09", Place::Output(0));
    }
    silent(&out(most - 3_990_000), "U09");
    refuses(&out(most - 3_990_000), "M01", Place::Whole);
    let wraps = simple(wpkh()).with_tx(|tx| tx.output.iter_mut().for_each(|o| o.value = Amount::from_sat(1 << 63)));
    refuses(&wraps, "U09", Place::Whole);
    assert_eq!(wraps.review().facts().totals, None);
    // As much as comes in goes out, more than any number of theirs holds: the sums are wrong, the difference is not.
    let even = Case::new(vec![wpkh()])
        .input(0, 0, 0, 1 << 63)
        .input(0, 0, 1, 1 << 63)
        .pay(foreign(1), 1 << 63)
        .pay(foreign(2), 1 << 63);
    refuses(&even, "U09", Place::Whole);
    assert_eq!(even.review().facts().totals, None);
    silent(&even, "M01");
    let rich = Case::new(vec![wpkh()]).input(0, 0, 0, most).input(0, 0, 1, 1).pay(foreign(1), 1_000);
    refuses(&rich, "U09", Place::Whole);
    silent(&Case::new(vec![wpkh()]).input(0, 0, 0, most).pay(foreign(1), most - 1_000), "U09");
}

#[test]
fn a_previous_transaction_may_be_shared() {
    // Two outputs of one transaction, each a coin of ours.
    let mut case = Case::new(vec![wpkh()]).input(0, 0, 0, 400_000).input(0, 0, 1, 500_000);
    let second = TxOut { value: Amount::from_sat(500_000), script_pubkey: wpkh().coin(0, 1).unwrap().script_pubkey };
    let mut funding = case.psbt.inputs[0].non_witness_utxo.clone().unwrap();
    funding.input.push(TxIn::default());
    funding.output.push(second);
    for (number, vout) in [(0, 1), (1, 2)] {
        case.psbt.unsigned_tx.input[number].previous_output = OutPoint::new(funding.compute_txid(), vout);
        case.psbt.inputs[number].non_witness_utxo = Some(funding.clone());
    }
    good(&case.pay(foreign(1), 891_000));
}
