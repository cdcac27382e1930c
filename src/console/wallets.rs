//! Wallets: what there is, their addresses, their descriptions for coordinators, new ones.
//!
//! Floor 6.

use std::{ops::Range, sync::Arc};

use super::{board::Entry, carry, files, seat::Seat};
use crate::{
    ceremony::{self, AddWallet},
    device::read_file,
    exchange::Parcel,
    hatch::{self, Export, Failure},
    limits,
    port::{DeviceError, Effort, Screen, Step, Steps},
    qr::{Carrier, Kind},
    text::{Name, count, in_fours, printable},
    vault::Vault,
    wallet::{self, Form, Wallet},
};

const ADD: &[Step] = &[Step::Plan, Step::Vault, Step::Review, Step::Ballots, Step::Work, Step::Confirm];
const XPUB: &[Step] = &[Step::Plan, Step::Vault, Step::Review, Step::Ballots, Step::Work, Step::Confirm, Step::Return];
/// Addresses that are listed at once.
const LISTED: u32 = 100;

/// The menu.
pub(super) fn menu(seat: &Seat) -> Result<(), DeviceError> {
    let entries = [
        Entry::new("Addresses", "of a wallet, to compare or to pay to"),
        Entry::new("All wallets", "keys, ways to spend, first addresses, descriptors"),
        Entry::new("Whose address?", "which wallet an address belongs to"),
        Entry::new("Export", "a wallet's description for a coordinator, as codes or a file"),
        Entry::new("A new wallet", "of one key, at its BIP44/49/84/86 account; by quorum"),
        Entry::new("A descriptor", "register a wallet from a descriptor's file; by quorum"),
        Entry::new("Hand out a key", "an extended public key for a shared wallet; by quorum"),
    ];
    let mut at = 0;
    loop {
        seat.face.begins("Wallets", &[]);
        let Some(vault) = seat.shown(seat.vault())? else { return Ok(()) };
        let intro = [format!("The vault has {}.", count(vault.statement().wallets().len(), "wallet"))];
        let Some(chosen) = seat.face.choose("wallets", &intro, &entries, at)? else { return Ok(()) };
        at = chosen;
        match chosen {
            0 => addresses(seat, &vault)?,
            1 => {
                let lines = hatch::wallets(vault.statement().wallets(), in_fours).map_err(Failure::from);
                if let Some(lines) = seat.shown(lines)? {
                    seat.face.read("all wallets", &lines)?;
                }
            }
            2 => whose(seat, &vault)?,
            3 => export(seat, &vault)?,
            4 => add_account(seat)?,
            5 => add_descriptor(seat)?,
            _ => hand_out(seat, &vault)?,
        }
    }
}

/// One of the vault's wallets.
fn which<'a>(seat: &Seat, vault: &'a Vault) -> Result<Option<&'a Wallet>, DeviceError> {
    let all = vault.statement().wallets();
    if all.is_empty() {
        let line = "The vault has no wallet yet: `A new wallet` and `A descriptor` register one.".to_owned();
        seat.face.read("no wallet", &[line])?;
        return Ok(None);
    }
    let entries: Vec<Entry> = all.iter().map(|one| Entry::new(one.name().as_str(), hatch::kind(one))).collect();
    Ok(seat.face.choose("which wallet?", &[], &entries, 0)?.and_then(|chosen| all.get(chosen)))
}

