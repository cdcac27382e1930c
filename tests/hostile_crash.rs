//! Power cuts, full disks and failing calls at each step of creation, of adding a wallet and of signing: the last
//! committed state opens, nothing half-written counts, and the next ceremony settles it.

use strongroom::ceremony::{self, CeremonyError};

use crate::{
    desk::{Bench, Plan, Stick, name},
    frail_store::{Fault, FrailStore, Survivors},
    hostile::{copy, lines, payment, sign, single, stopped, treasury},
};

/// The same desk before another state of the stick.
fn at(bench: &Bench, store: FrailStore) -> Bench {
    Bench { stick: Stick::of(store), ..copy(bench) }
}

/// Calls that change the store in an undisturbed run.
fn steps(bench: &Bench, work: impl Fn(&Bench) -> Result<(), CeremonyError>) -> usize {
    let bench = copy(bench);
    let before = bench.stick.with(|store| store.log().len());
    work(&bench).unwrap();
    bench.stick.with(|store| store.log().len()) - before
}

fn drill(bench: &Bench) -> Result<(), CeremonyError> {
    bench.unattended(&["carol"], &[], |desk| ceremony::drill(desk, &name("carol")))
}

/// Every state that a cut at each step leaves, with whether the ceremony said that it was done.
fn every_cut(
    bench: &Bench,
    work: impl Fn(&Bench) -> Result<(), CeremonyError>,
    judge: impl Fn(usize, Survivors, Bench),
) {
    for step in 1..=steps(bench, &work) {
        let cut = copy(bench);
        cut.stick.with(|store| store.cut_at(step));
        let (code, said) = stopped(work(&cut));
        assert!(code == 3, "step {step}: {code} {said}");
        let states: Vec<_> = cut.stick.with(|store| store.afterlives().collect());
        for (survivors, store) in states {
            judge(step, survivors, at(bench, store));
        }
    }
}

/// The same for each fault of a system that goes on running, before and after a restart that loses what was not synced.
fn every_fault(bench: &Bench, work: impl Fn(&Bench) -> Result<(), CeremonyError>, judge: impl Fn(&str, Bench)) {
    for step in 1..=steps(bench, &work) {
        for fault in [Fault::Full(40), Fault::Io, Fault::Open, Fault::Corrupt] {
            let failing = copy(bench);
            failing.stick.with(|store| store.fail_at(step, fault));
            let result = work(&failing);
            let what = format!("{fault:?} at step {step}");
            match (fault, &result) {
                // Only writes can be corrupt; then the read-back tells.
                (Fault::Corrupt, Ok(())) => panic!("{what}: done all the same"),
                (_, Ok(())) => panic!("{what}: done all the same"),
                (Fault::Corrupt, Err(error)) => assert!([3, 4].contains(&error.code()), "{what}: {error}"),
                (_, Err(error)) => assert_eq!(error.code(), 3, "{what}: {error}"),
            }
            failing.stick.with(FrailStore::heal);
            let lost = failing.stick.with(|store| store.reopen(Survivors::Lost));
            judge(&format!("{what}, then a restart"), at(bench, lost));
            judge(&what, failing);
        }
    }
}

/// A vault that was created opens whole; anything less says that it is none, and is not built upon.
#[track_caller]
fn whole_or_none(what: &str, bench: Bench) {
    match ceremony::open(&bench.stick, None) {
        Ok(vault) => {
            let custodians = vault.statement().roster().custodians();
            assert!(
                custodians.iter().all(|custodian| vault.share(&custodian.name).is_ok()),
                "{what}: a share is missing"
            );
            drill(&bench).unwrap_or_else(|error| panic!("{what}: {error}"));
        }
        Err(error) => {
            assert!([2, 4].contains(&error.code()), "{what}: {error}");
            let files = bench.stick.files();
            if !files.is_empty() {
                let (code, said) = stopped(create_on(&bench));
                assert!(code == 2 && said.contains("is there already"), "{what}: {code} {said}");
            }
            assert_eq!(bench.stick.files(), files);
        }
    }
}

fn create_on(bench: &Bench) -> Result<(), CeremonyError> {
    use crate::desk::{passphrase, secret};
    use strongroom::{
        ceremony::{Custody, Origin, Request, Throws},
        network::Network,
        vault::Place,
    };
    let custodian =
        |custodian: &str| (name(custodian), Custody::Passphrase(secret(&passphrase(custodian))), Place::Inside);
    let request = Request {
        network: Network::Regtest,
        threshold: 2,
        custodians: Plan::default().custodians.iter().map(|each| custodian(each)).collect(),
        origin: Origin::New(12),
        throws: Throws::Dice(secret(&"142536".repeat(17))),
        policy: String::new(),
    };
    bench.clone().create_by(request)
}

