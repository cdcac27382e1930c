//! The past in an attacker's hands: second rounds, replaced payments, journals cut and lines forged; and the policy's
//! limits, which are counted from it.

use bitcoin::{Amount, Psbt, ScriptBuf, absolute::LockTime, hashes::Hash};
use strongroom::{
    ceremony::{self, CeremonyError},
    digest::Subject,
    journal::{Entry, Line, Pen, Spending},
    quorum::{Ballot, Kind, Matter, Session, TallyError, tally},
    review::{pages, to_json},
    vault::{JOURNAL, Key},
    wallet,
};

use crate::{
    desk::{Bench, Plan, approves, line, name, passphrase, secret},
    hostile::{copy, lines, only_added, payment, sign, single, stopped, treasury, warnings, watcher},
    hostile_cli::Office,
    hostile_vault::open,
};

/// A treasury with a policy.
fn under(policy: &str) -> Bench {
    let bench = Bench::create(&Plan { policy, ..Plan::default() }).unwrap();
    bench.unattended(&["alice", "bob"], &[], |desk| ceremony::add_wallet(desk, single("main", "wpkh", 0))).unwrap();
    bench
}

fn edited(psbt: &[u8], edit: impl FnOnce(&mut Psbt)) -> Vec<u8> {
    let mut psbt = Psbt::deserialize(psbt).unwrap();
    edit(&mut psbt);
    psbt.serialize()
}

fn other_payee() -> ScriptBuf {
    ScriptBuf::from_hex("0014bbbbccddeeff00112233445566778899aabbccdd").unwrap()
}

/// Rules that refuse, with the sentence of the first.
#[track_caller]
fn refused_by(bench: &Bench, psbt: &[u8]) -> (Vec<&'static str>, String) {
    let refused = ceremony::decide(&bench.vault(), psbt.to_vec()).unwrap().err().expect("it is not refused");
    (refused.reasons.iter().map(|reason| reason.rule).collect(), refused.reasons[0].text.clone())
}

/// A payment from two coins of 15 and 20 million, with their previous transactions.
fn two_coins(bench: &Bench, change: u64) -> Vec<u8> {
    let export = wallet::descriptor(bench.vault().statement().wallet(&name("main")).unwrap());
    let mut online = strongroom::online::Watcher::from_export(&export, strongroom::network::Network::Regtest).unwrap();
    online.pretend_deposit(0, 15_000_000, 1);
    online.pretend_deposit(1, 20_000_000, 2);
    edited(&online.pay(other_payee(), 30_000_000, 5).unwrap(), |psbt| {
        assert_eq!(psbt.inputs.len(), 2);
        if psbt.inputs[0].witness_utxo.as_ref().unwrap().value.to_sat() != 15_000_000 {
            psbt.inputs.swap(0, 1);
            psbt.unsigned_tx.input.swap(0, 1);
        }
        psbt.unsigned_tx.output[0].value = Amount::from_sat(19_000_000);
        psbt.unsigned_tx.output[1].value = Amount::from_sat(change);
    })
}

/// The same with amounts that are only claimed.
fn claimed(bench: &Bench, first: u64, second: u64) -> Vec<u8> {
    edited(&two_coins(bench, 990_000), |psbt| {
        for (map, sat) in psbt.inputs.iter_mut().zip([first, second]) {
            map.non_witness_utxo = None;
            map.witness_utxo.as_mut().unwrap().value = Amount::from_sat(sat);
        }
    })
}

