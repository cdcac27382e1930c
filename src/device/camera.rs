//! A camera behind the port: opened in the best of its formats, and again when it comes back.

use std::{
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use crate::{
    picture::{Grey, Packing},
    port::{self, DeviceError, Sight},
    sys::{Stream, VideoDevice},
    text::printable,
};

/// A camera that there is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Its device.
    pub path: PathBuf,
    /// The name of the model, printable.
    pub name: String,
}

/// The cameras that give pictures, in the order of their numbers.
#[must_use]
pub fn cameras() -> Vec<Found> {
    let names = std::fs::read_dir("/dev").map(|all| all.filter_map(Result::ok)).into_iter().flatten();
    let number = |name: std::ffi::OsString| name.to_str()?.strip_prefix("video")?.parse::<u32>().ok();
    let mut numbers: Vec<u32> = names.filter_map(|entry| number(entry.file_name())).collect();
    numbers.sort_unstable();
    numbers.into_iter().filter_map(|number| found(Path::new(&format!("/dev/video{number}")))).collect()
}

fn found(path: &Path) -> Option<Found> {
    let about = VideoDevice::open(path).ok()?.about().ok().filter(|about| about.gives_pictures)?;
    Some(Found { path: path.to_owned(), name: printable(&about.card) })
}

/// A way in which a camera gives pictures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Way {
    packing: Packing,
    sides: (u32, u32),
    /// Pictures a second, where it says.
    rate: Option<u32>,
}

/// The size that codes are read best in: smaller ones blur dense codes, larger ones take longer and read no more.
const BEST: (u32, u32) = (1280, 720);
/// Pictures a second that are asked for, and with which a way counts as quick.
const RATE: u32 = 30;
const QUICK: u32 = 24;

/// The better a way is, the less it is: quick ones first, of these the nearest to the best size, and not packed before
/// packed. A way that says no rate counts as quick.
fn order(way: &Way) -> (bool, u32, Option<usize>) {
    let area = |(width, height): (u32, u32)| width.saturating_mul(height);
    let slow = way.rate.is_some_and(|rate| rate < QUICK);
    (slow, area(way.sides).abs_diff(area(BEST)), Packing::ALL.iter().position(|packing| *packing == way.packing))
}

/// The ways of this camera, the best first.
fn ways(device: &VideoDevice) -> Vec<Way> {
    let mut ways = Vec::new();
    for packing in device.formats().into_iter().filter_map(Packing::of) {
        let letters = packing.letters();
        let sizes = device.sizes(letters);
        if sizes.is_empty() {
            // It lists none: it is asked for these, and takes what is near.
            ways.extend([BEST, (640, 480)].map(|sides| Way { packing, sides, rate: None }));
        }
        ways.extend(sizes.into_iter().map(|sides| Way { packing, sides, rate: device.most_a_second(letters, sides) }));
    }
    ways.sort_by_key(order);
    ways
}

/// Ways that are tried before a camera is given up.
const TRIES: usize = 6;

/// Starts a camera in the best way that it takes.
fn start(path: &Path) -> Result<(Stream, Packing), DeviceError> {
    let failed = |source| DeviceError::Camera { name: printable(&path.to_string_lossy()), source };
    let device = VideoDevice::open(path).map_err(failed)?;
    let mut refused = std::io::Error::other("it gives no pictures that can be read (YUYV, NV12, MJPEG)");
    if device.about().is_ok_and(|about| about.gives_pictures) {
        for way in ways(&device).into_iter().take(TRIES) {
            let again = VideoDevice::open(path).map_err(failed)?;
            match again.start(way.packing.letters(), way.sides, RATE) {
                Ok(stream) => {
                    if let Some(packing) = Packing::of(stream.shape().format) {
                        return Ok((stream, packing));
                    }
                }
                Err(error) => refused = error,
            }
        }
    }
    Err(failed(refused))
}

/// How long a camera may give no picture before it is opened anew.
const PATIENCE: Duration = Duration::from_secs(4);
/// How long one that was pulled stays open, and no other is opened.
const LEAVING: Duration = Duration::from_secs(2);

/// A camera that was pulled. The kernel takes it away meanwhile; a close in just that moment frees one entity of the media
/// device twice, which Linux 6.1 answers with a fault (seen: `ida_free` below `v4l2_device_release`) and the appliance with
/// its end. So nothing is closed, here or by looking for others, until that is over.
struct Leaving {
    _stream: Stream,
    since: Instant,
}

impl Leaving {
    fn left(&self) -> Duration {
        LEAVING.saturating_sub(self.since.elapsed())
    }
}

impl Drop for Leaving {
    fn drop(&mut self) {
        std::thread::sleep(self.left());
    }
}

/// A camera that was chosen.
pub struct Camera {
    chosen: Found,
    streaming: Option<(Stream, Packing)>,
    leaving: Option<Leaving>,
    quiet: Duration,
}

