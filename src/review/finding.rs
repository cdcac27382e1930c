//! A finding: one rule, one sentence, and the place or the places that it is about.
//!
//! What is one and the same decision at many inputs or outputs is one finding: people who must say the same thing
//! six hundred times stop reading. It names every place that it covers, and no other. Where a rule has more decisions
//! than people weigh one by one, they are one, too, and each is told at its place.

use std::collections::{BTreeMap, HashMap};

use crate::{limits, psbt::Place, review::rules, text};

/// What a rule does when it fires.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Action {
    /// No signature, no override.
    Refuse,
    /// Refused unless the policy has this permission; then acknowledged.
    RefuseUnless(Permission),
    /// Each custodian acknowledges it by name.
    Acknowledge,
    /// Shown.
    Show,
}

impl Action {
    /// The word for it in JSON.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Refuse => "refuse",
            Self::RefuseUnless(_) => "refuse-unless",
            Self::Acknowledge => "acknowledge",
            Self::Show => "show",
        }
    }
}

/// What a policy may allow; each is a key of the policy's `[allow]` table, off unless set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Permission {
    /// `foreign_inputs` (I09)
    ForeignInputs,
    /// `unproven_amounts` (U06, T11)
    UnprovenAmounts,
    /// `mixed_wallets` (I08)
    MixedWallets,
    /// `more_signatures` (I22)
    MoreSignatures,
    /// `op_return_value` (O02)
    OpReturnValue,
}

impl Permission {
    /// All of them, in the order in which a policy is read out.
    pub const ALL: [Self; 5] =
        [Self::ForeignInputs, Self::UnprovenAmounts, Self::MixedWallets, Self::MoreSignatures, Self::OpReturnValue];

    /// Its key in the policy's `[allow]` table.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::ForeignInputs => "foreign_inputs",
            Self::UnprovenAmounts => "unproven_amounts",
            Self::MixedWallets => "mixed_wallets",
            Self::MoreSignatures => "more_signatures",
            Self::OpReturnValue => "op_return_value",
        }
    }
}

/// One finding of a review.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The rule's id: "U01".
    pub rule: &'static str,
    /// What it does.
    pub action: Action,
    /// Where; the first place of several.
    pub place: Place,
    /// All places with what was found at each, in order, where there are several; else empty.
    pub covers: Vec<(Place, String)>,
    /// Whether it is several decisions, as people do not weigh them one by one.
    pub several: bool,
    /// What was found, with both sides of a comparison. Printable.
    pub text: String,
    /// What to do.
    pub remedy: &'static str,
    /// Whether it shows that somebody tampered (a screen of its own).
    pub fraud: bool,
}

impl Finding {
    /// The places that it is about, in order.
    pub fn places(&self) -> impl Iterator<Item = Place> {
        let one = self.covers.is_empty().then_some(self.place);
        one.into_iter().chain(self.covers.iter().map(|(place, _)| *place))
    }

    /// What a custodian acknowledges by acknowledging it: the rule at each place, as digests have it.
    pub fn names(&self) -> impl Iterator<Item = (&'static str, Place)> {
        self.places().map(|place| (self.rule, place))
    }

    /// Its places in words: `transaction`, `input 3`, `outputs 0, 2 and 4 to 249`.
    #[must_use]
    pub fn place_words(&self) -> String {
        all_words(self.place, self.places())
    }

    /// Where it is several decisions: each sentence once, by the first of its places, with all of them in words.
    #[must_use]
    pub fn sentences(&self) -> Vec<(String, &str)> {
        let mut numbers: HashMap<&str, usize> = HashMap::new();
        let mut all: Vec<(&str, Place, Vec<Place>)> = Vec::new();
        for (place, text) in self.covers.iter().filter(|_| self.several) {
            let number = *numbers.entry(text).or_insert(all.len());
            match all.get_mut(number) {
                Some((_, _, places)) => places.push(*place),
                None => all.push((text, *place, vec![*place])),
            }
        }
        all.into_iter().map(|(text, first, places)| (all_words(first, places.into_iter()), text)).collect()
    }
}

/// Places of one kind in order, in words.
fn all_words(first: Place, places: impl Iterator<Item = Place>) -> String {
    let mut numbers: Vec<u32> = places.filter_map(index).collect();
    numbers.dedup();
    match first {
        Place::Input(_) if numbers.len() > 1 => run_words("inputs", &numbers),
        Place::Output(_) if numbers.len() > 1 => run_words("outputs", &numbers),
        Place::Whole | Place::Input(_) | Place::Output(_) => place_words(first),
    }
}

