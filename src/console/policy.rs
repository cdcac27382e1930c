//! The policy: read, tried, changed.
//!
//! Floor 6.

use std::path::{Path, PathBuf};

use super::{board::Entry, carry, face::Face, files, seat::Seat};
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
        Entry::new("Try another one", "the same with a policy's file that is not in force"),
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
            1 => try_one(seat, None)?,
            2 => {
                if let Some(text) = text(seat)? {
                    try_one(seat, Some(&text))?;
                }
            }
            _ => {
                if let Some(text) = text(seat)? {
                    set(seat, &text)?;
                }
            }
        }
    }
}

/// What a policy makes of a PSBT: the one in force, or one that is not.
fn try_one(seat: &Seat, other: Option<&str>) -> Result<(), DeviceError> {
    let Some(vault) = seat.shown(seat.vault())? else { return Ok(()) };
    let other = other.map(|text| ceremony::suited(text, &vault).map_err(Failure::from)).transpose();
    let Some(other) = seat.shown(other)? else { return Ok(()) };
    let Some(brought) = carry::psbt(seat)? else { return Ok(()) };
    let policy = other.as_ref().unwrap_or_else(|| vault.statement().policy());
    let tried = ceremony::try_policy(&vault, policy, brought.bytes).map_err(Failure::from);
    let Some(trial) = seat.shown(tried)? else { return Ok(()) };
    seat.face.read("what the policy makes of it", &hatch::tried(&trial, policy, &vault))
}

/// A policy's text, where a file was chosen.
fn text(seat: &Seat) -> Result<Option<String>, DeviceError> {
    match file(&seat.face, &seat.beside())? {
        Some(text) => seat.shown(text),
        None => Ok(None),
    }
}

fn set(seat: &Seat, text: &str) -> Result<(), DeviceError> {
    if seat.ceremony("Another policy", SET, |desk| ceremony::set_policy(desk, text))?.is_some() {
        seat.face.finish("done")?;
    }
    Ok(())
}

/// The text of a policy's file that the person chooses.
pub(super) fn file(face: &Face, start: &Path) -> Result<Option<Result<String, Failure>>, DeviceError> {
    let fits = |name: &str| name.ends_with(".toml");
    let chosen = files::file(face, "which policy? (a file that ends in .toml)", start, fits)?;
    let text = |file: Vec<u8>| String::from_utf8(file).map_err(|_| Failure::input("the policy is not UTF-8 text"));
    let read = |path: PathBuf| read_file(&path, limits::POLICY_BYTES).map_err(Failure::from).and_then(text);
    Ok(chosen.map(read))
}
