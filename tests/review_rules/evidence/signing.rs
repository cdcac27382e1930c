//! Proofs of the signer and of what leaves it: H06, H07, M06, V06, G03 to G10, G12.

use std::collections::BTreeSet;

use bitcoin::{EcdsaSighashType, TapSighashType, psbt::PsbtSighashType};
use strongroom::{
    psbt::{self, NewSignature, Parsed, Place, parse},
    review::Spend,
    sign::{SignError, sign},
    sys::Secret,
    verify::{Checker, release, signature_check, verify},
    wallet::{Kind, Wallet},
};

use super::Evidence;
use crate::{
    raw_psbt::{RawPsbt, to_v2},
    signing_desk::{Desk, master, name},
    transactions::*,
};

/// A desk of the wallets of these cases: the same seed.
fn desk(wallets: Vec<Wallet>) -> Desk {
    let mut desk = Desk::new();
    desk.wallets = wallets;
    desk
}

/// The full and the trimmed answer to a PSBT, through the whole chain.
fn answer(desk: &Desk, psbt: &[u8]) -> (Vec<u8>, Vec<u8>) {
    let mut book = desk.book();
    let recorded = desk.record(desk.clear(psbt), &mut book);
    let verified = verify(sign(recorded, &desk.wallets, &desk.master).unwrap()).unwrap();
    let released = release(verified, &mut book.pen, &mut book.store, &desk.statement_key).ok().unwrap();
    (released.full().to_vec(), released.trimmed().to_vec())
}

/// The signatures of a PSBT.
fn signatures(parsed: &Parsed) -> Vec<(u32, NewSignature)> {
    let mut found = Vec::new();
    for (input, map) in (0..).zip(parsed.inputs()) {
        for (key, signature) in &map.partial_sigs {
            let key = key.as_slice().try_into().unwrap();
            found.push((input, NewSignature::Ecdsa { key, signature: signature.clone() }));
        }
        found.extend(map.tap_key_sig.clone().map(|signature| (input, NewSignature::TapKey { signature })));
    }
    found
}

fn bytes_of(signature: &mut NewSignature) -> &mut Vec<u8> {
    match signature {
        NewSignature::Ecdsa { signature, .. }
        | NewSignature::TapKey { signature }
        | NewSignature::TapScript { signature, .. } => signature,
    }
}

fn asking(case: Case, sighash: u32) -> Case {
    case.with_in(0, |map| map.sighash_type = Some(PsbtSighashType::from_u32(sighash)))
}

pub(super) fn only_all_is_planned(evidence: &mut Evidence) {
    let odd = [0x100, 0x101, 0x181, 0x8000_0001, 0xffff_ff01, u32::MAX];
    for sighash in (0..=0xff).chain(odd) {
        for (wallet, taken) in [(wpkh(), sighash == 1), (wsh(), sighash == 1), (tr(), sighash < 2)] {
            let verdict = asking(simple(wallet.clone()), sighash).judge();
            evidence.holds(verdict.is_ok() == taken, (wallet.name(), sighash));
            let Ok(cleared) = verdict else { continue };
            for planned in cleared.reviewed().plan() {
                let explicit = matches!(planned.spend, Spend::TaprootKey { explicit_all: true, .. });
                evidence.holds(explicit == (wallet.kind() == Kind::Tr && sighash == 1), &planned.spend);
            }
        }
    }
    for (wallet, sighash, last) in [(wpkh(), 1, Some(1)), (tr(), 1, Some(1)), (tr(), 0, None)] {
        let (full, _) = answer(&desk(vec![wallet.clone()]), &asking(simple(wallet), sighash).bytes());
        for (_, mut signature) in signatures(&parse(full).unwrap()) {
            let bytes = bytes_of(&mut signature);
            evidence.holds(last.map_or(bytes.len() == 64, |last| bytes.last() == Some(&last)), &bytes);
        }
    }
}

