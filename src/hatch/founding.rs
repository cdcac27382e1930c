//! A vault's creation at a path: the folder, the places of the shares, and the ceremony.

use std::path::PathBuf;

use super::{exit::Failure, place::Places};
use crate::{
    ceremony::{self, Custody, Origin, Request, Throws},
    device::{Folder, Kernel, Sticks},
    network::Network,
    port::{Keyboard, Screen, Store},
    text::{Name, printable},
    vault::{self, Place},
};

/// A vault to be made, and where.
pub struct Plan {
    /// The vault's folder, which does not exist yet.
    pub vault: PathBuf,
    /// The network.
    pub network: Network,
    /// M.
    pub threshold: u8,
    /// Each custodian with the seal of the share.
    pub custodians: Vec<(Name, Custody)>,
    /// Share files whose place was named.
    pub shares: Vec<(Name, PathBuf)>,
    /// The other shares go into the vault's folder; else beside it.
    pub embed: bool,
    /// Where the seed comes from.
    pub origin: Origin,
    /// What people throw.
    pub throws: Throws,
    /// The policy's exact text.
    pub policy: String,
    /// Whoever mounts sticks, where folders may lie on such.
    pub sticks: Option<Sticks>,
    /// Media that vault and shares are written to, where each has one of its own.
    pub media: Option<Media>,
}

/// Media that are put in one after the other.
pub struct Media {
    /// The vault's folder to be.
    pub vault: Box<dyn Store>,
    /// Where the share of a custodian goes.
    pub share: Box<Shelf>,
}

/// The place of a custodian's share.
type Shelf = dyn Fn(&Name) -> Box<dyn Store>;

/// That a vault can be made in this folder, before anyone is asked anything or throws. Leaves nothing there.
///
/// # Errors
/// Something is there already, or nothing can be made there.
pub fn free_for_a_vault(folder: &Folder) -> Result<(), Failure> {
    if folder.exists() {
        if folder.names()?.is_empty() {
            return Ok(());
        }
        let path = printable(&folder.path().to_string_lossy());
        return Err(Failure::input(format!("`{path}` is there already and not empty"))
            .remedy("name a folder that does not exist; if a creation was cut short there, remove it first"));
    }
    // It is made for good with the first file.
    folder.create()?;
    folder.remove_if_empty();
    Ok(())
}

/// The ceremony of creation. Returns the vault's words.
///
/// # Errors
/// Whatever stops it; then there is no vault, and no folder that was not there before.
pub fn found(plan: Plan, screen: &mut dyn Screen, keyboard: &mut dyn Keyboard) -> Result<String, Failure> {
    let folder = Folder::at(&plan.vault).kept_by(plan.sticks.as_ref());
    let was_there = folder.exists();
    free_for_a_vault(&folder)?;
    let made = found_in(plan, screen, keyboard);
    if made.is_err() && !was_there {
        // Only an empty folder goes; files of a creation that was cut short stay and are named next time.
        folder.remove_if_empty();
    }
    made
}

fn found_in(plan: Plan, screen: &mut dyn Screen, keyboard: &mut dyn Keyboard) -> Result<String, Failure> {
    let Plan { vault: path, network, threshold, custodians: people, origin, throws, policy, .. } = plan;
    let places = Places::new(&path, plan.shares).kept_by(plan.sticks.as_ref());
    let (mut store, share): (Box<dyn Store>, _) = match plan.media {
        Some(media) => (media.vault, Some(media.share)),
        None => (Box::new(Folder::to_be(&path).kept_by(plan.sticks.as_ref())), None),
    };
    let mut stores: Vec<Option<(Box<dyn Store>, String)>> = Vec::new();
    for (name, _) in &people {
        let stem = vault::stem(Some(&places.vault_name()), name, 1);
        stores.push(match (places.named(name)?, &share) {
            (Some((folder, stem)), _) => Some((Box::new(places.folder(&folder)), stem)),
            (None, Some(share)) => Some((share(name), stem)),
            (None, None) if plan.embed => None,
            (None, None) => Some((Box::new(places.folder(&places.beside())), stem)),
        });
    }
    let mut custodians = Vec::new();
    for ((name, custody), store) in people.into_iter().zip(&mut stores) {
        let place = match store {
            Some((store, stem)) => Place::Elsewhere { store: store.as_mut(), stem: stem.clone() },
            None => Place::Inside,
        };
        custodians.push((name, custody, place));
    }
    let request = Request { network, threshold, custodians, origin, throws, policy };
    let id = ceremony::create(screen, keyboard, &mut Kernel, store.as_mut(), request)?;
    Ok(vault::vault_words(&id))
}
