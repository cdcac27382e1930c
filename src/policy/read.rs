//! TOML to a policy: known keys only, each with its line in what is said about it.

use toml::de::{DeInteger, DeTable, DeValue};

use super::{
    Policy,
    caps::{CAPS, PAIRS, cap},
    read_rules,
};
use crate::{
    limits,
    review::{Caps, Permission},
    text::printable,
};

/// Why a policy's text is not taken. Lines count from 1.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PolicyError {
    /// Longer than [`limits::POLICY_BYTES`].
    #[error("the policy has {bytes} bytes, at most {most} are read")]
    TooLong {
        /// Bytes of it.
        bytes: usize,
        /// Bytes, most.
        most: usize,
    },
    /// Not TOML.
    #[error("line {line}: not TOML: {what}")]
    NotToml {
        /// The line.
        line: usize,
        /// What the reader of TOML says.
        what: String,
    },
    /// A key that means nothing.
    #[error("line {line}: `{key}` is no key of a policy; known are {known}")]
    UnknownKey {
        /// The line.
        line: usize,
        /// The key, with its table.
        key: String,
        /// Keys that are known there.
        known: String,
    },
    /// A key whose rule this version does not have.
    #[error("line {line}: `{key}` has no rule in this version of the program: a policy may only say what is enforced")]
    NoRuleYet {
        /// The line.
        line: usize,
        /// The key.
        key: String,
    },
    /// A value of another type.
    #[error("line {line}: `{key}` takes {expected}, found {found}")]
    Type {
        /// The line.
        line: usize,
        /// The key, with its table.
        key: String,
        /// What it takes.
        expected: &'static str,
        /// What stands there.
        found: &'static str,
    },
    /// A number outside of its range.
    #[error("line {line}: `{key}` is {value}, it may be {least} to {most}")]
    Range {
        /// The line.
        line: usize,
        /// The key, with its table.
        key: String,
        /// The number as written.
        value: String,
        /// Least.
        least: u64,
        /// Most.
        most: u64,
    },
    /// A rule or destination that cannot be.
    #[error("line {line}: {what}")]
    Rule {
        /// The line.
        line: usize,
        /// What is wrong with it.
        what: String,
    },
    /// A notice above the refusal of the same thing.
    #[error("line {line}: `caps.{notice}` is {notice_value}, above `caps.{refuse}`, which is {refuse_value}")]
    Order {
        /// The line of the one that was written last.
        line: usize,
        /// The key of the notice.
        notice: &'static str,
        /// Its value.
        notice_value: u64,
        /// The key of the refusal.
        refuse: &'static str,
        /// Its value.
        refuse_value: u64,
    },
}

/// Keys that policies will have, and that no rule of this version enforces.
const LATER: [&str; 1] = ["remote_max"];

/// Reads TOML; empty text is the default policy.
pub(super) fn read(text: &str) -> Result<Policy, PolicyError> {
    if text.len() > limits::POLICY_BYTES {
        return Err(PolicyError::TooLong { bytes: text.len(), most: limits::POLICY_BYTES });
    }
    let at = Lines(text);
    let document = DeTable::parse(text).map_err(|error| PolicyError::NotToml {
        line: at.line(error.span().map_or(0, |span| span.start)),
        what: printable(error.message()),
    })?;
    let mut caps = Caps::default();
    let mut allowed = Vec::new();
    let mut destinations = Vec::new();
    let mut rules = None;
    let mut last_cap = 0;
    for (name, value) in document.get_ref() {
        let line = at.line(name.span().start);
        let key = name.get_ref().as_ref();
        match key {
            "allow" => allow(table(value.get_ref(), line, "allow")?, &at, &mut allowed)?,
            "caps" => last_cap = numbers(table(value.get_ref(), line, "caps")?, &at, &mut caps)?,
            "destinations" => {
                destinations = read_rules::destinations(table(value.get_ref(), line, "destinations")?, &at)?;
            }
            "rule" => rules = Some((value.get_ref(), line)),
            _ if LATER.contains(&key) => return Err(PolicyError::NoRuleYet { line, key: key.to_owned() }),
            _ => {
                let known = "the tables `allow`, `caps` and `destinations`, and `[[rule]]`".to_owned();
                return Err(PolicyError::UnknownKey { line, key: printable(key), known });
            }
        }
    }
    for (notice, refuse) in PAIRS {
        let value = |key: &str| cap(key).map_or(0, |cap| (cap.get)(&caps));
        let (notice_value, refuse_value) = (value(notice), value(refuse));
        if notice_value > refuse_value {
            return Err(PolicyError::Order { line: at.line(last_cap), notice, notice_value, refuse, refuse_value });
        }
    }
    allowed.sort_unstable();
    let rules = match rules {
        Some((value, line)) => read_rules::rules(value, line, &at, &destinations)?,
        None => Vec::new(),
    };
    Ok(Policy { caps, allowed, destinations, rules })
}

