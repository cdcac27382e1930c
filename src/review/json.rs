//! The review for machines.
//!
//! ```text
//! { "format": "strongroom/review/1",
//!   "verdict": "refused" | "cleared" | "unread", "review": digest of the review with all warnings, or null where refused,
//!   "refused_by": [rule…], "acknowledge": [{"rule", "place", "covers"}…],
//!   "policy": {"decided_by": rule or null, "approvals": number or all or null, "asked_by": rule or null, "sentences"},
//!   "network", "statement", "txid", "txid_final", "version", "weight", "vsize", "replaceable",
//!   "history": {"lines", "signed_up_to", "head", "signed", "open"}, "signed_before": line or null,
//!   "psbt": {"version", "modifiable", "sha256", "bytes"},
//!   "wallets": [{"name", "script", "quorum", "checksum", "keys": [{"fingerprint", "path", "ours"}…]}…],
//!   "lock": {"kind": "none" | "no-effect" | "height" | "time", "value"},
//!   "totals": null | {"inputs_sat", "our_inputs_sat", "external_sat", "change_sat", "self_transfer_sat",
//!                     "other_wallets_sat", "fee_sat", "leaves_sat", "fee_rate_msat_vb", "fee_share_permille"},
//!   "inputs": [{"index", "outpoint", "amount_sat", "script", "known", "proof", "sequence",
//!               "ours": null | {"wallet", "branch", "index"}, "needed", "signed_by", "signers", "signing", "spent_by",
//!               "path": null | {"number", "words", "primary", "leaf"}}…],
//!   "outputs": [{"index", "amount_sat", "script", "address", "class", "ours", "beyond_seen", "paid_before", "destinations"}…],
//!   "findings": [{"rule", "action", "permission", "place": {"scope": "whole" | "input" | "output", "index"},
//!                 "covers": [{"place", "text"}…], "text", "remedy", "fraud"}…],
//!   "plan": [{"input", "wallet", "branch", "index", "keys"}…] }
//! ```
//!
//! Of what is no PSBT that is read, by a rule of the reader: `format`, `verdict` (`"unread"`), `review` (null),
//! `refused_by`, `acknowledge` (none), `network`, `statement`, and `findings` with the one that it is.
//!
//! `docs/review.schema.json` has the same for validators. Numbers are integers below 2^53; a larger one, which only a PSBT with false amounts has, is a string.

use serde_json::{Value, json};

use crate::{
    digest::StatementDigest,
    network::Network,
    psbt::{ParseError, Place},
    review::{
        Action, Facts, Finding, KeyFacts, Lock, Reviewed, Rules, Verdict, WalletFacts, keys::path, summary::kind_words,
    },
    text::{hex, printable},
};

/// Names the schema; another number where a key changes its meaning or goes.
const FORMAT: &str = "strongroom/review/1";

/// The review as one JSON object; its schema is this module's header.
#[must_use]
pub fn to_json(reviewed: &Reviewed, verdict: Verdict<'_>) -> Value {
    let facts = reviewed.facts();
    let (word, digest, refused_by, acknowledge) = match verdict {
        Verdict::Refused { reasons, .. } => {
            let mut ids: Vec<&str> = reasons.iter().map(|finding| finding.rule).collect();
            ids.sort_unstable();
            ids.dedup();
            ("refused", Value::Null, json!(ids), json!([]))
        }
        Verdict::Cleared { warnings, digest, .. } => {
            let named = warnings
                .iter()
                .map(|finding| json!({"rule": finding.rule, "place": place(finding.place), "covers": covers(finding)}));
            ("cleared", json!(digest.to_string()), json!([]), named.collect())
        }
    };
    let (lock, value) = match facts.lock {
        Lock::None => ("none", Value::Null),
        Lock::NoEffect(raw) => ("no-effect", json!(raw)),
        Lock::Height(height) => ("height", json!(height)),
        Lock::Time(time) => ("time", json!(time)),
    };
    json!({
        "format": FORMAT,
        "verdict": word,
        "review": digest,
        "refused_by": refused_by,
        "acknowledge": acknowledge,
        "policy": {
            "decided_by": verdict.rules().decided_by,
            "approvals": verdict.rules().approvals,
            "asked_by": verdict.rules().asked_by,
            "sentences": verdict.rules().sentences,
        },
        "network": facts.network.name(),
        "statement": reviewed.statement().to_string(),
        "txid": facts.txid.to_string(),
        "txid_final": facts.txid_final,
        "version": facts.version,
        "weight": number(facts.weight),
        "vsize": number(facts.vsize),
        "replaceable": facts.replaceable,
        "history": {
            "lines": number(facts.history.lines),
            "signed_up_to": number(facts.history.signed_up_to),
            "head": facts.history.head.to_string(),
            "signed": facts.history.signed,
            "open": facts.history.open,
        },
        "signed_before": facts.signed_before,
        "psbt": {
            "version": facts.psbt_version,
            "modifiable": reviewed.parsed().global().modifiable,
            "sha256": hex(&facts.psbt_sha256),
            "bytes": facts.psbt_bytes,
        },
        "wallets": facts.wallets.iter().map(wallet).collect::<Value>(),
        "lock": {"kind": lock, "value": value},
        "totals": totals(facts),
        "inputs": inputs(facts),
        "outputs": outputs(facts, verdict.rules()),
        "findings": reviewed.findings().iter().map(finding).collect::<Value>(),
        "plan": reviewed.plan().iter().map(|planned| json!({
            "input": planned.input,
            "wallet": name(facts, planned.wallet),
            "branch": planned.branch,
            "index": planned.index,
            "keys": planned.keys.iter().map(|key| hex(&key.public)).collect::<Value>(),
        })).collect::<Value>(),
    })
}

