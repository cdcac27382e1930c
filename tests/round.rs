//! The whole round, for every type of wallet: from nothing but the export to a transaction that the network takes.

use bdk_wallet::{KeychainKind, descriptor::policy::Condition, miniscript::psbt::PsbtInputExt};
use bitcoin::{
    Amount, OutPoint, Psbt, Sequence, Transaction, TxOut,
    absolute::LockTime,
    consensus::encode,
    hashes::{Hash, sha256},
    psbt::Input,
};
use strongroom::{
    ceremony::{self, AddWallet, CeremonyError, Refusal},
    consensus::{self, ConsensusError},
    journal::{Line, Spending},
    network::Network,
    psbt::{self, FinalizeError, JoinError},
    quorum::Kind,
    review::{Class, Finding, Proof},
    text,
    verify::{self, Released},
    wallet::{self, Wallet},
};

use crate::{
    desk::{Bench, Plan, Seen, approves, name},
    raw_psbt::{RawPsbt, to_v2},
    service::{DEPOSIT, Outsider, RECIPIENTS, Service, made_up, payee},
};

/// A vault for 2 of 3: alice, bob, carol.
fn bench(number: u64) -> Bench {
    Bench::create(&Plan { number, ..Plan::default() }).unwrap()
}

const TWO: &[&str] = &["carol", "alice"];

fn add_account(bench: &Bench, script: &str) {
    let instruction = AddWallet::Account { name: name(script), script: script.into(), account: 0 };
    bench.unattended(TWO, &[], |desk| ceremony::add_wallet(desk, instruction)).unwrap();
}

fn add_descriptor(bench: &Bench, voters: &[&str], wallet: &str, descriptor: &str) {
    let instruction = AddWallet::Descriptor { name: name(wallet), descriptor: descriptor.into() };
    bench.unattended(voters, &[], |desk| ceremony::add_wallet(desk, instruction)).unwrap();
}

/// `wrapper` around `multi` or `sortedmulti` of `keys`, 2 of them needed: `sh(wsh(multi(2,…)))`.
fn multisig(wrapper: &str, function: &str, keys: &[String]) -> String {
    let keys: String = keys.iter().map(|key| format!(",{key}/<0;1>/*")).collect();
    wrapper.replace('_', &format!("{function}(2{keys})"))
}

#[track_caller]
fn registered(bench: &Bench, wallet: &str) -> Wallet {
    bench.vault().statement().wallet(&name(wallet)).unwrap().clone()
}

fn parsed(bytes: &[u8]) -> psbt::Parsed {
    psbt::parse(bytes.to_vec()).unwrap()
}

fn join(base: &[u8], others: &[&[u8]]) -> Result<Vec<u8>, JoinError> {
    let others: Vec<_> = others.iter().map(|bytes| parsed(bytes)).collect();
    psbt::join(&parsed(base), &others, &verify::signature_check)
}

fn finalize(psbt: &[u8]) -> Result<Transaction, FinalizeError> {
    psbt::finalize(&parsed(psbt), &verify::signature_check).map(|finalized| finalized.transaction)
}

/// Box and service derive the same addresses, the listing has them, and each is found where it is.
#[track_caller]
fn addresses_agree(bench: &Bench, wallet: &Wallet, service: &Service) {
    let vault = bench.vault();
    let wallets = vault.statement().wallets();
    let place = wallets.iter().position(|known| known.name() == wallet.name()).unwrap();
    for branch in [wallet.receive_branch(), wallet.change_branch().unwrap()] {
        let theirs = service.addresses(branch, 51);
        let listed = wallet::listing(wallet, branch, 0..51, wallet::Form::Text).unwrap();
        assert!(listed.lines().eq(theirs.iter().map(String::as_str)), "{} branch {branch}", wallet.name());
        // Several wallets of many keys make a search slow in the dev profile: there some stand for all.
        let step = if wallet.keys().len() == 1 { 1 } else { 25 };
        for (index, address) in (0..).zip(&theirs).step_by(step) {
            let found = wallet::find(wallets, address, Network::Regtest).unwrap();
            assert_eq!(found, Some(wallet::Found { wallet: place, branch, index }), "{address}");
        }
    }
}

