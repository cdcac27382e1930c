//! The table of fields: which type has which form in which map, and which are refused.
//!
//! Floor 1. BIP174, BIP370, BIP371, and the registry of types. Which fields a version must have is P09: what may
//! not stand in it is refused here, what is missing in version 2 by `version2`.

use bitcoin::{
    ScriptBuf, Txid,
    hashes::{Hash, hash160, ripemd160, sha256, sha256d},
};

use super::{
    ParseError, Place,
    fields::{Derivation, FieldName, Global, GlobalXpub, Input, Output, TapDerivation, UnknownField, Version},
    parse::OTHER_SOFTWARE,
    raw::Map,
    values::{Field, Unsigned},
    version2::{self, Counts},
};
use crate::limits;

/// Lengths of a public key: compressed, uncompressed.
const PUBLIC_KEYS: &[usize] = &[33, 65];
/// Bytes of an ECDSA signature with its sighash byte, least and most (BIP66).
const ECDSA: (usize, usize) = (9, 73);
/// Bytes of a Schnorr signature without and with its sighash byte (BIP341).
const SCHNORR: (usize, usize) = (64, 65);

const ONE_VERSION: &str = "export the PSBT as version 0 (BIP174), or as version 2 (BIP370)";

/// What says how many inputs and outputs there are.
pub(super) enum Head {
    /// Version 0: the unsigned transaction.
    Zero(Unsigned),
    /// Version 2: their counts.
    Two(Counts),
}

/// Reads the global map: version (P08), then the other fields.
pub(super) fn global(bytes: &[u8], map: &Map) -> Result<(Global, Head), ParseError> {
    let fields = fields(bytes, Place::Whole, map)?;
    let mut version = Version::Zero;
    for field in fields.iter().filter(|field| field.kind == 0xfb) {
        field.bare_key()?;
        version = match u32::from_le_bytes(field.value_array()?) {
            0 => Version::Zero,
            2 => Version::Two,
            other => {
                return Err(field.fault("P08", &format!("says version {other}, which does not exist"), ONE_VERSION));
            }
        };
    }
    let mut global = Global::default();
    let (mut unsigned, mut inputs, mut outputs) = (None, None, None);
    for field in &fields {
        match field.kind {
            0x00 => {
                not_in(Version::Two, version, field)?;
                field.bare_key()?;
                unsigned = Some(field.unsigned());
            }
            0x01 => {
                field.within(global.xpubs.len(), limits::GLOBAL_XPUBS)?;
                let xpub = field.key_array()?;
                let (fingerprint, path) = field.origin()?;
                global.xpubs.push(GlobalXpub { xpub, fingerprint, path });
            }
            0x02..=0x06 => {
                not_in(Version::Zero, version, field)?;
                field.bare_key()?;
                match field.kind {
                    0x02 => global.tx_version = Some(i32::from_le_bytes(field.value_array()?)),
                    0x03 => global.fallback_locktime = Some(u32::from_le_bytes(field.value_array()?)),
                    0x04 => inputs = Some(version2::count(field, "input", limits::INPUTS)?),
                    0x05 => outputs = Some(version2::count(field, "output", limits::OUTPUTS)?),
                    _ => {
                        let [flags] = field.value_array()?;
                        global.modifiable = Some(flags);
                    }
                }
            }
            0x07 | 0x08 => return Err(silent_payment(field)),
            0x09 => {
                return Err(field.fault(
                    "P17",
                    "makes it a message to sign, not a payment",
                    "bring a payment: messages are not signed",
                ));
            }
            0xfb => {}
            _ => other(field, &mut global.unknown)?,
        }
    }
    let head = match version {
        Version::Zero => Head::Zero(unsigned.ok_or_else(|| missing(version, Place::Whole, 0x00))?),
        Version::Two => {
            global.tx_version.ok_or_else(|| missing(version, Place::Whole, 0x02))?;
            let inputs = inputs.ok_or_else(|| missing(version, Place::Whole, 0x04))?;
            Head::Two(Counts { inputs, outputs: outputs.ok_or_else(|| missing(version, Place::Whole, 0x05))? })
        }
    };
    Ok((global, head))
}

