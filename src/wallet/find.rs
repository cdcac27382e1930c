//! From an address or script back to wallet, branch and index.
//!
//! Floor 1. Looks at what the wallets derive, in order; there is no index to go stale.

use std::{
    collections::HashMap,
    ops::Range,
    sync::atomic::{AtomicBool, Ordering},
    thread,
};

use bitcoin::{Address, Script, ScriptBuf, address::NetworkUnchecked};

use super::{
    kind::Kind,
    register::{Wallet, WalletError},
};
use crate::{
    limits::{ADDRESS_CHARACTERS, FIND_GAP},
    network::Network,
};

/// Where a script was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Found {
    /// The wallet's place in the list.
    pub wallet: usize,
    /// The branch.
    pub branch: u32,
    /// The index on it.
    pub index: u32,
}

/// Why an address cannot be looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FindError {
    /// Not an address: a character is wrong or missing.
    #[error("this is no address: a character is wrong or missing")]
    NotAnAddress,
    /// An address of another network.
    #[error("this address is of another network than {0}")]
    OtherNetwork(Network),
}

/// Looks for an address among the first 100,000 of each branch of each wallet.
///
/// # Errors
/// [`FindError`].
pub fn find(wallets: &[Wallet], address: &str, network: Network) -> Result<Option<Found>, FindError> {
    let script = script_of(address, network)?;
    Ok(find_script(wallets, &script, FIND_GAP))
}

/// The script of an address that somebody typed.
///
/// # Errors
/// [`FindError`].
pub fn script_of(address: &str, network: Network) -> Result<ScriptBuf, FindError> {
    let text = address.trim();
    if text.len() > ADDRESS_CHARACTERS {
        return Err(FindError::NotAnAddress);
    }
    let address: Address<NetworkUnchecked> = text.parse().map_err(|_| FindError::NotAnAddress)?;
    let address = address.require_network(network.bitcoin()).map_err(|_| FindError::OtherNetwork(network))?;
    Ok(address.script_pubkey())
}

/// At how many places a script is looked for, most.
#[must_use]
pub fn places(wallets: &[Wallet], script: &Script, gap: u32) -> u64 {
    let branches = wallets.iter().filter(|wallet| could_have(wallet.kind(), script));
    let branches = branches.map(|wallet| wallet.branches().len()).fold(0usize, usize::saturating_add);
    u64::from(gap).saturating_mul(u64::try_from(branches).unwrap_or(u64::MAX))
}

/// Where the rounds of a search end: low indices of all wallets come before high ones of any, as most coins are there.
const ROUNDS: [u32; 4] = [100, 1_000, 10_000, u32::MAX];

/// Looks for a script below `gap` on each branch, on all cores.
#[must_use]
pub fn find_script(wallets: &[Wallet], script: &Script, gap: u32) -> Option<Found> {
    find_counted(wallets, script, gap, &|| ())
}

/// The same; `looked` hears of each of the [`places`].
#[must_use]
pub fn find_counted(wallets: &[Wallet], script: &Script, gap: u32, looked: &(dyn Fn() + Sync)) -> Option<Found> {
    let mut from = 0;
    for end in ROUNDS.map(|end| end.min(gap)) {
        for (place, wallet) in wallets.iter().enumerate().filter(|(_, wallet)| could_have(wallet.kind(), script)) {
            for branch in wallet.branches() {
                if let Some(index) = search(wallet, *branch, script, from..end, looked) {
                    return Some(Found { wallet: place, branch: *branch, index });
                }
            }
        }
        from = end;
    }
    None
}

/// The index of a script among these of one branch.
fn search(
    wallet: &Wallet,
    branch: u32,
    script: &Script,
    indices: Range<u32>,
    looked: &(dyn Fn() + Sync),
) -> Option<u32> {
    let cores = thread::available_parallelism().map_or(1, usize::from).clamp(1, 64);
    let done = AtomicBool::new(false);
    let part = |offset: usize| {
        let own = indices.clone().skip(offset).step_by(cores);
        let own = own.take_while(|_| !done.load(Ordering::Relaxed));
        let found = own
            .inspect(|_| looked())
            .find(|index| wallet.coin(branch, *index).is_ok_and(|coin| coin.script_pubkey.as_script() == script));
        done.fetch_or(found.is_some(), Ordering::Relaxed);
        found
    };
    thread::scope(|scope| {
        let threads: Vec<_> = (1..cores).map(|offset| scope.spawn(move || part(offset))).collect();
        let mine = part(0);
        threads.into_iter().filter_map(|thread| thread.join().ok().flatten()).chain(mine).min()
    })
}

/// Whether a wallet of this kind can have a script of this shape.
fn could_have(kind: Kind, script: &Script) -> bool {
    match kind {
        Kind::Pkh => script.is_p2pkh(),
        Kind::Wpkh => script.is_p2wpkh(),
        Kind::Tr | Kind::TrTree => script.is_p2tr(),
        Kind::Wsh(_) | Kind::WshScript => script.is_p2wsh(),
        Kind::ShWpkh | Kind::Sh(_) | Kind::ShWsh(_) | Kind::ShScript | Kind::ShWshScript => script.is_p2sh(),
    }
}

/// The scripts of all wallets below some index, derived once: to recognise coins that a PSBT does not declare (I10).
pub struct Window(HashMap<ScriptBuf, Found>);

