//! The face: the board as screen and keyboard of a ceremony, and as what menus are shown on. Clones are the same board.
//!
//! Floor 6.

use std::{cell::RefCell, rc::Rc};

use super::{
    board::{Board, Echo, Entry},
    live::Offer,
    view::View,
    words::{in_menus, on_sticks},
};
use crate::{
    device::{Glass, Sticks, WholeScreen},
    hatch::{Failure, INTEGRITY, REFUSED},
    port::{Back, DeviceError, Effort, Keyboard, Screen, Step, Turn},
    sys::Secret,
    text::Room,
};

/// The board, which screen and keyboard share; and whoever mounts sticks, where files lie on such.
#[derive(Clone)]
pub(super) struct Face(Rc<RefCell<Board>>, Option<Sticks>);

impl Face {
    pub(super) fn new(glass: Glass, sticks: Option<Sticks>) -> Self {
        Self(Rc::new(RefCell::new(Board::new(glass, sticks.is_some()))), sticks)
    }

    /// Whoever mounts the sticks; none where files lie in a computer's folders.
    pub(super) const fn sticks(&self) -> Option<&Sticks> {
        self.1.as_ref()
    }

    /// A text with its paths as people know them.
    pub(super) fn told(&self, text: &str) -> String {
        self.1.as_ref().map_or_else(|| text.to_owned(), |sticks| sticks.told(text))
    }

    /// Says whose vault it is from now on.
    pub(super) fn belongs(&self, whose: &str) {
        self.0.borrow_mut().view.whose = whose.to_owned();
    }

    /// Says what is done from now on, and which steps it has.
    pub(super) fn begins(&self, doing: &str, way: &'static [Step]) {
        let mut board = self.0.borrow_mut();
        let whose = std::mem::take(&mut board.view.whose);
        board.view = View { whose, doing: doing.to_owned(), way, at: way.first().copied(), grave: false };
        board.wipe_said();
    }

    /// Does something serious: whoever leaves stops it, and nobody answering ends it.
    pub(super) fn seriously<R>(&self, work: impl FnOnce(&mut Self, &mut Self) -> R) -> R {
        self.0.borrow_mut().decides(true);
        let done = work(&mut self.clone(), &mut self.clone());
        let mut board = self.0.borrow_mut();
        board.decides(false);
        board.working(None);
        done
    }

    /// One of several; `None` where the person goes back.
    pub(super) fn choose(
        &self,
        heading: &str,
        intro: &[String],
        entries: &[Entry],
        first: usize,
    ) -> Result<Option<usize>, DeviceError> {
        self.0.borrow_mut().choose(heading, intro, entries, first)
    }

    /// One of several that may change while people look; see [`Board::choose_among`].
    pub(super) fn choose_among(
        &self,
        heading: &str,
        look: &mut dyn FnMut() -> Offer,
    ) -> Result<Option<usize>, DeviceError> {
        self.0.borrow_mut().choose_among(heading, look)
    }

    /// Lines that may change while people look; see [`Board::watch`].
    pub(super) fn watch(
        &self,
        heading: &str,
        keys: &str,
        look: &mut dyn FnMut() -> Option<Vec<String>>,
    ) -> Result<bool, DeviceError> {
        self.0.borrow_mut().watch(heading, keys, look)
    }

    /// Whoever leaves something serious is asked once more.
    pub(super) fn leave(&self) -> Result<(), DeviceError> {
        self.0.borrow_mut().leave()
    }

    /// Lines to read.
    pub(super) fn read(&self, heading: &str, lines: &[String]) -> Result<(), DeviceError> {
        self.0.borrow_mut().browse(heading, lines)
    }

    /// What a ceremony said in the end.
    pub(super) fn finish(&self, heading: &str) -> Result<(), DeviceError> {
        self.0.borrow_mut().finish(heading)
    }

    /// Says a line that stands above the next question.
    pub(super) fn note(&self, line: &str) {
        self.0.borrow_mut().say(line);
    }

    /// An answer that `read` takes; `None` where the person answers nothing, or goes back.
    pub(super) fn value<T>(
        &self,
        intro: &[&str],
        prompt: &str,
        read: impl Fn(&str) -> Result<T, String>,
    ) -> Result<Option<T>, DeviceError> {
        self.value_from(intro, prompt, "", read)
    }

    /// The same where there is an earlier answer, to be kept or mended.
    pub(super) fn value_from<T>(
        &self,
        intro: &[&str],
        prompt: &str,
        earlier: &str,
        read: impl Fn(&str) -> Result<T, String>,
    ) -> Result<Option<T>, DeviceError> {
        let mut earlier = earlier;
        self.0.borrow_mut().wipe_said();
        intro.iter().for_each(|line| self.note(line));
        loop {
            let asked = self.0.borrow_mut().ask_from(std::mem::take(&mut earlier), prompt);
            let typed = match asked {
                Ok(typed) => typed,
                Err(DeviceError::InputEnded | DeviceError::Stopped) => return Ok(None),
                Err(DeviceError::NotText | DeviceError::LineTooLong(_)) => {
                    self.0.borrow_mut().say("That is no text.");
                    continue;
                }
                Err(error) => return Err(error),
            };
            let typed = typed.expose_str().unwrap_or_default().trim();
            if typed.is_empty() {
                return Ok(None);
            }
            match read(typed) {
                Ok(value) => return Ok(Some(value)),
                Err(why) => {
                    let mut board = self.0.borrow_mut();
                    board.wipe_said();
                    intro.iter().for_each(|line| board.say(line));
                    board.say(&format!("{why}. Once more, please; Enter alone goes back."));
                }
            }
        }
    }