/// The review knows the inputs, the two payments, the change and the fee as bdk does, and warns of nothing.
#[track_caller]
fn reviewed_as_built(bench: &Bench, wallet: &Wallet, service: &Service, request: &Psbt) {
    let vault = bench.vault();
    let place = vault.statement().wallets().iter().position(|known| known.name() == wallet.name()).unwrap();
    let cleared = match ceremony::decide(&vault, request.serialize()).unwrap() {
        Ok(cleared) => cleared,
        Err(refused) => panic!("{}: {:?}", wallet.name(), refused.reasons),
    };
    assert!(cleared.warnings().is_empty(), "{}: {:?}", wallet.name(), cleared.warnings());
    let facts = cleared.reviewed().facts();
    let bdk_fee = service.wallet.calculate_fee(&request.unsigned_tx).unwrap().to_sat();
    assert_eq!((facts.fee, request.fee().unwrap().to_sat()), (Some(bdk_fee), bdk_fee));
    assert_eq!(facts.inputs.len(), 3);
    let spent = service.spent(&request.unsigned_tx, &[]);
    for ((input, facts), output) in request.unsigned_tx.input.iter().zip(&facts.inputs).zip(&spent) {
        let (branch, index) = service.place(&output.script_pubkey);
        assert_eq!(
            (facts.outpoint, &facts.utxo, facts.ours),
            (input.previous_output, output, Some((place, branch, index)))
        );
        let proof = if wallet.kind() == wallet::Kind::Tr { Proof::Committed } else { Proof::Proved };
        assert_eq!(facts.proof, proof);
    }
    let classes: Vec<_> = facts.outputs.iter().map(|output| output.class).collect();
    assert_eq!(classes, [Class::External, Class::External, Class::Change]);
    let change = &request.unsigned_tx.output[2];
    let (branch, index) = service.place(&change.script_pubkey);
    assert_eq!((branch, facts.outputs[2].ours), (1, Some((place, branch, index))));
    let totals = facts.totals.unwrap();
    let paid = RECIPIENTS.iter().map(|(_, sat)| sat).sum::<u64>();
    assert_eq!((totals.external, totals.change, totals.fee), (paid, change.value.to_sat(), bdk_fee));
    assert_eq!(totals.inputs, 3 * DEPOSIT + 1 + 2);
}

/// What came back is what went in with signatures and nothing else, unfinished (G09, G10); the trimmed form is the
/// transaction and the same signatures. Gives them with their inputs.
#[track_caller]
fn only_signatures_were_added(request: &[u8], released: &Released) -> Vec<(usize, Vec<u8>)> {
    only_signatures_were_added_but_to(&[], request, released)
}

/// The same where some inputs are not ours to sign.
#[track_caller]
fn only_signatures_were_added_but_to(foreign: &[usize], request: &[u8], released: &Released) -> Vec<(usize, Vec<u8>)> {
    let (before, full) = (RawPsbt::from_bytes(request), RawPsbt::from_bytes(released.full()));
    let trimmed = RawPsbt::from_bytes(released.trimmed());
    assert!(before.tail.is_empty() && full.tail.is_empty() && trimmed.tail.is_empty());
    assert_eq!((before.maps.len(), before.maps.len()), (full.maps.len(), trimmed.maps.len()));
    let inputs = parsed(request).inputs().len();
    let mut signatures = Vec::new();
    for (number, (map, old)) in full.maps.iter().zip(&before.maps).enumerate() {
        let (kept, added): (Vec<_>, Vec<_>) = map.iter().cloned().partition(|pair| old.contains(pair));
        assert_eq!(&kept, old, "map {number}");
        let is_input = (1..=inputs).contains(&number);
        let signed = is_input && !foreign.contains(&(number - 1));
        assert_eq!(!added.is_empty(), signed, "map {number}");
        let forms = |key: &[u8]| matches!((key[0], key.len()), (0x02, 34) | (0x13, 1) | (0x14, 65));
        assert!(added.iter().all(|(key, _)| forms(key)));
        assert!(!is_input || map.iter().all(|(key, _)| key[0] != 0x07 && key[0] != 0x08), "map {number} is final");
        match number {
            0 => assert_eq!(trimmed.maps[0], [old.iter().find(|(key, _)| key[..] == [0]).unwrap().clone()]),
            _ => assert_eq!(trimmed.maps[number], added),
        }
        signatures.extend(added.into_iter().map(|(_, signature)| (number - 1, signature)));
    }
    assert_eq!(psbt::parse(released.full().to_vec()).unwrap().transaction_bytes(), parsed(request).transaction_bytes());
    for (_, signature) in &signatures {
        well_formed(signature);
    }
    signatures
}

/// 64 bytes of Schnorr; or DER with low R and low S, at most 71 bytes with the sighash byte, which is ALL (G07).
#[track_caller]
fn well_formed(signature: &[u8]) {
    if signature.len() == 64 {
        return;
    }
    assert!(signature.len() <= 71, "{} bytes", signature.len());
    let r = usize::from(signature[3]);
    let s = usize::from(signature[5 + r]);
    assert!(r <= 32 && s <= 32, "R has {r} bytes, S has {s}");
    assert_eq!((signature[0], signature.last()), (0x30, Some(&1)));
    let der = bitcoin::secp256k1::ecdsa::Signature::from_der(&signature[..signature.len() - 1]).unwrap();
    let mut low = der;
    low.normalize_s();
    assert_eq!(low, der);
}

