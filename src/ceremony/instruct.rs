//! Instructions other than signing: registering a wallet, handing out an extended public key.

use serde::Serialize;

use crate::{
    ceremony::{Agenda, CeremonyError, Desk, Opened, Presence, Refusal, convene},
    journal::{self, Recorded},
    limits,
    network::Network,
    port::Step,
    quorum::{Kind, Matter, Proposed, tally},
    review::{Approvals, Book},
    secret::Master,
    text::{self, Name},
    vault::{self, Body, Change, WalletRecord},
    wallet::{self, Path, Script, Wallet},
};

/// The instruction to register a wallet: its full descriptor, or script and account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum AddWallet {
    /// Any descriptor that a key of this vault is part of.
    Descriptor {
        /// The wallet's name.
        name: Name,
        /// The descriptor as it was given.
        descriptor: String,
    },
    /// A single-key wallet at its account.
    Account {
        /// The wallet's name.
        name: Name,
        /// `pkh`, `sh-wpkh`, `wpkh` or `tr`.
        script: String,
        /// The account's number.
        account: u32,
    },
}

impl AddWallet {
    const fn name(&self) -> &Name {
        match self {
            Self::Descriptor { name, .. } | Self::Account { name, .. } => name,
        }
    }
}

/// The instruction to hand out an extended public key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ExportXpub {
    /// The path, `m/48h/0h/0h/2h`.
    pub path: String,
}

/// Registers a wallet by quorum. Returns its name and first addresses.
///
/// # Errors
/// Whatever stops it; the vault is then as it was.
pub fn add_wallet(desk: &mut Desk<'_>, instruction: AddWallet) -> Result<(), CeremonyError> {
    let mut opened = desk.open()?;
    let statement = opened.vault.statement();
    let network = statement.network();
    if statement.wallets().len() >= limits::WALLETS {
        return Err(Refusal::TooManyWallets.into());
    }
    if statement.wallet(instruction.name()).is_some() {
        return Err(Refusal::WalletName(instruction.name().clone()).into());
    }
    let page = match &instruction {
        AddWallet::Descriptor { name, descriptor } => {
            let wallet = Wallet::read(name.clone(), descriptor, network, &[])?;
            apart(&wallet, statement.wallets())?;
            described(&wallet)?
        }
        AddWallet::Account { name, script, account } => {
            let path = script_of(script)?.account(network, *account)?;
            vec![
                format!("wallet   {name}"),
                format!("script   {script}"),
                format!("account  {account}, at {path} of this vault's seed"),
                format!("network  {network}"),
            ]
        }
    };
    let proposed = Proposed::new(Kind::AddWallet, instruction)?;
    let name = proposed.instruction().name().clone();
    let gist = format!("To approve: register the wallet `{name}`.");
    let (recorded, body) = agree(desk, &mut opened, proposed, "register a wallet", page, gist)?;
    let known = opened.vault.statement().wallets();
    let made = wallet_of(recorded.approved().matter().instruction(), network, &body);
    let wallet = match made.and_then(|wallet| apart(&wallet, known).map(|()| wallet)) {
        Ok(wallet) => wallet,
        Err(error) => return Err(desk.fail(&mut opened, error)),
    };
    let confirmed =
        with_addresses(&wallet).and_then(|result| confirm(desk, "the wallet that will be registered", &result));
    if let Err(error) = confirmed {
        return Err(desk.fail(&mut opened, error));
    }
    let change = Change::Wallet(WalletRecord::of(&wallet));
    vault::amend(&recorded, change, &opened.vault, &body, &mut opened.pen, desk.store)?;
    drop(body);
    // It is registered, whether anyone can read so or not.
    let _said = desk.screen.say(&format!("The wallet `{name}` is registered."));
    desk.say_head(&opened.pen);
    Ok(())
}

/// Hands out the extended public key at `path` with its origin, by quorum: `[fingerprint/48h/0h/0h/2h]xpub…`.
///
/// # Errors
/// Whatever stops it.
pub fn export_xpub(desk: &mut Desk<'_>, path: &str) -> Result<String, CeremonyError> {
    let mut opened = desk.open()?;
    let network = opened.vault.statement().network();
    let path: Path = path.parse()?;
    path.exportable(network)?;
    let instruction = ExportXpub { path: path.to_string() };
    let page = vec![
        format!("path     {path}"),
        format!("network  {network}"),
        "With this key a coordinator derives addresses; it cannot spend.".to_owned(),
    ];
    let proposed = Proposed::new(Kind::Xpub, instruction)?;
    let gist = format!("To approve: hand out the public key at {path}.");
    let (recorded, body) = agree(desk, &mut opened, proposed, "hand out an extended public key", page, gist)?;
    let master = body.master().map_err(CeremonyError::from);
    let key = match master.and_then(|master| key_with_origin(&master, &path, network)) {
        Ok(key) => key,
        Err(error) => return Err(desk.fail(&mut opened, error)),
    };
    if let Err(error) = confirm(desk, "the key that will be handed out", std::slice::from_ref(&key)) {
        return Err(desk.fail(&mut opened, error));
    }
    let signer = |digest: &[u8; 32]| body.statement_key().sign(digest);
    journal::close_exported(&recorded, &signer, &mut opened.pen, desk.store)?;
    drop(body);
    desk.say_head(&opened.pen);
    Ok(key)
}

