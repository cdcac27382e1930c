//! Where a vault, its shares and the people's secrets are: paths become ports.

use std::path::{Path, PathBuf};

use super::{
    args::{QuorumArgs, VaultArg},
    exit::Failure,
};
use crate::{
    ceremony::{Cabinet, CeremonyError, Desk, Presence},
    device::{Answers, Folder, Kernel, Terminal, read_file},
    limits,
    port::{DeviceError, Store},
    sys::Secret,
    text::{Name, printable},
    vault::{self, Side},
};

/// Share files: where `--share` says, else in the vault's folder, else beside it.
pub(super) struct Places {
    vault: PathBuf,
    named: Vec<(Name, PathBuf)>,
}

impl Places {
    pub(super) fn new(vault: &Path, named: Vec<(Name, PathBuf)>) -> Self {
        Self { vault: vault.to_owned(), named }
    }

    /// The vault's name: its folder's, without `.vault`.
    pub(super) fn vault_name(&self) -> String {
        let name = self.vault.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        printable(name.strip_suffix(".vault").unwrap_or(&name))
    }

    pub(super) fn beside(&self) -> PathBuf {
        parent(&self.vault)
    }

    /// The folder and stem that `--share` names for `custodian`.
    pub(super) fn named(&self, custodian: &Name) -> Result<Option<(PathBuf, String)>, CeremonyError> {
        let Some((_, path)) = self.named.iter().find(|(name, _)| name == custodian) else { return Ok(None) };
        let file = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        match vault::stem_of(file) {
            Some((stem, _)) => Ok(Some((parent(path), stem.to_owned()))),
            None => Err(DeviceError::File {
                action: "use",
                name: printable(&path.to_string_lossy()),
                source: std::io::Error::new(std::io::ErrorKind::NotFound, "a share file's name ends in .a.share or .b.share"),
            }
            .into()),
        }
    }
}

impl Cabinet for Places {
    fn place(&self, custodian: &Name, epoch: u32) -> Result<(Box<dyn Store>, String), CeremonyError> {
        if let Some((folder, stem)) = self.named(custodian)? {
            return Ok((Box::new(Folder::at(&folder)), stem));
        }
        let inside = Folder::at(&self.vault);
        let stem = vault::stem(None, custodian, epoch);
        let there = inside.names()?;
        if Side::BOTH.iter().any(|side| there.contains(&vault::file_name(&stem, *side))) {
            return Ok((Box::new(inside), stem));
        }
        let stem = vault::stem(Some(&self.vault_name()), custodian, epoch);
        Ok((Box::new(Folder::at(&self.beside())), stem))
    }
}

fn parent(path: &Path) -> PathBuf {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
        Some(_) | None => PathBuf::from("."),
    }
}

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