#[test]
fn creation_cut_at_any_step_leaves_a_whole_vault_or_none() {
    let empty = Bench::empty(3);
    every_cut(&empty, create_on, |step, survivors, after| whole_or_none(&format!("step {step}, {survivors:?}"), after));
}

#[test]
fn creation_on_a_failing_disk_leaves_a_whole_vault_or_none() {
    every_fault(&Bench::empty(3), create_on, whole_or_none);
}

fn add(bench: &Bench) -> Result<(), CeremonyError> {
    bench.unattended(&["bob", "carol"], &[], |desk| ceremony::add_wallet(desk, single("second", "tr", 0)))
}

/// The vault opens with the old or the new wallets, and the next ceremony keeps what was shown.
#[track_caller]
fn old_or_new(what: &str, bench: Bench) {
    let vault = ceremony::open(&bench.stick, None).unwrap_or_else(|error| panic!("{what}: {error}"));
    let names = |bench: &Bench| -> Vec<String> {
        bench.vault().statement().wallets().iter().map(|wallet| wallet.name().to_string()).collect()
    };
    let shown = names(&bench);
    assert!(shown == ["main"] || shown == ["main", "second"], "{what}: {shown:?}");
    let open = vault.journal().open_writing().is_some();
    drill(&bench).unwrap_or_else(|error| panic!("{what}: {error}"));
    let settled = lines(&bench).iter().filter(|line| ["finished", "undone"].contains(*line)).count();
    assert_eq!(settled, usize::from(open), "{what}");
    assert_eq!(names(&bench), shown, "{what}: the next ceremony changed what counts");
    assert!(bench.vault().journal().open_writing().is_none() && bench.vault().journal().torn().is_none(), "{what}");
    if shown.len() == 1 {
        add(&bench).unwrap_or_else(|error| panic!("{what}: {error}"));
        assert_eq!(names(&bench), ["main", "second"], "{what}");
    }
    assert!(bench.vault().check().is_whole(), "{what}");
}

#[test]
fn adding_a_wallet_cut_at_any_step_counts_wholly_or_not_at_all() {
    every_cut(&treasury(), add, |step, survivors, after| old_or_new(&format!("step {step}, {survivors:?}"), after));
}

#[test]
fn adding_a_wallet_on_a_failing_disk_counts_wholly_or_not_at_all() {
    every_fault(&treasury(), add, old_or_new);
}

#[test]
fn what_was_said_to_be_done_survives_the_loss_of_all_that_was_not_synced() {
    let bench = treasury();
    let psbt = payment(&bench);
    add(&bench).unwrap();
    let _ = sign(&bench, &["alice", "carol"], &psbt).unwrap();
    let after = at(&bench, bench.stick.with(|store| store.reopen(Survivors::Lost)));
    assert_eq!(after.stick.files(), bench.stick.files());
    assert_eq!(lines(&after).last(), Some(&"signed"));
}

#[test]
fn signing_cut_at_any_step_gives_nothing_and_the_same_signatures_later() {
    let bench = treasury();
    let psbt = payment(&bench);
    let expected = sign(&copy(&bench), &["alice", "bob"], &psbt).unwrap().full().to_vec();
    let work = |bench: &Bench| sign(bench, &["alice", "bob"], &psbt).map(drop);
    let again = |what: &str, after: Bench| {
        let opened = ceremony::open(&after.stick, None).unwrap_or_else(|error| panic!("{what}: {error}"));
        let before = opened.journal().count();
        let signed = sign(&after, &["bob", "carol"], &psbt).unwrap_or_else(|error| panic!("{what}: {error}"));
        assert_eq!(signed.full(), expected, "{what}");
        assert!(after.vault().journal().count() > before && lines(&after).last() == Some(&"signed"));
    };
    every_cut(&bench, work, |step, survivors, after| again(&format!("step {step}, {survivors:?}"), after));
    every_fault(&bench, work, again);
}

#[test]
fn a_file_that_cannot_be_read_stops_before_anything_is_written() {
    for file in ["slot.a", "slot.b", "journal", "alice.1.a.share"] {
        let bench = treasury();
        let psbt = payment(&bench);
        let warned = crate::hostile::warnings(&bench, &psbt);
        let before = bench.stick.files();
        bench.stick.with(|store| store.make_unreadable(file));
        let result = bench.unattended(&["alice", "bob"], &warned, |desk| ceremony::sign_transaction(desk, &psbt));
        let (code, said) = stopped(result);
        assert!(code == 3 && said.contains(file), "{code} {said}");
        bench.stick.with(FrailStore::heal);
        assert_eq!(bench.stick.files(), before);
    }
}
