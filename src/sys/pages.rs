//! Pages for one secret: between two that nobody may touch, locked, and hidden where the kernel hides them.
//!
//! Floor 0. Hidden pages (`memfd_secret`) are taken out of the kernel's own map: neither another process nor a fault of
//! the kernel reads them by their address, and the kernel does not hibernate while there are any.

use std::ffi::c_void;
use std::os::fd::{FromRawFd, OwnedFd};
use std::ptr::{NonNull, null_mut};

use rustix::io::Errno;
use rustix::mm::{self, Advice, MapFlags, MprotectFlags, MremapFlags, ProtFlags};

/// A mapping: one guard page, `inner` bytes of pages, one guard page.
pub(super) struct Region {
    pub(super) base: *mut u8,
    pub(super) inner: usize,
}

/// How a region's pages are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kept {
    /// Hidden, which implies locked.
    Hidden,
    /// Locked.
    Locked,
    /// Neither, for this reason.
    Neither(Errno),
}

/// The page size that guards and locks are counted in. A multiple of the real one on every machine that this runs
/// on (x86_64, and arm64 with 4 KiB pages); `map` fails where it is not.
const PAGE: usize = 4096;

impl Region {
    /// Pages for `length` bytes, zeros, in no core dump and no child process.
    pub(super) fn map(length: usize) -> Option<(Self, Kept)> {
        let inner = length.max(1).checked_next_multiple_of(PAGE)?;
        let whole = inner.checked_add(2 * PAGE)?;
        // SAFETY: a new mapping at an address of the system's choice.
        let base = unsafe { mm::mmap_anonymous(null_mut(), whole, ProtFlags::empty(), MapFlags::PRIVATE) }.ok()?;
        let region = Self { base: base.cast(), inner };
        // What fails here has lost its place, and leaves a reserve behind that is nobody's.
        if region.hide().ok()? {
            return Some((region, Kept::Hidden));
        }
        let Ok(kept) = region.lock() else {
            region.unmap();
            return None;
        };
        Some((region, kept))
    }

    pub(super) const fn inner_start(&self) -> *mut u8 {
        self.base.wrapping_add(PAGE)
    }

    /// The last `length` bytes before the upper guard, so that reading past them faults.
    pub(super) fn last_bytes(&self, length: usize) -> NonNull<u8> {
        let unused = self.inner.saturating_sub(length);
        NonNull::new(self.inner_start().wrapping_add(unused)).unwrap_or(NonNull::dangling())
    }

    pub(super) fn unmap(&self) {
        let whole = self.inner.saturating_add(2 * PAGE);
        // SAFETY: our own mapping, which nobody uses any more. A failure would leave zeroed pages behind.
        let _ = unsafe { mm::munmap(self.base.cast::<c_void>(), whole) };
    }

    /// Puts hidden pages in the place of the inner ones, if the kernel has any to give: else those are as they were.
    fn hide(&self) -> Result<bool, Errno> {
        let Ok(hidden) = self.hidden() else { return Ok(false) };
        let (moves, start) = (MremapFlags::MAYMOVE, self.inner_start().cast::<c_void>());
        // SAFETY: from a mapping that nobody knows of to the inner pages of one that is ours and not used yet.
        unsafe { mm::mremap_fixed(hidden, self.inner, self.inner, moves, start) }.map(|_| true)
    }

    /// As many hidden pages somewhere. The kernel locks them and leaves them out of dumps by itself.
    fn hidden(&self) -> Result<*mut c_void, Errno> {
        // SAFETY: no memory is involved.
        let made = unsafe { libc::syscall(libc::SYS_memfd_secret, libc::O_CLOEXEC) };
        let made = libc::c_int::try_from(made).ok().filter(|made| *made >= 0).ok_or(Errno::NOSYS)?;
        // SAFETY: a new descriptor, ours alone; the mapping outlives it.
        let file = unsafe { OwnedFd::from_raw_fd(made) };
        rustix::fs::ftruncate(&file, u64::try_from(self.inner).map_err(|_| Errno::NOMEM)?)?;
        let modes = ProtFlags::READ | ProtFlags::WRITE;
        // SAFETY: a new mapping at an address of the system's choice.
        let hidden = unsafe { mm::mmap(null_mut(), self.inner, modes, MapFlags::SHARED, &file, 0) }?;
        // SAFETY: that mapping. One that a child could have is given back.
        let alone = unsafe { mm::madvise(hidden, self.inner, Advice::LinuxDontFork) };
        alone.or_else(|errno| unsafe { mm::munmap(hidden, self.inner) }.and(Err(errno)))?;
        Ok(hidden)
    }

