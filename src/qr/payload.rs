//! What was carried: its kind, its bytes, and how it came, so that the answer can go out in the same way.
//!
//! Floor 1. The first characters of a text decide what it is; nothing is tried one after the other, but base 43,
//! which has no first characters of its own.

use std::fmt;

use bitcoin::{
    base64::{Engine as _, engine::general_purpose::STANDARD},
    hex::FromHex,
};

use super::{
    Packing, base43, keys,
    seeds::{holds_secret, is_seed_qr, numbers},
};
use crate::limits;

/// What a payload is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A PSBT, binary.
    Psbt,
    /// A network transaction.
    Transaction,
    /// JSON.
    Json,
    /// Any other text.
    Text,
    /// Any other bytes.
    Binary,
    /// A public key with its origin, as a descriptor has it.
    Key,
    /// A descriptor.
    Descriptor,
    /// Descriptors, a line each.
    Account,
    /// A secret: a mnemonic as words or as their numbers, a private key, or a text with one in it.
    Seed,
}

impl Kind {
    /// All kinds.
    pub const ALL: &[Self] = &[
        Self::Psbt,
        Self::Transaction,
        Self::Json,
        Self::Text,
        Self::Binary,
        Self::Key,
        Self::Descriptor,
        Self::Account,
        Self::Seed,
    ];

    /// With its article: `a PSBT`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Psbt => "a PSBT",
            Self::Transaction => "a transaction",
            Self::Json => "JSON",
            Self::Text => "a text",
            Self::Binary => "binary data",
            Self::Key => "a public key",
            Self::Descriptor => "a descriptor",
            Self::Account => "an account",
            Self::Seed => "a seed or a private key",
        }
    }

    /// The kind that a UR of this type holds. `bytes` may hold several and is not among them.
    pub(super) fn of_ur(name: &str) -> Option<Self> {
        Some(match name {
            "crypto-psbt" | "psbt" => Self::Psbt,
            "crypto-hdkey" | "hdkey" => Self::Key,
            "crypto-output" | "output-descriptor" => Self::Descriptor,
            "crypto-account" | "account-descriptor" => Self::Account,
            _ => return None,
        })
    }
}

/// How a payload came, or goes out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Carrier {
    /// UR with the names of types of 2020 (`crypto-psbt`), which all wallets read.
    Ur,
    /// UR with the names of 2023 (`psbt`).
    UrOf2023,
    /// BBQr.
    Bbqr(Packing),
    /// `p1of3 …`
    Pieces,
    /// Base64.
    Base64,
    /// Base 43.
    Base43,
    /// Hex.
    Hex,
    /// As it stands.
    Plain,
}

impl Carrier {
    /// What people call it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ur | Self::UrOf2023 => "UR",
            Self::Bbqr(_) => "BBQr",
            Self::Pieces => "pieces",
            Self::Base64 => "base64",
            Self::Base43 => "base 43",
            Self::Hex => "hex",
            Self::Plain => "plain",
        }
    }
}

/// A payload that was carried.
#[derive(Clone, PartialEq, Eq)]
pub struct Payload {
    /// What it is.
    pub kind: Kind,
    /// How it came.
    pub carrier: Carrier,
    /// Parts that it came in; 1 where it came in one.
    pub parts: usize,
    /// The thing itself: bytes of a PSBT, a transaction or a file; else text.
    pub bytes: Vec<u8>,
}

impl fmt::Debug for Payload {
    /// Without the bytes, which may be a seed.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Payload({:?} by {:?}, {} bytes)", self.kind, self.carrier, self.bytes.len())
    }
}

/// Why a text, or what several were joined to, is no payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PlainError {
    /// Nothing.
    #[error("the code is empty")]
    Empty,
    /// Base64 that begins as a PSBT's does, and is none.
    #[error("it begins like a PSBT in base64, and is no base64")]
    Base64,
    /// Hex of both cases, an odd number of digits, other characters.
    #[error("it begins like a PSBT in hex, and is no hex")]
    Hex,
    /// As many digits as a SeedQR has, and no words' numbers.
    #[error("it has as many digits as a SeedQR, and a number in it is no word's")]
    Seed,
    /// Something that says it is a PSBT.
    #[error("it says that it is a PSBT, and does not begin like one")]
    NoPsbt,
    /// Something that says it is text.
    #[error("it says that it is text, and is not UTF-8")]
    NoText,
    /// Unpacked it is larger than a message may be.
    #[error("it is larger than {most} bytes", most = limits::QR_MESSAGE_BYTES)]
    TooLarge,
}

