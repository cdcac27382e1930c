//! How PSBTs come in, and results go out.
//!
//! Floor 6.

use std::path::Path;

use super::{board::Entry, face::Face, files, seat::Seat};
use crate::{
    device::{Camera, cameras, read_file},
    exchange::{Parcel, Shelf},
    hatch::{self, DEVICE, Failure, Wrapping},
    limits,
    port::DeviceError,
    psbt::Encoding,
    qr::{Density, Wanted},
    text::printable,
};

/// A PSBT that was brought: in binary, how it was wrapped, and what its file is called.
pub(super) struct Brought {
    pub(super) bytes: Vec<u8>,
    pub(super) came: Wrapping,
    pub(super) stem: String,
}

/// Asks where a PSBT is, and reads it; `None` where the person goes back.
pub(super) fn psbt(seat: &Seat) -> Result<Option<Brought>, DeviceError> {
    let face = &seat.face;
    let entries = [
        Entry::new("From a file", "binary, base64, hex, or the text of codes"),
        Entry::new("From a camera", "codes on the screen of the other side"),
        Entry::new("From pictures", "a folder of PNG or JPEG pictures of codes"),
    ];
    loop {
        let read = match face.choose("where is the PSBT?", &[], &entries, 0)? {
            None => return Ok(None),
            Some(0) => from_file(face, &seat.beside())?,
            Some(1) => from_camera(face)?,
            Some(_) => from_pictures(face, &seat.beside())?,
        };
        match read {
            Some(Ok(brought)) => {
                face.finish("what was read")?;
                return Ok(Some(brought));
            }
            Some(Err(failure)) => face.failed(&failure)?,
            None => {}
        }
    }
}

type Read = Option<Result<Brought, Failure>>;

fn from_file(face: &Face, start: &Path) -> Result<Read, DeviceError> {
    let Some(path) = files::file(face, "which file is it?", start, |_| true)? else { return Ok(None) };
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let stem = name.rsplit_once('.').map_or(name.as_str(), |(stem, _)| stem).to_owned();
    let read = read_file(&path, limits::PSBT_TEXT_BYTES).map_err(Failure::from).and_then(|file| hatch::psbt_of(&file));
    Ok(Some(read.map(|(bytes, came)| Brought { bytes, came, stem })))
}

fn from_pictures(face: &Face, start: &Path) -> Result<Read, DeviceError> {
    let Some(path) = files::folder(face, "which folder has the pictures?", start)? else { return Ok(None) };
    let mut said = Vec::new();
    let read = face
        .works("reading the pictures", || hatch::pictures(&path, Wanted::PSBT, &mut |line| said.push(line.to_owned())));
    said.iter().for_each(|line| face.note(line));
    Ok(Some(read.map(brought)))
}

fn brought(payload: crate::qr::Payload) -> Brought {
    Brought { bytes: payload.bytes, came: Wrapping::Code(payload.carrier), stem: "scanned".to_owned() }
}

fn from_camera(face: &Face) -> Result<Read, DeviceError> {
    let mut all = cameras();
    if all.is_empty() {
        let none = Failure::new(DEVICE, "there is no camera that gives pictures");
        return Ok(Some(Err(none.remedy("plug one in, or bring the PSBT as a file"))));
    }
    let mut chosen = 0;
    if all.len() > 1 {
        let entry =
            |found: &crate::device::Found| Entry::new(printable(&found.path.to_string_lossy()), found.name.clone());
        let entries: Vec<Entry> = all.iter().map(entry).collect();
        match face.choose("which camera?", &[], &entries, 0)? {
            Some(number) => chosen = number,
            None => return Ok(None),
        }
    }
    let mut camera = match Camera::open(all.swap_remove(chosen.min(all.len().saturating_sub(1)))) {
        Ok(camera) => camera,
        Err(error) => return Ok(Some(Err(error.into()))),
    };
    let seen = face.lend(|screen| hatch::seen_by(&mut camera, screen, Wanted::PSBT))?;
    Ok(Some(seen.map(|(payload, said)| {
        face.note(&said);
        brought(payload)
    })))
}

/// Shows a payload as codes until the person ends it.
pub(super) fn show(seat: &Seat, parcel: Parcel<'_>) -> Result<(), DeviceError> {
    let shown = seat.face.lend(|screen| hatch::show(screen, parcel, Density::Normal, Shelf::Kept))?;
    seat.shown(shown).map(drop)
}

/// Writes bytes into a new file that the person chooses a folder for. Whether it was written.
pub(super) fn write(seat: &Seat, name: (&str, &str), bytes: &[u8]) -> Result<bool, DeviceError> {
    let Some(path) = files::new_file(&seat.face, "where does the file go?", &seat.beside(), name)? else {
        return Ok(false);
    };
    let written = files::write(&seat.face, &path, bytes).map_err(Failure::from);
    if seat.shown(written)?.is_none() {
        return Ok(false);
    }
    let lines = [format!("It is in `{}`: {} bytes.", files::shown(&seat.face, &path), bytes.len())];
    seat.face.read("written", &lines)?;
    Ok(true)
}

/// How a file with a PSBT that came so is written, and how its name ends.
pub(super) const fn for_a_file(came: Wrapping) -> (Wrapping, &'static str) {
    match came {
        Wrapping::File(_) => (came, ".psbt"),
        Wrapping::Code(_) => (Wrapping::File(Encoding::Base64), ".psbt"),
    }
}
