//! Commands that need a quorum: create, wallet add, xpub, review (without one), sign.

use std::{collections::BTreeSet, io::IsTerminal, path::Path};

use super::{
    air,
    args::{CreateArgs, Form, PsbtArg, QuorumArgs, Script, SignArgs, VaultArg},
    ask,
    carry::{chosen, read_psbt},
    output::{emit, place_of, read_input, results},
    place::at_desk,
    policy::policy_text,
};
use crate::{
    canon,
    ceremony::{self, AddWallet, Brought, CeremonyError, Custody, Origin, Throws},
    device::{Answers, Folder, Terminal, complain, read_file},
    exchange::{Parcel, Shelf},
    hatch::{self, DONE, Failure, Plan, REFUSED},
    limits,
    policy::Policy,
    port::DeviceError,
    qr::{self, Density},
    quorum,
    review::{self, Book},
    sys::Secret,
    text::{Name, Room, grouped_number, printable},
    vault,
};

pub(super) fn create(mut args: CreateArgs) -> Result<u8, Failure> {
    let (network, threshold) = ask::what_is_missing(&mut args)?;
    let mainnet = network.is_mainnet();
    let distinct: BTreeSet<&Name> = args.custodians.iter().collect();
    if distinct.len() != args.custodians.len() {
        return Err(Failure::input("a custodian's name stands twice"));
    }
    if let Some((name, what)) = strangers(&args).next() {
        return Err(Failure::input(format!("{what} names `{name}`, who is no --custodian")));
    }
    quorum::check_size(threshold, args.custodians.len()).map_err(|error| Failure::input(error.to_string()))?;
    let policy = match &args.policy {
        Some(path) => policy_text(path)?,
        None => String::new(),
    };
    Policy::read(&policy)
        .and_then(|policy| policy.suits(network, args.custodians.len()))
        .map_err(|error| Failure::input(format!("the policy: {error}")))?;
    let throws = match (&args.dice, &args.coins) {
        (Some(dice), _) => Throws::Dice(secret_text(dice)?),
        (None, Some(coins)) => Throws::Coins(secret_text(coins)?),
        (None, None) => Throws::Asked,
    };
    // That it can be made is known before anyone scans, types or throws.
    hatch::free_for_a_vault(&Folder::at(&args.vault))?;
    let origin = origin(&args, mainnet)?;
    let embed = embed(&args, mainnet)?;
    let mut custodians = Vec::new();
    for name in &args.custodians {
        custodians.push((name.clone(), custody(&args, name)?));
    }
    let people = matches!(throws, Throws::Asked)
        || matches!(origin, Origin::Asked | Origin::Scanned { passphrase: None, .. })
        || custodians.iter().any(|(_, custody)| matches!(custody, Custody::Asked));
    let (mut screen, mut keyboard) = (Terminal::open(people), Terminal::open(people));
    // On mainnet nothing can take the place of people.
    if people && !mainnet && !keyboard.is_there() {
        return Err(nobody_to_ask(&throws, &custodians));
    }
    let (vault, shares) = (args.vault, args.shares);
    let (sticks, media) = (None, None);
    let plan = Plan { vault, network, threshold, custodians, shares, embed, origin, throws, policy, sticks, media };
    let words = hatch::found(plan, &mut screen, &mut keyboard)?;
    results(&format!("{words}\n"))
}

/// What would be asked for where nobody is, and how it is given beforehand.
fn nobody_to_ask(throws: &Throws, custodians: &[(Name, Custody)]) -> Failure {
    let mut missing = Vec::new();
    if matches!(throws, Throws::Asked) {
        missing.push("--dice or --coins".to_owned());
    }
    let asked = custodians.iter().filter(|(_, custody)| matches!(custody, Custody::Asked));
    missing.extend(asked.map(|(name, _)| format!("--passphrase {name}=FILE")));
    let failure = Failure::from(DeviceError::NoTerminal);
    if missing.is_empty() {
        return failure;
    }
    Failure { what: format!("{}, and not given: {}", failure.what, missing.join(", ")), ..failure }
        .remedy("run it at a terminal, where people are asked for that, or give it with the command")
}

fn strangers(args: &CreateArgs) -> impl Iterator<Item = (&Name, &'static str)> {
    let shares = args.shares.iter().map(|(name, _)| (name, "--share"));
    let passphrases = args.passphrases.iter().map(|(name, _)| (name, "--passphrase"));
    let recipients = args.recipients.iter().map(|(name, _)| (name, "--recipient"));
    shares.chain(passphrases).chain(recipients).filter(|(name, _)| !args.custodians.contains(name))
}

