//! JPEG, baseline and progressive, in grey.

use zune_jpeg::{
    JpegDecoder,
    errors::DecodeErrors,
    zune_core::{bytestream::ZCursor, colorspace::ColorSpace, options::DecoderOptions},
};

use super::{Grey, PictureError, area};
use crate::limits;

/// What each file begins with: the start of the picture, and of a marker.
pub(super) const MAGIC: &[u8] = &[0xff, 0xd8, 0xff];

/// Pixels of a block. Each block takes two bits at least in a baseline picture, one in a progressive one.
const BLOCK: usize = 64;

/// A JPEG in grey: its luma as it stands. Where the end is missing, that part stays grey.
pub(super) fn read(bytes: &[u8]) -> Result<Grey, PictureError> {
    let damaged = |_: DecodeErrors| PictureError::Damaged("JPEG");
    let options = DecoderOptions::new_safe()
        .set_max_width(limits::PICTURE_SIDE)
        .set_max_height(limits::PICTURE_SIDE)
        .jpeg_set_max_scans(limits::PICTURE_SCANS)
        .jpeg_set_out_colorspace(ColorSpace::Luma);
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(bytes), options);
    decoder.decode_headers().map_err(damaged)?;
    let (width, height) = decoder.dimensions().ok_or(PictureError::Damaged("JPEG"))?;
    let area = area(width, height)?;
    if area / BLOCK / 8 > bytes.len() {
        return Err(PictureError::Damaged("JPEG"));
    }
    let pixels = decoder.decode().map_err(damaged)?;
    // Of colour spaces without luma it gives what it has.
    let samples = pixels.len().checked_div(area).filter(|samples| (1..=4).contains(samples));
    let samples = samples.ok_or(PictureError::Damaged("JPEG"))?;
    let grey = if samples == 1 { pixels } else { pixels.chunks_exact(samples).map(mean).collect() };
    Grey::new(width, height, grey).ok_or(PictureError::Damaged("JPEG"))
}

fn mean(samples: &[u8]) -> u8 {
    let sum = samples.iter().fold(0usize, |sum, sample| sum.saturating_add(usize::from(*sample)));
    sum.checked_div(samples.len()).and_then(|mean| u8::try_from(mean).ok()).unwrap_or(255)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Pictures of 640 by 480: in colours, in colours by passes, and in grey.
    const BASELINE: &[u8] = include_bytes!("../../tests/corpus/pictures/mixed-1-10-15.jpg");
    const PROGRESSIVE: &[u8] = include_bytes!("../../tests/corpus/pictures/mixed-2-05-16.jpg");
    const GREY: &[u8] = include_bytes!("../../tests/corpus/pictures/noise-1-10-06.jpg");

    /// The same with other sides in its header.
    fn with_sides(bytes: &[u8], width: u16, height: u16) -> Vec<u8> {
        let at = bytes.windows(2).position(|two| matches!(two, [0xff, 0xc0 | 0xc2])).unwrap();
        let mut bytes = bytes.to_vec();
        bytes[at + 5..at + 7].copy_from_slice(&height.to_be_bytes());
        bytes[at + 7..at + 9].copy_from_slice(&width.to_be_bytes());
        bytes
    }

    #[test]
    fn each_kind_is_read() {
        for bytes in [BASELINE, PROGRESSIVE, GREY] {
            let picture = Grey::read(bytes).unwrap();
            assert_eq!((picture.width(), picture.height()), (640, 480));
            // There are modules in its middle.
            let middle = &picture.pixels()[240 * 640 + 240..240 * 640 + 400];
            let (dark, light) = (middle.iter().min().unwrap(), middle.iter().max().unwrap());
            assert!(light - dark > 60, "{dark} to {light}");
        }
        // A picture whose last rows did not arrive is read as far as it goes.
        let cut = Grey::read(&GREY[..GREY.len() / 2]).unwrap();
        assert_eq!(cut.pixels()[..640 * 100], Grey::read(GREY).unwrap().pixels()[..640 * 100]);
    }

    #[test]
    fn what_lies_about_its_size_is_refused() {
        for bytes in [BASELINE, PROGRESSIVE, GREY] {
            assert_eq!(Grey::read(&with_sides(bytes, 65_535, 65_535)), Err(PictureError::TooLarge));
            assert_eq!(Grey::read(&with_sides(bytes, 4_097, 3_072)), Err(PictureError::TooLarge));
            // Fewer bytes than the blocks that it says it has.
            let short = with_sides(&bytes[..2_000], 4_096, 3_072);
            assert_eq!(Grey::read(&short), Err(PictureError::Damaged("JPEG")));
            assert_eq!(Grey::read(&with_sides(bytes, 0, 480)), Err(PictureError::Damaged("JPEG")));
            for length in [3, 4, 20, 200] {
                assert_eq!(Grey::read(&bytes[..length]), Err(PictureError::Damaged("JPEG")), "{length}");
            }
        }
        assert_eq!(Grey::read(&[0xff, 0xd8, 0xff, 0xd9]), Err(PictureError::Damaged("JPEG")));
        assert_eq!(Grey::read(&[0xff, 0xd8]), Err(PictureError::Unknown));
    }
}
