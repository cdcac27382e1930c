//! BIP32, and the accounts of BIP44, BIP49, BIP84 and BIP86: keys from a seed, and their addresses.

use bitcoin::{
    NetworkKind, PrivateKey, Script, base58,
    bip32::Xpub,
    hashes::{Hash, hash160},
    secp256k1::SecretKey,
};

use super::{
    Siblings,
    case::{Case, Check, same},
    words,
};
use crate::{
    network::Network,
    secret::{ExtendedKey, Master},
    sys::Secret,
    wallet::{self, Coin, KeyText, Path, Script as Account, Secrets, Wallet},
};

/// The prefixes of extended keys: BIP32's own, and those of SLIP-132 in which two BIPs print theirs.
#[derive(Clone, Copy)]
pub(super) enum Prefix {
    /// xprv, xpub
    Main,
    /// tprv, tpub
    Test,
    /// uprv, upub (BIP49 on test networks)
    Upub,
    /// zprv, zpub (BIP84)
    Zpub,
}

impl Prefix {
    /// Version bytes of a private and a public key.
    const fn versions(self) -> ([u8; 4], [u8; 4]) {
        match self {
            Self::Main => ([0x04, 0x88, 0xad, 0xe4], [0x04, 0x88, 0xb2, 0x1e]),
            Self::Test => ([0x04, 0x35, 0x83, 0x94], [0x04, 0x35, 0x87, 0xcf]),
            Self::Upub => ([0x04, 0x4a, 0x4e, 0x28], [0x04, 0x4a, 0x52, 0x62]),
            Self::Zpub => ([0x04, 0xb2, 0x43, 0x0c], [0x04, 0xb2, 0x47, 0x46]),
        }
    }

    const fn network(self) -> NetworkKind {
        match self {
            Self::Main | Self::Zpub => NetworkKind::Main,
            Self::Test | Self::Upub => NetworkKind::Test,
        }
    }
}

/// The master key of a seed.
pub(super) fn master(mut seed: Vec<u8>) -> Result<Master, String> {
    let seed = Secret::take(&mut seed).map_err(|error| error.to_string())?;
    Master::from_seed(&seed).map_err(|error| error.to_string())
}

/// A path's steps.
pub(super) fn path(text: &str) -> Result<Vec<u32>, String> {
    text.parse::<Path>().map(|path| path.steps().to_vec()).map_err(|error| error.to_string())
}

/// The extended public key at a path.
pub(super) fn xpub(master: &Master, path: &[u32], network: NetworkKind) -> Result<Xpub, String> {
    master.xpub(path, network).map_err(|error| error.to_string())
}

/// The private key at a path: the last 32 bytes of its extended key.
pub(super) fn secret(master: &Master, path: &[u32]) -> Result<SecretKey, String> {
    let bytes = decoded(master, path, Prefix::Main, true)?;
    SecretKey::from_slice(bytes.get(46..).unwrap_or_default()).map_err(|error| error.to_string())
}

/// The 78 bytes of the extended key at a path, public or private, under another prefix where BIP32 has none of it.
fn decoded(master: &Master, path: &[u32], prefix: Prefix, private: bool) -> Result<Vec<u8>, String> {
    let network = prefix.network();
    let mut bytes = if private {
        let text = master.xprv(path, network).map_err(|error| error.to_string())?;
        base58::decode_check(text.expose_str().unwrap_or_default()).map_err(|error| error.to_string())?
    } else {
        xpub(master, path, network)?.encode().to_vec()
    };
    let (private_version, public_version) = prefix.versions();
    let version = if private { private_version } else { public_version };
    bytes.get_mut(..4).ok_or("a short key")?.copy_from_slice(&version);
    Ok(bytes)
}

fn extended(master: &Master, path: &[u32], prefix: Prefix, private: bool) -> Result<String, String> {
    Ok(base58::encode_check(&decoded(master, path, prefix, private)?))
}

/// Compares a field with the extended private key at a path.
pub(super) fn private(
    case: &Case<'_>,
    field: &str,
    master: &Master,
    path: &[u32],
    prefix: Prefix,
) -> Result<(), String> {
    same(field, extended(master, path, prefix, true)?.as_str(), case.text(field)?)
}

fn public(case: &Case<'_>, field: &str, master: &Master, path: &[u32], prefix: Prefix) -> Result<(), String> {
    same(field, extended(master, path, prefix, false)?.as_str(), case.text(field)?)
}

/// The address of a script.
pub(super) fn address(script: &Script, network: Network) -> Result<String, String> {
    wallet::address(script, network).ok_or_else(|| "a script without an address".to_owned())
}

/// One case of BIP32.
pub(super) fn bip32(case: &Case<'_>, _: &Siblings<'_>) -> Check {
    match case.kind()? {
        "derive" => {
            let master = master(case.bytes("seed")?)?;
            let path = path(case.text("path")?)?;
            public(case, "public", &master, &path, Prefix::Main)?;
            private(case, "private", &master, &path, Prefix::Main)?;
            // what we write, we read
            for field in ["public", "private"] {
                ExtendedKey::read(case.text(field)?).map_err(|error| error.to_string())?;
            }
            case.accepted()
        }
        "parse" => match ExtendedKey::read(case.text("key")?) {
            Ok(_) => case.accepted(),
            // what a key's own reader refuses, no descriptor that is registered may take
            Err(_) if KeyText::read(case.text("key")?, Secrets::Refused).is_ok() => {
                Err("a descriptor takes the key".to_owned())
            }
            Err(error) => case.refused(error.code(), &error.to_string()),
        },
        _ => Err("a kind that is not known".to_owned()),
    }
}

