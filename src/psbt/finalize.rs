//! Putting finished scripts and witnesses together from signatures that are there.
//!
//! Floor 1. Pure assembly for the kinds of script that this program signs; every script is the PSBT's own and
//! compared by hash with the output that is spent. All inputs, or nothing; each in the same time, so that many
//! inputs take as much longer as they are more.

use std::collections::BTreeMap;

use bitcoin::{
    PubkeyHash, ScriptBuf, Transaction, TxOut, WPubkeyHash, Witness,
    consensus::encode::serialize,
    hashes::Hash,
    opcodes::all::{OP_PUSHNUM_1, OP_PUSHNUM_NEG1},
    script::{Builder, PushBytes, Script},
};

use super::{
    Input, NewSignature, Parsed, SignatureCheck,
    multisig::multisig,
    satisfy::{Assets, Locks},
    splice::{Pairs, rewrite},
    tap_leaves,
};

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
    /// Redeem, witness or leaf script missing.
    #[error("the PSBT lacks its {0} script; join it with the PSBT that was made for signing")]
    NoScript(&'static str),
    /// Redeem, witness or leaf script of another output.
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
    /// No path of a script with several is complete.
    #[error(
        "no spending path of its script is complete with {have} signature(s); collect the others and join them, and add \
         the preimage where a path needs one"
    )]
    Path {
        /// Signatures that are there.
        have: usize,
    },
    /// A path is complete but for its time lock.
    #[error(
        "its signatures complete only a path whose time lock the transaction does not meet; collect the others and \
         join them, or make it again with that locktime or sequence"
    )]
    Time,
    /// A signature that does not verify.
    #[error("a signature does not verify; sign again with the signer that made it")]
    Invalid,
}

