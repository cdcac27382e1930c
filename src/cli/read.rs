//! Commands that need no secret and write nothing: statement, wallets, addresses, journal.

use serde_json::{Value, json};

use super::{
    air,
    args::{AddressArgs, Format, JournalCommand, Listing, VaultArg},
    exit::{DONE, Failure, INTEGRITY},
    output::results,
};
use crate::{
    canon,
    ceremony::{self, CeremonyError, Refusal},
    device::{Folder, complain},
    exchange::Parcel,
    journal,
    qr::{self, Carrier, Density, Kind},
    review::WIDTH,
    text::{self, Name},
    vault::{ShareState, Vault},
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
    let core = statement.core();
    let roster = statement.roster();
    let mut page = vec!["vault words".to_owned()];
    page.extend(text::in_rows(&statement.words()));
    page.extend([
        format!("vault id    {}", statement.vault_id()),
        format!("network     {}", statement.network()),
        format!("epoch       {}, sequence {}", core.epoch, core.sequence),
        format!("statement   {}", statement.digest()),
        format!("quorum      {} of {}", roster.threshold(), roster.custodians().len()),
    ]);
    page.extend(roster.custodians().iter().map(|custodian| format!("  {}", custodian.name)));
    page.push(format!("wallets     {}", statement.wallets().len()));
    for wallet in statement.wallets() {
        page.push(format!("  {}  {}", wallet.name(), kind(wallet)));
        page.extend(spending(wallet));
    }
    page.push("policy".to_owned());
    page.extend(
        statement.policy().sentences().iter().flat_map(|sentence| text::folded(&format!("  {sentence}"), WIDTH)),
    );
    page.extend(journal::head_lines(vault.journal().count(), vault.journal().head()));
    page.extend(vault.notices().iter().map(|notice| format!("note: {notice}")));
    lines(&page)
}

pub(super) fn check(arg: &VaultArg, as_json: bool) -> Result<u8, Failure> {
    let vault = open(arg)?;
    let journal = vault.journal();
    let notices: Vec<String> = vault.notices().iter().map(ToString::to_string).collect();
    let mut shares = Vec::new();
    let mut torn = Vec::new();
    let report = vault.check();
    let whole = report.is_whole();
    for (name, state) in report.shares {
        match state {
            ShareState::Elsewhere => {}
            ShareState::Good { torn: beside, .. } => {
                shares.push(name.to_string());
                torn.extend(beside);
            }
            ShareState::Bad(error) => return Err(CeremonyError::from(error).into()),
        }
    }
    let notices: Vec<String> = notices.into_iter().chain(torn).collect();
    if !whole {
        let what = notices.join("; ");
        return Err(Failure::new(INTEGRITY, format!("the vault can be used, but it is not whole: {what}"))
            .remedy("take a copy that is whole, or let the next change of the vault write that slot anew"));
    }
    if as_json {
        return page(&json!({
            "words": vault.statement().words(),
            "vault_id": vault.statement().vault_id().to_string(),
            "statement": vault.statement().digest().to_string(),
            "network": vault.statement().network().name(),
            "journal_count": journal.count(),
            "journal_head": journal.head().to_string(),
            "journal_signed_up_to": journal.signed_up_to(),
            "shares": shares,
            "notices": notices,
        }));
    }
    let mut page = vec![
        "whole: every signature and digest of statement, journal and embedded shares holds".to_owned(),
        format!(
            "journal: {}, signed up to line {}",
            text::count(usize::try_from(journal.count()).unwrap_or(usize::MAX), "line"),
            journal.signed_up_to()
        ),
    ];
    if !shares.is_empty() {
        page.push(format!("embedded shares: {}", shares.join(", ")));
    }
    page.extend(notices.iter().map(|notice| format!("note: {notice}")));
    page.push("these are its words; that it is yours, only your own paper can tell:".to_owned());
    page.extend(text::in_rows(&vault.statement().words()));
    lines(&page)
}

fn kind(wallet: &Wallet) -> String {
    wallet.kind().in_words(wallet.keys().len())
}

/// Every way to spend, by number of the key.
fn paths(wallet: &Wallet) -> Vec<String> {
    wallet.paths().iter().enumerate().map(|(number, path)| path.in_words(number)).collect()
}

