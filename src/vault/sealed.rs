//! Sealed text: an ordinary age file, ASCII-armoured, to one passphrase or to one recipient.
//!
//! Floor 3. The header is judged before any key is tried: exactly the stanza and the work factor that this kind
//! of file has, so that no file makes us work or allocate more. Errors of the `age` crate never reach a person:
//! they hold direction marks and guessed durations.

use std::{
    io::{Read, Write},
    iter, str,
};

use age::{
    armor::{ArmoredReader, ArmoredWriter, Format},
    secrecy::SecretString,
};
use bitcoin::bech32;

use crate::{
    limits,
    network::Network,
    sys::{self, MemoryError, Secret},
    vault::Family,
};

/// How much work a passphrase costs: scrypt with N = 2^[`Work::log_n`], r = 8, p = 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Work {
    /// The body: its passphrase is a full-entropy secret, so scrypt need not be slow.
    Body,
    /// A share on this network: its passphrase is a person's.
    Share(Network),
}

impl Work {
    /// log2 of scrypt's N. 18 takes 256 MiB.
    #[must_use]
    pub const fn log_n(self) -> u8 {
        match self {
            Self::Body => 10,
            Self::Share(network) => {
                if network.is_mainnet() {
                    18
                } else {
                    10
                }
            }
        }
    }
}

/// To whom something is sealed.
pub enum Lock {
    /// Whoever knows the passphrase.
    Passphrase(Secret),
    /// Whoever has the identity of this recipient.
    Recipient(Recipient),
}

/// An age recipient (X25519), `age1…`.
#[derive(Clone, PartialEq, Eq)]
pub struct Recipient(age::x25519::Recipient);

impl str::FromStr for Recipient {
    type Err = SealedError;

    fn from_str(text: &str) -> Result<Self, SealedError> {
        text.parse().map(Self).map_err(|_| SealedError::NoRecipient)
    }
}

impl std::fmt::Display for Recipient {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// What opens a sealed text.
#[derive(Clone, Copy)]
pub enum Key<'a> {
    /// A passphrase.
    Passphrase(&'a Secret),
    /// An age identity: `AGE-SECRET-KEY-1…`, alone or as `age-keygen` writes it with comment lines.
    Identity(&'a Secret),
}

/// What the header of a sealed text says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LockedTo {
    /// One passphrase, with this log2 of scrypt's N.
    Passphrase {
        /// log2 of N.
        log_n: u8,
    },
    /// One X25519 recipient.
    Recipient,
}

/// Why something cannot be sealed or opened.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SealedError {
    /// Nothing decrypts with an empty passphrase here.
    #[error("the passphrase is empty")]
    EmptyPassphrase,
    /// The passphrase is not UTF-8.
    #[error("the passphrase is not UTF-8 text")]
    NotText,
    /// Not `age1…`.
    #[error("no age recipient: it starts with `age1` and has 62 characters")]
    NoRecipient,
    /// Not `AGE-SECRET-KEY-1…`.
    #[error("no age identity: one line that starts with `AGE-SECRET-KEY-1`")]
    NoIdentity,
    /// More than fits into such a file.
    #[error("more than {} bytes to seal", limits::SEALED_BYTES)]
    TooLarge,
    /// Not an armoured age file with one lock of a kind that we write.
    #[error("not an age file with exactly one passphrase or one X25519 recipient")]
    Header,
    /// Another work factor than files of this kind have.
    #[error("the passphrase work factor is 2^{found}; files of this kind have 2^{expected}")]
    WorkFactor {
        /// log2 of N in the file.
        found: u8,
        /// log2 of N that is expected.
        expected: u8,
    },
    /// Sealed to a recipient, and a passphrase was given; or the other way round.
    #[error("sealed to {}, and {} was given", lock_words(*.sealed_to_passphrase), lock_words(!*.sealed_to_passphrase))]
    OtherLock {
        /// What the file wants.
        sealed_to_passphrase: bool,
    },
    /// The passphrase does not open it.
    #[error("wrong passphrase")]
    WrongPassphrase,
    /// The identity does not open it.
    #[error("sealed to another recipient than the one of this identity")]
    WrongIdentity,
    /// The key is right and the content is not.
    #[error("damaged: the passphrase or identity is right, the content does not authenticate")]
    Damaged,
    /// age itself failed to write.
    #[error("cannot be sealed")]
    NotSealed,
    /// No locked memory.
    #[error(transparent)]
    Memory(#[from] MemoryError),
}

impl SealedError {
    /// Which exit code it leads to.
    #[must_use]
    pub const fn family(&self) -> Family {
        match self {
            Self::EmptyPassphrase
            | Self::NotText
            | Self::NoRecipient
            | Self::NoIdentity
            | Self::TooLarge
            | Self::OtherLock { .. }
            | Self::WrongPassphrase
            | Self::WrongIdentity => Family::Input,
            Self::NotSealed | Self::Memory(_) => Family::Device,
            Self::Header | Self::WorkFactor { .. } | Self::Damaged => Family::Integrity,
        }
    }
}

const fn lock_words(passphrase: bool) -> &'static str {
    if passphrase { "a passphrase" } else { "a recipient" }
}

