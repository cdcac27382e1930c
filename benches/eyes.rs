//! Codes: how fast pictures of them are read, how many of them are needed, and what drawing one costs.

use std::{fs, hint::black_box, process::Command};

use strongroom::{
    digest, limits,
    picture::Grey,
    qr::{Density, Eye, Film, Kind, Receiver, Step, Wanted, draw, kind_of_bytes},
};
use strongroom_lens::{Code, Harm, Seed, picture};

use crate::{Bound, in_turns, tell, thread, wall};

const SIZE: (usize, usize) = (1280, 720);

fn payment(length: usize) -> Vec<u8> {
    let mut seed = Seed::new(1);
    b"psbt\xff".iter().copied().chain((5..length).map(|_| seed.below(256) as u8)).collect()
}

fn code(text: &str, version: u8) -> Code {
    let square = draw(text, version).unwrap();
    Code { side: square.side, dark: square.dark }
}

/// Pictures of a film at each density.
fn frames(harms: &[Harm]) -> Vec<Grey> {
    let mut all = Vec::new();
    for density in Density::ALL {
        let film = Film::ur(Kind::Psbt, &payment(10_000), density, false).unwrap();
        for (number, harm) in (1..).zip(harms.iter().cycle().take(8)) {
            let [this, next] = [0, 1].map(|after| code(&film.part(number + after), film.version()));
            let taken = picture(&this, &next, SIZE, *harm, 1, number.into());
            all.push(Grey::new(taken.width, taken.height, taken.pixels).unwrap());
        }
    }
    all
}

fn ours(frames: &[Grey]) -> usize {
    let mut eye = Eye::new();
    frames.iter().filter(|frame| !eye.see(frame).is_empty()).count()
}

fn rqrr(frames: &[Grey]) -> usize {
    let read = |frame: &&Grey| {
        let grey = |x: usize, y: usize| frame.at(x, y);
        let mut image = rqrr::PreparedImage::prepare_from_greyscale(frame.width(), frame.height(), grey);
        image.detect_grids().iter().any(|grid| grid.decode().is_ok())
    };
    frames.iter().filter(read).count()
}

/// The codes that zbarimg reads in these files.
fn zbarimg(files: &[std::path::PathBuf]) -> usize {
    let run = Command::new("zbarimg")
        .args(["--quiet", "--raw", "-Sdisable", "-Sqrcode.enable"])
        .args(files)
        .env("MAGICK_THREAD_LIMIT", "1")
        .output();
    String::from_utf8(run.expect("zbarimg runs").stdout).unwrap().lines().count()
}

/// Frames read a second at 1280 by 720.
pub(crate) fn read() {
    let light = [Harm::Rotation, Harm::Motion, Harm::Light, Harm::Noise, Harm::Moire, Harm::Small];
    for (name, harms) in [("clean", &[Harm::Clean][..]), ("light", &light)] {
        let frames = frames(harms);
        let folder = tempfile::tempdir().unwrap();
        let files: Vec<_> = (0..frames.len()).map(|at| folder.path().join(format!("{at:03}.pgm"))).collect();
        for (file, frame) in files.iter().zip(&frames) {
            let head = format!("P5\n{} {}\n255\n", frame.width(), frame.height());
            fs::write(file, [head.as_bytes(), frame.pixels()].concat()).unwrap();
        }
        let (mut by_us, mut by_rqrr, mut by_zbar) = (0, 0, 0);
        let [us, other] =
            in_turns(3, thread, [&mut || by_us = black_box(ours(&frames)), &mut || by_rqrr = black_box(rqrr(&frames))]);
        let mut one_alone = || {
            black_box(zbarimg(&files[..1]));
        };
        let mut beside_it = || {
            black_box(ours(&frames));
        };
        let [one, all, beside] =
            in_turns(3, wall, [&mut one_alone, &mut || by_zbar = black_box(zbarimg(&files)), &mut beside_it]);
        let count = frames.len() as f64;
        println!("# {name}: of {count} frames read: ours {by_us}, rqrr {by_rqrr}, zbarimg {by_zbar}");
        let each = |seconds: f64, frames: f64| seconds * 1e3 / frames;
        println!("# {name}: ms a frame: ours {:.2}, rqrr {:.2}", each(us, count), each(other, count));
        println!(
            "# {name}: ms a frame by the clock: ours {:.2}, zbarimg {:.2}",
            each(beside, count),
            each(all - one, count - 1.0)
        );
        let rate = |read: usize, seconds: f64| read as f64 / seconds;
        tell(
            &format!("read-{name}-rqrr"),
            rate(by_us, us) / rate(by_rqrr, other),
            Bound::AtLeast(5.0),
            &["frames read a second, one thread: rqrr::PreparedImage::prepare_from_greyscale, detect_grids, decode"],
        );
        let zbar = by_zbar as f64 * (count - 1.0) / count / (all - one);
        tell(
            &format!("read-{name}-zbarimg"),
            rate(by_us, beside) / zbar,
            Bound::AtLeast(5.0),
            &["frames read a second: zbarimg over 24 PGM files, less its time over one"],
        );
    }
}