/// Joins what came back, full or trimmed, finalises, and asks the network's rules; flipped bytes are refused.
#[track_caller]
fn the_network_takes_it(request: &[u8], answers: &[(&[u8], &[u8])], spent: &[TxOut]) -> Transaction {
    let full: Vec<&[u8]> = answers.iter().map(|(full, _)| *full).collect();
    let short: Vec<&[u8]> = answers.iter().map(|(_, trimmed)| *trimmed).collect();
    let joined = join(request, &full).unwrap();
    assert_eq!(join(request, &short).unwrap(), joined, "full and trimmed answers join to the same");
    let transaction = finalize(&joined).unwrap();
    assert_eq!(consensus::check(&transaction, spent), Ok(()));

    let before = RawPsbt::from_bytes(request);
    for (input, map) in RawPsbt::from_bytes(&joined).maps.iter().skip(1).take(spent.len()).enumerate() {
        let signatures: Vec<_> = map.iter().filter(|(key, _)| matches!(key[0], 0x02 | 0x13 | 0x14)).collect();
        assert!(!signatures.is_empty());
        for (key, signature) in signatures {
            let mut flipped = signature.clone();
            flipped[20] ^= 1;
            let forged = with_other_bytes(&transaction, input, signature, &flipped);
            assert_eq!(consensus::check(&forged, spent), Err(ConsensusError::Script(input)));
            let bent = RawPsbt::from_bytes(&joined).set(input + 1, key, &flipped).to_bytes();
            assert_eq!(finalize(&bent).unwrap_err().input, u32::try_from(input).unwrap());
            let input = u32::try_from(input).unwrap();
            let refused = match before.value(input as usize + 1, key) {
                None => JoinError::Invalid { psbt: 2, input },
                Some(_) => JoinError::Conflict { first: 1, psbt: 2, input },
            };
            assert_eq!(join(request, &[&bent]), Err(refused));
        }
    }
    transaction
}

/// The transaction with one signature exchanged in the witness or scriptSig of an input.
#[track_caller]
fn with_other_bytes(transaction: &Transaction, input: usize, from: &[u8], to: &[u8]) -> Transaction {
    let mut bytes = encode::serialize(transaction);
    let at = bytes.windows(from.len()).position(|part| part == from).expect("every signature is in the transaction");
    bytes[at..at + to.len()].copy_from_slice(to);
    let forged: Transaction = encode::deserialize(&bytes).unwrap();
    assert!(forged.input[input] != transaction.input[input]);
    forged
}

/// How people approve.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum People {
    Unattended,
    InPerson,
}

#[track_caller]
fn sign(bench: &Bench, people: People, request: &[u8]) -> Released {
    match people {
        People::Unattended => bench.unattended(TWO, &[], |desk| ceremony::sign_transaction(desk, request)).unwrap(),
        People::InPerson => {
            bench.tape.clear();
            let answers = [approves("bob", &[]), approves("alice", &[])].concat();
            let released = bench.in_person(answers, |desk| ceremony::sign_transaction(desk, request)).unwrap();
            seen_by_each(bench, request, &["bob", "alice"]);
            released
        }
    }
}

/// Each custodian saw every page, with payments and fee on them, before the name and the passphrase were asked for.
#[track_caller]
fn seen_by_each(bench: &Bench, request: &[u8], voters: &[&str]) {
    assert_eq!(bench.tape.unasked(), 0);
    let mut seen = bench.tape.seen().into_iter().peekable();
    for (number, voter) in (1..).zip(voters) {
        let mut pages = String::new();
        while let Some(next) = seen.next_if(|next| !matches!(next, Seen::Asked(_))) {
            if let Seen::Page { title, lines } = next {
                assert!(title.starts_with("transaction ") || title == "is this your vault?", "{title}");
                pages.push_str(&lines.join("\n"));
            }
        }
        let solid: String = pages.chars().filter(|c| !c.is_whitespace()).collect();
        for (script, sat) in RECIPIENTS {
            let address = wallet::address(&payee(script), Network::Regtest).unwrap();
            assert!(solid.contains(&address), "{address}\n{pages}");
            assert!(pages.contains(&text::amount(sat)), "{sat}\n{pages}");
        }
        let fee = Psbt::deserialize(request).unwrap().fee().unwrap().to_sat();
        // The sums stand in columns.
        assert!(solid.contains(&text::amount(fee).replace(' ', "")), "fee {fee}\n{pages}");
        let asked = format!("Approval {number} of 2. Your name (Enter alone refuses): ");
        assert_eq!(seen.next(), Some(Seen::Asked(asked)));
        assert_eq!(seen.next(), Some(Seen::AskedUnseen(format!("{voter}, your passphrase (unseen): "))));
        let approved = Seen::Said(format!("{voter} approved: {number} of 2"));
        assert!(seen.any(|next| next == approved));
    }
}

/// Every wallet of one key: the vault alone signs.
fn single(number: u64, script: &str, people: People) {
    let bench = bench(number);
    add_account(&bench, script);
    let wallet = registered(&bench, script);
    let mut service = Service::from_descriptor(&wallet::descriptor(&wallet));
    addresses_agree(&bench, &wallet, &service);
    alone(&bench, &wallet, &mut service, people);
}

