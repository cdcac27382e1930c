//! A descriptor as a wallet: the rules of registration.
//!
//! Floor 1. Takes `pkh`, `wpkh`, `sh(wpkh)` and `tr` of one key; `multi`, `sortedmulti` and miniscript in `sh`, `wsh`
//! and `sh(wsh)`; `tr` with a tree of miniscript: of keys `[fingerprint/path]xpub/<a;b>/*` (or `/a/*`), all distinct.

use std::sync::Arc;

use bitcoin::bip32::ChildNumber;
use miniscript::Descriptor;

use super::{
    account::{self, HARDENED},
    checksum,
    derive::{NoChild, Parent},
    descriptor::{DescriptorError, Expression, Piece},
    internal::{self, Internal},
    key_text::{KeyText, KeyTextError, Root, Step, Wildcard},
    kind::{Kind, Multi},
    register::{Key, Wallet, WalletError},
    rules,
    scripts::Scripts,
    spending::{RELATIVE_TIME, RELATIVE_VALUE, Seat, SpendingPath},
    syntax::Node,
    template::{self, Slot},
    ways::Way,
};
use crate::{
    limits::{
        DESCRIPTOR_BYTES, LEAF_SCRIPT_BYTES, PATH_STEPS, REDEEM_SCRIPT_BYTES, SPENDING_PATHS, TAP_TREE_DEPTH,
        WALLET_KEYS, WITNESS_SCRIPT_BYTES,
    },
    network::Network,
    text::Name,
};

impl Wallet {
    /// Reads a descriptor (public keys only; BIP389 multipath `<a;b>/*`, or one branch `/a/*`). `ours` are the
    /// indices of the keys that the vault's seed derives, as the statement records them (or as the ceremony
    /// found with [`super::match_master`]; it may be empty before).
    ///
    /// # Errors
    /// The first rule that the descriptor breaks; an index of `ours` that is out of range or there twice.
    pub fn read(name: Name, descriptor: &str, network: Network, ours: &[usize]) -> Result<Self, WalletError> {
        if descriptor.len() > DESCRIPTOR_BYTES {
            return Err(DescriptorError::TooLong.into());
        }
        // names private keys, misplaced functions and unsupported kinds
        let expression = Expression::parse_public(descriptor)?;
        let payload = checksum::strip(descriptor)?;
        let tree = Node::read(payload).map_err(|at| DescriptorError::Syntax { at })?;
        let kind = shape(&tree)?;
        let Ring { keys, branches, internal, slots } = Ring::of(&expression, kind, network)?;
        let parents = branches
            .iter()
            .map(|branch| keys.iter().map(|key| Parent::of(&key.xpub).descend(*branch)).collect())
            .collect::<Result<_, NoChild>>()?;
        let scripts = match kind {
            Kind::ShScript | Kind::ShWshScript | Kind::WshScript | Kind::TrTree => {
                let descriptor = template(&expression, &slots)?;
                Some(Scripts::new(descriptor, internal, &branches)?)
            }
            Kind::Pkh | Kind::ShWpkh | Kind::Wpkh | Kind::Tr | Kind::Sh(_) | Kind::ShWsh(_) | Kind::Wsh(_) => None,
        };
        let (text, paths) = match &scripts {
            Some(scripts) => {
                let paths = scripts.paths().map_err(|_| WalletError::TooManyPaths)?;
                (scripts.canonical(&keys, &branches, None), paths)
            }
            None => (plain(kind, &keys, &branches, None), vec![only_path(kind, keys.len())]),
        };
        let text = checksum::append(&text)?;
        let scripts = scripts.map(Arc::new);
        let wallet = Self { name, network, text, kind, keys, branches, parents, scripts, paths: primary_first(paths) };
        wallet.sizes()?;
        wallet.claim(ours)
    }

