//! The sticks: found, named, mounted to be read, writable only for the moment of a write, and let go.
//!
//! Floor 6; the first process alone does this. Each file system is mounted in a folder of its own below `/media`. The program's side
//! has no node of a disk: what the kernel makes in `/dev` is taken away as soon as it is seen.

mod superblock;

use std::{
    collections::BTreeMap,
    ffi::CString,
    fs::{self, File},
    io::Read,
    path::{Path, PathBuf},
};

use rustix::{
    fs::{CWD, FileType, Mode, makedev, mknodat, sync},
    mount::{MountFlags, UnmountFlags, mount, unmount},
};

use self::superblock::Kind;
use super::kernel::names;
use crate::{device::MEDIA, limits, text::printable};

/// Where the kernel shows disks.
const BLOCKS: &str = "/sys/block";
/// Where their nodes are for the first process.
const NODES: &str = "/run/disks";

/// How a stick stands.
#[derive(Debug, Clone, PartialEq, Eq)]
enum State {
    /// Mounted, to be read.
    Readable,
    /// Mounted, for a write that goes on.
    Writable,
    /// Unmounted: it may be removed.
    Left,
    /// It cannot be mounted, and why.
    Broken(String),
}

impl State {
    fn named(&self) -> &str {
        match self {
            Self::Readable => "readable",
            Self::Writable => "writable",
            Self::Left => "left",
            Self::Broken(why) => why,
        }
    }
}

/// A file system on a stick.
struct Stick {
    /// Its folder's name below `/media`.
    name: String,
    kind: Kind,
    bytes: u64,
    /// What the maker calls the disk. Printable.
    model: String,
    node: PathBuf,
    state: State,
}

/// What became of a disk or partition.
enum Found {
    Stick(Stick),
    /// What the machine was started from: never mounted.
    Boot,
    /// Nothing that can be mounted.
    Nothing,
}

/// All that is plugged in, by the kernel's name and the number of its coming.
#[derive(Default)]
pub(super) struct Sticks {
    found: BTreeMap<(String, String), Found>,
    /// Every medium that the machine may have been started from: one that only looks so takes nothing from the others.
    boot_media: Vec<(String, String)>,
}

impl Sticks {
    /// Mounts what has come since the last look, and lets go of what was pulled. Whether anything changed.
    pub(super) fn look(&mut self) -> bool {
        let there = blocks();
        let keys: Vec<_> = there.iter().map(|block| block.key.clone()).collect();
        let gone: Vec<_> = self.found.keys().filter(|key| !keys.contains(key)).cloned().collect();
        let mut changed = !gone.is_empty();
        for key in gone {
            if let Some(Found::Stick(stick)) = self.found.remove(&key) {
                stick.pulled();
            }
        }
        for block in there {
            if !self.found.contains_key(&block.key) && self.found.len() < limits::STICKS.saturating_mul(4) {
                let found = self.meet(&block);
                self.keep(block.key, found);
                changed = true;
            }
        }
        changed
    }

    fn keep(&mut self, key: (String, String), found: Found) {
        if matches!(found, Found::Boot) {
            self.boot_media.push(key.clone());
        }
        self.found.insert(key, found);
    }

    /// Whether a medium that the machine may have been started from was here and is no more.
    pub(super) fn boot_medium_pulled(&self) -> bool {
        self.boot_media.iter().any(|key| !self.found.contains_key(key))
    }

    /// How many media are watched that the machine may have been started from.
    pub(super) const fn boot_media(&self) -> usize {
        self.boot_media.len()
    }

    /// Answers a request of the program: `list`, or `write`, `keep` or `leave` with a stick's name. An error is a
    /// sentence.
    pub(super) fn answer(&mut self, request: &str) -> Result<String, String> {
        match request.split_once(' ') {
            None if request == "list" => Ok(self.list()),
            Some((what @ ("write" | "keep" | "leave"), name)) => {
                let stick = self.sticks_mut().find(|stick| stick.name == name);
                let stick = stick.ok_or_else(|| "that stick is not plugged in".to_owned())?;
                match what {
                    "write" => stick.writable(),
                    "keep" => stick.readable(),
                    _ => stick.leave(),
                }
                .map(|()| String::new())
            }
            _ => Err("no such request".to_owned()),
        }
    }

