//! The desk: a vault's folder, a screen, a keyboard, and the people before it.

use crate::{
    ceremony::{Cabinet, CeremonyError, Presence, Refusal, read_through},
    digest::Subject,
    journal::{self, Line, Pen},
    policy::Refused,
    port::{DeviceError, Keyboard, Random, Screen, Step, Store},
    quorum::{Kind, Session},
    review,
    sys::{self, LockState, MemoryError},
    text::{self, printable},
    vault::{JOURNAL, SessionKey, ShelfError, Vault, settle},
};

/// All that a ceremony works with.
pub struct Desk<'a> {
    /// Where people read.
    pub screen: &'a mut dyn Screen,
    /// Where they answer.
    pub keyboard: &'a mut dyn Keyboard,
    /// The kernel's random bytes.
    pub random: &'a mut dyn Random,
    /// The vault's folder.
    pub store: &'a mut dyn Store,
    /// Where the share files are.
    pub cabinet: &'a dyn Cabinet,
    /// How the custodians are present.
    pub presence: Presence,
    /// The 12 words that the vault must have.
    pub expected: Option<String>,
}

/// A vault that was read once, with the session that opened.
pub struct Opened {
    /// The vault as it was read.
    pub vault: Vault,
    /// What ballots are bound to.
    pub session: Session,
    /// Writes the journal.
    pub pen: Pen,
    /// The private half of the session's key, for answers from afar.
    pub key: SessionKey,
}

/// Reads a vault and compares its words with the expected ones.
///
/// # Errors
/// [`crate::vault::VaultError`]; another vault.
pub fn open(store: &dyn Store, expected: Option<&str>) -> Result<Vault, CeremonyError> {
    let vault = Vault::read(store)?;
    expect_words(&vault.statement().words(), expected)?;
    Ok(vault)
}

/// Compares a vault's words with those that were given, case, spaces and numbers apart.
///
/// # Errors
/// Other words; not 12 words.
pub fn expect_words(found: &str, expected: Option<&str>) -> Result<(), CeremonyError> {
    let Some(expected) = expected else { return Ok(()) };
    // People copy the numbers of the rows, too.
    let number = |word: &&str| !word.bytes().all(|byte| byte.is_ascii_digit());
    let expected: Vec<String> = expected.split_whitespace().filter(number).map(str::to_lowercase).collect();
    if expected.len() != 12 {
        return Err(CeremonyError::NoWords);
    }
    if expected.join(" ") == found { Ok(()) } else { Err(CeremonyError::OtherVault { found: found.to_owned() }) }
}

/// Locked memory: demanded on mainnet, warned of elsewhere.
pub(super) fn locked_memory(screen: &mut dyn Screen, mainnet: bool) -> Result<(), CeremonyError> {
    if mainnet {
        return Ok(sys::demand_lock()?);
    }
    match sys::lock_state() {
        LockState::Hidden | LockState::Locked => Ok(()),
        LockState::NotLocked(failure) => {
            let error = MemoryError::NotLocked(failure);
            Ok(screen.say(&format!("warning: {error}; on mainnet this is refused"))?)
        }
    }
}

