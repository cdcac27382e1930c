//! Looks for one code with a camera, whose holder knows what it is good for: a seed, say.
//!
//! What the code holds goes to that holder alone. The view is so coarse that no code can be read off the screen.

use std::time::Duration;

use super::{
    receive::{DRAWN, PATIENCE, SHARE},
    scene::{Picture, Scene, compose},
};
use crate::{
    picture::Grey,
    port::{Camera, DeviceError, Key, Sight, Stage},
    qr::Eye,
};

/// Columns and rows of the view, at most: fewer than the modules of a code that fills it. The smallest code that is
/// looked for has 21 a side.
const COARSE: (usize, usize) = (18, 18);
/// How long a sentence about a code stays.
const NOTE: Duration = Duration::from_secs(4);

const KEYS: &str = "v view on or off   q stop";

/// Looks through `camera` until `take` has what it wants of a code's bytes, which it may overwrite. Until then it says
/// what hinders, in a sentence, or nothing where it wants to see the code again. `what` is looked for, in words. `None`
/// where the person stopped it.
///
/// # Errors
/// The terminal or the camera fails in a way that time does not heal.
pub fn single<T>(
    camera: &mut dyn Camera,
    stage: &mut dyn Stage,
    what: &str,
    mut take: impl FnMut(&mut [u8]) -> Result<Option<T>, String>,
) -> Result<Option<T>, DeviceError> {
    let mut eye = Eye::new();
    let mut view = true;
    let mut seen: Option<Grey> = None;
    let mut gone = false;
    let mut note: Option<(String, Duration)> = None;
    let mut next = stage.now();
    loop {
        match camera.look(PATIENCE)? {
            Sight::Picture(picture) => {
                gone = false;
                for mut code in eye.see(&picture) {
                    match take(&mut code.bytes) {
                        Ok(Some(taken)) => return Ok(Some(taken)),
                        Ok(None) => {}
                        Err(hint) => note = Some((hint, stage.now())),
                    }
                }
                seen = coarse(&picture);
            }
            Sight::Nothing => {}
            Sight::Gone => (gone, seen) = (true, None),
        }
        while let Some(key) = stage.key(Duration::ZERO)? {
            if matches!(key, Key::Letter('q' | 'Q') | Key::Escape | Key::Stop) {
                return Ok(None);
            }
            if matches!(key, Key::Letter('v' | 'V')) {
                view = !view;
            }
        }
        let begun = stage.now();
        if begun < next {
            continue;
        }
        let hint = match &note {
            _ if gone => "the camera is unplugged, or not free: put it back".to_owned(),
            Some((hint, at)) if begun.saturating_sub(*at) < NOTE => hint.clone(),
            Some(_) | None => "let it fill the picture, straight and sharp".to_owned(),
        };
        let above = vec![camera.about(), format!("{what} is looked for; the view is coarse on purpose"), hint];
        let picture = seen.as_ref().filter(|_| view).map_or(Picture::None, Picture::View);
        let canvas = stage.canvas()?;
        stage.fill(&compose(&canvas, &Scene { above, picture, below: vec![KEYS.to_owned()] }))?;
        let took = stage.now().saturating_sub(begun);
        next = begun.saturating_add(DRAWN.max(took.saturating_mul(SHARE)));
    }
}

/// The picture as few squares, each the mean of what is in it.
fn coarse(picture: &Grey) -> Option<Grey> {
    let side = picture.width().div_ceil(COARSE.0).max(picture.height().div_ceil(COARSE.1)).max(1);
    let (width, height) = (picture.width().div_ceil(side), picture.height().div_ceil(side));
    let mut pixels = Vec::with_capacity(width.saturating_mul(height));
    for rows in (0..height).map(|row| row.saturating_mul(side)) {
        for columns in (0..width).map(|column| column.saturating_mul(side)) {
            let (right, bottom) = (columns.saturating_add(side), rows.saturating_add(side));
            let (square, ..) = picture.part(columns, rows, right, bottom)?;
            let sum = square.pixels().iter().fold(0usize, |sum, pixel| sum.saturating_add(usize::from(*pixel)));
            let mean = sum.checked_div(square.pixels().len()).unwrap_or(0);
            pixels.push(u8::try_from(mean).unwrap_or(255));
        }
    }
    Grey::new(width, height, pixels)
}
