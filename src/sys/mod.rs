//! The one room with `unsafe`: memory for secrets, overwriting, and the few system calls that need it.
//!
//! Floor 0. Not a port: it holds no decision about custody, and asks nobody anything.
#![allow(unsafe_code)]

#[cfg(test)]
mod again;
mod alloc;
mod beside;
mod console;
mod memory;
mod overwrite;
mod pages;
mod pool;
mod process;
mod sandbox;
mod stack;
mod terminal;
mod video;

pub use alloc::WipingAllocator;
pub use beside::beside;
pub use console::{ConsoleLetters, Pixels, console_letters, enlarge, framebuffer, is_console};
pub use memory::{LockFailure, LockState, MemoryError, SECRETS, Secret, demand_lock, lock_state, wipe_all};
pub use pool::{PoolError, Stirring, stir_pool};
pub use process::{HardenError, Hardened, harden, stop};
pub use sandbox::{ConfineError, Reach, see_only, stay_alone};
pub use stack::burn_stack;
pub use terminal::{Leave, TerminalHold, hold_terminal, stay_in_front, wait_for_input};
pub use video::{About, Shape, Stream, VideoDevice};
