use super::bench::{Bench, cells, ms, noise, parcel, pixels, words};
use crate::{
    exchange::{NotShown, Parcel, show},
    port::Key::{self, Back, Down, Enter, Escape, Left, Letter, Right, Stop, Up},
    qr::{Carrier, Density, Kind, Packing, Receiver, ShowError, Wanted},
};

/// Keys one after the other, `each` milliseconds apart.
fn keys(each: u64, keys: &[Key]) -> Vec<(u64, Key)> {
    (1..).zip(keys).map(|(number, key)| (number * each, *key)).collect()
}

fn typed(text: &str) -> Vec<Key> {
    text.chars().map(Letter).collect()
}

/// The number in the head of a UR's part.
fn number(text: &str) -> u32 {
    text.split('/').nth(1).unwrap().split('-').next().unwrap().parse().unwrap()
}

fn numbers(bench: &Bench) -> Vec<u32> {
    bench.texts().iter().map(|(_, text)| number(text)).collect()
}

#[test]
fn parts_follow_each_other_at_the_pace_of_the_density_until_the_person_has_enough() {
    let bytes = noise(3_000);
    for (density, rate) in [(Density::Compatible, 5), (Density::Normal, 8), (Density::Fast, 10)] {
        for (end, seconds) in [(Letter('q'), 2), (Escape, 0), (Stop, 0)] {
            let mut bench = Bench::new(cells(134, 70), &[(seconds * 1_000 + 50, end)]);
            show(&mut bench, parcel(&bytes), density).unwrap();
            let texts = bench.texts();
            let shown: Vec<u32> = texts.iter().map(|(_, text)| number(text)).collect();
            assert_eq!(shown, (1..=seconds as u32 * rate + 1).collect::<Vec<_>>(), "{density:?}");
            let mut receiver = Receiver::new(Wanted::PSBT);
            assert!(texts.iter().all(|(_, text)| receiver.take(text).is_ok()));
            assert_eq!(receiver.into_payload().map(|payload| payload.bytes), (seconds > 0).then(|| bytes.clone()));
        }
    }
}

#[test]
fn a_slow_screen_shows_each_part_whole_and_makes_up_for_nothing() {
    let bytes = noise(3_000);
    let mut bench = Bench::new(cells(134, 70), &[(5_000, Stop)]);
    (bench.slow, bench.slow_until) = (ms(400), ms(3_000));
    show(&mut bench, parcel(&bytes), Density::Fast).unwrap();
    let times: Vec<_> = bench.texts().into_iter().map(|(at, _)| at).collect();
    for pair in times.windows(2) {
        let least = if pair[0] < ms(3_000) { 450 } else { 100 };
        assert!(pair[1] - pair[0] >= ms(least) || pair[1] - pair[0] == ms(50) && pair[0] < ms(3_500), "{times:?}");
    }
    let shown = numbers(&bench);
    assert!(shown.windows(2).all(|pair| pair[1] == pair[0] + 1) && shown.len() > 20, "{shown:?}");
}

#[test]
fn one_code_stays_and_is_drawn_once() {
    let mut bench = Bench::new(cells(120, 40), &keys(1_000, &[Letter(' '), Right, Letter('+'), Stop]));
    show(&mut bench, parcel(&noise(100)), Density::Normal).unwrap();
    let texts = bench.texts();
    assert!(texts.len() < 6 && texts.iter().all(|(_, text)| *text == texts[0].1), "{}", texts.len());
    assert!(bench.words()[0].contains("one code"), "{:?}", bench.words());
}

#[test]
fn a_key_changes_the_pace() {
    let bytes = noise(3_000);
    let count = |keys: &[(u64, Key)]| {
        let mut bench = Bench::new(cells(110, 56), keys);
        show(&mut bench, parcel(&bytes), Density::Normal).unwrap();
        let mut seen = numbers(&bench);
        seen.dedup();
        seen.len()
    };
    // 8 a second, then 10 and 15, or 6, 5, 4.
    assert_eq!(count(&[(10, Letter('f')), (1_010, Up), (2_010, Up), (2_050, Stop)]), 1 + 10 + 14);
    assert_eq!(count(&[(10, Letter('s')), (20, Down), (30, Down), (2_050, Stop)]), 1 + 8);
    let mut bench = Bench::new(cells(110, 56), &keys(10, &[Up, Up, Up, Up, Stop]));
    show(&mut bench, parcel(&bytes), Density::Normal).unwrap();
    assert!(bench.words()[1].contains("15 a second is as far as it goes"), "{:?}", bench.words());
    let mut bench = Bench::new(cells(110, 56), &keys(10, &[Down; 12]));
    bench.keys.push_back((ms(200), Stop));
    show(&mut bench, parcel(&bytes), Density::Normal).unwrap();
    assert!(bench.words()[1].contains("1 a second is as far as it goes"), "{:?}", bench.words());
}

