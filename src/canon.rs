//! Canonical JSON: one byte string a value, so that a hash of a document is a hash of its meaning.
//!
//! Floor 0. UTF-8, keys sorted, two-space indent (or one compact line), one LF at the end, integers of 0 to
//! 2^53 - 1, no floats. A reader writes what it read again and demands equal bytes; so duplicate keys, other
//! orders, spaces and escapes are refused.

use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

/// Why a document is not canonical JSON of the expected form.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CanonError {
    /// Not JSON at all.
    #[error("not JSON: line {line}, column {column}")]
    NotJson {
        /// Line, from 1.
        line: usize,
        /// Column, from 1.
        column: usize,
    },
    /// JSON, but other bytes than this program writes for the same value.
    #[error("not in canonical form (edited, or written by another program)")]
    NotCanonical,
    /// A number that is negative, fractional or 2^53 and above.
    #[error("a number that is not an integer of 0 to 2^53 - 1")]
    Number,
    /// A key is missing, unknown or of the wrong type.
    #[error("not of the expected form: {0}")]
    Form(String),
}

/// `value` as an indented document that ends in one LF.
///
/// # Errors
/// [`CanonError::Number`] or [`CanonError::Form`] where the value has no canonical form.
pub fn document<T: Serialize>(value: &T) -> Result<String, CanonError> {
    let value = tree(value)?;
    let mut text = serde_json::to_string_pretty(&value).map_err(|e| CanonError::Form(e.to_string()))?;
    text.push('\n');
    Ok(text)
}

/// `value` as one compact line, without LF.
///
/// # Errors
/// As [`document`].
pub fn line<T: Serialize>(value: &T) -> Result<String, CanonError> {
    let value = tree(value)?;
    serde_json::to_string(&value).map_err(|e| CanonError::Form(e.to_string()))
}

/// Reads what [`document`] wrote.
///
/// # Errors
/// Any byte that [`document`] would not have written.
pub fn read_document<T: Serialize + DeserializeOwned>(bytes: &[u8]) -> Result<T, CanonError> {
    let value: T = read(bytes)?;
    if document(&value)?.as_bytes() == bytes { Ok(value) } else { Err(CanonError::NotCanonical) }
}

/// Reads what [`line`] wrote (without LF).
///
/// # Errors
/// Any byte that [`line`] would not have written.
pub fn read_line<T: Serialize + DeserializeOwned>(bytes: &[u8]) -> Result<T, CanonError> {
    let value: T = read(bytes)?;
    if line(&value)?.as_bytes() == bytes { Ok(value) } else { Err(CanonError::NotCanonical) }
}

fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, CanonError> {
    let tree: Value =
        serde_json::from_slice(bytes).map_err(|e| CanonError::NotJson { line: e.line(), column: e.column() })?;
    numbers(&tree)?;
    serde_json::from_value(tree).map_err(|e| CanonError::Form(crate::text::printable(&e.to_string())))
}

fn tree<T: Serialize>(value: &T) -> Result<Value, CanonError> {
    let tree = serde_json::to_value(value).map_err(|e| CanonError::Form(e.to_string()))?;
    numbers(&tree)?;
    Ok(tree)
}

fn numbers(tree: &Value) -> Result<(), CanonError> {
    match tree {
        Value::Number(n) if n.as_u64().is_some_and(|n| n < 1 << 53) => Ok(()),
        Value::Number(_) => Err(CanonError::Number),
        Value::Array(items) => items.iter().try_for_each(numbers),
        Value::Object(map) => map.values().try_for_each(numbers),
        Value::Null | Value::Bool(_) | Value::String(_) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Pair {
        b: u64,
        a: String,
    }

    #[track_caller]
    fn refused(bytes: &str, expected: CanonError) {
        let error = read_document::<Pair>(bytes.as_bytes()).unwrap_err();
        assert_eq!(std::mem::discriminant(&error), std::mem::discriminant(&expected), "{error}");
    }

    #[test]
    fn a_document_has_one_form() {
        let text = document(&Pair { b: 1, a: "x".into() }).unwrap();
        assert_eq!(text, "{\n  \"a\": \"x\",\n  \"b\": 1\n}\n");
        assert_eq!(read_document::<Pair>(text.as_bytes()).unwrap(), Pair { b: 1, a: "x".into() });
        refused("{\n  \"b\": 1,\n  \"a\": \"x\"\n}\n", CanonError::NotCanonical);
        refused("{\n  \"a\": \"y\",\n  \"a\": \"x\",\n  \"b\": 1\n}\n", CanonError::NotCanonical);
        refused("{\n  \"a\": \"x\",\n  \"b\": 1\n}", CanonError::NotCanonical);
        refused("{\n  \"a\": \"\\u0078\",\n  \"b\": 1\n}\n", CanonError::NotCanonical);
        refused("{\n  \"a\": \"x\",\n  \"b\": 1.0\n}\n", CanonError::Number);
        refused("{\n  \"a\": \"x\",\n  \"b\": 9007199254740992\n}\n", CanonError::Number);
        refused("{\n  \"a\": \"x\",\n  \"b\": 1,\n  \"c\": 1\n}\n", CanonError::Form(String::new()));
        refused("{", CanonError::NotJson { line: 1, column: 1 });
    }

    #[test]
    fn a_line_has_one_form() {
        assert_eq!(line(&Pair { b: 1, a: "x".into() }).unwrap(), r#"{"a":"x","b":1}"#);
        assert!(read_line::<Pair>(br#"{"a":"x", "b":1}"#).is_err());
    }
}
