//! Who may approve, what they approve, and the tally: custodians, roster, ballots.
//!
//! Floor 2. Pure: no clock, no disk, no secrets.

mod ballot;
mod roster;
mod tally;

pub use ballot::{Ballot, BallotError, Kind, Session};
pub(crate) use roster::check_size;
pub use roster::{Custodian, Roster, RosterError};
pub use tally::{Approved, Matter, Proposed, TallyError, tally};
