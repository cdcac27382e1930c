//! The stick in an attacker's hands: edited, exchanged, cut, forged; and people at the desk who do not agree.

use serde_json::Value;
use strongroom::{
    canon,
    ceremony::{self, CeremonyError},
    digest::{FileDigest, Head, StatementDigest, Subject, sha256},
    journal::{JournalError, Line, Pen, SlotName, record},
    network::Network,
    quorum::{Ballot, Kind, Matter, Proposed, Session, tally},
    secret::StatementKey,
    sys::Secret,
    vault::{JOURNAL, Key, OpenShare, ShareState, Shelf, Slot, vault_id},
};

use crate::{
    desk::{Answer, Bench, Plan, approves, line, name, passphrase, secret, unseen},
    frail_store::FrailStore,
    hostile::{
        copy, interrupted, lines, only_added, payment, sign, single, stopped, treasury, treasury_without_shares,
        warnings,
    },
};

/// Another vault with the same people, its wallet too.
fn other_vault() -> Bench {
    let bench = Bench::create(&Plan { number: 2, ..Plan::default() }).unwrap();
    bench.unattended(&["alice", "bob"], &[], |desk| ceremony::add_wallet(desk, single("main", "wpkh", 0))).unwrap();
    bench
}

fn put(bench: &Bench, file: &str, bytes: &[u8]) {
    bench.stick.with(|store| {
        store.put(file, bytes);
        store.hide(file);
    });
}

fn flipped(bytes: &[u8], at: usize) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    bytes[at] ^= 1 << (at % 7);
    bytes
}

/// Opens with other bytes in `file`: the error, or what is said beside a vault that opens.
fn opened_with(store: &mut FrailStore, file: &str, bytes: &[u8]) -> Result<Vec<String>, (u8, String)> {
    store.put(file, bytes);
    store.hide(file);
    let vault = ceremony::open(store, None).map_err(|error| (error.code(), error.to_string()))?;
    let report = vault.check();
    assert!(!report.is_whole() || !report.notices.is_empty(), "`{file}` was edited and nothing is said");
    let mut said: Vec<String> = report.notices.iter().map(ToString::to_string).collect();
    for (_, state) in report.shares {
        if let ShareState::Bad(error) = state {
            let error = CeremonyError::from(error);
            said.push(format!("{} {error}", error.code()));
        }
    }
    Ok(said)
}

/// Flips a bit in each byte of `file`, or in every `step`-th, and lets `judge` say whether that was told.
#[track_caller]
fn flip_all(file: &str, step: usize, judge: impl Fn(&Result<Vec<String>, (u8, String)>, bool) -> bool) {
    let mut store = treasury().stick.with(|store| store.clone());
    let bytes = store.bytes(file).unwrap();
    for at in (0..bytes.len()).step_by(step) {
        let found = opened_with(&mut store, file, &flipped(&bytes, at));
        assert!(judge(&found, at + 1 == bytes.len()), "{file}, byte {at}: {found:?}");
    }
}

#[test]
fn every_changed_byte_of_the_slot_that_counts_is_refused_and_named() {
    assert_eq!(treasury().vault().side().slot_name(), "slot.b");
    flip_all("slot.b", 1, |found, _| matches!(found, Err((4, said)) if said.contains("slot.b")));
}

#[test]
fn every_changed_byte_of_the_other_slot_is_named() {
    flip_all("slot.a", 1, |found, _| matches!(found, Ok(said) if said.join("").contains("`slot.a`")));
    let bytes = treasury().stick.files()["slot.a"].clone();
    assert!(Slot::read(&bytes).is_ok());
    for at in 0..bytes.len() {
        assert!(Slot::read(&flipped(&bytes, at)).is_err(), "byte {at}");
    }
}

#[test]
fn every_changed_byte_of_the_journal_is_refused_and_named() {
    flip_all("journal", 1, |found, last| match found {
        // Without its LF the last line is one that was cut short.
        Ok(said) => last && said.join("").contains("cut short"),
        Err((code, said)) => *code == 4 && said.contains("journal"),
    });
}

