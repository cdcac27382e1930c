//! Reading numbers and byte strings from bytes that nobody vouches for.
//!
//! Floor 1. A [`Reader`] never reads past its end, never allocates, and takes each CompactSize in its one
//! shortest form only (P05). It knows nothing of fields.

use std::ops::Range;

/// Why a read failed, with the offset of its first byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// The bytes end before what was announced.
    Short {
        /// Offset of the read.
        at: usize,
        /// Bytes wanted.
        want: u64,
        /// Bytes left.
        left: usize,
    },
    /// A CompactSize that is longer than its number needs.
    Long {
        /// Offset of the number.
        at: usize,
    },
}

/// A place in bytes.
#[derive(Debug, Clone)]
pub(super) struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    /// A reader at the first of `bytes`.
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// Offset of the next byte.
    pub(super) fn at(&self) -> usize {
        self.at
    }

    /// What was not read yet.
    pub(super) fn rest(&self) -> &'a [u8] {
        self.bytes.get(self.at..).unwrap_or_default()
    }

    /// Whether everything was read.
    pub(super) fn is_done(&self) -> bool {
        self.at >= self.bytes.len()
    }

    /// The range of the next `count` bytes, which are skipped.
    pub(super) fn span(&mut self, count: u64) -> Result<Range<usize>, Fault> {
        let left = self.rest().len();
        let end = usize::try_from(count).ok().filter(|&n| n <= left).and_then(|n| self.at.checked_add(n));
        let Some(end) = end else {
            return Err(Fault::Short { at: self.at, want: count, left });
        };
        let span = self.at..end;
        self.at = end;
        Ok(span)
    }

    /// The next `count` bytes.
    pub(super) fn take(&mut self, count: u64) -> Result<&'a [u8], Fault> {
        let span = self.span(count)?;
        Ok(self.bytes.get(span).unwrap_or_default())
    }

    /// The next `N` bytes.
    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N], Fault> {
        let at = self.at;
        self.take(N as u64)?.try_into().map_err(|_| Fault::Short { at, want: N as u64, left: 0 })
    }

    /// A CompactSize in its shortest form.
    pub(super) fn compact(&mut self) -> Result<u64, Fault> {
        let at = self.at;
        let [first] = self.array::<1>()?;
        let (number, least) = match first {
            0xfd => (u64::from(u16::from_le_bytes(self.array()?)), 0xfd),
            0xfe => (u64::from(u32::from_le_bytes(self.array()?)), 0x1_0000),
            0xff => (u64::from_le_bytes(self.array()?), 0x1_0000_0000),
            small => (u64::from(small), 0),
        };
        if number < least { Err(Fault::Long { at }) } else { Ok(number) }
    }

    /// A byte string with its CompactSize length before it.
    pub(super) fn string(&mut self) -> Result<&'a [u8], Fault> {
        let count = self.compact()?;
        self.take(count)
    }
}

/// Appends `number` as a CompactSize.
pub(super) fn push_compact(out: &mut Vec<u8>, number: usize) {
    let number = number as u64;
    if let Ok(small) = u8::try_from(number)
        && small < 0xfd
    {
        out.push(small);
    } else if let Ok(two) = u16::try_from(number) {
        out.push(0xfd);
        out.extend_from_slice(&two.to_le_bytes());
    } else if let Ok(four) = u32::try_from(number) {
        out.push(0xfe);
        out.extend_from_slice(&four.to_le_bytes());
    } else {
        out.push(0xff);
        out.extend_from_slice(&number.to_le_bytes());
    }
}

/// Appends `bytes` with their CompactSize length before them.
pub(super) fn push_string(out: &mut Vec<u8>, bytes: &[u8]) {
    push_compact(out, bytes.len());
    out.extend_from_slice(bytes);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_reads_back_in_every_width() {
        for number in [0, 1, 0xfc, 0xfd, 0xff, 0x100, 0xffff, 0x1_0000, 0xffff_ffff, 0x1_0000_0000_usize] {
            let mut bytes = Vec::new();
            push_compact(&mut bytes, number);
            let mut reader = Reader::new(&bytes);
            assert_eq!(reader.compact(), Ok(number as u64));
            assert!(reader.is_done(), "{number}");
        }
    }

    #[test]
    fn a_number_in_a_longer_form_than_needed_is_refused() {
        for bytes in [
            &[0xfd, 0xfc, 0x00][..],
            &[0xfd, 0x00, 0x00],
            &[0xfe, 0xff, 0xff, 0x00, 0x00],
            &[0xff, 0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00],
        ] {
            assert_eq!(Reader::new(bytes).compact(), Err(Fault::Long { at: 0 }), "{bytes:?}");
        }
    }

    #[test]
    fn a_length_beyond_the_end_is_refused_without_an_allocation() {
        for bytes in [&[5, 1, 2][..], &[0xfd], &[0xff, 255, 255, 255, 255, 255, 255, 255, 255], &[]] {
            assert!(matches!(Reader::new(bytes).string(), Err(Fault::Short { .. })), "{bytes:?}");
        }
        let mut reader = Reader::new(&[1, 2, 3]);
        assert_eq!(reader.take(u64::MAX), Err(Fault::Short { at: 0, want: u64::MAX, left: 3 }));
        assert_eq!(reader.take(3), Ok(&[1, 2, 3][..]));
        assert_eq!(reader.take(0), Ok(&[][..]));
    }
}
