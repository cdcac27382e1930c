//! The one place where keys meet transactions.
//!
//! It signs the plan that the review made and a quorum approved, input by input, and nothing that a PSBT asks
//! for. It does not check its own work: that is `verify`, which shares no code with it. Floor 4.

mod digests;
mod signatures;

use std::collections::BTreeSet;

use bitcoin::{
    hashes::Hash,
    secp256k1::{All, PublicKey, Secp256k1, SecretKey},
};

use crate::{
    digest::Tagged,
    journal::Recorded,
    policy::Cleared,
    psbt::NewSignature,
    quorum::Approved,
    review::{Finding, PlannedInput, PlannedKey, Spend},
    secret::{KeyError, Master},
    sys,
    wallet::Wallet,
};

use digests::Digests;
use signatures::Tweak;

/// Signatures that nobody checked yet: proof of [`sign`]. It has no bytes.
#[must_use]
pub struct Signed {
    recorded: Recorded<Cleared>,
    signatures: Vec<(u32, NewSignature)>,
}

impl Signed {
    /// What was signed, for [`crate::verify`] alone.
    pub(crate) fn signatures(&self) -> &[(u32, NewSignature)] {
        &self.signatures
    }

    /// The recorded decision.
    pub(crate) const fn recorded(&self) -> &Recorded<Cleared> {
        &self.recorded
    }

    /// Gives both up.
    pub(crate) fn into_parts(self) -> (Recorded<Cleared>, Vec<(u32, NewSignature)>) {
        (self.recorded, self.signatures)
    }
}

/// Why nothing was signed. No signature leaves, of no input.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SignError {
    /// The plan is empty.
    #[error("no input is planned to be signed")]
    NothingToSign,
    /// The approval is of another review, or under another statement.
    #[error("the approval is not of this review")]
    OtherReview,
    /// The plan and the wallets do not belong together.
    #[error("input {input}: the plan does not fit the registered wallets")]
    Plan {
        /// Input, from 0.
        input: u32,
    },
    /// The seed derives another key than the wallet's descriptor.
    #[error("input {input}: the seed does not derive the key that the wallet names")]
    OtherKey {
        /// Input, from 0.
        input: u32,
    },
    /// No digest could be made.
    #[error("input {input}: no digest can be made")]
    Digest {
        /// Input, from 0.
        input: u32,
    },
    /// Two runs gave two signatures. Faulty hardware: the session ends here.
    #[error("input {input}: two runs gave different signatures; do not use this machine")]
    Unequal {
        /// Input, from 0.
        input: u32,
    },
    /// No low R within [`crate::limits::LOW_R_TRIES`].
    #[error("input {input}: no signature with a low R was found")]
    HighR {
        /// Input, from 0.
        input: u32,
    },
    /// A key could not be derived.
    #[error(transparent)]
    Key(#[from] KeyError),
}

/// Signs exactly the plan of the review: all of it or nothing.
///
/// `wallets` are those that the review had, in the same order. Every signature is made twice and compared;
/// ECDSA by RFC6979 with low R, Schnorr by BIP340 with zero auxiliary randomness, so that each can be
/// reproduced. Copies of keys on the stack are overwritten at the end, on every way out.
///
/// # Errors
/// The first of [`SignError`].
pub fn sign(recorded: Recorded<Cleared>, wallets: &[Wallet], master: &Master) -> Result<Signed, SignError> {
    let signatures = sign_plan(&recorded, wallets, master);
    sys::burn_stack();
    let mut signatures = signatures?;
    signatures.sort_by_key(|&(order, _)| order);
    let signatures = signatures.into_iter().map(|((input, _), signature)| (input, signature)).collect();
    Ok(Signed { recorded, signatures })
}

/// Place of a signature in the answer: the input, then the key's place in the input's plan.
type Order = (u32, usize);

/// One signature to be made.
struct Job<'a> {
    order: Order,
    input: &'a PlannedInput,
    key: &'a PlannedKey,
}

