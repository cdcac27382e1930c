//! What was only parsed is not signed.

use strongroom::{psbt::Parsed, secret::Master, sign::sign, wallet::Wallet};

fn attempt(parsed: Parsed, wallets: &[Wallet], master: &Master) {
    let _ = sign(parsed, wallets, master);
}

fn main() {}
