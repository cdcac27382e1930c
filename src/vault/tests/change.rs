//! Writing a new statement: crash, full disk and failing calls at every step.

use crate::{
    journal::frail_store::{Fault, FrailStore, Survivors},
    quorum::Kind,
    vault::{
        Change, Notice, Outcome, Side, Vault, WalletRecord,
        samples::{Ceremony, change_policy, created, name, open_share, read, refused},
    },
};

fn steps_of_change(store: &FrailStore) -> usize {
    let mut store = store.clone();
    let before = store.log().len();
    change_policy(&mut store, "# two").unwrap();
    store.log().len() - before
}

/// The vault opens with one of these policies, its body too, and it can be changed again.
#[track_caller]
fn lives_on(store: &FrailStore, policies: &[&str], told: &str) -> String {
    let vault = Vault::read(store).unwrap_or_else(|e| panic!("{told}: {e}"));
    let policy = vault.statement().core().policy.clone();
    assert!(policies.contains(&policy.as_str()), "{told}: {policy}");
    assert!(vault.check().is_whole(), "{told}");
    let mut store = store.clone();
    change_policy(&mut store, "# next").unwrap_or_else(|e| panic!("{told}: {e}"));
    let after = store.reopen(Survivors::Lost);
    assert_eq!(read(&after).statement().core().policy, "# next", "{told}");
    policy
}

#[test]
fn slots_take_turns() {
    let mut store = created(1);
    let first = read(&store).statement().digest();
    for (sequence, side) in [(2, Side::B), (3, Side::A), (4, Side::B)] {
        let slot = change_policy(&mut store, &format!("# {sequence}")).unwrap();
        let vault = read(&store);
        assert_eq!((vault.side(), vault.statement().core().sequence), (side, sequence));
        assert_eq!(vault.slot().digest(), slot.digest());
        assert_eq!(vault.outcome(), Outcome::Settled);
        assert_eq!(vault.journal().signed_up_to(), vault.journal().count());
    }
    let third = read(&store);
    assert_ne!(third.statement().core().previous, first);
    assert_eq!(third.statement().epoch(), 1);
    assert!(open_share(&third, "carol").vote(Kind::Policy, crate::digest::Subject([1; 32]), &session(&third)).is_ok());
}

fn session(vault: &Vault) -> crate::quorum::Session {
    crate::quorum::Session {
        statement: vault.statement().digest(),
        key: [1; 32],
        journal_count: vault.journal().count(),
        journal_head: vault.journal().head(),
    }
}

#[test]
fn after_a_cut_at_any_step_the_last_committed_state_opens() {
    let store = created(1);
    let steps = steps_of_change(&store);
    let mut seen = std::collections::BTreeSet::new();
    for step in 1..=steps {
        let mut cut = store.clone();
        cut.cut_at(step);
        assert!(change_policy(&mut cut, "# two").is_err(), "step {step}");
        for (survivors, after) in cut.afterlives() {
            let policy = lives_on(&after, &["", "# two"], &format!("step {step}, {survivors:?}"));
            seen.insert((policy, read(&after).outcome() != Outcome::Settled));
        }
    }
    // Before anything was written, undone, finished; committed where the last line survived its cut sync.
    assert_eq!(seen.len(), 4, "{seen:?}");
}

#[test]
fn after_it_returned_nothing_is_lost() {
    let mut store = created(1);
    change_policy(&mut store, "# two").unwrap();
    for (survivors, after) in store.afterlives() {
        assert_eq!(lives_on(&after, &["# two"], &format!("{survivors:?}")), "# two");
    }
}

#[test]
fn whatever_fails_the_last_committed_state_opens() {
    let store = created(1);
    let steps = steps_of_change(&store);
    for step in 1..=steps {
        for fault in [Fault::Full(0), Fault::Full(40), Fault::Io, Fault::Open, Fault::Corrupt] {
            let told = format!("step {step}, {fault:?}");
            let mut failed = store.clone();
            failed.fail_at(step, fault);
            let result = change_policy(&mut failed, "# two");
            assert!(result.is_err(), "{told}");
            failed.heal();
            lives_on(&failed.reopen(Survivors::Kept), &["", "# two"], &told);
            lives_on(&failed.reopen(Survivors::Lost), &["", "# two"], &told);
            let read = Vault::read(&failed).unwrap_or_else(|e| panic!("{told}: {e}"));
            assert!(["", "# two"].contains(&read.statement().core().policy.as_str()), "{told}");
        }
    }
}

