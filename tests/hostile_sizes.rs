//! The real program before numbers and files that lie about their size: it says no with a sentence, in little time and
//! little memory, whatever was announced.
//!
//! Memory is the peak of the process, and its address space is bounded beside; time is that of the processor, so that a
//! busy machine fails nothing. `STRONGROOM_PROGRAM` names the program that is shipped, which is held to the two seconds
//! themselves; the one of this build, which is not optimised, has ten times as much.

use std::{env, fs, io::Write, process::Command};

use crate::{
    hostile::{payment, treasury},
    hostile_cli::Office,
    program::PROGRAM,
    raw_psbt::{RawPsbt, compact},
};

/// Peak of resident memory, in KiB.
const MEMORY: u64 = 256 * 1024;
/// Processor time, in milliseconds.
const TIME: u64 = 2_000;
/// CompactSize of 2^60, and of 2^63.
const HUGE: [u8; 9] = [0xff, 0, 0, 0, 0, 0, 0, 0, 0x10];
const HUGER: [u8; 9] = [0xff, 0, 0, 0, 0, 0, 0, 0, 0x80];

/// Runs a program with 2 GiB of address space: writes its exit code, milliseconds and KiB into the file that is named
/// first.
const MEASURED: &str = "
import os, resource, sys
pid = os.fork()
if pid == 0:
    resource.setrlimit(resource.RLIMIT_AS, (1 << 31, 1 << 31))
    os.execv(sys.argv[2], sys.argv[2:])
_, status, usage = os.wait4(pid, 0)
spent = round((usage.ru_utime + usage.ru_stime) * 1000)
with open(sys.argv[1], 'w') as out:
    out.write(f'{os.waitstatus_to_exitcode(status)} {spent} {usage.ru_maxrss}')
";

/// The program says no to this, with `code` and a sentence that has `part`.
#[track_caller]
fn bounded(office: &Office, what: &str, arguments: &[&str], code: u64, part: &str) {
    bounded_by(MEMORY, office, what, arguments, code, part);
}

/// The same, within so many KiB.
#[track_caller]
pub(crate) fn bounded_by(most: u64, office: &Office, what: &str, arguments: &[&str], code: u64, part: &str) {
    let mut run = Command::new("python3");
    run.args(["-c", MEASURED, "measured", &PROGRAM]).args(arguments).current_dir(office.path(""));
    let output = run.output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    let measured = fs::read_to_string(office.path("measured")).unwrap();
    let numbers: Vec<u64> = measured.split(' ').map(|number| number.parse().expect(&said)).collect();
    let [found, time, memory] = numbers[..] else { panic!("{measured}") };
    println!("{what}: exit code {found}, {time} ms, {memory} KiB");
    assert_eq!(found, code, "{what}: {said}");
    let shown = format!("{said}{}", String::from_utf8_lossy(&output.stdout));
    assert!(shown.contains(part), "{what}: `{part}` is not said: {shown}");
    assert!(!said.contains("panicked") && !said.contains("memory allocation"), "{what}: {said}");
    assert!(memory < most, "{what}: {memory} KiB");
    let time_allowed = if env::var_os("STRONGROOM_PROGRAM").is_some() { TIME } else { 10 * TIME };
    assert!(time < time_allowed, "{what}: {time} ms");
}

/// A PSBT that is refused while it is read.
#[track_caller]
fn unread(office: &Office, what: &str, psbt: &[u8], part: &str) {
    office.put("huge.psbt", psbt);
    bounded(office, what, &["review", "t.vault", "huge.psbt"], 2, part);
}

fn honest() -> RawPsbt {
    RawPsbt::from_bytes(&payment(&treasury()))
}

/// The unsigned transaction of version 0 with `count` inputs that spend nothing known, and one output.
fn transaction(count: usize) -> Vec<u8> {
    let mut bytes = [&[2, 0, 0, 0][..], &compact(count)].concat();
    for number in 0..count as u32 {
        bytes.extend([&[7; 32][..], &number.to_le_bytes(), &[0], &[0xfd, 0xff, 0xff, 0xff]].concat());
    }
    bytes.extend([&[1][..], &1_000u64.to_le_bytes(), &[22, 0, 20], &[5; 20], &[0; 4]].concat());
    bytes
}

fn of_inputs(count: usize) -> RawPsbt {
    let mut maps = vec![Vec::new(); count + 2];
    maps[0].push((vec![0], transaction(count)));
    RawPsbt { maps, tail: Vec::new() }
}