#[test]
fn every_changed_byte_of_a_share_is_refused_and_named() {
    let file = "alice.1.a.share";
    flip_all(
        file,
        29,
        |found, _| matches!(found, Ok(said) if said.len() == 1 && said[0].starts_with("4 ") && said[0].contains(file)),
    );
    let bench = treasury();
    let vault = bench.vault();
    let mut store = bench.stick.with(|store| store.clone());
    let bytes = store.bytes(file).unwrap();
    for at in 0..bytes.len() {
        store.put(file, &flipped(&bytes, at));
        store.hide(file);
        let (code, said) = match Shelf::look(&store, "alice.1", &name("alice"), vault.statement()) {
            Err(error) => (error.family().code(), error.to_string()),
            Ok(_) => panic!("byte {at} counts for nothing"),
        };
        assert!(code == 4 && said.contains(file), "byte {at}: {code} {said}");
    }
}

#[test]
fn an_edited_share_does_not_vote_even_with_its_passphrase() {
    let bench = treasury();
    let psbt = payment(&bench);
    let whole = bench.stick.files()["alice.1.a.share"].clone();
    for at in (0..whole.len()).step_by(97) {
        put(&bench, "alice.1.a.share", &flipped(&whole, at));
        let before = copy(&bench);
        let (code, said) = stopped(sign(&bench, &["alice", "bob"], &psbt));
        assert!(code == 4 && said.contains("alice.1.a.share"), "byte {at}: {code} {said}");
        only_added(&before, &bench, &["opened", "refused"]);
    }
}

/// The attacker's own statement over the victims' roster, wallets and body, signed by the attacker's own key.
fn signed_anew(bench: &Bench) -> Bench {
    let vault = bench.vault();
    let evil = StatementKey::new(Secret::take(&mut [0x66; 32]).unwrap()).ok().unwrap();
    let mut core = vault.statement().core().clone();
    core.statement_key = evil.public();
    core.vault_id = vault_id(&evil.public(), Network::Regtest);
    (core.sequence, core.previous) = (1, StatementDigest([0; 32]));
    (core.journal_count, core.journal_head) = (0, Head(core.vault_id.0));
    let body = vault.slot().body().to_owned();
    let statement = core.clone().sign(&body, &evil).unwrap();
    let document: Value = serde_json::from_str(&statement.document().unwrap()).unwrap();
    let slot = canon::document(&serde_json::json!({ "body": body, "statement": document })).unwrap();
    let forged = copy(bench);
    forged.stick.with(|store| {
        for file in ["journal", "slot.a", "slot.b"] {
            store.take(file);
        }
        store.put("slot.a", slot.as_bytes());
        let created = Line::Created {
            network: Network::Regtest,
            statement_key: evil.public(),
            statement: statement.digest(),
            slot_hash: FileDigest(sha256(slot.as_bytes())),
        };
        Pen::create(store, JOURNAL, core.vault_id, evil.public(), created).ok().unwrap();
    });
    forged
}

#[test]
fn a_statement_signed_anew_by_another_key_has_other_words_and_no_share_serves_it() {
    let bench = treasury();
    let words = bench.vault().statement().words();
    let forged = signed_anew(&bench);
    let vault = forged.vault();
    assert!(vault.statement().words() != words && vault.statement().wallets().len() == 1);
    let (code, said) = stopped(ceremony::open(&forged.stick, Some(&words)));
    assert!(code == 4 && said.contains(&vault.statement().words()), "{said}");
    assert!(!vault.check().is_whole(), "the shares are another vault's");

    let psbt = payment(&bench);
    let expecting = Bench { expected: Some(words.clone()), ..forged.clone() };
    let before = copy(&forged);
    assert_eq!(stopped(sign(&expecting, &["alice", "bob"], &psbt)).0, 4);
    only_added(&before, &forged, &[]);

    // Whoever does not compare words is still stopped by the own share, before its passphrase matters.
    let (code, said) = stopped(sign(&forged, &["alice", "bob"], &psbt));
    assert!(code == 4 && said.contains(&words) && said.contains("alice.1.a.share"), "{said}");
    only_added(&before, &forged, &["opened", "refused"]);

    // Rewriting the share's vault id breaks its signature.
    let id = bench.vault().statement().vault_id().to_string();
    for (file, bytes) in forged.stick.files() {
        if file.ends_with(".share") {
            let text = String::from_utf8(bytes).unwrap().replace(&id, &vault.statement().vault_id().to_string());
            put(&forged, &file, text.as_bytes());
        }
    }
    let (code, said) = stopped(sign(&forged, &["alice", "bob"], &psbt));
    assert!(code == 4 && said.contains("`alice` was edited"), "{said}");
}

