//! The whole terminal as rows of letters, for the guided screens.
//!
//! What is laid out in ratatui's cells is sent where it changed. What people type comes byte by byte and unbuffered, a
//! secret straight into locked memory; what is secret is written past the cells, which are ordinary memory. Ctrl-C stays
//! a signal: it ends the process at any moment, also while it works.

use std::{
    fs::{File, OpenOptions},
    io::{self, Write},
    os::fd::AsFd,
    sync::{
        Arc,
        mpsc::{Sender, channel},
    },
    thread::JoinHandle,
    time::{Duration, Instant},
};

use ratatui_core::{
    backend::{Backend, ClearType, WindowSize},
    buffer::{Buffer, Cell},
    layout::{Position, Size},
    style::Modifier,
    terminal::Terminal as Cells,
};
use rustix::termios::{self, InputModes, LocalModes, OptionalActions, QueueSelector, SpecialCodeIndex};

use super::{keys::Keys, letters::Shows, stage::WholeScreen};
use crate::{
    limits,
    port::{DeviceError, Key, Steps},
    sys::{Leave, Secret, TerminalHold, beside, hold_terminal, stay_in_front, wait_for_input},
};

/// UTF-8 (which a console may not read yet), the other buffer, no cursor, nothing on it.
const TAKEN: &[u8] = b"\x1b%G\x1b[?1049h\x1b[?25l\x1b[0m\x1b[2J";
/// Nothing on the screen, nor scrolled off it.
const CLEARED: &[u8] = b"\x1b[0m\x1b[2J\x1b[3J";
/// How long keys after a page still belong to it.
const BOUNCE: Duration = Duration::from_millis(limits::BOUNCE_MILLISECONDS);
/// Rows and columns that are used, most: no screen has more, and cells take memory.
const MOST: (u16, u16) = (400, 1000);
/// How often a sign of work moves.
const BEAT: Duration = Duration::from_millis(120);

/// The whole terminal, until it is dropped.
pub struct Glass {
    /// Gives the terminal back; on a signal too.
    _hold: TerminalHold,
    tty: File,
    before: termios::Termios,
    cells: Cells<Rows>,
    keys: Keys,
    shows: Shows,
    /// Something was written past the cells.
    past: bool,
    work: Option<Work>,
    begun: Instant,
}

/// What came of waiting for a letter of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Typing {
    /// The line is another one.
    Changed,
    /// A key that is no letter.
    Key(Key),
    /// Nothing came.
    Nothing,
}

impl Glass {
    /// Takes the whole terminal of this process.
    ///
    /// # Errors
    /// There is none, or it obeys no control sequences.
    pub fn take() -> Result<Self, DeviceError> {
        let gone = |_| DeviceError::NoTerminal;
        let shows = Shows::by(|name| std::env::var(name).ok());
        if !shows.sequences {
            return Err(DeviceError::NoTerminal);
        }
        stay_in_front();
        let tty = OpenOptions::new().read(true).write(true).open("/dev/tty").map_err(gone)?;
        let hold = hold_terminal(tty.as_fd(), Leave::Buffer).map_err(gone)?;
        let before = termios::tcgetattr(&tty).map_err(|_| DeviceError::NoTerminal)?;
        let rows = Rows { tty: tty.try_clone().map_err(gone)?, out: Vec::new() };
        let cells = Cells::new(rows).map_err(gone)?;
        let begun = Instant::now();
        let mut glass =
            Self { _hold: hold, tty, before, cells, keys: Keys::default(), shows, past: true, work: None, begun };
        glass.prepare()?;
        Ok(glass)
    }

    /// Letters one by one, unseen; Ctrl-C and Ctrl-\ stay signals.
    fn prepare(&mut self) -> Result<(), DeviceError> {
        let mut modes = self.before.clone();
        modes.local_modes.remove(LocalModes::ECHO | LocalModes::ICANON | LocalModes::IEXTEN);
        modes.local_modes.insert(LocalModes::ISIG);
        modes.input_modes.remove(InputModes::IXON | InputModes::ICRNL);
        modes.special_codes[SpecialCodeIndex::VMIN] = 1;
        modes.special_codes[SpecialCodeIndex::VTIME] = 0;
        termios::tcsetattr(&self.tty, OptionalActions::Flush, &modes).map_err(|_| DeviceError::NoTerminal)?;
        self.past = true;
        self.write(TAKEN)
    }

    fn write(&self, bytes: &[u8]) -> Result<(), DeviceError> {
        (&self.tty).write_all(bytes).map_err(|_| DeviceError::NoTerminal)
    }

