//! The online side for tests: a watch-only `bdk_wallet` made from nothing but an export, with made-up deposits;
//! and cosigners outside of any vault, who sign with rust-bitcoin's own signer.
#![allow(dead_code, reason = "each user uses a part of it")]

use bdk_wallet::{KeychainKind, TxBuilder, TxOrdering, Wallet, coin_selection::DefaultCoinSelectionAlgorithm};
use bitcoin::{
    Amount, FeeRate, OutPoint, Psbt, ScriptBuf, Transaction, TxIn, TxOut, Txid,
    absolute::LockTime,
    bip32::{DerivationPath, Xpriv, Xpub},
    hashes::Hash,
    secp256k1::Secp256k1,
    transaction::Version,
};

/// Satoshi of each deposit.
pub(crate) const DEPOSIT: u64 = 40_000_000;

/// A service that watches one wallet.
pub(crate) struct Service {
    pub(crate) wallet: Wallet,
    deposits: Vec<Transaction>,
}

impl Service {
    /// From `wallet export --format descriptor`.
    #[track_caller]
    pub(crate) fn from_descriptor(export: &str) -> Self {
        let params = Wallet::create_from_two_path_descriptor(export.trim().to_owned());
        let wallet = params.network(bitcoin::Network::Regtest).create_wallet_no_persist().unwrap();
        Self { wallet, deposits: Vec::new() }
    }

    /// From `wallet export --format core`: the two entries of `importdescriptors`.
    #[track_caller]
    pub(crate) fn from_core(export: &str) -> Self {
        let entries: Vec<serde_json::Value> = serde_json::from_str(export).unwrap();
        assert_eq!(entries.len(), 2);
        let entry = |internal: bool| {
            let entry = entries.iter().find(|entry| entry["internal"] == internal && entry["active"] == true).unwrap();
            entry["desc"].as_str().unwrap().to_owned()
        };
        let params = Wallet::create(entry(false), entry(true));
        let wallet = params.network(bitcoin::Network::Regtest).create_wallet_no_persist().unwrap();
        Self { wallet, deposits: Vec::new() }
    }

    /// Addresses of one branch.
    pub(crate) fn addresses(&self, branch: u32, count: u32) -> Vec<String> {
        (0..count).map(|index| self.wallet.peek_address(keychain(branch), index).address.to_string()).collect()
    }

    /// A deposit to the coin at branch and index, at another place in each transaction, beside outputs of others.
    pub(crate) fn deposit(&mut self, branch: u32, index: u32) {
        let number = u32::try_from(self.deposits.len()).unwrap();
        self.wallet.reveal_addresses_to(keychain(branch), index).for_each(drop);
        let script_pubkey = self.wallet.peek_address(keychain(branch), index).address.script_pubkey();
        let mut output = vec![TxOut { value: Amount::from_sat(9_000), script_pubkey: payee(200) }; 2];
        let vout = number as usize % 3;
        output.insert(vout, TxOut { value: Amount::from_sat(DEPOSIT + u64::from(number)), script_pubkey });
        let transaction = made_up(&number.to_be_bytes(), output);
        self.wallet.apply_unconfirmed_txs([(transaction.clone(), u64::from(number) + 1)]);
        self.deposits.push(transaction);
    }

    /// The usual three deposits: two received, one on the change branch.
    pub(crate) fn deposits(&mut self) {
        self.deposit(0, 0);
        self.deposit(0, 7);
        self.deposit(1, 2);
    }

    /// An unsigned PSBT that pays two recipients and needs the three deposits, at 5 sat/vB.
    #[track_caller]
    pub(crate) fn request(&mut self) -> Psbt {
        self.request_with(|builder| {
            builder.fee_rate(FeeRate::from_sat_per_vb(5).unwrap());
        })
    }

