//! PSBTs of registered wallets, as an honest online side makes them; tests bend them afterwards.
#![allow(dead_code, unreachable_pub)]

use std::{collections::BTreeMap, rc::Rc};

use bitcoin::{
    Amount, EcdsaSighashType, OutPoint, Psbt, ScriptBuf, Sequence, TapLeafHash, TapNodeHash, TapSighashType,
    Transaction, TxIn, TxOut, Witness,
    absolute::LockTime,
    bip32::{ChildNumber, DerivationPath, Fingerprint, Xpriv, Xpub},
    hashes::Hash,
    psbt::PsbtSighashType,
    secp256k1::{Keypair, Message, PublicKey, Secp256k1, SecretKey, XOnlyPublicKey},
    sighash::{Prevouts, SighashCache},
    taproot::{ControlBlock, LeafVersion, TapTree, TaprootBuilder},
    transaction::Version,
};
use strongroom::{
    digest::{Head, StatementDigest},
    network::Network,
    policy::{Cleared, Policy, Refused, judge},
    psbt::{ParseError, parse},
    review::{Earlier, Finding, Ground, Past, Reviewed, review},
    text::Name,
    wallet::{Kind, Wallet},
};

use crate::raw_psbt::RawPsbt;

pub const NETWORK: Network = Network::Regtest;
pub const HARD: u32 = 1 << 31;

/// A, B and C: 0 to 2. The attacker: 9. Ours is A.
pub fn master(number: u8) -> Xpriv {
    Xpriv::new_master(NETWORK.bitcoin(), &[number.wrapping_add(1); 32]).unwrap()
}

pub fn fingerprint(number: u8) -> [u8; 4] {
    master(number).fingerprint(&Secp256k1::new()).to_bytes()
}

pub fn path(steps: &[u32]) -> DerivationPath {
    steps.iter().map(|step| ChildNumber::from(*step)).collect()
}

pub fn secret(number: u8, steps: &[u32]) -> SecretKey {
    master(number).derive_priv(&Secp256k1::new(), &path(steps)).unwrap().private_key
}

pub fn account(number: u8, steps: &[u32]) -> Xpub {
    let secp = Secp256k1::new();
    Xpub::from_priv(&secp, &master(number).derive_priv(&secp, &path(steps)).unwrap())
}

pub fn key_text(number: u8, steps: &[u32]) -> String {
    let origin: String = steps.iter().map(|step| format!("/{}h", step & !HARD)).collect();
    format!("[{}{origin}]{}/<0;1>/*", strongroom::text::hex(&fingerprint(number)), account(number, steps))
}

/// A wallet from a template with `@0` to `@3` for A, B, C, D.
pub fn wallet(name: &str, template: &str, steps: &[u32]) -> Wallet {
    wallet_of(name, template, steps, &[0])
}

/// The same with these keys as ours, counted as the descriptor has them.
pub fn wallet_of(name: &str, template: &str, steps: &[u32], ours: &[usize]) -> Wallet {
    let mut text = template.to_owned();
    for number in 0..4 {
        text = text.replace(&format!("@{number}"), &key_text(number, steps));
    }
    Wallet::read(name.parse().unwrap(), &text, NETWORK, ours).unwrap_or_else(|error| panic!("{template}: {error}"))
}

/// Taproot with a key path and two leaves.
pub const F8: &str = "tr(@0,{pk(@1),and_v(v:pk(@2),older(1000))})";
/// Two of two, or one other after a year.
pub const F9: &str = "wsh(or_d(multi(2,@0,@1),and_v(v:pkh(@2),older(52560))))";

/// A wallet of miniscript or of leaves, with these keys as ours.
pub fn scripts(template: &str, ours: &[usize]) -> Wallet {
    wallet_of("scripts", template, &COSIGNER, ours)
}

