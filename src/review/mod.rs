//! Facts and findings about a parsed PSBT, and the plan of what will be signed: pure, total, without a secret.
//!
//! Floor 2. What is wrong is a finding; whether findings stop a transaction is the policy's room. One file a
//! family of rules; [`rules::RULES`] is the table of all.

mod case;
mod classes;
mod destination;
mod digest;
mod facts;
mod fee;
mod finding;
mod history;
mod json;
mod keys;
mod likeness;
mod locktime;
mod lookup;
mod modifiable;
mod ours;
mod ownership;
mod page;
mod particulars;
mod passengers;
mod past;
mod path;
mod payments;
mod places;
mod plan;
mod render;
mod returns;
pub mod rules;
mod satisfaction;
mod scripts;
mod sighash;
mod signatures;
mod signed;
mod summary;
mod transport;
mod utxo;
mod weight;
mod xpubs;

pub(crate) use destination::destination;
pub use facts::{
    Caps, Class, Facts, Ground, InputFacts, KeyFacts, Lock, OutputFacts, PathFacts, PlannedInput, PlannedKey, Proof,
    Spend, Totals, WalletFacts,
};
pub use finding::{Action, Finding, Permission, place_codes, place_words};
pub use json::{to_json, unread_to_json};
pub use page::{Book, LINES, Mark, Page, Part, WIDTH, page_of};
pub use past::{Counted, Earlier, History, Past};
pub use render::{Rules, Verdict, alarm, book, pages};
pub use signed::signed;
pub use summary::Approvals;
pub use transport::{Codes, Transport};

use std::collections::BTreeMap;

use bitcoin::{Address, TxOut};

use crate::{
    digest::{StatementDigest, Subject, sha256},
    psbt::{Parsed, Place},
    review::{case::Case, finding::Findings, plan::Way, signatures::Checker},
};

/// Proof of [`review`].
#[must_use]
pub struct Reviewed {
    parsed: Parsed,
    facts: Facts,
    findings: Vec<Finding>,
    plan: Vec<PlannedInput>,
    statement: StatementDigest,
    caps: Caps,
    counted: Vec<Counted>,
}

impl Reviewed {
    /// The PSBT.
    pub const fn parsed(&self) -> &Parsed {
        &self.parsed
    }

    /// What people are shown.
    #[must_use]
    pub const fn facts(&self) -> &Facts {
        &self.facts
    }

    /// What the rules found, in the order in which it is read out: by (first) place, the whole transaction first.
    #[must_use]
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// What will be signed.
    #[must_use]
    pub fn plan(&self) -> &[PlannedInput] {
        &self.plan
    }

    /// The plan by key: wallet and key, with the inputs that the key signs.
    pub(super) fn signatures_by_key(&self) -> BTreeMap<(usize, usize), Vec<u32>> {
        let mut by_key: BTreeMap<(usize, usize), Vec<u32>> = BTreeMap::new();
        for input in &self.plan {
            for key in &input.keys {
                by_key.entry((input.wallet, key.wallet_key)).or_default().push(input.input);
            }
        }
        by_key
    }

    /// `S` of the statement that it was reviewed under.
    #[must_use]
    pub const fn statement(&self) -> StatementDigest {
        self.statement
    }

    /// The caps that it was reviewed with.
    #[must_use]
    pub const fn caps(&self) -> &Caps {
        &self.caps
    }

    /// The other transactions of the past, as limits count them.
    #[must_use]
    pub fn counted(&self) -> &[Counted] {
        &self.counted
    }