fn addresses(seat: &Seat, vault: &Vault) -> Result<(), DeviceError> {
    let Some(wallet) = which(seat, vault)? else { return Ok(()) };
    let (mut first, mut at) = (0u32, 0);
    loop {
        let range = first..first.saturating_add(LISTED);
        let mut entries = vec![Entry::new("Receive", format!("{LISTED} addresses from {first} on"))];
        entries.push(Entry::new("Other indices", "from another index on"));
        entries.push(Entry::new("To a file", "the same receive addresses, for a deposit service"));
        if wallet.change_branch().is_some() {
            entries.push(Entry::new("Change", format!("{LISTED} addresses from {first} on")));
            entries.push(Entry::new("Change to a file", "the same change addresses"));
        }
        let heading = format!("addresses of `{}`", wallet.name());
        let Some(chosen) = seat.face.choose(&heading, &[], &entries, at)? else { return Ok(()) };
        at = chosen;
        let change = || wallet.change_branch().unwrap_or_else(|| wallet.receive_branch());
        match chosen {
            0 => listed(seat, wallet, wallet.receive_branch(), range)?,
            1 => {
                let read = |typed: &str| {
                    let index = typed.parse::<u32>().ok().filter(|index| *index < (1 << 31) - LISTED);
                    index.ok_or_else(|| "A number below 2147483548".to_owned())
                };
                first = seat.face.value(&[], "from which index on?", read)?.unwrap_or(first);
            }
            2 => listing(seat, wallet, wallet.receive_branch(), range)?,
            3 => listed(seat, wallet, change(), range)?,
            _ => listing(seat, wallet, change(), range)?,
        }
    }
}

/// Addresses to read, in groups of four letters.
fn listed(seat: &Seat, wallet: &Wallet, branch: u32, indices: Range<u32>) -> Result<(), DeviceError> {
    let all = wallet::addresses(wallet, branch, indices.clone()).map_err(Failure::from);
    let Some(all) = seat.shown(all)? else { return Ok(()) };
    let line = |(index, address): (u32, &String)| format!("{index:>6}  {}", in_fours(address));
    let lines: Vec<String> = indices.zip(&all).map(line).collect();
    seat.face.read(&format!("{} addresses of `{}` (branch {branch})", kind(wallet, branch), wallet.name()), &lines)
}

/// What a branch of a wallet is for, as the menu calls it.
fn kind(wallet: &Wallet, branch: u32) -> &'static str {
    if branch == wallet.receive_branch() { "receive" } else { "change" }
}

/// The same as a file.
fn listing(seat: &Seat, wallet: &Wallet, branch: u32, indices: Range<u32>) -> Result<(), DeviceError> {
    let forms = [
        (Form::Text, "text", "an address a line", ".txt"),
        (Form::Csv, "csv", "branch, index, address", ".csv"),
        (Form::Json, "json", "the same as JSON", ".json"),
    ];
    let entries: Vec<Entry> = forms.iter().map(|(_, name, about, _)| Entry::new(*name, *about)).collect();
    let chosen = seat.face.choose("which form?", &[], &entries, 0)?;
    let Some((form, _, _, end)) = chosen.and_then(|chosen| forms.get(chosen)) else { return Ok(()) };
    let text = wallet::listing(wallet, branch, indices, *form).map_err(Failure::from);
    let Some(text) = seat.shown(text)? else { return Ok(()) };
    carry::write(seat, (&format!("{}.addresses", wallet.name()), end), text.as_bytes()).map(drop)
}

fn whose(seat: &Seat, vault: &Vault) -> Result<(), DeviceError> {
    let statement = vault.statement();
    let read = |typed: &str| {
        let plain: String = typed.split_whitespace().collect();
        let script = wallet::script_of(&plain, statement.network()).map_err(|error| error.to_string())?;
        Ok((plain, script))
    };
    let Some((address, script)) =
        seat.face.value(&["Blanks between its letters do not matter."], "the address:", read)?
    else {
        return Ok(());
    };
    let steps = Arc::new(Steps::of(wallet::places(statement.wallets(), &script, limits::FIND_GAP)));
    let found =
        seat.face.counts("looking through the addresses of all wallets", &Effort::Steps(Arc::clone(&steps)), || {
            wallet::find_counted(statement.wallets(), &script, limits::FIND_GAP, &|| steps.add(1))
        });
    let wallet = found.and_then(|found| Some((statement.wallets().get(found.wallet)?, found)));
    let line = match wallet {
        Some((wallet, found)) => {
            let (kind, name) = (kind(wallet, found.branch), wallet.name());
            format!("It is a {kind} address of the wallet `{name}`: branch {}, index {}.", found.branch, found.index)
        }
        None => format!("No wallet of this vault has this address below index {}.", limits::FIND_GAP),
    };
    let address = format!("  {}", in_fours(&printable(&address)));
    seat.face.read("whose address it is", &[address, String::new(), line])
}

