//! The process itself: no core dumps, no tracing by equals, and one clean way out of panics and signals.
//!
//! Floor 0. Not the sandbox: seccomp and Landlock are the binary's, after this.

use std::sync::atomic::{AtomicUsize, Ordering};

use rustix::mm::{MlockAllFlags, mlockall};
use rustix::process::{DumpableBehavior, Resource, Rlimit, set_dumpable_behavior, setrlimit};

use super::memory::wipe_all;
use super::stack::burn_stack;
use super::terminal::{Typed, restore};

/// What [`harden`] could do beyond what it must.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hardened {
    /// Whether the whole process, stack and heap too, is locked into memory. Needs the privilege.
    pub all_locked: bool,
}

/// The process cannot be made safe for secrets.
#[derive(Debug, thiserror::Error)]
pub enum HardenError {
    /// The system refused a step.
    #[error("cannot protect this process ({step}): {source}")]
    Refused {
        /// What was tried.
        step: &'static str,
        /// What the system said.
        source: std::io::Error,
    },
}

/// The first line of `main`, before any other thread: no core dump, no ptrace by other processes of the user, no new privileges, the panic
/// hook, and handlers for the signals that end a process. Whoever panics leaves with exit code 4, whoever is
/// signalled with 1 (3 where the terminal is gone); both after every secret was overwritten and the terminal given back.
///
/// SIGPIPE stays ignored, as Rust starts: a closed pipe is an error of the write. SIGTSTP and SIGCONT stay as
/// they are.
///
/// # Errors
/// The system refuses a step.
pub fn harden() -> Result<Hardened, HardenError> {
    remember_stack();
    set_dumpable_behavior(DumpableBehavior::NotDumpable).map_err(refused("no dumps"))?;
    setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) }).map_err(refused("no core files"))?;
    // SAFETY: a flag of this process; no memory is involved.
    if unsafe { libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) } != 0 {
        return Err(HardenError::Refused { step: "no new privileges", source: std::io::Error::last_os_error() });
    }
    std::panic::set_hook(Box::new(|_| stop(FAULT, 4)));
    for (signal, code) in ENDING {
        // SAFETY: the handler uses only what is safe in one: atomics, memory stores, write, tcsetattr, _exit.
        unsafe { signal_hook::low_level::register(signal, move || stop("", code)) }
            .map_err(|source| HardenError::Refused { step: "signal handlers", source })?;
    }
    Ok(Hardened { all_locked: lock_all() })
}

/// Overwrites every secret, gives the terminal back, says `sentence` on standard error and ends the process at
/// once. Safe in a signal handler.
pub fn stop(sentence: &str, code: i32) -> ! {
    wipe_all();
    restore(Typed::Dropped);
    // SAFETY: write is async-signal-safe; the bytes are the caller's.
    let _ = unsafe { libc::write(libc::STDERR_FILENO, sentence.as_ptr().cast(), sentence.len()) };
    burn_stack();
    let here = std::hint::black_box(0usize);
    let here = (&raw const here).expose_provenance();
    let top = STACK_TOP.load(Ordering::Acquire);
    // Not `libc::gettid`: std refers to that one weakly, and a static binary may be left without it.
    let main_thread = rustix::thread::gettid() == rustix::process::getpid();
    // A handler on another stack, or a stack that was never measured, is left alone.
    let room = top.saturating_sub(here);
    if main_thread && room > 0 && room < STACK_MOST {
        burn_upward(here, top, code);
    }
    // SAFETY: ends the process.
    unsafe { libc::_exit(code) }
}

/// What a panic says: nothing of its own text or place, which could hold a secret.
const FAULT: &str = "strongroom: stopped by a fault of its own; all secrets in memory were overwritten\n";

