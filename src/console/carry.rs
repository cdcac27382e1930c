//! How PSBTs come in, and results go out.
//!
//! Floor 6.

use std::{io::BufReader, path::Path};

use super::{board::Entry, face::Face, files, seat::Seat};
use crate::{
    device::{Camera, cameras, open_file, read_file},
    exchange::{Parcel, Shelf, Shown},
    hatch::{self, By, Came, DEVICE, Failure, Wrapping},
    limits,
    port::DeviceError,
    psbt::Encoding,
    qr::{Density, Payload, Wanted},
    text::printable,
};

/// A PSBT that was brought: in binary, how it came, and what its file is called.
pub(super) struct Brought {
    pub(super) bytes: Vec<u8>,
    pub(super) came: Came,
    pub(super) stem: String,
}

/// Asks where a PSBT is, and reads it; `None` where the person goes back.
pub(super) fn psbt(seat: &Seat) -> Result<Option<Brought>, DeviceError> {
    let (face, start) = (&seat.face, seat.beside());
    let entries = [
        Entry::new("From a file", "binary, base64, hex, or the text of codes"),
        Entry::new("From a camera", "codes on the screen of the other side"),
        Entry::new("From pictures", "a folder of PNG or JPEG pictures of codes"),
        Entry::new("From a film", "a film of codes, in a file that ends in .y4m"),
    ];
    let mut at = 0;
    loop {
        let Some(chosen) = face.choose("where is the PSBT?", &[], &entries, at)? else { return Ok(None) };
        at = chosen;
        let read = match chosen {
            0 => from_file(face, &start)?,
            1 => from_camera(face)?,
            2 => from_pictures(face, &start)?,
            _ => from_film(face, &start)?,
        };
        if let Some(brought) = read {
            face.finish("what was read")?;
            return Ok(Some(brought));
        }
    }
}

fn from_file(face: &Face, start: &Path) -> Result<Option<Brought>, DeviceError> {
    let Some(path) = files::file(face, "which file is it?", start, |_| true)? else { return Ok(None) };
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let stem = name.rsplit_once('.').map_or(name.as_str(), |(stem, _)| stem).to_owned();
    let read = read_file(&path, limits::PSBT_TEXT_BYTES).map_err(Failure::from).and_then(|file| hatch::psbt_of(&file));
    face.shown(read.map(|(bytes, came)| Brought { bytes, came, stem }))
}

fn brought(by: By, payload: Payload) -> Brought {
    let (bytes, came) = Came::of_codes(by, payload);
    Brought { bytes, came, stem: "scanned".to_owned() }
}

fn from_camera(face: &Face) -> Result<Option<Brought>, DeviceError> {
    let Some(mut camera) = camera(face, "plug one in, or bring the PSBT as a file")? else { return Ok(None) };
    let seen = face.lend(|screen| hatch::seen_by(&mut camera, screen, Wanted::PSBT))?;
    let Some((payload, said)) = face.shown(seen)? else { return Ok(None) };
    face.note(&said);
    Ok(Some(brought(By::Camera, payload)))
}

fn from_pictures(face: &Face, start: &Path) -> Result<Option<Brought>, DeviceError> {
    let Some(path) = pictures(face, start)? else { return Ok(None) };
    let read = looked(face, "reading the pictures", |say| hatch::pictures(&path, Wanted::PSBT, say));
    Ok(face.shown(read)?.map(|payload| brought(By::Pictures, payload)))
}

fn from_film(face: &Face, start: &Path) -> Result<Option<Brought>, DeviceError> {
    let fits = |name: &str| name.to_ascii_lowercase().ends_with(".y4m");
    let heading = "which film is it? (a file that ends in .y4m)";
    let Some(path) = files::file(face, heading, start, fits)? else { return Ok(None) };
    let named = printable(&path.to_string_lossy());
    let read = looked(face, "reading the film", |say| {
        hatch::film(Box::new(BufReader::new(open_file(&path)?)), &named, Wanted::PSBT, say)
    });
    Ok(face.shown(read)?.map(|payload| brought(By::Film, payload)))
}

/// A folder with pictures of codes.
pub(super) fn pictures(face: &Face, start: &Path) -> Result<Option<std::path::PathBuf>, DeviceError> {
    files::folder(face, "which folder has the pictures?", start)
}

/// Looks at pictures while people wait; what is to be said of single ones stands on the next page.
pub(super) fn looked<R>(face: &Face, what: &str, look: impl FnOnce(&mut dyn FnMut(&str)) -> R) -> R {
    let mut said = Vec::new();
    let seen = face.works(what, || look(&mut |line| said.push(line.to_owned())));
    said.iter().for_each(|line| face.note(line));
    seen
}

/// The only camera, or the one that the person chooses; `None` where there is none, or the person goes back.
pub(super) fn camera(face: &Face, instead: &str) -> Result<Option<Camera>, DeviceError> {
    let mut all = cameras();
    if all.is_empty() {
        let none = Failure::new(DEVICE, "there is no camera that gives pictures");
        return face.failed(&none.remedy(instead)).map(|()| None);
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
    let found = all.swap_remove(chosen.min(all.len().saturating_sub(1)));
    face.shown(Camera::open(found).map_err(Failure::from))
}

/// Shows a payload as codes until the person ends it. Whether each of its parts was on the screen.
pub(super) fn show(seat: &Seat, parcel: Parcel<'_>) -> Result<bool, DeviceError> {
    let shown = seat.face.lend(|screen| hatch::show(screen, parcel, Density::Normal, Shelf::Kept))?;
    Ok(seat.face.shown(shown)? == Some(Shown::Whole))
}

/// Asked where custodians approved something and nobody has it yet.
pub(super) fn leaves(seat: &Seat, what: &str) -> Result<bool, DeviceError> {
    let intro = [
        format!("The {what} was neither shown to its end nor written."),
        "Once it is left, the custodians have to approve again to have it.".to_owned(),
    ];
    let entries = [Entry::new("Stay", ""), Entry::new("Leave", format!("without the {what}"))];
    Ok(seat.face.choose("leave without it?", &intro, &entries, 0)? == Some(1))
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
    seat.uses(&path);
    let lines = [format!("It is in `{}`: {} bytes.", files::shown(&seat.face, &path), bytes.len())];
    seat.face.read("written", &lines)?;
    Ok(true)
}

/// How a file with a PSBT that came so is written, and how its name ends.
pub(super) const fn for_a_file(came: Came) -> (Wrapping, &'static str) {
    match came.wrapping {
        Wrapping::File(_) => (came.wrapping, ".psbt"),
        Wrapping::Code(_) => (Wrapping::File(Encoding::Base64), ".psbt"),
    }
}
