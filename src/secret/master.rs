//! BIP32: the master key of a seed, its public keys, and private branches from which keys are derived quickly.
//!
//! Floor 1. Not the text form of extended keys: that is `extended`.

use bitcoin::NetworkKind;
use bitcoin::bip32::{ChainCode, ChildNumber, Fingerprint, Xpub};
use bitcoin::hashes::{Hash, hash160, sha512};
use bitcoin::secp256k1::{PublicKey, Scalar, SecretKey};

use super::curve::curve;
use super::extended::{ExtendedError, ExtendedKey, PrivateExtended};
use super::stretch::{copy, mac};
use crate::sys::{MemoryError, Secret, burn_stack};

/// The bit of a step that is hardened (BIP32).
const HARDENED: u32 = 1 << 31;

/// A BIP32 master key, in locked memory.
pub struct Master {
    node: Node,
}

/// Why there is no key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// A seed of another length than 16 to 64 bytes.
    #[error("a seed of {0} bytes: 16 to 64 make a key")]
    SeedLength(usize),
    /// 32 bytes that are zero or not below the curve's order.
    #[error("these bytes are no private key")]
    NotAScalar,
    /// The step gives no key (BIP32 says to take the next; it happens once in 2^127).
    #[error("step {0} of the path gives no key: take the next")]
    NoChild(u32),
    /// A hardened index where only an unhardened one is derived.
    #[error("index {0} is hardened")]
    Hardened(u32),
    /// More than 255 steps.
    #[error("the path has more than 255 steps")]
    TooDeep,
    /// A signature that was just made does not verify.
    #[error("a new signature does not verify: this machine computes wrongly")]
    SelfCheck,
    /// No memory for a secret.
    #[error(transparent)]
    Memory(#[from] MemoryError),
}

impl Master {
    /// From a BIP39 or other seed of 16 to 64 bytes.
    ///
    /// # Errors
    /// Another length; a seed that gives no key.
    pub fn from_seed(seed: &Secret) -> Result<Self, KeyError> {
        if !(16..=64).contains(&seed.len()) {
            return Err(KeyError::SeedLength(seed.len()));
        }
        let mut node = Node { bytes: Secret::zeroed(64)? };
        let made = fill_master(seed.expose(), &mut node);
        burn_stack();
        made.map(|()| Self { node })
    }

    /// From a master `xprv` or `tprv`: depth 0 only.
    ///
    /// # Errors
    /// No extended private key, or one of another depth.
    pub fn from_xprv(text: &str) -> Result<(Self, NetworkKind), ExtendedError> {
        match ExtendedKey::read(text)? {
            ExtendedKey::Public(_) => Err(ExtendedError::NotPrivate),
            ExtendedKey::Private(key) if key.depth() > 0 => Err(ExtendedError::NotMaster { depth: key.depth() }),
            ExtendedKey::Private(key) => {
                let network = key.network();
                Ok((Self { node: Node { bytes: key.into_node() } }, network))
            }
        }
    }

    /// The first four bytes of the hash of the master public key.
    #[must_use]
    pub fn fingerprint(&self) -> [u8; 4] {
        let fingerprint = self.node.public().map_or([0; 4], |public| fingerprint(&public));
        burn_stack();
        fingerprint
    }

    /// The extended public key at `path` (steps with the hardened bit).
    ///
    /// # Errors
    /// A step that gives no key; more than 255 steps.
    pub fn xpub(&self, path: &[u32], network: NetworkKind) -> Result<Xpub, KeyError> {
        let extended = self.extended(path, network)?;
        let xpub = extended.xpub();
        burn_stack();
        xpub
    }

    /// The extended private key at `path`, in text: for a backup that was asked for, and for test vectors.
    ///
    /// # Errors
    /// As [`Master::xpub`].
    pub fn xprv(&self, path: &[u32], network: NetworkKind) -> Result<Secret, KeyError> {
        Ok(self.extended(path, network)?.text()?)
    }

    /// A private branch: the key at `path`, from which unhardened children are derived quickly.
    ///
    /// # Errors
    /// A step that gives no key.
    pub fn branch(&self, path: &[u32]) -> Result<Branch, KeyError> {
        let node = self.node.walk(path)?;
        let public = node.public();
        burn_stack();
        Ok(Branch { node, public: public? })
    }

    fn extended(&self, path: &[u32], network: NetworkKind) -> Result<PrivateExtended, KeyError> {
        let depth = u8::try_from(path.len()).map_err(|_| KeyError::TooDeep)?;
        let Some((last, before)) = path.split_last() else {
            let node = Secret::copied(self.node.bytes.expose())?;
            return Ok(PrivateExtended::new(node, 0, [0; 4], 0, network));
        };
        let parent = self.node.walk(before)?;
        let parent_public = parent.public()?;
        let node = parent.walk(&[*last])?;
        Ok(PrivateExtended::new(node.bytes, depth, fingerprint(&parent_public), *last, network))
    }
}

/// A private extended key at some path, in locked memory, with its public key at hand.
pub struct Branch {
    node: Node,
    public: PublicKey,
}

