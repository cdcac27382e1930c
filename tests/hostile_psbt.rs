//! A PSBT that lies, through the whole ceremony: refused by its rule, journalled, and no share, no body, no key
//! is touched.

use bitcoin::{
    Amount, CompressedPublicKey, Psbt, ScriptBuf, TxOut,
    bip32::{ChildNumber, DerivationPath, Fingerprint, Xpub},
    psbt::PsbtSighashType,
    secp256k1::{PublicKey, Secp256k1},
};
use strongroom::{ceremony, review::rules};

use crate::{
    desk::{Bench, Seen, line, name},
    hostile::{copy, lines, only_added, payment, single, stopped, treasury, watcher},
    raw_psbt::RawPsbt,
};

/// Everything that must hold when a PSBT is refused by `rule`.
#[track_caller]
fn refused_as(bench: &Bench, psbt: &[u8], rule: &str, place: &str) {
    let bench = copy(bench);
    let before = copy(&bench);
    let result = bench.in_person([], |desk| ceremony::sign_transaction(desk, psbt));
    let (code, said) = stopped(result);
    let named = said.lines().any(|line| line.trim().starts_with(&format!("{rule} {place}")));
    assert!(code == 1 && named, "{rule}: {code} {said}");
    only_added(&before, &bench, &["opened", "refused"]);
    let journal = String::from_utf8(bench.stick.files()["journal"].clone()).unwrap();
    let last = journal.lines().last().unwrap();
    assert!(last.contains(&format!("\"{rule} ")), "{last}");
    // Nobody was shown a page to approve, and nobody was asked; where somebody tampered, a page says so.
    let alarm = |title: &str| title.ends_with(": SOMEONE TAMPERED WITH THIS TRANSACTION");
    let alarmed = bench.tape.pages().iter().any(|(title, text)| alarm(title) && text.contains(&format!("{rule}  ")));
    assert!(alarmed || !rules::find(rule).is_some_and(|rule| rule.fraud), "{rule}");
    let asked = |seen: &Seen| match seen {
        Seen::Page { title, .. } => title != "is this your vault?" && !alarm(title),
        Seen::Asked(_) | Seen::AskedUnseen(_) | Seen::Secret { .. } | Seen::Working(_) => true,
        Seen::Said(_) => false,
    };
    assert!(!bench.tape.seen().iter().any(asked), "{rule}");
    // Nor do answers beforehand help.
    let (code, _) =
        stopped(bench.unattended(&["alice", "bob"], &[rule], |desk| ceremony::sign_transaction(desk, psbt)));
    assert_eq!(code, 1);
    assert!(!lines(&bench)[lines(&before).len()..].iter().any(|line| ["voted", "intent", "signed"].contains(line)));
}

/// The honest payment, bent.
#[track_caller]
fn lie(rule: &str, place: &str, bend: impl FnOnce(&mut Psbt)) {
    let bench = treasury();
    let mut psbt = Psbt::deserialize(&payment(&bench)).unwrap();
    bend(&mut psbt);
    refused_as(&bench, &psbt.serialize(), rule, place);
}

fn stranger() -> PublicKey {
    "02c6047f9441ed7d6d3045406e95c07cd85c778e4b8cef3ca7abac09b95c709ee5".parse().unwrap()
}

/// Where the change is.
fn change(psbt: &Psbt) -> usize {
    psbt.outputs.iter().position(|output| !output.bip32_derivation.is_empty()).unwrap()
}

#[test]
fn the_honest_one_is_signed() {
    let bench = treasury();
    let psbt = payment(&bench);
    let released = crate::hostile::sign(&bench, &["alice", "bob"], &psbt).unwrap();
    assert!(released.full().len() > psbt.len());
}

#[test]
fn lies_about_amounts() {
    lie("U03", "input 0", |psbt| psbt.inputs[0].witness_utxo.as_mut().unwrap().value += Amount::from_sat(1));
    lie("U01", "input 0", |psbt| {
        psbt.inputs[0].non_witness_utxo.as_mut().unwrap().output[0].value -= Amount::from_sat(10_000_000);
    });
    lie("U01", "input 0", |psbt| {
        let input = &mut psbt.inputs[0];
        input.non_witness_utxo.as_mut().unwrap().output[0].value = Amount::from_sat(41_000_000);
        input.witness_utxo.as_mut().unwrap().value = Amount::from_sat(41_000_000);
    });
    lie("U02", "input 0", |psbt| psbt.unsigned_tx.input[0].previous_output.vout = 1);
    lie("U06", "input 0", |psbt| psbt.inputs[0].non_witness_utxo = None);
    lie("U04", "input 0", |psbt| {
        psbt.inputs[0].non_witness_utxo = None;
        psbt.inputs[0].witness_utxo = None;
    });
}

