//! What is ours: the wallets' proof of ownership, as the rules look at it.

use crate::{
    psbt::{Derivation, TapDerivation},
    wallet::{Coin, Contradiction, Owned, Scope, Wallet, own_proof_among},
};

/// What an input or output is to the registered wallets.
#[expect(clippy::large_enum_variant, reason = "nearly all are the large one")]
pub(super) enum Standing {
    /// Proved: the wallet derives this very script.
    Ours(Own),
    /// It claims to be ours, and contradicts a wallet.
    False {
        /// Index of the wallet.
        wallet: usize,
        /// How.
        contradiction: Contradiction,
    },
    /// It neither is nor claims to be ours.
    Foreign,
}

/// A script that is proved to be ours.
pub(super) struct Own {
    /// Index of the wallet.
    pub(super) wallet: usize,
    /// The proof.
    pub(super) owned: Owned,
    /// Whether a record holds a key of ours.
    pub(super) own_record: bool,
}

impl Own {
    pub(super) const fn coin(&self) -> &Coin {
        &self.owned.coin
    }

    pub(super) const fn place(&self) -> (usize, u32, u32) {
        (self.wallet, self.owned.coin.branch, self.owned.coin.index)
    }
}

impl Standing {
    /// Asks the wallets.
    pub(super) fn of(wallets: &[Wallet], scope: &Scope<'_>) -> Self {
        match own_proof_among(wallets, scope) {
            Ok(Some((wallet, owned))) => {
                let own_record = wallets.get(wallet).is_some_and(|wallet| owned.names_ours(wallet));
                Self::Ours(Own { wallet, owned, own_record })
            }
            Ok(None) => Self::Foreign,
            Err((wallet, contradiction)) => Self::False { wallet, contradiction },
        }
    }

    pub(super) const fn own(&self) -> Option<&Own> {
        match self {
            Self::Ours(own) => Some(own),
            Self::False { .. } | Self::Foreign => None,
        }
    }

    /// Whether it is ours or claims to be.
    pub(super) const fn claims(&self) -> bool {
        match self {
            Self::Ours(_) | Self::False { .. } => true,
            Self::Foreign => false,
        }
    }

    /// The wallet that it is or claims to be of.
    pub(super) const fn wallet(&self) -> Option<usize> {
        match self {
            Self::Ours(own) => Some(own.wallet),
            Self::False { wallet, .. } => Some(*wallet),
            Self::Foreign => None,
        }
    }
}

/// A key record of either kind.
#[derive(Clone, Copy)]
pub(super) struct Record<'p> {
    /// 33 or 65 bytes, or 32 of taproot.
    pub(super) key: &'p [u8],
    pub(super) fingerprint: [u8; 4],
    pub(super) path: &'p [u32],
}

/// All records of a scope, in the order in which a proof numbers them.
pub(super) fn records<'p>(plain: &'p [Derivation], taproot: &'p [TapDerivation]) -> Vec<Record<'p>> {
    let plain = plain.iter().map(|r| Record { key: &r.key, fingerprint: r.fingerprint, path: &r.path });
    let taproot = taproot.iter().map(|r| Record { key: &r.key, fingerprint: r.fingerprint, path: &r.path });
    plain.chain(taproot).collect()
}

/// Whether a key as given (33 bytes, or 32 of taproot) is the derived one.
pub(super) fn same_key(derived: &[u8; 33], given: &[u8]) -> bool {
    given == derived || derived.get(1..).is_some_and(|x_only| x_only == given)
}
