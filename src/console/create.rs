//! Creation: the questions before the ceremony.
//!
//! Floor 6.

use std::path::{Path, PathBuf};

use super::{board::Entry, face::Face, files, fresh::Fresh, policy::text_of};
use crate::{
    ceremony::{Custody, Origin, Throws},
    device::{Folder, read_file},
    hatch::{self, Media, Places, Plan},
    limits,
    network::Network,
    port::{DeviceError, Step, Store},
    text::{Name, count},
};

const NEW: &[Step] = &[Step::Plan, Step::Throws, Step::Passphrases, Step::Work, Step::Papers];
const IMPORT: &[Step] = &[Step::Plan, Step::Mnemonic, Step::Throws, Step::Passphrases, Step::Work, Step::Papers];
const DOING: &str = "Make a vault";

/// Asks what `vault create` is told by options, and makes the vault in `folder`. Its path, where it was made.
pub(super) fn create(face: &Face, folder: &Path) -> Result<Option<PathBuf>, DeviceError> {
    face.belongs("");
    face.begins(DOING, NEW);
    let Some(plan) = plan(face, folder)? else { return Ok(None) };
    let way = if matches!(plan.origin, Origin::New(_)) { NEW } else { IMPORT };
    let path = plan.vault.clone();
    face.begins(DOING, way);
    match face.seriously(|screen, keyboard| hatch::found(plan, screen, keyboard)) {
        Ok(_words) => {
            face.finish("the vault is made")?;
            Ok(Some(path))
        }
        Err(failure) => face.failed(&failure).map(|()| None),
    }
}

/// The answers; `None` where the person goes back.
fn plan(face: &Face, folder: &Path) -> Result<Option<Plan>, DeviceError> {
    let networks = [
        (Network::Mainnet, "real coins"),
        (Network::Testnet4, "test coins"),
        (Network::Signet, "test coins"),
        (Network::Testnet, "test coins, the old testnet"),
        (Network::Regtest, "test coins of a network of your own"),
    ];
    let entries: Vec<Entry> = networks.iter().map(|(one, about)| Entry::new(one.name(), *about)).collect();
    let Some(chosen) = face.choose("which network?", &[], &entries, 0)? else { return Ok(None) };
    let Some((network, _)) = networks.get(chosen).copied() else { return Ok(None) };
    let Some(vault) = path(face, folder)? else { return Ok(None) };
    let intro = [
        "Each custodian gets a share of the seed and a passphrase. A name has 1 to 32 of a-z 0-9 - _.",
        "Blanks between the names: alice bob carol",
    ];
    let Some(names) = face.value(&intro, "the custodians' names:", hatch::names)? else { return Ok(None) };
    let Some(threshold) = threshold(face, &names)? else { return Ok(None) };
    let Some(origin) = origin(face)? else { return Ok(None) };
    let Some(home) = home(face, network)? else { return Ok(None) };
    let Some(policy) = policy(face, folder)? else { return Ok(None) };
    let custodians = names.into_iter().map(|name| (name, Custody::Asked)).collect();
    let shares = Vec::new();
    let throws = Throws::Asked;
    let sticks = face.sticks().cloned();
    let (embed, media) = (home == Home::Inside, if home == Home::Apart { media(face, &vault) } else { None });
    Ok(Some(Plan { vault, network, threshold, custodians, shares, embed, origin, throws, policy, sticks, media }))
}

fn path(face: &Face, folder: &Path) -> Result<Option<PathBuf>, DeviceError> {
    let Some(folder) = files::folder(face, "in which folder does the vault's lie?", folder)? else { return Ok(None) };
    let read = |typed: &str| {
        let name: Name = typed.parse().map_err(|error: crate::text::NameError| error.to_string())?;
        let path = folder.join(format!("{name}.vault"));
        hatch::free_for_a_vault(&Folder::at(&path).kept_by(face.sticks())).map_err(|failure| failure.what)?;
        Ok(path)
    };
    let intro = ["The vault is a folder of this name, with `.vault` after it: 1 to 32 of a-z 0-9 - _."];
    face.value(&intro, "the vault's name:", read)
}

