//! What is fuzzed: a function a reader of untrusted bytes. It must not panic, and what it says must hold.
//!
//! `fuzz/targets` gives each to libFuzzer; `tests/fuzz_corpus.rs` gives each its committed corpus in every run of the
//! tests. Only what is public is called, as a ceremony would call it.

#![allow(unreachable_pub, reason = "a module of the tests, too")]

mod at_rest;
mod carried;
mod pictures;
mod psbts;
mod reviews;
mod texts;

pub use at_rest::{canon, journal, sealed, share, slot};
pub use carried::{qr, ur};
pub use pictures::{eye, picture, video};
pub use psbts::{psbt, psbt_file};
pub use reviews::review;
pub use texts::{address, descriptor, policy, typed};

use strongroom::text::printable;

/// A target: takes any bytes.
pub type Target = fn(&[u8]);

/// All of them by the names of their corpora.
pub const TARGETS: [(&str, Target); 17] = [
    ("address", address),
    ("canon", canon),
    ("descriptor", descriptor),
    ("eye", eye),
    ("journal", journal),
    ("picture", picture),
    ("policy", policy),
    ("psbt", psbt),
    ("psbt_file", psbt_file),
    ("qr", qr),
    ("review", review),
    ("sealed", sealed),
    ("share", share),
    ("slot", slot),
    ("typed", typed),
    ("ur", ur),
    ("video", video),
];

/// What a person reads stands in one line of what `printable` lets through: ASCII, and letters of BIP39's languages.
#[track_caller]
fn readable(text: &str) {
    assert!(!text.is_empty(), "nothing is said");
    let deceives = |c: &char| !c.is_ascii_graphic() && !matches!(c, ' ' | '…') && printable(&c.to_string()).len() > 4;
    assert_eq!(text.chars().find(deceives), None, "not for a terminal: {text:?}");
}
