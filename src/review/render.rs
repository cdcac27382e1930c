//! The review in words: a book for a text console.
//!
//! Pure: the caller shows its pages one by one, and lets people approve only after the last. What stands here comes
//! from [`Reviewed`] and the verdict alone. Amounts and addresses are never shortened; nothing has a meaning by
//! its colour alone.

use crate::{
    digest::Subject,
    psbt::Place,
    review::{
        Action, Class, Facts, Finding, InputFacts, Lock, OutputFacts, Proof, Reviewed,
        finding::place_words,
        keys::{input_words, key_words, planned_words, wallet_name},
        locktime,
        page::{Book, Page, Part},
        summary::{Approvals, summary},
    },
    text::{Room, amount, count, grouped_number, hex, in_fours},
};

/// What the policy said, as far as it is shown.
#[derive(Debug, Clone, Copy)]
pub enum Verdict<'v> {
    /// No signature.
    Refused {
        /// Why.
        reasons: &'v [Finding],
    },
    /// May be approved, when these are acknowledged.
    Cleared {
        /// Findings that each custodian acknowledges.
        warnings: &'v [Finding],
        /// What ballots approve.
        digest: Subject,
    },
}

impl<'v> Verdict<'v> {
    const fn findings(&self) -> &'v [Finding] {
        match self {
            Self::Refused { reasons } => reasons,
            Self::Cleared { warnings, .. } => warnings,
        }
    }

    const fn refuses(&self) -> bool {
        matches!(self, Self::Refused { .. })
    }

    /// What a finding comes to.
    fn word(&self, finding: &Finding) -> &'static str {
        match self {
            Self::Refused { reasons } if reasons.contains(finding) => "REFUSED",
            Self::Refused { .. } | Self::Cleared { .. } if finding.action == Action::Show => "note",
            Self::Refused { .. } | Self::Cleared { .. } => "WARNING",
        }
    }
}

/// The whole review: tampering if there is any, refusals or warnings, what it does, outputs, inputs, facts, notes.
#[must_use]
pub fn book(reviewed: &Reviewed, verdict: Verdict<'_>, approvals: Option<&Approvals<'_>>) -> Book {
    let facts = reviewed.facts();
    let mut book = alarm(verdict);
    findings(verdict, &mut book);
    summary(reviewed, verdict, approvals, &mut book);
    book.start(&format!("OUTPUTS ({})", facts.outputs.len()));
    for (output, number) in facts.outputs.iter().zip(0u32..) {
        one_output(facts, output, number, remarks(reviewed, verdict, Place::Output(number)), &mut book);
    }
    book.start(&format!("INPUTS ({})", facts.inputs.len()));
    proofs(facts, &mut book);
    for (input, number) in facts.inputs.iter().zip(0u32..) {
        one_input(facts, input, number, remarks(reviewed, verdict, Place::Input(number)), &mut book);
    }
    transaction(reviewed, verdict, &mut book);
    notes(reviewed, verdict, &mut book);
    long_scripts(facts, &mut book);
    book
}

