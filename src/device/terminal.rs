//! The terminal as screen and keyboard, and files of answers for test networks.
//!
//! The rules of the terminal: results go to standard output and nothing else does. Talk goes to standard error.
//! Questions and secrets go to the terminal itself (`/dev/tty`), so that a redirection never catches them.
//! A page is shown to its end before the ceremony goes on; a secret is taken off the screen after it was read.

use std::{
    fs::{File, OpenOptions},
    io::{IsTerminal, Write},
    os::fd::AsFd,
    time::Duration,
};

use rustix::termios::{self, LocalModes, OptionalActions, QueueSelector};
use zeroize::Zeroize;

use crate::{
    device::letters::Shows,
    limits,
    port::{Back, DeviceError, Keyboard, Screen, Turn},
    sys::{Leave, Secret, hold_terminal, stay_in_front, wait_for_input},
    text::{self, Room},
};

/// Columns of a line of talk, most: longer ones are hard to read.
const WIDEST: usize = 80;
/// Rows around the lines of a page: a gap, its heading, the question under it, and one to spare.
const AROUND: usize = 4;
/// Rows and columns without which nothing can be read.
const LEAST: (usize, usize) = (10, 30);
/// The questions under a page, and what stands there where they are too long.
const ON: &str = "   Enter: go on   Ctrl-C: stop ";
const ON_OR_BACK: &str = "   Enter: go on   b Enter: back   Ctrl-C: stop ";
const NARROW: &str = "Enter: go on ";
const NARROW_OR_BACK: &str = "Enter: go on  b: back ";
/// How long a question waits.
const IDLE: Duration = Duration::from_secs(limits::IDLE_SECONDS);
/// How long keys after a page still belong to it.
const BOUNCE: Duration = Duration::from_millis(limits::BOUNCE_MILLISECONDS);
/// Clears the screen and what was scrolled off it.
const CLEARED: &str = "\x1b[2J\x1b[3J\x1b[H";

/// The person's terminal.
pub struct Terminal {
    tty: Option<File>,
    /// Whether pages wait for Enter.
    paged: bool,
    width_known: bool,
    shows: Shows,
    /// Whether what was said last is what stands above the questions.
    standing: bool,
}

impl Terminal {
    /// The terminal of this process, if it has one. `paged`: people sit at it, and each page waits for Enter.
    #[must_use]
    pub fn open(paged: bool) -> Self {
        if paged {
            stay_in_front();
        }
        let tty = OpenOptions::new().read(true).write(true).open("/dev/tty").ok();
        let shows = Shows::by(|name| std::env::var(name).ok());
        Self { tty, paged, width_known: std::io::stderr().is_terminal(), shows, standing: false }
    }

    /// Whether there is a terminal to read and answer at.
    #[must_use]
    pub fn is_there(&self) -> bool {
        self.tty.is_some()
    }

    fn tty(&mut self) -> Result<&mut File, DeviceError> {
        self.tty.as_mut().ok_or(DeviceError::NoTerminal)
    }

    /// Rows and columns, as they are now: people resize their windows.
    fn size(&self) -> (usize, usize) {
        let size = self.tty.as_ref().and_then(|tty| termios::tcgetwinsize(tty).ok());
        let size = size.filter(|size| size.ws_row > 0 && size.ws_col > 0);
        size.map_or((25, 80), |size| (usize::from(size.ws_row), usize::from(size.ws_col)))
    }

    /// A line of talk as lines that fit; as it is where nobody knows the width.
    fn fitted(&self, line: &str) -> Vec<String> {
        if !self.width_known || line.is_empty() {
            return vec![line.to_owned()];
        }
        folded(line, self.size().1.min(WIDEST).saturating_sub(1))
    }

    fn print(&mut self, line: &str) -> Result<(), DeviceError> {
        writeln!(std::io::stderr(), "{}", self.shows.plain(line)).map_err(|_| DeviceError::NoTerminal)
    }

    /// A line of a page: where people turn pages, on the very terminal at which they answer.
    fn print_of_page(&mut self, line: &str) -> Result<(), DeviceError> {
        match &mut self.tty {
            Some(tty) if self.paged => writeln!(tty, "{}", self.shows.plain(line)).map_err(|_| DeviceError::NoTerminal),
            _ => self.print(line),
        }
    }

