//! BIP32, and the accounts of BIP44, BIP49, BIP84 and BIP86: keys from a seed, and their addresses.

use bitcoin::Script;

use crate::network::Network;

/// The address of a script.
pub(super) fn address(script: &Script, network: Network) -> Result<String, String> {
    bitcoin::Address::from_script(script, bitcoin::params::Params::new(network.bitcoin()))
        .map(|address| address.to_string())
        .map_err(|error| error.to_string())
}
