//! Only `sign` makes what is verified.

use strongroom::{journal::Recorded, policy::Cleared, sign::Signed};

fn attempt(recorded: Recorded<Cleared>) -> Signed {
    Signed { recorded, signatures: Vec::new() }
}

fn main() {}
