//! From an address or script back to wallet, branch and index.
//!
//! Floor 1. Looks at what the wallets derive, in order; there is no index to go stale.

use std::{
    collections::HashMap,
    sync::atomic::{AtomicBool, Ordering},
    thread,
};

use bitcoin::{Address, Script, ScriptBuf, address::NetworkUnchecked};

use super::register::{Kind, Wallet, WalletError};
use crate::{limits::FIND_GAP, network::Network};

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
    let address: Address<NetworkUnchecked> = address.trim().parse().map_err(|_| FindError::NotAnAddress)?;
    let address = address.require_network(network.bitcoin()).map_err(|_| FindError::OtherNetwork(network))?;
    Ok(find_script(wallets, &address.script_pubkey(), FIND_GAP))
}

/// Looks for a script below `gap` on each branch, on all cores.
#[must_use]
pub fn find_script(wallets: &[Wallet], script: &Script, gap: u32) -> Option<Found> {
    let cores = thread::available_parallelism().map_or(1, usize::from).clamp(1, 64);
    for (place, wallet) in wallets.iter().enumerate().filter(|(_, wallet)| could_have(wallet.kind(), script)) {
        for branch in wallet.branches() {
            let done = AtomicBool::new(false);
            let search = |start: u32, step: usize| {
                let indices = (start..gap).step_by(step);
                let mut indices = indices.take_while(|_| !done.load(Ordering::Relaxed));
                let found = indices.find(|index| {
                    wallet.coin(*branch, *index).is_ok_and(|coin| coin.script_pubkey.as_script() == script)
                });
                done.fetch_or(found.is_some(), Ordering::Relaxed);
                found
            };
            let index = thread::scope(|scope| {
                let starts = 1..u32::try_from(cores).unwrap_or(1);
                let threads: Vec<_> = starts.map(|start| scope.spawn(move || search(start, cores))).collect();
                let mine = search(0, cores);
                threads.into_iter().filter_map(|thread| thread.join().ok().flatten()).chain(mine).min()
            });
            if let Some(index) = index {
                return Some(Found { wallet: place, branch: *branch, index });
            }
        }
    }
    None
}

/// Whether a wallet of this kind can have a script of this shape.
fn could_have(kind: Kind, script: &Script) -> bool {
    match kind {
        Kind::Pkh => script.is_p2pkh(),
        Kind::Wpkh => script.is_p2wpkh(),
        Kind::Tr => script.is_p2tr(),
        Kind::Wsh(_) => script.is_p2wsh(),
        Kind::ShWpkh | Kind::Sh(_) | Kind::ShWsh(_) => script.is_p2sh(),
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
