//! BIP174: what parses and what does not, what a signer must refuse, and the flow from creator to extractor. BIP370:
//! what parses, and the locktime.

use bitcoin::{
    Amount, NetworkKind, OutPoint, PrivateKey, ScriptBuf, Sequence, Transaction, TxIn, TxOut,
    absolute::LockTime,
    consensus::encode::{deserialize, serialize},
    secp256k1::{PublicKey, Secp256k1},
    transaction::Version,
};

use super::{
    Siblings,
    case::{Case, Check, same},
    nodes,
};
use crate::{
    digest::StatementDigest,
    limits,
    network::Network,
    psbt::{self, Encoding, NewSignature, Parsed, Place},
    review::{Action, Caps, Finding, Ground, Past, review},
    secret::Master,
    verify::{Checker, signature_check},
    wallet::Wallet,
};

/// One case of BIP174.
pub(super) fn bip174(case: &Case<'_>, siblings: &Siblings<'_>) -> Check {
    match case.kind()? {
        "parse" => parses(case),
        "review" => signer(case, siblings),
        "create" => create(case),
        "update" if case.has("sighash_type") => sighash(case, siblings),
        "update" => update(case, siblings),
        "sign" => sign(case, siblings),
        "combine" => combine(case, siblings),
        "finalize" => finalize(case, siblings),
        "extract" => extract(case, siblings),
        _ => Err("a kind that is not known".to_owned()),
    }
}

/// A case whose PSBT parses, or does not.
pub(super) fn parses(case: &Case<'_>) -> Check {
    match read(case)? {
        Ok(_) => case.accepted(),
        Err(error) => case.refused(error.rule, &error.to_string()),
    }
}

/// The bytes of the case's PSBT.
pub(super) fn binary(case: &Case<'_>) -> Result<Vec<u8>, String> {
    psbt::unwrap(case.text("psbt")?.as_bytes()).map(|(binary, _)| binary).map_err(|error| error.to_string())
}

/// One case of BIP370.
pub(super) fn bip370(case: &Case<'_>, _: &Siblings<'_>) -> Check {
    let kind = case.kind()?;
    let parsed = match read(case)? {
        Ok(parsed) => parsed,
        Err(error) => return case.refused(error.rule, &error.to_string()),
    };
    same("psbt", &parsed.version(), &psbt::Version::Two)?;
    match kind {
        "parse" => case.accepted(),
        "locktime" => {
            same("locktime", &parsed.transaction().lock_time.to_consensus_u32(), &case.small("locktime")?)?;
            case.accepted()
        }
        _ => Err("a kind that is not known".to_owned()),
    }
}

/// The case's PSBT, as a file of base64 is read.
fn read(case: &Case<'_>) -> Result<Result<Parsed, psbt::ParseError>, String> {
    let text = case.text("psbt")?;
    let binary = match psbt::unwrap(text.as_bytes()) {
        Ok((binary, Encoding::Base64)) => binary,
        Ok((_, Encoding::Binary | Encoding::Hex)) => return Err("`psbt` is taken for another encoding".to_owned()),
        Err(error) => return Ok(Err(error)),
    };
    same("psbt", psbt::wrap(&binary, Encoding::Base64).trim_ascii(), text.as_bytes())?;
    Ok(psbt::parse(binary))
}

/// The PSBT of a case that is valid.
pub(super) fn valid(case: &Case<'_>) -> Result<Parsed, String> {
    read(case)?.map_err(|error| error.to_string())
}

/// The PSBT that a case starts from.
fn after(case: &Case<'_>, siblings: &Siblings<'_>) -> Result<Parsed, String> {
    valid(&siblings.get(case.text("after")?)?)
}

/// The master key of the flow, from the seed that the creator's case names.
fn master(siblings: &Siblings<'_>) -> Result<Master, String> {
    let creator = siblings.get("flow-1-create")?;
    let seed = PrivateKey::from_wif(creator.text("master_wif")?).map_err(|_| "`master_wif` is no key")?;
    nodes::master(seed.inner.secret_bytes().to_vec())
}

