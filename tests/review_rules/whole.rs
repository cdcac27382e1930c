//! The review as a whole: digest, words, JSON, verdict.

use bitcoin::EcdsaSighashType;
use strongroom::{
    digest::Tagged,
    policy::{Policy, judge},
    psbt::Place,
    review::{Action, Finding, LINES, PlannedKey, WIDTH, pages, to_json},
};

use crate::{refuses, transactions::*};

#[test]
fn the_digest_is_that_of_the_custody_page() {
    let case = double(wsh()).with_in(1, |map| map.non_witness_utxo = None).with(|case| {
        case.policy = "[allow]\nunproven_amounts = true\n[caps]\nfee_notice_sat = 1_000\n".to_owned();
    });
    let cleared = case.judge().ok().unwrap();
    let wallet = wsh();
    let bytes = case.bytes();
    let mut hash = Tagged::new("strongroom/review/1")
        .bytes(&[3; 32])
        .bytes(&bitcoin::consensus::serialize(&case.psbt.unsigned_tx))
        .u32(2);
    for (index, sat, proof) in [(3, 6_000_000, 2), (4, 5_000_000, 0)] {
        let coin = wallet.coin(0, index).unwrap();
        hash = hash
            .bytes(b"wsh")
            .u64(sat)
            .bytes(coin.script_pubkey.as_bytes())
            .u32(0)
            .u32(index)
            .u8(proof)
            .bytes(b"")
            .u32(1)
            .bytes(&coin.keys[0]);
    }
    hash = hash.u32(2);
    hash = hash.u8(0).bytes(b"").u32(u32::MAX).u32(u32::MAX);
    hash = hash.u8(1).bytes(b"wsh").u32(1).u32(7);
    hash = hash.u32(2);
    hash = hash.bytes(b"M04").u8(0).u32(u32::MAX);
    hash = hash.bytes(b"U06").u8(1).u32(1);
    let expected = hash.bytes(&strongroom::digest::sha256(&bytes)).finish();
    assert_eq!(cleared.digest().0, expected);
    // Order and repetition of what was acknowledged do not matter; what it is does.
    let named = [("U06", Place::Input(1)), ("M04", Place::Whole), ("U06", Place::Input(1))];
    assert_eq!(cleared.reviewed().digest(&named).0, expected);
    assert_ne!(cleared.reviewed().digest(&named[..1]).0, expected);
    assert_ne!(cleared.reviewed().digest(&[("U06", Place::Output(1)), ("M04", Place::Whole)]).0, expected);
}

#[test]
fn the_digest_is_bound_to_every_byte() {
    let digest = |case: &Case| case.judge().ok().unwrap().digest();
    let base = digest(&double(wsh()));
    assert_eq!(digest(&double(wsh())), base);
    let fingerprint = double(wsh()).with_in(0, |map| {
        map.bip32_derivation.values_mut().last().unwrap().0 = bitcoin::bip32::Fingerprint::from([0; 4]);
    });
    assert_ne!(digest(&fingerprint), base);
    assert_ne!(digest(&double(wsh()).signed(0, 1, EcdsaSighashType::All)), base);
    assert_ne!(digest(&double(wsh()).with_tx(|tx| tx.output[0].script_pubkey = foreign(2))), base);
}

#[test]
fn taproot_keys_are_x_only_in_the_facts() {
    let reviewed = double(tr()).review();
    for (input, planned) in reviewed.facts().inputs.iter().zip(reviewed.plan()) {
        assert_eq!(input.signing, [planned.keys[0].public[1..].to_vec()]);
    }
}

#[test]
fn the_plan_signs_with_our_key_and_nothing_else() {
    let reviewed = double(wsh()).review();
    for (planned, index) in reviewed.plan().iter().zip([3, 4]) {
        let public = wsh().coin(0, index).unwrap().keys[0];
        assert_eq!(planned.keys, [PlannedKey { wallet_key: 0, public }]);
        assert_eq!((planned.wallet, planned.branch, planned.index), (0, 0, index));
    }
    let both = wallet_of_two();
    assert_eq!(double(both.clone()).review().plan()[0].keys.len(), 2);
    // No more than are needed.
    assert_eq!(double(both).signed(0, 2, EcdsaSighashType::All).review().plan()[0].keys.len(), 1);
}

