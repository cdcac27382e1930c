//! The program's own process on the appliance: alone, seeing only its folders, at the console.
//!
//! Floor 6. Nothing is decided here.

use std::{path::Path, process::ExitCode};

use rustix::{
    process::{ioctl_tiocsctty, setsid},
    termios::{QueueSelector, tcflush},
};

use crate::{
    device::Sticks,
    sys::{self, Reach},
};

/// What the process is called, by which it knows itself.
pub(super) const NAME: &str = "strongroom-front";
/// Where people sit.
pub(super) const TERMINAL: &str = "/dev/tty1";

/// What the program may open: the sticks, the pipes to the first process, and the kernel's devices and words. There
/// is no node of a disk among the devices.
const FOLDERS: [(&str, Reach); 5] = [
    ("/media", Reach::Write),
    ("/run/keeper", Reach::Use),
    ("/dev", Reach::Use),
    ("/sys", Reach::Read),
    ("/proc", Reach::Read),
];

/// Confines this process and shows the program. Its end switches the machine off.
pub(super) fn run(about: &str) -> ExitCode {
    let folders = FOLDERS.map(|(path, reach)| (Path::new(path), reach));
    // The terminal's own keys (Ctrl-C) are for this process.
    let _already = setsid();
    let _already = ioctl_tiocsctty(std::io::stdin());
    let ready = sys::harden().is_ok() && sys::see_only(&folders).is_ok() && sys::stay_alone().is_ok();
    if !ready {
        return ExitCode::from(3);
    }
    sys::stay_in_front();
    console(about)
}

/// The guided screens, until somebody switches the machine off.
fn console(about: &str) -> ExitCode {
    let _nothing_typed = tcflush(std::io::stdin(), QueueSelector::IFlush);
    match crate::console::sit(about, Sticks::of_the_appliance()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::from(3),
    }
}
