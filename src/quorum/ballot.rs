//! A ballot: one custodian's signature under one instruction, one statement, one session.

use bitcoin::secp256k1::{Message, Secp256k1, VerifyOnly, XOnlyPublicKey, schnorr::Signature};
use serde::{Deserialize, Serialize};

use crate::{
    digest::{Head, StatementDigest, Subject, Tagged},
    quorum::Custodian,
    text::Name,
};

/// The seven kinds of instruction; a ceremony may do nothing else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Sign a transaction.
    Sign,
    /// Register a wallet.
    AddWallet,
    /// Export an extended public key.
    Xpub,
    /// Change the policy.
    Policy,
    /// Change the roster.
    Roster,
    /// Write the seed as paper shares.
    Backup,
    /// Prove control (BIP322).
    Proof,
}

impl Kind {
    /// The number that stands for the kind in hashes.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Self::Sign => 1,
            Self::AddWallet => 2,
            Self::Xpub => 3,
            Self::Policy => 4,
            Self::Roster => 5,
            Self::Backup => 6,
            Self::Proof => 7,
        }
    }

    /// The kind in words.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Sign => "sign a transaction",
            Self::AddWallet => "register a wallet",
            Self::Xpub => "export an extended public key",
            Self::Policy => "change the policy",
            Self::Roster => "change the roster",
            Self::Backup => "write a backup",
            Self::Proof => "prove control",
        }
    }
}

/// What a ballot is bound to beside its instruction: the statement, the running session, and the journal as it
/// was when the session opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Session {
    /// `S` of the statement in force.
    pub statement: StatementDigest,
    /// The 32 raw bytes of the session's age recipient.
    pub key: [u8; 32],
    /// Lines in the journal when the session opened.
    pub journal_count: u64,
    /// Its head then.
    pub journal_head: Head,
}

impl Session {
    /// `tagged_hash("strongroom/ballot/1", u8 kind, S, subject, session key, u64 count, head)`.
    #[must_use]
    pub fn ballot_digest(&self, kind: Kind, subject: Subject) -> [u8; 32] {
        Tagged::new("strongroom/ballot/1")
            .u8(kind.code())
            .bytes(self.statement.as_bytes())
            .bytes(subject.as_bytes())
            .bytes(&self.key)
            .u64(self.journal_count)
            .bytes(self.journal_head.as_bytes())
            .finish()
    }
}

/// One custodian's approval, as the journal's `voted` line holds it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ballot {
    /// Who.
    pub custodian: Name,
    /// BIP340 signature by the approval key over [`Session::ballot_digest`], 128 hex digits.
    pub signature: String,
}

/// A signature that is not this custodian's over this instruction in this session.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the ballot of `{custodian}` is not over this instruction, statement and session")]
pub struct BallotError {
    /// Whose it claims to be.
    pub custodian: Name,
}

impl Ballot {
    /// Checks the signature against `custodian`'s approval key.
    ///
    /// # Errors
    /// [`BallotError`], whatever is wrong with it.
    pub fn check(
        &self,
        digest: &[u8; 32],
        custodian: &Custodian,
        secp: &Secp256k1<VerifyOnly>,
    ) -> Result<(), BallotError> {
        let wrong = || BallotError { custodian: self.custodian.clone() };
        let bytes: [u8; 64] = bitcoin::hex::FromHex::from_hex(&self.signature).map_err(|_| wrong())?;
        if crate::text::hex(&bytes) != self.signature {
            return Err(wrong());
        }
        let signature = Signature::from_slice(&bytes).map_err(|_| wrong())?;
        let key = XOnlyPublicKey::from_slice(custodian.approval_key.as_bytes()).map_err(|_| wrong())?;
        secp.verify_schnorr(&signature, &Message::from_digest(*digest), &key).map_err(|_| wrong())
    }
}
