//! PSBTs of version 2 (BIP370): V04, V05, L08, and that nothing else depends on the version.

use bitcoin::{EcdsaSighashType, Sequence, TapSighashType, absolute::LockTime};
use strongroom::{
    psbt::{Place, Version},
    review::{Facts, Finding, Reviewed, pages, to_json},
};

use crate::{asks, good, refuses, shows, silent, transactions::*};

const WHOLE: Place = Place::Whole;

fn with_flags(case: Case, flags: u8) -> Case {
    case.of_version_2().bent(move |raw| raw.set(0, &[0x06], &[flags]))
}

#[test]
fn v04_what_may_still_be_changed_is_asked_about() {
    good(&double(wsh()).of_version_2());
    good(&with_flags(double(wsh()), 0));
    silent(&with_flags(double(wsh()), 0), "V04");
    for (flags, word) in
        [(1, "inputs may"), (2, "outputs may"), (3, "inputs and outputs may"), (7, "inputs and outputs")]
    {
        let case = with_flags(double(wsh()), flags);
        asks(&case, "V04", WHOLE);
        silent(&case, "V05");
        let text = case.findings().into_iter().find(|f| f.rule == "V04" && f.text.contains("maker")).unwrap().text;
        assert!(text.contains(&format!("says that {word}")), "{text}");
    }
    // Only that a signature with SINGLE is there: nothing grows by that.
    shows(&with_flags(double(wsh()), 4), "V04", WHOLE);
    good(&with_flags(double(wsh()), 4));
}

#[test]
fn v04_flags_without_a_meaning_are_refused() {
    for flags in [8, 0x0b, 0x10, 0x80, 0xf8, 0xff] {
        refuses(&with_flags(double(wsh()), flags), "V04", WHOLE);
    }
}

#[test]
fn v05_what_is_signed_may_not_be_changed() {
    let signed = |flags| with_flags(double(wsh()).signed(1, 1, EcdsaSighashType::All), flags);
    for flags in 1..=3 {
        refuses(&signed(flags), "V05", WHOLE);
        refuses(&with_flags(double(tr()).signed_taproot(0, TapSighashType::Default), flags), "V05", WHOLE);
        let finished =
            double(wsh()).with_in(0, |map| map.final_script_witness = Some(bitcoin::Witness::from_slice(&[[1]])));
        refuses(&with_flags(finished, flags), "V05", WHOLE);
        let leaf = with_flags(double(tr()), flags).bent(|raw| raw.with(1, &[&[0x14][..], &[2; 64]].concat(), &[3; 64]));
        refuses(&leaf, "V05", WHOLE);
    }
    for flags in [0, 4] {
        silent(&signed(flags), "V05");
    }
    good(&signed(0));
}

#[test]
fn l08_a_demanded_lock_that_the_sequence_switches_off_is_asked_about() {
    let demand = |sequence: u32, kind: u8, number: u32| {
        double(wsh())
            .with_tx(|tx| tx.input[1].sequence = Sequence(sequence))
            .of_version_2()
            .bent(move |raw| raw.with(2, &[kind], &number.to_le_bytes()))
    };
    let place = Place::Input(1);
    asks(&demand(u32::MAX, 0x12, 900_000), "L08", place);
    asks(&demand(u32::MAX, 0x11, 1_700_000_000), "L08", place);
    // The field absent is final too.
    asks(&demand(0, 0x12, 900_000).bent(|raw| raw.without(2, 0x10)), "L08", place);
    for sequence in [0, 0xffff_fffd, 0xffff_fffe] {
        silent(&demand(sequence, 0x12, 900_000), "L08");
    }
    // The other input's demand says nothing of this one, and a locktime that nobody demands is L01's.
    silent(&demand(u32::MAX, 0x12, 900_000).bent(|raw| raw.without(2, 0x12)), "L08");
    let far = demand(0xffff_fffe, 0x12, 5_000_000);
    refuses(&far, "L02", WHOLE);
    assert_eq!(far.review().facts().height_lock, Some(5_000_000));
}

