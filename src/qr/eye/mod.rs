//! What finds the codes in pictures.
//!
//! Floor 1. Two eyes: the first is quick, and looks in several ways, as the picture needs it; the second is slow, is
//! made by others, and is asked where the first finds nothing. What either says was held against the code's own error
//! correction; formats of several codes have checksums beyond that. Pictures are untrusted: what looks like a code is
//! counted before it is followed up.

mod finder;
mod second;

use std::{borrow::Cow, collections::VecDeque};

use second::Second;

use crate::picture::{Grey, PictureError};

/// Why a picture gives no text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// No picture.
    #[error(transparent)]
    Picture(#[from] PictureError),
    /// No QR code was found, or none could be decoded.
    #[error("no readable QR code in the picture")]
    NoCode,
    /// A code that holds no text.
    #[error("the QR code in the picture holds no text")]
    NoText,
}

/// The text of the first QR code in a picture, PNG or JPEG.
///
/// # Errors
/// [`ReadError`].
pub fn read_picture(bytes: &[u8]) -> Result<String, ReadError> {
    let seen = Eye::patient().see(&Grey::read(bytes)?);
    let first = seen.first().ok_or(ReadError::NoCode)?;
    seen.iter().find_map(Seen::text).or_else(|| first.text()).ok_or(ReadError::NoText)
}

/// A way to look at a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Way {
    /// As it is.
    Plain,
    /// At half the size.
    Half,
    /// With edges made sharper.
    Sharp,
    /// With brightness and contrast made equal everywhere.
    Even,
    /// Smoothed.
    Soft,
    /// For light codes on dark.
    Inverse,
    /// By the second eye.
    Second,
}

impl Way {
    /// Those of the first eye, in the order in which they are tried: what helps most comes first.
    pub const FIRST: [Self; 6] = [Self::Plain, Self::Half, Self::Sharp, Self::Even, Self::Soft, Self::Inverse];

    /// The picture as it is looked at in this way, and how many of its pixels are one of them.
    fn of(self, picture: &Grey) -> Option<(Cow<'_, Grey>, usize)> {
        let (width, height, pixels) = (picture.width(), picture.height(), picture.pixels());
        let same = |filtered: Vec<u8>| Grey::new(width, height, filtered).map(|picture| (Cow::Owned(picture), 1));
        match self {
            Self::Plain | Self::Inverse | Self::Second => Some((Cow::Borrowed(picture), 1)),
            Self::Half => halved(picture).map(|half| (Cow::Owned(half), 2)),
            Self::Sharp => same(strongroom_pixels::sharp(width, pixels)),
            Self::Even => same(strongroom_pixels::even(width, pixels, (height / EVEN).clamp(8, 500))),
            Self::Soft => same(strongroom_pixels::soft(width, pixels)),
        }
    }

    /// What the first eye finds in this way.
    fn find(self, picture: &Grey) -> Vec<Found> {
        let Some((looked_at, scale)) = self.of(picture) else { return Vec::new() };
        let found = finder::find(&looked_at, self == Self::Inverse);
        found.into_iter().map(|found| found.grown(scale)).collect()
    }
}

/// Parts of a picture's height within which brightness and contrast are made equal.
const EVEN: usize = 24;

fn halved(picture: &Grey) -> Option<Grey> {
    let half = strongroom_pixels::half(picture.width(), picture.pixels());
    Grey::new(picture.width() / 2, picture.height() / 2, half)
}

/// A code in a picture.
struct Found {
    bytes: Vec<u8>,
    place: Place,
}

impl Found {
    fn grown(self, scale: usize) -> Self {
        Self { place: self.place.mapped(|at| at.saturating_mul(scale)), ..self }
    }
}

/// The smallest upright rectangle around a code, in pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// Its first column.
    pub left: usize,
    /// Its first row.
    pub top: usize,
    /// The column after its last.
    pub right: usize,
    /// The row after its last.
    pub bottom: usize,
}

impl Place {
    const NONE: Self = Self { left: usize::MAX, top: usize::MAX, right: 0, bottom: 0 };

    /// Around these points.
    fn around(points: impl Iterator<Item = (f32, f32)>) -> Self {
        // What is no number, or less than 0, is 0.
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturates")]
        let at = |value: f32| value as usize;
        let point = |(x, y)| Self { left: at(x), top: at(y), right: at(x), bottom: at(y) };
        points.map(point).fold(Self::NONE, Self::with)
    }