    /// Rows and columns, as they are now: people change the size of their windows.
    #[must_use]
    pub fn size(&self) -> (usize, usize) {
        let size = termios::tcgetwinsize(&self.tty).ok().filter(|size| size.ws_row > 0 && size.ws_col > 0);
        size.map_or((25, 80), |size| (usize::from(size.ws_row.min(MOST.0)), usize::from(size.ws_col.min(MOST.1))))
    }

    /// The letters that the terminal has.
    #[must_use]
    pub const fn letters(&self) -> Shows {
        self.shows
    }

    /// Shows what `paint` lays out, and nothing else. Never a secret.
    ///
    /// # Errors
    /// The terminal is gone.
    pub fn draw(&mut self, paint: impl FnOnce(&mut Buffer)) -> Result<(), DeviceError> {
        self.rest();
        if self.past {
            self.write(CLEARED)?;
            self.cells.clear().map_err(|_| DeviceError::NoTerminal)?;
            self.past = false;
        }
        self.cells.draw(|frame| paint(frame.buffer_mut())).map(drop).map_err(|_| DeviceError::NoTerminal)
    }

    /// Writes a text past the cells, blanks after it up to `width` columns. The next drawing begins with an empty screen.
    ///
    /// # Errors
    /// The terminal is gone.
    pub fn put(&mut self, (row, column): (usize, usize), text: &str, width: usize) -> Result<(), DeviceError> {
        self.past = true;
        let letters = text.chars().count();
        self.write(place(row, column).as_bytes())?;
        self.write(text.as_bytes())?;
        self.write(" ".repeat(width.saturating_sub(letters)).as_bytes())
    }

    /// Shows the cursor there, or no cursor.
    ///
    /// # Errors
    /// The terminal is gone.
    pub fn cursor(&mut self, at: Option<(usize, usize)>) -> Result<(), DeviceError> {
        match at {
            Some((row, column)) => self.write(format!("{}\x1b[?25h", place(row, column)).as_bytes()),
            None => self.write(b"\x1b[?25l"),
        }
    }

    /// Takes everything off the screen, and what was scrolled off it.
    ///
    /// # Errors
    /// The terminal is gone.
    pub fn clear(&mut self) -> Result<(), DeviceError> {
        self.past = true;
        self.write(CLEARED)
    }

    /// What is on the screen from here on is taken off it however the process ends.
    ///
    /// # Errors
    /// The terminal is gone.
    pub fn clear_in_the_end(&self) -> Result<TerminalHold, DeviceError> {
        hold_terminal(self.tty.as_fd(), Leave::Cleared).map_err(|_| DeviceError::NoTerminal)
    }

    /// The next key, where one comes within `patience`.
    ///
    /// # Errors
    /// The terminal is gone.
    pub fn key(&mut self, patience: Duration) -> Result<Option<Key>, DeviceError> {
        self.keys.next(&self.tty, patience)
    }

    /// The next letter of a line, where one comes within `patience`: read into the line itself.
    ///
    /// # Errors
    /// The terminal is gone, or the line is full.
    pub fn type_into(&mut self, pad: &mut Pad, patience: Duration) -> Result<Typing, DeviceError> {
        let gone = |_| DeviceError::NoTerminal;
        let end = pad.length;
        let Some(room) = pad.line.expose_mut().get_mut(end..end.saturating_add(1)).filter(|room| !room.is_empty())
        else {
            return Err(DeviceError::LineTooLong(limits::TYPED_BYTES));
        };
        if !wait_for_input(self.tty.as_fd(), patience).map_err(gone)? {
            return Ok(Typing::Nothing);
        }
        match rustix::io::read(&self.tty, &mut *room) {
            Ok(0) => return Err(DeviceError::NoTerminal),
            Ok(_) => {}
            Err(rustix::io::Errno::INTR | rustix::io::Errno::AGAIN) => return Ok(Typing::Nothing),
            Err(_) => return Err(DeviceError::NoTerminal),
        }
        let byte = room.first().copied().unwrap_or(0);
        if byte >= b' ' && byte != 0x7f {
            pad.length = end.saturating_add(1);
            return Ok(Typing::Changed);
        }
        room.fill(0);
        Ok(match byte {
            b'\r' | b'\n' => Typing::Key(Key::Enter),
            0x08 | 0x7f => {
                pad.take_back();
                Typing::Changed
            }
            0x15 => {
                pad.clear();
                Typing::Changed
            }
            0x03 | 0x04 | 0x1c => Typing::Key(Key::Stop),
            0x1b => self.keys.after_escape(&self.tty)?.map_or(Typing::Nothing, Typing::Key),
            _ => Typing::Nothing,
        })
    }

