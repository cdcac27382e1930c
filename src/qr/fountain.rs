//! Fragments from mixed parts, by elimination over GF(2).
//!
//! Floor 1. Each part is an equation: the XOR of some fragments. The rows that are kept are in reduced echelon form,
//! so that each stands for one fragment of its own, and mixes it with fragments that no row stands for at most. With
//! as many rows as fragments, each row is a fragment. A part that is no XOR of others always adds a row: of any set of
//! parts, no way of solving needs fewer.

use std::collections::BTreeMap;

/// Rows so far.
pub(super) struct Solver {
    count: usize,
    rows: BTreeMap<usize, Row>,
}

struct Row {
    /// Bit n of word n / 64: fragment n is in it.
    places: Vec<u64>,
    data: Vec<u8>,
}

/// What a part was good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Put {
    /// It tells something new.
    Fresh,
    /// It follows from what is known.
    Known,
    /// It contradicts what is known.
    Contradiction,
}

impl Row {
    fn mixes(&self, place: usize) -> bool {
        self.places.get(place / 64).is_some_and(|word| word & bit(place) != 0)
    }

    fn add(&mut self, other: &Self) {
        self.places.iter_mut().zip(&other.places).for_each(|(word, with)| *word ^= with);
        self.data.iter_mut().zip(&other.data).for_each(|(byte, with)| *byte ^= with);
    }

    fn first(&self) -> Option<usize> {
        let (at, word) = self.places.iter().enumerate().find(|(_, word)| **word != 0)?;
        Some(at.saturating_mul(64).saturating_add(usize::try_from(word.trailing_zeros()).unwrap_or(0)))
    }
}

const fn bit(place: usize) -> u64 {
    1 << (place % 64)
}

impl Solver {
    /// For a message of `count` fragments.
    pub(super) const fn new(count: usize) -> Self {
        Self { count, rows: BTreeMap::new() }
    }

    /// Takes the XOR of these fragments, counted from 0, each named once. All have the same length.
    pub(super) fn put(&mut self, places: &[usize], data: Vec<u8>) -> Put {
        let mut row = Row { places: vec![0; self.count.div_ceil(64)], data };
        for place in places {
            if let Some(word) = row.places.get_mut(place / 64) {
                *word ^= bit(*place);
            }
        }
        // No row mixes a fragment that another stands for: one pass leaves none of these.
        for place in places {
            if let Some(known) = self.rows.get(place) {
                row.add(known);
            }
        }
        let Some(first) = row.first() else {
            return if row.data.iter().all(|byte| *byte == 0) { Put::Known } else { Put::Contradiction };
        };
        for known in self.rows.values_mut().filter(|known| known.mixes(first)) {
            known.add(&row);
        }
        self.rows.insert(first, row);
        Put::Fresh
    }

    /// Independent parts so far.
    pub(super) fn rank(&self) -> usize {
        self.rows.len()
    }

    /// The fewest fragments, counted from 0, that complete the message: those that no row stands for.
    pub(super) fn missing(&self) -> Vec<usize> {
        (0..self.count).filter(|place| !self.rows.contains_key(place)).collect()
    }

    /// All fragments in a row, once nothing is missing.
    pub(super) fn whole(&self) -> Option<Vec<u8>> {
        let rows = (self.rows.len() == self.count).then(|| self.rows.values())?;
        Some(rows.flat_map(|row| &row.data).copied().collect())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn mixed(places: &[usize], fragments: &[Vec<u8>]) -> Vec<u8> {
        let none = vec![0; fragments[0].len()];
        places.iter().fold(none, |sum, &place| sum.iter().zip(&fragments[place]).map(|(a, b)| a ^ b).collect())
    }

    #[test]
    fn what_follows_is_known_and_what_contradicts_is_seen() {
        let mut solver = Solver::new(3);
        assert_eq!(solver.put(&[0, 1], vec![3]), Put::Fresh);
        assert_eq!(solver.put(&[1, 2], vec![6]), Put::Fresh);
        assert_eq!(solver.put(&[0, 2], vec![5]), Put::Known);
        assert_eq!(solver.put(&[0, 2], vec![4]), Put::Contradiction);
        assert_eq!((solver.rank(), solver.missing()), (2, vec![2]));
        assert_eq!(solver.whole(), None);
        assert_eq!(solver.put(&[0], vec![1]), Put::Fresh);
        assert_eq!(solver.whole(), Some(vec![1, 2, 4]));
        assert_eq!(solver.put(&[1], vec![9]), Put::Contradiction);
    }

    proptest! {
        /// Rank by another way: parts as bits of a number, eliminated from the top.
        #[test]
        fn a_message_is_whole_exactly_when_its_parts_suffice(
            count in 1usize..12,
            parts in prop::collection::vec(prop::collection::btree_set(0usize..12, 1..8), 0..30),
        ) {
            let fragments: Vec<Vec<u8>> = (0..count).map(|n| vec![n as u8 + 1, 0xa5 ^ n as u8]).collect();
            let mut solver = Solver::new(count);
            let mut basis: Vec<u32> = Vec::new();
            for part in parts {
                let places: Vec<usize> = part.into_iter().filter(|place| *place < count).collect();
                let mut number = places.iter().fold(0u32, |bits, place| bits | 1 << place);
                for known in &basis {
                    number = number.min(number ^ known);
                }
                let fresh = number != 0;
                if fresh {
                    basis.push(number);
                    basis.sort_unstable_by(|a, b| b.cmp(a));
                }
                let put = solver.put(&places, mixed(&places, &fragments));
                prop_assert_eq!(put == Put::Fresh, fresh);
                prop_assert_ne!(put, Put::Contradiction);
                prop_assert_eq!(solver.rank(), basis.len());
                prop_assert_eq!(solver.whole().is_some(), basis.len() == count);
            }
            // The list of what is missing is enough, and no shorter list is.
            prop_assert_eq!(solver.missing().len(), count - solver.rank());
            for place in solver.missing() {
                prop_assert_eq!(solver.put(&[place], fragments[place].clone()), Put::Fresh);
            }
            prop_assert_eq!(solver.whole(), Some(fragments.concat()));
        }
    }
}
