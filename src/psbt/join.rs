//! Joining what several signers returned: signatures, and nothing else.
//!
//! Floor 1. Own, because others' combiners overwrite or drop: here a signature is verified before it goes in,
//! two values for one key are refused, and any order of the same PSBTs gives the same bytes.

use std::collections::{BTreeMap, BTreeSet};

use bitcoin::{Script, TapLeafHash, hashes::Hash, taproot::LeafVersion};

use super::{Input, NewSignature, ParseError, Parsed, SignatureCheck, Version, splice, told::Told};

/// Why PSBTs do not go together. PSBTs are counted from 1 in the order given, the base first.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum JoinError {
    /// Another unsigned transaction.
    #[error("PSBT {psbt} is of another transaction than PSBT 1; join only what was signed from one PSBT")]
    OtherTransaction {
        /// The PSBT.
        psbt: usize,
    },
    /// Another version.
    #[error("PSBT {psbt} is of another version than PSBT 1; export all of them in the version that was signed")]
    OtherVersion {
        /// The PSBT.
        psbt: usize,
    },
    /// The same PSBT with other sequences, and signatures that were made for these.
    #[error("PSBT {psbt} was signed with other sequence numbers; sign again from one PSBT")]
    OtherSequences {
        /// The PSBT.
        psbt: usize,
    },
    /// An input is finished, its signatures cannot be told any more.
    #[error("PSBT {psbt}, input {input}: it is final already; join before anything is finalised")]
    Final {
        /// The PSBT.
        psbt: usize,
        /// The input.
        input: u32,
    },
    /// Two sighash types for one input.
    #[error("PSBT {psbt}, input {input}: it asks for another sighash type than PSBT {first}; sign from one PSBT")]
    SighashType {
        /// The PSBT that said so first.
        first: usize,
        /// The PSBT that differs.
        psbt: usize,
        /// The input.
        input: u32,
    },
    /// Another amount, or another script, of one coin.
    #[error(
        "PSBT {psbt}, input {input}: its {what} differs from that of PSBT {first}; find out which of them is true, and \
         leave the other out"
    )]
    Contradiction {
        /// The PSBT that said so first.
        first: usize,
        /// The PSBT that differs.
        psbt: usize,
        /// The input.
        input: u32,
        /// In what.
        what: &'static str,
    },
    /// A previous transaction that is not the coin's.
    #[error(
        "PSBT {psbt}, input {input}: its previous transaction is not the one that is spent, or has no such output; \
         leave this PSBT out"
    )]
    FalseCoin {
        /// The PSBT.
        psbt: usize,
        /// The input.
        input: u32,
    },
    /// Two signatures for one key.
    #[error(
        "PSBT {psbt}, input {input}: its signature for a key differs from that of PSBT {first}; sign again with the \
         signer that made the wrong one"
    )]
    Conflict {
        /// The PSBT that held one first.
        first: usize,
        /// The PSBT that differs.
        psbt: usize,
        /// The input.
        input: u32,
    },
    /// A signature by an uncompressed key.
    #[error("PSBT {psbt}, input {input}: a signature by an uncompressed key, which this program does not join")]
    Uncompressed {
        /// The PSBT.
        psbt: usize,
        /// The input.
        input: u32,
    },
    /// A signature that leaves a part of the transaction open.
    #[error(
        "PSBT {psbt}, input {input}: a signature does not cover the whole transaction; leave this PSBT out, and have its \
         signer sign again with sighash ALL"
    )]
    Partial {
        /// The PSBT.
        psbt: usize,
        /// The input.
        input: u32,
    },
    /// A signature that does not verify.
    #[error("PSBT {psbt}, input {input}: a signature does not verify; leave this PSBT out and sign again")]
    Invalid {
        /// The PSBT.
        psbt: usize,
        /// The input.
        input: u32,
    },
    /// The result breaks a limit.
    #[error("the joined PSBT breaks a limit: {0}")]
    Result(ParseError),
}

