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

    /// The columns from `left` to `right` of the rows from `top` to `bottom`, as far as there are any, and where they
    /// begin.
    #[must_use]
    pub fn part(&self, left: usize, top: usize, right: usize, bottom: usize) -> Option<(Self, usize, usize)> {
        let (right, bottom) = (right.min(self.width), bottom.min(self.height));
        let (width, height) = (right.checked_sub(left)?, bottom.checked_sub(top)?);
        let rows = self.pixels.chunks_exact(self.width).skip(top).take(height);
        let pixels: Vec<u8> = rows.filter_map(|row| row.get(left..right)).flatten().copied().collect();
        Some((Self::new(width, height, pixels)?, left, top))
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

    #[test]
    fn parts_are_cut_at_the_edges() {
        let picture = Grey::new(3, 3, (0..9).collect()).unwrap();
        let cut = |left, top, right, bottom| picture.part(left, top, right, bottom);
        let (part, left, top) = cut(1, 0, 9, 2).unwrap();
        assert_eq!((part.width(), part.height(), part.pixels(), left, top), (2, 2, &[1, 2, 4, 5][..], 1, 0));
        assert_eq!(cut(0, 0, usize::MAX, usize::MAX).unwrap().0, picture);
        for (left, top, right, bottom) in [(1, 1, 1, 3), (2, 0, 1, 3), (3, 0, 9, 3), (0, usize::MAX, 3, 0)] {
            assert!(cut(left, top, right, bottom).is_none());
        }
    }
}
