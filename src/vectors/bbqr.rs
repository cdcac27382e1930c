//! BBQr: heads, numbers, and files in pieces, split and joined.

use super::{
    Siblings,
    case::{Case, Check, same},
};
use crate::qr::{
    Packing, Receiver, Refusal, Wanted,
    parts::{Form, Piece, base36, capacity, of_base36, open_bbqr, split_bbqr},
};

/// One case of BBQr.
pub(super) fn run(case: &Case<'_>, siblings: &Siblings<'_>) -> Check {
    match case.kind()? {
        "header" => header(case),
        "base36" => {
            let value = case.text("value")?.parse().ok();
            let Some(ours) = value.and_then(base36) else {
                return case.refused("numbers", "no two digits of base 36 say this number");
            };
            same("text", ours.as_str(), case.text("text")?)?;
            same("value", &of_base36(&ours), &value)?;
            case.accepted()
        }
        "data" => {
            let data = case.bytes("data")?;
            for id in case.texts("splits")? {
                let (form, joined) = joined(&siblings.get(id)?.texts("pieces")?).map_err(|(_, words)| words)?;
                same("data", &joined, &data)?;
                same("file_type", &letter(form), &case.text("file_type")?.to_owned())?;
            }
            case.accepted()
        }
        "split" => split(case, siblings),
        "join" => join(case),
        _ => Err("a kind that is not known".to_owned()),
    }
}

fn packing(case: &Case<'_>, field: &str) -> Result<Packing, String> {
    let letter = case.text(field)?;
    let packing = letter.bytes().next().filter(|_| letter.len() == 1).and_then(Packing::of);
    packing.ok_or_else(|| format!("`{field}` is none"))
}

fn letter((_, file): (Packing, u8)) -> String {
    char::from(file).to_string()
}

const fn form(piece: &Piece) -> Result<(Packing, u8), &'static str> {
    match piece.form {
        Form::Bbqr(packing, file) => Ok((packing, file)),
        Form::Plain => Err("no piece of BBQr"),
    }
}

/// A head is read with a byte behind it, which a piece must have.
fn header(case: &Case<'_>) -> Check {
    let piece = open_bbqr(&format!("{}00", case.text("header")?)).map_err(|error| error.to_string())?;
    let form = form(&piece)?;
    same("packing", &form.0, &packing(case, "packing")?)?;
    same("file_type", letter(form).as_str(), case.text("file_type")?)?;
    same("count", &piece.count, &case.place("count")?)?;
    same("index", &piece.place, &case.place("index")?)?;
    case.accepted()
}

/// How a file is packed and the letter of what it is, and the file.
type Joined = ((Packing, u8), Vec<u8>);

/// What a receiver makes of pieces in this order, or a code and a sentence.
fn joined(pieces: &[&str]) -> Result<Joined, (&'static str, String)> {
    let mut receiver = Receiver::new(Wanted::ANY);
    let mut first = None;
    for text in pieces {
        let piece = open_bbqr(text).map_err(|error| (error.code(), error.to_string()))?;
        first.get_or_insert(form(&piece).map_err(|words| ("form", words.to_owned()))?);
        receiver.take(text).map_err(|error: Refusal| (error.code(), error.to_string()))?;
    }
    let missing = ("incomplete", format!("{} pieces are missing", receiver.missing().len()));
    first.zip(receiver.into_payload()).map(|(form, payload)| (form, payload.bytes)).ok_or(missing)
}

fn join(case: &Case<'_>) -> Check {
    let pieces = case.texts("pieces")?;
    let order = if case.has("order") { case.numbers("order")? } else { (0..).zip(&pieces).map(|(n, _)| n).collect() };
    let piece = |place: u64| usize::try_from(place).ok().and_then(|place| pieces.get(place)).copied();
    let scanned: Option<Vec<&str>> = order.into_iter().map(piece).collect();
    let (form, data) = match joined(&scanned.ok_or("`order` names a piece that is not there")?) {
        Ok(joined) => joined,
        Err((code, words)) => return case.refused(code, &words),
    };
    if !case.valid()? {
        return case.accepted();
    }
    same("packing", &form.0, &packing(case, "packing")?)?;
    same("file_type", letter(form).as_str(), case.text("file_type")?)?;
    same("count", &pieces.len(), &case.place("count")?)?;
    same("data_length", &data.len(), &case.place("data_length")?)?;
    same("data_sha256", &crate::digest::sha256(&data), &case.bytes32("data_sha256")?)?;
    case.accepted()
}

/// The pieces are the file; the version is the least that they fit; and where no packer decides, ours are the same.
fn split(case: &Case<'_>, siblings: &Siblings<'_>) -> Check {
    let of = siblings.get(case.text("after")?)?;
    let (data, file) = (of.bytes("data")?, of.text("file_type")?.bytes().next().unwrap_or(0));
    let pieces = case.texts("pieces")?;
    let (form, theirs) = joined(&pieces).map_err(|(_, words)| words)?;
    same("pieces", &theirs, &data)?;
    same("packed", &form.0, &packing(case, "packed")?)?;
    let longest = pieces.iter().map(|piece| piece.len()).max().unwrap_or(0);
    let least = (5..=40).find(|version| capacity(*version) >= longest);
    same("version", &least.map(u64::from), &Some(case.number("version")?))?;
    let most = u8::try_from(case.number("most")?).map_err(|_| "`most` is too large")?;
    let ours = split_bbqr(&data, file, packing(case, "packing")?, (5, most)).map_err(|error| error.to_string())?;
    same("packed", &ours.packing, &form.0)?;
    if ours.packing == Packing::Zlib {
        let texts: Vec<&str> = ours.pieces.iter().map(String::as_str).collect();
        same("pieces", &joined(&texts).map_err(|(_, words)| words)?.1, &data)?;
    } else {
        same("version", &u64::from(ours.version), &case.number("version")?)?;
        same("pieces", ours.pieces.iter().map(String::as_str).collect::<Vec<_>>().as_slice(), &pieces)?;
    }
    case.accepted()
}
