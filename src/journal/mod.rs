//! The journal: append-only, chained, fsynced, with closing lines signed by the statement key.
//!
//! Floor 3, left of `vault`. It holds no secret. [`Journal::read`] proves what a file says, [`Pen`] adds to it,
//! [`record`] makes a decision durable before a key is touched, and the closing lines end what it began.

mod chain;
mod close;
mod field;
mod ledger;
mod line;
mod past;
mod pen;
mod record;
mod seals;
mod show;
mod spending;

pub use chain::{ChainError, ChainFault, InForce, Journal, OpenIntent, OpenWriting};
pub use close::{Signer, close_committed, close_exported, close_signed};
pub use field::{Hex, Plain, ScriptHex, SlotName};
pub use ledger::{Counted, Ledger};
pub use line::{Entry, Line};
pub use past::past;
pub use pen::{Appended, JournalError, Pen};
pub use record::{Recordable, Recorded, record};
pub use seals::Superseded;
pub use show::{all_in_words, head_lines, in_words};
pub use spending::{Paid, Spending, SpendingError, Spent};

#[cfg(test)]
mod documented;
#[cfg(test)]
#[path = "../../tests/support/frail_store.rs"]
pub(crate) mod frail_store;
#[cfg(test)]
mod samples;
