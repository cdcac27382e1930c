//! Checks every signature with a second sighash implementation, from the bytes that would leave.
//!
//! It shares no code with `sign` and believes neither the plan nor the signer: coin, script, key and digest are
//! read anew. Nothing but [`Released`] has bytes, and only a closed journal releases. Floor 4.

mod checker;
mod encoding;
mod keys;
mod leaf;
mod pairs;
mod script;
pub mod sighash;

use bitcoin::hashes::Hash;

use crate::{
    journal::{JournalError, Pen, Recorded, close_signed},
    policy::Cleared,
    port::Store,
    psbt::{self, NewSignature, ParseError, Parsed},
    review::{Finding, PlannedInput, Spend},
    secret::StatementKey,
    sign::Signed,
};

pub use checker::{Checker, SignatureFault, Valid, signature_check};

use checker::Derived;
use leaf::Shown;
use pairs::Maps;

/// Most bytes of an ECDSA signature with low R and low S, with its sighash byte.
const ECDSA_BYTES: usize = 71;

/// A signature and the input that it is for.
type Made = (u32, NewSignature);

/// Proof of [`verify`]: every planned signature verifies, and nothing else was added. It has no public bytes;
/// they leave through [`release`], after the journal's closing line.
#[must_use]
pub struct Verified {
    recorded: Recorded<Cleared>,
    full: Vec<u8>,
    trimmed: Vec<u8>,
}

impl Verified {
    /// The recorded decision.
    pub const fn recorded(&self) -> &Recorded<Cleared> {
        &self.recorded
    }
}

/// Why nothing leaves. Each of them is a failed self-check (exit code 4).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VerifyError {
    /// The review at hand is no longer the one that was approved.
    #[error("the review changed while it was signed; do not use this machine")]
    OtherReview,
    /// The signatures are not those of the plan, one for each planned key.
    #[error("input {input}: the signatures are not those that were planned")]
    Plan {
        /// Input, from 0.
        input: u32,
    },
    /// The result cannot be read again.
    #[error("the signed PSBT cannot be read again: {0}")]
    Unreadable(#[from] ParseError),
    /// The result differs from what came in by more than the signatures.
    #[error("the signed PSBT differs from the one that was reviewed by more than its signatures")]
    Altered,
    /// The trimmed form holds something else than the transaction and the signatures.
    #[error("the trimmed PSBT holds something else than the transaction and its signatures")]
    Trimmed,
    /// A signature does not count.
    #[error("input {input}: a signature is not right: {fault}")]
    Signature {
        /// Input, from 0.
        input: u32,
        /// What is wrong.
        fault: SignatureFault,
    },
    /// A signature verifies, but is not of the form that this program makes.
    #[error("input {input}: a signature has another sighash type or length than planned")]
    Form {
        /// Input, from 0.
        input: u32,
    },
}

/// Puts the signatures into the PSBT, reads the result again, and verifies each signature in it.
///
/// # Errors
/// The first of [`VerifyError`]; then nothing leaves.
pub fn verify(signed: Signed) -> Result<Verified, VerifyError> {
    let (full, trimmed) = check(signed.recorded().approved().matter(), signed.signatures())?;
    let (recorded, _) = signed.into_parts();
    Ok(Verified { recorded, full, trimmed })
}

/// Signatures that may leave: proof of [`release`].
#[must_use]
pub struct Released {
    full: Vec<u8>,
    trimmed: Vec<u8>,
}

impl Released {
    /// The PSBT that came in, every byte of it, with the signatures.
    #[must_use]
    pub fn full(&self) -> &[u8] {
        &self.full
    }

    /// The unsigned transaction and the signatures alone, as a PSBT.
    #[must_use]
    pub fn trimmed(&self) -> &[u8] {
        &self.trimmed
    }
}

/// Writes the journal's closing line, signed by the statement key and durable, and only then gives the bytes.
///
/// # Errors
/// The line could not be written; then the signatures are dropped.
pub fn release(
    verified: Verified,
    pen: &mut Pen,
    store: &mut dyn Store,
    key: &StatementKey,
) -> Result<Released, JournalError> {
    close_signed(&verified.recorded, &|digest| key.sign(digest), pen, store)?;
    Ok(Released { full: verified.full, trimmed: verified.trimmed })
}

/// The full and the trimmed PSBT.
fn check(cleared: &Cleared, signatures: &[Made]) -> Result<(Vec<u8>, Vec<u8>), VerifyError> {
    let reviewed = cleared.reviewed();
    let original = reviewed.parsed();
    let acknowledged: Vec<_> = cleared.warnings().iter().flat_map(Finding::names).collect();
    if reviewed.digest(&acknowledged) != cleared.digest() {
        return Err(VerifyError::OtherReview);
    }
    let full = psbt::parse(psbt::splice(original, signatures))?;
    let trimmed = psbt::parse(psbt::trimmed(original, signatures))?;
    only_signatures_added(original, &full, &trimmed, signatures)?;
    let checker = Checker::new(&full);
    let mut left = signatures;
    for planned in reviewed.plan() {
        let ours;
        (ours, left) = split_input(left, planned.input);
        check_input(&checker, &full, planned, ours)?;
    }
    match left.first() {
        Some(&(input, _)) => Err(VerifyError::Plan { input }),
        None => Ok((full.bytes().to_vec(), trimmed.bytes().to_vec())),
    }
}

