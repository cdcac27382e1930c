//! How a PSBT of version 2 (BIP370) says its transaction: counts, and a locktime that the inputs have a say in.
//!
//! Floor 1. The fields are read by `typed`; here they become the one transaction that everything else reads.

use bitcoin::{
    Amount, OutPoint, ScriptBuf, Sequence, Transaction, TxIn, TxOut, Txid, Witness, absolute::LockTime,
    consensus::encode::serialize, transaction::Version,
};

use super::{
    ParseError,
    compact::Reader,
    fields::{Global, Input, Output},
    parse::{EXPORT_AGAIN, OTHER_SOFTWARE, SMALLER},
    raw::{Layout, Map},
    transaction,
    values::Field,
};

/// Locktimes below are heights, from here on times (BIP65, BIP370).
const TIME_FROM: u32 = 500_000_000;

/// How many inputs and outputs a PSBT counts; within the limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Counts {
    /// PSBT_GLOBAL_INPUT_COUNT (0x04).
    pub(super) inputs: usize,
    /// PSBT_GLOBAL_OUTPUT_COUNT (0x05).
    pub(super) outputs: usize,
}

impl Counts {
    /// V01: the PSBT ends with `present` maps of inputs and outputs, which are fewer than it counts.
    pub(super) fn too_high(self, present: usize) -> ParseError {
        let what = format!(
            "counts {} inputs and {} outputs, and ends after {present} of their maps",
            self.inputs, self.outputs
        );
        ParseError::whole("V01", what, EXPORT_AGAIN)
    }
}

/// V01, P11: one CompactSize in its shortest form and nothing after it, at least 1, at most `most`.
pub(super) fn count(field: &Field<'_>, noun: &str, most: usize) -> Result<usize, ParseError> {
    let mut reader = Reader::new(field.value);
    let number = reader.compact().ok().filter(|_| reader.is_done());
    let Some(number) = number else {
        let what = format!("has a value of {} bytes that is not one number in its shortest form", field.value.len());
        return Err(field.fault("V01", &what, OTHER_SOFTWARE));
    };
    match usize::try_from(number) {
        Ok(0) => Err(field.fault("P11", &format!("counts no {noun}"), "add inputs and outputs in the wallet program")),
        Ok(count) if count <= most => Ok(count),
        Ok(_) | Err(_) => Err(field.fault("V01", &format!("counts {number} {noun}s; the limit is {most}"), SMALLER)),
    }
}

/// L07: a time is 500,000,000 at least.
pub(super) fn required_time(field: &Field<'_>) -> Result<u32, ParseError> {
    match u32::from_le_bytes(field.value_array()?) {
        time if time >= TIME_FROM => Ok(time),
        height => Err(field.fault("L07", &format!("says {height}; times begin at {TIME_FROM}"), OTHER_SOFTWARE)),
    }
}

/// L07: a height is 1 at least and below 500,000,000.
pub(super) fn required_height(field: &Field<'_>) -> Result<u32, ParseError> {
    match u32::from_le_bytes(field.value_array()?) {
        0 => Err(field.fault("L07", "says 0, which demands nothing", OTHER_SOFTWARE)),
        height if height < TIME_FROM => Ok(height),
        time => Err(field.fault("L07", &format!("says {time}; heights end below {TIME_FROM}"), OTHER_SOFTWARE)),
    }
}

/// The transaction that the maps say. All that version 2 requires is there by now.
pub(super) fn transaction(global: &Global, inputs: &[Input], outputs: &[Output]) -> Result<Transaction, ParseError> {
    let input = |map: &Input| {
        let previous_output = OutPoint { txid: map.previous_txid?, vout: map.output_index? };
        // Absent is final (V03).
        let sequence = map.sequence.map_or(Sequence::MAX, Sequence);
        Some(TxIn { previous_output, script_sig: ScriptBuf::new(), sequence, witness: Witness::new() })
    };
    let output =
        |map: &Output| Some(TxOut { value: Amount::from_sat(map.amount?), script_pubkey: map.script.clone()? });
    let lock_time = LockTime::from_consensus(locktime(global.fallback_locktime, inputs)?);
    let made = || {
        Some(Transaction {
            version: Version(global.tx_version?),
            lock_time,
            input: inputs.iter().map(input).collect::<Option<_>>()?,
            output: outputs.iter().map(output).collect::<Option<_>>()?,
        })
    };
    made().ok_or_else(|| {
        ParseError::whole("P09", "a field that version 2 requires is missing".to_owned(), OTHER_SOFTWARE)
    })
}

