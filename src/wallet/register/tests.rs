//! Descriptors that break one rule each.
//!
//! Floor 1, tests only.

use super::*;
use crate::wallet::{HARDENED, samples};

const SINGLE: &str = "wpkh(@0/<0;1>/*)";
const ACCOUNT: &str = "m/84h/0h/0h";

#[track_caller]
fn refused(text: &str, expected: &WalletError) {
    let error = samples::read(text, ACCOUNT, Network::Mainnet, &[]).map(|_| ()).unwrap_err();
    assert_eq!(&error, expected, "{text}");
    assert!(!error.to_string().ends_with('.') && error.to_string().len() > 10);
}

#[track_caller]
fn refused_as(text: &str, code: &str) {
    match samples::read(text, ACCOUNT, Network::Mainnet, &[]).map(|_| ()) {
        Err(WalletError::Descriptor(error)) => assert_eq!(error.code(), code, "{text}"),
        other => panic!("{text}: {other:?}"),
    }
}

#[test]
fn every_kind_is_read_and_written_in_one_form() {
    for (text, path) in samples::KINDS {
        let wallet = samples::wallet(text, path);
        let (payload, _) = wallet.descriptor().split_once('#').unwrap();
        assert_eq!(payload, samples::fill(text, path, Network::Mainnet));
        let theirs: miniscript::Descriptor<miniscript::DescriptorPublicKey> = wallet.descriptor().parse().unwrap();
        assert!(theirs.sanity_check().is_ok() && theirs.is_multipath());
        let again = Wallet::read(wallet.name().clone(), wallet.descriptor(), Network::Mainnet, &[0]).unwrap();
        assert_eq!(again.descriptor(), wallet.descriptor());
        assert_eq!((again.receive_branch(), again.change_branch()), (0, Some(1)));
    }
}

#[test]
fn the_other_hardened_mark_and_upper_case_become_the_one_form() {
    let wallet = samples::wallet(SINGLE, ACCOUNT);
    let text = samples::fill(SINGLE, ACCOUNT, Network::Mainnet).replace("h/", "'/").replace("0h]", "0']");
    let text = text.replace("73c5da0a", "73C5DA0A");
    let other = Wallet::read(wallet.name().clone(), &text, Network::Mainnet, &[]).unwrap();
    assert_eq!(other.descriptor(), wallet.descriptor());
    assert!(other.descriptor().starts_with("wpkh([73c5da0a/84h/0h/0h]xpub6"));
    let damaged = wallet.descriptor().replace("<0;1>", "<0;2>");
    refused_as(&damaged, "payload-error");
}

#[test]
fn a_wallet_of_one_key_is_made_from_its_account() {
    for (script, text) in Script::SINGLE.into_iter().zip(samples::KINDS.map(|(text, _)| text)) {
        let account = script.account(Network::Mainnet, 3).unwrap();
        let xpub = samples::xpub(&samples::master(0, Network::Mainnet), account.steps());
        let make = |number, network| {
            Wallet::single("w".parse().unwrap(), script, number, samples::fingerprint(0), xpub, network)
        };
        let wallet = make(3, Network::Mainnet).unwrap();
        assert_eq!(wallet.descriptor(), samples::wallet(text, &account.to_string()).descriptor());
        assert!(wallet.keys()[0].ours);
        assert!(make(4, Network::Mainnet).is_err());
        assert!(make(3, Network::Regtest).is_err());
        assert!(make(HARDENED, Network::Mainnet).is_err());
    }
}

#[test]
fn one_branch_is_enough() {
    let wallet = samples::wallet("wpkh(@0/5/*)", ACCOUNT);
    assert_eq!((wallet.branches(), wallet.change_branch()), ([5].as_slice(), None));
    assert!(wallet.descriptor().contains("/5/*)#"));
    assert_eq!(wallet.branch_descriptor(5).unwrap(), wallet.descriptor());
    assert_eq!(wallet.branch_descriptor(0), Err(WalletError::NoBranch(0)));
}

