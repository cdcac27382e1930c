//! What each input spends, and how well that is known: U01, U02, U03 (before ownership), U04 to U06, U09, U11.

use bitcoin::{Network, TxOut};

use crate::{
    limits,
    psbt::{Input, Parsed, Place},
    review::{
        Permission, Proof,
        case::Case,
        destination::destination,
        finding::{Each, Findings},
    },
    text,
    wallet::Kind,
};

/// The coin of an input, as far as the PSBT tells.
pub(super) struct Spent {
    pub(super) utxo: Option<TxOut>,
    pub(super) proof: Proof,
}

/// U01, U02, U03: the given previous transaction is the one that the outpoint names, has that output, and the
/// two records of the coin agree.
pub(super) fn settle(parsed: &Parsed, network: Network, found: &mut Findings) -> Vec<Spent> {
    let mut spent: Vec<Spent> = parsed
        .transaction()
        .input
        .iter()
        .zip(parsed.inputs())
        .zip(0u32..)
        .map(|((txin, map), number)| {
            let place = Place::Input(number);
            let Some(previous) = &map.previous_tx else {
                return Spent { utxo: map.witness_utxo.clone(), proof: Proof::Claimed };
            };
            let output = usize::try_from(txin.previous_output.vout).ok().and_then(|vout| previous.outputs.get(vout));
            let genuine = previous.txid == txin.previous_output.txid;
            if !genuine {
                found.refuse(
                    "U01",
                    place,
                    format!(
                        "the given previous transaction hashes to {}, the input spends {}",
                        previous.txid, txin.previous_output.txid
                    ),
                    "make the PSBT again from the real transaction; find out who changed it",
                );
            }
            let Some(output) = output else {
                found.refuse(
                    "U02",
                    place,
                    format!(
                        "the input spends output {}, the previous transaction has {}",
                        txin.previous_output.vout,
                        text::count(previous.outputs.len(), "output")
                    ),
                    "make the PSBT again",
                );
                return Spent { utxo: map.witness_utxo.clone(), proof: Proof::Claimed };
            };
            if let Some(claimed) = map.witness_utxo.as_ref().filter(|claimed| *claimed != output) {
                found.refuse(
                    "U03",
                    place,
                    format!(
                        "the coin is claimed as {} to {}, the previous transaction has {} to {}",
                        text::amount(claimed.value.to_sat()),
                        destination(&claimed.script_pubkey, network),
                        text::amount(output.value.to_sat()),
                        destination(&output.script_pubkey, network)
                    ),
                    "find out who changed the PSBT; make it again",
                );
            }
            let utxo = if genuine { Some(output) } else { map.witness_utxo.as_ref().or(Some(output)) };
            Spent { utxo: utxo.cloned(), proof: if genuine { Proof::Proved } else { Proof::Claimed } }
        })
        .collect();
    if all_taproot(&spent) {
        for coin in spent.iter_mut().filter(|coin| coin.proof == Proof::Claimed) {
            coin.proof = Proof::Committed;
        }
    }
    spent
}

/// Whether every input spends a taproot output, as far as is claimed. A false claim makes our signatures
/// invalid, because they commit to every script (BIP341).
pub(super) fn all_taproot(spent: &[Spent]) -> bool {
    spent.iter().all(|coin| coin.utxo.as_ref().is_some_and(|utxo| utxo.script_pubkey.is_p2tr()))
}

