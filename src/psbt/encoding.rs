//! How a PSBT is written in a file: binary, base64 or hex (P22).
//!
//! Floor 1. The first bytes decide which it is; nothing is tried one after the other. Frames of QR codes are
//! the room `qr`'s.

use bitcoin::base64::{Engine as _, engine::general_purpose::STANDARD};

use super::{
    ParseError,
    parse::{EXPORT_AGAIN, MAGIC},
};
use crate::{limits, text::printable};

/// How a PSBT was written in its file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// The bytes themselves (BIP174).
    Binary,
    /// Base64 of the standard alphabet with padding (BIP174).
    Base64,
    /// Two hexadecimal digits a byte, all in upper or all in lower case.
    Hex,
}

/// First characters of base64 of the magic; the next one depends on what follows it.
const BASE64_MAGIC: &[u8] = b"cHNidP";
const HEX_MAGIC: &[u8] = b"70736274ff";

const AS_FILE: &str = "export the PSBT as a file: binary, base64 or hex";

/// Unwraps a file's bytes (binary, base64 or hex) to a binary PSBT (P22).
///
/// Text may be cut into lines; blanks and carriage returns may stand at their ends, and nowhere else.
///
/// # Errors
/// P20 where the file is too large, P01 where it begins like no PSBT, P22 where its text is none of its
/// encoding. What is inside was not looked at: that is [`super::parse`].
pub fn unwrap(file: &[u8]) -> Result<(Vec<u8>, Encoding), ParseError> {
    if file.len() > limits::PSBT_TEXT_BYTES {
        let what = format!("a file of {} bytes; the limit is {}", file.len(), limits::PSBT_TEXT_BYTES);
        return Err(ParseError::whole("P20", what, super::parse::SMALLER));
    }
    let starts_with = |prefix: &[u8]| file.get(..prefix.len()).is_some_and(|head| head.eq_ignore_ascii_case(prefix));
    if file.starts_with(MAGIC) {
        Ok((file.to_vec(), Encoding::Binary))
    } else if file.starts_with(BASE64_MAGIC) {
        Ok((base64(file)?, Encoding::Base64))
    } else if starts_with(HEX_MAGIC) {
        Ok((hex(file)?, Encoding::Hex))
    } else {
        Err(not_a_psbt(file))
    }
}

/// Wraps a binary PSBT; text ends with one LF.
#[must_use]
pub fn wrap(binary: &[u8], encoding: Encoding) -> Vec<u8> {
    match encoding {
        Encoding::Binary => binary.to_vec(),
        Encoding::Base64 => {
            let mut text = STANDARD.encode(binary);
            text.push('\n');
            text.into_bytes()
        }
        Encoding::Hex => {
            let digit = |nibble: u8| char::from_digit(u32::from(nibble), 16).map_or(b'0', |c| c as u8);
            let mut text: Vec<u8> = binary.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect();
            text.push(b'\n');
            text
        }
    }
}

/// P01 or P22 for bytes that begin like no PSBT: says what they seem to be.
pub(super) fn not_a_psbt(file: &[u8]) -> ParseError {
    let starts_with = |prefix: &[u8]| file.get(..prefix.len()).is_some_and(|head| head.eq_ignore_ascii_case(prefix));
    let raw = |version: u8| {
        let hex = [b'0', b'0'.saturating_add(version), b'0', b'0', b'0', b'0', b'0', b'0'];
        let base64 = [b"AQAAA".as_slice(), b"AgAAA", b"AwAAA"];
        let base64 = base64.get(usize::from(version).saturating_sub(1)).copied().unwrap_or_default();
        file.starts_with(&[version, 0, 0, 0]) || file.starts_with(&hex) || file.starts_with(base64)
    };
    if file.is_empty() {
        return ParseError::whole("P01", "the file is empty".to_owned(), EXPORT_AGAIN);
    }
    if (1..=3).any(raw) {
        let what = "a raw transaction, as the network carries it, and not a PSBT".to_owned();
        return ParseError::whole("P01", what, "export the unsigned transaction as a PSBT (BIP174)");
    }
    if starts_with(b"ur:") {
        let what = "text of a QR code (UR) and not a file's encoding".to_owned();
        return ParseError::whole("P22", what, AS_FILE);
    }
    if file.starts_with(b"B$") {
        let what = "text of a QR code (BBQr) and not a file's encoding".to_owned();
        return ParseError::whole("P22", what, AS_FILE);
    }
    if file.first().is_some_and(u8::is_ascii_whitespace) || file.starts_with(b"\xef\xbb\xbf") {
        let what = "the file begins with a blank or a byte order mark, before any PSBT".to_owned();
        return ParseError::whole("P22", what, "take away what stands before the PSBT, or export it again");
    }
    if file.starts_with(b"psbt") {
        let what = "it begins with `psbt`, but the byte 0xff does not follow".to_owned();
        return ParseError::whole("P01", what, EXPORT_AGAIN);
    }
    ParseError::whole("P01", format!("no PSBT, but {}", kind_of(file)), AS_FILE)
}

