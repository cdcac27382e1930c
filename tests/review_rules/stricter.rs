//! A stricter policy never turns a refusal into a signature, nor asks for fewer approvals.
//!
//! Policies and transactions are drawn at random; the stricter policy is made from the other one by steps of which
//! each is stricter: a permission withdrawn, a cap lowered, a rule that refuses put anywhere, an outcome made harder,
//! a limit lowered, a rule that allows made narrower or taken away.

use bitcoin::absolute::LockTime;
use proptest::{prelude::*, sample::select};
use strongroom::review::Permission;

use crate::transactions::*;

/// Around what leaves, with its fee: 7 010 000.
const AMOUNTS: [u64; 6] = [0, 1_000_000, 7_009_999, 7_010_000, 8_020_000, 14_000_000];

#[derive(Debug, Clone)]
struct Rule {
    wallets: Option<&'static str>,
    above: Option<u64>,
    most: Option<u64>,
    destinations: Option<(&'static str, u8)>,
    period: Option<(u32, u64)>,
    wait: Option<u32>,
    then: Then,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Then {
    Allow,
    Ask(u8),
    All,
    Refuse,
}

#[derive(Debug, Clone)]
struct Drawn {
    allowed: Vec<Permission>,
    caps: [u64; 3],
    rules: Vec<Rule>,
}

#[derive(Debug, Clone, Copy)]
enum Step {
    Withdraw(usize),
    Lower(usize),
    Insert(usize, u64),
    Harden(usize),
    Narrow(usize),
    Remove(usize),
}

const CAPS: [(&str, [u64; 3]); 3] = [
    ("fee_refuse_sat", [100_000, 9_999, 1_000]),
    ("fee_rate_refuse_sat_vb", [1_000, 60, 1]),
    ("locktime_blocks", [52_560, 10, 0]),
];

impl Drawn {
    fn text(&self) -> String {
        let mut text = "[allow]\n".to_owned();
        for permission in &self.allowed {
            text += &format!("{} = true\n", permission.key());
        }
        text += "[caps]\nfee_notice_sat = 0\nfee_rate_notice_sat_vb = 0\n";
        for ((key, values), place) in CAPS.iter().zip(self.caps) {
            text += &format!("{key} = {}\n", values[place as usize]);
        }
        let address = |number| bitcoin::Address::from_script(&foreign(number), NETWORK.bitcoin()).unwrap();
        text += &format!("[destinations]\nd1 = [\"{}\"]\nd2 = [\"{}\"]\n", address(1), address(2));
        for rule in &self.rules {
            let mut when = Vec::new();
            when.extend(rule.wallets.map(|name| format!("wallets = [\"{name}\"]")));
            when.extend(rule.above.map(|sat| format!("leaves_above_sat = {sat}")));
            when.extend(rule.most.map(|sat| format!("leaves_at_most_sat = {sat}")));
            when.extend(rule.destinations.map(|(key, number)| format!("{key} = [\"d{number}\"]")));
            when.extend(rule.period.map(|(blocks, sat)| format!("period_blocks = {blocks}, period_above_sat = {sat}")));
            when.extend(rule.wait.map(|blocks| format!("wait_blocks = {blocks}")));
            let then = match rule.then {
                Then::Allow => "\"allow\"".to_owned(),
                Then::Ask(number) => format!("{{ approvals = {number} }}"),
                Then::All => "{ approvals = \"all\" }".to_owned(),
                Then::Refuse => "\"refuse\"".to_owned(),
            };
            text += &format!("[[rule]]\nwhen = {{ {} }}\nthen = {then}\n", when.join(", "));
        }
        text
    }

    fn stricter(mut self, step: Step) -> Self {
        let rules = self.rules.len();
        match step {
            Step::Withdraw(place) => {
                if !self.allowed.is_empty() {
                    self.allowed.remove(place % self.allowed.len());
                }
            }
            Step::Lower(place) => self.caps[place % 3] = (self.caps[place % 3] + 1).min(2),
            Step::Insert(place, above) => {
                let rule = Rule { above: Some(above), then: Then::Refuse, ..Rule::always() };
                self.rules.insert(place % (rules + 1), rule);
            }
            Step::Harden(place) if rules > 0 => {
                let rule = &mut self.rules[place % rules];
                rule.then = match rule.then {
                    Then::Allow => Then::Ask(3),
                    Then::Ask(_) => Then::All,
                    Then::All | Then::Refuse => Then::Refuse,
                };
            }
            Step::Narrow(place) if rules > 0 => {
                let rule = &mut self.rules[place % rules];
                // What allows, allows less; what asks or refuses, does so more.
                match rule.then {
                    Then::Allow => rule.most = Some(rule.most.map_or(8_020_000, |most| most / 2).max(1)),
                    Then::Ask(_) | Then::All | Then::Refuse => {
                        rule.above = rule.above.map(|sat| sat / 2);
                        if rule.most.take().is_some() {
                            rule.above = rule.above.or(Some(0));
                        }
                        rule.period = rule.period.map(|(blocks, sat)| (blocks * 2, sat / 2));
                        rule.wait = rule.wait.map(|blocks| blocks * 2);
                    }
                }
                // One that can never fit is none.
                if rule.most.is_some_and(|most| rule.above.is_some_and(|above| above >= most)) {
                    self.rules.remove(place % rules);
                }
            }
            Step::Remove(place) if rules > 0 => {
                if self.rules[place % rules].then == Then::Allow {
                    self.rules.remove(place % rules);
                }
            }
            Step::Harden(_) | Step::Narrow(_) | Step::Remove(_) => {}
        }
        self
    }
}

impl Rule {
    const fn always() -> Self {
        Self {
            wallets: None,
            above: None,
            most: None,
            destinations: None,
            period: None,
            wait: None,
            then: Then::Refuse,
        }
    }
}

/// A rule of one condition, or of two; more of them seldom fit anything.
fn rule() -> impl Strategy<Value = Rule> {
    let then = select(vec![Then::Allow, Then::Ask(3), Then::All, Then::Refuse, Then::Refuse]);
    let condition = prop_oneof![
        6 => select(&AMOUNTS[..]).prop_map(|sat| Rule { above: Some(sat), ..Rule::always() }),
        2 => select(&AMOUNTS[1..]).prop_map(|sat| Rule { most: Some(sat), ..Rule::always() }),
        2 => (select(vec!["to", "only_to", "to_others_than"]), 1u8..=2)
            .prop_map(|to| Rule { destinations: Some(to), ..Rule::always() }),
        1 => select(vec!["wsh", "wpkh"]).prop_map(|name| Rule { wallets: Some(name), ..Rule::always() }),
        2 => (select(vec![6u32, 144]), select(&AMOUNTS[..]))
            .prop_map(|period| Rule { period: Some(period), ..Rule::always() }),
        1 => select(vec![6u32, 144]).prop_map(|blocks| Rule { wait: Some(blocks), ..Rule::always() }),
    ];
    (proptest::collection::vec(condition, 1..=2), any::<bool>(), then).prop_map(|(conditions, one, then)| {
        let conditions = conditions.into_iter().take(if one { 1 } else { 2 });
        let rule = conditions.fold(Rule::always(), |rule, other| Rule {
            wallets: rule.wallets.or(other.wallets),
            above: rule.above.or(other.above),
            most: rule.most.or(other.most),
            destinations: rule.destinations.or(other.destinations),
            period: rule.period.or(other.period),
            wait: rule.wait.or(other.wait),
            then,
        });
        let looks = then != Then::Allow;
        let most = rule.most.filter(|most| rule.above.is_none_or(|above| above < *most));
        let rule = Rule { most, period: rule.period.filter(|_| looks), wait: rule.wait.filter(|_| looks), ..rule };
        // A rule that fits everything would end the list.
        let empty =
            rule.above.is_none() && rule.most.is_none() && rule.destinations.is_none() && rule.wallets.is_none();
        if empty && !(rule.period.is_some() || rule.wait.is_some()) { Rule { above: Some(0), ..rule } } else { rule }
    })
}

fn drawn() -> impl Strategy<Value = Drawn> {
    let allowed = proptest::sample::subsequence(Permission::ALL.to_vec(), 0..=Permission::ALL.len());
    (allowed, [0u64..3, 0..3, 0..3], proptest::collection::vec(rule(), 0..5)).prop_map(|(allowed, caps, rules)| Drawn {
        allowed,
        caps,
        rules,
    })
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        1 => (0usize..9).prop_map(Step::Withdraw),
        1 => (0usize..9).prop_map(Step::Lower),
        1 => (0usize..9, select(&AMOUNTS[..])).prop_map(|(place, above)| Step::Insert(place, above)),
        2 => (0usize..9).prop_map(Step::Harden),
        4 => (0usize..9).prop_map(Step::Narrow),
        1 => (0usize..9).prop_map(Step::Remove),
    ]
}

/// A transaction that some policies refuse, with a past.
fn case() -> impl Strategy<Value = Case> {
    let locks = proptest::option::of(select(vec![900_000u32, 976_005]));
    (select(vec![1u8, 2]), locks, any::<[bool; 4]>()).prop_map(|(payee, lock, [proved, burns, earlier, locked])| {
        let mut case = double(wsh()).with_tx(|tx| {
            tx.output[0].script_pubkey = foreign(payee);
            tx.lock_time = lock.map_or(LockTime::ZERO, |height| LockTime::from_height(height).unwrap());
        });
        if !proved {
            case = case.with_in(1, |map| map.non_witness_utxo = None);
        }
        if burns {
            case = case.pay(bitcoin::ScriptBuf::from(vec![0x6a, 1, 1]), 10);
        }
        if earlier {
            let before =
                Case::new(vec![wsh()]).input(0, 0, 9, 2_000_000).pay(foreign(3), 1_000_000).back(0, 1, 2, 990_000);
            let mut before = before.remembered(12, true);
            before.height_lock = locked.then_some(899_990);
            case = case.after([before]);
        }
        case
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(500) })]
    #[test]
    fn a_stricter_policy_never_accepts_what_was_refused(
        case in case(),
        drawn in drawn(),
        steps in proptest::collection::vec(step(), 1..7),
    ) {
        let stricter = steps.iter().fold(drawn.clone(), |drawn, step| drawn.stricter(*step));
        let under = |drawn: &Drawn| case.clone().with(|case| case.policy = drawn.text());
        match (under(&drawn).judge(), under(&stricter).judge()) {
            (Err(_), Ok(_)) => prop_assert!(false, "refused under\n{}and signed under\n{}", drawn.text(), stricter.text()),
            (Ok(one), Ok(other)) => {
                let needed = |cleared: &strongroom::policy::Cleared| cleared.approvals().map_or(2, |more| more.of(2, 5));
                prop_assert!(needed(&other) >= needed(&one), "{}\n{}", drawn.text(), stricter.text());
            }
            (Ok(_) | Err(_), Err(_)) => {}
        }
    }
}
