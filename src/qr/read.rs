//! The text of the QR code in a picture.

use std::io::Cursor;

use crate::port::Grey;

/// Most pixels of a picture: 12 megapixels, a phone's photograph.
const PIXELS: usize = 12_000_000;

/// Why a picture gives no text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// Not a PNG.
    #[error("not a PNG picture")]
    Picture,
    /// More than 12 megapixels.
    #[error("the picture has more than {PIXELS} pixels")]
    TooLarge,
    /// No QR code was found, or none could be decoded.
    #[error("no readable QR code in the picture")]
    NoCode,
}

/// The text of the first QR code in a PNG of any kind.
///
/// # Errors
/// [`ReadError`].
pub fn read_png(bytes: &[u8]) -> Result<String, ReadError> {
    Eye::new().look(&png_picture(bytes)?).ok_or(ReadError::NoCode)
}

/// What finds the code in one picture after the other.
#[derive(Debug, Default)]
pub struct Eye {}

impl Eye {
    /// Fresh eyes.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The text of the first code that can be read in this picture.
    pub fn look(&mut self, picture: &Grey) -> Option<String> {
        let grey = |x: usize, y: usize| picture.at(x, y);
        let mut image = rqrr::PreparedImage::prepare_from_greyscale(picture.width(), picture.height(), grey);
        image.detect_grids().iter().find_map(|grid| grid.decode().ok()).map(|(_, text)| text)
    }
}

/// A PNG of any kind in grey.
///
/// # Errors
/// [`ReadError`].
pub fn png_picture(bytes: &[u8]) -> Result<Grey, ReadError> {
    let limits = png::Limits { bytes: 4 * PIXELS };
    let mut decoder = png::Decoder::new_with_limits(Cursor::new(bytes), limits);
    decoder.set_transformations(png::Transformations::normalize_to_color8());
    let head = decoder.read_header_info().map_err(refused)?;
    let area = u64::from(head.width).saturating_mul(u64::from(head.height));
    if area > u64::try_from(PIXELS).unwrap_or(u64::MAX) {
        return Err(ReadError::TooLarge);
    }
    let mut reader = decoder.read_info().map_err(refused)?;
    let mut pixels = vec![0; reader.output_buffer_size().ok_or(ReadError::TooLarge)?];
    let info = reader.next_frame(&mut pixels).map_err(refused)?;
    let side = |value: u32| usize::try_from(value).map_err(|_| ReadError::TooLarge);
    let (width, height) = (side(info.width)?, side(info.height)?);
    let grey = pixels.chunks_exact(info.color_type.samples()).map(luma).collect();
    Grey::new(width, height, grey).ok_or(ReadError::Picture)
}

fn refused(error: png::DecodingError) -> ReadError {
    if matches!(error, png::DecodingError::LimitsExceeded) { ReadError::TooLarge } else { ReadError::Picture }
}

