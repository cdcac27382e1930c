//! A custodian changes the own passphrase: crash and failing calls at every step.

use crate::{
    journal::frail_store::{Fault, FrailStore},
    port::{DeviceError, Privacy, Store},
    vault::{
        Key, Renewed, Shelf, Side, change_passphrase,
        samples::{created, name, passphrase, read, secret},
    },
};

const STEM: &str = "alice.1";

fn change(store: &mut FrailStore) -> Result<Renewed, String> {
    let vault = read(&store.clone());
    let found = Shelf::look(store, STEM, &name("alice"), vault.statement()).map_err(|e| e.to_string())?;
    let old = passphrase("alice");
    let (open, side) = found.open(Key::Passphrase(&old), vault.statement()).map_err(|e| e.to_string())?;
    change_passphrase(store, STEM, (&open, side), &secret("another one"), vault.statement()).map_err(|e| e.to_string())
}

fn opens(store: &FrailStore, passphrase: &str) -> bool {
    let vault = read(store);
    let found = Shelf::look(store, STEM, &name("alice"), vault.statement()).unwrap_or_else(|e| panic!("{e}"));
    found.open(Key::Passphrase(&secret(passphrase)), vault.statement()).is_ok()
}

#[test]
fn the_new_file_takes_the_free_name_and_the_old_one_goes() {
    let mut store = created(1);
    let renewed = change(&mut store).unwrap();
    assert_eq!(renewed.side, Side::B);
    assert!(opens(&store, "another one") && !opens(&store, "the passphrase of alice"));
    assert_eq!(store.bytes("alice.1.a.share"), None);
    let steps = store.log().to_vec();
    let expected =
        ["write alice.1.b.share", "sync alice.1.b.share", "sync_names", "remove alice.1.a.share", "sync_names"];
    assert_eq!(steps, expected);
    assert_eq!(read(&store).statement().digest(), read(&created_copy(&store)).statement().digest());
}

fn created_copy(store: &FrailStore) -> FrailStore {
    store.reopen(crate::journal::frail_store::Survivors::Lost)
}

#[test]
fn after_a_cut_one_of_the_two_passphrases_opens() {
    let store = created(1);
    for step in 1..=5 {
        let mut cut = store.clone();
        cut.cut_at(step);
        assert!(change(&mut cut).is_err(), "step {step}");
        for (survivors, after) in cut.afterlives() {
            let (old, new) = (opens(&after, "the passphrase of alice"), opens(&after, "another one"));
            assert!(old || new, "step {step}, {survivors:?}");
            let vault = read(&after);
            let found = vault.share(&name("alice")).unwrap();
            let torn = after.bytes("alice.1.b.share").is_some() && !new;
            assert_eq!(found.bad().len(), usize::from(torn), "step {step}, {survivors:?}");
        }
    }
}

#[test]
fn whatever_fails_the_old_passphrase_opens_until_the_new_one_does() {
    let store = created(1);
    for step in 1..=5 {
        for fault in [Fault::Full(0), Fault::Full(100), Fault::Io, Fault::Open, Fault::Corrupt] {
            let mut failed = store.clone();
            failed.fail_at(step, fault);
            let result = change(&mut failed);
            failed.heal();
            assert!(result.is_err(), "step {step}, {fault:?}");
            let opened = opens(&failed, "the passphrase of alice") || opens(&failed, "another one");
            assert!(opened, "step {step}, {fault:?}");
        }
    }
}

#[test]
fn an_empty_passphrase_changes_nothing() {
    let mut store = created(1);
    let vault = read(&store);
    let found = Shelf::look(&store, STEM, &name("alice"), vault.statement()).unwrap();
    let old = passphrase("alice");
    let (open, side) = found.open(Key::Passphrase(&old), vault.statement()).unwrap_or_else(|e| panic!("{e}"));
    let error = change_passphrase(&mut store, STEM, (&open, side), &secret(""), vault.statement()).unwrap_err();
    assert!(error.to_string().contains("empty"), "{error}");
    assert!(store.log().is_empty() && store.names().unwrap().contains(&"alice.1.a.share".to_owned()));
}

/// A folder on FAT: files are opened by any case of their names, and listed as somebody else wrote them.
struct Capitals<'a>(&'a mut FrailStore);

impl Store for Capitals<'_> {
    fn read(&self, name: &str, limit: usize) -> Result<Option<Vec<u8>>, DeviceError> {
        self.0.read(name, limit)
    }

    fn write(&mut self, name: &str, bytes: &[u8], privacy: Privacy) -> Result<(), DeviceError> {
        self.0.write(name, bytes, privacy)
    }

    fn append(&mut self, name: &str, bytes: &[u8]) -> Result<(), DeviceError> {
        self.0.append(name, bytes)
    }

    fn truncate(&mut self, name: &str, length: u64) -> Result<(), DeviceError> {
        self.0.truncate(name, length)
    }

    fn remove(&mut self, name: &str) -> Result<(), DeviceError> {
        self.0.remove(name)
    }

    fn sync(&mut self, name: &str) -> Result<(), DeviceError> {
        self.0.sync(name)
    }

    fn sync_names(&mut self) -> Result<(), DeviceError> {
        self.0.sync_names()
    }

    fn names(&self) -> Result<Vec<String>, DeviceError> {
        Ok(self.0.names()?.into_iter().map(|name| name.to_uppercase()).collect())
    }

    fn readable_by_others(&self, name: &str) -> Result<Option<bool>, DeviceError> {
        self.0.readable_by_others(name)
    }
}

#[test]
fn the_old_file_goes_however_the_folder_lists_it() {
    let mut store = created(1);
    let vault = read(&store);
    let found = Shelf::look(&store, STEM, &name("alice"), vault.statement()).unwrap();
    let old = passphrase("alice");
    let (open, side) = found.open(Key::Passphrase(&old), vault.statement()).unwrap_or_else(|e| panic!("{e}"));
    let new = secret("another one");
    change_passphrase(&mut Capitals(&mut store), STEM, (&open, side), &new, vault.statement()).unwrap();
    assert_eq!(store.bytes("alice.1.a.share"), None);
    assert!(opens(&store, "another one") && !opens(&store, "the passphrase of alice"));
}
