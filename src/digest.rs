//! Tagged hashes (BIP340) over typed fields, and the digests that people and files name.
//!
//! Floor 0. Every hash that this program defines goes through [`Tagged`], so that no two records of different
//! meaning can have the same preimage: integers are big-endian in their stated width, every byte string has a
//! `u32` length before it, every list a `u32` count.

use std::fmt;

use bitcoin::hashes::{Hash, HashEngine, sha256};

/// SHA-256 of `bytes`.
#[must_use]
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    sha256::Hash::hash(bytes).to_byte_array()
}

/// `tagged_hash(tag, fields…)`: `sha256(sha256(tag) ‖ sha256(tag) ‖ fields)`.
///
/// # Source
/// BIP340, "Design"; field encoding in `docs/vault-format.md`.
#[derive(Clone)]
#[must_use]
pub struct Tagged(sha256::HashEngine);

impl Tagged {
    /// Starts a hash under `tag`.
    pub fn new(tag: &str) -> Self {
        let tag = sha256(tag.as_bytes());
        let mut engine = sha256::HashEngine::default();
        engine.input(&tag);
        engine.input(&tag);
        Self(engine)
    }

    /// One byte.
    pub fn u8(mut self, value: u8) -> Self {
        self.0.input(&[value]);
        self
    }

    /// Four bytes, big-endian.
    pub fn u32(mut self, value: u32) -> Self {
        self.0.input(&value.to_be_bytes());
        self
    }

    /// Eight bytes, big-endian.
    pub fn u64(mut self, value: u64) -> Self {
        self.0.input(&value.to_be_bytes());
        self
    }

    /// A byte string (text and 32-byte values too), with its `u32` length before it.
    pub fn bytes(self, value: &[u8]) -> Self {
        let mut next = self.count(value.len());
        next.0.input(value);
        next
    }

    /// The `u32` count that stands before a list. Lists of this program are bounded far below 2^32.
    pub fn count(self, count: usize) -> Self {
        self.u32(u32::try_from(count).unwrap_or(u32::MAX))
    }

    /// The digest of all fields so far.
    #[must_use]
    pub fn finish(self) -> [u8; 32] {
        sha256::Hash::from_engine(self.0).to_byte_array()
    }
}

macro_rules! digest {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub [u8; 32]);

        impl $name {
            /// The 32 bytes.
            #[must_use]
            pub const fn as_bytes(&self) -> &[u8; 32] {
                &self.0
            }

            /// The first `count` words (at most 23), 11 bits each, for people to compare.
            #[must_use]
            pub fn words(&self, count: usize) -> String {
                words(&self.0, count)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self)
            }
        }

        impl std::str::FromStr for $name {
            type Err = NotADigest;

            fn from_str(text: &str) -> Result<Self, NotADigest> {
                hex32(text).map(Self).ok_or(NotADigest)
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

digest! {
    /// Names a vault for life: `tagged_hash("strongroom/vault", statement public key, u8 network)`.
    VaultId
}
digest! {
    /// `S = tagged_hash("strongroom/statement", core)`: names one statement of a vault.
    StatementDigest
}
digest! {
    /// The journal's head: the hash of its last line, or the vault id while it is empty.
    Head
}
digest! {
    /// What a ballot approves: a review's digest, or that of another instruction.
    Subject
}
digest! {
    /// SHA-256 of a file or of an armoured string.
    FileDigest
}
digest! {
    /// `tagged_hash("strongroom/share", …)`: names a share value without telling it.
    Commitment
}
digest! {
    /// A BIP340 public key: x coordinate only.
    XOnly
}

/// The text is not 64 digits of lower-case hex.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected 64 digits of lower-case hex")]
pub struct NotADigest;

fn hex32(text: &str) -> Option<[u8; 32]> {
    let lower = text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    if !lower {
        return None;
    }
    bitcoin::hex::FromHex::from_hex(text).ok()
}

/// The first `count` BIP39 English words that the bits of `digest` name, 11 bits a word, joined by spaces.
/// A 32-byte digest holds 23 of them.
#[must_use]
pub fn words(digest: &[u8; 32], count: usize) -> String {
    let list = bip39::Language::English.word_list();
    let mut chosen = Vec::new();
    let mut bits = digest.iter().flat_map(|byte| (0..8u8).rev().map(move |shift| (byte >> shift) & 1));
    for _ in 0..count.min(23) {
        let index = bits.by_ref().take(11).fold(0usize, |index, bit| (index << 1) | usize::from(bit));
        chosen.extend(list.get(index).copied());
    }
    chosen.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tagged_hash_is_bip340s() {
        let tag = sha256(b"BIP0340/challenge");
        let mut preimage = tag.to_vec();
        preimage.extend(tag);
        preimage.extend([0, 0, 0, 2, 0xaa, 0xbb, 7]);
        let ours = Tagged::new("BIP0340/challenge").bytes(&[0xaa, 0xbb]).u8(7).finish();
        assert_eq!(ours, sha256(&preimage));
    }

    #[test]
    fn neighbouring_fields_cannot_be_shifted() {
        let one = Tagged::new("t").bytes(b"ab").bytes(b"c").finish();
        let other = Tagged::new("t").bytes(b"a").bytes(b"bc").finish();
        assert_ne!(one, other);
    }

    #[test]
    fn words_are_the_first_bits() {
        let mut digest = [0u8; 32];
        assert_eq!(words(&digest, 2), "abandon abandon");
        digest[0] = 0xff;
        digest[1] = 0xe0;
        assert_eq!(words(&digest, 2), "zoo abandon");
        assert_eq!(words(&[0xff; 32], 99).split(' ').count(), 23);
    }

    #[test]
    fn only_lower_case_hex_is_a_digest() {
        assert!("AA".repeat(32).parse::<Head>().is_err());
        assert!("aa".repeat(31).parse::<Head>().is_err());
        assert_eq!("ab".repeat(32).parse::<Head>().unwrap().to_string(), "ab".repeat(32));
    }
}
