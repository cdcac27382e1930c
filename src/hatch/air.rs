//! Codes on the person's screen, and before the machine's camera.

use super::exit::{Failure, REFUSED};
use crate::{
    exchange::{self, NotShown, Parcel, Shelf},
    port::{Camera, Stage},
    qr::{Density, Payload, Wanted},
    text::count,
};

/// Shows a payload as codes until the person ends it.
///
/// # Errors
/// The terminal is gone, or the payload is none that can be shown.
pub fn show(screen: &mut dyn Stage, parcel: Parcel<'_>, density: Density, shelf: Shelf) -> Result<(), Failure> {
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
