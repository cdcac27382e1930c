//! Codes on the person's screen, and before the machine's camera.

use super::exit::{Failure, REFUSED};
use crate::{
    exchange::{self, NotShown, Parcel, Shelf, Shown},
    port::{Camera, Stage},
    qr::{Density, Payload, Wanted},
    secret::Mnemonic,
    sys::Secret,
    text::count,
};

/// Shows a payload as codes until the person ends it. How much of it was shown.
///
/// # Errors
/// The terminal is gone, or the payload is none that can be shown.
pub fn show(screen: &mut dyn Stage, parcel: Parcel<'_>, density: Density, shelf: Shelf) -> Result<Shown, Failure> {
    exchange::show(screen, parcel, density, shelf).map_err(|error| match error {
        NotShown::Device(error) => error.into(),
        NotShown::Payload(error) => error.into(),
    })
}

/// The payload that is shown to this camera, and a sentence about it.
///
/// # Errors
/// The terminal or the camera fails, or the person stopped it.
pub fn seen_by(camera: &mut dyn Camera, screen: &mut dyn Stage, wanted: Wanted) -> Result<(Payload, String), Failure> {
    let received = exchange::receive(camera, screen, wanted);
    let (payload, parts) =
        received?.ok_or_else(|| Failure::new(REFUSED, "stopped before the message was whole; nothing is kept"))?;
    let said = format!("Read {} of {} bytes in {}.", payload.kind.name(), payload.bytes.len(), count(parts, "part"));
    Ok((payload, said))
}

/// The seed that is shown to this camera, as the code has it: a SeedQR of either form, or words.
///
/// # Errors
/// The terminal or the camera fails, or the person stopped it.
pub fn seed_seen_by(camera: &mut dyn Camera, screen: &mut dyn Stage) -> Result<Secret, Failure> {
    let mut twice = Twice::default();
    let caught = exchange::single(camera, screen, "a SeedQR", |code| twice.take(code));
    caught?.ok_or_else(|| Failure::new(REFUSED, "stopped before a seed was seen; nothing was done"))
}

/// A seed that was seen once. The compact form has no checksum: any 16 or 32 bytes are one, so that the same has to be
/// seen a second time.
#[derive(Default)]
struct Twice(Option<Secret>);

impl Twice {
    fn take(&mut self, code: &mut [u8]) -> Result<Option<Secret>, String> {
        let code = Secret::take(code).map_err(|error| error.to_string())?;
        Mnemonic::of_code(&code).map_err(|error| format!("no seed: {error}"))?;
        match self.0.replace(code) {
            Some(before) if self.0.as_ref().is_some_and(|code| code.expose() == before.expose()) => Ok(Some(before)),
            Some(_) => Err("another seed than a moment ago: show one alone".to_owned()),
            None => Ok(None),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_counts_once_it_was_seen_twice() {
        let mut twice = Twice::default();
        let mut take = |code: &[u8]| {
            let mut code = code.to_vec();
            let taken = twice.take(&mut code).map(|taken| taken.map(|taken| taken.expose().to_vec()));
            assert!(code.iter().all(|byte| *byte == 0), "the bytes stay");
            taken
        };
        let (one, two) = ([7; 16], [8; 32]);
        assert_eq!(take(&one), Ok(None));
        assert!(take(&two).unwrap_err().contains("another seed"));
        assert!(take(&one).unwrap_err().contains("another seed"));
        // What is no seed says so, and is no look at another.
        for (code, says) in [(&b"HELLO"[..], "no seed: 1 words"), (b"", "no seed: 0 words"), (&[0xff; 20], "no seed")] {
            assert!(take(code).unwrap_err().contains(says));
        }
        assert!(take("0000".repeat(12).as_bytes()).unwrap_err().contains("no seed: the checksum"));
        assert_eq!(take(&one), Ok(Some(one.to_vec())));
    }
}
