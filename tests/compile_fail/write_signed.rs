//! Signatures that nobody checked have no bytes.

use std::io::Write;

use strongroom::sign::Signed;

fn attempt(signed: Signed, out: &mut dyn Write) {
    let _ = out.write_all(signed.full());
    let _ = out.write_all(signed.signatures());
}

fn main() {}
