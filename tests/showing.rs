//! The real program shows codes on a whole terminal, which zbar reads; keys, other windows, and every way to end it.

use std::{fs, process::Command};

use serde_json::{Value, json};
use strongroom::qr::{Receiver, Wanted};

use crate::{
    frames::noise,
    hostile_cli::Office,
    hostile_terminal::{PROMPT, Sat, sit_at, typed, votes},
};

fn sit(office: &Office, size: &str, steps: &[(&str, &str, Value)], arguments: &[&str]) -> Option<Sat> {
    sit_at(office, &[("TYPIST_SIZE", size), ("LC_ALL", "C.UTF-8"), ("TERM", "xterm-256color")], steps, arguments)
}

/// Rows of letters, each with the brightness of its upper and lower half on a dark terminal.
type Screen = Vec<Vec<(char, u8, u8)>>;

/// The screens that the terminal showed, one after the other.
fn screens(shown: &str) -> Vec<Screen> {
    let brightness = |color: &str| match color.parse::<u8>().unwrap() {
        16 => 0,
        231 => 255,
        grey => (grey - 232) * 10 + 8,
    };
    let mut all = Vec::new();
    let upto = shown.rfind("\x1b[0m\x1b[?25h").unwrap_or(shown.len());
    for screen in shown[..upto].split("\x1b[1;1H").skip(1) {
        let (mut rows, mut front, mut behind) = (vec![Vec::new()], 200, 20);
        let mut rest = screen.chars();
        while let Some(letter) = rest.next() {
            if letter == '\x1b' {
                let sequence: String = rest.by_ref().take_while_inclusive();
                match sequence.as_str() {
                    "[0m" => (front, behind) = (200, 20),
                    "[49m" => behind = 20,
                    text if text.ends_with('H') => rows.push(Vec::new()),
                    text => {
                        if let Some(color) = text.strip_prefix("[38;5;").and_then(|text| text.strip_suffix('m')) {
                            front = brightness(color);
                        }
                        if let Some(color) = text.strip_prefix("[48;5;").and_then(|text| text.strip_suffix('m')) {
                            behind = brightness(color);
                        }
                    }
                }
                continue;
            }
            let (top, bottom) = match letter {
                '█' => (front, front),
                '▀' => (front, behind),
                '▄' => (behind, front),
                _ => (behind, behind),
            };
            rows.last_mut().unwrap().push((letter, top, bottom));
        }
        all.push(rows);
    }
    all
}

/// A control sequence, after its escape.
trait Sequences {
    fn take_while_inclusive(&mut self) -> String;
}

impl<I: Iterator<Item = char>> Sequences for I {
    fn take_while_inclusive(&mut self) -> String {
        let mut text = String::new();
        for letter in self {
            text.push(letter);
            if letter.is_ascii_alphabetic() {
                break;
            }
        }
        text
    }
}

/// What zbar reads of these screens.
fn read(office: &Office, screens: &[Screen]) -> Vec<String> {
    const SCALE: usize = 3;
    let mut files = Vec::new();
    for (number, rows) in screens.iter().enumerate() {
        let width = rows.iter().map(Vec::len).max().unwrap();
        let mut picture = format!("P5 {} {} 255\n", width * SCALE, rows.len() * 2 * SCALE).into_bytes();
        for row in rows {
            for half in [0, 1] {
                let dot = |x: usize| row.get(x).map_or(20, |cell| if half == 0 { cell.1 } else { cell.2 });
                let line: Vec<u8> = (0..width * SCALE).map(|x| dot(x / SCALE)).collect();
                (0..SCALE).for_each(|_| picture.extend_from_slice(&line));
            }
        }
        let name = format!("screen-{number:03}.pgm");
        office.put(&name, &picture);
        files.push(office.path(&name));
    }
    let output =
        Command::new("zbarimg").args(["--quiet", "--raw", "-Sdisable", "-Sqrcode.enable"]).args(&files).output();
    let output = output.expect("zbarimg, which reads the screens here, is not installed");
    String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
}

/// The codes, and the lines below each.
fn codes(office: &Office, sat: &Sat) -> (Vec<String>, Vec<String>) {
    let all = screens(&sat.shown);
    let lines = all
        .iter()
        .flat_map(|rows| rows.iter().map(|row| row.iter().map(|cell| cell.0).collect::<String>().trim().to_owned()));
    let lines = lines.filter(|line| line.is_ascii() && !line.is_empty()).collect();
    (read(office, &all), lines)
}

/// The terminal is as it was: its modes, the normal buffer, a cursor.
fn given_back(sat: &Sat) {
    assert_eq!(sat.echoes, Some(true), "{}", sat.shown.len());
    let end = sat.shown.rfind("\x1b[?1049l").expect("the other buffer stays");
    assert!(!sat.shown[end..].contains("\x1b[?1049h") && sat.shown.rfind("\x1b[?25h") > sat.shown.rfind("\x1b[?25l"));
}

