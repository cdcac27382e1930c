//! Y4M: a film without any packing, of whose frames the luma is kept.
//!
//! A line of what the film is, then for each frame a line and the planes: luma of one byte a pixel, and colours, which
//! are passed over.
//!
//! # Source
//! yuv4mpeg(5) of the mjpegtools.

use std::io::{self, BufRead, Read};

use super::{Grey, PictureError, area};
use crate::limits;

/// A film, frame by frame; no more than one is held.
pub struct Video<R> {
    from: R,
    width: usize,
    height: usize,
    /// Bytes of the colours of a frame.
    colours: u64,
    frames: usize,
}

/// Bytes of colours to `width` by `height` pixels, of the forms whose samples have one byte.
fn colours(form: &str, width: usize, height: usize) -> Option<u64> {
    let (halfwidth, halfheight) = (width.div_ceil(2), height.div_ceil(2));
    let plane = |columns: usize, rows: usize| columns.checked_mul(rows);
    let bytes = match form {
        "420" | "420jpeg" | "420mpeg2" | "420paldv" => plane(halfwidth, halfheight)?.checked_mul(2)?,
        "411" => plane(width.div_ceil(4), height)?.checked_mul(2)?,
        "422" => plane(halfwidth, height)?.checked_mul(2)?,
        "444" => plane(width, height)?.checked_mul(2)?,
        "444alpha" => plane(width, height)?.checked_mul(3)?,
        "mono" => 0,
        _ => return None,
    };
    u64::try_from(bytes).ok()
}

impl<R: BufRead> Video<R> {
    /// Reads what the film is.
    ///
    /// # Errors
    /// [`PictureError`].
    pub fn open(mut from: R) -> Result<Self, PictureError> {
        const NONE: PictureError = PictureError::Video("it does not begin with a line of YUV4MPEG2");
        let line = line(&mut from)?.ok_or(NONE)?;
        let mut words = line.split(' ');
        if words.next() != Some("YUV4MPEG2") {
            return Err(NONE);
        }
        let (mut width, mut height, mut form) = (None, None, "420");
        for word in words {
            let Some((letter, value)) = word.split_at_checked(1) else { continue };
            match letter {
                "W" => width = value.parse().ok(),
                "H" => height = value.parse().ok(),
                "C" => form = value,
                _ => {}
            }
        }
        let sides = width.zip(height).filter(|(width, height)| *width > 0 && *height > 0);
        let (width, height) = sides.ok_or(PictureError::Video("width or height is missing"))?;
        area(width, height)?;
        let colours = colours(form, width, height);
        let colours = colours.ok_or(PictureError::Video("its samples are not of 8 bits, planes apart"))?;
        Ok(Self { from, width, height, colours, frames: 0 })
    }

    /// The next frame, or `None` at the end.
    ///
    /// # Errors
    /// [`PictureError`]; nothing can be read after it.
    pub fn frame(&mut self) -> Result<Option<Grey>, PictureError> {
        const CUT: PictureError = PictureError::Video("it ends within a frame");
        let Some(head) = line(&mut self.from)? else { return Ok(None) };
        if head.split(' ').next() != Some("FRAME") {
            return Err(PictureError::Video("a frame does not begin with FRAME"));
        }
        self.frames = self.frames.saturating_add(1);
        if self.frames > limits::QR_PICTURES {
            return Err(PictureError::Video("it has more than 20,000 frames"));
        }
        let mut luma = vec![0; area(self.width, self.height)?];
        self.from.read_exact(&mut luma).map_err(|error| trouble(&error, CUT))?;
        let passed = io::copy(&mut self.from.by_ref().take(self.colours), &mut io::sink());
        if passed.map_err(|error| trouble(&error, CUT))? != self.colours {
            return Err(CUT);
        }
        Ok(Grey::new(self.width, self.height, luma))
    }
}

