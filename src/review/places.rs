//! Outputs and inputs, each by its number, with all that is known of it.

use crate::{
    review::{
        Class, Facts, InputFacts, OutputFacts, Proof, Rules,
        keys::{key_words, wallet_name},
        locktime,
        page::{Book, Part},
    },
    text::{amount, count, grouped_number, hex, in_fours},
};

/// All outputs in their order; `remarks` are what was found at one.
pub(super) fn outputs(facts: &Facts, rules: &Rules, remarks: &dyn Fn(u32) -> Vec<String>, book: &mut Book) {
    book.start(&format!("OUTPUTS ({})", facts.outputs.len()));
    for ((output, number), place) in facts.outputs.iter().zip(0u32..).zip(0usize..) {
        let names = rules.destinations.get(&place).map_or(&[][..], Vec::as_slice);
        one_output(facts, (output, number), names, remarks(number), book);
    }
}

/// All inputs in their order.
pub(super) fn inputs(facts: &Facts, remarks: &dyn Fn(u32) -> Vec<String>, book: &mut Book) {
    book.start(&format!("INPUTS ({})", facts.inputs.len()));
    proofs(facts, book);
    for (input, number) in facts.inputs.iter().zip(0u32..) {
        one_input(facts, input, number, remarks(number), book);
    }
}

/// A name in capitals for each class.
pub(super) const fn class_words(class: Class) -> &'static str {
    match class {
        Class::External => "EXTERNAL",
        Class::Change => "CHANGE",
        Class::SelfTransfer => "SELF",
        Class::OtherWallet => "OTHER WALLET",
        Class::OpReturn => "OP_RETURN",
        Class::Unknown => "UNKNOWN SCRIPT",
        Class::Anchor => "ANCHOR",
    }
}

fn one_output(
    facts: &Facts,
    (output, number): (&OutputFacts, u32),
    names: &[String],
    remarks: Vec<String>,
    book: &mut Book,
) {
    book.keep(|part| {
        let script = &output.output.script_pubkey;
        let before = match output.paid_before.filter(|_| output.class == Class::External) {
            None => String::new(),
            Some(0) => ", never paid before".to_owned(),
            Some(times) => format!(", paid before {}", count(times, "time")),
        };
        let class = class_words(output.class);
        part.line(&format!("output {number}   {class} ({}){before}", script_words(script)));
        part.field("amount", &amount(output.output.value.to_sat()));
        match &output.address {
            Some(address) => part.field("address", &in_fours(address)),
            None if is_long(output) => {
                let bytes = grouped_number(u64::try_from(script.len()).unwrap_or(u64::MAX));
                part.field("script", &format!("{bytes} bytes, whole on the last pages: {}", data_title(number)));
            }
            None => whole_script(output, part),
        }
        if !names.is_empty() {
            part.field("destination", &format!("{}, by the policy", names.join(", ")));
        }
        if let Some((wallet, branch, index)) = output.ours {
            part.field("proof", &derived_words(facts, wallet, branch, index));
            if let Some(beyond) = output.beyond_seen {
                part.field("", &height_words(output, index, beyond));
            }
        }
        for remark in remarks {
            part.wrapped(2, &remark);
        }
        part.line("");
    });
}

/// Bytes of a script beyond which it has pages of its own, so that nothing is lost from sight behind it.
const LONG: usize = 160;

fn is_long(output: &OutputFacts) -> bool {
    output.address.is_none() && output.output.script_pubkey.len() > LONG
}

fn data_title(number: u32) -> String {
    format!("SCRIPT OF OUTPUT {number}")
}

/// Long scripts, whole.
pub(super) fn long_scripts(facts: &Facts, book: &mut Book) {
    for (output, number) in facts.outputs.iter().zip(0u32..).filter(|(output, _)| is_long(output)) {
        book.start(&data_title(number));
        book.keep(|part| whole_script(output, part));
    }
}

/// A script that no address shows, in hex, and as text where it is data.
fn whole_script(output: &OutputFacts, part: &mut Part) {
    let bytes = output.output.script_pubkey.as_bytes();
    part.field("script", &in_fours(&hex(bytes)));
    if output.class == Class::OpReturn {
        part.field("as text", &ascii(bytes.get(1..).unwrap_or_default()));
    }
}

fn derived_words(facts: &Facts, wallet: usize, branch: u32, index: u32) -> String {
    let name = wallet_name(facts, wallet);
    format!("derived from wallet {name} at /{branch}/{index}: the script matches")
}

fn height_words(output: &OutputFacts, index: u32, beyond: u32) -> String {
    let of = |what: &str| match beyond {
        0 => format!("not above the highest index {what}"),
        _ => format!(
            "{} above the highest index {what}, {}",
            grouped_number(u64::from(beyond)),
            grouped_number(u64::from(index.saturating_sub(beyond)))
        ),
    };
    match (output.signed_before, output.class.comes_back()) {
        (true, _) => of("seen"),
        (false, true) => format!("{}; nothing of this wallet was signed before", of("of the coins that are spent")),
        (false, false) => "nothing of this wallet was signed before: no index to compare it with".to_owned(),
    }
}

