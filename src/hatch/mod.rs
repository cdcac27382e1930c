//! The hatch: what both doors, the command line and the guided screens, hand in and out. Paths become ports, payloads come
//! and go, a vault is told in lines, a failure becomes a sentence.
//!
//! Floor 6, below the doors. Nothing is decided here.

mod air;
mod answers;
mod carry;
mod exit;
mod export;
mod founding;
mod frames;
mod output;
mod place;
mod told;

pub use air::{seed_seen_by, seen_by, show};
pub use answers::{names, network, threshold};
pub use carry::{By, Came, Wrapping, payload_of, psbt_of};
pub use exit::{DEVICE, DONE, Failure, INPUT, INTEGRITY, REFUSED};
pub use export::{Export, Exported, exported};
pub use founding::{Media, Plan, found, free_for_a_vault};
pub use frames::{film, lines, pictures, seed};
pub use output::place_for;
pub use place::Places;
pub use told::{Checked, checked, first_address, kind, policy, reviewed, statement, tried, verified, wallets};
