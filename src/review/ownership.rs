//! Whose the inputs are: I01, I02, I03, I08 to I13, I15 to I20, I23, I25, T01, T08.

use std::collections::HashMap;

use bitcoin::{
    ScriptBuf,
    secp256k1::{PublicKey, XOnlyPublicKey},
};

use crate::{
    limits,
    psbt::Place,
    review::{
        Permission,
        case::{Case, InputView},
        classes,
        destination::{destination, short},
        finding::{Each, Findings},
        keys,
        lookup::Hits,
        ours::{Own, Record, Standing, records},
        scripts,
    },
    text,
    wallet::{Astray, Contradiction, HARDENED},
};

/// All rules on whose an input is.
pub(super) fn inputs(case: &Case<'_>, hits: &Hits, found: &mut Findings) {
    for input in case.inputs() {
        let place = Place::Input(input.number);
        let given = records(&input.map.derivations, &input.map.tap_derivations);
        match input.standing {
            Standing::Ours(own) => {
                ours(case, &input, own, &given, found);
                beyond_window(case, own, place, found);
            }
            Standing::False { wallet, contradiction } => false_claim(case, &input, *wallet, contradiction, found),
            Standing::Foreign => foreign(case, &input, hits, found),
        }
        keys_are_keys(&given, input.own, place, found);
        uncompressed(&input, &given, found);
        finished(&input, found);
        annexed(&input, found);
    }
    one_wallet(case, found);
    reused(case, found);
}

