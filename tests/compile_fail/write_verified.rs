//! Signatures that the journal does not hold have no bytes.

use std::io::Write;

use strongroom::verify::Verified;

fn attempt(verified: Verified, out: &mut dyn Write) {
    let _ = out.write_all(verified.full());
    let _ = out.write_all(&verified.trimmed);
}

fn main() {}
