//! What fills a screen: lines above, a picture between, lines below; and how large a code there can be.

use super::{cells, pixels};
use crate::{
    picture::Grey,
    port::{Canvas, Sheet},
    qr::{QUIET, Square},
};

/// What fills a screen.
pub(super) struct Scene<'a> {
    pub(super) above: Vec<String>,
    pub(super) picture: Picture<'a>,
    pub(super) below: Vec<String>,
}

/// What stands between the lines.
pub(super) enum Picture<'a> {
    None,
    /// A code, with its quiet zone: each module as large as it can be, all of one size.
    Code(&'a Grey),
    /// What a camera sees, as a mirror shows it.
    View(&'a Grey),
}

/// Modules a side with which a code of a version is drawn.
pub(super) const fn modules(version: u8) -> usize {
    (version as usize).saturating_mul(4).saturating_add(17).saturating_add(2 * QUIET)
}

/// The sparsest version that is shown: a sparser one would carry next to nothing but its own head.
pub(super) const LEAST: u8 = 4;

/// The densest version of code that fits beside so many lines; `None` where not even the sparsest does.
pub(super) fn largest(canvas: &Canvas, lines: usize) -> Option<u8> {
    let room = match canvas {
        Canvas::Cells { rows, columns, halves } => cells::room((*rows, *columns), *halves, lines),
        Canvas::Pixels { width, height, letters } => pixels::room((*width, *height), letters, lines),
    };
    (LEAST..=40).rev().find(|version| modules(*version) <= room)
}

/// Columns and rows of a terminal, or pixels, that a code of a version and so many lines need.
pub(super) fn needed(canvas: &Canvas, version: u8, lines: usize) -> (usize, usize) {
    match canvas {
        Canvas::Cells { halves, .. } => cells::needed(modules(version), *halves, lines),
        Canvas::Pixels { width, height, letters } => {
            pixels::needed(modules(version), (*width, *height), letters, lines)
        }
    }
}

/// Characters of a line.
pub(super) fn width(canvas: &Canvas) -> usize {
    match canvas {
        Canvas::Cells { columns, .. } => *columns,
        Canvas::Pixels { width, height, letters } => pixels::columns((*width, *height), letters),
    }
}

/// The scene as a sheet. What has no room is left out.
pub(super) fn compose(canvas: &Canvas, scene: &Scene<'_>) -> Sheet {
    match canvas {
        Canvas::Cells { rows, columns, halves } => Sheet::Cells(cells::compose((*rows, *columns), *halves, scene)),
        Canvas::Pixels { width, height, letters } => {
            let sheet = pixels::compose((*width, *height), letters, scene);
            sheet.map_or_else(|| Sheet::Cells(String::new()), Sheet::Pixels)
        }
    }
}

/// A code with its quiet zone, one pixel a module.
pub(super) fn code(square: &Square) -> Option<Grey> {
    let side = square.side.saturating_add(2 * QUIET);
    let mut pixels = vec![255; side.saturating_mul(side)];
    for (row, dark) in square.dark.chunks(square.side.max(1)).enumerate() {
        let from = row.saturating_add(QUIET).saturating_mul(side).saturating_add(QUIET);
        let line = pixels.get_mut(from..).unwrap_or_default();
        line.iter_mut().zip(dark).filter(|(_, dark)| **dark).for_each(|(pixel, _)| *pixel = 0);
    }
    Grey::new(side, side, pixels)
}

/// A picture in another size, as a mirror shows it: where it becomes smaller, the mean of a few of the pixels that fall
/// together.
pub(super) fn mirrored(picture: &Grey, (width, height): (usize, usize)) -> Option<Grey> {
    let samples = if width.saturating_mul(2) > picture.width() { 1usize } else { 3 };
    // The middles of as many places as there are samples.
    let places = |to: usize, from: usize| -> Vec<usize> {
        let fine = to.saturating_mul(samples);
        let middle = |at: usize| at.saturating_mul(2).saturating_add(1).saturating_mul(from);
        (0..fine).map(|at| middle(at).checked_div(fine.saturating_mul(2)).unwrap_or(0)).collect()
    };
    let (columns, rows) = (places(width, picture.width()), places(height, picture.height()));
    let all = u32::try_from(samples.saturating_mul(samples)).unwrap_or(1);
    let mut pixels = Vec::with_capacity(width.saturating_mul(height));
    for rows in rows.chunks(samples) {
        for columns in columns.chunks(samples).rev() {
            let spots = rows.iter().flat_map(|y| columns.iter().map(|x| u32::from(picture.at(*x, *y))));
            let mean = spots.fold(0u32, u32::saturating_add).checked_div(all).unwrap_or(0);
            pixels.push(u8::try_from(mean).unwrap_or(255));
        }
    }
    Grey::new(width, height, pixels)
}

/// The largest sides of the same shape as `picture` within `room`.
pub(super) fn within(picture: &Grey, (width, height): (usize, usize)) -> (usize, usize) {
    let high = width.saturating_mul(picture.height()).checked_div(picture.width()).unwrap_or(0);
    if high <= height {
        (width, high)
    } else {
        (height.saturating_mul(picture.width()).checked_div(picture.height()).unwrap_or(0), height)
    }
}

/// A line in letters that every screen has, no longer than `columns`.
pub(super) fn cut(line: &str, columns: usize) -> String {
    let plain = line.chars().map(|c| if (' '..='~').contains(&c) { c } else { '?' });
    plain.take(columns).collect()
}
