//! What a transaction spends and pays, as `intent` and `signed` lines hold it: enough for limits and ledgers.
//!
//! Floor 3. No PSBT, no address, no key: outpoints with amounts, external outputs, fee, locktime, highest indices.

use std::collections::BTreeMap;

use bitcoin::{OutPoint, Txid};
use serde::{Deserialize, Serialize};

use crate::{journal::ScriptHex, limits, review::Facts, text::Name};

/// Locktimes from here on are times (consensus).
const TIME_LOCKS: u32 = 500_000_000;
/// Indices from here on are hardened (BIP32).
const HARDENED: u32 = 1 << 31;

/// The facts of one transaction that limits and ledgers need.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Spending {
    /// Of the unsigned transaction.
    #[serde(with = "as_text")]
    pub txid: Txid,
    /// What it spends, in its order.
    pub inputs: Vec<Spent>,
    /// The outputs that leave, in their order; those to other wallets of the vault too, as in the review's sums.
    pub external: Vec<Paid>,
    /// Satoshi.
    pub fee: u64,
    /// The raw locktime.
    pub locktime: u32,
    /// The height before which it cannot be mined; absent where no height lock has an effect.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub height_lock: Option<u32>,
    /// Wallet, branch and the highest index of ours there, among inputs and outputs; sorted.
    pub highest: Vec<(Name, u32, u32)>,
}

/// An input.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Spent {
    /// `txid:vout`
    #[serde(with = "as_text")]
    pub outpoint: OutPoint,
    /// Satoshi.
    pub amount: u64,
}

/// An output that leaves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Paid {
    /// Its script.
    pub script: ScriptHex,
    /// Satoshi.
    pub amount: u64,
}

/// Why a review's facts, or a line's, are no [`Spending`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SpendingError {
    /// Only a refused review has no fee.
    #[error("the transaction's amounts do not add up")]
    NoFee,
    /// A wallet's number that the statement does not have.
    #[error("the review names a wallet that the statement does not have")]
    UnknownWallet,
    /// More than the limits allow, or numbers that cannot be.
    #[error("the transaction's facts are not possible: {0}")]
    Impossible(&'static str),
}

impl Spending {
    /// The facts of a review. `wallets` are the names of the statement's wallets, in its order.
    ///
    /// # Errors
    /// Facts without a fee or with a wallet that is not there, as only a refused review can have them.
    pub(super) fn of(facts: &Facts, txid: Txid, locktime: u32, wallets: &[&Name]) -> Result<Self, SpendingError> {
        let inputs =
            facts.inputs.iter().map(|input| Spent { outpoint: input.outpoint, amount: input.utxo.value.to_sat() });
        let external = facts.outputs.iter().filter(|output| !output.class.comes_back());
        let ours = facts.inputs.iter().filter_map(|input| input.ours);
        let ours = ours.chain(facts.outputs.iter().filter_map(|output| output.ours));
        let spending = Self {
            txid,
            inputs: inputs.collect(),
            external: external
                .map(|out| Paid {
                    script: ScriptHex(out.output.script_pubkey.clone()),
                    amount: out.output.value.to_sat(),
                })
                .collect(),
            fee: facts.fee.ok_or(SpendingError::NoFee)?,
            locktime,
            height_lock: facts.height_lock,
            highest: highest(ours, wallets)?,
        };
        spending.check()?;
        Ok(spending)
    }

    /// What leaves the vault, in satoshi: all external outputs and the fee.
    #[must_use]
    pub fn leaves(&self) -> u64 {
        self.external.iter().fold(self.fee, |sum, paid| sum.saturating_add(paid.amount))
    }

