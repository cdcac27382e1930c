//! The first process after the checks: it starts the program, opens what is plugged in, mounts for the program, and switches the
//! machine off when the program ends or the boot medium is pulled.
//!
//! Floor 6. It holds no secret. The program asks through two pipes; what is said there is in [`pipes`]. One thread deals with
//! devices, which may hold it up for as long as they like; the other deals with none, and ends everything.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read, Write},
    os::{
        fd::AsFd,
        unix::{fs::OpenOptionsExt, process::CommandExt},
    },
    path::Path,
    process::{Child, Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc,
    },
    thread::{self, sleep},
    time::Duration,
};

use rustix::fs::{CWD, FileType, Mode, OFlags, mknodat};

use super::{
    checks::Unfit,
    front,
    plugs::Plugs,
    sticks::{self, Sticks},
    watch::{News, Watch},
};
use crate::{
    device::pipes::{self, ANSWER, ASK, KEEPER, NO_REQUEST, Request},
    limits, sys,
};

/// How long after it was plugged in a stick is seen, most; and pulled, too.
const LOOK: Duration = Duration::from_millis(200);
/// Looks that sticks are given to take what was written, once the program has ended: five seconds of them.
const PARTING: u32 = 25;
/// Looks that the kernel is given to take back the program's memory, which it overwrites: a second of them.
const OVERWRITING: u32 = 5;

/// Serves the program until it ends. What it was started with is gone by then.
///
/// # Errors
/// The program cannot be started.
pub(super) fn keep(about: &str) -> Result<(), Unfit> {
    let system = |error: io::Error| Unfit::System("start the program".to_owned(), error.to_string());
    let pipes = Pipes::make().map_err(system)?;
    let (tell, told) = mpsc::channel();
    let over = Arc::new(AtomicBool::new(false));
    let heard = Arc::clone(&over);
    let serving = thread::Builder::new().spawn(move || serve(pipes, tell, &heard)).map_err(system)?;
    let mut program = start(about).map_err(system)?;
    let mut watch = Watch::default();
    let mut pulled = || {
        told.try_iter().for_each(|news| watch.hear(news));
        watch.pulled(&sticks::shown())
    };
    while matches!(program.try_wait(), Ok(None)) {
        if pulled() {
            // No stick is waited for: whoever pulls it wants it over.
            let _ended_by_itself = program.kill();
            within(OVERWRITING, || !matches!(program.try_wait(), Ok(None)));
            return Ok(());
        }
        sleep(LOOK);
    }
    over.store(true, Ordering::Release);
    within(PARTING, || serving.is_finished() || pulled());
    Ok(())
}

/// Waits for so many looks at most.
fn within(looks: u32, mut done: impl FnMut() -> bool) {
    for _ in 0..looks {
        if done() {
            return;
        }
        sleep(LOOK);
    }
}

/// Opens what comes and answers the program, until that is over; then every stick is let go of.
fn serve(mut pipes: Pipes, tell: mpsc::Sender<News>, over: &AtomicBool) {
    let (mut plugs, mut sticks) = (Plugs::default(), Sticks::telling(tell));
    plugs.look();
    while !over.load(Ordering::Acquire) {
        if let Some(request) = pipes.request() {
            let answer = match Request::read(&request) {
                Some(Request::Plugs) => Ok(plugs.told(&sticks.boot_places())),
                Some(Request::Settled) => {
                    plugs.settle();
                    Ok(Vec::new())
                }
                Some(Request::ShutOut) => Ok(plugs.shut_out()),
                Some(Request::Boot) => Ok(vec!["watched".to_owned(); sticks.boot_media()]),
                Some(request) => sticks.answer(request),
                None => Err(NO_REQUEST.to_owned()),
            };
            pipes.answer(&answer);
        }
        plugs.look();
        sticks.look();
    }
    sticks.leave_all();
}

/// The program, in a process of its own that is told what the checks found.
fn start(about: &str) -> io::Result<Child> {
    let mut command = Command::new("/init");
    command.arg0(front::NAME).arg(about).env_clear().env("TERM", "linux").env("HOME", "/media").current_dir("/media");
    let console = || OpenOptions::new().read(true).write(true).open(front::TERMINAL).map(Stdio::from);
    // What a fault would say is for nobody.
    command.stdin(console()?).stdout(console()?).stderr(Stdio::null()).spawn()
}

/// The keeper's ends of the two pipes.
struct Pipes {
    ask: File,
    answer: File,
    read: Vec<u8>,
}

impl Pipes {
    fn make() -> io::Result<Self> {
        fs::create_dir_all(KEEPER)?;
        let open = |name: &str| {
            let path = Path::new(KEEPER).join(name);
            mknodat(CWD, &path, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0)?;
            // For reading and writing, so that neither end waits for the other to open.
            let nonblocking = i32::try_from(OFlags::NONBLOCK.bits()).unwrap_or(0);
            OpenOptions::new().read(true).write(true).custom_flags(nonblocking).open(path)
        };
        Ok(Self { ask: open(ASK)?, answer: open(ANSWER)?, read: Vec::new() })
    }

    /// A whole line, where one comes before it is time to look around.
    fn request(&mut self) -> Option<String> {
        if !sys::wait_for_input(self.ask.as_fd(), LOOK).unwrap_or(false) {
            return None;
        }
        let mut more = [0; limits::REQUEST_BYTES];
        let count = self.ask.read(&mut more).unwrap_or(0);
        self.read.extend(more.get(..count).unwrap_or_default());
        let end = self.read.iter().position(|byte| *byte == b'\n');
        if end.is_none() && self.read.len() > limits::REQUEST_BYTES {
            self.read.clear();
        }
        let line: Vec<u8> = self.read.drain(..=end?).collect();
        String::from_utf8(line).ok().map(|line| line.trim_end().to_owned())
    }

    fn answer(&mut self, answer: &Result<Vec<String>, String>) {
        // A program that does not read its answers gets none.
        let _full = self.answer.write_all(pipes::answer(answer).as_bytes());
    }
}
