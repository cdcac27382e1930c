//! One text after the other, until a payload is whole.
//!
//! Floor 1. A text that is wrong in itself is refused and changes nothing. A text of another message is never mixed
//! in: after three of them in a row the other message is offered, and is taken only by [`Receiver::turn`].

use super::{
    bbqr::{self, BbqrError},
    payload::{self, Carrier, Content, Kind, Payload, PlainError},
    pieces::{Form, Piece, Pieces},
    ur::{self, Message, Part, Ur, UrError},
};
use crate::{limits, text::printable};

/// Why a text is refused, or what was whole is no payload.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Longer than a code can be.
    #[error("a text of {0} characters; a code has at most {most}", most = limits::QR_TEXT)]
    TooLong(usize),
    /// UR.
    #[error(transparent)]
    Ur(#[from] UrError),
    /// A UR of a type that is not read.
    #[error(
        "a UR of type `{0}`, which is not read: psbt, hdkey, output-descriptor, account-descriptor and bytes are, \
        and their names of 2020"
    )]
    UrType(String),
    /// What a UR holds.
    #[error(transparent)]
    Content(#[from] Content),
    /// BBQr.
    #[error(transparent)]
    Bbqr(#[from] BbqrError),
    /// Text that stands for itself.
    #[error(transparent)]
    Plain(#[from] PlainError),
    /// The numbers of a piece `p1of3`.
    #[error("the numbers of a piece are wrong; `p1of3` is the first of three")]
    Pieces,
    /// A message grows beyond the limit.
    #[error("the message is larger than {most} bytes", most = limits::QR_MESSAGE_BYTES)]
    TooLarge,
    /// Another kind than is asked for.
    #[error("the code holds {found}; {wanted} is asked for", found = .0.name(), wanted = .1)]
    Unwanted(Kind, &'static str),
    /// A part of another message.
    #[error("a part of another message, while {seen} of {of} parts of the first are here")]
    Mixed {
        /// Parts of the message that is being read.
        seen: usize,
        /// Of how many.
        of: usize,
    },
}

impl Refusal {
    pub(crate) const fn code(&self) -> &'static str {
        match self {
            Self::TooLong(_) => "too-long",
            Self::Ur(error) => error.code(),
            Self::UrType(_) => "ur-type",
            Self::Content(Content::Key(error)) => error.code(),
            Self::Content(Content::Cbor(_) | Content::Plain(_)) => "content",
            Self::Bbqr(error) => error.code(),
            Self::Plain(_) => "plain",
            Self::Pieces => "pieces",
            Self::TooLarge => "too-large",
            Self::Unwanted(..) => "unwanted",
            Self::Mixed { .. } => "mixed",
        }
    }
}

/// What a text was good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// A part of the message; `fresh` where it told something new.
    Part {
        /// Whether it told something new.
        fresh: bool,
    },
    /// The payload is whole (or was before, and this is a part of it).
    Done,
    /// Three texts or more in a row are of another message: it is offered.
    Another,
}

/// What is taken.
#[derive(Debug, Clone, Copy)]
pub struct Wanted {
    /// These kinds.
    pub kinds: &'static [Kind],
    /// In words: `a PSBT`.
    pub name: &'static str,
}

impl Wanted {
    /// Anything.
    pub const ANY: Self = Self { kinds: Kind::ALL, name: "anything" };
    /// A PSBT.
    pub const PSBT: Self = Self { kinds: &[Kind::Psbt], name: Kind::Psbt.name() };
}

/// Parts in a row of one other message, after which it is offered.
const IN_A_ROW: u8 = 3;

/// A message as it comes in.
enum Incoming {
    Text(String),
    Ur(Message),
    Pieces(Pieces),
}

/// A text, taken apart.
#[derive(Clone)]
enum Scrap {
    Text(String, Payload),
    Ur(Part),
    Piece(Piece),
}

impl Incoming {
    fn of(scrap: &Scrap) -> Self {
        match scrap {
            Scrap::Text(text, _) => Self::Text(text.clone()),
            Scrap::Ur(part) => Self::Ur(Message::of(part)),
            Scrap::Piece(piece) => Self::Pieces(Pieces::of(piece)),
        }
    }

    fn has(&self, scrap: &Scrap) -> bool {
        match (self, scrap) {
            (Self::Text(one), Scrap::Text(other, _)) => one == other,
            (Self::Ur(message), Scrap::Ur(part)) => message.has(part),
            (Self::Pieces(pieces), Scrap::Piece(piece)) => pieces.has(piece),
            (Self::Text(_) | Self::Ur(_) | Self::Pieces(_), _) => false,
        }
    }

    /// Whether the scrap is of this message beyond doubt. A piece without a name may be of any that it fits.
    fn names(&self, scrap: &Scrap) -> bool {
        match (self, scrap) {
            (Self::Pieces(pieces), Scrap::Piece(piece)) => pieces.knows(piece),
            (Self::Text(_) | Self::Ur(_) | Self::Pieces(_), _) => self.has(scrap),
        }
    }

    fn progress(&self) -> (usize, usize) {
        match self {
            Self::Text(_) => (1, 1),
            Self::Ur(message) => message.progress(),
            Self::Pieces(pieces) => pieces.progress(),
        }
    }

    fn missing(&self) -> Vec<usize> {
        match self {
            Self::Text(_) => Vec::new(),
            Self::Ur(message) => message.missing(),
            Self::Pieces(pieces) => pieces.missing(),
        }
    }

    /// Takes a scrap of this message. Says whether it was new, and gives the payload once it is whole.
    fn put(&mut self, scrap: Scrap) -> Result<(bool, Option<Payload>), Refusal> {
        match (self, scrap) {
            (Self::Text(_), Scrap::Text(_, payload)) => Ok((true, Some(payload))),
            (Self::Ur(message), Scrap::Ur(part)) => {
                let fresh = message.put(part)?;
                let Some(cbor) = message.whole() else { return Ok((fresh, None)) };
                Ok((fresh, Some(of_ur(message.kind(), &cbor?)?)))
            }
            (Self::Pieces(pieces), Scrap::Piece(piece)) => {
                let fresh = pieces.put(piece).ok_or(Refusal::TooLarge)?;
                let Some(joined) = pieces.whole() else { return Ok((fresh, None)) };
                Ok((fresh, Some(of_pieces(pieces.form(), joined)?)))
            }
            (Self::Text(_) | Self::Ur(_) | Self::Pieces(_), _) => Ok((false, None)),
        }
    }
}

fn of_ur(name: &str, cbor: &[u8]) -> Result<Payload, Refusal> {
    let known = Kind::of_ur(name);
    let read = payload::of_ur(name, known, cbor).ok_or_else(|| Refusal::UrType(printable(name)))?;
    let carrier = if known.is_some() && !name.starts_with("crypto-") { Carrier::UrOf2023 } else { Carrier::Ur };
    let (kind, bytes) = read?;
    Ok(Payload { kind, carrier, parts: 1, bytes })
}

fn of_pieces(form: Form, joined: Vec<u8>) -> Result<Payload, Refusal> {
    match form {
        Form::Bbqr(packing, letter) => {
            let (kind, bytes) = payload::of_file(letter, bbqr::unpack(packing, joined)?)?;
            Ok(Payload { kind, carrier: Carrier::Bbqr(packing), parts: 1, bytes })
        }
        Form::Plain => {
            let text = String::from_utf8(joined).map_err(|_| PlainError::NoText)?;
            let payload = payload::plain(&text)?;
            if payload.bytes.len() > limits::QR_MESSAGE_BYTES {
                return Err(PlainError::TooLarge.into());
            }
            Ok(Payload { carrier: Carrier::Pieces, ..payload })
        }
    }
}

/// Collects the texts of one payload.
pub struct Receiver {
    wanted: Wanted,
    current: Option<Incoming>,
    payload: Option<Payload>,
    /// Another message that is on the screen, its payload where it is whole, and how often it was seen in a row.
    other: Option<(Incoming, Option<Payload>, u8)>,
}

impl Receiver {
    /// For one payload of these kinds.
    #[must_use]
    pub const fn new(wanted: Wanted) -> Self {
        Self { wanted, current: None, payload: None, other: None }
    }

    /// Takes the text of one code.
    ///
    /// # Errors
    /// The text is wrong in itself, or a part of another message: what was read before stays. Or the whole turned
    /// out to be no payload: then what was read is dropped, and the receiver waits for a first part.
    pub fn take(&mut self, text: &str) -> Result<Step, Refusal> {
        if text.len() > limits::QR_TEXT {
            return Err(Refusal::TooLong(text.chars().count()));
        }
        self.take_file(text)
    }

    /// Takes a text that may be longer than a code: one that stands in a file.
    ///
    /// # Errors
    /// As [`Receiver::take`].
    pub fn take_file(&mut self, text: &str) -> Result<Step, Refusal> {
        let scrap = self.open(text)?;
        // What fits both messages follows the one that was seen last, unless it is of the first beyond doubt.
        let of_other = self.other.as_ref().is_some_and(|(other, ..)| other.has(&scrap));
        match &mut self.current {
            Some(current) if current.names(&scrap) || (current.has(&scrap) && !of_other) => {
                self.other = None;
                if self.payload.is_some() {
                    return Ok(Step::Done);
                }
                let put = current.put(scrap);
                let wanted = self.wanted;
                self.settle(put.and_then(|(fresh, whole)| Ok((fresh, wanted.check(whole)?))))
            }
            Some(_) => self.another(scrap),
            None => {
                let mut first = Incoming::of(&scrap);
                let put = first.put(scrap);
                self.current = Some(first);
                let wanted = self.wanted;
                self.settle(put.and_then(|(fresh, whole)| Ok((fresh, wanted.check(whole)?))))
            }
        }
    }

    fn settle(&mut self, put: Result<(bool, Option<Payload>), Refusal>) -> Result<Step, Refusal> {
        match put {
            Ok((fresh, None)) => Ok(Step::Part { fresh }),
            Ok((_, Some(payload))) => {
                self.payload = Some(payload);
                Ok(Step::Done)
            }
            // It contradicts what is here, and nothing of it was kept.
            Err(error @ Refusal::Ur(UrError::Contradiction)) => Err(error),
            Err(error) => {
                self.current = None;
                Err(error)
            }
        }
    }

    fn another(&mut self, scrap: Scrap) -> Result<Step, Refusal> {
        let (mut other, mut whole, seen) = match self.other.take() {
            Some(other) if other.0.has(&scrap) => other,
            Some(_) | None => (Incoming::of(&scrap), None, 0),
        };
        if whole.is_none() {
            whole = self.wanted.check(other.put(scrap)?.1)?;
        }
        let seen = seen.saturating_add(1);
        self.other = Some((other, whole, seen));
        if seen >= IN_A_ROW {
            return Ok(Step::Another);
        }
        let (seen, of) = self.progress().unwrap_or((0, 0));
        Err(Refusal::Mixed { seen, of })
    }

    /// Drops what was read and goes on with the other message that was offered, of which nothing is lost. `true` where
    /// it is whole already. Does nothing where none was seen.
    pub fn turn(&mut self) -> bool {
        if let Some((other, whole, _)) = self.other.take() {
            self.current = Some(other);
            self.payload = whole;
        }
        self.payload.is_some()
    }

    /// Parts of the message so far and how many it needs; `None` before the first.
    #[must_use]
    pub fn progress(&self) -> Option<(usize, usize)> {
        self.current.as_ref().map(Incoming::progress)
    }

    /// The numbers of the fewest parts that complete the message.
    #[must_use]
    pub fn missing(&self) -> Vec<usize> {
        self.current.as_ref().map(Incoming::missing).unwrap_or_default()
    }

    /// The payload, once it is whole.
    #[must_use]
    pub const fn payload(&self) -> Option<&Payload> {
        self.payload.as_ref()
    }

    /// The payload, once it is whole.
    #[must_use]
    pub fn into_payload(self) -> Option<Payload> {
        let parts = self.progress().map_or(1, |(_, of)| of);
        self.payload.map(|payload| Payload { parts, ..payload })
    }

    /// Takes a text apart; what can be told of its kind already is held against what is wanted.
    fn open(&self, text: &str) -> Result<Scrap, Refusal> {
        if ur::is_ur(text) {
            return match ur::open(text)? {
                Ur::Whole { kind, cbor } => Ok(Scrap::Text(text.to_ascii_lowercase(), of_ur(&kind, &cbor)?)),
                Ur::Part(part) => {
                    match Kind::of_ur(&part.kind) {
                        Some(kind) => self.wanted.takes(kind)?,
                        None if part.kind == "bytes" => {}
                        None => return Err(Refusal::UrType(printable(&part.kind))),
                    }
                    Ok(Scrap::Ur(part))
                }
            };
        }
        if bbqr::is_bbqr(text) {
            return Ok(Scrap::Piece(bbqr::open(text)?));
        }
        if let Some(piece) = piece(text) {
            return Ok(Scrap::Piece(piece?));
        }
        let payload = payload::plain(text)?;
        Ok(Scrap::Text(text.to_owned(), payload))
    }
}

impl Wanted {
    fn takes(self, kind: Kind) -> Result<(), Refusal> {
        if self.kinds.contains(&kind) { Ok(()) } else { Err(Refusal::Unwanted(kind, self.name)) }
    }

    fn check(self, payload: Option<Payload>) -> Result<Option<Payload>, Refusal> {
        payload.as_ref().map_or(Ok(()), |payload| self.takes(payload.kind))?;
        Ok(payload)
    }
}

/// Whether a file begins as the text of a code does that is no PSBT's own encoding: UR, BBQr, or a piece `p1of3`.
#[must_use]
pub fn is_text_of_code(file: &[u8]) -> bool {
    let start = file.get(..file.len().min(16)).unwrap_or_default();
    let start = String::from_utf8_lossy(start);
    ur::is_ur(&start) || bbqr::is_bbqr(&start) || piece(&start).is_some()
}

/// Most pieces of the form `p1of3`: three digits.
const PIECES: usize = 999;

/// A piece `p1of3 …`; `None` for a text that does not begin like one.
fn piece(text: &str) -> Option<Result<Piece, Refusal>> {
    let (head, body) = text.strip_prefix('p')?.split_once(' ')?;
    let (number, count) = head.split_once("of")?;
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(number) || !digits(count) {
        return None;
    }
    let value = |text: &str| text.parse::<usize>().ok().filter(|n| (1..=PIECES).contains(n) && !text.starts_with('0'));
    let place = value(number).zip(value(count)).filter(|(number, count)| number <= count && !body.is_empty());
    let piece = place.map(|(number, count)| Piece {
        form: Form::Plain,
        place: number.saturating_sub(1),
        count,
        data: body.as_bytes().to_vec(),
    });
    Some(piece.ok_or(Refusal::Pieces))
}

#[cfg(test)]
mod tests;
