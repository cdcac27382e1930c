//! The fields about a script, each of which must be what the wallet derives.
//!
//! Floor 1. A field that is not given is none that could differ: what is signed is always derived.

use bitcoin::{Script, hashes::Hash};

use super::{Contradiction, Scope};
use crate::wallet::{
    coin::Coin,
    tree::{LEAF_VERSION, Leaf, written_root},
};

/// A field about a script that is not the wallet's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Field {
    /// The redeem script.
    #[error("the redeem script")]
    RedeemScript,
    /// The witness script.
    #[error("the witness script")]
    WitnessScript,
    /// The internal key of taproot.
    #[error("the internal key")]
    TapInternalKey,
    /// The merkle root of taproot.
    #[error("the merkle root")]
    TapMerkleRoot,
    /// A leaf script.
    #[error("leaf script {number} ({fault})")]
    TapLeaf {
        /// Which, from 0.
        number: usize,
        /// What is wrong with it.
        fault: LeafFault,
    },
    /// The tree of an output.
    #[error("the tree of scripts")]
    TapTree,
    /// The leaf hashes of a key record.
    #[error("a leaf hash of key record {record}")]
    LeafHashes {
        /// Which record, from 0.
        record: usize,
    },
}

/// How a leaf script is none of the wallet's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LeafFault {
    /// The wallet has no leaves.
    #[error("the wallet has no tree")]
    NoTree,
    /// The control block is not 33 bytes with 32 a step, at most 128 steps.
    #[error("its control block has no valid length")]
    ControlBlock,
    /// Another leaf version than that of BIP342.
    #[error("of another leaf version than c0")]
    Version,
    /// No leaf of the wallet has this script.
    #[error("a script that is in no leaf")]
    Script,
    /// The control block does not lead from this leaf to the output key: internal key, branch or parity differ.
    #[error("its control block does not lead to our output key")]
    Branch,
}

/// Every field that is given must be the derived one; one that does not belong to the script type is a
/// contradiction too.
pub(super) fn check(scope: &Scope<'_>, coin: &Coin) -> Result<(), Contradiction> {
    let differs = |given: Option<&Script>, derived: Option<&Script>| given.is_some() && given != derived;
    if differs(scope.redeem_script, coin.redeem_script.as_deref()) {
        return Err(Contradiction::Field(Field::RedeemScript));
    }
    if differs(scope.witness_script, coin.witness_script.as_deref()) {
        return Err(Contradiction::Field(Field::WitnessScript));
    }
    let internal = coin.taproot.map(|(internal, _)| internal.serialize());
    if scope.tap_internal_key.is_some_and(|given| internal != Some(*given)) {
        return Err(Contradiction::Field(Field::TapInternalKey));
    }
    let root = coin.tree.as_ref().map(|tree| tree.merkle_root.to_byte_array());
    if scope.tap_merkle_root.is_some_and(|given| root != Some(*given)) {
        return Err(Contradiction::Field(Field::TapMerkleRoot));
    }
    let leaves = coin.tree.as_ref().map(|tree| tree.leaves.as_slice());
    for (number, (control_block, leaf)) in scope.tap_leaf_scripts.iter().enumerate() {
        let fault = match leaves {
            None => Some(LeafFault::NoTree),
            Some(leaves) => leaf_fault(leaves, control_block, leaf),
        };
        if let Some(fault) = fault {
            return Err(Contradiction::Field(Field::TapLeaf { number, fault }));
        }
    }
    if let Some(written) = &scope.tap_tree {
        // the root commits to every leaf; how sisters are ordered does not matter
        let theirs = written_root(written).map(|root| root.to_byte_array());
        if theirs.is_none() || theirs != root {
            return Err(Contradiction::Field(Field::TapTree));
        }
    }
    Ok(())
}

/// What is wrong with a leaf script: its control block, and the script with the leaf version behind it.
fn leaf_fault(leaves: &[Leaf], control_block: &[u8], leaf: &[u8]) -> Option<LeafFault> {
    let steps = control_block.len().checked_sub(33).filter(|rest| rest.is_multiple_of(32) && *rest <= 128 * 32);
    let (Some((version, script)), Some(first), Some(_)) = (leaf.split_last(), control_block.first(), steps) else {
        return Some(LeafFault::ControlBlock);
    };
    if *version != LEAF_VERSION || first & 0xfe != LEAF_VERSION {
        return Some(LeafFault::Version);
    }
    let same: Vec<&Leaf> = leaves.iter().filter(|own| own.script.as_bytes() == script).collect();
    if same.is_empty() {
        Some(LeafFault::Script)
    } else if same.iter().any(|own| own.control_block == control_block) {
        None
    } else {
        Some(LeafFault::Branch)
    }
}

/// Whether a key record names leaves that do not hold its key: `key` is the wallet's, none the internal key that
/// nobody can sign for.
pub(super) fn strange_leaves(hashes: &[[u8; 32]], key: Option<usize>, coin: &Coin) -> bool {
    let holds = |hash: &[u8; 32]| {
        let leaves = coin.tree.iter().flat_map(|tree| &tree.leaves);
        leaves
            .filter(|leaf| leaf.hash.to_byte_array() == *hash)
            .any(|leaf| key.is_some_and(|key| leaf.keys.contains(&key)))
    };
    !hashes.iter().all(holds)
}
