//! A person before full screens: the real program on a pty of its own, its screen as a terminal shows it.

use std::{
    fs::{self, File},
    io::{Read, Write},
    os::{fd::OwnedFd, unix::process::ExitStatusExt},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle, sleep},
    time::{Duration, Instant},
};

use rustix::{
    fs::{OFlags, fcntl_setfl},
    pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt},
    termios::{LocalModes, Winsize, tcgetattr, tcsetwinsize},
};

use crate::program::PROGRAM;

const SECONDS: Duration = Duration::from_secs(60);
/// A screen that did not change for so long is whole.
const STILL: Duration = Duration::from_millis(150);

/// What the terminal shows, all that it was ever sent, and when the last of it came.
struct Shown {
    parser: vt100::Parser,
    sent: Vec<u8>,
    last: Instant,
}

/// The program, which does not outlive a test that fails.
struct Program(Child);

impl Drop for Program {
    fn drop(&mut self) {
        if !matches!(self.0.try_wait(), Ok(Some(_))) {
            let _ended = (self.0.kill(), self.0.wait());
        }
    }
}

pub(crate) struct Sitter {
    keyboard: File,
    /// Kept open, so that the terminal stays.
    slave: File,
    child: Program,
    shown: Arc<Mutex<Shown>>,
    reader: Option<JoinHandle<()>>,
    gone: Arc<AtomicBool>,
    folder: PathBuf,
    size: (u16, u16),
}

impl Sitter {
    /// Starts the program in `folder` at a terminal of so many rows and columns.
    pub(crate) fn start(folder: &Path, (rows, columns): (u16, u16), arguments: &[&str]) -> Self {
        Self::start_in(folder, (rows, columns), &[("LC_ALL", "C.UTF-8"), ("TERM", "xterm")], arguments)
    }

    pub(crate) fn start_in(
        folder: &Path,
        (rows, columns): (u16, u16),
        environment: &[(&str, &str)],
        arguments: &[&str],
    ) -> Self {
        let mut command = Command::new("setsid");
        command.args(["--ctty", "--wait", &*PROGRAM]).args(arguments).envs(environment.iter().copied());
        command.current_dir(folder);
        Self::before(folder, (rows, columns), command)
    }

