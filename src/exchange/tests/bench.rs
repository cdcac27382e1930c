//! A simulated stage and camera on one clock.

use std::{cell::Cell, collections::VecDeque, rc::Rc, sync::Arc, time::Duration};

use crate::{
    exchange::Parcel,
    picture::Grey,
    port::{Camera, Canvas, DeviceError, Key, Letters, Sheet, Sight, Stage},
    qr::{Carrier, Eye, Kind},
};

pub(super) type Clock = Rc<Cell<Duration>>;

pub(super) const fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

pub(super) const fn cells(columns: usize, rows: usize) -> Canvas {
    Canvas::Cells { rows, columns, halves: true }
}

/// Letters of which each has one dot, in its middle.
pub(super) fn pixels(width: usize, height: usize) -> Canvas {
    let mut bits = vec![0; 256 * 32];
    bits.chunks_mut(32).for_each(|letter| letter[8] = 0x10);
    Canvas::Pixels { width, height, letters: Arc::new(Letters::new((8, 16), 32, bits).unwrap()) }
}

/// A stage whose keys come at their times; after the last one and a minute, the person stops.
pub(super) struct Bench {
    pub(super) clock: Clock,
    /// From each time on.
    pub(super) canvases: Vec<(Duration, Canvas)>,
    pub(super) keys: VecDeque<(Duration, Key)>,
    pub(super) sheets: Vec<(Duration, Sheet)>,
    /// What drawing takes, until a moment.
    pub(super) slow: Duration,
    pub(super) slow_until: Duration,
}

impl Bench {
    pub(super) fn new(canvas: Canvas, keys: &[(u64, Key)]) -> Self {
        Self {
            clock: Clock::default(),
            canvases: vec![(Duration::ZERO, canvas)],
            keys: keys.iter().map(|(at, key)| (ms(*at), *key)).collect(),
            sheets: Vec::new(),
            slow: Duration::ZERO,
            slow_until: Duration::MAX,
        }
    }

    /// The lines of the last sheet, without what has no letters.
    pub(super) fn words(&self) -> Vec<String> {
        words(&self.sheets.last().unwrap().1)
    }

    /// The texts of the codes that were on, each with its time.
    pub(super) fn texts(&self) -> Vec<(Duration, String)> {
        let mut eye = Eye::new();
        self.sheets.iter().filter_map(|(at, sheet)| Some((*at, read(&mut eye, sheet)?))).collect()
    }
}

impl Stage for Bench {
    fn canvas(&mut self) -> Result<Canvas, DeviceError> {
        let now = self.clock.get();
        Ok(self.canvases.iter().rev().find(|(from, _)| *from <= now).unwrap().1.clone())
    }

    fn fill(&mut self, sheet: &Sheet) -> Result<(), DeviceError> {
        self.sheets.push((self.clock.get(), sheet.clone()));
        if self.clock.get() < self.slow_until {
            self.clock.set(self.clock.get() + self.slow);
        }
        Ok(())
    }

    fn key(&mut self, patience: Duration) -> Result<Option<Key>, DeviceError> {
        let until = self.clock.get() + patience;
        if until > ms(600_000) {
            return Ok(Some(Key::Stop));
        }
        match self.keys.pop_front_if(|(at, _)| *at <= until) {
            Some((at, key)) => {
                self.clock.set(self.clock.get().max(at));
                Ok(Some(key))
            }
            None => {
                self.clock.set(until);
                Ok(None)
            }
        }
    }

    fn now(&self) -> Duration {
        self.clock.get()
    }
}

/// A camera of ten pictures a second that sees what `sees` says for each moment.
pub(super) struct Lens<F> {
    pub(super) clock: Clock,
    pub(super) sees: F,
}

impl<F: FnMut(Duration) -> Sight> Camera for Lens<F> {
    fn look(&mut self, _: Duration) -> Result<Sight, DeviceError> {
        self.clock.set(self.clock.get() + ms(100));
        Ok((self.sees)(self.clock.get()))
    }

    fn about(&self) -> String {
        "Lens: 640 by 480".into()
    }
}