/// Reads an input's map.
pub(super) fn input(bytes: &[u8], place: Place, map: &Map, version: Version) -> Result<Input, ParseError> {
    let mut input = Input::default();
    for field in &fields(bytes, place, map)? {
        match field.kind {
            0x00 => {
                field.bare_key()?;
                input.previous_tx = Some(field.previous_tx()?);
            }
            0x01 => {
                field.bare_key()?;
                input.witness_utxo = Some(field.utxo()?);
            }
            0x02 => {
                field.within(input.partial_sigs.len(), limits::DERIVATIONS)?;
                field.key_of(PUBLIC_KEYS)?;
                input.partial_sigs.push((field.data.to_vec(), field.value_of(ECDSA.0, ECDSA.1)?));
            }
            0x03 => {
                field.bare_key()?;
                input.sighash_type = Some(u32::from_le_bytes(field.value_array()?));
            }
            0x04 => {
                field.bare_key()?;
                input.redeem_script = Some(field.script(limits::REDEEM_SCRIPT_BYTES)?);
            }
            0x05 => {
                field.bare_key()?;
                input.witness_script = Some(field.script(limits::WITNESS_SCRIPT_BYTES)?);
            }
            0x06 => input.derivations.push(derivation(field, input.derivations.len())?),
            0x07 => {
                field.bare_key()?;
                input.final_script_sig = Some(field.script(limits::SCRIPT_BYTES)?);
            }
            0x08 => {
                field.bare_key()?;
                input.final_script_witness = Some(field.witness()?);
            }
            0x09 => {
                return Err(field.fault(
                    "P17",
                    "makes it a proof of reserves, not a payment",
                    "bring a payment: proofs are not signed",
                ));
            }
            0x0a..=0x0d => {
                preimage(field)?;
                other(field, &mut input.unknown)?;
            }
            0x0e..=0x12 => {
                not_in(Version::Zero, version, field)?;
                field.bare_key()?;
                match field.kind {
                    0x0e => input.previous_txid = Some(Txid::from_byte_array(field.value_array()?)),
                    0x0f => input.output_index = Some(u32::from_le_bytes(field.value_array()?)),
                    0x10 => input.sequence = Some(u32::from_le_bytes(field.value_array()?)),
                    0x11 => input.required_time = Some(version2::required_time(field)?),
                    _ => input.required_height = Some(version2::required_height(field)?),
                }
            }
            0x13 => {
                field.bare_key()?;
                input.tap_key_sig = Some(field.value_of(SCHNORR.0, SCHNORR.1)?);
            }
            0x14 => {
                let key = field.key_array()?;
                input.tap_script_sigs.push((key, field.value_of(SCHNORR.0, SCHNORR.1)?));
            }
            0x15 => {
                control_block(field)?;
                let leaf = field.value_of(1, limits::LEAF_SCRIPT_BYTES.saturating_add(1))?;
                input.tap_leaf_scripts.push((field.data.to_vec(), leaf));
            }
            0x16 => input.tap_derivations.push(tap_derivation(field, input.tap_derivations.len())?),
            0x17 => {
                field.bare_key()?;
                input.tap_internal_key = Some(field.value_array()?);
            }
            0x18 => {
                field.bare_key()?;
                input.tap_merkle_root = Some(field.value_array()?);
            }
            0x1a..=0x1c => return Err(musig(field)),
            0x1d..=0x20 => return Err(silent_payment(field)),
            _ => other(field, &mut input.unknown)?,
        }
    }
    if version == Version::Two {
        input.previous_txid.ok_or_else(|| missing(version, place, 0x0e))?;
        input.output_index.ok_or_else(|| missing(version, place, 0x0f))?;
    }
    Ok(input)
}

/// Reads an output's map.
pub(super) fn output(bytes: &[u8], place: Place, map: &Map, version: Version) -> Result<Output, ParseError> {
    let mut output = Output::default();
    for field in &fields(bytes, place, map)? {
        match field.kind {
            0x00 => {
                field.bare_key()?;
                output.redeem_script = Some(field.script(limits::REDEEM_SCRIPT_BYTES)?);
            }
            0x01 => {
                field.bare_key()?;
                output.witness_script = Some(field.script(limits::WITNESS_SCRIPT_BYTES)?);
            }
            0x02 => output.derivations.push(derivation(field, output.derivations.len())?),
            0x03 | 0x04 => {
                not_in(Version::Zero, version, field)?;
                field.bare_key()?;
                match field.kind {
                    0x03 => output.amount = Some(u64::from_le_bytes(field.value_array()?)),
                    _ => output.script = Some(ScriptBuf::from_bytes(field.value.to_vec())),
                }
            }
            0x05 => {
                field.bare_key()?;
                output.tap_internal_key = Some(field.value_array()?);
            }
            0x06 => {
                field.bare_key()?;
                output.tap_tree = Some(field.tree()?);
            }
            0x07 => output.tap_derivations.push(tap_derivation(field, output.tap_derivations.len())?),
            0x08 => return Err(musig(field)),
            0x09 | 0x0a => return Err(silent_payment(field)),
            _ => other(field, &mut output.unknown)?,
        }
    }
    if version == Version::Two {
        output.amount.ok_or_else(|| missing(version, place, 0x03))?;
        output.script.as_ref().ok_or_else(|| missing(version, place, 0x04))?;
    }
    Ok(output)
}