/// The vault's signatures are enough.
#[track_caller]
fn alone(bench: &Bench, wallet: &Wallet, service: &mut Service, people: People) {
    service.deposits();
    let request = service.request();
    reviewed_as_built(bench, wallet, service, &request);
    let bytes = request.serialize();
    let released = sign(bench, people, &bytes);
    let signatures = only_signatures_were_added(&bytes, &released);
    let needed = wallet.kind().multi().map_or(1, |multi| multi.threshold);
    assert_eq!(signatures.len(), 3 * needed);
    let spent = service.spent(&request.unsigned_tx, &[]);
    the_network_takes_it(&bytes, &[(released.full(), released.trimmed())], &spent);
    assert_eq!(join(&bytes, &[released.trimmed()]).unwrap(), released.full());
    let text = request.to_string();
    assert_eq!(psbt::unwrap(text.as_bytes()).unwrap(), (bytes, psbt::Encoding::Base64));
    let signed = psbt::wrap(released.full(), psbt::Encoding::Base64);
    let read: Psbt = std::str::from_utf8(&signed).unwrap().trim().parse().unwrap();
    assert_eq!(read.unsigned_tx, request.unsigned_tx);
}

#[test]
fn a_round_with_pkh() {
    single(1, "pkh", People::Unattended);
}

#[test]
fn a_round_with_sh_wpkh() {
    single(2, "sh-wpkh", People::InPerson);
}

#[test]
fn a_round_with_wpkh() {
    single(3, "wpkh", People::Unattended);
}

#[test]
fn a_round_with_tr() {
    single(4, "tr", People::InPerson);
}

/// `multi` and `sortedmulti` in one wrapper: beside outside cosigners, and with two keys of the vault.
fn multisigs(number: u64, wrapper: &str, script_type: u32) {
    let bench = bench(number);
    let xpub = |path: &str| bench.unattended(TWO, &[], |desk| ceremony::export_xpub(desk, path)).unwrap();
    let path = format!("m/48h/1h/0h/{script_type}h");
    let ours = [xpub(&path), xpub(&format!("m/48h/1h/1h/{script_type}h"))];
    for (function, people, outsider) in [("multi", People::Unattended, 40), ("sortedmulti", People::InPerson, 42)] {
        let outsiders = [Outsider::new(outsider), Outsider::new(outsider + 1)];
        let theirs = outsiders.each_ref().map(|outsider| outsider.key(&path));
        let one_of_three = [theirs[0].clone(), ours[0].clone(), theirs[1].clone()];
        let cosigned = format!("{function}-cosigned");
        add_descriptor(&bench, TWO, &cosigned, &multisig(wrapper, function, &one_of_three));
        beside_an_outsider(&bench, &registered(&bench, &cosigned), &outsiders, people);

        let two_of_three = [ours[1].clone(), theirs[0].clone(), ours[0].clone()];
        let doubled = format!("{function}-doubled");
        add_descriptor(&bench, TWO, &doubled, &multisig(wrapper, function, &two_of_three));
        let wallet = registered(&bench, &doubled);
        assert_eq!(wallet.keys().iter().filter(|key| key.ours).count(), 2);
        let mut service = Service::from_core(&wallet::core(&wallet).unwrap());
        addresses_agree(&bench, &wallet, &service);
        alone(&bench, &wallet, &mut service, People::Unattended);
    }
}

/// One signature of the vault, one of an outsider: made apart and joined, then one after the other.
#[track_caller]
fn beside_an_outsider(bench: &Bench, wallet: &Wallet, outsiders: &[Outsider; 2], people: People) {
    let mut service = Service::from_descriptor(&wallet::descriptor(wallet));
    addresses_agree(bench, wallet, &service);
    service.deposits();
    let request = service.request();
    reviewed_as_built(bench, wallet, &service, &request);
    let bytes = request.serialize();
    let spent = service.spent(&request.unsigned_tx, &[]);
    let released = sign(bench, people, &bytes);
    assert_eq!(only_signatures_were_added(&bytes, &released).len(), 3);
    assert!(finalize(released.full()).is_err(), "one signature of two");
    let outside = outsiders[1].sign(&bytes);
    let answers: [(&[u8], &[u8]); 2] = [(released.full(), released.trimmed()), (&outside, &outside)];
    let apart = the_network_takes_it(&bytes, &answers, &spent);
    if people == People::Unattended {
        // Asked and answered in version 2, it is the same transaction.
        let (two, theirs) = (to_v2(&bytes), to_v2(&outside));
        let released = sign(bench, People::Unattended, &two);
        let answers: [(&[u8], &[u8]); 2] = [(released.full(), released.trimmed()), (&theirs, &theirs)];
        assert_eq!(the_network_takes_it(&two, &answers, &spent), apart);
    }

    let half = outsiders[1].sign(&bytes);
    let released = sign(bench, People::Unattended, &half);
    assert_eq!(only_signatures_were_added(&half, &released).len(), 3);
    let after = the_network_takes_it(&half, &[(released.full(), released.trimmed())], &spent);
    assert_eq!(after, apart);
}

#[test]
fn a_round_with_sh_multisig() {
    multisigs(5, "sh(_)", 0);
}

#[test]
fn a_round_with_sh_wsh_multisig() {
    multisigs(6, "sh(wsh(_))", 1);
}

#[test]
fn a_round_with_wsh_multisig() {
    multisigs(7, "wsh(_)", 2);
}

