//! The review in words: pages of lines for an 80x25 text console.
//!
//! Pure: the caller shows pages one by one, and lets people approve only after the last. What stands here comes
//! from [`Reviewed`] and the verdict alone. Amounts and addresses are never shortened; nothing has a meaning by
//! its colour alone.

use crate::{
    digest::Subject,
    review::{
        Action, Class, Facts, Finding, InputFacts, Lock, OutputFacts, Proof, Reviewed,
        fee::{permille_words, rate_words},
        finding::place_words,
        page::{Book, Page, Part},
    },
    text::{amount, count, date, grouped_number, hex, in_fours, in_rows, printable},
    wallet::Kind,
};

/// Words of a journal's head that people compare.
const HEAD_WORDS: usize = 12;

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
}

impl<'v> Verdict<'v> {
    const fn findings(&self) -> &'v [Finding] {
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
}

/// All pages: tampering if there is any, findings, header, outputs, inputs, facts.
#[must_use]
pub fn pages(reviewed: &Reviewed, verdict: Verdict<'_>) -> Vec<Page> {
    let facts = reviewed.facts();
    let mut book = Book::default();
    tampering(verdict, &mut book);
    findings(verdict, &mut book);
    policy(verdict.rules(), &mut book);
    header(facts, verdict, &mut book);
    for (output, number) in facts.outputs.iter().zip(0usize..) {
        one_output(facts, output, number, reviewed.findings(), &mut book);
    }
    for (input, number) in facts.inputs.iter().zip(0usize..) {
        one_input(facts, input, number, &mut book);
    }
    transaction(reviewed, &mut book);
    book.finish()
}

/// A page of its own for what only tampering explains.
fn tampering(verdict: Verdict<'_>, book: &mut Book) {
    let fraud: Vec<&Finding> = verdict.findings().iter().filter(|finding| finding.fraud).collect();
    if fraud.is_empty() {
        return;
    }
    book.start("SOMEONE TAMPERED WITH THIS TRANSACTION");
    book.line("This PSBT says things about your coins that are not true. It is not an");
    book.line("ordinary mistake of a wallet. Nothing is signed. Keep the file, and find out");
    book.line("which machine it came from before you sign anything else.");
    book.gap();
    for finding in fraud {
        one_finding(finding, book);
    }
}

fn findings(verdict: Verdict<'_>, book: &mut Book) {
    match verdict {
        Verdict::Refused { reasons, .. } => {
            let others: Vec<&Finding> = reasons.iter().filter(|finding| !finding.fraud).collect();
            if !others.is_empty() {
                book.start("REFUSED: nothing will be signed");
                for finding in others {
                    one_finding(finding, book);
                }
            }
        }
        Verdict::Cleared { warnings: [], .. } => {
            book.start("NO WARNINGS");
            book.line("No rule asks for an acknowledgement.");
        }
        Verdict::Cleared { warnings, .. } => {
            book.start(&format!("WARNINGS: {} to acknowledge, each by name", warnings.len()));
            for finding in warnings {
                one_finding(finding, book);
            }
        }
    }
}

/// O11: which rules of the policy fit, and which of them decides.
fn policy(rules: &Rules, book: &mut Book) {
    if rules.sentences.is_empty() {
        return;
    }
    book.start("THE RULES OF THE POLICY");
    for sentence in &rules.sentences {
        book.keep(|part| part.wrapped("", sentence));
    }
}

fn one_finding(finding: &Finding, book: &mut Book) {
    book.keep(|part| {
        part.wrapped("", &format!("{}  {}: {}", finding.rule, place_words(finding.place), finding.text));
        if !finding.remedy.is_empty() {
            part.wrapped("     ", &format!("what to do: {}", finding.remedy));
        }
    });
}

fn header(facts: &Facts, verdict: Verdict<'_>, book: &mut Book) {
    book.start("WHAT THIS TRANSACTION DOES");
    book.field("network", &network_words(facts));
    for wallet in paying(facts) {
        book.field("wallet", &wallet);
    }
    let claimed = facts.inputs.iter().any(|input| input.proof == Proof::Claimed);
    let word = if claimed { "claimed " } else { "" };
    match &facts.totals {
        Some(totals) => {
            book.field("you send", &amount(totals.external));
            book.field("fee", &format!("{word}{}", amount(totals.fee)));
            let share = permille_words(totals.fee_share_permille);
            let of = if totals.external > 0 { "what you send" } else { "all outputs" };
            book.field("", &format!("{word}{}, {share} of {of}", rate_words(totals.fee_rate_msat_vb)));
            book.field("change", &amount(totals.change));
            book.field("to yourself", &amount(totals.self_transfer));
            book.field("all inputs", &format!("{word}{}", amount(totals.inputs)));
            book.field("", "= you send + fee + change + to yourself");
            book.field("leaves", &format!("{word}{}", amount(totals.leaves)));
            book.field("", "= you send + fee");
        }
        None => book.field("totals", "unknown: the amounts do not add up, or are not given"),
    }
    let ours = facts.inputs.iter().filter(|input| input.ours.is_some()).count();
    let foreign = facts.inputs.len().saturating_sub(ours);
    book.field("inputs", &format!("{ours} ours, {foreign} foreign"));
    book.field("outputs", &classes(facts));
    book.field("txid", &facts.txid.to_string());
    book.field("", if facts.txid_final { "final" } else { "not final: it changes when the inputs are signed" });
    match verdict {
        Verdict::Cleared { warnings, digest, .. } => {
            book.field("warnings", &warnings.len().to_string());
            book.field("review", &digest.words(8));
        }
        Verdict::Refused { reasons, .. } => book.field("verdict", &format!("refused by {}", rules(reasons))),
    }
}

