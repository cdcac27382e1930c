//! Uniform Resources: a payload as one text, or as numbered parts.
//!
//! # Source
//! BCR-2020-005 (multipart), BCR-2020-006 (types): the payload is a CBOR byte string.

use super::bytewords::{crc32, decode, encode};
use crate::limits;

/// The most parts of one message that a reader takes.
const PARTS: u32 = 4_096;

/// Why a text is no part of the message that is being read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UrError {
    /// Not `ur:TYPE/…`, or another type than asked for.
    #[error("not a UR of type `{0}`")]
    Type(&'static str),
    /// The numbers of the part are missing, zero, too large, or differ from those inside.
    #[error("the part's numbers are wrong")]
    Numbers,
    /// Letters that are no bytewords.
    #[error("letters that are no bytewords")]
    Letters,
    /// The CRC-32 of a part or of the whole is wrong.
    #[error("the checksum is wrong; scan again")]
    Checksum,
    /// The CBOR inside is not a byte string, or not a part.
    #[error("the content is not what a UR of this type holds")]
    Content,
    /// A part of another message.
    #[error("a part of another message; start again")]
    Mixed,
    /// Mixed (fountain) parts are not read.
    #[error("a mixed part: this reader takes the numbered parts only")]
    Fountain,
    /// The message is larger than a PSBT may be.
    #[error("the message is larger than {0} bytes")]
    TooLarge(usize),
}

/// `payload` as texts for QR codes of at most about `fragment` payload bytes each: one text where it fits, else
/// parts `1-N` to `N-N`.
#[must_use]
pub fn split(kind: &str, payload: &[u8], fragment: usize) -> Vec<String> {
    let message = byte_string(payload);
    let fragment = fragment.max(10);
    if message.len() <= fragment {
        return vec![format!("ur:{kind}/{}", encode(&message))];
    }
    let count = message.len().div_ceil(fragment);
    let size = message.len().div_ceil(count);
    let sum = crc32(&message);
    let mut parts = Vec::with_capacity(count);
    for (place, chunk) in message.chunks(size).enumerate() {
        let number = place.saturating_add(1);
        let mut data = chunk.to_vec();
        data.resize(size, 0);
        let mut part = vec![0x85];
        for value in [number, count, message.len()] {
            head(&mut part, 0, u64::try_from(value).unwrap_or(u64::MAX));
        }
        head(&mut part, 0, u64::from(sum));
        part.extend(byte_string(&data));
        parts.push(format!("ur:{kind}/{number}-{count}/{}", encode(&part)));
    }
    parts
}

/// Collects the texts of one message.
pub struct Joiner {
    kind: &'static str,
    message: Option<Message>,
    whole: Option<Vec<u8>>,
}

struct Message {
    count: u32,
    length: u64,
    sum: u32,
    size: usize,
    parts: Vec<Option<Vec<u8>>>,
}

struct Part {
    number: u32,
    count: u32,
    length: u64,
    sum: u32,
    data: Vec<u8>,
}

impl Joiner {
    /// A reader of messages of this type.
    #[must_use]
    pub const fn new(kind: &'static str) -> Self {
        Self { kind, message: None, whole: None }
    }

    /// Takes one text. Returns the payload once it is complete.
    ///
    /// # Errors
    /// A text that is no part of this message; what was read before stays.
    pub fn take(&mut self, text: &str) -> Result<Option<&[u8]>, UrError> {
        if text.len() > 2 * limits::PSBT_BYTES {
            return Err(UrError::TooLarge(limits::PSBT_BYTES));
        }
        let lower = text.to_ascii_lowercase();
        let rest = lower
            .strip_prefix("ur:")
            .and_then(|rest| rest.strip_prefix(self.kind))
            .and_then(|rest| rest.strip_prefix('/'))
            .ok_or(UrError::Type(self.kind))?;
        match rest.split_once('/') {
            None => self.whole = Some(payload(&decode(rest)?)?),
            Some((numbers, letters)) => self.take_part(numbers, letters)?,
        }
        Ok(self.whole.as_deref())
    }

    /// How many parts were read, of how many (0 of 0 before the first).
    #[must_use]
    pub fn progress(&self) -> (usize, usize) {
        let read = |message: &Message| message.parts.iter().flatten().count();
        self.message.as_ref().map_or((0, 0), |message| (read(message), message.parts.len()))
    }