pub fn wpkh() -> Wallet {
    wallet("wpkh", "wpkh(@0)", &[84 | HARD, 1 | HARD, HARD])
}
pub fn sh_wpkh() -> Wallet {
    wallet("sh-wpkh", "sh(wpkh(@0))", &[49 | HARD, 1 | HARD, HARD])
}
pub fn pkh() -> Wallet {
    wallet("pkh", "pkh(@0)", &[44 | HARD, 1 | HARD, HARD])
}
pub fn tr() -> Wallet {
    wallet("tr", "tr(@0)", &[86 | HARD, 1 | HARD, HARD])
}
pub const COSIGNER: [u32; 4] = [48 | HARD, 1 | HARD, HARD, 2 | HARD];
pub fn wsh() -> Wallet {
    wallet("wsh", "wsh(sortedmulti(2,@0,@1,@2))", &COSIGNER)
}
pub fn sh_wsh() -> Wallet {
    wallet("sh-wsh", "sh(wsh(sortedmulti(2,@0,@1,@2)))", &[48 | HARD, 1 | HARD, HARD, 1 | HARD])
}
pub fn wsh_unsorted() -> Wallet {
    wallet("unsorted", "wsh(multi(2,@0,@1,@2))", &[48 | HARD, 1 | HARD, 7 | HARD, 2 | HARD])
}
pub fn sh() -> Wallet {
    wallet("sh", "sh(sortedmulti(2,@0,@1,@2))", &[48 | HARD, 1 | HARD, HARD, HARD])
}

/// Every kind of wallet.
pub fn kinds() -> Vec<Wallet> {
    vec![wpkh(), sh_wpkh(), pkh(), tr(), wsh(), sh_wsh(), wsh_unsorted(), sh()]
}

/// A script of nobody whom we know.
pub fn foreign(number: u8) -> ScriptBuf {
    let key = Keypair::from_secret_key(&Secp256k1::new(), &secret(9, &[u32::from(number)]));
    ScriptBuf::new_p2wpkh(&bitcoin::PublicKey::new(key.public_key()).wpubkey_hash().unwrap())
}

/// A PSBT with the ground that it is reviewed on.
#[derive(Clone)]
pub struct Case {
    pub psbt: Psbt,
    pub wallets: Vec<Wallet>,
    pub policy: String,
    pub network: Network,
    pub highest: BTreeMap<(String, u32), u32>,
    pub reference_height: u32,
    pub past: Vec<Remembered>,
    /// Edits of the PSBT's raw maps, after everything else.
    pub bends: Vec<Rc<dyn Fn(RawPsbt) -> RawPsbt>>,
}

/// A line of the past about a transaction.
#[derive(Clone, Debug)]
pub struct Remembered {
    pub line: u64,
    pub signed: bool,
    pub txid: bitcoin::Txid,
    pub inputs: Vec<(OutPoint, u64)>,
    pub paid: Vec<(ScriptBuf, u64)>,
    pub fee: u64,
    pub height_lock: Option<u32>,
    pub wallets: Vec<Name>,
}

impl std::fmt::Debug for Case {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Case({:?} under {})", self.psbt, self.policy)
    }
}

impl Case {
    /// No inputs and outputs yet.
    pub fn new(wallets: Vec<Wallet>) -> Self {
        let transaction =
            Transaction { version: Version::TWO, lock_time: LockTime::ZERO, input: Vec::new(), output: Vec::new() };
        Self {
            psbt: Psbt::from_unsigned_tx(transaction).unwrap(),
            wallets,
            policy: String::new(),
            network: NETWORK,
            highest: BTreeMap::new(),
            reference_height: 976_000,
            past: Vec::new(),
            bends: Vec::new(),
        }
    }

    /// This transaction as a line of the journal remembers it.
    pub fn remembered(&self, line: u64, signed: bool) -> Remembered {
        let reviewed = self.review();
        let facts = reviewed.facts();
        let leaving = facts.outputs.iter().filter(|output| !output.class.comes_back());
        let mut wallets: Vec<Name> =
            facts.inputs.iter().filter_map(|input| Some(facts.wallets[input.ours?.0].name.clone())).collect();
        wallets.dedup();
        Remembered {
            line,
            signed,
            txid: facts.txid,
            inputs: facts.inputs.iter().map(|input| (input.outpoint, input.utxo.value.to_sat())).collect(),
            paid: leaving.map(|out| (out.output.script_pubkey.clone(), out.output.value.to_sat())).collect(),
            fee: facts.fee.unwrap(),
            height_lock: facts.height_lock,
            wallets,
        }
    }

    /// With a past.
    pub fn after(mut self, past: impl IntoIterator<Item = Remembered>) -> Self {
        self.past.extend(past);
        self
    }

