//! The real program before codes that lie: each is refused with a sentence, in little time, within 64 MiB.
//!
//! Parts of UR are made here from the published word list, as no honest sender makes them. A line stands for a code
//! that was scanned.

use std::{fs, io::Write};

use flate2::{Compress, Compression, FlushCompress};
use strongroom::qr::{Density, Film, Kind, Packing};

use crate::{hostile_cli::Office, hostile_sizes::bounded_by};

/// Peak of resident memory, in KiB.
const MEMORY: u64 = 64 * 1024;

/// A checksum bit by bit (ISO 3309).
fn crc32(bytes: &[u8]) -> u32 {
    let shifted = |sum: u32| if sum & 1 == 1 { sum >> 1 ^ 0xedb8_8320 } else { sum >> 1 };
    !bytes.iter().fold(!0, |sum, byte| (0..8).fold(sum ^ u32::from(*byte), |sum, _| shifted(sum)))
}

/// Bytes as the first and last letter of a word each, and four of checksum.
fn letters(bytes: &[u8]) -> String {
    let vectors: serde_json::Value = serde_json::from_slice(&fs::read("vectors/ur.json").unwrap()).unwrap();
    let cases = vectors["cases"].as_array().unwrap();
    let list = cases.iter().find(|case| case["id"] == "bytewords-wordlist").unwrap()["words"].as_array().unwrap();
    let words: Vec<&str> = list.iter().map(|word| word.as_str().unwrap()).collect();
    let all = [bytes, &crc32(bytes).to_be_bytes()].concat();
    all.iter().flat_map(|byte| [0, 3].map(|at| char::from(words[usize::from(*byte)].as_bytes()[at]))).collect()
}

/// What a part says of itself: number, count, length, checksum; and its bytes.
struct Part {
    numbers: [u32; 4],
    data: Vec<u8>,
}

impl Part {
    /// The inside of a part: a list of four numbers and bytes.
    fn inside(&self) -> Vec<u8> {
        let mut cbor = vec![0x85];
        for number in self.numbers {
            match number {
                0..24 => cbor.push(number as u8),
                24..0x100 => cbor.extend([0x18, number as u8]),
                0x100..0x1_0000 => cbor.extend([&[0x19][..], &(number as u16).to_be_bytes()].concat()),
                _ => cbor.extend([&[0x1a][..], &number.to_be_bytes()].concat()),
            }
        }
        let length = u8::try_from(self.data.len()).unwrap();
        cbor.extend([0x58, length]);
        cbor.extend(&self.data);
        cbor
    }

    fn text(&self, kind: &str) -> String {
        let [number, count, ..] = self.numbers;
        format!("ur:{kind}/{number}-{count}/{}", letters(&self.inside()))
    }
}

/// A message of three parts, and one that was changed.
fn message() -> Vec<u8> {
    [&[0x58, 148][..], &(0..148u8).map(|n| n.wrapping_mul(7)).collect::<Vec<u8>>()].concat()
}

fn part(number: u32) -> Part {
    let message = message();
    let place = (number as usize - 1) * 50;
    Part { numbers: [number, 3, 150, crc32(&message)], data: message[place..place + 50].to_vec() }
}

fn changed(change: impl Fn(&mut Part)) -> Part {
    let mut part = part(2);
    change(&mut part);
    part
}

#[track_caller]
fn refused(office: &Office, what: &str, lines: &[String], sentence: &str) {
    office.put("codes", lines.join("\n").as_bytes());
    bounded_by(MEMORY, office, what, &["qr", "read", "--text", "codes"], 2, sentence);
}

/// The pieces of a file of this letter at the highest density.
fn pieces(kind: Kind, bytes: &[u8], packing: Packing) -> Vec<String> {
    let film = Film::bbqr(kind, bytes, Density::Fast, packing).unwrap();
    (1..=film.count()).map(|number| film.part(number)).collect()
}

