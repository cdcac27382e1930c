//! One binary PSBT to a [`Parsed`]: the envelope, the unsigned transaction, a map an input and output.
//!
//! Floor 1. The order is fixed, so that one file always fails by one rule: size, magic, the global map with the
//! version first, in version 0 the unsigned transaction, the other maps, their fields map after map, and what follows
//! them; in version 2 that comes before the fields, and the transaction that they make at the end.

use std::{collections::BTreeSet, fmt};

use bitcoin::{Transaction, Txid, consensus::encode::serialize, hashes::Hash};

use super::{
    Place,
    fields::{Global, Input, Output, Version},
    raw::{Layout, Maps},
    transaction::{self, TxFault},
    typed::{self, Head},
    values,
    version2::{self, Counts},
};
use crate::limits;

/// First bytes of every PSBT (BIP174).
pub(super) const MAGIC: &[u8] = b"psbt\xff";

pub(super) const EXPORT_AGAIN: &str = "export the PSBT again and carry it over whole";
pub(super) const OTHER_SOFTWARE: &str =
    "make the PSBT with a wallet program that follows BIP174 and BIP370, or report this to its maker";
pub(super) const SMALLER: &str = "make several smaller transactions of it";
pub(super) const FEWER_FIELDS: &str = "export the PSBT again without fields that nobody needs for signing, or ask the maker of the program that wrote them";
pub(super) const FEWER_FIELDS_OR_SMALLER: &str = "export the PSBT again without fields that nobody needs for signing; where it has many inputs or outputs, make several smaller \
     transactions of it";

/// A PSBT that follows the format and the limits: proof of [`parse`].
pub struct Parsed {
    bytes: Vec<u8>,
    layout: Layout,
    version: Version,
    transaction: Transaction,
    transaction_bytes: Vec<u8>,
    txid: Txid,
    global: Global,
    inputs: Vec<Input>,
    outputs: Vec<Output>,
}

impl Parsed {
    /// The PSBT as received, unwrapped to binary.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Its version: which of the two forms it was written in.
    #[must_use]
    pub const fn version(&self) -> Version {
        self.version
    }

    /// The unsigned transaction.
    #[must_use]
    pub fn transaction(&self) -> &Transaction {
        &self.transaction
    }

    /// The unsigned transaction's bytes: as they stand in version 0, as the fields make them in version 2.
    #[must_use]
    pub fn transaction_bytes(&self) -> &[u8] {
        &self.transaction_bytes
    }

    /// Its txid.
    #[must_use]
    pub fn txid(&self) -> Txid {
        self.txid
    }

    /// What stays the same while a PSBT goes round: the txid in version 0, BIP370's unique id in version 2, which
    /// leaves the sequences out.
    #[must_use]
    pub fn unique_id(&self) -> Txid {
        match self.version {
            Version::Zero => self.txid,
            Version::Two => version2::unique_id(&self.transaction),
        }
    }

    /// The global map.
    #[must_use]
    pub fn global(&self) -> &Global {
        &self.global
    }

    /// The inputs' maps, as many as the transaction has inputs.
    #[must_use]
    pub fn inputs(&self) -> &[Input] {
        &self.inputs
    }

    /// The outputs' maps, as many as the transaction has outputs.
    #[must_use]
    pub fn outputs(&self) -> &[Output] {
        &self.outputs
    }

    /// The raw pairs (key with its type, value) of the map at `place`, in the file's order; none where the
    /// PSBT has no such map. [`Place::Whole`] is the global map.
    pub fn raw_pairs(&self, place: Place) -> impl Iterator<Item = (&[u8], &[u8])> {
        self.layout.map(place).into_iter().flat_map(|map| &map.pairs).map(|pair| {
            let cut = |range: &std::ops::Range<usize>| self.bytes.get(range.clone()).unwrap_or_default();
            (cut(&pair.key), cut(&pair.value))
        })
    }

    /// Where each pair stands.
    pub(super) fn layout(&self) -> &Layout {
        &self.layout
    }
}

