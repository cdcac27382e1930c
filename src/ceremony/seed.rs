//! The seed of a vault to be: a new one, or one that people bring, and then whose it is.

use bitcoin::ScriptBuf;

use crate::{
    ceremony::{CeremonyError, Origin, Refusal},
    network::Network,
    port::{Keyboard, Screen},
    secret::{Mnemonic, MnemonicError},
    sys::Secret,
    text,
    vault::{Seed, Words},
    wallet::{self, Script, WalletError},
};

/// What the seed is made of, before anyone throws.
pub(super) enum Source {
    New(Words),
    Imported(Seed),
}

/// A seed that people bring is shown by its fingerprint, and taken where they say that it is theirs. What was given
/// beforehand, on test networks, is shown and taken.
pub(super) fn source(
    screen: &mut dyn Screen,
    keyboard: &mut dyn Keyboard,
    origin: Origin,
    network: Network,
) -> Result<Source, CeremonyError> {
    let (mnemonic, passphrase) = match origin {
        Origin::New(12) => return Ok(Source::New(Words::Twelve)),
        Origin::New(_) => return Ok(Source::New(Words::TwentyFour)),
        Origin::Given { mnemonic, passphrase } => (read_mnemonic(&mnemonic)?, Some(passphrase)),
        Origin::Asked => {
            screen.say("")?;
            screen.say(
                "The mnemonic that becomes the vault's seed: 12 to 24 words on one line, or the digits of its SeedQR.",
            )?;
            let mnemonic = ask_mnemonic(screen, keyboard)?;
            screen.say("The words are a mnemonic.")?;
            (mnemonic, None)
        }
        Origin::Scanned { code, passphrase } => {
            let mnemonic = Mnemonic::of_code(&code)?;
            screen.say("")?;
            screen.say(&format!("The code holds a mnemonic of {} words.", mnemonic.count()))?;
            (mnemonic, passphrase)
        }
    };
    let present = passphrase.is_none();
    let passphrase = passphrase.map_or_else(|| ask_bip39_passphrase(screen, keyboard), Ok)?;
    let seed = Seed::imported(mnemonic, passphrase)?;
    show(screen, &seed, network)?;
    if present {
        theirs(screen, keyboard)?;
    }
    Ok(Source::Imported(seed))
}

/// What tells the seed from any other, and is no secret.
fn show(screen: &mut dyn Screen, seed: &Seed, network: Network) -> Result<(), CeremonyError> {
    let master = seed.master()?;
    let path = Script::Wpkh.account(network, 0)?.key(0, 0)?;
    let key = master.xpub(path.steps(), network.kind())?.to_pub();
    let address = wallet::address(&ScriptBuf::new_p2wpkh(&key.wpubkey_hash()), network);
    let address = address.ok_or(WalletError::NoIndex(0))?;
    let with = if seed.passphrase().is_empty() { "without a BIP39 passphrase" } else { "with its BIP39 passphrase" };
    screen.say("")?;
    screen.say(&format!("This seed, {with}, has"))?;
    screen.say(&format!("  fingerprint    {}", text::hex(&master.fingerprint())))?;
    screen.say(&format!("  first address  {}", text::in_fours(&address)))?;
    Ok(screen.say(&format!("                 at {path}"))?)
}

/// Whoever exchanged a picture or a camera's view brings another seed, and so does a slip in the passphrase.
fn theirs(screen: &mut dyn Screen, keyboard: &mut dyn Keyboard) -> Result<(), CeremonyError> {
    screen.say("")?;
    screen.say(
        "Compare both with your papers, or with the wallet that this seed comes from. Where they differ, stop: it is \
         another seed, or another passphrase.",
    )?;
    screen.say(
        "Whoever has neither writes them down now. Payments to a wallet of another fingerprint are not found with this \
         seed.",
    )?;
    keyboard.forget()?;
    loop {
        let typed = keyboard.line("Type YES if this seed is yours (Enter alone stops): ")?;
        match typed.trim().to_ascii_lowercase().as_str() {
            "yes" => return Ok(()),
            "" | "n" | "no" => return Err(Refusal::NotTheirSeed.into()),
            _ => screen.say("Either YES, or Enter alone.")?,
        }
    }
}

fn read_mnemonic(typed: &Secret) -> Result<Mnemonic, CeremonyError> {
    if typed.expose_str().is_none() {
        return Err(crate::port::DeviceError::NotText.into());
    }
    Ok(Mnemonic::of_typed(typed)?)
}

/// Until the words are a mnemonic. What is wrong is told by place; no word is said.
fn ask_mnemonic(screen: &mut dyn Screen, keyboard: &mut dyn Keyboard) -> Result<Mnemonic, CeremonyError> {
    loop {
        let typed = keyboard.secret("mnemonic (unseen): ")?;
        if typed.is_empty() {
            return Err(Refusal::Person.into());
        }
        match read_mnemonic(&typed) {
            Err(CeremonyError::Mnemonic(error)) if !matches!(error, MnemonicError::Memory(_)) => {
                screen.say(&format!("{error}. All of them again, please (Enter alone stops)."))?;
            }
            read => return read,
        }
    }
}

fn ask_bip39_passphrase(screen: &mut dyn Screen, keyboard: &mut dyn Keyboard) -> Result<Secret, CeremonyError> {
    loop {
        let passphrase = keyboard.secret("its BIP39 passphrase, Enter alone for none (unseen): ")?;
        if passphrase.is_empty() {
            return Ok(passphrase);
        }
        let again = keyboard.secret("the same passphrase again (unseen): ")?;
        if passphrase.expose() == again.expose() {
            return Ok(passphrase);
        }
        screen.say("The two differ. Once more, please.")?;
    }
}
