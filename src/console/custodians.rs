//! One custodian alone: a drill, another passphrase. Who holds a share, and changes of that, belong here.
//!
//! Floor 6.

use super::{board::Entry, seat::Seat};
use crate::{
    ceremony::{self, CeremonyError, Desk},
    port::{DeviceError, Step},
    text::Name,
};

const DRILL: &[Step] = &[Step::Vault, Step::Share];
const PASSPHRASE: &[Step] = &[Step::Vault, Step::Share, Step::Passphrases, Step::Work];

/// The menu.
pub(super) fn menu(seat: &Seat) -> Result<(), DeviceError> {
    let entries = [
        Entry::new("Drill", "prove that a share opens and belongs to this vault"),
        Entry::new("Another passphrase", "a share under a new passphrase"),
    ];
    let mut at = 0;
    loop {
        seat.face.begins("Custodians", &[]);
        let intro = ["One custodian alone before the screen. Nothing is combined, nothing can be signed.".to_owned()];
        match seat.face.choose("one custodian alone", &intro, &entries, at)? {
            None => return Ok(()),
            Some(0) => alone(seat, "Drill", DRILL, ceremony::drill)?,
            Some(chosen) => {
                at = chosen;
                alone(seat, "Another passphrase", PASSPHRASE, |desk, name| {
                    ceremony::change_passphrase(desk, name, None)
                })?;
            }
        }
    }
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
        seat.face.finish("done")?;
    }
    Ok(())
}