impl fmt::Debug for Parsed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Parsed")
            .field("version", &self.version)
            .field("txid", &self.txid)
            .field("bytes", &self.bytes.len())
            .field("inputs", &self.inputs.len())
            .field("outputs", &self.outputs.len())
            .finish_non_exhaustive()
    }
}

/// Why bytes are no PSBT that we take: a rule, a place, a sentence, a remedy.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{rule}: {what}")]
pub struct ParseError {
    /// The rule's id, as `docs/` lists them.
    pub rule: &'static str,
    /// The map that is at fault, or the whole.
    pub place: Place,
    /// What is wrong, and where.
    pub what: String,
    /// What to do.
    pub remedy: &'static str,
}

impl ParseError {
    /// A fault of the whole PSBT or its transaction.
    pub(super) fn whole(rule: &'static str, what: String, remedy: &'static str) -> Self {
        Self { rule, place: Place::Whole, what, remedy }
    }
}

/// Reads one binary PSBT of version 0 or 2.
///
/// # Errors
/// The first rule that `bytes` break.
pub fn parse(bytes: Vec<u8>) -> Result<Parsed, ParseError> {
    if bytes.len() > limits::PSBT_BYTES {
        let what = format!("a PSBT of {} bytes; the limit is {}", bytes.len(), limits::PSBT_BYTES);
        return Err(ParseError::whole("P20", what, SMALLER));
    }
    if !bytes.starts_with(MAGIC) {
        return Err(super::encoding::not_a_psbt(&bytes));
    }
    let mut maps = Maps::new(&bytes, MAGIC.len())?;
    let mut layout = Layout { global: maps.next(Place::Whole)?, ..Layout::default() };
    let (global, head) = typed::global(&bytes, &layout.global)?;
    // The counts are within the limits before anything is made of that size.
    let (unsigned, version, counts) = match head {
        Head::Zero(unsigned) => {
            let transaction = unsigned_transaction(unsigned.bytes(&bytes), unsigned.at())?;
            let counts = Counts { inputs: transaction.input.len(), outputs: transaction.output.len() };
            (Some(transaction), Version::Zero, counts)
        }
        Head::Two(counts) => (None, Version::Two, counts),
    };
    let mut next = |place, present: usize| match version {
        Version::Two if maps.is_done() => Err(counts.too_high(present)),
        Version::Zero | Version::Two => maps.next(place),
    };
    for place in places(counts.inputs, Place::Input) {
        layout.inputs.push(next(place, layout.inputs.len())?);
    }
    for place in places(counts.outputs, Place::Output) {
        layout.outputs.push(next(place, counts.inputs.saturating_add(layout.outputs.len()))?);
    }
    if version == Version::Two {
        // How many maps there are is said by counts: these are right before a map is taken for an input's or output's.
        maps.finish()?;
    }
    let input_maps = places(counts.inputs, Place::Input).zip(&layout.inputs);
    let output_maps = places(counts.outputs, Place::Output).zip(&layout.outputs);
    let inputs: Result<Vec<_>, _> = input_maps.map(|(place, map)| typed::input(&bytes, place, map, version)).collect();
    let inputs = inputs?;
    let outputs: Result<Vec<_>, _> =
        output_maps.map(|(place, map)| typed::output(&bytes, place, map, version)).collect();
    let outputs = outputs?;
    maps.finish()?;
    let transaction = match unsigned {
        Some(transaction) => transaction,
        None => made_transaction(&bytes, &layout, &global, &inputs, &outputs)?,
    };
    let (txid, transaction_bytes) = (transaction.compute_txid(), serialize(&transaction));
    Ok(Parsed { bytes, layout, version, transaction, transaction_bytes, txid, global, inputs, outputs })
}

/// The places of `count` maps; counts are within the limits by now.
fn places(count: usize, place: fn(u32) -> Place) -> impl Iterator<Item = Place> {
    (0..u32::try_from(count).unwrap_or(u32::MAX)).map(place)
}

/// Reads the unsigned transaction of version 0 and holds P10 to P15 and P21 over it.
fn unsigned_transaction(bytes: &[u8], at: usize) -> Result<Transaction, ParseError> {
    let transaction = transaction::unsigned(bytes).map_err(|fault| unsigned_fault(fault, at))?;
    relayable(&transaction, bytes.len())?;
    if serialize(&transaction) == bytes { Ok(transaction) } else { Err(misread()) }
}

