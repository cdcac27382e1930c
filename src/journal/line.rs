//! The lines of a journal: their kinds, their one text form, their hash, and what a closing line signs.
//!
//! Floor 3. Canonical compact JSON, one line each. Reading a line alone says nothing about its place: `chain` does.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _, ser::Error as _};
use serde_json::{Map, Value};

use crate::{
    canon::{self, CanonError},
    digest::{FileDigest, Head, StatementDigest, Subject, Tagged, VaultId, XOnly},
    journal::{Hex, Plain, SlotName, Spending},
    network::Network,
    quorum::{Ballot, Kind, Session},
    text::Name,
};

/// What a line says; its `type` is the name in lower case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "lowercase", deny_unknown_fields)]
pub enum Line {
    /// The vault was made. Line 1, and no other. Its slot is `slot.a`.
    Created {
        /// Its network.
        network: Network,
        /// The key that signs statements and closing lines.
        statement_key: XOnly,
        /// `S` of the first statement.
        statement: StatementDigest,
        /// SHA-256 of the first slot file.
        slot_hash: FileDigest,
    },
    /// A session opened.
    Opened {
        /// The 32 raw bytes of the session's age recipient.
        session_key: Hex<32>,
        /// `S` of the statement in force.
        statement: StatementDigest,
        /// Version of this program.
        version: Plain,
    },
    /// A custodian approved.
    Voted {
        /// The ballot itself.
        ballot: Ballot,
        /// The kind of instruction.
        kind: Kind,
        /// The digest that the ballot approves.
        subject: Subject,
    },
    /// A quorum approved; the body is about to be opened.
    Intent {
        /// The kind of instruction.
        kind: Kind,
        /// The digest that the ballots approve.
        subject: Subject,
        /// Whose ballots were counted, in their order; each stands in a `voted` line of the session.
        custodians: Vec<Name>,
        /// Of kind `sign`: what the transaction spends and pays.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        transaction: Option<Spending>,
    },
    /// A new statement is about to be written.
    Writing {
        /// Its `S`.
        statement: StatementDigest,
        /// The slot that it goes to.
        slot: SlotName,
        /// SHA-256 of the slot file.
        slot_hash: FileDigest,
        /// The statement's sequence number.
        sequence: u64,
    },
    /// The new statement is durable and in force.
    Committed {
        /// Its `S`.
        statement: StatementDigest,
        /// By the statement key, over all before it.
        signature: Hex<64>,
    },
    /// An interrupted writing turned out whole; its statement is in force.
    Finished {
        /// Its `S`.
        statement: StatementDigest,
    },
    /// An interrupted writing did not turn out whole; the statement before it stays in force.
    Undone {
        /// Its `S`.
        statement: StatementDigest,
    },
    /// A transaction was signed; its signatures may leave.
    Signed {
        /// The same as in its intent.
        transaction: Spending,
        /// By the statement key, over all before it.
        signature: Hex<64>,
    },
    /// A rule, the policy or a person refused.
    Refused {
        /// The kind of instruction.
        kind: Kind,
        /// The digest that was to be approved.
        subject: Subject,
        /// Why, a sentence each.
        reasons: Vec<Plain>,
    },
    /// A key, a backup or a proof left the vault.
    Exported {
        /// The kind of instruction.
        kind: Kind,
        /// The same as in its intent.
        subject: Subject,
        /// By the statement key, over all before it.
        signature: Hex<64>,
    },
    /// A custodian proved the own share, alone.
    Drilled {
        /// Who.
        custodian: Name,
        /// Of the share.
        epoch: u32,
    },
    /// A custodian changed the own passphrase, alone.
    Changed {
        /// Who.
        custodian: Name,
        /// Of the share.
        epoch: u32,
        /// SHA-256 of the new sealed share.
        sealed: FileDigest,
    },
    /// What an intent began did not succeed; nothing left.
    Failed {
        /// Why.
        reason: Plain,
    },
}

impl Line {
    /// The line of a session that opens now.
    #[must_use]
    pub fn opened(session: &Session) -> Self {
        let version = Plain::new(env!("CARGO_PKG_VERSION"));
        Self::Opened { session_key: Hex(session.key), statement: session.statement, version }
    }

    /// The line of a refusal.
    #[must_use]
    pub fn refused<'a>(kind: Kind, subject: Subject, reasons: impl IntoIterator<Item = &'a str>) -> Self {
        let reasons = reasons.into_iter().take(MOST_REASONS).map(Plain::new).collect();
        Self::Refused { kind, subject, reasons }
    }

    /// The line of an instruction that did not succeed. `reason` holds no secret; it is escaped.
    #[must_use]
    pub fn failed(reason: &str) -> Self {
        Self::Failed { reason: Plain::new(reason) }
    }

    /// The line's `type`.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Created { .. } => "created",
            Self::Opened { .. } => "opened",
            Self::Voted { .. } => "voted",
            Self::Intent { .. } => "intent",
            Self::Writing { .. } => "writing",
            Self::Committed { .. } => "committed",
            Self::Finished { .. } => "finished",
            Self::Undone { .. } => "undone",
            Self::Signed { .. } => "signed",
            Self::Refused { .. } => "refused",
            Self::Exported { .. } => "exported",
            Self::Drilled { .. } => "drilled",
            Self::Changed { .. } => "changed",
            Self::Failed { .. } => "failed",
        }
    }

    /// The statement key's signature, on closing lines.
    #[must_use]
    pub const fn signature(&self) -> Option<&[u8; 64]> {
        match self {
            Self::Committed { signature, .. } | Self::Signed { signature, .. } | Self::Exported { signature, .. } => {
                Some(&signature.0)
            }
            Self::Created { .. }
            | Self::Opened { .. }
            | Self::Voted { .. }
            | Self::Intent { .. }
            | Self::Writing { .. }
            | Self::Finished { .. }
            | Self::Undone { .. }
            | Self::Refused { .. }
            | Self::Drilled { .. }
            | Self::Changed { .. }
            | Self::Failed { .. } => None,
        }
    }
}

