//! The real program before bad input: exit codes, sentences, file modes, and what stays on the disk.

use std::{
    collections::BTreeMap,
    fs,
    io::Write,
    os::unix::{
        ffi::OsStrExt,
        fs::{PermissionsExt, symlink},
    },
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::OnceLock,
};

use crate::{
    desk::passphrase,
    hostile::{payment, treasury, warnings},
    program::PROGRAM,
};

/// What a run of the program gave.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) out: Vec<u8>,
    pub(crate) err: String,
}

impl Ran {
    /// The words of a review that was printed: what it says of the PSBT, and how that came.
    pub(crate) fn review(&self) -> (String, String) {
        let text = String::from_utf8_lossy(&self.out);
        let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
        let (before, rest) = words.split_once(" came ").unwrap_or_else(|| panic!("{words} {}", self.err));
        let (came, after) = rest.split_once(" PSBT version ").unwrap();
        (format!("{before} {after}").replace("(BBQr, normal", "(UR, normal"), came.to_owned())
    }
}

/// A folder with the treasury as `t.vault`, the passphrase files and `pay.psbt`.
pub(crate) struct Office {
    dir: tempfile::TempDir,
}

impl Office {
    pub(crate) fn new() -> Self {
        type Files = BTreeMap<String, Vec<u8>>;
        static FILES: OnceLock<(Files, Vec<u8>)> = OnceLock::new();
        let (files, psbt) = FILES.get_or_init(|| {
            let bench = treasury();
            (bench.stick.files(), payment(&bench))
        });
        let office = Self { dir: tempfile::tempdir().unwrap() };
        fs::create_dir(office.path("t.vault")).unwrap();
        for (file, bytes) in files {
            office.put(&format!("t.vault/{file}"), bytes);
        }
        office.put("pay.psbt", psbt);
        for custodian in ["alice", "bob", "carol"] {
            office.put(custodian, passphrase(custodian).as_bytes());
        }
        office
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub(crate) fn put(&self, name: &str, bytes: &[u8]) {
        fs::write(self.path(name), bytes).unwrap();
        fs::set_permissions(self.path(name), fs::Permissions::from_mode(0o600)).unwrap();
    }

    /// All files of the vault's folder.
    pub(crate) fn vault(&self) -> BTreeMap<String, Vec<u8>> {
        self.files("t.vault")
    }

    fn files(&self, folder: &str) -> BTreeMap<String, Vec<u8>> {
        let entries = fs::read_dir(self.path(folder)).unwrap().map(Result::unwrap);
        entries
            .filter_map(|entry| Some((entry.file_name().to_string_lossy().into_owned(), fs::read(entry.path()).ok()?)))
            .collect()
    }

    /// Types of the journal's lines after the first `count`.
    pub(crate) fn lines_after(&self, count: usize) -> Vec<String> {
        let journal = fs::read_to_string(self.path("t.vault/journal")).unwrap();
        let kind = |line: &str| line.rsplit("\"type\":\"").next().unwrap().split('"').next().unwrap().to_owned();
        journal.lines().skip(count).map(kind).collect()
    }

    /// Runs the program in the office's folder, without a terminal.
    pub(crate) fn run(&self, arguments: &[&str]) -> Ran {
        self.run_with(arguments, b"")
    }

    pub(crate) fn run_with(&self, arguments: &[&str], stdin: &[u8]) -> Ran {
        ran(Command::new("setsid").arg("--wait").arg(&*PROGRAM).args(arguments).current_dir(self.dir.path()), stdin)
    }

    /// The arguments of an unattended signing by alice and bob, with these after them.
    pub(crate) fn signing<'a>(&self, more: &[&'a str]) -> Vec<&'a str> {
        static IDS: OnceLock<Vec<&str>> = OnceLock::new();
        let ids = IDS.get_or_init(|| {
            let bench = treasury();
            warnings(&bench, &payment(&bench))
        });
        let mut all = vec!["sign", "t.vault", "pay.psbt", "--ballot", "alice=alice", "--ballot", "bob=bob"];
        all.extend(ids.iter().flat_map(|id| ["--acknowledge", id]));
        all.extend(more);
        all
    }

    /// A run that must fail with `code` and say `parts`, and leave the vault as it is.
    #[track_caller]
    pub(crate) fn refused(&self, arguments: &[&str], code: i32, parts: &[&str]) -> Ran {
        let before = self.vault();
        let ran = self.run(arguments);
        failed(&ran, code, parts);
        assert_eq!(self.vault(), before, "{arguments:?} changed the vault");
        ran
    }
}

#[track_caller]
pub(crate) fn failed(ran: &Ran, code: i32, parts: &[&str]) {
    assert_eq!(ran.code, Some(code), "{}", ran.err);
    for part in parts {
        assert!(ran.err.contains(part), "`{part}` is not said: {}", ran.err);
    }
    assert!(ran.out.is_empty(), "{:?}", String::from_utf8_lossy(&ran.out));
    assert!(
        !ran.err.contains("panicked") && !ran.err.contains("RUST_BACKTRACE") && !ran.err.contains(".rs:"),
        "{}",
        ran.err
    );
}

fn ran(command: &mut Command, stdin: &[u8]) -> Ran {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // A program that does not read its input is no failure here.
    let _closed = child.stdin.take().unwrap().write_all(stdin);
    let output = child.wait_with_output().unwrap();
    Ran {
        code: output.status.code(),
        out: output.stdout,
        err: String::from_utf8(output.stderr).expect("talk is UTF-8"),
    }
}

fn count(office: &Office) -> usize {
    office.lines_after(0).len()
}

#[test]
fn the_honest_run_signs_and_two_runs_give_the_same_bytes() {
    let office = Office::new();
    let one = office.run(&office.signing(&["-o", "one.psbt"]));
    assert_eq!(one.code, Some(0), "{}", one.err);
    let two = office.run(&office.signing(&[]));
    assert_eq!(fs::read(office.path("one.psbt")).unwrap(), two.out);
    let stdin = fs::read(office.path("pay.psbt")).unwrap();
    let mut arguments = office.signing(&[]);
    arguments[2] = "-";
    assert_eq!(office.run_with(&arguments, &stdin).out, two.out);
}

