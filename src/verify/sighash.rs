//! The digests that signatures commit to, written from the BIPs: legacy, BIP143 and BIP341.
//!
//! Not the implementation that signs: of the `bitcoin` crate it uses the transaction's fields and SHA-256, no
//! encoder and no sighash code. It knows every sighash type, those that this program refuses to sign too.
//! Hashes over the whole transaction are made once, so that n inputs of version 0 or taproot take linear time.

use bitcoin::{
    Script, Transaction, TxIn, TxOut,
    hashes::{Hash, HashEngine, sha256},
};

/// SIGHASH_NONE, as the low bits have it.
const NONE: u32 = 2;
/// SIGHASH_SINGLE, as the low bits have it.
const SINGLE: u32 = 3;
/// SIGHASH_ANYONECANPAY.
const ANYONE_CAN_PAY: u32 = 0x80;

/// Why there is no digest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DigestError {
    /// The transaction has no such input, or no previous output is known for it.
    #[error("there is no input {input} with a previous output")]
    NoInput {
        /// Input, from 0.
        input: usize,
    },
    /// BIP341 leaves it invalid.
    #[error("0x{0:02x} is no sighash type of taproot")]
    Type(u8),
    /// SIGHASH_SINGLE without an output at the input's place (BIP341: invalid).
    #[error("input {input} has no output at its place")]
    NoOutput {
        /// Input, from 0.
        input: usize,
    },
}

/// A script path of taproot, as far as a digest needs it (BIP342).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Leaf {
    /// `hash_TapLeaf` of the script, from [`leaf_hash`].
    pub hash: [u8; 32],
    /// Opcode position of the last OP_CODESEPARATOR that ran, or `u32::MAX`.
    pub code_separator: u32,
}

/// Digests of one transaction's inputs.
pub struct Digests<'a> {
    transaction: &'a Transaction,
    prevouts: [u8; 32],
    sequences: [u8; 32],
    outputs: [u8; 32],
    spent: Option<Spent<'a>>,
}

/// All previous outputs, and the hashes over them.
struct Spent<'a> {
    coins: Vec<&'a TxOut>,
    amounts: [u8; 32],
    scripts: [u8; 32],
}

impl<'a> Digests<'a> {
    /// Hashes what all inputs have in common. `spent` are the previous outputs of all inputs, in their order;
    /// taproot has no digest without them.
    #[must_use]
    pub fn new(transaction: &'a Transaction, spent: Option<Vec<&'a TxOut>>) -> Self {
        let spent = spent.filter(|coins| coins.len() == transaction.input.len());
        Self {
            transaction,
            prevouts: sha256_of(|out| transaction.input.iter().for_each(|input| outpoint(out, input))),
            sequences: sha256_of(|out| transaction.input.iter().for_each(|input| sequence(out, input))),
            outputs: sha256_of(|out| transaction.output.iter().for_each(|output| tx_out(out, output))),
            spent: spent.map(|coins| Spent {
                amounts: sha256_of(|out| coins.iter().for_each(|coin| amount(out, coin))),
                scripts: sha256_of(|out| coins.iter().for_each(|coin| string(out, coin.script_pubkey.as_bytes()))),
                coins,
            }),
        }
    }

