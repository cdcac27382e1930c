//! The review of a PSBT on fixed ground: what it says adds up, and what is refused is refused everywhere.

use std::{collections::BTreeSet, sync::LazyLock};

use bitcoin::{Txid, hashes::Hash};
use serde_json::Value;
use strongroom::{
    digest::{Head, StatementDigest, sha256},
    limits,
    network::Network,
    policy::{Policy, judge},
    psbt::{Input, Place, parse},
    review::{
        Action, Class, Earlier, Facts, Finding, Ground, InputFacts, LINES, Past, Permission, Reviewed, Verdict, WIDTH,
        pages, rules, to_json,
    },
    wallet::Wallet,
};

/// Registered wallets of the rules' own cases, whose PSBTs are the corpus: one key, several, miniscript, a tree.
const NAMES: [&str; 5] = ["wpkh", "wsh", "script", "tree", "tr"];

pub(crate) static WALLETS: LazyLock<Vec<Wallet>> = LazyLock::new(|| {
    let cases: Value = serde_json::from_str(include_str!("../../vectors/psbt/i.json")).expect("JSON");
    let cases = cases["cases"].as_array().expect("cases");
    let wallet = |name: &&str| {
        let id = format!("wallet-{name}");
        let case = cases.iter().find(|case| case["id"] == *id).unwrap_or_else(|| panic!("no {id}"));
        let ours = case["ours"].as_array().expect("ours").iter();
        let ours: Vec<usize> = ours.map(|at| at.as_u64().expect("a place") as usize).collect();
        let descriptor = case["descriptor"].as_str().expect("a descriptor");
        Wallet::read(name.parse().expect("a name"), descriptor, Network::Regtest, &ours).expect("a wallet")
    };
    NAMES.iter().map(wallet).collect()
});

/// Policies from the strictest to the one that permits all that can be permitted.
static POLICIES: LazyLock<[Policy; 2]> = LazyLock::new(|| {
    let all: String = Permission::ALL.iter().map(|permission| format!("{} = true\n", permission.key())).collect();
    [String::new(), format!("[allow]\n{all}")].map(|text| Policy::read(&text).expect("a policy"))
});

/// A binary PSBT before the registered wallets, under each policy.
pub fn review(data: &[u8]) {
    let mut refused = Vec::new();
    for policy in &*POLICIES {
        let Some(reviewed) = reviewed(data, policy) else { return };
        let again = reviewed_again(data, policy);
        assert_eq!(again.findings(), reviewed.findings(), "the same bytes, the same findings");
        assert_eq!(again.digest(&[]), reviewed.digest(&[]), "the same bytes, the same digest");
        for finding in reviewed.findings() {
            known(finding);
            finding.places().for_each(|place| placed(place, reviewed.facts()));
        }
        sums(reviewed.facts());
        planned(&reviewed);
        refused.push(judged(reviewed, policy));
    }
    assert!(refused != [false, true], "what the strict policy clears, the other one refuses");
}

