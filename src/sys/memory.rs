//! Memory for secrets, and the table by which all of it can be overwritten at once.
//!
//! Floor 0. Each secret has pages of its own between two pages that nobody may touch. The table is lock-free, so
//! that the panic hook and signal handlers can use it.

use std::ptr::{NonNull, null_mut};
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicPtr, AtomicU8, AtomicUsize, Ordering};

use rustix::io::Errno;

use super::overwrite::overwrite;
use super::pages::{Kept, Region};

/// Secrets that can live at the same time. At a page each they stay within half of the usual limit of locked
/// memory (8 MiB).
pub const SECRETS: usize = 1024;

/// A buffer for a secret: in guarded, locked pages that no core dump and no child process holds, and where the kernel
/// offers it not the kernel itself; overwritten when it is dropped, on a panic and on a signal. No Debug, no Clone.
pub struct Secret {
    start: NonNull<u8>,
    length: usize,
    slot: usize,
}

// SAFETY: the pages belong to this value alone, as those of a `Vec` do; wiping from a signal or panic ends the
// process.
unsafe impl Send for Secret {}
// SAFETY: as above; shared references only read.
unsafe impl Sync for Secret {}

impl Secret {
    /// `length` zero bytes.
    ///
    /// # Errors
    /// No pages, no free place in the table, or no lock where [`demand_lock`] was called.
    pub fn zeroed(length: usize) -> Result<Self, MemoryError> {
        let slot = claim()?;
        match region(length) {
            Ok(region) => {
                let start = region.last_bytes(length);
                publish(slot, region);
                Ok(Self { start, length, slot })
            }
            Err(error) => {
                release(slot);
                Err(error)
            }
        }
    }

    /// Takes `bytes` over and overwrites the source, also where it fails.
    ///
    /// # Errors
    /// As [`Secret::zeroed`].
    pub fn take(bytes: &mut [u8]) -> Result<Self, MemoryError> {
        let secret = Self::copied(bytes);
        // SAFETY: a slice of ours to fill.
        unsafe { overwrite(bytes.as_mut_ptr(), bytes.len()) };
        secret
    }

    /// A copy of `bytes`, which stay where they are: for what already lies in another secret, or is public.
    ///
    /// # Errors
    /// As [`Secret::zeroed`].
    pub fn copied(bytes: &[u8]) -> Result<Self, MemoryError> {
        let mut secret = Self::zeroed(bytes.len())?;
        secret.expose_mut().copy_from_slice(bytes);
        Ok(secret)
    }

    /// The bytes.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        // SAFETY: `length` initialised bytes of our mapping, which lives as long as `self`.
        unsafe { std::slice::from_raw_parts(self.start.as_ptr(), self.length) }
    }

    /// The bytes, to be filled.
    #[must_use]
    pub fn expose_mut(&mut self) -> &mut [u8] {
        // SAFETY: as `expose`, and `self` is borrowed exclusively.
        unsafe { std::slice::from_raw_parts_mut(self.start.as_ptr(), self.length) }
    }

    /// The bytes as text, where they are UTF-8.
    #[must_use]
    pub fn expose_str(&self) -> Option<&str> {
        std::str::from_utf8(self.expose()).ok()
    }

    /// The number of bytes.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.length
    }

    /// Whether there are no bytes.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// Drops all bytes after the first `length` (overwriting them).
    pub fn shorten(&mut self, length: usize) {
        if let Some(tail) = self.expose_mut().get_mut(length..) {
            // SAFETY: a slice of ours to fill.
            unsafe { overwrite(tail.as_mut_ptr(), tail.len()) };
            self.length = length;
        }
    }
}

impl Drop for Secret {
    fn drop(&mut self) {
        let Some(slot) = TABLE.get(self.slot) else { return };
        let region = Region { base: slot.base.load(Ordering::Acquire), inner: slot.inner.load(Ordering::Acquire) };
        // SAFETY: the inner pages of our own mapping; the value is going away.
        unsafe { overwrite(region.inner_start(), region.inner) };
        // While `wipe_all` is at it the pages must stay; then the process is ending anyway.
        if slot.state.compare_exchange(LIVE, CLAIMED, Ordering::AcqRel, Ordering::Acquire).is_ok() {
            region.unmap();
            release(self.slot);
        }
    }
}

