//! A finding: one rule, one place, one sentence.

use crate::{psbt::Place, review::rules};

/// What a rule does when it fires.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Action {
    /// No signature, no override.
    Refuse,
    /// Refused unless the policy has this permission; then acknowledged.
    RefuseUnless(Permission),
    /// Each custodian acknowledges it by name.
    Acknowledge,
    /// Shown.
    Show,
}

impl Action {
    /// The word for it in JSON.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Refuse => "refuse",
            Self::RefuseUnless(_) => "refuse-unless",
            Self::Acknowledge => "acknowledge",
            Self::Show => "show",
        }
    }
}

/// What a policy may allow; each is a key of the policy's `[allow]` table, off unless set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Permission {
    /// `foreign_inputs` (I09, U04 of a foreign input)
    ForeignInputs,
    /// `unproven_amounts` (U06)
    UnprovenAmounts,
    /// `mixed_wallets` (I08)
    MixedWallets,
    /// `more_signatures` (I22)
    MoreSignatures,
    /// `op_return_value` (O02)
    OpReturnValue,
}

impl Permission {
    /// All of them, in the order in which a policy is read out.
    pub const ALL: [Self; 5] =
        [Self::ForeignInputs, Self::UnprovenAmounts, Self::MixedWallets, Self::MoreSignatures, Self::OpReturnValue];

    /// Its key in the policy's `[allow]` table.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::ForeignInputs => "foreign_inputs",
            Self::UnprovenAmounts => "unproven_amounts",
            Self::MixedWallets => "mixed_wallets",
            Self::MoreSignatures => "more_signatures",
            Self::OpReturnValue => "op_return_value",
        }
    }
}

/// One finding of a review.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The rule's id: "U01".
    pub rule: &'static str,
    /// What it does.
    pub action: Action,
    /// Where.
    pub place: Place,
    /// What was found, with both sides of a comparison. Printable.
    pub text: String,
    /// What to do.
    pub remedy: &'static str,
    /// Whether it shows that somebody tampered (a screen of its own).
    pub fraud: bool,
}

/// The place in words: `transaction`, `input 3`, `output 0`.
#[must_use]
pub fn place_words(place: Place) -> String {
    match place {
        Place::Whole => "transaction".to_owned(),
        Place::Input(input) => format!("input {input}"),
        Place::Output(output) => format!("output {output}"),
    }
}

/// The place's scope code and index in hashes.
#[must_use]
pub const fn place_codes(place: Place) -> (u8, u32) {
    match place {
        Place::Whole => (0, u32::MAX),
        Place::Input(input) => (1, input),
        Place::Output(output) => (2, output),
    }
}

/// What the rules found so far.
#[derive(Debug, Default)]
pub(super) struct Findings(Vec<Finding>);

impl Findings {
    pub(super) fn refuse(&mut self, rule: &'static str, place: Place, text: impl Into<String>, remedy: &'static str) {
        self.add(rule, Action::Refuse, place, text.into(), remedy);
    }

    pub(super) fn unless(
        &mut self,
        permission: Permission,
        rule: &'static str,
        place: Place,
        text: impl Into<String>,
        remedy: &'static str,
    ) {
        self.add(rule, Action::RefuseUnless(permission), place, text.into(), remedy);
    }

    pub(super) fn ask(&mut self, rule: &'static str, place: Place, text: impl Into<String>, remedy: &'static str) {
        self.add(rule, Action::Acknowledge, place, text.into(), remedy);
    }

    pub(super) fn show(&mut self, rule: &'static str, place: Place, text: impl Into<String>) {
        self.add(rule, Action::Show, place, text.into(), "");
    }

    pub(super) fn into_vec(self) -> Vec<Finding> {
        self.0
    }

    fn add(&mut self, rule: &'static str, action: Action, place: Place, text: String, remedy: &'static str) {
        let fraud = action == Action::Refuse && rules::is_fraud(rule);
        self.0.push(Finding { rule, action, place, text, remedy, fraud });
    }
}
