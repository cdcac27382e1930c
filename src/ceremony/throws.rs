//! Entropy that people threw themselves, mixed with the kernel's.

use zeroize::Zeroizing;

use crate::{
    ceremony::{CeremonyError, Throws},
    port::{Keyboard, Random, Screen, Stirred},
    secret::{EntropyError, KERNEL_BYTES, KernelDraw, Kind, Mixed, Root, Thrown},
    sys::Secret,
    text,
};

/// What is made of the throws.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Yield {
    /// The seed, the shares and the keys.
    Seed,
    /// Shares and keys: the seed comes from elsewhere.
    Shares,
}

/// Kernel bytes, committed to before anyone throws; the throws; then AUDIT or USE.
pub(super) fn entropy(
    screen: &mut dyn Screen,
    keyboard: &mut dyn Keyboard,
    random: &mut dyn Random,
    throws: Throws,
    of: Yield,
) -> Result<Root, CeremonyError> {
    let mut beforehand = match throws {
        Throws::Asked => None,
        Throws::Dice(rolls) => Some(Thrown::dice(&rolls)?),
        Throws::Coins(flips) => Some(Thrown::coins(&flips)?),
    };
    if of == Yield::Shares {
        screen.say("")?;
        screen.say(
            "Your seed stays the imported one. Throws make what is new: the shares of the custodians, and the keys that \
             sign for this vault.",
        )?;
    }
    loop {
        let mut bytes = Secret::zeroed(KERNEL_BYTES)?;
        random.fill(bytes.expose_mut())?;
        let kernel = KernelDraw::new(bytes)?;
        let commitment = kernel.commitment();
        screen.say("")?;
        screen.say(
            "The machine has drawn its own random bytes. This is a hash of them: they are fixed now, before you throw. \
             Note it if you will choose AUDIT.",
        )?;
        screen.say(&format!("  {commitment}"))?;
        for row in text::in_rows(&commitment.words(12)) {
            screen.say(&row)?;
        }
        let asked = beforehand.is_none();
        let thrown = match beforehand.take() {
            Some(thrown) => thrown,
            None => throw(screen, keyboard)?,
        };
        match random.stir(thrown.outcomes())? {
            Stirred::Reseeded => {}
            Stirred::WrittenOnly => screen.say(
                "warning: without the privilege to reseed the kernel, the throws do not reach the salts of the sealed files at once",
            )?,
        }
        let mixed = Mixed::new(kernel, vec![thrown])?;
        if !asked {
            return Ok(mixed.accept());
        }
        if use_it(screen, keyboard, of)? {
            // The throws do not stay before the eyes of those who come next.
            screen.clear()?;
            return Ok(mixed.accept());
        }
        screen.secret("AUDIT: everything that was mixed; no vault is made of it", &mixed.audit()?)?;
        screen.say("What you saw is destroyed. Now again, with new throws.")?;
    }
}

fn use_it(screen: &mut dyn Screen, keyboard: &mut dyn Keyboard, of: Yield) -> Result<bool, CeremonyError> {
    let [mixed, audit, taken] = match of {
        Yield::Seed => [
            "Enough. The seed is mixed from your throws and the machine's bytes.",
            "  AUDIT  shows everything, to check the mixing by hand; that seed is then destroyed and you throw anew",
            "  USE    takes the seed for the vault; nobody ever sees it",
        ],
        Yield::Shares => [
            "Enough. Shares and keys are mixed from your throws and the machine's bytes; the seed stays the imported one.",
            "  AUDIT  shows everything, to check the mixing by hand; that mixture is then destroyed and you throw anew",
            "  USE    takes it for the vault's shares and keys; nobody ever sees it",
        ],
    };
    screen.say("")?;
    screen.say(mixed)?;
    screen.say(audit)?;
    screen.say(taken)?;
    loop {
        let typed = keyboard.line("Type AUDIT or USE: ")?;
        match typed.trim().to_ascii_uppercase().as_str() {
            "USE" => return Ok(true),
            "AUDIT" => return Ok(false),
            _ => screen.say("One of the two words: AUDIT or USE.")?,
        }
    }
}

/// Asks for throws until they are enough. A line with a slip of the finger does not count; those before it do.
fn throw(screen: &mut dyn Screen, keyboard: &mut dyn Keyboard) -> Result<Thrown, CeremonyError> {
    screen.say("")?;
    screen.say("Throw now, and type what falls, in the order in which it falls:")?;
    screen.say("  dice   99 rolls of a six-sided die: 1 to 6")?;
    screen.say("  coins  256 flips: H for heads, T for tails")?;
    screen.say("  cards  58 cards from shuffled decks, rank and suit: AS TD 7C")?;
    let kind = loop {
        let typed = keyboard.line("dice, coins or cards? ")?;
        match typed.trim().to_ascii_lowercase().as_str() {
            "dice" => break Kind::Dice,
            "coins" => break Kind::Coins,
            "cards" => break Kind::Cards,
            _ => screen.say("One of the three words: dice, coins or cards.")?,
        }
    };
    let read = |text: &str| -> Result<Thrown, EntropyError> {
        let text = Secret::copied(text.as_bytes())?;
        match kind {
            Kind::Coins => Thrown::coins(&text),
            Kind::Cards => Thrown::cards(&text),
            Kind::Dice | Kind::Kernel => Thrown::dice(&text),
        }
    };
    let each = if kind == Kind::Cards { 2 } else { 1 };
    screen.say("Several lines are fine; Enter ends a line.")?;
    let mut all = Zeroizing::new(String::with_capacity(2 * crate::limits::TYPED_BYTES));
    loop {
        let have = all.chars().filter(|c| !c.is_whitespace()).count().checked_div(each).unwrap_or(0);
        if have >= kind.needed() {
            match read(&all) {
                Ok(thrown) => return Ok(thrown),
                Err(error) => {
                    screen.say(&format!("{error}. All of it again, please."))?;
                    zeroize::Zeroize::zeroize(&mut *all);
                    continue;
                }
            }
        }
        let prompt = format!("{have} of {} {}s: ", kind.needed(), kind.noun());
        let line = Zeroizing::new(keyboard.line(&prompt)?);
        let before = all.len();
        if before.saturating_add(line.len()) >= crate::limits::TYPED_BYTES {
            return Err(EntropyError::TooMany.into());
        }
        // A place is counted within the line, which people still have before them.
        let slip = match read(&line) {
            Err(EntropyError::NotAnOutcome { place, expected, .. }) => {
                Some(format!("throw {place} of this line is not {expected}"))
            }
            Err(error @ EntropyError::CardTwice { .. }) => Some(error.to_string()),
            Ok(_) | Err(_) => None,
        };
        all.push_str(&line);
        all.push(' ');
        let twice = || read(&all).err().filter(|error| matches!(error, EntropyError::CardTwice { .. }));
        if let Some(slip) = slip.or_else(|| twice().map(|error| error.to_string())) {
            all.truncate(before);
            screen.say(&format!("{slip}. This line does not count; type it again."))?;
        }
    }
}