#[test]
fn lies_about_scripts() {
    let other = || ScriptBuf::from_hex("0014aabbccddeeff00112233445566778899aabbccdd").unwrap();
    lie("U03", "input 0", |psbt| psbt.inputs[0].witness_utxo.as_mut().unwrap().script_pubkey = other());
    lie("I04", "input 0", |psbt| psbt.inputs[0].redeem_script = Some(other()));
    lie("I05", "input 0", |psbt| psbt.inputs[0].witness_script = Some(other()));
    lie("C11", "output", |psbt| {
        let change = change(psbt);
        psbt.outputs[change].redeem_script = Some(other());
    });
}

#[test]
fn lies_about_keys() {
    lie("I02", "input 0", |psbt| {
        let records = &mut psbt.inputs[0].bip32_derivation;
        let (_, source) = records.pop_first().unwrap();
        records.insert(stranger(), source);
    });
    lie("I02", "input 0", |psbt| {
        let source = psbt.inputs[0].bip32_derivation.values().next().unwrap().clone();
        psbt.inputs[0].bip32_derivation.insert(stranger(), source);
    });
    // A coin of ours under another's fingerprint is ours all the same.
    let bench = treasury();
    let honest = payment(&bench);
    let mut psbt = Psbt::deserialize(&honest).unwrap();
    let (key, (_, path)) = psbt.inputs[0].bip32_derivation.pop_first().unwrap();
    psbt.inputs[0].bip32_derivation.insert(key, (Fingerprint::from([9; 4]), path));
    let plan = |psbt: &[u8]| {
        let cleared = ceremony::decide(&bench.vault(), psbt.to_vec()).unwrap().ok().unwrap();
        cleared
            .reviewed()
            .plan()
            .iter()
            .map(|input| input.keys.iter().map(|key| key.public).collect())
            .collect::<Vec<Vec<_>>>()
    };
    assert_eq!(plan(&psbt.serialize()), plan(&honest));
    assert_eq!(plan(&honest).concat().len(), 1);
    // An extended key of ours exchanged.
    lie("I14", "", |psbt| {
        let (fingerprint, path) = psbt.inputs[0].bip32_derivation.values().next().unwrap().clone();
        let account: Vec<ChildNumber> = path.into_iter().take(3).copied().collect();
        let mut other: Xpub = "tpubD6NzVbkrYhZ4XgiXtGrdW5XDAPFCL9h7we1vwNCpn8tGbBcgfVYjXyhWo4E1xkh56hjod1RhGjxbaTLV3X4FyWuejifB9jusQ46QzG87VKp".parse().unwrap();
        other.depth = 3;
        other.child_number = account[2];
        psbt.xpub.insert(other, (fingerprint, DerivationPath::from(account)));
    });
}

fn longer(path: &DerivationPath, steps: &[u32]) -> DerivationPath {
    let last = path.len() - steps.len();
    let mut all: Vec<ChildNumber> = path.into_iter().take(last).copied().collect();
    all.extend(steps.iter().map(|step| ChildNumber::from(*step)));
    all.into()
}

#[test]
fn lies_about_paths_and_network() {
    let bent = |input: bool, rule: &str, bend: &dyn Fn(&DerivationPath) -> DerivationPath| {
        lie(rule, if input { "input 0" } else { "output" }, |psbt| {
            let change = change(psbt);
            let records =
                if input { &mut psbt.inputs[0].bip32_derivation } else { &mut psbt.outputs[change].bip32_derivation };
            for (_, path) in records.values_mut() {
                *path = bend(path);
            }
        });
    };
    bent(true, "I01", &|path| longer(path, &[0, 7]));
    bent(true, "I01", &|path| longer(path, &[1, 0]));
    bent(false, "C02", &|path| longer(path, &[1, 999]));
    bent(false, "C02", &|path| longer(path, &[0, 0]));
    // The account of the other network.
    let mainnet = |path: &DerivationPath| {
        let mut all: Vec<ChildNumber> = path.into_iter().copied().collect();
        all[1] = ChildNumber::from_hardened_idx(0).unwrap();
        DerivationPath::from(all)
    };
    bent(true, "I01", &mainnet);
    bent(false, "C02", &mainnet);
    // Too deep and too shallow.
    bent(true, "I01", &|path| path.extend([ChildNumber::from(0)]));
    bent(false, "C02", &|path| path.into_iter().take(4).copied().collect::<Vec<_>>().into());
}

