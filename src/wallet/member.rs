//! Which keys of a wallet a master key derives.
//!
//! Floor 1. Knows no master key: it is handed a function that derives.

use bitcoin::bip32::Xpub;

use super::{account::write_steps, register::Key};
use crate::text::hex;

/// An origin that the master key proves to be untrue. Keys are counted from 1.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FalseOrigin {
    /// The key names the master key at a place where that has another key.
    #[error(
        "key {key} is not what its origin `[{}]` says: that is the fingerprint of this vault, whose seed has another key \
         there",
        origin(*.fingerprint, .path)
    )]
    Foreign {
        /// Which key.
        key: usize,
        /// The master key's fingerprint.
        fingerprint: [u8; 4],
        /// The path that the key claims.
        path: Vec<u32>,
    },
    /// The key is the master key's, and names another.
    #[error(
        "key {key} is this vault's own, and its origin `[{}]` names another master key: this vault's fingerprint is {}",
        origin(*.said, .path),
        hex(.fingerprint)
    )]
    Renamed {
        /// Which key.
        key: usize,
        /// The fingerprint that it names.
        said: [u8; 4],
        /// The master key's fingerprint.
        fingerprint: [u8; 4],
        /// The path of the key.
        path: Vec<u32>,
    },
}

/// `73c5da0a/48h/1h/0h/2h`.
fn origin(fingerprint: [u8; 4], path: &[u32]) -> String {
    let mut text = hex(&fingerprint);
    // writing into a string does not fail
    let _ = write_steps(&mut text, path);
    text
}

/// The indices of the keys that `derive` (the extended public key at a path of the master key with `fingerprint`)
/// yields: public key and chain code equal. A fingerprint proves nothing, but it has to agree with what is proven: who
/// finds the key by its origin later, a signer or a person, would find another, or none. A stranger whose master key
/// has the same fingerprint by chance, once in 2^32, is taken for a liar.
///
/// # Errors
/// [`FalseOrigin`], of the first such key; what `derive` fails with.
pub fn match_master<E: From<FalseOrigin>>(
    keys: &[Key],
    fingerprint: [u8; 4],
    derive: &dyn Fn(&[u32]) -> Result<Xpub, E>,
) -> Result<Vec<usize>, E> {
    let mut ours = Vec::new();
    for (place, key) in keys.iter().enumerate() {
        let derived = derive(&key.origin)?;
        let own = derived.public_key == key.xpub.public_key && derived.chain_code == key.xpub.chain_code;
        let (number, path) = (place.saturating_add(1), || key.origin.clone());
        match (own, key.fingerprint == fingerprint) {
            (true, true) => ours.push(place),
            (false, false) => {}
            (false, true) => return Err(FalseOrigin::Foreign { key: number, fingerprint, path: path() }.into()),
            (true, false) => {
                return Err(
                    FalseOrigin::Renamed { key: number, said: key.fingerprint, fingerprint, path: path() }.into()
                );
            }
        }
    }
    Ok(ours)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{network::Network, wallet::samples};

    /// What a sample's master key finds.
    fn found(keys: &[Key], number: u8) -> Result<Vec<usize>, FalseOrigin> {
        let master = samples::master(number, Network::Mainnet);
        match_master(keys, samples::fingerprint(number), &|path| Ok(samples::xpub(&master, path)))
    }

    fn keys() -> Vec<Key> {
        let text = "wsh(sortedmulti(2,@1/<0;1>/*,@0/<0;1>/*,@2/<0;1>/*))";
        samples::wallet(text, "m/48h/0h/0h/2h").keys().to_vec()
    }

    #[test]
    fn a_key_is_ours_by_public_key_and_chain_code() {
        assert_eq!(found(&keys(), 0), Ok(vec![1]));
        assert_eq!(found(&keys(), 2), Ok(vec![2]));
        assert_eq!(found(&keys(), 3), Ok(vec![]));
    }

    #[test]
    fn an_origin_that_the_master_key_disproves_is_told() {
        let honest = keys();
        let ours = honest[1].fingerprint;
        let foreign = |change: &dyn Fn(&mut [Key]), number: usize| {
            let mut keys = keys();
            change(&mut keys);
            let path = keys[number - 1].origin.clone();
            assert_eq!(found(&keys, 0), Err(FalseOrigin::Foreign { key: number, fingerprint: ours, path }));
        };
        foreign(&|keys| keys[2].fingerprint = ours, 3);
        foreign(&|keys| keys[1].xpub.chain_code = honest[0].xpub.chain_code, 2);
        foreign(&|keys| keys[1].xpub.public_key = honest[0].xpub.public_key, 2);
        foreign(&|keys| keys[1].origin[2] += 1, 2);
        for said in [honest[0].fingerprint, [0; 4], [ours[0], ours[1], ours[2], !ours[3]]] {
            let mut keys = keys();
            keys[1].fingerprint = said;
            let path = keys[1].origin.clone();
            let error = found(&keys, 0).unwrap_err();
            assert!(error.to_string().contains(&hex(&ours)) && error.to_string().contains(&hex(&said)), "{error}");
            assert_eq!(error, FalseOrigin::Renamed { key: 2, said, fingerprint: ours, path });
        }
    }

    #[test]
    fn what_cannot_be_derived_is_nobodys_lie() {
        #[derive(Debug, PartialEq)]
        struct Memory;
        impl From<FalseOrigin> for Memory {
            fn from(error: FalseOrigin) -> Self {
                panic!("{error}")
            }
        }
        let keys = keys();
        assert_eq!(match_master(&keys, keys[0].fingerprint, &|_| Err(Memory)), Err(Memory));
    }
}
