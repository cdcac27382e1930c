//! What leaves a vault about its wallets, for programs that watch them: public keys only.
//!
//! Floor 1. Pure text; every form is read back by the tests.

use std::fmt;

use bitcoin::base58;
use serde_json::{Map, Value, json};

use super::{
    account::{HARDENED, Path, Script},
    address::address,
    kind::Kind,
    register::{Wallet, WalletError},
};
use crate::{network::Network, text::hex};

/// Addresses that an importer derives ahead of the last one used.
const LOOKAHEAD: u32 = 1_000;

/// Why a wallet cannot be exported in a form.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ExportError {
    /// Who reads the generic form takes branch 1 for change.
    #[error("the generic form is for wallets with branches `<0;1>`: export the descriptor")]
    OtherBranches,
    /// Who reads a UR derives branches 0 and 1.
    #[error("UR is for wallets with branches `<0;1>`: export the descriptor")]
    UrBranches,
    /// An account is that of one key.
    #[error("an account is that of one key, and this wallet has several: export {0}")]
    SeveralKeys(Instead),
    /// A key alone.
    #[error("{0} keys of the wallet are the vault's own: export {1}, or each key by `wallet xpub`")]
    OurKeys(usize, Instead),
    /// The wallet cannot derive.
    #[error(transparent)]
    Wallet(#[from] WalletError),
}

/// The form that has the whole wallet, where another has not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Instead {
    /// The descriptor by UR.
    UrOutput,
    /// The descriptor, which every wallet has.
    Descriptor,
}

impl Instead {
    /// UR has a form for plain multisig with branches 0 and 1, and none for other scripts of several keys.
    fn of(wallet: &Wallet) -> Self {
        if wallet.scripts.is_none() && wallet.branches() == [0, 1] { Self::UrOutput } else { Self::Descriptor }
    }
}

impl fmt::Display for Instead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::UrOutput => "ur-output",
            Self::Descriptor => "the descriptor",
        })
    }
}

/// The descriptor in one line: BIP389 multipath, BIP380 checksum.
#[must_use]
pub fn descriptor(wallet: &Wallet) -> String {
    format!("{}\n", wallet.descriptor())
}

/// The descriptor as wallets write it by UR: keys without a path below them, as all of them derive branches 0 and 1.
///
/// # Errors
/// [`ExportError::UrBranches`].
pub fn for_ur(wallet: &Wallet) -> Result<String, ExportError> {
    if wallet.branches() != [0, 1] {
        return Err(ExportError::UrBranches);
    }
    let text = wallet.descriptor().split('#').next().unwrap_or_default();
    Ok(text.replace("/<0;1>/*", ""))
}

/// The same of a wallet of one key.
///
/// # Errors
/// [`ExportError`].
pub fn account_for_ur(wallet: &Wallet) -> Result<String, ExportError> {
    if wallet.keys().len() == 1 { for_ur(wallet) } else { Err(ExportError::SeveralKeys(Instead::of(wallet))) }
}

/// The one key of ours in the wallet, without a path below it: who reads it derives branches 0 and 1, as of the others.
///
/// # Errors
/// [`ExportError`].
pub fn key_for_ur(wallet: &Wallet) -> Result<String, ExportError> {
    if wallet.branches() != [0, 1] {
        return Err(ExportError::UrBranches);
    }
    let ours: Vec<String> = wallet.keys().iter().filter(|key| key.ours).map(super::Key::expression).collect();
    match ours.as_slice() {
        [one] => Ok(one.clone()),
        _ => Err(ExportError::OurKeys(ours.len(), Instead::of(wallet))),
    }
}

/// The argument of Bitcoin Core's `importdescriptors`: an entry for the receive branch and one for change, as older
/// versions do not read BIP389.
///
/// # Errors
/// None in practice: the branches are the wallet's own.
pub fn core(wallet: &Wallet) -> Result<String, WalletError> {
    let mut entries = Vec::new();
    for branch in wallet.branches() {
        entries.push(json!({
            "active": true,
            "desc": wallet.branch_descriptor(*branch)?,
            "internal": wallet.change_branch() == Some(*branch),
            "range": [0, LOOKAHEAD.saturating_sub(1)],
            "timestamp": "now",
        }));
    }
    Ok(format!("{:#}\n", Value::Array(entries)))
}

