use std::{rc::Rc, time::Duration};

use super::bench::{Bench, Lens, cells, ms, noise, pixels, read, words};
use crate::{
    exchange::receive,
    picture::Grey,
    port::{
        Key::{self, Escape, Letter, Stop},
        Sheet, Sight,
    },
    qr::{Density, Eye, Film, Kind, Packing, Payload, Wanted, draw, of_list},
};

/// A code before a camera: two pixels a module, a margin around it.
pub(super) fn picture(text: &str, version: u8) -> Sight {
    let square = draw(text, version).unwrap();
    let (scale, margin) = (2, 4 * 2);
    let side = square.side * scale + 2 * margin;
    let dark = |x: usize, y: usize| {
        let at = |place: usize| place.checked_sub(margin).map(|place| place / scale).filter(|at| *at < square.side);
        at(x).zip(at(y)).is_some_and(|(x, y)| square.dark[y * square.side + x])
    };
    let pixels = (0..side * side).map(|at| if dark(at % side, at / side) { 40 } else { 220 }).collect();
    Sight::Picture(Grey::new(side, side, pixels).unwrap())
}

pub(super) fn blank() -> Sight {
    Sight::Picture(Grey::new(64, 48, vec![128; 64 * 48]).unwrap())
}

fn film(bytes: &[u8]) -> Film {
    Film::ur(Kind::Psbt, bytes, Density::Compatible, false).unwrap()
}

/// The part that a screen of 5 codes a second shows at a time.
fn at(film: &Film, now: Duration) -> Sight {
    let number = u32::try_from(now.as_millis() / 200).unwrap() + 1;
    picture(&film.part(number), film.version())
}

fn run(bench: &mut Bench, sees: impl FnMut(Duration) -> Sight) -> Option<(Payload, usize)> {
    run_for(bench, Wanted::ANY, sees)
}

fn run_for(bench: &mut Bench, wanted: Wanted, sees: impl FnMut(Duration) -> Sight) -> Option<(Payload, usize)> {
    let mut lens = Lens { clock: Rc::clone(&bench.clock), sees };
    receive(&mut lens, bench, wanted).unwrap()
}

/// Whether some screen had this.
pub(super) fn said(bench: &Bench, what: &str) -> bool {
    bench.sheets.iter().any(|(_, sheet)| words(sheet).iter().any(|line| line.contains(what)))
}

#[test]
fn a_message_is_received_and_the_person_sees_how_far_it_is() {
    let bytes = noise(2_000);
    let film = film(&bytes);
    let mut bench = Bench::new(cells(80, 25), &[]);
    let (payload, parts) = run(&mut bench, |now| at(&film, now)).unwrap();
    assert_eq!((payload.kind, payload.bytes, parts), (Kind::Psbt, bytes, 6));
    // At the pace at which it was shown.
    assert!(bench.clock.get() <= ms(1_300), "{:?}", bench.clock.get());
    let halfway = bench.sheets.iter().find(|(at, _)| *at > ms(650)).unwrap();
    let words = words(&halfway.1);
    assert_eq!(words[0], "Lens: 640 by 480");
    assert!(words[1].contains("] 4 of 6 parts, 66 %, 2 codes a second"), "{words:?}");
    assert_eq!(words[1].matches('#').count(), 26, "{words:?}");
    assert_eq!(words[1].matches('-').count(), 14, "{words:?}");
    assert_eq!(words[2], "missing: 5-6");
    assert!(words.last().unwrap().contains("q stop"));
    // What the camera sees is between them.
    let Sheet::Cells(text) = &halfway.1 else { panic!() };
    assert!(text.contains('▀') && text.contains("\x1b[48;5;"));
}

