//! The codes that are being shown: which part is on, how dense, how quick; and what a key does about it.

use std::{collections::BTreeSet, time::Duration};

use super::{
    list::List,
    scene::{LEAST, code},
};
use crate::{
    picture::Grey,
    port::Key,
    qr::{Carrier, Density, Film, Kind, ShowError, draw, listed},
    text::count,
};

/// A payload that is shown.
#[derive(Debug, Clone, Copy)]
pub struct Parcel<'a> {
    /// What it is.
    pub kind: Kind,
    /// The thing itself.
    pub bytes: &'a [u8],
    /// How it goes out: as BBQr, or else as UR.
    pub carrier: Carrier,
}

impl Parcel<'_> {
    /// Its texts, in codes of `version` at most.
    ///
    /// # Errors
    /// It cannot be shown in this format, or needs more codes than a message may have.
    pub fn film(&self, version: u8) -> Result<Film, ShowError> {
        if let Carrier::Bbqr(packing) = self.carrier {
            Film::bbqr_within(self.kind, self.bytes, version, packing)
        } else {
            Film::ur_within(self.kind, self.bytes, version, self.carrier == Carrier::UrOf2023)
        }
    }

    const fn format(&self) -> &'static str {
        if matches!(self.carrier, Carrier::Bbqr(_)) { "BBQr" } else { "UR" }
    }
}

/// Codes a second that can be chosen. A camera of 30 pictures a second sees each of 15 once without a tear.
const RATES: [u32; 9] = [1, 2, 3, 4, 5, 6, 8, 10, 15];
/// Versions of code that can be chosen: the densities, and sparser ones.
const VERSIONS: [u8; 9] = [LEAST, 5, 6, 8, 10, 12, 15, 20, 27];
/// Seconds of a round from which on its length is said.
const LONG: u32 = 60;
/// What makes a window larger.
const LARGER: &str = "a larger window, or smaller letters, then r";

/// What a key led to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flow {
    On,
    Done,
}

/// The codes that are being shown.
pub(super) struct Reel<'a> {
    parcel: Parcel<'a>,
    /// The version that is wanted.
    version: u8,
    rate: u32,
    /// The texts, and the version that they were made for.
    film: Option<(Film, u8)>,
    /// The densest version that there was room for when it was looked last.
    room: Option<u8>,
    /// Where no code fitted into codes of a version, the least version that would do.
    unfit: Option<(u8, u8)>,
    /// The part that is on, from 1; with a list, the place in it.
    at: u32,
    only: Vec<u32>,
    /// The numbered parts of this film that were on the screen.
    seen: BTreeSet<u32>,
    pub(super) paused: bool,
    /// The list of parts as it is being typed.
    pub(super) typing: Option<List>,
    pub(super) help: bool,
    /// Whether what is shown is nowhere else.
    only_here: bool,
    /// Whether the person was asked before leaving that.
    pub(super) leaving: bool,
    /// Whether a module takes two blanks: the terminal has no half-blocks.
    pub(super) blanks: bool,
    /// What the last key did, where the screen alone does not show it.
    pub(super) note: Option<String>,
}

impl<'a> Reel<'a> {
    /// # Errors
    /// The payload cannot be shown at all.
    pub(super) fn new(parcel: Parcel<'a>, density: Density, only_here: bool) -> Result<Self, ShowError> {
        parcel.film(density.version())?;
        Ok(Self {
            parcel,
            version: density.version(),
            rate: u32::from(density.rate()),
            film: None,
            room: None,
            unfit: None,
            at: 1,
            only: Vec::new(),
            seen: BTreeSet::new(),
            paused: false,
            typing: None,
            help: false,
            only_here,
            leaving: false,
            blanks: false,
            note: None,
        })
    }

