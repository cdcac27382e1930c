//! The page that says what a transaction does: all of it on one screen of 80 by 24, with sums that add up on it.

use crate::{
    review::{
        Action, Class, Facts, Finding, Proof, Reviewed, Rules, Totals, Verdict,
        fee::{rate_words, share_words},
        page::{Book, Part},
        places::class_words,
    },
    text::{Name, btc, count, grouped_number, in_rows},
    wallet::Kind,
};

/// Wallets that pay and are named here; where there are more, each stands with its inputs.
const NAMED: usize = 2;
/// Words of the digest that people compare.
const WORDS: usize = 8;

/// How far the approval of a transaction is.
#[derive(Debug, Clone, Copy)]
pub struct Approvals<'a> {
    /// Who has approved.
    pub given: &'a [Name],
    /// How many it needs.
    pub needed: usize,
    /// How many custodians there are.
    pub custodians: usize,
}

/// The chapter, of one part.
pub(super) fn summary(reviewed: &Reviewed, verdict: Verdict<'_>, approvals: Option<&Approvals<'_>>, book: &mut Book) {
    let facts = reviewed.facts();
    book.start("WHAT THIS TRANSACTION DOES");
    book.keep(|part| {
        part.field("network", &network_words(facts));
        wallets(facts, part);
        findings(reviewed, verdict, part);
        match &facts.totals {
            Some(totals) => sums(facts, totals, part),
            None => part.field("totals", "unknown: the amounts do not add up, or are not given"),
        }
        let ours = facts.inputs.iter().filter(|input| input.ours.is_some()).count();
        let foreign = facts.inputs.len().saturating_sub(ours);
        part.field("inputs", &format!("{} ours, {} foreign", number(ours), number(foreign)));
        part.field("outputs", &classes(facts));
        // The txid of a transaction with inputs before segwit changes when they are signed.
        part.field(if facts.txid_final { "txid, final" } else { "txid so far" }, &facts.txid.to_string());
        if let Verdict::Cleared { digest, .. } = verdict {
            if let Some(approvals) = approvals {
                part.field("approvals", &approval_words(approvals, verdict.rules()));
            }
            for (row, name) in in_rows(&digest.words(WORDS)).iter().zip(["review", ""]) {
                part.field(name, row);
            }
        }
    });
}

fn network_words(facts: &Facts) -> String {
    let name = facts.network.name();
    if facts.network.is_mainnet() {
        format!("{} (real coins)", name.to_uppercase())
    } else {
        format!("{name} (test coins)")
    }
}

/// The wallets that pay, each with its script type and the checksum of its descriptor.
fn wallets(facts: &Facts, part: &mut Part) {
    let mut numbers: Vec<usize> = facts.inputs.iter().filter_map(|input| Some(input.ours?.0)).collect();
    numbers.sort_unstable();
    numbers.dedup();
    if numbers.is_empty() {
        part.field("wallet", "none of this vault's wallets pays");
    }
    for wallet in numbers.iter().take(NAMED).filter_map(|number| facts.wallets.get(*number)) {
        let kind = kind_words(wallet.kind, wallet.keys);
        // A multisig has its quorum in its kind.
        let quorum = match wallet.kind {
            Kind::ShScript | Kind::ShWshScript | Kind::WshScript | Kind::TrTree => format!(", {}", wallet.quorum),
            Kind::Pkh | Kind::ShWpkh | Kind::Wpkh | Kind::Tr | Kind::Sh(_) | Kind::ShWsh(_) | Kind::Wsh(_) => {
                String::new()
            }
        };
        part.field("wallet", &format!("{}: {kind}{quorum} #{}", wallet.name, wallet.checksum));
    }
    let more = numbers.len().saturating_sub(NAMED);
    if more > 0 {
        part.field("", &format!("and {}: each is named with its inputs", count(more, "other wallet")));
    }
}

/// A script type in words.
pub(super) fn kind_words(kind: Kind, keys: usize) -> String {
    let (name, multi) = match kind {
        Kind::Pkh => ("pkh", None),
        Kind::ShWpkh => ("sh-wpkh", None),
        Kind::Wpkh => ("wpkh", None),
        Kind::Tr => ("taproot, key path", None),
        Kind::Sh(multi) => ("sh", Some(multi)),
        Kind::ShWsh(multi) => ("sh-wsh", Some(multi)),
        Kind::Wsh(multi) => ("wsh", Some(multi)),
        Kind::ShScript => ("miniscript in sh", None),
        Kind::ShWshScript => ("miniscript in sh-wsh", None),
        Kind::WshScript => ("miniscript in wsh", None),
        Kind::TrTree => ("taproot with leaves", None),
    };
    match multi {
        None => name.to_owned(),
        Some(multi) => format!("{name}, {} of {keys}{}", multi.threshold, if multi.sorted { ", sorted" } else { "" }),
    }
}

