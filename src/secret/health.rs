//! Health tests of entropy sources: repetition and proportion, after NIST SP 800-90B section 4.4.
//!
//! Floor 1. They catch a source that is stuck, never one that somebody can predict.

use super::entropy::Kind;

/// How a source shows that it is stuck.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Stuck {
    /// The same outcome too often in a row.
    #[error("the same outcome comes {0} times in a row")]
    Repeats(usize),
    /// One outcome takes too large a part.
    #[error("one outcome comes {count} times in {of}")]
    Outweighs {
        /// How often it comes.
        count: usize,
        /// The number of outcomes.
        of: usize,
    },
    /// Cards in the order in which a new deck is sold, or its reverse.
    #[error("the cards lie in order; shuffle them")]
    InOrder,
}

/// Whether `outcomes` can come from a working source: each limit is passed by chance less than once in 2^28 times.
pub(super) fn check(kind: Kind, outcomes: &[u8]) -> Result<(), Stuck> {
    let of = outcomes.len();
    let repeats = longest_run(outcomes);
    if repeats >= run_limit(kind) {
        return Err(Stuck::Repeats(repeats));
    }
    let count = most_frequent(outcomes);
    if count >= share_limit(kind, of) {
        return Err(Stuck::Outweighs { count, of });
    }
    Ok(())
}

/// `1 + ceil(30 / bits of one outcome)`, and 3 more for the number of places where a run can start.
const fn run_limit(kind: Kind) -> usize {
    match kind {
        Kind::Kernel => 6,
        Kind::Dice => 16,
        Kind::Coins => 41,
        // A card comes once a deck.
        Kind::Cards => 3,
    }
}

/// The mean and seven deviations; for 64 bytes, where that is too rough, by count.
fn share_limit(kind: Kind, of: usize) -> usize {
    match kind {
        Kind::Kernel => 10,
        Kind::Dice => part(of, 6),
        Kind::Coins => part(of, 2),
        Kind::Cards => usize::MAX,
    }
}

fn part(of: usize, faces: usize) -> usize {
    let mean = of.checked_div(faces).unwrap_or(0);
    let variance = mean.saturating_sub(mean.checked_div(faces).unwrap_or(0));
    let deviations = variance.saturating_mul(49).isqrt();
    mean.saturating_add(deviations).saturating_add(1)
}

fn longest_run(outcomes: &[u8]) -> usize {
    outcomes.chunk_by(|one, next| one == next).map(<[u8]>::len).max().unwrap_or(0)
}

fn most_frequent(outcomes: &[u8]) -> usize {
    let count = |value: u8| outcomes.iter().filter(|outcome| **outcome == value).count();
    (0..=u8::MAX).map(count).max().unwrap_or(0)
}

/// Cards (0 to 51) that follow their neighbour in the order of a new deck, up or down.
///
/// # Errors
/// More than 20 do; a shuffled deck has about two.
pub(super) fn shuffled(cards: &[u8]) -> Result<(), Stuck> {
    let neighbours = cards.windows(2).filter(|pair| matches!(pair, [one, next] if one.abs_diff(*next) == 1)).count();
    if neighbours > 20 { Err(Stuck::InOrder) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stuck_sources_are_caught() {
        assert_eq!(check(Kind::Kernel, &[0; 64]), Err(Stuck::Repeats(64)));
        assert_eq!(check(Kind::Dice, &[b'6'; 99]), Err(Stuck::Repeats(99)));
        let loaded: Vec<u8> = (0..99).map(|roll| if roll % 2 == 0 { b'6' } else { b'1' + roll % 5 }).collect();
        assert_eq!(check(Kind::Dice, &loaded), Err(Stuck::Outweighs { count: 50, of: 99 }));
        let coins: Vec<u8> = (0..256u32).map(|flip| if flip % 4 == 0 { b'T' } else { b'H' }).collect();
        assert_eq!(check(Kind::Coins, &coins), Err(Stuck::Outweighs { count: 192, of: 256 }));
        let few: Vec<u8> = (0..64).map(|byte| byte % 6).collect();
        assert_eq!(check(Kind::Kernel, &few), Err(Stuck::Outweighs { count: 11, of: 64 }));
        assert_eq!(shuffled(&(0..52).collect::<Vec<_>>()), Err(Stuck::InOrder));
    }

    #[test]
    fn working_sources_pass() {
        for round in 0..200u32 {
            let bytes: Vec<u8> =
                (0..20u32).flat_map(|n| crate::digest::sha256(&(round * 1000 + n).to_be_bytes())).collect();
            assert_eq!(check(Kind::Kernel, &bytes[..64]), Ok(()));
            let rolls: Vec<u8> = bytes.iter().filter(|b| **b < 252).map(|b| b'1' + b % 6).take(99).collect();
            assert_eq!(check(Kind::Dice, &rolls), Ok(()));
            let flips: Vec<u8> = bytes.iter().map(|b| if b & 1 == 0 { b'H' } else { b'T' }).take(256).collect();
            assert_eq!(check(Kind::Coins, &flips), Ok(()));
        }
    }
}
