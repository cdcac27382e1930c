//! The tree of scripts that an output's map holds (BIP371).
//!
//! Floor 1.

use super::{compact::Reader, fields::Output};

impl Output {
    /// The leaves of [`Self::tap_tree`], depth first: depth, leaf version, script. Nothing where there is no tree.
    #[must_use]
    pub fn tap_tree_leaves(&self) -> Option<Vec<(u8, u8, &[u8])>> {
        let mut reader = Reader::new(self.tap_tree.as_deref()?);
        let mut leaves = Vec::new();
        while !reader.is_done() {
            let [depth, version] = reader.array().ok()?;
            leaves.push((depth, version, reader.string().ok()?));
        }
        Some(leaves)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leaves_are_read_in_order() {
        let of = |bytes: &[u8]| Output { tap_tree: Some(bytes.to_vec()), ..Output::default() };
        let tree = of(&[1, 0xc0, 2, 0x51, 0x52, 1, 0xc2, 1, 0x53]);
        assert_eq!(tree.tap_tree_leaves().unwrap(), [(1, 0xc0, &[0x51, 0x52][..]), (1, 0xc2, &[0x53])]);
        assert_eq!(Output::default().tap_tree_leaves(), None);
        for cut in [&[1][..], &[1, 0xc0], &[1, 0xc0, 2, 0x51], &[1, 0xc0, 1, 0x51, 1]] {
            assert_eq!(of(cut).tap_tree_leaves(), None);
        }
    }
}
