//! What the journal does not hold is not signed.

use strongroom::{policy::Cleared, quorum::Approved, secret::Master, sign::sign, wallet::Wallet};

fn attempt(approved: Approved<Cleared>, wallets: &[Wallet], master: &Master) {
    let _ = sign(approved, wallets, master);
}

fn main() {}