    /// Opens the inner pages, and locks them if it may.
    fn lock(&self) -> Result<Kept, Errno> {
        let start = self.inner_start().cast::<c_void>();
        // SAFETY: the inner pages of a mapping that is ours and not used yet.
        unsafe {
            mm::mprotect(start, self.inner, MprotectFlags::READ | MprotectFlags::WRITE)?;
            mm::madvise(start, self.inner, Advice::LinuxDontDump)?;
            mm::madvise(start, self.inner, Advice::LinuxWipeOnFork)?;
            Ok(mm::mlock(start, self.inner).map_or_else(Kept::Neither, |()| Kept::Locked))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::again::again;
    use std::os::unix::fs::FileExt;

    /// What the kernel says of the pages at `address`: permissions and flags.
    fn pages(address: usize) -> (String, String) {
        let (mut modes, mut found) = (String::new(), false);
        for line in std::fs::read_to_string("/proc/self/smaps").unwrap().lines() {
            if let Some((range, rest)) = line.split_once(' ').filter(|(first, _)| first.contains('-')) {
                let (from, to) = range.split_once('-').unwrap();
                let hex = |text| usize::from_str_radix(text, 16).unwrap();
                found = (hex(from)..hex(to)).contains(&address);
                modes = rest[..4].to_owned();
            } else if let Some(flags) = line.strip_prefix("VmFlags:").filter(|_| found) {
                return (modes, format!("{flags} "));
            }
        }
        panic!("no such page")
    }

    /// Whether a reader of this process's memory gets at the first byte of the inner pages.
    fn is_read(region: &Region) -> bool {
        let memory = std::fs::File::open("/proc/self/mem").unwrap();
        memory.read_exact_at(&mut [0], region.inner_start() as u64).is_ok()
    }

    #[track_caller]
    fn stands_between_guards(region: &Region) {
        let start = region.inner_start() as usize;
        assert_eq!(pages(start - PAGE).0, "---p");
        assert_eq!(pages(start + region.inner).0, "---p");
        assert_eq!(region.last_bytes(100).as_ptr() as usize, start + region.inner - 100);
    }

    #[test]
    fn where_the_kernel_hides_pages_no_reader_of_the_process_finds_them() {
        let (region, kept) = Region::map(PAGE + 100).unwrap();
        let locked = pages(region.inner_start() as usize);
        // SAFETY: pages of ours.
        unsafe { region.inner_start().write_bytes(7, region.inner) };
        match kept {
            Kept::Hidden => {
                assert_eq!(locked.0, "rw-s");
                for flag in [" lo ", " dd ", " dc "] {
                    assert!(locked.1.contains(flag), "{flag} in {}", locked.1);
                }
                assert!(!is_read(&region), "/proc reads hidden pages");
            }
            // A kernel without them: the appliance's has them, and does not start without.
            Kept::Locked | Kept::Neither(_) => assert!(is_read(&region)),
        }
        stands_between_guards(&region);
        region.unmap();
    }

    #[test]
    fn where_it_does_not_they_are_locked_and_in_no_dump_or_child() {
        again("sys::pages::tests::where_it_does_not_they_are_locked_and_in_no_dump_or_child", &[], |_| {
            let files = |most| {
                let limit = libc::rlimit { rlim_cur: most, rlim_max: 64 };
                // SAFETY: a limit of this process.
                assert_eq!(unsafe { libc::setrlimit(libc::RLIMIT_NOFILE, &raw const limit) }, 0);
            };
            // Without a descriptor nothing is hidden.
            files(0);
            let (region, kept) = Region::map(PAGE + 100).unwrap();
            files(64);
            assert_ne!(kept, Kept::Hidden);
            let (modes, flags) = pages(region.inner_start() as usize);
            assert_eq!(modes, "rw-p");
            for flag in [" dd ", " wf "] {
                assert!(flags.contains(flag), "{flag} in {flags}");
            }
            assert_eq!(flags.contains(" lo "), kept == Kept::Locked);
            assert!(is_read(&region));
            stands_between_guards(&region);
            region.unmap();
        });
    }
}