    /// Around both.
    fn with(self, other: Self) -> Self {
        Self {
            left: self.left.min(other.left),
            top: self.top.min(other.top),
            right: self.right.max(other.right),
            bottom: self.bottom.max(other.bottom),
        }
    }

    fn mapped(self, to: impl Fn(usize) -> usize) -> Self {
        Self { left: to(self.left), top: to(self.top), right: to(self.right), bottom: to(self.bottom) }
    }

    fn shifted(self, right: usize, down: usize) -> Self {
        Self {
            left: self.left.saturating_add(right),
            top: self.top.saturating_add(down),
            right: self.right.saturating_add(right),
            bottom: self.bottom.saturating_add(down),
        }
    }

    /// With a quarter more on each side: a hand moves between two frames.
    fn with_margin(self) -> Self {
        let side = self.right.saturating_sub(self.left).max(self.bottom.saturating_sub(self.top));
        let margin = (side / 4).max(16);
        Self {
            left: self.left.saturating_sub(margin),
            top: self.top.saturating_sub(margin),
            right: self.right.saturating_add(margin),
            bottom: self.bottom.saturating_add(margin),
        }
    }
}

/// A code that was read.
#[derive(Clone, PartialEq, Eq)]
pub struct Seen {
    /// What it holds: text in most codes, any bytes in some.
    pub bytes: Vec<u8>,
    /// Where it is.
    pub place: Place,
    /// How it was found.
    pub way: Way,
}

impl Seen {
    /// Its text, where it holds text.
    #[must_use]
    pub fn text(&self) -> Option<String> {
        std::str::from_utf8(&self.bytes).ok().map(str::to_owned)
    }
}

impl std::fmt::Debug for Seen {
    /// Without what it holds: that may be a seed.
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "Seen({} bytes, {:?}, {:?})", self.bytes.len(), self.place, self.way)
    }
}

/// Frames without a code after which the last place and the last way are forgotten.
const FORGET: usize = 15;
/// Texts that wait for a frame in which nothing else is found.
const WAITING: usize = 8;

/// What looks at one picture after the other.
///
/// A quick one gives each frame of a film two looks at most: in the way that worked last, at the place where the code
/// was last, or else in the next way. A patient one looks at a picture in all ways.
pub struct Eye {
    patient: bool,
    way: Way,
    /// The way to try beside it.
    next: usize,
    place: Option<Place>,
    /// Frames without a code.
    missed: usize,
    second: Option<Second>,
    waiting: VecDeque<String>,
}

impl Default for Eye {
    fn default() -> Self {
        Self::new()
    }
}

impl Eye {
    /// For a film: as quick as the camera.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            patient: false,
            way: Way::Plain,
            next: 1,
            place: None,
            missed: 0,
            second: None,
            waiting: VecDeque::new(),
        }
    }

    /// For single pictures.
    #[must_use]
    pub const fn patient() -> Self {
        let mut eye = Self::new();
        eye.patient = true;
        eye
    }

    /// The text of a code: of this picture, or of one before it that took longer.
    pub fn look(&mut self, picture: &Grey) -> Option<String> {
        let seen = self.see(picture);
        self.waiting.extend(seen.iter().filter_map(Seen::text));
        let text = self.waiting.pop_front();
        self.waiting.truncate(WAITING);
        text
    }

    /// The codes of this picture, and those of pictures before it that took longer.
    pub fn see(&mut self, picture: &Grey) -> Vec<Seen> {
        let mut seen = if self.patient { self.search(picture) } else { self.glance(picture) };
        if seen.is_empty() {
            self.missed = self.missed.saturating_add(1);
            if self.missed >= FORGET {
                (self.place, self.way) = (None, Way::Plain);
            }
        } else {
            self.missed = 0;
            self.place = seen.iter().map(|seen| seen.place).reduce(Place::with);
        }
        if !self.patient {
            if seen.is_empty() {
                self.second.get_or_insert_with(Second::start).offer(picture);
            }
            if let Some(second) = &self.second {
                seen.extend(second.found().into_iter().map(|found| found.seen(Way::Second)));
            }
        }
        seen
    }

    /// Two looks.
    fn glance(&mut self, picture: &Grey) -> Vec<Seen> {
        if let Some(seen) = self.place.and_then(|place| part(self.way, picture, place)) {
            return seen;
        }
        let seen = whole(self.way, picture);
        if !seen.is_empty() {
            return seen;
        }
        let mut ways = Way::FIRST.iter().filter(|way| **way != self.way).cycle();
        let Some(other) = ways.nth(self.next).copied() else { return seen };
        let others = Way::FIRST.len().saturating_sub(1);
        self.next = self.next.saturating_add(1).checked_rem(others).unwrap_or(0);
        let seen = whole(other, picture);
        if !seen.is_empty() {
            self.way = other;
        }
        seen
    }

    /// All looks, until one finds something.
    fn search(&mut self, picture: &Grey) -> Vec<Seen> {
        let others = Way::FIRST.into_iter().filter(|way| *way != self.way);
        for way in std::iter::once(self.way).chain(others) {
            let seen = whole(way, picture);
            if !seen.is_empty() {
                self.way = way;
                return seen;
            }
        }
        let found = self.second.get_or_insert_with(Second::start).ask(picture);
        found.into_iter().map(|found| found.seen(Way::Second)).collect()
    }
}

