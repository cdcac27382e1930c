//! The real world behind the ports: disk, terminal, kernel randomness. Thin; nothing is decided here.
//!
//! Beside the floors; only `cli` and `console` know it.

mod disk;
mod kernel;
mod letters;
mod sticks;
mod terminal;

pub use disk::{Folder, read_file, write_file};
pub use kernel::Kernel;
pub use sticks::{KEEPER, Stick, StickState, Sticks};
pub use terminal::{Answers, Terminal, complain};