/// First bytes of a PSBT (BIP174), and how they stand in base64 and hex.
const MAGIC: &[u8] = b"psbt\xff";
const BASE64_MAGIC: &str = "cHNidP";
const HEX_MAGIC: &str = "70736274ff";

/// A text that stands for itself: one code, or pieces that were joined.
pub(super) fn plain(text: &str) -> Result<Payload, PlainError> {
    let payload = |kind, carrier, bytes: Vec<u8>| Ok(Payload { kind, carrier, parts: 1, bytes });
    let starts_with = |head: &str| text.get(..head.len()).is_some_and(|start| start.eq_ignore_ascii_case(head));
    if text.is_empty() {
        return Err(PlainError::Empty);
    }
    if text.starts_with(BASE64_MAGIC) {
        let bytes = STANDARD.decode(text).map_err(|_| PlainError::Base64)?;
        return payload(Kind::Psbt, Carrier::Base64, psbt(bytes)?);
    }
    if starts_with(HEX_MAGIC) {
        return payload(Kind::Psbt, Carrier::Hex, psbt(of_hex(text).ok_or(PlainError::Hex)?)?);
    }
    if is_seed_qr(text) {
        numbers(text.as_bytes()).ok_or(PlainError::Seed)?;
        return payload(Kind::Seed, Carrier::Plain, text.as_bytes().to_vec());
    }
    if let Some(bytes) = of_hex(text).filter(|bytes| is_transaction(bytes)) {
        return payload(Kind::Transaction, Carrier::Hex, bytes);
    }
    if let Some(bytes) = base43::decode(text) {
        if bytes.starts_with(MAGIC) {
            return payload(Kind::Psbt, Carrier::Base43, bytes);
        }
        if is_transaction(&bytes) {
            return payload(Kind::Transaction, Carrier::Base43, bytes);
        }
    }
    payload(kind_of_text(text), Carrier::Plain, text.as_bytes().to_vec())
}

/// What the bytes of a UR of this type are; `None` for a type that is not read.
pub(super) fn of_ur(name: &str, kind: Option<Kind>, cbor: &[u8]) -> Option<Result<(Kind, Vec<u8>), Content>> {
    let lines = |text: String| text.into_bytes();
    Some(match kind {
        Some(Kind::Psbt) => byte_string(cbor).and_then(|bytes| Ok((Kind::Psbt, psbt(bytes)?))),
        Some(Kind::Key) => keys::hdkey(cbor).map(|text| (Kind::Key, lines(text))).map_err(Content::Key),
        Some(Kind::Descriptor) => keys::output(cbor).map(|text| (Kind::Descriptor, lines(text))).map_err(Content::Key),
        Some(Kind::Account) => {
            keys::account(cbor).map(|all| (Kind::Account, lines(all.join("\n")))).map_err(Content::Key)
        }
        Some(Kind::Transaction | Kind::Json | Kind::Text | Kind::Binary | Kind::Seed) => return None,
        None if name == "bytes" => byte_string(cbor).and_then(|bytes| {
            Ok(psbt_in_text(&bytes)?.map_or_else(|| (kind_of_bytes(&bytes), bytes), |psbt| (Kind::Psbt, psbt)))
        }),
        None => return None,
    })
}

/// What a file of this letter (BBQr) is.
pub(super) fn of_file(letter: u8, bytes: Vec<u8>) -> Result<(Kind, Vec<u8>), PlainError> {
    let text = |kind| match std::str::from_utf8(&bytes) {
        Ok(text) if holds_secret(text) => Ok((Kind::Seed, bytes.clone())),
        Ok(_) => Ok((kind, bytes.clone())),
        Err(_) => Err(PlainError::NoText),
    };
    match letter {
        b'P' => Ok((Kind::Psbt, psbt(bytes)?)),
        b'T' if holds_secret(&String::from_utf8_lossy(&bytes)) => Ok((Kind::Seed, bytes)),
        b'T' => Ok((Kind::Transaction, bytes)),
        b'J' => text(Kind::Json),
        _ => psbt_in_text(&bytes)?.map_or_else(|| text(Kind::Text), |psbt| Ok((Kind::Psbt, psbt))),
    }
}

