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
