//! Convening: custodians see what is proposed, acknowledge each warning by name, open their shares and vote.

use crate::{
    ceremony::{CeremonyError, Desk, Refusal, Seen, read_through, superseded},
    network::Network,
    port::{Effort, Step, Store},
    quorum::{Ballot, Matter, Session},
    review::{Approvals, Book, Finding},
    secret::as_generated,
    sys::Secret,
    text::Name,
    vault::{Key, LockedTo, OpenShare, SealedError, ShareError, Shelf, ShelfError, Side, Statement, Vault, Work},
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
    /// What each of them sees, to its end; it may say who has approved already.
    pub book: &'a dyn Fn(&Approvals<'_>) -> Book,
    /// What each of them acknowledges by name.
    pub warnings: &'a [Finding],
    /// What it comes to, said again before each vote.
    pub gist: &'a [String],
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
    vault: &Vault,
    session: &Session,
) -> Result<(Vec<Ballot>, Vec<OpenShare>), CeremonyError> {
    let statement = vault.statement();
    let needed = matter.ballots_needed(statement.roster());
    let mut ballots: Vec<Ballot> = Vec::new();
    let mut shares: Vec<OpenShare> = Vec::new();
    while ballots.len() < needed {
        let names: Vec<Name> = ballots.iter().map(|ballot| ballot.custodian.clone()).collect();
        let approvals = Approvals { given: &names, needed, custodians: statement.roster().custodians().len() };
        desk.screen.step(Step::Review);
        let seen = read_through(desk.screen, agenda.title, &(agenda.book)(&approvals))?;
        desk.screen.step(Step::Ballots);
        let Next::Voter(name, given) = next_voter(desk, agenda, seen, &ballots, needed, statement)? else { continue };
        acknowledge(desk, agenda, &name)?;
        let share = open_share_for(desk, agenda.gist, &name, given, vault)?;
        ballots.push(share.vote(matter.kind(), matter.subject(), session)?);
        shares.push(share);
        desk.screen.say(&format!("{name} approved: {} of {needed}", ballots.len()))?;
    }
    Ok((ballots, shares))
}

/// What comes after the last page.
enum Next {
    /// This custodian votes, with the passphrase where it was given beforehand.
    Voter(Name, Option<Secret>),
    /// Somebody wants to read it again.
    Review,
}

/// The answer that shows the pages again, where no custodian is called so.
const REVIEW: &str = "review";

/// Who votes next, after the last page: a custodian of the roster who has not voted.
fn next_voter(
    desk: &mut Desk<'_>,
    agenda: &Agenda<'_>,
    _seen: Seen,
    ballots: &[Ballot],
    needed: usize,
    statement: &Statement,
) -> Result<Next, CeremonyError> {
    let roster = statement.roster();
    let eligible = |name: &Name| {
        if roster.find(name).is_none() {
            Err(Refusal::Stranger(name.clone()))
        } else if ballots.iter().any(|ballot| ballot.custodian == *name) {
            Err(Refusal::Twice(name.clone()))
        } else {
            Ok(())
        }
    };
    if let Presence::Unattended { voters, .. } = &mut desk.presence {
        if voters.is_empty() {
            return Err(Refusal::TooFew { given: ballots.len(), needed }.into());
        }
        let (name, passphrase) = voters.remove(0);
        eligible(&name)?;
        return Ok(Next::Voter(name, Some(passphrase)));
    }
    desk.keyboard.forget()?;
    let mut standing = agenda.gist.to_vec();
    standing.push("Your name and passphrase approve this. Enter alone refuses at either of them.".to_owned());
    let names: Vec<&str> = roster.custodians().iter().map(|one| one.name.as_str()).collect();
    let again = !names.contains(&REVIEW);
    if again {
        standing.push(format!("`{REVIEW}` in place of a name shows the pages again."));
    }
    let number = ballots.len().saturating_add(1);
    loop {
        desk.screen.stands(&standing)?;
        let typed = desk.keyboard.line(&format!("Approval {number} of {needed}. Your name (Enter alone refuses): "))?;
        let typed = typed.trim().to_ascii_lowercase();
        if typed.is_empty() {
            return Err(Refusal::Person.into());
        }
        if again && typed == REVIEW {
            return Ok(Next::Review);
        }
        // A slip of the finger is no refusal.
        let why = match typed.parse::<Name>().ok().map(|name| (eligible(&name), name)) {
            Some((Ok(()), name)) => return Ok(Next::Voter(name, None)),
            Some((Err(twice @ Refusal::Twice(_)), _)) => twice.to_string(),
            Some(_) | None => {
                // It may be a passphrase in the wrong place: it is taken off the screen and not said again.
                desk.screen.clear()?;
                "That is no custodian's name".to_owned()
            }
        };
        desk.screen.say("")?;
        desk.screen.say(&format!("{why}. The custodians are {}.", names.join(", ")))?;
    }
}