/// The generic JSON that coordinators read. Of a wallet of one key at an account of BIP44, 49, 84 or 86 (Coldcard's
/// form): all such accounts among `wallets` that have its master key and account number; without a master `xpub`,
/// which a statement does not know. Of any other (Specter's form): label and descriptor.
///
/// # Errors
/// [`ExportError::OtherBranches`].
pub fn generic(wallet: &Wallet, wallets: &[Wallet]) -> Result<String, ExportError> {
    let Some((_, fingerprint, account)) = account_of(wallet) else {
        return labelled(wallet);
    };
    let mut document = Map::new();
    document.insert("account".into(), json!(account));
    document.insert("chain".into(), json!(chain(wallet.network())));
    document.insert("xfp".into(), json!(upper(fingerprint)));
    for other in std::iter::once(wallet).chain(wallets) {
        let Some((script, print, number)) = account_of(other) else {
            continue;
        };
        let name = format!("bip{}", script.purpose());
        if (print, number) == (fingerprint, account) && !document.contains_key(&name) {
            document.insert(name, entry(other, script)?);
        }
    }
    Ok(format!("{:#}\n", Value::Object(document)))
}

/// Label and descriptor of the receive branch, from which importers make the change branch; `blockheight` is where
/// they look from.
fn labelled(wallet: &Wallet) -> Result<String, ExportError> {
    if wallet.branches() != [0, 1] {
        return Err(ExportError::OtherBranches);
    }
    let document = json!({
        "blockheight": 0,
        "descriptor": wallet.branch_descriptor(0)?,
        "label": wallet.name().as_str(),
    });
    Ok(format!("{document:#}\n"))
}

fn entry(wallet: &Wallet, script: Script) -> Result<Value, ExportError> {
    let key = wallet.keys().first().ok_or(ExportError::OtherBranches)?;
    let first = wallet.coin(wallet.receive_branch(), 0)?;
    let path = Path::new(key.origin.clone()).map_err(|_| ExportError::OtherBranches)?;
    let mut entry = Map::new();
    let name = match script {
        Script::Pkh => "p2pkh",
        Script::ShWpkh => "p2sh-p2wpkh",
        Script::Wpkh => "p2wpkh",
        Script::Tr => "p2tr",
        Script::ShWsh | Script::Wsh => return Err(ExportError::OtherBranches),
    };
    entry.insert("deriv".into(), json!(path.to_string().replace('h', "'")));
    entry.insert("desc".into(), json!(wallet.descriptor()));
    entry.insert("first".into(), json!(address(&first.script_pubkey, wallet.network())));
    entry.insert("name".into(), json!(name));
    entry.insert("xfp".into(), json!(upper(key.xpub.fingerprint().to_bytes())));
    entry.insert("xpub".into(), json!(key.xpub.to_string()));
    if let Some(version) = slip132(script, wallet.network()) {
        let mut bytes = key.xpub.encode();
        for (byte, new) in bytes.iter_mut().zip(version) {
            *byte = new;
        }
        entry.insert("_pub".into(), json!(base58::encode_check(&bytes)));
    }
    Ok(Value::Object(entry))
}

/// Script type, master fingerprint and account number of a wallet of one key at its standard account.
fn account_of(wallet: &Wallet) -> Option<(Script, [u8; 4], u32)> {
    let script = match wallet.kind() {
        Kind::Pkh => Script::Pkh,
        Kind::ShWpkh => Script::ShWpkh,
        Kind::Wpkh => Script::Wpkh,
        Kind::Tr => Script::Tr,
        Kind::Sh(_)
        | Kind::ShWsh(_)
        | Kind::Wsh(_)
        | Kind::ShScript
        | Kind::ShWshScript
        | Kind::WshScript
        | Kind::TrTree => return None,
    };
    let key = wallet.keys().first()?;
    let account = key.origin.get(2)? & !HARDENED;
    let standard = script.account(wallet.network(), account).ok()?;
    (standard.steps() == key.origin.as_slice()).then_some((script, key.fingerprint, account))
}

