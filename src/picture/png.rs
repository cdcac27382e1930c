//! PNG of every kind in grey.

use std::io::Cursor;

use super::{Grey, PictureError, area};
use crate::limits;

/// What each file begins with.
pub(super) const MAGIC: &[u8] = b"\x89PNG\r\n\x1a\n";

/// A PNG of any kind in grey; the first picture of a moving one.
pub(super) fn read(bytes: &[u8]) -> Result<Grey, PictureError> {
    let limits = png::Limits { bytes: limits::PICTURE_PIXELS.saturating_mul(4) };
    let mut decoder = png::Decoder::new_with_limits(Cursor::new(bytes), limits);
    decoder.set_transformations(png::Transformations::normalize_to_color8());
    // What is no pixel is not kept.
    decoder.set_ignore_text_chunk(true);
    decoder.set_ignore_iccp_chunk(true);
    let head = decoder.read_header_info().map_err(refused)?;
    let side = |value: u32| usize::try_from(value).map_err(|_| PictureError::TooLarge);
    area(side(head.width)?, side(head.height)?)?;
    let mut reader = decoder.read_info().map_err(refused)?;
    let mut pixels = vec![0; reader.output_buffer_size().ok_or(PictureError::TooLarge)?];
    let info = reader.next_frame(&mut pixels).map_err(refused)?;
    let (width, height) = (side(info.width)?, side(info.height)?);
    let grey = pixels.chunks_exact(info.color_type.samples()).map(luma).collect();
    Grey::new(width, height, grey).ok_or(PictureError::Damaged("PNG"))
}

fn refused(error: png::DecodingError) -> PictureError {
    if matches!(error, png::DecodingError::LimitsExceeded) {
        PictureError::TooLarge
    } else {
        PictureError::Damaged("PNG")
    }
}

/// How bright a pixel is; what is transparent stands on white.
fn luma(pixel: &[u8]) -> u8 {
    let (colors, alpha) = match *pixel {
        [grey] => return grey,
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
    use png::{BitDepth::*, ColorType::*};

    use super::*;

    fn written(
        color: png::ColorType,
        depth: png::BitDepth,
        size: (u32, u32),
        palette: Option<&[u8]>,
        data: &[u8],
    ) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut encoder = png::Encoder::new(&mut bytes, size.0, size.1);
        encoder.set_color(color);
        encoder.set_depth(depth);
        if let Some(palette) = palette {
            encoder.set_palette(palette.to_vec());
        }
        let _unfinished = encoder.write_header().unwrap().write_image_data(data);
        bytes
    }

    /// Two pixels, dark and light, in colours, with transparency, with 1 and 16 bits, and by palette.
    #[test]
    fn every_kind_is_read() {
        let all = [
            (written(Rgb, Eight, (2, 1), None, &[0, 0, 120, 250, 240, 230]), [13, 241]),
            (written(Rgba, Eight, (2, 1), None, &[9, 9, 9, 255, 0, 0, 0, 0]), [9, 255]),
            (written(GrayscaleAlpha, Eight, (2, 1), None, &[0, 255, 0, 10]), [0, 245]),
            (written(Grayscale, Sixteen, (2, 1), None, &[1, 0, 255, 255]), [1, 255]),
            (written(Grayscale, One, (2, 1), None, &[0b0100_0000]), [0, 255]),
            (written(Indexed, One, (2, 1), Some(&[10, 10, 10, 255, 255, 255]), &[0b0100_0000]), [10, 255]),
        ];
        for (bytes, pixels) in all {
            let picture = Grey::read(&bytes).unwrap();
            assert_eq!((picture.width(), picture.height(), picture.pixels()), (2, 1, &pixels[..]));
        }
    }

    #[test]
    fn what_is_cut_bent_or_too_large_is_refused() {
        let whole = written(Grayscale, Eight, (100, 100), None, &[255; 10_000]);
        assert!(Grey::read(&whole).is_ok());
        assert_eq!(Grey::read(&whole[..40]), Err(PictureError::Damaged("PNG")));
        let mut bent = whole.clone();
        bent[20] ^= 1;
        assert_eq!(Grey::read(&bent), Err(PictureError::Damaged("PNG")));
        assert_eq!(Grey::read(&whole[1..]), Err(PictureError::Unknown));
        // Sides that nobody has pixels for.
        for size in [(200_000, 200_000), (70_000, 1), (4_097, 3_072)] {
            let bytes = written(Grayscale, Eight, size, None, &[]);
            assert_eq!(Grey::read(&bytes), Err(PictureError::TooLarge), "{size:?}");
        }
    }
}
