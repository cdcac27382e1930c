//! A framebuffer as a sheet of grey: 16, 24 or 32 bits a pixel, rows of any length.

use std::{fs::File, os::unix::fs::FileExt};

use crate::{
    picture::Grey,
    port::DeviceError,
    sys::{Pixels, framebuffer},
};

/// The first framebuffer.
const DEVICE: &str = "/dev/fb0";

/// A framebuffer that was opened.
pub(super) struct Panel {
    file: File,
    pixels: Pixels,
    /// Bytes of a pixel.
    each: usize,
    /// The pixel of each brightness.
    shades: Vec<[u8; 4]>,
    /// What it shows.
    shown: Option<Grey>,
}

impl Panel {
    /// The machine's framebuffer, if it has one that can be drawn on.
    pub(super) fn open() -> Option<Self> {
        let file = File::options().read(true).write(true).open(DEVICE).ok()?;
        let pixels = framebuffer(&file).ok()??;
        Self::of(file, pixels)
    }

    fn of(file: File, pixels: Pixels) -> Option<Self> {
        let each = match pixels.bits {
            16 => 2usize,
            24 => 3,
            32 => 4,
            _ => return None,
        };
        let fields = pixels.colors.iter().all(|&(offset, length)| {
            (1..=8).contains(&length) && offset.checked_add(length).is_some_and(|end| end <= pixels.bits)
        });
        let (width, height) = (usize::try_from(pixels.width).ok()?, usize::try_from(pixels.height).ok()?);
        let row = width.checked_mul(each)?;
        let seen = u64::from(pixels.line).checked_mul(u64::from(pixels.height))?.checked_add(pixels.first)?;
        let fits = row <= usize::try_from(pixels.line).ok()? && seen <= u64::from(pixels.length);
        let shades = (0..=255).map(|shade| packed(shade, &pixels.colors).to_le_bytes()).collect();
        (fields && fits && width > 0 && height > 0).then_some(Self { file, pixels, each, shades, shown: None })
    }

    pub(super) fn sides(&self) -> (usize, usize) {
        let side = |value: u32| usize::try_from(value).unwrap_or(usize::MAX);
        (side(self.pixels.width), side(self.pixels.height))
    }

    /// Shows this picture, from the corner on. Only rows that differ are written.
    pub(super) fn fill(&mut self, picture: &Grey) -> Result<(), DeviceError> {
        let (width, height) = self.sides();
        let known =
            self.shown.take().filter(|shown| (shown.width(), shown.height()) == (picture.width(), picture.height()));
        let mut was = known.iter().flat_map(|shown| shown.pixels().chunks(shown.width().max(1)));
        let mut bytes = Vec::with_capacity(width.saturating_mul(self.each));
        for (number, row) in (0u64..).zip(picture.pixels().chunks(picture.width().max(1)).take(height)) {
            if was.next() == Some(row) {
                continue;
            }
            bytes.clear();
            for pixel in row.iter().take(width) {
                let shade = self.shades.get(usize::from(*pixel)).and_then(|shade| shade.get(..self.each));
                bytes.extend_from_slice(shade.unwrap_or_default());
            }
            let place = number.saturating_mul(u64::from(self.pixels.line)).saturating_add(self.pixels.first);
            self.file.write_all_at(&bytes, place).map_err(|source| DeviceError::File {
                action: "draw on",
                name: DEVICE.to_owned(),
                source,
            })?;
        }
        self.shown = Some(picture.clone());
        Ok(())
    }
}

