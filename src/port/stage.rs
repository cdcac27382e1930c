//! The whole screen, its keys and a clock: where codes are shown, and a camera is aimed.

use std::{sync::Arc, time::Duration};

use super::DeviceError;
use crate::picture::Grey;

/// What a screen can be filled with now.
#[derive(Debug, Clone)]
pub enum Canvas {
    /// A terminal's cells.
    Cells {
        /// Rows of cells.
        rows: usize,
        /// Cells of a row.
        columns: usize,
        /// Whether it has letters that are half a cell of one colour and half of another.
        halves: bool,
    },
    /// A framebuffer's pixels.
    Pixels {
        /// Pixels of a row.
        width: usize,
        /// Rows.
        height: usize,
        /// The letters to write with.
        letters: Arc<Letters>,
    },
}

/// A whole screen, drawn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sheet {
    /// What a terminal is sent.
    Cells(String),
    /// Each pixel.
    Pixels(Grey),
}

/// Letters as dots.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letters {
    width: usize,
    height: usize,
    /// Each letter from 0 on, each row of it in whole bytes, from the highest bit.
    bits: Vec<u8>,
    /// Bytes of a letter.
    each: usize,
}

impl Letters {
    /// Letters of `width` by `height` dots, `each` bytes apart, where there are as many as ASCII has.
    #[must_use]
    pub fn new((width, height): (usize, usize), each: usize, bits: Vec<u8>) -> Option<Self> {
        let room = width.div_ceil(8).checked_mul(height)? <= each && each.checked_mul(128)? <= bits.len();
        (room && width > 0 && height > 0).then_some(Self { width, height, bits, each })
    }

    /// Dots of a row.
    #[must_use]
    pub const fn width(&self) -> usize {
        self.width
    }

    /// Rows of dots.
    #[must_use]
    pub const fn height(&self) -> usize {
        self.height
    }

    /// Whether there is a dot in column `x` of row `y` of this letter.
    #[must_use]
    pub fn dot(&self, letter: u8, x: usize, y: usize) -> bool {
        let inside = x < self.width && y < self.height;
        let row = usize::from(letter)
            .checked_mul(self.each)
            .and_then(|at| at.checked_add(y.checked_mul(self.width.div_ceil(8))?));
        let byte = row.and_then(|row| row.checked_add(x / 8)).filter(|_| inside).and_then(|at| self.bits.get(at));
        byte.is_some_and(|byte| byte & (0x80 >> (x % 8)) != 0)
    }
}

/// A key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Key {
    /// A letter, a digit, a sign, a blank.
    Letter(char),
    /// Enter.
    Enter,
    /// What takes the last letter back.
    Back,
    /// Escape alone.
    Escape,
    /// Ctrl-C, Ctrl-D, and the end of the input.
    Stop,
    /// An arrow.
    Left,
    /// An arrow.
    Right,
    /// An arrow.
    Up,
    /// An arrow.
    Down,
    /// A page up.
    PageUp,
    /// A page down.
    PageDown,
    /// F1.
    Help,
}

/// The whole screen, its keys and a clock.
pub trait Stage {
    /// What there is to fill now: people change the size of their windows.
    ///
    /// # Errors
    /// The terminal is gone.
    fn canvas(&mut self) -> Result<Canvas, DeviceError>;
    /// Fills the screen.
    ///
    /// # Errors
    /// The terminal is gone.
    fn fill(&mut self, sheet: &Sheet) -> Result<(), DeviceError>;
    /// The next key, where one comes within `patience`.
    ///
    /// # Errors
    /// The terminal is gone.
    fn key(&mut self, patience: Duration) -> Result<Option<Key>, DeviceError>;
    /// Time since some moment: it never goes back.
    fn now(&self) -> Duration;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_are_read_by_rows_from_the_highest_bit() {
        let mut bits = vec![0; 128 * 32];
        bits[65 * 32 + 3] = 0x81;
        let letters = Letters::new((8, 16), 32, bits).unwrap();
        let dots: Vec<_> = (0..9).filter(|x| letters.dot(b'A', *x, 3)).collect();
        assert_eq!(dots, [0, 7]);
        assert!(!letters.dot(b'A', 0, 4) && !letters.dot(255, 0, 3) && !letters.dot(b'A', usize::MAX, usize::MAX));
        // Wider than a byte.
        let mut bits = vec![0; 128 * 64];
        bits[64 * 66 + 2 * 31 + 1] = 0x80;
        assert!(Letters::new((12, 32), 64, bits).unwrap().dot(b'B', 8, 31));
        for (sides, each, bytes) in
            [((8, 16), 32, 100), ((16, 32), 32, 128 * 32), ((0, 16), 32, 4096), ((8, 0), 32, 4096), ((8, 1), 0, 9)]
        {
            assert!(Letters::new(sides, each, vec![0; bytes]).is_none(), "{sides:?}");
        }
    }
}
