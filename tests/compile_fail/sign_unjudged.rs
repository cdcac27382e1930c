//! What was only reviewed is not signed.

use strongroom::{review::Reviewed, secret::Master, sign::sign, wallet::Wallet};

fn attempt(reviewed: Reviewed, wallets: &[Wallet], master: &Master) {
    let _ = sign(reviewed, wallets, master);
}

fn main() {}
