//! The whole screen of the person's terminal, or the framebuffer behind it, with its keys.

use std::{
    fs::{File, OpenOptions},
    io::Write,
    os::fd::AsFd,
    sync::Arc,
    time::{Duration, Instant},
};

use rustix::termios::{self, InputModes, LocalModes, OptionalActions, SpecialCodeIndex};

use super::{keys::Keys, letters::Shows, panel::Panel};
use crate::{
    port::{Canvas, DeviceError, Key, Letters, Sheet, Stage},
    sys::{Leave, TerminalHold, console_letters, hold_terminal, is_console, stay_in_front},
};

/// UTF-8 (which a console may not read yet), the other buffer, no cursor, nothing on it.
const TAKEN: &[u8] = b"\x1b%G\x1b[?1049h\x1b[?25l\x1b[2J";

/// The whole screen, until it is dropped.
pub struct WholeScreen {
    /// Gives the terminal back; on a signal too.
    _hold: TerminalHold,
    tty: File,
    before: termios::Termios,
    panel: Option<(Panel, Arc<Letters>)>,
    halves: bool,
    keys: Keys,
    begun: Instant,
}

impl WholeScreen {
    /// Takes the whole screen of this process's terminal: the framebuffer's pixels where the terminal is a Linux console
    /// with one, else its cells.
    ///
    /// # Errors
    /// There is no terminal.
    pub fn take() -> Result<Self, DeviceError> {
        let gone = |_| DeviceError::NoTerminal;
        stay_in_front();
        let tty = OpenOptions::new().read(true).write(true).open("/dev/tty").map_err(gone)?;
        let console = is_console(tty.as_fd());
        // The console gives its letters only while it draws itself.
        let letters = console_letters(tty.as_fd()).filter(|_| console).and_then(|console| {
            let each = console.width.div_ceil(8).saturating_mul(32);
            Letters::new((console.width, console.height), each, console.bits).map(Arc::new)
        });
        let panel = letters.and_then(|letters| Panel::open().map(|panel| (panel, letters)));
        // Where the console goes on drawing, its cells are filled.
        let pixels = panel.and_then(|panel| Some((hold_terminal(tty.as_fd(), Leave::Pixels).ok()?, panel)));
        let (hold, panel) = match pixels {
            Some((hold, panel)) => (hold, Some(panel)),
            None => (hold_terminal(tty.as_fd(), Leave::Buffer).map_err(gone)?, None),
        };
        let before = termios::tcgetattr(&tty).map_err(|_| DeviceError::NoTerminal)?;
        let mut modes = before.clone();
        modes.local_modes.remove(LocalModes::ECHO | LocalModes::ICANON | LocalModes::ISIG | LocalModes::IEXTEN);
        modes.input_modes.remove(InputModes::IXON | InputModes::ICRNL);
        modes.special_codes[SpecialCodeIndex::VMIN] = 1;
        modes.special_codes[SpecialCodeIndex::VTIME] = 0;
        termios::tcsetattr(&tty, OptionalActions::Flush, &modes).map_err(|_| DeviceError::NoTerminal)?;
        (&tty).write_all(TAKEN).map_err(gone)?;
        let shows = Shows::by(|name| std::env::var(name).ok());
        let halves = shows.utf8 || console;
        Ok(Self { _hold: hold, tty, before, panel, halves, keys: Keys::default(), begun: Instant::now() })
    }
}

impl Drop for WholeScreen {
    fn drop(&mut self) {
        // Keys that were pressed here are no answers to what comes next. A terminal that is gone has no modes.
        let _gone = termios::tcsetattr(&self.tty, OptionalActions::Flush, &self.before);
    }
}

impl Stage for WholeScreen {
    fn canvas(&mut self) -> Result<Canvas, DeviceError> {
        if let Some((panel, letters)) = &self.panel {
            let (width, height) = panel.sides();
            return Ok(Canvas::Pixels { width, height, letters: Arc::clone(letters) });
        }
        let size = termios::tcgetwinsize(&self.tty).map_err(|_| DeviceError::NoTerminal)?;
        let known = size.ws_row > 0 && size.ws_col > 0;
        let (rows, columns) = if known { (size.ws_row, size.ws_col) } else { (25, 80) };
        Ok(Canvas::Cells { rows: usize::from(rows), columns: usize::from(columns), halves: self.halves })
    }

    fn fill(&mut self, sheet: &Sheet) -> Result<(), DeviceError> {
        match (sheet, &mut self.panel) {
            (Sheet::Pixels(picture), Some((panel, _))) => panel.fill(picture),
            (Sheet::Cells(text), _) => (&self.tty).write_all(text.as_bytes()).map_err(|_| DeviceError::NoTerminal),
            (Sheet::Pixels(_), None) => Ok(()),
        }
    }

    fn key(&mut self, patience: Duration) -> Result<Option<Key>, DeviceError> {
        self.keys.next(&self.tty, patience)
    }

    fn now(&self) -> Duration {
        self.begun.elapsed()
    }
}
