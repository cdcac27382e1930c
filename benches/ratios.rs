//! Our work beside the bare work, in one run: `cargo bench --bench ratios`.
//!
//! Prints `ratio NAME VALUE goal VALUE` (at most) or `ratio NAME VALUE min VALUE` (at least), with the calls
//! counted as bare above each. Both sides run in turns, and the least time of each counts; work of one thread is
//! measured in the thread's own processor time. So what else the machine does falls out. `STRONGROOM_BINARY` names the static, stripped binary whose size is to be told;
//! `STRONGROOM_RATIOS` names, by parts of their names and commas, the ratios to be measured.

mod eyes;
#[allow(unused_imports, reason = "its own tests are not run here")]
#[path = "../tests/support/frail_store.rs"]
mod frail_store;
#[path = "../tests/support/signing_desk.rs"]
mod signing_desk;

use std::{env, fs, hint::black_box, sync::OnceLock, time::Instant};

use bitcoin::{
    Psbt,
    bech32::{hrp, segwit},
    bip32::{ChildNumber, DerivationPath, Xpriv, Xpub},
    ecdsa,
    hashes::{Hash, hash160},
    secp256k1::{Message, Secp256k1},
    sighash::{EcdsaSighashType, SighashCache},
};
use strongroom::{
    digest, journal, limits, network, policy, port, psbt, quorum, review, secret, sign, sys, text, vault, verify,
    wallet,
};

use signing_desk::{Desk, Spend};

fn main() {
    let wanted = env::var("STRONGROOM_RATIOS").unwrap_or_default();
    let run = |name: &str, work: fn()| {
        if wanted.split(',').any(|part| name.contains(part)) {
            work();
        }
    };
    run("sign-1000", sign);
    run("sign-linear", linear);
    run("finalize-linear join-linear", finish_linear);
    run("addresses-10000", addresses);
    run("second-core", second_core);
    run("unlock", unlock);
    run("read-clean-rqrr read-clean-zbarimg read-light-rqrr read-light-zbarimg", eyes::read);
    run("parts-late parts-lost-30", eyes::parts);
    run("draw-frame", eyes::drawing);
    run("words-of-a-megabyte", eyes::words);
    run("binary-bytes", binary);
}

enum Bound {
    AtMost(f64),
    AtLeast(f64),
}

fn tell(name: &str, value: f64, bound: Bound, bare: &[&str]) {
    println!("# {name}, bare:");
    for call in bare {
        println!("#   {call}");
    }
    match bound {
        Bound::AtMost(goal) => println!("ratio {name} {value:.3} goal {goal}"),
        Bound::AtLeast(min) => println!("ratio {name} {value:.3} min {min}"),
    }
}

/// Seconds since some time, by a clock.
type Clock = fn() -> f64;

fn wall() -> f64 {
    static START: OnceLock<Instant> = OnceLock::new();
    START.get_or_init(Instant::now).elapsed().as_secs_f64()
}

/// Processor time of this thread, where the kernel tells it; else the wall clock.
fn thread() -> f64 {
    let told = fs::read_to_string("/proc/thread-self/schedstat").ok();
    let nanoseconds = told.and_then(|text| text.split(' ').next()?.parse::<f64>().ok());
    nanoseconds.map_or_else(wall, |nanoseconds| nanoseconds / 1e9)
}

/// The least time of each, in `rounds` turns after one that does not count.
fn in_turns<const N: usize>(rounds: usize, clock: Clock, mut works: [&mut dyn FnMut(); N]) -> [f64; N] {
    let mut least = [f64::INFINITY; N];
    works.iter_mut().for_each(|work| work());
    for _ in 0..rounds {
        for (least, work) in least.iter_mut().zip(&mut works) {
            let start = clock();
            work();
            *least = least.min(clock() - start);
        }
    }
    least
}