/// The signals that end the process, and its exit code then: 1 where a person or the system asked, 3 where the
/// terminal is gone, 4 for a fault.
const ENDING: [(libc::c_int, i32); 7] = [
    (libc::SIGINT, 1),
    (libc::SIGTERM, 1),
    (libc::SIGHUP, 3),
    (libc::SIGQUIT, 1),
    (libc::SIGXCPU, 1),
    (libc::SIGABRT, 4),
    (libc::SIGBUS, 4),
];

/// The end of the main thread's stack, or 0.
static STACK_TOP: AtomicUsize = AtomicUsize::new(0);
/// Bytes of stack that are overwritten on the way out, most: the kernel keeps more than this free below it.
const STACK_MOST: usize = 64 * 1024 * 1024;

fn remember_stack() {
    let maps = std::fs::read_to_string("/proc/self/maps").unwrap_or_default();
    let line = maps.lines().find(|line| line.ends_with("[stack]"));
    let end = line.and_then(|line| line.split(' ').next()).and_then(|range| range.split('-').nth(1));
    let end = end.and_then(|end| usize::from_str_radix(end, 16).ok());
    STACK_TOP.store(end.unwrap_or(0), Ordering::Release);
}

/// Overwrites the stack of everyone who called, from `here` to `top`, and ends the process.
#[inline(never)]
fn burn_upward(here: usize, top: usize, code: i32) -> ! {
    let mut at = here;
    while at < top {
        // SAFETY: mapped stack of this thread, above this frame. Those whose frames these are never run again:
        // the process ends below without returning.
        unsafe { std::ptr::with_exposed_provenance_mut::<u8>(at).write_volatile(0) };
        at = at.wrapping_add(1);
    }
    // SAFETY: ends the process.
    unsafe { libc::_exit(code) }
}

/// Locks stack and heap too, where no limit stands in the way of the memory that scrypt needs.
fn lock_all() -> bool {
    let unlimited = Rlimit { current: None, maximum: None };
    (setrlimit(Resource::Memlock, unlimited).is_ok() || locks_without_limit())
        && mlockall(MlockAllFlags::CURRENT | MlockAllFlags::FUTURE | MlockAllFlags::ONFAULT).is_ok()
}

/// Whether the process has CAP_IPC_LOCK (14), which no limit binds.
fn locks_without_limit() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let effective = status.lines().find_map(|line| line.strip_prefix("CapEff:"));
    effective.and_then(|digits| u64::from_str_radix(digits.trim(), 16).ok()).is_some_and(|bits| bits & (1 << 14) != 0)
}

