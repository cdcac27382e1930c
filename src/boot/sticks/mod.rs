//! The sticks: found, named, mounted to be read, writable only for the moment of a write, and let go.
//!
//! Floor 6; the first process alone does this. Each file system is mounted in a folder of its own below `/media`. The program's side
//! has no node of a disk: what the kernel makes in `/dev` is taken away as soon as it is seen.

mod labels;
mod superblock;

use std::{
    collections::{BTreeMap, BTreeSet},
    ffi::CString,
    fs::{self, File},
    io::{Read, Seek, SeekFrom},
    path::{Path, PathBuf},
    sync::mpsc::Sender,
};

use rustix::{
    fs::{CWD, FileType, Mode, makedev, mknodat, sync},
    mount::{MountFlags, UnmountFlags, mount, unmount},
};

use self::{labels::Piece, superblock::Kind};
use super::{
    kernel::names,
    watch::{Key, News},
};
use crate::{
    device::{
        Stick as Told, StickState,
        pipes::{ABSENT, LOCKED, MEDIA, NO_REQUEST, Request, UNLABELLED, label_of, numbered},
    },
    limits,
    text::printable,
};

/// Where the kernel shows disks.
const BLOCKS: &str = "/sys/block";
/// And every one by its own name, partitions too.
const SHOWN: &str = "/sys/class/block";
/// Where their nodes are for the first process.
const NODES: &str = "/run/disks";
/// Where the kernel makes nodes of them.
const DEVICES: &str = "/dev";
/// What is said of sticks beyond those that are looked at.
const TOO_MANY: &str = "too many sticks are plugged in";

/// A file system on a stick.
struct Stick {
    /// Its folder's name below `/media`.
    name: String,
    kind: Kind,
    bytes: u64,
    /// What the maker calls the disk. Printable.
    model: String,
    node: PathBuf,
    state: StickState,
}

/// What is done with a stick; an error is a sentence.
type Work = fn(&mut Stick) -> Result<(), String>;

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
    found: BTreeMap<Key, Found>,
    /// Every medium that the machine may have been started from: one that only looks so takes nothing from the others.
    boot_media: Vec<Key>,
    /// Where what is met is told, before it is read.
    tell: Option<Sender<News>>,
    /// Sticks without a label that have come. A name of one that was pulled is not used again: nobody knows whether it
    /// is the same.
    unlabelled: u64,
    /// Disks, or partitions of them, for which there was no room at the last look.
    beyond: BTreeMap<String, Told>,
}

impl Sticks {
    /// None yet; whoever watches is told of those that come.
    pub(super) fn telling(tell: Sender<News>) -> Self {
        Self { tell: Some(tell), ..Self::default() }
    }

    fn tell(&self, news: News) {
        // Whoever watched ends the machine.
        let _unheard = self.tell.as_ref().map(|tell| tell.send(news));
    }

    /// Mounts what has come since the last look, and lets go of what was pulled.
    pub(super) fn look(&mut self) {
        self.look_at(&blocks(), Path::new(DEVICES));
    }

    fn look_at(&mut self, there: &[Block], devices: &Path) {
        let keys: BTreeSet<_> = there.iter().map(|block| &block.key).collect();
        let gone: Vec<_> = self.found.keys().filter(|key| !keys.contains(key)).cloned().collect();
        for key in gone {
            if let Some(Found::Stick(stick)) = self.found.remove(&key) {
                stick.pulled();
            }
        }
        self.beyond.clear();
        for block in there {
            // At each look: the kernel may show a disk before it makes the node.
            let _not_there = fs::remove_file(devices.join(&block.key.0));
            if self.found.contains_key(&block.key) {
                continue;
            }
            self.tell(News::Meets(block.key.clone()));
            if self.found.len() < limits::BLOCKS {
                let found = self.meet(block);
                self.keep(block.key.clone(), found);
            } else if self.beyond.len() < limits::STICKS_BEYOND {
                self.beyond.entry(block.disk.clone()).or_insert_with(|| block.beyond());
            }
        }
    }

    fn keep(&mut self, key: Key, found: Found) {
        if matches!(found, Found::Boot) {
            self.tell(News::Boots(key.clone()));
            self.boot_media.push(key.clone());
        }
        self.found.insert(key, found);
    }

