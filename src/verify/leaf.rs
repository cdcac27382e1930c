//! Whether a leaf belongs to a taproot output: its control block leads to the output's key (BIP341). Floor 4.

use bitcoin::{
    Script,
    secp256k1::{Parity, Scalar, Secp256k1, VerifyOnly, XOnlyPublicKey},
};

use super::sighash::{leaf_hash, tagged};

/// The one leaf version that has rules (BIP342).
const TAPSCRIPT: u8 = 0xc0;
/// Most steps from a leaf to the root.
const STEPS: usize = 128;

/// A leaf as a spend shows it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shown<'a> {
    pub(super) script: &'a Script,
    pub(super) control: &'a [u8],
}

impl<'a> Shown<'a> {
    /// From a field of a PSBT: control block, and script with the leaf version behind it.
    pub(super) fn of_field(control: &'a [u8], value: &'a [u8]) -> Option<Self> {
        let (version, script) = value.split_last()?;
        (*version == TAPSCRIPT).then(|| Self { script: Script::from_bytes(script), control })
    }

    pub(super) fn hash(&self) -> [u8; 32] {
        leaf_hash(TAPSCRIPT, self.script)
    }

    /// Whether it is in the tree that `output` commits to.
    pub(super) fn is_under(&self, output: &XOnlyPublicKey, secp: &Secp256k1<VerifyOnly>) -> bool {
        let Some((first, rest)) = self.control.split_first() else { return false };
        let Some((internal, branch)) = rest.split_at_checked(32) else { return false };
        let (steps, []) = branch.as_chunks::<32>() else { return false };
        if first & 0xfe != TAPSCRIPT || steps.len() > STEPS {
            return false;
        }
        let node = |one: &[u8; 32], other: &[u8; 32]| {
            let mut both = [one, other];
            both.sort_unstable();
            tagged(b"TapBranch", |out| both.iter().for_each(|half| bitcoin::hashes::HashEngine::input(out, *half)))
        };
        let root = steps.iter().fold(self.hash(), |below, sister| node(&below, sister));
        let tweak = tagged(b"TapTweak", |out| {
            bitcoin::hashes::HashEngine::input(out, internal);
            bitcoin::hashes::HashEngine::input(out, &root);
        });
        let parity = if first & 1 == 0 { Parity::Even } else { Parity::Odd };
        match (XOnlyPublicKey::from_slice(internal), Scalar::from_be_bytes(tweak)) {
            (Ok(internal), Ok(tweak)) => internal.tweak_add_check(secp, output, parity, tweak),
            _ => false,
        }
    }
}
