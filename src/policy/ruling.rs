//! What the rules of a policy make of one transaction: O11.
//!
//! Floor 2. Pure. Amounts that are not known count as more than any limit; a transaction of the past without a height
//! lock can be mined at any time, so it counts in every period.

use std::collections::{BTreeMap, HashMap, HashSet};

use bitcoin::Script;

use super::{
    Policy,
    rule::{Approvals, Destination, Period, Rule, Then, To, When},
};
use crate::{
    limits,
    psbt::Place,
    review::{Action, Counted, Finding, Reviewed, Rules},
    text::{Name, amount, count, grouped_number},
};

/// What the rules say.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Ruling {
    rules: usize,
    decided_by: Option<usize>,
    refused: bool,
    asked: Option<(Approvals, usize)>,
    /// The rules that fit, with their sentences, in the order in which they were read.
    fits: Vec<(usize, String)>,
    notes: Vec<String>,
    shown: Rules,
}

impl Ruling {
    /// The rule that allowed or refused, from 1; `None` where none did, and so it is allowed.
    #[must_use]
    pub const fn decided_by(&self) -> Option<usize> {
        self.decided_by
    }

    /// Whether a rule refuses.
    #[must_use]
    pub const fn refuses(&self) -> bool {
        self.refused
    }

    /// The most approvals that rules ask for, and which rule does; `None` where the quorum's are enough.
    #[must_use]
    pub const fn asked(&self) -> Option<(Approvals, usize)> {
        self.asked
    }

    /// What people are shown.
    #[must_use]
    pub const fn shown(&self) -> &Rules {
        &self.shown
    }

    /// O11, where a rule refuses.
    pub(super) fn finding(&self) -> Option<Finding> {
        let (number, sentence) = self.fits.last().filter(|_| self.refused)?;
        let notes: String = self.notes.iter().map(|note| format!(" ({})", note.trim_end_matches('.'))).collect();
        Some(Finding {
            rule: "O11",
            action: Action::Refuse,
            place: Place::Whole,
            covers: Vec::new(),
            several: false,
            text: format!("refused by rule {number} of the policy: {}{notes}", after_colon(sentence)),
            remedy: "make the PSBT so that the policy allows it; trying a PSBT on the policy tells which rule decides",
            fraud: false,
        })
    }
}

fn after_colon(sentence: &str) -> &str {
    sentence.split_once(": ").map_or(sentence, |(_, rest)| rest).trim_end_matches('.')
}

/// Reads the rules in order.
pub(super) fn rule(reviewed: &Reviewed, policy: &Policy) -> Ruling {
    let mut ruling = Ruling { rules: policy.rules.len(), ..Ruling::default() };
    let goes = if policy.destinations.is_empty() { Vec::new() } else { goes(reviewed, &policy.destinations) };
    let named = leaving(reviewed).into_iter().zip(&goes).filter(|(_, names)| !names.is_empty());
    let sorted = |names: &HashSet<&Name>| {
        let mut names: Vec<String> = names.iter().map(ToString::to_string).collect();
        names.sort();
        names
    };
    let destinations = named.map(|((output, _), names)| (output, sorted(names))).collect();
    let case = Case { reviewed, goes };
    for (rule, number) in policy.rules.iter().zip(1usize..) {
        let mut notes = Vec::new();
        let fits = case.fits(&rule.when, number, &mut notes);
        ruling.notes.append(&mut notes);
        if !fits {
            continue;
        }
        ruling.fits.push((number, rule.sentence(number)));
        match rule.then {
            Then::Ask(approvals) => {
                if ruling.asked.is_none_or(|(most, _)| approvals > most) {
                    ruling.asked = Some((approvals, number));
                }
            }
            Then::Allow | Then::Refuse => {
                ruling.decided_by = Some(number);
                ruling.refused = rule.then == Then::Refuse;
                break;
            }
        }
    }
    ruling.shown = Rules { destinations, ..shown(&ruling) };
    ruling
}

fn shown(ruling: &Ruling) -> Rules {
    let mut sentences: Vec<String> = ruling.fits.iter().map(|(_, sentence)| sentence.clone()).collect();
    sentences.extend(ruling.notes.iter().cloned());
    sentences.extend(ruling.asked.map(|(approvals, number)| {
        format!("So rule {number} asks for the approval of {}, and never of fewer than the quorum.", approvals.words())
    }));
    if ruling.rules > 0 && ruling.decided_by.is_none() {
        sentences.push("No rule allows or refuses it: it is allowed.".to_owned());
    }
    Rules {
        decided_by: ruling.decided_by,
        approvals: ruling.asked.map(|(approvals, _)| match approvals {
            Approvals::AtLeast(number) => number.to_string(),
            Approvals::All => "all".to_owned(),
        }),
        asked_by: ruling.asked.map(|(_, number)| number),
        sentences,
        destinations: BTreeMap::new(),
    }
}

