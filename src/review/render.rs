//! The review in words: a book for a text console.
//!
//! Pure: the caller shows its pages one by one, and lets people approve only after the last. What stands here comes
//! from [`Reviewed`] and the verdict alone. Amounts and addresses are never shortened; nothing has a meaning by
//! its colour alone.

use std::collections::BTreeMap;

use crate::{
    digest::Subject,
    psbt::Place,
    review::{
        Action, Finding, Reviewed,
        page::{Book, Page},
        particulars, places,
        summary::{Approvals, summary},
        transport::Transport,
    },
    text::Room,
};

/// What the policy said, as far as it is shown.
#[derive(Debug, Clone, Copy)]
pub enum Verdict<'v> {
    /// No signature.
    Refused {
        /// Why.
        reasons: &'v [Finding],
        /// What the rules of the policy say.
        rules: &'v Rules,
    },
    /// May be approved, when these are acknowledged.
    Cleared {
        /// Findings that each custodian acknowledges.
        warnings: &'v [Finding],
        /// What ballots approve.
        digest: Subject,
        /// What the rules of the policy say.
        rules: &'v Rules,
    },
}

/// What the rules of the policy say, as far as it is shown. Rules count from 1.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Rules {
    /// The rule that allows or refuses; `None` where none does, and so it is allowed.
    pub decided_by: Option<usize>,
    /// Approvals that a rule asks for, `3` or `all`; `None` where the quorum's are enough.
    pub approvals: Option<String>,
    /// The rule that asks for them.
    pub asked_by: Option<usize>,
    /// All of it in sentences; none where the policy has no rules.
    pub sentences: Vec<String>,
    /// By output that leaves: the policy's destinations that have its address, by name.
    pub destinations: BTreeMap<usize, Vec<String>>,
}

impl<'v> Verdict<'v> {
    pub(super) const fn findings(&self) -> &'v [Finding] {
        match self {
            Self::Refused { reasons, .. } => reasons,
            Self::Cleared { warnings, .. } => warnings,
        }
    }

    /// What the rules of the policy say.
    #[must_use]
    pub const fn rules(&self) -> &'v Rules {
        match self {
            Self::Refused { rules, .. } | Self::Cleared { rules, .. } => rules,
        }
    }

    pub(super) const fn refuses(&self) -> bool {
        matches!(self, Self::Refused { .. })
    }

    /// What a finding comes to.
    pub(super) fn word(&self, finding: &Finding) -> &'static str {
        match self {
            Self::Refused { reasons, .. } if reasons.contains(finding) => "REFUSED",
            Self::Refused { .. } | Self::Cleared { .. } if finding.action == Action::Show => "note",
            Self::Refused { .. } | Self::Cleared { .. } => "WARNING",
        }
    }
}

/// The whole review: tampering if there is any, refusals or warnings, what it does, rules of the policy, outputs,
/// inputs, facts, the journal. `transport` is how the PSBT came, where that is known.
#[must_use]
pub fn book(
    reviewed: &Reviewed,
    verdict: Verdict<'_>,
    approvals: Option<&Approvals<'_>>,
    transport: Option<&Transport>,
) -> Book {
    let facts = reviewed.facts();
    let mut book = alarm(verdict);
    findings(verdict, &mut book);
    summary(reviewed, verdict, approvals, &mut book);
    policy(verdict.rules(), &mut book);
    let remarks = remarks(reviewed, verdict);
    let at = |place: Place| remarks.get(&place).cloned().unwrap_or_default();
    places::outputs(facts, verdict.rules(), &|number| at(Place::Output(number)), &mut book);
    places::inputs(facts, &|number| at(Place::Input(number)), &mut book);
    particulars::transaction(reviewed, verdict, transport, &mut book);
    particulars::notes(reviewed, verdict, &mut book);
    particulars::history(facts, &mut book);
    places::long_scripts(facts, &mut book);
    book
}

/// All pages on the smallest console.
#[must_use]
pub fn pages(reviewed: &Reviewed, verdict: Verdict<'_>) -> Vec<Page> {
    book(reviewed, verdict, None, None).pages(Room::CONSOLE)
}

/// A chapter of its own for what only tampering explains; a book without chapters where nobody tampered.
#[must_use]
pub fn alarm(verdict: Verdict<'_>) -> Book {
    let mut book = Book::default();
    let fraud: Vec<&Finding> = verdict.findings().iter().filter(|finding| finding.fraud).collect();
    if !fraud.is_empty() {
        book.start("SOMEONE TAMPERED WITH THIS TRANSACTION");
        book.line(
            "This PSBT says things about your coins that are not true. It is not an ordinary mistake of a wallet. \
             Nothing is signed. Keep the file, and find out which machine it came from before you sign anything else.",
        );
        book.line("");
    }
    for finding in fraud {
        one_finding(finding, &mut book);
    }
    book
}

fn findings(verdict: Verdict<'_>, book: &mut Book) {
    let others = verdict.findings().iter().filter(|finding| !finding.fraud);
    match verdict {
        Verdict::Refused { .. } => book.start("REFUSED: nothing will be signed"),
        Verdict::Cleared { warnings, .. } => {
            book.start(&format!("WARNINGS: {} to acknowledge, each by name", warnings.len()));
        }
    }
    for finding in others {
        one_finding(finding, book);
    }
}

/// O11: which rules of the policy fit, and which of them decides.
fn policy(rules: &Rules, book: &mut Book) {
    if rules.sentences.is_empty() {
        return;
    }
    book.start("THE RULES OF THE POLICY");
    for sentence in &rules.sentences {
        book.keep(|part| part.wrapped(0, sentence));
    }
}

fn one_finding(finding: &Finding, book: &mut Book) {
    book.keep(|part| {
        part.wrapped(0, &format!("{}  {}: {}", finding.rule, finding.place_words(), finding.text));
        if !finding.remedy.is_empty() {
            part.wrapped(5, &format!("what to do: {}", finding.remedy));
        }
        if let Action::RefuseUnless(permission) = finding.action {
            part.wrapped(5, &format!("a policy may allow it: `{}`; this one does not", permission.key()));
        }
    });
    // The first may be the most harmless of them.
    for (places, text) in finding.sentences() {
        book.keep(|part| part.wrapped(5, &format!("{places}: {text}")));
    }
}

/// What was found at each place, as words.
fn remarks(reviewed: &Reviewed, verdict: Verdict<'_>) -> BTreeMap<Place, Vec<String>> {
    let mut remarks: BTreeMap<Place, Vec<String>> = BTreeMap::new();
    for finding in reviewed.findings() {
        let word = verdict.word(finding);
        let mut say = |place: Place, text: &str| {
            remarks.entry(place).or_default().push(format!("{word} {}: {text}", finding.rule));
        };
        if finding.covers.is_empty() {
            say(finding.place, &finding.text);
        }
        finding.covers.iter().for_each(|(place, text)| say(*place, text));
    }
    remarks
}