    /// Makes codes that fit where there is room for codes of version `largest`. Those that fit stay as they are, so that
    /// what the other side has read stays good. Says the least version that would do where none fits.
    ///
    /// # Errors
    /// That version.
    pub(super) fn fit(&mut self, largest: Option<u8>) -> Result<(), u8> {
        let most = largest.unwrap_or(0);
        let changed = self.room.replace(most).is_some_and(|before| before != most);
        if let Some((film, made_for)) = self.film.as_ref().filter(|(film, _)| film.version() <= most) {
            // What was said of the window before is said no more.
            if changed {
                let more = film.count() > 1 && *made_for < self.version.min(most);
                self.note = more.then(|| "there is room for denser codes now: r begins anew with them".into());
            }
            self.unfit = None;
            return Ok(());
        }
        if let Some((_, least)) = self.unfit.filter(|(unfit, _)| *unfit == most) {
            return Err(least);
        }
        let version = self.version.min(most);
        if version >= LEAST
            && let Ok(film) = self.parcel.film(version)
        {
            let smaller = self.film.is_some();
            self.begin(film, version);
            let said = smaller.then(|| "the window is smaller: other codes, and the other side begins anew".to_owned());
            self.note = said.or_else(|| self.note.take()).or_else(|| self.slow());
            return Ok(());
        }
        let fits = |version: &u8| self.parcel.film(*version).is_ok();
        let least = (LEAST..=self.version).filter(|version| *version > most).find(fits);
        let least = least.unwrap_or(self.version);
        self.unfit = Some((most, least));
        Err(least)
    }

    fn begin(&mut self, film: Film, version: u8) {
        (self.film, self.unfit) = (Some((film, version)), None);
        self.at = 1;
        self.only.clear();
        self.seen.clear();
    }

    /// Why it takes long, where it does, and what helps.
    fn slow(&self) -> Option<String> {
        let (film, made_for) = self.film.as_ref()?;
        let minutes = self.minutes();
        let short = *made_for < self.version && film.count() > 1;
        match (short, self.blanks, minutes) {
            (true, true, Some(minutes)) => {
                Some(format!("a round takes about {minutes}: LANG=C.UTF-8 or a larger window is quicker"))
            }
            (true, true, None) => Some("no UTF-8 in this locale: codes take twice the room (see ?)".into()),
            (true, false, Some(minutes)) => {
                Some(format!("a round takes about {minutes}: quicker in a larger window, then r"))
            }
            (false, _, Some(minutes)) => {
                Some(format!("a round takes about {minutes}: + makes denser codes, f is faster"))
            }
            (_, _, None) => None,
        }
    }

    /// About how long all parts take, where that is long.
    fn minutes(&self) -> Option<String> {
        let parts = self.film.as_ref().map_or(1, |(film, _)| film.count());
        let seconds = parts.checked_div(self.rate).filter(|seconds| *seconds >= LONG)?;
        usize::try_from(seconds.saturating_add(30) / 60).ok().map(|minutes| count(minutes, "minute"))
    }

    /// The number of the part that is on.
    fn number(&self) -> u32 {
        let place = usize::try_from(self.at.saturating_sub(1)).unwrap_or(0);
        let place = place.checked_rem(self.only.len()).unwrap_or(0);
        self.only.get(place).copied().unwrap_or(self.at)
    }

    /// The code that is on, one pixel a module; nothing where none fits.
    pub(super) fn code(&self) -> Option<Grey> {
        let (film, _) = self.film.as_ref()?;
        code(&draw(&film.part(self.number()), film.version()).ok()?)
    }

    /// What is on the screen now was seen, where it is a code. Mixed parts are none of the numbered ones.
    pub(super) fn saw(&mut self, code: bool) {
        let number = self.number();
        if let Some((film, _)) = self.film.as_ref().filter(|_| code) {
            let count = film.count();
            match number.checked_sub(count) {
                Some(1..) if film.has_mixed() => {}
                Some(_) | None => drop(self.seen.insert(number.saturating_sub(1).checked_rem(count).unwrap_or(0))),
            }
        }
    }

    /// Whether each numbered part of these codes was on the screen.
    pub(super) fn is_whole(&self) -> bool {
        let seen = u32::try_from(self.seen.len()).unwrap_or(u32::MAX);
        self.film.as_ref().is_some_and(|(film, _)| seen >= film.count())
    }