fn reviewed(data: &[u8], policy: &Policy) -> Option<Reviewed> {
    let parsed = match parse(data.to_vec()) {
        Ok(parsed) => parsed,
        Err(error) => {
            super::psbts::refusal(&error);
            return None;
        }
    };
    // What the journal has is made of the input too: coins with true and false amounts, addresses paid before, this very
    // transaction; or nothing.
    let (transaction, txid) = (parsed.transaction().clone(), parsed.txid());
    let claimed = |map: &Input| map.witness_utxo.as_ref().map_or(0, |utxo| utxo.value.to_sat());
    let amounts: Vec<u64> = parsed.inputs().iter().map(claimed).collect();
    let [first, second, third, ..] = sha256(data);
    let line = |number: u64, bits: u8| Earlier {
        line: number,
        signed: bits & 1 != 0,
        txid: if bits & 2 != 0 { txid } else { Txid::from_byte_array([bits; 32]) },
        inputs: transaction
            .input
            .iter()
            .zip(&amounts)
            .skip(usize::from(bits >> 6))
            .map(|(input, amount)| (input.previous_output, amount.wrapping_add(u64::from(bits & 4))))
            .collect(),
        paid: transaction
            .output
            .iter()
            .skip(usize::from(bits >> 4 & 1))
            .map(|output| (output.script_pubkey.as_script(), output.value.to_sat()))
            .collect(),
        fee: u64::from(bits),
        height_lock: (bits & 8 != 0).then_some(u32::from(bits)),
        wallets: WALLETS.iter().take(usize::from(bits & 1)).map(Wallet::name).collect(),
    };
    let lines = [(1, first & second), (2, second), (3, third)];
    let lines: Vec<Earlier<'_>> =
        lines.into_iter().filter(|(_, bits)| *bits != 0).map(|(number, bits)| line(number, bits)).collect();
    let past = Past::new(9, 9, Head([4; 32]), lines);
    let seen = u32::from(first) * u32::from(second);
    let ground = Ground {
        statement: StatementDigest([3; 32]),
        network: Network::Regtest,
        wallets: &WALLETS,
        reference_height: limits::REFERENCE_HEIGHT,
        highest: &|_, branch| (third & 1 != 0).then_some(seen + branch),
        past: &past,
        caps: policy.caps().clone(),
    };
    Some(strongroom::review::review(parsed, &ground))
}

fn reviewed_again(data: &[u8], policy: &Policy) -> Reviewed {
    reviewed(data, policy).expect("read before")
}

/// A finding is one of the table, does what the table says, and is said in a line.
fn known(finding: &Finding) {
    let rule = rules::find(finding.rule).unwrap_or_else(|| panic!("{} is in no table", finding.rule));
    assert!(rule.actions.contains(&finding.action), "{finding:?} does what the table does not say");
    super::readable(&finding.text);
    assert!(finding.action == Action::Show || !finding.remedy.is_empty(), "{finding:?} has no remedy");
    assert!(!finding.fraud || finding.action == Action::Refuse, "{finding:?}");
}

fn placed(place: Place, facts: &Facts) {
    let there = match place {
        Place::Whole => true,
        Place::Input(input) => (input as usize) < facts.inputs.len(),
        Place::Output(output) => (output as usize) < facts.outputs.len(),
    };
    assert!(there, "{place:?} does not exist");
}

/// `inputs = external + change + self-transfer + fee`, and each sum is the sum of what it names.
fn sums(facts: &Facts) {
    assert_eq!(facts.fee, facts.totals.map(|totals| totals.fee));
    let Some(totals) = facts.totals else { return };
    let inputs = |ours: bool| -> u64 {
        let those = facts.inputs.iter().filter(|input| !ours || input.ours.is_some());
        those.map(|input| input.utxo.value.to_sat()).sum()
    };
    let outputs = |classes: &dyn Fn(Class) -> bool| -> u64 {
        let those = facts.outputs.iter().filter(|output| classes(output.class));
        those.map(|output| output.output.value.to_sat()).sum()
    };
    assert!(facts.inputs.iter().all(|input| input.known), "sums of amounts that nobody gave");
    assert_eq!(totals.inputs, inputs(false));
    assert_eq!(totals.our_inputs, inputs(true));
    assert_eq!(totals.change, outputs(&|class| class == Class::Change));
    assert_eq!(totals.self_transfer, outputs(&|class| class == Class::SelfTransfer));
    assert_eq!(totals.other_wallets, outputs(&|class| class == Class::OtherWallet));
    assert_eq!(totals.external, outputs(&|class| !class.comes_back()));
    assert_eq!(totals.inputs, totals.external + totals.change + totals.self_transfer + totals.fee);
    assert_eq!(totals.leaves, totals.external + totals.fee);
}

