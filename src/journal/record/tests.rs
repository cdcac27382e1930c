use super::*;
use crate::{
    digest::VaultId,
    journal::{
        Journal, close_committed, close_exported,
        frail_store::{FrailStore, Survivors},
        samples::*,
    },
    quorum::{Ballot, Custodian, Kind, Roster, Session, tally},
};

const FILE: &str = "journal";

type Instruction = Proposed<String>;

fn roster() -> Roster {
    let custodian = |(index, name): (u8, &str)| Custodian {
        name: name.parse().unwrap(),
        approval_key: public(10 + index),
        share_index: index,
        commitment: crate::digest::Commitment([index; 32]),
    };
    let custodians = [(0, "alice"), (1, "bob"), (2, "carol")].map(custodian).to_vec();
    Roster::new(2, custodians, vec![1]).unwrap()
}

fn begun() -> (FrailStore, Pen) {
    let mut store = FrailStore::new();
    let pen = Pen::create(&mut store, FILE, vault(), statement_key(), created()).unwrap();
    (store, pen)
}

fn session(journal: &Journal) -> Session {
    Session { statement: STATEMENT, key: [9; 32], journal_count: journal.count(), journal_head: journal.head() }
}

fn approved(session: Session, kind: Kind) -> Approved<Instruction> {
    let matter = Proposed::new(kind, "fee cap 5".to_owned()).unwrap();
    let digest = session.ballot_digest(kind, matter.subject());
    let ballot = |(name, key): (&str, u8)| Ballot {
        custodian: name.parse().unwrap(),
        signature: crate::text::hex(&sign_by(key, &digest)),
    };
    tally(matter, [("alice", 10), ("carol", 12)].map(ballot).to_vec(), &roster(), session)
        .unwrap_or_else(|e| panic!("{e}"))
}

fn load(store: &FrailStore) -> Journal {
    Journal::load(store, FILE, vault(), statement_key()).unwrap()
}

#[test]
fn session_votes_and_intent_are_one_durable_append() {
    let (mut store, mut pen) = begun();
    let session = session(pen.journal());
    let steps = store.log().len();
    let held = vec![Line::opened(&session)];
    let recorded = record(approved(session, Kind::Policy), &[], held, &mut pen, &mut store).unwrap();
    assert_eq!(store.log()[steps..], ["append journal", "sync journal"]);
    let journal = load(&store.reopen(Survivors::Lost));
    let names: Vec<_> = journal.entries().iter().map(|entry| entry.line.name()).collect();
    assert_eq!(names, ["created", "opened", "voted", "voted", "intent"]);
    assert_eq!(journal.head(), recorded.head());
    let intent = journal.open_intent().unwrap();
    assert_eq!((intent.kind, intent.subject), (Kind::Policy, recorded.approved().matter().subject()));
}

#[test]
fn a_statement_is_committed_under_its_own_instruction() {
    let (mut store, mut pen) = begun();
    let session = session(pen.journal());
    let held = vec![Line::opened(&session)];
    let recorded = record(approved(session, Kind::Policy), &[], held, &mut pen, &mut store).unwrap();
    assert!(matches!(close_committed(&recorded, &signer, &mut pen, &mut store), Err(JournalError::WentOn)));
    pen.append(&mut store, vec![writing()]).unwrap();
    assert!(matches!(close_exported(&recorded, &signer, &mut pen, &mut store), Err(JournalError::WentOn)));
    close_committed(&recorded, &signer, &mut pen, &mut store).unwrap();
    let journal = load(&store.reopen(Survivors::Lost));
    assert_eq!((journal.signed_up_to(), journal.in_force().unwrap().statement), (7, NEXT));
    assert!(matches!(close_committed(&recorded, &signer, &mut pen, &mut store), Err(JournalError::WentOn)));
}

#[test]
fn an_export_is_closed_once() {
    let (mut store, mut pen) = begun();
    let session = session(pen.journal());
    let held = vec![Line::opened(&session)];
    let recorded = record(approved(session, Kind::Xpub), &[], held, &mut pen, &mut store).unwrap();
    close_exported(&recorded, &signer, &mut pen, &mut store).unwrap();
    assert_eq!(load(&store).signed_up_to(), 6);
    assert!(matches!(close_exported(&recorded, &signer, &mut pen, &mut store), Err(JournalError::WentOn)));
}