#[test]
fn an_output_that_cannot_be_written_is_said_and_the_same_command_gives_the_same_signatures() {
    let office = Office::new();
    let lines = count(&office);
    let ran = office.run(&office.signing(&["-o", "/dev/full"]));
    failed(
        &ran,
        3,
        &[
            "signed, and the journal says so, but the signatures did not leave",
            "/dev/full",
            "No space left",
            "run the same command again",
        ],
    );
    assert_eq!(office.lines_after(lines).last().unwrap(), "signed");
    let again = office.run(&office.signing(&["-o", "out.psbt"]));
    assert_eq!(again.code, Some(0), "{}", again.err);
    let once_more = office.run(&office.signing(&[]));
    assert_eq!(fs::read(office.path("out.psbt")).unwrap(), once_more.out);

    // Standard output that is full.
    let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let output = Command::new(&*PROGRAM)
        .args(office.signing(&[]))
        .current_dir(office.dir.path())
        .stdin(Stdio::null())
        .stdout(full)
        .stderr(Stdio::piped())
        .output()
        .unwrap();
    let err = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.code() == Some(3) && err.contains("signatures did not leave"), "{err}");
}

#[test]
fn an_output_that_cannot_be_is_refused_before_anybody_is_asked() {
    let office = Office::new();
    symlink("t.vault/journal", office.path("link")).unwrap();
    assert!(Command::new("mkfifo").arg(office.path("pipe")).status().unwrap().success());
    let _listens = std::os::unix::net::UnixListener::bind(office.path("socket")).unwrap();
    for (out, said) in [
        ("none/out.psbt", "no such folder"),
        ("t.vault", "a folder or a link"),
        ("link", "a folder or a link"),
        ("t.vault/journal", "a vault has files of this name"),
        ("t.vault/slot.a", "a vault has files of this name"),
        ("t.vault/alice.1.b.share", "a vault has files of this name"),
        ("pipe", "a pipe, a socket or a disk"),
        ("socket", "a pipe, a socket or a disk"),
        ("pay.psbt", "such a file already"),
        ("./t.vault/../pay.psbt", "such a file already"),
    ] {
        office.refused(&office.signing(&["-o", out]), 2, &[said]);
    }
    assert_eq!(office.run(&office.signing(&["-o", "signed.psbt"])).code, Some(0));
    office.refused(&["psbt", "join", "pay.psbt", "signed.psbt", "-o", "pipe"], 2, &["a pipe, a socket or a disk"]);
    office.refused(&["psbt", "join", "pay.psbt", "signed.psbt", "-o", "signed.psbt"], 2, &["such a file already"]);
    office.refused(&["psbt", "finalize", "signed.psbt", "-o", "pay.psbt"], 2, &["such a file already"]);
    office.refused(&["qr", "read", "--text", "pay.psbt", "-o", "pay.psbt"], 2, &["such a file already"]);
}

/// Names of files come from others: what steers a terminal is told, and does not get to it.
#[test]
fn an_argument_that_is_not_understood_is_repeated_escaped() {
    let office = Office::new();
    let hostile = "b\u{1b}[2J\u{202e}.psbt";
    for arguments in
        [&["review", "t.vault", "pay.psbt", hostile][..], &["wallet", "export", "t.vault", "hot", "--format", hostile]]
    {
        let ran = office.refused(arguments, 2, &["b\\u{202e}.psbt"]);
        assert!(!ran.err.contains(['\u{1b}', '\u{202e}']), "{}", ran.err);
    }
}

#[test]
fn a_secret_that_is_given_as_psbt_is_not_shown() {
    let office = Office::new();
    for arguments in [&["review", "t.vault", "alice"][..], &["psbt", "show", "alice"], &["sign", "t.vault", "alice"]] {
        let ran = office.refused(arguments, 2, &["P01", "a file of text"]);
        assert!(!ran.err.contains("scripted") && !ran.err.contains("the sc"), "{}", ran.err);
    }
    let ran = office.refused(&["psbt", "show", "t.vault/alice.1.a.share"], 2, &["P01", "a custodian's share file"]);
    assert!(!ran.err.contains("sealed\""), "{}", ran.err);
    office.refused(&["psbt", "show", "t.vault/journal"], 2, &["P01", "a vault's journal"]);
}

#[test]
fn one_custodian_alone_says_where_the_share_is_in_either_way() {
    let office = Office::new();
    fs::rename(office.path("t.vault/bob.1.a.share"), office.path("bobs.1.a.share")).unwrap();
    let drill = ["share", "drill", "t.vault", "bob", "--passphrase", "bob"];
    let missing = office.refused(&drill, 2, &["--share bob=FILE"]);
    assert!(!missing.err.contains("note"), "{}", missing.err);
    for share in ["bob=bobs.1.a.share", "bobs.1.a.share", "./bobs.1.a.share"] {
        let ran = office.run(&[&drill[..], &["--share", share]].concat());
        assert_eq!(ran.code, Some(0), "{share}: {}", ran.err);
    }
    office.refused(&[&drill[..], &["--share", "alice=bobs.1.a.share"]].concat(), 2, &["names `alice`"]);
    office.refused(&[&drill[..], &["--share", "bob="]].concat(), 2, &["nothing after the ="]);
    office.put("new", b"another passphrase of bob\n");
    let change = ["share", "passphrase", "t.vault", "bob", "--passphrase", "bob", "--new-passphrase", "new"];
    let ran = office.run(&[&change[..], &["--share", "bob=bobs.1.a.share"]].concat());
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    assert!(office.path("bobs.1.b.share").exists() && !office.path("bobs.1.a.share").exists());
    // A stranger is told so at once, before any share is looked for.
    for command in ["drill", "passphrase"] {
        office.refused(
            &["share", command, "t.vault", "mallory", "--passphrase", "bob", "--share", "none/x"],
            1,
            &["`mallory` is no custodian", "vault show"],
        );
    }
}

