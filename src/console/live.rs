//! Screens that change while people look at them: what is plugged in comes and goes.
//!
//! Floor 6.

use std::time::Duration;

use super::{
    board::{Board, Entry, Paging, Picked, Place, headed},
    help,
    view::Lines,
};
use crate::port::DeviceError;

/// How often what is plugged in is looked at.
const LOOK: Duration = Duration::from_secs(1);

/// What there is to choose from now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Offer {
    /// These lines, and these choices.
    Choices(Vec<String>, Vec<Entry>),
    /// What people wait for is there.
    Enough,
}

/// What there is now, where that is something else; it was not looked at a moment ago.
fn news<T: PartialEq>(now: Duration, last: &mut Duration, shown: &T, look: &mut dyn FnMut() -> T) -> Option<T> {
    if now.saturating_sub(*last) < LOOK {
        return None;
    }
    *last = now;
    Some(look()).filter(|next| next != shown)
}

impl Board {
    /// One of several that may change while people look: `look` tells what there is now. `None` where the person goes back,
    /// or there is enough. The choice that people marked stays so by its name.
    pub(super) fn choose_among(
        &mut self,
        heading: &str,
        look: &mut dyn FnMut() -> Offer,
    ) -> Result<Option<usize>, DeviceError> {
        let (mut place, mut moved) = (Place::default(), false);
        let mut last = self.glass().now();
        let mut offer = look();
        while let Offer::Choices(intro, entries) = &offer {
            let mut next = None;
            let mut changed = |now: Duration| {
                next = news(now, &mut last, &offer, look);
                next.is_some()
            };
            let before = place.at;
            match self.pick(heading, (intro, entries), &mut place, &mut changed)? {
                Picked::This(chosen) => return Ok(chosen),
                Picked::Changed => moved |= place.at != before,
            }
            let Some(next) = next else { continue };
            if let (true, Some(marked), Offer::Choices(_, entries)) = (moved, entries.get(place.at), &next) {
                let same = entries.iter().position(|entry| entry.name == marked.name);
                place.at = same.unwrap_or(place.at).min(entries.len().saturating_sub(1));
            }
            place.read &= matches!(&next, Offer::Choices(other, _) if other == intro);
            offer = next;
        }
        Ok(None)
    }

    /// Lines that may change while people look: `look` tells what there is now, nothing where that is over. Whether they
    /// went on, or it was over.
    pub(super) fn watch(
        &mut self,
        heading: &str,
        keys: &str,
        look: &mut dyn FnMut() -> Option<Vec<String>>,
    ) -> Result<bool, DeviceError> {
        let mut at = 0usize;
        let mut last = self.glass().now();
        let mut lines = look();
        while let Some(shown) = &lines {
            let size = self.glass().size();
            let room = self.room_in(size);
            let folded = self.folded(shown, room.columns);
            let parts: Vec<&[String]> = folded.chunks(room.lines.max(1)).collect();
            at = at.min(parts.len().saturating_sub(1));
            let part = parts.get(at).copied().unwrap_or_default();
            self.draw(&Lines { heading: headed(heading, at, parts.len()), lines: part, marked: None, keys })?;
            let mut next = None;
            let mut changed = |now: Duration| {
                next = news(now, &mut last, &lines, look);
                next.is_some()
            };
            match self.key_before(size, &mut changed)?.and_then(Paging::of) {
                Some(Paging::On) => {
                    at = at.saturating_add(1);
                    if at >= parts.len() {
                        return Ok(true);
                    }
                }
                Some(Paging::Back) => at = at.saturating_sub(1),
                Some(Paging::Leave) if self.serious => self.leave()?,
                Some(Paging::Leave) => return Ok(false),
                Some(Paging::Help) => self.help(help::PAGE)?,
                None => {}
            }
            if let Some(next) = next {
                lines = next;
            }
        }
        Ok(true)
    }
}
