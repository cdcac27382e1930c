//! The statement: what is public about a vault, signed by its statement key.
//!
//! Floor 3. No secret is needed to read, check or use one. Anyone can sign a statement of their own: its words,
//! not its wholeness, say whose vault it is.

use bitcoin::secp256k1::{Message, Secp256k1, XOnlyPublicKey, schnorr::Signature};
use serde::{Deserialize, Serialize};

use crate::{
    canon::{self, CanonError},
    digest::{FileDigest, Head, StatementDigest, Tagged, VaultId, XOnly, sha256},
    limits,
    network::Network,
    policy::{Policy, PolicyError},
    quorum::Roster,
    secret::StatementKey,
    text::{self, Name},
    vault::{
        Family,
        sealed::{self, LockedTo, SealedError, Work},
    },
    wallet::{Wallet, WalletError},
};

/// The `format` of every statement that this release reads and writes.
pub const FORMAT: &str = "strongroom/1";
/// The number of a vault's first epoch and of its first statement.
pub const FIRST: u32 = 1;

/// `tagged_hash("strongroom/vault", statement public key, u8 network)`.
#[must_use]
pub fn vault_id(statement_key: &XOnly, network: Network) -> VaultId {
    VaultId(Tagged::new("strongroom/vault").bytes(statement_key.as_bytes()).u8(network.code()).finish())
}

/// The 12 words of a vault that its custodians write down.
#[must_use]
pub fn vault_words(id: &VaultId) -> String {
    id.words(12)
}

/// A wallet, as the statement records it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WalletRecord {
    /// Its name, unlike all others of the vault.
    pub name: Name,
    /// The canonical descriptor with checksum.
    pub descriptor: String,
    /// Origin of each key, in the descriptor's order: `fingerprint/48h/0h/0h/2h`.
    pub origins: Vec<String>,
    /// Indices of the keys that the vault's seed derives, ascending.
    pub ours: Vec<u32>,
}

impl WalletRecord {
    /// The record of `wallet`.
    #[must_use]
    pub fn of(wallet: &Wallet) -> Self {
        let ours = wallet.keys().iter().zip(0u32..).filter(|(key, _)| key.ours).map(|(_, index)| index).collect();
        Self { name: wallet.name().clone(), descriptor: wallet.descriptor().to_owned(), origins: origins(wallet), ours }
    }

    fn read(&self, network: Network) -> Result<Wallet, StatementError> {
        let wrong = |reason| StatementError::Wallet { name: self.name.clone(), reason };
        let ours: Vec<usize> = self.ours.iter().filter_map(|&index| usize::try_from(index).ok()).collect();
        let wallet = Wallet::read(self.name.clone(), &self.descriptor, network, &ours).map_err(|e| wrong(Some(e)))?;
        if Self::of(&wallet) == *self { Ok(wallet) } else { Err(wrong(None)) }
    }
}

fn origins(wallet: &Wallet) -> Vec<String> {
    let step = |step: &u32| match step.checked_sub(1 << 31) {
        Some(hardened) => format!("/{hardened}h"),
        None => format!("/{step}"),
    };
    let origin =
        |key: &crate::wallet::Key| text::hex(&key.fingerprint) + &key.origin.iter().map(step).collect::<String>();
    wallet.keys().iter().map(origin).collect()
}

/// The statement less what binds it to a body: `core` of the vault format.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Core {
    /// The number of the present quorum's share set, from 1.
    pub epoch: u32,
    /// [`FORMAT`].
    pub format: String,
    /// Lines of the journal when this was sealed (before `writing`).
    pub journal_count: u64,
    /// Its head then.
    pub journal_head: Head,
    /// The network.
    pub network: Network,
    /// The policy's exact TOML text.
    pub policy: String,
    /// `S` of the statement before; zeros at first.
    pub previous: StatementDigest,
    /// The custodians.
    pub roster: Roster,
    /// From 1, one more with each change.
    pub sequence: u64,
    /// The statement public key, for life.
    pub statement_key: XOnly,
    /// Names the vault, for life.
    pub vault_id: VaultId,
    /// The wallets, in the order of their registration.
    pub wallets: Vec<WalletRecord>,
}

/// What changes from one statement to the next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// One more wallet.
    Wallet(WalletRecord),
    /// Another policy: its exact text.
    Policy(String),
}

