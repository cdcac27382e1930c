//! Bytewords, minimal style: two letters a byte, a CRC-32 at the end.
//!
//! # Source
//! BCR-2020-012.

use super::UrError;

/// First and last letter of each of the 256 words, in order.
const PAIRS: &[u8; 512] = b"aeadaoaxaaahamatayasbkbdbnbtbabsbebybgbwbbbzcmchcscfcycwcecackctcxclcpcndkdadsdidedtdrdndwdpdmdl\
dyeheyeoeeecenemetesftfrfnfsfmfhfzfpfwfxfyfefgflfdgagegrgsgtglgwgdgygmgughgohfhghdhkhthphhhlhyhehnhsidiaieihiyioisinimje\
jzjnjtjljojsjpjkjykpkoktkskkknkgkekikblblalylflslrlplnltloldlelulklgmnmymhmemomumwmdmtmsmknlnyndnsntnnnenboyoeotoxonolos\
pdptpkpypspmplpepfpaprqdqzrerprlrorhrdrkrfryrnrsrtsesasrssskswstspsosgsbsfsntotktitttdtetytltbtstptatnuyuoutueurvtvyvovl\
vevwvavdvswlwdwmwpwewywswtwnwzwfwkykynylyaytzszoztzczezm";

/// `bytes` and their CRC-32 as letters.
pub(super) fn encode(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().saturating_add(4).saturating_mul(2));
    for byte in bytes.iter().chain(&crc32(bytes).to_be_bytes()) {
        let at = usize::from(*byte).saturating_mul(2);
        for letter in PAIRS.get(at..at.saturating_add(2)).unwrap_or_default() {
            text.push(char::from(*letter));
        }
    }
    text
}

/// The bytes behind lower-case letters, their CRC-32 checked and taken off.
pub(super) fn decode(text: &str) -> Result<Vec<u8>, UrError> {
    let letters = text.as_bytes();
    if !letters.len().is_multiple_of(2) {
        return Err(UrError::Letters);
    }
    let mut bytes = Vec::with_capacity(letters.len() / 2);
    for pair in letters.chunks_exact(2) {
        let at = PAIRS.chunks_exact(2).position(|known| known == pair).ok_or(UrError::Letters)?;
        bytes.push(u8::try_from(at).map_err(|_| UrError::Letters)?);
    }
    let body = bytes.len().checked_sub(4).ok_or(UrError::Checksum)?;
    let (body, sum) = bytes.split_at_checked(body).ok_or(UrError::Checksum)?;
    if sum == crc32(body).to_be_bytes() { Ok(body.to_vec()) } else { Err(UrError::Checksum) }
}

/// CRC-32 (IEEE 802.3, reflected).
pub(super) fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| (crc >> 1) ^ if crc & 1 == 1 { 0xedb8_8320 } else { 0 })
    })
}
