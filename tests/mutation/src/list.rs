//! The mutants: the list of cargo-mutants, which decides what is changed into what.

use std::{
    collections::{BTreeMap, HashMap},
    fs,
    ops::Range,
    path::Path,
    process::Command,
};

use serde_json::Value;

use crate::results::hash;

/// The rooms whose mutants are run, in this order.
pub(crate) const ROOMS: [&str; 5] = ["policy", "quorum", "sign", "verify", "review"];

/// One change to the source.
pub(crate) struct Mutant {
    /// Its number in this run, from 1.
    pub(crate) id: usize,
    /// `src/room/file.rs`.
    pub(crate) file: String,
    /// Line and column of what is replaced.
    pub(crate) at: String,
    /// What is done, with ` #2` and so on behind the second that is called the same in a file: the name that stays
    /// while lines move.
    pub(crate) name: String,
    pub(crate) genre: Genre,
    /// What is replaced, in bytes of the file.
    pub(crate) span: Range<usize>,
    pub(crate) replacement: String,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Genre {
    Body,
    Binary,
    Unary,
    Arm,
    Guard,
    Field,
}

/// A source file as it is now.
pub(crate) struct Source {
    pub(crate) text: String,
    pub(crate) hash: String,
}

/// All mutants of the rooms, in the order of the files, and the files.
pub(crate) struct List {
    pub(crate) mutants: Vec<Mutant>,
    pub(crate) sources: BTreeMap<String, Source>,
}

impl List {
    /// # Errors
    /// A sentence.
    pub(crate) fn read(root: &Path) -> Result<Self, String> {
        let rooms = ROOMS.iter().flat_map(|room| ["-f".to_owned(), format!("src/{room}/**")]);
        let json = output(Command::new("cargo").current_dir(root).args(["mutants", "--list", "--json"]).args(rooms))?;
        let json: Vec<Value> = serde_json::from_str(&json).map_err(|error| format!("cargo mutants: {error}"))?;
        let mut sources = BTreeMap::new();
        for room in ROOMS {
            files(root, &format!("src/{room}"), &mut sources)?;
        }
        let mut mutants = Vec::new();
        let mut named = HashMap::new();
        for entry in &json {
            let mut mutant = mutant(entry, &sources).ok_or_else(|| format!("cargo mutants told: {entry}"))?;
            let times: &mut usize = named.entry((mutant.file.clone(), mutant.name.clone())).or_default();
            *times += 1;
            if *times > 1 {
                mutant.name = format!("{} #{times}", mutant.name);
            }
            mutants.push(mutant);
        }
        mutants.sort_by(|a, b| (&a.file, a.span.start).cmp(&(&b.file, b.span.start)));
        for (mutant, id) in mutants.iter_mut().zip(1..) {
            mutant.id = id;
        }
        Ok(Self { mutants, sources })
    }

    pub(crate) fn mutant(&self, id: usize) -> &Mutant {
        &self.mutants[id - 1]
    }
}

fn files(root: &Path, folder: &str, found: &mut BTreeMap<String, Source>) -> Result<(), String> {
    for entry in fs::read_dir(root.join(folder)).map_err(|error| format!("{folder}: {error}"))? {
        let name = entry.map_err(|error| error.to_string())?.file_name();
        let path = format!("{folder}/{}", name.to_string_lossy());
        if root.join(&path).is_dir() {
            files(root, &path, found)?;
        } else if path.ends_with(".rs") && !path.ends_with("/tests.rs") {
            let text = fs::read_to_string(root.join(&path)).map_err(|error| format!("{path}: {error}"))?;
            let hash = hash(text.as_bytes());
            found.insert(path, Source { text, hash });
        }
    }
    Ok(())
}

fn mutant(entry: &Value, sources: &BTreeMap<String, Source>) -> Option<Mutant> {
    let file = entry["file"].as_str()?.to_owned();
    let text = &sources.get(&file)?.text;
    let place = |end: &str| {
        let number = |key: &str| usize::try_from(entry["span"][end][key].as_u64()?).ok();
        Some((number("line")?, number("column")?))
    };
    let ((line, column), end) = (place("start")?, place("end")?);
    let at = format!("{line}:{column}");
    let name = entry["name"].as_str()?.strip_prefix(&format!("{file}:{at}: "))?.to_owned();
    let genre = match entry["genre"].as_str()? {
        "FnValue" => Genre::Body,
        "BinaryOperator" => Genre::Binary,
        "UnaryOperator" => Genre::Unary,
        "MatchArm" => Genre::Arm,
        "MatchArmGuard" => Genre::Guard,
        "StructField" => Genre::Field,
        _ => return None,
    };
    let span = offset(text, (line, column))?..offset(text, end)?;
    Some(Mutant { id: 0, file, at, name, genre, span, replacement: entry["replacement"].as_str()?.to_owned() })
}

/// The byte at a line and a column of characters, both from 1.
fn offset(text: &str, (line, column): (usize, usize)) -> Option<usize> {
    let begin: usize = text.split_inclusive('\n').take(line - 1).map(str::len).sum();
    let rest = text.get(begin..)?;
    Some(begin + rest.char_indices().nth(column - 1).map_or(rest.len(), |(place, _)| place))
}

fn output(command: &mut Command) -> Result<String, String> {
    let output = command.output().map_err(|error| format!("{command:?}: {error}"))?;
    if !output.status.success() {
        return Err(format!("{command:?}: {}", String::from_utf8_lossy(&output.stderr)));
    }
    String::from_utf8(output.stdout).map_err(|error| error.to_string())
}
