//! Codes in pictures and films: files of a folder, frames of a film, texts that a scanner typed.
//!
//! What is to be said of single pictures goes to `say`: one door has standard error for it, the other a screen.

use std::{
    io::BufRead,
    path::{Path, PathBuf},
};

use super::{carry::missing, exit::Failure};
use crate::{
    device::{Folder, read_file},
    limits,
    picture::{Grey, PictureError, Video},
    port::Store,
    qr::{self, Eye, Payload, Receiver, Refusal, Seen, Step, Wanted},
    secret::Mnemonic,
    sys::Secret,
    text::{count, printable},
};

/// Ends of names of pictures.
const PICTURES: [&str; 3] = ["png", "jpg", "jpeg"];
/// Ends of names of pictures that are not read.
const OTHERS: [&str; 8] = [".heic", ".heif", ".webp", ".avif", ".bmp", ".gif", ".tif", ".tiff"];
const JPEG: &str = "set the telephone to JPEG (\"most compatible\"), or convert the pictures to PNG or JPEG";
const SMALLER: &str = "set the telephone to 12 megapixels, or cut the pictures down to the code";
const TOGETHER: &str = "see that each picture or text is of one whole code, and all of them of one message";

/// The names of the pictures in a folder, sorted.
fn names(folder: &Path, say: &mut dyn FnMut(&str)) -> Result<Vec<String>, Failure> {
    let named = printable(&folder.to_string_lossy());
    if folder.exists() && !folder.is_dir() {
        return Err(Failure::input(format!("--frames {named}: it is a file, and no folder")).remedy(
            "name the folder that the pictures are in; a PSBT, or a text of codes, is named without --frames",
        ));
    }
    if !folder.is_dir() {
        return Err(Failure::input(format!("--frames {named}: there is no such folder")));
    }
    let is_picture = |name: &String| {
        let end = name.rsplit_once('.').map(|(_, end)| end.to_ascii_lowercase());
        end.is_some_and(|end| PICTURES.contains(&end.as_str()))
    };
    let (names, others): (Vec<String>, Vec<String>) = Folder::at(folder).names()?.into_iter().partition(is_picture);
    if !others.is_empty() {
        let is_other = |name: &String| OTHERS.iter().any(|end| name.to_ascii_lowercase().ends_with(end));
        let what = if others.iter().any(is_other) { format!(". {}", upper(JPEG)) } else { String::new() };
        say(&format!("left out, by its name no PNG or JPEG picture: {}{what}", some(&others)));
    }
    if names.is_empty() || names.len() > limits::QR_PICTURES {
        let (most, found) = (limits::QR_PICTURES, names.len());
        return Err(Failure::input(format!("--frames {named}: {found} PNG or JPEG pictures; 1 to {most} are read"))
            .remedy(if found == 0 { JPEG } else { "divide them: each message into a folder of its own" }));
    }
    Ok(names)
}

/// A sentence, by its first letter.
fn upper(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(letters).collect()
}

/// Some names, and how many there are beyond.
fn some(names: &[String]) -> String {
    let first: Vec<String> = names.iter().take(NOTES).map(|name| printable(name)).collect();
    match names.len().saturating_sub(NOTES) {
        0 => first.join(", "),
        more => format!("{} and {more} more", first.join(", ")),
    }
}

/// Why a picture, or a frame, gives nothing.
enum Blind {
    /// More than 12 megapixels, which a telephone that makes one such picture makes of all.
    Large,
    Other(String),
}

impl<E: ToString> From<E> for Blind {
    fn from(error: E) -> Self {
        Self::Other(error.to_string())
    }
}

/// Pictures that are too large, said once.
#[derive(Default)]
struct Large(Vec<String>);

impl Large {
    fn tell(&self, say: &mut dyn FnMut(&str)) {
        if !self.0.is_empty() {
            say(&format!("more than 12 megapixels, left out: {}. {}", some(&self.0), upper(SMALLER)));
        }
    }
}