#[test]
fn a_second_round_with_other_amounts_is_refused_as_tampering_and_the_truth_is_not_locked_out() {
    let bench = under("[allow]\nunproven_amounts = true\n");
    let first = claimed(&bench, 15_000_000, 5_000_000);
    drop(sign(&bench, &["alice", "bob"], &first).unwrap());
    let second = claimed(&bench, 1, 20_000_000);
    let (rules, text) = refused_by(&bench, &second);
    assert!(
        rules.iter().filter(|rule| **rule == "U07").count() == 2 && text.contains("(signed) has"),
        "{rules:?} {text}"
    );
    let before = copy(&bench);
    let (code, said) =
        stopped(bench.unattended(&["alice", "bob"], &["U06", "U07"], |desk| ceremony::sign_transaction(desk, &second)));
    assert!(code == 1 && said.contains("U07 input 0: "), "{said}");
    only_added(&before, &bench, &["opened", "refused"]);
    // The first one again says nothing new, and gives the same bytes.
    let again = sign(&bench, &["alice", "bob"], &first).unwrap();
    assert_eq!(again.full(), sign(&bench, &["bob", "carol"], &first).unwrap().full());
    // The whole previous transactions prove what the lie hid; people hear of the lie.
    let proved = two_coins(&bench, 15_990_000);
    assert_eq!(warnings(&bench, &proved), ["U07", "U08"]);
    drop(sign(&bench, &["alice", "bob"], &proved).unwrap());
}

#[test]
fn a_coin_that_was_signed_for_another_payment_is_acknowledged() {
    let bench = treasury();
    let first = payment(&bench);
    let released = sign(&bench, &["alice", "bob"], &first).unwrap();
    let second = edited(&first, |psbt| psbt.unsigned_tx.output[0].script_pubkey = other_payee());
    assert_eq!(warnings(&bench, &second), ["U08"]);
    let before = copy(&bench);
    let unread = bench.unattended(&["alice", "bob"], &[], |desk| ceremony::sign_transaction(desk, &second));
    let (code, said) = stopped(unread);
    assert!(code == 1 && said == "alice did not acknowledge the warning U08", "{said}");
    only_added(&before, &bench, &["opened", "refused"]);
    let answers = ["alice", "carol"].into_iter().flat_map(|who| approves(who, &["U08"]));
    drop(bench.in_person(answers, |desk| ceremony::sign_transaction(desk, &second)).unwrap());
    let txid = Psbt::deserialize(&first).unwrap().unsigned_tx.compute_txid();
    assert!(bench.tape.showed(&txid.to_string()) && bench.tape.showed("(signed): paid 0.40000000 BTC"));
    // The first one once more: now the second is the other one. The signatures are those that were made.
    assert_eq!(warnings(&bench, &first), ["U08"]);
    assert_eq!(sign(&bench, &["alice", "bob"], &first).unwrap().full(), released.full());
    let told = strongroom::journal::all_in_words(bench.vault().journal(), bench.vault().statement().network());
    assert_eq!(told.iter().filter(|line| line.contains("a re-issue")).count(), 1, "{told:#?}");
    // Whom each of the two paid, once.
    assert_eq!(told.iter().filter(|line| line.trim() == "0.40000000 BTC (40 000 000 sat)").count(), 2, "{told:#?}");
    assert_eq!(told.iter().filter(|line| line.starts_with("         to bcrt ")).count(), 2, "{told:#?}");
}

#[test]
fn the_same_review_again_gives_the_same_signatures() {
    let bench = treasury();
    let psbt = payment(&bench);
    let digest = |bench: &Bench| {
        let cleared = ceremony::decide(&bench.vault(), psbt.clone()).unwrap().ok().unwrap();
        let again = cleared.reviewed().findings().iter().any(|finding| finding.rule == "G12");
        (cleared.digest(), again)
    };
    let (first, again) = digest(&bench);
    assert!(!again);
    let released = sign(&bench, &["alice", "bob"], &psbt).unwrap();
    assert_eq!(digest(&bench), (first, true));
    assert_eq!(sign(&bench, &["bob", "carol"], &psbt).unwrap().full(), released.full());
}

/// What whoever holds the medium can make of a ceremony that was cut short after its intent: the votes are the
/// custodians' own, what the intent says of its transaction is not.
fn forged(bench: &Bench, transaction: Spending) -> Bench {
    let bench = copy(bench);
    let vault = bench.vault();
    let session = Session {
        statement: vault.statement().digest(),
        key: [7; 32],
        journal_count: vault.journal().count(),
        journal_head: vault.journal().head(),
    };
    let (kind, subject) = (Kind::Sign, Subject([9; 32]));
    let voters = ["alice", "bob"];
    let mut added = vec![Line::opened(&session)];
    added.extend(open(&bench, &voters).iter().map(|share| {
        let ballot = share.vote(kind, subject, &session).unwrap();
        Line::Voted { ballot, kind, subject }
    }));
    added.push(Line::Intent { kind, subject, custodians: voters.map(name).to_vec(), transaction: Some(transaction) });
    let mut pen = Pen::open(vault.journal().clone(), JOURNAL);
    bench.stick.with(|store| pen.append(store, added).unwrap());
    bench
}

