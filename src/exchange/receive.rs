//! Receives a payload with a camera, before the person's eyes, until it is whole.

use std::time::Duration;

use super::{
    scene::{LEAST, Picture, Scene, code, compose, largest, width},
    watch::{Came, Watch},
};
use crate::{
    picture::Grey,
    port::{Camera, DeviceError, Sight, Stage},
    qr::{self, Eye, Payload, Wanted},
};

/// How long a picture is waited for before keys are looked at.
pub(super) const PATIENCE: Duration = Duration::from_millis(100);
/// How often the screen is drawn: more would only take time from looking.
pub(super) const DRAWN: Duration = Duration::from_millis(120);
/// The share of the time that drawing may take, at most: one part of this.
pub(super) const SHARE: u32 = 4;

const KEYS: &str = "v view on or off   l missing parts as a code   x from the beginning   q stop";

/// Looks through `camera` until a message of what is `wanted` is whole, and how many parts it had. `None` where the
/// person stopped it.
///
/// # Errors
/// The terminal or the camera fails in a way that time does not heal.
pub fn receive(
    camera: &mut dyn Camera,
    stage: &mut dyn Stage,
    wanted: Wanted,
) -> Result<Option<(Payload, usize)>, DeviceError> {
    let mut eye = Eye::new();
    let mut watch = Watch::new(wanted, stage.now());
    let mut seen: Option<Grey> = None;
    let mut next = stage.now();
    loop {
        let mut came = Came::On;
        match camera.look(PATIENCE)? {
            Sight::Picture(picture) => {
                watch.gone = false;
                if let Some(text) = eye.look(&picture) {
                    came = watch.take(&text, stage.now());
                }
                seen = Some(picture);
            }
            Sight::Nothing => {}
            Sight::Gone => {
                watch.gone = true;
                seen = None;
            }
        }
        while came == Came::On {
            let Some(key) = stage.key(Duration::ZERO)? else { break };
            came = watch.key(key, stage.now());
        }
        match came {
            Came::On => {}
            Came::Stopped => return Ok(None),
            Came::Whole => {
                let parts = watch.progress().map_or(1, |(_, of)| of);
                return Ok(watch.into_payload().map(|payload| (payload, parts)));
            }
        }
        let begun = stage.now();
        if begun >= next {
            draw(stage, &watch, &camera.about(), seen.as_ref())?;
            let took = stage.now().saturating_sub(begun);
            next = begun.saturating_add(DRAWN.max(took.saturating_mul(SHARE)));
        }
    }
}

fn draw(stage: &mut dyn Stage, watch: &Watch, camera: &str, seen: Option<&Grey>) -> Result<(), DeviceError> {
    let canvas = stage.canvas()?;
    let above = watch.lines(camera, stage.now(), width(&canvas));
    let below = vec![KEYS.to_owned()];
    let room = largest(&canvas, above.len().saturating_add(below.len())).unwrap_or(0);
    let list = watch.list(bytes_in(room.min(LIST))).and_then(|list| code(&qr::draw(&list, LEAST).ok()?));
    let picture = match (&list, seen) {
        (Some(list), _) => Picture::Code(list),
        (None, Some(seen)) if watch.preview => Picture::View(seen),
        (None, _) => Picture::None,
    };
    stage.fill(&compose(&canvas, &Scene { above, picture, below }))
}

/// The densest version of code that a list is shown in: it is read by hand.
const LIST: u8 = 10;

/// Characters that are no letters or digits, which a code of a version holds at least (ISO 18004, level L).
const fn bytes_in(version: u8) -> usize {
    match version {
        0..=3 => 0,
        4..=6 => 78,
        7..=9 => 154,
        _ => 271,
    }
}