    /// Starts a command at a terminal of its own. `folder` is what no kept screen names.
    pub(crate) fn before(folder: &Path, (rows, columns): (u16, u16), mut command: Command) -> Self {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).unwrap();
        grantpt(&master).unwrap();
        unlockpt(&master).unwrap();
        let name = ptsname(&master, Vec::new()).unwrap();
        let slave = File::options().read(true).write(true).open(name.to_str().unwrap()).unwrap();
        tcsetwinsize(&slave, winsize(rows, columns)).unwrap();
        let end = || Stdio::from(OwnedFd::from(slave.try_clone().unwrap()));
        let child = Program(command.stdin(end()).stdout(end()).stderr(end()).spawn().unwrap());
        let parser = vt100::Parser::new(rows.try_into().unwrap(), columns.try_into().unwrap(), 0);
        let shown = Arc::new(Mutex::new(Shown { parser, sent: Vec::new(), last: Instant::now() }));
        // Nobody waits in a read, so that the terminal can be taken away.
        fcntl_setfl(&master, OFlags::NONBLOCK).unwrap();
        let keyboard = File::from(master);
        let mut eyes = keyboard.try_clone().unwrap();
        let (seen, gone) = (Arc::clone(&shown), Arc::new(AtomicBool::new(false)));
        let over = Arc::clone(&gone);
        let reader = thread::spawn(move || {
            let mut bytes = [0; 65536];
            while !over.load(Ordering::Relaxed) {
                match eyes.read(&mut bytes) {
                    Ok(count @ 1..) => {
                        let mut seen = seen.lock().unwrap();
                        seen.parser.process(&bytes[..count]);
                        seen.sent.extend_from_slice(&bytes[..count]);
                        seen.last = Instant::now();
                    }
                    Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => sleep(Duration::from_millis(4)),
                    Ok(_) | Err(_) => break,
                }
            }
        });
        let folder = folder.canonicalize().unwrap();
        Self { keyboard, slave, child, shown, reader: Some(reader), gone, folder, size: (rows, columns) }
    }

    /// The screen now, without blanks at the ends of its rows.
    pub(crate) fn screen(&self) -> String {
        let shown = self.shown.lock().unwrap();
        let rows: Vec<String> =
            shown.parser.screen().rows(0, self.size.1).map(|row| row.trim_end().to_owned()).collect();
        rows.join("\n")
    }

    /// Everything that the terminal was ever sent.
    pub(crate) fn sent(&self) -> String {
        String::from_utf8_lossy(&self.shown.lock().unwrap().sent).into_owned()
    }

    /// Waits until the screen has this text, and stands still.
    #[track_caller]
    pub(crate) fn sees(&self, text: &str) -> String {
        let begun = Instant::now();
        loop {
            let screen = self.screen();
            let still = self.shown.lock().unwrap().last.elapsed() > STILL;
            if still && screen.contains(text) {
                return screen;
            }
            assert!(begun.elapsed() < SECONDS, "waited for `{text}` before\n{screen}");
            sleep(Duration::from_millis(20));
        }
    }

    /// Waits until the screen has this text, or asks to go on; whether it has the text.
    #[track_caller]
    pub(crate) fn turns_to(&self, text: &str) -> bool {
        let begun = Instant::now();
        loop {
            let screen = self.sees("");
            if screen.contains(text) || screen.contains("Enter: go on") {
                return screen.contains(text);
            }
            assert!(begun.elapsed() < SECONDS, "waited for `{text}` before\n{screen}");
            sleep(Duration::from_millis(20));
        }
    }

    /// The same where the screen never stands still.
    #[track_caller]
    pub(crate) fn glances(&self, text: &str) {
        let begun = Instant::now();
        while !self.screen().contains(text) {
            assert!(begun.elapsed() < SECONDS, "waited for `{text}` before\n{}", self.screen());
            sleep(Duration::from_millis(20));
        }
    }

    /// Types, and does not wait.
    pub(crate) fn types(&mut self, text: &str) {
        self.keyboard.write_all(text.as_bytes()).unwrap();
    }

    /// Waits for a text on the screen, then types.
    #[track_caller]
    pub(crate) fn at(&mut self, text: &str, typed: &str) -> String {
        let screen = self.sees(text);
        self.types(typed);
        // The screen that was seen is not taken for the next one.
        let begun = Instant::now();
        while self.screen() == screen && begun.elapsed() < Duration::from_secs(2) {
            sleep(Duration::from_millis(10));
        }
        screen
    }

    pub(crate) fn resize(&mut self, rows: u16, columns: u16) {
        self.size = (rows, columns);
        let mut shown = self.shown.lock().unwrap();
        shown.parser.screen_mut().set_size(rows.try_into().unwrap(), columns.try_into().unwrap());
        drop(shown);
        tcsetwinsize(&self.slave, winsize(rows, columns)).unwrap();
        // The program looks at its window a few times a second.
        sleep(3 * STILL);
    }

    pub(crate) fn signal(&self, signal: rustix::process::Signal) {
        let process = rustix::process::Pid::from_child(&self.child.0);
        rustix::process::kill_process(process, signal).unwrap();
    }

    /// Compares the screen with the one that is kept under this name; what differs from run to run apart.
    #[track_caller]
    pub(crate) fn keeps(&self, name: &str, text: &str) {
        let (rows, columns) = self.size;
        let writes = std::env::var_os("STRONGROOM_SCREENS").is_some();
        if writes {
            // What is seen may still be the screen before.
            sleep(4 * STILL);
        }
        let mut screen = masked(&self.sees(text), &self.folder);
        let file =
            Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/screens/console/{name}-{columns}x{rows}.txt"));
        if writes {
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(&file, format!("{screen}\n")).unwrap();
        }
        let kept = fs::read_to_string(&file).unwrap_or_default();
        let begun = Instant::now();
        // What was seen may still have been the screen before.
        while kept != format!("{screen}\n") && begun.elapsed() < Duration::from_secs(10) {
            sleep(STILL);
            screen = masked(&self.sees(text), &self.folder);
        }
        assert!(kept == format!("{screen}\n"), "{} is to be:\n{screen}", file.display());
    }

    /// Takes the terminal away, as where its window is closed or its cable pulled: the program's exit code.
    #[track_caller]
    pub(crate) fn hangs_up(mut self) -> i32 {
        self.gone.store(true, Ordering::Relaxed);
        self.reader.take().unwrap().join().unwrap();
        drop(self.keyboard);
        drop(self.slave);
        let begun = Instant::now();
        loop {
            if let Some(status) = self.child.0.try_wait().unwrap() {
                return status.code().unwrap_or_else(|| panic!("ended by signal {:?}", status.signal()));
            }
            if begun.elapsed() > SECONDS {
                panic!("the program goes on without a terminal");
            }
            sleep(Duration::from_millis(20));
        }
    }

    /// Waits for the program's end: its exit code, and whether the terminal is as it was.
    #[track_caller]
    pub(crate) fn ends(mut self) -> i32 {
        let begun = Instant::now();
        let status = loop {
            if let Some(status) = self.child.0.try_wait().unwrap() {
                break status;
            }
            if begun.elapsed() > SECONDS {
                panic!("the program does not end before\n{}", self.screen());
            }
            sleep(Duration::from_millis(20));
        };
        sleep(STILL);
        let modes = tcgetattr(&self.slave).unwrap().local_modes;
        assert!(modes.contains(LocalModes::ECHO | LocalModes::ICANON | LocalModes::ISIG), "{modes:?}");
        let shown = self.shown.lock().unwrap();
        assert!(!shown.parser.screen().alternate_screen() && !shown.parser.screen().hide_cursor());
        status.code().unwrap_or_else(|| panic!("ended by signal {:?}", status.signal()))
    }
}

fn winsize(rows: u16, columns: u16) -> Winsize {
    Winsize { ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 }
}

/// A screen without what is other in each run: the folder, the words and digits of digests.
fn masked(screen: &str, folder: &Path) -> String {
    let folder = folder.to_str().unwrap();
    let lines = screen.lines().map(|line| {
        let line = line.replace(folder, "/desk");
        let words: Vec<&str> = line.split_whitespace().collect();
        let numbered = words.len() >= 4
            && words.len().is_multiple_of(2)
            && words
                .chunks(2)
                .all(|pair| pair[0].parse::<u8>().is_ok() && pair[1].bytes().all(|b| b.is_ascii_lowercase()));
        if numbered {
            return " (numbered words)".to_owned();
        }
        if words.len() > 6 && words[0] == "review" && words[2] != "of" {
            return "   review (words)".to_owned();
        }
        if let Some((before, _)) = line.split_once("fingerprint of the seed: ") {
            return format!("{before}fingerprint of the seed: (digits)");
        }
        let digest = |word: &&str| [16, 64].contains(&word.len()) && word.bytes().all(|byte| byte.is_ascii_hexdigit());
        if words.iter().any(digest) {
            return " (a digest)".to_owned();
        }
        line
    });
    lines.collect::<Vec<_>>().join("\n")
}
