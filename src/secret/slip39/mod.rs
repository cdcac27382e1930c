//! SLIP-39: Shamir shares as words. Splits the quorum secret; combines any backup of the standard.
//!
//! Floor 1; imports gf256, stretch. Not the custody around it: who holds which share is the vault's.

mod checksum;
mod cipher;
mod combine;
mod error;
mod share;
mod split;

pub use combine::combine;
pub use error::ShamirError;
pub use share::{Group, Share};
pub(super) use split::COEFFICIENT_BYTES;
pub use split::split;

/// The x coordinate of the digest of a shared secret.
const DIGEST_X: u8 = 254;
/// The x coordinate of a shared secret.
const SECRET_X: u8 = 255;
/// Bytes of the digest.
const DIGEST_BYTES: usize = 4;
/// Bytes of a secret, least (128 bits).
const SECRET_BYTES_MIN: usize = 16;
