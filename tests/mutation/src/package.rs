//! The copy of the package that has the mutants, and its tests.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use serde_json::Value;

use crate::{
    list::List,
    switch::{marked_lines, switched},
};

/// What is not copied: what is built, and the program, since the tests that are run start none.
const LEFT_OUT: [&str; 6] = [".git", "target", "fuzz/target", "image/out", "src/main.rs", "tests/mutation"];
const MODULE: &str = include_str!("switched.rs");
/// What is built of the tests: those that start no program.
const TARGETS: [&str; 3] = ["--lib", "--test", "review-rules"];
/// More rounds than any list needs: each leaves mutants out, or a function constant.
const ROUNDS: usize = 40;

/// The copy, with these mutants in it.
pub(crate) struct Package<'l> {
    root: &'l Path,
    list: &'l List,
    alive: BTreeSet<usize>,
    /// Functions that constants call, by name.
    constant: BTreeSet<String>,
    pub(crate) unviable: BTreeSet<usize>,
    /// Those that a build of its own turns on.
    pub(crate) baked: BTreeSet<usize>,
}

/// A program of tests.
pub(crate) struct Program {
    pub(crate) path: PathBuf,
    /// The library's own.
    pub(crate) library: bool,
}

impl<'l> Package<'l> {
    /// Copies the package and leaves out of `wanted` what does not compile.
    pub(crate) fn make(root: &'l Path, list: &'l List, wanted: &[usize]) -> Result<Self, String> {
        let mut package = Self {
            root,
            list,
            alive: wanted.iter().copied().collect(),
            constant: BTreeSet::new(),
            unviable: BTreeSet::new(),
            baked: BTreeSet::new(),
        };
        let place = package.place();
        fs::create_dir_all(&place).map_err(|error| format!("{}: {error}", place.display()))?;
        let mut there = BTreeSet::new();
        copy(root, &place, Path::new(""), &list.sources.keys().map(PathBuf::from).collect(), &mut there)?;
        sweep(&place, Path::new("src"), &there)?;
        for _ in 0..ROUNDS {
            package.write()?;
            if !package.settled(&["check", "--lib"])? {
                continue;
            }
            if package.settled(&[&["test", "--no-run"], &TARGETS[..]].concat())? {
                return Ok(package);
            }
        }
        Err("what does not compile has no end".to_owned())
    }

    pub(crate) fn place(&self) -> PathBuf {
        self.root.join("target/mutation/package")
    }

    /// What cargo tells people.
    fn log(&self) -> PathBuf {
        self.place().with_file_name("cargo.log")
    }

    /// The programs of the tests, with one mutant baked in or none.
    pub(crate) fn programs(&self, baked: Option<usize>) -> Result<Vec<Program>, String> {
        let messages = self.cargo(&[&["test", "--no-run"], &TARGETS[..]].concat(), baked)?;
        let mut programs = Vec::new();
        for message in messages.iter().filter(|message| message["reason"] == "compiler-artifact") {
            let library = message["target"]["kind"][0] == "lib";
            programs.extend(message["executable"].as_str().map(|path| Program { path: PathBuf::from(path), library }));
        }
        // Cargo tells them as they are done, in any order.
        programs.sort_by_key(|program| !program.library);
        if programs.iter().map(|program| program.library).ne([true, false]) {
            return Err("the tests do not build".to_owned());
        }
        Ok(programs)
    }

    fn write(&mut self) -> Result<(), String> {
        let mut files: BTreeMap<&str, Vec<_>> = self.list.sources.keys().map(|file| (&**file, Vec::new())).collect();
        for mutant in self.list.mutants.iter().filter(|mutant| self.alive.contains(&mutant.id)) {
            files.entry(&mutant.file).or_default().push(mutant);
        }
        self.baked.clear();
        for (file, mutants) in files {
            let source = &self.list.sources[file].text;
            let switched = switched(source, &mutants, &self.constant)?;
            self.baked.extend(switched.baked);
            for id in switched.unviable {
                self.alive.remove(&id);
                self.unviable.insert(id);
            }
            put(&self.place().join(file), switched.text.as_bytes())?;
        }
        put(&self.place().join("src/mutation.rs"), MODULE.as_bytes())?;
        let library = fs::read_to_string(self.root.join("src/lib.rs")).map_err(|error| error.to_string())?;
        put(&self.place().join("src/lib.rs"), format!("{library}\n#[doc(hidden)]\npub mod mutation;\n").as_bytes())?;
        for (file, edit) in [("Cargo.toml", without_program as fn(&str) -> String), ("Cargo.lock", renamed)] {
            let text = fs::read_to_string(self.root.join(file)).map_err(|error| format!("{file}: {error}"))?;
            put(&self.place().join(file), edit(&text).as_bytes())?;
        }
        Ok(())
    }

