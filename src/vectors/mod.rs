//! `strongroom vectors`: every official test vector, and every case of our own rules, through the code that does the
//! real work.
//!
//! Floor 6. Not a test of this room: it decides nothing that the rooms below do not. The official files of `vectors/`
//! are built in, those of `vectors/psbt/` are read from a folder; their schema stands in `vectors/README.md`. An invalid case passes only with its expected error
//! code, and a case with a field that nothing looked at fails.

mod addresses;
mod bbqr;
mod case;
mod descriptors;
mod digests;
mod fields;
mod messages;
mod nodes;
mod psbts;
mod rules;
mod taproot;
mod ur;
mod words;

use std::{borrow::Cow, cell::RefCell, collections::BTreeMap, fmt};

use serde::Serialize;
use serde_json::Value;

use self::case::{Case, Check, Outcome};
use crate::{
    canon::{self, CanonError},
    limits,
    text::printable,
    wallet::Wallet,
};

/// A specification: its file, how many cases it has, and what runs one.
struct Specification {
    name: &'static str,
    file: &'static str,
    /// Its text, packed; nothing where it is read from a folder only, so that the appliance stays small.
    packed: Option<&'static [u8]>,
    /// How many cases it has; nothing: as many as the folder's page says.
    cases: Option<usize>,
    run: fn(&Case<'_>, &Siblings<'_>) -> Check,
}

/// A file as `vectors/pack.rs` packed it.
macro_rules! packed {
    ($file:literal) => {
        Some(include_bytes!(concat!(env!("OUT_DIR"), "/", $file, ".deflate")))
    };
}

/// Cases of our own rules are many: the program does not carry them, its tests do.
#[cfg(test)]
macro_rules! packed_rules {
    ($file:literal) => {
        packed!($file)
    };
}
#[cfg(not(test))]
macro_rules! packed_rules {
    ($file:literal) => {
        None
    };
}

macro_rules! specification {
    ($name:literal, $file:literal, $cases:literal, $run:path) => {
        Specification { name: $name, file: $file, packed: packed!($file), cases: Some($cases), run: $run }
    };
    ($name:literal, $file:literal) => {
        Specification { name: $name, file: $file, packed: packed_rules!($file), cases: None, run: rules::rules }
    };
}

/// The page of the folder, with a row a file: `| psbt/p.json | rules P | 126 | …`.
const PAGE: &str = include_str!("../../vectors/README.md");

impl Specification {
    /// Its text, where it is built in.
    fn text(&self) -> Option<Result<String, String>> {
        let packed = self.packed?;
        let bytes = miniz_oxide::inflate::decompress_to_vec_with_limit(packed, limits::VECTOR_FILE_BYTES);
        let text = bytes.ok().and_then(|bytes| String::from_utf8(bytes).ok());
        Some(text.ok_or_else(|| "what is built in cannot be unpacked".to_owned()))
    }

    /// How many cases its file must have.
    fn expected(&self) -> Option<usize> {
        let row = || {
            let start = format!("| {} | {} | ", self.file, self.name);
            PAGE.lines().find_map(|line| line.strip_prefix(&start)?.split(' ').next()?.parse().ok())
        };
        self.cases.or_else(row)
    }
}

const SPECIFICATIONS: &[Specification] = &[
    specification!("BIP32", "bip32.json", 33, nodes::bip32),
    specification!("BIP39", "bip39.json", 312, words::bip39),
    specification!("BIP44", "bip44.json", 16, nodes::bip44),
    specification!("BIP49", "bip49.json", 1, nodes::bip49),
    specification!("BIP67", "bip67.json", 4, descriptors::bip67),
    specification!("BIP84", "bip84.json", 5, nodes::bip84),
    specification!("BIP86", "bip86.json", 5, nodes::bip86),
    specification!("BIP143", "bip143.json", 14, digests::bip143),
    specification!("BIP173", "bip173.json", 35, addresses::run),
    specification!("BIP174", "bip174.json", 45, psbts::bip174),
    specification!("BIP322", "bip322.json", 6, messages::bip322),
    specification!("BIP340", "bip340.json", 19, digests::bip340),
    specification!("BIP341", "bip341.json", 15, taproot::bip341),
    specification!("BIP350", "bip350.json", 44, addresses::run),
    specification!("BIP370", "bip370.json", 48, psbts::bip370),
    specification!("BIP371", "bip371.json", 17, fields::bip371),
    specification!("BIP373", "bip373.json", 24, fields::bip373),
    specification!("BIP380", "bip380.json", 45, descriptors::bip380),
    specification!("BIP381", "bip381.json", 21, descriptors::descriptor),
    specification!("BIP382", "bip382.json", 23, descriptors::descriptor),
    specification!("BIP383", "bip383.json", 13, descriptors::descriptor),
    specification!("BIP384", "bip384.json", 7, descriptors::descriptor),
    specification!("BIP385", "bip385.json", 10, descriptors::descriptor),
    specification!("BIP386", "bip386.json", 10, descriptors::descriptor),
    specification!("BIP389", "bip389.json", 14, descriptors::bip389),
    specification!("SLIP-39", "slip39.json", 45, words::slip39),
    specification!("UR", "ur.json", 107, ur::run),
    specification!("BBQr", "bbqr.json", 52, bbqr::run),
    specification!("rules P", "psbt/p.json"),
    specification!("rules U", "psbt/u.json"),
    specification!("rules I", "psbt/i.json"),
    specification!("rules H", "psbt/h.json"),
    specification!("rules C", "psbt/c.json"),
    specification!("rules O", "psbt/o.json"),
    specification!("rules M", "psbt/m.json"),
    specification!("rules L", "psbt/l.json"),
    specification!("rules T", "psbt/t.json"),
    specification!("rules X", "psbt/x.json"),
    specification!("rules V", "psbt/v.json"),
];

