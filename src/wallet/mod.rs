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
mod key_text;
mod member;
mod overlap;
mod own;
mod register;
mod rules;
#[cfg(test)]
mod samples;
mod syntax;

pub use account::{HARDENED, Path, PathError, Script, UnknownScript, coin_type};
pub use address::{Form, address, addresses, addresses_on, listing};
pub use checksum::ChecksumError;
pub use coin::Coin;
pub use derive::NoChild;
pub use descriptor::{DescriptorError, Expression, Unsupported};
pub use export::{ExportError, core, descriptor, generic};
pub use find::{FindError, Found, Window, find, find_script};
pub use key_text::{KeyText, KeyTextError, Secrets};
pub use member::match_master;
pub use own::{Astray, Claim, Contradiction, Field, Owned, Scope, own_proof, own_proof_among};
pub use register::{Key, Kind, Multi, Wallet, WalletError};
