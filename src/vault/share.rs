//! A share: what one custodian holds, sealed to a passphrase or a recipient.
//!
//! Floor 3. The outside is checked without a secret, the inside after it opened; each check has an error of its
//! own, so that a bad share is named before shares are combined. File names and their two places: `shelf`.

use serde::{Deserialize, Serialize};

use crate::{
    canon::{self, CanonError},
    digest::{Commitment, FileDigest, StatementDigest, Subject, Tagged, VaultId, XOnly, sha256},
    limits,
    network::Network,
    quorum::{Ballot, Custodian, Kind, Session},
    secret::{ApprovalKey, Group, KeyError, ShamirError, Share, StatementKey},
    sys::{MemoryError, Secret},
    text::{self, Name},
    vault::{
        Family,
        inside::{self, InsideError, Reader, Writer},
        sealed::{self, Key, Lock, LockedTo, SealedError, Work},
        statement::{Statement, vault_words, verify},
    },
};

/// Why a share is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ShareError {
    /// Not canonical JSON of a share's form.
    #[error("the share is {0}")]
    Form(#[from] CanonError),
    /// More than a share can have.
    #[error("the share is larger than {} bytes", limits::SHARE_BYTES)]
    TooLarge,
    /// A share of another vault.
    #[error("the share belongs to another vault, whose words are `{}`", vault_words(.0))]
    OtherVault(VaultId),
    /// A share of another epoch.
    #[error("the share of `{name}` is of epoch {found}, the vault is in epoch {expected}")]
    OtherEpoch {
        /// Whose.
        name: Name,
        /// The share's epoch.
        found: u32,
        /// The vault's epoch.
        expected: u32,
    },
    /// Not in the roster.
    #[error("the share is of `{0}`, who is no custodian of this vault")]
    Stranger(Name),
    /// The share of another custodian than the one that was asked for.
    #[error("the share is of `{found}`, not of `{expected}`")]
    OtherCustodian {
        /// Whose it is.
        found: Name,
        /// Who was asked for.
        expected: Name,
    },
    /// The approval key's signature does not hold.
    #[error("the share of `{0}` was edited: its signature is wrong")]
    Signature(Name),
    /// The statement key's signature, which shares to a recipient have and others have not, does not hold.
    #[error(
        "the share of `{0}` is sealed to a recipient without the vault's own signature, or has one it should not have"
    )]
    StatementSignature(Name),
    /// It does not open.
    #[error("the share of `{name}`: {source}")]
    Sealed {
        /// Whose.
        name: Name,
        /// Why.
        source: SealedError,
    },
    /// The inside is not what this program writes.
    #[error("the inside of the share of `{0}` is not of the expected form")]
    Inside(Name),
    /// The inside contradicts outside or statement.
    #[error("the inside of the share of `{name}` has another {what} than the vault's statement")]
    Differs {
        /// Whose.
        name: Name,
        /// What differs.
        what: Part,
    },
    /// The SLIP-39 words do not read.
    #[error("the words in the share of `{name}`: {source}")]
    Words {
        /// Whose.
        name: Name,
        /// Why.
        source: ShamirError,
    },
    /// No locked memory.
    #[error(transparent)]
    Memory(#[from] MemoryError),
    /// A key that cannot sign.
    #[error(transparent)]
    Key(#[from] KeyError),
}

impl ShareError {
    /// Which exit code it leads to.
    #[must_use]
    pub const fn family(&self) -> Family {
        match self {
            Self::OtherCustodian { .. } => Family::Input,
            Self::Sealed { source, .. } => source.family(),
            Self::Memory(_) => Family::Device,
            Self::Form(_)
            | Self::TooLarge
            | Self::OtherVault(_)
            | Self::OtherEpoch { .. }
            | Self::Stranger(_)
            | Self::Signature(_)
            | Self::StatementSignature(_)
            | Self::Inside(_)
            | Self::Differs { .. }
            | Self::Words { .. }
            | Self::Key(_) => Family::Integrity,
        }
    }
}

/// What can differ between the inside of a share and the statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// The custodian's name.
    Name,
    /// The vault id.
    VaultId,
    /// The statement key.
    StatementKey,
    /// The epoch.
    Epoch,
    /// The SLIP-39 form: extendable flag, exponent, groups, or a length other than 33 words.
    Scheme,
    /// The SLIP-39 member threshold.
    Threshold,
    /// The SLIP-39 member index.
    Index,
    /// The SLIP-39 identifier.
    Identifier,
    /// The commitment to the share value.
    Commitment,
    /// The approval key.
    ApprovalKey,
}

