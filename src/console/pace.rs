//! How long work takes on this machine: rehearsed in small once, and learnt from what was done since.
//!
//! Floor 6.

use std::{sync::Arc, time::Duration};

use crate::{device::Length, port::Effort};

/// log2 of scrypt's N of the rehearsal: 16 MiB, a sixteenth of a mainnet share.
const REHEARSED: u8 = 14;

/// What is known so far.
#[derive(Default)]
pub(super) struct Pace {
    /// How long a rehearsal takes.
    round: Option<Duration>,
    /// What is being done, in rehearsals, and since when.
    running: Option<(u32, Duration)>,
}

impl Pace {
    /// How long this will take; `rehearse` does the work of its argument and says how long that took.
    pub(super) fn of(&mut self, effort: &Effort, rehearse: impl FnOnce(u8) -> Duration) -> Length {
        match effort {
            Effort::Unknown => Length::Unknown,
            Effort::Steps(steps) => Length::Steps(Arc::clone(steps)),
            Effort::Scrypt { .. } => match rounds(effort) {
                None => Length::Unknown,
                Some(rounds) => {
                    let round = *self.round.get_or_insert_with(|| rehearse(REHEARSED));
                    Length::About(round.saturating_mul(rounds))
                }
            },
        }
    }

    pub(super) fn begins(&mut self, effort: &Effort, now: Duration) {
        self.running = rounds(effort).map(|rounds| (rounds, now));
    }

    /// What ran is over: the next one like it takes as long.
    pub(super) fn ends(&mut self, now: Duration) {
        let Some((rounds, begun)) = self.running.take() else { return };
        if let Some(round) = now.saturating_sub(begun).checked_div(rounds).filter(|round| !round.is_zero()) {
            self.round = Some(round);
        }
    }
}

/// How many rehearsals this is; none where it is less than one.
fn rounds(effort: &Effort) -> Option<u32> {
    let Effort::Scrypt { log_n, times } = effort else { return None };
    let each = 1u32.checked_shl(u32::from(log_n.checked_sub(REHEARSED)?))?;
    each.checked_mul(*times).filter(|rounds| *rounds > 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::port::Steps;

    const MAINNET: Effort = Effort::Scrypt { log_n: 18, times: 1 };

    fn about(length: &Length) -> Duration {
        let Length::About(about) = length else { panic!("no estimate") };
        *about
    }

    #[test]
    fn it_is_rehearsed_once_and_learnt_from_what_was_done() {
        let (mut pace, second) = (Pace::default(), Duration::from_secs(1));
        let mut rehearsals = Vec::new();
        let mut rehearse = |log_n| {
            rehearsals.push(log_n);
            second
        };
        assert_eq!(about(&pace.of(&MAINNET, &mut rehearse)), 16 * second);
        assert_eq!(about(&pace.of(&Effort::Scrypt { log_n: 18, times: 2 }, &mut rehearse)), 32 * second);
        pace.begins(&Effort::Scrypt { log_n: 18, times: 2 }, 100 * second);
        pace.ends(164 * second);
        assert_eq!(about(&pace.of(&MAINNET, &mut rehearse)), 32 * second);
        // Over is over, and what took no time teaches nothing.
        pace.ends(900 * second);
        pace.begins(&MAINNET, 100 * second);
        pace.ends(99 * second);
        assert_eq!(about(&pace.of(&MAINNET, &mut rehearse)), 32 * second);
        assert_eq!(rehearsals, [REHEARSED]);
    }

    #[test]
    fn what_is_small_odd_or_counted_is_not_rehearsed() {
        let none = |_| panic!("rehearsed");
        for effort in [
            Effort::Unknown,
            Effort::Scrypt { log_n: 10, times: 5 },
            Effort::Scrypt { log_n: 13, times: 1 },
            Effort::Scrypt { log_n: 18, times: 0 },
            Effort::Scrypt { log_n: 14 + 32, times: 1 },
            Effort::Scrypt { log_n: 40, times: u32::MAX },
        ] {
            assert!(matches!(Pace::default().of(&effort, none), Length::Unknown), "{effort:?}");
        }
        let steps = Effort::Steps(Arc::new(Steps::of(7)));
        assert!(matches!(Pace::default().of(&steps, none), Length::Steps(_)));
    }
}