/// The last transaction of the journal.
fn last(bench: &Bench) -> Spending {
    let of = |entry: &Entry| {
        if let Line::Intent { transaction, .. } = &entry.line { transaction.clone() } else { None }
    };
    bench.vault().journal().entries().iter().rev().find_map(of).unwrap()
}

#[test]
fn forged_lines_speak_against_a_transaction_and_never_for_it() {
    let clean = treasury();
    let psbt = payment(&clean);
    let signed = copy(&clean);
    drop(sign(&signed, &["alice", "bob"], &psbt).unwrap());
    let honest = last(&signed);
    // Another transaction of the same coin, with a far index, a far lock and another amount.
    let mut lie = honest.clone();
    lie.txid = bitcoin::Txid::from_byte_array([8; 32]);
    lie.inputs[0].amount += 1;
    (lie.locktime, lie.height_lock) = (1_200_000, Some(1_200_000));
    lie.highest = vec![(name("main"), 0, 90_000), (name("main"), 1, 90_000)];
    let bench = forged(&clean, lie);
    let reviewed = ceremony::examine(&bench.vault(), psbt.clone()).unwrap();
    let plain = ceremony::examine(&clean.vault(), psbt.clone()).unwrap();
    // Against it: another amount, another transaction.
    let cleared = ceremony::decide(&bench.vault(), psbt.clone()).unwrap().ok().unwrap();
    let named: Vec<_> = cleared.warnings().iter().map(|warning| warning.rule).collect();
    assert_eq!(named, ["U07", "U08"], "the amount is proved, so the line is the lie");
    assert!(cleared.warnings()[1].text.contains("(approved, not proven to be signed)"));
    // Not for it: indices, heights and addresses are what they were.
    let facts = |reviewed: &strongroom::review::Reviewed| {
        let outputs = &reviewed.facts().outputs;
        outputs.iter().map(|output| (output.beyond_seen, output.paid_before)).collect::<Vec<_>>()
    };
    assert_eq!(facts(&reviewed), facts(&plain));
    assert_eq!(facts(&reviewed)[0].1, Some(0));
    assert_eq!((reviewed.facts().history.signed, reviewed.facts().history.open), (0, 1));
    let far = edited(&psbt, |psbt| psbt.unsigned_tx.lock_time = LockTime::from_height(1_100_000).unwrap());
    assert!(refused_by(&bench, &far).0.contains(&"L02"), "a forged height does not make a far lock near");
    // A closing line cannot be forged: nobody has the key.
    let text = String::from_utf8(bench.stick.files()["journal"].clone()).unwrap();
    let intent = text.lines().last().unwrap();
    let head = bench.vault().journal().head();
    let line = Line::Signed { transaction: last(&bench), signature: strongroom::journal::Hex([6; 64]) };
    let number = bench.vault().journal().count() + 1;
    let entry = Entry { number, previous: head, line }.encode().unwrap();
    assert!(intent.contains("\"intent\""));
    bench.stick.with(|store| {
        store.put("journal", format!("{text}{entry}\n").as_bytes());
        store.hide("journal");
    });
    let (code, said) = stopped(ceremony::open(&bench.stick, None));
    assert!(code == 4 && said.contains("signature is not the statement key's"), "{said}");
}

