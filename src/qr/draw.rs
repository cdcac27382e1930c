//! A text as a QR code, and as a PNG picture.

use qrcode::{EcLevel, QrCode, Version};

/// Light modules around a code (ISO 18004: at least four).
pub const QUIET: usize = 4;

/// Why a text is no picture.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DrawError {
    /// Longer than the largest code holds.
    #[error("{0} characters do not fit into one QR code")]
    TooLong(usize),
    /// The PNG encoder refused.
    #[error("the picture could not be written: {0}")]
    Picture(String),
}

/// A square of modules, `true` dark, without the quiet zone.
pub struct Square {
    /// Modules a side.
    pub side: usize,
    /// Rows from the top, each from the left.
    pub dark: Vec<bool>,
}

/// Draws `text` at the lowest error correction, as wallets show QR codes of parts, in a code of `version` or larger.
///
/// # Errors
/// [`DrawError::TooLong`].
pub fn draw(text: &str, version: u8) -> Result<Square, DrawError> {
    let least = Version::Normal(version.clamp(1, 40).into());
    let code = QrCode::with_version(text, least, EcLevel::L)
        .or_else(|_| QrCode::with_error_correction_level(text, EcLevel::L))
        .map_err(|_| DrawError::TooLong(text.len()))?;
    let dark = code.to_colors().into_iter().map(|color| color == qrcode::Color::Dark).collect();
    Ok(Square { side: code.width(), dark })
}

/// The code of `text` as a PNG, `scale` pixels a module, with its quiet zone.
///
/// # Errors
/// [`DrawError`].
pub fn png(text: &str, version: u8, scale: usize) -> Result<Vec<u8>, DrawError> {
    let square = draw(text, version)?;
    let scale = scale.clamp(1, 32);
    let side = square.side.saturating_add(2 * QUIET).saturating_mul(scale);
    let mut pixels = Vec::with_capacity(side.saturating_mul(side));
    for y in 0..side {
        for x in 0..side {
            let module =
                |at: usize| at.checked_div(scale).and_then(|m| m.checked_sub(QUIET)).filter(|&m| m < square.side);
            let at =
                module(y).zip(module(x)).map(|(row, column)| row.saturating_mul(square.side).saturating_add(column));
            let dark = at.and_then(|at| square.dark.get(at)).copied().unwrap_or(false);
            pixels.push(if dark { 0u8 } else { 255 });
        }
    }
    let mut bytes = Vec::new();
    let refused = |error: png::EncodingError| DrawError::Picture(error.to_string());
    let width = u32::try_from(side).map_err(|_| DrawError::TooLong(text.len()))?;
    let mut encoder = png::Encoder::new(&mut bytes, width, width);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.set_depth(png::BitDepth::Eight);
    let mut writer = encoder.write_header().map_err(refused)?;
    writer.write_image_data(&pixels).map_err(refused)?;
    writer.finish().map_err(refused)?;
    Ok(bytes)
}
