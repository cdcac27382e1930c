//! Another policy by quorum: every sentence that changes, and the exact text, are shown; the policy in force has no
//! say in it.

use serde::Serialize;

use crate::{
    ceremony::{
        CeremonyError, Desk, Refusal,
        instruct::{agree, confirm},
    },
    policy::Policy,
    quorum::{Kind, Proposed},
    text,
    vault::{self, Change, StatementError},
    wallet::Wallet,
};

/// The instruction to put another policy into force: its exact text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SetPolicy {
    /// TOML.
    pub policy: String,
}

/// Puts another policy into force by quorum.
///
/// # Errors
/// Whatever stops it; the vault is then as it was.
pub fn set_policy(desk: &mut Desk<'_>, text: &str) -> Result<(), CeremonyError> {
    let mut opened = desk.open()?;
    let statement = opened.vault.statement();
    let next = suited(text, &opened.vault)?;
    if statement.core().policy == text {
        return Err(Refusal::SamePolicy.into());
    }
    let mut page = changes(statement.policy(), &next, text);
    let strangers = strange_wallets(&next, &opened.vault);
    page.splice(0..0, strangers);
    let proposed = Proposed::new(Kind::Policy, SetPolicy { policy: text.to_owned() })?;
    let gist = "To approve: put another policy into force.".to_owned();
    let (recorded, body) = agree(desk, &mut opened, proposed, "another policy", page, gist)?;
    let text = recorded.approved().matter().instruction().policy.clone();
    let next = match suited(&text, &opened.vault) {
        Ok(next) => next,
        Err(error) => return Err(desk.fail(&mut opened, error)),
    };
    if let Err(error) = confirm(desk, "the policy that will be in force", &next.sentences()) {
        return Err(desk.fail(&mut opened, error));
    }
    vault::amend(&recorded, Change::Policy(text), &opened.vault, &body, &mut opened.pen, desk.store)?;
    drop(body);
    // It is in force, whether anyone can read so or not.
    let _said = desk.screen.say("The new policy is in force.");
    desk.say_head(&opened.pen);
    Ok(())
}

/// A sentence for each name in the rules that is no wallet of the vault: a slip of the pen there makes a rule fit nothing.
#[must_use]
pub fn strange_wallets(policy: &Policy, vault: &vault::Vault) -> Vec<String> {
    let names: Vec<&text::Name> = vault.statement().wallets().iter().map(Wallet::name).collect();
    let sentence = |name: &text::Name| {
        format!("note: the vault has no wallet `{name}`, so what a rule says of its coins fits nothing yet.")
    };
    policy.unknown_wallets(&names).into_iter().map(sentence).collect()
}

/// Reads a policy that this vault can have.
///
/// # Errors
/// What is wrong with it.
pub fn suited(text: &str, vault: &vault::Vault) -> Result<Policy, CeremonyError> {
    let statement = vault.statement();
    let wrong = |error| CeremonyError::Found(StatementError::Policy(error).into());
    let policy = Policy::read(text).map_err(wrong)?;
    policy.suits(statement.network(), statement.roster().custodians().len()).map_err(wrong)?;
    Ok(policy)
}

/// What changes, sentence by sentence, and the text.
fn changes(now: &Policy, next: &Policy, text: &str) -> Vec<String> {
    let (now, next) = (now.sentences(), next.sentences());
    let mut page = Vec::new();
    let gone: Vec<&String> = now.iter().filter(|sentence| !next.contains(sentence)).collect();
    let new: Vec<&String> = next.iter().filter(|sentence| !now.contains(sentence)).collect();
    if gone.is_empty() && new.is_empty() {
        page.push("No sentence changes: only the text does.".to_owned());
    }
    for (title, sentences) in [("No longer:", gone), ("From now on:", new)] {
        if !sentences.is_empty() {
            page.push(title.to_owned());
            page.extend(sentences.into_iter().map(|sentence| format!("  {sentence}")));
        }
    }
    page.push(String::new());
    page.push("The exact text:".to_owned());
    page.extend(text.lines().map(|line| format!("  {}", text::clean(line))));
    page
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_changed_sentence_is_shown_and_the_exact_text() {
        let text = "[caps]\nfee_refuse_sat = 6_000_000 # \u{202e}less\n[[rule]]\nthen = \"refuse\"\n";
        let page = changes(&Policy::read("").unwrap(), &Policy::read(text).unwrap(), text);
        let told = |part: &str| page.iter().position(|line| line.contains(part)).unwrap_or_else(|| panic!("{page:#?}"));
        assert!(told("No longer:") < told("above 1.00000000 BTC"));
        assert!(told("above 1.00000000 BTC") < told("From now on:"));
        assert!(told("From now on:") < told("above 0.06000000 BTC"));
        assert!(told("Rule 1: it is refused") < told("The exact text:"));
        assert!(page.contains(&"  fee_refuse_sat = 6_000_000 # \\u{202e}less".to_owned()), "{page:#?}");
        assert_eq!(page.iter().filter(|line| line.contains("BTC")).count(), 2, "what stays is not told");
        // Not even one that is longer than people would look at.
        let long = format!("# {}\n[caps] # {}then\n", "x".repeat(500), " ".repeat(300));
        let page = changes(&Policy::read("").unwrap(), &Policy::read(&long).unwrap(), &long);
        let shown: Vec<&str> = page.iter().filter_map(|line| line.strip_prefix("  ")).collect();
        assert_eq!(shown, long.lines().collect::<Vec<_>>());
        let comment = changes(&Policy::read("").unwrap(), &Policy::read("# x\n").unwrap(), "# x\n");
        assert_eq!(comment[0], "No sentence changes: only the text does.");
    }
}
