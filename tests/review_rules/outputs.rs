//! C01 to C13, O02 to O09, X03, P16 to P19: what the outputs are.

use bitcoin::{
    Amount, ScriptBuf,
    bip32::Fingerprint,
    opcodes::all::OP_RETURN,
    script::{Builder, PushBytesBuf},
    secp256k1::{PublicKey, Secp256k1},
};
use strongroom::{
    psbt::Place,
    review::{Action, Class, Permission},
};

use crate::{asks, fires, good, raw_psbt::RawPsbt, refuses, shows, silent, transactions::*};

fn classes(case: &Case) -> Vec<Class> {
    case.review().facts().outputs.iter().map(|output| output.class).collect()
}

fn script_of(case: Case, output: usize, script: ScriptBuf) -> Case {
    case.with_tx(|tx| tx.output[output].script_pubkey = script)
}

#[test]
fn change_is_what_the_paying_wallet_derives() {
    for wallet in kinds() {
        assert_eq!(classes(&double(wallet)), [Class::External, Class::Change]);
    }
}

#[test]
fn c01_c02_an_output_that_only_looks_like_change_is_fraud() {
    let secp = Secp256k1::new();
    let attackers: Vec<PublicKey> = (1..3).map(|n| PublicKey::from_secret_key(&secp, &secret(9, &[n]))).collect();
    let ours = wsh().coin(1, 7).unwrap().keys[0];
    let script = Builder::new()
        .push_int(2)
        .push_slice(ours)
        .push_slice(attackers[0].serialize())
        .push_slice(attackers[1].serialize())
        .push_int(3)
        .push_opcode(bitcoin::opcodes::all::OP_CHECKMULTISIG)
        .into_script();
    let forged = script_of(double(wsh()), 1, ScriptBuf::new_p2wsh(&script.wscript_hash())).with_out(1, |map| {
        map.witness_script = Some(script);
        let records = std::mem::take(&mut map.bip32_derivation);
        let mut others = attackers.iter();
        for (key, source) in records {
            let key = if key.serialize() == ours { key } else { *others.next().unwrap() };
            map.bip32_derivation.insert(key, source);
        }
    });
    assert_eq!(classes(&forged)[1], Class::External);
    refuses(&forged, "C02", Place::Output(1));
    assert!(forged.judge().err().unwrap().is_fraud());

    let index = double(wsh()).with_tx(|tx| tx.output[1].script_pubkey = wsh().coin(1, 8).unwrap().script_pubkey);
    refuses(&index, "C02", Place::Output(1));
    let field = double(wsh()).with_out(1, |map| map.witness_script = wsh().coin(1, 8).unwrap().witness_script);
    refuses(&field, "C02", Place::Output(1));
    let key = double(wpkh()).with_out(1, |map| {
        let source = map.bip32_derivation.values().next().unwrap().clone();
        map.bip32_derivation.clear();
        map.bip32_derivation.insert(attackers[0], source);
    });
    refuses(&key, "C02", Place::Output(1));
    silent(&double(wsh()), "C02");
}

#[test]
fn c01_an_undeclared_address_of_ours_is_told() {
    let case = double(wsh()).with_out(1, |map| *map = Default::default());
    assert_eq!(classes(&case)[1], Class::External);
    asks(&case, "C01", Place::Output(1));
    // The same address declared beside it is change, and nothing is said of that one.
    let both = case.clone().back(0, 1, 7, 9_000);
    assert_eq!(classes(&both), [Class::External, Class::External, Class::Change]);
    let told = both.findings().into_iter().filter(|finding| finding.rule == "C01");
    let places: Vec<_> = told.flat_map(|finding| finding.places().collect::<Vec<_>>()).collect();
    assert_eq!(places, [Place::Output(1)]);
    let far = Case::new(vec![wpkh()]).input(0, 0, 0, 90_000).pay(wpkh().coin(1, 21).unwrap().script_pubkey, 80_000);
    silent(&far, "C01");
    silent(&double(wsh()), "C01");
}