impl std::fmt::Display for Part {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(match self {
            Self::Name => "name",
            Self::VaultId => "vault id",
            Self::StatementKey => "statement key",
            Self::Epoch => "epoch",
            Self::Scheme => "sharing scheme",
            Self::Threshold => "threshold",
            Self::Index => "share index",
            Self::Identifier => "share set identifier",
            Self::Commitment => "share value",
            Self::ApprovalKey => "approval key",
        })
    }
}

/// `tagged_hash("strongroom/share", vault_id, u32 epoch, u8 index, 32-byte share value)`.
#[must_use]
pub fn commitment(vault: &VaultId, epoch: u32, index: u8, value: &[u8]) -> Commitment {
    let hash = Tagged::new("strongroom/share").bytes(vault.as_bytes()).u32(epoch).u8(index).bytes(value);
    Commitment(hash.finish())
}

/// A share file whose outside belongs to a statement; it is still sealed.
pub struct ShareFile {
    custodian: Custodian,
    text: ShareText,
    locked_to: LockedTo,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ShareText {
    epoch: u32,
    name: Name,
    sealed: String,
    signature: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    statement_signature: Option<String>,
    vault_id: VaultId,
}

impl ShareFile {
    /// Reads a share file and checks its outside against `statement`: vault, epoch, name, signatures.
    ///
    /// # Errors
    /// [`ShareError`], before anything secret is asked for.
    pub fn read(bytes: &[u8], statement: &Statement) -> Result<Self, ShareError> {
        if bytes.len() > limits::SHARE_BYTES {
            return Err(ShareError::TooLarge);
        }
        let text: ShareText = canon::read_document(bytes)?;
        if text.vault_id != statement.vault_id() {
            return Err(ShareError::OtherVault(text.vault_id));
        }
        if text.epoch != statement.epoch() {
            return Err(ShareError::OtherEpoch { name: text.name, found: text.epoch, expected: statement.epoch() });
        }
        let Some(custodian) = statement.roster().find(&text.name).cloned() else {
            return Err(ShareError::Stranger(text.name));
        };
        let digest = sealed_digest(&text.vault_id, text.epoch, &text.name, &text.sealed);
        verify(&custodian.approval_key, &text.signature, &digest)
            .ok_or_else(|| ShareError::Signature(text.name.clone()))?;
        let locked_to =
            sealed::locked_to(&text.sealed).map_err(|source| ShareError::Sealed { name: text.name.clone(), source })?;
        let vouched = match (&locked_to, &text.statement_signature) {
            (LockedTo::Passphrase { .. }, None) => Some(()),
            (LockedTo::Recipient, Some(signature)) => verify(&statement.core().statement_key, signature, &digest),
            (LockedTo::Passphrase { .. }, Some(_)) | (LockedTo::Recipient, None) => None,
        };
        vouched.ok_or_else(|| ShareError::StatementSignature(text.name.clone()))?;
        Ok(Self { custodian, text, locked_to })
    }

    /// Whose it is.
    #[must_use]
    pub const fn name(&self) -> &Name {
        &self.custodian.name
    }

    /// What opens it.
    #[must_use]
    pub const fn locked_to(&self) -> LockedTo {
        self.locked_to
    }

    /// SHA-256 of the sealed text: what the journal's `changed` line names.
    #[must_use]
    pub fn sealed_sha256(&self) -> FileDigest {
        FileDigest(sha256(self.text.sealed.as_bytes()))
    }

    /// Opens it and checks the inside against `statement`, in the order of the vault format.
    ///
    /// # Errors
    /// [`ShareError`].
    pub fn open(&self, key: Key<'_>, statement: &Statement) -> Result<OpenShare, ShareError> {
        let name = &self.custodian.name;
        let plain = sealed::open(&self.text.sealed, key, Work::Share(statement.network()))
            .map_err(|source| ShareError::Sealed { name: name.clone(), source })?;
        let within = Within::read(&plain).map_err(|error| match error {
            InsideError::Memory(error) => ShareError::Memory(error),
            InsideError::Form | InsideError::Text => ShareError::Inside(name.clone()),
        })?;
        within.check(self, statement)
    }
}

/// What lies inside of a share, borrowed from locked memory.
struct Within<'a> {
    approval_key: Secret,
    epoch: u32,
    name: &'a str,
    statement_key: &'a str,
    vault_id: &'a str,
    words: &'a str,
}

