//! What cameras give, in grey: YUYV and NV12 as they stand, MJPEG unpacked.

use super::{Grey, PictureError, area, jpeg};

/// How a camera packs a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Packing {
    /// Two bytes a pixel, every other one its brightness.
    Yuyv,
    /// A plane of brightness, then one of colours.
    Nv12,
    /// A JPEG each.
    Mjpeg,
}

impl Packing {
    /// All that are read, from the one that costs least.
    pub const ALL: [Self; 3] = [Self::Nv12, Self::Yuyv, Self::Mjpeg];

    /// Its four letters (linux/videodev2.h).
    #[must_use]
    pub const fn letters(self) -> [u8; 4] {
        match self {
            Self::Yuyv => *b"YUYV",
            Self::Nv12 => *b"NV12",
            Self::Mjpeg => *b"MJPG",
        }
    }

    /// The packing with these letters.
    #[must_use]
    pub fn of(letters: [u8; 4]) -> Option<Self> {
        Self::ALL.into_iter().find(|packing| packing.letters() == letters)
    }

    /// Bytes of a row of `width` pixels, least, where rows have bytes of their own.
    const fn row(self, width: usize) -> usize {
        match self {
            Self::Yuyv => width.saturating_mul(2),
            Self::Nv12 => width,
            Self::Mjpeg => 0,
        }
    }
}

impl Grey {
    /// A picture as a camera gave it, `width` by `height`, with `stride` bytes from one row to the next. Bytes after it
    /// are left alone. A JPEG says its own size, which must be this one.
    ///
    /// # Errors
    /// Fewer bytes than it needs, or a damaged JPEG.
    pub fn of_camera(
        packing: Packing,
        (width, height): (usize, usize),
        stride: usize,
        bytes: &[u8],
    ) -> Result<Self, PictureError> {
        let damaged = PictureError::Damaged("camera's");
        let area = area(width, height)?;
        if packing == Packing::Mjpeg {
            let picture = jpeg::read(&with_tables(bytes))?;
            return if (picture.width(), picture.height()) == (width, height) { Ok(picture) } else { Err(damaged) };
        }
        let row = packing.row(width);
        // Of the last row only its pixels need to be there.
        let needed = stride.checked_mul(height.saturating_sub(1)).and_then(|all| all.checked_add(row));
        if stride < row || needed.is_none_or(|needed| bytes.len() < needed) {
            return Err(damaged);
        }
        let mut pixels = Vec::with_capacity(area);
        for line in bytes.chunks(stride).take(height) {
            let line = line.get(..row).unwrap_or_default();
            match packing {
                Packing::Yuyv => pixels.extend(line.iter().step_by(2)),
                Packing::Nv12 | Packing::Mjpeg => pixels.extend_from_slice(line),
            }
        }
        Self::new(width, height, pixels).ok_or(damaged)
    }
}

/// A JPEG as cameras give it may be without the tables that all of them share. The mark of such films, set before it,
/// makes the reader take these.
fn with_tables(bytes: &[u8]) -> Vec<u8> {
    const START: &[u8] = &[0xff, 0xd8];
    const MARK: &[u8] = b"\xff\xe0\x00\x10AVI1\0\0\0\0\0\0\0\0\0\0";
    match bytes.strip_prefix(START) {
        Some(rest) if !has_tables(rest) => [START, MARK, rest].concat(),
        Some(_) | None => bytes.to_vec(),
    }
}

