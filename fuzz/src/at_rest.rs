//! The files of a vault, as an attacker leaves them on the stick.

use std::{str, sync::LazyLock};

use serde_json::Value;
use strongroom::{
    canon,
    digest::{Head, VaultId},
    journal::{Entry, Hex, Journal, Ledger, Line, all_in_words, past},
    network::Network,
    secret::StatementKey,
    sys::Secret,
    vault::{ShareFile, Slot, Statement, locked_to, vault_id},
};

/// A vault of three custodians with one wallet; the shares of the corpus are its.
static STATEMENT: LazyLock<Statement> = LazyLock::new(|| {
    let slot = Slot::read(include_bytes!("../vault/slot.b")).expect("a slot");
    let document = slot.statement().document().expect("a document");
    Statement::read(document.as_bytes()).expect("a statement")
});

/// The key that signs journals here.
static KEY: LazyLock<StatementKey> =
    LazyLock::new(|| StatementKey::new(Secret::take(&mut [7; 32]).expect("memory")).expect("a key"));

/// Lines of a journal that are tried together.
const LINES: usize = 12;

/// Canonical JSON: what is read is written again, to the byte.
pub fn canon(data: &[u8]) {
    if let Ok(value) = canon::read_document::<Value>(data) {
        assert_eq!(canon::document(&value).expect("what was read").as_bytes(), data);
    }
    if let Ok(value) = canon::read_line::<Value>(data) {
        assert_eq!(canon::line(&value).expect("what was read").as_bytes(), data);
    }
}

/// A slot, and a statement that stands alone.
pub fn slot(data: &[u8]) {
    if let Ok(slot) = Slot::read(data) {
        assert!(!slot.body().is_empty());
        Statement::read(slot.statement().document().expect("a document").as_bytes()).expect("what it writes");
    }
    if let Ok(statement) = Statement::read(data) {
        assert_eq!(statement.document().expect("a document").as_bytes(), data);
    }
}

/// A share of the vault.
pub fn share(data: &[u8]) {
    if let Ok(share) = ShareFile::read(data, &STATEMENT) {
        assert!(STATEMENT.roster().find(share.name()).is_some());
    }
}

/// The header of a sealed file.
pub fn sealed(data: &[u8]) {
    if let Ok(text) = str::from_utf8(data) {
        let _ = locked_to(text);
    }
}

/// A journal: as it stands, and with its lines chained and signed anew, as nobody but the box could.
pub fn journal(data: &[u8]) {
    let core = STATEMENT.core();
    if let Ok(journal) = Journal::read(data.to_vec(), core.vault_id, core.statement_key) {
        assert_eq!(journal.bytes(), data);
        told(&journal);
    }
    let vault = vault_id(&KEY.public(), Network::Regtest);
    let mut journal = Journal::empty(vault, KEY.public());
    for line in data.split(|byte| *byte == b'\n').take(LINES) {
        let Ok(entry) = Entry::decode(line) else { continue };
        assert_eq!(entry.encode().expect("what was read").as_bytes(), line);
        let Some(text) = chained(entry, vault, journal.count() + 1, journal.head()) else { continue };
        let bytes = [journal.bytes(), text.as_bytes(), b"\n"].concat();
        if let Ok(longer) = Journal::read(bytes, vault, KEY.public()) {
            assert!(longer.goes_on_from(journal.count(), journal.head()));
            assert_eq!(longer.count(), journal.count() + 1);
            journal = longer;
        }
    }
    told(&journal);
}

/// The entry as it would stand there.
fn chained(mut entry: Entry, vault: VaultId, number: u64, previous: Head) -> Option<String> {
    (entry.number, entry.previous) = (number, previous);
    if let Line::Created { network, statement_key, .. } = &mut entry.line {
        (*network, *statement_key) = (Network::Regtest, KEY.public());
    }
    let digest = entry.signing_digest(vault).ok()?;
    if let Line::Committed { signature, .. } | Line::Signed { signature, .. } | Line::Exported { signature, .. } =
        &mut entry.line
    {
        *signature = Hex(KEY.sign(&digest).expect("a signature"));
    }
    entry.encode().ok()
}

fn told(journal: &Journal) {
    assert!(journal.signed_up_to() <= journal.count());
    all_in_words(journal, Network::Regtest).iter().chain(&journal.standing()).for_each(|line| super::readable(line));
    let past = past(journal);
    assert!(past.lines().iter().all(|line| line.line <= journal.count()));
    let ledger = Ledger::of(journal);
    let _ = ledger.reference_height();
    assert!(ledger.open_intents().count() <= ledger.counted().len());
}
