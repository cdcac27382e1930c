//! Wallets of miniscript and of leaves, from the ceremony to what the program says of them on a disk.

use strongroom::{
    ceremony::{self, AddWallet, CeremonyError, Refusal},
    limits,
    network::Network,
    text,
    wallet::{self, DescriptorError, FalseOrigin, Unsound, Wallet, WalletError},
};

use crate::{
    desk::{Bench, Plan, name},
    hostile_cli::Office,
    service::{Outsider, Service},
};

const TWO: &[&str] = &["carol", "alice"];
const PATH: &str = "m/48h/1h/0h/2h";
const YEAR: &str = "wsh(or_d(multi(2,@0,@1),and_v(v:pkh(@2),older(52560))))";
const TREE: &str = "tr(@1,{pk(@0),and_v(v:pk(@2),older(1000))})";
const POINT: &str = "50929b74c1a04954b78b4b6035e97a5e078a5a0f28ec96d547bfee9ace803ac0";

/// A vault of 2 of 3 with its key, and those of two outsiders.
fn bench(number: u64) -> (Bench, [String; 3]) {
    let bench = Bench::create(&Plan { number, ..Plan::default() }).unwrap();
    let ours = bench.unattended(TWO, &[], |desk| ceremony::export_xpub(desk, PATH)).unwrap();
    let [one, two] = [70, 71].map(|number| Outsider::new(number).key(PATH));
    (bench, [ours, one, two])
}

fn filled(template: &str, keys: &[String; 3]) -> String {
    (0..3).fold(template.to_owned(), |text, place| {
        text.replace(&format!("@{place}"), &format!("{}/<0;1>/*", keys[place]))
    })
}

fn add(bench: &Bench, wallet: &str, descriptor: &str) -> Result<(), CeremonyError> {
    let instruction = AddWallet::Descriptor { name: name(wallet), descriptor: descriptor.into() };
    bench.unattended(TWO, &[], |desk| ceremony::add_wallet(desk, instruction))
}

#[test]
fn the_custodians_see_every_key_every_path_and_the_first_addresses() {
    let (bench, keys) = bench(80);
    add(&bench, "year", &filled(YEAR, &keys)).unwrap();
    for part in [
        "script   miniscript in wsh, 3 keys",
        "how it can be spent, by the numbers of the keys:",
        "  primary path: 2 of keys 1, 2",
        "  recovery path, after 52 560 blocks: key 3",
        "key 1  fingerprint ",
        "key 3  fingerprint ",
    ] {
        assert!(bench.tape.showed(part), "{part} is not shown");
    }
    let whose: Vec<_> =
        bench.tape.text().lines().filter(|line| line.contains("(this vault's)")).map(str::to_owned).collect();
    assert!(!whose.is_empty() && whose.iter().all(|line| line.starts_with("key 1  ")), "{whose:?}");
    let registered = bench.vault().statement().wallet(&name("year")).unwrap().clone();
    let mut service = Service::from_descriptor(&wallet::descriptor(&registered));
    for address in service.addresses(0, 3) {
        assert!(bench.tape.showed(&text::in_fours(&address)), "{address} is not shown");
    }

    bench.tape.clear();
    add(&bench, "tree", &filled(TREE, &keys)).unwrap();
    for part in [
        "script   tr with leaves, 3 keys",
        "  primary path (key path): key 1",
        "  other path (leaf 1): key 2",
        "  recovery path (leaf 2), after 1 000 blocks: key 3",
    ] {
        assert!(bench.tape.showed(part), "{part} is not shown");
    }
    bench.tape.clear();
    add(&bench, "disabled", &filled(&format!("tr({POINT},{{pk(@0),multi_a(2,@1,@2)}})"), &keys)).unwrap();
    for part in [
        "  key path disabled: nobody has the internal key",
        "  primary path (leaf 1): key 1",
        "  other path (leaf 2): 2 of keys 2, 3",
    ] {
        assert!(bench.tape.showed(part), "{part} is not shown");
    }
    assert_eq!(bench.vault().statement().wallets().len(), 3);
    service = Service::from_core(&wallet::core(&bench.vault().statement().wallets()[2]).unwrap());
    let ours = wallet::addresses(&bench.vault().statement().wallets()[2], 1, 0..5).unwrap();
    assert_eq!(service.addresses(1, 5), ours);
}

