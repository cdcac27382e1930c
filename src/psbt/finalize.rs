//! Putting finished scripts and witnesses together from signatures that are there.
//!
//! Floor 1. Pure assembly for the kinds of script that this program signs; every script is the PSBT's own and
//! compared by hash with the output that is spent. All inputs, or nothing.

use std::collections::BTreeMap;

use bitcoin::{
    PubkeyHash, ScriptBuf, Transaction, TxOut, WPubkeyHash, Witness,
    consensus::encode::serialize,
    hashes::Hash,
    script::{Builder, Instruction, PushBytes, Script},
};

use super::{Input, NewSignature, Parsed, SignatureCheck, splice::{Pairs, rewrite}};
use crate::limits;

/// A finished transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finalized {
    /// The transaction with its scripts and witnesses: what the network takes.
    pub transaction: Transaction,
    /// The PSBT with final fields; what they replace is cleared (BIP174, "Input Finalizer").
    pub psbt: Vec<u8>,
}

/// Why a PSBT cannot be finished: the first input that is not complete.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("input {input}: {why}")]
pub struct FinalizeError {
    /// The input.
    pub input: u32,
    /// What is missing or wrong.
    pub why: Incomplete,
}

/// What an input lacks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Incomplete {
    /// Final fields are there already, and their signatures cannot be told any more.
    #[error("it is final already; finalise the PSBT as it was before")]
    Final,
    /// The PSBT does not say what the input spends.
    #[error("the PSBT does not hold the output that it spends; join it with the PSBT that was made for signing")]
    NoUtxo,
    /// What the PSBT says about the spent output contradicts the outpoint or itself.
    #[error("what the PSBT says about the output that it spends contradicts itself; make the PSBT again")]
    UtxoMismatch,
    /// Redeem or witness script missing.
    #[error("the PSBT lacks its {0} script; join it with the PSBT that was made for signing")]
    NoScript(&'static str),
    /// Redeem or witness script of another output.
    #[error("its {0} script does not hash to what the output demands; make the PSBT again")]
    OtherScript(&'static str),
    /// A script of a kind that is not put together here.
    #[error("it spends a script of a kind that this program does not finish; finish it with the wallet program")]
    Unsupported,
    /// Signatures missing.
    #[error("it has {have} of {need} signatures; collect the others and join them")]
    Signatures {
        /// Signatures by keys of the script.
        have: usize,
        /// Signatures that the script demands.
        need: usize,
    },
    /// A signature that does not verify.
    #[error("a signature does not verify; sign again with the signer that made it")]
    Invalid,
}

/// Finishes every input of `parsed`: `pkh`, `wpkh`, `sh(wpkh)`, `multi` and `sortedmulti` in `sh`, `wsh` and
/// `sh(wsh)`, and the key path of taproot. `check` is asked about each signature that goes in.
///
/// # Errors
/// [`FinalizeError`] with the first input that is not complete; then nothing is finished.
pub fn finalize(parsed: &Parsed, check: &SignatureCheck<'_>) -> Result<Finalized, FinalizeError> {
    let mut transaction = parsed.transaction().clone();
    let mut added = BTreeMap::new();
    for ((index, input), txin) in (0_u32..).zip(parsed.inputs()).zip(&mut transaction.input) {
        let accept = |signature: &NewSignature| check(parsed, index, signature);
        let (script_sig, witness) = utxo(input, txin.previous_output)
            .and_then(|utxo| finish(input, &utxo.script_pubkey, &accept))
            .map_err(|why| FinalizeError { input: index, why })?;
        let mut pairs = Pairs::new();
        if !script_sig.is_empty() {
            pairs.insert(vec![0x07], script_sig.to_bytes());
        }
        if !witness.is_empty() {
            pairs.insert(vec![0x08], serialize(&witness));
        }
        added.insert(index, pairs);
        txin.script_sig = script_sig;
        txin.witness = witness;
    }
    // Known fields other than the spent output go; unknown and proprietary ones stay (BIP174).
    let keep = |key: &[u8]| !key.first().is_some_and(|kind| matches!(kind, 0x02..=0x18));
    Ok(Finalized { transaction, psbt: rewrite(parsed, &added, keep) })
}

/// The spent output; where both fields have it, they must agree.
fn utxo(input: &Input, outpoint: bitcoin::OutPoint) -> Result<&TxOut, Incomplete> {
    let Some(previous) = &input.previous_tx else {
        return input.witness_utxo.as_ref().ok_or(Incomplete::NoUtxo);
    };
    let output = usize::try_from(outpoint.vout).ok().and_then(|vout| previous.outputs.get(vout));
    let output = output.filter(|_| previous.txid == outpoint.txid).ok_or(Incomplete::UtxoMismatch)?;
    match &input.witness_utxo {
        Some(claimed) if claimed != output => Err(Incomplete::UtxoMismatch),
        Some(_) | None => Ok(output),
    }
}

type Accept<'a> = dyn Fn(&NewSignature) -> bool + 'a;

fn finish(input: &Input, script: &Script, accept: &Accept<'_>) -> Result<(ScriptBuf, Witness), Incomplete> {
    if input.is_final() {
        return Err(Incomplete::Final);
    }
    if script.is_p2tr() {
        let signature = input.tap_key_sig.clone().ok_or(Incomplete::Signatures { have: 0, need: 1 })?;
        let witness = Witness::from_slice(&[&signature]);
        return if accept(&NewSignature::TapKey { signature }) {
            Ok((ScriptBuf::new(), witness))
        } else {
            Err(Incomplete::Invalid)
        };
    }
    if script.is_p2pkh() {
        let items = single(input, accept, |key| ScriptBuf::new_p2pkh(&PubkeyHash::hash(key)) == *script)?;
        return Ok((pushes(&items, false)?, Witness::new()));
    }
    if !script.is_p2sh() {
        return Ok((ScriptBuf::new(), segwit(input, script, accept)?));
    }
    let redeem = input.redeem_script.as_ref().ok_or(Incomplete::NoScript("redeem"))?;
    if redeem.to_p2sh() != *script {
        return Err(Incomplete::OtherScript("redeem"));
    }
    if redeem.is_witness_program() {
        return Ok((pushes(&[redeem.to_bytes()], false)?, segwit(input, redeem, accept)?));
    }
    let mut items = multi(input, redeem, accept)?;
    items.push(redeem.to_bytes());
    Ok((pushes(&items, true)?, Witness::new()))
}

/// The witness of a program of version 0.
fn segwit(input: &Input, program: &Script, accept: &Accept<'_>) -> Result<Witness, Incomplete> {
    if program.is_p2wpkh() {
        let items = single(input, accept, |key| ScriptBuf::new_p2wpkh(&WPubkeyHash::hash(key)) == *program)?;
        return Ok(Witness::from_slice(&items));
    }
    if !program.is_p2wsh() {
        return Err(Incomplete::Unsupported);
    }
    let script = input.witness_script.as_ref().ok_or(Incomplete::NoScript("witness"))?;
    if script.to_p2wsh() != *program {
        return Err(Incomplete::OtherScript("witness"));
    }
    // CHECKMULTISIG takes one item too many: an empty one (BIP147).
    let mut items = vec![Vec::new()];
    items.extend(multi(input, script, accept)?);
    items.push(script.to_bytes());
    Ok(Witness::from_slice(&items))
}

/// Signature and key of the one key that `fits`.
fn single(input: &Input, accept: &Accept<'_>, fits: impl Fn(&[u8]) -> bool) -> Result<Vec<Vec<u8>>, Incomplete> {
    let found = input.partial_sigs.iter().find(|(key, _)| fits(key));
    let (key, signature) = found.ok_or(Incomplete::Signatures { have: 0, need: 1 })?;
    verified(key, signature, accept)?;
    Ok(vec![signature.clone(), key.clone()])
}

/// Exactly as many signatures as `script` demands, in the order of its keys.
fn multi(input: &Input, script: &Script, accept: &Accept<'_>) -> Result<Vec<Vec<u8>>, Incomplete> {
    let (need, keys) = multisig(script).ok_or(Incomplete::Unsupported)?;
    let signature_of = |key: &&[u8]| input.partial_sigs.iter().find(|(own, _)| own == key);
    let found: Vec<_> = keys.iter().filter_map(signature_of).take(need).collect();
    if found.len() < need {
        return Err(Incomplete::Signatures { have: found.len(), need });
    }
    for (key, signature) in &found {
        verified(key, signature, accept)?;
    }
    Ok(found.into_iter().map(|(_, signature)| signature.clone()).collect())
}

fn verified(key: &[u8], signature: &[u8], accept: &Accept<'_>) -> Result<(), Incomplete> {
    let key = key.try_into().map_err(|_| Incomplete::Unsupported)?;
    let ok = accept(&NewSignature::Ecdsa { key, signature: signature.to_vec() });
    if ok { Ok(()) } else { Err(Incomplete::Invalid) }
}

/// Takes `m key… n CHECKMULTISIG` with compressed keys apart, and nothing that differs from it by a byte.
fn multisig(script: &Script) -> Option<(usize, Vec<&[u8]>)> {
    let mut numbers = Vec::new();
    let mut keys = Vec::new();
    let mut end = false;
    for instruction in script.instructions_minimal() {
        if end {
            return None;
        }
        match instruction.ok()? {
            Instruction::PushBytes(push) if push.len() == 33 && numbers.len() == 1 => keys.push(push.as_bytes()),
            // A number above 16 is pushed as a byte.
            Instruction::PushBytes(push) if push.len() == 1 && numbers.len() == 1 => {
                numbers.push(push.as_bytes().first().copied()?);
            }
            Instruction::Op(op) if op == bitcoin::opcodes::all::OP_CHECKMULTISIG && numbers.len() == 2 => end = true,
            Instruction::Op(op) if numbers.len() < 2 => {
                numbers.push(op.to_u8().checked_sub(0x50).filter(|n| (1..=16).contains(n))?);
            }
            Instruction::PushBytes(_) | Instruction::Op(_) => return None,
        }
    }
    let [need, count] = numbers.as_slice() else { return None };
    let need = usize::from(*need);
    let fits = end && usize::from(*count) == keys.len() && need <= keys.len() && keys.len() <= limits::WALLET_KEYS;
    fits.then_some((need, keys))
}

/// A script that pushes `items`, after the empty one of CHECKMULTISIG where `multi`.
fn pushes(items: &[Vec<u8>], multi: bool) -> Result<ScriptBuf, Incomplete> {
    let mut script = Builder::new();
    if multi {
        script = script.push_opcode(bitcoin::opcodes::OP_0);
    }
    for item in items {
        script = script.push_slice(<&PushBytes>::try_from(item.as_slice()).map_err(|_| Incomplete::Unsupported)?);
    }
    Ok(script.into_script())
}
