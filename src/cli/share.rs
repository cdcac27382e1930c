//! `share drill` and `share passphrase`: one custodian alone.

use super::{
    args::{ShareArgs, ShareCommand},
    place::{secret_file, with_presence},
};
use crate::{
    ceremony::{self, CeremonyError, Desk, Presence},
    hatch::{DONE, Failure},
};

pub(super) fn run(command: ShareCommand) -> Result<u8, Failure> {
    match command {
        ShareCommand::Drill(share) => {
            let name = share.name.clone();
            alone(&share, |desk| ceremony::drill(desk, &name))
        }
        ShareCommand::Passphrase { share, new_passphrase } => {
            let new = new_passphrase.as_deref().map(secret_file).transpose()?;
            let name = share.name.clone();
            alone(&share, |desk| ceremony::change_passphrase(desk, &name, new))
        }
    }
}

fn alone(share: &ShareArgs, work: impl FnOnce(&mut Desk<'_>) -> Result<(), CeremonyError>) -> Result<u8, Failure> {
    let presence = match share.passphrase.as_deref().or(share.identity.as_deref()) {
        Some(path) => {
            Presence::Unattended { voters: vec![(share.name.clone(), secret_file(path)?)], acknowledged: Vec::new() }
        }
        None => Presence::InPerson,
    };
    if let Some((Some(other), _)) = share.share.as_ref().filter(|(name, _)| name.as_ref() != Some(&share.name)) {
        let what = format!("--share names `{other}`, and this is about the share of `{}`", share.name);
        return Err(Failure::input(what));
    }
    let named = share.share.iter().map(|(_, path)| (share.name.clone(), path.clone())).collect();
    with_presence(&share.vault, named, presence, work)?;
    Ok(DONE)
}
