//! Public keys, descriptors and accounts in CBOR, as the text that other programs take.
//!
//! Floor 1. Read are the names and tags of 2020 and those of 2023. Nothing here says whose a key is: the text goes
//! through the same registration as any that is typed. Private keys are refused.
//!
//! # Source
//! BCR-2020-007 and BCR-2023-007 (hdkey), BCR-2020-008 (eckey), BCR-2020-010 and BCR-2023-010 (output descriptors),
//! BCR-2020-015 and BCR-2023-019 (accounts).

use bitcoin::{
    NetworkKind,
    bip32::{ChainCode, ChildNumber, Fingerprint, Xpub},
    secp256k1::PublicKey,
};

use super::cbor::{self, Malformed, Reader};
use crate::{limits, text};

/// Why CBOR is no key, descriptor or account that is taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Not of the type's form.
    #[error("the content is not what such a UR holds: {0}")]
    Content(&'static str),
    /// A private key.
    #[error("it holds a private key. Only public keys are taken by QR; whoever saw this code knows the key")]
    Private,
    /// A key of another coin.
    #[error("a key of another coin than Bitcoin")]
    Coin,
    /// Bytes that are no point, or a path that no key has.
    #[error("a key that is none: {0}")]
    Key(&'static str),
    /// An address or a script in the place of a key.
    #[error("a descriptor of {0}, which is not read")]
    Unread(&'static str),
}

impl KeyError {
    pub(crate) const fn code(&self) -> &'static str {
        match self {
            Self::Content(_) => "content",
            Self::Private => "private-key",
            Self::Coin => "coin",
            Self::Key(_) => "key",
            Self::Unread(_) => "unread",
        }
    }
}

impl From<Malformed> for KeyError {
    fn from(Malformed(what): Malformed) -> Self {
        Self::Content(what)
    }
}

type Read<T> = Result<T, KeyError>;

/// `[d34db33f/44'/0'/0']xpub…/1/*`, or a bare key in hex.
pub(crate) fn hdkey(cbor: &[u8]) -> Read<String> {
    let mut reader = Reader::new(cbor);
    let text = extended(&mut reader)?;
    reader.end()?;
    Ok(text)
}

/// A descriptor without checksum.
pub(crate) fn output(cbor: &[u8]) -> Read<String> {
    let mut reader = Reader::new(cbor);
    let text = descriptor(&mut reader)?;
    reader.end()?;
    Ok(text)
}

/// The descriptors of an account, in their order.
pub(crate) fn account(cbor: &[u8]) -> Read<Vec<String>> {
    let mut reader = Reader::new(cbor);
    let mut all = Vec::new();
    fields(&mut reader, |key, reader| match key {
        1 => reader.small().map(|_fingerprint| ()).map_err(KeyError::from),
        2 => {
            for _ in 0..within(reader.array()?, "too many descriptors")? {
                all.push(descriptor(reader)?);
            }
            Ok(())
        }
        _ => Err(UNKNOWN),
    })?;
    reader.end()?;
    if all.is_empty() { Err(KeyError::Content("an account without descriptors")) } else { Ok(all) }
}

const UNKNOWN: KeyError = KeyError::Content("a field that is not known");

fn within(count: u64, otherwise: &'static str) -> Read<u64> {
    if count <= limits::QR_KEYS { Ok(count) } else { Err(KeyError::Content(otherwise)) }
}

/// A map with numbers as keys, ascending.
fn fields<'a>(reader: &mut Reader<'a>, mut field: impl FnMut(u64, &mut Reader<'a>) -> Read<()>) -> Read<()> {
    let mut before = None;
    for _ in 0..reader.map()? {
        let key = reader.unsigned()?;
        if before.is_some_and(|before| before >= key) {
            return Err(KeyError::Content("fields that are out of order, or come twice"));
        }
        before = Some(key);
        field(key, reader)?;
    }
    Ok(())
}

/// The tag is one of these two.
fn tagged(reader: &mut Reader<'_>, tags: [u64; 2]) -> Read<()> {
    let tag = reader.tag()?;
    if tags.contains(&tag) { Ok(()) } else { Err(KeyError::Content("a tag that is not known")) }
}

/// What a path in CBOR is.
#[derive(Default)]
struct Path {
    steps: Vec<Step>,
    source: Option<u32>,
    depth: Option<u32>,
}

enum Step {
    One {
        index: u32,
        hardened: bool,
    },
    /// As descriptors write it: `*`, `*'`, `<0;1>`.
    Many(String),
}

impl Path {
    fn text(&self) -> String {
        let step = |step: &Step| match step {
            Step::One { index, hardened } => format!("/{index}{}", mark(*hardened)),
            Step::Many(text) => format!("/{text}"),
        };
        self.steps.iter().map(step).collect()
    }
}

const fn mark(hardened: bool) -> &'static str {
    if hardened { "'" } else { "" }
}

