//! Overwriting that the compiler keeps.
//!
//! Floor 0.

/// Overwrites `length` bytes from `start` with zeros, at the speed of `memset`. Safe in a signal handler.
///
/// # Safety
/// The bytes must be writable, and nobody else may use them meanwhile.
#[inline]
pub(super) unsafe fn overwrite(start: *mut u8, length: usize) {
    // SAFETY: the caller's promise.
    unsafe { start.write_bytes(0, length) };
    keep(start);
}

/// Makes the compiler believe that the memory behind `start` is read here, so that no store to it is dead.
#[inline(always)]
fn keep(start: *mut u8) {
    #[cfg(any(target_arch = "x86_64", target_arch = "aarch64", target_arch = "riscv64", target_arch = "arm"))]
    // SAFETY: no instruction; without `nomem` the compiler must assume that all memory is read.
    unsafe {
        core::arch::asm!("/* {0} */", in(reg) start, options(nostack, preserves_flags));
    }
    #[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64", target_arch = "riscv64", target_arch = "arm")))]
    std::hint::black_box(start);
}
