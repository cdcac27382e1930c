//! The review as people see it: golden screens, and what every review's pages have, whatever its transaction.
//!
//! A golden screen that is to change is written anew by `STRONGROOM_SCREENS=write cargo test --test review-rules
//! screens::`, and read before it is committed.

use std::{collections::BTreeSet, fs, path::Path};

use bitcoin::{Amount, EcdsaSighashType, ScriptBuf, Sequence};
use proptest::prelude::*;
use strongroom::{
    review::{Approvals, Book, Class, Facts, Page, Transport, WIDTH, alarm, book, pages as plain, signed, to_json},
    text::{Room, amount, in_fours, in_rows},
};

use crate::transactions::*;

/// The book of a case.
fn written(case: &Case) -> Book {
    let given = ["alice".parse().unwrap()];
    let approvals = Approvals { given: &given, needed: 2, custodians: 3 };
    match case.judge() {
        Ok(cleared) => book(cleared.reviewed(), cleared.verdict(), Some(&approvals), None),
        Err(refused) => book(&refused.reviewed, refused.verdict(), Some(&approvals), None),
    }
}

fn pages(case: &Case, lines: usize, columns: usize) -> Vec<Page> {
    written(case).pages(Room { lines, columns })
}

fn data(bytes: &[u8]) -> ScriptBuf {
    let length = u16::try_from(bytes.len()).unwrap().to_le_bytes();
    ScriptBuf::from([&[0x6a, 0x4d][..], &length, bytes].concat())
}

/// Pages as a console of 80 by 24 shows them.
#[track_caller]
fn golden(name: &str, pages: &[Page]) {
    let mut text = String::new();
    for page in pages {
        text.push_str(&format!("== {}\n{}\n\n", page.title, page.lines.join("\n")));
    }
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/screens").join(format!("{name}.txt"));
    if std::env::var_os("STRONGROOM_SCREENS").is_some() {
        fs::write(&file, &text).unwrap();
    }
    let kept = fs::read_to_string(&file).unwrap_or_default();
    assert!(kept == text, "{} is to be:\n{text}", file.display());
}

/// A PSBT that a camera saw; a code of the answer holds 100 bytes.
fn transport() -> Transport {
    Transport {
        came: "by camera: UR in 12 parts".to_owned(),
        format: "UR",
        codes: Box::new(|answer| u32::try_from(answer.len().div_ceil(100)).ok()),
    }
}

#[test]
fn how_the_psbt_came_and_the_answer_goes_is_shown_and_nothing_else_depends_on_it() {
    let room = Room { lines: 1_000, columns: 1_000 };
    let lines = |case: &Case, transport: Option<&Transport>| -> Vec<String> {
        let pages = match case.judge() {
            Ok(cleared) => book(cleared.reviewed(), cleared.verdict(), None, transport).pages(room),
            Err(refused) => book(&refused.reviewed, refused.verdict(), None, transport).pages(room),
        };
        pages.into_iter().flat_map(|page| page.lines).collect()
    };
    let case = double(wsh());
    let (without, with) = (lines(&case, None), lines(&case, Some(&transport())));
    let new: Vec<&String> = with.iter().filter(|line| !without.contains(line)).collect();
    let trimmed = "trimmed, the transaction and the signatures alone, 393 bytes at most";
    assert_eq!(new.len(), 2, "{new:#?}");
    assert!(new[0].starts_with("  returned ") && new[0].ends_with(&format!("{trimmed}: 4 codes (UR, normal density)")));
    assert_eq!(new[1], "  came        by camera: UR in 12 parts");
    let gone: Vec<&String> = without.iter().filter(|line| !with.contains(line)).collect();
    assert!(gone.len() == 1 && gone[0].ends_with(trimmed), "{gone:#?}");
    // What nobody can show as codes has no number of them, and what is refused comes back in none.
    let nothing = Transport { codes: Box::new(|_| None), ..transport() };
    assert!(lines(&case, Some(&nothing)).iter().any(|line| line.ends_with(trimmed)));
    let refused = lines(&case.clone().with_in(1, |map| map.non_witness_utxo = None), Some(&transport()));
    assert!(refused.contains(new[1]) && !refused.iter().any(|line| line.contains("4 codes")));
    // Who is told nothing of it compares the same words.
    let cleared = case.judge().ok().unwrap();
    let plain: Vec<String> = plain(cleared.reviewed(), cleared.verdict()).into_iter().flat_map(|p| p.lines).collect();
    for row in in_rows(&cleared.digest().words(8)) {
        assert!(plain.iter().any(|line| line.ends_with(&row)) && with.iter().any(|line| line.ends_with(&row)));
    }
}