/// The PSBT that a text is, in base64 or hex, as where the text is a code of its own. The end of a line after it, which
/// a file has, is no part of it.
///
/// # Errors
/// It begins like one, and is none.
fn psbt_in_text(bytes: &[u8]) -> Result<Option<Vec<u8>>, PlainError> {
    let bytes = bytes.trim_ascii_end();
    let begins = |head: &str| bytes.get(..head.len()).is_some_and(|start| start.eq_ignore_ascii_case(head.as_bytes()));
    if !bytes.starts_with(BASE64_MAGIC.as_bytes()) && !begins(HEX_MAGIC) {
        return Ok(None);
    }
    let text = std::str::from_utf8(bytes).map_err(|_| PlainError::NoText)?;
    plain(text).map(|payload| Some(payload.bytes))
}

/// The kind of bytes that do not say what they are.
#[must_use]
pub fn kind_of_bytes(bytes: &[u8]) -> Kind {
    match std::str::from_utf8(bytes) {
        _ if bytes.starts_with(MAGIC) => Kind::Psbt,
        Ok(text) if !text.contains('\0') => kind_of_text(text),
        Ok(_) | Err(_) if is_transaction(bytes) => Kind::Transaction,
        // A byte that is no text hides none.
        Ok(_) | Err(_) if holds_secret(&String::from_utf8_lossy(bytes)) => Kind::Seed,
        Ok(_) | Err(_) => Kind::Binary,
    }
}

fn kind_of_text(text: &str) -> Kind {
    if holds_secret(text) {
        return Kind::Seed;
    }
    let json = text.trim_start().starts_with(['{', '[']) && serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok();
    if json { Kind::Json } else { Kind::Text }
}

