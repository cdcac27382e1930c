//! Fee and totals: M01 to M05, M07, M08.

use crate::{
    psbt::Place,
    review::{Caps, Class, Proof, Totals, case::Case, finding::Findings},
    text,
};

/// The sums; `None` where an amount is not given, or the outputs spend more than the inputs have.
pub(super) fn totals(case: &Case<'_>, vsize: u64) -> Option<Totals> {
    let mut totals = Totals::default();
    let mut outputs = 0u64;
    for input in case.inputs() {
        let amount = input.spent.utxo.as_ref()?.value.to_sat();
        totals.inputs = totals.inputs.checked_add(amount)?;
        if input.own.is_some() {
            totals.our_inputs = totals.our_inputs.checked_add(amount)?;
        }
    }
    for output in case.outputs() {
        let amount = output.output.value.to_sat();
        outputs = outputs.checked_add(amount)?;
        let sum = match output.class {
            Class::Change => &mut totals.change,
            Class::SelfTransfer => &mut totals.self_transfer,
            Class::External | Class::OtherWallet | Class::OpReturn | Class::Unknown | Class::Anchor => {
                &mut totals.external
            }
        };
        *sum = sum.checked_add(amount)?;
        if output.class == Class::OtherWallet {
            totals.other_wallets = totals.other_wallets.checked_add(amount)?;
        }
    }
    totals.fee = totals.inputs.checked_sub(outputs)?;
    totals.leaves = totals.external.checked_add(totals.fee)?;
    totals.fee_rate_msat_vb = ratio(totals.fee, 1_000, vsize);
    totals.fee_share_permille = ratio(totals.fee, 1_000, share_base(&totals));
    Some(totals)
}

/// What the fee is compared with: what leaves, or all outputs where nothing does.
const fn share_base(totals: &Totals) -> u64 {
    if totals.external > 0 { totals.external } else { totals.change.saturating_add(totals.self_transfer) }
}

/// `number × factor / by`, rounded down, without overflow; the largest number where `by` is 0.
fn ratio(number: u64, factor: u64, by: u64) -> u64 {
    let product = u128::from(number).saturating_mul(u128::from(factor));
    product.checked_div(u128::from(by)).and_then(|ratio| u64::try_from(ratio).ok()).unwrap_or(u64::MAX)
}

/// All rules on the fee.
pub(super) fn fee(case: &Case<'_>, totals: Option<&Totals>, vsize: u64, found: &mut Findings) {
    claimed(case, found);
    net(case, totals, found);
    let Some(totals) = totals else {
        unknown(case, found);
        return;
    };
    let caps = &case.ground.caps;
    none(totals, vsize, found);
    rate(caps, totals, vsize, found);
    absolute(caps, totals.fee, found);
    share(caps, totals, found);
}

/// Below this no node relays by default: 0.1 sat/vB.
const LEAST_MSAT_VB: u128 = 100;
const LOWER: &str = "make the PSBT with a lower fee";

/// M02.
fn none(totals: &Totals, vsize: u64, found: &mut Findings) {
    if totals.fee == 0 {
        found.ask("M02", Place::Whole, "there is no fee: nodes may not relay it", "make the PSBT with a fee");
    } else if u128::from(totals.fee).saturating_mul(1_000) < u128::from(vsize).saturating_mul(LEAST_MSAT_VB) {
        let rate = rate_words(totals.fee_rate_msat_vb);
        let text = format!("the fee rate is {rate}: below 0.1 sat/vB nodes may not relay it");
        found.ask("M02", Place::Whole, text, "make the PSBT with a higher fee");
    }
}

/// M03.
fn rate(caps: &Caps, totals: &Totals, vsize: u64, found: &mut Findings) {
    let rate = rate_words(totals.fee_rate_msat_vb);
    let above = |cap: u64| u128::from(totals.fee) > u128::from(cap).saturating_mul(u128::from(vsize));
    let cap_words = text::grouped_number;
    if above(caps.fee_rate_refuse_sat_vb) {
        let text = format!("fee rate {rate}, refused above {} sat/vB", cap_words(caps.fee_rate_refuse_sat_vb));
        found.refuse("M03", Place::Whole, text, LOWER);
    } else if above(caps.fee_rate_notice_sat_vb) {
        let text = format!("fee rate {rate}, above {} sat/vB", cap_words(caps.fee_rate_notice_sat_vb));
        found.ask("M03", Place::Whole, text, LOWER);
    }
}

/// M04.
fn absolute(caps: &Caps, fee: u64, found: &mut Findings) {
    let words = text::amount(fee);
    if fee > caps.fee_refuse_sat {
        let text = format!("fee {words}, refused above {}", text::amount(caps.fee_refuse_sat));
        found.refuse("M04", Place::Whole, text, LOWER);
    } else if fee > caps.fee_notice_sat {
        let text = format!("fee {words}, above {}", text::amount(caps.fee_notice_sat));
        found.ask("M04", Place::Whole, text, LOWER);
    }
}