#[test]
fn a_share_file_that_was_superseded_is_told_before_it_is_opened() {
    let office = Office::new();
    let [a, b] = ["t.vault/alice.1.a.share", "t.vault/alice.1.b.share"];
    let read = |file: &str| fs::read(office.path(file)).unwrap();
    let lay = |file: &str, bytes: &[u8]| {
        for file in [a, b] {
            let _there = fs::remove_file(office.path(file));
        }
        office.put(file, bytes);
    };
    // What is said of the share: where it is drilled, where it votes, where its passphrase changes, and at a check.
    let told = |secret: &str, expected: &[&str]| {
        let ballot = format!("alice={secret}");
        let drill = office.run(&["share", "drill", "t.vault", "alice", "--passphrase", secret]);
        let vote = office.run(&[
            "wallet",
            "xpub",
            "t.vault",
            "--path",
            "m/48h/1h/0h/2h",
            "--ballot",
            &ballot,
            "--ballot",
            "bob=bob",
        ]);
        let check = office.run(&["vault", "check", "t.vault"]);
        let page = String::from_utf8(check.out).unwrap();
        for (code, said) in [(drill.code, &drill.err), (vote.code, &vote.err), (check.code, &page)] {
            assert_eq!(code, Some(0), "{said}");
            assert_eq!(said.contains("note: `alice"), !expected.is_empty(), "{said}");
            assert!(!said.contains("note: `bob"), "{said}");
            for part in expected {
                assert!(said.contains(part), "{part}: {said}");
            }
        }
    };
    let change = |from: &str, to: &str| {
        let ran =
            office.run(&["share", "passphrase", "t.vault", "alice", "--passphrase", from, "--new-passphrase", to]);
        assert_eq!(ran.code, Some(0), "{}", ran.err);
        (count(&office), ran.err)
    };
    office.put("second", b"the second passphrase of alice\n");
    office.put("third", b"the third passphrase of alice\n");
    let first = read(a);
    told("alice", &[]);
    let (line, said) = change("alice", "second");
    assert!(!said.contains("note: `alice"), "{said}");
    told("second", &[]);
    let second = read(b);
    // The file of the vault's creation has no line. It may be what a change that was cut short left, so that is left open.
    lay(a, &first);
    let in_line = format!("in line {line}");
    told(
        "alice",
        &["`alice.1.a.share` is not the file of the change", &in_line, "If alice did not change", "destroy this one"],
    );
    // Both there: the older one is named alone.
    office.put(b, &second);
    told("second", &["`alice.1.a.share` is not the file", &in_line]);
    assert!(!office.run(&["vault", "check", "t.vault"]).out.windows(16).any(|part| part == b"`alice.1.b.share"));
    // A change that was cut short after the new file was written, before its line: nobody is told that it is older.
    lay(b, &second);
    let journal = read("t.vault/journal");
    let (again, _) = change("second", "third");
    let third = read(a);
    told("third", &[]);
    let whole = read("t.vault/journal");
    office.put("t.vault/journal", &journal);
    told(
        "third",
        &["`alice.1.a.share` is not the file of the change", &in_line, "If alice did not change it once more"],
    );
    // What an earlier line names is older for sure.
    office.put("t.vault/journal", &whole);
    lay(b, &second);
    let in_line = format!("`alice.1.b.share` is older than the change of alice's passphrase in line {again}");
    told("second", &[&in_line, "bring the newer file, and destroy this one"]);
    let (_, said) = change("second", "alice");
    assert!(said.contains(&in_line), "{said}");
    lay(a, &third);
    told("third", &["`alice.1.a.share` is older"]);
}

#[test]
fn what_lies_beside_a_good_share_is_named_and_its_custodian_votes() {
    let office = Office::new();
    let stray = office.path("t.vault/alice.1.b.share");
    let drill = ["share", "drill", "t.vault", "alice", "--passphrase", "alice"];
    let named = |part: &str| {
        let ran = office.run(&drill);
        assert_eq!(ran.code, Some(0), "{part}: {}", ran.err);
        assert!(ran.err.contains("alice.1.b.share") && ran.err.contains(part), "{part}: {}", ran.err);
        let check = office.run(&["vault", "check", "t.vault"]);
        assert_eq!(check.code, Some(0), "{part}: {}", check.err);
        assert!(String::from_utf8(check.out).unwrap().contains("alice.1.b.share"), "{part}");
        fs::remove_file(&stray).unwrap();
    };
    symlink("../alice", &stray).unwrap();
    named("links are not followed");
    assert!(Command::new("mkfifo").arg(&stray).status().unwrap().success());
    named("not a regular file");
    fs::write(&stray, b"x").unwrap();
    fs::set_permissions(&stray, fs::Permissions::from_mode(0o644)).unwrap();
    named("chmod 600 t.vault/alice.1.b.share");
    fs::copy(office.path("t.vault/bob.1.a.share"), &stray).unwrap();
    named("of `bob`, not of `alice`");
    office.put("t.vault/alice.1.b.share", b"x");
    named("the share is");
}

