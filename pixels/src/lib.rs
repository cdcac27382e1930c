//! Pictures made easier to read: each filter helps where another harms.
//!
//! Pixels are grey, one byte each, row by row; what comes has the same form. No sum overflows for squares that reach up
//! to 1,000 pixels to each side.

#![cfg_attr(test, allow(clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "tests"))]

/// Half of the sides: each pixel the mean of four. Noise and the grid of a screen go, and modules that are too large
/// for the eye become smaller.
#[must_use]
pub fn half(width: usize, pixels: &[u8]) -> Vec<u8> {
    let mut half = Vec::with_capacity(pixels.len() / 4);
    for two in pixels.chunks_exact(width.saturating_mul(2).max(1)) {
        let (upper, lower) = two.split_at(width.min(two.len()));
        half.extend(upper.chunks_exact(2).zip(lower.chunks_exact(2)).map(|(upper, lower)| {
            let four = upper.iter().chain(lower).fold(2u16, |sum, pixel| sum.wrapping_add(u16::from(*pixel)));
            low(u64::from(four >> 2))
        }));
    }
    half
}

/// Each pixel the mean of nine: against noise.
#[must_use]
pub fn soft(width: usize, pixels: &[u8]) -> Vec<u8> {
    means(width, pixels, 1)
}

/// What differs from its surroundings differs three times as much: against blur.
#[must_use]
pub fn sharp(width: usize, pixels: &[u8]) -> Vec<u8> {
    let mean = means(width, pixels, 2);
    pixels.iter().zip(mean).map(|(pixel, mean)| grey(3.0 * f32::from(*pixel) - 2.0 * f32::from(mean))).collect()
}

/// Brightness and contrast are made equal everywhere, as the square that reaches so far to each side has them: against
/// low contrast, lamps and glare.
#[must_use]
pub fn even(width: usize, pixels: &[u8], reach: usize) -> Vec<u8> {
    let mean = means(width, pixels, reach);
    let apart: Vec<u8> = pixels.iter().zip(&mean).map(|(pixel, mean)| pixel.abs_diff(*mean)).collect();
    let contrast = means(width, &apart, reach);
    let evened = pixels.iter().zip(&mean).zip(contrast).map(|((pixel, mean), contrast)| {
        grey(128.0 + (f32::from(*pixel) - f32::from(*mean)) * 64.0 / f32::from(contrast.max(2)))
    });
    evened.collect()
}

/// A number as a level: beyond the ends, the end.
const fn grey(level: f32) -> u8 {
    level as u8
}

/// The last byte of a number.
fn low(number: u64) -> u8 {
    let [.., low] = number.to_be_bytes();
    low
}

/// The mean of the square around each pixel that reaches so far to each side; beyond the edge is what is at the edge.
fn means(width: usize, pixels: &[u8], reach: usize) -> Vec<u8> {
    let span = reach.saturating_mul(2).saturating_add(1);
    // Parts of 2^24, so that there is no division for each pixel.
    let part = u32::try_from(span).ok().and_then(|span| (1u32 << 24).checked_div(span)).unwrap_or(0);
    let share = |sum: u32| low(u64::from(sum).wrapping_mul(u64::from(part)).wrapping_add(1 << 23) >> 24);
    let mut across = Vec::with_capacity(pixels.len());
    let mut line: Vec<u32> = Vec::with_capacity(width.saturating_add(span));
    for row in pixels.chunks_exact(width.max(1)) {
        let (Some(first), Some(last)) = (row.first(), row.last()) else { continue };
        line.clear();
        let beyond = |level: &u8| std::iter::repeat_n(u32::from(*level), reach);
        line.extend(beyond(first).chain(row.iter().map(|level| u32::from(*level))).chain(beyond(last)));
        let mut sum = line.iter().take(span).fold(0u32, |sum, level| sum.wrapping_add(*level));
        across.push(share(sum));
        across.extend(line.iter().skip(span).zip(&line).map(|(enters, leaves)| {
            sum = sum.wrapping_add(*enters).wrapping_sub(*leaves);
            share(sum)
        }));
    }
    let rows: Vec<&[u8]> = across.chunks_exact(width.max(1)).collect();
    let (Some(first), Some(last)) = (rows.first(), rows.last()) else { return across };
    let beyond = |row: &'_ _| std::iter::repeat_n(*row, reach);
    let column: Vec<&[u8]> = beyond(first).chain(rows.iter().copied()).chain(beyond(last)).collect();
    let mut sums = vec![0u32; width];
    for row in column.iter().take(span) {
        sums.iter_mut().zip(*row).for_each(|(sum, level)| *sum = sum.wrapping_add(u32::from(*level)));
    }
    let mut down = Vec::with_capacity(pixels.len());
    down.extend(sums.iter().map(|sum| share(*sum)));
    for (enters, leaves) in column.iter().skip(span).zip(&column) {
        for ((sum, enters), leaves) in sums.iter_mut().zip(*enters).zip(*leaves) {
            *sum = sum.wrapping_add(u32::from(*enters)).wrapping_sub(u32::from(*leaves));
        }
        down.extend(sums.iter().map(|sum| share(*sum)));
    }
    down
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn means_are_those_of_the_squares() {
        let pixels: Vec<u8> = (0..7 * 5).map(|n: u32| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
        for reach in [1usize, 2, 9] {
            let means = means(7, &pixels, reach);
            assert_eq!(means.len(), pixels.len());
            for y in 0..5i32 {
                for x in 0..7i32 {
                    let reach = reach as i32;
                    let at = |x: i32, y: i32| f64::from(pixels[(y.clamp(0, 4) * 7 + x.clamp(0, 6)) as usize]);
                    let square = (-reach..=reach).flat_map(|dy| (-reach..=reach).map(move |dx| (dx, dy)));
                    let sum: f64 = square.map(|(dx, dy)| at(x + dx, y + dy)).sum();
                    let mean = sum / f64::from((2 * reach + 1) * (2 * reach + 1));
                    let found = f64::from(means[(y * 7 + x) as usize]);
                    assert!((mean - found).abs() < 1.6, "{x} {y} {reach}: {mean} {found}");
                }
            }
        }
        // As far as it may reach, on white.
        assert!(means(2_100, &[255; 2_100 * 4], 1_000).iter().all(|mean| *mean >= 253));
    }

    #[test]
    fn filters_do_what_they_are_named_for() {
        assert_eq!(half(5, &[0, 4, 8, 8, 99, 4, 8, 8, 8, 99, 1, 1, 1, 1, 1]), [4, 8]);
        assert_eq!(half(1, &[1, 2, 3]), []);
        let edge: Vec<u8> = [100, 100, 100, 140, 140, 140].repeat(6);
        let sharper = sharp(6, &edge);
        assert!(sharper[20] < 80 && sharper[21] > 160, "{sharper:?}");
        let softer = soft(6, &edge);
        assert!(softer[20] > 105 && softer[21] < 135, "{softer:?}");
        // A faint step, darker on one side than on the other.
        let faint: Vec<u8> = (0..32).flat_map(|_| (0..64).map(|x| if x % 8 < 4 { 30 + x } else { 36 + x })).collect();
        let evened = even(64, &faint, 8);
        let row = &evened[16 * 64..17 * 64];
        assert!(row[20] > 160 && row[26] < 96, "{row:?}");
        assert_eq!(even(64, &[77; 64 * 8], 8), [128; 64 * 8]);
        for filter in [half, soft, sharp] {
            assert_eq!(filter(0, &[]), []);
            assert_eq!(filter(3, &[]), []);
        }
    }
}