#[test]
fn what_is_unsound_or_not_ours_or_there_already_is_not_registered() {
    let (bench, keys) = bench(81);
    add(&bench, "tree", &filled(TREE, &keys)).unwrap();
    let before = bench.stick.with(|store| (store.bytes("slot.a"), store.bytes("slot.b")));
    let refused = |template: &str| {
        let error = add(&bench, "other", &filled(template, &keys)).unwrap_err();
        assert!(error.to_string().len() > 20, "{error}");
        error
    };
    let unsound = |template: &str, expected: Unsound| {
        let error = refused(template);
        let CeremonyError::Wallet(WalletError::Descriptor(DescriptorError::Unsound(found))) = error else {
            panic!("{error}");
        };
        assert_eq!(found, expected);
    };
    unsound("wsh(or_i(pk(@0),older(1000)))", Unsound::NoSignature);
    unsound("tr(@0,{pk(@1),after(900000)})", Unsound::NoSignature);
    unsound("wsh(and_v(v:pk(@0),and_v(v:after(900000),after(1800000000))))", Unsound::MixedTimelocks);
    let twice = |template: &str| {
        let error = refused(template);
        let CeremonyError::Refused(Refusal::WalletTwice(wallet)) = error else { panic!("{error}") };
        assert_eq!(wallet.as_str(), "tree");
    };
    twice(TREE);
    twice("tr(@1,{and_v(v:pk(@2),older(1000)),pk(@0)})");
    assert!(matches!(refused("wsh(or_d(pk(@1),and_v(v:pk(@2),older(1000))))"), CeremonyError::Refused(_)));
    assert!(matches!(
        refused("wsh(or_d(pk(@0),and_v(v:pk(@2),older(65537))))"),
        CeremonyError::Wallet(WalletError::LockRead { read: 1, .. })
    ));
    assert_eq!(bench.vault().statement().wallets().len(), 1);
    assert_eq!(bench.stick.with(|store| (store.bytes("slot.a"), store.bytes("slot.b"))), before);
}

#[test]
fn a_key_whose_origin_the_seed_disproves_is_not_registered() {
    let (bench, keys) = bench(83);
    let ours = keys[0][1..9].to_owned();
    let theirs = keys[1][1..9].to_owned();
    let elsewhere =
        bench.unattended(TWO, &[], |desk| ceremony::export_xpub(desk, &PATH.replace("0h/2h", "7h/2h"))).unwrap();
    let before = bench.stick.with(|store| (store.bytes("slot.a"), store.bytes("slot.b")));
    let lie = |place: usize, key: String| {
        let mut keys = keys.clone();
        keys[place] = key;
        bench.tape.clear();
        let error = add(&bench, "other", &filled(YEAR, &keys)).unwrap_err();
        let (text, remedy) = (error.to_string(), error.remedy().unwrap());
        assert!(text.starts_with(&format!("key {} is ", place + 1)) && text.contains(&ours), "{text}");
        assert!(remedy.contains("`strongroom wallet xpub`") && error.code() == 1, "{remedy}");
        assert!(!bench.tape.showed("first addresses"), "a lie is shown as a key");
        let CeremonyError::Refused(Refusal::Origin(found)) = error else { panic!("{text}") };
        found
    };
    for foreign in [
        lie(1, keys[1].replace(&theirs, &ours)),
        lie(2, Outsider::new(72).key("m/48h/1h/99h/2h").replace(&Outsider::new(72).key(PATH)[1..9], &ours)),
        lie(0, elsewhere.replace("/7h/2h", "/0h/2h")),
        lie(2, elsewhere.replace("/7h/2h", "/8h/2h")),
    ] {
        assert!(matches!(foreign, FalseOrigin::Foreign { .. }), "{foreign}");
    }
    for renamed in [
        lie(0, keys[0].replace(&ours, &theirs)),
        lie(0, keys[0].replace(&ours, "00000000")),
        lie(2, elsewhere.replace(&ours, &theirs)),
    ] {
        assert!(matches!(renamed, FalseOrigin::Renamed { .. }), "{renamed}");
    }
    assert_eq!(bench.stick.with(|store| (store.bytes("slot.a"), store.bytes("slot.b"))), before);
    assert!(bench.vault().statement().wallets().is_empty());
    let two_of_ours = [keys[0].clone(), keys[1].clone(), elsewhere];
    add(&bench, "honest", &filled(YEAR, &two_of_ours)).unwrap();
    let registered = bench.vault().statement().wallet(&name("honest")).unwrap().clone();
    assert_eq!(registered.keys().iter().map(|key| key.ours).collect::<Vec<_>>(), [true, false, true]);
}