fn only_signatures_added(
    original: &Parsed,
    full: &Parsed,
    trimmed: &Parsed,
    signatures: &[Made],
) -> Result<(), VerifyError> {
    let maps = |parsed: &'_ Parsed| (parsed.inputs().len(), parsed.outputs().len());
    let (inputs, outputs) = maps(original);
    let read = |bytes| Maps::read(bytes, inputs, outputs);
    let before = read(original.bytes()).ok_or(VerifyError::Altered)?;
    let after = read(full.bytes()).ok_or(VerifyError::Altered)?;
    if !after.is_with(&before, signatures) || full.transaction() != original.transaction() {
        return Err(VerifyError::Altered);
    }
    let short = read(trimmed.bytes()).ok_or(VerifyError::Trimmed)?;
    if !short.is_trimmed(&before, signatures) || trimmed.transaction() != original.transaction() {
        return Err(VerifyError::Trimmed);
    }
    Ok(())
}

/// The signatures of `input` at the start of `left`, and the others.
fn split_input(left: &[Made], input: u32) -> (&[Made], &[Made]) {
    let count = left.iter().take_while(|(other, _)| *other == input).count();
    left.split_at_checked(count).unwrap_or((left, &[]))
}

/// One signature for each planned key, as the re-read PSBT has it.
fn check_input(checker: &Checker<'_>, full: &Parsed, planned: &PlannedInput, made: &[Made]) -> Result<(), VerifyError> {
    let input = planned.input;
    let misfit = VerifyError::Plan { input };
    if made.len() != planned.keys.len() {
        return Err(misfit);
    }
    for (key, (_, made)) in planned.keys.iter().zip(made) {
        let signature = reread(full, input, made).ok_or(misfit.clone())?;
        let (derived, form) = match (&planned.spend, &signature) {
            (
                Spend::Legacy { script_code } | Spend::SegwitV0 { script_code, .. },
                NewSignature::Ecdsa { key: signer, .. },
            ) if *signer == key.public => (Derived::Script(script_code), Form::Ecdsa),
            (Spend::TaprootKey { explicit_all, .. }, NewSignature::TapKey { .. }) => {
                (Derived::Nothing, Form::schnorr(*explicit_all))
            }
            (Spend::TaprootLeaf { explicit_all, leaf: own }, NewSignature::TapScript { key: signer, leaf, .. })
                if key.public.get(1..) == Some(signer) && own.hash.as_byte_array() == leaf =>
            {
                let shown = Shown { script: &own.script, control: &own.control_block };
                (Derived::Leaf(shown), Form::schnorr(*explicit_all))
            }
            (
                Spend::Legacy { .. } | Spend::SegwitV0 { .. } | Spend::TaprootKey { .. } | Spend::TaprootLeaf { .. },
                _,
            ) => return Err(misfit),
        };
        let valid =
            checker.check_with(input, &signature, derived).map_err(|fault| VerifyError::Signature { input, fault })?;
        if !form.fits(valid) {
            return Err(VerifyError::Form { input });
        }
    }
    Ok(())
}

/// The forms of signatures that this program makes.
#[derive(Clone, Copy)]
enum Form {
    Ecdsa,
    SchnorrDefault,
    SchnorrAll,
}

impl Form {
    const fn schnorr(explicit_all: bool) -> Self {
        if explicit_all { Self::SchnorrAll } else { Self::SchnorrDefault }
    }

    const fn fits(self, valid: Valid) -> bool {
        match self {
            Self::Ecdsa => valid.sighash == 1 && valid.low_r && valid.bytes <= ECDSA_BYTES,
            // The type says the length: DEFAULT has no byte, any other has one.
            Self::SchnorrDefault => valid.sighash == 0,
            Self::SchnorrAll => valid.sighash == 1,
        }
    }
}

/// The signature that the re-read PSBT holds in the place of `made`.
fn reread(full: &Parsed, input: u32, made: &NewSignature) -> Option<NewSignature> {
    let map = full.inputs().get(usize::try_from(input).ok()?)?;
    match made {
        NewSignature::Ecdsa { key, .. } => {
            let (_, signature) = map.partial_sigs.iter().find(|(signer, _)| signer.as_slice() == key)?;
            Some(NewSignature::Ecdsa { key: *key, signature: signature.clone() })
        }
        NewSignature::TapKey { .. } => Some(NewSignature::TapKey { signature: map.tap_key_sig.clone()? }),
        NewSignature::TapScript { key, leaf, .. } => {
            let both = [key.as_slice(), leaf].concat();
            let (_, signature) = map.tap_script_sigs.iter().find(|(signer, _)| signer.as_slice() == both)?;
            Some(NewSignature::TapScript { key: *key, leaf: *leaf, signature: signature.clone() })
        }
    }
}

#[cfg(test)]
mod tests;
