//! Edited, exchanged and mixed files: each is refused and named.

use crate::{
    digest::Subject,
    journal::{Line, Pen, frail_store::FrailStore},
    network::Network,
    port::Store,
    quorum::{Kind, Session},
    vault::{
        Change, Family, JOURNAL, Key, Outcome, Part, SealedError, ShareError, ShareFile, ShareState, ShelfError, Side,
        Slot, SlotError, StatementError, Vault, VaultError,
        samples::{self, NAMES, change_policy, created, name, open_share, passphrase, read, refused},
        statement::Core,
    },
};

#[test]
fn every_changed_byte_of_a_slot_is_refused() {
    let mut store = created(1);
    let slot = store.bytes("slot.a").unwrap();
    for at in 0..slot.len() {
        let mut bytes = slot.clone();
        bytes[at] ^= 1;
        assert!(Slot::read(&bytes).is_err(), "byte {at}");
        store.put("slot.a", &bytes);
        let error = Vault::read(&store).err().unwrap_or_else(|| panic!("byte {at}"));
        assert_eq!(error.family(), Family::Integrity, "byte {at}: {error}");
        assert!(error.to_string().contains("`slot.a`: "), "byte {at}: {error}");
    }
    for length in [0, 1, slot.len() / 2, slot.len() - 1] {
        store.put("slot.a", &slot[..length]);
        assert_eq!(refused(&store).1, 4);
    }
    store.put("slot.a", &[&slot[..], b"\n"].concat());
    assert_eq!(refused(&store).1, 4);
}

#[test]
fn every_changed_byte_of_a_share_is_refused_without_a_passphrase() {
    let mut store = created(1);
    let vault = read(&store);
    let share = store.bytes("alice.1.a.share").unwrap();
    for at in 0..share.len() {
        let mut bytes = share.clone();
        bytes[at] ^= 1;
        let error = ShareFile::read(&bytes, vault.statement()).err().unwrap_or_else(|| panic!("byte {at}"));
        assert_eq!(error.family(), Family::Integrity, "byte {at}: {error}");
    }
    let mut edited = share;
    let end = edited.len() - 10;
    edited[end] ^= 1;
    store.take("alice.1.a.share");
    store.write("alice.1.a.share", &edited, crate::port::Privacy::Private).unwrap();
    let report = read(&store).check();
    assert!(!report.is_whole());
    let (_, state) = report.shares.first().unwrap();
    assert!(matches!(state, ShareState::Bad(ShelfError::Share { file, .. }) if file == "alice.1.a.share"), "{state:?}");
}

#[test]
fn every_changed_byte_of_a_journal_is_refused() {
    let mut store = created(1);
    change_policy(&mut store, "# two").unwrap();
    let journal = store.bytes("journal").unwrap();
    for at in 0..journal.len() - 1 {
        let mut bytes = journal.clone();
        bytes[at] ^= 1;
        store.put("journal", &bytes);
        assert_eq!(refused(&store).1, 4, "byte {at}");
    }
    // Cut by whole lines: a slot is there that no line names, or the journal of its statement is not.
    let lines: Vec<&[u8]> = journal.split_inclusive(|byte| *byte == b'\n').collect();
    for kept in 0..lines.len() - 2 {
        store.put("journal", &lines[..kept].concat());
        let (text, code) = refused(&store);
        assert_eq!(code, 4, "{kept} lines: {text}");
    }
    store.take("journal");
    assert!(matches!(Vault::read(&store), Err(VaultError::NoJournal)));
}

#[test]
fn a_share_has_as_many_bytes_as_its_limit_and_not_one_more() {
    let store = created(1);
    let vault = read(&store);
    let mut bytes = store.bytes("alice.1.a.share").unwrap();
    bytes.resize(crate::limits::SHARE_BYTES, b' ');
    let error = |bytes: &[u8]| ShareFile::read(bytes, vault.statement()).err().unwrap();
    assert!(matches!(error(&bytes), ShareError::Form(_)));
    bytes.push(b' ');
    assert_eq!(error(&bytes), ShareError::TooLarge);
}