impl<'a> Within<'a> {
    fn read(plain: &'a Secret) -> Result<Self, InsideError> {
        let mut reader = Reader::new(plain)?;
        reader.form("{\n  \"approval_key\": \"")?;
        let approval_key = inside::bytes_of_hex(reader.text()?)?;
        reader.form("\",\n  \"epoch\": ")?;
        let epoch = reader.number()?;
        reader.form(",\n  \"name\": \"")?;
        let name = reader.text()?;
        reader.form("\",\n  \"statement_key\": \"")?;
        let statement_key = reader.text()?;
        reader.form("\",\n  \"vault_id\": \"")?;
        let vault_id = reader.text()?;
        reader.form("\",\n  \"words\": \"")?;
        let words = reader.text()?;
        reader.form("\"\n}\n")?;
        reader.end()?;
        Ok(Self { approval_key, epoch, name, statement_key, vault_id, words })
    }

    fn check(self, file: &ShareFile, statement: &Statement) -> Result<OpenShare, ShareError> {
        let custodian = &file.custodian;
        let name = || custodian.name.clone();
        let same = |holds: bool, what| if holds { Ok(()) } else { Err(ShareError::Differs { name: name(), what }) };
        let core = statement.core();
        same(self.name == custodian.name.as_str(), Part::Name)?;
        same(self.vault_id == core.vault_id.to_string(), Part::VaultId)?;
        same(self.statement_key == core.statement_key.to_string(), Part::StatementKey)?;
        same(self.epoch == core.epoch, Part::Epoch)?;
        let words = Secret::copied(self.words.as_bytes())?;
        let share = Share::parse(self.words).map_err(|source| ShareError::Words { name: name(), source })?;
        check_scheme(&share, custodian, statement).map_or(Ok(()), |what| same(false, what))?;
        let value = commitment(&core.vault_id, core.epoch, share.index, share.value.expose());
        same(value == custodian.commitment, Part::Commitment)?;
        let approval = ApprovalKey::new(self.approval_key)?;
        same(approval.public() == custodian.approval_key, Part::ApprovalKey)?;
        Ok(OpenShare {
            name: name(),
            vault_id: core.vault_id,
            epoch: core.epoch,
            network: core.network,
            statement_key: core.statement_key,
            statement: statement.digest(),
            share,
            words,
            approval,
        })
    }
}

fn check_scheme(share: &Share, custodian: &Custodian, statement: &Statement) -> Option<Part> {
    let roster = statement.roster();
    let facts = [
        (!share.extendable && share.exponent == 0 && share.group == Group::ONLY, Part::Scheme),
        (share.value.len() == 32, Part::Scheme),
        (share.threshold == roster.threshold(), Part::Threshold),
        (share.index == custodian.share_index, Part::Index),
        (Some(share.identifier) == roster.identifier(), Part::Identifier),
    ];
    facts.into_iter().find(|(holds, _)| !holds).map(|(_, what)| what)
}

/// A share that opened and belongs to the statement: it can vote, be sealed anew, and be combined with others.
pub struct OpenShare {
    name: Name,
    vault_id: VaultId,
    epoch: u32,
    network: Network,
    statement_key: XOnly,
    statement: StatementDigest,
    share: Share,
    words: Secret,
    approval: ApprovalKey,
}

impl OpenShare {
    /// Whose it is.
    #[must_use]
    pub const fn name(&self) -> &Name {
        &self.name
    }

    /// The vault.
    #[must_use]
    pub const fn vault_id(&self) -> VaultId {
        self.vault_id
    }

    /// The epoch.
    #[must_use]
    pub const fn epoch(&self) -> u32 {
        self.epoch
    }

    /// `S` of the statement that it was checked against.
    #[must_use]
    pub const fn statement(&self) -> StatementDigest {
        self.statement
    }

    /// The 33 words, for paper.
    #[must_use]
    pub const fn words(&self) -> &Secret {
        &self.words
    }

    pub(super) fn into_share(self) -> Share {
        self.share
    }

    /// This custodian's ballot.
    ///
    /// # Errors
    /// The key fails to sign.
    pub fn vote(&self, kind: Kind, subject: Subject, session: &Session) -> Result<Ballot, ShareError> {
        let signature = self.approval.sign(&session.ballot_digest(kind, subject))?;
        Ok(Ballot { custodian: self.name.clone(), signature: text::hex(&signature) })
    }

    /// A share file of the same content with another passphrase. To a recipient only a roster change seals.
    ///
    /// # Errors
    /// [`SealedError`] of the new passphrase.
    pub fn seal_anew(&self, passphrase: Secret) -> Result<Vec<u8>, ShareError> {
        self.seal(&Lock::Passphrase(passphrase), None)
    }