    /// Before the power goes: everything that was written is on its stick.
    pub(super) fn leave_all(&mut self) {
        sync();
        for stick in self.sticks_mut() {
            // What cannot be unmounted was written by the sync.
            let _busy = stick.leave();
        }
    }

    /// A line a stick: name, kind, bytes, state and model, apart by tabs.
    fn list(&self) -> String {
        let sticks = self.found.values().filter_map(|found| match found {
            Found::Stick(stick) => Some(stick),
            Found::Boot | Found::Nothing => None,
        });
        let line = |stick: &Stick| {
            let Stick { name, kind, bytes, model, state, .. } = stick;
            format!("{name}\t{}\t{bytes}\t{}\t{model}\n", kind.named(), state.named())
        };
        sticks.map(line).collect()
    }

    fn sticks_mut(&mut self) -> impl Iterator<Item = &mut Stick> {
        self.found.values_mut().filter_map(|found| match found {
            Found::Stick(stick) => Some(stick),
            Found::Boot | Found::Nothing => None,
        })
    }

    fn meet(&mut self, block: &Block) -> Found {
        let Some((node, start)) = block.open() else { return Found::Nothing };
        if superblock::boots_us(&start) {
            return Found::Boot;
        }
        let of_boot = |found: &&Found| matches!(found, Found::Boot);
        let on_boot_disk = self.found.iter().filter(|(key, _)| key.0 == block.disk && key.1 == block.key.1);
        if on_boot_disk.map(|(_, found)| found).any(|found| of_boot(&found)) {
            return Found::Nothing;
        }
        let Some((kind, label)) = superblock::recognise(&start) else { return Found::Nothing };
        let wanted = if label.is_empty() { "stick".to_owned() } else { label };
        let taken: Vec<_> = self.sticks_mut().map(|stick| stick.name.clone()).collect();
        let numbered = (2..=limits::STICKS).map(|number| format!("{wanted}-{number}"));
        let Some(name) = std::iter::once(wanted.clone()).chain(numbered).find(|name| !taken.contains(name)) else {
            return Found::Nothing;
        };
        let model = block.model();
        let mut stick = Stick { name, kind, bytes: block.bytes, model, node, state: State::Left };
        if let Err(why) = stick.readable() {
            stick.state = State::Broken(why);
        }
        Found::Stick(stick)
    }
}

impl Stick {
    fn folder(&self) -> PathBuf {
        Path::new(MEDIA).join(&self.name)
    }

    fn readable(&mut self) -> Result<(), String> {
        self.remount(MountFlags::RDONLY, State::Readable)
    }

    /// Where it cannot be written to, it is left to be read.
    fn writable(&mut self) -> Result<(), String> {
        self.remount(MountFlags::empty(), State::Writable).inspect_err(|_| {
            let _said_already = self.readable();
        })
    }

    /// Everything is written and the stick may be removed.
    fn leave(&mut self) -> Result<(), String> {
        if matches!(self.state, State::Readable | State::Writable) {
            sync();
            unmount(self.folder(), UnmountFlags::empty()).map_err(|errno| self.said("let go of", errno))?;
            let _is_empty = fs::remove_dir(self.folder());
            self.state = State::Left;
        }
        Ok(())
    }

