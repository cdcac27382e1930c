//! What lies inside of a sealed file: canonical JSON of a fixed form, written and read in locked memory.
//!
//! Floor 3. Not a JSON parser: writer and reader walk the one form that a body or a share has, byte for byte,
//! so no ordinary string ever holds a secret. Values are strings without escapes, and small integers.

use crate::sys::{MemoryError, Secret};

/// Why there is no inside.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum InsideError {
    /// Not the bytes that this program writes.
    #[error("not of the expected form")]
    Form,
    /// A text that would need an escape, or more bytes than there is room for.
    #[error("a text that cannot be stored: it is too long, or has a quote, a backslash or a control character")]
    Text,
    /// No locked memory.
    #[error(transparent)]
    Memory(#[from] MemoryError),
}

/// Writes into one locked buffer of a size that was fixed beforehand.
pub(super) struct Writer {
    out: Secret,
    length: usize,
}

impl Writer {
    /// A writer with room for `bytes` bytes.
    pub(super) fn with_room(bytes: usize) -> Result<Self, InsideError> {
        Ok(Self { out: Secret::zeroed(bytes)?, length: 0 })
    }

    /// The form itself: braces, keys, quotes.
    pub(super) fn form(&mut self, text: &str) -> Result<(), InsideError> {
        self.put(text.as_bytes())
    }

    /// A value between quotes that the form has.
    pub(super) fn text(&mut self, text: &str) -> Result<(), InsideError> {
        if text.chars().any(|c| c == '"' || c == '\\' || c.is_control()) {
            return Err(InsideError::Text);
        }
        self.put(text.as_bytes())
    }

    /// `bytes` as lower-case hex.
    pub(super) fn hex(&mut self, bytes: &[u8]) -> Result<(), InsideError> {
        bytes.iter().try_for_each(|byte| self.put(&[digit(byte >> 4), digit(byte & 15)]))
    }

    /// What was written.
    pub(super) fn finish(mut self) -> Secret {
        self.out.shorten(self.length);
        self.out
    }

    fn put(&mut self, bytes: &[u8]) -> Result<(), InsideError> {
        let end = self.length.checked_add(bytes.len()).ok_or(InsideError::Text)?;
        let room = self.out.expose_mut().get_mut(self.length..end).ok_or(InsideError::Text)?;
        room.copy_from_slice(bytes);
        self.length = end;
        Ok(())
    }
}

/// Reads what a [`Writer`] wrote, borrowing from the locked buffer.
pub(super) struct Reader<'a> {
    rest: &'a str,
}

impl<'a> Reader<'a> {
    /// A reader of `inside`.
    pub(super) fn new(inside: &'a Secret) -> Result<Self, InsideError> {
        inside.expose_str().map(|rest| Self { rest }).ok_or(InsideError::Form)
    }

    /// Exactly this part of the form.
    pub(super) fn form(&mut self, text: &str) -> Result<(), InsideError> {
        self.rest = self.rest.strip_prefix(text).ok_or(InsideError::Form)?;
        Ok(())
    }

    /// A value, up to the quote that closes it.
    pub(super) fn text(&mut self) -> Result<&'a str, InsideError> {
        let (text, _) = self.rest.split_once('"').ok_or(InsideError::Form)?;
        if text.chars().any(|c| c == '\\' || c.is_control()) {
            return Err(InsideError::Form);
        }
        self.rest = self.rest.get(text.len()..).ok_or(InsideError::Form)?;
        Ok(text)
    }

    /// An integer below 2^32 without leading zeros.
    pub(super) fn number(&mut self) -> Result<u32, InsideError> {
        let end = self.rest.find(|c: char| !c.is_ascii_digit()).ok_or(InsideError::Form)?;
        let (digits, rest) = self.rest.split_at_checked(end).ok_or(InsideError::Form)?;
        let number: u32 = digits.parse().map_err(|_| InsideError::Form)?;
        if number.to_string() != digits {
            return Err(InsideError::Form);
        }
        self.rest = rest;
        Ok(number)
    }

    /// Nothing more.
    pub(super) fn end(self) -> Result<(), InsideError> {
        if self.rest.is_empty() { Ok(()) } else { Err(InsideError::Form) }
    }
}