/// A grey as a pixel: its highest bits in each colour's field.
fn packed(shade: u8, colors: &[(u32, u32); 3]) -> u32 {
    colors.iter().fold(0, |pixel, &(offset, length)| {
        let bits = u32::from(shade).checked_shr(8u32.saturating_sub(length)).unwrap_or(0);
        pixel | bits.checked_shl(offset).unwrap_or(0)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;

    const RGB565: [(u32, u32); 3] = [(11, 5), (5, 6), (0, 5)];
    const RGB888: [(u32, u32); 3] = [(16, 8), (8, 8), (0, 8)];
    const BGR888: [(u32, u32); 3] = [(0, 8), (8, 8), (16, 8)];

    fn pixels(bits: u32, colors: [(u32, u32); 3], line: u32) -> Pixels {
        Pixels { width: 3, height: 2, bits, colors, line, first: 0, length: 4096 }
    }

    /// A panel on a file of `0xaa`, and what the file holds after the picture.
    fn drawn(pixels: Pixels, picture: &Grey) -> Vec<u8> {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all_at(&[0xaa; 64], 0).unwrap();
        let mut panel = Panel::of(file.try_clone().unwrap(), pixels).unwrap();
        panel.fill(picture).unwrap();
        let mut bytes = Vec::new();
        std::io::Seek::rewind(&mut file).unwrap();
        file.read_to_end(&mut bytes).unwrap();
        bytes
    }

    #[test]
    fn pixels_of_16_24_and_32_bits_lie_in_rows_of_any_length() {
        let picture = Grey::new(3, 2, vec![0, 255, 0x80, 0x12, 0xff, 0]).unwrap();
        let bytes = drawn(pixels(32, RGB888, 16), &picture);
        assert_eq!(bytes[..12], [0, 0, 0, 0, 255, 255, 255, 0, 0x80, 0x80, 0x80, 0]);
        assert_eq!(bytes[12..16], [0xaa; 4]);
        assert_eq!(bytes[16..28], [0x12, 0x12, 0x12, 0, 255, 255, 255, 0, 0, 0, 0, 0]);
        assert_eq!(bytes[28..], [0xaa; 36]);
        let bytes = drawn(pixels(24, BGR888, 10), &picture);
        assert_eq!(bytes[..9], [0, 0, 0, 255, 255, 255, 0x80, 0x80, 0x80]);
        assert_eq!(bytes[9..13], [0xaa, 0x12, 0x12, 0x12]);
        let bytes = drawn(Pixels { first: 7, ..pixels(16, RGB565, 6) }, &picture);
        assert_eq!(bytes[..7], [0xaa; 7]);
        // 0x80 is 16 of 31, 32 of 63, 16 of 31.
        assert_eq!(bytes[7..13], [0, 0, 0xff, 0xff, 0x10, 0x84]);
        assert_eq!(bytes[15..17], [0xff, 0xff]);
    }

    #[test]
    fn a_picture_of_another_size_stays_inside() {
        let bytes = drawn(pixels(32, RGB888, 12), &Grey::new(5, 4, vec![255; 20]).unwrap());
        assert_eq!(bytes[24..], [0xaa; 40]);
        let bytes = drawn(pixels(32, RGB888, 12), &Grey::new(1, 1, vec![255]).unwrap());
        assert_eq!((&bytes[..3], &bytes[4..]), (&[255; 3][..], &[0xaa; 60][..]));
    }

    #[test]
    fn only_rows_that_differ_are_written() {
        let file = tempfile::tempfile().unwrap();
        let mut panel = Panel::of(file.try_clone().unwrap(), pixels(32, RGB888, 12)).unwrap();
        panel.fill(&Grey::new(3, 2, vec![255; 6]).unwrap()).unwrap();
        file.write_all_at(&[0xaa; 24], 0).unwrap();
        panel.fill(&Grey::new(3, 2, vec![255, 255, 255, 255, 255, 0]).unwrap()).unwrap();
        let mut bytes = [0; 24];
        file.read_exact_at(&mut bytes, 0).unwrap();
        assert_eq!((&bytes[..12], &bytes[12..15]), (&[0xaa; 12][..], &[255; 3][..]));
    }

    #[test]
    fn layouts_that_cannot_be_are_not_drawn_on() {
        let of = |pixels| Panel::of(tempfile::tempfile().unwrap(), pixels).is_some();
        let good = pixels(32, RGB888, 12);
        assert!(of(good));
        for bad in [
            Pixels { bits: 8, ..good },
            Pixels { bits: 16, ..good },
            Pixels { line: 11, ..good },
            Pixels { width: 0, ..good },
            Pixels { height: 0, ..good },
            Pixels { width: u32::MAX, height: u32::MAX, line: u32::MAX, ..good },
            Pixels { length: 23, ..good },
            Pixels { first: u64::MAX, ..good },
            Pixels { colors: [(0, 0), (8, 8), (16, 8)], ..good },
            Pixels { colors: [(0, 9), (8, 8), (16, 8)], ..good },
            Pixels { colors: [(u32::MAX, 8), (8, 8), (16, 8)], ..good },
        ] {
            assert!(!of(bad), "{bad:?}");
        }
        let full = File::options().write(true).open("/dev/full").unwrap();
        let error = Panel::of(full, good).unwrap().fill(&Grey::new(3, 2, vec![0; 6]).unwrap()).unwrap_err();
        assert!(error.to_string().contains("cannot draw on `/dev/fb0`"), "{error}");
    }
}
