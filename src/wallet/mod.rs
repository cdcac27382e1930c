//! Registered descriptors: what is ours is what they derive, never what a PSBT claims.
//!
//! Floor 1. Descriptors are untrusted text until [`Wallet::read`] took them. No private keys: `secret` has those,
//! and [`Expression`] reads them for published vectors only.

mod account;
mod address;
mod checksum;
mod coin;
mod derive;
mod descriptor;
mod export;
mod find;
mod internal;
mod key_text;
mod kind;
mod member;
mod overlap;
mod own;
mod reading;
mod register;
mod rules;
#[cfg(test)]
pub(crate) mod samples;
mod scripts;
mod spending;
mod syntax;
mod template;
mod tree;
mod ways;

pub use account::{HARDENED, Path, PathError, Script, UnknownScript, coin_type};
pub use address::{Form, address, addresses, addresses_on, listing};
pub use checksum::ChecksumError;
pub use coin::Coin;
pub use derive::NoChild;
pub use descriptor::{DescriptorError, Expression, Unsound, Unsupported};
pub use export::{ExportError, account_for_ur, core, descriptor, for_ur, generic, key_for_ur};
pub use find::{FindError, Found, Window, find, find_counted, find_script, places, script_of};
pub use internal::Internal;
pub use key_text::{KeyText, KeyTextError, Secrets};
pub use kind::{Kind, Multi};
pub use member::{FalseOrigin, match_master};
pub use overlap::Marks;
pub use own::{Astray, Claim, Contradiction, Field, LeafFault, Owned, Scope, own_proof, own_proof_among};
pub use register::{Key, Wallet, WalletError};
pub use spending::{HashLock, Seat, Signers, SpendingPath};
pub use tree::{LEAF_VERSION, Leaf, Tree};
