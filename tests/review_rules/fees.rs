//! M01 to M08, L01 to L04, P15: fee, totals, size, locks.

use bitcoin::{
    Amount, ScriptBuf, Sequence, Transaction, Witness,
    absolute::LockTime,
    script::{Builder, PushBytesBuf},
};
use proptest::prelude::*;
use strongroom::{
    psbt::Place,
    review::Lock,
    wallet::{Kind, Wallet},
};

use crate::{asks, good, refuses, shows, silent, transactions::*};

/// One wpkh input of 20 BTC, a payment, and change that leaves `fee`.
fn with_fee(pay: u64, fee: u64) -> Case {
    let coin = 2_000_000_000;
    Case::new(vec![wpkh()]).input(0, 0, 3, coin).pay(foreign(1), pay).back(0, 1, 7, coin - pay - fee)
}

#[test]
fn m01_outputs_are_not_above_inputs() {
    let more = |sat| double(wsh()).with_tx(|tx| tx.output[0].value += Amount::from_sat(sat));
    for sat in [10_001, 1_000_000_000, 2_000_000_000_000_000] {
        refuses(&more(sat), "M01", Place::Whole);
        assert_eq!(more(sat).review().facts().fee, None);
    }
    silent(&more(10_000), "M01");
}

#[test]
fn m02_no_fee_is_told() {
    asks(&with_fee(1_000_000_000, 0), "M02", Place::Whole);
    let vsize = with_fee(1_000_000_000, 10).review().facts().vsize;
    for fee in [1, vsize.div_ceil(10) - 1] {
        asks(&with_fee(1_000_000_000, fee), "M02", Place::Whole);
    }
    silent(&with_fee(1_000_000_000, vsize.div_ceil(10)), "M02");
    silent(&with_fee(1_000_000_000, 0), "M05");
}

#[test]
fn m03_fee_rates_are_capped() {
    let vsize = with_fee(1_000_000_000, 10).review().facts().vsize;
    silent(&with_fee(1_000_000_000, 200 * vsize), "M03");
    asks(&with_fee(1_000_000_000, 200 * vsize + 1), "M03", Place::Whole);
    asks(&with_fee(1_000_000_000, 1_000 * vsize), "M03", Place::Whole);
    refuses(&with_fee(1_000_000_000, 1_000 * vsize + 1), "M03", Place::Whole);
    let tighter = |fee| {
        with_fee(1_000_000_000, fee).with(|case| {
            case.policy = "[caps]\nfee_rate_notice_sat_vb = 10\nfee_rate_refuse_sat_vb = 20\n".to_owned();
        })
    };
    // The review has the caps of the policy that judges it.
    good(&tighter(10 * vsize));
    refuses(&tighter(20 * vsize + 1), "M03", Place::Whole);
    asks(&tighter(20 * vsize), "M03", Place::Whole);
}

#[test]
fn m04_fees_are_capped() {
    silent(&with_fee(1_000_000_000, 5_000_000), "M04");
    asks(&with_fee(1_000_000_000, 5_000_001), "M04", Place::Whole);
    asks(&with_fee(1_000_000_000, 100_000_000), "M04", Place::Whole);
    refuses(&with_fee(1_000_000_000, 100_000_001), "M04", Place::Whole);
    let tighter =
        |fee| with_fee(1_000_000_000, fee).with(|case| case.policy = "[caps]\nfee_notice_sat = 20_000\n".into());
    silent(&tighter(20_000), "M04");
    asks(&tighter(20_001), "M04", Place::Whole);
}

