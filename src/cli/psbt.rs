//! `psbt show`, `psbt join`, `psbt finalize`.

use std::{fmt::Write as _, path::Path};

use bitcoin::consensus::encode::serialize_hex;
use serde_json::{Value, json};

use super::{
    air,
    args::{PsbtArg, PsbtCommand},
    carry::{chosen, read_psbt, read_psbt_file},
    output::{emit, place_of, results},
};
use crate::{
    canon,
    device::complain,
    hatch::{Failure, Wrapping, pictures},
    psbt::{self, Encoding, Parsed, Place, field_name},
    qr::Wanted,
    text, verify,
};

pub(super) fn run(command: PsbtCommand) -> Result<u8, Failure> {
    match command {
        PsbtCommand::Show { psbt, json } => show(&psbt, json),
        PsbtCommand::Join { psbts, camera, frames, out, format } => {
            place_of(out.as_deref())?;
            let mut all = Vec::new();
            let mut came = None;
            if psbts.len() < 2 && camera.is_none() && frames.is_none() {
                return Err(Failure::input("one PSBT alone is joined with nothing").remedy(
                    "name another, or take it from QR codes: --camera, or --frames with a folder of pictures",
                ));
            }
            for path in &psbts {
                let (binary, found) = read_psbt_file(path)?;
                came.get_or_insert(found.wrapping);
                all.push(parse(binary, path)?);
            }
            if let Some(device) = camera {
                let seen = air::seen(device.as_deref(), Wanted::PSBT)?;
                all.push(parse(seen.bytes, Path::new("--camera"))?);
            }
            if let Some(folder) = frames {
                let seen = pictures(&folder, Wanted::PSBT, &mut complain)?;
                all.push(parse(seen.bytes, &folder)?);
            }
            let Some((base, others)) = all.split_first() else { return Err(Failure::input("no PSBT was given")) };
            let joined = psbt::join(base, others, &verify::signature_check)?;
            let came = came.unwrap_or(Wrapping::File(Encoding::Base64));
            emit(out.as_deref(), &chosen(format, came, out.is_some()).wrap(&joined)?)
        }
        PsbtCommand::Finalize { psbt: source, out, psbt_only } => {
            place_of(out.as_deref())?;
            let (parsed, came) = parsed(&source)?;
            let finalized = psbt::finalize(&parsed, &verify::signature_check)?;
            let bytes = if psbt_only {
                chosen(None, came, out.is_some()).wrap(&finalized.psbt)?
            } else {
                let mut hex = serialize_hex(&finalized.transaction);
                hex.push('\n');
                hex.into_bytes()
            };
            emit(out.as_deref(), &bytes)
        }
    }
}

fn parsed(source: &PsbtArg) -> Result<(Parsed, Wrapping), Failure> {
    let (binary, came) = read_psbt(source)?;
    let path = source.psbt.as_deref().or(source.frames.as_deref()).unwrap_or(Path::new("--camera"));
    Ok((parse(binary, path)?, came.wrapping))
}

fn parse(binary: Vec<u8>, path: &Path) -> Result<Parsed, Failure> {
    let named = |error: psbt::ParseError| {
        let failure = Failure::from(error);
        Failure { what: format!("{}: {}", text::printable(&path.to_string_lossy()), failure.what), ..failure }
    };
    psbt::parse(binary).map_err(named)
}

fn show(source: &PsbtArg, as_json: bool) -> Result<u8, Failure> {
    let (parsed, _) = parsed(source)?;
    let maps = maps(&parsed);
    if as_json {
        let maps: Vec<Value> = maps
            .into_iter()
            .map(|(map, fields)| {
                let fields: Vec<Value> = fields
                    .into_iter()
                    .map(|field| json!({ "type": field.kind, "name": field.name, "key": field.key, "value": field.value }))
                    .collect();
                json!({ "map": map, "fields": fields })
            })
            .collect();
        let value = json!({
            "version": parsed.version().number(),
            "txid": parsed.txid().to_string(),
            "bytes": parsed.bytes().len(),
            "maps": maps,
        });
        return results(&canon::document(&value).map_err(|e| Failure::input(e.to_string()))?);
    }
    let mut page = String::new();
    let transaction = parsed.transaction();
    let _ = writeln!(page, "PSBT version {}, {} bytes", parsed.version().number(), parsed.bytes().len());
    let _ = writeln!(page, "txid (unsigned)  {}", parsed.txid());
    let _ = writeln!(page, "version {}, locktime {}", transaction.version.0, transaction.lock_time.to_consensus_u32());
    for (index, input) in transaction.input.iter().enumerate() {
        let _ = writeln!(page, "input {index}  {}  sequence {:#010x}", input.previous_output, input.sequence.0);
    }
    for (index, output) in transaction.output.iter().enumerate() {
        let script = text::hex(output.script_pubkey.as_bytes());
        let _ = writeln!(page, "output {index}  {}  script {script}", text::amount(output.value.to_sat()));
    }
    for (map, fields) in maps {
        let _ = writeln!(page, "\n{map}");
        for field in fields {
            let name = field.name.map_or_else(|| format!("unknown {:#04x}", field.kind), str::to_owned);
            let _ = writeln!(page, "  {name}\n    key   {}\n    value {}", field.key, field.value);
        }
    }
    results(&page)
}

struct Field {
    kind: u64,
    name: Option<&'static str>,
    key: String,
    value: String,
}

fn maps(parsed: &Parsed) -> Vec<(String, Vec<Field>)> {
    let inputs = (0u32..).zip(parsed.inputs()).map(|(index, _)| (format!("input {index}"), Place::Input(index)));
    let outputs = (0u32..).zip(parsed.outputs()).map(|(index, _)| (format!("output {index}"), Place::Output(index)));
    let places = std::iter::once(("global".to_owned(), Place::Whole)).chain(inputs).chain(outputs);
    let field = |place, (key, value): (&[u8], &[u8])| {
        let (kind, rest) = key.split_first().map_or((0, key), |(kind, rest)| (u64::from(*kind), rest));
        Field { kind, name: field_name(place, kind), key: text::hex(rest), value: text::hex(value) }
    };
    places.map(|(map, place)| (map, parsed.raw_pairs(place).map(|pair| field(place, pair)).collect())).collect()
}