/// Reasons of one refusal that are kept.
const MOST_REASONS: usize = 64;

/// A line in its place: with its number and the hash of the line before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// From 1.
    pub number: u64,
    /// Hash of the line before; the vault id before line 1.
    pub previous: Head,
    /// What it says.
    pub line: Line,
}

impl Entry {
    /// The line's bytes, without LF.
    ///
    /// # Errors
    /// A number of 2^53 or above.
    pub fn encode(&self) -> Result<String, CanonError> {
        canon::line(self)
    }

    /// Reads what [`Entry::encode`] wrote.
    ///
    /// # Errors
    /// Any byte that it would not have written.
    pub fn decode(bytes: &[u8]) -> Result<Self, CanonError> {
        canon::read_line(bytes)
    }

    /// `tagged_hash("strongroom/line", bytes)` of an encoded line, without LF.
    #[must_use]
    pub fn hash(bytes: &[u8]) -> Head {
        Head(Tagged::new("strongroom/line").bytes(bytes).finish())
    }

    /// What a closing line signs:
    /// `tagged_hash("strongroom/journal-sig", vault_id, u64 number, the line without its signature)`.
    ///
    /// # Errors
    /// As [`Entry::encode`].
    pub fn signing_digest(&self, vault: VaultId) -> Result<[u8; 32], CanonError> {
        let mut fields = self.fields().map_err(|e| CanonError::Form(e.to_string()))?;
        fields.remove("signature");
        let line = canon::line(&Value::Object(fields))?;
        let tagged = Tagged::new("strongroom/journal-sig").bytes(vault.as_bytes());
        Ok(tagged.u64(self.number).bytes(line.as_bytes()).finish())
    }

    fn fields(&self) -> Result<Map<String, Value>, serde_json::Error> {
        let Value::Object(mut fields) = serde_json::to_value(&self.line)? else {
            return Err(<serde_json::Error as serde::ser::Error>::custom("a line is an object"));
        };
        fields.insert("line".into(), self.number.into());
        fields.insert("previous".into(), self.previous.to_string().into());
        Ok(fields)
    }
}

impl Serialize for Entry {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.fields().map_err(S::Error::custom)?.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Entry {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut fields = Map::deserialize(deserializer)?;
        let mut field = |key| fields.remove(key).ok_or_else(|| D::Error::missing_field(key));
        let number = serde_json::from_value(field("line")?).map_err(D::Error::custom)?;
        let previous = serde_json::from_value(field("previous")?).map_err(D::Error::custom)?;
        let line = serde_json::from_value(Value::Object(fields)).map_err(D::Error::custom)?;
        Ok(Self { number, previous, line })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::samples;

    #[test]
    fn every_kind_of_line_comes_back_as_it_was() {
        let mut names = std::collections::BTreeSet::new();
        for line in samples::every_kind() {
            names.insert(line.name());
            let entry = Entry { number: 7, previous: Head([3; 32]), line };
            let text = entry.encode().unwrap();
            assert!(text.contains(&format!("\"type\":\"{}\"", entry.line.name())), "{text}");
            assert_eq!(Entry::decode(text.as_bytes()).unwrap(), entry);
        }
        assert_eq!(names.len(), 14);
    }

    #[test]
    fn a_line_has_one_text() {
        let entry = Entry { number: 2, previous: Head([0x11; 32]), line: Line::failed("no \u{1b}body") };
        let text = entry.encode().unwrap();
        let previous = "11".repeat(32);
        assert_eq!(
            text,
            format!(r#"{{"line":2,"previous":"{previous}","reason":"no \\u{{1b}}body","type":"failed"}}"#)
        );
        #[track_caller]
        fn refused(text: &str, from: &str, to: &str) {
            let bad = text.replacen(from, to, 1);
            assert_ne!(bad, text);
            assert!(Entry::decode(bad.as_bytes()).is_err(), "{bad}");
        }
        refused(&text, "\"line\":2", "\"line\": 2");
        refused(&text, "\"line\":2", "\"line\":2.0");
        refused(&text, "\"line\":2", "\"line\":\"2\"");
        refused(&text, "\"line\":2,", "");
        refused(&text, "\"line\":2", "\"extra\":1,\"line\":2");
        refused(&text, "\"line\":2", "\"line\":3,\"line\":2");
        refused(&text, "failed", "fallen");
        refused(&text, "failed", "drilled");
        refused(&text, "1111", "11");
        refused(&text, "\\\\u{1b}", "\\u001b");
        refused(&text, "}", "}\n");
    }

    #[test]
    fn a_signature_covers_vault_number_and_every_other_field() {
        let vault = VaultId([1; 32]);
        let line = |statement: u8, signature: u8| Line::Committed {
            statement: StatementDigest([statement; 32]),
            signature: Hex([signature; 64]),
        };
        let entry = |number, previous: u8, line| Entry { number, previous: Head([previous; 32]), line };
        let digest = |entry: Entry, vault| entry.signing_digest(vault).unwrap();
        let one = digest(entry(2, 3, line(4, 5)), vault);
        assert_eq!(one, digest(entry(2, 3, line(4, 6)), vault), "its own signature is left out");
        assert_ne!(one, digest(entry(2, 3, line(4, 5)), VaultId([2; 32])));
        assert_ne!(one, digest(entry(3, 3, line(4, 5)), vault));
        assert_ne!(one, digest(entry(2, 4, line(4, 5)), vault));
        assert_ne!(one, digest(entry(2, 3, line(5, 5)), vault));
    }
}
