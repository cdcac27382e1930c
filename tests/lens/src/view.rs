//! The code as light that reaches the sensor, and what changes it on the way.

use std::f32::consts::{PI, TAU};

use crate::{Code, Picture, Seed, harm::Plan};

/// From pixels to modules: a plane in space, seen through a lens.
pub(crate) struct View {
    size: (usize, usize),
    /// Rows of the homography that takes a pixel to a module.
    rows: [[f32; 3]; 3],
    pitch: f32,
}

impl View {
    pub(crate) fn new(side: usize, size: (usize, usize), plan: &Plan, seed: &mut Seed) -> Self {
        let height = size.1 as f32;
        let with_quiet = side as f32 + 8.0;
        // What is turned needs more room.
        let room = plan.turn.cos().abs() + plan.turn.sin().abs();
        let pitch = plan.fill * height / room / with_quiet;
        let axis = seed.between(0.0, PI);
        // A screen is hit within a tenth of a module, and not always in the middle.
        let free = (height * (1.0 - plan.fill)).max(2.0) / 2.0;
        let middle = (size.0 as f32 / 2.0 + seed.between(-free, free), height / 2.0 + seed.between(-free, free) * 0.8);
        // Modules to pixels, of the code's plane: about its middle, turned, tilted about `axis`, projected.
        let (sin, cos) = plan.turn.sin_cos();
        let (axis_sin, axis_cos) = axis.sin_cos();
        let (tilt_sin, tilt_cos) = plan.tilt.sin_cos();
        let far = 1.6 * height;
        let mut onto = [[0.0f32; 3]; 3];
        for (column, (x, y)) in [(pitch * cos, pitch * sin), (-pitch * sin, pitch * cos)].into_iter().enumerate() {
            let along = x * axis_cos + y * axis_sin;
            let across = -x * axis_sin + y * axis_cos;
            let (near, deep) = (across * tilt_cos, across * tilt_sin);
            onto[0][column] = along * axis_cos - near * axis_sin;
            onto[1][column] = along * axis_sin + near * axis_cos;
            onto[2][column] = deep / far;
        }
        onto[2][2] = 1.0;
        let half = side as f32 / 2.0;
        let shifted = times(&onto, &[[1.0, 0.0, -half], [0.0, 1.0, -half], [0.0, 0.0, 1.0]]);
        let placed = times(&[[1.0, 0.0, middle.0], [0.0, 1.0, middle.1], [0.0, 0.0, 1.0]], &shifted);
        Self { size, rows: inverse(&placed), pitch }
    }

    /// Pixels a module, in the middle.
    pub(crate) const fn pitch(&self) -> f32 {
        self.pitch
    }

    pub(crate) fn module(&self, x: f32, y: f32) -> (f32, f32) {
        let at = |row: &[f32; 3]| row[0] * x + row[1] * y + row[2];
        let depth = at(&self.rows[2]);
        (at(&self.rows[0]) / depth, at(&self.rows[1]) / depth)
    }

    /// What falls onto each pixel: the mean of four places of it.
    pub(crate) fn seen(&self, code: &Code, next: &Code, plan: &Plan) -> Light {
        let (width, height) = self.size;
        let torn = if plan.torn < 1.0 { (plan.torn * height as f32) as usize } else { height };
        let mut levels = Vec::with_capacity(width * height);
        for row in 0..height {
            // From the top: what is there already is the next frame.
            let shown = if row < torn && torn < height { next } else { code };
            for column in 0..width {
                let mut sum = 0.0;
                for sub_y in [0.25, 0.75] {
                    for sub_x in [0.25, 0.75] {
                        let (x, y) = self.module(column as f32 + sub_x, row as f32 + sub_y);
                        sum += match shown.is_light(x, y) {
                            Some(true) => 235.0,
                            Some(false) => 20.0,
                            None => 95.0,
                        };
                    }
                }
                levels.push(sum / 4.0);
            }
        }
        Light { width, height, levels }
    }
}

/// Levels of a picture before it is taken.
pub(crate) struct Light {
    width: usize,
    height: usize,
    levels: Vec<f32>,
}

impl Light {
    /// Gaussian, rows and then columns.
    pub(crate) fn blur(&mut self, deviation: f32) {
        if deviation < 0.2 {
            return;
        }
        let reach = (deviation * 3.0).ceil() as isize;
        let weights: Vec<f32> =
            (-reach..=reach).map(|at| (-(at * at) as f32 / (2.0 * deviation * deviation)).exp()).collect();
        let sum: f32 = weights.iter().sum();
        let weights: Vec<f32> = weights.iter().map(|weight| weight / sum).collect();
        let (width, height) = (self.width, self.height);
        let mut across = vec![0.0; width * height];
        for (row, out) in self.levels.chunks_exact(width).zip(across.chunks_exact_mut(width)) {
            for (at, weight) in (-reach..=reach).zip(&weights) {
                for (x, out) in out.iter_mut().enumerate() {
                    *out += weight * row[(x as isize + at).clamp(0, width as isize - 1) as usize];
                }
            }
        }
        for (y, out) in self.levels.chunks_exact_mut(width).enumerate() {
            out.fill(0.0);
            for (at, weight) in (-reach..=reach).zip(&weights) {
                let from = (y as isize + at).clamp(0, height as isize - 1) as usize * width;
                for (out, level) in out.iter_mut().zip(&across[from..from + width]) {
                    *out += weight * level;
                }
            }
        }
    }

