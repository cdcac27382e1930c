//! The one place where keys meet transactions.
//!
//! Floor 4.

use crate::{journal::Recorded, policy::Cleared, psbt::NewSignature, secret::Master};

/// Signatures that nobody checked yet.
#[must_use]
pub struct Signed { recorded: Recorded<Cleared>, signatures: Vec<(u32, NewSignature)> }

impl Signed {
    pub(crate) fn recorded(&self) -> &Recorded<Cleared> { &self.recorded }
    pub(crate) fn signatures(&self) -> &[(u32, NewSignature)] { &self.signatures }
}

/// Why nothing was signed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SignError { #[error("input {input}: the seed does not derive the key that the wallet names")] OtherKey { input: u32 }, #[error(transparent)] Key(#[from] crate::secret::KeyError) }

/// Signs exactly the plan of the review: all or nothing.
pub fn sign(recorded: Recorded<Cleared>, wallets: &[crate::wallet::Wallet], master: &Master) -> Result<Signed, SignError> { let _ = (recorded, wallets, master); todo!() }
