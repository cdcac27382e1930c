//! A PSBT as raw maps that a test may bend: duplicate, reorder, drop, mis-size.
//!
//! It reads on its own, lazily, and only what is well formed. [`to_v2`] makes the same PSBT of version 2 (BIP370).
#![allow(dead_code, unreachable_pub)]

/// Raw key-value maps between the magic and `tail`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawPsbt {
    /// The global map, one map an input, one an output; each a list of (key with its type, value).
    pub maps: Vec<Vec<(Vec<u8>, Vec<u8>)>>,
    /// What follows the last map.
    pub tail: Vec<u8>,
}

impl RawPsbt {
    /// Cuts a well-formed PSBT into its maps.
    pub fn from_bytes(bytes: &[u8]) -> Self {
        let mut rest = bytes.strip_prefix(b"psbt\xff").expect("magic");
        let mut maps = Vec::new();
        while !rest.is_empty() {
            let mut map = Vec::new();
            loop {
                let key = string(&mut rest);
                if key.is_empty() {
                    break;
                }
                map.push((key, string(&mut rest)));
            }
            maps.push(map);
        }
        Self { maps, tail: Vec::new() }
    }

    /// The maps as a PSBT.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.to_bytes_with(|_, _, key, value| {
            [compact(key.len()), key.to_vec(), compact(value.len()), value.to_vec()].concat()
        })
    }

    /// The maps as a PSBT, with each pair (map, place in it, key, value) written by `pair`.
    pub fn to_bytes_with(&self, pair: impl Fn(usize, usize, &[u8], &[u8]) -> Vec<u8>) -> Vec<u8> {
        let mut out = b"psbt\xff".to_vec();
        for (m, map) in self.maps.iter().enumerate() {
            for (p, (key, value)) in map.iter().enumerate() {
                out.extend(pair(m, p, key, value));
            }
            out.push(0);
        }
        out.extend_from_slice(&self.tail);
        out
    }

    /// The same with the pair `place` of `map` announced with these raw lengths.
    pub fn to_bytes_lying(&self, map: usize, place: usize, key_length: &[u8], value_length: &[u8]) -> Vec<u8> {
        self.to_bytes_with(|m, p, key, value| {
            if (m, p) == (map, place) {
                [key_length, key, value_length, value].concat()
            } else {
                [&compact(key.len()), key, &compact(value.len()), value].concat()
            }
        })
    }

    /// Adds a pair at the end of `map`.
    pub fn with(mut self, map: usize, key: &[u8], value: &[u8]) -> Self {
        self.maps[map].push((key.to_vec(), value.to_vec()));
        self
    }

    /// Sets the value of `key` in `map`, or adds the pair.
    pub fn set(mut self, map: usize, key: &[u8], value: &[u8]) -> Self {
        match self.maps[map].iter_mut().find(|(own, _)| own == key) {
            Some((_, old)) => *old = value.to_vec(),
            None => self.maps[map].push((key.to_vec(), value.to_vec())),
        }
        self
    }

    /// Takes all pairs of type `kind` out of `map`.
    pub fn without(mut self, map: usize, kind: u8) -> Self {
        self.maps[map].retain(|(key, _)| key[0] != kind);
        self
    }

    /// The value of `key` in `map`.
    pub fn value(&self, map: usize, key: &[u8]) -> Option<&[u8]> {
        self.maps[map].iter().find(|(own, _)| own == key).map(|(_, value)| value.as_slice())
    }

    /// Adds a pair to `map` before the first one of a greater key, so that a sorted map stays sorted.
    pub fn sorted_in(mut self, map: usize, key: &[u8], value: &[u8]) -> Self {
        let pairs = &mut self.maps[map];
        let at = pairs.iter().position(|(own, _)| own.as_slice() > key).unwrap_or(pairs.len());
        pairs.insert(at, (key.to_vec(), value.to_vec()));
        self
    }

    /// The same PSBT of version 2 (BIP370): the unsigned transaction is cut into the fields that it is made of, each
    /// written out (the locktime as fallback, every sequence); nothing says that it may be changed. All other pairs
    /// stay as they are and where they are, doubled and malformed ones too.
    ///
    /// Panics where there is no unsigned transaction, or one that version 2 cannot say: cut short, or with a script
    /// in an input.
    pub fn to_v2(&self) -> Self {
        let transaction = self.value(0, &[0x00]).expect("a PSBT of version 0 has its transaction");
        let parts = Parts::of(transaction);
        let mut out = self.clone();
        out.maps[0].retain(|(key, _)| key != &[0x00] && key != &[0xfb]);
        let globals: [(u8, &[u8]); 5] = [
            (0x02, &parts.version),
            (0x03, &parts.locktime),
            (0x04, &compact(parts.inputs.len())),
            (0x05, &compact(parts.outputs.len())),
            (0xfb, &[2, 0, 0, 0]),
        ];
        for (kind, value) in globals {
            out = out.sorted_in(0, &[kind], value);
        }
        for (map, [txid, index, sequence]) in (1..out.maps.len()).zip(&parts.inputs) {
            out = out.sorted_in(map, &[0x0e], txid).sorted_in(map, &[0x0f], index).sorted_in(map, &[0x10], sequence);
        }
        for (map, [amount, script]) in (1 + parts.inputs.len()..out.maps.len()).zip(&parts.outputs) {
            out = out.sorted_in(map, &[0x03], amount).sorted_in(map, &[0x04], script);
        }
        out
    }
}

