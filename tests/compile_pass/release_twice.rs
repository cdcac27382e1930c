//! `release` releases.

use strongroom::{
    journal::Pen,
    port::Store,
    secret::StatementKey,
    verify::{Released, Verified, release},
};

pub fn attempt(verified: Verified, pen: &mut Pen, store: &mut dyn Store, key: &StatementKey) -> Option<Released> {
    release(verified, pen, store, key).ok()
}
