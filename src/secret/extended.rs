//! The text form of extended keys (BIP32, "Serialization format"), with a typed reason for each that is none.
//!
//! Floor 1. Reads `xpub xprv tpub tprv`; the version bytes of SLIP-132 are not known here.

use bitcoin::NetworkKind;
use bitcoin::base58;
use bitcoin::bip32::{ChainCode, ChildNumber, Fingerprint, Xpub};
use bitcoin::secp256k1::{PublicKey, constants::CURVE_ORDER};
use zeroize::Zeroizing;

use super::stretch::copy;
use crate::sys::{MemoryError, Secret, burn_stack};

/// An extended key that was read.
pub enum ExtendedKey {
    /// `xpub` or `tpub`.
    Public(Xpub),
    /// `xprv` or `tprv`.
    Private(PrivateExtended),
}

/// Why a text is no extended key. Nothing of the text is told.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ExtendedError {
    /// Not base58, or of another length.
    #[error("no extended key: 78 bytes in base58 are expected")]
    Form,
    /// The checksum does not fit.
    #[error("the checksum of the extended key is wrong: look for a typing error")]
    Checksum,
    /// Version bytes of no Bitcoin network.
    #[error("the extended key has unknown version bytes")]
    Version,
    /// Version bytes of a public key before private data.
    #[error("the extended key says public and holds a private key")]
    PublicVersionPrivateData,
    /// Version bytes of a private key before public data.
    #[error("the extended key says private and holds a public key")]
    PrivateVersionPublicData,
    /// A first byte of the key that is neither public nor private.
    #[error("the key in the extended key starts with the wrong byte {found:#04x}")]
    Prefix {
        /// Whether the version bytes say private.
        private: bool,
        /// The byte.
        found: u8,
    },
    /// Depth 0 with a parent fingerprint.
    #[error("the extended key is a master key with a parent")]
    MasterWithParent,
    /// Depth 0 with an index.
    #[error("the extended key is a master key with an index")]
    MasterWithIndex,
    /// A private key of zero.
    #[error("the private key is zero")]
    Zero,
    /// A private key that is not below the curve's order.
    #[error("the private key is not below the curve's order")]
    TooLarge,
    /// A public key that is no point.
    #[error("the public key is no point of the curve")]
    NotOnCurve,
    /// Public, where a private key is needed.
    #[error("this is an extended public key; the private one is needed")]
    NotPrivate,
    /// Not a master key, where one is needed.
    #[error("this extended key is {depth} steps below its master key; the master key is needed")]
    NotMaster {
        /// Its depth.
        depth: u8,
    },
    /// No memory for a secret.
    #[error(transparent)]
    Memory(#[from] MemoryError),
}

impl ExtendedError {
    /// A short name of the reason, as the test vectors have it.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Form => "bad-form",
            Self::Checksum => "bad-checksum",
            Self::Version => "unknown-version",
            Self::PublicVersionPrivateData => "pub-version-prv-data",
            Self::PrivateVersionPublicData => "prv-version-pub-data",
            Self::Prefix { private: true, found: 4 } => "prv-prefix-04",
            Self::Prefix { private: true, found: 1 } => "prv-prefix-01",
            Self::Prefix { private: true, .. } => "prv-prefix",
            Self::Prefix { private: false, found: 4 } => "pub-prefix-04",
            Self::Prefix { private: false, found: 1 } => "pub-prefix-01",
            Self::Prefix { private: false, .. } => "pub-prefix",
            Self::MasterWithParent => "depth0-parent-fp",
            Self::MasterWithIndex => "depth0-index",
            Self::Zero => "prv-zero",
            Self::TooLarge => "prv-n",
            Self::NotOnCurve => "pub-not-on-curve",
            Self::NotPrivate => "not-private",
            Self::NotMaster { .. } => "not-master",
            Self::Memory(_) => "memory",
        }
    }
}

impl ExtendedKey {
    /// Reads an extended key.
    ///
    /// # Errors
    /// Each rule of BIP32's test vector 5, by name.
    pub fn read(text: &str) -> Result<Self, ExtendedError> {
        let key = read(text);
        burn_stack();
        key
    }
}

/// An extended private key with its place in the tree, in locked memory.
pub struct PrivateExtended {
    node: Secret,
    depth: u8,
    parent: [u8; 4],
    child: u32,
    network: NetworkKind,
}