fn acknowledge(desk: &mut Desk<'_>, agenda: &Agenda<'_>, name: &Name) -> Result<(), CeremonyError> {
    let all = agenda.warnings.len();
    for (warning, number) in agenda.warnings.iter().zip(1usize..) {
        let refused = || CeremonyError::from(Refusal::NotAcknowledged { rule: warning.rule, custodian: name.clone() });
        match &desk.presence {
            Presence::Unattended { acknowledged, .. } => {
                if !acknowledged.iter().any(|id| id == warning.rule) {
                    return Err(refused());
                }
            }
            Presence::InPerson => {
                desk.keyboard.forget()?;
                desk.screen.say("")?;
                let place = warning.place_words();
                let said = format!("{name}, warning {number} of {all}: {}  {place}: {}", warning.rule, warning.text);
                desk.screen.say(&said)?;
                loop {
                    let typed =
                        desk.keyboard.line(&format!("Type {} to acknowledge (Enter alone refuses): ", warning.rule))?;
                    match typed.trim() {
                        "" => return Err(refused()),
                        typed if typed.eq_ignore_ascii_case(warning.rule) => break,
                        _ => {
                            // A passphrase in the wrong place is taken off the screen; what is warned of is said again.
                            desk.screen.clear()?;
                            desk.screen.say("")?;
                            desk.screen.say(&said)?;
                            desk.screen.say(&format!("Either {}, or Enter alone.", warning.rule))?;
                        }
                    }
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
    vault: &Vault,
) -> Result<OpenShare, CeremonyError> {
    open_share_for(desk, &[], name, given, vault)
}

/// The same where it approves something: what that is stands right above the question for the passphrase.
fn open_share_for(
    desk: &mut Desk<'_>,
    gist: &[String],
    name: &Name,
    given: Option<Secret>,
    vault: &Vault,
) -> Result<OpenShare, CeremonyError> {
    let statement = vault.statement();
    let (store, stem) = desk.cabinet.place(name, statement.epoch())?;
    let found = found(desk, store.as_ref(), &stem, name, vault)?;
    Ok(open_found(desk, &found, name, given, statement, Asked::Only(gist))?.0)
}

/// The share's files in `store`; of each that a change of passphrase put out of use it is said.
pub(super) fn found(
    desk: &mut Desk<'_>,
    store: &dyn Store,
    stem: &str,
    name: &Name,
    vault: &Vault,
) -> Result<Shelf, CeremonyError> {
    let found = Shelf::look(store, stem, name, vault.statement())?;
    for old in superseded(&found, name, vault) {
        desk.screen.say(&format!("note: {old}"))?;
    }
    Ok(found)
}

/// Which passphrase is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Asked<'a> {
    /// The only one that there is; what it approves stands above.
    Only(&'a [String]),
    /// That which is there before a new one.
    Present,
}

/// Opens the share that was found, and says which of its files it was.
pub(super) fn open_found(
    desk: &mut Desk<'_>,
    found: &Shelf,
    name: &Name,
    given: Option<Secret>,
    statement: &Statement,
    asked: Asked<'_>,
) -> Result<(OpenShare, Side), CeremonyError> {
    for reason in found.bad() {
        desk.screen.say(&format!("note: a file beside the share does not count: {reason}"))?;
    }
    let what = if found.locked_to() == LockedTo::Recipient { "age identity" } else { "passphrase" };
    let (your, gist): (_, &[String]) = match asked {
        Asked::Only(gist) => ("your", gist),
        Asked::Present => ("your present", &[]),
    };
    if let Some(secret) = given {
        return open_with(desk, found, &secret, name, statement);
    }
    for tries in 1..=TRIES {
        desk.screen.stands(gist)?;
        let secret = desk.keyboard.secret(&format!("{name}, {your} {what} (unseen): "))?;
        if secret.is_empty() {
            return Err(Refusal::Person.into());
        }
        match open_with(desk, found, &secret, name, statement) {
            Err(CeremonyError::Shelf(error)) if is_other_key(&error) && tries < TRIES => {
                let left = if tries.saturating_add(1) < TRIES { "Try again" } else { "One more try" };
                desk.screen.say("")?;
                desk.screen.say(&format!("{error}. {left}."))?;
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
    let identity = found.locked_to() == LockedTo::Recipient;
    let open = |secret| found.open(if identity { Key::Identity(secret) } else { Key::Passphrase(secret) }, statement);
    let what = format!("opening the share of {name}");
    let effort = if identity { Effort::Unknown } else { scrypt(statement.network(), 1) };
    desk.screen.working_on(&what, &effort);
    let opened = match open(secret) {
        // Generated words are compared without case and spaces when they are set; so they open.
        Err(error) if is_other_key(&error) && !identity => match as_generated(secret)? {
            Some(plain) => {
                desk.screen.working_on(&what, &effort);
                open(&plain)
            }
            None => Err(error),
        },
        opened => opened,
    };
    desk.screen.working(None);
    Ok(opened?)
}

/// How much work the passphrase of a share is on this network, so many times.
pub(super) const fn scrypt(network: Network, times: u32) -> Effort {
    Effort::Scrypt { log_n: Work::Share(network).log_n(), times }
}

/// Whether what was typed was wrong, so that typing again may help.
pub(super) fn is_other_key(error: &ShelfError) -> bool {
    let ShelfError::Share { source: ShareError::Sealed { source, .. }, .. } = error else { return false };
    matches!(source, SealedError::WrongPassphrase | SealedError::WrongIdentity)
}