fn threshold(face: &Face, names: &[Name]) -> Result<Option<u8>, DeviceError> {
    let all = names.len();
    let possible: Vec<u8> = (1..=16u8).filter(|least| hatch::threshold(&least.to_string(), all).is_ok()).collect();
    let about = |least: u8| {
        let lost = all.saturating_sub(usize::from(least));
        match lost {
            0 => "nobody may be missing, and no share may be lost".to_owned(),
            _ => format!("{} may be missing or lost", count(lost, "custodian")),
        }
    };
    let entries: Vec<Entry> =
        possible.iter().map(|least| Entry::new(format!("{least} of {all}"), about(*least))).collect();
    let chosen = face.choose("how many custodians approve each instruction?", &[], &entries, 0)?;
    Ok(chosen.and_then(|chosen| possible.get(chosen).copied()))
}

fn origin(face: &Face) -> Result<Option<Origin>, DeviceError> {
    let entries = [
        Entry::new("A new seed", "24 words that nobody sees, from your throws and the machine's bytes"),
        Entry::new("A new seed of 12", "12 words"),
        Entry::new("An old mnemonic", "12 to 24 words that you have, typed unseen"),
    ];
    Ok(face.choose("where does the seed come from?", &[], &entries, 0)?.map(|chosen| match chosen {
        0 => Origin::New(24),
        1 => Origin::New(12),
        _ => Origin::Asked,
    }))
}

/// Where the shares go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Home {
    Inside,
    Beside,
    Apart,
}

fn home(face: &Face, network: Network) -> Result<Option<Home>, DeviceError> {
    let mut homes =
        vec![(Home::Beside, Entry::new("Beside the folder", "a file each, for the custodians to carry away"))];
    if face.sticks().is_some() {
        let about = "asked for one after the other, when the shares are made";
        homes.insert(0, (Home::Apart, Entry::new("On sticks of their own", about)));
    }
    if !network.is_mainnet() {
        homes.push((Home::Inside, Entry::new("In the folder", "all together: for tests")));
    }
    if let [(home, _)] = *homes {
        return Ok(Some(home));
    }
    let entries: Vec<Entry> = homes.iter().map(|(_, entry)| entry.clone()).collect();
    let chosen = face.choose("where do the shares go?", &[], &entries, 0)?;
    Ok(chosen.and_then(|chosen| homes.get(chosen)).map(|(home, _)| *home))
}

/// The vault's stick, which may be taken out in between, and one for each share.
fn media(face: &Face, vault: &Path) -> Option<Media> {
    let sticks = face.sticks()?;
    let (stick, inside) = sticks.holding(vault)?;
    let what = format!("the vault `{}`", Places::new(vault, Vec::new()).vault_name());
    let own = Fresh::new(face, sticks, what, Some(stick.to_owned()), inside.to_owned());
    let (face, sticks) = (face.clone(), sticks.clone());
    let share = move |name: &Name| -> Box<dyn Store> {
        Box::new(Fresh::new(&face, &sticks, format!("the share of {name}"), None, PathBuf::new()))
    };
    Some(Media { vault: Box::new(own), share: Box::new(share) })
}

fn policy(face: &Face, folder: &Path) -> Result<Option<String>, DeviceError> {
    let entries = [
        Entry::new("The usual limits", "shown before anything is made; a quorum can change them later"),
        Entry::new("A policy's file", "of your own (TOML)"),
    ];
    loop {
        match face.choose("which policy?", &[], &entries, 0)? {
            None => return Ok(None),
            Some(0) => return Ok(Some(String::new())),
            Some(_) => {}
        }
        let fits = |name: &str| name.ends_with(".toml");
        let Some(path) = files::file(face, "which policy? (a file that ends in .toml)", folder, fits)? else {
            continue;
        };
        match text_of(read_file(&path, limits::POLICY_BYTES)) {
            Ok(text) => return Ok(Some(text)),
            Err(failure) => face.failed(&failure)?,
        }
    }
}
