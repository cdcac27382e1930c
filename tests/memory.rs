//! Scans this process's own memory: what was planted is found, a key is found while it is at work, and after each
//! piece of work no copy of its secret is left.
//!
//! A test binary of its own, without a harness and in one thread, with the allocator of the product. The needles are
//! held masked, so that the scanner does not find itself. Hidden pages would hide from the scanner too: but for the
//! last scan there are none, since a process without room for one more open file gets none from the kernel.

use std::hint::black_box;
use std::io::{Read, Write};
use std::os::unix::fs::FileExt;

use rustix::process::{Resource, Rlimit, setrlimit};
use strongroom::ceremony::{self, AddWallet, CeremonyError, Presence};
use strongroom::port::{self, DeviceError, Privacy, Store};
use strongroom::secret::{
    KernelDraw, Language, Master, Mixed, Mnemonic, Root, Share, Thrown, combine, generate, judge, split,
};
use strongroom::sys::{LockState, Secret, WipingAllocator, burn_stack, lock_state};

use crate::desk::{Bench, Plan, Stick, name, passphrase, secret};

#[path = "support/desk.rs"]
mod desk;
#[path = "support/frail_store.rs"]
#[expect(unused_imports, reason = "its own tests do not run here")]
mod frail_store;

#[global_allocator]
static HEAP: WipingAllocator = WipingAllocator;

fn main() {
    files(0);
    planted_bytes_are_found_on_stack_heap_and_in_secrets();
    a_child_key_is_found_at_work_and_not_after();
    seed_words_are_gone();
    entropy_and_role_keys_are_gone();
    the_quorum_secret_is_gone();
    a_passphrase_is_gone_after_age_opened_a_file();
    generated_and_judged_passphrases_are_gone();
    a_whole_signing_leaves_neither_seed_nor_key();
    files(FILES);
    a_hidden_secret_is_read_by_nobody_else();
    println!("memory: 9 scans passed");
}

/// Open files that the scanner needs, and more than there are.
const FILES: u64 = 64;

/// How many files may be open; those that are stay open.
fn files(most: u64) {
    let limit = rustix::process::getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: Some(most), ..limit }).unwrap();
}

const MASK: u8 = 0xa7;

/// What is looked for, masked: as it stands, backwards (the limbs of a scalar), and with the bytes of each word of 8
/// or 4 backwards (the state and schedule of a hash).
struct Needle {
    forms: Vec<Vec<u8>>,
}

impl Needle {
    /// Nothing yet; with room, so that learning moves nothing.
    fn empty() -> Self {
        Self { forms: Vec::with_capacity(4) }
    }

    fn of(bytes: &[u8]) -> Self {
        let mut needle = Self::empty();
        needle.learn(bytes);
        needle
    }

    /// Bytes 16 to 32: an allocator's own lists destroy the first of a freed block. Only masked bytes are copied.
    fn learn(&mut self, bytes: &[u8]) {
        assert!(self.forms.is_empty());
        let masked: Vec<u8> = bytes[16..32].iter().map(|byte| byte ^ MASK).collect();
        for word in [8, 4, masked.len()] {
            self.forms.push(masked.chunks(word).flat_map(|word| word.iter().rev().copied()).collect());
        }
        self.forms.push(masked);
    }

    fn len(&self) -> usize {
        self.forms.first().map_or(0, Vec::len)
    }

    fn matches(&self, window: &[u8]) -> bool {
        let same = |form: &Vec<u8>| window.iter().zip(form).all(|(byte, masked)| byte ^ MASK == *masked);
        self.forms.iter().any(same)
    }
}

struct Found {
    at: usize,
    place: String,
}

/// All copies of the needle in writable memory of this process, without the scanner's own buffer.
#[inline(never)]
fn scan(needle: &Needle) -> Vec<Found> {
    let before = rustix::process::getrlimit(Resource::Nofile).current;
    files(FILES);
    let found = scanned(needle);
    files(before.unwrap_or(FILES));
    found
}

