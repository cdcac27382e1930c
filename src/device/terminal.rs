//! The terminal as screen and keyboard, and files of answers for test networks.
//!
//! The rules of the terminal: results go to standard output and nothing else does. Talk goes to standard error.
//! Questions and secrets go to the terminal itself (`/dev/tty`), so that a redirection never catches them.
//! A page is shown to its end before the ceremony goes on; a secret is taken off the screen after it was read.

use std::{
    fs::{File, OpenOptions},
    io::{IsTerminal, Write},
    os::fd::AsFd,
};

use rustix::termios::{self, LocalModes, OptionalActions};
use zeroize::Zeroize;

use crate::{
    limits,
    port::{DeviceError, Keyboard, Screen},
    sys::{Leave, Secret, hold_terminal},
};

/// The person's terminal.
pub struct Terminal {
    tty: Option<File>,
    /// Whether pages wait for Enter.
    paged: bool,
    width_known: bool,
}

impl Terminal {
    /// The terminal of this process, if it has one. `paged`: each page waits for Enter.
    #[must_use]
    pub fn open(paged: bool) -> Self {
        let tty = OpenOptions::new().read(true).write(true).open("/dev/tty").ok();
        Self { tty, paged, width_known: std::io::stderr().is_terminal() }
    }

    fn tty(&mut self) -> Result<&mut File, DeviceError> {
        self.tty.as_mut().ok_or(DeviceError::NoTerminal)
    }

    fn rows(&self) -> usize {
        let size = self.tty.as_ref().and_then(|tty| termios::tcgetwinsize(tty).ok());
        size.map_or(25, |size| usize::from(size.ws_row)).clamp(8, 200)
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
        let line = asked.and_then(|()| read_line(tty));
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
fn read_line(tty: &File) -> Result<Secret, DeviceError> {
    let mut line = Secret::zeroed(limits::TYPED_BYTES)?;
    let mut length = 0usize;
    loop {
        let Some(room) = line.expose_mut().get_mut(length..).filter(|room| !room.is_empty()) else {
            return Err(DeviceError::LineTooLong(limits::TYPED_BYTES));
        };
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
        writeln!(std::io::stderr(), "{line}").map_err(|_| DeviceError::NoTerminal)
    }

    fn page(&mut self, title: &str, lines: &[String]) -> Result<(), DeviceError> {
        let rows = if self.paged { self.rows().saturating_sub(4).max(4) } else { lines.len().max(1) };
        let pages = lines.chunks(rows).count().max(1);
        for (number, chunk) in lines.chunks(rows).enumerate() {
            let of = if pages > 1 { format!(" ({} of {pages})", number.saturating_add(1)) } else { String::new() };
            self.say(&format!("── {title}{of}"))?;
            chunk.iter().try_for_each(|line| self.say(line))?;
            if self.paged {
                drop(self.ask("   Enter: go on   Ctrl-C: stop ", Echo::Off)?);
            }
        }
        Ok(())
    }

    fn secret(&mut self, title: &str, text: &Secret) -> Result<(), DeviceError> {
        let shown = text.expose_str().ok_or(DeviceError::NotText)?;
        let gone = |_| DeviceError::NoTerminal;
        let hold = self.tty.as_ref().ok_or(DeviceError::NoTerminal)?.try_clone().map_err(gone)?;
        let _cleared_on_a_signal = hold_terminal(hold.as_fd(), Leave::Cleared).map_err(gone)?;
        let tty = self.tty()?;
        write!(tty, "\x1b[2J\x1b[H── {title}\n\n").map_err(gone)?;
        tty.write_all(shown.as_bytes()).map_err(gone)?;
        writeln!(tty).map_err(gone)?;
        drop(self.ask("\n   Enter: take it off the screen ", Echo::Off)?);
        write!(self.tty()?, "\x1b[2J\x1b[3J\x1b[H").map_err(gone)
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

    fn secret(&mut self, prompt: &str) -> Result<Secret, DeviceError> {
        self.ask(prompt, Echo::Off)
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