#[test]
fn lies_about_change() {
    // The attacker's script with our derivation: it must not pass for change, nor silently for a payment.
    lie("C02", "output", |psbt| {
        let change = change(psbt);
        psbt.unsigned_tx.output[change].script_pubkey =
            ScriptBuf::new_p2wpkh(&bitcoin::PublicKey::new(stranger()).wpubkey_hash().unwrap());
    });
    // The same, with the attacker's key under our fingerprint.
    lie("C02", "output", |psbt| {
        let change = change(psbt);
        psbt.unsigned_tx.output[change].script_pubkey =
            ScriptBuf::new_p2wpkh(&bitcoin::PublicKey::new(stranger()).wpubkey_hash().unwrap());
        let (_, source) = psbt.outputs[change].bip32_derivation.pop_first().unwrap();
        psbt.outputs[change].bip32_derivation.insert(stranger(), source);
    });
    // The payee's output dressed up as change.
    lie("C02", "output", |psbt| {
        let change = change(psbt);
        let records = psbt.outputs[change].bip32_derivation.clone();
        psbt.outputs[1 - change].bip32_derivation = records;
    });
}

#[test]
fn other_sighash_types_are_refused() {
    for (kind, rule) in [(0x02, "H"), (0x03, "H"), (0x81, "H"), (0x82, "H"), (0x83, "H"), (0x00, "H"), (0x04, "H")] {
        let bench = treasury();
        let mut psbt = Psbt::deserialize(&payment(&bench)).unwrap();
        psbt.inputs[0].sighash_type = Some(PsbtSighashType::from_u32(kind));
        let before = copy(&bench);
        let (code, said) = stopped(bench.in_person([], |desk| ceremony::sign_transaction(desk, &psbt.serialize())));
        let named = said.lines().any(|line| line.trim().starts_with(rule) && line.contains("input 0"));
        assert!(code == 1 && named, "{kind:#x}: {code} {said}");
        only_added(&before, &bench, &["opened", "refused"]);
    }
}

#[test]
fn fees_that_eat_the_treasury_and_coins_of_nobody_are_refused() {
    let bench = treasury();
    let mut psbt = Psbt::deserialize(&payment(&bench)).unwrap();
    let change = change(&psbt);
    psbt.unsigned_tx.output[change].value = Amount::from_sat(600);
    let (code, said) = stopped(bench.in_person([], |desk| ceremony::sign_transaction(desk, &psbt.serialize())));
    assert!(code == 1 && said.contains('M'), "{code} {said}");
    let mut psbt = Psbt::deserialize(&payment(&bench)).unwrap();
    psbt.unsigned_tx.output[change].value = Amount::from_sat(60_000_000);
    let (code, said) = stopped(bench.in_person([], |desk| ceremony::sign_transaction(desk, &psbt.serialize())));
    assert_eq!(code, 1, "{said}");
}

#[test]
fn a_psbt_of_another_vault_is_refused() {
    let bench = treasury();
    let other = Bench::create(&crate::desk::Plan { number: 5, ..crate::desk::Plan::default() }).unwrap();
    other.unattended(&["alice", "bob"], &[], |desk| ceremony::add_wallet(desk, single("main", "wpkh", 0))).unwrap();
    let psbt = payment(&other);
    let before = copy(&bench);
    let (code, said) = stopped(bench.in_person([], |desk| ceremony::sign_transaction(desk, &psbt)));
    assert!(code == 1 && said.contains("input 0"), "{code} {said}");
    only_added(&before, &bench, &["opened", "refused"]);
}

#[test]
fn what_is_no_psbt_is_bad_input_and_leaves_no_line() {
    let bench = treasury();
    let psbt = payment(&bench);
    let raw = RawPsbt::from_bytes(&psbt);
    let mut twice = raw.clone();
    twice.maps[1].push(raw.maps[1][0].clone());
    let mut tail = raw.clone();
    tail.tail = b"psbt\xff".to_vec();
    let version = raw.clone().with(0, &[0xfb], &2u32.to_le_bytes());
    let cases: [(&str, Vec<u8>); 7] = [
        ("empty", Vec::new()),
        ("a word", b"hello".to_vec()),
        ("cut", psbt[..psbt.len() - 1].to_vec()),
        ("a key twice", twice.to_bytes()),
        ("something behind", tail.to_bytes()),
        ("another version", version.to_bytes()),
        ("a length that lies", raw.to_bytes_lying(1, 0, &[1], &[0xff; 9])),
    ];
    for (what, bytes) in cases {
        let before = copy(&bench);
        let (code, said) = stopped(bench.in_person([], |desk| ceremony::sign_transaction(desk, &bytes)));
        assert!(code == 2 && said.starts_with('P'), "{what}: {code} {said}");
        only_added(&before, &bench, &[]);
    }
    // Every prefix, too.
    for length in (0..psbt.len()).step_by(7) {
        assert_eq!(stopped(bench.in_person([], |desk| ceremony::sign_transaction(desk, &psbt[..length]))).0, 2);
    }
}