    /// A heading with a rule to the edge, so that the eye finds where a page begins.
    fn heading(&self, title: &str) -> Vec<String> {
        let edge = self.size().1.min(WIDEST).saturating_sub(1);
        let mut lines = folded(&format!("── {title}"), edge);
        if let Some(last) = lines.last_mut() {
            let rule = edge.saturating_sub(last.chars().count()).saturating_sub(1);
            if rule > 0 {
                last.push_str(&format!(" {}", "─".repeat(rule)));
            }
        }
        lines
    }

    /// Rows that are left for a page's lines under this heading.
    fn rows_below(&self, title: &str) -> usize {
        let above = self.heading(title).len().saturating_sub(1);
        self.size().0.saturating_sub(AROUND).saturating_sub(above).max(1)
    }

    /// One page, in parts where it is longer than the terminal has rows; what was typed at its end. A page of a book has
    /// the screen to itself, heading above, question below: nothing of what stood there before is left over it.
    fn show_page(&mut self, title: &str, lines: &[String], back: Back, of_book: bool) -> Result<Turn, DeviceError> {
        self.standing = false;
        let columns = self.size().1.saturating_sub(1);
        let broken =
            |line: &String| if self.paged || self.width_known { folded(line, columns) } else { vec![line.clone()] };
        let lines: Vec<String> = lines.iter().flat_map(broken).collect();
        let mut rest = lines.as_slice();
        let mut number = 1usize;
        loop {
            if self.paged {
                self.large_enough()?;
            }
            // A page in parts may have a longer heading.
            let whole = number == 1 && rest.len() <= self.rows_below(title);
            let rows = self.rows_below(&if whole { title.to_owned() } else { format!("{title}, part 99 of 99") });
            let most = if self.paged { rows } else { rest.len() };
            let (now, later) = rest.split_at(most.min(rest.len()));
            let pages = later.len().div_ceil(most.max(1)).saturating_add(number);
            let of = if pages > 1 { format!(", part {number} of {pages}") } else { String::new() };
            self.print_of_page("")?;
            for line in self.heading(&format!("{title}{of}")).iter().chain(now) {
                self.print_of_page(line)?;
            }
            let mut turn = Turn::On;
            if self.paged {
                let alone = of_book || number > 1;
                let gap = if alone { rows.saturating_add(1).saturating_sub(now.len()) } else { 0 };
                (0..gap).try_for_each(|_| self.print_of_page(""))?;
                let question = match (back, self.size().1 > ON_OR_BACK.len()) {
                    (Back::Offered, true) => ON_OR_BACK,
                    (Back::Offered, false) => NARROW_OR_BACK,
                    (Back::None, true) => ON,
                    (Back::None, false) => NARROW,
                };
                let typed = self.ask(question, Echo::Off)?;
                if back == Back::Offered && typed.expose().trim_ascii().eq_ignore_ascii_case(b"b") {
                    turn = Turn::Back;
                }
            }
            if later.is_empty() || turn == Turn::Back {
                return Ok(turn);
            }
            rest = later;
            number = number.saturating_add(1);
        }
    }

    /// Waits until the window is one that something can be read in.
    fn large_enough(&mut self) -> Result<(), DeviceError> {
        loop {
            let (rows, columns) = self.size();
            if rows >= LEAST.0 && columns >= LEAST.1 {
                return Ok(());
            }
            let (least_rows, least_columns) = LEAST;
            let question = format!(
                "\nThis window has {columns} columns and {rows} rows, which is too small to read in. Give it \
                 {least_columns} and {least_rows} at least, then press Enter. "
            );
            drop(self.ask(&question, Echo::Off)?);
        }
    }

    fn ask(&mut self, prompt: &str, echo: Echo) -> Result<Secret, DeviceError> {
        let tty = self.tty()?;
        let before = termios::tcgetattr(&*tty).map_err(|_| DeviceError::NoTerminal)?;
        let _restored_on_a_signal = hold_terminal(tty.as_fd(), Leave::Lines).map_err(|_| DeviceError::NoTerminal)?;
        if matches!(echo, Echo::Off) {
            let mut quiet = before.clone();
            quiet.local_modes.remove(LocalModes::ECHO);
            quiet.local_modes.insert(LocalModes::ECHONL | LocalModes::ICANON | LocalModes::ISIG);
            termios::tcsetattr(&*tty, OptionalActions::Flush, &quiet).map_err(|_| DeviceError::NoTerminal)?;
        }
        // The prompt comes last: what is typed after it is neither shown nor thrown away.
        let asked = write!(tty, "{prompt}").and_then(|()| tty.flush()).map_err(|_| DeviceError::NoTerminal);
        let line = asked.and_then(|()| read_line(tty, IDLE));
        if matches!(line, Err(DeviceError::InputEnded | DeviceError::Idle)) {
            // What is said next must not stand behind the question. A terminal that is gone shows neither.
            drop(writeln!(tty));
        }
        if matches!(echo, Echo::Off) {
            termios::tcsetattr(&*tty, OptionalActions::Now, &before).map_err(|_| DeviceError::NoTerminal)?;
        }
        line
    }
}

