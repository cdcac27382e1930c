//! Wallets: registered, listed, exported in each format, their addresses, and keys that are handed out.

use std::fs;

use super::{ENTER, ESC, SIZES, approves, before, picks, turns};
use crate::{hostile_cli::Office, sitter::Sitter};

const FORMATS: [(&str, &str); 6] = [
    ("descriptor", "main.txt"),
    ("core", "main.json"),
    ("generic", "main-2.json"),
    ("ur-account", "main-2.txt"),
    ("ur-output", "main-3.txt"),
    ("ur-hdkey", "main-4.txt"),
];

/// The key of another signer, with its origin.
fn another() -> String {
    let curve = bitcoin::secp256k1::Secp256k1::new();
    let master = bitcoin::bip32::Xpriv::new_master(bitcoin::Network::Regtest, &[7; 32]).unwrap();
    let path: bitcoin::bip32::DerivationPath = "m/48h/1h/0h/2h".parse().unwrap();
    let key = bitcoin::bip32::Xpub::from_priv(&curve, &master.derive_priv(&curve, &path).unwrap());
    format!("[{}/48h/1h/0h/2h]{key}", master.fingerprint(&curve))
}

/// Writes what is offered into the vault's folder's own.
fn writes(sitter: &mut Sitter, name: &str) {
    sitter.sees(&format!("Here, as {name}"));
    sitter.at("where does the file go?", ENTER);
    sitter.at("written", ENTER);
}

#[test]
fn each_format_is_exported_as_the_command_line_exports_it() {
    for size in SIZES {
        let office = Office::new();
        let mut sitter = before(&office, size);
        sitter.at("what is to be done?", "3");
        for (number, (format, file)) in (1..).zip(FORMATS) {
            sitter.at("The vault has 1 wallet", "4");
            sitter.at("which wallet?", ENTER);
            if number == 1 {
                sitter.keeps("formats", "which format?");
            }
            sitter.at("which format?", &number.to_string());
            if number == 1 {
                sitter.keeps("export", "how does it leave?");
            }
            sitter.at("how does it leave?", "1");
            sitter.glances("q done");
            sitter.types("q");
            sitter.at("how does it leave?", "2");
            writes(&mut sitter, file);
            sitter.at("how does it leave?", "3");
            sitter.keeps(&format!("export-{format}"), "Enter: go on");
            sitter.at("Enter: go on", ESC);
            sitter.at("how does it leave?", ESC);
            let exported = office.run(&["wallet", "export", "t.vault", "main", "--format", format]);
            assert_eq!(exported.code, Some(0), "{}", exported.err);
            assert_eq!(fs::read(office.path(file)).unwrap(), exported.out, "{format}");
        }
        sitter.at("The vault has 1 wallet", "2");
        sitter.keeps("wallets-all", "all wallets");
        sitter.at("all wallets", ENTER);
        sitter.at("The vault has 1 wallet", "3");
        sitter.keeps("whose", "the address:");
        sitter.at("the address:", "bcrt1qqqq\r");
        sitter.keeps("whose-none", "Once more, please");
        let ran = office.run(&["address", "t.vault", "main", "--change", "--index", "7"]);
        let address = String::from_utf8(ran.out).unwrap();
        let groups = address.trim().as_bytes().chunks(4).map(|group| str::from_utf8(group).unwrap());
        sitter.at("the address:", &format!("{}\r", groups.collect::<Vec<_>>().join(" ")));
        let screen = sitter.sees("It is a change address of the wallet `main`: branch 1, index 7.");
        assert!(screen.contains("bcrt 1q"), "{screen}");
        let asked: String = screen.lines().nth(3).unwrap().split_whitespace().collect();
        assert_eq!(asked, address.trim());
        sitter.keeps("whose-found", "whose address it is");
        sitter.types("\x03");
        assert_eq!(sitter.ends(), 1);
    }
}