/// Why the content of a UR is not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Content {
    /// The CBOR.
    #[error("the content is not what such a UR holds: {0}")]
    Cbor(&'static str),
    /// The bytes.
    #[error(transparent)]
    Plain(#[from] PlainError),
    /// The key or descriptor.
    #[error(transparent)]
    Key(#[from] keys::KeyError),
}

fn byte_string(cbor: &[u8]) -> Result<Vec<u8>, Content> {
    let mut reader = super::cbor::Reader::new(cbor);
    let bytes = reader.bytes().and_then(|bytes| reader.end().map(|()| bytes.to_vec()));
    bytes.map_err(|error| Content::Cbor(error.0))
}

fn psbt(bytes: Vec<u8>) -> Result<Vec<u8>, PlainError> {
    if bytes.starts_with(MAGIC) { Ok(bytes) } else { Err(PlainError::NoPsbt) }
}

/// Version 1 to 3 in four bytes, and then a count or a witness' marker.
fn is_transaction(bytes: &[u8]) -> bool {
    matches!(bytes, [1..=3, 0, 0, 0, _, ..]) && bytes.len() > 60
}

/// Digits of one case.
fn of_hex(text: &str) -> Option<Vec<u8>> {
    let mixed = text.bytes().any(|b| b.is_ascii_lowercase()) && text.bytes().any(|b| b.is_ascii_uppercase());
    if mixed { None } else { Vec::from_hex(text).ok() }
}

impl Payload {
    /// The numbers of the words, from 0, where this is a seed. A secret.
    #[must_use]
    pub fn word_numbers(&self) -> Option<Vec<u16>> {
        if self.kind == Kind::Seed { numbers(&self.bytes) } else { None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn is(text: &str, kind: Kind, carrier: Carrier, bytes: &[u8]) {
        assert_eq!(plain(text).unwrap(), Payload { kind, carrier, parts: 1, bytes: bytes.to_vec() }, "{text}");
    }

    #[test]
    fn what_holds_a_secret_is_known_as_one() {
        // The first vectors of BIP39 and BIP32, and a private key of the Bitcoin wiki's page on WIF.
        let words = "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about";
        let xprv = "xprv9s21ZrQH143K3QTDL4LXw2F7HEK3wJUD2nW2nRk4stbPy6cq3jPPqjiChkVvvNKmPGJxWUtg6LnF5kejMRNNU3TGtRBeJgk33yuGBxrMPHi";
        let xpub = "xpub661MyMwAqRbcFtXgS5sYJABqqG9YLmC4Q1Rdap9gSE8NqtwybGhePY2gZ29ESFjqJoCu1Rupje8YtGqsefD265TMg7usUDFdp6W1EGMcet8";
        let wif = "5HueCGU8rMjxEXxiPuD5BDku4MkFqeZyd4dZ1jvhTVqvbTLvyTJ";
        for secret in [words.to_owned(), xprv.to_owned(), format!("wpkh({xprv}/0/*)"), wif.to_owned()] {
            assert_eq!(plain(&secret).unwrap().kind, Kind::Seed, "{secret}");
            assert_eq!(kind_of_bytes(secret.as_bytes()), Kind::Seed, "{secret}");
            assert_eq!(of_file(b'U', secret.clone().into_bytes()).unwrap().0, Kind::Seed, "{secret}");
        }
        assert_eq!(of_file(b'J', format!("{{\"key\": \"{xprv}\"}}").into_bytes()).unwrap().0, Kind::Seed);
        let eleven = words.rsplit_once(' ').unwrap().0;
        for public in [
            xpub.to_owned(),
            format!("wpkh([d34db33f/84h/0h/0h]{xpub}/0/*)"),
            format!("{eleven} abandon"),
            eleven.to_owned(),
        ] {
            assert_eq!(plain(&public).unwrap().kind, Kind::Text, "{public}");
        }
    }

    #[test]
    fn the_first_characters_decide() {
        const PSBT: &[u8] = b"psbt\xff\x01\x02";
        is("cHNidP8BAg==", Kind::Psbt, Carrier::Base64, PSBT);
        is("70736274ff0102", Kind::Psbt, Carrier::Hex, PSBT);
        is("70736274FF0102", Kind::Psbt, Carrier::Hex, PSBT);
        // the bytes as one number, divided by 43 until nothing is left
        is("1J:1N3R:.HV", Kind::Psbt, Carrier::Base43, PSBT);
        is("{\"a\": 1}", Kind::Json, Carrier::Plain, b"{\"a\": 1}");
        is("{a", Kind::Text, Carrier::Plain, b"{a");
        is("HELLO", Kind::Text, Carrier::Plain, b"HELLO");
        let transaction = format!("0200000001{}", "ab".repeat(60));
        assert_eq!(plain(&transaction).unwrap().kind, Kind::Transaction);
        assert_eq!(plain(&transaction.to_uppercase()).unwrap().kind, Kind::Transaction);
    }

    #[test]
    fn what_says_it_is_a_psbt_must_be_one() {
        assert_eq!(plain("cHNidP8BAg"), Err(PlainError::Base64));
        assert_eq!(plain("cHNidP8B Ag=="), Err(PlainError::Base64));
        assert_eq!(plain("cHNidPAB"), Err(PlainError::NoPsbt));
        assert_eq!(plain("70736274ff0"), Err(PlainError::Hex));
        assert_eq!(plain("70736274ff0A0b"), Err(PlainError::Hex));
        assert_eq!(plain(""), Err(PlainError::Empty));
        assert_eq!(of_file(b'P', b"psbt".to_vec()), Err(PlainError::NoPsbt));
        assert_eq!(of_file(b'U', vec![0xff]), Err(PlainError::NoText));
        assert_eq!(of_file(b'J', vec![0xff]), Err(PlainError::NoText));
        let other = of_ur("crypto-psbt", Some(Kind::Psbt), &[0x42, 1, 2]).unwrap();
        assert_eq!(other, Err(Content::Plain(PlainError::NoPsbt)));
        assert_eq!(of_ur("bytes", None, &[0x42, 1]).unwrap(), Err(Content::Cbor("it ends too early")));
        assert_eq!(of_ur("bytes", None, &[0x41, 1, 1]).unwrap(), Err(Content::Cbor("more bytes follow")));
        assert!(of_ur("sskr", None, &[0x41, 1]).is_none());
    }

    /// A wallet may pack a PSBT as the text that it has of it.
    #[test]
    fn a_psbt_as_text_within_another_format_is_a_psbt() {
        const PSBT: &[u8] = b"psbt\xff\x01\x02";
        let bytes = |text: &[u8]| of_ur("bytes", None, &super::super::cbor::byte_string(text)).unwrap();
        for text in ["cHNidP8BAg==", "cHNidP8BAg==\r\n", "70736274ff0102", "70736274FF0102\n"] {
            let expected = (Kind::Psbt, PSBT.to_vec());
            assert_eq!(of_file(b'U', text.into()), Ok(expected.clone()), "{text}");
            assert_eq!(bytes(text.as_bytes()), Ok(expected), "{text}");
        }
        for (text, error) in [
            ("cHNidP8BAg", PlainError::Base64),
            ("cHNidP8BAg==\ncHNidP8BAg==", PlainError::Base64),
            ("cHNidPAB", PlainError::NoPsbt),
            ("70736274ff0", PlainError::Hex),
        ] {
            assert_eq!(of_file(b'U', text.into()), Err(error), "{text}");
            assert_eq!(bytes(text.as_bytes()), Err(Content::Plain(error)), "{text}");
        }
        // It says that it is something else, or begins with something else.
        assert_eq!(of_file(b'J', b"cHNidP8BAg==".to_vec()).unwrap().0, Kind::Json);
        assert_eq!(of_file(b'P', b"cHNidP8BAg==".to_vec()), Err(PlainError::NoPsbt));
        assert_eq!(of_file(b'U', b" cHNidP8BAg==".to_vec()).unwrap().0, Kind::Text);
        assert_eq!(of_file(b'U', b"cHNidP8BAg==\xff".to_vec()), Err(PlainError::NoText));
        assert_eq!(of_file(b'U', b"cHNid".to_vec()).unwrap().0, Kind::Text);
    }

    #[test]
    fn a_seed_is_known_by_its_digits_and_shown_by_nothing() {
        // The words `attack pizza motion …`, a published example.
        let digits = "011513251154012711900771041507421289190620080870026613431420201617920614089619290300152408010643";
        let seed = plain(digits).unwrap();
        assert_eq!(seed.kind, Kind::Seed);
        assert_eq!(seed.word_numbers().unwrap()[..3], [115, 1325, 1154]);
        assert_eq!(format!("{seed:?}"), "Payload(Seed by Plain, 96 bytes)");
        let list = bip39::Language::English.word_list();
        let words: Vec<_> = seed.word_numbers().unwrap().iter().map(|&number| list[usize::from(number)]).collect();
        assert_eq!(words[..3], ["attack", "pizza", "motion"]);
        assert!(bip39::Mnemonic::parse(words.join(" ")).is_ok());
        assert_eq!(plain(&"2048".repeat(12)), Err(PlainError::Seed));
        // Other numbers of digits are no seed.
        assert_eq!(plain(&"0001".repeat(13)).unwrap().kind, Kind::Text);
        assert_eq!(plain(digits).unwrap().word_numbers().unwrap().len(), 24);
        assert!(plain("HELLO").unwrap().word_numbers().is_none());
    }

    #[test]
    fn bytes_that_do_not_say_what_they_are() {
        assert_eq!(kind_of_bytes(b"psbt\xff\x01"), Kind::Psbt);
        assert_eq!(kind_of_bytes(b"[1]"), Kind::Json);
        assert_eq!(kind_of_bytes("Größe".as_bytes()), Kind::Text);
        let words = format!("{}about", "abandon ".repeat(11));
        let key = "xprv9s21ZrQH143K3QTDL4LXw2F7HEK3wJUD2nW2nRk4stbPy6cq3jPPqjiChkVvvNKmPGJxWUtg6LnF5kejMRNNU3TGtRBeJgk33yuGBxrMPHi";
        for hidden in [
            words.to_uppercase(),
            format!("{{\"m\":\"{words}\"}}"),
            format!("seed: {words} keep it"),
            words.replace(' ', ", "),
            words.split(' ').zip(1..).map(|(word, number)| format!("{number}. {word}\n")).collect(),
            format!("{words}\0"),
            format!("key{key}0"),
        ] {
            assert_eq!(kind_of_bytes(hidden.as_bytes()), Kind::Seed, "{hidden}");
            assert_eq!(of_file(b'T', hidden.as_bytes().to_vec()).unwrap().0, Kind::Seed, "{hidden}");
        }
        assert_eq!(kind_of_bytes(&[words.as_bytes(), &[0xff]].concat()), Kind::Seed);
        // Eleven; twelve without a checksum; a public key.
        assert_eq!(kind_of_bytes("abandon ".repeat(11).as_bytes()), Kind::Text);
        assert_eq!(kind_of_bytes("abandon ".repeat(12).as_bytes()), Kind::Text);
        let public = "xpub661MyMwAqRbcFtXgS5sYJABqqG9YLmC4Q1Rdap9gSE8NqtwybGhePY2gZ29ESFjqJoCu1Rupje8YtGqsefD265TMg7usUDFdp6W1EGMcet8";
        assert_eq!(kind_of_bytes(public.as_bytes()), Kind::Text);
        // The numbers of twelve words; of a number that is no word's; one digit more.
        assert_eq!(kind_of_bytes(format!("{}\n", "0115".repeat(12)).as_bytes()), Kind::Seed);
        assert_eq!(kind_of_bytes("2048".repeat(12).as_bytes()), Kind::Text);
        assert_eq!(kind_of_bytes(format!("{}7", "0115".repeat(12)).as_bytes()), Kind::Text);
        assert_eq!(kind_of_bytes(&[0xff, 0]), Kind::Binary);
        assert_eq!(kind_of_bytes(b"a\0b"), Kind::Binary);
    }
}
