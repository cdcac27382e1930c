//! The fields of a PSBT with their types: what the rest of the program reads.
//!
//! Floor 1. Plain values; what they claim was not compared with anything yet. Lengths were checked (P06, P07).

use std::fmt;

use bitcoin::{ScriptBuf, TxOut, Txid};

/// Which of the two versions a PSBT has: there is no version 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Version {
    /// BIP174: the unsigned transaction is a field.
    Zero,
    /// BIP370: the unsigned transaction is made of the fields of all maps.
    Two,
}

impl Version {
    /// Its number.
    #[must_use]
    pub const fn number(self) -> u32 {
        match self {
            Self::Zero => 0,
            Self::Two => 2,
        }
    }
}

/// The global map. What only version 2 has is `None` in version 0.
#[derive(Debug, Default)]
pub struct Global {
    /// 0x01: extended public keys with their origins, as the PSBT claims them.
    pub xpubs: Vec<GlobalXpub>,
    /// 0x02, version 2: the transaction's version.
    pub tx_version: Option<i32>,
    /// 0x03, version 2: the locktime where no input demands one.
    pub fallback_locktime: Option<u32>,
    /// 0x06, version 2: what may still be changed; bit 0 the inputs, bit 1 the outputs, bit 2 says that a signature
    /// with SINGLE is there. Any byte.
    pub modifiable: Option<u8>,
    /// Fields that this program does not know, and proprietary ones.
    pub unknown: Vec<UnknownField>,
}

/// PSBT_GLOBAL_XPUB (0x01).
#[derive(Debug)]
pub struct GlobalXpub {
    /// The extended key as BIP32 serialises it, without checksum: 78 bytes.
    pub xpub: [u8; 78],
    /// Fingerprint of the master key that it claims to come from.
    pub fingerprint: [u8; 4],
    /// Steps from there; hardened ones have the highest bit.
    pub path: Vec<u32>,
}

/// A field that this program does not know, a hash preimage (0x0a to 0x0d), or a proprietary field (0xFC):
/// kept, counted, never obeyed.
#[derive(Debug)]
pub struct UnknownField {
    /// Type of the key.
    pub key_type: u64,
    /// Bytes of the key after its type.
    pub key_bytes: usize,
    /// Bytes of the value.
    pub value_bytes: usize,
    /// Whether it is a proprietary field.
    pub proprietary: bool,
    /// The identifier of a proprietary field: at most 600 bytes, of any content; escape it before it is shown.
    pub identifier: Option<Vec<u8>>,
}

/// An input's map. Byte strings are as received; lengths were checked (P06, P07). What an input spends and its
/// sequence are read from the transaction, whatever the version.
#[derive(Debug, Default)]
pub struct Input {
    /// 0x00: parsed whole, its outputs and txid (not yet compared with the outpoint: U01).
    pub previous_tx: Option<PreviousTx>,
    /// 0x01: the output that is spent, as claimed.
    pub witness_utxo: Option<TxOut>,
    /// 0x02: public key (33 or 65 bytes), signature with its sighash byte (9 to 73 bytes), in the file's order.
    pub partial_sigs: Vec<(Vec<u8>, Vec<u8>)>,
    /// 0x03: the sighash type asked for.
    pub sighash_type: Option<u32>,
    /// 0x04: at most 520 bytes; its hash was not compared yet (I04).
    pub redeem_script: Option<ScriptBuf>,
    /// 0x05: at most 3,600 bytes; its hash was not compared yet (I05).
    pub witness_script: Option<ScriptBuf>,
    /// 0x06: at most 20.
    pub derivations: Vec<Derivation>,
    /// 0x07: a finished script of the input.
    pub final_script_sig: Option<ScriptBuf>,
    /// 0x08: a finished witness, item by item.
    pub final_script_witness: Option<Vec<Vec<u8>>>,
    /// 0x0e, version 2: transaction of the output that is spent.
    pub(super) previous_txid: Option<Txid>,
    /// 0x0f, version 2: number of that output.
    pub(super) output_index: Option<u32>,
    /// 0x10, version 2: the sequence; absent means final.
    pub(super) sequence: Option<u32>,
    /// 0x11, version 2: a time that the transaction's locktime must reach; 500,000,000 at least (L07).
    pub required_time: Option<u32>,
    /// 0x12, version 2: a height that the transaction's locktime must reach; 1 to 499,999,999 (L07).
    pub required_height: Option<u32>,
    /// 0x13: signature of the key path, 64 or 65 bytes.
    pub tap_key_sig: Option<Vec<u8>>,
    /// 0x14: x-only key and leaf hash (64 bytes), signature (64 or 65 bytes).
    pub tap_script_sigs: Vec<([u8; 64], Vec<u8>)>,
    /// 0x15: control block (33 + 32 a step), script with its leaf version as last byte.
    pub tap_leaf_scripts: Vec<(Vec<u8>, Vec<u8>)>,
    /// 0x16: at most 20.
    pub tap_derivations: Vec<TapDerivation>,
    /// 0x17: x-only internal key.
    pub tap_internal_key: Option<[u8; 32]>,
    /// 0x18: merkle root of the script tree.
    pub tap_merkle_root: Option<[u8; 32]>,
    /// Fields that this program does not know, and proprietary ones.
    pub unknown: Vec<UnknownField>,
}