    /// The same with something else about it.
    #[track_caller]
    pub(crate) fn request_with(
        &mut self,
        more: impl FnOnce(&mut TxBuilder<'_, DefaultCoinSelectionAlgorithm>),
    ) -> Psbt {
        let mut builder = self.wallet.build_tx();
        builder.ordering(TxOrdering::Untouched);
        for (script, sat) in RECIPIENTS {
            builder.add_recipient(payee(script), Amount::from_sat(sat));
        }
        more(&mut builder);
        builder.finish().unwrap()
    }

    /// Where a script of the wallet is: branch and index.
    pub(crate) fn place(&self, script: &ScriptBuf) -> (u32, u32) {
        let (keychain, index) = self.wallet.derivation_of_spk(script.clone()).unwrap();
        (u32::from(keychain == KeychainKind::Internal), index)
    }

    /// What the transaction spends, in the order of its inputs; `others` are outputs that are no deposits.
    #[track_caller]
    pub(crate) fn spent(&self, transaction: &Transaction, others: &[(OutPoint, TxOut)]) -> Vec<TxOut> {
        let output = |outpoint: OutPoint| {
            if let Some((_, output)) = others.iter().find(|(known, _)| *known == outpoint) {
                return output.clone();
            }
            let deposit = self.deposits.iter().find(|deposit| deposit.compute_txid() == outpoint.txid).unwrap();
            deposit.output[outpoint.vout as usize].clone()
        };
        transaction.input.iter().map(|input| output(input.previous_output)).collect()
    }
}

/// Number of the script and satoshi of the two payments.
pub(crate) const RECIPIENTS: [(u8, u64); 2] = [(1, 70_000_000), (2, 15_000_000)];

/// The script of a stranger: `wpkh`, or `tr` where the number is even.
pub(crate) fn payee(number: u8) -> ScriptBuf {
    let program =
        if number.is_multiple_of(2) { [vec![0x51, 32], vec![number; 32]] } else { [vec![0, 20], vec![number; 20]] };
    ScriptBuf::from_bytes(program.concat())
}

/// A transaction that spends an outpoint that exists nowhere.
pub(crate) fn made_up(salt: &[u8], output: Vec<TxOut>) -> Transaction {
    let previous_output = OutPoint { txid: Txid::hash(salt), vout: 3 };
    let input = vec![TxIn { previous_output, ..TxIn::default() }];
    Transaction { version: Version::TWO, lock_time: LockTime::ZERO, input, output }
}

const fn keychain(branch: u32) -> KeychainKind {
    if branch == 0 { KeychainKind::External } else { KeychainKind::Internal }
}

/// A cosigner whose key is in no vault.
pub(crate) struct Outsider(Xpriv);

impl Outsider {
    pub(crate) fn new(number: u8) -> Self {
        Self(Xpriv::new_master(bitcoin::Network::Regtest, &[number; 32]).unwrap())
    }

    /// `[fingerprint/path]tpub…`.
    pub(crate) fn key(&self, path: &str) -> String {
        let secp = Secp256k1::new();
        let steps: DerivationPath = path.parse().unwrap();
        let xpub = Xpub::from_priv(&secp, &self.0.derive_priv(&secp, &steps).unwrap());
        format!("[{}{}]{xpub}", self.0.fingerprint(&secp), path.strip_prefix('m').unwrap())
    }

    /// Signs every input that names a key of this cosigner.
    #[track_caller]
    pub(crate) fn sign(&self, psbt: &[u8]) -> Vec<u8> {
        let mut psbt = Psbt::deserialize(psbt).unwrap();
        let before = signatures(&psbt);
        // It says which inputs it could not sign; what counts is what it did sign.
        let _some = psbt.sign(&self.0, &Secp256k1::new());
        assert!(signatures(&psbt) > before);
        psbt.serialize()
    }
}

fn signatures(psbt: &Psbt) -> usize {
    let of = |input: &bitcoin::psbt::Input| input.partial_sigs.len() + input.tap_script_sigs.len();
    psbt.inputs.iter().map(|input| of(input) + usize::from(input.tap_key_sig.is_some())).sum()
}
