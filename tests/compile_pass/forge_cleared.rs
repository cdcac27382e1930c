//! `judge` clears.

use strongroom::{
    policy::{Cleared, Policy, judge},
    review::Reviewed,
};

pub fn attempt(reviewed: Reviewed, policy: &Policy) -> Option<Cleared> {
    judge(reviewed, policy).ok()
}
