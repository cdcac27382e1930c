//! What was signed is verified.

use strongroom::{sign::Signed, verify::verify};

pub fn attempt(signed: Signed) {
    let _ = verify(signed);
}
