//! The script types of wallets.
//!
//! Floor 1.

use bitcoin::Script;

/// The script types.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Pay to public key hash (BIP44).
    Pkh,
    /// Segwit v0 key hash in a script hash (BIP49).
    ShWpkh,
    /// Segwit v0 key hash (BIP84).
    Wpkh,
    /// Taproot, key path only (BIP86).
    Tr,
    /// Multisig in a script hash.
    Sh(Multi),
    /// Multisig in a segwit v0 script hash, in a script hash.
    ShWsh(Multi),
    /// Multisig in a segwit v0 script hash.
    Wsh(Multi),
    /// Miniscript in a script hash.
    ShScript,
    /// Miniscript in a segwit v0 script hash, in a script hash.
    ShWshScript,
    /// Miniscript in a segwit v0 script hash.
    WshScript,
    /// Taproot with a tree of scripts.
    TrTree,
}

/// `multi` or `sortedmulti` of `threshold` among all keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Multi {
    /// Signatures that a spend needs.
    pub threshold: usize,
    /// Whether the keys are sorted in each script (BIP67).
    pub sorted: bool,
}

impl Kind {
    /// The multisig, where it is one.
    #[must_use]
    pub const fn multi(self) -> Option<Multi> {
        match self {
            Self::Sh(multi) | Self::ShWsh(multi) | Self::Wsh(multi) => Some(multi),
            Self::Pkh
            | Self::ShWpkh
            | Self::Wpkh
            | Self::Tr
            | Self::ShScript
            | Self::ShWshScript
            | Self::WshScript
            | Self::TrTree => None,
        }
    }

    /// Whether its outputs are taproot's.
    #[must_use]
    pub const fn taproot(self) -> bool {
        matches!(self, Self::Tr | Self::TrTree)
    }

    /// Whether a script has the form of its outputs.
    #[must_use]
    pub fn fits(self, script: &Script) -> bool {
        match self {
            Self::Pkh => script.is_p2pkh(),
            Self::Wpkh => script.is_p2wpkh(),
            Self::Tr | Self::TrTree => script.is_p2tr(),
            Self::Wsh(_) | Self::WshScript => script.is_p2wsh(),
            Self::ShWpkh | Self::Sh(_) | Self::ShWsh(_) | Self::ShScript | Self::ShWshScript => script.is_p2sh(),
        }
    }

    /// The kind in words, with the number of `keys`: `wsh, 2 of 3 keys, sorted`.
    #[must_use]
    pub fn in_words(self, keys: usize) -> String {
        let multi = |outside: &str, multi: Multi| {
            let order = if multi.sorted { "sorted" } else { "in order" };
            format!("{outside}, {} of {keys} keys, {order}", multi.threshold)
        };
        let script = |outside: &str| format!("{outside}, {}", crate::text::count(keys, "key"));
        match self {
            Self::Pkh => "pkh (BIP44), one key".to_owned(),
            Self::ShWpkh => "sh(wpkh) (BIP49), one key".to_owned(),
            Self::Wpkh => "wpkh (BIP84), one key".to_owned(),
            Self::Tr => "tr (BIP86), one key".to_owned(),
            Self::Sh(inside) => multi("sh", inside),
            Self::ShWsh(inside) => multi("sh(wsh)", inside),
            Self::Wsh(inside) => multi("wsh", inside),
            Self::ShScript => script("miniscript in sh"),
            Self::ShWshScript => script("miniscript in sh(wsh)"),
            Self::WshScript => script("miniscript in wsh"),
            Self::TrTree => script("tr with leaves"),
        }
    }
}