/// Codes that a receiver sees which comes in the middle of a film, over the parts of the message.
fn seen(film: &Film, lost: f32, seed: u64) -> f64 {
    let mut seed = Seed::new(seed);
    let mut receiver = Receiver::new(Wanted::PSBT);
    let first = 1 + seed.below(3 * film.count() as usize) as u32;
    let done = (0..).find(|shown| seed.unit() >= lost && receiver.take(&film.part(first + shown)) == Ok(Step::Done));
    f64::from(done.unwrap() + 1) / f64::from(film.count())
}

/// The fountain.
pub(crate) fn parts() {
    let film = Film::ur(Kind::Psbt, &payment(50_000), Density::Normal, false).unwrap();
    let mean = |lost: f32| (0..80).map(|seed| seen(&film, lost, seed)).sum::<f64>() / 80.0;
    tell("parts-late", mean(0.0), Bound::AtMost(1.1), &["the parts of the message: a late receiver that loses none"]);
    let bound = 1.0 / 0.7;
    let what = "the bound 1 / (1 - loss): a late receiver that loses 30 %";
    tell("parts-lost-30", mean(0.3) / bound, Bound::AtMost(1.15), &[what]);
}

/// A megabyte of words, each of which might end a mnemonic.
pub(crate) fn words() {
    let text = "act ".repeat(limits::QR_MESSAGE_BYTES / 4);
    let entropy = [0u8; 32];
    let mut bare = || {
        for length in (0..text.len() / 4).flat_map(|_| [16, 20, 24, 28, 32]) {
            black_box(digest::sha256(black_box(&entropy[..length])));
        }
    };
    let mut looked_through = || {
        black_box(kind_of_bytes(text.as_bytes()));
    };
    let [ours, bare] = in_turns(3, thread, [&mut looked_through, &mut bare]);
    println!("# words-of-a-megabyte: {:.0} ms, bare {:.0} ms", ours * 1e3, bare * 1e3);
    let what = "for each of 262,144 words five hashes, of 16 to 32 bytes: digest::sha256";
    tell("words-of-a-megabyte", ours / bare, Bound::AtMost(2.5), &[what]);
}

/// Drawing a frame.
pub(crate) fn drawing() {
    let film = Film::ur(Kind::Psbt, &payment(50_000), Density::Normal, false).unwrap();
    let version = qrcode::Version::Normal(film.version().into());
    let numbers: Vec<u32> = (1..20).chain(200..220).collect();
    let texts: Vec<String> = numbers.iter().map(|number| film.part(*number)).collect();
    let [ours, bare] = in_turns(
        5,
        thread,
        [
            &mut || {
                for number in &numbers {
                    black_box(draw(&film.part(*number), film.version()).unwrap());
                }
            },
            &mut || {
                for text in &texts {
                    black_box(qrcode::QrCode::with_version(text, version, qrcode::EcLevel::L).unwrap());
                }
            },
        ],
    );
    let each = |seconds: f64| seconds * 1e3 / numbers.len() as f64;
    println!("# draw-frame: {:.2} ms, bare {:.2} ms", each(ours), each(bare));
    tell(
        "draw-frame",
        ours / bare,
        Bound::AtMost(1.3),
        &["qrcode::QrCode::with_version of the same text; ours makes the part and its text, too"],
    );
}