/// The cases of a file by id, for those that start from another's result.
struct Siblings<'a> {
    cases: Vec<(&'a str, &'a Value)>,
    /// Registered wallets, each read once.
    wallets: RefCell<BTreeMap<String, Wallet>>,
}

impl<'a> Siblings<'a> {
    fn of(cases: &'a [Value]) -> Self {
        let cases = cases.iter().filter_map(|c| Some((c.get("id")?.as_str()?, c))).collect();
        Self { cases, wallets: RefCell::default() }
    }

    /// The case called `id`.
    fn get(&self, id: &str) -> Result<Case<'a>, String> {
        let found =
            self.cases.iter().find(|(name, _)| *name == id).ok_or_else(|| format!("no case `{}`", printable(id)))?;
        Case::of(found.1)
    }

    /// The wallet that the case called `id` registers.
    fn wallet(&self, id: &str, read: impl FnOnce(&Case<'_>) -> Result<Wallet, String>) -> Result<Wallet, String> {
        if let Some(wallet) = self.wallets.borrow().get(id) {
            return Ok(wallet.clone());
        }
        let wallet = read(&self.get(id)?)?;
        self.wallets.borrow_mut().insert(id.to_owned(), wallet.clone());
        Ok(wallet)
    }
}

/// A case that did not pass, or that this program does not take, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Named {
    /// The case's id.
    pub id: String,
    /// Why. Printable.
    pub why: String,
}

/// What became of one specification's cases.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Line {
    /// "BIP32"
    pub specification: &'static str,
    /// How many cases the file has.
    pub cases: usize,
    /// Valid cases whose figures are all ours.
    pub passed: usize,
    /// Invalid cases that were refused with the expected error.
    pub refused: usize,
    /// Valid cases of a kind that this program does not take, each refused by a sentence that names it.
    pub unsupported: Vec<Named>,
    /// Cases that came out otherwise.
    pub failed: Vec<Named>,
}

/// What became of all cases.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// One a specification, in the order of the numbers.
    pub specifications: Vec<Line>,
}

impl Report {
    /// Whether no case failed.
    #[must_use]
    pub fn whole(&self) -> bool {
        self.specifications.iter().all(|line| line.failed.is_empty())
    }

    /// The report as canonical JSON: `specifications`, and `whole`, which says that no case failed.
    ///
    /// # Errors
    /// None that a report can cause.
    pub fn json(&self) -> Result<String, CanonError> {
        canon::document(&serde_json::json!({ "specifications": self.specifications, "whole": self.whole() }))
    }

    /// One figure, summed over all specifications.
    fn sum(&self, figure: impl Fn(&Line) -> usize) -> usize {
        self.specifications.iter().fold(0, |sum, line| sum.saturating_add(figure(line)))
    }
}

impl fmt::Display for Report {
    /// A line a specification, below it why cases are unsupported and which failed, and a total.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for line in &self.specifications {
            row(
                f,
                line.specification,
                [line.cases, line.passed, line.refused, line.unsupported.len(), line.failed.len()],
            )?;
            let mut named: Vec<(&str, usize)> = Vec::new();
            for case in &line.unsupported {
                match named.iter_mut().find(|(why, _)| *why == case.why) {
                    Some((_, count)) => *count = count.saturating_add(1),
                    None => named.push((&case.why, 1)),
                }
            }
            for (why, count) in named {
                writeln!(f, "    {count} unsupported: {why}")?;
            }
            for case in &line.failed {
                writeln!(f, "    FAILED {}: {}", case.id, case.why)?;
            }
        }
        row(
            f,
            "total",
            [
                self.sum(|l| l.cases),
                self.sum(|l| l.passed),
                self.sum(|l| l.refused),
                self.sum(|l| l.unsupported.len()),
                self.sum(|l| l.failed.len()),
            ],
        )
    }
}

