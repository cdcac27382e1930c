//! Video4Linux, as far as a camera that gives pictures needs it: what it can do, one stream, buffers shared with it.
//!
//! Floor 0. Which camera and which of its formats is taken is not decided here. What the driver answers is held
//! against what was mapped before a byte of it is read.

use std::{
    fs::{File, OpenOptions},
    io,
    os::{
        fd::{AsFd, AsRawFd},
        unix::fs::OpenOptionsExt,
    },
    path::Path,
    ptr::NonNull,
    time::Duration,
};

use super::terminal::wait_for_input;

/// `struct v4l2_capability` of linux/videodev2.h, and so on below.
#[repr(C)]
struct Capability {
    driver: [u8; 16],
    card: [u8; 32],
    bus: [u8; 32],
    version: u32,
    capabilities: u32,
    device_caps: u32,
    reserved: [u32; 3],
}

#[repr(C)]
struct FormatDescription {
    index: u32,
    kind: u32,
    flags: u32,
    description: [u8; 32],
    pixel_format: u32,
    bus_code: u32,
    reserved: [u32; 3],
}

#[repr(C)]
struct FrameSize {
    index: u32,
    pixel_format: u32,
    kind: u32,
    /// Width and height, or least, most and step of both.
    sides: [u32; 6],
    reserved: [u32; 2],
}

#[repr(C)]
struct FrameInterval {
    index: u32,
    pixel_format: u32,
    width: u32,
    height: u32,
    kind: u32,
    /// Seconds as a fraction, or least, most and step.
    interval: [u32; 6],
    reserved: [u32; 2],
}

/// The union of `struct v4l2_format` is aligned as a pointer is.
#[repr(C, align(8))]
struct Format {
    kind: u32,
    unused: u32,
    width: u32,
    height: u32,
    pixel_format: u32,
    field: u32,
    bytes_per_line: u32,
    size: u32,
    rest: [u32; 44],
}

#[repr(C)]
struct StreamParameters {
    kind: u32,
    capability: u32,
    mode: u32,
    numerator: u32,
    denominator: u32,
    rest: [u32; 46],
}

#[repr(C)]
struct RequestBuffers {
    count: u32,
    kind: u32,
    memory: u32,
    capabilities: u32,
    flags: u8,
    reserved: [u8; 3],
}

#[repr(C)]
#[derive(Clone, Copy)]
struct Buffer {
    index: u32,
    kind: u32,
    bytes_used: u32,
    flags: u32,
    field: u32,
    time: libc::timeval,
    time_code: [u32; 4],
    sequence: u32,
    memory: u32,
    offset: libc::c_ulong,
    length: u32,
    reserved: u32,
    request: u32,
}

const _: () = assert!(size_of::<Capability>() == 104);
const _: () = assert!(size_of::<FormatDescription>() == 64);
const _: () = assert!(size_of::<FrameSize>() == 44);
const _: () = assert!(size_of::<FrameInterval>() == 52);
const _: () = assert!(size_of::<Format>() == 208);
const _: () = assert!(size_of::<StreamParameters>() == 204);
const _: () = assert!(size_of::<RequestBuffers>() == 20);
const _: () = assert!(size_of::<Buffer>() == 88);

/// The number of an ioctl of the letter `V` (asm-generic/ioctl.h): 1 writes, 2 reads, 3 both.
const fn number(direction: u32, number: u32, size: usize) -> libc::Ioctl {
    (direction << 30 | (size as u32) << 16 | (b'V' as u32) << 8 | number) as libc::Ioctl
}

const QUERYCAP: libc::Ioctl = number(2, 0, size_of::<Capability>());
const ENUM_FMT: libc::Ioctl = number(3, 2, size_of::<FormatDescription>());
const S_FMT: libc::Ioctl = number(3, 5, size_of::<Format>());
const REQBUFS: libc::Ioctl = number(3, 8, size_of::<RequestBuffers>());
const QUERYBUF: libc::Ioctl = number(3, 9, size_of::<Buffer>());
const QBUF: libc::Ioctl = number(3, 15, size_of::<Buffer>());
const DQBUF: libc::Ioctl = number(3, 17, size_of::<Buffer>());
const STREAMON: libc::Ioctl = number(1, 18, size_of::<libc::c_int>());
const STREAMOFF: libc::Ioctl = number(1, 19, size_of::<libc::c_int>());
const S_PARM: libc::Ioctl = number(3, 22, size_of::<StreamParameters>());
const ENUM_FRAMESIZES: libc::Ioctl = number(3, 74, size_of::<FrameSize>());
const ENUM_FRAMEINTERVALS: libc::Ioctl = number(3, 75, size_of::<FrameInterval>());

