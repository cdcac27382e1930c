//! What is one decision is acknowledged once, and covers the places that it names and no other.

use bitcoin::{Sequence, absolute::LockTime};
use strongroom::{
    policy::Cleared,
    psbt::Place,
    review::{Finding, pages, to_json},
};

use crate::{asks, transactions::*};

/// Another account than that of the sample wallets.
const OTHER: [u32; 4] = [48 | 1 << 31, 1 | 1 << 31, 9 | 1 << 31, 2 | 1 << 31];

fn cleared(case: &Case) -> Cleared {
    case.judge().unwrap_or_else(|refused| panic!("{:#?}", refused.reasons))
}

/// The warnings of a rule: their places and words.
fn warnings(case: &Case, rule: &str) -> Vec<(String, String)> {
    let cleared = cleared(case);
    let of_rule = cleared.warnings().iter().filter(|warning| warning.rule == rule);
    of_rule.map(|warning| (warning.place_words(), warning.text.clone())).collect()
}

#[track_caller]
fn together(case: &Case, rule: &str, expected: &[(&str, &str)]) {
    let found = warnings(case, rule);
    let found: Vec<(&str, &str)> = found.iter().map(|(place, text)| (place.as_str(), text.as_str())).collect();
    assert_eq!(found, expected);
}

/// So many coins of one wallet, all of which change to the first output.
fn many(wallet: strongroom::wallet::Wallet, inputs: u32) -> Case {
    let case = (0..inputs).fold(Case::new(vec![wallet]), |case, index| case.input(0, 0, index, 1_000_000));
    let sum = u64::from(inputs) * 1_000_000;
    case.pay(foreign(1), sum / 2).back(0, 1, 7, sum / 2 - u64::from(inputs) * 1_500)
}

fn sequence(case: Case, inputs: std::ops::Range<usize>, sequence: u32) -> Case {
    case.with_tx(|tx| tx.input[inputs].iter_mut().for_each(|input| input.sequence = Sequence(sequence)))
}

