use std::{rc::Rc, time::Duration};

use super::{
    bench::{Bench, Lens, cells, ms, pixels, read},
    seen::{blank, picture, said},
};
use crate::{
    exchange::single,
    picture::Grey,
    port::{
        Key::{Escape, Letter, Stop},
        Sheet, Sight,
    },
    qr::Eye,
};

const DIGITS: &str = "000000000000000000000000000000000000000000000003";

/// Takes `wanted` at the second look, and says of anything else what it is not.
fn run(bench: &mut Bench, wanted: &[u8], sees: impl FnMut(Duration) -> Sight) -> Option<Vec<u8>> {
    let mut lens = Lens { clock: Rc::clone(&bench.clock), sees };
    let mut looks = 0;
    let take = |code: &mut [u8]| {
        if code != wanted {
            return Err(format!("no seed: {} bytes", code.len()));
        }
        looks += 1;
        Ok((looks == 2).then(|| code.to_vec()))
    };
    single(&mut lens, bench, "a SeedQR", take).unwrap()
}

/// A code of bytes that are no text, so many pixels a module.
fn compact(entropy: &[u8], scale: usize) -> Sight {
    let code = qrcode::QrCode::with_error_correction_level(entropy, qrcode::EcLevel::L).unwrap();
    let side = code.width() + 8;
    let dark = |x: usize, y: usize| {
        let inside = |at: usize| at.checked_sub(4).filter(|at| *at < code.width());
        inside(x).zip(inside(y)).is_some_and(|at| code[at] == qrcode::Color::Dark)
    };
    let wide = side * scale;
    let pixels = (0..wide * wide).map(|at| if dark(at % wide / scale, at / wide / scale) { 30 } else { 230 }).collect();
    Sight::Picture(Grey::new(wide, wide, pixels).unwrap())
}

#[test]
fn each_form_of_a_seed_is_taken_from_before_a_camera() {
    let words = format!("{}about", "abandon ".repeat(11));
    let forms: [(&[u8], &dyn Fn() -> Sight); 4] = [
        (DIGITS.as_bytes(), &|| picture(DIGITS, 5)),
        (&[0; 16], &|| compact(&[0; 16], 6)),
        (&[0xf3; 32], &|| compact(&[0xf3; 32], 6)),
        (words.as_bytes(), &|| picture(&words, 8)),
    ];
    for (code, sees) in forms {
        let mut bench = Bench::new(cells(80, 25), &[]);
        // After a while in which nothing, and then something else, is before it.
        let taken = run(&mut bench, code, |now| match now.as_millis() {
            0..1_000 => blank(),
            1_000..2_000 => picture("UR:CRYPTO-PSBT/1-9/LPADASCFADAX", 5),
            2_000..3_000 => Sight::Gone,
            _ => sees(),
        });
        assert_eq!(taken.as_deref(), Some(code));
        assert!(bench.clock.get() >= ms(3_100) && bench.clock.get() < ms(4_000), "{:?}", bench.clock.get());
        assert!(said(&bench, "a SeedQR is looked for") && said(&bench, "let it fill the picture"));
        assert!(said(&bench, "no seed: 31 bytes") && said(&bench, "the camera is unplugged"));
    }
}

#[test]
fn a_person_stops_it_and_a_code_that_is_no_seed_never_ends_it() {
    for key in [Letter('q'), Letter('Q'), Escape, Stop] {
        let mut bench = Bench::new(cells(80, 25), &[(5_000, key)]);
        let wrong = DIGITS.replace("0003", "0004");
        assert!(run(&mut bench, DIGITS.as_bytes(), |_| picture(&wrong, 5)).is_none());
        assert!(bench.clock.get() <= ms(5_100) && said(&bench, "no seed: 48 bytes"));
    }
    let mut bench = Bench::new(cells(80, 25), &[(3_000, Stop)]);
    assert!(run(&mut bench, DIGITS.as_bytes(), |_| Sight::Gone).is_none());
    // What was seen once only is no seed.
    let mut bench = Bench::new(cells(80, 25), &[(9_000, Stop)]);
    let sees = |now| if now == ms(1_000) { picture(DIGITS, 5) } else { blank() };
    assert!(run(&mut bench, DIGITS.as_bytes(), sees).is_none());
}

/// Whoever looks at the screen, or keeps it, has no seed: nothing that was drawn holds the code, its digits or words.
#[test]
fn no_screen_holds_the_seed() {
    // Where the picture is as large as it can be, in cells and in pixels; of a small code, and of one that fills it.
    let mut eye = Eye::new();
    for canvas in [cells(200, 80), pixels(640, 480)] {
        for scale in [4, 16] {
            let mut bench = Bench::new(canvas.clone(), &[(600, Letter('v')), (1_000, Stop)]);
            let mut lens = Lens { clock: Rc::clone(&bench.clock), sees: |_| compact(&[0; 16], scale) };
            let taken = single(&mut lens, &mut bench, "a SeedQR", |_| Ok(None::<()>)).unwrap();
            assert!(taken.is_none() && bench.sheets.len() > 3);
            assert!(bench.sheets.iter().take(3).all(|(_, sheet)| read(&mut eye, sheet).is_none()), "{scale}");
            // It is a view all the same, until it is put away.
            if let [(_, Sheet::Cells(first)), .., (_, Sheet::Cells(last))] = &bench.sheets[..] {
                assert!(first.contains("8;5;") && !last.contains("8;5;"), "{scale}");
            }
        }
    }
}