/// The bytes of lower-case hex, in locked memory of their own. An empty text gives no bytes.
pub(super) fn bytes_of_hex(text: &str) -> Result<Secret, InsideError> {
    let (pairs, odd) = text.as_bytes().as_chunks::<2>();
    if !odd.is_empty() {
        return Err(InsideError::Form);
    }
    let mut bytes = Secret::zeroed(pairs.len())?;
    for (byte, [high, low]) in bytes.expose_mut().iter_mut().zip(pairs) {
        *byte = (value(*high)? << 4) | value(*low)?;
    }
    Ok(bytes)
}

/// The lower-case hex of `bytes`, in locked memory.
pub(super) fn hex_of_bytes(bytes: &[u8]) -> Result<Secret, InsideError> {
    let mut writer = Writer::with_room(bytes.len().saturating_mul(2))?;
    writer.hex(bytes)?;
    Ok(writer.finish())
}

fn digit(value: u8) -> u8 {
    if value < 10 { b'0'.wrapping_add(value) } else { b'a'.wrapping_add(value).wrapping_sub(10) }
}

fn value(digit: u8) -> Result<u8, InsideError> {
    match digit {
        b'0'..=b'9' => Ok(digit.wrapping_sub(b'0')),
        b'a'..=b'f' => Ok(digit.wrapping_sub(b'a').wrapping_add(10)),
        _ => Err(InsideError::Form),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inside(text: &str) -> Secret {
        Secret::take(&mut text.as_bytes().to_vec()).unwrap()
    }

    #[test]
    fn what_was_written_is_read() {
        let mut writer = Writer::with_room(64).unwrap();
        writer.form("{\"a\": \"").unwrap();
        writer.hex(&[0, 0x9f, 0xff]).unwrap();
        writer.form("\", \"b\": \"").unwrap();
        writer.text("あいこくしん").unwrap();
        writer.form("\", \"c\": 70}\n").unwrap();
        let written = writer.finish();
        let mut reader = Reader::new(&written).unwrap();
        reader.form("{\"a\": \"").unwrap();
        assert_eq!(bytes_of_hex(reader.text().unwrap()).unwrap().expose(), [0, 0x9f, 0xff]);
        reader.form("\", \"b\": \"").unwrap();
        assert_eq!(reader.text().unwrap(), "あいこくしん");
        reader.form("\", \"c\": ").unwrap();
        assert_eq!(reader.number().unwrap(), 70);
        reader.form("}\n").unwrap();
        reader.end().unwrap();
    }

    #[test]
    fn no_text_needs_an_escape() {
        let mut writer = Writer::with_room(64).unwrap();
        for bad in ["a\"b", "a\\b", "a\nb", "a\u{85}b"] {
            assert_eq!(writer.text(bad), Err(InsideError::Text));
        }
    }

    #[test]
    fn a_full_buffer_is_an_error() {
        let mut writer = Writer::with_room(3).unwrap();
        assert_eq!(writer.text("abcd"), Err(InsideError::Text));
        writer.text("abc").unwrap();
        assert_eq!(writer.hex(&[1]), Err(InsideError::Text));
        assert_eq!(writer.finish().expose(), b"abc");
    }

    #[test]
    fn other_forms_are_refused() {
        assert!(Reader::new(&inside("7")).unwrap().number().is_err());
        assert!(Reader::new(&inside("07,")).unwrap().number().is_err());
        assert!(Reader::new(&inside("4294967296,")).unwrap().number().is_err());
        assert!(Reader::new(&inside("ab")).unwrap().text().is_err());
        assert!(Reader::new(&inside("a\\u0062\"")).unwrap().text().is_err());
        assert!(Reader::new(&inside("x")).unwrap().end().is_err());
        for bad in ["0", "0G", "AB", "é"] {
            assert!(bytes_of_hex(bad).is_err(), "{bad}");
        }
    }
}
