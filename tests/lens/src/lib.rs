//! What a camera makes of a code on a screen: seeded pictures, harmed as lenses, hands, lamps and displays harm them.
//!
//! The same code, size, harm and seed give the same picture on every machine, but for the last bit of a float.

mod harm;
mod seed;
mod view;

pub use harm::{HARMS, Harm};
pub use seed::Seed;

use view::View;

/// Modules of a code, `true` dark, row by row from the top, without its quiet zone.
#[derive(Clone)]
pub struct Code {
    /// Modules a side.
    pub side: usize,
    /// All of them.
    pub dark: Vec<bool>,
}

impl Code {
    /// Beyond the code it is light, four modules far; then there is a desk.
    fn is_light(&self, x: f32, y: f32) -> Option<bool> {
        let inside = |at: f32| at >= 0.0 && at < self.side as f32;
        if inside(x) && inside(y) {
            return Some(!self.dark[y as usize * self.side + x as usize]);
        }
        let near = |at: f32| at >= -4.0 && at < self.side as f32 + 4.0;
        (near(x) && near(y)).then_some(true)
    }
}

/// Grey pixels, row by row from the top; 0 is black.
#[derive(Clone)]
pub struct Picture {
    /// Pixels in a row.
    pub width: usize,
    /// Rows.
    pub height: usize,
    /// All of them.
    pub pixels: Vec<u8>,
}

/// Pixels of a camera, by the names that people give them.
pub const SIZES: [(usize, usize); 3] = [(640, 480), (1280, 720), (1920, 1080)];

/// A picture of the code. `severity` is 1 to 3; `next` is what the screen shows after it, for torn frames.
#[must_use]
pub fn picture(code: &Code, next: &Code, size: (usize, usize), harm: Harm, severity: usize, seed: u64) -> Picture {
    let mut seed = Seed::new(seed);
    let plan = harm.plan(severity, &mut seed);
    let view = View::new(code.side, size, &plan, &mut seed);
    let mut light = view.seen(code, next, &plan);
    let pitch = view.pitch();
    light.blur(plan.blur * pitch);
    light.motion(plan.motion * pitch, seed.between(0.0, std::f32::consts::PI));
    light.lamp(&plan, &mut seed);
    light.contrast(plan.contrast);
    light.display(plan.grid, plan.bands, &mut seed);
    light.glare(plan.glare, &view, code.side as f32, &mut seed);
    light.noise(plan.noise, &mut seed);
    light.taken()
}