    /// The review digest of custody over the warnings that were acknowledged, in any order.
    #[must_use]
    pub fn digest(&self, acknowledged: &[(&'static str, Place)]) -> Subject {
        digest::digest(self, acknowledged)
    }
}

/// Reviews. Never fails and never panics: what is wrong is a finding.
///
/// Everything is derived anew from the bytes and the registered descriptors (G03): one public derivation an
/// input and a returning output, and no previous transaction is hashed again.
pub fn review(parsed: Parsed, ground: &Ground<'_>) -> Reviewed {
    let mut found = Findings::default();
    let spent = utxo::settle(&parsed, ground.network.bitcoin(), &mut found);
    let case = Case::open(&parsed, ground, spent);
    let hits = lookup::look(&case);

    utxo::given(&case, &mut found);
    utxo::amounts(&case, &mut found);
    history::amounts(&case, &mut found);
    history::spent_before(&case, &mut found);
    ownership::inputs(&case, &hits, &mut found);
    ownership::networks(&case, &mut found);
    scripts::inputs(&case, &mut found);
    xpubs::global(&case, &mut found);
    sighash::asked(&case, &mut found);
    let seen = classes::highest_seen(&case);
    classes::returns(&case, &seen, &mut found);
    returns::claims(&case, &mut found);
    payments::outputs(&case, &mut found);
    payments::message(&case, &mut found);
    lookup::own_addresses(&case, &hits, &mut found);
    likeness::alike(&case, &hits, &mut found);
    let paths = path::choose(&case, &mut found);
    let lock = locktime::lock(&case);
    locktime::locks(&case, lock, &paths, &mut found);
    locktime::demanded(&case, &mut found);
    modifiable::flags(&parsed, &mut found);
    passengers::fields(&parsed, &mut found);
    let weight = weight::signed_weight(&case, &paths);
    weight::relayed(weight, &mut found);
    let vsize = weight.div_ceil(4);
    let totals = fee::totals(&case, vsize);
    fee::fee(&case, totals.as_ref(), vsize, &mut found);
    let (inputs, plan) = inputs(&case, &paths, &mut found);
    plan::something(&case, &plan, &mut found);

    let facts = Facts {
        network: ground.network,
        txid: parsed.txid(),
        txid_final: case
            .spent
            .iter()
            .all(|coin| coin.utxo.as_ref().is_some_and(|utxo| utxo.script_pubkey.is_witness_program())),
        version: parsed.transaction().version.0,
        wallets: ground.wallets.iter().map(wallet_facts).collect(),
        inputs,
        outputs: outputs(&case, &seen),
        fee: totals.map(|totals| totals.fee),
        totals,
        weight,
        vsize,
        height_lock: match lock {
            Lock::Height(height) => Some(height),
            Lock::None | Lock::NoEffect(_) | Lock::Time(_) => None,
        },
        lock,
        locktime: parsed.transaction().lock_time.to_consensus_u32(),
        replaceable: locktime::replaceable(&case),
        history: *ground.past.history(),
        signed_before: history::signed_before(&case),
        psbt_version: parsed.version().number(),
        psbt_sha256: sha256(parsed.bytes()),
        psbt_bytes: parsed.bytes().len(),
    };
    let findings = found.into_vec();
    let counted = ground.past.counted(facts.txid);
    Reviewed { facts, findings, plan, statement: ground.statement, caps: ground.caps.clone(), counted, parsed }
}

/// The facts of the inputs, and the plan.
fn inputs(case: &Case<'_>, paths: &[Option<usize>], found: &mut Findings) -> (Vec<InputFacts>, Vec<PlannedInput>) {
    let mut checker = Checker::new(case);
    let mut plan = Vec::new();
    let mut facts = Vec::new();
    for (input, path) in case.inputs().zip(paths) {
        let mut one = InputFacts {
            outpoint: input.txin.previous_output,
            utxo: input
                .spent
                .utxo
                .clone()
                .unwrap_or(TxOut { value: bitcoin::Amount::ZERO, script_pubkey: bitcoin::ScriptBuf::new() }),
            known: input.spent.utxo.is_some(),
            proof: input.spent.proof,
            sequence: input.txin.sequence.0,
            ours: input.own.map(ours::Own::place),
            signed_by: Vec::new(),
            signers: Vec::new(),
            needed: 0,
            signing: Vec::new(),
            path: None,
            spent_by: history::spent_by(case, &input.txin.previous_output),
        };
        if let Some(way) = Way::of(case, &input, *path) {
            one.needed = u32::try_from(way.path.signatures()).unwrap_or(u32::MAX);
            one.signed_by = checker.signed_by(&input, &way, found);
            one.signers = keys::numbers(way.own, &one.signed_by);
            one.path = path.and_then(|path| path::facts(way.wallet, way.own, path));
            let planned = path.and_then(|_| plan::input(&way, &input, &one.signed_by, found));
            let keys = planned.iter().flat_map(|planned| &planned.keys);
            let shown = |key: &PlannedKey| key.public.iter().skip(usize::from(way.spend.taproot())).copied().collect();
            one.signing = keys.map(shown).collect();
            one.signing.sort_unstable();
            plan.extend(planned);
        }
        facts.push(one);
    }
    (facts, plan)
}

/// The facts of the outputs.
fn outputs(case: &Case<'_>, seen: &std::collections::HashMap<usize, (u32, bool)>) -> Vec<OutputFacts> {
    let network = case.ground.network.bitcoin();
    let paid = history::paid_before(case);
    case.outputs()
        .map(|output| OutputFacts {
            output: output.output.clone(),
            address: Address::from_script(&output.output.script_pubkey, network)
                .ok()
                .map(|address| address.to_string()),
            class: output.class,
            ours: output.own.map(ours::Own::place),
            beyond_seen: output.own.map(|own| {
                let highest = seen.get(&own.wallet).map_or(0, |(highest, _)| *highest);
                own.coin().index.saturating_sub(highest)
            }),
            signed_before: output.own.is_some_and(|own| seen.get(&own.wallet).is_some_and(|(_, history)| *history)),
            paid_before: output
                .own
                .is_none()
                .then(|| paid.get(output.output.script_pubkey.as_script()).copied().unwrap_or(0)),
        })
        .collect()
}

/// Who signs on the primary path, and how many other ways there are.
fn quorum(wallet: &crate::wallet::Wallet) -> String {
    let primary = wallet.paths().first().map_or(String::new(), crate::wallet::SpendingPath::signers_in_words);
    match wallet.paths().len().saturating_sub(1) {
        0 => primary,
        others => format!("{primary}; {}", crate::text::count(others, "other way")),
    }
}

fn wallet_facts(wallet: &crate::wallet::Wallet) -> WalletFacts {
    let checksum = wallet.descriptor().rsplit_once('#').map_or("", |(_, checksum)| checksum);
    WalletFacts {
        name: wallet.name().clone(),
        kind: wallet.kind(),
        keys: wallet.keys().len(),
        quorum: quorum(wallet),
        members: wallet
            .keys()
            .iter()
            .map(|key| KeyFacts { fingerprint: key.fingerprint, origin: key.origin.clone(), ours: key.ours })
            .collect(),
        checksum: checksum.to_owned(),
    }
}
