//! The transaction as a whole: locks, size, what signatures cover, who signs, the file, and the past that it was
//! compared with.

use bitcoin::hashes::Hash;

use crate::{
    digest::sha256,
    psbt::{NewSignature, Place, splice, trimmed},
    review::{
        Facts, Finding, InputFacts, Lock, PlannedInput, PlannedKey, Reviewed, Spend, Transport, Verdict,
        keys::{input_words, planned_words},
        locktime, modifiable,
        page::Book,
    },
    text::{count, date, grouped_number, hex, in_fours, in_rows},
};

/// Bytes of a signature of ours with its sighash byte: low R and low S.
const ECDSA_BYTES: usize = 71;
/// Words of a journal's head that people compare.
const HEAD_WORDS: usize = 12;

pub(super) fn transaction(reviewed: &Reviewed, verdict: Verdict<'_>, transport: Option<&Transport>, book: &mut Book) {
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
    will_sign(reviewed, verdict, transport, book);
    if let Some(transport) = transport {
        book.field("came", &transport.came);
    }
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
            let what = modifiable::open(flags)
                .map_or("nothing any more".to_owned(), |open| format!("{open}, by what it says"));
            format!("{what} ({flags:#04x})")
        }
    }
}

/// The effective locktime, and its raw number where the words do not have it.
fn lock_words(facts: &Facts) -> String {
    match facts.lock {
        Lock::None => "none".to_owned(),
        Lock::NoEffect(raw) => {
            format!("{} ({raw}), without effect: every sequence is final", grouped_number(u64::from(raw)))
        }
        Lock::Height(height) => format!("not before block {} ({height})", grouped_number(u64::from(height))),
        Lock::Time(time) => format!("not before {} ({time})", date(time)),
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
        match taproot_defaults(reviewed) {
            (0, _) => "ALL for every input: the signatures cover the whole transaction".to_owned(),
            (_, true) => {
                "DEFAULT for every input, which covers what ALL does: the signatures cover the whole transaction"
                    .to_owned()
            }
            (_, false) => {
                "ALL for every input, or taproot's DEFAULT, which covers the same: the signatures cover the whole \
                 transaction"
                    .to_owned()
            }
        }
    };
    book.field("sighash", &words);
}

/// How many of our inputs are signed with taproot's DEFAULT, and whether all are.
fn taproot_defaults(reviewed: &Reviewed) -> (usize, bool) {
    let default = |input: &&PlannedInput| match input.spend {
        Spend::TaprootKey { explicit_all, .. } | Spend::TaprootLeaf { explicit_all, .. } => !explicit_all,
        Spend::Legacy { .. } | Spend::SegwitV0 { .. } => false,
    };
    let count = reviewed.plan().iter().filter(default).count();
    (count, count == reviewed.plan().len())
}

/// Which of our keys sign what, and what leaves then.
fn will_sign(reviewed: &Reviewed, verdict: Verdict<'_>, transport: Option<&Transport>, book: &mut Book) {
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
    let (full, trimmed) = returned(reviewed);
    let bytes = |psbt: &[u8]| grouped_number(u64::try_from(psbt.len()).unwrap_or(u64::MAX));
    let codes =
        transport.and_then(|transport| transport.back(&trimmed)).map_or(String::new(), |codes| format!(": {codes}"));
    book.field(
        "returned",
        &format!(
            "the PSBT with these signatures added, {} bytes at most; or trimmed, the transaction and the signatures \
             alone, {} bytes at most{codes}",
            bytes(&full),
            bytes(&trimmed)
        ),
    );
}

/// What leaves, full and trimmed, with something in the place of each signature that is of the largest size and as hard
/// to compress.
fn returned(reviewed: &Reviewed) -> (Vec<u8>, Vec<u8>) {
    let one = |input: &PlannedInput, key: &PlannedKey| {
        let noise = |bytes: usize| {
            let first = sha256(&[&input.input.to_be_bytes()[..], &key.public].concat());
            let mut noise = [first, sha256(&first), sha256(&sha256(&first))].concat();
            noise.truncate(bytes);
            noise
        };
        match &input.spend {
            Spend::Legacy { .. } | Spend::SegwitV0 { .. } => {
                NewSignature::Ecdsa { key: key.public, signature: noise(ECDSA_BYTES) }
            }
            Spend::TaprootKey { explicit_all, .. } => {
                NewSignature::TapKey { signature: noise(schnorr_bytes(*explicit_all)) }
            }
            Spend::TaprootLeaf { explicit_all, leaf } => {
                let x_only = key.public.last_chunk().copied().unwrap_or_default();
                let signature = noise(schnorr_bytes(*explicit_all));
                NewSignature::TapScript { key: x_only, leaf: leaf.hash.to_byte_array(), signature }
            }
        }
    };
    let signatures: Vec<(u32, NewSignature)> = reviewed
        .plan()
        .iter()
        .flat_map(|input| input.keys.iter().map(move |key| (input.input, one(input, key))))
        .collect();
    (splice(reviewed.parsed(), &signatures), trimmed(reviewed.parsed(), &signatures))
}

const fn schnorr_bytes(explicit_all: bool) -> usize {
    if explicit_all { 65 } else { 64 }
}

/// The journal that it was compared with.
pub(super) fn history(facts: &Facts, book: &mut Book) {
    book.start("THE JOURNAL THAT IT WAS COMPARED WITH");
    book.keep(|part| {
        part.field("history", &facts.history.words());
        part.field("head", "a journal that was cut looks whole: whoever kept a newer head, compare");
        for row in in_rows(&facts.history.head.words(HEAD_WORDS)) {
            part.field("", &row);
        }
    });
}

/// What else was found of the transaction as a whole: notes, and warnings beside a refusal.
pub(super) fn notes(reviewed: &Reviewed, verdict: Verdict<'_>, book: &mut Book) {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_be_changed_is_said_with_the_raw_flags() {
        for (flags, words) in [
            (None, "it does not say whether anything may still be changed"),
            (Some(0), "nothing any more (0x00)"),
            (Some(1), "inputs, by what it says (0x01)"),
            (Some(2), "outputs, by what it says (0x02)"),
            (Some(3), "inputs and outputs, by what it says (0x03)"),
            (Some(4), "nothing any more (0x04)"),
        ] {
            assert_eq!(changeable_words(flags), words);
        }
    }
}