/// Two addresses that begin and end alike, and one twice.
fn look_alike() -> Case {
    let (one, other) = crate::outputs::alike();
    simple(wpkh()).pay(one.clone(), 500_000).pay(other, 500_000).pay(one, 300_000).with_tx(|tx| {
        tx.output[1].value = Amount::from_sat(2_690_000);
    })
}

#[test]
fn an_ordinary_payment() {
    golden("payment", &pages(&simple(wpkh()), 20, WIDTH));
}

#[test]
fn a_payment_of_two_of_three_with_a_signature_there() {
    golden("two-of-three", &pages(&double(wsh()).signed(0, 1, EcdsaSighashType::All), 20, WIDTH));
}

#[test]
fn warnings_come_before_amounts_and_claims_are_called_so() {
    let case = double(wsh())
        .with_in(1, |map| map.non_witness_utxo = None)
        .with_tx(|tx| tx.input[0].sequence = Sequence(4_000))
        .allow("unproven_amounts");
    let pages = pages(&case, 20, WIDTH);
    golden("warnings", &pages);
    let titles: Vec<&str> = pages.iter().map(|page| page.title.as_str()).collect();
    assert!(titles[0].starts_with("WARNINGS: 2 ") && titles[1] == "WHAT THIS TRANSACTION DOES", "{titles:?}");
}

#[test]
fn warnings_come_in_the_order_of_their_rules() {
    // One at an input, and one at an output.
    let case = look_alike().with_in(0, |map| map.non_witness_utxo = None).allow("unproven_amounts");
    let cleared = case.judge().ok().unwrap();
    let rules: Vec<&str> = cleared.warnings().iter().map(|warning| warning.rule).collect();
    assert_eq!(rules, ["O09", "U06"]);
}

#[test]
fn addresses_that_look_alike_or_stand_twice_are_pointed_out() {
    let pages = pages(&look_alike(), 20, WIDTH);
    golden("alike", &pages);
    let text = pages.iter().flat_map(|page| &page.lines).cloned().collect::<Vec<_>>().join(" ");
    assert!(text.contains("WARNING O09: pays the same address as output 2"));
    assert!(text.contains("note O09: its address begins and ends like that of output 2"));
}

#[test]
fn a_payment_of_version_2_that_says_that_it_may_grow() {
    let case = double(wsh()).of_version_2().bent(|raw| raw.set(0, &[0x06], &[3]));
    golden("version-2", &pages(&case, 20, WIDTH));
}

#[test]
fn a_recovery_path_and_the_rules_of_a_policy_have_their_words() {
    let paid = simple(wpkh()).remembered(9, true);
    let case =
        simple(scripts(F9, &[2])).with_tx(|tx| tx.input[0].sequence = Sequence(52_560)).after([paid]).with(|case| {
            case.policy = "[[rule]]\nwhen = { leaves_above_sat = 1_000_000 }\nthen = { approvals = 2 }\n".to_owned()
        });
    golden("recovery", &pages(&case, 20, WIDTH));
    holds(&case);
    let cleared = case.judge().ok().unwrap();
    assert!(signed(cleared.reviewed(), cleared.digest()).contains(&"No other signature is needed.".to_owned()));
}

#[test]
fn a_refusal() {
    let case = double(wsh())
        .with_in(1, |map| map.sighash_type = Some(bitcoin::psbt::PsbtSighashType::from_u32(0x83)))
        .foreign_input(70_000);
    golden("refusal", &pages(&case, 20, WIDTH));
}

#[test]
fn tampering_is_a_screen_of_its_own() {
    let case = double(wsh()).with_in(0, |map| map.witness_utxo.as_mut().unwrap().value = Amount::from_sat(1));
    golden("tampering", &pages(&case, 20, WIDTH));
    let refused = case.judge().err().unwrap();
    let alone = alarm(refused.verdict()).pages(Room::CONSOLE);
    assert_eq!(alone, pages(&case, 20, WIDTH)[..1]);
    let fine = double(wsh()).judge().ok().unwrap();
    assert!(alarm(fine.verdict()).pages(Room::CONSOLE).is_empty());
}

