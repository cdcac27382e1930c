//! What leaves a vault about its wallets, for programs that watch them: public keys only.
//!
//! Floor 1. Pure text; every form is read back by the tests.

use bitcoin::base58;
use serde_json::{Map, Value, json};

use super::{
    account::{HARDENED, Path, Script},
    address::address,
    register::{Kind, Wallet, WalletError},
};
use crate::{network::Network, text::hex};

/// Addresses that an importer derives ahead of the last one used.
const LOOKAHEAD: u32 = 1_000;

/// Why a wallet cannot be exported in a form.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ExportError {
    /// The generic form holds accounts of one key only.
    #[error("the generic form is for wallets of one key at an account of BIP44, 49, 84 or 86: export the descriptor")]
    NotAnAccount,
    /// The wallet cannot derive.
    #[error(transparent)]
    Wallet(#[from] WalletError),
}

/// The descriptor in one line: BIP389 multipath, BIP380 checksum.
#[must_use]
pub fn descriptor(wallet: &Wallet) -> String {
    format!("{}\n", wallet.descriptor())
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

/// The generic JSON that coordinators read (Coldcard's form): all accounts of one key among `wallets` that have the
/// master key and account number of `wallet`. It has no master `xpub`, which a statement does not know.
///
/// # Errors
/// [`ExportError::NotAnAccount`].
pub fn generic(wallet: &Wallet, wallets: &[Wallet]) -> Result<String, ExportError> {
    let (_, fingerprint, account) = account_of(wallet).ok_or(ExportError::NotAnAccount)?;
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

fn entry(wallet: &Wallet, script: Script) -> Result<Value, ExportError> {
    let key = wallet.keys().first().ok_or(ExportError::NotAnAccount)?;
    let first = wallet.coin(wallet.receive_branch(), 0)?;
    let path = Path::new(key.origin.clone()).map_err(|_| ExportError::NotAnAccount)?;
    let mut entry = Map::new();
    let name = match script {
        Script::Pkh => "p2pkh",
        Script::ShWpkh => "p2sh-p2wpkh",
        Script::Wpkh => "p2wpkh",
        Script::Tr => "p2tr",
        Script::ShWsh | Script::Wsh => return Err(ExportError::NotAnAccount),
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
        Kind::Sh(_) | Kind::ShWsh(_) | Kind::Wsh(_) => return None,
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