/// How a wallet's coins are spent, below its line.
fn spending(wallet: &Wallet) -> Vec<String> {
    wallet.spending_in_words().iter().flat_map(|path| text::folded(&format!("    {path}"), WIDTH)).collect()
}

fn named<'a>(vault: &'a Vault, name: &Name) -> Result<&'a Wallet, Failure> {
    let missing = || CeremonyError::from(Refusal::NoWallet(name.clone()));
    Ok(vault.statement().wallet(name).ok_or_else(missing)?)
}

pub(super) fn wallets(arg: &VaultArg, as_json: bool) -> Result<u8, Failure> {
    let vault = open(arg)?;
    let wallets = vault.statement().wallets();
    let first = |wallet: &Wallet| -> Result<String, Failure> {
        Ok(wallet::addresses(wallet, wallet.receive_branch(), 0..1)?.pop().unwrap_or_default())
    };
    if as_json {
        let mut list = Vec::new();
        for wallet in wallets {
            let ours = wallet.keys().iter().filter(|key| key.ours).count();
            let keys = wallet.keys().iter().map(|key| json!({ "key": key.expression(), "ours": key.ours }));
            list.push(json!({
                "name": wallet.name().as_str(),
                "script": kind(wallet),
                "descriptor": wallet.descriptor(),
                "keys": keys.collect::<Vec<_>>(),
                "keys_of_this_vault": ours,
                "paths": paths(wallet),
                "first_address": first(wallet)?,
            }));
        }
        return page(&Value::Array(list));
    }
    if wallets.is_empty() {
        complain("The vault has no wallet yet: `strongroom wallet add` registers one.");
    }
    let mut list = Vec::new();
    for wallet in wallets {
        list.push(format!("{}  {}", wallet.name(), kind(wallet)));
        list.extend(spending(wallet));
        let ours = wallet.keys().iter().zip(1usize..).filter(|(key, _)| key.ours);
        let ours: Vec<String> = ours.map(|(_, number)| number.to_string()).collect();
        list.push(format!("    keys of this vault: {}", ours.join(", ")));
        list.push(format!("    first address: {}", first(wallet)?));
        list.push(format!("  {}", wallet.descriptor()));
    }
    lines(&list)
}

pub(super) fn export(arg: &VaultArg, name: &Name, format: Format, show: bool) -> Result<u8, Failure> {
    if show {
        air::can_show("leave --show out: the export goes to standard output")?;
    }
    let vault = open(arg)?;
    let wallet = named(&vault, name)?;
    let refused = |error: &dyn std::fmt::Display| Failure::input(error.to_string());
    let text = match format {
        Format::Descriptor => wallet::descriptor(wallet),
        Format::Core => wallet::core(wallet).map_err(|error| refused(&error))?,
        Format::Generic => wallet::generic(wallet, vault.statement().wallets()).map_err(|error| refused(&error))?,
        Format::UrAccount => wallet::account_for_ur(wallet).map_err(|error| refused(&error))?,
        Format::UrOutput => wallet::for_ur(wallet).map_err(|error| refused(&error))?,
        Format::UrHdkey => wallet::key_for_ur(wallet).map_err(|error| refused(&error))?,
    };
    let keys = match format {
        Format::Descriptor | Format::Core | Format::Generic => None,
        Format::UrAccount => Some(Kind::Account),
        Format::UrOutput => Some(Kind::Descriptor),
        Format::UrHdkey => Some(Kind::Key),
    };
    let written = match keys {
        Some(kind) => qr::ur_of_keys(kind, &text)
            .map_err(|error| refused(&error).remedy("export the descriptor, and show that"))?,
        None => text.clone(),
    };
    if show {
        let bytes = text.as_bytes();
        let kind = keys.unwrap_or_else(|| qr::kind_of_bytes(bytes));
        return air::show(Parcel { kind, bytes, carrier: Carrier::Ur }, Density::Normal).map(|()| DONE);
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
            super::exit::REFUSED,
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
            let words = journal::all_in_words(vault.journal());
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
            let mut said = vec![
                "whole: every line names the one before it, every ballot and every closing signature holds".to_owned(),
            ];
            said.extend(journal.standing());
            lines(&said)
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