/// Names in a policy's rules that this vault has no wallet of.
pub(super) fn unknown_wallets<'p>(policy: &'p Policy, known: &[&Name]) -> Vec<&'p Name> {
    let named = policy.rules.iter().flat_map(|rule: &Rule| &rule.when.wallets);
    let mut unknown: Vec<&Name> = named.filter(|name| !known.contains(name)).collect();
    unknown.sort();
    unknown.dedup();
    unknown
}

struct Case<'c> {
    reviewed: &'c Reviewed,
    /// Of each output that leaves: which destinations it goes to.
    goes: Vec<HashSet<&'c Name>>,
}

impl Case<'_> {
    /// Whether all conditions hold. What is seen of the past is noted.
    fn fits(&self, when: &When, number: usize, notes: &mut Vec<String>) -> bool {
        let leaves = self.leaves();
        let any = |names: &[Name], goes: &HashSet<&Name>| names.iter().any(|name| goes.contains(name));
        (when.wallets.is_empty() || self.spends_from(&when.wallets))
            && when.leaves_above.is_none_or(|most| leaves > most)
            && when.leaves_at_most.is_none_or(|most| leaves <= most)
            && (when.to.is_empty() || self.goes.iter().any(|goes| any(&when.to, goes)))
            && (when.only_to.is_empty()
                || !self.goes.is_empty() && self.goes.iter().all(|goes| any(&when.only_to, goes)))
            && (when.to_others_than.is_empty() || !self.goes.iter().all(|goes| any(&when.to_others_than, goes)))
            && when.period.is_none_or(|period| self.exceeds(period, &when.wallets, number, notes))
            && when.wait_blocks.is_none_or(|blocks| self.too_soon(blocks, &when.wallets, number, notes))
    }

    /// All that leaves with the fee; without bound where it is not known.
    fn leaves(&self) -> u64 {
        self.reviewed.facts().totals.map_or(u64::MAX, |totals| totals.leaves)
    }

    fn spends_from(&self, wallets: &[Name]) -> bool {
        let facts = self.reviewed.facts();
        let mut paying = facts.inputs.iter().filter_map(|input| facts.wallets.get(input.ours?.0));
        paying.any(|wallet| wallets.contains(&wallet.name))
    }

    /// Other transactions of these wallets that may be mined within `blocks` before `height`, or later.
    fn near(&self, height: u32, blocks: u32, wallets: &[Name]) -> Vec<&Counted> {
        let near = |counted: &&Counted| {
            let of = wallets.is_empty() || counted.wallets.iter().any(|wallet| wallets.contains(wallet));
            of && counted.height_lock.is_none_or(|other| u64::from(other).saturating_add(blocks.into()) > height.into())
        };
        self.reviewed.counted().iter().filter(near).collect()
    }

    fn exceeds(&self, period: Period, wallets: &[Name], number: usize, notes: &mut Vec<String>) -> bool {
        let Some(height) = self.lock(number, notes) else { return true };
        let near = self.near(height, period.blocks, wallets);
        let before = near.iter().fold(0u64, |sum, counted| sum.saturating_add(counted.leaves));
        let sum = before.saturating_add(self.leaves());
        notes.push(format!(
            "Rule {number}: within {} blocks {} leaves, with {} that count{}; the limit is {}.",
            grouped_number(period.blocks.into()),
            if sum == u64::MAX { "an unknown amount".to_owned() } else { amount(sum) },
            others(&near),
            if near.len() == 1 { "s" } else { "" },
            amount(period.above)
        ));
        sum > period.above
    }

    fn too_soon(&self, blocks: u32, wallets: &[Name], number: usize, notes: &mut Vec<String>) -> bool {
        let Some(height) = self.lock(number, notes) else { return true };
        let near = self.near(height, blocks, wallets);
        if near.is_empty() {
            return false;
        }
        let (unlocked, last) = (
            near.iter().any(|counted| counted.height_lock.is_none()),
            near.iter().filter_map(|counted| counted.height_lock).max(),
        );
        notes.push(match (unlocked, last) {
            (false, Some(last)) => format!(
                "Rule {number}: {} too near; the next may have block {} as locktime.",
                others(&near),
                grouped_number(u64::from(last).saturating_add(blocks.into()))
            ),
            (true, _) | (false, None) => format!("Rule {number}: {} too near.", others(&near)),
        });
        true
    }

    /// The height before which it cannot be mined.
    fn lock(&self, number: usize, notes: &mut Vec<String>) -> Option<u32> {
        let height = self.reviewed.facts().height_lock;
        if height.is_none() {
            notes.push(format!(
                "Rule {number} needs a height lock: the present block as locktime, and a sequence that is not final."
            ));
        }
        height
    }
}