#[inline(never)]
fn scanned(needle: &Needle) -> Vec<Found> {
    let mut maps = String::with_capacity(1 << 20);
    std::fs::File::open("/proc/self/maps").unwrap().read_to_string(&mut maps).unwrap();
    let memory = std::fs::File::open("/proc/self/mem").unwrap();
    let mut found = Vec::new();
    // A mapped chunk at a time, each with the last bytes of the one before.
    let mut chunk = vec![0u8; CHUNK];
    let firsts: Vec<u8> = needle.forms.iter().map(|form| form[0]).collect();
    for line in maps.lines() {
        let mut fields = line.split_whitespace();
        let (range, modes) = (fields.next().unwrap(), fields.next().unwrap());
        if !modes.starts_with("rw") || line.ends_with("[vvar]") {
            continue;
        }
        let place = fields.nth(3).unwrap_or("anonymous");
        let (from, to) = range.split_once('-').unwrap();
        let (from, to) = (usize::from_str_radix(from, 16).unwrap(), usize::from_str_radix(to, 16).unwrap());
        let mut at = from;
        while at < to {
            let size = CHUNK.min(to - at);
            if memory.read_exact_at(&mut chunk[..size], at as u64).is_err() {
                break;
            }
            let own = chunk.as_ptr() as usize;
            let starts = |byte: &u8| firsts.contains(&(byte ^ MASK));
            let ends = size.saturating_sub(needle.len() - 1);
            for (offset, _) in chunk[..ends].iter().enumerate().filter(|(_, byte)| starts(byte)) {
                let address = at + offset;
                let is_own = (own..own + CHUNK).contains(&address);
                if !is_own && needle.matches(&chunk[offset..]) && !found.iter().any(|f: &Found| f.at == address) {
                    found.push(Found { at: address, place: place.to_owned() });
                }
            }
            chunk[..size].fill(0);
            if size < CHUNK {
                break;
            }
            at += CHUNK - needle.len() + 1;
        }
    }
    found
}

const CHUNK: usize = 1 << 20;

#[track_caller]
fn present(needle: &Needle, least: usize, what: &str) {
    let found = scan(needle);
    assert!(found.len() >= least, "{what}: {} copies found, at least {least} expected", found.len());
}

#[track_caller]
fn gone(needle: &Needle, what: &str) {
    let found = scan(needle);
    let places: Vec<String> = found.iter().map(|f| format!("{:#x} {}", f.at, f.place)).collect();
    assert!(places.is_empty(), "{what}: {} copies are left: {places:?}", places.len());
    println!("memory: {what}: no copy left");
    let _ = std::io::stdout().flush();
}

/// Bytes that stand nowhere in the binary.
fn fresh(name: &[u8], out: &mut [u8]) {
    for (index, chunk) in out.chunks_mut(32).enumerate() {
        let hash = strongroom::digest::sha256(&[name, &[index as u8]].concat());
        chunk.copy_from_slice(&hash[..chunk.len()]);
    }
}

#[inline(never)]
fn fresh_secret(name: &[u8], length: usize) -> Secret {
    let mut secret = Secret::zeroed(length).unwrap();
    fresh(name, secret.expose_mut());
    burn_stack();
    secret
}

fn planted_bytes_are_found_on_stack_heap_and_in_secrets() {
    let secret = fresh_secret(b"planted", 32);
    let needle = Needle::of(secret.expose());
    burn_stack();
    assert_eq!(scan(&needle).len(), 1, "in the secret alone");
    let heap = secret.expose().to_vec();
    let mut stack = [0u8; 32];
    stack.copy_from_slice(secret.expose());
    black_box(&mut stack);
    present(&needle, 3, "planted");
    stack.fill(0);
    black_box(&mut stack);
    drop(black_box(heap));
    burn_stack();
    assert_eq!(scan(&needle).len(), 1, "heap and stack are clean");
    drop(secret);
    gone(&needle, "a planted secret");
}

/// Where the kernel hides pages (the appliance's does): what lies in them is nowhere else, and the kernel reads it for
/// no one.
fn a_hidden_secret_is_read_by_nobody_else() {
    let secret = fresh_secret(b"hidden", 32);
    let needle = Needle::of(secret.expose());
    burn_stack();
    // `lock_state` remembers the scans before: those secrets were in sight.
    assert!(matches!(lock_state(), LockState::Locked | LockState::NotLocked(_)));
    let maps = std::fs::read_to_string("/proc/self/maps").unwrap();
    let hidden = maps.lines().filter(|line| line.contains("/secretmem")).count();
    assert_eq!(scan(&needle).len(), usize::from(hidden == 0), "{hidden} hidden regions");
    assert!(needle.matches(&secret.expose()[16..]));
    println!("memory: a secret in {hidden} hidden regions: {} in sight", scan(&needle).len());
    drop(secret);
    gone(&needle, "a hidden secret");
}

