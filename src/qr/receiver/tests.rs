use proptest::prelude::{ProptestConfig, any, prop, prop_assert, prop_assert_eq, proptest};

use super::*;
use crate::qr::{
    Density, Film, Packing, bbqr_text,
    bytewords::{self, Style},
    ur_text,
};

fn psbt(seed: u8, length: usize) -> Vec<u8> {
    let mut random = crate::qr::random::Xoshiro::seeded(&[seed]);
    b"psbt\xff".iter().copied().chain((5..length).map(|_| random.next() as u8)).collect()
}

fn film(seed: u8, length: usize) -> Film {
    Film::ur(Kind::Psbt, &psbt(seed, length), Density::Compatible, false).unwrap()
}

fn cut(seed: u8, length: usize, packing: Packing) -> Film {
    Film::bbqr(Kind::Psbt, &psbt(seed, length), Density::Compatible, packing).unwrap()
}

fn pieces(text: &str, size: usize) -> Vec<String> {
    let all: Vec<&[u8]> = text.as_bytes().chunks(size).collect();
    let piece = |(n, piece): (usize, &&[u8])| format!("p{n}of{} {}", all.len(), String::from_utf8_lossy(piece));
    (1..).zip(&all).map(piece).collect()
}

fn fresh() -> Receiver {
    Receiver::new(Wanted::ANY)
}

/// Takes all texts; the last completes.
#[track_caller]
fn received(texts: &[String]) -> Payload {
    let mut receiver = fresh();
    for text in texts {
        receiver.take(text).unwrap();
    }
    receiver.into_payload().expect("not whole")
}

#[test]
fn every_format_is_received_and_names_itself() {
    let bytes = psbt(1, 3_000);
    let is = |texts: &[String], carrier| {
        let parts = texts.len();
        assert_eq!(received(texts), Payload { kind: Kind::Psbt, carrier, parts, bytes: bytes.clone() });
    };
    let all = |film: Film| (1..=film.count()).map(|n| film.part(n)).collect::<Vec<_>>();
    is(&all(film(1, 3_000)), Carrier::Ur);
    is(&all(Film::ur(Kind::Psbt, &bytes, Density::Fast, true).unwrap()), Carrier::UrOf2023);
    is(&all(cut(1, 3_000, Packing::Hex)), Carrier::Bbqr(Packing::Hex));
    is(&all(cut(1, 3_000, Packing::Base32)), Carrier::Bbqr(Packing::Base32));
    use bitcoin::base64::{Engine as _, engine::general_purpose::STANDARD};
    let base64 = STANDARD.encode(&bytes);
    is(std::slice::from_ref(&base64), Carrier::Base64);
    is(&pieces(&base64, 300), Carrier::Pieces);
    let text = b"{\"a\": [1, 2, 3, 4, 5, 6, 7, 8, 9, 1, 2, 3, 4, 5, 6, 7, 8, 9, 1, 2, 3, 4, 5, 6, 7, 8, 9]}";
    let json = received(&all(Film::bbqr(Kind::Json, text, Density::Fast, Packing::Zlib).unwrap()));
    assert_eq!((json.kind, json.carrier), (Kind::Json, Carrier::Bbqr(Packing::Zlib)));
    let bytes = received(&all(Film::ur(Kind::Json, text, Density::Fast, false).unwrap()));
    assert_eq!((bytes.kind, bytes.bytes), (Kind::Json, text.to_vec()));
}

#[test]
fn progress_counts_and_names_what_is_missing() {
    let film = film(1, 3_000);
    let mut receiver = fresh();
    assert_eq!((receiver.progress(), receiver.missing()), (None, vec![]));
    let count = film.count() as usize;
    assert_eq!(receiver.take(&film.part(2)), Ok(Step::Part { fresh: true }));
    assert_eq!(receiver.take(&film.part(2)), Ok(Step::Part { fresh: false }));
    assert_eq!(receiver.progress(), Some((1, count)));
    assert_eq!(receiver.missing(), [&[1], &(3..=count).collect::<Vec<_>>()[..]].concat());
    for number in (1..count as u32).map(|n| n + film.count()) {
        receiver.take(&film.part(number)).unwrap();
    }
    for number in receiver.missing() {
        receiver.take(&film.part(number as u32)).unwrap();
    }
    assert_eq!(receiver.take(&film.part(1)), Ok(Step::Done));
    assert_eq!(receiver.payload().unwrap().bytes, psbt(1, 3_000));
}