fn trouble(error: &io::Error, at_end: PictureError) -> PictureError {
    if error.kind() == io::ErrorKind::UnexpectedEof { at_end } else { PictureError::Io(error.to_string()) }
}

/// A line of letters, without its end; `None` where nothing follows.
fn line<R: BufRead>(from: &mut R) -> Result<Option<String>, PictureError> {
    const NONE: PictureError = PictureError::Video("a line of its own is missing, or is too long");
    let most = u64::try_from(limits::VIDEO_LINE_BYTES).unwrap_or(u64::MAX);
    let mut line = Vec::new();
    from.by_ref().take(most).read_until(b'\n', &mut line).map_err(|error| trouble(&error, NONE))?;
    if line.is_empty() {
        return Ok(None);
    }
    let text = line.strip_suffix(b"\n").filter(|text| text.is_ascii()).ok_or(NONE)?;
    Ok(Some(String::from_utf8_lossy(text).into_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frames(bytes: &[u8]) -> Result<Vec<Grey>, PictureError> {
        let mut video = Video::open(bytes)?;
        let mut all = Vec::new();
        while let Some(frame) = video.frame()? {
            all.push(frame);
        }
        Ok(all)
    }

    fn film(head: &str, colours: usize) -> Vec<u8> {
        let frame = |dark: u8| [b"FRAME Ip\n".to_vec(), vec![dark; 6], vec![128; colours]].concat();
        [format!("YUV4MPEG2 W3 H2 F30:1 Ip {head}\n").into_bytes(), frame(1), frame(2)].concat()
    }

    #[test]
    fn the_luma_of_each_frame_comes() {
        for (head, colours) in [
            ("", 4),
            ("C420jpeg XYSCSS=420JPEG", 4),
            ("C411", 4),
            ("C422", 8),
            ("C444", 12),
            ("C444alpha", 18),
            ("Cmono", 0),
        ] {
            let read = frames(&film(head, colours)).unwrap();
            assert_eq!(read.iter().map(|frame| frame.at(2, 1)).collect::<Vec<_>>(), [1, 2], "{head}");
            assert_eq!((read[0].width(), read[0].height()), (3, 2));
        }
        assert_eq!(frames(b"YUV4MPEG2 W3 H2\n"), Ok(vec![]));
    }

    #[test]
    fn what_is_no_film_is_refused() {
        let said = |bytes: &[u8]| frames(bytes).unwrap_err().to_string();
        let whole = film("", 4);
        for (bytes, part) in [
            (&b""[..], "does not begin with a line of YUV4MPEG2"),
            (b"RIFF....AVI LIST\n", "does not begin with a line of YUV4MPEG2"),
            (b"YUV4MPEG2 W3 H2", "a line of its own is missing"),
            (&[b'Y'; 5_000], "a line of its own is missing"),
            (b"YUV4MPEG2 W3\n", "width or height"),
            (b"YUV4MPEG2 W-3 H2\n", "width or height"),
            (b"YUV4MPEG2 W0 H2\n", "width or height"),
            (b"YUV4MPEG2 W3 H2 C420p10\n", "8 bits"),
            (b"YUV4MPEG2 W99999999999999999999 H2\n", "width or height"),
            (b"YUV4MPEG2 W60000 H60000\nFRAME\n", "12 megapixels"),
            (b"YUV4MPEG2 W18446744073709551615 H2\nFRAME\n", "12 megapixels"),
            (b"YUV4MPEG2 W3 H2\nFRAMES\n", "begin with FRAME"),
            (&whole[..whole.len() - 1], "ends within a frame"),
            (&whole[..whole.len() - 5], "ends within a frame"),
        ] {
            assert!(said(bytes).contains(part), "{}: {}", String::from_utf8_lossy(bytes), said(bytes));
        }
        let empty = [b"YUV4MPEG2 W1 H1 Cmono\n".to_vec(), b"FRAME\n.".repeat(limits::QR_PICTURES + 1)].concat();
        assert!(said(&empty).contains("20,000 frames"));
    }
}
