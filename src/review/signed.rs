//! What was signed, in words: the digest again, whose signatures were added where, and who is still to sign.

use std::collections::BTreeMap;

use crate::{
    digest::Subject,
    review::{
        InputFacts, PlannedInput, Reviewed,
        keys::{input_words, key_words, planned_words, signature_words},
    },
    text::{clean, count, in_rows},
};

/// Words of the digest, as the review shows them.
const WORDS: usize = 8;

/// The lines for a transaction whose planned signatures were all made and verified.
#[must_use]
pub fn signed(reviewed: &Reviewed, digest: Subject) -> Vec<String> {
    let facts = reviewed.facts();
    let made = reviewed.plan().iter().fold(0usize, |sum, input| sum.saturating_add(input.keys.len()));
    let inputs: Vec<u32> = reviewed.plan().iter().map(|input| input.input).collect();
    let mut lines = vec![format!("Signed: {}.", signature_words(made, &inputs))];
    for ((number, key), inputs) in reviewed.signatures_by_key() {
        if let Some(wallet) = facts.wallets.get(number) {
            lines.push(format!("  by {}: {}", planned_words(wallet, key), input_words(&inputs)));
        }
    }
    lines.push("Each was read again from the result, and verified by code that signs nothing.".to_owned());
    lines.extend(outstanding(reviewed));
    lines.push("The review that was approved:".to_owned());
    lines.extend(in_rows(&digest.words(WORDS)));
    lines.iter().map(|line| clean(line)).collect()
}

/// Who is still to sign: inputs of which the same keys of a wallet miss as many signatures are named together.
fn outstanding(reviewed: &Reviewed) -> Vec<String> {
    let facts = reviewed.facts();
    let mut plan = reviewed.plan().iter().peekable();
    let mut groups: BTreeMap<(usize, usize, Vec<usize>), Vec<u32>> = BTreeMap::new();
    let mut foreign = Vec::new();
    for (input, number) in facts.inputs.iter().zip(0u32..) {
        let planned = plan.next_if(|planned| planned.input == number);
        let Some((wallet, ..)) = input.ours else {
            foreign.push(number);
            continue;
        };
        let (missing, left) = missing(input, planned);
        if missing > 0 {
            groups.entry((wallet, missing, left)).or_default().push(number);
        }
    }
    let mut lines = Vec::new();
    for ((number, missing, left), inputs) in groups {
        if let Some(wallet) = facts.wallets.get(number) {
            let left: Vec<String> = left.iter().map(|key| key_words(wallet, *key)).collect();
            let each = if inputs.len() > 1 { " each" } else { "" };
            lines.push(format!(
                "Still to be signed: {} of wallet {} by {}{each}, of {}",
                input_words(&inputs),
                wallet.name,
                count(missing, "key"),
                left.join(" or ")
            ));
        }
    }
    if !foreign.is_empty() {
        lines.push(format!("Still to be signed by others: {}, no coins of this vault.", input_words(&foreign)));
    }
    if lines.is_empty() {
        lines.push("No other signature is needed.".to_owned());
    }
    lines
}

/// How many signatures an input lacks after the planned ones, and the keys of its path that have made none.
fn missing(input: &InputFacts, planned: Option<&PlannedInput>) -> (usize, Vec<usize>) {
    let added = || planned.iter().flat_map(|planned| &planned.keys).map(|key| key.wallet_key);
    let there = input.signers.len().saturating_add(added().count());
    let needed = usize::try_from(input.needed).unwrap_or(usize::MAX);
    let path = input.path.iter().flat_map(|path| &path.keys).copied();
    let left = path.filter(|key| !input.signers.contains(key) && added().all(|added| added != *key)).collect();
    (needed.saturating_sub(there), left)
}
