//! What comes through a camera, as texts of codes one after the other.

use std::str;

use strongroom::qr::{
    Kind, Payload, Receiver, Refusal, Step, Wanted, is_text_of_code, kind_of_bytes, of_list, ur_of_keys,
};

/// Texts of codes, a line each: the receiver keeps count, and a payload is one of the wanted kinds.
pub fn qr(data: &[u8]) {
    let _ = (kind_of_bytes(data), is_text_of_code(data));
    let Ok(text) = str::from_utf8(data) else { return };
    let _ = of_list(text, u32::MAX);
    for wanted in [Wanted::ANY, Wanted::PSBT] {
        let mut receiver = Receiver::new(wanted);
        for line in text.split('\n') {
            match receiver.take(line) {
                Ok(Step::Done) => assert!(receiver.payload().is_some()),
                Ok(Step::Part { .. }) => assert!(receiver.payload().is_none()),
                Ok(Step::Another) => {
                    let _ = receiver.turn();
                }
                Err(error) => super::readable(&Refusal::to_string(&error)),
            }
            if let Some((seen, of)) = receiver.progress() {
                assert!(seen <= of, "{seen} of {of}");
                assert!(receiver.missing().len() <= of);
            }
        }
        if let Some(payload) = receiver.into_payload() {
            assert!(wanted.kinds.contains(&payload.kind));
            let _ = payload.word_numbers();
        }
    }
    let _ = Receiver::new(Wanted::ANY).take_file(text);
}

/// What stands behind the checksums of UR, which no fuzzer hits by itself: the content of a type, or parts of a message.
pub fn ur(data: &[u8]) {
    const TYPES: [&str; 9] = [
        "bytes",
        "crypto-psbt",
        "psbt",
        "crypto-hdkey",
        "hdkey",
        "crypto-output",
        "output-descriptor",
        "crypto-account",
        "account-descriptor",
    ];
    let [kind, rest @ ..] = data else { return };
    let name = TYPES[usize::from(*kind & 0x7f) % TYPES.len()];
    if kind & 0x80 != 0 {
        return parts(name, rest);
    }
    let Some(first) = whole(&format!("ur:{name}/{}", letters(rest))) else { return };
    if !matches!(first.kind, Kind::Key | Kind::Descriptor | Kind::Account) {
        return;
    }
    let text = str::from_utf8(&first.bytes).unwrap();
    text.lines().for_each(super::readable);
    // What is written of keys is read as what it was written from.
    if let Ok(again) = ur_of_keys(first.kind, text) {
        let second = whole(&again).expect("our own");
        let third = ur_of_keys(second.kind, str::from_utf8(&second.bytes).unwrap());
        assert_eq!((second.kind, third), (first.kind, Ok(again)), "{text}");
    }
}

/// The payload of one text.
fn whole(text: &str) -> Option<Payload> {
    let mut receiver = Receiver::new(Wanted::ANY);
    match receiver.take_file(text) {
        Ok(step) => assert_eq!(step, Step::Done),
        Err(error) => super::readable(&error.to_string()),
    }
    receiver.into_payload()
}

/// Parts of the same size, each with numbers of its own.
fn parts(name: &str, data: &[u8]) {
    let [size, count, length, sum, rest @ ..] = data else { return };
    let mut receiver = Receiver::new(Wanted::ANY);
    for part in rest.chunks(usize::from(*size) + 2) {
        let [number, change, bytes @ ..] = part else { return };
        // Now and then a number that is another's.
        let count = if change & 0x81 == 0x81 { u32::from(*change) << 8 } else { u32::from(*count) };
        let number = if change & 0x42 == 0x42 { u32::MAX - u32::from(*number) } else { u32::from(*number) };
        let mut inside = vec![0x85];
        for value in [number, count, u32::from(*length), u32::from(*sum)] {
            head(&mut inside, 0, value);
        }
        head(&mut inside, 2, bytes.len() as u32);
        inside.extend(bytes);
        match receiver.take(&format!("ur:{name}/{number}-{count}/{}", letters(&inside))) {
            Ok(Step::Done) => assert!(receiver.payload().is_some()),
            Ok(Step::Part { .. }) => {}
            Ok(Step::Another) => {
                let _ = receiver.turn();
            }
            Err(error) => super::readable(&error.to_string()),
        }
        if let Some((seen, of)) = receiver.progress() {
            assert!(seen <= of && receiver.missing().len() + seen == of, "{seen} of {of}: {:?}", receiver.missing());
        }
    }
}

/// A head of CBOR in its shortest form.
fn head(out: &mut Vec<u8>, major: u8, value: u32) {
    match value {
        0..24 => out.push(major << 5 | value as u8),
        24..0x100 => out.extend([major << 5 | 24, value as u8]),
        0x100..0x1_0000 => {
            out.push(major << 5 | 25);
            out.extend((value as u16).to_be_bytes());
        }
        _ => {
            out.push(major << 5 | 26);
            out.extend(value.to_be_bytes());
        }
    }
}

/// Bytes with their checksum, two letters each (BCR-2020-012, minimal).
fn letters(bytes: &[u8]) -> String {
    const PAIRS: &[u8; 512] =
        b"aeadaoaxaaahamatayasbkbdbnbtbabsbebybgbwbbbzcmchcscfcycwcecackctcxclcpcndkdadsdidedtdrdndwdpdmdl\
    dyeheyeoeeecenemetesftfrfnfsfmfhfzfpfwfxfyfefgflfdgagegrgsgtglgwgdgygmgughgohfhghdhkhthphhhlhyhe\
    hnhsidiaieihiyioisinimjejzjnjtjljojsjpjkjykpkoktkskkknkgkekikblblalylflslrlplnltloldlelulklgmnmy\
    mhmemomumwmdmtmsmknlnyndnsntnnnenboyoeotoxonolospdptpkpypspmplpepfpaprqdqzrerprlrorhrdrkrfryrnrs\
    rtsesasrssskswstspsosgsbsfsntotktitttdtetytltbtstptatnuyuoutueurvtvyvovlvevwvavdvswlwdwmwpwewyws\
    wtwnwzwfwkykynylyaytzszoztzczezm";
    let shifted = |sum: u32| if sum & 1 == 1 { sum >> 1 ^ 0xedb8_8320 } else { sum >> 1 };
    let sum = !bytes.iter().fold(!0, |sum, byte| (0..8).fold(sum ^ u32::from(*byte), |sum, _| shifted(sum)));
    let all = bytes.iter().copied().chain(sum.to_be_bytes());
    all.flat_map(|byte| [0, 1].map(|at| char::from(PAIRS[usize::from(byte) * 2 + at]))).collect()
}
