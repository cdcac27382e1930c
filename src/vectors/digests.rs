//! BIP143: digests of witness version 0. BIP340: signatures over digests.

use bitcoin::{
    Script, ScriptBuf, Transaction,
    consensus::encode::{deserialize, serialize},
    hashes::{Hash, hash160, sha256d},
    secp256k1::{Keypair, Message, PublicKey, Secp256k1, SecretKey, ecdsa},
};

use super::{
    Siblings,
    case::{Case, Check, same},
};
use crate::{
    digest::{Commitment, XOnly},
    quorum::{Ballot, Custodian},
    secret::ApprovalKey,
    sys::Secret,
    text::hex,
    verify::sighash::Digests,
};

/// One case of BIP143.
pub(super) fn bip143(case: &Case<'_>, _: &Siblings<'_>) -> Check {
    if case.kind()? != "digest" {
        return Err("a kind that is not known".to_owned());
    }
    let signed: Transaction = deserialize(&case.bytes("signed")?).map_err(|_| "no signed transaction")?;
    let transaction = stripped(signed.clone());
    if case.has("transaction") {
        same("transaction", &serialize(&transaction), &case.bytes("transaction")?)?;
    }
    let (place, amount) = (case.place("input")?, case.number("amount")?);
    let input = transaction.input.get(place).ok_or("no such input")?;
    same("outpoint", &serialize(&input.previous_output), &case.bytes("outpoint")?)?;
    same("sequence", &input.sequence.0, &case.small("sequence")?)?;
    let sighash = case.small("sighash_type")?;
    let code = ScriptBuf::from(case.bytes("script_code")?);
    let digest =
        Digests::new(&transaction, None).segwit_v0(place, &code, amount, sighash).map_err(|e| e.to_string())?;
    same("digest", &digest, &case.bytes32("digest")?)?;
    preimage(case, &digest)?;
    let witness = signed.input.get(place).map(|input| input.witness.to_vec()).unwrap_or_default();
    if case.has("spent_scripts") {
        let spent = case.hexes("spent_scripts")?;
        same("spent_amounts", &case.numbers("spent_amounts")?.get(place), &Some(&amount))?;
        script(case, spent.get(place).ok_or("no such coin")?, &code, witness.last())?;
    }
    if case.has("signed_swapped") {
        let swapped: Transaction = deserialize(&case.bytes("signed_swapped")?).map_err(|_| "no transaction")?;
        let moved = swapped.input.iter().position(|other| other.previous_output == input.previous_output);
        let moved = moved.ok_or("the input is not in the other order")?;
        // nothing but the order is another one
        let parts = |t: &Transaction| {
            let mut parts: Vec<_> = t.input.iter().map(|i| (serialize(i), serialize(&i.witness))).collect();
            parts.extend(t.output.iter().map(|o| (serialize(o), Vec::new())));
            parts.sort();
            parts
        };
        same("signed_swapped", &parts(&swapped), &parts(&signed))?;
        let other = stripped(swapped);
        let other = Digests::new(&other, None).segwit_v0(moved, &code, amount, sighash).map_err(|e| e.to_string())?;
        same("signed_swapped", &other, &digest)?;
    }
    if case.has("signature") {
        signature(case, &digest, sighash, &witness)?;
    }
    case.accepted()
}

/// The transaction as it was before it was signed.
fn stripped(mut transaction: Transaction) -> Transaction {
    for input in &mut transaction.input {
        input.witness.clear();
        input.script_sig = ScriptBuf::new();
    }
    transaction
}

/// The preimage hashes to the digest, and has the other figures where BIP143 puts them.
fn preimage(case: &Case<'_>, digest: &[u8; 32]) -> Result<(), String> {
    let preimage = case.bytes("preimage")?;
    same("preimage", &sha256d::Hash::hash(&preimage).to_byte_array(), digest)?;
    let front = preimage.get(4..68).unwrap_or_default();
    same("hash_prevouts", front.get(..32).unwrap_or_default(), &case.bytes32("hash_prevouts")?)?;
    same("hash_sequence", front.get(32..).unwrap_or_default(), &case.bytes32("hash_sequence")?)?;
    let back = preimage.len().checked_sub(40).and_then(|start| preimage.get(start..)).unwrap_or_default();
    same("hash_outputs", back.get(..32).unwrap_or_default(), &case.bytes32("hash_outputs")?)
}