/// `V4L2_BUF_TYPE_VIDEO_CAPTURE`.
const CAPTURE: u32 = 1;
/// `V4L2_MEMORY_MMAP`.
const MAPPED: u32 = 1;
/// `V4L2_CAP_VIDEO_CAPTURE`, `V4L2_CAP_STREAMING`, `V4L2_CAP_DEVICE_CAPS`.
const CAN_CAPTURE: u32 = 0x1;
const CAN_STREAM: u32 = 0x0400_0000;
const HAS_DEVICE_CAPS: u32 = 0x8000_0000;
/// `V4L2_BUF_FLAG_ERROR`: the picture is damaged.
const DAMAGED: u32 = 0x40;
/// Single sizes and intervals, not a range (`V4L2_FRMSIZE_TYPE_DISCRETE`).
const DISCRETE: u32 = 1;

/// Buffers that are asked for: one to look at, the others for what comes meanwhile.
const BUFFERS: u32 = 4;
/// Formats, sizes or intervals of a device that are listed, most.
const LISTED: u32 = 64;
/// Bytes of one buffer, most: 12 megapixels at 4 bytes.
const BUFFER_BYTES: usize = 48 * 1024 * 1024;

/// A video device that was opened.
pub struct VideoDevice {
    file: File,
}

/// What a video device says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct About {
    /// The name of the model, as the device has it.
    pub card: String,
    /// Whether it gives pictures, in buffers that are shared.
    pub gives_pictures: bool,
}

/// How pictures come: what the driver made of what was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shape {
    /// Four letters: `YUYV`.
    pub format: [u8; 4],
    /// Pixels in a row.
    pub width: u32,
    /// Rows.
    pub height: u32,
    /// Bytes from one row to the next; 0 where rows are none (a packed picture).
    pub stride: u32,
}

impl VideoDevice {
    /// Opens it; no call to it waits from here on.
    ///
    /// # Errors
    /// The system's.
    pub fn open(path: &Path) -> io::Result<Self> {
        let file = OpenOptions::new().read(true).write(true).custom_flags(libc::O_NONBLOCK).open(path)?;
        Ok(Self { file })
    }

    /// What it says of itself.
    ///
    /// # Errors
    /// It is no video device.
    pub fn about(&self) -> io::Result<About> {
        // SAFETY: integers and bytes only, for which zeros are a value.
        let mut answer: Capability = unsafe { std::mem::zeroed() };
        call(&self.file, QUERYCAP, &mut answer)?;
        let caps = if answer.capabilities & HAS_DEVICE_CAPS == 0 { answer.capabilities } else { answer.device_caps };
        let end = answer.card.iter().position(|byte| *byte == 0).unwrap_or(answer.card.len());
        let card = String::from_utf8_lossy(answer.card.get(..end).unwrap_or_default()).into_owned();
        Ok(About { card, gives_pictures: caps & (CAN_CAPTURE | CAN_STREAM) == CAN_CAPTURE | CAN_STREAM })
    }

    /// The formats that it has, by their four letters.
    #[must_use]
    pub fn formats(&self) -> Vec<[u8; 4]> {
        let ask = |index| {
            // SAFETY: as above.
            let mut answer: FormatDescription = unsafe { std::mem::zeroed() };
            (answer.index, answer.kind) = (index, CAPTURE);
            call(&self.file, ENUM_FMT, &mut answer).ok().map(|()| answer.pixel_format.to_le_bytes())
        };
        (0..LISTED).map_while(ask).collect()
    }

    /// The sizes that it has in a format; none where it does not list them one by one.
    #[must_use]
    pub fn sizes(&self, format: [u8; 4]) -> Vec<(u32, u32)> {
        let ask = |index| {
            // SAFETY: as above.
            let mut answer: FrameSize = unsafe { std::mem::zeroed() };
            (answer.index, answer.pixel_format) = (index, u32::from_le_bytes(format));
            call(&self.file, ENUM_FRAMESIZES, &mut answer).ok()?;
            (answer.kind == DISCRETE).then_some((answer.sides[0], answer.sides[1]))
        };
        (0..LISTED).map_while(ask).collect()
    }

