//! What a vault says of itself, in lines for people.

use super::{
    carry::Came,
    exit::{Failure, INTEGRITY},
};
use crate::{
    ceremony::{self, CeremonyError, Trial, superseded},
    journal::{self, Journal},
    policy::{Cleared, Policy, Refused, Ruling},
    quorum::Matter,
    review::{self, Approvals, Book, Finding, WIDTH},
    text,
    vault::{ShareState, Vault},
    wallet::{self, Wallet, WalletError},
};

/// The public statement: words, quorum, wallets, policy, the journal's head, and what was noticed.
#[must_use]
pub fn statement(vault: &Vault) -> Vec<String> {
    let statement = vault.statement();
    let core = statement.core();
    let roster = statement.roster();
    let mut page = vec!["vault words".to_owned()];
    page.extend(text::in_rows(&statement.words()));
    page.extend([
        format!("vault id    {}", statement.vault_id()),
        format!("network     {}", statement.network()),
        format!("epoch       {}, sequence {}", core.epoch, core.sequence),
        format!("statement   {}", statement.digest()),
        format!("quorum      {} of {}", roster.threshold(), roster.custodians().len()),
    ]);
    page.extend(roster.custodians().iter().map(|custodian| format!("  {}", custodian.name)));
    page.push(format!("wallets     {}", statement.wallets().len()));
    for wallet in statement.wallets() {
        page.push(format!("  {}  {}", wallet.name(), kind(wallet)));
        page.extend(spending(wallet));
    }
    page.push("policy".to_owned());
    page.extend(
        statement.policy().sentences().iter().flat_map(|sentence| text::folded(&format!("  {sentence}"), WIDTH)),
    );
    page.extend(journal::head_lines(vault.journal().count(), vault.journal().head()));
    page.extend(vault.notices().iter().map(|notice| format!("note: {notice}")));
    page
}

/// What a check of everything found.
pub struct Checked {
    /// Whose shares lie in the folder.
    pub shares: Vec<String>,
    /// What was noticed, and hinders nothing.
    pub notices: Vec<String>,
}

/// Checks every signature and digest of a vault.
///
/// # Errors
/// A share is bad, or the vault can be used and is not whole.
pub fn checked(vault: &Vault) -> Result<Checked, Failure> {
    let notices: Vec<String> = vault.notices().iter().map(ToString::to_string).collect();
    let mut shares = Vec::new();
    let mut torn = Vec::new();
    let report = vault.check();
    let whole = report.is_whole();
    for (name, state) in report.shares {
        match state {
            ShareState::Elsewhere => {}
            ShareState::Good { torn: beside, .. } => {
                shares.push(name.to_string());
                torn.extend(beside);
            }
            ShareState::Bad(error) => return Err(CeremonyError::from(error).into()),
        }
    }
    let notices: Vec<String> = notices.into_iter().chain(torn).collect();
    if !whole {
        let what = notices.join("; ");
        return Err(Failure::new(INTEGRITY, format!("the vault can be used, but it is not whole: {what}"))
            .remedy("take a copy that is whole, or let the next change of the vault write that slot anew"));
    }
    let names = vault.statement().roster().custodians().iter().map(|custodian| &custodian.name);
    let here = names.filter_map(|name| Some((name, vault.share(name).ok()?)));
    let old = here.flat_map(|(name, found)| superseded(&found, name, vault));
    let notices = notices.into_iter().chain(old).collect();
    Ok(Checked { shares, notices })
}

impl Checked {
    /// In lines, with the words to compare.
    #[must_use]
    pub fn lines(&self, vault: &Vault) -> Vec<String> {
        let (shares, notices, journal) = (&self.shares, &self.notices, vault.journal());
        let mut page = vec![
            "whole: every signature and digest of statement, journal and embedded shares holds".to_owned(),
            format!(
                "journal: {}, signed up to line {}",
                text::count(usize::try_from(journal.count()).unwrap_or(usize::MAX), "line"),
                journal.signed_up_to()
            ),
        ];
        if !shares.is_empty() {
            page.push(format!("embedded shares: {}", shares.join(", ")));
        }
        page.extend(notices.iter().map(|notice| format!("note: {notice}")));
        page.push("these are its words; that it is yours, only your own paper can tell:".to_owned());
        page.extend(text::in_rows(&vault.statement().words()));
        page
    }
}

/// What kind of wallet it is.
#[must_use]
pub fn kind(wallet: &Wallet) -> String {
    wallet.kind().in_words(wallet.keys().len())
}

