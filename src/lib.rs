//! Strongroom: an offline signing appliance for Bitcoin.
//!
//! Untrusted bytes become facts without touching a secret; facts become a verdict, a verdict an approval, an
//! approval a durable record, and only a recorded approval can meet a key, in one function:
//!
//! ```text
//! bytes ─parse─► Parsed ─review─► Reviewed ─judge─► Cleared ─tally─► Approved ─record─► Recorded
//! bytes ◄─────── Released ◄─release─ Verified ◄─verify─ Signed ◄── sign(Recorded, &Master) ─┘
//! ```
//!
//! Each arrow takes its argument by value and returns the next proof; the proofs have private fields and one
//! constructor, in the room that proves. `docs/architecture.md` has the floors: imports go down only.

#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        clippy::arithmetic_side_effects
    )
)]

// 0: words
pub mod canon;
pub mod digest;
pub mod limits;
pub mod network;
pub mod picture;
pub mod port;
pub mod sys;
pub mod text;
// 1: untrusted bytes to values and back │ secrets, in a wing of their own
pub mod psbt;
pub mod qr;
pub mod secret;
pub mod wallet;
// 2: decisions
pub mod policy;
pub mod quorum;
pub mod review;
// 3: files at rest
pub mod journal;
pub mod vault;
// 4: keys meet transactions
pub mod sign;
pub mod verify;
// 5: ceremonies, and codes on a screen and before a camera
pub mod ceremony;
pub mod exchange;
// 6: the doors, and the hatch that both hand things through
pub mod boot;
pub mod cli;
#[cfg(feature = "consensus")]
pub mod consensus;
pub mod console;
#[cfg(all(feature = "online", feature = "consensus"))]
pub mod demo;
pub mod hatch;
#[cfg(feature = "online")]
pub mod online;
pub mod vectors;
// beside the floors: the real world
pub mod device;
