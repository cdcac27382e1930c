//! The order of inputs says nothing: the verdict, the sums and what is found at each coin stay, whatever is wrong.

use proptest::{prelude::*, sample::select};
use strongroom::{
    policy::{Policy, judge},
    psbt::Place,
    review::{Reviewed, Totals},
};

use crate::transactions::*;

/// What is wrong with an input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wrong {
    Nothing,
    Unproven,
    Unknown,
    OtherAmount,
    OtherSighash,
    Signed,
    Relative,
    OtherKey,
}

const WRONG: [Wrong; 12] = [
    // Most are honest.
    Wrong::Nothing,
    Wrong::Nothing,
    Wrong::Nothing,
    Wrong::Nothing,
    Wrong::Nothing,
    Wrong::Unproven,
    Wrong::Unknown,
    Wrong::OtherAmount,
    Wrong::OtherSighash,
    Wrong::Signed,
    Wrong::Relative,
    Wrong::OtherKey,
];

/// An input: the wallet (or nobody's), its amount, what is wrong.
type Drawn = (usize, u64, Wrong);

fn wallets() -> Vec<strongroom::wallet::Wallet> {
    vec![wsh(), wpkh(), tr(), scripts(F9, &[0])]
}

fn case(inputs: &[Drawn]) -> Case {
    let mut case = Case::new(wallets());
    let mut all = 0;
    for (place, (wallet, sat, wrong)) in inputs.iter().enumerate() {
        all += sat;
        case = match wallet {
            0..4 => case.input(*wallet, 0, place as u32, *sat),
            _ => case.foreign_input(*sat),
        };
        case = case.with(|case| {
            let map = &mut case.psbt.inputs[place];
            match wrong {
                Wrong::Nothing | Wrong::Signed => {}
                Wrong::Unproven => map.non_witness_utxo = None,
                Wrong::Unknown => (map.non_witness_utxo, map.witness_utxo) = (None, None),
                Wrong::OtherAmount => {
                    if let Some(utxo) = &mut map.witness_utxo {
                        utxo.value += bitcoin::Amount::from_sat(1);
                    }
                }
                // Not SINGLE, whose meaning is a matter of the place.
                Wrong::OtherSighash => map.sighash_type = Some(bitcoin::psbt::PsbtSighashType::from_u32(0x81)),
                Wrong::Relative => case.psbt.unsigned_tx.input[place].sequence = bitcoin::Sequence::from_height(52_560),
                Wrong::OtherKey => {
                    for (_, path) in map.bip32_derivation.values_mut() {
                        *path = self::path(&[48 | HARD, 1 | HARD, HARD, 2 | HARD, 0, 999]);
                    }
                }
            }
        });
    }
    case.pay(foreign(1), all / 2).back(0, 1, 7, all - all / 2 - 20_000)
}

/// The same coins in another order: input `n` of it is input `order[n]` of the other.
fn ordered(case: &Case, order: &[usize]) -> Case {
    case.clone().with(|other| {
        other.psbt.unsigned_tx.input = order.iter().map(|place| case.psbt.unsigned_tx.input[*place].clone()).collect();
        other.psbt.inputs = order.iter().map(|place| case.psbt.inputs[*place].clone()).collect();
    })
}

/// With the signature of another where one is drawn. In another order it is another transaction, and so another one.
fn signed(case: Case, inputs: impl Iterator<Item = Drawn>) -> Case {
    let theirs = |(wallet, _, wrong): &Drawn| *wrong == Wrong::Signed && matches!(wallet, 0 | 3);
    let places: Vec<usize> = inputs.enumerate().filter(|(_, one)| theirs(one)).map(|(place, _)| place).collect();
    places.into_iter().fold(case, |case, place| case.signed(place, 1, bitcoin::EcdsaSighashType::All))
}

/// What must stay: the sums, and each finding with the coin that it is about.
#[derive(Debug, PartialEq, Eq)]
struct Said {
    totals: Option<Totals>,
    weight: u64,
    findings: Vec<String>,
    planned: Vec<String>,
    refused: bool,
}

fn said(reviewed: Reviewed, policy: &Policy) -> Said {
    let facts = reviewed.facts().clone();
    let coin = |place: u32| facts.inputs[place as usize].outpoint.to_string();
    let at = |place: Place| match place {
        Place::Input(place) => coin(place),
        Place::Whole | Place::Output(_) => format!("{place:?}"),
    };
    let mut findings: Vec<String> = reviewed
        .findings()
        .iter()
        .flat_map(|finding| {
            let here = |place| format!("{} {:?} {} {}", finding.rule, finding.action, at(place), finding.fraud);
            finding.places().map(here).collect::<Vec<_>>()
        })
        .collect();
    findings.sort();
    let mut planned: Vec<String> = reviewed
        .plan()
        .iter()
        .map(|input| format!("{} {} {} {:?}", coin(input.input), input.wallet, input.path, input.keys))
        .collect();
    planned.sort();
    let (totals, weight) = (facts.totals, facts.weight);
    Said { totals, weight, findings, planned, refused: judge(reviewed, policy).is_err() }
}

fn drawn() -> impl Strategy<Value = (Vec<Drawn>, Vec<usize>)> {
    let wallet = select(vec![0usize, 0, 0, 0, 1, 2, 3, 9]);
    let one = (wallet, 1_000_000u64..9_000_000, select(&WRONG[..]));
    proptest::collection::vec(one, 2..7).prop_flat_map(|inputs| {
        let order = Just((0..inputs.len()).collect::<Vec<_>>()).prop_shuffle();
        (Just(inputs), order)
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(300) })]
    #[test]
    fn the_order_of_inputs_changes_neither_verdict_nor_sums_nor_findings(
        (inputs, order) in drawn(),
        two in any::<bool>(),
        allowed in proptest::sample::subsequence(vec!["foreign_inputs", "unproven_amounts", "mixed_wallets"], 0..=3),
    ) {
        let allowed: String = allowed.iter().map(|key| format!("{key} = true\n")).collect();
        let one = case(&inputs).with(|case| case.policy = format!("[allow]\n{allowed}"));
        let other = ordered(&one, &order);
        let one = signed(one, inputs.iter().copied());
        let other = signed(other, order.iter().map(|place| inputs[*place]));
        let [first, second] = [one, other].map(|case| {
            let case = if two { case.of_version_2() } else { case };
            said(case.review(), &case.policy())
        });
        prop_assert_eq!(first, second);
    }
}