/// What is no PSBT that is read: the finding of the reader's rule in the form of all others.
#[must_use]
pub fn unread_to_json(error: &ParseError, network: Network, statement: StatementDigest) -> Value {
    let found = Finding {
        rule: error.rule,
        action: Action::Refuse,
        place: error.place,
        covers: Vec::new(),
        several: false,
        text: printable(&error.what),
        remedy: error.remedy,
        fraud: false,
    };
    json!({
        "format": FORMAT,
        "verdict": "unread",
        "review": null,
        "refused_by": [found.rule],
        "acknowledge": [],
        "network": network.name(),
        "statement": statement.to_string(),
        "findings": [finding(&found)],
    })
}

fn wallet(wallet: &WalletFacts) -> Value {
    let key =
        |key: &KeyFacts| json!({"fingerprint": hex(&key.fingerprint), "path": path(&key.origin), "ours": key.ours});
    json!({
        "name": wallet.name.as_str(),
        "script": kind_words(wallet.kind, wallet.keys),
        "quorum": wallet.quorum,
        "checksum": wallet.checksum,
        "keys": wallet.members.iter().map(key).collect::<Value>(),
    })
}

fn totals(facts: &Facts) -> Value {
    facts.totals.map_or(Value::Null, |totals| {
        json!({
            "inputs_sat": number(totals.inputs),
            "our_inputs_sat": number(totals.our_inputs),
            "external_sat": number(totals.external),
            "change_sat": number(totals.change),
            "self_transfer_sat": number(totals.self_transfer),
            "other_wallets_sat": number(totals.other_wallets),
            "fee_sat": number(totals.fee),
            "leaves_sat": number(totals.leaves),
            "fee_rate_msat_vb": number(totals.fee_rate_msat_vb),
            "fee_share_permille": number(totals.fee_share_permille),
        })
    })
}

fn inputs(facts: &Facts) -> Value {
    let one = |(number_of, input): (usize, &crate::review::InputFacts)| {
        json!({
            "index": number_of,
            "outpoint": format!("{}:{}", input.outpoint.txid, input.outpoint.vout),
            "amount_sat": number(input.utxo.value.to_sat()),
            "script": hex(input.utxo.script_pubkey.as_bytes()),
            "known": input.known,
            "proof": input.proof.word(),
            "sequence": input.sequence,
            "ours": ours(facts, input.ours),
            "needed": input.needed,
            "signed_by": input.signed_by.iter().map(|key| hex(key)).collect::<Value>(),
            "signers": input.signers,
            "signing": input.signing.iter().map(|key| hex(key)).collect::<Value>(),
            "path": input.path.as_ref().map_or(Value::Null, |path| json!({
                "number": path.number,
                "words": path.words,
                "primary": path.primary,
                "leaf": path.leaf.map(|leaf| hex(&leaf)),
            })),
            "spent_by": input.spent_by.iter().map(ToString::to_string).collect::<Value>(),
        })
    };
    facts.inputs.iter().enumerate().map(one).collect()
}

fn outputs(facts: &Facts, rules: &Rules) -> Value {
    let one = |(number_of, output): (usize, &crate::review::OutputFacts)| {
        json!({
            "index": number_of,
            "amount_sat": number(output.output.value.to_sat()),
            "script": hex(output.output.script_pubkey.as_bytes()),
            "address": output.address,
            "class": output.class.word(),
            "ours": ours(facts, output.ours),
            "beyond_seen": output.beyond_seen,
            "paid_before": output.paid_before,
            "destinations": rules.destinations.get(&number_of).cloned().unwrap_or_default(),
        })
    };
    facts.outputs.iter().enumerate().map(one).collect()
}

fn finding(finding: &Finding) -> Value {
    let permission = match finding.action {
        Action::RefuseUnless(permission) => json!(permission.key()),
        Action::Refuse | Action::Acknowledge | Action::Show => Value::Null,
    };
    json!({
        "rule": finding.rule,
        "action": finding.action.word(),
        "permission": permission,
        "place": place(finding.place),
        "covers": covers(finding),
        "text": finding.text,
        "remedy": finding.remedy,
        "fraud": finding.fraud,
    })
}

/// All places that one decision covers, where there are several, each with what was found there.
fn covers(finding: &Finding) -> Value {
    finding.covers.iter().map(|(at, text)| json!({"place": place(*at), "text": text})).collect()
}

fn place(place: Place) -> Value {
    match place {
        Place::Whole => json!({"scope": "whole", "index": null}),
        Place::Input(input) => json!({"scope": "input", "index": input}),
        Place::Output(output) => json!({"scope": "output", "index": output}),
    }
}

fn ours(facts: &Facts, ours: Option<(usize, u32, u32)>) -> Value {
    ours.map_or(
        Value::Null,
        |(wallet, branch, index)| json!({"wallet": name(facts, wallet), "branch": branch, "index": index}),
    )
}

fn name(facts: &Facts, wallet: usize) -> &str {
    facts.wallets.get(wallet).map_or("", |wallet| wallet.name.as_str())
}

/// A number, as a string where it is 2^53 or more.
fn number(number: u64) -> Value {
    if number < 1 << 53 { json!(number) } else { json!(number.to_string()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_that_other_readers_would_round_are_strings() {
        let most = (1u64 << 53) - 1;
        assert_eq!((number(0), number(most)), (json!(0), json!(most)));
        assert_eq!((number(most + 1), number(u64::MAX)), (json!("9007199254740992"), json!("18446744073709551615")));
    }
}