fn refused(step: &'static str) -> impl Fn(rustix::io::Errno) -> HardenError {
    move |errno| HardenError::Refused { step, source: errno.into() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::again::{again, started};
    use crate::sys::{Leave, Secret, hold_terminal};
    use std::os::fd::{AsFd, FromRawFd, OwnedFd};
    use std::os::unix::process::ExitStatusExt;
    use std::process::Stdio;
    use std::ptr::{null, null_mut};

    #[track_caller]
    fn ends(name: &str, argument: &str, code: i32, says: &str, work: impl FnOnce(&str)) {
        let Some(output) = started(name, argument, Stdio::null(), work) else { panic!("the process went on") };
        assert_eq!((output.status.code(), output.status.signal()), (Some(code), None), "{argument}");
        assert_eq!(String::from_utf8_lossy(&output.stderr), says, "{argument}");
    }

    #[test]
    fn a_panic_says_one_sentence_and_ends_with_4() {
        ends("sys::process::tests::a_panic_says_one_sentence_and_ends_with_4", "-", 4, FAULT, |_| {
            let secret = Secret::take(&mut [9; 32]).unwrap();
            harden().unwrap();
            panic!("the secret is {:?}", secret.expose());
        });
    }

    #[test]
    fn a_signal_ends_with_1() {
        for (signal, code) in ENDING {
            ends("sys::process::tests::a_signal_ends_with_1", &signal.to_string(), code, "", |signal| {
                harden().unwrap();
                let _secret = Secret::take(&mut [9; 32]).unwrap();
                // SAFETY: a signal to this process.
                unsafe { libc::raise(signal.parse().unwrap()) };
            });
        }
    }

    #[test]
    fn a_signal_in_the_main_thread_overwrites_its_stack_and_ends_with_1() {
        ends(
            "sys::process::tests::a_signal_in_the_main_thread_overwrites_its_stack_and_ends_with_1",
            "-",
            1,
            "",
            |_| {
                harden().unwrap();
                assert_ne!(STACK_TOP.load(Ordering::Acquire), 0);
                // The harness waits in the main thread; the signal is for that one.
                // SAFETY: a signal to this process.
                unsafe { libc::syscall(libc::SYS_tgkill, libc::getpid(), libc::getpid(), libc::SIGTERM) };
                std::thread::sleep(std::time::Duration::from_secs(20));
            },
        );
    }

    #[test]
    fn the_process_leaves_no_core_and_gains_no_privileges() {
        again("sys::process::tests::the_process_leaves_no_core_and_gains_no_privileges", &[], |_| {
            harden().unwrap();
            let status = std::fs::read_to_string("/proc/thread-self/status").unwrap();
            assert!(status.contains("NoNewPrivs:\t1"));
            // SAFETY: asks for a flag.
            assert_eq!(unsafe { libc::prctl(libc::PR_GET_DUMPABLE) }, 0);
            let core = rustix::process::getrlimit(Resource::Core);
            assert_eq!((core.current, core.maximum), (Some(0), Some(0)));
        });
    }

    fn pair() -> (OwnedFd, OwnedFd) {
        let (mut master, mut slave) = (0, 0);
        // SAFETY: room for two descriptors, which are ours afterwards.
        unsafe {
            assert_eq!(libc::openpty(&raw mut master, &raw mut slave, null_mut(), null(), null()), 0);
            (OwnedFd::from_raw_fd(master), OwnedFd::from_raw_fd(slave))
        }
    }

    fn echoes(terminal: &OwnedFd) -> bool {
        rustix::termios::tcgetattr(terminal).unwrap().local_modes.contains(rustix::termios::LocalModes::ECHO)
    }

    fn hide(terminal: impl AsFd) {
        let mut modes = rustix::termios::tcgetattr(&terminal).unwrap();
        modes.local_modes.remove(rustix::termios::LocalModes::ECHO);
        rustix::termios::tcsetattr(&terminal, rustix::termios::OptionalActions::Now, &modes).unwrap();
    }

    #[test]
    fn a_signal_gives_the_terminal_back() {
        let (master, slave) = pair();
        let input = Stdio::from(slave.try_clone().unwrap());
        let output = started("sys::process::tests::a_signal_gives_the_terminal_back", "-", input, |_| {
            harden().unwrap();
            let terminal = std::io::stdin();
            let _hold = hold_terminal(terminal.as_fd(), Leave::Cleared).unwrap();
            hide(&terminal);
            let inner = hold_terminal(terminal.as_fd(), Leave::Lines).unwrap();
            drop(inner);
            // SAFETY: a signal to this process.
            unsafe { libc::raise(libc::SIGINT) };
        });
        assert_eq!(output.unwrap().status.code(), Some(1));
        assert!(echoes(&slave));
        let mut shown = [0; 64];
        let count = rustix::io::read(&master, &mut shown).unwrap();
        assert!(shown[..count].ends_with(b"\x1b[2J\x1b[3J"), "{:?}", &shown[..count]);
    }

    #[test]
    fn a_hold_that_is_dropped_gives_the_terminal_back() {
        again("sys::process::tests::a_hold_that_is_dropped_gives_the_terminal_back", &[], |_| {
            let (_master, slave) = pair();
            let hold = hold_terminal(slave.as_fd(), Leave::Lines).unwrap();
            hide(&slave);
            assert!(!echoes(&slave));
            drop(hold);
            assert!(echoes(&slave));
            assert!(hold_terminal(std::fs::File::open("/dev/null").unwrap().as_fd(), Leave::Lines).is_err());
        });
    }
}