/// The coin's script leads to the script code.
fn script(case: &Case<'_>, coin: &[u8], code: &Script, last: Option<&Vec<u8>>) -> Result<(), String> {
    let mut program = ScriptBuf::from(coin.to_vec());
    if case.has("redeem_script") {
        let redeem = ScriptBuf::from(case.bytes("redeem_script")?);
        same("redeem_script", &ScriptBuf::new_p2sh(&redeem.script_hash()), &program)?;
        program = redeem;
    }
    if program.is_p2wpkh() {
        let hash = program.as_bytes().get(2..).and_then(|hash| hash160::Hash::from_slice(hash).ok());
        let expected = hash.map(|hash| ScriptBuf::new_p2pkh(&hash.into())).ok_or("no program")?;
        return same("script_code", expected.as_script(), code);
    }
    let witness_script = if case.has("witness_script") { Some(case.bytes("witness_script")?) } else { last.cloned() };
    let witness_script = ScriptBuf::from(witness_script.ok_or("no witness script")?);
    same("witness_script", &ScriptBuf::new_p2wsh(&witness_script.wscript_hash()), &program)?;
    // what follows an OP_CODESEPARATOR that ran
    same("script_code", &witness_script.as_bytes().ends_with(code.as_bytes()), &true)
}

fn signature(case: &Case<'_>, digest: &[u8; 32], sighash: u32, witness: &[Vec<u8>]) -> Result<(), String> {
    let bytes = case.bytes("signature")?;
    let key = case.bytes("public_key")?;
    let (kind, der) = bytes.split_last().ok_or("no signature")?;
    same("sighash_type", &u32::from(*kind), &sighash)?;
    let theirs = ecdsa::Signature::from_der(der).map_err(|_| "no signature")?;
    let key = PublicKey::from_slice(&key).map_err(|_| "no public key")?;
    let secp = Secp256k1::new();
    let message = Message::from_digest(*digest);
    // One example has a high S, which consensus takes and libsecp256k1 does not.
    let mut low_s = theirs;
    low_s.normalize_s();
    secp.verify_ecdsa(&message, &low_s, &key).map_err(|_| "the signature does not verify")?;
    same("signed", &witness.contains(&bytes), &true)?;
    if case.has("secret_key") {
        let secret = SecretKey::from_slice(&case.bytes32("secret_key")?).map_err(|_| "no secret key")?;
        same("public_key", &secret.public_key(&secp), &key)?;
        // The BIP does not grind for a low R; the nonce is RFC6979's.
        same("signature", &secp.sign_ecdsa(&message, &secret), &theirs)?;
    }
    Ok(())
}

/// One case of BIP340. All of them ask what every ballot asks: is this a signature by this key?
///
/// A digest of this program has 32 bytes, by its type; the four cases with longer and shorter messages are not
/// supported.
pub(super) fn bip340(case: &Case<'_>, _: &Siblings<'_>) -> Check {
    let (key, signature, message) = (case.bytes32("public_key")?, case.bytes("signature")?, case.bytes("message")?);
    let length = message.len();
    let Ok(digest) = <[u8; 32]>::try_from(message) else {
        ["kind", "secret_key", "auxiliary"].iter().for_each(|name| case.looked_at(name));
        let words = format!("a message of {length} bytes: this program signs and checks digests of 32 bytes only");
        return case.refused("message-length", &words);
    };
    let name: crate::text::Name = "vector".parse().map_err(|_| "no name")?;
    let ballot = Ballot { custodian: name.clone(), signature: hex(&signature) };
    let custodian = Custodian { name, approval_key: XOnly(key), share_index: 0, commitment: Commitment([0; 32]) };
    let secp = Secp256k1::new();
    let checked = ballot.check(&digest, &custodian, &Secp256k1::verification_only());
    let signs = match case.kind()? {
        "sign" => true,
        "verify" => false,
        _ => return Err("a kind that is not known".to_owned()),
    };
    if signs {
        let mut secret = case.bytes("secret_key")?;
        let pair = Keypair::from_seckey_slice(&secp, &secret).map_err(|_| "no secret key")?;
        let ours = Secret::take(&mut secret).map_err(|error| error.to_string())?;
        let ours = ApprovalKey::new(ours).map_err(|error| error.to_string())?;
        same("public_key", ours.public().as_bytes(), &key)?;
        let made = ours.sign(&digest).map_err(|error| error.to_string())?;
        Ballot { signature: hex(&made), ..ballot }
            .check(&digest, &custodian, &Secp256k1::verification_only())
            .map_err(|error| error.to_string())?;
        // This program's auxiliary randomness is zero. With another the signature is another, which only the
        // library underneath can show.
        let auxiliary = case.bytes32("auxiliary")?;
        if auxiliary == [0; 32] {
            same("signature", made.as_slice(), &signature)?;
        }
        let with = secp.sign_schnorr_with_aux_rand(&Message::from_digest(digest), &pair, &auxiliary);
        same("signature", with.as_ref().as_slice(), &signature)?;
    }
    match checked {
        Ok(()) => case.accepted(),
        // One error for whatever is wrong with a signature.
        Err(error) => case.refused("signature", &error.to_string()),
    }
}