impl Window {
    /// Derives the scripts below `end(wallet, branch)`, wallet by wallet and branch by branch.
    ///
    /// # Errors
    /// [`WalletError::NoIndex`] where an end is above 2^31.
    pub fn derive(wallets: &[Wallet], end: &dyn Fn(&Wallet, u32) -> u32) -> Result<Self, WalletError> {
        let mut scripts = HashMap::new();
        for (place, wallet) in wallets.iter().enumerate() {
            for branch in wallet.branches() {
                for index in 0..end(wallet, *branch) {
                    let found = Found { wallet: place, branch: *branch, index };
                    scripts.insert(wallet.coin(*branch, index)?.script_pubkey, found);
                }
            }
        }
        Ok(Self(scripts))
    }

    /// Where a script is, if it is ours and in the window.
    #[must_use]
    pub fn find(&self, script: &Script) -> Option<Found> {
        self.0.get(script).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wallet::{address, samples};
    use std::sync::atomic::AtomicU64;

    #[test]
    fn each_place_is_counted_once_and_all_of_them_where_nothing_is_found() {
        let wallets = samples::every();
        for wallet in &wallets {
            let beyond = wallet.coin(wallet.receive_branch(), 40).unwrap().script_pubkey;
            let (counted, all) = (AtomicU64::new(0), places(&wallets, &beyond, 40));
            let looked = || {
                counted.fetch_add(1, Ordering::Relaxed);
            };
            assert_eq!(find_counted(&wallets, &beyond, 40, &looked), None);
            assert_eq!(counted.into_inner(), all, "{}", wallet.name());
            assert!(all >= 40);
        }
        assert_eq!(places(&[], &ScriptBuf::new(), 40), 0);
    }

    #[test]
    fn an_address_is_found_where_it_is() {
        let wallets = samples::every();
        for (place, wallet) in wallets.iter().enumerate() {
            for (branch, index) in [(0, 0), (1, 37), (0, 199)] {
                let coin = wallet.coin(branch, index).unwrap();
                let found = find_script(&wallets, &coin.script_pubkey, 200);
                assert_eq!(found, Some(Found { wallet: place, branch, index }));
            }
            let beyond = wallet.coin(1, 200).unwrap();
            assert_eq!(find_script(&wallets, &beyond.script_pubkey, 200), None);
        }
        let first = address(&wallets[2].coin(0, 1).unwrap().script_pubkey, Network::Mainnet).unwrap();
        let found = find(&wallets, &format!(" {first}\n"), Network::Mainnet);
        assert_eq!(found, Ok(Some(Found { wallet: 2, branch: 0, index: 1 })));
        let loud = find(&wallets, &first.to_uppercase(), Network::Mainnet);
        assert_eq!(loud, found);
    }

    #[test]
    fn every_round_of_the_search_reaches_every_wallet() {
        let wallets = ["m/84h/0h/0h", "m/84h/0h/1h"].map(|path| samples::wallet("wpkh(@0/<0;1>/*)", path));
        for index in [0, 99, 100, 101, 999, 1_000] {
            let coin = wallets[1].coin(1, index).unwrap();
            let found = find_script(&wallets, &coin.script_pubkey, 1_001);
            assert_eq!(found, Some(Found { wallet: 1, branch: 1, index }));
            assert_eq!(find_script(&wallets, &coin.script_pubkey, index), None);
        }
    }

    #[test]
    fn what_is_no_address_of_the_network_is_refused() {
        let of = |text: &str, network| find(&[], text, network);
        let good = "bc1qcr8te4kr609gcawutmrza0j4xv80jy8z306fyu";
        assert_eq!(of(good, Network::Mainnet), Ok(None));
        assert_eq!(of(good, Network::Testnet4), Err(FindError::OtherNetwork(Network::Testnet4)));
        assert_eq!(of("bc1qcr8te4kr609gcawutmrza0j4xv80jy8z306fyv", Network::Mainnet), Err(FindError::NotAnAddress));
        assert_eq!(of("tb1qc58ys2dphtphg6yuugdf3d0kufmk0tye044g3l", Network::Testnet4), Ok(None));
        assert_eq!(of("tb1qc58ys2dphtphg6yuugdf3d0kufmk0tye044g3l", Network::Signet), Ok(None));
        assert_eq!(
            of("tb1qc58ys2dphtphg6yuugdf3d0kufmk0tye044g3l", Network::Regtest),
            Err(FindError::OtherNetwork(Network::Regtest))
        );
        assert_eq!(of(&"1".repeat(91), Network::Mainnet), Err(FindError::NotAnAddress));
        assert_eq!(of("", Network::Mainnet), Err(FindError::NotAnAddress));
        assert_eq!(
            of("2Mww8dCYPUpKHofjgcXcBCEGmniw9CoaiD2", Network::Mainnet),
            Err(FindError::OtherNetwork(Network::Mainnet))
        );
    }

    #[test]
    fn the_window_knows_every_script_in_it_and_no_other() {
        let wallets: Vec<_> = samples::KINDS.iter().take(3).map(|(text, path)| samples::wallet(text, path)).collect();
        let window = Window::derive(&wallets, &|_, branch| if branch == 0 { 5 } else { 2 }).unwrap();
        let at =
            |wallet: usize, branch, index| window.find(&wallets[wallet].coin(branch, index).unwrap().script_pubkey);
        assert_eq!(at(1, 0, 4), Some(Found { wallet: 1, branch: 0, index: 4 }));
        assert_eq!(at(2, 1, 1), Some(Found { wallet: 2, branch: 1, index: 1 }));
        assert_eq!(at(1, 0, 5), None);
        assert_eq!(at(1, 1, 2), None);
        assert_eq!(window.find(Script::new()), None);
    }
}
