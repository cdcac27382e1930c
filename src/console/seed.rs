//! Where the seed of a new vault comes from, and how shares are sealed otherwise than by passphrases.
//!
//! Floor 6.

use std::path::Path;

use super::{board::Entry, carry, face::Face, files};
use crate::{
    ceremony::{Custody, Origin},
    device::read_file,
    hatch::{self, Failure},
    limits,
    port::DeviceError,
    sys::Secret,
    text::Name,
    vault::{Recipient, SealedError},
};

/// What was chosen; codes are looked at when all else is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Source {
    New(u8),
    Typed,
    Camera,
    Pictures,
}

impl Source {
    pub(super) const fn is_new(self) -> bool {
        matches!(self, Self::New(_))
    }
}

pub(super) fn source(face: &Face, earlier: Option<Source>) -> Result<Option<Source>, DeviceError> {
    let all = [
        (Source::New(24), "A new seed", "24 words that nobody sees, from your throws and the machine's bytes"),
        (Source::New(12), "A new seed of 12", "12 words"),
        (Source::Typed, "An old mnemonic", "12 to 24 words, or the digits of a SeedQR, typed unseen"),
        (Source::Camera, "A SeedQR", "before a camera"),
        (Source::Pictures, "A SeedQR's picture", "a folder with a PNG or JPEG picture of it"),
    ];
    let entries: Vec<Entry> = all.iter().map(|(_, name, about)| Entry::new(*name, *about)).collect();
    let at = all.iter().position(|(source, ..)| Some(*source) == earlier).unwrap_or(0);
    let chosen = face.choose("where does the seed come from?", &[], &entries, at)?;
    Ok(chosen.and_then(|chosen| all.get(chosen)).map(|(source, ..)| *source))
}

/// The seed itself, as far as it is known before the ceremony; `None` where the code could not be had.
pub(super) fn origin(face: &Face, source: Source, folder: &Path) -> Result<Option<Origin>, DeviceError> {
    let code = match source {
        Source::New(words) => return Ok(Some(Origin::New(words))),
        Source::Typed => return Ok(Some(Origin::Asked)),
        Source::Camera => before_a_camera(face)?,
        Source::Pictures => match carry::pictures(face, folder)? {
            None => None,
            Some(path) => face.shown(carry::looked(face, "looking for a seed", |say| hatch::seed(&path, say)))?,
        },
    };
    Ok(code.map(|code| Origin::Scanned { code, passphrase: None }))
}

fn before_a_camera(face: &Face) -> Result<Option<Secret>, DeviceError> {
    let Some(mut camera) = carry::camera(face, "plug one in, or type the words or the digits of the SeedQR")? else {
        return Ok(None);
    };
    let seen = face.lend(|screen| hatch::seed_seen_by(&mut camera, screen))?;
    face.shown(seen)
}

/// How each share is sealed; `None` where the person goes back.
pub(super) fn custody(face: &Face, names: &[Name], folder: &Path) -> Result<Option<Vec<(Name, Custody)>>, DeviceError> {
    let entries = [
        Entry::new("Passphrases", "each custodian's own: seven words of the machine, or a sentence"),
        Entry::new("age for some", "who has an age identity, which opens the share instead"),
    ];
    'again: loop {
        let Some(chosen) = face.choose("what opens the shares?", &[], &entries, 0)? else { return Ok(None) };
        let mut all = Vec::new();
        for name in names {
            let custody = if chosen == 0 { Some(Custody::Asked) } else { one(face, name, folder)? };
            let Some(custody) = custody else { continue 'again };
            all.push((name.clone(), custody));
        }
        return Ok(Some(all));
    }
}

fn one(face: &Face, name: &Name, folder: &Path) -> Result<Option<Custody>, DeviceError> {
    let entries = [
        Entry::new("A passphrase", "set in the ceremony"),
        Entry::new("A recipient's file", "its first line that begins with age1"),
        Entry::new("A recipient, typed", "age1 and what follows"),
    ];
    let heading = format!("what opens the share of {name}?");
    let read = |typed: &str| {
        let plain: String = typed.split_whitespace().collect();
        plain.parse::<Recipient>().map_err(|error| error.to_string())
    };
    let mut at = 0;
    loop {
        let Some(chosen) = face.choose(&heading, &[], &entries, at)? else { return Ok(None) };
        at = chosen;
        let recipient = match chosen {
            0 => return Ok(Some(Custody::Asked)),
            1 => match files::file(face, &format!("which file has the recipient of {name}?"), folder, |_| true)? {
                None => None,
                Some(path) => face.shown(recipient_in(read_file(&path, limits::TYPED_BYTES)))?,
            },
            _ => face.value(&["Blanks between its letters do not matter."], "the recipient:", read)?,
        };
        if let Some(recipient) = recipient {
            return Ok(Some(Custody::Recipient(recipient)));
        }
    }
}

/// The recipient of a file as age tools write it; notes before it are left out.
fn recipient_in(file: Result<Vec<u8>, DeviceError>) -> Result<Recipient, Failure> {
    let text = String::from_utf8(file?).map_err(|_| Failure::input("the file is no text"))?;
    let line = text.lines().map(str::trim).find(|line| line.starts_with("age1")).unwrap_or_default();
    line.parse().map_err(|error: SealedError| Failure::input(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const RECIPIENT: &str = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p";

    #[test]
    fn a_recipient_is_the_first_line_of_its_kind() {
        let read = |text: &str| recipient_in(Ok(text.into())).map(|recipient| recipient.to_string());
        for text in [RECIPIENT.to_owned(), format!("# of alice\n\n {RECIPIENT}\t\r\nage1other\n")] {
            assert_eq!(read(&text).unwrap(), RECIPIENT);
        }
        let other = RECIPIENT.replace("ql3z", "ql3y");
        for bad in ["", "age1", &other, &format!("age1 {RECIPIENT}"), &format!("x{RECIPIENT}")] {
            assert!(read(bad).is_err(), "{bad}");
        }
        assert!(recipient_in(Ok(vec![0xff, 0xfe])).is_err());
    }
}