impl Found {
    fn seen(self, way: Way) -> Seen {
        Seen { bytes: self.bytes, place: self.place, way }
    }
}

fn whole(way: Way, picture: &Grey) -> Vec<Seen> {
    way.find(picture).into_iter().map(|found| found.seen(way)).collect()
}

/// In a part of the picture only, where that is worth the while.
fn part(way: Way, picture: &Grey, place: Place) -> Option<Vec<Seen>> {
    let place = place.with_margin();
    let (cut, left, top) = picture.part(place.left, place.top, place.right, place.bottom)?;
    if cut.pixels().len() > (picture.pixels().len() / 4).saturating_mul(3) {
        return None;
    }
    let found = way.find(&cut).into_iter().map(|found| Found { place: found.place.shifted(left, top), ..found });
    let seen: Vec<Seen> = found.map(|found| found.seen(way)).collect();
    (!seen.is_empty()).then_some(seen)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::qr;

    fn film(density: qr::Density) -> qr::Film {
        qr::Film::ur(qr::Kind::Binary, &[7; 5_000], density, false).unwrap()
    }

    #[test]
    fn what_is_drawn_is_read() {
        for density in qr::Density::ALL {
            let film = film(density);
            for number in [1, film.count(), film.count() + 7] {
                let picture = qr::png(&film.part(number), film.version(), 4).unwrap();
                assert_eq!(read_picture(&picture).unwrap(), film.part(number));
            }
        }
    }

    #[test]
    fn what_is_no_code_is_refused() {
        assert_eq!(read_picture(b"not a picture").unwrap_err(), ReadError::Picture(PictureError::Unknown));
        let blank = qr::png("x", 1, 4).unwrap();
        let blank = Grey::read(&blank).unwrap();
        let blank = Grey::new(blank.width(), blank.height(), vec![255; blank.pixels().len()]).unwrap();
        assert_eq!(Eye::new().look(&blank), None);
        assert_eq!(Eye::patient().see(&blank), vec![]);
        assert!(matches!(qr::png(&"y".repeat(5000), 1, 1), Err(qr::DrawError::TooLong(_))));
    }

    /// Nine hundred things that look like corners: the work of the second eye grows with the cube of their number.
    #[test]
    fn a_picture_made_to_keep_the_second_eye_busy_keeps_nobody_waiting() {
        let side = 400;
        let ring = |at: usize| match at % 10 {
            0 | 6 => 3,
            1 | 5 => 2,
            2..=4 => 1,
            _ => 4,
        };
        let dark = |at: usize| matches!(ring(at % side).max(ring(at / side)), 1 | 3);
        let pixels = (0..side * side).map(|at| if dark(at) { 0 } else { 255 }).collect();
        let tiles = Grey::new(side, side, pixels).unwrap();
        let mut eye = Eye::patient();
        assert!(eye.see(&tiles).is_empty());
        // It is busy still, and the first eye reads on alone.
        assert!(eye.second.as_ref().is_some_and(|second| second.owes));
        assert!(eye.see(&tiles).is_empty());
        let code = Grey::read(&qr::png("STILL READ", 2, 4).unwrap()).unwrap();
        assert_eq!(eye.look(&code).as_deref(), Some("STILL READ"));
    }
}