#[inline(never)]
fn sign_plan(
    recorded: &Recorded<Cleared>,
    wallets: &[Wallet],
    master: &Master,
) -> Result<Vec<(Order, NewSignature)>, SignError> {
    let approved = recorded.approved();
    if !is_of_its_review(approved) {
        return Err(SignError::OtherReview);
    }
    let reviewed = approved.matter().reviewed();
    let mut jobs = jobs(reviewed.plan())?;
    // One private branch is in memory at a time.
    jobs.sort_by_key(|job| (job.branch(), job.order));
    let mut digests = Digests::new(reviewed);
    let mut signatures = Vec::with_capacity(jobs.len());
    for group in jobs.chunk_by(|one, next| one.branch() == next.branch()) {
        let Some(first) = group.first() else { continue };
        let branch = master.branch(&first.branch_path(wallets)?)?;
        let mut secp = None;
        for job in group {
            let signature = branch.with_child(job.input.index, |secret, public| {
                let secp = secp.get_or_insert_with(|| blinded(secret, recorded));
                job.sign(secp, &mut digests, secret, public)
            })??;
            signatures.push((job.order, signature));
        }
    }
    Ok(signatures)
}

/// Whether what was approved is the review at hand, under the statement that it was made under.
fn is_of_its_review(approved: &Approved<Cleared>) -> bool {
    let cleared = approved.matter();
    let acknowledged: Vec<_> = cleared.warnings().iter().flat_map(Finding::names).collect();
    approved.session().statement == cleared.reviewed().statement()
        && cleared.reviewed().digest(&acknowledged) == cleared.digest()
}

fn jobs(plan: &[PlannedInput]) -> Result<Vec<Job<'_>>, SignError> {
    let mut planned = BTreeSet::new();
    let mut jobs = Vec::new();
    for input in plan {
        if !planned.insert(input.input) || input.keys.is_empty() {
            return Err(SignError::Plan { input: input.input });
        }
        for (place, key) in input.keys.iter().enumerate() {
            jobs.push(Job { order: (input.input, place), input, key });
        }
    }
    if jobs.is_empty() { Err(SignError::NothingToSign) } else { Ok(jobs) }
}

impl Job<'_> {
    /// Wallet, key of the wallet, branch: jobs with the same share a private branch.
    const fn branch(&self) -> (usize, usize, u32) {
        (self.input.wallet, self.key.wallet_key, self.input.branch)
    }

    /// The steps from the master key to the branch.
    fn branch_path(&self, wallets: &[Wallet]) -> Result<Vec<u32>, SignError> {
        let misfit = SignError::Plan { input: self.input.input };
        let wallet = wallets.get(self.input.wallet).ok_or(misfit.clone())?;
        let key = wallet.keys().get(self.key.wallet_key).ok_or(misfit.clone())?;
        if !key.ours || !wallet.branches().contains(&self.input.branch) {
            return Err(misfit);
        }
        Ok(key.origin.iter().copied().chain([self.input.branch]).collect())
    }

    fn sign(
        &self,
        secp: &Secp256k1<All>,
        digests: &mut Digests<'_>,
        secret: &SecretKey,
        public: &PublicKey,
    ) -> Result<NewSignature, SignError> {
        let input = self.input.input;
        if public.serialize() != self.key.public {
            return Err(SignError::OtherKey { input });
        }
        let digest = digests.of(self.input)?;
        match self.input.spend {
            Spend::Legacy { .. } | Spend::SegwitV0 { .. } => {
                let signature = signatures::ecdsa(secp, &digest, secret, input)?;
                Ok(NewSignature::Ecdsa { key: self.key.public, signature })
            }
            Spend::TaprootKey { explicit_all, merkle_root } => {
                let tweak = Tweak::Output(merkle_root);
                let signature = signatures::taproot(secp, &digest, secret, tweak, explicit_all, input)?;
                Ok(NewSignature::TapKey { signature })
            }
            Spend::TaprootLeaf { explicit_all, ref leaf } => {
                let signature = signatures::taproot(secp, &digest, secret, Tweak::None, explicit_all, input)?;
                let key = public.x_only_public_key().0.serialize();
                Ok(NewSignature::TapScript { key, leaf: leaf.hash.to_byte_array(), signature })
            }
        }
    }
}

/// A context blinded by what only this session knows: a key and the journal's head. No signature depends on it.
fn blinded(secret: &SecretKey, recorded: &Recorded<Cleared>) -> Secp256k1<All> {
    let mut secp = Secp256k1::new();
    let bytes = zeroize::Zeroizing::new(secret.secret_bytes());
    let seed = Tagged::new("strongroom/blinding").bytes(recorded.head().as_bytes()).bytes(&*bytes).finish();
    secp.seeded_randomize(&zeroize::Zeroizing::new(seed));
    secp
}

#[cfg(test)]
use crate::journal::frail_store;
#[cfg(test)]
#[path = "../../tests/support/signing_desk.rs"]
pub(crate) mod signing_desk;
#[cfg(test)]
mod tests;
