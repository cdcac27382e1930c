//! Creation: from entropy, custodians and a seed to a vault on the stick.
//!
//! Floor 3. Everything is made and checked in memory first; then all shares are written, read back and opened;
//! then the slot; then the journal. A vault exists from the journal's first line on, and not before.

use crate::{
    digest::VaultId,
    journal::{JournalError, Line, Pen},
    network::Network,
    port::{DeviceError, Store},
    quorum::{Custodian, Roster, RosterError},
    secret::{self, ApprovalKey, EntropyError, KeyError, Root, ShamirError, Share, StatementKey},
    sys::{self, MemoryError, Secret},
    text::Name,
    vault::{
        Family, JOURNAL,
        body::{self, Body, BodyError},
        sealed::{Key, Lock},
        seed::Seed,
        share::{self, Making, ShareError, ShareFile},
        shelf::{self, ShelfError},
        slot::{self, Side, Slot, SlotError, SlotStoreError},
        statement::{Core, FIRST, Statement, StatementError, vault_id},
    },
};

/// Where a custodian's share goes.
pub enum Place<'a> {
    /// Into the vault's folder.
    Inside,
    /// Into another folder, with this stem (see [`shelf::stem`]).
    Elsewhere {
        /// The folder.
        store: &'a mut dyn Store,
        /// The file name before `.a.share`.
        stem: String,
    },
}

/// One custodian of a vault to be.
pub struct Founder<'a> {
    /// The name.
    pub name: Name,
    /// What the share is sealed to.
    pub lock: Lock,
    /// Where the share goes.
    pub place: Place<'a>,
}

/// All that a vault is made of.
pub struct Founding<'a> {
    /// The network.
    pub network: Network,
    /// M.
    pub threshold: u8,
    /// The custodians.
    pub custodians: Vec<Founder<'a>>,
    /// The seed.
    pub seed: Seed,
    /// The policy's exact text; may be empty.
    pub policy: String,
    /// What all keys and shares are drawn from.
    pub root: &'a Root,
}