#[test]
fn only_what_is_wanted_is_taken() {
    let mut receiver = Receiver::new(Wanted::PSBT);
    assert_eq!(receiver.take("hello"), Err(Refusal::Unwanted(Kind::Text, "a PSBT")));
    let account = Film::ur(Kind::Text, &[b'x'; 3_000], Density::Compatible, false).unwrap();
    for number in 1..account.count() {
        receiver.take(&account.part(number)).unwrap();
    }
    assert_eq!(receiver.take(&account.part(account.count())), Err(Refusal::Unwanted(Kind::Text, "a PSBT")));
    // It waits for a first part again.
    assert_eq!(receiver.progress(), None);
    assert_eq!(receiver.take(&film(1, 100).part(1)), Ok(Step::Done));
    let sskr = format!("ur:sskr/{}", bytewords::encode(&[0x41, 1], Style::Minimal));
    assert_eq!(fresh().take(&sskr), Err(Refusal::UrType("sskr".into())));
    let key = "ur:crypto-hdkey/1-2/lpadaoataycywenbpljkgdae";
    assert_eq!(Receiver::new(Wanted::PSBT).take(key).unwrap_err().code(), "checksum");
}

#[test]
fn another_message_is_offered_and_never_mixed_in() {
    let (first, second) = (film(1, 3_000), film(2, 3_000));
    let mut receiver = fresh();
    receiver.take(&first.part(1)).unwrap();
    let of = first.count() as usize;
    for number in [1, 2] {
        assert_eq!(receiver.take(&second.part(number)), Err(Refusal::Mixed { seen: 1, of }));
    }
    // A part of the first between them: they are no three in a row.
    assert_eq!(receiver.take(&first.part(2)), Ok(Step::Part { fresh: true }));
    for number in [1, 2] {
        assert_eq!(receiver.take(&second.part(number)), Err(Refusal::Mixed { seen: 2, of }));
    }
    assert_eq!(receiver.take(&second.part(3)), Ok(Step::Another));
    assert_eq!(receiver.progress(), Some((2, of)));
    assert!(!receiver.turn());
    assert_eq!(receiver.progress(), Some((3, second.count() as usize)));
    for number in 4..=second.count() {
        receiver.take(&second.part(number)).unwrap();
    }
    assert_eq!(receiver.payload().unwrap().bytes, psbt(2, 3_000));
    // The payload stays while a third is shown, until it is turned to; that one is whole in one code.
    let third = film(3, 100).part(1);
    for _ in 0..2 {
        assert!(receiver.take(&third).is_err());
    }
    assert_eq!(receiver.take(&third), Ok(Step::Another));
    assert_eq!(receiver.payload().unwrap().bytes, psbt(2, 3_000));
    assert!(receiver.turn());
    assert_eq!(receiver.payload().unwrap().bytes, psbt(3, 100));
    assert!(receiver.turn());
}

#[test]
fn pieces_of_two_messages_are_told_apart_by_what_can_tell_them() {
    let mixed = |one: &str, other: &str| {
        let mut receiver = fresh();
        receiver.take(one).unwrap();
        matches!(receiver.take(other), Err(Refusal::Mixed { .. }))
    };
    assert!(mixed("B$HP0300AABB", "B$HP0300AABC"), "another content of the same piece");
    assert!(mixed("B$HP0300AABB", "B$HP0201AABB"), "another count");
    assert!(mixed("B$HP0300AABB", "B$2P0301AE"), "another packing");
    assert!(mixed("B$HP0300AABB", "B$HT0301AABB"), "another type");
    assert!(mixed("B$HP0300AABB", "B$HP0301AA"), "another size");
    assert!(mixed("B$HP0300AABB", "B$HP0302AABBCC"), "a last piece that is longer");
    assert!(mixed("B$HP0302AABBCC", "B$HP0300AABB"), "a last piece that was longer");
    assert!(!mixed("B$HP0300AABB", "B$HP0302AA"), "a last piece that is shorter");
    assert!(mixed("p1of3 abc", "p1of3 abd") && mixed("p1of3 abc", "p2of2 abc") && mixed("p1of3 abc", "p2of3 ab"));
    for bad in ["p0of3 a", "p4of3 a", "p1of0 a", "p1of1000 a", "p01of3 a", "p1of3 "] {
        assert_eq!(fresh().take(bad), Err(Refusal::Pieces), "{bad}");
    }
    assert_eq!(fresh().take("point of no return").map(|_| ()), Ok(()), "a text");
}

