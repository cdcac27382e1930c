//! O11: the rules of the policy, in order.

use bitcoin::{Sequence, absolute::LockTime};
use strongroom::{
    policy::Approvals,
    psbt::Place,
    review::{Action, pages, rules, to_json},
};

use crate::{good, transactions::*};

/// `double(wsh())` under a policy: 0.0701 BTC leaves.
fn under(policy: &str) -> Case {
    double(wsh()).with(|case| case.policy = policy.to_owned())
}

/// With a height lock.
fn at(height: u32, policy: &str) -> Case {
    under(policy).with_tx(|tx| tx.lock_time = LockTime::from_height(height).unwrap())
}

/// The policy's rules are applied by the verdict, not by the review.
#[track_caller]
fn refused(case: &Case) {
    let refused = case.judge().err().expect("it is not refused");
    let found: Vec<_> = refused.reasons.iter().filter(|finding| finding.rule == "O11").collect();
    assert_eq!(found.len(), 1, "{:#?}", refused.reasons);
    let finding = found[0];
    assert_eq!((finding.action, finding.place, finding.fraud), (Action::Refuse, Place::Whole, false));
    assert!(!finding.remedy.is_empty() && !finding.text.ends_with('.'), "{finding:?}");
    assert!(rules::find("O11").unwrap().actions == [Action::Refuse] && refused.ruling.refuses());
    // The policy was broken; nobody deceived.
    assert!(!refused.is_fraud());
}

/// No rule of the policy refuses it, whatever else does.
#[track_caller]
fn passes(case: &Case) {
    if let Err(refused) = case.judge() {
        assert!(refused.reasons.iter().all(|finding| finding.rule != "O11"), "{:#?}", refused.reasons);
    }
}

fn asked(case: &Case) -> Option<Approvals> {
    case.judge().ok().expect("it is refused").approvals()
}

fn address(number: u8) -> String {
    bitcoin::Address::from_script(&foreign(number), NETWORK.bitcoin()).unwrap().to_string()
}

const REST: &str = "[[rule]]\nthen = \"refuse\"\n";

#[test]
fn a_limit_on_a_transaction_counts_the_fee_and_every_satoshi() {
    let limit = |sat: u64| under(&format!("[[rule]]\nwhen = {{ leaves_above_sat = {sat} }}\nthen = \"refuse\"\n"));
    refused(&limit(7_009_999));
    good(&limit(7_010_000));
    refused(&limit(0));
    refused(&limit(7_000_000));
    let text = limit(7_009_999).judge().err().unwrap().reasons[0].text.clone();
    assert_eq!(
        text,
        "refused by rule 1 of the policy: if more than 0.07009999 BTC (7 009 999 sat) leaves, it is refused"
    );
    // Amounts that nobody knows are above any limit.
    let unknown = limit(21_000_000 * 100_000_000)
        .foreign_input(5)
        .with_in(2, |map| (map.witness_utxo, map.non_witness_utxo) = (None, None))
        .with(|case| case.policy = format!("[allow]\nforeign_inputs = true\n{}", case.policy));
    refused(&unknown);
}

#[test]
fn the_first_rule_that_fits_and_decides_is_the_last_that_is_read() {
    let small = "[[rule]]\nwhen = { leaves_at_most_sat = 7_010_000 }\nthen = \"allow\"\n";
    good(&under(&format!("{small}{REST}")));
    refused(&under(&format!("{}{REST}", small.replace("7_010_000", "7_009_999"))));
    refused(&under(&format!("{}{small}", "[[rule]]\nwhen = { leaves_above_sat = 1 }\nthen = \"refuse\"\n")));
    let ruling = |policy: &str| under(policy).judge().ok().unwrap().ruling().clone();
    assert!(!ruling(&format!("{small}{REST}")).refuses() && !ruling("").refuses());
    assert_eq!(ruling(&format!("{small}{REST}")).decided_by(), Some(1));
    assert_eq!(ruling("").decided_by(), None);
    assert_eq!(ruling("[[rule]]\nwhen = { leaves_above_sat = 9_000_000 }\nthen = \"refuse\"\n").decided_by(), None);
}