/// Why there is no vault.
#[derive(Debug, thiserror::Error)]
pub enum FoundError {
    /// Something lies there already.
    #[error(
        "`{file}` is there already: a vault needs a folder of its own; if a creation was cut short there, remove it"
    )]
    Occupied {
        /// What.
        file: String,
    },
    /// The quorum.
    #[error(transparent)]
    Roster(#[from] RosterError),
    /// The entropy.
    #[error(transparent)]
    Entropy(#[from] EntropyError),
    /// A key.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The split.
    #[error(transparent)]
    Split(#[from] ShamirError),
    /// The statement.
    #[error(transparent)]
    Statement(#[from] StatementError),
    /// The slot.
    #[error("the new slot is refused: {0}")]
    Slot(#[from] SlotError),
    /// The body.
    #[error(transparent)]
    Body(#[from] BodyError),
    /// A share.
    #[error(transparent)]
    Share(#[from] ShareError),
    /// A share's place.
    #[error(transparent)]
    Shelf(#[from] ShelfError),
    /// The slot's place.
    #[error(transparent)]
    Store(#[from] SlotStoreError),
    /// The journal.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The store.
    #[error(transparent)]
    Device(#[from] DeviceError),
    /// No locked memory.
    #[error(transparent)]
    Memory(#[from] MemoryError),
}

impl FoundError {
    /// Which exit code it leads to.
    #[must_use]
    pub fn family(&self) -> Family {
        match self {
            Self::Occupied { .. } | Self::Roster(_) | Self::Entropy(_) | Self::Split(_) => Family::Input,
            Self::Statement(error) => error.family(),
            Self::Share(error) => error.family(),
            Self::Shelf(error) => error.family(),
            Self::Body(error) => error.family(),
            Self::Key(_) | Self::Slot(_) => Family::Integrity,
            Self::Journal(error) if error.is_integrity() => Family::Integrity,
            Self::Journal(_) | Self::Store(_) | Self::Device(_) | Self::Memory(_) => Family::Device,
        }
    }
}

/// One custodian's keys and words, before they are sealed.
struct Minted {
    words: Secret,
    approval: ApprovalKey,
}

/// Makes a vault in `store`, an empty folder. `progress` hears the name of each custodian before the slow part of
/// their share.
///
/// # Errors
/// [`FoundError`]; what was written until then is no vault and says so.
pub fn found(
    store: &mut dyn Store,
    founding: Founding<'_>,
    progress: &mut dyn FnMut(&Name),
) -> Result<VaultId, FoundError> {
    let Founding { network, threshold, mut custodians, seed, policy, root } = founding;
    look_for_others(store, &custodians)?;
    let statement_key = root.statement_key()?;
    let vault = vault_id(&statement_key.public(), network);
    let quorum = root.quorum_secret()?;
    let identifier = root.identifier(&[])?;
    let (roster, minted) = {
        let names: Vec<Name> = custodians.iter().map(|founder| founder.name.clone()).collect();
        mint(root, &quorum, vault, threshold, identifier, &names)?
    };
    let core = Core::first(network, statement_key.public(), roster, policy);
    let body = Body::new(seed, statement_key, body::hex_digits(quorum.expose())?);
    drop(quorum);
    let sealed = body.seal(core.digest()?)?;
    let statement = core.sign(&sealed, body.statement_key())?;
    let (slot_bytes, slot) = Slot::write(&statement, sealed)?;
    Body::open(body.quorum()?, slot.statement(), slot.body())?;
    for (founder, minted) in custodians.iter_mut().zip(&minted) {
        progress(&founder.name);
        write_share(store, founder, minted, &statement, body.statement_key())?;
    }
    slot::store_slot(store, Side::A, &slot_bytes)?;
    Body::open(body.quorum()?, slot.statement(), slot.body())?;
    sys::burn_stack();
    let first = Line::Created {
        network,
        statement_key: body.statement_key().public(),
        statement: slot.statement().digest(),
        slot_hash: slot.digest(),
    };
    Pen::create(store, JOURNAL, vault, body.statement_key().public(), first)?;
    Ok(vault)
}

/// Keys, words and commitments of every custodian.
fn mint(
    root: &Root,
    quorum: &Secret,
    vault: VaultId,
    threshold: u8,
    identifier: u16,
    names: &[Name],
) -> Result<(Roster, Vec<Minted>), FoundError> {
    let count = u8::try_from(names.len()).unwrap_or(u8::MAX);
    let shares: Vec<Share> = secret::split(quorum, threshold, count, identifier, &root.coefficients()?)?;
    let mut roster = Vec::new();
    let mut minted = Vec::new();
    for (name, share) in names.iter().zip(&shares) {
        let approval = root.approval_key(name)?;
        roster.push(Custodian {
            name: name.clone(),
            approval_key: approval.public(),
            share_index: share.index,
            commitment: share::commitment(&vault, FIRST, share.index, share.value.expose()),
        });
        minted.push(Minted { words: share.words()?, approval });
    }
    Ok((Roster::new(threshold, roster, vec![identifier])?, minted))
}

fn look_for_others(store: &dyn Store, custodians: &[Founder<'_>]) -> Result<(), FoundError> {
    if let Some(file) = store.names()?.into_iter().next() {
        return Err(FoundError::Occupied { file: crate::text::printable(&file) });
    }
    for founder in custodians {
        if let Place::Elsewhere { store, stem } = &founder.place {
            let taken = [Side::A, Side::B].map(|side| shelf::file_name(stem, side));
            let there = store.names()?;
            let same = |file: &String| there.iter().any(|other| other.eq_ignore_ascii_case(file));
            if let Some(file) = taken.into_iter().find(same) {
                return Err(FoundError::Occupied { file });
            }
        }
    }
    Ok(())
}

fn write_share(
    inside: &mut dyn Store,
    founder: &mut Founder<'_>,
    minted: &Minted,
    statement: &Statement,
    statement_key: &StatementKey,
) -> Result<(), FoundError> {
    let core = statement.core();
    let making = Making {
        name: &founder.name,
        vault_id: core.vault_id,
        epoch: core.epoch,
        network: core.network,
        statement_public: core.statement_key,
        words: &minted.words,
        approval: &minted.approval,
    };
    let bytes = making.seal(&founder.lock, Some(statement_key))?;
    let (store, stem): (&mut dyn Store, String) = match &mut founder.place {
        Place::Inside => (inside, shelf::stem(None, &founder.name, core.epoch)),
        Place::Elsewhere { store, stem } => (*store, stem.clone()),
    };
    let file = shelf::file_name(&stem, Side::A);
    shelf::store_share(store, &file, &bytes)?;
    let share = ShareFile::read(&bytes, statement)?;
    match &founder.lock {
        Lock::Passphrase(passphrase) => drop(share.open(Key::Passphrase(passphrase), statement)?),
        // Only the custodian has the identity: the signatures and the bytes are all that can be checked here.
        Lock::Recipient(_) => (),
    }
    Ok(())
}
