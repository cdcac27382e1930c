//! Signatures that are already there: I21. Each of an input of ours verifies for a key of our derived script,
//! over the whole transaction, or the PSBT is refused.

use bitcoin::{
    Amount, EcdsaSighashType, TapSighashType, Transaction, TxOut,
    hashes::Hash,
    secp256k1::{Message, PublicKey, Secp256k1, VerifyOnly, XOnlyPublicKey, ecdsa, schnorr},
    sighash::{Prevouts, SighashCache},
};

use crate::{
    psbt::Place,
    review::{
        Spend,
        case::{Case, InputView},
        finding::Findings,
        ours::{Own, same_key},
    },
    text,
};

const REMEDY: &str = "take this signature out, and ask its signer again";

/// Checks signatures of one transaction; what all inputs share is hashed once.
pub(super) struct Checker<'c> {
    cache: SighashCache<&'c Transaction>,
    prevouts: Option<Vec<&'c TxOut>>,
    secp: Option<Secp256k1<VerifyOnly>>,
}

impl<'c> Checker<'c> {
    pub(super) fn new(case: &'c Case<'_>) -> Self {
        Self {
            cache: SighashCache::new(case.parsed.transaction()),
            prevouts: case.spent.iter().map(|coin| coin.utxo.as_ref()).collect(),
            secp: None,
        }
    }

    /// The keys whose signatures an input of ours has: 33 bytes (32 for taproot), sorted.
    pub(super) fn signed_by(
        &mut self,
        input: &InputView<'_>,
        own: &Own,
        spend: &Spend,
        found: &mut Findings,
    ) -> Vec<Vec<u8>> {
        let place = Place::Input(input.number);
        let map = input.map;
        let mut signed = Vec::new();
        for (key, signature) in &map.partial_sigs {
            let verdict = match spend {
                Spend::TaprootKey { .. } => Err("a taproot input has no such signature"),
                Spend::Legacy { .. } | Spend::SegwitV0 { .. } => self.ecdsa(input.number, own, spend, key, signature),
            };
            match verdict {
                Ok(()) => signed.push(key.clone()),
                Err(what) => {
                    let text = format!("the signature of key {}: {what}", text::hex(key));
                    found.refuse("I21", place, text, REMEDY);
                }
            }
        }
        if let Some(signature) = &map.tap_key_sig {
            match self.taproot(input.number, own, signature) {
                Ok(internal) => signed.push(internal),
                Err(what) => found.refuse("I21", place, format!("the taproot signature: {what}"), REMEDY),
            }
        }
        if !map.tap_script_sigs.is_empty() {
            found.refuse("I21", place, "a signature for a leaf script, which the wallet does not have", REMEDY);
        }
        signed.sort_unstable();
        signed
    }

    fn ecdsa(
        &mut self,
        number: u32,
        own: &Own,
        spend: &Spend,
        key: &[u8],
        signature: &[u8],
    ) -> Result<(), &'static str> {
        if !own.coin().keys.iter().any(|derived| same_key(derived, key)) {
            return Err("no key of the wallet's script");
        }
        let key = PublicKey::from_slice(key).map_err(|_| "no public key")?;
        let (sighash_type, der) = signature.split_last().ok_or("empty")?;
        if u32::from(*sighash_type) != EcdsaSighashType::All.to_u32() {
            return Err("does not cover the whole transaction");
        }
        let signature = ecdsa::Signature::from_der(der).map_err(|_| "not strict DER")?;
        let number = usize::try_from(number).map_err(|_| "no such input")?;
        let digest = match spend {
            Spend::Legacy { script_code } => self
                .cache
                .legacy_signature_hash(number, script_code, EcdsaSighashType::All.to_u32())
                .map_err(|_| "no such input")?
                .to_byte_array(),
            Spend::SegwitV0 { script_code, amount } => self
                .cache
                .p2wsh_signature_hash(number, script_code, Amount::from_sat(*amount), EcdsaSighashType::All)
                .map_err(|_| "no such input")?
                .to_byte_array(),
            Spend::TaprootKey { .. } => return Err("a taproot input has no such signature"),
        };
        self.secp()
            .verify_ecdsa(&Message::from_digest(digest), &signature, &key)
            .map_err(|_| "does not verify for this transaction, amount and script")
    }

    /// Gives the internal key of a valid key path signature.
    fn taproot(&mut self, number: u32, own: &Own, signature: &[u8]) -> Result<Vec<u8>, &'static str> {
        let (internal, output) = own.coin().taproot.ok_or("the input is not taproot")?;
        let (sighash_type, signature) = match (signature.len(), signature.split_last()) {
            (64, _) => (TapSighashType::Default, signature),
            (65, Some((1, signature))) => (TapSighashType::All, signature),
            _ => return Err("does not cover the whole transaction"),
        };
        let signature = schnorr::Signature::from_slice(signature).map_err(|_| "no signature")?;
        let number = usize::try_from(number).map_err(|_| "no such input")?;
        let prevouts = self.prevouts.as_deref().ok_or("the coins of the other inputs are not given")?;
        let digest = self
            .cache
            .taproot_key_spend_signature_hash(number, &Prevouts::All(prevouts), sighash_type)
            .map_err(|_| "no such input")?
            .to_byte_array();
        let output: XOnlyPublicKey = output;
        self.secp()
            .verify_schnorr(&signature, &Message::from_digest(digest), &output)
            .map_err(|_| "does not verify for this transaction, its amounts and scripts")?;
        Ok(internal.serialize().to_vec())
    }

    fn secp(&mut self) -> &Secp256k1<VerifyOnly> {
        self.secp.get_or_insert_with(Secp256k1::verification_only)
    }
}
