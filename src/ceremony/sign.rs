//! Signing: review, ballots, intent, key, verification, closing line. Read it like a page of instructions.

use crate::{
    ceremony::{Agenda, CeremonyError, Desk, convene},
    journal::{self, Ledger},
    policy::{self, Cleared, Refused},
    psbt,
    quorum::{Kind, tally},
    review::{self, Ground, Reviewed},
    sign, verify,
    verify::Released,
    vault::{Vault, unseal},
};

/// Reviews one binary PSBT against an opened vault; nothing is signed, no secret is needed.
///
/// # Errors
/// The bytes are no PSBT that is taken.
pub fn examine(vault: &Vault, bytes: Vec<u8>) -> Result<Reviewed, CeremonyError> {
    let statement = vault.statement();
    let ledger = Ledger::of(vault.journal());
    let highest = |name: &crate::text::Name, branch: u32| ledger.highest(name, branch);
    let ground = Ground {
        statement: statement.digest(),
        network: statement.network(),
        wallets: statement.wallets(),
        reference_height: ledger.reference_height(),
        highest: &highest,
        caps: statement.policy().caps().clone(),
    };
    Ok(review::review(psbt::parse(bytes)?, &ground))
}

/// Examines and decides.
///
/// # Errors
/// The bytes are no PSBT that is taken.
pub fn decide(vault: &Vault, bytes: Vec<u8>) -> Result<Result<Cleared, Box<Refused>>, CeremonyError> {
    let reviewed = examine(vault, bytes)?;
    Ok(policy::judge(reviewed, vault.statement().policy()))
}

/// The whole ceremony: from a binary PSBT to signatures whose closing line is durable.
///
/// # Errors
/// Whatever stops it; the journal then says why, where anything was decided.
pub fn sign_transaction(desk: &mut Desk<'_>, bytes: &[u8]) -> Result<Released, CeremonyError> {
    let mut opened = desk.open()?;
    let cleared = match decide(&opened.vault, bytes.to_vec())? {
        Ok(cleared) => cleared,
        Err(refused) => return Err(desk.refuse(&mut opened, refused)),
    };
    let session = opened.session;
    let statement = opened.vault.statement();
    let pages: Vec<_> =
        review::pages(cleared.reviewed(), cleared.verdict()).into_iter().map(|page| (page.title, page.lines)).collect();
    let agenda = Agenda { title: "transaction", pages: &pages, warnings: cleared.warnings() };
    let (ballots, shares) = match convene(desk, &agenda, &cleared, statement, &session) {
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
    let held = desk.begin(&opened)?;
    let wallets = opened.vault.statement().wallets();
    let recorded = journal::record(approved, wallets, held, &mut opened.pen, desk.store)?;
    let body = match unseal(&recorded, shares, opened.vault.statement(), opened.vault.slot().body()) {
        Ok(body) => body,
        Err(error) => return Err(desk.fail(&mut opened, error.into())),
    };
    desk.screen.working(Some("signing and verifying"));
    let signed = body.master().map_err(CeremonyError::from).and_then(|master| {
        Ok(sign::sign(recorded, opened.vault.statement().wallets(), &master)?)
    });
    let verified = signed.and_then(|signed| Ok(verify::verify(signed)?));
    desk.screen.working(None);
    let verified = match verified {
        Ok(verified) => verified,
        Err(error) => return Err(desk.fail(&mut opened, error)),
    };
    let released = verify::release(verified, &mut opened.pen, desk.store, body.statement_key())?;
    drop(body);
    desk.say_head(&opened.pen);
    Ok(released)
}