#[test]
fn what_lies_beside_a_good_share_is_named_and_stops_nobody() {
    let good = created(1);
    let bytes = |custodian: &str| good.bytes(&format!("{custodian}.1.a.share")).unwrap();
    let beside = |bytes: &[u8], exposed: bool, part: &str| {
        let mut store = good.clone();
        store.write("alice.1.b.share", bytes, crate::port::Privacy::Private).unwrap();
        if exposed {
            store.expose("alice.1.b.share");
        }
        let vault = read(&store);
        let found = vault.share(&name("alice")).unwrap();
        let said: Vec<String> = found.bad().iter().map(ToString::to_string).collect();
        assert!(said.len() == 1 && said[0].contains("alice.1.b.share") && said[0].contains(part), "{said:?}");
        let (_, side) = found.open(Key::Passphrase(&passphrase("alice")), vault.statement()).unwrap();
        assert_eq!(side, Side::A);
        assert!(vault.check().is_whole());
    };
    beside(b"x", false, "the share is");
    beside(b"x", true, "others may read");
    beside(&bytes("alice"), true, "others may read");
    beside(&bytes("bob"), false, "of `bob`, not of `alice`");
    beside(&vec![b' '; crate::limits::SHARE_BYTES + 1], false, "larger than");
    // Alone, each of them stops the custodian.
    let mut alone = good.clone();
    alone.take("alice.1.a.share");
    alone.write("alice.1.b.share", &bytes("bob"), crate::port::Privacy::Private).unwrap();
    assert!(read(&alone).share(&name("alice")).is_err());
}

#[test]
fn slots_that_were_swapped_or_copied_are_named() {
    let mut store = created(1);
    change_policy(&mut store, "# two").unwrap();
    let (a, b) = (store.bytes("slot.a").unwrap(), store.bytes("slot.b").unwrap());
    let mut swapped = store.clone();
    swapped.put("slot.a", &b);
    swapped.put("slot.b", &a);
    let (text, code) = refused(&swapped);
    assert!(text.contains("each other's names") && code == 4, "{text}");
    let mut copied = store.clone();
    copied.put("slot.b", &a);
    assert_eq!(refused(&copied).1, 4);
    // The one that does not count may be damaged, and that is told.
    store.put("slot.a", b"{}");
    let report = read(&store).check();
    assert!(!report.is_whole() && report.notices[0].to_string().contains("`slot.a`"));
    change_policy(&mut store, "# three").unwrap();
    assert!(read(&store).check().is_whole());
}

#[test]
fn parts_of_another_vault_are_named() {
    let ours = created(1);
    let theirs = created(2);
    let words = read(&theirs).statement().words();
    let mut mixed = ours.clone();
    mixed.put("slot.b", &theirs.bytes("slot.a").unwrap());
    let (text, code) = refused(&mixed);
    assert!(text.contains(&words) && text.contains("`slot.b`") && code == 4, "{text}");
    let mut mixed = ours.clone();
    mixed.put("slot.a", &theirs.bytes("slot.a").unwrap());
    let (text, code) = refused(&mixed);
    assert!(text.contains("another vault") && code == 4, "{text}");
    let share = theirs.bytes("alice.1.a.share").unwrap();
    let error = ShareFile::read(&share, read(&ours).statement()).err().unwrap();
    assert!(matches!(error, ShareError::OtherVault(_)) && error.to_string().contains(&words), "{error}");
}

#[test]
fn a_body_of_another_statement_is_refused() {
    let mut store = created(1);
    let slot = String::from_utf8(store.bytes("slot.a").unwrap()).unwrap();
    change_policy(&mut store, "# two").unwrap();
    let other = String::from_utf8(store.bytes("slot.b").unwrap()).unwrap();
    let body = |slot: &str| slot[..slot.find("\"statement\"").unwrap()].to_owned();
    let exchanged = slot.replace(&body(&slot), &body(&other));
    assert!(matches!(Slot::read(exchanged.as_bytes()), Err(SlotError::Statement(StatementError::Body))));
}