const fn index(place: Place) -> Option<u32> {
    match place {
        Place::Whole => None,
        Place::Input(index) | Place::Output(index) => Some(index),
    }
}

/// `inputs 0, 2 and 4 to 249`: the numbers in order, after what they are of.
pub(super) fn run_words(noun: &str, numbers: &[u32]) -> String {
    let mut runs: Vec<(u32, u32)> = Vec::new();
    for number in numbers {
        match runs.last_mut() {
            Some((_, last)) if last.saturating_add(1) == *number => *last = *number,
            _ => runs.push((*number, *number)),
        }
    }
    let run = |(first, last): &(u32, u32)| match last.saturating_sub(*first) {
        0 => vec![first.to_string()],
        1 => vec![first.to_string(), last.to_string()],
        _ => vec![format!("{first} to {last}")],
    };
    let mut words: Vec<String> = runs.iter().flat_map(run).collect();
    let last = words.pop().unwrap_or_default();
    if words.is_empty() { format!("{noun} {last}") } else { format!("{noun} {} and {last}", words.join(", ")) }
}

/// The place in words: `transaction`, `input 3`, `output 0`.
#[must_use]
pub fn place_words(place: Place) -> String {
    match place {
        Place::Whole => "transaction".to_owned(),
        Place::Input(input) => format!("input {input}"),
        Place::Output(output) => format!("output {output}"),
    }
}

/// The place's scope code and index in hashes.
#[must_use]
pub const fn place_codes(place: Place) -> (u8, u32) {
    match place {
        Place::Whole => (0, u32::MAX),
        Place::Input(input) => (1, input),
        Place::Output(output) => (2, output),
    }
}

/// What the rules found so far: each with what is said of all places together where the decision is the same.
#[derive(Debug, Default)]
pub(super) struct Findings(Vec<(Finding, Option<String>)>);

/// Decisions that may be one: of a rule, by what it does, of inputs or of outputs, with the same to do.
type Kind = (&'static str, Action, bool, &'static str);

/// The same decision at any of several places.
#[derive(Debug, Clone)]
pub(super) struct Each {
    /// What was found at this one.
    pub(super) text: String,
    /// What is said once of all that have it in common, `inputs 0 to 9` before it. Whoever says the same asks for
    /// the same decision.
    pub(super) together: String,
}

/// Makes the findings of these numbers the first of them, which then covers all their places and says how many they
/// were. Gives the numbers of the others, which are to go.
fn into_one(all: &mut [Finding], numbers: &[usize]) -> Vec<usize> {
    let Some((first, others)) = numbers.split_first() else { return Vec::new() };
    let mut covers = Vec::new();
    for number in numbers {
        if let Some(finding) = all.get_mut(*number) {
            if finding.covers.is_empty() {
                covers.push((finding.place, finding.text.clone()));
            }
            covers.append(&mut finding.covers);
        }
    }
    covers.sort_by_key(|(place, _)| *place);
    if let Some(first) = all.get_mut(*first) {
        let noun = if matches!(first.place, Place::Input(_)) { "input" } else { "output" };
        let number = text::grouped_number(u64::try_from(numbers.len()).unwrap_or(u64::MAX));
        first.text = format!("{number} different ones, each told with its {noun}; the first: {}", first.text);
        first.covers = covers;
        first.several = true;
    }
    others.to_vec()
}

impl Findings {
    pub(super) fn refuse(&mut self, rule: &'static str, place: Place, text: impl Into<String>, remedy: &'static str) {
        self.add(rule, Action::Refuse, place, text.into(), remedy);
    }

    pub(super) fn unless(
        &mut self,
        permission: Permission,
        rule: &'static str,
        place: Place,
        text: impl Into<String>,
        remedy: &'static str,
    ) {
        self.add(rule, Action::RefuseUnless(permission), place, text.into(), remedy);
    }

    /// As [`Self::unless`], once for all places that have the decision in common.
    pub(super) fn each_unless(
        &mut self,
        permission: Permission,
        rule: &'static str,
        place: Place,
        each: Each,
        remedy: &'static str,
    ) {
        self.add_each(rule, Action::RefuseUnless(permission), place, each, remedy);
    }

    pub(super) fn ask(&mut self, rule: &'static str, place: Place, text: impl Into<String>, remedy: &'static str) {
        self.add(rule, Action::Acknowledge, place, text.into(), remedy);
    }

    /// As [`Self::ask`], once for all places that have the decision in common.
    pub(super) fn ask_each(&mut self, rule: &'static str, place: Place, each: Each, remedy: &'static str) {
        self.add_each(rule, Action::Acknowledge, place, each, remedy);
    }

