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
    limits,
    port::{DeviceError, Keyboard, Screen},
    sys::{Leave, Secret, hold_terminal, stay_in_front, wait_for_input},
    text,
};

/// Columns of a line of talk, most: longer ones are hard to read.
const WIDEST: usize = 80;
/// Rows around the lines of a page: a gap, its heading, the question under it.
const AROUND: usize = 4;
/// The question under a page.
const ON: &str = "   Enter: go on   Ctrl-C: stop ";
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
}

impl Terminal {
    /// The terminal of this process, if it has one. `paged`: people sit at it, and each page waits for Enter.
    #[must_use]
    pub fn open(paged: bool) -> Self {
        if paged {
            stay_in_front();
        }
        let tty = OpenOptions::new().read(true).write(true).open("/dev/tty").ok();
        Self { tty, paged, width_known: std::io::stderr().is_terminal() }
    }

    fn tty(&mut self) -> Result<&mut File, DeviceError> {
        self.tty.as_mut().ok_or(DeviceError::NoTerminal)
    }

    /// Rows and columns, as they are now: people resize their windows.
    fn size(&self) -> (usize, usize) {
        let size = self.tty.as_ref().and_then(|tty| termios::tcgetwinsize(tty).ok());
        let size = size.filter(|size| size.ws_row > 0 && size.ws_col > 0);
        size.map_or((25, 80), |size| (usize::from(size.ws_row).clamp(8, 200), usize::from(size.ws_col).clamp(40, 400)))
    }

    /// A line of talk as lines that fit; as it is where nobody knows the width.
    fn fitted(&self, line: &str) -> Vec<String> {
        if !self.width_known || line.is_empty() {
            return vec![line.to_owned()];
        }
        let columns = self.size().1.min(WIDEST).saturating_sub(1);
        line.lines().flat_map(|line| text::folded(line, columns)).collect()
    }

    fn print(&mut self, line: &str) -> Result<(), DeviceError> {
        writeln!(std::io::stderr(), "{line}").map_err(|_| DeviceError::NoTerminal)
    }

    /// A heading with a rule to the edge, so that the eye finds where a page begins.
    fn heading(&mut self, title: &str) -> Result<(), DeviceError> {
        let edge = self.size().1.min(WIDEST).saturating_sub(1);
        let rule = edge.saturating_sub(title.chars().count()).saturating_sub(4);
        self.print("")?;
        self.print(&format!("── {title} {}", "─".repeat(rule)))
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
        for line in self.fitted(line) {
            self.print(&line)?;
        }
        Ok(())
    }

    fn page(&mut self, title: &str, lines: &[String]) -> Result<(), DeviceError> {
        let lines: Vec<String> = lines.iter().flat_map(|line| self.fitted(line)).collect();
        let mut rest = lines.as_slice();
        let mut number = 1usize;
        loop {
            let rows = if self.paged { self.size().0.saturating_sub(AROUND).max(4) } else { rest.len() };
            let (now, later) = rest.split_at(rows.min(rest.len()));
            let pages = later.len().div_ceil(rows.max(1)).saturating_add(number);
            let of = if pages > 1 { format!(", part {number} of {pages}") } else { String::new() };
            self.heading(&format!("{title}{of}"))?;
            now.iter().try_for_each(|line| self.print(line))?;
            if self.paged {
                drop(self.ask(ON, Echo::Off)?);
            }
            if later.is_empty() {
                return Ok(());
            }
            rest = later;
            number = number.saturating_add(1);
        }
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
            let tty = self.tty()?;
            write!(tty, "{CLEARED}── {title}\n\n").map_err(gone)?;
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
        match &mut self.tty {
            Some(tty) => write!(tty, "{CLEARED}").and_then(|()| tty.flush()).map_err(|_| DeviceError::NoTerminal),
            None => Ok(()),
        }
    }

    fn working(&mut self, what: Option<&str>) {
        if !self.width_known {
            return;
        }
        let mut err = std::io::stderr();
        // A progress line that cannot be shown is no reason to stop.
        let _shown = match what {
            Some(what) => write!(err, "\r\x1b[K{what} …"),
            None => write!(err, "\r\x1b[K"),
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
    for line in Terminal::open(false).fitted(line) {
        // Nobody is left to be told.
        drop(writeln!(std::io::stderr(), "{line}"));
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
