//! The tally: from a cleared transaction or a proposed instruction to an approved one.

use std::collections::BTreeSet;

use bitcoin::secp256k1::Secp256k1;
use serde::Serialize;

use crate::{
    canon::{self, CanonError},
    digest::{Subject, Tagged},
    policy::Cleared,
    quorum::{Ballot, BallotError, Kind, Roster, Session},
    text::Name,
};

/// What can be approved: a [`Cleared`] transaction or a [`Proposed`] instruction, and nothing else.
pub trait Matter: sealed::Sealed {
    /// The kind of instruction.
    fn kind(&self) -> Kind;
    /// The digest that ballots approve.
    fn subject(&self) -> Subject;
    /// Ballots that it needs; never below the roster's threshold.
    fn ballots_needed(&self, roster: &Roster) -> usize;
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for crate::policy::Cleared {}
    impl<I> Sealed for super::Proposed<I> {}
}

impl Matter for Cleared {
    fn kind(&self) -> Kind {
        Kind::Sign
    }

    fn subject(&self) -> Subject {
        self.digest()
    }

    fn ballots_needed(&self, roster: &Roster) -> usize {
        let threshold = usize::from(roster.threshold());
        self.approvals().map_or(threshold, |more| more.of(threshold, roster.custodians().len()))
    }
}

/// An instruction other than signing, with its subject digest.
#[must_use]
pub struct Proposed<I> {
    instruction: I,
    kind: Kind,
    subject: Subject,
}

impl<I: Serialize> Proposed<I> {
    /// `subject = tagged_hash("strongroom/subject", u8 kind, canonical JSON of the instruction)`.
    ///
    /// # Errors
    /// The instruction has no canonical form.
    pub fn new(kind: Kind, instruction: I) -> Result<Self, CanonError> {
        let document = canon::document(&instruction)?;
        let subject = Tagged::new("strongroom/subject").u8(kind.code()).bytes(document.as_bytes()).finish();
        Ok(Self { instruction, kind, subject: Subject(subject) })
    }
}

impl<I> Proposed<I> {
    /// The instruction.
    pub const fn instruction(&self) -> &I {
        &self.instruction
    }
}

impl<I> Matter for Proposed<I> {
    fn kind(&self) -> Kind {
        self.kind
    }

    fn subject(&self) -> Subject {
        self.subject
    }

    fn ballots_needed(&self, roster: &Roster) -> usize {
        usize::from(roster.threshold())
    }
}

/// Proof of [`tally`]: enough distinct custodians of the roster approved this very matter, in this session.
#[must_use]
pub struct Approved<M> {
    matter: M,
    ballots: Vec<Ballot>,
    session: Session,
}

impl<M> Approved<M> {
    /// What was approved.
    pub const fn matter(&self) -> &M {
        &self.matter
    }

    /// The ballots, each verified.
    #[must_use]
    pub fn ballots(&self) -> &[Ballot] {
        &self.ballots
    }

    /// The session that they are bound to.
    #[must_use]
    pub const fn session(&self) -> &Session {
        &self.session
    }
}

/// Why ballots do not approve.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TallyError {
    /// A signature is wrong.
    #[error(transparent)]
    Ballot(#[from] BallotError),
    /// Not in the roster.
    #[error("`{0}` is no custodian of this vault")]
    Stranger(Name),
    /// Voted twice.
    #[error("`{0}` voted twice; each custodian counts once")]
    Twice(Name),
    /// Too few.
    #[error("{given} of {needed} approvals")]
    TooFew {
        /// Valid ballots.
        given: usize,
        /// Ballots needed.
        needed: usize,
    },
}

/// Membership by name, each once, the signature with the roster's key, then the threshold.
///
/// # Errors
/// The first ballot that does not count, or too few.
pub fn tally<M: Matter>(
    matter: M,
    ballots: Vec<Ballot>,
    roster: &Roster,
    session: Session,
) -> Result<Approved<M>, TallyError> {
    let secp = Secp256k1::verification_only();
    let digest = session.ballot_digest(matter.kind(), matter.subject());
    let mut voted = BTreeSet::new();
    for ballot in &ballots {
        let custodian = roster.find(&ballot.custodian).ok_or_else(|| TallyError::Stranger(ballot.custodian.clone()))?;
        if !voted.insert(&ballot.custodian) {
            return Err(TallyError::Twice(ballot.custodian.clone()));
        }
        ballot.check(&digest, custodian, &secp)?;
    }
    let needed = matter.ballots_needed(roster).max(usize::from(roster.threshold()));
    if voted.len() < needed {
        return Err(TallyError::TooFew { given: voted.len(), needed });
    }
    Ok(Approved { matter, ballots, session })
}
