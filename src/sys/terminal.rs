//! What the terminal must look like when the process ends, whichever way it ends.
//!
//! Floor 0. Not the screen or the keyboard: `device` changes the modes; this remembers what to go back to, where a
//! signal handler can reach it.

use std::cell::UnsafeCell;
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd, BorrowedFd};
use std::sync::atomic::{AtomicI32, AtomicU8, Ordering};
use std::time::Duration;

use super::console::graphics;

/// What else than its modes the terminal gets back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Leave {
    /// Nothing: talk stays on the screen.
    Lines,
    /// A cleared screen without scrollback, the normal buffer and a cursor: something secret was shown.
    Cleared,
    /// The normal buffer, which kept its lines, and a cursor: something had the whole screen.
    Buffer,
    /// The same on a console whose pixels this program draws: the console draws itself again.
    Pixels,
}

impl Leave {
    const fn bits(self) -> u8 {
        match self {
            Self::Lines => 0,
            Self::Cleared => CLEARED,
            Self::Buffer => BUFFER,
            Self::Pixels => BUFFER | PIXELS,
        }
    }
}

/// Bits of what a terminal gets back.
const CLEARED: u8 = 1;
const BUFFER: u8 = 2;
const PIXELS: u8 = 4;

/// Gives the terminal its modes back when dropped; a panic or signal before that does the same.
#[must_use]
pub struct TerminalHold {
    outermost: bool,
    left_before: u8,
}

/// Remembers the modes that the terminal has now. Inside of another hold the outermost modes stay the ones to go
/// back to, and only `leave` is added. One terminal a process.
///
/// # Errors
/// `terminal` is none.
pub fn hold_terminal(terminal: BorrowedFd<'_>, leave: Leave) -> io::Result<TerminalHold> {
    let mut modes = MaybeUninit::<libc::termios>::zeroed();
    // SAFETY: an open descriptor, and room for the answer.
    if unsafe { libc::tcgetattr(terminal.as_raw_fd(), modes.as_mut_ptr()) } != 0 {
        return Err(io::Error::last_os_error());
    }
    let outermost = STATE.compare_exchange(NONE, CHANGING, Ordering::AcqRel, Ordering::Acquire).is_ok();
    if outermost {
        // SAFETY: CHANGING is held by one caller at a time, and `restore` reads only when READY. A copy of the
        // descriptor is not made: the terminal is open as long as the process.
        unsafe { SAVED.0.get().write(modes.assume_init()) };
        DESCRIPTOR.store(terminal.as_raw_fd(), Ordering::Release);
        STATE.store(READY, Ordering::Release);
    }
    let left_before = LEFT.fetch_or(leave.bits(), Ordering::AcqRel);
    let hold = TerminalHold { outermost, left_before };
    if leave == Leave::Pixels && !graphics(terminal.as_raw_fd(), true) {
        return Err(io::Error::last_os_error());
    }
    Ok(hold)
}

impl Drop for TerminalHold {
    fn drop(&mut self) {
        if self.outermost {
            restore(Typed::Kept);
            STATE.store(NONE, Ordering::Release);
            LEFT.store(0, Ordering::Release);
        } else {
            let left = LEFT.swap(self.left_before, Ordering::AcqRel);
            give_back(DESCRIPTOR.load(Ordering::Acquire), left & !self.left_before);
        }
    }
}

/// What becomes of keys that were typed and not read.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Typed {
    /// They are input of what comes next.
    Kept,
    /// They are dropped: half a passphrase must not become a command of the shell.
    Dropped,
}

/// Gives the terminal back, if it is held. Safe in a signal handler.
pub(super) fn restore(typed: Typed) {
    if STATE.load(Ordering::Acquire) != READY {
        return;
    }
    let descriptor = DESCRIPTOR.load(Ordering::Acquire);
    let left = LEFT.load(Ordering::Acquire);
    give_back(descriptor, left);
    if left == 0 && typed == Typed::Dropped {
        // The shell's prompt must not stand behind a question that nobody answers any more.
        const STOPPED: &[u8] = b"\nstopped\n";
        // SAFETY: write is async-signal-safe; the bytes are static.
        let _ = unsafe { libc::write(descriptor, STOPPED.as_ptr().cast(), STOPPED.len()) };
    }
    // SAFETY: tcflush and tcsetattr are async-signal-safe; the saved modes are complete while READY.
    unsafe {
        if typed == Typed::Dropped {
            libc::tcflush(descriptor, libc::TCIFLUSH);
        }
        libc::tcsetattr(descriptor, libc::TCSANOW, SAVED.0.get());
    }
}

/// What was taken beside the modes, given back. Safe in a signal handler.
fn give_back(descriptor: libc::c_int, left: u8) {
    // Normal colours, cursor, an empty screen, the normal buffer; then its screen and scrollback too.
    const NORMAL: &[u8] = b"\x1b[0m\x1b[?25h\x1b[H\x1b[2J\x1b[?1049l";
    const EMPTY: &[u8] = b"\x1b[0m\x1b[?25h\x1b[?1049l\x1b[H\x1b[2J\x1b[3J";
    if left & PIXELS != 0 {
        // There is no remedy where the console does not want to.
        let _refused = graphics(descriptor, false);
    }
    let sequence = match (left & CLEARED, left & BUFFER) {
        (0, 0) => return,
        (0, _) => NORMAL,
        _ => EMPTY,
    };
    // SAFETY: write is async-signal-safe; the bytes are static.
    let _ = unsafe { libc::write(descriptor, sequence.as_ptr().cast(), sequence.len()) };
}

/// Ctrl-Z does nothing from here on: a stopped ceremony would leave what it shows above a shell's prompt, and what it
/// holds in memory for as long as nobody wakes it.
pub fn stay_in_front() {
    // SAFETY: a disposition of this process; no handler runs.
    unsafe { libc::signal(libc::SIGTSTP, libc::SIG_IGN) };
}

/// Whether something can be read from `terminal` within `patience`. A signal that ends nothing starts the wait anew.
///
/// # Errors
/// The terminal is gone.
pub fn wait_for_input(terminal: BorrowedFd<'_>, patience: Duration) -> io::Result<bool> {
    let milliseconds = libc::c_int::try_from(patience.as_millis()).unwrap_or(libc::c_int::MAX);
    loop {
        let mut one = libc::pollfd { fd: terminal.as_raw_fd(), events: libc::POLLIN, revents: 0 };
        // SAFETY: one descriptor, which is open, and room for its answer.
        match unsafe { libc::poll(&raw mut one, 1, milliseconds) } {
            0 => return Ok(false),
            1.. => return Ok(true),
            _ => {
                let error = io::Error::last_os_error();
                if error.kind() != io::ErrorKind::Interrupted {
                    return Err(error);
                }
            }
        }
    }
}

struct Saved(UnsafeCell<libc::termios>);

// SAFETY: written only by whoever moved STATE from NONE to CHANGING, read only while READY.
unsafe impl Sync for Saved {}

// SAFETY: termios is integers only, for which zeros are a value.
static SAVED: Saved = Saved(UnsafeCell::new(unsafe { MaybeUninit::zeroed().assume_init() }));
static DESCRIPTOR: AtomicI32 = AtomicI32::new(-1);
static LEFT: AtomicU8 = AtomicU8::new(0);
static STATE: AtomicU8 = AtomicU8::new(NONE);

/// No terminal is held.
const NONE: u8 = 0;
/// The modes are being written down.
const CHANGING: u8 = 1;
/// The modes can be given back.
const READY: u8 = 2;
