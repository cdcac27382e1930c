//! Verifies signatures of a PSBT's inputs, from the PSBT's own bytes: coin, script, key and digest. Floor 4.

use bitcoin::{
    Script, TxOut,
    secp256k1::{Message, PublicKey, Secp256k1, VerifyOnly},
};

use crate::psbt::{NewSignature, Parsed};

use super::{
    encoding,
    script::{self, Offered, Way},
    sighash::Digests,
};

/// Why a signature does not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SignatureFault {
    /// The PSBT has no such input.
    #[error("there is no such input")]
    NoInput,
    /// The coin is not given, or given in two ways that differ, or by another transaction.
    #[error("the coin that it spends is not given, or not truly")]
    Coin,
    /// The coin's script does not answer to the key, or the scripts given are not those that it hashes.
    #[error("the coin's script does not have its key")]
    Key,
    /// Not strict DER with low S, or not 64 or 65 bytes.
    #[error("it is not encoded as the network demands")]
    Encoding,
    /// A script path of taproot: no wallet of ours has one, and this program does not verify it.
    #[error("it spends a script path of taproot, which is not supported")]
    ScriptPath,
    /// The digest cannot be made: a sighash type that taproot does not have, an unknown coin beside.
    #[error("it has no digest")]
    Digest,
    /// It is not over this transaction by this key.
    #[error("it does not verify")]
    Wrong,
}

/// A signature that verifies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Valid {
    /// Its sighash byte; 0 for taproot's DEFAULT.
    pub sighash: u8,
    /// Bytes with the sighash byte.
    pub bytes: usize,
    /// Whether R takes at most 32 bytes (always so for Schnorr).
    pub low_r: bool,
}

impl Valid {
    /// Whether it commits to all inputs and outputs: the only types that this program makes and takes.
    #[must_use]
    pub const fn commits_to_all(&self) -> bool {
        matches!(self.sighash, 0 | 1)
    }
}

/// Verifies signatures of one PSBT: hashes over the whole transaction are made once.
pub struct Checker<'a> {
    parsed: &'a Parsed,
    digests: Digests<'a>,
    secp: Secp256k1<VerifyOnly>,
}

impl<'a> Checker<'a> {
    /// For the inputs of `parsed`.
    #[must_use]
    pub fn new(parsed: &'a Parsed) -> Self {
        let coins: Option<Vec<_>> = (0..parsed.inputs().len()).map(|input| coin(parsed, input)).collect();
        let digests = Digests::new(parsed.transaction(), coins);
        Self { parsed, digests, secp: Secp256k1::verification_only() }
    }

    /// Verifies a signature of an input, whatever its sighash type.
    ///
    /// # Errors
    /// The first [`SignatureFault`].
    pub fn check(&self, input: u32, signature: &NewSignature) -> Result<Valid, SignatureFault> {
        self.check_with(input, signature, None)
    }

    /// The same, with the innermost script as derived, for where the PSBT leaves scripts out.
    pub(super) fn check_with(
        &self,
        input: u32,
        signature: &NewSignature,
        derived: Option<&Script>,
    ) -> Result<Valid, SignatureFault> {
        let place = usize::try_from(input).map_err(|_| SignatureFault::NoInput)?;
        let map = self.parsed.inputs().get(place).ok_or(SignatureFault::NoInput)?;
        let coin = coin(self.parsed, place).ok_or(SignatureFault::Coin)?;
        match signature {
            NewSignature::Ecdsa { key, signature } => {
                let offered =
                    Offered { redeem: map.redeem_script.as_deref(), witness: map.witness_script.as_deref(), derived };
                let way = script::ecdsa_way(&coin.script_pubkey, key, offered).ok_or(SignatureFault::Key)?;
                let read = encoding::ecdsa(signature).ok_or(SignatureFault::Encoding)?;
                let sighash = u32::from(read.sighash);
                let digest = match &way {
                    Way::Legacy(code) => self.digests.legacy(place, code, sighash),
                    Way::V0(code) => self.digests.segwit_v0(place, code, coin.value.to_sat(), sighash),
                };
                let digest = Message::from_digest(digest.map_err(|_| SignatureFault::Digest)?);
                let key = PublicKey::from_slice(key).map_err(|_| SignatureFault::Key)?;
                self.secp.verify_ecdsa(&digest, &read.signature, &key).map_err(|_| SignatureFault::Wrong)?;
                Ok(Valid { sighash: read.sighash, bytes: signature.len(), low_r: read.low_r })
            }
            NewSignature::TapKey { signature } => {
                let key = script::taproot_key(&coin.script_pubkey).ok_or(SignatureFault::Key)?;
                let (read, sighash) = encoding::schnorr(signature).ok_or(SignatureFault::Encoding)?;
                let digest = self.digests.taproot(place, sighash, None, None).map_err(|_| SignatureFault::Digest)?;
                let digest = Message::from_digest(digest);
                self.secp.verify_schnorr(&read, &digest, &key).map_err(|_| SignatureFault::Wrong)?;
                Ok(Valid { sighash, bytes: signature.len(), low_r: true })
            }
            NewSignature::TapScript { .. } => Err(SignatureFault::ScriptPath),
        }
    }
}

/// The coin that an input spends: from the previous transaction, where there is one (its txid and the witness
/// UTXO beside it must agree), else the witness UTXO.
fn coin(parsed: &Parsed, input: usize) -> Option<&TxOut> {
    let map = parsed.inputs().get(input)?;
    let outpoint = parsed.transaction().input.get(input)?.previous_output;
    let Some(previous) = &map.previous_tx else {
        return map.witness_utxo.as_ref();
    };
    let coin = previous.outputs.get(usize::try_from(outpoint.vout).ok()?)?;
    let agrees = map.witness_utxo.as_ref().is_none_or(|claimed| claimed == coin);
    (previous.txid == outpoint.txid && agrees).then_some(coin)
}

/// Whether `signature` is one of input `input` that counts: over this transaction, by a key that the coin's
/// script has, encoded as the network demands, committing to all inputs and outputs.
///
/// For many signatures of one PSBT make a [`Checker`].
#[must_use]
pub fn signature_check(parsed: &Parsed, input: u32, signature: &NewSignature) -> bool {
    let valid = Checker::new(parsed).check(input, signature);
    match (valid, signature) {
        (Ok(valid), NewSignature::Ecdsa { .. }) => valid.sighash == 1,
        (Ok(valid), NewSignature::TapKey { .. } | NewSignature::TapScript { .. }) => valid.commits_to_all(),
        (Err(_), _) => false,
    }
}

#[cfg(test)]
mod tests;