#[test]
fn bbqr_and_one_code_are_received_too_with_pixels() {
    let bytes = noise(2_000);
    let film = Film::bbqr(Kind::Psbt, &bytes, Density::Compatible, Packing::Zlib).unwrap();
    let mut bench = Bench::new(pixels(640, 480), &[]);
    // Joined in the middle.
    let (payload, _) = run_for(&mut bench, Wanted::PSBT, |now| at(&film, now + ms(600))).unwrap();
    assert_eq!(payload.bytes, bytes);
    let (payload, parts) = run(&mut bench, |_| picture("some text, as it stands", 5)).unwrap();
    assert_eq!((payload.kind, payload.bytes.as_slice(), parts), (Kind::Text, &b"some text, as it stands"[..], 1));
}

#[test]
fn a_person_stops_it_at_any_moment_and_nothing_is_kept() {
    let bytes = noise(3_000);
    let film = film(&bytes);
    for key in [Letter('q'), Letter('Q'), Escape, Stop] {
        for when in [0, 500, 5_000] {
            let mut bench = Bench::new(cells(80, 25), &[(when, key)]);
            assert_eq!(run(&mut bench, |now| if now < ms(1_000) { at(&film, now) } else { blank() }), None);
            assert!(bench.clock.get() <= ms(when + 100));
        }
    }
}

/// Torn pictures, blank ones and bytes that are no code in between cost nothing but time.
#[test]
fn what_is_no_code_is_passed_over() {
    let bytes = noise(2_000);
    let film = film(&bytes);
    let mut bench = Bench::new(cells(80, 25), &[]);
    let mut turn = 0;
    let (payload, _) = run(&mut bench, |now| {
        turn += 1;
        match turn % 4 {
            0 => Sight::Nothing,
            1 => blank(),
            2 => Sight::Picture(Grey::new(1, 1, vec![0]).unwrap()),
            _ => at(&film, now),
        }
    })
    .unwrap();
    assert_eq!(payload.bytes, bytes);
}

#[test]
fn a_camera_that_is_pulled_out_is_waited_for_and_the_parts_stay() {
    let bytes = noise(3_000);
    let film = film(&bytes);
    let mut bench = Bench::new(cells(80, 25), &[]);
    let (payload, _) = run(&mut bench, |now| match now.as_millis() {
        700..20_000 => Sight::Gone,
        // Only those that were not seen before.
        20_000.. => at(&film, now - ms(20_000) + ms(600)),
        _ => at(&film, now),
    })
    .unwrap();
    assert_eq!(payload.bytes, bytes);
    assert!(bench.clock.get() < ms(22_000), "{:?}", bench.clock.get());
    assert!(said(&bench, "the camera is unplugged, or not free: put it back; 4 parts stay here"));
    let away = bench.sheets.iter().find(|(at, _)| *at > ms(5_000)).unwrap();
    let Sheet::Cells(text) = &away.1 else { panic!() };
    assert!(!text.contains('▀'), "the last picture does not stay");
    // Away from the first moment on, and stopped.
    let mut bench = Bench::new(cells(80, 25), &[(3_000, Stop)]);
    assert_eq!(run(&mut bench, |_| Sight::Gone), None);
    assert!(said(&bench, "the camera is unplugged"));
}

#[test]
fn another_message_is_offered_and_taken_or_not() {
    let (one, two) = (noise(3_000), noise(3_500));
    let films = [film(&one), film(&two)];
    let sees = |now: Duration| at(&films[usize::from(now > ms(700))], now);
    // Taken.
    let mut bench = Bench::new(cells(80, 25), &[(3_000, Letter('y'))]);
    assert_eq!(run(&mut bench, sees).unwrap().0.bytes, two);
    assert!(said(&bench, "another message is shown. y: take it and drop 4 parts   n: go on"));
    assert!(
        !said(&bench, "n: go on")
            || bench.sheets.iter().all(|(at, s)| *at > ms(1_000) || !words(s).iter().any(|l| l.contains("another")))
    );
    // Not taken: the first goes on where it was when it is shown again.
    let mut bench = Bench::new(cells(80, 25), &[(2_500, Letter('n'))]);
    let back = |now: Duration| if now < ms(4_000) { sees(now) } else { at(&films[0], now - ms(3_400)) };
    assert_eq!(run(&mut bench, back).unwrap().0.bytes, one);
    assert!(said(&bench, "another message is shown; y takes it"));
    let after = bench.sheets.iter().filter(|(at, _)| *at > ms(4_300)).flat_map(|(_, sheet)| words(sheet));
    assert!(after.clone().count() > 0 && !after.clone().any(|line| line.contains("another message")));
    // Nobody answers: nothing is mixed, and nothing is taken.
    let mut bench = Bench::new(cells(80, 25), &[(12_000, Stop)]);
    assert_eq!(run(&mut bench, sees), None);
    // Keys of the offer do nothing where there is none.
    let mut bench = Bench::new(cells(80, 25), &[(300, Letter('y')), (400, Letter('n'))]);
    assert_eq!(run(&mut bench, |now| at(&films[0], now)).unwrap().0.bytes, one);
}

