//! `vault check`: what was verified, and what is not as it should be. No secret is needed.
//!
//! Floor 3. "Whole" never means "yours": the words do, and people compare them.

use crate::{
    digest::StatementDigest,
    network::Network,
    text::Name,
    vault::{
        folder::{Notice, Vault},
        sealed::LockedTo,
        shelf::ShelfError,
    },
};

/// All that a check found.
pub struct Report {
    /// The vault words.
    pub words: String,
    /// The network.
    pub network: Network,
    /// The epoch.
    pub epoch: u32,
    /// The statement's sequence number.
    pub sequence: u64,
    /// `S`.
    pub statement: StatementDigest,
    /// Lines of the journal.
    pub lines: u64,
    /// Number of the last closing line: it and all before it are proven by its signature.
    pub signed_up_to: u64,
    /// Each custodian's share in the vault's folder.
    pub shares: Vec<(Name, ShareState)>,
    /// What is to be said beside.
    pub notices: Vec<Notice>,
}

/// A share in the vault's folder, looked at from outside.
#[derive(Debug)]
pub enum ShareState {
    /// There is none: the custodian carries it.
    Elsewhere,
    /// It belongs to the statement, and its signatures hold.
    Good {
        /// What opens it.
        locked_to: LockedTo,
        /// Why a file beside it does not count.
        torn: Vec<String>,
    },
    /// It does not count.
    Bad(ShelfError),
}

impl Report {
    /// Whether nothing is wrong. What a power cut explains is not wrong.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        let share_holds = |state: &ShareState| match state {
            ShareState::Elsewhere | ShareState::Good { .. } => true,
            ShareState::Bad(_) => false,
        };
        let explained = |notice: &Notice| match notice {
            Notice::Finished { .. } | Notice::Undone | Notice::TornTail { .. } => true,
            Notice::SpareSlot { torn, .. } => *torn,
        };
        self.shares.iter().all(|(_, state)| share_holds(state)) && self.notices.iter().all(explained)
    }
}

impl Vault {
    /// Verifies the shares in the folder too, and reports. Slots and journal were verified when the vault was read.
    #[must_use]
    pub fn check(&self) -> Report {
        let core = self.statement().core();
        let state = |name: &Name| match self.share(name) {
            Ok(found) => ShareState::Good {
                locked_to: found.locked_to(),
                torn: found.bad().iter().map(ToString::to_string).collect(),
            },
            Err(ShelfError::Missing { .. }) => ShareState::Elsewhere,
            Err(error) => ShareState::Bad(error),
        };
        let custodians = core.roster.custodians().iter();
        Report {
            words: self.statement().words(),
            network: core.network,
            epoch: core.epoch,
            sequence: core.sequence,
            statement: self.statement().digest(),
            lines: self.journal().count(),
            signed_up_to: self.journal().signed_up_to(),
            shares: custodians.map(|custodian| (custodian.name.clone(), state(&custodian.name))).collect(),
            notices: self.notices().to_vec(),
        }
    }
}
