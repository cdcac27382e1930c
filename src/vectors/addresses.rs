//! BIP173 and BIP350: bech32 and bech32m strings, and segwit addresses.
//!
//! This program reads an address where it looks for it among its wallets, and says no more of a bad one than that a
//! character is wrong or missing. So a refusal is explained by the decoder that the program stands on, and both must
//! agree. Strings that are no addresses go through the same decoder's lower floor: this program reads none.

use bitcoin::{
    Address, ScriptBuf, WitnessVersion,
    address::NetworkUnchecked,
    bech32::{
        Bech32, Bech32m,
        primitives::{
            decode::{
                CharError, CheckedHrpstring, CheckedHrpstringError, ChecksumError, PaddingError, SegwitHrpstringError,
                UncheckedHrpstringError,
            },
            hrp,
            segwit::WitnessLengthError,
        },
        segwit,
    },
};

use super::{
    Siblings,
    case::{Case, Check, hex, same},
    nodes,
};
use crate::{network::Network, text::printable, wallet::find};

/// One case of BIP173 or BIP350.
pub(super) fn run(case: &Case<'_>, _: &Siblings<'_>) -> Check {
    match case.kind()? {
        "string" => string(case),
        "address" => address(case),
        _ => Err("a kind that is not known".to_owned()),
    }
}

fn string(case: &Case<'_>) -> Check {
    // Some invalid strings are not UTF-8; a character a byte keeps the byte that makes them invalid.
    let text: String = hex("text_hex", case.text("text_hex")?)?.into_iter().map(char::from).collect();
    same("text_hex", &taken(&text).is_none(), &true)?;
    let decoded = match case.text("checksum")? {
        "bech32" => CheckedHrpstring::new::<Bech32>(&text),
        "bech32m" => CheckedHrpstring::new::<Bech32m>(&text),
        _ => return Err("`checksum` is bech32 or bech32m".to_owned()),
    };
    match decoded {
        Ok(_) => case.accepted(),
        Err(CheckedHrpstringError::Parse(error)) => case.refused(unchecked(&error), &error.to_string()),
        Err(CheckedHrpstringError::Checksum(error)) => case.refused(checksum(&error), &error.to_string()),
        Err(error) => case.refused("unknown", &error.to_string()),
    }
}

fn address(case: &Case<'_>) -> Check {
    let text = case.text("address")?;
    if case.has("formerly") {
        // what BIP173 said of an address of version 1 and above, before BIP350 gave those another checksum
        ["network", "script"].iter().for_each(|name| case.looked_at(name));
    }
    let taken = taken(text);
    match segwit::decode(text) {
        Ok((hrp, version, _)) => {
            let Some((network, script)) = taken else {
                let words = format!("{} is the prefix of no network", printable(&hrp.to_string()));
                return case.refused("bad-hrp", &words);
            };
            same("network", network.name(), case.text("network")?)?;
            same("script", script.as_bytes(), &case.bytes("script")?)?;
            same("script", &script.witness_version().map(WitnessVersion::to_num), &Some(version.to_u8()))?;
            // and back, in lower case
            same("address", &nodes::address(&script, network)?, &text.to_lowercase())?;
            case.accepted()
        }
        Err(_) if taken.is_some() => Err("was taken for another kind of address".to_owned()),
        Err(error) => case.refused(segwit_code(&error.0), &error.0.to_string()),
    }
}

/// The network of the text as an address, as `address --find` reads it, and its script.
fn taken(text: &str) -> Option<(Network, ScriptBuf)> {
    let network = [Network::Mainnet, Network::Testnet].into_iter().find(|network| find(&[], text, *network).is_ok())?;
    let address: Address<NetworkUnchecked> = text.parse().ok()?;
    Some((network, address.assume_checked().script_pubkey()))
}

/// The decoder's errors by our codes. It does not tell a bad character of the checksum from one of the data, nor
/// the other checksum from a wrong one.
fn segwit_code(error: &SegwitHrpstringError) -> &'static str {
    match error {
        SegwitHrpstringError::Unchecked(error) => unchecked(error),
        SegwitHrpstringError::NoData => "empty-data",
        SegwitHrpstringError::TooLong(_) => "too-long",
        SegwitHrpstringError::InvalidWitnessVersion(_) => "bad-version",
        SegwitHrpstringError::Padding(PaddingError::TooMuch) => "zero-padding",
        SegwitHrpstringError::Padding(_) => "nonzero-padding",
        SegwitHrpstringError::WitnessLength(WitnessLengthError::InvalidSegwitV0) => "v0-program-length",
        SegwitHrpstringError::WitnessLength(_) => "program-length",
        SegwitHrpstringError::Checksum(error) => checksum(error),
        _ => "unknown",
    }
}

fn unchecked(error: &UncheckedHrpstringError) -> &'static str {
    match error {
        UncheckedHrpstringError::Char(error) => match error {
            CharError::MissingSeparator => "no-separator",
            CharError::NothingAfterSeparator => "short-checksum",
            CharError::InvalidChar(_) => "data-char",
            CharError::MixedCase => "mixed-case",
            _ => "unknown",
        },
        UncheckedHrpstringError::Hrp(error) => match error {
            hrp::Error::TooLong(_) => "too-long",
            hrp::Error::Empty => "empty-hrp",
            hrp::Error::NonAsciiChar(_) | hrp::Error::InvalidAsciiByte(_) => "hrp-char",
            hrp::Error::MixedCase => "mixed-case",
            _ => "unknown",
        },
        _ => "unknown",
    }
}

fn checksum(error: &ChecksumError) -> &'static str {
    match error {
        ChecksumError::InvalidLength => "short-checksum",
        ChecksumError::CodeLength(_) => "too-long",
        ChecksumError::InvalidResidue => "checksum",
        _ => "unknown",
    }
}
