//! What a camera has seen of a message so far: how far it is, what hinders, and what a person may choose.

use std::{collections::VecDeque, time::Duration};

use super::scene::cut;
use crate::{
    port::Key,
    qr::{Payload, Receiver, Refusal, Step, Wanted, listed},
    text::count,
};

/// How far back codes are counted for the rate.
const WINDOW: Duration = Duration::from_secs(2);
/// Codes in that window, most: a camera gives no more.
const CODES: usize = 240;
/// The same code again counts as another look at a screen that stands still only after this.
const SAME: Duration = Duration::from_millis(300);
/// How long a sentence about a code stays.
const NOTE: Duration = Duration::from_secs(4);
/// After so long without a code, or without a new part, the person is told what to do.
const LOST: Duration = Duration::from_secs(4);
const STUCK: Duration = Duration::from_secs(8);

/// What came of a code or a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Came {
    On,
    Whole,
    Stopped,
}

/// What was seen so far.
pub(super) struct Watch {
    wanted: Wanted,
    receiver: Receiver,
    begun: Duration,
    last: Option<(String, Duration)>,
    codes: VecDeque<Duration>,
    fresh: Duration,
    note: Option<(String, Duration)>,
    /// Another message is on the screen; whether the person has said to go on all the same.
    other: Option<bool>,
    pub(super) gone: bool,
    pub(super) preview: bool,
    /// Whether the list of missing parts is shown as a code.
    listing: bool,
}

impl Watch {
    pub(super) fn new(wanted: Wanted, now: Duration) -> Self {
        Self {
            wanted,
            receiver: Receiver::new(wanted),
            begun: now,
            last: None,
            codes: VecDeque::new(),
            fresh: now,
            note: None,
            other: None,
            gone: false,
            preview: true,
            listing: false,
        }
    }

    /// A code was read.
    pub(super) fn take(&mut self, text: &str, now: Duration) -> Came {
        let same = self.last.as_ref().is_some_and(|(last, _)| last == text);
        if same && self.last.as_ref().is_some_and(|(_, at)| now.saturating_sub(*at) < SAME) {
            return Came::On;
        }
        self.last = Some((text.to_owned(), now));
        if !same {
            self.codes.push_back(now);
            if self.codes.len() > CODES {
                self.codes.pop_front();
            }
        }
        match self.receiver.take(text) {
            Ok(Step::Done) => return Came::Whole,
            Ok(Step::Part { fresh }) => {
                if fresh {
                    self.fresh = now;
                }
                self.other = None;
            }
            Ok(Step::Another) => {
                self.other.get_or_insert(false);
            }
            // A single stray look at another screen is not worth a word.
            Err(Refusal::Mixed { .. }) => {}
            Err(refusal) => self.note = Some((refusal.to_string(), now)),
        }
        Came::On
    }

    pub(super) fn key(&mut self, key: Key, now: Duration) -> Came {
        match key {
            Key::Letter('q' | 'Q') | Key::Escape | Key::Stop => return Came::Stopped,
            Key::Letter('v' | 'V') => self.preview = !self.preview,
            Key::Letter('l' | 'L') => self.listing = !self.listing,
            Key::Letter('y' | 'Y') if self.other.is_some() => {
                self.other = None;
                self.fresh = now;
                if self.receiver.turn() {
                    return Came::Whole;
                }
            }
            Key::Letter('n' | 'N') if self.other.is_some() => self.other = Some(true),
            Key::Letter('x' | 'X') => {
                // Whatever was read.
                *self = Self { preview: self.preview, gone: self.gone, ..Self::new(self.wanted, now) };
            }
            Key::Letter(_)
            | Key::Enter
            | Key::Back
            | Key::Left
            | Key::Right
            | Key::Up
            | Key::Down
            | Key::PageUp
            | Key::PageDown
            | Key::Help => {}
        }
        Came::On
    }

    pub(super) fn into_payload(self) -> Option<Payload> {
        self.receiver.into_payload()
    }