    /// Whether the next code is another one.
    pub(super) fn moves(&self) -> bool {
        let several = self.film.as_ref().is_some_and(|(film, _)| film.count() > 1);
        several && !self.paused && self.only.len() != 1 && self.unfit.is_none()
    }

    /// How long a code stays.
    pub(super) fn period(&self) -> Duration {
        Duration::from_secs(1).checked_div(self.rate).unwrap_or(Duration::from_secs(1))
    }

    pub(super) fn step(&mut self) {
        self.at = self.at.checked_add(1).unwrap_or(1);
    }

    /// Where it stands, in a line.
    pub(super) fn standing(&self) -> String {
        let Some((film, made_for)) = &self.film else { return String::new() };
        let (count, number) = (film.count(), self.number());
        let part = match number.checked_sub(count) {
            _ if count == 1 => "one code".to_owned(),
            Some(over @ 1..) if film.has_mixed() => format!("mixed part {over} (of {count} parts)"),
            Some(_) | None => {
                let number = number.saturating_sub(1).checked_rem(count).unwrap_or(0).saturating_add(1);
                format!("part {number} of {count}")
            }
        };
        let pace = if count == 1 || self.only.len() == 1 {
            String::new()
        } else if self.paused {
            ", paused".to_owned()
        } else {
            format!(", {} a second", self.rate)
        };
        let density = match (*made_for < self.version, self.room) {
            (true, Some(room)) if room > *made_for => format!("version {made_for}; r: room for more now"),
            (true, _) => format!("version {made_for}: no room for more"),
            (false, _) => name(self.version),
        };
        let only: Vec<usize> = self.only.iter().filter_map(|number| usize::try_from(*number).ok()).collect();
        let only = if only.is_empty() { String::new() } else { format!("; only {}", listed(&only)) };
        format!("{}: {part}{pace}; {density}{only}", self.parcel.format())
    }

    pub(super) fn key(&mut self, key: Key) -> Flow {
        self.note = None;
        if self.leaving {
            return self.asked(key);
        }
        if self.typing.is_some() {
            return self.typed(key);
        }
        if self.help {
            self.help = false;
            return if key == Key::Stop { self.leave() } else { Flow::On };
        }
        match key {
            Key::Letter('q' | 'Q') | Key::Escape | Key::Stop => return self.leave(),
            Key::Letter('+' | '=') => self.denser(),
            Key::Letter('-' | '_') => self.sparser(),
            Key::Letter('f' | 'F') | Key::Up => self.pace(1),
            Key::Letter('s' | 'S') | Key::Down => self.pace(-1),
            Key::Letter('r' | 'R') => self.restart(),
            Key::Letter(' ') => self.paused = !self.paused,
            Key::Letter('n' | 'N') | Key::Right => {
                self.paused = true;
                self.step();
            }
            Key::Letter('b' | 'B') | Key::Left => {
                self.paused = true;
                self.at = self.at.saturating_sub(1).max(1);
            }
            Key::Letter('m' | 'M') => self.typing = Some(List::of(self.count())),
            Key::Letter('a' | 'A') => {
                self.only.clear();
                self.at = 1;
                self.note = Some("all parts, from the first".into());
            }
            Key::Letter('?' | 'h' | 'H') | Key::Help => self.help = true,
            Key::Letter(_) | Key::Enter | Key::Back | Key::PageUp | Key::PageDown => {
                self.note = Some("no key of these; ? tells them".into());
            }
        }
        Flow::On
    }

    /// The end, or the question before it.
    fn leave(&mut self) -> Flow {
        self.leaving = self.only_here;
        if self.only_here { Flow::On } else { Flow::Done }
    }

    fn asked(&mut self, key: Key) -> Flow {
        // Whoever leans on these keys has not read the question.
        self.leaving = matches!(key, Key::Escape | Key::Stop);
        if matches!(key, Key::Letter('r' | 'R')) {
            self.restart();
        }
        if matches!(key, Key::Letter('q' | 'Q')) { Flow::Done } else { Flow::On }
    }