/// What will be signed: inputs of ours, each once, by our keys, on a path that there is.
fn planned(reviewed: &Reviewed) {
    let facts = reviewed.facts();
    let mut seen = BTreeSet::new();
    for planned in reviewed.plan() {
        assert!(seen.insert(planned.input), "input {} is signed twice", planned.input);
        let input = &facts.inputs[planned.input as usize];
        assert_eq!(input.ours, Some((planned.wallet, planned.branch, planned.index)));
        let wallet = &WALLETS[planned.wallet];
        assert!(planned.path < wallet.paths().len());
        let coin = wallet.coin(planned.branch, planned.index).expect("a coin");
        assert_eq!(coin.script_pubkey, input.utxo.script_pubkey, "what the wallet derives is what is spent");
        assert!(!planned.keys.is_empty());
        assert_eq!(planned.keys.len(), input.signing.len());
        for key in &planned.keys {
            assert!(wallet.keys()[key.wallet_key].ours, "a key of others");
            assert_eq!(coin.keys[key.wallet_key], key.public);
        }
    }
    for (output, number) in facts.outputs.iter().zip(0..) {
        if let Some((wallet, branch, index)) = output.ours {
            let coin = WALLETS[wallet].coin(branch, index).expect("a coin");
            assert_eq!(coin.script_pubkey, output.output.script_pubkey, "output {number}");
        } else {
            assert!(!output.class.comes_back() && output.class != Class::OtherWallet, "output {number}");
        }
    }
}

/// The verdict, its pages and its JSON: whether it is refused.
fn judged(reviewed: Reviewed, policy: &Policy) -> bool {
    let refuses = |finding: &Finding| match finding.action {
        Action::Refuse => true,
        Action::RefuseUnless(permission) => !policy.allows(permission),
        Action::Acknowledge | Action::Show => false,
    };
    let any = reviewed.findings().iter().any(refuses);
    match judge(reviewed, policy) {
        Ok(cleared) => {
            assert!(!any, "cleared over a finding that refuses");
            let reviewed = cleared.reviewed();
            assert!(!reviewed.plan().is_empty(), "nothing to sign");
            // The amount of another's coin need not be known where the policy lets it be spent beside ours.
            let unknown = |input: &InputFacts| !input.known && input.ours.is_none();
            let theirs = policy.allows(Permission::ForeignInputs) && reviewed.facts().inputs.iter().any(unknown);
            assert!(reviewed.facts().totals.is_some() || theirs, "cleared without sums");
            let named: Vec<_> = cleared.warnings().iter().flat_map(Finding::names).collect();
            assert_eq!(named.iter().collect::<BTreeSet<_>>().len(), named.len(), "one name twice");
            assert_eq!(reviewed.digest(&named), cleared.digest());
            let quiet = |f: &Finding| f.action == Action::Show || f.names().all(|name| named.contains(&name));
            assert!(reviewed.findings().iter().all(quiet), "a warning that nobody acknowledges");
            shown(reviewed, cleared.verdict(), "cleared");
            false
        }
        Err(refused) => {
            assert!(any, "refused without a finding: {:?}", refused.reasons);
            assert!(!refused.reasons.is_empty());
            shown(&refused.reviewed, refused.verdict(), "refused");
            true
        }
    }
}

fn shown(reviewed: &Reviewed, verdict: Verdict<'_>, word: &str) {
    let pages = pages(reviewed, verdict);
    assert!(!pages.is_empty());
    for page in &pages {
        super::readable(&page.title);
        assert!(page.lines.len() <= LINES, "{} lines on a page", page.lines.len());
        for line in page.lines.iter().filter(|line| !line.is_empty()) {
            super::readable(line);
            assert!(line.chars().count() <= WIDTH, "{line:?} is too wide");
        }
    }
    let text: String = pages.iter().flat_map(|page| &page.lines).flat_map(|line| [line.as_str(), "\n"]).collect();
    assert!(text.contains(&reviewed.facts().txid.to_string()), "the txid stands on the pages");

    let json = to_json(reviewed, verdict);
    let again: Value = serde_json::from_str(&json.to_string()).expect("JSON");
    assert_eq!(again, json);
    assert_eq!(json["verdict"], word);
    assert_eq!(json["review"].is_null(), word == "refused");
    assert_eq!(json["inputs"].as_array().map(Vec::len), Some(reviewed.facts().inputs.len()));
    assert_eq!(json["findings"].as_array().map(Vec::len), Some(reviewed.findings().len()));
}