#[test]
fn a_key_changes_the_density_and_begins_anew() {
    let bytes = noise(9_000);
    let mut bench = Bench::new(
        cells(134, 70),
        &keys(1_020, &[Letter('+'), Letter('+'), Letter('-'), Letter('-'), Letter('-'), Stop]),
    );
    show(&mut bench, parcel(&bytes), Density::Normal).unwrap();
    let heads: Vec<String> =
        bench.texts().into_iter().map(|(_, text)| text.split('/').nth(1).unwrap().to_owned()).collect();
    let begins: Vec<&String> = heads.iter().filter(|head| head.starts_with("1-")).collect();
    assert_eq!(begins, ["1-16", "1-9", "1-16", "1-27"]);
    let said: Vec<String> = bench.sheets.iter().map(|(_, sheet)| words(sheet)[1].clone()).collect();
    for note in ["fast: the other side begins anew", "fast is the densest", "compatible is the sparsest"] {
        assert!(said.iter().any(|line| line == note), "{note}");
    }
}

#[test]
fn a_pause_a_step_and_a_restart() {
    let bytes = noise(5_000);
    // Part 5 after half a second of 8 a second.
    let keys = [
        (510, Letter(' ')),
        (3_000, Right),
        (3_100, Letter('n')),
        (3_200, Left),
        (3_300, Letter('b')),
        (3_400, Left),
        (5_000, Letter(' ')),
        (5_300, Letter('r')),
        (5_500, Stop),
    ];
    let mut bench = Bench::new(cells(110, 56), &keys);
    show(&mut bench, parcel(&bytes), Density::Normal).unwrap();
    assert_eq!(numbers(&bench), [1, 2, 3, 4, 5, 5, 6, 7, 6, 5, 4, 4, 5, 6, 1, 2]);
    // Not before the first.
    let mut bench = Bench::new(cells(110, 56), &[(10, Left), (20, Left), (30, Stop)]);
    show(&mut bench, parcel(&bytes), Density::Normal).unwrap();
    assert_eq!(numbers(&bench).last(), Some(&1));
    assert!(bench.words()[0].contains("part 1 of 9, paused"), "{:?}", bench.words());
}

#[test]
fn only_what_the_other_side_misses_is_shown() {
    let bytes = noise(9_000);
    for list in ["2,5-6", " 2, 5 - 6 ", "missing: 2,5,6"] {
        let mut all = vec![Letter('m')];
        all.extend(typed(list));
        all.push(Enter);
        let mut keys: Vec<(u64, Key)> = keys(1, &all);
        keys.push((2_000, Stop));
        let mut bench = Bench::new(cells(110, 56), &keys);
        show(&mut bench, parcel(&bytes), Density::Normal).unwrap();
        let shown = numbers(&bench);
        let from = shown.iter().position(|number| *number == 2).unwrap();
        assert_eq!(shown[from..from + 7], [2, 5, 6, 2, 5, 6, 2], "{list}");
        assert!(bench.words()[0].contains("only 2, 5-6"), "{:?}", bench.words());
    }
}

#[test]
fn a_list_that_is_none_changes_nothing() {
    let bytes = noise(9_000);
    for list in ["0", "17", "5-2", "x", "1,,2", "1-99999999999999999999"] {
        let mut all = vec![Letter('m')];
        all.extend(typed(list));
        all.extend([Enter, Stop]);
        let mut bench = Bench::new(cells(110, 56), &keys(1, &all));
        show(&mut bench, parcel(&bytes), Density::Normal).unwrap();
        let words = bench.words();
        assert!(words[1].contains("no list of parts from 1 to 16") && !words[0].contains("only"), "{list}: {words:?}");
    }
    // Taken back, broken off, emptied: all parts.
    let mut all = vec![Letter('m'), Letter('9'), Back, Letter('3'), Enter, Letter('m'), Letter('7'), Escape];
    let mut bench = Bench::new(cells(110, 56), &keys(1, &[&all[..], &[Stop]].concat()));
    show(&mut bench, parcel(&bytes), Density::Normal).unwrap();
    assert!(bench.words()[0].contains("part 3 of 16; normal; only 3"), "{:?}", bench.words());
    all.extend([Letter('m'), Enter, Stop]);
    let mut bench = Bench::new(cells(110, 56), &keys(1, &all));
    show(&mut bench, parcel(&bytes), Density::Normal).unwrap();
    assert!(!bench.words()[0].contains("only"), "{:?}", bench.words());
    // More than a list can be is not kept.
    let mut all = vec![Letter('m')];
    all.extend(typed(&"1,".repeat(300)));
    all.extend([Letter('x'); 20]);
    all.push(Stop);
    let mut bench = Bench::new(cells(80, 25), &keys(1, &all));
    show(&mut bench, parcel(&noise(50)), Density::Normal).unwrap();
    let line = bench.words()[1].clone();
    assert!(line.starts_with("missing parts (1,5,9-12), Enter: 1,1,") && !line.contains('x'), "{line}");
}