/// Seals `plain`. The passphrase's work factor is the one of `work`, never one that was measured.
///
/// # Errors
/// An empty passphrase, too much to seal, no memory.
pub(super) fn seal(plain: &Secret, lock: &Lock, work: Work) -> Result<String, SealedError> {
    if plain.expose().len() > limits::SEALED_BYTES {
        return Err(SealedError::TooLarge);
    }
    let armoured = match lock {
        Lock::Passphrase(passphrase) => {
            let mut recipient = age::scrypt::Recipient::new(secret_string(passphrase)?);
            recipient.set_work_factor(work.log_n());
            seal_to(plain, &recipient)
        }
        Lock::Recipient(recipient) => seal_to(plain, &recipient.0),
    };
    sys::burn_stack();
    armoured
}

/// What opening a passphrase's file of this work factor takes of a machine, on nothing at all: for whoever measures how
/// long that is here.
pub fn rehearse(log_n: u8) {
    let mut recipient = age::scrypt::Recipient::new(SecretString::from(String::from("rehearsal")));
    recipient.set_work_factor(log_n.min(limits::SCRYPT_LOG_N));
    // The lock alone makes the work.
    let _made = age::Encryptor::with_recipients(iter::once(&recipient as &dyn age::Recipient))
        .map(|encryptor| encryptor.wrap_output(Vec::new()).is_ok());
}

/// Opens what [`seal`] wrote for this kind of file.
///
/// # Errors
/// A header that is not of this kind is refused before any work is done; then wrong keys and damage, by name.
pub(super) fn open(armoured: &str, key: Key<'_>, work: Work) -> Result<Secret, SealedError> {
    match (locked_to(armoured)?, key) {
        (LockedTo::Passphrase { log_n }, Key::Passphrase(passphrase)) => {
            let expected = work.log_n();
            if log_n != expected || log_n > limits::SCRYPT_LOG_N {
                return Err(SealedError::WorkFactor { found: log_n, expected });
            }
            let mut identity = age::scrypt::Identity::new(secret_string(passphrase)?);
            identity.set_max_work_factor(log_n);
            let plain = open_with(armoured, &identity);
            sys::burn_stack();
            plain
        }
        (LockedTo::Recipient, Key::Identity(text)) => {
            let plain = open_with(armoured, &identity_of(text)?);
            sys::burn_stack();
            plain
        }
        (LockedTo::Passphrase { .. }, Key::Identity(_)) => Err(SealedError::OtherLock { sealed_to_passphrase: true }),
        (LockedTo::Recipient, Key::Passphrase(_)) => Err(SealedError::OtherLock { sealed_to_passphrase: false }),
    }
}

