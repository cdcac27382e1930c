//! The board: what stands on the screen, what people do there, and what was said to them in the meantime.
//!
//! Floor 6. Every wait looks at the window's size, and at how long nobody has answered.

use std::time::Duration;

use super::{
    help,
    pace::Pace,
    view::{self, Lines, View},
    words::on_sticks,
};
use crate::{
    device::{Glass, Pad, Typing},
    limits,
    port::{Back, DeviceError, Effort, Key, Step, Turn},
    sys::Secret,
    text::{self, Room},
    vault,
};

/// How often the window's size is looked at.
const LOOK: Duration = Duration::from_millis(200);
/// How long a question waits.
const IDLE: Duration = Duration::from_secs(limits::IDLE_SECONDS);

const ON: &str = "Enter: go on   Esc: stop   ?: help";
const ON_OR_BACK: &str = "Enter: go on   b: back   Esc: stop   ?: help";
const LEAVE: &str = "Enter: go on   Esc: leave   ?: help";
const LEAVE_OR_BACK: &str = "Enter: go on   b: back   Esc: leave   ?: help";
const SEEN: &str = "Enter: answer   Esc: stop   F1: help";
const SEEN_IN_MENUS: &str = "Enter: answer   Esc: back   F1: help";
const UNSEEN: &str = "what you type is not shown   Enter: answer   Esc: stop   F1: help";
const TAKE_OFF: &str = "Enter: take it off the screen   Esc: stop   ?: help";
const WORKING: &str = "please wait   Ctrl-C: stop everything";
const CHOOSE: &str = "up, down or a number, Enter: choose   Esc: back   ?: help";
/// The same where what stands above the choices is not read to its end yet, or can be read again.
const READ_FIRST: &str = "Enter: go on   b: the part before   Esc: back   ?: help";

/// What a key does where something is read part by part.
pub(super) enum Paging {
    On,
    Back,
    Leave,
    Help,
}

impl Paging {
    /// `None` where the key does nothing there.
    pub(super) const fn of(key: Key) -> Option<Self> {
        match key {
            Key::Enter | Key::Letter(' ') | Key::Right | Key::Down | Key::PageDown => Some(Self::On),
            Key::Letter('b' | 'B') | Key::Left | Key::PageUp | Key::Up | Key::Back => Some(Self::Back),
            Key::Escape | Key::Stop | Key::Letter('q' | 'Q') => Some(Self::Leave),
            Key::Help | Key::Letter('?') => Some(Self::Help),
            Key::Letter(_) => None,
        }
    }
}

/// What came of letting people pick.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Picked {
    /// A choice; none where the person goes back.
    This(Option<usize>),
    /// What is shown is another one by now, or the window is.
    Changed,
}

/// Where people are among choices.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Place {
    /// The choice that is marked.
    pub(super) at: usize,
    /// Whether what stands above the choices was read to its end.
    pub(super) read: bool,
}

/// Whether what is typed is seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Echo {
    On,
    Off,
}

/// A choice: what it is called, and what it is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) name: String,
    pub(super) about: String,
}

impl Entry {
    pub(super) fn new(name: impl Into<String>, about: impl Into<String>) -> Self {
        Self { name: name.into(), about: about.into() }
    }
}

/// What a ceremony has done for good: its pages tell of it, and whoever leaves them refuses nothing.
struct Deed {
    /// In a sentence.
    stays: &'static str,
    /// Where what its pages tell is found later.
    later: &'static str,
    /// Whether the person has left its pages.
    left: bool,
}

/// The screen with all that is on it.
pub(super) struct Board {
    glass: Glass,
    /// What ends the program switches the machine off.
    appliance: bool,
    pub(super) view: View,
    /// What was said since the last page.
    said: Vec<String>,
    /// How many lines of it people have had before them at a question.
    seen: usize,
    /// Where what stands right above the questions begins among it; none where something else was said since.
    standing: Option<usize>,
    /// The last answer that was typed openly: what is said next may be about it.
    last: Option<Secret>,
    /// Something is being decided: whoever leaves stops it, and nobody answering ends it.
    pub(super) serious: bool,
    /// What is done for good by now, if anything is.
    deed: Option<Deed>,
    /// Whether the person stopped what was being decided.
    pub(super) stopped: bool,
    /// Rows and columns of the window when it was drawn last.
    drawn: (usize, usize),
    pace: Pace,
}

impl Board {
    /// `appliance` is whether the machine has nothing but this program.
    pub(super) fn new(glass: Glass, appliance: bool) -> Self {
        let (view, pace) = (View::default(), Pace::default());
        let (said, standing, last) = (Vec::new(), None, None);
        let (serious, deed, stopped, drawn) = (false, None, false, (0, 0));
        Self { glass, appliance, view, said, seen: 0, standing, last, serious, deed, stopped, drawn, pace }
    }