#[test]
fn a_journal_that_was_cut_is_told_by_whoever_kept_a_newer_head() {
    let bench = treasury();
    let psbt = payment(&bench);
    let replaced = edited(&psbt, |psbt| psbt.unsigned_tx.output[0].script_pubkey = other_payee());
    let old = bench.stick.files()["journal"].clone();
    drop(sign(&bench, &["alice", "bob"], &psbt).unwrap());
    let whole = bench.stick.files()["journal"].clone();
    let head = |bench: &Bench| bench.vault().journal().head();
    let newer = head(&bench);
    let screen = |bench: &Bench| {
        let cleared = ceremony::decide(&bench.vault(), replaced.clone()).unwrap().ok().unwrap();
        let pages = pages(cleared.reviewed(), cleared.verdict());
        let words: Vec<String> = pages
            .iter()
            .flat_map(|page| &page.lines)
            .flat_map(|line| line.split_whitespace())
            .map(str::to_owned)
            .collect();
        let json = to_json(cleared.reviewed(), cleared.verdict());
        (words.join(" "), json["history"]["head"].as_str().unwrap().to_owned(), warnings(bench, &replaced))
    };
    let (words, told, named) = screen(&bench);
    assert_eq!((told, named), (newer.to_string(), vec!["U08"]));
    assert!(words.contains("history 1 signed transaction in 12 lines, signed up to line 12"), "{words}");
    let put = |bytes: &[u8]| {
        let cut = copy(&bench);
        cut.stick.with(|store| {
            store.put("journal", bytes);
            store.hide("journal");
        });
        cut
    };
    // Back to before: as whole as it was then. The screen says what it rests on, and the head differs.
    let cut = put(&old);
    let (words, told, named) = screen(&cut);
    assert_eq!((told.as_str(), named), (head(&cut).to_string().as_str(), vec![]));
    assert!(words.contains("none: nothing was signed in the 7 lines of this journal"), "{words}");
    assert!(words.contains("whoever kept a newer head, compare") && told != newer.to_string());
    // Less its closing line, the approval counts; so it does where the closing line is torn.
    let lines_of = |bytes: &[u8]| bytes.split_inclusive(|byte| *byte == b'\n').map(<[u8]>::len).collect::<Vec<_>>();
    let last_line = *lines_of(&whole).last().unwrap();
    for bytes in [&whole[..whole.len() - last_line], &whole[..whole.len() - 1], &whole[..whole.len() - last_line / 2]] {
        let cut = put(bytes);
        assert_eq!(warnings(&cut, &replaced), ["U08"]);
        let (words, ..) = screen(&cut);
        assert!(
            words.contains("1 transaction approved and not proven to be signed: it counts against limits"),
            "{words}"
        );
    }
}

const THREE: &str = "[[rule]]\nwhen = { leaves_above_sat = 39_000_000 }\nthen = { approvals = 3 }\n";

#[test]
fn a_rule_that_asks_for_more_approvals_gets_them_or_nothing() {
    let bench = under(THREE);
    let psbt = payment(&bench);
    let before = copy(&bench);
    let (code, said) = stopped(sign(&bench, &["alice", "bob"], &psbt));
    assert!(code == 1 && said.starts_with("2 of 3 approvals"), "{said}");
    only_added(&before, &bench, &["opened", "refused"]);
    let answers = ["alice", "bob", "carol"].into_iter().flat_map(|who| approves(who, &[]));
    drop(bench.in_person(answers, |desk| ceremony::sign_transaction(desk, &psbt)).unwrap());
    assert!(bench.tape.showed("3 of 3 needed by rule 1 of the policy"));
    assert!(bench.tape.showed("Approval 1 of 3.") && bench.tape.showed("carol approved: 3 of 3"));
    let journal = bench.vault();
    let names = journal.journal().entries().iter().rev().find_map(|entry| {
        if let Line::Intent { custodians, .. } = &entry.line { Some(custodians.len()) } else { None }
    });
    assert_eq!(names, Some(3));
    // A smaller one is the quorum's.
    let mut online = watcher(&bench);
    let small = online.pay(other_payee(), 30_000_000, 5).unwrap();
    let named = warnings(&bench, &small);
    drop(bench.unattended(&["bob", "carol"], &named, |desk| ceremony::sign_transaction(desk, &small)).unwrap());
    // All is every one of the roster.
    let all = under(&THREE.replace("= 3 }", "= \"all\" }"));
    assert!(stopped(sign(&all, &["alice", "bob"], &psbt)).1.starts_with("2 of 3 approvals"));
}

