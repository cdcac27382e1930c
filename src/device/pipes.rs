//! What the program and the appliance's first process, which mounts the sticks, say to each other through two pipes. Both sides
//! take the words from here.

use std::fmt;

/// Where the first process has its pipes: [`ASK`], a request a line, and [`ANSWER`].
pub const KEEPER: &str = "/run/keeper";
/// Where the sticks are mounted, each in a folder of its name.
pub const MEDIA: &str = "/media";
/// The pipe for requests.
pub const ASK: &str = "ask";
/// The pipe for answers: lines, and at the end whether it was done.
pub const ANSWER: &str = "answer";

/// How the sentence ends that refuses to write to a stick which is locked.
pub const LOCKED: &str = "is write-protected";
/// How the sentence ends about a stick that is not there.
pub const ABSENT: &str = "is not plugged in";
/// What refuses that which is no request.
pub const NO_REQUEST: &str = "no such request";

/// What a stick without a label is called.
pub const UNLABELLED: &str = "stick";

const LIST: &str = "list";
const PLUGS: &str = "plugs";
const BOOT: &str = "boot";
const SETTLED: &str = "settled";
const SHUT_OUT: &str = "shut-out";
const WRITE: &str = "write";
const KEEP: &str = "keep";
const LEAVE: &str = "leave";

const DONE: &str = "ok";
const REFUSED: &str = "no ";

const READABLE: &str = "readable";
const WRITABLE: &str = "writable";
const LEFT: &str = "left";

/// A request of the program, with a stick's name where it is about one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Request<'a> {
    /// All sticks: a [`Stick`] a line.
    List,
    /// What else is plugged in: a sentence a line.
    Plugs,
    /// The media that look like the one that the machine was started from: a line for each.
    Boot,
    /// People have seen what is plugged in, and go on: no keyboard is to be opened any more.
    Settled,
    /// What came after that and was not opened: a sentence a line.
    ShutOut,
    /// Make it writable.
    Write(&'a str),
    /// Everything that was written is to be on it; it is to be read only.
    Keep(&'a str),
    /// The same, and it is to be removed.
    Leave(&'a str),
}

impl<'a> Request<'a> {
    /// The request that a line is.
    #[must_use]
    pub fn read(line: &'a str) -> Option<Self> {
        Some(match line.split_once(' ') {
            None => match line {
                LIST => Self::List,
                PLUGS => Self::Plugs,
                BOOT => Self::Boot,
                SETTLED => Self::Settled,
                SHUT_OUT => Self::ShutOut,
                _ => return None,
            },
            Some((WRITE, name)) => Self::Write(name),
            Some((KEEP, name)) => Self::Keep(name),
            Some((LEAVE, name)) => Self::Leave(name),
            Some(_) => return None,
        })
    }

    /// The stick that it is about.
    #[must_use]
    pub const fn stick(self) -> Option<&'a str> {
        match self {
            Self::List | Self::Plugs | Self::Boot | Self::Settled | Self::ShutOut => None,
            Self::Write(name) | Self::Keep(name) | Self::Leave(name) => Some(name),
        }
    }
}

impl fmt::Display for Request<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::List => out.write_str(LIST),
            Self::Plugs => out.write_str(PLUGS),
            Self::Boot => out.write_str(BOOT),
            Self::Settled => out.write_str(SETTLED),
            Self::ShutOut => out.write_str(SHUT_OUT),
            Self::Write(name) => write!(out, "{WRITE} {name}"),
            Self::Keep(name) => write!(out, "{KEEP} {name}"),
            Self::Leave(name) => write!(out, "{LEAVE} {name}"),
        }
    }
}

/// An answer as it goes through the pipe: the lines, or the sentence that refuses.
#[must_use]
pub fn answer(answer: &Result<Vec<String>, String>) -> String {
    match answer {
        Ok(lines) => lines.iter().map(String::as_str).chain([DONE]).map(|line| format!("{line}\n")).collect(),
        Err(sentence) => format!("{REFUSED}{sentence}\n"),
    }
}

/// Whether a line of an answer is its end, and the sentence where it refuses.
pub(super) fn end(line: &str) -> Option<Result<(), &str>> {
    if line == DONE { Some(Ok(())) } else { line.strip_prefix(REFUSED).map(Err) }
}

/// A stick that is plugged in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stick {
    /// What it is called here, and what the folder with its files is called.
    pub name: String,
    /// Its file system.
    pub kind: String,
    /// How large it is.
    pub bytes: u64,
    /// How it stands.
    pub state: StickState,
    /// What its maker calls it.
    pub model: String,
}

