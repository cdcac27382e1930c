//! Keys and descriptors for the tests of this room.
//!
//! Floor 1, tests only. The first key is that of the mnemonic that BIP49, 84 and 86 use.

use bitcoin::{
    bip32::{ChildNumber, Xpriv, Xpub},
    secp256k1::Secp256k1,
};

use super::{Path, Wallet, WalletError};
use crate::network::Network;

/// A master key: 0 is that of `abandon … about`.
pub(super) fn master(number: u8, network: Network) -> Xpriv {
    let words = "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about";
    let seed = match number {
        0 => bip39::Mnemonic::parse(words).unwrap().to_seed("").to_vec(),
        number => vec![number; 32],
    };
    Xpriv::new_master(network.bitcoin(), &seed).unwrap()
}

/// The extended public key at steps below a master key.
pub(super) fn xpub(master: &Xpriv, steps: &[u32]) -> Xpub {
    let secp = Secp256k1::new();
    let path: Vec<ChildNumber> = steps.iter().map(|step| ChildNumber::from(*step)).collect();
    Xpub::from_priv(&secp, &master.derive_priv(&secp, &path).unwrap())
}

pub(super) fn fingerprint(number: u8) -> [u8; 4] {
    master(number, Network::Mainnet).fingerprint(&Secp256k1::new()).to_bytes()
}

/// `[fingerprint/path]xpub` of a master key.
pub(super) fn key(number: u8, path: &str, network: Network) -> String {
    let path: Path = path.parse().unwrap();
    let xpub = xpub(&master(number, network), path.steps());
    let origin = path.to_string().replacen('m', "", 1);
    format!("[{}{origin}]{xpub}", crate::text::hex(&fingerprint(number)))
}

/// `descriptor` with `@0` … `@9` replaced by keys at `path`, read on mainnet with key 0 as ours.
pub(super) fn wallet(descriptor: &str, path: &str) -> Wallet {
    read(descriptor, path, Network::Mainnet, &[0]).unwrap()
}

pub(super) fn read(descriptor: &str, path: &str, network: Network, ours: &[usize]) -> Result<Wallet, WalletError> {
    Wallet::read("savings".parse().unwrap(), &fill(descriptor, path, network), network, ours)
}

pub(crate) fn fill(descriptor: &str, path: &str, network: Network) -> String {
    let mut text = descriptor.to_owned();
    for number in 0..10 {
        let mark = format!("@{number}");
        if text.contains(&mark) {
            text = text.replace(&mark, &key(number, path, network));
        }
    }
    text
}

/// Every kind, with its path.
pub(super) const KINDS: [(&str, &str); 10] = [
    ("pkh(@0/<0;1>/*)", "m/44h/0h/0h"),
    ("sh(wpkh(@0/<0;1>/*))", "m/49h/0h/0h"),
    ("wpkh(@0/<0;1>/*)", "m/84h/0h/0h"),
    ("tr(@0/<0;1>/*)", "m/86h/0h/0h"),
    ("sh(multi(2,@0/<0;1>/*,@1/<0;1>/*,@2/<0;1>/*))", "m/45h/0h"),
    ("sh(sortedmulti(2,@0/<0;1>/*,@1/<0;1>/*,@2/<0;1>/*))", "m/45h/0h"),
    ("wsh(multi(2,@0/<0;1>/*,@1/<0;1>/*,@2/<0;1>/*))", "m/48h/0h/0h/2h"),
    ("wsh(sortedmulti(2,@0/<0;1>/*,@1/<0;1>/*,@2/<0;1>/*))", "m/48h/0h/0h/2h"),
    ("sh(wsh(multi(3,@2/<0;1>/*,@1/<0;1>/*,@0/<0;1>/*)))", "m/48h/0h/0h/1h"),
    ("sh(wsh(sortedmulti(1,@0/<0;1>/*,@1/<0;1>/*)))", "m/48h/0h/0h/1h"),
];

/// Every kind beyond one key and plain multisig, at [`SCRIPTS_PATH`].
pub(super) const SCRIPTS: [&str; 8] = [
    "sh(or_d(pk(@0/<0;1>/*),and_v(v:pkh(@1/<0;1>/*),older(144))))",
    "sh(wsh(and_v(or_c(pk(@0/<0;1>/*),v:older(1000)),pk(@1/<0;1>/*))))",
    "wsh(or_d(multi(2,@0/<0;1>/*,@1/<0;1>/*),and_v(v:pkh(@2/<0;1>/*),older(52560))))",
    "wsh(andor(multi(1,@0/<0;1>/*,@2/<0;1>/*),sha256(5aa0b4a16aaedca0ffdfec2a4aeb5e1bd8ec3a4a6e3c5ee3c2eaf5d44f4bba13),and_v(v:pk(@1/<0;1>/*),after(900000))))",
    "wsh(thresh(3,pk(@0/<0;1>/*),s:pk(@1/<0;1>/*),s:pk(@2/<0;1>/*),sln:older(26280)))",
    "tr(@0/<0;1>/*,{pk(@1/<0;1>/*),and_v(v:pk(@2/<0;1>/*),older(1000))})",
    "tr(@2/<0;1>/*,{{multi_a(2,@0/<0;1>/*,@1/<0;1>/*,@3/<0;1>/*),and_v(v:pk(@0/<0;1>/*),after(1800000000))},pkh(@1/<0;1>/*)})",
    "tr(50929b74c1a04954b78b4b6035e97a5e078a5a0f28ec96d547bfee9ace803ac0,multi_a(2,@0/<0;1>/*,@1/<0;1>/*))",
];