/// A line of any text as lines of at most `columns` characters.
fn folded(line: &str, columns: usize) -> Vec<String> {
    if line.is_empty() {
        vec![String::new()]
    } else {
        line.lines().flat_map(|line| text::folded(line, columns)).collect()
    }
}

#[derive(Clone, Copy)]
enum Echo {
    On,
    Off,
}

/// One line from the terminal straight into locked memory, without its line end.
fn read_line(tty: &File, patience: Duration) -> Result<Secret, DeviceError> {
    let mut line = Secret::zeroed(limits::TYPED_BYTES)?;
    let mut length = 0usize;
    loop {
        let Some(room) = line.expose_mut().get_mut(length..).filter(|room| !room.is_empty()) else {
            return Err(DeviceError::LineTooLong(limits::TYPED_BYTES));
        };
        if !wait_for_input(tty.as_fd(), patience).map_err(|_| DeviceError::NoTerminal)? {
            return Err(DeviceError::Idle);
        }
        let count = match rustix::io::read(tty, room) {
            Ok(count) => count,
            Err(rustix::io::Errno::INTR) => continue,
            Err(_) => return Err(DeviceError::NoTerminal),
        };
        if count == 0 {
            return Err(DeviceError::InputEnded);
        }
        length = length.saturating_add(count);
        if line.expose().get(..length).and_then(<[u8]>::last) == Some(&b'\n') {
            line.shorten(length.saturating_sub(1));
            if line.expose().last() == Some(&b'\r') {
                line.shorten(line.expose().len().saturating_sub(1));
            }
            return if line.expose_str().is_some() { Ok(line) } else { Err(DeviceError::NotText) };
        }
    }
}

impl Screen for Terminal {
    fn say(&mut self, line: &str) -> Result<(), DeviceError> {
        self.standing = false;
        for line in self.fitted(line) {
            self.print(&line)?;
        }
        Ok(())
    }

    fn stands(&mut self, lines: &[String]) -> Result<(), DeviceError> {
        if !self.standing && !lines.is_empty() {
            self.say("")?;
            lines.iter().try_for_each(|line| self.say(line))?;
            self.standing = true;
        }
        Ok(())
    }

    fn page(&mut self, title: &str, lines: &[String]) -> Result<(), DeviceError> {
        self.show_page(title, lines, Back::None, false).map(drop)
    }

    fn room(&self) -> Room {
        if !self.paged {
            return Room::CONSOLE;
        }
        let (rows, columns) = self.size();
        Room {
            lines: rows.saturating_sub(AROUND).max(Room::LEAST.lines),
            columns: columns.saturating_sub(2).clamp(Room::LEAST.columns, Room::WIDEST),
        }
    }

    fn turn(&mut self, title: &str, lines: &[String], back: Back) -> Result<Turn, DeviceError> {
        self.show_page(title, lines, back, true)
    }

    fn secret(&mut self, title: &str, text: &Secret) -> Result<(), DeviceError> {
        let shown = text.expose_str().ok_or(DeviceError::NotText)?;
        let gone = |_| DeviceError::NoTerminal;
        let hold = self.tty.as_ref().ok_or(DeviceError::NoTerminal)?.try_clone().map_err(gone)?;
        let _cleared_on_a_signal = hold_terminal(hold.as_fd(), Leave::Cleared).map_err(gone)?;
        let mut lines = shown.lines().peekable();
        while lines.peek().is_some() {
            let (rows, columns) = self.size();
            let mut room = rows.saturating_sub(AROUND).saturating_sub(2);
            self.clear()?;
            let heading = self.shows.plain(&format!("── {title}\n\n"));
            let tty = self.tty()?;
            tty.write_all(heading.as_bytes()).map_err(gone)?;
            // The terminal breaks long lines itself; no copy of them is made here.
            let high = |line: &str| line.chars().count().div_ceil(columns).max(1);
            let mut first = true;
            while let Some(line) = lines.next_if(|line| first || high(line) <= room) {
                first = false;
                room = room.saturating_sub(high(line));
                tty.write_all(line.as_bytes()).and_then(|()| tty.write_all(b"\n")).map_err(gone)?;
            }
            drop(self.ask("\n   Enter: take it off the screen ", Echo::Off)?);
        }
        self.clear()
    }

