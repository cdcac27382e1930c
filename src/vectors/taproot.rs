//! BIP341: outputs from an internal key and a tree, and key path signatures.

use bitcoin::{
    Amount, ScriptBuf, Transaction, TxOut, WitnessProgram, WitnessVersion,
    consensus::encode::deserialize,
    hashes::{Hash, HashEngine, sha256},
    secp256k1::{Keypair, Message, Parity, Scalar, Secp256k1, SecretKey, XOnlyPublicKey, schnorr::Signature},
};

use super::{
    Siblings,
    case::{Case, Check, hex, same},
    nodes,
};
use crate::{
    network::Network,
    verify::sighash::{Digests, leaf_hash},
    wallet::Expression,
};

/// One case of BIP341.
pub(super) fn bip341(case: &Case<'_>, siblings: &Siblings<'_>) -> Check {
    case.valid()?;
    match case.kind()? {
        "output" => output(case),
        "transaction" => transaction(case),
        "input" => input(case, siblings),
        _ => Err("a kind that is not known".to_owned()),
    }
}

/// BIP340's tagged hash over plain bytes.
fn tagged(tag: &str, parts: &[&[u8]]) -> [u8; 32] {
    let tag = crate::digest::sha256(tag.as_bytes());
    let mut engine = sha256::HashEngine::default();
    engine.input(&tag);
    engine.input(&tag);
    parts.iter().for_each(|part| engine.input(part));
    sha256::Hash::from_engine(engine).to_byte_array()
}

/// A part of a tree: its depth, its hash, and each leaf with its way up so far.
struct Part {
    depth: u32,
    hash: [u8; 32],
    leaves: Vec<(u8, Vec<u8>)>,
}

/// Merges the last two parts as long as they hang from one branch.
fn fold(parts: &mut Vec<Part>) -> Option<()> {
    while let [.., left, right] = parts.as_slice()
        && left.depth == right.depth
    {
        let (mut right, mut left) = (parts.pop()?, parts.pop()?);
        left.leaves.iter_mut().for_each(|(_, way)| way.extend(right.hash));
        right.leaves.iter_mut().for_each(|(_, way)| way.extend(left.hash));
        left.leaves.append(&mut right.leaves);
        let (low, high) = if left.hash <= right.hash { (left.hash, right.hash) } else { (right.hash, left.hash) };
        let hash = tagged("TapBranch", &[&low, &high]);
        parts.push(Part { depth: left.depth.checked_sub(1)?, hash, leaves: left.leaves });
    }
    Some(())
}

fn output(case: &Case<'_>) -> Check {
    let internal = case.bytes32("internal_key")?;
    let mut parts: Vec<Part> = Vec::new();
    let mut hashes = Vec::new();
    for leaf in case.texts("leaves")? {
        let [depth, version, script] = leaf.split(' ').collect::<Vec<_>>()[..] else {
            return Err("a leaf is depth, version and script".to_owned());
        };
        let depth = depth.parse().map_err(|_| "a depth is a number")?;
        let version = *hex("leaves", version)?.first().ok_or("a version is one byte")?;
        let hash = leaf_hash(version, &ScriptBuf::from(hex("leaves", script)?));
        hashes.push(hash.to_vec());
        parts.push(Part { depth, hash, leaves: vec![(version, Vec::new())] });
        fold(&mut parts).ok_or("a tree that does not close")?;
    }
    same("leaf_hashes", &hashes, &case.hexes("leaf_hashes")?)?;
    let (root, leaves) = match parts.as_slice() {
        [] => (None, &[][..]),
        [whole] if whole.depth == 0 => (Some(whole.hash), whole.leaves.as_slice()),
        _ => return Err("a tree that does not close".to_owned()),
    };
    same("merkle_root", &root, &merkle_root(case)?)?;
    let tweak = tagged("TapTweak", &[&internal, root.as_ref().map_or(&[], |root| root.as_slice())]);
    same("tweak", &tweak, &case.bytes32("tweak")?)?;
    let (key, parity) = tweaked(&internal, tweak)?;
    same("output_key", &key.serialize(), &case.bytes32("output_key")?)?;
    let program = WitnessProgram::new(WitnessVersion::V1, &key.serialize()).map_err(|_| "no program")?;
    let script = ScriptBuf::new_witness_program(&program);
    same("script", script.as_bytes(), &case.bytes("script")?)?;
    same("address", nodes::address(&script, Network::Mainnet)?.as_str(), case.text("address")?)?;
    if root.is_none() {
        // what a wallet of ours derives: the key path alone
        let expression = Expression::parse_public(&format!("tr({})", case.text("internal_key")?));
        let scripts = expression.and_then(|e| e.scripts(0)).map_err(|error| error.to_string())?;
        same("script", &scripts, &vec![script])?;
    }
    let odd = u8::from(parity == Parity::Odd);
    let blocks: Vec<_> = leaves.iter().map(|(v, way)| [&[v | odd], internal.as_slice(), way].concat()).collect();
    same("control_blocks", &blocks, &case.hexes("control_blocks")?)?;
    case.accepted()
}