#[test]
fn six_hundred_coins_on_a_recovery_path_are_one_acknowledgement() {
    let case = sequence(many(scripts(F9, &[2]), 600), 0..600, 52_560);
    let text = "spend coins of wallet `scripts` by the recovery path, after 52 560 blocks: key 3";
    together(&case, "L05", &[("inputs 0 to 599", text)]);
    let cleared = cleared(&case);
    let [warning] = cleared.warnings() else { panic!("{:#?}", cleared.warnings()) };
    // The digest has every input, and none of them can be left out.
    let names: Vec<(&str, Place)> = (0..600).map(|input| ("L05", Place::Input(input))).collect();
    assert!(warning.names().eq(names.iter().copied()));
    let digest = |names: &[(&'static str, Place)]| cleared.reviewed().digest(names);
    assert_eq!(digest(&names), cleared.digest());
    assert_ne!(digest(&names[..599]), cleared.digest());
    assert_ne!(digest(&names[1..]), cleared.digest());
    let pages = pages(cleared.reviewed(), cleared.verdict());
    assert!(pages[0].lines.concat().starts_with("L05  inputs 0 to 599: spend coins"));
    // Each input's page still says its own.
    let whole: String = pages.iter().flat_map(|page| &page.lines).map(|line| line.trim_start()).collect();
    assert_eq!(whole.matches("WARNING L05: spends by the recovery").count(), 600);
    let json = to_json(cleared.reviewed(), cleared.verdict());
    assert_eq!(json["acknowledge"][0]["covers"].as_array().unwrap().len(), 600);
    assert_eq!(json["acknowledge"][0]["covers"][599]["place"]["index"], 599);
}

#[test]
fn two_paths_are_two_acknowledgements() {
    let two = "wsh(andor(pk(@0),older(144),or_i(and_v(v:pkh(@1),older(1000)),and_v(v:pkh(@2),older(2000)))))";
    let case = sequence(sequence(many(scripts(two, &[0, 1, 2]), 5), 0..5, 1000), 3..5, 2000);
    let first = "spend coins of wallet `scripts` by the recovery path, after 1 000 blocks: key 2";
    let second = "spend coins of wallet `scripts` by the recovery path, after 2 000 blocks: key 3";
    together(&case, "L05", &[("inputs 0 to 2", first), ("inputs 3 and 4", second)]);
    let all = cleared(&case).warnings().iter().flat_map(Finding::names).count();
    assert_eq!(all, 5);
    // One of them alone is told as one.
    let case = sequence(sequence(many(scripts(two, &[0, 1, 2]), 3), 0..1, 1000), 1..3, 144);
    together(&case, "L05", &[("input 0", "spends by the recovery path, after 1 000 blocks: key 2")]);
    // The same path of another wallet is another decision.
    let other = wallet_of("other", F9, &OTHER, &[2]);
    let case = Case::new(vec![scripts(F9, &[2]), other]).input(0, 0, 1, 500_000).input(1, 0, 1, 500_000);
    let case = sequence(case.pay(foreign(1), 990_000).allow("mixed_wallets"), 0..2, 52_560);
    let places: Vec<String> = warnings(&case, "L05").into_iter().map(|(place, _)| place).collect();
    assert_eq!(places, ["input 0", "input 1"]);
}

#[test]
fn locks_are_together_by_what_they_demand() {
    let case = sequence(sequence(many(wsh(), 5), 0..5, 1000), 4..5, 2000);
    let said = |blocks: &str| format!("must each be {blocks} old before they can be spent so");
    let first = said("1 000 blocks (about 7 days)");
    let second = "must be 2 000 blocks (about 14 days) old before it can be spent so";
    together(&case, "L03", &[("inputs 0 to 3", &first), ("input 4", second)]);
    let demanding = |case: Case, input: usize, height: u32| {
        case.bent(move |raw| raw.with(1 + input, &[0x12], &height.to_le_bytes()))
    };
    let case = many(wsh(), 4).with_tx(|tx| {
        tx.lock_time = LockTime::from_consensus(900_000);
        tx.input[..3].iter_mut().for_each(|input| input.sequence = Sequence::MAX);
    });
    let case = demanding(demanding(demanding(case.of_version_2(), 0, 900_000), 1, 900_000), 2, 800_000);
    let places: Vec<String> = warnings(&case, "L08").into_iter().map(|(place, _)| place).collect();
    assert_eq!(places, ["inputs 0 and 1", "input 2"]);
}

#[test]
fn coins_whose_amounts_are_claimed_are_one_decision() {
    let mut case = many(wsh(), 4).allow("unproven_amounts");
    for input in [0, 1, 3] {
        case = case.with_in(input, |map| map.non_witness_utxo = None);
    }
    let text = "the amounts of these coins are only claimed: the fee may be as high as all our inputs together";
    together(&case, "U06", &[("inputs 0, 1 and 3", text)]);
    // That these are claims is asked by no other rule.
    assert_eq!(cleared(&case).warnings().len(), 1);
}

#[test]
fn coins_of_others_are_one_decision() {
    let case = many(wsh(), 1).foreign_input(5_000).foreign_input(6_000).allow("foreign_inputs");
    together(&case, "I09", &[("inputs 1 and 2", "no coins of any registered wallet")]);
}

#[test]
fn keys_of_one_stranger_are_one_decision() {
    let stranger = |case: Case, input: usize, account: u32| {
        let steps = [48 | 1 << 31, 1 << 31, account | 1 << 31, 2 | 1 << 31, 0, u32::try_from(input).unwrap()];
        let key =
            bitcoin::secp256k1::PublicKey::from_secret_key(&bitcoin::secp256k1::Secp256k1::new(), &secret(7, &steps));
        case.with_in(input, |map| drop(map.bip32_derivation.insert(key, (fingerprint(7).into(), path(&steps)))))
    };
    let case = stranger(stranger(stranger(many(wsh(), 4), 0, 0), 1, 0), 3, 5);
    let found = warnings(&case, "I13");
    let places: Vec<&str> = found.iter().map(|(place, _)| place.as_str()).collect();
    assert_eq!(places, ["inputs 0 and 1", "input 3"]);
    assert!(found[0].1.ends_with("/48h/0h/0h/2h]") && found[1].1.ends_with("/48h/0h/5h/2h/0/3]"), "{found:?}");
    // The whole path of each stands at its input.
    let findings = case.findings();
    let covers = &findings.iter().find(|finding| finding.rule == "I13").unwrap().covers;
    assert!(covers[1].1.ends_with("/48h/0h/0h/2h/0/1]"), "{covers:?}");
}

#[test]
fn keys_of_fourteen_hundred_strangers_are_one_decision_that_names_every_place() {
    const INPUTS: u32 = 1_400;
    let case = many(wpkh(), INPUTS).with(|case| {
        let secp = bitcoin::secp256k1::Secp256k1::new();
        for (map, account) in case.psbt.inputs.iter_mut().zip(0..) {
            let key = secret(7, &[account]).public_key(&secp);
            map.bip32_derivation
                .insert(key, (fingerprint(7).into(), path(&[84 | HARD, 1 | HARD, account | HARD, 0, 5])));
        }
    });
    let cleared = cleared(&case);
    let [warning] = cleared.warnings() else { panic!("{} warnings", cleared.warnings().len()) };
    assert_eq!((warning.rule, warning.place_words().as_str()), ("I13", "inputs 0 to 1399"));
    let first = "/84h/1h/0h/0/5]";
    assert!(warning.text.starts_with("1 400 different ones, each told with its input; the first: 1 key record that"));
    assert!(warning.text.ends_with(first), "{}", warning.text);
    // The ballot is bound to each of them, and each stands on its input's page with its whole path.
    assert!(warning.names().eq((0..INPUTS).map(|input| ("I13", Place::Input(input)))));
    let whole: String =
        pages(cleared.reviewed(), cleared.verdict()).iter().flat_map(|page| page.lines.clone()).collect();
    let whole = whole.replace(' ', "");
    for account in 0..INPUTS {
        assert!(whole.contains(&format!("/84h/1h/{account}h/0/5]")), "{account}");
    }
    // And among the warnings, each with its input.
    let told = warned(&cleared);
    for input in 0..INPUTS {
        assert!(told.contains(&format!(" input {input}: 1 key record that")), "{input}");
        assert!(told.replace(' ', "").contains(&format!("/84h/1h/{input}h/0/5]")), "{input}");
    }
    // As many as people weigh stay a decision each.
    let few = |most: usize| {
        case.clone().with(|case| {
            case.psbt.inputs.iter_mut().skip(most).for_each(|map| {
                map.bip32_derivation.retain(|_, (print, _)| print.to_bytes() != fingerprint(7));
            })
        })
    };
    assert_eq!(warnings(&few(8), "I13").len(), 8);
    assert_eq!(warnings(&few(9), "I13").len(), 1);
}

/// The chapter of warnings as one line.
fn warned(cleared: &Cleared) -> String {
    let pages = pages(cleared.reviewed(), cleared.verdict());
    let lines = pages.iter().filter(|page| page.title.starts_with("WARNINGS")).flat_map(|page| &page.lines);
    let words: Vec<&str> = lines.flat_map(|line| line.split_whitespace()).collect();
    words.join(" ")
}

#[test]
fn nothing_hides_behind_the_first_of_many_decisions() {
    let odd = |byte: u8| bitcoin::ScriptBuf::from(vec![0x52, 0x87, byte]);
    let case = (1..=9).fold(many(wpkh(), 30), |case, byte| case.pay(odd(byte), 1_000));
    let first = case.psbt.unsigned_tx.output.iter().position(|output| output.script_pubkey == odd(1)).unwrap();
    let case = (1..=9).fold(case, |case, byte| case.pay(odd(byte), 2_000));
    let cleared = cleared(&case);
    let told = warned(&cleared);
    assert!(told.contains("9 different ones, each told with its output; the first: pays the same script as"), "{told}");
    for number in first..first + 9 {
        let sentence = format!(" output {}: pays the same script as output {number}", number + 9);
        assert_eq!(told.matches(&sentence).count(), 1, "{sentence}\n{told}");
    }
    assert!(told.contains("what to do: ask whether two payments are meant"), "{told}");
}

#[test]
fn scripts_and_data_of_one_sort_are_one_decision() {
    let program = |version: u8, byte: u8| bitcoin::ScriptBuf::from([&[version, 32][..], &[byte; 32]].concat());
    let data = |byte: u8| bitcoin::ScriptBuf::from([&[0x6a, 0x4c, 90][..], &[byte; 90]].concat());
    let odd = |byte: u8| bitcoin::ScriptBuf::from(vec![0x52, 0x87, byte]);
    let bare = |byte: u8| {
        let key = secret(8, &[u32::from(byte)]).public_key(&bitcoin::secp256k1::Secp256k1::new());
        bitcoin::ScriptBuf::new_p2pk(&key.into())
    };
    // No point has this x.
    let nowhere = program(0x51, 0xff);
    let case =
        [program(0x52, 1), program(0x52, 2), program(0x53, 1), odd(1), bare(1), odd(2), bare(2), nowhere.clone()]
            .into_iter()
            .fold(many(wpkh(), 1), |case, script| case.pay(script, 1_000))
            .pay(nowhere, 2_000)
            .pay(data(1), 0)
            .pay(data(2), 0)
            .with_tx(|tx| tx.output[0].value -= bitcoin::Amount::from_sat(50_000));
    let says =
        |version: u8| format!("witness version {version} with 32 bytes has no rules yet: anyone may be able to spend");
    together(
        &case,
        "O05",
        &[("outputs 2 and 3", &format!("{} them", says(2))), ("output 4", &format!("{} it", says(3)))],
    );
    together(
        &case,
        "O04",
        &[("outputs 5 and 7", "scripts without an address"), ("outputs 6 and 8", "bare public keys")],
    );
    together(&case, "O06", &[("outputs 9 and 10", "taproot output keys that are no points: nobody can spend them")]);
    let most = warnings(&case, "O03");
    assert_eq!(most[1].0, "outputs 11 and 12");
    assert_eq!(most[1].1, "carry data, each more than 83 bytes in all");
}

#[test]
fn amounts_that_one_line_has_false_are_one_decision() {
    let case = many(wsh(), 4);
    let mut lie = case.remembered(7, true);
    lie.inputs.iter_mut().take(3).for_each(|(_, amount)| *amount += 1);
    let mut other = case.remembered(9, true);
    other.inputs[3].1 += 1;
    let case = case.after([lie, other]);
    let found = warnings(&case, "U07");
    let places: Vec<&str> = found.iter().map(|(place, _)| place.as_str()).collect();
    assert_eq!(places, ["inputs 0 to 2", "input 3"]);
    assert!(found[0].1.contains("line 7 of the journal (signed)"), "{found:?}");
}

#[test]
fn signatures_that_nobody_needs_are_one_decision() {
    let all = bitcoin::EcdsaSighashType::All;
    let case = many(wsh(), 3).allow("more_signatures");
    let case = case.signed(0, 1, all).signed(0, 2, all).signed(2, 1, all).signed(2, 2, all);
    together(&case, "I22", &[("inputs 0 and 2", "have all 2 signatures that each needs")]);
}

#[test]
fn outputs_are_together_by_what_is_wrong_with_them() {
    let far = many(wsh(), 1).with_tx(|tx| tx.output.truncate(1)).with(|case| case.psbt.outputs.truncate(1));
    let far = far.back(0, 1, 1_300, 5_000).back(0, 1, 1_301, 5_000).back(0, 1, 1_000, 480_000);
    together(
        &far,
        "C05",
        &[(
            "outputs 1 and 2",
            "are at indices of wallet `wsh` that are more than 1 000 above 0, and nothing of this wallet was signed before",
        )],
    );
    let small = many(wsh(), 1).pay(foreign(2), 100).pay(foreign(3), 0).pay(foreign(4), 200).pay(foreign(5), 0);
    together(&small, "O07", &[("outputs 2 and 4", "are dust below 294 sat: nodes do not relay it")]);
    together(&small, "O08", &[("outputs 3 and 5", "pay nothing")]);
    let none = many(wsh(), 1).back(0, 1, 8, 0).back(0, 0, 9, 0);
    together(&none, "C10", &[("outputs 2 and 3", "return nothing to wallet `wsh`")]);
    let same = many(wsh(), 1).pay(foreign(2), 300).pay(foreign(1), 300).pay(foreign(2), 300).pay(foreign(1), 300);
    together(
        &same,
        "O09",
        &[("outputs 3 and 5", "pay the same address as output 0"), ("output 4", "pays the same address as output 2")],
    );
    let ours = |index| wsh().coin(0, index).unwrap().script_pubkey;
    let undeclared = many(wsh(), 1).pay(ours(1), 400).pay(ours(0), 400).pay(ours(2), 400);
    together(
        &undeclared,
        "C01",
        &[("outputs 2 and 4", "addresses of ours that are not declared, of wallet `wsh`; they count as external")],
    );
    asks(&undeclared, "I25", Place::Output(3));
}