    /// The limits on what is derived, which has the same size at each index.
    fn sizes(&self) -> Result<(), WalletError> {
        let Some(scripts) = &self.scripts else {
            return Ok(());
        };
        if self.paths.is_empty() {
            return Err(WalletError::NoPath);
        }
        if self.paths.len() > SPENDING_PATHS {
            return Err(WalletError::TooManyPaths);
        }
        if scripts.depths().any(|depth| usize::from(depth) > TAP_TREE_DEPTH) {
            return Err(WalletError::TreeTooDeep);
        }
        let coin = self.coin(self.receive_branch(), 0)?;
        let leaves = coin.tree.iter().flat_map(|tree| &tree.leaves).map(|leaf| (leaf.script.len(), LEAF_SCRIPT_BYTES));
        let redeem = coin.redeem_script.iter().map(|script| (script.len(), REDEEM_SCRIPT_BYTES));
        let witness = coin.witness_script.iter().map(|script| (script.len(), WITNESS_SCRIPT_BYTES));
        match redeem.chain(witness).chain(leaves).find(|(bytes, limit)| bytes > limit) {
            Some((bytes, limit)) => Err(WalletError::ScriptTooLarge { bytes, limit }),
            None => Ok(()),
        }
    }
}

/// The script type.
fn shape(tree: &Node<'_>) -> Result<Kind, WalletError> {
    if tree.call("pkh").is_some() {
        return Ok(Kind::Pkh);
    }
    if tree.call("wpkh").is_some() {
        return Ok(Kind::Wpkh);
    }
    if let Some(arguments) = tree.call("tr") {
        return Ok(if arguments.len() == 1 { Kind::Tr } else { Kind::TrTree });
    }
    if let Some([inner]) = tree.call("wsh") {
        return Ok(multisig(inner)?.map_or(Kind::WshScript, Kind::Wsh));
    }
    let Some([inner]) = tree.call("sh") else {
        return Err(DescriptorError::NotADescriptor.into());
    };
    if inner.call("wpkh").is_some() {
        return Ok(Kind::ShWpkh);
    }
    if let Some([inner]) = inner.call("wsh") {
        return Ok(multisig(inner)?.map_or(Kind::ShWshScript, Kind::ShWsh));
    }
    Ok(multisig(inner)?.map_or(Kind::ShScript, Kind::Sh))
}

/// The multisig of `multi` or `sortedmulti`.
fn multisig(node: &Node<'_>) -> Result<Option<Multi>, WalletError> {
    let (sorted, arguments) = match (node.call("sortedmulti"), node.call("multi")) {
        (Some(arguments), _) => (true, arguments),
        (None, Some(arguments)) => (false, arguments),
        (None, None) => return Ok(None),
    };
    let Some((threshold, keys)) = arguments.split_first() else {
        return Err(DescriptorError::BadThreshold.into());
    };
    Ok(Some(Multi { threshold: rules::threshold_of(threshold, keys.len())?, sorted }))
}

/// The keys of a descriptor.
struct Ring {
    keys: Vec<Key>,
    branches: Vec<u32>,
    internal: Option<Internal>,
    /// for each key expression, as they stand in the text, its slot
    slots: Vec<Slot>,
}

impl Ring {
    fn of(expression: &Expression, kind: Kind, network: Network) -> Result<Self, WalletError> {
        let mut ring = Self { keys: Vec::new(), branches: Vec::new(), internal: None, slots: Vec::new() };
        for (place, text) in expression.keys.iter().enumerate() {
            let number = place.saturating_add(1);
            let inside = kind == Kind::TrTree && place == 0;
            if inside && let Some(point) = disabled_point(text) {
                ring.internal = Some(Internal::Point(point));
                ring.slots.push(Slot::Disabled);
                continue;
            }
            let (key, branches) = read_key(text, number, network, inside)?;
            if ring.branches.is_empty() {
                ring.branches = branches;
            } else if ring.branches != branches {
                return Err(WalletError::BranchesDiffer { key: number });
            }
            let Some(key) = key else {
                let Root::Xpub(xpub) = text.root else { return Err(WalletError::SingleKey { key: number }) };
                ring.internal = Some(Internal::Extended(xpub));
                ring.slots.push(Slot::Disabled);
                continue;
            };
            let slot = ring.slot(key, number, kind)?;
            if inside {
                ring.internal = Some(Internal::Key(slot));
            }
            ring.slots.push(Slot::Key(slot));
        }
        if ring.keys.is_empty() {
            return Err(WalletError::NoPath);
        }
        Ok(ring)
    }

