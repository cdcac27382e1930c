//! A Linux console and its pixels: how the framebuffer is laid out, the console's letters, and whether the console or
//! this program draws.
//!
//! Floor 0. The pixels themselves are written as a file's bytes are, by `device`.

use std::{
    fs::File,
    io,
    os::fd::{AsRawFd, BorrowedFd},
};

/// `struct fb_bitfield` of linux/fb.h, and so on below.
#[repr(C)]
#[derive(Clone, Copy)]
struct BitField {
    offset: u32,
    length: u32,
    from_right: u32,
}

#[repr(C)]
struct Variable {
    width: u32,
    height: u32,
    virtual_sides: [u32; 2],
    x_offset: u32,
    y_offset: u32,
    bits: u32,
    grey: u32,
    red: BitField,
    green: BitField,
    blue: BitField,
    transparent: BitField,
    rest: [u32; 20],
}

#[repr(C)]
struct Fixed {
    name: [u8; 16],
    start: libc::c_ulong,
    length: u32,
    kind: u32,
    auxiliary: u32,
    visual: u32,
    steps: [u16; 3],
    line_length: u32,
    registers: libc::c_ulong,
    registers_length: u32,
    acceleration: u32,
    capabilities: u16,
    reserved: [u16; 2],
}

#[repr(C)]
struct FontOperation {
    operation: u32,
    flags: u32,
    width: u32,
    height: u32,
    count: u32,
    data: *mut u8,
}

const _: () = assert!(size_of::<Variable>() == 160);
const _: () = assert!(size_of::<Fixed>() == 80);
const _: () = assert!(size_of::<FontOperation>() == 32);

const FBIOGET_VSCREENINFO: libc::Ioctl = 0x4600;
const FBIOGET_FSCREENINFO: libc::Ioctl = 0x4602;
const KDFONTOP: libc::Ioctl = 0x4b72;
const KDSETMODE: libc::Ioctl = 0x4b3a;
const KDGETMODE: libc::Ioctl = 0x4b3b;
/// `KD_FONT_OP_SET`, `KD_FONT_OP_GET`.
const SET: u32 = 0;
const GET: u32 = 1;
/// `KD_TEXT`, `KD_GRAPHICS`.
const TEXT: libc::c_int = 0;
const GRAPHICS: libc::c_int = 1;
/// Packed pixels of true or direct colour (`FB_TYPE_PACKED_PIXELS`, `FB_VISUAL_TRUECOLOR`, `FB_VISUAL_DIRECTCOLOR`).
const PACKED: u32 = 0;
const COLOURED: [u32; 2] = [2, 4];

/// How the pixels of a framebuffer lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pixels {
    /// Pixels in a row.
    pub width: u32,
    /// Rows.
    pub height: u32,
    /// Bits of a pixel.
    pub bits: u32,
    /// The lowest bit and how many there are, of red, green and blue.
    pub colors: [(u32, u32); 3],
    /// Bytes from one row to the next.
    pub line: u32,
    /// Bytes before the first pixel that is seen.
    pub first: u64,
    /// Bytes in all.
    pub length: u32,
}

/// How the pixels of this framebuffer lie; `None` where it has no pixels of packed colours.
///
/// # Errors
/// It is no framebuffer.
pub fn framebuffer(file: &File) -> io::Result<Option<Pixels>> {
    // SAFETY: integers only, for which zeros are a value.
    let (mut variable, mut fixed): (Variable, Fixed) = unsafe { std::mem::zeroed() };
    // SAFETY: the kernel fills structures of these sizes.
    let answers = unsafe {
        [
            libc::ioctl(file.as_raw_fd(), FBIOGET_VSCREENINFO, &raw mut variable),
            libc::ioctl(file.as_raw_fd(), FBIOGET_FSCREENINFO, &raw mut fixed),
        ]
    };
    if answers != [0, 0] {
        return Err(io::Error::last_os_error());
    }
    if fixed.kind != PACKED || !COLOURED.contains(&fixed.visual) || variable.grey != 0 {
        return Ok(None);
    }
    let field = |field: BitField| (field.offset, field.length);
    let (line, bits) = (u64::from(fixed.line_length), u64::from(variable.bits));
    let row = u64::from(variable.y_offset).saturating_mul(line);
    let first = row.saturating_add(u64::from(variable.x_offset).saturating_mul(bits / 8));
    Ok(Some(Pixels {
        width: variable.width,
        height: variable.height,
        bits: variable.bits,
        colors: [field(variable.red), field(variable.green), field(variable.blue)],
        line: fixed.line_length,
        first,
        length: fixed.length,
    }))
}

/// The letters of a console: bits of 256 or 512 of them, rows of whole bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsoleLetters {
    /// Pixels of a letter's row.
    pub width: usize,
    /// Rows of a letter.
    pub height: usize,
    /// Each letter in turn, from the top, the leftmost pixel in the highest bit; 32 rows each, whatever its height.
    pub bits: Vec<u8>,
}

