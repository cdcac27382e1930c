//! The vault's files at rest: statement, body and shares, how they are made, read, chosen and changed.
//!
//! Floor 3, right of `journal`. Untrusted bytes on one side, sealed secrets on the other; what may be done with
//! them, and in which order, is the ceremonies'. `docs/vault-format.md` has the bytes.

mod amend;
mod body;
mod choice;
mod family;
mod folder;
mod found;
mod inside;
mod report;
mod sealed;
mod seed;
mod share;
mod shelf;
mod slot;
mod spare;
mod statement;

pub use amend::{AmendError, amend, settle};
pub use body::{Body, BodyError, unseal};
pub use choice::{ChoiceError, Outcome};
pub use family::Family;
pub use folder::{JOURNAL, Notice, Vault, VaultError, is_of_a_vault};
pub use found::{FoundError, Founder, Founding, Place, found};
pub use report::{Report, ShareState};
pub use sealed::{Key, Lock, LockedTo, Recipient, SealedError, SessionKey, Work, locked_to, rehearse};
pub use seed::{Seed, SeedError, Words};
pub use share::{OpenShare, Part, ShareError, ShareFile, commitment};
pub use shelf::{Renewed, Shelf, ShelfError, change_passphrase, file_among, file_name, stem, stem_of};
pub use slot::{Side, Slot, SlotError, SlotStoreError};
pub use statement::{Change, Core, FIRST, FORMAT, Statement, StatementError, WalletRecord, vault_id, vault_words};

#[cfg(test)]
mod samples;
#[cfg(test)]
mod tests;