    fn take_part(&mut self, numbers: &str, letters: &str) -> Result<(), UrError> {
        let (number, count) = numbers.split_once('-').ok_or(UrError::Numbers)?;
        let (number, count) = (whole_number(number)?, whole_number(count)?);
        if count > PARTS {
            return Err(UrError::Numbers);
        }
        if number > count {
            return Err(UrError::Fountain);
        }
        let part = Part::read(&decode(letters)?)?;
        if (part.number, part.count) != (number, count) {
            return Err(UrError::Numbers);
        }
        let message = match &mut self.message {
            Some(message) => message,
            empty => empty.insert(Message::of(&part)?),
        };
        message.put(part)?;
        if let Some(joined) = message.joined() {
            self.whole = Some(payload(&joined?)?);
        }
        Ok(())
    }
}

impl Message {
    fn of(part: &Part) -> Result<Self, UrError> {
        let most = u64::try_from(limits::PSBT_BYTES).unwrap_or(u64::MAX).saturating_add(9);
        if part.length > most {
            return Err(UrError::TooLarge(limits::PSBT_BYTES));
        }
        let size = u64::try_from(part.data.len()).unwrap_or(u64::MAX);
        let room = size.saturating_mul(u64::from(part.count));
        let without_last = size.saturating_mul(u64::from(part.count.saturating_sub(1)));
        if part.length > room || part.length <= without_last {
            return Err(UrError::Numbers);
        }
        let count = usize::try_from(part.count).map_err(|_| UrError::Numbers)?;
        Ok(Self {
            count: part.count,
            length: part.length,
            sum: part.sum,
            size: part.data.len(),
            parts: vec![None; count],
        })
    }

    fn put(&mut self, part: Part) -> Result<(), UrError> {
        let same = part.count == self.count
            && part.length == self.length
            && part.sum == self.sum
            && part.data.len() == self.size;
        let place = usize::try_from(part.number.saturating_sub(1)).map_err(|_| UrError::Numbers)?;
        let slot = self.parts.get_mut(place).filter(|_| same).ok_or(UrError::Mixed)?;
        match slot {
            Some(known) if *known != part.data => Err(UrError::Mixed),
            Some(_) => Ok(()),
            empty => {
                *empty = Some(part.data);
                Ok(())
            }
        }
    }

    fn joined(&self) -> Option<Result<Vec<u8>, UrError>> {
        let parts: Option<Vec<&[u8]>> = self.parts.iter().map(Option::as_deref).collect();
        let mut bytes = parts?.concat();
        bytes.truncate(usize::try_from(self.length).unwrap_or(usize::MAX));
        Some(if crc32(&bytes) == self.sum { Ok(bytes) } else { Err(UrError::Checksum) })
    }
}

impl Part {
    fn read(cbor: &[u8]) -> Result<Self, UrError> {
        let rest = cbor.strip_prefix(&[0x85]).ok_or(UrError::Content)?;
        let (number, rest) = unsigned(rest)?;
        let (count, rest) = unsigned(rest)?;
        let (length, rest) = unsigned(rest)?;
        let (sum, rest) = unsigned(rest)?;
        let data = payload(rest)?;
        let narrow = |value: u64| u32::try_from(value).map_err(|_| UrError::Numbers);
        Ok(Self { number: narrow(number)?, count: narrow(count)?, length, sum: narrow(sum)?, data })
    }
}

fn whole_number(text: &str) -> Result<u32, UrError> {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit()) && !text.starts_with('0');
    text.parse().ok().filter(|_| plain).ok_or(UrError::Numbers)
}

fn byte_string(bytes: &[u8]) -> Vec<u8> {
    let mut cbor = Vec::with_capacity(bytes.len().saturating_add(9));
    head(&mut cbor, 0x40, u64::try_from(bytes.len()).unwrap_or(u64::MAX));
    cbor.extend(bytes);
    cbor
}