/// M05.
fn share(caps: &Caps, totals: &Totals, found: &mut Findings) {
    let (fee, base) = (totals.fee, share_base(totals));
    let reaches = |percent: u64| {
        let limit = u128::from(base).saturating_mul(u128::from(percent));
        fee > 0 && u128::from(fee).saturating_mul(100) >= limit
    };
    let share = format!(
        "the fee is {} of {}",
        share_words(totals),
        if totals.external > 0 { "what is paid" } else { "all outputs" }
    );
    if reaches(caps.fee_share_refuse_percent) {
        let text = format!("{share}, refused from {} % on", caps.fee_share_refuse_percent);
        found.refuse("M05", Place::Whole, text, LOWER);
    } else if reaches(caps.fee_share_notice_percent) {
        found.ask("M05", Place::Whole, share, LOWER);
    }
}

/// M01: amounts must add up. Inputs without an amount are U04's, sums beyond all money U09's.
fn unknown(case: &Case<'_>, found: &mut Findings) {
    let inputs: Option<u128> =
        case.spent.iter().map(|coin| coin.utxo.as_ref().map(|utxo| u128::from(utxo.value.to_sat()))).sum();
    let outputs: u128 = case.parsed.transaction().output.iter().map(|output| u128::from(output.value.to_sat())).sum();
    if let Some(inputs) = inputs.filter(|inputs| *inputs < outputs) {
        found.refuse(
            "M01",
            Place::Whole,
            format!(
                "the outputs spend {} sat, the inputs have {} sat",
                text::grouped_number(u64::try_from(outputs).unwrap_or(u64::MAX)),
                text::grouped_number(u64::try_from(inputs).unwrap_or(u64::MAX))
            ),
            "make the PSBT again",
        );
    }
}

/// M07: with inputs of others the fee is not ours alone.
fn net(case: &Case<'_>, totals: Option<&Totals>, found: &mut Findings) {
    if !case.any_foreign() || case.paying.is_empty() {
        return;
    }
    let text = match totals {
        Some(totals) => {
            let back = totals.change.saturating_add(totals.self_transfer);
            let cost = totals.our_inputs.checked_sub(back);
            match cost {
                Some(cost) => format!("others pay too: ours in less ours back is {}", text::amount(cost)),
                None => format!(
                    "others pay too: we get {} more than we put in",
                    text::amount(back.saturating_sub(totals.our_inputs))
                ),
            }
        }
        None => "others pay too, and the fee cannot be computed".to_owned(),
    };
    found.ask("M07", Place::Whole, text, "ask the other signers what they agreed to");
}

/// M08: numbers that rest on claims are marked. That the claims are believed is U06's and T11's to ask, which every
/// claim meets unless it is refused.
fn claimed(case: &Case<'_>, found: &mut Findings) {
    let unproved = case.inputs().filter(|input| input.spent.proof == Proof::Claimed && input.spent.utxo.is_some());
    let count = unproved.count();
    if count > 0 {
        let text =
            format!("the amounts of {} are claims, and so is every number made from them", text::count(count, "input"));
        found.show("M08", Place::Whole, text);
    }
}

/// `12.345 sat/vB`.
pub(super) fn rate_words(msat_vb: u64) -> String {
    let whole = msat_vb.checked_div(1_000).unwrap_or(0);
    let rest = msat_vb.checked_rem(1_000).unwrap_or(0);
    format!("{}.{rest:03} sat/vB", text::grouped_number(whole))
}

/// What part the fee is of what leaves: `12.3 %`; small ones as `0.07 %`.
pub(super) fn share_words(totals: &Totals) -> String {
    let permille = totals.fee_share_permille;
    if permille == u64::MAX {
        return "more than all".to_owned();
    }
    if permille > 0 || totals.fee == 0 {
        return format!("{}.{} %", permille.checked_div(10).unwrap_or(0), permille.checked_rem(10).unwrap_or(0));
    }
    match ratio(totals.fee, 10_000, share_base(totals)) {
        0 => "less than 0.01 %".to_owned(),
        hundredths => format!("0.{hundredths:02} %"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_fee_that_there_is_reads_as_none() {
        let words = |fee: u64, external: u64| {
            let fee_share_permille = ratio(fee, 1_000, external);
            share_words(&Totals { fee, external, fee_share_permille, ..Totals::default() })
        };
        for (fee, share) in [
            (0, "0.0 %"),
            (1, "less than 0.01 %"),
            (99, "less than 0.01 %"),
            (100, "0.01 %"),
            (799, "0.07 %"),
            (999, "0.09 %"),
            (1_000, "0.1 %"),
            (123_999, "12.3 %"),
            (1_000_000, "100.0 %"),
        ] {
            assert_eq!(words(fee, 1_000_000), share, "{fee}");
        }
        assert_eq!(words(5, 0), "more than all");
    }
}