#[test]
fn the_summary_says_what_its_numbers_are_of() {
    let says = |case: &Case, words: &str| flat(&pages(case, 20, WIDTH)).contains(&words.replace(' ', ""));
    let own = Case::new(vec![wpkh()]).input(0, 0, 3, 1_000_000).back(0, 1, 7, 990_000);
    assert!(says(&own, "1.0 % of all outputs") && !says(&own, "what you send"));
    assert!(says(&simple(wpkh()), "of what you send") && !says(&simple(wpkh()), "of all outputs"));
    // Wallets are named, up to two of them.
    let paying = |wallets: Vec<strongroom::wallet::Wallet>| {
        let all = u32::try_from(wallets.len()).unwrap();
        let case = (0..all).fold(Case::new(wallets), |case, number| case.input(number as usize, 0, 3, 1_000_000));
        case.pay(foreign(1), u64::from(all) * 1_000_000 - 20_000).allow("mixed_wallets")
    };
    assert!(!says(&paying(vec![wpkh(), wsh()]), "other wallet"));
    assert!(says(&paying(vec![wpkh(), wsh(), tr()]), "and 1 other wallet: each is named with its inputs"));
}

#[test]
fn data_is_shown_whole() {
    let hostile = "\u{1b}[2J\u{1b}]0;title\u{7}\u{202e}gnp.exe\u{200b}\u{301}\u{301} plain text";
    let small = simple(wpkh()).pay(data(hostile.as_bytes()), 0);
    let shown = pages(&small, 20, WIDTH);
    golden("data", &shown);
    let big = simple(wpkh()).pay(data(&[b'x'; 10_000]), 0);
    let text: String = flat(&pages(&big, 20, WIDTH));
    assert!(text.contains(&"78".repeat(10_000)) && text.contains(&"x".repeat(10_000)));
    // Up to 160 bytes stand where the output does, longer ones on pages of their own.
    for (bytes, apart) in [(159, false), (160, false), (161, true)] {
        let shown = pages(&simple(wpkh()).pay(data(&vec![b'x'; bytes - 4]), 0), 20, WIDTH);
        let title = "SCRIPT OF OUTPUT 2";
        assert_eq!(shown.iter().any(|page| page.title == title), apart, "{bytes}");
        let (own, others): (Vec<Page>, Vec<Page>) = shown.into_iter().partition(|page| page.title == title);
        let whole = "x".repeat(bytes - 4);
        assert_eq!((flat(&own).contains(&whole), flat(&others).contains(&whole)), (apart, !apart), "{bytes}");
        let where_ = format!("{bytes}bytes,wholeonthelastpages:SCRIPTOFOUTPUT2");
        assert_eq!(flat(&others).contains(&where_), apart, "{bytes}");
    }
}

#[test]
fn texts_of_others_are_escaped_wherever_they_stand() {
    let hostile = [
        "\u{1b}[2J\u{1b}]52;c;x\u{7}",
        "\u{9b}31m\r\n\u{8}",
        "\u{202e}txt\u{2066}\u{200f}",
        "a\u{200b}\u{200d}\u{feff}\u{2060}",
        &format!("a{}", "\u{301}".repeat(280)),
        "\u{2028}\u{e000}\u{1f600}\u{fff9}",
        "== WHAT THIS TRANSACTION DOES",
    ];
    for text in hostile {
        let proprietary =
            bitcoin::psbt::raw::ProprietaryKey { prefix: text.as_bytes().to_vec(), subtype: 0, key: vec![0x1b; 3] };
        let case = simple(wpkh())
            .pay(data(&text.as_bytes()[..text.len().min(75)]), 0)
            .with_in(0, |map| drop(map.proprietary.insert(proprietary.clone(), text.as_bytes().to_vec())))
            .with_out(0, |map| drop(map.proprietary.insert(proprietary.clone(), vec![])));
        holds(&case);
        let cleared = case.judge().ok().unwrap();
        let told = cleared.reviewed().findings().iter().find(|finding| finding.rule == "P18").unwrap();
        assert!(told.text.chars().all(|c| c.is_ascii_graphic() || c == ' ' || c == '…'), "{:?}", told.text);
        assert!(told.text.len() < 300, "{}", told.text.len());
    }
}