#[test]
fn shares_of_another_vault_epoch_or_custodian_are_named() {
    #[track_caller]
    fn refused(bench: &Bench, bytes: &[u8], code: u8, part: &str) {
        let (psbt, warned) = (payment(bench), warnings(bench, &payment(bench)));
        let bench = copy(bench);
        put(&bench, "alice.1.a.share", bytes);
        let before = bench.stick.files();
        let result = bench.unattended(&["alice", "bob"], &warned, |desk| ceremony::sign_transaction(desk, &psbt));
        let (found, said) = stopped(result);
        assert!(found == code && said.contains("alice.1.a.share") && said.contains(part), "{found} {said}");
        let mut after = bench.stick.files();
        let added = after["journal"][before["journal"].len()..].to_vec();
        after.insert("journal".into(), before["journal"].clone());
        assert!(after == before && !String::from_utf8(added).unwrap().contains("intent"));
    }
    let (bench, other) = (treasury(), other_vault());
    let share = |bench: &Bench, file: &str| bench.stick.files()[file].clone();
    let own = String::from_utf8(share(&bench, "alice.1.a.share")).unwrap();
    refused(&bench, &share(&other, "alice.1.a.share"), 4, &other.vault().statement().words());
    refused(&bench, &share(&bench, "bob.1.a.share"), 2, "of `bob`, not of `alice`");
    refused(&bench, own.replacen("\"epoch\": 1", "\"epoch\": 2", 1).as_bytes(), 4, "epoch 2, the vault is in epoch 1");
    refused(&bench, own.replacen("\"alice\"", "\"dave\"", 1).as_bytes(), 4, "`dave`, who is no custodian");
    refused(&bench, own.replacen("\"epoch\"", "\"Epoch\"", 1).as_bytes(), 4, "the share is");
    refused(&bench, b"", 4, "the share is");
    refused(&bench, &vec![b' '; 65_000], 4, "the share is");
    refused(&bench, &vec![b' '; 70_000], 4, "larger than");
}

#[test]
fn slots_and_journals_of_other_vaults_or_other_times_do_not_mix() {
    #[track_caller]
    fn refused(bench: &Bench, files: &[(&str, Option<Vec<u8>>)], part: &str) {
        let bench = copy(bench);
        for (file, bytes) in files {
            match bytes {
                Some(bytes) => put(&bench, file, bytes),
                None => bench.stick.with(|store| store.take(file)),
            }
        }
        let (code, said) = stopped(ceremony::open(&bench.stick, None));
        assert!(code == 4 && said.contains(part), "{code} {said}");
        let before = bench.stick.files();
        assert_eq!(stopped(bench.unattended(&["alice"], &[], |desk| ceremony::drill(desk, &name("alice")))).0, 4);
        assert_eq!(bench.stick.files(), before);
    }
    let (bench, other) = (treasury(), other_vault());
    let file = |bench: &Bench, name: &str| Some(bench.stick.files()[name].clone());
    refused(&bench, &[("slot.a", file(&other, "slot.a"))], "belongs to another vault");
    refused(&bench, &[("slot.b", file(&other, "slot.b"))], "slot.b");
    refused(&bench, &[("slot.a", file(&other, "slot.a")), ("slot.b", file(&other, "slot.b"))], "another vault");
    refused(&bench, &[("journal", file(&other, "journal"))], "another vault");
    refused(&bench, &[("journal", None)], "there is no journal");
    refused(&bench, &[("journal", Some(Vec::new()))], "names no slot");
    refused(&bench, &[("slot.a", file(&bench, "slot.b")), ("slot.b", file(&bench, "slot.a"))], "each other's names");
    refused(&bench, &[("slot.b", file(&bench, "slot.a"))], "missing");
    refused(&bench, &[("slot.b", None)], "missing");
    refused(&bench, &[("slot.b", Some(b"{}\n".to_vec()))], "slot.b");
    let torn = file(&bench, "slot.b").map(|bytes| bytes[..bytes.len() / 2].to_vec());
    refused(&bench, &[("slot.b", torn)], "damaged");
    // The journal from before the wallet, beside the slots of now.
    let first = file(&bench, "journal").map(|bytes| bytes[..=bytes.iter().position(|b| *b == b'\n').unwrap()].to_vec());
    refused(&bench, &[("journal", first)], "no line of the journal names");
}