    /// The digest of an input without witness. `script_code` is the scriptPubKey or the redeem script, without
    /// signatures and OP_CODESEPARATOR (no script of ours has one).
    ///
    /// SIGHASH_SINGLE without an output at the input's place gives the number one, as consensus has it.
    ///
    /// # Errors
    /// [`DigestError::NoInput`].
    pub fn legacy(&self, input: usize, script_code: &Script, sighash: u32) -> Result<[u8; 32], DigestError> {
        let transaction = self.transaction;
        let signed = self.input(input)?;
        let (base, alone) = (sighash & 0x1f, sighash & ANYONE_CAN_PAY != 0);
        if base == SINGLE && transaction.output.get(input).is_none() {
            let mut one = [0; 32];
            if let Some(first) = one.first_mut() {
                *first = 1;
            }
            return Ok(one);
        }
        Ok(double(|out| {
            out.input(&transaction.version.0.to_le_bytes());
            if alone {
                compact_size(out, 1);
                legacy_input(out, signed, script_code, false);
            } else {
                compact_size(out, transaction.input.len());
                for (place, other) in transaction.input.iter().enumerate() {
                    let script = if place == input { script_code } else { Script::new() };
                    let zero = place != input && (base == NONE || base == SINGLE);
                    legacy_input(out, other, script, zero);
                }
            }
            match base {
                NONE => compact_size(out, 0),
                SINGLE => {
                    compact_size(out, input.saturating_add(1));
                    for (place, output) in transaction.output.iter().take(input.saturating_add(1)).enumerate() {
                        if place == input {
                            tx_out(out, output);
                        } else {
                            // amount -1, empty script
                            out.input(&[0xff; 8]);
                            compact_size(out, 0);
                        }
                    }
                }
                _ => {
                    compact_size(out, transaction.output.len());
                    transaction.output.iter().for_each(|output| tx_out(out, output));
                }
            }
            out.input(&transaction.lock_time.to_consensus_u32().to_le_bytes());
            out.input(&sighash.to_le_bytes());
        }))
    }

    /// The digest of an input of witness version 0. `script_code` is the witness script, or the P2PKH script of
    /// a P2WPKH program's hash; `amount_sat` that of the coin.
    ///
    /// # Errors
    /// [`DigestError::NoInput`].
    ///
    /// # Source
    /// BIP143, "Specification".
    pub fn segwit_v0(
        &self,
        input: usize,
        script_code: &Script,
        amount_sat: u64,
        sighash: u32,
    ) -> Result<[u8; 32], DigestError> {
        let transaction = self.transaction;
        let signed = self.input(input)?;
        let (base, alone) = (sighash & 0x1f, sighash & ANYONE_CAN_PAY != 0);
        let zero = [0; 32];
        let outputs = match base {
            NONE => zero,
            SINGLE => transaction.output.get(input).map_or(zero, |output| double(|out| tx_out(out, output))),
            _ => sha256(&self.outputs),
        };
        Ok(double(|out| {
            out.input(&transaction.version.0.to_le_bytes());
            out.input(&if alone { zero } else { sha256(&self.prevouts) });
            out.input(&if alone || base == NONE || base == SINGLE { zero } else { sha256(&self.sequences) });
            outpoint(out, signed);
            string(out, script_code.as_bytes());
            out.input(&amount_sat.to_le_bytes());
            sequence(out, signed);
            out.input(&outputs);
            out.input(&transaction.lock_time.to_consensus_u32().to_le_bytes());
            out.input(&sighash.to_le_bytes());
        }))
    }

    /// The digest of a taproot input: key path without `leaf`, script path with it. `annex` with its 0x50.
    ///
    /// # Errors
    /// A sighash type that BIP341 leaves invalid; SINGLE without its output; an unknown previous output.
    ///
    /// # Source
    /// BIP341, "Common signature message"; BIP342, "Common signature message extension".
    pub fn taproot(
        &self,
        input: usize,
        sighash: u8,
        annex: Option<&[u8]>,
        leaf: Option<Leaf>,
    ) -> Result<[u8; 32], DigestError> {
        if !matches!(sighash, 0..=3 | 0x81..=0x83) {
            return Err(DigestError::Type(sighash));
        }
        let transaction = self.transaction;
        let signed = self.input(input)?;
        let spent = self.spent.as_ref().ok_or(DigestError::NoInput { input })?;
        let coin = spent.coins.get(input).ok_or(DigestError::NoInput { input })?;
        let place = u32::try_from(input).map_err(|_| DigestError::NoInput { input })?;
        let (base, alone) = (u32::from(sighash & 3), u32::from(sighash) & ANYONE_CAN_PAY != 0);
        let single = match base {
            SINGLE => Some(transaction.output.get(input).ok_or(DigestError::NoOutput { input })?),
            _ => None,
        };
        Ok(tagged(b"TapSighash", |out| {
            out.input(&[0, sighash]);
            out.input(&transaction.version.0.to_le_bytes());
            out.input(&transaction.lock_time.to_consensus_u32().to_le_bytes());
            if !alone {
                out.input(&self.prevouts);
                out.input(&spent.amounts);
                out.input(&spent.scripts);
                out.input(&self.sequences);
            }
            if base != NONE && base != SINGLE {
                out.input(&self.outputs);
            }
            out.input(&[match (leaf.is_some(), annex.is_some()) {
                (false, false) => 0,
                (false, true) => 1,
                (true, false) => 2,
                (true, true) => 3,
            }]);
            if alone {
                outpoint(out, signed);
                tx_out(out, coin);
                sequence(out, signed);
            } else {
                out.input(&place.to_le_bytes());
            }
            if let Some(annex) = annex {
                out.input(&sha256_of(|inner| string(inner, annex)));
            }
            if let Some(output) = single {
                out.input(&sha256_of(|inner| tx_out(inner, output)));
            }
            if let Some(leaf) = leaf {
                out.input(&leaf.hash);
                out.input(&[0]);
                out.input(&leaf.code_separator.to_le_bytes());
            }
        }))
    }