/// A well-formed PSBT of version 0 as the same one of version 2: [`RawPsbt::to_v2`].
pub fn to_v2(v0: &[u8]) -> Vec<u8> {
    RawPsbt::from_bytes(v0).to_v2().to_bytes()
}

/// An unsigned transaction, cut into what version 2 has fields for.
struct Parts {
    version: Vec<u8>,
    locktime: Vec<u8>,
    /// Txid, number of the output, sequence.
    inputs: Vec<[Vec<u8>; 3]>,
    /// Amount, script.
    outputs: Vec<[Vec<u8>; 2]>,
}

impl Parts {
    fn of(transaction: &[u8]) -> Self {
        let rest = &mut &*transaction;
        let version = take(rest, 4);
        let inputs = (0..number(rest))
            .map(|_| {
                let (txid, index) = (take(rest, 32), take(rest, 4));
                assert!(string(rest).is_empty(), "version 2 has no field for the script of an input");
                [txid, index, take(rest, 4)]
            })
            .collect();
        let outputs = (0..number(rest)).map(|_| [take(rest, 8), string(rest)]).collect();
        let locktime = take(rest, 4);
        assert!(rest.is_empty(), "bytes follow the unsigned transaction");
        Self { version, locktime, inputs, outputs }
    }
}

/// A number as CompactSize.
pub fn compact(number: usize) -> Vec<u8> {
    match number {
        0..=0xfc => vec![number as u8],
        0xfd..=0xffff => [&[0xfd], &(number as u16).to_le_bytes()[..]].concat(),
        _ => [&[0xfe], &(number as u32).to_le_bytes()[..]].concat(),
    }
}

fn take(rest: &mut &[u8], count: usize) -> Vec<u8> {
    let (taken, left) = rest.split_at(count);
    *rest = left;
    taken.to_vec()
}

fn number(rest: &mut &[u8]) -> usize {
    match take(rest, 1)[0] {
        0xfd => usize::from(u16::from_le_bytes(take(rest, 2).try_into().expect("two bytes"))),
        0xfe => u32::from_le_bytes(take(rest, 4).try_into().expect("four bytes")) as usize,
        0xff => panic!("no number of eight bytes is well formed here"),
        small => usize::from(small),
    }
}

fn string(rest: &mut &[u8]) -> Vec<u8> {
    let length = number(rest);
    take(rest, length)
}