/// What somebody can do who has a vault's public half and no secret of it: sign it anew.
fn signed_anew(store: &FrailStore) -> FrailStore {
    let vault = read(store);
    let key = samples::root(7).statement_key().unwrap();
    let core = vault.statement().core();
    let mut forged = Core::first(core.network, key.public(), core.roster.clone(), core.policy.clone());
    forged.wallets.clone_from(&core.wallets);
    let body = vault.slot().body().to_owned();
    let statement = forged.sign(&body, &key).unwrap();
    let (bytes, slot) = Slot::write(&statement, body).unwrap();
    let mut forgery = store.clone();
    forgery.put("slot.a", &bytes);
    assert_eq!(refused(&forgery).1, 4, "the journal is still the old one");
    forgery.take("journal");
    let first = Line::Created {
        network: core.network,
        statement_key: key.public(),
        statement: slot.statement().digest(),
        slot_hash: slot.digest(),
    };
    drop(Pen::create(&mut forgery, JOURNAL, slot.statement().vault_id(), key.public(), first).unwrap());
    forgery
}

#[test]
fn a_statement_signed_anew_has_other_words_and_the_shares_refuse() {
    let store = created(1);
    let forgery = signed_anew(&store);
    let (ours, theirs) = (read(&store), read(&forgery));
    assert_ne!(ours.statement().words(), theirs.statement().words());
    for custodian in NAMES {
        let error = theirs.share(&name(custodian)).err().unwrap();
        assert_eq!(error.family(), Family::Integrity);
        assert!(error.to_string().contains(&ours.statement().words()), "{error}");
    }
    assert!(!theirs.check().is_whole());
}

#[test]
fn a_share_of_another_epoch_or_custodian_is_named() {
    let store = created(1);
    let vault = read(&store);
    let key = samples::root(1).statement_key().unwrap();
    let mut core = vault.statement().core().clone();
    core.epoch = 2;
    let later = core.sign(vault.slot().body(), &key).unwrap();
    let share = store.bytes("alice.1.a.share").unwrap();
    let error = ShareFile::read(&share, &later).err().unwrap();
    assert_eq!(error.to_string(), "the share of `alice` is of epoch 1, the vault is in epoch 2");

    let mut renamed = store.clone();
    renamed.write("bob.1.a.share", &share, crate::port::Privacy::Private).unwrap();
    let error = read(&renamed).share(&name("bob")).err().unwrap();
    assert!(error.to_string().ends_with("the share is of `alice`, not of `bob`"), "{error}");
}

#[test]
fn a_wrong_passphrase_is_called_that() {
    let store = created(1);
    let vault = read(&store);
    let found = vault.share(&name("alice")).unwrap();
    let error = found.open(Key::Passphrase(&passphrase("bob")), vault.statement()).err().unwrap();
    assert_eq!(error.family(), Family::Input);
    assert!(error.to_string().contains("wrong passphrase"), "{error}");
    assert!(matches!(
        error,
        ShelfError::Share { source: ShareError::Sealed { source: SealedError::WrongPassphrase, .. }, .. }
    ));
}

#[test]
fn a_share_that_others_may_read_is_refused() {
    let mut store = created(1);
    store.expose("alice.1.a.share");
    let vault = read(&store);
    let error = vault.share(&name("alice")).err().unwrap();
    assert!(error.to_string().contains("chmod 600 alice.1.a.share"), "{error}");
    assert!(vault.share(&name("bob")).is_ok());
}

#[test]
fn a_share_that_is_not_there_is_asked_for() {
    let mut store = created(1);
    store.take("alice.1.a.share");
    let error = read(&store).share(&name("alice")).err().unwrap();
    assert!(error.to_string().contains("--share alice=FILE"), "{error}");
    assert_eq!(error.family(), Family::Input);
}