    /// Whether it compiles; if not, whatever the compiler names is left out.
    fn settled(&mut self, arguments: &[&str]) -> Result<bool, String> {
        let messages = self.cargo(arguments, None)?;
        if messages.iter().any(|message| message["reason"] == "build-finished" && message["success"] == true) {
            return Ok(true);
        }
        let mut marks = BTreeMap::new();
        let (mut found, mut kept) = (BTreeSet::new(), BTreeSet::new());
        let mut strange = String::new();
        for error in messages.iter().map(|message| &message["message"]).filter(|error| error["level"] == "error") {
            let text = error["message"].as_str().unwrap_or_default();
            if error["code"]["code"] == "E0015"
                && let Some(name) = text.split('`').nth(1)
            {
                kept.insert(name.rsplit("::").next().unwrap_or(name).to_owned());
                continue;
            }
            let spans: Vec<&Value> = error["spans"].as_array().into_iter().flatten().collect();
            let mut at = |primary: bool| -> BTreeSet<usize> {
                let spans = spans.iter().filter(|span| span["is_primary"] == primary);
                spans.flat_map(|span| self.at(span, &mut marks)).collect()
            };
            let named = at(true);
            let named = if named.is_empty() { at(false) } else { named };
            if named.is_empty() && !spans.is_empty() {
                strange.push_str(error["rendered"].as_str().unwrap_or(text));
            }
            found.extend(named);
        }
        if found.is_empty() && kept.is_subset(&self.constant) {
            let told = fs::read_to_string(self.log()).unwrap_or_default();
            return Err(format!("what no mutant is to blame for does not compile:\n{strange}{told}"));
        }
        println!("   {} mutants do not compile; {} functions stay constant", found.len(), kept.len());
        self.alive.retain(|id| !found.contains(id));
        self.unviable.extend(found);
        self.constant.extend(kept);
        Ok(false)
    }

    /// The mutants whose text a span of the compiler is in.
    fn at(&self, span: &Value, marks: &mut BTreeMap<String, Vec<(usize, std::ops::Range<usize>)>>) -> Vec<usize> {
        let Some(file) = span["file_name"].as_str().filter(|file| self.list.sources.contains_key(*file)) else {
            return Vec::new();
        };
        let marks = marks
            .entry(file.to_owned())
            .or_insert_with(|| marked_lines(&fs::read_to_string(self.place().join(file)).unwrap_or_default()));
        let line = span["line_start"].as_u64().and_then(|line| usize::try_from(line).ok()).unwrap_or(0);
        marks.iter().filter(|(_, lines)| lines.contains(&line)).map(|(id, _)| *id).collect()
    }

    /// The messages of a command of cargo.
    fn cargo(&self, arguments: &[&str], baked: Option<usize>) -> Result<Vec<Value>, String> {
        let mut command = Command::new("cargo");
        command.args(arguments).args(["--locked", "--message-format=json", "--target-dir"]);
        command.arg(self.root.join("target")).current_dir(self.place()).stdout(Stdio::piped());
        command.stderr(fs::File::create(self.log()).map_err(|error| error.to_string())?);
        if let Some(id) = baked {
            command.env("STRONGROOM_BAKED_MUTANT", id.to_string());
        }
        let mut child = command.spawn().map_err(|error| format!("cargo: {error}"))?;
        let output = child.stdout.take().ok_or("cargo has no output")?;
        let mut messages = Vec::new();
        for line in BufReader::new(output).lines() {
            let line = line.map_err(|error| format!("cargo: {error}"))?;
            messages.push(serde_json::from_str(&line).map_err(|error| format!("cargo: {error}: {line}"))?);
        }
        child.wait().map_err(|error| format!("cargo: {error}"))?;
        Ok(messages)
    }
}

/// Copies what differs, so that cargo sees what changed; what is written otherwise is left alone.
fn copy(
    root: &Path,
    place: &Path,
    name: &Path,
    written: &BTreeSet<PathBuf>,
    there: &mut BTreeSet<PathBuf>,
) -> Result<(), String> {
    if LEFT_OUT.iter().any(|left_out| name == Path::new(left_out)) {
        return Ok(());
    }
    let from = root.join(name);
    let told = |error: std::io::Error| format!("{}: {error}", from.display());
    there.insert(name.to_owned());
    if from.is_dir() {
        fs::create_dir_all(place.join(name)).map_err(told)?;
        for entry in fs::read_dir(&from).map_err(told)? {
            copy(root, place, &name.join(entry.map_err(told)?.file_name()), written, there)?;
        }
        return Ok(());
    }
    let ours = ["src/lib.rs", "Cargo.toml", "Cargo.lock"].iter().any(|other| name == Path::new(other))
        || written.contains(name);
    if ours { Ok(()) } else { put(&place.join(name), &fs::read(&from).map_err(told)?) }
}

/// Takes away what the package has no more.
fn sweep(place: &Path, name: &Path, there: &BTreeSet<PathBuf>) -> Result<(), String> {
    let told = |error: std::io::Error| format!("{}: {error}", name.display());
    for entry in fs::read_dir(place.join(name)).map_err(told)? {
        let below = name.join(entry.map_err(told)?.file_name());
        if place.join(&below).is_dir() {
            sweep(place, &below, there)?;
        } else if !there.contains(&below) {
            fs::remove_file(place.join(&below)).map_err(told)?;
        }
    }
    Ok(())
}

fn put(path: &Path, bytes: &[u8]) -> Result<(), String> {
    if fs::read(path).is_ok_and(|there| there == bytes) {
        return Ok(());
    }
    fs::write(path, bytes).map_err(|error| format!("{}: {error}", path.display()))
}

/// Another package than the one that is copied, since both are built into one folder.
fn renamed(text: &str) -> String {
    text.replacen("\nname = \"strongroom\"\n", "\nname = \"strongroom-mutants\"\n", 1)
}

/// The manifest without its program and its lints: a mutant may leave things unused.
fn without_program(manifest: &str) -> String {
    let mut kept = true;
    let mut text = String::new();
    for line in manifest.split_inclusive('\n') {
        if line.starts_with('[') {
            kept = !line.starts_with("[[bin]]") && !line.starts_with("[lints");
        }
        if kept {
            text.push_str(line);
        }
    }
    renamed(&text) + "\n[workspace]\n"
}
