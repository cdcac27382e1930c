use super::*;
use crate::journal::{
    close::close,
    frail_store::{Fault, FrailStore, Survivors},
    samples::*,
};

const FILE: &str = "journal";

fn load(store: &FrailStore) -> Result<Journal, JournalError> {
    Journal::load(store, FILE, vault(), statement_key())
}

/// A store with a durable journal of one line, and a pen for it.
fn begun() -> (FrailStore, Pen) {
    let mut store = FrailStore::new();
    Pen::create(&mut store, FILE, vault(), statement_key(), created()).unwrap();
    let pen = Pen::open(load(&store).unwrap(), FILE);
    (store, pen)
}

fn drilled(custodian: &str) -> Line {
    Line::Drilled { custodian: name(custodian), epoch: 1 }
}

#[test]
fn a_new_journal_is_durable_with_its_name() {
    let (store, _) = begun();
    assert_eq!(store.log(), ["write journal", "sync journal", "sync_names"]);
    let after = store.reopen(Survivors::Lost);
    assert_eq!(load(&after).unwrap().bytes(), Sample::new().bytes);
}

#[test]
fn a_journal_is_never_made_over_another() {
    let (mut store, _) = begun();
    let before = store.bytes(FILE);
    let again = Pen::create(&mut store, FILE, vault(), statement_key(), created());
    assert!(matches!(again.err().unwrap(), JournalError::Exists { .. }));
    store.put(FILE, b"");
    let again = Pen::create(&mut store, FILE, vault(), statement_key(), created());
    assert!(matches!(again.err().unwrap(), JournalError::Exists { .. }), "an empty file is a file");
    assert!(before.is_some());
    let mut store = FrailStore::new();
    let other = Pen::create(&mut store, FILE, vault(), statement_key(), drilled("carol"));
    assert!(matches!(other.err().unwrap(), JournalError::Chain(_)));
    assert_eq!(store.bytes(FILE), None, "nothing is written for a line that cannot be the first");
}

#[test]
fn a_missing_journal_is_an_error_and_never_a_new_file() {
    let (mut store, mut pen) = begun();
    store.take(FILE);
    let error = load(&store).err().unwrap();
    assert!(matches!(error, JournalError::Missing { .. }) && error.is_integrity());
    assert!(matches!(pen.append(&mut store, vec![drilled("carol")]), Err(JournalError::Changed { .. })));
    assert_eq!(store.bytes(FILE), None);
}

#[test]
fn lines_are_appended_in_one_durable_write() {
    let (mut store, mut pen) = begun();
    let steps = store.log().len();
    let appended = pen.append(&mut store, vec![drilled("carol"), drilled("alice")]).unwrap();
    assert_eq!(store.log()[steps..], ["append journal", "sync journal"]);
    let journal = load(&store.reopen(Survivors::Lost)).unwrap();
    assert_eq!((journal.count(), journal.head(), appended.cut_bytes), (3, appended.head, None));
    assert_eq!((pen.journal().count(), pen.journal().head()), (3, appended.head));
    pen.append(&mut store, vec![drilled("bob")]).unwrap();
    assert_eq!(load(&store).unwrap().count(), 4);
}

#[test]
fn a_torn_tail_is_cut_first_and_said() {
    let (mut store, _) = begun();
    store.append(FILE, b"{\"custodian\":\"car").unwrap();
    let journal = load(&store).unwrap();
    assert_eq!(journal.torn(), Some(17));
    let mut pen = Pen::open(journal, FILE);
    let steps = store.log().len();
    let appended = pen.append(&mut store, vec![drilled("carol")]).unwrap();
    assert_eq!(appended.cut_bytes, Some(17));
    assert_eq!(store.log()[steps..], ["truncate journal", "sync journal", "append journal", "sync journal"]);
    let journal = load(&store.reopen(Survivors::Lost)).unwrap();
    assert_eq!((journal.count(), journal.torn()), (2, None));
}

/// Cuts the power at every step of an append and demands a readable journal of old or new lines.
#[track_caller]
fn a_cut_leaves_a_readable_journal(tail: &[u8], steps: usize) {
    for step in 1..=steps + 1 {
        let (mut store, _) = begun();
        let whole = [&store.bytes(FILE).unwrap()[..], tail].concat();
        store.put(FILE, &whole);
        let mut pen = Pen::open(load(&store).unwrap(), FILE);
        store.cut_at(step);
        let lines = vec![opened(), drilled("carol"), drilled("bob")];
        let appended = pen.append(&mut store, lines);
        assert_eq!(appended.is_err(), step <= steps, "step {step}");
        if appended.is_err() {
            assert!(matches!(pen.append(&mut store, vec![drilled("bob")]), Err(JournalError::Broken { .. })));
        }
        for (survivors, after) in store.afterlives() {
            let journal = load(&after).unwrap_or_else(|error| panic!("step {step}, {survivors:?}: {error}"));
            assert!((1..=4).contains(&journal.count()), "step {step}, {survivors:?}");
            assert!(step <= steps || journal.count() == 4, "what was appended stays: {survivors:?}");
            let mut after = after;
            let count = journal.count();
            Pen::open(journal, FILE).append(&mut after, vec![drilled("alice")]).unwrap();
            let journal = load(&after).unwrap();
            assert_eq!((journal.count(), journal.torn()), (count + 1, None), "step {step}, {survivors:?}");
        }
    }
}