    /// Mounted anew, since a file system that was mounted to be read was not put in order.
    fn remount(&mut self, access: MountFlags, then: State) -> Result<(), String> {
        if self.state == then {
            sync();
            return Ok(());
        }
        self.leave()?;
        fs::create_dir_all(self.folder()).map_err(|error| error.to_string())?;
        let flags = MountFlags::NOSUID | MountFlags::NODEV | MountFlags::NOEXEC | MountFlags::NOATIME | access;
        let reads = access.contains(MountFlags::RDONLY);
        let what = if reads { "read" } else { "write to" };
        let waits = superblock::has_unfinished_journal(&start_of(&self.node).unwrap_or_default());
        let options = CString::new(options(self.kind, reads, waits)).map_err(|error| error.to_string())?;
        match mount(&self.node, self.folder(), self.kind.named(), flags, options.as_c_str()) {
            Ok(()) => {
                self.state = then;
                Ok(())
            }
            Err(errno) => {
                let why = if waits { unfinished(&self.name, errno) } else { self.said(what, errno) };
                let _is_empty = fs::remove_dir(self.folder());
                Err(why)
            }
        }
    }

    fn said(&self, what: &str, errno: rustix::io::Errno) -> String {
        match errno {
            rustix::io::Errno::ROFS | rustix::io::Errno::ACCESS => format!("{} is write-protected", self.name),
            rustix::io::Errno::BUSY => format!("{} is in use", self.name),
            errno => format!("cannot {what} {}: {}", self.name, std::io::Error::from(errno)),
        }
    }

    /// It was pulled: its folder goes, whoever has a file open in it.
    fn pulled(&self) {
        let _gone = unmount(self.folder(), UnmountFlags::DETACH);
        let _gone = fs::remove_dir(self.folder());
        let _gone = fs::remove_file(&self.node);
    }
}

/// How a file system is mounted. One that is only read is not written to, unless its journal waits: without playing
/// that back, an older state would be read, and the next write would land on the newer one.
const fn options(kind: Kind, reads: bool, journal_waits: bool) -> &'static str {
    match kind {
        Kind::Fat | Kind::ExFat => "umask=0077,errors=remount-ro",
        Kind::Ext4 if reads && !journal_waits => "errors=remount-ro,noload",
        Kind::Ext4 => "errors=remount-ro",
    }
}

/// Why a stick is not read whose journal cannot be played back: nothing else would show what is on it.
fn unfinished(name: &str, errno: rustix::io::Errno) -> String {
    let why = match errno {
        rustix::io::Errno::ROFS | rustix::io::Errno::ACCESS => "it is write-protected".to_owned(),
        errno => std::io::Error::from(errno).to_string(),
    };
    format!("{name} was pulled in the middle of a write, which cannot be finished here: {why}")
}

/// The first bytes of a disk.
fn start_of(node: &Path) -> Option<Vec<u8>> {
    let mut start = Vec::new();
    let most = u64::try_from(superblock::LOOKED_AT).ok()?;
    File::open(node).ok()?.take(most).read_to_end(&mut start).ok()?;
    Some(start)
}

/// A disk or a partition that the kernel shows.
struct Block {
    /// The kernel's name, and the number of the disk's coming: names are used again.
    key: (String, String),
    /// The kernel's name of the whole disk.
    disk: String,
    bytes: u64,
    major: u32,
    minor: u32,
}

/// Every disk on USB with a medium in it, and every partition, the disk before its partitions.
fn blocks() -> Vec<Block> {
    let mut all = Vec::new();
    for disk in names(Path::new(BLOCKS)).into_iter().filter(|name| name.starts_with("sd")) {
        let folder = Path::new(BLOCKS).join(&disk);
        let coming = line(&folder.join("diskseq"));
        let parts = names(&folder).into_iter().filter(|name| name.starts_with(&disk)).map(|name| folder.join(name));
        for place in std::iter::once(folder.clone()).chain(parts) {
            let Some(name) = place.file_name().and_then(|name| name.to_str()) else { continue };
            let number = line(&place.join("dev"));
            let number = number.split_once(':').and_then(|(a, b)| Some((a.parse().ok()?, b.parse().ok()?)));
            let Some((major, minor)) = number else { continue };
            let sectors: u64 = line(&place.join("size")).parse().unwrap_or(0);
            if sectors > 0 {
                let key = (name.to_owned(), coming.clone());
                all.push(Block { key, disk: disk.clone(), bytes: sectors.saturating_mul(512), major, minor });
            }
        }
    }
    all
}

