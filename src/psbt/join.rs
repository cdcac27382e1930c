//! Joining what several signers returned: signatures, and nothing else.
//!
//! Floor 1. Own, because others' combiners overwrite or drop: here a signature is verified before it goes in,
//! two values for one key are refused, and any order of the same PSBTs gives the same bytes.

use std::collections::BTreeMap;

use super::{Input, NewSignature, ParseError, Parsed, SignatureCheck, splice};

/// Why PSBTs do not go together. PSBTs are counted from 1 in the order given, the base first.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum JoinError {
    /// Another unsigned transaction.
    #[error("PSBT {psbt} is of another transaction than PSBT 1; join only what was signed from one PSBT")]
    OtherTransaction {
        /// The PSBT.
        psbt: usize,
    },
    /// An input is finished, its signatures cannot be told any more.
    #[error("PSBT {psbt}, input {input}: it is final already; join before anything is finalised")]
    Final {
        /// The PSBT.
        psbt: usize,
        /// The input.
        input: u32,
    },
    /// Two sighash types for one input.
    #[error("PSBT {psbt}, input {input}: it asks for another sighash type than PSBT {first}; sign from one PSBT")]
    SighashType {
        /// The PSBT that said so first.
        first: usize,
        /// The PSBT that differs.
        psbt: usize,
        /// The input.
        input: u32,
    },
    /// Two signatures for one key.
    #[error(
        "PSBT {psbt}, input {input}: its signature for a key differs from that of PSBT {first}; sign again with the \
         signer that made the wrong one"
    )]
    Conflict {
        /// The PSBT that held one first.
        first: usize,
        /// The PSBT that differs.
        psbt: usize,
        /// The input.
        input: u32,
    },
    /// A signature by an uncompressed key.
    #[error("PSBT {psbt}, input {input}: a signature by an uncompressed key, which this program does not join")]
    Uncompressed {
        /// The PSBT.
        psbt: usize,
        /// The input.
        input: u32,
    },
    /// A signature that does not verify.
    #[error("PSBT {psbt}, input {input}: a signature does not verify; leave this PSBT out and sign again")]
    Invalid {
        /// The PSBT.
        psbt: usize,
        /// The input.
        input: u32,
    },
    /// The result breaks a limit.
    #[error("the joined PSBT breaks a limit: {0}")]
    Result(ParseError),
}

/// Adds the signatures (0x02, 0x13, 0x14) of `others` to `base`, or to the first of them that knows what every
/// input spends, where `base` does not. Nothing else is taken over. `check` is asked once about each signature,
/// those of `base` too.
///
/// # Errors
/// [`JoinError`]; then nothing is joined.
pub fn join(base: &Parsed, others: &[Parsed], check: &SignatureCheck<'_>) -> Result<Vec<u8>, JoinError> {
    let all = || (1_usize..).zip(std::iter::once(base).chain(others));
    for (psbt, parsed) in all() {
        if parsed.transaction_bytes() != base.transaction_bytes() {
            return Err(JoinError::OtherTransaction { psbt });
        }
    }
    let mut sighash_types: BTreeMap<u32, (usize, u32)> = BTreeMap::new();
    let mut signatures: BTreeMap<(u32, Vec<u8>), (usize, NewSignature)> = BTreeMap::new();
    for (psbt, parsed) in all() {
        for (index, input) in (0_u32..).zip(parsed.inputs()) {
            if input.is_final() {
                return Err(JoinError::Final { psbt, input: index });
            }
            if let Some(sighash_type) = input.sighash_type {
                let &mut (first, known) = sighash_types.entry(index).or_insert((psbt, sighash_type));
                if known != sighash_type {
                    return Err(JoinError::SighashType { first, psbt, input: index });
                }
            }
            let own = signatures_of(input).ok_or(JoinError::Uncompressed { psbt, input: index })?;
            for signature in own {
                let (first, known) =
                    signatures.entry((index, signature.raw_key())).or_insert_with(|| (psbt, signature.clone()));
                if *known != signature {
                    return Err(JoinError::Conflict { first: *first, psbt, input: index });
                }
            }
        }
    }
    let knows_utxos = |parsed: &Parsed| {
        parsed.inputs().iter().all(|input| input.previous_tx.is_some() || input.witness_utxo.is_some())
    };
    let carrier = all().map(|(_, parsed)| parsed).find(|parsed| knows_utxos(parsed)).unwrap_or(base);
    let mut added = Vec::new();
    for ((input, _), (psbt, signature)) in signatures {
        if !check(carrier, input, &signature) {
            return Err(JoinError::Invalid { psbt, input });
        }
        added.push((input, signature));
    }
    let joined = splice(carrier, &added);
    super::parse(joined.clone()).map_err(JoinError::Result)?;
    Ok(joined)
}

/// The signatures of an input; `None` where a key is uncompressed.
fn signatures_of(input: &Input) -> Option<Vec<NewSignature>> {
    let mut out = Vec::new();
    for (key, signature) in &input.partial_sigs {
        out.push(NewSignature::Ecdsa { key: key.as_slice().try_into().ok()?, signature: signature.clone() });
    }
    if let Some(signature) = &input.tap_key_sig {
        out.push(NewSignature::TapKey { signature: signature.clone() });
    }
    for (both, signature) in &input.tap_script_sigs {
        let (key, leaf) = both.split_at(32);
        out.push(NewSignature::TapScript {
            key: key.try_into().ok()?,
            leaf: leaf.try_into().ok()?,
            signature: signature.clone(),
        });
    }
    Some(out)
}