#[test]
fn three_vaults_with_different_quorums_share_a_wallet() {
    let rosters: [(u8, &[&str]); 3] =
        [(1, &["alice"]), (2, &["alice", "bob", "carol"]), (3, &["ann", "ben", "cid", "dan", "eve"])];
    let voters: [&[&str]; 3] = [&["alice"], &["bob", "carol"], &["eve", "ann", "cid"]];
    let benches: Vec<Bench> = (20..)
        .zip(rosters)
        .map(|(number, (threshold, custodians))| {
            Bench::create(&Plan { number, threshold, custodians, ..Plan::default() }).unwrap()
        })
        .collect();
    let path = "m/48h/1h/0h/2h";
    let keys: Vec<String> = benches
        .iter()
        .zip(voters)
        .map(|(bench, voters)| bench.unattended(voters, &[], |desk| ceremony::export_xpub(desk, path)).unwrap())
        .collect();
    let descriptor = multisig("wsh(_)", "sortedmulti", &keys);
    for (bench, voters) in benches.iter().zip(voters) {
        let few = &voters[1..];
        let instruction = AddWallet::Descriptor { name: name("legs"), descriptor: descriptor.clone() };
        let refused = bench.unattended(few, &[], |desk| ceremony::add_wallet(desk, instruction));
        assert!(matches!(refused, Err(CeremonyError::Refused(Refusal::TooFew { .. }))));
        add_descriptor(bench, voters, "legs", &descriptor);
    }
    let wallets: Vec<Wallet> = benches.iter().map(|bench| registered(bench, "legs")).collect();
    let export = wallet::descriptor(&wallets[0]);
    let mut service = Service::from_descriptor(&export);
    for (number, (bench, wallet)) in benches.iter().zip(&wallets).enumerate() {
        assert_eq!(wallet::descriptor(wallet), export);
        let ours: Vec<_> = wallet.keys().iter().map(|key| key.ours).collect();
        assert_eq!(ours, [0, 1, 2].map(|key| key == number));
        addresses_agree(bench, wallet, &service);
    }
    service.deposits();
    let request = service.request();
    let bytes = request.serialize();
    let spent = service.spent(&request.unsigned_tx, &[]);
    let answers: Vec<Released> = benches
        .iter()
        .zip(&wallets)
        .zip(voters)
        .map(|((bench, wallet), voters)| {
            reviewed_as_built(bench, wallet, &service, &request);
            let released = bench.unattended(voters, &[], |desk| ceremony::sign_transaction(desk, &bytes)).unwrap();
            assert_eq!(only_signatures_were_added(&bytes, &released).len(), 3);
            released
        })
        .collect();
    for (one, two) in [(0, 1), (0, 2), (1, 2)] {
        let (one, two) = (&answers[one], &answers[two]);
        assert!(finalize(one.full()).is_err() && finalize(two.full()).is_err(), "one signature of two");
        let there = join(&bytes, &[one.trimmed(), two.full()]).unwrap();
        assert_eq!(join(&bytes, &[two.trimmed(), one.trimmed()]).unwrap(), there);
        assert_eq!(join(one.full(), &[two.trimmed()]).unwrap(), there);
        assert_eq!(join(two.full(), &[one.full()]).unwrap(), there);
        let both: [(&[u8], &[u8]); 2] = [(one.full(), one.trimmed()), (two.full(), two.trimmed())];
        the_network_takes_it(&bytes, &both, &spent);
    }
}

#[test]
fn a_coin_is_of_one_wallet() {
    let bench = bench(8);
    add_account(&bench, "wpkh");
    let path = "m/48h/1h/0h/2h";
    let ours = bench.unattended(TWO, &[], |desk| ceremony::export_xpub(desk, path)).unwrap();
    let theirs = [60, 61].map(|number| Outsider::new(number).key(path));
    let keys = [theirs[0].clone(), ours.clone(), theirs[1].clone()];
    add_descriptor(&bench, TWO, "sorted", &multisig("wsh(_)", "sortedmulti", &keys));
    let slots = || ["slot.a", "slot.b"].map(|slot| bench.stick.with(|store| store.bytes(slot)));
    let before = slots();
    let refused = |instruction: AddWallet, of: &str| {
        let refused = bench.unattended(TWO, &[], |desk| ceremony::add_wallet(desk, instruction));
        let Err(CeremonyError::Refused(Refusal::WalletTwice(wallet))) = refused else { panic!("{refused:?}") };
        assert_eq!(wallet.as_str(), of);
    };
    let described = |descriptor: String| AddWallet::Descriptor { name: name("again"), descriptor };
    refused(AddWallet::Account { name: name("again"), script: "wpkh".into(), account: 0 }, "wpkh");
    let single = registered(&bench, "wpkh").descriptor().split('#').next().unwrap().to_owned();
    refused(described(single), "wpkh");
    let turned = [theirs[1].clone(), ours, theirs[0].clone()];
    refused(described(multisig("wsh(_)", "sortedmulti", &turned)), "sorted");
    refused(described(multisig("wsh(_)", "multi", &keys)), "sorted");
    assert_eq!(bench.vault().statement().wallets().len(), 2);
    assert_eq!(slots(), before);
}

