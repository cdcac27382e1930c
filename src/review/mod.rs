//! Facts and findings about a parsed PSBT: pure, total, without a secret.
//!
//! Floor 2.

use bitcoin::{OutPoint, ScriptBuf, TxOut};

use crate::{digest::{StatementDigest, Subject}, network::Network, psbt::{Parsed, Place}, wallet::Wallet};

/// What a rule does when it fires.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// No signature, no override.
    Refuse,
    /// Refused unless the policy has this permission; then acknowledged.
    RefuseUnless(Permission),
    /// Each custodian acknowledges it by name.
    Acknowledge,
    /// Shown.
    Show,
}

/// What a policy may allow; each is a key of the policy's `[allow]` table, off unless set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Permission {
    /// `foreign_inputs` (I09, U04 foreign)
    ForeignInputs,
    /// `unproven_amounts` (U06)
    UnprovenAmounts,
    /// `mixed_wallets` (I08)
    MixedWallets,
    /// `more_signatures` (I22)
    MoreSignatures,
    /// `op_return_value` (O02)
    OpReturnValue,
}

/// One finding of a review.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The rule's id in psbt-rules: "U01".
    pub rule: &'static str,
    pub action: Action,
    pub place: Place,
    /// What was found, with both sides of a comparison. Printable.
    pub text: String,
    /// What to do.
    pub remedy: &'static str,
    /// Whether it shows that somebody tampered (a screen of its own).
    pub fraud: bool,
}

/// What a review is judged against. All public.
pub struct Ground<'a> {
    pub statement: StatementDigest,
    pub network: Network,
    pub wallets: &'a [Wallet],
    /// Block height known to be past.
    pub reference_height: u32,
    /// Highest index seen (signed) for (wallet, branch).
    pub highest: &'a dyn Fn(&crate::text::Name, u32) -> Option<u32>,
    /// caps from the policy (defaults in `Caps::default()`).
    pub caps: Caps,
}

/// Numbers that a policy may set. Units in the names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caps {
    pub fee_rate_notice_sat_vb: u64, pub fee_rate_refuse_sat_vb: u64,
    pub fee_notice_sat: u64, pub fee_refuse_sat: u64,
    pub fee_share_notice_percent: u64, pub fee_share_refuse_percent: u64,
    pub change_outputs_notice: u32, pub change_outputs_refuse: u32,
    pub locktime_blocks: u32,
}

/// How well an amount is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Proof { /// code 0: only claimed
    Claimed, /// code 1: the (taproot) sighash commits to it
    Committed, /// code 2: the previous transaction was given and hashes to the outpoint
    Proved }

/// An output's class, with its code in hashes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class { /// 0
    External, /// 1
    Change, /// 2
    SelfTransfer, /// 3
    OtherWallet, /// 4
    OpReturn, /// 5
    Unknown, /// 6
    Anchor }

pub struct InputFacts {
    pub outpoint: OutPoint,
    pub utxo: TxOut,
    pub proof: Proof,
    pub sequence: u32,
    /// index into `Ground::wallets`, branch, index; `None` for a foreign input
    pub ours: Option<(usize, u32, u32)>,
    /// verified signatures that were there: public keys
    pub signed_by: Vec<Vec<u8>>,
    /// planned signatures of ours: 33-byte keys (32 for taproot), sorted
    pub signing: Vec<Vec<u8>>,
}

pub struct OutputFacts {
    pub output: TxOut,
    pub address: Option<String>,
    pub class: Class,
    pub ours: Option<(usize, u32, u32)>,
}

/// What people are shown, and what is signed: one value.
pub struct Facts {
    pub network: Network,
    pub inputs: Vec<InputFacts>,
    pub outputs: Vec<OutputFacts>,
    /// sat; `None` where amounts do not add up (a refusal says so)
    pub fee: Option<u64>,
    pub vsize: u64,
    pub height_lock: Option<u32>,
}

/// One signature that will be made.
pub struct PlannedKey { pub wallet_key: usize, pub public: [u8; 33] }
/// One input that will be signed.
pub struct PlannedInput { pub input: u32, pub wallet: usize, pub branch: u32, pub index: u32, pub spend: Spend, pub keys: Vec<PlannedKey> }
/// How the digest of an input is made.
pub enum Spend {
    /// legacy: script code is the scriptPubKey or redeem script
    Legacy { script_code: ScriptBuf },
    /// BIP143
    SegwitV0 { script_code: ScriptBuf, amount: u64 },
    /// BIP341 key path; explicit ALL (65 bytes) where the PSBT asks for 0x01
    TaprootKey { explicit_all: bool },
}

/// Proof of [`review`].
pub struct Reviewed { parsed: Parsed, facts: Facts, findings: Vec<Finding>, plan: Vec<PlannedInput>, statement: StatementDigest }

impl Reviewed {
    pub fn parsed(&self) -> &Parsed { &self.parsed }
    pub fn facts(&self) -> &Facts { &self.facts }
    pub fn findings(&self) -> &[Finding] { &self.findings }
    pub fn plan(&self) -> &[PlannedInput] { &self.plan }
    pub fn statement(&self) -> StatementDigest { self.statement }
    /// The review digest of custody.md over the warnings that were acknowledged.
    pub fn digest(&self, acknowledged: &[(&'static str, Place)]) -> Subject { let _ = acknowledged; todo!() }
}

/// Reviews. Never fails and never panics: what is wrong is a finding.
pub fn review(parsed: Parsed, ground: &Ground<'_>) -> Reviewed { let _ = (parsed, ground); todo!() }
