//! A store that loses what was not synced, for tests: power cuts, full disks, failing fsync and open, bad media.
//!
//! Not a file system: a model of what one may leave behind. Bytes become durable by `sync`, names (new and
//! removed ones) by `sync_names`; a cut at step N ends every later call with an error, and [`FrailStore::reopen`]
//! gives the store back in the state that a [`Survivors`] names. Steps are the calls that change something,
//! counted from 1.
//!
//! Unit tests include it from a room's `mod.rs` by
//! `#[cfg(test)] #[path = "../../tests/support/frail_store.rs"] mod frail_store;`
//! an integration test needs `use strongroom::port;` at its root.
#![allow(dead_code, reason = "each test binary uses a part of it")]

use std::{collections::BTreeMap, io};

use crate::port::{DeviceError, Privacy, Store};

/// What of the unsynced is still there after a power cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Survivors {
    /// Nothing: durable bytes under durable names.
    Lost,
    /// Everything.
    Kept,
    /// Names, and of each unsynced append or write its first half.
    Half,
    /// Names, but no unsynced byte (the well-known empty file).
    NamesOnly,
    /// Bytes of files whose names are durable; no unsynced name.
    BytesOnly,
    /// Names and lengths, with zeros where unsynced bytes were.
    Zeroed,
}

impl Survivors {
    pub(crate) const ALL: [Self; 6] =
        [Self::Lost, Self::Kept, Self::Half, Self::NamesOnly, Self::BytesOnly, Self::Zeroed];

    const fn keeps_names(self) -> bool {
        matches!(self, Self::Kept | Self::Half | Self::NamesOnly | Self::Zeroed)
    }
}

/// A failure of a running system.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The disk is full: a write or append at this step stores this many bytes and fails, and so does each later
    /// one (with none), until [`FrailStore::heal`].
    Full(usize),
    /// The call fails with EIO and does nothing. A failed `sync` also makes every later `sync` of that file a
    /// lie, until the file is written anew, as with real kernels.
    Io,
    /// The file cannot be opened (EACCES), nothing is done.
    Open,
    /// A write or append says that it worked, but the last byte on the medium is another one.
    Corrupt,
}

#[derive(Debug, Clone)]
struct File {
    now: Vec<u8>,
    durable: Vec<u8>,
    privacy: Privacy,
    sync_lies: bool,
}

/// See the module's text.
#[derive(Debug, Clone, Default)]
pub(crate) struct FrailStore {
    files: BTreeMap<u64, File>,
    names: BTreeMap<String, u64>,
    durable_names: BTreeMap<String, u64>,
    next_file: u64,
    log: Vec<String>,
    cut_at: Option<usize>,
    cut: bool,
    fault: Option<(usize, Fault)>,
    full: bool,
    unreadable: Option<String>,
}

impl FrailStore {
    /// An empty folder.
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// The power goes at the `step`-th changing call from now (from 1): it and all later calls fail.
    pub(crate) fn cut_at(&mut self, step: usize) {
        self.cut_at = Some(self.log.len() + step);
    }

    /// `fault` strikes at the `step`-th changing call from now (from 1).
    pub(crate) fn fail_at(&mut self, step: usize, fault: Fault) {
        self.fault = Some((self.log.len() + step, fault));
    }

    /// From now on the file cannot be read (EACCES).
    pub(crate) fn make_unreadable(&mut self, name: &str) {
        self.unreadable = Some(name.to_owned());
    }

    /// Ends all faults, and a cut that has not come yet.
    pub(crate) fn heal(&mut self) {
        self.fault = None;
        self.cut_at = None;
        self.full = false;
        self.unreadable = None;
    }

    /// Whether the power went.
    pub(crate) const fn is_cut(&self) -> bool {
        self.cut
    }

    /// Changing calls so far, each as `append journal`, `sync journal`, `sync_names`.
    pub(crate) fn log(&self) -> &[String] {
        &self.log
    }