    /// A coin of wallet `w` at branch and index.
    pub fn input(mut self, w: usize, branch: u32, index: u32, sat: u64) -> Self {
        let wallet = self.wallets[w].clone();
        let coin = wallet.coin(branch, index).unwrap();
        let at = self.coin(coin.script_pubkey.clone(), sat);
        let map = &mut self.psbt.inputs[at];
        map.redeem_script.clone_from(&coin.redeem_script);
        map.witness_script.clone_from(&coin.witness_script);
        if !matches!(wallet.kind(), Kind::Pkh | Kind::Sh(_) | Kind::ShScript) {
            map.witness_utxo = Some(TxOut { value: Amount::from_sat(sat), script_pubkey: coin.script_pubkey });
        }
        if let Some((internal, _)) = coin.taproot {
            map.tap_internal_key = Some(internal);
            map.tap_key_origins = tap_records(&wallet, branch, index);
            if let Some(tree) = coin.tree {
                map.tap_merkle_root = Some(tree.merkle_root);
                for leaf in tree.leaves {
                    let block = ControlBlock::decode(&leaf.control_block).unwrap();
                    map.tap_scripts.insert(block, (leaf.script, LeafVersion::TapScript));
                }
            }
        } else {
            map.bip32_derivation = records(&wallet, branch, index);
        }
        self
    }

    /// A coin of nobody we know.
    pub fn foreign_input(mut self, sat: u64) -> Self {
        let at = self.coin(foreign(200), sat);
        self.psbt.inputs[at].witness_utxo = Some(TxOut { value: Amount::from_sat(sat), script_pubkey: foreign(200) });
        self
    }

    /// A coin with its whole previous transaction: its number.
    pub fn coin(&mut self, script_pubkey: ScriptBuf, sat: u64) -> usize {
        let at = self.psbt.inputs.len();
        let mut outpoint = OutPoint::null();
        outpoint.txid = bitcoin::Txid::from_byte_array([7; 32]);
        outpoint.vout = u32::try_from(at).unwrap();
        let funding = Transaction {
            version: Version::TWO,
            lock_time: LockTime::ZERO,
            input: vec![TxIn { previous_output: outpoint, ..TxIn::default() }],
            output: vec![
                TxOut { value: Amount::from_sat(1_111), script_pubkey: foreign(100) },
                TxOut { value: Amount::from_sat(sat), script_pubkey },
            ],
        };
        self.psbt.unsigned_tx.input.push(TxIn {
            previous_output: OutPoint::new(funding.compute_txid(), 1),
            script_sig: ScriptBuf::new(),
            sequence: Sequence::ENABLE_LOCKTIME_NO_RBF,
            witness: Witness::new(),
        });
        self.psbt.inputs.push(bitcoin::psbt::Input { non_witness_utxo: Some(funding), ..Default::default() });
        at
    }

    /// An output to a script, without records.
    pub fn pay(mut self, script_pubkey: ScriptBuf, sat: u64) -> Self {
        self.psbt.unsigned_tx.output.push(TxOut { value: Amount::from_sat(sat), script_pubkey });
        self.psbt.outputs.push(Default::default());
        self
    }

    /// An output to wallet `w`, with its records.
    pub fn back(self, w: usize, branch: u32, index: u32, sat: u64) -> Self {
        let wallet = self.wallets[w].clone();
        let coin = wallet.coin(branch, index).unwrap();
        let mut case = self.pay(coin.script_pubkey.clone(), sat);
        let map = case.psbt.outputs.last_mut().unwrap();
        map.redeem_script = coin.redeem_script;
        map.witness_script = coin.witness_script;
        if let Some((internal, _)) = coin.taproot {
            map.tap_internal_key = Some(internal);
            map.tap_key_origins = tap_records(&wallet, branch, index);
            map.tap_tree = coin.tree.map(|tree| {
                let leaves = tree.leaves.into_iter();
                let built =
                    leaves.fold(TaprootBuilder::new(), |tree, leaf| tree.add_leaf(leaf.depth, leaf.script).unwrap());
                TapTree::try_from(built).unwrap()
            });
        } else {
            map.bip32_derivation = records(&wallet, branch, index);
        }
        case
    }

    /// With an edit.
    pub fn with(mut self, edit: impl FnOnce(&mut Self)) -> Self {
        edit(&mut self);
        self
    }

    /// With an edit of input `n`'s map.
    pub fn with_in(self, n: usize, edit: impl FnOnce(&mut bitcoin::psbt::Input)) -> Self {
        self.with(|case| edit(&mut case.psbt.inputs[n]))
    }

    /// With an edit of output `n`'s map.
    pub fn with_out(self, n: usize, edit: impl FnOnce(&mut bitcoin::psbt::Output)) -> Self {
        self.with(|case| edit(&mut case.psbt.outputs[n]))
    }

    /// With an edit of the unsigned transaction.
    pub fn with_tx(self, edit: impl FnOnce(&mut Transaction)) -> Self {
        self.with(|case| edit(&mut case.psbt.unsigned_tx))
    }

