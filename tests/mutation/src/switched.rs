//! Goes into the copy of the library as its module `mutation`: which mutant is on, and which were reached.

use std::{
    env,
    fs::OpenOptions,
    io::Write,
    sync::{
        OnceLock,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

/// More than there are.
const MOST: usize = 20_000;

/// The one that is on, 0 for none; `usize::MAX` as long as nobody asked.
static ACTIVE: AtomicUsize = AtomicUsize::new(usize::MAX);
/// Where those that are reached are written, one a line.
static NOTES: OnceLock<Option<String>> = OnceLock::new();
static REACHED: [AtomicBool; MOST] = [const { AtomicBool::new(false) }; MOST];

/// Which of these is on, counted from 1; 0 for none.
pub fn at(mutants: &[usize]) -> usize {
    let mut active = ACTIVE.load(Ordering::Relaxed);
    if active == usize::MAX {
        active = env::var("STRONGROOM_MUTANT").ok().and_then(|text| text.parse().ok()).unwrap_or(0);
        NOTES.get_or_init(|| env::var("STRONGROOM_MUTANTS_REACHED").ok());
        ACTIVE.store(active, Ordering::Relaxed);
    }
    if let Some(Some(file)) = NOTES.get() {
        note(mutants, file);
    }
    mutants.iter().position(|mutant| *mutant == active).map_or(0, |place| place + 1)
}

fn note(mutants: &[usize], file: &str) {
    for mutant in mutants {
        if !REACHED[*mutant].swap(true, Ordering::Relaxed) {
            let line = format!("{mutant}\n");
            let mut notes = OpenOptions::new().create(true).append(true).open(file).expect("notes can be opened");
            notes.write_all(line.as_bytes()).expect("notes can be written");
        }
    }
}

/// As [`at`], where only a constant will do: the one that is on was named when this was compiled.
pub const fn baked(mutants: &[usize]) -> usize {
    let mut place = 0;
    while place < mutants.len() {
        if mutants[place] == BAKED {
            return place + 1;
        }
        place += 1;
    }
    0
}

const BAKED: usize = match option_env!("STRONGROOM_BAKED_MUTANT") {
    Some(text) => number(text.as_bytes()),
    None => 0,
};

const fn number(digits: &[u8]) -> usize {
    let (mut number, mut place) = (0, 0);
    while place < digits.len() {
        number = number * 10 + (digits[place] - b'0') as usize;
        place += 1;
    }
    number
}

/// What a function gives that promises only an iterator: its own, or a mutant's.
#[derive(Clone)]
pub enum Either<A, B> {
    Own(A),
    Other(B),
}

impl<A: Iterator, B: Iterator<Item = A::Item>> Iterator for Either<A, B> {
    type Item = A::Item;

    fn next(&mut self) -> Option<A::Item> {
        match self {
            Self::Own(own) => own.next(),
            Self::Other(other) => other.next(),
        }
    }
}

impl<A: DoubleEndedIterator, B: DoubleEndedIterator<Item = A::Item>> DoubleEndedIterator for Either<A, B> {
    fn next_back(&mut self) -> Option<A::Item> {
        match self {
            Self::Own(own) => own.next_back(),
            Self::Other(other) => other.next_back(),
        }
    }
}

/// The iterator as it is: what its items are is asked here, so that the compiler names the mutant where they differ.
pub fn items<T, I: Iterator<Item = T>>(iterator: I) -> I {
    iterator
}