#[test]
fn a_cut_while_the_last_cut_is_settled_loses_nothing_that_counted() {
    let store = created(1);
    let steps = steps_of_change(&store);
    for first in 1..=steps {
        let mut cut = store.clone();
        cut.cut_at(first);
        assert!(change_policy(&mut cut, "# two").is_err());
        for survivors in [Survivors::Lost, Survivors::Half] {
            let after = cut.reopen(survivors);
            let before = read(&after);
            let committed = before.outcome() == Outcome::Settled && before.statement().core().sequence == 2;
            for second in 1..=6 {
                let mut again = after.clone();
                again.cut_at(second);
                assert!(change_policy(&mut again, "# three").is_err());
                for (last, left) in again.afterlives() {
                    let told = format!("steps {first} and {second}, {survivors:?}, {last:?}");
                    let vault = Vault::read(&left).unwrap_or_else(|e| panic!("{told}: {e}"));
                    let policy = vault.statement().core().policy.as_str();
                    assert!(["", "# two", "# three"].contains(&policy), "{told}");
                    assert!(!(committed && policy.is_empty()), "{told}");
                }
            }
        }
    }
}

#[test]
fn what_became_of_a_cut_change_is_said_and_written_down() {
    let store = created(1);
    let mut cut = store.clone();
    let steps = steps_of_change(&store);
    cut.cut_at(steps - 1);
    assert!(change_policy(&mut cut, "# two").is_err());
    let finished = cut.reopen(Survivors::Lost);
    let vault = read(&finished);
    assert_eq!(vault.notices(), [Notice::Finished { side: Side::B }]);
    let mut next = finished.clone();
    change_policy(&mut next, "# three").unwrap();
    let names: Vec<_> = read(&next).journal().entries().iter().map(|entry| entry.line.name()).collect();
    let expected = "created opened voted voted intent writing finished opened voted voted intent writing committed";
    assert_eq!(names.join(" "), expected);

    let mut torn = finished;
    let half = torn.bytes("slot.b").unwrap();
    torn.put("slot.b", &half[..half.len() / 2]);
    let vault = read(&torn);
    assert!(matches!(vault.notices(), [Notice::Undone, Notice::SpareSlot { side: Side::B, torn: true, .. }]));
    change_policy(&mut torn, "# three").unwrap();
    let names: Vec<_> = read(&torn).journal().entries().iter().map(|entry| entry.line.name()).collect();
    assert_eq!(names.join(" "), expected.replace("finished", "undone"));
    assert!(read(&torn).check().is_whole());
}

#[test]
fn the_stick_may_not_be_exchanged_in_the_middle() {
    let mut store = created(1);
    let other = created(2);
    let mut ceremony = Ceremony::open(&mut store, Kind::Policy, "# two").unwrap();
    let body = ceremony.unseal().unwrap();
    let slot = store.bytes("slot.a").unwrap();
    store.put("slot.a", &other.bytes("slot.a").unwrap());
    let error = ceremony.amend(Change::Policy("# two".to_owned()), &body, &mut store).err().unwrap();
    assert!(error.contains("`slot.a`"), "{error}");
    store.put("slot.a", &slot);
    store.put("slot.b", &slot);
    let error = ceremony.amend(Change::Policy("# two".to_owned()), &body, &mut store).err().unwrap();
    assert!(error.contains("`slot.b`"), "{error}");

    let vault = read(&created(1));
    assert!(vault.unchanged(&created(1)).is_err(), "sealing is not deterministic");
    assert!(vault.unchanged(&other).is_err());
}

#[test]
fn a_change_is_of_the_kind_that_was_approved() {
    let mut store = created(1);
    let mut ceremony = Ceremony::open(&mut store, Kind::AddWallet, "main").unwrap();
    let body = ceremony.unseal().unwrap();
    let error = ceremony.amend(Change::Policy("# two".to_owned()), &body, &mut store).err().unwrap();
    assert!(error.contains("register a wallet"), "{error}");
    assert_eq!(read(&store).statement().core().sequence, 1);
}