/// Review, ballots, record, sign, verify and release of 1,000 wpkh inputs.
fn sign() {
    let desk = Desk::new();
    let spend = desk.spend(1000);
    let [ours, bare] = in_turns(5, thread, [&mut || our_signing(&desk, &spend), &mut || bare_signing(&desk, &spend)]);
    println!("# sign-1000: {:.1} ms, bare {:.1} ms", ours * 1e3, bare * 1e3);
    tell(
        "sign-1000",
        ours / bare,
        Bound::AtMost(1.5),
        &[
            "for each of 1,000 inputs, one thread, contexts made once:",
            "one public child derivation: Xpub::ckd_pub",
            "one private child derivation: Xpriv::derive_priv of one step",
            "one digest: SighashCache::p2wpkh_signature_hash",
            "two signatures: Secp256k1::sign_ecdsa_low_r",
            "one verification: Secp256k1::verify_ecdsa",
        ],
    );
}

/// From the bytes that came to the bytes that leave.
fn our_signing(desk: &Desk, spend: &Spend) {
    let mut book = desk.book();
    let recorded = desk.record(desk.clear(&spend.psbt), &mut book);
    let signed = sign::sign(recorded, &desk.wallets, &desk.master).ok().unwrap();
    let verified = verify::verify(signed).ok().unwrap();
    let released = verify::release(verified, &mut book.pen, &mut book.store, &desk.statement_key).ok().unwrap();
    black_box(released.full());
}

fn bare_signing(desk: &Desk, spend: &Spend) {
    let secp = Secp256k1::new();
    let private: Xpriv = desk.private_branch;
    let public = Xpub::from_priv(&secp, &private);
    let mut cache = SighashCache::new(&spend.transaction);
    for (input, coin) in spend.coins.iter().enumerate() {
        let step = ChildNumber::Normal { index: u32::try_from(input).unwrap() };
        let child = public.ckd_pub(&secp, step).unwrap();
        let secret = private.derive_priv(&secp, &[step]).unwrap().private_key;
        let digest =
            cache.p2wpkh_signature_hash(input, &coin.script_pubkey, coin.value, EcdsaSighashType::All).unwrap();
        let digest = Message::from_digest(digest.to_byte_array());
        let signature = secp.sign_ecdsa_low_r(&digest, &secret);
        black_box(secp.sign_ecdsa_low_r(black_box(&digest), black_box(&secret)));
        secp.verify_ecdsa(&digest, &signature, &child.public_key).unwrap();
    }
}

/// Time an input at 10, 100, 1,000 and 1,400 inputs.
fn linear() {
    let desk = Desk::new();
    let spends = [10, 100, 1000, 1400].map(|inputs| desk.spend(inputs));
    // As often as gives each about the same work: the clock is coarse.
    let times_of = |spend: &Spend| 1400 / spend.coins.len();
    let work = |spend: &Spend| (0..times_of(spend)).for_each(|_| our_signing(&desk, spend));
    let [a, b, c, d] = &spends;
    let seconds = in_turns(3, thread, [&mut || work(a), &mut || work(b), &mut || work(c), &mut || work(d)]);
    let mut points = Vec::new();
    for (spend, seconds) in spends.iter().zip(seconds) {
        let (inputs, micros) = (spend.coins.len() as f64, seconds * 1e6 / times_of(spend) as f64);
        println!("# sign-linear: {inputs} inputs, {:.1} us an input", micros / inputs);
        points.push((inputs, micros));
    }
    // On a straight line, whatever it begins with, one more input costs the same everywhere.
    let slopes = points.windows(2).map(|two| (two[1].1 - two[0].1) / (two[1].0 - two[0].0));
    let (least, most) = slopes.fold((f64::INFINITY, 0f64), |(l, m), t| (l.min(t), m.max(t)));
    tell(
        "sign-linear",
        most / least,
        Bound::AtMost(1.25),
        &["none: the greatest time of one more input over the least, from 10 to 100, 1,000 and 1,400 inputs"],
    );
}