impl Branch {
    /// The branch's own public key.
    #[must_use]
    pub const fn public(&self) -> PublicKey {
        self.public
    }

    /// The branch below the unhardened `index`.
    ///
    /// # Errors
    /// A hardened index; an index that gives no key.
    pub fn branch(&self, index: u32) -> Result<Self, KeyError> {
        unhardened(index)?;
        let node = self.node.walk(&[index])?;
        let public = node.public();
        burn_stack();
        Ok(Self { node, public: public? })
    }

    /// Runs `work` with the private key of the unhardened child `index` (32 bytes, and the public key that
    /// belongs to it, computed from it); the key is erased afterwards. Call [`burn_stack`] at the end of the session:
    /// curve arithmetic leaves copies below.
    ///
    /// # Errors
    /// A hardened index; an index that gives no key.
    pub fn with_child<R>(&self, index: u32, work: impl FnOnce(&SecretKey, &PublicKey) -> R) -> Result<R, KeyError> {
        // A place for the key in this frame; the value is the one that erasing leaves.
        let mut key = SecretKey::from_slice(&[1; 32]).map_err(|_| KeyError::NotAScalar)?;
        self.derive(index, &mut key)?;
        let public = PublicKey::from_secret_key(curve(), &key);
        let result = work(&key, &public);
        key.non_secure_erase();
        Ok(result)
    }

    /// Writes the child's private key to `out`; other copies lie below this frame only.
    #[inline(never)]
    fn derive(&self, index: u32, out: &mut SecretKey) -> Result<(), KeyError> {
        unhardened(index)?;
        let (key, chain) = self.node.parts();
        let full = mac::<sha512::Hash>(chain, &[&self.public.serialize(), &index.to_be_bytes()]);
        *out = add(key, half(&full, 0)).ok_or(KeyError::NoChild(index))?;
        Ok(())
    }
}

fn unhardened(index: u32) -> Result<(), KeyError> {
    if index >= HARDENED { Err(KeyError::Hardened(index)) } else { Ok(()) }
}

/// 32 bytes of private key, 32 of chain code.
struct Node {
    bytes: Secret,
}

impl Node {
    fn parts(&self) -> (&[u8], &[u8]) {
        self.bytes.expose().split_at_checked(32).unwrap_or_default()
    }

    #[inline(never)]
    fn public(&self) -> Result<PublicKey, KeyError> {
        public_of(self.parts().0)
    }

    /// The node at `path` below this one.
    fn walk(&self, path: &[u32]) -> Result<Self, KeyError> {
        let mut node = Self { bytes: Secret::copied(self.bytes.expose())? };
        let walked = path.iter().try_for_each(|step| node.step(*step));
        burn_stack();
        walked.map(|()| node)
    }

    /// CKDpriv of BIP32, in place.
    #[inline(never)]
    fn step(&mut self, index: u32) -> Result<(), KeyError> {
        let (key, chain) = self.parts();
        let full = if index >= HARDENED {
            mac::<sha512::Hash>(chain, &[&[0], key, &index.to_be_bytes()])
        } else {
            mac::<sha512::Hash>(chain, &[&public_of(key)?.serialize(), &index.to_be_bytes()])
        };
        let mut child = add(key, half(&full, 0)).ok_or(KeyError::NoChild(index))?;
        self.set(&child.secret_bytes(), half(&full, 32));
        child.non_secure_erase();
        Ok(())
    }

    fn set(&mut self, key: &[u8], chain: &[u8]) {
        if let Some((to_key, to_chain)) = self.bytes.expose_mut().split_at_mut_checked(32) {
            copy(to_key, key);
            copy(to_chain, chain);
        }
    }
}

#[inline(never)]
fn fill_master(seed: &[u8], node: &mut Node) -> Result<(), KeyError> {
    let full = mac::<sha512::Hash>(b"Bitcoin seed", &[seed]);
    SecretKey::from_slice(half(&full, 0)).map_err(|_| KeyError::NotAScalar)?.non_secure_erase();
    node.set(half(&full, 0), half(&full, 32));
    Ok(())
}

fn half(full: &[u8; 64], from: usize) -> &[u8] {
    full.get(from..).and_then(|tail| tail.get(..32)).unwrap_or_default()
}

/// `key + tweak` modulo the curve's order, where both and the sum are in range.
fn add(key: &[u8], tweak: &[u8]) -> Option<SecretKey> {
    let tweak = Scalar::from_be_bytes(tweak.try_into().ok()?).ok()?;
    SecretKey::from_slice(key).ok()?.add_tweak(&tweak).ok()
}

pub(super) fn public_of(key: &[u8]) -> Result<PublicKey, KeyError> {
    let mut key = SecretKey::from_slice(key).map_err(|_| KeyError::NotAScalar)?;
    let public = PublicKey::from_secret_key(curve(), &key);
    key.non_secure_erase();
    Ok(public)
}

fn fingerprint(public: &PublicKey) -> [u8; 4] {
    let [a, b, c, d, ..] = hash160::Hash::hash(&public.serialize()).to_byte_array();
    [a, b, c, d]
}

