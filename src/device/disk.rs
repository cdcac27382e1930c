//! A folder on a disk as a [`Store`], and single files. Links are not followed; only regular files are read.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read, Write},
    os::unix::fs::{FileTypeExt, MetadataExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use rustix::fs::OFlags;

use super::sticks::Sticks;
use crate::{
    limits,
    port::{DeviceError, Privacy, Store},
    text::printable,
};

/// A folder of small files. On a stick of the appliance whatever changes it is durable at once: the stick is writable for
/// that long alone.
pub struct Folder {
    path: PathBuf,
    made_late: bool,
    sticks: Option<Sticks>,
}

impl Folder {
    /// The folder at `path`, which may not exist yet.
    #[must_use]
    pub fn at(path: &Path) -> Self {
        Self { path: path.to_owned(), made_late: false, sticks: None }
    }

    /// A folder that its first file makes: whoever breaks off before leaves nothing.
    #[must_use]
    pub fn to_be(path: &Path) -> Self {
        Self { made_late: true, ..Self::at(path) }
    }

    /// The same, where folders may lie on sticks.
    #[must_use]
    pub fn kept_by(self, sticks: Option<&Sticks>) -> Self {
        Self { sticks: sticks.cloned(), ..self }
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether it is there.
    #[must_use]
    pub fn exists(&self) -> bool {
        self.path.is_dir()
    }

    /// Makes the folder, for its owner alone, and makes its name durable. Does nothing where it exists.
    ///
    /// # Errors
    /// The device's.
    pub fn create(&self) -> Result<(), DeviceError> {
        use std::os::unix::fs::DirBuilderExt;
        if self.exists() {
            return Ok(());
        }
        let failed = |source| trouble("create", &self.path, source);
        self.change(|| {
            fs::DirBuilder::new().mode(0o700).create(&self.path).map_err(failed)?;
            sync_folder(parent(&self.path)).map_err(failed)
        })
    }

    /// Removes the folder, where nothing is in it.
    pub fn remove_if_empty(&self) {
        let _full = self.change(|| {
            fs::remove_dir(&self.path)
                .and_then(|()| sync_folder(parent(&self.path)))
                .map_err(|source| trouble("remove", &self.path, source))
        });
    }

    fn change(&self, work: impl FnOnce() -> Result<(), DeviceError>) -> Result<(), DeviceError> {
        match &self.sticks {
            None => work(),
            Some(sticks) => sticks.writing(&self.path, work),
        }
    }

    /// Changes a file; on a stick, its bytes and the folder's names are durable afterwards.
    fn change_file(&self, path: &Path, work: impl FnOnce() -> Result<(), DeviceError>) -> Result<(), DeviceError> {
        self.change(|| {
            work()?;
            if self.sticks.is_none() {
                return Ok(());
            }
            let failed = |source| trouble("sync", path, source);
            match open_to_read(path) {
                Ok(file) => file.sync_all().map_err(failed)?,
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(failed(error)),
            }
            sync_folder(&self.path).map_err(failed)
        })
    }

    fn file(&self, name: &str) -> Result<PathBuf, DeviceError> {
        let plain = !name.is_empty() && !name.contains(['/', '\0']) && name != "." && name != "..";
        if plain {
            Ok(self.path.join(name))
        } else {
            Err(trouble("open", Path::new(name), io::Error::from(io::ErrorKind::InvalidInput)))
        }
    }
}

impl Store for Folder {
    fn read(&self, name: &str, limit: usize) -> Result<Option<Vec<u8>>, DeviceError> {
        let path = self.file(name)?;
        match open_to_read(&path) {
            Ok(file) => read_all(file, &path, limit).map(Some),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(trouble("open", &path, error)),
        }
    }

    fn write(&mut self, name: &str, bytes: &[u8], privacy: Privacy) -> Result<(), DeviceError> {
        let path = self.file(name)?;
        if self.made_late {
            self.create()?;
        }
        self.change_file(&path, || {
            not_special(&path, "write")?;
            write_new_bytes(&path, &path, bytes, privacy)
        })
    }

    fn append(&mut self, name: &str, bytes: &[u8]) -> Result<(), DeviceError> {
        let path = self.file(name)?;
        self.change_file(&path, || {
            not_special(&path, "write")?;
            let mut options = OpenOptions::new();
            let mut file = options
                .append(true)
                .custom_flags(no_links() | nonblocking())
                .open(&path)
                .map_err(|source| trouble("open", &path, source))?;
            file.write_all(bytes).map_err(|source| trouble("write", &path, source))
        })
    }

    fn truncate(&mut self, name: &str, length: u64) -> Result<(), DeviceError> {
        let path = self.file(name)?;
        self.change_file(&path, || {
            not_special(&path, "shorten")?;
            let mut options = OpenOptions::new();
            options
                .write(true)
                .custom_flags(no_links() | nonblocking())
                .open(&path)
                .and_then(|file| file.set_len(length))
                .map_err(|source| trouble("shorten", &path, source))
        })
    }

    fn remove(&mut self, name: &str) -> Result<(), DeviceError> {
        let path = self.file(name)?;
        self.change_file(&path, || fs::remove_file(&path).map_err(|source| trouble("remove", &path, source)))
    }

    fn sync(&mut self, name: &str) -> Result<(), DeviceError> {
        let path = self.file(name)?;
        open_to_read(&path).and_then(|file| file.sync_all()).map_err(|source| trouble("sync", &path, source))
    }

    fn sync_names(&mut self) -> Result<(), DeviceError> {
        sync_folder(&self.path).map_err(|source| trouble("sync", &self.path, source))
    }

    fn names(&self) -> Result<Vec<String>, DeviceError> {
        let failed = |source| trouble("list", &self.path, source);
        let mut names = Vec::new();
        if self.made_late && !self.exists() {
            return Ok(names);
        }
        for (number, entry) in fs::read_dir(&self.path).map_err(failed)?.enumerate() {
            few_enough(number).map_err(failed)?;
            if let Ok(name) = entry.map_err(failed)?.file_name().into_string() {
                names.push(name);
            }
        }
        names.sort();
        Ok(names)
    }

    fn place(&self, name: &str) -> String {
        printable(&self.path.join(name).to_string_lossy())
    }

    fn readable_by_others(&self, name: &str) -> Result<Option<bool>, DeviceError> {
        let path = self.file(name)?;
        // Whoever has the stick can read it; nobody else is on the appliance.
        if self.sticks.is_some() {
            return Ok(None);
        }
        let file = open_to_read(&path).map_err(|source| trouble("open", &path, source))?;
        let info = file.metadata().map_err(|source| trouble("open", &path, source))?;
        Ok(keeps_modes(&file).then_some(info.mode() & 0o077 != 0))
    }
}

/// A file or folder in a folder.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Listed {
    /// Whether it is no folder: folders come first.
    pub is_file: bool,
    /// Its name.
    pub name: String,
}

/// Whether one more is looked at where a folder had `number` names before it.
fn few_enough(number: usize) -> io::Result<()> {
    let most = limits::FOLDER_NAMES;
    let many = || io::Error::other(format!("more than {most} files and folders are in it; take some of them away"));
    if number < most { Ok(()) } else { Err(many()) }
}

/// What lies in a folder and can be named, folders first. Hidden names and links are left out.
///
/// # Errors
/// The folder cannot be read, or has more names than [`limits::FOLDER_NAMES`].
pub fn listing(path: &Path) -> Result<Vec<Listed>, DeviceError> {
    let failed = |source| trouble("list", path, source);
    let mut all = Vec::new();
    for (number, entry) in fs::read_dir(path).map_err(failed)?.enumerate() {
        few_enough(number).map_err(failed)?;
        let entry = entry.map_err(failed)?;
        let kind = entry.file_type().map_err(failed)?;
        let name = entry.file_name().into_string().ok().filter(|name| !name.starts_with('.'));
        if let Some(name) = name.filter(|_| kind.is_file() || kind.is_dir()) {
            all.push(Listed { is_file: kind.is_file(), name });
        }
    }
    all.sort();
    Ok(all)
}

/// The folder as a whole path, where there is one.
#[must_use]
pub fn whole_path(path: &Path) -> PathBuf {
    fs::canonicalize(path).unwrap_or_else(|_| path.to_owned())
}

/// Reads a file that a command names, at most `limit` bytes.
///
/// # Errors
/// The device's; not a regular file; too large.
pub fn read_file(path: &Path, limit: usize) -> Result<Vec<u8>, DeviceError> {
    let options = OpenOptions::new().read(true).custom_flags(nonblocking()).open(path);
    let file = options.map_err(|source| trouble("open", path, source))?;
    read_all(file, path, limit)
}

/// Opens a file that a command names, to be read bit by bit.
///
/// # Errors
/// The device's; not a regular file.
pub fn open_file(path: &Path) -> Result<File, DeviceError> {
    let options = OpenOptions::new().read(true).custom_flags(nonblocking()).open(path);
    let file = options.map_err(|source| trouble("open", path, source))?;
    let is_file = file.metadata().is_ok_and(|info| info.is_file());
    if is_file { Ok(file) } else { Err(trouble("read", path, io::Error::other("not a regular file"))) }
}

/// Writes a file that a command names, durably, and whole or not at all: the bytes go into a file beside it, which then
/// takes its name. A character device is written to as it is.
///
/// # Errors
/// The device's; neither a regular file nor a character device is there, and opening it could hang.
pub fn write_file(path: &Path, bytes: &[u8], privacy: Privacy) -> Result<(), DeviceError> {
    let there = fs::symlink_metadata(path).ok().map(|info| info.file_type());
    if there.is_some_and(|kind| !kind.is_file() && !kind.is_char_device()) {
        return Err(trouble("write", path, io::Error::other("not a regular file")));
    }
    if there.is_some_and(|kind| kind.is_char_device()) {
        return write_new_bytes(path, path, bytes, privacy);
    }
    let beside = beside(path);
    // What an end in the middle left there, or somebody put in the way: a pipe would be waited for.
    let _nothing_there = fs::remove_file(&beside);
    let written = write_new_bytes(&beside, path, bytes, privacy)
        .and_then(|()| {
            File::open(&beside).and_then(|file| file.sync_all()).map_err(|source| trouble("sync", path, source))
        })
        .and_then(|()| fs::rename(&beside, path).map_err(|source| trouble("write", path, source)));
    if let Err(error) = written {
        let _gone = fs::remove_file(&beside);
        return Err(error);
    }
    sync_folder(parent(path)).map_err(|source| trouble("sync", path, source))
}

/// Where a file is until it is whole.
fn beside(path: &Path) -> PathBuf {
    let mut name = std::ffi::OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    name.push(".part");
    path.with_file_name(name)
}

/// Writes to `place`; what goes wrong is told of `path`.
fn write_new_bytes(place: &Path, path: &Path, bytes: &[u8], privacy: Privacy) -> Result<(), DeviceError> {
    let mode = match privacy {
        Privacy::Public => 0o644,
        Privacy::Private => 0o600,
    };
    let mut options = OpenOptions::new();
    let mut file = options
        .write(true)
        .create(true)
        .truncate(true)
        .mode(mode)
        .custom_flags(no_links())
        .open(place)
        .map_err(|source| trouble("open", path, source))?;
    file.write_all(bytes).map_err(|source| trouble("write", path, source))
}

/// Whoever opens a pipe to write waits for a reader: only a regular file, or none, is written to. A link is left to the
/// opening, which refuses it.
fn not_special(path: &Path, action: &'static str) -> Result<(), DeviceError> {
    let kind = fs::symlink_metadata(path).map(|info| info.file_type());
    match kind {
        Ok(kind) if !kind.is_file() && !kind.is_symlink() => {
            Err(trouble(action, path, io::Error::other("not a regular file")))
        }
        Ok(_) | Err(_) => Ok(()),
    }
}

fn open_to_read(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).custom_flags(no_links() | nonblocking()).open(path)
}

