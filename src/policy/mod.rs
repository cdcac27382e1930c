//! What a quorum decided in advance: TOML, bound into every ballot through the statement.
//!
//! Floor 2.

use crate::{digest::Subject, review::{Caps, Finding, Permission, Reviewed}};

/// A policy's meaning. Its exact text is in the statement.
pub struct Policy { caps: Caps, allowed: Vec<Permission> }

/// Why a policy's text is not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PolicyError { #[error("{0}")] Todo(String) }

impl Policy {
    /// Reads TOML; empty text is the default policy. Unknown keys are errors.
    pub fn read(text: &str) -> Result<Self, PolicyError> { let _ = text; todo!() }
    pub fn caps(&self) -> &Caps { &self.caps }
    pub fn allows(&self, permission: Permission) -> bool { self.allowed.contains(&permission) }
    /// The policy as English sentences for custodians.
    pub fn sentences(&self) -> Vec<String> { todo!() }
}

/// Proof of [`judge`]: nothing refuses. Knows which warnings are to be acknowledged.
pub struct Cleared { reviewed: Reviewed, warnings: Vec<Finding>, digest: Subject }

impl Cleared {
    pub fn reviewed(&self) -> &Reviewed { &self.reviewed }
    /// Findings that each custodian acknowledges, sorted by id, scope, index.
    pub fn warnings(&self) -> &[Finding] { &self.warnings }
    pub fn digest(&self) -> Subject { self.digest }
}

/// A refusal, with the review for display and journal.
pub struct Refused { pub reviewed: Reviewed, pub reasons: Vec<Finding> }

/// Decides.
pub fn judge(reviewed: Reviewed, policy: &Policy) -> Result<Cleared, Box<Refused>> { let _ = (reviewed, policy); todo!() }