/// The version bytes of SLIP-132 that imply a script type; `pkh` has the plain ones, `tr` none.
const fn slip132(script: Script, network: Network) -> Option<[u8; 4]> {
    match (script, network.is_mainnet()) {
        (Script::ShWpkh, true) => Some([0x04, 0x9d, 0x7c, 0xb2]),
        (Script::ShWpkh, false) => Some([0x04, 0x4a, 0x52, 0x62]),
        (Script::Wpkh, true) => Some([0x04, 0xb2, 0x47, 0x46]),
        (Script::Wpkh, false) => Some([0x04, 0x5f, 0x1c, 0xf6]),
        (Script::Pkh | Script::Tr | Script::ShWsh | Script::Wsh, _) => None,
    }
}

const fn chain(network: Network) -> &'static str {
    match network {
        Network::Mainnet => "BTC",
        Network::Testnet4 | Network::Testnet | Network::Signet => "XTN",
        Network::Regtest => "XRT",
    }
}

fn upper(fingerprint: [u8; 4]) -> String {
    hex(&fingerprint).to_uppercase()
}

#[cfg(test)]
mod tests {
    use miniscript::{Descriptor, DescriptorPublicKey};

    use super::*;
    use crate::wallet::samples;

    fn theirs(text: &str) -> Descriptor<DescriptorPublicKey> {
        text.parse().unwrap()
    }

    #[test]
    fn the_descriptor_is_one_line_that_others_read() {
        for wallet in samples::every() {
            let line = descriptor(&wallet);
            let read = theirs(line.strip_suffix('\n').unwrap());
            assert_eq!(read.into_single_descriptors().unwrap().len(), 2);
        }
    }

    #[test]
    fn no_form_of_ur_leaves_without_its_branches() {
        let (single, several) = (("wpkh(@0", "m/84h/0h/0h"), ("wsh(sortedmulti(2,@0", "m/48h/0h/0h/2h"));
        for branches in ["/<2;5>/*", "/<1;0>/*", "/<0;2>/*", "/0/*", "/1/*"] {
            let one = samples::wallet(&format!("{}{branches})", single.0), single.1);
            let many = samples::wallet(&format!("{}{branches},@1{branches}))", several.0), several.1);
            for wallet in [&one, &many] {
                assert_eq!(for_ur(wallet), Err(ExportError::UrBranches), "{branches}");
                assert_eq!(key_for_ur(wallet), Err(ExportError::UrBranches), "{branches}");
            }
            assert_eq!(account_for_ur(&one), Err(ExportError::UrBranches), "{branches}");
            assert_eq!(account_for_ur(&many), Err(ExportError::SeveralKeys(Instead::Descriptor)), "{branches}");
        }
        let wallet = samples::wallet(&format!("{}/<0;1>/*)", single.0), single.1);
        assert_eq!(key_for_ur(&wallet).unwrap(), wallet.keys()[0].expression());
    }

    #[test]
    fn what_has_no_form_names_one_that_it_has() {
        for wallet in samples::every().into_iter().skip(4) {
            let form = if wallet.scripts.is_none() { Instead::UrOutput } else { Instead::Descriptor };
            assert_eq!(account_for_ur(&wallet), Err(ExportError::SeveralKeys(form)), "{wallet:?}");
            let both = wallet.claim(&[0, 1]).unwrap();
            assert_eq!(key_for_ur(&both), Err(ExportError::OurKeys(2, form)), "{both:?}");
        }
    }

    #[test]
    fn core_gets_an_entry_a_branch() {
        for wallet in samples::every() {
            let entries: Vec<Value> = serde_json::from_str(&core(&wallet).unwrap()).unwrap();
            assert_eq!(entries.len(), 2);
            for (branch, entry) in (0..2u32).zip(&entries) {
                let read = theirs(entry["desc"].as_str().unwrap()).at_derivation_index(3).unwrap();
                assert_eq!(read.script_pubkey(), wallet.coin(branch, 3).unwrap().script_pubkey);
                assert!(entry["desc"].as_str().unwrap().contains('#') && !entry.to_string().contains("prv"));
                assert_eq!((&entry["internal"], &entry["active"]), (&json!(branch == 1), &json!(true)));
                assert_eq!((&entry["timestamp"], &entry["range"]), (&json!("now"), &json!([0, 999])));
            }
        }
        let single = samples::wallet("wpkh(@0/5/*)", "m/84h/0h/0h");
        let entries: Vec<Value> = serde_json::from_str(&core(&single).unwrap()).unwrap();
        assert_eq!((entries.len(), &entries[0]["internal"]), (1, &json!(false)));
    }

