//! The plan of signatures: what will be signed, how, with which keys. I22, I23.

use bitcoin::ScriptBuf;

use crate::{
    psbt::Place,
    review::{
        Permission, PlannedInput, PlannedKey, Spend,
        case::{Case, InputView},
        finding::{Each, Findings},
        ours::Own,
        sighash,
    },
    text,
    wallet::{Kind, Seat, Signers, SpendingPath, Wallet},
};

/// An input of ours with the path that is taken.
pub(super) struct Way<'v> {
    pub(super) wallet: &'v Wallet,
    pub(super) own: &'v Own,
    /// The path's place among the wallet's.
    pub(super) number: usize,
    pub(super) path: &'v SpendingPath,
    pub(super) spend: Spend,
}

impl<'v> Way<'v> {
    pub(super) fn of(case: &'v Case<'_>, input: &InputView<'v>, path: Option<usize>) -> Option<Self> {
        let own = input.own?;
        let wallet = case.wallet(own.wallet)?;
        // Where no path is open (which is refused), signatures that are there are looked at all the same.
        let number = path.unwrap_or(0);
        let path = wallet.paths().get(number)?;
        let spend = spend(wallet.kind(), path.seat, own, input)?;
        Some(Self { wallet, own, number, path, spend })
    }
}

/// How an input of ours is signed; from our derived scripts, never the PSBT's.
fn spend(kind: Kind, seat: Seat, own: &Own, input: &InputView<'_>) -> Option<Spend> {
    let amount = || input.spent.utxo.as_ref().map(|utxo| utxo.value.to_sat());
    let coin = own.coin();
    let explicit_all = input.map.sighash_type == Some(sighash::ALL);
    match kind {
        Kind::Pkh => Some(Spend::Legacy { script_code: coin.script_pubkey.clone() }),
        Kind::Sh(_) | Kind::ShScript => Some(Spend::Legacy { script_code: coin.redeem_script.clone()? }),
        Kind::Wpkh => segwit(coin.script_pubkey.p2wpkh_script_code()?, amount()?),
        Kind::ShWpkh => segwit(coin.redeem_script.as_ref()?.p2wpkh_script_code()?, amount()?),
        Kind::Wsh(_) | Kind::ShWsh(_) | Kind::WshScript | Kind::ShWshScript => {
            segwit(coin.witness_script.clone()?, amount()?)
        }
        Kind::Tr | Kind::TrTree => match seat {
            Seat::Script | Seat::KeyPath => {
                Some(Spend::TaprootKey { explicit_all, merkle_root: coin.tree.as_ref().map(|tree| tree.merkle_root) })
            }
            Seat::Leaf(leaf) => {
                let leaf = coin.tree.as_ref()?.leaves.get(leaf)?.clone();
                Some(Spend::TaprootLeaf { explicit_all, leaf })
            }
        },
    }
}

fn segwit(script_code: ScriptBuf, amount: u64) -> Option<Spend> {
    Some(Spend::SegwitV0 { script_code, amount })
}

/// Plans one input: keys of ours that have not signed, in the wallet's order, of each group as many as are still
/// needed; all of them where enough signatures are there (which the policy must allow).
pub(super) fn input(
    way: &Way<'_>,
    input: &InputView<'_>,
    signed_by: &[Vec<u8>],
    found: &mut Findings,
) -> Option<PlannedInput> {
    let coin = way.own.coin();
    let signed = |key: &usize| {
        coin.keys.get(*key).is_some_and(|public| signed_by.iter().any(|key| super::ours::same_key(public, key)))
    };
    let ours = |key: &usize| way.wallet.keys().get(*key).is_some_and(|key| key.ours);
    let missing = |group: &Signers| group.threshold.saturating_sub(group.keys.iter().filter(|key| signed(key)).count());
    let complete = way.path.signers.iter().all(|group| missing(group) == 0);
    if complete {
        let all = text::count(way.path.signatures(), "signature");
        let each =
            Each { text: format!("has all {all} that it needs"), together: format!("have all {all} that each needs") };
        let place = Place::Input(input.number);
        found.each_unless(Permission::MoreSignatures, "I22", place, each, "finalise the PSBT as it is");
    }
    let of_group = |group: &Signers| {
        let unsigned = group.keys.iter().copied().filter(|key| ours(key) && !signed(key));
        unsigned.take(if complete { usize::MAX } else { missing(group) }).collect::<Vec<_>>()
    };
    let mut keys: Vec<usize> = way.path.signers.iter().flat_map(of_group).collect();
    keys.sort_unstable();
    let planned = |wallet_key: usize| Some(PlannedKey { wallet_key, public: *coin.keys.get(wallet_key)? });
    let keys: Vec<PlannedKey> = keys.into_iter().filter_map(planned).collect();
    (!keys.is_empty()).then(|| PlannedInput {
        input: input.number,
        wallet: way.own.wallet,
        branch: coin.branch,
        index: coin.index,
        path: way.number,
        spend: way.spend.clone(),
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