#[test]
fn counts_of_2_to_the_60() {
    let office = Office::new();
    let version = [2, 0, 0, 0];
    let global = |transaction: &[u8]| RawPsbt { maps: vec![vec![(vec![0], transaction.to_vec())]], tail: vec![0; 64] };
    let inputs = global(&[&version[..], &HUGE, &[0; 64]].concat());
    unread(&office, "inputs of a transaction", &inputs.to_bytes(), "P10");
    let one = transaction(1);
    let outputs = global(&[&one[..46], &HUGE, &one[47..]].concat());
    unread(&office, "outputs of a transaction", &outputs.to_bytes(), "P10");
    let script = global(&[&one[..41], &HUGE, &one[42..]].concat());
    unread(&office, "a script of a transaction", &script.to_bytes(), "P10");
    let two = honest().to_v2();
    for (what, key) in [("inputs", 0x04), ("outputs", 0x05)] {
        for number in [&HUGE[..], &HUGER, &[0xff; 9], &[0xfe, 0xff, 0xff, 0xff, 0xff]] {
            unread(&office, &format!("{what} of version 2"), &two.clone().set(0, &[key], number).to_bytes(), "P");
        }
    }
}

#[test]
fn lengths_of_2_to_the_63() {
    let office = Office::new();
    let raw = honest();
    for length in [&HUGE[..], &HUGER, &[0xff; 9]] {
        for map in 0..raw.maps.len() {
            let Some((key, value)) = raw.maps[map].first().cloned() else { continue };
            let [of_key, of_value] = [compact(key.len()), compact(value.len())];
            unread(&office, "a key", &raw.to_bytes_lying(map, 0, length, &of_value), "P");
            unread(&office, "a value", &raw.to_bytes_lying(map, 0, &of_key, length), "P");
        }
    }
    let utxo = |value: &[u8]| raw.clone().set(1, &[0x01], value).to_bytes();
    unread(&office, "the script of a coin", &utxo(&[&[1; 8][..], &HUGE, &[0; 22]].concat()), "P");
    let field = |key: &[u8], value: &[u8]| raw.clone().with(1, key, value).to_bytes();
    unread(&office, "items of a witness", &field(&[0x08], &[&HUGE[..], &[0; 99]].concat()), "P");
    let previous = [&[2, 0, 0, 0][..], &HUGER, &[0; 99]].concat();
    unread(&office, "inputs of a previous transaction", &raw.clone().set(1, &[0x00], &previous).to_bytes(), "P");
    let leaves = field(&[&[0x16][..], &[0x79; 32]].concat(), &[&HUGE[..], &[0; 99]].concat());
    unread(&office, "leaves of a key", &leaves, "P");
}

#[test]
fn trees_of_128_and_more() {
    let office = Office::new();
    let raw = honest();
    let output = raw.maps.len() - 1;
    let leaf = |depth: u8| [&[depth, 0xc0, 34, 0x20][..], &[0x79; 32], &[0xac]].concat();
    let deep: Vec<u8> = (1..=128).chain([128]).flat_map(leaf).collect();
    // BIP341 has trees so deep: it is read, and is no output of ours.
    office.put("huge.psbt", &raw.clone().with(output, &[0x06], &deep).to_bytes());
    bounded(&office, "a tree of 128", &["review", "t.vault", "huge.psbt"], 1, "REFUSED");
    let deeper: Vec<u8> = (1..=255).flat_map(leaf).collect();
    unread(&office, "a tree of 255", &raw.clone().with(output, &[0x06], &deeper).to_bytes(), "P");
    let block = |steps: usize| [&[0x15, 0xc0][..], &[0x79; 32], &vec![9; 32 * steps]].concat();
    let value = [&leaf(0)[3..], &[0xc0]].concat();
    unread(&office, "a control block of 129 steps", &raw.clone().with(1, &block(129), &value).to_bytes(), "P");
    unread(&office, "a control block of 9,000 steps", &raw.clone().with(1, &block(9_000), &value).to_bytes(), "P");
}