/// One way to spend coins of a script: `@0` is the vault's key, `@1` and `@2` are others'.
struct Way {
    descriptor: String,
    /// The sequence and locktime that it is made with.
    condition: Condition,
    /// The preimage that the PSBT gives.
    preimage: Option<[u8; 32]>,
    /// What people are shown; nothing where it is not the primary path.
    words: &'static str,
    primary: bool,
    /// Who signs beside the vault.
    outsiders: &'static [usize],
}

fn way(descriptor: &str, condition: Condition, words: &'static str) -> Way {
    let primary = words.starts_with("primary");
    Way { descriptor: descriptor.into(), condition, preimage: None, words, primary, outsiders: &[] }
}

/// Registers the script, has a service build the payment, signs it here and outside, joins, finalises, and asks the
/// network.
#[track_caller]
fn spends(bench: &Bench, number: usize, way: &Way) {
    let path = "m/48h/1h/0h/2h";
    let outsiders = [Outsider::new(60), Outsider::new(61)];
    // Another account for each, so that no coin is of two wallets.
    let ours = format!("m/48h/1h/{number}h/2h");
    let mut descriptor = way.descriptor.clone();
    let ours = bench.unattended(TWO, &[], |desk| ceremony::export_xpub(desk, &ours)).unwrap();
    for (mark, key) in ["@0", "@1", "@2"].iter().zip([ours, outsiders[0].key(path), outsiders[1].key(path)]) {
        descriptor = descriptor.replace(mark, &format!("{key}/<0;1>/*"));
    }
    let named = format!("way-{number}");
    add_descriptor(bench, TWO, &named, &descriptor);
    let wallet = registered(bench, &named);
    let mut service = Service::from_descriptor(&wallet::descriptor(&wallet));
    service.deposits();
    let mut request = service.request_with(|builder| {
        builder.fee_rate(bitcoin::FeeRate::from_sat_per_vb(5).unwrap()).set_condition(way.condition);
    });
    if let Some(preimage) = way.preimage {
        let hash = sha256::Hash::hash(&preimage);
        request.inputs.iter_mut().for_each(|map| drop(map.sha256_preimages.insert(hash, preimage.to_vec())));
    }
    let bytes = request.serialize();
    let cleared = match ceremony::decide(&bench.vault(), bytes.clone()).unwrap() {
        Ok(cleared) => cleared,
        Err(refused) => panic!("{descriptor}: {:#?}", refused.reasons),
    };
    let facts = cleared.reviewed().facts();
    for input in &facts.inputs {
        let path = input.path.as_ref().unwrap();
        assert_eq!((path.words.as_str(), path.primary), (way.words, way.primary), "{descriptor}");
    }
    // One warning, which names all three coins.
    assert_eq!(cleared.warnings().len(), usize::from(!way.primary), "{descriptor}");
    let named: Vec<_> = cleared.warnings().iter().flat_map(Finding::names).map(|(rule, _)| rule).collect();
    assert_eq!(named, if way.primary { vec![] } else { vec!["L05"; 3] }, "{descriptor}");

    let acknowledged: &[&str] = if way.primary { &[] } else { &["L05"] };
    let released = bench.unattended(TWO, acknowledged, |desk| ceremony::sign_transaction(desk, &bytes)).unwrap();
    assert_eq!(only_signatures_were_added(&bytes, &released).len(), 3);
    let outside: Vec<Vec<u8>> = way.outsiders.iter().map(|number| outsiders[*number].sign(&bytes)).collect();
    let mut answers: Vec<(&[u8], &[u8])> = vec![(released.full(), released.trimmed())];
    answers.extend(outside.iter().map(|bytes| (bytes.as_slice(), bytes.as_slice())));
    let spent = service.spent(&request.unsigned_tx, &[]);
    if !way.outsiders.is_empty() {
        assert!(finalize(released.full()).is_err(), "{descriptor}: the others' signatures are missing");
    }
    let transaction = the_network_takes_it(&bytes, &answers, &spent);
    // M06: what was shown is the largest that it can be: two bytes less for each signature with low R and low S.
    let weight = transaction.weight().to_wu();
    let signatures = 3 * u64::try_from(1 + way.outsiders.len()).unwrap();
    let byte = if wallet.kind() == wallet::Kind::ShScript { 4 } else { 1 };
    let shown = facts.weight;
    assert!((weight..=weight + 2 * byte * signatures).contains(&shown), "{descriptor}: {weight}, {shown} shown");
    if !way.primary {
        let refused = bench.unattended(TWO, &[], |desk| ceremony::sign_transaction(desk, &bytes));
        let Err(CeremonyError::Refused(Refusal::NotAcknowledged { rule, .. })) = refused else {
            panic!("{descriptor}: must be acknowledged")
        };
        assert_eq!(rule, "L05");
    }
}

const NOW: Condition = Condition { csv: None, timelock: None };

const fn older(sequence: u32) -> Condition {
    Condition { csv: Some(Sequence(sequence)), timelock: None }
}

fn later(height: u32) -> Condition {
    Condition { csv: None, timelock: Some(LockTime::from_consensus(height)) }
}

