//! `verify` verifies.

use strongroom::{
    sign::Signed,
    verify::{Verified, verify},
};

pub fn attempt(signed: Signed) -> Option<Verified> {
    verify(signed).ok()
}