#[test]
fn other_classes_have_their_words() {
    let case = Case::new(vec![wpkh(), wsh()])
        .input(0, 0, 3, 10_000_000)
        .pay(foreign(1), 3_000_000)
        .pay(foreign(1), 1_000_000)
        .back(0, 0, 9, 2_000_000)
        .back(1, 0, 2, 1_500_000)
        .back(0, 1, 400, 1_000_000)
        .pay(ScriptBuf::from(vec![0x51, 0x02, 0x4e, 0x73]), 240)
        .pay(ScriptBuf::from([&[0x21, 0x02][..], &[0x11; 32], &[0xac]].concat()), 900_000)
        .with(|case| {
            case.highest.insert(("wpkh".into(), 1), 12);
        });
    golden("classes", &pages(&case, 20, WIDTH));
}

#[test]
fn what_was_signed_is_told_with_who_is_still_to_sign() {
    let case = double(wsh()).signed(0, 1, EcdsaSighashType::All);
    let cleared = case.judge().ok().unwrap();
    let lines = signed(cleared.reviewed(), cleared.digest());
    assert_eq!(
        lines,
        [
            "Signed: 2 signatures in inputs 0 and 1.",
            &format!("  by key 1 of wallet wsh [{}/48h/1h/0h/2h]: inputs 0 and 1", hex(0)),
            "Each was read again from the result, and verified by code that signs nothing.",
            &format!(
                "Still to be signed: input 1 of wallet wsh by 1 key, of key 2 [{}/48h/1h/0h/2h] or key 3 [{}/48h/1h/0h/2h]",
                hex(1),
                hex(2)
            ),
            "The review that was approved:",
            &in_rows(&cleared.digest().words(8))[0],
            &in_rows(&cleared.digest().words(8))[1],
        ]
    );
    let both = double(wsh()).judge().ok().unwrap();
    let expected = format!(
        "Still to be signed: inputs 0 and 1 of wallet wsh by 1 key each, of key 2 [{}/48h/1h/0h/2h] or key 3 \
         [{}/48h/1h/0h/2h]",
        hex(1),
        hex(2)
    );
    assert!(signed(both.reviewed(), both.digest()).contains(&expected));
    let alone = simple(wpkh()).judge().ok().unwrap();
    assert!(signed(alone.reviewed(), alone.digest()).contains(&"No other signature is needed.".to_owned()));
}

fn hex(number: u8) -> String {
    strongroom::text::hex(&fingerprint(number))
}

#[test]
fn a_review_on_any_screen_has_the_same_lines() {
    let mut cases = vec![double(wsh()), simple(tr()), look_alike(), double(sh()).foreign_input(5)];
    cases.push(simple(wpkh()).pay(data(&[0xff; 3_000]), 0));
    for case in &cases {
        let all = flat(&pages(case, 20, WIDTH));
        for (lines, columns) in [(3, 20), (4, 38), (20, 100), (39, 100), (56, 60), (196, 100)] {
            let other = pages(case, lines, columns);
            assert_eq!(flat(&other), all, "{lines} by {columns}");
            assert!(other.iter().all(|page| page.lines.len() <= lines));
            assert!(other.iter().flat_map(|page| &page.lines).all(|line| line.chars().count() <= columns));
        }
    }
}

/// All that stands on the pages, without spaces and line ends.
fn flat(pages: &[Page]) -> String {
    pages.iter().flat_map(|page| &page.lines).flat_map(|line| line.split(' ')).collect()
}

#[test]
fn two_hundred_and_fifty_outputs_are_all_there() {
    let mut case = Case::new(vec![wpkh()]).input(0, 0, 3, 100_000_000);
    for number in 0..249u32 {
        let script = ScriptBuf::new_p2wpkh(&bitcoin::WPubkeyHash::from_raw_hash(bitcoin::hashes::Hash::hash(
            &number.to_le_bytes(),
        )));
        case = case.pay(script, 100_000 + u64::from(number));
    }
    let case = case.back(0, 1, 7, 100_000_000 - 249 * 100_000 - 248 * 249 / 2 - 20_000);
    holds(&case);
    let pages = pages(&case, 20, WIDTH);
    assert!(pages.len() <= 60, "{} pages", pages.len());
}

