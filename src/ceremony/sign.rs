//! Signing: review, ballots, intent, key, verification, closing line. Read it like a page of instructions.

use crate::{
    ceremony::{Agenda, CeremonyError, Desk, Opened, Refusal, convene},
    journal,
    limits,
    policy::{self, Cleared, Refused},
    psbt,
    quorum::tally,
    review::{self, Ground, Reviewed, render},
    sign, verify,
    verify::Released,
};

/// Reviews one binary PSBT against an opened vault; nothing is signed, no secret is needed.
///
/// # Errors
/// The bytes are no PSBT that is taken.
pub fn examine(opened: &Opened, bytes: Vec<u8>) -> Result<Reviewed, CeremonyError> {
    let statement = opened.vault.statement();
    let ledger = opened.vault.journal().ledger();
    let highest = |name: &crate::text::Name, branch: u32| ledger.highest(name, branch);
    let ground = Ground {
        statement: statement.digest(),
        network: statement.network(),
        wallets: statement.wallets(),
        reference_height: ledger.reference_height().max(limits::REFERENCE_HEIGHT),
        highest: &highest,
        caps: statement.policy().caps().clone(),
    };
    Ok(review::review(psbt::parse(bytes)?, &ground))
}

/// Examines and decides.
///
/// # Errors
/// The bytes are no PSBT that is taken.
pub fn decide(opened: &Opened, bytes: Vec<u8>) -> Result<Result<Cleared, Box<Refused>>, CeremonyError> {
    let reviewed = examine(opened, bytes)?;
    Ok(policy::judge(reviewed, opened.vault.statement().policy()))
}

/// The whole ceremony: from a binary PSBT to signatures whose closing line is durable.
///
/// # Errors
/// Whatever stops it; the journal then says why, where anything was decided.
pub fn sign_transaction(desk: &mut Desk<'_>, bytes: &[u8]) -> Result<Released, CeremonyError> {
    let mut opened = desk.open()?;
    let cleared = match decide(&opened, bytes.to_vec())? {
        Ok(cleared) => cleared,
        Err(refused) => return Err(desk.refuse(&mut opened, refused)),
    };
    let session = opened.session;
    let statement = opened.vault.statement();
    let pages = render::pages(cleared.reviewed(), cleared.warnings(), &cleared.digest());
    let agenda = Agenda { title: "transaction", pages: &pages, warnings: cleared.warnings() };
    let (ballots, shares) = match convene(desk, &agenda, &cleared, statement, &session) {
        Ok(convened) => convened,
        Err(error) => return Err(desk.give_up(&mut opened, error)),
    };

    // Everything anew from the original bytes, before any share is combined.
    let again = decide(&opened, bytes.to_vec())?.map_err(|_| CeremonyError::Changed)?;
    if again.digest() != cleared.digest() {
        return Err(CeremonyError::Changed);
    }
    drop(cleared);

    let approved = tally(again, ballots, opened.vault.statement().roster(), session)?;
    opened.vault.unchanged(desk.store)?;
    let recorded = journal::record(approved, opened.held(), &mut opened.pen, desk.store)?;
    let body = crate::vault::unseal(&recorded, shares, opened.vault.statement(), opened.vault.body())?;
    desk.screen.working(Some("signing and verifying"));
    let signed = sign::sign(recorded, opened.vault.statement().wallets(), &body.master()?);
    let verified = signed.map_err(CeremonyError::from).and_then(|signed| Ok(verify::verify(signed)?));
    desk.screen.working(None);
    let verified = match verified {
        Ok(verified) => verified,
        Err(error) => return Err(desk.fail(&mut opened, error)),
    };
    let released = verify::release(verified, &mut opened.pen, desk.store, body.statement_key())?;
    drop(body);
    desk.say_head(&opened)?;
    Ok(released)
}

/// The reasons of a refusal, as one error.
impl From<Box<Refused>> for CeremonyError {
    fn from(refused: Box<Refused>) -> Self {
        Refusal::Rules(refused.reasons).into()
    }
}
