//! The facts of a transaction: what people are shown and what is signed, one value.

use bitcoin::{OutPoint, ScriptBuf, TapNodeHash, TxOut, Txid};

use crate::{
    digest::StatementDigest,
    limits,
    network::Network,
    review::{History, Past},
    text::Name,
    wallet::{Kind, Leaf, Wallet},
};

/// What a review is judged against. All public.
pub struct Ground<'a> {
    /// `S` of the statement in force.
    pub statement: StatementDigest,
    /// The vault's network.
    pub network: Network,
    /// The registered wallets.
    pub wallets: &'a [Wallet],
    /// Block height known to be past.
    pub reference_height: u32,
    /// Highest index seen (signed) for (wallet, branch).
    pub highest: &'a dyn Fn(&Name, u32) -> Option<u32>,
    /// What earlier lines of the journal say.
    pub past: &'a Past<'a>,
    /// Caps from the policy (defaults in `Caps::default()`).
    pub caps: Caps,
}

/// Numbers that a policy may set. Units in the names. `notice` is acknowledged from there on, `refuse` refused
/// above it (fee rate, fee, change outputs) or from there on (share).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caps {
    /// M03: acknowledged above this fee rate.
    pub fee_rate_notice_sat_vb: u64,
    /// M03: refused above this fee rate.
    pub fee_rate_refuse_sat_vb: u64,
    /// M04: acknowledged above this fee.
    pub fee_notice_sat: u64,
    /// M04: refused above this fee.
    pub fee_refuse_sat: u64,
    /// M05: acknowledged from this share of what leaves on.
    pub fee_share_notice_percent: u64,
    /// M05: refused from this share of what leaves on.
    pub fee_share_refuse_percent: u64,
    /// C08: acknowledged above this number of change outputs.
    pub change_outputs_notice: u32,
    /// C08: refused above this number of change outputs.
    pub change_outputs_refuse: u32,
    /// L02: refused beyond the reference height plus this.
    pub locktime_blocks: u32,
}

impl Default for Caps {
    fn default() -> Self {
        Self {
            fee_rate_notice_sat_vb: 200,
            fee_rate_refuse_sat_vb: 1_000,
            fee_notice_sat: 5_000_000,
            fee_refuse_sat: 100_000_000,
            fee_share_notice_percent: 5,
            fee_share_refuse_percent: 25,
            change_outputs_notice: 2,
            change_outputs_refuse: 10,
            locktime_blocks: limits::LOCKTIME_BLOCKS,
        }
    }
}

/// How well an amount is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Proof {
    /// Code 0: only claimed.
    Claimed,
    /// Code 1: all inputs are taproot, whose signatures commit to every amount.
    Committed,
    /// Code 2: the previous transaction was given and hashes to the outpoint.
    Proved,
}

impl Proof {
    /// The number that stands for it in hashes.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Self::Claimed => 0,
            Self::Committed => 1,
            Self::Proved => 2,
        }
    }

    /// The word for it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Claimed => "claimed",
            Self::Committed => "committed",
            Self::Proved => "proved",
        }
    }
}

/// An output's class.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// Code 0: an address that is not ours.
    External,
    /// Code 1: proved, of the one wallet that pays, on its change branch.
    Change,
    /// Code 2: proved, of the one wallet that pays, on another branch.
    SelfTransfer,
    /// Code 3: proved, of another registered wallet, or of any where several wallets pay.
    OtherWallet,
    /// Code 4: data; its amount is burnt.
    OpReturn,
    /// Code 5: a script without an address.
    Unknown,
    /// Code 6: pay to anchor (`51024e73`), which anyone may spend.
    Anchor,
}

impl Class {
    /// The number that stands for it in hashes.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Self::External => 0,
            Self::Change => 1,
            Self::SelfTransfer => 2,
            Self::OtherWallet => 3,
            Self::OpReturn => 4,
            Self::Unknown => 5,
            Self::Anchor => 6,
        }
    }

    /// The word for it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::External => "external",
            Self::Change => "change",
            Self::SelfTransfer => "self-transfer",
            Self::OtherWallet => "other-wallet",
            Self::OpReturn => "op-return",
            Self::Unknown => "unknown-script",
            Self::Anchor => "anchor",
        }
    }

    /// Whether its amount comes back to the wallet that pays.
    #[must_use]
    pub const fn comes_back(self) -> bool {
        match self {
            Self::Change | Self::SelfTransfer => true,
            Self::External | Self::OtherWallet | Self::OpReturn | Self::Unknown | Self::Anchor => false,
        }
    }
}