#[test]
fn the_tally_itself_counts_what_the_rule_asks_for() {
    let bench = under(THREE);
    let vault = bench.vault();
    let session = Session {
        statement: vault.statement().digest(),
        key: [1; 32],
        journal_count: vault.journal().count(),
        journal_head: vault.journal().head(),
    };
    let cleared = || ceremony::decide(&bench.vault(), payment(&bench)).unwrap().ok().unwrap();
    let votes = |custodians: &[&str]| -> Vec<Ballot> {
        let subject = cleared().subject();
        let vote = |custodian: &&str| {
            let found = vault.share(&name(custodian)).unwrap();
            let share = found.open(Key::Passphrase(&secret(&passphrase(custodian))), vault.statement()).unwrap().0;
            share.vote(Kind::Sign, subject, &session).unwrap()
        };
        custodians.iter().map(vote).collect()
    };
    let counted = |custodians: &[&str]| tally(cleared(), votes(custodians), vault.statement().roster(), session).err();
    assert_eq!(counted(&["alice", "bob"]), Some(TallyError::TooFew { given: 2, needed: 3 }));
    assert_eq!(counted(&["alice"]), Some(TallyError::TooFew { given: 1, needed: 3 }));
    assert_eq!(counted(&["alice", "bob", "bob"]), Some(TallyError::Twice(name("bob"))));
    assert_eq!(counted(&["alice", "bob", "carol"]), None);
}

#[test]
fn two_payments_in_one_period_are_counted_together() {
    // What leaves in the first and the second: 40 000 703 sat each.
    let locked = |bench: &Bench, height: u32, payee: ScriptBuf| {
        edited(&payment(bench), |psbt| {
            psbt.unsigned_tx.lock_time = LockTime::from_height(height).unwrap();
            psbt.unsigned_tx.output[0].script_pubkey = payee;
        })
    };
    let policy =
        |sat: u64| format!("[[rule]]\nwhen = {{ period_blocks = 144, period_above_sat = {sat} }}\nthen = \"refuse\"\n");
    let bench = under(&policy(80_001_405));
    let first = locked(&bench, 900_000, other_payee());
    let left = ceremony::examine(&bench.vault(), first.clone()).unwrap().facts().totals.unwrap().leaves;
    assert_eq!(left, 40_000_703);
    drop(sign(&bench, &["alice", "bob"], &first).unwrap());
    let third = ScriptBuf::from_hex("0014ccbbccddeeff00112233445566778899aabbccdd").unwrap();
    // One satoshi more than the limit, and not one.
    let (rules, text) = refused_by(&bench, &locked(&bench, 900_143, third.clone()));
    assert!(
        rules == ["O11"] && text.contains("0.80001406 BTC (80 001 406 sat) leaves, with 1 other transaction"),
        "{text}"
    );
    let exact = under(&policy(80_001_406));
    drop(sign(&exact, &["alice", "bob"], &locked(&exact, 900_000, other_payee())).unwrap());
    drop(sign(&exact, &["alice", "bob"], &locked(&exact, 900_143, third.clone())).unwrap());
    // A period later it is free again; the same payment again counts once.
    assert!(ceremony::decide(&bench.vault(), locked(&bench, 900_144, third.clone())).unwrap().is_ok());
    assert!(ceremony::decide(&bench.vault(), first).unwrap().is_ok());
    // An approval that nobody can prove to be signed counts, forged or not.
    let mut lie = last(&bench);
    lie.txid = bitcoin::Txid::from_byte_array([8; 32]);
    (lie.locktime, lie.height_lock) = (900_200, Some(900_200));
    let forged = forged(&bench, lie);
    assert_eq!(refused_by(&forged, &locked(&bench, 900_144, third)).0, ["O11"]);
}

