//! Verifies signatures of a PSBT's inputs, from the PSBT's own bytes: coin, script, key and digest. Floor 4.

use bitcoin::{
    Script, TxOut,
    secp256k1::{Message, PublicKey, Secp256k1, VerifyOnly, XOnlyPublicKey},
};

use crate::psbt::{Accepts, NewSignature, Parsed};

use super::{
    encoding,
    keys::{self, Signer},
    leaf::Shown,
    script::{self, Offered, Way},
    sighash::{Digests, Leaf},
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
    /// The leaf is not given, or is none of the coin's tree.
    #[error("the script of its leaf is not given, or is none of the coin's")]
    Leaf,
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
        self.check_with(input, signature, Derived::Nothing)
    }

    /// The same, with the script as derived, for where the PSBT leaves it out.
    pub(super) fn check_with(
        &self,
        input: u32,
        signature: &NewSignature,
        derived: Derived<'_>,
    ) -> Result<Valid, SignatureFault> {
        let place = usize::try_from(input).map_err(|_| SignatureFault::NoInput)?;
        let map = self.parsed.inputs().get(place).ok_or(SignatureFault::NoInput)?;
        let coin = coin(self.parsed, place).ok_or(SignatureFault::Coin)?;
        match signature {
            NewSignature::Ecdsa { key, signature } => {
                let offered = Offered {
                    redeem: map.redeem_script.as_deref(),
                    witness: map.witness_script.as_deref(),
                    derived: derived.script(),
                };
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
            NewSignature::TapScript { key, leaf, signature } => {
                let output = script::taproot_key(&coin.script_pubkey).ok_or(SignatureFault::Key)?;
                let fields = map.tap_leaf_scripts.iter();
                let given = fields.filter_map(|(control, value)| Shown::of_field(control, value));
                let mut shown = given.chain(derived.leaf()).filter(|shown| shown.hash() == *leaf);
                let shown = shown.find(|shown| shown.is_under(&output, &self.secp)).ok_or(SignatureFault::Leaf)?;
                if !keys::asks(shown.script, Signer::XOnly(key)) {
                    return Err(SignatureFault::Key);
                }
                let key = XOnlyPublicKey::from_slice(key).map_err(|_| SignatureFault::Key)?;
                let (read, sighash) = encoding::schnorr(signature).ok_or(SignatureFault::Encoding)?;
                let leaf = Leaf { hash: *leaf, code_separator: u32::MAX };
                let digest =
                    self.digests.taproot(place, sighash, None, Some(leaf)).map_err(|_| SignatureFault::Digest)?;
                let digest = Message::from_digest(digest);
                self.secp.verify_schnorr(&read, &digest, &key).map_err(|_| SignatureFault::Wrong)?;
                Ok(Valid { sighash, bytes: signature.len(), low_r: true })
            }
        }
    }
}

/// The script of a coin as its wallet derives it.
#[derive(Debug, Clone, Copy)]
pub(super) enum Derived<'a> {
    /// None is at hand.
    Nothing,
    /// The innermost script, before taproot.
    Script(&'a Script),
    /// A leaf.
    Leaf(Shown<'a>),
}

impl<'a> Derived<'a> {
    const fn script(self) -> Option<&'a Script> {
        match self {
            Self::Script(script) => Some(script),
            Self::Nothing | Self::Leaf(_) => None,
        }
    }

    const fn leaf(self) -> Option<Shown<'a>> {
        match self {
            Self::Leaf(leaf) => Some(leaf),
            Self::Nothing | Self::Script(_) => None,
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

/// Says of signatures of `parsed` whether they count: over this transaction, by a key that the coin's script has,
/// encoded as the network demands, committing to all inputs and outputs.
#[must_use]
pub fn signature_check(parsed: &Parsed) -> Accepts<'_> {
    let checker = Checker::new(parsed);
    Box::new(move |input, signature| match (checker.check(input, signature), signature) {
        (Ok(valid), NewSignature::Ecdsa { .. }) => valid.sighash == 1,
        (Ok(valid), NewSignature::TapKey { .. } | NewSignature::TapScript { .. }) => valid.commits_to_all(),
        (Err(_), _) => false,
    })
}

#[cfg(test)]
mod tests;
