//! Payloads as QR codes through the real program: pictures that an independent reader reads, a round without a file,
//! and what hostile codes cost.

use std::{fs, process::Command};

use bitcoin::base64::{Engine as _, engine::general_purpose::STANDARD};
use strongroom::qr::{Density, Film, Kind, Packing};

use crate::{
    hostile_cli::{Office, failed},
    program::PROGRAM,
};

/// A folder of pictures or a file of texts beside the office's vault, made by the program.
fn shown(office: &Office, arguments: &[&str]) -> Vec<u8> {
    let ran = office.run(&[&["qr", "show"], arguments].concat());
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    ran.out
}

/// A PSBT's first bytes, and bytes that do not shrink.
pub(crate) fn noise(length: usize) -> Vec<u8> {
    let mut state = 1u64;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (state >> 56) as u8
    };
    b"psbt\xff".iter().copied().chain((5..length).map(|_| next())).collect()
}

/// The texts that zbar reads in these pictures, in their order.
fn zbarimg(pictures: &[std::path::PathBuf]) -> Vec<String> {
    // The first code only, as it is: no guess at another form.
    let output =
        Command::new("zbarimg").args(["--quiet", "--raw", "-Sdisable", "-Sqrcode.enable"]).args(pictures).output();
    let output = output.expect("zbarimg, which reads the pictures here, is not installed");
    String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
}

#[test]
fn an_independent_reader_reads_every_picture() {
    let office = Office::new();
    office.put("payload", &noise(9_000));
    let mut folders = 0;
    for format in ["ur", "bbqr"] {
        for density in ["compatible", "normal", "fast"] {
            let folder = format!("{format}-{density}");
            let with = ["payload", "--format", format, "--density", density];
            let extra: &[&str] = if format == "ur" { &["--extra", "2"] } else { &[] };
            let texts = String::from_utf8(shown(&office, &[&with[..], extra, &["--text"]].concat())).unwrap();
            shown(&office, &[&with[..], extra, &["--png", &folder]].concat());
            let mut pictures: Vec<_> =
                fs::read_dir(office.path(&folder)).unwrap().map(|entry| entry.unwrap().path()).collect();
            pictures.sort();
            assert!(pictures.len() > 2);
            assert_eq!(zbarimg(&pictures), texts.lines().collect::<Vec<_>>(), "{folder}");
            folders += 1;
        }
    }
    assert_eq!(folders, 6);
}

/// Every version that a part can fill, drawn by the library: full codes, read by zbar.
#[test]
fn an_independent_reader_reads_every_version() {
    let folder = tempfile::tempdir().unwrap();
    let mut expected = Vec::new();
    let mut pictures = Vec::new();
    let film = Film::bbqr(Kind::Text, &[b'Q'; 40_000], Density::Fast, Packing::Hex).unwrap();
    let long = film.part(1).repeat(3);
    for version in 1..=40u8 {
        // The longest text that this version holds and the one below does not.
        let fits = |length: &usize| {
            strongroom::qr::draw(&long[..*length], version).unwrap().side == usize::from(version) * 4 + 17
        };
        let length = (1..=4_296usize).collect::<Vec<_>>().partition_point(fits);
        let text = &long[..length];
        let path = folder.path().join(format!("{version:02}.png"));
        fs::write(&path, strongroom::qr::png(text, version, 4).unwrap()).unwrap();
        pictures.push(path);
        expected.push(text.to_owned());
    }
    assert_eq!(expected[39].len(), 4_296);
    assert_eq!(zbarimg(&pictures), expected);
}