/// What is known of an input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InputFacts {
    /// What it spends.
    pub outpoint: OutPoint,
    /// Amount and script of that; zero and empty where nothing was given (see `known`).
    pub utxo: TxOut,
    /// Whether the PSBT says at all what the input spends.
    pub known: bool,
    /// How well the amount is known.
    pub proof: Proof,
    /// The sequence number.
    pub sequence: u32,
    /// Index into `Ground::wallets`, branch, index; `None` for a foreign input.
    pub ours: Option<(usize, u32, u32)>,
    /// Public keys whose signatures for this path were there and verify: 33 bytes (32 for taproot), sorted.
    pub signed_by: Vec<Vec<u8>>,
    /// Whose they are: indices into the wallet's keys, in the order of `signed_by`.
    pub signers: Vec<usize>,
    /// Signatures that the input needs in all, on the path that is taken; 0 for a foreign input.
    pub needed: u32,
    /// Keys of ours that will sign: 33 bytes (32 for taproot), sorted.
    pub signing: Vec<Vec<u8>>,
    /// Other transactions in the journal that spend the same coin, in the order of their lines.
    pub spent_by: Vec<Txid>,
    /// How it is spent; `None` for a foreign input, and where no path is open.
    pub path: Option<PathFacts>,
}

/// The way in which a coin of a wallet is spent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PathFacts {
    /// Its place among the wallet's paths.
    pub number: usize,
    /// In words: `recovery path, after 52 560 blocks: key 3`.
    pub words: String,
    /// Whether it is the first of the wallet's.
    pub primary: bool,
    /// Whether the wallet has no other, and it no condition.
    pub only: bool,
    /// The hash of the leaf, where it is one.
    pub leaf: Option<[u8; 32]>,
    /// The keys that may sign on it: indices into the wallet's keys.
    pub keys: Vec<usize>,
}

/// What is known of an output.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutputFacts {
    /// Amount and script.
    pub output: TxOut,
    /// Its address, where the script has one.
    pub address: Option<String>,
    /// What it is to us.
    pub class: Class,
    /// Index into `Ground::wallets`, branch, index, as proved.
    pub ours: Option<(usize, u32, u32)>,
    /// Index above the highest one that was seen in its wallet, if it is ours.
    pub beyond_seen: Option<u32>,
    /// Whether something of its wallet was signed before, if it is ours.
    pub signed_before: bool,
    /// Other signed transactions that paid this script, if it is not ours.
    pub paid_before: Option<usize>,
}

/// A registered wallet, as far as the review names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WalletFacts {
    /// Its name.
    pub name: Name,
    /// Its script type.
    pub kind: Kind,
    /// Number of its keys.
    pub keys: usize,
    /// Who signs on its primary path, and how many others there are: `2 of keys 1, 2; 1 other way`.
    pub quorum: String,
    /// Its keys in the descriptor's order.
    pub members: Vec<KeyFacts>,
    /// The last eight characters of its descriptor (BIP380's checksum).
    pub checksum: String,
}

/// A key of a registered wallet, as far as the review names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyFacts {
    /// The master key's fingerprint, as the descriptor has it.
    pub fingerprint: [u8; 4],
    /// The path from the master key, hardened steps with the high bit.
    pub origin: Vec<u32>,
    /// Whether the vault's seed derives it.
    pub ours: bool,
}

/// When a transaction may be mined, by its locktime and sequences.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lock {
    /// No locktime.
    None,
    /// A locktime without effect: every sequence is final.
    NoEffect(u32),
    /// Not before this height.
    Height(u32),
    /// Not before this time: seconds since 1970, compared with the median of eleven blocks (BIP113).
    Time(u32),
}

