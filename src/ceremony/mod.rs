//! Ceremonies: what people do with a vault, each to be read like a page of instructions.
//!
//! Floor 5. The world comes as ports; what is decided is decided below. Every instruction needs its own ballots;
//! there is no unlocked state between two of them.

mod alone;
mod create;
mod desk;
mod instruct;
mod passphrase;
mod people;
mod policy;
mod read;
mod refusal;
mod seed;
mod sign;
mod superseded;
mod throws;

pub use alone::{change_passphrase, drill};
pub use create::{Custody, Origin, Request, Throws, create};
pub use desk::{Desk, Opened, expect_words, open};
pub use instruct::{AddWallet, ExportXpub, add_wallet, export_xpub};
pub use people::{Agenda, Cabinet, Presence, convene, open_share};
pub use policy::{SetPolicy, set_policy, strange_wallets, suited};
pub use read::{Seen, read_through};
pub use refusal::{CeremonyError, Refusal, device_code};
pub use sign::{Brought, Trial, decide, examine, sign_transaction, try_policy};
pub use superseded::superseded;
