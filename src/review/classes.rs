//! What an output is to us: the classes, C01, C03 to C05, C08 to C10 and C13.

use std::collections::HashMap;

use bitcoin::TxOut;

use crate::{
    limits,
    psbt::Place,
    review::{
        Class,
        case::Case,
        finding::{Each, Findings},
        ours::Own,
    },
    text,
    wallet::{SpendingPath, Wallet},
};

/// The script of a pay-to-anchor output.
pub(super) const ANCHOR: [u8; 4] = [0x51, 0x02, 0x4e, 0x73];

/// C01, C07, C13: change is what the one paying wallet derives on its change branch, and nothing else is.
pub(super) fn class(output: &TxOut, own: Option<&Own>, paying: &[usize], wallets: &[Wallet]) -> Class {
    let script = &output.script_pubkey;
    let Some(own) = own else {
        return if script.is_op_return() {
            Class::OpReturn
        } else if script.as_bytes() == ANCHOR {
            Class::Anchor
        } else if bitcoin::Address::from_script(script, bitcoin::Network::Bitcoin).is_err() {
            Class::Unknown
        } else {
            Class::External
        };
    };
    let change_branch = wallets.get(own.wallet).and_then(|wallet| wallet.branches().get(1));
    if *paying != [own.wallet] {
        Class::OtherWallet
    } else if change_branch == Some(&own.coin().branch) {
        Class::Change
    } else {
        Class::SelfTransfer
    }
}

/// The highest index of a wallet that was signed before, on any of its branches.
pub(super) fn highest_signed(case: &Case<'_>, wallet: usize) -> Option<u32> {
    let wallet = case.wallet(wallet)?;
    wallet.branches().iter().filter_map(|branch| (case.ground.highest)(wallet.name(), *branch)).max()
}

/// The highest index seen of each wallet, in its history or among this PSBT's inputs; and whether it has a
/// history.
pub(super) fn highest_seen(case: &Case<'_>) -> HashMap<usize, (u32, bool)> {
    let mut seen: HashMap<usize, (u32, bool)> = HashMap::new();
    let owned = case.inputs().filter_map(|input| input.own.map(|own| (own.wallet, Some(own.coin().index))));
    let returned = case.outputs().filter_map(|output| output.own.map(|own| (own.wallet, None)));
    for (wallet, index) in owned.chain(returned) {
        let entry = seen.entry(wallet).or_insert_with(|| {
            let signed = highest_signed(case, wallet);
            (signed.unwrap_or(0), signed.is_some())
        });
        entry.0 = entry.0.max(index.unwrap_or(0));
    }
    seen
}

/// C03, C04, C05, C08, C09, C10, C13.
pub(super) fn returns(case: &Case<'_>, seen: &HashMap<usize, (u32, bool)>, found: &mut Findings) {
    let mixed = case.paying.len() > 1;
    let mut change = 0u32;
    let mut back = 0u32;
    for output in case.outputs() {
        let Some(own) = output.own else { continue };
        let place = Place::Output(output.number);
        let at = format!("wallet `{}` at /{}/{}", case.name(own.wallet), own.coin().branch, own.coin().index);
        match output.class {
            Class::Change => change = change.saturating_add(1),
            Class::SelfTransfer => {
                found.show("C03", place, format!("a transfer to ourselves: {at}, not on the change branch"))
            }
            Class::OtherWallet if mixed => {
                found.show("C13", place, format!("{at}; several wallets pay, so it does not count as change"));
            }
            Class::OtherWallet => match weaker(case, own.wallet) {
                Some(why) => {
                    let text = format!("a transfer to {at}; it counts as leaving, and {why}");
                    let name = case.name(own.wallet);
                    let together = format!("are transfers to wallet `{name}`; they count as leaving, and {why}");
                    found.ask_each("C04", place, Each { text, together }, "ask whether that wallet is meant");
                }
                None => found.show("C04", place, format!("a transfer to {at}; it counts as leaving")),
            },
            Class::External | Class::OpReturn | Class::Unknown | Class::Anchor => {}
        }
        if output.class.comes_back() {
            back = back.saturating_add(1);
            if output.output.value.to_sat() == 0 {
                let together = format!("return nothing to wallet `{}`", case.name(own.wallet));
                let each = Each { text: format!("{at} gets nothing"), together };
                found.ask_each("C10", place, each, "make the PSBT without this output");
            }
        }
        window(own, (case.name(own.wallet), &at), seen, place, found);
    }
    number_of_change(case, (change, back), found);
    if back == 0 && !case.paying.is_empty() {
        sweep(case, found);
    }
}

