//! Uniform Resources: a message as one text, or as parts that are numbered, and mixed after the last number.
//!
//! Floor 1. A part is held against its own numbers before anything is kept of it: what is read in its head and what
//! stands inside, the length of the message against fragments and their number, and all of them against the limits.
//!
//! # Source
//! BCR-2020-005 (parts), BCR-2020-006 and BCR-2023-011 (names of types).

use super::{
    bytewords::{self, Style, crc32},
    cbor::{self, Malformed, Reader},
    fountain::{Put, Solver},
    random::{Sampler, chosen},
};
use crate::{limits, text::printable};

/// Why a text is no UR that is taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UrError {
    /// It does not begin with `ur:`.
    #[error("no UR: it does not begin with `ur:`")]
    Scheme,
    /// Nothing stands between `ur:` and what follows, or other characters than letters, digits and hyphens.
    #[error("a UR whose type `{0}` is no type's name")]
    Type(String),
    /// There is no type, or nothing follows it.
    #[error("a UR without a type or without content")]
    NoType,
    /// The first version of UR, which names no sequence.
    #[error("a UR of the first version (`1of2`), which wallets gave up in 2020; set the wallet to UR version 2")]
    FirstVersion,
    /// The numbers of the part are missing, zero or no numbers.
    #[error("the part's numbers are wrong")]
    Numbers,
    /// Its head and its inside differ.
    #[error("the part's head says other numbers than its inside")]
    Head,
    /// More parts than are taken.
    #[error("a message of more than {most} parts", most = limits::QR_PARTS)]
    Parts,
    /// Letters that are no bytewords.
    #[error("letters that are no bytewords")]
    Letters,
    /// Too short for a checksum and something before it.
    #[error("too short: there is nothing before the checksum")]
    Short,
    /// The CRC-32 of a text is wrong.
    #[error("the checksum is wrong: the code was misread, or it is damaged")]
    Checksum,
    /// The CRC-32 of the message is wrong.
    #[error("all parts are here, and the whole does not have the checksum that they name; what was read is dropped")]
    WholeChecksum,
    /// The CBOR inside is not what it should be.
    #[error("the content is not what such a UR holds: {0}")]
    Content(&'static str),
    /// The message's length does not fit its parts.
    #[error("the message's length does not fit the number and size of its parts")]
    Length,
    /// The message is larger than one by QR may be.
    #[error("the message is larger than {most} bytes", most = limits::QR_MESSAGE_BYTES)]
    TooLarge,
    /// The part contradicts those before it.
    #[error("the part contradicts those that were read before")]
    Contradiction,
}

impl UrError {
    /// A short name.
    pub(crate) const fn code(&self) -> &'static str {
        match self {
            Self::Scheme => "scheme",
            Self::Type(_) => "type",
            Self::NoType => "no-type",
            Self::FirstVersion => "first-version",
            Self::Numbers => "numbers",
            Self::Head => "head",
            Self::Parts => "parts",
            Self::Letters => "letters",
            Self::Short => "short",
            Self::Checksum => "checksum",
            Self::WholeChecksum => "whole-checksum",
            Self::Content(_) => "content",
            Self::Length => "length",
            Self::TooLarge => "too-large",
            Self::Contradiction => "contradiction",
        }
    }
}

impl From<Malformed> for UrError {
    fn from(Malformed(what): Malformed) -> Self {
        Self::Content(what)
    }
}

/// A text, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Ur {
    /// A message in one text.
    Whole {
        /// Its type.
        kind: String,
        /// Its CBOR.
        cbor: Vec<u8>,
    },
    /// One of several.
    Part(Part),
}

/// One part of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Part {
    pub(crate) kind: String,
    pub(crate) number: u32,
    pub(crate) count: u32,
    pub(crate) length: u32,
    pub(crate) sum: u32,
    pub(crate) data: Vec<u8>,
}

/// Whether the text says that it is a UR.
pub(super) fn is_ur(text: &str) -> bool {
    text.get(..3).is_some_and(|head| head.eq_ignore_ascii_case("ur:"))
}

