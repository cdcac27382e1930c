//! Photographs, films and seeds in pictures, through the real program.

use std::{fs, path::Path};

use strongroom::qr::{Density, Film, Kind, draw, png, read_picture};
use strongroom_lens::{Code, Harm, picture};

use crate::hostile_cli::Office;

const SIZE: (usize, usize) = (640, 480);

fn code(text: &str, version: u8) -> Code {
    let square = draw(text, version).unwrap();
    Code { side: square.side, dark: square.dark }
}

/// A film of the texts, each for two frames, the second of them torn.
pub(crate) fn y4m(texts: &[String], version: u8, form: &str, colours: usize) -> Vec<u8> {
    let mut bytes = format!("YUV4MPEG2 W{} H{} F30:1 Ip A1:1{form}\n", SIZE.0, SIZE.1).into_bytes();
    for (number, two) in (0u64..).zip(texts.windows(2)) {
        let [this, next] = [0, 1].map(|at| code(&two[at], version));
        for (harm, severity) in [(Harm::Motion, 1), (Harm::Torn, 3)] {
            bytes.extend(b"FRAME\n");
            bytes.extend(picture(&this, &next, SIZE, harm, severity, number).pixels);
            bytes.extend(vec![128; colours]);
        }
    }
    bytes
}

#[test]
fn a_film_is_read_like_a_folder() {
    let office = Office::new();
    let long: Vec<u8> = b"psbt\xff".iter().copied().chain((0..2_500u32).map(|n| ((n * n) >> 3) as u8)).collect();
    let film = Film::ur(Kind::Psbt, &long, Density::Compatible, false).unwrap();
    assert!(film.count() > 6);
    // From the second part on, and mixed ones after the last.
    let texts: Vec<String> = (2..=film.count() + 4).map(|number| film.part(number)).collect();
    let colours = SIZE.0 * SIZE.1 / 2;
    let whole = y4m(&texts, film.version(), " C420jpeg", colours);
    office.put("film.y4m", &whole);
    let ran = office.run(&["qr", "read", "--video", "film.y4m", "-o", "read"]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    assert_eq!(fs::read(office.path("read")).unwrap(), long);
    // As another program pipes it, without colours.
    let request = fs::read(office.path("pay.psbt")).unwrap();
    let film = Film::ur(Kind::Psbt, &request, Density::Compatible, false).unwrap();
    let piped = y4m(&[film.part(1), film.part(1)], film.version(), " Cmono", 0);
    let ran = office.run_with(&["review", "t.vault", "--video", "-"], &piped);
    assert_eq!(ran.review().0, office.run(&["review", "t.vault", "pay.psbt"]).review().0, "{}", ran.err);
    assert_eq!(ran.review().1, "in a film: UR in 1 part");
    // Cut within a frame: what was read before is kept, and not enough.
    office.put("cut.y4m", &whole[..whole.len() / 3]);
    office.refused(&["qr", "read", "--video", "cut.y4m"], 2, &["it ends within a frame", "missing", "--only"]);
    office.put("none.y4m", b"RIFF\n");
    office.refused(&["qr", "read", "--video", "none.y4m"], 2, &["--video none.y4m", "YUV4MPEG2"]);
    office.put("huge.y4m", b"YUV4MPEG2 W60000 H60000\nFRAME\n");
    office.refused(&["qr", "read", "--video", "huge.y4m"], 2, &["12 megapixels"]);
    office.put("dark.y4m", &[&b"YUV4MPEG2 W64 H64 Cmono\nFRAME\n"[..], &[9; 64 * 64]].concat());
    office.refused(&["psbt", "show", "--video", "dark.y4m"], 2, &["nothing of 1 frame could be used"]);
    office.refused(&["qr", "read", "--video", "t.vault"], 3, &["not a regular file"]);
    office.refused(&["qr", "read", "--video", "a", "--frames", "b"], 2, &["cannot be used with"]);
    office.refused(&["review", "t.vault", "pay.psbt", "--video", "a"], 2, &["cannot be used with"]);
}

#[test]
fn photographs_are_read_beside_pictures() {
    let office = Office::new();
    fs::create_dir(office.path("photos")).unwrap();
    let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus/pictures");
    let photo = fs::read(kept.join("mixed-2-05-16.jpg")).unwrap();
    office.put("photos/IMG_0001.JPG", &photo);
    let ran = office.run(&["qr", "read", "--frames", "photos"]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    assert_eq!(String::from_utf8(ran.out).unwrap().trim_end(), read_picture(&photo).unwrap());
    // Another message, and pictures that are none.
    office.put("photos/IMG_0002.jpeg", &fs::read(kept.join("blur-1-15-03.jpg")).unwrap());
    office.refused(&["qr", "read", "--frames", "photos"], 2, &["IMG_0002.jpeg", "another message"]);
    office.put("photos/IMG_0002.jpeg", &photo[..400]);
    office.put("photos/IMG_0003.jpg", b"\x89PNG");
    let ran = office.run(&["qr", "read", "--frames", "photos"]);
    assert!(ran.err.contains("IMG_0002.jpeg: the JPEG picture is damaged"), "{}", ran.err);
    assert!(ran.err.contains("IMG_0003.jpg: neither a PNG nor a JPEG"), "{}", ran.err);
    assert_eq!(ran.code, Some(0));
}

/// The first words of the SeedQR page, and their numbers.
const WORDS: &str = "attack pizza motion avocado network gather crop fresh patrol unusual wild holiday candy pony ranch \
                     winter theme error hybrid van cereal salon goddess expire";
const DIGITS: &str = "011513251154012711900771041507421289190620080870026613431420201617920614089619290300152408010643";

/// A code of bytes that are no text, four pixels a module.
fn compact(entropy: &[u8]) -> Vec<u8> {
    let code = qrcode::QrCode::with_error_correction_level(entropy, qrcode::EcLevel::L).unwrap();
    let side = code.width() + 8;
    let dark = |x: usize, y: usize| {
        let inside = |at: usize| at.checked_sub(4).filter(|at| *at < code.width());
        inside(x).zip(inside(y)).is_some_and(|at| code[at] == qrcode::Color::Dark)
    };
    let pixels: Vec<u8> =
        (0..side * side * 16).map(|at| if dark(at % (side * 4) / 4, at / (side * 4) / 4) { 0 } else { 255 }).collect();
    let mut bytes = Vec::new();
    let mut encoder = ::png::Encoder::new(&mut bytes, side as u32 * 4, side as u32 * 4);
    encoder.set_color(::png::ColorType::Grayscale);
    encoder.write_header().unwrap().write_image_data(&pixels).unwrap();
    bytes
}

#[test]
fn a_seed_in_a_picture_becomes_a_vault_and_nothing_else() {
    let office = Office::new();
    let dice = "142536".repeat(17);
    let create = |vault: &'static str| {
        let mut all =
            vec!["vault", "create", vault, "--network", "regtest", "--threshold", "1", "--custodian", "alice"];
        all.extend(["--passphrase", "alice=alice", "--import-mnemonic", "--dice"]);
        all
    };
    let made = |vault: &'static str, more: &[&str], stdin: String| {
        let mut all = create(vault);
        all.push(&dice);
        all.extend(more);
        office.run_with(&all, stdin.as_bytes())
    };
    let key = |vault: &str| {
        let ran = office.run(&["wallet", "xpub", vault, "--path", "m/84h/1h/0h", "--ballot", "alice=alice"]);
        assert_eq!(ran.code, Some(0), "{}", ran.err);
        String::from_utf8(ran.out).unwrap()
    };
    let typed = made("typed.vault", &[], format!("{WORDS}\nsalt\n"));
    assert_eq!(typed.code, Some(0), "{}", typed.err);
    // Words to entropy by their numbers, the last eight bits being a checksum.
    let numbers: Vec<u32> = (0..24).map(|at| DIGITS[at * 4..at * 4 + 4].parse().unwrap()).collect();
    let bit = |at: usize| (numbers[at / 11] >> (10 - at % 11) & 1) as u8;
    let entropy: Vec<u8> = (0..32).map(|byte| (0..8).fold(0, |value, at| value << 1 | bit(byte * 8 + at))).collect();
    let pictures =
        [("digits", png(DIGITS, 1, 4).unwrap()), ("bytes", compact(&entropy)), ("words", png(WORDS, 1, 4).unwrap())];
    for (form, picture) in pictures {
        fs::create_dir(office.path(form)).unwrap();
        office.put(&format!("{form}/a.png"), &picture);
        let vault: &'static str = Box::leak(format!("{form}.vault").into_boxed_str());
        let ran = made(vault, &["--frames", form], "salt\n".to_owned());
        assert_eq!(ran.code, Some(0), "{form}: {}", ran.err);
        assert_eq!(key(vault), key("typed.vault"), "{form}");
        // The vault's own words are of the same list: a single one says nothing.
        for said in [&ran.err, &String::from_utf8(ran.out).unwrap()] {
            assert!(
                !["attack pizza", "goddess expire", &DIGITS[..12]].iter().any(|word| said.contains(word)),
                "{said}"
            );
        }
        // Nowhere else: not as a payload, whatever the form.
        let out = format!("{form}.out");
        let ran = office.run(&["qr", "read", "--frames", form, "-o", &out]);
        assert!(matches!(ran.code, Some(1 | 2)) && !office.path(&out).exists(), "{form}: {}", ran.err);
        assert!(!ran.err.contains("attack pizza") && !ran.err.contains(&DIGITS[..12]), "{}", ran.err);
    }
    let refused = |folder: &str, parts: &[&str]| {
        let ran = made("no.vault", &["--frames", folder], "\n".to_owned());
        assert_eq!(ran.code, Some(2), "{}", ran.err);
        assert!(parts.iter().all(|part| ran.err.contains(part)), "{}", ran.err);
        assert!(!office.path("no.vault").exists());
    };
    fs::create_dir(office.path("bad")).unwrap();
    refused("bad", &["0 PNG or JPEG pictures"]);
    office.put("bad/a.png", &png("HELLO", 1, 4).unwrap());
    refused("bad", &["a.png: no seed: 1 words", "no picture shows a seed"]);
    office.put("bad/a.png", &png(&DIGITS.replacen("0115", "0116", 1), 1, 4).unwrap());
    refused("bad", &["a.png: no seed: the checksum"]);
    office.put("bad/b.png", &png(DIGITS, 1, 4).unwrap());
    office.put("bad/c.png", &compact(&[7; 16]));
    refused("bad", &["c.png: another seed"]);
    let mut alone = create("no.vault");
    alone.retain(|word| *word != "--import-mnemonic");
    alone.extend([&dice, "--frames", "bad"]);
    office.refused(&alone, 2, &["--import-mnemonic"]);
}