/// 2 of 3, of which two keys are ours.
fn wallet_of_two() -> strongroom::wallet::Wallet {
    strongroom::wallet::Wallet::read("two".parse().unwrap(), wsh().descriptor(), NETWORK, &[0, 1]).unwrap()
}

#[test]
fn any_refusal_stops_the_whole() {
    let case = double(wsh()).with_in(1, |map| map.sighash_type = Some(bitcoin::psbt::PsbtSighashType::from_u32(2)));
    refuses(&case, "H01", Place::Input(1));
    let all = "[allow]\nforeign_inputs = true\nunproven_amounts = true\nmixed_wallets = true\nmore_signatures = true\n\
               op_return_value = true\n";
    assert!(case.with(|case| case.policy = all.to_owned()).judge().is_err());
}

#[test]
fn a_review_under_other_caps_is_no_review() {
    let other = Policy::read("[caps]\nfee_refuse_sat = 90_000_000\n").unwrap();
    let refused = judge(double(wsh()).review(), &other).err().unwrap();
    assert_eq!(refused.reasons.iter().map(|reason| reason.rule).collect::<Vec<_>>(), ["G01"]);
}

#[test]
fn warnings_are_sorted_and_named_once() {
    let case = double(wsh())
        .with_in(1, |map| map.non_witness_utxo = None)
        .with_in(0, |map| map.non_witness_utxo = None)
        .with_tx(|tx| {
            tx.input.iter_mut().for_each(|input| input.sequence = bitcoin::Sequence(1_000));
        })
        .allow("unproven_amounts");
    let cleared = case.judge().ok().unwrap();
    let named: Vec<_> = cleared.warnings().iter().map(|warning| (warning.rule, warning.place_words())).collect();
    let both = || "inputs 0 and 1".to_owned();
    assert_eq!(named, [("L03", both()), ("U06", both())]);
    let names: Vec<_> = cleared.warnings().iter().flat_map(Finding::names).collect();
    let (zero, one) = (Place::Input(0), Place::Input(1));
    assert_eq!(names, [("L03", zero), ("L03", one), ("U06", zero), ("U06", one)]);
    assert!(cleared.warnings().iter().all(|warning| warning.action == Action::Acknowledge));
}

fn text(case: &Case) -> Vec<strongroom::review::Page> {
    match case.judge() {
        Ok(cleared) => pages(cleared.reviewed(), cleared.verdict()),
        Err(refused) => pages(&refused.reviewed, refused.verdict()),
    }
}

#[test]
fn pages_fit_the_console_and_hide_nothing() {
    let mut cases: Vec<Case> = kinds().into_iter().map(double).collect();
    let mut many = Case::new(vec![wpkh()]);
    for index in 0..40 {
        many = many.input(0, 0, index, 1_000_000);
    }
    for number in 0..40 {
        many = many.pay(foreign(number), 900_000);
    }
    cases.push(many.pay(bitcoin::ScriptBuf::from([&[0x6a, 0x4d, 0x10, 0x27][..], &[0x1b; 10_000]].concat()), 0));
    cases.push(double(wsh()).foreign_input(5).with_in(2, |map| map.witness_utxo = None));
    for case in &cases {
        let pages = text(case);
        for page in &pages {
            assert!(page.lines.len() <= LINES && page.title.chars().count() <= WIDTH, "{page:#?}");
            for line in &page.lines {
                assert!(line.chars().count() <= WIDTH, "{line:?}");
                assert!(line.chars().all(|c| c.is_ascii_graphic() || c == ' ' || c == '…'), "{line:?}");
            }
        }
        let all: String = pages.iter().flat_map(|page| &page.lines).cloned().collect::<String>().replace(' ', "");
        for output in &case.review().facts().outputs {
            let what = output.address.clone().unwrap_or(output.output.script_pubkey.to_hex_string());
            assert!(all.contains(&what), "{what}");
            assert!(all.contains(&strongroom::text::amount(output.output.value.to_sat()).replace(' ', "")));
        }
        for input in &case.review().facts().inputs {
            assert!(all.contains(&format!("{}output{}", input.outpoint.txid, input.outpoint.vout)));
        }
    }
}

