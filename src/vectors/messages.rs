//! BIP322: signed messages and proofs of funds have the form of transactions, and are refused as payments.

use std::str::FromStr;

use bitcoin::{
    Address, Amount, OutPoint, Psbt, ScriptBuf, Sequence, Transaction, TxIn, TxOut, Witness,
    absolute::LockTime,
    opcodes::{OP_0, all::OP_RETURN},
    script::Builder,
    transaction::Version,
};

use super::{
    Siblings,
    case::{Case, Check, same},
    psbts,
};
use crate::{
    digest::sha256,
    psbt::{self, ParseError, Parsed},
};

/// One case of BIP322. It has no wallet: what refuses a message must do so whosever its key is.
pub(super) fn bip322(case: &Case<'_>, _: &Siblings<'_>) -> Check {
    let message = message_hash(case.text("message")?);
    let address = Address::from_str(case.text("address")?).map_err(|_| "`address` is none")?;
    let to_spend = to_spend(&message, address.assume_checked().script_pubkey());
    let first = OutPoint::new(to_spend.compute_txid(), 0);
    match case.kind()? {
        "message" => {
            same("message_hash", &message, &case.bytes32("message_hash")?)?;
            same("to_spend", first.txid.to_string().as_str(), case.text("to_spend")?)?;
            let to_sign = to_sign(first);
            same("to_sign", to_sign.compute_txid().to_string().as_str(), case.text("to_sign")?)?;
            let mut psbt = Psbt::from_unsigned_tx(to_sign).map_err(|error| error.to_string())?;
            psbt.inputs.first_mut().ok_or("no input")?.non_witness_utxo = Some(to_spend);
            refused(case, psbt::parse(psbt.serialize()))
        }
        "proof-of-funds" => {
            let parsed = psbts::valid(case)?;
            proof_of_funds(case, &parsed)?;
            let input = parsed.transaction().input.first();
            same("message", &input.map(|input| input.previous_output), &Some(first))?;
            refused(case, Ok(parsed))
        }
        _ => Err("a kind that is not known".to_owned()),
    }
}

/// The reader refuses the PSBT, or the review does.
fn refused(case: &Case<'_>, parsed: Result<Parsed, ParseError>) -> Check {
    let parsed = match parsed {
        Ok(parsed) => parsed,
        Err(error) => return case.refused(error.rule, &error.to_string()),
    };
    match psbts::reviewed(parsed, &[]).into_iter().find(|finding| finding.rule == "X03") {
        Some(finding) => case.refused(finding.rule, &finding.text),
        None => case.accepted(),
    }
}

/// BIP340's tagged hash of the message alone.
fn message_hash(message: &str) -> [u8; 32] {
    let tag = sha256(b"BIP0322-signed-message");
    sha256(&[&tag, &tag, message.as_bytes()].concat())
}

fn proof_of_funds(case: &Case<'_>, parsed: &Parsed) -> Result<(), String> {
    let transaction = parsed.transaction();
    let version = i32::try_from(case.number("version")?).map_err(|_| "`version` is no version")?;
    same("version", &transaction.version, &Version(version))?;
    same("lock_time", &transaction.lock_time, &LockTime::from_consensus(case.small("lock_time")?))?;
    same("sequence", &transaction.input.first().map(|i| i.sequence), &Some(Sequence(case.small("sequence")?)))?;
    // The coins that the proof is of, behind the message's; a previous transaction may be given once for several.
    let whole = || parsed.inputs().iter().filter_map(|map| map.previous_tx.as_ref());
    let coin = |(input, map): (&TxIn, &psbt::Input)| {
        let outpoint = input.previous_output;
        let known = whole().find(|previous| previous.txid == outpoint.txid);
        let proved = known.and_then(|previous| previous.outputs.get(usize::try_from(outpoint.vout).ok()?));
        proved.or(map.witness_utxo.as_ref()).cloned().ok_or("an input of which nothing is known")
    };
    let coins: Result<Vec<TxOut>, _> = transaction.input.iter().zip(parsed.inputs()).skip(1).map(coin).collect();
    let coins = coins?;
    let scripts: Vec<Vec<u8>> = coins.iter().map(|coin| coin.script_pubkey.to_bytes()).collect();
    let amounts: Vec<u64> = coins.iter().map(|coin| coin.value.to_sat()).collect();
    same("more_scripts", &scripts, &case.hexes("more_scripts")?)?;
    same("more_amounts", &amounts, &case.numbers("more_amounts")?)
}

/// The transaction that the message's signature spends.
fn to_spend(message: &[u8; 32], script: ScriptBuf) -> Transaction {
    Transaction {
        version: Version(0),
        lock_time: LockTime::ZERO,
        input: vec![TxIn {
            previous_output: OutPoint::null(),
            script_sig: Builder::new().push_opcode(OP_0).push_slice(message).into_script(),
            sequence: Sequence::ZERO,
            witness: Witness::new(),
        }],
        output: vec![TxOut { value: Amount::ZERO, script_pubkey: script }],
    }
}

/// The transaction that the message's signature signs, as the BIP's hashes have it.
fn to_sign(previous_output: OutPoint) -> Transaction {
    Transaction {
        version: Version(0),
        lock_time: LockTime::ZERO,
        input: vec![TxIn { previous_output, sequence: Sequence::ZERO, ..TxIn::default() }],
        output: vec![TxOut { value: Amount::ZERO, script_pubkey: Builder::new().push_opcode(OP_RETURN).into_script() }],
    }
}