fn read_all(file: File, path: &Path, limit: usize) -> Result<Vec<u8>, DeviceError> {
    let failed = |source| trouble("read", path, source);
    let info = file.metadata().map_err(failed)?;
    if !info.is_file() {
        return Err(trouble("read", path, io::Error::other("not a regular file")));
    }
    let too_large = || DeviceError::TooLarge { name: printable(&path.to_string_lossy()), limit };
    let most = u64::try_from(limit).unwrap_or(u64::MAX);
    if info.len() > most {
        return Err(too_large());
    }
    let mut bytes = Vec::new();
    file.take(most.saturating_add(1)).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() > limit { Err(too_large()) } else { Ok(bytes) }
}

fn keeps_modes(file: &File) -> bool {
    // FAT, exFAT and NTFS show the modes of the mount, not of the file.
    const WITHOUT: [i64; 4] = [0x4d44, 0x2011_bab0, 0x5346_544e, 0x7366_746e];
    rustix::fs::fstatfs(file).is_ok_and(|info| !WITHOUT.contains(&info.f_type))
}

fn sync_folder(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

fn parent(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

fn no_links() -> i32 {
    flag(OFlags::NOFOLLOW)
}

/// Opening a pipe or a device must not hang.
fn nonblocking() -> i32 {
    flag(OFlags::NONBLOCK)
}

fn flag(flags: OFlags) -> i32 {
    i32::try_from(flags.bits()).unwrap_or(0)
}

fn trouble(action: &'static str, path: &Path, source: io::Error) -> DeviceError {
    let link = source.raw_os_error() == Some(rustix::io::Errno::LOOP.raw_os_error());
    let source = if link { io::Error::other("it is a link, and links are not followed") } else { source };
    DeviceError::File { action, name: printable(&path.to_string_lossy()), source }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_store_reads_what_it_wrote_and_nothing_behind_a_link() {
        let dir = tempfile::tempdir().unwrap();
        let mut folder = Folder::at(&dir.path().join("v"));
        folder.create().unwrap();
        folder.write("a", b"one", Privacy::Private).unwrap();
        folder.append("a", b"two").unwrap();
        folder.sync("a").unwrap();
        folder.sync_names().unwrap();
        assert_eq!(folder.read("a", 6).unwrap().unwrap(), b"onetwo");
        assert!(matches!(folder.read("a", 5), Err(DeviceError::TooLarge { .. })));
        assert!(folder.read("b", 5).unwrap().is_none());
        folder.truncate("a", 3).unwrap();
        assert_eq!(folder.read("a", 6).unwrap().unwrap(), b"one");
        assert!(folder.append("b", b"x").is_err());
        assert!(folder.read("../v/a", 9).is_err());
        std::os::unix::fs::symlink("a", dir.path().join("v/link")).unwrap();
        assert!(folder.read("link", 9).is_err());
        assert!(folder.write("link", b"x", Privacy::Public).is_err());
        assert!(folder.read(".", 9).is_err());
        assert_eq!(folder.names().unwrap(), ["a", "link"]);
        folder.remove("a").unwrap();
        assert!(folder.read("a", 9).unwrap().is_none());
    }

    #[test]
    fn a_folder_of_too_many_names_is_not_read_whole() {
        let dir = tempfile::tempdir().unwrap();
        for number in 0..limits::FOLDER_NAMES {
            File::create(dir.path().join(number.to_string())).unwrap();
        }
        let folder = Folder::at(dir.path());
        assert_eq!(folder.names().unwrap().len(), limits::FOLDER_NAMES);
        assert_eq!(listing(dir.path()).unwrap().len(), limits::FOLDER_NAMES);
        // Hidden names, and folders, count as well.
        fs::create_dir(dir.path().join(".one more")).unwrap();
        for refused in [folder.names().map(drop), listing(dir.path()).map(drop)] {
            let error = refused.unwrap_err().to_string();
            assert!(error.contains("more than 10000 files and folders are in it"), "{error}");
        }
    }

    #[test]
    fn a_folder_to_be_is_made_by_its_first_file() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("v");
        let mut folder = Folder::to_be(&path);
        assert!(folder.names().unwrap().is_empty() && folder.read("a", 9).unwrap().is_none() && !path.exists());
        folder.write("a", b"one", Privacy::Public).unwrap();
        folder.sync_names().unwrap();
        assert_eq!(folder.names().unwrap(), ["a"]);
        assert!(Folder::at(&dir.path().join("w")).names().is_err());
        let mut nowhere = Folder::to_be(&dir.path().join("none/v"));
        assert!(nowhere.write("a", b"one", Privacy::Public).is_err());
    }

    #[test]
    fn nothing_but_a_file_or_a_character_device_is_written_to() {
        let dir = tempfile::tempdir().unwrap();
        let pipe = dir.path().join("pipe");
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        let refused = |path: &Path| write_file(path, b"x", Privacy::Public).unwrap_err().to_string();
        assert!(refused(&pipe).contains("not a regular file"));
        let _listens = std::os::unix::net::UnixListener::bind(dir.path().join("socket")).unwrap();
        assert!(refused(&dir.path().join("socket")).contains("not a regular file"));
        assert!(refused(Path::new("/dev/full")).contains("No space left"));
        let link = dir.path().join("link");
        std::os::unix::fs::symlink(dir.path().join("file"), &link).unwrap();
        assert!(refused(&link).contains("not a regular file"));
        write_file(&dir.path().join("file"), b"x", Privacy::Public).unwrap();
        // A store would wait for a reader as well.
        let mut folder = Folder::at(dir.path());
        let done =
            [folder.write("pipe", b"x", Privacy::Private), folder.append("pipe", b"x"), folder.truncate("pipe", 0)];
        for refused in done {
            assert!(refused.unwrap_err().to_string().contains("not a regular file"));
        }
    }

    /// What cannot be written whole leaves what was there, and nothing beside it.
    #[test]
    fn a_file_is_written_whole_or_not_at_all() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("answer");
        write_file(&file, b"first", Privacy::Public).unwrap();
        // A folder in the way of the file beside: nothing can be written there.
        fs::create_dir(dir.path().join(".answer.part")).unwrap();
        assert!(write_file(&file, b"second", Privacy::Public).is_err());
        assert_eq!(fs::read(&file).unwrap(), b"first");
        let error = write_file(&file, b"second", Privacy::Public).unwrap_err().to_string();
        assert!(error.contains("answer") && !error.contains(".part"), "{error}");
        fs::remove_dir(dir.path().join(".answer.part")).unwrap();
        // A pipe there, at whose other end nobody is; a link, whose target is not touched.
        assert!(std::process::Command::new("mkfifo").arg(dir.path().join(".answer.part")).status().unwrap().success());
        write_file(&file, b"second", Privacy::Public).unwrap();
        assert_eq!(fs::read(&file).unwrap(), b"second");
        let target = tempfile::NamedTempFile::new().unwrap();
        std::os::unix::fs::symlink(target.path(), dir.path().join(".answer.part")).unwrap();
        write_file(&file, b"second", Privacy::Public).unwrap();
        assert!(fs::read(target.path()).unwrap().is_empty());
        assert_eq!(fs::read(&file).unwrap(), b"second");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_private_file_is_for_its_owner() {
        let dir = tempfile::tempdir().unwrap();
        let mut folder = Folder::at(dir.path());
        folder.write("private", b"x", Privacy::Private).unwrap();
        folder.write("public", b"x", Privacy::Public).unwrap();
        assert_ne!(folder.readable_by_others("private").unwrap(), Some(true));
        assert_ne!(folder.readable_by_others("public").unwrap(), Some(false));
    }
}