#[test]
fn a_journal_cut_anywhere_is_refused_or_known_by_its_kept_head() {
    let bench = treasury();
    let psbt = payment(&bench);
    let _ = sign(&bench, &["alice", "bob"], &psbt).unwrap();
    let whole = bench.stick.files()["journal"].clone();
    let (count, head) = (bench.vault().journal().count(), bench.vault().journal().head());
    // Around each end of a line every length, elsewhere some.
    let near = |length: usize| whole[length.saturating_sub(3)..(length + 3).min(whole.len())].contains(&b'\n');
    for length in (0..whole.len()).filter(|length| length % 11 == 0 || near(*length)) {
        let cut = copy(&bench);
        put(&cut, "journal", &whole[..length]);
        match ceremony::open(&cut.stick, None) {
            Err(error) => assert_eq!(error.code(), 4, "{length}: {error}"),
            Ok(vault) => {
                assert!(!vault.journal().goes_on_from(count, head), "{length}: the kept head does not tell");
                assert_eq!(vault.statement().wallets().len(), 1, "{length}: an older statement counts");
                let torn = whole[length - 1] != b'\n';
                assert_eq!(vault.journal().torn().is_some(), torn);
            }
        }
    }
}

#[test]
fn a_torn_tail_is_said_and_cut_by_the_next_ceremony() {
    let bench = treasury();
    let whole = bench.stick.files()["journal"].clone();
    for tail in [&b"{\"line\":7,"[..], &[0; 300], b"\xff\xfe", b" "] {
        put(&bench, "journal", &[&whole, tail].concat());
        assert!(
            bench.vault().notices().iter().any(|notice| notice.to_string().contains(&format!("{} bytes", tail.len())))
        );
        bench.unattended(&["bob"], &[], |desk| ceremony::drill(desk, &name("bob"))).unwrap();
        assert!(bench.tape.showed("were removed from the journal"));
        assert!(bench.vault().notices().is_empty() && bench.stick.files()["journal"].starts_with(&whole));
        put(&bench, "journal", &whole);
    }
}

#[test]
fn ballots_that_nobody_cast_are_refused_and_their_line_is_named() {
    let bench = treasury();
    let vault = bench.vault();
    let count = vault.journal().count();
    let session = Session {
        statement: vault.statement().digest(),
        key: [7; 32],
        journal_count: count,
        journal_head: vault.journal().head(),
    };
    let (kind, subject) = (Kind::Xpub, Subject([9; 32]));
    let shares = open(&bench, &["alice", "bob"]);
    let voted = |ballot: Ballot| Line::Voted { ballot, kind, subject };
    let invented = |custodian: &str| Ballot { custodian: name(custodian), signature: "5a".repeat(64) };
    let intent = |custodians: &[&str]| Line::Intent {
        kind,
        subject,
        custodians: custodians.iter().map(|custodian| name(custodian)).collect(),
        transaction: None,
    };
    let real = |index: usize| shares[index].vote(kind, subject, &session).unwrap();
    let opened = || Line::opened(&session);
    for (lines, at, part) in [
        (vec![opened(), voted(invented("alice"))], 2, "the ballot of `alice`"),
        (vec![opened(), voted(real(0)), voted(invented("bob")), intent(&["alice", "bob"])], 3, "the ballot of `bob`"),
        (vec![opened(), voted(Ballot { custodian: name("bob"), ..real(0) })], 2, "the ballot of `bob`"),
        (vec![opened(), voted(Ballot { custodian: name("mallory"), ..real(0) })], 2, "`mallory` is no custodian"),
        (vec![opened(), voted(real(0)), intent(&["alice"])], 3, "1 of 2 approvals"),
        (vec![Line::Drilled { custodian: name("mallory"), epoch: 1 }], 1, "`mallory` is no custodian"),
        (vec![opened(), voted(real(0)), voted(real(1)), intent(&["alice", "bob"])], 0, ""),
    ] {
        let bench = copy(&bench);
        let mut pen = Pen::open(vault.journal().clone(), JOURNAL);
        bench.stick.with(|store| pen.append(store, lines).map(drop)).unwrap();
        if at == 0 {
            assert_eq!(bench.vault().journal().count(), count + 4, "true ballots are believed");
            continue;
        }
        let (code, said) = stopped(ceremony::open(&bench.stick, None));
        let line = format!("line {}: ", count + at);
        assert!(code == 4 && said.contains(&line) && said.contains(part), "{code} {said}");
    }
}