impl Input {
    /// Whether the input holds a finished script or witness (0x07, 0x08).
    #[must_use]
    pub fn is_final(&self) -> bool {
        self.final_script_sig.is_some() || self.final_script_witness.is_some()
    }
}

/// A previous transaction, as far as a review needs it.
#[derive(Debug)]
pub struct PreviousTx {
    /// Its txid, computed from its bytes without witnesses.
    pub txid: Txid,
    /// All its outputs.
    pub outputs: Vec<TxOut>,
}

/// BIP32 derivation record of a key (33 or 65 bytes).
#[derive(Debug, Clone)]
pub struct Derivation {
    /// The public key; its length was checked, not whether it is a point (I11).
    pub key: Vec<u8>,
    /// Fingerprint of the master key that it claims to come from.
    pub fingerprint: [u8; 4],
    /// Steps from there, at most 12; hardened ones have the highest bit.
    pub path: Vec<u32>,
}

/// Taproot derivation record.
#[derive(Debug, Clone)]
pub struct TapDerivation {
    /// The x-only public key; not checked to be one.
    pub key: [u8; 32],
    /// Leaves in which the key is said to occur; none for the internal key.
    pub leaf_hashes: Vec<[u8; 32]>,
    /// Fingerprint of the master key that it claims to come from.
    pub fingerprint: [u8; 4],
    /// Steps from there, at most 12; hardened ones have the highest bit.
    pub path: Vec<u32>,
}

/// An output's map.
#[derive(Debug, Default)]
pub struct Output {
    /// 0x00: at most 520 bytes.
    pub redeem_script: Option<ScriptBuf>,
    /// 0x01: at most 3,600 bytes.
    pub witness_script: Option<ScriptBuf>,
    /// 0x02: at most 20.
    pub derivations: Vec<Derivation>,
    /// 0x03, version 2: the amount in satoshi.
    pub(super) amount: Option<u64>,
    /// 0x04, version 2: the script.
    pub(super) script: Option<ScriptBuf>,
    /// 0x05: x-only internal key.
    pub tap_internal_key: Option<[u8; 32]>,
    /// 0x06: the tree as depth, leaf version and script of each leaf, depth first; checked to be one whole tree.
    pub tap_tree: Option<Vec<u8>>,
    /// 0x07: at most 20.
    pub tap_derivations: Vec<TapDerivation>,
    /// Fields that this program does not know, and proprietary ones.
    pub unknown: Vec<UnknownField>,
}

/// A signature to be put into an input's map.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NewSignature {
    /// 0x02
    Ecdsa {
        /// Compressed public key.
        key: [u8; 33],
        /// DER with sighash byte.
        signature: Vec<u8>,
    },
    /// 0x13
    TapKey {
        /// 64 bytes, or 65 with 0x01.
        signature: Vec<u8>,
    },
    /// 0x14
    TapScript {
        /// X-only public key.
        key: [u8; 32],
        /// Hash of the leaf (BIP341).
        leaf: [u8; 32],
        /// 64 bytes, or 65 with 0x01.
        signature: Vec<u8>,
    },
}

