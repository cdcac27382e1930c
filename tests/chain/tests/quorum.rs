//! Blocks are mined to a Strongroom address, bdk applies them and builds the PSBT, two of three custodians sign
//! with the program itself, and Core's engine takes the block with the result; a forged signature it refuses.

mod program;

use std::path::Path;

use bitcoin::{ScriptBuf, Transaction, consensus::encode::deserialize_hex};
use program::{BALLOTS, found, strongroom};
use strongroom::{network::Network, online::Watcher};
use strongroom_chain::{Chain, subsidy};

/// A signed payment from wallet `script`, out of a coin that was mined to it, as the program finalised it.
fn payment(chain: &mut Chain, folder: &Path, script: &str) -> Transaction {
    let mut add = vec!["wallet", "add", "v.vault", script, "--script", script];
    add.extend(BALLOTS);
    strongroom(folder, &add);
    let export = strongroom(folder, &["wallet", "export", "v.vault", script, "--format", "descriptor"]);
    let mut watcher = Watcher::from_export(&export, Network::Regtest).expect("the export is readable");

    let deposit = watcher.deposit_address(0).script_pubkey();
    let anyone = ScriptBuf::from_bytes(vec![0x51]);
    let (_, mined) = chain.mine(deposit, &[]).expect("the engine takes the block");
    for _ in 0..100 {
        chain.mine(anyone.clone(), &[]).expect("the engine takes the block");
    }
    watcher.follow(chain.blocks()).expect("the blocks connect");
    assert_eq!(watcher.balance(), subsidy(mined).to_sat());

    let destination = ScriptBuf::from_hex("00140102030405060708090a0b0c0d0e0f1011121314").expect("hex");
    let psbt = watcher.pay(destination, 123_456_789, 3).expect("a PSBT");
    std::fs::write(folder.join("in.psbt"), psbt).expect("written");
    let answer = format!("{script}.psbt");
    let mut sign = vec!["sign", "v.vault", "in.psbt", "-o", &answer];
    sign.extend(BALLOTS);
    strongroom(folder, &sign);
    let hex = strongroom(folder, &["psbt", "finalize", &answer]);
    deserialize_hex(hex.trim()).expect("a transaction")
}

#[test]
fn the_network_takes_what_two_of_three_signed_and_nothing_forged() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut chain = Chain::new();
    found(folder.path());
    for script in ["wpkh", "tr", "sh-wpkh", "pkh"] {
        let transaction = payment(&mut chain, folder.path(), script);
        let anyone = ScriptBuf::from_bytes(vec![0x51]);

        let mut forged = transaction.clone();
        let input = &mut forged.input[0];
        if input.witness.is_empty() {
            let mut bytes = input.script_sig.to_bytes();
            bytes[20] ^= 1;
            input.script_sig = ScriptBuf::from_bytes(bytes);
        } else {
            let mut items = input.witness.to_vec();
            items[0][20] ^= 1;
            input.witness = bitcoin::Witness::from_slice(&items);
        }
        let before = chain.height();
        assert!(chain.mine(anyone.clone(), &[forged]).is_err(), "{script}: a forged signature must be refused");
        assert_eq!(chain.height(), before);

        let (block, height) = chain.mine(anyone, std::slice::from_ref(&transaction)).expect("the engine takes it");
        assert_eq!(height, before + 1);
        assert!(block.txdata.contains(&transaction));
    }
}