    pub(super) fn glass(&mut self) -> &mut Glass {
        &mut self.glass
    }

    pub(super) fn room(&self) -> Room {
        self.room_in(self.glass.size())
    }

    pub(super) fn room_in(&self, size: (usize, usize)) -> Room {
        view::room(size, self.view.grave)
    }

    /// Lines in letters that the terminal has, and then broken: whatever a letter becomes, no end of a row is cut.
    pub(super) fn folded(&self, lines: &[String], columns: usize) -> Vec<String> {
        view::folded(lines, columns, &|line| self.glass.letters().plain(line))
    }

    /// A line of talk. An empty one begins a new screen: what was seen is dropped. The same line twice is one.
    pub(super) fn say(&mut self, line: &str) {
        self.standing = None;
        if line.is_empty() {
            self.said.drain(..self.seen.min(self.said.len()));
            self.seen = 0;
            self.last = None;
            if self.said.is_empty() {
                return;
            }
        } else if self.said.last().is_some_and(|last| last == line) {
            return;
        }
        self.said.push(line.to_owned());
    }

    /// Lines that stand right above the questions from now on, under what nobody has seen yet.
    pub(super) fn stands(&mut self, lines: &[String]) {
        if self.standing.is_some() || lines.is_empty() {
            return;
        }
        self.say("");
        self.standing = Some(self.said.len());
        self.said.extend_from_slice(lines);
    }

    /// Drops what was said and typed.
    pub(super) fn wipe_said(&mut self) {
        self.said.clear();
        self.seen = 0;
        self.standing = None;
        self.last = None;
    }

    pub(super) fn draw(&mut self, shown: &Lines<'_>) -> Result<(), DeviceError> {
        let Self { glass, view, drawn, .. } = self;
        *drawn = glass.size();
        let letters = glass.letters();
        glass.draw(|buffer| view.paint(buffer, shown, &|line| letters.plain(line)))
    }

    /// Waits for a key that is meant for what was laid out for a window of this size; `None` where it has another size by
    /// now. Nothing counts that was typed before a screen that nobody could read.
    fn key(&mut self, laid_out: (usize, usize)) -> Result<Option<Key>, DeviceError> {
        self.key_before(laid_out, &mut |_| false)
    }

    /// The same; `None` also where what is shown has changed by now, which is told the time.
    pub(super) fn key_before(
        &mut self,
        laid_out: (usize, usize),
        changed: &mut dyn FnMut(Duration) -> bool,
    ) -> Result<Option<Key>, DeviceError> {
        let begun = self.glass.now();
        loop {
            let key = self.glass.key(LOOK)?;
            if self.glass.size() != laid_out || self.drawn != laid_out {
                return Ok(None);
            }
            if key.is_some() {
                return Ok(key.filter(|_| view::is_large_enough(laid_out)));
            }
            if changed(self.glass.now()) {
                return Ok(None);
            }
            self.patient(begun)?;
        }
    }

    fn patient(&self, begun: Duration) -> Result<(), DeviceError> {
        let idle = self.serious && self.glass.now().saturating_sub(begun) > IDLE;
        if idle { Err(DeviceError::Idle) } else { Ok(()) }
    }

    /// What was said and not seen comes before anything else.
    fn turn_said(&mut self) -> Result<(), DeviceError> {
        let said = self.unseen();
        if !said.is_empty() {
            let _on = self.parts("", &said, Back::None, None)?;
        }
        Ok(())
    }

    /// Takes what was said since the last question; what was seen there is dropped.
    fn unseen(&mut self) -> Vec<String> {
        let said = self.said.split_off(self.seen.min(self.said.len()));
        self.wipe_said();
        said
    }

    /// What was said and not seen, if anything was, as a page of its own.
    pub(super) fn finish(&mut self, heading: &str) -> Result<(), DeviceError> {
        let said = self.unseen();
        if said.iter().all(String::is_empty) { Ok(()) } else { self.browse(heading, &said) }
    }

    /// Where a ceremony is from now on. Papers are written when the vault is there.
    pub(super) fn step(&mut self, step: Step) {
        self.view.at = Some(step);
        if step == Step::Papers {
            self.serious = false;
            self.deed = Some(Deed {
                stays: "The vault is made and stays.",
                later: "Its menu has what these pages tell: `State` the vault's words, `Journal` the head, `Custodians` the shares.",
                left: false,
            });
        }
    }

    /// Something is to be decided from now on, or nothing any more.
    pub(super) fn decides(&mut self, serious: bool) {
        (self.serious, self.deed) = (serious, None);
        if serious {
            self.stopped = false;
        }
    }

