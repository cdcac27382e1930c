//! Numbers that follow from a seed.

/// A row of numbers that look random.
pub struct Seed(u64);

impl Seed {
    /// The row of this seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        let mut new = Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x5851_f42d_4c95_7f2d);
        new.next();
        new
    }

    /// The next of 64 bits (xorshift64*).
    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    /// From 0 to less than 1.
    pub fn unit(&mut self) -> f32 {
        (self.next() >> 40) as f32 / (1u64 << 24) as f32
    }

    /// From `low` to less than `high`.
    pub fn between(&mut self, low: f32, high: f32) -> f32 {
        low + (high - low) * self.unit()
    }

    /// Below `bound`.
    pub fn below(&mut self, bound: usize) -> usize {
        (self.next() >> 16) as usize % bound
    }

    /// One or the other.
    pub fn sign(&mut self) -> f32 {
        if self.next() & (1 << 40) == 0 { 1.0 } else { -1.0 }
    }

    /// About 0 with a deviation of 1, as sums of many are: four of 16 bits.
    pub fn normal(&mut self) -> f32 {
        let bits = self.next();
        let sum = (0..4).map(|part| (bits >> (16 * part) & 0xffff) as f32).sum::<f32>();
        (sum / 65_536.0 - 2.0) * 1.732
    }
}