    /// The store as the next start finds it; everything in it is durable, the log is empty.
    pub(crate) fn reopen(&self, survivors: Survivors) -> Self {
        let names = if survivors.keeps_names() { &self.names } else { &self.durable_names };
        let mut next = Self::new();
        for (name, id) in names {
            let file = &self.files[id];
            next.put_with(name, survivors.bytes(file), file.privacy);
        }
        next
    }

    /// The states after a cut, one for each of [`Survivors::ALL`].
    pub(crate) fn afterlives(&self) -> impl Iterator<Item = (Survivors, Self)> + '_ {
        Survivors::ALL.into_iter().map(|survivors| (survivors, self.reopen(survivors)))
    }

    /// Puts a durable file there, as somebody else could; no step.
    pub(crate) fn put(&mut self, name: &str, bytes: &[u8]) {
        self.put_with(name, bytes.to_vec(), Privacy::Public);
    }

    /// Takes a file away for good, as somebody else could; no step.
    pub(crate) fn take(&mut self, name: &str) {
        self.names.remove(name);
        self.durable_names.remove(name);
    }

    /// The file's bytes as a reader sees them, whatever faults there are.
    pub(crate) fn bytes(&self, name: &str) -> Option<Vec<u8>> {
        self.names.get(name).map(|id| self.files[id].now.clone())
    }

    /// Lets others read the file.
    pub(crate) fn expose(&mut self, name: &str) {
        if let Some(file) = self.names.get(name).and_then(|id| self.files.get_mut(id)) {
            file.privacy = Privacy::Public;
        }
    }

    /// Lets nobody but the owner read the file.
    pub(crate) fn hide(&mut self, name: &str) {
        if let Some(file) = self.names.get(name).and_then(|id| self.files.get_mut(id)) {
            file.privacy = Privacy::Private;
        }
    }

    fn put_with(&mut self, name: &str, bytes: Vec<u8>, privacy: Privacy) {
        let id = self.new_file(File { now: bytes.clone(), durable: bytes, privacy, sync_lies: false });
        self.names.insert(name.to_owned(), id);
        self.durable_names.insert(name.to_owned(), id);
    }

    fn new_file(&mut self, file: File) -> u64 {
        self.next_file += 1;
        self.files.insert(self.next_file, file);
        self.next_file
    }

    fn file(&mut self, action: &'static str, name: &str) -> Result<&mut File, DeviceError> {
        let id = self.names.get(name).ok_or_else(|| error(action, name, io::ErrorKind::NotFound.into()))?;
        Ok(self.files.get_mut(id).expect("names point to files"))
    }

    /// Counts a changing call. `Ok(None)`: go on. `Ok(Some(Strike))`: the call happens, in part, and then fails.
    fn step(&mut self, action: &'static str, name: &str) -> Result<Option<Strike>, DeviceError> {
        if self.cut {
            return Err(gone(action, name));
        }
        self.log.push(format!("{action} {name}").trim_end().to_owned());
        if self.cut_at.is_some_and(|at| self.log.len() >= at) {
            self.cut = true;
            return Ok(Some(Strike::Cut));
        }
        let Some((_, fault)) = self.fault.filter(|(at, _)| *at == self.log.len()) else {
            return Ok(None);
        };
        Ok(Some(Strike::Fault(fault)))
    }

    /// What a write or append leaves of `bytes`, and what the caller is told.
    fn store(
        &mut self,
        strike: Option<Strike>,
        action: &'static str,
        name: &str,
        bytes: &[u8],
    ) -> (Option<Vec<u8>>, Result<(), DeviceError>) {
        let full = || Err(error(action, name, io::ErrorKind::StorageFull.into()));
        match strike {
            None if self.full => (Some(Vec::new()), full()),
            None => (Some(bytes.to_vec()), Ok(())),
            Some(Strike::Cut) => (Some(bytes.to_vec()), Err(gone(action, name))),
            Some(Strike::Fault(Fault::Full(kept))) => {
                self.full = true;
                (Some(bytes[..kept.min(bytes.len())].to_vec()), full())
            }
            Some(Strike::Fault(Fault::Corrupt)) => {
                let mut bytes = bytes.to_vec();
                if let Some(last) = bytes.last_mut() {
                    *last ^= 1;
                }
                (Some(bytes), Ok(()))
            }
            Some(Strike::Fault(fault @ (Fault::Io | Fault::Open))) => (None, Err(fault.error(action, name))),
        }
    }
}

