//! The ballots in a journal, judged by a roster: each is its custodian's, and enough of them stand behind an intent.
//!
//! Floor 3. Pure. The chain alone proves order; whoever holds the medium can append lines that nobody signed. All that
//! a ballot is bound to stands in the journal, but for the approval keys, which are the statement's. A vault keeps one
//! roster for life, so the statement in force serves every line.

use crate::{
    journal::{ChainError, ChainFault, Entry, Journal, Line},
    quorum::{Roster, Session},
    text::Name,
};

impl Journal {
    /// Checks what only the roster can tell: every ballot, the votes behind every intent, every custodian's name.
    ///
    /// # Errors
    /// The first line that says what no custodian of `roster` did.
    pub fn check_ballots(&self, roster: &Roster) -> Result<(), ChainError> {
        let mut sessions = Vec::new();
        let mut before: Option<&Entry> = None;
        for entry in &self.entries {
            if let Line::Opened { session_key, statement, .. } = &entry.line {
                sessions = starts(entry, before)
                    .map(|start| Session {
                        statement: *statement,
                        key: session_key.0,
                        journal_count: start.number.saturating_sub(1),
                        journal_head: start.previous,
                    })
                    .collect();
            }
            self.judge_by(roster, &sessions, &entry.line).map_err(|fault| ChainError { line: entry.number, fault })?;
            before = Some(entry);
        }
        Ok(())
    }

    fn judge_by(&self, roster: &Roster, sessions: &[Session], line: &Line) -> Result<(), ChainFault> {
        match line {
            Line::Voted { ballot, kind, subject } => {
                let custodian = roster.find(&ballot.custodian).ok_or_else(|| stranger(&ballot.custodian))?;
                let holds = |session: &Session| {
                    ballot.check(&session.ballot_digest(*kind, *subject), custodian, &self.identity.secp).is_ok()
                };
                if sessions.iter().any(holds) { Ok(()) } else { Err(ChainFault::Ballot(ballot.custodian.clone())) }
            }
            // That each of them voted for it, once, is the order's to see.
            Line::Intent { custodians, .. } => {
                let (given, needed) = (custodians.len(), usize::from(roster.threshold()));
                if given < needed { Err(ChainFault::TooFew { given, needed }) } else { Ok(()) }
            }
            Line::Drilled { custodian, .. } | Line::Changed { custodian, .. } => {
                roster.find(custodian).map(drop).ok_or_else(|| stranger(custodian))
            }
            Line::Created { .. }
            | Line::Opened { .. }
            | Line::Writing { .. }
            | Line::Committed { .. }
            | Line::Finished { .. }
            | Line::Undone { .. }
            | Line::Signed { .. }
            | Line::Refused { .. }
            | Line::Exported { .. }
            | Line::Failed { .. } => Ok(()),
        }
    }
}

/// The lines with which a session can have begun: its opening, or what settled a change that was cut short and stands
/// just before it. Ballots are bound to the journal as it was before the first of them.
fn starts<'a>(opened: &'a Entry, before: Option<&'a Entry>) -> impl Iterator<Item = &'a Entry> {
    let settled = before.filter(|entry| matches!(entry.line, Line::Finished { .. } | Line::Undone { .. }));
    std::iter::once(opened).chain(settled)
}

