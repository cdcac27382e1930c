//! What can happen to a picture, and how much of it.

use crate::Seed;

/// One way of harm; [`Harm::Mixed`] is most of them at once, each a little, as in a kitchen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Harm {
    /// None: straight, sharp, well lit.
    Clean,
    /// The camera is turned about its axis.
    Rotation,
    /// The screen is seen from aside.
    Perspective,
    /// Out of focus.
    Blur,
    /// A hand moves while the shutter is open.
    Motion,
    /// A dark room: the sensor's own noise.
    Noise,
    /// A lamp from one side.
    Light,
    /// A dim or reflecting screen: black and white are close.
    Contrast,
    /// The screen's pixels against the sensor's.
    Moire,
    /// Dark bands of a screen that flickers.
    Bands,
    /// A lamp that is reflected: a white spot.
    Glare,
    /// Far away.
    Small,
    /// The upper part of one frame over the lower part of the next.
    Torn,
    /// Most of them, each a little.
    Mixed,
}

/// All of them.
pub const HARMS: [Harm; 14] = [
    Harm::Clean,
    Harm::Rotation,
    Harm::Perspective,
    Harm::Blur,
    Harm::Motion,
    Harm::Noise,
    Harm::Light,
    Harm::Contrast,
    Harm::Moire,
    Harm::Bands,
    Harm::Glare,
    Harm::Small,
    Harm::Torn,
    Harm::Mixed,
];

/// How much of each.
pub(crate) struct Plan {
    /// Radians about the camera's axis.
    pub(crate) turn: f32,
    /// Radians out of the picture's plane.
    pub(crate) tilt: f32,
    /// Side of the code with its quiet zone, in heights of the picture.
    pub(crate) fill: f32,
    /// Deviation of the blur, in modules.
    pub(crate) blur: f32,
    /// Length of the way while the shutter is open, in modules.
    pub(crate) motion: f32,
    /// Deviation, in levels of 255.
    pub(crate) noise: f32,
    /// Part of the light that is missing on the dark side.
    pub(crate) shade: f32,
    /// Levels between black and white.
    pub(crate) contrast: f32,
    /// Part of the light that the screen's grid takes.
    pub(crate) grid: f32,
    /// Part of the light that is missing in the bands.
    pub(crate) bands: f32,
    /// Part of the code that the spot covers.
    pub(crate) glare: f32,
    /// Where the next frame begins, in heights of the picture.
    pub(crate) torn: f32,
}

impl Plan {
    const NONE: Self = Self {
        turn: 0.0,
        tilt: 0.0,
        fill: 0.86,
        blur: 0.0,
        motion: 0.0,
        noise: 0.0,
        shade: 0.0,
        contrast: 255.0,
        grid: 0.0,
        bands: 0.0,
        glare: 0.0,
        torn: 1.0,
    };
}

impl Harm {
    /// Whether it comes in three severities.
    #[must_use]
    pub fn severities(self) -> std::ops::RangeInclusive<usize> {
        if self == Self::Clean { 1..=1 } else { 1..=3 }
    }

    pub(crate) fn plan(self, severity: usize, seed: &mut Seed) -> Plan {
        let pick = |three: [f32; 3]| three[severity.clamp(1, 3) - 1];
        let mut plan = Plan::NONE;
        let sharp = |plan: &mut Plan| {
            // No lens and no sensor is perfect.
            plan.blur = 0.12;
            plan.noise = 2.0;
        };
        if self != Self::Clean {
            sharp(&mut plan);
        }
        match self {
            Self::Clean => {}
            Self::Rotation => plan.turn = pick([7f32, 20.0, 45.0]).to_radians() * seed.sign(),
            Self::Perspective => plan.tilt = pick([15f32, 30.0, 45.0]).to_radians(),
            Self::Blur => plan.blur = pick([0.32, 0.45, 0.58]),
            Self::Motion => plan.motion = pick([0.5, 1.0, 1.5]),
            Self::Noise => plan.noise = pick([14.0, 30.0, 50.0]),
            Self::Light => plan.shade = pick([0.5, 0.78, 0.92]),
            Self::Contrast => plan.contrast = pick([60.0, 32.0, 18.0]),
            Self::Moire => plan.grid = pick([0.25, 0.42, 0.6]),
            Self::Bands => plan.bands = pick([0.4, 0.6, 0.8]),
            Self::Glare => plan.glare = pick([0.04, 0.08, 0.13]),
            Self::Small => plan.fill = pick([0.58, 0.42, 0.32]),
            Self::Torn => plan.torn = pick([0.09, 0.15, 0.5]),
            Self::Mixed => {
                let more = pick([0.5, 0.75, 1.0]);
                plan.turn = seed.between(-20.0, 20.0).to_radians() * more;
                plan.tilt = seed.between(0.0, 25.0).to_radians() * more;
                plan.fill = seed.between(0.6, 0.86);
                plan.blur = 0.12 + seed.between(0.05, 0.25) * more;
                plan.motion = seed.between(0.0, 0.5) * more;
                plan.noise = seed.between(4.0, 18.0) * more;
                plan.shade = seed.between(0.2, 0.7) * more;
                plan.contrast = 255.0 - seed.between(60.0, 170.0) * more;
                plan.grid = seed.between(0.0, 0.2) * more;
                plan.bands = seed.between(0.0, 0.3) * more;
            }
        }
        plan
    }
}
