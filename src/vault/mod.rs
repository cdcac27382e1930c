//! Files at rest.
mod inside;
mod sealed;
pub use sealed::*;
