//! What sees.

use std::time::Duration;

use super::DeviceError;
use crate::picture::Grey;

/// What a camera gives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sight {
    /// The newest picture.
    Picture(Grey),
    /// None came in time, or one that cannot be read.
    Nothing,
    /// The camera is not there, for now: it was pulled out, or another program has it.
    Gone,
}

/// A camera that may be pulled out and put in again.
pub trait Camera {
    /// The newest picture since the last, waiting for one no longer than `patience`.
    ///
    /// # Errors
    /// What cannot be better in a moment.
    fn look(&mut self, patience: Duration) -> Result<Sight, DeviceError>;
    /// Which camera it is and how its pictures come, for people.
    fn about(&self) -> String;
}