#[test]
fn the_program_lists_exports_and_finds_them() {
    let (bench, keys) = bench(82);
    add(&bench, "year", &filled(YEAR, &keys)).unwrap();
    add(&bench, "tree", &filled(TREE, &keys)).unwrap();
    let office = Office::new();
    std::fs::create_dir(office.path("s.vault")).unwrap();
    for (file, bytes) in bench.stick.files() {
        office.put(&format!("s.vault/{file}"), &bytes);
    }
    let said = |arguments: &[&str]| {
        let ran = office.run(arguments);
        assert_eq!(ran.code, Some(0), "{}", ran.err);
        String::from_utf8(ran.out).unwrap()
    };
    for page in [said(&["wallet", "list", "s.vault"]), said(&["vault", "show", "s.vault"])] {
        for line in [
            "year  miniscript in wsh, 3 keys",
            "    recovery path, after 52 560 blocks: key 3",
            "tree  tr with leaves, 3 keys",
            "    primary path (key path): key 1",
        ] {
            assert!(page.lines().any(|found| found.trim_start() == line.trim_start()), "{page}");
        }
    }
    let list: serde_json::Value = serde_json::from_str(&said(&["wallet", "list", "s.vault", "--json"])).unwrap();
    assert_eq!(list[1]["paths"][2], "recovery path (leaf 2), after 1 000 blocks: key 3");
    assert_eq!(list[0]["keys_of_this_vault"], 1);
    let whose: Vec<_> = (0..3).map(|key| list[1]["keys"][key]["ours"].as_bool()).collect();
    assert_eq!(whose, [Some(false), Some(true), Some(false)]);
    assert!(said(&["wallet", "list", "s.vault"]).contains("    keys of this vault: 2\n    first address: bc"));
    assert_eq!(list[1]["first_address"], said(&["address", "s.vault", "tree"]).trim_end());
    for wallet in ["year", "tree"] {
        let export = said(&["wallet", "export", "s.vault", wallet]);
        let service = Service::from_descriptor(&export);
        let core = Service::from_core(&said(&["wallet", "export", "s.vault", wallet, "--format", "core"]));
        let listed = said(&["address", "s.vault", wallet, "--index", "0..4"]);
        assert_eq!(listed.lines().collect::<Vec<_>>(), service.addresses(0, 5));
        assert_eq!(core.addresses(1, 3), service.addresses(1, 3));
        let generic: serde_json::Value =
            serde_json::from_str(&said(&["wallet", "export", "s.vault", wallet, "--format", "generic"])).unwrap();
        assert_eq!(generic["label"], wallet);
        let found = said(&["address", "s.vault", "--find", &service.addresses(1, 40)[39]]);
        assert_eq!(found, format!("wallet {wallet}, branch 1, index 39\n"));
    }
}

