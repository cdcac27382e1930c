//! BBQr: a file in numbered pieces of hex, base32, or packed base32.
//!
//! Floor 1. A piece has eight characters of head: `B$`, how it is packed, what it is, how many, which.
//!
//! # Source
//! BBQr (Coinkite): header, encodings, file types; capacities of ISO 18004, table 7, level L.

use super::{
    packed::{Unpacked, deflate, inflate},
    pieces::{Form, Piece},
};
use crate::limits;

/// Why a text is no piece, or pieces no file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BbqrError {
    /// The eight characters of the head.
    #[error("the head of a BBQr code is damaged")]
    Head,
    /// A way of packing that is none of H, 2 and Z.
    #[error("a BBQr code of encoding `{0}`: H, 2 and Z are read")]
    Packing(char),
    /// A kind of file that is not read.
    #[error("a BBQr code of file type `{0}`: PSBTs (P), transactions (T), JSON (J) and text (U) are read")]
    File(char),
    /// Two digits of base 36 that are none, or no count.
    #[error("the numbers of a BBQr code are wrong: piece {index} of {count}, counted from 0")]
    Numbers {
        /// As they stand.
        index: String,
        /// As they stand.
        count: String,
    },
    /// Characters that are none of its encoding, or too few.
    #[error("characters that are none of the encoding `{0}`, or too few of them")]
    Characters(char),
    /// Packed bytes that cannot be unpacked.
    #[error("the packed content is damaged, or pieces of two messages were mixed; what was read is dropped")]
    Damaged,
    /// It unpacks to more than it may.
    #[error("the content unpacks to more than {most} bytes, or to more than {ratio} times its size",
        most = limits::QR_MESSAGE_BYTES, ratio = limits::QR_INFLATE_RATIO)]
    TooLarge,
    /// It needs more pieces than a head can count.
    #[error("the payload needs more than 1295 pieces of this size; choose a higher density")]
    Pieces,
}

impl BbqrError {
    pub(crate) const fn code(&self) -> &'static str {
        match self {
            Self::Head => "head",
            Self::Packing(_) => "packing",
            Self::File(_) => "file",
            Self::Numbers { .. } => "numbers",
            Self::Characters(_) => "characters",
            Self::Damaged => "damaged",
            Self::TooLarge => "too-large",
            Self::Pieces => "pieces",
        }
    }
}

/// How a file is packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Packing {
    /// H: two hexadecimal digits a byte.
    Hex,
    /// 2: base32 (RFC 4648) without padding.
    Base32,
    /// Z: deflate, then base32.
    Zlib,
}

impl Packing {
    /// Its letter.
    #[must_use]
    pub const fn letter(self) -> char {
        match self {
            Self::Hex => 'H',
            Self::Base32 => '2',
            Self::Zlib => 'Z',
        }
    }

    /// Of its letter.
    pub(crate) const fn of(letter: u8) -> Option<Self> {
        match letter {
            b'H' => Some(Self::Hex),
            b'2' => Some(Self::Base32),
            b'Z' => Some(Self::Zlib),
            _ => None,
        }
    }

    /// Characters that stand for whole bytes.
    const fn step(self) -> usize {
        match self {
            Self::Hex => 2,
            Self::Base32 | Self::Zlib => 8,
        }
    }
}

/// Most pieces that two digits of base 36 count.
pub(super) const PIECES: usize = 1_295;
const HEAD: usize = 8;
const DIGITS: &[u8; 36] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// Two digits of base 36.
pub(crate) fn base36(value: usize) -> Option<String> {
    let digit = |value: usize| DIGITS.get(value).map(|digit| char::from(*digit));
    Some([digit(value / 36)?, digit(value % 36)?].iter().collect())
}

/// The value of two digits of base 36.
pub(crate) fn of_base36(text: &str) -> Option<usize> {
    let &[high, low] = text.as_bytes() else { return None };
    let digit = |letter: u8| DIGITS.iter().position(|digit| *digit == letter);
    Some(digit(high)?.saturating_mul(36).saturating_add(digit(low)?))
}

pub(super) fn is_bbqr(text: &str) -> bool {
    text.starts_with("B$")
}