#[test]
fn numbers_and_empty_lists_are_said_as_people_say_them() {
    let office = Office::new();
    let dice = "142536".repeat(17);
    let create = ["vault", "create", "n.vault", "--network", "regtest", "--threshold", "1", "--custodian", "alice"];
    let made = office.run(&[&create[..], &["--passphrase", "alice=alice", "--dice", &dice]].concat());
    assert_eq!(made.code, Some(0), "{}", made.err);
    let checked = String::from_utf8(office.run(&["vault", "check", "n.vault"]).out).unwrap();
    assert!(checked.contains("journal: 1 line, signed up to line 0"), "{checked}");
    let list = office.run(&["wallet", "list", "n.vault"]);
    assert!(list.code == Some(0) && list.out.is_empty() && list.err.contains("no wallet yet"), "{list:?}");
    assert_eq!(office.run(&["wallet", "list", "n.vault", "--json"]).out, b"[]\n");
    let usage = office.refused(&["wallet", "add", "n.vault", "main"], 2, &["--script", "--descriptor"]);
    assert!(usage.err.contains('|'), "{}", usage.err);
    office.refused(
        &["wallet", "add", "n.vault", "main", "--script", "tr", "--descriptor", "x"],
        2,
        &["cannot be used"],
    );
    // What is not given is asked for, where somebody is there.
    for (given, missing) in [(3, "--network"), (5, "--custodian"), (7, "--custodian")] {
        let ran = office.run(&create[..given]);
        failed(&ran, 2, &[missing, "is missing", "no terminal"]);
    }
}

#[test]
fn without_a_terminal_people_cannot_be_asked() {
    let office = Office::new();
    office.refused(&["sign", "t.vault", "pay.psbt"], 3, &["no terminal to ask at"]);
    office.refused(&["wallet", "xpub", "t.vault", "--path", "m/48h/1h/0h/2h"], 3, &["no terminal"]);
    office.refused(&["share", "drill", "t.vault", "alice"], 3, &["no terminal"]);
    let ran =
        office.run(&["vault", "create", "new.vault", "--network", "regtest", "--threshold", "1", "--custodian", "a"]);
    failed(&ran, 3, &["no terminal", "--dice or --coins, --passphrase a=FILE"]);
    assert!(!office.path("new.vault").exists());
    // What is given is not named as missing; a seed from standard input is given.
    let words = ["abandon "; 11].concat() + "about\n";
    let dice = "142536".repeat(17);
    let create = ["vault", "create", "new.vault", "--network", "regtest", "--threshold", "1", "--custodian", "alice"];
    for (more, named, not_named) in [
        (&["--passphrase", "alice=alice"][..], "not given: --dice or --coins\n", "--passphrase"),
        (&["--dice", &dice], "not given: --passphrase alice=FILE\n", "--coins"),
        (&["--coins", &"HT".repeat(128)], "not given: --passphrase alice=FILE\n", "--dice"),
    ] {
        let ran = office.run_with(&[&create[..], more, &["--import-mnemonic"]].concat(), words.as_bytes());
        failed(&ran, 3, &["no terminal to ask at", named, "at a terminal"]);
        assert!(!ran.err.contains(not_named) && !ran.err.contains("abandon"), "{}", ran.err);
        assert!(!office.path("new.vault").exists());
    }
    let more = ["--passphrase", "alice=alice", "--import-mnemonic", "--dice", &dice];
    let ran = office.run_with(&[&create[..], &more].concat(), words.as_bytes());
    assert!(ran.code == Some(0) && office.path("new.vault").exists(), "{}", ran.err);
}

#[test]
fn custodians_who_do_not_count_are_named() {
    let office = Office::new();
    office.put("wrong", b"not it\n");
    let refused = |ballots: &[&str], code, parts: &[&str]| {
        let before = office.vault();
        let lines = count(&office);
        let mut arguments = office.signing(&[]);
        arguments.drain(3..7);
        arguments.extend(ballots.iter().flat_map(|ballot| ["--ballot", ballot]));
        failed(&office.run(&arguments), code, parts);
        let mut after = office.vault();
        assert!(after["journal"].starts_with(&before["journal"]));
        after.insert("journal".into(), before["journal"].clone());
        assert_eq!(after, before);
        assert_eq!(office.lines_after(lines), ["opened", "refused"]);
    };
    refused(&["alice=wrong", "bob=bob"], 2, &["alice.1.a.share", "wrong passphrase"]);
    refused(&["alice=alice", "bob=alice"], 2, &["bob.1.a.share", "wrong passphrase"]);
    refused(&["alice=alice", "alice=alice"], 1, &["`alice` has approved already"]);
    refused(&["alice=alice"], 1, &["1 of 2 approvals"]);
    refused(&["alice=alice", "mallory=bob"], 1, &["`mallory` is no custodian", "vault show"]);
    fs::set_permissions(office.path("t.vault/alice.1.a.share"), fs::Permissions::from_mode(0o644)).unwrap();
    refused(&["alice=alice", "bob=bob"], 2, &["chmod 600 t.vault/alice.1.a.share"]);
    fs::set_permissions(office.path("t.vault/alice.1.a.share"), fs::Permissions::from_mode(0o640)).unwrap();
    refused(&["alice=alice", "bob=bob"], 2, &["alice.1.a.share", "chmod 600"]);
    assert_eq!(office.run(&["vault", "check", "t.vault"]).code, Some(2));
}

#[test]
fn an_expected_vault_is_demanded_by_every_command() {
    let office = Office::new();
    let words = ["abandon"; 12].join(" ");
    let expect = |arguments: &[&str]| {
        let arguments = [arguments, &["--expect-id", &words]].concat();
        office.refused(&arguments, 4, &["this vault's words are", "not the expected ones"]);
    };
    expect(&["vault", "show", "t.vault"]);
    expect(&["vault", "check", "t.vault"]);
    expect(&["wallet", "list", "t.vault"]);
    expect(&["wallet", "export", "t.vault", "main"]);
    expect(&["wallet", "add", "t.vault", "x", "--script", "tr", "--ballot", "alice=alice", "--ballot", "bob=bob"]);
    expect(&[
        "wallet",
        "xpub",
        "t.vault",
        "--path",
        "m/48h/1h/0h/2h",
        "--ballot",
        "alice=alice",
        "--ballot",
        "bob=bob",
    ]);
    expect(&["address", "t.vault", "main"]);
    expect(&["review", "t.vault", "pay.psbt"]);
    expect(&office.signing(&[]));
    expect(&["share", "drill", "t.vault", "alice", "--passphrase", "alice"]);
    expect(&["journal", "head", "t.vault"]);
    office.refused(&["vault", "show", "t.vault", "--expect-id", "abandon"], 2, &["12 vault words"]);
    let shown: serde_json::Value =
        serde_json::from_slice(&office.run(&["vault", "check", "t.vault", "--json"]).out).unwrap();
    let own = shown["words"].as_str().unwrap().to_uppercase();
    assert_eq!(office.run(&["vault", "check", "t.vault", "--expect-id", &own]).code, Some(0));
}