    pub(super) fn seal(&self, lock: &Lock, statement_key: Option<&StatementKey>) -> Result<Vec<u8>, ShareError> {
        Making {
            name: &self.name,
            vault_id: self.vault_id,
            epoch: self.epoch,
            network: self.network,
            statement_public: self.statement_key,
            words: &self.words,
            approval: &self.approval,
        }
        .seal(lock, statement_key)
    }
}

/// What a share file is made of.
pub(super) struct Making<'a> {
    pub(super) name: &'a Name,
    pub(super) vault_id: VaultId,
    pub(super) epoch: u32,
    pub(super) network: Network,
    pub(super) statement_public: XOnly,
    pub(super) words: &'a Secret,
    pub(super) approval: &'a ApprovalKey,
}

impl Making<'_> {
    /// The share file. To a recipient it needs the statement key's signature too.
    pub(super) fn seal(&self, lock: &Lock, statement_key: Option<&StatementKey>) -> Result<Vec<u8>, ShareError> {
        let plain = self.inside().map_err(|error| match error {
            InsideError::Memory(error) => ShareError::Memory(error),
            InsideError::Form | InsideError::Text => ShareError::Inside(self.name.clone()),
        })?;
        self.seal_plain(&plain, lock, statement_key)
    }

    fn seal_plain(
        &self,
        plain: &Secret,
        lock: &Lock,
        statement_key: Option<&StatementKey>,
    ) -> Result<Vec<u8>, ShareError> {
        let failed = |source| ShareError::Sealed { name: self.name.clone(), source };
        let sealed = sealed::seal(plain, lock, Work::Share(self.network)).map_err(failed)?;
        let digest = sealed_digest(&self.vault_id, self.epoch, self.name, &sealed);
        let statement_signature = match (lock, statement_key) {
            (Lock::Passphrase(_), _) => None,
            (Lock::Recipient(_), Some(key)) => Some(text::hex(&key.sign(&digest)?)),
            (Lock::Recipient(_), None) => return Err(ShareError::StatementSignature(self.name.clone())),
        };
        let text = ShareText {
            epoch: self.epoch,
            name: self.name.clone(),
            sealed,
            signature: text::hex(&self.approval.sign(&digest)?),
            statement_signature,
            vault_id: self.vault_id,
        };
        Ok(canon::document(&text)?.into_bytes())
    }

    fn inside(&self) -> Result<Secret, InsideError> {
        let mut writer = Writer::with_room(INSIDE_BYTES)?;
        writer.form("{\n  \"approval_key\": \"")?;
        writer.hex(self.approval.private().expose())?;
        writer.form("\",\n  \"epoch\": ")?;
        writer.form(&self.epoch.to_string())?;
        writer.form(",\n  \"name\": \"")?;
        writer.text(self.name.as_str())?;
        writer.form("\",\n  \"statement_key\": \"")?;
        writer.hex(self.statement_public.as_bytes())?;
        writer.form("\",\n  \"vault_id\": \"")?;
        writer.hex(self.vault_id.as_bytes())?;
        writer.form("\",\n  \"words\": \"")?;
        writer.text(self.words.expose_str().ok_or(InsideError::Text)?)?;
        writer.form("\"\n}\n")?;
        Ok(writer.finish())
    }
}

/// `tagged_hash("strongroom/sealed", vault_id, u32 epoch, name, sha256(sealed))`.
pub(super) fn sealed_digest(vault: &VaultId, epoch: u32, name: &Name, sealed: &str) -> [u8; 32] {
    Tagged::new("strongroom/sealed")
        .bytes(vault.as_bytes())
        .u32(epoch)
        .bytes(name.as_str().as_bytes())
        .bytes(&sha256(sealed.as_bytes()))
        .finish()
}

