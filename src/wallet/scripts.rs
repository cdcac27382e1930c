//! The scripts of a wallet that are more than one key or plain multisig: miniscript, and trees of it.
//!
//! Floor 1.

use bitcoin::{PublicKey, ScriptBuf, secp256k1::XOnlyPublicKey};
use miniscript::{Descriptor, ForEachKey};

use super::{
    derive::{NoChild, Parent},
    internal::Internal,
    reading,
    register::{Key, Wallet, WalletError},
    spending::{Seat, SpendingPath},
    template::{self, Fill, Slot},
    tree::Tree,
    ways::{TooMany, Way, shortest},
};

/// A descriptor with numbers in the place of keys.
pub(super) struct Scripts {
    descriptor: Descriptor<Slot>,
    internal: Option<Internal>,
    /// for each branch the parent of the internal keys that nobody can sign for
    disabled: Vec<Parent>,
    /// for each leaf its depth and the keys in it
    leaves: Vec<(u8, Vec<usize>)>,
}

/// What the scripts of one coin are.
pub(super) enum Derived {
    /// The script of `sh` or `wsh`.
    Script(ScriptBuf),
    /// The internal key, the output key and the tree.
    Tree(XOnlyPublicKey, XOnlyPublicKey, Tree),
}

impl Scripts {
    /// Takes a descriptor whose slots are the wallet's keys.
    pub(super) fn new(
        descriptor: Descriptor<Slot>,
        internal: Option<Internal>,
        branches: &[u32],
    ) -> Result<Self, NoChild> {
        let disabled = match &internal {
            Some(Internal::Extended(xpub)) => {
                branches.iter().map(|branch| Parent::of(xpub).descend(*branch)).collect::<Result<_, _>>()?
            }
            Some(Internal::Key(_) | Internal::Point(_)) | None => Vec::new(),
        };
        let leaf = |(depth, script): (u8, &miniscript::Miniscript<Slot, miniscript::Tap>)| {
            let mut keys = Vec::new();
            script.for_each_key(|slot| {
                if let Slot::Key(place) = slot {
                    keys.push(*place);
                }
                true
            });
            keys.sort_unstable();
            keys.dedup();
            (depth, keys)
        };
        let leaves = template::leaves(&descriptor).map(leaf).collect();
        Ok(Self { descriptor, internal, disabled, leaves })
    }

    pub(super) const fn internal(&self) -> Option<&Internal> {
        self.internal.as_ref()
    }

    /// The depths of the leaves.
    pub(super) fn depths(&self) -> impl Iterator<Item = u8> {
        self.leaves.iter().map(|(depth, _)| *depth)
    }

    /// The descriptor without checksum: of all branches, or of one.
    pub(super) fn canonical(&self, keys: &[Key], branches: &[u32], only: Option<u32>) -> String {
        let written = format!("{:#}", self.descriptor);
        let steps = reading::steps(branches, only);
        let mut text = String::new();
        let mut rest = written.as_str();
        while let Some((before, after)) = rest.split_once('@') {
            text.push_str(before);
            let end = after.find(|c: char| !c.is_ascii_digit() && c != '@').unwrap_or(after.len());
            let (slot, after) = after.split_at_checked(end).unwrap_or((after, ""));
            match (slot.parse::<usize>().ok().and_then(|place| keys.get(place)), &self.internal) {
                (Some(key), _) => text.push_str(&format!("{}{steps}", key.expression())),
                (None, Some(Internal::Extended(xpub))) => text.push_str(&format!("{xpub}{steps}")),
                (None, Some(Internal::Point(point))) => text.push_str(&point.to_string()),
                (None, Some(Internal::Key(_)) | None) => {}
            }
            rest = after;
        }
        text.push_str(rest);
        text
    }