#[test]
fn a_vault_that_is_not_there_or_not_one_is_said() {
    let office = Office::new();
    fs::create_dir(office.path("empty.vault")).unwrap();
    office.refused(&["vault", "show", "none.vault"], 2, &["no vault here"]);
    office.refused(&["vault", "show", "empty.vault"], 2, &["no vault here"]);
    office.refused(&["vault", "show", "pay.psbt"], 2, &["pay.psbt", "Not a directory"]);
    let new =
        ["--network", "regtest", "--threshold", "1", "--custodian", "a", "--passphrase", "a=alice", "--dice", "1"];
    let create = |vault| [&["vault", "create", vault][..], &new].concat();
    office.refused(&create("t.vault"), 2, &["t.vault", "not empty"]);
    office.refused(&create("pay.psbt"), 2, &["pay.psbt", "exists"]);
    office.refused(&create("none/new.vault"), 2, &["none/new.vault"]);
    // Too few rolls: nothing stays.
    office.refused(&create("new.vault"), 2, &[]);
    assert!(!office.path("new.vault").exists());
    office.refused(
        &["vault", "create", "n", "--network", "regtest", "--threshold", "1", "--custodian", "a", "--custodian", "b"],
        2,
        &["no quorum of 1 of 2"],
    );
    office.refused(&["vault", "create", "n", "--network", "regtest", "--threshold", "1", "--custodian", "A"], 2, &[]);
    office.refused(&["vault", "create", "n", "--network", "moon", "--threshold", "1", "--custodian", "a"], 2, &[]);
    office.refused(
        &[
            "vault",
            "create",
            "n",
            "--network",
            "regtest",
            "--threshold",
            "1",
            "--custodian",
            "a",
            "--passphrase",
            "b=alice",
        ],
        2,
        &["`b`"],
    );
    assert!(!office.path("n").exists());
}

#[test]
fn links_folders_pipes_and_huge_files_in_the_vault_are_refused_without_being_read() {
    let office = Office::new();
    let swap = |file: &str, make: &dyn Fn(&Path), code, parts: &[&str]| {
        let path = office.path("t.vault").join(file);
        let kept = office.path("kept");
        fs::rename(&path, &kept).unwrap();
        make(&path);
        let ran = office.run(&["vault", "check", "t.vault"]);
        failed(&ran, code, &[&[file], parts].concat());
        let ran = office.run(&office.signing(&[]));
        failed(&ran, code, &[&[file], parts].concat());
        if path.is_dir() {
            fs::remove_dir(&path).unwrap()
        } else {
            fs::remove_file(&path).unwrap()
        }
        fs::rename(&kept, &path).unwrap();
    };
    let sparse = |path: &Path| {
        fs::File::create(path).unwrap().set_len(1 << 30).unwrap();
        fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
    };
    let pipe = |path: &Path| assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
    for file in ["slot.a", "slot.b", "journal", "alice.1.a.share"] {
        swap(file, &|path| symlink("../kept", path).unwrap(), 3, &["links are not followed"]);
        swap(file, &|path| fs::create_dir(path).unwrap(), 3, &["not a regular file"]);
        swap(file, &pipe, 3, &["not a regular file"]);
        swap(file, &sparse, 4, &["larger than"]);
    }
    fs::File::create(office.path("huge")).unwrap().set_len(1 << 30).unwrap();
    office.refused(&["review", "t.vault", "huge"], 2, &["huge", "larger than"]);
    office.refused(&["psbt", "show", "huge"], 2, &["huge", "larger than"]);
    office.refused(&["sign", "t.vault", "pay.psbt", "--ballot", "alice=huge"], 2, &["huge", "larger than"]);
    office.refused(&["psbt", "show", "t.vault"], 3, &["not a regular file"]);
    office.refused(&["psbt", "show", "none.psbt"], 2, &["none.psbt", "No such file"]);
    assert_eq!(office.run(&["vault", "check", "t.vault"]).code, Some(0));
}

#[test]
fn a_folder_that_may_not_be_read_is_a_device_failure() {
    let office = Office::new();
    if let Some(mut nobody) = as_nobody(&office, None) {
        let ran = ran(nobody.args(["vault", "show", "t.vault"]), b"");
        failed(&ran, 3, &["t.vault", "Permission denied"]);
    }
}

/// The program as a user without any privilege, in the office's folder; `None`, loudly, where that is impossible.
fn as_nobody(office: &Office, locked_memory: Option<&str>) -> Option<Command> {
    let there = |tool: &str| Command::new(tool).arg("--version").output().is_ok();
    let root = rustix::process::geteuid().is_root();
    if !root || !there("setpriv") || !there("prlimit") {
        assert!(std::env::var_os("CI").is_none(), "setpriv, prlimit and root are needed");
        eprintln!("SKIPPED: setpriv, prlimit and root are needed");
        return None;
    }
    let copy = office.path("strongroom");
    if !copy.exists() {
        // By a process of its own: what another test starts meanwhile inherits no file that is open for writing, which
        // nobody could run.
        assert!(Command::new("cp").arg(&*PROGRAM).arg(&copy).status().unwrap().success());
    }
    fs::set_permissions(&copy, fs::Permissions::from_mode(0o755)).unwrap();
    fs::set_permissions(office.dir.path(), fs::Permissions::from_mode(0o755)).unwrap();
    fs::set_permissions(office.path("t.vault"), fs::Permissions::from_mode(0o700)).unwrap();
    let mut command = Command::new("prlimit");
    if let Some(bytes) = locked_memory {
        command.arg(format!("--memlock={bytes}:{bytes}"));
    }
    command.args([
        "setpriv",
        "--reuid=65534",
        "--regid=65534",
        "--clear-groups",
        "--inh-caps=-all",
        "--bounding-set=-all",
    ]);
    command.arg(copy).current_dir(office.dir.path());
    Some(command)
}