#[test]
fn after_a_power_cut_at_any_step_the_journal_reads_and_goes_on() {
    a_cut_leaves_a_readable_journal(b"", 2);
    a_cut_leaves_a_readable_journal(b"{\"torn", 4);
}

#[test]
fn a_cut_while_it_is_made_leaves_none_a_torn_or_a_whole_one() {
    for step in 1..=3 {
        let mut store = FrailStore::new();
        store.cut_at(step);
        assert!(Pen::create(&mut store, FILE, vault(), statement_key(), created()).is_err());
        for (survivors, after) in store.afterlives() {
            match load(&after) {
                Ok(journal) => assert!(journal.count() <= 1, "{survivors:?}"),
                Err(error) => assert!(matches!(error, JournalError::Missing { .. }), "{survivors:?}: {error}"),
            }
        }
    }
}

#[track_caller]
fn fails(step: usize, fault: Fault, expected: fn(&JournalError) -> bool) {
    let (mut store, mut pen) = begun();
    store.fail_at(step, fault);
    let error = pen.append(&mut store, vec![drilled("carol"), drilled("bob")]).unwrap_err();
    assert!(expected(&error), "{fault:?}: {error}");
    store.heal();
    let before = store.bytes(FILE);
    let again = pen.append(&mut store, vec![drilled("carol")]).unwrap_err();
    assert!(matches!(again, JournalError::Broken { .. }), "{again}");
    assert_eq!(store.bytes(FILE), before, "a broken pen writes nothing");
    if fault != Fault::Corrupt {
        let journal = load(&store.reopen(Survivors::Lost)).unwrap();
        assert_eq!(journal.count(), 1, "what failed is not durable");
        load(&store.reopen(Survivors::Kept)).unwrap();
    }
}

#[test]
fn a_failed_append_breaks_the_pen() {
    let device = |error: &JournalError| matches!(error, JournalError::Device(_)) && !error.is_integrity();
    fails(1, Fault::Full(0), device);
    fails(1, Fault::Full(40), device);
    fails(1, Fault::Open, device);
    fails(1, Fault::Io, device);
    fails(2, Fault::Io, device);
    fails(1, Fault::Corrupt, |error| matches!(error, JournalError::ReadBack { .. }) && error.is_integrity());
}

#[test]
fn a_journal_that_is_not_as_it_was_read_is_left_alone() {
    #[track_caller]
    fn changed(change: impl FnOnce(Vec<u8>) -> Vec<u8>) {
        let (mut store, mut pen) = begun();
        let other = change(store.bytes(FILE).unwrap());
        store.put(FILE, &other);
        let error = pen.append(&mut store, vec![drilled("carol")]).unwrap_err();
        assert!(matches!(error, JournalError::Changed { .. }) && error.is_integrity(), "{error}");
        assert_eq!(store.bytes(FILE).unwrap(), other);
    }
    changed(|_| Vec::new());
    changed(|bytes| [&bytes[..], b"{"].concat());
    changed(|bytes| bytes[..bytes.len() - 1].to_vec());
    changed(|mut bytes| {
        bytes[5] ^= 1;
        bytes
    });
    let (mut store, mut pen) = begun();
    store.make_unreadable(FILE);
    assert!(matches!(pen.append(&mut store, vec![drilled("carol")]), Err(JournalError::Device(_))));
}

#[test]
fn a_line_that_cannot_stand_there_is_not_written() {
    let (mut store, mut pen) = begun();
    let before = store.bytes(FILE);
    let error = pen.append(&mut store, vec![drilled("carol"), writing()]).unwrap_err();
    assert!(error.to_string().starts_with("journal, line 3: "), "{error}");
    assert_eq!(store.bytes(FILE), before);
}

#[test]
fn a_closing_line_is_verified_before_it_is_written() {
    let (mut store, mut pen) = begun();
    let lines = |kind, spending| vec![opened(), voted("alice", kind), voted("bob", kind), intent(kind, spending)];
    pen.append(&mut store, lines(crate::quorum::Kind::Sign, Some(spending(1)))).unwrap();
    let signed = |signature| Line::Signed { transaction: spending(1), signature };
    let before = store.bytes(FILE);
    let mut other = Pen::open(pen.journal().clone(), FILE);
    let wrong = close(signed, &|digest| Ok(sign_by(8, digest)), &mut other, &mut store).unwrap_err();
    assert!(wrong.to_string().contains("the signature is not the statement key's"), "{wrong}");
    assert_eq!(store.bytes(FILE), before);
    let failing = close(signed, &|_| Err(KeyError::NotAScalar), &mut other, &mut store).unwrap_err();
    assert!(matches!(failing, JournalError::Key(_)));
    let head = close(signed, &signer, &mut pen, &mut store).unwrap();
    let journal = load(&store.reopen(Survivors::Lost)).unwrap();
    assert_eq!((journal.signed_up_to(), journal.head()), (6, head));
}
