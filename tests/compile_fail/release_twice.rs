//! What was verified is released once, and only under its own closing line.

use strongroom::{
    journal::Pen,
    port::Store,
    secret::StatementKey,
    verify::{Verified, release},
};

fn attempt(verified: Verified, pen: &mut Pen, store: &mut dyn Store, key: &StatementKey) {
    let _ = release(verified, pen, store, key);
    let _ = release(verified, pen, store, key);
}

fn main() {}
