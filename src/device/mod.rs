//! The real world behind the ports: disk, terminal, camera, framebuffer, kernel randomness. Thin; nothing is decided here.
//!
//! Beside the floors; only `cli` and `console` know it.

mod camera;
mod disk;
mod kernel;
mod keys;
mod letters;
mod panel;
mod stage;
mod sticks;
mod terminal;

pub use camera::{Camera, Found, cameras};
pub use disk::{Folder, open_file, read_file, write_file};
pub use kernel::Kernel;
pub use stage::WholeScreen;
pub use sticks::{KEEPER, Stick, StickState, Sticks};
pub use terminal::{Answers, Terminal, complain};