#[test]
fn a_statement_says_what_is_wrong_with_it() {
    let store = created(1);
    let vault = read(&store);
    let key = samples::root(1).statement_key().unwrap();
    let core = || vault.statement().core().clone();
    let body = vault.slot().body();
    #[track_caller]
    fn case(result: Result<crate::vault::Statement, StatementError>, expected: &str) {
        let error = result.err().unwrap_or_else(|| panic!("{expected}")).to_string();
        assert!(error.contains(expected), "{error}");
    }
    case(core().sign(body, &samples::root(2).statement_key().unwrap()), "statement key is not the one");
    case(Core { network: Network::Signet, ..core() }.sign(body, &key), "vault id");
    case(Core { format: "strongroom/2".into(), ..core() }.sign(body, &key), "`strongroom/2`");
    case(Core { policy: "bad".into(), ..core() }.sign(body, &key), "policy");
    case(Core { epoch: 0, ..core() }.sign(body, &key), "epoch");
    case(Core { sequence: 2, ..core() }.sign(body, &key), "digest of the statement before");
    case(Core { journal_count: 1, ..core() }.sign(body, &key), "journal count");
    case(Core { sequence: 1 << 53, ..core() }.sign(body, &key), "number");
    let big = "#".repeat(crate::limits::POLICY_BYTES + 1);
    case(Core { policy: big, ..core() }.sign(body, &key), "policy's length");
    let next = vault.statement().successor(Change::Policy("# two".into()), 5, vault.journal().head()).unwrap();
    assert_eq!((next.sequence, next.previous), (2, vault.statement().digest()));
}

/// Lines that the statement key does not sign: somebody who has the stick for a while can append them.
fn append(store: &mut FrailStore, lines: Vec<Line>) {
    let journal = read(store).journal().clone();
    Pen::open(journal, JOURNAL).append(store, lines).unwrap();
}

#[test]
fn an_older_slot_cannot_be_put_in_force_by_lines_that_the_statement_key_does_not_sign() {
    let mut store = created(1);
    change_policy(&mut store, "# two").unwrap();
    let two = read(&store);
    change_policy(&mut store, "# three").unwrap();
    let three = read(&store);
    let statement = two.statement().digest();
    let forged = || {
        let session = Session {
            statement: three.statement().digest(),
            key: [1; 32],
            journal_count: three.journal().count(),
            journal_head: three.journal().head(),
        };
        let (kind, subject) = (Kind::Policy, Subject([9; 32]));
        let mut lines = vec![Line::opened(&session)];
        lines.extend(["alice", "bob"].map(|custodian| {
            let ballot = open_share(&three, custodian).vote(kind, subject, &session).unwrap();
            Line::Voted { ballot, kind, subject }
        }));
        lines.push(Line::Intent { kind, subject, custodians: vec![name("alice"), name("bob")], transaction: None });
        let slot_hash = two.slot().digest();
        let writing = Line::Writing { statement, slot: crate::journal::SlotName::B, slot_hash, sequence: 4 };
        lines.push(writing);
        lines
    };
    let mut open = store.clone();
    append(&mut open, forged());
    assert!(matches!(Vault::read(&open), Err(VaultError::OutOfTurn { side: Side::B })));
    let mut finished = store.clone();
    append(&mut finished, forged().into_iter().chain([Line::Finished { statement }]).collect());
    let (text, code) = refused(&finished);
    assert!(text.contains("an older slot was put back") && code == 4, "{text}");
    // What they can do is to leave a change open that never was: it is undone.
    let mut undone = store;
    let mut lines = forged();
    let slot_hash = crate::digest::FileDigest([8; 32]);
    let slot = crate::journal::SlotName::B;
    lines.pop();
    lines.push(Line::Writing { statement, slot, slot_hash, sequence: 4 });
    append(&mut undone, lines);
    assert_eq!(read(&undone).statement().digest(), three.statement().digest());
}

