//! A scene in the cells of a terminal: half-blocks, or two blanks a dot where there are none.
//!
//! Both colours are always said, so that no theme turns a code inside out. Light is drawn by letters and dark by what is
//! behind them: a console has no bright white behind letters.

use std::fmt::Write as _;

use super::scene::{Picture, Scene, cut, mirrored, within};
use crate::picture::Grey;

/// Dots a side that fit beside so many lines.
pub(super) fn room((rows, columns): (usize, usize), halves: bool, lines: usize) -> usize {
    let rows = rows.saturating_sub(lines);
    if halves { columns.min(rows.saturating_mul(2)) } else { rows.min(columns / 2) }
}

/// Columns and rows that so many dots a side and so many lines need.
pub(super) fn needed(dots: usize, halves: bool, lines: usize) -> (usize, usize) {
    if halves {
        (dots, dots.div_ceil(2).saturating_add(lines))
    } else {
        (dots.saturating_mul(2), dots.saturating_add(lines))
    }
}

pub(super) fn compose((rows, columns): (usize, usize), halves: bool, scene: &Scene<'_>) -> String {
    let lines = scene.above.len().saturating_add(scene.below.len());
    let between = rows.saturating_sub(lines);
    let dots = if halves { (columns, between.saturating_mul(2)) } else { (columns / 2, between) };
    let fits = |grey: &&Grey| grey.width() <= dots.0 && grey.height() <= dots.1;
    let drawn = match scene.picture {
        Picture::None => None,
        Picture::Code(code) => Some(code.clone()).filter(|code| fits(&code)),
        Picture::View(view) => mirrored(view, within(view, dots)),
    };
    let mut painted = drawn.map(|grey| paint(&grey, columns, halves)).unwrap_or_default().into_iter();
    let blank = between.saturating_sub(painted.len()) / 2;
    let mut out = String::new();
    for row in 0..rows {
        let after = row.checked_sub(scene.above.len());
        let below = after.and_then(|after| after.checked_sub(between));
        let line = match (after, below) {
            (None, _) => text(scene.above.get(row), columns),
            (Some(_), Some(at)) => text(scene.below.get(at), columns),
            (Some(after), None) if after >= blank => painted.next().unwrap_or_else(|| text(None, columns)),
            (Some(_), None) => text(None, columns),
        };
        let _ = write!(out, "\x1b[{};1H{line}", row.saturating_add(1));
    }
    out
}

/// A line of text, and nothing after it.
fn text(line: Option<&String>, columns: usize) -> String {
    let line = line.map(|line| cut(line, columns)).unwrap_or_default();
    // After a full row the cursor stands on its last letter, which would go with the rest.
    let rest = if line.len() < columns { "\x1b[K" } else { "" };
    format!("\x1b[0m{line}{rest}")
}

/// The rows of a grey picture, in the middle.
fn paint(grey: &Grey, columns: usize, halves: bool) -> Vec<String> {
    let (each, step) = if halves { (1usize, 2usize) } else { (2, 1) };
    let wide = grey.width().saturating_mul(each);
    let left = columns.saturating_sub(wide) / 2;
    let rows = (0..grey.height()).step_by(step).map(|y| {
        let mut out = format!("\x1b[0m{}", " ".repeat(left));
        let (mut front, mut behind) = (None, None);
        for x in 0..grey.width() {
            let top = shade(grey.at(x, y));
            // Below the last row there is nothing: what is behind there stays the terminal's own.
            let bottom = if halves && y.saturating_add(1) < grey.height() {
                shade(grey.at(x, y.saturating_add(1)))
            } else {
                top
            };
            let half = halves && y.saturating_add(1) >= grey.height();
            let (letter, light, dark) = match (bright(top), bright(bottom)) {
                _ if half => ("▀", Some(top), None),
                (above, below) if above == below && above < 128 => (if halves { " " } else { "  " }, None, Some(top)),
                (above, below) if above == below && halves => ("█", Some(top), None),
                (above, below) if above == below => ("  ", None, Some(top)),
                (above, below) if above > below => ("▀", Some(top), Some(bottom)),
                _ => ("▄", Some(bottom), Some(top)),
            };
            if let Some(light) = light.filter(|light| front != Some(*light)) {
                let _ = write!(out, "\x1b[38;5;{light}m");
                front = Some(light);
            }
            match dark {
                Some(dark) if behind != Some(dark) => {
                    let _ = write!(out, "\x1b[48;5;{dark}m");
                    behind = Some(dark);
                }
                None if half && behind.is_some() => {
                    out.push_str("\x1b[49m");
                    behind = None;
                }
                Some(_) | None => {}
            }
            out.push_str(letter);
        }
        out.push_str("\x1b[0m");
        if left.saturating_add(wide) < columns {
            out.push_str("\x1b[K");
        }
        out
    });
    rows.collect()
}

/// The colour, of 256, of a brightness: no theme changes these.
fn shade(brightness: u8) -> u8 {
    match brightness {
        0..=3 => 16,
        247..=255 => 231,
        grey => (grey.saturating_sub(3) / 10).min(23).saturating_add(232),
    }
}

/// The brightness of such a colour.
fn bright(shade: u8) -> u8 {
    match shade {
        16 => 0,
        231 => 255,
        grey => grey.saturating_sub(232).saturating_mul(10).saturating_add(8),
    }
}
