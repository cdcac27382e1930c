//! Sticks that a new vault and its shares are written to, one after the other where there is one slot.
//!
//! Floor 6.

use std::{cell::RefCell, path::PathBuf, rc::Rc};

use super::{
    board::Entry,
    face::Face,
    live::Offer,
    sticks::{about, in_its_place, leave_all, open_again, readable},
};
use crate::{
    device::{Folder, Sticks},
    hatch::Failure,
    port::{DeviceError, Privacy, Store},
    text::printable,
};

/// A folder to be, on a stick that is asked for when the first file is written. Nothing is written where there is
/// something of that name already.
pub(super) struct Fresh {
    face: Face,
    sticks: Sticks,
    /// What goes there, for people.
    what: String,
    /// The stick that was chosen before, which need not be asked for while it is plugged in, unless it is of no use.
    known: RefCell<Option<String>>,
    /// The folder on the stick; empty for the stick itself.
    inside: PathBuf,
    /// Where the first file was written.
    begun: Rc<RefCell<Option<PathBuf>>>,
}

impl Fresh {
    pub(super) fn new(face: &Face, sticks: &Sticks, what: String, known: Option<String>, inside: PathBuf) -> Self {
        Self {
            face: face.clone(),
            sticks: sticks.clone(),
            what,
            known: RefCell::new(known),
            inside,
            begun: Rc::default(),
        }
    }

    /// Where the first file will have been written.
    pub(super) fn placed(&self) -> Rc<RefCell<Option<PathBuf>>> {
        Rc::clone(&self.begun)
    }

    fn on(&self, stick: &str) -> PathBuf {
        let stick = self.sticks.folder(stick);
        if self.inside.as_os_str().is_empty() { stick } else { stick.join(&self.inside) }
    }

    /// The folder where the files are, once there are any.
    fn begun(&self) -> Option<Folder> {
        let path = self.begun.borrow().clone()?;
        Some(self.folder(path))
    }

    fn folder(&self, path: PathBuf) -> Folder {
        let is_stick = self.inside.as_os_str().is_empty();
        let folder = if is_stick { Folder::at(&path) } else { Folder::to_be(&path) };
        folder.kept_by(Some(&self.sticks))
    }

    /// Where to begin: on the known stick, or one that people choose.
    fn begin(&self, file: &str) -> Result<PathBuf, DeviceError> {
        open_again(&self.sticks);
        let mut known = self.known.borrow().clone();
        loop {
            let there = |name: &String| readable(&self.sticks).iter().any(|stick| stick.name == *name);
            let stick = match known.take().filter(there) {
                Some(stick) => stick,
                None => self.ask()?,
            };
            let path = self.on(&stick);
            let names = if path.is_dir() { Folder::at(&path).names()? } else { Vec::new() };
            let taken = if self.inside.as_os_str().is_empty() {
                // To FAT they are the same in capitals.
                names.iter().any(|name| name.eq_ignore_ascii_case(file))
            } else {
                !names.is_empty()
            };
            if !taken {
                return Ok(path);
            }
            let what = format!("`{}` is on the stick \"{stick}\" already", printable(&self.named(file)));
            self.face.failed(&Failure::input(what).remedy("take another stick; nothing is written over"))?;
            *self.known.borrow_mut() = None;
        }
    }

    fn named(&self, file: &str) -> String {
        let folder = self.inside.to_string_lossy();
        if folder.is_empty() { file.to_owned() } else { folder.into_owned() }
    }

    fn ask(&self) -> Result<String, DeviceError> {
        leave_all(&self.sticks);
        let heading = format!("the stick for {}", self.what);
        let wanted = self.known.borrow().clone();
        loop {
            let mut there = Vec::new();
            let chosen = self.face.choose_among(&heading, &mut || {
                there = readable(&self.sticks);
                if there.iter().any(|stick| Some(&stick.name) == wanted.as_ref()) {
                    return Offer::Enough;
                }
                let mut intro = vec![format!("Plug in the stick for {}, and choose it here.", self.what)];
                intro.extend(in_its_place(&self.sticks));
                Offer::Choices(intro, there.iter().map(|stick| Entry::new(stick.name.clone(), about(stick))).collect())
            })?;
            let known = || there.iter().find(|stick| Some(&stick.name) == wanted.as_ref());
            match chosen.and_then(|chosen| there.get(chosen)).or_else(known) {
                Some(stick) => return Ok(stick.name.clone()),
                None => self.face.leave()?,
            }
        }
    }

    fn folder_begun(&self) -> Result<Folder, DeviceError> {
        let none = || DeviceError::File {
            action: "use",
            name: self.what.clone(),
            source: std::io::Error::from(std::io::ErrorKind::NotFound),
        };
        self.begun().ok_or_else(none)
    }
}

impl Store for Fresh {
    fn read(&self, name: &str, limit: usize) -> Result<Option<Vec<u8>>, DeviceError> {
        self.begun().map_or(Ok(None), |folder| folder.read(name, limit))
    }

    fn write(&mut self, name: &str, bytes: &[u8], privacy: Privacy) -> Result<(), DeviceError> {
        if let Some(mut folder) = self.begun() {
            return folder.write(name, bytes, privacy);
        }
        loop {
            let path = self.begin(name)?;
            let mut folder = self.folder(path.clone());
            let Err(error) = folder.write(name, bytes, privacy) else {
                *self.begun.borrow_mut() = Some(path);
                return Ok(());
            };
            // One stick that is full or locked is not the end of a creation: another one takes its place.
            let _nothing_there = folder.remove(name);
            if !self.inside.as_os_str().is_empty() {
                folder.remove_if_empty();
            }
            self.face.failed(&Failure::from(error).remedy("take another stick; nothing was written to this one"))?;
            *self.known.borrow_mut() = None;
        }
    }

    fn append(&mut self, name: &str, bytes: &[u8]) -> Result<(), DeviceError> {
        self.folder_begun()?.append(name, bytes)
    }

    fn truncate(&mut self, name: &str, length: u64) -> Result<(), DeviceError> {
        self.folder_begun()?.truncate(name, length)
    }

    fn remove(&mut self, name: &str) -> Result<(), DeviceError> {
        self.folder_begun()?.remove(name)
    }

    fn sync(&mut self, name: &str) -> Result<(), DeviceError> {
        self.folder_begun()?.sync(name)
    }

    fn sync_names(&mut self) -> Result<(), DeviceError> {
        self.folder_begun()?.sync_names()
    }

    fn place(&self, name: &str) -> String {
        let known = self.known.borrow();
        let stick = PathBuf::from(known.as_deref().unwrap_or("a stick of its own"));
        let folder = self.begun.borrow().clone().unwrap_or_else(|| stick.join(&self.inside));
        self.face.told(&printable(&folder.join(name).to_string_lossy()))
    }

    /// Nothing before the first file: what is there is looked at then.
    fn names(&self) -> Result<Vec<String>, DeviceError> {
        self.begun().map_or(Ok(Vec::new()), |folder| folder.names())
    }

    fn readable_by_others(&self, name: &str) -> Result<Option<bool>, DeviceError> {
        self.folder_begun()?.readable_by_others(name)
    }
}
