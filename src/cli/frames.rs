//! Codes in pictures and films: files of a folder, frames of a file, texts that a scanner typed.

use std::{
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
};

use super::{carry::missing, exit::Failure, output::read_input};
use crate::{
    device::{Folder, complain, open_file, read_file},
    limits,
    picture::{Grey, Video},
    port::Store,
    qr::{self, Eye, Payload, Receiver, Refusal, Seen, Step, Wanted},
    secret::Mnemonic,
    sys::Secret,
    text::{count, printable},
};

/// Ends of names of pictures.
const PICTURES: [&str; 3] = ["png", "jpg", "jpeg"];

/// The names of the pictures in a folder, sorted.
fn names(folder: &Path) -> Result<Vec<String>, Failure> {
    let named = printable(&folder.to_string_lossy());
    if !folder.is_dir() {
        return Err(Failure::input(format!("--frames {named}: there is no such folder")));
    }
    let is_picture = |name: &String| {
        let end = name.rsplit_once('.').map(|(_, end)| end.to_ascii_lowercase());
        end.is_some_and(|end| PICTURES.contains(&end.as_str()))
    };
    let names: Vec<String> = Folder::at(folder).names()?.into_iter().filter(is_picture).collect();
    if names.is_empty() || names.len() > limits::QR_PICTURES {
        let (most, found) = (limits::QR_PICTURES, names.len());
        return Err(Failure::input(format!("--frames {named}: {found} PNG or JPEG pictures; 1 to {most} are read")));
    }
    Ok(names)
}

/// What the eye sees in a file.
fn look(eye: &mut Eye, path: &Path) -> Result<Vec<Seen>, String> {
    let bytes = read_file(path, limits::PICTURE_BYTES).map_err(|error| error.to_string())?;
    let picture = Grey::read(&bytes).map_err(|error| error.to_string())?;
    let seen = eye.see(&picture);
    if seen.is_empty() { Err(qr::ReadError::NoCode.to_string()) } else { Ok(seen) }
}

fn texts(seen: &[Seen]) -> Result<Vec<String>, String> {
    let texts: Vec<String> = seen.iter().filter_map(Seen::text).collect();
    if texts.is_empty() && !seen.is_empty() { Err(qr::ReadError::NoText.to_string()) } else { Ok(texts) }
}

/// The payload of the pictures in a folder, PNG and JPEG, in the order of their names.
pub(super) fn pictures(folder: &Path, wanted: Wanted) -> Result<Payload, Failure> {
    let mut eye = Eye::patient();
    let all = names(folder)?.into_iter().map(|name| {
        let texts = look(&mut eye, &folder.join(&name)).and_then(|seen| texts(&seen));
        (printable(&name), texts)
    });
    scanned(all, "picture", wanted, Until::End)
}

/// The payload of a film (Y4M), or of one that comes by standard input where the path is `-`.
pub(super) fn film(path: &Path, wanted: Wanted) -> Result<Payload, Failure> {
    let named = printable(&path.to_string_lossy());
    let from: Box<dyn BufRead> = if path.as_os_str() == "-" {
        Box::new(std::io::stdin().lock())
    } else {
        Box::new(BufReader::new(open_file(path)?))
    };
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
            Err(error) => Err(error.to_string()),
        };
        Some((format!("frame {number}"), texts))
    });
    scanned(frames, "frame", wanted, Until::Whole)
}

/// The payload of texts as a scanner types them, one a line.
pub(super) fn lines(path: &Path, wanted: Wanted) -> Result<Payload, Failure> {
    let file = read_input(path, limits::PSBT_TEXT_BYTES)?;
    let text = String::from_utf8(file).map_err(|_| Failure::input("the scanned text is no UTF-8"))?;
    let lines = (1usize..).zip(text.lines()).filter(|(_, line)| !line.trim_ascii_end().is_empty());
    let lines = lines.map(|(number, line)| (format!("line {number}"), Ok(vec![line.trim_ascii_end().to_owned()])));
    scanned(lines, "line", wanted, Until::End)
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
    texts: impl Iterator<Item = (String, Result<Vec<String>, String>)>,
    noun: &str,
    wanted: Wanted,
    until: Until,
) -> Result<Payload, Failure> {
    let mut receiver = Receiver::new(wanted);
    let (mut seen, mut useless) = (0usize, 0usize);
    let mut useless_one = |name: &str, error: &str| {
        useless = useless.saturating_add(1);
        if useless <= NOTES {
            complain(&format!("{name}: {error}"));
        }
    };
    'all: for (name, texts) in texts {
        seen = seen.saturating_add(1);
        let texts = texts.unwrap_or_else(|error| {
            useless_one(&name, &error);
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
        complain(&format!("and {} more", useless.saturating_sub(NOTES)));
    }
    let Some((_, of)) = receiver.progress() else {
        return Err(Failure::input(format!("nothing of {} could be used", count(seen, noun))));
    };
    let missing_words = missing(&receiver);
    let only = qr::listed(&receiver.missing()).replace(", ", ",");
    let payload = receiver.into_payload().ok_or_else(|| {
        Failure::input(missing_words).remedy(format!("add these, or let the sender show only them (--only {only})"))
    })?;
    complain(&format!("Read {} of {} bytes in {}.", payload.kind.name(), payload.bytes.len(), count(of, "part")));
    Ok(payload)
}

/// The one seed that the pictures in a folder show, as the code has it: a SeedQR of either form, or words. What is no
/// seed is named by its picture and left out.
pub(super) fn seed(folder: &Path) -> Result<Secret, Failure> {
    const ONE: &str = "one picture of one SeedQR is enough";
    let mut eye = Eye::patient();
    let mut found: Option<Secret> = None;
    for name in names(folder)? {
        let path: PathBuf = folder.join(&name);
        let named = printable(&name);
        let seen = match look(&mut eye, &path) {
            Ok(seen) => seen,
            Err(error) => {
                complain(&format!("{named}: {error}"));
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
                Err(error) => complain(&format!("{named}: no seed: {error}")),
            }
        }
    }
    found.ok_or_else(|| Failure::input("no picture shows a seed").remedy(ONE))
}
