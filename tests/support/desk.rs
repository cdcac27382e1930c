//! A scripted desk: the real ceremonies with a screen that records, a keyboard that answers from a script,
//! randomness that repeats, and a vault in memory.
//!
//! [`Bench`] is a vault with its custodians; [`Bench::unattended`] and [`Bench::in_person`] run a ceremony at it.
//! What happened, in order, stands on the [`Tape`]. The files lie on a [`FrailStore`] that may be cut or fail.
#![allow(dead_code, reason = "each user uses a part of it")]

use std::{cell::RefCell, collections::BTreeMap, collections::VecDeque, rc::Rc};

use strongroom::{
    ceremony::{self, Cabinet, CeremonyError, Custody, Desk, Origin, Presence, Request, Throws},
    digest::sha256,
    network::Network,
    port::{DeviceError, Keyboard, Privacy, Random, Screen, Stirred, Store},
    sys::Secret,
    text::Name,
    vault::{self, Place, Vault},
};

use crate::frail_store::FrailStore;

/// Something that people saw, or were asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Seen {
    Said(String),
    Page {
        title: String,
        lines: Vec<String>,
    },
    Secret {
        title: String,
        text: String,
    },
    Working(String),
    /// A prompt for a line that is seen while it is typed.
    Asked(String),
    /// A prompt for an unseen line.
    AskedUnseen(String),
}

/// What a person does at the next question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Answer {
    /// Types a line; the prompt must have the first text in it.
    Line(String, String),
    /// Types unseen; the prompt must have the first text in it.
    Unseen(String, String),
    /// Types, unseen, the last secret that was shown.
    Copied(String),
    /// Ends the input.
    End,
    /// The terminal is gone.
    Gone,
}

pub(crate) fn line(prompt: &str, text: &str) -> Answer {
    Answer::Line(prompt.into(), text.into())
}

pub(crate) fn unseen(prompt: &str, text: &str) -> Answer {
    Answer::Unseen(prompt.into(), text.into())
}

/// The passphrase of a custodian, everywhere in these tests.
pub(crate) fn passphrase(custodian: &str) -> String {
    format!("the scripted passphrase of {custodian}")
}

/// What a custodian types to approve: the name, the ids of warnings, the passphrase.
pub(crate) fn approves(custodian: &str, warnings: &[&str]) -> Vec<Answer> {
    let mut all = vec![line("Your name", custodian)];
    all.extend(warnings.iter().map(|id| line(&format!("Type {id} to acknowledge"), id)));
    all.push(unseen(&format!("{custodian}, your passphrase"), &passphrase(custodian)));
    all
}

/// Screen and keyboard: what was shown and what will be answered. Clones share one tape.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tape(Rc<RefCell<Reel>>);

#[derive(Debug, Default)]
struct Reel {
    seen: Vec<Seen>,
    answers: VecDeque<Answer>,
    left: Option<usize>,
    /// Whether what stands above the questions was said last.
    standing: bool,
}

impl Tape {
    /// Puts answers behind those that are there.
    pub(crate) fn will_answer(&self, answers: impl IntoIterator<Item = Answer>) {
        self.0.borrow_mut().answers.extend(answers);
    }

    /// The terminal goes after `calls` more calls of screen and keyboard.
    pub(crate) fn gone_after(&self, calls: usize) {
        self.0.borrow_mut().left = Some(calls);
    }

