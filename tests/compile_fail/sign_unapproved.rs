//! What nobody approved is not signed.

use strongroom::{policy::Cleared, secret::Master, sign::sign, wallet::Wallet};

fn attempt(cleared: Cleared, wallets: &[Wallet], master: &Master) {
    let _ = sign(cleared, wallets, master);
}

fn main() {}