impl Core {
    /// The first statement of a vault.
    #[must_use]
    pub fn first(network: Network, statement_key: XOnly, roster: Roster, policy: String) -> Self {
        let id = vault_id(&statement_key, network);
        Self {
            epoch: FIRST,
            format: FORMAT.to_owned(),
            journal_count: 0,
            journal_head: Head(id.0),
            network,
            policy,
            previous: StatementDigest([0; 32]),
            roster,
            sequence: u64::from(FIRST),
            statement_key,
            vault_id: id,
            wallets: Vec::new(),
        }
    }

    /// `S = tagged_hash("strongroom/statement", core)`, over the canonical document with its LF.
    ///
    /// # Errors
    /// A number of 2^53 or more.
    pub fn digest(&self) -> Result<StatementDigest, StatementError> {
        let document = canon::document(self)?;
        Ok(StatementDigest(Tagged::new("strongroom/statement").bytes(document.as_bytes()).finish()))
    }

    /// Binds the statement to its body and signs both.
    ///
    /// # Errors
    /// A key that is not the statement's; anything that [`Statement::read`] would refuse.
    pub fn sign(self, body: &str, key: &StatementKey) -> Result<Statement, StatementError> {
        if key.public() != self.statement_key {
            return Err(StatementError::Key);
        }
        let body_sha256 = FileDigest(sha256(body.as_bytes()));
        let signature = key.sign(&slot_digest(self.digest()?, body_sha256)).map_err(|_| StatementError::Key)?;
        Statement::check(Signed::new(self, body_sha256, text::hex(&signature)))
    }
}

/// A statement that was read and found whole: form, vault id, signature, roster, wallets and policy.
pub struct Statement {
    signed: Signed,
    core: Core,
    digest: StatementDigest,
    wallets: Vec<Wallet>,
    policy: Policy,
}