#[test]
fn a_whole_that_is_damaged_is_dropped() {
    let mut receiver = fresh();
    receiver.take("B$ZP0200AAAAAAAA").unwrap();
    assert_eq!(receiver.take("B$ZP0201AAAAAAAA"), Err(Refusal::Bbqr(BbqrError::Damaged)));
    assert_eq!(receiver.progress(), None);
    let mut receiver = fresh();
    receiver.take("B$HP0200AAAAAAAA").unwrap();
    assert_eq!(receiver.take("B$HP0201AAAAAAAA"), Err(Refusal::Plain(PlainError::NoPsbt)));
    let mut receiver = fresh();
    receiver.take("p1of2 cHNidP8").unwrap();
    assert_eq!(receiver.take("p2of2 ****"), Err(Refusal::Plain(PlainError::Base64)));
    assert_eq!(receiver.progress(), None);
}

#[test]
fn a_bomb_of_many_pieces_is_refused() {
    let packed = crate::qr::packed::deflate(&vec![0; 48 << 20]).unwrap();
    let text: String = bbqr_text(Kind::Text, b"x", Packing::Base32).unwrap();
    assert!(text.starts_with("B$2U0100"));
    // Packed bytes, cut as if they were not, under another letter.
    let split = bbqr::split(&packed, b'P', Packing::Base32, (30, 40)).unwrap();
    let mut receiver = fresh();
    let mut outcome = Ok(Step::Done);
    for piece in split.pieces {
        outcome = receiver.take(&piece.replacen("B$2", "B$Z", 1));
    }
    assert_eq!(outcome, Err(Refusal::Bbqr(BbqrError::TooLarge)));
    assert_eq!(receiver.progress(), None);
}

#[test]
fn texts_longer_than_a_code_come_from_files_only() {
    let text = ur_text(Kind::Psbt, &psbt(1, 3_000), false).unwrap();
    assert_eq!(fresh().take(&text), Err(Refusal::TooLong(text.len())));
    let mut receiver = fresh();
    assert_eq!(receiver.take_file(&text), Ok(Step::Done));
    assert_eq!(receiver.into_payload().unwrap().bytes, psbt(1, 3_000));
}

/// What an attacker's camera, or screen, may show: each is refused at once and changes nothing.
#[test]
fn hostile_parts_change_nothing() {
    let film = film(1, 3_000);
    let honest = |number: u32| match ur::open(&film.part(number)).unwrap() {
        Ur::Part(part) => part,
        Ur::Whole { .. } => panic!("one code"),
    };
    let with = |change: &dyn Fn(&mut Part)| {
        let mut part = honest(3);
        change(&mut part);
        part
    };
    let inside =
        |head: &str, part: &Part| format!("ur:crypto-psbt/{head}/{}", bytewords::encode(&part.cbor(), Style::Minimal));
    let count = film.count();
    let trailing = [honest(3).cbor(), vec![0xf6]].concat();
    let hostile = [
        with(&|part| part.number = 0).text(),
        with(&|part| (part.number, part.count) = (u32::MAX, u32::MAX - 1)).text(),
        with(&|part| (part.number, part.count) = (50_000_001, 50_000_000)).text(),
        inside(&format!("3-{count}"), &with(&|part| part.count = 50_000_000)),
        inside(&format!("4-{count}"), &honest(3)),
        with(&|part| part.length = 1 << 30).text(),
        with(&|part| part.length *= 2).text(),
        with(&|part| part.length = 1).text(),
        with(&|part| part.data.push(0)).text(),
        with(&|part| part.data.clear()).text(),
        with(&|part| part.sum ^= 1).text(),
        with(&|part| part.kind = "crypto-account".into()).text(),
        with(&|part| part.kind = "garbage".into()).text(),
        format!("ur:crypto-psbt/3-{count}/{}", bytewords::encode(&trailing, Style::Minimal)),
        film.part(3).replace("CRYPTO-PSBT", "CRYPTO-PS\u{412}T"),
        film.part(3)[..200].to_owned(),
        "B$HP0300AABB".to_owned(),
        "B$HPZZZZAABB".to_owned(),
        "ur:bytes/1of3/abc/def".to_owned(),
        "\u{1b}[2J".to_owned(),
        String::new(),
        "A".repeat(limits::QR_TEXT + 1),
    ];
    let mut receiver = fresh();
    receiver.take(&film.part(1)).unwrap();
    for text in &hostile {
        let outcome = receiver.take(text);
        assert!(outcome.is_err(), "{text}: {outcome:?}");
        assert_eq!(receiver.progress(), Some((1, count as usize)), "{text}");
    }
    for number in 2..=count {
        receiver.take(&film.part(number)).unwrap();
    }
    assert_eq!(receiver.payload().unwrap().bytes, psbt(1, 3_000));
    // A foreign first part binds nobody: the honest message is offered, and whole after a turn.
    for text in &hostile {
        let mut receiver = fresh();
        let first = receiver.take(text);
        for number in 1..=count {
            if receiver.take(&film.part(number)) == Ok(Step::Another) {
                receiver.turn();
            }
        }
        assert_eq!(receiver.payload().unwrap().bytes, psbt(1, 3_000), "{text}: {first:?}");
    }
}

