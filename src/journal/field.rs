//! The kinds of values in a journal line that have no type elsewhere: hex strings, plain text, a slot's name.
//!
//! Floor 3. Each has one text form; reading refuses every other.

use std::fmt;

use bitcoin::ScriptBuf;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

use crate::text;

/// `N` bytes, as `2 N` digits of lower-case hex.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hex<const N: usize>(pub [u8; N]);

impl<const N: usize> fmt::Display for Hex<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&text::hex(&self.0))
    }
}

impl<const N: usize> Serialize for Hex<N> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de, const N: usize> Deserialize<'de> for Hex<N> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let bytes = unhex(&String::deserialize(deserializer)?).and_then(|bytes| bytes.try_into().ok());
        bytes.map(Self).ok_or_else(|| D::Error::custom(format_args!("expected {N} bytes in lower-case hex")))
    }
}

/// A script, in lower-case hex.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScriptHex(pub ScriptBuf);

impl Serialize for ScriptHex {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&text::hex(self.0.as_bytes()))
    }
}

impl<'de> Deserialize<'de> for ScriptHex {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let bytes = unhex(&String::deserialize(deserializer)?);
        bytes.map(|bytes| Self(bytes.into())).ok_or_else(|| D::Error::custom("expected lower-case hex"))
    }
}

/// The bytes of lower-case hex.
pub(super) fn unhex(digits: &str) -> Option<Vec<u8>> {
    let lower = digits.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    if lower { bitcoin::hex::FromHex::from_hex(digits).ok() } else { None }
}

/// Text that is fit for a screen: what [`text::printable`] leaves, at most 201 characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plain(String);

impl Plain {
    /// `given`, escaped and shortened where it must be.
    #[must_use]
    pub fn new(given: &str) -> Self {
        // Escapes lengthen: the second pass shortens again, and a third would change nothing.
        Self(text::printable(&text::printable(given)))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Plain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for Plain {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Plain {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let given = String::deserialize(deserializer)?;
        let plain = Self::new(&given);
        if plain.0 == given { Ok(plain) } else { Err(D::Error::custom("expected plain text")) }
    }
}

/// The two slots of a vault, as the journal names them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SlotName {
    /// `slot.a`
    A,
    /// `slot.b`
    B,
}

impl SlotName {
    /// The slot's file name.
    #[must_use]
    pub const fn file(self) -> &'static str {
        match self {
            Self::A => "slot.a",
            Self::B => "slot.b",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn reads<T: Serialize + for<'a> Deserialize<'a>>(json: &str) -> bool {
        match serde_json::from_str::<T>(json) {
            Ok(value) => {
                assert_eq!(serde_json::to_string(&value).unwrap(), json);
                true
            }
            Err(_) => false,
        }
    }

    #[test]
    fn hex_has_one_form() {
        assert!(reads::<Hex<2>>(r#""00ff""#));
        for bad in [r#""00FF""#, r#""00f""#, r#""00""#, r#""00ff00""#, r#"" 0ff""#, "255"] {
            assert!(!reads::<Hex<2>>(bad), "{bad}");
        }
        assert!(reads::<ScriptHex>(r#""51""#) && reads::<ScriptHex>(r#""""#));
        assert!(!reads::<ScriptHex>(r#""5""#) && !reads::<ScriptHex>(r#""AA""#) && !reads::<ScriptHex>(r#""zz""#));
    }

    #[test]
    fn plain_text_is_plain_already() {
        assert!(reads::<Plain>(r#""the amount is above the limit""#));
        for bad in ["\"a\u{202e}b\"", r#""a\u001b""#, &format!("\"{}\"", "x".repeat(300))] {
            assert!(!reads::<Plain>(bad), "{bad:?}");
        }
        for long in ["\u{202e}".repeat(150), "x".repeat(199) + "\u{1b}", "…".repeat(400), "x".repeat(500)] {
            let plain = Plain::new(&long);
            assert_eq!(Plain::new(plain.as_str()), plain);
            assert!(plain.as_str().chars().count() <= 201);
        }
    }
}