#[test]
fn addresses_are_read_in_fours_and_written_in_each_form() {
    for size in SIZES {
        let office = Office::new();
        let mut sitter = before(&office, size);
        sitter.at("what is to be done?", "3");
        sitter.at("The vault has 1 wallet", "1");
        sitter.at("which wallet?", ENTER);
        sitter.keeps("addresses-menu", "addresses of `main`");
        sitter.at("100 addresses from 0 on", "1");
        sitter.keeps("addresses", "receive addresses of `main` (branch 0)");
        sitter.at("branch 0", ESC);
        sitter.at("100 addresses from 0 on", "2");
        sitter.keeps("addresses-index", "from which index on?");
        sitter.at("from which index on?", "2147483600\r");
        sitter.keeps("addresses-no-index", "A number below");
        sitter.at("from which index on?", "1000000\r");
        sitter.at("100 addresses from 1000000 on", "4");
        sitter.keeps("addresses-change", "change addresses of `main` (branch 1)");
        sitter.at("branch 1", ESC);
        for (entry, form, file, change) in [
            ("3", "text", "main.addresses.txt", false),
            ("3", "csv", "main.addresses.csv", false),
            ("5", "json", "main.addresses.json", true),
        ] {
            sitter.at("100 addresses from 1000000 on", entry);
            if form == "text" {
                sitter.keeps("addresses-form", "which form?");
            }
            picks(&mut sitter, "which form?", form);
            writes(&mut sitter, file);
            let mut arguments = vec!["address", "t.vault", "main", "--index", "1000000..1000099", "--format", form];
            arguments.extend(change.then_some("--change"));
            let listed = office.run(&arguments);
            assert_eq!(listed.code, Some(0), "{}", listed.err);
            assert_eq!(fs::read(office.path(file)).unwrap(), listed.out, "{form}");
        }
        sitter.at("100 addresses from 1000000 on", ESC);
        sitter.at("The vault has 1 wallet", "q");
        sitter.at("what is to be done?", ESC);
        assert_eq!(sitter.ends(), 0);
    }
}

#[test]
fn a_key_is_handed_out_and_a_descriptor_with_it_registered() {
    for size in SIZES {
        let office = Office::new();
        let old = office.lines_after(0).len();
        let mut sitter = before(&office, size);
        sitter.at("what is to be done?", "3");
        sitter.at("The vault has 1 wallet", "7");
        sitter.keeps("xpub-path", "the path:");
        sitter.at("the path:", "m/48h/1h/0h/2h\r");
        sitter.keeps("xpub-vault", "is this your vault?");
        sitter.at("is this your vault?", ENTER);
        sitter.keeps("xpub-review", "m/48h/1h/0h/2h");
        approves(&mut sitter, "alice", 1);
        approves(&mut sitter, "bob", 2);
        turns(&mut sitter, "Type YES");
        sitter.keeps("xpub-confirm", "Type YES");
        sitter.at("Type YES", "YES\r");
        turns(&mut sitter, "how does it leave?");
        sitter.keeps("xpub-leaves", "how does it leave?");
        // Nobody has it yet.
        sitter.at("how does it leave?", ESC);
        sitter.keeps("xpub-unseen", "leave without it?");
        sitter.at("leave without it?", ENTER);
        sitter.at("how does it leave?", "2");
        writes(&mut sitter, "key.txt");
        sitter.at("how does it leave?", "3");
        sitter.keeps("xpub", "tpub");
        sitter.at("tpub", ESC);
        sitter.at("how does it leave?", ESC);
        let key = fs::read_to_string(office.path("key.txt")).unwrap();
        let path = ["wallet", "xpub", "t.vault", "--path", "m/48h/1h/0h/2h"];
        let ran = office.run(&[&path[..], &["--ballot", "bob=bob", "--ballot", "carol=carol"]].concat());
        assert_eq!(key.as_bytes(), ran.out, "{}", ran.err);

        // Another's key beside it, as a coordinator hands it back.
        let other = another();
        office.put("shared.txt", format!("wsh(sortedmulti(2,{}/<0;1>/*,{other}/<0;1>/*))\n", key.trim()).as_bytes());
        office.put("bad.txt", b"wsh(multi(2,xyz))");
        sitter.at("The vault has 1 wallet", "6");
        picks(&mut sitter, "which file has the descriptor?", "bad.txt");
        sitter.keeps("wallet-name", "the name:");
        sitter.at("the name:", "shared\r");
        sitter.keeps("no-descriptor", "THIS DID NOT WORK");
        turns(&mut sitter, "The vault has 1 wallet");
        sitter.at("The vault has 1 wallet", "6");
        picks(&mut sitter, "which file has the descriptor?", "shared.txt");
        sitter.at("the name:", "shared\r");
        sitter.at("is this your vault?", ENTER);
        sitter.keeps("descriptor-review", "sortedmulti");
        approves(&mut sitter, "alice", 1);
        approves(&mut sitter, "carol", 2);
        turns(&mut sitter, "Type YES");
        sitter.keeps("descriptor-confirm", "Type YES");
        sitter.at("Type YES", "YES\r");
        sitter.keeps("registered", "is registered");
        sitter.at("is registered", ENTER);
        sitter.at("The vault has 2 wallets", "2");
        sitter.keeps("wallets-two", "all wallets");
        sitter.types("\x03");
        assert_eq!(sitter.ends(), 1);
        assert_eq!(office.lines_after(old).last().unwrap(), "committed");
    }
}
