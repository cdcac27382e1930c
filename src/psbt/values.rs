//! One field of a PSBT: its key's and value's form (P06, P07), and the values that have parts.
//!
//! Floor 1. Nothing here knows which map it reads for; `typed` says which field has which form.

use bitcoin::{ScriptBuf, TxOut};

use super::{
    ParseError, Place,
    compact::{Fault, Reader},
    fields::{FieldName, PreviousTx, UnknownField},
    parse::{EXPORT_AGAIN, OTHER_SOFTWARE},
    raw::{Pair, not_shortest},
    transaction::{self, TxFault},
};
use crate::limits;

/// Depth of a tree of scripts, most (BIP341: a control block has 128 steps at most).
const TREE_DEPTH: u8 = 128;

/// One field: its type, the rest of its key, its value.
pub(super) struct Field<'a> {
    pub(super) place: Place,
    /// Type of the key.
    pub(super) kind: u64,
    /// The key after its type.
    pub(super) data: &'a [u8],
    /// The value.
    pub(super) value: &'a [u8],
    value_at: usize,
}

/// Where the unsigned transaction stands.
pub(super) struct Unsigned(std::ops::Range<usize>);

impl Unsigned {
    pub(super) fn bytes<'a>(&self, psbt: &'a [u8]) -> &'a [u8] {
        psbt.get(self.0.clone()).unwrap_or_default()
    }

    pub(super) fn at(&self) -> usize {
        self.0.start
    }
}

impl<'a> Field<'a> {
    /// Takes `pair` apart.
    pub(super) fn new(bytes: &'a [u8], place: Place, pair: &Pair) -> Result<Self, ParseError> {
        let key = bytes.get(pair.key.clone()).unwrap_or_default();
        let value = bytes.get(pair.value.clone()).unwrap_or_default();
        let mut reader = Reader::new(key);
        match reader.compact() {
            Ok(kind) => Ok(Self { place, kind, data: reader.rest(), value, value_at: pair.value.start }),
            Err(Fault::Long { at }) => Err(not_shortest(place, pair.key.start.saturating_add(at))),
            Err(Fault::Short { .. }) => Err(ParseError {
                rule: "P06",
                place,
                what: format!("{place}: the key at byte {} ends within its type", pair.key.start),
                remedy: OTHER_SOFTWARE,
            }),
        }
    }

    /// A fault of this field; `what` goes on after its name.
    pub(super) fn fault(&self, rule: &'static str, what: &str, remedy: &'static str) -> ParseError {
        let name = FieldName(self.place, self.kind);
        ParseError { rule, place: self.place, what: format!("{}: {name} {what}", self.place), remedy }
    }

    /// P06: the key is the type alone.
    pub(super) fn bare_key(&self) -> Result<(), ParseError> {
        self.key_of(&[0])
    }

    /// P06: the key's data has one of these lengths.
    pub(super) fn key_of(&self, lengths: &[usize]) -> Result<(), ParseError> {
        if lengths.contains(&self.data.len()) { Ok(()) } else { Err(self.key_length(&one_of(lengths))) }
    }

    /// P06: the key's data as `N` bytes.
    pub(super) fn key_array<const N: usize>(&self) -> Result<[u8; N], ParseError> {
        self.data.try_into().map_err(|_| self.key_length(&one_of(&[N])))
    }

    pub(super) fn key_length(&self, wanted: &str) -> ParseError {
        self.fault("P06", &format!("has {} bytes of key data, not {wanted}", self.data.len()), OTHER_SOFTWARE)
    }

    /// P07: the value as `N` bytes.
    pub(super) fn value_array<const N: usize>(&self) -> Result<[u8; N], ParseError> {
        self.value.try_into().map_err(|_| self.value_length(&one_of(&[N])))
    }

    /// P07: the value has between `least` and `most` bytes.
    pub(super) fn value_of(&self, least: usize, most: usize) -> Result<Vec<u8>, ParseError> {
        if (least..=most).contains(&self.value.len()) {
            Ok(self.value.to_vec())
        } else {
            Err(self.value_length(&format!("{least} to {most}")))
        }
    }

    fn value_length(&self, wanted: &str) -> ParseError {
        self.fault("P07", &format!("has a value of {} bytes, not {wanted}", self.value.len()), OTHER_SOFTWARE)
    }

