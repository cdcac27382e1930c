//! The first process of a test's machine, in place of the program: it opens everything, runs the steps of
//! `/test/steps` on the console and powers off. What happens is told on the serial port, which no real image has.
//!
//! With `/test/front` in its machine it starts the program as the first process instead, and takes the place of the
//! process that the program starts (`front.rs`). With `/test/bare` it draws one line, and another when Enter is pressed.
//!
//! A step is a line: a command with its arguments, `wait PATH` until that path is there, `gone PATH` until it is not,
//! or `tell PATH`, which says on the serial port what a file holds. A step whose first word is `!` may fail.

mod front;

use std::{
    fs::{self, File, OpenOptions},
    io::{ErrorKind, Read, Write},
    os::unix::{fs::OpenOptionsExt, process::CommandExt},
    path::Path,
    process::{Command, Stdio},
    thread::sleep,
    time::Duration,
};

use rustix::{
    fs::OFlags,
    mount::{MountFlags, mount},
    system::{RebootCommand, finit_module, reboot},
};

fn main() {
    if std::process::id() != 1 {
        return front::run();
    }
    if Path::new("/test/bare").exists() {
        bare();
    }
    if Path::new("/test/front").exists() {
        let failed = Command::new("/test/strongroom").arg0("/init").exec();
        tell(&format!("STEPS FAILED: {failed}"));
    }
    for (kind, folder) in [("proc", "/proc"), ("sysfs", "/sys"), ("devtmpfs", "/dev"), ("tmpfs", "/run")] {
        if let Err(error) = mount(kind, folder, kind, MountFlags::empty(), None) {
            tell(&format!("mount {folder}: {error}"));
        }
    }
    // Programs that draw ask for the terminal that they belong to.
    let terminal = OpenOptions::new().read(true).write(true).open("/dev/tty1");
    let owned = rustix::process::setsid().and_then(|_| match &terminal {
        Ok(terminal) => rustix::process::ioctl_tiocsctty(terminal),
        Err(_) => Ok(()),
    });
    tell(&format!("TERMINAL {owned:?}"));
    let failed = steps().err();
    if failed.is_some() {
        tell_the_kernels_warnings();
    }
    tell(&failed.map_or("STEPS DONE".to_owned(), |sentence| format!("STEPS FAILED: {sentence}")));
    rustix::fs::sync();
    let _gone = reboot(RebootCommand::PowerOff);
    loop {
        sleep(Duration::from_secs(1));
    }
}

/// What any first process does at least: nothing is mounted, nothing loaded.
fn bare() -> ! {
    println!("\x1b[0m\x1b[2J\x1b[HBare");
    let _unread = std::io::stdin().read_line(&mut String::new());
    println!("Answered");
    loop {
        sleep(Duration::from_secs(1));
    }
}

fn steps() -> Result<(), String> {
    for line in text("/image/modules.list")?.lines() {
        let (name, arguments) = line.split_once(' ').unwrap_or((line, ""));
        // Here every device opens by itself.
        let arguments = if name == "usbcore" { "" } else { arguments };
        let arguments = std::ffi::CString::new(arguments).map_err(|error| error.to_string())?;
        let file = File::open(format!("/image/modules/{name}.ko")).map_err(|error| format!("{name}: {error}"))?;
        finit_module(file, &arguments, 0).map_err(|error| format!("{name}: {error}"))?;
    }
    tell("MODULES LOADED");
    for line in text("/test/steps")?.lines() {
        tell(&format!("STEP {line}"));
        step(line)?;
    }
    Ok(())
}

fn step(line: &str) -> Result<(), String> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let (may_fail, words) = match words[..] {
        ["!", ref rest @ ..] => (true, rest),
        ref all => (false, all),
    };
    match words {
        ["wait", path] => until(path, true),
        ["gone", path] => until(path, false),
        ["tell", path] => {
            tell(&format!("FILE {path} {}", text(path)?.trim_end()));
            Ok(())
        }
        [program, arguments @ ..] => {
            let console = || OpenOptions::new().read(true).write(true).open("/dev/tty1").map(Stdio::from);
            let console = || console().map_err(|error| format!("/dev/tty1: {error}"));
            let mut command = Command::new(program);
            command.args(arguments).env("TERM", "linux").env("LANG", "C.UTF-8").env("HOME", "/run").current_dir("/run");
            let status = command.stdin(console()?).stdout(console()?).stderr(console()?).status();
            let status = match status {
                Err(_) if may_fail => return Ok(()),
                status => status,
            };
            let status = status.map_err(|error| format!("{program}: {error}"))?;
            tell(&format!("ENDED {status}"));
            if status.success() || may_fail { Ok(()) } else { Err(format!("`{line}` ended with {status}")) }
        }
        [] => Ok(()),
    }
}

fn until(path: &str, there: bool) -> Result<(), String> {
    for _ in 0..600 {
        if Path::new(path).exists() == there {
            return Ok(());
        }
        sleep(Duration::from_millis(100));
    }
    Err(format!("{path} never {}", if there { "came" } else { "went" }))
}

fn text(path: &str) -> Result<String, String> {
    fs::read_to_string(path).map_err(|error| format!("{path}: {error}"))
}

/// What went wrong may be the kernel's own doing, which no screen of a test shows.
fn tell_the_kernels_warnings() {
    let log = OpenOptions::new().read(true).custom_flags(OFlags::NONBLOCK.bits() as i32).open("/dev/kmsg");
    let mut log = match log {
        Ok(log) => log,
        Err(error) => return tell(&format!("/dev/kmsg: {error}")),
    };
    let mut record = [0; 8192];
    loop {
        match log.read(&mut record) {
            // Some were overwritten before they were read.
            Err(error) if error.kind() == ErrorKind::BrokenPipe => {}
            Ok(0) | Err(_) => return,
            Ok(length) => {
                let record = String::from_utf8_lossy(&record[..length]);
                let level = record.split(',').next().and_then(|word| word.parse::<u32>().ok()).unwrap_or_default() % 8;
                if let Some((_, words)) = record.split_once(';').filter(|_| level <= 4) {
                    tell(&format!("KERNEL {}", words.lines().next().unwrap_or_default()));
                }
            }
        }
    }
}

fn tell(line: &str) {
    if let Ok(mut port) = OpenOptions::new().write(true).open("/dev/ttyS0") {
        let _nobody = port.write_all(format!("{line}\r\n").as_bytes());
    }
}
