//! `tally` approves.

use strongroom::{
    policy::Cleared,
    quorum::{Approved, Ballot, Roster, Session, tally},
};

pub fn attempt(cleared: Cleared, ballots: Vec<Ballot>, roster: &Roster, session: Session) -> Option<Approved<Cleared>> {
    tally(cleared, ballots, roster, session).ok()
}