/// Reads the header alone: one `scrypt` stanza, or one `X25519` stanza and the meaningless ones that age adds.
///
/// # Errors
/// [`SealedError::Header`].
///
/// # Source
/// The age file format, version 1 (C2SP).
pub fn locked_to(armoured: &str) -> Result<LockedTo, SealedError> {
    let framed = armoured.starts_with(BEGIN) && armoured.ends_with(END);
    if !framed || armoured.len() > limits::SEALED_TEXT_BYTES {
        return Err(SealedError::Header);
    }
    let mut start = Vec::new();
    let read = ArmoredReader::new(armoured.as_bytes()).take(HEADER_BYTES).read_to_end(&mut start);
    read.map_err(|_| SealedError::Header)?;
    let mut lines = start.split(|byte| *byte == b'\n').map(|line| str::from_utf8(line).unwrap_or(""));
    if lines.next() != Some("age-encryption.org/v1") {
        return Err(SealedError::Header);
    }
    let mut found = None;
    for line in lines {
        if line.starts_with("---") {
            return found.ok_or(SealedError::Header);
        }
        let Some(stanza) = line.strip_prefix("-> ") else { continue };
        let mut words = stanza.split(' ');
        let lock = match (words.next(), words.next(), words.next(), words.next()) {
            (Some("scrypt"), Some(_), Some(factor), None) => LockedTo::Passphrase { log_n: small_number(factor)? },
            (Some("X25519"), Some(_), None, None) => LockedTo::Recipient,
            (Some(tag), ..) if tag.ends_with("-grease") && found == Some(LockedTo::Recipient) => continue,
            (..) => return Err(SealedError::Header),
        };
        if found.replace(lock).is_some() {
            return Err(SealedError::Header);
        }
    }
    Err(SealedError::Header)
}

/// The key pair of one session: what answers from afar are sealed to, and what every ballot names.
pub struct SessionKey(age::x25519::Identity);

impl SessionKey {
    /// A new key pair.
    #[must_use]
    pub fn generate() -> Self {
        Self(age::x25519::Identity::generate())
    }

    /// The recipient.
    #[must_use]
    pub fn recipient(&self) -> Recipient {
        Recipient(self.0.to_public())
    }
}

impl Recipient {
    /// The 32 raw bytes of the public key.
    ///
    /// # Errors
    /// [`SealedError::NoRecipient`]; recipients that were read or generated have 32 bytes.
    pub fn raw(&self) -> Result<[u8; 32], SealedError> {
        let (_, bytes) = bech32::decode(&self.to_string()).map_err(|_| SealedError::NoRecipient)?;
        bytes.try_into().map_err(|_| SealedError::NoRecipient)
    }
}

const BEGIN: &str = "-----BEGIN AGE ENCRYPTED FILE-----\n";
const END: &str = "\n-----END AGE ENCRYPTED FILE-----\n";
/// Bytes of a header, most: one lock and one meaningless stanza.
const HEADER_BYTES: u64 = 1024;

#[inline(never)]
fn seal_to(plain: &Secret, recipient: &dyn age::Recipient) -> Result<String, SealedError> {
    let encryptor = age::Encryptor::with_recipients(iter::once(recipient)).map_err(|_| SealedError::NotSealed)?;
    let armour = ArmoredWriter::wrap_output(Vec::new(), Format::AsciiArmor).map_err(|_| SealedError::NotSealed)?;
    let mut writer = encryptor.wrap_output(armour).map_err(|_| SealedError::NotSealed)?;
    writer.write_all(plain.expose()).map_err(|_| SealedError::NotSealed)?;
    let armoured = writer.finish().and_then(ArmoredWriter::finish).map_err(|_| SealedError::NotSealed)?;
    String::from_utf8(armoured).map_err(|_| SealedError::NotSealed)
}