#[test]
fn c03_the_receive_branch_is_a_transfer_to_ourselves() {
    let case = Case::new(vec![wsh()]).input(0, 0, 3, 1_000_000).pay(foreign(1), 500_000).back(0, 0, 9, 490_000);
    shows(&case, "C03", Place::Output(1));
    assert_eq!(classes(&case)[1], Class::SelfTransfer);
    let totals = case.review().facts().totals.unwrap();
    assert_eq!((totals.self_transfer, totals.change, totals.external), (490_000, 0, 500_000));
    silent(&double(wsh()), "C03");
}

#[test]
fn c04_another_wallet_counts_as_leaving() {
    let case = Case::new(vec![wsh(), wpkh()]).input(0, 0, 3, 1_000_000).back(1, 0, 2, 500_000).back(0, 1, 1, 490_000);
    // One signature where the wallet that pays takes two.
    asks(&case, "C04", Place::Output(0));
    assert_eq!(classes(&case), [Class::OtherWallet, Class::Change]);
    let totals = case.review().facts().totals.unwrap();
    assert_eq!((totals.external, totals.other_wallets), (500_000, 500_000));
    silent(&double(wsh()), "C04");
    let words = |case: &Case| case.findings().into_iter().find(|finding| finding.rule == "C04").unwrap().text;
    assert!(words(&case).ends_with("it takes 1 signature to spend, where wallet `wsh` takes 2"), "{}", words(&case));
    // Into the stronger one, and into one of the same strength.
    let stronger =
        Case::new(vec![wpkh(), tr()]).input(0, 0, 3, 1_000_000).back(1, 0, 2, 500_000).back(0, 1, 1, 490_000);
    shows(&stronger, "C04", Place::Output(0));
    // As many signatures, and one of the keys is not ours.
    let one = wallet("one", "wsh(sortedmulti(1,@0,@1))", &[48 | HARD, 1 | HARD, HARD, 2 | HARD]);
    let theirs = Case::new(vec![wpkh(), one]).input(0, 0, 3, 1_000_000).back(1, 0, 2, 500_000).back(0, 1, 1, 490_000);
    asks(&theirs, "C04", Place::Output(0));
    assert!(words(&theirs).contains("others can spend there without a key of this vault"), "{}", words(&theirs));
}

fn change_at(index: u32, highest: Option<u32>) -> Case {
    let mut case =
        Case::new(vec![wpkh()]).input(0, 0, 3, 1_000_000).pay(foreign(1), 500_000).back(0, 1, index, 490_000);
    case.highest.extend(highest.map(|highest| (("wpkh".to_owned(), 1), highest)));
    case
}

#[test]
fn c05_change_is_where_a_wallet_looks() {
    for index in [0, 201, 1_003] {
        silent(&change_at(index, None), "C05");
    }
    asks(&change_at(1_004, None), "C05", Place::Output(1));
    silent(&change_at(210, Some(10)), "C05");
    asks(&change_at(211, Some(10)), "C05", Place::Output(1));
    asks(&change_at(40_000, Some(10)), "C05", Place::Output(1));
    asks(&change_at(100_000, None), "C05", Place::Output(1));
    refuses(&change_at(100_001, None), "C05", Place::Output(1));
    refuses(&change_at(100_001, Some(100_000)), "C05", Place::Output(1));
    refuses(&change_at((1 << 31) - 1, None), "C05", Place::Output(1));
    // What it is above of is told: what was signed, or what this PSBT spends; or that there is neither.
    let told = |case: &Case, words: &str| {
        let text = case.findings().into_iter().find(|finding| finding.rule == "C05").unwrap().text;
        assert!(text.ends_with(words), "{text}");
    };
    told(&change_at(211, Some(10)), "above the highest index seen, 10");
    told(&change_at(1_004, None), "above the highest index seen, 3");
    let first = |highest: Option<u32>| {
        let mut case =
            Case::new(vec![wpkh()]).input(0, 0, 0, 1_000_000).pay(foreign(1), 500_000).back(0, 1, 1_001, 490_000);
        case.highest.extend(highest.map(|highest| (("wpkh".to_owned(), 1), highest)));
        case
    };
    told(&first(None), "above 0, and nothing of this wallet was signed before");
    told(&first(Some(0)), "above the highest index seen, 0");
    assert_eq!(change_at(50, Some(10)).review().facts().outputs[1].beyond_seen, Some(40));
}

