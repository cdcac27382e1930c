//! Where a vault, its shares and the people's secrets are: paths become ports.

use std::path::{Path, PathBuf};

use super::args::{QuorumArgs, VaultArg};
use crate::{
    ceremony::{CeremonyError, Desk, Presence},
    device::{Answers, Folder, Kernel, Terminal, read_file},
    hatch::{Failure, Places},
    limits,
    port::DeviceError,
    sys::Secret,
    text::Name,
};

/// Who votes: people at the terminal, or answers from files (which the ceremony refuses on mainnet).
pub(super) fn presence(quorum: &QuorumArgs, acknowledged: Vec<String>) -> Result<Presence, Failure> {
    if quorum.ballots.is_empty() && acknowledged.is_empty() {
        return Ok(Presence::InPerson);
    }
    let mut voters = Vec::new();
    for (name, path) in &quorum.ballots {
        voters.push((name.clone(), secret_file(path)?));
    }
    Ok(Presence::Unattended { voters, acknowledged })
}

/// A passphrase (the first line of a file) or an age identity (all of it).
pub(super) fn secret_file(path: &Path) -> Result<Secret, Failure> {
    let bytes = read_file(path, limits::TYPED_BYTES)?;
    let identity = bytes.windows(15).any(|part| part == b"AGE-SECRET-KEY-");
    if identity {
        let mut bytes = bytes;
        return Secret::take(&mut bytes).map_err(|error| DeviceError::from(error).into());
    }
    Ok(Answers::first_line(bytes)?)
}

/// Runs `work` at a desk before this vault.
pub(super) fn at_desk<R>(
    vault: &VaultArg,
    quorum: &QuorumArgs,
    acknowledged: Vec<String>,
    work: impl FnOnce(&mut Desk<'_>) -> Result<R, CeremonyError>,
) -> Result<R, Failure> {
    let presence = presence(quorum, acknowledged)?;
    with_presence(vault, quorum.shares.clone(), presence, work)
}

/// The same with a presence that was made elsewhere.
pub(super) fn with_presence<R>(
    vault: &VaultArg,
    shares: Vec<(Name, PathBuf)>,
    presence: Presence,
    work: impl FnOnce(&mut Desk<'_>) -> Result<R, CeremonyError>,
) -> Result<R, Failure> {
    let in_person = matches!(presence, Presence::InPerson);
    let places = Places::new(&vault.path, shares);
    let (mut screen, mut keyboard) = (Terminal::open(in_person), Terminal::open(in_person));
    let mut store = Folder::at(&vault.path);
    let mut desk = Desk {
        screen: &mut screen,
        keyboard: &mut keyboard,
        random: &mut Kernel,
        store: &mut store,
        cabinet: &places,
        presence,
        expected: vault.expect_id.clone(),
    };
    Ok(work(&mut desk)?)
}