    /// How many media are watched that the machine may have been started from.
    pub(super) const fn boot_media(&self) -> usize {
        self.boot_media.len()
    }

    /// Where the kernel shows these media.
    pub(super) fn boot_places(&self) -> Vec<PathBuf> {
        self.boot_media.iter().filter_map(|(name, _)| fs::canonicalize(Path::new(SHOWN).join(name)).ok()).collect()
    }

    /// Answers a request of the program that is about sticks. An error is a sentence.
    pub(super) fn answer(&mut self, request: Request<'_>) -> Result<Vec<String>, String> {
        let (name, work): (_, Work) = match request {
            Request::List => return Ok(self.list()),
            Request::Plugs | Request::Boot | Request::Settled | Request::ShutOut => return Err(NO_REQUEST.to_owned()),
            Request::Write(name) => (name, Stick::writable),
            Request::Keep(name) => (name, Stick::readable),
            Request::Leave(name) => (name, Stick::leave),
        };
        let stick = self.sticks_mut().find(|stick| stick.name == name);
        work(stick.ok_or_else(|| format!("that stick {ABSENT}"))?).map(|()| Vec::new())
    }

    /// Before the power goes: everything that was written is on its stick.
    pub(super) fn leave_all(&mut self) {
        sync();
        for stick in self.sticks_mut() {
            // What cannot be unmounted was written by the sync.
            let _busy = stick.leave();
        }
    }

    /// A line a stick.
    fn list(&self) -> Vec<String> {
        let sticks = self.found.values().filter_map(|found| match found {
            Found::Stick(stick) => Some(stick.told()),
            Found::Boot | Found::Nothing => None,
        });
        sticks.chain(self.beyond.values().cloned()).map(|told| told.to_string()).collect()
    }

    fn sticks_mut(&mut self) -> impl Iterator<Item = &mut Stick> {
        self.found.values_mut().filter_map(|found| match found {
            Found::Stick(stick) => Some(stick),
            Found::Boot | Found::Nothing => None,
        })
    }

    fn meet(&mut self, block: &Block) -> Found {
        let Some((node, start)) = block.open() else { return Found::Nothing };
        let on_its_disk = self.found.iter().filter(|(key, _)| key.0 == block.disk && key.1 == block.key.1);
        if on_its_disk.map(|(_, found)| found).any(|found| matches!(found, Found::Boot)) {
            return Found::Nothing;
        }
        if superblock::boots_us(&start) {
            return Found::Boot;
        }
        let Some(kind) = superblock::recognise(&start) else { return Found::Nothing };
        let root = labels::root_folder(kind, &start).and_then(|piece| piece_of(&node, piece)).unwrap_or_default();
        let name = self.free_name(&labels::label(kind, &start, &root));
        let mut stick = Stick { name, kind, bytes: block.bytes, model: block.model(), node, state: StickState::Left };
        if let Err(why) = stick.readable() {
            stick.state = StickState::Broken(why);
        }
        Found::Stick(stick)
    }

    /// What a stick of this label is called.
    fn free_name(&mut self, label: &str) -> String {
        // A label that reads like the name of one without is none.
        if label_of(label).is_none() {
            self.unlabelled = self.unlabelled.saturating_add(1);
            return numbered(UNLABELLED, self.unlabelled);
        }
        let taken: BTreeSet<_> = self.sticks_mut().map(|stick| stick.name.clone()).collect();
        let mut names = (1..).map(|number| numbered(label, number));
        names.find(|name| !taken.contains(name)).unwrap_or_default()
    }
}

impl Stick {
    fn told(&self) -> Told {
        let Self { name, kind, bytes, model, state, .. } = self;
        let (name, kind, model) = (name.clone(), kind.named().to_owned(), model.clone());
        Told { name, kind, bytes: *bytes, state: state.clone(), model }
    }

    fn folder(&self) -> PathBuf {
        Path::new(MEDIA).join(&self.name)
    }

    fn readable(&mut self) -> Result<(), String> {
        self.remount(MountFlags::RDONLY, StickState::Readable)
    }

    /// Where it cannot be written to, it is left to be read.
    fn writable(&mut self) -> Result<(), String> {
        self.remount(MountFlags::empty(), StickState::Writable).inspect_err(|_| {
            let _said_already = self.readable();
        })
    }

