//! The integration tests: one crate, a file a subject.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::panic,
    reason = "tests"
)]

use strongroom::port;

mod alone;
mod ballots;
mod carried;
mod creation;
#[path = "support/desk.rs"]
mod desk;
mod documents;
mod films;
mod floors;
#[path = "support/frail_store.rs"]
mod frail_store;
mod frames;
mod fuzz_corpus;
mod guided;
mod guided_sticks;
mod hostile;
mod hostile_cli;
mod hostile_codes;
mod hostile_crash;
mod hostile_ledger;
mod hostile_psbt;
mod hostile_sizes;
mod hostile_terminal;
mod hostile_vault;
#[path = "support/keeper.rs"]
mod keeper;
mod mutants;
#[path = "support/program.rs"]
mod program;
mod progress;
#[path = "support/raw_psbt.rs"]
mod raw_psbt;
mod round;
mod screen_sizes;
mod scripts;
#[path = "support/service.rs"]
mod service;
mod showing;
#[path = "support/sitter.rs"]
mod sitter;
mod spends;
mod version2;
