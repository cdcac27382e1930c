//! The size of the signed transaction, at the largest satisfaction of the paths that are taken: M06, P15.

use bitcoin::{Script, ScriptBuf};

use crate::{
    limits,
    psbt::Place,
    review::{
        case::{Case, InputView},
        finding::Findings,
        satisfaction::Sizes,
    },
    text,
    wallet::Kind,
};

/// An ECDSA signature with its sighash byte: low S (BIP146), and any R, since other signers need not grind.
const ECDSA: u64 = 72;
/// A compressed public key.
const KEY: u64 = 33;

/// What an input adds: bytes of its scriptSig, and weight of its witness.
#[derive(Debug, Clone, Copy)]
pub(super) struct Satisfaction {
    pub(super) script_sig: u64,
    pub(super) witness: u64,
}

/// Weight units of the transaction as signed.
pub(super) fn signed_weight(case: &Case<'_>, paths: &[Option<usize>]) -> u64 {
    let transaction = case.parsed.transaction();
    let base = transaction.base_size();
    let mut bytes = u64::try_from(base).unwrap_or(u64::MAX);
    let mut witness = 0u64;
    let mut bare = 0u64;
    let mut sizes = Sizes::default();
    for (input, path) in case.inputs().zip(paths) {
        let part = satisfaction(case, &input, path.unwrap_or(0), &mut sizes);
        // The unsigned transaction has one byte for the length of an empty scriptSig.
        bytes = bytes.saturating_add(part.script_sig).saturating_add(compact(part.script_sig).saturating_sub(1));
        witness = witness.saturating_add(part.witness);
        bare = bare.saturating_add(u64::from(part.witness == 0));
    }
    // Marker and flag, and an empty stack for each input without a witness (BIP144).
    let segwit = if witness == 0 { 0 } else { witness.saturating_add(2).saturating_add(bare) };
    bytes.saturating_mul(4).saturating_add(segwit)
}

/// P15: what is too heavy is not relayed.
pub(super) fn relayed(weight: u64, found: &mut Findings) {
    if weight > limits::WEIGHT {
        found.refuse(
            "P15",
            Place::Whole,
            format!(
                "{} weight units as signed, nodes relay at most {}",
                text::grouped_number(weight),
                text::grouped_number(limits::WEIGHT)
            ),
            "make several transactions with fewer inputs or outputs",
        );
    }
}

fn satisfaction(case: &Case<'_>, input: &InputView<'_>, path: usize, sizes: &mut Sizes) -> Satisfaction {
    let coin = input.own.and_then(|own| Some((own, case.wallet(own.wallet)?)));
    let Some((own, wallet)) = coin else { return foreign(input) };
    let kind = wallet.kind();
    let explicit = input.map.sighash_type == Some(super::sighash::ALL);
    let redeem = own.coin().redeem_script.as_deref().map_or(0, push);
    let witness_script = own.coin().witness_script.as_deref().map_or(0, item);
    let threshold = kind.multi().map_or(1, |multi| u64::try_from(multi.threshold).unwrap_or(u64::MAX));
    // One more element than signatures, for the bug of OP_CHECKMULTISIG, and the script.
    let signatures = threshold.saturating_mul(ECDSA.saturating_add(1)).saturating_add(1);
    let stack = compact(threshold.saturating_add(2)).saturating_add(signatures).saturating_add(witness_script);
    match kind {
        Kind::Pkh => Satisfaction { script_sig: single(0), witness: 0 },
        Kind::Wpkh => Satisfaction { script_sig: 0, witness: single(1) },
        Kind::ShWpkh => Satisfaction { script_sig: redeem, witness: single(1) },
        Kind::Sh(_) => Satisfaction { script_sig: signatures.saturating_add(redeem), witness: 0 },
        Kind::Wsh(_) => Satisfaction { script_sig: 0, witness: stack },
        Kind::ShWsh(_) => Satisfaction { script_sig: redeem, witness: stack },
        Kind::ShScript | Kind::ShWshScript | Kind::WshScript | Kind::TrTree => sizes.of(wallet, own, path, explicit),
        Kind::Tr => Satisfaction { script_sig: 0, witness: if explicit { 67 } else { 66 } },
    }
}

/// A foreign input: as finished, or as one signature with one key would finish it.
fn foreign(input: &InputView<'_>) -> Satisfaction {
    let finished = input.map.final_script_sig.as_ref();
    let script_sig = finished.map(length);
    let witness = input.map.final_script_witness.as_ref().map(|stack| {
        let count = compact(u64::try_from(stack.len()).unwrap_or(u64::MAX));
        stack.iter().fold(count, |sum, part| sum.saturating_add(bytes_item(part.len())))
    });
    if script_sig.is_some() || witness.is_some() {
        return Satisfaction { script_sig: script_sig.unwrap_or(0), witness: witness.unwrap_or(0) };
    }
    let script = input.spent.utxo.as_ref().map(|utxo| &utxo.script_pubkey);
    if script.is_some_and(|script| script.is_p2tr()) {
        Satisfaction { script_sig: 0, witness: 66 }
    } else if script.is_some_and(|script| script.is_witness_program()) {
        let given = input.map.witness_script.as_deref().map_or(0, item);
        Satisfaction { script_sig: 0, witness: single(1).saturating_add(given) }
    } else {
        Satisfaction { script_sig: single(0), witness: 0 }
    }
}

/// One signature and one key, each with its length, after `count` bytes that count them.
const fn single(count: u64) -> u64 {
    count.saturating_add(ECDSA).saturating_add(KEY).saturating_add(2)
}

/// A script as an element of a witness.
fn item(script: &Script) -> u64 {
    bytes_item(script.len())
}

pub(super) fn bytes_item(bytes: usize) -> u64 {
    let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
    compact(bytes).saturating_add(bytes)
}

/// A script as a push of a scriptSig.
pub(super) fn push(script: &Script) -> u64 {
    let bytes = u64::try_from(script.len()).unwrap_or(u64::MAX);
    let opcode: u64 = match bytes {
        0..=75 => 1,
        76..=255 => 2,
        _ => 3,
    };
    opcode.saturating_add(bytes)
}

pub(super) fn length(script: &ScriptBuf) -> u64 {
    u64::try_from(script.len()).unwrap_or(u64::MAX)
}

/// Bytes of a CompactSize.
pub(super) const fn compact(number: u64) -> u64 {
    match number {
        0..=0xfc => 1,
        0xfd..=0xffff => 3,
        0x1_0000..=0xffff_ffff => 5,
        _ => 9,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_much_as_nodes_relay_is_not_too_heavy() {
        for (weight, rules) in
            [(0, &[][..]), (limits::WEIGHT, &[]), (limits::WEIGHT + 1, &["P15"]), (limits::WEIGHT * 2, &["P15"])]
        {
            let mut found = Findings::default();
            relayed(weight, &mut found);
            let told: Vec<_> = found.into_vec().iter().map(|finding| finding.rule).collect();
            assert_eq!(told, rules, "{weight}");
        }
    }

    #[test]
    fn lengths_take_as_many_bytes_as_the_network_gives_them() {
        for number in [0, 0xfc, 0xfd, 0xffff, 0x1_0000, 0xffff_ffff, 0x1_0000_0000, u64::MAX] {
            let written = bitcoin::consensus::serialize(&bitcoin::VarInt(number));
            assert_eq!(compact(number), written.len() as u64, "{number}");
        }
    }
}
