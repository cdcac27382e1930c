//! The watch-only half that a service runs, with bdk: addresses from an export, coins, an unsigned PSBT.
//!
//! Floor 6; the feature `online`, off in the image. It knows public keys only; nothing here signs.

use bdk_wallet::{
    KeychainKind, TxOrdering, Wallet,
    bitcoin::{Address, Amount, FeeRate, OutPoint, ScriptBuf, Sequence, Transaction, TxIn, TxOut, absolute::LockTime},
    chain::BlockId,
    descriptor::Condition,
};

use crate::{network::Network, text::printable};

/// A watch-only wallet made from nothing but an export.
pub struct Watcher {
    wallet: Wallet,
    network: Network,
}

/// What a spending path waits for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Wait {
    /// The sequence that `older` asks for.
    pub sequence: Option<u32>,
    /// The locktime that `after` asks for.
    pub lock_time: Option<u32>,
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
    /// previous transactions in it. It takes a spending path that waits for nothing.
    ///
    /// # Errors
    /// [`OnlineError::Build`], also where the coins do not suffice.
    pub fn pay(&mut self, destination: ScriptBuf, sat: u64, rate: u64) -> Result<Vec<u8>, OnlineError> {
        self.pay_after(destination, sat, rate, Wait::default())
    }

    /// [`Self::pay`] for a spending path that opens after `wait`.
    ///
    /// # Errors
    /// As [`Self::pay`].
    pub fn pay_after(
        &mut self,
        destination: ScriptBuf,
        sat: u64,
        rate: u64,
        wait: Wait,
    ) -> Result<Vec<u8>, OnlineError> {
        let rate = FeeRate::from_sat_per_vb(rate).ok_or_else(|| OnlineError::Build("fee rate".into()))?;
        let timelock = wait.lock_time.map(LockTime::from_consensus);
        let mut builder = self.wallet.build_tx();
        builder
            .ordering(TxOrdering::Untouched)
            .add_recipient(destination, Amount::from_sat(sat))
            .fee_rate(rate)
            .nlocktime(timelock.unwrap_or(LockTime::ZERO))
            .set_condition(Condition { csv: wait.sequence.map(Sequence), timelock });
        let psbt = builder.finish().map_err(|e| OnlineError::Build(printable(&e.to_string())))?;
        Ok(psbt.serialize())
    }

    /// The network.
    #[must_use]
    pub const fn network(&self) -> Network {
        self.network
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wallet::{self, Wallet as Registered};

    /// Two keys of regtest at the cosigners' path.
    fn registered(template: &str) -> Registered {
        use bdk_wallet::bitcoin::{
            NetworkKind,
            bip32::{ChildNumber, Xpriv, Xpub},
            secp256k1::Secp256k1,
        };
        let secp = Secp256k1::new();
        let hard = |index| ChildNumber::Hardened { index };
        let mut text = template.to_owned();
        for number in 0..3u8 {
            let master = Xpriv::new_master(NetworkKind::Test, &[number + 1; 32]).unwrap();
            let account = master.derive_priv(&secp, &[hard(48), hard(1), hard(0), hard(2)]).unwrap();
            let key =
                format!("[{}/48h/1h/0h/2h]{}/<0;1>/*", master.fingerprint(&secp), Xpub::from_priv(&secp, &account));
            text = text.replace(&format!("@{number}"), &key);
        }
        Registered::read("w".parse().unwrap(), &text, Network::Regtest, &[0]).unwrap()
    }

    const DISABLED: &str = "50929b74c1a04954b78b4b6035e97a5e078a5a0f28ec96d547bfee9ace803ac0";

    #[test]
    fn an_export_of_any_script_derives_the_same_addresses_and_pays() {
        for template in [
            "sh(or_d(pk(@0),and_v(v:pkh(@1),older(144))))",
            "wsh(or_d(multi(2,@0,@1),and_v(v:pkh(@2),older(52560))))",
            "sh(wsh(or_i(and_v(v:pk(@2),after(900000)),pk(@0))))",
            "tr(@0,{pk(@1),and_v(v:pk(@2),older(1000))})",
            &format!("tr({DISABLED},{{multi_a(2,@0,@1),and_v(v:pk(@2),older(1000))}})"),
        ] {
            let wallet = registered(template);
            let mut watcher = Watcher::from_export(&wallet::descriptor(&wallet), Network::Regtest).unwrap();
            for index in [0, 7, 300] {
                let ours = |branch| wallet.coin(branch, index).unwrap().script_pubkey;
                assert_eq!(watcher.deposit_address(index).script_pubkey(), ours(0), "{template}");
                assert_eq!(watcher.change_address(index).script_pubkey(), ours(1), "{template}");
            }
            let _funding = watcher.pretend_deposit(3, 1_000_000, 1);
            let destination = registered("wpkh(@2)").coin(0, 0).unwrap().script_pubkey;
            for path in wallet.paths() {
                let wait = Wait { sequence: path.older, lock_time: path.after };
                let bytes = watcher.pay_after(destination.clone(), 400_000, 5, wait).unwrap();
                let parsed = crate::psbt::parse(bytes).unwrap();
                let transaction = parsed.transaction();
                let (lock_time, sequence) = (transaction.lock_time.to_consensus_u32(), transaction.input[0].sequence.0);
                assert!(path.open(transaction.version.0, lock_time, sequence), "{template}: {path:?}");
                let spent = watcher.deposit_address(3).script_pubkey();
                let scope = wallet::Scope::of_input(&parsed.inputs()[0], &spent);
                assert!(matches!(wallet::own_proof(&wallet, &scope), Ok(wallet::Claim::Proved(_))), "{template}");
            }
        }
    }
}
