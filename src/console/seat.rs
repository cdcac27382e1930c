//! The seat before one vault: its folder, and how a ceremony gets a desk there.
//!
//! Floor 6.

use std::{
    cell::RefCell,
    collections::BTreeSet,
    path::{Path, PathBuf},
    rc::Rc,
};

use super::{
    board::Entry,
    face::Face,
    files,
    live::Offer,
    sticks::{self, Medium},
};
use crate::{
    ceremony::{self, Cabinet, CeremonyError, Desk, Presence},
    device::{Folder, Kernel, Stick, Sticks},
    hatch::{self, Failure, Places},
    port::{DeviceError, Step, Store},
    text::{self, Name, count, printable},
    vault::{self, Shelf, ShelfError, Vault},
};

/// The seat before a vault.
pub(super) struct Seat {
    pub(super) face: Face,
    path: RefCell<PathBuf>,
    /// The words of the vault that people know; no other one is read here.
    words: RefCell<Option<String>>,
    /// The vault as it was read last.
    last: RefCell<Option<Rc<Vault>>>,
    /// Other sticks that a share was read from, or something written to.
    used: RefCell<BTreeSet<String>>,
    used_last: RefCell<Option<String>>,
}

impl Seat {
    /// At a vault's folder; `words` are known where people made it just now.
    pub(super) fn before(face: &Face, path: &Path, words: Option<String>) -> Self {
        let (path, words) = (RefCell::new(path.to_owned()), RefCell::new(words));
        let (last, used, used_last) = (RefCell::default(), RefCell::default(), RefCell::default());
        Self { face: face.clone(), path, words, last, used, used_last }
    }

    /// The vault as it is now; that of other words than people know is none.
    pub(super) fn vault(&self) -> Result<Rc<Vault>, Failure> {
        let vault = Rc::new(ceremony::open(&self.store(), self.words.borrow().as_deref())?);
        *self.last.borrow_mut() = Some(Rc::clone(&vault));
        Ok(vault)
    }

    /// Whether people know this vault. They are asked once, before anything of it is shown: whoever made a vault of the
    /// same name can show addresses of his own.
    pub(super) fn knows(&self, vault: &Vault) -> Result<bool, DeviceError> {
        if self.words.borrow().is_some() {
            return Ok(true);
        }
        let words = vault.statement().words();
        let mut intro = text::in_rows(&words);
        let papers =
            "These are the vault's words. Compare them with your papers: where they differ, it is another vault.";
        intro.extend([String::new(), papers.to_owned()]);
        let entries = [
            Entry::new("Back", "they differ, or nobody has compared them"),
            Entry::new("They are the same", "all twelve"),
        ];
        let known = self.face.choose("do you know these words?", &intro, &entries, 0)? == Some(1);
        if known {
            *self.words.borrow_mut() = Some(words);
        }
        Ok(known)
    }