/// Why a statement is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StatementError {
    /// Not canonical JSON of the statement's form.
    #[error("the statement is {0}")]
    Form(#[from] CanonError),
    /// Written by another release.
    #[error("the statement has the format `{0}`; this release reads `{FORMAT}`")]
    Format(String),
    /// The vault id is not that of statement key and network.
    #[error("the statement's vault id is not that of its key and network")]
    VaultId,
    /// The signature is not the statement key's.
    #[error("the statement's signature is wrong: it, or its body, was edited")]
    Signature,
    /// The body beside it is not the one that was signed.
    #[error("the body is not the one that the statement names")]
    Body,
    /// The body's own header.
    #[error("the body cannot be one that this program wrote: {0}")]
    BodyHeader(SealedError),
    /// A number out of range.
    #[error("the statement's {0} is out of range")]
    Range(&'static str),
    /// A wallet does not read, or not as it stands there.
    #[error("the wallet `{name}` in the statement {}", match .reason { Some(e) => format!("is refused: {e}"), None => "is not in its canonical form".to_owned() })]
    Wallet {
        /// Which.
        name: Name,
        /// What is wrong with its descriptor, or `None` where the record is not what this program would write.
        reason: Option<WalletError>,
    },
    /// Two wallets have one name.
    #[error("two wallets in the statement are called `{0}`")]
    TwoWallets(Name),
    /// Two wallets have a script in common.
    #[error("the wallets `{0}` and `{1}` in the statement have addresses in common")]
    Overlap(Name, Name),
    /// The policy does not read.
    #[error("the policy is refused: {0}")]
    Policy(PolicyError),
    /// Signed with a key that is not the statement's.
    #[error("the statement key is not the one that the statement names")]
    Key,
}

impl StatementError {
    /// Which exit code it leads to, where a statement is made of what people gave. One that was read and is refused
    /// is always a matter of integrity.
    #[must_use]
    pub const fn family(&self) -> Family {
        match self {
            Self::Range(_) | Self::Wallet { .. } | Self::TwoWallets(_) | Self::Overlap(..) | Self::Policy(_) => {
                Family::Input
            }
            Self::Form(_)
            | Self::Format(_)
            | Self::VaultId
            | Self::Signature
            | Self::Body
            | Self::BodyHeader(_)
            | Self::Key => Family::Integrity,
        }
    }
}

impl Statement {
    /// Reads a statement that stands alone, as a canonical document.
    ///
    /// # Errors
    /// [`StatementError`].
    pub fn read(bytes: &[u8]) -> Result<Self, StatementError> {
        Self::check(canon::read_document(bytes)?)
    }

    /// The statement as a canonical document of its own.
    ///
    /// # Errors
    /// None for a statement that was read.
    pub fn document(&self) -> Result<String, StatementError> {
        Ok(canon::document(&self.signed)?)
    }

    /// Checks everything that can be checked without the body and the journal.
    pub(super) fn check(signed: Signed) -> Result<Self, StatementError> {
        if signed.format != FORMAT {
            return Err(StatementError::Format(text::printable(&signed.format)));
        }
        let core = signed.core();
        if core.vault_id != vault_id(&core.statement_key, core.network) {
            return Err(StatementError::VaultId);
        }
        let digest = core.digest()?;
        verify(&core.statement_key, &signed.signature, &slot_digest(digest, signed.body_sha256))
            .ok_or(StatementError::Signature)?;
        check_ranges(&core)?;
        let wallets = wallets_of(&core)?;
        let policy = Policy::read(&core.policy).map_err(StatementError::Policy)?;
        policy.suits(core.network, core.roster.custodians().len()).map_err(StatementError::Policy)?;
        Ok(Self { signed, core, digest, wallets, policy })
    }

    /// Whether `body` is the one that was signed, and has the header that bodies have.
    pub(super) fn check_body(&self, body: &str) -> Result<(), StatementError> {
        if FileDigest(sha256(body.as_bytes())) != self.signed.body_sha256 {
            return Err(StatementError::Body);
        }
        let expected = Work::Body.log_n();
        match sealed::locked_to(body).map_err(StatementError::BodyHeader)? {
            LockedTo::Passphrase { log_n } if log_n == expected => Ok(()),
            LockedTo::Passphrase { log_n: found } => {
                Err(StatementError::BodyHeader(SealedError::WorkFactor { found, expected }))
            }
            LockedTo::Recipient => Err(StatementError::BodyHeader(SealedError::Header)),
        }
    }

    /// The next statement: one change, the sequence one higher, the digest of this one, and the journal as it is.
    ///
    /// # Errors
    /// [`StatementError::TwoWallets`]; numbers out of range.
    pub fn successor(&self, change: Change, journal_count: u64, journal_head: Head) -> Result<Core, StatementError> {
        let mut next = self.core.clone();
        next.sequence = next.sequence.checked_add(1).ok_or(StatementError::Range("sequence"))?;
        next.previous = self.digest;
        next.journal_count = journal_count;
        next.journal_head = journal_head;
        match change {
            Change::Wallet(record) => {
                if next.wallets.iter().any(|wallet| wallet.name == record.name) {
                    return Err(StatementError::TwoWallets(record.name));
                }
                next.wallets.push(record);
            }
            Change::Policy(policy) => next.policy = policy,
        }
        check_ranges(&next)?;
        Ok(next)
    }

    /// All that the statement says.
    #[must_use]
    pub const fn core(&self) -> &Core {
        &self.core
    }

    /// `S`.
    #[must_use]
    pub const fn digest(&self) -> StatementDigest {
        self.digest
    }

    /// The vault's id.
    #[must_use]
    pub const fn vault_id(&self) -> VaultId {
        self.core.vault_id
    }

    /// The vault's words.
    #[must_use]
    pub fn words(&self) -> String {
        vault_words(&self.core.vault_id)
    }

    /// The network.
    #[must_use]
    pub const fn network(&self) -> Network {
        self.core.network
    }

    /// The epoch of the present share set.
    #[must_use]
    pub const fn epoch(&self) -> u32 {
        self.core.epoch
    }

    /// The custodians.
    #[must_use]
    pub const fn roster(&self) -> &Roster {
        &self.core.roster
    }

    /// The wallets, read.
    #[must_use]
    pub fn wallets(&self) -> &[Wallet] {
        &self.wallets
    }

    /// The wallet of this name.
    #[must_use]
    pub fn wallet(&self, name: &Name) -> Option<&Wallet> {
        self.wallets.iter().find(|wallet| wallet.name() == name)
    }

    /// The policy, read.
    #[must_use]
    pub const fn policy(&self) -> &Policy {
        &self.policy
    }

    /// SHA-256 of the body that belongs to it.
    #[must_use]
    pub const fn body_sha256(&self) -> FileDigest {
        self.signed.body_sha256
    }

    pub(super) const fn signed(&self) -> &Signed {
        &self.signed
    }
}

/// The statement's bytes: [`Core`] with what binds it to its body. A form only; [`Statement`] is the proof.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Signed {
    body_sha256: FileDigest,
    epoch: u32,
    format: String,
    journal_count: u64,
    journal_head: Head,
    network: Network,
    policy: String,
    previous: StatementDigest,
    roster: Roster,
    sequence: u64,
    signature: String,
    statement_key: XOnly,
    vault_id: VaultId,
    wallets: Vec<WalletRecord>,
}

