//! The key-value maps of a PSBT as ranges of its bytes.
//!
//! Floor 1. Cuts bytes into pairs and knows nothing of what they mean: whole maps (P03), shortest lengths
//! (P05), no key twice (P04), numbers within the limits (P20). What is written back is cut from these ranges.

use std::{collections::BTreeSet, ops::Range};

use super::{
    ParseError, Place,
    compact::{Fault, Reader},
    parse::{EXPORT_AGAIN, FEWER_FIELDS, FEWER_FIELDS_OR_SMALLER, OTHER_SOFTWARE},
};
use crate::limits;

/// One pair: offsets into the PSBT.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pair {
    /// Offset of its first byte, the length of the key.
    pub(super) start: usize,
    /// The key: type and key data.
    pub(super) key: Range<usize>,
    /// The value; the pair ends where it does.
    pub(super) value: Range<usize>,
}

/// One map: its pairs in the file's order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Map {
    /// Its pairs.
    pub(super) pairs: Vec<Pair>,
    /// Offset of the zero byte that ends it.
    pub(super) end: usize,
}

/// All maps of a PSBT.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Layout {
    /// The global map.
    pub(super) global: Map,
    /// A map an input.
    pub(super) inputs: Vec<Map>,
    /// A map an output.
    pub(super) outputs: Vec<Map>,
}

impl Layout {
    /// The map at `place`.
    pub(super) fn map(&self, place: Place) -> Option<&Map> {
        match place {
            Place::Whole => Some(&self.global),
            Place::Input(index) => self.inputs.get(usize::try_from(index).ok()?),
            Place::Output(index) => self.outputs.get(usize::try_from(index).ok()?),
        }
    }
}

/// Reads maps one after the other.
pub(super) struct Maps<'a> {
    bytes: &'a [u8],
    reader: Reader<'a>,
    pairs: usize,
}

impl<'a> Maps<'a> {
    /// A reader of the maps of `bytes` that stands after the magic.
    pub(super) fn new(bytes: &'a [u8], magic: usize) -> Result<Self, ParseError> {
        let mut reader = Reader::new(bytes);
        reader.take(magic as u64).map_err(|fault| broken(Place::Whole, fault))?;
        Ok(Self { bytes, reader, pairs: 0 })
    }

    /// Reads the next map.
    pub(super) fn next(&mut self, place: Place) -> Result<Map, ParseError> {
        let mut pairs = Vec::new();
        loop {
            let start = self.reader.at();
            let length = self.reader.compact().map_err(|fault| broken(place, fault))?;
            if length == 0 {
                self.no_key_twice(place, &pairs)?;
                return Ok(Map { pairs, end: start });
            }
            self.pairs = self.pairs.saturating_add(1);
            if pairs.len() >= limits::PSBT_MAP_PAIRS {
                return Err(ParseError {
                    rule: "P20",
                    place,
                    what: format!("{place}: more than {} fields in one map", limits::PSBT_MAP_PAIRS),
                    remedy: FEWER_FIELDS,
                });
            }
            // No map alone has that many.
            if self.pairs > limits::PSBT_PAIRS {
                let what = format!("{place}: more than {} fields in the whole PSBT up to here", limits::PSBT_PAIRS);
                return Err(ParseError { rule: "P20", place, what, remedy: FEWER_FIELDS_OR_SMALLER });
            }
            let key = self.reader.span(length).map_err(|fault| broken(place, fault))?;
            // A key is its type, one byte in all that are known, and its data.
            if key.len() > limits::PSBT_KEY_BYTES.saturating_add(1) {
                return Err(ParseError {
                    rule: "P20",
                    place,
                    what: format!("{place}: a key of {} bytes; the limit is {}", key.len(), limits::PSBT_KEY_BYTES),
                    remedy: OTHER_SOFTWARE,
                });
            }
            let length = self.reader.compact().map_err(|fault| broken(place, fault))?;
            let value = self.reader.span(length).map_err(|fault| broken(place, fault))?;
            pairs.push(Pair { start, key, value });
        }
    }

    /// Whether nothing follows the maps that were read.
    pub(super) fn is_done(&self) -> bool {
        self.reader.is_done()
    }

    /// The end of the last map must be the end of the file (P02).
    pub(super) fn finish(&self) -> Result<(), ParseError> {
        if self.reader.is_done() {
            return Ok(());
        }
        Err(ParseError {
            rule: "P02",
            place: Place::Whole,
            what: format!("{} bytes follow the last map, at byte {}", self.reader.rest().len(), self.reader.at()),
            remedy: "hand over one PSBT a file, with nothing after it",
        })
    }

    fn no_key_twice(&self, place: Place, pairs: &[Pair]) -> Result<(), ParseError> {
        let mut seen = BTreeSet::new();
        for pair in pairs {
            if !seen.insert(self.bytes.get(pair.key.clone()).unwrap_or_default()) {
                return Err(ParseError {
                    rule: "P04",
                    place,
                    what: format!("{place}: the key at byte {} stands there a second time", pair.key.start),
                    remedy: OTHER_SOFTWARE,
                });
            }
        }
        Ok(())
    }
}

fn broken(place: Place, fault: Fault) -> ParseError {
    match fault {
        Fault::Short { at, want, left } => ParseError {
            rule: "P03",
            place,
            what: format!("{place}: the PSBT ends too early: at byte {at}, {want} bytes should follow and {left} do"),
            remedy: EXPORT_AGAIN,
        },
        Fault::Long { at } => not_shortest(place, at),
    }
}

/// P05 at byte `at`.
pub(super) fn not_shortest(place: Place, at: usize) -> ParseError {
    ParseError {
        rule: "P05",
        place,
        what: format!("{place}: the number at byte {at} is written longer than it needs"),
        remedy: OTHER_SOFTWARE,
    }
}
