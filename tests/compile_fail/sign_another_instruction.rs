//! A recorded instruction of another kind is not a transaction to sign.

use strongroom::{journal::Recorded, quorum::Proposed, secret::Master, sign::sign, wallet::Wallet};

fn attempt(recorded: Recorded<Proposed<String>>, wallets: &[Wallet], master: &Master) {
    let _ = sign(recorded, wallets, master);
}

fn main() {}