#[test]
fn m05_the_share_is_of_what_is_paid() {
    silent(&with_fee(1_000_000, 49_999), "M05");
    asks(&with_fee(1_000_000, 50_000), "M05", Place::Whole);
    asks(&with_fee(1_000_000, 249_999), "M05", Place::Whole);
    // A thousandth of all outputs, and a quarter of the payment.
    refuses(&with_fee(1_000_000, 250_000), "M05", Place::Whole);
    // Where nothing leaves, of all outputs.
    let own = |fee: u64| Case::new(vec![wpkh()]).input(0, 0, 1, 1_000_000).back(0, 1, 1, 1_000_000 - fee);
    silent(&own(40_000), "M05");
    asks(&own(50_000), "M05", Place::Whole);
    refuses(&own(250_000), "M05", Place::Whole);
    // A policy that asks about any share asks about none where there is no fee.
    let any =
        |fee| with_fee(1_000_000, fee).with(|case| case.policy = "[caps]\nfee_share_notice_percent = 0\n".to_owned());
    silent(&any(0), "M05");
    asks(&any(1), "M05", Place::Whole);
    let text = |case: &Case| case.findings().into_iter().find(|finding| finding.rule == "M05").unwrap().text;
    assert_eq!(text(&own(50_000)), "the fee is 5.2 % of all outputs");
    assert_eq!(text(&with_fee(1_000_000, 50_000)), "the fee is 5.0 % of what is paid");
}

/// The transaction with signatures of 72 bytes in it, as a finaliser writes them.
fn finished(case: &Case, wallet: &Wallet) -> Transaction {
    let mut tx = case.psbt.unsigned_tx.clone();
    let (signature, key) = (vec![0x30; 72], vec![2; 33]);
    for (input, index) in tx.input.iter_mut().zip([3, 4]) {
        let coin = wallet.coin(0, index).unwrap();
        let push =
            |bytes: &[u8]| Builder::new().push_slice(PushBytesBuf::try_from(bytes.to_vec()).unwrap()).into_bytes();
        let redeem = coin.redeem_script.as_ref().map(|script| push(script.as_bytes())).unwrap_or_default();
        let single = || Witness::from_slice(&[signature.clone(), key.clone()]);
        let multi = || {
            let script = coin.witness_script.as_ref().unwrap().to_bytes();
            Witness::from_slice(&[vec![], signature.clone(), signature.clone(), script])
        };
        match wallet.kind() {
            Kind::Pkh => input.script_sig = ScriptBuf::from([push(&signature), push(&key)].concat()),
            Kind::Sh(_) => {
                input.script_sig = ScriptBuf::from([vec![0], push(&signature), push(&signature), redeem].concat());
            }
            Kind::Wpkh => input.witness = single(),
            Kind::ShWpkh => (input.script_sig, input.witness) = (ScriptBuf::from(redeem), single()),
            Kind::Wsh(_) => input.witness = multi(),
            Kind::ShWsh(_) => (input.script_sig, input.witness) = (ScriptBuf::from(redeem), multi()),
            Kind::Tr => input.witness = Witness::from_slice(&[vec![1; 64]]),
            Kind::ShScript | Kind::ShWshScript | Kind::WshScript | Kind::TrTree => {
                panic!("{}: finished elsewhere", wallet.name())
            }
        }
    }
    tx
}

#[test]
fn m06_the_size_is_that_of_the_signed_transaction() {
    for wallet in kinds() {
        let case = double(wallet.clone());
        let expected = finished(&case, &wallet).weight().to_wu();
        let reviewed = case.review();
        assert_eq!(reviewed.facts().weight, expected, "{}", wallet.name());
        assert_eq!(reviewed.facts().vsize, expected.div_ceil(4));
    }
    // Inputs without a witness count one byte beside those that have one (BIP144).
    let mixed = Case::new(vec![pkh(), wpkh()]).input(0, 0, 0, 90_000).input(1, 0, 0, 90_000).pay(foreign(1), 170_000);
    let mut tx = mixed.psbt.unsigned_tx.clone();
    tx.input[0].script_sig = ScriptBuf::from(vec![0; 107]);
    tx.input[1].witness = Witness::from_slice(&[vec![0x30; 72], vec![2; 33]]);
    assert_eq!(mixed.review().facts().weight, tx.weight().to_wu());
}