/// What a signer must refuse: a review under registered wallets finds the rule, and does not find it in the sound
/// PSBT of the same transaction, under the same wallets.
///
/// The keys of the BIP stand behind hardened steps only, where no descriptor derives from a public key, so its
/// coins cannot be those of a registered wallet of ours. Registered are wallets of its master key that are of the
/// coins' kinds, so that every fingerprint is one of ours.
fn signer(case: &Case<'_>, siblings: &Siblings<'_>) -> Check {
    let parsed = valid(case)?;
    let sound = valid(&siblings.get(case.text("sound")?)?)?;
    same("sound", sound.transaction(), parsed.transaction())?;
    let fingerprint = fingerprint(&parsed)?;
    let wallets = wallets(siblings, fingerprint)?;
    let expected = case.text("error")?;
    let find = |parsed: Parsed| {
        let refusals: Vec<_> = reviewed(parsed, &wallets).into_iter().filter(|f| f.action == Action::Refuse).collect();
        let at = refusals.iter().position(|finding| finding.rule == expected).unwrap_or(0);
        refusals.into_iter().nth(at)
    };
    if find(sound).is_some_and(|finding| finding.rule == expected) {
        return Err("`sound` is refused by the same rule".to_owned());
    }
    match find(parsed) {
        Some(finding) => case.refused(finding.rule, &finding.text),
        None => case.accepted(),
    }
}

/// The master fingerprint that a PSBT's derivations bear.
fn fingerprint(parsed: &Parsed) -> Result<[u8; 4], String> {
    let inputs = parsed.inputs().iter().flat_map(|map| &map.derivations);
    let mut all = inputs.chain(parsed.outputs().iter().flat_map(|map| &map.derivations));
    all.next().map(|d| d.fingerprint).ok_or_else(|| "`psbt` has no derivation".to_owned())
}

/// Wallets of the flow's master key, under a fingerprint: one of each kind of coin that the cases spend.
fn wallets(siblings: &Siblings<'_>, fingerprint: [u8; 4]) -> Result<Vec<Wallet>, String> {
    let master = master(siblings)?;
    let fingerprint = crate::text::hex(&fingerprint);
    let key = |account: &str| -> Result<String, String> {
        let xpub = nodes::xpub(&master, &nodes::path(&format!("m/{account}"))?, NetworkKind::Main)?;
        Ok(format!("[{fingerprint}/{account}]{xpub}/<0;1>/*"))
    };
    let (one, two) = (key("0h/0h")?, key("0h/0h/0h")?);
    let descriptors = [
        ("legacy", format!("sh(multi(2,{one},{two}))"), &[0, 1][..]),
        ("nested", format!("sh(wsh(multi(2,{one},{two})))"), &[0, 1]),
        ("pkh", format!("pkh({one})"), &[0]),
        ("sh-wpkh", format!("sh(wpkh({one}))"), &[0]),
    ];
    let wallet = |(name, text, ours): &(&str, String, &[usize])| {
        let name = name.parse().map_err(|_| "no name".to_owned())?;
        Wallet::read(name, text, Network::Mainnet, ours).map_err(|error| error.to_string())
    };
    descriptors.iter().map(wallet).collect()
}

/// The findings of a review on the network of the wallets, with nothing signed before.
pub(super) fn reviewed(parsed: Parsed, wallets: &[Wallet]) -> Vec<Finding> {
    let ground = Ground {
        statement: StatementDigest([0; 32]),
        network: Network::Mainnet,
        wallets,
        reference_height: limits::REFERENCE_HEIGHT,
        highest: &|_, _| None,
        past: &Past::none(),
        caps: Caps::default(),
    };
    review(parsed, &ground).findings().to_vec()
}

fn create(case: &Case<'_>) -> Check {
    let parsed = valid(case)?;
    let outpoints = case.texts("outpoints")?;
    let outpoints: Result<Vec<OutPoint>, _> = outpoints.iter().map(|text| text.parse()).collect();
    let (scripts, amounts) = (case.hexes("output_scripts")?, case.numbers("output_amounts")?);
    let input = |previous_output| TxIn { previous_output, sequence: Sequence::MAX, ..TxIn::default() };
    let output = |(script, amount): (Vec<u8>, u64)| TxOut {
        value: Amount::from_sat(amount),
        script_pubkey: ScriptBuf::from(script),
    };
    let ours = Transaction {
        version: Version::TWO,
        lock_time: LockTime::ZERO,
        input: outpoints.map_err(|_| "an outpoint is txid:vout")?.into_iter().map(input).collect(),
        output: scripts.into_iter().zip(amounts).map(output).collect(),
    };
    same("psbt", &ours, parsed.transaction())?;
    let master = nodes::master(
        PrivateKey::from_wif(case.text("master_wif")?)
            .map_err(|_| "`master_wif` is no key")?
            .inner
            .secret_bytes()
            .to_vec(),
    )?;
    nodes::private(case, "master", &master, &[], nodes::Prefix::Test)?;
    case.accepted()
}