#[derive(Debug, Clone, Copy)]
enum Strike {
    Cut,
    Fault(Fault),
}

impl Fault {
    /// The error of a call that cannot store less than all: full and corrupt count as EIO there.
    fn error(self, action: &'static str, name: &str) -> DeviceError {
        match self {
            Self::Open => error("open", name, io::ErrorKind::PermissionDenied.into()),
            Self::Full(_) | Self::Io | Self::Corrupt => error(action, name, io::Error::other("input/output error")),
        }
    }
}

impl Survivors {
    fn bytes(self, file: &File) -> Vec<u8> {
        let File { now, durable, .. } = file;
        if now == durable {
            return now.clone();
        }
        let kept = if now.starts_with(durable) {
            durable.len()
        } else if durable.starts_with(now) {
            now.len()
        } else {
            0
        };
        match self {
            Self::Lost | Self::NamesOnly => durable.clone(),
            Self::Kept | Self::BytesOnly => now.clone(),
            Self::Half => now[..kept + (now.len() - kept) / 2].to_vec(),
            Self::Zeroed => [&now[..kept], &vec![0; now.len() - kept]].concat(),
        }
    }
}

impl Store for FrailStore {
    fn read(&self, name: &str, limit: usize) -> Result<Option<Vec<u8>>, DeviceError> {
        if self.cut {
            return Err(gone("read", name));
        }
        if self.unreadable.as_deref() == Some(name) {
            return Err(Fault::Open.error("read", name));
        }
        match self.bytes(name) {
            Some(bytes) if bytes.len() > limit => Err(DeviceError::TooLarge { name: name.to_owned(), limit }),
            found => Ok(found),
        }
    }

    fn write(&mut self, name: &str, bytes: &[u8], privacy: Privacy) -> Result<(), DeviceError> {
        let strike = self.step("write", name)?;
        let (left, told) = self.store(strike, "write", name, bytes);
        let Some(left) = left else { return told };
        if let Some(file) = self.names.get(name).and_then(|id| self.files.get_mut(id)) {
            file.now = left;
            file.privacy = privacy;
            file.sync_lies = false;
        } else {
            let id = self.new_file(File { now: left, durable: Vec::new(), privacy, sync_lies: false });
            self.names.insert(name.to_owned(), id);
        }
        told
    }

    fn append(&mut self, name: &str, bytes: &[u8]) -> Result<(), DeviceError> {
        self.file("append", name)?;
        let strike = self.step("append", name)?;
        let (left, told) = self.store(strike, "append", name, bytes);
        let Some(left) = left else { return told };
        self.file("append", name)?.now.extend(left);
        told
    }

    fn truncate(&mut self, name: &str, length: u64) -> Result<(), DeviceError> {
        self.file("truncate", name)?;
        let strike = self.step("truncate", name)?;
        if let Some(Strike::Fault(fault)) = strike {
            return Err(fault.error("truncate", name));
        }
        self.file("truncate", name)?.now.truncate(usize::try_from(length).unwrap_or(usize::MAX));
        if strike.is_some() { Err(gone("truncate", name)) } else { Ok(()) }
    }

    fn remove(&mut self, name: &str) -> Result<(), DeviceError> {
        self.file("remove", name)?;
        let strike = self.step("remove", name)?;
        if let Some(Strike::Fault(fault)) = strike {
            return Err(fault.error("remove", name));
        }
        self.names.remove(name);
        if strike.is_some() { Err(gone("remove", name)) } else { Ok(()) }
    }

