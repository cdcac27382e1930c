//! The body: the seed and the statement's private key, sealed to the quorum secret.
//!
//! Floor 3. Opened by [`unseal`] alone, which wants a recorded approval; creation, which has just made it, opens
//! it through the same inner function, and nothing else does.

use crate::{
    digest::StatementDigest,
    journal::Recorded,
    quorum::Matter,
    secret::{self, KeyError, Master, ShamirError, Share, StatementKey},
    sys::{MemoryError, Secret},
    text::Name,
    vault::{
        Family,
        inside::{self, InsideError, Reader, Writer},
        sealed::{self, Key, Lock, SealedError, Work},
        seed::{Seed, SeedError},
        share::OpenShare,
        statement::Statement,
    },
};

/// An opened body. Lives in locked memory, for one instruction.
pub struct Body {
    seed: Seed,
    statement_key: StatementKey,
    /// The 64 hex digits that the body is sealed to.
    quorum: Secret,
}

/// Why a body does not open, or cannot be sealed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BodyError {
    /// The approval was given under another statement.
    #[error("the approvals were given under another statement than the one in force")]
    OtherStatement,
    /// A share of somebody who did not vote.
    #[error("the share of `{0}` is there, a ballot is not")]
    NotVoted(Name),
    /// One share twice.
    #[error("the share of `{0}` is there twice")]
    Twice(Name),
    /// A share that was checked against another statement.
    #[error("the share of `{0}` was opened for another statement")]
    OtherShare(Name),
    /// Too few shares.
    #[error("{given} of {needed} shares")]
    TooFew {
        /// Shares that are there.
        given: usize,
        /// The threshold.
        needed: usize,
    },
    /// The shares do not combine.
    #[error("the shares do not combine: {0}")]
    Combine(ShamirError),
    /// The quorum secret does not open the body.
    #[error("the body does not open with what the shares combine to: {}", sealed_words(.0))]
    Sealed(SealedError),
    /// The inside is not what this program writes.
    #[error("the inside of the body is not of the expected form")]
    Inside,
    /// Body and statement are not of one pair.
    #[error("the body belongs to another statement: the two were exchanged")]
    OtherBody,
    /// The statement key inside is not the statement's.
    #[error("the statement key in the body is not the one that the statement names")]
    StatementKey,
    /// The seed in it.
    #[error("the seed in the body: {0}")]
    Seed(#[from] SeedError),
    /// No locked memory.
    #[error(transparent)]
    Memory(#[from] MemoryError),
    /// A key does not derive.
    #[error(transparent)]
    Key(#[from] KeyError),
}

/// The quorum secret is no passphrase that somebody typed.
fn sealed_words(error: &SealedError) -> String {
    if *error == SealedError::WrongPassphrase {
        "it was sealed to another secret".to_owned()
    } else {
        error.to_string()
    }
}

impl BodyError {
    /// Which exit code it leads to.
    #[must_use]
    pub const fn family(&self) -> Family {
        match self {
            Self::NotVoted(_) | Self::Twice(_) | Self::TooFew { .. } => Family::Input,
            Self::Memory(_) => Family::Device,
            Self::Sealed(SealedError::Memory(_) | SealedError::NotSealed) => Family::Device,
            Self::OtherStatement
            | Self::OtherShare(_)
            | Self::Combine(_)
            | Self::Sealed(_)
            | Self::Inside
            | Self::OtherBody
            | Self::StatementKey
            | Self::Seed(_)
            | Self::Key(_) => Family::Integrity,
        }
    }
}

/// Combines the shares of those who voted and opens `body`, which is the one of `statement`.
///
/// # Errors
/// An approval under another statement; shares that are too few, twice, or not of voters; a body that does not
/// belong to the statement. The shares are wiped in any case.
pub fn unseal<M: Matter>(
    recorded: &Recorded<M>,
    shares: Vec<OpenShare>,
    statement: &Statement,
    body: &str,
) -> Result<Body, BodyError> {
    let approved = recorded.approved();
    if approved.session().statement != statement.digest() {
        return Err(BodyError::OtherStatement);
    }
    for (index, share) in shares.iter().enumerate() {
        let name = share.name();
        if share.statement() != statement.digest() {
            return Err(BodyError::OtherShare(name.clone()));
        }
        if !approved.ballots().iter().any(|ballot| ballot.custodian == *name) {
            return Err(BodyError::NotVoted(name.clone()));
        }
        if shares.iter().take(index).any(|other| other.name() == name) {
            return Err(BodyError::Twice(name.clone()));
        }
    }
    let needed = usize::from(statement.roster().threshold());
    if shares.len() < needed {
        return Err(BodyError::TooFew { given: shares.len(), needed });
    }
    let quorum = {
        let shares: Vec<Share> = shares.into_iter().map(OpenShare::into_share).collect();
        secret::combine(&shares, &[]).map_err(BodyError::Combine)?
    };
    let digits = hex_digits(quorum.expose())?;
    drop(quorum);
    Body::open(digits, statement, body)
}

/// The quorum secret as the passphrase of the body: 64 hex digits.
pub(super) fn hex_digits(quorum: &[u8]) -> Result<Secret, BodyError> {
    inside::hex_of_bytes(quorum).map_err(BodyError::from)
}

impl Body {
    /// A body that is not sealed yet.
    pub(super) const fn new(seed: Seed, statement_key: StatementKey, quorum: Secret) -> Self {
        Self { seed, statement_key, quorum }
    }

    /// Opens `body` with the 64 digits and checks that it belongs to `statement`.
    pub(super) fn open(quorum: Secret, statement: &Statement, body: &str) -> Result<Self, BodyError> {
        statement.check_body(body).map_err(|_| BodyError::OtherBody)?;
        let plain = sealed::open(body, Key::Passphrase(&quorum), Work::Body).map_err(BodyError::Sealed)?;
        let mut reader = Reader::new(&plain)?;
        reader.form("{\n  \"seed\": {\n    \"language\": \"")?;
        let language = reader.text()?;
        reader.form("\",\n    \"made\": \"")?;
        let made = reader.text()?;
        reader.form("\",\n    \"mnemonic\": \"")?;
        let mnemonic = reader.text()?;
        reader.form("\",\n    \"passphrase\": \"")?;
        let passphrase = inside::bytes_of_hex(reader.text()?)?;
        reader.form("\"\n  },\n  \"statement\": \"")?;
        let digest = reader.text()?;
        reader.form("\",\n  \"statement_key\": \"")?;
        let key = inside::bytes_of_hex(reader.text()?)?;
        reader.form("\"\n}\n")?;
        reader.end()?;
        if digest != statement.digest().to_string() {
            return Err(BodyError::OtherBody);
        }
        let statement_key = StatementKey::new(key)?;
        if statement_key.public() != statement.core().statement_key {
            return Err(BodyError::StatementKey);
        }
        let seed = Seed::stored(language, mnemonic, passphrase, made)?;
        Ok(Self { seed, statement_key, quorum })
    }

    /// Seals it, for the statement with this digest.
    pub(super) fn seal(&self, statement: StatementDigest) -> Result<String, BodyError> {
        let mut writer = Writer::with_room(crate::limits::SEALED_BYTES)?;
        writer.form("{\n  \"seed\": {\n    \"language\": \"")?;
        writer.text(&self.seed.language())?;
        writer.form("\",\n    \"made\": \"")?;
        writer.text(self.seed.made().expose_str().ok_or(BodyError::Inside)?)?;
        writer.form("\",\n    \"mnemonic\": \"")?;
        let words = self.seed.mnemonic().words().map_err(SeedError::from)?;
        writer.text(words.expose_str().ok_or(BodyError::Inside)?)?;
        writer.form("\",\n    \"passphrase\": \"")?;
        writer.hex(self.seed.passphrase().expose())?;
        writer.form("\"\n  },\n  \"statement\": \"")?;
        writer.hex(statement.as_bytes())?;
        writer.form("\",\n  \"statement_key\": \"")?;
        writer.hex(self.statement_key.private().expose())?;
        writer.form("\"\n}\n")?;
        let lock = Lock::Passphrase(Secret::copied(self.quorum.expose())?);
        sealed::seal(&writer.finish(), &lock, Work::Body).map_err(BodyError::Sealed)
    }

    /// The master key of the seed.
    ///
    /// # Errors
    /// The seed gives no key (BIP32: one in 2^127), or no locked memory.
    pub fn master(&self) -> Result<Master, BodyError> {
        Ok(self.seed.master()?)
    }

    /// The key that signs statements and closing lines of the journal.
    #[must_use]
    pub const fn statement_key(&self) -> &StatementKey {
        &self.statement_key
    }

    /// The seed, for backups.
    #[must_use]
    pub const fn seed(&self) -> &Seed {
        &self.seed
    }

    /// A copy of the 64 digits, to open again what was just written.
    pub(super) fn quorum(&self) -> Result<Secret, BodyError> {
        Ok(Secret::copied(self.quorum.expose())?)
    }
}

impl From<InsideError> for BodyError {
    fn from(error: InsideError) -> Self {
        match error {
            InsideError::Memory(error) => Self::Memory(error),
            InsideError::Form | InsideError::Text => Self::Inside,
        }
    }
}