#[test]
fn without_locked_memory_mainnet_is_refused_and_regtest_warned_of() {
    let office = Office::new();
    let Some(mut nobody) = as_nobody(&office, Some("0")) else { return };
    fs::create_dir(office.path("free")).unwrap();
    fs::set_permissions(office.path("free"), fs::Permissions::from_mode(0o777)).unwrap();
    fs::set_permissions(office.path("alice"), fs::Permissions::from_mode(0o644)).unwrap();
    let dice = "142536".repeat(17);
    let create = ["vault", "create", "free/v.vault", "--threshold", "1", "--custodian", "alice", "--network"];
    let regtest = [&create[..], &["regtest", "--passphrase", "alice=alice", "--dice", &dice]].concat();
    let made = ran(nobody.args(regtest), b"");
    assert_eq!(made.code, Some(0), "{}", made.err);
    assert!(made.err.contains("cannot be locked"), "{}", made.err);

    let mut nobody = as_nobody(&office, Some("0")).unwrap();
    let drilled = ran(nobody.args(["share", "drill", "free/v.vault", "alice", "--passphrase", "alice"]), b"");
    assert_eq!(drilled.code, Some(0), "{}", drilled.err);
    assert!(drilled.err.contains("cannot be locked"), "{}", drilled.err);

    let mut nobody = as_nobody(&office, Some("0")).unwrap();
    let mainnet = [&create[..2], &["free/m.vault"], &create[3..], &["mainnet"]].concat();
    let refused = ran(nobody.args(mainnet), b"");
    failed(&refused, 3, &["memory", "locked"]);
    assert!(!office.path("free/m.vault").exists());
}

#[test]
fn what_only_test_networks_may_do_is_refused_on_mainnet_with_the_reason() {
    let office = Office::new();
    let dice = "142536".repeat(17);
    let create = ["vault", "create", "m.vault", "--network", "mainnet", "--threshold", "1", "--custodian", "alice"];
    let refused = |more: &[&str]| {
        office.refused(&[&create[..], more].concat(), 1, &["test networks only", "on mainnet"]);
        assert!(!office.path("m.vault").exists());
    };
    refused(&["--dice", &dice]);
    refused(&["--coins", &"HT".repeat(128)]);
    refused(&["--passphrase", "alice=alice"]);
    refused(&["--passphrase", "alice=alice", "--dice", &dice]);
    // A mnemonic comes from people, never from a pipe.
    let ran = office.run_with(&[&create[..], &["--import-mnemonic"]].concat(), b"abandon abandon\n\n");
    failed(&ran, 3, &["no terminal"]);
    refused(
        &["--embed-shares", "--dice", &dice].map(|text| if text == "--embed-shares" { "--words=24" } else { text }),
    );

    // A vault of mainnet, made by the ceremony with a recipient, so that no slow passphrase is needed.
    let mainnet = crate::hostile_terminal::mainnet_vault();
    fs::create_dir(office.path("main.vault")).unwrap();
    for (file, bytes) in &mainnet {
        office.put(&format!("main.vault/{file}"), bytes);
    }
    let before = office.files("main.vault");
    let refused = |arguments: &[&str]| {
        office.refused(arguments, 1, &["test networks only", "on mainnet"]);
        assert_eq!(office.files("main.vault"), before);
    };
    refused(&["sign", "main.vault", "pay.psbt", "--ballot", "alice=alice"]);
    refused(&["sign", "main.vault", "pay.psbt", "--acknowledge", "C09"]);
    refused(&["wallet", "add", "main.vault", "x", "--script", "tr", "--ballot", "alice=alice"]);
    refused(&["wallet", "xpub", "main.vault", "--path", "m/48h/0h/0h/2h", "--ballot", "alice=alice"]);
    refused(&["share", "drill", "main.vault", "alice", "--passphrase", "alice"]);
    refused(&["share", "drill", "main.vault", "alice", "--identity", "alice"]);
    refused(&["share", "passphrase", "main.vault", "alice", "--passphrase", "alice"]);
    refused(&["share", "passphrase", "main.vault", "alice", "--new-passphrase", "alice"]);
}

#[test]
fn damage_anywhere_in_the_folder_fails_the_check() {
    let office = Office::new();
    assert_eq!(office.run(&["vault", "check", "t.vault"]).code, Some(0));
    for file in ["slot.a", "slot.b", "journal", "alice.1.a.share", "carol.1.a.share"] {
        let path = format!("t.vault/{file}");
        let whole = fs::read(office.path(&path)).unwrap();
        let mut bad = whole.clone();
        bad[whole.len() / 2] ^= 1;
        office.put(&path, &bad);
        office.refused(&["vault", "check", "t.vault"], 4, &[file]);
        office.refused(&["vault", "check", "t.vault", "--json"], 4, &[file]);
        office.put(&path, &whole);
    }
}