pub(super) fn a_transaction_to_ourselves_has_no_exemption(evidence: &mut Evidence) {
    for wallet in kinds() {
        let ours = Case::new(vec![wallet]).input(0, 0, 3, 900_000).back(0, 1, 0, 890_000);
        evidence.holds(ours.judge().is_ok(), "as it is");
        for sighash in [2, 3, 0x81, 0x82, 0x83] {
            let refused = asking(ours.clone(), sighash).judge().err().unwrap();
            let by =
                refused.reasons.iter().any(|reason| reason.rule.starts_with('H') && reason.place == Place::Input(0));
            evidence.holds(by, sighash);
        }
    }
}

/// Signed by all that it takes.
fn complete(wallet: &Wallet) -> Case {
    let mut case = double(wallet.clone());
    for input in 0..2 {
        if wallet.kind() == Kind::Tr {
            case = case.signed_taproot(input, TapSighashType::Default);
            continue;
        }
        let signers = wallet.kind().multi().map_or(1, |multi| u8::try_from(multi.threshold).unwrap());
        case = (0..signers).fold(case, |case, number| case.signed(input, number, EcdsaSighashType::All));
    }
    case
}

pub(super) fn the_size_is_that_of_the_finished_transaction(evidence: &mut Evidence) {
    for wallet in kinds() {
        let parsed = parse(complete(&wallet).bytes()).unwrap();
        let finished = psbt::finalize(&parsed, &signature_check).unwrap().transaction;
        let told = double(wallet.clone()).review().facts().vsize;
        let is = u64::try_from(finished.vsize()).unwrap();
        // A signature of low R has a byte less than the most that there is; without a witness that is a byte of size,
        // and may take two more from the number before the script.
        let most = if matches!(wallet.kind(), Kind::Pkh | Kind::Sh(_)) { 8 } else { 2 };
        evidence.holds(told >= is && told - is <= most, (wallet.name(), told, is));
    }
}

pub(super) fn the_answer_has_the_version_that_came(evidence: &mut Evidence) {
    for wallet in kinds() {
        let desk = desk(vec![wallet.clone()]);
        let case = double(wallet);
        let first = case.bytes();
        for (sent, version) in [(first.clone(), psbt::Version::Zero), (to_v2(&first), psbt::Version::Two)] {
            let txid = parse(sent.clone()).unwrap().txid();
            let (full, trimmed) = answer(&desk, &sent);
            for bytes in [full, trimmed] {
                let parsed = parse(bytes).unwrap();
                evidence.holds((parsed.version(), parsed.txid()) == (version, txid), version);
            }
        }
    }
}

pub(super) fn the_signer_takes_no_verdict_from_outside(evidence: &mut Evidence) {
    // That no review, verdict or approval can be made by hand is shown where it does not compile: tests/compile_fail.
    for forged in ["forge_cleared", "forge_approved", "forge_recorded", "sign_unreviewed", "sign_unjudged"] {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/compile_fail");
        let error = std::fs::read_to_string(folder.join(format!("{forged}.stderr"))).unwrap();
        evidence.holds(error.contains("error"), forged);
    }
    // What is signed comes from the registered wallets, not from what a review once said of them.
    let desk = Desk::new();
    let recorded = || desk.record(desk.clear(&desk.spend(2).psbt), &mut desk.book());
    let turned: Vec<Wallet> = desk.wallets.iter().rev().cloned().collect();
    for wallets in [&turned[..], &desk.wallets[1..2], &[]] {
        let refused = sign(recorded(), wallets, &desk.master).err();
        evidence.holds(matches!(refused, Some(SignError::Plan { .. } | SignError::OtherKey { .. })), refused);
    }
}

