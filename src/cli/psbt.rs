//! `psbt show`, `psbt join`, `psbt finalize`.

use std::{fmt::Write as _, io::IsTerminal, path::Path};

use bitcoin::consensus::encode::serialize_hex;
use serde_json::{Value, json};

use super::{
    args::{PsbtCommand, PsbtFormat},
    exit::Failure,
    output::{emit, read_psbt, results},
};
use crate::{
    canon,
    psbt::{self, Encoding, Parsed, Place, field_name},
    text, verify,
};

pub(super) fn run(command: PsbtCommand) -> Result<u8, Failure> {
    match command {
        PsbtCommand::Show { psbt, json } => show(&psbt, json),
        PsbtCommand::Join { psbts, out, format } => {
            let mut all = Vec::new();
            let mut encoding = None;
            for path in &psbts {
                let (parsed, found) = parsed(path)?;
                encoding.get_or_insert(found);
                all.push(parsed);
            }
            let Some((base, others)) = all.split_first() else { return Err(Failure::input("no PSBT was given")) };
            let joined = psbt::join(base, others, &verify::signature_check)?;
            let encoding = chosen(format, encoding.unwrap_or(Encoding::Base64), out.is_some());
            emit(out.as_deref(), &psbt::wrap(&joined, encoding))
        }
        PsbtCommand::Finalize { psbt: path, out, psbt_only } => {
            let (parsed, encoding) = parsed(&path)?;
            let finalized = psbt::finalize(&parsed, &verify::signature_check)?;
            let bytes = if psbt_only {
                psbt::wrap(&finalized.psbt, chosen(None, encoding, out.is_some()))
            } else {
                let mut hex = serialize_hex(&finalized.transaction);
                hex.push('\n');
                hex.into_bytes()
            };
            emit(out.as_deref(), &bytes)
        }
    }
}

/// The encoding that was asked for, or the one that came; bytes do not go to a terminal.
pub(super) fn chosen(format: Option<PsbtFormat>, came: Encoding, to_file: bool) -> Encoding {
    match format {
        Some(PsbtFormat::Base64) => Encoding::Base64,
        Some(PsbtFormat::Binary) => Encoding::Binary,
        None if !to_file && came == Encoding::Binary && std::io::stdout().is_terminal() => Encoding::Base64,
        None => came,
    }
}

fn parsed(path: &Path) -> Result<(Parsed, Encoding), Failure> {
    let (binary, encoding) = read_psbt(path)?;
    let named = |error: psbt::ParseError| {
        let failure = Failure::from(error);
        Failure { what: format!("{}: {}", text::printable(&path.to_string_lossy()), failure.what), ..failure }
    };
    Ok((psbt::parse(binary).map_err(named)?, encoding))
}

fn show(path: &Path, as_json: bool) -> Result<u8, Failure> {
    let (parsed, _) = parsed(path)?;
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