impl Desk<'_> {
    /// Reads the vault, opens a session, and says what was found in it.
    ///
    /// # Errors
    /// As [`open`]; unattended custodians on mainnet; no locked memory on mainnet.
    pub fn open(&mut self) -> Result<Opened, CeremonyError> {
        let vault = open(self.store, self.expected.as_deref())?;
        let statement = vault.statement();
        let mainnet = statement.network().is_mainnet();
        if mainnet && matches!(self.presence, Presence::Unattended { .. }) {
            return Err(Refusal::MainnetOnly("approval by --ballot").into());
        }
        locked_memory(self.screen, mainnet)?;
        for notice in vault.notices() {
            self.screen.say(&format!("note: {notice}"))?;
        }
        let journal = vault.journal();
        let key = SessionKey::generate();
        let session = Session {
            statement: statement.digest(),
            key: key.recipient().raw()?,
            journal_count: journal.count(),
            journal_head: journal.head(),
        };
        let pen = Pen::open(journal.clone(), JOURNAL);
        Ok(Opened { vault, session, pen, key })
    }

    /// Lets people compare the vault with their papers, before anyone votes or opens a share.
    ///
    /// # Errors
    /// The screen's.
    pub(super) fn compare(&mut self, opened: &Opened) -> Result<(), CeremonyError> {
        let (statement, journal) = (opened.vault.statement(), opened.vault.journal());
        let real = if statement.network().is_mainnet() { "real coins" } else { "test coins" };
        let mut lines =
            vec![format!("network: {} ({real})", statement.network()), String::new(), "vault words:".to_owned()];
        lines.extend(text::in_rows(&statement.words()));
        lines.push(String::new());
        lines.extend(journal::head_lines(journal.count(), journal.head()));
        lines.push(String::new());
        lines.push(
            "Compare both with your papers. Where they differ, stop: this is another vault, or an old copy.".to_owned(),
        );
        self.screen.step(Step::Vault);
        self.screen.page("is this your vault?", &lines)?;
        Ok(())
    }

    /// Records that rules refused, and gives the refusal back as the error.
    pub(super) fn refuse(&mut self, opened: &mut Opened, refused: Box<Refused>) -> CeremonyError {
        let reasons: Vec<String> =
            refused.reasons.iter().map(|finding| printable(&format!("{} {}", finding.rule, finding.text))).collect();
        let subject = refused.reviewed.digest(&[]);
        let line = Line::refused(Kind::Sign, subject, reasons.iter().map(String::as_str));
        let written = self.write(opened, line);
        // Where somebody tampered, people see so on a screen of its own. Whoever stops there has refused, too.
        self.screen.grave(true);
        let _shown = read_through(self.screen, "transaction", &review::alarm(refused.verdict()));
        self.screen.grave(false);
        self.say_end(opened, written);
        Refusal::Rules(refused.reasons).into()
    }

    /// Records that people refused or a share did not open, and gives the error back.
    pub(super) fn give_up(
        &mut self,
        opened: &mut Opened,
        kind: Kind,
        subject: Subject,
        error: CeremonyError,
    ) -> CeremonyError {
        let refused = matches!(
            error,
            CeremonyError::Refused(_)
                | CeremonyError::Device(DeviceError::InputEnded | DeviceError::Stopped | DeviceError::Idle)
        );
        let not_opened = matches!(&error, CeremonyError::Shelf(error) if !matches!(error, ShelfError::Device(_) | ShelfError::Unreadable { .. }));
        if refused || not_opened {
            let reason = error.to_string();
            self.record_end(opened, Line::refused(kind, subject, [reason.as_str()]));
        }
        error
    }

    /// Records that what an intent began did not succeed, and gives the error back.
    pub(super) fn fail(&mut self, opened: &mut Opened, error: CeremonyError) -> CeremonyError {
        match opened.pen.append(self.store, vec![Line::failed(&error.to_string())]) {
            Ok(_) => self.say_head(&opened.pen),
            Err(trouble) => drop(self.screen.say(&format!("note: the journal could not be written: {trouble}"))),
        }
        error
    }

    /// A session that ends without an intent leaves its opening and its reason, if the journal still is what was read.
    fn record_end(&mut self, opened: &mut Opened, line: Line) {
        let written = self.write(opened, line);
        self.say_end(opened, written);
    }

    fn say_end(&mut self, opened: &Opened, written: Result<(), CeremonyError>) {
        match written {
            Ok(()) => self.say_head(&opened.pen),
            Err(trouble) => {
                drop(self.screen.say(&format!("note: the refusal could not be written into the journal: {trouble}")))
            }
        }
    }

    /// The lines that come first in a session: what settles a change that was cut short, then the opening. The
    /// stick is read again before: slots and journal must be what was read.
    pub(super) fn begin(&mut self, opened: &Opened) -> Result<Vec<Line>, CeremonyError> {
        opened.vault.unchanged(self.store)?;
        let mut lines: Vec<Line> = settle(&opened.vault, self.store)?.into_iter().collect();
        lines.push(Line::opened(&opened.session));
        Ok(lines)
    }

    /// Appends the session's first lines and this one.
    pub(super) fn write(&mut self, opened: &mut Opened, line: Line) -> Result<(), CeremonyError> {
        let mut lines = self.begin(opened)?;
        lines.push(line);
        let appended = opened.pen.append(self.store, lines)?;
        if let Some(bytes) = appended.cut_bytes {
            self.screen
                .say(&format!("note: {bytes} bytes of a line that was cut short were removed from the journal"))?;
        }
        Ok(())
    }

    /// The head of the journal, to keep and to compare at the next ceremony. What was done stays done where nobody
    /// can read it: a screen that is gone is no error here.
    pub(super) fn say_head(&mut self, pen: &Pen) {
        let mut said = self.screen.say("");
        for line in journal::head_lines(pen.journal().count(), pen.journal().head()) {
            said = said.and_then(|()| self.screen.say(&line));
        }
        let _said =
            said.and_then(|()| self.screen.say("Write it down, and compare it at the beginning of the next ceremony."));
    }
}
