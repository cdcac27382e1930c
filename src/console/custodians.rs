//! One custodian alone: a drill, another passphrase. Who holds a share, and changes of that, belong here.
//!
//! Floor 6.

use super::{board::Entry, seat::Seat};
use crate::{
    ceremony::{self, CeremonyError, Desk},
    port::{DeviceError, Step},
    text::Name,
    vault::Vault,
};

const DRILL: &[Step] = &[Step::Vault, Step::Share];
const PASSPHRASE: &[Step] = &[Step::Vault, Step::Share, Step::Passphrases, Step::Work];

/// The menu.
pub(super) fn menu(seat: &Seat) -> Result<(), DeviceError> {
    let entries = [
        Entry::new("Drill", "prove that a share opens and belongs to this vault"),
        Entry::new("Another passphrase", "a share under a new passphrase"),
        Entry::new("Who they are", "and where their shares lie"),
    ];
    let mut at = 0;
    loop {
        seat.face.begins("Custodians", &[]);
        let intro = [
            "A drill, and another passphrase: one custodian alone before the screen. Nothing is combined, nothing can be \
             signed."
                .to_owned(),
        ];
        let Some(chosen) = seat.face.choose("custodians", &intro, &entries, at)? else { return Ok(()) };
        at = chosen;
        match chosen {
            0 => alone(seat, "Drill", DRILL, ceremony::drill)?,
            1 => alone(seat, "Another passphrase", PASSPHRASE, |desk, name| {
                ceremony::change_passphrase(desk, name, None)
            })?,
            _ => {
                if let Some(vault) = seat.shown(seat.vault())? {
                    seat.face.read("who they are", &roster(seat, &vault))?;
                }
            }
        }
    }
}

/// The custodians, and the files of their shares as far as they are here.
fn roster(seat: &Seat, vault: &Vault) -> Vec<String> {
    let roster = vault.statement().roster();
    let epoch = vault.statement().epoch();
    let mut lines =
        vec![format!("{} of {} custodians approve each instruction.", roster.threshold(), roster.custodians().len())];
    for custodian in roster.custodians() {
        let nowhere = match seat.face.sticks() {
            Some(_) => "the share is on no stick that is plugged in",
            None => "its share lies neither in the folder nor beside it",
        };
        let place = seat.share(&custodian.name, epoch).unwrap_or_else(|| nowhere.to_owned());
        lines.push(format!("  {}: {place}", custodian.name));
    }
    lines.push(String::new());
    lines.push("A share that lies elsewhere is asked for when its custodian votes.".to_owned());
    lines
}

fn alone(
    seat: &Seat,
    doing: &str,
    way: &'static [Step],
    work: impl FnOnce(&mut Desk<'_>, &Name) -> Result<(), CeremonyError>,
) -> Result<(), DeviceError> {
    let Some(vault) = seat.shown(seat.vault())? else { return Ok(()) };
    let names: Vec<Name> = vault.statement().roster().custodians().iter().map(|one| one.name.clone()).collect();
    let entries: Vec<Entry> = names.iter().map(|name| Entry::new(name.as_str(), "")).collect();
    let Some(chosen) = seat.face.choose("who is it?", &[], &entries, 0)? else { return Ok(()) };
    let Some(name) = names.into_iter().nth(chosen) else { return Ok(()) };
    drop(vault);
    if seat.ceremony(doing, way, |desk| work(desk, &name))?.is_some() {
        if let Some(stick) = seat.used_last() {
            seat.face.note(&format!("The share of {name} is on the stick \"{stick}\"."));
        }
        seat.face.finish("done")?;
    }
    Ok(())
}
