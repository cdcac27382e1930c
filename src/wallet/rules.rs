//! What may stand where in a descriptor (BIP381-386, 389), checked before miniscript sees it.
//!
//! Floor 1. Refuses each fault for its own reason; miniscript would let some through and call others by other names.

use bitcoin::{Address, address::NetworkUnchecked};

use super::{
    descriptor::{DescriptorError, Expression, Piece, Unsupported},
    key_text::{KeyText, KeyTextError, Root, Secrets},
    syntax::Node,
};
use crate::limits::{REDEEM_SCRIPT_BYTES, WALLET_KEYS};

/// Keys of a `sh` multisig: more compressed ones do not fit 520 bytes.
pub(super) const SH_KEYS: usize = 15;
/// Keys of `multi_a` (a leaf may have 999; the text limit stops us far earlier).
const MULTI_A_KEYS: usize = 999;

/// Checks the whole descriptor and takes its keys out.
pub(super) fn check(node: &Node<'_>, secrets: Secrets) -> Result<Expression, DescriptorError> {
    let mut walk = Walk { secrets, keys: Vec::new(), pieces: Vec::new() };
    walk.top(node)?;
    let mut expected = None;
    for (place, key) in walk.keys.iter().enumerate() {
        let found = key.alternatives();
        if found > 1 && *expected.get_or_insert(found) != found {
            let expected = expected.unwrap_or(found);
            return Err(DescriptorError::LengthMismatch { number: place.saturating_add(1), found, expected });
        }
    }
    Ok(Expression { pieces: walk.pieces, keys: walk.keys })
}

/// The code of a function `inner` that stands in `outer`.
pub(super) fn misplaced_code(inner: &str, outer: &str) -> &'static str {
    match (inner, outer) {
        ("sh", "sh") => "sh-in-sh",
        ("raw", "sh") => "raw-in-sh",
        ("addr", "sh") => "addr-in-sh",
        ("combo", "sh") => "combo-in-sh",
        ("tr", "sh") => "tr-in-sh",
        ("rawtr", "sh") => "rawtr-in-sh",
        ("multi_a", "sh") => "multi-a-in-sh",
        ("sh", "wsh") => "sh-in-wsh",
        ("wsh", "wsh") => "wsh-in-wsh",
        ("wpkh", "wsh") => "wpkh-in-wsh",
        ("raw", "wsh") => "raw-in-wsh",
        ("addr", "wsh") => "addr-in-wsh",
        ("combo", "wsh") => "combo-in-wsh",
        ("tr", "wsh") => "tr-in-wsh",
        ("rawtr", "wsh") => "rawtr-in-wsh",
        ("multi_a", "wsh") => "multi-a-in-wsh",
        (_, "tr") => "misplaced-in-tr",
        (_, _) => "misplaced",
    }
}

/// The script around a key.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Around {
    /// Nothing, `pkh`, or `combo`: 33 or 65 bytes.
    Legacy,
    Sh,
    Wpkh,
    Wsh,
    Tr,
}

impl Around {
    const fn name(self) -> &'static str {
        match self {
            Self::Legacy => "pkh",
            Self::Sh => "sh",
            Self::Wpkh => "wpkh",
            Self::Wsh => "wsh",
            Self::Tr => "tr",
        }
    }
}

/// The functions that stand outermost, or in one of those.
const OUTER: [&str; 9] = ["raw", "addr", "combo", "rawtr", "pkh", "wpkh", "sh", "wsh", "tr"];
/// The functions of miniscript.
const FRAGMENTS: [&str; 24] = [
    "pk",
    "pkh",
    "pk_k",
    "pk_h",
    "older",
    "after",
    "sha256",
    "hash256",
    "ripemd160",
    "hash160",
    "andor",
    "and_v",
    "and_b",
    "and_n",
    "or_b",
    "or_c",
    "or_d",
    "or_i",
    "thresh",
    "multi",
    "sortedmulti",
    "multi_a",
    "sortedmulti_a",
    "musig",
];

/// The wrappers of miniscript.
const WRAPPERS: &[u8; 10] = b"asctdvjnlu";

/// `name` as one of the names that we know.
fn known(name: &str) -> Option<&'static str> {
    OUTER.iter().chain(&FRAGMENTS).find(|known| **known == name).copied()
}

struct Walk {
    secrets: Secrets,
    keys: Vec<KeyText>,
    pieces: Vec<Piece>,
}

impl Walk {
    fn text(&mut self, text: &str) {
        if let Some(Piece::Text(last)) = self.pieces.last_mut() {
            last.push_str(text);
        } else {
            self.pieces.push(Piece::Text(text.to_owned()));
        }
    }

