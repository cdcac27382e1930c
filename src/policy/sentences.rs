//! A policy as English sentences, for the people who vote on it.

use super::{Policy, rule::Destination};
use crate::{
    review::Permission,
    text::{amount, grouped_number},
};

/// What is allowed, then what is capped, then destinations and rules. Every sentence is about what is enforced,
/// defaults too.
pub(super) fn sentences(policy: &Policy) -> Vec<String> {
    let mut out: Vec<String> = Permission::ALL
        .into_iter()
        .map(|permission| {
            let (what, then) = permission_words(permission);
            if policy.allows(permission) {
                format!("{what} are allowed; each custodian acknowledges {then}.")
            } else {
                format!("{what} are refused.")
            }
        })
        .collect();
    let caps = policy.caps();
    out.push(format!(
        "A fee rate above {} sat/vB is acknowledged, above {} sat/vB refused.",
        grouped_number(caps.fee_rate_notice_sat_vb),
        grouped_number(caps.fee_rate_refuse_sat_vb)
    ));
    out.push(format!(
        "A fee above {} is acknowledged, above {} refused.",
        amount(caps.fee_notice_sat),
        amount(caps.fee_refuse_sat)
    ));
    out.push(format!(
        "A fee of {} % of what is paid or more is acknowledged, of {} % or more refused.",
        caps.fee_share_notice_percent, caps.fee_share_refuse_percent
    ));
    out.push(format!(
        "More than {} change outputs are acknowledged, more than {} refused.",
        caps.change_outputs_notice, caps.change_outputs_refuse
    ));
    out.push(format!(
        "A locktime more than {} blocks ahead is refused.",
        grouped_number(u64::from(caps.locktime_blocks))
    ));
    out.extend(policy.destinations.iter().map(Destination::sentence));
    out.extend(policy.rules.iter().zip(1usize..).map(|(rule, number)| rule.sentence(number)));
    if !policy.rules.is_empty() {
        out.push("What no rule allows or refuses is allowed.".to_owned());
    }
    out
}

const fn permission_words(permission: Permission) -> (&'static str, &'static str) {
    match permission {
        Permission::ForeignInputs => ("Transactions with inputs of others", "those inputs"),
        Permission::UnprovenAmounts => ("Coins whose amount is only claimed", "those coins"),
        Permission::MixedWallets => ("Transactions that spend from several wallets", "it"),
        Permission::MoreSignatures => ("Signatures beyond those that an input needs", "those inputs"),
        Permission::OpReturnValue => ("Data outputs that burn coins", "each of those outputs"),
    }
}