    /// Pictures a second that it gives at most in a format and size, rounded down; `None` where it does not say.
    #[must_use]
    pub fn most_a_second(&self, format: [u8; 4], (width, height): (u32, u32)) -> Option<u32> {
        let ask = |index| {
            // SAFETY: as above.
            let mut answer: FrameInterval = unsafe { std::mem::zeroed() };
            (answer.index, answer.pixel_format) = (index, u32::from_le_bytes(format));
            (answer.width, answer.height) = (width, height);
            call(&self.file, ENUM_FRAMEINTERVALS, &mut answer).ok()?;
            // Of a range the first is the shortest.
            answer.interval[1].checked_div(answer.interval[0])
        };
        (0..LISTED).map_while(ask).max()
    }

    /// Starts the stream in this format and size, as near as the driver has them, and `rate` pictures a second where
    /// it can be asked for that.
    ///
    /// # Errors
    /// The system's; a driver whose buffers are not as it says.
    pub fn start(self, format: [u8; 4], (width, height): (u32, u32), rate: u32) -> io::Result<Stream> {
        // SAFETY: as above.
        let mut shape: Format = unsafe { std::mem::zeroed() };
        (shape.kind, shape.width, shape.height) = (CAPTURE, width, height);
        // Whole pictures, no fields of lines (`V4L2_FIELD_NONE`).
        (shape.pixel_format, shape.field) = (u32::from_le_bytes(format), 1);
        call(&self.file, S_FMT, &mut shape)?;
        // SAFETY: as above.
        let mut pace: StreamParameters = unsafe { std::mem::zeroed() };
        (pace.kind, pace.numerator, pace.denominator) = (CAPTURE, 1, rate);
        // Cameras without a choice refuse; the pictures come all the same.
        let _refused = call(&self.file, S_PARM, &mut pace);
        let mut request = RequestBuffers {
            count: BUFFERS,
            kind: CAPTURE,
            memory: MAPPED,
            capabilities: 0,
            flags: 0,
            reserved: [0; 3],
        };
        call(&self.file, REQBUFS, &mut request)?;
        let mut stream = Stream {
            shape: Shape {
                format: shape.pixel_format.to_le_bytes(),
                width: shape.width,
                height: shape.height,
                stride: shape.bytes_per_line,
            },
            rate: pace.denominator.checked_div(pace.numerator).unwrap_or(0),
            maps: Vec::new(),
            file: self.file,
        };
        for index in 0..request.count.min(2 * BUFFERS) {
            let mut buffer = buffer(index);
            call(&stream.file, QUERYBUF, &mut buffer)?;
            let map = Map::of(&stream.file, &buffer)?;
            stream.maps.push(map);
            stream.give_back(index)?;
        }
        if stream.maps.is_empty() {
            return Err(io::Error::other("the camera has no buffers"));
        }
        let mut kind = CAPTURE as libc::c_int;
        call(&stream.file, STREAMON, &mut kind)?;
        Ok(stream)
    }
}

/// A buffer's question, for this index.
fn buffer(index: u32) -> Buffer {
    // SAFETY: integers only, for which zeros are a value.
    let empty: Buffer = unsafe { std::mem::zeroed() };
    Buffer { index, kind: CAPTURE, memory: MAPPED, ..empty }
}

/// An ioctl whose argument is a structure of the size in its number, read and written by the kernel.
fn call<T>(file: &File, number: libc::Ioctl, argument: &mut T) -> io::Result<()> {
    loop {
        // SAFETY: every number here carries the size of its structure, and each is called with that structure (or, for
        // the two that start and stop, an int); the kernel keeps no pointer to it.
        if unsafe { libc::ioctl(file.as_raw_fd(), number, std::ptr::from_mut(argument)) } == 0 {
            return Ok(());
        }
        let error = io::Error::last_os_error();
        if error.kind() != io::ErrorKind::Interrupted {
            return Err(error);
        }
    }
}

/// Memory that is shared with the driver.
struct Map {
    start: NonNull<libc::c_void>,
    length: usize,
}

impl Map {
    fn of(file: &File, buffer: &Buffer) -> io::Result<Self> {
        let length = usize::try_from(buffer.length).ok().filter(|length| (1..=BUFFER_BYTES).contains(length));
        let length = length.ok_or_else(|| io::Error::other("the camera's buffers are too large"))?;
        let offset = libc::off_t::try_from(buffer.offset).map_err(io::Error::other)?;
        // SAFETY: a new mapping, of no address that is in use; it is read only while the driver has given it to us.
        let start = unsafe {
            libc::mmap(std::ptr::null_mut(), length, libc::PROT_READ, libc::MAP_SHARED, file.as_raw_fd(), offset)
        };
        if start == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        let start = NonNull::new(start).ok_or_else(|| io::Error::other("the camera's buffer is nowhere"))?;
        Ok(Self { start, length })
    }
}

