use super::bench::{Bench, cells, ms, noise, parcel, pixels, words};
use crate::{
    exchange::{NotShown, Parcel, Shelf, Shown, show},
    port::Key::{self, Back, Down, Enter, Escape, Left, Letter, Right, Stop, Up},
    qr::{Carrier, Density, Film, Kind, Packing, Receiver, ShowError, Wanted},
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
            show(&mut bench, parcel(&bytes), density, Shelf::Kept).unwrap();
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
    show(&mut bench, parcel(&bytes), Density::Fast, Shelf::Kept).unwrap();
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
    show(&mut bench, parcel(&noise(100)), Density::Normal, Shelf::Kept).unwrap();
    let texts = bench.texts();
    assert!(texts.len() < 6 && texts.iter().all(|(_, text)| *text == texts[0].1), "{}", texts.len());
    assert!(bench.words()[0].contains("one code"), "{:?}", bench.words());
}

#[test]
fn a_key_changes_the_pace() {
    let bytes = noise(3_000);
    let count = |keys: &[(u64, Key)]| {
        let mut bench = Bench::new(cells(110, 56), keys);
        show(&mut bench, parcel(&bytes), Density::Normal, Shelf::Kept).unwrap();
        let mut seen = numbers(&bench);
        seen.dedup();
        seen.len()
    };
    // 8 a second, then 10 and 15, or 6, 5, 4.
    assert_eq!(count(&[(10, Letter('f')), (1_010, Up), (2_010, Up), (2_050, Stop)]), 1 + 10 + 14);
    assert_eq!(count(&[(10, Letter('s')), (20, Down), (30, Down), (2_050, Stop)]), 1 + 8);
    let mut bench = Bench::new(cells(110, 56), &keys(10, &[Up, Up, Up, Up, Stop]));
    show(&mut bench, parcel(&bytes), Density::Normal, Shelf::Kept).unwrap();
    assert!(bench.words()[1].contains("15 a second is as far as it goes"), "{:?}", bench.words());
    let mut bench = Bench::new(cells(110, 56), &keys(10, &[Down; 12]));
    bench.keys.push_back((ms(200), Stop));
    show(&mut bench, parcel(&bytes), Density::Normal, Shelf::Kept).unwrap();
    assert!(bench.words()[1].contains("1 a second is as far as it goes"), "{:?}", bench.words());
}

