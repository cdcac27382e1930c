//! One case of a vector file: fields by name, each of them remembered once it was looked at.
//!
//! Floor 6. A file may come from an auditor's folder, so nothing of it is trusted.

use std::{cell::RefCell, collections::BTreeSet};

use bitcoin::hex::FromHex;
use serde_json::{Map, Value};

use crate::text::printable;

/// What became of a case; the error says what is wrong with it.
pub(super) type Check = Result<Outcome, String>;

/// How a case that did not fail ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Outcome {
    /// A valid case, and all its figures are ours.
    Passed,
    /// An invalid case, refused with the expected error.
    Refused,
    /// A valid case of a kind that this program does not take: refused with the expected error, which says this.
    Unsupported(String),
}

/// A case.
pub(super) struct Case<'a> {
    fields: &'a Map<String, Value>,
    seen: RefCell<BTreeSet<String>>,
}

impl<'a> Case<'a> {
    /// The case in a value, which is an object of plain fields.
    pub(super) fn of(value: &'a Value) -> Result<Self, String> {
        let fields = value.as_object().ok_or("a case is no object")?;
        let case = Self { fields, seen: RefCell::default() };
        case.id()?;
        Ok(case)
    }

    /// Its id.
    pub(super) fn id(&self) -> Result<&'a str, String> {
        self.text("id")
    }

    /// Its kind.
    pub(super) fn kind(&self) -> Result<&'a str, String> {
        self.text("kind")
    }

    /// Whether the specification takes it.
    pub(super) fn valid(&self) -> Result<bool, String> {
        match self.text("expect")? {
            "accept" => Ok(true),
            "refuse" => Ok(false),
            other => Err(format!("`expect` is `{}`: accept and refuse are known", printable(other))),
        }
    }

    /// The end of a case that the program took.
    pub(super) fn accepted(&self) -> Check {
        if self.valid()? && !self.has("unsupported") {
            return Ok(Outcome::Passed);
        }
        let because = self.optional("because").or(self.optional("unsupported"));
        Err(format!("was taken, though to be refused: {}", printable(because.unwrap_or("no reason given"))))
    }

    /// The end of a case that the program refused with the error `code` and these words.
    pub(super) fn refused(&self, code: &str, words: &str) -> Check {
        let (name, outcome) = if self.valid()? {
            ("unsupported", Outcome::Unsupported(words.to_owned()))
        } else {
            self.text("because")?;
            ("error", Outcome::Refused)
        };
        let Some(expected) = self.optional(name) else {
            return Err(format!("was refused, with `{code}`: {words}"));
        };
        if expected == code {
            return Ok(outcome);
        }
        Err(format!("was refused with `{code}` instead of `{}`: {words}", printable(expected)))
    }

    /// Whether it has the field (which does not count as a look at it).
    pub(super) fn has(&self, name: &str) -> bool {
        self.fields.contains_key(name)
    }

    /// A field that may be absent, as text.
    pub(super) fn optional(&self, name: &str) -> Option<&'a str> {
        self.value(name).and_then(Value::as_str)
    }

    /// A field as text.
    pub(super) fn text(&self, name: &str) -> Result<&'a str, String> {
        self.optional(name).ok_or_else(|| format!("`{name}` is missing or no text"))
    }

    /// A field as a number.
    pub(super) fn number(&self, name: &str) -> Result<u64, String> {
        self.value(name).and_then(Value::as_u64).ok_or_else(|| format!("`{name}` is missing or no number"))
    }

    /// A field as a number of 32 bits.
    pub(super) fn small(&self, name: &str) -> Result<u32, String> {
        u32::try_from(self.number(name)?).map_err(|_| format!("`{name}` is above 32 bits"))
    }

    /// A field as a place in a list.
    pub(super) fn place(&self, name: &str) -> Result<usize, String> {
        usize::try_from(self.number(name)?).map_err(|_| format!("`{name}` is too large"))
    }

    /// A field as a truth value; absent is false.
    pub(super) fn flag(&self, name: &str) -> bool {
        self.value(name).and_then(Value::as_bool).unwrap_or(false)
    }

    /// A field of hex, as bytes.
    pub(super) fn bytes(&self, name: &str) -> Result<Vec<u8>, String> {
        hex(name, self.text(name)?)
    }

    /// A field of 64 digits of hex.
    pub(super) fn bytes32(&self, name: &str) -> Result<[u8; 32], String> {
        self.bytes(name)?.try_into().map_err(|_| format!("`{name}` is not 32 bytes"))
    }

    /// A field that is a list of texts.
    pub(super) fn texts(&self, name: &str) -> Result<Vec<&'a str>, String> {
        self.list(name)?.iter().map(|v| v.as_str().ok_or_else(|| format!("`{name}` holds more than texts"))).collect()
    }

    /// A field that is a list of hex, as bytes.
    pub(super) fn hexes(&self, name: &str) -> Result<Vec<Vec<u8>>, String> {
        self.texts(name)?.into_iter().map(|text| hex(name, text)).collect()
    }

    /// A field that is a list of numbers.
    pub(super) fn numbers(&self, name: &str) -> Result<Vec<u64>, String> {
        self.list(name)?.iter().map(|v| v.as_u64().ok_or_else(|| format!("`{name}` holds more than numbers"))).collect()
    }

    /// A field that is a list of rows of numbers, each a text with blanks between.
    pub(super) fn rows(&self, name: &str) -> Result<Vec<Vec<u64>>, String> {
        let row = |text: &str| text.split(' ').map(str::parse).collect::<Result<Vec<u64>, _>>();
        self.texts(name)?
            .into_iter()
            .map(row)
            .collect::<Result<_, _>>()
            .map_err(|_| format!("`{name}` holds more than numbers"))
    }

    /// A field that is a list of lists of texts.
    pub(super) fn tables(&self, name: &str) -> Result<Vec<Vec<&'a str>>, String> {
        let wrong = || format!("`{name}` is no list of lists of texts");
        let row = |v: &'a Value| v.as_array()?.iter().map(Value::as_str).collect::<Option<Vec<_>>>();
        self.list(name)?.iter().map(|v| row(v).ok_or_else(wrong)).collect()
    }

    /// Takes note that a field's figures were compared in another way.
    pub(super) fn looked_at(&self, name: &str) {
        self.seen.borrow_mut().insert(name.to_owned());
    }

    /// The fields that nobody looked at, apart from the words for people.
    pub(super) fn unseen(&self) -> Vec<String> {
        let seen = self.seen.borrow();
        self.fields.keys().filter(|name| !seen.contains(*name) && *name != "formerly").map(|n| printable(n)).collect()
    }

    fn list(&self, name: &str) -> Result<&'a Vec<Value>, String> {
        self.value(name).and_then(Value::as_array).ok_or_else(|| format!("`{name}` is missing or no list"))
    }

    fn value(&self, name: &str) -> Option<&'a Value> {
        self.looked_at(name);
        self.fields.get(name)
    }
}

