//! The one libsecp256k1 context.
//!
//! Floor 1.

use std::sync::OnceLock;

use bitcoin::secp256k1::{All, Secp256k1};

use crate::sys::Secret;

static CURVE: OnceLock<Secp256k1<All>> = OnceLock::new();

/// The context that all curve arithmetic of this program uses.
#[must_use]
pub fn curve() -> &'static Secp256k1<All> {
    CURVE.get_or_init(Secp256k1::new)
}

/// Blinds the context's multiplications with 32 fresh random bytes, against side channels. Only before the first
/// use of [`curve`]; later it changes nothing and answers `false`, as for another length.
pub fn blind_curve(random: &Secret) -> bool {
    let Ok(seed) = random.expose().try_into() else { return false };
    let mut context = Secp256k1::new();
    context.seeded_randomize(seed);
    CURVE.set(context).is_ok()
}
