//! How a PSBT came, and in how many codes the answer goes back: shown with the transaction.
//!
//! No part of the facts, the findings or the digest: two custodians may be brought the same bytes in different ways, on
//! one machine by a camera and on another by a stick, and compare one digest; and nothing is decided by it.

use crate::text::count;

/// How a PSBT came.
pub struct Transport {
    /// In words: `by camera: UR in 12 parts`.
    pub came: String,
    /// What the codes of the answer are called: `UR`.
    pub format: &'static str,
    /// How many codes some bytes of an answer take, at the density that is shown first; nothing where codes cannot carry
    /// them.
    pub codes: Box<dyn Fn(&[u8]) -> Option<u32>>,
}

impl Transport {
    /// In how many codes an answer goes back: `3 codes (UR, normal density)`.
    #[must_use]
    pub fn back(&self, answer: &[u8]) -> Option<String> {
        let codes = usize::try_from((self.codes)(answer)?).ok()?;
        Some(format!("{} ({}, normal density)", count(codes, "code"), self.format))
    }
}