const FORMATS: [(Export, &str, &str, &str); 6] = [
    (Export::Descriptor, "descriptor", "one line with checksum", ".txt"),
    (Export::Core, "core", "importdescriptors of Bitcoin Core, JSON", ".json"),
    (Export::Generic, "generic", "the generic JSON that coordinators read", ".json"),
    (Export::UrAccount, "ur-account", "the account, for codes: wallets of one key", ".txt"),
    (Export::UrOutput, "ur-output", "the descriptor, for codes", ".txt"),
    (Export::UrHdkey, "ur-hdkey", "the vault's own key with its origin, for codes", ".txt"),
];

fn export(seat: &Seat, vault: &Vault) -> Result<(), DeviceError> {
    let Some(wallet) = which(seat, vault)? else { return Ok(()) };
    let entries: Vec<Entry> = FORMATS.iter().map(|(_, name, about, _)| Entry::new(*name, *about)).collect();
    let Some(chosen) = seat.face.choose("which format?", &[], &entries, 0)? else { return Ok(()) };
    let Some((format, _, _, end)) = FORMATS.get(chosen) else { return Ok(()) };
    let Some(exported) = seat.shown(hatch::exported(vault, wallet, *format))? else { return Ok(()) };
    let bytes = format!("{}\n", exported.written.trim_end_matches('\n')).into_bytes();
    let (name, parcel) = ((wallet.name().as_str(), *end), (exported.kind, exported.text.as_bytes()));
    give(seat, &Gift { name, file: &bytes, parcel, approved: false })
}

/// Something public that leaves.
struct Gift<'a> {
    /// How the file is called: stem and end.
    name: (&'a str, &'a str),
    file: &'a [u8],
    parcel: (Kind, &'a [u8]),
    /// Whether custodians approved it, and have to do so again once it is left.
    approved: bool,
}

/// It leaves by codes or by a file, or is read; where custodians approved it, it is asked before it is left without.
fn give(seat: &Seat, gift: &Gift<'_>) -> Result<(), DeviceError> {
    let entries = [
        Entry::new("Show it as codes", "for the other side's camera"),
        Entry::new("Write it to a file", ""),
        Entry::new("Read it here", ""),
    ];
    let mut left = !gift.approved;
    loop {
        let intro = ["It cannot spend. Whoever has it can see what the wallet receives and pays.".to_owned()];
        match seat.face.choose("how does it leave?", &intro, &entries, 0)? {
            None if left || carry::leaves(seat, "key")? => return Ok(()),
            None => {}
            Some(0) => {
                let (kind, bytes) = gift.parcel;
                left |= carry::show(seat, Parcel { kind, bytes, carrier: Carrier::Ur })?;
            }
            Some(1) => left |= carry::write(seat, gift.name, gift.file)?,
            Some(_) => {
                let text = String::from_utf8_lossy(gift.file);
                let lines: Vec<String> = text.lines().map(str::to_owned).collect();
                seat.face.read(gift.name.0, &lines)?;
                left = true;
            }
        }
    }
}

/// A wallet's name.
fn name(seat: &Seat) -> Result<Option<Name>, DeviceError> {
    let read = |typed: &str| typed.parse::<Name>().map_err(|error| error.to_string());
    seat.face.value(&["A name has 1 to 32 small letters, digits, - or _; nobody outside sees it."], "the name:", read)
}