#[test]
fn a_payment_goes_in_and_out_as_pictures() {
    let office = Office::new();
    let request = fs::read(office.path("pay.psbt")).unwrap();
    let plain = office.run(&office.signing(&["--return", "trimmed", "--format", "binary"]));
    for (format, start) in [("ur", "ur:crypto-psbt/"), ("bbqr", "B$")] {
        let named = |name: &str| format!("{name}-{format}");
        let (frames, answer, back) = (named("in"), named("answer"), named("out"));
        shown(&office, &["pay.psbt", "--format", format, "--density", "compatible", "--png", &frames]);
        let review = office.run(&["review", "t.vault", "--frames", &frames]);
        let (said, came) = review.review();
        let (of_the_file, in_a_file) = office.run(&["review", "t.vault", "pay.psbt"]).review();
        assert_eq!(said, of_the_file);
        let parts = strongroom::text::count(fs::read_dir(office.path(&frames)).unwrap().count(), "part");
        assert_eq!(came, format!("in pictures: {} in {parts}", if format == "ur" { "UR" } else { "BBQr" }));
        assert_eq!(in_a_file, "in a file: binary");
        assert!(said.contains("normal density)"), "{said}");
        // The answer has the format of the request, and is trimmed.
        let mut arguments = office.signing(&["-o", &answer]);
        arguments.splice(2..3, ["--frames", &frames]);
        let signed = office.run(&arguments);
        assert_eq!(signed.code, Some(0), "{}", signed.err);
        assert!(fs::read_to_string(office.path(&answer)).unwrap().starts_with(start));
        shown(&office, &[&answer, "--png", &back]);
        let read = named("read");
        let ran = office.run(&["qr", "read", "--frames", &back, "-o", &read]);
        assert_eq!(ran.code, Some(0), "{}", ran.err);
        assert_eq!(fs::read(office.path(&read)).unwrap(), plain.out, "{format}");
        // The text of codes is a PSBT's encoding to every command.
        let joined = office.run(&["psbt", "join", "pay.psbt", &answer]);
        assert_eq!(joined.code, Some(0), "{}", joined.err);
        let shown = office.run(&["psbt", "show", "--frames", &frames]);
        assert_eq!(shown.out, office.run(&["psbt", "show", "pay.psbt"]).out);
    }
    // Asked for, any format follows any other, and the whole is returned where that is asked for.
    let full = office.run(&office.signing(&["--return", "full", "--format", "ur"]));
    let text = String::from_utf8(full.out).unwrap();
    assert!(text.starts_with("ur:crypto-psbt/") && text.len() > 2 * request.len(), "{}", text.len());
    office.put("full", text.as_bytes());
    let binary = office.run(&office.signing(&["--format", "binary"]));
    let back = office.run(&["psbt", "join", "full", "pay.psbt", "--format", "binary"]);
    assert_eq!(back.out, office.run(&["psbt", "join", "pay.psbt", "full", "--format", "binary"]).out);
    assert!(!binary.out.is_empty() && !back.out.is_empty(), "{}", back.err);
}