    /// Everything is written and the stick may be removed.
    fn leave(&mut self) -> Result<(), String> {
        if matches!(self.state, StickState::Readable | StickState::Writable) {
            sync();
            unmount(self.folder(), UnmountFlags::empty()).map_err(|errno| self.said("let go of", errno))?;
            let _is_empty = fs::remove_dir(self.folder());
            self.state = StickState::Left;
        }
        Ok(())
    }

    /// Mounted anew, since a file system that was mounted to be read was not put in order.
    fn remount(&mut self, access: MountFlags, then: StickState) -> Result<(), String> {
        if self.state == then {
            sync();
            return Ok(());
        }
        self.leave()?;
        let start = start_of(&self.node).unwrap_or_default();
        superblock::fit(self.kind, &start).map_err(str::to_owned)?;
        fs::create_dir_all(self.folder()).map_err(|error| error.to_string())?;
        let flags = MountFlags::NOSUID | MountFlags::NODEV | MountFlags::NOEXEC | MountFlags::NOATIME | access;
        let reads = access.contains(MountFlags::RDONLY);
        let what = if reads { "read" } else { "write to" };
        let waits = superblock::has_unfinished_journal(&start);
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
            rustix::io::Errno::ROFS | rustix::io::Errno::ACCESS => format!("{} {LOCKED}", self.name),
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
        rustix::io::Errno::ROFS | rustix::io::Errno::ACCESS => format!("it {LOCKED}"),
        errno => std::io::Error::from(errno).to_string(),
    };
    format!("{name} was pulled in the middle of a write, which cannot be finished here: {why}")
}

/// The first bytes of a disk.
fn start_of(node: &Path) -> Option<Vec<u8>> {
    piece_of(node, Piece { at: 0, length: superblock::LOOKED_AT })
}

/// As much of a piece of a disk as there is.
fn piece_of(node: &Path, piece: Piece) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut disk = File::open(node).ok()?;
    disk.seek(SeekFrom::Start(piece.at)).ok()?;
    disk.take(piece.length).read_to_end(&mut bytes).ok()?;
    Some(bytes)
}

/// A disk or a partition that the kernel shows.
struct Block {
    key: Key,
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

/// What the kernel shows now. No device is asked.
pub(super) fn shown() -> BTreeSet<Key> {
    blocks().into_iter().map(|block| block.key).collect()
}

impl Block {
    /// A node that only the first process has, and the first bytes.
    fn open(&self) -> Option<(PathBuf, Vec<u8>)> {
        let (name, _) = &self.key;
        fs::create_dir_all(NODES).ok()?;
        let node = Path::new(NODES).join(name);
        let _stale = fs::remove_file(&node);
        mknodat(CWD, &node, FileType::BlockDevice, Mode::RUSR | Mode::WUSR, makedev(self.major, self.minor)).ok()?;
        let start = start_of(&node)?;
        Some((node, start))
    }