    /// Every spending path, in the order of the descriptor.
    pub(super) fn paths(&self) -> Result<Vec<SpendingPath>, TooMany> {
        use miniscript::descriptor::{ShInner, WshInner};
        let mut paths = Vec::new();
        if let Some(Internal::Key(key)) = &self.internal {
            paths.push(Way::of_keys(1, vec![*key]).at(Seat::KeyPath));
        }
        for (place, (_, script)) in template::leaves(&self.descriptor).enumerate() {
            paths.extend(shortest(script)?.into_iter().map(|way| way.at(Seat::Leaf(place))));
        }
        let wsh = |wsh: &miniscript::descriptor::Wsh<Slot>| match wsh.as_inner() {
            WshInner::Ms(script) => shortest(script),
            WshInner::SortedMulti(_) => Ok(Vec::new()),
        };
        let script = match &self.descriptor {
            Descriptor::Wsh(inner) => wsh(inner)?,
            Descriptor::Sh(sh) => match sh.as_inner() {
                ShInner::Wsh(inner) => wsh(inner)?,
                ShInner::Ms(script) => shortest(script)?,
                ShInner::SortedMulti(_) | ShInner::Wpkh(_) => Vec::new(),
            },
            Descriptor::Bare(_) | Descriptor::Pkh(_) | Descriptor::Wpkh(_) | Descriptor::Tr(_) => Vec::new(),
        };
        paths.extend(script.into_iter().map(|way| way.at(Seat::Script)));
        Ok(paths)
    }

    /// The keys of one coin, ready to be put into the scripts; `branch` is its place among the branches.
    fn fill<'a>(&self, keys: &'a [PublicKey], branch: usize, index: u32) -> Result<Fill<'a>, NoChild> {
        let disabled = match &self.internal {
            None | Some(Internal::Key(_)) => None,
            Some(Internal::Point(point)) => Some(PublicKey::new(point.public_key(bitcoin::secp256k1::Parity::Even))),
            Some(Internal::Extended(_)) => {
                let parent = self.disabled.get(branch).ok_or(NoChild(index))?;
                Some(PublicKey::new(parent.child(index)?))
            }
        };
        Ok(Fill { keys, disabled })
    }

    /// The scripts at an index, where the wallet's keys are these.
    pub(super) fn derive(&self, keys: &[PublicKey], branch: usize, index: u32) -> Result<Derived, NoChild> {
        let none = |_| NoChild(index);
        let mut fill = self.fill(keys, branch, index)?;
        let Some(internal) = &self.internal else {
            return fill.inner_script(&self.descriptor).map(Derived::Script).map_err(none);
        };
        let internal = match internal {
            Internal::Key(place) => keys.get(*place).copied(),
            Internal::Point(_) | Internal::Extended(_) => fill.disabled,
        };
        let internal = internal.ok_or(NoChild(index))?.inner.x_only_public_key().0;
        let mut scripts = Vec::with_capacity(self.leaves.len());
        for ((_, script), (depth, places)) in template::leaves(&self.descriptor).zip(&self.leaves) {
            scripts.push((*depth, fill.script(script).map_err(none)?, places.clone()));
        }
        let (tree, output) = Tree::build(internal, scripts)?;
        Ok(Derived::Tree(internal, output, tree))
    }
}

impl Wallet {
    /// How its coins are spent, in words: whether the key path is disabled, and every path. Nothing where the kind says
    /// it all.
    #[must_use]
    pub fn spending_in_words(&self) -> Vec<String> {
        if self.scripts.is_none() {
            return Vec::new();
        }
        let disabled = self.internal().is_some_and(Internal::disabled);
        let note = disabled.then(|| "key path disabled: nobody has the internal key".to_owned());
        let paths = self.paths().iter().enumerate().map(|(number, path)| path.in_words(number));
        note.into_iter().chain(paths).collect()
    }

    /// The descriptor of one coin, with public keys in it: for weights and satisfactions. None where the wallet is
    /// of one key or of plain multisig.
    ///
    /// # Errors
    /// [`WalletError::NoBranch`] or [`WalletError::NoIndex`].
    pub fn miniscript(&self, branch: u32, index: u32) -> Result<Option<Descriptor<PublicKey>>, WalletError> {
        let Some(scripts) = &self.scripts else {
            return Ok(None);
        };
        let place = self.branch_place(branch)?;
        let keys: Vec<PublicKey> = self.points(place, index)?.into_iter().map(PublicKey::new).collect();
        let mut fill = scripts.fill(&keys, place, index)?;
        fill.descriptor(&scripts.descriptor).map(Some).map_err(|_| WalletError::NoIndex(index))
    }
}
