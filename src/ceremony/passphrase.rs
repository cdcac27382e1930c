//! A custodian's passphrase: the generated one, or one of their own that nobody can guess.

use crate::{
    ceremony::CeremonyError,
    network::Network,
    port::{Keyboard, Random, Screen},
    secret::{self, PassphraseError},
    sys::Secret,
    text::{self, Name},
};

/// Whether the share has a passphrase already, which takes its leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Present {
    None,
    Leaves,
}

/// A passphrase for `name`: the generated one, shown until it was typed from paper, or one of their own.
pub(super) fn choose_passphrase(
    screen: &mut dyn Screen,
    keyboard: &mut dyn Keyboard,
    random: &mut dyn Random,
    name: &Name,
    present: Present,
    network: Network,
) -> Result<Secret, CeremonyError> {
    let mut bytes = Secret::zeroed(secret::RANDOM_BYTES)?;
    random.fill(bytes.expose_mut())?;
    let generated = secret::generate(&bytes)?;
    loop {
        screen.say("")?;
        screen.say(&format!("{name} alone before the screen, please: a passphrase for the share of {name}."))?;
        screen.say("Enter shows a generated one of seven words; type OWN to choose one yourself.")?;
        if !wants_an_own_one(screen, keyboard)? {
            break;
        }
        if let Some(own) = own_passphrase(screen, keyboard, name, present, network)? {
            return Ok(own);
        }
    }
    from_paper(screen, keyboard, name, &generated)?;
    Ok(generated)
}

fn wants_an_own_one(screen: &mut dyn Screen, keyboard: &mut dyn Keyboard) -> Result<bool, CeremonyError> {
    loop {
        let typed = zeroize::Zeroizing::new(keyboard.line("Enter, or OWN: ")?);
        match typed.trim() {
            "" => return Ok(false),
            typed if typed.eq_ignore_ascii_case("own") => return Ok(true),
            _ => {
                // It may be a passphrase in the wrong place: it is taken off the screen and not said again.
                screen.clear()?;
                screen.say("Either Enter alone, for a generated one, or the word OWN; no passphrase is typed here.")?;
            }
        }
    }
}

/// Shows the words until they were typed from paper. What was typed is asked for anew without showing them: whoever types
/// at once what was wrong types it unseen.
fn from_paper(
    screen: &mut dyn Screen,
    keyboard: &mut dyn Keyboard,
    name: &Name,
    generated: &Secret,
) -> Result<(), CeremonyError> {
    let prompt = format!("{name}, the seven words (unseen): ");
    loop {
        screen
            .secret(&format!("{name}: write down these seven words, and keep them apart from the share"), generated)?;
        screen.say(&format!("Now, {name}, type the seven words from your paper. Enter alone shows them again."))?;
        loop {
            let typed = keyboard.secret(&prompt)?;
            if text::same_words(typed.expose_str().unwrap_or(""), generated.expose_str().unwrap_or(" ")) {
                return Ok(());
            }
            if typed.is_empty() {
                break;
            }
            screen.say("These are not the words. Once more, please; Enter alone shows them again.")?;
        }
    }
}

/// A passphrase that was typed twice; none where its owner goes back to the generated one.
fn own_passphrase(
    screen: &mut dyn Screen,
    keyboard: &mut dyn Keyboard,
    name: &Name,
    present: Present,
    network: Network,
) -> Result<Option<Secret>, CeremonyError> {
    let prompt = match present {
        Present::None => format!("{name}, your passphrase (unseen): "),
        Present::Leaves => format!("{name}, your new passphrase (unseen): "),
    };
    screen.say("Enter alone goes back to the generated one.")?;
    loop {
        let first = keyboard.secret(&prompt)?;
        if first.is_empty() {
            return Ok(None);
        }
        match secret::judge(&first, &[name.as_str()]) {
            Ok(()) => {}
            Err(PassphraseError::Memory(error)) => return Err(error.into()),
            Err(error @ PassphraseError::Weak { .. }) if !network.is_mainnet() => {
                screen.say(&format!("warning: {error}. On mainnet it would be refused."))?;
                screen.say("Enter alone chooses another; whoever types it again keeps it all the same.")?;
            }
            Err(error) => {
                screen.say(&format!("{error}. Please choose another; Enter alone goes back to the generated one."))?;
                continue;
            }
        }
        let second = keyboard.secret("the same again (unseen): ")?;
        if first.expose() == second.expose() {
            return Ok(Some(first));
        }
        let differ = if second.is_empty() { "Another one, please" } else { "The two differ. Once more, please" };
        screen.say(&format!("{differ}; Enter alone goes back to the generated one."))?;
    }
}
