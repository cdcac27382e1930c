//! Sticks before people: what is plugged in, what lies there, and how a stick is taken out and put in again.
//!
//! Floor 6. Nothing of this is seen where files lie in a computer's folders.

use std::{
    cell::{Cell, RefCell},
    path::{Path, PathBuf},
};

use super::{board::Entry, face::Face, live::Offer};
use crate::{
    device::{Folder, Stick, StickState, Sticks, listing, pipes::label_of},
    hatch::Failure,
    port::{DeviceError, Privacy, Store},
    text::printable,
};

/// Keys of a screen that waits for a stick.
const WAIT: &str = "plug it in, or Esc: stop   ?: help";
/// Keys of a screen that says what may be done.
const ON: &str = "Enter: go on   ?: help";

/// All sticks; none where the first process does not answer.
fn all(sticks: &Sticks) -> Vec<Stick> {
    sticks.list().unwrap_or_default()
}

/// Sticks whose files can be read.
pub(super) fn readable(sticks: &Sticks) -> Vec<Stick> {
    let mut readable = all(sticks);
    readable.retain(|stick| matches!(stick.state, StickState::Readable | StickState::Writable));
    readable
}

/// Why sticks that are plugged in cannot be read.
pub(super) fn broken(sticks: &Sticks) -> Vec<String> {
    let why = |stick: Stick| match stick.state {
        StickState::Broken(why) => {
            Some(format!("The stick \"{}\" is of no use here: {}.", stick.name, printable(&why)))
        }
        StickState::Readable | StickState::Writable | StickState::Left => None,
    };
    all(sticks).into_iter().filter_map(why).collect()
}

/// What a stick is, in a few words.
pub(super) fn about(stick: &Stick) -> String {
    format!("{}, {} MB, {}", stick.kind, stick.bytes / 1_000_000, stick.model)
}

/// What is plugged in, in lines.
pub(super) fn plugged(sticks: &Sticks) -> Vec<String> {
    let mut lines: Vec<String> = sticks.plugs().unwrap_or_default();
    lines.extend(told(sticks));
    if lines.is_empty() {
        lines.push("nothing".to_owned());
    }
    lines.iter().map(|line| format!("  {}", printable(line))).collect()
}

/// What came since people left the first screen and stays closed, in lines.
pub(super) fn shut_out(sticks: &Sticks) -> Vec<String> {
    sticks.shut_out().unwrap_or_default().iter().map(|line| format!("  {}", printable(line))).collect()
}

/// What to do where another stick is wanted, and how the sticks stand that are there; and what came and is none.
pub(super) fn in_its_place(sticks: &Sticks) -> Vec<String> {
    let told = told(sticks);
    let mut lines = Vec::new();
    if !told.is_empty() {
        let out = "Where there is no room for it, take one of these out; never the one that the machine started from.";
        lines.extend([out.to_owned(), String::new()]);
    }
    lines.extend(told.iter().map(|line| format!("  {}", printable(line))));
    lines.extend(shut_out(sticks));
    lines
}

fn told(sticks: &Sticks) -> Vec<String> {
    let mut lines = Vec::new();
    for stick in all(sticks) {
        let state = match &stick.state {
            StickState::Readable => "can be read",
            StickState::Writable => "is being written to: do not remove it",
            StickState::Left => "you may remove it",
            StickState::Broken(why) => why,
        };
        lines.push(format!("stick \"{}\" ({}): {state}", stick.name, about(&stick)));
    }
    lines
}

/// Sticks that may be removed are opened again: something on them is looked for.
pub(super) fn open_again(sticks: &Sticks) {
    for stick in all(sticks).iter().filter(|stick| stick.state == StickState::Left) {
        // One that is being pulled is none any more.
        let _gone = sticks.written(&stick.name);
    }
}

/// Lets go of all sticks, so that any of them may be taken out.
pub(super) fn leave_all(sticks: &Sticks) {
    for stick in readable(sticks) {
        // One that is in use is told as it stands.
        let _in_use = sticks.leave(&stick.name);
    }
}

