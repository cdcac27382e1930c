//! Sources of entropy: the kernel's bytes, committed to before anyone throws, and dice, coins or cards.
//!
//! Floor 1. Pure: the bytes and the rolls are arguments. What is made of them is `root`'s.

use super::health::{Stuck, check, shuffled};
use super::labels::COMMIT_TAG;
use crate::digest::{FileDigest, Tagged};
use crate::limits;
use crate::sys::{MemoryError, Secret, burn_stack};

/// Bytes that are drawn from the kernel.
pub const KERNEL_BYTES: usize = 64;

/// What a source is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The kernel's random bytes.
    Kernel,
    /// A six-sided die: `1` to `6`.
    Dice,
    /// A coin: `H` or `T`.
    Coins,
    /// Cards drawn from a shuffled deck of 52, rank (`A23456789TJQK`) and suit (`SHDC`); a new deck after each 52.
    Cards,
}

impl Kind {
    /// The number that stands for the kind in the root's hash.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Self::Kernel => 0,
            Self::Dice => 1,
            Self::Coins => 2,
            Self::Cards => 3,
        }
    }

    /// What one outcome is called.
    #[must_use]
    pub const fn noun(self) -> &'static str {
        match self {
            Self::Kernel => "byte",
            Self::Dice => "roll",
            Self::Coins => "flip",
            Self::Cards => "card",
        }
    }

    /// Outcomes that are needed: 256 bits. For dice 99 rolls, which is 255.9; for cards one deck and six of the next.
    #[must_use]
    pub const fn needed(self) -> usize {
        match self {
            Self::Kernel => KERNEL_BYTES,
            Self::Dice => 99,
            Self::Coins => 256,
            Self::Cards => 58,
        }
    }
}

/// Why a source is not taken. No roll is told.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EntropyError {
    /// Another number of bytes than [`KERNEL_BYTES`].
    #[error("{0} bytes from the kernel instead of {KERNEL_BYTES}")]
    KernelBytes(usize),
    /// A character that is no outcome.
    #[error("throw {place} is not {expected}")]
    NotAnOutcome {
        /// What was thrown.
        kind: Kind,
        /// Which one, counted from 1.
        place: usize,
        /// The outcomes that exist, in words.
        expected: &'static str,
    },
    /// A card a second time in one deck.
    #[error("card {place} came before in the same deck")]
    CardTwice {
        /// Which one, counted from 1.
        place: usize,
    },
    /// Less than 256 bits.
    #[error("{given} {}s are too few: {needed} are needed", .kind.noun())]
    TooFew {
        /// What was thrown.
        kind: Kind,
        /// How many.
        given: usize,
        /// How many are needed.
        needed: usize,
    },
    /// More than anyone throws.
    #[error("more than {} outcomes", limits::ROLLS)]
    TooMany,
    /// The kernel alone.
    #[error("the kernel alone is not enough: throw dice, coins or cards too")]
    OneSource,
    /// A health test failed.
    #[error("the {}s cannot be random: {stuck}", .kind.noun())]
    Stuck {
        /// Which source.
        kind: Kind,
        /// How.
        stuck: Stuck,
    },
    /// All candidates for a SLIP-39 identifier were used before.
    #[error("no unused identifier for the shares: start again")]
    NoIdentifier,
    /// No memory for a secret.
    #[error(transparent)]
    Memory(#[from] MemoryError),
}

/// The kernel's bytes, drawn and not yet used.
pub struct KernelDraw {
    pub(super) bytes: Secret,
}

impl KernelDraw {
    /// Takes the 64 bytes that were drawn.
    ///
    /// # Errors
    /// Another number of bytes, or a generator that is stuck.
    pub fn new(bytes: Secret) -> Result<Self, EntropyError> {
        if bytes.len() != KERNEL_BYTES {
            return Err(EntropyError::KernelBytes(bytes.len()));
        }
        check(Kind::Kernel, bytes.expose()).map_err(|stuck| EntropyError::Stuck { kind: Kind::Kernel, stuck })?;
        Ok(Self { bytes })
    }

    /// `tagged_hash("strongroom/entropy-commit/1", bytes)`: shown before the first throw, so that the machine cannot
    /// choose its bytes after the people's.
    #[must_use]
    pub fn commitment(&self) -> FileDigest {
        let digest = FileDigest(Tagged::new(COMMIT_TAG).bytes(self.bytes.expose()).finish());
        burn_stack();
        digest
    }
}

/// What people threw: at least 256 bits, tested.
pub struct Thrown {
    pub(super) kind: Kind,
    pub(super) outcomes: Secret,
}