    /// Its folder.
    fn store(&self) -> Medium<'_> {
        Medium::at(&self.face, &self.path)
    }

    fn places(&self) -> Places {
        Places::new(&self.path.borrow(), Vec::new()).kept_by(self.face.sticks())
    }

    /// What it is called.
    pub(super) fn name(&self) -> String {
        self.places().vault_name()
    }

    /// The folder in which the vault's lies.
    pub(super) fn beside(&self) -> PathBuf {
        self.places().beside()
    }

    /// Something was done with this file: where it lies on another stick, that one is let go in the end.
    pub(super) fn uses(&self, path: &Path) {
        let stick = self.face.sticks().and_then(|sticks| sticks.holding(path));
        let stick = stick.map(|(stick, _)| stick.to_owned());
        self.used.borrow_mut().extend(stick.clone());
        *self.used_last.borrow_mut() = stick;
    }

    /// Lets go of the other sticks that were used, with a word to their owners.
    pub(super) fn lets_go(&self) -> Result<(), DeviceError> {
        let used = self.used.take();
        let Some(sticks) = self.face.sticks().filter(|_| !used.is_empty()) else { return Ok(()) };
        let (own, there) = (self.stick(), sticks::readable(sticks));
        let plugged = |name: &String| there.iter().any(|stick| stick.name == *name);
        let names: Vec<String> = used.into_iter().filter(|name| Some(name) != own.as_ref() && plugged(name)).collect();
        if names.is_empty() { Ok(()) } else { sticks::leave(&self.face, &names) }
    }

    /// The stick that was used last; it is told once.
    pub(super) fn used_last(&self) -> Option<String> {
        self.used_last.take()
    }

    /// The stick on which it lies.
    pub(super) fn stick(&self) -> Option<String> {
        let path = self.path.borrow();
        self.face.sticks()?.holding(&path).map(|(stick, _)| stick.to_owned())
    }

    /// The share of `custodian` on any stick that is plugged in, in the vault's folder, beside it or in another.
    fn shares_on(&self, sticks: &Sticks, custodian: &Name, epoch: u32) -> Found {
        let beside = vault::stem(Some(&self.name()), custodian, epoch);
        let inside = vault::stem(None, custodian, epoch);
        let own = self.path.borrow().clone();
        let on_stick = |stick: Stick| sticks::folders(&sticks.folder(&stick.name));
        let all = sticks::readable(sticks).into_iter().flat_map(on_stick);
        let all: BTreeSet<PathBuf> = std::iter::once(own.clone()).chain(all).collect();
        let mut found = Found::default();
        let Some(vault) = self.last.borrow().clone() else { return found };
        for folder in all {
            // Only in the vault's own folder a share goes without the vault's name.
            let stem = if folder.file_name() == own.file_name() { &inside } else { &beside };
            let store = Folder::at(&folder).kept_by(Some(sticks));
            match Shelf::look(&store, stem, custodian, vault.statement()) {
                Ok(_) => found.places.push((folder, stem.clone())),
                Err(ShelfError::Missing { .. } | ShelfError::Device(_)) => {}
                // A file of that name which is no share of theirs takes no place: theirs may be on another stick.
                Err(error) => {
                    let stick = sticks.holding(&folder).map_or("", |(stick, _)| stick);
                    found.others.insert(format!("on the stick \"{stick}\", {error}"));
                }
            }
        }
        found
    }

    /// Where the share of `custodian` lies, in words; `None` where it lies neither in the folder nor beside it, nor on
    /// another stick that is plugged in.
    pub(super) fn share(&self, custodian: &Name, epoch: u32) -> Option<String> {
        if let Some(sticks) = self.face.sticks() {
            let found = self.shares_on(sticks, custodian, epoch);
            let mut names: Vec<&str> =
                found.places.iter().filter_map(|(folder, _)| sticks.holding(folder)).map(|(stick, _)| stick).collect();
            names.dedup();
            return (!names.is_empty()).then(|| format!("on the stick \"{}\"", names.join("\", \"")));
        }
        let (store, stem) = self.places().place(custodian, epoch).ok()?;
        let there = store.names().ok()?;
        let name = vault::file_among(&there, &stem)?;
        let inside = Folder::at(&self.path.borrow()).names().is_ok_and(|all| all.contains(&name));
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
        let cabinet = Shares { face: self.face.clone(), seat: self };
        let mut store = self.store();
        let done = self.face.seriously(|screen, keyboard| {
            let mut desk = Desk {
                screen,
                keyboard,
                random: &mut Kernel,
                store: &mut store,
                cabinet: &cabinet,
                presence: Presence::InPerson,
                expected: self.words.borrow().clone(),
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
        match done {
            // Whoever does not put the stick in again goes back.
            Err(failure) if failure.code == hatch::REFUSED && self.face.sticks().is_some() => Ok(None),
            done => self.face.shown(done),
        }
    }
}

/// Shares of a custodian on the sticks that are plugged in.
#[derive(Default)]
struct Found {
    /// Folders, and the stem there.
    places: Vec<(PathBuf, String)>,
    /// Why files that are named like the share are none of theirs.
    others: BTreeSet<String>,
}

/// Files so named that are told one by one, most.
const PASSED_OVER: usize = 3;

/// Files named like the share that are none of theirs, in lines.
fn passed_over(others: &BTreeSet<String>) -> Vec<String> {
    let mut lines: Vec<String> = others.iter().take(PASSED_OVER).map(|why| format!("Passed over: {why}.")).collect();
    if let Some(more) = others.len().checked_sub(PASSED_OVER).filter(|more| *more > 0) {
        lines.push(format!("And {} more.", count(more, "file")));
    }
    lines
}

/// Shares in the vault's folder or beside it, or on another stick; where one lies in none of them, its custodian is asked.
struct Shares<'a> {
    face: Face,
    seat: &'a Seat,
}

/// A folder, and the stem there.
type Place = (Box<dyn Store>, String);
type Placed = Result<Place, CeremonyError>;

impl Cabinet for Shares<'_> {
    fn place(&self, custodian: &Name, epoch: u32) -> Placed {
        match self.face.sticks() {
            Some(sticks) => self.on_sticks(sticks, custodian, epoch),
            None => self.in_folders(custodian, epoch),
        }
    }
}