/// Finishes every input of `parsed`: `pkh`, `wpkh`, `sh(wpkh)`; multisig and miniscript in `sh`, `wsh` and
/// `sh(wsh)`; and taproot by its key path or the cheapest leaf that is complete. `check` is asked about each
/// signature that goes in.
///
/// # Errors
/// [`FinalizeError`] with the first input that is not complete; then nothing is finished.
pub fn finalize(parsed: &Parsed, check: &SignatureCheck<'_>) -> Result<Finalized, FinalizeError> {
    let check = check(parsed);
    let mut transaction = parsed.transaction().clone();
    let mut added = BTreeMap::new();
    for ((index, input), txin) in (0_u32..).zip(parsed.inputs()).zip(&mut transaction.input) {
        let job = Job {
            parsed,
            index,
            input,
            locks: Locks::new(parsed.transaction(), txin.sequence),
            accept: &|signature: &NewSignature| check(index, signature),
        };
        let (script_sig, witness) = utxo(input, txin.previous_output)
            .and_then(|utxo| job.finish(&utxo.script_pubkey))
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
    // Known fields go, other than the spent output and what version 2 has instead of a transaction; unknown and
    // proprietary ones stay (BIP174, BIP370).
    let keep = |key: &[u8]| !key.first().is_some_and(|kind| matches!(kind, 0x02..=0x0d | 0x13..=0x18));
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

/// One input on its way.
struct Job<'a> {
    parsed: &'a Parsed,
    index: u32,
    input: &'a Input,
    locks: Locks,
    accept: &'a dyn Fn(&NewSignature) -> bool,
}

impl Job<'_> {
    fn finish(&self, script: &Script) -> Result<(ScriptBuf, Witness), Incomplete> {
        let input = self.input;
        if input.is_final() {
            return Err(Incomplete::Final);
        }
        if script.is_p2tr() {
            return Ok((ScriptBuf::new(), self.taproot(script)?));
        }
        if script.is_p2pkh() {
            let items = self.single(|key| ScriptBuf::new_p2pkh(&PubkeyHash::hash(key)) == *script)?;
            return Ok((pushes(&items)?, Witness::new()));
        }
        if !script.is_p2sh() {
            return Ok((ScriptBuf::new(), self.segwit(script)?));
        }
        let redeem = input.redeem_script.as_ref().ok_or(Incomplete::NoScript("redeem"))?;
        if redeem.to_p2sh() != *script {
            return Err(Incomplete::OtherScript("redeem"));
        }
        if redeem.is_witness_program() {
            return Ok((pushes(&[redeem.to_bytes()])?, self.segwit(redeem)?));
        }
        let mut items = match multisig(redeem) {
            Some((need, keys)) => self.multi(need, &keys)?,
            None => self.assets().legacy(redeem)?,
        };
        items.push(redeem.to_bytes());
        Ok((pushes(&items)?, Witness::new()))
    }

    /// The witness of a program of version 0.
    fn segwit(&self, program: &Script) -> Result<Witness, Incomplete> {
        if program.is_p2wpkh() {
            let items = self.single(|key| ScriptBuf::new_p2wpkh(&WPubkeyHash::hash(key)) == *program)?;
            return Ok(Witness::from_slice(&items));
        }
        if !program.is_p2wsh() {
            return Err(Incomplete::Unsupported);
        }
        let script = self.input.witness_script.as_ref().ok_or(Incomplete::NoScript("witness"))?;
        if script.to_p2wsh() != *program {
            return Err(Incomplete::OtherScript("witness"));
        }
        let mut items = match multisig(script) {
            Some((need, keys)) => self.multi(need, &keys)?,
            None => self.assets().segwit(script)?,
        };
        items.push(script.to_bytes());
        Ok(Witness::from_slice(&items))
    }

    /// The key path where it is signed, else the cheapest complete leaf.
    fn taproot(&self, script: &Script) -> Result<Witness, Incomplete> {
        let input = self.input;
        if let Some(signature) = input.tap_key_sig.clone() {
            let witness = Witness::from_slice(&[&signature]);
            let counts = (self.accept)(&NewSignature::TapKey { signature });
            return if counts { Ok(witness) } else { Err(Incomplete::Invalid) };
        }
        if input.tap_script_sigs.is_empty() {
            return Err(Incomplete::Signatures { have: 0, need: 1 });
        }
        tap_leaves::cheapest(input, script, &self.assets()).map(|items| Witness::from_slice(&items))
    }

    /// What a script with several paths is satisfied with.
    fn assets(&self) -> Assets<'_> {
        Assets::new(self.parsed, self.index, self.input, self.locks, self.accept)
    }

    /// Signature and key of the one key that `fits`.
    fn single(&self, fits: impl Fn(&[u8]) -> bool) -> Result<Vec<Vec<u8>>, Incomplete> {
        let found = self.input.partial_sigs.iter().find(|(key, _)| fits(key));
        let (key, signature) = found.ok_or(Incomplete::Signatures { have: 0, need: 1 })?;
        self.verified(key, signature)?;
        Ok(vec![signature.clone(), key.clone()])
    }

    /// Exactly as many signatures as the script demands, in the order of its keys, after the empty item that
    /// CHECKMULTISIG takes too many (BIP147).
    fn multi(&self, need: usize, keys: &[&[u8]]) -> Result<Vec<Vec<u8>>, Incomplete> {
        let signature_of = |key: &&[u8]| self.input.partial_sigs.iter().find(|(own, _)| own == key);
        let found: Vec<_> = keys.iter().filter_map(signature_of).take(need).collect();
        if found.len() < need {
            return Err(Incomplete::Signatures { have: found.len(), need });
        }
        for (key, signature) in &found {
            self.verified(key, signature)?;
        }
        Ok(std::iter::once(Vec::new()).chain(found.into_iter().map(|(_, signature)| signature.clone())).collect())
    }

    fn verified(&self, key: &[u8], signature: &[u8]) -> Result<(), Incomplete> {
        let key = key.try_into().map_err(|_| Incomplete::Unsupported)?;
        let counts = (self.accept)(&NewSignature::Ecdsa { key, signature: signature.to_vec() });
        if counts { Ok(()) } else { Err(Incomplete::Invalid) }
    }
}

/// A script that pushes `items`, each in the shortest way, as the network demands.
fn pushes(items: &[Vec<u8>]) -> Result<ScriptBuf, Incomplete> {
    let mut script = Builder::new();
    for item in items {
        script = match item.as_slice() {
            [] => script.push_opcode(bitcoin::opcodes::OP_0),
            [number @ 1..=16] => {
                let code = OP_PUSHNUM_1.to_u8().saturating_add(*number).saturating_sub(1);
                script.push_opcode(bitcoin::Opcode::from(code))
            }
            [0x81] => script.push_opcode(OP_PUSHNUM_NEG1),
            item => script.push_slice(<&PushBytes>::try_from(item).map_err(|_| Incomplete::Unsupported)?),
        };
    }
    Ok(script.into_script())
}

#[cfg(test)]
mod tests;