/// Lets go of sticks and says so; until they were pulled, or people go on.
pub(super) fn leave(face: &Face, names: &[String]) -> Result<(), DeviceError> {
    let Some(sticks) = face.sticks() else { return Ok(()) };
    for name in names {
        if let Err(error) = sticks.leave(name) {
            face.failed(&Failure::from(error))?;
        }
    }
    let mut look = || {
        let left = |stick: &Stick| stick.state == StickState::Left && names.contains(&stick.name);
        let mut lines: Vec<String> = all(sticks)
            .iter()
            .filter(|stick| left(stick))
            .map(|stick| format!("You may remove the stick \"{}\".", stick.name))
            .collect();
        if lines.is_empty() {
            return None;
        }
        lines.push("Everything that was written is on it.".to_owned());
        Some(lines)
    };
    face.watch("take it out", ON, &mut look).map(drop)
}

/// Which stick is taken out.
pub(super) fn take_out(face: &Face) -> Result<(), DeviceError> {
    let Some(sticks) = face.sticks() else { return Ok(()) };
    let chosen = which(face, sticks, "which stick do you take out?")?;
    match chosen.as_deref().and_then(|path| sticks.holding(path)) {
        Some((name, _)) => leave(face, &[name.to_owned()]),
        None => Ok(()),
    }
}

/// The folder of one of the sticks; `None` where the person goes back.
pub(super) fn which(face: &Face, sticks: &Sticks, heading: &str) -> Result<Option<PathBuf>, DeviceError> {
    open_again(sticks);
    let mut there = Vec::new();
    let chosen = face.choose_among(heading, &mut || {
        there = readable(sticks);
        let mut entries: Vec<Entry> = there.iter().map(|stick| Entry::new(stick.name.clone(), about(stick))).collect();
        entries.push(Entry::new("Back", ""));
        let intro = if there.is_empty() { "No stick is plugged in that can be read." } else { "which stick?" };
        Offer::Choices(vec![intro.to_owned()], entries)
    })?;
    Ok(chosen.and_then(|chosen| there.get(chosen)).map(|stick| sticks.folder(&stick.name)))
}

/// Folders on a stick, and the stick itself.
pub(super) fn folders(stick: &Path) -> Vec<PathBuf> {
    let inside = listing(stick).unwrap_or_default().into_iter().filter(|listed| !listed.is_file);
    std::iter::once(stick.to_owned()).chain(inside.map(|listed| stick.join(listed.name))).collect()
}

/// A folder that lay on a stick, wherever that stick is plugged in now: another one takes its place where it has the same
/// label. Where there is none, people are asked for it; which one it is they say where it has no label.
pub(super) fn back(face: &Face, path: &Path) -> Result<PathBuf, DeviceError> {
    let Some(sticks) = face.sticks().filter(|_| !path.is_dir()) else { return Ok(path.to_owned()) };
    let Some((stick, inside)) = sticks.holding(path) else { return Ok(path.to_owned()) };
    open_again(sticks);
    if path.is_dir() {
        return Ok(path.to_owned());
    }
    let label = label_of(stick);
    let others = || {
        let mut others = readable(sticks);
        others.retain(|other| label_of(&other.name) == label && sticks.folder(&other.name).join(inside).is_dir());
        others
    };
    let what = printable(&inside.to_string_lossy());
    let found = match label {
        Some(_) => labelled(face, sticks, &format!("Plug in the stick \"{stick}\" with `{what}` again."), &others)?,
        None => chosen(face, sticks, &what, &others)?,
    };
    Ok(sticks.folder(&found).join(inside))
}