    /// The place of a key among the wallet's: a new one, or in a tree that of the same key in another leaf.
    fn slot(&mut self, key: Key, number: usize, kind: Kind) -> Result<usize, WalletError> {
        let same =
            |other: &Key| other.xpub.public_key.x_only_public_key().0 == key.xpub.public_key.x_only_public_key().0;
        let Some(place) = self.keys.iter().position(same) else {
            if self.keys.len() >= WALLET_KEYS {
                let keys = self.keys.len().saturating_add(1);
                return Err(DescriptorError::TooManyKeys { keys, limit: WALLET_KEYS }.into());
            }
            self.keys.push(key);
            return Ok(self.keys.len().saturating_sub(1));
        };
        let first = self.slots.iter().position(|slot| *slot == Slot::Key(place)).unwrap_or(place).saturating_add(1);
        if self.keys.get(place) != Some(&key) {
            return Err(WalletError::KeyOrigins { first, second: number });
        }
        if kind != Kind::TrTree {
            return Err(WalletError::KeyTwice { first, second: number });
        }
        Ok(place)
    }
}

/// The point for which nobody can sign, where it stands alone.
fn disabled_point(key: &KeyText) -> Option<bitcoin::secp256k1::XOnlyPublicKey> {
    match key.root {
        Root::XOnly(point) if key.origin.is_none() && internal::is_unspendable(point) => Some(point),
        Root::XOnly(_) | Root::Public(_) | Root::Wif(_) | Root::Xpub(_) | Root::Xpriv(_) => None,
    }
}

/// The descriptor with a slot in the place of each key.
fn template(expression: &Expression, slots: &[Slot]) -> Result<Descriptor<Slot>, WalletError> {
    let mut text = String::new();
    for piece in &expression.pieces {
        match piece {
            Piece::Text(piece) => text.push_str(piece),
            Piece::Key(number) => {
                let slot = slots.get(*number).ok_or(WalletError::NoPath)?;
                text.push_str(&slot.to_string());
            }
        }
    }
    let unread = |error: miniscript::Error| WalletError::from(DescriptorError::of_miniscript(&error));
    let descriptor: Descriptor<Slot> = text.parse().map_err(unread)?;
    descriptor.sanity_check().map_err(unread)?;
    for lock in template::relative_locks(&descriptor) {
        let read = lock & (RELATIVE_TIME | RELATIVE_VALUE);
        if read != lock || read & RELATIVE_VALUE == 0 {
            return Err(WalletError::LockRead { lock, read });
        }
    }
    Ok(descriptor)
}

/// The one path of a wallet of one key or of plain multisig.
fn only_path(kind: Kind, keys: usize) -> SpendingPath {
    let threshold = kind.multi().map_or(1, |multi| multi.threshold);
    let seat = if kind == Kind::Tr { Seat::KeyPath } else { Seat::Script };
    Way::of_keys(threshold, (0..keys).collect()).at(seat)
}

/// The paths with the primary one first: the first that takes signatures alone, or that waits for nothing, or any.
fn primary_first(mut paths: Vec<SpendingPath>) -> Vec<SpendingPath> {
    let plain = paths.iter().position(|path| !path.timelocked() && path.hashes.is_empty());
    let first = plain.or_else(|| paths.iter().position(|path| !path.timelocked())).unwrap_or(0);
    if let Some(until) = paths.get_mut(..=first) {
        until.rotate_right(1);
    }
    paths
}

/// The first step of the paths whose second step is a coin type.
const WITH_COIN_TYPE: [u32; 5] = [44 | HARDENED, 48 | HARDENED, 49 | HARDENED, 84 | HARDENED, 86 | HARDENED];

