//! The kernel's random bytes.

use crate::{
    port::{DeviceError, Random, Stirred},
    sys::{Stirring, stir_pool},
};

/// `getrandom(2)`, and the kernel's pool.
pub struct Kernel;

impl Random for Kernel {
    fn fill(&mut self, out: &mut [u8]) -> Result<(), DeviceError> {
        getrandom::fill(out).map_err(|_| DeviceError::NoRandomness)
    }

    fn stir(&mut self, bytes: &[u8]) -> Result<Stirred, DeviceError> {
        match stir_pool(bytes) {
            Ok(Stirring::Reseeded) => Ok(Stirred::Reseeded),
            Ok(Stirring::WrittenOnly) => Ok(Stirred::WrittenOnly),
            Err(_) => Err(DeviceError::NoRandomness),
        }
    }
}