#[test]
fn lines_forged_without_the_statement_key_do_not_bring_an_older_statement_back() {
    // The spare slot is the statement before, validly signed. Lines before a closing one need ballots alone, which
    // a quorum could have given to somebody.
    for settled in [None, Some(true), Some(false)] {
        let bench = treasury();
        let vault = bench.vault();
        let old = bench.stick.files()["slot.a"].clone();
        let old_digest = Slot::read(&old).unwrap().statement().digest();
        assert_eq!(vault.side().slot_name(), "slot.b");
        let session = Session {
            statement: vault.statement().digest(),
            key: [7; 32],
            journal_count: vault.journal().count(),
            journal_head: vault.journal().head(),
        };
        let (kind, subject) = (Kind::Policy, Subject([9; 32]));
        let shares = open(&bench, &["alice", "bob"]);
        let vote = |index: usize| {
            let ballot = shares[index].vote(kind, subject, &session).unwrap();
            Line::Voted { ballot, kind, subject }
        };
        let mut forged = vec![
            Line::opened(&session),
            vote(0),
            vote(1),
            Line::Intent { kind, subject, custodians: vec![name("alice"), name("bob")], transaction: None },
            Line::Writing {
                statement: old_digest,
                slot: SlotName::A,
                slot_hash: FileDigest(sha256(&old)),
                sequence: 3,
            },
        ];
        match settled {
            Some(true) => forged.push(Line::Finished { statement: old_digest }),
            Some(false) => forged.push(Line::Undone { statement: old_digest }),
            None => {}
        }
        let mut pen = Pen::open(vault.journal().clone(), JOURNAL);
        bench.stick.with(|store| pen.append(store, forged).map(drop)).unwrap();
        if settled == Some(false) {
            assert_eq!(bench.vault().statement().digest(), vault.statement().digest());
            continue;
        }
        let (code, said) = stopped(ceremony::open(&bench.stick, None));
        assert!(code == 4 && said.contains("slot.a") && said.contains("older"), "{code} {said}");
    }
}

#[test]
fn the_stick_exchanged_between_two_ballots_is_told() {
    let bench = treasury_without_shares();
    let older = bench.stick.with(|store| store.clone());
    bench.unattended(&["carol"], &[], |desk| ceremony::drill(desk, &name("carol"))).unwrap();
    let psbt = payment(&bench);
    let warned = warnings(&bench, &psbt);
    let grown = copy(&bench);
    grown.unattended(&["bob"], &[], |desk| ceremony::drill(desk, &name("bob"))).unwrap();
    let without = |file: &str| {
        let less = copy(&bench);
        less.stick.with(|store| store.take(file));
        less.stick.with(|store| store.clone())
    };
    let spare = copy(&bench);
    put(&spare, "slot.a", b"x");
    let exchanged = [
        ("another vault", other_vault().stick.with(|store| store.clone())),
        ("one more line", grown.stick.with(|store| store.clone())),
        ("an older copy", older),
        ("no journal", without("journal")),
        ("no slot", without("slot.b")),
        ("another spare slot", spare.stick.with(|store| store.clone())),
        ("an empty stick", FrailStore::new()),
    ];
    for (what, other) in exchanged {
        for prompt in [("Your name", 2), ("your passphrase", 1), ("your passphrase", 2)] {
            let bench = copy(&bench);
            let answers = ["alice", "bob"].iter().flat_map(|custodian| approves(custodian, &warned));
            bench.tape.will_answer(answers);
            let stick = bench.stick.clone();
            let mut exchange = || stick.replace(other.clone());
            let result = interrupted(&bench, prompt, &mut exchange, |desk| ceremony::sign_transaction(desk, &psbt));
            let (code, said) = stopped(result);
            assert!(code == 4 && said.contains("exchanged or changed"), "{what}, {prompt:?}: {code} {said}");
            let left = bench.stick.files();
            bench.stick.replace(other.clone());
            assert_eq!(left, bench.stick.files(), "{what}: the other stick was written to");
            assert_eq!(bench.tape.unasked(), 0, "{what}");
        }
    }
}