    /// P20: the value as a script of at most `most` bytes.
    pub(super) fn script(&self, most: usize) -> Result<ScriptBuf, ParseError> {
        if self.value.len() > most {
            return Err(self.fault(
                "P20",
                &format!("has {} bytes; the limit is {most}", self.value.len()),
                OTHER_SOFTWARE,
            ));
        }
        Ok(ScriptBuf::from_bytes(self.value.to_vec()))
    }

    /// P20: not more than `most` fields of a kind in one map.
    pub(super) fn within(&self, count: usize, most: usize) -> Result<(), ParseError> {
        if count < most {
            return Ok(());
        }
        Err(self.fault("P20", &format!("stands there more than {most} times"), OTHER_SOFTWARE))
    }

    /// Fingerprint and path of a derivation record: four bytes a piece (P07), at most 12 steps (I11).
    pub(super) fn origin(&self) -> Result<([u8; 4], Vec<u32>), ParseError> {
        self.origin_in(self.value)
    }

    fn origin_in(&self, value: &[u8]) -> Result<([u8; 4], Vec<u32>), ParseError> {
        let (words, rest) = value.as_chunks::<4>();
        let (Some((fingerprint, steps)), []) = (words.split_first(), rest) else {
            let what = format!("has an origin of {} bytes, not a fingerprint of 4 and 4 a step", value.len());
            return Err(self.fault("P07", &what, OTHER_SOFTWARE));
        };
        if steps.len() > limits::PATH_STEPS {
            let what = format!("has a path of {} steps; the limit is {}", steps.len(), limits::PATH_STEPS);
            return Err(self.fault("I11", &what, "use keys at a path of the usual depth"));
        }
        Ok((*fingerprint, steps.iter().map(|step| u32::from_le_bytes(*step)).collect()))
    }

    /// Leaf hashes and origin of a taproot derivation record.
    #[expect(clippy::type_complexity, reason = "taken apart at its one use")]
    pub(super) fn tap_origin(&self) -> Result<(Vec<[u8; 32]>, [u8; 4], Vec<u32>), ParseError> {
        let mut reader = Reader::new(self.value);
        let count = self.read(reader.compact())?;
        let length = count.saturating_mul(32);
        let (hashes, _) = self.read(reader.take(length))?.as_chunks::<32>();
        let (fingerprint, path) = self.origin_in(reader.rest())?;
        Ok((hashes.to_vec(), fingerprint, path))
    }

    /// An output, and nothing after it.
    pub(super) fn utxo(&self) -> Result<TxOut, ParseError> {
        let mut reader = Reader::new(self.value);
        let output = self.read(transaction::output(&mut reader))?;
        self.ends(&reader)?;
        Ok(output)
    }

    /// A stack of witness items, and nothing after it.
    pub(super) fn witness(&self) -> Result<Vec<Vec<u8>>, ParseError> {
        let mut reader = Reader::new(self.value);
        let count = self.read(reader.compact())?;
        if count > limits::WITNESS_ITEMS as u64 {
            let what = format!("has {count} items; the limit is {}", limits::WITNESS_ITEMS);
            return Err(self.fault("P20", &what, OTHER_SOFTWARE));
        }
        let mut items = Vec::new();
        for _ in 0..count {
            items.push(self.read(reader.string())?.to_vec());
        }
        self.ends(&reader)?;
        Ok(items)
    }

    /// A previous transaction (U10).
    pub(super) fn previous_tx(&self) -> Result<PreviousTx, ParseError> {
        if self.value.len() > limits::PREVIOUS_TX_BYTES {
            let what = format!("has {} bytes; the limit is {}", self.value.len(), limits::PREVIOUS_TX_BYTES);
            return Err(self.fault("U10", &what, OTHER_SOFTWARE));
        }
        let say = |what: &str| self.fault("U10", what, EXPORT_AGAIN);
        transaction::previous(self.value).map_err(|fault| match fault {
            TxFault::Read(fault) => tx_fault(
                "U10",
                self.place,
                &format!("{}: {}", self.place, FieldName(self.place, self.kind)),
                fault,
                self.value_at,
            ),
            TxFault::Trailing(bytes) => say(&format!("has {bytes} bytes after its end")),
            TxFault::Count(count) | TxFault::Inputs(count) | TxFault::Outputs(count) => {
                say(&format!("announces {count} inputs, outputs or witness items and is too short for them"))
            }
            TxFault::Witness => say("is written in the form with witnesses and has none"),
            TxFault::NoInputs | TxFault::ScriptSig(_) => say("has no input"),
            TxFault::NoOutputs => say("has no output"),
        })
    }

