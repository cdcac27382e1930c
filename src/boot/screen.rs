//! What the first process and the status screen say: plain lines in ASCII, which every console's font has.
//!
//! Floor 6.

use std::io::{self, Write};

use super::checks::Unfit;
use crate::device::{StickState, Sticks};

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

/// The status screen.
pub(super) fn status(about: &str, sticks: &Sticks) -> String {
    let mut text = format!("Strongroom {}\n\n{about}\n\nPlugged in:\n", env!("CARGO_PKG_VERSION"));
    let plugs = sticks.plugs().unwrap_or_default();
    let listed = sticks.list().unwrap_or_default();
    for plug in &plugs {
        text += &format!("  {plug}\n");
    }
    for stick in &listed {
        let state = match &stick.state {
            StickState::Readable => "can be read",
            StickState::Writable => "is being written to: do not remove it",
            StickState::Left => "you may remove it",
            StickState::Broken(why) => why,
        };
        text += &format!(
            "  stick \"{}\" ({}, {} MB, {}): {state}\n",
            stick.name,
            stick.kind,
            stick.bytes / 1_000_000,
            stick.model
        );
    }
    if plugs.is_empty() && listed.is_empty() {
        text += "  nothing\n";
    }
    let boot = if sticks.boot_watched() {
        "Pulling the boot stick switches the machine off"
    } else {
        "The boot medium is not watched"
    };
    text + &format!("\n{boot}.\nEnter switches the machine off.\n")
}
