//! Descriptors that break one rule each.
//!
//! Floor 1, tests only.

use super::*;
use crate::wallet::{HARDENED, Unsound, samples};

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
    for (text, path) in samples::KINDS.into_iter().chain(samples::SCRIPTS.map(|text| (text, samples::SCRIPTS_PATH))) {
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

#[track_caller]
fn unsound(text: &str, expected: Unsound) {
    refused(text, &WalletError::Descriptor(DescriptorError::Unsound(expected)));
}

#[test]
fn a_script_must_be_sound() {
    let hash = "5aa0b4a16aaedca0ffdfec2a4aeb5e1bd8ec3a4a6e3c5ee3c2eaf5d44f4bba13";
    unsound("wsh(older(10))", Unsound::NoSignature);
    unsound("wsh(or_i(older(10),pk(@0/<0;1>/*)))", Unsound::NoSignature);
    unsound("tr(@0/<0;1>/*,{pk(@1/<0;1>/*),after(900000)})", Unsound::NoSignature);
    unsound(&format!("sh(or_d(pk(@0/<0;1>/*),sha256({hash})))"), Unsound::NoSignature);
    unsound(&format!("wsh(and_v(v:pk(@0/<0;1>/*),or_i(sha256({hash}),older(9))))"), Unsound::Malleable);
    unsound("wsh(and_v(v:pk(@0/<0;1>/*),and_v(v:after(100),after(600000000))))", Unsound::MixedTimelocks);
    unsound("tr(@0/<0;1>/*,and_v(v:pk(@1/<0;1>/*),and_v(v:older(9),older(4194305))))", Unsound::MixedTimelocks);
    unsound("tr(@0/<0;1>/*,and_v(v:pk(@1/<0;1>/*),pk(@1/<0;1>/*)))", Unsound::RepeatedKey);
    // in two branches that exclude each other, units may differ
    let two = "wsh(or_i(and_v(v:pk(@0/<0;1>/*),after(100)),and_v(v:pk(@1/<0;1>/*),after(600000000))))";
    assert!(samples::read(two, samples::SCRIPTS_PATH, Network::Mainnet, &[]).is_ok());
}

#[test]
fn a_relative_lock_is_the_one_that_the_network_reads() {
    let of = |lock: u32| format!("wsh(and_v(v:pk(@0/<0;1>/*),older({lock})))");
    for good in [1, 65_535, 4_194_305, 4_259_839] {
        assert!(samples::read(&of(good), samples::SCRIPTS_PATH, Network::Mainnet, &[]).is_ok(), "{good}");
    }
    refused(&of(65_536), &WalletError::LockRead { lock: 65_536, read: 0 });
    refused(&of(65_537), &WalletError::LockRead { lock: 65_537, read: 1 });
    refused(&of(4_194_304), &WalletError::LockRead { lock: 4_194_304, read: 4_194_304 });
    refused(&of(8_388_609), &WalletError::LockRead { lock: 8_388_609, read: 1 });
    let leaf = "tr(@0/<0;1>/*,{pk(@1/<0;1>/*),and_v(v:pk(@2/<0;1>/*),older(100000))})";
    refused(leaf, &WalletError::LockRead { lock: 100_000, read: 34_464 });
    refused_as(&of(0), "bad-script");
    refused_as(&of(1 << 31), "bad-script");
}

#[test]
fn what_miniscript_says_is_quoted_plainly() {
    for (script, quoted) in [
        ("and_v(v:pk(@0/<0;1>/*),older(0))", "`relative locktimes in Miniscript have a minimum value of 1`"),
        ("and_v(v:pk(@0/<0;1>/*),after(0))", "`absolute locktimes in Miniscript have a minimum value of 1`"),
        ("and_v(pk(@0/<0;1>/*),older(3))", "fragment `and_v("),
    ] {
        let text = format!("wsh({script})");
        let said =
            samples::read(&text, samples::SCRIPTS_PATH, Network::Mainnet, &[]).map(|_| ()).unwrap_err().to_string();
        assert!(said.contains(quoted) && !said.contains("\\u{") && said.is_ascii(), "{said}");
    }
}

#[test]
fn a_key_stands_once_but_in_leaves_of_a_tree() {
    let twice = |first, second| WalletError::KeyTwice { first, second };
    refused("wsh(or_d(pk(@0/<0;1>/*),and_v(v:pk(@0/<0;1>/*),older(9))))", &twice(1, 2));
    refused("sh(or_d(pk(@1/<0;1>/*),and_v(v:multi(2,@0/<0;1>/*,@1/<0;1>/*),older(9))))", &twice(1, 3));
    refused("wsh(or_d(pk(@0/<0;1>/*),and_v(v:pk(@0/<2;3>/*),older(9))))", &WalletError::BranchesDiffer { key: 2 });
    let wallet = samples::wallet(
        "tr(@0/<0;1>/*,{multi_a(2,@0/<0;1>/*,@1/<0;1>/*),{and_v(v:pk(@1/<0;1>/*),older(9)),pk(@2/<0;1>/*)}})",
        samples::SCRIPTS_PATH,
    );
    assert_eq!(wallet.keys().len(), 3);
    let leaves = wallet.coin(0, 0).unwrap().tree.unwrap().leaves;
    assert_eq!(leaves.iter().map(|leaf| leaf.keys.as_slice()).collect::<Vec<_>>(), [&[0, 1][..], &[1], &[2]]);
}

#[test]
fn one_public_key_has_one_origin() {
    // T10, and I24 of every kind
    let differ = |second| WalletError::KeyOrigins { first: 1, second };
    let good = samples::key(1, ACCOUNT, Network::Mainnet);
    let (_, xpub) = good.split_once(']').unwrap();
    let xpub: Xpub = xpub.parse().unwrap();
    let origin = format!("[{}/84h/0h/0h]", crate::text::hex(&samples::fingerprint(1)));
    let renamed = good.replace(&crate::text::hex(&samples::fingerprint(1)), "00000001");
    let rechained = Xpub { chain_code: bitcoin::bip32::ChainCode::from([1; 32]), ..xpub };
    let negated = Xpub { public_key: xpub.public_key.negate(&bitcoin::secp256k1::Secp256k1::new()), ..xpub };
    for other in [renamed, format!("{origin}{rechained}"), format!("{origin}{negated}")] {
        refused(&format!("tr(@1/<0;1>/*,{{pk(@2/<0;1>/*),pk({other}/<0;1>/*)}})"), &differ(3));
        refused(&format!("wsh(or_d(pk(@1/<0;1>/*),and_v(v:pk({other}/<0;1>/*),older(9))))"), &differ(2));
        refused(&format!("wsh(sortedmulti(2,@1/<0;1>/*,{other}/<0;1>/*))"), &differ(2));
    }
}

#[test]
fn an_internal_key_that_nobody_has_disables_the_key_path() {
    let point = "50929b74c1a04954b78b4b6035e97a5e078a5a0f28ec96d547bfee9ace803ac0";
    let wallet = samples::wallet(&format!("tr({point},{{pk(@0/<0;1>/*),pk(@1/<0;1>/*)}})"), samples::SCRIPTS_PATH);
    assert!(wallet.internal().unwrap().disabled());
    assert!(wallet.paths().iter().all(|path| path.seat != crate::wallet::Seat::KeyPath));
    assert_eq!((wallet.keys().len(), wallet.branches()), (2, &[0, 1][..]));
    let (internal, _) = wallet.coin(1, 5).unwrap().taproot.unwrap();
    assert_eq!(internal.to_string(), point);
    let text = samples::with_unspendable_xpub(Network::Mainnet);
    let wallet = samples::wallet(&text, samples::SCRIPTS_PATH);
    assert!(wallet.internal().unwrap().disabled());
    let one = |branch| wallet.coin(branch, 5).unwrap().taproot.unwrap().0;
    assert_ne!(one(0), one(1));
    let payload = wallet.descriptor().split_once('#').unwrap().0;
    assert_eq!(payload, samples::fill(&text, samples::SCRIPTS_PATH, Network::Mainnet));
    assert!(wallet.branch_descriptor(1).unwrap().matches("/1/*").count() == 3);
}

#[test]
fn a_key_that_nobody_has_stands_nowhere_else() {
    let point = "50929b74c1a04954b78b4b6035e97a5e078a5a0f28ec96d547bfee9ace803ac0";
    let unspendable = |key| WalletError::Unspendable { key };
    refused(&format!("tr({point})"), &unspendable(1));
    refused(&format!("tr(@0/<0;1>/*,{{pk(@1/<0;1>/*),pk({point})}})"), &unspendable(3));
    refused(&format!("tr([00000000]{point},pk(@0/<0;1>/*))"), &unspendable(1));
    let other = "60b2003c386519fc9eadf2b5cf124dd8eea4c4e68d5e154050a9346ea98ce600";
    refused(&format!("tr({other},pk(@0/<0;1>/*))"), &WalletError::SingleKey { key: 1 });
    refused(&format!("tr(@0/<0;1>/*,pk({other}))"), &WalletError::SingleKey { key: 2 });
    let text = samples::with_unspendable_xpub(Network::Mainnet);
    let (xpub, _) = text.strip_prefix("tr(").unwrap().split_once('/').unwrap();
    refused(&format!("tr({xpub}/<0;1>/*)"), &unspendable(1));
    refused(&format!("wsh(multi(1,@0/<0;1>/*,{xpub}/<0;1>/*))"), &unspendable(2));
    refused(&format!("tr([00000000]{xpub}/<0;1>/*,pk(@0/<0;1>/*))"), &unspendable(1));
    refused(&format!("tr({xpub}/<0;1>/*,pk(@0/<2;3>/*))"), &WalletError::BranchesDiffer { key: 2 });
    refused(&format!("tr({xpub}/*,pk(@0/<0;1>/*))"), &WalletError::BranchForm { key: 1 });
    let of_others = samples::with_unspendable_xpub(Network::Regtest);
    assert!(matches!(
        samples::read(&of_others, samples::SCRIPTS_PATH, Network::Mainnet, &[]),
        Err(WalletError::KeyNetwork { key: 1, .. })
    ));
}

#[test]
fn a_leaf_has_only_operations_whose_meaning_is_fixed() {
    // T09: OP_SUCCESS, OP_CODESEPARATOR and keys of other lengths have no words in a descriptor
    let long = "04a34b99f22c790c4e36b2b3c2c35a36db06226e41c692fc82b8b56ac1c540c5bd5b8dec5235a0fa8722476c7709c02559e3aa73aa03918ba2d492eea75abea235";
    refused_as("tr(@0/<0;1>/*,raw(7e))", "misplaced-in-tr");
    refused_as("tr(@0/<0;1>/*,{pk(@1/<0;1>/*),7e})", "key-for-script");
    refused_as("tr(@0/<0;1>/*,pk(aabbcc))", "bad-key");
    refused_as(&format!("tr(@0/<0;1>/*,pk({long}))"), "uncompressed-pubkey");
    refused_as("tr(@0/<0;1>/*,multi(1,@1/<0;1>/*))", "misplaced-in-tr");
    for wallet in samples::every() {
        for leaf in wallet.coin(0, 0).unwrap().tree.into_iter().flat_map(|tree| tree.leaves) {
            for instruction in leaf.script.instructions_minimal() {
                let Some(code) = instruction.unwrap().opcode() else { continue };
                let class = code.classify(bitcoin::opcodes::ClassifyContext::TapScript);
                assert_ne!(class, bitcoin::opcodes::Class::SuccessOp);
                assert_ne!(code, bitcoin::opcodes::all::OP_CODESEPARATOR);
            }
        }
    }
}

#[test]
fn trees_paths_and_scripts_have_bounds() {
    let read = |text: &str| samples::read(text, "m/45h", Network::Mainnet, &[]).map(|_| ());
    let chain = |depth: u32| {
        let leaf = |n: u32| format!("and_v(v:pk(@1/<0;1>/*),older({}))", n + 1);
        let mut tree = leaf(depth);
        for n in 0..depth {
            tree = format!("{{{},{tree}}}", leaf(n));
        }
        format!("tr(@0/<0;1>/*,{tree})")
    };
    assert_eq!(read(&chain(16)), Ok(()));
    assert_eq!(read(&chain(17)), Err(WalletError::TreeTooDeep));
    let choice = |depth: u32| {
        let mut text = "pk(@0/<0;1>/*)".to_owned();
        for n in 0..depth {
            text = format!("and_v(or_c(pk(@{}/<0;1>/*),v:after({})),{text})", n + 1, n + 1);
        }
        format!("wsh({text})")
    };
    assert_eq!(read(&choice(6)), Ok(()));
    assert_eq!(read(&choice(7)), Err(WalletError::TooManyPaths));
    let keys = |count: u8| {
        let keys = (0..count).map(|n| samples::key(n, "m/45h", Network::Mainnet) + "/0/*");
        keys.collect::<Vec<_>>().join(",")
    };
    let internal = samples::key(30, "m/45h", Network::Mainnet) + "/0/*";
    assert_eq!(read(&format!("tr({internal},multi_a(9,{}))", keys(19))), Ok(()));
    let too_many = DescriptorError::TooManyKeys { keys: 21, limit: 20 };
    assert_eq!(read(&format!("tr({internal},multi_a(9,{}))", keys(20))), Err(too_many.into()));
    let of_pkh = |count: u8| {
        let parts = (0..count).map(|n| format!(",a:pkh({}/0/*)", samples::key(n, "m/45h", Network::Mainnet)));
        format!("sh(thresh(1,pk({internal}){}))", parts.collect::<String>())
    };
    assert_eq!(read(&of_pkh(14)), Ok(()));
    assert_eq!(read(&of_pkh(15)), Err(DescriptorError::Unsound(Unsound::TooLarge).into()));
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(48))]
    #[test]
    fn any_script_that_is_taken_derives_what_miniscript_derives(
        seed in proptest::num::u64::ANY,
        index in 0..HARDENED,
        change in 0..2usize,
    ) {
        let text = samples::Random::descriptor(seed);
        if let Ok(wallet) = samples::read(&text, samples::SCRIPTS_PATH, Network::Mainnet, &[0]) {
            let theirs: miniscript::Descriptor<miniscript::DescriptorPublicKey> = wallet.descriptor().parse().unwrap();
            proptest::prop_assert!(theirs.sanity_check().is_ok());
            let theirs = theirs.into_single_descriptors().unwrap()[change].at_derivation_index(index).unwrap();
            let branch = wallet.branches()[change];
            proptest::prop_assert_eq!(wallet.coin(branch, index).unwrap().script_pubkey, theirs.script_pubkey());
            let again = Wallet::read(wallet.name().clone(), wallet.descriptor(), Network::Mainnet, &[0]).unwrap();
            proptest::prop_assert_eq!(again.descriptor(), wallet.descriptor());
            proptest::prop_assert_eq!(again.paths(), wallet.paths());
        }
    }
}