impl Signed {
    fn new(core: Core, body_sha256: FileDigest, signature: String) -> Self {
        let Core {
            epoch,
            format,
            journal_count,
            journal_head,
            network,
            policy,
            previous,
            roster,
            sequence,
            statement_key,
            vault_id,
            wallets,
        } = core;
        Self {
            body_sha256,
            epoch,
            format,
            journal_count,
            journal_head,
            network,
            policy,
            previous,
            roster,
            sequence,
            signature,
            statement_key,
            vault_id,
            wallets,
        }
    }

    fn core(&self) -> Core {
        Core {
            epoch: self.epoch,
            format: self.format.clone(),
            journal_count: self.journal_count,
            journal_head: self.journal_head,
            network: self.network,
            policy: self.policy.clone(),
            previous: self.previous,
            roster: self.roster.clone(),
            sequence: self.sequence,
            statement_key: self.statement_key,
            vault_id: self.vault_id,
            wallets: self.wallets.clone(),
        }
    }
}

/// `tagged_hash("strongroom/slot", S, body_sha256)`: what the statement key signs.
pub(super) fn slot_digest(statement: StatementDigest, body_sha256: FileDigest) -> [u8; 32] {
    Tagged::new("strongroom/slot").bytes(statement.as_bytes()).bytes(body_sha256.as_bytes()).finish()
}

/// `Some` where `signature` (128 digits of lower-case hex) is BIP340's by `key` over `digest`.
pub(super) fn verify(key: &XOnly, signature: &str, digest: &[u8; 32]) -> Option<()> {
    let bytes: [u8; 64] = bitcoin::hex::FromHex::from_hex(signature).ok()?;
    if text::hex(&bytes) != signature {
        return None;
    }
    let key = XOnlyPublicKey::from_slice(key.as_bytes()).ok()?;
    let signature = Signature::from_slice(&bytes).ok()?;
    Secp256k1::verification_only().verify_schnorr(&signature, &Message::from_digest(*digest), &key).ok()
}

/// The wallets, read: each with a name of its own and coins of its own.
fn wallets_of(core: &Core) -> Result<Vec<Wallet>, StatementError> {
    let mut wallets: Vec<Wallet> = Vec::new();
    let mut marks = Vec::new();
    for record in &core.wallets {
        if wallets.iter().any(|wallet| *wallet.name() == record.name) {
            return Err(StatementError::TwoWallets(record.name.clone()));
        }
        let wallet = record.read(core.network)?;
        let reason = |error| StatementError::Wallet { name: record.name.clone(), reason: Some(error) };
        let own = wallet.marks().map_err(reason)?;
        if let Some((other, _)) = wallets.iter().zip(&marks).find(|(_, other)| own.overlap(other)) {
            return Err(StatementError::Overlap(other.name().clone(), record.name.clone()));
        }
        wallets.push(wallet);
        marks.push(own);
    }
    Ok(wallets)
}

fn check_ranges(core: &Core) -> Result<(), StatementError> {
    let first = core.sequence == u64::from(FIRST);
    let facts = [
        (core.epoch >= FIRST, "epoch"),
        (core.sequence >= u64::from(FIRST), "sequence"),
        (first == (core.previous == StatementDigest([0; 32])), "digest of the statement before"),
        (first == (core.journal_count == 0), "journal count"),
        (core.journal_count != 0 || core.journal_head == Head(core.vault_id.0), "journal head"),
        (core.wallets.len() <= limits::WALLETS, "count of wallets"),
        (core.policy.len() <= limits::POLICY_BYTES, "policy's length"),
        (core.wallets.iter().all(|wallet| wallet.descriptor.len() <= limits::DESCRIPTOR_BYTES), "descriptor's length"),
    ];
    facts.into_iter().try_for_each(|(holds, what)| if holds { Ok(()) } else { Err(StatementError::Range(what)) })
}
