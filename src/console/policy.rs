//! The policy: read, tried, changed.
//!
//! Floor 6.

use super::{board::Entry, carry, files, seat::Seat};
use crate::{
    ceremony,
    device::read_file,
    hatch::{self, Failure},
    limits,
    port::{DeviceError, Step},
};

const SET: &[Step] = &[Step::Vault, Step::Review, Step::Ballots, Step::Work, Step::Confirm];

/// The menu.
pub(super) fn menu(seat: &Seat) -> Result<(), DeviceError> {
    let entries = [
        Entry::new("Read it", "the policy in force, in sentences"),
        Entry::new("Try a PSBT", "which rule decides, and how many approvals it needs"),
        Entry::new("Another policy", "put a policy's file into force, by quorum"),
    ];
    let mut at = 0;
    loop {
        seat.face.begins("Policy", &[]);
        let Some(chosen) = seat.face.choose("the policy", &[], &entries, at)? else { return Ok(()) };
        at = chosen;
        match chosen {
            0 => {
                if let Some(vault) = seat.shown(seat.vault())? {
                    seat.face.read("the policy in force", &hatch::policy(vault.statement().policy(), &vault))?;
                }
            }
            1 => try_one(seat)?,
            _ => set(seat)?,
        }
    }
}

fn try_one(seat: &Seat) -> Result<(), DeviceError> {
    let Some(brought) = carry::psbt(seat)? else { return Ok(()) };
    let Some(vault) = seat.shown(seat.vault())? else { return Ok(()) };
    let policy = vault.statement().policy();
    let tried = ceremony::try_policy(&vault, policy, brought.bytes).map_err(Failure::from);
    let Some(trial) = seat.shown(tried)? else { return Ok(()) };
    seat.face.read("what the policy makes of it", &hatch::tried(&trial, policy, &vault))
}

fn set(seat: &Seat) -> Result<(), DeviceError> {
    let fits = |name: &str| name.ends_with(".toml");
    let Some(path) = files::file(&seat.face, "which policy? (a file that ends in .toml)", &seat.beside(), fits)? else {
        return Ok(());
    };
    let text = text_of(read_file(&path, limits::POLICY_BYTES));
    let Some(text) = seat.shown(text)? else { return Ok(()) };
    if seat.ceremony("Another policy", SET, |desk| ceremony::set_policy(desk, &text))?.is_some() {
        seat.face.finish("done")?;
    }
    Ok(())
}

/// A policy's text.
pub(super) fn text_of(file: Result<Vec<u8>, DeviceError>) -> Result<String, Failure> {
    String::from_utf8(file?).map_err(|_| Failure::input("the policy is not UTF-8 text"))
}
