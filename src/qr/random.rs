//! Which fragments a fountain part mixes: both sides draw the same from the part's number and the message's checksum.
//!
//! Floor 1. This is no source of secrets: the sequence is public and the same for everyone.
//!
//! # Source
//! BCR-2020-005 and its reference implementation: xoshiro256**, the alias method of Vose, degrees by 1/n.

use crate::digest::sha256;

/// xoshiro256**, seeded by a SHA-256.
pub(crate) struct Xoshiro([u64; 4]);

impl Xoshiro {
    pub(crate) fn seeded(seed: &[u8]) -> Self {
        let hash = sha256(seed);
        let word = |at: usize| {
            hash.iter().skip(at.saturating_mul(8)).take(8).fold(0u64, |word, byte| (word << 8) | u64::from(*byte))
        };
        Self([word(0), word(1), word(2), word(3)])
    }

    pub(crate) fn next(&mut self) -> u64 {
        let [a, b, c, d] = &mut self.0;
        let drawn = b.wrapping_mul(5).rotate_left(7).wrapping_mul(9);
        let shifted = *b << 17;
        *c ^= *a;
        *d ^= *b;
        *b ^= *c;
        *a ^= *d;
        *c ^= shifted;
        *d = d.rotate_left(45);
        drawn
    }

    /// At least 0 and below 1.
    fn unit(&mut self) -> f64 {
        self.next() as f64 / 18_446_744_073_709_551_616.0
    }

    /// `low` to `high`, both included.
    pub(crate) fn between(&mut self, low: u64, high: u64) -> u64 {
        let width = high.saturating_sub(low).saturating_add(1);
        ((self.unit() * width as f64) as u64).saturating_add(low).min(high)
    }

    /// `items` in a drawn order, as many of them as `most`.
    pub(crate) fn shuffled<T>(&mut self, mut items: Vec<T>, most: usize) -> Vec<T> {
        let mut drawn = Vec::new();
        while drawn.len() < most && !items.is_empty() {
            let last = u64::try_from(items.len().saturating_sub(1)).unwrap_or(0);
            let at = usize::try_from(self.between(0, last)).unwrap_or(0);
            drawn.push(items.remove(at));
        }
        drawn
    }
}

/// Draws places by their weights.
pub(crate) struct Sampler {
    chances: Vec<f64>,
    aliases: Vec<usize>,
}

impl Sampler {
    pub(crate) fn new(weights: &[f64]) -> Self {
        let count = weights.len();
        let sum: f64 = weights.iter().sum();
        let mut scaled: Vec<f64> = weights.iter().map(|weight| weight * count as f64 / sum).collect();
        let (mut small, mut large): (Vec<usize>, Vec<usize>) =
            (0..count).rev().partition(|&place| scaled.get(place).is_some_and(|chance| *chance < 1.0));
        let mut chances = vec![1.0; count];
        let mut aliases = vec![0; count];
        while let (Some(&less), Some(&more)) = (small.last(), large.last()) {
            small.pop();
            large.pop();
            let part = scaled.get(less).copied().unwrap_or(1.0);
            if let (Some(chance), Some(alias)) = (chances.get_mut(less), aliases.get_mut(less)) {
                (*chance, *alias) = (part, more);
            }
            let Some(rest) = scaled.get_mut(more) else { continue };
            *rest += part - 1.0;
            if *rest < 1.0 { small.push(more) } else { large.push(more) }
        }
        Self { chances, aliases }
    }

    /// For degrees: 1 to `count`, each weighed by its inverse.
    pub(crate) fn of_degrees(count: usize) -> Self {
        Self::new(&(1..=count).map(|degree| 1.0 / degree as f64).collect::<Vec<_>>())
    }

    pub(crate) fn draw(&self, random: &mut Xoshiro) -> usize {
        let (first, second) = (random.unit(), random.unit());
        let place = (first * self.chances.len() as f64) as usize;
        if self.chances.get(place).is_some_and(|chance| second < *chance) {
            place
        } else {
            self.aliases.get(place).copied().unwrap_or(0)
        }
    }
}

/// The fragments, counted from 0, that part `number` of a message of `count` fragments mixes.
pub(crate) fn chosen(number: u32, count: usize, sum: u32, degrees: &Sampler) -> Vec<usize> {
    let number_from_0 = usize::try_from(number.saturating_sub(1)).unwrap_or(usize::MAX);
    if number_from_0 < count {
        return vec![number_from_0];
    }
    let seed = [number.to_be_bytes(), sum.to_be_bytes()].concat();
    let mut random = Xoshiro::seeded(&seed);
    let degree = degrees.draw(&mut random).saturating_add(1);
    random.shuffled((0..count).collect(), degree)
}
