//! Where PSBTs and other payloads come from, by the arguments.

use std::{
    io::{BufRead, BufReader, IsTerminal},
    path::Path,
};

use super::{
    air,
    args::{Density, PsbtArg, PsbtFormat},
    output::read_input,
};
use crate::{
    device::{complain, open_file},
    hatch::{By, Came, Failure, Wrapping, film, payload_of, pictures, psbt_of},
    limits,
    psbt::Encoding,
    qr::{self, Carrier, Packing, Payload, Wanted},
    text::printable,
};

/// The wrapping that was asked for, or the one that came; bytes do not go to a terminal.
pub(super) fn chosen(format: Option<PsbtFormat>, came: Wrapping, to_file: bool) -> Wrapping {
    match (format, came) {
        (Some(PsbtFormat::Base64), _) => Wrapping::File(Encoding::Base64),
        (Some(PsbtFormat::Binary), _) => Wrapping::File(Encoding::Binary),
        (Some(PsbtFormat::Ur), Wrapping::Code(Carrier::UrOf2023)) => came,
        (Some(PsbtFormat::Ur), _) => Wrapping::Code(Carrier::Ur),
        (Some(PsbtFormat::Bbqr), Wrapping::Code(Carrier::Bbqr(_))) => came,
        (Some(PsbtFormat::Bbqr), _) => Wrapping::Code(Carrier::Bbqr(Packing::Zlib)),
        (None, Wrapping::File(Encoding::Binary)) if !to_file && std::io::stdout().is_terminal() => {
            Wrapping::File(Encoding::Base64)
        }
        (None, Wrapping::File(_) | Wrapping::Code(Carrier::Ur | Carrier::UrOf2023 | Carrier::Bbqr(_))) => came,
        (None, Wrapping::Code(Carrier::Hex)) => Wrapping::File(Encoding::Hex),
        // These are read and not written.
        (None, Wrapping::Code(Carrier::Pieces | Carrier::Base64 | Carrier::Base43 | Carrier::Plain)) => {
            Wrapping::File(Encoding::Base64)
        }
    }
}

/// A PSBT in binary, and how it came.
pub(super) fn read_psbt(source: &PsbtArg) -> Result<(Vec<u8>, Came), Failure> {
    let of_codes = |by: By| move |payload: Payload| Came::of_codes(by, payload);
    match (&source.camera, &source.frames, &source.video, &source.psbt) {
        (Some(device), ..) => air::seen(device.as_deref(), Wanted::PSBT).map(of_codes(By::Camera)),
        (None, Some(folder), ..) => pictures(folder, Wanted::PSBT, &mut complain).map(of_codes(By::Pictures)),
        (None, None, Some(path), _) => film_at(path, Wanted::PSBT).map(of_codes(By::Film)),
        (None, None, None, Some(path)) => read_psbt_file(path),
        (None, None, None, None) => Err(Failure::input("no PSBT was given")),
    }
}

/// The same from a file, or from standard input where the path is `-`.
pub(super) fn read_psbt_file(path: &Path) -> Result<(Vec<u8>, Came), Failure> {
    let file = read_input(path, limits::PSBT_TEXT_BYTES).map_err(|failure| {
        if path.is_dir() {
            failure.remedy("it is a folder: name a file in it; a folder of pictures of QR codes goes with --frames")
        } else {
            failure
        }
    })?;
    psbt_of(&file)
}

/// Any payload of a file, or of standard input.
pub(super) fn read_payload(path: &Path) -> Result<Payload, Failure> {
    payload_of(read_input(path, limits::PSBT_TEXT_BYTES)?, &printable(&path.to_string_lossy()))
}

/// The payload of a film (Y4M), or of one that comes by standard input where the path is `-`.
pub(super) fn film_at(path: &Path, wanted: Wanted) -> Result<Payload, Failure> {
    let from: Box<dyn BufRead> = if path.as_os_str() == "-" {
        Box::new(std::io::stdin().lock())
    } else {
        Box::new(BufReader::new(open_file(path)?))
    };
    film(from, &printable(&path.to_string_lossy()), wanted, &mut complain)
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
