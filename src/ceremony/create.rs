//! Creation: entropy that people threw themselves, a seed, custodians with passphrases, a vault and its words.

use zeroize::Zeroizing;

use crate::{
    ceremony::{CeremonyError, Refusal, desk::locked_memory},
    digest::VaultId,
    journal,
    network::Network,
    port::{Keyboard, Random, Screen, Store, Stirred},
    secret::{self, KERNEL_BYTES, KernelDraw, Mixed, Mnemonic, Root, Thrown},
    sys::Secret,
    text::{self, Name},
    vault::{self, Founder, Founding, Lock, Place, Recipient, Seed, Vault, Words},
};

/// Where the seed comes from.
pub enum Origin {
    /// New, of this many words (12 or 24).
    New(u8),
    /// An existing mnemonic and its BIP39 passphrase, both given.
    Given {
        /// The words.
        mnemonic: Secret,
        /// The passphrase; may be empty.
        passphrase: Secret,
    },
    /// An existing mnemonic, which is asked for.
    Asked,
}

/// What people throw.
pub enum Throws {
    /// Asked for, one line after the other.
    Asked,
    /// Given beforehand; test networks only.
    Dice(Secret),
    /// Given beforehand; test networks only.
    Coins(Secret),
}

/// How a custodian's share is sealed.
pub enum Custody {
    /// The passphrase is generated and shown, or typed.
    Asked,
    /// Given beforehand; test networks only.
    Passphrase(Secret),
    /// To an age recipient.
    Recipient(Recipient),
}

/// A vault to be.
pub struct Request<'a> {
    /// The network.
    pub network: Network,
    /// M.
    pub threshold: u8,
    /// Each custodian with the seal and the place of the share.
    pub custodians: Vec<(Name, Custody, Place<'a>)>,
    /// The seed.
    pub origin: Origin,
    /// What people throw.
    pub throws: Throws,
    /// The policy's exact text.
    pub policy: String,
}

/// The ceremony of creation, in `store`: a folder with nothing in it.
///
/// # Errors
/// Whatever stops it; then there is no vault.
pub fn create(
    screen: &mut dyn Screen,
    keyboard: &mut dyn Keyboard,
    random: &mut dyn Random,
    store: &mut dyn Store,
    request: Request<'_>,
) -> Result<VaultId, CeremonyError> {
    let Request { network, threshold, custodians, origin, throws, policy } = request;
    let mainnet = network.is_mainnet();
    let given = custodians.iter().any(|(_, custody, _)| matches!(custody, Custody::Passphrase(_)));
    only_elsewhere(mainnet, given, "a passphrase from a file")?;
    only_elsewhere(mainnet, !matches!(throws, Throws::Asked), "throws as an argument")?;
    only_elsewhere(mainnet, matches!(origin, Origin::Given { .. }), "a mnemonic from standard input")?;
    locked_memory(screen, mainnet)?;
    crate::quorum::check_size(threshold, custodians.len()).map_err(vault::FoundError::from)?;

    let names: Vec<&str> = custodians.iter().map(|(name, ..)| name.as_str()).collect();
    screen.say(&format!("a vault on {network} for {threshold} of {}: {}", names.len(), names.join(", ")))?;
    let root = entropy(screen, keyboard, random, throws)?;
    let seed = seed(screen, keyboard, &root, origin)?;
    let mut founders = Vec::new();
    let mut custodians = custodians;
    for (name, custody, place) in &mut custodians {
        let lock = match std::mem::replace(custody, Custody::Asked) {
            Custody::Recipient(recipient) => Lock::Recipient(recipient),
            Custody::Passphrase(passphrase) => Lock::Passphrase(passphrase),
            Custody::Asked => Lock::Passphrase(choose_passphrase(screen, keyboard, random, name, network)?),
        };
        let (name, place) = (name.clone(), lent(place));
        founders.push(Founder { name, lock, place });
    }
    let founding = Founding { network, threshold, custodians: founders, seed, policy, root: &root };
    let id = vault::found(store, founding, &mut |name| screen.working(Some(&format!("sealing the share of {name}"))));
    screen.working(None);
    let id = id?;
    farewell(screen, &Vault::read(store)?)?;
    Ok(id)
}

/// The same place, lent for a shorter time.
fn lent<'a>(place: &'a mut Place<'_>) -> Place<'a> {
    match place {
        Place::Inside => Place::Inside,
        Place::Elsewhere { store, stem } => Place::Elsewhere { store: &mut **store, stem: stem.clone() },
    }
}