/// How secrets are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LockState {
    /// All are locked into memory, and hidden: the kernel took their pages out of its own map, so that neither it nor
    /// another process can read them by an address, and it does not hibernate meanwhile.
    Hidden,
    /// All are locked into memory, so that they never reach a swap device; at least one is not hidden.
    Locked,
    /// At least one is not.
    NotLocked(LockFailure),
}

/// Why memory could not be locked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LockFailure {
    /// More than the process may lock.
    #[error("the limit of locked memory is too low (raise it with `ulimit -l`, or run as root)")]
    Limit,
    /// The process may not lock at all.
    #[error("this process may not lock memory (raise `ulimit -l`, or run as root)")]
    NotAllowed,
    /// Another error of the system, by its number.
    #[error("the system cannot lock memory (error {0})")]
    System(i32),
}

/// Why there is no memory for a secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MemoryError {
    /// The system gave no pages.
    #[error("no memory for a secret")]
    NoPages,
    /// All places of the table are taken.
    #[error("more than {SECRETS} secrets at once")]
    TooMany,
    /// The pages could not be locked, and locks are demanded.
    #[error("memory for a secret cannot be locked: {0}")]
    NotLocked(LockFailure),
}

/// How secrets are kept: tries with one, and remembers every failure since the start.
#[must_use]
pub fn lock_state() -> LockState {
    drop(Secret::zeroed(1));
    match FAILED.load(Ordering::Acquire) {
        0 if SEEN.load(Ordering::Acquire) => LockState::Locked,
        0 => LockState::Hidden,
        number => LockState::NotLocked(lock_failure(Errno::from_raw_os_error(number))),
    }
}

/// From here on a secret that cannot be locked is an error. For mainnet.
///
/// # Errors
/// Some secret is not locked already, or a new one cannot be.
pub fn demand_lock() -> Result<(), MemoryError> {
    DEMANDED.store(true, Ordering::Release);
    match lock_state() {
        LockState::Hidden | LockState::Locked => Ok(()),
        LockState::NotLocked(failure) => Err(MemoryError::NotLocked(failure)),
    }
}

/// Overwrites every living secret. Only for a process that ends: the values stay, as zeros. Safe in a signal
/// handler; takes no lock and allocates nothing.
pub fn wipe_all() {
    for slot in &TABLE {
        if slot.state.compare_exchange(LIVE, WIPING, Ordering::AcqRel, Ordering::Acquire).is_err() {
            continue;
        }
        let region = Region { base: slot.base.load(Ordering::Acquire), inner: slot.inner.load(Ordering::Acquire) };
        // SAFETY: a live slot names mapped pages, and they stay mapped while the state is WIPING.
        unsafe { overwrite(region.inner_start(), region.inner) };
        slot.state.store(LIVE, Ordering::Release);
    }
}

/// Pages for a secret, as well kept as this kernel keeps them; what they are not is remembered.
fn region(length: usize) -> Result<Region, MemoryError> {
    let (region, kept) = Region::map(length).ok_or(MemoryError::NoPages)?;
    match kept {
        Kept::Hidden => {}
        Kept::Locked => SEEN.store(true, Ordering::Release),
        Kept::Neither(errno) => {
            FAILED.store(errno.raw_os_error(), Ordering::Release);
            if DEMANDED.load(Ordering::Acquire) {
                region.unmap();
                return Err(MemoryError::NotLocked(lock_failure(errno)));
            }
        }
    }
    Ok(region)
}

fn lock_failure(errno: Errno) -> LockFailure {
    if errno == Errno::NOMEM || errno == Errno::AGAIN {
        LockFailure::Limit
    } else if errno == Errno::PERM {
        LockFailure::NotAllowed
    } else {
        LockFailure::System(errno.raw_os_error())
    }
}

fn claim() -> Result<usize, MemoryError> {
    let free = |slot: &Slot| slot.state.compare_exchange(FREE, CLAIMED, Ordering::AcqRel, Ordering::Acquire).is_ok();
    TABLE.iter().position(free).ok_or(MemoryError::TooMany)
}

fn publish(slot: usize, region: Region) {
    if let Some(slot) = TABLE.get(slot) {
        slot.base.store(region.base, Ordering::Release);
        slot.inner.store(region.inner, Ordering::Release);
        slot.state.store(LIVE, Ordering::Release);
    }
}

fn release(slot: usize) {
    if let Some(slot) = TABLE.get(slot) {
        slot.state.store(FREE, Ordering::Release);
    }
}

