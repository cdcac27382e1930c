use super::*;
use crate::{
    digest::Subject,
    journal::{Hex, Plain, Spending, samples::*},
    network::Network,
    text::Name,
};

fn read(bytes: &[u8]) -> Result<Journal, ChainError> {
    Journal::read(bytes.to_vec(), vault(), statement_key())
}

/// Created; a wallet added; a transaction signed: every kind of session, ending in a signed line.
fn whole() -> Sample {
    let mut sample = Sample::new();
    sample.session(Kind::AddWallet, None);
    sample.push(writing());
    sample.close(|signature| Line::Committed { statement: NEXT, signature });
    sample.push(Line::Drilled { custodian: name("carol"), epoch: 1 });
    sample.push(Line::Opened { session_key: Hex([8; 32]), statement: NEXT, version: Plain::new("0.1.0") });
    sample.push(voted("alice", Kind::Sign));
    sample.push(voted("bob", Kind::Sign));
    sample.push(intent(Kind::Sign, Some(spending(1))));
    sample.sign(spending(1));
    sample
}

fn lines(bytes: &[u8]) -> Vec<Vec<u8>> {
    bytes.split_inclusive(|&byte| byte == b'\n').map(<[u8]>::to_vec).collect()
}

#[test]
fn a_whole_journal_says_what_is_in_force_and_proven() {
    let journal = whole().journal();
    assert_eq!((journal.count(), journal.signed_up_to(), journal.torn()), (13, 13, None));
    assert_eq!(journal.head(), whole().head);
    let in_force = InForce { statement: NEXT, slot: SlotName::B, slot_hash: FileDigest([0xb2; 32]) };
    assert_eq!(journal.in_force(), Some(in_force));
    assert_eq!((journal.open_writing(), journal.open_intent()), (None, None));
    assert!(journal.names_slot(FileDigest([0xa1; 32])) && journal.names_slot(FileDigest([0xb2; 32])));
    assert!(!journal.names_slot(FileDigest([0xc3; 32])));
    assert!(journal.goes_on_from(0, Head(vault().0)) && journal.goes_on_from(13, journal.head()));
    assert!(journal.goes_on_from(1, Sample::new().head));
    assert!(!journal.goes_on_from(2, Sample::new().head) && !journal.goes_on_from(99, journal.head()));
}

#[test]
fn an_empty_journal_has_the_vault_id_as_its_head() {
    let journal = read(b"").unwrap();
    assert_eq!((journal.count(), journal.head(), journal.in_force()), (0, Head(vault().0), None));
}

/// Edits the journal at every `step`-th byte and demands that the line is named, or the one after it, whose chain
/// it breaks. An edit that takes the last LF leaves a torn tail.
#[track_caller]
fn every_edit_is_named(step: usize, edit: impl Fn(&mut Vec<u8>, usize)) {
    let sample = whole();
    let mut line = 1;
    for place in 0..sample.bytes.len() {
        if place % step == 0 || place + 1 == sample.bytes.len() {
            let mut bytes = sample.bytes.clone();
            edit(&mut bytes, place);
            match read(&bytes) {
                Ok(journal) => {
                    assert!(journal.torn().is_some() && journal.count() == 12 && line == 13, "byte {place}");
                }
                Err(error) => assert!((line..=line + 1).contains(&error.line), "byte {place} of line {line}: {error}"),
            }
        }
        line += u64::from(sample.bytes[place] == b'\n');
    }
}

#[test]
fn every_flipped_byte_of_a_signed_journal_is_named() {
    every_edit_is_named(1, |bytes, place| bytes[place] ^= 0x01);
    every_edit_is_named(4, |bytes, place| bytes[place] ^= 0x20);
    every_edit_is_named(5, |bytes, place| bytes[place] ^= 0xff);
    every_edit_is_named(5, |bytes, place| bytes[place] = if bytes[place] == b'\n' { b' ' } else { b'\n' });
}

#[test]
fn bytes_taken_out_or_put_in_are_named() {
    every_edit_is_named(5, |bytes, place| {
        bytes.remove(place);
    });
    every_edit_is_named(5, |bytes, place| bytes.insert(place, b' '));
    every_edit_is_named(7, |bytes, place| bytes.insert(place, bytes[place]));
}

