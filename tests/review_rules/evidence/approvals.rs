//! Proofs of registration and quorum: I24, T09, T10, G01, G02.

use strongroom::{
    digest::{Head, StatementDigest, Subject},
    policy::Cleared,
    quorum::{Approved, Ballot, Kind, Matter, Proposed, Session, TallyError, tally},
    secret::ApprovalKey,
    text::hex,
    wallet::{Wallet, WalletError},
};

use super::Evidence;
use crate::{
    signing_desk::{Desk, name},
    transactions::*,
};

pub(super) fn a_key_counts_once_in_a_wallet(evidence: &mut Evidence) {
    let read = |text: &str| Wallet::read(name("new"), text, NETWORK, &[0]);
    let [a, b, c]: [String; 3] = std::array::from_fn(|at| key_text(u8::try_from(at).unwrap(), &COSIGNER));
    for keys in [[&a, &a, &b], [&a, &b, &a], [&a, &b, &b]] {
        for text in ["sortedmulti", "multi"] {
            let text = format!("wsh({text}(2,{},{},{}))", keys[0], keys[1], keys[2]);
            evidence.stops(read(&text), |error| matches!(error, WalletError::KeyTwice { .. }));
        }
    }
    evidence.passes(read(&format!("wsh(sortedmulti(2,{a},{b},{c}))")));
}

/// Raw scripts, keys of other lengths and what else has no fixed meaning in a leaf are no descriptor; the leaves of one
/// that is have none of it.
pub(super) fn leaves_have_operations_of_one_meaning(evidence: &mut Evidence) {
    let [a, b, c]: [String; 3] = std::array::from_fn(|at| key_text(u8::try_from(at).unwrap(), &COSIGNER));
    let read = |leaf: &str| Wallet::read(name("new"), &format!("tr({a},{leaf})"), NETWORK, &[0]);
    // OP_SUCCESS126, OP_CODESEPARATOR, a key of 3 bytes, one of 33, the multisig of other scripts.
    let compressed = format!("pk(02{})", "11".repeat(32));
    for leaf in ["raw(7e)", "raw(ab)", "{raw(7e),raw(ab)}", "pk(aabbcc)", &compressed, &format!("multi(1,{b})")] {
        evidence.stops(read(leaf), |error| matches!(error, WalletError::Descriptor(_)));
    }
    let wallet = evidence.passes(read(&format!("{{pk({b}),and_v(v:pk({c}),older(1000))}}")));
    for leaf in wallet.coin(0, 0).unwrap().tree.unwrap().leaves {
        for instruction in leaf.script.instructions_minimal() {
            let Some(code) = instruction.unwrap().opcode() else { continue };
            let class = code.classify(bitcoin::opcodes::ClassifyContext::TapScript);
            evidence.holds(class != bitcoin::opcodes::Class::SuccessOp, code);
            evidence.holds(code != bitcoin::opcodes::all::OP_CODESEPARATOR, code);
        }
    }
}

pub(super) fn a_key_has_one_origin(evidence: &mut Evidence) {
    let [a, b]: [String; 2] = std::array::from_fn(|at| key_text(u8::try_from(at).unwrap(), &COSIGNER));
    let elsewhere = b.replacen("48h", "47h", 1);
    let renamed = b.replace(&hex(&fingerprint(1)), "00000001");
    let read = |text: String| Wallet::read(name("new"), &text, NETWORK, &[0]);
    for other in [&elsewhere, &renamed] {
        let differ = |error: &WalletError| matches!(error, WalletError::KeyOrigins { .. });
        evidence.stops(read(format!("tr({a},{{pk({b}),pk({other})}})")), differ);
        evidence.stops(read(format!("wsh(or_d(pk({b}),and_v(v:pk({other}),older(9))))")), differ);
        evidence.stops(read(format!("wsh(sortedmulti(2,{b},{other}))")), differ);
    }
    evidence.passes(read(format!("tr({a},pk({b}))")));
}

const STATEMENT: StatementDigest = StatementDigest([3; 32]);

fn session(key: u8) -> Session {
    Session { statement: STATEMENT, key: [key; 32], journal_count: 4, journal_head: Head([8; 32]) }
}

fn cleared(case: &Case) -> Cleared {
    case.judge().ok().unwrap()
}

/// Ballots of these custodians for a subject.
fn ballots(desk: &Desk, session: &Session, subject: Subject, custodians: &[usize]) -> Vec<Ballot> {
    let digest = session.ballot_digest(Kind::Sign, subject);
    let ballot = |at: &usize| {
        let (custodian, key) = &desk.approvals[*at];
        Ballot { custodian: custodian.clone(), signature: hex(&key.sign(&digest).unwrap()) }
    };
    custodians.iter().map(ballot).collect()
}

type Tallied = Result<Approved<Cleared>, TallyError>;

