//! The figures in `docs/vault-format.md` are those of the code.

use bitcoin::hashes::{self, Hash, HashEngine, Hmac, HmacEngine};

use crate::{
    canon,
    digest::{FileDigest, Head, Tagged, VaultId, XOnly, sha256},
    journal::{Entry, Hex, Line, SlotName},
    network::Network,
    quorum::{Custodian, Kind, Matter, Proposed, Roster, Session},
    review::{Class, Proof},
    secret::{self, ApprovalKey, StatementKey},
    sys::Secret,
    text::hex,
    vault::{Core, Seed, Words, commitment, samples, share::sealed_digest, statement::slot_digest, vault_words},
};

const DOCUMENT: &str = include_str!("../../../docs/vault-format.md");

fn key(byte: u8) -> Secret {
    Secret::copied(&[byte; 32]).unwrap()
}

/// What stands between two fences after this heading.
#[track_caller]
fn block(heading: &str) -> &'static str {
    let (_, after) = DOCUMENT.split_once(heading).unwrap_or_else(|| panic!("no {heading}"));
    let (_, block) = after.split_once("```\n").unwrap();
    block.split_once("```").unwrap().0
}

#[track_caller]
fn same(heading: &str, expected: &str) {
    let found = block(heading);
    assert!(found == expected, "`{heading}` should be followed by\n```\n{expected}```");
}

fn lines(rows: &[(&str, String)]) -> String {
    rows.iter().map(|(name, value)| format!("{name} = {value}\n")).collect()
}

fn statement_key() -> StatementKey {
    StatementKey::new(key(1)).ok().unwrap()
}

fn core(vault: VaultId, public: XOnly) -> Core {
    let custodian = |name: &str, byte: u8, share_index: u8| Custodian {
        name: samples::name(name),
        approval_key: ApprovalKey::new(key(byte)).ok().unwrap().public(),
        share_index,
        commitment: commitment(&vault, 1, share_index, &[0xa0 + byte; 32]),
    };
    let roster = Roster::new(2, vec![custodian("alice", 2, 0), custodian("bob", 3, 1)], vec![4660]).unwrap();
    Core::first(Network::Regtest, public, roster, String::new())
}

#[test]
fn statement_and_signatures() {
    let statement_key = statement_key();
    let alice = ApprovalKey::new(key(2)).ok().unwrap();
    let vault = crate::vault::vault_id(&statement_key.public(), Network::Regtest);
    let core = core(vault, statement_key.public());
    let digest = core.digest().unwrap();
    let body = FileDigest(sha256(b"body\n"));
    let slot = slot_digest(digest, body);
    let sealed = sealed_digest(&vault, 1, &samples::name("alice"), "sealed\n");
    same("### The core of a statement", &canon::document(&core).unwrap());
    let rows = [
        ("statement private key", hex(&[1; 32])),
        ("statement public key", statement_key.public().to_string()),
        ("vault id", vault.to_string()),
        ("vault words", vault_words(&vault)),
        ("approval private key of alice", hex(&[2; 32])),
        ("share value of alice", hex(&[0xa2; 32])),
        ("commitment of alice", core.roster.custodians()[0].commitment.to_string()),
        ("S", digest.to_string()),
        ("body", "body and one LF".to_owned()),
        ("body_sha256", body.to_string()),
        ("what the statement key signs", hex(&slot)),
        ("signature of the statement", hex(&statement_key.sign(&slot).unwrap())),
        ("sealed", "sealed and one LF".to_owned()),
        ("what the approval key signs", hex(&sealed)),
        ("signature of the share", hex(&alice.sign(&sealed).unwrap())),
    ];
    same("### Digests and signatures", &lines(&rows));
}

