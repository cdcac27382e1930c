//! The largest satisfaction of one spending path of miniscript: M06. Found once for each path of a wallet, since its
//! size is the same at every index.

use std::collections::HashMap;

use bitcoin::{
    PublicKey, TapLeafHash, TapSighashType, Weight, absolute, ecdsa,
    hashes::{Hash, hash160, ripemd160, sha256},
    relative, secp256k1, taproot,
};
use miniscript::{Satisfier, hash256};

use crate::{
    review::{
        ours::Own,
        weight::{Satisfaction, bytes_item, compact, length, push},
    },
    wallet::{Coin, HashLock, Seat, SpendingPath, Wallet},
};

/// The sizes found so far: by wallet, path, and whether the sighash type is spelled out.
#[derive(Default)]
pub(super) struct Sizes(HashMap<(usize, usize, bool), Satisfaction>);

impl Sizes {
    /// The satisfaction of a path; that of the largest one where miniscript finds none.
    pub(super) fn of(&mut self, wallet: &Wallet, own: &Own, path: usize, explicit: bool) -> Satisfaction {
        let key = (own.wallet, path, explicit);
        *self.0.entry(key).or_insert_with(|| {
            let of_path = wallet.paths().get(path).and_then(|path| of_path(wallet, own.coin(), path, explicit));
            of_path.unwrap_or_else(|| largest(wallet, own.coin()))
        })
    }
}

fn of_path(wallet: &Wallet, coin: &Coin, path: &SpendingPath, explicit: bool) -> Option<Satisfaction> {
    let descriptor = wallet.miniscript(coin.branch, coin.index).ok()??;
    let leaf = match path.seat {
        Seat::Leaf(leaf) => Some(coin.tree.as_ref()?.leaves.get(leaf)?.hash),
        Seat::Script | Seat::KeyPath => None,
    };
    let key = |key: usize| PublicKey::from_slice(coin.keys.get(key)?).ok();
    let keys: Option<Vec<PublicKey>> = path.keys().into_iter().map(key).collect();
    let all = All { path, keys: keys?, leaf, explicit };
    // As it is finished: where a preimage that the path does not show could stand in for a signature, by the signature.
    let satisfied = descriptor.get_satisfaction(&all).or_else(|_| descriptor.get_satisfaction_mall(&all));
    let (items, script_sig) = satisfied.ok()?;
    let count = compact(u64::try_from(items.len()).unwrap_or(u64::MAX));
    let witness = items.iter().fold(count, |sum, item| sum.saturating_add(bytes_item(item.len())));
    Some(Satisfaction { script_sig: length(&script_sig), witness: if items.is_empty() { 0 } else { witness } })
}

/// The largest satisfaction of the whole descriptor.
fn largest(wallet: &Wallet, coin: &Coin) -> Satisfaction {
    let descriptor = wallet.miniscript(coin.branch, coin.index).ok().flatten();
    let weight = descriptor.and_then(|descriptor| descriptor.max_weight_to_satisfy().ok()).map_or(0, Weight::to_wu);
    match &coin.witness_script {
        None if coin.tree.is_none() => Satisfaction { script_sig: weight.div_ceil(4), witness: 0 },
        _ => {
            let redeem = coin.redeem_script.as_deref().map_or(0, push);
            // The byte that counts the items is in an empty witness too, and so not in what miniscript adds.
            let witness = weight.saturating_sub(redeem.saturating_mul(4)).saturating_add(1);
            Satisfaction { script_sig: redeem, witness }
        }
    }
}

/// Everything that one path demands, in its largest form, and nothing else.
struct All<'a> {
    path: &'a SpendingPath,
    keys: Vec<PublicKey>,
    leaf: Option<TapLeafHash>,
    explicit: bool,
}

impl All<'_> {
    /// 72 bytes with the sighash byte: low S, any R.
    fn ecdsa() -> Option<ecdsa::Signature> {
        let mut numbers = [0x11; 64];
        *numbers.first_mut()? = 0x91;
        secp256k1::ecdsa::Signature::from_compact(&numbers).ok().map(ecdsa::Signature::sighash_all)
    }

    fn schnorr(&self) -> Option<taproot::Signature> {
        let signature = secp256k1::schnorr::Signature::from_slice(&[0x11; 64]).ok()?;
        let sighash_type = if self.explicit { TapSighashType::All } else { TapSighashType::Default };
        Some(taproot::Signature { signature, sighash_type })
    }

    fn preimage(&self, lock: HashLock) -> Option<[u8; 32]> {
        self.path.hashes.contains(&lock).then_some([0; 32])
    }
}

