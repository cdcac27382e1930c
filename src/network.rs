//! The five networks, with the numbers that our formats give them.
//!
//! Floor 0.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A Bitcoin network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Network {
    /// The network whose coins have value.
    Mainnet,
    /// Testnet, version 4 (BIP94).
    Testnet4,
    /// Testnet, version 3.
    Testnet,
    /// The default signet (BIP325).
    Signet,
    /// A private chain for tests.
    Regtest,
}

impl Network {
    /// All networks, in the order of their codes.
    pub const ALL: [Self; 5] = [Self::Mainnet, Self::Testnet4, Self::Testnet, Self::Signet, Self::Regtest];

    /// The number that stands for the network in hashes.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Self::Mainnet => 0,
            Self::Testnet4 => 1,
            Self::Testnet => 2,
            Self::Signet => 3,
            Self::Regtest => 4,
        }
    }

    /// The coin type of its BIP44 paths: 0 on mainnet, 1 elsewhere (SLIP-44).
    #[must_use]
    pub const fn coin_type(self) -> u32 {
        match self {
            Self::Mainnet => 0,
            Self::Testnet4 | Self::Testnet | Self::Signet | Self::Regtest => 1,
        }
    }

    /// Whether its coins have value.
    #[must_use]
    pub const fn is_mainnet(self) -> bool {
        matches!(self, Self::Mainnet)
    }

    /// The network as the `bitcoin` crate names it.
    #[must_use]
    pub const fn bitcoin(self) -> bitcoin::Network {
        match self {
            Self::Mainnet => bitcoin::Network::Bitcoin,
            Self::Testnet4 => bitcoin::Network::Testnet4,
            Self::Testnet => bitcoin::Network::Testnet,
            Self::Signet => bitcoin::Network::Signet,
            Self::Regtest => bitcoin::Network::Regtest,
        }
    }

    /// The kind of its extended keys (`xpub` or `tpub`).
    #[must_use]
    pub const fn kind(self) -> bitcoin::NetworkKind {
        if self.is_mainnet() { bitcoin::NetworkKind::Main } else { bitcoin::NetworkKind::Test }
    }

    /// Its name, in lower case.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Mainnet => "mainnet",
            Self::Testnet4 => "testnet4",
            Self::Testnet => "testnet",
            Self::Signet => "signet",
            Self::Regtest => "regtest",
        }
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl std::str::FromStr for Network {
    type Err = UnknownNetwork;

    fn from_str(text: &str) -> Result<Self, UnknownNetwork> {
        Self::ALL.into_iter().find(|network| network.name() == text).ok_or(UnknownNetwork)
    }
}

/// The text names no network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("networks are mainnet, testnet4, testnet, signet and regtest")]
pub struct UnknownNetwork;