#[test]
fn a_round_with_miniscript_in_wsh() {
    let bench = bench(9);
    let f9 = "wsh(or_d(multi(2,@0,@1),and_v(v:pkh(@2),older(52560))))";
    let primary = way(f9, NOW, "primary path: 2 of keys 1, 2");
    spends(&bench, 0, &Way { outsiders: &[0], ..primary });
    let heir = "wsh(or_d(multi(2,@2,@1),and_v(v:pkh(@0),older(52560))))";
    spends(&bench, 1, &way(heir, older(52_560), "recovery path, after 52 560 blocks: key 3"));
    let hash = sha256::Hash::hash(&[7; 32]);
    let locked = format!("wsh(and_v(v:sha256({hash}),pk(@0)))");
    let words = format!("primary path, with the preimage of sha256 {hash}: key 1");
    let way = Way { preimage: Some([7; 32]), ..way(&locked, NOW, words.leak()) };
    spends(&bench, 2, &way);
}

#[test]
fn a_round_with_miniscript_in_sh() {
    let bench = bench(10);
    let nested = "sh(wsh(andor(pk(@0),older(144),and_v(v:multi(2,@1,@2),after(800000)))))";
    spends(&bench, 0, &way(nested, older(144), "primary path, after 144 blocks: key 1"));
    let other = "sh(wsh(andor(pk(@1),older(144),and_v(v:multi(2,@0,@2),after(800000)))))";
    let recovery = way(other, later(800_000), "recovery path, from block 800 000 on: 2 of keys 2, 3");
    spends(&bench, 1, &Way { outsiders: &[1], ..recovery });
    let legacy = "sh(or_i(multi(2,@0,@1),and_v(v:pk(@2),after(800000))))";
    spends(&bench, 2, &Way { outsiders: &[0], ..way(legacy, NOW, "primary path: 2 of keys 1, 2") });
    let heir = "sh(or_i(multi(2,@2,@1),and_v(v:pk(@0),after(800000))))";
    spends(&bench, 3, &way(heir, later(800_000), "recovery path, from block 800 000 on: key 3"));
}

#[test]
fn a_round_with_leaves() {
    let bench = bench(11);
    spends(&bench, 0, &way("tr(@0,{pk(@1),and_v(v:pk(@2),older(1000))})", NOW, "primary path (key path): key 1"));
    spends(&bench, 1, &way("tr(@1,{pk(@0),and_v(v:pk(@2),older(1000))})", NOW, "other path (leaf 1): key 2"));
    let heir = "tr(@1,{pk(@2),and_v(v:pk(@0),older(1000))})";
    spends(&bench, 2, &way(heir, older(1000), "recovery path (leaf 2), after 1 000 blocks: key 3"));
    let point = "50929b74c1a04954b78b4b6035e97a5e078a5a0f28ec96d547bfee9ace803ac0";
    let many = format!("tr({point},{{multi_a(2,@0,@1),{{and_v(v:multi_a(1,@0,@2),after(800000)),pkh(@2)}}}})");
    spends(&bench, 3, &Way { outsiders: &[0], ..way(&many, NOW, "primary path (leaf 1): 2 of keys 1, 2") });
    spends(&bench, 4, &way(&many, later(800_000), "recovery path (leaf 2), from block 800 000 on: 1 of keys 1, 3"));
    spends(&bench, 5, &way("tr(@1,{pkh(@0),pk(@2)})", NOW, "other path (leaf 1): key 2"));
}

/// The transactions on `intent` and `signed` lines, in order.
fn transactions(bench: &Bench) -> (Vec<Spending>, Vec<Spending>) {
    let (mut intended, mut signed) = (Vec::new(), Vec::new());
    for entry in bench.vault().journal().entries() {
        if let Line::Intent { kind: Kind::Sign, transaction, .. } = &entry.line {
            intended.push(transaction.clone().unwrap());
        } else if let Line::Signed { transaction, .. } = &entry.line {
            signed.push(transaction.clone());
        }
    }
    (intended, signed)
}