/// Takes one text apart.
///
/// # Errors
/// The first thing that is wrong with it.
pub(crate) fn open(text: &str) -> Result<Piece, BbqrError> {
    let (head, body) = text.split_at_checked(HEAD).ok_or(BbqrError::Head)?;
    let [b'B', b'$', packing, file, ..] = *head.as_bytes() else { return Err(BbqrError::Head) };
    let packing = Packing::of(packing).ok_or(BbqrError::Packing(printed(packing)))?;
    if !matches!(file, b'P' | b'T' | b'J' | b'U') {
        return Err(BbqrError::File(printed(file)));
    }
    let (count, index) = (head.get(4..6).unwrap_or_default(), head.get(6..).unwrap_or_default());
    let numbers = of_base36(count).zip(of_base36(index)).filter(|(count, index)| index < count);
    let wrong = || BbqrError::Numbers { index: crate::text::printable(index), count: crate::text::printable(count) };
    let (count, place) = numbers.ok_or_else(wrong)?;
    let data = match packing {
        Packing::Hex => of_hex(body),
        Packing::Base32 | Packing::Zlib => of_base32(body),
    };
    let data = data.filter(|data| !data.is_empty()).ok_or(BbqrError::Characters(packing.letter()))?;
    Ok(Piece { form: Form::Bbqr(packing, file), place, count, data })
}

fn printed(letter: u8) -> char {
    if letter.is_ascii_graphic() { char::from(letter) } else { '?' }
}

/// The file that all pieces together are.
///
/// # Errors
/// [`BbqrError::Damaged`], [`BbqrError::TooLarge`].
pub(super) fn unpack(packing: Packing, joined: Vec<u8>) -> Result<Vec<u8>, BbqrError> {
    let bytes = match packing {
        Packing::Hex | Packing::Base32 => joined,
        Packing::Zlib => inflate(&joined).map_err(|error| match error {
            Unpacked::Bomb => BbqrError::TooLarge,
            Unpacked::Damaged | Unpacked::Rest => BbqrError::Damaged,
        })?,
    };
    if bytes.len() > limits::QR_MESSAGE_BYTES { Err(BbqrError::TooLarge) } else { Ok(bytes) }
}

/// A file in pieces.
pub(crate) struct Split {
    /// Their texts.
    pub(crate) pieces: Vec<String>,
    /// The version of QR code that the longest fills.
    pub(crate) version: u8,
    /// How it is packed: base32 where packing wins nothing.
    pub(crate) packing: Packing,
}

/// `bytes` in as few pieces as codes of `least` to `most` can carry, and in the smallest of these that need no more.
///
/// # Errors
/// [`BbqrError::Pieces`], [`BbqrError::TooLarge`].
pub(crate) fn split(bytes: &[u8], file: u8, packing: Packing, (least, most): (u8, u8)) -> Result<Split, BbqrError> {
    if bytes.len() > limits::QR_MESSAGE_BYTES {
        return Err(BbqrError::TooLarge);
    }
    let (packing, text) = pack(bytes, packing);
    let plan = |version: u8| {
        let room = capacity(version).checked_sub(HEAD)?;
        let each = room.saturating_sub(room.checked_rem(packing.step())?);
        let count = text.len().div_ceil(each.max(1)).max(1);
        (each > 0 && count <= PIECES).then_some((count, version, each))
    };
    let (count, version, each) = (least..=most).filter_map(plan).min().ok_or(BbqrError::Pieces)?;
    let total = base36(count).ok_or(BbqrError::Pieces)?;
    let mut pieces = Vec::with_capacity(count);
    let mut rest = text.as_str();
    for index in 0..count {
        let last = index.saturating_add(1) == count;
        let (body, more) = rest.split_at_checked(if last { rest.len() } else { each }).ok_or(BbqrError::Pieces)?;
        let index = base36(index).ok_or(BbqrError::Pieces)?;
        pieces.push(format!("B${}{}{total}{index}{body}", packing.letter(), char::from(file)));
        rest = more;
    }
    Ok(Split { pieces, version, packing })
}