/// What stands behind the amounts of the inputs, as far as it occurs.
fn proofs(facts: &Facts, book: &mut Book) {
    book.keep(|part| {
        for proof in [Proof::Proved, Proof::Committed, Proof::Claimed] {
            if facts.inputs.iter().any(|input| input.known && input.proof == proof) {
                part.wrapped(0, proof_words(proof));
            }
        }
        part.line("");
    });
}

fn one_input(facts: &Facts, input: &InputFacts, number: u32, remarks: Vec<String>, book: &mut Book) {
    book.keep(|part| {
        let whose = match input.ours {
            Some((wallet, branch, index)) => format!("wallet {} at /{branch}/{index}", wallet_name(facts, wallet)),
            None => "FOREIGN: no coin of this vault".to_owned(),
        };
        part.line(&format!("input {number}   {whose}"));
        part.field("spends", &input.outpoint.txid.to_string());
        part.field("", &format!("output {}", input.outpoint.vout));
        if input.known {
            part.field("amount", &format!("{}, {}", amount(input.utxo.value.to_sat()), proof_name(input.proof)));
        } else {
            part.field("amount", "unknown: nothing is given");
        }
        if let Some(path) = input.path.as_ref().filter(|path| !path.only) {
            part.field("path", &path.words);
        }
        part.field("sequence", &sequence_words(facts.version, input.sequence));
        if let Some(last) = input.spent_by.last() {
            part.field("also in", &last.to_string());
            let others = if input.spent_by.len() > 1 { ", not the only one" } else { "" };
            part.field("", &format!("another transaction that spends this coin{others}: see U08"));
        }
        signers(facts, input, part);
        for remark in remarks {
            part.wrapped(2, &remark);
        }
        part.line("");
    });
}

/// Whose signatures an input of ours has, and which will be added.
fn signers(facts: &Facts, input: &InputFacts, part: &mut Part) {
    let Some((number, ..)) = input.ours else { return };
    let Some(wallet) = facts.wallets.get(number) else { return };
    part.field(
        "signatures",
        &format!(
            "{} of {} there, {} to be added by this vault",
            input.signers.len(),
            input.needed,
            input.signing.len()
        ),
    );
    for key in &input.signers {
        part.field("signed by", &format!("{}; it verifies", key_words(wallet, *key)));
    }
}

const fn proof_name(proof: Proof) -> &'static str {
    match proof {
        Proof::Proved => "PROVED",
        Proof::Committed => "COMMITTED",
        Proof::Claimed => "CLAIMED only",
    }
}

const fn proof_words(proof: Proof) -> &'static str {
    match proof {
        Proof::Proved => "PROVED: the whole previous transaction is given and hashes to the coin.",
        Proof::Committed => "COMMITTED: the signature covers the amount, and is void if it is false.",
        Proof::Claimed => "CLAIMED only: nothing shows that the amount is true.",
    }
}

fn sequence_words(version: i32, sequence: u32) -> String {
    let meaning = match sequence {
        u32::MAX => "final".to_owned(),
        0xffff_fffe => "locktime on".to_owned(),
        _ => match locktime::relative_words(version, sequence) {
            Some(words) => format!("replaceable; the coin must be {words} old"),
            None => "replaceable".to_owned(),
        },
    };
    format!("{sequence:#010x} ({meaning})")
}

fn script_words(script: &bitcoin::Script) -> &'static str {
    if script.is_p2pkh() {
        "pay to public key hash"
    } else if script.is_p2sh() {
        "pay to script hash"
    } else if script.is_p2wpkh() {
        "witness 0, public key hash"
    } else if script.is_p2wsh() {
        "witness 0, script hash"
    } else if script.is_p2tr() {
        "witness 1, taproot"
    } else if script.as_bytes() == [0x51, 0x02, 0x4e, 0x73] {
        "pay to anchor: anyone may spend it"
    } else if script.is_witness_program() {
        "witness program of another version"
    } else if script.is_op_return() {
        "data"
    } else {
        "other script"
    }
}

/// Bytes as text of ASCII; others as dots.
fn ascii(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| if byte.is_ascii_graphic() || *byte == b' ' { char::from(*byte) } else { '.' }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_shown_without_control_characters() {
        assert_eq!(ascii(b"hi\x1b[2J\xe2\x80\xae!"), "hi.[2J...!");
    }
    #[test]
    fn a_sequence_is_said_with_what_it_does() {
        for (version, sequence, words) in [
            (2, 0xffff_ffff, "0xffffffff (final)"),
            (2, 0xffff_fffe, "0xfffffffe (locktime on)"),
            (2, 0xffff_fffd, "0xfffffffd (replaceable)"),
            (2, 144, "0x00000090 (replaceable; the coin must be 144 blocks (about 24 hours) old)"),
            (1, 144, "0x00000090 (replaceable)"),
        ] {
            assert_eq!(sequence_words(version, sequence), words);
        }
    }
}