/// What a file seems to be. Its bytes are not told: it may be a passphrase, given by mistake.
fn kind_of(file: &[u8]) -> &'static str {
    const KNOWN: [(&[u8], &str); 12] = [
        (b"\x1f\x8b", "a compressed file (gzip): unpack it first"),
        (b"PK\x03\x04", "a compressed file (zip): unpack it first"),
        (b"BZh", "a compressed file (bzip2): unpack it first"),
        (b"\xfd7zXZ", "a compressed file (xz): unpack it first"),
        (b"\x28\xb5\x2f\xfd", "a compressed file (zstd): unpack it first"),
        (b"\x89PNG", "a picture (PNG)"),
        (b"\xff\xd8\xff", "a picture (JPEG)"),
        (b"%PDF", "a document (PDF)"),
        (b"age-encryption.org/", "a file sealed with age"),
        (b"-----BEGIN AGE", "a file sealed with age"),
        (b"AGE-SECRET-KEY-", "a secret age identity: keep it away from this command"),
        (b"{\"line\":", "a vault's journal"),
    ];
    let known = KNOWN.iter().find(|(start, _)| file.starts_with(start)).map(|(_, kind)| *kind);
    let holds = |part: &[u8]| file.windows(part.len()).any(|window| window == part);
    known.unwrap_or_else(|| match std::str::from_utf8(file) {
        Ok(_) if file.starts_with(b"{") && holds(b"\"sealed\":") => "a custodian's share file",
        Ok(_) if file.starts_with(b"{") && holds(b"\"statement\":") => "a vault's slot",
        Ok(_) if file.starts_with(b"{") || file.starts_with(b"[") => "a file of JSON",
        Ok(text) if !text.chars().any(|c| c.is_control() && !c.is_whitespace()) => "a file of text",
        Ok(_) | Err(_) => "a file of another kind",
    })
}

/// The characters of the lines of `file`; blanks within a line and foreign characters are P22.
fn characters(file: &[u8], name: &str, fits: fn(u8) -> bool) -> Result<Vec<u8>, ParseError> {
    let mut out = Vec::new();
    for (number, line) in (1_usize..).zip(file.split(|&byte| byte == b'\n')) {
        let line = line.trim_ascii_end();
        if let Some(column) = line.iter().position(|&byte| !fits(byte)) {
            let byte = line.get(column).copied().unwrap_or(0);
            let shown =
                if byte.is_ascii() { printable(&char::from(byte).to_string()) } else { format!("0x{byte:02x}") };
            let what =
                format!("line {number}, column {}: `{shown}` is no character of {name}", column.saturating_add(1));
            return Err(ParseError::whole("P22", what, EXPORT_AGAIN));
        }
        out.extend_from_slice(line);
    }
    Ok(out)
}

fn base64(file: &[u8]) -> Result<Vec<u8>, ParseError> {
    let text = characters(file, "base64", |byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'='))?;
    // The engine wants canonical padding and zero bits in the last character's rest.
    STANDARD.decode(&text).map_err(|_| {
        let what = format!("{} characters of base64 that do not end in canonical padding", text.len());
        ParseError::whole("P22", what, EXPORT_AGAIN)
    })
}

