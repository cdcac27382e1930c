//! Putting finished scripts and witnesses together from signatures that are there.
//!
//! Floor 1. Pure assembly for the kinds of script that this program signs; every script is the PSBT's own and
//! compared by hash with the output that is spent. All inputs, or nothing.

use std::collections::BTreeMap;

use bitcoin::{
    PubkeyHash, ScriptBuf, Transaction, TxOut, WPubkeyHash, Witness,
    consensus::encode::serialize,
    hashes::Hash,
    script::{Builder, PushBytes, Script},
};

use super::{
    Input, NewSignature, Parsed, SignatureCheck,
    multisig::multisig,
    splice::{Pairs, rewrite},
};

/// A finished transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finalized {
    /// The transaction with its scripts and witnesses: what the network takes.
    pub transaction: Transaction,
    /// The PSBT with final fields; what they replace is cleared (BIP174, "Input Finalizer").
    pub psbt: Vec<u8>,
}

/// Why a PSBT cannot be finished: the first input that is not complete.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("input {input}: {why}")]
pub struct FinalizeError {
    /// The input.
    pub input: u32,
    /// What is missing or wrong.
    pub why: Incomplete,
}

/// What an input lacks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Incomplete {
    /// Final fields are there already, and their signatures cannot be told any more.
    #[error("it is final already; finalise the PSBT as it was before")]
    Final,
    /// The PSBT does not say what the input spends.
    #[error("the PSBT does not hold the output that it spends; join it with the PSBT that was made for signing")]
    NoUtxo,
    /// What the PSBT says about the spent output contradicts the outpoint or itself.
    #[error("what the PSBT says about the output that it spends contradicts itself; make the PSBT again")]
    UtxoMismatch,
    /// Redeem or witness script missing.
    #[error("the PSBT lacks its {0} script; join it with the PSBT that was made for signing")]
    NoScript(&'static str),
    /// Redeem or witness script of another output.
    #[error("its {0} script does not hash to what the output demands; make the PSBT again")]
    OtherScript(&'static str),
    /// A script of a kind that is not put together here.
    #[error("it spends a script of a kind that this program does not finish; finish it with the wallet program")]
    Unsupported,
    /// Signatures missing.
    #[error("it has {have} of {need} signatures; collect the others and join them")]
    Signatures {
        /// Signatures by keys of the script.
        have: usize,
        /// Signatures that the script demands.
        need: usize,
    },
    /// A signature that does not verify.
    #[error("a signature does not verify; sign again with the signer that made it")]
    Invalid,
}

/// Finishes every input of `parsed`: `pkh`, `wpkh`, `sh(wpkh)`, `multi` and `sortedmulti` in `sh`, `wsh` and
/// `sh(wsh)`, and the key path of taproot. `check` is asked about each signature that goes in.
///
/// # Errors
/// [`FinalizeError`] with the first input that is not complete; then nothing is finished.
pub fn finalize(parsed: &Parsed, check: &SignatureCheck<'_>) -> Result<Finalized, FinalizeError> {
    let mut transaction = parsed.transaction().clone();
    let mut added = BTreeMap::new();
    for ((index, input), txin) in (0_u32..).zip(parsed.inputs()).zip(&mut transaction.input) {
        let accept = |signature: &NewSignature| check(parsed, index, signature);
        let (script_sig, witness) = utxo(input, txin.previous_output)
            .and_then(|utxo| finish(input, &utxo.script_pubkey, &accept))
            .map_err(|why| FinalizeError { input: index, why })?;
        let mut pairs = Pairs::new();
        if !script_sig.is_empty() {
            pairs.insert(vec![0x07], script_sig.to_bytes());
        }
        if !witness.is_empty() {
            pairs.insert(vec![0x08], serialize(&witness));
        }
        added.insert(index, pairs);
        txin.script_sig = script_sig;
        txin.witness = witness;
    }
    // Known fields other than the spent output go; unknown and proprietary ones stay (BIP174).
    let keep = |key: &[u8]| !key.first().is_some_and(|kind| matches!(kind, 0x02..=0x18));
    Ok(Finalized { transaction, psbt: rewrite(parsed, &added, keep) })
}

/// The spent output; where both fields have it, they must agree.
fn utxo(input: &Input, outpoint: bitcoin::OutPoint) -> Result<&TxOut, Incomplete> {
    let Some(previous) = &input.previous_tx else {
        return input.witness_utxo.as_ref().ok_or(Incomplete::NoUtxo);
    };
    let output = usize::try_from(outpoint.vout).ok().and_then(|vout| previous.outputs.get(vout));
    let output = output.filter(|_| previous.txid == outpoint.txid).ok_or(Incomplete::UtxoMismatch)?;
    match &input.witness_utxo {
        Some(claimed) if claimed != output => Err(Incomplete::UtxoMismatch),
        Some(_) | None => Ok(output),
    }
}

type Accept<'a> = dyn Fn(&NewSignature) -> bool + 'a;

fn finish(input: &Input, script: &Script, accept: &Accept<'_>) -> Result<(ScriptBuf, Witness), Incomplete> {
    if input.is_final() {
        return Err(Incomplete::Final);
    }
    if script.is_p2tr() {
        let signature = input.tap_key_sig.clone().ok_or(Incomplete::Signatures { have: 0, need: 1 })?;
        let witness = Witness::from_slice(&[&signature]);
        return if accept(&NewSignature::TapKey { signature }) {
            Ok((ScriptBuf::new(), witness))
        } else {
            Err(Incomplete::Invalid)
        };
    }
    if script.is_p2pkh() {
        let items = single(input, accept, |key| ScriptBuf::new_p2pkh(&PubkeyHash::hash(key)) == *script)?;
        return Ok((pushes(&items, false)?, Witness::new()));
    }
    if !script.is_p2sh() {
        return Ok((ScriptBuf::new(), segwit(input, script, accept)?));
    }
    let redeem = input.redeem_script.as_ref().ok_or(Incomplete::NoScript("redeem"))?;
    if redeem.to_p2sh() != *script {
        return Err(Incomplete::OtherScript("redeem"));
    }
    if redeem.is_witness_program() {
        return Ok((pushes(&[redeem.to_bytes()], false)?, segwit(input, redeem, accept)?));
    }
    let mut items = multi(input, redeem, accept)?;
    items.push(redeem.to_bytes());
    Ok((pushes(&items, true)?, Witness::new()))
}

/// The witness of a program of version 0.
fn segwit(input: &Input, program: &Script, accept: &Accept<'_>) -> Result<Witness, Incomplete> {
    if program.is_p2wpkh() {
        let items = single(input, accept, |key| ScriptBuf::new_p2wpkh(&WPubkeyHash::hash(key)) == *program)?;
        return Ok(Witness::from_slice(&items));
    }
    if !program.is_p2wsh() {
        return Err(Incomplete::Unsupported);
    }
    let script = input.witness_script.as_ref().ok_or(Incomplete::NoScript("witness"))?;
    if script.to_p2wsh() != *program {
        return Err(Incomplete::OtherScript("witness"));
    }
    // CHECKMULTISIG takes one item too many: an empty one (BIP147).
    let mut items = vec![Vec::new()];
    items.extend(multi(input, script, accept)?);
    items.push(script.to_bytes());
    Ok(Witness::from_slice(&items))
}

/// Signature and key of the one key that `fits`.
fn single(input: &Input, accept: &Accept<'_>, fits: impl Fn(&[u8]) -> bool) -> Result<Vec<Vec<u8>>, Incomplete> {
    let found = input.partial_sigs.iter().find(|(key, _)| fits(key));
    let (key, signature) = found.ok_or(Incomplete::Signatures { have: 0, need: 1 })?;
    verified(key, signature, accept)?;
    Ok(vec![signature.clone(), key.clone()])
}

/// Exactly as many signatures as `script` demands, in the order of its keys.
fn multi(input: &Input, script: &Script, accept: &Accept<'_>) -> Result<Vec<Vec<u8>>, Incomplete> {
    let (need, keys) = multisig(script).ok_or(Incomplete::Unsupported)?;
    let signature_of = |key: &&[u8]| input.partial_sigs.iter().find(|(own, _)| own == key);
    let found: Vec<_> = keys.iter().filter_map(signature_of).take(need).collect();
    if found.len() < need {
        return Err(Incomplete::Signatures { have: found.len(), need });
    }
    for (key, signature) in &found {
        verified(key, signature, accept)?;
    }
    Ok(found.into_iter().map(|(_, signature)| signature.clone()).collect())
}

fn verified(key: &[u8], signature: &[u8], accept: &Accept<'_>) -> Result<(), Incomplete> {
    let key = key.try_into().map_err(|_| Incomplete::Unsupported)?;
    let ok = accept(&NewSignature::Ecdsa { key, signature: signature.to_vec() });
    if ok { Ok(()) } else { Err(Incomplete::Invalid) }
}

/// A script that pushes `items`, after the empty one of CHECKMULTISIG where `multi`.
fn pushes(items: &[Vec<u8>], multi: bool) -> Result<ScriptBuf, Incomplete> {
    let mut script = Builder::new();
    if multi {
        script = script.push_opcode(bitcoin::opcodes::OP_0);
    }
    for item in items {
        script = script.push_slice(<&PushBytes>::try_from(item.as_slice()).map_err(|_| Incomplete::Unsupported)?);
    }
    Ok(script.into_script())
}

#[cfg(test)]
mod tests {
    use bitcoin::consensus::encode::deserialize;

    use super::super::{
        parse,
        raw_psbt::RawPsbt,
        samples::{ecdsa, honest, key, multi, parsed, pkh, spend, tr, wpkh, wsh},
        splice,
    };
    use super::*;

    const KEYS: [u8; 3] = [1, 2, 3];

    fn keys(numbers: &[u8]) -> Vec<[u8; 33]> {
        numbers.iter().map(|&number| key(number)).collect()
    }

    fn signature(number: u8, input: u32) -> Vec<u8> {
        ecdsa(number, input).value().to_vec()
    }

    fn signed(raw: &RawPsbt, signatures: &[(u32, NewSignature)]) -> Parsed {
        parse(splice(&parsed(raw), signatures)).unwrap()
    }

    #[track_caller]
    fn refused(parsed: &Parsed, input: u32, why: Incomplete) {
        assert_eq!(finalize(parsed, &honest), Err(FinalizeError { input, why }));
    }

    /// Finishes `raw` with the signatures of input 0 and gives its script and witness back.
    #[track_caller]
    fn finished(raw: &RawPsbt, signatures: &[(u32, NewSignature)]) -> (ScriptBuf, Vec<Vec<u8>>) {
        let before = signed(raw, signatures);
        let done = finalize(&before, &honest).unwrap();
        let mut bare = done.transaction.clone();
        for txin in &mut bare.input {
            (txin.script_sig, txin.witness) = (ScriptBuf::new(), Witness::new());
        }
        assert_eq!(&bare, before.transaction());
        let after = parse(done.psbt).unwrap();
        for (input, txin) in after.inputs().iter().zip(&done.transaction.input) {
            assert_eq!(input.final_script_sig.clone().unwrap_or_default(), txin.script_sig);
            assert_eq!(input.final_script_witness.clone().unwrap_or_default(), txin.witness.to_vec());
            assert!(input.partial_sigs.is_empty() && input.derivations.is_empty() && input.tap_key_sig.is_none());
        }
        let input = done.transaction.input.into_iter().next().unwrap();
        (input.script_sig, input.witness.to_vec())
    }

    fn push(bytes: &[u8]) -> Vec<u8> {
        match bytes.len() {
            0..=75 => [&[bytes.len() as u8], bytes].concat(),
            76..=255 => [&[0x4c, bytes.len() as u8], bytes].concat(),
            length => [&[0x4d][..], &(length as u16).to_le_bytes(), bytes].concat(),
        }
    }

    #[test]
    fn single_keys_are_finished() {
        let (script, witness) = finished(&pkh(), &[(0, ecdsa(1, 0))]);
        assert_eq!(script.to_bytes(), [push(&signature(1, 0)), push(&key(1))].concat());
        assert!(witness.is_empty());

        let both = vec![signature(1, 0), key(1).to_vec()];
        assert_eq!(finished(&wpkh(), &[(0, ecdsa(1, 0))]), (ScriptBuf::new(), both.clone()));

        let program = ScriptBuf::new_p2wpkh(&WPubkeyHash::hash(&key(1)));
        let nested = spend(&[program.to_p2sh()], &[&[(vec![0x04], program.to_bytes())]]);
        let (script, witness) = finished(&nested, &[(0, ecdsa(1, 0))]);
        assert_eq!((script.to_bytes(), witness), (push(program.as_bytes()), both));

        let tap = NewSignature::TapKey { signature: vec![1; 64] };
        assert_eq!(finished(&tr(), &[(0, tap)]), (ScriptBuf::new(), vec![vec![1; 64]]));
    }

    #[test]
    fn multisig_takes_exactly_m_signatures_in_the_order_of_the_keys() {
        // Not the order of the PSBT's map, which sorts by key.
        let script = multi(2, &keys(&[3, 1, 2]));
        let all = [(0, ecdsa(1, 0)), (0, ecdsa(2, 0)), (0, ecdsa(3, 0))];
        let want = |numbers: [u8; 2]| numbers.map(|number| signature(number, 0));

        let bare = spend(&[script.to_p2sh()], &[&[(vec![0x04], script.to_bytes())]]);
        let wsh = spend(&[script.to_p2wsh()], &[&[(vec![0x05], script.to_bytes())]]);
        let program = script.to_p2wsh();
        let nested =
            spend(&[program.to_p2sh()], &[&[(vec![0x04], program.to_bytes()), (vec![0x05], script.to_bytes())]]);
        for (present, order) in [(&all[..], [3, 1]), (&all[..2], [1, 2]), (&all[1..], [3, 2])] {
            let [first, second] = want(order);
            let (legacy, none) = finished(&bare, present);
            assert_eq!(legacy.to_bytes(), [vec![0], push(&first), push(&second), push(script.as_bytes())].concat());
            assert!(none.is_empty());

            let stack = vec![vec![], first, second, script.to_bytes()];
            assert_eq!(finished(&wsh, present), (ScriptBuf::new(), stack.clone()));
            let (outer, inner) = finished(&nested, present);
            assert_eq!((outer.to_bytes(), inner), (push(program.as_bytes()), stack));
        }
    }

    #[test]
    fn the_largest_multisigs_are_finished() {
        for (m, n) in [(1, 1), (15, 15), (16, 16), (1, 17), (16, 20)] {
            let numbers: Vec<u8> = (1..=n).collect();
            let script = multi(m, &keys(&numbers));
            let raw = spend(&[script.to_p2wsh()], &[&[(vec![0x05], script.to_bytes())]]);
            let signatures: Vec<_> = numbers.iter().map(|&number| (0, ecdsa(number, 0))).collect();
            let (_, stack) = finished(&raw, &signatures);
            assert_eq!(stack.len(), m as usize + 2);
        }
    }

    #[test]
    fn every_input_is_finished_or_none() {
        let two = [(0, ecdsa(1, 0)), (0, ecdsa(3, 0)), (1, ecdsa(2, 1)), (1, ecdsa(3, 1))];
        finished(&wsh(), &two);
        let lacks = |have| Incomplete::Signatures { have, need: 2 };
        refused(&signed(&wsh(), &two[..3]), 1, lacks(1));
        refused(&signed(&wsh(), &two[..2]), 1, lacks(0));
        refused(&signed(&wsh(), &two[1..]), 0, lacks(1));
        // A signature by a key outside of the script counts for nothing.
        refused(&signed(&wsh(), &[(0, ecdsa(1, 0)), (0, ecdsa(9, 0))]), 0, lacks(1));
        let none = Incomplete::Signatures { have: 0, need: 1 };
        refused(&parsed(&tr()), 0, none.clone());
        refused(&signed(&wpkh(), &[(0, ecdsa(2, 0))]), 0, none.clone());
        refused(&signed(&pkh(), &[(0, ecdsa(2, 0))]), 0, none);
    }

    #[test]
    fn a_signature_that_does_not_verify_is_refused() {
        let NewSignature::Ecdsa { key, .. } = ecdsa(1, 0) else { unreachable!() };
        let wrong = (0, NewSignature::Ecdsa { key, signature: signature(1, 1) });
        for raw in [pkh(), wpkh()] {
            refused(&signed(&raw, std::slice::from_ref(&wrong)), 0, Incomplete::Invalid);
        }
        refused(&signed(&wsh(), &[wrong, (0, ecdsa(2, 0))]), 0, Incomplete::Invalid);
        let tap = NewSignature::TapKey { signature: vec![0xbb; 64] };
        refused(&signed(&tr(), &[(0, tap)]), 0, Incomplete::Invalid);
    }

    #[test]
    fn scripts_must_be_there_and_hash_to_the_output() {
        let script = multi(1, &keys(&KEYS));
        let other = multi(2, &keys(&KEYS));
        let program = script.to_p2wsh();
        let sign = [(0, ecdsa(1, 0)), (0, ecdsa(2, 0))];
        let one = |output: ScriptBuf, fields: &[(u8, &ScriptBuf)]| {
            let fields: Vec<_> = fields.iter().map(|(kind, script)| (vec![*kind], script.to_bytes())).collect();
            signed(&spend(&[output], &[&fields]), &sign)
        };
        refused(&one(script.to_p2sh(), &[]), 0, Incomplete::NoScript("redeem"));
        refused(&one(script.to_p2sh(), &[(0x04, &other)]), 0, Incomplete::OtherScript("redeem"));
        refused(&one(program.clone(), &[]), 0, Incomplete::NoScript("witness"));
        refused(&one(program.clone(), &[(0x05, &other)]), 0, Incomplete::OtherScript("witness"));
        refused(&one(program.to_p2sh(), &[(0x04, &program)]), 0, Incomplete::NoScript("witness"));
        refused(&one(program.to_p2sh(), &[(0x04, &program), (0x05, &other)]), 0, Incomplete::OtherScript("witness"));
        refused(&one(program.to_p2sh(), &[(0x04, &other), (0x05, &script)]), 0, Incomplete::OtherScript("redeem"));
    }

    #[test]
    fn other_kinds_of_script_are_refused() {
        let sign = [(0, ecdsa(1, 0)), (0, ecdsa(2, 0))];
        let good = multi(1, &keys(&KEYS)).to_bytes();
        let last = good.len() - 1;
        let mut verify = good.clone();
        verify[last] = 0xaf;
        let mut fewer = good.clone();
        fewer[last - 1] = 0x52;
        let mut more_needed = good.clone();
        more_needed[0] = 0x54;
        let mut uncompressed = good.clone();
        uncompressed.splice(1..35, [&[65][..], &[4; 65]].concat());
        let long_number = [&good[..last - 1], &[0x01, 0x03], &good[last..]].concat();
        let padded = [&good[..], &[0x61]].concat();
        let cut = good[..last].to_vec();
        let pushed = [&[0x4c, 33][..], &key(1), &[0xac]].concat();
        for script in [verify, fewer, more_needed, uncompressed, long_number, padded, cut, pushed, vec![], vec![0x51]] {
            let script = ScriptBuf::from_bytes(script);
            let raw = spend(&[script.to_p2wsh()], &[&[(vec![0x05], script.to_bytes())]]);
            refused(&signed(&raw, &sign), 0, Incomplete::Unsupported);
        }
        for output in [vec![0x51], good, [&[0x52, 20][..], &[1; 20]].concat(), vec![0x51, 2, 0x4e, 0x73]] {
            refused(&signed(&spend(&[output.into()], &[&[]]), &sign), 0, Incomplete::Unsupported);
        }
    }

    #[test]
    fn what_is_spent_must_be_known_and_agree() {
        let sign = [(0, ecdsa(1, 0))];
        refused(&signed(&wpkh().without(1, 0x00).without(1, 0x01), &sign), 0, Incomplete::NoUtxo);
        finished(&wpkh().without(1, 0x00), &sign);
        finished(&wpkh().without(1, 0x01), &sign);
        let mut utxo = wpkh().value(1, &[0x01]).unwrap().to_vec();
        utxo[0] ^= 1;
        refused(&signed(&wpkh().set(1, &[0x01], &utxo), &sign), 0, Incomplete::UtxoMismatch);
        let other = pkh().value(1, &[0x00]).unwrap().to_vec();
        refused(&signed(&wpkh().set(1, &[0x00], &other), &sign), 0, Incomplete::UtxoMismatch);
        let mut tx: Transaction = deserialize(wpkh().value(0, &[0]).unwrap()).unwrap();
        tx.input[0].previous_output.vout = 2;
        let beyond = wpkh().set(0, &[0], &serialize(&tx));
        refused(&signed(&beyond, &sign), 0, Incomplete::UtxoMismatch);
        refused(&signed(&wpkh().with(1, &[0x08], &[0]), &sign), 0, Incomplete::Final);
    }

    #[test]
    fn known_fields_are_cleared_and_the_utxo_and_unknown_ones_stay() {
        let raw = wpkh().with(0, &[0x77], b"a").with(1, &[0x77], b"b").with(1, &[0xfc, 1, b'a', 0], b"c").with(
            2,
            &[0x35],
            b"d",
        );
        let done = finalize(&signed(&raw, &[(0, ecdsa(1, 0))]), &honest).unwrap();
        let witness = serialize(&done.transaction.input[0].witness);
        let mut expected = raw.without(1, 0x03);
        expected.maps[1].insert(2, (vec![0x08], witness));
        assert_eq!(RawPsbt::from_bytes(&done.psbt), expected);
    }
}