impl Satisfier<PublicKey> for All<'_> {
    fn lookup_ecdsa_sig(&self, key: &PublicKey) -> Option<ecdsa::Signature> {
        Self::ecdsa().filter(|_| self.keys.contains(key))
    }

    fn lookup_tap_key_spend_sig(&self) -> Option<taproot::Signature> {
        self.schnorr().filter(|_| self.path.seat == Seat::KeyPath)
    }

    fn lookup_tap_leaf_script_sig(&self, key: &PublicKey, leaf: &TapLeafHash) -> Option<taproot::Signature> {
        self.schnorr().filter(|_| self.leaf == Some(*leaf) && self.keys.contains(key))
    }

    fn lookup_sha256(&self, hash: &sha256::Hash) -> Option<[u8; 32]> {
        self.preimage(HashLock::Sha256(hash.to_byte_array()))
    }

    fn lookup_hash256(&self, hash: &hash256::Hash) -> Option<[u8; 32]> {
        self.preimage(HashLock::Hash256(hash.to_byte_array()))
    }

    fn lookup_ripemd160(&self, hash: &ripemd160::Hash) -> Option<[u8; 32]> {
        self.preimage(HashLock::Ripemd160(hash.to_byte_array()))
    }

    fn lookup_hash160(&self, hash: &hash160::Hash) -> Option<[u8; 32]> {
        self.preimage(HashLock::Hash160(hash.to_byte_array()))
    }

    fn check_older(&self, lock: relative::LockTime) -> bool {
        let of_path = SpendingPath { older: Some(lock.to_consensus_u32()), after: None, ..self.path.clone() };
        self.path.older.is_some_and(|older| of_path.open(2, 0, older))
    }

    fn check_after(&self, lock: absolute::LockTime) -> bool {
        let of_path = SpendingPath { after: Some(lock.to_consensus_u32()), older: None, ..self.path.clone() };
        self.path.after.is_some_and(|after| of_path.open(2, after, 0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{network::Network, wallet::samples};

    const KEY: &str = "[73c5da0a/84h/1h/0h]tpubDC8msFGeGuwnKG9Upg7DM2b4DaRqg3CUZa5g8v2SRQ6K4NSkxUgd7HsL2XVWbVm39yBA4LAxysQAm397zwQSQoQgewGiYZqrA9DsP4zbQ1M/<0;1>/*";
    const NOBODY: &str = "50929b74c1a04954b78b4b6035e97a5e078a5a0f28ec96d547bfee9ace803ac0";

    #[test]
    fn whatever_path_is_offered_can_be_finished_with_what_it_names() {
        let mut tried = 0;
        let hashed = |alternative: &str| format!("and_v(v:pk(@0/<0;1>/*),or_d(pk(@1/<0;1>/*),{alternative}))");
        let hash = "11".repeat(32);
        let mut texts: Vec<String> = (0..200).map(samples::Random::descriptor).collect();
        for one in [format!("sha256({hash})"), format!("hash160({})", &hash[..40]), "older(7)".to_owned()] {
            let script = hashed(&one);
            texts.extend([format!("wsh({script})"), format!("sh({script})"), format!("tr(@2/<0;1>/*,{script})")]);
        }
        for text in texts {
            let text = samples::fill(&text, samples::SCRIPTS_PATH, Network::Mainnet);
            let Ok(wallet) = Wallet::read("main".parse().unwrap(), &text, Network::Mainnet, &[0]) else { continue };
            if wallet.miniscript(0, 3).unwrap().is_none() {
                continue;
            }
            let coin = wallet.coin(0, 3).unwrap();
            for path in wallet.paths() {
                let one = of_path(&wallet, &coin, path, true);
                assert!(one.is_some(), "{text}: {}", path.in_words(0));
                let (one, most) = (one.unwrap(), largest(&wallet, &coin));
                assert!(
                    one.witness <= most.witness && one.script_sig <= most.script_sig,
                    "{text}: {}",
                    path.in_words(0)
                );
                tried += 1;
            }
        }
        assert!(tried > 60, "{tried}");
    }

    #[test]
    fn where_there_is_one_path_the_largest_satisfaction_is_its() {
        for template in [
            "sh(and_v(v:pk(@),older(144)))",
            "wsh(and_v(v:pk(@),older(144)))",
            "sh(wsh(and_v(v:pk(@),older(144))))",
            "tr(#,and_v(v:pk(@),older(144)))",
        ] {
            let text = template.replace('@', KEY).replace('#', NOBODY);
            let wallet = Wallet::read("main".parse().unwrap(), &text, Network::Regtest, &[0]).unwrap();
            let coin = wallet.coin(0, 3).unwrap();
            let [path] = wallet.paths() else { panic!("{template}") };
            let (one, most) = (of_path(&wallet, &coin, path, true).unwrap(), largest(&wallet, &coin));
            assert_eq!((most.script_sig, most.witness), (one.script_sig, one.witness), "{template}");
        }
    }
}
