//! The appliance's first process: checks the machine, loads the kernel's modules, shuts the kernel, and serves the
//! program until the power goes.
//!
//! Floor 6. It meets no secret: the program runs in a process of its own, confined.

mod checks;
mod front;
mod keeper;
mod kernel;
mod known;
mod plugs;
mod screen;
mod sticks;
mod watch;
mod words;

use std::{env, os::fd::AsFd, path::Path, process::ExitCode, time::Duration};

use self::checks::Unfit;
use crate::{limits, sys};

/// What the kernel starts in the image.
const FIRST: &str = "/init";

/// Does the appliance's work, where this process is part of an appliance: the first one, or the program that the
/// first one starts. Elsewhere nothing happens.
#[must_use]
pub fn appliance() -> Option<ExitCode> {
    let mut words = env::args();
    let called = words.next()?;
    if called == FIRST && std::process::id() == 1 {
        first()
    } else if called == front::NAME {
        Some(front::run(&words.next().unwrap_or_default()))
    } else {
        None
    }
}

/// The first process. It never returns: when it is done, the power goes.
fn first() -> ! {
    // A fault shows nothing and ends everything.
    std::panic::set_hook(Box::new(|_| {
        sys::wipe_all();
        kernel::power_off();
    }));
    screen::begin();
    let prepared = prepare();
    // Not before: the kernel takes the screen over some time after the first line.
    screen::enlarge();
    if let Err(unfit) = prepared.and_then(|about| keeper::keep(&about)) {
        refuse(&unfit);
    }
    kernel::power_off()
}

/// Says why the machine is not used, until somebody has read it; nobody being there, it does not stay on.
fn refuse(unfit: &Unfit) {
    screen::refuse(unfit);
    let _either = sys::wait_for_input(std::io::stdin().as_fd(), Duration::from_secs(limits::IDLE_SECONDS));
}

/// Everything that comes before a secret. What was found, for people.
fn prepare() -> Result<String, Unfit> {
    kernel::mount_all()?;
    checks::command_line(&kernel::read("/proc/cmdline")?, &kernel::read("/image/cmdline")?)?;
    screen::passed("command line", "as it is built in");
    let release = kernel::read("/proc/sys/kernel/osrelease")?;
    checks::kernel(&release, &kernel::read("/image/kernel")?)?;
    checks::locked_down(&kernel::read("/sys/kernel/security/lockdown")?)?;
    screen::passed("kernel", &format!("{}, locked down", release.trim()));
    let memory = checks::memory(&kernel::read("/proc/meminfo")?)?;
    screen::passed("memory", &format!("{memory} MB"));
    let list = kernel::read("/image/modules.list")?;
    let list = checks::module_list(&list);
    kernel::load(&list)?;
    let count = checks::modules(&kernel::read("/proc/modules")?, &list)?;
    kernel::latch()?;
    screen::passed("modules", &format!("{count}, and no more can be loaded"));
    checks::no_network(&kernel::names(Path::new("/sys/class/net")))?;
    screen::passed("network", "none");
    checks::hidden(sys::lock_state())?;
    screen::passed("secrets", "in pages that the kernel hides");
    let answers = known::answers()?;
    screen::passed("known answers", &format!("{answers} of {answers}"));
    known::randomness()?;
    screen::passed("random numbers", "healthy");
    let words =
        words::words(Path::new("/")).map_err(|error| Unfit::System("read the image".into(), error.to_string()))?;
    kernel::seal_image()?;
    Ok(about(&words, release.trim(), memory, count, answers))
}

/// What is said of an image of these words and of its machine: the kernel's release, megabytes of memory, modules, known
/// answers.
#[must_use]
pub fn about(words: &str, release: &str, memory: u64, modules: usize, answers: usize) -> String {
    let figures = format!("kernel {release}, {memory} MB, {modules} modules, no network");
    format!(
        "This image is called as follows. Compare these words with your paper.\n\n  {}\n\nIt checked itself and this machine:\n  {figures},\n  {answers} known answers right, random numbers healthy.",
        in_sixes(words)
    )
}

/// Words in rows of six.
fn in_sixes(words: &str) -> String {
    let words: Vec<_> = words.split(' ').collect();
    words.chunks(6).map(|row| row.join(" ")).collect::<Vec<_>>().join("\n  ")
}