#[test]
fn p15_heavy_transactions_are_refused() {
    let outputs = |number: usize| {
        let mut case = Case::new(vec![wpkh()]).input(0, 0, 3, 2_000_000_000);
        for _ in 0..number {
            case = case.pay(foreign(1), 400_000);
        }
        case
    };
    let one = outputs(1).review().facts().weight;
    let each = outputs(2).review().facts().weight - one;
    // Two more bytes for the number of outputs.
    let most = usize::try_from((400_000 - one - 8) / each + 1).unwrap();
    silent(&outputs(most), "P15");
    refuses(&outputs(most + 1), "P15", Place::Whole);
}

fn locked(height: u32, sequence: u32) -> Case {
    double(wsh()).with_tx(|tx| {
        tx.lock_time = LockTime::from_consensus(height);
        tx.input.iter_mut().for_each(|input| input.sequence = Sequence(sequence));
    })
}

#[test]
fn the_input_of_another_counts_as_it_is_finished_or_as_one_key_would_finish_it() {
    let with = |fill: &dyn Fn(&mut bitcoin::psbt::Input)| {
        simple(wpkh()).foreign_input(5_000).with_in(1, |map| fill(map)).review().facts().weight
    };
    let unfinished = with(&|_| {});
    let witness = |items: &[Vec<u8>]| {
        let items = items.to_vec();
        with(&move |map| map.final_script_witness = Some(Witness::from_slice(&items)))
    };
    // 72 bytes and a key of 33, each with its length, and their count.
    assert_eq!(witness(&[vec![1; 72], vec![2; 33]]), unfinished);
    assert_eq!(witness(&[vec![1; 72], vec![2; 33], vec![3; 10]]), unfinished + 11);
    // Bytes of a scriptSig have four units; where nothing else has a witness, an empty one is left.
    let script_sig = |bytes: usize| with(&move |map| map.final_script_sig = Some(ScriptBuf::from(vec![1; bytes])));
    let none = witness(&[]);
    assert_eq!(script_sig(20) - script_sig(10), 40);
    assert_eq!(script_sig(10), none + 40);
    let both = with(&|map| {
        map.final_script_sig = Some(ScriptBuf::from(vec![1; 10]));
        map.final_script_witness = Some(Witness::from_slice(&[vec![1; 72], vec![2; 33]]));
    });
    assert_eq!(both, unfinished + 40);
}

#[test]
fn l01_locktimes_are_told_as_they_act() {
    silent(&double(wsh()), "L01");
    shows(&locked(900_000, 0xffff_ffff), "L01", Place::Whole);
    assert_eq!(locked(900_000, 0xffff_ffff).review().facts().lock, Lock::NoEffect(900_000));
    assert_eq!(locked(900_000, 0xffff_fffe).review().facts().lock, Lock::Height(900_000));
    assert_eq!(locked(900_000, 0xffff_fffe).review().facts().height_lock, Some(900_000));
    assert_eq!(locked(500_000_000, 0xffff_fffe).review().facts().lock, Lock::Time(500_000_000));
    // One input that is not final is enough.
    let one = locked(900_000, 0xffff_ffff).with_tx(|tx| tx.input[1].sequence = Sequence(0xffff_fffe));
    assert_eq!(one.review().facts().lock, Lock::Height(900_000));
    good(&locked(900_000, 0xffff_fffe));
}

#[test]
fn l02_coins_are_not_held_back() {
    let sequence = 0xffff_fffe;
    silent(&locked(976_144, sequence), "L02");
    asks(&locked(976_145, sequence), "L02", Place::Whole);
    asks(&locked(976_000 + 52_560, sequence), "L02", Place::Whole);
    refuses(&locked(976_000 + 52_561, sequence), "L02", Place::Whole);
    refuses(&locked(5_000_000, sequence), "L02", Place::Whole);
    silent(&locked(5_000_000, 0xffff_ffff), "L02");
    let time = 1_795_305_600;
    silent(&locked(time + 86_400, sequence), "L02");
    asks(&locked(time + 86_401, sequence), "L02", Place::Whole);
    asks(&locked(time + 31_536_000, sequence), "L02", Place::Whole);
    refuses(&locked(time + 31_536_001, sequence), "L02", Place::Whole);
    refuses(&locked(2_208_988_800, sequence), "L02", Place::Whole);
    let later = locked(976_145, sequence).with(|case| case.reference_height = 976_001);
    silent(&later, "L02");
}

