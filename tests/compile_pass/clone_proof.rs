//! What is not a proof can be copied: the findings of a review, the ballots of an approval.

use strongroom::{policy::Cleared, quorum::Approved};

pub fn attempt(approved: Approved<Cleared>) {
    let _ = approved.ballots().to_vec();
    let _ = approved.matter().warnings().to_vec();
}
