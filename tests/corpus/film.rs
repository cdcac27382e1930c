//! Films: codes that follow each other, of which some are lost.

use strongroom::{
    picture::Grey,
    qr::{Density, Eye, Film, Kind, Packing, Receiver, Step, Wanted},
};
use strongroom_lens::{Harm, Seed, picture};

use crate::code;

/// A PSBT's first bytes, and bytes that do not shrink.
fn payment(length: usize, seed: u64) -> Vec<u8> {
    let mut seed = Seed::new(seed);
    b"psbt\xff".iter().copied().chain((5..length).map(|_| seed.below(256) as u8)).collect()
}

/// The number of codes that were shown until the payload was whole, of a film that began long ago; each is lost with
/// this chance.
fn shown_until_whole(film: &Film, payload: &[u8], lost: f32, seed: u64) -> usize {
    let mut seed = Seed::new(seed);
    let mut receiver = Receiver::new(Wanted::PSBT);
    let first = 1 + seed.below(3 * film.count() as usize) as u32;
    for shown in 0.. {
        assert!(shown < 40 * film.count(), "it never gets whole");
        // The first of them was shown while the receiver came: it counts.
        if seed.unit() < lost {
            continue;
        }
        if receiver.take(&film.part(first + shown)) == Ok(Step::Done) {
            assert_eq!(receiver.into_payload().unwrap().bytes, payload);
            return shown as usize + 1;
        }
    }
    unreachable!()
}

#[test]
fn a_late_receiver_that_loses_a_third_needs_few_codes() {
    let payload = payment(50_000, 1);
    let film = Film::ur(Kind::Psbt, &payload, Density::Normal, false).unwrap();
    let count = f64::from(film.count());
    assert!((80.0..90.0).contains(&count), "{count}");
    let ratios: Vec<f64> = (0..80).map(|seed| shown_until_whole(&film, &payload, 0.3, seed) as f64 / count).collect();
    let mean = ratios.iter().sum::<f64>() / 80.0;
    let most = ratios.iter().copied().fold(0.0, f64::max);
    println!("of {count} parts: {mean:.3} on average, {most:.3} at most");
    assert!(mean <= 1.6, "{mean}");
    // No fountain does better than the bound, so less is a test that loses less than it says.
    assert!(mean >= 1.0 / 0.7 * 0.98, "{mean}");
}

#[test]
fn half_a_megabyte_gets_through_in_both_formats() {
    let payload = payment(500_000, 2);
    let ur = Film::ur(Kind::Psbt, &payload, Density::Fast, false).unwrap();
    let bbqr = Film::bbqr(Kind::Psbt, &payload, Density::Fast, Packing::Zlib).unwrap();
    for (film, lost, most) in [(ur, 0.1, 1.3), (bbqr, 0.02, 4.0)] {
        let shown = shown_until_whole(&film, &payload, lost, 3) as f64;
        let count = f64::from(film.count());
        assert!(count > 300.0 && shown <= most * count, "{shown} of {count}");
    }
}

/// The same through pictures: of ten frames two are not taken, one is torn in the middle, and the others are taken by
/// a hand that is not quite still, in a room that is not quite light.
#[test]
fn a_film_is_read_from_pictures() {
    let payload = payment(50_000, 4);
    let film = Film::ur(Kind::Psbt, &payload, Density::Normal, false).unwrap();
    let count = film.count();
    for (seed, size) in [(5, (1280, 720)), (6, (640, 480))] {
        let mut seed = Seed::new(seed);
        let (mut eye, mut receiver) = (Eye::new(), Receiver::new(Wanted::PSBT));
        let first = 1 + seed.below(2 * count as usize) as u32;
        let (mut shown, mut taken, mut read) = (0, 0, 0);
        'film: loop {
            shown += 1;
            assert!(f64::from(shown) <= 1.8 * f64::from(count), "{read} of {taken} pictures were read");
            let (harm, severity) = match seed.below(10) {
                0 | 1 => continue,
                2 => (Harm::Torn, 3),
                3 | 4 => (Harm::Motion, 1),
                5 => (Harm::Light, 1),
                6 => (Harm::Noise, 1),
                _ => (Harm::Rotation, 1),
            };
            taken += 1;
            let [this, next] = [0, 1].map(|after| code(&film.part(first + shown + after), film.version()));
            let picture = picture(&this, &next, size, harm, severity, seed.next());
            let picture = Grey::new(picture.width, picture.height, picture.pixels).unwrap();
            for seen in eye.see(&picture) {
                let text = seen.text().unwrap();
                // Whatever the second eye found late was shown before.
                let (from, to) = (first + shown.saturating_sub(20), first + shown + 1);
                assert!((from..=to).any(|number| film.part(number) == text), "a text that was not shown");
                read += 1;
                if receiver.take(&text) == Ok(Step::Done) {
                    break 'film;
                }
            }
        }
        assert_eq!(receiver.into_payload().unwrap().bytes, payload);
        println!("{size:?}: {shown} of {count} parts were shown, {taken} pictures taken, {read} read");
    }
}