fn hex(file: &[u8]) -> Result<Vec<u8>, ParseError> {
    let text = characters(file, "hex", |byte| byte.is_ascii_hexdigit())?;
    let bad = |what: String| ParseError::whole("P22", what, EXPORT_AGAIN);
    let upper = text.iter().any(u8::is_ascii_uppercase);
    if upper && text.iter().any(u8::is_ascii_lowercase) {
        return Err(bad("hex in upper and in lower case at once".to_owned()));
    }
    let (pairs, rest) = text.as_chunks::<2>();
    if !rest.is_empty() {
        return Err(bad(format!("{} digits of hex, an odd number", text.len())));
    }
    let digit = |c: u8| char::from(c).to_digit(16).and_then(|d| u8::try_from(d).ok()).unwrap_or(0);
    Ok(pairs.iter().map(|[high, low]| (digit(*high) << 4) | digit(*low)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    const BINARY: &[u8] = b"psbt\xff\x01\x02";

    #[track_caller]
    fn refused(file: impl AsRef<[u8]>, rule: &str, part: &str) {
        let error = unwrap(file.as_ref()).expect_err("must be refused");
        assert_eq!(error.rule, rule, "{error}");
        assert!(error.what.contains(part), "{error}");
        assert!(!error.remedy.is_empty());
    }

    #[test]
    fn each_encoding_unwraps_to_what_was_wrapped() {
        for encoding in [Encoding::Binary, Encoding::Base64, Encoding::Hex] {
            for length in 0..7 {
                let binary = [MAGIC, &[0xfb_u8; 7][..length]].concat();
                assert_eq!(unwrap(&wrap(&binary, encoding)), Ok((binary, encoding)));
            }
        }
    }

    #[test]
    fn text_may_be_cut_into_lines_with_blanks_at_their_ends() {
        for text in ["cHNidP8BAg==", "cHNidP8B\nAg==\n", "cHNidP8B \t\r\nAg==\r\n\r\n", "cHNidP\n8BAg=\n=\n"] {
            assert_eq!(unwrap(text.as_bytes()), Ok((BINARY.to_vec(), Encoding::Base64)), "{text:?}");
        }
        for text in ["70736274ff0102", "70736274FF0102\n", "70736274ff\n0102"] {
            assert_eq!(unwrap(text.as_bytes()), Ok((BINARY.to_vec(), Encoding::Hex)), "{text:?}");
        }
    }

    #[test]
    fn base64_is_read_strictly() {
        refused("cHNidP8BAg", "P22", "padding");
        refused("cHNidP8BAg=", "P22", "padding");
        refused("cHNidP8BAh==", "P22", "padding");
        refused("cHNidP8BAg==cHNi", "P22", "padding");
        refused("cHNidP8B Ag==", "P22", "line 1, column 9: ` `");
        refused("cHNidP8B\nA-==", "P22", "line 2, column 2: `-`");
        refused("cHNidP8B\rAg==", "P22", "column 9");
        refused(b"cHNidP8B\xc3\xa4Ag==", "P22", "0xc3");
        refused("cHNidP8BAg==\0", "P22", "column 13: `\\u{0}`");
    }

    #[test]
    fn hex_is_read_strictly() {
        refused("70736274ff010", "P22", "odd");
        refused("70736274ff0A0b", "P22", "at once");
        refused("70736274ff01 02", "P22", "column 13");
        refused("70736274ff01\n0g", "P22", "line 2, column 2: `g`");
    }

    #[test]
    fn what_is_no_psbt_is_told_by_its_kind() {
        refused("", "P01", "empty");
        refused([1, 0, 0, 0, 1, 9], "P01", "raw transaction");
        refused([2, 0, 0, 0, 1, 9], "P01", "raw transaction");
        refused("0200000001", "P01", "raw transaction");
        refused("AgAAAAEmgXE3", "P01", "raw transaction");
        refused("UR:CRYPTO-PSBT/HKADCX", "P22", "UR");
        refused("ur:psbt/1-2/lpad", "P22", "UR");
        refused("B$2P0100ABCD", "P22", "BBQr");
        refused(" cHNidP8BAg==", "P22", "begins with a blank");
        refused("\u{feff}cHNidP8BAg==", "P22", "byte order mark");
        refused(b"psbt\x00\x01", "P01", "0xff does not follow");
        refused("psbt", "P01", "0xff does not follow");
        refused("\u{1b}[2Jhello", "P01", "no PSBT, but a file of another kind");
        refused([0x80, 0x81], "P01", "another kind");
        refused("cHNidA8BAg==", "P01", "no PSBT, but a file of text");
        refused([0x1f, 0x8b, 8, 0], "P01", "gzip");
        refused("{\"line\":1,\"network\":\"regtest\"}\n", "P01", "journal");
        refused("{\n  \"epoch\": 1,\n  \"sealed\": \"\"\n}\n", "P01", "share file");
        refused("{\n  \"statement\": {}\n}\n", "P01", "slot");
        refused("[1]", "P01", "JSON");
        refused("-----BEGIN AGE ENCRYPTED FILE-----\n", "P01", "sealed with age");
    }

    #[test]
    fn no_byte_of_a_passphrase_that_was_given_by_mistake_is_told() {
        for secret in
            ["gorilla-7!\n", "psbt-gorilla-7!", "{gorilla-7!}", "AGE-SECRET-KEY-1GORILLA-7!", "\u{1}gorilla-7!"]
        {
            let error = unwrap(secret.as_bytes()).expect_err("must be refused");
            let said = format!("{error} {} {}", error.what, error.remedy).to_lowercase();
            assert!(!said.contains("gorilla") && !said.contains("7!"), "{said}");
        }
    }

    #[test]
    fn a_file_beyond_the_limit_is_refused_before_it_is_read() {
        let mut file = vec![b'\n'; limits::PSBT_TEXT_BYTES];
        file[..12].copy_from_slice(b"cHNidP8BAg==");
        assert_eq!(unwrap(&file), Ok((BINARY.to_vec(), Encoding::Base64)));
        file.push(b'\n');
        refused(&file, "P20", "limit");
    }
}