impl PrivateExtended {
    /// `node` is 32 bytes of key and 32 of chain code.
    pub(super) const fn new(node: Secret, depth: u8, parent: [u8; 4], child: u32, network: NetworkKind) -> Self {
        Self { node, depth, parent, child, network }
    }

    /// Steps below the master key.
    #[must_use]
    pub const fn depth(&self) -> u8 {
        self.depth
    }

    /// The fingerprint of the parent, zeros for a master key.
    #[must_use]
    pub const fn parent(&self) -> [u8; 4] {
        self.parent
    }

    /// The last step, with the hardened bit.
    #[must_use]
    pub const fn child(&self) -> u32 {
        self.child
    }

    /// Whether it is for mainnet.
    #[must_use]
    pub const fn network(&self) -> NetworkKind {
        self.network
    }

    /// Private key and chain code.
    pub(super) fn parts(&self) -> (&[u8], &[u8]) {
        self.node.expose().split_at_checked(32).unwrap_or_default()
    }

    pub(super) fn into_node(self) -> Secret {
        self.node
    }

    /// `xprv…` or `tprv…`.
    ///
    /// # Errors
    /// No memory for a secret.
    pub fn text(&self) -> Result<Secret, MemoryError> {
        let text = write(self);
        burn_stack();
        text
    }
}

const LENGTH: usize = 78;
/// Characters of the longest text that can be one.
const TEXT: usize = 112;
const XPUB: [u8; 4] = [0x04, 0x88, 0xb2, 0x1e];
const XPRV: [u8; 4] = [0x04, 0x88, 0xad, 0xe4];
const TPUB: [u8; 4] = [0x04, 0x35, 0x87, 0xcf];
const TPRV: [u8; 4] = [0x04, 0x35, 0x83, 0x94];

#[inline(never)]
fn write(key: &PrivateExtended) -> Result<Secret, MemoryError> {
    let mut bytes = Secret::zeroed(LENGTH)?;
    let (private, chain) = key.parts();
    let version = if key.network == NetworkKind::Main { XPRV } else { TPRV };
    let fields: [&[u8]; 7] = [&version, &[key.depth], &key.parent, &key.child.to_be_bytes(), chain, &[0], private];
    let mut rest = bytes.expose_mut();
    for field in fields {
        let Some((place, after)) = rest.split_at_mut_checked(field.len()) else { break };
        copy(place, field);
        rest = after;
    }
    let text = Zeroizing::new(base58::encode_check(bytes.expose()));
    Secret::copied(text.as_bytes())
}

#[inline(never)]
fn read(text: &str) -> Result<ExtendedKey, ExtendedError> {
    if text.len() > TEXT {
        return Err(ExtendedError::Form);
    }
    let bytes = match base58::decode_check(text) {
        Ok(bytes) => Zeroizing::new(bytes),
        Err(base58::Error::IncorrectChecksum(_)) => return Err(ExtendedError::Checksum),
        Err(_) => return Err(ExtendedError::Form),
    };
    judge(&bytes).unwrap_or(Err(ExtendedError::Form))
}

/// `None` where the length is another.
fn judge(bytes: &[u8]) -> Option<Result<ExtendedKey, ExtendedError>> {
    let (version, rest) = bytes.split_first_chunk::<4>()?;
    let (depth, rest) = rest.split_first()?;
    let (parent, rest) = rest.split_first_chunk::<4>()?;
    let (child, rest) = rest.split_first_chunk::<4>()?;
    let (chain, key) = rest.split_first_chunk::<32>()?;
    let key: &[u8; 33] = key.try_into().ok()?;
    let (prefix, private) = key.split_first()?;
    let child = u32::from_be_bytes(*child);
    let (is_private, network) = match *version {
        XPUB => (false, NetworkKind::Main),
        XPRV => (true, NetworkKind::Main),
        TPUB => (false, NetworkKind::Test),
        TPRV => (true, NetworkKind::Test),
        _ => return Some(Err(ExtendedError::Version)),
    };
    let wrong = match (is_private, prefix) {
        (false, 0) => Some(ExtendedError::PublicVersionPrivateData),
        (true, 2 | 3) => Some(ExtendedError::PrivateVersionPublicData),
        (true, 0) | (false, 2 | 3) => None,
        (private, found) => Some(ExtendedError::Prefix { private, found: *found }),
    };
    if let Some(error) = wrong {
        return Some(Err(error));
    }
    if *depth == 0 && *parent != [0; 4] {
        return Some(Err(ExtendedError::MasterWithParent));
    }
    if *depth == 0 && child != 0 {
        return Some(Err(ExtendedError::MasterWithIndex));
    }
    if is_private {
        return Some(scalar(private).and_then(|()| {
            let mut node = Secret::zeroed(64)?;
            if let Some((to_key, to_chain)) = node.expose_mut().split_at_mut_checked(32) {
                copy(to_key, private);
                copy(to_chain, chain);
            }
            Ok(ExtendedKey::Private(PrivateExtended::new(node, *depth, *parent, child, network)))
        }));
    }
    let public = PublicKey::from_slice(key).map_err(|_| ExtendedError::NotOnCurve);
    Some(public.map(|public_key| {
        ExtendedKey::Public(Xpub {
            network,
            depth: *depth,
            parent_fingerprint: Fingerprint::from(*parent),
            child_number: ChildNumber::from(child),
            public_key,
            chain_code: ChainCode::from(*chain),
        })
    }))
}

