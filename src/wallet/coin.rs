//! One derived script of a wallet. Of one key or of plain multisig it is assembled by hand: no parsing and no
//! miniscript at each address.
//!
//! Floor 1. The tests hold it against miniscript for every kind.

use bitcoin::{
    PublicKey, ScriptBuf, TapTweakHash,
    hashes::{Hash, hash160, sha256},
    key::{TapTweak as _, TweakedPublicKey},
    secp256k1::{PublicKey as Point, XOnlyPublicKey},
};

use super::{
    derive::{NoChild, secp},
    kind::{Kind, Multi},
    register::{Wallet, WalletError},
    scripts::Derived,
    tree::Tree,
};

/// One derived script of a wallet, with all that a signer needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Coin {
    /// The branch.
    pub branch: u32,
    /// The index on it.
    pub index: u32,
    /// The script in the output.
    pub script_pubkey: ScriptBuf,
    /// The script of `sh`.
    pub redeem_script: Option<ScriptBuf>,
    /// The script of `wsh`.
    pub witness_script: Option<ScriptBuf>,
    /// 33-byte compressed public keys, in the order of [`Wallet::keys`].
    pub keys: Vec<[u8; 33]>,
    /// Taproot: internal key and output key.
    pub taproot: Option<(XOnlyPublicKey, XOnlyPublicKey)>,
    /// Taproot: the tree of scripts; none where there is a key path only.
    pub tree: Option<Tree>,
}

impl Wallet {
    /// The script at branch (a member of `branches`) and index (below 2^31).
    ///
    /// # Errors
    /// [`WalletError::NoBranch`] or [`WalletError::NoIndex`].
    pub fn coin(&self, branch: u32, index: u32) -> Result<Coin, WalletError> {
        let place = self.branch_place(branch)?;
        let points = self.points(place, index)?;
        let keys: Vec<[u8; 33]> = points.iter().map(Point::serialize).collect();
        let first = keys.first().ok_or(WalletError::NoIndex(index))?;
        let mut coin = Coin {
            branch,
            index,
            script_pubkey: ScriptBuf::new(),
            redeem_script: None,
            witness_script: None,
            keys: Vec::new(),
            taproot: None,
            tree: None,
        };
        match self.kind() {
            Kind::Pkh => coin.script_pubkey = ScriptBuf::new_p2pkh(&hash160::Hash::hash(first).into()),
            Kind::Wpkh => coin.script_pubkey = key_hash(first),
            Kind::ShWpkh => {
                let redeem = key_hash(first);
                coin.script_pubkey = script_hash(&redeem);
                coin.redeem_script = Some(redeem);
            }
            Kind::Tr => {
                let point = points.first().ok_or(WalletError::NoIndex(index))?;
                let internal = point.x_only_public_key().0;
                let output = key_path_output(internal).map_err(|_| WalletError::NoIndex(index))?;
                coin.script_pubkey = ScriptBuf::new_p2tr_tweaked(output);
                coin.taproot = Some((internal, output.to_x_only_public_key()));
            }
            Kind::Sh(multi) => {
                let script = multisig(multi, &keys);
                coin.script_pubkey = script_hash(&script);
                coin.redeem_script = Some(script);
            }
            Kind::Wsh(multi) => {
                let script = multisig(multi, &keys);
                coin.script_pubkey = witness_hash(&script);
                coin.witness_script = Some(script);
            }
            Kind::ShWsh(multi) => {
                let script = multisig(multi, &keys);
                let redeem = witness_hash(&script);
                coin.script_pubkey = script_hash(&redeem);
                coin.redeem_script = Some(redeem);
                coin.witness_script = Some(script);
            }
            Kind::ShScript | Kind::ShWshScript | Kind::WshScript | Kind::TrTree => {
                let scripts = self.scripts.as_ref().ok_or(WalletError::NoIndex(index))?;
                let points: Vec<PublicKey> = points.into_iter().map(PublicKey::new).collect();
                coin.take(self.kind(), scripts.derive(&points, place, index)?);
            }
        }
        coin.keys = keys;
        Ok(coin)
    }

    /// The place of a branch among the wallet's.
    pub(super) fn branch_place(&self, branch: u32) -> Result<usize, WalletError> {
        self.branches().iter().position(|known| *known == branch).ok_or(WalletError::NoBranch(branch))
    }

    /// The public keys at an index, in the order of [`Wallet::keys`].
    pub(super) fn points(&self, place: usize, index: u32) -> Result<Vec<Point>, WalletError> {
        let parents = self.parents.get(place).ok_or(WalletError::NoIndex(index))?;
        parents.iter().map(|parent| parent.child(index).map_err(|_| WalletError::NoIndex(index))).collect()
    }
}