#[test]
fn what_is_made_here_is_read_where_nothing_of_it_was_changed() {
    let office = Office::new();
    let texts: Vec<String> = (1..=3).map(|number| part(number).text("bytes")).collect();
    office.put("codes", texts.join("\n").as_bytes());
    let ran = office.run(&["qr", "read", "--text", "codes", "-o", "out"]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    assert_eq!(fs::read(office.path("out")).unwrap(), message()[2..]);
}

#[test]
fn hostile_parts_of_ur_are_refused_at_once() {
    let office = Office::new();
    let is = |what: &str, text: String, sentence: &str| refused(&office, what, &[text], sentence);
    let numbers = "the part's numbers are wrong";
    is("part 0", changed(|part| part.numbers[0] = 0).text("bytes"), numbers);
    is("of 0 parts", changed(|part| part.numbers[1] = 0).text("bytes"), numbers);
    let many = changed(|part| part.numbers[..2].copy_from_slice(&[u32::MAX, u32::MAX - 1]));
    is("parts beyond any memory", many.text("bytes"), "more than 4096 parts");
    let millions = |n| changed(|part| part.numbers[..2].copy_from_slice(&[n, 50_000_000])).text("bytes");
    let sentence = "more than 4096 parts";
    refused(&office, "millions of parts", &(0..400).map(|n| millions(50_000_001 + n)).collect::<Vec<_>>(), sentence);
    let head = |numbers: &str, part: &Part| format!("ur:bytes/{numbers}/{}", letters(&part.inside()));
    let sentence = "the part's head says other numbers than its inside";
    is("another number inside", head("3-3", &part(2)), sentence);
    is("millions inside", head("2-3", &changed(|part| part.numbers[1] = 50_000_000)), sentence);
    let fits = "length does not fit the number and size of its parts";
    for (what, length) in [("no length", 0), ("too short", 100), ("too long", 151)] {
        is(what, changed(|part| part.numbers[2] = length).text("bytes"), fits);
    }
    is("a gigabyte", changed(|part| part.numbers[2] = 1 << 30).text("bytes"), "larger than");
    let lie: Vec<String> = (1..=3)
        .map(|number| {
            let mut part = part(number);
            part.numbers[3] ^= 1;
            part.text("bytes")
        })
        .collect();
    refused(&office, "a checksum that is a lie", &lie, "does not have the checksum that they name");
    let trailing = [part(2).inside(), vec![0xf6]].concat();
    is("bytes behind the part", format!("ur:bytes/2-3/{}", letters(&trailing)), "more bytes follow");
    let text = part(2).text("bytes");
    is("truncated", text[..text.len() - 20].to_owned(), "the checksum is wrong");
    is("a letter that is none", text.replacen("bytes/2-3/", "bytes/2-3/\u{430}", 1), "letters that are no bytewords");
    is("a longer text than a code's", format!("{text}{}", "ae".repeat(2_148)), "a code has at most 4296");
    // What is another message is never mixed in, whichever came first; what is of no type that is read binds nobody.
    let garbage = part(2).text("garbage");
    let others = [
        ("a foreign first part", garbage, "a UR of type `garbage`, which is not read"),
        ("another type", part(2).text("crypto-psbt"), "another message"),
        ("another message", changed(|part| part.numbers[3] ^= 1).text("bytes"), "another message"),
    ];
    for (what, other, sentence) in others {
        for lines in [[other.clone(), part(1).text("bytes")], [part(1).text("bytes"), other]] {
            refused(&office, what, &lines, sentence);
        }
    }
    refused(&office, "one part thousands of times", &vec![text; 5_000], "are missing");
    // A count that its sender can hold, with each part mixed.
    let sender = Film::ur(Kind::Binary, &vec![7; 1 << 19], Density::Compatible, false).unwrap();
    let mixed: Vec<String> = (0..400).map(|n| sender.part(4_000_000_000 + n)).collect();
    refused(&office, "mixed parts alone", &mixed, "are missing");
}

#[test]
fn hostile_pieces_of_bbqr_are_refused_at_once() {
    let office = Office::new();
    let is = |what: &str, text: &str, sentence: &str| refused(&office, what, &[text.to_owned()], sentence);
    is("a sign in the count", "B$HP+100AABB", "the numbers of a BBQr code are wrong");
    is("no count", "B$HP0000AABB", "the numbers of a BBQr code are wrong");
    is("a letter beyond ASCII", "B$HP0200AAB\u{411}", "characters that are none of the encoding");
    is("no base32", "B$2P0200A1AAAAAA", "characters that are none of the encoding");
    is("one of many", &format!("B$ZUZZ00{}", "A".repeat(4_280)), "are missing");
    let conflict = ["B$HP0300AABB", "B$HP0300AABC"].map(str::to_owned);
    refused(&office, "another content of the same piece", &conflict, "another message");
    let noise: String = (1..900u32).map(|n| format!("{:08x}", n.pow(3).wrapping_mul(2_654_435_761))).collect();
    let whole = pieces(Kind::Text, noise.as_bytes(), Packing::Zlib);
    assert!(whole.len() > 1 && whole[0].starts_with("B$Z"), "{}", whole[0]);
    let mut cut = whole.clone();
    let last = cut.last_mut().unwrap();
    last.truncate(8 + (last.len() - 8) / 16 * 8);
    refused(&office, "a stream that ends too early", &cut, "is damaged");
    // 200 MB of blanks, in pieces under the letter of what is not packed, which is exchanged then.
    let mut packer = Compress::new_with_window_bits(Compression::best(), false, 10);
    let mut packed = Vec::with_capacity(1 << 20);
    packer.compress_vec(&vec![b' '; 200_000_000], &mut packed, FlushCompress::Finish).unwrap();
    let relabelled = |bytes: &[u8]| -> Vec<String> {
        pieces(Kind::Text, bytes, Packing::Base32).iter().map(|piece| piece.replacen("B$2", "B$Z", 1)).collect()
    };
    let bomb = relabelled(&packed);
    assert!((100..300).contains(&bomb.len()), "{}", bomb.len());
    refused(&office, "a bomb of 200 MB", &bomb, "the content unpacks to more than");
    let small = pieces(Kind::Text, &vec![b' '; 1 << 20], Packing::Zlib);
    assert!(small.len() < 5);
    refused(&office, "a bomb of a megabyte", &small, "the content unpacks to more than");
    refused(&office, "what is no stream", &relabelled(&vec![b'A'; 1 << 20]), "is damaged");
    let digit = |value: u32| char::from_digit(value, 36).unwrap().to_ascii_uppercase();
    let zeros = |n: u32| format!("B$2UZZ{}{}{}", digit(n / 36), digit(n % 36), "A".repeat(4_280));
    refused(&office, "as much as can be counted", &(0..1_295).map(zeros).collect::<Vec<_>>(), "larger than");
}

/// Pictures that unpack to more than a photograph.
#[test]
fn hostile_pictures_are_refused_at_once() {
    let office = Office::new();
    fs::create_dir(office.path("huge")).unwrap();
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, 60_000, 60_000);
    encoder.set_color(png::ColorType::Grayscale);
    drop(encoder.write_header().unwrap());
    bytes.flush().unwrap();
    office.put("huge/a.png", &bytes);
    bounded_by(MEMORY, &office, "a huge picture", &["qr", "read", "--frames", "huge"], 2, "more than 12 megapixels");
}
