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

/// Lines under a code: where it stands, and the keys.
const LINES: usize = 2;
/// How often the size of the window is looked at, where nothing moves.
const LOOK: Duration = Duration::from_millis(200);

const KEYS: &str = "+ - density  f s speed  r restart  space pause  m missing parts  ? help  q done";
const KEYS_IN_SHORT: &str = "? keys  q done";
const HELP: &[&str] = &[
    "The keys while codes are shown",
    "",
    "  +  -            denser and sparser codes: compatible, normal, fast",
    "  f  s            faster, slower (also: arrow up, arrow down)",
    "  r               again from the first part, as large as the window is now",
    "  space           pause, go on",
    "  n  b            the next part, the one before (also: arrow right, left)",
    "  m               only the parts that the other side misses: type its list",
    "                  (1,5,9-12) or let a scanner type it, then Enter",
    "  a               all parts again",
    "  q  Esc  Ctrl-C  done",
    "",
    "Stuck at the other side: sparser first, then slower, then the missing parts.",
    "Denser and sparser codes are another message: the other side begins anew.",
    "",
    "Any key: back to the codes",
];

/// Shows `parcel` until a key ends it.
///
/// # Errors
/// The terminal is gone, or the payload is none that can be shown.
pub fn show(stage: &mut dyn Stage, parcel: Parcel<'_>, density: Density) -> Result<(), NotShown> {
    let mut reel = Reel::new(parcel, density)?;
    let mut shown = None;
    let mut due = stage.now().saturating_add(reel.period());
    loop {
        let canvas = stage.canvas()?;
        let sheet = sheet(&mut reel, &canvas);
        if shown.as_ref() != Some(&sheet) {
            stage.fill(&sheet)?;
            shown = Some(sheet);
            // A code that took long to draw is whole for some time all the same, and what was late is not made up for.
            due = due.max(stage.now().saturating_add(reel.period().checked_div(2).unwrap_or_default()));
        }
        let wait = if reel.moves() { due.saturating_sub(stage.now()) } else { LOOK };
        if let Some(key) = stage.key(wait.min(LOOK))? {
            if reel.key(key) == Flow::Done {
                return Ok(());
            }
            // What a key brought on stays as long as any other.
            due = stage.now().saturating_add(reel.period());
        } else if reel.moves() && stage.now() >= due {
            reel.step();
            due = due.saturating_add(reel.period());
        }
    }
}

fn sheet(reel: &mut Reel<'_>, canvas: &Canvas) -> Sheet {
    let (above, code, below) = match reel.fit(largest(canvas, LINES)) {
        Ok(()) if reel.help => (help(canvas), None, Vec::new()),
        Ok(()) => (Vec::new(), reel.code(), below(reel, width(canvas))),
        Err(version) => (too_small(canvas, version), None, Vec::new()),
    };
    let picture = code.as_ref().map_or(Picture::None, Picture::Code);
    compose(canvas, &Scene { above, picture, below })
}

/// Where it stands, and what is to be typed or can be.
fn below(reel: &Reel<'_>, columns: usize) -> Vec<String> {
    let keys = if columns >= KEYS.len() { KEYS } else { KEYS_IN_SHORT };
    let last = match (&reel.typing, &reel.note) {
        (Some(list), _) => {
            let prompt = "missing parts (1,5,9-12), Enter: ";
            // The end of a long list is what is being typed.
            let room = columns.saturating_sub(prompt.len()).saturating_sub(1).max(1);
            let from = list.len().saturating_sub(room);
            format!("{prompt}{}_", list.get(from..).unwrap_or_default())
        }
        (None, Some(note)) => note.clone(),
        (None, None) => keys.to_owned(),
    };
    vec![reel.standing(), last]
}

fn help(canvas: &Canvas) -> Vec<String> {
    HELP.iter().flat_map(|line| folded(line, width(canvas))).collect()
}

fn too_small(canvas: &Canvas, version: u8) -> Vec<String> {
    let (columns, rows) = needed(canvas, version, LINES);
    let (now, unit) = match canvas {
        Canvas::Cells { rows, columns, .. } => ((*columns, *rows), ("columns", "rows")),
        Canvas::Pixels { width, height, .. } => ((*width, *height), ("pixels", "rows")),
    };
    let sentence = format!(
        "This window is too small for a code that a camera reads: it has {} {} and {} {}, and needs {columns} and \
         {rows}. Make it larger, or its letters smaller. q: done",
        now.0, unit.0, now.1, unit.1
    );
    folded(&sentence, width(canvas))
}

fn folded(line: &str, columns: usize) -> Vec<String> {
    if line.is_empty() { vec![String::new()] } else { text::folded(line, columns.max(8)) }
}
