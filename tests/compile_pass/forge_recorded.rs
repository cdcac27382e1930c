//! `record` records.

use strongroom::{
    journal::{Line, Pen, Recorded, record},
    policy::Cleared,
    port::Store,
    quorum::Approved,
    wallet::Wallet,
};

pub fn attempt(
    approved: Approved<Cleared>,
    wallets: &[Wallet],
    pen: &mut Pen,
    store: &mut dyn Store,
) -> Option<Recorded<Cleared>> {
    let held = vec![Line::opened(approved.session())];
    record(approved, wallets, held, pen, store).ok()
}