    fn top(&mut self, node: &Node<'_>) -> Result<(), DescriptorError> {
        let Node::Call { name, arguments } = node else {
            return Err(DescriptorError::NotADescriptor);
        };
        let base = base(name);
        let Some(function) = known(base) else {
            return Err(DescriptorError::NotADescriptor);
        };
        match function {
            "raw" => {
                let script = only_leaf(function, arguments)?;
                let hex = script.len().is_multiple_of(2) && script.bytes().all(|b| b.is_ascii_hexdigit());
                Err(if hex { DescriptorError::Unsupported(Unsupported::Raw) } else { DescriptorError::RawNotHex })
            }
            "addr" => {
                let address = only_leaf(function, arguments)?;
                let valid = address.parse::<Address<NetworkUnchecked>>().is_ok();
                Err(if valid { DescriptorError::Unsupported(Unsupported::Addr) } else { DescriptorError::BadAddress })
            }
            "combo" => {
                self.one_key(function, arguments, Around::Legacy)?;
                Err(DescriptorError::Unsupported(Unsupported::Combo))
            }
            "rawtr" => {
                self.one_key(function, arguments, Around::Tr)?;
                Err(DescriptorError::Unsupported(Unsupported::RawTr))
            }
            "pkh" if base == *name => self.one_key(function, arguments, Around::Legacy),
            "wpkh" => self.one_key(function, arguments, Around::Wpkh),
            "sh" => self.wrapped(function, arguments, Around::Sh),
            "wsh" => self.wrapped(function, arguments, Around::Wsh),
            "tr" => self.taproot(arguments),
            "multi_a" | "sortedmulti_a" => Err(DescriptorError::Misplaced { inner: "multi_a", outer: "no script" }),
            "musig" => Err(DescriptorError::Unsupported(Unsupported::Musig)),
            _ => {
                self.script(node, Around::Legacy)?;
                Err(DescriptorError::Unsupported(Unsupported::Bare))
            }
        }
    }