#[test]
fn c06_change_paths_are_the_registered_ones() {
    let at = |steps: &[u32]| {
        let steps = steps.to_vec();
        double(wsh()).with_out(1, move |map| {
            map.bip32_derivation.values_mut().for_each(|(_, source)| *source = path(&steps));
        })
    };
    let base = COSIGNER;
    for steps in [
        vec![48 | HARD, HARD, 1 | HARD, 2 | HARD, 1, 7],
        [&base[..], &[1, 7, 0]].concat(),
        [&base[..], &[7]].concat(),
        [&base[..], &[1 | HARD, 7]].concat(),
        [&base[..], &[1, 7 | HARD]].concat(),
        [&base[..], &[3, 7]].concat(),
    ] {
        refuses(&at(&steps), "C06", Place::Output(1));
    }
    good(&at(&[&base[..], &[1, 7]].concat()));
    silent(&at(&[&base[..], &[1, 7]].concat()), "C06");
}

#[test]
fn c07_change_has_the_inputs_script_type() {
    let single = wallet("single", "wpkh(@0)", &[84 | HARD, 1 | HARD, HARD]);
    let mut case =
        Case::new(vec![wsh(), single]).input(0, 0, 3, 1_000_000).pay(foreign(1), 500_000).back(1, 1, 0, 490_000);
    asks(&case, "C04", Place::Output(1));
    silent(&case, "C07");
    case.wallets.pop();
    refuses(&case, "C07", Place::Output(1));
    refuses(&case, "C02", Place::Output(1));
    assert_eq!(classes(&case)[1], Class::External);
}

#[test]
fn c08_change_is_not_split_into_dust() {
    let with = |number: u32| {
        (0..number)
            .fold(Case::new(vec![wpkh()]).input(0, 0, 3, 10_000_000).pay(foreign(1), 5_000_000), |case, index| {
                case.back(0, 1, index, 40_000)
            })
            .pay(foreign(2), 4_900_000 - u64::from(number) * 40_000)
    };
    silent(&with(2), "C08");
    asks(&with(3), "C08", Place::Whole);
    asks(&with(10), "C08", Place::Whole);
    refuses(&with(11), "C08", Place::Whole);
    // On the branch for receiving they are split as well.
    let back = |number: u32| (0..number).fold(with(1), |case, index| case.back(0, 0, index, 1_000));
    silent(&back(9), "C08");
    asks(&back(10), "C08", Place::Whole);
    let words = |case: &Case| case.findings().into_iter().find(|finding| finding.rule == "C08").unwrap().text;
    assert_eq!(words(&back(10)), "11 outputs come back, more than 10");
}

#[test]
fn c09_a_sweep_is_told() {
    let sweep = |sat: u64| Case::new(vec![wpkh()]).input(0, 0, 3, sat).pay(foreign(1), sat - 5_000);
    shows(&sweep(999_999), "C09", Place::Whole);
    asks(&sweep(1_000_000), "C09", Place::Whole);
    silent(&simple(wpkh()), "C09");
}

#[test]
fn c10_change_of_nothing_is_told() {
    let case = Case::new(vec![wpkh()]).input(0, 0, 3, 900_000).pay(foreign(1), 890_000).back(0, 1, 0, 0);
    asks(&case, "C10", Place::Output(1));
    let one = Case::new(vec![wpkh()]).input(0, 0, 3, 900_000).pay(foreign(1), 890_000).back(0, 1, 0, 1);
    silent(&one, "C10");
    asks(&one, "O07", Place::Output(1));
}