/// The cells of a terminal after this text: letters, and the brightness of their upper and lower halves, where
/// `theme` is what the terminal has where nobody said a colour.
pub(super) fn screen(text: &str, theme: u8) -> Vec<Vec<(char, u8, u8)>> {
    let shade = |color: usize| match color {
        16 => 0,
        231 => 255,
        grey => u8::try_from((grey - 232) * 10 + 8).unwrap(),
    };
    let mut rows: Vec<Vec<(char, u8, u8)>> = Vec::new();
    let (mut front, mut behind) = (255 - theme, theme);
    let mut rest = text;
    while let Some(letter) = rest.chars().next() {
        rest = &rest[letter.len_utf8()..];
        if letter != '\x1b' {
            let (top, bottom) = match letter {
                '█' => (front, front),
                '▀' => (front, behind),
                '▄' => (behind, front),
                _ => (behind, behind),
            };
            rows.last_mut().unwrap().push((letter, top, bottom));
            continue;
        }
        let end = rest.find(|c: char| c.is_ascii_alphabetic()).unwrap();
        let numbers: Vec<usize> = rest[1..end].split(';').map(|n| n.parse().unwrap_or(0)).collect();
        match (&rest[end..=end], numbers.as_slice()) {
            ("H", [row, 1]) => {
                assert_eq!(*row, rows.len() + 1, "each row in its turn");
                rows.push(Vec::new());
            }
            ("m", [0]) => (front, behind) = (255 - theme, theme),
            ("m", [38, 5, color]) => front = shade(*color),
            ("m", [48, 5, color]) => behind = shade(*color),
            ("m", [49]) => behind = theme,
            ("K", _) => {}
            other => panic!("{other:?}"),
        }
        rest = &rest[end + 1..];
    }
    rows
}

/// What a camera sees of a terminal; of the code alone where it stands on black.
pub(super) fn photograph(rows: &[Vec<(char, u8, u8)>], theme: u8) -> Grey {
    const SCALE: usize = 3;
    let width = rows.iter().map(Vec::len).max().unwrap();
    let half = |half: fn(&(char, u8, u8)) -> u8, row: &[(char, u8, u8)]| -> Vec<u8> {
        (0..width).map(|x| row.get(x).map_or(theme, half)).collect()
    };
    let mut dots: Vec<Vec<u8>> =
        rows.iter().flat_map(|row| [half(|cell| cell.1, row), half(|cell| cell.2, row)]).collect();
    if theme == 0 {
        dots.retain(|row| row.contains(&255));
        let left = dots.iter().filter_map(|row| row.iter().position(|dot| *dot == 255)).min().unwrap_or(0);
        let right = dots.iter().filter_map(|row| row.iter().rposition(|dot| *dot == 255)).max().unwrap_or(0);
        dots.iter_mut().for_each(|row| *row = row[left..=right].to_vec());
    }
    let Some(first) = dots.first() else { return Grey::new(1, 1, vec![0]).unwrap() };
    let sides = (first.len() * SCALE, dots.len() * SCALE);
    let wide = dots.iter().map(|row| row.iter().flat_map(|dot| [*dot; SCALE]).collect::<Vec<u8>>());
    Grey::new(sides.0, sides.1, wide.flat_map(|row| row.repeat(SCALE)).collect()).unwrap()
}

pub(super) fn read(eye: &mut Eye, sheet: &Sheet) -> Option<String> {
    match sheet {
        Sheet::Cells(text) => eye.look(&photograph(&screen(text, 0), 0)),
        Sheet::Pixels(picture) => eye.look(picture),
    }
}

pub(super) fn words(sheet: &Sheet) -> Vec<String> {
    let Sheet::Cells(text) = sheet else { panic!("pixels have no words") };
    let lines = screen(text, 0).into_iter().map(|row| row.into_iter().map(|cell| cell.0).collect::<String>());
    lines.map(|line| line.trim().to_owned()).filter(|line| !line.is_empty() && line.is_ascii()).collect()
}

/// A PSBT's first bytes, and bytes that do not shrink.
pub(super) fn noise(length: usize) -> Vec<u8> {
    let mut state = length as u64 | 1;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (state >> 56) as u8
    };
    b"psbt\xff".iter().copied().chain((5..length).map(|_| next())).collect()
}

pub(super) const fn parcel(bytes: &[u8]) -> Parcel<'_> {
    Parcel { kind: Kind::Psbt, bytes, carrier: Carrier::Ur }
}
