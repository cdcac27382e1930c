//! The leaf of a taproot output by which it is spent: of the leaves that the PSBT gives, the cheapest complete one.
//!
//! Floor 1. A leaf counts where its control block leads to the output's own key (BIP341).

use bitcoin::{
    Script, TapLeafHash, XOnlyPublicKey,
    hashes::Hash,
    secp256k1::Secp256k1,
    taproot::{ControlBlock, LeafVersion},
};

use super::{Incomplete, Input, satisfy::Assets};

/// The whole witness, script and control block too.
pub(super) fn cheapest(input: &Input, output: &Script, assets: &Assets<'_>) -> Result<Vec<Vec<u8>>, Incomplete> {
    let output_key = output.as_bytes().get(2..).and_then(|key| XOnlyPublicKey::from_slice(key).ok());
    let output_key = output_key.ok_or(Incomplete::Unsupported)?;
    let secp = Secp256k1::verification_only();
    let mut best: Option<(usize, Vec<Vec<u8>>)> = None;
    let mut worst = Incomplete::NoScript("leaf");
    for (control, value) in &input.tap_leaf_scripts {
        let Some((version, script)) = value.split_last() else { continue };
        let script = Script::from_bytes(script);
        if *version != LeafVersion::TapScript.to_consensus() || !is_signed(input, script) {
            continue;
        }
        let block = ControlBlock::decode(control).map_err(|_| Incomplete::OtherScript("leaf"))?;
        if block.leaf_version != LeafVersion::TapScript || !block.verify_taproot_commitment(&secp, output_key, script) {
            return Err(Incomplete::OtherScript("leaf"));
        }
        match assets.leaf(script) {
            Ok(mut items) => {
                items.extend([script.to_bytes(), control.clone()]);
                let size = items.iter().map(Vec::len).fold(items.len(), usize::saturating_add);
                if best.as_ref().is_none_or(|(least, known)| (size, &items) < (*least, known)) {
                    best = Some((size, items));
                }
            }
            Err(Incomplete::Invalid) => return Err(Incomplete::Invalid),
            Err(why) if worst != Incomplete::Time => worst = why,
            Err(_) => {}
        }
    }
    best.map(|(_, items)| items).ok_or(worst)
}

/// Whether a signature for the leaf is there: without one it is never complete.
fn is_signed(input: &Input, script: &Script) -> bool {
    let leaf = TapLeafHash::from_script(script, LeafVersion::TapScript).to_byte_array();
    input.tap_script_sigs.iter().any(|(both, _)| both.ends_with(&leaf))
}
