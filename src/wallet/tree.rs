//! The tree of scripts of a taproot output (BIP341): leaves, their hashes, the branches to the root.
//!
//! Floor 1. The tests hold it against miniscript's.

use bitcoin::{
    ScriptBuf, TapLeafHash, TapNodeHash, TapTweakHash,
    hashes::Hash,
    secp256k1::{Parity, XOnlyPublicKey},
    taproot::LeafVersion,
};

use super::derive::{NoChild, secp};

/// The leaf version of every leaf of a wallet (BIP342).
pub const LEAF_VERSION: u8 = 0xc0;

/// The tree of one coin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tree {
    /// The merkle root, which tweaks the internal key.
    pub merkle_root: TapNodeHash,
    /// Parity of the output key's full point.
    pub parity: Parity,
    /// The leaves, depth first, as the descriptor has them.
    pub leaves: Vec<Leaf>,
}

/// One leaf, of version [`LEAF_VERSION`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leaf {
    /// Steps below the root.
    pub depth: u8,
    /// The script.
    pub script: ScriptBuf,
    /// Its hash, which signatures and key records name.
    pub hash: TapLeafHash,
    /// What a spend shows: leaf version with parity, internal key, the branch to the root.
    pub control_block: Vec<u8>,
    /// The wallet's keys in the script: indices into [`super::Wallet::keys`], ascending.
    pub keys: Vec<usize>,
}

impl Tree {
    /// The leaf with this hash.
    #[must_use]
    pub fn leaf(&self, hash: &[u8; 32]) -> Option<&Leaf> {
        self.leaves.iter().find(|leaf| leaf.hash.to_byte_array() == *hash)
    }

    /// The tree of these scripts (depth, script, keys; depth first) under an internal key, with its output key.
    ///
    /// # Errors
    /// An internal key that cannot be tweaked (once in 2^128), or depths that make no whole tree.
    pub(super) fn build(
        internal: XOnlyPublicKey,
        scripts: Vec<(u8, ScriptBuf, Vec<usize>)>,
    ) -> Result<(Self, XOnlyPublicKey), NoChild> {
        let mut leaves: Vec<(Leaf, Vec<TapNodeHash>)> = Vec::with_capacity(scripts.len());
        // nodes without a sister yet: depth, hash, first leaf
        let mut open: Vec<(u8, TapNodeHash, usize)> = Vec::new();
        for (depth, script, keys) in scripts {
            let hash = TapLeafHash::from_script(&script, LeafVersion::TapScript);
            let first = leaves.len();
            let mut node = (depth, TapNodeHash::from(hash), first);
            leaves.push((Leaf { depth, script, hash, control_block: Vec::new(), keys }, Vec::new()));
            while let Some(left) = open.pop_if(|left| left.0 == node.0) {
                let (left_leaves, right_leaves) = leaves.split_at_mut(node.2);
                left_leaves.iter_mut().skip(left.2).for_each(|(_, branch)| branch.push(node.1));
                right_leaves.iter_mut().for_each(|(_, branch)| branch.push(left.1));
                node = (node.0.saturating_sub(1), TapNodeHash::from_node_hashes(left.1, node.1), left.2);
            }
            open.push(node);
        }
        let [(0, merkle_root, 0)] = open.as_slice() else {
            return Err(NoChild(0));
        };
        let tweak = TapTweakHash::from_key_and_tweak(internal, Some(*merkle_root)).to_scalar();
        let (output, parity) = internal.add_tweak(secp(), &tweak).map_err(|_| NoChild(0))?;
        let finished = |(leaf, branch): (Leaf, Vec<TapNodeHash>)| {
            let mut control_block = vec![LEAF_VERSION | parity.to_u8()];
            control_block.extend(internal.serialize());
            branch.iter().for_each(|node| control_block.extend_from_slice(node.as_ref()));
            Leaf { control_block, ..leaf }
        };
        let leaves = leaves.into_iter().map(finished).collect();
        Ok((Self { merkle_root: *merkle_root, parity, leaves }, output))
    }
}
