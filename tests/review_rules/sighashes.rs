//! H01 to H05: what a signature covers.

use bitcoin::psbt::PsbtSighashType;
use strongroom::{
    psbt::Place,
    review::{Action, Spend},
};

use crate::{good, refuses, silent, transactions::*};

fn asking(case: Case, input: usize, sighash: u32) -> Case {
    case.with_in(input, |map| map.sighash_type = Some(PsbtSighashType::from_u32(sighash)))
}

#[test]
fn signatures_cover_everything() {
    for wallet in [wpkh(), sh_wpkh(), pkh(), wsh(), sh_wsh(), sh()] {
        for (sighash, rule) in [
            (2, "H01"),
            (3, "H01"),
            (0x81, "H02"),
            (0x82, "H02"),
            (0x83, "H02"),
            (0, "H04"),
            (0x41, "H04"),
            (0x80, "H04"),
            (0x101, "H04"),
            (0x8000_0001, "H04"),
            (0xffff_ff01, "H04"),
        ] {
            refuses(&asking(double(wallet.clone()), 1, sighash), rule, Place::Input(1));
        }
        let all = asking(double(wallet.clone()), 1, 1);
        good(&all);
        for rule in ["H01", "H02", "H04"] {
            silent(&all, rule);
        }
    }
}

#[test]
fn single_without_its_output_signs_nothing() {
    let one = || Case::new(vec![pkh()]).input(0, 0, 0, 60_000).input(0, 0, 1, 60_000).pay(foreign(1), 110_000);
    refuses(&asking(one(), 1, 3), "H03", Place::Input(1));
    refuses(&asking(one(), 1, 0x83), "H03", Place::Input(1));
    refuses(&asking(one(), 0, 3), "H01", Place::Input(0));
    silent(&asking(one(), 1, 1), "H03");
}

#[test]
fn taproot_takes_the_default_and_all() {
    for sighash in [2, 3, 0x81, 0x83, 4, 0x80, 0x100] {
        refuses(&asking(double(tr()), 0, sighash), "H05", Place::Input(0));
    }
    // Which of the wallets it is of decides what it may ask for.
    let both = Case::new(vec![wpkh(), tr()])
        .input(0, 0, 3, 60_000)
        .input(1, 0, 4, 60_000)
        .pay(foreign(1), 100_000)
        .allow("mixed_wallets");
    silent(&asking(both.clone(), 1, 0), "H04");
    refuses(&asking(both.clone(), 0, 0), "H04", Place::Input(0));
    refuses(&asking(both, 1, 2), "H05", Place::Input(1));
    for (sighash, explicit) in [(0, false), (1, true)] {
        let case = asking(double(tr()), 0, sighash);
        good(&case);
        silent(&case, "H05");
        let spends = case.review().plan().iter().map(|planned| planned.spend.clone()).collect::<Vec<_>>();
        let key = |explicit_all| Spend::TaprootKey { explicit_all, merkle_root: None };
        assert_eq!(spends, [key(explicit), key(false)]);
    }
}

#[test]
fn a_transaction_to_ourselves_has_no_exemption() {
    let ours = Case::new(vec![wpkh()]).input(0, 0, 0, 60_000).back(0, 1, 0, 59_000);
    refuses(&asking(ours.clone(), 0, 0x81), "H02", Place::Input(0));
    assert!(ours.findings().iter().all(|finding| finding.action != Action::Refuse));
}