impl Block {
    /// A node that only the first process has, and the first bytes.
    fn open(&self) -> Option<(PathBuf, Vec<u8>)> {
        let (name, _) = &self.key;
        fs::create_dir_all(NODES).ok()?;
        let node = Path::new(NODES).join(name);
        let _stale = fs::remove_file(&node);
        let _not_there_yet = fs::remove_file(Path::new("/dev").join(name));
        mknodat(CWD, &node, FileType::BlockDevice, Mode::RUSR | Mode::WUSR, makedev(self.major, self.minor)).ok()?;
        let start = start_of(&node)?;
        Some((node, start))
    }

    fn model(&self) -> String {
        let about = Path::new(BLOCKS).join(&self.disk).join("device");
        printable(format!("{} {}", line(&about.join("vendor")), line(&about.join("model"))).trim())
    }
}

fn line(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_default().trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stick(name: &str, state: State) -> Found {
        let node = PathBuf::from("/nowhere");
        Found::Stick(Stick { name: name.to_owned(), kind: Kind::Fat, bytes: 9, model: "M".to_owned(), node, state })
    }

    fn key(name: &str) -> (String, String) {
        (name.to_owned(), "1".to_owned())
    }

    #[test]
    fn requests_name_a_stick_that_is_there() {
        let mut sticks = Sticks::default();
        sticks.found.insert(key("sda"), Found::Boot);
        sticks.found.insert(key("sdb1"), stick("vault", State::Left));
        assert_eq!(sticks.answer("list").unwrap(), "vault\tvfat\t9\tleft\tM\n");
        assert_eq!(sticks.answer("leave vault").unwrap(), "");
        for wrong in ["leave", "leave ", "leave sda", "leave ../vault", "write other", "format vault", "", "list vault"]
        {
            assert!(sticks.answer(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn an_ext4_is_read_without_its_journal_only_where_nothing_waits_in_it() {
        let loads = |kind, reads, waits| !options(kind, reads, waits).contains("noload");
        assert!(!loads(Kind::Ext4, true, false));
        assert!(loads(Kind::Ext4, true, true) && loads(Kind::Ext4, false, true) && loads(Kind::Ext4, false, false));
        for kind in [Kind::Fat, Kind::ExFat] {
            assert_eq!(options(kind, true, true), options(kind, false, false), "no journal, no such word");
        }
        assert!(unfinished("bob", rustix::io::Errno::ROFS).contains("bob was pulled in the middle of a write"));
    }

    #[test]
    fn a_boot_medium_that_is_gone_is_noticed() {
        let mut sticks = Sticks::default();
        assert!(sticks.boot_media() == 0 && !sticks.boot_medium_pulled());
        sticks.keep(key("sda"), Found::Boot);
        sticks.keep(key("sdb"), Found::Nothing);
        assert!(sticks.boot_media() == 1 && !sticks.boot_medium_pulled());
        sticks.found.remove(&key("sdb"));
        assert!(!sticks.boot_medium_pulled());
        sticks.found.remove(&key("sda"));
        sticks.keep(("sda".to_owned(), "2".to_owned()), Found::Boot);
        assert!(sticks.boot_medium_pulled());
    }

    #[test]
    fn a_stick_that_looks_like_the_boot_medium_takes_the_watch_from_no_other() {
        for pulled in ["sda", "sdb"] {
            let mut sticks = Sticks::default();
            // Whichever the kernel shows first.
            sticks.keep(key("sda"), Found::Boot);
            sticks.keep(key("sdb"), Found::Boot);
            assert!(sticks.boot_media() == 2 && !sticks.boot_medium_pulled());
            sticks.found.remove(&key(pulled));
            assert!(sticks.boot_medium_pulled(), "{pulled}");
        }
    }
}