    /// Whether the numbers can be those of one transaction.
    pub(super) fn check(&self) -> Result<(), SpendingError> {
        let amounts = self.inputs.iter().map(|spent| spent.amount).chain(self.external.iter().map(|paid| paid.amount));
        let branches = self.highest.iter().map(|(wallet, branch, _)| (wallet, branch));
        let checks = [
            (!self.inputs.is_empty() && self.inputs.len() <= limits::INPUTS, "count of inputs"),
            (self.external.len() <= limits::OUTPUTS, "count of outputs"),
            (amounts.chain([self.fee]).all(|amount| amount <= limits::MAX_MONEY), "amount above 21 million BTC"),
            (self.height_lock.is_none_or(|height| height < TIME_LOCKS && height == self.locktime), "height lock"),
            (branches.is_sorted_by(|a, b| a < b), "order of the highest indices"),
            (self.highest.iter().all(|(_, branch, index)| *branch < HARDENED && *index < HARDENED), "hardened index"),
        ];
        checks.into_iter().find(|(fits, _)| !fits).map_or(Ok(()), |(_, what)| Err(SpendingError::Impossible(what)))
    }
}

/// The highest index for each wallet and branch.
fn highest(
    ours: impl Iterator<Item = (usize, u32, u32)>,
    wallets: &[&Name],
) -> Result<Vec<(Name, u32, u32)>, SpendingError> {
    let mut highest = BTreeMap::new();
    for (wallet, branch, index) in ours {
        let name = *wallets.get(wallet).ok_or(SpendingError::UnknownWallet)?;
        let seen = highest.entry((name, branch)).or_insert(index);
        *seen = index.max(*seen);
    }
    Ok(highest.into_iter().map(|((name, branch), index)| (name.clone(), branch, index)).collect())
}

/// Values whose text form is their `Display`.
mod as_text {
    use std::{fmt::Display, str::FromStr};

    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(super) fn serialize<T: Display, S: Serializer>(value: &T, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(value)
    }

    pub(super) fn deserialize<'de, T: FromStr, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(|_| D::Error::custom("expected a txid or an outpoint"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{canon, journal::samples};

    #[test]
    fn the_highest_index_of_each_branch_is_kept() {
        let (main, spare): (Name, Name) = ("main".parse().unwrap(), "a-spare".parse().unwrap());
        let found = highest([(0, 0, 4), (1, 1, 0), (0, 1, 2), (0, 0, 9), (0, 0, 5)].into_iter(), &[&main, &spare]);
        assert_eq!(found.unwrap(), [(spare.clone(), 1, 0), (main.clone(), 0, 9), (main.clone(), 1, 2)]);
        assert_eq!(highest([(2, 0, 0)].into_iter(), &[&main, &spare]), Err(SpendingError::UnknownWallet));
    }

    #[test]
    fn only_possible_facts_are_taken() {
        let good = samples::spending(1);
        assert_eq!(good.check(), Ok(()));
        assert_eq!(good.leaves(), 70_000 + 1_000);
        #[track_caller]
        fn refused(change: impl FnOnce(&mut Spending), what: &'static str) {
            let mut bad = samples::spending(1);
            change(&mut bad);
            assert_eq!(bad.check(), Err(SpendingError::Impossible(what)));
        }
        refused(|s| s.inputs.clear(), "count of inputs");
        refused(|s| s.inputs = vec![s.inputs[0].clone(); limits::INPUTS + 1], "count of inputs");
        refused(|s| s.external = vec![s.external[0].clone(); limits::OUTPUTS + 1], "count of outputs");
        refused(|s| s.fee = limits::MAX_MONEY + 1, "amount above 21 million BTC");
        refused(|s| s.height_lock = Some(5), "height lock");
        refused(|s| (s.locktime, s.height_lock) = (TIME_LOCKS, Some(TIME_LOCKS)), "height lock");
        refused(|s| s.highest.reverse(), "order of the highest indices");
        refused(|s| s.highest = vec![s.highest[0].clone(); 2], "order of the highest indices");
        refused(|s| s.highest[0].2 = HARDENED, "hardened index");
    }

    #[test]
    fn the_text_form_is_one() {
        let spending = samples::spending(1);
        let line = canon::line(&spending).unwrap();
        assert_eq!(canon::read_line::<Spending>(line.as_bytes()).unwrap(), spending);
        for (from, to) in
            [(":0\"", ":00\""), ("\"fee\":1000", "\"fee\":1000,\"more\":1"), ("[\"main\",0,3]", "[\"main\",0]")]
        {
            let bad = line.replacen(from, to, 1);
            assert_ne!(bad, line);
            assert!(canon::read_line::<Spending>(bad.as_bytes()).is_err(), "{bad}");
        }
    }
}
