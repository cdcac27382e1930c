//! One coin of each kind of script, and of each kind of path: mined, paid from by a vault and, where its signature is
//! not enough, a cosigner outside; Core's engine takes the block, and none that is forged or too early.

mod program;

use std::path::Path;

use bitcoin::{
    NetworkKind, Psbt, ScriptBuf, Transaction,
    bip32::{DerivationPath, Xpriv, Xpub},
    consensus::encode::deserialize_hex,
    hashes::{Hash, sha256},
    secp256k1::Secp256k1,
};
use program::{BALLOTS, found, strongroom};
use strongroom::{
    network::Network,
    online::{Wait, Watcher},
};
use strongroom_chain::Chain;

/// A kind of script and a way to spend it. `@0` is the vault's key, `@1` and `@2` are of two cosigners.
struct Way {
    name: &'static str,
    descriptor: &'static str,
    wait: Wait,
    /// The cosigner who signs too.
    cosigner: Option<usize>,
    /// Whether it is another path than the primary.
    other: bool,
}

const NOW: Wait = Wait { sequence: None, lock_time: None };

const fn way(name: &'static str, descriptor: &'static str) -> Way {
    Way { name, descriptor, wait: NOW, cosigner: None, other: false }
}

const fn with(cosigner: usize, name: &'static str, descriptor: &'static str) -> Way {
    Way { cosigner: Some(cosigner), ..way(name, descriptor) }
}

const fn after(wait: Wait, name: &'static str, descriptor: &'static str) -> Way {
    Way { wait, other: true, ..way(name, descriptor) }
}

/// Blocks that an old coin waits for: more than a coinbase does.
const OLD: u32 = 150;

const WAYS: &[Way] = &[
    way("sh-multi", "sh(multi(1,@0,@1))"),
    with(1, "wsh-multi", "wsh(sortedmulti(2,@0,@1,@2))"),
    with(0, "sh-wsh-multi", "sh(wsh(multi(2,@1,@0)))"),
    way("sh-script", "sh(or_i(pk(@0),and_v(v:pk(@1),older(10))))"),
    with(0, "wsh-primary", "wsh(or_d(multi(2,@0,@1),and_v(v:pkh(@2),older(52560))))"),
    after(
        Wait { sequence: Some(OLD), lock_time: None },
        "wsh-recovery",
        "wsh(or_d(multi(2,@2,@1),and_v(v:pkh(@0),older(150))))",
    ),
    after(
        Wait { sequence: None, lock_time: Some(100) },
        "sh-wsh-script",
        "sh(wsh(andor(pk(@1),older(144),and_v(v:pk(@0),after(100)))))",
    ),
    way("wsh-hash", "wsh(and_v(v:sha256(#),pk(@0)))"),
    way("tr-key", "tr(@0,{pk(@1),and_v(v:pk(@2),older(1000))})"),
    Way { other: true, ..way("tr-leaf", "tr(@1,{pkh(@0),and_v(v:pk(@2),older(1000))})") },
    after(Wait { sequence: Some(OLD), lock_time: None }, "tr-recovery", "tr(@1,{pk(@2),and_v(v:pk(@0),older(150))})"),
    with(
        0,
        "tr-multi",
        "tr(50929b74c1a04954b78b4b6035e97a5e078a5a0f28ec96d547bfee9ace803ac0,{multi_a(2,@0,@1),pk(@2)})",
    ),
];

const PREIMAGE: [u8; 32] = [7; 32];

fn anyone() -> ScriptBuf {
    ScriptBuf::from_bytes(vec![0x51])
}

fn cosigner(number: usize) -> Xpriv {
    Xpriv::new_master(NetworkKind::Test, &[u8::try_from(90 + number).expect("small"); 32]).expect("a key")
}

/// `[fingerprint/path]tpub…` of a cosigner.
fn key(number: usize) -> String {
    let (secp, path) = (Secp256k1::new(), "48h/1h/0h/2h");
    let steps: DerivationPath = path.parse().expect("a path");
    let account = cosigner(number).derive_priv(&secp, &steps).expect("a key");
    format!("[{}/{path}]{}", cosigner(number).fingerprint(&secp), Xpub::from_priv(&secp, &account))
}