/// Makes the unsigned transaction of version 2 and holds L06, P12 to P15 and P21 over it.
fn made_transaction(
    bytes: &[u8],
    layout: &Layout,
    global: &Global,
    inputs: &[Input],
    outputs: &[Output],
) -> Result<Transaction, ParseError> {
    let transaction = version2::transaction(global, inputs, outputs)?;
    relayable(&transaction, transaction.base_size())?;
    if version2::is_that_of(&transaction, bytes, layout) { Ok(transaction) } else { Err(misread()) }
}

/// P12 to P15 over an unsigned transaction of `length` bytes.
fn relayable(transaction: &Transaction, length: usize) -> Result<(), ParseError> {
    let version = transaction.version.0;
    if !(1..=3).contains(&version) {
        let what = format!("the transaction has version {version}; 1, 2 and 3 are in use");
        return Err(ParseError::whole("P12", what, "make the transaction with version 2"));
    }
    outpoints(transaction)?;
    if length < limits::TX_BYTES_MIN {
        let what =
            format!("the transaction has {length} bytes; the network relays none below {}", limits::TX_BYTES_MIN);
        return Err(ParseError::whole("P15", what, "add an output, or pay to an address of another kind"));
    }
    Ok(())
}

/// P21.
fn misread() -> ParseError {
    ParseError::whole(
        "P21",
        "self-check: the transaction that was read writes other bytes than it was read from".to_owned(),
        "stop, keep the file, and report this: it is a fault of this program",
    )
}

/// P13 and P14: each outpoint once, none that cannot exist.
fn outpoints(transaction: &Transaction) -> Result<(), ParseError> {
    let mut seen = BTreeSet::new();
    for (place, input) in places(transaction.input.len(), Place::Input).zip(&transaction.input) {
        let outpoint = input.previous_output;
        if outpoint.txid == Txid::all_zeros() || outpoint.vout >= 1 << 31 {
            return Err(ParseError {
                rule: "P14",
                place,
                what: format!("{place}: spends {outpoint}, an output that cannot exist"),
                remedy: OTHER_SOFTWARE,
            });
        }
        if !seen.insert(outpoint) {
            return Err(ParseError {
                rule: "P13",
                place,
                what: format!("{place}: spends {outpoint}, which an earlier input spends already"),
                remedy: OTHER_SOFTWARE,
            });
        }
    }
    Ok(())
}

fn unsigned_fault(fault: TxFault, at: usize) -> ParseError {
    let tx = "the unsigned transaction";
    match fault {
        TxFault::Read(fault) => values::tx_fault("P10", Place::Whole, tx, fault, at),
        TxFault::Trailing(bytes) => {
            ParseError::whole("P10", format!("{tx} has {bytes} bytes after its end"), OTHER_SOFTWARE)
        }
        TxFault::Count(count) => ParseError::whole(
            "P10",
            format!("{tx} announces {count} inputs or outputs and is too short for them"),
            EXPORT_AGAIN,
        ),
        TxFault::Witness => ParseError::whole(
            "P10",
            format!("{tx} is written in the form with witnesses; a PSBT holds the form without"),
            OTHER_SOFTWARE,
        ),
        TxFault::ScriptSig(index) => ParseError {
            rule: "P10",
            place: Place::Input(index),
            what: format!("input {index}: {tx} holds a script in this input; it must be empty"),
            remedy: OTHER_SOFTWARE,
        },
        TxFault::Inputs(count) => {
            ParseError::whole("P20", format!("{tx} has {count} inputs; the limit is {}", limits::INPUTS), SMALLER)
        }
        TxFault::Outputs(count) => {
            ParseError::whole("P20", format!("{tx} has {count} outputs; the limit is {}", limits::OUTPUTS), SMALLER)
        }
        TxFault::NoInputs => {
            ParseError::whole("P11", format!("{tx} has no input"), "add an input in the wallet program")
        }
        TxFault::NoOutputs => {
            ParseError::whole("P11", format!("{tx} has no output"), "add an output in the wallet program")
        }
    }
}