#[inline(never)]
fn master() -> Master {
    Master::from_seed(&fresh_secret(b"seed", 64)).ok().unwrap()
}

fn a_child_key_is_found_at_work_and_not_after() {
    let seed = Needle::of(fresh_secret(b"seed", 64).expose());
    let mut child = Needle::empty();
    let mut at_work = 0;
    child_at_work(&mut child, &mut at_work);
    burn_stack();
    assert!(at_work >= 1, "the child's key is found while it works");
    gone(&child, "a child key");
    gone(&seed, "the seed");
}

#[inline(never)]
fn child_at_work(child: &mut Needle, at_work: &mut usize) {
    let master = master();
    let branch = master.branch(&[84 | 1 << 31, 1 << 31, 1 << 31, 0]).ok().unwrap();
    let secp = strongroom::secret::curve();
    let message = bitcoin::secp256k1::Message::from_digest([5; 32]);
    let worked = branch.with_child(3, |key, public| {
        child.learn(key.as_ref());
        *at_work = scan(child).len();
        let signature = secp.sign_ecdsa(&message, key);
        secp.verify_ecdsa(&message, &signature, public).unwrap();
        let mut pair = bitcoin::secp256k1::Keypair::from_secret_key(secp, key);
        black_box(secp.sign_schnorr_no_aux_rand(&message, &pair));
        pair.non_secure_erase();
    });
    assert!(worked.is_ok());
}

fn seed_words_are_gone() {
    let mut words = Needle::empty();
    let mut seed = Needle::empty();
    let entropy = Needle::of(fresh_secret(b"words", 32).expose());
    words_at_work(&mut words, &mut seed);
    burn_stack();
    gone(&words, "seed words");
    gone(&seed, "the seed of words");
    gone(&entropy, "the entropy of words");
}

#[inline(never)]
fn words_at_work(words: &mut Needle, seed: &mut Needle) {
    let mnemonic = Mnemonic::from_entropy(fresh_secret(b"words", 32), Language::English).ok().unwrap();
    let text = mnemonic.words().ok().unwrap();
    words.learn(text.expose());
    let again = Mnemonic::parse(text.expose_str().unwrap(), None).ok().unwrap();
    let made = again.seed("a passphrase").ok().unwrap();
    seed.learn(made.expose());
    let master = Master::from_seed(&made).ok().unwrap();
    black_box(master.xprv(&[1], bitcoin::NetworkKind::Main).ok().unwrap());
    present(words, 1, "seed words");
    present(seed, 1, "the seed of words");
}

fn entropy_and_role_keys_are_gone() {
    let kernel = Needle::of(fresh_secret(b"kernel", 64).expose());
    let mut drawn = [(); 3].map(|()| Needle::empty());
    entropy_at_work(&mut drawn);
    burn_stack();
    gone(&kernel, "the kernel's bytes");
    let [quorum, statement, approval] = &drawn;
    gone(quorum, "a quorum secret that was drawn");
    gone(statement, "a statement key");
    gone(approval, "an approval key");
}

#[inline(never)]
fn entropy_at_work(drawn: &mut [Needle; 3]) {
    let root = root();
    let statement = root.statement_key().ok().unwrap();
    let approval = root.approval_key(&"alice".parse().unwrap()).ok().unwrap();
    statement.sign(&[7; 32]).unwrap();
    approval.sign(&[7; 32]).unwrap();
    let quorum = root.quorum_secret().ok().unwrap();
    for (needle, bytes) in drawn.iter_mut().zip([&quorum, statement.private(), approval.private()]) {
        needle.learn(bytes.expose());
        present(needle, 1, "a drawn key");
    }
}

fn root() -> Root {
    let draw = KernelDraw::new(fresh_secret(b"kernel", 64)).ok().unwrap();
    black_box(draw.commitment());
    let mut rolls = fresh_secret(b"rolls", 99);
    rolls.expose_mut().iter_mut().for_each(|roll| *roll = b'1' + *roll % 6);
    let dice = Thrown::dice(&rolls).ok().unwrap();
    Mixed::new(draw, vec![dice]).ok().unwrap().accept()
}