    /// All that was seen since the tape was cleared.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.0.borrow().seen.clone()
    }

    /// Forgets what was seen, and the script; the terminal is there again.
    pub(crate) fn clear(&self) {
        *self.0.borrow_mut() = Reel::default();
    }

    /// Answers that nobody asked for.
    pub(crate) fn unasked(&self) -> usize {
        self.0.borrow().answers.len()
    }

    /// Pages, with title and text.
    pub(crate) fn pages(&self) -> Vec<(String, String)> {
        let page = |seen| if let Seen::Page { title, lines } = seen { Some((title, lines.join("\n"))) } else { None };
        self.seen().into_iter().filter_map(page).collect()
    }

    /// All that stood on the screen, secrets too.
    pub(crate) fn text(&self) -> String {
        let text = |seen: &Seen| match seen {
            Seen::Said(text) | Seen::Working(text) | Seen::Asked(text) | Seen::AskedUnseen(text) => text.clone(),
            Seen::Page { title, lines } => format!("{title}\n{}", lines.join("\n")),
            Seen::Secret { title, text } => format!("{title}\n{text}"),
        };
        self.0.borrow().seen.iter().map(text).collect::<Vec<_>>().join("\n")
    }

    /// Whether `part` stood on the screen anywhere.
    pub(crate) fn showed(&self, part: &str) -> bool {
        self.text().contains(part)
    }

    fn note(&self, seen: Seen) -> Result<(), DeviceError> {
        let mut reel = self.0.borrow_mut();
        match &mut reel.left {
            Some(0) => return Err(DeviceError::NoTerminal),
            Some(left) => *left -= 1,
            None => {}
        }
        reel.standing &= matches!(seen, Seen::Asked(_) | Seen::AskedUnseen(_));
        reel.seen.push(seen);
        Ok(())
    }

    fn answer(&self, prompt: &str, hidden: bool) -> Result<String, DeviceError> {
        let seen = if hidden { Seen::AskedUnseen(prompt.into()) } else { Seen::Asked(prompt.into()) };
        self.note(seen)?;
        let next = self.0.borrow_mut().answers.pop_front();
        let (part, text, unseen) = match next {
            None | Some(Answer::End) => return Err(DeviceError::InputEnded),
            Some(Answer::Gone) => return Err(DeviceError::NoTerminal),
            Some(Answer::Line(part, text)) => (part, text, false),
            Some(Answer::Unseen(part, text)) => (part, text, true),
            Some(Answer::Copied(part)) => (part, self.last_secret(), true),
        };
        let fits = prompt.contains(&part) && unseen == hidden;
        assert!(
            fits,
            "asked `{prompt}` (unseen: {hidden}), the script answers `{part}` (unseen: {unseen})\n{}",
            self.text()
        );
        Ok(text)
    }

    fn last_secret(&self) -> String {
        let reel = self.0.borrow();
        let shown = |seen: &Seen| if let Seen::Secret { text, .. } = seen { Some(text.clone()) } else { None };
        let secret = reel.seen.iter().rev().find_map(shown);
        secret.expect("no secret was shown yet")
    }
}

impl Screen for Tape {
    fn say(&mut self, line: &str) -> Result<(), DeviceError> {
        self.note(Seen::Said(line.into()))
    }

    fn stands(&mut self, lines: &[String]) -> Result<(), DeviceError> {
        if self.0.borrow().standing || lines.is_empty() {
            return Ok(());
        }
        self.say("")?;
        lines.iter().try_for_each(|line| self.say(line))?;
        self.0.borrow_mut().standing = true;
        Ok(())
    }

    fn clear(&mut self) -> Result<(), DeviceError> {
        self.0.borrow_mut().standing = false;
        Ok(())
    }

    fn page(&mut self, title: &str, lines: &[String]) -> Result<(), DeviceError> {
        self.note(Seen::Page { title: title.into(), lines: lines.to_vec() })
    }

    fn secret(&mut self, title: &str, text: &Secret) -> Result<(), DeviceError> {
        let text = text.expose_str().ok_or(DeviceError::NotText)?.to_owned();
        self.note(Seen::Secret { title: title.into(), text })
    }

    fn working(&mut self, what: Option<&str>) {
        if let Some(what) = what {
            self.0.borrow_mut().seen.push(Seen::Working(what.into()));
        }
    }
}

impl Keyboard for Tape {
    fn line(&mut self, prompt: &str) -> Result<String, DeviceError> {
        self.answer(prompt, false)
    }

    fn secret(&mut self, prompt: &str) -> Result<Secret, DeviceError> {
        Ok(Secret::copied(self.answer(prompt, true)?.as_bytes())?)
    }
}

/// Bytes that repeat from run to run, other ones for another number. No health test objects to them.
#[derive(Debug, Clone)]
pub(crate) struct Stream {
    number: u64,
    drawn: u64,
    /// What was stirred into the kernel's pool.
    pub(crate) stirred: Vec<Vec<u8>>,
    /// Nothing comes any more.
    pub(crate) dry: bool,
}

impl Stream {
    pub(crate) const fn new(number: u64) -> Self {
        Self { number, drawn: 0, stirred: Vec::new(), dry: false }
    }
}

impl Random for Stream {
    fn fill(&mut self, out: &mut [u8]) -> Result<(), DeviceError> {
        if self.dry {
            return Err(DeviceError::NoRandomness);
        }
        for chunk in out.chunks_mut(32) {
            self.drawn += 1;
            let block = sha256(&[self.number.to_be_bytes(), self.drawn.to_be_bytes()].concat());
            chunk.copy_from_slice(&block[..chunk.len()]);
        }
        Ok(())
    }

