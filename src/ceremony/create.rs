//! Creation: entropy that people threw themselves, a seed, custodians with passphrases, a vault and its words.

use zeroize::Zeroizing;

use crate::{
    ceremony::{CeremonyError, Refusal, desk::locked_memory, people::scrypt},
    digest::VaultId,
    journal,
    network::Network,
    policy::Policy,
    port::{Effort, Keyboard, Random, Screen, Step, Stirred, Store},
    secret::{self, KERNEL_BYTES, KernelDraw, Mixed, Mnemonic, MnemonicError, Root, Thrown},
    sys::Secret,
    text::{self, Name},
    vault::{self, Founder, Founding, Lock, Place, Recipient, Seed, Side, Vault, Words},
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
    /// An existing mnemonic as a QR code holds it; its BIP39 passphrase is asked for unless it is given, on test
    /// networks only.
    Scanned {
        /// What the code holds.
        code: Secret,
        /// The passphrase; may be empty.
        passphrase: Option<Secret>,
    },
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
    let given = matches!(origin, Origin::Scanned { passphrase: Some(_), .. });
    only_elsewhere(mainnet, given, "a BIP39 passphrase from standard input")?;
    locked_memory(screen, mainnet)?;
    crate::quorum::check_size(threshold, custodians.len()).map_err(vault::FoundError::from)?;

    let count = u8::try_from(custodians.len()).unwrap_or(u8::MAX);
    let places: Vec<(Name, Option<String>)> =
        custodians.iter().map(|(name, _, place)| (name.clone(), share_file(place))).collect();
    let recipients = custodians.iter().filter_map(|(name, custody, _)| match custody {
        Custody::Recipient(recipient) => Some(format!("  {name}: {}", text::in_fours(&recipient.to_string()))),
        Custody::Asked | Custody::Passphrase(_) => None,
    });
    let recipients: Vec<String> = recipients.collect();
    free(store, &custodians)?;
    let sentences = Policy::read(&policy)
        .and_then(|policy| policy.suits(network, custodians.len()).map(|()| policy))
        .map_err(|error| vault::FoundError::from(vault::StatementError::Policy(error)))?;
    screen.step(Step::Plan);
    screen.page(
        "a new vault",
        &overview(network, (threshold, count), &whereabouts(store, &custodians), &recipients, &origin),
    )?;
    screen.page("its policy", &sentences.sentences())?;
    if !matches!(origin, Origin::New(_)) {
        screen.step(Step::Mnemonic);
    }
    // Words that are no mnemonic are told before anyone throws.
    let source = source(screen, keyboard, origin)?;
    screen.step(Step::Throws);
    let root = entropy(screen, keyboard, random, throws)?;
    let seed = match source {
        Source::New(words) => Seed::drawn(&root, words, Secret::zeroed(0)?)?,
        Source::Imported(mnemonic, passphrase) => Seed::imported(mnemonic, passphrase)?,
    };
    screen.step(Step::Passphrases);
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
    let slow = founders.iter().filter(|founder| matches!(founder.lock, Lock::Passphrase(_)));
    let slow: Vec<Name> = slow.map(|founder| founder.name.clone()).collect();
    let founding = Founding { network, threshold, custodians: founders, seed, policy, root: &root };
    screen.step(Step::Work);
    let id = vault::found(store, founding, &mut |name| {
        // What has a passphrase is opened again as it lies there.
        let effort = if slow.contains(name) { scrypt(network, 2) } else { Effort::Unknown };
        screen.working_on(&format!("sealing the share of {name}"), &effort);
    });
    screen.working(None);
    let id = id?;
    farewell(screen, &Vault::read(store)?, &places)?;
    Ok(id)
}

/// The file beside the vault that a share goes to; none where it lies in the vault's folder.
fn share_file(place: &Place<'_>) -> Option<String> {
    match place {
        Place::Inside => None,
        Place::Elsewhere { stem, .. } => Some(vault::file_name(stem, Side::A)),
    }
}