    #[test]
    fn the_generic_form_has_every_account_of_the_master_key() {
        let wallets: Vec<_> = samples::KINDS.iter().map(|(text, path)| samples::wallet(text, path)).collect();
        let other = samples::wallet("wpkh(@1/<0;1>/*)", "m/84h/0h/0h");
        let all: Vec<_> = std::iter::once(other).chain(wallets.iter().cloned()).collect();
        let document: Value = serde_json::from_str(&generic(&wallets[0], &all).unwrap()).unwrap();
        assert_eq!(
            (&document["xfp"], &document["chain"], &document["account"]),
            (&json!("73C5DA0A"), &json!("BTC"), &json!(0))
        );
        let bip84 = &document["bip84"];
        assert_eq!(bip84["first"], "bc1qcr8te4kr609gcawutmrza0j4xv80jy8z306fyu");
        assert_eq!(
            bip84["_pub"],
            "zpub6rFR7y4Q2AijBEqTUquhVz398htDFrtymD9xYYfG1m4wAcvPhXNfE3EfH1r1ADqtfSdVCToUG868RvUUkgDKf31mGDtKsAYz2oz2AGutZYs"
        );
        assert_eq!(bip84["deriv"], "m/84'/0'/0'");
        assert_eq!(
            document["bip86"]["xpub"],
            "xpub6BgBgsespWvERF3LHQu6CnqdvfEvtMcQjYrcRzx53QJjSxarj2afYWcLteoGVky7D3UKDP9QyrLprQ3VCECoY49yfdDEHGCtMMj92pReUsQ"
        );
        for name in ["bip44", "bip49", "bip84", "bip86"] {
            assert!(theirs(document[name]["desc"].as_str().unwrap()).sanity_check().is_ok());
        }
        assert!(document["bip44"].get("_pub").is_none() && document.get("bip48").is_none());
    }

    #[test]
    fn other_wallets_have_a_label_and_the_descriptor_of_one_branch() {
        let odd = [("wpkh(@0/<0;1>/*)", "m/44h/0h/0h"), ("wpkh(@0/<0;1>/*)", "m/84h/0h/0h/0h")];
        let odd = odd.map(|(text, path)| samples::wallet(text, path));
        for wallet in samples::every().into_iter().skip(4).chain(odd) {
            let document: Value = serde_json::from_str(&generic(&wallet, &[]).unwrap()).unwrap();
            assert_eq!((&document["label"], &document["blockheight"]), (&json!("savings"), &json!(0)));
            assert_eq!(document.as_object().unwrap().len(), 3);
            let text = document["descriptor"].as_str().unwrap();
            let derived = |text: &str| theirs(text).at_derivation_index(9).unwrap().script_pubkey();
            assert_eq!(derived(text), wallet.coin(0, 9).unwrap().script_pubkey);
            let (payload, _) = text.split_once('#').unwrap();
            assert_eq!(derived(&payload.replace("/0/*", "/1/*")), wallet.coin(1, 9).unwrap().script_pubkey);
        }
        for (text, path) in [
            ("wsh(multi(1,@0/<1;0>/*))", "m/48h/0h/0h/2h"),
            ("wsh(multi(1,@0/<2;3>/*))", "m/48h/0h/0h/2h"),
            ("wsh(pk(@0/0/*))", "m/48h/0h/0h/2h"),
        ] {
            let wallet = samples::wallet(text, path);
            assert_eq!(generic(&wallet, &[]), Err(ExportError::OtherBranches), "{text} {path}");
        }
        let test = samples::read("sh(wpkh(@0/<0;1>/*))", "m/49h/1h/0h", Network::Regtest, &[0]).unwrap();
        let document: Value = serde_json::from_str(&generic(&test, &[]).unwrap()).unwrap();
        assert_eq!(
            document["bip49"]["_pub"],
            "upub5EFU65HtV5TeiSHmZZm7FUffBGy8UKeqp7vw43jYbvZPpoVsgU93oac7Wk3u6moKegAEWtGNF8DehrnHtv21XXEMYRUocHqguyjknFHYfgY"
        );
        assert_eq!(document["chain"], "XRT");
    }
}