#[test]
fn windows_of_any_size_show_codes_that_zbar_reads() {
    for size in ["25 80", "40 120", "60 200"] {
        let office = Office::new();
        office.put("payload", &noise(600));
        let steps =
            [("part 1 of", "send", json!(" ")), ("paused", "send", json!(" ")), ("mixed part 1 ", "send", json!("q"))];
        let Some(sat) = sit(&office, size, &steps, &["qr", "show", "payload", "--density", "compatible"]) else {
            return;
        };
        assert_eq!(sat.code, 0, "{}", sat.shown);
        given_back(&sat);
        let (texts, _) = codes(&office, &sat);
        let mut receiver = Receiver::new(Wanted::PSBT);
        texts.iter().for_each(|text| assert!(receiver.take(text).is_ok(), "{text}"));
        assert_eq!(receiver.into_payload().unwrap().bytes, noise(600), "{size}");
    }
}

#[test]
fn keys_choose_what_is_shown() {
    let office = Office::new();
    office.put("payload", &noise(5_000));
    let steps = [
        ("part 2 of 15", "send", json!("+")),
        ("normal: the other side", "send", json!("m")),
        ("missing parts", "send", json!("3,7-8\r")),
        ("only 3, 7-8", "send", json!("\x1b[A")),
        ("10 a second", "send", json!("m")),
        ("missing parts", "send", json!("99\r")),
        ("no list of parts from 1 to 9", "send", json!("\x1b")),
        ("only 3, 7-8", "send", json!("?")),
        ("Any key", "send", json!("x")),
        ("only 3, 7-8", "send", json!("\x1b[D")),
        ("paused", "send", json!("\x1b")),
    ];
    let arguments = ["qr", "show", "payload", "--density", "compatible"];
    let Some(sat) = sit(&office, "60 200", &steps, &arguments) else { return };
    assert_eq!(sat.code, 0, "{}", sat.shown);
    given_back(&sat);
    let (texts, _) = codes(&office, &sat);
    let heads: Vec<&str> = texts.iter().map(|text| text.split('/').nth(1).unwrap()).collect();
    let listed = heads.iter().position(|head| *head == "3-9").unwrap();
    assert!(heads[..2] == ["1-15", "2-15"] && heads.contains(&"1-9"), "{heads:?}");
    assert!(heads[listed..].iter().all(|head| ["3-9", "7-9", "8-9"].contains(head)), "{heads:?}");
}

/// From the densest to the sparsest: of each, codes are read off the screen.
#[test]
fn each_version_that_a_key_chooses_is_read_by_zbar() {
    let office = Office::new();
    office.put("payload", &noise(5_000));
    let versions =
        ["normal", "compatible", "version 12", "version 10", "version 8", "version 6", "version 5", "version 4"];
    let mut said = vec!["part 2 of".to_owned()];
    // The part after that is on before the next key.
    said.extend(versions.iter().map(|version| format!("{version}: the other side begins anew")));
    let mut steps: Vec<(&str, &str, Value)> = said.iter().map(|part| (part.as_str(), "send", json!("-"))).collect();
    steps.push(("version 4 is the sparsest", "send", json!("q")));
    let Some(sat) = sit(&office, "72 140", &steps, &["qr", "show", "payload", "--density", "fast"]) else { return };
    assert_eq!(sat.code, 0, "{}", sat.shown);
    let all = screens(&sat.shown);
    let (texts, _) = codes(&office, &sat);
    assert_eq!(texts.len(), all.len(), "a screen has a code that zbar does not read");
    let counts = texts.iter().map(|text| text.split(['-', '/']).nth(3).unwrap().parse::<u32>().unwrap());
    let mut counts: Vec<u32> = counts.collect();
    counts.dedup();
    assert_eq!(counts.len(), 1 + versions.len(), "{counts:?}");
    assert!(counts.is_sorted(), "{counts:?}");
}

#[test]
fn the_window_may_change_its_size() {
    let office = Office::new();
    office.put("payload", &noise(2_000));
    let steps = [
        ("part 2 of", "resize", json!([20, 40])),
        ("too small for a code", "resize", json!([25, 80])),
        ("version 5", "resize", json!([60, 200])),
        ("part", "send", json!("r")),
        ("part 1 of 4", "send", json!("q")),
    ];
    let Some(sat) = sit(&office, "60 200", &steps, &["qr", "show", "payload"]) else { return };
    assert_eq!(sat.code, 0, "{}", sat.shown);
    given_back(&sat);
    for screen in screens(&sat.shown) {
        let (rows, columns) = (screen.len(), screen.iter().map(Vec::len).max().unwrap());
        assert!([(20, 40), (25, 80), (60, 200)].iter().any(|(r, c)| rows <= *r && columns <= *c), "{rows} {columns}");
    }
}