#[inline(never)]
fn open_with(armoured: &str, identity: &dyn age::Identity) -> Result<Secret, SealedError> {
    let decryptor = age::Decryptor::new(ArmoredReader::new(armoured.as_bytes())).map_err(|_| SealedError::Header)?;
    let mut reader = decryptor.decrypt(iter::once(identity)).map_err(|error| match error {
        age::DecryptError::KeyDecryptionFailed | age::DecryptError::DecryptionFailed => SealedError::WrongPassphrase,
        age::DecryptError::NoMatchingKeys => SealedError::WrongIdentity,
        age::DecryptError::InvalidMac | age::DecryptError::Io(_) => SealedError::Damaged,
        // And what age may add.
        age::DecryptError::InvalidHeader
        | age::DecryptError::ExcessiveWork { .. }
        | age::DecryptError::UnknownFormat
        | _ => SealedError::Header,
    })?;
    // The armour is longer than what it holds, so the buffer never grows.
    let mut plain = Secret::zeroed(armoured.len())?;
    let mut length = 0usize;
    while let Some(room) = plain.expose_mut().get_mut(length..).filter(|room| !room.is_empty()) {
        match reader.read(room) {
            Ok(0) => break,
            Ok(count) => length = length.saturating_add(count),
            Err(_) => return Err(SealedError::Damaged),
        }
    }
    plain.shorten(length);
    Ok(plain)
}

/// age wants its own type; the copy is made here, exactly as large as it must be, and wipes itself.
fn secret_string(passphrase: &Secret) -> Result<SecretString, SealedError> {
    let text = passphrase.expose_str().ok_or(SealedError::NotText)?;
    if text.is_empty() {
        return Err(SealedError::EmptyPassphrase);
    }
    let mut copy = String::with_capacity(text.len());
    copy.push_str(text);
    Ok(SecretString::from(copy))
}

fn identity_of(text: &Secret) -> Result<age::x25519::Identity, SealedError> {
    let text = text.expose_str().ok_or(SealedError::NoIdentity)?;
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    match (lines.next(), lines.next()) {
        (Some(line), None) => line.parse().map_err(|_| SealedError::NoIdentity),
        (..) => Err(SealedError::NoIdentity),
    }
}