#[test]
fn signing_twice_gives_the_same_bytes_and_the_journal_says_so_twice() {
    for (number, script) in [(30, "wpkh"), (31, "tr"), (32, "pkh")] {
        let bench = bench(number);
        add_account(&bench, script);
        let mut service = Service::from_descriptor(&wallet::descriptor(&registered(&bench, script)));
        service.deposits();
        let height = LockTime::from_height(900_000).unwrap();
        let request = service.request_with(|builder| {
            builder.nlocktime(height);
        });
        let bytes = request.serialize();
        let first = bench.unattended(&["alice", "bob"], &[], |desk| ceremony::sign_transaction(desk, &bytes)).unwrap();
        let again =
            bench.unattended(&["carol", "alice"], &[], |desk| ceremony::sign_transaction(desk, &bytes)).unwrap();
        assert_eq!((first.full(), first.trimmed()), (again.full(), again.trimmed()));

        let (intended, signed) = transactions(&bench);
        assert_eq!(intended, signed);
        assert_eq!((signed.len(), &signed[0]), (2, &signed[1]));
        let transaction = &request.unsigned_tx;
        let spent = service.spent(transaction, &[]);
        let said = &signed[0];
        assert_eq!(said.txid, transaction.compute_txid());
        let outpoints: Vec<_> = said.inputs.iter().map(|input| (input.outpoint, input.amount)).collect();
        let expected = transaction.input.iter().zip(&spent);
        assert!(expected.map(|(input, output)| (input.previous_output, output.value.to_sat())).eq(outpoints));
        let external: Vec<_> = said.external.iter().map(|paid| (paid.script.0.clone(), paid.amount)).collect();
        assert_eq!(external, RECIPIENTS.map(|(number, sat)| (payee(number), sat)));
        assert_eq!(said.fee, request.fee().unwrap().to_sat());
        assert_eq!((said.locktime, said.height_lock), (900_000, Some(900_000)));
        let places = spent.iter().map(|output| &output.script_pubkey).chain([&transaction.output[2].script_pubkey]);
        let places: Vec<_> = places.map(|script| service.place(script)).collect();
        let highest = |branch: u32| places.iter().filter(|(at, _)| *at == branch).map(|(_, index)| *index).max();
        let expected = [0, 1].map(|branch| (name(script), branch, highest(branch).unwrap()));
        assert_eq!(said.highest, expected);

        let vault = bench.vault();
        let journal = vault.journal();
        assert_eq!((journal.torn(), journal.signed_up_to()), (None, journal.count()));
        assert!(journal.open_intent().is_none() && journal.open_writing().is_none());
        let ballots =
            journal.entries().iter().filter(|entry| matches!(entry.line, Line::Voted { kind: Kind::Sign, .. }));
        assert_eq!(ballots.count(), 4);
    }
}

#[test]
fn a_policy_lets_custodians_acknowledge_a_foreign_input() {
    let stranger = Outsider::new(50);
    let guest = Service::from_descriptor(&format!("wpkh({}/<0;1>/*)", stranger.key("m/84h/1h/0h")));
    let theirs = guest.wallet.public_descriptor(KeychainKind::External).at_derivation_index(4).unwrap();
    let output = TxOut { value: Amount::from_sat(30_000_000), script_pubkey: theirs.script_pubkey() };
    let previous = made_up(b"guest", vec![output.clone()]);
    let outpoint = OutPoint { txid: previous.compute_txid(), vout: 0 };
    let mut described =
        Input { witness_utxo: Some(output.clone()), non_witness_utxo: Some(previous), ..Input::default() };
    described.update_with_descriptor_unchecked(&theirs).unwrap();
    let weight = theirs.max_weight_to_satisfy().unwrap();

    for (allowed, policy) in [(true, "[allow]\nforeign_inputs = true\n"), (false, "[allow]\nmixed_wallets = true\n")] {
        let bench = Bench::create(&Plan { number: 50, policy, ..Plan::default() }).unwrap();
        add_account(&bench, "wpkh");
        let mut service = Service::from_descriptor(&wallet::descriptor(&registered(&bench, "wpkh")));
        service.deposits();
        let request = service.request_with(|builder| {
            builder.add_foreign_utxo(outpoint, described.clone(), weight).unwrap();
        });
        let bytes = request.serialize();
        let at = |acknowledged: &[&str]| {
            bench.unattended(TWO, acknowledged, |desk| ceremony::sign_transaction(desk, &bytes))
        };
        if !allowed {
            let Err(CeremonyError::Refused(Refusal::Rules(reasons))) = at(&["I09"]) else { panic!("must be refused") };
            assert_eq!(reasons.iter().map(|reason| reason.rule).collect::<Vec<_>>(), ["I09"]);
            assert!(transactions(&bench).1.is_empty());
            continue;
        }
        for (acknowledged, missing) in [(&[][..], "I09"), (&["M07"], "I09"), (&["I09"], "M07")] {
            let Err(CeremonyError::Refused(Refusal::NotAcknowledged { rule, .. })) = at(acknowledged) else {
                panic!("{missing} must be acknowledged")
            };
            assert_eq!(rule, missing);
        }
        let answers = [approves("bob", &["I09", "M07"]), approves("alice", &["I09", "M07"])].concat();
        let released = bench.in_person(answers, |desk| ceremony::sign_transaction(desk, &bytes)).unwrap();
        assert_eq!(bench.tape.unasked(), 0);
        let foreign = request.unsigned_tx.input.iter().position(|input| input.previous_output == outpoint).unwrap();
        assert_eq!(only_signatures_were_added_but_to(&[foreign], &bytes, &released).len(), 2);
        let outside = stranger.sign(&bytes);
        let joined = join(&bytes, &[released.trimmed(), &outside]).unwrap();
        let transaction = finalize(&joined).unwrap();
        assert_eq!(consensus::check(&transaction, &service.spent(&transaction, &[(outpoint, output.clone())])), Ok(()));
        assert!(finalize(released.full()).is_err(), "the stranger's signature is missing");
        let (_, signed) = transactions(&bench);
        assert_eq!(signed[0].fee, request.fee().unwrap().to_sat());
    }
}