impl Coin {
    /// Takes the scripts of a kind beyond one key and plain multisig.
    fn take(&mut self, kind: Kind, derived: Derived) {
        match derived {
            Derived::Script(script) if kind == Kind::ShScript => {
                self.script_pubkey = script_hash(&script);
                self.redeem_script = Some(script);
            }
            Derived::Script(script) => {
                self.script_pubkey = witness_hash(&script);
                if kind == Kind::ShWshScript {
                    let redeem = std::mem::take(&mut self.script_pubkey);
                    self.script_pubkey = script_hash(&redeem);
                    self.redeem_script = Some(redeem);
                }
                self.witness_script = Some(script);
            }
            Derived::Tree(internal, output, tree) => {
                self.script_pubkey = ScriptBuf::new_p2tr_tweaked(output.dangerous_assume_tweaked());
                self.taproot = Some((internal, output));
                self.tree = Some(tree);
            }
        }
    }
}

fn key_hash(key: &[u8; 33]) -> ScriptBuf {
    ScriptBuf::new_p2wpkh(&hash160::Hash::hash(key).into())
}

fn script_hash(script: &ScriptBuf) -> ScriptBuf {
    ScriptBuf::new_p2sh(&hash160::Hash::hash(script.as_bytes()).into())
}

fn witness_hash(script: &ScriptBuf) -> ScriptBuf {
    ScriptBuf::new_p2wsh(&sha256::Hash::hash(script.as_bytes()).into())
}

/// The output key with no tree (BIP86).
fn key_path_output(internal: XOnlyPublicKey) -> Result<TweakedPublicKey, NoChild> {
    let tweak = TapTweakHash::from_key_and_tweak(internal, None).to_scalar();
    let (output, _) = internal.add_tweak(secp(), &tweak).map_err(|_| NoChild(0))?;
    Ok(output.dangerous_assume_tweaked())
}

/// `threshold KEY… count OP_CHECKMULTISIG`.
fn multisig(multi: Multi, keys: &[[u8; 33]]) -> ScriptBuf {
    const PUSH_KEY: u8 = 33;
    const OP_CHECKMULTISIG: u8 = 0xae;
    let mut bytes = Vec::with_capacity(keys.len().saturating_mul(34).saturating_add(5));
    push_number(&mut bytes, multi.threshold);
    let mut order: Vec<&[u8; 33]> = keys.iter().collect();
    if multi.sorted {
        order.sort_unstable();
    }
    for key in order {
        bytes.push(PUSH_KEY);
        bytes.extend_from_slice(key);
    }
    push_number(&mut bytes, keys.len());
    bytes.push(OP_CHECKMULTISIG);
    ScriptBuf::from_bytes(bytes)
}