fn small_number(text: &str) -> Result<u8, SealedError> {
    let number: u8 = text.parse().map_err(|_| SealedError::Header)?;
    if number.to_string() == text { Ok(number) } else { Err(SealedError::Header) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(text: &str) -> Secret {
        Secret::take(&mut text.as_bytes().to_vec()).unwrap()
    }

    fn sealed(log_n: u8) -> String {
        let mut recipient = age::scrypt::Recipient::new(SecretString::from("right".to_owned()));
        recipient.set_work_factor(log_n);
        seal_to(&secret("content"), &recipient).unwrap()
    }

    #[track_caller]
    fn refused(armoured: &str, key: Key<'_>, expected: SealedError) {
        assert_eq!(open(armoured, key, Work::Body).err(), Some(expected));
    }

    #[test]
    fn a_passphrase_opens_what_it_sealed() {
        let lock = Lock::Passphrase(secret("right"));
        let armoured = seal(&secret("content"), &lock, Work::Share(Network::Regtest)).unwrap();
        assert_eq!(locked_to(&armoured), Ok(LockedTo::Passphrase { log_n: 10 }));
        assert_eq!(open(&armoured, Key::Passphrase(&secret("right")), Work::Body).unwrap().expose(), b"content");
        refused(&armoured, Key::Passphrase(&secret("wrong")), SealedError::WrongPassphrase);
        refused(&armoured, Key::Passphrase(&secret("")), SealedError::EmptyPassphrase);
        refused(&armoured, Key::Identity(&secret("x")), SealedError::OtherLock { sealed_to_passphrase: true });
    }

    #[test]
    fn mainnet_shares_cost_more_than_others() {
        assert_eq!(Work::Share(Network::Mainnet).log_n(), 18);
        for network in [Network::Testnet4, Network::Testnet, Network::Signet, Network::Regtest] {
            assert_eq!(Work::Share(network).log_n(), 10);
        }
    }

    #[test]
    fn an_identity_opens_what_its_recipient_sealed() {
        let identity = age::x25519::Identity::generate();
        let recipient: Recipient = identity.to_public().to_string().parse().unwrap();
        let armoured = seal(&secret("content"), &Lock::Recipient(recipient), Work::Body).unwrap();
        assert_eq!(locked_to(&armoured), Ok(LockedTo::Recipient));
        let text = age::secrecy::ExposeSecret::expose_secret(&identity.to_string()).to_owned();
        let file = secret(&format!("# created: today\n# public key: age1x\n{text}\n"));
        assert_eq!(open(&armoured, Key::Identity(&file), Work::Body).unwrap().expose(), b"content");
        let other = age::x25519::Identity::generate().to_string();
        let other = secret(age::secrecy::ExposeSecret::expose_secret(&other));
        refused(&armoured, Key::Identity(&other), SealedError::WrongIdentity);
        refused(&armoured, Key::Identity(&secret("age1")), SealedError::NoIdentity);
        refused(&armoured, Key::Passphrase(&secret("right")), SealedError::OtherLock { sealed_to_passphrase: false });
    }

    #[test]
    fn another_work_factor_is_refused_before_any_work() {
        refused(&sealed(11), Key::Passphrase(&secret("right")), SealedError::WorkFactor { found: 11, expected: 10 });
        let huge = sealed(2);
        let decoded = {
            let mut bytes = Vec::new();
            ArmoredReader::new(huge.as_bytes()).read_to_end(&mut bytes).unwrap();
            bytes
        };
        let at = decoded.windows(3).position(|w| w == b" 2\n").unwrap();
        let edited = [&decoded[..at], b" 63\n", &decoded[at + 3..]].concat();
        let mut armour = ArmoredWriter::wrap_output(Vec::new(), Format::AsciiArmor).unwrap();
        armour.write_all(&edited).unwrap();
        let edited = String::from_utf8(armour.finish().unwrap()).unwrap();
        refused(&edited, Key::Passphrase(&secret("right")), SealedError::WorkFactor { found: 63, expected: 10 });
    }

    #[test]
    fn two_locks_are_refused() {
        let one = age::x25519::Identity::generate().to_public();
        let two = age::x25519::Identity::generate().to_public();
        let recipients = [&one as &dyn age::Recipient, &two];
        let encryptor = age::Encryptor::with_recipients(recipients.into_iter()).unwrap();
        let armour = ArmoredWriter::wrap_output(Vec::new(), Format::AsciiArmor).unwrap();
        let writer = encryptor.wrap_output(armour).unwrap();
        let armoured = String::from_utf8(writer.finish().unwrap().finish().unwrap()).unwrap();
        assert_eq!(locked_to(&armoured), Err(SealedError::Header));
    }

    #[test]
    fn every_changed_byte_is_refused() {
        let armoured = sealed(10);
        let right = secret("right");
        for at in 0..armoured.len() {
            let mut bytes = armoured.clone().into_bytes();
            bytes[at] ^= 1;
            let Ok(text) = String::from_utf8(bytes) else { continue };
            assert!(open(&text, Key::Passphrase(&right), Work::Body).is_err(), "byte {at}");
        }
    }

    #[test]
    fn too_much_is_not_sealed() {
        let plain = Secret::zeroed(limits::SEALED_BYTES + 1).unwrap();
        let lock = Lock::Passphrase(secret("right"));
        assert_eq!(seal(&plain, &lock, Work::Body).err(), Some(SealedError::TooLarge));
    }

    #[test]
    fn a_session_key_has_32_raw_bytes() {
        let session = SessionKey::generate();
        assert_ne!(session.recipient().raw().unwrap(), SessionKey::generate().recipient().raw().unwrap());
    }
}