impl Thrown {
    /// Rolls of six-sided dice, `1` to `6`; spaces and line ends between them do not count.
    ///
    /// # Errors
    /// Another character, too few or many, or dice that are stuck.
    pub fn dice(text: &Secret) -> Result<Self, EntropyError> {
        let kind = Kind::Dice;
        let outcomes = read(kind, text, "1 to 6", |c| matches!(c, b'1'..=b'6').then_some(c))?;
        Self::checked(kind, outcomes)
    }

    /// Flips of a coin, `H` or `T` in either case.
    ///
    /// # Errors
    /// As [`Thrown::dice`].
    pub fn coins(text: &Secret) -> Result<Self, EntropyError> {
        let kind = Kind::Coins;
        let upper = |c: u8| Some(c.to_ascii_uppercase()).filter(|c| matches!(c, b'H' | b'T'));
        let outcomes = read(kind, text, "H or T", upper)?;
        Self::checked(kind, outcomes)
    }

    /// Cards from shuffled decks, two characters each, in either case: `AS TD 7C`.
    ///
    /// # Errors
    /// As [`Thrown::dice`]; a card twice in one deck; a deck in order.
    pub fn cards(text: &Secret) -> Result<Self, EntropyError> {
        let kind = Kind::Cards;
        let expected = "a rank (A23456789TJQK) and a suit (SHDC)";
        let upper = |c: u8| Some(c.to_ascii_uppercase()).filter(|c| RANKS.contains(c) || SUITS.contains(c));
        let outcomes = read(kind, text, expected, upper)?;
        let mut cards = Secret::zeroed(outcomes.len().div_ceil(2))?;
        for (index, (pair, number)) in outcomes.expose().chunks(2).zip(cards.expose_mut()).enumerate() {
            let place = index.saturating_add(1);
            *number = card(pair).ok_or(EntropyError::NotAnOutcome { kind, place, expected })?;
        }
        for (deck, drawn) in cards.expose().chunks(52).enumerate() {
            let twice = |index: &usize| drawn.iter().take(*index).any(|card| Some(card) == drawn.get(*index));
            if let Some(index) = (0..drawn.len()).find(twice) {
                return Err(EntropyError::CardTwice {
                    place: deck.saturating_mul(52).saturating_add(index).saturating_add(1),
                });
            }
            shuffled(drawn).map_err(|stuck| EntropyError::Stuck { kind, stuck })?;
        }
        enough(kind, cards.len())?;
        Ok(Self { kind, outcomes })
    }

    /// What was thrown.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        self.kind
    }

    /// The outcomes in their canonical text, for the kernel's pool.
    #[must_use]
    pub fn outcomes(&self) -> &[u8] {
        self.outcomes.expose()
    }

    fn checked(kind: Kind, outcomes: Secret) -> Result<Self, EntropyError> {
        enough(kind, outcomes.len())?;
        check(kind, outcomes.expose()).map_err(|stuck| EntropyError::Stuck { kind, stuck })?;
        Ok(Self { kind, outcomes })
    }
}

fn enough(kind: Kind, given: usize) -> Result<(), EntropyError> {
    let needed = kind.needed();
    if given < needed { Err(EntropyError::TooFew { kind, given, needed }) } else { Ok(()) }
}

/// The outcomes of `text`, without white space.
fn read(
    kind: Kind,
    text: &Secret,
    expected: &'static str,
    one: impl Fn(u8) -> Option<u8>,
) -> Result<Secret, EntropyError> {
    let mut outcomes = Secret::zeroed(limits::ROLLS)?;
    let mut count = 0usize;
    let letters = if kind == Kind::Cards { 2 } else { 1 };
    for character in text.expose().iter().filter(|c| !c.is_ascii_whitespace()) {
        let place = outcomes.expose_mut().get_mut(count).ok_or(EntropyError::TooMany)?;
        count = count.saturating_add(1);
        let refused = EntropyError::NotAnOutcome { kind, place: count.div_ceil(letters), expected };
        *place = one(*character).ok_or(refused)?;
    }
    outcomes.shorten(count);
    Ok(outcomes)
}

const RANKS: &[u8; 13] = b"A23456789TJQK";
const SUITS: &[u8; 4] = b"SHDC";

