//! A throwaway regtest vault without files: seed, wallets of every type, roster, journal on a [`FrailStore`]. It
//! makes PSBTs and takes them through the real chain of proofs, ballots and all.
//!
//! Unit tests include it from a room's `mod.rs` by `#[path]`, beside `frail_store`; a bench or an integration
//! test has `use strongroom::{…}` of the rooms at its root.
#![allow(dead_code, reason = "each user uses a part of it")]

use bitcoin::{
    Amount, FeeRate, NetworkKind, OutPoint, Psbt, PublicKey, ScriptBuf, Sequence, TapLeafHash, Transaction, TxIn,
    TxOut, Txid, Weight, Witness,
    absolute::LockTime,
    bip32::{ChildNumber, DerivationPath, Fingerprint, Xpriv},
    hashes::Hash,
    secp256k1::Secp256k1,
    taproot::{ControlBlock, LeafVersion},
    transaction::Version,
};

use super::frail_store::FrailStore;
use crate::{
    digest::{Commitment, FileDigest, StatementDigest, Tagged, VaultId},
    journal::{Line, Pen, Recorded, record},
    limits::REFERENCE_HEIGHT,
    network::Network,
    policy::{Cleared, Policy, judge},
    psbt,
    quorum::{Approved, Ballot, Custodian, Kind, Matter, Roster, Session, tally},
    review::{Caps, Ground, Past, review},
    secret::{ApprovalKey, Master, StatementKey},
    sys::Secret,
    text::{Name, hex},
    wallet::{Coin, Wallet},
};

const JOURNAL: &str = "journal";
const STATEMENT: StatementDigest = StatementDigest([0x51; 32]);
const COIN_SAT: u64 = 100_000;

/// Descriptors by wallet: `@0` is the vault's key at the path, `@1` and `@2` are others'.
const WALLETS: [(&str, &str, &[u32]); 13] = [
    ("wpkh", "wpkh(@0)", &[84]),
    ("pkh", "pkh(@0)", &[44]),
    ("sh-wpkh", "sh(wpkh(@0))", &[49]),
    ("tr", "tr(@0)", &[86]),
    ("sh-multi", "sh(sortedmulti(2,@1,@0,@2))", &[48, 0]),
    ("sh-wsh", "sh(wsh(sortedmulti(2,@0,@1,@2)))", &[48, 1]),
    ("wsh", "wsh(sortedmulti(2,@0,@1,@2))", &[48, 2]),
    ("wsh-unsorted", "wsh(multi(1,@1,@0))", &[48, 2]),
    ("sh-script", "sh(or_d(pk(@0),and_v(v:pkh(@1),older(144))))", &[48, 0]),
    ("sh-wsh-script", "sh(wsh(and_v(or_c(pk(@1),v:older(1000)),pk(@0))))", &[48, 1]),
    ("wsh-script", "wsh(or_d(multi(2,@0,@1),and_v(v:pkh(@2),older(52560))))", &[48, 2]),
    ("tr-tree", "tr(@0,{pk(@1),and_v(v:pk(@2),older(1000))})", &[48, 3]),
    ("tr-leaf", "tr(@1,{pk(@2),multi_a(2,@0,@2)})", &[48, 3]),
];

/// See the module's text.
pub(crate) struct Desk {
    pub(crate) master: Master,
    pub(crate) wallets: Vec<Wallet>,
    pub(crate) statement_key: StatementKey,
    /// The private key of the first wallet's receive branch, for what is measured beside.
    pub(crate) private_branch: Xpriv,
    pub(crate) approvals: Vec<(Name, ApprovalKey)>,
    pub(crate) roster: Roster,
}

/// A PSBT to be signed.
pub(crate) struct Spend {
    pub(crate) psbt: Vec<u8>,
    pub(crate) transaction: Transaction,
    /// What it spends.
    pub(crate) coins: Vec<TxOut>,
}

/// A journal with its `created` line.
pub(crate) struct Book {
    pub(crate) pen: Pen,
    pub(crate) store: FrailStore,
}

pub(crate) fn name(text: &str) -> Name {
    text.parse().unwrap()
}

fn secret(byte: u8) -> Secret {
    Secret::take(&mut [byte; 32]).unwrap()
}

pub(crate) fn master(byte: u8) -> Master {
    Master::from_seed(&secret(byte)).ok().unwrap()
}

fn hardened(steps: &[u32]) -> Vec<u32> {
    steps.iter().map(|step| step | 1 << 31).collect()
}

/// `[fingerprint/path]tpub…/<0;1>/*`
fn key_text(master: &Master, path: &[u32]) -> String {
    let xpub = master.xpub(&hardened(path), NetworkKind::Test).unwrap();
    let steps: String = path.iter().map(|step| format!("/{step}h")).collect();
    format!("[{}{steps}]{xpub}/<0;1>/*", hex(&master.fingerprint()))
}

