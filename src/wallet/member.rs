//! Which keys of a wallet a master key derives.
//!
//! Floor 1. Knows no master key: it is handed a function that derives.

use bitcoin::bip32::Xpub;

use super::register::Key;

/// The indices of the keys that `derive` (the extended public key at a path of one master key) yields: public key
/// and chain code equal. A fingerprint is only a claim and is not looked at.
pub fn match_master(keys: &[Key], derive: &dyn Fn(&[u32]) -> Option<Xpub>) -> Vec<usize> {
    let derived = |key: &Key| {
        derive(&key.origin)
            .is_some_and(|xpub| xpub.public_key == key.xpub.public_key && xpub.chain_code == key.xpub.chain_code)
    };
    keys.iter().enumerate().filter(|(_, key)| derived(key)).map(|(place, _)| place).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{network::Network, wallet::samples};

    #[test]
    fn a_key_is_ours_by_public_key_and_chain_code() {
        let wallet = samples::wallet("wsh(sortedmulti(2,@1/<0;1>/*,@0/<0;1>/*,@2/<0;1>/*))", "m/48h/0h/0h/2h");
        let by = |number: u8| {
            let master = samples::master(number, Network::Mainnet);
            move |path: &[u32]| Some(samples::xpub(&master, path))
        };
        assert_eq!(match_master(wallet.keys(), &by(0)), [1]);
        assert_eq!(match_master(wallet.keys(), &by(2)), [2]);
        assert_eq!(match_master(wallet.keys(), &by(3)), Vec::<usize>::new());
        assert_eq!(match_master(wallet.keys(), &|_| None), Vec::<usize>::new());
        let mut keys = wallet.keys().to_vec();
        keys[1].xpub.chain_code = keys[0].xpub.chain_code;
        assert_eq!(match_master(&keys, &by(0)), Vec::<usize>::new());
    }
}