/// A key with its branches; no key where it is the internal one (`inside`) and nobody can sign for it.
fn read_key(
    key: &KeyText,
    number: usize,
    network: Network,
    inside: bool,
) -> Result<(Option<Key>, Vec<u32>), WalletError> {
    let private = DescriptorError::Key { number, error: KeyTextError::Private };
    let xpub = match key.root {
        Root::Xpub(xpub) => xpub,
        Root::Xpriv(_) => return Err(private.into()),
        Root::XOnly(point) if internal::is_unspendable(point) => return Err(WalletError::Unspendable { key: number }),
        Root::Public(_) | Root::XOnly(_) | Root::Wif(_) => return Err(WalletError::SingleKey { key: number }),
    };
    let disabled = internal::is_unspendable_point(&xpub.public_key);
    if disabled && (!inside || key.origin.is_some()) {
        return Err(WalletError::Unspendable { key: number });
    }
    if !disabled {
        let (_, origin) = key.origin.as_ref().ok_or(WalletError::NoOrigin { key: number })?;
        if origin.len().saturating_add(2) > PATH_STEPS {
            return Err(WalletError::LongOrigin { key: number, steps: origin.len() });
        }
    }
    let branches = match key.steps.as_slice() {
        [Step::One(branch)] => vec![*branch],
        [Step::Any(branches)] if branches.len() == 2 => branches.clone(),
        _ => return Err(WalletError::BranchForm { key: number }),
    };
    if key.wildcard != Wildcard::Plain || branches.iter().any(|branch| *branch >= HARDENED) {
        return Err(WalletError::BranchForm { key: number });
    }
    if xpub.network != network.kind() {
        let expected = if network.is_mainnet() { "xpub" } else { "tpub" };
        return Err(WalletError::KeyNetwork { key: number, network, expected });
    }
    if disabled {
        return Ok((None, branches));
    }
    let (fingerprint, origin) = key.origin.clone().ok_or(WalletError::NoOrigin { key: number })?;
    let last = origin.last().map_or(ChildNumber::Normal { index: 0 }, |last| ChildNumber::from(*last));
    if usize::from(xpub.depth) != origin.len() || xpub.child_number != last {
        return Err(WalletError::OriginDiffers { key: number, depth: xpub.depth });
    }
    if origin.first().is_some_and(|purpose| WITH_COIN_TYPE.contains(purpose)) {
        account::coin_type(&origin, network).map_err(|error| WalletError::CoinType { key: number, error })?;
    }
    Ok((Some(Key { fingerprint, origin, xpub, ours: false }), branches))
}

/// The steps after each key: `/<0;1>/*`, or `/0/*` for one branch.
pub(super) fn steps(branches: &[u32], only: Option<u32>) -> String {
    match (only, branches) {
        (Some(branch), _) | (None, &[branch]) => format!("/{branch}/*"),
        (None, branches) => {
            let alternatives: Vec<String> = branches.iter().map(u32::to_string).collect();
            format!("/<{}>/*", alternatives.join(";"))
        }
    }
}

/// The descriptor of one key or of plain multisig without checksum: of all branches, or of one.
pub(super) fn plain(kind: Kind, keys: &[Key], branches: &[u32], only: Option<u32>) -> String {
    let (open, close) = match kind {
        Kind::Pkh => ("pkh(", ")"),
        Kind::ShWpkh => ("sh(wpkh(", "))"),
        Kind::Wpkh => ("wpkh(", ")"),
        Kind::Tr | Kind::TrTree => ("tr(", ")"),
        Kind::Sh(_) | Kind::ShScript => ("sh(", "))"),
        Kind::ShWsh(_) | Kind::ShWshScript => ("sh(wsh(", ")))"),
        Kind::Wsh(_) | Kind::WshScript => ("wsh(", "))"),
    };
    let mut text = String::from(open);
    if let Some(multi) = kind.multi() {
        text.push_str(if multi.sorted { "sortedmulti(" } else { "multi(" });
        text.push_str(&multi.threshold.to_string());
        text.push(',');
    }
    let steps = steps(branches, only);
    for (place, key) in keys.iter().enumerate() {
        if place > 0 {
            text.push(',');
        }
        text.push_str(&format!("{}{steps}", key.expression()));
    }
    text.push_str(close);
    text
}