/// BIP370, "Determining Lock Time": of the kind that serves all inputs which demand one, the height's if both do,
/// the highest. L06 where no kind does.
fn locktime(fallback: Option<u32>, inputs: &[Input]) -> Result<u32, ParseError> {
    let demanding = || (0_u32..).zip(inputs).filter(|(_, map)| map.required_height.or(map.required_time).is_some());
    let height_only = demanding().find(|(_, map)| map.required_time.is_none());
    let time_only = demanding().find(|(_, map)| map.required_height.is_none());
    match (height_only, time_only) {
        (Some((by_height, _)), Some((by_time, _))) => {
            let what = format!(
                "input {by_height} demands a locktime by height and input {by_time} one by time: none serves both"
            );
            Err(ParseError::whole("L06", what, "spend coins that are locked by height and by time one after the other"))
        }
        (_, None) => Ok(demanding().filter_map(|(_, map)| map.required_height).max().or(fallback).unwrap_or(0)),
        (None, Some(_)) => Ok(demanding().filter_map(|(_, map)| map.required_time).max().or(fallback).unwrap_or(0)),
    }
}

/// BIP370, "Unique Identification": the txid with every sequence 0, since updaters may change these.
pub(super) fn unique_id(transaction: &Transaction) -> Txid {
    let mut alike = transaction.clone();
    alike.input.iter_mut().for_each(|input| input.sequence = Sequence::ZERO);
    alike.compute_txid()
}

/// P21: the transaction reads back from its bytes, and each of its parts, written as the field that it came from,
/// is what stands in the file.
pub(super) fn is_that_of(transaction: &Transaction, bytes: &[u8], layout: &Layout) -> bool {
    let value = |map: &Map, kind: u8| {
        let pair = map.pairs.iter().find(|pair| bytes.get(pair.key.clone()) == Some(&[kind]))?;
        bytes.get(pair.value.clone())
    };
    let global = &layout.global;
    let input = |(txin, map): (&TxIn, &Map)| {
        let OutPoint { txid, vout } = txin.previous_output;
        let sequence = txin.sequence.0.to_le_bytes();
        value(map, 0x0e) == Some(&serialize(&txid))
            && value(map, 0x0f) == Some(&vout.to_le_bytes())
            && value(map, 0x10).unwrap_or(&[0xff; 4]) == sequence
    };
    let output = |(txout, map): (&TxOut, &Map)| {
        value(map, 0x03) == Some(&txout.value.to_sat().to_le_bytes())
            && value(map, 0x04) == Some(txout.script_pubkey.as_bytes())
    };
    // Whichever rule chose the locktime, it is one that the file names, or none.
    let lock = transaction.lock_time.to_consensus_u32().to_le_bytes();
    let demanded = layout.inputs.iter().flat_map(|map| [value(map, 0x11), value(map, 0x12)]).flatten();
    let locks: Vec<&[u8]> = demanded.collect();
    let lock_is_named =
        if locks.is_empty() { value(global, 0x03).unwrap_or(&[0; 4]) == lock } else { locks.contains(&&lock[..]) };
    lock_is_named
        && value(global, 0x02) == Some(&transaction.version.0.to_le_bytes())
        && transaction.input.len() == layout.inputs.len()
        && transaction.output.len() == layout.outputs.len()
        && transaction.input.iter().zip(&layout.inputs).all(input)
        && transaction.output.iter().zip(&layout.outputs).all(output)
        && transaction::unsigned(&serialize(transaction)).as_ref() == Ok(transaction)
}