    pub fn allow(mut self, key: &str) -> Self {
        self.policy = format!("[allow]\n{key} = true\n");
        self
    }

    /// Signs input `n` with the key of cosigner `number`, as another signer would.
    pub fn signed(mut self, n: usize, number: u8, sighash: EcdsaSighashType) -> Self {
        let secp = Secp256k1::new();
        let (key, source) = {
            let records = &self.psbt.inputs[n].bip32_derivation;
            let (key, (_, source)) =
                records.iter().find(|(_, (print, _))| print.to_bytes() == fingerprint(number)).unwrap();
            (*key, source.to_u32_vec())
        };
        let mut cache = SighashCache::new(&self.psbt.unsigned_tx);
        let (message, _) = self.psbt.clone().with_type(n, sighash).sighash_ecdsa(n, &mut cache).unwrap();
        let signature = secp.sign_ecdsa_low_r(&message, &secret(number, &source));
        self.psbt.inputs[n]
            .partial_sigs
            .insert(bitcoin::PublicKey::new(key), bitcoin::ecdsa::Signature { signature, sighash_type: sighash });
        self
    }

    /// Signs taproot input `n` by its key path.
    pub fn signed_taproot(self, n: usize, sighash: TapSighashType) -> Self {
        self.signed_key_path(n, 0, None, sighash)
    }

    /// Signs taproot input `n` by its key path, whose key is that of cosigner `number`, under a tree.
    pub fn signed_taproot_by(self, n: usize, number: u8, root: Option<TapNodeHash>) -> Self {
        self.signed_key_path(n, number, root, TapSighashType::Default)
    }

    fn signed_key_path(mut self, n: usize, number: u8, root: Option<TapNodeHash>, sighash: TapSighashType) -> Self {
        use bitcoin::key::TapTweak;
        let secp = Secp256k1::new();
        let mut sources = self.psbt.inputs[n].tap_key_origins.values();
        let (_, source) = &sources.find(|(_, (print, _))| print.to_bytes() == fingerprint(number)).unwrap().1;
        let source = source.to_u32_vec();
        let coins: Vec<TxOut> = self.psbt.inputs.iter().map(|map| map.witness_utxo.clone().unwrap()).collect();
        let digest = SighashCache::new(&self.psbt.unsigned_tx)
            .taproot_key_spend_signature_hash(n, &Prevouts::All(&coins), sighash)
            .unwrap();
        let pair = Keypair::from_secret_key(&secp, &secret(number, &source)).tap_tweak(&secp, root).to_keypair();
        let signature = secp.sign_schnorr_no_aux_rand(&Message::from_digest(digest.to_byte_array()), &pair);
        self.psbt.inputs[n].tap_key_sig = Some(bitcoin::taproot::Signature { signature, sighash_type: sighash });
        self
    }

    /// Signs one leaf of taproot input `n` with the key of cosigner `number`.
    pub fn signed_leaf(mut self, n: usize, number: u8, leaf: usize, sighash: TapSighashType) -> Self {
        let secp = Secp256k1::new();
        let (key, source) = {
            let records = &self.psbt.inputs[n].tap_key_origins;
            let (key, (_, (_, source))) =
                records.iter().find(|(_, (_, (print, _)))| print.to_bytes() == fingerprint(number)).unwrap();
            (*key, source.to_u32_vec())
        };
        let (wallet, [branch, index]) = (&self.wallets[0], [source[source.len() - 2], source[source.len() - 1]]);
        let hash = wallet.coin(branch, index).unwrap().tree.unwrap().leaves[leaf].hash;
        let coins: Vec<TxOut> = self.psbt.inputs.iter().map(|map| map.witness_utxo.clone().unwrap()).collect();
        let digest = SighashCache::new(&self.psbt.unsigned_tx)
            .taproot_script_spend_signature_hash(n, &Prevouts::All(&coins), hash, sighash)
            .unwrap();
        let pair = Keypair::from_secret_key(&secp, &secret(number, &source));
        let signature = secp.sign_schnorr_no_aux_rand(&Message::from_digest(digest.to_byte_array()), &pair);
        let signature = bitcoin::taproot::Signature { signature, sighash_type: sighash };
        self.psbt.inputs[n].tap_script_sigs.insert((key, hash), signature);
        self
    }

    /// With an edit of the raw maps, which stays the last whatever is edited afterwards.
    pub fn bent(mut self, bend: impl Fn(RawPsbt) -> RawPsbt + 'static) -> Self {
        self.bends.push(Rc::new(bend));
        self
    }