/// A CBOR head in its shortest form (RFC 8949, section 4.2.1).
fn head(cbor: &mut Vec<u8>, major: u8, value: u64) {
    let be = value.to_be_bytes();
    let (info, tail) = match value {
        0..=23 => (be.last().copied().unwrap_or(0), &[][..]),
        24..=0xff => (24, be.get(7..).unwrap_or_default()),
        0x100..=0xffff => (25, be.get(6..).unwrap_or_default()),
        0x1_0000..=0xffff_ffff => (26, be.get(4..).unwrap_or_default()),
        _ => (27, &be[..]),
    };
    cbor.push(major | info);
    cbor.extend(tail);
}

/// The value of a shortest-form head of this major type, and what follows.
fn read_head(cbor: &[u8], major: u8) -> Result<(u64, &[u8]), UrError> {
    let (first, rest) = cbor.split_first().ok_or(UrError::Content)?;
    if first & 0xe0 != major {
        return Err(UrError::Content);
    }
    let (width, least) = match first & 0x1f {
        info @ 0..=23 => return Ok((u64::from(info), rest)),
        24 => (1, 24),
        25 => (2, 0x100),
        26 => (4, 0x1_0000),
        27 => (8, 0x1_0000_0000),
        _ => return Err(UrError::Content),
    };
    let (tail, rest) = rest.split_at_checked(width).ok_or(UrError::Content)?;
    let value = tail.iter().fold(0u64, |value, byte| (value << 8) | u64::from(*byte));
    if value < least { Err(UrError::Content) } else { Ok((value, rest)) }
}

fn unsigned(cbor: &[u8]) -> Result<(u64, &[u8]), UrError> {
    read_head(cbor, 0)
}

fn payload(cbor: &[u8]) -> Result<Vec<u8>, UrError> {
    let (length, rest) = read_head(cbor, 0x40)?;
    if u64::try_from(rest.len()) == Ok(length) { Ok(rest.to_vec()) } else { Err(UrError::Content) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_payload_is_one_text() {
        // BCR-2020-006: the 16 bytes 00112233445566778899aabbccddeeff as `ur:bytes`.
        let payload: Vec<u8> = (0..16u8).map(|n| n * 0x11).collect();
        let texts = split("bytes", &payload, 100);
        assert_eq!(texts, ["ur:bytes/gdaebycpeofygoiyktlonlpkrksfutwyzmwmfyeozs"]);
        let mut joiner = Joiner::new("bytes");
        assert_eq!(joiner.take(&texts[0].to_uppercase()).unwrap().unwrap(), payload);
    }

    #[test]
    fn parts_join_in_any_order() {
        let payload: Vec<u8> = (0..1000u32).map(|n| (n % 251) as u8).collect();
        let mut texts = split("crypto-psbt", &payload, 90);
        assert!(texts.len() > 10);
        texts.reverse();
        let mut joiner = Joiner::new("crypto-psbt");
        let (last, first) = texts.split_last().unwrap();
        for text in first {
            assert!(joiner.take(text).unwrap().is_none());
            assert!(joiner.take(text).unwrap().is_none());
        }
        assert_eq!(joiner.take(last).unwrap().unwrap(), payload);
    }

    #[track_caller]
    fn refused(text: &str, expected: UrError) {
        assert_eq!(Joiner::new("bytes").take(text).unwrap_err(), expected);
    }

    #[test]
    fn bad_parts_are_refused() {
        refused("uhr:bytes/aeadaolazmjendeoti", UrError::Type("bytes"));
        refused("ur:crypto-psbt/aeadaolazmjendeoti", UrError::Type("bytes"));
        refused("ur:bytes/aeadaolazmjendeozz", UrError::Letters);
        refused("ur:bytes/aeadaolazmjendeoae", UrError::Checksum);
        refused("ur:bytes/aeadaolazmjendeoti", UrError::Content);
        refused("ur:bytes/0-1/aeadaolazmjendeoti", UrError::Numbers);
        refused("ur:bytes/1-99999/aeadaolazmjendeoti", UrError::Numbers);
        refused("ur:bytes/3-2/aeadaolazmjendeoti", UrError::Fountain);
        let one = split("bytes", &[1; 100], 40);
        let other = split("bytes", &[2; 100], 40);
        let mut joiner = Joiner::new("bytes");
        joiner.take(&one[0]).unwrap();
        assert_eq!(joiner.take(&other[1]).unwrap_err(), UrError::Mixed);
        assert_eq!(joiner.take(&one[0].replace("/1-", "/2-")).unwrap_err(), UrError::Numbers);
    }
}