    /// `sh(SCRIPT)` or `wsh(SCRIPT)`.
    fn wrapped(
        &mut self,
        function: &'static str,
        arguments: &[Node<'_>],
        around: Around,
    ) -> Result<(), DescriptorError> {
        let [inner] = arguments else {
            return Err(DescriptorError::Arguments { function });
        };
        self.text(function);
        self.text("(");
        match inner {
            Node::Leaf(_) => return Err(DescriptorError::KeyForScript { function }),
            Node::Braces(_) => return Err(DescriptorError::Misplaced { inner: "{…}", outer: function }),
            Node::Call { name, arguments } => match (around, *name) {
                (Around::Sh, "wsh") => self.wrapped("wsh", arguments, Around::Wsh)?,
                (Around::Sh, "wpkh") => self.one_key("wpkh", arguments, Around::Wpkh)?,
                (_, _) => self.script(inner, around)?,
            },
        }
        self.text(")");
        Ok(())
    }

    /// `tr(KEY)` or `tr(KEY,TREE)`.
    fn taproot(&mut self, arguments: &[Node<'_>]) -> Result<(), DescriptorError> {
        let (key, tree) = match arguments {
            [key] => (key, None),
            [key, tree] => (key, Some(tree)),
            _ => return Err(DescriptorError::Arguments { function: "tr" }),
        };
        self.text("tr(");
        self.key("tr", key, Around::Tr)?;
        if let Some(tree) = tree {
            self.text(",");
            self.tree(tree)?;
        }
        self.text(")");
        Ok(())
    }

    fn tree(&mut self, node: &Node<'_>) -> Result<(), DescriptorError> {
        match node {
            Node::Braces(pair) => {
                let [left, right] = pair.as_slice() else {
                    return Err(DescriptorError::Arguments { function: "tr" });
                };
                self.text("{");
                self.tree(left)?;
                self.text(",");
                self.tree(right)?;
                self.text("}");
                Ok(())
            }
            Node::Leaf(_) => Err(DescriptorError::KeyForScript { function: "tr" }),
            Node::Call { .. } => self.script(node, Around::Tr),
        }
    }

    /// Miniscript, `multi` and `sortedmulti`.
    fn script(&mut self, node: &Node<'_>, around: Around) -> Result<(), DescriptorError> {
        let Node::Call { name, arguments } = node else {
            match node {
                Node::Leaf(word) if word.len() <= 64 && word.bytes().all(|b| b.is_ascii_hexdigit()) => self.text(word),
                Node::Leaf(_) => return Err(DescriptorError::BadArgument),
                Node::Braces(_) | Node::Call { .. } => {
                    return Err(DescriptorError::Misplaced { inner: "{…}", outer: around.name() });
                }
            }
            return Ok(());
        };
        let Some(function) = known(base(name)) else {
            return Err(DescriptorError::NotADescriptor);
        };
        if let Some((wrappers, _)) = name.rsplit_once(':')
            && !wrappers.bytes().all(|b| WRAPPERS.contains(&b))
        {
            return Err(DescriptorError::BadArgument);
        }
        let outermost_only = OUTER.contains(&function) && function != "pkh";
        let other_multi = match function {
            "multi_a" | "sortedmulti_a" => around != Around::Tr,
            "multi" | "sortedmulti" => around == Around::Tr,
            _ => false,
        };
        if outermost_only || other_multi {
            let inner = if function == "sortedmulti_a" { "multi_a" } else { function };
            return Err(DescriptorError::Misplaced { inner, outer: around.name() });
        }
        match function {
            "musig" => return Err(DescriptorError::Unsupported(Unsupported::Musig)),
            "sortedmulti_a" => return Err(DescriptorError::Unsupported(Unsupported::SortedMultiA)),
            _ => {}
        }
        self.text(name);
        self.text("(");
        match function {
            "pk" | "pkh" | "pk_k" | "pk_h" => {
                let [key] = arguments.as_slice() else {
                    return Err(DescriptorError::Arguments { function });
                };
                self.key(function, key, around)?;
            }
            "multi" | "sortedmulti" | "multi_a" => self.multi(function, arguments, around)?,
            _ => {
                for (place, argument) in arguments.iter().enumerate() {
                    if place > 0 {
                        self.text(",");
                    }
                    self.script(argument, around)?;
                }
            }
        }
        self.text(")");
        Ok(())
    }

    fn multi(&mut self, function: &'static str, arguments: &[Node<'_>], around: Around) -> Result<(), DescriptorError> {
        let Some((threshold, keys)) = arguments.split_first() else {
            return Err(DescriptorError::Arguments { function });
        };
        let threshold = threshold_of(threshold, keys.len())?;
        let limit = if function == "multi_a" { MULTI_A_KEYS } else { WALLET_KEYS };
        if around == Around::Sh && keys.len() > SH_KEYS {
            return Err(DescriptorError::TooManyKeysForSh { keys: keys.len() });
        }
        if keys.len() > limit {
            return Err(DescriptorError::TooManyKeys { keys: keys.len(), limit });
        }
        self.text(&threshold.to_string());
        let mut bytes = 3usize;
        for key in keys {
            self.text(",");
            self.key(function, key, around)?;
            let single = self.keys.last().and_then(KeyText::single);
            let length = if single.is_some_and(|key| !key.compressed) { 66 } else { 34 };
            bytes = bytes.saturating_add(length);
        }
        if around == Around::Sh && bytes > REDEEM_SCRIPT_BYTES {
            return Err(DescriptorError::TooManyKeysForSh { keys: keys.len() });
        }
        Ok(())
    }

    /// A function of one key.
    fn one_key(
        &mut self,
        function: &'static str,
        arguments: &[Node<'_>],
        around: Around,
    ) -> Result<(), DescriptorError> {
        let [key] = arguments else {
            return Err(DescriptorError::Arguments { function });
        };
        self.text(function);
        self.text("(");
        self.key(function, key, around)?;
        self.text(")");
        Ok(())
    }

    fn key(&mut self, function: &'static str, node: &Node<'_>, around: Around) -> Result<(), DescriptorError> {
        let text = match node {
            Node::Leaf(text) => text,
            Node::Call { name: "musig", .. } => return Err(DescriptorError::Unsupported(Unsupported::Musig)),
            Node::Call { .. } | Node::Braces(_) => return Err(DescriptorError::ScriptForKey { function }),
        };
        let number = self.keys.len().saturating_add(1);
        let named = |error| DescriptorError::Key { number, error };
        let key = KeyText::read(text, self.secrets).map_err(named)?;
        if matches!(key.root, Root::XOnly(_)) && around != Around::Tr {
            return Err(named(KeyTextError::BadKey));
        }
        let segwit = match around {
            Around::Legacy | Around::Sh => false,
            Around::Wpkh | Around::Wsh | Around::Tr => true,
        };
        if segwit && key.single().is_some_and(|key| !key.compressed) {
            let private = matches!(key.root, Root::Wif(_));
            return Err(DescriptorError::Uncompressed { number, function: around.name(), private });
        }
        self.pieces.push(Piece::Key(self.keys.len()));
        self.keys.push(key);
        Ok(())
    }
}

/// A fragment's name without its wrappers: `pk` of `v:pk`.
fn base(name: &str) -> &str {
    name.rsplit_once(':').map_or(name, |(_, base)| base)
}

fn only_leaf<'a>(function: &'static str, arguments: &[Node<'a>]) -> Result<&'a str, DescriptorError> {
    match arguments {
        [Node::Leaf(text)] => Ok(text),
        _ => Err(DescriptorError::Arguments { function }),
    }
}

/// The threshold of a multisig of `keys` keys.
pub(super) fn threshold_of(node: &Node<'_>, keys: usize) -> Result<usize, DescriptorError> {
    let Node::Leaf(text) = node else {
        return Err(DescriptorError::BadThreshold);
    };
    if text.is_empty() || text.len() > 3 || !text.bytes().all(|b| b.is_ascii_digit()) {
        return Err(DescriptorError::BadThreshold);
    }
    match text.parse::<usize>() {
        Err(_) => Err(DescriptorError::BadThreshold),
        Ok(0) => Err(DescriptorError::ThresholdZero),
        Ok(threshold) if threshold > keys => Err(DescriptorError::ThresholdOverKeys { threshold, keys }),
        Ok(threshold) => Ok(threshold),
    }
}
