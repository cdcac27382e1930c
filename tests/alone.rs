//! The program as it runs: from its first lines on the kernel kills it at whatever would reach another machine or
//! start another program. Every other test that starts the program runs it this way, whole ceremonies too.

use std::{
    fs,
    io::{BufRead, BufReader, Write},
    os::unix::process::CommandExt,
    process::{Command, Stdio},
    time::Duration,
};

use crate::program::PROGRAM;

/// The line `NAME:` of a process's status.
fn status(process: u32, name: &str) -> String {
    let text = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    line.unwrap_or_default().trim().to_owned()
}

#[test]
fn the_program_is_confined_before_it_reads_anything() {
    let mut command = Command::new(PROGRAM.as_str());
    command.args(["qr", "read", "--text", "-"]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut program = command.spawn().unwrap();
    // One filter more than the tests themselves have, and no new privileges. It waits for its input meanwhile.
    let filters = |process| status(process, "Seccomp_filters").parse::<u32>().unwrap_or(0);
    let ours = filters(std::process::id());
    let confined = || filters(program.id()) == ours + 1 && status(program.id(), "NoNewPrivs") == "1";
    let seen = (0..400).any(|_| {
        std::thread::sleep(Duration::from_millis(25));
        confined()
    });
    assert!(seen, "the program waits for input and is not confined");
    program.stdin.take().unwrap().write_all(b"a message\n").unwrap();
    let output = program.wait_with_output().unwrap();
    assert!(output.status.success());
    assert_eq!(output.stdout.trim_ascii(), b"a message");
}

/// The appliance's program where it cannot begin: without a terminal it shows no screens, and without Landlock it is not
/// even confined. Either is said before the machine goes off.
#[test]
fn the_appliances_program_says_why_it_does_not_begin_and_waits() {
    let mut command = Command::new(PROGRAM.as_str());
    command.arg0("strongroom-front").arg("about").env("TERM", "linux");
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut program = command.spawn().unwrap();
    let mut said = String::new();
    let mut screen = BufReader::new(program.stdout.take().unwrap());
    while !said.contains("Enter switches the machine off.") {
        assert!(screen.read_line(&mut said).unwrap() > 0, "{said}");
    }
    assert!(said.contains("THIS MACHINE IS NOT USED"), "{said}");
    let why = ["cannot show the guided screens: no terminal", "cannot confine the program: "];
    assert!(why.iter().any(|why| said.contains(why)), "{said}");
    assert!(program.try_wait().unwrap().is_none(), "it does not wait");
    program.stdin.take().unwrap().write_all(b"\n").unwrap();
    assert_eq!(program.wait().unwrap().code(), Some(3));
}
