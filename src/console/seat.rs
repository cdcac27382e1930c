//! The seat before one vault: its folder, and how a ceremony gets a desk there.
//!
//! Floor 6.

use std::path::{Path, PathBuf};

use super::{face::Face, files};
use crate::{
    ceremony::{self, Cabinet, CeremonyError, Desk, Presence},
    device::{Folder, Kernel},
    hatch::{Failure, Places},
    port::{DeviceError, Step, Store},
    text::Name,
    vault::{self, Side, Vault},
};

/// The seat before a vault.
pub(super) struct Seat {
    pub(super) face: Face,
    pub(super) path: PathBuf,
}

impl Seat {
    /// The vault as it is now.
    pub(super) fn vault(&self) -> Result<Vault, Failure> {
        Ok(ceremony::open(&Folder::at(&self.path), None)?)
    }

    /// The folder in which the vault's lies.
    pub(super) fn beside(&self) -> PathBuf {
        Places::new(&self.path, Vec::new()).beside()
    }

    /// Where the share of `custodian` lies, in words; `None` where it lies neither in the folder nor beside it.
    pub(super) fn share(&self, custodian: &Name, epoch: u32) -> Option<String> {
        let (store, stem) = Places::new(&self.path, Vec::new()).place(custodian, epoch).ok()?;
        let there = store.names().ok()?;
        let names = Side::BOTH.map(|side| vault::file_name(&stem, side));
        let name = names.into_iter().find(|name| there.contains(name))?;
        let inside = Folder::at(&self.path).names().is_ok_and(|all| all.contains(&name));
        Some(format!("`{name}`, {} the vault's folder", if inside { "in" } else { "beside" }))
    }

    /// Runs a ceremony with people at this desk; why it stopped is shown. `None` where it did.
    pub(super) fn ceremony<R>(
        &self,
        doing: &str,
        way: &'static [Step],
        work: impl FnOnce(&mut Desk<'_>) -> Result<R, CeremonyError>,
    ) -> Result<Option<R>, DeviceError> {
        self.face.begins(doing, way);
        let cabinet = Shares { face: self.face.clone(), places: Places::new(&self.path, Vec::new()) };
        let mut store = Folder::at(&self.path);
        let done = self.face.seriously(|screen, keyboard| {
            let mut desk = Desk {
                screen,
                keyboard,
                random: &mut Kernel,
                store: &mut store,
                cabinet: &cabinet,
                presence: Presence::InPerson,
                expected: None,
            };
            work(&mut desk)
        });
        match done {
            Ok(done) => Ok(Some(done)),
            Err(CeremonyError::Device(DeviceError::NoTerminal)) => Err(DeviceError::NoTerminal),
            Err(error) => self.face.failed(&error.into()).map(|()| None),
        }
    }

    /// Shows what came of something that can fail; `None` where it failed.
    pub(super) fn shown<R>(&self, done: Result<R, Failure>) -> Result<Option<R>, DeviceError> {
        self.face.shown(done)
    }
}

/// Shares in the vault's folder or beside it; where one lies in neither, its custodian is asked.
struct Shares {
    face: Face,
    places: Places,
}

impl Cabinet for Shares {
    fn place(&self, custodian: &Name, epoch: u32) -> Result<(Box<dyn Store>, String), CeremonyError> {
        let (store, stem) = self.places.place(custodian, epoch)?;
        let there = store.names()?;
        if Side::BOTH.iter().any(|side| there.contains(&vault::file_name(&stem, *side))) {
            return Ok((store, stem));
        }
        let heading = format!("where is the share of {custodian}?");
        let chosen = files::file(&self.face, &heading, &self.places.beside(), |name| vault::stem_of(name).is_some())?;
        let path = chosen.ok_or(DeviceError::InputEnded)?;
        let folder = path.parent().unwrap_or(Path::new(".")).to_owned();
        match Places::new(&folder, vec![(custodian.clone(), path)]).named(custodian)? {
            Some((folder, stem)) => Ok((Box::new(Folder::at(&folder)), stem)),
            None => Err(DeviceError::InputEnded.into()),
        }
    }
}
