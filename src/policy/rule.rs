//! The rules of a policy: where each fits, and what it then does.
//!
//! Floor 2. Data with its English; `ruling` applies it. Rules are read in order. The first that fits and allows or
//! refuses decides; one that fits and asks for more approvals does so, and reading goes on. So asking for more never
//! opens what a later rule refuses.

use bitcoin::{Address, ScriptBuf, address::NetworkUnchecked};

use crate::{
    text::{Name, amount, count, grouped_number},
    wallet::Wallet,
};

/// One rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Rule {
    pub(super) when: When,
    pub(super) then: Then,
    /// Where it stands in the text.
    pub(super) line: usize,
}

/// Where a rule fits: everywhere, less what each condition leaves out.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct When {
    /// Spends from one of these wallets.
    pub(super) wallets: Vec<Name>,
    /// More than this leaves, the fee included, in satoshi.
    pub(super) leaves_above: Option<u64>,
    /// At most this leaves, the fee included, in satoshi.
    pub(super) leaves_at_most: Option<u64>,
    /// Something goes to one of these destinations.
    pub(super) to: Vec<Name>,
    /// All that leaves goes to these destinations.
    pub(super) only_to: Vec<Name>,
    /// Something goes elsewhere than to these destinations.
    pub(super) to_others_than: Vec<Name>,
    /// Too much leaves in a period.
    pub(super) period: Option<Period>,
    /// Fewer blocks than this lie between it and another transaction.
    pub(super) wait_blocks: Option<u32>,
}

/// More than so much leaves within so many blocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Period {
    pub(super) blocks: u32,
    pub(super) above: u64,
}

/// What a rule does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Then {
    Allow,
    Refuse,
    Ask(Approvals),
}

/// Approvals that a rule asks for; never fewer than the quorum's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Approvals {
    /// At least so many.
    AtLeast(u8),
    /// Of every custodian.
    All,
}

/// Places that coins may go to, under one name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Destination {
    pub(super) name: Name,
    pub(super) targets: Vec<Target>,
}

/// One such place.
#[derive(Debug, Clone)]
pub(super) struct Target {
    pub(super) to: To,
    /// Where it stands in the text.
    pub(super) line: usize,
}

#[derive(Debug, Clone)]
pub(super) enum To {
    /// One address.
    Address { address: Box<Address<NetworkUnchecked>>, script: ScriptBuf },
    /// Any address of a descriptor.
    Descriptor(Box<Wallet>),
}

impl PartialEq for Target {
    fn eq(&self, other: &Self) -> bool {
        self.words() == other.words()
    }
}

impl Eq for Target {}

impl Target {
    /// The address, or the descriptor with its checksum.
    pub(super) fn words(&self) -> String {
        match &self.to {
            To::Address { address, .. } => address.assume_checked_ref().to_string(),
            To::Descriptor(wallet) => wallet.descriptor().to_owned(),
        }
    }
}

impl Approvals {
    /// How many of `custodians` that is, where the quorum asks for `threshold`.
    #[must_use]
    pub fn of(self, threshold: usize, custodians: usize) -> usize {
        match self {
            Self::AtLeast(number) => threshold.max(usize::from(number)),
            Self::All => custodians.max(threshold),
        }
    }

    /// `3 custodians`, `all custodians`.
    #[must_use]
    pub fn words(self) -> String {
        match self {
            Self::AtLeast(number) => count(usize::from(number), "custodian"),
            Self::All => "all custodians".to_owned(),
        }
    }
}

impl When {
    /// Whether it fits every transaction.
    pub(super) fn is_always(&self) -> bool {
        *self == Self::default()
    }

    /// Whether it looks at other transactions, and so at a height lock.
    pub(super) const fn looks_back(&self) -> bool {
        self.period.is_some() || self.wait_blocks.is_some()
    }

    /// Names of destinations that it has.
    pub(super) fn destinations(&self) -> impl Iterator<Item = &Name> {
        self.to.iter().chain(&self.only_to).chain(&self.to_others_than)
    }
}

impl Rule {
    /// The rule in words, for the people who vote.
    pub(super) fn sentence(&self, number: usize) -> String {
        let conditions = conditions(&self.when);
        let then = match self.then {
            Then::Allow => "it is allowed".to_owned(),
            Then::Refuse => "it is refused".to_owned(),
            Then::Ask(approvals @ Approvals::AtLeast(1)) => format!("{} approves it", approvals.words()),
            Then::Ask(approvals) => format!("{} approve it", approvals.words()),
        };
        let locked = if self.when.looks_back() { "; the same where it has no height lock" } else { "" };
        if conditions.is_empty() {
            format!("Rule {number}: {then}, whatever the transaction is.")
        } else {
            format!("Rule {number}: if {}, {then}{locked}.", conditions.join(" and "))
        }
    }
}

fn conditions(when: &When) -> Vec<String> {
    let or = |names: &[Name]| names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(" or ");
    let mut out = Vec::new();
    if !when.wallets.is_empty() {
        out.push(format!("it spends from wallet {}", or(&when.wallets)));
    }
    if let Some(sat) = when.leaves_above {
        out.push(format!("more than {} leaves", amount(sat)));
    }
    if let Some(sat) = when.leaves_at_most {
        out.push(format!("at most {} leaves", amount(sat)));
    }
    if !when.to.is_empty() {
        out.push(format!("something goes to {}", or(&when.to)));
    }
    if !when.only_to.is_empty() {
        out.push(format!("all of it goes to {}", or(&when.only_to)));
    }
    if !when.to_others_than.is_empty() {
        out.push(format!("something goes elsewhere than to {}", or(&when.to_others_than)));
    }
    if let Some(period) = when.period {
        out.push(format!(
            "more than {} leaves within {} blocks, with what was signed or approved before",
            amount(period.above),
            grouped_number(u64::from(period.blocks))
        ));
    }
    if let Some(blocks) = when.wait_blocks {
        out.push(format!(
            "fewer than {} blocks lie between it and another transaction",
            grouped_number(u64::from(blocks))
        ));
    }
    out
}

impl Destination {
    /// The destination in words.
    pub(super) fn sentence(&self) -> String {
        let targets: Vec<String> = self
            .targets
            .iter()
            .map(|target| match &target.to {
                To::Address { .. } => target.words(),
                To::Descriptor(_) => format!("an address of {}", target.words()),
            })
            .collect();
        format!("`{}` is {}.", self.name, targets.join(", or "))
    }
}
