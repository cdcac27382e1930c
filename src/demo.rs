//! The whole round on a throwaway regtest vault, a line a step: what a newcomer sees first.
//!
//! Floor 6. It runs the very ceremonies; only its people are made up: fixed passphrases, and a fixed roll of dice
//! beside the kernel's bytes, which is why it works on regtest alone.

use std::{
    fs,
    path::{Path, PathBuf},
};

use bitcoin::{OutPoint, ScriptBuf, Transaction, TxOut, consensus::encode::serialize_hex};

use crate::{
    ceremony::{self, AddWallet, Cabinet, CeremonyError, Custody, Desk, Origin, Presence, Request, Throws},
    consensus::{self, ConsensusError},
    device::{Folder, Kernel},
    network::Network,
    online::{OnlineError, Watcher},
    port::{DeviceError, Keyboard, Screen, Store},
    psbt, qr,
    sys::{MemoryError, Secret},
    text::{self, Name},
    vault, verify, wallet,
};

/// Why the demonstration stopped.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    /// A ceremony.
    #[error(transparent)]
    Ceremony(#[from] CeremonyError),
    /// The online side.
    #[error(transparent)]
    Online(#[from] OnlineError),
    /// The network's rules.
    #[error(transparent)]
    Consensus(#[from] ConsensusError),
    /// A device.
    #[error(transparent)]
    Device(#[from] DeviceError),
    /// No locked memory.
    #[error(transparent)]
    Memory(#[from] MemoryError),
    /// A step that gave something else than it must.
    #[error("{0}")]
    Step(String),
}

fn step(error: impl std::fmt::Display) -> DemoError {
    DemoError::Step(error.to_string())
}

/// Plays the round; `say` gets a line a step. Files and pictures stay in `dir`, or go with a temporary folder.
///
/// # Errors
/// The step that failed.
pub fn run<E>(dir: Option<&Path>, say: &mut dyn FnMut(&str) -> Result<(), E>) -> Result<Result<(), E>, DemoError> {
    let temporary = std::env::temp_dir().join(format!("strongroom-demo-{}", std::process::id()));
    let folder = dir.unwrap_or(&temporary);
    fs::create_dir_all(folder).map_err(|error| step(format!("cannot make `{}`: {error}", folder.display())))?;
    let played = play(folder, say);
    if dir.is_none() {
        // The folder is ours; what cannot be removed holds a throwaway vault.
        let _removed = fs::remove_dir_all(&temporary);
    }
    played
}

fn play<E>(folder: &Path, say: &mut dyn FnMut(&str) -> Result<(), E>) -> Result<Result<(), E>, DemoError> {
    macro_rules! tell {
        ($($part:tt)*) => {
            if let Err(error) = say(&format!($($part)*)) {
                return Ok(Err(error));
            }
        };
    }
    let vault_folder = folder.join("demo.vault");
    if vault_folder.exists() {
        return Err(step(format!("`{}` is there already; name another folder", vault_folder.display())));
    }
    let bench = Bench { vault: vault_folder };

    let words = bench.create()?;
    tell!("1  created a regtest vault for 2 of 3: alice, bob, carol");
    tell!("   its words: {words}");

    let name: Name = "main".parse().map_err(step)?;
    let instruction = AddWallet::Account { name: name.clone(), script: "wpkh".into(), account: 0 };
    bench.at_desk(&["alice", "bob"], |desk| ceremony::add_wallet(desk, instruction))?;
    let opened = ceremony::open(&Folder::at(&bench.vault), Some(&words))?;
    let registered = opened.statement().wallet(&name).ok_or_else(|| step("the wallet is missing"))?;
    let export = wallet::descriptor(registered);
    write(folder, "export.txt", format!("{export}\n").as_bytes())?;
    tell!("2  alice and bob registered the wallet `main` (BIP84); exported its descriptor");

    let mut watcher = Watcher::from_export(&export, Network::Regtest)?;
    let ours = wallet::addresses(registered, registered.receive_branch(), 0..3).map_err(step)?;
    for (index, address) in (0u32..).zip(&ours) {
        if watcher.deposit_address(index).to_string() != *address {
            return Err(step(format!("box and service differ in address {index}")));
        }
    }
    tell!(
        "3  the online side derives the same addresses from the export alone: {} …",
        ours.first().map_or("", String::as_str)
    );

    let deposits = [watcher.pretend_deposit(0, 60_000_000, 1), watcher.pretend_deposit(1, 55_000_000, 2)];
    let payee = ScriptBuf::from_hex("0014aabbccddeeff00112233445566778899aabbccdd").map_err(step)?;
    let request = watcher.pay(payee, 100_000_000, 5)?;
    write(folder, "request.psbt", &request)?;
    tell!("4  two deposits came in; the online side built a PSBT that pays 1 BTC ({} bytes)", request.len());

    let (carried, frames) = carry(folder, "request", &request)?;
    if carried != request {
        return Err(step("the PSBT changed on its way into the box"));
    }
    tell!("5  carried it into the box as {frames} QR frames");

    let decided = ceremony::decide(&opened, carried.clone())?;
    let cleared = decided.map_err(|refused| step(format!("the review refuses: {:?}", refused.reasons)))?;
    let totals = cleared.reviewed().facts().totals.as_ref().ok_or_else(|| step("the amounts do not add up"))?;
    tell!(
        "6  reviewed it: pays {}, fee {}, {} to acknowledge",
        text::amount(totals.external),
        text::amount(totals.fee),
        text::count(cleared.warnings().len(), "warning"),
    );
    tell!("   its digest: {}", cleared.digest().words(8));

    let released = bench.at_desk(&["bob", "carol"], |desk| ceremony::sign_transaction(desk, &carried))?;
    write(folder, "signed.psbt", released.full())?;
    tell!("7  bob and carol gave their ballots; the box wrote its journal, signed, and checked every signature");

    let (returned, frames) = carry(folder, "signed", released.trimmed())?;
    tell!("8  carried the signatures back as {frames} QR frames");

    let transaction = finish(request, returned)?;
    write(folder, "transaction.hex", serialize_hex(&transaction).as_bytes())?;
    consensus::check(&transaction, &spent(&transaction, &deposits)?)?;
    tell!("9  the online side joined and finalised them; the consensus library accepts {}", transaction.compute_txid());

    let vault = ceremony::open(&Folder::at(&bench.vault), Some(&words))?;
    let journal = vault.journal();
    tell!("10 the journal is whole: {} lines, signed up to line {}", journal.count(), journal.signed_up_to());
    Ok(Ok(()))
}

/// Joins on the online side what came back, and finalises.
fn finish(request: Vec<u8>, returned: Vec<u8>) -> Result<Transaction, DemoError> {
    let base = psbt::parse(request).map_err(step)?;
    let other = psbt::parse(returned).map_err(step)?;
    let joined = psbt::join(&base, &[other], &verify::signature_check).map_err(step)?;
    let joined = psbt::parse(joined).map_err(step)?;
    Ok(psbt::finalize(&joined, &verify::signature_check).map_err(step)?.transaction)
}

fn spent(transaction: &Transaction, deposits: &[Transaction]) -> Result<Vec<TxOut>, DemoError> {
    let output = |outpoint: OutPoint| {
        let deposit = deposits.iter().find(|deposit| deposit.compute_txid() == outpoint.txid)?;
        deposit.output.get(usize::try_from(outpoint.vout).ok()?).cloned()
    };
    let outputs: Option<Vec<TxOut>> = transaction.input.iter().map(|input| output(input.previous_output)).collect();
    outputs.ok_or_else(|| step("an input spends no deposit"))
}

/// Draws the frames as PNG files, reads the files back with an independent reader, and joins what it read.
fn carry(folder: &Path, name: &str, payload: &[u8]) -> Result<(Vec<u8>, usize), DemoError> {
    let film = qr::Film::ur(qr::Kind::Psbt, payload, qr::Density::Compatible, false).map_err(step)?;
    let mut receiver = qr::Receiver::new(qr::Wanted::PSBT);
    for number in 1..=film.count() {
        let file = format!("{name}-{number:02}.png");
        write(folder, &file, &qr::png(&film.part(number), film.version(), 4).map_err(step)?)?;
        let seen = crate::device::read_file(&folder.join(&file), 1 << 20)?;
        receiver.take(&qr::read_picture(&seen).map_err(step)?).map_err(step)?;
    }
    let (_, frames) = receiver.progress().unwrap_or_default();
    let carried = receiver.into_payload().ok_or_else(|| step("frames are missing"))?;
    Ok((carried.bytes, frames))
}

fn write(folder: &Path, name: &str, bytes: &[u8]) -> Result<(), DemoError> {
    Ok(crate::device::write_file(&folder.join(name), bytes, crate::port::Privacy::Public)?)
}

/// The made-up people and their vault.
struct Bench {
    vault: PathBuf,
}

fn passphrase(name: &str) -> Result<Secret, MemoryError> {
    Secret::copied(format!("the demonstration passphrase of {name}").as_bytes())
}

impl Bench {
    fn create(&self) -> Result<String, DemoError> {
        let mut folder = Folder::at(&self.vault);
        folder.create()?;
        let mut custodians = Vec::new();
        for name in ["alice", "bob", "carol"] {
            let lock = Custody::Passphrase(passphrase(name)?);
            custodians.push((name.parse().map_err(step)?, lock, vault::Place::Inside));
        }
        let request = Request {
            network: Network::Regtest,
            threshold: 2,
            custodians,
            origin: Origin::New(24),
            throws: Throws::Dice(Secret::copied("142536".repeat(17).as_bytes())?),
            policy: String::new(),
        };
        let id = ceremony::create(&mut Quiet, &mut Quiet, &mut Kernel, &mut folder, request)?;
        Ok(vault::vault_words(&id))
    }

    fn at_desk<R>(
        &self,
        voters: &[&str],
        work: impl FnOnce(&mut Desk<'_>) -> Result<R, CeremonyError>,
    ) -> Result<R, DemoError> {
        let mut given = Vec::new();
        for name in voters {
            given.push((name.parse().map_err(step)?, passphrase(name)?));
        }
        let mut store = Folder::at(&self.vault);
        let mut desk = Desk {
            screen: &mut Quiet,
            keyboard: &mut Quiet,
            random: &mut Kernel,
            store: &mut store,
            cabinet: self,
            presence: Presence::Unattended { voters: given, acknowledged: Vec::new() },
            expected: None,
        };
        Ok(work(&mut desk)?)
    }
}

impl Cabinet for Bench {
    fn place(&self, custodian: &Name, epoch: u32) -> Result<(Box<dyn Store>, String), CeremonyError> {
        Ok((Box::new(Folder::at(&self.vault)), vault::stem(None, custodian, epoch)))
    }
}

/// A screen that nobody reads, and a keyboard that nobody types on.
struct Quiet;

impl Screen for Quiet {
    fn say(&mut self, _: &str) -> Result<(), DeviceError> {
        Ok(())
    }

    fn page(&mut self, _: &str, _: &[String]) -> Result<(), DeviceError> {
        Ok(())
    }

    fn secret(&mut self, _: &str, _: &Secret) -> Result<(), DeviceError> {
        Ok(())
    }

    fn working(&mut self, _: Option<&str>) {}
}

impl Keyboard for Quiet {
    fn line(&mut self, _: &str) -> Result<String, DeviceError> {
        Err(DeviceError::NoTerminal)
    }

    fn secret(&mut self, _: &str) -> Result<Secret, DeviceError> {
        Err(DeviceError::NoTerminal)
    }
}