/// The card's place in a new deck.
fn card(pair: &[u8]) -> Option<u8> {
    let [rank, suit] = pair else { return None };
    let rank = RANKS.iter().position(|r| r == rank)?;
    let suit = SUITS.iter().position(|s| s == suit)?;
    u8::try_from(suit.checked_mul(13)?.checked_add(rank)?).ok()
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(in crate::secret) fn secret(text: &str) -> Secret {
        Secret::copied(text.as_bytes()).unwrap()
    }

    pub(in crate::secret) fn rolls(count: usize) -> String {
        (0..count).map(|n| char::from(b'1' + u8::try_from((n * n + n / 7) % 6).unwrap())).collect()
    }

    #[track_caller]
    fn refused(thrown: Result<Thrown, EntropyError>, expected: &EntropyError) {
        assert_eq!(thrown.map(|_| ()).unwrap_err(), *expected);
    }

    #[test]
    fn dice_are_ninety_nine_rolls_of_one_to_six() {
        let thrown = Thrown::dice(&secret(&format!(" {}\n", rolls(99)))).unwrap();
        assert_eq!((thrown.outcomes(), thrown.kind().code()), (rolls(99).as_bytes(), 1));
        refused(Thrown::dice(&secret(&rolls(98))), &EntropyError::TooFew { kind: Kind::Dice, given: 98, needed: 99 });
        let expected = "1 to 6";
        let zero = EntropyError::NotAnOutcome { kind: Kind::Dice, place: 4, expected };
        refused(Thrown::dice(&secret(&format!("12 30{}", rolls(99)))), &zero);
        refused(Thrown::dice(&secret(&rolls(1025))), &EntropyError::TooMany);
        let stuck = EntropyError::Stuck { kind: Kind::Dice, stuck: Stuck::Repeats(99) };
        refused(Thrown::dice(&secret(&"6".repeat(99))), &stuck);
        assert_eq!(stuck.to_string(), "the rolls cannot be random: the same outcome comes 99 times in a row");
    }

    #[test]
    fn coins_are_256_flips() {
        let flips: String = crate::digest::sha256(b"coin").iter().map(|byte| format!("{byte:08b}")).collect();
        let flips = flips.replace('0', "h").replace('1', "T");
        assert_eq!(Thrown::coins(&secret(&flips)).unwrap().outcomes(), flips.to_uppercase().as_bytes());
        refused(
            Thrown::coins(&secret(&flips[1..])),
            &EntropyError::TooFew { kind: Kind::Coins, given: 255, needed: 256 },
        );
        refused(
            Thrown::coins(&secret("HTX")),
            &EntropyError::NotAnOutcome { kind: Kind::Coins, place: 3, expected: "H or T" },
        );
    }

    #[test]
    fn cards_come_once_a_deck_and_shuffled() {
        let name = |n: usize| [RANKS[n % 13], SUITS[n / 13]].map(char::from).iter().collect::<String>();
        let deck: Vec<String> = (0..52).map(|n| name(n * 19 % 52)).collect();
        let cards = [&deck[..], &deck[10..16]].concat();
        assert_eq!(Thrown::cards(&secret(&cards.join(" "))).unwrap().outcomes(), cards.concat().as_bytes());
        refused(
            Thrown::cards(&secret(&cards[..57].concat())),
            &EntropyError::TooFew { kind: Kind::Cards, given: 57, needed: 58 },
        );
        let mut twice = cards.clone();
        twice[30] = twice[29].clone();
        refused(Thrown::cards(&secret(&twice.concat())), &EntropyError::CardTwice { place: 31 });
        let new: Vec<String> = (0..52).map(name).collect();
        let in_order = EntropyError::Stuck { kind: Kind::Cards, stuck: Stuck::InOrder };
        refused(Thrown::cards(&secret(&[&new[..], &new[..6]].concat().concat())), &in_order);
        let expected = "a rank (A23456789TJQK) and a suit (SHDC)";
        let third = EntropyError::NotAnOutcome { kind: Kind::Cards, place: 3, expected };
        for bad in ["AS TD 7X", "AS TD X7", "AS TD 77", "AS TD D7 2H"] {
            refused(Thrown::cards(&secret(bad)), &third);
        }
        assert!(Thrown::cards(&secret("SA")).is_err());
    }

    #[test]
    fn the_kernel_gives_64_bytes_that_are_not_stuck() {
        let bytes: Vec<u8> = (0..64u8).map(|n| n.wrapping_mul(37)).collect();
        let draw = KernelDraw::new(Secret::copied(&bytes).unwrap()).map_err(|e| e.to_string()).ok().unwrap();
        assert_eq!(draw.commitment().0, Tagged::new("strongroom/entropy-commit/1").bytes(&bytes).finish());
        assert!(matches!(KernelDraw::new(Secret::zeroed(64).unwrap()), Err(EntropyError::Stuck { .. })));
        assert!(matches!(KernelDraw::new(Secret::zeroed(63).unwrap()), Err(EntropyError::KernelBytes(63))));
    }
}