#[test]
fn ballots_and_lines() {
    let statement_key = statement_key();
    let alice = ApprovalKey::new(key(2)).ok().unwrap();
    let vault = crate::vault::vault_id(&statement_key.public(), Network::Regtest);
    let statement = core(vault, statement_key.public()).digest().unwrap();
    let proposed = Proposed::new(Kind::Policy, std::collections::BTreeMap::from([("policy", "# two\n")])).unwrap();
    let line = Line::Created {
        network: Network::Regtest,
        statement_key: statement_key.public(),
        statement,
        slot_hash: FileDigest(sha256(b"slot\n")),
    };
    let first = Entry { number: 1, previous: Head(vault.0), line }.encode().unwrap();
    let head = Entry::hash(first.as_bytes());
    let session = Session { statement, key: [9; 32], journal_count: 1, journal_head: head };
    let ballot = session.ballot_digest(Kind::Policy, proposed.subject());
    let committed = |signature| Line::Committed { statement, signature };
    let closing = Entry { number: 2, previous: head, line: committed(Hex([0; 64])) };
    let signed = closing.signing_digest(vault).unwrap();
    let signature = statement_key.sign(&signed).unwrap();
    let second = Entry { line: committed(Hex(signature)), ..closing }.encode().unwrap();
    let rows = [
        ("instruction", r##"the canonical document of {"policy": "# two\n"}, kind 4"##.to_owned()),
        ("subject", proposed.subject().to_string()),
        ("session public key", hex(&[9; 32])),
        ("line 1", first),
        ("head after line 1", head.to_string()),
        ("what a ballot signs", hex(&ballot)),
        ("ballot of alice", hex(&alice.sign(&ballot).unwrap())),
        ("what line 2 signs", hex(&signed)),
        ("line 2", second.clone()),
        ("head after line 2", Entry::hash(second.as_bytes()).to_string()),
    ];
    same("### Ballots and journal lines", &lines(&rows));
    assert_eq!(SlotName::from(crate::vault::Side::A).file(), "slot.a");
}

#[test]
fn everything_that_is_drawn() {
    let root = samples::root(1);
    let record = root.record().ok().unwrap();
    let sources: Vec<String> = record.expose_str().unwrap().lines().map(str::to_owned).collect();
    let [shown, dice] = [0, 1].map(|at| sources[at].split_once(' ').unwrap().1.to_owned());
    let bytes = samples::kernel(1);
    let root_digest =
        Tagged::new("strongroom/entropy/1").u8(2).u8(0).bytes(&bytes).u8(1).bytes(dice.as_bytes()).finish();
    let seed = Seed::drawn(&root, Words::TwentyFour, samples::secret("")).ok().unwrap();
    let quorum = root.quorum_secret().ok().unwrap();
    let extracted = hmac(&[0; 32], &root_digest);
    assert_eq!(quorum.expose(), hmac(&extracted, b"strongroom/quorum-secret/1\x01"));
    let identifier = root.identifier(&[]).ok().unwrap();
    let shares = secret::split(&quorum, 2, 3, identifier, &root.coefficients().ok().unwrap()).ok().unwrap();
    let words = |at: usize| shares[at].words().ok().unwrap().expose_str().unwrap().to_owned();
    let mut rows = vec![
        ("kernel", hex(&bytes)),
        ("kernel-commitment", shown),
        ("dice", dice),
        ("root", hex(&root_digest)),
        ("seed of 24 words", seed.mnemonic().words().ok().unwrap().expose_str().unwrap().to_owned()),
        ("quorum secret", hex(quorum.expose())),
        ("SLIP-39 identifier", identifier.to_string()),
        ("statement public key", root.statement_key().unwrap().public().to_string()),
        ("approval public key of alice", root.approval_key(&samples::name("alice")).unwrap().public().to_string()),
    ];
    rows.extend([("share 0", words(0)), ("share 1", words(1)), ("share 2", words(2))]);
    same("### Drawn from an entropy root", &lines(&rows));
}

/// HMAC-SHA256, of which HKDF is made.
fn hmac(key: &[u8], message: &[u8]) -> [u8; 32] {
    let mut engine = HmacEngine::<hashes::sha256::Hash>::new(key);
    engine.input(message);
    Hmac::from_engine(engine).to_byte_array()
}

#[test]
fn tables_of_codes() {
    let row = |code: u8, what: &str| format!("| {code} | {what} |");
    let mut rows = Vec::new();
    rows.extend(Network::ALL.map(|network| row(network.code(), network.name())));
    let kinds = [Kind::Sign, Kind::AddWallet, Kind::Xpub, Kind::Policy, Kind::Roster, Kind::Backup, Kind::Proof];
    for kind in kinds {
        let name = serde_json::to_value(kind).unwrap();
        rows.push(format!("| {} | `{}` | {} |", kind.code(), name.as_str().unwrap(), kind.words()));
    }
    rows.extend([Proof::Claimed, Proof::Committed, Proof::Proved].map(|proof| row(proof.code(), proof.word())));
    let classes = [
        Class::External,
        Class::Change,
        Class::SelfTransfer,
        Class::OtherWallet,
        Class::OpReturn,
        Class::Unknown,
        Class::Anchor,
    ];
    rows.extend(classes.map(|class| row(class.code(), class.word())));
    let sources = [secret::Kind::Kernel, secret::Kind::Dice, secret::Kind::Coins, secret::Kind::Cards];
    rows.extend(sources.map(|source| row(source.code(), &format!("{source:?}").to_lowercase())));
    for row in rows {
        assert!(DOCUMENT.contains(&row), "{row}");
    }
}

#[test]
fn every_label_of_the_entropy_root_is_listed() {
    let source = include_str!("../../secret/labels.rs");
    let labels: Vec<&str> =
        source.lines().filter_map(|line| line.split('"').nth(1)).filter(|l| l.contains('/')).collect();
    assert!(labels.len() >= 8, "{labels:?}");
    for label in labels {
        assert!(DOCUMENT.contains(&format!("`{label}`")), "{label}");
    }
}
