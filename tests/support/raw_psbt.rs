//! A PSBT as raw maps that a test may bend: duplicate, reorder, drop, mis-size.
//!
//! It reads on its own, lazily, and only what is well formed.
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
}

/// A number as CompactSize.
pub fn compact(number: usize) -> Vec<u8> {
    match number {
        0..=0xfc => vec![number as u8],
        0xfd..=0xffff => [&[0xfd], &(number as u16).to_le_bytes()[..]].concat(),
        _ => [&[0xfe], &(number as u32).to_le_bytes()[..]].concat(),
    }
}

fn string(rest: &mut &[u8]) -> Vec<u8> {
    let (first, width) = (rest[0], rest.len());
    let (length, skip) = match first {
        0xfd => (usize::from(u16::from_le_bytes([rest[1], rest[2]])), 3),
        0xfe => (u32::from_le_bytes(rest[1..5].try_into().expect("four bytes")) as usize, 5),
        0xff => panic!("a string of {width} bytes at most"),
        small => (usize::from(small), 1),
    };
    let value = rest[skip..skip + length].to_vec();
    *rest = &rest[skip + length..];
    value
}