#[test]
fn c11_fields_of_a_payment_change_nothing() {
    let wrong = double(wsh()).with_out(0, |map| map.witness_script = Some(ScriptBuf::from(vec![0x51])));
    refuses(&wrong, "C11", Place::Output(0));
    let told: Vec<_> = wrong.findings().into_iter().filter(|finding| finding.rule == "C11").collect();
    assert_eq!(told.len(), 1, "what is wrong is not told as harmless besides: {told:#?}");
    refuses(&double(wsh()).with_out(0, |map| map.redeem_script = Some(ScriptBuf::new())), "C11", Place::Output(0));
    let taproot =
        double(wsh()).with_out(0, |map| map.tap_internal_key = tr().coin(0, 0).unwrap().taproot.map(|keys| keys.0));
    refuses(&taproot, "C11", Place::Output(0));
    let key = PublicKey::from_secret_key(&Secp256k1::new(), &secret(9, &[1]));
    let records = double(wsh()).with_out(0, |map| {
        map.bip32_derivation.insert(key, (Fingerprint::from([9; 4]), path(&COSIGNER)));
    });
    shows(&records, "C11", Place::Output(0));
    good(&records);
    assert_eq!(classes(&records)[0], Class::External);
    silent(&double(wsh()), "C11");
    let script = ScriptBuf::from(vec![0x52]);
    let right = script_of(double(wsh()), 0, ScriptBuf::new_p2wsh(&script.wscript_hash()))
        .with_out(0, |map| map.witness_script = Some(script));
    shows(&right, "C11", Place::Output(0));
}

#[test]
fn c12_taproot_change_has_no_hidden_tree() {
    use bitcoin::{TapNodeHash, hashes::Hash};
    let secp = Secp256k1::new();
    let internal = tr().coin(1, 7).unwrap().taproot.unwrap().0;
    let hidden = ScriptBuf::new_p2tr(&secp, internal, Some(TapNodeHash::from_byte_array([5; 32])));
    let case = script_of(double(tr()), 1, hidden);
    refuses(&case, "C12", Place::Output(1));
    refuses(&case, "C02", Place::Output(1));
    let attacker = PublicKey::from_secret_key(&secp, &secret(9, &[1])).x_only_public_key().0;
    refuses(&double(tr()).with_out(1, |map| map.tap_internal_key = Some(attacker)), "C12", Place::Output(1));
    let hash = bitcoin::TapLeafHash::from_byte_array([4; 32]);
    let leaves =
        double(tr()).with_out(1, |map| map.tap_key_origins.values_mut().for_each(|(hashes, _)| hashes.push(hash)));
    refuses(&leaves, "C12", Place::Output(1));
    silent(&double(tr()), "C12");
    // Our records on the address of another index; and on one that is no taproot, of which C12 says nothing.
    let claims = |script: ScriptBuf| {
        double(tr()).with_tx(|tx| tx.output[1].script_pubkey = script).with_out(1, |map| map.tap_internal_key = None)
    };
    let index = claims(tr().coin(1, 8).unwrap().script_pubkey);
    refuses(&index, "C02", Place::Output(1));
    refuses(&index, "C12", Place::Output(1));
    let other = claims(foreign(5));
    refuses(&other, "C02", Place::Output(1));
    silent(&other, "C12");
}

fn data(bytes: usize) -> ScriptBuf {
    let push = PushBytesBuf::try_from(vec![b'x'; bytes]).unwrap();
    Builder::new().push_opcode(OP_RETURN).push_slice(push).into_script()
}

fn paying(script: ScriptBuf, sat: u64) -> Case {
    Case::new(vec![wpkh()])
        .input(0, 0, 3, 10_000_000)
        .pay(foreign(1), 6_000_000)
        .back(0, 1, 7, 3_990_000 - sat)
        .pay(script, sat)
}

