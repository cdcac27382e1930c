//! Commands that need no secret and write nothing: statement, wallets, addresses, journal.

use serde_json::{Value, json};

use super::{
    air,
    args::{AddressArgs, Format, JournalCommand, Listing, VaultArg},
    output::results,
};
use crate::{
    canon,
    ceremony::{self, CeremonyError, Refusal},
    device::{Folder, complain},
    exchange::{Parcel, Shelf},
    hatch::{self, DONE, Exported, Failure, REFUSED},
    journal,
    qr::{Carrier, Density},
    review::WIDTH,
    text::{self, Name},
    vault::Vault,
    wallet::{self, Wallet},
};

fn open(vault: &VaultArg) -> Result<Vault, Failure> {
    Ok(ceremony::open(&Folder::at(&vault.path), vault.expect_id.as_deref())?)
}

fn page(value: &Value) -> Result<u8, Failure> {
    results(&canon::document(value).map_err(|error| Failure::input(error.to_string()))?)
}

fn lines(lines: &[String]) -> Result<u8, Failure> {
    results(&lines.iter().map(|line| format!("{line}\n")).collect::<String>())
}

pub(super) fn show(arg: &VaultArg, as_json: bool) -> Result<u8, Failure> {
    let vault = open(arg)?;
    let statement = vault.statement();
    if as_json {
        let document = statement.document().map_err(|error| Failure::input(error.to_string()))?;
        return results(&document);
    }
    lines(&hatch::statement(&vault))
}

pub(super) fn check(arg: &VaultArg, as_json: bool) -> Result<u8, Failure> {
    let vault = open(arg)?;
    let journal = vault.journal();
    let checked = hatch::checked(&vault)?;
    if as_json {
        return page(&json!({
            "words": vault.statement().words(),
            "vault_id": vault.statement().vault_id().to_string(),
            "statement": vault.statement().digest().to_string(),
            "network": vault.statement().network().name(),
            "journal_count": journal.count(),
            "journal_head": journal.head().to_string(),
            "journal_signed_up_to": journal.signed_up_to(),
            "shares": checked.shares,
            "notices": checked.notices,
        }));
    }
    lines(&checked.lines(&vault))
}

/// Every way to spend, by number of the key.
fn paths(wallet: &Wallet) -> Vec<String> {
    wallet.paths().iter().enumerate().map(|(number, path)| path.in_words(number)).collect()
}

fn named<'a>(vault: &'a Vault, name: &Name) -> Result<&'a Wallet, Failure> {
    let missing = || CeremonyError::from(Refusal::NoWallet(name.clone()));
    Ok(vault.statement().wallet(name).ok_or_else(missing)?)
}

pub(super) fn wallets(arg: &VaultArg, as_json: bool) -> Result<u8, Failure> {
    let vault = open(arg)?;
    let wallets = vault.statement().wallets();
    if as_json {
        let mut list = Vec::new();
        for wallet in wallets {
            let ours = wallet.keys().iter().filter(|key| key.ours).count();
            let keys = wallet.keys().iter().map(|key| json!({ "key": key.expression(), "ours": key.ours }));
            list.push(json!({
                "name": wallet.name().as_str(),
                "script": hatch::kind(wallet),
                "descriptor": wallet.descriptor(),
                "keys": keys.collect::<Vec<_>>(),
                "keys_of_this_vault": ours,
                "paths": paths(wallet),
                "first_address": hatch::first_address(wallet)?,
            }));
        }
        return page(&Value::Array(list));
    }
    if wallets.is_empty() {
        complain("The vault has no wallet yet: `strongroom wallet add` registers one.");
    }
    lines(&hatch::wallets(wallets, str::to_owned)?)
}

pub(super) fn export(arg: &VaultArg, name: &Name, format: Format, show: bool) -> Result<u8, Failure> {
    if show {
        air::can_show("leave --show out: the export goes to standard output")?;
    }
    let vault = open(arg)?;
    let wallet = named(&vault, name)?;
    let Exported { text, kind, written } = hatch::exported(&vault, wallet, format.into())?;
    if show {
        let bytes = text.as_bytes();
        let parcel = Parcel { kind, bytes, carrier: Carrier::Ur };
        return air::show(parcel, Density::Normal, Shelf::Kept).map(|()| DONE);
    }
    results(&format!("{}\n", written.trim_end_matches('\n')))
}

pub(super) fn address(args: &AddressArgs) -> Result<u8, Failure> {
    let vault = open(&args.vault)?;
    if let Some(address) = &args.find {
        return find(&vault, address);
    }
    let Some(name) = &args.name else { return Err(Failure::input("a wallet's name is missing")) };
    let wallet = named(&vault, name)?;
    let branch = if args.change {
        wallet.change_branch().ok_or_else(|| Failure::input(format!("wallet `{name}` has no change branch")))?
    } else {
        wallet.receive_branch()
    };
    let form = match args.format {
        Listing::Text => wallet::Form::Text,
        Listing::Csv => wallet::Form::Csv,
        Listing::Json => wallet::Form::Json,
    };
    let (first, last) = args.index;
    results(&wallet::listing(wallet, branch, first..last.saturating_add(1), form)?)
}

fn find(vault: &Vault, address: &str) -> Result<u8, Failure> {
    let statement = vault.statement();
    let found = wallet::find(statement.wallets(), address, statement.network())
        .map_err(|error| Failure::input(error.to_string()))?;
    match found {
        Some(found) => {
            let name =
                statement.wallets().get(found.wallet).map(|wallet| wallet.name().to_string()).unwrap_or_default();
            results(&format!("wallet {name}, branch {}, index {}\n", found.branch, found.index))
        }
        None => Err(Failure::new(
            REFUSED,
            format!("no wallet of this vault has this address below index {}", crate::limits::FIND_GAP),
        )),
    }
}

pub(super) fn journal(command: JournalCommand) -> Result<u8, Failure> {
    match command {
        JournalCommand::Show { vault, json } => {
            let vault = open(&vault)?;
            if json {
                let whole = vault.journal().bytes();
                let end = whole.len().saturating_sub(vault.journal().torn().unwrap_or(0));
                return super::output::emit(None, whole.get(..end).unwrap_or_default());
            }
            let words = journal::all_in_words(vault.journal(), vault.statement().network());
            lines(&words.iter().flat_map(|line| text::folded(line, WIDTH)).collect::<Vec<_>>())
        }
        JournalCommand::Verify { vault, json } => {
            let vault = open(&vault)?;
            let journal = vault.journal();
            if json {
                return page(&json!({
                    "count": journal.count(),
                    "head": journal.head().to_string(),
                    "signed_up_to": journal.signed_up_to(),
                    "torn_bytes": journal.torn(),
                }));
            }
            lines(&hatch::verified(journal))
        }
        JournalCommand::Head { vault, json } => {
            let vault = open(&vault)?;
            let journal = vault.journal();
            if json {
                let head = journal.head();
                return page(&json!({ "count": journal.count(), "head": head.to_string(), "words": head.words(12) }));
            }
            lines(&journal::head_lines(journal.count(), journal.head()))
        }
    }
}
