//! No proof can be copied.

use strongroom::{journal::Recorded, policy::Cleared, quorum::Approved, review::Reviewed, sign::Signed, verify::Verified};

fn attempt(
    reviewed: Reviewed,
    cleared: Cleared,
    approved: Approved<Cleared>,
    recorded: Recorded<Cleared>,
    signed: Signed,
    verified: Verified,
) {
    let _ = reviewed.clone();
    let _ = cleared.clone();
    let _ = approved.clone();
    let _ = recorded.clone();
    let _ = signed.clone();
    let _ = verified.clone();
}

fn main() {}