    /// Drops what was typed before now: a key that was pressed twice is no answer to the next question.
    ///
    /// # Errors
    /// The terminal is gone.
    pub fn forget(&mut self) -> Result<(), DeviceError> {
        std::thread::sleep(BOUNCE);
        self.drop_typed()
    }

    /// The same at once.
    ///
    /// # Errors
    /// The terminal is gone.
    pub fn drop_typed(&mut self) -> Result<(), DeviceError> {
        self.keys.forget();
        termios::tcflush(&self.tty, QueueSelector::IFlush).map_err(|_| DeviceError::NoTerminal)
    }

    /// A sign of work moves at this place until something is drawn, or [`Glass::rest`].
    pub fn work(&mut self, at: (usize, usize), width: usize, length: Length) {
        self.rest();
        self.past = true;
        // Without a thread, or a terminal, nothing moves: no reason to stop.
        self.work = self.tty.try_clone().ok().and_then(|tty| Work::begin(tty, at, width, length));
    }

    /// The work is over.
    pub fn rest(&mut self) {
        if let Some(work) = self.work.take() {
            work.end();
        }
    }

    /// Lends the whole screen for codes and cameras.
    ///
    /// # Errors
    /// The terminal is gone.
    pub fn lend<R>(&mut self, work: impl FnOnce(&mut WholeScreen) -> R) -> Result<R, DeviceError> {
        self.rest();
        let mut screen = WholeScreen::take()?;
        let done = work(&mut screen);
        drop(screen);
        self.prepare()?;
        Ok(done)
    }

    /// Time since some moment: it never goes back.
    #[must_use]
    pub fn now(&self) -> Duration {
        self.begun.elapsed()
    }
}

impl Drop for Glass {
    fn drop(&mut self) {
        self.rest();
        // Keys that were pressed here are no commands to what comes next. A terminal that is gone has no modes.
        let _gone = termios::tcsetattr(&self.tty, OptionalActions::Flush, &self.before);
    }
}

/// A line that is being typed, in locked memory.
pub struct Pad {
    line: Secret,
    length: usize,
}

impl Pad {
    /// An empty one.
    ///
    /// # Errors
    /// There is no memory for it.
    pub fn new() -> Result<Self, DeviceError> {
        Ok(Self { line: Secret::zeroed(limits::TYPED_BYTES)?, length: 0 })
    }

    /// One with a text that can be taken back, as far as it fits.
    ///
    /// # Errors
    /// There is no memory for it.
    pub fn holding(text: &str) -> Result<Self, DeviceError> {
        let mut pad = Self::new()?;
        for (place, byte) in pad.line.expose_mut().iter_mut().zip(text.bytes()) {
            *place = byte;
            pad.length = pad.length.saturating_add(1);
        }
        Ok(pad)
    }

    /// What is there, as far as it is text: the last letter may still be coming.
    #[must_use]
    pub fn text(&self) -> &str {
        let bytes = self.line.expose().get(..self.length).unwrap_or_default();
        match std::str::from_utf8(bytes) {
            Ok(text) => text,
            Err(error) => {
                bytes.get(..error.valid_up_to()).and_then(|whole| std::str::from_utf8(whole).ok()).unwrap_or_default()
            }
        }
    }

    /// Takes the last letter back.
    fn take_back(&mut self) {
        let bytes = self.line.expose_mut();
        while let Some(last) = self.length.checked_sub(1) {
            self.length = last;
            let Some(byte) = bytes.get_mut(last) else { return };
            let inner = *byte & 0xc0 == 0x80;
            *byte = 0;
            if !inner {
                return;
            }
        }
    }

    /// Takes everything back.
    pub fn clear(&mut self) {
        self.line.expose_mut().fill(0);
        self.length = 0;
    }

    /// The line.
    ///
    /// # Errors
    /// It is no text.
    pub fn done(mut self) -> Result<Secret, DeviceError> {
        self.line.shorten(self.length);
        if self.line.expose_str().is_some() { Ok(self.line) } else { Err(DeviceError::NotText) }
    }
}

/// How long work takes, as far as that is known.
#[derive(Debug, Clone)]
pub enum Length {
    /// Nobody knows.
    Unknown,
    /// About this long.
    About(Duration),
    /// As long as these steps.
    Steps(Arc<Steps>),
}

/// A sign of work that moves, and how long it has.
struct Work {
    over: Sender<()>,
    thread: JoinHandle<()>,
}