#[test]
fn a_new_passphrase_is_not_written_onto_another_stick() {
    let bench = treasury();
    let other = other_vault().stick.with(|store| store.clone());
    bench.tape.will_answer([
        unseen("alice, your present passphrase", &passphrase("alice")),
        line("OWN", "own"),
        unseen("alice, your new passphrase", "correct horse battery"),
        unseen("again", "correct horse battery"),
    ]);
    let stick = bench.stick.clone();
    let mut exchange = || stick.replace(other.clone());
    let result =
        interrupted(&bench, ("OWN", 1), &mut exchange, |desk| ceremony::change_passphrase(desk, &name("alice"), None));
    let (code, said) = stopped(result);
    assert!(code == 4 && said.contains("exchanged or changed"), "{code} {said}");
    let left = bench.stick.files();
    bench.stick.replace(other.clone());
    assert_eq!(left, bench.stick.files());
}

#[test]
fn people_who_do_not_agree_leave_a_refusal_and_nothing_else() {
    #[track_caller]
    fn refused(answers: Vec<Answer>, code: u8, part: &str) {
        let bench = treasury();
        let before = copy(&bench);
        let psbt = payment(&bench);
        let (found, said) = stopped(bench.in_person(answers, |desk| ceremony::sign_transaction(desk, &psbt)));
        assert!(found == code && said.contains(part), "{found} {said}");
        only_added(&before, &bench, &["opened", "refused"]);
        assert_eq!(bench.tape.unasked(), 0);
        let shown = bench.tape.text();
        assert!(!shown.contains("scripted passphrase") && !shown.contains("not it"), "a passphrase is on the screen");
        assert!(!String::from_utf8(bench.stick.files()["journal"].clone()).unwrap().contains("passphrase of"));
    }
    let bench = treasury();
    let warned = warnings(&bench, &payment(&bench));
    let alice = approves("alice", &warned);
    let then = |more: Vec<Answer>| [alice.clone(), more].concat();
    let wrong = || unseen("your passphrase", "not it");
    let up_to_passphrase = |custodian: &str| {
        let mut all = approves(custodian, &warned);
        all.pop();
        all
    };

    refused(vec![line("Your name", "")], 1, "refused by a custodian");
    refused(then(vec![line("Your name", "")]), 1, "refused by a custodian");
    refused(then(vec![Answer::End]), 1, "input ended");
    // Who votes twice, a stranger and a slip are told so and asked again; the ballot does not count.
    let told = |first: Vec<Answer>, typed: &str, said: &str| {
        let answers = [first, vec![line("Your name", typed), line("Your name", "")]].concat();
        refused(answers.clone(), 1, "refused by a custodian");
        let bench = treasury();
        let psbt = payment(&bench);
        assert_eq!(stopped(bench.in_person(answers, |desk| ceremony::sign_transaction(desk, &psbt))).0, 1);
        let text = bench.tape.text();
        assert!(text.contains(said) && !text.contains('\u{202e}'), "{text}");
        assert!(typed == "alice" || !text.contains(typed), "a wrong answer is said again: {text}");
    };
    told(alice.clone(), "alice", "`alice` has approved already");
    told(vec![], "mallory", "no custodian's name");
    told(vec![], "a-passphrase-like-a-name", "no custodian's name");
    told(vec![], "Alice \u{202e}", "no custodian's name");
    told(vec![], &passphrase("alice"), "no custodian's name");
    refused([up_to_passphrase("alice"), vec![wrong(), wrong(), wrong()]].concat(), 2, "wrong passphrase");
    refused(then([up_to_passphrase("bob"), vec![wrong(), wrong(), wrong()]].concat()), 2, "wrong passphrase");
    refused([up_to_passphrase("alice"), vec![unseen("your passphrase", "")]].concat(), 1, "refused by a custodian");
    refused([up_to_passphrase("alice"), vec![wrong(), Answer::End]].concat(), 1, "input ended");
    // The passphrase of another custodian opens nothing.
    let bobs = || unseen("your passphrase", &passphrase("bob"));
    refused([up_to_passphrase("alice"), vec![bobs(), bobs(), bobs()]].concat(), 2, "wrong passphrase");

    // Two slips are forgiven.
    let bench = treasury();
    let slips =
        [up_to_passphrase("bob"), vec![wrong(), wrong(), unseen("your passphrase", &passphrase("bob"))]].concat();
    let psbt = payment(&bench);
    let _ = bench.in_person(then(slips), |desk| ceremony::sign_transaction(desk, &psbt)).unwrap();
}