    fn count(&self) -> u32 {
        self.film.as_ref().map_or(1, |(film, _)| film.count())
    }

    fn typed(&mut self, key: Key) -> Flow {
        let Some(list) = &mut self.typing else { return Flow::On };
        match key {
            Key::Letter(letter) => list.add(letter),
            Key::Back => list.take_back(),
            Key::Enter => {
                if let Some(numbers) = list.numbers() {
                    (self.only, self.at, self.paused) = (numbers, 1, false);
                    self.typing = None;
                }
            }
            Key::Stop => {
                self.typing = None;
                return self.leave();
            }
            Key::Escape => self.typing = None,
            Key::Left | Key::Right | Key::Up | Key::Down | Key::PageUp | Key::PageDown | Key::Help => {}
        }
        Flow::On
    }

    /// Begins again with the first part, as densely as there is room for.
    fn restart(&mut self) {
        (self.film, self.unfit) = (None, None);
        (self.at, self.paused) = (1, false);
        self.only.clear();
    }

    /// The next denser codes that there is room for.
    fn denser(&mut self) {
        let Some((film, made_for)) = &self.film else { return };
        let made_for = *made_for;
        if film.count() == 1 {
            self.note = Some("one code holds all of it: there are no denser ones".into());
            return;
        }
        let next = VERSIONS.into_iter().find(|version| *version > made_for);
        // What the window did not give before comes first.
        let Some(wanted) = next.map(|next| next.max(self.version)) else {
            self.note = Some(format!("{} is the densest", name(made_for)));
            return;
        };
        if wanted.min(self.room.unwrap_or(0)) <= made_for {
            self.note = Some(format!("no room for denser codes: {LARGER}"));
            return;
        }
        self.turn(wanted, rate(wanted));
    }

    /// The next sparser codes: sparser than those that are on, whatever the window gives.
    fn sparser(&mut self) {
        let Some((film, _)) = &self.film else { return };
        let on = film.version();
        match VERSIONS.into_iter().rev().find(|version| *version < on) {
            // Whoever chose a slower pace keeps it.
            Some(wanted) => self.turn(wanted, rate(wanted).min(self.rate)),
            None => self.note = Some(format!("{} is the sparsest", name(on))),
        }
    }

    /// Other codes, from the first; a pause stays.
    fn turn(&mut self, wanted: u8, rate: u32) {
        let version = wanted.min(self.room.unwrap_or(0));
        match self.parcel.film(version) {
            Ok(film) => {
                (self.version, self.rate) = (wanted, rate);
                self.begin(film, version);
                let long = self.minutes().map(|minutes| format!("; a round takes about {minutes}"));
                let long = long.unwrap_or_default();
                self.note = Some(format!("{}: the other side begins anew{long}", name(version)));
            }
            Err(error) => self.note = Some(format!("{} does not do: {error}", name(version))),
        }
    }

    fn pace(&mut self, by: isize) {
        let at = RATES.iter().position(|rate| *rate >= self.rate).unwrap_or(0);
        match at.checked_add_signed(by).and_then(|at| RATES.get(at)) {
            Some(rate) => {
                self.rate = *rate;
                self.note = self.minutes().map(|minutes| format!("a round takes about {minutes}"));
            }
            None => self.note = Some(format!("{} a second is as far as it goes", self.rate)),
        }
        self.paused = false;
    }
}

/// What a density is called, and a version that is none.
fn name(version: u8) -> String {
    match Density::ALL.into_iter().find(|density| density.version() == version) {
        Some(Density::Compatible) => "compatible".into(),
        Some(Density::Normal) => "normal".into(),
        Some(Density::Fast) => "fast".into(),
        None => format!("version {version}"),
    }
}

/// Codes a second for a version: those of the sparsest density that is no sparser.
fn rate(version: u8) -> u32 {
    let density = Density::ALL.into_iter().find(|density| density.version() >= version);
    u32::from(density.unwrap_or(Density::Fast).rate())
}