pub(super) fn what_was_planned_is_signed_and_nothing_else(evidence: &mut Evidence) {
    let two_of_ours = Wallet::read(name("two"), wsh().descriptor(), NETWORK, &[0, 1]).unwrap();
    let all_of_ours = Wallet::read(name("three"), wsh().descriptor(), NETWORK, &[0, 1, 2]).unwrap();
    for wallet in kinds().into_iter().chain([two_of_ours, all_of_ours]) {
        let case = double(wallet.clone());
        let planned: BTreeSet<(u32, Vec<u8>)> = case
            .review()
            .plan()
            .iter()
            .flat_map(|planned| planned.keys.iter().map(|key| (planned.input, key.public.to_vec())))
            .collect();
        let threshold = wallet.kind().multi().map_or(1, |multi| multi.threshold);
        let ours = wallet.keys().iter().filter(|key| key.ours).count();
        evidence.holds(planned.len() == 2 * threshold.min(ours), wallet.name());
        if ours > 1 {
            // The other keys are of other seeds than the desk's.
            continue;
        }
        let (full, _) = answer(&desk(vec![wallet.clone()]), &case.bytes());
        let parsed = parse(full).unwrap();
        let made = signatures(&parsed);
        evidence.holds(made.len() == planned.len(), wallet.name());
        for (input, signature) in made {
            if let NewSignature::Ecdsa { key, .. } = signature {
                evidence.holds(planned.contains(&(input, key.to_vec())), input);
            }
        }
    }
}

pub(super) fn a_flipped_bit_is_seen(evidence: &mut Evidence) {
    for wallet in [wpkh(), pkh(), wsh(), tr()] {
        let (full, _) = answer(&desk(vec![wallet.clone()]), &simple(wallet).bytes());
        let parsed = parse(full).unwrap();
        let checker = Checker::new(&parsed);
        for (input, signature) in signatures(&parsed) {
            let _ = evidence.passes(checker.check(input, &signature));
            let mut bent = signature.clone();
            for bit in 0..bytes_of(&mut bent).len() * 8 {
                bytes_of(&mut bent)[bit / 8] ^= 1 << (bit % 8);
                evidence.stops(checker.check(input, &bent), |_| true);
                bytes_of(&mut bent)[bit / 8] ^= 1 << (bit % 8);
            }
            if let NewSignature::Ecdsa { key, signature } = signature {
                for bit in 0..key.len() * 8 {
                    let mut key = key;
                    key[bit / 8] ^= 1 << (bit % 8);
                    let bent = NewSignature::Ecdsa { key, signature: signature.clone() };
                    evidence.stops(checker.check(input, &bent), |_| true);
                }
            }
        }
    }
}

pub(super) fn all_or_nothing_is_signed(evidence: &mut Evidence) {
    let case = Case::new(vec![wpkh()])
        .input(0, 0, 3, 900_000)
        .input(0, 1, 4, 900_000)
        .pay(foreign(1), 1_700_000)
        .back(0, 1, 7, 90_000);
    let desk = desk(vec![wpkh()]);
    let signed = |wallets: &[Wallet]| {
        let recorded = desk.record(desk.clear(&case.bytes()), &mut desk.book());
        sign(recorded, wallets, &desk.master).map(|_| ())
    };
    // The second input is on a branch that this wallet does not have: the first one's signature is not there either,
    // for an error holds none.
    let other = wpkh().descriptor().split('#').next().unwrap().replace("<0;1>", "<0;2>");
    let other = Wallet::read(name("wpkh"), &other, NETWORK, &[0]).unwrap();
    evidence.stops(signed(&[other]), |error| *error == SignError::Plan { input: 1 });
    evidence.stops(signed(&[]), |error| *error == SignError::Plan { input: 0 });
    let recorded = desk.record(desk.clear(&case.bytes()), &mut desk.book());
    evidence.stops(sign(recorded, &desk.wallets, &master(9)).map(|_| ()), |error| {
        *error == SignError::OtherKey { input: 0 }
    });
    evidence.passes(signed(&desk.wallets));
}

pub(super) fn signatures_have_one_form(evidence: &mut Evidence) {
    for wallet in [wpkh(), pkh(), sh_wsh(), tr()] {
        let case = (0..60).fold(Case::new(vec![wallet.clone()]), |case, index| case.input(0, 0, index, 100_000));
        let (full, _) = answer(&desk(vec![wallet]), &case.pay(foreign(1), 5_900_000).bytes());
        let parsed = parse(full).unwrap();
        let checker = Checker::new(&parsed);
        for (input, mut signature) in signatures(&parsed) {
            // The checker takes strict DER with low S alone.
            let valid = checker.check(input, &signature).unwrap();
            evidence.holds(valid.low_r && valid.commits_to_all(), valid);
            let most = if matches!(signature, NewSignature::Ecdsa { .. }) { 71 } else { 64 };
            evidence.holds(bytes_of(&mut signature).len() <= most, input);
        }
    }
}