#[test]
fn a_wallet_is_kept_as_it_was_registered() {
    let mut store = created(1);
    let mut ceremony = Ceremony::open(&mut store, Kind::AddWallet, "main").unwrap();
    let body = ceremony.unseal().unwrap();
    let master = body.master().unwrap_or_else(|e| panic!("{e}"));
    let hardened = |step: u32| step | (1 << 31);
    let path = [hardened(84), hardened(1), hardened(0)];
    let xpub = master.xpub(&path, bitcoin::NetworkKind::Test).unwrap();
    let fingerprint = crate::text::hex(&master.fingerprint());
    let descriptor = format!("wpkh([{fingerprint}/84h/1h/0h]{xpub}/<0;1>/*)");
    let wallet =
        crate::wallet::Wallet::read(name("main"), &descriptor, crate::network::Network::Regtest, &[0]).unwrap();
    let record = WalletRecord::of(&wallet);
    assert_eq!(record.origins, [format!("{fingerprint}/84h/1h/0h")]);
    ceremony.amend(Change::Wallet(record.clone()), &body, &mut store).unwrap();
    let vault = read(&store);
    assert_eq!(vault.statement().core().wallets, std::slice::from_ref(&record));
    assert_eq!(vault.statement().wallet(&name("main")).unwrap().descriptor(), wallet.descriptor());
    assert!(vault.statement().wallets()[0].keys()[0].ours);
    let next = |change| vault.statement().successor(change, 1, vault.journal().head());
    let error = next(Change::Wallet(record)).unwrap_err();
    assert!(error.to_string().contains("two wallets"), "{error}");
    // another name for coins that are there, and near misses
    let written = |text: &str| {
        let wallet = crate::wallet::Wallet::read(name("twin"), text, crate::network::Network::Regtest, &[0]).unwrap();
        next(Change::Wallet(WalletRecord::of(&wallet))).unwrap().sign("body", body.statement_key()).map(|_| ())
    };
    for twin in [descriptor.clone(), descriptor.replace("<0;1>", "<1;2>"), descriptor.replace("<0;1>", "1")] {
        let error = written(&twin).unwrap_err();
        assert!(error.to_string().contains("`main` and `twin`") && error.to_string().contains("in common"), "{error}");
    }
    written(&descriptor.replace("<0;1>", "<2;3>")).unwrap();
    written(&format!("sh({descriptor})")).unwrap();
}

#[test]
fn shares_of_people_who_did_not_vote_open_nothing() {
    let mut store = created(1);
    let mut ceremony = Ceremony::open(&mut store, Kind::Policy, "# two").unwrap();
    let carol = open_share(&ceremony.vault, "carol");
    ceremony.shares.push(carol);
    assert!(ceremony.unseal().err().unwrap().contains("`carol`"));
    let alice = open_share(&ceremony.vault, "alice");
    let twice = open_share(&ceremony.vault, "alice");
    ceremony.shares = vec![alice, twice];
    assert!(ceremony.unseal().err().unwrap().contains("twice"));
    ceremony.shares = vec![open_share(&ceremony.vault, "bob")];
    assert_eq!(ceremony.unseal().err().unwrap(), "1 of 2 shares");
    ceremony.shares = vec![open_share(&ceremony.vault, "bob"), open_share(&ceremony.vault, "alice")];
    ceremony.unseal().unwrap();
}

#[test]
fn an_old_stick_that_was_put_back_is_seen_where_slots_and_journal_differ() {
    let mut store = created(1);
    let old = store.clone();
    change_policy(&mut store, "# two").unwrap();
    // The journal of before, with the slots of now.
    let mut mixed = store.clone();
    mixed.put("journal", &old.bytes("journal").unwrap());
    let (text, code) = refused(&mixed);
    assert!(text.contains("no line of the journal names") && code == 4, "{text}");
    // The slots of before, with the journal of now.
    let mut mixed = store;
    mixed.take("slot.b");
    let (text, code) = refused(&mixed);
    assert!(text.contains("missing") && code == 4, "{text}");
}