    fn stir(&mut self, bytes: &[u8]) -> Result<Stirred, DeviceError> {
        self.stirred.push(bytes.to_vec());
        Ok(Stirred::Reseeded)
    }
}

/// A folder in memory; clones are the same folder.
#[derive(Debug, Clone, Default)]
pub(crate) struct Stick(Rc<RefCell<FrailStore>>);

impl Stick {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// A folder with what `store` has.
    pub(crate) fn of(store: FrailStore) -> Self {
        Self(Rc::new(RefCell::new(store)))
    }

    /// Looks at it, changes it, cuts its power.
    pub(crate) fn with<R>(&self, work: impl FnOnce(&mut FrailStore) -> R) -> R {
        work(&mut self.0.borrow_mut())
    }

    /// Other bytes on the same stick, as somebody else could put them.
    pub(crate) fn replace(&self, store: FrailStore) {
        *self.0.borrow_mut() = store;
    }

    /// All files with their bytes.
    pub(crate) fn files(&self) -> BTreeMap<String, Vec<u8>> {
        let store = self.0.borrow();
        let names = store.names().unwrap();
        names.into_iter().map(|name| (name.clone(), store.bytes(&name).unwrap())).collect()
    }
}

impl Store for Stick {
    fn read(&self, name: &str, limit: usize) -> Result<Option<Vec<u8>>, DeviceError> {
        self.0.borrow().read(name, limit)
    }

    fn write(&mut self, name: &str, bytes: &[u8], privacy: Privacy) -> Result<(), DeviceError> {
        self.0.borrow_mut().write(name, bytes, privacy)
    }

    fn append(&mut self, name: &str, bytes: &[u8]) -> Result<(), DeviceError> {
        self.0.borrow_mut().append(name, bytes)
    }

    fn truncate(&mut self, name: &str, length: u64) -> Result<(), DeviceError> {
        self.0.borrow_mut().truncate(name, length)
    }

    fn remove(&mut self, name: &str) -> Result<(), DeviceError> {
        self.0.borrow_mut().remove(name)
    }

    fn sync(&mut self, name: &str) -> Result<(), DeviceError> {
        self.0.borrow_mut().sync(name)
    }

    fn sync_names(&mut self) -> Result<(), DeviceError> {
        self.0.borrow_mut().sync_names()
    }

    fn names(&self) -> Result<Vec<String>, DeviceError> {
        self.0.borrow().names()
    }

    fn readable_by_others(&self, name: &str) -> Result<Option<bool>, DeviceError> {
        self.0.borrow().readable_by_others(name)
    }
}

/// A vault to be made.
#[derive(Debug, Clone)]
pub(crate) struct Plan<'a> {
    /// Another number, another vault.
    pub(crate) number: u64,
    pub(crate) network: Network,
    pub(crate) threshold: u8,
    pub(crate) custodians: &'a [&'a str],
    pub(crate) policy: &'a str,
    /// Each share on a stick of its own, not in the vault's folder.
    pub(crate) own_sticks: bool,
    pub(crate) mnemonic: Option<&'a str>,
}

impl Default for Plan<'_> {
    fn default() -> Self {
        Self {
            number: 1,
            network: Network::Regtest,
            threshold: 2,
            custodians: &["alice", "bob", "carol"],
            policy: "",
            own_sticks: false,
            mnemonic: None,
        }
    }
}

/// A vault with its custodians' sticks, and the desk before it.
#[derive(Debug, Clone)]
pub(crate) struct Bench {
    pub(crate) tape: Tape,
    pub(crate) random: Stream,
    pub(crate) stick: Stick,
    /// Shares that are not in the folder: stick and stem by custodian.
    pub(crate) shares: BTreeMap<String, (Stick, String)>,
    /// What `--expect-id` would say.
    pub(crate) expected: Option<String>,
}

