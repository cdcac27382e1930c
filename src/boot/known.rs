//! Whether this machine calculates and draws as it must: known answers, and the health of the kernel's randomness.
//!
//! Floor 6. Seconds count here, so it is a choice of the official cases; `strongroom vectors` runs all of them.

use super::checks::Unfit;
use crate::{
    device::Kernel,
    port::Random,
    secret::{KERNEL_BYTES, KernelDraw},
    sys::Secret,
    vectors,
};

/// Keys from seeds, digests of transactions, both kinds of signatures.
const CHOSEN: [&str; 4] = ["BIP32", "BIP143", "BIP340", "BIP341"];

/// How many known answers are right.
///
/// # Errors
/// The first that is not.
pub(super) fn answers() -> Result<usize, Unfit> {
    let report = vectors::run_chosen(&CHOSEN);
    let failed = report.specifications.iter().find(|line| !line.failed.is_empty());
    match failed {
        Some(line) => Err(Unfit::Arithmetic(format!("an answer of {} is wrong", line.specification))),
        None if report.specifications.len() == CHOSEN.len() => {
            Ok(report.specifications.iter().fold(0, |sum, line| sum.saturating_add(line.cases)))
        }
        None => Err(Unfit::Arithmetic("known answers are missing".to_owned())),
    }
}

/// How often the kernel is asked.
const DRAWS: usize = 32;

/// Whether the kernel's draws pass the health tests and are unlike each other, once it has gathered what it needs.
///
/// # Errors
/// A draw that is stuck, or comes twice; no draw at all.
pub(super) fn randomness() -> Result<(), Unfit> {
    // By the system call itself: only that one sets a kernel to work that has gathered nothing yet.
    let ready = rustix::rand::getrandom(&mut [0; 1][..], rustix::rand::GetRandomFlags::empty());
    ready.map_err(|errno| Unfit::Randomness(std::io::Error::from(errno).to_string()))?;
    let mut seen = Vec::new();
    for _ in 0..DRAWS {
        let mut draw = Secret::zeroed(KERNEL_BYTES).map_err(|error| Unfit::Randomness(error.to_string()))?;
        Kernel.fill(draw.expose_mut()).map_err(|error| Unfit::Randomness(error.to_string()))?;
        let draw = KernelDraw::new(draw).map_err(|error| Unfit::Randomness(error.to_string()))?;
        let name = draw.commitment();
        if seen.contains(&name) {
            return Err(Unfit::Randomness("the same bytes come twice".to_owned()));
        }
        seen.push(name);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_machine_that_is_whole_passes() {
        assert_eq!(answers(), Ok(81));
        assert_eq!(randomness(), Ok(()));
    }
}