/// The root, which is null where there is no tree.
fn merkle_root(case: &Case<'_>) -> Result<Option<[u8; 32]>, String> {
    case.optional("merkle_root").map(|_| case.bytes32("merkle_root")).transpose()
}

fn tweaked(internal: &[u8; 32], tweak: [u8; 32]) -> Result<(XOnlyPublicKey, Parity), String> {
    let tweak = Scalar::from_be_bytes(tweak).map_err(|_| "a tweak above the order")?;
    let internal = XOnlyPublicKey::from_slice(internal).map_err(|_| "no internal key")?;
    internal.add_tweak(&Secp256k1::verification_only(), &tweak).map_err(|_| "a tweak that gives no key".to_owned())
}

/// The transaction and the outputs that it spends.
fn spend(case: &Case<'_>) -> Result<(Transaction, Vec<TxOut>), String> {
    let transaction: Transaction = deserialize(&case.bytes("transaction")?).map_err(|_| "no transaction")?;
    let (scripts, amounts) = (case.hexes("spent_scripts")?, case.numbers("spent_amounts")?);
    let spent: Vec<_> = scripts
        .into_iter()
        .zip(amounts)
        .map(|(script, amount)| TxOut { value: Amount::from_sat(amount), script_pubkey: script.into() })
        .collect();
    same("spent_scripts", &spent.len(), &transaction.input.len())?;
    Ok((transaction, spent))
}

fn transaction(case: &Case<'_>) -> Check {
    let (transaction, spent) = spend(case)?;
    let digests = Digests::new(&transaction, Some(spent.iter().collect()));
    // The five hashes, put where BIP341 has them, must hash to our digest of a default signature of input 0.
    let digest = tagged(
        "TapSighash",
        &[
            &[0, 0],
            &transaction.version.0.to_le_bytes(),
            &transaction.lock_time.to_consensus_u32().to_le_bytes(),
            &case.bytes32("hash_prevouts")?,
            &case.bytes32("hash_amounts")?,
            &case.bytes32("hash_scripts")?,
            &case.bytes32("hash_sequences")?,
            &case.bytes32("hash_outputs")?,
            &[0],
            &0u32.to_le_bytes(),
        ],
    );
    same("hash_*", &digests.taproot(0, 0, None, None).map_err(|e| e.to_string())?, &digest)?;
    let mut signed: Transaction = deserialize(&case.bytes("signed")?).map_err(|_| "no signed transaction")?;
    for (place, (input, coin)) in signed.input.iter_mut().zip(&spent).enumerate() {
        if coin.script_pubkey.is_p2tr() {
            let witness = input.witness.iter().map(<[u8]>::to_vec).collect::<Vec<_>>();
            let key = coin.script_pubkey.as_bytes().get(2..).unwrap_or_default();
            verify(&digests, place, key, &witness)?;
        }
        input.witness.clear();
        input.script_sig = ScriptBuf::new();
    }
    same("signed", &signed, &transaction)?;
    case.accepted()
}

