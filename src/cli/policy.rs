//! `policy`: read it out, try a PSBT against it, and put another one into force by quorum.

use std::path::Path;

use serde_json::json;

use super::{
    args::{PolicyCommand, PsbtArg, VaultArg},
    carry::read_psbt,
    output::results,
    place::at_desk,
};
use crate::{
    canon, ceremony,
    device::{Folder, read_file},
    hatch::{self, DONE, Failure, REFUSED},
    limits,
    policy::Policy,
    review::{Finding, WIDTH},
    text,
    vault::Vault,
    wallet::Wallet,
};

pub(super) fn run(command: PolicyCommand) -> Result<u8, Failure> {
    match command {
        PolicyCommand::Show { vault, json } => show(&vault, json),
        PolicyCommand::Test { vault, psbt, policy, json } => test(&vault, &psbt, policy.as_deref(), json),
        PolicyCommand::Set { vault, policy, quorum } => {
            let text = policy_text(&policy)?;
            at_desk(&vault, &quorum, Vec::new(), |desk| ceremony::set_policy(desk, &text))?;
            Ok(DONE)
        }
    }
}

/// A policy's file.
pub(super) fn policy_text(path: &Path) -> Result<String, Failure> {
    String::from_utf8(read_file(path, limits::POLICY_BYTES)?)
        .map_err(|_| Failure::input("the policy is not UTF-8 text"))
}

fn open(vault: &VaultArg) -> Result<Vault, Failure> {
    Ok(ceremony::open(&Folder::at(&vault.path), vault.expect_id.as_deref())?)
}

fn page(lines: &[String]) -> Result<u8, Failure> {
    results(&lines.iter().flat_map(|line| text::folded(line, WIDTH)).map(|line| line + "\n").collect::<String>())
}

fn document(value: &serde_json::Value) -> Result<u8, Failure> {
    results(&canon::document(value).map_err(|error| Failure::input(error.to_string()))?)
}

fn show(arg: &VaultArg, as_json: bool) -> Result<u8, Failure> {
    let vault = open(arg)?;
    let statement = vault.statement();
    let policy = statement.policy();
    if as_json {
        let names: Vec<&text::Name> = statement.wallets().iter().map(Wallet::name).collect();
        let unknown: Vec<&str> = policy.unknown_wallets(&names).into_iter().map(text::Name::as_str).collect();
        return document(&json!({
            "text": statement.core().policy,
            "sentences": policy.sentences(),
            "unknown_wallets": unknown,
        }));
    }
    page(&hatch::policy(policy, &vault))
}

/// Which rule decides on a PSBT; nothing is signed.
fn test(arg: &VaultArg, psbt: &PsbtArg, other: Option<&Path>, as_json: bool) -> Result<u8, Failure> {
    let vault = open(arg)?;
    let tried: Option<Policy> = match other {
        Some(path) => Some(ceremony::suited(&policy_text(path)?, &vault)?),
        None => None,
    };
    let policy = tried.as_ref().unwrap_or_else(|| vault.statement().policy());
    let (binary, _) = read_psbt(psbt)?;
    let trial = ceremony::try_policy(&vault, policy, binary)?;
    let (ruling, reasons, needed) = (&trial.ruling, &trial.reasons, trial.needed);
    let custodians = vault.statement().roster().custodians().len();
    let code = if reasons.is_empty() { DONE } else { REFUSED };
    if as_json {
        let shown = ruling.shown();
        document(&json!({
            "verdict": if reasons.is_empty() { "cleared" } else { "refused" },
            "decided_by": shown.decided_by,
            "approvals": shown.approvals,
            "asked_by": shown.asked_by,
            "needed": needed,
            "custodians": custodians,
            "sentences": shown.sentences,
            "refused_by": ids(reasons),
            "acknowledge": ids(&trial.warnings),
        }))?;
        return Ok(code);
    }
    page(&hatch::tried(&trial, policy, &vault))?;
    Ok(code)
}

fn ids(findings: &[Finding]) -> Vec<&'static str> {
    let mut ids: Vec<&str> = findings.iter().map(|finding| finding.rule).collect();
    ids.sort_unstable();
    ids.dedup();
    ids
}