fn rules(reasons: &[Finding]) -> String {
    let mut ids: Vec<&str> = reasons.iter().map(|finding| finding.rule).collect();
    ids.sort_unstable();
    ids.dedup();
    ids.join(", ")
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
fn paying(facts: &Facts) -> Vec<String> {
    let mut numbers: Vec<usize> = facts.inputs.iter().filter_map(|input| Some(input.ours?.0)).collect();
    numbers.sort_unstable();
    numbers.dedup();
    let wallets = numbers.iter().filter_map(|number| facts.wallets.get(*number));
    wallets
        .map(|wallet| format!("{}: {} #{}", wallet.name, kind_words(wallet.kind, wallet.keys), wallet.checksum))
        .collect()
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
    let parts: Vec<String> = parts.map(|(class, number)| format!("{number} {}", class_words(*class))).collect();
    parts.join(", ")
}

const fn class_words(class: Class) -> &'static str {
    match class {
        Class::External => "EXTERNAL",
        Class::Change => "CHANGE",
        Class::SelfTransfer => "SELF",
        Class::OtherWallet => "OTHER WALLET",
        Class::OpReturn => "OP_RETURN",
        Class::Unknown => "UNKNOWN SCRIPT",
        Class::Anchor => "ANCHOR",
    }
}

fn one_output(facts: &Facts, output: &OutputFacts, number: usize, all: &[Finding], book: &mut Book) {
    book.start_if(&format!("OUTPUTS ({})", facts.outputs.len()), "OUTPUTS");
    book.keep(|part| {
        part.line(&format!("output {number}   {}", class_words(output.class)));
        part.field("amount", &amount(output.output.value.to_sat()));
        match &output.address {
            Some(address) => part.field("address", &in_fours(&printable(address))),
            None => part.field("script", &in_fours(&hex(output.output.script_pubkey.as_bytes()))),
        }
        part.field("type", script_words(&output.output.script_pubkey));
        if output.class == Class::OpReturn {
            let data = output.output.script_pubkey.as_bytes().get(1..).unwrap_or_default();
            part.field("as text", &ascii(data));
        }
        if let Some((wallet, branch, index)) = output.ours {
            let name = facts.wallets.get(wallet).map_or("?", |wallet| wallet.name.as_str());
            part.field("proof", &format!("derived from wallet {name} at /{branch}/{index}: the script matches"));
            if let Some(beyond) = output.beyond_seen.filter(|beyond| *beyond > 0) {
                part.field("", &format!("{} above the highest index seen", grouped_number(u64::from(beyond))));
            }
        }
        if let Some(times) = output.paid_before.filter(|_| output.class == Class::External) {
            part.field("paid before", &if times == 0 { "never".to_owned() } else { count(times, "time") });
        }
        notes(all, crate::psbt::Place::Output(u32::try_from(number).unwrap_or(u32::MAX)), part);
        part.line("");
    });
}

fn one_input(facts: &Facts, input: &InputFacts, number: usize, book: &mut Book) {
    book.start_if(&format!("INPUTS ({})", facts.inputs.len()), "INPUTS");
    book.keep(|part| {
        let whose = match input.ours {
            Some((wallet, branch, index)) => {
                let name = facts.wallets.get(wallet).map_or("?", |wallet| wallet.name.as_str());
                format!("wallet {name} at /{branch}/{index}")
            }
            None => "FOREIGN".to_owned(),
        };
        part.line(&format!("input {number}   {whose}"));
        part.field("spends", &input.outpoint.txid.to_string());
        part.field("", &format!("output {}", input.outpoint.vout));
        if input.known {
            part.field("amount", &amount(input.utxo.value.to_sat()));
            part.field("known by", proof_words(input.proof));
        } else {
            part.field("amount", "unknown: nothing is given");
        }
        if let Some(path) = input.path.as_ref().filter(|path| !path.only) {
            part.field("spent by", &path.words);
        }
        part.field("sequence", &sequence_words(input.sequence));
        if let Some(last) = input.spent_by.last() {
            let others = input.spent_by.len().saturating_sub(1);
            part.field("also spent by", &last.to_string());
            part.field(
                "",
                &format!("which is another transaction{}: see U08", if others > 0 { ", not the only one" } else { "" }),
            );
        }
        if input.ours.is_some() {
            part.field(
                "signatures",
                &format!(
                    "{} of {} there, {} of ours to be added",
                    input.signed_by.len(),
                    input.needed,
                    input.signing.len()
                ),
            );
            for key in &input.signed_by {
                part.field("signed by", &hex(key));
            }
        }
        part.line("");
    });
}

