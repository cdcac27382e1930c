//! Messages cut into numbered pieces without a name of their own: BBQr, and `p1of3 …`.
//!
//! Floor 1. Such a piece says how many there are and which it is, and nothing that tells one message from another.
//! What can tell them apart is held: count, form, and size, and what a piece of the same number said before.

use std::collections::BTreeMap;

use crate::limits;

/// One piece, its text unpacked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Piece {
    pub(crate) form: Form,
    /// From 0.
    pub(crate) place: usize,
    pub(crate) count: usize,
    pub(crate) data: Vec<u8>,
}

/// What the pieces of a message have in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// BBQr: how it is packed, and the letter of what it is.
    Bbqr(super::Packing, u8),
    /// `p1of3 `
    Plain,
}

/// A message as it comes in.
pub(super) struct Pieces {
    form: Form,
    count: usize,
    known: BTreeMap<usize, Vec<u8>>,
    bytes: usize,
}

impl Pieces {
    /// The message that this piece is of, still without it.
    pub(super) const fn of(piece: &Piece) -> Self {
        Self { form: piece.form, count: piece.count, known: BTreeMap::new(), bytes: 0 }
    }

    /// Whether the piece may be one of this message: all are of one size, but the last, which may be shorter.
    pub(super) fn has(&self, piece: &Piece) -> bool {
        if (self.form, self.count) != (piece.form, piece.count) {
            return false;
        }
        if let Some(known) = self.known.get(&piece.place) {
            return *known == piece.data;
        }
        let last = self.count.saturating_sub(1);
        let size = |place: usize, data: &Vec<u8>| (place == last, data.len());
        let goes_with = |(is_last, length), (other_is_last, other): (bool, usize)| match (is_last, other_is_last) {
            (false, false) => length == other,
            (true, _) => length <= other,
            (_, true) => other <= length,
        };
        self.known.iter().all(|(place, data)| goes_with(size(piece.place, &piece.data), size(*place, data)))
    }

    /// Whether this very piece was read before.
    pub(super) fn knows(&self, piece: &Piece) -> bool {
        (self.form, self.count) == (piece.form, piece.count) && self.known.get(&piece.place) == Some(&piece.data)
    }

    /// Takes a piece of this message. Says whether it was new; `None` where the message grows beyond the limit.
    pub(super) fn put(&mut self, piece: Piece) -> Option<bool> {
        if self.known.contains_key(&piece.place) {
            return Some(false);
        }
        self.bytes = self.bytes.saturating_add(piece.data.len());
        if self.bytes > limits::QR_MESSAGE_BYTES.saturating_mul(2) {
            return None;
        }
        self.known.insert(piece.place, piece.data);
        Some(true)
    }

    pub(super) fn progress(&self) -> (usize, usize) {
        (self.known.len(), self.count)
    }

    pub(super) const fn form(&self) -> Form {
        self.form
    }

    /// The numbers, from 1, of those that are missing.
    pub(super) fn missing(&self) -> Vec<usize> {
        (0..self.count).filter(|place| !self.known.contains_key(place)).map(|place| place.saturating_add(1)).collect()
    }

    /// All pieces in a row, once nothing is missing.
    pub(super) fn whole(&self) -> Option<Vec<u8>> {
        (self.known.len() == self.count).then(|| self.known.values().flatten().copied().collect())
    }
}