impl Camera {
    /// Opens this camera.
    ///
    /// # Errors
    /// It is none, another program has it, or it gives no pictures that are read.
    pub fn open(chosen: Found) -> Result<Self, DeviceError> {
        let streaming = Some(start(&chosen.path)?);
        Ok(Self { chosen, streaming, leaving: None, quiet: Duration::ZERO })
    }

    /// Opens the camera of this device.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn at(path: &Path) -> Result<Self, DeviceError> {
        let name = found(path).map_or_else(|| printable(&path.to_string_lossy()), |found| found.name);
        Self::open(Found { path: path.to_owned(), name })
    }

    /// The camera after it was put in again: it may have another number then.
    fn reopen(&mut self) {
        let all = cameras();
        let same = |found: &&Found| found.name == self.chosen.name;
        let at_its_place = all.iter().find(|found| same(found) && found.path == self.chosen.path);
        let only = match all.as_slice() {
            [one] => Some(one),
            _ => None,
        };
        let Some(found) = at_its_place.or_else(|| all.iter().find(same)).or(only) else { return };
        if let Ok(streaming) = start(&found.path) {
            self.streaming = Some(streaming);
            self.chosen = found.clone();
        }
    }
}

impl port::Camera for Camera {
    fn look(&mut self, patience: Duration) -> Result<Sight, DeviceError> {
        if self.leaving.as_ref().is_some_and(|leaving| !leaving.left().is_zero()) {
            std::thread::sleep(patience);
            return Ok(Sight::Gone);
        }
        self.leaving = None;
        if self.streaming.is_none() {
            self.quiet = Duration::ZERO;
            self.reopen();
        }
        let Some((stream, packing)) = &mut self.streaming else {
            std::thread::sleep(patience);
            return Ok(Sight::Gone);
        };
        let shape = stream.shape();
        let side = |value: u32| usize::try_from(value).unwrap_or(usize::MAX);
        let sides = (side(shape.width), side(shape.height));
        match stream.newest(patience, |bytes| Grey::of_camera(*packing, sides, side(shape.stride), bytes)) {
            Ok(Some(Ok(picture))) => {
                self.quiet = Duration::ZERO;
                Ok(Sight::Picture(picture))
            }
            Ok(Some(Err(_)) | None) => {
                self.quiet = self.quiet.saturating_add(patience);
                if self.quiet > PATIENCE {
                    self.streaming = None;
                }
                Ok(Sight::Nothing)
            }
            Err(_) => {
                let gone = self.streaming.take();
                self.leaving = gone.map(|(stream, _)| Leaving { _stream: stream, since: Instant::now() });
                Ok(Sight::Gone)
            }
        }
    }

    fn about(&self) -> String {
        let Some((stream, packing)) = &self.streaming else { return self.chosen.name.clone() };
        let shape = stream.shape();
        let letters = String::from_utf8_lossy(&packing.letters()).into_owned();
        let rate = match stream.rate() {
            0 => String::new(),
            rate => format!(", {rate} a second"),
        };
        format!("{}: {} by {}, {letters}{rate}", self.chosen.name, shape.width, shape.height)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn best(ways: &[(Packing, (u32, u32), Option<u32>)]) -> (Packing, (u32, u32)) {
        let mut ways: Vec<Way> = ways.iter().map(|&(packing, sides, rate)| Way { packing, sides, rate }).collect();
        ways.sort_by_key(order);
        (ways[0].packing, ways[0].sides)
    }

    #[test]
    fn the_best_way_is_quick_then_near_720_lines_then_not_packed() {
        use Packing::{Mjpeg, Nv12, Yuyv};
        let (vga, hd, full) = ((640, 480), (1280, 720), (1920, 1080));
        // A webcam of USB 2: too slow without packing.
        let usb2 = [(Yuyv, vga, Some(30)), (Yuyv, hd, Some(10)), (Mjpeg, vga, Some(30)), (Mjpeg, hd, Some(30))];
        assert_eq!(best(&usb2), (Mjpeg, hd));
        assert_eq!(best(&[(Mjpeg, hd, Some(30)), (Yuyv, hd, Some(30)), (Yuyv, full, Some(30))]), (Yuyv, hd));
        assert_eq!(best(&[(Yuyv, hd, Some(30)), (Nv12, hd, Some(30))]), (Nv12, hd));
        assert_eq!(best(&[(Yuyv, hd, Some(10)), (Yuyv, vga, Some(30))]), (Yuyv, vga));
        assert_eq!(best(&[(Yuyv, hd, Some(10)), (Yuyv, vga, Some(5))]), (Yuyv, hd));
        assert_eq!(best(&[(Yuyv, (160, 120), Some(30)), (Yuyv, vga, None)]), (Yuyv, vga));
        assert_eq!(best(&[(Yuyv, (u32::MAX, u32::MAX), Some(30)), (Yuyv, vga, None)]), (Yuyv, vga));
    }

    #[test]
    fn what_is_no_camera_is_refused_with_its_name() {
        for (path, says) in [("/dev/null", "gives no pictures"), ("/dev/none", "No such file")] {
            let error = Camera::at(Path::new(path)).err().unwrap().to_string();
            assert!(error.contains(path) && error.contains(says), "{error}");
        }
    }
}
