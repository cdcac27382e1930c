//! Where a script pays, in a sentence: as the pages of outputs have it, so that eyes can compare the two.

use bitcoin::{Address, Network, Script};

use crate::text::{hex, in_fours};

/// Its address in groups of four; a script that has none, as hex.
pub(crate) fn destination(script: &Script, network: Network) -> String {
    match Address::from_script(script, network) {
        Ok(address) => in_fours(&address.to_string()),
        Err(_) => format!("a script without an address ({})", short(script)),
    }
}

/// A script as hex, shortened in the middle for a sentence; the pages of outputs have it whole.
pub(super) fn short(script: &Script) -> String {
    let hex = hex(script.as_bytes());
    match (hex.get(..40), hex.get(hex.len().saturating_sub(20)..)) {
        (Some(start), Some(end)) if hex.len() > 80 => format!("{start}…{end}"),
        _ if hex.is_empty() => "empty".to_owned(),
        _ => hex,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_scripts_are_shortened_and_others_whole() {
        let said = |bytes: usize| short(Script::from_bytes(&vec![0xab; bytes]));
        assert_eq!((said(0), said(40)), ("empty".to_owned(), "ab".repeat(40)));
        for bytes in [41, 500] {
            assert_eq!(said(bytes), format!("{}…{}", "ab".repeat(20), "ab".repeat(10)));
        }
    }

    #[test]
    fn addresses_are_those_of_the_network_in_groups_of_four() {
        // BIP173, "Test vectors": a witness program of version 0.
        let script = bitcoin::ScriptBuf::from_hex("0014751e76e8199196d454941c45d1b3a323f1433bd6").unwrap();
        let said = |network| destination(&script, network);
        assert_eq!(said(Network::Bitcoin), "bc1q w508 d6qe jxtd g4y5 r3za rvar y0c5 xw7k v8f3 t4");
        assert_eq!(said(Network::Testnet), "tb1q w508 d6qe jxtd g4y5 r3za rvar y0c5 xw7k xpjz sx");
        assert_eq!(destination(Script::from_bytes(&[0x6a]), Network::Bitcoin), "a script without an address (6a)");
    }
}