#[test]
fn o02_data_burns_no_coins() {
    let case = paying(data(20), 1_000);
    let unless = Action::RefuseUnless(Permission::OpReturnValue);
    fires(&case, "O02", Place::Output(2), unless);
    assert!(case.judge().is_err());
    let allowed = case.allow("op_return_value");
    fires(&allowed, "O02", Place::Output(2), unless);
    assert!(allowed.judge().is_ok());
    assert_eq!(allowed.review().facts().totals.unwrap().external, 6_001_000);
    silent(&paying(data(20), 0), "O02");
}

#[test]
fn o03_data_is_shown_whole() {
    shows(&paying(data(80), 0), "O03", Place::Output(2));
    good(&paying(data(80), 0));
    asks(&paying(data(81), 0), "O03", Place::Output(2));
    asks(&paying(data(20), 0).pay(data(5), 0), "O03", Place::Whole);
    silent(&simple(wpkh()), "O03");
    asks(&paying(data(10_000), 0), "O03", Place::Output(2));
    let hidden = ScriptBuf::from(vec![0x6a, 0x00, 0x04, b'h', b'i', b'd', b'e']);
    assert_eq!(classes(&paying(hidden, 0))[2], Class::OpReturn);
}

#[test]
fn o04_scripts_without_an_address_are_told() {
    for script in [vec![], vec![0x51]] {
        refuses(&paying(ScriptBuf::from(script), 1_000), "O04", Place::Output(2));
    }
    // So it is with an anchor, which has dust alone.
    let anchor = ScriptBuf::from(vec![0x51, 0x02, 0x4e, 0x73]);
    silent(&paying(anchor.clone(), 1_000), "O04");
    for sat in [1_001, 1_000_000] {
        refuses(&paying(anchor.clone(), sat), "O04", Place::Output(2));
    }
    let multisig = wsh().coin(0, 0).unwrap().witness_script.unwrap();
    asks(&paying(multisig, 1_000), "O04", Place::Output(2));
    let key = wsh().coin(0, 0).unwrap().keys[0];
    asks(&paying(ScriptBuf::from([&[33][..], &key, &[0xac]].concat()), 1_000), "O04", Place::Output(2));
    asks(&paying(ScriptBuf::from(vec![0x52, 0x87]), 1_000), "O04", Place::Output(2));
    silent(&paying(foreign(3), 1_000), "O04");
}

#[test]
fn o05_witness_versions_without_rules_are_told() {
    let program = |version: u8, bytes: usize| {
        let length = u8::try_from(bytes).unwrap();
        ScriptBuf::from([&[version, length][..], &vec![2; bytes]].concat())
    };
    for script in [program(0x52, 32), program(0x60, 2), program(0x51, 20), program(0x51, 33)] {
        asks(&paying(script, 1_000), "O05", Place::Output(2));
    }
    let anchor = ScriptBuf::from(vec![0x51, 0x02, 0x4e, 0x73]);
    for sat in [0, 240] {
        let case = paying(anchor.clone(), sat);
        assert_eq!(classes(&case)[2], Class::Anchor);
        good(&case);
    }
    silent(&paying(tr().coin(0, 900).unwrap().script_pubkey, 1_000), "O05");
}

#[test]
fn o06_taproot_keys_are_points() {
    // x = 5 is on no point of the curve.
    let mut script = vec![0x51, 32];
    script.extend([0; 31]);
    script.push(5);
    asks(&paying(ScriptBuf::from(script), 1_000), "O06", Place::Output(2));
    silent(&paying(tr().coin(0, 900).unwrap().script_pubkey, 1_000), "O06");
}