#[test]
fn every_flipped_bit_of_a_psbt_is_refused_or_changes_nothing_that_was_approved() {
    // Flips within the unsigned transaction change what is signed and are shown; flips elsewhere must not
    // change what is paid.
    let bench = treasury();
    let psbt = payment(&bench);
    let vault = bench.vault();
    let honest = Psbt::deserialize(&psbt).unwrap().unsigned_tx;
    let mut taken = 0;
    for at in 0..psbt.len() {
        let mut bytes = psbt.clone();
        bytes[at] ^= 1 << (at % 8);
        let Ok(Ok(cleared)) = ceremony::decide(&vault, bytes.clone()) else { continue };
        let facts = cleared.reviewed().facts().totals.as_ref().expect("cleared facts add up");
        let bent = cleared.reviewed().parsed().transaction();
        assert_eq!(bent.input[0].previous_output, honest.input[0].previous_output, "byte {at}");
        let sum = |outputs: &[TxOut]| outputs.iter().map(|output| output.value.to_sat()).sum::<u64>();
        assert_eq!(facts.fee, 60_000_000 - sum(&bent.output), "byte {at}: the fee that is shown");
        taken += 1;
    }
    assert!(taken < psbt.len() / 4, "{taken} of {}", psbt.len());
}

/// What somebody who is asked to approve it was told, up to the name; nobody approves.
fn asked_about(bench: &Bench, psbt: &Psbt) -> String {
    bench.tape.clear();
    let answers = [line("Your name", "")];
    let (code, _) = stopped(bench.in_person(answers, |desk| ceremony::sign_transaction(desk, &psbt.serialize())));
    assert_eq!(code, 1);
    let text = bench.tape.text();
    text[text.find("To approve").unwrap()..].to_owned()
}

#[test]
fn coins_for_another_wallet_of_the_vault_are_said_to_leave() {
    let bench = copy(&treasury());
    let add = |desk: &mut ceremony::Desk<'_>| ceremony::add_wallet(desk, single("second", "wpkh", 1));
    bench.unattended(&["alice", "bob"], &[], add).unwrap();
    let vault = bench.vault();
    let key = &vault.statement().wallet(&name("second")).unwrap().keys()[0];
    let steps = [0, 3].map(|index| ChildNumber::from_normal_idx(index).unwrap());
    let public = key.xpub.derive_pub(&Secp256k1::new(), &steps).unwrap().public_key;
    let path: Vec<ChildNumber> = key.origin.iter().map(|step| ChildNumber::from(*step)).chain(steps).collect();
    let script = ScriptBuf::new_p2wpkh(&CompressedPublicKey(public).wpubkey_hash());
    let mut psbt = Psbt::deserialize(&watcher(&bench).pay(script, 40_000_000, 5).unwrap()).unwrap();
    let record = (Fingerprint::from(key.fingerprint), DerivationPath::from(path));
    psbt.outputs[0].bip32_derivation.insert(public, record);
    let told = asked_about(&bench, &psbt);
    assert!(
        told.starts_with("To approve: send 0.40000000 BTC (40 000 000 sat)\n  to the vault's wallet `second`"),
        "{told}"
    );
    assert!(told.contains("`second`, at the address\n    bcrt 1q"), "{told}");
    assert!(!told.contains("nothing but the fee"), "{told}");
}

#[test]
fn data_is_no_payment_in_what_is_asked() {
    let bench = copy(&treasury());
    let mut psbt = Psbt::deserialize(&payment(&bench)).unwrap();
    let data = TxOut { value: Amount::ZERO, script_pubkey: ScriptBuf::new_op_return([7; 20]) };
    psbt.unsigned_tx.output.push(data);
    psbt.outputs.push(bitcoin::psbt::Output::default());
    let told = asked_about(&bench, &psbt);
    assert!(told.starts_with("To approve: send 0.40000000 BTC (40 000 000 sat)\n  to "), "{told}");
    assert!(told.contains("\n  with 1 data output, as shown\n") && !told.contains("and send"), "{told}");
}
