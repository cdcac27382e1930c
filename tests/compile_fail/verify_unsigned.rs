//! Only what was signed is verified.

use strongroom::{journal::Recorded, policy::Cleared, verify::verify};

fn attempt(recorded: Recorded<Cleared>) {
    let _ = verify(recorded);
}

fn main() {}
