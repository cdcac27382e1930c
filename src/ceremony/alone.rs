//! One custodian alone: proving that a share opens, and changing its passphrase. Nothing is combined.

use crate::{
    ceremony::{
        CeremonyError, Desk, Presence, Refusal, open, open_share,
        passphrase::{Present, choose_passphrase},
        people::{Asked, found, open_found, scrypt},
    },
    journal::Line,
    network::Network,
    port::Step,
    sys::Secret,
    text::Name,
    vault::{self, Side},
};

/// The share of `name` opens and belongs to this vault and epoch.
///
/// # Errors
/// As [`open_share`].
pub fn drill(desk: &mut Desk<'_>, name: &Name) -> Result<(), CeremonyError> {
    let mut opened = desk.open()?;
    belongs(name, opened.vault.statement())?;
    desk.compare(&opened)?;
    let given = given(desk, name);
    desk.screen.step(Step::Share);
    let share = open_share(desk, name, given, &opened.vault)?;
    let line = Line::Drilled { custodian: share.name().clone(), epoch: share.epoch() };
    desk.write(&mut opened, line)?;
    desk.screen.say(&format!("The share of {name} opens and belongs to this vault, epoch {}.", share.epoch()))?;
    desk.say_head(&opened.pen);
    Ok(())
}

/// The share of `name` under a new passphrase; the vault's statement stays.
///
/// # Errors
/// As [`open_share`]; a passphrase that is too weak for mainnet. The old share stays as it was then.
pub fn change_passphrase(desk: &mut Desk<'_>, name: &Name, new: Option<Secret>) -> Result<(), CeremonyError> {
    let vault = open(desk.store, desk.expected.as_deref())?;
    belongs(name, vault.statement())?;
    let network = vault.statement().network();
    if new.is_some() && network.is_mainnet() {
        return Err(Refusal::MainnetOnly("a passphrase from a file").into());
    }
    let mut opened = desk.open()?;
    let given = given(desk, name);
    let statement = opened.vault.statement();
    desk.compare(&opened)?;
    desk.screen.step(Step::Share);
    // Before the share's stick takes the place of the vault's.
    opened.vault.unchanged(desk.store)?;
    let (mut store, stem) = desk.cabinet.place(name, statement.epoch())?;
    let found = found(desk, store.as_ref(), &stem, name, &opened.vault)?;
    let (share, side) = open_found(desk, &found, name, given, statement, Asked::Present)?;
    desk.screen.step(Step::Passphrases);
    let passphrase = match new {
        Some(passphrase) => passphrase,
        None => fresh_passphrase(desk, name, statement.network())?,
    };
    // The share may lie in the vault's folder: it must not be written over another vault's.
    let there = store.names()?;
    if Side::BOTH.iter().any(|side| there.iter().any(|name| name == side.slot_name())) {
        opened.vault.unchanged(store.as_ref())?;
    }
    desk.screen.step(Step::Work);
    // It is sealed, and opened again as it lies there.
    desk.screen.working_on("sealing the share anew", &scrypt(statement.network(), 2));
    let renewed = vault::change_passphrase(store.as_mut(), &stem, (&share, side), &passphrase, statement);
    desk.screen.working(None);
    let renewed = renewed?;
    let file = vault::file_name(&stem, renewed.side);
    let line = Line::Changed { custodian: name.clone(), epoch: share.epoch(), sealed: renewed.sealed };
    desk.write(&mut opened, line)?;
    desk.screen.say(&format!("`{file}` opens with the new passphrase; the old file is gone."))?;
    desk.screen.say("Copies of the old file still open with the old passphrase: destroy them.")?;
    desk.say_head(&opened.pen);
    Ok(())
}

/// Whoever is in no roster is told so before anyone looks for a share.
fn belongs(name: &Name, statement: &vault::Statement) -> Result<(), CeremonyError> {
    statement.roster().find(name).map(drop).ok_or_else(|| Refusal::Stranger(name.clone()).into())
}

fn given(desk: &mut Desk<'_>, name: &Name) -> Option<Secret> {
    match &mut desk.presence {
        Presence::InPerson => None,
        Presence::Unattended { voters, .. } => {
            let at = voters.iter().position(|(voter, _)| voter == name)?;
            Some(voters.swap_remove(at).1)
        }
    }
}

fn fresh_passphrase(desk: &mut Desk<'_>, name: &Name, network: Network) -> Result<Secret, CeremonyError> {
    choose_passphrase(desk.screen, desk.keyboard, desk.random, name, Present::Leaves, network)
}
