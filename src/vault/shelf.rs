//! Where share files stand, and how one is replaced: two files take turns, and the old one goes last.
//!
//! Floor 3. In the vault's folder a share is `CUSTODIAN.EPOCH.a.share` or `.b.share`; beside the folder the
//! vault's name and a dot stand before it. Of two that verify either is good; a torn one is named.

use crate::{
    digest::FileDigest,
    limits,
    port::{DeviceError, Privacy, Store},
    sys::Secret,
    text::Name,
    vault::{
        Family,
        sealed::{Key, LockedTo, SealedError},
        share::{OpenShare, ShareError, ShareFile},
        slot::Side,
        statement::Statement,
    },
};

/// The part of a share's file name before `.a.share`: `CUSTODIAN.EPOCH`, with `VAULT.` before it where the file
/// stands beside the vault's folder.
#[must_use]
pub fn stem(beside: Option<&str>, custodian: &Name, epoch: u32) -> String {
    match beside {
        Some(vault) => format!("{vault}.{custodian}.{epoch}"),
        None => format!("{custodian}.{epoch}"),
    }
}

/// The file name of one of the two share files with this stem.
#[must_use]
pub fn file_name(stem: &str, side: Side) -> String {
    match side {
        Side::A => format!("{stem}.a.share"),
        Side::B => format!("{stem}.b.share"),
    }
}

/// The first of the two share files with this stem that is among these names.
#[must_use]
pub fn file_among(names: &[String], stem: &str) -> Option<String> {
    Side::BOTH.map(|side| file_name(stem, side)).into_iter().find(|file| names.contains(file))
}

/// Stem and side of a share file's name, or `None` where it is no such name.
#[must_use]
pub fn stem_of(file: &str) -> Option<(&str, Side)> {
    let a = file.strip_suffix(".a.share").map(|stem| (stem, Side::A));
    a.or_else(|| file.strip_suffix(".b.share").map(|stem| (stem, Side::B)))
}

/// Why a share cannot be had from, or put into, its place.
#[derive(Debug, thiserror::Error)]
pub enum ShelfError {
    /// No file of this stem.
    #[error("no share file `{a}` or `{b}`: say where it is with --share {custodian}=FILE")]
    Missing {
        /// The first name that was looked for.
        a: String,
        /// The second.
        b: String,
        /// Whose share.
        custodian: Name,
    },
    /// Others than its owner may read it.
    #[error("others may read `{file}`: run `chmod 600 {}`, and think about who had access", quoted(.file))]
    ReadableByOthers {
        /// Which, with its folder.
        file: String,
    },
    /// What has the file's name is no file that can be read: a link, a pipe, a bad sector.
    #[error("{what}")]
    Unreadable {
        /// What the store says, the file named.
        what: String,
        /// Which exit code it leads to.
        family: Family,
    },
    /// The file holds no share that counts.
    #[error("`{file}`: {source}")]
    Share {
        /// Which.
        file: String,
        /// Why.
        source: ShareError,
    },
    /// What was read back is not what was written.
    #[error("`{file}` was not stored as it was written; the medium is bad, nothing was removed")]
    NotStored {
        /// Which.
        file: String,
    },
    /// The store's.
    #[error(transparent)]
    Device(#[from] DeviceError),
}

impl ShelfError {
    /// Which exit code it leads to.
    #[must_use]
    pub fn family(&self) -> Family {
        match self {
            Self::Missing { .. } | Self::ReadableByOthers { .. } => Family::Input,
            Self::Unreadable { family, .. } => *family,
            Self::Share { source, .. } => source.family(),
            Self::NotStored { .. } => Family::Device,
            Self::Device(error) => Family::of_store(error),
        }
    }
}

/// A share file as it lay there.
#[derive(Clone)]
pub(super) struct OnShelf {
    content: Content,
    /// Where it is, for people.
    place: String,
}

/// What lies under a share file's name.
#[derive(Clone)]
enum Content {
    /// A file for its owner alone.
    Bytes(Vec<u8>),
    /// A file that is larger than a share can be.
    TooLarge,
    /// A file that others may read.
    ReadableByOthers,
    /// Nothing that can be read.
    Unreadable { what: String, family: Family },
}

impl OnShelf {
    /// Reads the file, or `None` where there is none.
    ///
    /// # Errors
    /// The store's.
    pub(super) fn read(store: &dyn Store, file: &str) -> Result<Option<Self>, DeviceError> {
        let mut content = match store.read(file, limits::SHARE_BYTES) {
            Ok(Some(bytes)) => Content::Bytes(bytes),
            Ok(None) => return Ok(None),
            Err(DeviceError::TooLarge { .. }) => Content::TooLarge,
            Err(error @ DeviceError::File { .. }) => {
                Content::Unreadable { what: error.to_string(), family: Family::of_store(&error) }
            }
            Err(error) => return Err(error),
        };
        let readable = !matches!(content, Content::Unreadable { .. });
        if readable && store.readable_by_others(file)? == Some(true) {
            content = Content::ReadableByOthers;
        }
        Ok(Some(Self { content, place: store.place(file) }))
    }

