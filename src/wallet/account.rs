//! Paths: their text, and the accounts of BIP44, 49, 84, 86 and 48.
//!
//! Floor 1. A path is text from a person or a file until [`Path`] took it.

use std::fmt;

use crate::{limits::PATH_STEPS, network::Network};

/// The bit of a hardened step (BIP32).
pub const HARDENED: u32 = 1 << 31;

/// A BIP32 path from a master key: at most 12 steps, hardened ones with the high bit.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Path(Vec<u32>);

/// Why a text is no path, or a path is not allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PathError {
    /// The text does not start with `m`.
    #[error("a path starts with `m`, as in m/84h/0h/0h")]
    Start,
    /// A step is not a number below 2^31, alone or with `h` or `'` after it.
    #[error("step {0} of the path is no number below 2147483648, with `h` after it where hardened")]
    Step(usize),
    /// More steps than the limit.
    #[error("a path has at most 12 steps")]
    TooLong,
    /// The account number is 2^31 or more.
    #[error("an account is a number below 2147483648")]
    Account,
    /// The second step is not the coin type of the network.
    #[error("keys of {network} stand at coin type {expected}h, as in m/84h/{expected}h/0h")]
    CoinType {
        /// The network of the vault.
        network: Network,
        /// Its coin type.
        expected: u32,
    },
    /// The path names something below an account.
    #[error("step {0} of the path is not hardened: an account's path has hardened steps only")]
    NotHardened(usize),
}

impl Path {
    /// The path of these steps.
    ///
    /// # Errors
    /// More than 12 steps.
    pub fn new(steps: Vec<u32>) -> Result<Self, PathError> {
        if steps.len() > PATH_STEPS { Err(PathError::TooLong) } else { Ok(Self(steps)) }
    }

    /// The steps, hardened ones with the high bit.
    #[must_use]
    pub fn steps(&self) -> &[u32] {
        &self.0
    }

    /// The path with two more steps: that of the key at `branch` and `index`.
    ///
    /// # Errors
    /// More than 12 steps, or a hardened branch or index.
    pub fn key(&self, branch: u32, index: u32) -> Result<Self, PathError> {
        let at = self.0.len().saturating_add(1);
        if branch >= HARDENED {
            return Err(PathError::Step(at));
        }
        if index >= HARDENED {
            return Err(PathError::Step(at.saturating_add(1)));
        }
        let mut steps = self.0.clone();
        steps.extend([branch, index]);
        Self::new(steps)
    }

    /// Checks that an extended key at this path may leave a vault of `network`: every step hardened, the second
    /// one the network's coin type (purpose, coin type, account and what follows).
    ///
    /// # Errors
    /// [`PathError::CoinType`] or [`PathError::NotHardened`].
    pub fn exportable(&self, network: Network) -> Result<(), PathError> {
        coin_type(&self.0, network)?;
        match self.0.iter().position(|step| *step < HARDENED) {
            Some(place) => Err(PathError::NotHardened(place.saturating_add(1))),
            None => Ok(()),
        }
    }
}

/// Checks that the second step of `path` is the hardened coin type of `network`.
///
/// # Errors
/// [`PathError::CoinType`].
pub fn coin_type(path: &[u32], network: Network) -> Result<(), PathError> {
    let expected = network.coin_type();
    if path.get(1) == Some(&(expected | HARDENED)) { Ok(()) } else { Err(PathError::CoinType { network, expected }) }
}

impl std::str::FromStr for Path {
    type Err = PathError;

    /// Reads `m`, `m/84h/0h/0h` or `m/84'/0'/0'`.
    fn from_str(text: &str) -> Result<Self, PathError> {
        let mut parts = text.split('/');
        if parts.next() != Some("m") {
            return Err(PathError::Start);
        }
        let mut steps = Vec::new();
        for part in parts {
            if steps.len() >= PATH_STEPS {
                return Err(PathError::TooLong);
            }
            steps.push(step(part).ok_or(PathError::Step(steps.len().saturating_add(1)))?);
        }
        Ok(Self(steps))
    }
}

/// One step: a decimal number below 2^31 without sign or leading zero, with `h` or `'` after it where hardened.
fn step(text: &str) -> Option<u32> {
    let (digits, bit) = match text.strip_suffix(['h', '\'']) {
        Some(digits) => (digits, HARDENED),
        None => (text, 0),
    };
    let plain = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    if !plain || (digits.len() > 1 && digits.starts_with('0')) {
        return None;
    }
    digits.parse::<u32>().ok().filter(|number| *number < HARDENED).map(|number| number | bit)
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("m")?;
        write_steps(f, &self.0)
    }
}

/// Writes `/84h/0h/0h`.
pub(super) fn write_steps(out: &mut impl fmt::Write, steps: &[u32]) -> fmt::Result {
    for step in steps {
        let mark = if *step >= HARDENED { "h" } else { "" };
        write!(out, "/{}{mark}", step & !HARDENED)?;
    }
    Ok(())
}

/// The script types that have an account of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Script {
    /// `pkh`, BIP44.
    Pkh,
    /// `sh(wpkh)`, BIP49.
    ShWpkh,
    /// `wpkh`, BIP84.
    Wpkh,
    /// `tr`, key path only, BIP86.
    Tr,
    /// Multisig in `sh(wsh)`, BIP48 script type 1.
    ShWsh,
    /// Multisig in `wsh`, BIP48 script type 2.
    Wsh,
}

impl Script {
    /// The script types of one key, as `--script` names them.
    pub const SINGLE: [Self; 4] = [Self::Pkh, Self::ShWpkh, Self::Wpkh, Self::Tr];