/// Whether a segment of Huffman tables comes before the picture's data (ITU-T T.81, B.1.1).
fn has_tables(mut rest: &[u8]) -> bool {
    while let [0xff, kind, high, low, ..] = *rest {
        match kind {
            0xc4 => return true,
            0xda => return false,
            0xff => rest = rest.get(1..).unwrap_or_default(),
            _ => {
                let length = usize::from(u16::from_be_bytes([high, low]));
                rest = rest.get(length.saturating_add(2)..).unwrap_or_default();
            }
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rows of 1, 2, 3 … with `gap` bytes between them, each pixel packed by `pack`.
    fn packed(width: usize, height: usize, gap: usize, pack: impl Fn(u8) -> Vec<u8>) -> (Vec<u8>, Vec<u8>) {
        let pixels: Vec<u8> = (0..width * height).map(|n| n as u8).collect();
        let mut bytes = Vec::new();
        for row in pixels.chunks(width) {
            bytes.extend(row.iter().flat_map(|pixel| pack(*pixel)));
            bytes.extend(vec![0xee; gap]);
        }
        (pixels, bytes)
    }

    #[test]
    fn the_brightness_of_each_pixel_is_taken() {
        for (width, height) in [(4, 3), (5, 3), (1, 1), (6, 1), (1, 7)] {
            for gap in [0, 1, 7] {
                let (pixels, bytes) = packed(width, height, gap, |pixel| vec![pixel, 0x99]);
                let read = |bytes: &[u8]| Grey::of_camera(Packing::Yuyv, (width, height), 2 * width + gap, bytes);
                assert_eq!(read(&bytes).unwrap().pixels(), pixels, "{width} by {height}, {gap}");
                let (pixels, mut bytes) = packed(width, height, gap, |pixel| vec![pixel]);
                let read = |bytes: &[u8]| Grey::of_camera(Packing::Nv12, (width, height), width + gap, bytes);
                // The colours come after.
                bytes.extend(vec![0x77; width * height / 2]);
                let picture = read(&bytes).unwrap();
                assert_eq!((picture.pixels(), picture.width(), picture.height()), (&pixels[..], width, height));
            }
        }
    }

    #[test]
    fn fewer_bytes_than_a_picture_needs_are_none() {
        let (_, bytes) = packed(4, 3, 2, |pixel| vec![pixel, 0x99]);
        let read = |sides, stride, bytes: &[u8]| Grey::of_camera(Packing::Yuyv, sides, stride, bytes);
        // The gap after the last row may be missing, nothing else.
        assert!(read((4, 3), 10, &bytes[..28]).is_ok());
        assert_eq!(read((4, 3), 10, &bytes[..27]).unwrap_err(), PictureError::Damaged("camera's"));
        for (sides, stride, length) in [
            ((4, 3), 10, 0),
            ((4, 3), 7, 30),
            ((4, 3), 0, 30),
            ((4, 4), 10, 30),
            ((6, 3), 10, 30),
            ((4, 3), usize::MAX, 30),
        ] {
            assert!(read(sides, stride, &bytes[..length]).is_err(), "{sides:?} {stride} {length}");
        }
        for sides in [(0, 3), (4, 0), (100_000, 1), (10_000, 10_000), (usize::MAX, 2)] {
            assert_eq!(read(sides, 10, &bytes).unwrap_err(), PictureError::TooLarge, "{sides:?}");
        }
        assert!(Grey::of_camera(Packing::Nv12, (4, 3), 4, &bytes[..11]).is_err());
        assert!(Grey::of_camera(Packing::Nv12, (4, 3), 3, &bytes[..12]).is_err());
    }

    /// Bits, from the highest of each byte; after a byte of ones comes an empty one.
    #[derive(Default)]
    struct Bits(Vec<u8>, u8, u8);

    impl Bits {
        fn put(&mut self, bits: &str) {
            for bit in bits.chars() {
                self.1 = self.1 << 1 | u8::from(bit == '1');
                self.2 += 1;
                if self.2 == 8 {
                    self.0.push(self.1);
                    if self.1 == 0xff {
                        self.0.push(0);
                    }
                    (self.1, self.2) = (0, 0);
                }
            }
        }

        fn end(mut self) -> Vec<u8> {
            while self.2 != 0 {
                self.put("1");
            }
            self.0
        }
    }

    /// A picture in colours of 16 by 8 pixels whose two halves are of these brightnesses, as a camera packs it: two
    /// blocks of brightness, two of colour (4:2:2). With `tables`, all codes are of four bits, and it says so.
    fn jpeg(halves: [i32; 2], tables: bool) -> Vec<u8> {
        let mut out = vec![0xff, 0xd8];
        let mut segment = |kind: u8, body: &[u8]| {
            out.extend([0xff, kind]);
            out.extend((body.len() as u16 + 2).to_be_bytes());
            out.extend(body);
        };
        segment(0xdb, &[&[0][..], &[8; 64]].concat());
        segment(0xc0, &[8, 0, 8, 0, 16, 3, 1, 0x21, 0, 2, 0x11, 0, 3, 0x11, 0]);
        if tables {
            let four = |kind: u8| {
                [&[kind, 0, 0, 0, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0][..], &(0..12).collect::<Vec<u8>>()].concat()
            };
            (0..4).for_each(|table| segment(0xc4, &four((table & 1) << 4 | table >> 1)));
        }
        segment(0xda, &[3, 1, 0x00, 2, 0x11, 3, 0x11, 0, 63, 0]);
        // Sizes of a difference (ITU-T T.81, table K.3), and the end of a block (K.5 and K.6).
        const SIZES: [&str; 9] = ["00", "010", "011", "100", "101", "110", "1110", "11110", "111110"];
        let size = |size: usize| if tables { format!("{size:04b}") } else { SIZES[size].to_owned() };
        let mut bits = Bits::default();
        let mut before = 0;
        for half in halves {
            // Eight times the mean, in steps of 8.
            let value = half - 128;
            let difference: i32 = value - before;
            before = value;
            let length = (i32::BITS - difference.unsigned_abs().leading_zeros()) as usize;
            bits.put(&size(length));
            let coded = if difference < 0 { difference - 1 } else { difference };
            bits.put(&format!("{coded:032b}")[32 - length..]);
            bits.put(if tables { "0000" } else { "1010" });
        }
        for _ in 0..2 {
            bits.put(if tables { "0000" } else { "00" });
            bits.put(if tables { "0000" } else { "00" });
        }
        out.extend(bits.end());
        out.extend([0xff, 0xd9]);
        out
    }

    #[test]
    fn a_jpeg_is_read_with_its_own_tables_and_with_those_that_all_cameras_share() {
        for tables in [true, false] {
            for halves in [[200, 40], [0, 255], [128, 128], [17, 18]] {
                let bytes = jpeg(halves, tables);
                let picture = Grey::of_camera(Packing::Mjpeg, (16, 8), 0, &bytes).unwrap();
                let row: Vec<i32> = [0, 7, 8, 15].map(|x| i32::from(picture.at(x, 4))).to_vec();
                let [left, right] = halves;
                assert_eq!(row, [left, left, right, right], "{tables}");
            }
        }
    }

    #[test]
    fn a_jpeg_that_is_not_what_was_agreed_is_refused() {
        let bytes = jpeg([200, 40], false);
        for sides in [(8, 8), (16, 16), (1280, 720)] {
            assert!(Grey::of_camera(Packing::Mjpeg, sides, 0, &bytes).is_err(), "{sides:?}");
        }
        let damaged: [Vec<u8>; 6] = [
            Vec::new(),
            vec![0xff, 0xd8],
            vec![0xff; 300],
            bytes[..40].to_vec(),
            bytes[1..].to_vec(),
            // A segment longer than the picture.
            [&bytes[..2], &[0xff, 0xe1, 0xff, 0xff], &bytes[2..]].concat(),
        ];
        for bytes in damaged {
            assert!(Grey::of_camera(Packing::Mjpeg, (16, 8), 0, &bytes).is_err(), "{bytes:?}");
        }
    }

    #[test]
    fn packings_have_their_letters() {
        for packing in Packing::ALL {
            assert_eq!(Packing::of(packing.letters()), Some(packing));
        }
        assert_eq!(Packing::of(*b"H264"), None);
    }
}
