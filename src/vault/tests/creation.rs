//! Creation: crash, full disk and failing calls at every step.

use crate::{
    journal::frail_store::{Fault, FrailStore, Survivors},
    network::Network,
    port::Store,
    quorum::Kind,
    vault::{
        Family, FoundError, Founder, Founding, Lock, LockedTo, Place, Vault, VaultError, Work, found,
        samples::{self, NAMES, create, created, name, passphrase, read, refused},
    },
};

fn steps_of_creation() -> usize {
    let mut store = FrailStore::new();
    create(&mut store, 1).unwrap();
    store.log().len()
}

/// A store either holds no vault, and says so with the right code, or a whole one.
#[track_caller]
fn no_vault_or_a_whole_one(store: &mut FrailStore, told: &str) -> bool {
    match Vault::read(store) {
        Ok(vault) => {
            assert!(vault.check().is_whole(), "{told}");
            let mut ceremony = samples::Ceremony::open(store, Kind::Policy, "x").unwrap();
            ceremony.unseal().unwrap();
            true
        }
        Err(error) => {
            let nothing = store.names().unwrap().is_empty();
            let expected = if matches!(error, VaultError::NoVault) { Family::Input } else { Family::Integrity };
            assert_eq!(error.family(), expected, "{told}: {error}");
            let again = create(store, 1);
            if nothing {
                again.unwrap();
            } else {
                assert!(matches!(again, Err(FoundError::Occupied { .. })), "{told}");
            }
            false
        }
    }
}

#[test]
fn after_a_cut_at_any_step_there_is_no_vault_or_a_whole_one() {
    let steps = steps_of_creation();
    let mut whole = 0;
    for step in 1..=steps {
        let mut store = FrailStore::new();
        store.cut_at(step);
        assert!(create(&mut store, 1).is_err(), "step {step}");
        for (survivors, mut after) in store.afterlives() {
            whole += usize::from(no_vault_or_a_whole_one(&mut after, &format!("step {step}, {survivors:?}")));
        }
    }
    assert!(whole > 0, "the last steps leave a whole vault in some states");
}

#[test]
fn whatever_fails_creation_says_so() {
    let steps = steps_of_creation();
    for step in 1..=steps {
        for fault in [Fault::Full(0), Fault::Full(100), Fault::Io, Fault::Open, Fault::Corrupt] {
            let mut store = FrailStore::new();
            store.fail_at(step, fault);
            let result = create(&mut store, 1);
            store.heal();
            match result {
                Ok(()) => assert!(no_vault_or_a_whole_one(&mut store, &format!("step {step}, {fault:?}"))),
                Err(error) => {
                    let code = error.family().code();
                    let expected = if fault == Fault::Corrupt { [3, 4] } else { [3, 3] };
                    assert!(expected.contains(&code), "step {step}, {fault:?}: {error}");
                    no_vault_or_a_whole_one(&mut store, &format!("step {step}, {fault:?}"));
                }
            }
        }
    }
}

#[test]
fn when_it_returns_everything_is_durable() {
    let mut store = FrailStore::new();
    create(&mut store, 1).unwrap();
    let after = store.reopen(Survivors::Lost);
    assert_eq!(after.names().unwrap(), store.names().unwrap());
    let vault = read(&after);
    assert_eq!(vault.statement().words().split(' ').count(), 12);
    assert_eq!(vault.statement().roster().threshold(), 2);
    assert!(vault.notices().is_empty() && vault.check().is_whole());
    assert_eq!(after.names().unwrap(), ["alice.1.a.share", "bob.1.a.share", "carol.1.a.share", "journal", "slot.a"]);
}

#[test]
fn shares_are_written_first_the_slot_then_the_journal_last() {
    let mut store = FrailStore::new();
    create(&mut store, 1).unwrap();
    let written: Vec<_> = store.log().iter().filter_map(|step| step.strip_prefix("write ")).collect();
    assert_eq!(written, ["alice.1.a.share", "bob.1.a.share", "carol.1.a.share", "slot.a", "journal"]);
}

#[test]
fn a_folder_that_is_in_use_is_left_alone() {
    let mut store = created(1);
    let before = store.bytes("slot.a");
    assert!(matches!(create(&mut store, 2), Err(FoundError::Occupied { .. })));
    assert_eq!(store.bytes("slot.a"), before);
    store.take("journal");
    let (text, code) = refused(&store);
    assert!(text.contains("no journal") && code == 4, "{text}");
    let empty = FrailStore::new();
    assert_eq!(refused(&empty).1, 2);
}

#[test]
fn a_share_can_lie_elsewhere_or_be_for_a_recipient() {
    let mut vault_store = FrailStore::new();
    let mut pocket = FrailStore::new();
    let root = samples::root(1);
    let identity = age::x25519::Identity::generate();
    let recipient = identity.to_public().to_string().parse().unwrap();
    let custodians = vec![
        Founder {
            name: name("alice"),
            lock: Lock::Passphrase(passphrase("alice")),
            place: Place::Elsewhere { store: &mut pocket, stem: "treasury.alice.1".to_owned() },
        },
        Founder { name: name("bob"), lock: Lock::Recipient(recipient), place: Place::Inside },
    ];
    let founding = Founding {
        network: Network::Regtest,
        threshold: 2,
        custodians,
        seed: samples::seed(&root),
        policy: String::new(),
        root: &root,
    };
    let mut heard = Vec::new();
    found(&mut vault_store, founding, &mut |name| heard.push(name.to_string())).unwrap();
    assert_eq!(heard, ["alice", "bob"]);
    assert_eq!(pocket.names().unwrap(), ["treasury.alice.1.a.share"]);
    let vault = read(&vault_store);
    let bob = vault.share(&name("bob")).unwrap();
    assert_eq!(bob.locked_to(), LockedTo::Recipient);
    let text = age::secrecy::ExposeSecret::expose_secret(&identity.to_string()).to_owned();
    let text = samples::secret(&text);
    bob.open(crate::vault::Key::Identity(&text), vault.statement()).unwrap_or_else(|e| panic!("{e}"));
    let alice = crate::vault::Shelf::look(&pocket, "treasury.alice.1", &name("alice"), vault.statement()).unwrap();
    assert_eq!(alice.locked_to(), LockedTo::Passphrase { log_n: Work::Share(Network::Regtest).log_n() });
    assert!(vault.share(&name("alice")).is_err());
    assert!(vault.check().is_whole());
}

#[test]
fn what_cannot_be_is_refused_before_anything_is_written() {
    let root = samples::root(1);
    let attempt = |threshold: u8, names: &[&str], policy: &str| {
        let mut store = FrailStore::new();
        let custodians = names
            .iter()
            .map(|text| Founder { name: name(text), lock: Lock::Passphrase(passphrase(text)), place: Place::Inside })
            .collect();
        let founding = Founding {
            network: Network::Regtest,
            threshold,
            custodians,
            seed: samples::seed(&root),
            policy: policy.to_owned(),
            root: &root,
        };
        let error = found(&mut store, founding, &mut |_| ()).unwrap_err();
        assert!(store.log().is_empty(), "{error}");
        assert_eq!(error.family(), Family::Input, "{error}");
    };
    attempt(1, &NAMES, "");
    attempt(4, &NAMES, "");
    attempt(0, &["alice"], "");
    attempt(2, &["alice", "alice"], "");
    attempt(2, &NAMES, "bad = 1");
}
