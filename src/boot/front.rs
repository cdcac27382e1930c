//! The program's own process on the appliance: alone, seeing only its folders, at the console.
//!
//! Floor 6. Nothing is decided here.

use std::{path::Path, process::ExitCode};

use rustix::{
    process::{ioctl_tiocsctty, setsid},
    termios::{QueueSelector, tcflush},
};

use super::checks::Unfit;
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

/// Confines this process and shows the program. Its end switches the machine off; where it cannot begin, that is said.
pub(super) fn run(about: &str) -> ExitCode {
    // The terminal's own keys (Ctrl-C) are for this process.
    let _already = setsid();
    let _already = ioctl_tiocsctty(std::io::stdin());
    match confine().and_then(|()| console(about)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(unfit) => {
            super::refuse(&unfit);
            ExitCode::from(3)
        }
    }
}

fn confine() -> Result<(), Unfit> {
    let folders = FOLDERS.map(|(path, reach)| (Path::new(path), reach));
    sys::harden().map_err(refused("confine the program"))?;
    sys::see_only(&folders).map_err(refused("confine the program"))?;
    sys::stay_alone().map_err(refused("confine the program"))?;
    sys::stay_in_front();
    Ok(())
}

/// The guided screens, until somebody switches the machine off.
fn console(about: &str) -> Result<(), Unfit> {
    let _nothing_typed = tcflush(std::io::stdin(), QueueSelector::IFlush);
    crate::console::sit(about, Sticks::of_the_appliance()).map_err(refused("show the guided screens"))
}

fn refused<E: std::fmt::Display>(what: &str) -> impl FnOnce(E) -> Unfit {
    move |error| Unfit::System(what.to_owned(), error.to_string())
}
