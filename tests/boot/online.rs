//! The other side of a ceremony in the booted image: a watch-only wallet of bdk's that is made from what the appliance
//! showed, and the network's own rules on what it signed. Nothing of the appliance's own reading or finishing is in it.
//!
//!     online pay EXPORT SATOSHI TO          what is to be signed, into a file; prints where it pays to
//!     online finish EXPORT ASKED SIGNED     prints the id of the transaction that the network takes

use std::{error::Error, fs};

use bitcoin::{Address, CompressedPublicKey, KnownHrp, Psbt, ScriptBuf, Transaction, TxOut, secp256k1::Secp256k1};
use miniscript::psbt::PsbtExt;
use strongroom::{consensus, network::Network, online::Watcher};

/// Satoshi a virtual byte.
const RATE: u64 = 5;

type Done<T> = Result<T, Box<dyn Error>>;

/// The wallet, with the four deposits that came to it.
fn service(export: &str) -> Done<(Watcher, Vec<Transaction>)> {
    let mut watcher = Watcher::from_export(&fs::read_to_string(export)?, Network::Regtest)?;
    let deposits = (0..4).map(|index| watcher.pretend_deposit(index, 30_000_000, index + 1)).collect();
    Ok((watcher, deposits))
}

/// Whoever is paid.
fn payee() -> Done<Address> {
    let key: CompressedPublicKey = "0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798".parse()?;
    Ok(Address::p2wpkh(&key, KnownHrp::Regtest))
}

fn pay(export: &str, satoshi: &str, to: &str) -> Done<String> {
    let (mut watcher, _) = service(export)?;
    let payee = payee()?;
    fs::write(to, watcher.pay(payee.script_pubkey(), satoshi.parse()?, RATE)?)?;
    Ok(payee.to_string())
}

fn finish(export: &str, asked: &str, signed: &str) -> Done<String> {
    let (_, deposits) = service(export)?;
    let mut psbt = Psbt::deserialize(&fs::read(asked)?)?;
    psbt.combine(Psbt::deserialize(&fs::read(signed)?)?)?;
    psbt.finalize_mut(&Secp256k1::new()).map_err(|errors| format!("not whole: {errors:?}"))?;
    let transaction = psbt.extract_tx()?;
    let output = |input: &bitcoin::TxIn| -> Option<TxOut> {
        let from = deposits.iter().find(|deposit| deposit.compute_txid() == input.previous_output.txid)?;
        from.output.get(usize::try_from(input.previous_output.vout).ok()?).cloned()
    };
    let spent: Option<Vec<TxOut>> = transaction.input.iter().map(output).collect();
    let spent = spent.ok_or("an input spends no deposit")?;
    consensus::check(&transaction, &spent)?;
    // Signed for these coins, and for no others.
    let mut others = spent;
    if let Some(output) = others.first_mut() {
        output.script_pubkey = ScriptBuf::from_bytes([&[0x00, 0x14][..], &[7; 20]].concat());
    }
    if consensus::check(&transaction, &others).is_ok() {
        return Err("it passes for a coin that is another's, too".into());
    }
    Ok(transaction.compute_txid().to_string())
}

fn main() -> Done<()> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let said = match words.as_slice() {
        ["pay", export, satoshi, to] => pay(export, satoshi, to)?,
        ["finish", export, asked, signed] => finish(export, asked, signed)?,
        _ => return Err("online pay EXPORT SATOSHI TO, or online finish EXPORT ASKED SIGNED".into()),
    };
    println!("{said}");
    Ok(())
}