fn only_elsewhere(mainnet: bool, asked: bool, what: &'static str) -> Result<(), CeremonyError> {
    if mainnet && asked { Err(Refusal::MainnetOnly(what).into()) } else { Ok(()) }
}

fn farewell(screen: &mut dyn Screen, vault: &Vault) -> Result<(), CeremonyError> {
    let journal = vault.journal();
    let mut lines = vec![
        "Every custodian writes down these 12 words now, on paper, and compares them".to_owned(),
        "before every ceremony. They are no secret; they tell this vault from any other.".to_owned(),
        String::new(),
        format!("    {}", vault.statement().words()),
        String::new(),
        "The journal's head, to keep and to compare at the next ceremony:".to_owned(),
    ];
    lines.extend(journal::head_lines(journal.count(), journal.head()).into_iter().map(|line| format!("    {line}")));
    screen.page("the vault is made", &lines)?;
    Ok(())
}

/// Kernel bytes, committed to before anyone throws; the throws; then AUDIT or USE.
fn entropy(
    screen: &mut dyn Screen,
    keyboard: &mut dyn Keyboard,
    random: &mut dyn Random,
    throws: Throws,
) -> Result<Root, CeremonyError> {
    let mut beforehand = match throws {
        Throws::Asked => None,
        Throws::Dice(rolls) => Some(Thrown::dice(&rolls)?),
        Throws::Coins(flips) => Some(Thrown::coins(&flips)?),
    };
    loop {
        let mut bytes = Secret::zeroed(KERNEL_BYTES)?;
        random.fill(bytes.expose_mut())?;
        let kernel = KernelDraw::new(bytes)?;
        let commitment = kernel.commitment();
        screen.say("the kernel's bytes are drawn; this hash of them does not change any more:")?;
        screen.say(&format!("  {commitment}"))?;
        screen.say(&format!("  {}", commitment.words(12)))?;
        let asked = beforehand.is_none();
        let thrown = match beforehand.take() {
            Some(thrown) => thrown,
            None => throw(screen, keyboard)?,
        };
        match random.stir(thrown.outcomes())? {
            Stirred::Reseeded => {}
            Stirred::WrittenOnly => screen.say(
                "warning: without the privilege to reseed the kernel, the throws do not reach the salts of the sealed files at once",
            )?,
        }
        let mixed = Mixed::new(kernel, vec![thrown])?;
        if !asked || use_it(screen, keyboard)? {
            return Ok(mixed.accept());
        }
        screen.secret("AUDIT: everything that was mixed; it is destroyed", &mixed.audit()?)?;
        screen.say("that seed is destroyed; start again with new throws")?;
    }
}

fn use_it(screen: &mut dyn Screen, keyboard: &mut dyn Keyboard) -> Result<bool, CeremonyError> {
    screen.say("AUDIT shows all that was mixed, for checking by hand, and destroys it; USE makes the vault and shows nothing.")?;
    loop {
        let typed = keyboard.line("Type AUDIT or USE: ")?;
        match typed.trim().to_ascii_uppercase().as_str() {
            "USE" => return Ok(true),
            "AUDIT" => return Ok(false),
            _ => screen.say("AUDIT or USE, please")?,
        }
    }
}

/// Asks for throws until they are enough.
fn throw(screen: &mut dyn Screen, keyboard: &mut dyn Keyboard) -> Result<Thrown, CeremonyError> {
    use secret::Kind;
    screen.say("Throw now, and type what falls; several lines are fine.")?;
    let kind = loop {
        let typed = keyboard.line("dice, coins or cards? ")?;
        match typed.trim().to_ascii_lowercase().as_str() {
            "dice" => break Kind::Dice,
            "coins" => break Kind::Coins,
            "cards" => break Kind::Cards,
            _ => screen.say("99 rolls of a six-sided die (1-6), 256 flips of a coin (H, T), or 58 cards (AS TD 7C …)")?,
        }
    };
    let read = |text: &Secret| match kind {
        Kind::Coins => Thrown::coins(text),
        Kind::Cards => Thrown::cards(text),
        Kind::Dice | Kind::Kernel => Thrown::dice(text),
    };
    let each = if kind == Kind::Cards { 2 } else { 1 };
    let mut all = Zeroizing::new(String::with_capacity(2 * crate::limits::TYPED_BYTES));
    loop {
        let have = all.chars().filter(|c| !c.is_whitespace()).count().checked_div(each).unwrap_or(0);
        if have >= kind.needed() {
            match read(&Secret::copied(all.as_bytes())?) {
                Ok(thrown) => return Ok(thrown),
                Err(error) => {
                    screen.say(&format!("{error}. All of it again, please."))?;
                    zeroize::Zeroize::zeroize(&mut *all);
                    continue;
                }
            }
        }
        let line = Zeroizing::new(keyboard.line(&format!("{have} of {}: ", kind.needed()))?);
        if all.len().saturating_add(line.len()) >= crate::limits::TYPED_BYTES {
            return Err(secret::EntropyError::TooMany.into());
        }
        all.push_str(&line);
        all.push(' ');
    }
}

