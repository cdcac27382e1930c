//! The tests: how long each takes, which mutants it reaches, and running some of them in one process.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    io::Read,
    os::unix::process::ExitStatusExt,
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::{
        Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use rustix::process::{Pid, Resource, Rlimit, WaitId, WaitIdOptions, prlimit, waitid};

use crate::package::Program;

/// A test that takes longer is not measured any further, and never run.
const LONGEST: Duration = Duration::from_secs(9);
/// Address space of a run: a mutant that fills memory ends there.
const MEMORY: u64 = 8 << 30;

/// One test of one program.
pub(crate) struct Test {
    pub(crate) program: usize,
    pub(crate) name: String,
    /// Processor time, in milliseconds.
    pub(crate) cost: u64,
    pub(crate) reaches: BTreeSet<usize>,
}

/// All tests that pass without a mutant, the quickest first.
pub(crate) struct Tests {
    place: PathBuf,
    programs: Vec<Program>,
    pub(crate) all: Vec<Test>,
    /// A mutant is baked in, and no test tells whether it reaches it.
    pub(crate) baked: bool,
}

/// How some tests in one process ended.
pub(crate) enum Ending {
    Passed,
    /// The first that failed.
    Failed(String),
    /// The one that was running when the time was over.
    Timeout(String),
}

impl Tests {
    /// Runs each test in a process of its own and notes what it reaches; of the same programs this is known.
    pub(crate) fn measure(place: PathBuf, programs: Vec<Program>, jobs: usize) -> Result<Self, String> {
        let mut tests = Self { place, programs, all: Vec::new(), baked: false };
        let known = tests.place.with_file_name("reached");
        let made: String = (tests.programs.iter())
            .map(|program| fs::read(&program.path).map(|bytes| crate::results::hash(&bytes) + "\n"))
            .collect::<Result<_, _>>()
            .map_err(|error| error.to_string())?;
        if let Some(all) = fs::read_to_string(&known).ok().and_then(|text| read(text.strip_prefix(&made)?)) {
            tests.all = all;
            return Ok(tests);
        }
        let mut names = Vec::new();
        for (program, built) in tests.programs.iter().enumerate() {
            let output = tests.command(program).args(["--list", "--format", "terse"]).output();
            let output = output.map_err(|error| format!("{}: {error}", built.path.display()))?;
            let list = String::from_utf8_lossy(&output.stdout).into_owned();
            names.extend(list.lines().filter_map(|line| Some((program, line.strip_suffix(": test")?.to_owned()))));
        }
        let (next, done) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
        thread::scope(|scope| {
            for job in 0..jobs {
                let (tests, names, next, done) = (&tests, &names, &next, &done);
                scope.spawn(move || {
                    while let Some((program, name)) = names.get(next.fetch_add(1, Ordering::Relaxed)) {
                        if let Some(test) = tests.measured(*program, name, job) {
                            done.lock().expect("no thread panics").push(test);
                        }
                    }
                });
            }
        });
        tests.all = done.into_inner().expect("no thread panics");
        tests.all.sort_by(|a, b| (a.cost, a.program, &a.name).cmp(&(b.cost, b.program, &b.name)));
        println!("   {} of {} tests can be used", tests.all.len(), names.len());
        let text: String = tests.all.iter().map(written).collect();
        fs::write(known, made + &text).map_err(|error| error.to_string())?;
        Ok(tests)
    }

    /// The same tests in other programs.
    pub(crate) fn baked(self, programs: Vec<Program>) -> Self {
        Self { programs, baked: true, ..self }
    }

    /// Whether a test is of a room, or of no room at all.
    pub(crate) fn is_of(&self, test: &Test, room: &str) -> bool {
        let library = self.programs.get(test.program).is_some_and(|program| program.library);
        !library || test.name.starts_with(&format!("{room}::"))
    }

    fn command(&self, program: usize) -> Command {
        let mut command = Command::new(&self.programs[program].path);
        command
            .current_dir(&self.place)
            .env("RUST_BACKTRACE", "0")
            .env("RUST_MIN_STACK", "33554432")
            // The same values each time, and nothing is written where they fail.
            .env("PROPTEST_RNG_SEED", "1")
            .env("PROPTEST_DISABLE_FAILURE_PERSISTENCE", "true")
            .stdin(Stdio::null())
            .stderr(Stdio::null());
        command
    }

    /// `None` for a test that fails without a mutant, or takes too long.
    fn measured(&self, program: usize, name: &str, job: usize) -> Option<Test> {
        let notes = self.place.with_file_name(format!("notes-{job}"));
        let _ = fs::remove_file(&notes);
        let mut command = self.command(program);
        command.args([name, "--exact", "--test-threads=1"]).env("STRONGROOM_MUTANTS_REACHED", &notes);
        let mut child = command.stdout(Stdio::null()).spawn().ok()?;
        limit(&child, LONGEST);
        let cost = cost(&child);
        let passed = child.wait().is_ok_and(|status| status.success());
        if !passed {
            println!("   left out, it fails or is slow without a mutant: {name}");
            return None;
        }
        let reached = fs::read_to_string(&notes).unwrap_or_default();
        let reaches = reached.lines().filter_map(|line| line.parse().ok()).collect();
        Some(Test { program, name: name.to_owned(), cost: cost?, reaches })
    }

    /// Runs these tests, all of one program, with a mutant on.
    pub(crate) fn run(&self, program: usize, tests: &[&Test], mutant: usize) -> Result<Ending, String> {
        let usual: u64 = tests.iter().map(|test| test.cost).sum();
        let limited = Duration::from_secs(2) + Duration::from_millis(usual * 2);
        let mut command = self.command(program);
        command.args(["--exact", "--test-threads=1"]).args(tests.iter().map(|test| &test.name));
        command.env("STRONGROOM_MUTANT", mutant.to_string()).stdout(Stdio::piped());
        let mut child = command.spawn().map_err(|error| error.to_string())?;
        limit(&child, limited);
        let output = child.stdout.take().ok_or("a test has no output")?;
        let ended = AtomicBool::new(false);
        let (ending, read) = thread::scope(|scope| {
            // Whoever waits for something that does not come takes no processor time.
            let id = Pid::from_child(&child);
            let (ended, begun) = (&ended, Instant::now());
            scope.spawn(move || {
                while !ended.load(Ordering::Relaxed) {
                    thread::sleep(Duration::from_millis(50));
                    if begun.elapsed() > limited * 8 && !ended.load(Ordering::Relaxed) {
                        let _ = rustix::process::kill_process(id, rustix::process::Signal::XCPU);
                    }
                }
            });
            let read = first_failure(output);
            if read.failed {
                let _ = child.kill();
            }
            let ending = child.wait();
            ended.store(true, Ordering::Relaxed);
            (ending, read)
        });
        let ending = ending.map_err(|error| error.to_string())?;
        if read.running != Some(tests.len()) {
            let program = self.programs[program].path.display();
            return Err(format!("{program} has other tests than it had: it was built anew meanwhile; begin again"));
        }
        if read.failed {
            return Ok(Ending::Failed(read.last));
        }
        Ok(match (ending.success(), ending.signal()) {
            (true, _) => Ending::Passed,
            (false, Some(signal)) if signal == rustix::process::Signal::XCPU.as_raw() || signal == 9 => {
                Ending::Timeout(read.last)
            }
            (false, _) => Ending::Failed(read.last),
        })
    }
}

/// What the output told until the first failure.
struct Told {
    /// How many tests it said that it runs.
    running: Option<usize>,
    failed: bool,
    /// The test that was named last.
    last: String,
}

fn first_failure(mut output: impl Read) -> Told {
    let mut told = Told { running: None, failed: false, last: String::new() };
    let (mut text, mut buffer) = (String::new(), [0; 4096]);
    while let Ok(count @ 1..) = output.read(&mut buffer) {
        text.push_str(&String::from_utf8_lossy(&buffer[..count]));
        for line in text.lines() {
            if let Some(number) = line.strip_prefix("running ").and_then(|rest| rest.split(' ').next()) {
                told.running = told.running.or(number.parse().ok());
            }
            if let Some((name, rest)) = line.strip_prefix("test ").and_then(|line| line.split_once(" ... ")) {
                told.last = name.to_owned();
                if rest.starts_with("FAILED") {
                    return Told { failed: true, ..told };
                }
            }
        }
        let kept = text.rfind('\n').map_or(0, |place| place + 1);
        text.drain(..kept);
    }
    told
}

fn limit(child: &Child, time: Duration) {
    let id = Some(Pid::from_child(child));
    let seconds = Some(time.as_secs() + 1);
    let _ = prlimit(id, Resource::Cpu, Rlimit { current: seconds, maximum: seconds.map(|most| most + 2) });
    let _ = prlimit(id, Resource::As, Rlimit { current: Some(MEMORY), maximum: Some(MEMORY) });
    let _ = prlimit(id, Resource::Core, Rlimit { current: Some(0), maximum: Some(0) });
}

/// The processor time that it took, once it ended: the kernel's count in hundredths of a second, before the process is
/// waited for.
fn cost(child: &Child) -> Option<u64> {
    waitid(WaitId::Pid(Pid::from_child(child)), WaitIdOptions::EXITED | WaitIdOptions::NOWAIT).ok()?;
    let text = fs::read_to_string(format!("/proc/{}/stat", child.id())).ok()?;
    let times: Vec<u64> = (text.rsplit_once(") ")?.1.split(' ').skip(11).take(4)).flat_map(str::parse).collect();
    Some(times.iter().sum::<u64>() * 10)
}

fn written(test: &Test) -> String {
    let reaches: Vec<String> = test.reaches.iter().map(ToString::to_string).collect();
    format!("{}\t{}\t{}\t{}\n", test.program, test.name, test.cost, reaches.join(" "))
}

fn read(text: &str) -> Option<Vec<Test>> {
    let line = |line: &str| {
        let [program, name, cost, reaches]: [&str; 4] = line.split('\t').collect::<Vec<_>>().try_into().ok()?;
        let reaches = reaches.split_whitespace().map(|id| id.parse().ok()).collect::<Option<_>>()?;
        Some(Test { program: program.parse().ok()?, name: name.to_owned(), cost: cost.parse().ok()?, reaches })
    };
    text.lines().map(line).collect()
}

/// Those of a list that reach a mutant, by program.
pub(crate) fn by_program<'t>(tests: &[&'t Test]) -> BTreeMap<usize, Vec<&'t Test>> {
    let mut found: BTreeMap<usize, Vec<&Test>> = BTreeMap::new();
    for test in tests {
        found.entry(test.program).or_default().push(test);
    }
    found
}