    /// P07: leaves as depth, version and script, depth first, that make one whole tree.
    pub(super) fn tree(&self) -> Result<Vec<u8>, ParseError> {
        let bad = |what: &str| self.fault("P07", what, OTHER_SOFTWARE);
        let mut reader = Reader::new(self.value);
        // Depths of the left branches that wait for their right ones; strictly growing, so at most 128.
        let mut waiting: Vec<u8> = Vec::new();
        let mut whole = false;
        while !reader.is_done() {
            if whole {
                return Err(bad("has a leaf after its tree is whole"));
            }
            let [depth, version] = self.read(reader.array())?;
            if depth > TREE_DEPTH {
                return Err(bad(&format!("has a leaf at depth {depth}; the most is {TREE_DEPTH}")));
            }
            if version & 1 == 1 {
                return Err(bad(&format!("has a leaf of version 0x{version:02x}, which is odd")));
            }
            self.read(reader.string())?;
            let mut depth = depth;
            while waiting.last() == Some(&depth) {
                waiting.pop();
                depth = depth.saturating_sub(1);
            }
            if waiting.last().is_some_and(|&last| last > depth) {
                return Err(bad("has a leaf above one that still lacks its sister"));
            }
            if depth == 0 {
                whole = true;
            } else {
                waiting.push(depth);
            }
        }
        if whole { Ok(self.value.to_vec()) } else { Err(bad("is not a whole tree")) }
    }

    /// P06: `identifier` of a proprietary key: its length, itself, a subtype, any data.
    pub(super) fn proprietary(&self) -> Result<UnknownField, ParseError> {
        let mut reader = Reader::new(self.data);
        let identifier = reader.string().map(<[u8]>::to_vec);
        let (Ok(identifier), Ok(_)) = (identifier, reader.compact()) else {
            return Err(self.fault("P06", "has no identifier and subtype in its key", OTHER_SOFTWARE));
        };
        Ok(UnknownField { identifier: Some(identifier), proprietary: true, ..self.unknown() })
    }

    /// A field that is counted and not read.
    pub(super) fn unknown(&self) -> UnknownField {
        UnknownField {
            key_type: self.kind,
            key_bytes: self.data.len(),
            value_bytes: self.value.len(),
            proprietary: false,
            identifier: None,
        }
    }

    fn ends(&self, reader: &Reader<'_>) -> Result<(), ParseError> {
        if reader.is_done() {
            return Ok(());
        }
        Err(self.fault("P07", &format!("has {} bytes after its end", reader.rest().len()), OTHER_SOFTWARE))
    }

    /// A read within the value: too short is P07, a number too long P05.
    fn read<T>(&self, result: Result<T, Fault>) -> Result<T, ParseError> {
        result.map_err(|fault| match fault {
            Fault::Short { .. } => self.fault(
                "P07",
                &format!("has a value of {} bytes that ends within a part", self.value.len()),
                OTHER_SOFTWARE,
            ),
            Fault::Long { at } => not_shortest(self.place, self.value_at.saturating_add(at)),
        })
    }

    /// Where the value stands, for the unsigned transaction.
    pub(super) fn unsigned(&self) -> Unsigned {
        Unsigned(self.value_at..self.value_at.saturating_add(self.value.len()))
    }
}

/// A read within a transaction that begins at byte `start`: `rule`, or P05.
pub(super) fn tx_fault(rule: &'static str, place: Place, name: &str, fault: Fault, start: usize) -> ParseError {
    match fault {
        Fault::Short { at, want, left } => ParseError {
            rule,
            place,
            what: format!("{name} ends too early: at its byte {at}, {want} bytes should follow and {left} do"),
            remedy: EXPORT_AGAIN,
        },
        Fault::Long { at } => not_shortest(place, start.saturating_add(at)),
    }
}

fn one_of(lengths: &[usize]) -> String {
    lengths.iter().map(ToString::to_string).collect::<Vec<_>>().join(" or ")
}