fn stranger(name: &Name) -> ChainFault {
    ChainFault::Stranger(name.clone())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        digest::{Commitment, FileDigest},
        journal::samples::{self, SUBJECT, Sample, intent, name, opened, public, sign_by, spending},
        quorum::{Ballot, Custodian, Kind},
    };

    fn roster() -> Roster {
        let custodian = |(share_index, text): (u8, &str)| Custodian {
            name: name(text),
            approval_key: public(10 + share_index),
            share_index,
            commitment: Commitment([share_index; 32]),
        };
        Roster::new(2, [(0, "alice"), (1, "bob"), (2, "carol")].map(custodian).to_vec(), vec![1]).unwrap()
    }

    /// A vote signed with the secret key of this number, in a session that opened after `count` lines with `head`.
    fn vote(custodian: &str, key: u8, (count, head): (u64, crate::digest::Head)) -> Line {
        let session = Session { statement: samples::STATEMENT, key: [9; 32], journal_count: count, journal_head: head };
        let signature = crate::text::hex(&sign_by(key, &session.ballot_digest(Kind::Sign, SUBJECT)));
        Line::Voted { ballot: Ballot { custodian: name(custodian), signature }, kind: Kind::Sign, subject: SUBJECT }
    }

    /// A session in which alice and bob approve a transaction.
    fn approved() -> Sample {
        let mut sample = Sample::new();
        let start = (sample.number, sample.head);
        sample.push(opened());
        sample.push(vote("alice", 10, start));
        sample.push(vote("bob", 11, start));
        sample.push(intent(Kind::Sign, Some(spending(1))));
        sample
    }

    #[track_caller]
    fn fault(sample: &Sample) -> (u64, ChainFault) {
        let error = sample.journal().check_ballots(&roster()).unwrap_err();
        (error.line, error.fault)
    }

    #[test]
    fn ballots_of_the_rosters_keys_hold() {
        let mut sample = approved();
        sample.sign(spending(1));
        sample.push(Line::Drilled { custodian: name("carol"), epoch: 1 });
        sample.push(Line::Changed { custodian: name("bob"), epoch: 1, sealed: FileDigest([4; 32]) });
        assert_eq!(sample.journal().check_ballots(&roster()), Ok(()));
    }

    #[test]
    fn a_session_may_begin_with_what_settles_a_change() {
        for settles in [true, false] {
            let mut sample = approved();
            let mut change = Sample::new();
            let start = (change.number, change.head);
            let policy = |custodian: &str, key: u8| {
                let session = Session {
                    statement: samples::STATEMENT,
                    key: [9; 32],
                    journal_count: start.0,
                    journal_head: start.1,
                };
                let signature = crate::text::hex(&sign_by(key, &session.ballot_digest(Kind::Policy, SUBJECT)));
                let ballot = Ballot { custodian: name(custodian), signature };
                Line::Voted { ballot, kind: Kind::Policy, subject: SUBJECT }
            };
            change.push(opened());
            change.push(policy("alice", 10));
            change.push(policy("carol", 12));
            change.push(Line::Intent {
                kind: Kind::Policy,
                subject: SUBJECT,
                custodians: vec![name("alice"), name("carol")],
                transaction: None,
            });
            change.push(samples::writing());
            let before = (change.number, change.head);
            change.push(Line::Undone { statement: samples::NEXT });
            let after = (change.number, change.head);
            let start = if settles { before } else { after };
            change.push(opened());
            change.push(vote("alice", 10, start));
            assert_eq!(change.journal().check_ballots(&roster()), Ok(()), "{settles}");
            // Elsewhere a session begins with its opening.
            sample.push(opened());
            sample.push(vote("alice", 10, before));
            assert_eq!(fault(&sample), (7, ChainFault::Ballot(name("alice"))));
        }
    }

    #[test]
    fn invented_ballots_are_named_by_their_line() {
        let ballot = |custodian: &str| ChainFault::Ballot(name(custodian));
        let mut invented = Sample::new();
        invented.intent(spending(1));
        assert_eq!(fault(&invented), (3, ballot("alice")));

        let session = |votes: &dyn Fn((u64, crate::digest::Head)) -> Vec<Line>| {
            let mut sample = Sample::new();
            let start = (sample.number, sample.head);
            sample.push(opened());
            for line in votes(start) {
                sample.push(line);
            }
            sample
        };
        // Another custodian's key, a stranger, another count, another head.
        assert_eq!(fault(&session(&|at| vec![vote("alice", 11, at)])), (3, ballot("alice")));
        assert_eq!(
            fault(&session(&|at| vec![vote("alice", 10, at), vote("mallory", 11, at)])),
            (4, ChainFault::Stranger(name("mallory")))
        );
        assert_eq!(fault(&session(&|at| vec![vote("bob", 11, (at.0 + 1, at.1))])), (3, ballot("bob")));
        let other = crate::digest::Head([1; 32]);
        assert_eq!(fault(&session(&|at| vec![vote("bob", 11, (at.0, other))])), (3, ballot("bob")));
        // A true ballot of an earlier session serves in no later one.
        let mut again = approved();
        let first = (1, again.journal().entries()[1].previous);
        again.push(opened());
        again.push(vote("alice", 10, first));
        assert_eq!(fault(&again), (7, ballot("alice")));
    }

    #[test]
    fn an_intent_with_too_few_ballots_is_named() {
        let mut sample = Sample::new();
        let start = (sample.number, sample.head);
        sample.push(opened());
        sample.push(vote("alice", 10, start));
        let transaction = Some(spending(1));
        sample.push(Line::Intent { kind: Kind::Sign, subject: SUBJECT, custodians: vec![name("alice")], transaction });
        let (line, fault) = fault(&sample);
        assert_eq!((line, &fault), (4, &ChainFault::TooFew { given: 1, needed: 2 }));
        assert!(fault.to_string().contains("1 of 2 approvals"), "{fault}");
    }

    #[test]
    fn a_drill_or_new_passphrase_of_a_stranger_is_named() {
        for line in [
            Line::Drilled { custodian: name("mallory"), epoch: 1 },
            Line::Changed { custodian: name("mallory"), epoch: 1, sealed: FileDigest([4; 32]) },
        ] {
            let mut sample = approved();
            sample.push(line);
            assert_eq!(fault(&sample), (6, ChainFault::Stranger(name("mallory"))));
        }
    }
}