/// What every review's pages have.
#[track_caller]
fn holds(case: &Case) {
    let decided = case.judge();
    let (reviewed, verdict) = match &decided {
        Ok(cleared) => (cleared.reviewed(), cleared.verdict()),
        Err(refused) => (&refused.reviewed, refused.verdict()),
    };
    let refused = decided.is_err();
    let given = ["alice".parse().unwrap(), "bartholomew".parse().unwrap(), "carol".parse().unwrap()];
    let approvals = Approvals { given: &given, needed: 4, custodians: 7 };
    let book = book(reviewed, verdict, Some(&approvals), Some(&transport()));
    crate::schema::valid(&to_json(reviewed, verdict));
    let facts = reviewed.facts();
    let pages = book.pages(Room::CONSOLE);
    // Every line fits, and has nothing in it that a terminal obeys.
    for page in &pages {
        assert!(page.lines.len() <= Room::CONSOLE.lines, "{page:#?}");
        for line in page.lines.iter().chain([&page.title]) {
            assert!(line.chars().count() <= WIDTH, "{line:?}");
            assert!(line.chars().all(|c| c.is_ascii_graphic() || c == ' ' || c == '…'), "{line:?}");
        }
    }
    // Warnings first, then the summary on one screen, then each output and input by its number, once and in order.
    let summary: Vec<&Page> = pages.iter().filter(|page| page.title == "WHAT THIS TRANSACTION DOES").collect();
    assert_eq!(summary.len(), 1, "{summary:#?}");
    let before = pages.iter().take_while(|page| page.title != "WHAT THIS TRANSACTION DOES");
    assert!(
        before.flat_map(|page| &page.lines).all(|line| !line.starts_with("output ") && !line.starts_with("input "))
    );
    for (word, count) in [("output", facts.outputs.len()), ("input", facts.inputs.len())] {
        let lines = pages.iter().flat_map(|page| &page.lines);
        let numbers: Vec<usize> = lines
            .filter_map(|line| line.strip_prefix(word)?.strip_prefix(' ')?.split("   ").next()?.parse().ok())
            .collect();
        assert_eq!(numbers, (0..count).collect::<Vec<_>>(), "{word}s");
    }
    let body: Vec<&String> =
        pages.iter().filter(|page| page.title.starts_with("OUTPUTS")).flat_map(|page| &page.lines).collect();
    let amounts: Vec<&str> = body.iter().filter_map(|line| line.strip_prefix("  amount      ")).collect();
    let expected: Vec<String> = facts.outputs.iter().map(|output| amount(output.output.value.to_sat())).collect();
    assert_eq!(amounts, expected);
    let whole = flat(&pages);
    for output in facts.outputs.iter().filter_map(|output| output.address.as_ref()) {
        assert!(whole.contains(&in_fours(output).replace(' ', "")));
    }
    for input in &facts.inputs {
        assert!(whole.contains(&format!("{}output{}", input.outpoint.txid, input.outpoint.vout)));
    }
    // Every finding stands somewhere, by its id and with its words.
    for finding in reviewed.findings() {
        let everywhere = finding.covers.iter().map(|(_, text)| text);
        for text in everywhere.chain(finding.covers.is_empty().then_some(&finding.text)) {
            assert!(whole.contains(finding.rule) && whole.contains(&text.replace(' ', "")), "{finding:?}");
        }
    }
    // What is not signed has no digest to compare, and nothing will be signed.
    let lines: Vec<&str> = summary[0].lines.iter().map(|line| line.trim_start()).collect();
    assert_eq!(lines.iter().any(|line| line.starts_with("review  ")), !refused);
    assert_eq!(lines.iter().any(|line| line.starts_with("verdict     REFUSED")), refused);
    adds_up(&lines, facts);
    let bound = 4
        + facts.outputs.len()
        + facts.inputs.len()
        + facts.outputs.iter().fold(0, |sum, output| sum + output.output.script_pubkey.len() / 100)
        + reviewed.findings().len();
    assert!(pages.len() <= bound, "{} pages, at most {bound}", pages.len());
}

