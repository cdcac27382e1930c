//! GF(2^8) with the polynomial of AES (0x11b), in constant time: no tables, no branches on values.
//!
//! Floor 1. The field of SLIP-39.

use std::hint::black_box;

/// `a * b`.
pub(super) fn multiply(mut a: u8, b: u8) -> u8 {
    let mut product = 0u8;
    for bit in 0..8u8 {
        product ^= a & mask((b >> bit) & 1);
        a = (a << 1) ^ (0x1b & mask(a >> 7));
    }
    product
}

/// `a^254`, which is `1 / a`, and 0 for 0.
pub(super) fn inverse(a: u8) -> u8 {
    let mut square = a;
    let mut product = 1u8;
    // 254 = 2 + 4 + 8 + 16 + 32 + 64 + 128
    for _ in 1..8 {
        square = multiply(square, square);
        product = multiply(product, square);
    }
    product
}

/// The value at `x` of the polynomial through `points` (their x all different), byte for byte, into `out`.
///
/// # Source
/// SLIP-39, "Shamir's secret sharing": Lagrange interpolation.
pub(super) fn interpolate(points: &[(u8, &[u8])], x: u8, out: &mut [u8]) {
    out.fill(0);
    for (place, (own, value)) in points.iter().enumerate() {
        let others = points.iter().enumerate().filter(|(other, _)| *other != place);
        let basis = others.fold(1, |basis, (_, (other, _))| multiply(basis, multiply(x ^ other, inverse(own ^ other))));
        out.iter_mut().zip(*value).for_each(|(out, byte)| *out ^= multiply(basis, *byte));
    }
}

/// All ones for 1, zero for 0; the optimiser must not make a branch of it.
fn mask(bit: u8) -> u8 {
    black_box(0u8.wrapping_sub(bit))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_field_is_that_of_aes() {
        // FIPS 197, section 4.2.
        assert_eq!(multiply(0x57, 0x83), 0xc1);
        assert_eq!(multiply(0x57, 0x13), 0xfe);
        assert!((1..=255).all(|a| multiply(a, inverse(a)) == 1));
        assert_eq!(inverse(0), 0);
    }

    #[test]
    fn a_polynomial_is_found_from_any_three_of_its_points() {
        let value = |x: u8| [7 ^ multiply(x, 99) ^ multiply(multiply(x, x), 200), 1 ^ multiply(x, x)];
        for xs in [[0, 1, 2], [5, 254, 3], [255, 17, 128]] {
            let values = xs.map(value);
            let points: Vec<(u8, &[u8])> = xs.into_iter().zip(values.iter().map(|v| &v[..])).collect();
            for x in 0..=255 {
                let mut out = [9; 2];
                interpolate(&points, x, &mut out);
                assert_eq!(out, value(x));
            }
        }
    }
}
