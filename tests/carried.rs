//! A payment's whole way by pictures alone: the request as frames in, the signatures as frames out, of one input, of a
//! hundred and of a thousand.

use std::fs;

use bdk_wallet::TxOrdering;
use bitcoin::{Amount, FeeRate, Transaction, consensus::encode::deserialize_hex};
use strongroom::{consensus, wallet};

use crate::{
    desk::name,
    hostile::{treasury, warnings},
    hostile_cli::Office,
    service::{DEPOSIT, Service, payee},
};

/// The treasury's online side with so many coins, and a PSBT that spends all of them.
fn request(inputs: u32) -> (Service, Vec<u8>) {
    let bench = treasury();
    let export = wallet::descriptor(bench.vault().statement().wallet(&name("main")).unwrap());
    let mut service = Service::from_descriptor(&export);
    (0..inputs).for_each(|index| service.deposit(0, index));
    let mut builder = service.wallet.build_tx();
    builder.ordering(TxOrdering::Untouched).drain_wallet().fee_rate(FeeRate::from_sat_per_vb(5).unwrap());
    builder.add_recipient(payee(1), Amount::from_sat(DEPOSIT / 2) * u64::from(inputs));
    let psbt = builder.finish().unwrap();
    assert_eq!(psbt.inputs.len(), inputs as usize);
    (service, psbt.serialize())
}

/// Runs the program, which must succeed.
#[track_caller]
fn done(office: &Office, arguments: &[&str]) -> Vec<u8> {
    let ran = office.run(arguments);
    assert_eq!(ran.code, Some(0), "{arguments:?}: {}", ran.err);
    ran.out
}

/// From the online side to the vault and back, with nothing but pictures between them. Gives how many there were on each
/// way.
#[track_caller]
fn carried(inputs: u32, there: &str, back: &str, density: &str) -> [usize; 2] {
    let office = Office::new();
    let (service, psbt) = request(inputs);
    office.put("request.psbt", &psbt);
    done(&office, &["qr", "show", "request.psbt", "--format", there, "--density", density, "--png", "request"]);
    // What the vault's side has: its vault, and pictures.
    fs::rename(office.path("request.psbt"), office.path("online.psbt")).unwrap();
    let count = |folder: &str| fs::read_dir(office.path(folder)).unwrap().count();
    let mut sign = vec!["sign", "t.vault", "--frames", "request", "--ballot", "alice=alice", "--ballot", "bob=bob"];
    sign.extend(warnings(&treasury(), &psbt).into_iter().flat_map(|id| ["--acknowledge", id]));
    sign.extend(["--format", back, "-o", "answer"]);
    if count("request") > 1 {
        // One is lost: nobody votes on a part.
        fs::rename(office.path("request/frame-0002.png"), office.path("lost.png")).unwrap();
        office.refused(&sign, 2, &["part 2 of", "is missing", "--only 2"]);
        fs::rename(office.path("lost.png"), office.path("request/frame-0002.png")).unwrap();
    }
    done(&office, &sign);
    done(&office, &["qr", "show", "answer", "--density", density, "--png", "back"]);
    fs::remove_file(office.path("answer")).unwrap();
    // The online side again.
    done(&office, &["qr", "read", "--frames", "back", "-o", "answer.psbt"]);
    done(&office, &["psbt", "join", "online.psbt", "answer.psbt", "-o", "signed.psbt"]);
    let hex = String::from_utf8(done(&office, &["psbt", "finalize", "signed.psbt"])).unwrap();
    let transaction: Transaction = deserialize_hex(hex.trim_end()).unwrap();
    assert_eq!(transaction.input.len(), inputs as usize);
    assert_eq!(consensus::check(&transaction, &service.spent(&transaction, &[])), Ok(()));
    // Without the answer there is nothing to finish.
    office.refused(&["psbt", "finalize", "online.psbt"], 2, &["it has 0 of 1 signatures"]);
    ["request", "back"].map(count)
}

#[test]
fn one_input_goes_there_and_back_as_pictures() {
    assert_eq!(carried(1, "ur", "ur", "normal"), [1, 1]);
    assert_eq!(carried(1, "bbqr", "bbqr", "normal"), [1, 1]);
}

#[test]
fn a_hundred_inputs_go_there_and_back_as_pictures() {
    for format in ["ur", "bbqr"] {
        let [there, back] = carried(100, format, format, "normal");
        assert!(there > 10 && back > 10 && back < there, "{format}: {there} pictures, {back} back");
    }
}

/// Once, each format on one of the ways.
#[test]
fn a_thousand_inputs_go_there_and_back_as_pictures() {
    let [there, back] = carried(1_000, "ur", "bbqr", "fast");
    assert!(there > 200 && back > 50 && back < there, "{there} pictures, {back} back");
}
