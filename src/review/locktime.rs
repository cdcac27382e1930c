//! When the transaction can be mined: L01 to L04 and L08. L06 and L07 are the reader's.

use crate::{
    limits,
    psbt::Place,
    review::{
        Lock,
        case::Case,
        finding::{Each, Findings},
    },
    text::{self, date},
};

/// Locktimes below are heights, from here on times (BIP65).
pub(super) const TIME_FROM: u32 = 500_000_000;
/// A sequence that switches the locktime off.
const FINAL: u32 = u32::MAX;
/// Bit of BIP68 that switches a relative lock off.
const NO_RELATIVE_LOCK: u32 = 0x8000_0000;
/// Bit of BIP68: the lock is in units of 512 seconds.
const RELATIVE_TIME: u32 = 0x0040_0000;
/// The bits of BIP68 that say how long: the unit, and how many.
const RELATIVE_LOCK: u32 = 0x0040_ffff;
/// Seconds of a unit of a relative time lock.
const RELATIVE_SECONDS: u32 = 512;

fn number(number: u32) -> String {
    text::grouped_number(u64::from(number))
}

/// The effective lock.
pub(super) fn lock(case: &Case<'_>) -> Lock {
    let transaction = case.parsed.transaction();
    let raw = transaction.lock_time.to_consensus_u32();
    if raw == 0 {
        Lock::None
    } else if transaction.input.iter().all(|input| input.sequence.0 == FINAL) {
        Lock::NoEffect(raw)
    } else if raw < TIME_FROM {
        Lock::Height(raw)
    } else {
        Lock::Time(raw)
    }
}

/// Whether an input signals BIP125.
pub(super) fn replaceable(case: &Case<'_>) -> bool {
    case.parsed.transaction().input.iter().any(|input| input.sequence.0 < 0xffff_fffe)
}

/// All rules on locktime and sequences.
pub(super) fn locks(case: &Case<'_>, lock: Lock, paths: &[Option<usize>], found: &mut Findings) {
    effective(lock, found);
    far(case, lock, found);
    if replaceable(case) {
        found.show("L04", Place::Whole, "signals that it may be replaced (BIP125)");
    }
    relative(case, paths, found);
}

/// L01.
fn effective(lock: Lock, found: &mut Findings) {
    let text = match lock {
        Lock::None => return,
        Lock::NoEffect(raw) => format!("locktime {} has no effect: every sequence is final", number(raw)),
        Lock::Height(height) => format!("not before block {}", number(height)),
        Lock::Time(time) => format!("not before {}", date(time)),
    };
    found.show("L01", Place::Whole, text);
}

/// L02.
fn far(case: &Case<'_>, lock: Lock, found: &mut Findings) {
    let (reference, most) = (case.ground.reference_height, case.ground.caps.locktime_blocks);
    let remedy = "make the PSBT with an earlier locktime, or none";
    match lock {
        Lock::None | Lock::NoEffect(_) => {}
        Lock::Height(height) => {
            let ahead = height.saturating_sub(reference);
            let (height, beyond) = (number(height), format!("{} beyond block {}", number(ahead), number(reference)));
            if ahead > most {
                let text = format!("locked until block {height}: {beyond}, refused beyond {}", number(most));
                found.refuse("L02", Place::Whole, text, remedy);
            } else if ahead > limits::LOCKTIME_NOTICE_BLOCKS {
                found.ask("L02", Place::Whole, format!("locked until block {height}, {beyond}"), remedy);
            }
        }
        Lock::Time(time) => {
            let ahead = u64::from(time).saturating_sub(limits::REFERENCE_TIME);
            let since = date(u32::try_from(limits::REFERENCE_TIME).unwrap_or(u32::MAX));
            if ahead > limits::LOCKTIME_SECONDS {
                let text = format!("locked until {}: more than a year beyond {since}", date(time));
                found.refuse("L02", Place::Whole, text, remedy);
            } else if ahead > limits::LOCKTIME_NOTICE_SECONDS {
                found.ask("L02", Place::Whole, format!("locked until {}, beyond {since}", date(time)), remedy);
            }
        }
    }
}

