//! Runs the tests against the mutants of the rooms that decide, and takes down what became of each.

mod explained;
mod list;
mod package;
mod results;
mod run;
mod switch;
mod tests;

use std::{
    collections::BTreeSet,
    env,
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Mutex,
    time::{Duration, Instant},
};

use explained::Explained;
use list::List;
use package::Package;
use results::{Outcome, Results};
use run::Run;
use tests::Tests;

const USAGE: &str = "\
tests/mutation/run [WHICH] [HOW]

  which mutants: those without a result for the present source, and those that survived and are not explained
    ROOM or FILE …     only of these: policy, src/review/fee.rs
    --survivors        those that survived, explained or not
    --again            all
    --shard K/N        each Nth, from the Kth
    --ci COMMIT        those without a result, and then a share of the others that moves on with this number

  how
    --jobs J           so many at once; 1 if not said
    --minutes M        begins none after so long
    --check            writes no results

  Results are in tests/mutation/results, after each mutant: what was broken off goes on. Fails where one survived that
  docs/testing.md does not explain.";

/// In CI the others come in so many shares.
const SHARES: usize = 4;

/// What was asked.
#[derive(Default)]
struct Asked {
    only: Vec<String>,
    survivors: bool,
    again: bool,
    shard: Option<(usize, usize)>,
    ci: Option<usize>,
    jobs: Option<usize>,
    minutes: Option<u64>,
    check: bool,
}

fn main() -> ExitCode {
    let asked = match Asked::read(env::args().skip(1)) {
        Some(asked) => asked,
        None => {
            eprintln!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    match run(&asked) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::from(2)
        }
    }
}

impl Asked {
    fn read(mut words: impl Iterator<Item = String>) -> Option<Self> {
        let mut asked = Self::default();
        while let Some(word) = words.next() {
            match word.as_str() {
                "--survivors" => asked.survivors = true,
                "--again" => asked.again = true,
                "--check" => asked.check = true,
                "--ci" => asked.ci = Some(words.next()?.parse().ok()?),
                "--jobs" => asked.jobs = Some(words.next()?.parse().ok().filter(|jobs| *jobs > 0)?),
                "--minutes" => asked.minutes = Some(words.next()?.parse().ok()?),
                "--shard" => {
                    let (shard, of) = words.next()?.split_once('/').map(|(k, n)| (k.parse(), n.parse()))?;
                    let (shard, of): (usize, usize) = (shard.ok()?, of.ok()?);
                    asked.shard = Some((shard.checked_sub(1).filter(|shard| *shard < of)?, of));
                }
                _ if word.starts_with('-') => return None,
                _ => asked.only.push(word),
            }
        }
        Some(asked)
    }

    /// The mutants to run, in this order.
    fn which(&self, list: &List, known: &Results, explained: &Explained) -> Vec<usize> {
        let there = |id: usize| {
            let file = &list.mutant(id).file;
            self.only.is_empty()
                || self.only.iter().any(|only| file == only || file.starts_with(&format!("src/{only}/")))
        };
        let mut ids: Vec<usize> = (1..=list.mutants.len()).filter(|id| there(*id)).collect();
        ids.sort_by_key(|id| {
            let file = &list.mutant(*id).file;
            list::ROOMS.iter().position(|room| file.starts_with(&format!("src/{room}/")))
        });
        if let Some((shard, of)) = self.shard {
            ids.retain(|id| id % of == shard);
        }
        let done = |id: &usize| match known.of(list, *id) {
            None => false,
            Some(Outcome::Missed) => explained.knows(&list.mutant(*id).file, &list.mutant(*id).name),
            Some(Outcome::Caught(_) | Outcome::Timeout(_) | Outcome::Unviable) => true,
        };
        let survived = |id: &usize| known.of(list, *id) == Some(&Outcome::Missed);
        let (old, new): (Vec<usize>, Vec<usize>) = ids.iter().partition(|id| done(id));
        if self.survivors {
            return ids.into_iter().filter(survived).collect();
        }
        if let Some(number) = self.ci {
            let viable = |id: &usize| known.of(list, *id) != Some(&Outcome::Unviable);
            let share = old.into_iter().filter(viable).filter(|id| id % SHARES == number % SHARES);
            return new.into_iter().chain(share).collect();
        }
        if self.again { ids } else { new }
    }
}

