//! How much long work is, as far as anyone can say before it is done.
//!
//! Floor 0. No clock here: whoever shows the work has one.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

/// How much a piece of work is.
#[derive(Debug, Clone)]
pub enum Effort {
    /// Nobody can say.
    Unknown,
    /// scrypt with an N of 2^`log_n`, so many times: it tells nothing on its way, and takes as long each time.
    Scrypt {
        /// log2 of N.
        log_n: u8,
        /// How many times.
        times: u32,
    },
    /// It counts its steps.
    Steps(Arc<Steps>),
}

/// Steps that are counted while others look.
#[derive(Debug)]
pub struct Steps {
    done: AtomicU64,
    all: u64,
}

impl Steps {
    /// None of so many.
    #[must_use]
    pub const fn of(all: u64) -> Self {
        Self { done: AtomicU64::new(0), all }
    }

    /// So many more are done.
    pub fn add(&self, steps: u64) {
        self.done.fetch_add(steps, Ordering::Relaxed);
    }

    /// How many of a hundred are done; 99 at most, for the work is over when whoever does it says so.
    #[must_use]
    pub fn hundredths(&self) -> u64 {
        let done = self.done.load(Ordering::Relaxed);
        done.saturating_mul(100).checked_div(self.all).unwrap_or(0).min(99)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_counted_never_claims_to_be_over() {
        let steps = Steps::of(200_000);
        assert_eq!(steps.hundredths(), 0);
        steps.add(1_999);
        assert_eq!(steps.hundredths(), 0);
        steps.add(1);
        assert_eq!(steps.hundredths(), 1);
        for _ in 0..3 {
            steps.add(198_000);
            assert_eq!(steps.hundredths(), 99);
        }
        let steps = Steps::of(0);
        steps.add(u64::MAX);
        assert_eq!(steps.hundredths(), 0);
    }
}