#[test]
fn o07_o08_dust_and_nothing_are_told() {
    silent(&paying(foreign(3), 294), "O07");
    asks(&paying(foreign(3), 293), "O07", Place::Output(2));
    asks(&paying(foreign(3), 1), "O07", Place::Output(2));
    asks(&paying(foreign(3), 0), "O08", Place::Output(2));
    silent(&paying(foreign(3), 0), "O07");
    // Change of nothing is C10's.
    let nothing = double(wsh()).with_tx(|tx| tx.output[1].value = Amount::ZERO);
    asks(&nothing, "C10", Place::Output(1));
    silent(&nothing, "O07");
    silent(&nothing, "O08");
    silent(&paying(foreign(3), 294), "O08");
    asks(&paying(pkh().coin(0, 900).unwrap().script_pubkey, 545), "O07", Place::Output(2));
    silent(&paying(pkh().coin(0, 900).unwrap().script_pubkey, 546), "O07");
}

#[test]
fn o09_addresses_twice_or_alike_are_told() {
    asks(&paying(foreign(1), 1_000), "O09", Place::Output(2));
    silent(&paying(foreign(2), 1_000), "O09");
    // An address whose program begins and ends as that of our change: five letters are 25 bits; the last ones
    // are a checksum, so two are looked for.
    let (one, other) = alike();
    let case = paying(one.clone(), 1_000).pay(other, 1_000);
    shows(&case, "O09", Place::Output(3));
    for (letters, told) in [(4, true), (3, false)] {
        let case = paying(one.clone(), 1_000).pay(alike_in(&one, letters), 1_000);
        if told { shows(&case, "O09", Place::Output(3)) } else { silent(&case, "O09") }
    }
}

#[test]
fn o09_our_own_addresses_twice_are_told_as_those_of_others() {
    let case = |branch, index| {
        let case = Case::new(vec![wsh(), wpkh()]).input(0, 0, 3, 500_000).pay(foreign(1), 100_000);
        case.back(0, branch, index, 200_000).back(0, 1, 7, 190_000)
    };
    let words = |case: &Case| case.findings().into_iter().find(|finding| finding.rule == "O09").unwrap().text;
    asks(&case(1, 7), "O09", Place::Output(2));
    assert_eq!(words(&case(1, 7)), "comes back to the same address as output 1");
    silent(&case(1, 8), "O09");
    silent(&case(0, 7), "O09");
    // Another wallet of ours is paid twice.
    let other = |index| case(1, 8).back(1, 0, 5, 2_000).back(1, 0, index, 2_000);
    asks(&other(5), "O09", Place::Output(4));
    assert_eq!(words(&other(5)), "pays the same address as output 3");
    silent(&other(6), "O09");
    // So is one of ours that one output declares and the other does not.
    let script = wsh().coin(1, 7).unwrap().script_pubkey;
    asks(&case(1, 8).pay(script, 2_000), "O09", Place::Output(3));
    // A script without an address; data is told by another rule.
    let bare = ScriptBuf::from_bytes(vec![0xac; 40]);
    asks(&case(1, 8).pay(bare.clone(), 2_000).pay(bare, 2_000), "O09", Place::Output(4));
    let same = ScriptBuf::new_op_return([7; 8]);
    silent(&case(1, 8).pay(same.clone(), 0).pay(same, 0), "O09");
}

/// Two scripts of the same first and last five letters.
pub(crate) fn alike() -> (ScriptBuf, ScriptBuf) {
    let one = ScriptBuf::from([&[0, 20][..], &[7; 20]].concat());
    let other = alike_to(&one);
    (one, other)
}

/// A key hash of the same first and last five letters. A search over 50 bits is too long; so it is made from the
/// other: bech32's checksum is linear, and a change in the middle that it cancels is a solution of a small system,
/// found by joining single changes.
pub(crate) fn alike_to(script: &bitcoin::Script) -> ScriptBuf {
    alike_in(script, 5)
}