#[test]
fn asking_for_more_approvals_never_opens_what_a_later_rule_refuses() {
    let more = |sat: u64, approvals: &str| {
        format!("[[rule]]\nwhen = {{ leaves_above_sat = {sat} }}\nthen = {{ approvals = {approvals} }}\n")
    };
    assert_eq!(asked(&under(&more(7_010_000, "3"))), None);
    assert_eq!(asked(&under(&more(7_009_999, "3"))), Some(Approvals::AtLeast(3)));
    assert_eq!(asked(&under(&more(0, "\"all\""))), Some(Approvals::All));
    // The most that is asked for, whatever the order.
    for policy in [[more(0, "3"), more(0, "4")], [more(0, "4"), more(0, "3")]] {
        assert_eq!(asked(&under(&policy.concat())), Some(Approvals::AtLeast(4)));
    }
    assert_eq!(asked(&under(&[more(0, "16"), more(0, "\"all\"")].concat())), Some(Approvals::All));
    refused(&under(&format!("{}{REST}", more(0, "3"))));
    // Of two that ask for as many, the first is named.
    let twice = under(&[more(0, "3"), more(1, "3")].concat()).judge().ok().unwrap();
    assert_eq!(twice.ruling().asked(), Some((Approvals::AtLeast(3), 1)));
    // A rule that allows ends the reading.
    let allowed = format!("[[rule]]\nwhen = {{ leaves_at_most_sat = 8_000_000 }}\nthen = \"allow\"\n{}", more(0, "3"));
    assert_eq!(asked(&under(&allowed)), None);
    // Never below the quorum.
    assert_eq!(Approvals::AtLeast(1).of(2, 3), 2);
    assert_eq!(Approvals::AtLeast(3).of(2, 3), 3);
    assert_eq!(Approvals::All.of(2, 5), 5);
}

#[test]
fn destinations_are_addresses_and_descriptors() {
    let payroll = |list: &str| format!("[destinations]\npayroll = [{list}]\n");
    let only = "[[rule]]\nwhen = { only_to = [\"payroll\"] }\nthen = \"allow\"\n";
    let others = "[[rule]]\nwhen = { to_others_than = [\"payroll\"] }\nthen = \"refuse\"\n";
    let ours = format!("\"{}\"", address(1));
    for rules in [format!("{only}{REST}"), others.to_owned()] {
        good(&under(&format!("{}{rules}", payroll(&ours))));
        refused(&under(&format!("{}{rules}", payroll(&format!("\"{}\"", address(2))))));
        let second = under(&format!("{}{rules}", payroll(&ours))).pay(foreign(2), 1_000);
        refused(&second);
        let both = under(&format!("{}{rules}", payroll(&format!("{ours}, \"{}\"", address(2))))).pay(foreign(2), 1_000);
        good(&both);
        refused(&under(&format!("{}{rules}", payroll(&ours))).pay(data(4), 0));
    }
    // Nothing leaves but the fee: it goes to nobody, so it is not all for the payroll, and not for others.
    let back = Case::new(vec![wsh()]).input(0, 0, 3, 500_000).back(0, 1, 7, 499_000);
    refused(&back.clone().with(|case| case.policy = format!("{}{only}{REST}", payroll(&ours))));
    let fees = "[[rule]]\nwhen = { leaves_at_most_sat = 1_000 }\nthen = \"allow\"\n";
    passes(&back.clone().with(|case| case.policy = format!("{}{only}{fees}{REST}", payroll(&ours))));
    passes(&back.with(|case| case.policy = format!("{}{others}", payroll(&ours))));
}

fn data(bytes: u8) -> bitcoin::ScriptBuf {
    bitcoin::ScriptBuf::from([&[0x6a, bytes][..], &vec![1; bytes.into()]].concat())
}

#[test]
fn a_descriptor_is_a_destination_at_any_index_that_is_searched() {
    let theirs = wallet("theirs", "wsh(sortedmulti(2,@1,@2))", &COSIGNER_OF_THEIRS);
    let policy = format!(
        "[destinations]\nexchange = [\"{}\"]\n[[rule]]\nwhen = {{ only_to = [\"exchange\"] }}\nthen = \"allow\"\n{REST}",
        theirs.descriptor()
    );
    let paying = |branch: u32, index: u32| {
        let script = theirs.coin(branch, index).unwrap().script_pubkey;
        under(&policy).with_tx(|tx| tx.output[0].script_pubkey = script)
    };
    for (branch, index) in [(0, 0), (1, 0), (0, 999), (1, 7)] {
        good(&paying(branch, index));
    }
    refused(&under(&policy));
    // Beyond the window the PSBT says where; what it says is no evidence.
    refused(&paying(0, 1_000));
    refused(&paying(0, 5_000_000));
    let told = |case: Case, at: u32| {
        case.with_out(0, |map| {
            map.bip32_derivation = records(&theirs, 0, at);
        })
    };
    passes(&told(paying(0, 1_000), 1_000));
    passes(&told(paying(0, 5_000_000), 5_000_000));
    refused(&told(paying(0, 5_000_000), 5_000_001));
    // Beyond that nobody looks, and the payee would have to buy the place from whoever knows it.
    passes(&told(paying(0, 10_000_000), 10_000_000));
    for index in [10_000_001, 1_900_000_000] {
        refused(&told(paying(0, index), index));
    }
    refused(&told(under(&policy), 5_000_000));
    // Of another wallet of the vault, which counts as leaving.
    let cold = tr();
    let policy = format!(
        "[destinations]\ncold = [\"{}\"]\n[[rule]]\nwhen = {{ to_others_than = [\"cold\"] }}\nthen = \"refuse\"\n",
        cold.descriptor()
    );
    let case = Case::new(vec![wsh(), cold]).input(0, 0, 3, 500_000).with(|case| case.policy = policy);
    passes(&case.clone().back(1, 0, 70_000, 400_000).back(0, 1, 7, 99_000));
    refused(&case.pay(foreign(1), 100_000).back(0, 1, 7, 399_000));
}