fn row(
    f: &mut fmt::Formatter<'_>,
    name: &str,
    [cases, passed, refused, unsupported, failed]: [usize; 5],
) -> fmt::Result {
    writeln!(
        f,
        "{name:<8} {cases:>4} cases  {passed:>4} passed  {refused:>4} refused as expected  {unsupported:>4} unsupported  {failed:>4} failed"
    )
}

/// Where the text of a file comes from. An error is a sentence.
pub type Source<'a> = &'a dyn Fn(&str) -> Result<Cow<'static, str>, String>;

/// Runs every case that is built in: the official ones.
#[must_use]
pub fn run_built_in() -> Report {
    let lines = SPECIFICATIONS.iter().filter_map(|s| Some(specification(s, s.text()?.map(Cow::Owned))));
    Report { specifications: lines.collect() }
}

/// Runs the cases that are built in of the specifications with these names.
#[must_use]
pub fn run_chosen(names: &[&str]) -> Report {
    let chosen = SPECIFICATIONS.iter().filter(|s| names.contains(&s.name));
    let lines = chosen.filter_map(|s| Some(specification(s, s.text()?.map(Cow::Owned))));
    Report { specifications: lines.collect() }
}

/// Runs every case of every specification and of our rules, from a folder. A file that cannot be read, or has another number of cases than the
/// specification, is a failure of its own.
#[must_use]
pub fn run(source: Source<'_>) -> Report {
    Report { specifications: SPECIFICATIONS.iter().map(|s| specification(s, source(s.file))).collect() }
}

fn specification(about: &Specification, text: Result<Cow<'_, str>, String>) -> Line {
    let mut line = Line {
        specification: about.name,
        cases: 0,
        passed: 0,
        refused: 0,
        unsupported: Vec::new(),
        failed: Vec::new(),
    };
    let read = text.and_then(|text| cases(about, &text));
    let cases = match read {
        Ok(cases) => cases,
        Err(why) => {
            line.failed.push(Named { id: about.file.to_owned(), why });
            return line;
        }
    };
    line.cases = cases.len();
    if Some(cases.len()) != about.expected() {
        let why = format!("{} cases instead of {}", cases.len(), about.expected().unwrap_or_default());
        line.failed.push(Named { id: about.file.to_owned(), why });
    }
    let siblings = Siblings::of(&cases);
    for (place, value) in cases.iter().enumerate() {
        let (id, outcome) = one(about, value, &siblings);
        let id = id.unwrap_or_else(|| format!("case {place}"));
        match outcome {
            Ok(Outcome::Passed) => line.passed = line.passed.saturating_add(1),
            Ok(Outcome::Refused) => line.refused = line.refused.saturating_add(1),
            Ok(Outcome::Unsupported(why)) => line.unsupported.push(Named { id, why }),
            Err(why) => line.failed.push(Named { id, why }),
        }
    }
    line
}

fn one(about: &Specification, value: &Value, siblings: &Siblings<'_>) -> (Option<String>, Check) {
    let case = match Case::of(value) {
        Ok(case) => case,
        Err(why) => return (None, Err(why)),
    };
    let id = case.id().ok().map(printable);
    let outcome = (about.run)(&case, siblings).and_then(|outcome| match case.unseen().as_slice() {
        [] => Ok(outcome),
        unseen => Err(format!("nothing looked at {}", unseen.join(", "))),
    });
    (id, outcome)
}

fn cases(about: &Specification, text: &str) -> Result<Vec<Value>, String> {
    let file: Value =
        serde_json::from_str(text).map_err(|e| format!("not JSON: line {}, column {}", e.line(), e.column()))?;
    if file.get("specification").and_then(Value::as_str) != Some(about.name) {
        return Err(format!("not a file of {}", about.name));
    }
    let cases = file.get("cases").and_then(Value::as_array).ok_or("no list of cases")?;
    let mut ids: Vec<_> = cases.iter().map(|c| c.get("id").and_then(Value::as_str)).collect();
    ids.sort_unstable();
    ids.dedup();
    if ids.len() != cases.len() {
        return Err("an id comes twice".to_owned());
    }
    Ok(cases.clone())
}

#[cfg(test)]
mod tests;
