//! A secret cannot be printed.

use strongroom::{secret::Master, sys::Secret};

fn attempt(secret: Secret, master: Master) {
    println!("{secret:?}");
    println!("{master:?}");
}

fn main() {}