/// L08: a lock that an input demands (version 2) and whose sequence says that it has none.
pub(super) fn demanded(case: &Case<'_>, found: &mut Findings) {
    for input in case.inputs().filter(|input| input.txin.sequence.0 == FINAL) {
        let demand = match (input.map.required_height, input.map.required_time) {
            (Some(height), _) => format!("block {}", number(height)),
            (None, Some(time)) => date(time),
            (None, None) => continue,
        };
        found.ask_each(
            "L08",
            Place::Input(input.number),
            Each {
                text: format!(
                    "demands a locktime of {demand}, and its sequence is final, which switches every locktime off for \
                     it"
                ),
                together: format!(
                    "demand a locktime of {demand}, and their sequences are final, which switches every locktime off \
                     for them"
                ),
            },
            "make the PSBT with a sequence below 0xffffffff in this input, or without the demand",
        );
    }
}

/// L03: relative locks of version 2 and above (BIP68); a long one is asked about unless the path that is taken
/// demands it.
fn relative(case: &Case<'_>, paths: &[Option<usize>], found: &mut Findings) {
    let version = case.parsed.transaction().version.0;
    for (input, path) in case.inputs().zip(paths) {
        let sequence = input.txin.sequence.0;
        let Some((words, long)) = relative_lock(version, sequence) else { continue };
        let wallet = input.own.and_then(|own| case.wallet(own.wallet));
        let path = wallet.zip(*path).and_then(|(wallet, path)| wallet.paths().get(path));
        let demanded = path.and_then(|path| path.older) == Some(sequence & RELATIVE_LOCK);
        let text = format!("must be {words} old before it can be spent so");
        if long && !demanded {
            let together = format!("must each be {words} old before they can be spent so");
            found.ask_each(
                "L03",
                Place::Input(input.number),
                Each { text, together },
                "make the PSBT without a relative lock",
            );
        } else {
            found.show("L03", Place::Input(input.number), text);
        }
    }
}

/// How old a coin must be for this sequence, in words; nothing where it need not.
pub(super) fn relative_words(version: i32, sequence: u32) -> Option<String> {
    relative_lock(version, sequence).map(|(words, _)| words)
}

/// The same, and whether that is long.
fn relative_lock(version: i32, sequence: u32) -> Option<(String, bool)> {
    let value = sequence & 0xffff;
    if version < 2 || sequence & NO_RELATIVE_LOCK != 0 || value == 0 {
        return None;
    }
    Some(if sequence & RELATIVE_TIME != 0 {
        let seconds = value.saturating_mul(RELATIVE_SECONDS);
        let day = limits::LOCKTIME_NOTICE_SECONDS.checked_div(RELATIVE_SECONDS.into()).unwrap_or(0);
        let long = u64::from(value) > day;
        (format!("{} seconds ({})", number(seconds), about(seconds.div_ceil(60))), long)
    } else {
        let blocks = text::count(usize::try_from(value).unwrap_or(usize::MAX), "block");
        (format!("{blocks} ({})", about(value.saturating_mul(10))), value > limits::LOCKTIME_NOTICE_BLOCKS)
    })
}

/// A span in the unit that people would say it in, with a block every ten minutes: `about 28 days`.
fn about(minutes: u32) -> String {
    let (unit, noun) = match minutes {
        0..=119 => (1, "minute"),
        120..=2_879 => (60, "hour"),
        _ => (1_440, "day"),
    };
    let units = minutes.saturating_add(unit / 2).checked_div(unit).unwrap_or(0);
    format!("about {}", text::count(usize::try_from(units).unwrap_or(usize::MAX), noun))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_said_as_people_would() {
        for (sequence, words) in [
            (1, "1 block (about 10 minutes)"),
            (144, "144 blocks (about 24 hours)"),
            (4_000, "4 000 blocks (about 28 days)"),
            (0xffff, "65 535 blocks (about 455 days)"),
            (RELATIVE_TIME | 1, "512 seconds (about 9 minutes)"),
            (RELATIVE_TIME | 0xffff, "33 553 920 seconds (about 388 days)"),
        ] {
            assert_eq!(relative_words(2, sequence).as_deref(), Some(words));
        }
        for (version, sequence) in [(1, 144), (2, 0), (2, RELATIVE_TIME), (2, NO_RELATIVE_LOCK | 144), (2, 0xffff_ffff)]
        {
            assert_eq!(relative_words(version, sequence), None);
        }
    }
}
