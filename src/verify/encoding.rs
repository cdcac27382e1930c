//! Signatures as bytes: strict DER (BIP66), low S (BIP146), and the lengths of BIP341. Floor 4.

use bitcoin::secp256k1::{ecdsa, schnorr};

/// An ECDSA signature as a PSBT holds it.
pub(super) struct Ecdsa {
    pub(super) signature: ecdsa::Signature,
    pub(super) sighash: u8,
    /// Whether R takes at most 32 bytes.
    pub(super) low_r: bool,
}

/// Reads DER with a sighash byte after it: strict, and with low S.
pub(super) fn ecdsa(bytes: &[u8]) -> Option<Ecdsa> {
    let (&sighash, der) = bytes.split_last()?;
    let signature = ecdsa::Signature::from_der(der).ok()?;
    let mut low_s = signature;
    low_s.normalize_s();
    // Two numbers have one strict form. A number beyond the curve's order is read as 0: then the bytes differ too.
    let canonical = low_s == signature && *signature.serialize_der() == *der;
    // Of the strict form, the fourth byte is the length of R.
    let low_r = der.get(3).is_some_and(|length| *length <= 32);
    canonical.then_some(Ecdsa { signature, sighash, low_r })
}

/// Reads 64 bytes (type DEFAULT, 0) or 65 with a type that is not DEFAULT.
pub(super) fn schnorr(bytes: &[u8]) -> Option<(schnorr::Signature, u8)> {
    let (signature, sighash) = bytes.split_at_checked(64)?;
    let sighash = match sighash {
        [] => 0,
        [0] => return None,
        [sighash] => *sighash,
        _ => return None,
    };
    Some((schnorr::Signature::from_slice(signature).ok()?, sighash))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// R of 32 bytes and S of 32 bytes, each below half of the field, with SIGHASH_ALL.
    fn good() -> Vec<u8> {
        let mut der = vec![0x30, 68, 2, 32];
        der.extend([0x11; 32]);
        der.extend([2, 32]);
        der.extend([0x22; 32]);
        der.push(1);
        der
    }

    #[test]
    fn strict_der_with_low_s_is_read() {
        let read = ecdsa(&good()).unwrap();
        assert!(read.low_r && read.sighash == 1);
        assert_eq!(read.signature.serialize_der().to_vec(), good()[..70]);
    }

    #[test]
    fn a_high_r_is_read_and_told() {
        let mut der = vec![0x30, 69, 2, 33, 0, 0x91];
        der.extend([0x11; 31]);
        der.extend([2, 32]);
        der.extend([0x22; 32]);
        der.push(1);
        assert!(!ecdsa(&der).unwrap().low_r);
    }

    #[track_caller]
    fn refused(what: &str, edit: impl FnOnce(&mut Vec<u8>)) {
        let mut der = good();
        edit(&mut der);
        assert!(ecdsa(&der).is_none(), "{what}");
    }

    #[test]
    fn other_der_is_refused() {
        refused("nothing", Vec::clear);
        refused("no sequence", |der| der[0] = 0x31);
        refused("length one too long", |der| der[1] += 1);
        refused("length one too short", |der| der[1] -= 1);
        refused("r is no integer", |der| der[2] = 3);
        refused("s is no integer", |der| der[36] = 3);
        refused("r is negative", |der| der[4] = 0x91);
        refused("r is padded", |der| der[4] = 0);
        refused("r is empty", |der| {
            der.drain(4..36);
            der[1] -= 32;
            der[3] = 0;
        });
        refused("bytes after s", |der| {
            der.insert(70, 0);
            der[1] += 1;
        });
        refused("cut", |der| der.truncate(40));
        refused("r beyond the end", |der| der[3] = 0x7f);
        refused("high s", |der| {
            der[38..70].fill(0xff);
            der[38] = 0x7f;
        });
        refused("s beyond the order", |der| {
            der.splice(38..70, [0].into_iter().chain([0xff; 32]));
            der[37] = 33;
            der[1] += 1;
        });
    }

    #[test]
    fn schnorr_signatures_have_64_bytes_or_65_with_a_type() {
        assert_eq!(schnorr(&[1; 64]).unwrap().1, 0);
        assert_eq!(schnorr(&[1; 65]).unwrap().1, 1);
        let mut zero = vec![1; 64];
        zero.push(0);
        for bad in [vec![], vec![1; 63], vec![1; 66], zero] {
            assert!(schnorr(&bad).is_none(), "{} bytes", bad.len());
        }
    }
}
