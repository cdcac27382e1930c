//! Signing: review, ballots, intent, key, verification, closing line. Read it like a page of instructions.

use crate::{
    ceremony::{Agenda, CeremonyError, Desk, convene},
    journal::{self, Ledger},
    policy::{self, Cleared, Policy, Refused, Ruling},
    port::Step,
    psbt,
    quorum::{Kind, Matter, Roster, tally},
    review::{self, Approvals, Class, Finding, Ground, Proof, Reviewed, Transport},
    sign, text,
    vault::{Vault, unseal},
    verify,
    verify::Released,
};

/// Reviews one binary PSBT against an opened vault; nothing is signed, no secret is needed.
///
/// # Errors
/// The bytes are no PSBT that is taken.
pub fn examine(vault: &Vault, bytes: Vec<u8>) -> Result<Reviewed, CeremonyError> {
    examine_under(vault, vault.statement().policy(), bytes)
}

fn examine_under(vault: &Vault, policy: &Policy, bytes: Vec<u8>) -> Result<Reviewed, CeremonyError> {
    let statement = vault.statement();
    let ledger = Ledger::of(vault.journal());
    let highest = |name: &text::Name, branch: u32| ledger.highest(name, branch);
    let past = journal::past(vault.journal());
    let ground = Ground {
        statement: statement.digest(),
        network: statement.network(),
        wallets: statement.wallets(),
        reference_height: ledger.reference_height(),
        highest: &highest,
        past: &past,
        caps: policy.caps().clone(),
    };
    Ok(review::review(psbt::parse(bytes)?, &ground))
}

/// Examines and decides.
///
/// # Errors
/// The bytes are no PSBT that is taken.
pub fn decide(vault: &Vault, bytes: Vec<u8>) -> Result<Result<Cleared, Box<Refused>>, CeremonyError> {
    Ok(policy::judge(examine(vault, bytes)?, vault.statement().policy()))
}

/// What a policy would make of a PSBT: words, and nothing that could be approved.
pub struct Trial {
    /// What its rules say.
    pub ruling: Ruling,
    /// Why it is refused; empty where it is not.
    pub reasons: Vec<Finding>,
    /// What each custodian would acknowledge.
    pub warnings: Vec<Finding>,
    /// Approvals that it would need, where it is not refused.
    pub needed: Option<usize>,
}

/// Tries a PSBT against a policy, which may be another than the one in force.
///
/// # Errors
/// The bytes are no PSBT that is taken.
pub fn try_policy(vault: &Vault, policy: &Policy, bytes: Vec<u8>) -> Result<Trial, CeremonyError> {
    Ok(match policy::judge(examine_under(vault, policy, bytes)?, policy) {
        Ok(cleared) => Trial {
            ruling: cleared.ruling().clone(),
            reasons: Vec::new(),
            warnings: cleared.warnings().to_vec(),
            needed: Some(cleared.ballots_needed(vault.statement().roster())),
        },
        Err(refused) => Trial { ruling: refused.ruling, reasons: refused.reasons, warnings: Vec::new(), needed: None },
    })
}

/// A binary PSBT as it was brought.
pub struct Brought<'b> {
    /// The PSBT.
    pub bytes: &'b [u8],
    /// How it came, where that is known: it is shown.
    pub transport: Option<Transport>,
}

impl<'b> From<&'b [u8]> for Brought<'b> {
    fn from(bytes: &'b [u8]) -> Self {
        Self { bytes, transport: None }
    }
}

impl<'b> From<&'b Vec<u8>> for Brought<'b> {
    fn from(bytes: &'b Vec<u8>) -> Self {
        bytes.as_slice().into()
    }
}

