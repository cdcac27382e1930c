//! A thread beside the main one, which no signal reaches.
//!
//! Floor 0. The handlers of signals overwrite the stack of the thread that they run in, and that has to be the main one.

use std::{io, mem::MaybeUninit, ptr::null_mut, thread};

/// Bytes of stack: whoever runs here draws a few letters.
const STACK: usize = 64 * 1024;

/// Runs `work` in a thread that gets no signals. It must not meet a secret.
///
/// # Errors
/// The system gives no thread.
pub fn beside(work: impl FnOnce() + Send + 'static) -> io::Result<thread::JoinHandle<()>> {
    let mut all = MaybeUninit::<libc::sigset_t>::zeroed();
    let mut before = MaybeUninit::<libc::sigset_t>::zeroed();
    // SAFETY: room for both sets; the mask is that of this thread, which the new one takes over.
    unsafe {
        libc::sigfillset(all.as_mut_ptr());
        libc::pthread_sigmask(libc::SIG_SETMASK, all.as_ptr(), before.as_mut_ptr());
    }
    let started = thread::Builder::new().stack_size(STACK).spawn(work);
    // SAFETY: the mask that was there before.
    unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, before.as_ptr(), null_mut()) };
    started
}

#[cfg(test)]
mod tests {
    use super::*;

    fn blocked(thread: &str) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{thread}/status")).unwrap();
        let mask = status.lines().find_map(|line| line.strip_prefix("SigBlk:")).unwrap();
        u64::from_str_radix(mask.trim(), 16).unwrap()
    }

    #[test]
    fn no_signal_that_ends_the_process_reaches_a_thread_beside() {
        let own = blocked("thread-self");
        let (tell, told) = std::sync::mpsc::channel();
        beside(move || tell.send(blocked("thread-self")).unwrap()).unwrap().join().unwrap();
        let there = told.recv().unwrap();
        for signal in [libc::SIGINT, libc::SIGTERM, libc::SIGHUP, libc::SIGQUIT] {
            assert_ne!(there & (1 << (signal - 1)), 0, "{signal}");
            assert_eq!(own & (1 << (signal - 1)), 0, "{signal}");
        }
        assert_eq!(blocked("thread-self"), own);
    }
}