const COSIGNER_OF_THEIRS: [u32; 4] = [48 | HARD, 1 | HARD, 9 | HARD, 2 | HARD];

#[test]
fn some_destinations_need_all() {
    let policy = format!(
        "[destinations]\nexchange = [\"{}\"]\n[[rule]]\nwhen = {{ to = [\"exchange\"] }}\nthen = {{ approvals = \"all\" }}\n",
        address(2)
    );
    assert_eq!(asked(&under(&policy)), None);
    assert_eq!(asked(&under(&policy).pay(foreign(2), 1_000)), Some(Approvals::All));
    assert_eq!(asked(&under(&policy).with_tx(|tx| tx.output[0].script_pubkey = foreign(2))), Some(Approvals::All));
}

#[test]
fn rules_are_of_wallets_where_they_say_so() {
    let policy = |name: &str| format!("[[rule]]\nwhen = {{ wallets = [\"{name}\"] }}\nthen = \"refuse\"\n");
    refused(&under(&policy("wsh")));
    good(&under(&policy("wpkh")));
    refused(&under(&policy("wpkh\", \"wsh")));
    let mixed =
        Case::new(vec![wpkh(), wsh()]).input(0, 0, 3, 5_000_000).input(1, 0, 3, 5_000_000).pay(foreign(1), 9_990_000);
    for name in ["wpkh", "wsh"] {
        let allowed = format!("[allow]\nmixed_wallets = true\n{}", policy(name));
        refused(&mixed.clone().with(|case| case.policy = allowed));
    }
}

fn period(sat: u64) -> String {
    format!("[[rule]]\nwhen = {{ period_blocks = 144, period_above_sat = {sat} }}\nthen = \"refuse\"\n")
}

#[test]
fn a_limit_on_a_period_sums_what_may_be_mined_in_it() {
    let before = |height: u32| {
        let case =
            Case::new(vec![wsh()]).input(0, 0, 20, 3_000_000).pay(foreign(2), 1_000_000).back(0, 1, 3, 1_990_000);
        let case = case.with_tx(|tx| tx.lock_time = LockTime::from_height(height).unwrap());
        // 1 010 000 sat left it.
        case.remembered(12, true)
    };
    let height = 900_000;
    let limit = period(8_020_000);
    good(&at(height, &limit).after([before(height)]));
    refused(&at(height, &period(8_019_999)).after([before(height)]));
    good(&at(height, &period(7_010_000)));
    refused(&at(height, &period(7_009_999)));
    // The period is of 144 blocks; later ones count too.
    let tight = period(7_010_000);
    refused(&at(height, &tight).after([before(height - 143)]));
    good(&at(height, &tight).after([before(height - 144)]));
    refused(&at(height, &tight).after([before(height + 5_000)]));
    refused(&at(height, &tight).after([before(height + 1)]));
    // At a low height the whole chain is near, and a transaction does not count beside itself.
    refused(&at(100, &tight).after([before(1)]));
    let own = at(height, &tight);
    passes(&own.clone().after([own.remembered(12, true), own.remembered(16, false)]));
    // An open intent counts, and once only.
    let mut open = before(height);
    open.signed = false;
    refused(&at(height, &tight).after([open.clone()]));
    good(&at(height, &limit).after([open, before(height)]));
    // Without a lock it may be mined whenever somebody likes.
    let mut unlocked = before(height);
    unlocked.height_lock = None;
    refused(&at(height, &tight).after([unlocked]));
    let text = at(height, &tight).after([before(height)]).judge().err().unwrap().reasons[0].text.clone();
    assert!(
        text.contains("within 144 blocks 0.08020000 BTC (8 020 000 sat) leaves, with 1 other transaction that counts;"),
        "{text}"
    );
    let mut unlocked = before(height + 1);
    unlocked.height_lock = None;
    unlocked.txid = bitcoin::hashes::Hash::from_byte_array([9; 32]);
    let text = at(height, &tight).after([before(height), unlocked]).judge().err().unwrap().reasons[0].text.clone();
    assert!(
        text.contains("with 2 other transactions (1 without a height lock, near to any block) that count;"),
        "{text}"
    );
}