impl Bench {
    /// The real ceremony of creation, with dice and passphrases given beforehand (a test network).
    ///
    /// # Errors
    /// The ceremony's.
    pub(crate) fn create(plan: &Plan<'_>) -> Result<Self, CeremonyError> {
        let mut bench = Self::empty(plan.number);
        let mut sticks = Vec::new();
        for custodian in plan.custodians.iter().filter(|_| plan.own_sticks) {
            let stem = vault::stem(Some("scripted"), &name(custodian), 1);
            let stick = Stick::new();
            bench.shares.insert((*custodian).into(), (stick.clone(), stem.clone()));
            sticks.push((stick, stem));
        }
        let mut custodians = Vec::new();
        let mut sticks = sticks.iter_mut();
        for custodian in plan.custodians {
            let place = match sticks.next() {
                Some((store, stem)) => Place::Elsewhere { store, stem: stem.clone() },
                None => Place::Inside,
            };
            custodians.push((name(custodian), Custody::Passphrase(secret(&passphrase(custodian))), place));
        }
        let origin = match plan.mnemonic {
            None => Origin::New(24),
            Some(words) => Origin::Given { mnemonic: secret(words), passphrase: secret("") },
        };
        let request = Request {
            network: plan.network,
            threshold: plan.threshold,
            custodians,
            origin,
            throws: Throws::Dice(secret(&"142536".repeat(17))),
            policy: plan.policy.into(),
        };
        bench.create_by(request)?;
        Ok(bench)
    }

    /// Nothing yet.
    pub(crate) fn empty(number: u64) -> Self {
        Self {
            tape: Tape::default(),
            random: Stream::new(number),
            stick: Stick::new(),
            shares: BTreeMap::new(),
            expected: None,
        }
    }

    /// The ceremony of creation at this desk, whatever the request asks for.
    ///
    /// # Errors
    /// The ceremony's.
    pub(crate) fn create_by(&mut self, request: Request<'_>) -> Result<(), CeremonyError> {
        let (mut screen, mut keyboard, mut store) = (self.tape.clone(), self.tape.clone(), self.stick.clone());
        ceremony::create(&mut screen, &mut keyboard, &mut self.random, &mut store, request).map(drop)
    }

    /// The vault as it lies there.
    #[track_caller]
    pub(crate) fn vault(&self) -> Vault {
        ceremony::open(&self.stick, None).unwrap()
    }

    /// Runs a ceremony with custodians whose passphrases were given beforehand.
    ///
    /// # Errors
    /// The ceremony's.
    pub(crate) fn unattended<R>(
        &self,
        voters: &[&str],
        acknowledged: &[&str],
        work: impl FnOnce(&mut Desk<'_>) -> Result<R, CeremonyError>,
    ) -> Result<R, CeremonyError> {
        let voters = voters.iter().map(|voter| (name(voter), secret(&passphrase(voter)))).collect();
        let acknowledged = acknowledged.iter().map(|id| (*id).to_owned()).collect();
        self.at_desk(Presence::Unattended { voters, acknowledged }, work)
    }

    /// Runs a ceremony with people who answer by the script.
    ///
    /// # Errors
    /// The ceremony's.
    pub(crate) fn in_person<R>(
        &self,
        answers: impl IntoIterator<Item = Answer>,
        work: impl FnOnce(&mut Desk<'_>) -> Result<R, CeremonyError>,
    ) -> Result<R, CeremonyError> {
        self.tape.will_answer(answers);
        self.at_desk(Presence::InPerson, work)
    }

    /// Runs a ceremony with any presence.
    ///
    /// # Errors
    /// The ceremony's.
    pub(crate) fn at_desk<R>(
        &self,
        presence: Presence,
        work: impl FnOnce(&mut Desk<'_>) -> Result<R, CeremonyError>,
    ) -> Result<R, CeremonyError> {
        let (mut screen, mut keyboard) = (self.tape.clone(), self.tape.clone());
        let (mut store, mut random) = (self.stick.clone(), self.random.clone());
        let mut desk = Desk {
            screen: &mut screen,
            keyboard: &mut keyboard,
            random: &mut random,
            store: &mut store,
            cabinet: self,
            presence,
            expected: self.expected.clone(),
        };
        work(&mut desk)
    }
}

impl Cabinet for Bench {
    fn place(&self, custodian: &Name, epoch: u32) -> Result<(Box<dyn Store>, String), CeremonyError> {
        Ok(match self.shares.get(custodian.as_str()) {
            Some((stick, stem)) => (Box::new(stick.clone()), stem.clone()),
            None => (Box::new(self.stick.clone()), vault::stem(None, custodian, epoch)),
        })
    }
}

pub(crate) fn name(text: &str) -> Name {
    text.parse().unwrap()
}

pub(crate) fn secret(text: &str) -> Secret {
    Secret::copied(text.as_bytes()).unwrap()
}