#[test]
fn the_first_page_says_what_happens() {
    let pages = text(&double(wsh()));
    assert_eq!(pages[0].title, "WHAT THIS TRANSACTION DOES");
    let all = pages[0].lines.join("\n");
    for part in [
        "network     regtest (test coins)",
        "wallet      wsh: wsh, 2 of 3, sorted #",
        "warnings    none: no rule asks for an acknowledgement",
        "you send      0.07000000 BTC ( 7 000 000 sat)",
        "fee         + 0.00010000 BTC (    10 000 sat)",
        "leaves      = 0.07010000 BTC ( 7 010 000 sat)",
        "change      + 0.03990000 BTC ( 3 990 000 sat)",
        "to yourself + 0.00000000 BTC (         0 sat)",
        "all inputs  = 0.11000000 BTC (11 000 000 sat)",
        "inputs      2 ours, 0 foreign",
        "outputs     1 EXTERNAL, 1 CHANGE",
    ] {
        assert!(all.contains(part), "{part} is not in\n{all}");
    }
    assert_eq!(pages[1].title, "OUTPUTS (2)");
    assert!(pages[1].lines.iter().any(|line| line.contains("derived from wallet wsh at /1/7")));
}

#[test]
fn tampering_has_a_page_of_its_own() {
    let case = double(wsh()).with_in(0, |map| map.witness_utxo.as_mut().unwrap().value = bitcoin::Amount::from_sat(1));
    let pages = text(&case);
    assert_eq!(pages[0].title, "SOMEONE TAMPERED WITH THIS TRANSACTION");
    assert!(pages[0].lines.iter().any(|line| line.starts_with("U03  input 0: ")));
    assert!(text(&double(wsh())).iter().all(|page| !page.title.contains("TAMPERED")));
    let mistake = double(wsh()).with_tx(|tx| tx.output[0].value = bitcoin::Amount::from_sat(2_000_000_000));
    assert!(text(&mistake)[0].title.starts_with("REFUSED"));
}

#[test]
fn json_says_the_same() {
    let case = double(wsh()).with_in(1, |map| map.non_witness_utxo = None);
    let refused = case.judge().err().unwrap();
    let json = to_json(&refused.reviewed, refused.verdict());
    assert_eq!(json["verdict"], "refused");
    assert_eq!(json["refused_by"], serde_json::json!(["U06"]));
    assert_eq!(json["review"], serde_json::Value::Null);
    let cleared = case.allow("unproven_amounts").judge().ok().unwrap();
    let json = to_json(cleared.reviewed(), cleared.verdict());
    assert_eq!(json["verdict"], "cleared");
    assert_eq!(json["review"], cleared.digest().to_string());
    assert_eq!(json["totals"]["fee_sat"], 10_000);
    assert_eq!(json["inputs"][1]["proof"], "claimed");
    assert_eq!(json["outputs"][1]["class"], "change");
    assert_eq!(json["outputs"][1]["ours"], serde_json::json!({"wallet": "wsh", "branch": 1, "index": 7}));
    let one = serde_json::json!({"rule": "U06", "place": {"scope": "input", "index": 1}, "covers": []});
    assert_eq!(json["acknowledge"], serde_json::json!([one]));
    strongroom::canon::document(&json).unwrap();
    // Amounts that cannot be are strings.
    let odd = double(wsh()).with_tx(|tx| tx.output[0].value = bitcoin::Amount::from_sat(u64::MAX));
    let refused = odd.judge().err().unwrap();
    let json = to_json(&refused.reviewed, refused.verdict());
    assert_eq!(json["outputs"][0]["amount_sat"], "18446744073709551615");
    strongroom::canon::document(&json).unwrap();
}