    fn input(&self, input: usize) -> Result<&'a TxIn, DigestError> {
        self.transaction.input.get(input).ok_or(DigestError::NoInput { input })
    }
}

/// `hash_TapLeaf(leaf version ‖ script)`.
///
/// # Source
/// BIP341, "Script validation rules".
#[must_use]
pub fn leaf_hash(version: u8, script: &Script) -> [u8; 32] {
    tagged(b"TapLeaf", |out| {
        out.input(&[version]);
        string(out, script.as_bytes());
    })
}

fn legacy_input(out: &mut sha256::HashEngine, input: &TxIn, script: &Script, zero_sequence: bool) {
    outpoint(out, input);
    string(out, script.as_bytes());
    if zero_sequence { out.input(&[0; 4]) } else { sequence(out, input) }
}

fn outpoint(out: &mut sha256::HashEngine, input: &TxIn) {
    out.input(input.previous_output.txid.as_byte_array());
    out.input(&input.previous_output.vout.to_le_bytes());
}

fn sequence(out: &mut sha256::HashEngine, input: &TxIn) {
    out.input(&input.sequence.0.to_le_bytes());
}

fn amount(out: &mut sha256::HashEngine, coin: &TxOut) {
    out.input(&coin.value.to_sat().to_le_bytes());
}

fn tx_out(out: &mut sha256::HashEngine, output: &TxOut) {
    amount(out, output);
    string(out, output.script_pubkey.as_bytes());
}

/// A byte string with its CompactSize length before it.
fn string(out: &mut sha256::HashEngine, bytes: &[u8]) {
    compact_size(out, bytes.len());
    out.input(bytes);
}

#[expect(clippy::cast_possible_truncation, reason = "each arm holds only what fits")]
fn compact_size(out: &mut sha256::HashEngine, size: usize) {
    let size = size as u64;
    match size {
        0..=0xfc => out.input(&[size as u8]),
        0xfd..=0xffff => {
            out.input(&[0xfd]);
            out.input(&(size as u16).to_le_bytes());
        }
        0x1_0000..=0xffff_ffff => {
            out.input(&[0xfe]);
            out.input(&(size as u32).to_le_bytes());
        }
        _ => {
            out.input(&[0xff]);
            out.input(&size.to_le_bytes());
        }
    }
}

fn sha256(bytes: &[u8]) -> [u8; 32] {
    sha256::Hash::hash(bytes).to_byte_array()
}

fn sha256_of(write: impl FnOnce(&mut sha256::HashEngine)) -> [u8; 32] {
    let mut engine = sha256::HashEngine::default();
    write(&mut engine);
    sha256::Hash::from_engine(engine).to_byte_array()
}

fn double(write: impl FnOnce(&mut sha256::HashEngine)) -> [u8; 32] {
    sha256(&sha256_of(write))
}

/// BIP340's tagged hash over plain bytes.
pub(super) fn tagged(tag: &[u8], write: impl FnOnce(&mut sha256::HashEngine)) -> [u8; 32] {
    let tag = sha256(tag);
    sha256_of(|out| {
        out.input(&tag);
        out.input(&tag);
        write(out);
    })
}

#[cfg(test)]
mod tests;