#[test]
fn a_key_changes_the_density_and_begins_anew() {
    let bytes = noise(9_000);
    let mut bench = Bench::new(
        cells(134, 70),
        &keys(1_020, &[Letter('+'), Letter('+'), Letter('-'), Letter('-'), Letter('-'), Stop]),
    );
    show(&mut bench, parcel(&bytes), Density::Normal, Shelf::Kept).unwrap();
    let heads: Vec<String> =
        bench.texts().into_iter().map(|(_, text)| text.split('/').nth(1).unwrap().to_owned()).collect();
    let begins: Vec<&String> = heads.iter().filter(|head| head.starts_with("1-")).collect();
    assert_eq!(begins, ["1-16", "1-9", "1-16", "1-27", "1-39"]);
    let said: Vec<String> = bench.sheets.iter().map(|(_, sheet)| words(sheet)[1].clone()).collect();
    for note in ["fast: the other side begins anew", "fast is the densest", "version 12: the other side begins anew"] {
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
    show(&mut bench, parcel(&bytes), Density::Normal, Shelf::Kept).unwrap();
    assert_eq!(numbers(&bench), [1, 2, 3, 4, 5, 5, 6, 7, 6, 5, 4, 4, 5, 6, 1, 2]);
    // Not before the first.
    let mut bench = Bench::new(cells(110, 56), &[(10, Left), (20, Left), (30, Stop)]);
    show(&mut bench, parcel(&bytes), Density::Normal, Shelf::Kept).unwrap();
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
        show(&mut bench, parcel(&bytes), Density::Normal, Shelf::Kept).unwrap();
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
        show(&mut bench, parcel(&bytes), Density::Normal, Shelf::Kept).unwrap();
        let words = bench.words();
        assert!(words[1].contains("no list of parts from 1 to 16") && !words[0].contains("only"), "{list}: {words:?}");
    }
    // Taken back, broken off, emptied: all parts.
    let mut all = vec![Letter('m'), Letter('9'), Back, Letter('3'), Enter, Letter('m'), Letter('7'), Escape];
    let mut bench = Bench::new(cells(110, 56), &keys(1, &[&all[..], &[Stop]].concat()));
    show(&mut bench, parcel(&bytes), Density::Normal, Shelf::Kept).unwrap();
    assert!(bench.words()[0].contains("part 3 of 16; normal; only 3"), "{:?}", bench.words());
    all.extend([Letter('m'), Enter, Stop]);
    let mut bench = Bench::new(cells(110, 56), &keys(1, &all));
    show(&mut bench, parcel(&bytes), Density::Normal, Shelf::Kept).unwrap();
    assert!(!bench.words()[0].contains("only"), "{:?}", bench.words());
    // More than a list can be is not kept.
    let mut all = vec![Letter('m')];
    all.extend(typed(&"1,".repeat(300)));
    all.extend([Letter('x'); 20]);
    all.push(Stop);
    let mut bench = Bench::new(cells(80, 25), &keys(1, &all));
    show(&mut bench, parcel(&noise(3_000)), Density::Normal, Shelf::Kept).unwrap();
    let line = bench.words()[1].clone();
    assert!(line.starts_with("missing parts (1,5,9-12), Enter; Esc: leave: 1,1,") && !line.contains('x'), "{line}");
}

#[test]
fn a_window_that_shrinks_gets_sparser_codes_and_one_that_grows_keeps_them() {
    let bytes = noise(3_000);
    let mut bench = Bench::new(cells(110, 56), &[(4_000, Letter('r')), (5_000, Stop)]);
    bench.canvases.extend([(ms(1_000), cells(80, 25)), (ms(2_000), cells(110, 56))]);
    show(&mut bench, parcel(&bytes), Density::Normal, Shelf::Kept).unwrap();
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
        show(&mut bench, parcel(&bytes), Density::Normal, Shelf::Kept).unwrap();
        assert!(bench.texts().is_empty() && bench.words().join(" ").contains(says), "{:?}", bench.words());
    }
    // What was on goes on from there once there is room again.
    let mut bench = Bench::new(cells(110, 56), &[(4_500, Stop)]);
    bench.canvases.extend([(ms(500), cells(30, 10)), (ms(4_000), cells(110, 56))]);
    show(&mut bench, parcel(&bytes), Density::Normal, Shelf::Kept).unwrap();
    assert_eq!(numbers(&bench), [1, 2, 3, 4, 5, 6, 7, 8], "{:?}", bench.sheets.len());
    // Half a megabyte in codes of version 5 has more parts than are counted.
    let bytes = noise(500_000);
    let mut bench = Bench::new(cells(80, 25), &[(500, Stop)]);
    show(&mut bench, parcel(&bytes), Density::Normal, Shelf::Kept).unwrap();
    assert!(bench.words().join(" ").contains("too small for a code"), "{:?}", bench.words());
    let mut bench = Bench::new(cells(80, 25), &[(2_500, Stop)]);
    bench.canvases.push((ms(1_000), cells(110, 56)));
    show(&mut bench, parcel(&bytes), Density::Normal, Shelf::Kept).unwrap();
    assert!(!bench.texts().is_empty());
}