#[test]
fn ranges_names_and_numbers_out_of_bounds_are_usage() {
    let office = Office::new();
    for range in ["2147483648", "-1", "5..1", "0..1000000", "a", "", "1...2", "99999999999999999999"] {
        let argument = format!("--index={range}");
        office.refused(&["address", "t.vault", "main", &argument], 2, &[]);
    }
    let last = office.run(&["address", "t.vault", "main", "--index", "2147483647"]);
    assert_eq!((last.code, last.out.split(|b| *b == b'\n').count()), (Some(0), 2), "{}", last.err);
    office.refused(&["address", "t.vault", "nobody"], 2, &["no wallet `nobody`"]);
    office.refused(&["address", "t.vault", "--find", "bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq"], 2, &[]);
    office.refused(&["address", "t.vault", "--find", "\u{202e}\u{1b}[2J"], 2, &[]);
    office.refused(
        &["address", "t.vault", "--find", "bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080"],
        1,
        &["no wallet"],
    );
    office.refused(&["wallet", "export", "t.vault", "nobody"], 2, &["no wallet `nobody`"]);
    for path in ["m/48h/0h/0h/2h", "m/48h", "m/48/1/0/2", "x", "m/48h/1h/0h/2147483648h", ""] {
        office.refused(
            &["wallet", "xpub", "t.vault", "--path", path, "--ballot", "alice=alice", "--ballot", "bob=bob"],
            2,
            &[],
        );
    }
    for descriptor in [
        "",
        "wpkh(",
        "raw(00)",
        "wpkh(xprv9s21ZrQH143K3QTDL4LXw2F7HEK3wJUD2nW2nRk4stbPy6cq3jPPqjiChkVvvNKmPGJxWUtg6LnF5kejMRNNU3TGtRBeJgk33yuGBxrMPHi/*)",
    ] {
        let ran = office.refused(
            &[
                "wallet",
                "add",
                "t.vault",
                "x",
                "--descriptor",
                descriptor,
                "--ballot",
                "alice=alice",
                "--ballot",
                "bob=bob",
            ],
            2,
            &[],
        );
        assert!(!ran.err.contains("xprv9s21"), "a private key that was typed is said again");
    }
    office.refused(
        &["wallet", "add", "t.vault", "main", "--script", "tr", "--ballot", "alice=alice"],
        2,
        &["`main` already"],
    );
}

#[test]
fn names_that_are_no_text_are_taken_or_refused_but_never_shown_raw() {
    let office = Office::new();
    let odd = std::ffi::OsStr::from_bytes(b"p\xff\x1b[2J.psbt");
    fs::copy(office.path("pay.psbt"), office.dir.path().join(odd)).unwrap();
    let at = |arguments: &[&std::ffi::OsStr]| {
        ran(Command::new(&*PROGRAM).args(arguments).current_dir(office.dir.path()), b"")
    };
    let text = |text: &'static str| std::ffi::OsStr::new(text);
    assert_eq!(at(&[text("psbt"), text("show"), odd]).code, Some(0));
    let missing = std::ffi::OsStr::from_bytes(b"none\xff\x1b[2J");
    let ran_missing = at(&[text("psbt"), text("show"), missing]);
    failed(&ran_missing, 2, &["none"]);
    assert!(!ran_missing.err.contains('\u{1b}'), "{:?}", ran_missing.err);
    let vault = at(&[text("vault"), text("show"), missing]);
    failed(&vault, 2, &["no vault here"]);
    // A file of such a name in the vault's folder changes nothing.
    fs::write(office.path("t.vault").join(missing), b"x").unwrap();
    assert_eq!(office.run(&["vault", "check", "t.vault"]).code, Some(0));
}

/// By which rule, where and what to do; people are told what they always were.
#[test]
fn machines_are_told_why_a_psbt_is_not_read() {
    let office = Office::new();
    for (psbt, rule) in [("alice", "P01"), ("-", "P01"), ("cut", "P03")] {
        office.put("cut", &fs::read(office.path("pay.psbt")).unwrap()[..300]);
        let ran = office.run_with(&["review", "t.vault", psbt, "--json"], b"");
        assert!(ran.code == Some(2) && ran.err.contains(rule), "{ran:?}");
        let said: serde_json::Value = serde_json::from_slice(&ran.out).unwrap();
        assert_eq!((&said["verdict"], &said["findings"][0]["rule"]), (&"unread".into(), &rule.into()));
    }
    let ran = office.run(&["review", "t.vault", "no-such-file", "--json"]);
    assert_eq!((ran.code, ran.out.as_slice()), (Some(2), &b""[..]));
}

#[test]
fn a_closed_or_broken_standard_input_is_no_psbt() {
    let office = Office::new();
    failed(&office.run_with(&["review", "t.vault", "-"], b""), 2, &["P0"]);
    failed(&office.run_with(&["psbt", "show", "-"], b"\xff\xfe"), 2, &["P0"]);
    failed(&office.run_with(&["psbt", "show", "-"], &vec![b'A'; 9_000_000]), 2, &["larger than"]);
    let closed = ran(
        Command::new("sh").args(["-c", "exec \"$0\" psbt show - <&-", &*PROGRAM]).current_dir(office.dir.path()),
        b"",
    );
    assert!(matches!(closed.code, Some(2 | 3)), "{closed:?}");
    let descriptor =
        office.run_with(&["wallet", "add", "t.vault", "x", "--descriptor", "-", "--ballot", "alice=alice"], b"\xff");
    failed(&descriptor, 2, &["not UTF-8"]);
}

