//! Stands for the appliance's first process: answers through the two pipes, and mounts sticks, which are folders, by moving
//! them. Holds that nothing is changed on a stick that was not asked to be writable.

use std::{
    collections::BTreeMap,
    fs::{self, File, OpenOptions},
    io::{Read, Write},
    path::{Path, PathBuf},
    process::Command,
    sync::{Arc, Mutex},
    thread,
};

use crate::sitter::Sitter;
use strongroom::{
    boot, console,
    device::{
        self, StickState, Sticks,
        pipes::{self, ABSENT, ANSWER, ASK, LOCKED, NO_REQUEST, Request},
    },
};

/// Names the folder of a keeper to a process that is to sit before its sticks.
const SITS: &str = "STRONGROOM_TEST_SITS";
/// What the image is called here.
const WORDS: &str = "abandon ability able about above absent absorb abstract absurd abuse access accident";

/// What is said of a keyboard that came when people had left the first screen.
const LATE: &str = "closed (1209:0001): a keyboard that came later: switch off, and start again with it plugged in";

pub(crate) struct Keeper {
    folder: tempfile::TempDir,
    plugged: Arc<Mutex<Plugged>>,
}

#[derive(Default)]
struct Plugged {
    sticks: BTreeMap<String, Stick>,
    /// Sticks that cannot be written to.
    locked: Vec<String>,
    /// A stick that is pulled at the next request to write to it.
    slipping: Option<String>,
    /// What was done on a stick that was to be read only.
    wrong: Vec<String>,
    asked: Vec<String>,
    /// Whether people have left the first screen.
    settled: bool,
    /// A keyboard that came, and whether that was later.
    keyboard: Option<bool>,
}

struct Stick {
    state: StickState,
    /// What is on it, while it is to be read only.
    files: Files,
}

type Files = BTreeMap<PathBuf, Vec<u8>>;

/// In a process that was started to sit before the sticks: does so. `false` elsewhere.
pub(crate) fn sits() -> bool {
    let Some(folder) = std::env::var_os(SITS).map(PathBuf::from) else { return false };
    // What the checks find in the machine that the pages show.
    let about = boot::about(WORDS, "6.1.0-56-amd64", 955, 40, 81);
    console::sit(&about, Sticks::kept_by(&folder.join("pipes"), &folder.join("media"))).unwrap();
    true
}

impl Keeper {
    pub(crate) fn new() -> Self {
        let keeper = Self { folder: tempfile::tempdir().unwrap(), plugged: Arc::default() };
        for name in ["pipes", "media", "apart"] {
            fs::create_dir(keeper.path(name)).unwrap();
        }
        for pipe in [ASK, ANSWER] {
            assert!(Command::new("mkfifo").arg(keeper.path("pipes").join(pipe)).status().unwrap().success());
        }
        let pipe = |name: &str| keeper.path("pipes").join(name);
        let open = |name: &str| OpenOptions::new().read(true).write(true).open(pipe(name)).unwrap();
        let (mut ask, mut answer) = (open(ASK), open(ANSWER));
        let (plugged, root) = (Arc::clone(&keeper.plugged), keeper.path(""));
        thread::spawn(move || {
            loop {
                let request = line(&mut ask);
                let told = plugged.lock().unwrap().answer(&root, &request);
                answer.write_all(pipes::answer(&told).as_bytes()).unwrap();
            }
        });
        keeper
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The folder of a stick, which is made where there is none; plugged in or not.
    pub(crate) fn stick(&self, name: &str) -> PathBuf {
        let mounted = self.path("media").join(name);
        if mounted.exists() {
            return mounted;
        }
        let apart = self.path("apart").join(name);
        fs::create_dir_all(&apart).unwrap();
        apart
    }

    /// Plugs a stick in; `apart` is what it is called while it is not.
    pub(crate) fn plug(&self, name: &str) {
        let mut plugged = self.plugged.lock().unwrap();
        fs::rename(self.stick(name), self.path("media").join(name)).unwrap();
        let files = files(&self.path("media").join(name));
        plugged.sticks.insert(name.to_owned(), Stick { state: StickState::Readable, files });
    }

    /// Plugs in one more keyboard, which the real one opens before people have left the first screen.
    pub(crate) fn plug_keyboard(&self) {
        let plugged = &mut self.plugged.lock().unwrap();
        plugged.keyboard = Some(plugged.settled);
    }

    pub(crate) fn pull(&self, name: &str) {
        self.plugged.lock().unwrap().pull(&self.path(""), name);
    }

    pub(crate) fn lock(&self, name: &str, locked: bool) {
        let locks = &mut self.plugged.lock().unwrap().locked;
        locks.retain(|other| other != name);
        if locked {
            locks.push(name.to_owned());
        }
    }

    /// The stick is pulled as soon as somebody wants to write to it.
    pub(crate) fn slips(&self, name: &str) {
        self.plugged.lock().unwrap().slipping = Some(name.to_owned());
    }

    /// A person before the screens: this very test, once more, in a process of its own.
    pub(crate) fn sitter(&self, test: &str, size: (u16, u16)) -> Sitter {
        let mut command = Command::new("setsid");
        command.args(["--ctty", "--wait"]).arg(std::env::current_exe().unwrap());
        command.args(["--exact", test, "--nocapture", "--test-threads=1"]).env(SITS, self.folder.path());
        command.env("TERM", "linux").env("LC_ALL", "C");
        Sitter::before(self.folder.path(), size, command)
    }

    /// What was asked, without the looking around.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.plugged.lock().unwrap().asked.clone()
    }

