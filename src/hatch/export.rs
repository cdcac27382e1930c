//! A wallet's public description in the formats that coordinators read.

use super::exit::Failure;
use crate::{
    qr::{self, Kind},
    vault::Vault,
    wallet::{self, Wallet},
};

/// A format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Export {
    /// One line: BIP380 checksum, BIP389 multipath.
    Descriptor,
    /// `importdescriptors` of Bitcoin Core, JSON.
    Core,
    /// The generic JSON that coordinators read.
    Generic,
    /// The account (crypto-account).
    UrAccount,
    /// The descriptor (crypto-output).
    UrOutput,
    /// The vault's own key with its origin (crypto-hdkey).
    UrHdkey,
}

/// A description.
pub struct Exported {
    /// What codes carry.
    pub text: String,
    /// As what they carry it.
    pub kind: Kind,
    /// What a file holds.
    pub written: String,
}

/// Describes a wallet of a vault.
///
/// # Errors
/// The wallet has no such description.
pub fn exported(vault: &Vault, wallet: &Wallet, format: Export) -> Result<Exported, Failure> {
    let refused = |error: &dyn std::fmt::Display| Failure::input(error.to_string());
    let text = match format {
        Export::Descriptor => wallet::descriptor(wallet),
        Export::Core => wallet::core(wallet).map_err(|error| refused(&error))?,
        Export::Generic => wallet::generic(wallet, vault.statement().wallets()).map_err(|error| refused(&error))?,
        Export::UrAccount => wallet::account_for_ur(wallet).map_err(|error| refused(&error))?,
        Export::UrOutput => wallet::for_ur(wallet).map_err(|error| refused(&error))?,
        Export::UrHdkey => wallet::key_for_ur(wallet).map_err(|error| refused(&error))?,
    };
    let keys = match format {
        Export::Descriptor | Export::Core | Export::Generic => None,
        Export::UrAccount => Some(Kind::Account),
        Export::UrOutput => Some(Kind::Descriptor),
        Export::UrHdkey => Some(Kind::Key),
    };
    let written = match keys {
        Some(kind) => qr::ur_of_keys(kind, &text)
            .map_err(|error| refused(&error).remedy("export the descriptor, and show that"))?,
        None => text.clone(),
    };
    let kind = keys.unwrap_or_else(|| qr::kind_of_bytes(text.as_bytes()));
    Ok(Exported { kind, text, written })
}