/// Ballots, tally, intent, and the opened body.
pub(super) fn agree<I: Serialize>(
    desk: &mut Desk<'_>,
    opened: &mut Opened,
    proposed: Proposed<I>,
    title: &str,
    page: Vec<String>,
    gist: String,
) -> Result<(Recorded<Proposed<I>>, Body), CeremonyError> {
    let session = opened.session;
    let subject = proposed.subject();
    let book = |_: &Approvals<'_>| Book::of("what is proposed", &page);
    let agenda = Agenda { title, book: &book, warnings: &[], gist: &[gist] };
    desk.compare(opened)?;
    let (ballots, shares) = match convene(desk, &agenda, &proposed, &opened.vault, &session) {
        Ok(convened) => convened,
        Err(error) => return Err(desk.give_up(opened, proposed.kind(), subject, error)),
    };
    let approved = tally(proposed, ballots, opened.vault.statement().roster(), session)?;
    desk.screen.step(Step::Work);
    let held = desk.begin(opened)?;
    let wallets = opened.vault.statement().wallets();
    let recorded = journal::record(approved, wallets, held, &mut opened.pen, desk.store)?;
    match vault::unseal(&recorded, shares, opened.vault.statement(), opened.vault.slot().body()) {
        Ok(body) => Ok((recorded, body)),
        Err(error) => Err(desk.fail(opened, error.into())),
    }
}

/// The result is shown and confirmed before anything is written.
pub(super) fn confirm(desk: &mut Desk<'_>, title: &str, lines: &[String]) -> Result<(), CeremonyError> {
    desk.screen.step(Step::Confirm);
    desk.screen.page(title, lines)?;
    if matches!(desk.presence, Presence::Unattended { .. }) {
        return Ok(());
    }
    desk.keyboard.forget()?;
    loop {
        let typed = desk.keyboard.line("Type YES if this is what you want (Enter alone refuses): ")?;
        match typed.trim().to_ascii_lowercase().as_str() {
            "yes" => return Ok(()),
            "" | "n" | "no" => return Err(Refusal::Person.into()),
            _ => {
                // A passphrase in the wrong place is taken off the screen; what is confirmed is shown again.
                desk.screen.clear()?;
                desk.screen.page(title, lines)?;
                desk.screen.say("Either YES, or Enter alone.")?;
            }
        }
    }
}

fn wallet_of(instruction: &AddWallet, network: Network, body: &Body) -> Result<Wallet, CeremonyError> {
    let master = body.master()?;
    match instruction {
        AddWallet::Descriptor { name, descriptor } => {
            let wallet = Wallet::read(name.clone(), descriptor, network, &[])?;
            let derive = |path: &[u32]| master.xpub(path, network.kind()).map_err(CeremonyError::from);
            let ours = wallet::match_master(wallet.keys(), master.fingerprint(), &derive)?;
            if ours.is_empty() { Err(Refusal::NotOurs.into()) } else { Ok(wallet.claim(&ours)?) }
        }
        AddWallet::Account { name, script, account } => {
            let script = script_of(script)?;
            let path = script.account(network, *account)?;
            let xpub = master.xpub(path.steps(), network.kind())?;
            let wallet = Wallet::single(name.clone(), script, *account, master.fingerprint(), xpub, network)?;
            Ok(wallet.claim(&[0])?)
        }
    }
}

/// A coin is of one wallet: this one shares no address with those that are there.
fn apart(wallet: &Wallet, known: &[Wallet]) -> Result<(), CeremonyError> {
    let own = wallet.marks()?;
    for other in known {
        if own.overlap(&other.marks()?) {
            return Err(Refusal::WalletTwice(other.name().clone()).into());
        }
    }
    Ok(())
}

fn script_of(name: &str) -> Result<Script, CeremonyError> {
    name.parse().map_err(|_| CeremonyError::Script(text::printable(name)))
}

fn key_with_origin(master: &Master, path: &Path, network: Network) -> Result<String, CeremonyError> {
    let xpub = master.xpub(path.steps(), network.kind())?;
    let path = path.to_string();
    let origin = path.strip_prefix('m').unwrap_or(&path);
    Ok(format!("[{}{origin}]{xpub}", text::hex(&master.fingerprint())))
}

/// A wallet in words with its first addresses, to compare with the coordinator's.
fn with_addresses(wallet: &Wallet) -> Result<Vec<String>, CeremonyError> {
    let mut lines = described(wallet)?;
    lines.push(String::new());
    lines.push("first addresses, for comparing with the online side:".to_owned());
    let first = wallet::addresses(wallet, wallet.receive_branch(), 0..3)?;
    lines.extend(first.iter().enumerate().map(|(index, address)| format!("  {index}  {}", text::in_fours(address))));
    Ok(lines)
}

/// A wallet in words: every key, and which are ours.
fn described(wallet: &Wallet) -> Result<Vec<String>, CeremonyError> {
    let mut lines = vec![
        format!("wallet   {}", wallet.name()),
        format!("network  {}", wallet.network()),
        format!("script   {}", wallet.kind().in_words(wallet.keys().len())),
    ];
    for (index, key) in wallet.keys().iter().enumerate() {
        let whose = if key.ours { "  (this vault's)" } else { "" };
        lines.push(format!("key {}  fingerprint {}{whose}", index.saturating_add(1), text::hex(&key.fingerprint)));
        lines.extend(folded(&key.expression()));
    }
    let spending = wallet.spending_in_words();
    if !spending.is_empty() {
        lines.push("how it can be spent, by the numbers of the keys:".to_owned());
        lines.extend(spending.iter().flat_map(|path| text::folded(&format!("  {path}"), 76)));
    }
    lines.push("descriptor".to_owned());
    lines.extend(folded(wallet.descriptor()));
    Ok(lines)
}

/// A long text on lines of 72 characters.
fn folded(text: &str) -> Vec<String> {
    let letters: Vec<char> = text.chars().collect();
    letters.chunks(72).map(|chunk| format!("    {}", chunk.iter().collect::<String>())).collect()
}