fn custody(args: &CreateArgs, name: &Name) -> Result<Custody, Failure> {
    if let Some((_, recipient)) = args.recipients.iter().find(|(custodian, _)| custodian == name) {
        let recipient = recipient.parse().map_err(|error: vault::SealedError| Failure::input(error.to_string()))?;
        return Ok(Custody::Recipient(recipient));
    }
    match args.passphrases.iter().find(|(custodian, _)| custodian == name) {
        Some((_, path)) => Ok(Custody::Passphrase(Answers::first_line(read_file(path, limits::TYPED_BYTES)?)?)),
        None => Ok(Custody::Asked),
    }
}

/// On a test network a mnemonic may come from standard input: the words, then a line with the BIP39 passphrase; where
/// the words come in a picture, that line alone.
fn origin(args: &CreateArgs, mainnet: bool) -> Result<Origin, Failure> {
    if !args.import_mnemonic {
        return Ok(Origin::New(args.words));
    }
    let asked = mainnet || std::io::stdin().is_terminal();
    let code = match (&args.camera, &args.frames) {
        (Some(device), _) => Some(air::seed(device.as_deref())?),
        (None, Some(folder)) => Some(hatch::seed(folder, &mut complain)?),
        (None, None) => None,
    };
    if let Some(code) = code {
        let given = |typed| Answers::first_line(typed).map(Some);
        let passphrase = if asked { None } else { given(read_input(Path::new("-"), limits::TYPED_BYTES)?)? };
        return Ok(Origin::Scanned { code, passphrase });
    }
    if asked {
        return Ok(Origin::Asked);
    }
    let mut typed = read_input(Path::new("-"), 2 * limits::TYPED_BYTES)?;
    let end = typed.iter().position(|&byte| byte == b'\n').unwrap_or(typed.len());
    let rest = typed.get(end.saturating_add(1)..).unwrap_or_default().to_vec();
    typed.truncate(end);
    Ok(Origin::Given { mnemonic: Answers::first_line(typed)?, passphrase: Answers::first_line(rest)? })
}

/// Shares lie in the folder on test networks; on mainnet only after a typed warning.
fn embed(args: &CreateArgs, mainnet: bool) -> Result<bool, Failure> {
    use crate::port::{Keyboard, Screen};
    if !mainnet {
        return Ok(true);
    }
    if args.embed_shares {
        let mut terminal = Terminal::open(true);
        terminal.say(
            "Shares in the vault's folder: whoever copies the folder holds all of them, and then only the passphrases \
             stand between a thief and the coins. Better let each custodian carry the own share.",
        )?;
        let typed = terminal.line("Type EMBED to put them there all the same (Enter alone refuses): ")?;
        if typed.trim() != "EMBED" {
            return Err(Failure::new(REFUSED, "the shares are not put into the folder; nothing was done")
                .remedy("leave out --embed-shares: each share is then a file of its own beside the folder"));
        }
    }
    Ok(args.embed_shares)
}

fn secret_text(text: &str) -> Result<Secret, Failure> {
    Secret::copied(text.as_bytes()).map_err(|error| DeviceError::from(error).into())
}

pub(super) fn add_wallet(
    vault: &VaultArg,
    name: Name,
    script: Option<Script>,
    account: u32,
    descriptor: Option<String>,
    quorum: &QuorumArgs,
) -> Result<u8, Failure> {
    let instruction = match (script, descriptor) {
        (_, Some(descriptor)) => {
            let descriptor = if descriptor == "-" {
                let bytes = read_input(Path::new("-"), limits::DESCRIPTOR_BYTES)?;
                String::from_utf8(bytes).map_err(|_| Failure::input("the descriptor is not UTF-8 text"))?
            } else {
                descriptor
            };
            AddWallet::Descriptor { name, descriptor: descriptor.trim().to_owned() }
        }
        (Some(script), None) => {
            let script = match script {
                Script::Pkh => "pkh",
                Script::ShWpkh => "sh-wpkh",
                Script::Wpkh => "wpkh",
                Script::Tr => "tr",
            };
            AddWallet::Account { name, script: script.to_owned(), account }
        }
        (None, None) => return Err(Failure::input("either --script or --descriptor")),
    };
    at_desk(vault, quorum, Vec::new(), |desk| ceremony::add_wallet(desk, instruction))?;
    Ok(DONE)
}

