//! The codes that are being shown: which part is on, how dense, how quick; and what a key does about it.

use std::time::Duration;

use super::scene::{LEAST, code};
use crate::{
    picture::Grey,
    port::Key,
    qr::{Carrier, Density, Film, Kind, ShowError, draw, listed, of_list},
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
/// Characters of a list that is typed, most.
const LIST: usize = 400;

/// What a key led to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flow {
    On,
    Done,
}

/// The codes that are being shown.
pub(super) struct Reel<'a> {
    parcel: Parcel<'a>,
    density: Density,
    rate: u32,
    /// The texts, and the version that they were made for.
    film: Option<(Film, u8)>,
    /// Where no code fitted into codes of a version, the least version that would do.
    unfit: Option<(u8, u8)>,
    /// The part that is on, from 1; with a list, the place in it.
    at: u32,
    only: Vec<u32>,
    pub(super) paused: bool,
    /// The list of parts as it is being typed.
    pub(super) typing: Option<String>,
    pub(super) help: bool,
    /// What the last key did, where the screen alone does not show it.
    pub(super) note: Option<String>,
}

impl<'a> Reel<'a> {
    /// # Errors
    /// The payload cannot be shown at all.
    pub(super) fn new(parcel: Parcel<'a>, density: Density) -> Result<Self, ShowError> {
        parcel.film(density.version())?;
        Ok(Self {
            parcel,
            density,
            rate: u32::from(density.rate()),
            film: None,
            unfit: None,
            at: 1,
            only: Vec::new(),
            paused: false,
            typing: None,
            help: false,
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
        if self.film.as_ref().is_some_and(|(film, _)| film.version() <= most) {
            self.unfit = None;
            return Ok(());
        }
        if let Some((_, least)) = self.unfit.filter(|(unfit, _)| *unfit == most) {
            return Err(least);
        }
        let version = self.density.version().min(most);
        if version >= LEAST
            && let Ok(film) = self.parcel.film(version)
        {
            if self.film.is_some() {
                self.note = Some("the window is smaller: other codes, and the other side begins anew".into());
            }
            self.begin(film, version);
            return Ok(());
        }
        let fits = |version: &u8| self.parcel.film(*version).is_ok();
        let least = (LEAST..=self.density.version()).filter(|version| *version > most).find(fits);
        let least = least.unwrap_or(self.density.version());
        self.unfit = Some((most, least));
        Err(least)
    }

    fn begin(&mut self, film: Film, version: u8) {
        (self.film, self.unfit) = (Some((film, version)), None);
        self.at = 1;
        self.only.clear();
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
        let density = if *made_for < self.density.version() {
            format!("version {made_for}: no room for more")
        } else {
            name(self.density).to_owned()
        };
        let only: Vec<usize> = self.only.iter().filter_map(|number| usize::try_from(*number).ok()).collect();
        let only = if only.is_empty() { String::new() } else { format!("; only {}", listed(&only)) };
        format!("{}: {part}{pace}; {density}{only}", self.parcel.format())
    }

    pub(super) fn key(&mut self, key: Key) -> Flow {
        self.note = None;
        if self.typing.is_some() {
            return self.typed(key);
        }
        if self.help {
            self.help = false;
            return if key == Key::Stop { Flow::Done } else { Flow::On };
        }
        match key {
            Key::Letter('q' | 'Q') | Key::Escape | Key::Stop => return Flow::Done,
            Key::Letter('+' | '=') => self.change(1),
            Key::Letter('-' | '_') => self.change(-1),
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
            Key::Letter('m' | 'M') => self.typing = Some(String::new()),
            Key::Letter('a' | 'A') => {
                self.only.clear();
                self.at = 1;
                self.note = Some("all parts, from the first".into());
            }
            Key::Letter('?' | 'h' | 'H') => self.help = true,
            Key::Letter(_) | Key::Enter | Key::Back => {
                self.note = Some("no key of these; ? tells them".into());
            }
        }
        Flow::On
    }

    fn typed(&mut self, key: Key) -> Flow {
        let Some(list) = &mut self.typing else { return Flow::On };
        match key {
            Key::Letter(letter) if list.len() < LIST => list.push(letter),
            Key::Back => drop(list.pop()),
            Key::Enter => {
                let list = self.typing.take().unwrap_or_default();
                self.choose(list.trim());
            }
            Key::Stop => return Flow::Done,
            Key::Escape => self.typing = None,
            Key::Letter(_) | Key::Left | Key::Right | Key::Up | Key::Down => {}
        }
        Flow::On
    }

    /// Only the parts of this list from here on; all for an empty one.
    fn choose(&mut self, list: &str) {
        let count = self.film.as_ref().map_or(1, |(film, _)| film.count());
        // As a receiver shows it.
        let list = list.trim_start_matches("missing:").trim();
        let numbers = if list.is_empty() { Some(Vec::new()) } else { of_list(list) };
        match numbers.filter(|numbers| numbers.iter().all(|number| *number <= count)) {
            Some(numbers) => {
                (self.only, self.at, self.paused) = (numbers, 1, false);
            }
            None => self.note = Some(format!("no list of parts from 1 to {count}, such as 1,5,9-12")),
        }
    }

    /// Begins again with the first part, as densely as there is room for.
    fn restart(&mut self) {
        (self.film, self.unfit) = (None, None);
        (self.at, self.paused) = (1, false);
        self.only.clear();
    }

    fn change(&mut self, by: isize) {
        let at = Density::ALL.iter().position(|density| *density == self.density).unwrap_or(0);
        let Some(density) = at.checked_add_signed(by).and_then(|at| Density::ALL.get(at)).copied() else {
            let end = if by < 0 { "sparsest" } else { "densest" };
            self.note = Some(format!("{} is the {end}", name(self.density)));
            return;
        };
        if let Err(error) = self.parcel.film(density.version()) {
            self.note = Some(format!("{} does not do: {error}", name(density)));
            return;
        }
        self.density = density;
        self.rate = u32::from(density.rate());
        self.restart();
        self.note = Some(format!("{}: the other side begins anew", name(density)));
    }

    fn pace(&mut self, by: isize) {
        let at = RATES.iter().position(|rate| *rate >= self.rate).unwrap_or(0);
        match at.checked_add_signed(by).and_then(|at| RATES.get(at)) {
            Some(rate) => self.rate = *rate,
            None => self.note = Some(format!("{} a second is as far as it goes", self.rate)),
        }
        self.paused = false;
    }
}

const fn name(density: Density) -> &'static str {
    match density {
        Density::Compatible => "compatible",
        Density::Normal => "normal",
        Density::Fast => "fast",
    }
}
