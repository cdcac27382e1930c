//! BIP39: entropy, words and seed. SLIP-39: shares and the secret.

use unicode_normalization::UnicodeNormalization;

use super::{
    Siblings,
    case::{Case, Check, same},
    nodes,
};
use crate::{
    secret::{Language, Master, Mnemonic, MnemonicError, ShamirError, Share, combine, seed_of_text},
    sys::Secret,
};

/// The master key of English words without a passphrase.
pub(super) fn master(words: &str) -> Result<Master, String> {
    let mnemonic = Mnemonic::parse(words, Some(Language::English)).map_err(|error| error.to_string())?;
    let seed = mnemonic.seed("").map_err(|error| error.to_string())?;
    Master::from_seed(&seed).map_err(|error| error.to_string())
}

fn language(name: &str) -> Result<Language, String> {
    Ok(match name {
        "english" => Language::English,
        "chinese_simplified" => Language::SimplifiedChinese,
        "chinese_traditional" => Language::TraditionalChinese,
        "czech" => Language::Czech,
        "french" => Language::French,
        "italian" => Language::Italian,
        "japanese" => Language::Japanese,
        "korean" => Language::Korean,
        "portuguese" => Language::Portuguese,
        "spanish" => Language::Spanish,
        _ => return Err("`language` is none of the BIP's".to_owned()),
    })
}

/// One case of BIP39.
pub(super) fn bip39(case: &Case<'_>, _: &Siblings<'_>) -> Check {
    let (words, passphrase) = (case.text("words")?, case.text("passphrase")?);
    let seed = match case.kind()? {
        "words" => {
            let language = language(case.text("language")?)?;
            let mut entropy = case.bytes("entropy")?;
            let entropy = Secret::take(&mut entropy).map_err(|error| error.to_string())?;
            let made = Mnemonic::from_entropy(entropy, language).map_err(|error| error.to_string())?;
            let ours = made.words().map_err(|error| error.to_string())?;
            let ours = ours.expose_str().unwrap_or_default();
            same("words", ours, &words.nfkd().collect::<String>().replace(' ', separator(language)))?;
            let read = Mnemonic::parse(words, Some(language)).map_err(|error| error.to_string())?;
            same("entropy", read.entropy().expose(), made.entropy().expose())?;
            read.seed(passphrase)
        }
        // Words of a list that is not the BIP's: the seed is that of any text.
        "seed" => seed_of_text(words, passphrase),
        _ => return Err("a kind that is not known".to_owned()),
    };
    let seed = seed.map_err(|error| error.to_string())?;
    same("seed", seed.expose(), &case.bytes("seed")?)?;
    same_master(case, &seed)?;
    if case.kind()? == "words" {
        return case.accepted();
    }
    case.looked_at("entropy");
    let language = crate::text::printable(case.text("language")?);
    match Mnemonic::parse(words, None) {
        Ok(_) => case.accepted(),
        Err(error) => case.refused(mnemonic_code(&error), &format!("{language} has no word list in the BIP: {error}")),
    }
}

/// What stands between words; the Japanese list's is not in ASCII, and NFKD makes a plain space of it.
fn separator(language: Language) -> &'static str {
    if language == Language::Japanese { "\u{3000}" } else { " " }
}

fn mnemonic_code(error: &MnemonicError) -> &'static str {
    match error {
        MnemonicError::Count(_) => "count",
        MnemonicError::Digits(_) => "digits",
        MnemonicError::EntropyLength(_) => "entropy-length",
        MnemonicError::UnknownWord { .. } => "unknown-word",
        MnemonicError::Checksum => "checksum",
        MnemonicError::Ambiguous => "ambiguous",
        MnemonicError::TooLong => "too-long",
        MnemonicError::Memory(_) => "memory",
    }
}

/// `master` is the xprv of the seed.
fn same_master(case: &Case<'_>, seed: &Secret) -> Result<(), String> {
    let master = Master::from_seed(seed).map_err(|error| error.to_string())?;
    nodes::private(case, "master", &master, &[], nodes::Prefix::Main)
}

/// One case of SLIP-39.
pub(super) fn slip39(case: &Case<'_>, _: &Siblings<'_>) -> Check {
    if case.kind()? != "combine" {
        return Err("a kind that is not known".to_owned());
    }
    let secret = match combined(&case.texts("shares")?, case.text("passphrase")?) {
        Ok(secret) => secret,
        Err(error) => return case.refused(error.code(), &error.to_string()),
    };
    same("secret", secret.expose(), &case.bytes("secret")?)?;
    same_master(case, &secret)?;
    case.accepted()
}

fn combined(shares: &[&str], passphrase: &str) -> Result<Secret, ShamirError> {
    let shares = shares.iter().map(|words| Share::parse(words)).collect::<Result<Vec<_>, _>>()?;
    combine(&shares, passphrase.as_bytes())
}