#[test]
fn a_period_needs_a_height_lock_that_works() {
    let policy = period(20_000_000);
    good(&at(900_000, &policy));
    refused(&under(&policy));
    refused(&at(900_000, &policy).with_tx(|tx| tx.input.iter_mut().for_each(|input| input.sequence = Sequence::MAX)));
    refused(&under(&policy).with_tx(|tx| tx.lock_time = LockTime::from_time(1_700_000_000).unwrap()));
    // One sequence that is not final makes the lock work.
    passes(&at(900_000, &policy).with_tx(|tx| tx.input[0].sequence = Sequence::MAX));
    let text = under(&policy).judge().err().unwrap().reasons[0].text.clone();
    assert!(text.contains("Rule 1 needs a height lock"), "{text}");
    // Where the rule does not fit for another reason, nothing is needed.
    good(&under(&policy.replace("period_blocks", "wallets = [\"hot\"], period_blocks")));
}

#[test]
fn a_wait_lies_between_the_locks_of_two_transactions() {
    let wait = "[[rule]]\nwhen = { wait_blocks = 6 }\nthen = \"refuse\"\n";
    let before = |height: u32| {
        let case =
            Case::new(vec![wsh()]).input(0, 0, 20, 3_000_000).pay(foreign(2), 1_000_000).back(0, 1, 3, 1_990_000);
        case.with_tx(|tx| tx.lock_time = LockTime::from_height(height).unwrap()).remembered(12, true)
    };
    good(&at(900_000, wait));
    refused(&under(wait));
    good(&at(900_006, wait).after([before(900_000)]));
    refused(&at(900_005, wait).after([before(900_000)]));
    refused(&at(900_000, wait).after([before(900_000)]));
    refused(&at(890_000, wait).after([before(900_000)]));
    let mut unlocked = before(900_000);
    unlocked.height_lock = None;
    refused(&at(900_006, wait).after([unlocked]));
    let text = at(900_005, wait).after([before(900_000)]).judge().err().unwrap().reasons[0].text.clone();
    assert!(text.contains("the next may have block 900 006 as locktime"), "{text}");
}

#[test]
fn periods_and_waits_of_a_wallet_count_its_own_transactions() {
    let tight = period(7_010_000).replace("period_blocks", "wallets = [\"wsh\"], period_blocks");
    let wait = "[[rule]]\nwhen = { wallets = [\"wsh\"], wait_blocks = 6 }\nthen = \"refuse\"\n";
    let locked = |case: Case| case.with_tx(|tx| tx.lock_time = LockTime::from_height(900_000).unwrap());
    let other = locked(simple(wpkh())).remembered(12, true);
    let mut own = other.clone();
    own.wallets.push("wsh".parse().unwrap());
    for policy in [tight.as_str(), wait] {
        good(&at(900_000, policy).after([other.clone()]));
        refused(&at(900_000, policy).after([own.clone()]));
    }
}

#[test]
fn people_and_machines_see_which_rules_fit() {
    let policy = "[[rule]]\nwhen = { leaves_above_sat = 1_000_000 }\nthen = { approvals = 3 }\n\
                  [[rule]]\nwhen = { leaves_above_sat = 9_000_000 }\nthen = \"refuse\"\n";
    let cleared = under(policy).judge().ok().unwrap();
    let page = pages(cleared.reviewed(), cleared.verdict()).into_iter().find(|page| page.title.contains("POLICY"));
    let words = page.unwrap().lines.iter().map(|line| line.trim()).collect::<Vec<_>>().join(" ");
    assert_eq!(
        words,
        "Rule 1: if more than 0.01000000 BTC (1 000 000 sat) leaves, 3 custodians approve it. So rule 1 asks for the \
         approval of 3 custodians, and never of fewer than the quorum. No rule allows or refuses it: it is allowed."
    );
    let json = to_json(cleared.reviewed(), cleared.verdict());
    assert_eq!(json["policy"]["approvals"], "3");
    assert_eq!(json["policy"]["asked_by"], 1);
    assert_eq!(json["policy"]["decided_by"], serde_json::Value::Null);
    let refused = under(&policy.replace("9_000_000", "2_000_000")).judge().err().unwrap();
    let json = to_json(&refused.reviewed, refused.verdict());
    assert_eq!((&json["policy"]["decided_by"], &json["refused_by"][0]), (&2.into(), &"O11".into()));
    // A policy without rules has no such page.
    let plain = double(wsh()).judge().ok().unwrap();
    assert!(pages(plain.reviewed(), plain.verdict()).iter().all(|page| !page.title.contains("POLICY")));
}