/// All pages on the smallest console.
#[must_use]
pub fn pages(reviewed: &Reviewed, verdict: Verdict<'_>) -> Vec<Page> {
    book(reviewed, verdict, None).pages(Room::CONSOLE)
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

fn one_finding(finding: &Finding, book: &mut Book) {
    book.keep(|part| {
        part.wrapped(0, &format!("{}  {}: {}", finding.rule, place_words(finding.place), finding.text));
        if !finding.remedy.is_empty() {
            part.wrapped(5, &format!("what to do: {}", finding.remedy));
        }
        if let Action::RefuseUnless(permission) = finding.action {
            part.wrapped(5, &format!("a policy may allow it: `{}`; this one does not", permission.key()));
        }
    });
}

/// What was found at one place, as words.
fn remarks(reviewed: &Reviewed, verdict: Verdict<'_>, place: Place) -> Vec<String> {
    // The findings are sorted by place.
    let all = reviewed.findings();
    let from = all.partition_point(|finding| finding.place < place);
    let here = all.iter().skip(from).take_while(|finding| finding.place == place);
    here.map(|finding| format!("{} {}: {}", verdict.word(finding), finding.rule, finding.text)).collect()
}

/// A name in capitals for each class.
pub(super) const fn class_words(class: Class) -> &'static str {
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

fn one_output(facts: &Facts, output: &OutputFacts, number: u32, remarks: Vec<String>, book: &mut Book) {
    book.keep(|part| {
        let script = &output.output.script_pubkey;
        part.line(&format!("output {number}   {} ({})", class_words(output.class), script_words(script)));
        part.field("amount", &amount(output.output.value.to_sat()));
        match &output.address {
            Some(address) => part.field("address", &in_fours(address)),
            None if is_long(output) => {
                let bytes = grouped_number(u64::try_from(script.len()).unwrap_or(u64::MAX));
                part.field("script", &format!("{bytes} bytes, whole on the last pages: {}", data_title(number)));
            }
            None => whole_script(output, part),
        }
        if let Some((wallet, branch, index)) = output.ours {
            part.field("proof", &derived_words(facts, wallet, branch, index));
            if let Some(beyond) = output.beyond_seen {
                part.field("", &height_words(index, beyond));
            }
        }
        for remark in remarks {
            part.wrapped(2, &remark);
        }
        part.line("");
    });
}

/// Bytes of a script beyond which it has pages of its own, so that nothing is lost from sight behind it.
const LONG: usize = 160;

fn is_long(output: &OutputFacts) -> bool {
    output.address.is_none() && output.output.script_pubkey.len() > LONG
}

fn data_title(number: u32) -> String {
    format!("SCRIPT OF OUTPUT {number}")
}

/// Long scripts, whole.
fn long_scripts(facts: &Facts, book: &mut Book) {
    for (output, number) in facts.outputs.iter().zip(0u32..).filter(|(output, _)| is_long(output)) {
        book.start(&data_title(number));
        book.keep(|part| whole_script(output, part));
    }
}

/// A script that no address shows, in hex, and as text where it is data.
fn whole_script(output: &OutputFacts, part: &mut Part) {
    let bytes = output.output.script_pubkey.as_bytes();
    part.field("script", &in_fours(&hex(bytes)));
    if output.class == Class::OpReturn {
        part.field("as text", &ascii(bytes.get(1..).unwrap_or_default()));
    }
}

fn derived_words(facts: &Facts, wallet: usize, branch: u32, index: u32) -> String {
    let name = wallet_name(facts, wallet);
    format!("derived from wallet {name} at /{branch}/{index}: the script matches")
}

fn height_words(index: u32, beyond: u32) -> String {
    match beyond {
        0 => "not above the highest index seen".to_owned(),
        _ => format!(
            "{} above the highest index seen, {}",
            grouped_number(u64::from(beyond)),
            grouped_number(u64::from(index.saturating_sub(beyond)))
        ),
    }
}

/// What stands behind the amounts of the inputs, as far as it occurs.
fn proofs(facts: &Facts, book: &mut Book) {
    book.keep(|part| {
        for proof in [Proof::Proved, Proof::Committed, Proof::Claimed] {
            if facts.inputs.iter().any(|input| input.known && input.proof == proof) {
                part.wrapped(0, proof_words(proof));
            }
        }
        part.line("");
    });
}

fn one_input(facts: &Facts, input: &InputFacts, number: u32, remarks: Vec<String>, book: &mut Book) {
    book.keep(|part| {
        let whose = match input.ours {
            Some((wallet, branch, index)) => format!("wallet {} at /{branch}/{index}", wallet_name(facts, wallet)),
            None => "FOREIGN: no coin of this vault".to_owned(),
        };
        part.line(&format!("input {number}   {whose}"));
        part.field("spends", &input.outpoint.txid.to_string());
        part.field("", &format!("output {}", input.outpoint.vout));
        if input.known {
            part.field("amount", &format!("{}, {}", amount(input.utxo.value.to_sat()), proof_name(input.proof)));
        } else {
            part.field("amount", "unknown: nothing is given");
        }
        part.field("sequence", &sequence_words(facts.version, input.sequence));
        signers(facts, input, part);
        for remark in remarks {
            part.wrapped(2, &remark);
        }
        part.line("");
    });
}

/// Whose signatures an input of ours has, and which will be added.
fn signers(facts: &Facts, input: &InputFacts, part: &mut Part) {
    let Some((number, ..)) = input.ours else { return };
    let Some(wallet) = facts.wallets.get(number) else { return };
    part.field(
        "signatures",
        &format!(
            "{} of {} there, {} to be added by this vault",
            input.signers.len(),
            input.needed,
            input.signing.len()
        ),
    );
    for key in &input.signers {
        part.field("signed by", &format!("{}; it verifies", key_words(wallet, *key)));
    }
}

const fn proof_name(proof: Proof) -> &'static str {
    match proof {
        Proof::Proved => "PROVED",
        Proof::Committed => "COMMITTED",
        Proof::Claimed => "CLAIMED only",
    }
}

const fn proof_words(proof: Proof) -> &'static str {
    match proof {
        Proof::Proved => "PROVED: the whole previous transaction is given and hashes to the coin.",
        Proof::Committed => "COMMITTED: the signature covers the amount, and is void if it is false.",
        Proof::Claimed => "CLAIMED only: nothing shows that the amount is true.",
    }
}

fn sequence_words(version: i32, sequence: u32) -> String {
    let meaning = match sequence {
        u32::MAX => "final".to_owned(),
        0xffff_fffe => "locktime on".to_owned(),
        _ => match locktime::relative_words(version, sequence) {
            Some(words) => format!("replaceable; the coin must be {words} old"),
            None => "replaceable".to_owned(),
        },
    };
    format!("{sequence:#010x} ({meaning})")
}

