//! The second eye: another finder, on a thread of its own, for pictures in which the first found nothing.
//!
//! It is ten times as slow, and now and then finds what the first does not. Its work grows with the cube of what looks
//! like a corner, so a picture that was made for it keeps it busy for hours. It takes a picture when it has none; what it
//! finds in a film comes with a later picture, and on a single one nobody waits for it for long, or when they leave.

use std::{
    sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel},
    thread::Builder,
    time::Duration,
};

use super::{Found, Place, halved};
use crate::{limits, picture::Grey};

/// The texts of a picture, here and now.
pub(super) fn find(picture: &Grey) -> Vec<Found> {
    if picture.pixels().len() > limits::QR_SECOND_PIXELS {
        // A photograph: four pixels for one is enough.
        let halved = halved(picture).map(|picture| find(&picture)).unwrap_or_default();
        return halved.into_iter().map(|found| found.grown(2)).collect();
    }
    let grey = |x: usize, y: usize| picture.at(x, y);
    let mut image = rqrr::PreparedImage::prepare_from_greyscale(picture.width(), picture.height(), grey);
    let grids = image.detect_grids();
    let decoded = grids.iter().take(limits::QR_CODES).filter_map(|grid| {
        let mut bytes = Vec::new();
        grid.decode_to(&mut bytes).ok()?;
        let place = Place::around(grid.bounds.iter().map(|point| (f32_of(point.x), f32_of(point.y))));
        Some(Found { bytes, place })
    });
    decoded.collect()
}

#[allow(clippy::cast_precision_loss, reason = "sides of pictures are below 2^16")]
const fn f32_of(place: i32) -> f32 {
    place as f32
}

/// The thread, and the ways to it and back. It ends when it has done what it does and nobody is left to give it more.
pub(super) struct Second {
    to: SyncSender<Grey>,
    from: Receiver<Vec<Found>>,
    /// An answer is still to come for which nobody waits any more.
    pub(super) owes: bool,
}

impl Second {
    /// Starts it. Where the system gives no thread there is none, and nothing is found.
    pub(super) fn start() -> Self {
        // None waits before it: it gets the picture of now.
        let (to, pictures) = sync_channel::<Grey>(0);
        let (found, from): (Sender<Vec<Found>>, _) = channel();
        let work = move || {
            for picture in pictures {
                if found.send(find(&picture)).is_err() {
                    break;
                }
            }
        };
        let _without = Builder::new().name("second eye".to_owned()).spawn(work);
        Self { to, from, owes: false }
    }

    /// Gives it a picture, unless it is busy.
    pub(super) fn offer(&self, picture: &Grey) {
        // A rendezvous: what is not taken at once comes back, and is dropped.
        let _busy = self.to.try_send(picture.clone());
    }

    /// What it found since it was asked last.
    pub(super) fn found(&self) -> Vec<Found> {
        self.from.try_iter().flatten().collect()
    }

    /// What it finds in this picture within the time that a picture is worth.
    pub(super) fn ask(&mut self, picture: &Grey) -> Vec<Found> {
        if self.owes && self.from.try_recv().is_err() {
            return Vec::new();
        }
        self.owes = false;
        if self.to.send(picture.clone()).is_err() {
            return Vec::new();
        }
        let found = self.from.recv_timeout(Duration::from_secs(limits::QR_SECOND_SECONDS));
        self.owes = found.is_err();
        found.unwrap_or_default()
    }
}
