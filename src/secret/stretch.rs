//! HKDF (RFC 5869) and PBKDF2 (RFC 8018), straight into locked memory.
//!
//! Floor 1. What they leave on the stack is burnt by the function that is public.

use bitcoin::hashes::{Hash, HashEngine, Hmac, HmacEngine, sha256, sha512};

use crate::sys::{MemoryError, Secret, burn_stack};

/// `HKDF-SHA256(key, no salt, info)`, `length` bytes (at most 8,160).
pub(super) fn hkdf(key: &[u8], info: &[u8], length: usize) -> Result<Secret, MemoryError> {
    let mut out = Secret::zeroed(length)?;
    fill_hkdf(key, info, out.expose_mut());
    burn_stack();
    Ok(out)
}

#[inline(never)]
fn fill_hkdf(key: &[u8], info: &[u8], out: &mut [u8]) {
    let extracted = mac::<sha256::Hash>(&[0; 32], &[key]);
    let mut block = [0; 32];
    let mut counter = 0u8;
    for chunk in out.chunks_mut(32) {
        let before = if counter == 0 { &[][..] } else { &block[..] };
        counter = counter.wrapping_add(1);
        block = mac::<sha256::Hash>(&extracted, &[before, info, &[counter]]);
        copy(chunk, &block);
    }
}

/// `PBKDF2-HMAC-SHA512(password, salt…, rounds)` into `out` (BIP39: 2,048 rounds).
pub(super) fn pbkdf2_sha512(password: &[u8], salt: &[&[u8]], rounds: u32, out: &mut [u8]) {
    fill_pbkdf2::<sha512::Hash>(password, salt, rounds, out);
    burn_stack();
}

/// `PBKDF2-HMAC-SHA256(password, salt…, rounds)` into `out` (SLIP-39).
pub(super) fn pbkdf2_sha256(password: &[u8], salt: &[&[u8]], rounds: u32, out: &mut [u8]) {
    fill_pbkdf2::<sha256::Hash>(password, salt, rounds, out);
    burn_stack();
}

#[inline(never)]
fn fill_pbkdf2<H: Hash>(password: &[u8], salt: &[&[u8]], rounds: u32, out: &mut [u8])
where
    H::Bytes: AsRef<[u8]> + AsMut<[u8]>,
{
    let keyed = HmacEngine::<H>::new(password);
    let mut index = 0u32;
    for chunk in out.chunks_mut(H::LEN) {
        index = index.wrapping_add(1);
        let mut engine = keyed.clone();
        salt.iter().for_each(|part| engine.input(part));
        engine.input(&index.to_be_bytes());
        let mut block = Hmac::<H>::from_engine(engine).to_byte_array();
        let mut sum = block;
        for _ in 1..rounds {
            let mut engine = keyed.clone();
            engine.input(block.as_ref());
            block = Hmac::<H>::from_engine(engine).to_byte_array();
            sum.as_mut().iter_mut().zip(block.as_ref()).for_each(|(to, from)| *to ^= from);
        }
        copy(chunk, sum.as_ref());
    }
}

/// HMAC over the parts.
pub(super) fn mac<H: Hash>(key: &[u8], parts: &[&[u8]]) -> H::Bytes {
    let mut engine = HmacEngine::<H>::new(key);
    parts.iter().for_each(|part| engine.input(part));
    Hmac::<H>::from_engine(engine).to_byte_array()
}

/// As much of `from` as `to` holds.
pub(super) fn copy(to: &mut [u8], from: &[u8]) {
    to.iter_mut().zip(from).for_each(|(to, from)| *to = *from);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::hex;

    #[test]
    fn hkdf_is_rfc_5869s() {
        // Test case 3: no salt, no info, 42 bytes.
        let out = hkdf(&[0x0b; 22], b"", 42).unwrap();
        let expected = "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8";
        assert_eq!(hex(out.expose()), expected);
    }

    #[test]
    fn pbkdf2_is_the_known_one() {
        let mut out = [0; 40];
        pbkdf2_sha256(b"password", &[b"sa", b"lt"], 2, &mut out);
        assert_eq!(hex(&out[..32]), "ae4d0c95af6b46d32d0adff928f06dd02a303f8ef3c251dfd6e2d85a95474c43");
        let mut out = [0; 64];
        pbkdf2_sha512(b"password", &[b"salt"], 1, &mut out);
        assert!(hex(&out).starts_with(
            "867f70cf1ade02cff3752599a3a53dc4af34c7a669815ae5d513554e1c8cf252c02d470a285a0501bad999bfe943c08f"
        ));
    }
}