/// A number of 1 to 20: `OP_1` to `OP_16`, or a push of one byte.
fn push_number(script: &mut Vec<u8>, number: usize) {
    const OP_1: u8 = 0x51;
    let number = u8::try_from(number).unwrap_or(u8::MAX);
    if number <= 16 {
        script.push(OP_1.wrapping_add(number).wrapping_sub(1));
    } else {
        script.extend([1, number]);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::OnceLock;

    use bitcoin::{TapLeafHash, taproot::LeafVersion};
    use miniscript::{Descriptor, DescriptorPublicKey};
    use proptest::prelude::*;

    use super::*;
    use crate::wallet::{HARDENED, address, samples};

    type Pair = (Wallet, Vec<Descriptor<DescriptorPublicKey>>);

    fn pairs() -> &'static [Pair] {
        static PAIRS: OnceLock<Vec<Pair>> = OnceLock::new();
        PAIRS.get_or_init(|| {
            let pair = |wallet: Wallet| {
                let theirs: Descriptor<DescriptorPublicKey> = wallet.descriptor().parse().unwrap();
                (wallet, theirs.into_single_descriptors().unwrap())
            };
            samples::every().into_iter().map(pair).collect()
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]
        #[test]
        fn every_kind_derives_what_miniscript_derives(index in 0..HARDENED, change in 0..2usize) {
            for (wallet, theirs) in pairs() {
                let branch = wallet.branches()[change];
                let coin = wallet.coin(branch, index).unwrap();
                let theirs = theirs[change].at_derivation_index(index).unwrap();
                prop_assert_eq!(&coin.script_pubkey, &theirs.script_pubkey());
                let explicit = theirs.explicit_script().unwrap_or_default();
                match wallet.kind() {
                    Kind::Sh(_) | Kind::ShScript => prop_assert_eq!(coin.redeem_script.as_ref(), Some(&explicit)),
                    Kind::Wsh(_) | Kind::ShWsh(_) | Kind::WshScript | Kind::ShWshScript => {
                        prop_assert_eq!(coin.witness_script.as_ref(), Some(&explicit));
                    }
                    Kind::Pkh | Kind::Wpkh | Kind::ShWpkh | Kind::Tr | Kind::TrTree => {
                        prop_assert_eq!(&coin.witness_script, &None);
                    }
                }
                let nested = matches!(
                    wallet.kind(),
                    Kind::ShWpkh | Kind::ShWsh(_) | Kind::Sh(_) | Kind::ShScript | Kind::ShWshScript
                );
                prop_assert_eq!(coin.redeem_script.is_some(), nested);
                prop_assert_eq!(coin.keys.len(), wallet.keys().len());
                prop_assert_eq!(coin.tree.is_some(), wallet.kind() == Kind::TrTree);
                if let Some(filled) = wallet.miniscript(branch, index).unwrap() {
                    prop_assert_eq!(filled.script_pubkey(), coin.script_pubkey.clone());
                }
                if let (Some(tree), Descriptor::Tr(tr)) = (&coin.tree, &theirs) {
                    let info = tr.spend_info();
                    prop_assert_eq!(Some(tree.merkle_root), info.merkle_root());
                    prop_assert_eq!(tree.parity, info.output_key_parity());
                    let (internal, output) = coin.taproot.unwrap();
                    prop_assert_eq!((internal, output), (info.internal_key(), info.output_key().to_x_only_public_key()));
                    prop_assert_eq!(tree.leaves.len(), tr.iter_scripts().count());
                    for (leaf, (depth, script)) in tree.leaves.iter().zip(tr.iter_scripts()) {
                        prop_assert_eq!((leaf.depth, &leaf.script), (depth, &script.encode()));
                        prop_assert_eq!(leaf.hash, TapLeafHash::from_script(&leaf.script, LeafVersion::TapScript));
                        let block = info.control_block(&(leaf.script.clone(), LeafVersion::TapScript)).unwrap();
                        prop_assert_eq!(&leaf.control_block, &block.serialize());
                        prop_assert!(block.verify_taproot_commitment(secp(), output, &leaf.script));
                        let holds = |key: &usize| {
                            let x = coin.keys[*key][1..].to_vec();
                            let hash = hash160::Hash::hash(&x).to_byte_array();
                            let bytes = leaf.script.as_bytes();
                            bytes.windows(32).any(|at| at == x) || bytes.windows(20).any(|at| at == hash)
                        };
                        let expected: Vec<usize> = (0..coin.keys.len()).filter(holds).collect();
                        prop_assert_eq!(&leaf.keys, &expected);
                    }
                }
            }
        }
    }

    #[test]
    fn twenty_keys_derive_what_miniscript_derives() {
        let keys: Vec<String> =
            (0..20).map(|n| samples::key(n, "m/48h/0h/0h/2h", crate::network::Network::Mainnet) + "/<0;1>/*").collect();
        for threshold in [1, 16, 17, 20] {
            let text = format!("wsh(sortedmulti({threshold},{}))", keys.join(","));
            let wallet = Wallet::read("w".parse().unwrap(), &text, crate::network::Network::Mainnet, &[0]).unwrap();
            let theirs: Descriptor<DescriptorPublicKey> = wallet.descriptor().parse().unwrap();
            let theirs = theirs.into_single_descriptors().unwrap()[1].at_derivation_index(9).unwrap();
            assert_eq!(wallet.coin(1, 9).unwrap().script_pubkey, theirs.script_pubkey());
        }
    }

    #[track_caller]
    fn published(text: &str, path: &str, branch: u32, index: u32, expected: &str) {
        let network =
            if path.contains("/1h") { crate::network::Network::Testnet } else { crate::network::Network::Mainnet };
        let wallet = samples::read(text, path, network, &[0]).unwrap();
        let coin = wallet.coin(branch, index).unwrap();
        assert_eq!(address(&coin.script_pubkey, network).unwrap(), expected);
    }

    #[test]
    fn the_addresses_of_bip49_84_and_86_come_out() {
        published("sh(wpkh(@0/<0;1>/*))", "m/49h/1h/0h", 0, 0, "2Mww8dCYPUpKHofjgcXcBCEGmniw9CoaiD2");
        published("wpkh(@0/<0;1>/*)", "m/84h/0h/0h", 0, 0, "bc1qcr8te4kr609gcawutmrza0j4xv80jy8z306fyu");
        published("wpkh(@0/<0;1>/*)", "m/84h/0h/0h", 0, 1, "bc1qnjg0jd8228aq7egyzacy8cys3knf9xvrerkf9g");
        published("wpkh(@0/<0;1>/*)", "m/84h/0h/0h", 1, 0, "bc1q8c6fshw2dlwun7ekn9qwf37cu2rn755upcp6el");
        let receive0 = "bc1p5cyxnuxmeuwuvkwfem96lqzszd02n6xdcjrs20cac6yqjjwudpxqkedrcr";
        published("tr(@0/<0;1>/*)", "m/86h/0h/0h", 0, 0, receive0);
        let change0 = "bc1p3qkhfews2uk44qtvauqyr2ttdsw7svhkl9nkm9s9c3x4ax5h60wqwruhk7";
        published("tr(@0/<0;1>/*)", "m/86h/0h/0h", 1, 0, change0);
    }

    #[test]
    fn a_place_that_the_wallet_does_not_have_is_refused() {
        let wallet = samples::wallet("wpkh(@0/<0;1>/*)", "m/84h/0h/0h");
        assert_eq!(wallet.coin(2, 0), Err(WalletError::NoBranch(2)));
        assert_eq!(wallet.coin(0, HARDENED), Err(WalletError::NoIndex(HARDENED)));
        assert_eq!(wallet.coin(HARDENED, 0), Err(WalletError::NoBranch(HARDENED)));
        assert!(wallet.coin(1, HARDENED - 1).is_ok());
    }
}
