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
