//! The verdict: findings and policy to a cleared transaction or a refusal.

use super::Policy;
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
}

impl Cleared {
    /// The review.
    pub const fn reviewed(&self) -> &Reviewed {
        &self.reviewed
    }

    /// Findings that each custodian acknowledges, sorted by id, scope, index; one a rule and place.
    #[must_use]
    pub fn warnings(&self) -> &[Finding] {
        &self.warnings
    }

    /// The digest that ballots approve, over all warnings.
    #[must_use]
    pub const fn digest(&self) -> Subject {
        self.digest
    }

    /// The verdict as it is shown.
    #[must_use]
    pub fn verdict(&self) -> Verdict<'_> {
        Verdict::Cleared { warnings: &self.warnings, digest: self.digest }
    }
}

/// A refusal, with the review for display and journal.
pub struct Refused {
    /// The review.
    pub reviewed: Reviewed,
    /// Why: the findings that refuse, sorted by id, scope, index. Never empty.
    pub reasons: Vec<Finding>,
}

impl Refused {
    /// The verdict as it is shown.
    #[must_use]
    pub fn verdict(&self) -> Verdict<'_> {
        Verdict::Refused { reasons: &self.reasons }
    }

    /// Whether somebody tampered.
    #[must_use]
    pub fn is_fraud(&self) -> bool {
        self.reasons.iter().any(|reason| reason.fraud)
    }
}

/// Decides: any refusal stops the whole PSBT; what the policy permits becomes a warning.
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
    sort(&mut reasons);
    sort(&mut warnings);
    if !reasons.is_empty() {
        return Err(Box::new(Refused { reviewed, reasons }));
    }
    // One name is acknowledged once: what else was found by the same rule at the same place is told with it.
    warnings.dedup_by(|later, first| {
        let same = later.rule == first.rule && later.place == first.place;
        if same && later.text != first.text {
            first.text.push_str("; ");
            first.text.push_str(&later.text);
        }
        same
    });
    let named: Vec<(&'static str, Place)> = warnings.iter().map(|finding| (finding.rule, finding.place)).collect();
    let digest = reviewed.digest(&named);
    Ok(Cleared { reviewed, warnings, digest })
}

fn sort(findings: &mut [Finding]) {
    findings.sort_by(|a, b| a.rule.cmp(b.rule).then(a.place.cmp(&b.place)));
}