/// All lines of the pages in one, without their breaks.
fn flowing(case: &Case) -> String {
    let pages = text(case);
    let lines: Vec<&str> = pages.iter().flat_map(|page| &page.lines).map(|line| line.trim()).collect();
    lines.join(" ")
}

#[test]
fn what_leaves_is_told_with_its_size() {
    // A pair of a signature: lengths, type, key, signature.
    for (wallet, signatures, each) in [(wsh(), 2, 2 + 34 + 71), (tr(), 2, 2 + 1 + 64), (pkh(), 2, 2 + 34 + 71)] {
        let case = double(wallet);
        let full = strongroom::text::grouped_number((case.bytes().len() + signatures * each) as u64);
        let told = flowing(&case);
        assert!(told.contains(&format!("these signatures added, {full} bytes at most; or trimmed")), "{told}");
    }
}

#[test]
fn taproots_default_is_called_so() {
    assert!(flowing(&double(tr())).contains("DEFAULT for every input, which covers what ALL does"));
    assert!(flowing(&double(wsh())).contains("sighash     ALL for every input: the"));
    let explicit = |case: Case, input| {
        case.with_in(input, |map| map.sighash_type = Some(bitcoin::psbt::PsbtSighashType::from_u32(1)))
    };
    assert!(flowing(&explicit(double(tr()), 0)).contains("ALL for every input, or taproot's DEFAULT"));
    assert!(flowing(&explicit(explicit(double(tr()), 0), 1)).contains("sighash     ALL for every input: the"));
}

#[test]
fn the_highest_index_is_that_of_what_was_signed_or_is_spent() {
    let case = double(wsh());
    let fresh = "of the coins that are spent, 4; nothing of this wallet was signed before";
    assert!(flowing(&case).contains(&format!("3 above the highest index {fresh}")));
    let signed = |index| case.clone().with(|case| case.highest.extend([(("wsh".to_owned(), 1), index)]));
    assert!(flowing(&signed(5)).contains("2 above the highest index seen, 5"));
    assert!(flowing(&signed(7)).contains("not above the highest index seen"));
    assert!(!flowing(&signed(7)).contains("signed before:"));
    let other = Case::new(vec![wsh(), wpkh()]).input(0, 0, 3, 500_000).back(1, 0, 2, 490_000);
    assert!(flowing(&other).contains("nothing of this wallet was signed before: no index to compare it with"));
}

#[test]
fn destinations_of_the_policy_stand_by_their_addresses() {
    let address = |script: &bitcoin::Script| bitcoin::Address::from_script(script, bitcoin::Network::Regtest).unwrap();
    let named = |case: Case| {
        case.with(|case| {
            case.policy = format!(
                "[destinations]\nexchange = [\"{}\"]\nrent = [\"{}\"]\n",
                address(&foreign(1)),
                address(&foreign(2))
            );
        })
    };
    let case = named(simple(wpkh()).pay(foreign(3), 1_000));
    let told = flowing(&case);
    assert_eq!(told.matches("destination exchange, by the policy").count(), 1, "{told}");
    assert!(!told.contains("rent, by the policy"));
    let cleared = case.judge().ok().unwrap();
    let json = to_json(cleared.reviewed(), cleared.verdict());
    let names: Vec<&serde_json::Value> =
        json["outputs"].as_array().unwrap().iter().map(|output| &output["destinations"]).collect();
    assert_eq!(names, [&serde_json::json!(["exchange"]), &serde_json::json!([]), &serde_json::json!([])]);
    assert!(!flowing(&simple(wpkh())).contains("by the policy"));
}

#[test]
fn a_wallet_of_miniscript_has_its_quorum_in_the_heading() {
    let told = |template: &str| flowing(&simple(scripts(template, &[0])));
    assert!(told(F9).contains("scripts: miniscript in wsh, 2 of keys 1, 2; 1 other way"));
    assert!(told(F8).contains("scripts: taproot with leaves, key 1; 2 other ways"));
    assert!(flowing(&simple(wsh())).contains("wsh: wsh, 2 of 3, sorted #"));
}
