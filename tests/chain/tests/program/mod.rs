//! The program under test, and a vault that it makes.

use std::{path::Path, process::Command};

/// The program under test, which the caller built and names.
pub fn strongroom(folder: &Path, arguments: &[&str]) -> String {
    let program = std::env::var("STRONGROOM_BIN").expect("STRONGROOM_BIN names the program under test");
    let output = Command::new(program).current_dir(folder).args(arguments).output().expect("the program starts");
    let talk = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "strongroom {arguments:?}\n{talk}");
    String::from_utf8(output.stdout).expect("text")
}

/// Two of the three custodians.
pub const BALLOTS: [&str; 4] = ["--ballot", "alice=alice.pass", "--ballot", "carol=carol.pass"];

/// A vault for two of three.
pub fn found(folder: &Path) {
    for name in ["alice", "bob", "carol"] {
        std::fs::write(folder.join(format!("{name}.pass")), format!("the passphrase of {name}\n")).expect("written");
    }
    let rolls = "142536".repeat(17);
    let mut arguments =
        vec!["vault", "create", "v.vault", "--network", "regtest", "--threshold", "2", "--dice", &rolls];
    arguments.extend(["--custodian", "alice", "--custodian", "bob", "--custodian", "carol"]);
    for given in ["alice=alice.pass", "bob=bob.pass", "carol=carol.pass"] {
        arguments.extend(["--passphrase", given]);
    }
    strongroom(folder, &arguments);
}
