//! The tree of scripts of a taproot output (BIP341): leaves, their hashes, the branches to the root.
//!
//! Floor 1. The tests hold it against miniscript's.

use std::ops::Range;

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
        let whole = |(depth, script, keys): (u8, ScriptBuf, Vec<usize>)| {
            let hash = TapLeafHash::from_script(&script, LeafVersion::TapScript);
            Leaf { depth, script, hash, control_block: Vec::new(), keys }
        };
        let leaves: Vec<Leaf> = scripts.into_iter().map(whole).collect();
        let mut branches: Vec<Vec<TapNodeHash>> = vec![Vec::new(); leaves.len()];
        let nodes = leaves.iter().map(|leaf| (leaf.depth, TapNodeHash::from(leaf.hash)));
        let merkle_root = join(nodes, |left, right| {
            let sisters = [(left.leaves.clone(), right.hash), (right.leaves.clone(), left.hash)];
            for (below, sister) in sisters {
                branches.get_mut(below).into_iter().flatten().for_each(|branch| branch.push(sister));
            }
        });
        let merkle_root = merkle_root.ok_or(NoChild(0))?;
        let tweak = TapTweakHash::from_key_and_tweak(internal, Some(merkle_root)).to_scalar();
        let (output, parity) = internal.add_tweak(secp(), &tweak).map_err(|_| NoChild(0))?;
        let finished = |(leaf, branch): (Leaf, &Vec<TapNodeHash>)| {
            let mut control_block = vec![LEAF_VERSION | parity.to_u8()];
            control_block.extend(internal.serialize());
            branch.iter().for_each(|node| control_block.extend_from_slice(node.as_ref()));
            Leaf { control_block, ..leaf }
        };
        let leaves = leaves.into_iter().zip(&branches).map(finished).collect();
        Ok((Self { merkle_root, parity, leaves }, output))
    }
}

/// A node of a tree that is being joined.
struct Node {
    depth: u8,
    hash: TapNodeHash,
    /// the leaves below it
    leaves: Range<usize>,
}

/// The root of a tree of leaves (depth and hash, depth first), where they make one whole tree; `sisters` is told of
/// each pair of nodes that meet.
fn join(leaves: impl Iterator<Item = (u8, TapNodeHash)>, mut sisters: impl FnMut(&Node, &Node)) -> Option<TapNodeHash> {
    let mut alone: Vec<Node> = Vec::new();
    for (place, (depth, hash)) in leaves.enumerate() {
        let mut node = Node { depth, hash, leaves: place..place.saturating_add(1) };
        while let Some(left) = alone.pop_if(|left| left.depth == node.depth) {
            sisters(&left, &node);
            node = Node {
                depth: node.depth.checked_sub(1)?,
                hash: TapNodeHash::from_node_hashes(left.hash, node.hash),
                leaves: left.leaves.start..node.leaves.end,
            };
        }
        alone.push(node);
    }
    match alone.as_slice() {
        [Node { depth: 0, hash, .. }] => Some(*hash),
        _ => None,
    }
}

/// The merkle root of a tree as BIP371 writes it (depth, leaf version and script of each leaf).
pub(super) fn written_root(leaves: &[(u8, u8, &[u8])]) -> Option<TapNodeHash> {
    let mut nodes = Vec::with_capacity(leaves.len());
    for (depth, version, script) in leaves {
        let version = LeafVersion::from_consensus(*version).ok()?;
        let hash = TapLeafHash::from_script(bitcoin::Script::from_bytes(script), version);
        nodes.push((*depth, TapNodeHash::from(hash)));
    }
    join(nodes.into_iter(), |_, _| {})
}
