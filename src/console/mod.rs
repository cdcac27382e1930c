//! The guided screens: menus that collect what a ceremony needs, and run the very ceremony that the command line runs.
//!
//! Floor 6. Nothing is decided here.

mod board;
mod carry;
mod create;
mod custodians;
mod face;
mod files;
mod fresh;
mod help;
mod live;
mod pace;
mod policy;
mod seat;
mod seed;
mod sign;
mod start;
mod sticks;
mod view;
mod wallets;
mod words;

pub use start::{run, sit};
