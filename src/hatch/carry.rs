//! How PSBTs and other payloads come and go: files in any encoding, texts of codes, pictures of codes.
//!
//! A file that begins as the text of a code does is unwrapped by the room `qr`, each line the text of one code; every
//! other file is a PSBT's own encoding, and `psbt` decides (P22).

use super::exit::Failure;
use crate::{
    exchange::Parcel,
    psbt::{self, Encoding, ParseError, Place},
    qr::{self, Carrier, Density, Payload, Receiver, Wanted},
    review::Transport,
    text::count,
};

/// How a PSBT came, or goes out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wrapping {
    /// In a file of its own encoding.
    File(Encoding),
    /// As the text of codes.
    Code(Carrier),
}

impl Wrapping {
    /// Whether it is meant for a code, where every byte is shown.
    #[must_use]
    pub const fn is_code(self) -> bool {
        matches!(self, Self::Code(_))
    }

    /// How it is shown as codes: UR where it is no code's own wrapping.
    #[must_use]
    pub const fn carrier(self) -> Carrier {
        match self {
            Self::Code(carrier) => carrier,
            Self::File(_) => Carrier::Ur,
        }
    }

    /// A binary PSBT in it; text ends with one LF.
    ///
    /// # Errors
    /// It is larger than codes can carry.
    pub fn wrap(self, binary: &[u8]) -> Result<Vec<u8>, Failure> {
        let text = match self {
            Self::File(encoding) => return Ok(psbt::wrap(binary, encoding)),
            Self::Code(Carrier::Bbqr(packing)) => qr::bbqr_text(qr::Kind::Psbt, binary, packing),
            Self::Code(Carrier::UrOf2023) => qr::ur_text(qr::Kind::Psbt, binary, true),
            Self::Code(_) => qr::ur_text(qr::Kind::Psbt, binary, false),
        };
        Ok(format!("{}\n", text.map_err(|error| Failure::input(error.to_string()))?).into_bytes())
    }
}

/// By what a PSBT came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// A file, or standard input.
    File,
    /// A camera.
    Camera,
    /// A folder of pictures.
    Pictures,
    /// A film.
    Film,
}

/// How a PSBT came: what people are told of it, and how the answer goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Came {
    /// By what.
    pub by: By,
    /// In what.
    pub wrapping: Wrapping,
    /// In how many parts.
    pub parts: usize,
}

impl Came {
    /// A payload of codes, and its bytes.
    #[must_use]
    pub fn of_codes(by: By, payload: Payload) -> (Vec<u8>, Self) {
        (payload.bytes, Self { by, wrapping: Wrapping::Code(payload.carrier), parts: payload.parts })
    }

    /// As the review shows it.
    #[must_use]
    pub fn transport(self) -> Transport {
        let by = match self.by {
            By::File => "in a file",
            By::Camera => "by camera",
            By::Pictures => "in pictures",
            By::Film => "in a film",
        };
        let form = match self.wrapping {
            Wrapping::File(Encoding::Binary) => "binary".to_owned(),
            Wrapping::File(Encoding::Base64) => "base64".to_owned(),
            Wrapping::File(Encoding::Hex) => "hex".to_owned(),
            Wrapping::Code(carrier) => format!("{} in {}", carrier.name(), count(self.parts, "part")),
        };
        let carrier = self.wrapping.carrier();
        // As codes are shown: by BBQr where it came so, else by UR.
        let format = if let Carrier::Bbqr(_) = carrier { carrier } else { Carrier::Ur };
        Transport {
            came: format!("{by}: {form}"),
            format: format.name(),
            codes: Box::new(move |answer| {
                let parcel = Parcel { kind: qr::Kind::Psbt, bytes: answer, carrier };
                parcel.film(Density::Normal.version()).ok().map(|film| film.count())
            }),
        }
    }
}

/// The binary PSBT of a file in any encoding, and how it came.
///
/// # Errors
/// It holds no PSBT.
pub fn psbt_of(file: &[u8]) -> Result<(Vec<u8>, Came), Failure> {
    if qr::is_text_of_code(file) {
        return Ok(Came::of_codes(By::File, unwrap(file, Wanted::PSBT)?));
    }
    let (binary, encoding) = psbt::unwrap(file)?;
    Ok((binary, Came { by: By::File, wrapping: Wrapping::File(encoding), parts: 1 }))
}

/// Any payload of a file: the text of codes, a PSBT, a transaction in hex, or what else it is.
///
/// # Errors
/// It is empty, or damaged.
pub fn payload_of(file: Vec<u8>, named: &str) -> Result<Payload, Failure> {
    if qr::is_text_of_code(&file) {
        return Ok(unwrap(&file, Wanted::ANY)?);
    }
    match psbt::unwrap(&file) {
        Ok((bytes, encoding)) => {
            let carrier = match encoding {
                Encoding::Binary => Carrier::Plain,
                Encoding::Base64 => Carrier::Base64,
                Encoding::Hex => Carrier::Hex,
            };
            return Ok(Payload { kind: qr::Kind::Psbt, carrier, parts: 1, bytes });
        }
        // It begins like a PSBT in text, and is damaged.
        Err(error) if error.rule == "P22" && !file.first().is_some_and(u8::is_ascii_whitespace) => {
            return Err(error.into());
        }
        Err(_) => {}
    }
    if file.is_empty() {
        return Err(Failure::input(format!("`{named}` is empty")));
    }
    let payload = Payload { kind: qr::kind_of_bytes(&file), carrier: Carrier::Plain, parts: 1, bytes: file };
    Ok(transaction(&payload).unwrap_or(payload))
}

