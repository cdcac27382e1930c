//! How PSBTs and other payloads come and go: files in any encoding, texts of codes, pictures of codes.
//!
//! A file that begins as the text of a code does is unwrapped by the room `qr`, each line the text of one code; every
//! other file is a PSBT's own encoding, and `psbt` decides (P22).

use std::{io::IsTerminal, path::Path};

use super::{
    air,
    args::{Density, PsbtArg, PsbtFormat},
    exit::Failure,
    output::read_input,
};
use crate::{
    device::{Folder, complain, read_file},
    limits,
    port::Store,
    psbt::{self, Encoding, ParseError, Place},
    qr::{self, Carrier, Packing, Payload, Receiver, Refusal, Step, Wanted},
    text::{count, printable},
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
    match (&source.camera, &source.frames, &source.psbt) {
        (Some(device), ..) => air::seen(device.as_deref(), Wanted::PSBT).map(of_codes),
        (None, Some(folder), _) => pictures(folder, Wanted::PSBT).map(of_codes),
        (None, None, Some(path)) => read_psbt_file(path),
        (None, None, None) => Err(Failure::input("no PSBT was given")),
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
fn missing(receiver: &Receiver) -> String {
    let (_, of) = receiver.progress().unwrap_or((0, 0));
    let missing = receiver.missing();
    let parts = if missing.len() == 1 { "part" } else { "parts" };
    let verb = if missing.len() == 1 { "is" } else { "are" };
    format!("{parts} {} of {of} {verb} missing", qr::listed(&missing))
}

/// The payload of the pictures in a folder, PNG files in the order of their names.
pub(super) fn pictures(folder: &Path, wanted: Wanted) -> Result<Payload, Failure> {
    let named = printable(&folder.to_string_lossy());
    if !folder.is_dir() {
        return Err(Failure::input(format!("--frames {named}: there is no such folder")));
    }
    let is_png =
        |name: &String| name.get(name.len().saturating_sub(4)..).is_some_and(|e| e.eq_ignore_ascii_case(".png"));
    let names: Vec<String> = Folder::at(folder).names()?.into_iter().filter(is_png).collect();
    if names.is_empty() || names.len() > limits::QR_PICTURES {
        let most = limits::QR_PICTURES;
        return Err(Failure::input(format!("--frames {named}: {} PNG pictures; 1 to {most} are read", names.len())));
    }
    let texts = names.iter().map(|name| {
        let picture = read_file(&folder.join(name), limits::PICTURE_BYTES).map_err(|error| error.to_string());
        let text = picture.and_then(|picture| qr::read_picture(&picture).map_err(|error| error.to_string()));
        (printable(name), text)
    });
    scanned(texts, "picture", wanted)
}

/// The payload of texts as a scanner types them, one a line.
pub(super) fn lines(path: &Path, wanted: Wanted) -> Result<Payload, Failure> {
    let file = read_input(path, limits::PSBT_TEXT_BYTES)?;
    let text = String::from_utf8(file).map_err(|_| Failure::input("the scanned text is no UTF-8"))?;
    let lines = (1usize..).zip(text.lines()).filter(|(_, line)| !line.trim_ascii_end().is_empty());
    scanned(
        lines.map(|(number, line)| (format!("line {number}"), Ok(line.trim_ascii_end().to_owned()))),
        "line",
        wanted,
    )
}

/// Lines of talk about single texts; more are only counted.
const NOTES: usize = 12;

/// What was scanned may hold misread codes: these are named and left out. Where it holds parts of two messages, nothing
/// is kept: nobody is there to choose.
fn scanned(
    texts: impl Iterator<Item = (String, Result<String, String>)>,
    noun: &str,
    wanted: Wanted,
) -> Result<Payload, Failure> {
    let mut receiver = Receiver::new(wanted);
    let (mut seen, mut useless) = (0usize, 0usize);
    for (name, text) in texts {
        seen = seen.saturating_add(1);
        let error = match text.map(|text| receiver.take(&text)) {
            Ok(Ok(Step::Part { .. } | Step::Done)) => continue,
            Ok(Ok(Step::Another) | Err(Refusal::Mixed { .. })) => {
                return Err(Failure::input(format!("{name}: a part of another message than those before it"))
                    .remedy("keep only what belongs to one message, and read again"));
            }
            Ok(Err(error)) => error.to_string(),
            Err(error) => error,
        };
        useless = useless.saturating_add(1);
        if useless <= NOTES {
            complain(&format!("{name}: {error}"));
        }
    }
    if useless > NOTES {
        complain(&format!("and {} more", useless.saturating_sub(NOTES)));
    }
    let Some((_, of)) = receiver.progress() else {
        return Err(Failure::input(format!("nothing of {} could be used", count(seen, noun))));
    };
    let missing_words = missing(&receiver);
    let only = qr::listed(&receiver.missing()).replace(", ", ",");
    let payload = receiver.into_payload().ok_or_else(|| {
        Failure::input(missing_words).remedy(format!("add these, or let the sender show only them (--only {only})"))
    })?;
    complain(&format!("Read {} of {} bytes in {}.", payload.kind.name(), payload.bytes.len(), count(of, "part")));
    Ok(payload)
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