#[test]
fn a_stick_that_was_exchanged_between_ballots_is_noticed() {
    let (mut store, mut pen) = begun();
    let session = session(pen.journal());
    let approved = approved(session, Kind::Policy);
    let mut other = Sample::new();
    other.push(Line::Drilled { custodian: name("carol"), epoch: 1 });
    store.put(FILE, &other.bytes);
    let error = record(approved, &[], vec![Line::opened(&session)], &mut pen, &mut store).err().unwrap();
    assert!(matches!(error, JournalError::Changed { .. }) && error.is_integrity());
    assert_eq!(store.bytes(FILE).unwrap(), other.bytes);
}

#[test]
fn an_approval_of_another_session_or_state_is_not_recorded() {
    #[track_caller]
    fn refused(change: impl FnOnce(&mut Session), held: impl FnOnce(&Session) -> Vec<Line>) {
        let (mut store, mut pen) = begun();
        let mut session = session(pen.journal());
        change(&mut session);
        let before = store.bytes(FILE);
        let error = record(approved(session, Kind::Policy), &[], held(&session), &mut pen, &mut store).err().unwrap();
        assert!(matches!(error, JournalError::OtherSession), "{error}");
        assert_eq!(store.bytes(FILE), before);
    }
    let opened = |session: &Session| vec![Line::opened(session)];
    refused(|session| session.journal_count = 0, opened);
    refused(|session| session.journal_head = Head([0; 32]), opened);
    refused(|_| (), |_| Vec::new());
    refused(|_| (), |session| vec![Line::opened(session), Line::opened(session)]);
    refused(|_| (), |session| vec![Line::opened(&Session { key: [1; 32], ..*session })]);
    refused(|_| (), |session| vec![Line::opened(&Session { statement: NEXT, ..*session })]);
}

#[test]
fn an_approval_under_a_statement_that_is_not_in_force_is_not_recorded() {
    let (mut store, mut pen) = begun();
    let session = Session { statement: NEXT, ..session(pen.journal()) };
    let held = vec![Line::opened(&session)];
    let error = record(approved(session, Kind::Policy), &[], held, &mut pen, &mut store).err().unwrap();
    assert!(error.to_string().contains("not in force"), "{error}");
}

#[test]
fn nothing_is_recorded_that_a_power_cut_could_take() {
    for step in 1..=2 {
        let (mut store, mut pen) = begun();
        let session = session(pen.journal());
        store.cut_at(step);
        assert!(
            record(approved(session, Kind::Policy), &[], vec![Line::opened(&session)], &mut pen, &mut store).is_err()
        );
        for (survivors, after) in store.afterlives() {
            let journal = load(&after);
            assert!(journal.count() <= 5, "{survivors:?}");
            assert_eq!(journal.vault(), VaultId(vault().0));
        }
    }
}

#[test]
fn an_interrupted_writing_is_settled_with_the_next_session() {
    for whole in [true, false] {
        let (mut store, mut pen) = begun();
        let first = session(pen.journal());
        let _ = record(approved(first, Kind::Policy), &[], vec![Line::opened(&first)], &mut pen, &mut store).unwrap();
        pen.append(&mut store, vec![writing()]).unwrap();
        let mut pen = Pen::open(load(&store), FILE);
        let (statement, settled) = if whole {
            (NEXT, Line::Finished { statement: NEXT })
        } else {
            (STATEMENT, Line::Undone { statement: NEXT })
        };
        let second = Session { statement, ..session(pen.journal()) };
        let unsettled = record(approved(second, Kind::Xpub), &[], vec![Line::opened(&second)], &mut pen, &mut store);
        assert!(unsettled.is_err(), "the writing must be settled first");
        let mut pen = Pen::open(load(&store), FILE);
        let held = vec![settled, Line::opened(&second)];
        let _ = record(approved(second, Kind::Xpub), &[], held, &mut pen, &mut store).unwrap();
        assert_eq!(load(&store).in_force().unwrap().statement, statement);
    }
}
