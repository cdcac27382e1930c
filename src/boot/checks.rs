//! What this machine must be like before a secret meets it: pure questions on what the kernel says.
//!
//! Floor 6; no file is read here.

use crate::{limits, sys::LockState};

/// Why this machine is not used, and what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum Unfit {
    /// The kernel was started with another command line.
    #[error("the kernel was started with another command line than the one built in")]
    CommandLine,
    /// Another kernel runs.
    #[error("another kernel runs than the one of this image")]
    Kernel,
    /// The kernel can be changed from within.
    #[error("the kernel is not locked down")]
    NotLocked,
    /// The machine has a way to others.
    #[error("there is a network device ({0})")]
    Network(String),
    /// Not what the image carries.
    #[error("the kernel's modules are not those of this image ({0})")]
    Modules(String),
    /// A mainnet share would not open.
    #[error("this machine has {0} MB of memory for programs, and opening a share takes more: {least} MB at least",
        least = limits::APPLIANCE_MEMORY_MB)]
    Memory(u64),
    /// Secrets would lie where the kernel could read them.
    #[error("the kernel does not hide the pages of secrets")]
    InSight,
    /// Our own arithmetic is wrong here.
    #[error("this machine calculates wrongly: {0}")]
    Arithmetic(String),
    /// The kernel's random numbers.
    #[error("the kernel's random numbers are not random: {0}")]
    Randomness(String),
    /// A step that the system refused.
    #[error("cannot {0}: {1}")]
    System(String, String),
}

impl Unfit {
    /// What to do.
    pub(super) const fn remedy(&self) -> &'static str {
        match self {
            Self::CommandLine | Self::Kernel | Self::NotLocked | Self::InSight | Self::Modules(_) => {
                "somebody changed how this stick starts: write the image anew, and compare its hash"
            }
            Self::Network(_) => "remove the network device, or use another machine",
            Self::Memory(_) => "use a machine with 1 GB of memory or more",
            Self::Arithmetic(_) | Self::Randomness(_) => "use another machine; this one is broken",
            Self::System(..) => "write the image anew; if it happens again, use another machine",
        }
    }
}

/// Whether the kernel was started as it must be. GRUB puts the kernel's name before the line.
pub(super) fn command_line(started: &str, built_in: &str) -> Result<(), Unfit> {
    let started = started.trim();
    let named = started.strip_prefix("BOOT_IMAGE=/vmlinuz ").unwrap_or(started);
    if named == built_in.trim() { Ok(()) } else { Err(Unfit::CommandLine) }
}

/// Whether the kernel that runs is the one whose modules are here.
pub(super) fn kernel(runs: &str, built_in: &str) -> Result<(), Unfit> {
    if runs.trim() == built_in.trim() { Ok(()) } else { Err(Unfit::Kernel) }
}

/// Whether the kernel keeps secrets from root too: `none integrity [confidentiality]`.
pub(super) fn locked_down(state: &str) -> Result<(), Unfit> {
    if state.split_whitespace().any(|word| word == "[confidentiality]") { Ok(()) } else { Err(Unfit::NotLocked) }
}

/// Whether there is no network device but the loopback, which reaches this machine alone.
pub(super) fn no_network(devices: &[String]) -> Result<(), Unfit> {
    let outward: Vec<_> = devices.iter().filter(|name| *name != "lo").map(String::as_str).collect();
    if outward.is_empty() { Ok(()) } else { Err(Unfit::Network(outward.join(", "))) }
}

/// Whether what is loaded (`/proc/modules`) is what is listed, no more and no less; how many those are.
pub(super) fn modules(loaded: &str, listed: &[(&str, &str)]) -> Result<usize, Unfit> {
    let mut loaded: Vec<_> = loaded.lines().filter_map(|line| line.split(' ').next()).collect();
    let mut listed: Vec<_> = listed.iter().map(|(name, _)| *name).collect();
    loaded.sort_unstable();
    listed.sort_unstable();
    if loaded == listed {
        return Ok(loaded.len());
    }
    let odd = loaded.iter().find(|name| !listed.contains(name)).map(|name| format!("{name} is not of it"));
    let missing = || listed.iter().find(|name| !loaded.contains(name)).map(|name| format!("{name} is missing"));
    Err(Unfit::Modules(odd.or_else(missing).unwrap_or_else(|| "one comes twice".to_owned())))
}

/// The lines of the image's list: a module's name and its arguments.
pub(super) fn module_list(text: &str) -> Vec<(&str, &str)> {
    text.lines().map(|line| line.split_once(' ').unwrap_or((line, ""))).collect()
}

