//! PSBT (BIP174, BIP370, BIP371): bytes to a checked model and back. Total, bounded, byte-preserving.
//!
//! Floor 1. Untrusted bytes. [`parse`] holds rules P01 to P15, P17, P20, P21, V01 to V03, L06 and L07, and the limits
//! of P16 and P18; [`unwrap`] holds P22. It says what a PSBT contains, never whether that is true: that is `review`.
//! What leaves is cut from the bytes that came: [`splice`] and [`join`] add signatures and change nothing else.

mod compact;
mod encoding;
mod fields;
mod finalize;
mod join;
mod multisig;
mod parse;
mod place;
mod raw;
mod satisfy;
mod splice;
mod tap_leaves;
mod told;
mod transaction;
mod tree;
mod typed;
mod values;
mod version2;

pub use encoding::{Encoding, unwrap, wrap};
pub use fields::{
    Derivation, Global, GlobalXpub, Input, NewSignature, Output, PreviousTx, TapDerivation, UnknownField, Version,
    field_name,
};
pub use finalize::{FinalizeError, Finalized, Incomplete, finalize};
pub use join::{JoinError, join};
pub use parse::{ParseError, Parsed, parse};
pub use place::Place;
pub use splice::{splice, trimmed};

/// Says of one PSBT whether a signature of an input is one that this program would accept: made for this
/// transaction, by the key that it names, with a sighash type that covers all of it.
pub type Accepts<'p> = Box<dyn Fn(u32, &NewSignature) -> bool + 'p>;

/// Makes that for a PSBT: what all its inputs have in common is read once, so that many signatures take as much
/// longer as they are more. The real one lives above this floor.
pub type SignatureCheck<'a> = dyn for<'p> Fn(&'p Parsed) -> Accepts<'p> + 'a;

#[cfg(test)]
#[path = "../../tests/support/raw_psbt.rs"]
pub(crate) mod raw_psbt;
#[cfg(test)]
mod rules;
#[cfg(test)]
mod samples;
