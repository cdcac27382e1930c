//! Public keys, descriptors and accounts as CBOR of 2020, from the text that stands for them.
//!
//! Floor 1. What that CBOR has no form for (miniscript, leaves of taproot, several origins of an account) is not
//! written: who sends it takes another format.
//!
//! # Source
//! BCR-2020-007 (hdkey), BCR-2020-010 (output descriptors), BCR-2020-015 (accounts); tags 303 to 305 and 400 to 409.

use bitcoin::{
    NetworkKind,
    bip32::{ChildNumber, DerivationPath, Fingerprint, Xpub},
};

use super::{
    cbor::{ARRAY, MAP, TAG, UNSIGNED, byte_string, head},
    payload::Kind,
};

/// The CBOR of a text of this kind, where there is a form for it.
pub(super) fn encode(kind: Kind, text: &str) -> Option<Vec<u8>> {
    let mut cbor = Vec::new();
    match kind {
        Kind::Key => extended(&mut cbor, text)?,
        Kind::Descriptor => script(&mut cbor, text)?,
        Kind::Account => account(&mut cbor, text)?,
        Kind::Psbt | Kind::Transaction | Kind::Json | Kind::Text | Kind::Binary | Kind::Seed => return None,
    }
    Some(cbor)
}

/// Descriptors, a line each, of keys of one master. Each stands without the tag 308 that BCR-2020-015 puts before it:
/// Keystone's registry writes none, and takes none.
fn account(cbor: &mut Vec<u8>, text: &str) -> Option<()> {
    let lines: Vec<&str> = text.lines().collect();
    let first = master(lines.first()?)?;
    if lines.iter().any(|line| master(line) != Some(first) || line.matches('[').count() != 1) {
        return None;
    }
    pairs(cbor, 2);
    number(cbor, 1);
    number(cbor, u32::from_str_radix(first, 16).ok()?.into());
    number(cbor, 2);
    head(cbor, ARRAY, u64::try_from(lines.len()).ok()?);
    lines.iter().try_for_each(|line| script(cbor, line))
}

/// The fingerprint of a descriptor's first key.
fn master(line: &str) -> Option<&str> {
    line.split_once('[').and_then(|(_, key)| key.get(..8))
}

/// `wpkh(…)` and the like; a checksum is passed over.
fn script(cbor: &mut Vec<u8>, text: &str) -> Option<()> {
    let text = text.split_once('#').map_or(text, |(text, _)| text);
    let Some((name, content)) = text.split_once('(') else { return key(cbor, text) };
    let content = content.strip_suffix(')')?;
    let (tag, of_key) = match name {
        "sh" => (400, false),
        "wsh" => (401, false),
        "pk" => (402, true),
        "pkh" => (403, true),
        "wpkh" => (404, true),
        "combo" => (405, true),
        "multi" | "sortedmulti" => {
            head(cbor, TAG, if name == "multi" { 406 } else { 407 });
            return several(cbor, content);
        }
        "tr" => (409, true),
        _ => return None,
    };
    head(cbor, TAG, tag);
    if of_key { key(cbor, content) } else { script(cbor, content) }
}

fn several(cbor: &mut Vec<u8>, content: &str) -> Option<()> {
    let (threshold, keys) = content.split_once(',')?;
    pairs(cbor, 2);
    number(cbor, 1);
    number(cbor, threshold.parse().ok()?);
    number(cbor, 2);
    head(cbor, ARRAY, u64::try_from(keys.split(',').count()).ok()?);
    keys.split(',').try_for_each(|text| key(cbor, text))
}

/// An extended key with its tag.
fn key(cbor: &mut Vec<u8>, text: &str) -> Option<()> {
    head(cbor, TAG, 303);
    extended(cbor, text)
}

/// `[d34db33f/84h/0h/0h]xpub…/0/*`
fn extended(cbor: &mut Vec<u8>, text: &str) -> Option<()> {
    let (origin, key) = text.strip_prefix('[')?.split_once(']')?;
    let (master, path) = origin.split_once('/').unwrap_or((origin, ""));
    let master: Fingerprint = master.parse().ok()?;
    let path: DerivationPath = path.parse().ok()?;
    let (key, below) = key.split_once('/').map_or((key, None), |(key, below)| (key, Some(below)));
    let xpub: Xpub = key.parse().ok()?;
    let parent = u32::from_be_bytes(xpub.parent_fingerprint.to_bytes());
    let test = xpub.network == NetworkKind::Test;
    let fields = [test, below.is_some(), parent != 0].into_iter().filter(|field| *field).count();
    pairs(cbor, u64::try_from(fields).ok()?.saturating_add(3));
    number(cbor, 3);
    cbor.extend(byte_string(&xpub.public_key.serialize()));
    number(cbor, 4);
    cbor.extend(byte_string(xpub.chain_code.as_bytes()));
    if test {
        number(cbor, 5);
        head(cbor, TAG, 305);
        pairs(cbor, 1);
        number(cbor, 2);
        number(cbor, 1);
    }
    number(cbor, 6);
    head(cbor, TAG, 304);
    pairs(cbor, 3);
    number(cbor, 1);
    head(cbor, ARRAY, u64::try_from(path.len()).ok()?.saturating_mul(2));
    for step in &path {
        one(cbor, *step);
    }
    number(cbor, 2);
    number(cbor, u32::from_be_bytes(master.to_bytes()).into());
    number(cbor, 3);
    number(cbor, xpub.depth.into());
    if let Some(below) = below {
        number(cbor, 7);
        children(cbor, below)?;
    }
    if parent != 0 {
        number(cbor, 8);
        number(cbor, parent.into());
    }
    Some(())
}