impl NewSignature {
    /// The signature of a leaf from the key data and value of its field.
    pub(super) fn of_leaf(key_and_leaf: &[u8; 64], signature: &[u8]) -> Option<Self> {
        let (key, leaf) = key_and_leaf.split_at(32);
        Some(Self::TapScript { key: key.try_into().ok()?, leaf: leaf.try_into().ok()?, signature: signature.to_vec() })
    }

    /// Whether its sighash type leaves a part of the transaction open. Says nothing of a signature without one.
    pub(super) fn is_partial(&self) -> bool {
        match self {
            Self::Ecdsa { signature, .. } => signature.last().is_some_and(|sighash| *sighash != 1),
            Self::TapKey { signature } | Self::TapScript { signature, .. } => {
                signature.get(64).is_some_and(|sighash| *sighash != 1)
            }
        }
    }

    /// The raw key of its pair: type and key data.
    pub(super) fn raw_key(&self) -> Vec<u8> {
        match self {
            Self::Ecdsa { key, .. } => [&[0x02], key.as_slice()].concat(),
            Self::TapKey { .. } => vec![0x13],
            Self::TapScript { key, leaf, .. } => [&[0x14], key.as_slice(), leaf].concat(),
        }
    }

    /// The value of its pair.
    pub(super) fn value(&self) -> &[u8] {
        match self {
            Self::Ecdsa { signature, .. } | Self::TapKey { signature } | Self::TapScript { signature, .. } => signature,
        }
    }
}

/// The three kinds of map.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scope {
    Global,
    Input,
    Output,
}