#[test]
fn a_single_look_at_another_screen_changes_nothing() {
    let (one, two) = (noise(3_000), noise(3_500));
    let films = [film(&one), film(&two)];
    let mut bench = Bench::new(cells(80, 25), &[]);
    let (payload, _) = run(&mut bench, |now| {
        let other = (500..600).contains(&now.as_millis());
        at(&films[usize::from(other)], now)
    })
    .unwrap();
    assert_eq!(payload.bytes, one);
    assert!(!said(&bench, "another message"));
}

#[test]
fn from_the_beginning_drops_what_was_read() {
    let (one, two) = (noise(3_000), noise(2_000));
    let films = [film(&one), film(&two)];
    let mut bench = Bench::new(cells(80, 25), &[(700, Letter('x'))]);
    let (payload, _) = run(&mut bench, |now| at(&films[usize::from(now > ms(700))], now)).unwrap();
    assert_eq!(payload.bytes, two);
    assert!(!said(&bench, "another message"));
}

#[test]
fn what_a_code_must_not_be_is_said_and_changes_nothing() {
    let bytes = noise(3_000);
    let film = film(&bytes);
    for (text, says) in [
        ("UR:CRYPTO-PSBT/1-4294967294/LPADCYNDAO", "part"),
        ("UR:BYTES/1OF3/QQQQ", "set the wallet to UR version 2"),
        ("B$ZP0000", "BBQr"),
        ("p4of3 aaaa", "p1of3"),
        ("just a text", "a PSBT is asked for"),
    ] {
        let mut bench = Bench::new(cells(120, 40), &[]);
        let bad = |now: Duration| (400..600).contains(&now.as_millis());
        let sees = |now: Duration| if bad(now) { picture(text, 5) } else { at(&film, now) };
        let (payload, _) = run_for(&mut bench, Wanted::PSBT, sees).unwrap();
        assert_eq!(payload.bytes, bytes);
        let lines: Vec<String> = bench.sheets.iter().flat_map(|(_, sheet)| words(sheet)).collect();
        assert!(lines.iter().any(|line| line.contains(says)), "{text}: {lines:?}");
    }
}

#[test]
fn the_person_is_told_what_hinders() {
    let hint = |now: u64, sees: &dyn Fn(Duration) -> Sight| {
        let mut bench = Bench::new(cells(80, 25), &[(now, Stop)]);
        assert_eq!(run(&mut bench, sees), None);
        bench.words()[bench.words().len() - 2].clone()
    };
    let bytes = noise(3_000);
    let film = film(&bytes);
    assert!(hint(6_000, &|_| blank()).contains("no code is seen"));
    assert_eq!(hint(2_000, &|_| blank()), "no part yet");
    assert!(hint(9_000, &|now| if now < ms(900) { at(&film, now) } else { blank() }).contains("no code for 8 seconds"));
    // The same three parts, again and again.
    let stuck = |now: Duration| at(&film, ms(now.as_millis() as u64 % 600));
    assert!(hint(12_000, &stuck).contains("nothing new: let the other side show only the missing parts"));
    assert!(hint(3_000, &stuck).contains("missing: 4-9"));
}

