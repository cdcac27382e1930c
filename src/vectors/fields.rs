//! BIP371 and BIP373: PSBTs with fields of taproot and of MuSig2, which parse or do not.

use bitcoin::{
    PrivateKey,
    secp256k1::{PublicKey, Secp256k1},
};

use super::{
    Siblings,
    case::{Case, Check, same},
    psbts,
};

/// One case of BIP371.
pub(super) fn bip371(case: &Case<'_>, _: &Siblings<'_>) -> Check {
    match case.kind()? {
        "parse" => psbts::parses(case),
        _ => Err("a kind that is not known".to_owned()),
    }
}

/// One case of BIP373. No session of MuSig2 is held here, so each is refused; the keys that the case names stand in its
/// PSBT all the same.
pub(super) fn bip373(case: &Case<'_>, siblings: &Siblings<'_>) -> Check {
    if case.valid()? {
        let keys = case.hexes("participants")?;
        let secp = Secp256k1::new();
        let ours = case.texts("wifs")?.into_iter().map(|wif| {
            let wif = PrivateKey::from_wif(wif).map_err(|_| "`wifs` holds no key")?;
            Ok(PublicKey::from_secret_key(&secp, &wif.inner).serialize().to_vec())
        });
        same("wifs", &ours.collect::<Result<Vec<_>, String>>()?, &keys)?;
        let list = keys.concat();
        let length = [u8::try_from(list.len()).map_err(|_| "too many participants")?];
        let field = [case.bytes("aggregate")?, length.to_vec(), list].concat();
        if !psbts::binary(case)?.windows(field.len()).any(|part| part == field) {
            return Err("`participants` are not those of the field".to_owned());
        }
    }
    bip371(case, siblings)
}
