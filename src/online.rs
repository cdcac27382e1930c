//! The watch-only half that a service runs, with bdk: addresses from an export, coins, an unsigned PSBT.
//!
//! Floor 6; the feature `online`, off in the image. It knows public keys only; nothing here signs.

use bdk_wallet::{
    KeychainKind, TxOrdering, Wallet,
    bitcoin::{Address, Amount, FeeRate, OutPoint, ScriptBuf, Transaction, TxIn, TxOut, absolute::LockTime},
    chain::BlockId,
};

use crate::{network::Network, text::printable};

/// A watch-only wallet made from nothing but an export.
pub struct Watcher {
    wallet: Wallet,
    network: Network,
}

/// Why the online side cannot go on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OnlineError {
    /// The export is no descriptor that bdk reads.
    #[error("the export is not readable: {0}")]
    Export(String),
    /// No PSBT could be built.
    #[error("no PSBT could be built: {0}")]
    Build(String),
    /// A block does not connect.
    #[error("the block does not connect: {0}")]
    Block(String),
}

impl Watcher {
    /// From the `descriptor` export: one line with a multipath descriptor.
    ///
    /// # Errors
    /// [`OnlineError::Export`].
    pub fn from_export(descriptor: &str, network: Network) -> Result<Self, OnlineError> {
        let unreadable = |error: &dyn std::fmt::Display| OnlineError::Export(printable(&error.to_string()));
        let wallet = Wallet::create_from_two_path_descriptor(descriptor.trim().to_owned())
            .network(network.bitcoin())
            .create_wallet_no_persist()
            .map_err(|error| unreadable(&error))?;
        Ok(Self { wallet, network })
    }

    /// The deposit address at `index`.
    #[must_use]
    pub fn deposit_address(&self, index: u32) -> Address {
        self.wallet.peek_address(KeychainKind::External, index).address
    }

    /// The change address at `index`.
    #[must_use]
    pub fn change_address(&self, index: u32) -> Address {
        self.wallet.peek_address(KeychainKind::Internal, index).address
    }

    /// The sum of all known coins, in satoshi.
    #[must_use]
    pub fn balance(&self) -> u64 {
        self.wallet.balance().total().to_sat()
    }

    /// A made-up deposit of `sat` to the address at `index`, for drills and tests: its transaction spends an
    /// outpoint that exists nowhere.
    pub fn pretend_deposit(&mut self, index: u32, sat: u64, salt: u32) -> Transaction {
        for _ in 0..=index {
            let _revealed = self.wallet.reveal_next_address(KeychainKind::External);
        }
        let source = OutPoint { txid: bitcoin::hashes::Hash::hash(&salt.to_be_bytes()), vout: 0 };
        let transaction = Transaction {
            version: bitcoin::transaction::Version::TWO,
            lock_time: LockTime::ZERO,
            input: vec![TxIn { previous_output: source, ..TxIn::default() }],
            output: vec![TxOut {
                value: Amount::from_sat(sat),
                script_pubkey: self.deposit_address(index).script_pubkey(),
            }],
        };
        self.wallet.apply_unconfirmed_txs([(transaction.clone(), u64::from(salt))]);
        transaction
    }

    /// Takes blocks of the chain with their heights, lowest first; their coins become spendable.
    ///
    /// # Errors
    /// [`OnlineError::Block`].
    pub fn follow(&mut self, blocks: &[(bitcoin::Block, u32)]) -> Result<(), OnlineError> {
        let apart = |error: &dyn std::fmt::Display| OnlineError::Block(printable(&error.to_string()));
        for (block, height) in blocks {
            let before = BlockId { height: height.saturating_sub(1), hash: block.header.prev_blockhash };
            self.wallet.apply_block_connected_to(block, *height, before).map_err(|error| apart(&error))?;
        }
        Ok(())
    }

    /// An unsigned PSBT (binary) that pays `sat` to `destination` at `rate` sat/vB, with the change and the
    /// previous transactions in it.
    ///
    /// # Errors
    /// [`OnlineError::Build`], also where the coins do not suffice.
    pub fn pay(&mut self, destination: ScriptBuf, sat: u64, rate: u64) -> Result<Vec<u8>, OnlineError> {
        let rate = FeeRate::from_sat_per_vb(rate).ok_or_else(|| OnlineError::Build("fee rate".into()))?;
        let mut builder = self.wallet.build_tx();
        builder
            .ordering(TxOrdering::Untouched)
            .add_recipient(destination, Amount::from_sat(sat))
            .fee_rate(rate)
            .nlocktime(LockTime::ZERO);
        let psbt = builder.finish().map_err(|e| OnlineError::Build(printable(&e.to_string())))?;
        Ok(psbt.serialize())
    }

    /// The network.
    #[must_use]
    pub const fn network(&self) -> Network {
        self.network
    }
}