#[test]
fn bbqr_goes_round_and_what_cannot_be_shown_is_refused() {
    let bytes = noise(3_000);
    let packed = Parcel { kind: Kind::Psbt, bytes: &bytes, carrier: Carrier::Bbqr(Packing::Base32) };
    let mut bench = Bench::new(pixels(1024, 768), &[(1_050, Stop)]);
    show(&mut bench, packed, Density::Normal, Shelf::Kept).unwrap();
    let heads: Vec<String> = bench.texts().into_iter().map(|(_, text)| text[4..8].to_owned()).collect();
    assert_eq!(heads, ["0400", "0401", "0402", "0403", "0400", "0401", "0402", "0403", "0400"]);
    let seed = Parcel { kind: Kind::Seed, bytes: b"x", carrier: Carrier::Ur };
    let mut bench = Bench::new(cells(80, 25), &[]);
    assert!(matches!(show(&mut bench, seed, Density::Normal, Shelf::Kept), Err(NotShown::Payload(ShowError::Seed))));
    let binary = Parcel { kind: Kind::Binary, bytes: b"x", carrier: Carrier::Bbqr(Packing::Hex) };
    assert!(matches!(
        show(&mut bench, binary, Density::Normal, Shelf::Kept),
        Err(NotShown::Payload(ShowError::Binary))
    ));
    let large = vec![7; 2_000_000];
    assert!(matches!(
        show(&mut bench, parcel(&large), Density::Normal, Shelf::Kept),
        Err(NotShown::Payload(ShowError::Ur(_)))
    ));
    assert!(bench.sheets.is_empty());
}

#[test]
fn help_tells_the_keys_and_goes_away() {
    let mut bench = Bench::new(cells(80, 25), &keys(500, &[Letter('?'), Letter('q'), Letter('x'), Stop]));
    show(&mut bench, parcel(&noise(3_000)), Density::Normal, Shelf::Kept).unwrap();
    let helped = bench.sheets.iter().find(|(_, sheet)| words(sheet)[0].contains("The keys")).unwrap();
    assert!(words(&helped.1).last().unwrap().contains("Any key"));
    assert!(bench.words()[1].contains("? tells them"), "{:?}", bench.words());
}

#[test]
fn what_is_nowhere_else_is_not_left_without_a_word() {
    let bytes = noise(3_000);
    for canvas in [cells(110, 56), cells(30, 12)] {
        for end in [Letter('q'), Escape, Stop] {
            // Leaning on a key that ends everything else is no answer.
            let all = [end, Escape, Stop, Letter('Q')];
            let mut bench = Bench::new(canvas.clone(), &keys(500, &all));
            show(&mut bench, parcel(&bytes), Density::Normal, Shelf::OnlyHere).unwrap();
            assert_eq!(bench.clock.get(), ms(2_000));
            assert!(bench.words().join(" ").contains("nowhere else"), "{:?}", bench.words());
        }
    }
    // From the list and from the help too; r and any other key go back to the codes.
    let all = [Letter('m'), Letter('3'), Stop, Letter('x'), Letter('?'), Stop, Letter('r'), Letter('q'), Letter('q')];
    let mut bench = Bench::new(cells(110, 56), &keys(500, &all));
    show(&mut bench, parcel(&bytes), Density::Normal, Shelf::OnlyHere).unwrap();
    assert_eq!(bench.clock.get(), ms(4_500));
    assert_eq!(bench.sheets.iter().filter(|(_, sheet)| words(sheet)[0].contains("nowhere else")).count(), 3);
    let shown = numbers(&bench);
    assert!(shown.iter().filter(|number| **number == 1).count() >= 2 && shown.last() > Some(&2), "{shown:?}");
}