/// Where the vault will lie, and each share: in a folder, or on a medium; for people.
fn whereabouts(store: &dyn Store, custodians: &[(Name, Custody, Place<'_>)]) -> (String, Vec<(Name, Option<String>)>) {
    let plain = |place: String| place.trim_start_matches("./").trim_end_matches('/').to_owned();
    let share = |place: &Place<'_>| match place {
        Place::Inside => None,
        Place::Elsewhere { store, stem } => Some(plain(store.place(&vault::file_name(stem, Side::A)))),
    };
    let shares = custodians.iter().map(|(name, _, place)| (name.clone(), share(place))).collect();
    (plain(store.place("")), shares)
}

/// Nobody throws dice for a vault that finds its places taken in the end.
fn free(store: &dyn Store, custodians: &[(Name, Custody, Place<'_>)]) -> Result<(), CeremonyError> {
    let taken = |file: String| CeremonyError::from(vault::FoundError::Occupied { file: text::printable(&file) });
    if let Some(file) = store.names()?.into_iter().next() {
        return Err(taken(file));
    }
    for (_, _, place) in custodians {
        let Place::Elsewhere { store, stem } = place else { continue };
        let names = store.names()?;
        if let Some(file) = vault::file_among(&names, stem) {
            return Err(taken(file));
        }
    }
    Ok(())
}

/// What will be made, before anyone throws.
fn overview(
    network: Network,
    (threshold, count): (u8, u8),
    (vault, places): &(String, Vec<(Name, Option<String>)>),
    recipients: &[String],
    origin: &Origin,
) -> Vec<String> {
    let real = if network.is_mainnet() { "real coins" } else { "test coins" };
    let mut lines = vec![format!("vault       `{vault}`")];
    lines.retain(|_| !vault.is_empty());
    lines.extend([
        format!("network     {network} ({real})"),
        format!("quorum      {threshold} of {count} custodians approve each instruction"),
    ]);
    lines.push(match origin {
        Origin::New(words) => format!("seed        {words} new words, which nobody sees"),
        Origin::Given { .. } | Origin::Asked => "seed        from an existing mnemonic".to_owned(),
        Origin::Scanned { .. } => "seed        from an existing mnemonic, in a QR code".to_owned(),
    });
    lines.push("shares".to_owned());
    for (name, file) in places {
        let place = file.as_deref().map_or_else(|| "in the vault's folder".to_owned(), |file| format!("`{file}`"));
        lines.push(format!("  {name}: {place}"));
    }
    if !recipients.is_empty() {
        lines
            .push("opened by age identities, not by passphrases; compare each recipient with its custodian".to_owned());
        lines.extend_from_slice(recipients);
    }
    lines.push(String::new());
    lines.push("Nothing is written before the last passphrase is set; Ctrl-C stops at any time.".to_owned());
    lines
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

fn farewell(screen: &mut dyn Screen, vault: &Vault, places: &[(Name, Option<String>)]) -> Result<(), CeremonyError> {
    screen.step(Step::Papers);
    let journal = vault.journal();
    let mut lines = vec!["Every custodian writes down these 12 vault words, on paper:".to_owned(), String::new()];
    lines.extend(text::in_rows(&vault.statement().words()));
    lines.extend([
        String::new(),
        "They are no secret. They tell this vault from any other: compare them before every ceremony.".to_owned(),
        String::new(),
    ]);
    lines.extend(journal::head_lines(journal.count(), journal.head()));
    screen.page("the vault is made: write this down", &lines)?;
    let mut lines: Vec<String> = Vec::new();
    for (name, file) in places {
        let place = file.as_deref().map_or_else(|| "in the vault's folder".to_owned(), |file| format!("`{file}`"));
        lines.push(format!("  {name}: {place}"));
    }
    if places.iter().any(|(_, file)| file.is_some()) {
        lines.push(String::new());
        lines.push(
            "Each custodian takes the own share file away and keeps a copy of it, apart from the passphrase and apart \
             from the vault's folder."
                .to_owned(),
        );
    }
    lines.push("Copy the vault's folder too: without it the shares open nothing.".to_owned());
    screen.page("the shares", &lines)?;
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
        screen.say("")?;
        screen.say(
            "The machine has drawn its own random bytes. This is a hash of them: they are fixed now, before you throw. \
             Note it if you will choose AUDIT.",
        )?;
        screen.say(&format!("  {commitment}"))?;
        for row in text::in_rows(&commitment.words(12)) {
            screen.say(&row)?;
        }
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
        if !asked {
            return Ok(mixed.accept());
        }
        if use_it(screen, keyboard)? {
            // The throws do not stay before the eyes of those who come next.
            screen.clear()?;
            return Ok(mixed.accept());
        }
        screen.secret("AUDIT: everything that was mixed; no vault is made of it", &mixed.audit()?)?;
        screen.say("What you saw is destroyed. Now again, with new throws.")?;
    }
}

fn use_it(screen: &mut dyn Screen, keyboard: &mut dyn Keyboard) -> Result<bool, CeremonyError> {
    screen.say("")?;
    screen.say("Enough. The seed is mixed from your throws and the machine's bytes.")?;
    screen.say(
        "  AUDIT  shows everything, to check the mixing by hand; that seed is then destroyed and you throw anew",
    )?;
    screen.say("  USE    takes the seed for the vault; nobody ever sees it")?;
    loop {
        let typed = keyboard.line("Type AUDIT or USE: ")?;
        match typed.trim().to_ascii_uppercase().as_str() {
            "USE" => return Ok(true),
            "AUDIT" => return Ok(false),
            _ => screen.say("One of the two words: AUDIT or USE.")?,
        }
    }
}

/// Asks for throws until they are enough. A line with a slip of the finger does not count; those before it do.
fn throw(screen: &mut dyn Screen, keyboard: &mut dyn Keyboard) -> Result<Thrown, CeremonyError> {
    use secret::{EntropyError, Kind};
    screen.say("")?;
    screen.say("Throw now, and type what falls, in the order in which it falls:")?;
    screen.say("  dice   99 rolls of a six-sided die: 1 to 6")?;
    screen.say("  coins  256 flips: H for heads, T for tails")?;
    screen.say("  cards  58 cards from shuffled decks, rank and suit: AS TD 7C")?;
    let kind = loop {
        let typed = keyboard.line("dice, coins or cards? ")?;
        match typed.trim().to_ascii_lowercase().as_str() {
            "dice" => break Kind::Dice,
            "coins" => break Kind::Coins,
            "cards" => break Kind::Cards,
            _ => screen.say("One of the three words: dice, coins or cards.")?,
        }
    };
    let read = |text: &str| -> Result<Thrown, EntropyError> {
        let text = Secret::copied(text.as_bytes())?;
        match kind {
            Kind::Coins => Thrown::coins(&text),
            Kind::Cards => Thrown::cards(&text),
            Kind::Dice | Kind::Kernel => Thrown::dice(&text),
        }
    };
    let each = if kind == Kind::Cards { 2 } else { 1 };
    screen.say("Several lines are fine; Enter ends a line.")?;
    let mut all = Zeroizing::new(String::with_capacity(2 * crate::limits::TYPED_BYTES));
    loop {
        let have = all.chars().filter(|c| !c.is_whitespace()).count().checked_div(each).unwrap_or(0);
        if have >= kind.needed() {
            match read(&all) {
                Ok(thrown) => return Ok(thrown),
                Err(error) => {
                    screen.say(&format!("{error}. All of it again, please."))?;
                    zeroize::Zeroize::zeroize(&mut *all);
                    continue;
                }
            }
        }
        let prompt = format!("{have} of {} {}s: ", kind.needed(), kind.noun());
        let line = Zeroizing::new(keyboard.line(&prompt)?);
        let before = all.len();
        if before.saturating_add(line.len()) >= crate::limits::TYPED_BYTES {
            return Err(EntropyError::TooMany.into());
        }
        // A place is counted within the line, which people still have before them.
        let slip = match read(&line) {
            Err(error @ (EntropyError::NotAnOutcome { .. } | EntropyError::CardTwice { .. })) => Some(error),
            Ok(_) | Err(_) => None,
        };
        all.push_str(&line);
        all.push(' ');
        let slip = slip.or_else(|| read(&all).err().filter(|error| matches!(error, EntropyError::CardTwice { .. })));
        if let Some(error) = slip {
            all.truncate(before);
            screen.say(&format!("{error}. This line does not count; type it again."))?;
        }
    }
}

/// What the seed is made of, before anyone throws.
enum Source {
    New(Words),
    Imported(Mnemonic, Secret),
}

fn source(screen: &mut dyn Screen, keyboard: &mut dyn Keyboard, origin: Origin) -> Result<Source, CeremonyError> {
    match origin {
        Origin::New(12) => Ok(Source::New(Words::Twelve)),
        Origin::New(_) => Ok(Source::New(Words::TwentyFour)),
        Origin::Given { mnemonic, passphrase } => Ok(Source::Imported(read_mnemonic(&mnemonic)?, passphrase)),
        Origin::Asked => {
            screen.say("")?;
            screen.say(
                "The mnemonic that becomes the vault's seed: 12 to 24 words on one line, or the digits of its SeedQR.",
            )?;
            let mnemonic = ask_mnemonic(screen, keyboard)?;
            screen.say("The words are a mnemonic.")?;
            Ok(Source::Imported(mnemonic, ask_bip39_passphrase(screen, keyboard)?))
        }
        Origin::Scanned { code, passphrase } => {
            let mnemonic = Mnemonic::of_code(&code)?;
            screen.say("")?;
            screen.say(&format!("The code holds a mnemonic of {} words.", mnemonic.count()))?;
            let passphrase = passphrase.map_or_else(|| ask_bip39_passphrase(screen, keyboard), Ok)?;
            Ok(Source::Imported(mnemonic, passphrase))
        }
    }
}

fn read_mnemonic(typed: &Secret) -> Result<Mnemonic, CeremonyError> {
    if typed.expose_str().is_none() {
        return Err(crate::port::DeviceError::NotText.into());
    }
    Ok(Mnemonic::of_typed(typed)?)
}

/// Until the words are a mnemonic. What is wrong is told by place; no word is said.
fn ask_mnemonic(screen: &mut dyn Screen, keyboard: &mut dyn Keyboard) -> Result<Mnemonic, CeremonyError> {
    loop {
        let typed = keyboard.secret("mnemonic (unseen): ")?;
        if typed.is_empty() {
            return Err(Refusal::Person.into());
        }
        match read_mnemonic(&typed) {
            Err(CeremonyError::Mnemonic(error)) if !matches!(error, MnemonicError::Memory(_)) => {
                screen.say(&format!("{error}. All of them again, please (Enter alone stops)."))?;
            }
            read => return read,
        }
    }
}

fn ask_bip39_passphrase(screen: &mut dyn Screen, keyboard: &mut dyn Keyboard) -> Result<Secret, CeremonyError> {
    loop {
        let passphrase = keyboard.secret("its BIP39 passphrase, Enter alone for none (unseen): ")?;
        let again = keyboard.secret("the same passphrase again (unseen): ")?;
        if passphrase.expose() == again.expose() {
            return Ok(passphrase);
        }
        screen.say("The two differ. Once more, please.")?;
    }
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
    screen.say("")?;
    screen.say(&format!("{name} alone before the screen, please: a passphrase for the share of {name}."))?;
    screen.say("Enter shows a generated one of seven words; type OWN to choose one yourself.")?;
    let own = keyboard.line("Enter, or OWN: ")?;
    if own.trim().eq_ignore_ascii_case("own") {
        return own_passphrase(screen, keyboard, name, network);
    }
    loop {
        screen
            .secret(&format!("{name}: write down these seven words, and keep them apart from the share"), &generated)?;
        screen.say(&format!("Now, {name}, type the seven words from your paper. Enter alone shows them again."))?;
        let typed = keyboard.secret(&format!("{name}, the seven words (unseen): "))?;
        if text::same_words(typed.expose_str().unwrap_or(""), generated.expose_str().unwrap_or(" ")) {
            screen.say("These are the words.")?;
            return Ok(generated);
        }
        if !typed.is_empty() {
            screen.say("These are not the words.")?;
            drop(keyboard.line("Enter shows them again: ")?);
        }
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
        let second = keyboard.secret("the same again (unseen): ")?;
        if first.expose() != second.expose() {
            screen.say("The two differ. Once more, please.")?;
            continue;
        }
        match secret::judge(&first, &[name.as_str()]) {
            Ok(()) => return Ok(first),
            Err(secret::PassphraseError::Memory(error)) => return Err(error.into()),
            Err(error) if network.is_mainnet() || first.is_empty() => {
                screen.say(&format!("{error}. Please choose another."))?
            }
            Err(error) => {
                screen.say(&format!("warning: {error}; on mainnet it would be refused"))?;
                return Ok(first);
            }
        }
    }
}