    fn clear(&mut self) -> Result<(), DeviceError> {
        self.standing = false;
        let rows = self.size().0;
        // What knows no sequence is pushed off.
        let cleared = if self.shows.sequences { CLEARED.to_owned() } else { "\n".repeat(rows.min(200)) };
        match &mut self.tty {
            Some(tty) => write!(tty, "{cleared}").and_then(|()| tty.flush()).map_err(|_| DeviceError::NoTerminal),
            None => Ok(()),
        }
    }

    fn working(&mut self, what: Option<&str>) {
        if !self.width_known {
            return;
        }
        let mut err = std::io::stderr();
        let what = what.map(|what| self.shows.plain(&format!("{what} …")));
        // A progress line that cannot be shown is no reason to stop.
        let _shown = match (what, self.shows.sequences) {
            (Some(what), true) => write!(err, "\r\x1b[K{what}"),
            (None, true) => write!(err, "\r\x1b[K"),
            (Some(what), false) => writeln!(err, "{what}"),
            (None, false) => Ok(()),
        }
        .and_then(|()| err.flush());
    }
}

impl Keyboard for Terminal {
    fn line(&mut self, prompt: &str) -> Result<String, DeviceError> {
        let typed = self.ask(prompt, Echo::On)?;
        typed.expose_str().map(str::to_owned).ok_or(DeviceError::NotText)
    }

    fn forget(&mut self) -> Result<(), DeviceError> {
        let tty = self.tty()?;
        std::thread::sleep(BOUNCE);
        termios::tcflush(&*tty, QueueSelector::IFlush).map_err(|_| DeviceError::NoTerminal)
    }

    fn secret(&mut self, prompt: &str) -> Result<Secret, DeviceError> {
        self.ask(prompt, Echo::Off)
    }
}

/// What goes wrong, on standard error: as lines that fit where it is a terminal.
pub fn complain(line: &str) {
    let mut terminal = Terminal::open(false);
    for line in terminal.fitted(line) {
        // Nobody is left to be told.
        drop(terminal.print(&line));
    }
}

/// Secrets that come from files or standard input: test networks only, which the command line sees to.
pub struct Answers;

impl Answers {
    /// The first line of `bytes` as a secret; the source is overwritten.
    ///
    /// # Errors
    /// Too long, or not UTF-8.
    pub fn first_line(mut bytes: Vec<u8>) -> Result<Secret, DeviceError> {
        let end = bytes.iter().position(|&byte| byte == b'\n').unwrap_or(bytes.len());
        let line = bytes.get_mut(..end).filter(|line| line.len() <= limits::TYPED_BYTES);
        let taken = match line {
            Some(line) => Secret::take(line).map_err(DeviceError::from),
            None => Err(DeviceError::LineTooLong(limits::TYPED_BYTES)),
        };
        bytes.zeroize();
        let mut secret = taken?;
        if secret.expose().last() == Some(&b'\r') {
            secret.shorten(secret.expose().len().saturating_sub(1));
        }
        if secret.expose_str().is_some() { Ok(secret) } else { Err(DeviceError::NotText) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::{fd::OwnedFd, unix::net::UnixStream};

    #[test]
    fn a_question_that_nobody_answers_ends() {
        let (mut people, tty) = UnixStream::pair().unwrap();
        let tty = File::from(OwnedFd::from(tty));
        let patience = Duration::from_millis(50);
        assert!(matches!(read_line(&tty, patience), Err(DeviceError::Idle)));
        // Half a line is no answer either.
        people.write_all(b"half").unwrap();
        assert!(matches!(read_line(&tty, patience), Err(DeviceError::Idle)));
        people.write_all(b"a line\n").unwrap();
        assert_eq!(read_line(&tty, patience).unwrap().expose(), b"a line");
        drop(people);
        assert!(matches!(read_line(&tty, patience), Err(DeviceError::InputEnded)));
        assert_eq!(DeviceError::Idle.to_string(), "nobody answered for 30 minutes; what was open is closed");
    }
}