/// The same first and at least so many last letters, and the one before them differs.
fn alike_in(script: &bitcoin::Script, letters: usize) -> ScriptBuf {
    let first: [u8; 20] = script.as_bytes()[2..].try_into().unwrap();
    let address = |program: [u8; 20]| {
        let script = ScriptBuf::from([&[0, 20][..], &program].concat());
        (bitcoin::Address::from_script(&script, NETWORK.bitcoin()).unwrap().to_string(), script)
    };
    let tail = |text: &str| {
        let charset = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";
        text[text.len() - letters..]
            .chars()
            .fold(0u32, |sum, c| sum << 5 | u32::try_from(charset.find(c).unwrap()).unwrap())
    };
    let changed = |change: [u8; 20]| {
        let mut program = first;
        program.iter_mut().zip(change).for_each(|(byte, change)| *byte ^= change);
        address(program)
    };
    let zero = tail(&address(first).0);
    // Bits 32 to 120 of the program leave the first letters alone; Gaussian elimination over their effects.
    let mut basis: Vec<(u32, [u8; 20])> = Vec::new();
    for bit in 32..120 {
        let mut change = [0u8; 20];
        change[bit / 8] = 1 << (bit % 8);
        let mut effect = tail(&changed(change).0) ^ zero;
        for (known, with) in &basis {
            if effect ^ known < effect {
                effect ^= known;
                change.iter_mut().zip(with).for_each(|(byte, with)| *byte ^= with);
            }
        }
        if effect == 0 {
            return changed(change).1;
        }
        basis.push((effect, change));
        basis.sort_by_key(|(effect, _)| std::cmp::Reverse(*effect));
    }
    unreachable!("more changes than bits")
}

#[test]
fn x03_messages_are_not_payments() {
    let case = Case::new(vec![wpkh()]).input(0, 0, 3, 10_000);
    let two = case.clone().input(0, 0, 4, 10_000);
    refuses(&two.pay(ScriptBuf::from(vec![0x6a]), 0), "X03", Place::Whole);
    refuses(&case.clone().pay(data(20), 0), "X03", Place::Whole);
    let spend = Case::new(vec![wpkh()]).input(0, 0, 3, 0).pay(data(4), 0);
    refuses(&spend, "X03", Place::Input(0));
    refuses(&spend, "X03", Place::Whole);
    silent(&case.pay(data(20), 0).pay(foreign(1), 9_000), "X03");
}

#[test]
fn p16_p18_p19_passengers_are_shown() {
    let case = simple(wpkh());
    let raw = RawPsbt::from_bytes(&case.bytes());
    let shown = |bytes: Vec<u8>, rule: &str, place: Place| {
        let reviewed = case.review_bytes(bytes).unwrap();
        assert!(
            reviewed.findings().iter().any(|f| (f.rule, f.place, f.action) == (rule, place, Action::Show)),
            "{rule}"
        );
        assert!(strongroom::policy::judge(reviewed, &case.policy()).is_ok());
    };
    shown(raw.clone().with(0, &[0x77], &[1]).to_bytes(), "P16", Place::Whole);
    shown(raw.clone().with(1, &[0x77], &[1]).to_bytes(), "P16", Place::Input(0));
    shown(raw.clone().with(3, &[0x77], &[1]).to_bytes(), "P16", Place::Output(1));
    shown(raw.clone().with(1, &[&[0xfc, 8][..], b"COINKITE", &[0]].concat(), &[1]).to_bytes(), "P18", Place::Input(0));
    for other in [&[0x77][..], &[&[0xfc, 1, 0x35, 0x35][..], b"x"].concat()] {
        let reviewed = case.review_bytes(raw.clone().with(2, other, &[1]).to_bytes()).unwrap();
        assert!(reviewed.findings().iter().all(|finding| finding.rule != "P19"), "{other:?}");
    }
    shown(raw.with(2, &[0x35], b"satoshi@example").to_bytes(), "P19", Place::Output(0));
    for rule in ["P16", "P18", "P19"] {
        silent(&case, rule);
    }
    assert_eq!(case.psbt.unsigned_tx.output[0].value, Amount::from_sat(6_000_000));
}