/// Whether nothing survived that is not explained.
fn run(asked: &Asked) -> Result<bool, String> {
    let begun = Instant::now();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let root = root.canonicalize().map_err(|error| format!("{}: {error}", root.display()))?;
    let folder: PathBuf = root.join("tests/mutation/results");
    let list = List::read(&root)?;
    let (known, results) = (Results::read(&folder)?, Mutex::new(Results::read(&folder)?));
    let explained = Explained::read(&root)?;
    let wanted = asked.which(&list, &known, &explained);
    println!("── {} of {} mutants", wanted.len(), list.mutants.len());
    let survived = Mutex::new(BTreeSet::new());
    let note = |id: usize, outcome: Outcome| {
        let mutant = list.mutant(id);
        if outcome == Outcome::Missed {
            let why = if explained.knows(&mutant.file, &mutant.name) { "survived, explained" } else { "SURVIVED" };
            println!("   {why}: {}:{}: {}", mutant.file, mutant.at, mutant.name);
            survived.lock().expect("no thread panics").insert(id);
        }
        let mut results = results.lock().expect("no thread panics");
        results.note(&list, id, outcome);
        if asked.check { Ok(()) } else { results.write(&folder, &list) }
    };
    if !wanted.is_empty() {
        let jobs = asked.jobs.unwrap_or(1);
        let package = Package::make(&root, &list, &wanted)?;
        package.unviable.iter().try_for_each(|id| note(*id, Outcome::Unviable))?;
        println!("── built: {} s, {} baked", begun.elapsed().as_secs(), package.baked.len());
        let mut tests = Tests::measure(package.place(), package.programs(None)?, jobs)?;
        println!("── measured: {} s", begun.elapsed().as_secs());
        let viable: Vec<usize> = wanted.into_iter().filter(|id| !package.unviable.contains(id)).collect();
        let (baked, switched): (Vec<usize>, Vec<usize>) = viable.into_iter().partition(|id| package.baked.contains(id));
        let until = asked.minutes.map(|minutes| begun + Duration::from_secs(60 * minutes));
        let go = |tests: &Tests, ids: &[usize]| Run { list: &list, tests, known: &known, until, jobs }.all(ids, &note);
        let tally = go(&tests, &switched)?;
        let mut left = tally.left;
        for id in baked {
            if until.is_some_and(|until| Instant::now() > until) {
                left += 1;
                continue;
            }
            tests = tests.baked(package.programs(Some(id))?);
            go(&tests, &[id])?;
        }
        let each = tally.time.as_secs_f64() / tally.run.max(1) as f64;
        println!("── {} run, {each:.1} s each, the slowest {:.1} s", tally.run, tally.slowest.as_secs_f64());
        if left > 0 {
            println!("── {left} not run: the time was over");
        }
    }
    let results = results.into_inner().expect("no thread panics");
    if !asked.check {
        results.write(&folder, &list)?;
    }
    for room in list::ROOMS {
        println!("── {}", results.sums(room));
    }
    let survived = survived.into_inner().expect("no thread panics");
    let unexplained = survived.iter().map(|id| list.mutant(*id)).filter(|m| !explained.knows(&m.file, &m.name)).count();
    if unexplained > 0 {
        println!("── {unexplained} survived: a test is to catch each, or docs/testing.md to explain it");
    }
    let missing = (1..=list.mutants.len()).filter(|id| results.of(&list, *id).is_none()).count();
    let late = asked.ci.is_some() && missing > 0;
    if late {
        println!(
            "── {missing} have no result for the present source: run tests/mutation/run and commit what it writes"
        );
    }
    Ok(unexplained == 0 && !late)
}