/// Megabytes of memory, where they are enough; the text is `/proc/meminfo`.
pub(super) fn memory(info: &str) -> Result<u64, Unfit> {
    let line = info.lines().find_map(|line| line.strip_prefix("MemTotal:"));
    let kilobytes = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse::<u64>().ok());
    let megabytes = kilobytes.map_or(0, |kilobytes| kilobytes / 1024);
    if megabytes >= limits::APPLIANCE_MEMORY_MB { Ok(megabytes) } else { Err(Unfit::Memory(megabytes)) }
}

/// Whether secrets lie where neither the kernel nor another process reads them.
pub(super) fn hidden(state: LockState) -> Result<(), Unfit> {
    if state == LockState::Hidden { Ok(()) } else { Err(Unfit::InSight) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::LockFailure;

    #[test]
    fn only_the_built_in_command_line_starts_it() {
        let line = "quiet lockdown=confidentiality";
        for fits in ["quiet lockdown=confidentiality\n", "BOOT_IMAGE=/vmlinuz quiet lockdown=confidentiality\n"] {
            assert_eq!(command_line(fits, &format!("{line}\n")), Ok(()));
        }
        for other in [
            "",
            "quiet",
            "quiet lockdown=confidentiality single",
            "init=/bin/sh quiet lockdown=confidentiality",
            "BOOT_IMAGE=/vmlinuz init=/x quiet lockdown=confidentiality",
            "BOOT_IMAGE=/other quiet lockdown=confidentiality",
        ] {
            assert_eq!(command_line(other, line), Err(Unfit::CommandLine), "{other}");
        }
    }

    #[test]
    fn a_kernel_that_is_another_or_open_is_refused() {
        assert_eq!(kernel("6.1.0-56-amd64\n", "6.1.0-56-amd64\n"), Ok(()));
        assert_eq!(kernel("6.1.0-47-amd64\n", "6.1.0-56-amd64\n"), Err(Unfit::Kernel));
        assert_eq!(locked_down("none integrity [confidentiality]\n"), Ok(()));
        for open in ["none [integrity] confidentiality", "[none] integrity confidentiality", "", "confidentiality"] {
            assert_eq!(locked_down(open), Err(Unfit::NotLocked), "{open}");
        }
    }

    #[test]
    fn any_device_but_the_loopback_is_a_network() {
        assert_eq!(no_network(&[]), Ok(()));
        assert_eq!(no_network(&["lo".to_owned()]), Ok(()));
        for device in ["eth0", "wlan0", "lo0", ""] {
            let devices = ["lo".to_owned(), device.to_owned()];
            assert_eq!(no_network(&devices), Err(Unfit::Network(device.to_owned())));
        }
    }

    #[test]
    fn no_module_is_missing_and_none_is_added() {
        let list = module_list("usbcore authorized_default=0\nhid\n");
        assert_eq!(list, [("usbcore", "authorized_default=0"), ("hid", "")]);
        assert_eq!(modules("hid 1 0 - Live 0x0\nusbcore 2 1 hid, Live 0x0\n", &list), Ok(2));
        let said = |loaded: &str| modules(loaded, &list).unwrap_err().to_string();
        assert!(said("hid 1\nusbcore 2\ne1000 3\n").contains("e1000 is not of it"));
        assert!(said("usbcore 2\n").contains("hid is missing"));
        assert!(said("hid 1\nhid 1\nusbcore 1").contains("comes twice"));
    }

    #[test]
    fn secrets_in_sight_are_refused_locked_or_not() {
        assert_eq!(hidden(LockState::Hidden), Ok(()));
        for seen in [LockState::Locked, LockState::NotLocked(LockFailure::Limit)] {
            assert_eq!(hidden(seen), Err(Unfit::InSight));
        }
    }

    #[test]
    fn too_little_memory_is_refused_and_so_is_none() {
        let total = |kilobytes: u64| memory(&format!("MemTotal:       {kilobytes} kB\nMemFree: 1 kB\n"));
        assert_eq!(total(limits::APPLIANCE_MEMORY_MB * 1024), Ok(limits::APPLIANCE_MEMORY_MB));
        assert!(total(limits::APPLIANCE_MEMORY_MB * 1024 - 1).unwrap_err().to_string().contains("takes more"));
        for none in ["", "MemTotal: lots kB", "MemFree: 9999999 kB"] {
            assert_eq!(memory(none), Err(Unfit::Memory(0)));
        }
    }
}