/// How bright a pixel is; what is transparent stands on white.
fn luma(pixel: &[u8]) -> u8 {
    let (colors, alpha) = match *pixel {
        [grey] => ([grey; 3], 255),
        [grey, alpha] => ([grey; 3], alpha),
        [red, green, blue] => ([red, green, blue], 255),
        [red, green, blue, alpha] => ([red, green, blue], alpha),
        _ => ([255; 3], 255),
    };
    // Rec. 601, in parts of 256
    let weighed = colors
        .iter()
        .zip([77u32, 150, 29])
        .fold(0u32, |sum, (color, weight)| sum.saturating_add(u32::from(*color).saturating_mul(weight)))
        / 256;
    let alpha = u32::from(alpha);
    let shown = weighed.saturating_mul(alpha).saturating_add(255u32.saturating_sub(alpha).saturating_mul(255)) / 255;
    u8::try_from(shown).unwrap_or(255)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::qr;

    fn film(density: qr::Density) -> qr::Film {
        qr::Film::ur(qr::Kind::Binary, &[7; 5_000], density, false).unwrap()
    }

    #[test]
    fn what_is_drawn_is_read() {
        for density in qr::Density::ALL {
            let film = film(density);
            for number in [1, film.count(), film.count() + 7] {
                let picture = qr::png(&film.part(number), film.version(), 4).unwrap();
                assert_eq!(read_png(&picture).unwrap(), film.part(number));
            }
        }
    }

    /// The same code in colours, with transparency, with 1 bit a pixel, and by palette.
    #[test]
    fn every_kind_of_png_is_read() {
        let square = qr::draw("HELLO", 1).unwrap();
        let side = square.side + 8;
        let scale = 4;
        let dark = |x: usize, y: usize| {
            let (x, y) = (x / scale, y / scale);
            let inside = |at: usize| (4..side - 4).contains(&at);
            inside(x) && inside(y) && square.dark[(y - 4) * square.side + x - 4]
        };
        let width = side * scale;
        let picture = |color, depth, palette: Option<&[u8]>, row: &dyn Fn(usize) -> Vec<u8>| {
            let mut bytes = Vec::new();
            let mut encoder = png::Encoder::new(&mut bytes, width as u32, width as u32);
            encoder.set_color(color);
            encoder.set_depth(depth);
            if let Some(palette) = palette {
                encoder.set_palette(palette.to_vec());
            }
            let data: Vec<u8> = (0..width).flat_map(row).collect();
            encoder.write_header().unwrap().write_image_data(&data).unwrap();
            bytes
        };
        let pixels = |y: usize, on: &[u8], off: &[u8]| -> Vec<u8> {
            (0..width).flat_map(|x| if dark(x, y) { on.to_vec() } else { off.to_vec() }).collect()
        };
        let bits = |y: usize, on: bool| -> Vec<u8> {
            let bit = |x: usize| u8::from(x < width && dark(x, y) == on);
            (0..width.div_ceil(8)).map(|byte| (0..8).fold(0, |bits, n| bits << 1 | bit(byte * 8 + n))).collect()
        };
        use png::{BitDepth::*, ColorType::*};
        let all = [
            picture(Rgb, Eight, None, &|y| pixels(y, &[0, 0, 120], &[250, 240, 230])),
            picture(Rgba, Eight, None, &|y| pixels(y, &[9, 9, 9, 255], &[0, 0, 0, 0])),
            picture(GrayscaleAlpha, Eight, None, &|y| pixels(y, &[0, 255], &[0, 10])),
            picture(Grayscale, Sixteen, None, &|y| pixels(y, &[0, 0], &[255, 255])),
            picture(Grayscale, One, None, &|y| bits(y, false)),
            picture(Indexed, One, Some(&[255, 255, 255, 10, 10, 10]), &|y| bits(y, true)),
        ];
        for (number, picture) in all.iter().enumerate() {
            assert_eq!(read_png(picture), Ok("HELLO".to_owned()), "{number}");
        }
    }

    #[test]
    fn what_is_no_code_is_refused() {
        assert_eq!(read_png(b"not a picture").unwrap_err(), ReadError::Picture);
        let mut cut = qr::png("x", 1, 4).unwrap();
        cut.truncate(40);
        assert_eq!(read_png(&cut).unwrap_err(), ReadError::Picture);
        let blank = |width: u32, height: u32, rows: usize| {
            let mut bytes = Vec::new();
            let mut encoder = png::Encoder::new(&mut bytes, width, height);
            encoder.set_color(png::ColorType::Grayscale);
            let _unfinished = encoder.write_header().unwrap().write_image_data(&vec![255; width as usize * rows]);
            bytes
        };
        assert_eq!(read_png(&blank(100, 100, 100)).unwrap_err(), ReadError::NoCode);
        // Sides that nobody has pixels for.
        assert_eq!(read_png(&blank(200_000, 200_000, 1)).unwrap_err(), ReadError::TooLarge);
        assert!(matches!(qr::png(&"y".repeat(5000), 1, 1), Err(qr::DrawError::TooLong(_))));
    }
}