    fn sync(&mut self, name: &str) -> Result<(), DeviceError> {
        self.file("sync", name)?;
        let strike = self.step("sync", name)?;
        let file = self.file("sync", name)?;
        match strike {
            Some(Strike::Cut) => Err(gone("sync", name)),
            Some(Strike::Fault(fault)) => {
                file.sync_lies = true;
                Err(fault.error("sync", name))
            }
            None => {
                if !file.sync_lies {
                    file.durable = file.now.clone();
                }
                Ok(())
            }
        }
    }

    fn sync_names(&mut self) -> Result<(), DeviceError> {
        match self.step("sync_names", "")? {
            Some(Strike::Cut) => Err(gone("sync", "the folder")),
            Some(Strike::Fault(fault)) => Err(fault.error("sync", "the folder")),
            None => {
                self.durable_names = self.names.clone();
                Ok(())
            }
        }
    }

    fn names(&self) -> Result<Vec<String>, DeviceError> {
        if self.cut { Err(gone("list", "the folder")) } else { Ok(self.names.keys().cloned().collect()) }
    }

    fn readable_by_others(&self, name: &str) -> Result<Option<bool>, DeviceError> {
        if self.cut {
            return Err(gone("look at", name));
        }
        let id = self.names.get(name).ok_or_else(|| error("look at", name, io::ErrorKind::NotFound.into()))?;
        Ok(Some(self.files[id].privacy == Privacy::Public))
    }
}

fn gone(action: &'static str, name: &str) -> DeviceError {
    error(action, name, io::Error::other("the power is gone"))
}

fn error(action: &'static str, name: &str, source: io::Error) -> DeviceError {
    DeviceError::File { action, name: name.to_owned(), source }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_synced_may_be_lost() {
        let mut store = FrailStore::new();
        store.write("a", b"one", Privacy::Private).unwrap();
        store.sync("a").unwrap();
        assert_eq!(store.reopen(Survivors::Lost).bytes("a"), None, "the name was not synced");
        store.sync_names().unwrap();
        store.append("a", b"1234").unwrap();
        let left = |survivors| store.reopen(survivors).bytes("a").unwrap();
        assert_eq!(left(Survivors::Lost), b"one");
        assert_eq!(left(Survivors::Kept), b"one1234");
        assert_eq!(left(Survivors::Half), b"one12");
        assert_eq!(left(Survivors::NamesOnly), b"one");
        assert_eq!(left(Survivors::BytesOnly), b"one1234");
        assert_eq!(left(Survivors::Zeroed), b"one\0\0\0\0");
        store.remove("a").unwrap();
        assert_eq!(store.reopen(Survivors::Lost).bytes("a").unwrap(), b"one");
        assert_eq!(store.reopen(Survivors::Kept).bytes("a"), None);
        assert_eq!(store.log(), ["write a", "sync a", "sync_names", "append a", "remove a"]);
    }

    #[test]
    fn after_a_cut_nothing_works_until_it_is_opened_again() {
        let mut store = FrailStore::new();
        store.put("a", b"one");
        store.cut_at(2);
        store.append("a", b"two").unwrap();
        assert!(store.sync("a").is_err() && store.is_cut());
        assert!(store.read("a", 9).is_err() && store.append("a", b"x").is_err() && store.names().is_err());
        for (survivors, after) in store.afterlives() {
            assert!(after.read("a", 9).unwrap().unwrap().starts_with(b"one"), "{survivors:?}");
        }
    }

    #[test]
    fn faults_strike_where_they_are_set() {
        let mut store = FrailStore::new();
        store.put("a", b"one");
        store.fail_at(1, Fault::Full(1));
        assert!(store.append("a", b"two").is_err());
        assert_eq!(store.bytes("a").unwrap(), b"onet");
        assert!(store.append("a", b"two").is_err(), "the disk stays full");
        store.heal();
        store.fail_at(1, Fault::Io);
        assert!(store.sync("a").is_err());
        store.sync("a").unwrap();
        assert_eq!(store.reopen(Survivors::Lost).bytes("a").unwrap(), b"one", "a sync after a failed one lies");
        store.make_unreadable("a");
        assert!(store.read("a", 9).is_err());
    }
}
