//! Deflate without a header, as BBQr packs: bounded before it is unpacked.
//!
//! Floor 1. A window of 1,024 bytes is written, as the format asks. Read is any window of the method itself: that is
//! bounded all the same, and refusing it would keep out a wallet that packs better than it may.
//!
//! # Source
//! RFC 1951; BBQr, "Zlib".

use flate2::{Compress, Compression, FlushCompress, Status};
use miniz_oxide::inflate::{
    TINFLStatus,
    core::{DecompressorOxide, decompress, inflate_flags::TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF},
};

use crate::limits;

/// Why packed bytes are not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unpacked {
    /// They are no deflate stream, or end in the middle of it.
    Damaged,
    /// They grow beyond the limit.
    Bomb,
    /// Bytes follow the stream.
    Rest,
}

/// Packs with a window of 2^10 bytes; `None` where the packer has no room.
pub(super) fn deflate(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut packer = Compress::new_with_window_bits(Compression::best(), false, 10);
    // Stored blocks are the worst case: 5 bytes for each, and some.
    let mut packed = Vec::with_capacity(bytes.len().saturating_add(bytes.len() / 8).saturating_add(1_024));
    match packer.compress_vec(bytes, &mut packed, FlushCompress::Finish) {
        Ok(Status::StreamEnd) => Some(packed),
        Ok(Status::Ok | Status::BufError) | Err(_) => None,
    }
}

/// Unpacks, up to what [`limits`] allow.
///
/// # Errors
/// [`Unpacked`].
pub(super) fn inflate(packed: &[u8]) -> Result<Vec<u8>, Unpacked> {
    let grown = packed.len().saturating_mul(limits::QR_INFLATE_RATIO).max(limits::QR_INFLATE_FREE);
    // One byte more than the limit tells that it is passed.
    let most = grown.min(limits::QR_MESSAGE_BYTES).saturating_add(1);
    let mut state = Box::<DecompressorOxide>::default();
    let mut out = vec![0; packed.len().saturating_mul(2).clamp(64, most)];
    let (mut read, mut written) = (0usize, 0usize);
    loop {
        let rest = packed.get(read..).unwrap_or_default();
        let (status, used, made) =
            decompress(&mut state, rest, &mut out, written, TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF);
        read = read.saturating_add(used);
        written = written.saturating_add(made);
        if written >= most {
            return Err(Unpacked::Bomb);
        }
        match status {
            TINFLStatus::Done if read < packed.len() => return Err(Unpacked::Rest),
            TINFLStatus::Done => {
                out.truncate(written);
                return Ok(out);
            }
            TINFLStatus::HasMoreOutput if out.len() < most => out.resize(out.len().saturating_mul(2).min(most), 0),
            TINFLStatus::HasMoreOutput => return Err(Unpacked::Bomb),
            TINFLStatus::NeedsMoreInput | TINFLStatus::Failed | _ => return Err(Unpacked::Damaged),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_bomb_is_stopped_by_its_ratio_and_by_the_limit() {
        let packed = deflate(&vec![0; 8 << 20]).unwrap();
        assert!(packed.len() < 64 * 1024, "{}", packed.len());
        assert_eq!(inflate(&packed), Err(Unpacked::Bomb));
        // Within the limit, and beyond the ratio.
        let packed = deflate(&vec![b' '; 512 * 1024]).unwrap();
        assert!(packed.len() * limits::QR_INFLATE_RATIO < 512 * 1024, "{}", packed.len());
        assert_eq!(inflate(&packed), Err(Unpacked::Bomb));
        // Within the ratio, and a byte beyond the limit.
        let mut random = crate::qr::random::Xoshiro::seeded(b"coins");
        let mut coins: Vec<u8> = (0..=limits::QR_MESSAGE_BYTES).map(|_| b'H' + (random.next() as u8 & 1)).collect();
        assert_eq!(inflate(&deflate(&coins).unwrap()), Err(Unpacked::Bomb));
        coins.pop();
        assert_eq!(inflate(&deflate(&coins).unwrap()), Ok(coins));
        let blanks = vec![b' '; limits::QR_INFLATE_FREE];
        assert_eq!(inflate(&deflate(&blanks).unwrap()), Ok(blanks));
    }

    #[test]
    fn the_window_is_the_one_of_the_format() {
        // What repeats after more than 1,024 bytes cannot be pointed at.
        let mut random = crate::qr::random::Xoshiro::seeded(b"window");
        let noise: Vec<u8> = (0..1_100).map(|_| random.next() as u8).collect();
        let packed = deflate(&[noise.clone(), noise.clone()].concat()).unwrap();
        assert!(packed.len() > 2_150, "{}", packed.len());
        let near = deflate(&[&noise[..700], &noise[..700]].concat()).unwrap();
        assert!(near.len() < 800, "{}", near.len());
    }

    #[test]
    fn damage_is_seen() {
        let mut packed = deflate(b"a text and a text and a text").unwrap();
        assert_eq!(inflate(&packed[..packed.len() - 1]), Err(Unpacked::Damaged));
        assert_eq!(inflate(&[]), Err(Unpacked::Damaged));
        assert_eq!(inflate(&[7, 7, 7]), Err(Unpacked::Damaged));
        packed.push(0);
        assert_eq!(inflate(&packed), Err(Unpacked::Rest));
    }

    proptest! {
        #[test]
        fn what_is_packed_is_unpacked(bytes in prop::collection::vec(any::<u8>(), 0..5_000), copies in 1usize..4) {
            let bytes = bytes.repeat(copies);
            prop_assert_eq!(inflate(&deflate(&bytes).unwrap()), Ok(bytes));
        }

        #[test]
        fn any_bytes_are_unpacked_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
            let _outcome = inflate(&bytes);
        }
    }
}
