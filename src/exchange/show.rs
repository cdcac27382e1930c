//! Shows a payload as codes on the whole screen, until the person has had enough.

use std::time::Duration;

use super::{
    reel::{Flow, Parcel, Reel},
    scene::{Picture, Scene, compose, largest, needed, width},
};
use crate::{
    port::{Canvas, DeviceError, Sheet, Stage},
    qr::{Density, ShowError},
    text,
};

/// Why a payload was not shown.
#[derive(Debug, thiserror::Error)]
pub enum NotShown {
    /// The screen.
    #[error(transparent)]
    Device(#[from] DeviceError),
    /// The payload.
    #[error(transparent)]
    Payload(#[from] ShowError),
}

/// Whether what is shown can be had again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shelf {
    /// It lies in a file, or the same command makes it again.
    Kept,
    /// It is nowhere else: the person is asked before it goes.
    OnlyHere,
}

/// How much of the payload was on the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shown {
    /// Each of its parts at least once, since the codes were made.
    Whole,
    /// Not all of it.
    Parts,
}

/// Lines under a code: where it stands, and the keys.
const LINES: usize = 2;
/// How often the size of the window is looked at, where nothing moves.
const LOOK: Duration = Duration::from_millis(200);

const KEYS: &str = "+ - density  f s speed  r restart  space pause  m missing parts  ? help  q done";
const KEYS_IN_SHORT: &str = "? keys  q done";
const HELP: &[&str] = &[
    "The keys while codes are shown",
    "",
    "  +  -            denser and sparser codes",
    "  f  s            faster, slower (also: arrow up, arrow down)",
    "  r               again from the first part, as large as the window is now",
    "  space           pause, go on",
    "  n  b            the next part, the one before (also: arrow right, left)",
    "  m               only the parts that the other side misses: type its list",
    "                  (1,5,9-12) or let a scanner type it, then Enter",
    "  a               all parts again",
    "  q  Esc  Ctrl-C  done; asks before where the codes are nowhere else",
    "",
    "Stuck at the other side: sparser first, then slower, then the missing parts.",
    "Denser and sparser codes are another message: the other side begins anew.",
    "",
    "Any key: back to the codes",
];

const LEAVING: &[&str] = &[
    "These codes are nowhere else.",
    "",
    "Once they are gone, the custodians have to approve again to have the answer.",
    "",
    "  q         leave: the other side has the whole of it",
    "  r         show them again, from the first part",
    "  any other key: go on",
];
/// Where a terminal has no half-blocks.
const BLANKS: &str = "This locale says no UTF-8, so a code is drawn in blanks and needs twice the columns and rows: start \
                      with LANG=C.UTF-8, and it needs half.";

/// Shows `parcel` until a key ends it; where it is nowhere else, the person is asked before. How much of it was shown.
///
/// # Errors
/// The terminal is gone, or the payload is none that can be shown.
pub fn show(stage: &mut dyn Stage, parcel: Parcel<'_>, density: Density, shelf: Shelf) -> Result<Shown, NotShown> {
    let mut reel = Reel::new(parcel, density, shelf == Shelf::OnlyHere)?;
    let mut shown = None;
    let mut due = stage.now().saturating_add(reel.period());
    loop {
        let canvas = stage.canvas()?;
        let (sheet, code) = sheet(&mut reel, &canvas);
        if shown.as_ref() != Some(&sheet) {
            stage.fill(&sheet)?;
            shown = Some(sheet);
            reel.saw(code);
            // A code that took long to draw is whole for some time all the same, and what was late is not made up for.
            due = due.max(stage.now().saturating_add(reel.period().checked_div(2).unwrap_or_default()));
        }
        let wait = if reel.moves() { due.saturating_sub(stage.now()) } else { LOOK };
        if let Some(key) = stage.key(wait.min(LOOK))? {
            if reel.key(key) == Flow::Done {
                return Ok(if reel.is_whole() { Shown::Whole } else { Shown::Parts });
            }
            // What a key brought on stays as long as any other.
            due = stage.now().saturating_add(reel.period());
        } else if reel.moves() && stage.now() >= due {
            reel.step();
            due = due.saturating_add(reel.period());
        }
    }
}

/// What is on the screen, and whether a code is.
fn sheet(reel: &mut Reel<'_>, canvas: &Canvas) -> (Sheet, bool) {
    reel.blanks = matches!(canvas, Canvas::Cells { halves: false, .. });
    let (above, code, below) = match reel.fit(largest(canvas, LINES)) {
        Ok(()) | Err(_) if reel.leaving => (lines(canvas, LEAVING), None, Vec::new()),
        Ok(()) if reel.help => (help(reel, canvas), None, Vec::new()),
        Ok(()) => (Vec::new(), reel.code(), below(reel, width(canvas))),
        Err(version) => (too_small(canvas, version), None, Vec::new()),
    };
    let picture = code.as_ref().map_or(Picture::None, Picture::Code);
    (compose(canvas, &Scene { above, picture, below }), code.is_some())
}

/// Where it stands, and what is to be typed or can be.
fn below(reel: &Reel<'_>, columns: usize) -> Vec<String> {
    let keys = if columns >= KEYS.len() { KEYS } else { KEYS_IN_SHORT };
    let last = match (&reel.typing, &reel.note) {
        (Some(list), _) => list.line(columns),
        (None, Some(note)) => note.clone(),
        (None, None) => keys.to_owned(),
    };
    vec![reel.standing(), last]
}

fn help(reel: &Reel<'_>, canvas: &Canvas) -> Vec<String> {
    let mut all = lines(canvas, HELP);
    if reel.blanks {
        all.push(String::new());
        all.extend(folded(BLANKS, width(canvas)));
    }
    all
}

fn lines(canvas: &Canvas, text: &[&str]) -> Vec<String> {
    text.iter().flat_map(|line| folded(line, width(canvas))).collect()
}

fn too_small(canvas: &Canvas, version: u8) -> Vec<String> {
    let (columns, rows) = needed(canvas, version, LINES);
    let (now, unit) = match canvas {
        Canvas::Cells { rows, columns, .. } => ((*columns, *rows), ("columns", "rows")),
        Canvas::Pixels { width, height, .. } => ((*width, *height), ("pixels", "rows")),
    };
    let sentence = format!(
        "This window is too small for a code that a camera reads: it has {} {} and {} {}, and needs {columns} and \
         {rows}. Make it larger, or its letters smaller. q: leave",
        now.0, unit.0, now.1, unit.1
    );
    let mut all = folded(&sentence, width(canvas));
    if matches!(canvas, Canvas::Cells { halves: false, .. }) {
        all.extend(folded(BLANKS, width(canvas)));
    }
    all
}

fn folded(line: &str, columns: usize) -> Vec<String> {
    if line.is_empty() { vec![String::new()] } else { text::folded(line, columns.max(8)) }
}