fn update(case: &Case<'_>, siblings: &Siblings<'_>) -> Check {
    let (parsed, before) = (valid(case)?, after(case, siblings)?);
    same("psbt", parsed.transaction(), before.transaction())?;
    let master = master(siblings)?;
    let previous = case.hexes("previous")?;
    let previous: Result<Vec<Transaction>, _> = previous.iter().map(|bytes| deserialize(bytes)).collect();
    let previous = previous.map_err(|_| "no previous transaction")?;
    let mut scripts = (Vec::new(), Vec::new());
    for (input, map) in parsed.transaction().input.iter().zip(parsed.inputs()) {
        let outpoint = input.previous_output;
        let spent = previous.iter().find(|t| t.compute_txid() == outpoint.txid).ok_or("no previous transaction")?;
        let coin = usize::try_from(outpoint.vout).ok().and_then(|vout| spent.output.get(vout)).ok_or("no such coin")?;
        // a whole transaction where the coin is not segwit's, the coin alone where it is
        match (&map.previous_tx, &map.witness_utxo) {
            (Some(whole), None) => {
                same("previous", &whole.txid, &outpoint.txid)?;
                same("previous", &whole.outputs, &spent.output)?;
            }
            (None, Some(claimed)) => same("previous", claimed, coin)?,
            _ => return Err("a coin is given once".to_owned()),
        }
        let redeem = map.redeem_script.as_ref().ok_or("no redeem script")?;
        same("redeem_scripts", &ScriptBuf::new_p2sh(&redeem.script_hash()), &coin.script_pubkey)?;
        scripts.0.push(redeem.to_bytes());
        if let Some(witness) = &map.witness_script {
            same("witness_scripts", &ScriptBuf::new_p2wsh(&witness.wscript_hash()), redeem)?;
            scripts.1.push(witness.to_bytes());
        }
    }
    same("redeem_scripts", &scripts.0, &case.hexes("redeem_scripts")?)?;
    same("witness_scripts", &scripts.1, &case.hexes("witness_scripts")?)?;
    let inputs = parsed.inputs().iter().flat_map(|map| &map.derivations);
    let derivations = inputs.chain(parsed.outputs().iter().flat_map(|map| &map.derivations));
    let mut claimed: Vec<_> = derivations.map(|d| (d.key.clone(), d.fingerprint, d.path.clone())).collect();
    let mut ours = Vec::new();
    for (key, path) in case.hexes("public_keys")?.into_iter().zip(case.texts("paths")?) {
        let path = nodes::path(path)?;
        let xpub = nodes::xpub(&master, &path, NetworkKind::Test)?;
        same("public_keys", xpub.public_key.serialize().as_slice(), key.as_slice())?;
        ours.push((key, master.fingerprint(), path));
    }
    claimed.sort();
    ours.sort();
    same("paths", &claimed, &ours)?;
    case.accepted()
}

/// A pair of a PSBT: where, key, value.
type Pair = (Place, Vec<u8>, Vec<u8>);

/// All pairs of a PSBT, sorted.
fn pairs(parsed: &Parsed) -> Vec<Pair> {
    let inputs = (0u32..).zip(parsed.inputs()).map(|(input, _)| Place::Input(input));
    let outputs = (0u32..).zip(parsed.outputs()).map(|(output, _)| Place::Output(output));
    let places = std::iter::once(Place::Whole).chain(inputs).chain(outputs);
    let of = |place| parsed.raw_pairs(place).map(move |(key, value)| (place, key.to_vec(), value.to_vec()));
    let mut pairs: Vec<_> = places.flat_map(of).collect();
    pairs.sort();
    pairs
}

/// What `parsed` has and `before` has not; whatever `before` has must be there still.
fn added(parsed: &Parsed, before: &Parsed) -> Result<Vec<Pair>, String> {
    let (now, then) = (pairs(parsed), pairs(before));
    match then.iter().find(|pair| !now.contains(pair)) {
        Some(_) => Err("`psbt` lost a field of the case before".to_owned()),
        None => Ok(now.into_iter().filter(|pair| !then.contains(pair)).collect()),
    }
}

