//! Addresses: one, a listing over all cores, and the forms in which a listing leaves.
//!
//! Floor 1. Public keys only, so threads may share the work.

use std::{ops::Range, thread};

use bitcoin::{Address, Script, params::Params};

use super::register::{Wallet, WalletError};
use crate::{limits::ADDRESSES, network::Network};

/// Addresses that are worth a thread of their own.
const WORTH_A_THREAD: u32 = 64;

/// The form of a listing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// One address a line.
    Text,
    /// `branch,index,address`, with a header line.
    Csv,
    /// A JSON array of objects.
    Json,
}

/// The address of a script, where it has one.
#[must_use]
pub fn address(script: &Script, network: Network) -> Option<String> {
    Address::from_script(script, Params::new(network.bitcoin())).ok().map(|address| address.to_string())
}

/// The addresses of one branch, in order of their indices.
///
/// # Errors
/// [`WalletError::Range`], [`WalletError::NoBranch`], [`WalletError::NoIndex`].
pub fn addresses(wallet: &Wallet, branch: u32, indices: Range<u32>) -> Result<Vec<String>, WalletError> {
    let cores = thread::available_parallelism().map_or(1, usize::from);
    addresses_on(wallet, branch, indices, cores)
}

/// [`addresses`] on at most `cores` threads.
///
/// # Errors
/// As [`addresses`].
pub fn addresses_on(
    wallet: &Wallet,
    branch: u32,
    indices: Range<u32>,
    cores: usize,
) -> Result<Vec<String>, WalletError> {
    let wrong = WalletError::Range { from: indices.start, to: indices.end };
    let count = indices.end.checked_sub(indices.start).filter(|count| *count <= ADDRESSES).ok_or(wrong)?;
    let cores = u32::try_from(cores).unwrap_or(u32::MAX).clamp(1, 64);
    let share = count.div_ceil(cores).max(WORTH_A_THREAD);
    let part = |from: u32| from..from.saturating_add(share).min(indices.end);
    let mut starts = Vec::new();
    let mut from = indices.start;
    while from < indices.end {
        starts.push(from);
        from = from.saturating_add(share);
    }
    let one = |part: Range<u32>| -> Result<Vec<String>, WalletError> {
        part.map(|index| address_at(wallet, branch, index)).collect()
    };
    let Some((first, others)) = starts.split_first() else {
        return Ok(Vec::new());
    };
    thread::scope(|scope| {
        let handles: Vec<_> = others.iter().map(|from| (*from, scope.spawn(|| one(part(*from))))).collect();
        let mut all = one(part(*first))?;
        for (from, handle) in handles {
            all.extend(handle.join().map_err(|_| WalletError::NoIndex(from))??);
        }
        Ok(all)
    })
}

fn address_at(wallet: &Wallet, branch: u32, index: u32) -> Result<String, WalletError> {
    let coin = wallet.coin(branch, index)?;
    address(&coin.script_pubkey, wallet.network()).ok_or(WalletError::NoIndex(index))
}

/// A listing of one branch.
///
/// # Errors
/// As [`addresses`].
pub fn listing(wallet: &Wallet, branch: u32, indices: Range<u32>, form: Form) -> Result<String, WalletError> {
    let all = addresses(wallet, branch, indices.clone())?;
    let rows = indices.zip(all);
    let mut out = String::new();
    match form {
        Form::Text => rows.for_each(|(_, address)| out.push_str(&format!("{address}\n"))),
        Form::Csv => {
            out.push_str("branch,index,address\n");
            rows.for_each(|(index, address)| out.push_str(&format!("{branch},{index},{address}\n")));
        }
        Form::Json => {
            let rows =
                rows.map(|(index, address)| serde_json::json!({"address": address, "branch": branch, "index": index}));
            out = format!("{:#}\n", serde_json::Value::Array(rows.collect()));
        }
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wallet::{HARDENED, samples};

    #[test]
    fn threads_keep_the_order() {
        let wallet = samples::wallet("wpkh(@0/<0;1>/*)", "m/84h/0h/0h");
        let one = addresses_on(&wallet, 0, 0..300, 1).unwrap();
        assert_eq!(one.len(), 300);
        assert_eq!(one[0], "bc1qcr8te4kr609gcawutmrza0j4xv80jy8z306fyu");
        for cores in [0, 2, 3, 7, 1000] {
            assert_eq!(addresses_on(&wallet, 0, 0..300, cores).unwrap(), one);
        }
        assert_eq!(addresses(&wallet, 0, 100..200).unwrap(), one[100..200]);
        assert_eq!(addresses(&wallet, 0, 7..7).unwrap(), Vec::<String>::new());
    }

    #[test]
    fn ranges_have_bounds() {
        let wallet = samples::wallet("wpkh(@0/<0;1>/*)", "m/84h/0h/0h");
        let downwards = Range { start: 5, end: 4 };
        assert_eq!(addresses(&wallet, 0, downwards), Err(WalletError::Range { from: 5, to: 4 }));
        assert!(matches!(addresses(&wallet, 0, 0..ADDRESSES + 1), Err(WalletError::Range { .. })));
        assert_eq!(addresses(&wallet, 2, 0..1), Err(WalletError::NoBranch(2)));
        assert_eq!(addresses(&wallet, 0, HARDENED - 1..HARDENED + 1), Err(WalletError::NoIndex(HARDENED)));
        assert_eq!(addresses(&wallet, 0, HARDENED - 1..HARDENED).unwrap().len(), 1);
    }

    #[test]
    fn a_listing_has_three_forms() {
        let wallet = samples::wallet("wpkh(@0/<0;1>/*)", "m/84h/0h/0h");
        let text = listing(&wallet, 0, 0..2, Form::Text).unwrap();
        assert_eq!(text, "bc1qcr8te4kr609gcawutmrza0j4xv80jy8z306fyu\nbc1qnjg0jd8228aq7egyzacy8cys3knf9xvrerkf9g\n");
        let csv = listing(&wallet, 1, 0..1, Form::Csv).unwrap();
        assert_eq!(csv, "branch,index,address\n1,0,bc1q8c6fshw2dlwun7ekn9qwf37cu2rn755upcp6el\n");
        let json: serde_json::Value = serde_json::from_str(&listing(&wallet, 0, 1..2, Form::Json).unwrap()).unwrap();
        assert_eq!(json[0]["address"], "bc1qnjg0jd8228aq7egyzacy8cys3knf9xvrerkf9g");
        assert_eq!((&json[0]["index"], &json[0]["branch"]), (&1.into(), &0.into()));
    }
}