pub(super) fn keys_do_not_stay(evidence: &mut Evidence) {
    // Whoever hands over a secret has it no longer; what memory holds after each use is scanned by tests/memory.rs.
    for byte in 1..=3 {
        let mut bytes = [byte; 32];
        let secret = Secret::take(&mut bytes).unwrap();
        evidence.holds(bytes == [0; 32] && secret.expose() == [byte; 32], byte);
    }
    let scans = include_str!("../../memory.rs");
    evidence.holds(scans.contains("    a_child_key_is_found_at_work_and_not_after();"), "the scan of keys");
    evidence.holds(include_str!("../../../Cargo.toml").contains("path = \"tests/memory.rs\""), "a test of its own");
}

pub(super) fn nothing_is_finished_unasked(evidence: &mut Evidence) {
    for wallet in kinds() {
        // A cosigner has signed where that takes two: ours completes it.
        let mut case = double(wallet.clone());
        if wallet.kind().multi().is_some() {
            case = case.signed(0, 1, EcdsaSighashType::All).signed(1, 1, EcdsaSighashType::All);
        }
        let (full, trimmed) = answer(&desk(vec![wallet.clone()]), &case.bytes());
        let done = psbt::finalize(&parse(full.clone()).unwrap(), &signature_check);
        evidence.holds(done.is_ok(), wallet.name());
        for bytes in [full, trimmed] {
            let raw = RawPsbt::from_bytes(&bytes);
            let finished = raw.maps[1..3].iter().flatten().any(|(key, _)| [0x07, 0x08].contains(&key[0]));
            evidence.holds(!finished, wallet.name());
        }
    }
}

pub(super) fn an_answer_that_was_changed_is_not_joined(evidence: &mut Evidence) {
    let case = double(wsh());
    let base = parse(case.bytes()).unwrap();
    let (full, _) = answer(&desk(vec![wsh()]), &case.bytes());
    let join = |bytes: &[u8]| psbt::join(&base, &[parse(bytes.to_vec()).unwrap()], &signature_check);
    let joined = evidence.passes(join(&full));
    evidence.holds(joined == full, "the original with the signatures, and nothing else");
    let raw = RawPsbt::from_bytes(&full);
    let (key, signature) = raw.maps[1].iter().find(|(key, _)| key[0] == 0x02).unwrap().clone();
    let mut wrong = signature.clone();
    wrong[30] ^= 1;
    evidence.stops(join(&raw.clone().set(1, &key, &wrong).to_bytes()), |_| true);
    // The signature of the other input, and one over another transaction.
    let moved = raw.clone().without(2, 0x02).with(2, &key, &signature);
    evidence.stops(join(&moved.to_bytes()), |_| true);
    let other = case.clone().with_tx(|tx| tx.output[0].value -= bitcoin::Amount::from_sat(1));
    let (other, _) = answer(&desk(vec![wsh()]), &other.bytes());
    evidence.stops(join(&other), |_| true);
}

pub(super) fn the_same_question_has_the_same_answer(evidence: &mut Evidence) {
    for wallet in kinds() {
        let desk = desk(vec![wallet.clone()]);
        let psbt = double(wallet.clone()).bytes();
        let once = answer(&desk, &psbt);
        evidence.holds(once == answer(&desk, &psbt), wallet.name());
        // What was signed already is not signed again.
        let recorded = case_refused(&wallet, &once.0);
        evidence.stops(recorded, |rules| rules.contains(&"I23") || rules.contains(&"I22"));
    }
}

/// The verdict on an answer that is presented again.
fn case_refused(wallet: &Wallet, psbt: &[u8]) -> Result<(), Vec<&'static str>> {
    let case = double(wallet.clone());
    let reviewed = case.review_bytes(psbt.to_vec()).unwrap();
    strongroom::policy::judge(reviewed, &case.policy())
        .map(|_| ())
        .map_err(|refused| refused.reasons.iter().map(|reason| reason.rule).collect())
}