/// Names of the field types (BIP174, 370, 371, 373, 375, 353 and their registry).
const NAMES: &[(Scope, u64, &str)] = &[
    (Scope::Global, 0x00, "PSBT_GLOBAL_UNSIGNED_TX"),
    (Scope::Global, 0x01, "PSBT_GLOBAL_XPUB"),
    (Scope::Global, 0x02, "PSBT_GLOBAL_TX_VERSION"),
    (Scope::Global, 0x03, "PSBT_GLOBAL_FALLBACK_LOCKTIME"),
    (Scope::Global, 0x04, "PSBT_GLOBAL_INPUT_COUNT"),
    (Scope::Global, 0x05, "PSBT_GLOBAL_OUTPUT_COUNT"),
    (Scope::Global, 0x06, "PSBT_GLOBAL_TX_MODIFIABLE"),
    (Scope::Global, 0x07, "PSBT_GLOBAL_SP_ECDH_SHARE"),
    (Scope::Global, 0x08, "PSBT_GLOBAL_SP_DLEQ"),
    (Scope::Global, 0x09, "PSBT_GLOBAL_GENERIC_SIGNED_MESSAGE"),
    (Scope::Global, 0xfb, "PSBT_GLOBAL_VERSION"),
    (Scope::Global, 0xfc, "PSBT_GLOBAL_PROPRIETARY"),
    (Scope::Input, 0x00, "PSBT_IN_NON_WITNESS_UTXO"),
    (Scope::Input, 0x01, "PSBT_IN_WITNESS_UTXO"),
    (Scope::Input, 0x02, "PSBT_IN_PARTIAL_SIG"),
    (Scope::Input, 0x03, "PSBT_IN_SIGHASH_TYPE"),
    (Scope::Input, 0x04, "PSBT_IN_REDEEM_SCRIPT"),
    (Scope::Input, 0x05, "PSBT_IN_WITNESS_SCRIPT"),
    (Scope::Input, 0x06, "PSBT_IN_BIP32_DERIVATION"),
    (Scope::Input, 0x07, "PSBT_IN_FINAL_SCRIPTSIG"),
    (Scope::Input, 0x08, "PSBT_IN_FINAL_SCRIPTWITNESS"),
    (Scope::Input, 0x09, "PSBT_IN_POR_COMMITMENT"),
    (Scope::Input, 0x0a, "PSBT_IN_RIPEMD160"),
    (Scope::Input, 0x0b, "PSBT_IN_SHA256"),
    (Scope::Input, 0x0c, "PSBT_IN_HASH160"),
    (Scope::Input, 0x0d, "PSBT_IN_HASH256"),
    (Scope::Input, 0x0e, "PSBT_IN_PREVIOUS_TXID"),
    (Scope::Input, 0x0f, "PSBT_IN_OUTPUT_INDEX"),
    (Scope::Input, 0x10, "PSBT_IN_SEQUENCE"),
    (Scope::Input, 0x11, "PSBT_IN_REQUIRED_TIME_LOCKTIME"),
    (Scope::Input, 0x12, "PSBT_IN_REQUIRED_HEIGHT_LOCKTIME"),
    (Scope::Input, 0x13, "PSBT_IN_TAP_KEY_SIG"),
    (Scope::Input, 0x14, "PSBT_IN_TAP_SCRIPT_SIG"),
    (Scope::Input, 0x15, "PSBT_IN_TAP_LEAF_SCRIPT"),
    (Scope::Input, 0x16, "PSBT_IN_TAP_BIP32_DERIVATION"),
    (Scope::Input, 0x17, "PSBT_IN_TAP_INTERNAL_KEY"),
    (Scope::Input, 0x18, "PSBT_IN_TAP_MERKLE_ROOT"),
    (Scope::Input, 0x1a, "PSBT_IN_MUSIG2_PARTICIPANT_PUBKEYS"),
    (Scope::Input, 0x1b, "PSBT_IN_MUSIG2_PUB_NONCE"),
    (Scope::Input, 0x1c, "PSBT_IN_MUSIG2_PARTIAL_SIG"),
    (Scope::Input, 0x1d, "PSBT_IN_SP_ECDH_SHARE"),
    (Scope::Input, 0x1e, "PSBT_IN_SP_DLEQ"),
    (Scope::Input, 0xfc, "PSBT_IN_PROPRIETARY"),
    (Scope::Output, 0x00, "PSBT_OUT_REDEEM_SCRIPT"),
    (Scope::Output, 0x01, "PSBT_OUT_WITNESS_SCRIPT"),
    (Scope::Output, 0x02, "PSBT_OUT_BIP32_DERIVATION"),
    (Scope::Output, 0x03, "PSBT_OUT_AMOUNT"),
    (Scope::Output, 0x04, "PSBT_OUT_SCRIPT"),
    (Scope::Output, 0x05, "PSBT_OUT_TAP_INTERNAL_KEY"),
    (Scope::Output, 0x06, "PSBT_OUT_TAP_TREE"),
    (Scope::Output, 0x07, "PSBT_OUT_TAP_BIP32_DERIVATION"),
    (Scope::Output, 0x08, "PSBT_OUT_MUSIG2_PARTICIPANT_PUBKEYS"),
    (Scope::Output, 0x09, "PSBT_OUT_SP_V0_INFO"),
    (Scope::Output, 0x0a, "PSBT_OUT_SP_V0_LABEL"),
    (Scope::Output, 0x35, "PSBT_OUT_DNSSEC_PROOF"),
    (Scope::Output, 0xfc, "PSBT_OUT_PROPRIETARY"),
];

/// The name of a field type in the specifications, if it has one.
#[must_use]
pub fn field_name(place: super::Place, key_type: u64) -> Option<&'static str> {
    let scope = Scope::of(place);
    NAMES.iter().find(|(s, n, _)| *s == scope && *n == key_type).map(|(_, _, name)| *name)
}

impl Scope {
    /// The kind of map at `place`.
    pub(super) fn of(place: super::Place) -> Self {
        match place {
            super::Place::Whole => Self::Global,
            super::Place::Input(_) => Self::Input,
            super::Place::Output(_) => Self::Output,
        }
    }
}

/// `PSBT_IN_SIGHASH_TYPE (0x03)`, or `field of type 0x77` where it has no name.
pub(super) struct FieldName(pub(super) super::Place, pub(super) u64);

impl fmt::Display for FieldName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match field_name(self.0, self.1) {
            Some(name) => write!(f, "{name} (0x{:02x})", self.1),
            None => write!(f, "field of type 0x{:02x}", self.1),
        }
    }
}
