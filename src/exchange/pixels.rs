//! A scene in the pixels of a framebuffer: codes and pictures as they are, lines in the console's own letters.

use super::scene::{Picture, Scene, cut, mirrored, within};
use crate::{picture::Grey, port::Letters};

/// Pixels of a module, least.
const LEAST: usize = 3;
/// Lines and letters of a line that a screen has at least, where its letters can be that large: a console's.
const LINES: usize = 30;
const COLUMNS: usize = 80;
/// How bright letters are.
const LIGHT: u8 = 220;

/// Pixels of a letter's dot.
fn dot((width, height): (usize, usize), letters: &Letters) -> usize {
    let high = height.checked_div(letters.height().saturating_mul(LINES)).unwrap_or(1);
    let wide = width.checked_div(letters.width().saturating_mul(COLUMNS)).unwrap_or(1);
    high.min(wide).max(1)
}

/// Pixels from one line to the next.
fn pitch(sides: (usize, usize), letters: &Letters) -> usize {
    letters.height().saturating_add(2).saturating_mul(dot(sides, letters))
}

pub(super) fn columns(sides: (usize, usize), letters: &Letters) -> usize {
    let wide = letters.width().saturating_mul(dot(sides, letters));
    sides.0.checked_div(wide).unwrap_or(0)
}

/// Modules a side that fit beside so many lines.
pub(super) fn room((width, height): (usize, usize), letters: &Letters, lines: usize) -> usize {
    let text = lines.saturating_mul(pitch((width, height), letters));
    width.min(height.saturating_sub(text)) / LEAST
}

/// Pixels a row, and rows, that so many modules a side and so many lines need.
pub(super) fn needed(modules: usize, sides: (usize, usize), letters: &Letters, lines: usize) -> (usize, usize) {
    let side = modules.saturating_mul(LEAST);
    (side, lines.saturating_mul(pitch(sides, letters)).saturating_add(side))
}

pub(super) fn compose(sides: (usize, usize), letters: &Letters, scene: &Scene<'_>) -> Option<Grey> {
    let (width, height) = sides;
    let mut sheet = Sheet { width, pixels: vec![0; width.saturating_mul(height)] };
    let pitch = pitch(sides, letters);
    let top = scene.above.len().saturating_mul(pitch);
    let bottom = height.saturating_sub(scene.below.len().saturating_mul(pitch));
    let lines = (0usize..).zip(&scene.above).map(|(number, line)| (number.saturating_mul(pitch), line));
    let below =
        (0usize..).zip(&scene.below).map(|(number, line)| (number.saturating_mul(pitch).saturating_add(bottom), line));
    for (y, line) in lines.chain(below) {
        sheet.write(&cut(line, columns(sides, letters)), y, letters, dot(sides, letters));
    }
    let room = (width, bottom.saturating_sub(top));
    match scene.picture {
        Picture::None => {}
        Picture::Code(code) => {
            let scale = room.0.min(room.1).checked_div(code.width()).unwrap_or(0);
            sheet.put(code, scale, (0, top), room);
        }
        Picture::View(view) => {
            if let Some(view) = mirrored(view, within(view, room)) {
                sheet.put(&view, 1, (0, top), room);
            }
        }
    }
    Grey::new(width, height, sheet.pixels)
}

struct Sheet {
    width: usize,
    pixels: Vec<u8>,
}

impl Sheet {
    /// `length` pixels of row `y` from `x` on, where they are inside.
    fn row(&mut self, (x, y): (usize, usize), length: usize) -> &mut [u8] {
        let from = y.saturating_mul(self.width).saturating_add(x);
        let inside = x.saturating_add(length) <= self.width;
        let range = from..from.saturating_add(if inside { length } else { 0 });
        self.pixels.get_mut(range).unwrap_or_default()
    }

    /// A picture, each pixel of it `scale` a side, in the middle of a place.
    fn put(&mut self, picture: &Grey, scale: usize, (left, top): (usize, usize), (width, height): (usize, usize)) {
        let middle = |room: usize, side: usize| room.saturating_sub(side.saturating_mul(scale)) / 2;
        let left = left.saturating_add(middle(width, picture.width()));
        let top = top.saturating_add(middle(height, picture.height()));
        let mut line = Vec::with_capacity(picture.width().saturating_mul(scale));
        for (number, row) in picture.pixels().chunks(picture.width().max(1)).enumerate() {
            line.clear();
            line.extend(row.iter().flat_map(|pixel| std::iter::repeat_n(*pixel, scale)));
            let first = number.saturating_mul(scale).saturating_add(top);
            for y in first..first.saturating_add(scale) {
                let to = self.row((left, y), line.len());
                to.iter_mut().zip(&line).for_each(|(to, from)| *to = *from);
            }
        }
    }

    /// A line of letters, each dot of them `dot` pixels a side.
    fn write(&mut self, line: &str, top: usize, letters: &Letters, dot: usize) {
        let wide = letters.width().saturating_mul(dot);
        for (number, letter) in line.bytes().enumerate() {
            let left = number.saturating_mul(wide);
            let dots = (0..letters.height()).flat_map(|y| (0..letters.width()).map(move |x| (x, y)));
            for (x, y) in dots.filter(|(x, y)| letters.dot(letter, *x, *y)) {
                let at = (left.saturating_add(x.saturating_mul(dot)), top.saturating_add(y.saturating_mul(dot)));
                for line in 0..dot {
                    self.row((at.0, at.1.saturating_add(line)), dot).fill(LIGHT);
                }
            }
        }
    }
}