#[test]
fn kinds_that_are_not_registered_are_named() {
    refused_as("raw(00)", "unsupported-raw");
    refused_as("combo(@0/<0;1>/*)", "unsupported-combo");
    refused_as("multi(1,@0/<0;1>/*)", "unsupported-bare");
    refused_as("addr(bc1qcr8te4kr609gcawutmrza0j4xv80jy8z306fyu)", "unsupported-addr");
    refused_as("rawtr(@0/<0;1>/*)", "unsupported-rawtr");
    refused_as("pk(@0/<0;1>/*)", "unsupported-bare");
    refused_as("tr(@0/<0;1>/*,sortedmulti_a(1,@1/<0;1>/*,@2/<0;1>/*))", "unsupported-sortedmulti-a");
    refused_as("tr(musig(@0/<0;1>/*,@1/<0;1>/*))", "unsupported-musig");
    refused_as("", "not-a-descriptor");
    refused_as("wpkh", "not-a-descriptor");
    refused_as(&format!("wpkh({})", "a".repeat(9000)), "too-long");
}

#[test]
fn thresholds_and_counts_have_bounds() {
    refused_as("wsh(sortedmulti(0,@0/<0;1>/*))", "threshold-zero");
    refused_as("wsh(sortedmulti(2,@0/<0;1>/*))", "threshold-over-keys");
    refused_as("wsh(sortedmulti(1))", "threshold-over-keys");
    refused_as("wsh(sortedmulti(x,@0/<0;1>/*))", "bad-threshold");
    let of = |count: u8| {
        (0..count).map(|n| samples::key(n, "m/45h/0h", Network::Mainnet) + "/0/*").collect::<Vec<_>>().join(",")
    };
    let read = |text: String| Wallet::read("w".parse().unwrap(), &text, Network::Mainnet, &[0]).map(|_| ());
    assert!(read(format!("wsh(multi(1,{}))", of(20))).is_ok());
    assert!(read(format!("wsh(multi(1,{}))", of(21))).is_err());
    assert!(read(format!("sh(multi(1,{}))", of(15))).is_ok());
    assert_eq!(read(format!("sh(multi(1,{}))", of(16))), Err(DescriptorError::TooManyKeysForSh { keys: 16 }.into()));
}

#[test]
fn keys_have_one_form() {
    let bare = samples::key(0, ACCOUNT, Network::Mainnet);
    let (_, xpub) = bare.split_once(']').unwrap();
    refused(&format!("wpkh({xpub}/<0;1>/*)"), &WalletError::NoOrigin { key: 1 });
    refused("wpkh(@0)", &WalletError::BranchForm { key: 1 });
    refused("wpkh(@0/*)", &WalletError::BranchForm { key: 1 });
    refused("wpkh(@0/<0;1>)", &WalletError::BranchForm { key: 1 });
    refused("wpkh(@0/<0;1;2>/*)", &WalletError::BranchForm { key: 1 });
    refused("wpkh(@0/<0;1>/0/*)", &WalletError::BranchForm { key: 1 });
    refused("wpkh(@0/<0h;1>/*)", &WalletError::BranchForm { key: 1 });
    refused("wpkh(@0/<0;1>/*h)", &WalletError::BranchForm { key: 1 });
    refused("wsh(multi(1,@0/<0;1>/*,@1/<0;2>/*))", &WalletError::BranchesDiffer { key: 2 });
    refused("wsh(multi(1,@0/<0;1>/*,@1/0/*))", &WalletError::BranchesDiffer { key: 2 });
    refused("wsh(sortedmulti(2,@0/<0;1>/*,@1/<0;1>/*,@0/<0;1>/*))", &WalletError::KeyTwice { first: 1, second: 3 });
    let hex = "0260b2003c386519fc9eadf2b5cf124dd8eea4c4e68d5e154050a9346ea98ce600";
    refused(&format!("wpkh([00000000/84h/0h/0h]{hex})"), &WalletError::SingleKey { key: 1 });
    let deeper = format!("wpkh({}/<0;1>/*)", bare.replace("/0h]", "/0h/1]"));
    refused(&deeper, &WalletError::OriginDiffers { key: 1, depth: 3 });
    let sibling = format!("wpkh({}/<0;1>/*)", bare.replace("/0h]", "/1h]"));
    refused(&sibling, &WalletError::OriginDiffers { key: 1, depth: 3 });
}

