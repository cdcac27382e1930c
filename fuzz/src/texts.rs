//! What people type or give as a text: descriptors, policies, addresses, words, numbers.

use std::str;

use strongroom::{
    network::Network,
    policy::Policy,
    secret::{ExtendedKey, Language, Master, Mnemonic, Share, Thrown, as_generated},
    sys::Secret,
    text::{Name, NameError, folded, printable},
    wallet::{
        Expression, Form, KeyText, Path, Secrets, Wallet, core, descriptor as exported, find, find_script, generic,
        listing,
    },
};

use super::reviews::WALLETS;

/// A descriptor to register: what was read is read again from what it writes, and derives.
pub fn descriptor(data: &[u8]) {
    let Ok(text) = str::from_utf8(data) else { return };
    let _ = KeyText::read(text, Secrets::Read);
    let public = Expression::parse_public(text);
    let any = Expression::parse(text);
    if let Ok(public) = &public {
        assert!(any.is_ok(), "public keys only, and not read");
        let _ = public.scripts(0).map(|scripts| assert_eq!(scripts.len(), public.alternatives()));
    }
    for error in [public.err(), any.err()].into_iter().flatten() {
        super::readable(&error.to_string());
    }
    for network in [Network::Regtest, Network::Mainnet] {
        let name: Name = "fuzzed".parse().expect("a name");
        let wallet = match Wallet::read(name.clone(), text, network, &[]) {
            Ok(wallet) => wallet,
            Err(error) => {
                super::readable(&error.to_string());
                continue;
            }
        };
        let again = Wallet::read(name, wallet.descriptor(), network, &[]).expect("what it writes");
        assert_eq!(again.descriptor(), wallet.descriptor());
        assert_eq!((again.kind(), again.paths(), again.branches()), (wallet.kind(), wallet.paths(), wallet.branches()));
        for branch in wallet.branches() {
            let [one, other] = [&wallet, &again].map(|wallet| wallet.coin(*branch, 7));
            assert_eq!(one.expect("a coin").script_pubkey, other.expect("a coin").script_pubkey);
        }
        assert_eq!(exported(&wallet).trim_end(), wallet.descriptor());
        core(&wallet).expect("for Core");
        let _ = generic(&wallet, std::slice::from_ref(&wallet));
        listing(&wallet, wallet.receive_branch(), 0..2, Form::Csv).expect("two addresses");
    }
}

/// A policy: read out whole, and the same twice.
pub fn policy(data: &[u8]) {
    let Ok(text) = str::from_utf8(data) else { return };
    let policy = match Policy::read(text) {
        Ok(policy) => policy,
        Err(error) => return super::readable(&error.to_string()),
    };
    assert_eq!(Policy::read(text).expect("read before"), policy);
    policy.sentences().iter().for_each(|sentence| super::readable(sentence));
    for network in Network::ALL {
        if let Err(error) = policy.suits(network, 3) {
            super::readable(&error.to_string());
        }
    }
    let _ = policy.unknown_wallets(&[]);
}

/// An address to look for, and a script.
pub fn address(data: &[u8]) {
    if let Ok(text) = str::from_utf8(data) {
        for network in Network::ALL {
            // No wallets: the search is as long as its gap, the reading is what is tried.
            match find(&[], text, network) {
                Ok(found) => assert!(found.is_none()),
                Err(error) => super::readable(&error.to_string()),
            }
        }
    }
    let script = bitcoin::Script::from_bytes(data);
    if let Some(found) = find_script(&WALLETS, script, 4) {
        let coin = WALLETS[found.wallet].coin(found.branch, found.index).expect("a coin");
        assert_eq!(coin.script_pubkey.as_script(), script);
    }
}

/// Anything that is typed: words, shares, keys, rolls, names, paths.
pub fn typed(data: &[u8]) {
    let Ok(text) = str::from_utf8(data) else { return };
    for language in Language::ALL.iter().map(Some).chain([None]) {
        if let Ok(mnemonic) = Mnemonic::parse(text, language.copied()) {
            let words = mnemonic.words().expect("words");
            let words = words.expose_str().expect("text");
            let again = Mnemonic::parse(words, Some(mnemonic.language())).expect("what it writes");
            assert_eq!(again.entropy().expose(), mnemonic.entropy().expose());
        }
    }
    if let Ok(share) = Share::parse(text) {
        let words = share.words().expect("words");
        let plain: Vec<String> = text.split_whitespace().map(str::to_ascii_lowercase).collect();
        assert_eq!(words.expose_str(), Some(plain.join(" ").as_str()));
    }
    let _ = ExtendedKey::read(text);
    let _ = Master::from_xprv(text);
    let Ok(secret) = Secret::copied(data) else { return };
    if let Ok(Some(plain)) = as_generated(&secret) {
        assert!(as_generated(&plain).expect("memory").is_none(), "made plain twice");
    }
    for thrown in [Thrown::dice(&secret), Thrown::coins(&secret), Thrown::cards(&secret)].into_iter().flatten() {
        assert!(thrown.outcomes().len() >= thrown.kind().needed(), "too few to count");
    }
    let name: Result<Name, NameError> = text.parse();
    if let Ok(name) = name {
        assert_eq!(name.as_str(), text);
    }
    if let Ok(path) = text.parse::<Path>() {
        assert_eq!(path.to_string().parse::<Path>().ok().as_ref().map(Path::steps), Some(path.steps()));
    }
    let plain = printable(text);
    if !plain.is_empty() {
        super::readable(&plain);
    }
    folded(&plain, 80).iter().for_each(|line| assert!(line.chars().count() <= 80));
}