/// The six sums of the summary, as a person reads them off the screen.
#[track_caller]
fn adds_up(lines: &[&str], facts: &Facts) {
    let sat = |name: &str| -> Option<u64> {
        let line = lines.iter().find(|line| line.starts_with(name))?;
        let inside = line.split_once('(')?.1.split_once(" sat)")?.0;
        let whole: u64 = inside.replace(' ', "").parse().unwrap();
        let btc = line[name.len()..].split(" BTC").next().unwrap().split_whitespace().last().unwrap();
        assert_eq!(btc.replace('.', "").parse::<u64>().unwrap(), whole, "{line}");
        Some(whole)
    };
    let Some(send) = sat("you send ") else {
        assert!(facts.totals.is_none());
        return;
    };
    let (fee, leaves) = (sat("fee   ").unwrap(), sat("leaves ").unwrap());
    let (change, own, all) = (sat("change ").unwrap(), sat("to yourself ").unwrap(), sat("all inputs ").unwrap());
    assert_eq!(leaves, send + fee);
    assert_eq!(all, leaves + change + own);
    let outputs = |class: &dyn Fn(Class) -> bool| {
        facts.outputs.iter().filter(|o| class(o.class)).map(|o| o.output.value.to_sat()).sum::<u64>()
    };
    assert_eq!(send, outputs(&|class| !matches!(class, Class::Change | Class::SelfTransfer)));
    assert_eq!(change, outputs(&|class| class == Class::Change));
    assert_eq!(all, facts.inputs.iter().map(|input| input.utxo.value.to_sat()).sum::<u64>());
}

/// A transaction of any wallets, outputs and faults.
fn any_case() -> impl Strategy<Value = Case> {
    let input = (0usize..3, 0u32..2, 0u32..30, 1_000u64..5_000_000_000);
    let output = (0usize..7, 0u32..300, 0u64..900_000_000);
    let fault = proptest::collection::vec((0usize..8, 0usize..4), 0..3);
    (proptest::collection::vec(input, 1..6), proptest::collection::vec(output, 1..9), fault, any::<bool>()).prop_map(
        |(inputs, outputs, faults, allowed)| {
            let mut case = Case::new(vec![wpkh(), wsh(), tr()]);
            let mut seen = BTreeSet::new();
            for (wallet, branch, index, sat) in inputs {
                if seen.insert((wallet, branch, index)) {
                    case = case.input(wallet, branch, index, sat);
                }
            }
            for (kind, number, sat) in outputs {
                case = match kind {
                    0 | 1 => case.pay(foreign(u8::try_from(number % 200).unwrap()), sat),
                    2 => case.back(0, 1, number, sat),
                    3 => case.back(1, 0, number, sat),
                    4 => case.back(2, 1, number, sat),
                    5 => case.pay(data(&vec![0x1b; usize::try_from(number).unwrap()]), sat % 2),
                    _ => case.pay(ScriptBuf::from(vec![0xac; usize::try_from(number).unwrap()]), sat),
                };
            }
            for (fault, at) in faults {
                let at = at % case.psbt.inputs.len();
                let map = &mut case.psbt.inputs[at];
                match fault {
                    0 => map.non_witness_utxo = None,
                    1 => map.witness_utxo = None,
                    2 => map.sighash_type = Some(bitcoin::psbt::PsbtSighashType::from_u32(3)),
                    3 => map.bip32_derivation.clear(),
                    4 => case.psbt.unsigned_tx.input[at].sequence = Sequence(60_000),
                    5 => map.witness_utxo.iter_mut().for_each(|utxo| utxo.value += Amount::from_sat(1)),
                    6 => case = case.foreign_input(7_777),
                    _ => {
                        let key = bitcoin::psbt::raw::Key { type_value: 0x77, key: vec![0x1b; 9] };
                        map.unknown.insert(key, vec![1; 30]);
                    }
                }
            }
            if allowed {
                case = case.of_version_2();
                case.policy = "[allow]\nforeign_inputs = true\nunproven_amounts = true\nmixed_wallets = true\n\
                               op_return_value = true\n"
                    .to_owned();
            }
            case
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 80, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn what_a_review_says_adds_up_and_hides_nothing(case in any_case()) {
        holds(&case);
    }
}
