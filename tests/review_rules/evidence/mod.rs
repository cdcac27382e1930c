//! The evidence that each rule bites: cases of `vectors/psbt` for the rules of class file, and for the others one proof
//! each, in one table, run from that table.
//!
//! A proof takes down what it saw: what the rule stopped, and what it let pass. One that saw nothing is none.

mod approvals;
mod history;
mod reader;
mod shown;
mod signing;

use std::{collections::BTreeMap, fmt::Debug, fs, path::Path};

use serde_json::Value;
use strongroom::review::rules::{Class, RULES, Rule};

/// What a proof saw.
#[derive(Debug, Default)]
pub(super) struct Evidence {
    stopped: usize,
    passed: usize,
}

impl Evidence {
    /// The rule stopped it, in the way expected.
    #[track_caller]
    fn stops<T, E: Debug>(&mut self, result: Result<T, E>, expected: impl FnOnce(&E) -> bool) {
        match result {
            Ok(_) => panic!("was not stopped"),
            Err(error) => assert!(expected(&error), "{error:?}"),
        }
        self.stopped += 1;
    }

    /// It is let pass.
    #[track_caller]
    fn passes<T, E: Debug>(&mut self, result: Result<T, E>) -> T {
        self.passed += 1;
        result.unwrap_or_else(|error| panic!("was stopped: {error:?}"))
    }

    /// What always holds, holds here.
    #[track_caller]
    fn holds(&mut self, holds: bool, what: impl Debug) {
        assert!(holds, "{what:?}");
        self.passed += 1;
    }
}

/// A proof.
struct Proof {
    id: &'static str,
    class: Class,
    run: fn(&mut Evidence),
}

impl Proof {
    /// Runs it: what it must have seen depends on the class.
    fn hold(&self) {
        let mut evidence = Evidence::default();
        (self.run)(&mut evidence);
        let Evidence { stopped, passed } = evidence;
        let enough = match self.class {
            Class::File => false,
            Class::Sequence | Class::Process => stopped > 0 && passed > 0,
            Class::Invariant => passed > 2,
        };
        assert!(enough, "{}: {stopped} stopped, {passed} passed", self.id);
    }
}

macro_rules! proofs {
    ($($name:ident $id:literal $class:ident $run:path;)+) => {
        /// One a rule, in the order of the rules.
        const PROOFS: &[Proof] = &[$(Proof { id: $id, class: Class::$class, run: $run }),+];

        /// Each proof as a test, out of the table.
        mod held {
            use super::PROOFS;

            $(#[test]
            fn $name() {
                let proof = PROOFS.iter().find(|proof| proof.id == $id).expect("in the table");
                proof.hold();
            })+
        }
    };
}

proofs! {
    p21 "P21" Invariant reader::what_is_read_is_what_is_written;
    u07 "U07" Sequence history::a_second_amount_is_refused;
    u08 "U08" Sequence history::a_coin_spent_before_is_acknowledged;
    u12 "U12" Invariant shown::nothing_is_said_of_confirmation;
    i24 "I24" Process approvals::a_key_counts_once_in_a_wallet;
    h06 "H06" Invariant signing::only_all_is_planned;
    h07 "H07" Invariant signing::a_transaction_to_ourselves_has_no_exemption;
    o01 "O01" Invariant shown::addresses_and_amounts_are_whole;
    o10 "O10" Process shown::every_output_has_its_lines;
    o11 "O11" Sequence history::a_limit_holds_over_a_period;
    m06 "M06" Invariant signing::the_size_is_that_of_the_finished_transaction;
    t09 "T09" Process approvals::leaves_have_operations_of_one_meaning;
    t10 "T10" Process approvals::a_key_has_one_origin;
    x01 "X01" Invariant reader::no_session_of_musig2_begins;
    x02 "X02" Invariant reader::no_round_of_musig2_is_taken_up;
    x04 "X04" Process reader::digests_and_transactions_are_not_read;
    v02 "V02" Invariant reader::globals_stand_in_any_order;
    v03 "V03" Invariant reader::an_absent_sequence_is_final;
    v06 "V06" Invariant signing::the_answer_has_the_version_that_came;
    g01 "G01" Process approvals::an_approval_is_of_one_review;
    g02 "G02" Process approvals::an_approval_counts_once;
    g03 "G03" Invariant signing::the_signer_takes_no_verdict_from_outside;
    g04 "G04" Invariant signing::what_was_planned_is_signed_and_nothing_else;
    g05 "G05" Process signing::a_flipped_bit_is_seen;
    g06 "G06" Process signing::all_or_nothing_is_signed;
    g07 "G07" Invariant signing::signatures_have_one_form;
    g08 "G08" Invariant signing::keys_do_not_stay;
    g09 "G09" Invariant signing::nothing_is_finished_unasked;
    g10 "G10" Process signing::an_answer_that_was_changed_is_not_joined;
    g11 "G11" Process history::every_decision_leaves_its_line;
    g12 "G12" Sequence signing::the_same_question_has_the_same_answer;
    g13 "G13" Invariant shown::text_of_the_file_deceives_no_screen;
    g14 "G14" Sequence reader::parts_of_two_messages_are_not_put_together;
}

