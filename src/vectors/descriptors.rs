//! BIP67 and BIP380 to BIP386 and BIP389: descriptors, their keys, checksums and scripts.

use bitcoin::ScriptBuf;

use super::{
    Siblings,
    case::{Case, Check, hex, same},
    nodes,
};
use crate::{
    network::Network,
    wallet::{DescriptorError, Expression, KeyText, Secrets},
};

/// Indices at which alternatives are compared.
const INDICES: [u32; 3] = [0, 1, 4_711];

/// One case of BIP67.
pub(super) fn bip67(case: &Case<'_>, _: &Siblings<'_>) -> Check {
    if case.kind()? != "multisig" {
        return Err("a kind that is not known".to_owned());
    }
    let threshold = case.number("threshold")?;
    let of = |function: &str, keys: &str| -> Result<ScriptBuf, String> {
        let text = format!("sh({function}({threshold},{}))", case.texts(keys)?.join(","));
        let scripts = Expression::parse_public(&text).and_then(|e| e.scripts(0)).map_err(|e| e.to_string())?;
        scripts.into_iter().next().ok_or_else(|| "no script".to_owned())
    };
    let script = of("sortedmulti", "keys")?;
    same("sorted", &of("multi", "sorted")?, &script)?;
    let redeem = ScriptBuf::from(case.bytes("redeem_script")?);
    same("redeem_script", &ScriptBuf::new_p2sh(&redeem.script_hash()), &script)?;
    same("address", nodes::address(&script, Network::Mainnet)?.as_str(), case.text("address")?)?;
    case.accepted()
}

/// One case of BIP380: a checksum, or a key expression.
pub(super) fn bip380(case: &Case<'_>, siblings: &Siblings<'_>) -> Check {
    match case.kind()? {
        "checksum" => {
            let text = case.text("descriptor")?;
            same("has_checksum", &text.contains('#'), &case.flag("has_checksum"))?;
            descriptor(case, siblings)
        }
        "key" => key(case),
        _ => Err("a kind that is not known".to_owned()),
    }
}

fn key(case: &Case<'_>) -> Check {
    let text = case.text("key")?;
    if let Err(error) = KeyText::read(text, Secrets::Read) {
        return case.refused(error.code(), &error.to_string());
    }
    // A valid expression can still have no keys: hardened steps below a public key.
    let scripts = Expression::parse(&format!("pkh({text})")).and_then(|e| e.scripts(0));
    match scripts {
        Ok(_) if !case.flag("underivable") => case.accepted(),
        Ok(_) => Err("`underivable` was derived".to_owned()),
        Err(error) if error.code() == "hardened-from-xpub" && case.flag("underivable") => case.accepted(),
        Err(error) => Err(error.to_string()),
    }
}

/// One case of BIP380 to BIP386: a descriptor and its scripts.
pub(super) fn descriptor(case: &Case<'_>, _: &Siblings<'_>) -> Check {
    if !matches!(case.kind()?, "descriptor" | "checksum") {
        return Err("a kind that is not known".to_owned());
    }
    // A kind that is refused has scripts that nobody compares.
    ["scripts", "scripts_by_index"].iter().for_each(|name| case.looked_at(name));
    let expression = match Expression::parse(case.text("descriptor")?) {
        Ok(expression) => expression,
        Err(error) => return refused(case, &error),
    };
    let single = |index| match expression.scripts(index).map_err(|e| e.to_string())?.as_slice() {
        [script] => Ok(script.to_bytes()),
        _ => Err("alternatives in a descriptor that has none".to_owned()),
    };
    if case.has("scripts_by_index") {
        same("scripts_by_index", &expression.ranged(), &true)?;
        for (index, row) in (0u32..).zip(case.tables("scripts_by_index")?) {
            let [theirs] = row[..] else { return Err("more than one script at an index".to_owned()) };
            same("scripts_by_index", &single(index)?, &hex("scripts_by_index", theirs)?)?;
        }
    } else {
        same("scripts_by_index", &expression.ranged(), &false)?;
        let ours = single(0)?;
        if case.has("scripts") {
            same("scripts", &vec![ours], &case.hexes("scripts")?)?;
        }
    }
    case.accepted()
}

/// One case of BIP389: a descriptor with alternatives, and the descriptors that it stands for.
pub(super) fn bip389(case: &Case<'_>, _: &Siblings<'_>) -> Check {
    if case.kind()? != "multipath" {
        return Err("a kind that is not known".to_owned());
    }
    case.looked_at("single");
    let expression = match Expression::parse(case.text("descriptor")?) {
        Ok(expression) => expression,
        Err(error) => return refused(case, &error),
    };
    let texts = case.texts("single")?;
    let single: Vec<_> =
        texts.iter().map(|text| Expression::parse(text)).collect::<Result<_, _>>().map_err(|e| e.to_string())?;
    same("single", &single.len(), &expression.alternatives())?;
    for index in INDICES {
        let ours = expression.scripts(index).map_err(|e| e.to_string())?;
        let mut theirs = Vec::new();
        for one in &single {
            theirs.extend(one.scripts(index).map_err(|e| e.to_string())?);
        }
        same("single", &ours, &theirs)?;
    }
    case.accepted()
}

fn refused(case: &Case<'_>, error: &DescriptorError) -> Check {
    case.refused(error.code(), &error.to_string())
}