/// Adds the signatures (0x02, 0x13, 0x14) of `others` to `base`, or to the first of them that knows what every
/// input spends and which leaves are signed, where `base` does not. Nothing else is taken over. `check` is asked once
/// about each signature, those of `base` too.
///
/// PSBTs of version 0 go together where they have one unsigned transaction, of version 2 where they have one unique
/// id (BIP370); there, signatures that were made for other sequences than those of `base` do not. What they say of a
/// coin may not differ, in whatever order they come.
///
/// # Errors
/// [`JoinError`]; then nothing is joined.
pub fn join(base: &Parsed, others: &[Parsed], check: &SignatureCheck<'_>) -> Result<Vec<u8>, JoinError> {
    let all = || (1_usize..).zip(std::iter::once(base).chain(others));
    let is_of_base = |parsed: &Parsed| parsed.transaction_bytes() == base.transaction_bytes();
    for (psbt, parsed) in all() {
        if parsed.version() != base.version() {
            return Err(JoinError::OtherVersion { psbt });
        }
        let same = match base.version() {
            Version::Zero => parsed.transaction_bytes() == base.transaction_bytes(),
            Version::Two => parsed.unique_id() == base.unique_id(),
        };
        if !same {
            return Err(JoinError::OtherTransaction { psbt });
        }
        if is_signed(parsed) && !is_of_base(parsed) {
            return Err(JoinError::OtherSequences { psbt });
        }
    }
    let mut told: Vec<Told> = base.inputs().iter().map(|_| Told::default()).collect();
    let mut sighash_types: BTreeMap<u32, (usize, u32)> = BTreeMap::new();
    let mut signatures: BTreeMap<(u32, Vec<u8>), (usize, NewSignature)> = BTreeMap::new();
    for (psbt, parsed) in all() {
        for ((index, input), (txin, told)) in
            (0_u32..).zip(parsed.inputs()).zip(parsed.transaction().input.iter().zip(&mut told))
        {
            if input.is_final() {
                return Err(JoinError::Final { psbt, input: index });
            }
            told.hear(psbt, index, input, (txin.previous_output.txid, txin.previous_output.vout))?;
            if let Some(sighash_type) = input.sighash_type {
                let &mut (first, known) = sighash_types.entry(index).or_insert((psbt, sighash_type));
                if known != sighash_type {
                    return Err(JoinError::SighashType { first, psbt, input: index });
                }
            }
            let own = signatures_of(input).ok_or(JoinError::Uncompressed { psbt, input: index })?;
            for signature in own {
                let (first, known) =
                    signatures.entry((index, signature.raw_key())).or_insert_with(|| (psbt, signature.clone()));
                if *known != signature {
                    return Err(JoinError::Conflict { first: *first, psbt, input: index });
                }
            }
        }
    }
    let leaves: BTreeSet<(u32, [u8; 32])> = signatures
        .iter()
        .filter_map(|((input, _), (_, signature))| match signature {
            NewSignature::TapScript { leaf, .. } => Some((*input, *leaf)),
            NewSignature::Ecdsa { .. } | NewSignature::TapKey { .. } => None,
        })
        .collect();
    let carrier = all().map(|(_, parsed)| parsed).find(|parsed| is_of_base(parsed) && knows(parsed, &leaves));
    let carrier = carrier.unwrap_or(base);
    let accepts = check(carrier);
    let mut added = Vec::new();
    for ((input, _), (psbt, signature)) in signatures {
        if !accepts(input, &signature) {
            let partial = signature.is_partial();
            return Err(if partial { JoinError::Partial { psbt, input } } else { JoinError::Invalid { psbt, input } });
        }
        added.push((input, signature));
    }
    let joined = splice(carrier, &added);
    super::parse(joined.clone()).map_err(JoinError::Result)?;
    Ok(joined)
}

