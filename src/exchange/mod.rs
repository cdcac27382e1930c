//! Payloads through the air: codes that are shown on the whole screen, and codes that a camera sees.
//!
//! Floor 5. Both loops are at a [`Stage`](crate::port::Stage) and take the camera as a port, so that tests run them on
//! simulated ones. Nothing of a vault is open while they run, and they decide about nothing: what came is reviewed as
//! any other input is.

mod cells;
mod list;
mod pixels;
mod receive;
mod reel;
mod scene;
mod show;
mod single;
mod watch;

pub use receive::receive;
pub use reel::Parcel;
pub use show::{NotShown, Shelf, Shown, show};
pub use single::single;

#[cfg(test)]
mod tests;
