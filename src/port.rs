//! The traits through which this program meets the world: screen, keyboard, store, randomness.
//!
//! Floor 0. No decisions here and none in their implementations (`device`); ceremonies take them as arguments,
//! so tests run the very ceremonies on a simulated desk.

mod camera;
mod effort;
mod stage;
mod step;

use std::io;

pub use camera::{Camera, Sight};
pub use effort::{Effort, Steps};
pub use stage::{Canvas, Key, Letters, Sheet, Stage};
pub use step::Step;

use crate::{
    limits,
    sys::Secret,
    text::{self, Room},
};

/// A failure of something outside of the program. The exit code is 3.
#[derive(Debug, thiserror::Error)]
pub enum DeviceError {
    /// A file or folder could not be read or written.
    #[error("cannot {action} `{name}`: {source}")]
    File {
        /// What was tried: "open", "write", "sync".
        action: &'static str,
        /// The file's name, printable.
        name: String,
        /// What the system said.
        source: io::Error,
    },
    /// A file is larger than the limit for its kind.
    #[error("`{name}` is larger than {limit} bytes")]
    TooLarge {
        /// The file's name, printable.
        name: String,
        /// The limit, in bytes.
        limit: usize,
    },
    /// A camera cannot be used.
    #[error("the camera `{name}` cannot be used: {source}")]
    Camera {
        /// Which one, printable.
        name: String,
        /// What the system said.
        source: io::Error,
    },
    /// The terminal is gone, or there is none.
    #[error("no terminal to ask at")]
    NoTerminal,
    /// The person ended the input (Ctrl-D, Ctrl-C).
    #[error("input ended")]
    InputEnded,
    /// The person left, and was asked whether to stop.
    #[error("a person stopped it; nothing was done")]
    Stopped,
    /// Nobody answered.
    #[error("nobody answered for {} minutes; what was open is closed", limits::IDLE_SECONDS / 60)]
    Idle,
    /// More was typed than fits.
    #[error("the line is longer than {0} bytes")]
    LineTooLong(usize),
    /// What was typed is not UTF-8.
    #[error("the line is not UTF-8 text")]
    NotText,
    /// The kernel gave no random bytes.
    #[error("no random bytes from the kernel")]
    NoRandomness,
    /// Memory for a secret could not be had or guarded.
    #[error(transparent)]
    Memory(#[from] crate::sys::MemoryError),
}

/// A folder of small files, with durability as a step of its own: what was not synced may be lost, names too.
pub trait Store {
    /// The file's bytes, or `None` where there is no such file.
    ///
    /// # Errors
    /// Anything but "not found"; more than `limit` bytes.
    fn read(&self, name: &str, limit: usize) -> Result<Option<Vec<u8>>, DeviceError>;
    /// Creates or replaces the file. A private file is for its owner alone, where the file system keeps modes.
    ///
    /// # Errors
    /// The device's.
    fn write(&mut self, name: &str, bytes: &[u8], privacy: Privacy) -> Result<(), DeviceError>;
    /// Adds to the end of an existing file.
    ///
    /// # Errors
    /// The device's; no such file.
    fn append(&mut self, name: &str, bytes: &[u8]) -> Result<(), DeviceError>;
    /// Shortens the file to its first `length` bytes.
    ///
    /// # Errors
    /// The device's.
    fn truncate(&mut self, name: &str, length: u64) -> Result<(), DeviceError>;
    /// Removes the file.
    ///
    /// # Errors
    /// The device's.
    fn remove(&mut self, name: &str) -> Result<(), DeviceError>;
    /// Makes the file's bytes durable.
    ///
    /// # Errors
    /// The device's.
    fn sync(&mut self, name: &str) -> Result<(), DeviceError>;
    /// Makes the folder's names durable.
    ///
    /// # Errors
    /// The device's.
    fn sync_names(&mut self) -> Result<(), DeviceError>;
    /// The names of all files, sorted.
    ///
    /// # Errors
    /// The device's.
    fn names(&self) -> Result<Vec<String>, DeviceError>;
    /// Where the file is, for people: its whole path, where it has one, printable.
    fn place(&self, name: &str) -> String {
        text::printable(name)
    }
    /// Whether others than its owner may read the file (`None` where the file system keeps no modes).
    ///
    /// # Errors
    /// The device's.
    fn readable_by_others(&self, name: &str) -> Result<Option<bool>, DeviceError>;
}

/// Who may read a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Privacy {
    /// Anyone.
    Public,
    /// Its owner alone.
    Private,
}