/// `Ok` where two figures are the same.
pub(super) fn same<T: PartialEq + ?Sized>(what: &str, ours: &T, theirs: &T) -> Result<(), String> {
    if ours == theirs { Ok(()) } else { Err(format!("`{what}` differs")) }
}

/// Hex as bytes.
pub(super) fn hex(name: &str, text: &str) -> Result<Vec<u8>, String> {
    Vec::from_hex(text).map_err(|_| format!("`{name}` is no hex"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[track_caller]
    fn with(value: Value, check: impl FnOnce(&Case<'_>)) {
        check(&Case::of(&value).unwrap());
    }

    #[test]
    fn only_the_expected_error_passes_an_invalid_case() {
        let value = json!({"id": "a", "kind": "k", "expect": "refuse", "because": "b", "error": "P01"});
        with(value.clone(), |case| assert_eq!(case.refused("P01", "no"), Ok(Outcome::Refused)));
        with(value.clone(), |case| assert!(case.refused("P02", "no").is_err()));
        with(value, |case| assert!(case.accepted().is_err()));
        let no_code = json!({"id": "a", "kind": "k", "expect": "refuse", "because": "b"});
        with(no_code, |case| assert!(case.refused("P01", "no").is_err()));
    }

    #[test]
    fn a_valid_case_passes_only_when_taken() {
        let value = json!({"id": "a", "kind": "k", "expect": "accept"});
        with(value.clone(), |case| assert_eq!(case.accepted(), Ok(Outcome::Passed)));
        with(value, |case| assert!(case.refused("P01", "no").is_err()));
        with(json!({"id": "a", "expect": "maybe"}), |case| assert!(case.accepted().is_err()));
    }

    #[test]
    fn an_unsupported_case_passes_only_with_its_error() {
        let value = json!({"id": "a", "kind": "k", "expect": "accept", "unsupported": "raw"});
        with(value.clone(), |case| assert_eq!(case.refused("raw", "no"), Ok(Outcome::Unsupported("no".into()))));
        with(value.clone(), |case| assert!(case.refused("addr", "no").is_err()));
        with(value, |case| assert!(case.accepted().is_err()));
    }

    #[test]
    fn a_field_that_nobody_looked_at_is_known() {
        with(json!({"id": "a", "x": "00", "y": 1, "z": [1]}), |case| {
            assert_eq!(case.bytes("x"), Ok(vec![0]));
            assert_eq!(case.small("y"), Ok(1));
            assert_eq!(case.unseen(), ["z"]);
            assert!(case.text("y").is_err());
            assert!(case.bytes32("x").is_err());
            assert!(case.numbers("x").is_err());
        });
    }
}
