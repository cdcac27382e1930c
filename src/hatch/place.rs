//! Where a vault's shares are: paths become ports.

use std::path::{Path, PathBuf};

use crate::{
    ceremony::{Cabinet, CeremonyError},
    device::{Folder, Sticks},
    port::{DeviceError, Store},
    text::{Name, printable},
    vault,
};

/// Share files: where they were named, else in the vault's folder, else beside it.
pub struct Places {
    vault: PathBuf,
    named: Vec<(Name, PathBuf)>,
    sticks: Option<Sticks>,
}

impl Places {
    /// Of the vault at this path, with places that were named.
    #[must_use]
    pub fn new(vault: &Path, named: Vec<(Name, PathBuf)>) -> Self {
        Self { vault: vault.to_owned(), named, sticks: None }
    }

    /// The same, where folders may lie on sticks.
    #[must_use]
    pub fn kept_by(self, sticks: Option<&Sticks>) -> Self {
        Self { sticks: sticks.cloned(), ..self }
    }

    /// The folder at `path`.
    #[must_use]
    pub fn folder(&self, path: &Path) -> Folder {
        Folder::at(path).kept_by(self.sticks.as_ref())
    }

    /// The vault's name: its folder's, without `.vault`.
    #[must_use]
    pub fn vault_name(&self) -> String {
        let name = self.vault.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        printable(name.strip_suffix(".vault").unwrap_or(&name))
    }

    /// The folder in which the vault's lies.
    #[must_use]
    pub fn beside(&self) -> PathBuf {
        parent(&self.vault)
    }

    /// The folder and stem that were named for `custodian`.
    ///
    /// # Errors
    /// What was named is no share file's.
    pub fn named(&self, custodian: &Name) -> Result<Option<(PathBuf, String)>, CeremonyError> {
        let Some((_, path)) = self.named.iter().find(|(name, _)| name == custodian) else { return Ok(None) };
        let file = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        match vault::stem_of(file) {
            Some((stem, _)) => Ok(Some((parent(path), stem.to_owned()))),
            None => Err(DeviceError::File {
                action: "use",
                name: printable(&path.to_string_lossy()),
                source: std::io::Error::new(
                    std::io::ErrorKind::NotFound,
                    "a share file's name ends in .a.share or .b.share",
                ),
            }
            .into()),
        }
    }
}

impl Cabinet for Places {
    fn place(&self, custodian: &Name, epoch: u32) -> Result<(Box<dyn Store>, String), CeremonyError> {
        if let Some((folder, stem)) = self.named(custodian)? {
            return Ok((Box::new(self.folder(&folder)), stem));
        }
        let inside = self.folder(&self.vault);
        let stem = vault::stem(None, custodian, epoch);
        let there = inside.names()?;
        if vault::file_among(&there, &stem).is_some() {
            return Ok((Box::new(inside), stem));
        }
        let stem = vault::stem(Some(&self.vault_name()), custodian, epoch);
        Ok((Box::new(self.folder(&self.beside())), stem))
    }
}

fn parent(path: &Path) -> PathBuf {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
        Some(_) | None => PathBuf::from("."),
    }
}