/// Where people read.
pub trait Screen {
    /// A line of talk.
    ///
    /// # Errors
    /// The terminal is gone.
    fn say(&mut self, line: &str) -> Result<(), DeviceError>;
    /// Lines that stand right above the questions from now on, under whatever was said before: said once more where
    /// anything else was said or shown since.
    ///
    /// # Errors
    /// The terminal is gone.
    fn stands(&mut self, lines: &[String]) -> Result<(), DeviceError> {
        lines.iter().try_for_each(|line| self.say(line))
    }
    /// A page that a person must see to its end before the ceremony goes on.
    ///
    /// # Errors
    /// The terminal is gone.
    fn page(&mut self, title: &str, lines: &[String]) -> Result<(), DeviceError>;
    /// The room that a page has now: people change the size of their windows.
    fn room(&self) -> Room {
        Room::CONSOLE
    }
    /// A page of several: the person goes on, or back where that is offered.
    ///
    /// # Errors
    /// The terminal is gone.
    fn turn(&mut self, title: &str, lines: &[String], _back: Back) -> Result<Turn, DeviceError> {
        self.page(title, lines).map(|()| Turn::On)
    }
    /// Something secret that people write down: shown, then taken off the screen.
    ///
    /// # Errors
    /// The terminal is gone.
    fn secret(&mut self, title: &str, text: &Secret) -> Result<(), DeviceError>;
    /// Takes what was typed and said off the screen, where there is one.
    ///
    /// # Errors
    /// The terminal is gone.
    fn clear(&mut self) -> Result<(), DeviceError> {
        Ok(())
    }
    /// Long work: what is going on, or `None` when it is over.
    fn working(&mut self, what: Option<&str>);
    /// The same where something is known of how much it is.
    fn working_on(&mut self, what: &str, _effort: &Effort) {
        self.working(Some(what));
    }
    /// Where the ceremony is from now on.
    fn step(&mut self, _step: Step) {}
    /// Whether what is shown from now on tells of tampering: such pages have a form of their own, where there are forms.
    fn grave(&mut self, _grave: bool) {}
}

/// Whether there is a page before this one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Back {
    /// There is.
    Offered,
    /// It is the first.
    None,
}

/// What a person does at the end of a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// To the next page, or on with what comes after the last.
    On,
    /// To the page before.
    Back,
    /// The window has another size: the page again.
    Again,
}

/// Where people answer.
pub trait Keyboard {
    /// A line, seen while it is typed.
    ///
    /// # Errors
    /// The terminal is gone, or the input ended.
    fn line(&mut self, prompt: &str) -> Result<String, DeviceError>;
    /// Drops what was typed before now: a key that was pressed twice is no answer to the next question.
    ///
    /// # Errors
    /// The terminal is gone.
    fn forget(&mut self) -> Result<(), DeviceError> {
        Ok(())
    }
    /// A line, unseen, straight into locked memory.
    ///
    /// # Errors
    /// The terminal is gone, or the input ended.
    fn secret(&mut self, prompt: &str) -> Result<Secret, DeviceError>;
}

/// Random bytes from the kernel.
pub trait Random {
    /// Fills `out`.
    ///
    /// # Errors
    /// [`DeviceError::NoRandomness`].
    fn fill(&mut self, out: &mut [u8]) -> Result<(), DeviceError>;
    /// Writes `bytes` into the kernel's pool and tells it to reseed, so that draws of others (age's) profit.
    ///
    /// # Errors
    /// The pool cannot be written at all.
    fn stir(&mut self, bytes: &[u8]) -> Result<Stirred, DeviceError>;
}

/// What became of bytes that were written into the kernel's pool.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stirred {
    /// Written, and the kernel reseeded from them at once.
    Reseeded,
    /// Written; without the privilege the kernel uses them at its next reseeding only.
    WrittenOnly,
}
