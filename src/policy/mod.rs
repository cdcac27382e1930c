//! What a quorum decided in advance: TOML, bound into every ballot through the statement; and the verdict on a
//! review.
//!
//! Floor 2. Pure. A policy may only say what a rule of this program enforces: every other key is an error.
//!
//! ```toml
//! [allow]                          # all false unless set
//! foreign_inputs = true
//! [caps]                           # defaults as in `Caps::default()`
//! fee_refuse_sat = 2_000_000
//! [destinations]                   # names for where coins may go
//! payroll = ["bc1q…", "wpkh([…]xpub…/<0;1>/*)"]
//! [[rule]]                         # in order; the first that fits and allows or refuses decides
//! when = { only_to = ["payroll"], leaves_at_most_sat = 5_000_000 }
//! then = "allow"
//! [[rule]]
//! when = { leaves_above_sat = 100_000_000 }
//! then = { approvals = "all" }
//! ```

mod caps;
mod judge;
mod read;
mod read_rules;
mod rule;
mod ruling;
mod sentences;

pub use judge::{Cleared, Refused, judge};
pub use read::PolicyError;
pub use read_rules::WHEN_KEYS;
pub use rule::Approvals;
pub use ruling::Ruling;

use rule::{Destination, Rule, Then, To};

use crate::{
    network::Network,
    review::{Caps, Permission},
    text::Name,
};

/// A policy's meaning. Its exact text is in the statement.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Policy {
    caps: Caps,
    allowed: Vec<Permission>,
    destinations: Vec<Destination>,
    rules: Vec<Rule>,
}

impl Policy {
    /// Reads TOML; empty text is the default policy. Unknown keys are errors.
    ///
    /// # Errors
    /// What is wrong, with its line.
    pub fn read(text: &str) -> Result<Self, PolicyError> {
        read::read(text)
    }

    /// Its numbers.
    #[must_use]
    pub const fn caps(&self) -> &Caps {
        &self.caps
    }

    /// Whether it permits what is refused otherwise.
    #[must_use]
    pub fn allows(&self, permission: Permission) -> bool {
        self.allowed.contains(&permission)
    }

    /// Whether a vault of this network, with so many custodians, can have this policy.
    ///
    /// # Errors
    /// An address or a key of another network; a rule that asks for more approvals than there are custodians.
    pub fn suits(&self, network: Network, custodians: usize) -> Result<(), PolicyError> {
        for target in self.destinations.iter().flat_map(|destination| &destination.targets) {
            let same = match &target.to {
                To::Address { address, .. } => address.is_valid_for_network(network.bitcoin()),
                To::Descriptor(wallet) => wallet.network().is_mainnet() == network.is_mainnet(),
            };
            if !same {
                let what = format!("`{}` is of another network than {network}", target.words());
                return Err(PolicyError::Rule { line: target.line, what });
            }
        }
        for (rule, number) in self.rules.iter().zip(1usize..) {
            if let Then::Ask(Approvals::AtLeast(needed)) = rule.then
                && usize::from(needed) > custodians
            {
                let what = format!("rule {number} asks for {needed} approvals, the vault has {custodians} custodians");
                return Err(PolicyError::Rule { line: rule.line, what });
            }
        }
        Ok(())
    }

    /// Wallets that rules name and that are not among `known`: such a rule never fits.
    #[must_use]
    pub fn unknown_wallets(&self, known: &[&Name]) -> Vec<&Name> {
        ruling::unknown_wallets(self, known)
    }

    /// The policy as English sentences for custodians, what it leaves at the default too.
    #[must_use]
    pub fn sentences(&self) -> Vec<String> {
        sentences::sentences(self)
    }
}

/// A key of `[caps]`, as docs tell it. The unit is the key's last word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CapRange {
    /// Its name.
    pub key: &'static str,
    /// The value where the policy says nothing.
    pub default: u64,
    /// Least value.
    pub least: u64,
    /// Largest value.
    pub most: u64,
}

