//! The keys that sign for people and for the vault: one type a role, so that neither can sign for the other.
//!
//! Floor 1. Not for transactions.

use bitcoin::secp256k1::{Keypair, Message, SecretKey};

use super::curve::curve;
use super::master::KeyError;
use crate::digest::XOnly;
use crate::sys::{Secret, burn_stack};

macro_rules! role {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        pub struct $name {
            bytes: Secret,
            public: XOnly,
        }

        impl $name {
            /// Takes 32 bytes as the private key.
            ///
            /// # Errors
            /// Another length, zero or not below the curve's order.
            pub fn new(bytes: Secret) -> Result<Self, KeyError> {
                let public = public_of(&bytes);
                burn_stack();
                Ok(Self { bytes, public: public? })
            }

            /// The BIP340 public key.
            #[must_use]
            pub const fn public(&self) -> XOnly {
                self.public
            }

            /// The private key, 32 bytes, for the file that keeps it.
            #[must_use]
            pub const fn private(&self) -> &Secret {
                &self.bytes
            }

            /// A BIP340 signature with zero auxiliary randomness, verified before it is returned.
            ///
            /// # Errors
            /// The signature does not verify: a fault of the machine.
            pub fn sign(&self, digest: &[u8; 32]) -> Result<[u8; 64], KeyError> {
                let signature = signed(&self.bytes, digest);
                burn_stack();
                signature
            }
        }
    };
}

role! {
    /// Signs statements, sealed shares for recipients and the journal's closing lines.
    StatementKey
}
role! {
    /// Signs one custodian's ballots, answers and share.
    ApprovalKey
}

#[inline(never)]
fn public_of(bytes: &Secret) -> Result<XOnly, KeyError> {
    let mut key = SecretKey::from_slice(bytes.expose()).map_err(|_| KeyError::NotAScalar)?;
    let public = key.x_only_public_key(curve()).0.serialize();
    key.non_secure_erase();
    Ok(XOnly(public))
}

#[inline(never)]
fn signed(bytes: &Secret, digest: &[u8; 32]) -> Result<[u8; 64], KeyError> {
    let message = Message::from_digest(*digest);
    let mut pair = Keypair::from_seckey_slice(curve(), bytes.expose()).map_err(|_| KeyError::NotAScalar)?;
    let signature = curve().sign_schnorr_no_aux_rand(&message, &pair);
    let good = curve().verify_schnorr(&signature, &message, &pair.x_only_public_key().0);
    pair.non_secure_erase();
    good.map(|()| signature.serialize()).map_err(|_| KeyError::SelfCheck)
}

#[cfg(test)]
mod tests {
    use super::*;
    use bitcoin::hex::FromHex;

    fn hex<const N: usize>(text: &str) -> [u8; N] {
        Vec::from_hex(text).unwrap().try_into().unwrap()
    }

    #[test]
    fn a_signature_is_bip340s_with_zero_auxiliary_randomness() {
        // BIP340 test vector 0: key 3, message zero, auxiliary randomness zero.
        let mut key = [0; 32];
        key[31] = 3;
        let key = StatementKey::new(Secret::take(&mut key).unwrap()).ok().unwrap();
        assert_eq!(key.public().to_string(), "f9308a019258c31049344f85f89d5229b531c845836f99b08601f113bce036f9");
        let expected = hex("e907831f80848d1069a5371b402410364bdf1c5f8307b0084c55f1ce2dca8215\
             25f66a4a85ea8b71e482a74f382d2ce5ebeee8fdb2172f477df4900d310536c0");
        assert_eq!(key.sign(&[0; 32]), Ok(expected));
        assert_eq!(key.private().expose()[31], 3);
    }

    #[test]
    fn bytes_that_are_no_scalar_are_no_key() {
        for bytes in [vec![0; 32], vec![0xff; 32], vec![1; 31]] {
            let refused = ApprovalKey::new(Secret::copied(&bytes).unwrap());
            assert!(matches!(refused, Err(KeyError::NotAScalar)));
        }
    }
}
