//! Each approval serves one signing.

use strongroom::{journal::Recorded, policy::Cleared, secret::Master, sign::sign, wallet::Wallet};

pub fn attempt(one: Recorded<Cleared>, other: Recorded<Cleared>, wallets: &[Wallet], master: &Master) {
    let _ = sign(one, wallets, master);
    let _ = sign(other, wallets, master);
}
