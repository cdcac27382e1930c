//! What the terminal must look like when the process ends, whichever way it ends.
//!
//! Floor 0. Not the screen or the keyboard: `device` changes the modes; this remembers what to go back to, where a
//! signal handler can reach it.

use std::cell::UnsafeCell;
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd, BorrowedFd};
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicU8, Ordering};
use std::time::Duration;

/// What else than its modes the terminal gets back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Leave {
    /// Nothing: talk stays on the screen.
    Lines,
    /// A cleared screen without scrollback, the normal buffer and a cursor: something secret or full-screen was shown.
    Cleared,
}

/// Gives the terminal its modes back when dropped; a panic or signal before that does the same.
#[must_use]
pub struct TerminalHold {
    outermost: bool,
    cleared_before: bool,
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
    let cleared_before = CLEAR.fetch_or(leave == Leave::Cleared, Ordering::AcqRel);
    Ok(TerminalHold { outermost, cleared_before })
}

impl Drop for TerminalHold {
    fn drop(&mut self) {
        if self.outermost {
            restore(Typed::Kept);
            STATE.store(NONE, Ordering::Release);
            CLEAR.store(false, Ordering::Release);
        } else if !self.cleared_before && CLEAR.load(Ordering::Acquire) {
            clear(DESCRIPTOR.load(Ordering::Acquire));
            CLEAR.store(false, Ordering::Release);
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
    if CLEAR.load(Ordering::Acquire) {
        clear(descriptor);
    } else if typed == Typed::Dropped {
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

fn clear(descriptor: libc::c_int) {
    // Normal colours, cursor, normal buffer, then screen and scrollback.
    const CLEARED: &[u8] = b"\x1b[0m\x1b[?25h\x1b[?1049l\x1b[H\x1b[2J\x1b[3J";
    // SAFETY: write is async-signal-safe; the bytes are static.
    let _ = unsafe { libc::write(descriptor, CLEARED.as_ptr().cast(), CLEARED.len()) };
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
static CLEAR: AtomicBool = AtomicBool::new(false);
static STATE: AtomicU8 = AtomicU8::new(NONE);

/// No terminal is held.
const NONE: u8 = 0;
/// The modes are being written down.
const CHANGING: u8 = 1;
/// The modes can be given back.
const READY: u8 = 2;