/// All keys of `[caps]`, in the order in which a policy is read out.
pub fn cap_ranges() -> impl Iterator<Item = CapRange> {
    let usual = Caps::default();
    caps::CAPS.iter().map(move |cap| CapRange {
        key: cap.key,
        default: (cap.get)(&usual),
        least: cap.least,
        most: cap.most,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn refused(text: &str, message: &str) {
        assert_eq!(Policy::read(text).unwrap_err().to_string(), message);
    }

    #[test]
    fn no_text_is_the_default_policy() {
        let policy = Policy::read("").unwrap();
        assert_eq!(policy.caps(), &Caps::default());
        assert!(Permission::ALL.into_iter().all(|permission| !policy.allows(permission)));
        assert_eq!(Policy::read("# nothing\n[allow]\n[caps]\n").unwrap(), policy);
    }

    #[test]
    fn every_key_is_read() {
        for permission in Permission::ALL {
            let policy = Policy::read(&format!("[allow]\n{} = true\n", permission.key())).unwrap();
            for other in Permission::ALL {
                assert_eq!(policy.allows(other), other == permission);
            }
        }
        for cap in &caps::CAPS {
            // The default is in range, and so are the ends (with the pair out of the way).
            let default = (cap.get)(&Caps::default());
            assert!((cap.least..=cap.most).contains(&default), "{}", cap.key);
            let value = if cap.key.contains("notice") { cap.least } else { cap.most };
            let policy = Policy::read(&format!("[caps]\n{} = {value}\n", cap.key)).unwrap();
            assert_eq!((cap.get)(policy.caps()), value, "{}", cap.key);
        }
    }

    #[test]
    fn what_is_told_of_a_key_is_what_is_read() {
        let told: Vec<CapRange> = cap_ranges().collect();
        assert_eq!(told.len(), caps::CAPS.len());
        let caps = Caps::default();
        for range in told {
            let cap = caps::cap(range.key).unwrap();
            assert_eq!((cap.get)(&caps), range.default, "{}", range.key);
            let read = |value: u64| Policy::read(&format!("[caps]\n{} = {value}\n", range.key));
            let outside = |value: u64| matches!(read(value), Err(PolicyError::Range { .. }));
            assert!(outside(range.most + 1) && !outside(range.most) && !outside(range.least), "{}", range.key);
            assert!(range.least.checked_sub(1).is_none_or(outside), "{}", range.key);
        }
    }

    #[test]
    fn policies_are_the_same_where_they_say_the_same() {
        let read = |text: String| Policy::read(&text).unwrap();
        let to = |address: &str| format!("[destinations]\nd = [\"{address}\"]\n");
        let (one, other) = ("bcrt1qcr8te4kr609gcawutmrza0j4xv80jy8zeqchgx", "2N1LGaGg836mqSQqiuUBLfcyGBhyZbremDX");
        assert_eq!(read(to(one)), read(format!("# a line above\n{}", to(one))));
        assert_ne!(read(to(one)), read(to(other)));
    }

    #[test]
    fn false_is_not_permission() {
        assert!(!Policy::read("[allow]\nforeign_inputs = false").unwrap().allows(Permission::ForeignInputs));
    }

    #[test]
    fn what_is_unknown_is_refused_with_its_line() {
        refused(
            "\n[alow]\n",
            "line 2: `alow` is no key of a policy; known are the tables `allow`, `caps` and `destinations`, and `[[rule]]`",
        );
        refused(
            "[allow]\n\nforeign = true\n",
            "line 3: `allow.foreign` is no key of a policy; known are foreign_inputs, unproven_amounts, \
             mixed_wallets, more_signatures, op_return_value",
        );
        let error = Policy::read("[caps]\nfee = 1\n").unwrap_err().to_string();
        assert!(error.starts_with("line 2: `caps.fee` is no key of a policy; known are fee_rate_notice_sat_vb, "));
        let error = Policy::read("\"a\u{202e}b\" = 1\n").unwrap_err().to_string();
        assert!(error.starts_with("line 1: `a\\u{202e}b` is no key"), "{error}");
    }

    #[test]
    fn what_has_no_rule_yet_is_refused_by_a_sentence() {
        refused(
            "remote_max = 1",
            "line 1: `remote_max` has no rule in this version of the program: a policy may only say what is enforced",
        );
    }

    #[test]
    fn wrong_types_and_numbers_are_refused() {
        refused("allow = true", "line 1: `allow` takes a table, found boolean");
        refused("[allow]\nforeign_inputs = 1", "line 2: `allow.foreign_inputs` takes true or false, found integer");
        refused("[caps]\nfee_refuse_sat = 1.0", "line 2: `caps.fee_refuse_sat` takes a whole number, found float");
        refused("[caps]\nfee_refuse_sat = \"1\"", "line 2: `caps.fee_refuse_sat` takes a whole number, found string");
        let range = "it may be 1000 to 1000000000";
        for value in ["-1", "999", "1000000001", "99999999999999999999999999"] {
            refused(
                &format!("[caps]\nfee_refuse_sat = {value}"),
                &format!("line 2: `caps.fee_refuse_sat` is {value}, {range}"),
            );
        }
        assert_eq!(
            Policy::read("[caps]\nfee_refuse_sat = 1_000_000_000").unwrap().caps().fee_refuse_sat,
            1_000_000_000
        );
    }

    #[test]
    fn a_notice_is_not_above_its_refusal() {
        refused(
            "[caps]\nfee_rate_refuse_sat_vb = 100\n",
            "line 2: `caps.fee_rate_notice_sat_vb` is 200, above `caps.fee_rate_refuse_sat_vb`, which is 100",
        );
        let policy = Policy::read("[caps]\nfee_rate_refuse_sat_vb = 100\nfee_rate_notice_sat_vb = 100\n").unwrap();
        assert_eq!(policy.caps().fee_rate_notice_sat_vb, 100);
    }

    #[test]
    fn what_is_no_toml_is_named_with_its_line() {
        for (text, line) in
            [("a = \n", 1), ("[allow]\nforeign_inputs = true\nforeign_inputs = true\n", 3), ("[caps\n", 1)]
        {
            let error = Policy::read(text).unwrap_err();
            assert!(matches!(error, PolicyError::NotToml { line: found, .. } if found == line), "{error}");
        }
        let long = "#".repeat(crate::limits::POLICY_BYTES + 1);
        assert!(matches!(Policy::read(&long), Err(PolicyError::TooLong { .. })));
        assert!(Policy::read(&long[1..]).is_ok());
    }

    #[test]
    fn a_policy_is_read_out_whole() {
        let policy = Policy::read("[allow]\nmixed_wallets = true\n[caps]\nfee_refuse_sat = 6_000_000\n").unwrap();
        let sentences = policy.sentences();
        assert_eq!(sentences.len(), 10);
        assert!(sentences.contains(&"Transactions with inputs of others are refused.".to_owned()));
        assert!(sentences.contains(
            &"Transactions that spend from several wallets are allowed; each custodian acknowledges it.".to_owned()
        ));
        assert!(sentences.contains(
            &"A fee above 0.05000000 BTC (5 000 000 sat) is acknowledged, above 0.06000000 BTC (6 000 000 sat) refused."
                .to_owned()
        ));
    }
}