/// How a wallet's coins are spent, below its line.
fn spending(wallet: &Wallet) -> Vec<String> {
    wallet.spending_in_words().iter().flat_map(|path| text::folded(&format!("    {path}"), WIDTH)).collect()
}

/// A wallet's first address.
///
/// # Errors
/// It has none.
pub fn first_address(wallet: &Wallet) -> Result<String, WalletError> {
    Ok(wallet::addresses(wallet, wallet.receive_branch(), 0..1)?.pop().unwrap_or_default())
}

/// Each wallet: its kind, how it is spent, whose keys, its first address as `shown`, its descriptor.
///
/// # Errors
/// A wallet has no address.
pub fn wallets(wallets: &[Wallet], shown: impl Fn(&str) -> String) -> Result<Vec<String>, WalletError> {
    let mut list = Vec::new();
    for wallet in wallets {
        list.push(format!("{}  {}", wallet.name(), kind(wallet)));
        list.extend(spending(wallet));
        let ours = wallet.keys().iter().zip(1usize..).filter(|(key, _)| key.ours);
        let ours: Vec<String> = ours.map(|(_, number)| number.to_string()).collect();
        list.push(format!("    keys of this vault: {}", ours.join(", ")));
        list.push(format!("    first address: {}", shown(&first_address(wallet)?)));
        list.push(format!("  {}", wallet.descriptor()));
    }
    Ok(list)
}

/// How far a journal that was read is proven.
#[must_use]
pub fn verified(journal: &Journal) -> Vec<String> {
    let mut said =
        vec!["whole: every line names the one before it, every ballot and every closing signature holds".to_owned()];
    said.extend(journal.standing());
    said
}

/// The whole review of a PSBT on which was decided, and which came so.
#[must_use]
pub fn reviewed(vault: &Vault, decided: &Result<Cleared, Box<Refused>>, came: Came) -> Book {
    let transport = came.transport();
    let roster = vault.statement().roster();
    match decided {
        Ok(cleared) => {
            let (needed, custodians) = (cleared.ballots_needed(roster), roster.custodians().len());
            let approvals = Approvals { given: &[], needed, custodians };
            review::book(cleared.reviewed(), cleared.verdict(), Some(&approvals), Some(&transport))
        }
        Err(refused) => review::book(&refused.reviewed, refused.verdict(), None, Some(&transport)),
    }
}

/// A policy in sentences.
#[must_use]
pub fn policy(policy: &Policy, vault: &Vault) -> Vec<String> {
    let mut lines = policy.sentences();
    lines.extend(ceremony::strange_wallets(policy, vault));
    lines
}

/// What a policy would make of a PSBT.
#[must_use]
pub fn tried(trial: &Trial, policy: &Policy, vault: &Vault) -> Vec<String> {
    let (ruling, reasons, needed) = (&trial.ruling, &trial.reasons, trial.needed);
    let custodians = vault.statement().roster().custodians().len();
    let mut lines = vec![headline(ruling, reasons)];
    lines.extend(ruling.shown().sentences.iter().map(|sentence| format!("  {sentence}")));
    let others = reasons.iter().filter(|reason| reason.rule != "O11");
    lines.extend(others.map(|reason| format!("refused: {}  {}: {}", reason.rule, reason.place_words(), reason.text)));
    lines.extend(needed.map(|needed| match ruling.asked() {
        Some((_, rule)) => format!("approvals: {needed} of {custodians}, by rule {rule}"),
        None => format!("approvals: {needed} of {custodians}"),
    }));
    lines.extend(
        trial
            .warnings
            .iter()
            .map(|warning| format!("acknowledge: {}  {}: {}", warning.rule, warning.place_words(), warning.text)),
    );
    lines.extend(ceremony::strange_wallets(policy, vault));
    lines
}

fn headline(ruling: &Ruling, reasons: &[Finding]) -> String {
    match (ruling.decided_by(), ruling.refuses()) {
        (Some(rule), true) => format!("refused: rule {rule} of the policy decides"),
        (Some(rule), false) if reasons.is_empty() => format!("allowed: rule {rule} of the policy decides"),
        (None, _) if reasons.is_empty() => "allowed: no rule of the policy decides".to_owned(),
        (Some(rule), false) => format!("refused by other rules; rule {rule} of the policy allows it"),
        (None, _) => "refused by other rules; no rule of the policy decides".to_owned(),
    }
}