#[test]
fn another_policy_is_voted_under_the_old_one_and_shown_sentence_by_sentence() {
    let bench = under(THREE);
    let psbt = payment(&bench);
    let next = "[[rule]]\nwhen = { leaves_above_sat = 39_000_000 }\nthen = \"refuse\"\n";
    let before = copy(&bench);
    let mut answers: Vec<_> = ["alice", "bob"].into_iter().flat_map(|who| approves(who, &[])).collect();
    answers.push(line("Type YES", "yes"));
    bench.in_person(answers, |desk| ceremony::set_policy(desk, next)).unwrap();
    assert_eq!(bench.tape.unasked(), 0);
    let (_, page) = bench.tape.pages().into_iter().find(|(title, _)| title.starts_with("another policy")).unwrap();
    for part in
        ["No longer:", "3 custodians approve it", "From now on:", "it is refused", "The exact text:", next.trim_end()]
    {
        // A long sentence goes over two lines.
        let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        let page = words(&page);
        assert!(part.lines().all(|line| page.contains(&words(line))), "{part}\n{page}");
    }
    assert_eq!(bench.vault().statement().core().policy, next);
    assert_eq!(refused_by(&bench, &psbt).0, ["O11"]);
    assert_eq!(lines(&bench)[lines(&before).len()..], ["opened", "voted", "voted", "intent", "writing", "committed"]);
    // Bad ones, the same again, and people who do not want it: nothing changes.
    let whole = copy(&bench);
    let try_it =
        |text: &str| stopped(bench.unattended(&["alice", "bob"], &[], |desk| ceremony::set_policy(desk, text)));
    assert_eq!(try_it(next), (2, "this is the policy in force already; nothing was done".to_owned()));
    let (code, said) = try_it("[[rule]]\nthen = { approvals = 4 }\n");
    assert!(code == 2 && said.contains("rule 1 asks for 4 approvals, the vault has 3 custodians"), "{said}");
    let foreign = "[destinations]\nd = [\"bc1qcr8te4kr609gcawutmrza0j4xv80jy8z306fyu\"]\n";
    let (code, said) = try_it(foreign);
    assert!(code == 2 && said.contains("line 2: ") && said.contains("another network than regtest"), "{said}");
    assert_eq!(try_it("[caps]\nfee = 1\n").0, 2);
    only_added(&whole, &bench, &[]);
    let (code, _) = stopped(bench.in_person([line("Your name", "")], |desk| ceremony::set_policy(desk, "")));
    assert_eq!(code, 1);
    only_added(&whole, &bench, &["opened", "refused"]);
    let after = copy(&bench);
    let mut answers: Vec<_> = ["alice", "bob"].into_iter().flat_map(|who| approves(who, &[])).collect();
    answers.push(line("Type YES", ""));
    assert_eq!(stopped(bench.in_person(answers, |desk| ceremony::set_policy(desk, ""))).0, 1);
    only_added(&after, &bench, &["opened", "voted", "voted", "intent", "failed"]);
    assert_eq!(bench.vault().statement().core().policy, next);
}

#[test]
fn a_policy_that_the_vault_cannot_have_founds_no_vault() {
    for policy in
        ["[[rule]]\nthen = { approvals = 4 }\n", "[destinations]\nd = [\"1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2\"]\n"]
    {
        let error = Bench::create(&Plan { policy, ..Plan::default() }).err().unwrap();
        assert_eq!(error.code(), 2, "{error}");
        assert!(matches!(error, CeremonyError::Found(_)));
    }
}