fn fields<'a>(bytes: &'a [u8], place: Place, map: &Map) -> Result<Vec<Field<'a>>, ParseError> {
    let fields: Vec<_> = map.pairs.iter().map(|pair| Field::new(bytes, place, pair)).collect::<Result<_, _>>()?;
    for field in &fields {
        // P20: only a control block may be long; proprietary keys have the same limit under P18.
        let control_block = matches!(place, Place::Input(_)) && field.kind == 0x15;
        if field.data.len() > limits::PSBT_PLAIN_KEY_BYTES && !control_block {
            let rule = if field.kind == 0xfc { "P18" } else { "P20" };
            let what =
                format!("has {} bytes of key data; the limit is {}", field.data.len(), limits::PSBT_PLAIN_KEY_BYTES);
            return Err(field.fault(rule, &what, OTHER_SOFTWARE));
        }
    }
    Ok(fields)
}

fn derivation(field: &Field<'_>, count: usize) -> Result<Derivation, ParseError> {
    field.within(count, limits::DERIVATIONS)?;
    field.key_of(PUBLIC_KEYS)?;
    let (fingerprint, path) = field.origin()?;
    Ok(Derivation { key: field.data.to_vec(), fingerprint, path })
}

fn tap_derivation(field: &Field<'_>, count: usize) -> Result<TapDerivation, ParseError> {
    field.within(count, limits::DERIVATIONS)?;
    let key = field.key_array()?;
    let (leaf_hashes, fingerprint, path) = field.tap_origin()?;
    Ok(TapDerivation { key, leaf_hashes, fingerprint, path })
}

fn control_block(field: &Field<'_>) -> Result<(), ParseError> {
    let steps = field.data.len().checked_sub(33).filter(|rest| rest.is_multiple_of(32));
    if steps.is_some() && field.data.len() <= limits::PSBT_KEY_BYTES {
        return Ok(());
    }
    Err(field.key_length("33 and 32 a step"))
}

/// A preimage must hash to its key (BIP174).
fn preimage(field: &Field<'_>) -> Result<(), ParseError> {
    let is_its = match field.kind {
        0x0a => field.key_array()? == ripemd160::Hash::hash(field.value).to_byte_array(),
        0x0b => field.key_array()? == sha256::Hash::hash(field.value).to_byte_array(),
        0x0c => field.key_array()? == hash160::Hash::hash(field.value).to_byte_array(),
        _ => field.key_array()? == sha256d::Hash::hash(field.value).to_byte_array(),
    };
    if is_its { Ok(()) } else { Err(field.fault("P07", "does not hash to its key", OTHER_SOFTWARE)) }
}

/// A field that nothing obeys: counted within the limits of P16 and P18.
fn other(field: &Field<'_>, unknown: &mut Vec<UnknownField>) -> Result<(), ParseError> {
    let (rule, new) = if field.kind == 0xfc { ("P18", field.proprietary()?) } else { ("P16", field.unknown()) };
    let bytes = |u: &UnknownField| u.key_bytes.saturating_add(u.value_bytes);
    let total = unknown.iter().map(bytes).fold(bytes(&new), usize::saturating_add);
    if unknown.len() >= limits::PSBT_UNKNOWN_PAIRS || total > limits::PSBT_UNKNOWN_BYTES {
        let what = format!(
            "is one too many: unknown and proprietary fields of a map have at most {} pairs and {} bytes",
            limits::PSBT_UNKNOWN_PAIRS,
            limits::PSBT_UNKNOWN_BYTES
        );
        return Err(field.fault(rule, &what, "export the PSBT without extra fields"));
    }
    unknown.push(new);
    Ok(())
}

/// P09: a field that may not stand in a PSBT of `barred`.
fn not_in(barred: Version, version: Version, field: &Field<'_>) -> Result<(), ParseError> {
    if version != barred {
        return Ok(());
    }
    let what = match barred {
        Version::Zero => "belongs to version 2 (BIP370) and may not stand in version 0",
        Version::Two => "belongs to version 0 (BIP174) and may not stand in version 2",
    };
    Err(field.fault("P09", what, ONE_VERSION))
}

/// P09: a field that every PSBT of `version` has at `place`.
fn missing(version: Version, place: Place, kind: u64) -> ParseError {
    let (name, version) = (FieldName(place, kind), version.number());
    let what = format!("{place}: {name} is missing, which every PSBT of version {version} has there");
    ParseError { rule: "P09", place, what, remedy: OTHER_SOFTWARE }
}

fn silent_payment(field: &Field<'_>) -> ParseError {
    field.fault(
        "P17",
        "is of a silent payment (BIP375), which this program does not sign",
        "pay to an ordinary address",
    )
}

fn musig(field: &Field<'_>) -> ParseError {
    field.fault("P17", "is of MuSig2 (BIP373), which this program does not sign", "use a wallet without MuSig2 keys")
}