/// Rules of files that exist in one version of PSBTs only.
const OF_ONE_VERSION: &[(&str, u64)] =
    &[("P10", 0), ("L06", 2), ("L07", 2), ("L08", 2), ("V01", 2), ("V04", 2), ("V05", 2)];

#[test]
fn every_rule_that_no_file_can_break_has_its_proof() {
    let others: Vec<(&str, Class)> =
        RULES.iter().filter(|rule| rule.class != Class::File).map(|rule| (rule.id, rule.class)).collect();
    let proofs: Vec<(&str, Class)> = PROOFS.iter().map(|proof| (proof.id, proof.class)).collect();
    assert_eq!(proofs, others, "the table of proofs beside that of the rules");
}

/// What the cases say of a rule in one version (none for a file in an encoding).
#[derive(Default)]
struct Cases {
    speaks: usize,
    silent: usize,
}

/// The cases of `vectors/psbt`, by rule and version.
fn cases() -> BTreeMap<(String, Option<u64>), Cases> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors/psbt");
    let mut found: BTreeMap<(String, Option<u64>), Cases> = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap() {
        let file: Value = serde_json::from_str(&fs::read_to_string(entry.unwrap().path()).unwrap()).unwrap();
        for case in file["cases"].as_array().unwrap().iter().filter(|case| case["kind"] != "wallet") {
            let key = (case["rule"].as_str().unwrap().to_owned(), case["version"].as_u64());
            let cases = found.entry(key).or_default();
            match (case["action"].as_str().unwrap(), case["expect"].as_str().unwrap()) {
                ("none", "accept") => cases.silent += 1,
                ("none", expect) => panic!("{}: a near miss that is to {expect}", case["id"]),
                _ => cases.speaks += 1,
            }
        }
    }
    found
}

#[test]
fn every_rule_of_files_has_a_case_that_it_stops_and_one_that_passes() {
    let cases = cases();
    let mut missing = Vec::new();
    let files = |rule: &&Rule| rule.class == Class::File;
    for rule in RULES.iter().filter(files) {
        let one = OF_ONE_VERSION.iter().find(|(id, _)| *id == rule.id);
        let versions: Vec<Option<u64>> = match one {
            // What is no PSBT yet has no version.
            _ if rule.id == "P22" => vec![None],
            Some((_, version)) => vec![Some(*version)],
            None => vec![Some(0), Some(2)],
        };
        for version in versions {
            let enough = cases.get(&(rule.id.to_owned(), version)).is_some_and(|c| c.speaks > 0 && c.silent > 0);
            if !enough {
                missing.push(format!("{} in version {version:?}", rule.id));
            }
        }
    }
    assert!(missing.is_empty(), "no case, or no near one that passes: {}", missing.join(", "));
    for (rule, _) in cases.keys() {
        assert!(RULES.iter().filter(files).any(|known| known.id == rule), "{rule} is no rule of files");
    }
}