/// What was found, before any amount. That there is nothing is said, too.
fn findings(reviewed: &Reviewed, verdict: Verdict<'_>, part: &mut Part) {
    match verdict {
        Verdict::Refused { reasons, .. } => {
            part.field("verdict", &format!("REFUSED by {}: nothing will be signed", rules(reasons)));
        }
        Verdict::Cleared { warnings: [], .. } => part.field("warnings", "none: no rule asks for an acknowledgement"),
        Verdict::Cleared { warnings, .. } => {
            part.field("warnings", &format!("{} to acknowledge: {}", warnings.len(), rules(warnings)));
        }
    }
    let notes = reviewed.findings().iter().filter(|finding| finding.action == Action::Show).count();
    if notes > 0 {
        let notes = count(notes, "note");
        // What was decided once must not look new.
        let words = match reviewed.facts().signed_before {
            Some(line) => format!("{notes}; G12: signed before, in line {line} of the journal"),
            None => format!("{notes}, each where it belongs"),
        };
        part.field("", &words);
    }
}

fn rules(findings: &[Finding]) -> String {
    let mut ids: Vec<&str> = findings.iter().map(|finding| finding.rule).collect();
    ids.sort_unstable();
    ids.dedup();
    ids.join(", ")
}

/// The amounts as a sum that anyone can add up again: `inputs = external + fee + change + to ourselves`.
fn sums(facts: &Facts, totals: &Totals, part: &mut Part) {
    let claimed = facts.inputs.iter().any(|input| input.proof == Proof::Claimed);
    let mut rows = vec![("you send", ' ', totals.external, false)];
    if totals.other_wallets > 0 {
        rows.push(("of it, yours", ' ', totals.other_wallets, false));
    }
    rows.extend([
        ("fee", '+', totals.fee, claimed),
        ("leaves", '=', totals.leaves, claimed),
        ("change", '+', totals.change, false),
        ("to yourself", '+', totals.self_transfer, false),
        ("all inputs", '=', totals.inputs, claimed),
    ]);
    let widest = |words: fn(u64) -> String| rows.iter().map(|(_, _, sat, _)| words(*sat).len()).max().unwrap_or(0);
    let (btc_columns, sat_columns) = (widest(btc), widest(grouped_number));
    for (name, sign, sat, claimed_only) in rows {
        // "claimed" stands before the number that it is about.
        let word = match (claimed, claimed_only) {
            (false, _) => "",
            (true, true) => "claimed ",
            (true, false) => "        ",
        };
        let (whole, small) = (btc(sat), grouped_number(sat));
        part.field(name, &format!("{sign} {word}{whole:>btc_columns$} BTC ({small:>sat_columns$} sat)"));
    }
    let of = if totals.external > 0 { "what you send" } else { "all outputs" };
    let word = if claimed { "claimed " } else { "" };
    let rate = rate_words(totals.fee_rate_msat_vb);
    part.field("fee rate", &format!("{word}{rate}, {} of {of}", share_words(totals)));
}

fn classes(facts: &Facts) -> String {
    let all = [
        Class::External,
        Class::Change,
        Class::SelfTransfer,
        Class::OtherWallet,
        Class::OpReturn,
        Class::Unknown,
        Class::Anchor,
    ];
    let counted = all.map(|class| (class, facts.outputs.iter().filter(|output| output.class == class).count()));
    let parts = counted.iter().filter(|(_, number)| *number > 0);
    let parts: Vec<String> =
        parts.map(|(class, count)| format!("{} {}", number(*count), class_words(*class))).collect();
    parts.join(", ")
}

/// A count, in groups as every other number is.
fn number(count: usize) -> String {
    grouped_number(u64::try_from(count).unwrap_or(u64::MAX))
}

fn approval_words(approvals: &Approvals<'_>, rules: &Rules) -> String {
    let names: Vec<&str> = approvals.given.iter().map(Name::as_str).collect();
    let mut rule = format!("{} of {} custodians must approve", approvals.needed, approvals.custodians);
    if let (Some(_), Some(number)) = (&rules.approvals, rules.asked_by) {
        rule.push_str(&format!(" by rule {number}"));
    }
    if names.is_empty() {
        format!("none yet; {rule}")
    } else {
        format!("{} ({} of {}); {rule}", names.join(", "), names.len(), approvals.needed)
    }
}