fn the_quorum_secret_is_gone() {
    let quorum = Needle::of(fresh_secret(b"quorum", 32).expose());
    let mut value = Needle::empty();
    let mut words = Needle::empty();
    quorum_at_work(&mut value, &mut words, &quorum);
    burn_stack();
    gone(&quorum, "a combined quorum secret");
    gone(&value, "a share's value");
    gone(&words, "a share's words");
}

#[inline(never)]
fn quorum_at_work(value: &mut Needle, words: &mut Needle, quorum: &Needle) {
    let random = fresh_secret(b"coefficients", 14 * 32 + 28);
    let shares = split(&fresh_secret(b"quorum", 32), 3, 5, 99, &random).ok().unwrap();
    let texts: Vec<Secret> = shares.iter().map(|share| share.words().ok().unwrap()).collect();
    value.learn(shares[1].value.expose());
    words.learn(&texts[1].expose()[30..]);
    drop(shares);
    let read: Vec<Share> =
        texts.iter().skip(1).map(|text| Share::parse(text.expose_str().unwrap()).ok().unwrap()).collect();
    let secret = combine(&read, b"").ok().unwrap();
    assert!(quorum.matches(&secret.expose()[16..]));
    present(quorum, 1, "a combined quorum secret");
    present(value, 1, "a share's value");
    present(words, 1, "a share's words");
}

fn a_passphrase_is_gone_after_age_opened_a_file() {
    let mut phrase = Needle::empty();
    let mut contents = Needle::empty();
    age_at_work(&mut phrase, &mut contents);
    burn_stack();
    gone(&phrase, "a passphrase that age used");
    gone(&contents, "what age decrypted");
}

#[inline(never)]
fn age_at_work(phrase: &mut Needle, contents: &mut Needle) {
    let typed = generate(&fresh_secret(b"phrase", 64)).ok().unwrap();
    phrase.learn(typed.expose());
    let inside = fresh_secret(b"contents", 64);
    contents.learn(inside.expose());
    let string = || age::secrecy::SecretString::from(typed.expose_str().unwrap().to_owned());
    let mut recipient = age::scrypt::Recipient::new(string());
    recipient.set_work_factor(10);
    let file = age::encrypt_and_armor(&recipient, inside.expose()).unwrap();
    drop((recipient, inside));
    let mut identity = age::scrypt::Identity::new(string());
    identity.set_max_work_factor(20);
    let mut opened = age::decrypt(&identity, file.as_bytes()).unwrap();
    let opened = Secret::take(&mut opened).unwrap();
    present(phrase, 1, "a passphrase that age used");
    present(contents, 1, "what age decrypted");
    drop(opened);
}

fn generated_and_judged_passphrases_are_gone() {
    let mut phrase = Needle::empty();
    judged(&mut phrase);
    burn_stack();
    gone(&phrase, "a passphrase that was judged");
}

#[inline(never)]
fn judged(phrase: &mut Needle) {
    let typed = generate(&fresh_secret(b"judged", 64)).ok().unwrap();
    phrase.learn(typed.expose());
    assert_eq!(judge(&typed, &["alice"]), Ok(()));
    present(phrase, 1, "a passphrase that was judged");
}

/// What a ceremony of signing must not leave behind, and what it has while the body is open.
struct Watch {
    entropy: Needle,
    child: Needle,
    entropy_at_close: usize,
    child_at_close: usize,
}

fn a_whole_signing_leaves_neither_seed_nor_key() {
    let mut watch =
        Watch { entropy: Needle::empty(), child: Needle::empty(), entropy_at_close: 0, child_at_close: usize::MAX };
    let bench = vault_of(&mut watch);
    burn_stack();
    gone(&watch.entropy, "the entropy of a vault's seed before a signing");
    gone(&watch.child, "the key of a coin before a signing");
    let psbt = payment(&bench);
    let signed = signing(&bench, &psbt, &mut watch);
    assert!(signed > psbt.len(), "signatures were added");
    burn_stack();
    assert!(watch.entropy_at_close >= 1, "the seed is found while the body is open");
    assert_eq!(watch.child_at_close, 0, "the key of a coin is gone when the closing line is written");
    gone(&watch.entropy, "the entropy of a vault's seed after a signing");
    gone(&watch.child, "the key of a coin after a signing");
}