/// What the eye sees in a file.
fn look(eye: &mut Eye, path: &Path) -> Result<Vec<Seen>, Blind> {
    let bytes = read_file(path, limits::PICTURE_BYTES)?;
    let blind = |error: PictureError| if error == PictureError::TooLarge { Blind::Large } else { error.into() };
    let picture = Grey::read(&bytes).map_err(blind)?;
    let seen = eye.see(&picture);
    if seen.is_empty() { Err(qr::ReadError::NoCode.into()) } else { Ok(seen) }
}

fn texts(seen: &[Seen]) -> Result<Vec<String>, Blind> {
    let texts: Vec<String> = seen.iter().filter_map(Seen::text).collect();
    if texts.is_empty() && !seen.is_empty() { Err(qr::ReadError::NoText.into()) } else { Ok(texts) }
}

/// The payload of the pictures in a folder, PNG and JPEG, in the order of their names.
///
/// # Errors
/// No such folder, no pictures, not one whole message.
pub fn pictures(folder: &Path, wanted: Wanted, say: &mut dyn FnMut(&str)) -> Result<Payload, Failure> {
    let mut eye = Eye::patient();
    let all = names(folder, say)?.into_iter().map(|name| {
        let texts = look(&mut eye, &folder.join(&name)).and_then(|seen| texts(&seen));
        (printable(&name), texts)
    });
    scanned(all, "picture", wanted, Until::End, say)
}

/// The payload of a film (Y4M), which is called `named`.
///
/// # Errors
/// No film, not one whole message.
pub fn film(
    from: Box<dyn BufRead>,
    named: &str,
    wanted: Wanted,
    say: &mut dyn FnMut(&str),
) -> Result<Payload, Failure> {
    let mut video = Video::open(from).map_err(|error| Failure::input(format!("--video {named}: {error}")))?;
    let mut eye = Eye::patient();
    let mut ended = false;
    let frames = (1usize..).map_while(|number| {
        if ended {
            return None;
        }
        let frame = video.frame();
        ended = frame.is_err();
        let texts = match frame {
            Ok(frame) => texts(&eye.see(&frame?)),
            Err(error) => Err(error.into()),
        };
        Some((format!("frame {number}"), texts))
    });
    scanned(frames, "frame", wanted, Until::Whole, say)
}

/// The payload of texts as a scanner types them, one a line.
///
/// # Errors
/// Not one whole message.
pub fn lines(file: Vec<u8>, wanted: Wanted, say: &mut dyn FnMut(&str)) -> Result<Payload, Failure> {
    let text = String::from_utf8(file).map_err(|error| {
        let psbt = error.as_bytes().starts_with(b"psbt\xff");
        Failure::input(if psbt { "it is a PSBT, and no texts of codes" } else { "the scanned text is no UTF-8" }).remedy(
            "texts of codes are lines of letters; pictures go with --frames, a film with --video, and a PSBT in a file \
             is one already",
        )
    })?;
    let lines = (1usize..).zip(text.lines()).filter(|(_, line)| !line.trim_ascii_end().is_empty());
    let lines = lines.map(|(number, line)| (format!("line {number}"), Ok(vec![line.trim_ascii_end().to_owned()])));
    scanned(lines, "line", wanted, Until::End, say)
}

/// Lines of talk about single texts; more are only counted.
const NOTES: usize = 12;

/// How much of what there is gets looked at.
#[derive(PartialEq, Eq)]
enum Until {
    /// All of it: whoever put it together may have put in too much.
    End,
    /// Until the message is whole: a film goes on showing it.
    Whole,
}