/// Takes a text apart. Letters may be of either case.
///
/// # Errors
/// The first thing that is wrong with it.
pub(crate) fn open(text: &str) -> Result<Ur, UrError> {
    if !is_ur(text) {
        return Err(UrError::Scheme);
    }
    let lower = text.to_ascii_lowercase();
    let rest = lower.get(3..).unwrap_or_default();
    let (kind, rest) = rest.split_once('/').ok_or(UrError::NoType)?;
    let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if kind.is_empty() || !kind.bytes().all(fits) {
        return Err(UrError::Type(printable(kind)));
    }
    match rest.split_once('/') {
        None => {
            let cbor = bytewords::decode(rest, Style::Minimal)?;
            Ok(Ur::Whole { kind: kind.to_owned(), cbor })
        }
        Some((numbers, _)) if of_first_version(numbers) => Err(UrError::FirstVersion),
        Some((numbers, letters)) => Ok(Ur::Part(part(kind, numbers, letters)?)),
    }
}

fn of_first_version(numbers: &str) -> bool {
    let whole = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    numbers.split_once("of").is_some_and(|(number, count)| whole(number) && whole(count))
}

fn part(kind: &str, numbers: &str, letters: &str) -> Result<Part, UrError> {
    let (number, count) = numbers.split_once('-').ok_or(UrError::Numbers)?;
    let (number, count) = (number_of(number)?, number_of(count)?);
    if letters.contains('/') {
        return Err(UrError::Numbers);
    }
    if count > limits::QR_PARTS {
        return Err(UrError::Parts);
    }
    let part = Part::read(kind, &bytewords::decode(letters, Style::Minimal)?)?;
    if (part.number, part.count) != (number, count) {
        return Err(UrError::Head);
    }
    part.fits()?;
    Ok(part)
}

/// A number from 1, in digits without a leading zero or a sign.
fn number_of(text: &str) -> Result<u32, UrError> {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit()) && !text.starts_with('0');
    text.parse().ok().filter(|_| plain).ok_or(UrError::Numbers)
}

impl Part {
    /// Reads what a part holds inside.
    pub(crate) fn read(kind: &str, cbor: &[u8]) -> Result<Self, UrError> {
        let mut reader = Reader::new(cbor);
        if reader.array()? != 5 {
            return Err(UrError::Content("a part is a list of five"));
        }
        let [number, count, length, sum] = [reader.small()?, reader.small()?, reader.small()?, reader.small()?];
        let data = reader.bytes()?.to_vec();
        reader.end()?;
        Ok(Self { kind: kind.to_owned(), number, count, length, sum, data })
    }

    /// The inside of a part.
    pub(crate) fn cbor(&self) -> Vec<u8> {
        let mut cbor = Vec::with_capacity(self.data.len().saturating_add(32));
        cbor::head(&mut cbor, cbor::ARRAY, 5);
        for value in [self.number, self.count, self.length, self.sum] {
            cbor::head(&mut cbor, cbor::UNSIGNED, u64::from(value));
        }
        cbor.extend(cbor::byte_string(&self.data));
        cbor
    }

    /// The part as a text.
    pub(crate) fn text(&self) -> String {
        let letters = bytewords::encode(&self.cbor(), Style::Minimal);
        format!("ur:{}/{}-{}/{letters}", self.kind, self.number, self.count)
    }

    /// Whether its numbers go together, and within the limits.
    fn fits(&self) -> Result<(), UrError> {
        if self.number == 0 || self.count == 0 {
            return Err(UrError::Numbers);
        }
        let length = u64::from(self.length);
        if length > u64::try_from(limits::QR_MESSAGE_BYTES).unwrap_or(u64::MAX) {
            return Err(UrError::TooLarge);
        }
        let size = u64::try_from(self.data.len()).unwrap_or(u64::MAX);
        let room = size.saturating_mul(u64::from(self.count));
        let without_last = size.saturating_mul(u64::from(self.count.saturating_sub(1)));
        if length > room || length <= without_last { Err(UrError::Length) } else { Ok(()) }
    }
}

/// A message as it comes in.
pub(super) struct Message {
    kind: String,
    count: u32,
    length: u32,
    sum: u32,
    size: usize,
    degrees: Sampler,
    solver: Solver,
}

impl Message {
    /// The message that this part is of, still without it.
    pub(super) fn of(part: &Part) -> Self {
        let count = usize::try_from(part.count).unwrap_or(0);
        Self {
            kind: part.kind.clone(),
            count: part.count,
            length: part.length,
            sum: part.sum,
            size: part.data.len(),
            degrees: Sampler::of_degrees(count),
            solver: Solver::new(count),
        }
    }

    /// Whether the part is one of this message.
    pub(super) fn has(&self, part: &Part) -> bool {
        (part.count, part.length, part.sum, part.data.len()) == (self.count, self.length, self.sum, self.size)
            && part.kind == self.kind
    }

