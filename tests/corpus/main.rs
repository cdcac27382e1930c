//! Pictures of codes as cameras take them: how many of them are read.
//!
//! A gate on counts, never on times. The harms are chosen so that the finders alone fail often enough to be told apart
//! from each other, and from both together with what makes pictures easier.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::panic,
    reason = "tests"
)]

mod film;

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
};

use rxing::{BinaryBitmap, Luma8LuminanceSource, Reader as _, common::HybridBinarizer, qrcode::cpp_port::QrReader};
use strongroom::{
    picture::Grey,
    qr::{Eye, Seen, draw},
};
use strongroom_lens::{Code, HARMS, Harm, SIZES, Seed, picture};

const VERSIONS: [u8; 8] = [5, 10, 15, 20, 25, 30, 35, 40];

struct Case {
    harm: Harm,
    severity: usize,
    version: u8,
    size: (usize, usize),
    seed: u64,
}

/// Letters and digits that fill a code of this version.
fn text(version: u8, seed: &mut Seed) -> String {
    const LETTERS: &[u8] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ$%*+-./:";
    const ROOM: [usize; 8] = [154, 395, 758, 1249, 1853, 2520, 3351, 4296];
    // A little less: a run of digits may begin another segment, with a head of its own.
    let room = ROOM[usize::from(version / 5) - 1] * 31 / 32;
    (0..room).map(|_| char::from(LETTERS[seed.below(LETTERS.len())])).collect()
}

fn code(text: &str, version: u8) -> Code {
    let square = draw(text, version).unwrap();
    assert_eq!(square.side, 17 + 4 * usize::from(version));
    Code { side: square.side, dark: square.dark }
}

impl Case {
    /// What the code says, and the one that the screen shows after it.
    fn texts(&self) -> [String; 2] {
        let mut seed = Seed::new(self.seed);
        [text(self.version, &mut seed), text(self.version, &mut seed)]
    }

    fn picture(&self) -> ([String; 2], Grey) {
        let texts = self.texts();
        let [this, next] = [0, 1].map(|at| code(&texts[at], self.version));
        let taken = picture(&this, &next, self.size, self.harm, self.severity, self.seed);
        (texts, Grey::new(taken.width, taken.height, taken.pixels).unwrap())
    }
}

fn rxing_alone(picture: &Grey) -> Option<String> {
    let (width, height) = (picture.width() as u32, picture.height() as u32);
    let source = Luma8LuminanceSource::new(picture.pixels().to_vec(), width, height).unwrap();
    let mut bitmap = BinaryBitmap::new(HybridBinarizer::new(source));
    QrReader.decode(&mut bitmap).ok().map(|result| result.getText().to_owned())
}

fn rqrr_alone(picture: &Grey) -> Option<String> {
    let grey = |x: usize, y: usize| picture.at(x, y);
    let mut image = rqrr::PreparedImage::prepare_from_greyscale(picture.width(), picture.height(), grey);
    image.detect_grids().iter().find_map(|grid| grid.decode().ok()).map(|(_, text)| text)
}

/// What each read of how many, by harm.
#[derive(Default, Clone, Copy)]
struct Score {
    pictures: usize,
    rxing: usize,
    rqrr: usize,
    eye: usize,
}

fn measured(cases: &[Case]) -> BTreeMap<String, Score> {
    let next = AtomicUsize::new(0);
    let scores: Mutex<BTreeMap<String, Score>> = Mutex::default();
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(2, usize::from) {
            scope.spawn(|| {
                while let Some(case) = cases.get(next.fetch_add(1, Relaxed)) {
                    let (texts, picture) = case.picture();
                    let right = |text: Option<String>, who: &str| {
                        if let Some(text) = &text {
                            assert!(texts.contains(text), "{who} read what is not there: seed {}", case.seed);
                        }
                        usize::from(text.is_some())
                    };
                    let rxing = right(rxing_alone(&picture), "rxing");
                    let rqrr = right(rqrr_alone(&picture), "rqrr");
                    let seen = Eye::patient().see(&picture);
                    let eye = right(seen.first().and_then(Seen::text), "the eye");
                    let way = seen.first().map_or("none".to_owned(), |seen| format!("{:?}", seen.way));
                    let mut scores = scores.lock().unwrap();
                    for name in [
                        "all".to_owned(),
                        format!("harm {:?}", case.harm),
                        format!("harm {:?} {}", case.harm, case.severity),
                        format!("version {:02}", case.version),
                        format!("height {:04}", case.size.1),
                        format!("way {way}"),
                    ] {
                        let score = scores.entry(name).or_default();
                        score.pictures += 1;
                        score.rxing += rxing;
                        score.rqrr += rqrr;
                        score.eye += eye;
                    }
                }
            });
        }
    });
    scores.into_inner().unwrap()
}

/// Every harm in every severity and size, of each version.
fn all() -> Vec<Case> {
    let mut cases = Vec::new();
    for harm in HARMS {
        for severity in harm.severities() {
            for size in SIZES {
                for version in VERSIONS {
                    let seed = cases.len() as u64;
                    cases.push(Case { harm, severity, version, size, seed });
                }
            }
        }
    }
    cases
}