#[test]
fn a_refused_export_names_a_format_that_the_wallet_has() {
    let (bench, keys) = bench(84);
    let elsewhere =
        bench.unattended(TWO, &[], |desk| ceremony::export_xpub(desk, &PATH.replace("0h/2h", "7h/2h"))).unwrap();
    let two_of_ours = [keys[0].clone(), keys[1].clone(), elsewhere];
    let plain = "wsh(sortedmulti(2,@0,@1,@2))";
    for (wallet, text) in [
        ("year", filled(YEAR, &two_of_ours)),
        ("tree", filled(TREE, &keys)),
        ("multi", filled(plain, &two_of_ours)),
        ("odd", filled(plain, &keys).replace("/<0;1>/*", "/<2;5>/*")),
        ("received", filled("wpkh(@0)", &keys).replace("/<0;1>/*", "/7/*")),
    ] {
        add(&bench, wallet, &text).unwrap();
    }
    let office = Office::new();
    std::fs::create_dir(office.path("s.vault")).unwrap();
    for (file, bytes) in bench.stick.files() {
        office.put(&format!("s.vault/{file}"), &bytes);
    }
    let export = |wallet: &str, format: &str| office.run(&["wallet", "export", "s.vault", wallet, "--format", format]);
    let mut refused = Vec::new();
    for wallet in ["year", "tree", "multi", "odd", "received"] {
        for format in ["descriptor", "core", "generic", "ur-account", "ur-output", "ur-hdkey"] {
            let ran = export(wallet, format);
            if ran.code == Some(0) {
                continue;
            }
            let advice = ran.err.rsplit("export ").next().unwrap();
            let named = advice.split(',').next().unwrap().trim().trim_start_matches("the ");
            assert!(["ur-output", "descriptor"].contains(&named), "{}", ran.err);
            assert_eq!((ran.code, export(wallet, named).code), (Some(2), Some(0)), "{wallet} {format}: {}", ran.err);
            refused.push(format!("{wallet} {format} {named}"));
        }
    }
    let expected = [
        "year ur-account descriptor",
        "year ur-output descriptor",
        "year ur-hdkey descriptor",
        "tree ur-account descriptor",
        "tree ur-output descriptor",
        "multi ur-account ur-output",
        "multi ur-hdkey ur-output",
        "odd generic descriptor",
        "odd ur-account descriptor",
        "odd ur-output descriptor",
        "odd ur-hdkey descriptor",
        "received generic descriptor",
        "received ur-account descriptor",
        "received ur-output descriptor",
        "received ur-hdkey descriptor",
    ];
    assert_eq!(refused, expected);
}

/// The rows of the table below a heading of docs/wallets.md.
fn rows(heading: &str) -> Vec<[String; 2]> {
    let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/wallets.md")).unwrap();
    let section = page.split(&format!("## {heading}\n")).nth(1).unwrap().split("\n## ").next().unwrap();
    let cells = section.lines().filter_map(|line| line.strip_prefix("| ")?.strip_suffix(" |")?.split_once(" | "));
    cells.skip(1).map(|(left, right)| [left.replace('`', ""), right.to_owned()]).collect()
}

#[test]
fn the_page_on_wallets_tells_the_paths_and_limits_that_there_are() {
    let keys = [0, 1, 2].map(|number| Outsider::new(90 + number).key(PATH));
    let rows_of_paths = rows("Spending paths");
    assert_eq!(rows_of_paths.len(), 6);
    for [template, expected] in rows_of_paths {
        let marked = ["A", "B", "C"].iter().zip(0..).fold(template.clone(), |text, (letter, number)| {
            text.replace(&format!("({letter}"), &format!("(@{number}"))
                .replace(&format!(",{letter}"), &format!(",@{number}"))
        });
        let text = filled(&marked, &keys);
        let wallet = Wallet::read(name("w"), &text, Network::Regtest, &[]).unwrap();
        let paths: Vec<_> = wallet.paths().iter().enumerate().map(|(number, path)| path.in_words(number)).collect();
        assert_eq!(paths.join("; "), expected, "{template}");
    }
    let number = |number: usize| text::grouped_number(u64::try_from(number).unwrap());
    let bytes = |count: usize| format!("{} bytes", number(count));
    let expected = [
        ("a descriptor", bytes(limits::DESCRIPTOR_BYTES)),
        ("spending paths of a wallet", number(limits::SPENDING_PATHS)),
        ("steps from the root of a tree to a leaf", number(limits::TAP_TREE_DEPTH)),
        ("a script of sh", bytes(limits::REDEEM_SCRIPT_BYTES)),
        ("a script of wsh", bytes(limits::WITNESS_SCRIPT_BYTES)),
    ];
    assert_eq!(rows("Limits"), expected.map(|(what, most)| [what.to_owned(), most]));
}