#[test]
fn signatures_of_another_transaction_or_that_contradict_do_not_join() {
    use bitcoin::{Amount, Psbt};
    let office = Office::new();
    assert_eq!(office.run(&office.signing(&["-o", "signed.psbt"])).code, Some(0));
    let signed = Psbt::deserialize(&fs::read(office.path("signed.psbt")).unwrap()).unwrap();
    let mut foreign = signed.clone();
    foreign.unsigned_tx.output[0].value -= Amount::from_sat(1);
    office.put("foreign.psbt", &foreign.serialize());
    office.refused(&["psbt", "join", "pay.psbt", "foreign.psbt", "-o", "joined.psbt"], 2, &[]);
    let mut contradicting = signed.clone();
    for signature in contradicting.inputs[0].partial_sigs.values_mut() {
        let mut bytes = signature.signature.serialize_compact();
        bytes[40] ^= 1;
        signature.signature = bitcoin::secp256k1::ecdsa::Signature::from_compact(&bytes).unwrap();
    }
    office.put("bad.psbt", &contradicting.serialize());
    let said = office.refused(&["psbt", "join", "pay.psbt", "bad.psbt", "-o", "joined.psbt"], 2, &["input 0"]);
    assert!(!said.err.is_empty());
    office.refused(&["psbt", "join", "signed.psbt", "bad.psbt", "-o", "joined.psbt"], 2, &["input 0"]);
    office.refused(&["psbt", "join", "signed.psbt", "alice", "-o", "joined.psbt"], 2, &[]);
    office.refused(&["psbt", "finalize", "pay.psbt", "-o", "joined.psbt"], 2, &["input 0"]);
    office.refused(&["psbt", "finalize", "bad.psbt", "-o", "joined.psbt"], 2, &["input 0"]);
    assert!(!office.path("joined.psbt").exists());
    assert_eq!(office.run(&["psbt", "join", "pay.psbt", "signed.psbt", "-o", "joined.psbt"]).code, Some(0));
    assert_eq!(fs::read(office.path("joined.psbt")).unwrap(), fs::read(office.path("signed.psbt")).unwrap());
}

#[test]
fn shares_lie_on_the_disk_for_their_owner_alone_and_results_hold_no_secret() {
    const MNEMONIC: &str = "legal winner thank year wave sausage worth useful legal winner thank yellow";
    let office = Office::new();
    let dice = "142536".repeat(17);
    let mut create = vec![
        "vault",
        "create",
        "s.vault",
        "--network",
        "regtest",
        "--threshold",
        "2",
        "--import-mnemonic",
        "--dice",
        &dice,
    ];
    for custodian in ["alice", "bob", "carol"] {
        create.extend(["--custodian", custodian, "--passphrase"]);
        create.push(match custodian {
            "alice" => "alice=alice",
            "bob" => "bob=bob",
            _ => "carol=carol",
        });
    }
    let mut said: Vec<Vec<u8>> = Vec::new();
    let mut keep = |ran: Ran| {
        assert_eq!(ran.code, Some(0), "{}", ran.err);
        said.extend([ran.out, ran.err.into_bytes()]);
    };
    keep(office.run_with(&create, format!("{MNEMONIC}\nTREZOR\n").as_bytes()));
    let ballots = ["--ballot", "alice=alice", "--ballot", "bob=bob"];
    keep(office.run(&[&["wallet", "add", "s.vault", "main", "--script", "wpkh"][..], &ballots].concat()));
    keep(office.run(&[&["wallet", "xpub", "s.vault", "--path", "m/48h/1h/0h/2h"][..], &ballots].concat()));
    keep(office.run(&["share", "drill", "s.vault", "carol", "--passphrase", "carol"]));
    office.put("new", b"another passphrase of carol\n");
    keep(office.run(&["share", "passphrase", "s.vault", "carol", "--passphrase", "carol", "--new-passphrase", "new"]));
    for arguments in [
        ["vault", "show", "s.vault"],
        ["vault", "check", "s.vault"],
        ["journal", "show", "s.vault"],
        ["wallet", "list", "s.vault"],
    ] {
        keep(office.run(&arguments));
    }
    // Errors, too.
    said.push(
        office.run(&[&["wallet", "add", "s.vault", "main", "--script", "tr"][..], &ballots].concat()).err.into_bytes(),
    );
    said.push(office.run(&["share", "drill", "s.vault", "carol", "--passphrase", "carol"]).err.into_bytes());

    for (file, bytes) in office.files("s.vault") {
        let mode = fs::metadata(office.path("s.vault").join(&file)).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, if file.ends_with(".share") { 0o600 } else { 0o644 }, "{file}");
        said.push(bytes);
    }
    assert_eq!(fs::metadata(office.path("s.vault")).unwrap().permissions().mode() & 0o777, 0o700);

    let seed = seed_of(MNEMONIC);
    let master = bitcoin::bip32::Xpriv::new_master(bitcoin::Network::Regtest, &seed).unwrap();
    let mut secrets: Vec<Vec<u8>> =
        vec![MNEMONIC.into(), "winner thank".into(), "TREZOR".into(), dice.clone().into_bytes()];
    secrets.extend(["alice", "bob", "carol"].map(|custodian| passphrase(custodian).into_bytes()));
    secrets.push(b"another passphrase of carol".to_vec());
    secrets.extend([
        seed.to_vec(),
        master.to_string().into_bytes(),
        master.private_key.secret_bytes().to_vec(),
        master.chain_code.to_bytes().to_vec(),
    ]);
    for secret in &secrets {
        for form in forms(secret) {
            for text in &said {
                assert!(!text.windows(form.len()).any(|part| part == form), "{:?}", String::from_utf8_lossy(&form));
            }
        }
    }
    // The search itself finds what is there.
    assert!(said.iter().any(|text| text.windows(4).any(|part| part == b"main")));
}

/// BIP39's seed by the reference function of the `bip39` crate.
fn seed_of(mnemonic: &str) -> [u8; 64] {
    bip39::Mnemonic::parse(mnemonic).unwrap().to_seed("TREZOR")
}

/// A secret as bytes, hex and base64 at all three offsets.
fn forms(secret: &[u8]) -> Vec<Vec<u8>> {
    use bitcoin::base64::{Engine, engine::general_purpose::STANDARD_NO_PAD};
    let hex: String = secret.iter().map(|byte| format!("{byte:02x}")).collect();
    let mut all = vec![secret.to_vec(), hex.to_uppercase().into_bytes(), hex.into_bytes()];
    for (before, cut) in [(0, 0), (1, 2), (2, 3)] {
        let text = STANDARD_NO_PAD.encode([&vec![0; before], secret].concat());
        all.push(text.as_bytes()[cut..text.len() - 2].to_vec());
    }
    all
}