    /// Parts so far, and of how many.
    pub(super) fn progress(&self) -> Option<(usize, usize)> {
        self.receiver.progress()
    }

    /// Lines about how far it is, of `columns` letters at most.
    pub(super) fn lines(&self, camera: &str, now: Duration, columns: usize) -> Vec<String> {
        let progress = match self.receiver.progress() {
            Some((seen, of)) => bar(seen, of, self.rate(now), columns),
            None => "no part yet".to_owned(),
        };
        vec![camera.to_owned(), progress, self.missing(columns), self.hint(now)]
    }

    /// Different codes a second.
    fn rate(&self, now: Duration) -> usize {
        let from = now.saturating_sub(WINDOW);
        let seen = self.codes.iter().filter(|at| **at >= from).count();
        let seconds = usize::try_from(WINDOW.as_secs()).unwrap_or(1);
        seen.div_ceil(seconds.max(1))
    }

    fn missing(&self, columns: usize) -> String {
        let list = listed(&self.receiver.missing()).replace(", ", ",");
        let words = if list.is_empty() { list } else { format!("missing: {list}") };
        if words.len() <= columns { words } else { format!("{} ...", first_of(&words, columns.saturating_sub(4))) }
    }

    /// The list of missing parts for a code of `most` characters, for a scanner at the other side, where it is wanted.
    pub(super) fn list(&self, most: usize) -> Option<String> {
        let list = listed(&self.receiver.missing()).replace(", ", ",");
        (self.listing && !list.is_empty()).then(|| first_of(&list, most))
    }

    fn hint(&self, now: Duration) -> String {
        let parts = |seen: usize| count(seen, "part");
        let seen = self.receiver.progress().map_or(0, |(seen, _)| seen);
        if self.gone {
            let stay = if seen == 1 { "stays" } else { "stay" };
            return format!("the camera is unplugged, or not free: put it back; {} {stay} here", parts(seen));
        }
        match self.other {
            Some(false) => return format!("another message is shown. y: take it and drop {}   n: go on", parts(seen)),
            Some(true) => return "another message is shown; y takes it".to_owned(),
            None => {}
        }
        if let Some((note, _)) = self.note.as_ref().filter(|(_, at)| now.saturating_sub(*at) < NOTE) {
            return note.clone();
        }
        let since = |at: Duration| now.saturating_sub(at);
        match &self.last {
            None if since(self.begun) > LOST => {
                "no code is seen: let it fill the picture, straight and sharp".to_owned()
            }
            Some((_, at)) if since(*at) > LOST => {
                format!("no code for {} seconds: let it fill the picture, straight and sharp", since(*at).as_secs())
            }
            Some(_) if since(self.fresh) > STUCK => {
                "nothing new: let the other side show only the missing parts, or show them slower".to_owned()
            }
            None | Some(_) => String::new(),
        }
    }
}

/// As many of a list's first numbers as stand in so many letters.
fn first_of(list: &str, letters: usize) -> String {
    let start = cut(list, letters);
    let whole = if start.len() == list.len() { None } else { start.rfind(',') };
    whole.and_then(|end| start.get(..end)).unwrap_or(&start).to_owned()
}

/// `[#####-----] 12 of 35 parts, 34 %, 8 codes a second`
fn bar(seen: usize, of: usize, rate: usize, columns: usize) -> String {
    let share = |of_what: usize| seen.saturating_mul(of_what).checked_div(of).unwrap_or(0).min(of_what);
    // Not before the last part is there.
    let percent = share(100);
    let words = format!("{seen} of {}, {percent} %, {} a second", count(of, "part"), count(rate, "code"));
    let room = columns.saturating_sub(words.len()).saturating_sub(3).min(40);
    if room < 5 {
        return words;
    }
    let full = share(room);
    format!("[{}{}] {words}", "#".repeat(full), "-".repeat(room.saturating_sub(full)))
}
