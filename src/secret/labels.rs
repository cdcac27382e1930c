//! What everything that is drawn from an entropy root is called: HKDF labels, and tags of hashes.
//!
//! Floor 1. One label a purpose; a change of meaning takes a new number.

/// Tag of the hash over the kernel's bytes that people see before they throw.
pub(super) const COMMIT_TAG: &str = "strongroom/entropy-commit/1";
/// Tag of the root.
pub(super) const ROOT_TAG: &str = "strongroom/entropy/1";
/// Entropy of the mnemonic: 16 or 32 bytes.
pub(super) const SEED: &str = "strongroom/seed/1";
/// The quorum secret: 32 bytes.
pub(super) const QUORUM: &str = "strongroom/quorum-secret/1";
/// Random bytes of the SLIP-39 split of the quorum secret.
pub(super) const COEFFICIENTS: &str = "strongroom/slip39-coefficients/1";
/// Candidates for the SLIP-39 identifier, two bytes each.
pub(super) const IDENTIFIER: &str = "strongroom/slip39-identifier/1";
/// The statement's private key: 32 bytes.
pub(super) const STATEMENT_KEY: &str = "strongroom/statement-key/1";
/// A custodian's approval private key: 32 bytes. `/` and the custodian's name follow.
pub(super) const APPROVAL_KEY: &str = "strongroom/approval-key/1";
