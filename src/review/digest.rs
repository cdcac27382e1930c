//! The digest that ballots of a transaction approve (custody, "Ballots").

use bitcoin::consensus::encode::serialize;

use crate::{
    digest::{Subject, Tagged},
    psbt::Place,
    review::{Facts, Reviewed, finding::place_codes},
};

/// `review = tagged_hash("strongroom/review/1", S, unsigned transaction, inputs, outputs, warnings,
/// sha256(binary PSBT))`.
pub(super) fn digest(reviewed: &Reviewed, acknowledged: &[(&'static str, Place)]) -> Subject {
    let facts = reviewed.facts();
    let transaction = serialize(reviewed.parsed().transaction());
    let mut hash = Tagged::new("strongroom/review/1").bytes(reviewed.statement().as_bytes()).bytes(&transaction);
    hash = hash.count(facts.inputs.len());
    for input in &facts.inputs {
        let (name, branch, index) = ours(facts, input.ours);
        hash = hash
            .bytes(name.as_bytes())
            .u64(input.utxo.value.to_sat())
            .bytes(input.utxo.script_pubkey.as_bytes())
            .u32(branch)
            .u32(index)
            .u8(input.proof.code())
            .bytes(input.path.as_ref().and_then(|path| path.leaf.as_ref()).map_or(&[][..], |leaf| leaf))
            .count(input.signing.len());
        for key in &input.signing {
            hash = hash.bytes(key);
        }
    }
    hash = hash.count(facts.outputs.len());
    for output in &facts.outputs {
        let (name, branch, index) = ours(facts, output.ours);
        hash = hash.u8(output.class.code()).bytes(name.as_bytes()).u32(branch).u32(index);
    }
    let mut warnings = acknowledged.to_vec();
    warnings.sort_unstable();
    warnings.dedup();
    hash = hash.count(warnings.len());
    for (rule, place) in warnings {
        let (scope, index) = place_codes(place);
        hash = hash.bytes(rule.as_bytes()).u8(scope).u32(index);
    }
    Subject(hash.bytes(&facts.psbt_sha256).finish())
}

/// Wallet name, branch and index as hashes have them: empty and all ones where it is not ours.
fn ours(facts: &Facts, ours: Option<(usize, u32, u32)>) -> (&str, u32, u32) {
    let Some((wallet, branch, index)) = ours else { return ("", u32::MAX, u32::MAX) };
    (facts.wallets.get(wallet).map_or("", |wallet| wallet.name.as_str()), branch, index)
}