#[test]
fn a_flipped_value_in_a_last_unsigned_line_is_unproven_not_hidden() {
    let mut sample = whole();
    sample.push(Line::failed("one"));
    let at = sample.bytes.len() - "one\",\"type\":\"failed\"}\n".len();
    sample.bytes[at] = b'x';
    let journal = sample.journal();
    assert_eq!((journal.count(), journal.signed_up_to()), (14, 13));
}

#[test]
fn lines_that_are_missing_doubled_or_swapped_are_named() {
    let sample = whole();
    let all = lines(&sample.bytes);
    for at in 0..all.len() - 1 {
        let named = u64::try_from(at + 1).unwrap();
        let mut missing = all.clone();
        missing.remove(at);
        assert_eq!(read(&missing.concat()).err().unwrap().line, named, "without line {named}");
        let mut doubled = all.clone();
        doubled.insert(at, all[at].clone());
        assert_eq!(read(&doubled.concat()).err().unwrap().line, named + 1, "line {named} twice");
        let mut swapped = all.clone();
        swapped.swap(at, at + 1);
        assert_eq!(read(&swapped.concat()).err().unwrap().line, named, "line {named} after the next");
    }
}

#[test]
fn lines_cut_from_the_end_cannot_be_seen_without_a_kept_head() {
    let kept = whole().journal();
    let all = lines(&whole().bytes);
    for left in 0..all.len() {
        let cut = read(&all[..left].concat()).unwrap();
        assert_eq!(cut.count(), u64::try_from(left).unwrap());
        assert!(!cut.goes_on_from(kept.count(), kept.head()));
        assert!(kept.goes_on_from(cut.count(), cut.head()));
    }
}

#[test]
fn a_tail_without_its_lf_is_torn_and_counts_for_nothing() {
    let sample = whole();
    let before = sample.bytes.len();
    let mut more = sample.clone();
    more.push(Line::failed("no"));
    for cut in before + 1..more.bytes.len() {
        let journal = read(&more.bytes[..cut]).unwrap();
        assert_eq!((journal.count(), journal.head(), journal.torn()), (13, sample.head, Some(cut - before)));
        assert_eq!(journal.bytes(), &more.bytes[..cut]);
    }
    for (tail, line) in [(&b"\n"[..], 14), (b"junk\n", 14), (b"\0\0\0\n", 14), (b"{}\n", 14)] {
        assert_eq!(read(&[&sample.bytes[..], tail].concat()).err().unwrap().line, line);
    }
}

#[test]
fn a_journal_belongs_to_one_vault() {
    let bytes = whole().bytes;
    let fault = |vault, key| Journal::read(bytes.clone(), vault, key).err().unwrap();
    assert_eq!(fault(VaultId([0; 32]), statement_key()), ChainError { line: 1, fault: ChainFault::OtherVault });
    assert_eq!(fault(vault(), public(8)), ChainError { line: 1, fault: ChainFault::OtherKey });
    #[track_caller]
    fn other(line: Line) {
        let mut sample = Sample { bytes: Vec::new(), number: 0, head: Head(vault().0) };
        sample.push(line);
        assert_eq!(read(&sample.bytes).err().unwrap(), ChainError { line: 1, fault: ChainFault::OtherKey });
    }
    let created = |network, statement_key| Line::Created {
        network,
        statement_key,
        statement: STATEMENT,
        slot_hash: FileDigest([1; 32]),
    };
    other(created(Network::Mainnet, statement_key()));
    other(created(Network::Regtest, public(8)));
}

#[test]
fn a_closing_line_needs_the_statement_keys_signature_over_itself() {
    let mut open = Sample::new();
    open.intent(spending(1));
    let signed = |signature| Line::Signed { transaction: spending(1), signature };
    #[track_caller]
    fn refused(open: &Sample, line: Line) {
        let mut sample = open.clone();
        sample.push(line);
        assert_eq!(read(&sample.bytes).err().unwrap(), ChainError { line: 6, fault: ChainFault::Signature });
    }
    let digest =
        |number, previous, vault| Entry { number, previous, line: signed(Hex([0; 64])) }.signing_digest(vault).unwrap();
    let right = digest(6, open.head, vault());
    let mut good = open.clone();
    good.push(signed(Hex(sign_by(7, &right))));
    assert_eq!(good.journal().signed_up_to(), 6);
    refused(&open, signed(Hex([0; 64])));
    refused(&open, signed(Hex([0xff; 64])));
    refused(&open, signed(Hex(sign_by(8, &right))));
    refused(&open, signed(Hex(sign_by(7, &digest(5, open.head, vault())))));
    refused(&open, signed(Hex(sign_by(7, &digest(6, Head([0; 32]), vault())))));
    refused(&open, signed(Hex(sign_by(7, &digest(6, open.head, VaultId([0; 32]))))));
}