fn index(reader: &mut Reader<'_>) -> Read<(u32, bool)> {
    let index = reader.small()?;
    if index >= 1 << 31 {
        return Err(KeyError::Key("a step of its path is 2^31 or more"));
    }
    Ok((index, reader.boolean()?))
}

fn path(reader: &mut Reader<'_>) -> Read<Path> {
    tagged(reader, [304, 40_304])?;
    let mut path = Path::default();
    fields(reader, |key, reader| {
        match key {
            1 => {
                let mut values = reader.array()?;
                if values > limits::QR_PATH_STEPS.saturating_mul(2) {
                    return Err(KeyError::Key("its path has too many steps"));
                }
                while values > 0 {
                    let (step, taken) = step(reader)?;
                    path.steps.push(step);
                    values = values.checked_sub(taken).ok_or(KeyError::Content("half a step of a path"))?;
                }
            }
            2 => path.source = Some(reader.small()?),
            3 => path.depth = Some(reader.small()?),
            _ => return Err(UNKNOWN),
        }
        Ok(())
    })?;
    Ok(path)
}

/// A step, and how many values of the list it takes.
fn step(reader: &mut Reader<'_>) -> Read<(Step, u64)> {
    if reader.next_is(cbor::UNSIGNED) {
        let (index, hardened) = index(reader)?;
        return Ok((Step::One { index, hardened }, 2));
    }
    match reader.array()? {
        0 => Ok((Step::Many(format!("*{}", mark(reader.boolean()?))), 2)),
        4 => {
            let ((first, hard), (second, also)) = (index(reader)?, index(reader)?);
            Ok((Step::Many(format!("<{first}{};{second}{}>", mark(hard), mark(also))), 1))
        }
        _ => Err(KeyError::Key("its path has a range of steps")),
    }
}

/// 0 or no number: mainnet; 1: a test network.
fn network(reader: &mut Reader<'_>) -> Read<NetworkKind> {
    tagged(reader, [305, 40_305])?;
    let mut network = NetworkKind::Main;
    fields(reader, |key, reader| match (key, reader.small()?) {
        (1, 0) | (2, 0) => Ok(()),
        // SLIP-44's number of all test networks
        (1, 1) | (2, 1) => {
            network = NetworkKind::Test;
            Ok(())
        }
        (1, _) => Err(KeyError::Coin),
        (2, _) => Err(KeyError::Content("a network that is not known")),
        _ => Err(UNKNOWN),
    })?;
    Ok(network)
}

fn point(bytes: &[u8]) -> Read<PublicKey> {
    match bytes {
        // A private key of 32 bytes, or as BIP32 writes one.
        [0, ..] if bytes.len() == 33 => Err(KeyError::Private),
        _ if bytes.len() == 32 => Err(KeyError::Private),
        _ if bytes.len() == 33 => PublicKey::from_slice(bytes).map_err(|_| KeyError::Key("its bytes are no point")),
        _ => Err(KeyError::Key("it has another length than 33 bytes")),
    }
}