/// Joining and finalising 1,000 wsh 2-of-3 inputs beside 100.
fn finish_linear() {
    let desk = Desk::new();
    let [few, many] = [100, 1000].map(|inputs| {
        let spend = desk.spend_of(desk.place("wsh"), inputs);
        [1, 2].map(|signer| signed_by(&spend, signer))
    });
    let read = |bytes: &Vec<u8>| psbt::parse(bytes.clone()).unwrap();
    let join = |[one, two]: &[Vec<u8>; 2]| psbt::join(&read(one), &[read(two)], &verify::signature_check).unwrap();
    let whole = [&few, &many].map(join);
    let finalize = |bytes: &Vec<u8>| drop(black_box(psbt::finalize(&read(bytes), &verify::signature_check).unwrap()));
    // The few ten times, so that both sides take about as long: the clock is coarse.
    let ten = |work: &dyn Fn()| (0..10).for_each(|_| work());
    let works: [&mut dyn FnMut(); 4] = [
        &mut || ten(&|| finalize(&whole[0])),
        &mut || finalize(&whole[1]),
        &mut || ten(&|| drop(black_box(join(&few)))),
        &mut || drop(black_box(join(&many))),
    ];
    let [few_finalized, many_finalized, few_joined, many_joined] = in_turns(3, thread, works);
    for (name, few, many) in
        [("finalize-linear", few_finalized, many_finalized), ("join-linear", few_joined, many_joined)]
    {
        println!("# {name}: 100 inputs {:.1} ms, 1,000 inputs {:.1} ms", few * 1e2, many * 1e3);
        let bare = "none: the time of 1,000 wsh 2-of-3 inputs, parsed anew, over that of 100";
        tell(name, many / few * 10.0, Bound::AtMost(12.0), &[bare]);
    }
}

/// The PSBT of a spend of the wallet `wsh` with the signatures of one of its three signers.
fn signed_by(spend: &Spend, signer: u8) -> Vec<u8> {
    let secp = Secp256k1::new();
    let root = Xpriv::new_master(bitcoin::Network::Regtest, &[signer; 32]).unwrap();
    let branch = root.derive_priv(&secp, &"48h/1h/0h/2h/0".parse::<DerivationPath>().unwrap()).unwrap();
    let mut cache = SighashCache::new(&spend.transaction);
    let mut psbt = Psbt::deserialize(&spend.psbt).unwrap();
    for (number, (coin, map)) in spend.coins.iter().zip(&mut psbt.inputs).enumerate() {
        let index = u32::try_from(number).unwrap();
        let secret = branch.derive_priv(&secp, &[ChildNumber::Normal { index }]).unwrap().private_key;
        let script = map.witness_script.as_ref().unwrap();
        let digest = cache.p2wsh_signature_hash(number, script, coin.value, EcdsaSighashType::All).unwrap();
        let signature = secp.sign_ecdsa_low_r(&Message::from_digest(digest.to_byte_array()), &secret);
        map.partial_sigs.insert(secret.public_key(&secp).into(), ecdsa::Signature::sighash_all(signature));
    }
    psbt.serialize()
}

const ADDRESSES: u32 = 10_000;

/// Addresses of a wpkh descriptor on one core.
fn addresses() {
    let desk = Desk::new();
    let wallet = &desk.wallets[0];
    let public = Xpub::from_priv(&Secp256k1::new(), &desk.private_branch);
    let ours = || wallet::addresses_on(wallet, 0, 0..ADDRESSES, 1).unwrap();
    let bare = || {
        let secp = Secp256k1::verification_only();
        let one = |index| {
            let child = public.ckd_pub(&secp, ChildNumber::Normal { index }).unwrap();
            let program = hash160::Hash::hash(&child.public_key.serialize());
            segwit::encode_v0(hrp::BCRT, program.as_ref()).unwrap()
        };
        (0..ADDRESSES).map(one).collect::<Vec<_>>()
    };
    assert_eq!(ours(), bare(), "both make the same addresses");
    let [ours, bare] = in_turns(5, thread, [&mut || drop(black_box(ours())), &mut || drop(black_box(bare()))]);
    println!("# addresses-10000: {:.1} ms, bare {:.1} ms", ours * 1e3, bare * 1e3);
    tell(
        "addresses-10000",
        ours / bare,
        Bound::AtMost(1.2),
        &[
            "for each of 10,000 indices, one thread, one context:",
            "one public child derivation: Xpub::ckd_pub",
            "one hash160 of the key, one segwit::encode_v0",
        ],
    );
}

