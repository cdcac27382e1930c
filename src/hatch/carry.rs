//! How PSBTs and other payloads come and go: files in any encoding, texts of codes, pictures of codes.
//!
//! A file that begins as the text of a code does is unwrapped by the room `qr`, each line the text of one code; every
//! other file is a PSBT's own encoding, and `psbt` decides (P22).

use super::exit::Failure;
use crate::{
    psbt::{self, Encoding, ParseError, Place},
    qr::{self, Carrier, Payload, Receiver, Wanted},
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

/// The binary PSBT of a file in any encoding, and how it was wrapped.
///
/// # Errors
/// It holds no PSBT.
pub fn psbt_of(file: &[u8]) -> Result<(Vec<u8>, Wrapping), Failure> {
    if qr::is_text_of_code(file) {
        let payload = unwrap(file, Wanted::PSBT)?;
        return Ok((payload.bytes, Wrapping::Code(payload.carrier)));
    }
    let (binary, encoding) = psbt::unwrap(file)?;
    Ok((binary, Wrapping::File(encoding)))
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
            return Ok(Payload { kind: qr::Kind::Psbt, carrier, bytes });
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
    let payload = Payload { kind: qr::kind_of_bytes(&file), carrier: Carrier::Plain, bytes: file };
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