/// The path of the keys of [`SCRIPTS`].
pub(crate) const SCRIPTS_PATH: &str = "m/48h/0h/0h/2h";

/// `tr` with an internal key below an extended key that nobody can sign for.
pub(super) fn with_unspendable_xpub(network: Network) -> String {
    let point = "0250929b74c1a04954b78b4b6035e97a5e078a5a0f28ec96d547bfee9ace803ac0";
    let xpub = Xpub {
        network: network.kind(),
        depth: 0,
        parent_fingerprint: bitcoin::bip32::Fingerprint::default(),
        child_number: ChildNumber::Normal { index: 0 },
        public_key: point.parse().unwrap(),
        chain_code: bitcoin::bip32::ChainCode::from([7; 32]),
    };
    format!("tr({xpub}/<0;1>/*,{{pk(@0/<0;1>/*),and_v(v:pk(@1/<0;1>/*),older(1000))}})")
}

/// One wallet of every kind.
pub(super) fn every() -> Vec<Wallet> {
    let plain = KINDS.into_iter().map(|(text, path)| wallet(text, path));
    let scripts = SCRIPTS.into_iter().map(|text| wallet(text, SCRIPTS_PATH));
    let disabled = wallet(&with_unspendable_xpub(Network::Mainnet), SCRIPTS_PATH);
    plain.chain(scripts).chain([disabled]).collect()
}

/// A descriptor by chance, with keys `@0` … `@9`, each in one place. Many are no valid scripts, most valid ones sound.
pub(crate) struct Random {
    state: u64,
    key: usize,
    leaf: bool,
}

impl Random {
    pub(crate) fn descriptor(seed: u64) -> String {
        let mut random = Self { state: seed, key: 0, leaf: false };
        match random.below(8) {
            0 => format!("sh({})", random.script(2)),
            1 => format!("sh(wsh({}))", random.script(3)),
            2..5 => format!("wsh({})", random.script(3)),
            _ => {
                random.leaf = true;
                let internal = random.key();
                format!("tr({internal},{})", random.tree(3))
            }
        }
    }

    /// SplitMix64.
    fn below(&mut self, end: u64) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % end
    }

    fn key(&mut self) -> String {
        self.key += 1;
        format!("@{}/<0;1>/*", self.key - 1)
    }

    fn keys(&mut self) -> String {
        let count = 1 + self.below(3);
        let keys: Vec<String> = (0..count).map(|_| self.key()).collect();
        let name = if self.leaf { "multi_a" } else { "multi" };
        format!("{name}({},{})", 1 + self.below(count), keys.join(","))
    }

    fn tree(&mut self, depth: u32) -> String {
        if depth > 0 && self.below(3) > 0 {
            format!("{{{},{}}}", self.tree(depth - 1), self.tree(depth - 1))
        } else {
            self.script(2)
        }
    }

    /// Of type B.
    fn script(&mut self, depth: u32) -> String {
        if depth == 0 {
            return self.signed();
        }
        let depth = depth - 1;
        match self.below(10) {
            0 => format!("and_v({},{})", self.verified(depth), self.script(depth)),
            1 => format!("and_v(v:{},{})", self.signed(), self.lock()),
            2 => format!("or_d({},{})", self.signed(), self.script(depth)),
            3 => format!("or_i({},{})", self.script(depth), self.script(depth)),
            4 => format!("andor({},{},{})", self.signed(), self.either(depth), self.script(depth)),
            5 => format!("or_b({},s:pk({}))", self.signed(), self.key()),
            6 => format!("and_b({},a:{})", self.signed(), self.signed()),
            7 | 8 => self.threshold(),
            _ => self.signed(),
        }
    }

    fn verified(&mut self, depth: u32) -> String {
        match self.below(3) {
            0 => format!("or_c({},v:{})", self.signed(), self.lock()),
            1 => format!("v:{}", self.lock()),
            _ => format!("v:{}", self.script(depth)),
        }
    }

    fn either(&mut self, depth: u32) -> String {
        if self.below(2) == 0 { self.lock() } else { self.script(depth) }
    }

    fn signed(&mut self) -> String {
        match self.below(3) {
            0 => format!("pk({})", self.key()),
            1 => format!("pkh({})", self.key()),
            _ => self.keys(),
        }
    }

    fn lock(&mut self) -> String {
        match self.below(5) {
            0 => format!("older({})", 1 + self.below(60_000)),
            1 => format!("older({})", (1 << 22) + 1 + self.below(60_000)),
            2 => format!("after({})", 1 + self.below(1_000_000)),
            3 => format!("after({})", 1_700_000_000 + self.below(100_000)),
            _ => format!("sha256({:064x})", self.below(u64::MAX)),
        }
    }

    fn threshold(&mut self) -> String {
        let mut parts = vec![format!("pk({})", self.key())];
        for _ in 0..1 + self.below(4) {
            let part = match self.below(5) {
                0 => format!("sln:{}", self.lock()),
                1 => format!("a:{}", self.keys()),
                2 => format!("a:and_v(v:pk({}),1)", self.key()),
                _ => format!("s:pk({})", self.key()),
            };
            parts.push(part);
        }
        let count = u64::try_from(parts.len()).unwrap();
        format!("thresh({},{})", 1 + self.below(count), parts.join(","))
    }
}
