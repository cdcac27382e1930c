//! What `?` tells.
//!
//! Floor 6.

use crate::port::Step;

/// On pages.
pub(super) const PAGE: &[&str] = &[
    "  Enter, space, right, page down   the next page",
    "  b, left, page up                 the page before",
    "  Esc, q                           stop; a ceremony asks once more: to stop",
    "                                   is to refuse",
    "  Ctrl-C                           ends the program at once, wherever it is;",
    "                                   secrets in memory are overwritten",
    "",
    "The line under the top says where this is, and what comes next.",
    "The window may be made larger or smaller at any time; the page comes again.",
];

/// At questions.
pub(super) const FIELD: &[&str] = &[
    "  Enter             the answer is what was typed; Enter alone is never a yes",
    "  Backspace         takes the last letter back; Ctrl-U takes all of them",
    "  Esc               stop; a ceremony asks once more: to stop is to refuse",
    "  page up           what was said before the question",
    "  F1, or ? first    this help",
    "  Ctrl-C            ends the program at once, wherever it is;",
    "                    secrets in memory are overwritten",
    "",
    "Passphrases are not shown while they are typed, nor is their length.",
    "Where nobody answers for half an hour, the ceremony ends.",
];

/// Before something secret.
pub(super) const SECRET: &[&str] = &[
    "  Enter             takes it off the screen, for good; write it down first",
    "  Esc               stop; it is asked once more: to stop is to refuse",
    "  Ctrl-C            ends the program at once; the screen is cleared",
    "",
    "Nobody else should see this screen. It is kept nowhere.",
];

/// In menus.
pub(super) const MENU: &[&str] = &[
    "  up, down          another choice; a number chooses at once",
    "  Enter             takes the choice that is marked",
    "  Esc, q, b         back",
    "  Ctrl-C            ends the program at once, wherever it is",
    "",
    "Nothing is signed, made or changed from a menu: each ceremony first shows",
    "what it is about, and needs the custodians' passphrases.",
];

/// What a step is for.
pub(super) const fn step(step: Step) -> &'static str {
    match step {
        Step::Bring => {
            "A PSBT is a transaction without signatures, as a coordinator makes it. To bring it signs nothing."
        }
        Step::Plan => {
            "What will be made, before it is made. Until the work nothing is written.\nThe network: mainnet for real coins; \
             on any other all is the same but the worth.\nThe quorum: how many custodians have to approve each \
             instruction. So many shares open the seed, fewer open nothing; the others may be missing or lost."
        }
        Step::Vault => {
            "The words and the head of the journal are to be those on your own paper. Where they differ, stop: it is \
             another vault, or an old copy."
        }
        Step::Mnemonic => {
            "Typed or scanned by whoever has it, with nobody else before the screen. Its fingerprint and first address tell \
             whose seed it is."
        }
        Step::Throws => {
            "What falls from your hand makes the seed one that no machine could have chosen alone; where the seed is an \
             old one, the shares and keys. Type it as it falls, and choose nothing."
        }
        Step::Passphrases => {
            "Each custodian sets the own passphrase, alone before the screen. It is written on the own paper, apart from \
             the share."
        }
        Step::Review => {
            "Read it to its end: the addresses and amounts are what counts, not what somebody said about them. Compare \
             them with a paper or a call of your own."
        }
        Step::Ballots => {
            "Whoever approves types the own name and passphrase. Whoever does not says so, and stops: one refusal ends it. \
             `review` in place of a name shows all pages again."
        }
        Step::Share => "One custodian's share is opened, and nothing is combined: nothing can be signed with it.",
        Step::Work => "The machine works. Leave stick and power where they are.",
        Step::Confirm => "The last look before it counts.",
        Step::Papers => "Write it down by hand, and keep the paper apart from share and passphrase.",
        Step::Return => {
            "The result goes back to the other side. It is no secret. The codes and the file can be taken as often as they \
             are wanted before this is left; afterwards the custodians have to approve again."
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Room;

    #[test]
    fn no_line_of_the_help_is_broken_on_a_console() {
        let all = [PAGE, FIELD, SECRET, MENU].concat();
        assert!(all.len() > 25);
        for line in all {
            assert!(crate::text::folded(line, Room::CONSOLE.columns).len() < 2, "{line}");
        }
    }

    #[test]
    fn the_plan_tells_of_network_and_quorum() {
        for word in ["The network:", "The quorum:"] {
            assert!(step(Step::Plan).lines().any(|line| line.starts_with(word)), "{word}");
        }
    }
}
