//! Tests of `parse`: each rule with its bad cases and what lies just inside of it.

mod bounds;
mod envelope;
mod fields;
mod transactions;
mod version2;

use bitcoin::{
    Transaction,
    consensus::encode::{deserialize, serialize},
};

use super::{
    ParseError, Place, parse,
    raw_psbt::RawPsbt,
    samples::{pkh, tr, wpkh, wsh},
    splice,
};

#[track_caller]
fn refused(bytes: Vec<u8>, rule: &str, place: Place) -> ParseError {
    match parse(bytes) {
        Ok(_) => panic!("must be refused by {rule}"),
        Err(error) => {
            assert_eq!((error.rule, error.place), (rule, place), "{error}");
            assert!(!error.remedy.is_empty() && !error.what.is_empty());
            error
        }
    }
}

#[track_caller]
fn bad(raw: &RawPsbt, rule: &str, place: Place) -> ParseError {
    refused(raw.to_bytes(), rule, place)
}

fn samples() -> [RawPsbt; 4] {
    [pkh(), wpkh(), wsh(), tr()]
}

fn unsigned(raw: &RawPsbt) -> Transaction {
    deserialize(raw.value(0, &[0]).unwrap()).unwrap()
}

/// `raw` with its transaction changed.
fn with_tx(raw: &RawPsbt, change: impl FnOnce(&mut Transaction)) -> RawPsbt {
    let mut tx = unsigned(raw);
    change(&mut tx);
    raw.clone().set(0, &[0], &serialize(&tx))
}

/// A PSBT of that many inputs and outputs with empty maps.
fn wide(inputs: u32, outputs: usize) -> RawPsbt {
    let mut raw = with_tx(&wpkh(), |tx| {
        let (input, output) = (tx.input[0].clone(), tx.output[0].clone());
        tx.input = (0..inputs)
            .map(|vout| {
                let mut input = input.clone();
                input.previous_output.vout = vout;
                input
            })
            .collect();
        tx.output = vec![output; outputs];
    });
    raw.maps.truncate(1);
    raw.maps.resize(1 + inputs as usize + outputs, vec![]);
    raw
}

/// Numbers that look random and are the same in every run (xorshift).
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % end.max(1)
    }

    /// Flips, sets, inserts, removes, cuts, repeats or swaps somewhere.
    fn bend(&mut self, bytes: &mut Vec<u8>) {
        let at = self.below(bytes.len());
        match self.below(8) {
            0 => bytes[at] ^= 1 << self.below(8),
            1 => bytes[at] = [0, 1, 0xfc, 0xfd, 0xfe, 0xff][self.below(6)],
            2 => bytes.insert(at, self.below(256) as u8),
            3 => drop(bytes.remove(at)),
            4 => bytes.truncate(at.max(1)),
            5 => {
                let end = (at + self.below(80)).min(bytes.len());
                let part = bytes[at..end].to_vec();
                bytes.splice(at..at, part);
            }
            6 => {
                let other = self.below(bytes.len());
                bytes.swap(at, other);
            }
            _ => bytes[at] = bytes[at].wrapping_add(1),
        }
    }
}

#[test]
fn bent_bytes_are_refused_or_kept_and_never_panic() {
    let mut random = Random(42);
    let mut good = 0;
    let starts = [wsh().with(1, &[0x77, 1], b"x"), wpkh(), tr()];
    let starts = starts.iter().flat_map(|raw| [raw.to_bytes(), raw.to_v2().with(0, &[0x06], &[3]).to_bytes()]);
    for start in starts {
        for _ in 0..7_000 {
            let mut bytes = start.clone();
            for _ in 0..=random.below(2) {
                random.bend(&mut bytes);
            }
            if let Ok(parsed) = parse(bytes.clone()) {
                good += 1;
                assert_eq!(splice(&parsed, &[]), bytes);
                assert_eq!(parsed.inputs().len(), parsed.transaction().input.len());
            }
            if let Ok((binary, _)) = super::unwrap(&bytes) {
                assert_eq!(binary, bytes);
            }
        }
    }
    assert!(good > 1_000, "{good} were read");
}
