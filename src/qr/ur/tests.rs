use proptest::prelude::*;

use super::*;

#[track_caller]
fn refused(text: &str, expected: UrError) {
    assert_eq!(open(text).unwrap_err(), expected, "{text}");
}

fn sample() -> Part {
    Part { kind: "bytes".into(), number: 1, count: 3, length: 8, sum: 7, data: vec![1, 2, 3] }
}

fn parts(seed: u8, length: usize, size: usize) -> Vec<Part> {
    let message: Vec<u8> = (0..length).map(|n| (n * 7) as u8 ^ seed).collect();
    let sender = Sender::new("bytes", message, size).unwrap();
    (1..=sender.count() * 4).map(|number| sender.part(number)).collect()
}

#[test]
fn a_text_is_read_in_either_case() {
    let text = sample().text();
    assert_eq!(open(&text), Ok(Ur::Part(sample())));
    assert_eq!(open(&text.to_uppercase()), Ok(Ur::Part(sample())));
    let whole = single("bytes", &[0x41, 9]);
    assert_eq!(open(&whole.to_uppercase()), Ok(Ur::Whole { kind: "bytes".into(), cbor: vec![0x41, 9] }));
}

#[test]
fn texts_that_are_no_part_are_refused_before_anything_is_kept() {
    refused("uhr:bytes/aeadaolazmjendeoti", UrError::Scheme);
    refused("", UrError::Scheme);
    refused("ur:aeadaolazmjendeoti", UrError::NoType);
    refused("ur:/aeadaolazmjendeoti", UrError::Type(String::new()));
    refused("ur:by\u{202e}tes/aeadaolazmjendeoti", UrError::Type("by\\u{202e}tes".into()));
    refused("ur:bytes/aeadaolazmjendeozz", UrError::Letters);
    refused("ur:bytes/aeadaolazmjendeoae", UrError::Checksum);
    refused("ur:bytes/", UrError::Short);
    refused("ur:bytes/1of2/qqqq/qqqq", UrError::FirstVersion);
    for numbers in ["0-1", "1-0", "1-1a", "01-2", "+1-2", "1", "-1-2", "1-2-3", "4294967296-2", " 1-2"] {
        refused(&format!("ur:bytes/{numbers}/aeadaolazmjendeoti"), UrError::Numbers);
    }
    refused("ur:bytes/1-2/aead/aeadaolazmjendeoti", UrError::Numbers);
    // A count that no honest sender has, however its inside looks.
    refused("ur:bytes/4294967295-4294967294/aeadaolazmjendeoti", UrError::Parts);
    refused("ur:bytes/50000001-50000000/aeadaolazmjendeoti", UrError::Parts);
    refused("ur:bytes/1-4097/aeadaolazmjendeoti", UrError::Parts);
}

#[test]
fn a_part_whose_numbers_do_not_go_together_is_refused() {
    let changed = |change: &dyn Fn(&mut Part)| {
        let mut part = sample();
        change(&mut part);
        open(&part.text()).unwrap_err()
    };
    assert_eq!(changed(&|part| part.length = 10), UrError::Length);
    assert_eq!(changed(&|part| part.length = 6), UrError::Length);
    assert_eq!(changed(&|part| part.length = 0), UrError::Length);
    assert_eq!(changed(&|part| part.data.clear()), UrError::Length);
    assert_eq!(changed(&|part| part.number = 0), UrError::Numbers);
    let large = |part: &mut Part| (part.count, part.length) = (4096, 1 << 20 | 1);
    assert_eq!(changed(&large), UrError::TooLarge);
    // The head against the inside: the 50 million parts of which the head knows nothing.
    let head =
        |part: &Part, numbers: &str| format!("ur:bytes/{numbers}/{}", bytewords::encode(&part.cbor(), Style::Minimal));
    for (number, count) in [(2, 3), (1, 4), (50_000_001, 50_000_000)] {
        refused(&head(&Part { number, count, ..sample() }, "1-3"), UrError::Head);
    }
    // Bytes after the part, a part of four, a part with a number of 64 bits.
    let with = |cbor: &[u8]| format!("ur:bytes/1-3/{}", bytewords::encode(cbor, Style::Minimal));
    refused(&with(&[sample().cbor(), vec![0]].concat()), UrError::Content("more bytes follow"));
    refused(&with(&[0x84, 1, 3, 8, 7]), UrError::Content("a part is a list of five"));
    refused(&with(&[0x85, 1, 0x1b, 0, 0, 0, 1, 0, 0, 0, 0, 8, 7, 0x40]), UrError::Content("a number above 32 bits"));
}