const fn proof_words(proof: Proof) -> &'static str {
    match proof {
        Proof::Proved => "PROVED: the previous transaction is given and hashes to it",
        Proof::Committed => "COMMITTED: the taproot signature covers it",
        Proof::Claimed => "CLAIMED only",
    }
}

fn sequence_words(sequence: u32) -> String {
    let meaning = match sequence {
        u32::MAX => "final",
        0xffff_fffe => "locktime on",
        _ if sequence >= 1 << 31 => "replaceable",
        _ => "replaceable, may hold a relative lock",
    };
    format!("{sequence:#010x} ({meaning})")
}

fn transaction(reviewed: &Reviewed, book: &mut Book) {
    let facts = reviewed.facts();
    book.start("THE TRANSACTION");
    book.field("version", &facts.version.to_string());
    let lock = match facts.lock {
        Lock::None => "none".to_owned(),
        Lock::NoEffect(raw) => format!("{raw}, without effect"),
        Lock::Height(height) => format!("not before block {}", grouped_number(u64::from(height))),
        Lock::Time(time) => format!("not before {} ({time})", date(time)),
    };
    book.field("locktime", &lock);
    book.field("replaceable", if facts.replaceable { "yes (BIP125)" } else { "no" });
    book.field("size", &format!("{} vB as signed at most ({} weight units)", facts.vsize, facts.weight));
    book.field("sighash", "ALL for every input: the signatures cover the whole transaction");
    let signatures = reviewed.plan().iter().fold(0usize, |sum, input| sum.saturating_add(input.keys.len()));
    book.field(
        "will sign",
        &format!("{} in {}", count(signatures, "signature"), count(reviewed.plan().len(), "input")),
    );
    book.field(
        "PSBT",
        &format!(
            "version {}, {} bytes, SHA-256",
            facts.psbt_version,
            grouped_number(u64::try_from(facts.psbt_bytes).unwrap_or(u64::MAX))
        ),
    );
    book.field("", &in_fours(&hex(&facts.psbt_sha256)));
    book.field("offline", "whether coins are confirmed, or spent already, cannot be known here");
    book.field("history", &facts.history.words());
    book.field("", "A journal that was cut looks whole: whoever kept a newer head, compare.");
    for row in in_rows(&facts.history.head.words(HEAD_WORDS)) {
        book.field("", row.trim_start());
    }
    let shown: Vec<&Finding> = reviewed.findings().iter().filter(|finding| finding.action == Action::Show).collect();
    if !shown.is_empty() {
        book.start("NOTES");
    }
    for finding in shown {
        book.keep(|part| {
            part.wrapped("", &format!("{}  {}: {}", finding.rule, place_words(finding.place), finding.text))
        });
    }
}

/// Findings of one place, that need no reading elsewhere.
fn notes(all: &[Finding], place: crate::psbt::Place, part: &mut Part) {
    // `all` is sorted by place.
    let from = all.partition_point(|finding| finding.place < place);
    for finding in all.iter().skip(from).take_while(|finding| finding.place == place) {
        part.wrapped("  ", &format!("note {}: {}", finding.rule, finding.text));
    }
}

fn script_words(script: &bitcoin::Script) -> &'static str {
    if script.is_p2pkh() {
        "pay to public key hash"
    } else if script.is_p2sh() {
        "pay to script hash"
    } else if script.is_p2wpkh() {
        "witness 0, public key hash"
    } else if script.is_p2wsh() {
        "witness 0, script hash"
    } else if script.is_p2tr() {
        "witness 1, taproot"
    } else if script.is_witness_program() {
        "witness program of another version"
    } else if script.is_op_return() {
        "data"
    } else {
        "other script"
    }
}

/// Bytes as text of ASCII; others as dots.
fn ascii(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| if byte.is_ascii_graphic() || *byte == b' ' { char::from(*byte) } else { '.' }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_shown_without_control_characters() {
        assert_eq!(ascii(b"hi\x1b[2J\xe2\x80\xae!"), "hi.[2J...!");
    }
}
