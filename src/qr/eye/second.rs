//! The second eye: another finder, on a thread of its own, for pictures in which the first found nothing.
//!
//! It is ten times as slow, and now and then finds what the first does not. It takes a picture when it has none, and
//! what it found comes with a later picture: nobody waits for it.

use std::{
    sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel},
    thread::{Builder, JoinHandle},
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

/// The thread, and the ways to it and back.
pub(super) struct Second {
    to: Option<SyncSender<Grey>>,
    from: Receiver<Vec<Found>>,
    thread: Option<JoinHandle<()>>,
}

impl Second {
    /// Starts it. Where the system gives no thread there is none, and nothing is found.
    pub(super) fn start() -> Self {
        // None waits before it: it gets the picture of now.
        let (to, pictures) = sync_channel::<Grey>(0);
        let (found, from): (Sender<Vec<Found>>, _) = channel();
        let work = move || {
            for picture in pictures {
                let codes = find(&picture);
                if !codes.is_empty() && found.send(codes).is_err() {
                    break;
                }
            }
        };
        let thread = Builder::new().name("second eye".to_owned()).spawn(work).ok();
        Self { to: Some(to), from, thread }
    }

    /// Gives it a picture, unless it is busy.
    pub(super) fn offer(&self, picture: &Grey) {
        // A rendezvous: what is not taken at once comes back, and is dropped.
        if let Some(to) = &self.to {
            let _busy = to.try_send(picture.clone());
        }
    }

    /// What it found since it was asked last.
    pub(super) fn found(&self) -> Vec<Found> {
        self.from.try_iter().flatten().collect()
    }
}

impl Drop for Second {
    fn drop(&mut self) {
        self.to = None;
        if let Some(thread) = self.thread.take() {
            let _ended = thread.join();
        }
    }
}