/// `<0;1>/*`
fn children(cbor: &mut Vec<u8>, below: &str) -> Option<()> {
    head(cbor, TAG, 304);
    pairs(cbor, 1);
    number(cbor, 1);
    // A pair is one value of the list, any other step two.
    let values = |step: &str| if step.starts_with('<') { 1u64 } else { 2 };
    head(cbor, ARRAY, below.split('/').map(values).fold(0, u64::saturating_add));
    for step in below.split('/') {
        if let Some(pair) = step.strip_prefix('<').and_then(|step| step.strip_suffix('>')) {
            let (first, second) = pair.split_once(';')?;
            head(cbor, ARRAY, 4);
            one(cbor, first.parse().ok()?);
            one(cbor, second.parse().ok()?);
        } else if let Some(mark) = step.strip_prefix('*') {
            head(cbor, ARRAY, 0);
            boolean(cbor, !mark.is_empty());
        } else {
            one(cbor, step.parse().ok()?);
        }
    }
    Some(())
}

fn one(cbor: &mut Vec<u8>, step: ChildNumber) {
    let (ChildNumber::Normal { index } | ChildNumber::Hardened { index }) = step;
    number(cbor, index.into());
    boolean(cbor, step.is_hardened());
}

fn number(cbor: &mut Vec<u8>, value: u64) {
    head(cbor, UNSIGNED, value);
}

fn pairs(cbor: &mut Vec<u8>, count: u64) {
    head(cbor, MAP, count);
}

fn boolean(cbor: &mut Vec<u8>, value: bool) {
    cbor.push(if value { 0xf5 } else { 0xf4 });
}

#[cfg(test)]
mod tests {
    use super::{super::keys, *};

    const XPUB: &str = "xpub6CUGRUonZSQ4TWtTMmzXdrXDtypWKiKrhko4egpiMZbpiaQL2jkwSB1icqYh2cfDfVxdx4df189oLKnC5fSwqPfgyP3hooxujYzAu3fDVmz";

    fn ours(path: &str, tail: &str) -> String {
        let depth = path.matches('/').count() as u8;
        let mut xpub: Xpub = XPUB.parse().unwrap();
        let last = path.rsplit('/').next().unwrap().parse().unwrap();
        (xpub.depth, xpub.child_number) = (depth, last);
        format!("[d34db33f{path}]{xpub}{tail}")
    }

    #[test]
    fn what_is_written_is_read_as_it_was() {
        let (one, two) = (ours("/48'/0'/0'/2'", ""), ours("/48'/0'/1'/2'", ""));
        for text in [
            format!("wpkh({})", ours("/84'/0'/0'", "")),
            format!("wpkh({})", ours("/84'/0'/0'", "/<0;1>/*")),
            format!("sh(wpkh({}))", ours("/49'/0'/0'", "/0/*")),
            format!("tr({})", ours("/86'/0'/7'", "/1/*'")),
            format!("wsh(sortedmulti(2,{one},{two}))"),
            format!("sh(wsh(multi(1,{one},{two}/1/*)))"),
        ] {
            let cbor = encode(Kind::Descriptor, &text).unwrap();
            assert_eq!(keys::output(&cbor).unwrap(), text);
            assert_eq!(encode(Kind::Descriptor, &format!("{text}#abcdefgh")), Some(cbor));
        }
        let key = ours("/84'/0'/0'", "");
        assert_eq!(keys::hdkey(&encode(Kind::Key, &key).unwrap()).unwrap(), key);
        let lines = format!("wpkh({key})\npkh({})", ours("/44'/0'/0'", ""));
        assert_eq!(keys::account(&encode(Kind::Account, &lines).unwrap()).unwrap().join("\n"), lines);
    }

    #[test]
    fn what_has_no_form_is_not_written() {
        let key = ours("/84'/0'/0'", "");
        for text in [
            "",
            "wpkh()",
            "raw(00)",
            &format!("wpkh({key}"),
            &format!("wsh(and_v(v:pk({key}),older(144)))"),
            &format!("tr({key},pk({key}))"),
            &format!("wpkh({XPUB})"),
            &format!("wpkh({key}/<0;1;2>/*)"),
            &format!("wsh(multi(x,{key}))"),
            &format!("wpkh([d34db33/0]{XPUB})"),
        ] {
            assert_eq!(encode(Kind::Descriptor, text), None, "{text}");
        }
        let other = key.replace("d34db33f", "d34db33e");
        for lines in [String::new(), format!("wpkh({key})\nwpkh({other})"), format!("wsh(multi(1,{key},{key}))")] {
            assert_eq!(encode(Kind::Account, &lines), None, "{lines}");
        }
        assert_eq!(encode(Kind::Text, &format!("wpkh({key})")), None);
    }
}