/// The whole ceremony: from a binary PSBT to signatures whose closing line is durable.
///
/// # Errors
/// Whatever stops it; the journal then says why, where anything was decided.
pub fn sign_transaction<'b>(desk: &mut Desk<'_>, psbt: impl Into<Brought<'b>>) -> Result<Released, CeremonyError> {
    let Brought { bytes, transport } = psbt.into();
    let mut opened = desk.open()?;
    let cleared = match decide(&opened.vault, bytes.to_vec())? {
        Ok(cleared) => cleared,
        Err(refused) => return Err(desk.refuse(&mut opened, refused)),
    };
    let session = opened.session;
    let statement = opened.vault.statement();
    let book = |approvals: &Approvals<'_>| {
        review::book(cleared.reviewed(), cleared.verdict(), Some(approvals), transport.as_ref())
    };
    let mut gist = gist(cleared.reviewed(), &cleared.digest().words(8));
    gist.extend(more_approvals(&cleared, statement.roster()));
    let agenda = Agenda { title: "transaction", book: &book, warnings: cleared.warnings(), gist: &gist };
    desk.compare(&opened)?;
    let (ballots, shares) = match convene(desk, &agenda, &cleared, &opened.vault, &session) {
        Ok(convened) => convened,
        Err(error) => return Err(desk.give_up(&mut opened, Kind::Sign, cleared.digest(), error)),
    };

    // Everything anew from the original bytes, before any share is combined.
    let again = decide(&opened.vault, bytes.to_vec())?.map_err(|_| CeremonyError::Changed)?;
    if again.digest() != cleared.digest() {
        return Err(CeremonyError::Changed);
    }
    drop(cleared);

    let approved = tally(again, ballots, opened.vault.statement().roster(), session)?;
    desk.screen.step(Step::Work);
    desk.screen.working(Some("writing the decision into the journal"));
    let recorded = desk.begin(&opened).and_then(|held| {
        let wallets = opened.vault.statement().wallets();
        Ok(journal::record(approved, wallets, held, &mut opened.pen, desk.store)?)
    });
    desk.screen.working(None);
    let recorded = recorded?;
    let body = match unseal(&recorded, shares, opened.vault.statement(), opened.vault.slot().body()) {
        Ok(body) => body,
        Err(error) => return Err(desk.fail(&mut opened, error.into())),
    };
    desk.screen.working(Some("signing and verifying"));
    let signed = body
        .master()
        .map_err(CeremonyError::from)
        .and_then(|master| Ok(sign::sign(recorded, opened.vault.statement().wallets(), &master)?));
    let verified = signed.and_then(|signed| Ok(verify::verify(signed)?));
    desk.screen.working(None);
    let verified = match verified {
        Ok(verified) => verified,
        Err(error) => return Err(desk.fail(&mut opened, error)),
    };
    let done = verified.recorded().approved().matter();
    let mut told = review::signed(done.reviewed(), done.digest());
    desk.screen.working(Some("closing the journal"));
    let released = verify::release(verified, &mut opened.pen, desk.store, body.statement_key());
    desk.screen.working(None);
    let released = released?;
    drop(body);
    let codes = transport.and_then(|transport| transport.back(released.trimmed()));
    told.extend(codes.map(|codes| format!("Trimmed, the answer goes in {codes}.")));
    // It is signed, whether anyone can read so or not.
    let _said = told.iter().try_for_each(|line| desk.screen.say(line));
    desk.say_head(&opened.pen);
    Ok(released)
}

/// That a rule of the policy asks for more approvals than the quorum.
fn more_approvals(cleared: &Cleared, roster: &Roster) -> Option<String> {
    let (_, rule) = cleared.ruling().asked()?;
    let (needed, all) = (cleared.ballots_needed(roster), roster.custodians().len());
    (needed > usize::from(roster.threshold()))
        .then(|| format!("  {needed} of {all} needed by rule {rule} of the policy"))
}

/// Outputs that are named once more before each vote; more of them are only counted.
const NAMED: usize = 3;

/// What the transaction comes to: how much, where, the fee. Coins leave unless they come back to the wallet that pays:
/// another wallet of the vault may be one that others spend from.
fn gist(reviewed: &Reviewed, words: &str) -> Vec<String> {
    let facts = reviewed.facts();
    let (mut leaving, mut data) = (Vec::new(), 0usize);
    for output in &facts.outputs {
        if output.class == Class::OpReturn && output.output.value == bitcoin::Amount::ZERO {
            data = data.saturating_add(1);
        } else if !output.class.comes_back() {
            leaving.push(output);
        }
    }
    let mut lines = Vec::new();
    match leaving.len() {
        0 => lines.push(
            "To approve: move coins between addresses of the wallet that pays; nothing but the fee leaves it."
                .to_owned(),
        ),
        1..=NAMED => {
            for (output, first) in leaving.iter().zip(std::iter::once(true).chain(std::iter::repeat(false))) {
                let word = if first { "To approve: send" } else { "       and send" };
                lines.push(format!("{word} {}", text::amount(output.output.value.to_sat())));
                let wallet = output.ours.and_then(|(wallet, ..)| facts.wallets.get(wallet));
                lines.extend(wallet.map(|wallet| format!("  to the vault's wallet `{}`, at the address", wallet.name)));
                let to = if wallet.is_some() { "    " } else { "  to " };
                lines.push(match &output.address {
                    Some(address) => format!("{to}{}", text::in_fours(&text::printable(address))),
                    None if output.class == Class::OpReturn => "  into data, which burns it".to_owned(),
                    None => "  to a script without an address".to_owned(),
                });
            }
        }
        many => lines.push(format!("To approve: send to {many} outputs, as shown")),
    }
    if data > 0 {
        lines.push(format!("  with {}, as shown", text::count(data, "data output")));
    }
    if let Some(totals) = &facts.totals {
        if leaving.len() > NAMED {
            let all = leaving.iter().fold(0u64, |sum, output| sum.saturating_add(output.output.value.to_sat()));
            lines.push(format!("  in all {}", text::amount(all)));
        }
        let claimed = facts.inputs.iter().any(|input| input.proof == Proof::Claimed);
        lines.push(format!("  fee {}{}", if claimed { "claimed " } else { "" }, text::amount(totals.fee)));
    }
    lines.push(format!("  review {words}"));
    lines
}