fn wallet(place: usize, text: &str, path: &[u32]) -> Wallet {
    let (name_of, ..) = WALLETS[place];
    let full = [&[path[0], 1, 0], &path[1..]].concat();
    let ours = key_text(&master(1), &full);
    let cosigners = [key_text(&master(2), &full), key_text(&master(3), &full)];
    let text = text.replace("@0", &ours).replace("@1", &cosigners[0]).replace("@2", &cosigners[1]);
    let at = text.split("[").position(|part| part.starts_with(&hex(&master(1).fingerprint()))).unwrap() - 1;
    match Wallet::read(name(name_of), &text, Network::Regtest, &[at]) {
        Ok(wallet) => wallet,
        Err(error) => panic!("{name_of}: {error}"),
    }
}

impl Desk {
    pub(crate) fn new() -> Self {
        let statement_key = StatementKey::new(secret(7)).ok().unwrap();
        let approvals: Vec<_> = ["alice", "bob", "carol"]
            .into_iter()
            .zip(10..)
            .map(|(custodian, byte)| (name(custodian), ApprovalKey::new(secret(byte)).ok().unwrap()))
            .collect();
        let custodians = approvals.iter().zip(0..).map(|((name, key), index)| Custodian {
            name: name.clone(),
            approval_key: key.public(),
            share_index: index,
            commitment: Commitment([index; 32]),
        });
        let secp = Secp256k1::new();
        let path: DerivationPath = "84h/1h/0h/0".parse().unwrap();
        let root = Xpriv::new_master(bitcoin::Network::Regtest, &[1; 32]).unwrap();
        Self {
            master: master(1),
            wallets: WALLETS.iter().enumerate().map(|(place, (_, text, path))| wallet(place, text, path)).collect(),
            statement_key,
            private_branch: root.derive_priv(&secp, &path).unwrap(),
            roster: Roster::new(2, custodians.collect(), vec![77]).unwrap(),
            approvals,
        }
    }

    /// Which wallet has this name.
    pub(crate) fn place(&self, wallet: &str) -> usize {
        self.wallets.iter().position(|each| each.name().as_str() == wallet).unwrap()
    }

    /// Spends `inputs` coins of the first wallet (wpkh).
    pub(crate) fn spend(&self, inputs: usize) -> Spend {
        self.spend_of(0, inputs)
    }

    /// Spends the first `inputs` coins of a wallet's receive branch: half to a stranger, the rest to its first
    /// change address, with every previous transaction and derivation.
    pub(crate) fn spend_of(&self, wallet: usize, inputs: usize) -> Spend {
        let wallet = &self.wallets[wallet];
        let own: Vec<Coin> = (0..inputs).map(|index| wallet.coin(0, index as u32).unwrap()).collect();
        let change = wallet.coin(1, 0).unwrap();
        let previous: Vec<Transaction> = own.iter().map(previous_transaction).collect();
        let spend = |previous: &Transaction| TxIn {
            previous_output: OutPoint { txid: previous.compute_txid(), vout: 1 },
            script_sig: ScriptBuf::new(),
            sequence: Sequence::ENABLE_RBF_NO_LOCKTIME,
            witness: Witness::new(),
        };
        let count = inputs as u64;
        let fee = FeeRate::from_sat_per_vb(2).unwrap() * Weight::from_vb(100 * count + 200).unwrap();
        let half = Amount::from_sat(count * COIN_SAT / 2);
        let transaction = Transaction {
            version: Version::TWO,
            lock_time: LockTime::ZERO,
            input: previous.iter().map(spend).collect(),
            output: vec![
                TxOut { value: half, script_pubkey: ScriptBuf::from_bytes([&[0, 20], [5; 20].as_slice()].concat()) },
                TxOut { value: half - fee, script_pubkey: change.script_pubkey.clone() },
            ],
        };
        let mut psbt = Psbt::from_unsigned_tx(transaction.clone()).unwrap();
        for ((map, coin), previous) in psbt.inputs.iter_mut().zip(&own).zip(&previous) {
            map.witness_utxo = coin.script_pubkey.is_witness_program().then(|| previous.output[1].clone());
            map.non_witness_utxo = Some(previous.clone());
            map.redeem_script = coin.redeem_script.clone();
            map.witness_script = coin.witness_script.clone();
            map.tap_internal_key = coin.taproot.map(|(internal, _)| internal);
            map.tap_merkle_root = coin.tree.as_ref().map(|tree| tree.merkle_root);
            for leaf in coin.tree.iter().flat_map(|tree| &tree.leaves) {
                let block = ControlBlock::decode(&leaf.control_block).unwrap();
                map.tap_scripts.insert(block, (leaf.script.clone(), LeafVersion::TapScript));
            }
            for (key, leaves, source) in derivations(wallet, coin) {
                match coin.taproot {
                    Some(_) => drop(map.tap_key_origins.insert(key.inner.x_only_public_key().0, (leaves, source))),
                    None => drop(map.bip32_derivation.insert(key.inner, source)),
                }
            }
        }
        let map = &mut psbt.outputs[1];
        map.redeem_script = change.redeem_script.clone();
        map.witness_script = change.witness_script.clone();
        map.tap_internal_key = change.taproot.map(|(internal, _)| internal);
        for (key, leaves, source) in derivations(wallet, &change) {
            match change.taproot {
                Some(_) => drop(map.tap_key_origins.insert(key.inner.x_only_public_key().0, (leaves, source))),
                None => drop(map.bip32_derivation.insert(key.inner, source)),
            }
        }
        let coins = previous.iter().map(|previous| previous.output[1].clone()).collect();
        Spend { psbt: psbt.serialize(), transaction, coins }
    }

