//! Checks every signature with a second sighash implementation; shares no code with `sign`.
//!
//! Floor 4.

use crate::{journal::Recorded, policy::Cleared, sign::Signed};

/// Proof of [`verify`]. Its bytes leave only after `journal::close`.
#[must_use]
pub struct Verified { recorded: Recorded<Cleared>, full: Vec<u8>, trimmed: Vec<u8> }

impl Verified { pub fn recorded(&self) -> &Recorded<Cleared> { let _ = (&self.full, &self.trimmed); &self.recorded } }

/// Why nothing leaves.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VerifyError { #[error("input {input}: the signature does not verify")] Signature { input: u32 } }

/// Re-reads the PSBT with the signatures in it, computes each digest anew and verifies under the key that the
/// derived script or output key holds.
pub fn verify(signed: Signed) -> Result<Verified, VerifyError> { let _ = (signed.recorded(), signed.signatures()); todo!() }
