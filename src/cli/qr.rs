//! `qr show`, `qr read`: any payload to codes, and back.

use std::{io::IsTerminal, path::Path};

use super::{
    air,
    args::{QrCommand, QrFormat, ReadArgs, ShowArgs},
    carry::{film_at, read_payload},
    output::{emit, place_of, read_input, results},
};
use crate::{
    device::{Folder, complain, write_file},
    exchange::{Parcel, Shelf},
    hatch::{DONE, Failure, REFUSED, lines, pictures},
    limits,
    port::{Privacy, Store},
    psbt::{self, Encoding},
    qr::{self, Carrier, Film, Kind, Packing, Payload, Wanted},
    text::{clean, count, hex, printable},
};

/// Pixels a side of a picture, about: fewer would not fill a screen, more only make files larger.
const SIDE: usize = 720;
/// Light modules on both sides.
const QUIET: usize = 8;

pub(super) fn run(command: QrCommand) -> Result<u8, Failure> {
    match command {
        QrCommand::Show(args) => show(&args),
        QrCommand::Read(args) => read(&args),
    }
}

fn show(args: &ShowArgs) -> Result<u8, Failure> {
    let payload = read_payload(&args.file)?;
    let parcel = Parcel { kind: payload.kind, bytes: &payload.bytes, carrier: carrier(&payload, args.format) };
    let density = qr::Density::from(args.density);
    let film = parcel.film(density.version())?;
    let numbers = match &args.only {
        Some(list) => {
            let count = film.count();
            qr::of_list(list, count).map_err(|error| {
                Failure::input(format!("--only {}: {error}; parts are 1 to {count}", printable(list)))
                    .remedy(format!("write numbers and ranges with commas between, such as {}", qr::list_form(count)))
            })?
        }
        None if args.extra > 0 && !film.has_mixed() => {
            return Err(Failure::input("--extra: only UR of two parts and more has mixed parts")
                .remedy("leave it out, or choose --format ur"));
        }
        None => (1..=film.count().saturating_add(args.extra)).collect(),
    };
    match &args.png {
        Some(folder) => draw(&film, &numbers, folder)?,
        None if !args.text => {
            air::can_show("write pictures (--png) or texts (--text)")?;
            air::show(parcel, density, Shelf::Kept)?;
            return Ok(DONE);
        }
        None => {
            let texts: String = numbers.iter().map(|number| format!("{}\n", film.part(*number))).collect();
            results(&texts)?;
        }
    }
    let size = payload.bytes.len();
    complain(&format!("{} of {size} bytes in {}.", capital(payload.kind.name()), count(parts(&film), "part")));
    Ok(DONE)
}

fn parts(film: &Film) -> usize {
    usize::try_from(film.count()).unwrap_or(usize::MAX)
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(letters).collect()
}

/// In the format that was asked for, or that the file has, or UR.
fn carrier(payload: &Payload, format: Option<QrFormat>) -> Carrier {
    match (format, payload.carrier) {
        (None | Some(QrFormat::Bbqr), Carrier::Bbqr(packing)) => Carrier::Bbqr(packing),
        (Some(QrFormat::Bbqr), _) => Carrier::Bbqr(Packing::Zlib),
        (None | Some(QrFormat::Ur), Carrier::UrOf2023) => Carrier::UrOf2023,
        (None | Some(QrFormat::Ur), _) => Carrier::Ur,
    }
}

/// One picture a part, into a folder that holds nothing else.
fn draw(film: &Film, numbers: &[u32], path: &Path) -> Result<(), Failure> {
    let folder = Folder::at(path);
    if folder.exists() && !folder.names()?.is_empty() {
        let named = printable(&path.to_string_lossy());
        return Err(Failure::input(format!("--png {named}: the folder is not empty"))
            .remedy("name a new one, so that pictures of two messages are not mixed"));
    }
    folder.create()?;
    let modules = usize::from(film.version()).saturating_mul(4).saturating_add(17).saturating_add(QUIET);
    let scale = SIDE.checked_div(modules).unwrap_or(1).max(4);
    for number in numbers {
        let picture = qr::png(&film.part(*number), film.version(), scale);
        let picture = picture.map_err(|error| Failure::input(error.to_string()))?;
        write_file(&path.join(format!("frame-{number:04}.png")), &picture, Privacy::Public)?;
    }
    Ok(())
}

fn read(args: &ReadArgs) -> Result<u8, Failure> {
    place_of(args.out.as_deref())?;
    let payload = match (&args.camera, &args.frames, &args.video, &args.text) {
        (Some(device), ..) => air::seen(device.as_deref(), Wanted::ANY)?,
        (None, Some(folder), ..) => pictures(folder, Wanted::ANY, &mut complain)?,
        (None, None, Some(path), _) => film_at(path, Wanted::ANY)?,
        (None, None, None, Some(path)) => {
            lines(read_input(path, limits::PSBT_TEXT_BYTES)?, Wanted::ANY, &mut complain)?
        }
        (None, None, None, None) => return Err(Failure::input("--camera, --frames, --video or --text")),
    };
    if payload.kind == Kind::Seed {
        return Err(Failure::new(
            REFUSED,
            "it holds a seed or a private key, which is neither written to a file nor shown",
        )
        .remedy("type its words into `vault create --import-mnemonic`, or add --camera or --frames there"));
    }
    if args.out.is_some() {
        return emit(args.out.as_deref(), &payload.bytes);
    }
    let mut shown = match payload.kind {
        Kind::Psbt => psbt::wrap(&payload.bytes, Encoding::Base64),
        Kind::Transaction | Kind::Binary => hex(&payload.bytes).into_bytes(),
        // What somebody else wrote does not steer a terminal.
        Kind::Json | Kind::Text | Kind::Key | Kind::Descriptor | Kind::Account | Kind::Seed
            if std::io::stdout().is_terminal() =>
        {
            let text = String::from_utf8_lossy(&payload.bytes);
            text.lines().map(|line| format!("{}\n", clean(line))).collect::<String>().into_bytes()
        }
        Kind::Json | Kind::Text | Kind::Key | Kind::Descriptor | Kind::Account | Kind::Seed => payload.bytes,
    };
    if !shown.ends_with(b"\n") {
        shown.push(b'\n');
    }
    emit(None, &shown)
}
