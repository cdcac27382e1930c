//! Coins and addresses of ours that nobody declared: I10 and the undeclared side of C01.
//!
//! One index a review, made only where something is unproved. It covers the branches of the wallets whose
//! scripts have the same form, to the highest index seen and 200 above; for outputs alone, 20 to each side of
//! it. Work is bounded by [`limits::LOOKUP_KEYS`].

use std::collections::{HashMap, HashSet};

use bitcoin::ScriptBuf;

use crate::{
    limits,
    psbt::Place,
    review::{
        Class,
        case::Case,
        finding::{Each, Findings},
    },
};

/// Scripts of ours: wallet, branch, index.
#[derive(Default)]
pub(super) struct Hits {
    found: HashMap<ScriptBuf, (usize, u32, u32)>,
    near: Vec<(ScriptBuf, (usize, u32, u32))>,
}

impl Hits {
    pub(super) fn get(&self, script: &ScriptBuf) -> Option<&(usize, u32, u32)> {
        self.found.get(script)
    }

    /// All scripts of ours near the highest indices, of the forms that are paid to.
    pub(super) fn near(&self) -> &[(ScriptBuf, (usize, u32, u32))] {
        &self.near
    }
}

/// Looks for unproved scripts among our addresses.
pub(super) fn look(case: &Case<'_>) -> Hits {
    let coins = case.inputs().filter(|input| !input.claimed());
    let coins: HashSet<ScriptBuf> =
        coins.filter_map(|input| Some(input.spent.utxo.as_ref()?.script_pubkey.clone())).collect();
    let paid = case.outputs().filter(|output| output.class == Class::External);
    let paid: HashSet<ScriptBuf> = paid.map(|output| output.output.script_pubkey.clone()).collect();
    let mut hits = Hits::default();
    if coins.is_empty() && paid.is_empty() {
        return hits;
    }
    let mut highest: HashMap<(usize, u32), u32> = HashMap::new();
    for own in case.inputs().filter_map(|input| input.own).chain(case.outputs().filter_map(|output| output.own)) {
        let entry = highest.entry((own.wallet, own.coin().branch)).or_default();
        *entry = own.coin().index.max(*entry);
    }
    let mut work = limits::LOOKUP_KEYS;
    for (number, wallet) in case.ground.wallets.iter().enumerate() {
        let whole = coins.iter().any(|script| wallet.kind().fits(script));
        if !whole && !paid.iter().any(|script| wallet.kind().fits(script)) {
            continue;
        }
        for branch in wallet.branches() {
            let signed = (case.ground.highest)(wallet.name(), *branch);
            let top = signed.max(highest.get(&(number, *branch)).copied()).unwrap_or(0);
            let (from, to) = if whole {
                (0, top.saturating_add(limits::CHANGE_GAP))
            } else {
                (top.saturating_sub(limits::OWN_ADDRESS_WINDOW), top.saturating_add(limits::OWN_ADDRESS_WINDOW))
            };
            // The latest first: where work runs out, old addresses are left.
            for index in (from..=to.min(i32::MAX.unsigned_abs())).rev() {
                let Some(left) = work.checked_sub(wallet.keys().len()) else { return hits };
                work = left;
                let Ok(coin) = wallet.coin(*branch, index) else { continue };
                let place = (number, *branch, index);
                if coins.contains(&coin.script_pubkey) || paid.contains(&coin.script_pubkey) {
                    hits.found.insert(coin.script_pubkey.clone(), place);
                }
                if index.abs_diff(top) <= limits::OWN_ADDRESS_WINDOW {
                    hits.near.push((coin.script_pubkey, place));
                }
            }
        }
    }
    hits
}

/// I25, O09: an external output that is an address of ours: one of the inputs', or one that the lookup knows.
pub(super) fn own_addresses(case: &Case<'_>, hits: &Hits, found: &mut Findings) {
    let inputs: HashMap<&ScriptBuf, u32> = case
        .inputs()
        .filter(|input| input.own.is_some())
        .filter_map(|input| Some((&input.spent.utxo.as_ref()?.script_pubkey, input.number)))
        .collect();
    let remedy = "make the PSBT with a new change address that has its key path";
    for output in case.outputs() {
        let place = Place::Output(output.number);
        let script = &output.output.script_pubkey;
        match (inputs.get(script), hits.get(script)) {
            (Some(input), _) if output.own.is_some() => {
                found.show("I25", place, format!("goes back to the address of input {input}"));
            }
            (Some(input), _) => {
                let each = Each {
                    text: format!("goes to the address of input {input}, and is not declared as ours"),
                    together: format!("go to the address of input {input}, and are not declared as ours"),
                };
                found.ask_each("I25", place, each, remedy);
            }
            (None, Some((wallet, branch, index))) if output.class == Class::External => {
                let name = case.name(*wallet);
                let each = Each {
                    text: format!(
                        "an address of ours that is not declared: wallet `{name}` at /{branch}/{index}; it counts as \
                         external"
                    ),
                    together: format!(
                        "addresses of ours that are not declared, of wallet `{name}`; they count as external"
                    ),
                };
                found.ask_each("C01", place, each, remedy);
            }
            (None, _) => {}
        }
    }
}