/// The `[allow]` table: a boolean a permission.
fn allow(table: &DeTable<'_>, at: &Lines<'_>, allowed: &mut Vec<Permission>) -> Result<(), PolicyError> {
    for (name, value) in table {
        let line = at.line(name.span().start);
        let key = name.get_ref().as_ref();
        let Some(permission) = Permission::ALL.into_iter().find(|permission| permission.key() == key) else {
            return Err(unknown(line, "allow.", key, &Permission::ALL.map(Permission::key)));
        };
        let Some(allows) = value.get_ref().as_bool() else {
            let (key, found) = (format!("allow.{key}"), value.get_ref().type_str());
            return Err(PolicyError::Type { line, key, expected: "true or false", found });
        };
        if allows {
            allowed.push(permission);
        }
    }
    Ok(())
}

/// The `[caps]` table: a number a key. Gives where the last key stands.
fn numbers(table: &DeTable<'_>, at: &Lines<'_>, caps: &mut Caps) -> Result<usize, PolicyError> {
    let mut last = 0;
    for (name, value) in table {
        let line = at.line(name.span().start);
        let key = name.get_ref().as_ref();
        last = last.max(name.span().start);
        let Some(cap) = cap(key) else {
            return Err(unknown(line, "caps.", key, &CAPS.map(|cap| cap.key)));
        };
        (cap.set)(caps, number(value.get_ref(), line, &format!("caps.{key}"), cap.least, cap.most)?);
    }
    Ok(last)
}

/// A whole number in its range.
pub(super) fn number(value: &DeValue<'_>, line: usize, key: &str, least: u64, most: u64) -> Result<u64, PolicyError> {
    let Some(number) = value.as_integer() else {
        let found = value.type_str();
        return Err(PolicyError::Type { line, key: key.to_owned(), expected: "a whole number", found });
    };
    plain(number).filter(|number| (least..=most).contains(number)).ok_or_else(|| PolicyError::Range {
        line,
        key: key.to_owned(),
        value: printable(number.as_str()),
        least,
        most,
    })
}

/// The error of a key that means nothing.
pub(super) fn unknown(line: usize, table: &str, key: &str, known: &[&str]) -> PolicyError {
    PolicyError::UnknownKey { line, key: format!("{table}{}", printable(key)), known: known.join(", ") }
}

fn plain(number: &DeInteger<'_>) -> Option<u64> {
    u64::from_str_radix(number.as_str(), number.radix()).ok()
}

pub(super) fn table<'v, 'i>(value: &'v DeValue<'i>, line: usize, key: &str) -> Result<&'v DeTable<'i>, PolicyError> {
    let found = value.type_str();
    value.as_table().ok_or_else(|| PolicyError::Type { line, key: key.to_owned(), expected: "a table", found })
}

/// Byte positions as lines.
pub(super) struct Lines<'t>(&'t str);

impl Lines<'_> {
    pub(super) fn line(&self, position: usize) -> usize {
        let before = self.0.as_bytes().get(..position).unwrap_or(self.0.as_bytes());
        before.iter().filter(|byte| **byte == b'\n').count().saturating_add(1)
    }
}