/// The letters that this console has now; `None` where it gives none.
#[must_use]
pub fn console_letters(terminal: BorrowedFd<'_>) -> Option<ConsoleLetters> {
    // 512 letters of 32 rows of 32 pixels.
    let mut bits = vec![0u8; 512 * 32 * 4];
    let mut ask =
        FontOperation { operation: GET, flags: 0, width: 32, height: 32, count: 512, data: bits.as_mut_ptr() };
    // SAFETY: the kernel writes at most what `width`, `height` and `count` allow into `data`, which has that room.
    if unsafe { libc::ioctl(terminal.as_raw_fd(), KDFONTOP, &raw mut ask) } != 0 {
        return None;
    }
    let (width, height) = (usize::try_from(ask.width).ok()?, usize::try_from(ask.height).ok()?);
    let count = usize::try_from(ask.count).ok()?;
    let known = (1..=32).contains(&width) && (1..=32).contains(&height) && (1..=512).contains(&count);
    bits.truncate(width.div_ceil(8).saturating_mul(32).saturating_mul(count));
    known.then_some(ConsoleLetters { width, height, bits })
}

impl ConsoleLetters {
    /// The same letters twice as wide and twice as high; `None` where they are not eight pixels wide and sixteen high.
    fn doubled(&self) -> Option<Self> {
        if [self.width, self.height] != [8, 16] {
            return None;
        }
        let twice = |row: u8| (0..8).rev().fold(0u16, |wide, bit| wide << 2 | if row >> bit & 1 == 1 { 3 } else { 0 });
        let (letters, _) = self.bits.as_chunks::<32>();
        let rows = letters.iter().flat_map(|letter| letter.iter().take(16));
        let bits = rows.flat_map(|row| [twice(*row).to_be_bytes(); 2].concat()).collect();
        Some(Self { width: 16, height: 32, bits })
    }
}

/// Gives a console with small letters letters of twice their size, where `fits` finds its rows and columns enough then;
/// whether it has them. A console whose screen knows no such letters stays as it is.
pub fn enlarge(terminal: BorrowedFd<'_>, fits: impl FnOnce(u16, u16) -> bool) -> bool {
    let Ok(window) = rustix::termios::tcgetwinsize(terminal) else { return false };
    let (rows, columns) = (window.ws_row / 2, window.ws_col / 2);
    let Some(mut large) = console_letters(terminal).and_then(|letters| letters.doubled()) else { return false };
    let count = u32::try_from(large.bits.len() / 64).unwrap_or(0);
    if !fits(rows, columns) {
        return false;
    }
    let mut ask =
        FontOperation { operation: SET, flags: 0, width: 16, height: 32, count, data: large.bits.as_mut_ptr() };
    // SAFETY: the kernel reads `count` letters of 32 rows of two bytes each from `data`, which has as many.
    unsafe { libc::ioctl(terminal.as_raw_fd(), KDFONTOP, &raw mut ask) == 0 }
}

/// Whether this terminal is a Linux console.
#[must_use]
pub fn is_console(terminal: BorrowedFd<'_>) -> bool {
    let mut mode: libc::c_int = 0;
    // SAFETY: room for the answer.
    unsafe { libc::ioctl(terminal.as_raw_fd(), KDGETMODE, &raw mut mode) == 0 }
}

/// Keeps the console from drawing (`true`), or lets it draw again. Safe in a signal handler.
pub(super) fn graphics(terminal: libc::c_int, on: bool) -> bool {
    // SAFETY: the argument is a number.
    unsafe { libc::ioctl(terminal, KDSETMODE, if on { GRAPHICS } else { TEXT }) == 0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::fd::AsFd;

    #[test]
    fn what_is_no_console_and_no_framebuffer_says_so() {
        for path in ["/dev/null", "/dev/zero"] {
            let file = File::open(path).unwrap();
            assert!(framebuffer(&file).is_err());
            assert!(!is_console(file.as_fd()) && console_letters(file.as_fd()).is_none());
            assert!(!enlarge(file.as_fd(), |_, _| true));
            assert!(!graphics(file.as_raw_fd(), true));
        }
    }

    #[test]
    fn letters_are_doubled_pixel_by_pixel() {
        // Two letters; rows below the sixteenth are none of theirs.
        let mut bits = vec![0; 64];
        bits[..3].copy_from_slice(&[0b1000_0001, 0b0101_0000, 0]);
        bits[16..32].fill(0xff);
        bits[32 + 15] = 0b0000_1111;
        let small = ConsoleLetters { width: 8, height: 16, bits };
        let large = small.doubled().unwrap();
        assert_eq!((large.width, large.height, large.bits.len()), (16, 32, 128));
        assert_eq!(large.bits[..4], [0b1100_0000, 0b0000_0011, 0b1100_0000, 0b0000_0011]);
        assert_eq!(large.bits[4..8], [0b0011_0011, 0, 0b0011_0011, 0]);
        assert!(large.bits[8..64].iter().all(|byte| *byte == 0));
        assert_eq!(large.bits[64 + 60..], [0, 0xff, 0, 0xff]);
        assert_eq!(large.doubled(), None);
        assert_eq!(ConsoleLetters { height: 14, ..small }.doubled(), None);
    }

    #[test]
    fn structures_lie_as_the_kernel_has_them() {
        use std::mem::offset_of;
        assert_eq!([offset_of!(Variable, bits), offset_of!(Variable, red), offset_of!(Variable, rest)], [24, 32, 80]);
        assert_eq!([offset_of!(Fixed, length), offset_of!(Fixed, line_length)], [24, 48]);
        assert_eq!(offset_of!(FontOperation, data), 24);
    }
}