/// U04, U05, U06, U11, T06: what must be known of the coin.
pub(super) fn given(case: &Case<'_>, found: &mut Findings) {
    let all_taproot = all_taproot(&case.spent);
    let any_unknown = case.spent.iter().any(|coin| coin.utxo.is_none());
    let answer = case.inputs().any(|input| input.spent.utxo.is_none() && is_signed(input.map));
    for input in case.inputs() {
        let place = Place::Input(input.number);
        let Some(utxo) = &input.spent.utxo else {
            nothing_given(answer, place, found);
            continue;
        };
        let kind = input.own.and_then(|own| case.wallet(own.wallet)).map(crate::wallet::Wallet::kind);
        if kind.is_some_and(Kind::taproot) && any_unknown {
            found.refuse(
                "T06",
                place,
                "a taproot signature commits to every input's amount and script, and one of them is not given",
                "make the PSBT again with the coins of all inputs",
            );
        }
        let unproved = input.map.previous_tx.is_none();
        let legacy = match kind {
            Some(Kind::Pkh | Kind::Sh(_) | Kind::ShScript) => true,
            Some(
                Kind::ShWpkh
                | Kind::Wpkh
                | Kind::Tr
                | Kind::ShWsh(_)
                | Kind::Wsh(_)
                | Kind::ShWshScript
                | Kind::WshScript
                | Kind::TrTree,
            ) => false,
            None => foreign_legacy(input.map, utxo),
        };
        witness_record(legacy, input.map, place, found);
        if legacy && unproved && kind.is_some() {
            found.refuse(
                "U05",
                place,
                "a coin without witness whose previous transaction is not given: its amount cannot be known",
                "make the PSBT with the whole previous transactions (non_witness_utxo)",
            );
        } else if unproved && !legacy && !all_taproot {
            let what = format!("the amount {} is only claimed", text::amount(utxo.value.to_sat()));
            let remedy = "make the PSBT with the whole previous transactions (non_witness_utxo)";
            // What follows from it belongs to the decision; M08, which marks the numbers, asks nothing beside.
            let loss = "the fee may be as high as all our inputs together";
            // One thing is told by one rule, and acknowledged once: of a taproot coin, why its amount is not sure.
            let (rule, text, together) = if utxo.script_pubkey.is_p2tr() {
                let beside = "and other inputs have signatures that do not cover";
                let together = format!("the amounts of these taproot coins are only claimed, {beside} them: {loss}");
                ("T11", format!("{what}, {beside} it: {loss}"), together)
            } else {
                ("U06", format!("{what}: {loss}"), format!("the amounts of these coins are only claimed: {loss}"))
            };
            found.each_unless(Permission::UnprovenAmounts, rule, place, Each { text, together }, remedy);
        }
    }
}

/// Signatures without the coins that they spend are what signers answer with over codes.
const ANSWER: &str = "this looks like the answer of a signer, trimmed to its signatures: join it with the PSBT that was \
                      made for signing (`psbt join`)";

/// Whether somebody signed it, in whatever field: a signature for a key, for the key path, for a leaf, or the finished
/// script or witness.
fn is_signed(map: &Input) -> bool {
    !map.partial_sigs.is_empty()
        || map.tap_key_sig.is_some()
        || !map.tap_script_sigs.is_empty()
        || map.final_script_sig.is_some()
        || map.final_script_witness.is_some()
}

/// Whosever input it is: without its amount nobody knows what the fee is, and no line of the journal could say it.
fn nothing_given(answer: bool, place: Place, found: &mut Findings) {
    let remedy = if answer { ANSWER } else { "make the PSBT again with the coins of all inputs" };
    found.refuse("U04", place, "nothing says what this input spends", remedy);
}

/// A foreign coin that needs its previous transaction: no witness program, and no redeem script of one.
fn foreign_legacy(map: &Input, utxo: &TxOut) -> bool {
    let script = &utxo.script_pubkey;
    let wrapped = script.is_p2sh()
        && (map.witness_script.is_some()
            || map.redeem_script.as_ref().is_some_and(|redeem| redeem.is_witness_program()));
    !script.is_witness_program() && !wrapped
}

/// U11: a witness record on a coin without witness is no proof; beside the previous transaction it is harmless.
fn witness_record(legacy: bool, map: &Input, place: Place, found: &mut Findings) {
    if !legacy || map.witness_utxo.is_none() {
        return;
    }
    if map.previous_tx.is_some() {
        found.show("U11", place, "a witness record on a coin without witness; it agrees with the previous transaction");
    } else {
        found.refuse(
            "U11",
            place,
            "a coin without witness is described by a witness record alone",
            "make the PSBT with the whole previous transactions (non_witness_utxo)",
        );
    }
}

/// U09: no amount and no sum above what can exist.
pub(super) fn amounts(case: &Case<'_>, found: &mut Findings) {
    let remedy = "make the PSBT again";
    let inputs = case.spent.iter().map(|coin| coin.utxo.as_ref().map_or(0, |utxo| utxo.value.to_sat()));
    let outputs = case.parsed.transaction().output.iter().map(|output| output.value.to_sat());
    let mut side = |amounts: &mut dyn Iterator<Item = u64>, place: fn(u32) -> Place, name: &str| {
        let mut sum = Some(0u64);
        for (amount, number) in amounts.zip(0u32..) {
            if amount > limits::MAX_MONEY {
                let what = format!("{} are more than can exist", text::amount(amount));
                found.refuse("U09", place(number), what, remedy);
            }
            sum = sum.and_then(|sum| sum.checked_add(amount));
        }
        if sum.is_none_or(|sum| sum > limits::MAX_MONEY) {
            found.refuse("U09", Place::Whole, format!("the {name} sum to more than can exist"), remedy);
        }
    };
    side(&mut { inputs }, Place::Input, "inputs");
    side(&mut { outputs }, Place::Output, "outputs");
}
