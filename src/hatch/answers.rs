//! What people answer when a vault is to be made.

use std::collections::BTreeSet;

use crate::{network::Network, quorum, text::Name};

/// A network by its name.
///
/// # Errors
/// It is none.
pub fn network(typed: &str) -> Result<Network, String> {
    typed.to_ascii_lowercase().parse().map_err(|_| "That is none of the networks".to_owned())
}

/// The names of custodians, of which some quorum is possible.
///
/// # Errors
/// What is wrong with them.
pub fn names(typed: &str) -> Result<Vec<Name>, String> {
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

/// How many of so many custodians approve.
///
/// # Errors
/// No such quorum.
pub fn threshold(typed: &str, custodians: usize) -> Result<u8, String> {
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
        assert!(names(&most).is_ok());
        let more = names(&format!("{most} one-more")).unwrap_err();
        assert_eq!(more, "a vault has at most 16 custodians, and here are 17");
        for bad in ["alice alice", "al!ce bob", "", ","] {
            assert!(names(bad).is_err(), "{bad}");
        }
        assert_eq!((threshold("2", 3), threshold("1", 1)), (Ok(2), Ok(1)));
        for (bad, all) in [("1", 3), ("4", 3), ("0", 1), ("two", 3), ("-1", 3), ("300", 3)] {
            assert!(threshold(bad, all).is_err(), "{bad} of {all}");
        }
    }
}