fn sighash(case: &Case<'_>, siblings: &Siblings<'_>) -> Check {
    let (parsed, before) = (valid(case)?, after(case, siblings)?);
    let sighash = case.small("sighash_type")?;
    for map in parsed.inputs() {
        same("sighash_type", &map.sighash_type, &Some(sighash))?;
    }
    same("psbt", &added(&parsed, &before)?.len(), &parsed.inputs().len())?;
    case.accepted()
}

/// The ECDSA signatures of a PSBT.
fn signatures(parsed: &Parsed) -> Result<Vec<(u32, NewSignature)>, String> {
    let mut all = Vec::new();
    for (input, map) in (0u32..).zip(parsed.inputs()) {
        for (key, signature) in &map.partial_sigs {
            let key = <[u8; 33]>::try_from(key.as_slice()).map_err(|_| "an uncompressed key")?;
            all.push((input, NewSignature::Ecdsa { key, signature: signature.clone() }));
        }
    }
    Ok(all)
}

/// The BIP's signatures are RFC6979's without a search for a low R, so another signer's are other bytes: each is
/// verified, belongs to a key that the case names, and all of them put into the PSBT before give the BIP's PSBT.
fn sign(case: &Case<'_>, siblings: &Siblings<'_>) -> Check {
    let (parsed, before) = (valid(case)?, after(case, siblings)?);
    let secp = Secp256k1::new();
    let master = master(siblings)?;
    let mut named = Vec::new();
    for (wif, path) in case.texts("wifs")?.into_iter().zip(case.texts("paths")?) {
        let wif = PrivateKey::from_wif(wif).map_err(|_| "`wifs` holds no key")?;
        let ours = nodes::secret(&master, &nodes::path(path)?)?;
        same("wifs", &wif.inner, &ours)?;
        named.push(PublicKey::from_secret_key(&secp, &ours).serialize());
    }
    let signatures = signatures(&parsed)?;
    let checker = Checker::new(&parsed);
    let mut signed = Vec::new();
    for (input, signature) in &signatures {
        let valid = checker.check(*input, signature).map_err(|fault| format!("input {input}: {fault}"))?;
        same("psbt", &valid.sighash, &1)?;
        if let NewSignature::Ecdsa { key, .. } = signature {
            signed.push(*key);
        }
    }
    named.sort_unstable();
    signed.sort_unstable();
    same("wifs", &signed, &named)?;
    same("psbt", psbt::splice(&before, &signatures).as_slice(), parsed.bytes())?;
    case.accepted()
}

fn combine(case: &Case<'_>, siblings: &Siblings<'_>) -> Check {
    let expected = match read(case)? {
        Ok(expected) => expected,
        Err(error) => {
            case.texts("after")?;
            return case.refused(error.rule, &error.to_string());
        }
    };
    let parts: Vec<Parsed> =
        case.texts("after")?.into_iter().map(|id| valid(&siblings.get(id)?)).collect::<Result<_, _>>()?;
    let (base, others) = parts.split_first().ok_or("nothing to combine")?;
    let joined = psbt::join(base, others, &signature_check).map_err(|error| error.to_string())?;
    // The BIP leaves the order of a map's fields open.
    let joined = psbt::parse(joined).map_err(|error| error.to_string())?;
    same("psbt", &pairs(&joined), &pairs(&expected))?;
    case.accepted()
}

fn finalize(case: &Case<'_>, siblings: &Siblings<'_>) -> Check {
    let (parsed, before) = (valid(case)?, after(case, siblings)?);
    let finalized = psbt::finalize(&before, &signature_check).map_err(|error| error.to_string())?;
    same("psbt", finalized.psbt.as_slice(), parsed.bytes())?;
    case.accepted()
}

fn extract(case: &Case<'_>, siblings: &Siblings<'_>) -> Check {
    let finalizer = siblings.get(case.text("after")?)?;
    let finalized =
        psbt::finalize(&after(&finalizer, siblings)?, &signature_check).map_err(|error| error.to_string())?;
    same("transaction", &serialize(&finalized.transaction), &case.bytes("transaction")?)?;
    // the same from the finalizer's PSBT alone
    let parsed = valid(&finalizer)?;
    let mut extracted = parsed.transaction().clone();
    for (input, map) in extracted.input.iter_mut().zip(parsed.inputs()) {
        input.script_sig = map.final_script_sig.clone().unwrap_or_default();
        input.witness = map.final_script_witness.clone().unwrap_or_default().into();
    }
    same("psbt", &extracted, &finalized.transaction)?;
    case.accepted()
}