#[test]
fn unattended_voters_count_once_and_must_be_enough() {
    #[track_caller]
    fn refused(voters: &[&str], code: u8, part: &str) {
        let bench = treasury();
        let before = copy(&bench);
        let psbt = payment(&bench);
        let (found, said) = stopped(sign(&bench, voters, &psbt));
        assert!(found == code && said.contains(part), "{voters:?}: {found} {said}");
        only_added(&before, &bench, &["opened", "refused"]);
        let (found, _) = stopped(bench.unattended(voters, &[], |desk| ceremony::export_xpub(desk, "m/48h/1h/0h/2h")));
        assert_eq!(found, code);
        let (found, _) =
            stopped(bench.unattended(voters, &[], |desk| ceremony::add_wallet(desk, single("two", "tr", 0))));
        assert_eq!(found, code);
        assert!(!lines(&bench)[lines(&before).len()..].contains(&"intent"));
    }
    refused(&[], 1, "0 of 2 approvals");
    refused(&["alice"], 1, "1 of 2 approvals");
    refused(&["alice", "alice"], 1, "`alice` has approved already");
    refused(&["mallory", "alice"], 1, "`mallory` is no custodian");
}

#[test]
fn a_terminal_that_goes_away_signs_nothing_at_any_moment() {
    let bench = treasury();
    let psbt = payment(&bench);
    let warned = warnings(&bench, &psbt);
    let answers: Vec<Answer> = ["alice", "bob"].iter().flat_map(|custodian| approves(custodian, &warned)).collect();
    let mut gone = 0;
    loop {
        let bench = copy(&treasury());
        let before = copy(&bench);
        bench.tape.gone_after(gone);
        match bench.in_person(answers.clone(), |desk| ceremony::sign_transaction(desk, &psbt)) {
            Err(error) => {
                assert_eq!(error.code(), 3, "after {gone}: {error}");
                only_added(&before, &bench, &[]);
            }
            Ok(released) => {
                // Only the head could not be said; what was signed leaves.
                assert!(released.full().len() > psbt.len());
                break;
            }
        }
        gone += 1;
    }
    assert!(gone > 8, "{gone}");
}

/// Custodians' open shares.
pub(crate) fn open(bench: &Bench, custodians: &[&str]) -> Vec<OpenShare> {
    let vault = bench.vault();
    let open = |custodian: &&str| {
        let found = vault.share(&name(custodian)).unwrap();
        found.open(Key::Passphrase(&secret(&passphrase(custodian))), vault.statement()).unwrap().0
    };
    custodians.iter().map(open).collect()
}