fn shown(scores: &BTreeMap<String, Score>) {
    for (name, score) in scores {
        let percent = |count: usize| 100.0 * count as f64 / score.pictures as f64;
        println!(
            "{name:22} {:5} pictures   rxing {:5.1} %   rqrr {:5.1} %   eye {:5.1} %",
            score.pictures,
            percent(score.rxing),
            percent(score.rqrr),
            percent(score.eye)
        );
    }
}

/// Every fifth picture of all, each harm and severity among them: half a minute on two cores.
const EVERY: usize = 5;

#[test]
fn pictures_are_read() {
    let every = std::env::var("EVERY").map_or(EVERY, |every| every.parse().unwrap());
    let scores = measured(&all().into_iter().step_by(every).collect::<Vec<_>>());
    shown(&scores);
    let score = scores["all"];
    let percent = |count: usize| 100.0 * count as f64 / score.pictures as f64;
    let [rxing, rqrr, eye] = [score.rxing, score.rqrr, score.eye].map(percent);
    assert!(score.pictures >= 190, "{}", score.pictures);
    // Neither so easy that all is read, nor so hard that nothing is.
    assert!((60.0..=75.0).contains(&rxing) && (25.0..=40.0).contains(&rqrr), "rxing {rxing} %, rqrr {rqrr} %");
    assert!(eye >= rxing + 10.0 && eye >= rqrr + 40.0, "the eye {eye} %, rxing {rxing} %, rqrr {rqrr} %");
}

fn committed() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus/pictures")
}

/// Pictures of which the first eye alone reads some: each has its case in its name.
fn chosen() -> Vec<Case> {
    use Harm::*;
    let of = |harm, severity, version, seed| Case { harm, severity, version, size: SIZES[0], seed };
    vec![
        of(Perspective, 2, 15, 2),
        of(Blur, 1, 15, 3),
        of(Blur, 2, 5, 4),
        of(Motion, 2, 15, 5),
        of(Noise, 1, 10, 6),
        of(Light, 2, 20, 7),
        of(Contrast, 2, 15, 8),
        of(Contrast, 3, 5, 9),
        of(Moire, 2, 10, 10),
        of(Bands, 1, 20, 11),
        of(Glare, 1, 15, 12),
        of(Small, 1, 10, 13),
        of(Torn, 1, 20, 14),
        of(Mixed, 1, 10, 15),
        of(Mixed, 2, 5, 16),
    ]
}

/// `harm-severity-version-seed`, and whatever follows.
fn named(name: &str) -> Case {
    let mut parts = name.split(['-', '.']);
    let mut next = || parts.next().unwrap().to_owned();
    let word = next();
    let harm = HARMS.into_iter().find(|harm| format!("{harm:?}").eq_ignore_ascii_case(&word)).unwrap();
    let [severity, version, seed] = [(); 3].map(|()| next().parse::<u64>().unwrap());
    Case { harm, severity: severity as usize, version: version as u8, size: SIZES[0], seed }
}

/// The pictures that are kept, whatever becomes of the generator: PNG and JPEG of several kinds.
#[test]
fn kept_pictures_are_read() {
    let (mut png, mut jpeg, mut rxing) = (0, 0, 0);
    let mut size = 0;
    for entry in fs::read_dir(committed()).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let bytes = fs::read(&path).unwrap();
        size += bytes.len();
        let picture = Grey::read(&bytes).unwrap_or_else(|error| panic!("{name}: {error}"));
        let seen = Eye::patient().see(&picture);
        let text = seen.first().and_then(Seen::text).unwrap_or_else(|| panic!("{name}: nothing is read"));
        assert!(named(&name).texts().contains(&text), "{name}");
        rxing += usize::from(rxing_alone(&picture).is_some());
        *if name.ends_with(".jpg") { &mut jpeg } else { &mut png } += 1;
    }
    assert!(png >= 5 && jpeg >= 7 && rxing < png + jpeg - 1, "{png} PNG, {jpeg} JPEG, {rxing} by rxing alone");
    assert!(size < 600_000, "{size} bytes");
}

/// `cargo test --test corpus -- --ignored the_kept_pictures_are_written`, for more of them.
#[test]
#[ignore = "writes"]
fn the_kept_pictures_are_written() {
    fs::create_dir_all(committed()).unwrap();
    for case in chosen() {
        let (texts, picture) = case.picture();
        let seen = Eye::patient().see(&picture).first().and_then(Seen::text);
        let Case { harm, severity, version, seed, .. } = case;
        let name = format!("{harm:?}-{severity}-{version:02}-{seed:02}.png").to_lowercase();
        if !seen.is_some_and(|seen| texts.contains(&seen)) {
            println!("{name}: not read");
            continue;
        }
        // Sixteen levels, so that it stays small.
        let half = |two: &[u8]| two[0] & 0xf0 | two[1] >> 4;
        let rows: Vec<u8> = picture.pixels().chunks(2).map(half).collect();
        let mut bytes = Vec::new();
        let mut encoder = png::Encoder::new(&mut bytes, picture.width() as u32, picture.height() as u32);
        encoder.set_color(png::ColorType::Grayscale);
        encoder.set_depth(png::BitDepth::Four);
        encoder.set_compression(png::Compression::High);
        encoder.write_header().unwrap().write_image_data(&rows).unwrap();
        fs::write(committed().join(name), bytes).unwrap();
    }
}
