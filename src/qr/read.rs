//! The text of the QR code in a picture.

use crate::picture::{Grey, PictureError};

/// Why a picture gives no text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// No picture.
    #[error(transparent)]
    Picture(#[from] PictureError),
    /// No QR code was found, or none could be decoded.
    #[error("no readable QR code in the picture")]
    NoCode,
}

/// The text of the first QR code in a picture, PNG or JPEG.
///
/// # Errors
/// [`ReadError`].
pub fn read_picture(bytes: &[u8]) -> Result<String, ReadError> {
    Eye::new().look(&Grey::read(bytes)?).ok_or(ReadError::NoCode)
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
                assert_eq!(read_picture(&picture).unwrap(), film.part(number));
            }
        }
    }

    #[test]
    fn what_is_no_code_is_refused() {
        assert_eq!(read_picture(b"not a picture").unwrap_err(), ReadError::Picture(PictureError::Unknown));
        let blank = Grey::new(100, 100, vec![255; 10_000]).unwrap();
        assert_eq!(Eye::new().look(&blank), None);
        assert!(matches!(qr::png(&"y".repeat(5000), 1, 1), Err(qr::DrawError::TooLong(_))));
    }
}