#[test]
fn however_it_ends_the_terminal_is_given_back() {
    for (action, argument, code) in [
        ("send", json!("q"), 0),
        ("send", json!("\x1b"), 0),
        ("send", json!("\u{3}"), 0),
        ("send", json!("\u{4}"), 0),
        ("signal", json!(2), 1),
        ("signal", json!(15), 1),
        ("signal", json!(6), 4),
    ] {
        let office = Office::new();
        office.put("payload", &noise(2_000));
        let steps = [("part 2 of", action, argument.clone())];
        let Some(sat) = sit(&office, "40 120", &steps, &["qr", "show", "payload"]) else { return };
        assert_eq!(sat.code, code, "{action} {argument}");
        given_back(&sat);
    }
    let office = Office::new();
    office.put("payload", &noise(2_000));
    let steps = [("part 2 of", "hangup", Value::Null)];
    let Some(sat) = sit(&office, "40 120", &steps, &["qr", "show", "payload"]) else { return };
    assert_eq!(sat.code, 3);
}

#[test]
fn without_letters_of_half_blocks_two_blanks_are_a_module() {
    let office = Office::new();
    office.put("payload", &noise(200));
    let environment = [("TYPIST_SIZE", "60 200"), ("LC_ALL", "C"), ("TERM", "vt100")];
    let steps = [("UR:", "send", json!("q"))];
    let Some(sat) = sit_at(&office, &environment, &steps, &["qr", "show", "payload"]) else { return };
    assert!(sat.code == 0 && !sat.shown.contains('█') && !sat.shown.contains('▀'), "{}", sat.shown);
    // Each row of the terminal is a row of modules.
    let mut screens = screens(&sat.shown);
    screens.truncate(1);
    let halved = screens[0].iter().map(|row| row.iter().step_by(2).copied().collect()).collect::<Vec<Vec<_>>>();
    let mut folded = Screen::new();
    for pair in halved.chunks(2) {
        let empty = Vec::new();
        let (top, bottom) = (&pair[0], pair.get(1).unwrap_or(&empty));
        let cells = (0..100).map(|x| (' ', top.get(x).map_or(20, |c| c.1), bottom.get(x).map_or(20, |c| c.1)));
        folded.push(cells.collect());
    }
    let texts = read(&office, &[folded]);
    assert!(texts[0].starts_with("UR:CRYPTO-PSBT/"), "{texts:?}");
}

#[test]
fn an_answer_is_shown_after_it_was_signed() {
    let office = Office::new();
    let mut steps = votes("alice");
    steps.push((PROMPT, "send", typed("alice")));
    steps.extend(votes("bob"));
    steps.push((PROMPT, "send", typed("bob")));
    let way: [(&[&str], bool); 3] =
        [(&["--show"], false), (&["--show", "-o", "out.psbt"], true), (&["--show", "--format", "bbqr"], false)];
    for (more, file) in way {
        let bbqr = more.contains(&"bbqr");
        let last = if bbqr { "BBQr:" } else { "UR:" };
        let mut steps: Vec<_> = [&steps[..], &[(last, "send", json!(" ")), ("", "send", json!("q"))]].concat();
        if !file {
            // The answer is nowhere else.
            steps.push(("nowhere else", "send", json!("r")));
            steps.push((last, "send", json!("\u{3}")));
            steps.push(("nowhere else", "send", json!("q")));
        }
        let arguments = [&["sign", "t.vault", "pay.psbt"], more].concat();
        let Some(sat) = sit(&office, "70 200", &steps, &arguments) else { return };
        assert_eq!(sat.code, 0, "{}", sat.shown);
        assert!(sat.out.is_empty() && office.path("out.psbt").exists() == file);
        given_back(&sat);
        let begins = sat.shown.find("\x1b[?1049h").unwrap();
        let (texts, _) = codes(&office, &Sat { shown: sat.shown[begins..].to_owned(), ..sat });
        let mut receiver = Receiver::new(Wanted::PSBT);
        texts.iter().for_each(|text| drop(receiver.take_file(text)));
        let trimmed = receiver.into_payload().expect("the codes hold the answer").bytes;
        let full = office.run(&office.signing(&["-o", "full.psbt"]));
        assert_eq!(full.code, Some(0), "{}", full.err);
        assert!(trimmed.len() < fs::read(office.path("full.psbt")).unwrap().len());
        office.put("trimmed.psbt", &trimmed);
        let joined = office.run(&["psbt", "join", "pay.psbt", "trimmed.psbt", "-o", "joined.psbt"]);
        assert_eq!(joined.code, Some(0), "{}", joined.err);
        if file {
            assert_eq!(fs::read(office.path("out.psbt")).unwrap(), fs::read(office.path("full.psbt")).unwrap());
            fs::remove_file(office.path("out.psbt")).unwrap();
        }
        for name in ["full.psbt", "joined.psbt"] {
            fs::remove_file(office.path(name)).unwrap();
        }
    }
}

