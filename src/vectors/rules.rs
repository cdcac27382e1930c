//! The cases of our own rules: PSBTs that a rule must stop or tell, and near ones that it must let pass.
//!
//! A case names the rule, the place and what the rule does there; the verdict must be the one that it expects. Wallets
//! are cases of their own, which the others name.

use bitcoin::base64::{Engine, prelude::BASE64_STANDARD};

use super::{
    Siblings,
    case::{Case, Check, Outcome, same},
};
use crate::{
    digest::{Head, StatementDigest},
    limits,
    network::Network,
    policy::{Policy, judge},
    psbt,
    review::{Action, Ground, Past, place_words, review},
    text::{Name, printable},
    wallet::Wallet,
};

/// What a case says of its rule.
struct Expected<'a> {
    rule: &'a str,
    action: &'a str,
    place: Option<&'a str>,
    permission: Option<&'a str>,
    accepted: bool,
}

/// One case of a family of rules.
pub(super) fn rules(case: &Case<'_>, siblings: &Siblings<'_>) -> Check {
    match case.kind()? {
        "wallet" => wallet(case).and_then(|_| case.accepted()),
        "file" => file(case),
        "review" => reviewed(case, siblings),
        _ => Err("a kind that is not known".to_owned()),
    }
}

fn expected<'a>(case: &Case<'a>) -> Result<Expected<'a>, String> {
    // For people: what the case is about.
    case.text("about")?;
    Ok(Expected {
        rule: case.text("rule")?,
        action: case.text("action")?,
        place: case.optional("place"),
        permission: case.optional("unless"),
        accepted: case.valid()?,
    })
}

/// A registered wallet, with the numbers of its keys that are ours.
fn wallet(case: &Case<'_>) -> Result<Wallet, String> {
    let ours = case.numbers("ours")?.into_iter().map(usize::try_from).collect::<Result<Vec<_>, _>>();
    let name = case.text("name")?.parse().map_err(|_| "`name` is no name".to_owned())?;
    let ours = ours.map_err(|_| "`ours` is no list of places")?;
    Wallet::read(name, case.text("descriptor")?, network(case)?, &ours).map_err(|error| error.to_string())
}

fn network(case: &Case<'_>) -> Result<Network, String> {
    match case.optional("network") {
        None => Ok(Network::Regtest),
        Some(text) => text.parse().map_err(|_| "`network` is none".to_owned()),
    }
}

/// A file as it comes, in an encoding or in none.
fn file(case: &Case<'_>) -> Check {
    let expected = expected(case)?;
    let bytes = base64(case, "file")?;
    let read = psbt::unwrap(&bytes).and_then(|(binary, _)| psbt::parse(binary));
    match read {
        Ok(_) if expected.accepted && expected.action == "none" => Ok(Outcome::Passed),
        Ok(_) => Err("was read".to_owned()),
        Err(error) => stopped(&expected, &error),
    }
}

/// Refused before there was a review.
fn stopped(expected: &Expected<'_>, error: &psbt::ParseError) -> Check {
    let place = place_words(error.place);
    if expected.accepted || expected.action != "refuse" || expected.rule != error.rule {
        return Err(format!("was refused: {error}"));
    }
    if expected.place != Some(place.as_str()) {
        return Err(format!("{} speaks of {place}", error.rule));
    }
    Ok(Outcome::Refused)
}

fn reviewed(case: &Case<'_>, siblings: &Siblings<'_>) -> Check {
    let expected = expected(case)?;
    let wallets = case.texts("wallets")?.into_iter().map(|id| siblings.wallet(id, wallet));
    let wallets = wallets.collect::<Result<Vec<_>, String>>()?;
    let policy = Policy::read(case.optional("policy").unwrap_or_default()).map_err(|error| error.to_string())?;
    let highest = if case.has("highest") { highest(case)? } else { Vec::new() };
    let height = if case.has("reference_height") { case.small("reference_height")? } else { limits::REFERENCE_HEIGHT };
    let network = network(case)?;
    let version = case.number("version")?;
    let parsed = match psbt::parse(base64(case, "psbt")?) {
        Ok(parsed) => parsed,
        Err(error) => return stopped(&expected, &error),
    };
    let second = parsed.raw_pairs(psbt::Place::Whole).any(|(key, value)| key == [0xfb] && value == [2, 0, 0, 0]);
    same("version", &version, &if second { 2 } else { 0 })?;
    let found = |name: &Name, branch: u32| {
        highest.iter().find(|(wallet, at, _)| wallet == name && *at == branch).map(|(_, _, index)| *index)
    };
    let past = Past::new(0, 0, Head([0; 32]), Vec::new());
    let ground = Ground {
        statement: StatementDigest([0; 32]),
        network,
        wallets: &wallets,
        reference_height: height,
        highest: &found,
        past: &past,
        caps: policy.caps().clone(),
    };
    let reviewed = review(parsed, &ground);
    let findings = reviewed.findings().to_vec();
    let verdict = judge(reviewed, &policy);
    let of_rule = || findings.iter().filter(|finding| finding.rule == expected.rule);
    if expected.action == "none" {
        if let Some(finding) = of_rule().next() {
            return Err(format!("{} speaks: {}", finding.rule, finding.text));
        }
    } else {
        let here = |finding: &&crate::review::Finding| {
            let permission = match finding.action {
                Action::RefuseUnless(permission) => Some(permission.key()),
                Action::Refuse | Action::Acknowledge | Action::Show => None,
            };
            finding.places().any(|place| expected.place == Some(place_words(place).as_str()))
                && expected.action == finding.action.word()
                && expected.permission == permission
        };
        of_rule().find(here).ok_or_else(|| format!("{} is silent there", printable(expected.rule)))?;
    }
    match (verdict, expected.accepted) {
        (Ok(_), true) => Ok(Outcome::Passed),
        (Ok(_), false) => Err("may be approved".to_owned()),
        (Err(refused), true) => {
            let rules: Vec<_> = refused.reasons.iter().map(|reason| reason.rule).collect();
            Err(format!("was refused by {}", rules.join(", ")))
        }
        (Err(refused), false) => {
            if expected.action.starts_with("refuse") && !refused.reasons.iter().any(|r| r.rule == expected.rule) {
                return Err(format!("was not refused by {}", printable(expected.rule)));
            }
            Ok(Outcome::Refused)
        }
    }
}

/// The highest index signed of a wallet's branch: "wallet branch index".
fn highest(case: &Case<'_>) -> Result<Vec<(Name, u32, u32)>, String> {
    let one = |text: &str| {
        let mut parts = text.split(' ');
        let mut next = || parts.next();
        Some((next()?.parse().ok()?, next()?.parse().ok()?, next()?.parse().ok()?))
    };
    let all = case.texts("highest")?.into_iter().map(one).collect::<Option<Vec<_>>>();
    all.ok_or_else(|| "`highest` is wallet, branch and index".to_owned())
}

fn base64(case: &Case<'_>, name: &str) -> Result<Vec<u8>, String> {
    BASE64_STANDARD.decode(case.text(name)?).map_err(|_| format!("`{name}` is no base64"))
}
