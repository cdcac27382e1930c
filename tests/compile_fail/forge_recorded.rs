//! Only `record` records.

use strongroom::{digest::Head, journal::Recorded, policy::Cleared, quorum::Approved};

fn attempt(approved: Approved<Cleared>) -> Recorded<Cleared> {
    Recorded { approved, transaction: None, head: Head([0; 32]) }
}

fn main() {}