    /// As it is told where there is no room for it. It is not opened.
    fn beyond(&self) -> Told {
        let (name, kind, state) = (self.disk.clone(), "not read".to_owned(), StickState::Broken(TOO_MANY.to_owned()));
        Told { name, kind, bytes: self.bytes, state, model: self.model() }
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

    fn stick(name: &str, state: StickState) -> Found {
        let node = PathBuf::from("/nowhere");
        Found::Stick(Stick { name: name.to_owned(), kind: Kind::Fat, bytes: 9, model: "M".to_owned(), node, state })
    }

    fn key(name: &str) -> Key {
        (name.to_owned(), "1".to_owned())
    }

    #[test]
    fn requests_name_a_stick_that_is_there() {
        let mut sticks = Sticks::default();
        sticks.found.insert(key("sda"), Found::Boot);
        sticks.found.insert(key("sdb1"), stick("vault", StickState::Left));
        assert_eq!(sticks.answer(Request::List).unwrap(), ["vault\tvfat\t9\tleft\tM"]);
        assert!(sticks.answer(Request::Leave("vault")).unwrap().is_empty());
        for wrong in ["", "sda", "../vault", "other", "vault "] {
            for request in [Request::Leave(wrong), Request::Keep(wrong), Request::Write(wrong)] {
                assert!(sticks.answer(request).unwrap_err().ends_with(ABSENT), "{request}");
            }
        }
        assert!(sticks.answer(Request::Plugs).is_err() && sticks.answer(Request::Boot).is_err());
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
    fn whoever_watches_is_told_of_each_disk_that_comes_and_of_boot_media() {
        let (tell, told) = std::sync::mpsc::channel();
        let mut sticks = Sticks::telling(tell);
        let block = |name: &str| Block { key: key(name), disk: name.to_owned(), bytes: 9, major: 0, minor: 0 };
        sticks.keep(key("boot"), Found::Boot);
        assert!(matches!(told.try_recv(), Ok(News::Boots(boot)) if boot == key("boot")));
        let mut there = vec![block("boot")];
        for number in 1..limits::BLOCKS {
            let name = format!("sd{number}");
            sticks.keep(key(&name), Found::Nothing);
            there.push(block(&name));
        }
        assert_eq!(sticks.boot_media(), 1);
        sticks.look_at(&there, Path::new("/nowhere"));
        assert!(told.try_recv().is_err(), "nothing is new");
        // Those that are not looked at wait for nobody.
        there.push(block("beyond"));
        sticks.look_at(&there, Path::new("/nowhere"));
        assert!(matches!(told.try_recv(), Ok(News::Meets(met)) if met == key("beyond")));
        assert!(told.try_recv().is_err());
    }

    #[test]
    fn sticks_of_one_label_are_numbered_however_many_there_are() {
        let mut sticks = Sticks::default();
        for number in 1..=limits::BLOCKS {
            let name = sticks.free_name("vault");
            assert_eq!(name, numbered("vault", number.try_into().unwrap()));
            sticks.keep(key(&format!("sd{number}")), stick(&name, StickState::Left));
        }
        sticks.found.remove(&key("sd2"));
        assert_eq!(sticks.free_name("vault"), "vault-2");
        assert_eq!(sticks.free_name("bob"), "bob");
    }

    #[test]
    fn no_stick_without_a_label_gets_the_name_of_another_one() {
        let mut sticks = Sticks::default();
        // A label may look like such a name.
        for (label, name) in [("", "stick"), ("", "stick-2"), ("stick", "stick-3"), ("stick-9", "stick-4")] {
            assert_eq!(sticks.free_name(label), name);
        }
        sticks.keep(key("sda"), stick("stick-4", StickState::Left));
        sticks.look_at(&[], Path::new("/nowhere"));
        assert_eq!(sticks.free_name(""), "stick-5");
    }

    #[test]
    fn sticks_beyond_those_that_are_looked_at_are_told_and_have_no_node() {
        let devices = tempfile::tempdir().unwrap();
        let block = |disk: &str, name: &str| {
            fs::write(devices.path().join(name), "").unwrap();
            Block { key: key(name), disk: disk.to_owned(), bytes: 9, major: 0, minor: 0 }
        };
        let mut sticks = Sticks::default();
        let mut there = Vec::new();
        for number in 0..limits::BLOCKS {
            let name = format!("sda{number}");
            there.push(block("sda", &name));
            sticks.keep(key(&name), Found::Nothing);
        }
        sticks.look_at(&there, devices.path());
        assert!(sticks.answer(Request::List).unwrap().is_empty());
        there.extend([block("sdb", "sdb"), block("sdb", "sdb1")]);
        sticks.look_at(&there, devices.path());
        assert_eq!(sticks.answer(Request::List).unwrap(), [format!("sdb\tnot read\t9\t{TOO_MANY}\t")]);
        assert!(sticks.answer(Request::Leave("sdb")).unwrap_err().ends_with(ABSENT));
        there.extend((0..99).map(|number| block(&format!("sdc{number}"), &format!("sdc{number}"))));
        sticks.look_at(&there, devices.path());
        assert_eq!(sticks.answer(Request::List).unwrap().len(), limits::STICKS_BEYOND);
        assert_eq!(sticks.found.len(), limits::BLOCKS);
        assert_eq!(fs::read_dir(&devices).unwrap().count(), 0, "a node is left");
        there.truncate(limits::BLOCKS);
        sticks.look_at(&there, devices.path());
        assert!(sticks.answer(Request::List).unwrap().is_empty());
    }
}
