//! `sign` makes what is verified.

use strongroom::{
    journal::Recorded,
    policy::Cleared,
    secret::Master,
    sign::{Signed, sign},
    wallet::Wallet,
};

pub fn attempt(recorded: Recorded<Cleared>, wallets: &[Wallet], master: &Master) -> Option<Signed> {
    sign(recorded, wallets, master).ok()
}
