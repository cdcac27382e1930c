//! Transactions inside a PSBT: the unsigned one, and those that it spends from.
//!
//! Floor 1. Strict: every byte is read, counts are compared with what can follow before anything is allocated.
//! Of a previous transaction only its txid and outputs are kept.

use bitcoin::{
    Amount, OutPoint, ScriptBuf, Sequence, Transaction, TxIn, TxOut, Txid, Witness, absolute::LockTime, hashes::Hash,
    hashes::HashEngine, hashes::sha256d, transaction::Version,
};

use super::{
    compact::{Fault, Reader},
    fields::PreviousTx,
};
use crate::limits;

/// Bytes of an input without its script: outpoint, length of the script, sequence.
const INPUT_BYTES_MIN: u64 = 41;
/// Bytes of an output without its script: amount, length of the script.
const OUTPUT_BYTES_MIN: u64 = 9;

/// Why bytes are no transaction of the kind that stands here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TxFault {
    /// The bytes end too early, or a number is not in its shortest form.
    Read(Fault),
    /// Bytes follow the locktime.
    Trailing(usize),
    /// More inputs or outputs than the bytes can hold.
    Count(u64),
    /// More inputs than the limit.
    Inputs(u64),
    /// More outputs than the limit.
    Outputs(u64),
    /// Marker and flag of BIP144 where none may be, or witnesses that are all empty.
    Witness,
    /// An input of the unsigned transaction has a script.
    ScriptSig(u32),
    /// No input.
    NoInputs,
    /// No output.
    NoOutputs,
}

impl From<Fault> for TxFault {
    fn from(fault: Fault) -> Self {
        Self::Read(fault)
    }
}

/// Reads the unsigned transaction: without witnesses, without scripts in its inputs (P10), within the limits.
pub(super) fn unsigned(bytes: &[u8]) -> Result<Transaction, TxFault> {
    let mut reader = Reader::new(bytes);
    let version = Version(i32::from_le_bytes(reader.array()?));
    let marked = reader.rest().starts_with(&[0, 1]);
    let body = unsigned_body(&mut reader, version);
    match body {
        Err(TxFault::NoInputs) => Err(TxFault::NoInputs),
        // 00 01 is BIP144's marker and flag, or no input and one output: the rest of the bytes decides.
        Err(_) if marked => Err(TxFault::Witness),
        other => other,
    }
}

fn unsigned_body(reader: &mut Reader<'_>, version: Version) -> Result<Transaction, TxFault> {
    let inputs = count(reader, INPUT_BYTES_MIN)?;
    if inputs > limits::INPUTS as u64 {
        return Err(TxFault::Inputs(inputs));
    }
    let mut input = Vec::new();
    for index in 0..inputs {
        let previous_output =
            OutPoint { txid: Txid::from_byte_array(reader.array()?), vout: u32::from_le_bytes(reader.array()?) };
        if !reader.string()?.is_empty() {
            return Err(TxFault::ScriptSig(u32::try_from(index).unwrap_or(u32::MAX)));
        }
        let sequence = Sequence(u32::from_le_bytes(reader.array()?));
        input.push(TxIn { previous_output, script_sig: ScriptBuf::new(), sequence, witness: Witness::new() });
    }
    let outputs = count(reader, OUTPUT_BYTES_MIN)?;
    if outputs > limits::OUTPUTS as u64 {
        return Err(TxFault::Outputs(outputs));
    }
    let output = read_outputs(reader, outputs)?;
    let lock_time = LockTime::from_consensus(u32::from_le_bytes(reader.array()?));
    done(reader)?;
    if input.is_empty() {
        return Err(TxFault::NoInputs);
    }
    if output.is_empty() {
        return Err(TxFault::NoOutputs);
    }
    Ok(Transaction { version, lock_time, input, output })
}

/// Reads a previous transaction, with or without its witnesses (U10), and computes its txid.
pub(super) fn previous(bytes: &[u8]) -> Result<PreviousTx, TxFault> {
    let mut reader = Reader::new(bytes);
    let version = reader.take(4)?;
    let with_witnesses = reader.rest().starts_with(&[0, 1]);
    if with_witnesses {
        reader.take(2)?;
    }
    let body = reader.rest();
    let body_at = reader.at();
    let inputs = count(&mut reader, INPUT_BYTES_MIN)?;
    if inputs == 0 {
        return Err(TxFault::NoInputs);
    }
    for _ in 0..inputs {
        reader.take(36)?;
        reader.string()?;
        reader.take(4)?;
    }
    let number = count(&mut reader, OUTPUT_BYTES_MIN)?;
    if number == 0 {
        return Err(TxFault::NoOutputs);
    }
    let outputs = read_outputs(&mut reader, number)?;
    let body = body.get(..reader.at().saturating_sub(body_at)).unwrap_or_default();
    if with_witnesses {
        let mut items = false;
        for _ in 0..inputs {
            let stack = count(&mut reader, 1)?;
            items |= stack > 0;
            for _ in 0..stack {
                reader.string()?;
            }
        }
        if !items {
            return Err(TxFault::Witness);
        }
    }
    let lock_time = reader.take(4)?;
    done(&reader)?;
    let mut engine = sha256d::Hash::engine();
    for part in [version, body, lock_time] {
        engine.input(part);
    }
    Ok(PreviousTx { txid: Txid::from_raw_hash(sha256d::Hash::from_engine(engine)), outputs })
}

/// A count of things that take at least `least` bytes each.
fn count(reader: &mut Reader<'_>, least: u64) -> Result<u64, TxFault> {
    let number = reader.compact()?;
    let room = (reader.rest().len() as u64).checked_div(least).unwrap_or(0);
    if number > room { Err(TxFault::Count(number)) } else { Ok(number) }
}

fn read_outputs(reader: &mut Reader<'_>, number: u64) -> Result<Vec<TxOut>, TxFault> {
    let mut outputs = Vec::new();
    for _ in 0..number {
        outputs.push(output(reader)?);
    }
    Ok(outputs)
}

/// One output: amount and script.
pub(super) fn output(reader: &mut Reader<'_>) -> Result<TxOut, Fault> {
    let value = Amount::from_sat(u64::from_le_bytes(reader.array()?));
    let script_pubkey = ScriptBuf::from_bytes(reader.string()?.to_vec());
    Ok(TxOut { value, script_pubkey })
}

fn done(reader: &Reader<'_>) -> Result<(), TxFault> {
    if reader.is_done() { Ok(()) } else { Err(TxFault::Trailing(reader.rest().len())) }
}