#[test]
fn l03_relative_locks_are_told() {
    shows(&locked(0, 1), "L03", Place::Input(0));
    shows(&locked(0, 144), "L03", Place::Input(1));
    asks(&locked(0, 145), "L03", Place::Input(0));
    asks(&locked(0, 0xffff), "L03", Place::Input(0));
    // A day is between 168 and 169 units of 512 seconds.
    shows(&locked(0, 0x0040_00a8), "L03", Place::Input(0));
    asks(&locked(0, 0x0040_00a9), "L03", Place::Input(0));
    asks(&locked(0, 0x0040_ffff), "L03", Place::Input(0));
    silent(&locked(0, 0), "L03");
    silent(&locked(0, 0x8000_ffff), "L03");
    silent(&locked(0, 145).with_tx(|tx| tx.version.0 = 1), "L03");
}

#[test]
fn l04_replaceable_transactions_are_told() {
    shows(&locked(0, 0xffff_fffd), "L04", Place::Whole);
    assert!(locked(0, 0xffff_fffd).review().facts().replaceable);
    silent(&locked(0, 0xffff_fffe), "L04");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    /// Totals add up, whatever the outputs are; and facts exist exactly where they can.
    #[test]
    fn totals_add_up(
        inputs in prop::collection::vec(0u64..3_000_000_000_000_000, 1..4),
        outputs in prop::collection::vec((0u8..6, 0u64..1_500_000_000_000_000), 1..6),
    ) {
        let mut case = Case::new(vec![wpkh(), tr()]);
        for (sat, index) in inputs.iter().zip(0..) {
            case = case.input(0, 0, index, *sat);
        }
        for ((kind, sat), index) in outputs.iter().zip(0..) {
            case = match kind {
                0 => case.pay(foreign(1), *sat),
                1 => case.back(0, 1, index, *sat),
                2 => case.back(0, 0, index, *sat),
                3 => case.back(1, 0, index, *sat),
                4 => case.pay(ScriptBuf::from(vec![0x6a, 4, 1, 2, 3, 4]), *sat),
                _ => case.pay(ScriptBuf::from(vec![0x52, 0x87, 0x52, 0x87, 0x52, 0x87]), *sat),
            };
        }
        let reviewed = case.review();
        let facts = reviewed.facts();
        let sum_in: u64 = inputs.iter().sum();
        let sum_out: u64 = outputs.iter().map(|(_, sat)| sat).sum();
        prop_assert_eq!(facts.fee, sum_in.checked_sub(sum_out));
        prop_assert_eq!(facts.totals.is_some(), sum_in >= sum_out);
        if let Some(totals) = facts.totals {
            prop_assert_eq!(totals.inputs, totals.external + totals.change + totals.self_transfer + totals.fee);
            prop_assert_eq!(totals.leaves, totals.external + totals.fee);
            prop_assert_eq!(totals.our_inputs, totals.inputs);
            prop_assert!(totals.other_wallets <= totals.external);
            let class = |kind: u8| outputs.iter().filter(|(k, _)| *k == kind).map(|(_, sat)| sat).sum::<u64>();
            prop_assert_eq!(totals.change, class(1));
            prop_assert_eq!(totals.self_transfer, class(2));
            prop_assert_eq!(totals.other_wallets, class(3));
        }
        // Nothing above all money passes.
        if sum_in > 2_100_000_000_000_000 {
            prop_assert!(case.judge().is_err());
        }
    }
}