#[track_caller]
fn out_of_place(lines: &[Line], why: &str) {
    let mut sample = Sample::new();
    for line in lines {
        if line.signature().is_some() {
            sample.close(|new| {
                let mut line = line.clone();
                if let Line::Signed { signature, .. }
                | Line::Committed { signature, .. }
                | Line::Exported { signature, .. } = &mut line
                {
                    *signature = new;
                }
                line
            });
        } else {
            sample.push(line.clone());
        }
    }
    let error = read(&sample.bytes).err().expect("the last line is out of place");
    assert_eq!(error.line, u64::try_from(lines.len() + 1).unwrap(), "{error}");
    assert!(error.to_string().contains(why), "{error}");
}

#[test]
fn lines_stand_only_where_a_ceremony_puts_them() {
    let zero = Hex([0; 64]);
    let (alice, bob) = (voted("alice", Kind::Policy), voted("bob", Kind::Policy));
    let policy = intent(Kind::Policy, None);
    let committed = |statement| Line::Committed { statement, signature: zero };
    let signed = |transaction| Line::Signed { transaction, signature: zero };
    let approved = [opened(), alice.clone(), bob.clone(), policy.clone()];
    let with = |more: &[Line]| [&approved[..], more].concat();
    out_of_place(&[created()], "the first one");
    out_of_place(std::slice::from_ref(&alice), "a vote without a session");
    out_of_place(
        &[Line::Opened { session_key: Hex([1; 32]), statement: NEXT, version: Plain::new("1") }],
        "not in force",
    );
    out_of_place(&[opened(), alice.clone(), policy.clone()], "without the votes");
    out_of_place(&[opened(), alice.clone(), bob.clone(), opened(), policy.clone()], "without the votes");
    out_of_place(&[opened(), alice.clone(), voted("bob", Kind::Xpub), policy.clone()], "without the votes");
    let none = Line::Intent { kind: Kind::Policy, subject: SUBJECT, custodians: vec![], transaction: None };
    out_of_place(&[opened(), alice.clone(), bob.clone(), none], "without the votes");
    let twice = vec![name("alice"), name("alice")];
    let twice = Line::Intent { kind: Kind::Policy, subject: SUBJECT, custodians: twice, transaction: None };
    out_of_place(&[opened(), alice.clone(), bob.clone(), twice], "counts twice");
    let other = vec![name("alice")];
    let other = Line::Intent { kind: Kind::Policy, subject: Subject([0; 32]), custodians: other, transaction: None };
    out_of_place(&[opened(), alice.clone(), bob.clone(), other], "without the votes");
    out_of_place(&[opened(), alice, bob, intent(Kind::Policy, Some(spending(1)))], "to sign only");
    out_of_place(
        &[opened(), voted("alice", Kind::Sign), voted("bob", Kind::Sign), intent(Kind::Sign, None)],
        "to sign only",
    );
    out_of_place(&[writing()], "without an approved instruction");
    out_of_place(&with(&[writing(), writing()]), "while one is being written");
    out_of_place(&with(&[committed(NEXT)]), "not being written");
    out_of_place(&with(&[writing(), committed(STATEMENT)]), "not being written");
    out_of_place(&with(&[writing(), opened(), committed(NEXT)]), "in another session");
    out_of_place(&with(&[writing(), committed(NEXT), Line::Finished { statement: NEXT }]), "not being written");
    out_of_place(&with(&[writing(), Line::Undone { statement: STATEMENT }]), "not being written");
    out_of_place(&with(&[writing(), Line::failed("x")]), "while its statement");
    out_of_place(&with(&[writing(), Line::Undone { statement: NEXT }, committed(NEXT)]), "in another session");
    let over = Line::Writing { statement: NEXT, slot: SlotName::A, slot_hash: FileDigest([1; 32]), sequence: 1 };
    out_of_place(&with(&[over]), "over the one in force");
    out_of_place(&with(&[signed(spending(1))]), "not the one approved");
    out_of_place(&with(&[Line::Exported { kind: Kind::Xpub, subject: SUBJECT, signature: zero }]), "not approved");
    let sign = [opened(), voted("alice", Kind::Sign), voted("bob", Kind::Sign), intent(Kind::Sign, Some(spending(1)))];
    let with = |more: &[Line]| [&sign[..], more].concat();
    out_of_place(&with(&[signed(spending(2))]), "not the one approved");
    out_of_place(&with(&[signed(Spending { fee: 2, ..spending(1) })]), "not the one approved");
    out_of_place(&with(&[signed(spending(1)), signed(spending(1))]), "not the one approved");
    out_of_place(&with(&[Line::failed("x"), signed(spending(1))]), "not the one approved");
    out_of_place(&with(&[opened(), signed(spending(1))]), "not the one approved");
    out_of_place(&with(&[writing()]), "without an approved instruction");
    out_of_place(&with(&[Line::Exported { kind: Kind::Sign, subject: SUBJECT, signature: zero }]), "not approved");
    let Line::Voted { mut ballot, kind, subject } = voted("alice", Kind::Sign) else { panic!() };
    ballot.signature = "zz".repeat(64);
    out_of_place(&[opened(), Line::Voted { ballot, kind, subject }], "64 bytes");
}