impl Work {
    fn begin(mut tty: File, (row, column): (usize, usize), width: usize, length: Length) -> Option<Self> {
        let (over, told) = channel::<()>();
        let begun = Instant::now();
        let thread = beside(move || {
            let mut beat = 0usize;
            loop {
                let sign = format!("{}{}", place(row, column), sign(&length, beat, begun.elapsed(), width));
                if tty.write_all(sign.as_bytes()).is_err() {
                    return;
                }
                beat = beat.wrapping_add(1);
                if told.recv_timeout(BEAT) != Err(std::sync::mpsc::RecvTimeoutError::Timeout) {
                    return;
                }
            }
        });
        Some(Self { over, thread: thread.ok()? })
    }

    fn end(self) {
        drop(self.over);
        let _ended = self.thread.join();
    }
}

/// `[    ######        ]  3 s`, to the end and back; where it is known how long it takes, `[######        ]  3 s of about 9 s`.
fn sign(length: &Length, beat: usize, worked: Duration, width: usize) -> String {
    const BAR: usize = 6;
    let seconds = worked.as_secs();
    let words = match length {
        Length::Unknown => format!("  {seconds} s"),
        Length::About(all) if worked <= *all => format!("  {seconds} s of about {} s", all.as_secs().saturating_add(1)),
        Length::About(_) => format!("  {seconds} s, longer than expected"),
        Length::Steps(steps) => format!("  {seconds} s, {} %", steps.hundredths()),
    };
    let room = width.saturating_sub(words.len()).saturating_sub(2).min(40);
    let ways = room.saturating_sub(BAR);
    if ways == 0 {
        return words.chars().take(width).collect();
    }
    let thousandths = match length {
        Length::Unknown => {
            let there = beat.checked_rem(ways.saturating_mul(2)).unwrap_or(0);
            let at = if there > ways { ways.saturating_mul(2).saturating_sub(there) } else { there };
            return format!("[{}{}{}]{words}", " ".repeat(at), "#".repeat(BAR), " ".repeat(ways.saturating_sub(at)));
        }
        Length::About(all) => worked.as_millis().saturating_mul(1000).checked_div(all.as_millis()).unwrap_or(1000),
        Length::Steps(steps) => u128::from(steps.hundredths()).saturating_mul(10),
    };
    // It is full when it is over, and then it is gone.
    let most = room.saturating_sub(1);
    let thousandths = usize::try_from(thousandths).unwrap_or(1000);
    let full = (room.saturating_mul(thousandths) / 1000).min(most);
    format!("[{}{}]{words}", "#".repeat(full), " ".repeat(room.saturating_sub(full)))
}

/// Where the next letter goes.
fn place(row: usize, column: usize) -> String {
    format!("\x1b[{};{}H", row.saturating_add(1), column.saturating_add(1))
}

/// Cells as a terminal takes them: bold and reversed, and no colours.
struct Rows {
    tty: File,
    out: Vec<u8>,
}

impl Backend for Rows {
    type Error = io::Error;

