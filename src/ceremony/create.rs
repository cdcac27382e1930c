//! Creation: entropy that people threw themselves, a seed, custodians with passphrases, a vault and its words.

use crate::{
    ceremony::{
        CeremonyError, Refusal,
        desk::locked_memory,
        passphrase::{Present, choose_passphrase},
        people::scrypt,
        seed::{Source, source},
        throws::{Yield, entropy},
    },
    digest::VaultId,
    journal,
    network::Network,
    policy::Policy,
    port::{Effort, Keyboard, Random, Screen, Step, Store},
    sys::Secret,
    text::{self, Name},
    vault::{self, Founder, Founding, Lock, Place, Recipient, Seed, Side, Vault},
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
    // Words that are no mnemonic, or not theirs, are told before anyone throws.
    let source = source(screen, keyboard, origin, network)?;
    screen.step(Step::Throws);
    let of = if matches!(source, Source::New(_)) { Yield::Seed } else { Yield::Shares };
    let root = entropy(screen, keyboard, random, throws, of)?;
    let seed = match source {
        Source::New(words) => Seed::drawn(&root, words, Secret::zeroed(0)?)?,
        Source::Imported(seed) => seed,
    };
    let fingerprint = seed.master()?.fingerprint();
    screen.step(Step::Passphrases);
    let mut founders = Vec::new();
    let mut custodians = custodians;
    let mut before: Option<Name> = None;
    for (name, custody, place) in &mut custodians {
        let lock = match std::mem::replace(custody, Custody::Asked) {
            Custody::Recipient(recipient) => Lock::Recipient(recipient),
            Custody::Passphrase(passphrase) => Lock::Passphrase(passphrase),
            Custody::Asked => {
                if let Some(before) = before.replace(name.clone()) {
                    screen.say(&format!("The passphrase of {before} is set."))?;
                }
                Lock::Passphrase(choose_passphrase(screen, keyboard, random, name, Present::None, network)?)
            }
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
    farewell(screen, &Vault::read(store)?, fingerprint, &places)?;
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

fn farewell(
    screen: &mut dyn Screen,
    vault: &Vault,
    fingerprint: [u8; 4],
    places: &[(Name, Option<String>)],
) -> Result<(), CeremonyError> {
    screen.step(Step::Papers);
    let journal = vault.journal();
    let mut lines = vec!["Every custodian writes down these 12 vault words, on paper:".to_owned(), String::new()];
    lines.extend(text::in_rows(&vault.statement().words()));
    lines.extend([
        String::new(),
        "They are no secret. They tell this vault from any other: compare them before every ceremony.".to_owned(),
        String::new(),
        format!("fingerprint of the seed: {}", text::hex(&fingerprint)),
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