#[test]
fn an_open_writing_is_seen_until_a_line_settles_it() {
    let mut sample = Sample::new();
    sample.session(Kind::Policy, None);
    let intent = sample.journal().open_intent().unwrap();
    assert_eq!((intent.line, intent.kind, intent.subject), (5, Kind::Policy, SUBJECT));
    sample.push(writing());
    let open = sample.journal().open_writing().unwrap();
    assert_eq!((open.line, open.next.statement, open.next.slot, open.sequence), (6, NEXT, SlotName::B, 1));
    assert_eq!(sample.journal().in_force().unwrap().statement, STATEMENT);
    let settled = |line| {
        let mut sample = sample.clone();
        sample.push(line);
        let journal = sample.journal();
        assert_eq!((journal.open_writing(), journal.open_intent()), (None, None));
        journal.in_force().unwrap().statement
    };
    assert_eq!(settled(Line::Finished { statement: NEXT }), NEXT);
    assert_eq!(settled(Line::Undone { statement: NEXT }), STATEMENT);
}

#[test]
fn lines_and_journals_have_their_limits() {
    let names: Vec<Name> = vec![name("alice"); limits::JOURNAL_LINE_BYTES / 8];
    let mut sample = Sample::new();
    sample.push(Line::Intent { kind: Kind::Sign, subject: SUBJECT, custodians: names, transaction: None });
    let error = read(&sample.bytes).err().unwrap();
    assert_eq!(error, ChainError { line: 2, fault: ChainFault::LineTooLong });
    let mut impossible = Sample::new();
    impossible.intent(Spending { inputs: Vec::new(), ..spending(1) });
    assert!(matches!(read(&impossible.bytes).err().unwrap(), ChainError { line: 5, fault: ChainFault::Spending(_) }));
}

#[test]
fn a_torn_append_is_no_longer_than_a_line_and_a_journal_than_its_limit() {
    let line = Sample::new().bytes;
    let with = |length: usize| {
        let mut bytes = line.clone();
        bytes.resize(length, 0);
        Journal::read(bytes, vault(), statement_key())
    };
    let most = line.len() + limits::JOURNAL_LINE_BYTES;
    let journal = with(most).unwrap();
    assert_eq!((journal.count(), journal.bytes().len()), (1, most));
    for length in [most + 1, limits::JOURNAL_BYTES] {
        assert_eq!(with(length).err().unwrap(), ChainError { line: 2, fault: ChainFault::LineTooLong });
    }
    assert_eq!(with(limits::JOURNAL_BYTES + 1).err().unwrap(), ChainError { line: 1, fault: ChainFault::TooLarge });
}