    fn draw<'a, I: Iterator<Item = (u16, u16, &'a Cell)>>(&mut self, content: I) -> io::Result<()> {
        let mut next = None;
        let mut look = Modifier::empty();
        for (column, row, cell) in content {
            if next != Some((column, row)) {
                self.out.extend_from_slice(place(usize::from(row), usize::from(column)).as_bytes());
            }
            if cell.modifier != look {
                look = cell.modifier;
                self.out.extend_from_slice(b"\x1b[0");
                if look.contains(Modifier::BOLD) {
                    self.out.extend_from_slice(b";1");
                }
                if look.contains(Modifier::REVERSED) {
                    self.out.extend_from_slice(b";7");
                }
                self.out.push(b'm');
            }
            self.out.extend_from_slice(cell.symbol().as_bytes());
            next = column.checked_add(1).map(|column| (column, row)).filter(|_| cell.symbol().is_ascii());
        }
        self.out.extend_from_slice(b"\x1b[0m");
        Ok(())
    }

    fn hide_cursor(&mut self) -> io::Result<()> {
        self.out.extend_from_slice(b"\x1b[?25l");
        Ok(())
    }

    fn show_cursor(&mut self) -> io::Result<()> {
        self.out.extend_from_slice(b"\x1b[?25h");
        Ok(())
    }

    fn get_cursor_position(&mut self) -> io::Result<Position> {
        Ok(Position::ORIGIN)
    }

    fn set_cursor_position<P: Into<Position>>(&mut self, position: P) -> io::Result<()> {
        let position = position.into();
        self.out.extend_from_slice(place(usize::from(position.y), usize::from(position.x)).as_bytes());
        Ok(())
    }

    fn clear(&mut self) -> io::Result<()> {
        self.clear_region(ClearType::All)
    }

    fn clear_region(&mut self, region: ClearType) -> io::Result<()> {
        self.out.extend_from_slice(match region {
            ClearType::All => b"\x1b[2J",
            ClearType::AfterCursor => b"\x1b[0J",
            ClearType::BeforeCursor => b"\x1b[1J",
            ClearType::CurrentLine => b"\x1b[2K",
            ClearType::UntilNewLine => b"\x1b[0K",
        });
        Ok(())
    }

    fn size(&self) -> io::Result<Size> {
        let size = termios::tcgetwinsize(&self.tty)?;
        let known = size.ws_row > 0 && size.ws_col > 0;
        Ok(if known { Size::new(size.ws_col.min(MOST.1), size.ws_row.min(MOST.0)) } else { Size::new(80, 25) })
    }

    fn window_size(&mut self) -> io::Result<WindowSize> {
        Ok(WindowSize { columns_rows: self.size()?, pixels: Size::new(0, 0) })
    }

    fn flush(&mut self) -> io::Result<()> {
        let sent = self.tty.write_all(&self.out);
        self.out.clear();
        sent
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(text: &str) -> Pad {
        let mut pad = Pad::new().unwrap();
        pad.line.expose_mut()[..text.len()].copy_from_slice(text.as_bytes());
        pad.length = text.len();
        pad
    }

    #[test]
    fn letters_are_taken_back_whole_and_overwritten() {
        let mut pad = typed("aé語");
        for left in ["aé", "a", "", ""] {
            pad.take_back();
            assert_eq!(pad.text(), left);
        }
        assert!(pad.line.expose().iter().all(|byte| *byte == 0));
        let mut pad = typed("secret");
        pad.clear();
        assert!(pad.line.expose().iter().all(|byte| *byte == 0));
        assert_eq!(typed("word").done().unwrap().expose(), b"word");
    }

    #[test]
    fn half_a_letter_is_not_shown_and_no_line() {
        let mut pad = typed("aé");
        pad.length -= 1;
        assert_eq!(pad.text(), "a");
        assert!(matches!(pad.done(), Err(DeviceError::NotText)));
    }

    /// After so many milliseconds.
    fn drawn(length: &Length, after: u64, width: usize) -> String {
        sign(length, 5, Duration::from_millis(after), width)
    }

    #[test]
    fn the_sign_of_work_goes_there_and_back_within_its_width() {
        let signs: Vec<String> = (0..30).map(|beat| sign(&Length::Unknown, beat, Duration::from_secs(3), 24)).collect();
        assert_eq!(signs[0], "[######            ]  3 s".replace("            ", "           "));
        assert!(signs.iter().all(|sign| sign.len() == 24 && sign.ends_with("  3 s")), "{signs:?}");
        assert!(signs.iter().any(|sign| sign.contains("######]")) && signs[22] == signs[0], "{signs:#?}");
    }

    #[test]
    fn a_bar_by_time_fills_and_is_never_full() {
        let length = Length::About(Duration::from_millis(8_500));
        assert_eq!(drawn(&length, 0, 40), "[                    ]  0 s of about 9 s");
        assert_eq!(drawn(&length, 4_250, 40), "[##########          ]  4 s of about 9 s");
        for late in [8_501, 20_000, 90_000_000] {
            let sign = drawn(&length, late, 78);
            assert!(sign.contains(&format!("[{} ]", "#".repeat(39))), "{sign}");
            assert!(sign.ends_with(" s, longer than expected"), "{sign}");
        }
        assert_eq!(drawn(&Length::About(Duration::ZERO), 0, 60).matches('#').count(), 39);
    }

    #[test]
    fn a_bar_of_steps_tells_their_share() {
        let steps = Arc::new(Steps::of(400));
        let length = Length::Steps(Arc::clone(&steps));
        assert_eq!(drawn(&length, 3_000, 32), "[                    ]  3 s, 0 %");
        steps.add(200);
        assert_eq!(drawn(&length, 3_000, 33), "[##########          ]  3 s, 50 %");
        steps.add(200);
        assert!(drawn(&length, 3_000, 60).contains(" ]  3 s, 99 %"));
    }

    #[test]
    fn no_sign_is_wider_than_its_place() {
        let about = Length::About(Duration::from_secs(9));
        let steps = Length::Steps(Arc::new(Steps::of(9)));
        for width in 0..60 {
            for length in [&Length::Unknown, &about, &steps] {
                for after in [0, 12_000] {
                    assert!(drawn(length, after, width).len() <= width, "{width} {length:?}");
                }
            }
        }
    }
}