/// Why coins are easier to take in that wallet than in the one that pays, by the paths that are open now.
fn weaker(case: &Case<'_>, to: usize) -> Option<String> {
    let [paying] = case.paying.as_slice() else { return None };
    let (paying, to) = (case.wallet(*paying)?, case.wallet(to)?);
    let open =
        |wallet: &'_ Wallet| wallet.paths().iter().filter(|path| !path.timelocked()).cloned().collect::<Vec<_>>();
    let least = |wallet: &Wallet| open(wallet).iter().map(SpendingPath::signatures).min();
    if let (Some(fewer), Some(signatures)) = (least(to), least(paying))
        && fewer < signatures
    {
        let needs = text::count(fewer, "signature");
        return Some(format!("it takes {needs} to spend, where wallet `{}` takes {signatures}", paying.name()));
    }
    let without_us = |wallet: &Wallet| {
        let theirs: Vec<usize> =
            (0..).zip(wallet.keys()).filter(|(_, key)| !key.ours).map(|(number, _)| number).collect();
        open(wallet).iter().any(|path| path.signed_by(&theirs))
    };
    (without_us(to) && !without_us(paying)).then(|| {
        format!("others can spend there without a key of this vault, which they cannot in wallet `{}`", paying.name())
    })
}

/// C05: coins far above what was used are coins that a restored wallet does not find.
fn window(own: &Own, (name, at): (&str, &str), seen: &HashMap<usize, (u32, bool)>, place: Place, found: &mut Findings) {
    let (highest, history) = seen.get(&own.wallet).copied().unwrap_or_default();
    let gap = if history { limits::CHANGE_GAP } else { limits::FIRST_CHANGE_GAP };
    if own.coin().index > limits::CHANGE_INDEX {
        found.refuse(
            "C05",
            place,
            format!("{at} is beyond index {}, where no wallet looks", number(limits::CHANGE_INDEX)),
            "make the PSBT with the next unused change address",
        );
    } else if own.coin().index > highest.saturating_add(gap) {
        let gap = number(gap);
        let above = if history || highest > 0 {
            format!("the highest index seen, {}", number(highest))
        } else {
            "0, and nothing of this wallet was signed before".to_owned()
        };
        let each = Each {
            text: format!("{at} is more than {gap} above {above}"),
            together: format!("are at indices of wallet `{name}` that are more than {gap} above {above}"),
        };
        found.ask_each("C05", place, each, "make the PSBT with the next unused change address, or note the index");
    }
}

fn number(number: u32) -> String {
    text::grouped_number(u64::from(number))
}

/// C08.
fn number_of_change(case: &Case<'_>, (change, back): (u32, u32), found: &mut Findings) {
    let caps = &case.ground.caps;
    let remedy = "make the PSBT with fewer change outputs";
    if change > caps.change_outputs_refuse {
        let text = format!("{change} change outputs, the policy refuses more than {}", caps.change_outputs_refuse);
        found.refuse("C08", Place::Whole, text, remedy);
    } else if change > caps.change_outputs_notice {
        let text = format!("{change} change outputs, more than {}", caps.change_outputs_notice);
        found.ask("C08", Place::Whole, text, remedy);
    } else if back > caps.change_outputs_refuse {
        // Split on another branch they are split as well.
        let text = format!("{back} outputs come back, more than {}", caps.change_outputs_refuse);
        found.ask("C08", Place::Whole, text, "make the PSBT with fewer outputs that come back");
    }
}

/// C09.
fn sweep(case: &Case<'_>, found: &mut Findings) {
    let inputs = case.inputs().filter(|input| input.own.is_some());
    let spent = inputs
        .filter_map(|input| input.spent.utxo.as_ref())
        .fold(0u64, |sum, utxo| sum.saturating_add(utxo.value.to_sat()));
    let text = format!("nothing comes back: all of {} leaves", text::amount(spent));
    if spent >= limits::SWEEP_NOTICE_SAT {
        found.ask("C09", Place::Whole, text, "make the PSBT with change, if the rest should stay");
    } else {
        found.show("C09", Place::Whole, text);
    }
}
