//! PSBT (BIP174): bytes to a checked model and back. Total, bounded, byte-preserving.
//!
//! Floor 1. Untrusted bytes. `parse` holds rules P01-P15, P17, P20 and P22.

use bitcoin::{OutPoint, ScriptBuf, Transaction, TxOut, Txid};

/// Where in a PSBT something was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Place {
    /// The whole file or transaction. (scope code 0, index 0xffffffff)
    Whole,
    /// An input, from 0. (scope code 1)
    Input(u32),
    /// An output, from 0. (scope code 2)
    Output(u32),
}

/// A PSBT that follows the format and the limits: proof of [`parse`].
pub struct Parsed { bytes: Vec<u8>, transaction: Transaction, txid: Txid, global: Global, inputs: Vec<Input>, outputs: Vec<Output> }

impl Parsed {
    /// The PSBT as received, unwrapped to binary.
    pub fn bytes(&self) -> &[u8] { &self.bytes }
    /// The unsigned transaction.
    pub fn transaction(&self) -> &Transaction { &self.transaction }
    /// Its txid.
    pub fn txid(&self) -> Txid { self.txid }
    /// The global map.
    pub fn global(&self) -> &Global { &self.global }
    /// The inputs' maps, as many as the transaction has inputs.
    pub fn inputs(&self) -> &[Input] { &self.inputs }
    /// The outputs' maps.
    pub fn outputs(&self) -> &[Output] { &self.outputs }
}

/// The global map.
#[derive(Debug, Default)]
pub struct Global { pub xpubs: Vec<GlobalXpub>, pub unknown: Vec<UnknownField> }
/// PSBT_GLOBAL_XPUB (0x01).
#[derive(Debug)]
pub struct GlobalXpub { pub xpub: [u8; 78], pub fingerprint: [u8; 4], pub path: Vec<u32> }
/// A field that this program does not know, or a proprietary one (0xFC): kept, counted, never obeyed.
#[derive(Debug)]
pub struct UnknownField { pub key_type: u64, pub key_bytes: usize, pub value_bytes: usize, pub proprietary: bool }

/// An input's map. Byte strings are as received; lengths were checked (P06, P07).
#[derive(Debug, Default)]
pub struct Input {
    /// 0x00: parsed whole, its outputs and txid (not yet compared with the outpoint: U01).
    pub previous_tx: Option<PreviousTx>,
    /// 0x01
    pub witness_utxo: Option<TxOut>,
    /// 0x02: public key (33 or 65 bytes), signature with its sighash byte.
    pub partial_sigs: Vec<(Vec<u8>, Vec<u8>)>,
    /// 0x03
    pub sighash_type: Option<u32>,
    /// 0x04
    pub redeem_script: Option<ScriptBuf>,
    /// 0x05
    pub witness_script: Option<ScriptBuf>,
    /// 0x06
    pub derivations: Vec<Derivation>,
    /// 0x07
    pub final_script_sig: Option<ScriptBuf>,
    /// 0x08
    pub final_script_witness: Option<Vec<Vec<u8>>>,
    /// 0x13
    pub tap_key_sig: Option<Vec<u8>>,
    /// 0x14: x-only key and leaf hash (64 bytes), signature
    pub tap_script_sigs: Vec<([u8; 64], Vec<u8>)>,
    /// 0x15: control block, script with leaf version
    pub tap_leaf_scripts: Vec<(Vec<u8>, Vec<u8>)>,
    /// 0x16
    pub tap_derivations: Vec<TapDerivation>,
    /// 0x17
    pub tap_internal_key: Option<[u8; 32]>,
    /// 0x18
    pub tap_merkle_root: Option<[u8; 32]>,
    /// others
    pub unknown: Vec<UnknownField>,
}

/// A previous transaction, as far as a review needs it.
#[derive(Debug)]
pub struct PreviousTx { pub txid: Txid, pub outputs: Vec<TxOut> }
/// BIP32 derivation record of a key (33 or 65 bytes).
#[derive(Debug, Clone)]
pub struct Derivation { pub key: Vec<u8>, pub fingerprint: [u8; 4], pub path: Vec<u32> }
/// Taproot derivation record.
#[derive(Debug, Clone)]
pub struct TapDerivation { pub key: [u8; 32], pub leaf_hashes: Vec<[u8; 32]>, pub fingerprint: [u8; 4], pub path: Vec<u32> }

/// An output's map.
#[derive(Debug, Default)]
pub struct Output {
    /// 0x00
    pub redeem_script: Option<ScriptBuf>,
    /// 0x01
    pub witness_script: Option<ScriptBuf>,
    /// 0x02
    pub derivations: Vec<Derivation>,
    /// 0x05
    pub tap_internal_key: Option<[u8; 32]>,
    /// 0x06: the tree as depth, leaf version, script
    pub tap_tree: Option<Vec<u8>>,
    /// 0x07
    pub tap_derivations: Vec<TapDerivation>,
    /// others
    pub unknown: Vec<UnknownField>,
}

/// Why bytes are no PSBT that we take: a rule, a place, a sentence, a remedy.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{rule}: {what}")]
pub struct ParseError { pub rule: &'static str, pub place: Place, pub what: String, pub remedy: &'static str }

/// Reads one binary PSBT v0.
pub fn parse(bytes: Vec<u8>) -> Result<Parsed, ParseError> { let _ = bytes; todo!() }

/// How a PSBT was written in its file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding { Binary, Base64, Hex }

/// Unwraps a file's bytes (binary, base64 or hex) to a binary PSBT (P22).
pub fn unwrap(file: &[u8]) -> Result<(Vec<u8>, Encoding), ParseError> { let _ = file; todo!() }
/// Wraps a binary PSBT.
pub fn wrap(binary: &[u8], encoding: Encoding) -> Vec<u8> { let _ = (binary, encoding); todo!() }

/// A signature to be put into an input's map.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NewSignature {
    /// 0x02: 33-byte key, DER with sighash byte.
    Ecdsa { key: [u8; 33], signature: Vec<u8> },
    /// 0x13: 64 bytes, or 65 with 0x01.
    TapKey { signature: Vec<u8> },
}
/// The input's PSBT with signatures added and every other byte as it was (splicing, no re-encoding).
pub fn splice(parsed: &Parsed, signatures: &[(u32, NewSignature)]) -> Vec<u8> { let _ = (parsed, signatures); todo!() }
/// The trimmed form: unsigned transaction and signatures only (section 6.7).
pub fn trimmed(parsed: &Parsed, signatures: &[(u32, NewSignature)]) -> Vec<u8> { let _ = (parsed, signatures); todo!() }

#[allow(dead_code)]
fn _used(_: OutPoint) {}