fn transaction(reviewed: &Reviewed, verdict: Verdict<'_>, book: &mut Book) {
    let facts = reviewed.facts();
    book.start("THE TRANSACTION");
    let truc = facts.version == 3;
    let version = if truc { "3 (TRUC: relayed by the stricter rules of BIP431)" } else { "" };
    book.field("version", if truc { version.to_owned() } else { facts.version.to_string() }.as_str());
    book.field("locktime", &lock_words(facts));
    let replaceable = match (facts.replaceable, truc) {
        (true, _) => "yes: whoever signs may replace it while it waits (BIP125)",
        (false, true) => "yes: version 3 always is",
        (false, false) => "not signalled (BIP125)",
    };
    book.field("replaceable", replaceable);
    book.field("coin age", &relative_locks(facts));
    book.field(
        "size",
        &format!(
            "{} vB as signed at most ({} weight units), by the registered descriptors",
            grouped_number(facts.vsize),
            grouped_number(facts.weight)
        ),
    );
    sighash(reviewed, verdict, book);
    will_sign(reviewed, verdict, book);
    book.field(
        "PSBT",
        &format!(
            "version {}, {} bytes, SHA-256",
            facts.psbt_version,
            grouped_number(u64::try_from(facts.psbt_bytes).unwrap_or(u64::MAX))
        ),
    );
    book.field("", &in_fours(&hex(&facts.psbt_sha256)));
    if facts.psbt_version == 2 {
        book.field("changeable", &changeable_words(reviewed.parsed().global().modifiable));
    }
    book.field("offline", "whether coins are confirmed, or spent already, cannot be known here");
}

/// What version 2 says may still be changed, with the raw flags.
fn changeable_words(flags: Option<u8>) -> String {
    match flags {
        None => "it does not say whether anything may still be changed".to_owned(),
        Some(flags) => {
            let what = match flags & 0b11 {
                0 => "nothing any more",
                1 => "inputs, by what it says",
                2 => "outputs, by what it says",
                _ => "inputs and outputs, by what it says",
            };
            format!("{what} ({flags:#04x})")
        }
    }
}

/// The effective locktime, and its raw number where the words do not have it.
fn lock_words(facts: &Facts) -> String {
    match facts.lock {
        Lock::None => "none".to_owned(),
        Lock::NoEffect(raw) => format!("{raw}, without effect: every sequence is final"),
        Lock::Height(height) => format!("not before block {} ({height})", grouped_number(u64::from(height))),
        Lock::Time(time) => format!("not before {} ({time})", locktime::date(time)),
    }
}

/// Which inputs have a relative lock.
fn relative_locks(facts: &Facts) -> String {
    let held = |input: &InputFacts| locktime::relative_words(facts.version, input.sequence).is_some();
    let inputs = facts.inputs.iter().zip(0u32..).filter(|(input, _)| held(input));
    let inputs: Vec<u32> = inputs.map(|(_, number)| number).collect();
    if inputs.is_empty() {
        "no input has a relative lock (BIP68)".to_owned()
    } else {
        format!("a relative lock (BIP68) in {}, see there", input_words(&inputs))
    }
}

/// What the signatures cover.
fn sighash(reviewed: &Reviewed, verdict: Verdict<'_>, book: &mut Book) {
    let mut ids: Vec<&str> =
        verdict.findings().iter().map(|finding| finding.rule).filter(|rule| rule.starts_with('H')).collect();
    ids.dedup();
    let words = if verdict.refuses() && !ids.is_empty() {
        format!("refused by {}", ids.join(", "))
    } else if reviewed.plan().is_empty() {
        "nothing is signed".to_owned()
    } else {
        "ALL for every input: the signatures cover the whole transaction".to_owned()
    };
    book.field("sighash", &words);
}

/// Which of our keys sign what, and what leaves then.
fn will_sign(reviewed: &Reviewed, verdict: Verdict<'_>, book: &mut Book) {
    if verdict.refuses() {
        book.field("will sign", "nothing: it is refused");
        return;
    }
    let facts = reviewed.facts();
    for ((number, key), inputs) in reviewed.signatures_by_key() {
        if let Some(wallet) = facts.wallets.get(number) {
            let all = if inputs.len() > 1 { format!(" ({})", count(inputs.len(), "signature")) } else { String::new() };
            book.field("will sign", &format!("{}: {}{all}", planned_words(wallet, key), input_words(&inputs)));
        }
    }
    book.field(
        "returned",
        "the PSBT with these signatures added; or trimmed, the transaction and the signatures alone",
    );
}

/// What else was found of the transaction as a whole: notes, and warnings beside a refusal.
fn notes(reviewed: &Reviewed, verdict: Verdict<'_>, book: &mut Book) {
    let told = |finding: &Finding| {
        verdict.findings().iter().any(|told| told.rule == finding.rule && told.place == finding.place)
    };
    let here = |finding: &&Finding| finding.place == Place::Whole && !told(finding);
    for (finding, number) in reviewed.findings().iter().filter(here).zip(0usize..) {
        if number == 0 {
            book.line("");
        }
        let text = format!("{} {}: {}", verdict.word(finding), finding.rule, finding.text);
        book.keep(|part| part.wrapped(0, &text));
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
    } else if script.as_bytes() == [0x51, 0x02, 0x4e, 0x73] {
        "pay to anchor: anyone may spend it"
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