pub(super) fn an_approval_is_of_one_review(evidence: &mut Evidence) {
    let desk = Desk::new();
    let case = double(wsh()).with_in(1, |map| map.non_witness_utxo = None).allow("unproven_amounts");
    let given = ballots(&desk, &session(9), cleared(&case).digest(), &[0, 1]);
    let vote = |case: &Case| -> Tallied { tally(cleared(case), given.clone(), &desk.roster, session(9)) };
    let _ = evidence.passes(vote(&case).map_err(|error| error.to_string()));
    let renamed =
        case.clone().with(|case| case.wallets = vec![wallet("other", "wsh(sortedmulti(2,@0,@1,@2))", &COSIGNER)]);
    for other in [
        // A byte of the file, which the transaction does not have.
        case.clone().bent(|raw| raw.with(0, &[0x77], &[1])),
        case.clone().with_tx(|tx| tx.output[0].value += bitcoin::Amount::from_sat(1)),
        case.clone().with_in(1, |map| map.witness_utxo.as_mut().unwrap().value += bitcoin::Amount::from_sat(1)),
        case.clone().of_version_2(),
        renamed,
        // Other warnings: these amounts are proved.
        double(wsh()),
    ] {
        evidence.stops(vote(&other).map(|_| ()), |error| matches!(error, TallyError::Ballot(_)));
    }
    // Under another statement, of another wallet or policy, the same review has another digest.
    let later = Session { statement: StatementDigest([4; 32]), ..session(9) };
    evidence.stops(tally(cleared(&case), given, &desk.roster, later).map(|_| ()), |error| {
        matches!(error, TallyError::Ballot(_))
    });
}

pub(super) fn an_approval_counts_once(evidence: &mut Evidence) {
    let desk = Desk::new();
    let case = double(wsh());
    let subject = cleared(&case).digest();
    let of = |custodians: &[usize]| ballots(&desk, &session(9), subject, custodians);
    let vote =
        |ballots: Vec<Ballot>, session: Session| tally(cleared(&case), ballots, &desk.roster, session).map(|_| ());
    for (custodians, stopped) in [(&[0, 0][..], true), (&[0], false), (&[], false)] {
        evidence.stops(vote(of(custodians), session(9)), |error| match error {
            TallyError::Twice(_) => stopped,
            TallyError::TooFew { .. } => !stopped,
            TallyError::Ballot(_) | TallyError::Stranger(_) => false,
        });
    }
    // Of another session, or from another place in the journal.
    let earlier = Session { journal_count: 3, ..session(9) };
    for session in [session(8), earlier] {
        evidence.stops(vote(of(&[0, 1]), session), |error| matches!(error, TallyError::Ballot(_)));
    }
    let mut stranger = of(&[0, 1]);
    stranger[1].custodian = name("mallory");
    evidence.stops(vote(stranger, session(9)), |error| matches!(error, TallyError::Stranger(_)));
    evidence.passes(vote(of(&[0, 2]), session(9)));
}

/// Votes of so many of the three custodians, of whom two are the quorum.
fn votes(desk: &Desk, case: &Case, custodians: usize) -> Tallied {
    let matter = cleared(case);
    let given = ballots(desk, &session(9), matter.digest(), &[0, 1, 2][..custodians]);
    tally(matter, given, &desk.roster, session(9))
}

#[test]
fn a_rule_that_asks_for_more_approvals_gets_them_or_nothing_is_approved() {
    let desk = Desk::new();
    let ask = |approvals: &str| {
        double(wsh()).with(|case| case.policy = format!("[[rule]]\nthen = {{ approvals = {approvals} }}\n"))
    };
    for (case, needed) in [(double(wsh()), 2), (ask("1"), 2), (ask("2"), 2), (ask("3"), 3), (ask("\"all\""), 3)] {
        assert_eq!(cleared(&case).ballots_needed(&desk.roster), needed, "{}", case.policy);
        let refused = votes(&desk, &case, needed - 1).err();
        assert_eq!(refused, Some(TallyError::TooFew { given: needed - 1, needed }), "{}", case.policy);
        assert_eq!(votes(&desk, &case, needed).ok().unwrap().ballots().len(), needed, "{}", case.policy);
    }
    // More than there are custodians can never be reached.
    assert_eq!(votes(&desk, &ask("4"), 3).err(), Some(TallyError::TooFew { given: 3, needed: 4 }));
}

#[test]
fn an_instruction_needs_the_quorum() {
    let desk = Desk::new();
    let proposed = || Proposed::new(Kind::AddWallet, "a wallet".to_owned()).unwrap();
    assert_eq!(proposed().ballots_needed(&desk.roster), 2);
    let digest = session(9).ballot_digest(Kind::AddWallet, proposed().subject());
    let vote = |count: usize| {
        let ballot = |(custodian, key): &(_, ApprovalKey)| Ballot {
            custodian: Clone::clone(custodian),
            signature: hex(&key.sign(&digest).unwrap()),
        };
        tally(proposed(), desk.approvals.iter().take(count).map(ballot).collect(), &desk.roster, session(9))
    };
    assert_eq!(vote(1).err(), Some(TallyError::TooFew { given: 1, needed: 2 }));
    let approved = vote(2).ok().unwrap();
    assert_eq!((approved.matter().instruction().as_str(), approved.ballots().len()), ("a wallet", 2));
}
