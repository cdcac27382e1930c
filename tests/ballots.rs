//! What stands before people when they approve: what it is, right above every question, and nothing that was typed wrong.

use bitcoin::{Psbt, ScriptBuf};
use strongroom::ceremony;

use crate::{
    desk::{Answer, Bench, Seen, approves, line, passphrase, unseen},
    hostile::{copy, payment, sign, stopped, treasury, warnings},
};

/// A treasury that has signed a payment of its one coin, and another payment of that coin: it warns with what the first paid.
pub(crate) fn twice_spent(bench: &Bench) -> Vec<u8> {
    let mut psbt = Psbt::deserialize(&payment(bench)).unwrap();
    psbt.unsigned_tx.output[0].script_pubkey =
        ScriptBuf::from_hex("0014bbbbccddeeff00112233445566778899aabbccdd").unwrap();
    psbt.unsigned_tx.output[0].value = bitcoin::Amount::from_sat(39_999_000);
    psbt.serialize()
}

/// A copy of the treasury after its first payment.
fn spent() -> Bench {
    let bench = copy(&treasury());
    drop(sign(&bench, &["alice", "bob"], &payment(&bench)).unwrap());
    bench.tape.clear();
    bench
}

/// Passphrases and slips at the wrong questions.
const SLIPS: &[&str] = &["a-passphrase", "mallory", "another one Here", "u09", "x"];

#[test]
fn what_is_approved_stands_right_above_every_passphrase() {
    let bench = spent();
    let psbt = twice_spent(&bench);
    assert_eq!(warnings(&bench, &psbt), ["U08"]);
    let mut answers: Vec<Answer> = SLIPS.iter().map(|slip| line("Your name", slip)).collect();
    let mut voting = approves("alice", &["U08"]);
    let proof = voting.pop().unwrap();
    voting.splice(1..1, SLIPS.iter().map(|slip| line("Type U08", slip)));
    answers.extend(voting);
    answers.extend([unseen("your passphrase", "not it"), unseen("your passphrase", "nor this"), proof]);
    answers.extend(approves("carol", &["U08"]));
    drop(bench.in_person(answers, |desk| ceremony::sign_transaction(desk, &psbt)).unwrap());

    let seen = bench.tape.seen();
    let mut asked = 0;
    for (at, _) in seen.iter().enumerate().filter(|(_, seen)| matches!(seen, Seen::AskedUnseen(_))) {
        asked += 1;
        // All that was said since the last work, the last question or page.
        let said =
            seen[..at].iter().rev().map_while(|seen| if let Seen::Said(line) = seen { Some(line) } else { None });
        let said: Vec<&str> = said.map(String::as_str).collect();
        let from = said.iter().position(|line| line.starts_with("To approve: send 0.39999000 BTC")).unwrap();
        assert!(said[..from].iter().all(|line| line.starts_with("  ")), "{said:#?}");
        assert_eq!(said.iter().filter(|line| line.starts_with("To approve")).count(), 1, "{said:#?}");
    }
    assert_eq!(asked, 4);
    let text = bench.tape.text();
    for typed in SLIPS.iter().filter(|typed| **typed != "x").chain(&["not it", "nor this"]) {
        assert!(!text.contains(typed), "`{typed}` was typed and is said: {text}");
    }
    assert!(!text.contains(&passphrase("alice")));
}

#[test]
fn it_is_said_once_where_nothing_came_between() {
    let bench = copy(&treasury());
    let answers = ["alice", "bob"].into_iter().flat_map(|who| approves(who, &[]));
    let _key = bench.in_person(answers, |desk| ceremony::export_xpub(desk, "m/48h/1h/0h/2h"));
    let said = |seen: &&Seen| matches!(seen, Seen::Said(line) if line.starts_with("To approve"));
    assert_eq!(bench.tape.seen().iter().filter(said).count(), 2);
}

#[test]
fn whoever_asks_for_the_review_reads_it_again_and_has_approved_nothing() {
    let pages = |again: usize| {
        let bench = copy(&treasury());
        let psbt = payment(&bench);
        let mut answers = vec![line("Approval 1 of 2. Your name", "review"); again];
        answers.extend(approves("alice", &warnings(&bench, &psbt)));
        answers.extend(vec![line("Approval 2 of 2. Your name", " REVIEW "); again]);
        answers.push(line("Approval 2 of 2. Your name", ""));
        let (code, _) = stopped(bench.in_person(answers, |desk| ceremony::sign_transaction(desk, &psbt)));
        assert_eq!((code, bench.tape.unasked()), (1, 0));
        bench.tape.pages().iter().filter(|(title, _)| title.starts_with("transaction ")).count()
    };
    let once = pages(0);
    assert!(once > 1);
    assert_eq!((pages(1), pages(3)), (2 * once, 4 * once));
}

#[test]
fn what_is_wrong_with_a_coin_is_advised_before_what_is_wrong_with_the_whole() {
    let bench = copy(&treasury());
    let psbt = sign(&bench, &["alice", "bob"], &payment(&bench)).unwrap().full().to_vec();
    let error = bench.unattended(&["alice", "bob"], &[], |desk| ceremony::sign_transaction(desk, &psbt)).err().unwrap();
    let advice = error.remedy().unwrap();
    let at = |part: &str| advice.find(part).unwrap_or_else(|| panic!("no `{part}` in {advice}"));
    assert!(at("finalise the PSBT as it is") < at("check which vault"), "{advice}");
}