#[test]
fn a_part_that_contradicts_is_refused_and_the_rest_goes_on() {
    let film = film(1, 3_000);
    let mut receiver = fresh();
    receiver.take(&film.part(1)).unwrap();
    let Ur::Part(mut part) = ur::open(&film.part(1)).unwrap() else { panic!("one code") };
    part.data[0] ^= 1;
    assert_eq!(receiver.take(&part.text()), Err(Refusal::Ur(UrError::Contradiction)));
    for number in 2..=film.count() {
        receiver.take(&film.part(number)).unwrap();
    }
    assert_eq!(receiver.payload().unwrap().bytes, psbt(1, 3_000));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    /// Two messages of one size and length on one screen, in any order: what is whole is one of them.
    #[test]
    fn mixed_messages_never_give_another_payload(
        order in prop::collection::vec((any::<bool>(), 1u32..40), 1..80),
        turning in any::<bool>(),
    ) {
        let films = [film(1, 2_000), film(2, 2_000)];
        let mut receiver = fresh();
        for (second, number) in order {
            let step = receiver.take(&films[usize::from(second)].part(number));
            if turning && step == Ok(Step::Another) {
                receiver.turn();
            }
        }
        if let Some(payload) = receiver.payload() {
            prop_assert!([psbt(1, 2_000), psbt(2, 2_000)].contains(&payload.bytes));
        }
    }

    /// Pieces of BBQr have no name of their own, but each repeats: once a piece contradicts, it and those that follow
    /// are the other film's, until one of the first film comes again.
    #[test]
    fn pieces_of_one_film_after_the_other(
        first in 1u32..6,
        from in 0u32..6,
        packing in prop::sample::select(vec![Packing::Hex, Packing::Base32]),
    ) {
        let films = [cut(1, 2_000, packing), cut(2, 2_000, packing)];
        let count = films[0].count();
        let first = first.min(count - 1);
        let mut receiver = fresh();
        for number in 1..=first {
            receiver.take(&films[0].part(number)).unwrap();
        }
        for number in (1..=count).map(|number| number + from % first) {
            if receiver.take(&films[1].part(number)) == Ok(Step::Another) {
                receiver.turn();
            }
        }
        prop_assert_eq!(&receiver.into_payload().unwrap().bytes, &psbt(2, 2_000));
    }

    #[test]
    fn any_texts_are_taken_or_refused(texts in prop::collection::vec(
        "(ur:bytes/|ur:psbt/1-2/|B\\$[HZ2]P0[1-3]0[0-2]|p[1-3]of3 |cHNidP8|70736274ff)?[0-9A-Za-z$*+./:\u{0}-\u{ff}-]{0,24}",
        1..12,
    )) {
        let mut receiver = fresh();
        for text in texts {
            if receiver.take(&text) == Ok(Step::Another) {
                receiver.turn();
            }
        }
    }
}