/// An hdkey without its tag.
fn extended(reader: &mut Reader<'_>) -> Read<String> {
    let (mut key, mut chain, mut kind) = (None, None, NetworkKind::Main);
    let (mut origin, mut children, mut parent, mut master) = (None, None, None, false);
    fields(reader, |field, reader| {
        match field {
            1 => master = reader.boolean()?,
            2 if reader.boolean()? => return Err(KeyError::Private),
            2 => {}
            3 => key = Some(point(reader.bytes()?)?),
            4 => {
                let code: [u8; 32] =
                    reader.bytes()?.try_into().map_err(|_| KeyError::Key("its chain code has not 32 bytes"))?;
                chain = Some(ChainCode::from(code));
            }
            5 => kind = network(reader)?,
            6 => origin = Some(path(reader)?),
            7 => children = Some(path(reader)?),
            8 => parent = Some(reader.small()?),
            9 | 10 => drop(reader.text()?),
            _ => return Err(UNKNOWN),
        }
        Ok(())
    })?;
    let key = key.ok_or(KeyError::Content("a key without its bytes"))?;
    let origin = origin.unwrap_or_default();
    if master && !origin.steps.is_empty() {
        return Err(KeyError::Key("it is a master key and has a path"));
    }
    let mut last = ChildNumber::Normal { index: 0 };
    for step in &origin.steps {
        let Step::One { index, hardened } = step else {
            return Err(KeyError::Key("its own path has a step that stands for many"));
        };
        last = if *hardened { ChildNumber::from_hardened_idx(*index) } else { ChildNumber::from_normal_idx(*index) }
            .map_err(|_| KeyError::Key("a step of its path is 2^31 or more"))?;
    }
    let source = match origin.source {
        Some(source) => format!("[{}{}]", text::hex(&source.to_be_bytes()), origin.text()),
        None => String::new(),
    };
    let ours = match chain {
        None => text::hex(&key.serialize()),
        Some(chain_code) => {
            let steps = u32::try_from(origin.steps.len()).unwrap_or(u32::MAX);
            let depth = origin.depth.unwrap_or(steps);
            // A path may leave out its first steps, and its source then is no master.
            if depth < steps {
                return Err(KeyError::Key("its depth is less than its path has steps"));
            }
            let depth = u8::try_from(depth).map_err(|_| KeyError::Key("its depth is above 255"))?;
            // Where the source is one step away, it is the parent.
            let parent = parent.or(origin.source.filter(|_| depth == 1)).unwrap_or(0);
            let parent_fingerprint = Fingerprint::from(parent.to_be_bytes());
            let xpub =
                Xpub { network: kind, depth, parent_fingerprint, child_number: last, public_key: key, chain_code };
            xpub.to_string()
        }
    };
    let below = children.unwrap_or_default();
    if chain.is_none() && !below.steps.is_empty() {
        return Err(KeyError::Key("it has a path below and no chain code"));
    }
    Ok(format!("{source}{ours}{}", below.text()))
}

/// An eckey without its tag.
fn single(reader: &mut Reader<'_>) -> Read<String> {
    let mut key = None;
    fields(reader, |field, reader| {
        match field {
            1 => {
                let curve = reader.unsigned()?;
                return if curve == 0 { Ok(()) } else { Err(KeyError::Key("it is of another curve")) };
            }
            2 if reader.boolean()? => return Err(KeyError::Private),
            2 => {}
            3 => key = Some(point(reader.bytes()?)?),
            _ => return Err(UNKNOWN),
        }
        Ok(())
    })?;
    let key: PublicKey = key.ok_or(KeyError::Content("a key without its bytes"))?;
    Ok(text::hex(&key.serialize()))
}

/// A key of any kind, with its tag.
fn key(reader: &mut Reader<'_>) -> Read<String> {
    match reader.tag()? {
        303 | 40_303 => extended(reader),
        306 | 40_306 => single(reader),
        307 | 40_307 => Err(KeyError::Unread("an address")),
        _ => Err(KeyError::Content("a tag that is not known")),
    }
}

/// A descriptor: a text with keys beside it (2023), or scripts by their tags (2020).
fn descriptor(reader: &mut Reader<'_>) -> Read<String> {
    let mut ahead = *reader;
    if ahead.next_is(cbor::TAG) && matches!(ahead.tag()?, 308 | 40_308) {
        *reader = ahead;
    }
    if reader.next_is(cbor::MAP) { with_keys(reader) } else { script(reader, 4) }
}

fn script(reader: &mut Reader<'_>, depth: u8) -> Read<String> {
    let inner = depth.checked_sub(1).ok_or(KeyError::Content("too many levels"))?;
    let mut ahead = *reader;
    let (name, content) = match ahead.tag()? {
        400 => ("sh", script(&mut ahead, inner)?),
        401 => ("wsh", script(&mut ahead, inner)?),
        402 => ("pk", key(&mut ahead)?),
        403 => ("pkh", key(&mut ahead)?),
        404 => ("wpkh", key(&mut ahead)?),
        405 => ("combo", key(&mut ahead)?),
        406 => ("multi", several(&mut ahead)?),
        407 => ("sortedmulti", several(&mut ahead)?),
        408 => return Err(KeyError::Unread("a raw script")),
        409 => ("tr", key(&mut ahead)?),
        410 => ("cosigner", key(&mut ahead)?),
        _ => return key(reader),
    };
    *reader = ahead;
    Ok(format!("{name}({content})"))
}

