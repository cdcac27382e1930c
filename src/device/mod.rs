//! The real world behind the ports: disk, terminal, camera, framebuffer, kernel randomness. Thin; nothing is decided here.
//!
//! Beside the floors; only `hatch`, `console` and `cli` know it.

mod camera;
mod disk;
mod glass;
mod kernel;
mod keys;
mod letters;
mod panel;
pub mod pipes;
mod stage;
mod sticks;
mod terminal;

pub use camera::{Camera, Found, cameras};
pub use disk::{Folder, Listed, listing, open_file, read_file, whole_path, write_file};
pub use glass::{Glass, Length, Pad, Typing};
pub use kernel::Kernel;
pub use letters::Shows;
pub use pipes::{Stick, StickState};
pub use stage::WholeScreen;
pub use sticks::Sticks;
pub use terminal::{Answers, Terminal, complain};