/// G11: what is decided is logged with the digest of its review, and no PSBT, no secret.
#[test]
fn the_journal_has_the_digest_of_every_decision_and_no_psbt_and_no_secret() {
    let bench = treasury();
    let psbt = payment(&bench);
    let bad = edited(&psbt, |psbt| psbt.inputs[0].non_witness_utxo = None);
    let refused = ceremony::decide(&bench.vault(), bad.clone()).unwrap().err().unwrap();
    let refused = refused.reviewed.digest(&[]).to_string();
    let approved = ceremony::decide(&bench.vault(), psbt.clone()).unwrap().ok().unwrap().digest().to_string();
    stopped(bench.unattended(&["alice", "bob"], &[], |desk| ceremony::sign_transaction(desk, &bad)));
    let answers = [line("Your name", "")];
    stopped(bench.in_person(answers, |desk| ceremony::sign_transaction(desk, &psbt)));
    let released = sign(&bench, &["alice", "bob"], &psbt).unwrap();
    let journal = String::from_utf8(bench.stick.files()["journal"].clone()).unwrap();
    let with = |kind: &str, digest: &str| {
        let kind = format!("\"type\":\"{kind}\"");
        journal.lines().filter(|line| line.contains(&kind) && line.contains(digest)).count()
    };
    assert_eq!((with("refused", &refused), with("refused", &approved)), (1, 1));
    assert_eq!((with("voted", &approved), with("intent", &approved)), (2, 1));
    let after: Vec<&str> = journal.lines().skip_while(|line| !line.contains(&approved)).collect();
    assert!(after.last().unwrap().contains("\"type\":\"signed\""), "the closing line covers all before it");
    // The PSBTs, what they are made of, and what came out; passphrases; key bytes of any kind.
    for bytes in [&psbt, &bad, &released.full().to_vec()] {
        let hex = strongroom::text::hex(bytes);
        for start in (0..hex.len() - 96).step_by(2) {
            let part = &hex[start..start + 96];
            assert!(!journal.contains(part), "48 bytes of the PSBT at {}", start / 2);
        }
    }
    for never in ["cHNidP8", "70736274ff", "AGE-SECRET-KEY", "age-encryption", "tpub", "tprv"] {
        assert!(!journal.contains(never), "{never}");
    }
    for custodian in ["alice", "bob", "carol"] {
        assert!(!journal.contains(&passphrase(custodian)));
    }
}

#[test]
fn the_program_reads_out_and_tries_a_policy() {
    let office = Office::new();
    let run = |args: &[&str]| office.run(args);
    let shown = run(&["policy", "show", "t.vault"]);
    assert!(shown.code == Some(0) && String::from_utf8(shown.out).unwrap().starts_with("Transactions with inputs of"));
    let before = office.vault();
    let tried = run(&["policy", "test", "t.vault", "pay.psbt"]);
    let said = String::from_utf8(tried.out).unwrap();
    assert!(tried.code == Some(0) && said == "allowed: no rule of the policy decides\napprovals: 2 of 3\n", "{said}");
    office.put("p.toml", format!("{THREE}[[rule]]\nwhen = {{ wallets = [\"hot\"] }}\nthen = \"refuse\"\n").as_bytes());
    let tried = run(&["policy", "test", "t.vault", "pay.psbt", "--policy", "p.toml", "--json"]);
    let json: serde_json::Value = serde_json::from_slice(&tried.out).unwrap();
    assert_eq!(tried.code, Some(0));
    assert_eq!((&json["needed"], &json["asked_by"], &json["verdict"]), (&3.into(), &1.into(), &"cleared".into()));
    office.put("p.toml", b"[[rule]]\nthen = \"refuse\"\n");
    let tried = run(&["policy", "test", "t.vault", "pay.psbt", "--policy", "p.toml"]);
    let said = String::from_utf8(tried.out).unwrap();
    assert!(tried.code == Some(1) && said.starts_with("refused: rule 1 of the policy decides\n"), "{said}");
    let tried = run(&["policy", "test", "t.vault", "pay.psbt", "--policy", "p.toml", "--json"]);
    let json: serde_json::Value = serde_json::from_slice(&tried.out).unwrap();
    assert_eq!((tried.code, &json["decided_by"], &json["refused_by"][0]), (Some(1), &1.into(), &"O11".into()));
    for (text, part) in
        [("[caps\n", "line 1"), ("[[rule]]\nthen = { approvals = 9 }\n", "9 approvals"), ("x = 1", "`x`")]
    {
        office.put("p.toml", text.as_bytes());
        let tried = run(&["policy", "test", "t.vault", "pay.psbt", "--policy", "p.toml"]);
        assert!(tried.code == Some(2) && tried.err.contains(part) && tried.out.is_empty(), "{}", tried.err);
    }
    assert_eq!(run(&["policy", "test", "t.vault", "p.toml"]).code, Some(2));
    assert_eq!(office.vault(), before, "nothing is written");
}