/// Whoever goes back comes to the question before.
fn add_account(seat: &Seat) -> Result<(), DeviceError> {
    const DOING: &str = "A new wallet";
    seat.face.begins(DOING, ADD);
    let scripts = [
        ("wpkh", "bc1q…, native segwit (BIP84): what most wallets use"),
        ("tr", "bc1p…, taproot (BIP86)"),
        ("sh-wpkh", "3…, nested segwit (BIP49)"),
        ("pkh", "1…, legacy (BIP44)"),
    ];
    let entries: Vec<Entry> = scripts.iter().map(|(script, about)| Entry::new(*script, *about)).collect();
    let mut at = 0;
    loop {
        let Some(chosen) = seat.face.choose("which kind of addresses?", &[], &entries, at)? else { return Ok(()) };
        at = chosen;
        let Some((script, _)) = scripts.get(chosen) else { return Ok(()) };
        let mut asked = Asked::default();
        while let Some(account) = asked.account(seat)? {
            if let Some(name) = name(seat)? {
                return add(seat, DOING, AddWallet::Account { name, script: (*script).to_owned(), account });
            }
        }
    }
}

/// What was answered about the account.
#[derive(Default)]
struct Asked {
    at: usize,
    number: Option<u32>,
}

impl Asked {
    fn account(&mut self, seat: &Seat) -> Result<Option<u32>, DeviceError> {
        let accounts = [Entry::new("Account 0", "the first"), Entry::new("Another account", "by its number")];
        let read = |typed: &str| {
            let account = typed.parse::<u32>().ok().filter(|account| *account < 1 << 31);
            account.ok_or_else(|| "A number below 2147483648".to_owned())
        };
        loop {
            let Some(chosen) = seat.face.choose("which account?", &[], &accounts, self.at)? else { return Ok(None) };
            self.at = chosen;
            if chosen == 0 {
                return Ok(Some(0));
            }
            let earlier = self.number.map(|number| number.to_string()).unwrap_or_default();
            if let Some(number) = seat.face.value_from(&[], "the account's number:", &earlier, read)? {
                self.number = Some(number);
                return Ok(Some(number));
            }
        }
    }
}

fn add_descriptor(seat: &Seat) -> Result<(), DeviceError> {
    const DOING: &str = "Register a descriptor";
    seat.face.begins(DOING, ADD);
    while let Some(path) = files::file(&seat.face, "which file has the descriptor?", &seat.beside(), |_| true)? {
        let read = read_file(&path, limits::DESCRIPTOR_BYTES).map_err(Failure::from);
        let text = read
            .and_then(|file| String::from_utf8(file).map_err(|_| Failure::input("the descriptor is not UTF-8 text")));
        let Some(text) = seat.shown(text)? else { return Ok(()) };
        if let Some(name) = name(seat)? {
            return add(seat, DOING, AddWallet::Descriptor { name, descriptor: text.trim().to_owned() });
        }
    }
    Ok(())
}

fn add(seat: &Seat, doing: &str, instruction: AddWallet) -> Result<(), DeviceError> {
    if seat.ceremony(doing, ADD, |desk| ceremony::add_wallet(desk, instruction))?.is_some() {
        seat.face.finish("registered")?;
    }
    Ok(())
}

fn hand_out(seat: &Seat, vault: &Vault) -> Result<(), DeviceError> {
    const DOING: &str = "Hand out a key";
    seat.face.begins(DOING, XPUB);
    let coin = if vault.statement().network().is_mainnet() { 0 } else { 1 };
    let intro = format!("For a shared wallet in wsh this is mostly m/48h/{coin}h/0h/2h.");
    let Some(path) = seat.face.value(&[&intro], "the path:", |typed| Ok(typed.to_owned()))? else { return Ok(()) };
    let Some(key) = seat.ceremony(DOING, XPUB, |desk| ceremony::export_xpub(desk, &path))? else { return Ok(()) };
    seat.face.clone().step(Step::Return);
    seat.face.finish("handed out")?;
    let (file, parcel) = (format!("{key}\n"), (Kind::Text, key.as_bytes()));
    give(seat, &Gift { name: ("key", ".txt"), file: file.as_bytes(), parcel, approved: true })
}