impl PrivateExtended {
    /// The extended public key that belongs to it.
    ///
    /// # Errors
    /// The bytes are no private key.
    pub fn xpub(&self) -> Result<Xpub, KeyError> {
        let (key, chain) = self.parts();
        let public_key = public_of(key)?;
        Ok(Xpub {
            network: self.network(),
            depth: self.depth(),
            parent_fingerprint: Fingerprint::from(self.parent()),
            child_number: ChildNumber::from(self.child()),
            public_key,
            chain_code: ChainCode::from(chain.try_into().unwrap_or([0; 32])),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bitcoin::hex::FromHex;

    const H: u32 = HARDENED;

    fn master(seed: &str) -> Master {
        Master::from_seed(&Secret::take(&mut Vec::from_hex(seed).unwrap()).unwrap()).ok().unwrap()
    }

    fn first() -> Master {
        master("000102030405060708090a0b0c0d0e0f")
    }

    #[track_caller]
    fn derives(seed: &str, path: &[u32], xpub: &str, xprv: &str) {
        let master = master(seed);
        assert_eq!(master.xpub(path, NetworkKind::Main).unwrap().to_string(), xpub);
        assert_eq!(master.xprv(path, NetworkKind::Main).ok().unwrap().expose_str(), Some(xprv));
    }

    #[test]
    fn keys_are_those_of_bip32() {
        derives(
            "000102030405060708090a0b0c0d0e0f",
            &[H, 1, 2 + H, 2, 1_000_000_000],
            "xpub6H1LXWLaKsWFhvm6RVpEL9P4KfRZSW7abD2ttkWP3SSQvnyA8FSVqNTEcYFgJS2UaFcxupHiYkro49S8yGasTvXEYBVPamhGW6cFJodrTHy",
            "xprvA41z7zogVVwxVSgdKUHDy1SKmdb533PjDz7J6N6mV6uS3ze1ai8FHa8kmHScGpWmj4WggLyQjgPie1rFSruoUihUZREPSL39UNdE3BBDu76",
        );
        // Test vector 4: leading zeros are kept.
        derives(
            "3ddd5602285899a946114506157c7997e5444528f3003f6134712147db19b678",
            &[H, 1 + H],
            "xpub6BJA1jSqiukeaesWfxe6sNK9CCGaujFFSJLomWHprUL9DePQ4JDkM5d88n49sMGJxrhpjazuXYWdMf17C9T5XnxkopaeS7jGk1GyyVziaMt",
            "xprv9xJocDuwtYCMNAo3Zw76WENQeAS6WGXQ55RCy7tDJ8oALr4FWkuVoHJeHVAcAqiZLE7Je3vZJHxspZdFHfnBEjHqU5hG1Jaj32dVoS6XLT1",
        );
        assert_eq!(first().fingerprint(), [0x34, 0x42, 0x19, 0x3e]);
    }

    #[test]
    fn a_branch_gives_the_children_of_its_path() {
        let master = first();
        let branch = master.branch(&[84 + H, H, H, 0]).ok().unwrap();
        let account = master.branch(&[84 + H, H, H]).ok().unwrap();
        assert_eq!(account.branch(0).ok().unwrap().public(), branch.public());
        for index in [0, 1, 7, H - 1] {
            let path = [84 + H, H, H, 0, index];
            let expected = master.extended(&path, NetworkKind::Main).ok().unwrap();
            let same = branch.with_child(index, |key, public| {
                assert_eq!(*public, PublicKey::from_secret_key(curve(), key));
                key.secret_bytes() == expected.parts().0
            });
            assert_eq!(same, Ok(true));
        }
        assert_eq!(branch.with_child(H, |_, _| ()), Err(KeyError::Hardened(H)));
        assert!(matches!(branch.branch(H), Err(KeyError::Hardened(_))));
    }

    #[test]
    fn a_master_comes_from_a_master_xprv_only() {
        let text = "xprv9s21ZrQH143K3QTDL4LXw2F7HEK3wJUD2nW2nRk4stbPy6cq3jPPqjiChkVvvNKmPGJxWUtg6LnF5kejMRNNU3TGtRBeJgk33yuGBxrMPHi";
        let (master, network) = Master::from_xprv(text).ok().unwrap();
        assert_eq!((master.fingerprint(), network), (first().fingerprint(), NetworkKind::Main));
        let below = first().xprv(&[1], NetworkKind::Test).ok().unwrap();
        let refused = |text: &str| Master::from_xprv(text).map(|_| ()).unwrap_err();
        assert_eq!(refused(below.expose_str().unwrap()), ExtendedError::NotMaster { depth: 1 });
        assert_eq!(refused(&first().xpub(&[], NetworkKind::Main).unwrap().to_string()), ExtendedError::NotPrivate);
    }

    #[test]
    fn odd_seeds_and_paths_are_refused() {
        for length in [0, 15, 65] {
            let refused = Master::from_seed(&Secret::zeroed(length).unwrap());
            assert!(matches!(refused, Err(KeyError::SeedLength(given)) if given == length));
        }
        assert_eq!(first().xpub(&[0; 256], NetworkKind::Main), Err(KeyError::TooDeep));
    }
}
