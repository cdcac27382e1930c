//! One approval serves one signing.

use strongroom::{journal::Recorded, policy::Cleared, secret::Master, sign::sign, wallet::Wallet};

fn attempt(recorded: Recorded<Cleared>, wallets: &[Wallet], master: &Master) {
    let _ = sign(recorded, wallets, master);
    let _ = sign(recorded, wallets, master);
}

fn main() {}