/// A file in one text, however long: not for a code, but for a file.
///
/// # Errors
/// [`BbqrError::TooLarge`].
pub(crate) fn single(bytes: &[u8], file: u8, packing: Packing) -> Result<String, BbqrError> {
    if bytes.len() > limits::QR_MESSAGE_BYTES {
        return Err(BbqrError::TooLarge);
    }
    let (packing, body) = pack(bytes, packing);
    Ok(format!("B${}{}0100{body}", packing.letter(), char::from(file)))
}

/// The characters of a file, and how it is packed in the end: base32 where packing wins nothing.
fn pack(bytes: &[u8], packing: Packing) -> (Packing, String) {
    match packing {
        Packing::Hex => (Packing::Hex, hex(bytes)),
        Packing::Base32 => (Packing::Base32, base32(bytes)),
        Packing::Zlib => match deflate(bytes).filter(|packed| packed.len() < bytes.len()) {
            Some(packed) => (Packing::Zlib, base32(&packed)),
            None => (Packing::Base32, base32(bytes)),
        },
    }
}

/// Letters and digits that a code of this version carries at level L.
pub(crate) fn capacity(version: u8) -> usize {
    const LEVEL_L: [usize; 40] = [
        25, 47, 77, 114, 154, 195, 224, 279, 335, 395, 468, 535, 619, 667, 758, 854, 938, 1046, 1153, 1249, 1352, 1460,
        1588, 1704, 1853, 1990, 2132, 2223, 2369, 2520, 2677, 2840, 3009, 3183, 3351, 3537, 3729, 3927, 4087, 4296,
    ];
    usize::from(version).checked_sub(1).and_then(|at| LEVEL_L.get(at)).copied().unwrap_or(0)
}

fn hex(bytes: &[u8]) -> String {
    let digit = |nibble: u8| DIGITS.get(usize::from(nibble)).map_or('0', |digit| char::from(*digit));
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

fn of_hex(text: &str) -> Option<Vec<u8>> {
    let digit = |letter: u8| DIGITS.iter().take(16).position(|digit| *digit == letter);
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    let byte = |[high, low]: &[u8; 2]| u8::try_from((digit(*high)? << 4) | digit(*low)?).ok();
    if rest.is_empty() { pairs.iter().map(byte).collect() } else { None }
}

fn base32(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().saturating_mul(8).div_ceil(5));
    for chunk in bytes.chunks(5) {
        let bits = (0..5).fold(0u64, |bits, at| (bits << 8) | u64::from(chunk.get(at).copied().unwrap_or(0)));
        let characters = chunk.len().saturating_mul(8).div_ceil(5);
        for at in (0u32..8).take(characters) {
            let five = (bits >> 35u32.saturating_sub(at.saturating_mul(5))) & 31;
            text.push(usize::try_from(five).ok().and_then(|five| BASE32.get(five)).map_or('A', |c| char::from(*c)));
        }
    }
    text
}