    /// A journal that begins.
    pub(crate) fn book(&self) -> Book {
        let mut store = FrailStore::new();
        let public = self.statement_key.public();
        let vault =
            VaultId(Tagged::new("strongroom/vault").bytes(public.as_bytes()).u8(Network::Regtest.code()).finish());
        let created = Line::Created {
            network: Network::Regtest,
            statement_key: public,
            statement: STATEMENT,
            slot_hash: FileDigest([0xa1; 32]),
        };
        let pen = Pen::create(&mut store, JOURNAL, vault, public, created).ok().unwrap();
        Book { pen, store }
    }

    /// Parses, reviews and judges under the default policy.
    #[track_caller]
    pub(crate) fn clear(&self, psbt: &[u8]) -> Cleared {
        let ground = Ground {
            statement: STATEMENT,
            network: Network::Regtest,
            wallets: &self.wallets,
            reference_height: REFERENCE_HEIGHT,
            highest: &|_, _| None,
            past: &Past::none(),
            caps: Caps::default(),
        };
        let parsed = psbt::parse(psbt.to_vec()).unwrap();
        match judge(review(parsed, &ground), &Policy::read("").ok().unwrap()) {
            Ok(cleared) => cleared,
            Err(refused) => panic!("{:?}", refused.reasons),
        }
    }

    /// A session under the statement that reviews are made under.
    pub(crate) fn session(&self, book: &Book) -> Session {
        let journal = book.pen.journal();
        Session { statement: STATEMENT, key: [9; 32], journal_count: journal.count(), journal_head: journal.head() }
    }

    /// Two of three approve.
    #[track_caller]
    pub(crate) fn approve(&self, cleared: Cleared, session: Session) -> Approved<Cleared> {
        let digest = session.ballot_digest(Kind::Sign, cleared.subject());
        let ballots = self.approvals.iter().take(2).map(|(custodian, key)| Ballot {
            custodian: custodian.clone(),
            signature: hex(&key.sign(&digest).unwrap()),
        });
        tally(cleared, ballots.collect(), &self.roster, session).ok().unwrap()
    }

    /// Two of three approve, and the journal has it.
    #[track_caller]
    pub(crate) fn record(&self, cleared: Cleared, book: &mut Book) -> Recorded<Cleared> {
        let session = self.session(book);
        let approved = self.approve(cleared, session);
        let held = vec![Line::opened(&session)];
        record(approved, &self.wallets, held, &mut book.pen, &mut book.store).ok().unwrap()
    }
}

/// Pays the coin at its second output.
fn previous_transaction(coin: &Coin) -> Transaction {
    let other = [&[0, 20], [6; 20].as_slice()].concat();
    let spent = Txid::hash(&coin.index.to_be_bytes());
    Transaction {
        version: Version::TWO,
        lock_time: LockTime::ZERO,
        input: vec![TxIn {
            previous_output: OutPoint { txid: spent, vout: 0 },
            script_sig: ScriptBuf::new(),
            sequence: Sequence::MAX,
            witness: Witness::new(),
        }],
        output: vec![
            TxOut { value: Amount::from_sat(5_000), script_pubkey: ScriptBuf::from_bytes(other) },
            TxOut { value: Amount::from_sat(COIN_SAT), script_pubkey: coin.script_pubkey.clone() },
        ],
    }
}

/// Each key with the leaves that it stands in, and its origin.
fn derivations(wallet: &Wallet, coin: &Coin) -> Vec<(PublicKey, Vec<TapLeafHash>, (Fingerprint, DerivationPath))> {
    let steps = [coin.branch, coin.index];
    let leaves = || coin.tree.iter().flat_map(|tree| &tree.leaves);
    let keys = wallet.keys().iter().zip(&coin.keys).enumerate();
    keys.map(|(place, (key, public))| {
        let path: Vec<ChildNumber> = key.origin.iter().chain(&steps).map(|step| (*step).into()).collect();
        let leaves = leaves().filter(|leaf| leaf.keys.contains(&place)).map(|leaf| leaf.hash).collect();
        (PublicKey::from_slice(public).unwrap(), leaves, (Fingerprint::from(key.fingerprint), path.into()))
    })
    .collect()
}
