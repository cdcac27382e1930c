//! Signatures that are already there: I21. Each of an input of ours verifies for a key of our derived script,
//! over the whole transaction, or the PSBT is refused.

use bitcoin::{
    Amount, EcdsaSighashType, TapLeafHash, TapSighashType, Transaction, TxOut,
    hashes::Hash,
    secp256k1::{Message, PublicKey, Secp256k1, VerifyOnly, XOnlyPublicKey, ecdsa, schnorr},
    sighash::{Prevouts, SighashCache},
};

use crate::{
    psbt::Place,
    review::{
        Permission, Spend,
        case::{Case, InputView},
        finding::{Each, Findings},
        ours::{Own, same_key},
        plan::Way,
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

    /// The keys whose signatures for the path that is taken an input of ours has: 33 bytes (32 for taproot), sorted.
    /// Signatures for another path are checked too, and told.
    pub(super) fn signed_by(&mut self, input: &InputView<'_>, way: &Way<'_>, found: &mut Findings) -> Vec<Vec<u8>> {
        let place = Place::Input(input.number);
        let map = input.map;
        let mut signed = Vec::new();
        let on_path: Vec<&[u8; 33]> = way.path.keys().iter().filter_map(|key| way.own.coin().keys.get(*key)).collect();
        for (key, signature) in &map.partial_sigs {
            let verdict = self.ecdsa(input.number, way, key, signature);
            match verdict {
                Ok(()) if on_path.iter().any(|own| same_key(own, key)) => signed.push(key.clone()),
                Ok(()) => {
                    let text = format!("the signature of key {} is for a path that is not taken", text::hex(key));
                    found.show("L05", place, text);
                }
                Err(what) => {
                    let text = format!("the signature of key {}: {what}", text::hex(key));
                    found.refuse("I21", place, text, REMEDY);
                }
            }
        }
        if let Some(signature) = &map.tap_key_sig {
            match (self.taproot(input.number, way.own, signature), &way.spend) {
                (Ok(internal), Spend::TaprootKey { .. }) => signed.push(internal),
                (Ok(_), _) => found.each_unless(
                    Permission::MoreSignatures,
                    "I22",
                    place,
                    Each {
                        text: "is signed for the key path, which is enough".to_owned(),
                        together: "are signed for the key path, which is enough".to_owned(),
                    },
                    "finalise the PSBT as it is",
                ),
                (Err(what), _) => found.refuse("I21", place, format!("the taproot signature: {what}"), REMEDY),
            }
        }
        for (both, signature) in &map.tap_script_sigs {
            let (key, leaf) = both.split_at(32);
            let taken = matches!(&way.spend, Spend::TaprootLeaf { leaf: own, .. } if own.hash.as_byte_array() == leaf);
            match self.leaf(input.number, way.own, key, leaf, signature) {
                Ok(()) if taken => signed.push(key.to_vec()),
                Ok(()) => {
                    let text = format!("the signature of key {} is for a leaf that is not taken", text::hex(key));
                    found.show("T05", place, text);
                }
                Err(what) => {
                    let text = format!("the signature of key {} for a leaf: {what}", text::hex(key));
                    found.refuse("I21", place, text, REMEDY);
                }
            }
        }
        signed.sort_unstable();
        signed
    }

    fn ecdsa(&mut self, number: u32, way: &Way<'_>, key: &[u8], signature: &[u8]) -> Result<(), &'static str> {
        if !way.own.coin().keys.iter().any(|derived| same_key(derived, key)) {
            return Err("no key of the wallet's script");
        }
        let key = PublicKey::from_slice(key).map_err(|_| "no public key")?;
        let (sighash_type, der) = signature.split_last().ok_or("empty")?;
        if u32::from(*sighash_type) != EcdsaSighashType::All.to_u32() {
            return Err("does not cover the whole transaction");
        }
        let signature = ecdsa::Signature::from_der(der).map_err(|_| "not strict DER")?;
        let number = usize::try_from(number).map_err(|_| "no such input")?;
        let digest = match &way.spend {
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
            Spend::TaprootKey { .. } | Spend::TaprootLeaf { .. } => {
                return Err("a taproot input has no such signature");
            }
        };
        self.secp()
            .verify_ecdsa(&Message::from_digest(digest), &signature, &key)
            .map_err(|_| "does not verify for this transaction, amount and script")
    }

    /// Gives the internal key of a valid key path signature.
    fn taproot(&mut self, number: u32, own: &Own, signature: &[u8]) -> Result<Vec<u8>, &'static str> {
        let (internal, output) = own.coin().taproot.ok_or("the input is not taproot")?;
        self.schnorr(number, output, None, signature)?;
        Ok(internal.serialize().to_vec())
    }

    /// A signature of one leaf of our tree, by a key that stands in it.
    fn leaf(&mut self, number: u32, own: &Own, key: &[u8], leaf: &[u8], signature: &[u8]) -> Result<(), &'static str> {
        let coin = own.coin();
        let tree = coin.tree.as_ref().ok_or("the wallet has no leaves")?;
        let hash: [u8; 32] = leaf.try_into().map_err(|_| "no leaf")?;
        let leaf = tree.leaf(&hash).ok_or("the wallet has no such leaf")?;
        let mut keys = leaf.keys.iter().filter_map(|key| coin.keys.get(*key));
        if !keys.any(|own| same_key(own, key)) {
            return Err("the leaf does not have this key");
        }
        let key = XOnlyPublicKey::from_slice(key).map_err(|_| "no public key")?;
        self.schnorr(number, key, Some(leaf.hash), signature)
    }

    fn schnorr(
        &mut self,
        number: u32,
        key: XOnlyPublicKey,
        leaf: Option<TapLeafHash>,
        signature: &[u8],
    ) -> Result<(), &'static str> {
        let (sighash_type, signature) = match (signature.len(), signature.split_last()) {
            (64, _) => (TapSighashType::Default, signature),
            (65, Some((1, signature))) => (TapSighashType::All, signature),
            _ => return Err("does not cover the whole transaction"),
        };
        let signature = schnorr::Signature::from_slice(signature).map_err(|_| "no signature")?;
        let number = usize::try_from(number).map_err(|_| "no such input")?;
        let prevouts = self.prevouts.as_deref().ok_or("the coins of the other inputs are not given")?;
        let prevouts = Prevouts::All(prevouts);
        let digest = match leaf {
            None => self.cache.taproot_key_spend_signature_hash(number, &prevouts, sighash_type),
            Some(leaf) => self.cache.taproot_script_spend_signature_hash(number, &prevouts, leaf, sighash_type),
        };
        let digest = digest.map_err(|_| "no such input")?.to_byte_array();
        self.secp()
            .verify_schnorr(&signature, &Message::from_digest(digest), &key)
            .map_err(|_| "does not verify for this transaction, its amounts and scripts")
    }

    fn secp(&mut self) -> &Secp256k1<VerifyOnly> {
        self.secp.get_or_insert_with(Secp256k1::verification_only)
    }
}