/// Registers the wallet and gives its watcher.
fn register(folder: &Path, number: usize, way: &Way) -> Watcher {
    // An account for each, so that no coin is of two wallets.
    let path = format!("m/48h/1h/{number}h/2h");
    let mut xpub = vec!["wallet", "xpub", "v.vault", "--path", &path];
    xpub.extend(BALLOTS);
    let ours = strongroom(folder, &xpub).trim().to_owned();
    let mut descriptor = way.descriptor.replace('#', &sha256::Hash::hash(&PREIMAGE).to_string());
    for (mark, key) in ["@0", "@1", "@2"].iter().zip([ours, key(0), key(1)]) {
        descriptor = descriptor.replace(mark, &format!("{key}/<0;1>/*"));
    }
    let mut add = vec!["wallet", "add", "v.vault", way.name, "--descriptor", &descriptor];
    add.extend(BALLOTS);
    strongroom(folder, &add);
    let export = strongroom(folder, &["wallet", "export", "v.vault", way.name, "--format", "descriptor"]);
    Watcher::from_export(&export, Network::Regtest).expect("the export is readable")
}

/// The payment as the program finalised it.
fn payment(folder: &Path, watcher: &mut Watcher, way: &Way) -> Transaction {
    let destination = ScriptBuf::from_hex("00140102030405060708090a0b0c0d0e0f1011121314").expect("hex");
    let bytes = watcher.pay_after(destination, 123_456_789, 3, way.wait).expect("a PSBT");
    let mut psbt = Psbt::deserialize(&bytes).expect("a PSBT");
    if way.descriptor.contains('#') {
        let hash = sha256::Hash::hash(&PREIMAGE);
        psbt.inputs.iter_mut().for_each(|map| drop(map.sha256_preimages.insert(hash, PREIMAGE.to_vec())));
    }
    std::fs::write(folder.join("in.psbt"), psbt.serialize()).expect("written");
    let [answer, joined] = ["signed", "joined"].map(|which| format!("{}.{which}.psbt", way.name));
    let mut sign = vec!["sign", "v.vault", "in.psbt", "-o", &answer];
    sign.extend(BALLOTS);
    if way.other {
        sign.extend(["--acknowledge", "L05"]);
    }
    strongroom(folder, &sign);
    let mut signed = &answer;
    if let Some(number) = way.cosigner {
        let _some = psbt.sign(&cosigner(number), &Secp256k1::new());
        std::fs::write(folder.join("theirs.psbt"), psbt.serialize()).expect("written");
        signed = &joined;
        strongroom(folder, &["psbt", "join", &answer, "theirs.psbt", "-o", signed]);
    }
    let hex = strongroom(folder, &["psbt", "finalize", signed]);
    deserialize_hex(hex.trim()).expect("a transaction")
}

/// One byte of one signature changed.
fn forged(transaction: &Transaction) -> Transaction {
    let mut forged = transaction.clone();
    let input = &mut forged.input[0];
    let mut items = input.witness.to_vec();
    match items.iter_mut().find(|item| (64..=73).contains(&item.len())) {
        Some(signature) => {
            signature[20] ^= 1;
            input.witness = bitcoin::Witness::from_slice(&items);
        }
        None => {
            let mut bytes = input.script_sig.to_bytes();
            bytes[20] ^= 1;
            input.script_sig = ScriptBuf::from_bytes(bytes);
        }
    }
    forged
}

#[test]
fn the_network_takes_every_script_by_its_path_and_nothing_forged_or_early() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut chain = Chain::new();
    found(folder.path());
    let mut watchers = Vec::new();
    // A coin for each while the subsidy is whole.
    for (number, way) in WAYS.iter().enumerate() {
        let watcher = register(folder.path(), number, way);
        chain.mine(watcher.deposit_address(0).script_pubkey(), &[]).expect("the engine takes the block");
        watchers.push(watcher);
    }
    while chain.height() < OLD {
        chain.mine(anyone(), &[]).expect("the engine takes the block");
    }
    let mut made = Vec::new();
    for (watcher, way) in watchers.iter_mut().zip(WAYS) {
        watcher.follow(chain.blocks()).expect("the blocks connect");
        made.push(payment(folder.path(), watcher, way));
    }
    for (transaction, way) in made.iter().zip(WAYS) {
        if way.wait.sequence.is_some() {
            assert!(chain.mine(anyone(), std::slice::from_ref(transaction)).is_err(), "{}: too early", way.name);
        }
    }
    // The youngest coin came with block `WAYS.len()`.
    while chain.height() < OLD + u32::try_from(WAYS.len()).expect("few") {
        chain.mine(anyone(), &[]).expect("the engine takes the block");
    }
    for (transaction, way) in made.iter().zip(WAYS) {
        let before = chain.height();
        assert!(chain.mine(anyone(), &[forged(transaction)]).is_err(), "{}: forged", way.name);
        assert_eq!(chain.height(), before);
        let (block, height) = chain
            .mine(anyone(), std::slice::from_ref(transaction))
            .unwrap_or_else(|_| panic!("{}: the engine takes it", way.name));
        assert_eq!(height, before + 1);
        assert!(block.txdata.contains(transaction));
    }
}