pub(super) fn xpub(vault: &VaultArg, path: &str, quorum: &QuorumArgs) -> Result<u8, Failure> {
    let key = at_desk(vault, quorum, Vec::new(), |desk| ceremony::export_xpub(desk, path))?;
    results(&format!("{key}\n"))
}

pub(super) fn review(arg: &VaultArg, psbt: &PsbtArg, as_json: bool) -> Result<u8, Failure> {
    let vault = ceremony::open(&Folder::at(&arg.path), arg.expect_id.as_deref())?;
    let decided = read_psbt(psbt).and_then(|(binary, came)| Ok((ceremony::decide(&vault, binary)?, came)));
    if let (true, Err(Failure { unread: Some(error), .. })) = (as_json, &decided) {
        let statement = vault.statement();
        let value = review::unread_to_json(error, statement.network(), statement.digest());
        results(&canon::document(&value).map_err(|error| Failure::input(error.to_string()))?)?;
    }
    let (decided, came) = decided?;
    let refused = decided.is_err();
    if as_json {
        let value = match &decided {
            Ok(cleared) => review::to_json(cleared.reviewed(), cleared.verdict()),
            Err(refused) => review::to_json(&refused.reviewed, refused.verdict()),
        };
        results(&canon::document(&value).map_err(|error| Failure::input(error.to_string()))?)?;
    } else {
        let book = hatch::reviewed(&vault, &decided, came);
        read(&book)?;
    }
    Ok(if refused { REFUSED } else { DONE })
}

/// Pages at a terminal, each of them until the person goes on; lines in a row for a file or a pipe.
fn read(book: &Book) -> Result<(), Failure> {
    let people = std::io::stdin().is_terminal() && std::io::stdout().is_terminal();
    let mut terminal = Terminal::open(true);
    if people && terminal.is_there() {
        let _seen = ceremony::read_through(&mut terminal, "review", book).map_err(CeremonyError::from)?;
        return Ok(());
    }
    let pages = book.pages(Room::CONSOLE);
    for (page, number) in pages.iter().zip(1usize..) {
        let title = format!("── {number} of {}: {} ", pages.len(), page.title);
        let rule = "─".repeat(review::WIDTH.saturating_sub(title.chars().count()));
        results(&format!("{title}{rule}\n{}\n\n", page.lines.join("\n")))?;
    }
    Ok(())
}

pub(super) fn sign(args: SignArgs) -> Result<u8, Failure> {
    if args.show {
        air::can_show("leave --show out: the answer goes to a file or to standard output")?;
    }
    let (binary, came) = read_psbt(&args.psbt)?;
    place_of(args.out.as_deref())?;
    let wrapping = chosen(args.format, came.wrapping, args.out.is_some());
    let form = args.form.unwrap_or(if wrapping.is_code() { Form::Trimmed } else { Form::Full });
    let released = at_desk(&args.vault, &args.quorum, args.acknowledged, |desk| {
        ceremony::sign_transaction(desk, Brought { bytes: &binary, transport: Some(came.transport()) })
    })?;
    let of = |form: Form| match form {
        Form::Full => released.full(),
        Form::Trimmed => released.trimmed(),
    };
    let bytes = of(form);
    let left = if args.show && args.out.is_none() {
        Ok(DONE)
    } else {
        wrapping.wrap(bytes).and_then(|answer| emit(args.out.as_deref(), &answer))
    };
    let shown = left.and_then(|_| {
        let parcel =
            Parcel { kind: qr::Kind::Psbt, bytes: of(args.form.unwrap_or(Form::Trimmed)), carrier: wrapping.carrier() };
        let shelf = if args.out.is_some() { Shelf::Kept } else { Shelf::OnlyHere };
        if args.show { air::show(parcel, Density::Normal, shelf) } else { Ok(()) }
    });
    shown.map_err(|failure| {
        Failure::new(
            failure.code,
            format!("signed, and the journal says so, but the signatures did not leave: {}", failure.what),
        )
        .remedy("run the same command again with another -o: it gives the same signatures, byte for byte")
    })?;
    if let Some(path) = &args.out {
        let what = match form {
            Form::Full => "The signed PSBT",
            Form::Trimmed => "The signed PSBT, trimmed,",
        };
        let size = grouped_number(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
        complain(&format!("{what} is in `{}`: {size} bytes in binary.", printable(&path.to_string_lossy())));
    }
    Ok(DONE)
}