    /// The mean along a straight way.
    pub(crate) fn motion(&mut self, length: f32, angle: f32) {
        if length < 0.5 {
            return;
        }
        let steps = (length * 1.5).ceil() as usize + 1;
        let (width, height) = (self.width as isize, self.height as isize);
        let (sin, cos) = angle.sin_cos();
        let mut moved = vec![0.0; self.levels.len()];
        for step in 0..steps {
            let along = length * (step as f32 / (steps - 1) as f32 - 0.5);
            let (left, up) = (along * cos, along * sin);
            let (whole_x, whole_y) = (left.floor(), up.floor());
            let (part_x, part_y) = (left - whole_x, up - whole_y);
            for y in 0..height {
                let row = |at: isize| {
                    let from = (y + whole_y as isize + at).clamp(0, height - 1) as usize * self.width;
                    &self.levels[from..from + self.width]
                };
                let (upper, lower) = (row(0), row(1));
                let out = &mut moved[y as usize * self.width..(y as usize + 1) * self.width];
                for (x, out) in out.iter_mut().enumerate() {
                    let at = |by: isize| (x as isize + whole_x as isize + by).clamp(0, width - 1) as usize;
                    let (here, right) = (at(0), at(1));
                    let top = upper[here] * (1.0 - part_x) + upper[right] * part_x;
                    let bottom = lower[here] * (1.0 - part_x) + lower[right] * part_x;
                    *out += (top * (1.0 - part_y) + bottom * part_y) / steps as f32;
                }
            }
        }
        self.levels = moved;
    }

    /// Less light towards one side.
    pub(crate) fn lamp(&mut self, plan: &Plan, seed: &mut Seed) {
        let (sin, cos) = seed.between(0.0, TAU).sin_cos();
        if plan.shade == 0.0 {
            return;
        }
        let reach = (self.width as f32).hypot(self.height as f32) / 2.0;
        let (width, height) = (self.width as f32, self.height as f32);
        self.each(|level, (x, y)| {
            let along = ((x - width / 2.0) * cos + (y - height / 2.0) * sin) / reach;
            level * (1.0 - plan.shade * (along * 1.4 + 0.5).clamp(0.0, 1.0))
        });
    }

    /// All levels about the middle, closer.
    pub(crate) fn contrast(&mut self, between: f32) {
        if between < 255.0 {
            self.each(|level, _| 120.0 + (level - 127.0) * between / 215.0);
        }
    }

    /// The screen's grid against the sensor's, and bands.
    pub(crate) fn display(&mut self, grid: f32, bands: f32, seed: &mut Seed) {
        let period = seed.between(2.3, 4.7);
        let (phase, skew) = (seed.between(0.0, TAU), seed.between(-0.05, 0.05));
        let (band, band_phase) = (seed.between(0.04, 0.2) * self.height as f32, seed.between(0.0, TAU));
        if grid > 0.0 {
            self.each(|level, (x, y)| {
                let across = (TAU * (x + skew * y) / period + phase).cos();
                let down = (TAU * (y - skew * x) / (period * 1.07)).cos();
                level * (1.0 - grid * (0.5 + 0.25 * (across + down)))
            });
        }
        if bands > 0.0 {
            self.each(|level, (_, y)| {
                let wave = (TAU * y / band + band_phase).sin();
                level * (1.0 - bands * (0.5 + 2.0 * wave).clamp(0.0, 1.0))
            });
        }
    }

    /// A white spot on the code.
    pub(crate) fn glare(&mut self, part: f32, view: &View, side: f32, seed: &mut Seed) {
        let middle = (side * seed.between(0.25, 0.75), side * seed.between(0.25, 0.75));
        if part == 0.0 {
            return;
        }
        let radius = side * (part / PI).sqrt();
        self.each(|level, (x, y)| {
            let (module_x, module_y) = view.module(x, y);
            let far = (module_x - middle.0).hypot(module_y - middle.1) / radius;
            level + 300.0 * (-far.powi(4)).exp()
        });
    }

    pub(crate) fn noise(&mut self, deviation: f32, seed: &mut Seed) {
        if deviation > 0.0 {
            self.each(|level, _| level + deviation * seed.normal());
        }
    }

    fn each(&mut self, mut change: impl FnMut(f32, (f32, f32)) -> f32) {
        for (y, row) in self.levels.chunks_exact_mut(self.width).enumerate() {
            for (x, level) in row.iter_mut().enumerate() {
                *level = change(*level, (x as f32 + 0.5, y as f32 + 0.5));
            }
        }
    }

    pub(crate) fn taken(self) -> Picture {
        let pixels = self.levels.iter().map(|level| level.round().clamp(0.0, 255.0) as u8).collect();
        Picture { width: self.width, height: self.height, pixels }
    }
}

fn times(a: &[[f32; 3]; 3], b: &[[f32; 3]; 3]) -> [[f32; 3]; 3] {
    let mut product = [[0.0; 3]; 3];
    for (row, out) in a.iter().zip(&mut product) {
        for (column, out) in out.iter_mut().enumerate() {
            *out = (0..3).map(|at| row[at] * b[at][column]).sum();
        }
    }
    product
}

fn inverse(m: &[[f32; 3]; 3]) -> [[f32; 3]; 3] {
    let minor = |r: usize, c: usize| {
        let (r1, r2, c1, c2) = ((r + 1) % 3, (r + 2) % 3, (c + 1) % 3, (c + 2) % 3);
        f64::from(m[r1][c1]) * f64::from(m[r2][c2]) - f64::from(m[r1][c2]) * f64::from(m[r2][c1])
    };
    let whole = (0..3).map(|c| f64::from(m[0][c]) * minor(0, c)).sum::<f64>();
    let mut out = [[0.0; 3]; 3];
    for (r, row) in out.iter_mut().enumerate() {
        for (c, value) in row.iter_mut().enumerate() {
            *value = (minor(c, r) / whole) as f32;
        }
    }
    out
}
