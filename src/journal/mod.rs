//! The journal: append-only, chained, fsynced, with closing lines signed by the statement key.
//!
//! Floor 3.

use crate::{digest::Head, port::DeviceError, quorum::Approved};

/// Proof of [`record`]: the decision is durable before a key is touched.
#[must_use]
pub struct Recorded<M> { approved: Approved<M>, head: Head }

impl<M> Recorded<M> {
    pub fn approved(&self) -> &Approved<M> { &self.approved }
    pub fn head(&self) -> Head { self.head }
}

/// Why the journal cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum JournalError { #[error(transparent)] Device(#[from] DeviceError) }

#[cfg(test)]
#[path = "../../tests/support/frail_store.rs"]
mod frail_store;