#[test]
fn an_export_is_shown_as_it_is_written() {
    let office = Office::new();
    for format in ["descriptor", "core", "ur-account", "ur-output", "ur-hdkey"] {
        let export = ["wallet", "export", "t.vault", "main", "--format", format];
        let written = office.run(&export);
        assert_eq!(written.code, Some(0), "{}", written.err);
        let steps = [("UR:", "send", json!(" ")), ("", "send", json!("q"))];
        let Some(sat) = sit(&office, "70 200", &steps, &[&export[..], &["--show"]].concat()) else { return };
        assert!(sat.code == 0 && sat.out.is_empty(), "{}", sat.shown);
        let (texts, _) = codes(&office, &sat);
        let mut receiver = Receiver::new(Wanted::ANY);
        texts.iter().for_each(|text| drop(receiver.take_file(text)));
        let shown = receiver.into_payload().expect("the codes hold the export").bytes;
        // A UR is written as a text too, which reads as what it holds.
        let mut receiver = Receiver::new(Wanted::ANY);
        let text = String::from_utf8(written.out).unwrap();
        let wanted = match receiver.take_file(text.trim_end()) {
            Ok(_) if format.starts_with("ur-") => receiver.into_payload().unwrap().bytes,
            _ => text.into_bytes(),
        };
        let trimmed = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim_end().to_owned();
        assert_eq!(trimmed(&shown), trimmed(&wanted), "{format}");
    }
}

#[test]
fn without_a_terminal_or_a_camera_it_is_said_before_anybody_is_asked() {
    let office = Office::new();
    office.put("payload", &noise(2_000));
    let before = office.vault();
    office.refused(&["qr", "show", "payload"], 2, &["there is none", "--png"]);
    office.refused(&["sign", "t.vault", "pay.psbt", "--show"], 2, &["there is none", "--show"]);
    office.refused(&["wallet", "export", "t.vault", "main", "--show"], 2, &["there is none"]);
    office.refused(&["qr", "read", "--camera", "-o", "out"], 2, &["--camera", "--frames"]);
    office.refused(&["review", "t.vault", "--camera"], 2, &["--camera", "--frames"]);
    office.refused(&["psbt", "join", "pay.psbt"], 2, &["--camera", "--frames"]);
    office.refused(&["psbt", "join", "pay.psbt", "--camera"], 2, &["--camera", "--frames"]);
    for command in [&["sign", "t.vault"][..], &["review", "t.vault"], &["psbt", "show"]] {
        office.refused(command, 2, &["<PSBT>", "what to do", "--camera", "--frames"]);
    }
    let seed = ["vault", "create", "n.vault", "--network", "regtest", "--threshold", "1", "--custodian", "alice"];
    office.refused(&[&seed[..], &["--camera"]].concat(), 2, &["--import-mnemonic"]);
    let seed = [&seed[..], &["--import-mnemonic", "--camera"]].concat();
    office.refused(&seed, 2, &["there is no terminal to aim", "--frames"]);
    office.refused(&[&seed[..], &["--frames", "."]].concat(), 2, &["cannot be used with"]);
    for more in [&["pay.psbt", "--camera"][..], &["--frames", ".", "--camera"]] {
        office.refused(&[&["review", "t.vault"], more].concat(), 2, &["cannot be used with"]);
    }
    for more in [["--only", "1"], ["--extra", "2"]] {
        office.refused(&[&["qr", "show", "payload"][..], &more].concat(), 2, &["--png"]);
    }
    assert_eq!(office.vault(), before);
    let Some(sat) = sit(&office, "40 120", &[], &[&seed[..], &["/dev/null"]].concat()) else { return };
    assert!(
        sat.code == 3 && sat.shown.contains("gives no pictures") && !office.path("n.vault").exists(),
        "{}",
        sat.shown
    );
    for (device, says) in [("/dev/null", "gives no pictures"), ("none", "No such file"), ("t.vault", "cannot be used")]
    {
        let arguments = ["psbt", "show", "--camera", device];
        let Some(sat) = sit(&office, "40 120", &[], &arguments) else { return };
        assert_eq!((sat.code, sat.echoes), (3, Some(true)), "{}", sat.shown);
        assert!(sat.shown.contains("the camera `") && sat.shown.contains(says), "{}", sat.shown);
        assert!(!sat.shown.contains("\x1b[?1049h"));
    }
}
