//! What a quorum approved and the journal holds is signed.

use strongroom::{journal::Recorded, policy::Cleared, secret::Master, sign::sign, wallet::Wallet};

pub fn attempt(recorded: Recorded<Cleared>, wallets: &[Wallet], master: &Master) {
    let _ = sign(recorded, wallets, master);
}