/// Verifies a key path witness under an output key.
fn verify(digests: &Digests<'_>, place: usize, key: &[u8], witness: &[Vec<u8>]) -> Result<[u8; 32], String> {
    let [witness] = witness else { return Err("a key path witness is one signature".to_owned()) };
    let (signature, sighash) = match witness.split_at_checked(64) {
        Some((signature, [])) => (signature, 0),
        Some((signature, [sighash])) => (signature, *sighash),
        _ => return Err("a signature is 64 or 65 bytes".to_owned()),
    };
    let digest = digests.taproot(place, sighash, None, None).map_err(|e| e.to_string())?;
    let key = XOnlyPublicKey::from_slice(key).map_err(|_| "no output key")?;
    let signature = Signature::from_slice(signature).map_err(|_| "no signature")?;
    Secp256k1::verification_only()
        .verify_schnorr(&signature, &Message::from_digest(digest), &key)
        .map_err(|_| format!("input {place}: the signature does not verify"))?;
    Ok(digest)
}

fn input(case: &Case<'_>, siblings: &Siblings<'_>) -> Check {
    let whole = siblings.get(case.text("after")?)?;
    let (transaction, spent) = spend(&whole)?;
    let digests = Digests::new(&transaction, Some(spent.iter().collect()));
    let place = case.place("input")?;
    let sighash = u8::try_from(case.number("sighash_type")?).map_err(|_| "a sighash type is one byte")?;
    let secp = Secp256k1::new();
    let secret = SecretKey::from_slice(&case.bytes32("secret_key")?).map_err(|_| "no secret key")?;
    let pair = Keypair::from_secret_key(&secp, &secret);
    let internal = pair.x_only_public_key().0.serialize();
    same("internal_key", &internal, &case.bytes32("internal_key")?)?;
    let root = merkle_root(case)?;
    let tweak = tagged("TapTweak", &[&internal, root.as_ref().map_or(&[], |root| root.as_slice())]);
    same("tweak", &tweak, &case.bytes32("tweak")?)?;
    let scalar = Scalar::from_be_bytes(tweak).map_err(|_| "a tweak above the order")?;
    let pair = pair.add_xonly_tweak(&secp, &scalar).map_err(|_| "a tweak that gives no key")?;
    // BIP341 prints the sum; the pair that libsecp256k1 holds is the same key.
    same("tweaked_secret_key", &pair.secret_bytes(), &case.bytes32("tweaked_secret_key")?)?;
    let message = case.bytes("message")?;
    let digest = digests.taproot(place, sighash, None, None).map_err(|e| e.to_string())?;
    same("digest", &digest, &case.bytes32("digest")?)?;
    same("message", &tagged("TapSighash", &[&message]), &digest)?;
    committed(case, &whole, sighash, &message)?;
    let witness = case.hexes("witness")?;
    verify(&digests, place, &pair.x_only_public_key().0.serialize(), &witness)?;
    let ours = secp.sign_schnorr_no_aux_rand(&Message::from_digest(digest), &pair);
    let theirs = witness.first().and_then(|w| w.get(..64)).unwrap_or_default();
    same("witness", ours.as_ref().as_slice(), theirs)?;
    case.accepted()
}

/// Which of the transaction's hashes a message of this type has, and where.
fn committed(case: &Case<'_>, whole: &Case<'_>, sighash: u8, message: &[u8]) -> Result<(), String> {
    let all = ["hash_prevouts", "hash_amounts", "hash_scripts", "hash_sequences"];
    let mut names: Vec<&str> = if sighash & 0x80 == 0 { all.to_vec() } else { Vec::new() };
    names.extend((sighash & 3 < 2).then_some("hash_outputs"));
    // epoch, type, version, locktime
    let mut at = message.get(10..).unwrap_or_default();
    for name in &names {
        let (hash, rest) = at.split_at_checked(32).ok_or("a message that is too short")?;
        same(name, hash, &whole.bytes32(name)?)?;
        at = rest;
    }
    names.sort_unstable();
    let mut theirs = case.texts("committed")?;
    theirs.sort_unstable();
    same("committed", &names, &theirs)
}