    pub(super) fn show(&mut self, rule: &'static str, place: Place, text: impl Into<String>) {
        self.add(rule, Action::Show, place, text.into(), "");
    }

    /// All of them by place, then rule; what is one decision at several places is one.
    pub(super) fn into_vec(mut self) -> Vec<Finding> {
        self.0.sort_by(|(a, _), (b, _)| a.place.cmp(&b.place).then(a.rule.cmp(b.rule)));
        let mut decisions: HashMap<(Kind, String), usize> = HashMap::new();
        let mut of_a_rule: BTreeMap<Kind, Vec<usize>> = BTreeMap::new();
        let mut all: Vec<Finding> = Vec::new();
        for (finding, together) in self.0 {
            let Some(together) = together else {
                all.push(finding);
                continue;
            };
            let kind = (finding.rule, finding.action, matches!(finding.place, Place::Input(_)), finding.remedy);
            let number = *decisions.entry((kind, together.clone())).or_insert(all.len());
            match all.get_mut(number) {
                None => {
                    of_a_rule.entry(kind).or_default().push(number);
                    all.push(finding);
                }
                Some(first) => {
                    if first.covers.is_empty() {
                        first.covers.push((first.place, std::mem::replace(&mut first.text, together)));
                    }
                    first.covers.push((finding.place, finding.text));
                }
            }
        }
        let many = of_a_rule.into_values().filter(|numbers| numbers.len() > limits::DECISIONS_OF_A_RULE);
        let mut gone: Vec<usize> = many.flat_map(|numbers| into_one(&mut all, &numbers)).collect();
        gone.sort_unstable();
        let numbered = all.into_iter().zip(0usize..);
        numbered.filter(|(_, number)| gone.binary_search(number).is_err()).map(|(finding, _)| finding).collect()
    }

    fn add(&mut self, rule: &'static str, action: Action, place: Place, text: String, remedy: &'static str) {
        let fraud = action == Action::Refuse && rules::is_fraud(rule);
        self.0.push((Finding { rule, action, place, covers: Vec::new(), several: false, text, remedy, fraud }, None));
    }