/// What a review says, without the bytes that it is of.
fn said(reviewed: &Reviewed) -> (Facts, Vec<Finding>, String) {
    let mut facts = reviewed.facts().clone();
    (facts.psbt_sha256, facts.psbt_bytes, facts.psbt_version) = ([0; 32], 0, 0);
    (facts, reviewed.findings().to_vec(), format!("{:?}", reviewed.plan()))
}

#[test]
fn verdict_totals_and_txid_are_those_of_version_0() {
    let mut cases: Vec<Case> = kinds().into_iter().map(simple).collect();
    cases.extend(kinds().into_iter().map(double));
    cases.push(double(wsh()).signed(0, 1, EcdsaSighashType::All));
    cases.push(double(wsh()).signed(0, 1, EcdsaSighashType::None));
    cases.push(double(wsh()).with_in(1, |map| map.non_witness_utxo = None));
    cases.push(double(wsh()).with_in(0, |map| map.witness_utxo.as_mut().unwrap().value = bitcoin::Amount::ONE_SAT));
    cases.push(double(wsh()).foreign_input(5_000_000).allow("foreign_inputs"));
    cases.push(double(wsh()).with_tx(|tx| tx.output[0].value = bitcoin::Amount::from_sat(20_000_000)));
    cases.push(double(wpkh()).with_tx(|tx| tx.lock_time = LockTime::from_consensus(990_000)));
    cases.push(double(wpkh()).with_tx(|tx| {
        tx.lock_time = LockTime::from_consensus(1_700_000_000);
        tx.input.iter_mut().for_each(|input| input.sequence = Sequence::MAX);
    }));
    cases.push(double(wpkh()).with_tx(|tx| {
        tx.version = bitcoin::transaction::Version::ONE;
        tx.input[0].sequence = Sequence::ZERO;
    }));
    cases.push(double(wsh()).with_out(1, |map| map.bip32_derivation = records(&wsh(), 1, 8)));
    let mut verdicts = (0, 0);
    for zero in cases {
        let two = zero.clone().of_version_2();
        assert_eq!(two.review().parsed().version(), Version::Two);
        assert_eq!(said(&two.review()), said(&zero.review()));
        match (zero.judge(), two.judge()) {
            (Ok(zero), Ok(two)) => {
                verdicts.0 += 1;
                assert_eq!(zero.warnings(), two.warnings());
                // Ballots for the one are none for the other: the bytes are another file's.
                assert_ne!(zero.digest(), two.digest());
            }
            (Err(zero), Err(two)) => {
                verdicts.1 += 1;
                assert_eq!(zero.reasons, two.reasons);
            }
            (Ok(_), Err(_)) | (Err(_), Ok(_)) => panic!("two verdicts"),
        }
    }
    assert!(verdicts.0 > 15 && verdicts.1 > 3, "{verdicts:?}");
}

#[test]
fn passengers_of_version_2_are_shown() {
    let case = double(wsh()).of_version_2().bent(|raw| {
        raw.with(0, &[0x77], b"a").with(1, &[0xfc, 1, b'x', 0], b"b").with(3, &[0x35], b"name").with(4, &[0x77], b"c")
    });
    good(&case);
    shows(&case, "P16", WHOLE);
    shows(&case, "P18", Place::Input(0));
    shows(&case, "P19", Place::Output(0));
    shows(&case, "P16", Place::Output(1));
    // Its own fields are no passengers.
    for rule in ["P16", "P18", "P19"] {
        silent(&with_flags(double(wsh()), 0), rule);
    }
}

#[test]
fn the_version_is_shown() {
    for (case, version) in [(double(wsh()), 0), (double(wsh()).of_version_2(), 2)] {
        let cleared = case.judge().ok().unwrap();
        let pages = pages(cleared.reviewed(), cleared.verdict());
        let line = format!("PSBT        version {version}, ");
        assert!(pages.iter().flat_map(|page| &page.lines).any(|shown| shown.contains(&line)), "{line}");
        assert_eq!(to_json(cleared.reviewed(), cleared.verdict())["psbt"]["version"], version);
    }
}