/// What was scanned may hold misread codes: these are named and left out. Where it holds parts of two messages, nothing
/// is kept: nobody is there to choose.
fn scanned(
    texts: impl Iterator<Item = (String, Result<Vec<String>, Blind>)>,
    noun: &str,
    wanted: Wanted,
    until: Until,
    say: &mut dyn FnMut(&str),
) -> Result<Payload, Failure> {
    let mut receiver = Receiver::new(wanted);
    let (mut seen, mut useless, mut large) = (0usize, 0usize, Large::default());
    let mut useless_one = |name: &str, error: &str| {
        useless = useless.saturating_add(1);
        if useless <= NOTES {
            say(&format!("{name}: {error}"));
        }
    };
    'all: for (name, texts) in texts {
        seen = seen.saturating_add(1);
        let texts = texts.unwrap_or_else(|blind| {
            match blind {
                Blind::Large => large.0.push(name.clone()),
                Blind::Other(error) => useless_one(&name, &error),
            }
            Vec::new()
        });
        for text in texts {
            match receiver.take(&text) {
                Ok(Step::Done) if until == Until::Whole => break 'all,
                Ok(Step::Part { .. } | Step::Done) => {}
                Ok(Step::Another) | Err(Refusal::Mixed { .. }) => {
                    return Err(Failure::input(format!("{name}: a part of another message than those before it"))
                        .remedy("keep only what belongs to one message, and read again"));
                }
                Err(error) => useless_one(&name, &error.to_string()),
            }
        }
    }
    if useless > NOTES {
        say(&format!("and {} more", useless.saturating_sub(NOTES)));
    }
    large.tell(say);
    let Some((_, of)) = receiver.progress() else {
        let remedy = if large.0.is_empty() { TOGETHER } else { SMALLER };
        return Err(Failure::input(format!("nothing of {} could be used", count(seen, noun))).remedy(remedy));
    };
    let missing_words = missing(&receiver);
    let only = qr::listed(&receiver.missing()).replace(", ", ",");
    let payload = receiver.into_payload().ok_or_else(|| {
        Failure::input(missing_words).remedy(format!("add these, or let the sender show only them (--only {only})"))
    })?;
    say(&format!("Read {} of {} bytes in {}.", payload.kind.name(), payload.bytes.len(), count(of, "part")));
    Ok(payload)
}

/// The one seed that the pictures in a folder show, as the code has it: a SeedQR of either form, or words. What is no
/// seed is named by its picture and left out.
///
/// # Errors
/// No seed, or two.
pub fn seed(folder: &Path, say: &mut dyn FnMut(&str)) -> Result<Secret, Failure> {
    const ONE: &str = "one picture of one SeedQR is enough";
    let mut eye = Eye::patient();
    let mut found: Option<Secret> = None;
    let (mut large, mut others) = (Large::default(), Vec::new());
    for name in names(folder, say)? {
        let path: PathBuf = folder.join(&name);
        let named = printable(&name);
        let seen = match look(&mut eye, &path) {
            Ok(seen) => seen,
            Err(Blind::Large) => {
                large.0.push(name);
                continue;
            }
            Err(Blind::Other(error)) => {
                say(&format!("{named}: {error}"));
                continue;
            }
        };
        for mut seen in seen {
            let code = Secret::take(&mut seen.bytes).map_err(crate::port::DeviceError::from)?;
            match Mnemonic::of_code(&code) {
                Ok(_) if found.as_ref().is_some_and(|found| found.expose() != code.expose()) => {
                    return Err(
                        Failure::input(format!("{named}: another seed than in the pictures before it")).remedy(ONE)
                    );
                }
                Ok(_) => found = Some(code),
                // Each part of it would be one more sentence about words.
                Err(_) if psbt_or_part(code.expose()) => others.push(name.clone()),
                Err(error) => say(&format!("{named}: no seed: {error}")),
            }
        }
    }
    large.tell(say);
    if !others.is_empty() {
        say(&format!("a PSBT or another message in UR or BBQr, and no seed: {}", some(&others)));
    }
    found.ok_or_else(|| Failure::input("no picture shows a seed").remedy(ONE))
}

/// Whether a code is of what goes in several, or a PSBT: no seed looks like it.
fn psbt_or_part(code: &[u8]) -> bool {
    qr::is_text_of_code(code) || code.starts_with(b"cHNidP") || code.starts_with(b"psbt\xff")
}