/// Whether `parsed` has the output that each input spends, and the script of each of the signed leaves.
fn knows(parsed: &Parsed, leaves: &BTreeSet<(u32, [u8; 32])>) -> bool {
    let coins = parsed.inputs().iter().all(|input| input.previous_tx.is_some() || input.witness_utxo.is_some());
    if !coins || leaves.is_empty() {
        return coins;
    }
    let given: BTreeSet<_> = (0_u32..)
        .zip(parsed.inputs())
        .flat_map(|(index, input)| input.tap_leaf_scripts.iter().map(move |(_, leaf)| (index, leaf)))
        .filter_map(|(index, leaf)| {
            let (version, script) = leaf.split_last()?;
            let version = LeafVersion::from_consensus(*version).ok()?;
            Some((index, TapLeafHash::from_script(Script::from_bytes(script), version).to_byte_array()))
        })
        .collect();
    leaves.is_subset(&given)
}

/// Whether an input holds a signature.
fn is_signed(parsed: &Parsed) -> bool {
    let signed =
        |map: &Input| !map.partial_sigs.is_empty() || map.tap_key_sig.is_some() || !map.tap_script_sigs.is_empty();
    parsed.inputs().iter().any(signed)
}

/// The signatures of an input; `None` where a key is uncompressed.
fn signatures_of(input: &Input) -> Option<Vec<NewSignature>> {
    let mut out = Vec::new();
    for (key, signature) in &input.partial_sigs {
        out.push(NewSignature::Ecdsa { key: key.as_slice().try_into().ok()?, signature: signature.clone() });
    }
    if let Some(signature) = &input.tap_key_sig {
        out.push(NewSignature::TapKey { signature: signature.clone() });
    }
    for (both, signature) in &input.tap_script_sigs {
        out.push(NewSignature::of_leaf(both, signature)?);
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use std::{cell::Cell, rc::Rc};

    use proptest::{collection::vec, prelude::*};

    use super::super::{
        Place, parse,
        raw_psbt::RawPsbt,
        samples::{ecdsa, honest, parsed, pkh, tr, wpkh, wsh},
        trimmed,
    };
    use super::*;

    /// `raw` with signatures in it.
    fn signed(raw: &RawPsbt, signatures: &[(u32, NewSignature)]) -> Parsed {
        parse(splice(&parsed(raw), signatures)).unwrap()
    }

    fn short(raw: &RawPsbt, signatures: &[(u32, NewSignature)]) -> Parsed {
        parse(trimmed(&parsed(raw), signatures)).unwrap()
    }

    /// The same value read again: `Parsed` has no `Clone`.
    fn again(parsed: &Parsed) -> Parsed {
        parse(parsed.bytes().to_vec()).unwrap()
    }

    #[test]
    fn signatures_of_full_and_trimmed_answers_come_together() {
        let all = [(0, ecdsa(1, 0)), (0, ecdsa(2, 0)), (1, ecdsa(2, 1)), (1, ecdsa(3, 1))];
        let expected = splice(&parsed(&wsh()), &all);
        let one = signed(&wsh(), &[all[0].clone(), all[2].clone()]);
        let two = short(&wsh(), &[all[1].clone(), all[3].clone()]);
        assert_eq!(join(&one, &[again(&two)], &honest), Ok(expected.clone()));
        // A trimmed base lacks what is spent, so the other carries them.
        assert_eq!(join(&two, &[again(&one)], &honest), Ok(expected));
        // Among trimmed ones alone, the base does.
        let third = short(&wsh(), &[(0, ecdsa(3, 0))]);
        let joined = join(&two, &[third], &honest).unwrap();
        assert_eq!(joined, trimmed(&parsed(&wsh()), &[all[1].clone(), (0, ecdsa(3, 0)), all[3].clone()]));
    }

    #[test]
    fn taproot_signatures_of_both_kinds_join() {
        let key_sig = (0, NewSignature::TapKey { signature: vec![1; 64] });
        let leaf_sig = (0, NewSignature::TapScript { key: [6; 32], leaf: [8; 32], signature: vec![2; 65] });
        let joined = join(
            &signed(&tr(), std::slice::from_ref(&leaf_sig)),
            &[short(&tr(), std::slice::from_ref(&key_sig))],
            &honest,
        );
        assert_eq!(joined, Ok(splice(&parsed(&tr()), &[key_sig, leaf_sig])));
    }

    #[test]
    fn nothing_but_signatures_is_taken_over() {
        let other = signed(&wsh(), &[(0, ecdsa(1, 0))]);
        let other = RawPsbt::from_bytes(other.bytes())
            .with(0, &[0x77], b"unknown")
            .with(1, &[0xfc, 1, b'a', 1], b"proprietary")
            .with(1, &[0x03], &[2, 0, 0, 0])
            .with(1, &[0x04], &[0x51])
            .with(2, &[&[0x06, 2][..], &[9; 32]].concat(), &[1; 8])
            .with(3, &[0x01], &[0x51]);
        let joined = join(&parsed(&wsh()), &[parsed(&other)], &honest).unwrap();
        assert_eq!(joined, splice(&parsed(&wsh()), &[(0, ecdsa(1, 0))]));
    }

    #[test]
    fn another_transaction_is_refused() {
        for other in [wpkh(), pkh(), tr()] {
            let refused = join(&parsed(&wsh()), &[parsed(&wsh()), parsed(&other)], &honest);
            assert_eq!(refused, Err(JoinError::OtherTransaction { psbt: 3 }));
        }
        let mut bytes = wsh().value(0, &[0]).unwrap().to_vec();
        let last = bytes.len() - 1;
        bytes[last] ^= 1;
        let other = parsed(&wsh().set(0, &[0], &bytes));
        assert_eq!(join(&parsed(&wsh()), &[other], &honest), Err(JoinError::OtherTransaction { psbt: 2 }));
    }

    #[test]
    fn version_2_joins_as_version_0_does() {
        let raw = wsh().to_v2().with(0, &[0x06], &[3]);
        let all = [(0, ecdsa(1, 0)), (0, ecdsa(2, 0)), (1, ecdsa(2, 1)), (1, ecdsa(3, 1))];
        let (one, two) = (signed(&raw, &all[..2]), short(&raw, &all[2..]));
        let joined = join(&parsed(&raw), &[again(&one), again(&two)], &honest).unwrap();
        assert_eq!(joined, splice(&parsed(&raw), &all));
        assert_eq!(parse(joined.clone()).unwrap().global().modifiable, Some(0));
        for (base, others) in [(&one, vec![parsed(&raw), again(&two)]), (&two, vec![again(&one), parsed(&raw)])] {
            assert_eq!(join(base, &others, &honest), Ok(joined.clone()));
        }
        assert_eq!(join(&again(&parse(joined.clone()).unwrap()), &[one], &honest), Ok(joined));
        // Nothing signed, nothing closed.
        assert_eq!(join(&parsed(&raw), &[parsed(&raw)], &honest), Ok(raw.to_bytes()));
    }

    #[test]
    fn another_version_is_refused() {
        let refused = |psbt| Err(JoinError::OtherVersion { psbt });
        let (zero, two) = (wsh(), wsh().to_v2());
        assert_eq!(join(&parsed(&zero), &[parsed(&two)], &honest), refused(2));
        assert_eq!(join(&parsed(&two), &[parsed(&two), parsed(&zero)], &honest), refused(3));
        assert_eq!(join(&parsed(&two), &[short(&zero, &[(0, ecdsa(1, 0))])], &honest), refused(2));
    }

    #[test]
    fn version_2_is_one_psbt_by_its_unique_id_and_signed_with_one_set_of_sequences() {
        let raw = wsh().to_v2();
        let other = raw.clone().set(2, &[0x10], &[7, 0, 0, 0]);
        let (mine, theirs) = ([(0, ecdsa(1, 0))], [(1, ecdsa(3, 1))]);
        // An updater's sequence is no other PSBT, and what nobody signed takes nothing away.
        let joined = join(&signed(&raw, &mine), &[parsed(&other)], &honest);
        assert_eq!(joined, Ok(splice(&parsed(&raw), &mine)));
        // But no signature goes from one set of sequences to another, whichever is the base.
        let refused = |psbt| Err(JoinError::OtherSequences { psbt });
        assert_eq!(join(&signed(&raw, &mine), &[signed(&other, &theirs)], &honest), refused(2));
        assert_eq!(join(&parsed(&raw), &[signed(&raw, &mine), short(&other, &theirs)], &honest), refused(3));
        assert_eq!(join(&short(&other, &mine), &[parsed(&raw), signed(&raw, &mine)], &honest), refused(3));
        // Nor does what is spent come from there.
        let joined = join(&short(&other, &mine), &[parsed(&raw)], &honest);
        assert_eq!(joined, Ok(trimmed(&parsed(&other), &mine)));
        let joined = join(&short(&other, &mine), &[parsed(&raw), parsed(&other)], &honest);
        assert_eq!(joined, Ok(splice(&parsed(&other), &mine)));
        // Anything else makes it another one.
        for (map, kind, value) in [(0, 0x02, [1, 0, 0, 0]), (0, 0x03, [1, 0, 0, 0]), (1, 0x12, [9, 0, 0, 0])] {
            let other = raw.clone().set(map, &[kind], &value);
            let refused = join(&parsed(&raw), &[parsed(&other)], &honest);
            assert_eq!(refused, Err(JoinError::OtherTransaction { psbt: 2 }));
        }
    }

    #[test]
    fn two_values_for_one_key_are_refused() {
        let good = signed(&wsh(), &[(1, ecdsa(2, 1))]);
        let NewSignature::Ecdsa { key, .. } = ecdsa(2, 1) else { unreachable!() };
        let other = (1, NewSignature::Ecdsa { key, signature: vec![0x30; 70] });
        let conflict = Err(JoinError::Conflict { first: 1, psbt: 2, input: 1 });
        assert_eq!(join(&good, &[signed(&wsh(), std::slice::from_ref(&other))], &honest), conflict);
        assert_eq!(join(&good, &[short(&wsh(), std::slice::from_ref(&other))], &|_| Box::new(|_, _| true)), conflict);
        assert_eq!(join(&signed(&wsh(), &[other]), &[again(&good)], &honest), conflict);
        let tap = |byte: u8| short(&tr(), &[(0, NewSignature::TapKey { signature: vec![byte; 64] })]);
        let refused = join(&parsed(&tr()), &[tap(1), tap(2)], &honest);
        assert_eq!(refused, Err(JoinError::Conflict { first: 2, psbt: 3, input: 0 }));
    }

    /// All orders of three.
    const ORDERS: [[usize; 3]; 6] = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]];

    fn in_order(all: &[RawPsbt; 3], order: [usize; 3]) -> Result<Vec<u8>, JoinError> {
        let [base, others @ ..] = order.map(|number| parsed(&all[number]));
        join(&base, &others, &honest)
    }

    #[test]
    fn two_stories_about_a_coin_are_refused_in_every_order() {
        let signed = |number: u8| RawPsbt::from_bytes(signed(&wsh(), &[(0, ecdsa(number, 0))]).bytes());
        let honest_coin = wsh().value(1, &[0]).unwrap().to_vec();
        let output = |sat: u64| [&sat.to_le_bytes()[..], &[34, 0, 32], &[9; 32]].concat();
        let (claimed, other) = (output(70_000), output(70_001));
        let without = |number: u8| signed(number).without(1, 0);
        let stories: [(RawPsbt, RawPsbt, &str); 6] = [
            // Claims that differ in a satoshi, and a claim beside the proof.
            (without(1).with(1, &[1], &claimed), without(2).with(1, &[1], &other), "amount or script of the coin"),
            (signed(1), without(2).with(1, &[1], &other), "amount or script of the coin"),
            // The lie stands in one PSBT beside the truth.
            (signed(1), signed(2).with(1, &[1], &other), "amount or script of the coin"),
            (signed(1).with(1, &[4], &[0x51]), signed(2).with(1, &[4], &[0x52]), "redeem script"),
            (signed(1), signed(2).set(1, &[5], &[0x52]), "witness script"),
            // Another input's transaction.
            (signed(1), signed(2).set(1, &[0], wsh().value(2, &[0]).unwrap()), ""),
        ];
        assert_ne!(honest_coin, wsh().value(2, &[0]).unwrap());
        for (one, two, what) in stories {
            let all = [one, two, RawPsbt::from_bytes(&trimmed(&parsed(&wsh()), &[(1, ecdsa(3, 1))]))];
            for order in ORDERS {
                let refused = in_order(&all, order).unwrap_err();
                if what.is_empty() {
                    assert!(matches!(refused, JoinError::FalseCoin { input: 0, .. }), "{refused}");
                } else {
                    assert!(
                        matches!(refused, JoinError::Contradiction { input: 0, what: named, .. } if named == what),
                        "{refused}"
                    );
                }
            }
        }
        // The near miss: the same said twice, and one that says nothing.
        let all = [signed(1), signed(2), without(3)];
        let joined = in_order(&all, [0, 1, 2]).unwrap();
        for order in ORDERS.into_iter().filter(|order| order[0] != 2) {
            assert_eq!(in_order(&all, order).as_ref(), Ok(&joined));
        }
    }

    #[test]
    fn a_signature_that_does_not_verify_is_refused_wherever_it_comes_from() {
        let wrong = [(1, ecdsa(3, 0))];
        let invalid = |psbt| Err(JoinError::Invalid { psbt, input: 1 });
        assert_eq!(join(&parsed(&wsh()), &[signed(&wsh(), &wrong)], &honest), invalid(2));
        assert_eq!(join(&parsed(&wsh()), &[parsed(&wsh()), short(&wsh(), &wrong)], &honest), invalid(3));
        assert_eq!(join(&signed(&wsh(), &wrong), &[], &honest), invalid(1));
    }

    #[test]
    fn a_signature_that_leaves_something_open_is_called_so() {
        for sighash in [0, 2, 3, 0x81, 0x82, 0x83] {
            let NewSignature::Ecdsa { key, mut signature } = ecdsa(3, 1) else { unreachable!() };
            signature[70] = sighash;
            let open = [(1, NewSignature::Ecdsa { key, signature })];
            let expected = Err(JoinError::Partial { psbt: 2, input: 1 });
            assert_eq!(join(&parsed(&wsh()), &[signed(&wsh(), &open)], &honest), expected, "{sighash:#x}");
            let signature = [vec![0xbb; 64], vec![sighash]].concat();
            let open = [(0, NewSignature::TapKey { signature })];
            let expected = Err(JoinError::Partial { psbt: 2, input: 0 });
            assert_eq!(join(&parsed(&tr()), &[signed(&tr(), &open)], &honest), expected, "{sighash:#x}");
        }
        // One of the whole transaction that does not verify is not.
        for signature in [vec![0xbb; 64], [vec![0xbb; 64], vec![1]].concat()] {
            let wrong = [(0, NewSignature::TapKey { signature })];
            let expected = Err(JoinError::Invalid { psbt: 2, input: 0 });
            assert_eq!(join(&parsed(&tr()), &[signed(&tr(), &wrong)], &honest), expected);
        }
    }

    #[test]
    fn each_signature_is_asked_about_once_with_what_every_input_spends() {
        let one = short(&wsh(), &[(0, ecdsa(1, 0))]);
        let two = signed(&wsh(), &[(0, ecdsa(1, 0)), (1, ecdsa(1, 1))]);
        let asked = Rc::new(Cell::new(0));
        let opened = Cell::new(0);
        let joined = join(&one, &[two], &|parsed| {
            opened.set(opened.get() + 1);
            let whole = parsed.inputs().iter().all(|input| input.previous_tx.is_some());
            let asked = Rc::clone(&asked);
            Box::new(move |_, _| {
                asked.set(asked.get() + 1);
                whole
            })
        });
        assert!(joined.is_ok());
        assert_eq!((opened.get(), asked.get()), (1, 2));
    }

    #[test]
    fn final_inputs_are_refused() {
        for pair in [(&[0x07], &[0x51][..]), (&[0x08], &[0]), (&[0x08], &[1, 1, 9])] {
            let done = wsh().with(2, pair.0, pair.1);
            let refused = |psbt| Err(JoinError::Final { psbt, input: 1 });
            assert_eq!(join(&parsed(&wsh()), &[parsed(&done)], &honest), refused(2));
            assert_eq!(join(&parsed(&done), &[parsed(&wsh())], &honest), refused(1));
        }
    }

    #[test]
    fn two_sighash_types_are_refused() {
        let asks = |kind: u8| parsed(&wsh().with(2, &[0x03], &[kind, 0, 0, 0]));
        let refused = join(&asks(1), &[parsed(&wsh()), asks(2)], &honest);
        assert_eq!(refused, Err(JoinError::SighashType { first: 1, psbt: 3, input: 1 }));
        assert!(join(&asks(1), &[asks(1), parsed(&wsh())], &honest).is_ok());
    }

    #[test]
    fn an_uncompressed_key_is_refused() {
        let other = parsed(&pkh().with(1, &[&[0x02][..], &[4; 65]].concat(), &[3; 71]));
        let refused = join(&parsed(&pkh()), &[other], &|_| Box::new(|_, _| true));
        assert_eq!(refused, Err(JoinError::Uncompressed { psbt: 2, input: 0 }));
    }

    #[test]
    fn a_result_beyond_a_limit_is_refused() {
        let some = |from: u8| {
            let signatures: Vec<_> = (from..from + 11).map(|number| (0, ecdsa(number, 0))).collect();
            signed(&wsh(), &signatures)
        };
        let Err(JoinError::Result(error)) = join(&some(1), &[some(12)], &honest) else { panic!("must be refused") };
        assert_eq!((error.rule, error.place), ("P20", Place::Input(0)));
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn any_order_and_repetition_gives_the_same_bytes(
            two in any::<bool>(),
            parts in vec((any::<bool>(), vec((0_u32..2, 1_u8..6), 0..5)), 1..5),
            order in vec(any::<prop::sample::Index>(), 0..6),
        ) {
            let raw = if two { wsh().to_v2().with(0, &[0x06], &[3]) } else { wsh() };
            let make = |(full, signatures): &(bool, Vec<(u32, u8)>)| {
                let own = |&(input, number): &(u32, u8)| (input, ecdsa(number, input));
                let signatures: Vec<_> = signatures.iter().map(own).collect();
                if *full { signed(&raw, &signatures) } else { short(&raw, &signatures) }
            };
            let base = parsed(&raw);
            let all: Vec<_> = parts.iter().map(make).collect();
            let joined = join(&base, &all, &honest).unwrap();

            // Shuffled, with repetitions, and the rest after them.
            let some = order.iter().map(|index| make(&parts[index.index(parts.len())]));
            let shuffled: Vec<_> = some.chain(parts.iter().rev().map(make)).collect();
            prop_assert_eq!(&join(&base, &shuffled, &honest).unwrap(), &joined);

            // One after the other.
            let mut step = again(&base);
            for part in &shuffled {
                step = parse(join(&step, &[again(part)], &honest).unwrap()).unwrap();
            }
            prop_assert_eq!(step.bytes(), &joined);

            // Once more changes nothing, and any of them may be the base.
            prop_assert_eq!(&join(&again(&step), &[again(&step)], &honest).unwrap(), &joined);
            let others: Vec<_> = std::iter::once(again(&base)).chain(shuffled).collect();
            prop_assert_eq!(&join(&all[0], &others, &honest).unwrap(), &joined);
        }
    }
}
