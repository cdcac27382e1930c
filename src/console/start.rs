//! The first screens: which vault, and what is done with it.
//!
//! Floor 6.

use std::path::{Path, PathBuf};

use super::{
    board::Entry, create, custodians, face::Face, files, live::Offer, policy, seat::Seat, sign, sticks, wallets,
};
use crate::{
    device::{Folder, Glass, Stick, Sticks, listing, whole_path},
    hatch::{self, DONE, Failure, Places},
    journal, limits,
    port::{DeviceError, Store},
    text::{count, printable},
    vault,
};

/// The guided screens, in a folder with vaults or before one. They end when the person leaves.
///
/// # Errors
/// There is no terminal that can show them, or it went away.
pub fn run(folder: Option<&Path>) -> Result<u8, Failure> {
    let folder = folder.unwrap_or(Path::new("."));
    if !Folder::at(folder).exists() {
        let what = format!("there is no folder `{}`", printable(&folder.to_string_lossy()));
        return Err(Failure::input(what).remedy("name a vault's folder, or a folder in which vaults lie"));
    }
    let glass = Glass::take().map_err(|_| {
        Failure::input("the guided screens need a terminal that obeys control sequences, and there is none")
            .remedy("`strongroom --help` names the commands that do the same")
    })?;
    let face = Face::new(glass, None);
    let folder = whole_path(folder);
    let gone = |error: DeviceError| Failure::from(error);
    if is_vault(&folder) {
        before(&face, &folder, None).map_err(gone)?;
        return Ok(DONE);
    }
    choose(&face, folder).map_err(gone)?;
    Ok(DONE)
}

/// The guided screens of the appliance, which knows sticks and no folders: what the machine found, the vaults that are
/// plugged in, and switching off. `about` says what the machine's checks found.
///
/// # Errors
/// The terminal is gone.
pub fn sit(about: &str, sticks: Sticks) -> Result<(), DeviceError> {
    let face = Face::new(Glass::take()?, Some(sticks.clone()));
    while !machine(&face, about, &sticks, "Enter: go on   Esc: switch off   ?: help")? {
        if off(&face)? {
            return Ok(());
        }
    }
    sticks.settled()?;
    loop {
        face.belongs("");
        face.begins("Vaults", &[]);
        // Whoever went on without taking a stick out goes on with it.
        sticks::open_again(&sticks);
        let mut found = Vec::new();
        let chosen = face.choose_among("which vault?", &mut || {
            let on_stick = |stick: &Stick| vaults(&sticks.folder(&stick.name));
            found = sticks::readable(&sticks).iter().flat_map(on_stick).collect();
            let mut entries: Vec<Entry> = found.iter().map(|path| on_stick_entry(&sticks, path)).collect();
            entries.push(Entry::new("Make a vault", "the ceremony of creation"));
            entries.push(Entry::new("Take a stick out", "any that is plugged in"));
            entries.push(Entry::new("This machine", "what it found, and what is plugged in"));
            entries.push(Entry::new("Switch off", ""));
            let mut intro = sticks::broken(&sticks);
            intro.extend(sticks::shut_out(&sticks));
            if found.is_empty() {
                intro.push("Plug in the stick with the vault.".to_owned());
            }
            Offer::Choices(intro, entries)
        })?;
        match chosen.map(|chosen| chosen.checked_sub(found.len()).ok_or(chosen)) {
            Some(Err(vault)) => {
                if let Some(path) = found.into_iter().nth(vault) {
                    before(&face, &path, None)?;
                }
            }
            Some(Ok(0)) => {
                if let Some((path, words)) = create::create(&face, &sticks.folder(""))? {
                    before(&face, &path, Some(words))?;
                }
            }
            Some(Ok(1)) => sticks::take_out(&face)?,
            Some(Ok(2)) => drop(machine(&face, about, &sticks, "Enter: go on   ?: help")?),
            Some(Ok(_)) | None => {
                if off(&face)? {
                    return Ok(());
                }
            }
        }
    }
}

/// What the machine found, and what is plugged in.
fn machine(face: &Face, about: &str, sticks: &Sticks, keys: &str) -> Result<bool, DeviceError> {
    face.belongs("");
    face.begins("This machine", &[]);
    let heading = format!("Strongroom {}", env!("CARGO_PKG_VERSION"));
    face.watch(&heading, keys, &mut || {
        let mut lines: Vec<String> = about.lines().map(str::to_owned).collect();
        let attack = "Plugged in. A keyboard that you did not plug in: switch off.";
        lines.extend([String::new(), attack.to_owned()]);
        lines.extend(sticks::plugged(sticks));
        lines.push(String::new());
        lines.push(watched(sticks.boot_media()));
        Some(lines)
    })
}