fn seed(
    screen: &mut dyn Screen,
    keyboard: &mut dyn Keyboard,
    root: &Root,
    origin: Origin,
) -> Result<Seed, CeremonyError> {
    let (words, passphrase) = match origin {
        Origin::New(count) => {
            let words = if count == 12 { Words::Twelve } else { Words::TwentyFour };
            return Ok(Seed::drawn(root, words, Secret::zeroed(0)?)?);
        }
        Origin::Given { mnemonic, passphrase } => (mnemonic, passphrase),
        Origin::Asked => {
            screen.say("the mnemonic that becomes the vault's seed: 12 to 24 words, one line")?;
            let words = keyboard.secret("mnemonic (unseen): ")?;
            let passphrase = keyboard.secret("its BIP39 passphrase, Enter alone for none (unseen): ")?;
            let again = keyboard.secret("the same passphrase again (unseen): ")?;
            if passphrase.expose() != again.expose() {
                return Err(Refusal::Mistyped.into());
            }
            (words, passphrase)
        }
    };
    let typed = words.expose_str().ok_or(crate::port::DeviceError::NotText)?;
    let mnemonic = Mnemonic::parse(typed, None)?;
    Ok(Seed::imported(mnemonic, passphrase)?)
}

/// A passphrase for `name`: the generated one, shown until Enter, or one of their own that nobody can guess.
pub(super) fn choose_passphrase(
    screen: &mut dyn Screen,
    keyboard: &mut dyn Keyboard,
    random: &mut dyn Random,
    name: &Name,
    network: Network,
) -> Result<Secret, CeremonyError> {
    let mut bytes = Secret::zeroed(secret::RANDOM_BYTES)?;
    random.fill(bytes.expose_mut())?;
    let generated = secret::generate(&bytes)?;
    screen.say(&format!("{name} alone before the screen, please: a passphrase for the share."))?;
    let own = keyboard.line("Enter shows a generated one (seven words); type OWN to choose one yourself: ")?;
    if own.trim().eq_ignore_ascii_case("own") {
        return own_passphrase(screen, keyboard, name, network);
    }
    loop {
        screen.secret(&format!("{name}: write down these seven words and keep them apart from the share"), &generated)?;
        let typed = keyboard.secret(&format!("{name}, type the seven words (unseen; Enter alone shows them again): "))?;
        if text::same_words(typed.expose_str().unwrap_or(""), generated.expose_str().unwrap_or(" ")) {
            return Ok(generated);
        }
        screen.say("these are not the words; here they are again")?;
    }
}

fn own_passphrase(
    screen: &mut dyn Screen,
    keyboard: &mut dyn Keyboard,
    name: &Name,
    network: Network,
) -> Result<Secret, CeremonyError> {
    loop {
        let first = keyboard.secret(&format!("{name}, your passphrase (unseen): "))?;
        let second = keyboard.secret("again (unseen): ")?;
        if first.expose() != second.expose() {
            screen.say("the two differ; once more")?;
            continue;
        }
        match secret::judge(&first, &[name.as_str()]) {
            Ok(()) => return Ok(first),
            Err(secret::PassphraseError::Memory(error)) => return Err(error.into()),
            Err(error) if network.is_mainnet() => screen.say(&format!("{error}; choose another"))?,
            Err(error) if first.is_empty() => screen.say(&format!("{error}; choose another"))?,
            Err(error) => {
                screen.say(&format!("warning: {error}; on mainnet it would be refused"))?;
                return Ok(first);
            }
        }
    }
}