/// How a stick stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StickState {
    /// Mounted: its files can be read.
    Readable,
    /// Mounted, for a write that goes on.
    Writable,
    /// Unmounted: it may be removed.
    Left,
    /// It cannot be used, and why.
    Broken(String),
}

impl fmt::Display for StickState {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Readable => READABLE,
            Self::Writable => WRITABLE,
            Self::Left => LEFT,
            Self::Broken(why) => why,
        })
    }
}

impl From<&str> for StickState {
    fn from(text: &str) -> Self {
        match text {
            READABLE => Self::Readable,
            WRITABLE => Self::Writable,
            LEFT => Self::Left,
            why => Self::Broken(why.to_owned()),
        }
    }
}

/// A line of the list.
impl fmt::Display for Stick {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, kind, bytes, state, model } = self;
        write!(out, "{name}\t{kind}\t{bytes}\t{state}\t{model}")
    }
}

impl Stick {
    /// The stick that a line of the list tells.
    pub(super) fn read(line: &str) -> Option<Self> {
        let mut fields = line.split('\t');
        let mut next = || fields.next();
        let (name, kind, bytes) = (next()?.to_owned(), next()?.to_owned(), next()?.parse().ok()?);
        Some(Self { name, kind, bytes, state: next()?.into(), model: next()?.to_owned() })
    }
}

/// What a stick is called that is the first, second or later one of this label.
#[must_use]
pub fn numbered(label: &str, number: u64) -> String {
    if number < 2 { label.to_owned() } else { format!("{label}-{number}") }
}

/// The label of a stick of this name, whichever number it got; `None` where it has none.
#[must_use]
pub fn label_of(name: &str) -> Option<&str> {
    let number = |end: &str| !end.is_empty() && end.bytes().all(|byte| byte.is_ascii_digit());
    let label = name.rsplit_once('-').filter(|(_, end)| number(end)).map_or(name, |(label, _)| label);
    (!label.is_empty() && label != UNLABELLED).then_some(label)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_read_as_they_are_written() {
        let named = [Request::Write("a"), Request::Keep("a-2"), Request::Leave("../a b"), Request::Leave("")];
        let alone = [Request::List, Request::Plugs, Request::Boot, Request::Settled, Request::ShutOut];
        for request in alone.into_iter().chain(named) {
            assert_eq!(Request::read(&request.to_string()), Some(request));
        }
        for wrong in ["", " ", "leave", "list vault", "lists", "format vault", " write a", "LIST", "write\ta"] {
            assert_eq!(Request::read(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn an_answer_has_one_end() {
        let lines = |answer: &str| answer.lines().map(|line| end(line).map(|end| end.is_ok())).collect::<Vec<_>>();
        assert_eq!(lines(&answer(&Ok(Vec::new()))), [Some(true)]);
        assert_eq!(lines(&answer(&Ok(vec!["okay".to_owned(), "nobody".to_owned()]))), [None, None, Some(true)]);
        assert_eq!(lines(&answer(&Err("it is gone".to_owned()))), [Some(false)]);
        assert_eq!(end("no it is gone"), Some(Err("it is gone")));
    }

    #[test]
    fn sticks_are_read_as_they_are_told() {
        let why = || StickState::Broken("cannot read bob: broken".to_owned());
        for state in [StickState::Readable, StickState::Writable, StickState::Left, why()] {
            let (name, kind, model) = ("bob".to_owned(), "ext4".to_owned(), "Maker Model".to_owned());
            let stick = Stick { name, kind, bytes: u64::MAX, state, model };
            assert_eq!(Stick::read(&stick.to_string()), Some(stick));
        }
        for line in ["", "odd line", "a\tvfat\tmany\tleft\tM", "a\tvfat\t9\tleft", "a\tvfat\t-1\tleft\tM"] {
            assert_eq!(Stick::read(line), None, "{line}");
        }
    }

    #[test]
    fn a_stick_of_the_same_label_differs_by_a_number_at_the_end() {
        for number in [1, 2, 10, u64::MAX] {
            for label in ["vault", "my-stick", "sticks", "stick-b"] {
                assert_eq!(label_of(&numbered(label, number)), Some(label));
            }
            assert_eq!(label_of(&numbered(UNLABELLED, number)), None, "no label of its own");
        }
        for label in ["vault-", "vault-b", "vault2", "bob"] {
            assert_eq!(label_of(label), Some(label));
        }
        assert_eq!(label_of(""), None);
        assert_eq!(label_of("-2"), None);
    }
}
