//! The command line: what was typed becomes a ceremony or an answer; an error becomes a sentence and a code.
//!
//! Floor 6. Nothing is decided here.

mod args;