/// I02, I03, I13: the records of a proved input agree with the proof.
fn ours(case: &Case<'_>, input: &InputView<'_>, own: &Own, given: &[Record<'_>], found: &mut Findings) {
    let place = Place::Input(input.number);
    if !own.own_record {
        found.refuse(
            "I02",
            place,
            format!("the coin is ours ({}), but no record holds a key of ours", at(case, own)),
            "make the PSBT again with the key paths of all signers",
        );
    }
    strange_records(own, given, place, found);
}

/// I03, I13 of an input or output that is proved.
pub(super) fn strange_records(own: &Own, given: &[Record<'_>], place: Place, found: &mut Findings) {
    if let Some(first) = own.owned.by_key.first().and_then(|number| given.get(*number)) {
        let count = text::count(own.owned.by_key.len(), "key record");
        found.show(
            "I03",
            place,
            format!("{count} of another origin than registered, first {}; matched by key", who(first)),
        );
    }
    let disabled = |number: usize| own.owned.disabled == Some(number);
    let records = own.owned.records.iter().zip(given).enumerate();
    let extra = records.filter(|(number, (key, _))| key.is_none() && !disabled(*number));
    let extra: Vec<&Record<'_>> = extra.map(|(_, (_, record))| record).collect();
    if !extra.is_empty() {
        let count = text::count(extra.len(), "key record");
        let named: Vec<String> = extra.iter().map(|record| who(record)).collect();
        // Whose they are decides; at which index is no other question.
        let above = |record: &&Record<'_>| keys::origin(record.fingerprint, account(record.path));
        let accounts: Vec<String> = extra.iter().map(above).collect();
        let each = Each {
            text: format!("{count} that the wallet does not have: {}", named.join(", ")),
            together: format!("{count} at each that the wallet does not have, below {}", accounts.join(", ")),
        };
        found.ask_each("I13", place, each, "ask who made the PSBT what these keys are for");
    }
}

/// A path without the branch and index at its end.
fn account(path: &[u32]) -> &[u32] {
    match path {
        [account @ .., branch, index] if *branch < HARDENED && *index < HARDENED => account,
        whole => whole,
    }
}

/// I01, I02, I04, I05, I07, I12, I15, I18, T01 to T04: it claims to be ours and contradicts the wallet.
fn false_claim(
    case: &Case<'_>,
    input: &InputView<'_>,
    wallet: usize,
    contradiction: &Contradiction,
    found: &mut Findings,
) {
    let place = Place::Input(input.number);
    let Some(utxo) = &input.spent.utxo else { return };
    let script = &utxo.script_pubkey;
    let name = case.name(wallet);
    let remedy = "register the wallet if it is missing; else find out who changed the PSBT";
    match contradiction {
        Contradiction::Places { first, second } => found.refuse(
            "I12",
            place,
            format!("key records of wallet `{name}` name /{}/{} and /{}/{}", first.0, first.1, second.0, second.1),
            "make the PSBT again from the registered descriptor",
        ),
        Contradiction::Key { record, key } => found.refuse(
            "I02",
            place,
            format!("key record {record} holds another key than key {key} of wallet `{name}` at that place"),
            "find out who changed the PSBT; make it again",
        ),
        Contradiction::Field(field) => scripts::contradicted(input, *field, name, found),
        Contradiction::Script { branch, index } => {
            found.refuse(
                "I01",
                place,
                format!(
                    "claims to be wallet `{name}` at /{branch}/{index}, where that wallet does not have {}",
                    destination(script, case.ground.network.bitcoin())
                ),
                remedy,
            );
            let taproot = case.wallet(wallet).is_some_and(|wallet| wallet.kind().taproot());
            if taproot && script.is_p2tr() {
                found.refuse("T01", place, "the output key is not that of our internal key and tree", remedy);
            }
        }
        Contradiction::Path { record, astray } => {
            let text =
                format!("key record {record} bears a fingerprint or key of ours (wallet `{name}`), and {astray}");
            match astray {
                Astray::OtherAccount => {}
                Astray::Depth | Astray::Branch(_) | Astray::Hardened => {
                    found.refuse("I15", place, text.clone(), remedy)
                }
            }
            found.refuse("I01", place, text, remedy);
        }
    }
    let known = script.is_p2pkh() || script.is_p2sh() || script.is_p2wpkh() || script.is_p2wsh() || script.is_p2tr();
    if !known {
        found.refuse("I18", place, format!("{} is no kind of script that this program signs", short(script)), remedy);
    }
}

/// I09, I10: not ours, as far as records tell.
fn foreign(case: &Case<'_>, input: &InputView<'_>, hits: &Hits, found: &mut Findings) {
    let place = Place::Input(input.number);
    let hit = input.spent.utxo.as_ref().and_then(|utxo| hits.get(&utxo.script_pubkey));
    if let Some((wallet, branch, index)) = hit {
        found.refuse(
            "I10",
            place,
            format!("a coin of ours without its key path: wallet `{}` at /{branch}/{index}", case.name(*wallet)),
            "make the PSBT again with the key paths of all inputs",
        );
        return;
    }
    found.each_unless(
        Permission::ForeignInputs,
        "I09",
        place,
        Each {
            text: "not a coin of any registered wallet".to_owned(),
            together: "no coins of any registered wallet".to_owned(),
        },
        "make the PSBT with coins of this vault only",
    );
}

/// I08.
fn one_wallet(case: &Case<'_>, found: &mut Findings) {
    if case.paying.len() > 1 {
        let names: Vec<&str> = case.paying.iter().map(|wallet| case.name(*wallet)).collect();
        found.unless(
            Permission::MixedWallets,
            "I08",
            Place::Whole,
            format!("inputs of {} wallets: {}", names.len(), names.join(", ")),
            "make one PSBT a wallet",
        );
    }
}

/// I11: keys of records are points, compressed or not, once each, at paths of at most 12 steps.
pub(super) fn keys_are_keys(given: &[Record<'_>], own: Option<&Own>, place: Place, found: &mut Findings) {
    let remedy = "make the PSBT again";
    let mut keys = Vec::new();
    for record in given {
        if record.path.len() > limits::PATH_STEPS {
            found.refuse("I11", place, format!("a key path of {} steps", record.path.len()), remedy);
        }
        let derived = own.is_some_and(|own| own.coin().keys.iter().any(|key| key.as_slice() == record.key));
        let valid = derived
            || match record.key.len() {
                32 => XOnlyPublicKey::from_slice(record.key).is_ok(),
                _ => PublicKey::from_slice(record.key).is_ok(),
            };
        if !valid {
            found.refuse("I11", place, format!("{} is no public key", text::hex(record.key)), remedy);
        }
        keys.push(normal(record.key));
    }
    let all = keys.len();
    keys.sort_unstable();
    keys.dedup();
    if keys.len() < all {
        found.refuse("I11", place, "one key has two records", remedy);
    }
}

/// A key in its short form: 33 bytes of 65, taproot's 32 as they are.
fn normal(key: &[u8]) -> Vec<u8> {
    match (key.len(), key.get(1..33), key.last()) {
        (65, Some(x), Some(last)) => [&[if last & 1 == 0 { 2 } else { 3 }], x].concat(),
        _ => key.to_vec(),
    }
}

/// I19.
fn uncompressed(input: &InputView<'_>, given: &[Record<'_>], found: &mut Findings) {
    let legacy = input.spent.utxo.as_ref().is_some_and(|utxo| !utxo.script_pubkey.is_witness_program())
        && input.map.witness_script.is_none()
        && !input.map.redeem_script.as_ref().is_some_and(|redeem| redeem.is_witness_program());
    if !legacy && given.iter().any(|record| record.key.len() == 65) {
        found.refuse(
            "I19",
            Place::Input(input.number),
            "an uncompressed key with a witness program",
            "make the PSBT again with compressed keys",
        );
    }
}

/// I16: coins exist beyond the window; the people who restore should know.
fn beyond_window(case: &Case<'_>, own: &Own, place: Place, found: &mut Findings) {
    let highest = classes::highest_signed(case, own.wallet);
    let window = highest.map_or(limits::FIRST_CHANGE_GAP, |highest| highest.saturating_add(limits::CHANGE_GAP));
    if own.coin().index > window {
        found.show(
            "I16",
            place,
            format!(
                "index {} is beyond {}, where a wallet would stop looking",
                text::grouped_number(u64::from(own.coin().index)),
                text::grouped_number(u64::from(window))
            ),
        );
    }
}

/// I20: nothing is added to a finished input of ours.
fn finished(input: &InputView<'_>, found: &mut Findings) {
    let place = Place::Input(input.number);
    let map = input.map;
    if input.claimed() && (map.final_script_sig.is_some() || map.final_script_witness.is_some()) {
        found.refuse(
            "I20",
            place,
            "an input of ours is already final",
            "give the PSBT as it was before it was finalised",
        );
    }
}

/// T08: no annex passes, whosever the input is.
fn annexed(input: &InputView<'_>, found: &mut Findings) {
    let (place, map) = (Place::Input(input.number), input.map);
    let taproot = input.spent.utxo.as_ref().is_none_or(|utxo| utxo.script_pubkey.is_p2tr());
    let annex = map
        .final_script_witness
        .as_ref()
        .is_some_and(|witness| witness.len() >= 2 && witness.last().is_some_and(|last| last.first() == Some(&0x50)));
    if taproot && annex {
        found.refuse("T08", place, "the final witness has an annex", "make the PSBT without an annex");
    }
}

/// I25 for inputs: the same script again.
fn reused(case: &Case<'_>, found: &mut Findings) {
    let mut uses: HashMap<&ScriptBuf, usize> = HashMap::new();
    for utxo in case.spent.iter().filter_map(|coin| coin.utxo.as_ref()) {
        let count = uses.entry(&utxo.script_pubkey).or_default();
        *count = count.saturating_add(1);
    }
    let reused = uses.values().filter(|count| **count > 1).count();
    if reused > 0 {
        found.show("I25", Place::Whole, format!("{} used by more than one input", text::count(reused, "address")));
    }
}

/// I17: the wallets that take part are of this network, and our keys at its coin type.
pub(super) fn networks(case: &Case<'_>, found: &mut Findings) {
    let mut taking_part: Vec<usize> = case.paying.clone();
    taking_part.extend(case.outputs().filter_map(|output| output.own.map(|own| own.wallet)));
    taking_part.sort_unstable();
    taking_part.dedup();
    let coin_type = case.ground.network.coin_type().saturating_add(HARDENED);
    for wallet in taking_part.iter().filter_map(|index| case.wallet(*index)) {
        let strange = wallet.keys().iter().filter(|key| key.ours).any(|key| {
            let bip44 = |purpose: &u32| matches!(purpose & !HARDENED, 44 | 48 | 49 | 84 | 86 | 87);
            key.origin.first().is_some_and(bip44) && key.origin.get(1).is_some_and(|step| *step != coin_type)
        });
        if wallet.network() != case.ground.network || strange {
            found.refuse(
                "I17",
                Place::Whole,
                format!("wallet `{}` is of another network than the vault ({})", wallet.name(), case.ground.network),
                "use the vault of that network",
            );
        }
    }
}

/// A record in words: `[d34db33f/84h/0h/0h/0/5]`.
pub(super) fn who(record: &Record<'_>) -> String {
    keys::origin(record.fingerprint, record.path)
}

/// A place of ours in words.
pub(super) fn at(case: &Case<'_>, own: &Own) -> String {
    format!("wallet `{}` at /{}/{}", case.name(own.wallet), own.coin().branch, own.coin().index)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_ends_before_a_plain_branch_and_index() {
        let hard = |step: u32| step | HARDENED;
        let own = [hard(84), hard(1), hard(0)];
        assert_eq!(account(&[hard(84), hard(1), hard(0), 0, 5]), own);
        assert!(account(&[0, 5]).is_empty());
        for whole in [&own[..], &[hard(84), hard(0), 7], &[hard(84), 0, hard(0)], &[5], &[]] {
            assert_eq!(account(whole), whole);
        }
    }
}
