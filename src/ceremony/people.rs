//! Convening: custodians see what is proposed, acknowledge each warning by name, open their shares and vote.

use crate::{
    ceremony::{CeremonyError, Desk, Refusal},
    port::Store,
    quorum::{Ballot, Matter, Session},
    review::Finding,
    sys::Secret,
    text::{self, Name},
    vault::{Key, LockedTo, OpenShare, SealedError, ShareError, Shelf, ShelfError, Side, Statement},
};

/// How custodians are present.
pub enum Presence {
    /// They sit at the terminal.
    InPerson,
    /// Their passphrases were given beforehand, and warnings acknowledged by id. Test networks only.
    Unattended {
        /// Name and passphrase, in the order of voting.
        voters: Vec<(Name, Secret)>,
        /// Ids of warnings that all of them acknowledge.
        acknowledged: Vec<String>,
    },
}

/// Where a custodian's share file is.
pub trait Cabinet {
    /// The folder and the file's stem for this custodian.
    ///
    /// # Errors
    /// The place that was named is no share file's.
    fn place(&self, custodian: &Name, epoch: u32) -> Result<(Box<dyn Store>, String), CeremonyError>;
}

/// What people are asked to approve.
pub struct Agenda<'a> {
    /// The heading of its pages.
    pub title: &'a str,
    /// What they see, to its end.
    pub pages: &'a [(String, Vec<String>)],
    /// What each of them acknowledges by name.
    pub warnings: &'a [Finding],
}

/// Tries at one passphrase.
const TRIES: u32 = 3;

/// Asks custodians one after the other until enough have voted. Nothing is combined here.
///
/// # Errors
/// Somebody refused; a warning was not acknowledged; a share does not open or is not this vault's.
pub fn convene<M: Matter>(
    desk: &mut Desk<'_>,
    agenda: &Agenda<'_>,
    matter: &M,
    statement: &Statement,
    session: &Session,
) -> Result<(Vec<Ballot>, Vec<OpenShare>), CeremonyError> {
    let needed = matter.ballots_needed(statement.roster());
    let mut ballots: Vec<Ballot> = Vec::new();
    let mut shares: Vec<OpenShare> = Vec::new();
    while ballots.len() < needed {
        show(desk, agenda)?;
        let (name, given) = next_voter(desk, ballots.len(), needed)?;
        let Some(custodian) = statement.roster().find(&name) else {
            return Err(Refusal::Stranger(name).into());
        };
        if ballots.iter().any(|ballot| ballot.custodian == custodian.name) {
            return Err(Refusal::Twice(name).into());
        }
        acknowledge(desk, agenda, &name)?;
        let share = open_share(desk, &name, given, statement)?;
        ballots.push(share.vote(matter.kind(), matter.subject(), session)?);
        shares.push(share);
        desk.screen.say(&format!("{} approved: {} of {needed}", name, ballots.len()))?;
    }
    Ok((ballots, shares))
}

fn show(desk: &mut Desk<'_>, agenda: &Agenda<'_>) -> Result<(), CeremonyError> {
    for (title, lines) in agenda.pages {
        desk.screen.page(&format!("{}: {title}", agenda.title), lines)?;
    }
    Ok(())
}

fn next_voter(desk: &mut Desk<'_>, voted: usize, needed: usize) -> Result<(Name, Option<Secret>), CeremonyError> {
    match &mut desk.presence {
        Presence::Unattended { voters, .. } => {
            if voters.is_empty() {
                return Err(Refusal::TooFew { given: voted, needed }.into());
            }
            let (name, passphrase) = voters.remove(0);
            Ok((name, Some(passphrase)))
        }
        Presence::InPerson => {
            let number = voted.saturating_add(1);
            let typed = desk.keyboard.line(&format!("Approval {number} of {needed}. Your name (Enter alone refuses): "))?;
            let typed = typed.trim();
            if typed.is_empty() {
                return Err(Refusal::Person.into());
            }
            let name = typed.parse().map_err(|_| Refusal::Name(text::printable(typed)))?;
            Ok((name, None))
        }
    }
}

fn acknowledge(desk: &mut Desk<'_>, agenda: &Agenda<'_>, name: &Name) -> Result<(), CeremonyError> {
    for warning in agenda.warnings {
        let refused = || CeremonyError::from(Refusal::NotAcknowledged { rule: warning.rule, custodian: name.clone() });
        match &desk.presence {
            Presence::Unattended { acknowledged, .. } => {
                if !acknowledged.iter().any(|id| id == warning.rule) {
                    return Err(refused());
                }
            }
            Presence::InPerson => {
                desk.screen.say(&format!("{name}, a warning: {} {}", warning.rule, warning.text))?;
                let typed = desk.keyboard.line(&format!("Type {} to acknowledge (Enter alone refuses): ", warning.rule))?;
                if !typed.trim().eq_ignore_ascii_case(warning.rule) {
                    return Err(refused());
                }
            }
        }
    }
    Ok(())
}

/// Finds and opens the share of `name`, with the given secret or one that is typed.
///
/// # Errors
/// No share, a share that others may read or that is not this vault's, three wrong passphrases.
pub fn open_share(
    desk: &mut Desk<'_>,
    name: &Name,
    given: Option<Secret>,
    statement: &Statement,
) -> Result<OpenShare, CeremonyError> {
    let (store, stem) = desk.cabinet.place(name, statement.epoch())?;
    let found = Shelf::look(store.as_ref(), &stem, name, statement)?;
    Ok(open_found(desk, &found, name, given, statement)?.0)
}

/// Opens the share that was found, and says which of its files it was.
pub(super) fn open_found(
    desk: &mut Desk<'_>,
    found: &Shelf,
    name: &Name,
    given: Option<Secret>,
    statement: &Statement,
) -> Result<(OpenShare, Side), CeremonyError> {
    for (file, reason) in found.torn() {
        desk.screen.say(&format!("note: `{file}` does not count: {reason}"))?;
    }
    let what = if found.locked_to() == LockedTo::Recipient { "age identity" } else { "passphrase" };
    if let Some(secret) = given {
        return open_with(desk, found, &secret, name, statement);
    }
    for tries in 1..=TRIES {
        let secret = desk.keyboard.secret(&format!("{name}, your {what} (unseen): "))?;
        match open_with(desk, found, &secret, name, statement) {
            Err(CeremonyError::Shelf(error)) if is_other_key(&error) && tries < TRIES => {
                desk.screen.say(&format!("{error}. Try again."))?;
            }
            done => return done,
        }
    }
    Err(Refusal::Person.into())
}

fn open_with(
    desk: &mut Desk<'_>,
    found: &Shelf,
    secret: &Secret,
    name: &Name,
    statement: &Statement,
) -> Result<(OpenShare, Side), CeremonyError> {
    let key = if found.locked_to() == LockedTo::Recipient { Key::Identity(secret) } else { Key::Passphrase(secret) };
    desk.screen.working(Some(&format!("opening the share of {name}")));
    let opened = found.open(key, statement);
    desk.screen.working(None);
    Ok(opened?)
}

/// Whether what was typed was wrong, so that typing again may help.
fn is_other_key(error: &ShelfError) -> bool {
    let ShelfError::Share { source: ShareError::Sealed { source, .. }, .. } = error else { return false };
    matches!(source, SealedError::WrongPassphrase | SealedError::WrongIdentity)
}