#[test]
fn a_ballot_serves_one_instruction_one_statement_and_one_session() {
    let bench = treasury();
    let vault = bench.vault();
    let statement = vault.statement();
    let session = Session {
        statement: statement.digest(),
        key: [1; 32],
        journal_count: vault.journal().count(),
        journal_head: vault.journal().head(),
    };
    let shares = open(&bench, &["alice", "bob"]);
    let proposed = || Proposed::new(Kind::Xpub, "m/48h/1h/0h/2h").unwrap();
    let subject = proposed().subject();
    let bob = || shares[1].vote(Kind::Xpub, subject, &session).unwrap();
    let votes = |alice: Ballot| tally(proposed(), vec![alice, bob()], statement.roster(), session);
    assert!(votes(shares[0].vote(Kind::Xpub, subject, &session).unwrap()).is_ok());

    let other = |kind, subject, session: Session| {
        let error = votes(shares[0].vote(kind, subject, &session).unwrap()).err().expect("the ballot does not count");
        let error = CeremonyError::from(error);
        assert!(error.code() == 4 && error.to_string().contains("`alice`"), "{error}");
    };
    other(Kind::AddWallet, subject, session);
    other(Kind::Xpub, Proposed::new(Kind::Xpub, "m/48h/1h/1h/2h").unwrap().subject(), session);
    other(Kind::Xpub, subject, Session { statement: StatementDigest([3; 32]), ..session });
    other(Kind::Xpub, subject, Session { key: [2; 32], ..session });
    other(Kind::Xpub, subject, Session { journal_count: session.journal_count + 1, ..session });
    other(Kind::Xpub, subject, Session { journal_head: Head([4; 32]), ..session });

    // Bob's signature under alice's name, edited signatures, twice the same, a stranger, one alone.
    let renamed = Ballot { custodian: name("alice"), ..bob() };
    assert!(votes(renamed).is_err());
    for at in 0..128 {
        let mut alice = shares[0].vote(Kind::Xpub, subject, &session).unwrap();
        let digit = alice.signature.remove(at);
        alice.signature.insert(at, if digit == '0' { '1' } else { '0' });
        assert!(votes(alice).is_err());
    }
    let mut shouted = shares[0].vote(Kind::Xpub, subject, &session).unwrap();
    shouted.signature = shouted.signature.to_uppercase();
    assert!(votes(shouted).is_err());
    assert!(votes(bob()).is_err(), "bob twice");
    assert!(votes(Ballot { custodian: name("mallory"), ..bob() }).is_err());
    assert!(tally(proposed(), vec![bob()], statement.roster(), session).is_err());
}

#[test]
fn the_journal_records_no_approval_of_another_session_or_state() {
    let bench = treasury();
    let vault = bench.vault();
    let session = |key: u8, count: u64| Session {
        statement: vault.statement().digest(),
        key: [key; 32],
        journal_count: count,
        journal_head: vault.journal().head(),
    };
    let count = vault.journal().count();
    let shares = open(&bench, &["alice", "bob"]);
    let approved = |session: Session| {
        let proposed = Proposed::new(Kind::Xpub, "m/48h/1h/0h/2h").unwrap();
        let ballots =
            shares.iter().map(|share| share.vote(Kind::Xpub, proposed.subject(), &session).unwrap()).collect();
        tally(proposed, ballots, vault.statement().roster(), session).unwrap()
    };
    let before = bench.stick.files();
    let mut store = bench.stick.clone();
    let mut refused = |approved_in: Session, held: Vec<Line>| {
        let mut pen = Pen::open(vault.journal().clone(), JOURNAL);
        let result = record(approved(approved_in), vault.statement().wallets(), held, &mut pen, &mut store);
        assert!(matches!(result.err(), Some(JournalError::OtherSession)));
    };
    refused(session(1, count), vec![Line::opened(&session(2, count))]);
    refused(session(1, count + 1), vec![Line::opened(&session(1, count + 1))]);
    refused(session(1, count - 1), vec![Line::opened(&session(1, count - 1))]);
    refused(session(1, count), vec![]);
    refused(session(1, count), vec![Line::opened(&session(1, count)), Line::opened(&session(1, count))]);
    assert_eq!(bench.stick.files(), before);
}

#[test]
fn a_share_that_others_may_read_does_not_vote() {
    let bench = treasury();
    bench.stick.with(|store| store.expose("bob.1.a.share"));
    let before = copy(&bench);
    let (code, said) = stopped(sign(&bench, &["alice", "bob"], &payment(&bench)));
    assert!(code == 2 && said.contains("bob.1.a.share") && said.contains("chmod 600"), "{code} {said}");
    only_added(&before, &bench, &["opened", "refused"]);
}