#[test]
fn as_many_pairs_and_inputs_as_fit() {
    let office = Office::new();
    let mut pairs = of_inputs(1_500);
    for map in &mut pairs.maps[1..=1_500] {
        map.extend((0..54u8).map(|number| (vec![0xfc, 1, b'x', number], vec![number])));
    }
    unread(&office, "81,000 pairs", &pairs.to_bytes(), "P");
    let wide = |count: u32| {
        let mut raw = of_inputs(1);
        raw.maps[1] =
            (0..count).map(|number| ([&[0xfc, 1, b'x'][..], &number.to_le_bytes()].concat(), vec![])).collect();
        raw.to_bytes()
    };
    unread(&office, "80,000 pairs in a map", &wide(80_000), "P");
    unread(&office, "1,501 inputs", &of_inputs(1_501).to_bytes(), "P20");
    // It is read, and nothing in it is ours.
    office.put("huge.psbt", &of_inputs(1_500).to_bytes());
    bounded(&office, "1,500 inputs with nothing else", &["review", "t.vault", "huge.psbt"], 1, "U04");
    bounded(&office, "1,500 inputs for machines", &["review", "t.vault", "huge.psbt", "--json"], 1, "U04");
    // Text that grows where it is decoded.
    let text = [&b"cHNidP8"[..], &vec![b'A'; 6 << 20]].concat();
    unread(&office, "6 MiB of base64", &text, "P");
    unread(&office, "8 MiB of hex", &[&b"70736274ff"[..], &vec![b'0'; 8 << 20]].concat(), "P");
}

/// Key records at places of the wallet, under its fingerprint or another, as many as fit: nothing is derived for each.
#[test]
fn key_records_at_many_places() {
    let office = Office::new();
    let raw = honest();
    let record = raw.maps[1].iter().find(|(key, _)| key[0] == 0x06).unwrap().1.clone();
    let many = |fingerprint: &[u8]| {
        let mut many = of_inputs(1_500);
        for (number, map) in many.maps[1..=1_500].iter_mut().enumerate() {
            map.push((vec![0x01], [&[1; 8][..], &[22, 0, 20], &[7; 20]].concat()));
            map.extend((0..20u32).map(|place| {
                let index = number as u32 * 20 + place;
                let key = [&[0x06, 2][..], &[9; 28], &index.to_be_bytes()].concat();
                let path = &record[4..record.len() - 4];
                (key, [fingerprint, path, &index.to_le_bytes()].concat())
            }));
        }
        many.to_bytes()
    };
    for (what, fingerprint) in [("its own", &record[..4]), ("none", &[0; 4]), ("another", &[5; 4])] {
        office.put("huge.psbt", &many(fingerprint));
        let what = format!("30,000 key records under {what}");
        bounded(&office, &what, &["review", "t.vault", "huge.psbt", "--json"], 1, "I1");
    }
}

/// Zeros, deflated with the window of 2^10 that BBQr asks for.
fn bomb(length: u64) -> Vec<u8> {
    let mut engine = flate2::Compress::new_with_window_bits(flate2::Compression::best(), false, 10);
    let zeros = vec![0; 1 << 20];
    let mut out = Vec::with_capacity(2 << 20);
    while engine.total_in() < length {
        engine.compress_vec(&zeros, &mut out, flate2::FlushCompress::None).unwrap();
    }
    while engine.compress_vec(&[], &mut out, flate2::FlushCompress::Finish).unwrap() != flate2::Status::StreamEnd {}
    out
}

fn base32(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let bits = |at: usize| (bytes.get(at / 8).copied().unwrap_or(0) >> (7 - at % 8)) & 1;
    let digit = |start: usize| (start..start + 5).fold(0, |digit, at| digit << 1 | usize::from(bits(at)));
    (0..bytes.len() * 8).step_by(5).map(|start| char::from(DIGITS[digit(start)])).collect()
}

fn base36(number: usize) -> String {
    [number / 36, number % 36]
        .map(|digit| char::from_digit(digit as u32, 36).unwrap().to_ascii_uppercase())
        .iter()
        .collect()
}

