//! Journals for the tests of this room.

use bitcoin::{
    OutPoint, ScriptBuf, Txid,
    hashes::Hash,
    secp256k1::{Keypair, Message, Secp256k1},
};

use crate::{
    digest::{FileDigest, Head, StatementDigest, Subject, Tagged, VaultId, XOnly},
    journal::{Entry, Hex, Journal, Line, Paid, Plain, ScriptHex, SlotName, Spending, Spent},
    network::Network,
    quorum::{Ballot, Kind},
    secret::KeyError,
    text::Name,
};

pub(super) const STATEMENT: StatementDigest = StatementDigest([0x51; 32]);
pub(super) const NEXT: StatementDigest = StatementDigest([0x52; 32]);
pub(super) const SUBJECT: Subject = Subject([0x53; 32]);

fn keypair(byte: u8) -> Keypair {
    Keypair::from_seckey_slice(&Secp256k1::new(), &[byte; 32]).unwrap()
}

pub(super) fn public(byte: u8) -> XOnly {
    XOnly(keypair(byte).x_only_public_key().0.serialize())
}

/// The statement key.
pub(super) fn statement_key() -> XOnly {
    public(7)
}

pub(super) fn sign_by(byte: u8, digest: &[u8; 32]) -> [u8; 64] {
    Secp256k1::new().sign_schnorr_no_aux_rand(&Message::from_digest(*digest), &keypair(byte)).serialize()
}

#[expect(clippy::unnecessary_wraps, reason = "a signer may fail")]
pub(super) fn signer(digest: &[u8; 32]) -> Result<[u8; 64], KeyError> {
    Ok(sign_by(7, digest))
}

pub(super) fn vault() -> VaultId {
    let tagged = Tagged::new("strongroom/vault").bytes(statement_key().as_bytes());
    VaultId(tagged.u8(Network::Regtest.code()).finish())
}

pub(super) fn name(text: &str) -> Name {
    text.parse().unwrap()
}

pub(super) fn created() -> Line {
    Line::Created {
        network: Network::Regtest,
        statement_key: statement_key(),
        statement: STATEMENT,
        slot_hash: FileDigest([0xa1; 32]),
    }
}

pub(super) fn opened() -> Line {
    Line::Opened { session_key: Hex([9; 32]), statement: STATEMENT, version: Plain::new("0.1.0") }
}

pub(super) fn voted(custodian: &str, kind: Kind) -> Line {
    let ballot = Ballot { custodian: name(custodian), signature: "5a".repeat(64) };
    Line::Voted { ballot, kind, subject: SUBJECT }
}

pub(super) fn intent(kind: Kind, transaction: Option<Spending>) -> Line {
    Line::Intent { kind, subject: SUBJECT, custodians: vec![name("alice"), name("bob")], transaction }
}

pub(super) fn writing() -> Line {
    Line::Writing { statement: NEXT, slot: SlotName::B, slot_hash: FileDigest([0xb2; 32]), sequence: 1 }
}

pub(super) fn spending(number: u8) -> Spending {
    let txid = Txid::from_byte_array([number; 32]);
    let outpoint = OutPoint { txid: Txid::from_byte_array([0xee; 32]), vout: 0 };
    Spending {
        txid,
        inputs: vec![Spent { outpoint, amount: 100_000 }],
        external: vec![Paid { script: ScriptHex(ScriptBuf::from_bytes(vec![0x51])), amount: 70_000 }],
        fee: 1_000,
        locktime: 0,
        height_lock: None,
        highest: vec![(name("main"), 0, 3), (name("main"), 1, 1)],
    }
}

/// One line of every kind.
pub(super) fn every_kind() -> Vec<Line> {
    let signature = Hex([6; 64]);
    vec![
        created(),
        opened(),
        voted("alice", Kind::Sign),
        intent(Kind::Sign, Some(spending(1))),
        intent(Kind::AddWallet, None),
        writing(),
        Line::Committed { statement: NEXT, signature },
        Line::Finished { statement: NEXT },
        Line::Undone { statement: NEXT },
        Line::Signed { transaction: spending(1), signature },
        Line::refused(Kind::Sign, SUBJECT, ["the fee is above the cap", "it is Sunday"]),
        Line::Exported { kind: Kind::Xpub, subject: SUBJECT, signature },
        Line::Drilled { custodian: name("carol"), epoch: 1 },
        Line::Changed { custodian: name("carol"), epoch: 1, sealed: FileDigest([4; 32]) },
        Line::failed("the body did not open"),
    ]
}

/// A journal's bytes in the making, without the checks of a pen.
#[derive(Clone)]
pub(super) struct Sample {
    pub(super) bytes: Vec<u8>,
    pub(super) number: u64,
    pub(super) head: Head,
}

impl Sample {
    /// With its `created` line.
    pub(super) fn new() -> Self {
        let mut sample = Self { bytes: Vec::new(), number: 0, head: Head(vault().0) };
        sample.push(created());
        sample
    }

    pub(super) fn push(&mut self, line: Line) {
        self.number += 1;
        let text = Entry { number: self.number, previous: self.head, line }.encode().unwrap();
        self.head = Entry::hash(text.as_bytes());
        self.bytes.extend(text.as_bytes());
        self.bytes.push(b'\n');
    }

    /// A closing line with the statement key's signature.
    pub(super) fn close(&mut self, line: impl Fn(Hex<64>) -> Line) {
        let entry = Entry { number: self.number + 1, previous: self.head, line: line(Hex([0; 64])) };
        self.push(line(Hex(sign_by(7, &entry.signing_digest(vault()).unwrap()))));
    }

    /// A session with two votes and an intent to sign: four lines.
    pub(super) fn intent(&mut self, transaction: Spending) {
        self.session(Kind::Sign, Some(transaction));
    }

    /// A session with two votes and an intent: four lines.
    pub(super) fn session(&mut self, kind: Kind, transaction: Option<Spending>) {
        self.push(opened());
        self.push(voted("alice", kind));
        self.push(voted("bob", kind));
        self.push(intent(kind, transaction));
    }

    pub(super) fn sign(&mut self, transaction: Spending) {
        self.close(|signature| Line::Signed { transaction: transaction.clone(), signature });
    }

    /// Reads it, which must succeed.
    #[track_caller]
    pub(super) fn journal(&self) -> Journal {
        Journal::read(self.bytes.clone(), vault(), statement_key()).unwrap()
    }
}
