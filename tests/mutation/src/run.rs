//! Each mutant before the tests that reach it, until one fails.

use std::{
    collections::{HashMap, VecDeque},
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use crate::{
    list::List,
    results::{Outcome, Results},
    tests::{Ending, Test, Tests, by_program},
};

/// Processor time, in milliseconds without a mutant, of the tests that one mutant is shown; the slowest are left out.
const MOST: u64 = 10_000;
/// Of the first tests that share a process; each of the next may take twice as long.
const FIRST: u64 = 100;
/// Tests that caught the latest mutants of the same file come first: so many.
const LATEST: usize = 4;

/// What a run does and knows.
pub(crate) struct Run<'r> {
    pub(crate) list: &'r List,
    pub(crate) tests: &'r Tests,
    /// Which test caught a mutant last time.
    pub(crate) known: &'r Results,
    pub(crate) until: Option<Instant>,
    pub(crate) jobs: usize,
}

/// How it went.
#[derive(Default)]
pub(crate) struct Tally {
    pub(crate) run: usize,
    pub(crate) left: usize,
    pub(crate) slowest: Duration,
    pub(crate) time: Duration,
}

impl Run<'_> {
    /// Each of them in turn, as long as there is time; `note` is told every outcome.
    pub(crate) fn all(
        &self,
        mutants: &[usize],
        note: &(dyn Fn(usize, Outcome) -> Result<(), String> + Sync),
    ) -> Result<Tally, String> {
        let next = AtomicUsize::new(0);
        let latest: Mutex<HashMap<&str, VecDeque<String>>> = Mutex::new(HashMap::new());
        let tally = Mutex::new(Tally::default());
        let job = || -> Result<(), String> {
            while let Some(id) = mutants.get(next.fetch_add(1, Ordering::Relaxed)) {
                if self.until.is_some_and(|until| Instant::now() > until) {
                    tally.lock().expect("no thread panics").left += 1;
                    continue;
                }
                let file = self.list.mutant(*id).file.as_str();
                let first: Vec<String> = {
                    let latest = latest.lock().expect("no thread panics");
                    self.known
                        .killer(self.list, *id)
                        .map(str::to_owned)
                        .into_iter()
                        .chain(latest.get(file).into_iter().flatten().cloned())
                        .collect()
                };
                let begun = Instant::now();
                let outcome = self.one(*id, &first)?;
                let took = begun.elapsed();
                if let Outcome::Caught(by) = &outcome {
                    let mut latest = latest.lock().expect("no thread panics");
                    let names = latest.entry(file).or_default();
                    names.retain(|name| name != by);
                    names.push_front(by.clone());
                    names.truncate(LATEST);
                }
                {
                    let mut tally = tally.lock().expect("no thread panics");
                    tally.run += 1;
                    tally.slowest = tally.slowest.max(took);
                    tally.time += took;
                    if tally.run.is_multiple_of(100) {
                        println!("   {} of {} mutants run", tally.run, mutants.len());
                    }
                }
                note(*id, outcome)?;
            }
            Ok(())
        };
        thread::scope(|scope| {
            let jobs: Vec<_> = (0..self.jobs).map(|_| scope.spawn(job)).collect();
            jobs.into_iter().try_for_each(|job| job.join().expect("no thread panics"))
        })?;
        Ok(tally.into_inner().expect("no thread panics"))
    }

    fn one(&self, id: usize, first: &[String]) -> Result<Outcome, String> {
        let baked = self.tests.baked;
        let mut reaching: Vec<&Test> =
            self.tests.all.iter().filter(|test| baked || test.reaches.contains(&id)).collect();
        // Those of other rooms see less of it.
        let room = self.list.mutant(id).file.split('/').nth(1).unwrap_or_default();
        reaching.sort_by_key(|test| (!self.tests.is_of(test, room), test.cost));
        for part in parts(reaching, first) {
            for (program, tests) in by_program(&part) {
                match self.tests.run(program, &tests, id)? {
                    Ending::Passed => {}
                    Ending::Failed(by) => return Ok(Outcome::Caught(by)),
                    Ending::Timeout(by) => return Ok(Outcome::Timeout(by)),
                }
            }
        }
        Ok(Outcome::Missed)
    }
}

/// Some of the tests first, the others after them, the quickest first, in ever longer parts.
fn parts<'t>(tests: Vec<&'t Test>, first: &[String]) -> Vec<Vec<&'t Test>> {
    let (early, rest): (Vec<&Test>, Vec<&Test>) = tests.into_iter().partition(|test| first.contains(&test.name));
    let mut parts = vec![early, Vec::new()];
    let (mut spent, mut cost, mut most) = (0, 0, FIRST);
    for test in rest {
        spent += test.cost;
        if spent > MOST {
            break;
        }
        if cost + test.cost > most {
            parts.push(Vec::new());
            (cost, most) = (0, most * 2);
        }
        cost += test.cost;
        parts.last_mut().expect("two parts at least").push(test);
    }
    parts
}
