//! The text of the QR code in a picture.

use std::io::Cursor;

/// Most pixels of a picture: 12 megapixels, a phone's photograph.
const PIXELS: usize = 12_000_000;

/// Why a picture gives no text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// Not a PNG, or of a kind that is not read.
    #[error("not a PNG picture of 8-bit grey values")]
    Picture,
    /// More than 12 megapixels.
    #[error("the picture has more than {PIXELS} pixels")]
    TooLarge,
    /// No QR code was found, or none could be decoded.
    #[error("no readable QR code in the picture")]
    NoCode,
}

/// The text of the first QR code in an 8-bit grey PNG.
///
/// # Errors
/// [`ReadError`].
pub fn read_png(bytes: &[u8]) -> Result<String, ReadError> {
    let decoder = png::Decoder::new_with_limits(Cursor::new(bytes), png::Limits { bytes: 4 * PIXELS });
    let mut reader = decoder.read_info().map_err(|_| ReadError::Picture)?;
    let size = reader.output_buffer_size().filter(|&size| size <= PIXELS).ok_or(ReadError::TooLarge)?;
    let mut pixels = vec![0; size];
    let info = reader.next_frame(&mut pixels).map_err(|_| ReadError::Picture)?;
    if info.color_type != png::ColorType::Grayscale || info.bit_depth != png::BitDepth::Eight {
        return Err(ReadError::Picture);
    }
    let side = |value: u32| usize::try_from(value).map_err(|_| ReadError::TooLarge);
    let (width, height) = (side(info.width)?, side(info.height)?);
    let grey = |x: usize, y: usize| {
        let at = y.saturating_mul(width).saturating_add(x);
        pixels.get(at).copied().unwrap_or(255)
    };
    let mut image = rqrr::PreparedImage::prepare_from_greyscale(width, height, grey);
    let found = image.detect_grids();
    let texts = found.iter().filter_map(|grid| grid.decode().ok());
    texts.map(|(_, text)| text).next().ok_or(ReadError::NoCode)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::qr;

    #[test]
    fn what_is_drawn_is_read() {
        for text in qr::split("crypto-psbt", &[7; 900], 300) {
            let picture = qr::png(&text, 4).unwrap();
            assert_eq!(read_png(&picture).unwrap(), text.to_uppercase());
        }
    }

    #[test]
    fn what_is_no_code_is_refused() {
        assert_eq!(read_png(b"not a picture").unwrap_err(), ReadError::Picture);
        let mut cut = qr::png("x", 4).unwrap();
        cut.truncate(40);
        assert_eq!(read_png(&cut).unwrap_err(), ReadError::Picture);
        let mut blank = Vec::new();
        let mut encoder = png::Encoder::new(&mut blank, 100, 100);
        encoder.set_color(png::ColorType::Grayscale);
        encoder.write_header().unwrap().write_image_data(&[255; 10_000]).unwrap();
        assert_eq!(read_png(&blank).unwrap_err(), ReadError::NoCode);
        assert!(matches!(qr::png(&"y".repeat(5000), 1), Err(qr::DrawError::TooLong(_))));
    }
}