/// The name of the first of these sticks; people are asked for it where there is none.
fn labelled(
    face: &Face,
    sticks: &Sticks,
    wanted: &str,
    others: &dyn Fn() -> Vec<Stick>,
) -> Result<String, DeviceError> {
    let first = || others().into_iter().next().map(|stick| stick.name);
    if let Some(found) = first() {
        return Ok(found);
    }
    leave_all(sticks);
    loop {
        let mut look = || {
            let mut lines = vec![wanted.to_owned()];
            lines.extend(in_its_place(sticks));
            first().is_none().then_some(lines)
        };
        let on = face.watch("a stick is missing", WAIT, &mut look)?;
        match first() {
            Some(found) => return Ok(found),
            None if on => {}
            None => return Err(DeviceError::InputEnded),
        }
    }
}

/// The name of the one of these sticks that people choose: nobody else knows which it is, without a label.
fn chosen(face: &Face, sticks: &Sticks, what: &str, others: &dyn Fn() -> Vec<Stick>) -> Result<String, DeviceError> {
    if others().is_empty() {
        leave_all(sticks);
    }
    loop {
        let mut there = Vec::new();
        let chosen = face.choose_among("a stick is missing", &mut || {
            there = others();
            let mut intro =
                vec![format!("Plug in the stick with `{what}` again, and choose it here: it has no label.")];
            intro.extend(in_its_place(sticks));
            Offer::Choices(intro, there.iter().map(|stick| Entry::new(stick.name.clone(), about(stick))).collect())
        })?;
        match chosen.and_then(|chosen| there.into_iter().nth(chosen)) {
            Some(stick) => return Ok(stick.name),
            None => face.leave()?,
        }
    }
}

/// A vault's folder whose stick may be taken out, and put in again before something is read. Nothing is written to a
/// stick that is not the one that was read from just before.
pub(super) struct Medium<'a> {
    face: Face,
    path: &'a RefCell<PathBuf>,
    /// Whether people were told which stick is written to.
    told: Cell<bool>,
}

impl<'a> Medium<'a> {
    pub(super) fn at(face: &Face, path: &'a RefCell<PathBuf>) -> Self {
        Self { face: face.clone(), path, told: Cell::new(false) }
    }

    /// As it lies there now, to be written to; which stick that is, is said before the first time.
    fn tells(&self) -> Folder {
        let path = self.path.borrow();
        let stick = self.face.sticks().and_then(|sticks| sticks.holding(&path));
        if let Some((stick, _)) = stick.filter(|_| !self.told.replace(true)) {
            self.face.note(&format!("The vault on the stick \"{stick}\" is written to."));
        }
        self.now()
    }

    /// As it lies there now.
    fn now(&self) -> Folder {
        Folder::at(&self.path.borrow()).kept_by(self.face.sticks())
    }

    /// The same, once it is there.
    fn back(&self) -> Result<Folder, DeviceError> {
        let path = self.path.borrow().clone();
        let path = back(&self.face, &path)?;
        *self.path.borrow_mut() = path;
        Ok(self.now())
    }
}

impl Store for Medium<'_> {
    fn read(&self, name: &str, limit: usize) -> Result<Option<Vec<u8>>, DeviceError> {
        self.back()?.read(name, limit)
    }

    fn write(&mut self, name: &str, bytes: &[u8], privacy: Privacy) -> Result<(), DeviceError> {
        self.tells().write(name, bytes, privacy)
    }

    fn append(&mut self, name: &str, bytes: &[u8]) -> Result<(), DeviceError> {
        self.tells().append(name, bytes)
    }

    fn truncate(&mut self, name: &str, length: u64) -> Result<(), DeviceError> {
        self.tells().truncate(name, length)
    }

    fn remove(&mut self, name: &str) -> Result<(), DeviceError> {
        self.tells().remove(name)
    }

    fn sync(&mut self, name: &str) -> Result<(), DeviceError> {
        self.now().sync(name)
    }

    fn sync_names(&mut self) -> Result<(), DeviceError> {
        self.now().sync_names()
    }

    fn names(&self) -> Result<Vec<String>, DeviceError> {
        self.back()?.names()
    }

    fn place(&self, name: &str) -> String {
        self.face.told(&self.now().place(name))
    }

    fn readable_by_others(&self, name: &str) -> Result<Option<bool>, DeviceError> {
        self.back()?.readable_by_others(name)
    }
}