#[test]
fn a_window_that_shrinks_gets_sparser_codes_and_one_that_grows_keeps_them() {
    let bytes = noise(3_000);
    let mut bench = Bench::new(cells(110, 56), &[(4_000, Letter('r')), (5_000, Stop)]);
    bench.canvases.extend([(ms(1_000), cells(80, 25)), (ms(2_000), cells(110, 56))]);
    show(&mut bench, parcel(&bytes), Density::Normal).unwrap();
    let versions: Vec<(u64, bool)> =
        bench.texts().iter().map(|(at, text)| (at.as_millis() as u64, text.len() > 160)).collect();
    for (at, large) in versions {
        assert_eq!(large, !(1_000..4_000).contains(&at), "{at}");
    }
    let small = bench.sheets.iter().find(|(at, _)| *at >= ms(1_000)).unwrap();
    let said = words(&small.1);
    assert!(said[0].contains("version 5: no room for more"), "{said:?}");
    assert!(said[1].contains("the other side begins anew"), "{said:?}");
}

#[test]
fn a_window_that_is_too_small_says_how_large_it_must_be() {
    let bytes = noise(3_000);
    for ((columns, rows), says) in
        [((40, 60), "needs 41 and 23"), ((80, 20), "80 columns and 20 rows, and needs 41 and 23"), ((12, 3), "This")]
    {
        let mut bench = Bench::new(cells(columns, rows), &keys(500, &[Letter('+'), Stop]));
        show(&mut bench, parcel(&bytes), Density::Normal).unwrap();
        assert!(bench.texts().is_empty() && bench.words().join(" ").contains(says), "{:?}", bench.words());
    }
    // What was on goes on from there once there is room again.
    let mut bench = Bench::new(cells(110, 56), &[(4_500, Stop)]);
    bench.canvases.extend([(ms(500), cells(30, 10)), (ms(4_000), cells(110, 56))]);
    show(&mut bench, parcel(&bytes), Density::Normal).unwrap();
    assert_eq!(numbers(&bench), [1, 2, 3, 4, 5, 6, 7, 8], "{:?}", bench.sheets.len());
    // Half a megabyte in codes of version 5 has more parts than are counted.
    let bytes = noise(500_000);
    let mut bench = Bench::new(cells(80, 25), &[(500, Stop)]);
    show(&mut bench, parcel(&bytes), Density::Normal).unwrap();
    assert!(bench.words().join(" ").contains("too small for a code"), "{:?}", bench.words());
    let mut bench = Bench::new(cells(80, 25), &[(2_500, Stop)]);
    bench.canvases.push((ms(1_000), cells(110, 56)));
    show(&mut bench, parcel(&bytes), Density::Normal).unwrap();
    assert!(!bench.texts().is_empty());
}

#[test]
fn bbqr_goes_round_and_what_cannot_be_shown_is_refused() {
    let bytes = noise(3_000);
    let packed = Parcel { kind: Kind::Psbt, bytes: &bytes, carrier: Carrier::Bbqr(Packing::Base32) };
    let mut bench = Bench::new(pixels(1024, 768), &[(1_050, Stop)]);
    show(&mut bench, packed, Density::Normal).unwrap();
    let heads: Vec<String> = bench.texts().into_iter().map(|(_, text)| text[4..8].to_owned()).collect();
    assert_eq!(heads, ["0400", "0401", "0402", "0403", "0400", "0401", "0402", "0403", "0400"]);
    let seed = Parcel { kind: Kind::Seed, bytes: b"x", carrier: Carrier::Ur };
    let mut bench = Bench::new(cells(80, 25), &[]);
    assert!(matches!(show(&mut bench, seed, Density::Normal), Err(NotShown::Payload(ShowError::Seed))));
    let binary = Parcel { kind: Kind::Binary, bytes: b"x", carrier: Carrier::Bbqr(Packing::Hex) };
    assert!(matches!(show(&mut bench, binary, Density::Normal), Err(NotShown::Payload(ShowError::Binary))));
    let large = vec![7; 2_000_000];
    assert!(matches!(show(&mut bench, parcel(&large), Density::Normal), Err(NotShown::Payload(ShowError::Ur(_)))));
    assert!(bench.sheets.is_empty());
}

#[test]
fn help_tells_the_keys_and_goes_away() {
    let mut bench = Bench::new(cells(80, 25), &keys(500, &[Letter('?'), Letter('q'), Letter('x'), Stop]));
    show(&mut bench, parcel(&noise(3_000)), Density::Normal).unwrap();
    let helped = bench.sheets.iter().find(|(_, sheet)| words(sheet)[0].contains("The keys")).unwrap();
    assert!(words(&helped.1).last().unwrap().contains("Any key"));
    assert!(bench.words()[1].contains("? tells them"), "{:?}", bench.words());
}