    pub(super) fn kind(&self) -> &str {
        &self.kind
    }

    /// Takes a part of this message; says whether it told something new.
    ///
    /// # Errors
    /// [`UrError::Contradiction`].
    pub(super) fn put(&mut self, part: Part) -> Result<bool, UrError> {
        let count = usize::try_from(self.count).unwrap_or(0);
        match self.solver.put(&chosen(part.number, count, self.sum, &self.degrees), part.data) {
            Put::Fresh => Ok(true),
            Put::Known => Ok(false),
            Put::Contradiction => Err(UrError::Contradiction),
        }
    }

    /// Independent parts so far, and how many are needed.
    pub(super) fn progress(&self) -> (usize, usize) {
        (self.solver.rank(), usize::try_from(self.count).unwrap_or(0))
    }

    /// The fewest numbered parts, counted from 1, that complete it.
    pub(super) fn missing(&self) -> Vec<usize> {
        self.solver.missing().into_iter().map(|place| place.saturating_add(1)).collect()
    }

    /// The message's CBOR, once it is complete.
    pub(super) fn whole(&self) -> Option<Result<Vec<u8>, UrError>> {
        let mut bytes = self.solver.whole()?;
        bytes.truncate(usize::try_from(self.length).unwrap_or(0));
        Some(if crc32(&bytes) == self.sum { Ok(bytes) } else { Err(UrError::WholeChecksum) })
    }
}

/// A message that is shown.
pub(crate) struct Sender {
    kind: String,
    message: Vec<u8>,
    sum: u32,
    size: usize,
    count: u32,
    degrees: Sampler,
}

impl Sender {
    /// `message` (CBOR) in fragments of at most `most` bytes, all of one size.
    ///
    /// # Errors
    /// [`UrError::TooLarge`], [`UrError::Parts`].
    pub(crate) fn new(kind: &str, message: Vec<u8>, most: usize) -> Result<Self, UrError> {
        if message.len() > limits::QR_MESSAGE_BYTES {
            return Err(UrError::TooLarge);
        }
        let parts = message.len().div_ceil(most.max(1)).max(1);
        let count = u32::try_from(parts).ok().filter(|count| *count <= limits::QR_PARTS).ok_or(UrError::Parts)?;
        let size = message.len().div_ceil(parts);
        let (sum, degrees) = (crc32(&message), Sampler::of_degrees(parts));
        Ok(Self { kind: kind.to_owned(), message, sum, size, count, degrees })
    }

    /// How many numbered parts there are.
    pub(crate) const fn count(&self) -> u32 {
        self.count
    }

    /// Part `number`, from 1; those beyond the count are mixed.
    pub(crate) fn part(&self, number: u32) -> Part {
        let mut data = vec![0; self.size];
        for place in chosen(number, usize::try_from(self.count).unwrap_or(0), self.sum, &self.degrees) {
            let from = place.saturating_mul(self.size);
            let fragment = self.message.iter().skip(from).take(self.size);
            data.iter_mut().zip(fragment).for_each(|(byte, with)| *byte ^= with);
        }
        let length = u32::try_from(self.message.len()).unwrap_or(u32::MAX);
        Part { kind: self.kind.clone(), number, count: self.count, length, sum: self.sum, data }
    }
}

/// A message in one text.
pub(crate) fn single(kind: &str, cbor: &[u8]) -> String {
    format!("ur:{kind}/{}", bytewords::encode(cbor, Style::Minimal))
}

/// Bytes of the longest fragment whose part is at most `characters` long, whatever its number up to 99999.
pub(super) fn fragment(kind: &str, message: usize, characters: usize) -> usize {
    // `ur:KIND/99999-4096/`; inside the list's head, four numbers, the head of the bytes, the checksum
    let number = |value: usize| match value {
        0..=23 => 1usize,
        24..=0xff => 2,
        0x100..=0xffff => 3,
        _ => 5,
    };
    let fits = |size: usize| {
        let count = message.div_ceil(size);
        let digits = count.to_string().len();
        let head = "ur://99999-".len().saturating_add(kind.len()).saturating_add(digits).saturating_add(1);
        let inside = [1, 5, number(count), number(message), 5, number(size), size, 4];
        head.saturating_add(inside.iter().fold(0usize, |sum, part| sum.saturating_add(*part)).saturating_mul(2))
            <= characters
    };
    (1..=characters / 2).rev().find(|size| fits(*size)).unwrap_or(1)
}

#[cfg(test)]
mod tests;