    /// Nothing was changed on a stick that was to be read only, and none is left writable.
    #[track_caller]
    pub(crate) fn was_obeyed(&self) {
        let mut plugged = self.plugged.lock().unwrap();
        let names: Vec<String> = plugged.sticks.keys().cloned().collect();
        for name in names {
            plugged.look_at(&self.path(""), &name);
        }
        assert!(plugged.wrong.is_empty(), "{:?}", plugged.wrong);
        assert!(plugged.sticks.values().all(|stick| stick.state != StickState::Writable));
    }
}

impl Plugged {
    fn answer(&mut self, root: &Path, line: &str) -> Result<Vec<String>, String> {
        let (name, state) = match Request::read(line).ok_or(NO_REQUEST)? {
            Request::List => {
                let told = |(name, stick): (&String, &Stick)| {
                    let (kind, model) = ("vfat".to_owned(), "Stick 1.0".to_owned());
                    let (name, state) = (name.clone(), stick.state.clone());
                    device::Stick { name, kind, bytes: 41_000_000, state, model }.to_string()
                };
                return Ok(self.sticks.iter().map(told).collect());
            }
            Request::Plugs => {
                let more = self.keyboard.map(|late| if late { LATE } else { "a keyboard (1209:0001)" });
                return Ok(["a keyboard (0627:0001)", "a stick (46f4:0001): the boot stick"]
                    .into_iter()
                    .chain(more)
                    .map(str::to_owned)
                    .collect());
            }
            Request::Settled => {
                self.settled = true;
                return Ok(Vec::new());
            }
            Request::ShutOut => {
                return Ok(self.keyboard.filter(|late| *late).map(|_| LATE.to_owned()).into_iter().collect());
            }
            Request::Boot => return Ok(vec!["watched".to_owned()]),
            Request::Write(name) => (name, StickState::Writable),
            Request::Keep(name) => (name, StickState::Readable),
            Request::Leave(name) => (name, StickState::Left),
        };
        self.asked.push(line.to_owned());
        let writes = state == StickState::Writable;
        if writes && self.slipping.as_deref() == Some(name) {
            self.slipping = None;
            self.pull(root, name);
        }
        self.look_at(root, name);
        let (mounted, apart) = (root.join("media").join(name), root.join("apart").join(name));
        let stick = self.sticks.get_mut(name).ok_or_else(|| format!("that stick {ABSENT}"))?;
        if writes && self.locked.iter().any(|locked| locked == name) {
            return Err(format!("{name} {LOCKED}"));
        }
        if state == StickState::Left && stick.state != StickState::Left {
            fs::rename(&mounted, &apart).unwrap();
        } else if state != StickState::Left && stick.state == StickState::Left {
            fs::rename(&apart, &mounted).unwrap();
        }
        stick.state = state;
        stick.files = files(&mounted);
        Ok(Vec::new())
    }

    fn look_at(&mut self, root: &Path, name: &str) {
        let Some(stick) = self.sticks.get(name) else { return };
        if stick.state == StickState::Readable && files(&root.join("media").join(name)) != stick.files {
            self.wrong.push(name.to_owned());
        }
    }

    fn pull(&mut self, root: &Path, name: &str) {
        self.look_at(root, name);
        let stick = self.sticks.remove(name).unwrap();
        if stick.state != StickState::Left {
            fs::rename(root.join("media").join(name), root.join("apart").join(name)).unwrap();
        }
    }
}

/// All that lies below a folder.
fn files(folder: &Path) -> Files {
    let mut all = Files::new();
    for entry in fs::read_dir(folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            all.insert(path.clone(), Vec::new());
            all.extend(files(&path));
        } else {
            all.insert(path.clone(), fs::read(&path).unwrap());
        }
    }
    all
}

fn line(pipe: &mut File) -> String {
    let mut line = Vec::new();
    let mut byte = [0];
    while pipe.read(&mut byte).unwrap() == 1 && byte != *b"\n" {
        line.extend(byte);
    }
    String::from_utf8(line).unwrap()
}
