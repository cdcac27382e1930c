//! The plan of signatures: what will be signed, how, with which keys. I22, I23.

use bitcoin::ScriptBuf;

use crate::{
    psbt::Place,
    review::{
        Permission, PlannedInput, PlannedKey, Spend,
        case::{Case, InputView},
        finding::Findings,
        ours::Own,
        sighash,
    },
    text,
    wallet::{Kind, Wallet},
};

/// How an input of ours is signed; from our derived scripts, never the PSBT's.
pub(super) fn spend(kind: Kind, own: &Own, input: &InputView<'_>) -> Option<Spend> {
    let amount = || input.spent.utxo.as_ref().map(|utxo| utxo.value.to_sat());
    let coin = own.coin();
    match kind {
        Kind::Pkh => Some(Spend::Legacy { script_code: coin.script_pubkey.clone() }),
        Kind::Sh(_) => Some(Spend::Legacy { script_code: coin.redeem_script.clone()? }),
        Kind::Wpkh => segwit(coin.script_pubkey.p2wpkh_script_code()?, amount()?),
        Kind::ShWpkh => segwit(coin.redeem_script.as_ref()?.p2wpkh_script_code()?, amount()?),
        Kind::Wsh(_) | Kind::ShWsh(_) => segwit(coin.witness_script.clone()?, amount()?),
        Kind::Tr => Some(Spend::TaprootKey { explicit_all: input.map.sighash_type == Some(sighash::ALL) }),
        // no path is chosen yet
        Kind::ShScript | Kind::ShWshScript | Kind::WshScript | Kind::TrTree => None,
    }
}

fn segwit(script_code: ScriptBuf, amount: u64) -> Option<Spend> {
    Some(Spend::SegwitV0 { script_code, amount })
}

/// Signatures that a wallet's input needs in all.
pub(super) const fn needed(kind: Kind) -> usize {
    match kind {
        Kind::Pkh
        | Kind::ShWpkh
        | Kind::Wpkh
        | Kind::Tr
        | Kind::ShScript
        | Kind::ShWshScript
        | Kind::WshScript
        | Kind::TrTree => 1,
        Kind::Sh(multi) | Kind::ShWsh(multi) | Kind::Wsh(multi) => multi.threshold,
    }
}

/// Plans one input: keys of ours that have not signed, in the wallet's order, as many as are still needed; all
/// of them where enough signatures are there (which the policy must allow).
pub(super) fn input(
    wallet: &Wallet,
    own: &Own,
    input: &InputView<'_>,
    spend: Spend,
    signed_by: &[Vec<u8>],
    found: &mut Findings,
) -> Option<PlannedInput> {
    let needed = needed(wallet.kind());
    let missing = needed.saturating_sub(signed_by.len());
    let unsigned = |public: &[u8; 33]| !signed_by.iter().any(|key| super::ours::same_key(public, key));
    let ours: Vec<PlannedKey> = wallet
        .keys()
        .iter()
        .zip(&own.coin().keys)
        .enumerate()
        .filter(|(_, (key, public))| key.ours && unsigned(public))
        .map(|(wallet_key, (_, public))| PlannedKey { wallet_key, public: *public })
        .collect();
    let count = if missing == 0 { ours.len() } else { missing };
    if missing == 0 {
        found.unless(
            Permission::MoreSignatures,
            "I22",
            Place::Input(input.number),
            format!("has all {} that it needs", text::count(needed, "signature")),
            "finalise the PSBT as it is",
        );
    }
    let keys: Vec<PlannedKey> = ours.into_iter().take(count).collect();
    (!keys.is_empty()).then_some(PlannedInput {
        input: input.number,
        wallet: own.wallet,
        branch: own.coin().branch,
        index: own.coin().index,
        spend,
        keys,
    })
}

/// I23: there is something to sign.
pub(super) fn something(case: &Case<'_>, plan: &[PlannedInput], found: &mut Findings) {
    // A false claim is refused as what it is.
    if !plan.is_empty() || case.inputs().any(|input| input.claimed() && input.own.is_none()) {
        return;
    }
    let text = if case.paying.is_empty() {
        "no input is a coin of a registered wallet"
    } else {
        "no input needs a signature of ours"
    };
    found.refuse("I23", Place::Whole, text, "check which vault and wallet the PSBT is for");
}
