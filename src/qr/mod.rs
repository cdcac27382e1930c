//! QR codes: payloads as UR texts, texts as module squares, squares as PNG pictures, and back.
//!
//! Floor 1. What is read is untrusted: every length is bounded before it is used. The UR coder is the plain one
//! (BCR-2020-005 without mixed fountain parts).

mod bytewords;
mod draw;
mod read;
mod ur;

pub use draw::{DrawError, draw, png};
pub use read::{ReadError, read_png};
pub use ur::{Joiner, UrError, split};
