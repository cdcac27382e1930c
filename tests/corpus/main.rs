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

use std::{
    collections::BTreeMap,
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
    fn picture(&self) -> ([String; 2], Grey) {
        let mut seed = Seed::new(self.seed);
        let texts = [text(self.version, &mut seed), text(self.version, &mut seed)];
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
fn all(seeds: u64) -> Vec<Case> {
    let mut cases = Vec::new();
    for round in 0..seeds {
        for harm in HARMS {
            for severity in harm.severities() {
                for (number, size) in SIZES.into_iter().enumerate() {
                    for version in VERSIONS {
                        let seed = cases.len() as u64 + 10_000 * round + number as u64;
                        cases.push(Case { harm, severity, version, size, seed });
                    }
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

#[test]
fn pictures_are_read() {
    let every: usize = std::env::var("EVERY").map_or(1, |every| every.parse().unwrap());
    let cases: Vec<Case> = all(1).into_iter().step_by(every).collect();
    shown(&measured(&cases));
}