#[test]
fn bombs_in_codes_and_pictures() {
    let office = Office::new();
    for length in [64 << 20, 1 << 30] {
        let text = base32(&bomb(length));
        // A multiple of eight digits a part, as BBQr has it.
        let pieces: Vec<&str> = text.as_bytes().chunks(4_000).map(|piece| str::from_utf8(piece).unwrap()).collect();
        let piece =
            |(number, piece): (usize, &&str)| format!("B$ZP{}{}{piece}\n", base36(pieces.len()), base36(number));
        office.put("codes", pieces.iter().enumerate().map(piece).collect::<String>().as_bytes());
        bounded(&office, &format!("{length} zeros in BBQr"), &["qr", "read", "--text", "codes"], 2, "unpack");
        bounded(&office, &format!("{length} zeros, reviewed"), &["review", "t.vault", "codes"], 2, "");
    }
    for text in ["ur:bytes/1-4294967295/lpadascfadaxcywenbpljkhdcahkadaemejtswhhylkep", "B$ZPZZ00AAAAAAAA", "p1of999 x"]
    {
        office.put("codes", text.as_bytes());
        bounded(&office, text, &["qr", "read", "--text", "codes"], 2, "");
    }
    fs::create_dir(office.path("frames")).unwrap();
    for (what, width, height, part) in
        [("a picture of 60,000 by 60,000", 60_000, 60_000, "more than"), ("12 megapixels", 4_000, 3_000, "no readable")]
    {
        office.put("frames/1.png", &picture(width, height));
        bounded(&office, what, &["qr", "read", "--frames", "frames"], 2, part);
    }
}

/// A white picture of four channels; of one that is far too large, the head alone.
fn picture(width: u32, height: u32) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, width, height);
    encoder.set_color(png::ColorType::Rgba);
    let mut writer = encoder.write_header().unwrap();
    if width * height <= 12_000_000 {
        writer.write_image_data(&vec![0xff; (width * height * 4) as usize]).unwrap();
    }
    drop(writer);
    bytes
}

#[test]
fn files_of_a_gibibyte() {
    let office = Office::new();
    fs::File::create(office.path("huge")).unwrap().set_len(1 << 30).unwrap();
    for arguments in [
        &["review", "t.vault", "huge"][..],
        &["psbt", "show", "huge"],
        &["psbt", "finalize", "huge"],
        &["qr", "read", "--text", "huge"],
        &["policy", "test", "t.vault", "pay.psbt", "--policy", "huge"],
    ] {
        bounded(&office, &format!("1 GiB before {}", arguments.join(" ")), arguments, 2, "huge");
    }
    for file in ["slot.b", "journal"] {
        let office = Office::new();
        fs::OpenOptions::new()
            .write(true)
            .open(office.path(&format!("t.vault/{file}")))
            .unwrap()
            .set_len(1 << 30)
            .unwrap();
        bounded(&office, file, &["vault", "check", "t.vault"], 4, file);
    }
}

#[test]
fn what_is_nested_deep() {
    let nested = |open: &str, count: usize, close: &str| open.repeat(count) + &close.repeat(count);
    let office = Office::new();
    let mut file = fs::OpenOptions::new().append(true).open(office.path("t.vault/journal")).unwrap();
    writeln!(file, "{}", nested("[", 500_000, "]")).unwrap();
    bounded(&office, "a line of the journal", &["vault", "check", "t.vault"], 4, "line");
    let office = Office::new();
    for slot in ["t.vault/slot.a", "t.vault/slot.b"] {
        office.put(slot, nested("{\"a\":", 300_000, "}").as_bytes());
    }
    bounded(&office, "both slots", &["vault", "check", "t.vault"], 4, "slot");

    let office = Office::new();
    let deep = |tree: &str| format!("tr({},{tree})", "79".repeat(32));
    let leaves = (0..128).fold("pk(a)".to_owned(), |tree, _| format!("{{pk(a),{tree}}}"));
    for (what, descriptor) in [
        ("a tree of 128", deep(&leaves)),
        ("wsh 2,000 times", nested("wsh(", 1_600, ")")),
        ("wrappers", format!("wsh({}:pk(a))", "v".repeat(8_000))),
        ("braces", deep(&nested("{", 4_000, "}"))),
        ("and_v", format!("wsh({}pk(a){})", "and_v(v:pk(a),".repeat(400), ")".repeat(400))),
        ("too long", nested("wsh(", 200_000, ")")),
    ] {
        office.put("descriptor", descriptor.as_bytes());
        let arguments = ["wallet", "add", "t.vault", "deep", "--descriptor", "descriptor", "--ballot", "alice=alice"];
        bounded(&office, what, &arguments, 2, "descriptor");
    }
    for (what, policy) in [
        ("arrays of a policy", format!("a = {}", nested("[", 30_000, "]"))),
        ("tables of a policy", format!("a = {}", nested("{a=", 15_000, "}"))),
        ("keys of a policy", format!("{} = 1", ["a"; 30_000].join("."))),
    ] {
        office.put("policy", policy.as_bytes());
        bounded(&office, what, &["policy", "test", "t.vault", "pay.psbt", "--policy", "policy"], 2, "line 1");
    }
}