    /// The first step of its paths: 44, 49, 84, 86 or 48.
    #[must_use]
    pub const fn purpose(self) -> u32 {
        match self {
            Self::Pkh => 44,
            Self::ShWpkh => 49,
            Self::Wpkh => 84,
            Self::Tr => 86,
            Self::ShWsh | Self::Wsh => 48,
        }
    }

    /// Its name on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pkh => "pkh",
            Self::ShWpkh => "sh-wpkh",
            Self::Wpkh => "wpkh",
            Self::Tr => "tr",
            Self::ShWsh => "sh-wsh",
            Self::Wsh => "wsh",
        }
    }

    /// The path of an account: `m/purpose'/coin'/account'`, and `/1'` or `/2'` after it for BIP48.
    ///
    /// # Errors
    /// [`PathError::Account`].
    ///
    /// # Source
    /// BIP44, "Path levels"; BIP48, "Path levels".
    pub fn account(self, network: Network, account: u32) -> Result<Path, PathError> {
        if account >= HARDENED {
            return Err(PathError::Account);
        }
        let mut steps = vec![self.purpose() | HARDENED, network.coin_type() | HARDENED, account | HARDENED];
        match self {
            Self::ShWsh => steps.push(1 | HARDENED),
            Self::Wsh => steps.push(2 | HARDENED),
            Self::Pkh | Self::ShWpkh | Self::Wpkh | Self::Tr => {}
        }
        Ok(Path(steps))
    }
}

impl std::str::FromStr for Script {
    type Err = UnknownScript;

    fn from_str(text: &str) -> Result<Self, UnknownScript> {
        Self::SINGLE.into_iter().find(|script| script.name() == text).ok_or(UnknownScript)
    }
}

/// The text names no script type of one key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("script types are pkh, sh-wpkh, wpkh and tr")]
pub struct UnknownScript;

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn path(text: &str, expected: &str) {
        assert_eq!(text.parse::<Path>().unwrap().to_string(), expected);
    }

    #[track_caller]
    fn refused(text: &str, expected: PathError) {
        assert_eq!(text.parse::<Path>(), Err(expected), "{text}");
    }

    #[test]
    fn both_hardened_marks_are_read_and_one_is_written() {
        path("m", "m");
        path("m/84h/0'/2147483647h/1/0", "m/84h/0h/2147483647h/1/0");
        refused("", PathError::Start);
        refused("M/0", PathError::Start);
        refused("84h/0h", PathError::Start);
        refused("m/", PathError::Step(1));
        refused("m/0//1", PathError::Step(2));
        refused("m/0/1H", PathError::Step(2));
        refused("m/2147483648", PathError::Step(1));
        refused("m/99999999999", PathError::Step(1));
        refused("m/+1", PathError::Step(1));
        refused("m/01", PathError::Step(1));
        refused("m/1h'", PathError::Step(1));
        refused("m/*", PathError::Step(1));
        let most = format!("m{}", "/0".repeat(PATH_STEPS));
        path(&most, &most);
        refused(&format!("{most}/0"), PathError::TooLong);
    }

    #[test]
    fn accounts_are_where_the_bips_put_them() {
        let at = |script: Script, network, account| script.account(network, account).unwrap().to_string();
        assert_eq!(at(Script::Pkh, Network::Mainnet, 1), "m/44h/0h/1h");
        assert_eq!(at(Script::ShWpkh, Network::Regtest, 0), "m/49h/1h/0h");
        assert_eq!(at(Script::Wpkh, Network::Signet, 7), "m/84h/1h/7h");
        assert_eq!(at(Script::Tr, Network::Mainnet, 0), "m/86h/0h/0h");
        assert_eq!(at(Script::ShWsh, Network::Testnet, 0), "m/48h/1h/0h/1h");
        assert_eq!(at(Script::Wsh, Network::Mainnet, 3), "m/48h/0h/3h/2h");
        assert_eq!(Script::Pkh.account(Network::Mainnet, HARDENED), Err(PathError::Account));
        let account = Script::Wsh.account(Network::Testnet4, 1).unwrap();
        assert_eq!(account.key(1, 9).unwrap().to_string(), "m/48h/1h/1h/2h/1/9");
        assert_eq!(account.key(HARDENED, 9), Err(PathError::Step(5)));
        assert_eq!(account.key(0, HARDENED), Err(PathError::Step(6)));
    }

    #[test]
    fn only_hardened_keys_of_the_network_may_leave() {
        let check = |text: &str, network| text.parse::<Path>().unwrap().exportable(network);
        assert_eq!(check("m/48h/0h/0h/2h", Network::Mainnet), Ok(()));
        assert_eq!(check("m/48h/1h/0h/2h", Network::Testnet4), Ok(()));
        assert!(matches!(check("m/48h/1h/0h/2h", Network::Mainnet), Err(PathError::CoinType { expected: 0, .. })));
        assert!(matches!(check("m/48h/0h/0h/2h", Network::Regtest), Err(PathError::CoinType { expected: 1, .. })));
        assert!(matches!(check("m", Network::Mainnet), Err(PathError::CoinType { .. })));
        assert!(matches!(check("m/48h/0", Network::Mainnet), Err(PathError::CoinType { .. })));
        assert_eq!(check("m/84h/0h/0h/0", Network::Mainnet), Err(PathError::NotHardened(4)));
    }

    #[test]
    fn script_types_have_one_name_each() {
        for script in Script::SINGLE {
            assert_eq!(script.name().parse(), Ok(script));
        }
        for bad in ["", "wsh", "p2wpkh", "WPKH"] {
            assert_eq!(bad.parse::<Script>(), Err(UnknownScript));
        }
    }
}