fn several(reader: &mut Reader<'_>) -> Read<String> {
    let (mut threshold, mut keys) = (None, Vec::new());
    fields(reader, |field, reader| {
        match field {
            1 => threshold = Some(reader.small()?),
            2 => {
                for _ in 0..within(reader.array()?, "too many keys")? {
                    keys.push(key(reader)?);
                }
            }
            _ => return Err(UNKNOWN),
        }
        Ok(())
    })?;
    let threshold = threshold.filter(|_| !keys.is_empty()).ok_or(KeyError::Content("a multisig without its parts"))?;
    Ok(format!("{threshold},{}", keys.join(",")))
}

fn with_keys(reader: &mut Reader<'_>) -> Read<String> {
    let (mut source, mut keys) = (None, Vec::new());
    fields(reader, |field, reader| {
        match field {
            1 => source = Some(reader.text()?),
            2 => {
                for _ in 0..within(reader.array()?, "too many keys")? {
                    keys.push(key(reader)?);
                }
            }
            3 | 4 => drop(reader.text()?),
            _ => return Err(UNKNOWN),
        }
        Ok(())
    })?;
    let source: &str = source.ok_or(KeyError::Content("a descriptor without its text"))?;
    if !source.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(KeyError::Content("a descriptor of other characters than ASCII"));
    }
    let mut parts = source.split('@');
    let mut whole = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let end = part.find(|c: char| !c.is_ascii_digit()).unwrap_or(part.len());
        let (number, rest) = part.split_at_checked(end).unwrap_or_default();
        let key = number.parse().ok().and_then(|number: usize| keys.get(number));
        whole.push_str(key.ok_or(KeyError::Content("a descriptor that names a key that is not there"))?);
        whole.push_str(rest);
        if whole.len() > limits::DESCRIPTOR_BYTES {
            return Err(KeyError::Content("the descriptor is too long"));
        }
    }
    Ok(whole)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The generator's point.
    const POINT: &str = "0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798";

    fn bytes(hex: &str) -> Vec<u8> {
        bitcoin::hex::FromHex::from_hex(&hex.replace(' ', "")).unwrap()
    }

    fn chain() -> String {
        "11".repeat(32)
    }

    #[track_caller]
    fn key_refused(cbor: &str, expected: KeyError) {
        assert_eq!(hdkey(&bytes(cbor)).unwrap_err(), expected, "{cbor}");
    }

    #[test]
    fn a_key_has_its_origin_and_what_is_below() {
        let cbor = format!(
            "a4 03 5821{POINT} 04 5820{} 06 d90130 a2 01 86 1854f500f500f5 02 1a d34db33f \
             07 d99d70 a1 01 83 84 00f401f4 80f4",
            chain()
        );
        let text = hdkey(&bytes(&cbor)).unwrap();
        assert!(text.starts_with("[d34db33f/84'/0'/0']xpub6") && text.ends_with("/<0;1>/*"), "{text}");
        let tagged = format!("d90194 d9012f {cbor}");
        assert_eq!(output(&bytes(&tagged)).unwrap(), format!("wpkh({text})"));
        assert_eq!(hdkey(&bytes(&format!("a1 03 5821{POINT}"))).unwrap(), POINT);
    }

    #[test]
    fn private_keys_are_refused_however_they_are_written() {
        key_refused(&format!("a2 02 f5 03 5821{POINT}"), KeyError::Private);
        key_refused(&format!("a1 03 5821 00{}", chain()), KeyError::Private);
        key_refused(&format!("a1 03 5820 {}", chain()), KeyError::Private);
        let pk = format!("d90192 d90132 a2 02f5 03 5820 {}", chain());
        assert_eq!(output(&bytes(&pk)), Err(KeyError::Private));
    }

    #[test]
    fn keys_that_are_none_are_refused() {
        let with = |rest: &str, fields: u8| format!("a{fields} 03 5821{POINT} 04 5820{} {rest}", chain());
        key_refused("a0", KeyError::Content("a key without its bytes"));
        key_refused(&format!("a1 03 5821 05{}", chain()), KeyError::Key("its bytes are no point"));
        key_refused("a1 03 4102", KeyError::Key("it has another length than 33 bytes"));
        key_refused(&with("05 d90131 a1 01 02", 3), KeyError::Coin);
        key_refused(&with("05 d90131 a1 02 02", 3), KeyError::Content("a network that is not known"));
        key_refused(&with("06 d90130 a1 01 82 1a80000000 f5", 3), KeyError::Key("a step of its path is 2^31 or more"));
        key_refused(&with("06 d90130 a1 01 82 0000", 3), KeyError::Content("yes or no is missing"));
        key_refused(&with("06 d90130 a1 01 81 00f4", 3), KeyError::Content("half a step of a path"));
        key_refused(
            &with("06 d90130 a1 01 82 80 f4", 3),
            KeyError::Key("its own path has a step that stands for many"),
        );
        key_refused(
            &with("06 d90130 a2 01 82 00f4 03 00", 3),
            KeyError::Key("its depth is less than its path has steps"),
        );
        key_refused(&with("06 d90130 a2 01 80 03 190100", 3), KeyError::Key("its depth is above 255"));
        key_refused(&with("06 d90130 a1 01 9841", 3), KeyError::Key("its path has too many steps"));
        key_refused(&with("07 d90130 a1 01 82 82 0001 f4", 3), KeyError::Key("its path has a range of steps"));
        key_refused(&with("0b 00", 3), UNKNOWN);
        key_refused(&with("03 00", 3), KeyError::Content("fields that are out of order, or come twice"));
        key_refused(&with("00", 2), KeyError::Content("more bytes follow"));
        key_refused(
            &format!("a2 03 5821{POINT} 07 d90130 a1 01 82 80 f4"),
            KeyError::Key("it has a path below and no chain code"),
        );
    }

    #[test]
    fn descriptors_that_are_none_are_refused() {
        let key = format!("d99d6f a1 03 5821{POINT}");
        let named = |source: &str, keys: &str| {
            let mut cbor = bytes("a2 01");
            cbor::head(&mut cbor, cbor::TEXT, source.len() as u64);
            cbor.extend(source.as_bytes());
            cbor.extend(bytes(&format!("02 {keys}")));
            output(&cbor)
        };
        assert_eq!(named("wpkh(@0)", &format!("81 {key}")).unwrap(), format!("wpkh({POINT})"));
        let missing = KeyError::Content("a descriptor that names a key that is not there");
        assert_eq!(named("wpkh(@1)", &format!("81 {key}")), Err(missing.clone()));
        assert_eq!(named("wpkh(@)", &format!("81 {key}")), Err(missing));
        assert_eq!(named("pk(@0\u{202e})", &format!("81 {key}")).unwrap_err().code(), "content");
        assert_eq!(
            named(&"@0".repeat(200), &format!("81 {key}")),
            Err(KeyError::Content("the descriptor is too long"))
        );
        assert_eq!(output(&bytes("d90198 4100")), Err(KeyError::Unread("a raw script")));
        assert_eq!(output(&bytes("d90133 a0")), Err(KeyError::Unread("an address")));
        let deep = format!("{} {key}", "d90190".repeat(5));
        assert_eq!(output(&bytes(&deep)), Err(KeyError::Content("too many levels")));
        assert_eq!(output(&bytes("d90190 d90196 a1 01 02")), Err(KeyError::Content("a multisig without its parts")));
        assert_eq!(output(&bytes("d90196 a2 01 02 02 1a00010000")).unwrap_err().code(), "content");
        assert_eq!(output(&bytes("d90196 a2 01 02 02 190100")).unwrap_err().code(), "content");
        assert_eq!(account(&bytes("a2 01 00 02 80")), Err(KeyError::Content("an account without descriptors")));
        assert_eq!(account(&bytes("a1 02 9a00010000")), Err(KeyError::Content("too many descriptors")));
    }

    proptest! {
        #[test]
        fn any_bytes_are_taken_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..80)) {
            let _outcomes = (hdkey(&bytes), output(&bytes).map(drop), account(&bytes).map(drop));
        }
    }
}