/// `3 other transactions (1 of them without a height lock, which counts in every period)`.
fn others(near: &[&Counted]) -> String {
    let unlocked = near.iter().filter(|counted| counted.height_lock.is_none()).count();
    let all = count(near.len(), "other transaction");
    if unlocked == 0 { all } else { format!("{all} ({unlocked} without a height lock, near to any block)") }
}

/// The outputs that leave, by their numbers.
fn leaving(reviewed: &Reviewed) -> Vec<(usize, &Script)> {
    reviewed
        .facts()
        .outputs
        .iter()
        .enumerate()
        .filter(|(_, output)| !output.class.comes_back())
        .map(|(number, output)| (number, output.output.script_pubkey.as_script()))
        .collect()
}

/// Which destinations each output that leaves goes to, in their order.
fn goes<'c>(reviewed: &Reviewed, destinations: &'c [Destination]) -> Vec<HashSet<&'c Name>> {
    let leaving = leaving(reviewed);
    let mut places: HashMap<&Script, Vec<usize>> = HashMap::new();
    for (place, (_, script)) in leaving.iter().enumerate() {
        places.entry(script).or_default().push(place);
    }
    let hints = hints(reviewed, &leaving);
    // What scripts of one kind have in common: where none is of a descriptor's, nothing is derived.
    let form = |script: &Script| (script.len(), script.as_bytes().first().copied());
    let mut goes = vec![HashSet::new(); leaving.len()];
    for destination in destinations {
        let mut hit = |script: &Script| {
            for place in places.get(script).into_iter().flatten() {
                if let Some(names) = goes.get_mut(*place) {
                    names.insert(&destination.name);
                }
            }
        };
        for target in &destination.targets {
            match &target.to {
                To::Address { script, .. } => hit(script),
                To::Descriptor(wallet) => {
                    let like = wallet.branches().first().and_then(|branch| wallet.coin(*branch, 0).ok());
                    let like = like.map(|coin| form(&coin.script_pubkey));
                    if !leaving.iter().any(|(_, script)| Some(form(script)) == like) {
                        continue;
                    }
                    let window = wallet
                        .branches()
                        .iter()
                        .flat_map(|branch| (0..limits::DESTINATION_INDICES).map(|index| (*branch, index)));
                    // Whom an attacker pays where no wallet looks has to buy the place from the attacker.
                    let beyond = limits::DESTINATION_INDICES..=limits::DESTINATION_INDEX;
                    let named = hints.iter().copied().filter(|(_, index)| beyond.contains(index));
                    for (branch, index) in window.chain(named) {
                        if let Ok(coin) = wallet.coin(branch, index) {
                            hit(&coin.script_pubkey);
                        }
                    }
                }
            }
        }
    }
    goes
}

/// Where the records of the outputs that leave say that they stand. Hints, no evidence: the script must be derived.
fn hints(reviewed: &Reviewed, leaving: &[(usize, &Script)]) -> Vec<(u32, u32)> {
    let mut hints = Vec::new();
    let mut known = HashSet::new();
    for (number, _) in leaving {
        let facts = reviewed.facts().outputs.get(*number).and_then(|output| output.ours);
        hints.extend(facts.map(|(_, branch, index)| (branch, index)).filter(|hint| known.insert(*hint)));
        let Some(map) = reviewed.parsed().outputs().get(*number) else { continue };
        let plain = map.derivations.iter().map(|record| &record.path);
        let taproot = map.tap_derivations.iter().map(|record| &record.path);
        let steps = plain.chain(taproot).filter_map(|path| match path.as_slice() {
            [.., branch, index] => Some((*branch, *index)),
            _ => None,
        });
        hints.extend(steps.filter(|hint| known.insert(*hint)));
    }
    hints.truncate(limits::DESTINATION_HINTS);
    hints
}
