//! The little of CBOR that a UR holds: a reader that takes one form of each value only, and heads for the writer.
//!
//! Floor 1. Nothing is allocated by a number that was read, and nothing is passed over: what is not known is refused.
//!
//! # Source
//! RFC 8949; the shortest form of section 4.2.1, definite lengths.

/// What is wrong with the bytes: a half sentence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Malformed(pub(super) &'static str);

pub(super) const UNSIGNED: u8 = 0;
pub(super) const BYTES: u8 = 2;
pub(super) const TEXT: u8 = 3;
pub(super) const ARRAY: u8 = 4;
pub(super) const MAP: u8 = 5;
pub(super) const TAG: u8 = 6;

/// Reads one value after the other.
#[derive(Clone, Copy)]
pub(super) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(super) const fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// The major type of the next value.
    pub(super) fn next_is(&self, major: u8) -> bool {
        self.rest.first().is_some_and(|first| first >> 5 == major)
    }

    /// Nothing may follow.
    pub(super) fn end(&self) -> Result<(), Malformed> {
        if self.rest.is_empty() { Ok(()) } else { Err(Malformed("more bytes follow")) }
    }

    fn head(&mut self) -> Result<(u8, u64), Malformed> {
        const SHORT: Malformed = Malformed("it ends too early");
        let (first, rest) = self.rest.split_first().ok_or(SHORT)?;
        let (width, least) = match first & 0x1f {
            info @ 0..=23 => {
                self.rest = rest;
                return Ok((first >> 5, u64::from(info)));
            }
            24 => (1, 24),
            25 => (2, 0x100),
            26 => (4, 0x1_0000),
            27 => (8, 0x1_0000_0000),
            _ => return Err(Malformed("a length that is left open")),
        };
        let (tail, rest) = rest.split_at_checked(width).ok_or(SHORT)?;
        let value = tail.iter().fold(0u64, |value, byte| (value << 8) | u64::from(*byte));
        if value < least {
            return Err(Malformed("a number that is not in its shortest form"));
        }
        self.rest = rest;
        Ok((first >> 5, value))
    }

    fn of(&mut self, major: u8, missing: &'static str) -> Result<u64, Malformed> {
        if self.next_is(major) { Ok(self.head()?.1) } else { Err(Malformed(missing)) }
    }

    pub(super) fn unsigned(&mut self) -> Result<u64, Malformed> {
        self.of(UNSIGNED, "a number is missing")
    }

    /// A number of 32 bits.
    pub(super) fn small(&mut self) -> Result<u32, Malformed> {
        u32::try_from(self.unsigned()?).map_err(|_| Malformed("a number above 32 bits"))
    }

    pub(super) fn bytes(&mut self) -> Result<&'a [u8], Malformed> {
        let length = self.of(BYTES, "a byte string is missing")?;
        self.run(length)
    }

    pub(super) fn text(&mut self) -> Result<&'a str, Malformed> {
        let length = self.of(TEXT, "a text is missing")?;
        std::str::from_utf8(self.run(length)?).map_err(|_| Malformed("a text that is not UTF-8"))
    }

    fn run(&mut self, length: u64) -> Result<&'a [u8], Malformed> {
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        let (run, rest) = self.rest.split_at_checked(length).ok_or(Malformed("it ends too early"))?;
        self.rest = rest;
        Ok(run)
    }

    /// The number of values of an array, which follow. Not to allocate by.
    pub(super) fn array(&mut self) -> Result<u64, Malformed> {
        self.of(ARRAY, "a list is missing")
    }

    /// The number of pairs of a map, which follow.
    pub(super) fn map(&mut self) -> Result<u64, Malformed> {
        self.of(MAP, "a map is missing")
    }

    /// A tag's number; the value that it marks follows.
    pub(super) fn tag(&mut self) -> Result<u64, Malformed> {
        self.of(TAG, "a tag is missing")
    }

    pub(super) fn boolean(&mut self) -> Result<bool, Malformed> {
        match self.head()? {
            (7, 20) => Ok(false),
            (7, 21) => Ok(true),
            _ => Err(Malformed("yes or no is missing")),
        }
    }
}

/// A head in its shortest form.
pub(super) fn head(cbor: &mut Vec<u8>, major: u8, value: u64) {
    let be = value.to_be_bytes();
    let (info, tail) = match value {
        0..=23 => (be.last().copied().unwrap_or(0), &[][..]),
        24..=0xff => (24, be.get(7..).unwrap_or_default()),
        0x100..=0xffff => (25, be.get(6..).unwrap_or_default()),
        0x1_0000..=0xffff_ffff => (26, be.get(4..).unwrap_or_default()),
        _ => (27, &be[..]),
    };
    cbor.push((major << 5) | info);
    cbor.extend(tail);
}

/// A byte string.
pub(super) fn byte_string(bytes: &[u8]) -> Vec<u8> {
    let mut cbor = Vec::with_capacity(bytes.len().saturating_add(9));
    head(&mut cbor, BYTES, u64::try_from(bytes.len()).unwrap_or(u64::MAX));
    cbor.extend(bytes);
    cbor
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads_are_written_as_they_are_read() {
        for value in [0, 23, 24, 255, 256, 65_535, 65_536, u64::from(u32::MAX), 1 << 32, u64::MAX] {
            let mut cbor = Vec::new();
            head(&mut cbor, UNSIGNED, value);
            let mut reader = Reader::new(&cbor);
            assert_eq!(reader.unsigned(), Ok(value));
            assert_eq!(reader.end(), Ok(()));
        }
    }

    #[test]
    fn only_the_shortest_form_of_a_number_is_one() {
        for long in [&[0x18, 23][..], &[0x19, 0, 255], &[0x1a, 0, 0, 255, 255], &[0x1b, 0, 0, 0, 0, 255, 255, 255, 255]]
        {
            assert_eq!(Reader::new(long).unsigned(), Err(Malformed("a number that is not in its shortest form")));
        }
    }

    #[test]
    fn values_of_another_kind_or_length_are_refused() {
        assert_eq!(Reader::new(&[0x41, 7]).unsigned(), Err(Malformed("a number is missing")));
        assert_eq!(Reader::new(&[0x42, 7]).bytes(), Err(Malformed("it ends too early")));
        assert_eq!(Reader::new(&[0x5f, 0x41, 7, 0xff]).bytes(), Err(Malformed("a length that is left open")));
        assert_eq!(Reader::new(&[0x61, 0xff]).text(), Err(Malformed("a text that is not UTF-8")));
        assert_eq!(Reader::new(&[0xf6]).boolean(), Err(Malformed("yes or no is missing")));
        assert_eq!(Reader::new(&[0x1b, 0, 0, 0, 1, 0, 0, 0, 0]).small(), Err(Malformed("a number above 32 bits")));
        assert_eq!(Reader::new(&[]).map(), Err(Malformed("a map is missing")));
        // 2^64 - 1 bytes that are not there
        assert_eq!(
            Reader::new(&[0x5b, 255, 255, 255, 255, 255, 255, 255, 255]).bytes(),
            Err(Malformed("it ends too early"))
        );
        assert_eq!(Reader::new(&[0x01, 0x01]).end(), Err(Malformed("more bytes follow")));
    }
}