struct Slot {
    state: AtomicU8,
    base: AtomicPtr<u8>,
    inner: AtomicUsize,
}

/// Nobody's.
const FREE: u8 = 0;
/// Being mapped or unmapped; holds no secret.
const CLAIMED: u8 = 1;
/// Holds a secret.
const LIVE: u8 = 2;
/// Being overwritten by `wipe_all`.
const WIPING: u8 = 3;

static TABLE: [Slot; SECRETS] =
    [const { Slot { state: AtomicU8::new(FREE), base: AtomicPtr::new(null_mut()), inner: AtomicUsize::new(0) } };
        SECRETS];
/// Whether some secret was not hidden.
static SEEN: AtomicBool = AtomicBool::new(false);
/// The error number of the last lock that failed, or 0.
static FAILED: AtomicI32 = AtomicI32::new(0);
static DEMANDED: AtomicBool = AtomicBool::new(false);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::again::again;

    #[test]
    fn a_secret_takes_over_and_overwrites_its_source() {
        let mut source = *b"twelve words";
        let mut secret = Secret::take(&mut source).unwrap();
        assert_eq!(source, [0; 12]);
        assert_eq!(secret.expose_str(), Some("twelve words"));
        secret.shorten(6);
        assert_eq!(secret.expose(), b"twelve");
        secret.shorten(9);
        assert_eq!((secret.len(), secret.is_empty()), (6, false));
        // SAFETY: the bytes after the end lie in the same page of ours.
        assert_eq!(unsafe { std::slice::from_raw_parts(secret.start.as_ptr().add(6), 6) }, [0; 6]);
        assert!(Secret::zeroed(0).unwrap().is_empty());
        assert_eq!(Secret::zeroed(3 * 4096 + 1).unwrap().expose(), vec![0; 3 * 4096 + 1]);
        assert_eq!(Secret::zeroed(usize::MAX).map(|_| ()), Err(MemoryError::NoPages));
    }

    #[test]
    fn the_table_is_reused_and_bounded() {
        again("sys::memory::tests::the_table_is_reused_and_bounded", &[], |_| {
            for _ in 0..3 {
                let all: Vec<_> = (0..SECRETS).map(|_| Secret::zeroed(32).unwrap()).collect();
                assert_eq!(Secret::zeroed(1).map(|_| ()), Err(MemoryError::TooMany));
                drop(all);
            }
            assert!(Secret::zeroed(1).is_ok());
        });
    }

    #[test]
    fn wiping_reaches_every_living_secret() {
        again("sys::memory::tests::wiping_reaches_every_living_secret", &[], |_| {
            let all: Vec<_> = (1..40).map(|length| Secret::take(&mut vec![7; length * 200]).unwrap()).collect();
            wipe_all();
            assert!(all.iter().all(|secret| secret.expose().iter().all(|byte| *byte == 0)));
            drop(all);
            assert_eq!(Secret::take(&mut [5; 9]).unwrap().expose(), [5; 9]);
        });
    }

    #[test]
    fn without_a_lock_it_is_said_and_on_demand_refused() {
        let name = "sys::memory::tests::without_a_lock_it_is_said_and_on_demand_refused";
        again(name, &[], |_| {
            let none = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
            // SAFETY: plain system calls on values of ours; uid 65534 has no privilege to lock beyond the limit.
            unsafe {
                assert_eq!(libc::setrlimit(libc::RLIMIT_MEMLOCK, &raw const none), 0);
                if libc::geteuid() == 0 {
                    assert_eq!(libc::setresuid(65534, 65534, 65534), 0);
                }
            }
            let secret = Secret::take(&mut [3; 32]).unwrap();
            let LockState::NotLocked(failure) = lock_state() else { panic!("locked without leave") };
            assert!(matches!(failure, LockFailure::NotAllowed | LockFailure::Limit));
            assert_eq!(demand_lock(), Err(MemoryError::NotLocked(failure)));
            assert_eq!(Secret::zeroed(1).map(|_| ()), Err(MemoryError::NotLocked(failure)));
            assert_eq!(secret.expose(), [3; 32]);
        });
    }

    #[test]
    fn every_error_of_a_lock_is_named() {
        assert_eq!(lock_failure(Errno::NOMEM), LockFailure::Limit);
        assert_eq!(lock_failure(Errno::PERM), LockFailure::NotAllowed);
        assert_eq!(lock_failure(Errno::INVAL), LockFailure::System(22));
    }
}
