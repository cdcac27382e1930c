//! What the tests of bad input share: a treasury that an attacker has in hands, a payment, and what came of it.
//!
//! The attacker owns the online machine and, for a while, the stick.

use std::{collections::BTreeMap, sync::OnceLock};

use strongroom::{
    ceremony::{self, AddWallet, CeremonyError, Desk, Presence},
    network::Network,
    online::Watcher,
    port::{DeviceError, Keyboard},
    sys::Secret,
    verify::Released,
    wallet,
};

use crate::{
    desk::{Bench, Plan, Stick, Tape, name},
    frail_store::FrailStore,
};

/// A vault of alice, bob and carol (2 of 3) on regtest with the wallet `main` (wpkh): both slots are written.
pub(crate) fn treasury() -> Bench {
    static STORE: OnceLock<FrailStore> = OnceLock::new();
    let store = STORE.get_or_init(|| {
        let bench = Bench::create(&Plan::default()).unwrap();
        bench.unattended(&["alice", "bob"], &[], |desk| ceremony::add_wallet(desk, single("main", "wpkh", 0))).unwrap();
        bench.stick.with(|store| store.reopen(crate::frail_store::Survivors::Lost))
    });
    Bench { stick: Stick::of(store.clone()), ..Bench::empty(1) }
}

/// The same with each share on a stick of its own.
pub(crate) fn treasury_without_shares() -> Bench {
    let bench = treasury();
    let mut away = Bench { shares: BTreeMap::new(), ..bench.clone() };
    for (file, bytes) in bench.stick.files() {
        let Some((stem, _)) = strongroom::vault::stem_of(&file) else { continue };
        let own = Stick::new();
        own.with(|store| store.put(&file, &bytes));
        own.with(|store| store.hide(&file));
        bench.stick.with(|store| store.take(&file));
        away.shares.insert(stem.split('.').next().unwrap().to_owned(), (own, stem.to_owned()));
    }
    away
}

pub(crate) fn single(wallet: &str, script: &str, account: u32) -> AddWallet {
    AddWallet::Account { name: name(wallet), script: script.into(), account }
}

/// The online half of the wallet `main`, with one coin of 0.6 BTC.
pub(crate) fn watcher(bench: &Bench) -> Watcher {
    let export = wallet::descriptor(bench.vault().statement().wallet(&name("main")).unwrap());
    let mut watcher = Watcher::from_export(&export, Network::Regtest).unwrap();
    watcher.pretend_deposit(0, 60_000_000, 1);
    watcher
}

/// An honest PSBT: 0.4 BTC to a stranger, the rest as change.
pub(crate) fn payment(bench: &Bench) -> Vec<u8> {
    let payee = bitcoin::ScriptBuf::from_hex("0014aabbccddeeff00112233445566778899aabbccdd").unwrap();
    watcher(bench).pay(payee, 40_000_000, 5).unwrap()
}

/// Warnings of [`payment`] that each custodian acknowledges.
pub(crate) fn warnings(bench: &Bench, psbt: &[u8]) -> Vec<&'static str> {
    let cleared =
        ceremony::decide(&bench.vault(), psbt.to_vec()).unwrap().map_err(|refused| format!("{:?}", refused.reasons));
    cleared.unwrap().warnings().iter().map(|warning| warning.rule).collect()
}

/// Signs with the passphrases of `voters` given beforehand.
pub(crate) fn sign(bench: &Bench, voters: &[&str], psbt: &[u8]) -> Result<Released, CeremonyError> {
    let acknowledged = warnings(bench, psbt);
    bench.unattended(voters, &acknowledged, |desk| ceremony::sign_transaction(desk, psbt))
}

/// Exit code and sentence of a ceremony that must not succeed.
#[track_caller]
pub(crate) fn stopped<R>(result: Result<R, CeremonyError>) -> (u8, String) {
    match result {
        Ok(_) => panic!("the ceremony went through"),
        Err(error) => (error.code(), error.to_string()),
    }
}

/// Names of the journal's lines.
#[track_caller]
pub(crate) fn lines(bench: &Bench) -> Vec<&'static str> {
    bench.vault().journal().entries().iter().map(|entry| entry.line.name()).collect()
}

/// Asserts that since `before` nothing changed but the journal, which got exactly `added`.
#[track_caller]
pub(crate) fn only_added(before: &Bench, after: &Bench, added: &[&str]) {
    let (old, new) = (before.stick.files(), after.stick.files());
    assert_eq!(old.keys().collect::<Vec<_>>(), new.keys().collect::<Vec<_>>());
    for (file, bytes) in &old {
        assert!(file == "journal" || bytes == &new[file], "`{file}` changed");
    }
    assert!(new["journal"].starts_with(&old["journal"]));
    assert_eq!(lines(after)[lines(before).len()..], *added);
}

/// A bench with a copy of the stick.
pub(crate) fn copy(bench: &Bench) -> Bench {
    Bench { stick: Stick::of(bench.stick.with(|store| store.clone())), tape: Tape::default(), ..bench.clone() }
}

/// A keyboard before which something happens: at the `nth` prompt (from 1) that has `prompt` in it.
pub(crate) struct Interrupted<'a> {
    pub(crate) tape: Tape,
    pub(crate) prompt: &'a str,
    pub(crate) nth: usize,
    pub(crate) act: &'a mut dyn FnMut(),
}

impl Interrupted<'_> {
    fn watch(&mut self, prompt: &str) {
        if prompt.contains(self.prompt) && self.nth > 0 {
            self.nth -= 1;
            if self.nth == 0 {
                (self.act)();
            }
        }
    }
}

impl Keyboard for Interrupted<'_> {
    fn line(&mut self, prompt: &str) -> Result<String, DeviceError> {
        self.watch(prompt);
        self.tape.line(prompt)
    }

    fn secret(&mut self, prompt: &str) -> Result<Secret, DeviceError> {
        self.watch(prompt);
        Keyboard::secret(&mut self.tape, prompt)
    }
}

/// Runs a ceremony in person while `act` happens before the `nth` prompt with `prompt` in it.
pub(crate) fn interrupted<R>(
    bench: &Bench,
    (prompt, nth): (&str, usize),
    act: &mut dyn FnMut(),
    work: impl FnOnce(&mut Desk<'_>) -> Result<R, CeremonyError>,
) -> Result<R, CeremonyError> {
    let (mut screen, mut store, mut random) = (bench.tape.clone(), bench.stick.clone(), bench.random.clone());
    let mut keyboard = Interrupted { tape: bench.tape.clone(), prompt, nth, act };
    let mut desk = Desk {
        screen: &mut screen,
        keyboard: &mut keyboard,
        random: &mut random,
        store: &mut store,
        cabinet: bench,
        presence: Presence::InPerson,
        expected: bench.expected.clone(),
    };
    work(&mut desk)
}