/// Bytes of the largest inside: 33 words of at most 8 letters, three keys in hex, a name and the form.
const INSIDE_BYTES: usize = 1024;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vault::samples::{self, created, open_share, passphrase, read};

    /// Opens a share of alice whose outside is right and whose inside is `plain`.
    fn opened(plain: &Secret) -> Result<OpenShare, ShareError> {
        let vault = read(&created(1));
        let alice = open_share(&vault, "alice");
        let making = making(&alice);
        let bytes = making.seal_plain(plain, &Lock::Passphrase(passphrase("alice")), None)?;
        let share = ShareFile::read(&bytes, vault.statement())?;
        share.open(Key::Passphrase(&passphrase("alice")), vault.statement())
    }

    fn making(share: &OpenShare) -> Making<'_> {
        Making {
            name: &share.name,
            vault_id: share.vault_id,
            epoch: share.epoch,
            network: share.network,
            statement_public: share.statement_key,
            words: &share.words,
            approval: &share.approval,
        }
    }

    #[track_caller]
    fn differs<'a>(expected: Part, alice: &'a OpenShare, edit: impl FnOnce(&mut Making<'a>)) {
        // All of its secrets come from the same root, so this is the same share in another file.
        let mut edited = making(alice);
        edit(&mut edited);
        let error = opened(&edited.inside().unwrap()).err().unwrap_or_else(|| panic!("{expected}"));
        assert_eq!(error, ShareError::Differs { name: samples::name("alice"), what: expected });
        assert_eq!(error.family(), Family::Integrity);
    }

    #[test]
    fn an_inside_that_differs_from_the_statement_is_named() {
        let bob = samples::name("bob");
        let (alice, bobs) = (open_share(&read(&created(1)), "alice"), open_share(&read(&created(1)), "bob"));
        differs(Part::Name, &alice, |making| making.name = &bob);
        differs(Part::VaultId, &alice, |making| making.vault_id = VaultId([1; 32]));
        differs(Part::StatementKey, &alice, |making| making.statement_public = XOnly([1; 32]));
        differs(Part::Epoch, &alice, |making| making.epoch = 2);
        differs(Part::ApprovalKey, &alice, |making| making.approval = &bobs.approval);
        differs(Part::Index, &alice, |making| making.words = &bobs.words);
    }

    #[test]
    fn words_of_another_set_are_named() {
        type Edit = fn(&mut Share);
        let cases: [(Part, Edit); 7] = [
            (Part::Scheme, |share| share.extendable = true),
            (Part::Scheme, |share| share.exponent = 1),
            (Part::Scheme, |share| share.group = Group { count: 2, ..Group::ONLY }),
            (Part::Scheme, |share| share.value = Secret::copied(&[7; 16]).unwrap()),
            (Part::Threshold, |share| share.threshold = 3),
            (Part::Identifier, |share| share.identifier ^= 1),
            (Part::Commitment, |share| share.value.expose_mut()[31] ^= 1),
        ];
        let alice = open_share(&read(&created(1)), "alice");
        for (expected, edit) in cases {
            let mut share = open_share(&read(&created(1)), "alice").into_share();
            edit(&mut share);
            let words = share.words().unwrap();
            differs(expected, &alice, |making| making.words = &words);
        }
        let words = samples::secret("academic academic");
        let error = opened(&Making { words: &words, ..making(&alice) }.inside().unwrap()).err().unwrap();
        assert!(matches!(error, ShareError::Words { .. }), "{error}");
    }

    #[test]
    fn an_inside_of_another_form_is_refused() {
        let alice = open_share(&read(&created(1)), "alice");
        let good = making(&alice).inside().unwrap();
        assert!(opened(&good).is_ok());
        let text = good.expose_str().unwrap();
        for bad in
            [text.trim_end().to_owned(), text.replace(": 1", ": 01"), text.replace("words", "word"), String::new()]
        {
            assert_eq!(opened(&samples::secret(&bad)).err(), Some(ShareError::Inside(samples::name("alice"))));
        }
    }

    #[test]
    fn only_a_share_to_a_recipient_has_the_statements_signature() {
        let vault = read(&created(1));
        let alice = open_share(&vault, "alice");
        let recipient = || Lock::Recipient(sealed::SessionKey::generate().recipient());
        let refused = ShareError::StatementSignature(samples::name("alice"));
        assert_eq!(alice.seal(&recipient(), None).err(), Some(refused.clone()));
        let foreign = samples::root(2).statement_key().unwrap();
        let bytes = alice.seal(&recipient(), Some(&foreign)).unwrap();
        assert_eq!(ShareFile::read(&bytes, vault.statement()).err(), Some(refused.clone()));
        let key = samples::root(1).statement_key().unwrap();
        let bytes = alice.seal(&recipient(), Some(&key)).unwrap();
        assert!(ShareFile::read(&bytes, vault.statement()).is_ok());
        let mut text: ShareText = canon::read_document(&bytes).unwrap();
        text.statement_signature = None;
        let bytes = canon::document(&text).unwrap();
        assert_eq!(ShareFile::read(bytes.as_bytes(), vault.statement()).err(), Some(refused));
    }
}