    /// The same PSBT of version 2.
    pub fn of_version_2(self) -> Self {
        self.bent(|raw| raw.to_v2())
    }

    pub fn bytes(&self) -> Vec<u8> {
        let bytes = self.psbt.serialize();
        if self.bends.is_empty() {
            return bytes;
        }
        self.bends.iter().fold(RawPsbt::from_bytes(&bytes), |raw, bend| bend(raw)).to_bytes()
    }

    pub fn review(&self) -> Reviewed {
        self.review_bytes(self.bytes()).unwrap_or_else(|error| panic!("{error}"))
    }

    pub fn review_bytes(&self, bytes: Vec<u8>) -> Result<Reviewed, ParseError> {
        let highest = |name: &Name, branch: u32| self.highest.get(&(name.to_string(), branch)).copied();
        let lines: Vec<Earlier<'_>> = self
            .past
            .iter()
            .map(|line| Earlier {
                line: line.line,
                signed: line.signed,
                txid: line.txid,
                inputs: line.inputs.clone(),
                paid: line.paid.iter().map(|(script, sat)| (script.as_script(), *sat)).collect(),
                fee: line.fee,
                height_lock: line.height_lock,
                wallets: line.wallets.iter().collect(),
            })
            .collect();
        let count = lines.last().map_or(1, |line| line.line);
        let past = Past::new(count, count, Head([4; 32]), lines);
        let ground = Ground {
            statement: StatementDigest([3; 32]),
            network: self.network,
            wallets: &self.wallets,
            reference_height: self.reference_height,
            highest: &highest,
            past: &past,
            caps: self.policy().caps().clone(),
        };
        Ok(review(parse(bytes)?, &ground))
    }

    pub fn policy(&self) -> Policy {
        Policy::read(&self.policy).unwrap()
    }

    pub fn judge(&self) -> Result<Cleared, Box<Refused>> {
        judge(self.review(), &self.policy())
    }

    pub fn findings(&self) -> Vec<Finding> {
        self.review().findings().to_vec()
    }
}

trait WithType {
    fn with_type(self, n: usize, sighash: EcdsaSighashType) -> Self;
}

impl WithType for Psbt {
    fn with_type(mut self, n: usize, sighash: EcdsaSighashType) -> Self {
        self.inputs[n].sighash_type = Some(PsbtSighashType::from(sighash));
        self
    }
}

/// The key records of a wallet's place.
pub fn records(wallet: &Wallet, branch: u32, index: u32) -> BTreeMap<PublicKey, (Fingerprint, DerivationPath)> {
    let coin = wallet.coin(branch, index).unwrap();
    let pairs = wallet.keys().iter().zip(&coin.keys);
    pairs
        .map(|(key, derived)| {
            let source = (Fingerprint::from(key.fingerprint), path(&[&key.origin[..], &[branch, index]].concat()));
            (PublicKey::from_slice(derived).unwrap(), source)
        })
        .collect()
}

/// One input, a payment and change: F1, F2, F3 and F7 of a single-key wallet.
pub fn simple(wallet: Wallet) -> Case {
    Case::new(vec![wallet]).input(0, 0, 3, 10_000_000).pay(foreign(1), 6_000_000).back(0, 1, 7, 3_990_000)
}

/// Two inputs, a payment and change: F4, F5 and F6 of a multisig wallet.
pub fn double(wallet: Wallet) -> Case {
    Case::new(vec![wallet])
        .input(0, 0, 3, 6_000_000)
        .input(0, 0, 4, 5_000_000)
        .pay(foreign(1), 7_000_000)
        .back(0, 1, 7, 3_990_000)
}

/// The taproot key records of a wallet's place, each with the leaves that its key stands in.
pub fn tap_records(
    wallet: &Wallet,
    branch: u32,
    index: u32,
) -> BTreeMap<XOnlyPublicKey, (Vec<TapLeafHash>, (Fingerprint, DerivationPath))> {
    let coin = wallet.coin(branch, index).unwrap();
    let leaves = coin.tree.map(|tree| tree.leaves).unwrap_or_default();
    let of = |place: usize| leaves.iter().filter(|leaf| leaf.keys.contains(&place)).map(|leaf| leaf.hash).collect();
    let pairs = wallet.keys().iter().zip(&coin.keys).enumerate();
    pairs
        .map(|(place, (key, derived))| {
            let source = (Fingerprint::from(key.fingerprint), path(&[&key.origin[..], &[branch, index]].concat()));
            (XOnlyPublicKey::from_slice(&derived[1..]).unwrap(), (of(place), source))
        })
        .collect()
}