#[test]
fn it_is_told_whether_each_part_was_on_the_screen() {
    let bytes = noise(3_000);
    let run = |canvas, keys: &[(u64, Key)]| {
        show(&mut Bench::new(canvas, keys), parcel(&bytes), Density::Normal, Shelf::Kept).unwrap()
    };
    let large = || cells(110, 56);
    // Six parts, eight a second.
    assert_eq!(run(large(), &[(600, Letter('q'))]), Shown::Parts);
    assert_eq!(run(large(), &[(700, Letter('q'))]), Shown::Whole);
    // Mixed parts come after the numbered ones, and what was whole stays so.
    assert_eq!(run(large(), &[(5_000, Stop)]), Shown::Whole);
    // The same two again and again, with a pause, in front of a help, in no room.
    let some: Vec<(u64, Key)> = keys(1, &[Letter('m'), Letter('1'), Letter(','), Letter('3'), Enter]);
    assert_eq!(run(large(), &[some, vec![(5_000, Letter('q'))]].concat()), Shown::Parts);
    assert_eq!(run(large(), &[(300, Letter(' ')), (5_000, Letter('q'))]), Shown::Parts);
    assert_eq!(run(large(), &[(300, Letter('?')), (5_000, Letter('x')), (5_001, Letter('q'))]), Shown::Parts);
    assert_eq!(run(cells(20, 8), &[(5_000, Letter('q'))]), Shown::Parts);
    // Other codes are another message.
    assert_eq!(run(large(), &[(700, Letter('-')), (900, Letter('q'))]), Shown::Parts);
    let one = show(&mut Bench::new(large(), &[(10, Escape)]), parcel(&noise(100)), Density::Normal, Shelf::Kept);
    assert_eq!(one.unwrap(), Shown::Whole);
}

#[test]
fn a_window_that_was_made_larger_says_that_there_is_room() {
    let bytes = noise(3_000);
    for (from, to) in [((120, 40), (200, 70)), ((80, 25), (133, 69))] {
        let mut bench = Bench::new(cells(from.0, from.1), &[(2_000, Stop)]);
        bench.canvases.push((ms(1_000), cells(to.0, to.1)));
        show(&mut bench, parcel(&bytes), Density::Normal, Shelf::Kept).unwrap();
        let said = words(&bench.sheets[0].1);
        assert!(said[0].contains("no room for more"), "{said:?}");
        let said = bench.words();
        assert!(said[0].contains("room for more now") && said[1].contains("r begins anew"), "{said:?}");
    }
    // Smaller and large again: what was said of the small window is said no more.
    let mut bench = Bench::new(cells(133, 69), &[(4_000, Letter('r')), (5_000, Stop)]);
    bench.canvases.extend([(ms(1_000), cells(80, 25)), (ms(2_000), cells(133, 69)), (ms(3_000), cells(80, 25))]);
    show(&mut bench, parcel(&bytes), Density::Normal, Shelf::Kept).unwrap();
    let at = |from: u64| words(&bench.sheets.iter().find(|(at, _)| *at >= ms(from)).unwrap().1);
    assert!(at(1_100)[1].contains("the window is smaller"), "{:?}", at(1_100));
    assert!(at(2_000)[1].contains("room for denser codes now"), "{:?}", at(2_000));
    assert!(!at(3_000)[1].contains("room for denser") && at(3_000)[0].contains("no room for more"), "{:?}", at(3_000));
}

#[test]
fn a_key_says_what_it_changed_and_sparser_is_sparser_in_a_small_window_too() {
    let bytes = noise(3_000);
    // Version 5 is what 80 by 25 gives.
    let run = |pressed: &[Key]| {
        let mut bench = Bench::new(cells(80, 25), &keys(1_020, &[pressed, &[Stop]].concat()));
        show(&mut bench, parcel(&bytes), Density::Normal, Shelf::Kept).unwrap();
        let heads: Vec<String> = bench.texts().iter().map(|(_, text)| text.split('/').nth(1).unwrap().into()).collect();
        (heads, bench.words())
    };
    let (heads, said) = run(&[Letter(' '), Letter('+')]);
    assert!(said[0].contains("paused") && said[1].starts_with("no room for denser codes"), "{said:?}");
    assert!(heads.iter().filter(|head| head.starts_with("1-")).count() == 1, "{heads:?}");
    let (heads, said) = run(&[Letter('s'), Letter('s'), Letter('s'), Letter(' '), Letter('-')]);
    assert!(said[1].starts_with("version 4: the other side begins anew"), "{said:?}");
    let (first, last) = (&heads[0], heads.last().unwrap());
    assert!(last.starts_with("1-") && first != last && said[0].contains("paused"), "{first} {last} {said:?}");
    let (_, said) = run(&[Letter('-'), Letter('-')]);
    assert_eq!(said[1], "version 4 is the sparsest");
    let (_, said) = run(&[Letter('s'), Letter('s'), Letter('s'), Letter('-'), Letter('+')]);
    assert!(said[0].contains("version 5") && said[1].starts_with("version 5: the other side"), "{said:?}");
}

