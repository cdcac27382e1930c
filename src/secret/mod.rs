//! The wing of secrets: entropy, mnemonics, seeds, keys, Shamir, passphrases. Nothing here has Debug, Display,
//! Clone or Serialize, and no error holds a secret.
//!
//! Floor 1; pure: randomness comes as an argument. Not a place where transactions are known.

mod curve;
mod entropy;
mod extended;
mod gf256;
mod health;
mod labels;
mod master;
mod mnemonic;
mod passphrase;
mod role;
mod root;
mod seed_code;
mod slip39;
mod stretch;

pub use curve::{blind_curve, curve};
pub use entropy::{EntropyError, KERNEL_BYTES, KernelDraw, Kind, Thrown};
pub use extended::{ExtendedError, ExtendedKey, PrivateExtended};
pub use health::Stuck;
pub use master::{Branch, KeyError, Master};
pub use mnemonic::{Language, Mnemonic, MnemonicError, seed_of_text};
pub use passphrase::{PassphraseError, RANDOM_BYTES, as_generated, generate, judge};
pub use role::{ApprovalKey, StatementKey};
pub use root::{Mixed, Root};
pub use slip39::{Group, ShamirError, Share, combine, split};
