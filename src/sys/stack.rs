//! Overwriting the stack: curve arithmetic and hashing leave copies of keys below their caller.
//!
//! Floor 0.

use std::mem::MaybeUninit;

use super::overwrite::overwrite;

/// Bytes below the caller that [`burn_stack`] overwrites. Measured: derivation, signing, verification and scrypt
/// reach less than half as deep in an unoptimised build (the test below).
const DEPTH: usize = 128 * 1024;

/// Overwrites 128 KiB of the stack below the caller. Call it after a session of work with keys, from the function
/// that called the work, and not from a thread with a small stack.
#[inline(never)]
pub fn burn_stack() {
    let mut below = MaybeUninit::<[u8; DEPTH]>::uninit();
    // SAFETY: the array is ours, and any byte is a valid `MaybeUninit<u8>`.
    unsafe { overwrite(below.as_mut_ptr().cast(), DEPTH) };
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::hint::black_box;

    const PAINTED: usize = 1024 * 1024;

    /// Paints the stack below and tells where the paint begins.
    #[inline(never)]
    fn paint() -> *const u8 {
        let mut below = MaybeUninit::<[u8; PAINTED]>::uninit();
        let start = below.as_mut_ptr().cast::<u8>();
        // SAFETY: the array is ours.
        unsafe { start.write_bytes(0xa5, PAINTED) };
        black_box(start)
    }

    /// How many bytes below its caller `work` touched.
    fn used_by(work: impl FnOnce()) -> usize {
        let start = paint();
        work();
        // SAFETY: the stack below is mapped (it was painted); reading what is there is the very purpose. A large
        // array here would not do: the compiler's stack probes write to each of its pages.
        let first = (0..PAINTED).find(|at| unsafe { start.add(*at).read_volatile() } != 0xa5);
        first.map_or(0, |at| PAINTED - at)
    }

    #[test]
    fn work_with_keys_stays_within_half_of_the_burn() {
        std::thread::Builder::new()
            .stack_size(8 * 1024 * 1024)
            .spawn(|| {
                use bitcoin::secp256k1::{Keypair, Message, Secp256k1, SecretKey};
                let secp = Secp256k1::new();
                let key = SecretKey::from_slice(&[7; 32]).unwrap();
                let message = Message::from_digest([9; 32]);
                let signing = used_by(|| {
                    black_box(secp.sign_ecdsa(&message, &key));
                    let pair = Keypair::from_secret_key(&secp, &key);
                    let signature = secp.sign_schnorr_no_aux_rand(&message, &pair);
                    assert!(secp.verify_schnorr(&signature, &message, &pair.x_only_public_key().0).is_ok());
                });
                let sealing = used_by(|| {
                    let mut recipient = age::scrypt::Recipient::new("x".to_owned().into());
                    recipient.set_work_factor(10);
                    black_box(age::encrypt(&recipient, b"x").unwrap());
                });
                println!("signing {signing} bytes deep, sealing {sealing}");
                assert!(signing > 256 && sealing > 256);
                assert!(signing.max(sealing) < DEPTH / 2, "{signing} {sealing}");
            })
            .unwrap()
            .join()
            .unwrap();
    }

    #[test]
    fn the_burn_reaches_as_deep_as_it_says() {
        std::thread::Builder::new()
            .stack_size(8 * 1024 * 1024)
            .spawn(|| assert!(used_by(burn_stack) >= DEPTH))
            .unwrap()
            .join()
            .unwrap();
    }
}