/// What a second core brings to the same addresses.
fn second_core() {
    let desk = Desk::new();
    let on = |cores| drop(black_box(wallet::addresses_on(&desk.wallets[0], 0, 0..ADDRESSES, cores).unwrap()));
    let [one, two] = in_turns(7, wall, [&mut || on(1), &mut || on(2)]);
    tell("second-core", one / two, Bound::AtLeast(1.7), &["the same 10,000 addresses on one core"]);
}

/// Opening a custodian's share of a mainnet vault.
fn unlock() {
    let secret_text = |text: &str| sys::Secret::take(&mut text.as_bytes().to_vec()).unwrap();
    let (mut store, work) = (frail_store::FrailStore::new(), vault::Work::Share(network::Network::Mainnet));
    let alice: text::Name = "alice".parse().unwrap();
    let kernel =
        secret::KernelDraw::new(sys::Secret::take(&mut [digest::sha256(b"1"), digest::sha256(b"2")].concat()).unwrap())
            .ok()
            .unwrap();
    let thrown = secret::Thrown::dice(&secret_text(&"142536".repeat(17))).ok().unwrap();
    let root = secret::Mixed::new(kernel, vec![thrown]).ok().unwrap().accept();
    let founder = vault::Founder {
        name: alice.clone(),
        lock: vault::Lock::Passphrase(secret_text("correct horse")),
        place: vault::Place::Inside,
    };
    let founding = vault::Founding {
        network: network::Network::Mainnet,
        threshold: 1,
        custodians: vec![founder],
        seed: vault::Seed::drawn(&root, vault::Words::TwentyFour, secret_text("")).ok().unwrap(),
        policy: String::new(),
        root: &root,
    };
    vault::found(&mut store, founding, &mut |_| ()).ok().unwrap();
    let opened = vault::Vault::read(&store).ok().unwrap();
    let share = opened.share(&alice).ok().unwrap();
    let params = scrypt::Params::new(work.log_n(), 8, 1, 32).unwrap();
    let [ours, bare] = in_turns(
        3,
        thread,
        [
            &mut || {
                let passphrase = secret_text("correct horse");
                drop(share.open(vault::Key::Passphrase(&passphrase), opened.statement()).ok().unwrap());
            },
            &mut || {
                let mut key = [0; 32];
                scrypt::scrypt(b"correct horse", b"age-encryption.org/v1/scrypt0123456789abcdef", &params, &mut key)
                    .unwrap();
                black_box(key);
            },
        ],
    );
    println!("# unlock: {:.1} ms, bare {:.1} ms", ours * 1e3, bare * 1e3);
    tell("unlock", ours / bare, Bound::AtMost(1.1), &["one scrypt::scrypt, N = 2^18, r = 8, p = 1"]);
}

/// The size of the binary that the environment names.
fn binary() {
    let Ok(path) = env::var("STRONGROOM_BINARY") else {
        println!("# binary-bytes: STRONGROOM_BINARY names no binary");
        return;
    };
    let bytes = fs::metadata(&path).map(|file| file.len()).expect("STRONGROOM_BINARY can be read");
    println!("# binary-bytes, bare:\n#   none: bytes of the static, stripped binary");
    println!("ratio binary-bytes {bytes} goal 10000000");
}
