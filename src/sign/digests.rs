//! Digests of planned inputs, by the `bitcoin` crate; each with the one sighash type that is signed. Floor 4.

use bitcoin::{
    Amount, Transaction, TxOut,
    hashes::Hash,
    secp256k1::Message,
    sighash::{EcdsaSighashType, Prevouts, SighashCache, TapSighashType},
};

use crate::review::{PlannedInput, Reviewed, Spend};

use super::SignError;

/// The digests of one reviewed transaction.
pub(super) struct Digests<'a> {
    cache: SighashCache<&'a Transaction>,
    coins: Vec<&'a TxOut>,
}

impl<'a> Digests<'a> {
    pub(super) fn new(reviewed: &'a Reviewed) -> Self {
        Self {
            cache: SighashCache::new(reviewed.parsed().transaction()),
            coins: reviewed.facts().inputs.iter().map(|input| &input.utxo).collect(),
        }
    }

    /// The digest that the owner of `planned` signs: ALL, or DEFAULT for taproot.
    pub(super) fn of(&mut self, planned: &PlannedInput) -> Result<Message, SignError> {
        let failed = SignError::Digest { input: planned.input };
        let place = usize::try_from(planned.input).map_err(|_| failed.clone())?;
        let digest = match &planned.spend {
            Spend::Legacy { script_code } => self
                .cache
                .legacy_signature_hash(place, script_code, EcdsaSighashType::All.to_u32())
                .map_err(|_| failed)?
                .to_byte_array(),
            Spend::SegwitV0 { script_code, amount } => self
                .cache
                .p2wsh_signature_hash(place, script_code, Amount::from_sat(*amount), EcdsaSighashType::All)
                .map_err(|_| failed)?
                .to_byte_array(),
            Spend::TaprootKey { explicit_all, .. } => self
                .cache
                .taproot_key_spend_signature_hash(place, &Prevouts::All(&self.coins), tap_type(*explicit_all))
                .map_err(|_| failed)?
                .to_byte_array(),
            Spend::TaprootLeaf { explicit_all, leaf } => self
                .cache
                .taproot_script_spend_signature_hash(
                    place,
                    &Prevouts::All(&self.coins),
                    leaf.hash,
                    tap_type(*explicit_all),
                )
                .map_err(|_| failed)?
                .to_byte_array(),
        };
        Ok(Message::from_digest(digest))
    }
}

const fn tap_type(explicit_all: bool) -> TapSighashType {
    if explicit_all { TapSighashType::All } else { TapSighashType::Default }
}