/// The path that the account rule gives.
fn account(script: Account, network: Network, account: u32) -> Result<Path, String> {
    script.account(network, account).map_err(|error| error.to_string())
}

/// One case of BIP44: paths only, so the account rule answers.
pub(super) fn bip44(case: &Case<'_>, _: &Siblings<'_>) -> Check {
    if case.kind()? != "path" {
        return Err("a kind that is not known".to_owned());
    }
    let path: Path = case.text("path")?.parse().map_err(|error| format!("{error}"))?;
    let account = account(Account::Pkh, network(case)?, case.small("account")?)?;
    let ours = account.key(case.small("branch")?, case.small("index")?).map_err(|error| error.to_string())?;
    same("path", &ours, &path)?;
    case.accepted()
}

fn network(case: &Case<'_>) -> Result<Network, String> {
    case.text("network")?.parse().map_err(|_| "`network` is none".to_owned())
}

/// The wallet of one key at account 0, as `wallet add` registers it, and the coin of one path of it.
fn coin(master: &Master, script: Account, network: Network, steps: &[u32]) -> Result<Coin, String> {
    let [origin @ .., branch, index] = steps else { return Err("a path that is too short".to_owned()) };
    let account = account(script, network, 0)?;
    same("path", account.steps(), origin)?;
    let xpub = xpub(master, account.steps(), network.kind())?;
    let name = "vector".parse().map_err(|_| "no name")?;
    let wallet = Wallet::single(name, script, 0, master.fingerprint(), xpub, network);
    let wallet = wallet.map_err(|error| error.to_string())?;
    wallet.coin(*branch, *index).map_err(|error| error.to_string())
}

/// The private key at a path as a wallet import text, and the public key with it.
fn key_of_path(case: &Case<'_>, master: &Master, steps: &[u32], network: Network) -> Result<(), String> {
    let wif = PrivateKey::new(secret(master, steps)?, network.kind()).to_wif();
    same("wif", wif.as_str(), case.text("wif")?)?;
    let public = xpub(master, steps, network.kind())?.public_key.serialize();
    same("public_key", public.as_slice(), &case.bytes("public_key")?)
}

/// The one case of BIP49.
pub(super) fn bip49(case: &Case<'_>, _: &Siblings<'_>) -> Check {
    if case.kind()? != "account" {
        return Err("a kind that is not known".to_owned());
    }
    let network = network(case)?;
    let master = words::master(case.text("words")?)?;
    private(case, "master_private", &master, &[], Prefix::Upub)?;
    let account = path(case.text("account_path")?)?;
    private(case, "account_private", &master, &account, Prefix::Upub)?;
    public(case, "account_public", &master, &account, Prefix::Upub)?;
    let steps = path(case.text("path")?)?;
    key_of_path(case, &master, &steps, network)?;
    same("secret_key", &secret(&master, &steps)?.secret_bytes(), &case.bytes32("secret_key")?)?;
    same("account_path", account.as_slice(), steps.get(..3).unwrap_or_default())?;
    let coin = coin(&master, Account::ShWpkh, network, &steps)?;
    let [key] = coin.keys[..] else { return Err("a coin of more than one key".to_owned()) };
    same("key_hash", hash160::Hash::hash(&key).as_byte_array().as_slice(), &case.bytes("key_hash")?)?;
    let redeem = coin.redeem_script.unwrap_or_default();
    same("redeem_script", redeem.as_bytes(), &case.bytes("redeem_script")?)?;
    let hash = coin.script_pubkey.as_bytes().get(2..22).unwrap_or_default();
    same("script_hash", hash, &case.bytes("script_hash")?)?;
    same("address", address(&coin.script_pubkey, network)?.as_str(), case.text("address")?)?;
    case.accepted()
}

/// One case of BIP84: a node in SLIP-132's letters, or an address.
pub(super) fn bip84(case: &Case<'_>, _: &Siblings<'_>) -> Check {
    let network = network(case)?;
    let master = words::master(case.text("words")?)?;
    let steps = path(case.text("path")?)?;
    match case.kind()? {
        "node" => {
            private(case, "private", &master, &steps, Prefix::Zpub)?;
            public(case, "public", &master, &steps, Prefix::Zpub)?;
            same("network", &network, &Network::Mainnet)?;
        }
        "address" => {
            key_of_path(case, &master, &steps, network)?;
            let coin = coin(&master, Account::Wpkh, network, &steps)?;
            same("address", address(&coin.script_pubkey, network)?.as_str(), case.text("address")?)?;
        }
        _ => return Err("a kind that is not known".to_owned()),
    }
    case.accepted()
}

/// One case of BIP86: a node, or an address with its keys.
pub(super) fn bip86(case: &Case<'_>, _: &Siblings<'_>) -> Check {
    let network = network(case)?;
    let master = words::master(case.text("words")?)?;
    let steps = path(case.text("path")?)?;
    private(case, "private", &master, &steps, Prefix::Main)?;
    public(case, "public", &master, &steps, Prefix::Main)?;
    same("network", &network, &Network::Mainnet)?;
    match case.kind()? {
        "node" => {}
        "address" => {
            let coin = coin(&master, Account::Tr, network, &steps)?;
            let (internal, output) = coin.taproot.ok_or("a coin without taproot")?;
            same("internal_key", &internal.serialize(), &case.bytes32("internal_key")?)?;
            same("output_key", &output.serialize(), &case.bytes32("output_key")?)?;
            same("script", coin.script_pubkey.as_bytes(), &case.bytes("script")?)?;
            same("address", address(&coin.script_pubkey, network)?.as_str(), case.text("address")?)?;
        }
        _ => return Err("a kind that is not known".to_owned()),
    }
    case.accepted()
}