    /// The share in it, if it is `custodian`'s and belongs to `statement`.
    fn share(&self, file: &str, custodian: &Name, statement: &Statement) -> Result<ShareFile, ShelfError> {
        let refused = |source| ShelfError::Share { file: file.to_owned(), source };
        let bytes = match &self.content {
            Content::Bytes(bytes) => bytes,
            Content::TooLarge => return Err(refused(ShareError::TooLarge)),
            Content::ReadableByOthers => return Err(ShelfError::ReadableByOthers { file: self.place.clone() }),
            Content::Unreadable { what, family } => {
                return Err(ShelfError::Unreadable { what: what.clone(), family: *family });
            }
        };
        let share = ShareFile::read(bytes, statement).map_err(refused)?;
        if share.name() == custodian {
            return Ok(share);
        }
        let (found, expected) = (share.name().clone(), custodian.clone());
        Err(refused(ShareError::OtherCustodian { found, expected }))
    }
}

/// A path as a shell takes it.
fn quoted(path: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+=:@%".contains(c);
    if path.chars().all(plain) { path.to_owned() } else { format!("'{}'", path.replace('\'', "'\\''")) }
}

/// The share files of one custodian that count, and what is wrong with the one that does not.
pub struct Shelf {
    stem: String,
    first: LockedTo,
    good: Vec<(Side, ShareFile)>,
    bad: Vec<ShelfError>,
}

impl Shelf {
    /// Looks at both files of `stem` in `store`, and checks their outsides against `statement`.
    ///
    /// # Errors
    /// None of them counts.
    pub fn look(store: &dyn Store, stem: &str, custodian: &Name, statement: &Statement) -> Result<Self, ShelfError> {
        Self::of(|file| OnShelf::read(store, file), stem, custodian, statement)
    }

    /// As [`Shelf::look`], with files that were read before.
    pub(super) fn of(
        read: impl Fn(&str) -> Result<Option<OnShelf>, DeviceError>,
        stem: &str,
        custodian: &Name,
        statement: &Statement,
    ) -> Result<Self, ShelfError> {
        let (mut good, mut bad): (Vec<(Side, ShareFile)>, _) = (Vec::new(), Vec::new());
        for side in Side::BOTH {
            let file = file_name(stem, side);
            let Some(found) = read(&file)? else { continue };
            match found.share(&file, custodian, statement) {
                Ok(share) => good.push((side, share)),
                Err(error) => bad.push(error),
            }
        }
        if let Some((_, share)) = good.first() {
            return Ok(Self { stem: stem.to_owned(), first: share.locked_to(), good, bad });
        }
        Err(bad.into_iter().next().unwrap_or_else(|| ShelfError::Missing {
            a: file_name(stem, Side::A),
            b: file_name(stem, Side::B),
            custodian: custodian.clone(),
        }))
    }

    /// Why the file beside a good one does not count: said to the custodian, never fatal.
    #[must_use]
    pub fn bad(&self) -> &[ShelfError] {
        &self.bad
    }

