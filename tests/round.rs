//! The whole round, for every type of wallet: from nothing but the export to a transaction that the network takes.

use strongroom::ceremony::{self, AddWallet};

use crate::desk::{Bench, Plan, approves, line, name};

#[test]
fn a_scripted_desk_runs_the_ceremonies() {
    let bench = Bench::create(&Plan { own_sticks: true, ..Plan::default() }).unwrap();
    assert!(bench.tape.showed(&bench.vault().statement().words()));
    let add = |script: &str| AddWallet::Account { name: name(script), script: script.into(), account: 0 };
    bench.unattended(&["bob", "alice"], &[], |desk| ceremony::add_wallet(desk, add("wpkh"))).unwrap();
    let mut answers = approves("carol", &[]);
    answers.extend(approves("bob", &[]));
    answers.push(line("Type YES", "yes"));
    bench.in_person(answers, |desk| ceremony::add_wallet(desk, add("tr"))).unwrap();
    assert_eq!((bench.vault().statement().wallets().len(), bench.tape.unasked()), (2, 0));
}