#[test]
fn a_list_that_is_wrong_stays_to_be_mended() {
    let bytes = noise(3_000);
    let mut all = vec![Letter('m')];
    all.extend(typed("1,99"));
    all.extend([Enter, Back, Back, Letter('3')]);
    let run = |keys_: &[Key]| {
        let mut bench = Bench::new(cells(110, 56), &keys(1, &[keys_, &[Stop]].concat()));
        show(&mut bench, parcel(&bytes), Density::Normal, Shelf::Kept).unwrap();
        bench.words()
    };
    assert_eq!(run(&all[..6])[1], "no list of parts from 1 to 6, such as 1,3-4; Esc: leave: 1,99_");
    assert_eq!(run(&all)[1], "missing parts (1,3-4), Enter; Esc: leave: 1,3_");
    // A scanner does not take it back: what it types next is the list.
    let again: Vec<Key> = all[..6].iter().copied().chain(typed("2,4")).collect();
    assert_eq!(run(&again)[1], "missing parts (1,3-4), Enter; Esc: leave: 2,4_");
    all.push(Enter);
    assert!(run(&all)[0].ends_with("only 1, 3"), "{:?}", run(&all));
}

#[test]
fn a_locale_without_utf_8_and_a_long_round_are_said() {
    let blanks = |columns, rows| crate::port::Canvas::Cells { rows, columns, halves: false };
    let run = |canvas, bytes: &[u8], pressed: &[Key]| {
        let mut bench = Bench::new(canvas, &keys(500, &[pressed, &[Stop]].concat()));
        show(&mut bench, parcel(bytes), Density::Normal, Shelf::Kept).unwrap();
        bench.words()
    };
    let said = run(blanks(120, 60), &noise(3_000), &[]);
    assert!(said[1].contains("no UTF-8") && said[1].contains("twice the room"), "{said:?}");
    for (canvas, pressed) in [(blanks(120, 60), &[Letter('?')][..]), (blanks(60, 30), &[])] {
        let said = run(canvas, &noise(3_000), pressed).join(" ");
        assert!(said.contains("LANG=C.UTF-8"), "{said}");
        let said = run(cells(80, 25), &noise(3_000), pressed).join(" ");
        assert!(!said.contains("UTF-8"), "{said}");
    }
    let large = noise(60_000);
    let said = run(cells(80, 25), &large, &[]);
    let parts = Film::ur_within(Kind::Psbt, &large, 5, false).unwrap().count();
    assert!((150 * 8..210 * 8).contains(&parts), "{parts}");
    assert_eq!(said[1], "a round takes about 3 minutes: quicker in a larger window, then r");
    assert!(run(blanks(100, 60), &large, &[])[1].contains("LANG=C.UTF-8"));
    let said = run(cells(80, 25), &large, &[Letter('-')]);
    assert!(said[1].contains("begins anew; a round takes about"), "{said:?}");
    assert!(run(cells(80, 25), &large, &[Down])[1].contains("about 4 minutes"));
    assert!(!run(cells(133, 69), &large, &[])[1].contains("round"));
}