fn of_base32(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len().saturating_mul(5) / 8);
    for chunk in text.as_bytes().chunks(8) {
        let mut bits = 0u64;
        for letter in chunk {
            let five = match letter {
                b'A'..=b'Z' => letter.saturating_sub(b'A'),
                b'2'..=b'7' => letter.saturating_sub(b'2').saturating_add(26),
                _ => return None,
            };
            bits = (bits << 5) | u64::from(five);
        }
        let whole = match chunk.len() {
            8 => 5,
            7 => 4,
            5 => 3,
            4 => 2,
            2 => 1,
            _ => return None,
        };
        let padding = u32::try_from(8usize.saturating_sub(chunk.len())).ok()?.saturating_mul(5);
        let be = (bits << padding).to_be_bytes();
        let (known, rest) = be.get(3..)?.split_at_checked(whole)?;
        if rest.iter().any(|byte| *byte != 0) {
            return None;
        }
        bytes.extend(known);
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn refused(text: &str, expected: BbqrError) {
        assert_eq!(open(text).unwrap_err(), expected, "{text}");
    }

    #[test]
    fn pieces_that_are_none_are_refused() {
        let numbers = |count: &str, index: &str| BbqrError::Numbers { index: index.into(), count: count.into() };
        refused("B$", BbqrError::Head);
        refused("X$HP0100AA", BbqrError::Head);
        refused("b$hp0100AA", BbqrError::Head);
        refused("B$\u{e9}P0100AA", BbqrError::Packing('?'));
        refused("B$XP0100AA", BbqrError::Packing('X'));
        refused("B$HX0100AA", BbqrError::File('X'));
        refused("B$HC0100AA", BbqrError::File('C'));
        refused("B$HP0000AA", numbers("00", "00"));
        refused("B$HP0101AA", numbers("01", "01"));
        refused("B$HP+100AA", numbers("+1", "00"));
        refused("B$HP0z00AA", numbers("0z", "00"));
        refused("B$HP0100", BbqrError::Characters('H'));
        refused("B$HP0100A", BbqrError::Characters('H'));
        refused("B$HP0100aa", BbqrError::Characters('H'));
        refused("B$2P0100AAA", BbqrError::Characters('2'));
        refused("B$2P0100A1", BbqrError::Characters('2'));
        // bits after the last byte that are not zero
        refused("B$2P0100AB", BbqrError::Characters('2'));
        refused("B$ZP0100AA======", BbqrError::Characters('Z'));
        assert_eq!(open("B$2P0100AE").unwrap().data, [1]);
    }

    #[test]
    fn a_damaged_or_growing_file_is_refused() {
        assert_eq!(unpack(Packing::Zlib, vec![1, 2, 3]), Err(BbqrError::Damaged));
        let bomb = deflate(&vec![0; 4 << 20]).unwrap();
        assert_eq!(unpack(Packing::Zlib, bomb), Err(BbqrError::TooLarge));
        assert_eq!(unpack(Packing::Hex, vec![0; limits::QR_MESSAGE_BYTES + 1]), Err(BbqrError::TooLarge));
    }

    #[test]
    fn too_many_pieces_are_refused() {
        let noise: Vec<u8> = (0..40_000u32).flat_map(|n| n.wrapping_mul(2_654_435_761).to_be_bytes()).collect();
        let error = split(&noise, b'P', Packing::Base32, (5, 5)).err();
        assert_eq!(error, Some(BbqrError::Pieces));
        assert!(split(&noise, b'P', Packing::Base32, (5, 15)).is_ok());
        assert_eq!(split(&vec![0; (1 << 20) + 1], b'P', Packing::Zlib, (5, 40)).err(), Some(BbqrError::TooLarge));
    }

    #[test]
    fn what_does_not_shrink_is_not_packed() {
        let mut random = crate::qr::random::Xoshiro::seeded(b"noise");
        let noise: Vec<u8> = (0..300).map(|_| random.next() as u8).collect();
        assert_eq!(split(&noise, b'P', Packing::Zlib, (5, 40)).unwrap().packing, Packing::Base32);
        assert_eq!(split(&[7; 300], b'P', Packing::Zlib, (5, 40)).unwrap().packing, Packing::Zlib);
    }

    proptest! {
        #[test]
        fn every_piece_fits_its_code_and_all_are_the_file(
            bytes in prop::collection::vec(any::<u8>(), 1..3_000),
            packing in prop::sample::select(vec![Packing::Hex, Packing::Base32, Packing::Zlib]),
            most in 5u8..41,
        ) {
            let split = split(&bytes, b'U', packing, (5, most)).unwrap();
            let mut joined = Vec::new();
            for (place, text) in split.pieces.iter().enumerate() {
                prop_assert!(text.len() <= capacity(split.version) && split.version <= most);
                let piece = open(text).unwrap();
                prop_assert_eq!((piece.place, piece.count), (place, split.pieces.len()));
                joined.extend(piece.data);
            }
            prop_assert_eq!(unpack(split.packing, joined), Ok(bytes.clone()));
            let one = open(&single(&bytes, b'U', packing).unwrap()).unwrap();
            prop_assert_eq!(unpack(split.packing, one.data), Ok(bytes));
        }

        #[test]
        fn any_text_is_taken_or_refused(text in "(B\\$)?[H2ZX]?[A-Z]?[0-9A-Za-z\u{0}-\u{ff}]{0,40}") {
            let _outcome = open(&text);
        }
    }
}