#[test]
fn private_keys_are_refused_and_not_repeated() {
    let master = samples::master(0, Network::Mainnet);
    let wif = "L4rK1yDtCWekvXuE6oXD9jCYfFNV2cWRpVuPLBcCU2z8TrisoyY1";
    for text in [
        format!("wpkh([73c5da0a]{master}/<0;1>/*)"),
        format!("wpkh({wif})"),
        format!("wsh(multi(1,{wif}))"),
        format!("wsh(and_v(v:pk({wif}),older({wif})))"),
        format!("wsh(older({master}))"),
        format!("{master}"),
    ] {
        let error = Wallet::read("w".parse().unwrap(), &text, Network::Mainnet, &[]).map(|_| ()).unwrap_err();
        assert!(!error.to_string().contains("xprv9") && !error.to_string().contains("L4rK"), "{error}");
    }
    refused_as(&format!("wpkh([73c5da0a]{master}/<0;1>/*)"), "private-key");
}

#[test]
fn networks_do_not_mix() {
    let read = |path: &str, of: Network, network: Network| {
        let text = samples::fill(SINGLE, path, of);
        Wallet::read("w".parse().unwrap(), &text, network, &[0]).map(|_| ())
    };
    assert_eq!(read("m/84h/0h/0h", Network::Mainnet, Network::Mainnet), Ok(()));
    assert_eq!(read("m/84h/1h/0h", Network::Regtest, Network::Testnet4), Ok(()));
    let keys = read("m/84h/0h/0h", Network::Mainnet, Network::Signet).unwrap_err();
    assert_eq!(keys, WalletError::KeyNetwork { key: 1, network: Network::Signet, expected: "tpub" });
    let keys = read("m/84h/1h/0h", Network::Testnet, Network::Mainnet).unwrap_err();
    assert_eq!(keys, WalletError::KeyNetwork { key: 1, network: Network::Mainnet, expected: "xpub" });
    for path in ["m/84h/1h/0h", "m/48h/1h/0h/2h", "m/84h", "m/84h/0/0h"] {
        assert!(
            matches!(read(path, Network::Mainnet, Network::Mainnet), Err(WalletError::CoinType { key: 1, .. })),
            "{path}"
        );
    }
    assert!(matches!(read("m/84h/0h/0h", Network::Regtest, Network::Regtest), Err(WalletError::CoinType { .. })));
}

#[test]
fn the_vaults_own_keys_stand_at_the_coin_type() {
    let wallet = samples::read(SINGLE, "m/45h", Network::Mainnet, &[]).unwrap();
    assert!(matches!(wallet.claim(&[0]), Err(WalletError::CoinType { key: 1, .. })));
    let wallet = samples::wallet(SINGLE, ACCOUNT);
    assert_eq!(wallet.clone().claim(&[1]).map(|_| ()), Err(WalletError::OursList { key: 2 }));
    assert_eq!(wallet.clone().claim(&[0, 0]).map(|_| ()), Err(WalletError::OursList { key: 1 }));
    assert_eq!(wallet.clone().claim(&[usize::MAX]).map(|_| ()), Err(WalletError::OursList { key: usize::MAX }));
    assert!(wallet.claim(&[]).unwrap().keys().iter().all(|key| !key.ours));
}