/// Sums in satoshi. `inputs = external + change + self_transfer + fee`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Totals {
    /// All inputs.
    pub inputs: u64,
    /// Inputs of ours.
    pub our_inputs: u64,
    /// All outputs that do not come back: classes external, other wallet, data, unknown script, anchor.
    pub external: u64,
    /// Proved change.
    pub change: u64,
    /// Proved transfers to the same wallet's other branch.
    pub self_transfer: u64,
    /// The part of `external` that goes to other registered wallets.
    pub other_wallets: u64,
    /// Inputs less outputs.
    pub fee: u64,
    /// `external + fee`.
    pub leaves: u64,
    /// Fee rate: thousandths of a satoshi per virtual byte, rounded down, from the worst-case size.
    pub fee_rate_msat_vb: u64,
    /// Fee in thousandths of `external` (of all outputs where nothing leaves), rounded down.
    pub fee_share_permille: u64,
}

/// What people are shown, and what is signed: one value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// The vault's network.
    pub network: Network,
    /// txid of the unsigned transaction.
    pub txid: Txid,
    /// Whether signing leaves the txid as it is: every input is a native witness program.
    pub txid_final: bool,
    /// The transaction's version.
    pub version: i32,
    /// The registered wallets, as `InputFacts::ours` and `OutputFacts::ours` count them.
    pub wallets: Vec<WalletFacts>,
    /// The inputs in order.
    pub inputs: Vec<InputFacts>,
    /// The outputs in order.
    pub outputs: Vec<OutputFacts>,
    /// Satoshi; `None` where an input's amount is not given or amounts do not add up (a finding says so).
    pub fee: Option<u64>,
    /// The sums; `None` where `fee` is.
    pub totals: Option<Totals>,
    /// Weight units as signed, at the largest satisfaction of the registered descriptors.
    pub weight: u64,
    /// Virtual bytes: `weight / 4`, rounded up.
    pub vsize: u64,
    /// The height of an effective height lock.
    pub height_lock: Option<u32>,
    /// The effective lock.
    pub lock: Lock,
    /// The raw locktime.
    pub locktime: u32,
    /// Whether any input signals that the transaction may be replaced (BIP125).
    pub replaceable: bool,
    /// How far back the past reaches that it was compared with.
    pub history: History,
    /// The line that says that this very transaction was signed before.
    pub signed_before: Option<u64>,
    /// SHA-256 of the PSBT as received, in binary.
    pub psbt_sha256: [u8; 32],
    /// Version of the PSBT: 0 (BIP174) or 2 (BIP370).
    pub psbt_version: u32,
    /// Bytes of the PSBT as received, in binary.
    pub psbt_bytes: usize,
}

/// One signature that will be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedKey {
    /// Index into the wallet's keys.
    pub wallet_key: usize,
    /// The derived public key, compressed; for taproot the internal key.
    pub public: [u8; 33],
}

/// One input that will be signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedInput {
    /// The input's index.
    pub input: u32,
    /// Index into `Ground::wallets`.
    pub wallet: usize,
    /// Branch of the wallet.
    pub branch: u32,
    /// Index on the branch.
    pub index: u32,
    /// Index into the wallet's paths: the one that is signed for.
    pub path: usize,
    /// How the digest is made.
    pub spend: Spend,
    /// The keys that sign.
    pub keys: Vec<PlannedKey>,
}

/// How the digest of an input is made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Spend {
    /// Before segwit.
    Legacy {
        /// The scriptPubKey, or the redeem script.
        script_code: ScriptBuf,
    },
    /// BIP143.
    SegwitV0 {
        /// The witness script, or the pay-to-public-key-hash form of the program.
        script_code: ScriptBuf,
        /// Satoshi of the coin.
        amount: u64,
    },
    /// BIP341, key path.
    TaprootKey {
        /// Explicit ALL (65 bytes) where the PSBT asks for 0x01.
        explicit_all: bool,
        /// The root of the wallet's tree, which tweaks the key; none without a tree.
        merkle_root: Option<TapNodeHash>,
    },
    /// BIP342, one leaf.
    TaprootLeaf {
        /// Explicit ALL (65 bytes) where the PSBT asks for 0x01.
        explicit_all: bool,
        /// The leaf as the wallet derives it.
        leaf: Leaf,
    },
}

impl Spend {
    /// Whether keys are x-only there.
    #[must_use]
    pub const fn taproot(&self) -> bool {
        match self {
            Self::TaprootKey { .. } | Self::TaprootLeaf { .. } => true,
            Self::Legacy { .. } | Self::SegwitV0 { .. } => false,
        }
    }
}
