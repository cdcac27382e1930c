//! What the first process says: plain lines in ASCII, which every console's font has.
//!
//! Floor 6.

use std::{
    io::{self, Write},
    os::fd::AsFd,
};

use super::checks::Unfit;
use crate::sys;

/// An empty screen.
const CLEAR: &str = "\x1b[0m\x1b[2J\x1b[H";

/// Shows `text` and nothing else.
pub(super) fn show(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(CLEAR.as_bytes())?;
    out.write_all(text.as_bytes())?;
    out.flush()
}

/// A check that passed, as a line.
pub(super) fn passed(what: &str, how: &str) {
    // A machine without a screen shows nothing; the checks stand.
    let _unseen = writeln!(io::stdout(), "  {what:<16} {how}");
}

/// Letters of twice the size, where the screen has room for all that the guided screens show at once: amounts and
/// addresses are to be read from a chair. The kernel puts its own letters, eight pixels wide, on most screens.
pub(super) fn enlarge() {
    const LEAST: (u16, u16) = (24, 80);
    let _stays_small = sys::enlarge(io::stdout().as_fd(), |rows, columns| rows >= LEAST.0 && columns >= LEAST.1);
}

/// The name of the program, at the top.
pub(super) fn begin() {
    let _unseen = show(&format!("Strongroom {}\n\nChecking this machine:\n", env!("CARGO_PKG_VERSION")));
}

/// Why this machine is not used.
pub(super) fn refuse(unfit: &Unfit) {
    let text = format!(
        "Strongroom {}\n\nTHIS MACHINE IS NOT USED\n\n  {unfit}.\n\nWhat to do: {}.\n\nEnter switches the machine off.\n",
        env!("CARGO_PKG_VERSION"),
        unfit.remedy(),
    );
    let _unseen = show(&text);
}
