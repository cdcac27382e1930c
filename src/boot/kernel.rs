//! What the first process does to the kernel: mounts, modules, latches that cannot be opened again, power-off.
//!
//! Floor 6. Nothing is decided here.

use std::{
    ffi::CString,
    fs::{self, File},
    path::Path,
    thread::{Builder, sleep},
    time::Duration,
};

use rustix::{
    mount::{MountFlags, mount, mount_remount},
    process::{Resource, Rlimit, setrlimit},
    system::{RebootCommand, finit_module, reboot},
};

use super::checks::Unfit;

/// Mounts what the kernel tells and what it shows devices in, and two folders in memory.
pub(super) fn mount_all() -> Result<(), Unfit> {
    let quiet = MountFlags::NOSUID | MountFlags::NOEXEC;
    let still = quiet | MountFlags::NODEV;
    for (kind, folder, flags, options) in [
        ("proc", "/proc", still, c""),
        ("sysfs", "/sys", still, c""),
        ("securityfs", "/sys/kernel/security", still, c""),
        ("devtmpfs", "/dev", quiet, c"mode=0755"),
        ("tmpfs", "/run", quiet, c"mode=0700,size=16m"),
        ("tmpfs", "/media", still, c"mode=0755,size=1m"),
    ] {
        mount(kind, folder, kind, flags, options).map_err(refused(&format!("mount {folder}")))?;
    }
    for folder in RAW {
        let _none_yet = fs::remove_dir_all(folder);
        fs::write(folder, "")
            .map_err(|error| Unfit::System(format!("take the place of {folder}"), error.to_string()))?;
    }
    Ok(())
}

/// Where the kernel would make nodes through which a program speaks to USB devices and disks past everything that watches
/// over them. A file in the place of the folder leaves no room for those.
const RAW: [&str; 2] = ["/dev/bus", "/dev/bsg"];

/// From here on nobody writes into the image's own folders, which lie in memory.
pub(super) fn seal_image() -> Result<(), Unfit> {
    mount_remount("/", MountFlags::RDONLY | MountFlags::NODEV | MountFlags::NOSUID, c"")
        .map_err(refused("seal the image"))
}

/// Loads the image's modules, in their order, with their arguments.
pub(super) fn load(list: &[(&str, &str)]) -> Result<(), Unfit> {
    for (name, arguments) in list {
        let what = format!("load the module {name}");
        let file = File::open(format!("/image/modules/{name}.ko"))
            .map_err(|error| Unfit::System(what.clone(), error.to_string()))?;
        let arguments = CString::new(*arguments).map_err(|error| Unfit::System(what.clone(), error.to_string()))?;
        finit_module(file, &arguments, 0).map_err(refused(&what))?;
    }
    Ok(())
}

/// What is shut for as long as the machine is on, and what it is shut with.
const LATCHES: [(&str, &str); 9] = [
    ("kernel/modules_disabled", "1"),
    ("kernel/kexec_load_disabled", "1"),
    ("kernel/sysrq", "0"),
    ("kernel/core_pattern", "|/bin/false"),
    ("kernel/dmesg_restrict", "1"),
    ("kernel/kptr_restrict", "2"),
    ("kernel/perf_event_paranoid", "3"),
    ("kernel/yama/ptrace_scope", "3"),
    ("fs/suid_dumpable", "0"),
];

/// No further module, no other kernel, no keys to it, no picture of a process's memory; Ctrl-Alt-Del does nothing.
pub(super) fn latch() -> Result<(), Unfit> {
    for (name, value) in LATCHES {
        let what = format!("set {name}");
        fs::write(format!("/proc/sys/{name}"), value)
            .map_err(|error| Unfit::System(what.clone(), error.to_string()))?;
        let now = read(&format!("/proc/sys/{name}"))?;
        if now.trim() != value {
            return Err(Unfit::System(what, format!("it is {}", now.trim())));
        }
    }
    reboot(RebootCommand::CadOff).map_err(refused("still Ctrl-Alt-Del"))?;
    setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) }).map_err(refused("forbid core files"))
}

/// A file of the kernel's.
pub(super) fn read(path: &str) -> Result<String, Unfit> {
    fs::read_to_string(path).map_err(|error| Unfit::System(format!("read {path}"), error.to_string()))
}

/// The names in a folder of the kernel's, sorted; none where there is no such folder.
pub(super) fn names(path: &Path) -> Vec<String> {
    let entries = fs::read_dir(path).into_iter().flatten().flatten();
    let mut names: Vec<_> = entries.filter_map(|entry| entry.file_name().into_string().ok()).collect();
    names.sort();
    names
}

/// How long devices may hold up the end.
const HELD_UP: Duration = Duration::from_secs(5);

/// Power off, which ends everything; whatever was in memory is overwritten by the kernel as it is freed, or lost with
/// the power. On its way the kernel asks each stick to write what it holds back, and one may never answer: then the machine is
/// reset, for which the kernel asks no device.
pub(super) fn power_off() -> ! {
    if Builder::new().spawn(|| ask_for_the_end()).is_err() {
        ask_for_the_end();
    }
    loop {
        sleep(HELD_UP);
        let _comes_back_only_where_it_failed = fs::write("/proc/sysrq-trigger", "b");
    }
}

fn ask_for_the_end() {
    loop {
        let _comes_back_only_where_it_failed = reboot(RebootCommand::PowerOff);
        sleep(Duration::from_secs(1));
    }
}

fn refused(what: &str) -> impl Fn(rustix::io::Errno) -> Unfit {
    move |errno| Unfit::System(what.to_owned(), std::io::Error::from(errno).to_string())
}
