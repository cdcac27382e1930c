//! Whether codes can be shown, and which camera sees them.

use std::{
    io::IsTerminal,
    path::{Path, PathBuf},
};

use crate::{
    device::{Camera, Found, Terminal, WholeScreen, cameras, complain},
    exchange::{Parcel, Shelf},
    hatch::{self, DEVICE, Failure, REFUSED, seen_by},
    port::Keyboard,
    qr::{Density, Payload, Wanted},
    sys::Secret,
    text::printable,
};

/// Whether a person sits at a terminal, who sees what has the whole screen.
fn somebody_is_there() -> bool {
    std::io::stderr().is_terminal() && Terminal::open(false).is_there()
}

/// Whether codes can be shown, before anybody is asked anything. `instead` is what else can be done.
pub(super) fn can_show(instead: &str) -> Result<(), Failure> {
    if somebody_is_there() {
        return Ok(());
    }
    Err(Failure::input("codes are shown on a terminal, and there is none").remedy(instead))
}

/// Shows a payload as codes until the person ends it.
pub(super) fn show(parcel: Parcel<'_>, density: Density, shelf: Shelf) -> Result<(), Failure> {
    hatch::show(&mut WholeScreen::take()?, parcel, density, shelf).map(drop)
}

/// The camera that is meant, and the person's whole screen.
fn eyes(device: Option<&Path>) -> Result<(Camera, WholeScreen), Failure> {
    if !somebody_is_there() {
        return Err(Failure::input("--camera: there is no terminal to aim and to follow at")
            .remedy("read pictures of the codes instead: --frames"));
    }
    let camera = match device {
        Some(path) => Camera::at(&device_of(path))?,
        None => Camera::open(the_camera()?)?,
    };
    Ok((camera, WholeScreen::take()?))
}

/// The payload that is shown to a camera: the only one, or that of a device.
pub(super) fn seen(device: Option<&Path>, wanted: Wanted) -> Result<Payload, Failure> {
    let (mut camera, mut screen) = eyes(device)?;
    let received = seen_by(&mut camera, &mut screen, wanted);
    drop(screen);
    let (payload, said) = received?;
    complain(&said);
    Ok(payload)
}

/// The seed that is shown to a camera, as the code has it: a SeedQR of either form, or words.
pub(super) fn seed(device: Option<&Path>) -> Result<Secret, Failure> {
    let (mut camera, mut screen) = eyes(device)?;
    hatch::seed_seen_by(&mut camera, &mut screen)
}

/// The only camera, or the one that the person chooses.
fn the_camera() -> Result<Found, Failure> {
    let mut all = cameras();
    if all.len() > 1 {
        let mut terminal = Terminal::open(true);
        for (number, camera) in (1usize..).zip(&all) {
            complain(&format!("{number}  {}  {}", printable(&camera.path.to_string_lossy()), camera.name));
        }
        let chosen = loop {
            let typed = terminal.line(&format!("Which camera, 1 to {}? (Enter alone stops) ", all.len()))?;
            let typed = typed.trim();
            if typed.is_empty() {
                return Err(Failure::new(REFUSED, "no camera was chosen; nothing was done"));
            }
            let number = typed.parse::<usize>().ok().and_then(|number| number.checked_sub(1));
            if let Some(number) = number.filter(|number| *number < all.len()) {
                break number;
            }
        };
        return Ok(all.swap_remove(chosen));
    }
    all.pop().ok_or_else(|| {
        Failure::new(DEVICE, "there is no camera: no /dev/video… that gives pictures")
            .remedy("plug one in, or read pictures of the codes: --frames")
    })
}

/// A device as it may be typed: its path, or its number alone.
fn device_of(typed: &Path) -> PathBuf {
    let number = typed.to_str().filter(|text| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()));
    number.map_or_else(|| typed.to_owned(), |number| PathBuf::from(format!("/dev/video{number}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_is_a_path_or_a_number() {
        for (typed, path) in
            [("2", "/dev/video2"), ("/dev/video1", "/dev/video1"), ("x2", "x2"), ("", ""), ("-1", "-1")]
        {
            assert_eq!(device_of(Path::new(typed)), PathBuf::from(path), "{typed}");
        }
    }
}
