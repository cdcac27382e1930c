//! Proofs of what is shown: U12, O01, O10, G13.

use strongroom::{
    limits,
    psbt::{Place, parse},
    review::{LINES, Page, WIDTH, pages, to_json},
    text::{Name, amount},
};

use super::Evidence;
use crate::transactions::*;

/// The pages of a case, and the same as JSON.
fn shown(case: &Case) -> (Vec<Page>, String) {
    match case.judge() {
        Ok(cleared) => {
            (pages(cleared.reviewed(), cleared.verdict()), to_json(cleared.reviewed(), cleared.verdict()).to_string())
        }
        Err(refused) => {
            (pages(&refused.reviewed, refused.verdict()), to_json(&refused.reviewed, refused.verdict()).to_string())
        }
    }
}

/// All lines of all pages, without spaces and breaks.
fn letters(pages: &[Page]) -> String {
    pages.iter().flat_map(|page| &page.lines).flat_map(|line| line.split(' ')).collect()
}

pub(super) fn nothing_is_said_of_confirmation(evidence: &mut Evidence) {
    for wallet in kinds() {
        let (pages, _) = shown(&double(wallet));
        let all = letters(&pages);
        let sentence = "whether coins are confirmed, or spent already, cannot be known here".replace(' ', "");
        evidence.holds(all.contains(&sentence), &all);
        evidence.holds(all.matches("confirmed").count() == 1, &all);
    }
}

/// Every output of a review stands on its pages: number, amount, and address or script to the last letter.
fn outputs_are_whole(evidence: &mut Evidence, case: &Case) {
    let all = letters(&shown(case).0);
    for (number, output) in case.review().facts().outputs.iter().enumerate() {
        let what = output.address.clone().unwrap_or(output.output.script_pubkey.to_hex_string());
        evidence.holds(all.contains(&what), &what);
        let sum = amount(output.output.value.to_sat()).replace(' ', "");
        evidence.holds(all.contains(&sum), &sum);
        evidence.holds(all.contains(&format!("output{number}")) || all.contains(&format!("{number}")), number);
    }
}

pub(super) fn addresses_and_amounts_are_whole(evidence: &mut Evidence) {
    for wallet in kinds() {
        let case = double(wallet.clone()).pay(wsh().coin(0, 77).unwrap().script_pubkey, 1_234_567);
        outputs_are_whole(evidence, &case);
        outputs_are_whole(
            evidence,
            &case.with_tx(|tx| tx.output[0].value = bitcoin::Amount::from_sat(20_999_999_976_900_001 / 10)),
        );
    }
}

pub(super) fn every_output_has_its_lines(evidence: &mut Evidence) {
    let many = |number: usize| {
        let start = Case::new(vec![wpkh()]).input(0, 0, 3, 2_000_000_000);
        (0..number).fold(start, |case, at| case.pay(foreign(u8::try_from(at % 250).unwrap()), 1_000 + at as u64))
    };
    let case = many(250);
    outputs_are_whole(evidence, &case);
    let (pages, _) = shown(&case);
    evidence.holds(pages.iter().all(|page| page.lines.len() <= LINES), "each page fits");
    evidence
        .holds(pages.iter().flat_map(|page| &page.lines).all(|line| line.chars().count() <= WIDTH), "each line fits");
    // More than anyone may be asked to read is not read at all.
    evidence
        .stops(parse(many(limits::OUTPUTS + 1).bytes()), |error| (error.rule, error.place) == ("P20", Place::Whole));
}

pub(super) fn text_of_the_file_deceives_no_screen(evidence: &mut Evidence) {
    let evil = ["\u{1b}[2J\u{1b}[H", "\u{202e}drac", "a\r\nb", "\u{0}", "\u{9b}31m", "e\u{301}\u{301}\u{301}"];
    for text in evil {
        evidence.holds(text.parse::<Name>().is_err(), "no name of a wallet has such letters");
        let identifier = [&[0xfc, u8::try_from(text.len()).unwrap()][..], text.as_bytes(), &[0]].concat();
        let bytes = text.as_bytes().to_vec();
        for case in [simple(wpkh()), simple(wpkh()).of_version_2()] {
            let (identifier, bytes) = (identifier.clone(), bytes.clone());
            let data =
                bitcoin::ScriptBuf::new_op_return(bitcoin::script::PushBytesBuf::try_from(bytes.clone()).unwrap());
            let case = case.pay(data, 0).bent(move |raw| {
                raw.with(0, &identifier, &bytes).with(1, &identifier, &bytes).with(3, &[0x35], &bytes)
            });
            let (pages, json) = shown(&case);
            let seen = |c: char| c.is_ascii_graphic() || c == ' ' || c == '…';
            let lines = pages.iter().flat_map(|page| page.lines.iter().chain([&page.title]));
            evidence.holds(lines.clone().all(|line| line.chars().all(seen)), lines.collect::<Vec<_>>());
            evidence.holds(json.chars().all(seen), &json);
        }
    }
}
