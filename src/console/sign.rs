//! Signing, and looking at what could be signed.
//!
//! Floor 6.

use super::{board::Entry, carry, seat::Seat};
use crate::{
    ceremony,
    exchange::Parcel,
    port::{DeviceError, Screen, Step},
    qr, review,
    verify::Released,
};

const WAY: &[Step] = &[Step::Bring, Step::Vault, Step::Review, Step::Ballots, Step::Work, Step::Return];
const LOOK: &[Step] = &[Step::Bring, Step::Review];

/// The whole ceremony of signing, from where the PSBT is to where the answer goes.
pub(super) fn sign(seat: &Seat) -> Result<(), DeviceError> {
    const DOING: &str = "Sign a transaction";
    seat.face.begins(DOING, WAY);
    let Some(brought) = carry::psbt(seat)? else { return Ok(()) };
    let psbt = || ceremony::Brought { bytes: &brought.bytes, transport: Some(brought.came.transport()) };
    let done = seat.ceremony(DOING, WAY, |desk| ceremony::sign_transaction(desk, psbt()))?;
    let Some(released) = done else { return Ok(()) };
    seat.face.clone().step(Step::Return);
    seat.face.finish("signed")?;
    give(seat, &released, &brought)
}

/// The answer leaves by codes or by a file, as often as it is wanted; it is asked before it is left, where it did neither.
fn give(seat: &Seat, released: &Released, brought: &carry::Brought) -> Result<(), DeviceError> {
    const DONE: usize = 2;
    let entries = [
        Entry::new("Show it as codes", "for the other side's camera"),
        Entry::new("Write it to a file", ""),
        Entry::new("Done", "signing the same PSBT again gives the same signatures"),
    ];
    let (mut at, mut left) = (0, false);
    loop {
        let intro = ["It is signed, and the journal says so. Carry the answer back:".to_owned()];
        let chosen = seat.face.choose("the signed PSBT", &intro, &entries, at)?;
        let leaves = match chosen {
            Some(0) => {
                let (kind, bytes, carrier) = (qr::Kind::Psbt, released.trimmed(), brought.came.wrapping.carrier());
                carry::show(seat, Parcel { kind, bytes, carrier })?
            }
            Some(1) => {
                let (wrapping, end) = carry::for_a_file(brought.came);
                match seat.shown(wrapping.wrap(released.full()))? {
                    Some(file) => carry::write(seat, (&format!("{}.signed", brought.stem), end), &file)?,
                    None => false,
                }
            }
            Some(_) | None if left || carry::leaves(seat, "answer")? => return Ok(()),
            Some(_) | None => continue,
        };
        left |= leaves;
        at = if leaves { DONE } else { chosen.unwrap_or(DONE) };
    }
}

/// The review of a PSBT; nothing is signed, and the journal says nothing.
pub(super) fn look(seat: &Seat) -> Result<(), DeviceError> {
    seat.face.begins("Look at a transaction", LOOK);
    let Some(brought) = carry::psbt(seat)? else { return Ok(()) };
    let Some(vault) = seat.shown(seat.vault())? else { return Ok(()) };
    let came = brought.came;
    let decided = ceremony::decide(&vault, brought.bytes).map_err(Into::into);
    let Some(decided) = seat.shown(decided)? else { return Ok(()) };
    let mut screen = seat.face.clone();
    screen.step(Step::Review);
    let read = |screen: &mut dyn Screen, book: &review::Book| match ceremony::read_through(screen, "review", book) {
        Ok(_) => Ok(true),
        Err(DeviceError::InputEnded) => Ok(false),
        Err(error) => Err(error),
    };
    if let Err(refused) = &decided {
        screen.grave(true);
        let on = read(&mut screen, &review::alarm(refused.verdict()));
        screen.grave(false);
        if !on? {
            return Ok(());
        }
    }
    read(&mut screen, &crate::hatch::reviewed(&vault, &decided, came)).map(drop)
}