/// A vault of alice, bob and carol with the wallet `main`, whose first key the watch learns.
#[inline(never)]
fn vault_of(watch: &mut Watch) -> Bench {
    let mnemonic = Mnemonic::from_entropy(fresh_secret(b"vault", 32), Language::English).ok().unwrap();
    watch.entropy.learn(mnemonic.entropy().expose());
    let master = Master::from_seed(&mnemonic.seed("").ok().unwrap()).ok().unwrap();
    let branch = master.branch(&[84 | 1 << 31, 1 | 1 << 31, 1 << 31, 0]).ok().unwrap();
    assert!(branch.with_child(0, |key, _| watch.child.learn(key.as_ref())).is_ok());
    let words = mnemonic.words().ok().unwrap();
    let bench = Bench::create(&Plan { mnemonic: words.expose_str(), ..Plan::default() }).ok().unwrap();
    let main = AddWallet::Account { name: name("main"), script: "wpkh".into(), account: 0 };
    bench.unattended(&["alice", "bob"], &[], |desk| ceremony::add_wallet(desk, main)).ok().unwrap();
    bench
}

fn payment(bench: &Bench) -> Vec<u8> {
    let export = strongroom::wallet::descriptor(bench.vault().statement().wallet(&name("main")).unwrap());
    let mut watcher = strongroom::online::Watcher::from_export(&export, strongroom::network::Network::Regtest).unwrap();
    watcher.pretend_deposit(0, 60_000_000, 1);
    let payee = bitcoin::ScriptBuf::from_hex("0014aabbccddeeff00112233445566778899aabbccdd").unwrap();
    watcher.pay(payee, 40_000_000, 5).unwrap()
}

#[inline(never)]
fn signing(bench: &Bench, psbt: &[u8], watch: &mut Watch) -> usize {
    let cleared = ceremony::decide(&bench.vault(), psbt.to_vec()).ok().unwrap().ok().unwrap();
    let acknowledged = cleared.warnings().iter().map(|warning| warning.rule.to_owned()).collect();
    let voters = ["alice", "bob"].map(|custodian| (name(custodian), secret(&passphrase(custodian)))).into();
    let (mut screen, mut keyboard) = (bench.tape.clone(), bench.tape.clone());
    let (mut store, mut random) = (Watched { stick: bench.stick.clone(), watch }, bench.random.clone());
    let mut desk = ceremony::Desk {
        screen: &mut screen,
        keyboard: &mut keyboard,
        random: &mut random,
        store: &mut store,
        cabinet: bench,
        presence: Presence::Unattended { voters, acknowledged },
        expected: None,
    };
    let released: Result<_, CeremonyError> = ceremony::sign_transaction(&mut desk, psbt);
    released.ok().unwrap().full().len()
}

/// The vault's folder, which scans the memory just before the closing line is written: the body is open then.
struct Watched<'a> {
    stick: Stick,
    watch: &'a mut Watch,
}

impl Store for Watched<'_> {
    fn append(&mut self, name: &str, bytes: &[u8]) -> Result<(), DeviceError> {
        if bytes.windows(15).any(|part| part == b"\"type\":\"signed\"") {
            self.watch.entropy_at_close = scan(&self.watch.entropy).len();
            self.watch.child_at_close = scan(&self.watch.child).len();
        }
        self.stick.append(name, bytes)
    }

    fn read(&self, name: &str, limit: usize) -> Result<Option<Vec<u8>>, DeviceError> {
        self.stick.read(name, limit)
    }

    fn write(&mut self, name: &str, bytes: &[u8], privacy: Privacy) -> Result<(), DeviceError> {
        self.stick.write(name, bytes, privacy)
    }

    fn truncate(&mut self, name: &str, length: u64) -> Result<(), DeviceError> {
        self.stick.truncate(name, length)
    }

    fn remove(&mut self, name: &str) -> Result<(), DeviceError> {
        self.stick.remove(name)
    }

    fn sync(&mut self, name: &str) -> Result<(), DeviceError> {
        self.stick.sync(name)
    }

    fn sync_names(&mut self) -> Result<(), DeviceError> {
        self.stick.sync_names()
    }

    fn names(&self) -> Result<Vec<String>, DeviceError> {
        self.stick.names()
    }

    fn readable_by_others(&self, name: &str) -> Result<Option<bool>, DeviceError> {
        self.stick.readable_by_others(name)
    }
}
