//! O09: addresses that look alike, as those of address poisoning do: an external output beside ours, beside those
//! that were paid before, and beside each other.
//!
//! One map from the ends of an address to who has them, so that the work grows in a straight line.

use std::collections::{HashMap, HashSet};

use bitcoin::{Address, Network, Script};

use crate::{
    psbt::Place,
    review::{
        Class,
        case::{Case, OutputView},
        finding::Findings,
        lookup::Hits,
    },
    text::in_fours,
};

/// Characters at each end that people compare.
const END: usize = 4;

/// The first and last characters that differ from address to address.
type Ends = ([u8; END], [u8; END]);

/// Addresses by their ends: of each pair of ends two addresses, so that one differs from any third.
#[derive(Default)]
struct Known(HashMap<Ends, Vec<(String, String)>>);

impl Known {
    fn add(&mut self, ends: Ends, address: String, whose: impl FnOnce() -> String) {
        let same = self.0.entry(ends).or_default();
        if same.len() < 2 && same.iter().all(|(known, _)| *known != address) {
            same.push((address, whose()));
        }
    }

    fn other(&self, ends: &Ends, address: &str) -> Option<&(String, String)> {
        self.0.get(ends)?.iter().find(|(known, _)| known != address)
    }
}

/// An external output, as it is compared.
struct Paid {
    number: u32,
    ends: Ends,
    address: String,
}

/// Compares the external outputs.
pub(super) fn alike(case: &Case<'_>, hits: &Hits, found: &mut Findings) {
    let network = case.ground.network.bitcoin();
    let externals = case.outputs().filter(|output| output.class == Class::External);
    let paid: Vec<Paid> = externals.filter_map(|output| paid(&output, network)).collect();
    if paid.is_empty() {
        return;
    }
    let wanted: HashSet<Ends> = paid.iter().map(|one| one.ends).collect();
    let mut known = Known::default();
    let mut note = |script: &Script, whose: &dyn Fn() -> String| {
        if let Some((address, ends)) = read(script, network).filter(|(_, ends)| wanted.contains(ends)) {
            known.add(ends, address, whose);
        }
    };
    // Ours first: an output that looks like change is told as that.
    for input in case.inputs().filter(|input| input.own.is_some()) {
        if let Some(utxo) = &input.spent.utxo {
            note(&utxo.script_pubkey, &|| format!("that of input {}", input.number));
        }
    }
    for output in case.outputs().filter(|output| output.own.is_some()) {
        note(&output.output.script_pubkey, &|| format!("that of output {}", output.number));
    }
    for (script, (wallet, branch, index)) in hits.near() {
        note(script, &|| format!("our address in wallet `{}` at /{branch}/{index}", case.name(*wallet)));
    }
    let mut seen = HashSet::new();
    for line in case.ground.past.signed() {
        for (script, _) in line.paid.iter().filter(|(script, _)| seen.insert(*script)) {
            note(script, &|| format!("one that was paid before, in line {} of the journal", line.line));
        }
    }
    for one in paid {
        if let Some((address, whose)) = known.other(&one.ends, &one.address) {
            found.show(
                "O09",
                Place::Output(one.number),
                format!(
                    "its address begins and ends like {whose}, and differs: compare every group with {}",
                    in_fours(address)
                ),
            );
        }
        known.add(one.ends, one.address, || format!("that of output {}", one.number));
    }
}

fn paid(output: &OutputView<'_>, network: Network) -> Option<Paid> {
    let (address, ends) = read(&output.output.script_pubkey, network)?;
    Some(Paid { number: output.number, ends, address })
}

fn read(script: &Script, network: Network) -> Option<(String, Ends)> {
    let address = Address::from_script(script, network).ok()?.to_string();
    let ends = ends(&address)?;
    Some((address, ends))
}

/// Leaves away what all addresses of a kind have in common: of bech32 the part before the separator and the version,
/// of base58 the first character.
fn ends(address: &str) -> Option<Ends> {
    let data = match address.rfind('1') {
        Some(separator) if ["bc1", "tb1", "bcrt1"].iter().any(|start| address.starts_with(start)) => {
            address.get(separator.checked_add(2)?..)?
        }
        _ => address.get(1..)?,
    };
    let data = data.as_bytes();
    Some((*data.first_chunk()?, *data.last_chunk()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_leave_out_what_all_addresses_share() {
        let split = |address: &str| {
            let (first, last) = ends(address).unwrap();
            (String::from_utf8(first.to_vec()).unwrap(), String::from_utf8(last.to_vec()).unwrap())
        };
        let both = |first: &str, last: &str| (first.to_owned(), last.to_owned());
        assert_eq!(split("bc1qcr8te4kr609gcawutmrza0j4xv80jy8z306fyu"), both("cr8t", "6fyu"));
        assert_eq!(split("bcrt1qcr8te4kr609gcawutmrza0j4xv80jy8z306fyu"), both("cr8t", "6fyu"));
        assert_eq!(split("1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2"), both("BvBM", "NVN2"));
        assert_eq!(ends("bc1q"), None);
        assert_eq!(ends(""), None);
    }

    #[test]
    fn of_two_known_addresses_one_differs_from_any_third() {
        let mut known = Known::default();
        let ends = (*b"aaaa", *b"zzzz");
        for address in ["one", "two", "three", "one"] {
            known.add(ends, address.to_owned(), || format!("that of {address}"));
        }
        assert_eq!(known.0[&ends].len(), 2);
        assert_eq!(known.other(&ends, "one").unwrap().0, "two");
        assert_eq!(known.other(&ends, "two").unwrap().0, "one");
        assert_eq!(known.other(&ends, "four").unwrap().0, "one");
        assert!(known.other(&(*b"aaaa", *b"zzzy"), "four").is_none());
    }
}
