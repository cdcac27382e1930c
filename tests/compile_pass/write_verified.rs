//! What was released has bytes.

use std::io::Write;

use strongroom::verify::Released;

pub fn attempt(released: Released, out: &mut dyn Write) {
    let _ = out.write_all(released.full());
    let _ = out.write_all(released.trimmed());
}
