//! Bytes for the kernel's own random pool, so that what others draw from it (age) profits from dice too.
//!
//! Floor 0.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::os::fd::AsRawFd;

use super::overwrite::overwrite;

/// What the kernel did with the bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stirring {
    /// Mixed in, and the generator reseeded from the pool at once.
    Reseeded,
    /// Mixed in; without the privilege the generator takes them up at its next reseeding only.
    WrittenOnly,
}

/// The pool takes no bytes.
#[derive(Debug, thiserror::Error)]
#[error("the kernel's random pool cannot be written: {0}")]
pub struct PoolError(#[from] std::io::Error);

/// Mixes `bytes` into the kernel's pool and tells it to reseed. No entropy is credited: the kernel's own count
/// stays as it is, whatever the bytes are worth.
///
/// # Errors
/// The pool can be written in neither way.
///
/// # Source
/// random(4): RNDADDENTROPY and RNDRESEEDCRNG need CAP_SYS_ADMIN; a plain write needs nothing.
pub fn stir_pool(bytes: &[u8]) -> Result<Stirring, PoolError> {
    let mut device = OpenOptions::new().write(true).open("/dev/urandom")?;
    let mut rest = bytes;
    let mut privileged = true;
    while !rest.is_empty() {
        let (chunk, after) = rest.split_at(rest.len().min(CHUNK));
        privileged = privileged && add(&device, chunk);
        if !privileged {
            device.write_all(chunk)?;
        }
        rest = after;
    }
    Ok(if privileged && reseed(&device) { Stirring::Reseeded } else { Stirring::WrittenOnly })
}

const CHUNK: usize = 256;

/// `struct rand_pool_info` of linux/random.h.
#[repr(C)]
struct PoolInfo {
    entropy_count: libc::c_int,
    buf_size: libc::c_int,
    buf: [u8; CHUNK],
}

/// `_IOW('R', 0x03, int[2])`.
const RNDADDENTROPY: libc::Ioctl = 0x4008_5203;
/// `_IO('R', 0x07)`.
const RNDRESEEDCRNG: libc::Ioctl = 0x5207;

fn add(device: &File, chunk: &[u8]) -> bool {
    let Ok(buf_size) = libc::c_int::try_from(chunk.len()) else { return false };
    let mut info = PoolInfo { entropy_count: 0, buf_size, buf: [0; CHUNK] };
    for (to, from) in info.buf.iter_mut().zip(chunk) {
        *to = *from;
    }
    // SAFETY: the kernel reads `buf_size` bytes of `buf`, which holds at least as many.
    let answer = unsafe { libc::ioctl(device.as_raw_fd(), RNDADDENTROPY, &raw const info) };
    // SAFETY: an array of ours to fill.
    unsafe { overwrite(info.buf.as_mut_ptr(), CHUNK) };
    answer == 0
}

fn reseed(device: &File) -> bool {
    // SAFETY: no argument.
    unsafe { libc::ioctl(device.as_raw_fd(), RNDRESEEDCRNG) == 0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::again::again;

    #[test]
    fn without_the_privilege_bytes_are_written_only() {
        again("sys::pool::tests::without_the_privilege_bytes_are_written_only", &[], |_| {
            // SAFETY: plain system calls.
            unsafe {
                if libc::geteuid() == 0 {
                    assert!(matches!(stir_pool(&[1; 700]).unwrap(), Stirring::Reseeded | Stirring::WrittenOnly));
                    assert_eq!(libc::setresuid(65534, 65534, 65534), 0);
                }
            }
            assert_eq!(stir_pool(&[1; 700]).unwrap(), Stirring::WrittenOnly);
        });
    }
}