fn scalar(private: &[u8]) -> Result<(), ExtendedError> {
    if private.iter().all(|byte| *byte == 0) {
        return Err(ExtendedError::Zero);
    }
    if private >= CURVE_ORDER.as_slice() {
        return Err(ExtendedError::TooLarge);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn refused(text: &str, code: &str) {
        match ExtendedKey::read(text) {
            Ok(_) => panic!("taken"),
            Err(error) => assert_eq!(error.code(), code),
        }
    }

    #[test]
    fn each_bad_key_is_refused_for_its_own_reason() {
        // BIP32, test vector 5.
        refused(
            "xpub661MyMwAqRbcEYS8w7XLSVeEsBXy79zSzH1J8vCdxAZningWLdN3zgtU6LBpB85b3D2yc8sfvZU521AAwdZafEz7mnzBBsz4wKY5fTtTQBm",
            "pub-version-prv-data",
        );
        refused(
            "xprv9s21ZrQH143K24Mfq5zL5MhWK9hUhhGbd45hLXo2Pq2oqzMMo63oStZzFGpWnsj83BHtEy5Zt8CcDr1UiRXuWCmTQLxEK9vbz5gPstX92JQ",
            "prv-prefix-04",
        );
        refused(
            "xprv9s2SPatNQ9Vc6GTbVMFPFo7jsaZySyzk7L8n2uqKXJen3KUmvQNTuLh3fhZMBoG3G4ZW1N2kZuHEPY53qmbZzCHshoQnNf4GvELZfqTUrcv",
            "depth0-parent-fp",
        );
        refused(
            "DMwo58pR1QLEFihHiXPVykYB6fJmsTeHvyTp7hRThAtCX8CvYzgPcn8XnmdfHGMQzT7ayAmfo4z3gY5KfbrZWZ6St24UVf2Qgo6oujFktLHdHY4",
            "unknown-version",
        );
        refused(
            "xprv9s21ZrQH143K24Mfq5zL5MhWK9hUhhGbd45hLXo2Pq2oqzMMo63oStZzFAzHGBP2UuGCqWLTAPLcMtD5SDKr24z3aiUvKr9bJpdrcLg1y3G",
            "prv-n",
        );
        refused(
            "xprv9s21ZrQH143K3QTDL4LXw2F7HEK3wJUD2nW2nRk4stbPy6cq3jPPqjiChkVvvNKmPGJxWUtg6LnF5kejMRNNU3TGtRBeJgk33yuGBxrMPHL",
            "bad-checksum",
        );
        for text in ["", "xprv", "0OIl", &"1".repeat(113)] {
            refused(text, "bad-form");
        }
    }

    #[test]
    fn private_keys_are_written_as_they_were_read() {
        let text = "xprv9vHkqa6EV4sPZHYqZznhT2NPtPCjKuDKGY38FBWLvgaDx45zo9WQRUT3dKYnjwih2yJD9mkrocEZXo1ex8G81dwSM1fwqWpWkeS3v86pgKt";
        let Ok(ExtendedKey::Private(key)) = ExtendedKey::read(text) else { panic!("private") };
        assert_eq!((key.depth(), key.child(), key.network()), (1, 0, NetworkKind::Main));
        assert_eq!(key.text().unwrap().expose_str(), Some(text));
    }
}
