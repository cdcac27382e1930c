//! Pictures: untrusted bytes to grey pixels.
//!
//! Floor 0. A picture says how large it is before a pixel of it comes: that is held against [`crate::limits`], and
//! against the bytes that are there, before anything is allocated by it.

mod camera;
mod grey;
mod jpeg;
mod png;
mod y4m;

pub use camera::Packing;
pub use grey::Grey;
pub use y4m::Video;

use crate::limits;

/// Why bytes are no picture.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PictureError {
    /// Neither of the kinds that are read.
    #[error("neither a PNG nor a JPEG picture")]
    Unknown,
    /// It begins like one of this kind. Of JPEG, what is in inks (CMYK) or coded by arithmetic is not read.
    #[error("the {0} picture is damaged, or of a rare kind")]
    Damaged(&'static str),
    /// More pixels than a picture may have.
    #[error(
        "the picture has more than 12 megapixels ({} pixels, {} a side)",
        limits::PICTURE_PIXELS,
        limits::PICTURE_SIDE
    )]
    TooLarge,
    /// A film that is none.
    #[error("the film cannot be read: {0}")]
    Video(&'static str),
    /// The film's bytes cannot be had.
    #[error("the film cannot be read: {0}")]
    Io(String),
}

impl Grey {
    /// A picture of any kind that is read, PNG or JPEG, in grey.
    ///
    /// # Errors
    /// [`PictureError`].
    pub fn read(bytes: &[u8]) -> Result<Self, PictureError> {
        if bytes.starts_with(png::MAGIC) {
            png::read(bytes)
        } else if bytes.starts_with(jpeg::MAGIC) {
            jpeg::read(bytes)
        } else {
            Err(PictureError::Unknown)
        }
    }
}

/// The area of a picture, where it may be as large as this.
fn area(width: usize, height: usize) -> Result<usize, PictureError> {
    let fits = |side: usize| (1..=limits::PICTURE_SIDE).contains(&side);
    let area = width.checked_mul(height).filter(|area| *area <= limits::PICTURE_PIXELS);
    area.filter(|_| fits(width) && fits(height)).ok_or(PictureError::TooLarge)
}
