//! Only `tally` approves.

use strongroom::{
    policy::Cleared,
    quorum::{Approved, Session},
};

fn attempt(cleared: Cleared, session: Session) -> Approved<Cleared> {
    Approved { matter: cleared, ballots: Vec::new(), session }
}

fn main() {}
