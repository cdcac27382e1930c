//! What `vault create` was not told, people are asked for.
//!
//! Floor 6. Each answer is judged at once, by the rooms that know, and asked for again.

use std::collections::BTreeSet;

use super::{
    args::CreateArgs,
    exit::{Failure, REFUSED},
};
use crate::{
    device::Terminal,
    network::Network,
    port::{DeviceError, Keyboard, Screen},
    quorum,
    text::{Name, count},
};

/// Fills in the custodians, and gives network and threshold.
pub(super) fn what_is_missing(args: &mut CreateArgs) -> Result<(Network, u8), Failure> {
    if let (Some(network), Some(threshold), false) = (args.network, args.threshold, args.custodians.is_empty()) {
        return Ok((network, threshold));
    }
    let mut terminal = Terminal::open(true);
    let network = match args.network {
        Some(network) => network,
        None => ask(&mut terminal, "network: mainnet, testnet4, testnet, signet or regtest? ", "--network", network)?,
    };
    if args.custodians.is_empty() {
        args.custodians = ask(&mut terminal, "the custodians' names, spaces between them: ", "--custodian", names)?;
    }
    let all = args.custodians.len();
    let threshold = match args.threshold {
        Some(threshold) => threshold,
        None => {
            let prompt = format!("how many of {} approve each instruction? ", count(all, "custodian"));
            ask(&mut terminal, &prompt, "--threshold", |typed| threshold(typed, all))?
        }
    };
    Ok((network, threshold))
}

/// Asks until the answer is one; Enter alone stops.
fn ask<T>(
    terminal: &mut Terminal,
    prompt: &str,
    option: &str,
    read: impl Fn(&str) -> Result<T, String>,
) -> Result<T, Failure> {
    loop {
        let typed = match terminal.line(prompt) {
            Ok(typed) => typed,
            Err(DeviceError::NoTerminal) => {
                return Err(Failure::input(format!("{option} is missing, and there is no terminal to ask at")));
            }
            Err(error) => return Err(error.into()),
        };
        let typed = typed.trim();
        if typed.is_empty() {
            return Err(Failure::new(REFUSED, "no vault is made; nothing was done"));
        }
        match read(typed) {
            Ok(answer) => return Ok(answer),
            Err(why) => terminal.say(&format!("{why}. Once more, please (Enter alone stops)."))?,
        }
    }
}

fn network(typed: &str) -> Result<Network, String> {
    typed.to_ascii_lowercase().parse().map_err(|_| "That is none of the networks".to_owned())
}

fn names(typed: &str) -> Result<Vec<Name>, String> {
    let words = typed.split(|c: char| c.is_whitespace() || c == ',').filter(|word| !word.is_empty());
    let names: Vec<Name> = words
        .map(|word| word.to_ascii_lowercase().parse().map_err(|error: crate::text::NameError| error.to_string()))
        .collect::<Result<_, _>>()?;
    if names.iter().collect::<BTreeSet<_>>().len() != names.len() {
        return Err("A name stands twice".to_owned());
    }
    // Some threshold must be possible with so many.
    let least = if names.len() == 1 { 1 } else { 2 };
    quorum::check_size(least, names.len()).map_err(|error| error.to_string())?;
    Ok(names)
}

fn threshold(typed: &str, custodians: usize) -> Result<u8, String> {
    let threshold = typed.parse().map_err(|_| "A number, please".to_owned())?;
    quorum::check_size(threshold, custodians).map_err(|error| error.to_string())?;
    Ok(threshold)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_judged_at_once() {
        assert_eq!(network("Mainnet"), Ok(Network::Mainnet));
        assert!(network("moon").is_err() && network("").is_err());
        let parsed = |typed| names(typed).map(|names| names.iter().map(ToString::to_string).collect::<Vec<_>>());
        assert_eq!(parsed("alice, Bob  carol").unwrap(), ["alice", "bob", "carol"]);
        assert_eq!(parsed("alice").unwrap(), ["alice"]);
        let most = (0..16).map(|n| format!("c{n}")).collect::<Vec<_>>().join(" ");
        assert!(names(&most).is_ok() && names(&format!("{most} one-more")).is_err());
        for bad in ["alice alice", "al!ce bob", "", ","] {
            assert!(names(bad).is_err(), "{bad}");
        }
        assert_eq!((threshold("2", 3), threshold("1", 1)), (Ok(2), Ok(1)));
        for (bad, all) in [("1", 3), ("4", 3), ("0", 1), ("two", 3), ("-1", 3), ("300", 3)] {
            assert!(threshold(bad, all).is_err(), "{bad} of {all}");
        }
    }
}