/// What pulling the boot medium does, where so many look like it.
fn watched(media: usize) -> String {
    match media {
        0 => "The boot medium is not watched.".to_owned(),
        1 => "Pulling the boot stick switches the machine off.".to_owned(),
        many => format!(
            "{many} sticks look like the boot stick. Pulling any of them switches the machine off. If you plugged in one, somebody gave you a false stick: switch off."
        ),
    }
}

/// Asked once.
fn off(face: &Face) -> Result<bool, DeviceError> {
    let entries = [Entry::new("Stay", ""), Entry::new("Switch off", "what is in memory is gone then")];
    Ok(face.choose("switch the machine off?", &[], &entries, 0)? == Some(1))
}

fn on_stick_entry(sticks: &Sticks, path: &Path) -> Entry {
    let stick = sticks.holding(path).map(|(stick, _)| stick).unwrap_or_default();
    Entry::new(Places::new(path, Vec::new()).vault_name(), format!("on the stick \"{stick}\""))
}

/// Whether a vault lies in this folder: it has a slot or a journal.
fn is_vault(path: &Path) -> bool {
    let names = Folder::at(path).names().unwrap_or_default();
    names.iter().any(|name| vault::is_of_a_vault(name))
}

/// Vaults in a folder, and in the folders in it, as far as so many names go.
fn vaults(folder: &Path) -> Vec<PathBuf> {
    let mut left = limits::FOLDER_NAMES;
    let mut look = |path: &Path| {
        let all = if left == 0 { Vec::new() } else { listing(path).unwrap_or_default() };
        left = left.saturating_sub(all.len().max(1));
        let is_vault = all.iter().any(|listed| listed.is_file && vault::is_of_a_vault(&listed.name));
        let inside = all.into_iter().filter(|listed| !listed.is_file).map(|listed| path.join(listed.name));
        (is_vault, inside.collect::<Vec<_>>())
    };
    let mut found = Vec::new();
    for path in look(folder).1 {
        let (is_vault, inside) = look(&path);
        if is_vault {
            found.push(path);
        } else {
            found.extend(inside.into_iter().filter(|path| look(path).0));
        }
    }
    found
}

/// Which vault.
fn choose(face: &Face, mut folder: PathBuf) -> Result<(), DeviceError> {
    loop {
        face.belongs("");
        face.begins("Vaults", &[]);
        let mut paths = vaults(&folder);
        let name = |path: &PathBuf| printable(&path.strip_prefix(&folder).unwrap_or(path).to_string_lossy());
        let mut entries: Vec<Entry> = paths.iter().map(|path| Entry::new(name(path), "open this vault")).collect();
        let known = entries.len();
        entries.push(Entry::new("Make a vault", "the ceremony of creation"));
        entries.push(Entry::new("Another folder", "to look for vaults in"));
        entries.push(Entry::new("Leave", ""));
        let intro = [format!("in {}", printable(&folder.to_string_lossy()))];
        match face.choose("which vault?", &intro, &entries, 0)? {
            Some(chosen) if chosen < known => before(face, &paths.swap_remove(chosen), None)?,
            Some(chosen) if chosen == known => {
                if let Some((path, words)) = create::create(face, &folder)? {
                    before(face, &path, Some(words))?;
                }
            }
            Some(chosen) if chosen == known.saturating_add(1) => {
                let chosen = files::folder(face, "in which folder are the vaults?", &folder)?;
                match chosen {
                    Some(path) if is_vault(&path) => before(face, &path, None)?,
                    Some(path) => folder = path,
                    None => {}
                }
            }
            Some(_) | None => {
                if leaves(face)? {
                    return Ok(());
                }
            }
        }
    }
}

fn leaves(face: &Face) -> Result<bool, DeviceError> {
    let entries = [Entry::new("Stay", ""), Entry::new("Leave", "the guided screens end")];
    Ok(face.choose("leave?", &[], &entries, 0)? == Some(1))
}

type Work = fn(&Seat) -> Result<(), DeviceError>;

/// What is done with a vault: name, what it is about, and the work.
const CHOICES: [(&str, &str, Work); 7] = [
    ("Sign a transaction", "review, ballots, signatures", sign::sign),
    ("Look at a transaction", "the review alone; nothing is signed", sign::look),
    ("Wallets", "addresses, descriptions, new wallets", wallets::menu),
    ("Custodians", "drills, passphrases", custodians::menu),
    ("Policy", "read, try, change", policy::menu),
    ("Journal", "what was done, and its head", past),
    ("State", "words, quorum, wallets, policy; a check of everything", state),
];