#[test]
fn what_is_missing_is_named_and_shown_alone() {
    let office = Office::new();
    office.put("payload", &noise(6_000));
    let text = String::from_utf8(shown(&office, &["payload", "--density", "compatible", "--text"])).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    assert!(lines.len() > 10);
    let some: Vec<&str> = [0, 1, 4, 5, 6].iter().map(|&place| lines[place]).collect();
    office.put("some", some.join("\n").as_bytes());
    let count = lines.len();
    let missing = format!("parts 3-4, 8-{count} of {count} are missing");
    let only = format!("--only 3-4,8-{count}");
    office.refused(&["qr", "read", "--text", "some"], 2, &[&missing, &only]);
    let list = only.split_once(' ').unwrap().1;
    let rest = shown(&office, &["payload", "--density", "compatible", "--text", "--only", list]);
    office.put("whole", &[some.join("\n").as_bytes(), b"\r\n\n", &rest].concat());
    let ran = office.run(&["qr", "read", "--text", "whole", "-o", "out"]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    assert_eq!(fs::read(office.path("out")).unwrap(), noise(6_000));
    // Mixed parts make up for lost ones.
    let extra = String::from_utf8(shown(&office, &["payload", "--density", "compatible", "--text", "--extra", "40"]));
    let late: Vec<String> = extra.unwrap().lines().skip(count).map(str::to_owned).collect();
    office.put("late", late.join("\n").as_bytes());
    assert_eq!(office.run(&["qr", "read", "--text", "late", "-o", "again"]).code, Some(0));
    assert_eq!(fs::read(office.path("again")).unwrap(), noise(6_000));
}

#[test]
fn pictures_that_are_not_one_message_are_refused() {
    let office = Office::new();
    office.put("one", &noise(3_000));
    office.put("two", &noise(3_100));
    shown(&office, &["one", "--png", "frames"]);
    shown(&office, &["two", "--png", "other"]);
    let read = ["qr", "read", "--frames", "frames"];
    office.refused(&["qr", "show", "two", "--png", "frames"], 2, &["not empty", "mixed"]);
    fs::copy(office.path("other/frame-0001.png"), office.path("frames/frame-0099.png")).unwrap();
    office.refused(&read, 2, &["frame-0099.png", "another message"]);
    // What is no code is named and left out, as is what is no picture by its name.
    office.put("frames/frame-0099.png", b"no picture");
    office.put("frames/notes.txt", b"no picture");
    let ran = office.run(&[&read[..], &["-o", "out"]].concat());
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    assert!(ran.err.contains("frame-0099.png: neither a PNG nor a JPEG picture"), "{}", ran.err);
    assert!(ran.err.contains("left out") && ran.err.contains("notes.txt") && !ran.err.contains("telephone"));
    office.put("frames/IMG_1.HEIC", b"no picture");
    let ran = office.run(&[&read[..], &["-o", "again"]].concat());
    assert!(ran.err.contains("IMG_1.HEIC, notes.txt. Set the telephone to JPEG"), "{}", ran.err);
    assert_eq!(fs::read(office.path("out")).unwrap(), noise(3_000));
    fs::create_dir(office.path("empty")).unwrap();
    office.refused(&["qr", "read", "--frames", "empty"], 2, &["0 PNG or JPEG pictures", "convert"]);
    for command in [&["sign", "t.vault"][..], &["review", "t.vault"], &["psbt", "show"], &["qr", "read"]] {
        let file = [command, &["--frames", "pay.psbt"]].concat();
        office.refused(&file, 2, &["it is a file, and no folder", "without --frames"]);
    }
    office.refused(&["review", "t.vault", "frames"], 3, &["not a regular file", "--frames"]);
    office.refused(&["qr", "read", "--frames", "none"], 2, &["no such folder"]);
    office.refused(&["qr", "read"], 2, &["--frames"]);
    office.refused(&["qr", "show", "one"], 2, &["--png"]);
    office.refused(&["review", "t.vault"], 2, &["PSBT"]);
    office.refused(&["review", "t.vault", "pay.psbt", "--frames", "frames"], 2, &["cannot be used with"]);
    for (list, what) in [
        ("0", "there is no part 0"),
        ("99", "there is no part 99"),
        ("2-1", "the range 2-1 runs backwards"),
        ("x", "`x` is neither a number nor a range"),
        ("", "neither a number"),
    ] {
        office.refused(&["qr", "show", "one", "--text", "--only", list], 2, &["--only", "1 to", what, "such as 1,"]);
    }
    office.refused(&["qr", "show", "one", "--format", "bbqr", "--text", "--extra", "1"], 2, &["--extra"]);
}

#[test]
fn a_seed_goes_nowhere() {
    let office = Office::new();
    let digits = "011513251154012711900771041507421289190620080870026613431420201617920614089619290300152408010643";
    office.put("seed", digits.as_bytes());
    let ran = office.refused(&["qr", "read", "--text", "seed", "-o", "out"], 1, &["a seed or a private key"]);
    assert!(!office.path("out").exists() && !ran.err.contains("0115"));
    office.refused(&["review", "t.vault", "seed"], 2, &["no PSBT"]);
    office.refused(&["qr", "show", "seed", "--text"], 2, &["a seed is not shown", "vault create"]);
    office.refused(&["qr", "show", "seed", "--png", "pictures"], 2, &["a seed is not shown"]);
}

#[test]
fn what_is_of_no_use_is_told_with_what_to_do() {
    let office = Office::new();
    // Larger than is read: one sentence for all of them.
    fs::create_dir(office.path("photos")).unwrap();
    for name in ["a", "b", "c"] {
        let mut bytes = Vec::new();
        let mut encoder = png::Encoder::new(&mut bytes, 60_000, 60_000);
        encoder.set_color(png::ColorType::Grayscale);
        drop(encoder.write_header().unwrap());
        office.put(&format!("photos/{name}.png"), &bytes);
    }
    let ran =
        office.refused(&["qr", "read", "--frames", "photos"], 2, &["a.png, b.png, c.png", "set the telephone to 12"]);
    assert_eq!(ran.err.matches("more than 12 megapixels").count(), 1, "{}", ran.err);
    // Bytes are no texts.
    office.refused(&["qr", "read", "--text", "photos/a.png"], 2, &["no UTF-8", "--frames"]);
    office.refused(&["qr", "read", "--text", "pay.psbt"], 2, &["what to do"]);
    // Pieces that say that they belong together, and do not.
    let text: String = noise(3_000).iter().map(|byte| format!("{byte:02x} ")).collect();
    office.put("text", text.as_bytes());
    let texts = shown(&office, &["text", "--format", "bbqr", "--density", "compatible", "--text"]);
    let texts = String::from_utf8(texts).unwrap();
    let lines: Vec<&str> = texts.lines().collect();
    assert!(lines.len() > 4 && lines[0].starts_with("B$Z"), "{}", lines[0]);
    let mut mixed: Vec<String> = lines.iter().map(|&line| line.to_owned()).collect();
    mixed[0].replace_range(8.., &lines[1][8..]);
    mixed[1].replace_range(8.., &lines[0][8..]);
    office.put("mixed", mixed.join("\n").as_bytes());
    let parts = ["pieces of two messages", "could be used", "what to do", "of one message"];
    office.refused(&["qr", "read", "--text", "mixed"], 2, &parts);
    // An answer in the place of a request, and a request in the place of a seed.
    let trimmed = office.run(&office.signing(&["--return", "trimmed", "--format", "ur", "-o", "answer"]));
    assert_eq!(trimmed.code, Some(0), "{}", trimmed.err);
    assert_eq!(office.run(&["review", "t.vault", "answer"]).code, Some(1));
    shown(&office, &["answer", "--png", "answers"]);
    let joined = office.run(&["psbt", "join", "pay.psbt", "--frames", "answers"]);
    assert_eq!(joined.out, office.run(&["psbt", "join", "pay.psbt", "answer"]).out, "{}", joined.err);
    assert_eq!(joined.code, Some(0), "{}", joined.err);
    shown(&office, &["pay.psbt", "--density", "compatible", "--png", "request"]);
    let create = ["vault", "create", "no.vault", "--network", "regtest", "--threshold", "1", "--custodian", "alice"];
    let more = ["--passphrase", "alice=alice", "--import-mnemonic", "--frames", "request", "--coins", "H"];
    let parts = ["no picture shows a seed", "a PSBT or another message", "frame-0001.png"];
    let ran = office.refused(&[&create[..], &more].concat(), 2, &parts);
    assert!(!ran.err.contains("frame-0001.png: no seed"), "{}", ran.err);
}

/// The text of codes as a PSBT's encoding is as strict as the others are (P22).
#[test]
fn texts_of_codes_in_a_file_are_read_strictly() {
    let office = Office::new();
    let lines = |arguments: &[&str]| String::from_utf8(shown(&office, &[arguments, &["--text"]].concat())).unwrap();
    office.put("long", &noise(3_000));
    let request = lines(&["pay.psbt", "--density", "compatible"]);
    let other = lines(&["long"]);
    let other: Vec<&str> = other.lines().collect();
    let bad = |name: &str, text: String, parts: &[&str]| {
        office.put(name, text.as_bytes());
        office.refused(&["review", "t.vault", name], 2, parts);
        office.refused(&["psbt", "show", name], 2, parts);
    };
    bad("missing", other[1..].join("\n"), &["P22", "part 1 of", "is missing"]);
    bad("two", format!("{}\n{request}", other.join("\n")), &["P22", "line", "another message"]);
    bad("letters", request.replacen('/', "/!", 1), &["P22", "line 1: letters that are no bytewords"]);
    bad("text", format!("{request}hello\n"), &["P22", "a PSBT is asked for"]);
    bad("type", "ur:crypto-seed/oeadgdstaslplabghydrpfmkbggufgludprfgmaotpiecffltnlpqdenos".into(), &["crypto-seed"]);
    bad("kind", lines(&["alice", "--format", "ur"]), &["P22", "a text; a PSBT is asked for"]);
    bad("head", "B$ZP01".into(), &["P22", "line 1: the head of a BBQr code is damaged"]);
    // A PSBT as text within the pieces of a text is one, and as strictly held.
    let pieces = |text: &str| {
        let film = Film::bbqr(Kind::Text, text.as_bytes(), Density::Compatible, Packing::Zlib).unwrap();
        (1..=film.count()).map(|number| film.part(number) + "\n").collect::<String>()
    };
    let base64 = STANDARD.encode(fs::read(office.path("pay.psbt")).unwrap()) + "\n";
    office.put("within", pieces(&base64).as_bytes());
    assert_eq!(office.run(&["review", "t.vault", "within"]).out, office.run(&["review", "t.vault", "pay.psbt"]).out);
    bad("damaged", pieces(&base64.replacen("cHNidP8", "cHNidP8*", 1)), &["P22", "it begins like a PSBT in base64"]);
    // Blank ends of lines are no fault.
    let spaced: String = request.lines().map(|line| format!("{line} \t\r\n\n")).collect();
    office.put("spaced", spaced.as_bytes());
    let (said, came) = office.run(&["review", "t.vault", "spaced"]).review();
    assert_eq!(said, office.run(&["review", "t.vault", "pay.psbt"]).review().0);
    assert!(came.starts_with("in a file: UR in "), "{came}");
}

/// Kilobytes of memory that a run took at most, by the kernel's count.
fn memory(office: &Office, arguments: &[&str]) -> (i64, i32) {
    let script = "import resource, subprocess, sys\n\
        code = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode\n\
        print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, code)";
    let output = Command::new("python3")
        .args(["-c", script, &PROGRAM])
        .args(arguments)
        .current_dir(office.path("."))
        .output()
        .expect("python3, which counts memory here, is not installed");
    let text = String::from_utf8(output.stdout).unwrap();
    let (memory, code) = text.trim().split_once(' ').unwrap();
    (memory.parse().unwrap(), code.parse().unwrap())
}

/// What a picture has beside its pixels is not kept: two million notes of two bytes cost what their file costs.
#[test]
fn hostile_notes_in_a_picture_cost_nothing() {
    let office = Office::new();
    let picture = strongroom::qr::png("READ ALL THE SAME", 2, 4).unwrap();
    // Behind the signature and the chunk of 25 bytes that says how large it is.
    let (head, rest) = picture.split_at(33);
    let note = [&[0, 0, 0, 2], &b"tEXta\0"[..], &[0x90, 0xc5, 0x84, 0x6a]].concat();
    fs::create_dir(office.path("notes")).unwrap();
    office.put("notes/a.png", &[head, &note.repeat(2_000_000), rest].concat());
    assert_eq!(office.run(&["qr", "read", "--frames", "notes"]).out, b"READ ALL THE SAME\n");
    let (kilobytes, code) = memory(&office, &["qr", "read", "--frames", "notes"]);
    assert!(code == 0 && kilobytes < 128 * 1024, "{kilobytes} kB, {code}");
}

#[test]
fn a_message_that_nobody_completes_says_so() {
    let office = Office::new();
    office.put("none", b"\n\n");
    failed(&office.run(&["qr", "read", "--text", "none"]), 2, &["nothing of 0 lines could be used"]);
    office.put("empty", b"");
    failed(&office.run(&["qr", "show", "empty", "--text"]), 2, &["`empty` is empty"]);
    office.put("damaged", b"cHNidP8BAg=\n");
    failed(&office.run(&["qr", "show", "damaged", "--text"]), 2, &["P22", "padding"]);
}