impl Drop for Map {
    fn drop(&mut self) {
        // SAFETY: the mapping is ours and is used no more.
        unsafe { libc::munmap(self.start.as_ptr(), self.length) };
    }
}

/// Pictures as they come.
pub struct Stream {
    shape: Shape,
    rate: u32,
    maps: Vec<Map>,
    file: File,
}

impl Stream {
    /// How pictures come.
    #[must_use]
    pub const fn shape(&self) -> Shape {
        self.shape
    }

    /// Pictures a second that the driver promised; 0 where it promised nothing.
    #[must_use]
    pub const fn rate(&self) -> u32 {
        self.rate
    }

    /// Gives the newest picture that came, as its bytes, to `look`; older ones are let go. Waits for one no longer than
    /// `patience`. `None` where none came, or none that is whole.
    ///
    /// # Errors
    /// The camera is gone.
    pub fn newest<R>(&mut self, patience: Duration, look: impl FnOnce(&[u8]) -> R) -> io::Result<Option<R>> {
        if !wait_for_input(self.file.as_fd(), patience)? {
            return Ok(None);
        }
        let mut newest: Option<Buffer> = None;
        // No more turns than there are buffers: a driver that never runs out keeps nobody here.
        for _ in 0..self.maps.len() {
            let mut came = buffer(0);
            match call(&self.file, DQBUF, &mut came) {
                Ok(()) => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) => return Err(error),
            }
            let whole = came.flags & DAMAGED == 0 && came.bytes_used > 0;
            let older = if whole { newest.replace(came) } else { Some(came) };
            if let Some(older) = older {
                self.give_back(older.index)?;
            }
        }
        let Some(came) = newest else { return Ok(None) };
        let strange = || io::Error::other("the camera's driver names a buffer that there is not");
        let map = usize::try_from(came.index).ok().and_then(|index| self.maps.get(index)).ok_or_else(strange)?;
        let used = usize::try_from(came.bytes_used).unwrap_or(usize::MAX).min(map.length);
        // SAFETY: mapped memory of at least `used` bytes, which the driver leaves alone until it is given back below.
        let seen = look(unsafe { std::slice::from_raw_parts(map.start.as_ptr().cast::<u8>(), used) });
        self.give_back(came.index)?;
        Ok(Some(seen))
    }

    fn give_back(&self, index: u32) -> io::Result<()> {
        call(&self.file, QBUF, &mut buffer(index))
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        let mut kind = CAPTURE as libc::c_int;
        // A camera that is gone has stopped already.
        let _gone = call(&self.file, STREAMOFF, &mut kind);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The numbers as linux/videodev2.h gives them on this machine's kind.
    #[test]
    fn ioctls_have_their_numbers() {
        assert_eq!(QUERYCAP, 0x8068_5600);
        assert_eq!([ENUM_FMT, S_FMT, S_PARM], [0xc040_5602, 0xc0d0_5605, 0xc0cc_5616]);
        assert_eq!([REQBUFS, QUERYBUF, QBUF, DQBUF], [0xc014_5608, 0xc058_5609, 0xc058_560f, 0xc058_5611]);
        assert_eq!([STREAMON, STREAMOFF], [0x4004_5612, 0x4004_5613]);
        assert_eq!([ENUM_FRAMESIZES, ENUM_FRAMEINTERVALS], [0xc02c_564a, 0xc034_564b]);
        assert_eq!(std::mem::offset_of!(Buffer, offset), 64);
        assert_eq!(std::mem::offset_of!(Format, width), 8);
    }

    #[test]
    fn what_is_no_camera_says_so() {
        assert!(VideoDevice::open(Path::new("/dev/no such camera")).is_err());
        for path in ["/dev/null", "/dev/zero"] {
            let device = VideoDevice::open(Path::new(path)).unwrap();
            assert!(device.about().is_err() && device.formats().is_empty() && device.sizes(*b"YUYV").is_empty());
            assert_eq!(device.most_a_second(*b"YUYV", (640, 480)), None);
            assert!(device.start(*b"YUYV", (640, 480), 30).is_err());
        }
    }

    /// Lengths that no driver of a camera names.
    #[test]
    fn buffers_of_odd_lengths_are_not_mapped() {
        let file = File::open("/dev/zero").unwrap();
        for length in [0, u32::MAX] {
            assert!(Map::of(&file, &Buffer { length, ..buffer(0) }).is_err(), "{length}");
        }
        assert!(Map::of(&file, &Buffer { length: 4096, ..buffer(0) }).is_ok());
        assert!(Map::of(&file, &Buffer { length: 4096, offset: libc::c_ulong::MAX, ..buffer(0) }).is_err());
    }
}