#[test]
fn a_message_whose_checksum_is_a_lie_is_dropped_when_it_is_whole() {
    let mut message = None;
    for mut part in parts(0, 30, 10).into_iter().take(3) {
        part.sum ^= 1;
        let message = message.get_or_insert_with(|| Message::of(&part));
        assert!(message.whole().is_none());
        message.put(part).unwrap();
    }
    assert_eq!(message.unwrap().whole(), Some(Err(UrError::WholeChecksum)));
}

#[test]
fn what_does_not_fit_into_one_message_is_not_sent() {
    let error = |length, most| Sender::new("bytes", vec![0; length], most).err();
    assert_eq!(error(limits::QR_MESSAGE_BYTES + 1, 1000), Some(UrError::TooLarge));
    assert_eq!(error(4097, 1), Some(UrError::Parts));
    assert_eq!(error(4096, 1), None);
}

#[test]
fn fragments_fill_their_frames_and_do_not_burst_them() {
    for characters in [395, 758, 1249, 2132] {
        for length in [500, 5_000, 60_000, 300_000] {
            let most = fragment("crypto-psbt", length, characters);
            let sender = Sender::new("crypto-psbt", vec![0xff; length], most).unwrap();
            let longest = sender.part(99_999).text().len();
            assert!(longest <= characters, "{characters} {length}: {longest}");
            let more = Sender::new("crypto-psbt", vec![0xff; most.saturating_mul(200)], most + 1).unwrap();
            assert!(more.part(99_999).text().len() > characters - 8, "{characters} {length}");
        }
    }
}

/// Parts that a receiver needs for 194 fragments, over 80 messages: (mean, largest), in fragments.
fn needed(first: u32, loss: f64) -> (f64, f64) {
    let (mut sum, mut most) = (0.0, 0.0f64);
    for seed in 0..80u8 {
        let message: Vec<u8> = (0..194 * 4).map(|n| (n * 31 + usize::from(seed) * 17) as u8).collect();
        let sender = Sender::new("bytes", message.clone(), 4).unwrap();
        let mut random = crate::qr::random::Xoshiro::seeded(&[seed]);
        let mut receiver = Message::of(&sender.part(1));
        let mut shown = 0u32;
        while receiver.whole().is_none() {
            let part = sender.part(first + shown);
            shown += 1;
            if random.next() as f64 / 2f64.powi(64) >= loss {
                receiver.put(part).unwrap();
            }
        }
        assert_eq!(receiver.whole().unwrap().unwrap(), message);
        let ratio = f64::from(shown) / 194.0;
        sum += ratio;
        most = most.max(ratio);
    }
    (sum / 80.0, most)
}

/// The bound is 1 / (1 - loss).
#[test]
fn parts_needed_stay_near_the_bound() {
    assert_eq!(needed(1, 0.0), (1.0, 1.0));
    let (mean, most) = needed(195, 0.0);
    assert!(mean <= 1.05 && most <= 1.1, "late, no loss: {mean} {most}");
    let (mean, most) = needed(195, 0.3);
    assert!(mean <= 1.07 / 0.7 && most <= 1.3 / 0.7, "late, 30 % lost: {mean} {most}");
    let (mean, most) = needed(1, 0.3);
    assert!(mean <= 1.15 / 0.7 && most <= 1.3 / 0.7, "from the start, 30 % lost: {mean} {most}");
}

proptest! {
    /// Whatever is lost and in whatever order parts come: the message is whole exactly when nothing is missing, and
    /// then it is the message.
    #[test]
    fn any_parts_in_any_order(
        length in 1usize..400,
        size in 1usize..40,
        order in prop::collection::vec(any::<prop::sample::Index>(), 0..120),
    ) {
        let all = parts(3, length, size);
        let mut message = Message::of(&all[0]);
        for index in order {
            let part = &all[index.index(all.len())];
            prop_assert!(message.has(part));
            let before = message.progress().0;
            let fresh = message.put(part.clone()).unwrap();
            prop_assert_eq!(message.progress().0, before + usize::from(fresh));
            prop_assert_eq!(message.whole().is_some(), message.missing().is_empty());
        }
        for number in message.missing() {
            prop_assert!(message.put(all[number - 1].clone()).unwrap());
        }
        let expected: Vec<u8> = (0..length).map(|n| (n * 7) as u8 ^ 3).collect();
        prop_assert_eq!(message.whole(), Some(Ok(expected)));
    }

    #[test]
    fn any_text_is_taken_or_refused(text in "(ur:)?(bytes|psbt)?/?([0-9]{1,3}-[0-9]{1,3}/)?[a-z\u{0}-\u{ff}]{0,40}") {
        let _outcome = open(&text);
    }

    #[test]
    fn any_bytes_are_a_part_or_not(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
        if let Ok(part) = Part::read("bytes", &bytes) {
            prop_assert_eq!(part.cbor(), bytes);
        }
    }
}