#[test]
fn a_change_is_not_taken_back_by_a_line_that_nobody_signs() {
    let mut store = created(1);
    change_policy(&mut store, "# two").unwrap();
    let changed = read(&store);
    let (entries, statement) = (changed.journal().entries(), changed.statement().digest());
    let writing = entries.iter().position(|entry| matches!(entry.line, Line::Writing { .. })).unwrap();
    let bytes = store.bytes(JOURNAL).unwrap();
    let lines: Vec<&[u8]> = bytes.split_inclusive(|byte| *byte == b'\n').collect();
    let cut = lines[..=writing].concat();
    store.put(JOURNAL, &cut);
    assert_eq!(read(&store).outcome(), Outcome::Finished, "the new statement is whole and counts");
    append(&mut store, vec![Line::Undone { statement }]);
    let (text, code) = refused(&store);
    assert!(text.contains("`slot.b`") && text.contains("somebody edited the journal") && code == 4, "{text}");
    // So it was, where the power went.
    store.put("slot.b", &store.bytes("slot.b").unwrap()[..100]);
    assert_eq!(read(&store).statement().core().sequence, 1);
}

#[test]
fn a_slot_that_does_not_count_is_the_last_that_did_there() {
    let mut store = created(1);
    let mut slots = vec![store.bytes("slot.a").unwrap()];
    for (policy, file) in [("# two", "slot.b"), ("# three", "slot.a"), ("# four", "slot.b")] {
        change_policy(&mut store, policy).unwrap();
        slots.push(store.bytes(file).unwrap());
    }
    for (number, said) in [(0, true), (1, true), (2, false), (3, true)] {
        let mut other = store.clone();
        other.put("slot.a", &slots[number]);
        if said {
            let (text, code) = refused(&other);
            assert!(text.contains("`slot.a`") && text.contains("an older one back") && code == 4, "{text}");
        } else {
            assert!(read(&other).check().is_whole());
        }
    }
}

#[test]
fn a_statement_sealed_over_another_journal_is_refused() {
    let mut store = created(1);
    let vault = read(&store);
    let key = samples::root(1).statement_key().unwrap();
    change_policy(&mut store, "# two").unwrap();
    let now = read(&store);
    // A second statement of the vault's own key, over a journal that never was, named by a journal of its own.
    let mut core = now.statement().core().clone();
    core.journal_head = crate::digest::Head([3; 32]);
    let body = now.slot().body().to_owned();
    let statement = core.sign(&body, &key).unwrap();
    let (bytes, slot) = Slot::write(&statement, body).unwrap();
    let mut forged = store.clone();
    forged.put("slot.a", &bytes);
    forged.take("slot.b");
    forged.take("journal");
    let first = Line::Created {
        network: core_network(&vault),
        statement_key: key.public(),
        statement: slot.statement().digest(),
        slot_hash: slot.digest(),
    };
    drop(Pen::create(&mut forged, JOURNAL, vault.statement().vault_id(), key.public(), first).unwrap());
    let error = Vault::read(&forged).err().unwrap();
    assert!(matches!(error, VaultError::OtherJournal { side: Side::A, .. }), "{error}");
    assert_eq!(error.family(), Family::Integrity);
}

fn core_network(vault: &Vault) -> Network {
    vault.statement().network()
}

#[test]
fn every_part_of_a_share_has_a_name() {
    let parts = [
        Part::Name,
        Part::VaultId,
        Part::StatementKey,
        Part::Epoch,
        Part::Scheme,
        Part::Threshold,
        Part::Index,
        Part::Identifier,
        Part::Commitment,
        Part::ApprovalKey,
    ];
    let names: std::collections::BTreeSet<_> = parts.iter().map(ToString::to_string).collect();
    assert_eq!(names.len(), parts.len());
}