    fn add_each(&mut self, rule: &'static str, action: Action, place: Place, each: Each, remedy: &'static str) {
        self.add(rule, action, place, each.text, remedy);
        if let Some((_, together)) = self.0.last_mut() {
            *together = Some(each.together);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn each(text: &str, together: &str) -> Each {
        Each { text: text.to_owned(), together: together.to_owned() }
    }

    fn words(all: &[Finding]) -> Vec<String> {
        all.iter().map(|one| format!("{} {}: {}", one.rule, one.place_words(), one.text)).collect()
    }

    #[test]
    fn more_decisions_of_a_rule_than_people_weigh_are_one() {
        let of = |many: u32| {
            let mut found = Findings::default();
            for input in (0..many).rev() {
                found.ask_each(
                    "I13",
                    Place::Input(2 * input),
                    each(&format!("at {input}"), &format!("{input}")),
                    "ask",
                );
            }
            // Neither another rule, another action, the other side nor a decision of its own is drawn in.
            found.ask_each("L03", Place::Input(1), each("waits", "wait"), "look");
            found.each_unless(Permission::ForeignInputs, "I13", Place::Input(1), each("x", "y"), "look");
            found.ask_each("I13", Place::Output(0), each("of an output", "of outputs"), "ask");
            found.ask("I13", Place::Input(3), "alone", "ask");
            found.into_vec()
        };
        let most = u32::try_from(limits::DECISIONS_OF_A_RULE).unwrap();
        assert_eq!(of(most).len(), limits::DECISIONS_OF_A_RULE + 4);
        assert!(of(most).iter().all(|one| one.covers.is_empty()));
        let all = of(most + 1);
        assert_eq!(
            words(&all),
            [
                "I13 inputs 0, 2, 4, 6, 8, 10, 12, 14 and 16: 9 different ones, each told with its input; the first: at 0",
                "I13 input 1: x",
                "L03 input 1: waits",
                "I13 input 3: alone",
                "I13 output 0: of an output",
            ]
        );
        let told: Vec<(Place, String)> = (0..=most).map(|n| (Place::Input(2 * n), format!("at {n}"))).collect();
        assert_eq!((&all[0].covers, all[0].place), (&told, Place::Input(0)));
        let sentences: Vec<(String, &str)> =
            told.iter().map(|(place, text)| (place_words(*place), text.as_str())).collect();
        assert_eq!(all[0].sentences(), sentences);
        assert!(of(most).iter().chain(all.iter().skip(1)).all(|one| one.sentences().is_empty() && !one.several));
        assert_eq!(all[0].names().collect::<Vec<_>>(), told.iter().map(|(at, _)| ("I13", *at)).collect::<Vec<_>>());
    }

    #[test]
    fn decisions_that_are_several_places_each_keep_them_all_and_a_place_of_two_is_named_once() {
        let mut found = Findings::default();
        for output in 0..30 {
            found.ask_each(
                "O09",
                Place::Output(output),
                each(&format!("at {output}"), &format!("{}", output % 10)),
                "ask",
            );
        }
        found.ask_each("O09", Place::Output(7), each("again", "11"), "ask");
        let all = found.into_vec();
        assert_eq!(words(&all), ["O09 outputs 0 to 29: 11 different ones, each told with its output; the first: 0"]);
        assert_eq!(all[0].covers.len(), 31);
        let at_seven: Vec<&str> =
            all[0].covers.iter().filter(|(at, _)| *at == Place::Output(7)).map(|(_, said)| said.as_str()).collect();
        assert_eq!(at_seven, ["at 7", "again"]);
    }

    #[test]
    fn each_sentence_of_several_decisions_is_told_once_with_all_of_its_places() {
        let mut found = Findings::default();
        for (output, text) in [(0, "harmless"), (1, "harmless"), (2, "paid twice"), (3, "harmless"), (2, "harmless")] {
            found.ask_each("O09", Place::Output(output), each(text, &format!("{output} {text}")), "ask");
        }
        for output in 4..9 {
            found.ask_each("O09", Place::Output(output), each("paid twice", &format!("{output}")), "ask");
        }
        let all = found.into_vec();
        assert_eq!(
            all[0].sentences(),
            [("outputs 0 to 3".to_owned(), "harmless"), ("outputs 2 and 4 to 8".to_owned(), "paid twice"),]
        );
    }

    #[test]
    fn decisions_with_another_remedy_are_other_decisions() {
        let mut found = Findings::default();
        found.ask_each("C01", Place::Output(0), each("a change", "same"), "nothing to do");
        for output in 1..10 {
            found.ask_each("C01", Place::Output(output), each("a payment", &format!("{output}")), "ask the receiver");
        }
        found.ask_each("C01", Place::Output(10), each("another", "same"), "ask the receiver");
        let all = found.into_vec();
        let told: Vec<(String, &str, bool)> =
            all.iter().map(|one| (one.place_words(), one.remedy, one.several)).collect();
        assert_eq!(
            told,
            [("output 0".to_owned(), "nothing to do", false), ("outputs 1 to 10".to_owned(), "ask the receiver", true),]
        );
    }

    #[test]
    fn one_decision_is_one_finding_that_names_its_places_and_no_other() {
        let mut found = Findings::default();
        for input in [4, 0, 9, 1, 2] {
            found.ask_each("L05", Place::Input(input), each("takes path 1", "take path 1"), "look");
        }
        found.ask_each("L05", Place::Input(3), each("takes path 2", "take path 2"), "look");
        found.ask_each("L05", Place::Output(0), each("takes path 1", "take path 1"), "look");
        found.ask_each("L03", Place::Input(3), each("takes path 1", "take path 1"), "look");
        found.each_unless(Permission::ForeignInputs, "L05", Place::Input(5), each("x", "take path 1"), "look");
        found.show("L05", Place::Input(5), "take path 1");
        let all = found.into_vec();
        assert_eq!(
            words(&all),
            [
                "L05 inputs 0 to 2, 4 and 9: take path 1",
                "L03 input 3: takes path 1",
                "L05 input 3: takes path 2",
                "L05 input 5: x",
                "L05 input 5: take path 1",
                "L05 output 0: takes path 1",
            ]
        );
        assert!(all.iter().all(|one| one.sentences().is_empty()));
        let first = all.first().unwrap();
        assert_eq!(first.place, Place::Input(0));
        assert_eq!(first.places().collect::<Vec<_>>(), [0, 1, 2, 4, 9].map(Place::Input));
        assert_eq!(first.names().nth(4), Some(("L05", Place::Input(9))));
        assert!(first.covers.iter().all(|(_, text)| text == "takes path 1"));
        let second = all.get(1).unwrap();
        assert!(second.covers.is_empty());
        assert_eq!(second.names().collect::<Vec<_>>(), [("L03", Place::Input(3))]);
    }
}
