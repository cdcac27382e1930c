//! Small vaults for the tests of this room: alice, bob and carol, two of three, on regtest.

use crate::{
    journal::{Journal, Line, Pen, Recorded, frail_store::FrailStore, record},
    network::Network,
    port::Store,
    quorum::{Ballot, Kind, Matter, Proposed, Session, tally},
    secret::{KernelDraw, Mixed, Root, Thrown},
    sys::Secret,
    text::Name,
    vault::{
        Body, Change, FoundError, Founder, Founding, JOURNAL, Key, Lock, OpenShare, Place, Seed, Slot, Vault, Words,
        amend, found, settle, unseal,
    },
};

pub(super) const NAMES: [&str; 3] = ["alice", "bob", "carol"];

pub(super) fn name(text: &str) -> Name {
    text.parse().unwrap()
}

pub(super) fn secret(text: &str) -> Secret {
    Secret::copied(text.as_bytes()).unwrap()
}

pub(super) fn passphrase(custodian: &str) -> Secret {
    secret(&format!("the passphrase of {custodian}"))
}

/// What stands for the kernel's 64 bytes.
pub(super) fn kernel(number: u8) -> Vec<u8> {
    (0..64u8).map(|n| n.wrapping_mul(37).wrapping_add(number)).collect()
}

/// An entropy root; another one for another number.
pub(super) fn root(number: u8) -> Root {
    let kernel = kernel(number);
    let rolls: String = (0..99u32).map(|n| char::from(b'1' + u8::try_from((n * n + n / 7) % 6).unwrap())).collect();
    let kernel =
        KernelDraw::new(Secret::copied(&kernel).unwrap()).map_err(|e| e.to_string()).unwrap_or_else(|e| panic!("{e}"));
    let dice = Thrown::dice(&secret(&rolls)).unwrap_or_else(|e| panic!("{e}"));
    Mixed::new(kernel, vec![dice]).unwrap_or_else(|e| panic!("{e}")).accept()
}

pub(super) fn seed(root: &Root) -> Seed {
    Seed::drawn(root, Words::Twelve, secret("")).unwrap_or_else(|e| panic!("{e}"))
}

/// Creates the vault of `root(number)` with embedded shares.
pub(super) fn create(store: &mut dyn Store, number: u8) -> Result<(), FoundError> {
    let root = root(number);
    let custodians = NAMES
        .iter()
        .map(|text| Founder { name: name(text), lock: Lock::Passphrase(passphrase(text)), place: Place::Inside })
        .collect();
    let founding = Founding {
        network: Network::Regtest,
        threshold: 2,
        custodians,
        seed: seed(&root),
        policy: String::new(),
        root: &root,
    };
    found(store, founding, &mut |_| ()).map(|_| ())
}

/// A store with the vault of `root(number)`, all of it durable.
pub(super) fn created(number: u8) -> FrailStore {
    let mut store = FrailStore::new();
    create(&mut store, number).unwrap_or_else(|e| panic!("{e}"));
    store.reopen(crate::journal::frail_store::Survivors::Lost)
}

#[track_caller]
pub(super) fn read(store: &dyn Store) -> Vault {
    Vault::read(store).unwrap_or_else(|e| panic!("{e}"))
}

/// The error of reading, as text and exit code.
#[track_caller]
pub(super) fn refused(store: &dyn Store) -> (String, u8) {
    match Vault::read(store) {
        Ok(_) => panic!("the vault was read"),
        Err(error) => (error.to_string(), error.family().code()),
    }
}

#[track_caller]
pub(super) fn open_share(vault: &Vault, custodian: &str) -> OpenShare {
    let found = vault.share(&name(custodian)).unwrap_or_else(|e| panic!("{e}"));
    let passphrase = passphrase(custodian);
    found.open(Key::Passphrase(&passphrase), vault.statement()).unwrap_or_else(|e| panic!("{e}")).0
}

/// A session of alice and bob with everything up to the recorded intent.
pub(super) struct Ceremony {
    pub(super) vault: Vault,
    pub(super) pen: Pen,
    pub(super) recorded: Recorded<Proposed<String>>,
    pub(super) shares: Vec<OpenShare>,
}

impl Ceremony {
    pub(super) fn open(store: &mut dyn Store, kind: Kind, instruction: &str) -> Result<Self, String> {
        let vault = Vault::read(store).map_err(|e| e.to_string())?;
        let settled = settle(&vault, store).map_err(|e| e.to_string())?;
        let mut pen = Pen::open(Journal::clone(vault.journal()), JOURNAL);
        let session = Session {
            statement: vault.statement().digest(),
            key: [9; 32],
            journal_count: vault.journal().count(),
            journal_head: vault.journal().head(),
        };
        let proposed = Proposed::new(kind, instruction.to_owned()).map_err(|e| e.to_string())?;
        let shares: Vec<OpenShare> = ["alice", "bob"].map(|custodian| open_share(&vault, custodian)).into();
        let ballots: Result<Vec<Ballot>, _> =
            shares.iter().map(|share| share.vote(kind, proposed.subject(), &session)).collect();
        let ballots = ballots.map_err(|e| e.to_string())?;
        let approved = tally(proposed, ballots, vault.statement().roster(), session).map_err(|e| e.to_string())?;
        vault.unchanged(store).map_err(|e| e.to_string())?;
        let held = settled.into_iter().chain([Line::opened(&session)]).collect();
        let recorded =
            record(approved, vault.statement().wallets(), held, &mut pen, store).map_err(|e| e.to_string())?;
        Ok(Self { vault, pen, recorded, shares })
    }

    pub(super) fn unseal(&mut self) -> Result<Body, String> {
        let shares = std::mem::take(&mut self.shares);
        let (statement, body) = (self.vault.statement(), self.vault.slot().body());
        unseal(&self.recorded, shares, statement, body).map_err(|e| e.to_string())
    }

    pub(super) fn amend(&mut self, change: Change, body: &Body, store: &mut dyn Store) -> Result<Slot, String> {
        amend(&self.recorded, change, &self.vault, body, &mut self.pen, store).map_err(|e| e.to_string())
    }
}

/// A whole change of policy by alice and bob.
pub(super) fn change_policy(store: &mut dyn Store, policy: &str) -> Result<Slot, String> {
    let mut ceremony = Ceremony::open(store, Kind::Policy, policy)?;
    let body = ceremony.unseal()?;
    ceremony.amend(Change::Policy(policy.to_owned()), &body, store)
}
