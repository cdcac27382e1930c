//! What came out, in `tests/mutation/results`: a file for each room, in it for each source file a line with its hash and
//! a line for each mutant.

use std::{collections::BTreeMap, fmt, fs, path::Path};

use sha2::{Digest, Sha256};

use crate::list::{List, ROOMS};

/// Behind the hash of a file not all of whose mutants were run.
const UNFINISHED: &str = "unfinished";

/// What became of a mutant.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// This test failed.
    Caught(String),
    /// This test had no end.
    Timeout(String),
    /// It does not compile.
    Unviable,
    /// It survived.
    Missed,
}

/// One line.
#[derive(Clone)]
pub(crate) struct Line {
    pub(crate) at: String,
    pub(crate) name: String,
    pub(crate) outcome: Outcome,
}

/// Of one source file.
#[derive(Clone, Default)]
pub(crate) struct Section {
    /// Of the source that these came out of.
    pub(crate) hash: String,
    pub(crate) lines: Vec<Line>,
}

/// By source file.
#[derive(Default)]
pub(crate) struct Results(pub(crate) BTreeMap<String, Section>);

pub(crate) fn hash(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { at, name, outcome } = self;
        match outcome {
            Outcome::Caught(by) => write!(f, "{at}\tcaught\t{by}\t{name}"),
            Outcome::Timeout(by) => write!(f, "{at}\ttimeout\t{by}\t{name}"),
            Outcome::Unviable => write!(f, "{at}\tunviable\t-\t{name}"),
            Outcome::Missed => write!(f, "{at}\tmissed\t-\t{name}"),
        }
    }
}

impl Line {
    fn read(text: &str) -> Option<Self> {
        let [at, outcome, by, name]: [&str; 4] = text.split('\t').collect::<Vec<_>>().try_into().ok()?;
        let outcome = match outcome {
            "caught" => Outcome::Caught(by.to_owned()),
            "timeout" => Outcome::Timeout(by.to_owned()),
            "unviable" => Outcome::Unviable,
            "missed" => Outcome::Missed,
            _ => return None,
        };
        Some(Self { at: at.to_owned(), name: name.to_owned(), outcome })
    }
}

impl Results {
    pub(crate) fn read(folder: &Path) -> Result<Self, String> {
        let mut sections: BTreeMap<String, Section> = BTreeMap::new();
        for room in ROOMS {
            let path = folder.join(format!("{room}.tsv"));
            let mut section = None;
            for line in fs::read_to_string(&path).unwrap_or_default().lines() {
                if let [file, hash] | [file, hash, UNFINISHED] = line.split('\t').collect::<Vec<_>>()[..] {
                    let new = Section { hash: hash.to_owned(), lines: Vec::new() };
                    section = Some(sections.entry(file.to_owned()).or_insert(new));
                } else {
                    let line = Line::read(line).ok_or_else(|| format!("{}: {line}", path.display()))?;
                    section.as_mut().ok_or_else(|| format!("{}: no file", path.display()))?.lines.push(line);
                }
            }
        }
        Ok(Self(sections))
    }

    /// Of the files that are there.
    pub(crate) fn write(&self, folder: &Path, list: &List) -> Result<(), String> {
        fs::create_dir_all(folder).map_err(|error| error.to_string())?;
        for room in ROOMS {
            let mut text = String::new();
            for (file, source) in list.sources.range(format!("src/{room}/")..format!("src/{room}0")) {
                let none = Section { hash: source.hash.clone(), lines: Vec::new() };
                let section = self.0.get(file).unwrap_or(&none);
                let mutants = list.mutants.iter().filter(|mutant| mutant.file == *file).count();
                let rest = if section.hash == source.hash && section.lines.len() < mutants { UNFINISHED } else { "" };
                text.push_str(format!("{file}\t{}\t{rest}", section.hash).trim_end());
                text.push('\n');
                section.lines.iter().for_each(|line| text.push_str(&format!("{line}\n")));
            }
            let path = folder.join(format!("{room}.tsv"));
            // In one step: a run that is broken off loses nothing.
            let new = path.with_extension("new");
            let written = fs::write(&new, text).and_then(|()| fs::rename(&new, &path));
            written.map_err(|error| format!("{}: {error}", path.display()))?;
        }
        Ok(())
    }

    /// What is known of a mutant of the present source.
    pub(crate) fn of(&self, list: &List, id: usize) -> Option<&Outcome> {
        let mutant = list.mutant(id);
        let section = self.0.get(&mutant.file)?;
        if section.hash != list.sources[&mutant.file].hash {
            return None;
        }
        section.lines.iter().find(|line| line.name == mutant.name).map(|line| &line.outcome)
    }

    /// The test that caught it last time, whatever the source was then.
    pub(crate) fn killer(&self, list: &List, id: usize) -> Option<&str> {
        let mutant = list.mutant(id);
        let line = self.0.get(&mutant.file)?.lines.iter().find(|line| line.name == mutant.name)?;
        match &line.outcome {
            Outcome::Caught(by) => Some(by),
            Outcome::Timeout(_) | Outcome::Unviable | Outcome::Missed => None,
        }
    }

    /// Takes down what came out; a section of another source is begun anew.
    pub(crate) fn note(&mut self, list: &List, id: usize, outcome: Outcome) {
        let mutant = list.mutant(id);
        let hash = &list.sources[&mutant.file].hash;
        let section = self.0.entry(mutant.file.clone()).or_default();
        if section.hash != *hash {
            *section = Section { hash: hash.clone(), lines: Vec::new() };
        }
        section.lines.retain(|line| line.name != mutant.name);
        section.lines.push(Line { at: mutant.at.clone(), name: mutant.name.clone(), outcome });
        let order: BTreeMap<&str, usize> = (list.mutants.iter())
            .filter(|other| other.file == mutant.file)
            .map(|other| (other.name.as_str(), other.id))
            .collect();
        section.lines.sort_by_key(|line| order.get(line.name.as_str()).copied());
    }

    /// How many came out how.
    pub(crate) fn sums(&self, room: &str) -> String {
        let lines =
            || self.0.range(format!("src/{room}/")..format!("src/{room}0")).flat_map(|(_, section)| &section.lines);
        let count = |of: fn(&Outcome) -> bool| lines().filter(|line| of(&line.outcome)).count();
        format!(
            "{room}: {} mutants, {} caught, {} without an end, {} that do not compile, {} survived",
            lines().count(),
            count(|outcome| matches!(outcome, Outcome::Caught(_))),
            count(|outcome| matches!(outcome, Outcome::Timeout(_))),
            count(|outcome| *outcome == Outcome::Unviable),
            count(|outcome| *outcome == Outcome::Missed),
        )
    }
}
