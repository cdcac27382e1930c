//! For tests that change their whole process: the test binary starts itself once more, for one test alone.
//!
//! Floor 0; compiled for tests only.

use std::process::{Command, Output, Stdio};

const MARK: &str = "STRONGROOM_TEST_AGAIN";

/// Runs `work` in a process of its own (the test named `name`, which calls this) and asserts that it ends well.
#[track_caller]
pub(crate) fn again(name: &str, arguments: &[&str], work: impl FnOnce(&str)) {
    let Some(output) = started(name, arguments.first().copied().unwrap_or("-"), Stdio::null(), work) else { return };
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    // What it left out, too.
    eprint!("{said}");
}

/// As [`again`], with the output for the caller to judge; `None` in the second process, after the work.
pub(crate) fn started(name: &str, argument: &str, input: Stdio, work: impl FnOnce(&str)) -> Option<Output> {
    if let Ok(argument) = std::env::var(MARK) {
        work(&argument);
        return None;
    }
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", name, "--nocapture", "--test-threads=1"]).env(MARK, argument).stdin(input);
    let output = command.output().unwrap();
    Some(output)
}