    /// The files that count: each by its name, with the SHA-256 of its sealed text.
    pub fn files(&self) -> impl Iterator<Item = (String, FileDigest)> {
        self.good.iter().map(|(side, share)| (file_name(&self.stem, *side), share.sealed_sha256()))
    }

    /// What opens it: that of the first file that counts.
    #[must_use]
    pub const fn locked_to(&self) -> LockedTo {
        self.first
    }

    /// Opens the first file that the key opens. After a change of passphrase that was cut short two may be there.
    ///
    /// # Errors
    /// That of the last file, where the key opens none.
    pub fn open(&self, key: Key<'_>, statement: &Statement) -> Result<(OpenShare, Side), ShelfError> {
        let mut refused = None;
        for (side, share) in &self.good {
            match share.open(key, statement) {
                Ok(open) => return Ok((open, *side)),
                Err(source) => {
                    let other_key = matches!(
                        source,
                        ShareError::Sealed {
                            source: SealedError::WrongPassphrase
                                | SealedError::WrongIdentity
                                | SealedError::OtherLock { .. },
                            ..
                        }
                    );
                    let error = ShelfError::Share { file: file_name(&self.stem, *side), source };
                    if !other_key {
                        return Err(error);
                    }
                    refused = Some(error);
                }
            }
        }
        Err(refused.unwrap_or(ShelfError::NotStored { file: self.stem.clone() }))
    }
}

/// Writes a share file, makes it durable, and reads it back byte for byte.
pub(super) fn store_share(store: &mut dyn Store, file: &str, bytes: &[u8]) -> Result<(), ShelfError> {
    store.write(file, bytes, Privacy::Private)?;
    store.sync(file)?;
    store.sync_names()?;
    if store.read(file, limits::SHARE_BYTES)?.as_deref() == Some(bytes) {
        Ok(())
    } else {
        Err(ShelfError::NotStored { file: file.to_owned() })
    }
}

/// A share that was sealed anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Renewed {
    /// Which of the two files holds it.
    pub side: Side,
    /// SHA-256 of the sealed text, for the journal.
    pub sealed: FileDigest,
}

/// Seals `open` to another passphrase: into the file that is free, read back and opened before the other goes.
///
/// # Errors
/// Whatever fails before the new file was opened leaves the old one as it was.
pub fn change_passphrase(
    store: &mut dyn Store,
    stem: &str,
    (open, side): (&OpenShare, Side),
    passphrase: &Secret,
    statement: &Statement,
) -> Result<Renewed, ShelfError> {
    let free = side.other();
    let file = file_name(stem, free);
    let refused = |source| ShelfError::Share { file: file.clone(), source };
    let copy = Secret::copied(passphrase.expose()).map_err(|error| refused(error.into()))?;
    let bytes = open.seal_anew(copy).map_err(refused)?;
    store_share(store, &file, &bytes)?;
    let share = ShareFile::read(&bytes, statement).map_err(refused)?;
    share.open(Key::Passphrase(passphrase), statement).map_err(refused)?;
    // By its name alone, whatever the folder's list says: on FAT it may be listed in capitals.
    match store.remove(&file_name(stem, side)) {
        Err(DeviceError::File { source, .. }) if source.kind() == std::io::ErrorKind::NotFound => {}
        done => done?,
    }
    store.sync_names()?;
    Ok(Renewed { side: free, sealed: share.sealed_sha256() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_custodian_epoch_and_side() {
        let alice: Name = "alice".parse().unwrap();
        assert_eq!(file_name(&stem(None, &alice, 1), Side::A), "alice.1.a.share");
        assert_eq!(file_name(&stem(Some("treasury"), &alice, 2), Side::B), "treasury.alice.2.b.share");
        assert_eq!(stem_of("alice.1.b.share"), Some(("alice.1", Side::B)));
        assert_eq!(stem_of("alice.1.share"), None);
    }

    #[test]
    fn a_path_is_quoted_where_a_shell_would_break_it() {
        assert_eq!(quoted("t.vault/alice.1.a.share"), "t.vault/alice.1.a.share");
        assert_eq!(quoted("my vault/alice.1.a.share"), "'my vault/alice.1.a.share'");
        assert_eq!(quoted("a'b"), "'a'\\''b'");
    }
}
