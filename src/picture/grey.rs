//! A picture without colours, as a camera gives it and a decoder wants it.

/// A grey picture, row by row from the top.
#[derive(Clone, PartialEq, Eq)]
pub struct Grey {
    width: usize,
    height: usize,
    pixels: Vec<u8>,
}

impl Grey {
    /// A picture of `width` by `height` pixels of one byte each (0 is black), where there are as many and any at all.
    #[must_use]
    pub fn new(width: usize, height: usize, pixels: Vec<u8>) -> Option<Self> {
        let fits = !pixels.is_empty() && width.checked_mul(height) == Some(pixels.len());
        fits.then_some(Self { width, height, pixels })
    }

    /// Pixels in a row.
    #[must_use]
    pub const fn width(&self) -> usize {
        self.width
    }

    /// Rows.
    #[must_use]
    pub const fn height(&self) -> usize {
        self.height
    }

    /// All pixels.
    #[must_use]
    pub fn pixels(&self) -> &[u8] {
        &self.pixels
    }

    /// The pixel in column `x` of row `y`; white beyond the edges.
    #[must_use]
    pub fn at(&self, x: usize, y: usize) -> u8 {
        let inside = x < self.width && y < self.height;
        let place = y.checked_mul(self.width).and_then(|row| row.checked_add(x)).filter(|_| inside);
        place.and_then(|place| self.pixels.get(place)).copied().unwrap_or(255)
    }
}

impl std::fmt::Debug for Grey {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "Grey({} by {})", self.width, self.height)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_has_the_pixels_that_its_sides_say() {
        let picture = Grey::new(2, 3, vec![0, 1, 2, 3, 4, 5]).unwrap();
        assert_eq!([picture.at(0, 0), picture.at(1, 0), picture.at(0, 1), picture.at(1, 2)], [0, 1, 2, 5]);
        assert_eq!([picture.at(2, 0), picture.at(0, 3), picture.at(usize::MAX, usize::MAX)], [255; 3]);
        assert_eq!(format!("{picture:?}"), "Grey(2 by 3)");
        for (width, height, pixels) in [(2, 2, 3), (0, 0, 0), (usize::MAX, 2, 2)] {
            assert!(Grey::new(width, height, vec![0; pixels]).is_none(), "{width} by {height}");
        }
    }
}