impl Shares<'_> {
    fn in_folders(&self, custodian: &Name, epoch: u32) -> Placed {
        let places = self.seat.places();
        let (store, stem) = places.place(custodian, epoch)?;
        let there = store.names()?;
        if vault::file_among(&there, &stem).is_some() && self.is_theirs(custodian, store.as_ref(), &stem)? {
            return Ok((store, stem));
        }
        loop {
            match files::share(&self.face, custodian, &places.beside())? {
                Some(path) => {
                    if let Some(placed) = self.named(custodian, path)? {
                        return Ok(placed);
                    }
                }
                None => self.face.leave()?,
            }
        }
    }

    /// Whether a share of `custodian` lies there; where another file does, people are told so.
    fn is_theirs(&self, custodian: &Name, store: &dyn Store, stem: &str) -> Result<bool, DeviceError> {
        let Some(vault) = self.seat.last.borrow().clone() else { return Ok(true) };
        let Err(error) = Shelf::look(store, stem, custodian, vault.statement()) else { return Ok(true) };
        let mut failure = Failure::from(CeremonyError::from(error));
        let another = || format!("bring another file; that of {custodian} has `{custodian}` in its name");
        failure.remedy = failure.remedy.filter(|remedy| !remedy.is_empty()).or_else(|| Some(another()));
        let lines = self.face.explained(&failure);
        self.face.read(&format!("this is no share of {custodian}"), &lines)?;
        Ok(false)
    }

    /// The place of a share; where it lies in several, people choose.
    fn one_of(
        &self,
        sticks: &Sticks,
        custodian: &Name,
        found: Vec<(PathBuf, String)>,
    ) -> Result<(PathBuf, String), DeviceError> {
        let mut chosen = (found.len() == 1).then_some(0);
        while chosen.is_none() {
            let entry = |(folder, _): &(PathBuf, String)| {
                let (stick, inside) = sticks.holding(folder).unwrap_or(("", Path::new("")));
                Entry::new(stick, printable(&inside.to_string_lossy()))
            };
            let entries: Vec<Entry> = found.iter().map(entry).collect();
            let intro = [format!("It is on several sticks. {custodian}, which one is yours?")];
            chosen = self.face.choose(&format!("which share of {custodian}?"), &intro, &entries, 0)?;
            if chosen.is_none() {
                self.face.leave()?;
            }
        }
        chosen.and_then(|chosen| found.into_iter().nth(chosen)).ok_or(DeviceError::InputEnded)
    }

    /// The share that a person named; none where it is not that of `custodian`, which is told.
    fn named(&self, custodian: &Name, path: PathBuf) -> Result<Option<Place>, CeremonyError> {
        let folder = path.parent().unwrap_or(Path::new(".")).to_owned();
        let places = Places::new(&folder, vec![(custodian.clone(), path)]).kept_by(self.face.sticks());
        let Some((folder, stem)) = places.named(custodian)? else { return Ok(None) };
        let store = places.folder(&folder);
        if !self.is_theirs(custodian, &store, &stem)? {
            return Ok(None);
        }
        self.seat.uses(&folder);
        Ok(Some((Box::new(store), stem)))
    }

    /// On whichever stick it is; custodians bring their own, one after the other where there is one slot.
    fn on_sticks(&self, sticks: &Sticks, custodian: &Name, epoch: u32) -> Placed {
        sticks::open_again(sticks);
        let Found { mut places, mut others } = self.seat.shares_on(sticks, custodian, epoch);
        if places.is_empty() {
            sticks::leave_all(sticks);
        }
        while places.is_empty() {
            let mut look = || {
                let found = self.seat.shares_on(sticks, custodian, epoch);
                // What was seen on a stick that may be taken out stays told.
                others.extend(found.others);
                places = found.places;
                if !places.is_empty() {
                    return Offer::Enough;
                }
                let mut intro = vec![format!("Plug in the stick of {custodian}.")];
                intro.extend(passed_over(&others));
                intro.extend(sticks::in_its_place(sticks));
                Offer::Choices(intro, vec![Entry::new("Choose a file", "where the share has another name")])
            };
            let chosen = self.face.choose_among(&format!("the share of {custodian}"), &mut look)?;
            if chosen.is_some() {
                let path = files::share(&self.face, custodian, &self.seat.beside())?;
                let named = path.map(|path| self.named(custodian, path)).transpose()?;
                if let Some(placed) = named.flatten() {
                    return Ok(placed);
                }
            } else if places.is_empty() {
                self.face.leave()?;
            }
        }
        for line in passed_over(&others) {
            self.face.note(&line);
        }
        let (folder, stem) = self.one_of(sticks, custodian, places)?;
        self.seat.uses(&folder);
        if let Some((stick, _)) = sticks.holding(&folder) {
            self.face.note(&format!("The share of {custodian} is on the stick \"{stick}\"."));
        }
        Ok((Box::new(Folder::at(&folder).kept_by(Some(sticks))), stem))
    }
}
