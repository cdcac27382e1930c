//! How PSBTs and other payloads come and go: files in any encoding, texts of codes, pictures of codes.
//!
//! A file that begins as the text of a code does is unwrapped by the room `qr`, each line the text of one code; every
//! other file is a PSBT's own encoding, and `psbt` decides (P22).

use std::{io::IsTerminal, path::Path};

use super::{
    air,
    args::{Density, PsbtArg, PsbtFormat},
    exit::Failure,
    frames::{film, pictures},
    output::read_input,
};
use crate::{
    limits,
    psbt::{self, Encoding, ParseError, Place},
    qr::{self, Carrier, Packing, Payload, Receiver, Wanted},
    text::printable,
};

/// How a PSBT came, or goes out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wrapping {
    /// In a file of its own encoding.
    File(Encoding),
    /// As the text of codes.
    Code(Carrier),
}

impl Wrapping {
    /// The wrapping that was asked for, or the one that came; bytes do not go to a terminal.
    pub(super) fn chosen(format: Option<PsbtFormat>, came: Self, to_file: bool) -> Self {
        match (format, came) {
            (Some(PsbtFormat::Base64), _) => Self::File(Encoding::Base64),
            (Some(PsbtFormat::Binary), _) => Self::File(Encoding::Binary),
            (Some(PsbtFormat::Ur), Self::Code(Carrier::UrOf2023)) => came,
            (Some(PsbtFormat::Ur), _) => Self::Code(Carrier::Ur),
            (Some(PsbtFormat::Bbqr), Self::Code(Carrier::Bbqr(_))) => came,
            (Some(PsbtFormat::Bbqr), _) => Self::Code(Carrier::Bbqr(Packing::Zlib)),
            (None, Self::File(Encoding::Binary)) if !to_file && std::io::stdout().is_terminal() => {
                Self::File(Encoding::Base64)
            }
            (None, Self::File(_) | Self::Code(Carrier::Ur | Carrier::UrOf2023 | Carrier::Bbqr(_))) => came,
            (None, Self::Code(Carrier::Hex)) => Self::File(Encoding::Hex),
            // These are read and not written.
            (None, Self::Code(Carrier::Pieces | Carrier::Base64 | Carrier::Base43 | Carrier::Plain)) => {
                Self::File(Encoding::Base64)
            }
        }
    }

    /// Whether it is meant for a code, where every byte is shown.
    pub(super) const fn is_code(self) -> bool {
        matches!(self, Self::Code(_))
    }

    /// How it is shown as codes: UR where it is no code's own wrapping.
    pub(super) const fn carrier(self) -> Carrier {
        match self {
            Self::Code(carrier) => carrier,
            Self::File(_) => Carrier::Ur,
        }
    }

    /// A binary PSBT in it; text ends with one LF.
    pub(super) fn wrap(self, binary: &[u8]) -> Result<Vec<u8>, Failure> {
        let text = match self {
            Self::File(encoding) => return Ok(psbt::wrap(binary, encoding)),
            Self::Code(Carrier::Bbqr(packing)) => qr::bbqr_text(qr::Kind::Psbt, binary, packing),
            Self::Code(Carrier::UrOf2023) => qr::ur_text(qr::Kind::Psbt, binary, true),
            Self::Code(_) => qr::ur_text(qr::Kind::Psbt, binary, false),
        };
        Ok(format!("{}\n", text.map_err(|error| Failure::input(error.to_string()))?).into_bytes())
    }
}

/// A PSBT in binary, and how it was wrapped.
pub(super) fn read_psbt(source: &PsbtArg) -> Result<(Vec<u8>, Wrapping), Failure> {
    let of_codes = |payload: Payload| (payload.bytes, Wrapping::Code(payload.carrier));
    match (&source.camera, &source.frames, &source.video, &source.psbt) {
        (Some(device), ..) => air::seen(device.as_deref(), Wanted::PSBT).map(of_codes),
        (None, Some(folder), ..) => pictures(folder, Wanted::PSBT).map(of_codes),
        (None, None, Some(path), _) => film(path, Wanted::PSBT).map(of_codes),
        (None, None, None, Some(path)) => read_psbt_file(path),
        (None, None, None, None) => Err(Failure::input("no PSBT was given")),
    }
}

/// The same from a file, or from standard input where the path is `-`.
pub(super) fn read_psbt_file(path: &Path) -> Result<(Vec<u8>, Wrapping), Failure> {
    let file = read_input(path, limits::PSBT_TEXT_BYTES)?;
    if qr::is_text_of_code(&file) {
        let payload = unwrap(&file, Wanted::PSBT)?;
        return Ok((payload.bytes, Wrapping::Code(payload.carrier)));
    }
    let (binary, encoding) = psbt::unwrap(&file)?;
    Ok((binary, Wrapping::File(encoding)))
}

/// Any payload of a file: the text of codes, a PSBT, a transaction in hex, or what else it is.
pub(super) fn read_payload(path: &Path) -> Result<Payload, Failure> {
    let file = read_input(path, limits::PSBT_TEXT_BYTES)?;
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
        return Err(Failure::input(format!("`{}` is empty", printable(&path.to_string_lossy()))));
    }
    let payload = Payload { kind: qr::kind_of_bytes(&file), carrier: Carrier::Plain, bytes: file };
    Ok(transaction(&payload).unwrap_or(payload))
}

/// A transaction in hex, as `psbt finalize` writes it, is carried as its bytes.
fn transaction(payload: &Payload) -> Option<Payload> {
    let text = std::str::from_utf8(&payload.bytes).ok()?.trim_ascii_end();
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
pub(super) fn missing(receiver: &Receiver) -> String {
    let (_, of) = receiver.progress().unwrap_or((0, 0));
    let missing = receiver.missing();
    let parts = if missing.len() == 1 { "part" } else { "parts" };
    let verb = if missing.len() == 1 { "is" } else { "are" };
    format!("{parts} {} of {of} {verb} missing", qr::listed(&missing))
}

impl From<Density> for qr::Density {
    fn from(density: Density) -> Self {
        match density {
            Density::Compatible => Self::Compatible,
            Density::Normal => Self::Normal,
            Density::Fast => Self::Fast,
        }
    }
}
