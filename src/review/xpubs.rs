//! Extended keys in the PSBT: I14, I17. They are compared and never used.

use bitcoin::bip32::Xpub;

use crate::{
    network::Network,
    psbt::{GlobalXpub, Place},
    review::{case::Case, finding::Findings, keys},
    text,
    wallet::Key,
};

const TAMPERED: &str = "find out who changed the PSBT; make it again from the registered descriptor";

/// Compares each with the registered keys.
pub(super) fn global(case: &Case<'_>, found: &mut Findings) {
    let given = &case.parsed.global().xpubs;
    if given.is_empty() {
        return;
    }
    let registered: Vec<(&Key, [u8; 78])> =
        case.ground.wallets.iter().flat_map(crate::wallet::Wallet::keys).map(|key| (key, key.xpub.encode())).collect();
    let mut strangers = Vec::new();
    for xpub in given {
        if !well_formed(xpub, case.ground.network, found) {
            continue;
        }
        let same_place =
            registered.iter().find(|(key, _)| key.fingerprint == xpub.fingerprint && key.origin == xpub.path);
        let same_key = registered.iter().find(|(_, encoded)| same(encoded, &xpub.xpub));
        let origin = text::hex(&xpub.fingerprint);
        match (same_place, same_key) {
            (Some((_, encoded)), _) if same(encoded, &xpub.xpub) => {}
            (Some(_), _) => {
                found.refuse(
                    "I14",
                    Place::Whole,
                    format!("the extended key at [{origin}] is not the registered one of that origin"),
                    TAMPERED,
                );
            }
            (None, Some((key, _))) if xpub.fingerprint != [0; 4] => {
                found.refuse(
                    "I14",
                    Place::Whole,
                    format!(
                        "a registered extended key is given the origin [{origin}], it has [{}]",
                        text::hex(&key.fingerprint)
                    ),
                    TAMPERED,
                );
            }
            (None, Some(_)) => {}
            (None, None) => strangers.push(keys::origin(xpub.fingerprint, &xpub.path)),
        }
    }
    if !strangers.is_empty() {
        let count = text::count(strangers.len(), "extended key");
        found.show("I14", Place::Whole, format!("{count} that no wallet has, ignored: {}", strangers.join(", ")));
    }
}

/// I14 and I17: a key of the vault's network at the depth that its path has.
fn well_formed(given: &GlobalXpub, network: Network, found: &mut Findings) -> bool {
    let origin = text::hex(&given.fingerprint);
    let Ok(xpub) = Xpub::decode(&given.xpub) else {
        found.refuse("I14", Place::Whole, format!("the extended key at [{origin}] is none"), TAMPERED);
        return false;
    };
    if usize::from(xpub.depth) != given.path.len() {
        let text =
            format!("the extended key at [{origin}] has depth {}, its path {} steps", xpub.depth, given.path.len());
        found.refuse("I14", Place::Whole, text, TAMPERED);
        return false;
    }
    if xpub.network != network.kind() {
        let text = format!("the extended key at [{origin}] is of another network than the vault ({network})");
        found.refuse("I17", Place::Whole, text, "use the vault of that network");
        return false;
    }
    true
}

/// Equal in depth, number, chain code and key. The parent's fingerprint is left out: who exports a key without
/// its parent writes zeros there.
fn same(one: &[u8; 78], other: &[u8; 78]) -> bool {
    let parts = |key: &[u8; 78]| (key.get(4).copied(), key.get(9..).map(<[u8]>::to_vec));
    parts(one) == parts(other)
}