/// A transaction in hex, as `psbt finalize` writes it, is carried as its bytes.
fn transaction(payload: &Payload) -> Option<Payload> {
    let text = std::str::from_utf8(&payload.bytes).ok()?.trim_ascii_end();
    // No text of several words is one: it was looked through once, and is not again.
    if text.contains(char::is_whitespace) {
        return None;
    }
    let mut receiver = Receiver::new(Wanted { kinds: &[qr::Kind::Transaction], name: "a transaction" });
    receiver.take_file(text).ok()?;
    receiver.into_payload()
}

/// Texts of codes in a file, one a line: nothing may be wrong with any of them.
fn unwrap(file: &[u8], wanted: Wanted) -> Result<Payload, ParseError> {
    const AGAIN: &str = "write each code's text on a line of its own, all of one message; or export the PSBT as a file";
    let wrong = |what: String| ParseError { rule: "P22", place: Place::Whole, what, remedy: AGAIN };
    let text = std::str::from_utf8(file).map_err(|_| wrong("the text of a code is no UTF-8".to_owned()))?;
    let mut receiver = Receiver::new(wanted);
    for (number, line) in (1usize..).zip(text.lines()) {
        let line = line.trim_ascii_end();
        if !line.is_empty() {
            receiver.take_file(line).map_err(|error| wrong(format!("line {number}: {error}")))?;
        }
    }
    let missing = missing(&receiver);
    receiver.into_payload().ok_or_else(|| wrong(missing))
}

/// What is missing, in words.
#[must_use]
pub(super) fn missing(receiver: &Receiver) -> String {
    let (_, of) = receiver.progress().unwrap_or((0, 0));
    let missing = receiver.missing();
    let parts = if missing.len() == 1 { "part" } else { "parts" };
    let verb = if missing.len() == 1 { "is" } else { "are" };
    format!("{parts} {} of {of} {verb} missing", qr::listed(&missing))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::qr::{Film, Packing};

    fn came(by: By, wrapping: Wrapping, parts: usize) -> String {
        Came { by, wrapping, parts }.transport().came
    }

    #[test]
    fn how_a_psbt_came_is_told() {
        let code = Wrapping::Code;
        for (by, wrapping, parts, words) in [
            (By::File, Wrapping::File(Encoding::Binary), 1, "in a file: binary"),
            (By::File, Wrapping::File(Encoding::Base64), 1, "in a file: base64"),
            (By::File, Wrapping::File(Encoding::Hex), 1, "in a file: hex"),
            (By::File, code(Carrier::Ur), 3, "in a file: UR in 3 parts"),
            (By::Camera, code(Carrier::UrOf2023), 1, "by camera: UR in 1 part"),
            (By::Pictures, code(Carrier::Bbqr(Packing::Zlib)), 12, "in pictures: BBQr in 12 parts"),
            (By::Film, code(Carrier::Pieces), 2, "in a film: pieces in 2 parts"),
            (By::Camera, code(Carrier::Base43), 1, "by camera: base 43 in 1 part"),
        ] {
            assert_eq!(came(by, wrapping, parts), words);
        }
    }

    #[test]
    fn the_codes_of_an_answer_are_those_that_are_shown() {
        let answer: Vec<u8> =
            (0..3_000_u32).map(|n| u8::try_from(n.wrapping_mul(2_654_435_761) >> 24).unwrap()).collect();
        let back = |carrier, answer: &[u8]| {
            Came { by: By::Camera, wrapping: Wrapping::Code(carrier), parts: 1 }.transport().back(answer)
        };
        for carrier in [Carrier::Ur, Carrier::UrOf2023, Carrier::Bbqr(Packing::Base32), Carrier::Bbqr(Packing::Zlib)] {
            let parcel = Parcel { kind: qr::Kind::Psbt, bytes: &answer, carrier };
            let shown = parcel.film(Density::Normal.version()).unwrap().count();
            assert!(shown > 2, "{shown}");
            assert_eq!(back(carrier, &answer), Some(format!("{shown} codes ({}, normal density)", carrier.name())));
        }
        // What came as another text goes back as UR, and a little of it in one code.
        assert_eq!(back(Carrier::Base43, &answer[..100]), Some("1 code (UR, normal density)".to_owned()));
        // More than codes carry is not told in codes.
        assert_eq!(back(Carrier::Bbqr(Packing::Hex), &vec![7; 3_000_000]), None);
    }

    #[test]
    fn a_file_is_known_by_what_is_in_it() {
        let binary: Vec<u8> = [b"psbt\xff".to_vec(), (0..200).map(|n: u8| n.wrapping_mul(167)).collect()].concat();
        for wrapping in [
            Wrapping::File(Encoding::Binary),
            Wrapping::File(Encoding::Base64),
            Wrapping::File(Encoding::Hex),
            Wrapping::Code(Carrier::Ur),
            Wrapping::Code(Carrier::UrOf2023),
            Wrapping::Code(Carrier::Bbqr(Packing::Base32)),
        ] {
            let file = wrapping.wrap(&binary).unwrap();
            assert_eq!(psbt_of(&file).unwrap(), (binary.clone(), Came { by: By::File, wrapping, parts: 1 }));
        }
        let film = Film::ur_within(qr::Kind::Psbt, &binary, 5, false).unwrap();
        let texts: Vec<String> = (1..=film.count()).map(|number| film.part(number)).collect();
        let (bytes, came) = psbt_of(texts.join("\n").as_bytes()).unwrap();
        assert_eq!((bytes, came.parts, came.wrapping), (binary, texts.len(), Wrapping::Code(Carrier::Ur)));
        assert!(texts.len() > 1);
    }
}
