//! The verdict: findings and policy to a cleared transaction or a refusal.

use super::{Approvals, Policy, Ruling, ruling};
use crate::{
    digest::Subject,
    psbt::Place,
    review::{Action, Finding, Reviewed, Verdict},
};

/// Proof of [`judge`]: nothing refuses. Knows which warnings are to be acknowledged.
#[must_use]
pub struct Cleared {
    reviewed: Reviewed,
    warnings: Vec<Finding>,
    digest: Subject,
    ruling: Ruling,
}

impl Cleared {
    /// The review.
    pub const fn reviewed(&self) -> &Reviewed {
        &self.reviewed
    }

    /// Findings that each custodian acknowledges, sorted by id, scope, index; one a decision, which names its places.
    #[must_use]
    pub fn warnings(&self) -> &[Finding] {
        &self.warnings
    }

    /// The digest that ballots approve, over all warnings.
    #[must_use]
    pub const fn digest(&self) -> Subject {
        self.digest
    }

    /// What the policy's rules say.
    #[must_use]
    pub const fn ruling(&self) -> &Ruling {
        &self.ruling
    }

    /// Approvals that a rule of the policy asks for; `None` where the quorum's are enough.
    #[must_use]
    pub fn approvals(&self) -> Option<Approvals> {
        self.ruling.asked().map(|(approvals, _)| approvals)
    }

    /// The verdict as it is shown.
    #[must_use]
    pub fn verdict(&self) -> Verdict<'_> {
        Verdict::Cleared { warnings: &self.warnings, digest: self.digest, rules: self.ruling.shown() }
    }
}

/// A refusal, with the review for display and journal.
pub struct Refused {
    /// The review.
    pub reviewed: Reviewed,
    /// Why: the findings that refuse, sorted by id, scope, index. Never empty.
    pub reasons: Vec<Finding>,
    /// What the policy's rules say.
    pub ruling: Ruling,
}

impl Refused {
    /// The verdict as it is shown.
    #[must_use]
    pub fn verdict(&self) -> Verdict<'_> {
        Verdict::Refused { reasons: &self.reasons, rules: self.ruling.shown() }
    }

    /// Whether somebody tampered.
    #[must_use]
    pub fn is_fraud(&self) -> bool {
        self.reasons.iter().any(|reason| reason.fraud)
    }
}

/// Decides: any refusal stops the whole PSBT; what the policy permits becomes a warning; its rules are read in order.
///
/// # Errors
/// The refusal, with its reasons.
pub fn judge(reviewed: Reviewed, policy: &Policy) -> Result<Cleared, Box<Refused>> {
    let mut reasons = Vec::new();
    let mut warnings: Vec<Finding> = Vec::new();
    if reviewed.caps() != policy.caps() {
        reasons.push(Finding {
            rule: "G01",
            action: Action::Refuse,
            place: Place::Whole,
            covers: Vec::new(),
            several: false,
            text: "the review was made with other caps than the policy has".to_owned(),
            remedy: "review again under the policy in force",
            fraud: false,
        });
    }
    for finding in reviewed.findings() {
        match finding.action {
            Action::Refuse => reasons.push(finding.clone()),
            Action::RefuseUnless(permission) if policy.allows(permission) => {
                warnings.push(Finding { action: Action::Acknowledge, ..finding.clone() });
            }
            Action::RefuseUnless(_) => reasons.push(finding.clone()),
            Action::Acknowledge => warnings.push(finding.clone()),
            Action::Show => {}
        }
    }
    let ruling = ruling::rule(&reviewed, policy);
    reasons.extend(ruling.finding());
    sort(&mut reasons);
    sort(&mut warnings);
    if !reasons.is_empty() {
        return Err(Box::new(Refused { reviewed, reasons, ruling }));
    }
    // One name is acknowledged once: what else was found by the same rule at the same places is told with it.
    warnings.dedup_by(|later, first| {
        let same = later.rule == first.rule && later.places().eq(first.places());
        if same && later.text != first.text {
            first.text.push_str("; ");
            first.text.push_str(&later.text);
        }
        same
    });
    let named: Vec<(&'static str, Place)> = warnings.iter().flat_map(Finding::names).collect();
    let digest = reviewed.digest(&named);
    Ok(Cleared { reviewed, warnings, digest, ruling })
}

fn sort(findings: &mut [Finding]) {
    findings.sort_by(|a, b| a.rule.cmp(b.rule).then(a.place.cmp(&b.place)));
}