/// Before one vault, whose words are known where it was made just now.
fn before(face: &Face, path: &Path, words: Option<String>) -> Result<(), DeviceError> {
    let seat = Seat::before(face, path, words);
    let mut entries = CHOICES.map(|(name, about, _)| Entry::new(name, about)).to_vec();
    entries.push(Entry::new("Back", ""));
    let mut at = 0;
    loop {
        face.belongs("");
        face.begins("Vault", &[]);
        seat.lets_go()?;
        let Some(vault) = seat.shown(seat.vault())? else { return Ok(()) };
        let statement = vault.statement();
        let real = if statement.network().is_mainnet() { "real coins" } else { "test coins" };
        let name = seat.name();
        face.belongs(&format!("{name}  {} ({real})", statement.network()));
        if !seat.knows(&vault)? {
            break;
        }
        let roster = statement.roster();
        let mut intro = vec![format!(
            "{} of {} custodians approve. The journal has {}, signed up to line {}.",
            roster.threshold(),
            roster.custodians().len(),
            count(usize::try_from(vault.journal().count()).unwrap_or(usize::MAX), "line"),
            vault.journal().signed_up_to()
        )];
        intro.extend(vault.notices().iter().map(|notice| format!("note: {notice}")));
        drop(vault);
        let Some(chosen) = face.choose("what is to be done?", &intro, &entries, at)? else { break };
        at = chosen;
        match CHOICES.get(chosen) {
            Some((_, _, work)) => work(&seat)?,
            None => break,
        }
    }
    match seat.stick() {
        Some(stick) => sticks::leave(face, &[stick]),
        None => Ok(()),
    }
}

/// The journal.
fn past(seat: &Seat) -> Result<(), DeviceError> {
    let entries = [
        Entry::new("The head", "to write down, and to compare at the next ceremony"),
        Entry::new("All lines", "in words"),
        Entry::new("How far it is proven", "every line, every ballot, every closing signature"),
    ];
    let mut at = 0;
    loop {
        seat.face.begins("Journal", &[]);
        let Some(vault) = seat.shown(seat.vault())? else { return Ok(()) };
        let journal = vault.journal();
        let Some(chosen) = seat.face.choose("the journal", &[], &entries, at)? else { return Ok(()) };
        at = chosen;
        match chosen {
            0 => seat.face.read("the head", &journal::head_lines(journal.count(), journal.head()))?,
            1 => seat.face.read("all lines", &journal::all_in_words(journal, vault.statement().network()))?,
            _ => seat.face.read("how far it is proven", &hatch::verified(journal))?,
        }
    }
}

/// What the vault says of itself, and whether it is whole.
fn state(seat: &Seat) -> Result<(), DeviceError> {
    let entries =
        [Entry::new("In words", "the public statement"), Entry::new("Check everything", "signatures and digests")];
    let mut at = 0;
    loop {
        seat.face.begins("State", &[]);
        let Some(chosen) = seat.face.choose("the vault's state", &[], &entries, at)? else { return Ok(()) };
        at = chosen;
        let Some(vault) = seat.shown(seat.vault())? else { return Ok(()) };
        if chosen == 0 {
            seat.face.read("the vault in words", &hatch::statement(&vault))?;
        } else if let Some(checked) = seat.shown(hatch::checked(&vault))? {
            seat.face.read("checked", &checked.lines(&vault))?;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_boot_stick_is_told() {
        assert!(watched(0).contains("not watched") && watched(1).starts_with("Pulling the boot stick"));
        assert!(watched(2).starts_with("2 sticks look like the boot stick") && !watched(1).contains("look like"));
    }

    #[test]
    fn vaults_are_looked_for_in_as_many_names_as_a_folder_may_have() {
        let dir = tempfile::tempdir().unwrap();
        let made = |path: &str| {
            std::fs::create_dir_all(dir.path().join(path)).unwrap();
            std::fs::write(dir.path().join(path).join("journal"), "").unwrap();
        };
        made("a.vault");
        made("deep/b.vault");
        made("deep/er/c.vault");
        assert_eq!(vaults(dir.path()), [dir.path().join("a.vault"), dir.path().join("deep/b.vault")]);
        for folder in 0..3 {
            for number in 0..limits::FOLDER_NAMES / 2 {
                std::fs::create_dir_all(dir.path().join(format!("c{folder}/{number}"))).unwrap();
            }
        }
        made("c0/z.vault");
        made("z.vault");
        // Those that come first by name are found; what is behind thousands of folders is not looked for.
        assert_eq!(vaults(dir.path()), [dir.path().join("a.vault")]);
    }
}
