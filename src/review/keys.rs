//! Keys in words: whose they are, by the registered descriptors.

use crate::{
    review::{
        Facts, KeyFacts, WalletFacts,
        finding::run_words,
        ours::{Own, same_key},
    },
    text::{count, hex},
    wallet::HARDENED,
};

/// `[3fb79d7c/84h/0h/0h]`.
pub(super) fn origin(fingerprint: [u8; 4], path: &[u32]) -> String {
    format!("[{}{}]", hex(&fingerprint), steps(path))
}

/// `m/84h/0h/0h`.
pub(super) fn path(path: &[u32]) -> String {
    format!("m{}", steps(path))
}

fn steps(path: &[u32]) -> String {
    let step = |step: &u32| if *step >= HARDENED { format!("/{}h", step & !HARDENED) } else { format!("/{step}") };
    path.iter().map(step).collect()
}

/// The numbers of the wallet's keys that these public keys are derived from, in their order.
pub(super) fn numbers(own: &Own, keys: &[Vec<u8>]) -> Vec<usize> {
    let number = |key: &Vec<u8>| own.coin().keys.iter().position(|derived| same_key(derived, key));
    keys.iter().filter_map(number).collect()
}

/// `key 2 [f00dcafe/48h/1h/0h/2h]`, and whether it is ours.
pub(super) fn key_words(wallet: &WalletFacts, number: usize) -> String {
    let name = short(number);
    match wallet.members.get(number) {
        Some(KeyFacts { fingerprint, origin: path, ours }) => {
            format!("{name} {}{}", origin(*fingerprint, path), if *ours { ", this vault's" } else { "" })
        }
        None => name,
    }
}

/// A key of ours that signs: `key 1 of wallet main [3fb79d7c/84h/0h/0h]`.
pub(super) fn planned_words(wallet: &WalletFacts, number: usize) -> String {
    let origin = wallet.members.get(number).map_or(String::new(), |key| origin(key.fingerprint, &key.origin));
    format!("{} of wallet {} {origin}", short(number), wallet.name)
}

/// `key 2`: people count from 1.
fn short(number: usize) -> String {
    format!("key {}", number.saturating_add(1))
}

/// A wallet's name.
pub(super) fn wallet_name(facts: &Facts, wallet: usize) -> &str {
    facts.wallets.get(wallet).map_or("?", |wallet| wallet.name.as_str())
}

/// `input 3`, `inputs 0, 2 and 4 to 249`: the numbers in order.
pub(super) fn input_words(inputs: &[u32]) -> String {
    run_words(if inputs.len() == 1 { "input" } else { "inputs" }, inputs)
}

/// `1 signature in input 3`.
pub(super) fn signature_words(signatures: usize, inputs: &[u32]) -> String {
    format!("{} in {}", count(signatures, "signature"), input_words(inputs))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_are_paths() {
        assert_eq!(origin([0, 1, 0xab, 0xff], &[48 | HARDENED, 0, 7]), "[0001abff/48h/0/7]");
        assert_eq!(origin([0; 4], &[]), "[00000000]");
    }

    #[test]
    fn many_inputs_are_named_by_their_runs() {
        assert_eq!(input_words(&[3]), "input 3");
        assert_eq!(input_words(&[0, 1]), "inputs 0 and 1");
        assert_eq!(input_words(&[0, 2, 4, 5, 6]), "inputs 0, 2 and 4 to 6");
        assert_eq!(input_words(&(0..250).collect::<Vec<_>>()), "inputs 0 to 249");
        assert_eq!(signature_words(2, &[0, 9]), "2 signatures in inputs 0 and 9");
    }
}