    /// A page of a ceremony, in parts where it is longer than the screen, seen to its end; where it tells of what is done,
    /// it may be left before.
    pub(super) fn page(&mut self, heading: &str, lines: &[String]) -> Result<(), DeviceError> {
        if self.deed.is_some() {
            return self.tells(heading, lines);
        }
        self.turn_said()?;
        let _on = self.parts(heading, lines, Back::None, None)?;
        // What is to be confirmed stands above the question for it.
        if self.view.at == Some(Step::Confirm) {
            self.standing = None;
            self.said = vec![heading.to_owned()];
            self.said.extend_from_slice(lines);
            self.seen = self.said.len();
        }
        Ok(())
    }

    /// A page that tells of what is done. Whoever leaves it is asked once, and leaves those that follow too.
    fn tells(&mut self, heading: &str, lines: &[String]) -> Result<(), DeviceError> {
        while self.deed.as_ref().is_some_and(|deed| !deed.left) {
            match self.turn_said().and_then(|()| self.parts(heading, lines, Back::None, None)) {
                Ok(_) => return Ok(()),
                Err(DeviceError::InputEnded) => self.leaves_unread()?,
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    fn leaves_unread(&mut self) -> Result<(), DeviceError> {
        let Some(deed) = &self.deed else { return Ok(()) };
        let lines = [deed.stays, "", deed.later, "", "Esc again leaves. Any other key goes back."].map(str::to_owned);
        let left = self.asks("LEAVE WITHOUT READING ON?", &lines, "Esc: leave   any other key: back")?;
        if let Some(deed) = &mut self.deed {
            deed.left = left;
        }
        Ok(())
    }

    /// Takes what was typed off the screen; what was said is no secret, and stays.
    pub(super) fn clear(&mut self) -> Result<(), DeviceError> {
        self.last = None;
        self.glass.clear()
    }

    /// A page of a book, which was laid out for the room there is now.
    pub(super) fn turn(&mut self, heading: &str, lines: &[String], back: Back) -> Result<Turn, DeviceError> {
        self.turn_said()?;
        let room = self.room();
        self.parts(heading, lines, back, Some(room))
    }

    /// Lines that nobody has to read to their end.
    pub(super) fn browse(&mut self, heading: &str, lines: &[String]) -> Result<(), DeviceError> {
        let serious = std::mem::replace(&mut self.serious, false);
        let read = self.parts(heading, lines, Back::None, None);
        self.serious = serious;
        match read {
            Ok(_) | Err(DeviceError::InputEnded) => Ok(()),
            Err(error) => Err(error),
        }
    }

    fn parts(&mut self, heading: &str, lines: &[String], back: Back, book: Option<Room>) -> Result<Turn, DeviceError> {
        let mut room = self.room();
        let mut at = 0usize;
        loop {
            let size = self.glass.size();
            let now = self.room_in(size);
            if book.is_some_and(|book| book != now) {
                return Ok(Turn::Again);
            }
            if now != room {
                (room, at) = (now, 0);
            }
            let folded = self.folded(lines, room.columns);
            let mut parts: Vec<&[String]> = folded.chunks(room.lines.max(1)).collect();
            if parts.is_empty() {
                parts.push(&[]);
            }
            let before = at > 0 || back == Back::Offered;
            let keys = match (self.serious, before) {
                (true, true) => ON_OR_BACK,
                (true, false) => ON,
                (false, true) => LEAVE_OR_BACK,
                (false, false) => LEAVE,
            };
            let lines = parts.get(at).copied().unwrap_or_default();
            self.draw(&Lines { heading: headed(heading, at, parts.len()), lines, marked: None, keys })?;
            match self.key(size)?.and_then(Paging::of) {
                None => {}
                Some(Paging::On) => {
                    at = at.saturating_add(1);
                    if at >= parts.len() {
                        return Ok(Turn::On);
                    }
                }
                Some(Paging::Back) => match at.checked_sub(1) {
                    Some(before) => at = before,
                    None if back == Back::Offered => return Ok(Turn::Back),
                    None => {}
                },
                Some(Paging::Leave) => self.leave()?,
                Some(Paging::Help) => self.help(help::PAGE)?,
            }
        }
    }

    /// Something secret, past the cells; gone from the screen when it was read, and however the process ends.
    pub(super) fn secret(&mut self, heading: &str, text: &Secret) -> Result<(), DeviceError> {
        self.turn_said()?;
        let text = text.expose_str().ok_or(DeviceError::NotText)?;
        let cleared = self.glass.clear_in_the_end()?;
        let mut room = self.room();
        let mut at = 0usize;
        loop {
            let size = self.glass.size();
            let now = self.room_in(size);
            if now != room {
                (room, at) = (now, 0);
            }
            let slices = slices(text, room.columns);
            let rows = room.lines.saturating_sub(1).max(1);
            let parts: Vec<&[&str]> = slices.chunks(rows).collect();
            let whole = headed(heading, at, parts.len());
            self.draw(&Lines { heading: whole, lines: &[], marked: None, keys: TAKE_OFF })?;
            if view::is_large_enough(size) {
                let (top, left) = view::origin(false);
                for (number, slice) in parts.get(at).copied().unwrap_or_default().iter().enumerate() {
                    let row = top.saturating_add(number).saturating_add(1);
                    self.glass.put((row, left), slice, 0)?;
                }
            }
            match self.key(size)? {
                Some(Key::Enter) => {
                    at = at.saturating_add(1);
                    if at >= parts.len() {
                        break;
                    }
                }
                Some(Key::Escape | Key::Stop) => self.leave()?,
                Some(Key::Help | Key::Letter('?')) => self.help(help::SECRET)?,
                Some(_) | None => {}
            }
        }
        self.glass.clear()?;
        drop(cleared);
        Ok(())
    }

    /// What is going on, and how much it is.
    pub(super) fn working(&mut self, work: Option<(&str, &Effort)>) {
        self.pace.ends(self.glass.now());
        let Some((what, effort)) = work else { return self.glass.rest() };
        let room = self.room();
        let mut lines = self.folded(&self.said, room.columns);
        lines.push(String::new());
        lines.extend(self.folded(&[format!("{what} …")], room.columns));
        let from = lines.len().saturating_sub(room.lines.saturating_sub(2));
        let lines = lines.split_off(from);
        // A sign of work that cannot be shown is no reason to stop.
        let keys = self.here(WORKING);
        if self.draw(&Lines { heading: String::new(), lines: &lines, marked: None, keys: &keys }).is_ok()
            && view::is_large_enough(self.glass.size())
        {
            let (top, left) = view::origin(self.view.grave);
            let row = top.saturating_add(lines.len()).saturating_add(1);
            let glass = &self.glass;
            let length = self.pace.of(effort, |log_n| {
                let begun = glass.now();
                vault::rehearse(log_n);
                glass.now().saturating_sub(begun)
            });
            self.glass.work((row, left), room.columns, length);
            self.pace.begins(effort, self.glass.now());
        }
    }

    /// Asks for a line.
    pub(super) fn ask(&mut self, prompt: &str, echo: Echo) -> Result<Secret, DeviceError> {
        if echo == Echo::Off {
            self.glass.drop_typed()?;
        }
        self.asked(Pad::new()?, prompt, echo)
    }

    /// Asks for a line of which there is something already: an earlier answer, to be kept or mended.
    pub(super) fn ask_from(&mut self, earlier: &str, prompt: &str) -> Result<Secret, DeviceError> {
        self.asked(Pad::holding(earlier)?, prompt, Echo::On)
    }

    fn asked(&mut self, pad: Pad, prompt: &str, echo: Echo) -> Result<Secret, DeviceError> {
        let typed = self.ask_on(pad, prompt, echo);
        if matches!(typed, Err(DeviceError::InputEnded | DeviceError::Stopped | DeviceError::Idle)) {
            // It stood above the question: whoever left there has seen it.
            self.wipe_said();
        }
        typed
    }

    fn ask_on(&mut self, mut pad: Pad, prompt: &str, echo: Echo) -> Result<Secret, DeviceError> {
        let prompt = prompt.trim_end().to_owned();
        let mut begun = self.glass.now();
        let mut drawn = None;
        let mut turned = false;
        loop {
            let size = self.glass.size();
            if drawn != Some(size) {
                if !self.question(&prompt, echo, turned)? {
                    turned = true;
                    let said = self.said.clone();
                    let _on = self.parts("", &said, Back::None, None)?;
                    continue;
                }
                drawn = Some(size);
                self.typed(&pad, &prompt, echo)?;
            }
            match self.glass.type_into(&mut pad, LOOK)? {
                Typing::Nothing => {
                    self.patient(begun)?;
                    continue;
                }
                Typing::Changed if echo == Echo::On && pad.text() == "?" => {
                    pad.clear();
                    self.help(help::FIELD)?;
                    drawn = None;
                }
                Typing::Changed => self.typed(&pad, &prompt, echo)?,
                Typing::Key(Key::Enter) if view::is_large_enough(size) => break,
                Typing::Key(Key::Escape | Key::Stop) => {
                    self.glass.cursor(None)?;
                    self.leave()?;
                    drawn = None;
                }
                Typing::Key(Key::Help) => {
                    self.help(help::FIELD)?;
                    drawn = None;
                }
                Typing::Key(Key::PageUp) => {
                    let said = self.said.clone();
                    let _on = self.parts("", &said, Back::None, None)?;
                    drawn = None;
                }
                Typing::Key(_) => {}
            }
            begun = self.glass.now();
        }
        self.glass.cursor(None)?;
        self.seen = self.said.len();
        let line = pad.done()?;
        self.last = None;
        if echo == Echo::On && !line.is_empty() {
            self.last = Some(Secret::copied(line.expose())?);
        }
        Ok(line)
    }

    /// Draws what was said and the question under it. Where that is long, its end is drawn, but never so that the
    /// beginning of what stands right above questions is cut off. `false` where what nobody has seen yet is longer than the
    /// screen, and was not turned page by page.
    fn question(&mut self, prompt: &str, echo: Echo, turned: bool) -> Result<bool, DeviceError> {
        let room = self.room();
        let mut lines = self.folded(&self.said, room.columns);
        let below = self.below(prompt, echo, room);
        let rows = room.lines.saturating_sub(below.rows());
        if lines.len() > rows {
            let fresh = self.said.get(self.seen..).unwrap_or_default();
            if !turned && self.folded(fresh, room.columns).len() > rows {
                return Ok(false);
            }
            let end = lines.len().saturating_sub(rows);
            let standing = self.standing.and_then(|standing| self.said.get(..standing));
            let from = standing.map_or(end, |older| self.folded(older, room.columns).len().min(end));
            lines = lines.split_off(from);
            lines.truncate(rows);
        }
        lines.resize(lines.len().saturating_add(below.gap), String::new());
        let top = lines.len();
        lines.resize(top.saturating_add(below.last), String::new());
        lines.extend(self.folded(&[prompt.to_owned()], room.columns));
        let keys = match (echo, self.serious) {
            (Echo::On, true) => SEEN,
            (Echo::On, false) => SEEN_IN_MENUS,
            (Echo::Off, _) => UNSEEN,
        };
        self.draw(&Lines { heading: String::new(), lines: &lines, marked: None, keys })?;
        if let Some(last) = self.last.take() {
            if below.last > 0 {
                let (row, left) = view::origin(self.view.grave);
                let text = last.expose_str().unwrap_or_default();
                let shown = tail(text, room.columns.saturating_sub(12));
                let dots = if shown.len() < text.len() { "..." } else { "" };
                self.glass.put((row.saturating_add(top), left), &format!("you typed {dots}{shown}"), 0)?;
            }
            self.last = Some(last);
        }
        Ok(true)
    }

    /// Rows that a question takes. In a low window what stands above it has them before all that can be done without.
    fn below(&self, prompt: &str, echo: Echo, room: Room) -> Below {
        let prompt = self.folded(&[prompt.to_owned()], room.columns).len();
        let low = room.lines < LOW;
        let field = if low || echo == Echo::Off { 1 } else { FIELD };
        Below { gap: usize::from(!low), last: usize::from(!low && self.last.is_some()), prompt, field }
    }

    /// Writes what is typed, past the cells.
    fn typed(&mut self, pad: &Pad, prompt: &str, echo: Echo) -> Result<(), DeviceError> {
        let size = self.glass.size();
        if !view::is_large_enough(size) {
            return Ok(());
        }
        let room = self.room();
        let (top, left) = view::origin(self.view.grave);
        let said = self.folded(&self.said, room.columns).len();
        let below = self.below(prompt, echo, room);
        let said = said.min(room.lines.saturating_sub(below.rows()));
        let row = top.saturating_add(said).saturating_add(below.rows()).saturating_sub(below.field);
        let width = room.columns.saturating_sub(3).max(1);
        let text = if echo == Echo::On { pad.text() } else { "" };
        // The end of a long line is what is being typed.
        let slices = slices(text, width);
        let from = slices.len().saturating_sub(below.field);
        let slices = slices.get(from..).unwrap_or_default();
        let mut end = (row, left.saturating_add(2));
        for number in 0..below.field {
            let slice = slices.get(number).copied().unwrap_or_default();
            let at = row.saturating_add(number);
            self.glass.put((at, left), if number == 0 { "> " } else { "  " }, 0)?;
            self.glass.put((at, left.saturating_add(2)), slice, width)?;
            if number == 0 || !slice.is_empty() {
                end = (at, left.saturating_add(2).saturating_add(slice.chars().count()));
            }
        }
        self.glass.cursor(Some(end))
    }

    /// One of several; `None` where the person goes back.
    pub(super) fn choose(
        &mut self,
        heading: &str,
        intro: &[String],
        entries: &[Entry],
        first: usize,
    ) -> Result<Option<usize>, DeviceError> {
        let mut place = Place { at: first.min(entries.len().saturating_sub(1)), read: false };
        loop {
            match self.pick(heading, (intro, entries), &mut place, &mut |_| false)? {
                Picked::This(chosen) => return Ok(chosen),
                Picked::Changed => {}
            }
        }
    }

    /// The same until something was chosen, or what is shown is another one by now. The choices have half of the screen;
    /// what stands above them and is longer than the other half is turned to its end before anything can be chosen.
    pub(super) fn pick(
        &mut self,
        heading: &str,
        (intro, entries): (&[String], &[Entry]),
        place: &mut Place,
        changed: &mut dyn FnMut(Duration) -> bool,
    ) -> Result<Picked, DeviceError> {
        let last = entries.len().saturating_sub(1);
        let letters = self.glass.letters();
        let plain = |entry: &Entry| Entry::new(letters.plain(&entry.name), letters.plain(&entry.about));
        let entries: Vec<Entry> = entries.iter().map(plain).collect();
        let mut part = 0usize;
        loop {
            let size = self.glass.size();
            let room = self.room_in(size);
            let mut lines = self.folded(intro, room.columns);
            let half = room.lines.div_ceil(2);
            let parts = lines.len().div_ceil(room.lines.max(1));
            let long = lines.len() >= half;
            if long && !place.read {
                let shown = lines.chunks(room.lines.max(1)).nth(part).unwrap_or_default();
                let heading = headed(heading, part, parts.saturating_add(1));
                self.draw(&Lines { heading, lines: shown, marked: None, keys: READ_FIRST })?;
                let Some(key) = self.key_before(size, changed)? else { return Ok(Picked::Changed) };
                match Paging::of(key) {
                    Some(Paging::On) => {
                        part = part.saturating_add(1);
                        place.read = part >= parts;
                    }
                    Some(Paging::Back) => part = part.saturating_sub(1),
                    Some(Paging::Leave) => return Ok(Picked::This(None)),
                    Some(Paging::Help) => self.help(help::PAGE)?,
                    None => {}
                }
                continue;
            }
            if long {
                // The end of what was read.
                lines = lines.split_off(lines.len().saturating_add(1).saturating_sub(half));
            }
            if !lines.is_empty() {
                lines.push(String::new());
            }
            let above = lines.len();
            let (rows, ends) = rows(&entries, place.at, room.columns);
            let height = room.lines.saturating_sub(above);
            let (from, upto) = ends.get(place.at).copied().unwrap_or((0, 0));
            let cut = Cut::of(&ends, place.at, height);
            lines.extend(cut.above());
            let skipped = lines.len();
            lines.extend(rows.into_iter().skip(cut.rows.0).take(cut.rows.1.saturating_sub(cut.rows.0)));
            lines.extend(cut.below());
            let mark = |row: usize| skipped.saturating_add(row.saturating_sub(cut.rows.0));
            let mut heading = if long { headed(heading, parts, parts.saturating_add(1)) } else { heading.to_owned() };
            if cut.is_narrow {
                heading = format!("{heading} ({} of {})", place.at.saturating_add(1), entries.len());
            }
            let shown = Lines { heading, lines: &lines, marked: Some((mark(from), mark(upto))), keys: CHOOSE };
            self.draw(&shown)?;
            let at = &mut place.at;
            match self.key_before(size, changed)? {
                None => return Ok(Picked::Changed),
                Some(Key::Enter) if !entries.is_empty() => return Ok(Picked::This(Some(*at))),
                Some(Key::Down) => *at = at.saturating_add(1).min(last),
                Some(Key::Up) => *at = at.saturating_sub(1),
                Some(Key::PageDown) => *at = at.saturating_add(10).min(last),
                Some(Key::PageUp) => *at = at.saturating_sub(10),
                Some(Key::Letter(digit @ '1'..='9')) => {
                    let number = digit.to_digit(10).and_then(|digit| usize::try_from(digit).ok()).unwrap_or(0);
                    if let Some(chosen) = number.checked_sub(1).filter(|chosen| *chosen < entries.len()) {
                        return Ok(Picked::This(Some(chosen)));
                    }
                }
                Some(Key::Left | Key::Letter('b' | 'B')) if long => {
                    (place.read, part) = (false, parts.saturating_sub(1))
                }
                Some(Key::Escape | Key::Stop | Key::Back | Key::Letter('q' | 'Q' | 'b' | 'B')) => {
                    return Ok(Picked::This(None));
                }
                Some(Key::Help | Key::Letter('?')) => self.help(help::MENU)?,
                Some(Key::Letter(_) | Key::Enter | Key::Left | Key::Right) => {}
            }
        }
    }

    /// Whoever leaves something serious is asked once more. An error where it is over.
    pub(super) fn leave(&mut self) -> Result<(), DeviceError> {
        if !self.serious {
            return Err(DeviceError::InputEnded);
        }
        let lines = [
            "To stop is to refuse: nothing that was not done by now will be done.".to_owned(),
            String::new(),
            "Esc again stops. Any other key goes back.".to_owned(),
        ];
        self.stopped = self.asks("STOP HERE?", &lines, "Esc: stop and refuse   any other key: back")?;
        if self.stopped { Err(DeviceError::Stopped) } else { Ok(()) }
    }

    /// Whether Esc is the answer; any other key is none.
    fn asks(&mut self, heading: &str, lines: &[String], keys: &str) -> Result<bool, DeviceError> {
        loop {
            let size = self.glass.size();
            let room = self.room_in(size);
            let lines = self.folded(lines, room.columns);
            self.draw(&Lines { heading: heading.to_owned(), lines: &lines, marked: None, keys })?;
            match self.key(size)? {
                None => {}
                Some(Key::Escape | Key::Stop) => return Ok(true),
                Some(_) => return Ok(false),
            }
        }
    }

    pub(super) fn help(&mut self, topic: &[&str]) -> Result<(), DeviceError> {
        self.glass.cursor(None)?;
        let mut lines = Vec::new();
        if let Some(step) = self.view.at {
            lines.extend([format!("{}: {}", step.words(), help::step(step)), String::new()]);
        }
        lines.extend(topic.iter().map(|line| self.here(line)));
        self.browse("HELP", &lines)
    }

    /// A sentence as it holds on this machine.
    fn here(&self, line: &str) -> String {
        if self.appliance { on_sticks(line) } else { line.to_owned() }
    }
}

/// A heading, with which of how many parts is shown where there are several.
pub(super) fn headed(heading: &str, at: usize, parts: usize) -> String {
    if parts < 2 {
        return heading.to_owned();
    }
    let between = match heading.chars().last() {
        None => "",
        Some('?') => " ",
        Some(_) => ", ",
    };
    format!("{heading}{between}part {} of {parts}", at.saturating_add(1))
}

/// Rows for what is typed openly.
const FIELD: usize = 4;
/// A window of fewer rows for lines is a low one.
const LOW: usize = 12;

/// Rows of a question under what was said: a gap, the last answer, the prompt, what is typed.
#[derive(Debug, Clone, Copy)]
struct Below {
    gap: usize,
    last: usize,
    prompt: usize,
    field: usize,
}

impl Below {
    const fn rows(self) -> usize {
        self.gap.saturating_add(self.last).saturating_add(self.prompt).saturating_add(self.field)
    }
}

/// A text as pieces of its own that fit into `width`: no copy is made.
fn slices(text: &str, width: usize) -> Vec<&str> {
    let mut slices = Vec::new();
    for mut line in text.lines() {
        loop {
            let end = line.char_indices().nth(width.max(1)).map_or(line.len(), |(end, _)| end);
            let (slice, rest) = line.split_at(end);
            slices.push(slice);
            line = rest;
            if line.is_empty() {
                break;
            }
        }
    }
    slices
}

/// The last `count` letters.
fn tail(text: &str, count: usize) -> &str {
    let skip = text.chars().count().saturating_sub(count);
    text.char_indices().nth(skip).and_then(|(start, _)| text.get(start..)).unwrap_or_default()
}

/// Columns beside a choice's name, least, for what it is about.
const BESIDE: usize = 24;

/// Choices as rows, and which rows each of them has.
fn rows(entries: &[Entry], at: usize, columns: usize) -> (Vec<String>, Vec<(usize, usize)>) {
    let widest = entries.iter().map(|entry| entry.name.chars().count()).max().unwrap_or(0).min(columns / 2);
    let (mut rows, mut ends) = (Vec::new(), Vec::new());
    for (number, entry) in entries.iter().enumerate() {
        let from = rows.len();
        let mark = if number == at { ">" } else { " " };
        let digit = if number < 9 { number.saturating_add(1).to_string() } else { " ".to_owned() };
        let name = format!("{mark} {digit}  {:<widest$}  ", entry.name);
        let beside = columns.saturating_sub(name.chars().count());
        if beside >= BESIDE {
            let under = " ".repeat(name.chars().count());
            let mut about = text::folded(&entry.about, beside).into_iter();
            rows.push(format!("{name}{}", about.next().unwrap_or_default()).trim_end().to_owned());
            rows.extend(about.map(|more| format!("{under}{more}")));
        } else {
            let line = format!("{name}{}", entry.about);
            let mut folded = text::folded(line.trim_end(), columns.saturating_sub(5)).into_iter();
            rows.extend(folded.next());
            rows.extend(folded.map(|more| format!("     {}", more.trim_start())));
        }
        ends.push((from, rows.len()));
    }
    (rows, ends)
}

/// What of the choices is on the screen, where there is no room for all of them.
#[derive(Debug, Default, PartialEq, Eq)]
struct Cut {
    /// From which row, and up to which.
    rows: (usize, usize),
    /// How many choices are above, and how many below.
    hidden: (usize, usize),
    /// Whether there is no room to say so but in the heading.
    is_narrow: bool,
}

impl Cut {
    /// Of choices that end so, the one at `at` marked, on so many rows. Choices are whole, and the marked one is among them:
    /// the last, once there are others above.
    fn of(ends: &[(usize, usize)], at: usize, height: usize) -> Self {
        let all = ends.last().map_or(0, |end| end.1);
        if all <= height {
            return Self { rows: (0, all), ..Self::default() };
        }
        let (from, upto) = ends.get(at).copied().unwrap_or((0, 0));
        let begin = |first: usize| ends.get(first).map_or(0, |end| end.0);
        let span = |first: usize, rows: usize| rows.saturating_sub(begin(first));
        let last = usize::from(upto < all);
        let sign = |first: usize| usize::from(first > 0);
        let fits = |first: &usize| span(*first, upto).saturating_add(sign(*first)).saturating_add(last) <= height;
        let Some(first) = (0..=at).find(fits) else {
            // Not even this one: as much of it as there is room for.
            let upto = upto.min(from.saturating_add(height));
            let below = ends.len().saturating_sub(at).saturating_sub(1);
            return Self { rows: (from, upto), hidden: (at, below), is_narrow: true };
        };
        let room = height.saturating_sub(sign(first));
        if span(first, all) <= room {
            return Self { rows: (begin(first), all), hidden: (first, 0), is_narrow: false };
        }
        let whole = |end: &&(usize, usize)| span(first, end.1) < room;
        let shown = ends.iter().filter(whole).count();
        let upto = ends.iter().filter(whole).map(|end| end.1).max().unwrap_or(upto);
        Self { rows: (begin(first), upto), hidden: (first, ends.len().saturating_sub(shown)), is_narrow: false }
    }

    fn above(&self) -> Option<String> {
        self.sign(self.hidden.0, "above")
    }

    fn below(&self) -> Option<String> {
        self.sign(self.hidden.1, "below")
    }

    fn sign(&self, hidden: usize, place: &str) -> Option<String> {
        (hidden > 0 && !self.is_narrow).then(|| format!("     … {hidden} more {place}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_are_whole_letters_and_nothing_is_lost() {
        let text = "abcdéfgh\n語語語\n\nx";
        for width in 1..10 {
            let slices = slices(text, width);
            assert!(slices.iter().all(|slice| slice.chars().count() <= width), "{slices:?}");
            assert_eq!(slices.concat(), text.replace('\n', ""));
        }
        assert_eq!(slices("", 5), Vec::<&str>::new());
        assert_eq!((tail("abcdé", 2), tail("ab", 9), tail("", 3)), ("dé", "ab", ""));
    }

    #[test]
    fn of_choices_that_have_no_room_it_is_said_how_many_are_hidden() {
        let ends = |heights: &[usize]| {
            let mut row = 0;
            let end = |height: &usize| {
                row += height;
                (row - height, row)
            };
            heights.iter().map(end).collect::<Vec<_>>()
        };
        let nineteen = ends(&[1; 19]);
        let of = |at| Cut::of(&nineteen, at, 18);
        assert_eq!(of(0).below().unwrap(), "     … 2 more below");
        assert_eq!((of(0).above(), of(16).rows, of(17).rows), (None, (0, 17), (2, 19)));
        assert_eq!(of(18).above().unwrap(), "     … 2 more above");
        assert_eq!(Cut::of(&nineteen, 3, 19), Cut { rows: (0, 19), ..Cut::default() });
        let middle = Cut::of(&nineteen, 9, 6);
        assert_eq!((middle.rows, middle.hidden), ((6, 10), (6, 9)));
        for heights in [&[1; 19][..], &[2, 1, 3, 1, 1, 2], &[1, 1, 4, 1], &[5], &[]] {
            let ends = ends(heights);
            for height in 1..24 {
                for at in 0..heights.len() {
                    let cut = Cut::of(&ends, at, height);
                    let (from, upto) = cut.rows;
                    let signs = [cut.above(), cut.below()].iter().flatten().count();
                    assert!(upto - from + signs <= height, "{heights:?} {at} {height} {cut:?}");
                    if cut.is_narrow {
                        assert!(from == ends[at].0 && height < heights[at] + 2, "{heights:?} {at} {height} {cut:?}");
                        continue;
                    }
                    let shown = |end: &&(usize, usize)| from <= end.0 && end.1 <= upto;
                    assert!(shown(&&ends[at]), "{heights:?} {at} {height} {cut:?}");
                    let (above, below) = cut.hidden;
                    assert_eq!(above + ends.iter().filter(shown).count() + below, heights.len());
                    assert_eq!((from, upto), (ends[above].0, ends[heights.len() - below - 1].1));
                }
            }
        }
    }

    #[test]
    fn choices_are_marked_and_never_cut() {
        let entries = [Entry::new("Sign", "a transaction from a file, a camera or pictures"), Entry::new("Leave", "")];
        let (lines, ends) = rows(&entries, 1, 30);
        assert_eq!(ends.last().unwrap().1, lines.len());
        assert!(lines.iter().all(|line| line.chars().count() <= 30), "{lines:#?}");
        let all = lines.join(" ");
        let words: Vec<&str> = all.split_whitespace().collect();
        assert!(words.join(" ").contains("1 Sign a transaction from a file, a camera or pictures"), "{words:?}");
        assert!(lines[ends[1].0].starts_with("> 2  Leave") && lines[0].starts_with("  1  Sign"));
    }
}