#[test]
fn a_long_list_of_missing_parts_ends_with_a_whole_number() {
    let bytes = noise(60_000);
    let film = Film::bbqr(Kind::Psbt, &bytes, Density::Compatible, Packing::Base32).unwrap();
    let mut bench = Bench::new(cells(60, 25), &[(20_000, Stop)]);
    // Every third part.
    let sees = |now: Duration| {
        let number = u32::try_from(now.as_millis() / 200).unwrap() * 3 + 1;
        if number < film.count() { picture(&film.part(number), film.version()) } else { blank() }
    };
    assert_eq!(run(&mut bench, sees), None);
    let line = bench.words().into_iter().find(|line| line.starts_with("missing:")).unwrap();
    assert_eq!(line, "missing: 2-3,5-6,8-9,11-12,14-15,17-18,20-21,23-24 ...");
}

#[test]
fn drawing_takes_no_more_than_its_share_and_the_view_can_be_put_away() {
    let key: [(u64, Key); 2] = [(20_000, Letter('v')), (40_000, Stop)];
    let mut bench = Bench::new(cells(80, 25), &key);
    bench.slow = ms(500);
    let mut looks = 0;
    assert_eq!(
        run(&mut bench, |_| {
            looks += 1;
            blank()
        }),
        None
    );
    assert!(bench.sheets.len() < 22, "{}", bench.sheets.len());
    assert!(looks > 40_000 * 3 / 4 / 100 - 10, "{looks}");
    let viewed = |range: std::ops::Range<u64>| {
        let within = |at: &Duration| range.contains(&(at.as_millis() as u64));
        bench
            .sheets
            .iter()
            .filter(|(at, _)| within(at))
            .all(|(_, sheet)| matches!(sheet, Sheet::Cells(t) if t.contains("8;5;")))
    };
    assert!(viewed(1_000..20_000) && !viewed(21_500..40_000));
}

#[test]
fn the_list_of_missing_parts_is_shown_as_a_code_for_a_scanner_at_the_other_side() {
    let bytes = noise(60_000);
    let film = Film::bbqr(Kind::Psbt, &bytes, Density::Compatible, Packing::Base32).unwrap();
    for (canvas, most) in [(cells(80, 27), 78), (cells(120, 60), 271), (pixels(640, 480), 271)] {
        let mut bench = Bench::new(canvas, &[(0, Letter('l')), (5_000, Letter('l')), (6_000, Stop)]);
        // Every third part, until there are 25 of them.
        let sees = |now: Duration| {
            let number = u32::try_from(now.as_millis() / 200).unwrap() * 3 + 1;
            if now < ms(5_000) { picture(&film.part(number), film.version()) } else { blank() }
        };
        assert_eq!(run(&mut bench, sees), None);
        let mut eye = Eye::new();
        let shown: Vec<_> = bench.sheets.iter().filter(|(at, _)| *at > ms(3_000)).collect();
        let list = read(&mut eye, &shown[0].1).unwrap();
        assert!(list.starts_with("2-3,5-6,8-9,") && (60..=most).contains(&list.len()), "{list}");
        assert_eq!(list.ends_with("47-130"), most > 78, "{list}");
        assert!(of_list(&list, film.count()).is_ok());
        // It is put away again; the last picture was a blank one.
        assert_eq!(read(&mut eye, &bench.sheets.last().unwrap().1), None);
    }
    // Where nothing is missing yet, or there is no room, the view stays.
    for canvas in [cells(80, 25), cells(30, 10)] {
        let mut bench = Bench::new(canvas, &[(0, Letter('l')), (1_000, Stop)]);
        assert_eq!(run(&mut bench, |_| blank()), None);
        assert!(matches!(&bench.sheets.last().unwrap().1, Sheet::Cells(text) if text.contains("8;5;")));
    }
}