    /// Why something came to nothing, and what to do.
    pub(super) fn explained(&self, failure: &Failure) -> Vec<String> {
        let mut lines: Vec<String> = in_menus(&self.told(&failure.what)).lines().map(str::to_owned).collect();
        if let Some(advice) = failure.advice() {
            lines.push(String::new());
            lines.push("what to do".to_owned());
            lines.extend(in_menus(advice).lines().map(|line| format!("  {}", line.trim_start())));
        }
        lines
    }

    /// Why something came to nothing; where somebody tampered or something is broken, in the form of a stop.
    pub(super) fn failed(&self, failure: &Failure) -> Result<(), DeviceError> {
        let lines = self.explained(failure);
        let mut board = self.0.borrow_mut();
        let heading = match (failure.code, std::mem::take(&mut board.stopped)) {
            (INTEGRITY, _) => "SOMETHING IS NOT AS IT MUST BE",
            (REFUSED, true) => "YOU STOPPED",
            (REFUSED, false) => "REFUSED",
            _ => "THIS DID NOT WORK",
        };
        let at = board.view.at.take();
        board.view.grave = failure.code == INTEGRITY;
        let read = board.browse(heading, &lines);
        board.view.grave = false;
        // Why comes first, then what else was said: what is to be written down.
        let read = read.and_then(|()| board.finish("to note"));
        board.view.at = at;
        read
    }

    /// What came of something that can fail; `None` where it failed, which is shown.
    pub(super) fn shown<R>(&self, done: Result<R, Failure>) -> Result<Option<R>, DeviceError> {
        match done {
            Ok(done) => Ok(Some(done)),
            Err(failure) => self.failed(&failure).map(|()| None),
        }
    }

    /// What was done by the machine while people wait.
    pub(super) fn works<R>(&self, what: &str, work: impl FnOnce() -> R) -> R {
        self.counts(what, &Effort::Unknown, work)
    }

    /// The same where something is known of how much it is.
    pub(super) fn counts<R>(&self, what: &str, effort: &Effort, work: impl FnOnce() -> R) -> R {
        self.0.borrow_mut().working(Some((what, effort)));
        let done = work();
        self.0.borrow_mut().working(None);
        done
    }

    /// Lends the whole screen for codes and cameras.
    pub(super) fn lend<R>(&self, work: impl FnOnce(&mut WholeScreen) -> R) -> Result<R, DeviceError> {
        self.0.borrow_mut().glass().lend(work)
    }
}

impl Screen for Face {
    fn say(&mut self, line: &str) -> Result<(), DeviceError> {
        self.0.borrow_mut().say(line);
        Ok(())
    }

    fn stands(&mut self, lines: &[String]) -> Result<(), DeviceError> {
        self.0.borrow_mut().stands(lines);
        Ok(())
    }

    fn page(&mut self, title: &str, lines: &[String]) -> Result<(), DeviceError> {
        let lines: Vec<String> = match &self.1 {
            Some(sticks) => lines.iter().map(|line| on_sticks(&sticks.told(line))).collect(),
            None => lines.to_vec(),
        };
        self.0.borrow_mut().page(title, &lines)
    }

    fn room(&self) -> Room {
        self.0.borrow().room()
    }

    fn turn(&mut self, title: &str, lines: &[String], back: Back) -> Result<Turn, DeviceError> {
        self.0.borrow_mut().turn(title, lines, back)
    }

    fn secret(&mut self, title: &str, text: &Secret) -> Result<(), DeviceError> {
        self.0.borrow_mut().secret(title, text)
    }

    fn clear(&mut self) -> Result<(), DeviceError> {
        self.0.borrow_mut().clear()
    }

    fn working(&mut self, what: Option<&str>) {
        self.0.borrow_mut().working(what.map(|what| (what, &Effort::Unknown)));
    }

    fn working_on(&mut self, what: &str, effort: &Effort) {
        self.0.borrow_mut().working(Some((what, effort)));
    }

    fn step(&mut self, step: Step) {
        self.0.borrow_mut().step(step);
    }

    fn grave(&mut self, grave: bool) {
        self.0.borrow_mut().view.grave = grave;
    }
}

impl Keyboard for Face {
    fn line(&mut self, prompt: &str) -> Result<String, DeviceError> {
        let typed = self.0.borrow_mut().ask(prompt, Echo::On)?;
        typed.expose_str().map(str::to_owned).ok_or(DeviceError::NotText)
    }

    fn forget(&mut self) -> Result<(), DeviceError> {
        self.0.borrow_mut().glass().forget()
    }

    fn secret(&mut self, prompt: &str) -> Result<Secret, DeviceError> {
        self.0.borrow_mut().ask(prompt, Echo::Off)
    }
}
