//! QR codes: payloads as texts of codes, texts as module squares, squares as PNG pictures, and back.
//!
//! Floor 1. What is read is untrusted: every text is held against its format and the limits before anything of it is
//! kept, nothing is allocated by a number that was read, and messages are not mixed. [`Receiver`] takes one text
//! after the other; [`Film`] gives the texts that are shown.

mod base43;
mod bbqr;
mod bytewords;
mod cbor;
mod draw;
mod eye;
mod film;
mod fountain;
mod keys;
mod keys_out;
mod packed;
mod payload;
mod pieces;
mod random;
mod receiver;
mod seeds;
mod ur;

pub use bbqr::{BbqrError, Packing};
pub use draw::{DrawError, QUIET, Square, draw, png};
pub use eye::{Eye, Place, ReadError, Seen, Way, read_picture};
pub use film::{Density, Film, ListError, ShowError, bbqr_text, list_form, listed, of_list, ur_of_keys, ur_text};
pub use keys::KeyError;
pub use payload::{Carrier, Content, Kind, Payload, PlainError, kind_of_bytes};
pub use receiver::{Receiver, Refusal, Step, Wanted, is_text_of_code};
pub use ur::UrError;

/// The parts of the formats one by one, for the official test vectors.
pub(crate) mod parts {
    pub(crate) use super::{
        bbqr::{base36, capacity, of_base36, open as open_bbqr, split as split_bbqr},
        bytewords::{Style, crc32, decode, encode, words},
        pieces::{Form, Piece},
        random::{Sampler, Xoshiro, chosen},
        ur::{Part, Sender, Ur, open as open_ur, single as single_ur},
    };
}
